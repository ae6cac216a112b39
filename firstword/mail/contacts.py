"""SES's contact list as the place where people subscribe: our copy of it, kept up to date.

Topics say the pace and what of. Language and zone have no topics: they stand as JSON in a contact's
AttributesData, which SES tells of one contact at a time, and about once a second
(https://docs.aws.amazon.com/ses/latest/dg/quotas.html: every call but those that send).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firstword.errors import ListMissing, MailError
from firstword.mail.address import AddressProblem, read_address
from firstword.mail.parcel import PACES, Consent, Standing, Subscriber
from firstword.mail.ses import Busy, NotThere, ask, list_name
from firstword.mail.table import RowProblem, read_language, read_zone
from firstword.model import Kind, Mail, Site
from firstword.values import replace

if TYPE_CHECKING:
    from firstword.mail.people import People

#: So many people are written into our copy of a list together.
_AT_ONCE = 500
#: How many contacts are asked about in a run, and how many seconds of waiting that is worth: an
#: urgent word may be waiting behind it, and can go out in the site's own language.
ASKED_A_RUN = 1000
WAITS_A_RUN = 30
#: Seconds to wait before a question is asked again, where a run cannot go on without the answer.
_WAITS = (1.0, 2.0, 4.0, 8.0)

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a contact's AttributesData say; "" = the site's own."""

    language: str = ""
    zone: str = ""
    #: What of it cannot be; ready to print, without an address.
    problem: str = ""


def read_wishes(attributes: str, site: Site) -> Wishes:
    """Read a contact's AttributesData; what cannot be is told, and is the site's own then."""
    if not attributes.strip():
        return Wishes()
    try:
        told = json.loads(attributes)
    except (ValueError, RecursionError):
        return Wishes(problem="AttributesData: not JSON")
    if not isinstance(told, dict):
        return Wishes(problem="AttributesData: not an object of JSON")
    language, problem = _read(told.get("language"), read_language)
    zone, other = _read(told.get("zone"), lambda text: read_zone(text, site))
    problems = "; ".join(filter(None, (problem, other)))
    return Wishes(language=language, zone=zone, problem=problems)


def _read(value: object, reader: Callable[[str], str]) -> tuple[str, str]:
    """Return a value, "" = the site's own, and why it cannot be."""
    try:
        return reader("" if value is None else str(value)), ""
    except RowProblem as problem:
        return "", str(problem)


def take_over(
    people: People, client: Any, site: Site, mail: Mail, sleep: Sleep = time.sleep
) -> int:
    """Bring the list up to date with SES's; return how many of its addresses cannot be mailed.

    Who is gone there is forgotten here. What we know of bounces and complaints stays. Raises
    ListMissing, with nobody forgotten, where there is no such list, or nobody is left of a list
    that had people.
    """
    name = list_name(mail)
    listed: set[str] = set()
    changed: list[Subscriber] = []
    unread: list[tuple[str, str, str]] = []
    cannot = 0
    for contact in _contacts(client, name, sleep):
        try:
            new = _subscriber(contact, site, name)
        except AddressProblem:
            cannot += 1
            continue
        person = people.person(new.address)
        listed.add(person)
        old = people.find(person)
        if old is not None:
            new = _known(old, new)
        if new != old:
            changed.append(new)
        stamp = contact["LastUpdatedTimestamp"].isoformat()
        if new.state is Standing.ACTIVE and people.wishes(person)[0] != stamp:
            unread.append((person, contact["EmailAddress"], stamp))
        if len(changed) >= _AT_ONCE:
            people.put(changed)
            changed.clear()
    if not listed and (before := people.count().total()):
        raise ListMissing(
            f"SES: the contact list {name!r} has nobody who can be mailed, and had {before}: "
            "nothing is sent, and nobody was removed here. Bring it back; or, where it is to be "
            "empty, put one address of your own into it"
        )
    people.put(changed)
    if gone := [member.person for member in people if member.person not in listed]:
        people.forget(*gone)
    people.note_unmailable(cannot)
    asker = _Asker(client, name, sleep)
    people.note_unread(*asker.read_all(people, site, unread))
    return cannot


