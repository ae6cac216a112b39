"""When a maintenance, or something that repeats, stands in a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firstword.model import Incident, Kind, Status
from firstword.patterns import later
from firstword.recurrence import next_occurrence

#: It will not take place.
OFF = frozenset({Status.CANCELLED, Status.WITHDRAWN})

_UNTIL = later(r"UNTIL=(\d{8})")


def begins(incident: Incident, zone: ZoneInfo) -> datetime | None:
    """Return when an event begins, the first time if it repeats, in UTC; None where none does."""
    if incident.kind is Kind.MAINTENANCE:
        return incident.facts.scheduled_for
    if not incident.repeats:
        return None
    # What begins on a day that its own rule leaves out would come on that day all the same
    # (RFC 5545, 3.8.5.3).
    first = next_occurrence(incident.repeats, incident.started_at, incident.started_at, zone)
    limit = repeats_until(incident)
    return None if first and limit and first > limit else first


def repeats_until(incident: Incident) -> datetime | None:
    """Return an instant after which nothing repeats any more; None where only a count ends it."""
    ends = [incident.facts.until.at] if incident.facts.until else []
    if incident.ended_at and incident.status not in OFF:
        ends.append(incident.ended_at)
    if found := _UNTIL.search(incident.repeats):
        # Roughly, and late: the rule itself knows when it ends.
        day = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)
        ends.append(day + timedelta(days=3))
    return min(ends, default=None)
