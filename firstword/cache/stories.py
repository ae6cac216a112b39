"""All stories of a site, answered for out of the cache: only those asked for are read."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from firstword.cache import questions
from firstword.cache.codec import from_instant, to_instant
from firstword.cache.questions import Trace
from firstword.cache.rows import COLUMNS, get_row, to_row
from firstword.model import Incident, Kind, Update
from firstword.page import (
    ALL,
    Mark,
    Measure,
    Order,
    Owing,
    Row,
    Sum,
    Totals,
    Verdict,
    Wanted,
    Words,
)

_S_COLUMNS = ", ".join(f"s.{name.strip()}" for name in COLUMNS.split(","))
#: Stories held in memory at a time.
_MOST_KNOWN = 4096


class CachedStories:
    """Answers as the protocol `page.Stories` asks, and notes every question in the trace."""

    def __init__(self, db: sqlite3.Connection, load: Callable[[str], Incident]) -> None:
        self._db = db
        self._load = load
        self._known: dict[str, Incident] = {}
        self._trace: Trace | None = None

    # ── tracing ──────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def tracing(self) -> Iterator[Trace]:
        """Note whatever is asked inside."""
        before, self._trace = self._trace, Trace()
        try:
            yield self._trace
        finally:
            self._trace = before

    def note(self, question: str, bound: int | None = None) -> None:
        """Note a question of whoever is being traced."""
        if self._trace is not None:
            self._trace.note(question, bound)

    # ── many ─────────────────────────────────────────────────────────────────────────────────────

    def find(self, wanted: Wanted) -> Iterator[Incident]:
        """Yield stories, the first in the order asked for first; take no more than are shown."""
        question, trace = questions.spell_find(wanted), self._trace
        if trace:
            trace.note(question, questions.NOTHING_YET)
        for row in rows_of(self._db, wanted):
            key = row.key(wanted.order)
            if key and trace:
                trace.note(question, from_instant(key[0]))
            yield self.story(row.id)
        if trace:
            trace.note(question)

    def words(self, wanted: Words) -> Iterator[tuple[Incident, Update]]:
        """Yield updates with their stories, newest first, of one instant the greater id first."""
        question, trace = questions.spell_find(wanted), self._trace
        if trace:
            trace.note(question, questions.NOTHING_YET)
        for at, row in self._said(wanted):
            if trace:
                trace.note(question, from_instant(at))
            incident = self.story(row.id)
            update = incident.find(at)
            if update is not None:
                yield incident, update
        if trace:
            trace.note(question)

    def instants(self, begin: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """Return (instant, id of its story) of updates, oldest first."""
        span = from_instant(begin), from_instant(end)
        if self._trace is not None:
            self._trace.spans.add(span)
        asked = (
            "SELECT at, story FROM word WHERE at >= ? AND at < ? AND drill = 0 ORDER BY at, story"
        )
        return [(to_instant(at), name) for at, name in self._db.execute(asked, span)]

    def months_of_words(self) -> list[date]:
        """Return the months of UTC in which updates were signed, oldest first."""
        return self._answer("spoken")  # type: ignore[no-any-return]

    def marks(self, month: date) -> list[tuple[str, Mark]]:
        """Return (id of its story, mark) of all that counts in a month, oldest first."""
        self.note(questions.spell("marks", month.isoformat()))
        asked = "SELECT story, number FROM mark WHERE month = ?"
        return self._marks(self._db.execute(asked, (month.isoformat(),)).fetchall())

    def owing(self, now: datetime, most: int) -> Owing:
        """Return what nothing has settled, as it stands at an instant."""
        self.note(questions.spell("owed", str(Verdict.PENDING)))
        given = (from_instant(now),)
        lapsed = "FROM mark WHERE verdict = 'pending' AND at <= ?"
        first = self._db.execute(
            f"SELECT story, number {lapsed} ORDER BY at, story, number LIMIT ?",
            (*given, most),
        )
        many, last = self._db.execute(f"SELECT count(*), max(at) {lapsed}", given).fetchone()
        asked = "SELECT min(at) FROM mark WHERE verdict = 'pending' AND at > ?"
        following = self._db.execute(asked, given).fetchone()[0]
        return Owing(
            self._marks(first.fetchall()),
            many,
            None if last is None else to_instant(last),
            None if following is None else to_instant(following),
        )

    def _marks(self, found: list[tuple[str, int]]) -> list[tuple[str, Mark]]:
        rows = {name: self.row(name) for name, _ in found}
        marks = [(n, row.marks[number][1]) for n, number in found if (row := rows[n])]
        return sorted(marks, key=lambda pair: (pair[1].at, pair[0], pair[1].place))

    def sums(self, year: int = 0) -> Mapping[date, tuple[Sum, ...]]:
        """Return the months in which something counts, newest first, each with its sums."""
        return self._answer("sums", year)  # type: ignore[no-any-return]

    def _said(self, wanted: Words) -> Iterator[tuple[datetime, Row]]:
        """Yield instants of updates with their stories' rows, newest first.

        Stories come by their newest word; an update is told once no story to come has a newer one.
        """
        if wanted.begin is not None and wanted.end is not None:
            yield from self._said_between(wanted, wanted.begin, wanted.end)
            return
        waiting: list[tuple[float, _Backwards, datetime, Row]] = []
        for newest, row in self._by_newest(wanted):
            while waiting and -waiting[0][0] > newest:
                entry = heapq.heappop(waiting)
                yield entry[2], entry[3]
            for at, author in row.said:
                if wanted.matches(row, at, author):
                    heapq.heappush(waiting, (-at.timestamp(), _Backwards(row.id), at, row))
        while waiting:
            entry = heapq.heappop(waiting)
            yield entry[2], entry[3]

    def _by_newest(self, wanted: Words) -> Iterator[tuple[int, Row]]:
        """Yield rows that may hold such updates, by the newest that they can hold, in seconds."""
        where, given = [], []
        source, order = "story s", "s.updated"
        if wanted.author:
            source = "signer g CROSS JOIN story s ON s.id = g.story"
            where.append("g.author = ?")
            given.append(wanted.author)
            order = "g.updated"
        elif wanted.component:
            source = "part p CROSS JOIN story s ON s.id = p.story"
            where.append("p.component = ?")
            given.append(wanted.component)
            order = "p.updated"
        if len(wanted.kinds) == 1:
            where.append("s.kind = ?")
            given.append(str(wanted.kinds[0]))
        asked = (
            f"SELECT {order}, {_S_COLUMNS} FROM {source} WHERE {' AND '.join(where) or '1'}"  # noqa: S608
            f" ORDER BY {order} DESC"
        )
        return ((found[0], to_row(found[1:])) for found in self._db.execute(asked, given))

    def _said_between(
        self, wanted: Words, begin: datetime, end: datetime
    ) -> Iterator[tuple[datetime, Row]]:
        asked = (
            f"SELECT w.at, {_S_COLUMNS} FROM word w CROSS JOIN story s ON s.id = w.story"  # noqa: S608
            " WHERE w.at >= ? AND w.at < ? ORDER BY w.at DESC, w.story DESC"
        )
        for found in self._db.execute(asked, (from_instant(begin), from_instant(end))):
            row, at = to_row(found[1:]), to_instant(found[0])
            author = next(who for when, who in row.said if when == at)
            if wanted.matches(row, at, author):
                yield at, row

    # ── one ──────────────────────────────────────────────────────────────────────────────────────

    def get(self, name: str) -> Incident | None:
        """Return the story of an id."""
        self.note(questions.spell("get", name))
        return self.story(name) if self.row(name) else None

    def row(self, name: str) -> Row | None:
        """Return what questions know of a story; noted nowhere."""
        return get_row(self._db, name)

    def story(self, name: str) -> Incident:
        """Return a story that is there; noted nowhere."""
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                for old in list(self._known)[: _MOST_KNOWN // 2]:
                    del self._known[old]
            found = self._known[name] = self._load(name)
        return found

    def kind_of(self, slug: str) -> Kind | None:
        """Return the kind of the story with a slug."""
        return self._answer("kind", slug)  # type: ignore[no-any-return]

    def months(self, wanted: Wanted = ALL) -> Mapping[date, int]:
        """Return the months in which stories asked for began, newest first, with how many did."""
        if wanted == ALL:
            return self._answer("months")  # type: ignore[no-any-return]
        return self._answer("months_of", questions.plain(wanted))  # type: ignore[no-any-return]

    def totals(self) -> Totals:
        """Count everything."""
        return self._answer("totals")  # type: ignore[no-any-return]

    def all_signed(self) -> bool:
        """Tell whether a person stands behind every update."""
        return self._answer("signed")  # type: ignore[no-any-return]

    def signed_by(self, author: str) -> int:
        """Count what somebody signed, drills left out."""
        return self._answer("signed_by", author)  # type: ignore[no-any-return]

    def named(self, component: str) -> tuple[datetime, datetime] | None:
        """Return when a component was first named, and the newest word of a story that names it."""
        return self._answer("named", component)  # type: ignore[no-any-return]

    def _answer(self, sort: str, *arguments: Any) -> Any:
        self.note(questions.spell(sort, *arguments))
        return answer(self._db, sort, *arguments)


class _Backwards(str):
    """An id that sorts the greater first."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def answer(db: sqlite3.Connection, sort: str, *arguments: Any) -> Any:
    """Answer a question that has one short answer."""
    return _SHORT[sort](db, *arguments)


