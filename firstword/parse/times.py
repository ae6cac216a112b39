"""Times as people write them → instants in UTC; nothing is guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from firstword.parse.findings import Rule, shown
from firstword.patterns import later

_TIME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[ T](?P<time>\d{2}:\d{2}(?::\d{2})?)"
    r"(?: ?(?P<zone>Z|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = re.compile(r"\d{2}:\d{2}", re.ASCII)
_SPAN = later(r"([1-9]\d{0,3}) ?(minutes?|min|m|hours?|h|days?|d|weeks?|w)", re.ASCII)
#: What a page of this century can be about; also keeps zone arithmetic away from year 1 and 9999.
_YEARS = range(1990, 2200)
_DAY = timedelta(days=1)


class TimeProblem(ValueError):
    """A time that cannot be read; `rule` says which rule it breaks."""

    def __init__(self, rule: Rule, message: str) -> None:
        self.rule: Rule = rule
        super().__init__(message)


def parse_time(text: str, zone: tzinfo) -> datetime:
    """Read `YYYY-MM-DD HH:MM[:SS]`, with an offset or Z or else in `zone`, as UTC.

    Raises TimeProblem, also for a wall time that does not exist or happens twice in `zone`.
    """
    return _time(text, zone, "'YYYY-MM-DD HH:MM'")


def parse_day(text: str) -> date:
    """Read `YYYY-MM-DD`. Raises TimeProblem."""
    day = _clean(text)
    if not _DATE.fullmatch(day):
        better = _respelled(day).partition(" ")[0]
        raise TimeProblem("time", f"not a day: {shown(text)}; write {better or 'YYYY-MM-DD'!r}")
    return _date(day, text)


def parse_due(text: str, zone: tzinfo) -> tuple[datetime, bool]:
    """Read a promised instant: a time, or a day, which then ends at midnight in `zone`.

    Returns the instant in UTC and whether only a day was promised. Raises TimeProblem.
    """
    return _due(text, zone, "'YYYY-MM-DD HH:MM' or 'YYYY-MM-DD'")


def parse_next(text: str, zone: tzinfo, after: datetime) -> tuple[datetime, bool]:
    """Read when the next word comes: a bare `HH:MM` is the next such time strictly after `after`.

    Raises TimeProblem, also when that time does not exist or could be either of two.
    """
    if not _CLOCK.fullmatch(_clean(text)):
        return _due(text, zone, "'HH:MM', 'YYYY-MM-DD HH:MM' or 'YYYY-MM-DD'")
    clock = _clock(_clean(text), text)
    here = after.astimezone(zone).replace(tzinfo=None)
    today = datetime.combine(here.date(), clock)
    early, late = _readings(today, zone)
    if early < late:
        to_come = [at for at in (early, late) if at > after]
        if len(to_come) == 1:
            return to_come[0], False
        passed = not to_come
    elif early == late:
        if early > after:
            return early, False
        passed = True
    else:
        passed = today <= here  # a time that the clocks skip has passed when they show a later one
    return _in_zone(today + _DAY if passed else today, zone, text), False


def parse_span(text: str) -> timedelta:
    """Read how long before: `30 minutes`, `2 hours`, `1 day`, `1 week`. Raises TimeProblem."""
    found = _SPAN.fullmatch(_clean(text))
    if not found:
        raise TimeProblem(
            "span",
            f"not a length of time: {shown(text)}; write '1 day', '2 hours' or '30 minutes'",
        )
    unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[found[2][0]]
    return timedelta(**{unit: int(found[1])})


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the instant in UTC at which a day of the site ends."""
    return start_of_day(day + _DAY, zone)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first instant in UTC of a day of the site, also where midnight is skipped."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return midnight.astimezone(UTC)


def _clean(text: str) -> str:
    """Return a text with every run of spaces, non-breaking ones too, as one plain space."""
    return " ".join(text.split())


