"""The pages of the record: how it stands, a year of it, a month of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from firstword import urls
from firstword.clock import Clock
from firstword.page import Figures, Judged, Measure, StatusPage, Verdict, record
from firstword.render.page import Page

#: What a page lists at most of what is overdue, was not kept, or took its time.
MOST_LISTED = 100

#: One row of figures: a day in the period, the address that tells more or "", the figures.
_Row = tuple[date, str, Figures]
Cell = int | timedelta | None


class Table(Struct, frozen=True, kw_only=True):
    """Figures of some periods; columns are verdicts, or `count`, `average`, `longest`."""

    columns: tuple[str, ...]
    #: (a day in the period, the address that tells more or "", one cell a column)
    rows: tuple[tuple[date, str, tuple[Cell, ...]], ...]


_CAME = (Verdict.KEPT, Verdict.LATE)
_NOT = (Verdict.OVERDUE, Verdict.MISSED)
_AND = (Verdict.REPLACED, Verdict.RELEASED, Verdict.PENDING)
#: What a measure's tables show; each is narrow enough for a phone, also in German.
_COLUMNS: dict[Measure, tuple[tuple[str, ...], ...]] = {
    Measure.FIRST_WORD: (("count", "average", "longest"),),
    Measure.SILENCE: (("longest",),),
    Measure.NEXT: (_CAME, _NOT, _AND),
    Measure.EXPECTED: (_CAME, _NOT, _AND),
    Measure.EXPLANATION: (("count", Verdict.TOOK), ("average", "longest")),
    Measure.FOLLOW_UP: (_CAME, _NOT, ("count", Verdict.TICKED, Verdict.PENDING)),
    Measure.OWNER: (_CAME, _NOT, (Verdict.RELEASED, Verdict.PENDING)),
    Measure.SIGNATURE: (("count", "longest"),),
}


def record_pages(status: StatusPage) -> Iterator[Page]:
    """Yield the record and what it leads to: no page of it grows with the archive."""
    yield _page(urls.RECORD, partial(index, status))
    found = list(status.stories.sums())
    for year in dict.fromkeys(month.year for month in found):
        yield _page(urls.record_path(year), partial(year_page, status, year))
    for month in found:
        yield _page(urls.record_path(month.year, month.month), partial(month_page, status, month))


def _page(path: str, context: Callable[[Clock], dict[str, Any]]) -> Page:
    return Page(key=urls.page_key(path), template="record.html", context=context, leaf=True)


def index(status: StatusPage, clock: Clock) -> dict[str, Any]:
    """Return what record.html gets for the whole record: a row a year."""
    overdue, left = record.overdue(status, clock, MOST_LISTED)
    by_year = record.years(record.months(status, clock))
    rows = [(date(year, 1, 1), urls.record_path(year), by_year[year]) for year in by_year]
    open_now = [i for i in status.open_incidents if not i.drill]
    return _context(rows, overdue=overdue, left=left, open_now=open_now[:MOST_LISTED])


def year_page(status: StatusPage, year: int, clock: Clock) -> dict[str, Any]:
    """Return what record.html gets for a year: a row a month."""
    found = record.months(status, clock, year)
    rows = [(m, urls.record_path(m.year, m.month), found[m]) for m in found]
    return _context(rows, year=year)


def month_page(status: StatusPage, month: date, clock: Clock) -> dict[str, Any]:
    """Return what record.html gets for a month: one row, and what stands behind its figures."""
    judged = record.month(status, month, clock)
    missed = record.not_kept(judged)
    took = [j for j in judged if j.verdict in (Verdict.TOOK, Verdict.UNEXPLAINED)]
    took.sort(key=lambda j: (list(Measure).index(j.mark.measure), -j.mark.seconds))
    return _context(
        [(month, "", record.figures(judged))],
        year=month.year,
        month=month,
        missed=missed[:MOST_LISTED],
        took=took[:MOST_LISTED],
        left=len(missed[MOST_LISTED:]) + len(took[MOST_LISTED:]),
    )


def _context(
    rows: Iterable[_Row],
    *,
    year: int = 0,
    month: date | None = None,
    overdue: list[Judged] | None = None,
    missed: list[Judged] | None = None,
    took: list[Judged] | None = None,
    open_now: Iterable[Any] = (),
    left: int = 0,
) -> dict[str, Any]:
    """Return what the template gets, whichever of the three pages it makes."""
    return {
        "tables": tuple(_tables(list(rows))),
        "year": year,
        "month": month,
        "overdue": overdue,
        "missed": missed or [],
        "took": took or [],
        "open_now": open_now,
        "left": left,
    }


def _tables(rows: list[_Row]) -> Iterator[tuple[Measure, list[Table]]]:
    """Yield each measure that has anything to show, with those of its tables that have."""
    for measure, tables in _COLUMNS.items():
        told = [row for row in rows if row[2].count(measure)]
        found = [_table(told, measure, columns) for columns in tables]
        if told:
            yield measure, [t for t in found if any(cell for *_, cells in t.rows for cell in cells)]


def _table(rows: list[_Row], measure: Measure, columns: tuple[str, ...]) -> Table:
    return Table(
        columns=columns,
        rows=tuple(
            (day, path, tuple(_cell(figures, measure, name) for name in columns))
            for day, path, figures in rows
        ),
    )


def _cell(figures: Figures, measure: Measure, column: str) -> Cell:
    if column == "count":
        return figures.count(measure)
    if column == "average":
        return figures.average(measure)
    if column == "longest":
        return figures.longest(measure)
    return figures.count(measure, Verdict(column))
