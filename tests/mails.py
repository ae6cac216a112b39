"""What the tests of mail share: readers, a site that sends, and how both are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from sites import CONF

from firstword.mail.ledger import Fate, open_ledger
from firstword.mail.parcel import TOKEN_HOLE, Cadence, Consent, Edition, Letter, Look, Subscriber
from firstword.mail.people import People, open_people
from firstword.mail.sending import Desk
from firstword.mail.transport import Outcome, Quota

JOINED = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
CONSENT = Consent(at=JOINED, how="a form", words="Mail me every update")

MAIL_CONF = CONF + 'MAIL_FROM = "status@acme.example"\n'


def reader(address: str, cadence: str = "immediate", **more: object) -> Subscriber:
    """Return somebody who subscribed on 1 November."""
    told = {"consent": CONSENT, "since": JOINED, **more}
    return Subscriber(address=address, cadence=Cadence(cadence), **told)  # type: ignore[arg-type]


def listed(folder: Path, readers: Iterable[Subscriber]) -> People:
    """Begin a list with these."""
    folder.mkdir(parents=True, exist_ok=True)
    people = open_people(folder, create=True)
    people.put(readers)
    return people


# ── editions and whoever writes them ─────────────────────────────────────────────────────────────

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
STORY = "2026-11-21-card-payments"


def word(hour: int, *, words: str = "1", story: str = STORY, **more: object) -> Edition:
    """Return the edition of an update, published at an hour of 21 November."""
    at = NINE.replace(hour=hour)
    told = {
        "cadence": Cadence.IMMEDIATE,
        "incident": story,
        "urgent": True,
        "digest": f"{hour}{words}",
        "at": at,
        **more,
    }
    told["cadence"] = Cadence(str(told["cadence"]))
    return Edition(id=f"update/{story}/{at:%Y%m%dT%H%M%SZ}", **told)  # type: ignore[arg-type]


def day(number: int, *, words: str = "1") -> Edition:
    """Return the digest of a day of November."""
    return Edition(
        id=f"daily/2026-11-{number:02}",
        cadence=Cadence.DAILY,
        incident=None,
        urgent=False,
        digest=f"{number}{words}",
        at=datetime(2026, 11, number + 1, 0, 0, tzinfo=UTC),
    )


class Scribe:
    """Writes letters that say which edition they are and which are inside."""

    def __init__(self) -> None:
        self.composed: list[tuple[str, Look, tuple[str, ...]]] = []

    def alike(self, edition: Edition, look: Look) -> Look | None:
        """Concern everybody, but for parts that the story's id does not name."""
        named = not look.components or any(part in edition.id for part in look.components)
        return Look(language=look.language, zone=look.zone) if named else None

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
        """Write a letter."""
        self.composed.append((edition.id, look, missed))
        inside = "".join(f"{one}\r\n" for one in (edition.id, *missed))
        return Letter(
            head=(
                f"From: status@acme.example\r\nDate: {format_datetime(edition.at)}\r\n"
                "Subject: Card payments fail\r\n"
            ).encode(),
            body=inside.encode() + b".\r\nleave: " + TOKEN_HOLE + b"\r\n",
            name=edition.id.replace("/", "."),
            domain="status.acme.example",
            unsubscribe_to="status@acme.example",
        )


def returned(who: str, original: bytes) -> bytes:
    """Write a bounce as RFC 3464 has it, with the headers of the letter that it returns."""
    head = original.partition(b"\r\n\r\n")[0]
    return (
        b"From: MAILER-DAEMON@mx.reader.example\r\nTo: status@acme.example\r\n"
        b"Subject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.reader.example\r\n\r\n"
        b"Final-Recipient: rfc822; " + who.encode() + b"\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" + head + b"\r\n\r\n--b--\r\n"
    )


# ── a server that needs no socket ────────────────────────────────────────────────────────────────


class Post:
    """A way of sending that keeps what it gets; `fate` decides what becomes of a message."""

    name = "post"

    def __init__(self, *, lanes: int = 1, quota: Quota | None = None) -> None:
        self.lanes = lanes
        self.arrived: list[tuple[str, bytes]] = []
        self.fate: Callable[[str], Outcome] = lambda _: Outcome(fate=Fate.ACCEPTED)
        self._quota = quota or Quota()

    def quota(self) -> Quota:
        """Tell the quota."""
        return self._quota

    def open(self) -> Post:
        """Be the lane as well."""
        return self

    def send(self, address: str, message: bytes) -> Outcome:
        """Keep a message unless it is refused or put off."""
        outcome = self.fate(address)
        if outcome.fate in {Fate.ACCEPTED, Fate.UNKNOWN}:
            self.arrived.append((address, message))
        return outcome

    def close(self) -> None:
        """Nothing to close."""

    def told(self) -> dict[str, list[list[str]]]:
        """Return who got which editions: for each message the ids in it, the newest first."""
        found: dict[str, list[list[str]]] = {}
        for address, message in self.arrived:
            body = message.decode().partition("\r\n\r\n")[2]
            found.setdefault(address, []).append(body.partition(".\r\n")[0].split())
        return found


def desk(folder: Path, *readers: Subscriber, now: datetime = NINE) -> Desk:
    """Begin a list and a ledger."""
    return Desk(listed(folder, readers), open_ledger(folder, lambda: now), Scribe())
