"""The ledger: what was sent to whom, written down before it goes out. No addresses.

What is handed to a mail server is `claimed` on disk first. A sender that dies leaves claims without
an outcome; whoever opens the ledger next knows them for what they are: `unknown`.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from firstword.mail.parcel import Cadence, Edition
from firstword.mail.private import open_begun, together
from firstword.mail.retention import TABLES, close_old, closed_of

NAME = "ledger.db"
#: Of so many sendings it is kept how long they took.
_SENDINGS = 10
_SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS edition(
    id TEXT PRIMARY KEY, cadence TEXT NOT NULL, incident TEXT NOT NULL, digest TEXT NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS letter(
    edition TEXT, person TEXT, state TEXT NOT NULL,
    -- The edition that this one went into, where a newer word was sent in its place.
    within TEXT NOT NULL DEFAULT '',
    -- How often it was sent again though it may have arrived, and how often it was put off.
    again INTEGER NOT NULL DEFAULT 0, put_off INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '', at INTEGER NOT NULL,
    PRIMARY KEY(edition, person)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS letter_within ON letter(within, person) WHERE within != '';
CREATE INDEX IF NOT EXISTS letter_open ON letter(edition, person)
    WHERE state IN ('planned', 'deferred', 'refused', 'unknown', 'held');
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
#: Letters that have not reached anybody for sure, with their editions; those of a story of which a
#: newer word has arrived are no loss. The states are spelled out: so the index serves.
_OPEN = """
SELECT letter.edition, edition.cadence, edition.incident, edition.digest, letter.person,
    letter.state, letter.at, letter.code, letter.again
FROM letter JOIN edition ON edition.id = letter.edition
WHERE letter.state IN ('planned', 'deferred', 'refused', 'unknown', 'held')
    AND CASE WHEN edition.id IN (SELECT value FROM json_each(:current))
        THEN letter.state = 'refused' ELSE edition.at >= :since END
    AND NOT EXISTS(
        SELECT 1 FROM edition AS newer JOIN letter AS came ON came.edition = newer.id
        WHERE newer.incident = edition.incident AND edition.incident != ''
            AND newer.at > edition.at AND newer.cadence != 'reminder'
            AND came.person = letter.person AND came.state = 'accepted'
    )
ORDER BY edition.at, letter.edition, letter.person
"""


class Fate(StrEnum):
    """What became of one letter."""

    PLANNED = "planned"
    CLAIMED = "claimed"  #: handed to the mail server, nothing heard yet
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"  #: the server asked to come back later
    UNKNOWN = "unknown"  #: it may have arrived, and it may not
    WITHIN = "within"  #: a newer word of the same story went out with this one inside
    DROPPED = "dropped"  #: planned once, and not wanted any more when its turn came
    HELD = "held"  #: its words changed since others got it: it does not go out
    MISSED = "missed"  #: it did not arrive, and a person knows


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger holds of one letter."""

    fate: Fate
    within: str = ""
    again: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of one letter. `code` is a server's number, never its words."""

    edition: str
    person: str
    fate: Fate
    code: str = ""
    within: str = ""
    #: It may have arrived before, and is sent again.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A letter that did not arrive, or of which nobody knows whether it did."""

    edition: str
    cadence: Cadence
    #: The id of the story that it is about; "" = more than one.
    story: str
    #: Of the words that the edition was sent with.
    digest: str
    person: str
    fate: Fate
    #: When that was noted (UTC), what is known of why, and how often it was sent again.
    at: datetime
    code: str
    again: int


@dataclass(frozen=True, slots=True)
class Mark:
    """By what a ledger is known: its own id, its list's, and how many editions it has."""

    id: str
    list: str
    editions: int


class Mirror(Protocol):
    """Who else keeps what the ledger is told; nothing leaves before that is done."""

    def told(self, events: Sequence[Event]) -> None:
        """Keep some steps."""

    def keep(self, db: sqlite3.Connection) -> None:
        """Keep the ledger as a whole."""


