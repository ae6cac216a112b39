"""Times as people say them in a hurry: "30m", "in 2 hours", "10:30"; nothing is guessed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from firstword.model import Due
from firstword.parse import parse_time
from firstword.parse.times import parse_next

_PART = r"(\d{1,4}) ?(minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)"
_SPAN = re.compile(rf"{_PART}(?:(?:,? | and )?{_PART})?", re.ASCII | re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK = re.compile(r"\d:\d{2}", re.ASCII)
_DAY = re.compile(r"(today|tomorrow|yesterday)(?:,? (?:at )?(\d{1,2}:\d{2}))?", re.IGNORECASE)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


def parse_ahead(text: str, zone: tzinfo, after: datetime) -> Due:
    """Read a promised instant, said at `after`: a length of time, a time of day, a time or a day.

    A bare `HH:MM` is the next such time in `zone` strictly after `after`. Raises TimeProblem.
    """
    said = re.sub(r"^(?:in|by|at) ", "", " ".join(text.split()), flags=re.IGNORECASE)
    span = _span(said)
    if span:
        # A promise of the 31st second would read as one of the minute.
        return Due((after + span).replace(second=0, microsecond=0))
    said = _dated(said, zone, after)
    return Due(*parse_next(f"0{said}" if _CLOCK.fullmatch(said) else said, zone, after))


def parse_past(text: str, zone: tzinfo, now: datetime) -> datetime:
    """Read an instant that has passed: "now", "20m ago", the last such `HH:MM`, or a full time.

    Raises TimeProblem.
    """
    said = re.sub(r"^(?:since|at) ", "", " ".join(text.split()), flags=re.IGNORECASE)
    if said.casefold() == "now":
        return now
    span = _span(re.sub(r" ago$", "", said, flags=re.IGNORECASE))
    if span:
        return now - span
    if re.fullmatch(r"\d{1,2}:\d{2}", said, re.ASCII):
        today = parse_time(_dated(f"today {said}", zone, now), zone)
        return today if today <= now else parse_time(_dated(f"yesterday {said}", zone, now), zone)
    return parse_time(_dated(said, zone, now), zone)


def _span(text: str) -> timedelta | None:
    found = _SPAN.fullmatch(text)
    if not found:
        return None
    many, unit, more, smaller = found.groups()
    parts = [(many, unit), *([(more, smaller)] if more else [])]
    span = sum(
        (timedelta(**{_UNITS[unit[0].casefold()]: int(many)}) for many, unit in parts), timedelta()
    )
    return span or None


def _dated(text: str, zone: tzinfo, now: datetime) -> str:
    """Spell "tomorrow 9:00" as a day and a time of the file format; the rest as it is."""
    found = _DAY.fullmatch(text)
    if not found:
        return text
    day = now.astimezone(zone).date() + timedelta(days=_DAYS[found[1].casefold()])
    return f"{day} {found[2].zfill(5)}" if found[2] else f"{day}"
