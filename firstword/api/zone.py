"""A time zone of Python's → the VTIMEZONE of a calendar (RFC 5545, 3.6.5).

icalendar makes these too, but dates the beginning of summer time by the clock after the change,
where the RFC asks for the one before: an hour too late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

_DAY = timedelta(days=1)


# The calendars of a site span a few times, and every story that has a time of its own has one.
@lru_cache(256)
def timezone(zone: ZoneInfo, first_year: int, last_year: int) -> bytes:
    """Return a zone as a calendar has it, with every change of its clocks in these years."""
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

    found = Timezone()
    found.add("tzid", zone.key)
    for change, walls in _onsets(zone, first_year, last_year).items():
        part = TimezoneDaylight() if change.summer else TimezoneStandard()
        part.add("dtstart", walls[0])
        if walls[1:]:
            part.add("rdate", list(walls[1:]))
        part.add("tzname", change.name)
        part.add("tzoffsetfrom", change.before)
        part.add("tzoffsetto", change.after)
        found.add_component(part)
    return bytes(found.to_ical())


class _Change(Struct, frozen=True):
    """One sort of change of the clocks."""

    before: timedelta
    after: timedelta
    name: str
    summer: bool


def _onsets(zone: ZoneInfo, first_year: int, last_year: int) -> dict[_Change, list[datetime]]:
    """Return when the clocks change, by the sort of change, in the wall time before it."""
    begin = datetime(first_year, 1, 1, tzinfo=UTC) - _DAY
    now = _offset(begin, zone)
    # How the clocks stood at first is a change from nothing.
    onsets = {_Change(now, now, _name(begin, zone), _is_summer(begin, zone)): [_wall(begin, now)]}
    for at in _changes(zone, begin, datetime(last_year + 1, 1, 1, tzinfo=UTC)):
        before, after = _offset(at - timedelta(seconds=1), zone), _offset(at, zone)
        change = _Change(before, after, _name(at, zone), _is_summer(at, zone))
        onsets.setdefault(change, []).append(_wall(at, before))
    return onsets


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants at which the clocks of a zone change, to the second."""
    day = begin
    while day < end:
        if _offset(day, zone) != _offset(day + _DAY, zone):
            low, high = day, day + _DAY
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if _offset(middle, zone) == _offset(low, zone):
                    low = middle
                else:
                    high = middle
            yield high
        day += _DAY


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _name(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).tzname() or zone.key


def _is_summer(at: datetime, zone: ZoneInfo) -> bool:
    return bool(at.astimezone(zone).dst())


def _wall(at: datetime, offset: timedelta) -> datetime:
    """Return what a clock at an offset shows."""
    return (at + offset).replace(tzinfo=None)
