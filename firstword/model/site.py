"""The site: what pelicanconf.py says, checked and closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may sign. The file carries `name`; readers see `shown`."""

    name: str
    role: str
    #: Where an answer goes: an own address or a role mailbox, never one that nobody reads.
    address: str
    #: What readers see instead of the full name, where a person is safer that way.
    shown: str
    slug: str
    photo: str = ""
    #: The last day this person could sign; signatures up to then stay valid.
    until: date | None = None
    #: Who answers for somebody who left.
    successor: str = ""


class Component(Struct, frozen=True, kw_only=True):
    """A part of the service users know by name."""

    id: str
    name: str
    group: str = ""
    description: str = ""
    #: Kept for the history that names it, no longer listed.
    retired: bool = False
    #: The name of who answers for it.
    owner: str = ""
    #: Within which the owner signs a word after the first one that names it; None = no limit.
    first_word_within: timedelta | None = None
    #: The first day on which that limit holds: nobody is judged by a rule that came later.
    owner_since: date | None = None


class Target(Struct, frozen=True, kw_only=True):
    """Where to publish to, and what is special about that place; "" = nothing is."""

    #: a folder, or s3://bucket/prefix
    name: str
    #: Where readers find it, without a trailing slash; publishing looks there afterwards.
    address: str = ""
    #: The id of the CloudFront distribution in front of it.
    cloudfront: str = ""
    #: The address of an S3 that is not Amazon's; "" = as the environment says, for these four.
    endpoint: str = ""
    region: str = ""
    #: A profile of the AWS configuration, for a target with credentials of its own.
    profile: str = ""
    #: "path" or "virtual"
    addressing: str = ""
    #: Whether requests carry checksums that not every S3 knows: "when_required", "when_supported".
    checksums: str = "when_required"


class Accent(Struct, frozen=True, kw_only=True):
    """The colour that is the company's own, as it can be read on light and on dark pages."""

    light: str
    dark: str


class Link(Struct, frozen=True, kw_only=True):
    """A way from every page to elsewhere."""

    text: str
    url: str


class Mail(Struct, frozen=True, kw_only=True):
    """What is set about mail. Passwords are no setting."""

    #: The site's own address, which every message comes from.
    sender: str
    #: Where mail that subscribes and unsubscribes goes.
    inbox: str
    #: An HTTPS address that takes RFC 8058's POST; a token is put to its end. "" = there is none.
    one_click: str = ""
    #: "smtp://user@host:587", "smtps://host", "smtp+plain://host", "ses://region"; "" = none yet
    transport: str = ""
    #: A private folder, from the site's folder, or "s3://private-bucket/prefix".
    state: str = ""
    #: "ses:NAME" = that contact list says who subscribed; "" = the list in `state` does
    subscribers: str = ""
    #: Messages a second, at most; 0 = as many as the server takes.
    rate: int = 0
    connections: int = 4
    #: SES's configuration set, which says where its events go.
    configuration_set: str = ""
    #: Where SES puts its events: "s3://bucket/prefix" or an SQS queue's address.
    events: str = ""
    #: Where mail to `inbox` is read: "imaps://user@host/folder", "imap://" (STARTTLS); "" = it is
    #: not, and nobody can subscribe by mail.
    imap: str = ""
    #: By which name the mail server signs its Authentication-Results (RFC 8601, authserv-id).
    authserv: str = ""
    #: "s3://bucket/prefix" = SES puts mail to `inbox` there; "" = it is read by `imap`, or not.
    received: str = ""

    @property
    def reads_inbox(self) -> bool:
        """Whether people can subscribe, change and leave by mail."""
        return bool(self.imap or self.received) and not self.hosted

    @property
    def hosted(self) -> bool:
        """Whether SES keeps the list, and with it a page where people change and leave."""
        return bool(self.subscribers)


class Site(Struct, frozen=True, kw_only=True):
    """Every setting that parsing, checking, rendering and publishing may ask for."""

    name: str
    #: Absolute, without a trailing slash.
    url: str
    timezone: ZoneInfo
    language: str = "en"
    #: Language → what the site says otherwise than our catalogue: English text → its own.
    words: Mapping[str, Mapping[str, str]] = {}
    people: Mapping[str, Person] = {}
    components: Mapping[str, Component] = {}
    #: Who made the tag URIs of the feeds, as RFC 4151 asks: host, then a date it was ours.
    tag_authority: str
    #: Build files marked `drill: true`.
    drills: bool = False
    targets: tuple[Target, ...] = (Target(name="public"),)
    #: The example site's stopped clock; None on a real site.
    pinned_clock: datetime | None = None
    #: Where readers write when they do not know to whom.
    contact: str = ""
    #: None = the theme's own colour.
    accent: Accent | None = None
    #: Paths below the content folder; "" = none, and the icon that shows the state.
    logo: str = ""
    favicon: str = ""
    links: tuple[Link, ...] = ()
    #: None = this site sends no mail.
    mail: Mail | None = None
    #: The company's own rows of the table of wording, as `lint` reads them.
    wording: tuple[tuple[str, str, str, str, str, str], ...] = ()

    @property
    def publish_to(self) -> tuple[str, ...]:
        """The names of the targets."""
        return tuple(target.name for target in self.targets)

    def target(self, name: str) -> Target:
        """Return what is set for a target of that name; one that is not listed is a plain one."""
        same = (t for t in self.targets if t.name.rstrip("/") == name.rstrip("/"))
        return next(same, Target(name=name))

    def who_answers(
        self, name: str, left: Callable[[date], bool] = lambda _: True
    ) -> Person | None:
        """Return the person who answers for a signature: the signer, or the successor.

        `left` tells whether somebody whose last day that is has left; else everybody has who will.
        """
        person = self.people.get(name)
        seen: set[str] = set()
        while person and person.until and person.successor and person.name not in seen:
            if not left(person.until):
                break
            seen.add(person.name)
            person = self.people.get(person.successor)
        # A stand-in for who is in PEOPLE no more can be asked nothing.
        return person if person and person.address else None