class Ledger:
    """An open ledger. One thread, one process."""

    def __init__(
        self,
        db: sqlite3.Connection,
        clock: Callable[[], datetime],
        mirror: Mirror | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._mirror = mirror

    def settle_claims(self) -> int:
        """Turn claims that nobody is at work on into what they are: unknown. Returns how many."""
        with together(self._db):
            return self._db.execute(
                "UPDATE letter SET state = ? WHERE state = ?", (Fate.UNKNOWN, Fate.CLAIMED)
            ).rowcount

    def digest_of(self, edition: str) -> str | None:
        """Return the digest of the words that an edition was sent with; None = it never was.

        An edition of which nothing went out yet has none: its words may still change.
        """
        row = self._db.execute(
            "SELECT digest FROM edition WHERE id = ? AND EXISTS(SELECT 1 FROM letter "
            "WHERE edition = id AND (again > 0 OR state NOT IN (?, ?, ?)))",
            (edition, Fate.PLANNED, Fate.WITHIN, Fate.DROPPED),
        ).fetchone()
        return None if row is None else str(row[0])

    def known(self, editions: Iterable[str]) -> list[str]:
        """Return the ids, out of these, of editions of which there is any letter."""
        asked = "SELECT 1 FROM letter WHERE edition = ? LIMIT 1"
        return [one for one in editions if self._db.execute(asked, (one,)).fetchone()]

    def closed(self, editions: Iterable[Edition]) -> frozenset[str]:
        """Return the ids of those that go out no more: it is forgotten who got them."""
        return closed_of(self._db, [edition.id for edition in editions])

    def entries(self, person: str, editions: Iterable[str]) -> dict[str, Entry]:
        """Return what is known of somebody's letters."""
        asked = "SELECT state, within, again FROM letter WHERE edition = ? AND person = ?"
        found = {}
        for edition in editions:
            row = self._db.execute(asked, (edition, person)).fetchone()
            if row:
                found[edition] = Entry(Fate(row[0]), row[1], row[2])
        return found

    def planned(self, edition: str) -> Iterator[str]:
        """Yield for whom an edition is planned; holds few in memory, and may be written between.

        Who may have it already comes last: nobody else waits behind a letter that kills senders.
        """
        for doubtful in (False, True):
            after = ""
            while rows := self._db.execute(
                "SELECT person FROM letter WHERE edition = ? AND person > ? AND state = ? "
                "AND (again > 0) = ? ORDER BY person LIMIT 500",
                (edition, after, Fate.PLANNED, doubtful),
            ).fetchall():
                yield from (person for (person,) in rows)
                after = rows[-1][0]

    def inside(self, edition: str, person: str) -> tuple[str, ...]:
        """Return the earlier editions that go to somebody inside this one, the oldest first."""
        rows = self._db.execute(
            "SELECT edition.id FROM letter JOIN edition ON edition.id = letter.edition "
            "WHERE within = ? AND person = ? ORDER BY edition.at, edition.id",
            (edition, person),
        )
        return tuple(one for (one,) in rows)

    def any_inside(self, edition: str) -> bool:
        """Tell whether anybody gets earlier editions inside this one."""
        asked = "SELECT 1 FROM letter WHERE within = ? LIMIT 1"
        return self._db.execute(asked, (edition,)).fetchone() is not None

    def unanswered(self, edition: str = "") -> Iterator[Unsettled]:
        """Yield the letters of an edition, or of all, of which nobody knows whether they came."""
        rows = self._db.execute(
            "SELECT edition, cadence, incident, digest, person, state, letter.at, code, again "
            "FROM letter JOIN edition ON edition.id = letter.edition "
            "WHERE state = ? AND ? IN ('', edition) ORDER BY edition.at, edition, person",
            (Fate.UNKNOWN, edition),
        )
        yield from map(_unsettled, rows.fetchall())

    def unsettled(self, current: Iterable[str], since: datetime) -> Iterator[Unsettled]:
        """Yield the letters that did not arrive for sure and will not go out by themselves.

        `current` are the editions that may still go out: of those the refused ones alone. Editions
        from before `since` are let be. To be read to its end before anything is written.
        """
        asked = {"current": json.dumps(sorted(current)), "since": int(since.timestamp())}
        for row in self._db.execute(_OPEN, asked):
            yield _unsettled(row)

    def told(self) -> Iterator[tuple[str, str, str]]:
        """Yield every edition about one story that was planned: its id, the story, its digest."""
        yield from self._db.execute("SELECT id, incident, digest FROM edition WHERE incident != ''")

    def counts(self, edition: str) -> Counter[Fate]:
        """Return how many letters of an edition came to what."""
        asked = "SELECT state, count(*) FROM letter WHERE edition = ? GROUP BY state"
        return Counter({Fate(state): many for state, many in self._db.execute(asked, (edition,))})

    def accepted(self, person: str) -> tuple[datetime, ...]:
        """Return when the server accepted letters to somebody (UTC); reads all that there is."""
        asked = "SELECT at FROM letter WHERE person = ? AND state = ?"
        rows = self._db.execute(asked, (person, Fate.ACCEPTED)).fetchall()
        return tuple(datetime.fromtimestamp(at, UTC) for (at,) in rows)

    def sent_again(self, edition: str) -> tuple[str, ...]:
        """Return who got an edition again though it may have arrived: possible duplicates."""
        asked = "SELECT person FROM letter WHERE edition = ? AND again > 0 ORDER BY person"
        return tuple(person for (person,) in self._db.execute(asked, (edition,)))

    @contextmanager
    def planning(
        self,
        editions: Sequence[Edition],
        written: Callable[[Mark], object] | None = None,
        *,
        looks: Mapping[Cadence, datetime] = MappingProxyType({}),
        open_stories: Collection[str] | None = None,
    ) -> Iterator[Callable[[Event], None]]:
        """Write a plan: all of it, or nothing when the block raises.

        What was planned before and is not again is dropped: wishes change. `written` is called
        with what the ledger is known by when the plan is on the disk, before anything leaves.
        `looks` says up to when all editions of a cadence were seen; of those what is old is
        forgotten, but for the words of `open_stories`, None = of all stories.
        """
        closed = self.closed(editions)
        with together(self._db):
            self._db.executemany(
                "UPDATE letter SET state = ? WHERE edition = ? AND state = ?",
                [(Fate.DROPPED, edition.id, Fate.PLANNED) for edition in editions],
            )
            self._db.executemany(
                "INSERT INTO edition VALUES(?, ?, ?, ?, ?) "
                "ON CONFLICT(id) DO UPDATE SET digest = excluded.digest",
                [
                    (e.id, e.cadence, e.incident or "", e.digest, int(e.at.timestamp()))
                    for e in editions
                    if self.digest_of(e.id) is None and e.id not in closed
                ],
            )
            yield self._write
            self._db.executemany(
                "INSERT OR REPLACE INTO meta VALUES(?, ?)",
                [(f"looked {cadence}", at.isoformat()) for cadence, at in looks.items()],
            )
            # The clock is that of the editions, which decides what may still go out.
            close_old(self._db, looks, [edition.id for edition in editions], open_stories)
        if written:
            written(self.mark())
        if self._mirror:
            self._mirror.keep(self._db)

    def turn(self, events: Iterable[Event]) -> None:
        """Write what happened and what is about to. On return it is on the disk."""
        steps = list(events)
        with together(self._db):
            for event in steps:
                self._write(event)
        if self._mirror and steps:
            self._mirror.told(steps)

    def mark(self) -> Mark:
        """Return by what this ledger is known; without an id where it was never begun."""
        (editions,) = self._db.execute("SELECT count(*) FROM edition").fetchone()
        return Mark(self._meta("id"), self._meta("list"), int(editions))

    @property
    def since(self) -> datetime | None:
        """From when on mail is sent by this ledger (UTC); None = it is the first one."""
        told = self._meta("since")
        return datetime.fromisoformat(told) if told else None

    def looked_at(self, cadence: Cadence) -> datetime | None:
        """Return when editions of a cadence were last planned (UTC); None = they never were."""
        told = self._meta(f"looked {cadence}")
        return datetime.fromisoformat(told) if told else None

    def note_speed(self, transport: str, messages: int, seconds: float) -> None:
        """Keep how long a sending took; the last few of each transport are kept."""
        name = f"speed {transport}"
        taken = [*json.loads(self._meta(name) or "[]"), [messages, seconds]][-_SENDINGS:]
        self._db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (name, json.dumps(taken)))

    def speed(self, transport: str) -> float | None:
        """Return how many messages a second the last sendings took; None = there was none."""
        taken = json.loads(self._meta(f"speed {transport}") or "[]")
        seconds = sum(one for _, one in taken)
        return sum(many for many, _ in taken) / seconds if seconds else None

    def begin(self, whose: str, since: datetime | None = None) -> None:
        """Give this ledger an id and the list it belongs to, and, where it is not the first, when.

        What is older than that is not mailed by it.
        """
        told = {"id": secrets.token_hex(8), "list": whose}
        if since is not None:
            told["since"] = since.isoformat()
        with together(self._db):
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", told.items())

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def forget(self, person: str) -> None:
        """Remove every trace of somebody."""
        with together(self._db):
            self._db.execute("DELETE FROM letter WHERE person = ?", (person,))

    def close(self) -> None:
        """Close the file; its write-ahead log goes with it."""
        self._db.close()

    def _write(self, event: Event) -> None:
        self._db.execute(
            "INSERT INTO letter(edition, person, state, within, again, put_off, code, at) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(edition, person) DO UPDATE SET "
            "state = excluded.state, within = excluded.within, again = again + excluded.again, "
            "put_off = put_off + excluded.put_off, code = excluded.code, at = excluded.at",
            (
                *(event.edition, event.person, event.fate, event.within, event.again),
                *(event.fate is Fate.DEFERRED, event.code, int(self._clock().timestamp())),
            ),
        )


def _unsettled(row: tuple[Any, ...]) -> Unsettled:
    edition, cadence, story, digest, person, state, at, code, again = row
    return Unsettled(
        edition=edition,
        cadence=Cadence(cadence),
        story=story,
        digest=digest,
        person=person,
        fate=Fate(state),
        at=datetime.fromtimestamp(at, UTC),
        code=code,
        again=again,
    )


def open_ledger(
    folder: Path, clock: Callable[[], datetime], mirror: Mirror | None = None
) -> Ledger:
    """Open the ledger in a folder; one that is missing begins empty."""
    db = open_begun(folder / NAME, _TABLES + TABLES, _SCHEMA, "the ledger is")
    return Ledger(db, clock, mirror)
