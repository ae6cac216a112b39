"""The scripted life as mail, and mail as a program reads it, for the tests of `digest`."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import life

from firstword.digest import Composer, editions
from firstword.mail.parcel import Edition, Look
from firstword.markup import Markup
from firstword.model import Incident, Mail, Site
from firstword.page import Records, Stamps, StatusPage
from firstword.parse.readers import for_readers
from firstword.values import replace

THEME = Path(__file__).resolve().parent.parent / "theme"
MAIL = Mail(sender="status@ternpaper.example", inbox="list@ternpaper.example")
SITE = replace(life.SITE, mail=MAIL)
SIX_HOURS = timedelta(hours=6)
TOKEN = "a2" * 16
EVERYBODY = Look()


@functools.cache
def stamps() -> Stamps:
    """Return when each update of the life was first published."""
    found: dict[str, dict[str, datetime | None]] = {}
    for number, one in enumerate(life.published()):
        for incident in one.content.published(life.SITE):
            for update in incident.updates:
                at = one.step.at if number else None
                found.setdefault(incident.id, {}).setdefault(update.id, at)
    return found


def page_of(
    incidents: Iterable[Incident], known: Stamps, now: datetime, site: Site = SITE
) -> StatusPage:
    """Return stories as targets hold them."""
    read = [for_readers(one, site) for one in incidents]  # as a build reads them
    return StatusPage.of(site, read, Records(known, began=True, now=now))


@functools.cache
def last_page() -> StatusPage:
    """Return the life as it stands at its end."""
    last = life.published()[-1]
    return page_of(last.content.published(life.SITE), stamps(), last.step.at)


def composer(page: StatusPage | None = None) -> Composer:
    """Return who writes the life up."""
    return Composer(page or last_page(), Markup(), THEME)


@functools.cache
def every_edition() -> dict[str, Edition]:
    """Return each edition that ever was, in the order they came: four times a day somebody looks,
    and after every push."""
    found: dict[str, Edition] = {}
    steps = life.published()
    often = (steps[0].step.at + number * SIX_HOURS for number in range(30 * 4))
    for now in sorted({*often, *(one.step.at for one in steps)}):
        then = next(one for one in reversed(steps) if one.step.at <= now)
        page = page_of(then.content.published(life.SITE), stamps_by(now), now)
        for edition in editions(page, now):
            found.setdefault(edition.id, edition)
    return found


def stamps_by(now: datetime) -> Stamps:
    """Return what of the stamps a target had by an instant."""
    return {
        story: {name: at for name, at in known.items() if at is None or at <= now}
        for story, known in stamps().items()
    }


@dataclass(frozen=True)
class Mailed:
    """One message as it would go out, read back by the strictest policy there is."""

    raw: bytes
    message: EmailMessage

    @property
    def text(self) -> str:
        """What a program without HTML shows."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """What any other shows."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert isinstance(part, EmailMessage)
        return str(part.get_content()).replace("\r\n", "\n")


def mailed(
    edition: Edition,
    look: Look = EVERYBODY,
    missed: tuple[str, ...] = (),
    by: Composer | None = None,
) -> Mailed:
    """Return an edition as somebody gets it."""
    letter = (by or composer()).compose(edition, look, missed)
    return read(letter.for_recipient("reader@example.org", TOKEN))


def read(raw: bytes) -> Mailed:
    """Read a message back; any defect is an error."""
    strict = policy.SMTP.clone(raise_on_defect=True)
    message = message_from_bytes(raw, policy=strict)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    return Mailed(raw, message)
