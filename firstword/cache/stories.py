"""All stories of a site, answered for out of the cache: only those asked for are read."""

from __future__ import annotations

import heapq
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from firstword.cache import questions
from firstword.cache.answers import S_COLUMNS, answer, is_few, rows_of
from firstword.cache.codec import from_instant, to_instant
from firstword.cache.questions import Trace
from firstword.cache.rows import get_row, to_row
from firstword.model import Incident, Kind, Update
from firstword.page import (
    ALL,
    Line,
    Mark,
    Owing,
    Row,
    Sum,
    Totals,
    Verdict,
    Wanted,
    Words,
)

#: Stories held in memory at a time, and short answers.
_MOST_KNOWN = 1024
#: Instants are read by so many seconds at a time, and so many times are held in memory.
_BLOCK, _MOST_BLOCKS = 8 * 86_400, 16
#: Lists of what is open, or recent, that are held in memory.
_MOST_FEW = 64
#: Answers that are too long to be held.
_LONG = frozenset({"lines"})


class CachedStories:
    """Answers as the protocol `page.Stories` asks, and notes every question in the trace."""

    def __init__(self, db: sqlite3.Connection, load: Callable[[str], Incident]) -> None:
        self._db = db
        self._load = load
        self._known: dict[str, Incident] = {}
        # Nothing of all this changes while a site is made; many pages ask the same.
        self._answers: dict[str, Any] = {}
        self._few: dict[str, list[Row]] = {}
        self._blocks: dict[int, list[tuple[int, datetime, str]]] = {}
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
        return map(self.story, self.ids(wanted))

    def ids(self, wanted: Wanted) -> Iterator[str]:
        """Yield the ids of the same stories in the same order; none of them is read."""
        return (row.id for row in self.rows(wanted))

    def rows(self, wanted: Wanted) -> Iterator[Row]:
        """Yield what questions know of the same stories in the same order; none of them is read."""
        question, trace = questions.spell_find(wanted), self._trace
        if trace:
            trace.note(question, questions.NOTHING_YET)
        for row in self._rows(question, wanted):
            key = row.key(wanted.order)
            if key and trace:
                trace.note(question, from_instant(key[0]))
            yield row
        if trace:
            trace.note(question)

    def _rows(self, question: str, wanted: Wanted) -> Iterable[Row]:
        if not is_few(wanted):
            return rows_of(self._db, wanted)
        found = self._few.get(question)
        if found is None:
            if len(self._few) >= _MOST_FEW:
                self._few.clear()
            found = self._few[question] = list(rows_of(self._db, wanted))
        return found

    def translated(self, month: date) -> Mapping[str, list[str]]:
        """Return the languages into which stories that began in a month are translated, by id."""
        asked = (
            "SELECT s.id, f.language FROM story s JOIN file f ON f.slug = s.slug"
            " WHERE s.month = ? AND f.language != '' AND f.hidden = 0 ORDER BY f.language, f.path"
        )
        found: dict[str, list[str]] = {}
        for name, language in self._db.execute(asked, (month.isoformat(),)):
            found.setdefault(name, []).append(language)
        return found

    def lines(self, wanted: Wanted) -> list[Line]:
        """Return stories as lists name them, in the order asked for."""
        return self._answer("lines", questions.plain(wanted))  # type: ignore[no-any-return]

    def words(self, wanted: Words) -> Iterator[tuple[Incident, Update]]:
        """Yield updates with their stories, newest first, of one instant the greater id first."""
        question, trace = questions.spell_find(wanted), self._trace
        if trace:
            trace.note(question, questions.NOTHING_YET)
        for at, name in self._said(wanted):
            if trace:
                trace.note(question, from_instant(at))
            incident = self.story(name)
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
        first, last = span[0] // _BLOCK, (span[1] - 1) // _BLOCK
        if first == last:
            found = self._block(first)
        else:
            found = [one for number in range(first, last + 1) for one in self._block(number)]
        low, high = (bisect_left(found, (second,)) for second in span)
        return [(at, name) for _, at, name in found[low:high]]

    def _block(self, number: int) -> list[tuple[int, datetime, str]]:
        """Return (second, instant, id of its story) of the updates of one block, oldest first."""
        found = self._blocks.get(number)
        if found is None:
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
            asked = (
                "SELECT at, story FROM word WHERE at >= ? AND at < ? AND drill = 0"
                " ORDER BY at, story"
            )
            span = number * _BLOCK, (number + 1) * _BLOCK
            found = [(at, to_instant(at), name) for at, name in self._db.execute(asked, span)]
            self._blocks[number] = found
        return found

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

    def _said(self, wanted: Words) -> Iterator[tuple[datetime, str]]:
        """Yield instants of updates with their stories' ids, newest first.

        Stories come by their newest word; an update is told once no story to come has a newer one.
        """
        if wanted.begin is not None and wanted.end is not None:
            yield from self._said_between(wanted, wanted.begin, wanted.end)
            return
        waiting: list[tuple[float, _Backwards, datetime, str]] = []
        for newest, row in self._by_newest(wanted):
            while waiting and -waiting[0][0] > newest:
                entry = heapq.heappop(waiting)
                yield entry[2], entry[3]
            for at, author in row.said:
                if wanted.matches(row, at, author):
                    heapq.heappush(waiting, (-at.timestamp(), _Backwards(row.id), at, row.id))
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
            f"SELECT {order}, {S_COLUMNS} FROM {source} WHERE {' AND '.join(where) or '1'}"  # noqa: S608
            f" ORDER BY {order} DESC"
        )
        return ((found[0], to_row(found[1:])) for found in self._db.execute(asked, given))

    def _said_between(
        self, wanted: Words, begin: datetime, end: datetime
    ) -> Iterator[tuple[datetime, str]]:
        if wanted == Words(begin=begin, end=end):
            # All that is asked of a story, a word knows: whether it is a drill.
            asked = (
                "SELECT at, story FROM word WHERE at >= ? AND at < ? AND drill = 0"
                " ORDER BY at DESC, story DESC"
            )
            span = from_instant(begin), from_instant(end)
            yield from ((to_instant(at), name) for at, name in self._db.execute(asked, span))
            return
        asked = (
            f"SELECT w.at, {S_COLUMNS} FROM word w CROSS JOIN story s ON s.id = w.story"  # noqa: S608
            " WHERE w.at >= ? AND w.at < ? ORDER BY w.at DESC, w.story DESC"
        )
        for found in self._db.execute(asked, (from_instant(begin), from_instant(end))):
            row, at = to_row(found[1:]), to_instant(found[0])
            author = next(who for when, who in row.said if when == at)
            if wanted.matches(row, at, author):
                yield at, row.id

    # ── one ──────────────────────────────────────────────────────────────────────────────────────

    def get(self, name: str) -> Incident | None:
        """Return the story of an id."""
        self.note(questions.spell("get", name))
        return self.story(name) if self.row(name) else None

    def row(self, name: str) -> Row | None:
        """Return what questions know of a story; noted nowhere."""
        return get_row(self._db, name)

    def kind(self, name: str) -> Kind | None:
        """Return the kind of the story of an id; noted nowhere."""
        found = self._db.execute("SELECT kind FROM story WHERE id = ?", (name,)).fetchone()
        return Kind(found[0]) if found else None

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

    def beside(
        self, begin: date, end: date, kind: Kind | None = None, component: str = ""
    ) -> tuple[date | None, date | None]:
        """Return the first month from `end` on, and the last before `begin`, with a story in it."""
        about = str(kind or ""), component, str(begin), str(end)
        return self._answer(questions.BESIDE, *about)  # type: ignore[no-any-return]

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
        question = questions.spell(sort, *arguments)
        self.note(question)
        if sort in _LONG:
            return answer(self._db, sort, *arguments)
        if question not in self._answers:
            if len(self._answers) >= _MOST_KNOWN:
                self._answers.clear()
            self._answers[question] = answer(self._db, sort, *arguments)
        return self._answers[question]


class _Backwards(str):
    """An id that sorts the greater first."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