def _known(old: Subscriber, new: Subscriber) -> Subscriber:
    """Return a contact with what is known of it here, and SES does not tell."""
    left = old.state is Standing.UNSUBSCRIBED
    return replace(
        new,
        since=old.since,
        muted=old.muted,
        language=old.language,
        zone=old.zone,
        # The words that somebody was shown, where they were added from here and stayed.
        consent=old.consent if old.consent.words and not left else new.consent,
        state=old.state if old.state in {Standing.BOUNCED, Standing.COMPLAINED} else new.state,
    )


@dataclass(slots=True)
class _Asker:
    """Who asks about contacts one by one, for as long as mail can wait."""

    client: Any
    name: str
    sleep: Sleep
    waits: int = WAITS_A_RUN

    def read_all(
        self, people: People, site: Site, unread: Sequence[tuple[str, str, str]]
    ) -> tuple[int, str]:
        """Read language and zone of contacts: person, address, when it changed.

        Returns how many are left for the next run, and why.
        """
        for number, (person, address, stamp) in enumerate(unread[:ASKED_A_RUN]):
            try:
                told = self._ask(address)
            except NotThere:
                continue  # gone since it was listed
            except Busy:
                return len(unread) - number, "SES takes about one question a second"
            except MailError as error:
                # The words of a letter do not depend on it.
                return len(unread) - number, str(error)
            found = read_wishes(told.get("AttributesData") or "", site)
            people.note_wishes(
                person, stamp, language=found.language, zone=found.zone, problem=found.problem
            )
        left = max(0, len(unread) - ASKED_A_RUN)
        return left, f"a run reads {ASKED_A_RUN:,}" if left else ""

    def _ask(self, address: str) -> dict[str, Any]:
        while True:
            try:
                return ask(self.client.get_contact, ContactListName=self.name, EmailAddress=address)
            except Busy:
                if not self.waits:
                    raise
                self.waits -= 1
                self.sleep(1.0)


def _contacts(client: Any, name: str, sleep: Sleep) -> Iterator[dict[str, Any]]:
    """Yield every contact. A page may be empty and yet not be the last."""
    more: dict[str, str] = {}
    while True:
        try:
            page = ask_patiently(sleep, client.list_contacts, ContactListName=name, **more)
        except NotThere as error:
            raise ListMissing(
                f"SES: there is no contact list {name!r}: nothing is sent, and "
                "nobody was removed here. Create it, or mend MAIL_SUBSCRIBERS"
            ) from error
        yield from page.get("Contacts", ())
        following = page.get("NextToken")
        if not following:
            return
        if following == more.get("NextToken"):
            raise MailError(f"SES: the contact list {name!r} does not end: its pages repeat")
        more = {"NextToken": following}


def ask_patiently(sleep: Sleep, call: Callable[..., Any], **what: Any) -> dict[str, Any]:
    """Ask SES what may be asked twice, a few times where it is busy. Raises as `ask` does."""
    for wait in _WAITS:
        try:
            return ask(call, **what)
        except Busy:
            sleep(wait)
    return ask(call, **what)


def _subscriber(contact: dict[str, Any], site: Site, name: str) -> Subscriber:
    """Read a contact: topics say the pace, and with "component-ID" and "kind-KIND" what of.

    Raises AddressProblem.
    """
    told = [*contact.get("TopicDefaultPreferences", ()), *contact.get("TopicPreferences", ())]
    # What somebody chose comes after, and holds before, what the list says of itself.
    chosen = {t["TopicName"]: t["SubscriptionStatus"] == "OPT_IN" for t in told}
    wanted = {topic for topic, yes in chosen.items() if yes}
    pace = next((pace for pace in PACES if pace in wanted), None)
    leaves = contact.get("UnsubscribeAll", False) or pace is None
    at = contact["LastUpdatedTimestamp"]
    return Subscriber(
        address=read_address(contact["EmailAddress"]),
        cadence=pace or PACES[0],
        components=frozenset(c for c in site.components if f"component-{c}" in wanted),
        kinds=frozenset(kind for kind in Kind if f"kind-{kind}" in wanted),
        consent=Consent(at=at, how=f"SES contact list {name}", words=""),
        state=Standing.UNSUBSCRIBED if leaves else Standing.ACTIVE,
        since=at,
    )
