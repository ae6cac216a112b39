"""What comes back: bounces and complaints, from SES or from a mailbox, change the list.

What SES tells comes by its own channels. A mailbox takes mail from anybody, so that a bounce counts
only when it proves that it answers a letter of ours: by the token in the headers it returns, or by
a Message-ID that only we can have made for that person.
"""

from __future__ import annotations

import json
import mailbox
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from firstword.errors import MailError
from firstword.mail.address import AddressProblem, read_address
from firstword.mail.inbox import Inbox
from firstword.mail.parcel import TOKEN_LENGTH, Standing, made_for
from firstword.mail.people import People
from firstword.mail.soft import DAYS, LONG, Soft, is_lost
from firstword.mail.transport import is_gone, is_soft
from firstword.store import Store

_TOKEN = re.compile(rb"unsubscribe%20([a-z2-7]{" + str(TOKEN_LENGTH).encode() + rb"})(?![a-z2-7])")
_MESSAGE_ID = re.compile(rb"<([!-;=?A-~]+\.[0-9a-f]{16}@[!-;=?A-~]+)>")
_PART = 10


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that was told about one person."""

    person: str
    #: How it stands with them now; None = a letter came back, though they may be there.
    state: Standing | None
    #: When it happened (UTC); None = it is not told.
    at: datetime | None = None
    #: When the letter that came back had been accepted (UTC); None = it is not told.
    sent: datetime | None = None


def apply(people: People, reports: Iterator[Report]) -> Counter[Standing]:
    """Change the list; who subscribed again since is left alone. Returns how many changed."""
    changed: Counter[Standing] = Counter()
    for report in reports:
        one = people.find(report.person)
        if one is None or one.state is not Standing.ACTIVE:
            continue
        if report.at is not None and report.at < one.consent.at:
            continue
        if report.state is None:
            # Without a date nobody knows for how long.
            if report.at is not None:
                people.note_soft(report.person, Soft(report.at, report.sent))
            continue
        people.set_state(report.person, report.state)
        changed[report.state] += 1
    return changed


def give_up(
    people: People, accepted: Callable[[str], Iterable[datetime]], now: datetime
) -> Counter[Standing]:
    """Take off the list whom mail has not reached for weeks; return how many.

    `accepted` tells when letters to somebody were accepted. Nobody is taken off while mail to more
    than half of all comes back: that is about us.
    """
    changed: Counter[Standing] = Counter()
    back = people.soft_since(now - LONG)
    active = sum(many for (state, _), many in people.count().items() if state is Standing.ACTIVE)
    if len(back) * 2 > active:
        return changed
    for person in sorted(back):
        one = people.find(person)
        soft = [found for found in people.soft(person) if one and found.at >= one.consent.at]
        if len(soft) >= DAYS and is_lost(soft, accepted(person), now):
            people.set_state(person, Standing.BOUNCED)
            changed[Standing.BOUNCED] += 1
    return changed


# ── SES ──────────────────────────────────────────────────────────────────────────────────────────


class OddEvent(ValueError):
    """What lies where events of SES do, and is none; its words are not repeated."""


def read_events(people: People, body: str) -> Iterator[Report]:
    """Yield what SES tells in one object or message: alone, in a row, or wrapped by SNS.

    Raises OddEvent at what cannot be read; what stood before it has been told.
    """
    decoder = json.JSONDecoder()
    rest = body.strip()
    while rest:
        try:
            told, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            raise OddEvent("an event of SES is not JSON") from None
        rest = rest[end:].strip()
        yield from _event(people, _object(told))


def _event(people: People, told: dict[str, Any]) -> Iterator[Report]:
    if told.get("Type") == "Notification":
        yield from read_events(people, str(told.get("Message", "")))
        return
    told = _object(told.get("detail", told))  # EventBridge
    kind = told.get("eventType") or told.get("notificationType")
    if kind == "Bounce":
        bounce = _object(told.get("bounce"))
        left = bounce.get("bounceSubType") == "UnsubscribedRecipient"
        if bounce.get("bounceType") == "Permanent" or left:
            state = Standing.UNSUBSCRIBED if left else Standing.BOUNCED
            yield from _named(people, bounce, "bouncedRecipients", state)
        elif bounce.get("bounceType") == "Transient":
            yield from _came_back(people, told, bounce)
    elif kind == "Complaint":
        complaint = _object(told.get("complaint"))
        yield from _named(people, complaint, "complainedRecipients", Standing.COMPLAINED)


def _object(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise OddEvent("an event of SES holds something else than it should")
    return told


def _named(people: People, told: dict[str, Any], key: str, state: Standing) -> Iterator[Report]:
    at = _timestamp(told)
    for person, _ in _rows(people, told, key):
        yield Report(person, state, at)


def _came_back(people: People, told: dict[str, Any], bounce: dict[str, Any]) -> Iterator[Report]:
    """Yield to whom a letter came back for a reason that is theirs, and may pass.

    Words that are too long are no such reason; an answer from somebody on holiday has no code.
    """
    at, sent = _timestamp(bounce), _timestamp(_object(told.get("mail", {})))
    full = bounce.get("bounceSubType") == "MailboxFull"
    for person, row in _rows(people, bounce, "bouncedRecipients"):
        if full or is_soft(str(row.get("status", ""))):
            yield Report(person, None, at, sent)


def _timestamp(told: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(told["timestamp"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _rows(people: People, told: dict[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield whom a list of recipients names, with what it says of each."""
    rows = told.get(key)
    if not isinstance(rows, list):
        raise OddEvent(f"an event of SES has no list of {key}")
    for row in map(_object, rows):
        try:
            address = read_address(str(row.get("emailAddress", "")))
        except AddressProblem:
            continue
        yield people.person(address), row


