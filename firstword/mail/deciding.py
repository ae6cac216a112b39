"""What is to be done about a message, given the list as it stands. Pure but for reading the list.

Who asks gets the same answer whether or not the address is known: a request to confirm. No address
is kept of anybody until then: what was asked for stands in the request itself, signed.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from firstword.mail.commands import Command, Verb, wishes_of
from firstword.mail.incoming import Incoming
from firstword.mail.parcel import Consent, Standing, Subscriber
from firstword.mail.people import People
from firstword.mail.table import RowProblem, Wrong, read_subscriber
from firstword.model import Site
from firstword.values import replace

#: How long a request to confirm can be answered.
VALID = timedelta(days=7)
HOW = "by mail: asked for, then confirmed"
_MAC_BYTES = 16
#: So many stories one person mutes; whoever wants more wants to leave.
_MOST_MUTED = 100


class Deed(StrEnum):
    """What a message comes to."""

    #: No command of a person: it stays in the mailbox as it is, for one of us.
    LEFT = "left"
    #: A command, but nobody vouches for whoever sent it: it stays as well.
    DOUBTED = "doubted"
    ASKED = "asked"
    JOINED = "joined"
    GONE = "gone"
    MUTED = "muted"
    UNMUTED = "unmuted"
    #: A request to confirm that is too old, or not for this person.
    EXPIRED = "expired"
    #: A part, a kind, a language that there is none of.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do: with the list, and whom to answer what."""

    deed: Deed
    #: Whom it is about, as the list knows them.
    person: str = ""
    #: Whom to answer; "" = nobody.
    to: str = ""
    #: Who is asked to confirm, or joins.
    subscriber: Subscriber | None = None
    token: str = ""
    until: datetime | None = None
    #: The story that is muted, or not any more.
    story: str = ""
    #: What cannot be, of what was asked for.
    problem: Wrong | None = None
    #: In which language to answer where nobody joins; "" = the site's. It is what the message asks
    #: for, never what the list knows.
    language: str = ""


LEFT = Decision(deed=Deed.LEFT)
DOUBTED = Decision(deed=Deed.DOUBTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What decisions are made with. `words` says in their language what somebody agrees to."""

    people: People
    site: Site
    words: Callable[[Subscriber], str]
    #: Message-IDs → the id of the story that one of them is about; "" = none that we mailed of.
    answered: Callable[[Sequence[str]], str] = field(default=lambda _: "")
    #: Whether we mailed about a story of this id.
    mailed: Callable[[str], bool] = field(default=lambda _: False)

    def leaving(self, token: str) -> str | None:
        """Return whom a token unsubscribes."""
        found = self.people.by_token(token)
        return found.person if found else None


def decide(mail: Incoming, office: Office, now: datetime) -> Decision:
    """Decide about a message. `now` is UTC."""
    command = mail.command
    if command is None:
        return LEFT
    if by_token := _BY_TOKEN.get(command.verb):
        return by_token(mail, command, office)
    # Before anything else: what a program says is no consent, and what anybody can write is none.
    if mail.automatic or not mail.proven:
        return _unbelieved(mail)
    said = Decision(deed=Deed.UNKNOWN, person=office.people.person(mail.sender), to=mail.sender)
    try:
        wanted = _wanted(mail.sender, command, office, now)
    except RowProblem as problem:
        return replace(said, problem=problem.wrong, language=command.language)
    if command.verb is Verb.CONFIRM:
        return _confirm(said, wanted, command.token, office.people)
    until = now + VALID
    token = _sign(office.people, wanted, until)
    return replace(said, deed=Deed.ASKED, subscriber=wanted, token=token, until=until)


def _unbelieved(mail: Incoming) -> Decision:
    return LEFT if mail.automatic else DOUBTED


def _wanted(sender: str, command: Command, office: Office, now: datetime) -> Subscriber:
    """Return whom a command would put on the list. Raises RowProblem."""
    consent = Consent(at=now, how=HOW, words="")
    wanted = read_subscriber(command.row(sender), office.site, consent)
    return replace(wanted, consent=replace(consent, words=office.words(wanted)))


def _confirm(said: Decision, wanted: Subscriber, token: str, people: People) -> Decision:
    if not _signed(people, wanted, token):
        return replace(said, deed=Deed.EXPIRED)
    return replace(said, deed=Deed.JOINED, subscriber=_joining(people.find(said.person), wanted))


def _leave(mail: Incoming, command: Command, office: Office) -> Decision:
    """Let somebody go: whom the token names, whoever sent it, or else a proven sender."""
    person = office.leaving(command.token) if command.token else None
    if person is None:
        if mail.automatic or not mail.proven:
            return _unbelieved(mail)
        person = office.people.person(mail.sender)
        return Decision(deed=Deed.GONE, person=person, to=mail.sender)
    known = office.people.find(person)
    answered = known is not None and not mail.automatic
    return Decision(deed=Deed.GONE, person=person, to=known.address if known and answered else "")


def _mute(mail: Incoming, command: Command, office: Office) -> Decision:
    """Mute a story, or hear of it again: for whom the token names, or else for a proven sender."""
    people = office.people
    person = office.leaving(command.token) if command.token else None
    story = command.story or office.answered(mail.answers)
    # A link of ours is right; what somebody types may be the beginning of a letter to a person.
    if not story or (person is None and not office.mailed(story)):
        return LEFT
    if person is None and (mail.automatic or not mail.proven):
        return _unbelieved(mail)
    known = people.find(person or people.person(mail.sender))
    mutes = command.verb is Verb.MUTE
    if known and mutes and len(known.muted) >= _MOST_MUTED:
        return LEFT
    to = mail.sender if person is None else known.address if known and not mail.automatic else ""
    return Decision(
        deed=Deed.MUTED if mutes else Deed.UNMUTED,
        person=person or people.person(mail.sender),
        to=to,
        story=story,
    )


_BY_TOKEN = {Verb.UNSUBSCRIBE: _leave, Verb.MUTE: _mute, Verb.UNMUTE: _mute}


def _joining(old: Subscriber | None, wanted: Subscriber) -> Subscriber:
    """Return who joins. Who is there already keeps since when, and what was muted."""
    if old is None or old.state is not Standing.ACTIVE:
        return wanted
    kept = replace(wanted, since=old.since, muted=old.muted)
    # The same message read again after a crash is no second consent.
    return old if replace(kept, consent=old.consent, address=old.address) == old else kept


def _sign(people: People, wanted: Subscriber, until: datetime) -> str:
    """Return what only we can write, for this person, these wishes, these words and this time."""
    seconds = int(until.timestamp())
    what = (people.person(wanted.address), wishes_of(wanted), wanted.consent.words, str(seconds))
    mac = people.sealed("confirm", "\0".join(what))[:_MAC_BYTES]
    return base64.b32encode(seconds.to_bytes(4, "big") + mac).decode().lower()


def _signed(people: People, wanted: Subscriber, token: str) -> bool:
    """Tell whether a token was signed by us for just this, and can still be answered."""
    seconds = int.from_bytes(base64.b32decode(token.upper())[:4], "big")
    until = datetime.fromtimestamp(seconds, UTC)
    right = _sign(people, wanted, until)
    return wanted.consent.at <= until and hmac.compare_digest(token, right)
