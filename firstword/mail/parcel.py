"""What travels between those who write mail and those who send it. Values only.

A person is known outside the list by `person`, an HMAC of the address, and to mail programs by a
token: neither tells the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from firstword import urls
from firstword.model import Kind

#: Stands in a letter's body where the recipient's token belongs. As long as a token, and made of
#: what no transfer encoding changes, so that a body can be encoded before the token is known.
TOKEN_HOLE = b"tokentokentokentokentokentoken22"
TOKEN_LENGTH = len(TOKEN_HOLE)
#: Where SES puts the address of its own page for preferences; it fills in the first two of a
#: message, where it keeps the list: the one in the text and the one in the HTML.
SES_HOLE = "{{amazonSESUnsubscribeUrl}}"

#: RFC 5321, 4.5.3.1.6, without the CRLF.
_LONGEST_LINE = 998
_TOKEN = re.compile(rf"[a-z2-7]{{{TOKEN_LENGTH}}}")
#: What may stand in a header as it is: no space, no control character, nothing but ASCII.
_WORD = re.compile(r"[!-~]+")
_DATED = timedelta(hours=1)
_DATE = re.compile(rb"^Date: [^\r\n]*", re.MULTILINE)
_ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")


class Cadence(StrEnum):
    """At which pace somebody hears from us, and at which an edition goes out."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"
    #: Editions only: a notice with `remind`, and a follow-up that was done.
    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"


#: What a subscriber can choose.
PACES = (Cadence.IMMEDIATE, Cadence.DAILY, Cadence.WEEKLY)


class Standing(StrEnum):
    """How it stands with a subscription; only those who are active get mail."""

    #: Asked, and has not confirmed: noted without an address, and no subscriber (`people.Asked`).
    PENDING = "pending"
    ACTIVE = "active"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


