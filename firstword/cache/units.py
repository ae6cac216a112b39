"""What was made, from which questions, and what of it must be made again."""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from firstword.cache.answers import answer
from firstword.cache.codec import from_instant, to_instant
from firstword.cache.questions import ANSWERS, GET, SPANS, Change, Trace, asks_about, span_of, spell
from firstword.clock import Clock
from firstword.errors import BuildError
from firstword.manifest import Delta, Output

V = TypeVar("V")

#: The build id is a digest of as many digests: an edit moves a few of them.
BUCKETS = 1024
_UNCOUNTED = -1
#: The values of an output that is not stale.
_OUTPUT = "?,?,?,?,?,?,?,?,0"
#: Begins the names of pieces among those of units.
PIECE = "piece/"


class Made(Struct, frozen=True, kw_only=True):
    """One file that was made."""

    key: str
    data: bytes
    #: Others link to it.
    leaf: bool = False
    #: Id of the story it belongs to.
    owner: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """A file before it is made."""

    #: All that can be another the next time, as far as whoever makes it asks nothing.
    told: object
    make: Callable[[], Made]


class Unit(Struct, frozen=True, kw_only=True):
    """What is made together, and made again as soon as anything that it asked for is another."""

    name: str
    #: Makes its files; each gets a clock of its own, which notes until when it holds.
    make: Callable[[Callable[[], Clock]], Iterator[Made]]
    #: Units of one shelf come and go together.
    shelf: str = ""
    #: What it is made from beside stories.
    inputs: str = ""
    #: The templates it is made by, joined by "+"; "" = by code alone.
    look: str = ""
    #: Begins its only file; None where nothing tells beforehand that it would be the same.
    draft: Callable[[Clock], Draft] | None = None
    #: What it consists of, where others can make the parts; None = it is made in one.
    of: object = None


