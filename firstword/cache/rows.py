"""The rows of stories in the cache, and the tables by which questions find them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from firstword.cache.codec import from_instant
from firstword.page import Row

#: What a row is read from.
COLUMNS = "row"

#: (month, measure, verdict) of what is added up.
Sums = tuple[str, str, str]

_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Row)


@lru_cache(2048)
def to_row(found: tuple[bytes]) -> Row:
    """Read a row; one build asks for the same ones again and again."""
    return _decoder.decode(found[0])


def get_row(db: sqlite3.Connection, name: str) -> Row | None:
    """Return the row of a story."""
    found = db.execute(f"SELECT {COLUMNS} FROM story WHERE id = ?", (name,)).fetchone()  # noqa: S608
    return to_row(found) if found else None


def put_row(
    db: sqlite3.Connection, row: Row, *, digest: str, stamps: str, path: str, number: int
) -> None:
    """Keep a story; what was kept of it before was dropped."""
    named: list[tuple[str, int]] = [(name, from_instant(at)) for name, at in row.components.items()]
    said = [(from_instant(at), author) for at, author in row.said]
    started, updated = from_instant(row.started), from_instant(row.updated)
    db.execute(
        "INSERT INTO story VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            *(row.id, row.slug, str(row.kind), row.drill, row.open, row.signed, row.repeats),
            *(row.month.isoformat(), started, from_instant(row.planned), updated),
            None if row.ended is None else from_instant(row.ended),
            *(
                digest,
                stamps,
                _encoder.encode(row),
                path,
                number,
            ),
        ),
    )
    db.executemany(
        "INSERT INTO part VALUES(?,?,?,?,?,?)",
        [(name, row.id, row.drill, first, started, updated) for name, first in named],
    )
    newest = {author: at for at, author in said}
    db.executemany(
        "INSERT INTO signer VALUES(?,?,?)",
        [(author, row.id, at) for author, at in newest.items()],
    )
    db.executemany("INSERT INTO word VALUES(?,?,?)", [(at, row.id, row.drill) for at, _ in said])
    if row.marks:
        _put_marks(db, row)


def drop_row(db: sqlite3.Connection, row: Row) -> None:
    """Forget a story."""
    db.execute("DELETE FROM story WHERE id = ?", (row.id,))
    db.execute("DELETE FROM part WHERE story = ?", (row.id,))
    db.execute("DELETE FROM signer WHERE story = ?", (row.id,))
    db.executemany(
        "DELETE FROM word WHERE at = ? AND story = ?",
        [(from_instant(at), row.id) for at, _ in row.said],
    )
    db.execute("DELETE FROM mark WHERE story = ?", (row.id,))


def _put_marks(db: sqlite3.Connection, row: Row) -> None:
    db.executemany(
        "INSERT INTO mark VALUES(?,?,?,?,?,?,?)",
        [
            (
                *(row.id, number, month.isoformat(), str(mark.measure), str(mark.verdict)),
                *(mark.seconds, from_instant(mark.at)),
            )
            for number, (month, mark) in enumerate(row.marks)
        ],
    )


class Counts:
    """What stories count in, until all of them are kept: one statement a month, not a story."""

    def __init__(self) -> None:
        self._stories = Counter[str]()
        self._updates = Counter[str]()
        self._tallies = Counter[tuple[str, str, str]]()
        self._spoken = Counter[str]()
        self._sums: set[Sums] = set()

    def add(self, row: Row) -> None:
        """Count a story that is kept."""
        self._count(row, 1)

    def take(self, row: Row) -> None:
        """Count a story no more."""
        self._count(row, -1)

    def _count(self, row: Row, sign: int) -> None:
        month = row.month.isoformat()
        self._stories[month] += sign
        self._updates[month] += sign * len(row.said)
        self._tallies["kind", str(row.kind), month] += sign
        for name in row.components:
            self._tallies["component", name, month] += sign
        for at, author in () if row.drill else row.said:
            self._spoken[f"{at.isoformat()[:7]}-01"] += sign
            self._tallies["author", author, month] += sign
        self._sums |= {(m.isoformat(), str(one.measure), str(one.verdict)) for m, one in row.marks}

    def keep(self, db: sqlite3.Connection) -> None:
        """Add all of it to what is kept."""
        db.executemany(
            "INSERT INTO month VALUES(?,?,?) ON CONFLICT(month) DO UPDATE SET"
            " stories = stories + excluded.stories, updates = updates + excluded.updates",
            [(month, many, self._updates[month]) for month, many in self._stories.items()],
        )
        db.execute("DELETE FROM month WHERE stories = 0")
        db.executemany(
            "INSERT INTO tally VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET"
            " many = many + excluded.many",
            [(*tally, many) for tally, many in self._tallies.items() if many],
        )
        db.executemany(
            "INSERT INTO spoken VALUES(?,?) ON CONFLICT(month) DO UPDATE SET"
            " updates = updates + excluded.updates",
            [(month, many) for month, many in self._spoken.items() if many],
        )
        db.execute("DELETE FROM spoken WHERE updates = 0")
        _sum_up(db, self._sums)


def _sum_up(db: sqlite3.Connection, counted: Iterable[Sums]) -> None:
    """Add up anew, once everything is kept: a longest time cannot be taken away."""
    for key in sorted(counted):
        db.execute("DELETE FROM figure WHERE month = ? AND measure = ? AND verdict = ?", key)
        db.execute(
            "INSERT INTO figure SELECT month, measure, verdict, count(*), sum(seconds),"
            " max(seconds) FROM mark WHERE month = ? AND measure = ? AND verdict = ?"
            " GROUP BY month, measure, verdict",
            key,
        )
