"""Nine days of the scripted life as two hundred people should hear of them, written down by hand.

Nothing here asks the product who gets what: the rule is this file's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from life import instant

CADENCES = ("immediate", "daily", "immediate", "weekly", "immediate")
PARTS = ("", "lockers", "checkout shop", "", "orders", "lockers accounts", "")
KINDS = ("", "incident", "", "maintenance notice")
LANGUAGES = ("", "", "", "de", "", "ja", "", "ar", "")
ZONES = ("", "", "", "", "", "Asia/Tokyo", "", "", "", "", "America/New_York")
TITLES = {
    "2026-10-12-accounts-move": "Accounts move to a new server",
    "2026-10-13-locker-codes": "The locker at Central Station refuses your code again",
    "marbled-covers": "Notebooks with marbled covers arrive a week late",
    "2026-10-19-paid-twice": "Two orders were paid twice",
}
#: Who answers, by the name that signs. Pieter Roos leaves later: until then he answers himself.
ANSWERS = {
    "Hanna Verbeek": "hanna@ternpaper.example",
    "Pieter Roos": "pieter@ternpaper.example",
    "Amara Osei": "amara@ternpaper.example",
    "Joris Blom": "joris@ternpaper.example",
}

# When it was first published | its story | of which kind | about which parts | who signed
_SAID = """\
2026-10-12 10:00 | 2026-10-12-accounts-move | maintenance | accounts checkout | Hanna Verbeek
2026-10-13 08:52 | 2026-10-13-locker-codes  | incident    | lockers           | Pieter Roos
2026-10-13 09:15 | 2026-10-13-locker-codes  | incident    | lockers           | Pieter Roos
2026-10-13 09:31 | 2026-10-13-locker-codes  | incident    | lockers           | Pieter Roos
2026-10-13 10:24 | 2026-10-13-locker-codes  | incident    | lockers           | Amara Osei
2026-10-13 12:20 | 2026-10-13-locker-codes  | incident    | lockers           | Pieter Roos
2026-10-13 12:47 | 2026-10-13-locker-codes  | incident    | lockers           | Pieter Roos
2026-10-13 17:40 | 2026-10-13-locker-codes  | incident    | lockers           | Hanna Verbeek
2026-10-13 18:22 | 2026-10-13-locker-codes  | incident    | lockers           | Hanna Verbeek
2026-10-13 18:40 | 2026-10-13-locker-codes  | incident    | lockers           | Hanna Verbeek
2026-10-13 20:50 | 2026-10-13-locker-codes  | incident    | lockers           | Hanna Verbeek
2026-10-14 11:30 | marbled-covers           | notice      | orders            | Joris Blom
2026-10-16 15:10 | 2026-10-13-locker-codes  | incident    | lockers           | Pieter Roos
2026-10-19 09:20 | 2026-10-19-paid-twice    | incident    | checkout          | Amara Osei
2026-10-19 10:35 | 2026-10-19-paid-twice    | incident    | checkout          | Amara Osei
2026-10-19 16:40 | 2026-10-12-accounts-move | maintenance | accounts checkout | Hanna Verbeek
2026-10-20 09:05 | 2026-10-13-locker-codes  | incident    | lockers           | Hanna Verbeek
"""
#: A day before the crate with offcuts is at the door: for who hears at once, and for who asked to
#: hear of notices.
REMINDED = "2026-10-14 16:00"
OFFCUTS = "2026-10-08-offcuts"
WEEK_OVER = "2026-10-19 00:00"


@dataclass(frozen=True)
class Said:
    """One update that was mailed."""

    at: str
    story: str
    kind: str
    parts: frozenset[str]
    author: str


SAID = tuple(
    Said(at, story, kind, frozenset(parts.split()), author)
    for at, story, kind, parts, author in (
        [cell.strip() for cell in line.split("|")] for line in _SAID.splitlines()
    )
)


@dataclass(frozen=True)
class Reader:
    """A row of the table that is imported."""

    address: str
    cadence: str
    parts: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    language: str = ""
    zone: str = ""
    #: From when until when somebody is on the list, by the site's clock.
    since: str = ""
    until: str = "9999"
    #: From when on somebody wants no more of which story.
    muted: str = "9999"
    mutes: str = ""

    @property
    def row(self) -> str:
        """Return the line of the CSV file."""
        lists = (" ".join(sorted(one)) for one in (self.parts, self.kinds))
        return ",".join((self.address, self.cadence, *lists, self.language, self.zone))

    def concerned(self, kind: str, parts: frozenset[str]) -> bool:
        """Tell whether somebody wants to hear of a story."""
        by_part = not self.parts or not parts or bool(self.parts & parts)
        return by_part and (not self.kinds or kind in self.kinds)

    def hears(self, said: Said) -> bool:
        """Tell whether somebody wants to hear an update."""
        return self.concerned(said.kind, said.parts)


@dataclass(frozen=True, order=True)
class Message:
    """What tells one message from another: its list, its date, what it is a thread of."""

    list: str
    at: datetime
    story: str = ""


def readers() -> list[Reader]:
    """Return the two hundred."""
    return [
        Reader(
            address=f"u{number:03}@reader.example",
            cadence=CADENCES[number % len(CADENCES)],
            parts=frozenset(PARTS[number % len(PARTS)].split()),
            kinds=frozenset(KINDS[number % len(KINDS)].split()),
            language=LANGUAGES[number % len(LANGUAGES)],
            zone=ZONES[number % len(ZONES)],
        )
        for number in range(1, 201)
    ]


def expected(reader: Reader) -> Counter[Message]:
    """Return what should be in somebody's inbox, but for answers to their own mail."""
    return Counter(_expected(reader))


def _expected(reader: Reader) -> Iterator[Message]:
    heard = [
        said
        for said in SAID
        if reader.hears(said) and not (said.story == reader.mutes and said.at > reader.muted)
    ]
    if reader.cadence == "immediate":
        yield from _at_once(reader, heard)
    reminds = reader.cadence == "immediate" or "notice" in reader.kinds
    if reminds and reader.concerned("notice", frozenset()) and reader.until > REMINDED:
        yield Message("immediate", instant(REMINDED), OFFCUTS)
    # A digest is dated, and sent, when its day or week is over.
    over: set[str] = set()
    if reader.cadence == "daily":
        over = {_next_day(said) for said in heard}
    if reader.cadence == "weekly":
        over = {WEEK_OVER for said in heard if said.at < WEEK_OVER}
    for at in sorted(over):
        if at < reader.until:
            yield Message(reader.cadence, instant(at))


def _at_once(reader: Reader, heard: list[Said]) -> Iterator[Message]:
    # Who comes while a story is open gets the word that stands, dated when they came.
    for story in dict.fromkeys(said.story for said in heard if said.at < reader.since):
        yield Message("immediate", instant(reader.since), story)
    for said in heard:
        if reader.since <= said.at < reader.until:
            yield Message("immediate", instant(said.at), said.story)


def _next_day(said: Said) -> str:
    return f"{said.at[:8]}{int(said.at[8:10]) + 1:02} 00:00"


def told_of(reader: Reader, message: Message) -> set[str]:
    """Return which stories of TITLES have a word in a digest."""
    days = timedelta(days=1 if message.list == "daily" else 7)
    return {
        said.story
        for said in SAID
        if reader.hears(said) and message.at - days <= instant(said.at) < message.at
    }