def _kind(db: sqlite3.Connection, slug: str) -> Kind | None:
    found = db.execute("SELECT kind FROM story WHERE slug = ?", (slug,)).fetchone()
    return Kind(found[0]) if found else None


def _months(db: sqlite3.Connection) -> Mapping[date, int]:
    found = db.execute("SELECT month, stories FROM month ORDER BY month DESC")
    return {date.fromisoformat(month): count for month, count in found}


def _months_of(db: sqlite3.Connection, said: dict[str, Any]) -> Mapping[date, int]:
    wanted = questions.read_find(said, words=False)
    found: dict[date, int] = {}
    if said.keys() <= {"kinds", "component", "year"} and len(said.keys() - {"year"}) == 1:
        year = said.get("year")
        sort = "component" if "component" in said else "kind"
        names = [said["component"]] if "component" in said else [str(k) for k in said["kinds"]]
        for name in names:
            asked = "SELECT month, stories FROM tally WHERE sort = ? AND name = ? AND stories > 0"
            for text, count in db.execute(asked, (sort, name)):
                if year is None or text.startswith(f"{year:04d}-"):
                    month = date.fromisoformat(text)
                    found[month] = found.get(month, 0) + count
    elif isinstance(wanted, Wanted):
        for row in rows_of(db, wanted):
            found[row.month] = found.get(row.month, 0) + 1
    return {month: found[month] for month in sorted(found, reverse=True)}


