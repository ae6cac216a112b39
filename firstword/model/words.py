"""The closed vocabularies of the file format; check, docs and API derive from these lists."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a file tells of."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    NOTICE = "notice"


class Impact(StrEnum):
    """How bad it is for the people affected. Compare `severity`: the text sorts alphabetically."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def severity(self) -> int:
        """0 (none) to 3 (critical)."""
        return _IMPACTS[self]

    @property
    def component_status(self) -> ComponentStatus:
        """What a component named without a status is in, at this impact (design §2)."""
        return _STATUS_OF_IMPACT[self]


class ComponentStatus(StrEnum):
    """State of one component, best first: the order is the severity."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"

    @property
    def severity(self) -> int:
        """0 (operational) to 4; maintenance is the lowest that is not operational."""
        return _STATES[self]


_IMPACTS = {impact: number for number, impact in enumerate(Impact)}
_STATES = {state: number for number, state in enumerate(ComponentStatus)}
_STATUS_OF_IMPACT = {
    Impact.NONE: ComponentStatus.OPERATIONAL,
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}


class About(StrEnum):
    """What a notice is about."""

    DELAY = "delay"
    SAFETY = "safety"
    SECURITY = "security"
    REMINDER = "reminder"
    TIP = "tip"


class Status(StrEnum):
    """What an update says of the whole: where things stand, or that they stand as they did."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    PUBLISHED = "published"
    DONE = "done"

    WITHDRAWN = "withdrawn"

    UPDATE = "update"
    ANSWER = "answer"
    CORRECTION = "correction"


#: The statuses that move a kind, in the order a life usually takes them.
LIFECYCLE: dict[Kind, tuple[Status, ...]] = {
    Kind.INCIDENT: (
        Status.INVESTIGATING,
        Status.IDENTIFIED,
        Status.MONITORING,
        Status.RESOLVED,
        Status.POSTMORTEM,
        Status.WITHDRAWN,
    ),
    Kind.MAINTENANCE: (
        Status.SCHEDULED,
        Status.IN_PROGRESS,
        Status.VERIFYING,
        Status.COMPLETED,
        Status.CANCELLED,
        Status.WITHDRAWN,
    ),
    Kind.NOTICE: (Status.PUBLISHED, Status.DONE, Status.WITHDRAWN),
}

#: The statuses that keep the status held before.
HOLDING = frozenset({Status.UPDATE, Status.ANSWER, Status.CORRECTION})

#: The statuses by which a signature says that a maintenance goes on, whatever the plan said.
UNDER_WAY = frozenset({Status.IN_PROGRESS, Status.VERIFYING})

#: The statuses after which nothing is open any more.
ENDINGS = frozenset(
    {
        Status.RESOLVED,
        Status.POSTMORTEM,
        Status.COMPLETED,
        Status.CANCELLED,
        Status.WITHDRAWN,
        Status.DONE,
    }
)
