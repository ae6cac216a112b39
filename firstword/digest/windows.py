"""The days and weeks that digests cover: half-open intervals of the site's days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from firstword.mail.parcel import Cadence
from firstword.parse.times import start_of_day

#: How many closed windows are looked at: a run that comes late makes up for those it missed.
DAYS = 7
WEEKS = 2
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A day or a week of the site."""

    #: `daily/2026-11-21`, `weekly/2026-W47`
    id: str
    cadence: Cadence
    first: date
    #: The last day that is in it.
    last: date
    #: In UTC: what was published at `begin` is in it, at `end` in the next one.
    begin: datetime
    end: datetime


def day_window(day: date, zone: tzinfo) -> Window:
    """Return the window of a day."""
    return _window(f"daily/{day.isoformat()}", Cadence.DAILY, day, day, zone)


def week_window(day: date, zone: tzinfo) -> Window:
    """Return the window of the week that a day is in: Monday to Sunday, as ISO 8601 counts."""
    year, week, weekday = day.isocalendar()
    monday = day - (weekday - 1) * _DAY
    name = f"weekly/{year:04}-W{week:02}"
    return _window(name, Cadence.WEEKLY, monday, monday + 6 * _DAY, zone)


def _window(name: str, cadence: Cadence, first: date, last: date, zone: tzinfo) -> Window:
    return Window(
        id=name,
        cadence=cadence,
        first=first,
        last=last,
        begin=start_of_day(first, zone),
        end=start_of_day(last + _DAY, zone),
    )


def closed(now: datetime, zone: tzinfo) -> Iterator[Window]:
    """Yield the windows that have closed by now and are not long gone, the oldest first."""
    today = now.astimezone(zone).date()
    for back in range(WEEKS, 0, -1):
        yield week_window(today - 7 * back * _DAY, zone)
    for back in range(DAYS, 0, -1):
        yield day_window(today - back * _DAY, zone)


def parse_window(name: str, zone: tzinfo) -> Window:
    """Return the window of an id. Raises ValueError for any other text."""
    cadence, _, when = name.partition("/")
    if cadence == Cadence.DAILY:
        found = day_window(date.fromisoformat(when), zone)
    elif cadence == Cadence.WEEKLY:
        year, _, week = when.partition("-W")
        found = week_window(date.fromisocalendar(int(year), int(week), 1), zone)
    else:
        raise ValueError(f"not a window: {name!r}")
    if found.id != name:
        raise ValueError(f"not a window: {name!r}")
    return found