def _spoken(db: sqlite3.Connection) -> list[date]:
    found = db.execute("SELECT month FROM spoken ORDER BY month")
    return [date.fromisoformat(month) for (month,) in found]


def _sums(db: sqlite3.Connection, year: int) -> Mapping[date, tuple[Sum, ...]]:
    found: dict[date, list[Sum]] = {}
    asked = (
        "SELECT month, measure, verdict, many, total, longest FROM figure"
        " WHERE month >= ? AND month < ? ORDER BY 1 DESC, 2, 3"
    )
    span = (f"{year:04}", f"{year + 1 if year else 9999:04}")
    for month, measure, verdict, *figures in db.execute(asked, span):
        one = Sum(Measure(measure), Verdict(verdict), *figures)
        found.setdefault(date.fromisoformat(month), []).append(one)
    return {month: tuple(sums) for month, sums in found.items()}


def _totals(db: sqlite3.Connection) -> Totals:
    found = db.execute("SELECT total(stories), total(updates) FROM month").fetchone()
    return Totals(int(found[0]), int(found[1]))


def _all_signed(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM story WHERE signed = 0 LIMIT 1").fetchone() is None


def _signed_by(db: sqlite3.Connection, author: str) -> int:
    asked = "SELECT total(signed) FROM signer WHERE author = ? AND drill = 0"
    return int(db.execute(asked, (author,)).fetchone()[0])


def _named(db: sqlite3.Connection, component: str) -> tuple[datetime, datetime] | None:
    first, newest = (
        db.execute(
            f"SELECT {of} FROM part WHERE component = ? AND drill = 0",  # noqa: S608
            (component,),
        ).fetchone()[0]
        for of in ("min(first)", "max(updated)")
    )
    return None if first is None else (to_instant(first), to_instant(newest))


_SHORT: dict[str, Callable[..., Any]] = {
    "kind": _kind,
    "months": _months,
    "months_of": _months_of,
    "spoken": _spoken,
    "sums": _sums,
    "totals": _totals,
    "signed": _all_signed,
    "signed_by": _signed_by,
    "named": _named,
}


def rows_of(db: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    """Yield the rows of stories asked for, in the order asked for."""
    where, given = _where(wanted)
    few = _is_few(wanted)
    order = f"+s.{wanted.order}" if few else f"s.{wanted.order}"
    source = "story s INDEXED BY story_open" if wanted.open is True else "story s"
    if wanted.component and not few:
        source = "part p CROSS JOIN story s ON s.id = p.story"
        where.append("p.component = ?")
        given.append(wanted.component)
        if wanted.order in {Order.STARTED, Order.UPDATED}:
            order = f"p.{wanted.order}"
    elif wanted.component:
        where.append("EXISTS(SELECT 1 FROM part p WHERE p.component = ? AND p.story = s.id)")
        given.append(wanted.component)
    by_id = "p.story" if order.startswith("p.") else "s.id"
    asked = (
        f"SELECT {_S_COLUMNS} FROM {source}"  # noqa: S608 - no text of anybody's is in it
        f" WHERE {' AND '.join(where) or '1'} ORDER BY {order} DESC, {by_id} DESC"
    )
    for found in db.execute(asked, given):
        row = to_row(found)
        if wanted.matches(row):
            yield row


def _is_few(wanted: Wanted) -> bool:
    """Tell whether what is open, or recent, is asked for: little, and put in order afterwards."""
    # SQLite would rather walk in order through all there ever was. A plus keeps it from that.
    return wanted.open is True or wanted.since is not None


def _where(wanted: Wanted) -> tuple[list[str], list[Any]]:
    """Narrow down, as far as an index helps; the exact test is the question's own."""
    where: list[str] = []
    given: list[Any] = []
    if len(wanted.kinds) == 1:
        where.append("+s.kind = ?" if _is_few(wanted) else "s.kind = ?")
        given.append(str(wanted.kinds[0]))
    if wanted.month is not None:
        where.append("s.month = ?")
        given.append(wanted.month.isoformat())
    if wanted.year is not None:
        where.append("s.month >= ? AND s.month < ?")
        given += [f"{wanted.year:04d}-01-01", f"{wanted.year + 1:04d}-01-01"]
    if wanted.open is not None:
        where.append("s.open = 1" if wanted.open else "s.open = 0")
    if wanted.since is not None:
        seconds = from_instant(wanted.since)
        where.append("(s.ended IS NULL OR s.ended >= ? OR s.updated >= ?)")
        given += [seconds, seconds]
    if wanted.order is Order.ENDED:
        where.append("s.ended IS NOT NULL")
    return where, given
