"""Values → the words and times a page shows: labels about data, never sentences about incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from firstword.model import Due

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

WORDS = {
    "investigating": "Investigating",
    "identified": "Cause found",
    "monitoring": "Watching",
    "resolved": "Resolved",
    "postmortem": "Explained",
    "scheduled": "Planned",
    "in_progress": "Under way",
    "verifying": "Checking",
    "completed": "Done",
    "cancelled": "Cancelled",
    "published": "Published",
    "done": "Done",
    "withdrawn": "Withdrawn",
    "update": "Update",
    "answer": "Answer",
    "correction": "Correction",
    "operational": "Works",
    "under_maintenance": "Under maintenance",
    "degraded_performance": "Works poorly",
    "partial_outage": "Partly down",
    "major_outage": "Down",
    "none": "No impact",
    "minor": "Minor",
    "major": "Major",
    "critical": "Critical",
    "incident": "Incident",
    "maintenance": "Maintenance",
    "notice": "Notice",
    "delay": "Delay",
    "safety": "Safety",
    "security": "Security",
    "reminder": "Reminder",
    "tip": "Tip",
    "pending": "still to come",
    "kept": "kept",
    "late": "late",
    "overdue": "overdue",
    "replaced": "replaced",
    "missed": "missed",
    "released": "no longer owed",
}

#: A kind as the heading of a list.
MANY = {"incident": "Incidents", "maintenance": "Maintenance", "notice": "Notices"}

#: The whole page in a word or two, for a badge. "None" claims nothing that nobody has looked at.
INDICATORS = {
    "none": "no problem reported",
    "maintenance": "under maintenance",
    "minor": "minor problem",
    "major": "major problem",
    "critical": "critical problem",
}
#: A component that is no longer listed, in a badge that somebody still shows.
RETIRED = "retired"
IMPORTED = "Imported; nobody signed it"


def state_sentence(titles: Sequence[str], quiet_since: datetime | None, zone: ZoneInfo) -> str:
    """Say how things stand, without a full stop: the worst open incident, by its own title, and how
    many more there are; with none, since when nobody has reported one."""
    if titles:
        more = len(titles) - 1
        noun = "problem is" if more == 1 else "problems are"
        return f"{titles[0]}, and {more} more {noun} open" if more else titles[0]
    if quiet_since:
        return f"No problem reported by us since {day_text(quiet_since.astimezone(zone).date())}"
    return "No problem reported by us"


def feed_title(name: str, form: str) -> str:
    """Name the feed of one part of the service, as a browser lists it."""
    return name if form == "atom" else f"{name} (RSS)"


def word(value: str, *, many: bool = False) -> str:
    """Return the label of a word of the file format; of a kind also as the heading of a list."""
    return MANY[str(value)] if many else WORDS[str(value)]


def day_text(day: date, *, weekday: bool = False, year: bool = True) -> str:
    """Spell a day: `Saturday 21 November 2026`, the weekday when asked, the year unless not."""
    text = f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")
    return f"{_DAYS[day.weekday()]} {text}" if weekday else text


def month_text(month: date) -> str:
    """Spell a month: `November 2026`."""
    return f"{_MONTHS[month.month - 1]} {month.year}"


def clock_text(at: datetime, zone: ZoneInfo) -> str:
    """Spell a time of day in the site's zone and in UTC: `10:00 CET (09:00 UTC)`."""
    local = at.astimezone(zone)
    utc = at.astimezone(UTC)
    if not local.utcoffset():
        return f"{utc:%H:%M} UTC"
    day = "" if local.date() == utc.date() else f"{utc.day} {_MONTHS[utc.month - 1][:3]}, "
    return f"{local:%H:%M} {zone_text(local)} ({day}{utc:%H:%M} UTC)"


def time_text(at: datetime, zone: ZoneInfo) -> str:
    """Spell an instant: `21 November 2026, 10:00 CET (09:00 UTC)`."""
    return f"{day_text(at.astimezone(zone).date())}, {clock_text(at, zone)}"


def near_text(at: datetime, near: datetime, zone: ZoneInfo) -> str:
    """Spell an instant beside another one: of the same day, only the time."""
    same = at.astimezone(zone).date() == near.astimezone(zone).date()
    return clock_text(at, zone) if same else time_text(at, zone)


def due_text(due: Due, zone: ZoneInfo, near: datetime | None = None) -> str:
    """Spell a promised instant, beside another one; where only a day was promised, only the day."""
    if due.whole_day:
        return day_text((due.at.astimezone(zone) - timedelta(seconds=1)).date())
    return near_text(due.at, near, zone) if near else time_text(due.at, zone)


def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))) if words else ""


def zone_text(local: datetime) -> str:
    """Name a local time's zone; zones without letters of their own show the offset."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{name}"


def duration_text(length: timedelta) -> str:
    """Spell a length of time in its two largest units: `4 h 58 min`."""
    minutes = max(0, int(length.total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [
        f"{count} {unit}"
        for count, unit in (
            (days, "day" if days == 1 else "days"),
            (hours, "h"),
            (minutes, "min"),
        )
        if count
    ]
    return " ".join(parts[:2]) or "under a minute"