class Units:
    """Keeps units, their outputs and their questions in the cache."""

    def __init__(self, db: sqlite3.Connection, number: int) -> None:
        self._db = db
        self._number = number
        #: What a changed story was asked for, and nothing else: it may be the same all the same.
        self.doubtful: set[str] = set()
        self._moved: set[int] = set()
        self._numbers: dict[str, int] = {}
        #: Whether nothing was ever made: then every output is new.
        self._first = False

    # ── what must be made again ──────────────────────────────────────────────────────────────────

    def outdated(self, changes: Iterable[Change], now: datetime, others: Iterable[str]) -> set[str]:
        """Return the names of units that a change or the clock made old, and all of other looks."""
        found = self._by_clock(now)
        for look in others:
            asked = "SELECT name FROM unit WHERE look = ?"
            found |= {name for (name,) in self._db.execute(asked, (look,))}
        changes = list(changes)
        if changes:
            found |= self._by_questions(changes)
        self.doubtful -= found
        return found

    def begin_everything(self) -> None:
        """Take away what all units made, and what was asked: whoever makes them asks anew.

        What names the build stays until it is named.
        """
        self._db.execute("UPDATE output SET stale = 1 WHERE bucket != ?", (_UNCOUNTED,))
        for table in ("unit", "need", "asked"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608
        asked = "SELECT 1 FROM output UNION ALL SELECT 1 FROM vanished LIMIT 1"
        self._first = self._db.execute(asked).fetchone() is None

    def _by_clock(self, now: datetime) -> set[str]:
        seconds = from_instant(now)
        asked = "SELECT name FROM unit WHERE until <= ? UNION SELECT name FROM unit WHERE since > ?"
        return {name for (name,) in self._db.execute(asked, (seconds, seconds))}

    def _by_questions(self, changes: list[Change]) -> set[str]:
        moved = sorted(from_instant(at) for change in changes for at in change.moved)
        found: set[str] = set()
        for number, sort, question, known in self._asked_about(changes):
            if sort == GET:
                units = {unit for unit, _ in self._needing(number)}
                self.doubtful |= {unit for unit in units if unit.startswith(PIECE)}
                found |= units - self.doubtful
                continue
            _, *arguments = msgspec.json.decode(question)
            if sort == SPANS:
                # Thousands of spans, thousands of instants: looked up, not compared one by one.
                if any(_is_in(moved, *span) for span in arguments):
                    found |= {unit for unit, _ in self._needing(number)}
                continue
            about = asks_about(sort, arguments)
            if not any(change.touches(sort, about, None) for change in changes):
                continue
            if sort in ANSWERS and not self._is_another(number, sort, arguments, known):
                continue
            for unit, bound in self._needing(number):
                if bound is None or any(change.touches(sort, about, bound) for change in changes):
                    found.add(unit)
        return found

    def _asked_about(self, changes: list[Change]) -> Iterator[tuple[int, str, str, str | None]]:
        """Yield the questions that changes may touch: number, sort, itself, its answer."""
        names = {GET: {c.id for c in changes}}
        names["kind"] = {row.slug for change in changes for row in change.rows}
        # Questions about one story or slug are as many as there are stories: by name only.
        for sort, about in names.items():
            for name in sorted(about):
                asked = "SELECT number, sort, question, answer FROM asked WHERE question = ?"
                yield from self._db.execute(asked, (spell(sort, name),)).fetchall()
        # In the words of the index `asked_wide`, so that the others are not even looked at.
        wide = "SELECT number, sort, question, answer FROM asked WHERE sort NOT IN ('get', 'kind')"
        said = [from_instant(at) for change in changes for at in change.instants]
        if not any(change.moves for change in changes):
            # Each month and each year asks that, and an edit mostly moves nothing.
            wide += " AND sort != 'beside'"
        yield from self._db.execute(f"{wide} AND high IS NULL").fetchall()
        within = f"{wide} AND high > ? AND low <= ?"
        yield from self._db.execute(within, (min(said), max(said))).fetchall()

    def _is_another(self, number: int, sort: str, arguments: list[Any], known: str | None) -> bool:
        """Tell whether a question has another answer now, and keep that."""
        fresh = spell_answer(answer(self._db, sort, *arguments))
        if fresh == known:
            return False
        self._db.execute("UPDATE asked SET answer = ? WHERE number = ?", (fresh, number))
        return True

    def _needing(self, number: int) -> list[tuple[str, int | None]]:
        asked = "SELECT unit, bound FROM need WHERE number = ?"
        return self._db.execute(asked, (number,)).fetchall()

    def shelf(self, shelf: str) -> dict[str, str]:
        """Return the units on a shelf, and what each was made from beside stories."""
        return dict(self._db.execute("SELECT name, inputs FROM unit WHERE shelf = ?", (shelf,)))

    # ── making ───────────────────────────────────────────────────────────────────────────────────

    def begin(self, name: str) -> None:
        """Take away what a unit made; what it does not make again is gone when the build ends."""
        self._db.execute("UPDATE output SET stale = 1 WHERE unit = ?", (name,))
        self._db.execute("DELETE FROM unit WHERE name = ?", (name,))
        self._db.execute(
            "DELETE FROM asked WHERE sort = 'spans' AND number IN"
            " (SELECT number FROM need WHERE unit = ?1)"
            " AND NOT EXISTS(SELECT 1 FROM need n WHERE n.number = asked.number AND n.unit != ?1)",
            (name,),
        )
        self._db.execute("DELETE FROM need WHERE unit = ?", (name,))

    def leave(self, name: str) -> bool:
        """Give a unit that began back what it had made; tell whether there was anything."""
        left = self._db.execute("UPDATE output SET stale = 0 WHERE unit = ? AND stale = 1", (name,))
        return left.rowcount > 0

    def keep(self, unit: Unit, clocks: Iterable[Clock], trace: Trace) -> None:
        """Keep a unit that was made, with what it was told by clocks and stories."""
        clocks = list(clocks)
        since = max((c.as_of for c in clocks if c.as_of), default=None)
        until = min((c.valid_until for c in clocks if c.valid_until), default=None)
        self._db.execute(
            "INSERT INTO unit VALUES(?,?,?,?,?,?)",
            (
                *(unit.name, unit.shelf, unit.inputs, unit.look),
                None if since is None else from_instant(since),
                None if until is None else from_instant(until),
            ),
        )
        self._db.executemany(
            "INSERT INTO need VALUES(?,?,?)",
            [(self._question(q), unit.name, bound) for q, bound in trace.questions()],
        )

    def _question(self, question: str) -> int:
        number = self._numbers.get(question)
        if number is None:
            asked = "SELECT number FROM asked WHERE question = ?"
            found = self._db.execute(asked, (question,)).fetchone()
            number = found[0] if found else self._new_question(question)
            self._numbers[question] = number
        return number

    def _new_question(self, question: str) -> int:
        sort, *arguments = msgspec.json.decode(question)
        known = spell_answer(answer(self._db, sort, *arguments)) if sort in ANSWERS else None
        low, high = span_of(sort, arguments)
        added = self._db.execute(
            "INSERT INTO asked(question, sort, answer, low, high) VALUES(?,?,?,?,?)",
            (question, sort, known, low, high),
        )
        return int(added.lastrowid or 0)

    def output(self, unit: str, one: Output, *, counts: bool = True) -> tuple[bool, bool]:
        """Keep one output; tell whether it is another one than before, and whether it is new.

        What names the build does not count in the build's id. Raises BuildError when two units
        want one file.
        """
        bucket = _bucket(one.key) if counts else _UNCOUNTED
        row = (one.key, unit, one.digest, one.size, one.leaf, one.owner, bucket, self._number)
        if self._first:
            put = self._db.execute(f"INSERT OR IGNORE INTO output VALUES({_OUTPUT})", row)
            if put.rowcount:
                self._moved.add(bucket)
                return True, True
        asked = "SELECT unit, digest, leaf, owner, stale FROM output WHERE key = ?"
        known = self._db.execute(asked, (one.key,)).fetchone()
        if known and not known[4]:
            raise BuildError(f"two pages want to be {one.key!r}")
        same = known is not None and known[1:4] == (one.digest, int(one.leaf), one.owner)
        if same:
            self._db.execute("UPDATE output SET unit = ?, stale = 0 WHERE key = ?", (unit, one.key))
            return False, False
        self._moved.add(bucket)
        self._db.execute(f"INSERT OR REPLACE INTO output VALUES({_OUTPUT})", row)
        if known is None:
            self._db.execute("DELETE FROM vanished WHERE what = 'key' AND name = ?", (one.key,))
        return known is None or known[1] != one.digest, known is None

    def drop_stale(self) -> list[str]:
        """Forget what was not made again; return the keys."""
        found = self._db.execute("SELECT key, bucket FROM output WHERE stale = 1").fetchall()
        for key, bucket in found:
            self._moved.add(bucket)
            self._db.execute(
                "INSERT OR REPLACE INTO vanished VALUES('key', ?, ?)", (key, self._number)
            )
        self._db.execute("DELETE FROM output WHERE stale = 1")
        self._first = self._first and not found
        return [key for key, _ in found]

    def next_change_at(self) -> datetime | None:
        """Return when the clock next changes something."""
        # Said for SQLite, which would look at every unit otherwise: no index has all of them.
        asked = "SELECT min(until) FROM unit WHERE until IS NOT NULL"
        found = self._db.execute(asked).fetchone()[0]
        return None if found is None else to_instant(found)

    def build_id(self) -> str:
        """Return the digest of all outputs that do not carry it themselves.

        A digest over the digests of buckets of keys: the same whether all of it was made or some.
        """
        # By now nothing is stale: the index has all that is asked for.
        asked = "SELECT key, digest FROM output WHERE bucket = ? ORDER BY key"
        for bucket in sorted(self._moved - {_UNCOUNTED}):
            lines = self._db.execute(asked, (bucket,))
            text = "".join(f"{key}\0{digest}\n" for key, digest in lines)
            if text:
                digest = hashlib.sha256(text.encode()).hexdigest()
                self._db.execute("INSERT OR REPLACE INTO bucket VALUES(?,?)", (bucket, digest))
            else:
                self._db.execute("DELETE FROM bucket WHERE bucket = ?", (bucket,))
        self._moved.clear()
        lines = self._db.execute("SELECT bucket, digest FROM bucket ORDER BY bucket")
        text = "".join(f"{bucket}\0{digest}\n" for bucket, digest in lines)
        return hashlib.sha256(text.encode()).hexdigest()

    # ── what there is ────────────────────────────────────────────────────────────────────────────

    def outputs(self) -> Mapping[str, Output]:
        """Return all outputs by key, each read when it is asked for."""
        return _Outputs(self._db)

    def remember(self, build_id: str) -> None:
        """Note which build this was, for `since`."""
        self._db.execute("INSERT OR IGNORE INTO build VALUES(?,?)", (build_id, self._number))

    def since(self, build_id: str) -> Delta | None:
        """Return what changed since an older build; None for one that is not known."""
        asked = "SELECT number FROM build WHERE build_id = ?"
        found = self._db.execute(asked, (build_id,)).fetchone()
        if found is None:
            return None
        given = (found[0],)
        keys = self._db.execute("SELECT key FROM output WHERE changed > ?", given).fetchall()
        ids = self._db.execute("SELECT id FROM story WHERE changed > ?", given).fetchall()
        gone = self._db.execute(
            "SELECT what, name FROM vanished WHERE changed > ?", given
        ).fetchall()
        return Delta(
            keys=frozenset({k for (k,) in keys} | {name for what, name in gone if what == "key"}),
            ids=frozenset({i for (i,) in ids} | {name for what, name in gone if what == "id"}),
        )


#: Characters of an answer that are kept; of a longer one its digest tells as much.
_MOST_SPELLED = 200
_encoder = msgspec.json.Encoder(enc_hook=str)


def _is_in(instants: list[int], begin: int, end: int) -> bool:
    """Tell whether one of sorted instants lies in a time."""
    return bisect_left(instants, begin) < bisect_left(instants, end)


def spell_answer(value: object) -> str:
    """Spell an answer, to compare it with another one."""
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    spelled = _encoder.encode(pairs).decode()
    if len(spelled) > _MOST_SPELLED:
        return hashlib.sha256(spelled.encode()).hexdigest()
    return spelled


def _bucket(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % BUCKETS


class _Outputs(Mapping[str, Output]):
    """Key → output."""

    _COLUMNS = "key, digest, size, leaf, owner"

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __getitem__(self, key: str) -> Output:
        asked = f"SELECT {self._COLUMNS} FROM output WHERE key = ? AND stale = 0"  # noqa: S608
        found = self._db.execute(asked, (key,)).fetchone()
        if found is None:
            raise KeyError(key)
        return _output(found)

    def items(self) -> ItemsView[str, Output]:
        return Every(self, self._all)

    def _all(self) -> Iterator[tuple[str, Output]]:
        """Yield every key and its output, read in one go."""
        asked = f"SELECT {self._COLUMNS} FROM output WHERE stale = 0 ORDER BY key"  # noqa: S608
        for found in self._db.execute(asked):
            yield found[0], _output(found)

    def __iter__(self) -> Iterator[str]:
        asked = "SELECT key FROM output WHERE stale = 0 ORDER BY key"
        return (key for (key,) in self._db.execute(asked).fetchall())

    def __len__(self) -> int:
        # SQLite counts a whole table, or the few that are stale, without looking at each of them.
        every, stale = (
            self._db.execute(f"SELECT count(*) FROM output{which}").fetchone()[0]  # noqa: S608
            for which in ("", " WHERE stale = 1")
        )
        return int(every) - int(stale)


class Every(ItemsView[str, V]):
    """The items of a mapping that can read all of them in one go."""

    def __init__(
        self, mapping: Mapping[str, V], read: Callable[[], Iterator[tuple[str, V]]]
    ) -> None:
        super().__init__(mapping)
        self._read = read

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return self._read()


def _output(found: tuple[str, str, int, int, str]) -> Output:
    key, digest, size, leaf, owner = found
    return Output(key=key, digest=digest, size=size, leaf=bool(leaf), owner=owner)
