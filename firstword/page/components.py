"""What state every component is in, from what people said and, for maintenance, the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import UNDER_WAY, Component, ComponentStatus, Incident, Kind
from firstword.page.lines import Line


class ComponentState(Struct, frozen=True):
    """One component's state and the stories that hold it there, as lists name them, worst first."""

    component: Component
    status: ComponentStatus
    because: tuple[Line, ...]


def component_states(
    components: Mapping[str, Component], incidents: Iterable[Incident], clock: Clock
) -> tuple[ComponentState, ...]:
    """Return the state of every listed component. The worst of several stories holds."""
    held: dict[str, list[tuple[ComponentStatus, Incident]]] = {}
    for incident in incidents:
        for name, status in states_from(incident, clock).items():
            if status is not ComponentStatus.OPERATIONAL:
                held.setdefault(name, []).append((status, incident))
    states = []
    for component in components.values():
        reasons = sorted(held.get(component.id, ()), key=lambda r: (-r[0].severity, r[1].id))
        if component.retired and not reasons:
            continue
        states.append(
            ComponentState(
                component,
                reasons[0][0] if reasons else ComponentStatus.OPERATIONAL,
                tuple(Line.of(incident) for _, incident in reasons),
            )
        )
    return tuple(states)


def states_from(incident: Incident, clock: Clock) -> dict[str, ComponentStatus]:
    """Return what one story says of components now; nothing once it has ended."""
    if not incident.is_open or incident.drill or not matters(incident, clock):
        return {}
    if incident.kind is not Kind.MAINTENANCE:
        return incident.now_holds.component_states
    if not under_way(incident, clock):
        return {}
    return {
        name: given or ComponentStatus.UNDER_MAINTENANCE
        for name, given in incident.now_holds.components.items()
    }


def matters(incident: Incident, clock: Clock) -> bool:
    """Tell whether a story's time has not run out; only a notice says until when it matters."""
    until = incident.facts.until
    return until is None or not clock.passed(until.at)


def under_way(incident: Incident, clock: Clock) -> bool:
    """Tell whether a maintenance moves its components now.

    The clock opens and closes the planned window; a signed `in_progress` or `verifying` holds
    beyond it, until a signature ends it.
    """
    if not incident.is_open:
        return False
    if incident.status in UNDER_WAY:
        return True
    start, end = incident.facts.scheduled_for, incident.facts.scheduled_until
    if start is None or end is None or not clock.passed(start):
        return False
    return not clock.passed(end)