@dataclass(frozen=True, slots=True)
class Aside:
    """What is no event is noted, so that it is told once and stands in nobody's way."""

    notes: Inbox
    place: str
    now: datetime
    tell: Callable[[str], object]

    def has(self, name: str) -> bool:
        """Tell whether an object was set aside before."""
        return self.notes.has_read(self.place, name)

    def put(self, name: str) -> None:
        """Set an object aside; tell it by its name, the first time."""
        if not self.has(name):
            self.notes.read(self.place, name, self.now)
            self.tell(name)


def read_place(people: People, place: str, environ: Any, aside: Aside) -> Iterator[Report]:
    """Yield what lies in `s3://bucket/prefix` or waits in an SQS queue.

    A message is taken from the queue after what it told was dealt with; objects stay, and so does
    a message that is no event: the queue's own rules say where such go.
    """
    if place.startswith("s3://"):
        from firstword.store import open_store

        yield from read_objects(people, open_store(place, environ=environ), aside)
        return
    yield from _queue(people, place, aside)


def read_objects(people: People, store: Store, aside: Aside) -> Iterator[Report]:
    """Yield what the objects of a store tell; to read them again changes nothing."""
    for key in sorted(key for key, _ in store.keys("")):
        found = None if aside.has(key) else store.get(key)
        if found:
            try:
                yield from read_events(people, found.body.decode("utf-8", "replace"))
            except OddEvent:
                aside.put(key)


def _queue(people: People, address: str, aside: Aside) -> Iterator[Report]:
    from firstword.mail.ses import make_queue_client

    client = make_queue_client(address)
    odd: set[str] = set()
    while True:
        answer = client.receive_message(QueueUrl=address, MaxNumberOfMessages=_PART)
        # One that stays may come again at once.
        messages = [one for one in answer.get("Messages", ()) if one["MessageId"] not in odd]
        for message in messages:
            try:
                yield from read_events(people, message["Body"])
            except OddEvent:
                odd.add(message["MessageId"])
                aside.put(message["MessageId"])
                continue
            client.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
        if not messages:
            return


# ── a mailbox ────────────────────────────────────────────────────────────────────────────────────


def read_mailbox(people: People, path: Path, unproven: Callable[[], None]) -> Iterator[Report]:
    """Yield what the bounces and complaints of a Maildir, an mbox or a single message tell.

    `unproven` is called for each that does not prove which letter of ours it answers.
    """
    if path.is_dir():
        kept: mailbox.Mailbox[Any] = mailbox.Maildir(path, create=False)
    elif path.is_file():
        kept = mailbox.mbox(path, create=False)
    else:
        raise MailError(f"no such mailbox: {str(path)!r}")
    with closing(kept):
        messages = [bytes(kept.get_bytes(key)) for key in sorted(kept.keys())]
    if not messages and path.is_file():
        messages = [path.read_bytes()]  # one message, as mail programs save it
    for raw in messages:
        report = read_message(people, raw)
        if report is UNPROVEN:
            unproven()
        elif report is not None:
            yield report


#: A report that does not prove which letter of ours it answers.
UNPROVEN = Report("", Standing.ACTIVE)


def read_message(people: People, raw: bytes) -> Report | None:
    """Return what a message tells: None = it is neither a bounce nor a complaint."""
    from email import message_from_bytes

    from flufl.bounce import all_failures

    message: Message = message_from_bytes(raw)
    complains = message.get_param("report-type") == "feedback-report"
    failures = set() if complains else all_failures(message)[1]
    codes = _codes(message) if failures else []
    state: Standing | None = Standing.COMPLAINED if complains else Standing.BOUNCED
    if not complains and not any(map(is_gone, codes)):
        if not any(map(is_soft, codes)):
            return None
        state = None
    at, sent = _date(message, "Date"), None if complains else _arrival(message)
    for token in dict.fromkeys(found.decode() for found in _TOKEN.findall(raw)):
        member = people.by_token(token)
        if member:
            return Report(member.person, state, at, sent)
    ids = [found.decode() for found in _MESSAGE_ID.findall(raw)]
    for failure in sorted(failures):
        try:
            person = people.person(read_address(bytes(failure).decode("ascii", "replace")))
        except AddressProblem:
            continue
        if any(made_for(one, people.token(person)) for one in ids):
            return Report(person, state, at, sent)
    return UNPROVEN


def _codes(message: Message) -> list[str]:
    """Return the codes by which a report says why a letter failed (RFC 3463).

    One that says that nobody is there ends it at once, a mailbox that is full or out of reach does
    in time. Whatever was taken for spam says nothing of who wants our mail.
    """
    failed = [one for one in _blocks(message) if not _is_delayed(one)]
    told = [str(block.get("Status", "")).split()[:1] for block in failed]
    return [code for found in told for code in found]


def _is_delayed(block: Message) -> bool:
    return str(block.get("Action", "")).strip().lower().startswith("delayed")


def _arrival(message: Message) -> datetime | None:
    """Return when the server that reports had got the letter, in UTC."""
    told = (_date(block, "Arrival-Date") for block in _blocks(message))
    return next(filter(None, told), None)


def _blocks(message: Message) -> Iterator[Message]:
    """Yield the parts of a report that are for programs (RFC 3464, 2.1)."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            yield from part.walk()


def _date(message: Message, name: str) -> datetime | None:
    """Return a date of a header, in UTC; None where it does not say."""
    try:
        at = parsedate_to_datetime(str(message.get(name, "")))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
