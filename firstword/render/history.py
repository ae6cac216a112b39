"""The pages of history: an index, years of everything, of a kind or of a component, and months."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from firstword import urls
from firstword.clock import Clock
from firstword.model import Kind
from firstword.page import Line, StatusPage, Wanted
from firstword.render.page import Page

#: A year with more is told by how much there is in each month, so that no page grows without end.
MOST_LISTED = 200


def history_pages(status: StatusPage) -> Iterator[Page]:
    """Yield the index of history and everything it leads to but the stories themselves."""
    yield _page(urls.HISTORY, "history.html", partial(index, status))
    for kind, component in shelves(status):
        for year in by_year(status, kind, component):
            yield _page(
                urls.year_path(year, kind, component),
                "year.html",
                partial(year_page, status, kind, component, year),
            )
    for month in status.months:
        yield _page(urls.month_path(month), "month.html", partial(month_page, status, month))


def shelves(status: StatusPage) -> Iterator[tuple[Kind | None, str]]:
    """Yield what years are listed of: everything, each kind, each component."""
    yield None, ""
    for kind in Kind:
        yield kind, ""
    for name in status.site.components:
        yield None, name


def by_year(
    status: StatusPage, kind: Kind | None = None, component: str = ""
) -> dict[int, dict[date, int]]:
    """Return year → month → how many stories began then, newest first."""
    found: dict[int, dict[date, int]] = {}
    for month, count in status.stories.months(_wanted(kind, component)).items():
        found.setdefault(month.year, {})[month] = count
    return found


def _wanted(kind: Kind | None, component: str, year: int | None = None) -> Wanted:
    return Wanted(kinds=(kind,) if kind else (), component=component, year=year)


def index(status: StatusPage, _clock: Clock) -> dict[str, Any]:
    """Return what history.html gets."""
    return {
        "years": by_year(status),
        "kinds": [(kind, found) for kind in Kind if (found := by_year(status, kind))],
        "components": [
            (component, found)
            for component in status.site.components.values()
            if (found := by_year(status, None, component.id))
        ],
    }


def year_page(
    status: StatusPage, kind: Kind | None, component: str, year: int, _clock: Clock
) -> dict[str, Any]:
    """Return what year.html gets."""
    wanted = _wanted(kind, component, year)
    months = status.stories.months(wanted)
    stories: dict[date, list[Line]] = {}
    if sum(months.values()) <= MOST_LISTED:
        for line in status.stories.lines(wanted):
            local = line.started_at.astimezone(status.site.timezone)
            stories.setdefault(date(local.year, local.month, 1), []).append(line)
    # Of the others nothing but whether they are there: none of them is another page for this one.
    begin, end = date(year, 1, 1), date(year + 1, 1, 1)
    newer, older = status.stories.beside(begin, end, kind, component)
    return {
        "year": year,
        "kind": kind,
        "component": status.component(component) if component else None,
        "months": months,
        "stories": stories,
        "newer": newer and newer.year,
        "older": older and older.year,
    }


def month_page(status: StatusPage, month: date, _clock: Clock) -> dict[str, Any]:
    """Return what month.html gets."""
    stories = status.stories.lines(Wanted(month=month))
    newer, older = status.stories.beside(month, month + timedelta(days=1))
    return {
        "month": month,
        "kinds": [
            (kind, found) for kind in Kind if (found := [i for i in stories if i.kind is kind])
        ],
        "newer": newer,
        "older": older,
    }


def _page(path: str, template: str, context: Callable[[Clock], Mapping[str, Any]]) -> Page:
    return Page(key=urls.page_key(path), template=template, context=context, leaf=True)