def _due(text: str, zone: tzinfo, forms: str) -> tuple[datetime, bool]:
    if ":" not in text and _DATE.fullmatch(_clean(text)):
        return end_of_day(parse_day(text), zone), True
    return _time(text, zone, forms), False


def _time(text: str, zone: tzinfo, forms: str) -> datetime:
    found = _TIME.fullmatch(text) or _TIME.fullmatch(_clean(text))
    if not found:
        raise TimeProblem("time", f"not a time: {shown(text)}; {_advice(_clean(text), forms)}")
    day, clock, offset = found.groups()
    wall = _wall(day, clock, text)
    if offset is None:
        return _in_zone(wall, zone, text)
    return wall.replace(tzinfo=_offset(offset, text)).astimezone(UTC)


def _wall(day: str, clock: str, whole: str) -> datetime:
    try:
        wall = datetime.fromisoformat(f"{day} {clock}")
        # Newer Pythons read 24:00 as midnight, of which day is anybody's guess.
        if wall.year in _YEARS and clock[:2] != "24":
            return wall
    except ValueError:
        pass
    # Piece by piece, which takes longer, and tells what is wrong.
    return datetime.combine(_date(day, whole), _clock(clock, whole))


def _respelled(text: str) -> str:
    # Here and not above: few times are misspelled.
    from firstword.parse.respell import respell

    return respell(text)


def _advice(text: str, forms: str) -> str:
    """Say how to write it: with the very time in it where what was meant is clear."""
    better = _respelled(text)
    fits = (
        _TIME.fullmatch(better)
        or ("'HH:MM'" in forms and _CLOCK.fullmatch(better))
        or ("'YYYY-MM-DD'" in forms and _DATE.fullmatch(better))
    )
    if fits:
        return f"write {better!r}"
    if better:
        return f"write {forms} (the {'hour' if _DATE.fullmatch(better) else 'day'} is missing)"
    if re.search(r"\d[ (]*[A-Z]{3,5}\)?$", text):
        return f"write {forms}, with an offset such as '+01:00' instead of a zone's name"
    return f"write {forms}"


def _date(text: str, whole: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise TimeProblem("time", f"no such day: {shown(whole)}") from None
    if day.year not in _YEARS:
        raise TimeProblem(
            "time",
            f"year out of range: {shown(whole)}; {_YEARS.start} to {_YEARS.stop - 1} can be used",
        )
    return day


def _clock(text: str, whole: str) -> time:
    # Not time.fromisoformat, because of 24:00.
    try:
        return time(int(text[:2]), int(text[3:5]), int(text[6:8] or 0))
    except ValueError:
        raise TimeProblem("time", f"no such time of day: {shown(whole)}") from None


def _offset(text: str, whole: str) -> tzinfo:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if int(text[-2:]) > 59 or minutes > 14 * 60:
        raise TimeProblem("time", f"no such offset from UTC: {shown(whole)}")
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def _readings(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return a wall time read before and after a change of the clocks; mostly they are one.

    The second is the earlier one where the clocks skip the time.
    """
    placed = wall.replace(tzinfo=zone)
    early, again = placed.astimezone(UTC), placed.replace(fold=1)
    if again.utcoffset() == placed.utcoffset():
        return early, early
    return early, again.astimezone(UTC)


def _in_zone(wall: datetime, zone: tzinfo, text: str) -> datetime:
    """Place a wall time in a zone; both readings are shown where there is not exactly one."""
    early, late = _readings(wall, zone)
    if early == late:
        return early
    readings = " or ".join(
        repr(instant.astimezone(zone).isoformat(" ", "seconds" if wall.second else "minutes"))
        for instant in sorted((early, late))
    )
    if early > late:
        raise TimeProblem(
            "time-gap",
            f"{shown(text)} does not exist in {zone}: the clocks go forward then; write {readings}",
        )
    raise TimeProblem(
        "time-twice",
        f"{shown(text)} happens twice in {zone}: the clocks go back then; write {readings}",
    )
