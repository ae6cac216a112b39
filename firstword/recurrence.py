"""RFC 5545 recurrence rules of notices, in the site's wall time; dateutil does the arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset

_DAYS = "MO|TU|WE|TH|FR|SA|SU"
#: Part → what its value looks like. Read here because dateutil takes `BYMONTHDAY=0` for every day
#: and answers in the names of its own arguments. As texts: few builds look at a rule.
_PARTS = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,2}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "WKST": _DAYS,
    "BYDAY": rf"(([+-]?[1-5])?({_DAYS})(,(?!$)|$))+",
    "BYMONTH": r"(([1-9]|1[0-2])(,(?!$)|$))+",
    "BYMONTHDAY": r"([+-]?([1-9]|[12]\d|3[01])(,(?!$)|$))+",
    "BYYEARDAY": r"([+-]?[1-9]\d{0,2}(,(?!$)|$))+",
    "BYWEEKNO": r"([+-]?[1-9]\d?(,(?!$)|$))+",
    "BYSETPOS": r"([+-]?[1-9]\d{0,2}(,(?!$)|$))+",
    # One hour and one minute: nobody is reminded more than daily.
    "BYHOUR": r"1?\d|2[0-3]",
    "BYMINUTE": r"[1-5]?\d",
}
_SHAPE = r"[A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*"
_ANY_DAY = datetime.fromisoformat("2026-01-01")
#: Of each month of a leap year.
_MOST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = timedelta(days=1)
_UTC = ZoneInfo("UTC")
_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})


def why_not(rule: str) -> str:
    """Say why a rule cannot be used; empty when it can. `FREQ=WEEKLY;INTERVAL=2;BYDAY=TH`."""
    return next(_objections(rule), "")


def _objections(rule: str) -> Iterator[str]:
    """Yield what is wrong with a rule; only the first says for certain what to mend."""
    if not re.fullmatch(_SHAPE, rule):
        yield "write it like FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in rule.split(";"))]
    parts = dict(pairs)
    for name, value in pairs:
        if name == "FREQ" and value in _OFTEN:
            yield "nobody is reminded more than daily"
        if name not in _PARTS:
            yield f"{name!r} is not used here; parts are {', '.join(_PARTS)}"
        elif not re.fullmatch(_PARTS[name], value):
            yield f"{name} cannot be {value!r}"
    if len(parts) < len(pairs):
        yield "a part stands twice"
    if "FREQ" not in parts:
        yield "FREQ is missing: DAILY, WEEKLY, MONTHLY or YEARLY"
    if {"COUNT", "UNTIL"} <= set(parts):
        yield "it ends by COUNT or by UNTIL, not by both"
    if re.search(r"\d", parts.get("BYDAY", "")) and parts.get("FREQ") not in {
        "MONTHLY",
        "YEARLY",
    }:
        yield "a number before a day counts the days of a month or year: FREQ=MONTHLY;BYDAY=1TH"
    try:
        _end(parts.get("UNTIL", "20261231"), _UTC)
    except ValueError:
        yield f"UNTIL cannot be {parts['UNTIL']!r}"
    # When it ends plays no part in whether it can come at all.
    endless = ";".join(f"{n}={v}" for n, v in pairs if n not in {"COUNT", "UNTIL"})
    if _no_such_day(parts) or next(_instants(endless, _ANY_DAY, _ANY_DAY, _UTC), None) is None:
        yield "it never comes"


def _no_such_day(parts: dict[str, str]) -> bool:
    """Tell 30 February at once; dateutil looks for it until the year 9999."""
    days = [abs(int(day)) for day in parts.get("BYMONTHDAY", "1").split(",")]
    months = [int(month) for month in parts.get("BYMONTH", "1").split(",")]
    return min(days) > max(_MOST_DAYS[month - 1] for month in months)


def next_occurrence(rule: str, first: datetime, after: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first occurrence at or after an instant, in UTC; None when there is none left.

    The rule counts from `first` in the wall time of `zone`, so that nine o'clock stays nine
    o'clock when the clocks change. A time that is skipped then is read with the offset before,
    one that comes twice is the first (RFC 5545, 3.3.5).
    """
    # A day back: around a change of the clocks, wall times and instants are in different orders.
    start = _wall(first, zone)
    since = max(start, _wall(after, zone) - _DAY)
    return next((at for at in _instants(rule, start, since, zone) if at >= after), None)


def last_occurrence(rule: str, first: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the last occurrence at or before an instant, in UTC; None before the first."""
    start, end = _wall(first, zone), _wall(until, zone) + _DAY
    wall = _parsed(rule, start, zone).before(end, inc=True)
    while wall and (at := _instant(wall, zone)) > until:
        wall = _parsed(rule, start, zone).before(wall)
    return at if wall else None


def _instants(rule: str, start: datetime, since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield occurrences from a wall time on, a bounded number of them."""
    for wall in islice(_parsed(rule, start, zone).xafter(since, inc=True), 1000):
        yield _instant(wall, zone)


def _parsed(rule: str, start: datetime, zone: ZoneInfo) -> rruleset | rrule:
    """Return dateutil's reading of a rule, in naive wall times of a zone."""
    # Here and not above: most sites and most commands never meet a recurrence.
    from dateutil.rrule import rrulestr

    local = re.sub(r"(?<=UNTIL=)\w+", lambda m: f"{_end(m[0], zone):%Y%m%dT%H%M%S}", rule)
    return rrulestr(local, dtstart=start)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _end(text: str, zone: ZoneInfo) -> datetime:
    """Read UNTIL as a naive wall time; a day alone counts to its end, `Z` is UTC."""
    if len(text) == len("20261231"):
        return datetime.strptime(f"{text}T235959", "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall time
    end = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall time
    if text.endswith("Z"):
        return end.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None, fold=0)
    return end
