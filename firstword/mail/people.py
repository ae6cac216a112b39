"""The list of subscribers: one SQLite file, readable by its owner only.

It holds the one secret by which people are known elsewhere, so that who has no list cannot tell
from a ledger who was mailed.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from firstword.errors import FirstwordError, ListMissing
from firstword.mail.parcel import Cadence, Consent, Standing, Subscriber
from firstword.mail.private import open_private, together
from firstword.mail.seal import SECRET_BYTES, person_of, sealed, token_of
from firstword.mail.soft import KEPT, Soft
from firstword.model import Kind
from firstword.values import replace

NAME = "subscribers.db"
_SCHEMA = "1"
_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE subscriber(
    person TEXT PRIMARY KEY, address TEXT NOT NULL, cadence TEXT NOT NULL,
    components TEXT NOT NULL, kinds TEXT NOT NULL, language TEXT NOT NULL, zone TEXT NOT NULL,
    state TEXT NOT NULL, muted TEXT NOT NULL, since INTEGER NOT NULL,
    consent_at INTEGER NOT NULL, consent_how TEXT NOT NULL, consent_words TEXT NOT NULL
) WITHOUT ROWID;
"""
#: What lists of an earlier day lack; an earlier program leaves it alone.
_MORE = """
-- When a contact of SES changed, as it says, whose language and zone are read, and what is wrong.
CREATE TABLE IF NOT EXISTS wishes(
    person TEXT PRIMARY KEY, stamp TEXT NOT NULL, problem TEXT NOT NULL
) WITHOUT ROWID;
-- Whose letters came back though somebody may be there: when, and when they had been accepted.
CREATE TABLE IF NOT EXISTS soft(
    person TEXT, at INTEGER, sent INTEGER, PRIMARY KEY(person, at)
) WITHOUT ROWID;
-- Who asked and has not confirmed, without an address, so that nobody of these can be mailed; until
-- when they can answer.
CREATE TABLE IF NOT EXISTS pending(
    person TEXT PRIMARY KEY, cadence TEXT NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
"""
_PLACES = ", ".join("?" * 13)
_CONFIRMED = """
DELETE FROM pending WHERE EXISTS(
    SELECT 1 FROM subscriber WHERE subscriber.person = pending.person AND state = ?
)
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A subscriber with what stands for them."""

    person: str
    subscriber: Subscriber


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who asked to subscribe, and can confirm it until then (UTC)."""

    person: str
    cadence: Cadence
    until: datetime


class People:
    """An open list. One thread, one process that writes; others wait for it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        told = dict(db.execute("SELECT key, value FROM meta"))
        if told.get("schema") != _SCHEMA:
            raise FirstwordError(
                f"the list of subscribers is of another version: {told.get('schema')!r}"
            )
        db.executescript(_MORE)
        self._secret = bytes.fromhex(told["secret"])
        self._tokens: dict[str, str] = {}

    def person(self, address: str) -> str:
        """Return what stands for an address, whether or not it is listed."""
        return person_of(self._secret, address)

    def token(self, person: str) -> str:
        """Return the token that unsubscribes somebody."""
        return token_of(self._secret, person)

    def sealed(self, use: str, text: str) -> bytes:
        """Sign a text by the list's secret, for one use."""
        return sealed(self._secret, use, text)

    def find(self, person: str) -> Subscriber | None:
        """Return who somebody is; None = not listed, or forgotten."""
        row = self._db.execute("SELECT * FROM subscriber WHERE person = ?", (person,)).fetchone()
        return None if row is None else _subscriber(row)

    def by_token(self, token: str) -> Member | None:
        """Return whom a token belongs to; reads the whole list, once, and forgives capitals."""
        if not self._tokens:
            people = self._db.execute("SELECT person FROM subscriber")
            self._tokens = {self.token(person): person for (person,) in people}
        # Who joined meanwhile was sent a token in no earlier message.
        person = self._tokens.get(token.strip().lower(), "")
        found = self.find(person)
        return None if found is None else Member(person, found)

    @property
    def identity(self) -> str:
        """Return by what a ledger knows the list it belongs to; tells nothing of the secret."""
        return self.sealed("list", "").hex()[:16]

    @property
    def ledger(self) -> tuple[str, int]:
        """Return the id of the ledger by which this list was mailed, "" = none; its editions."""
        rows = self._db.execute("SELECT key, value FROM meta WHERE key LIKE 'ledger%'")
        told = dict(rows.fetchall())
        return told.get("ledger", ""), int(told.get("ledger_editions", 0))

    def note_ledger(self, name: str, editions: int) -> None:
        """Keep by which ledger this list is mailed, so that its loss is seen."""
        if (name, editions) == self.ledger:
            return
        told = {"ledger": name, "ledger_editions": str(editions)}
        with together(self._db):
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", told.items())

    @property
    def unmailable(self) -> int:
        """Return how many somebody else's list has that cannot be mailed."""
        return int(self._noted("unmailable") or 0)

    def note_unmailable(self, many: int) -> None:
        """Keep how many of somebody else's list cannot be mailed."""
        self._note("unmailable", str(many))

    @property
    def unread(self) -> tuple[int, str]:
        """Return of how many contacts language and zone are not read yet, and why."""
        many, _, why = self._noted("unread").partition(" ")
        return int(many or 0), why

    def note_unread(self, many: int, why: str) -> None:
        """Keep of how many contacts language and zone are not read yet, and why."""
        self._note("unread", f"{many} {why}")

    def wishes(self, person: str) -> tuple[str, str]:
        """Return as of when a contact's language and zone are read, "" = never; what is wrong."""
        row = self._db.execute(
            "SELECT stamp, problem FROM wishes WHERE person = ?", (person,)
        ).fetchone()
        return (str(row[0]), str(row[1])) if row else ("", "")

    def note_wishes(
        self, person: str, stamp: str, *, language: str, zone: str, problem: str
    ) -> None:
        """Keep what a contact says: language, zone, what is wrong; as of when it changed."""
        with together(self._db):
            self._db.execute(
                "UPDATE subscriber SET language = ?, zone = ? WHERE person = ?",
                (language, zone, person),
            )
            self._db.execute(
                "INSERT OR REPLACE INTO wishes VALUES(?, ?, ?)", (person, stamp, problem)
            )

    def note_soft(self, person: str, soft: Soft) -> None:
        """Keep that a letter came back, once, and no longer than it counts."""
        at, sent = int(soft.at.timestamp()), soft.sent and int(soft.sent.timestamp())
        with together(self._db):
            self._db.execute("INSERT OR REPLACE INTO soft VALUES(?, ?, ?)", (person, at, sent))
            oldest = int((soft.at - KEPT).timestamp())
            self._db.execute("DELETE FROM soft WHERE person = ? AND at < ?", (person, oldest))

    def soft(self, person: str) -> tuple[Soft, ...]:
        """Return which letters to somebody came back, the oldest first."""
        rows = self._db.execute(
            "SELECT at, sent FROM soft WHERE person = ? ORDER BY at", (person,)
        ).fetchall()
        return tuple(
            Soft(_instant(at), None if sent is None else _instant(sent)) for at, sent in rows
        )

    def soft_since(self, since: datetime) -> set[str]:
        """Return to whom, of those who get mail, a letter came back since then."""
        rows = self._db.execute(
            "SELECT DISTINCT person FROM soft JOIN subscriber USING(person) "
            "WHERE soft.at >= ? AND state = ?",
            (int(since.timestamp()), Standing.ACTIVE),
        )
        return {str(person) for (person,) in rows}

    def _noted(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _note(self, key: str, value: str) -> None:
        if value != self._noted(key):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def __iter__(self) -> Iterator[Member]:
        """Yield everybody, in the order of what stands for them: the same each time, and mixed.

        So that no mail server gets all of its own at once. Holds few of them in memory.
        """
        after = ""
        while True:
            rows = self._db.execute(
                "SELECT * FROM subscriber WHERE person > ? ORDER BY person LIMIT 500", (after,)
            ).fetchall()
            for row in rows:
                yield Member(row[0], _subscriber(row))
            if not rows:
                return
            after = rows[-1][0]

    def count(self) -> Counter[tuple[Standing, Cadence]]:
        """Return how many there are of each state and cadence."""
        rows = self._db.execute("SELECT state, cadence, count(*) FROM subscriber GROUP BY 1, 2")
        return Counter({(Standing(state), Cadence(pace)): many for state, pace, many in rows})

    def pending(self, now: datetime) -> tuple[Asked, ...]:
        """Return who asked and may still confirm (UTC); those who may no more are forgotten."""
        self._db.execute("DELETE FROM pending WHERE until < ?", (int(now.timestamp()),))
        rows = self._db.execute("SELECT person, cadence, until FROM pending ORDER BY until, person")
        return tuple(Asked(who, Cadence(pace), _instant(until)) for who, pace, until in rows)

    def note_asked(self, one: Asked) -> None:
        """Note that somebody asked; who gets mail as it is, is not waited for."""
        known = self.find(one.person)
        if known is None or known.state is not Standing.ACTIVE:
            row = one.person, one.cadence, int(one.until.timestamp())
            self._db.execute("INSERT OR REPLACE INTO pending VALUES(?, ?, ?)", row)

    def put(self, subscribers: Iterable[Subscriber]) -> int:
        """Write subscribers, each in place of what was known of the same mailbox; all or none."""
        rows = ((self.person(one.address), *_row(one)) for one in subscribers)
        with together(self._db):
            many = self._db.executemany(
                f"INSERT OR REPLACE INTO subscriber VALUES({_PLACES})",
                rows,
            ).rowcount
            self._db.execute(_CONFIRMED, (Standing.ACTIVE,))
        return many

    def change(self, person: str, how: Callable[[Subscriber], Subscriber]) -> bool:
        """Change what is known of somebody; False = not listed."""
        with together(self._db):
            found = self.find(person)
            if found is None:
                return False
            self._db.execute(
                f"INSERT OR REPLACE INTO subscriber VALUES({_PLACES})",
                (person, *_row(how(found))),
            )
        return True

    def set_state(self, person: str, state: Standing) -> bool:
        """Note that somebody left, or cannot be reached; False = not listed."""
        self._db.execute("DELETE FROM pending WHERE person = ?", (person,))
        return self.change(person, lambda one: replace(one, state=state))

    def mute(self, person: str, story: str, *, mutes: bool) -> bool:
        """Note that somebody wants no more of a story, or all of it again; False = not listed."""

        def changed(one: Subscriber) -> Subscriber:
            return replace(one, muted=one.muted | {story} if mutes else one.muted - {story})

        return self.change(person, changed)

    def forget(self, *persons: str) -> int:
        """Remove every trace of people from the file; return of how many there was any."""
        with together(self._db):
            rows = [(person,) for person in persons]
            self._db.executemany("DELETE FROM wishes WHERE person = ?", rows)
            self._db.executemany("DELETE FROM soft WHERE person = ?", rows)
            gone = 0
            for row in rows:
                listed = self._db.execute("DELETE FROM subscriber WHERE person = ?", row)
                asked = self._db.execute("DELETE FROM pending WHERE person = ?", row)
                gone += bool(listed.rowcount or asked.rowcount)
        # What is deleted stays in free pages and in the write-ahead log until then.
        if gone:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def close(self) -> None:
        """Close the file; its write-ahead log goes with it."""
        self._db.close()


def open_people(folder: Path, *, create: bool = False) -> People:
    """Open the list in a folder. Raises ListMissing where there is none, unless `create`."""
    path = folder / NAME
    if not path.is_file():
        if not create:
            raise ListMissing(
                f"no list of subscribers at {str(path)!r}: nothing is sent. Bring it back, or "
                "begin one with firstword subscribers add or import"
            )
        _begin(path)
    return People(open_private(path))


def _begin(path: Path) -> None:
    """Write an empty list with a secret of its own; a death in between leaves none."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    db = open_private(draft)
    db.executescript(_TABLES)
    told = {"schema": _SCHEMA, "secret": secrets.token_hex(SECRET_BYTES)}
    db.executemany("INSERT INTO meta VALUES(?, ?)", told.items())
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()
    draft.rename(path)


def _row(one: Subscriber) -> tuple[object, ...]:
    return (
        one.address,
        one.cadence,
        " ".join(sorted(one.components)),
        " ".join(sorted(one.kinds)),
        one.language,
        one.zone,
        one.state,
        "\n".join(sorted(one.muted)),
        int(one.since.timestamp()),
        int(one.consent.at.timestamp()),
        one.consent.how,
        one.consent.words,
    )


def _subscriber(row: tuple[object, ...]) -> Subscriber:
    _, address, cadence, components, kinds, language, zone, state, muted, *rest = map(str, row)
    since, consent_at, how, words = rest
    return Subscriber(
        address=address,
        cadence=Cadence(cadence),
        components=frozenset(components.split()),
        kinds=frozenset(map(Kind, kinds.split())),
        language=language,
        zone=zone,
        consent=Consent(at=_instant(consent_at), how=how, words=words),
        state=Standing(state),
        muted=frozenset(muted.split("\n")) - {""},
        since=_instant(since),
    )


def _instant(seconds: str | int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
