"""The rows of stories in the cache, and the tables by which questions find them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from firstword.cache.codec import from_instant, to_instant
from firstword.model import About, Kind, Status
from firstword.page import Line, Mark, Measure, Row, Verdict

#: What a row is read from, in this order.
COLUMNS = (
    "id, slug, kind, drill, open, signed, repeats, month, started, planned, updated, ended, row"
)

#: (month, measure, verdict) of what is added up.
Sums = tuple[str, str, str]

_month = lru_cache(1024)(date.fromisoformat)
#: What every mark says, and what one says that is not spelled out.
_SAID = 4
_UNSAID: list[Any] = [0, "", False, 0, ""]


@lru_cache(2048)
def to_row(found: tuple[Any, ...]) -> Row:
    """Read a row; one build asks for the same ones again and again."""
    name, slug, kind, drill, is_open, signed, repeats, month, *instants, text = found
    started, planned, updated, ended = instants
    named, said, marks, line = msgspec.json.decode(text)
    return Row(
        id=name,
        slug=slug,
        kind=Kind(kind),
        drill=bool(drill),
        open=bool(is_open),
        signed=bool(signed),
        repeats=bool(repeats),
        month=_month(month),
        started=to_instant(started),
        planned=to_instant(planned),
        updated=to_instant(updated),
        ended=None if ended is None else to_instant(ended),
        components={component: to_instant(at) for component, at in named},
        said=tuple((to_instant(at), author) for at, author in said),
        marks=tuple((_month(first), _to_mark(plain)) for first, *plain in marks),
        line=_to_line(line, slug=slug, kind=Kind(kind), drill=bool(drill), at=to_instant(started)),
    )


def _from_line(line: Line) -> list[Any]:
    """Spell what a list shows and no column has."""
    seconds = None if line.lasted is None else line.lasted.total_seconds()
    return [line.title, str(line.status), line.about and str(line.about), line.imported, seconds]


def _to_line(plain: list[Any], *, slug: str, kind: Kind, drill: bool, at: datetime) -> Line:
    title, status, about, imported, seconds = plain
    return Line(
        slug=slug,
        kind=kind,
        about=About(about) if about else None,
        status=Status(status),
        drill=drill,
        imported=imported,
        title=title,
        started_at=at,
        lasted=None if seconds is None else timedelta(seconds=seconds),
    )


def _from_mark(mark: Mark) -> list[Any]:
    """Spell a mark; what stands last and says nothing is left out."""
    plain = [
        *(from_instant(mark.at), str(mark.measure), str(mark.verdict), from_instant(mark.update)),
        *(mark.seconds, mark.person, mark.whole_day, mark.number, mark.component),
    ]
    while len(plain) > _SAID and not plain[-1]:
        plain.pop()
    return plain


def _to_mark(plain: list[Any]) -> Mark:
    at, measure, verdict, update, *rest = plain
    seconds, person, whole_day, number, component = rest + _UNSAID[len(rest) :]
    return Mark(
        at=to_instant(at),
        measure=Measure(measure),
        verdict=Verdict(verdict),
        update=to_instant(update),
        seconds=seconds,
        person=person,
        whole_day=whole_day,
        number=number,
        component=component,
    )


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
    marks = [[month.isoformat(), *_from_mark(mark)] for month, mark in row.marks]
    db.execute(
        "INSERT INTO story VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            *(row.id, row.slug, str(row.kind), row.drill, row.open, row.signed, row.repeats),
            *(row.month.isoformat(), started, from_instant(row.planned), updated),
            None if row.ended is None else from_instant(row.ended),
            *(
                digest,
                stamps,
                msgspec.json.encode([named, said, marks, _from_line(row.line)]).decode(),
                path,
                number,
            ),
        ),
    )
    db.executemany(
        "INSERT INTO part VALUES(?,?,?,?,?,?)",
        [(name, row.id, row.drill, first, started, updated) for name, first in named],
    )
    newest: dict[str, tuple[int, int]] = {}
    for at, author in said:
        newest[author] = newest.get(author, (0, 0))[0] + 1, at
    db.executemany(
        "INSERT INTO signer VALUES(?,?,?,?,?)",
        [(author, row.id, row.drill, count, at) for author, (count, at) in newest.items()],
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
        for at, _ in () if row.drill else row.said:
            self._spoken[f"{at.isoformat()[:7]}-01"] += sign
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
            " stories = stories + excluded.stories",
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
