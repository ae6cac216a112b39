"""How bad things are, in a word: of the whole page, of one story, of one component."""

from __future__ import annotations

from enum import StrEnum

from firstword.clock import Clock
from firstword.model import ComponentStatus, Impact, Incident, Kind
from firstword.page.components import under_way
from firstword.page.status import StatusPage


class Indicator(StrEnum):
    """The whole page in a word, best first."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def severity(self) -> int:
        """0 (none) to 4 (critical)."""
        return list(Indicator).index(self)


BY_IMPACT = {
    Impact.NONE: Indicator.NONE,
    Impact.MINOR: Indicator.MINOR,
    Impact.MAJOR: Indicator.MAJOR,
    Impact.CRITICAL: Indicator.CRITICAL,
}
BY_COMPONENT = {
    ComponentStatus.OPERATIONAL: Indicator.NONE,
    ComponentStatus.UNDER_MAINTENANCE: Indicator.MAINTENANCE,
    ComponentStatus.DEGRADED_PERFORMANCE: Indicator.MINOR,
    ComponentStatus.PARTIAL_OUTAGE: Indicator.MAJOR,
    ComponentStatus.MAJOR_OUTAGE: Indicator.CRITICAL,
}


def page_indicator(status: StatusPage, clock: Clock) -> Indicator:
    """Return the worst of open incidents' impacts, of components' states and of maintenance under
    way. Drills play no part."""
    levels = [
        *(BY_IMPACT[i.impact] for i in status.open_incidents if not i.drill),
        *(BY_COMPONENT[state.status] for state in status.components(clock)),
        *(Indicator.MAINTENANCE for i in status.maintenance_now(clock) if not i.drill),
    ]
    return max(levels, key=lambda level: level.severity, default=Indicator.NONE)


def story_indicator(incident: Incident, clock: Clock) -> Indicator | None:
    """Return how bad one story is now; None where there is nothing to fear, or no longer."""
    if not incident.is_open or incident.drill:
        return None
    if incident.kind is Kind.INCIDENT:
        return BY_IMPACT[incident.impact]
    return Indicator.MAINTENANCE if under_way(incident, clock) else None