#: Stories, each with the ids of the editions that tell the newest of its words.
Tells = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One sending: the word of one update, or what a day or a week held."""

    #: update/<story>/20261121T092000Z, daily/2026-11-21, weekly/2026-W47, ...
    id: str
    cadence: Cadence
    #: The story it is about; None = more than one.
    incident: str | None
    #: Rather twice than never, where it cannot be known whether a message arrived.
    urgent: bool
    #: Hex digest of its words, then one of each translation, "9f86d081... de=2c26b46b...": the same
    #: id with another digest is not sent again to those who read those words.
    digest: str
    #: When its newest word was first published, or when its window closed (UTC).
    at: datetime
    #: The word that holds while its story is open: who subscribes later gets it too.
    standing: bool = False
    #: Only for those who had subscribed by then (UTC); None = for all.
    before: datetime | None = None
    #: Each story that it tells of, with the ids of the other editions that tell the newest of its
    #: words: whoever changes the pace has had them at the one before.
    tells: Tells = ()
    #: Each word that it is about, by story and update: it goes out where readers have all of them.
    words: tuple[tuple[str, str], ...] = ()
    #: The first line, for a plan that a person reads.
    headline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody agreed to: when (UTC), by which way, and the words that were shown."""

    at: datetime
    how: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a body depends on beside its edition. Recipients with the same look share one body."""

    #: "" = the site's
    language: str = ""
    zone: str = ""
    #: Empty = all of them.
    components: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    #: Stories somebody does not want to hear of. Single editions are held back before they are
    #: composed; digests leave them out.
    muted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who wants to hear from us."""

    address: str
    cadence: Cadence
    components: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    language: str = ""
    zone: str = ""
    consent: Consent
    state: Standing = Standing.ACTIVE
    muted: frozenset[str] = frozenset()
    #: Subscribed since (UTC): what was said before is not sent, but for words that still stand.
    since: datetime

    @property
    def look(self) -> Look:
        """What of a body is this subscriber's own choice."""
        return Look(
            language=self.language,
            zone=self.zone,
            components=self.components,
            kinds=self.kinds,
            muted=self.muted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An edition as everybody of one look gets it. Only `for_recipient` differs from one to next.

    `head` holds the common headers, folded, each ending in CRLF; no To, Message-ID,
    List-Unsubscribe or List-Unsubscribe-Post. `body` is what follows the empty line, encoded;
    TOKEN_HOLE in it is filled in.
    """

    head: bytes
    body: bytes
    #: What the Message-ID begins with, such as "i.card-payments.20261121T092000Z.1f2e3d4c".
    name: str
    #: The domain that Message-IDs are made under.
    domain: str
    #: Where a mail that unsubscribes goes; "" = nowhere.
    unsubscribe_to: str = ""
    #: An HTTPS address that takes RFC 8058's POST; the token is put to its end. "" = there is none.
    one_click: str = ""
    _parts: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what would make a broken or a foreign header. Raises ValueError."""
        for text in filter(None, (self.name, self.domain, self.unsubscribe_to, self.one_click)):
            if not _WORD.fullmatch(text) or set("<>,") & set(text):
                raise ValueError(f"cannot stand in a header as it is: {text!r}")
        if self.head and not self.head.endswith(b"\r\n"):
            raise ValueError(f"the headers do not end in CRLF: {self.head[-20:]!r}")
        for part in (self.head, self.body):
            # Not every server takes more (8BITMIME, SMTPUTF8), and one message serves them all.
            if not part.isascii() or max(map(len, part.split(b"\r\n"))) > _LONGEST_LINE:
                raise ValueError("a letter is ASCII, in lines of at most 998 bytes")
        object.__setattr__(self, "_parts", tuple(self.body.split(TOKEN_HOLE)))

    def message_id(self, token: str) -> str:
        """Spell the Message-ID: the same whenever this is sent to the same person."""
        return message_id(self.name, self.domain, token)

    def for_recipient(self, address: str, token: str, due: datetime | None = None) -> bytes:
        """Return the whole message for one person. Raises ValueError for what is no address.

        It is dated as `due` says (UTC), None = when its edition was made.
        """
        if not _ADDRESS.fullmatch(address) or not _TOKEN.fullmatch(token):
            raise ValueError("not an address and a token")  # neither is to be told
        lines = [f"To: {address}", f"Message-ID: {self.message_id(token)}", *self._leave(token)]
        own = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        head = self.head
        if due is not None:
            head = _DATE.sub(f"Date: {format_datetime(due)}".encode("ascii"), head, count=1)
        return b"".join((head, own, b"\r\n", token.encode().join(self._parts)))

    def _leave(self, token: str) -> Iterator[str]:
        """Yield the headers by which mail programs unsubscribe (RFC 2369, RFC 8058)."""
        ways = []
        if self.one_click:
            ways.append(f"<{self.one_click}{token}>")
        if self.unsubscribe_to:
            ways.append(f"<mailto:{self.unsubscribe_to}?subject=unsubscribe%20{token}>")
        if ways:
            yield "List-Unsubscribe: " + ",\r\n ".join(ways)
        if self.one_click:
            yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def dated(at: datetime, now: datetime) -> datetime:
    """Return what a letter that was due at an instant is dated when it leaves at another (UTC).

    Whole hours later, and less than one ago: the Date is when a message was sent (RFC 5322, 3.6.1),
    and what is dated three hours before it arrives is taken for spam. Whoever gets it within the
    same hour, or gets it again then, gets the same bytes.
    """
    return at + max(0, (now - at) // _DATED) * _DATED


def same_words(one: str, other: str, language: str) -> bool:
    """Tell whether two editions' digests are of the same words for who reads in a language."""
    return _digests(one, language) == _digests(other, language)


def _digests(digest: str, language: str) -> tuple[str, str]:
    own, *others = digest.split()
    theirs = dict(other.split("=", 1) for other in others)
    names = (language, language.partition("-")[0])
    return own, next((theirs[name] for name in names if name in theirs), "")


def message_id(name: str, domain: str, token: str) -> str:
    """Spell the Message-ID of a letter to whom a token belongs."""
    return urls.message_id(f"{name}.{_own_part(name, token)}", domain)


def made_for(one: str, token: str) -> bool:
    """Tell whether a Message-ID, without its brackets, is of a letter to whom a token belongs."""
    name, _, own = one.rpartition("@")[0].rpartition(".")
    return own == _own_part(name, token)


def _own_part(name: str, token: str) -> str:
    return sha256(f"{name}\n{token}".encode()).hexdigest()[:16]


class Composer(Protocol):
    """Whoever writes editions. Answers depend on the arguments alone."""

    def alike(self, edition: Edition, look: Look) -> Look | None:
        """Return the look that stands for all who read the very same as somebody of this one.

        None = the edition holds nothing for them.
        """

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
        """Return the edition's letter; `missed` are ids of earlier editions of the same story.

        Those were not delivered to this person, oldest first, and stand inside this one.
        """
