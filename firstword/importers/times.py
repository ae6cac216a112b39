"""Foreign times, read to the second, and what has to be said about one story on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from firstword.importers.report import LeftOut, Repair
from firstword.parse import parse_time
from firstword.values import replace

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]| +)(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?"
    r"\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?(?:\s*(UT|[A-Z]{3,5}))?)?",
    re.ASCII,
)
_NAME_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}(?::\d{2})?"
    r" ([+-]\d{4}|Z|UT|[A-Z]{3,5})",
    re.ASCII,
)
#: Zones by name, in hours from UTC: those of a mail's header (RFC 5322), UTC, and Central Europe's.
_HOURS = {"Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "CET": 1, "CEST": 2}
_HOURS |= {"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}


@dataclass(slots=True, kw_only=True)
class Log:
    """What has to be said about one story."""

    zone: tzinfo
    repairs: list[Repair] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    #: How many times had no zone.
    zoneless: int = 0

    def repair(self, what: str, before: str, after: str, why: str, kind: str = "") -> None:
        """Note a value that could not stay as it was; `kind` is what the totals count it as."""
        self.repairs.append(Repair(what, before, after, why, kind))

    def time(self, what: str, text: str) -> When:
        """Read a time and note what was assumed. Raises BadTime."""
        when = read_time(text, self.zone)
        self.zoneless += when.zoneless
        if when.repaired:
            self.repair(what, text, utc(when.at), when.repaired)
        return when


class BadTime(ValueError):
    """A time that cannot be read."""


@dataclass(frozen=True, slots=True)
class When:
    """A time as it was written: the instant, the day it names, and what had to be assumed."""

    at: datetime
    day: date
    zoneless: bool = False
    #: Why the instant is not simply what stands there.
    repaired: str = ""


def day_in(name: str) -> str:
    """Return the day that a file's name begins with, as it is typed there; empty for none."""
    found = _NAME_DAY.match(name)
    return found[0] if found else ""


def read_time(text: str, zone: tzinfo) -> When:
    """Read an ISO time, or one of a mail's header, to the second. Raises BadTime."""
    text = text.strip()
    found = _ISO.fullmatch(text) if len(text) <= 80 else None
    try:
        if found:
            when = _iso(found, zone)
        elif named := _MAIL.fullmatch(text):
            wall = parsedate_to_datetime(text)
            if named[1].isalpha():
                when = _named(wall.replace(tzinfo=None), named[1], zone)
            else:
                when = When((wall if wall.tzinfo else wall.replace(tzinfo=UTC)), wall.date())
        else:
            raise BadTime(f"not a time: {text[:80]!r}")
        # The judge of what a page can be about is the parser.
        at = parse_time(f"{when.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z", UTC)
    except (ValueError, OverflowError) as error:
        raise BadTime(str(error)) from error
    return replace(when, at=at)


def _iso(found: re.Match[str], zone: tzinfo) -> When:
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in found.group(4, 5, 6))
    wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - placed below
    odd = "the hour has three digits" if found[4] and len(found[4]) > 2 else ""
    if found[7]:
        # A name behind it, as Go writes times, only says it again.
        return When(wall.replace(tzinfo=_offset(found[7])), wall.date(), repaired=odd)
    when = _named(wall, found[8], zone) if found[8] else _local(wall, zone)
    return replace(when, repaired=when.repaired or odd)


def _named(wall: datetime, name: str, zone: tzinfo) -> When:
    """Place a time that names its zone; one that nobody knows is read as one without."""
    if name in _HOURS:
        return When(wall.replace(tzinfo=timezone(timedelta(hours=_HOURS[name]))), wall.date())
    found = _local(wall, zone)
    why = f"zone {name!r} unknown, read as {zone}"
    why = f"{why}; {found.repaired}" if found.repaired else why
    return replace(found, zoneless=False, repaired=why)


def _local(wall: datetime, zone: tzinfo) -> When:
    """Place a time that says nothing of its zone."""
    odd = ""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early != late:
        odd = f"it does not exist or happens twice in {zone}; read with the earlier offset"
    return When(early, wall.date(), zoneless=True, repaired=odd)


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if int(digits[2:]) > 59 or minutes > 14 * 60:
        raise BadTime(f"no such offset from UTC: {text!r}")
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def utc(at: datetime) -> str:
    """Spell an instant for the report."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
