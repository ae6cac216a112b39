"""Questions about stories → answers out of the cache's tables; no story is read for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from firstword.cache import questions
from firstword.cache.codec import from_instant, to_instant
from firstword.cache.rows import COLUMNS, to_row
from firstword.model import Kind
from firstword.page import Line, Measure, Order, Row, Sum, Totals, Verdict, Wanted

#: In seconds: a year of the Gregorian calendar, and by how much one may be off, in any zone.
_YEAR, _DAYS = 31_556_952, 4 * 86_400
S_COLUMNS = ", ".join(f"s.{name.strip()}" for name in COLUMNS.split(","))


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
    span = _span_of(said.get("year"))
    if said.keys() <= {"kinds", "component", "year"} and len(said.keys() - {"year"}) == 1:
        sort = "component" if "component" in said else "kind"
        names = [said["component"]] if "component" in said else [str(k) for k in said["kinds"]]
        for name in names:
            asked = (
                "SELECT month, many FROM tally"
                " WHERE sort = ? AND name = ? AND month >= ? AND month < ? AND many > 0"
            )
            for text, count in db.execute(asked, (sort, name, *span)):
                month = date.fromisoformat(text)
                found[month] = found.get(month, 0) + count
    elif said.keys() <= {"year"}:
        asked = "SELECT month, stories FROM month WHERE month >= ? AND month < ?"
        for text, count in db.execute(asked, span):
            found[date.fromisoformat(text)] = count
    elif isinstance(wanted, Wanted):
        for row in rows_of(db, wanted):
            found[row.month] = found.get(row.month, 0) + 1
    return {month: found[month] for month in sorted(found, reverse=True)}


def _beside(
    db: sqlite3.Connection, kind: str, component: str, begin: str, end: str
) -> tuple[date | None, date | None]:
    source, given = "month WHERE", list[str]()
    if kind or component:
        source = "tally WHERE sort = ? AND name = ? AND many > 0 AND"
        given = ["component", component] if component else ["kind", kind]
    asked = (
        f"SELECT (SELECT min(month) FROM {source} month >= ?),"  # noqa: S608 - one of two
        f" (SELECT max(month) FROM {source} month < ?)"
    )
    newer, older = db.execute(asked, (*given, end, *given, begin)).fetchone()
    return newer and date.fromisoformat(newer), older and date.fromisoformat(older)


def _lines(db: sqlite3.Connection, said: dict[str, Any]) -> list[Line]:
    wanted = questions.read_find(said, words=False)
    return [row.line for row in rows_of(db, wanted)] if isinstance(wanted, Wanted) else []


def _spoken(db: sqlite3.Connection) -> list[date]:
    found = db.execute("SELECT month FROM spoken ORDER BY month")
    return [date.fromisoformat(month) for (month,) in found]


def _sums(db: sqlite3.Connection, year: int) -> Mapping[date, tuple[Sum, ...]]:
    found: dict[date, list[Sum]] = {}
    asked = (
        "SELECT month, measure, verdict, many, total, longest FROM figure"
        " WHERE month >= ? AND month < ? ORDER BY 1 DESC, 2, 3"
    )
    for month, measure, verdict, *figures in db.execute(asked, _span_of(year)):
        one = Sum(Measure(measure), Verdict(verdict), *figures)
        found.setdefault(date.fromisoformat(month), []).append(one)
    return {month: tuple(sums) for month, sums in found.items()}


def _span_of(year: int | None) -> tuple[str, str]:
    """Return what the months of a year lie between, the end left out; None or 0 = of all years."""
    # Years are spelled with four digits: texts come in the order of time.
    return (f"{year:04}", f"{year + 1:04}") if year else ("0000", "9999")


def _totals(db: sqlite3.Connection) -> Totals:
    found = db.execute("SELECT total(stories), total(updates) FROM month").fetchone()
    return Totals(int(found[0]), int(found[1]))


def _all_signed(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM story WHERE signed = 0 LIMIT 1").fetchone() is None


def _signed_by(db: sqlite3.Connection, author: str) -> int:
    asked = "SELECT total(many) FROM tally WHERE sort = 'author' AND name = ?"
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
    questions.BESIDE: _beside,
    "lines": _lines,
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
    few = is_few(wanted)
    order = f"+s.{wanted.order}" if few else f"s.{wanted.order}"
    source = "story s INDEXED BY story_open" if wanted.open is True else "story s"
    if wanted.component and not few:
        source = "part p CROSS JOIN story s ON s.id = p.story"
        where.append("p.component = ?")
        given.append(wanted.component)
        if wanted.order in {Order.STARTED, Order.UPDATED}:
            order = f"p.{wanted.order}"
        if wanted.year is not None:
            # The index of a component knows instants, not years: some days more on either side.
            since_1970 = wanted.year - 1970
            where.append("p.started >= ? AND p.started < ?")
            given += [since_1970 * _YEAR - _DAYS, (since_1970 + 1) * _YEAR + _DAYS]
    elif wanted.component:
        where.append("EXISTS(SELECT 1 FROM part p WHERE p.component = ? AND p.story = s.id)")
        given.append(wanted.component)
    by_id = "p.story" if order.startswith("p.") else "s.id"
    asked = (
        f"SELECT {S_COLUMNS} FROM {source}"  # noqa: S608 - no text of anybody's is in it
        f" WHERE {' AND '.join(where) or '1'} ORDER BY {order} DESC, {by_id} DESC"
    )
    for found in db.execute(asked, given):
        row = to_row(found)
        if wanted.matches(row):
            yield row


def is_few(wanted: Wanted) -> bool:
    """Tell whether what is open, or recent, is asked for: little, and put in order afterwards."""
    # SQLite would rather walk in order through all there ever was. A plus keeps it from that.
    return wanted.open is True or wanted.since is not None


def _where(wanted: Wanted) -> tuple[list[str], list[Any]]:
    """Narrow down, as far as an index helps; the exact test is the question's own."""
    where: list[str] = []
    given: list[Any] = []
    if len(wanted.kinds) == 1:
        where.append("+s.kind = ?" if is_few(wanted) else "s.kind = ?")
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
