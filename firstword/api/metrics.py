"""/metrics: how things stand in Prometheus' text format 0.0.4.

Instants are given as they are and never as "seconds since": the file does not grow old, and an
alert compares them with Prometheus' own clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from firstword.api.standing import Standing, newest_word, owed, standing
from firstword.clock import Clock
from firstword.model import ComponentStatus, Impact, Incident, Kind
from firstword.page import Indicator, PromiseKind, StatusPage, under_way

Labels = dict[str, str]
Sample = tuple[Labels, float]


def metrics(status: StatusPage, clock: Clock) -> bytes:
    """Return every metric of the page."""
    now = standing(status, clock)
    lines = [line for family in _families(status, now, clock) for line in family]
    return ("\n".join(lines) + "\n").encode()


def _families(status: StatusPage, now: Standing, clock: Clock) -> Iterator[Iterator[str]]:
    yield _gauge(
        "page_indicator",
        "How the page stands: 1 on the word that holds, 0 on the others.",
        (({"indicator": str(i)}, float(i is now.indicator)) for i in Indicator),
    )
    yield _gauge(
        "component_status",
        "State of each component: 1 on the word that holds, 0 on the others.",
        _component_states(now),
    )
    yield _gauge(
        "open_incidents",
        "Open incidents by impact.",
        (
            ({"impact": str(impact)}, float(sum(i.impact is impact for i in now.incidents)))
            for impact in Impact
        ),
    )
    yield from _incidents(status, now)
    yield from _maintenance(status, clock)
    told = next(newest_word(status, *Kind), None)
    yield _gauge(
        "last_update_timestamp_seconds",
        "When the newest update of the page was signed.",
        [({}, _seconds(told.updated_at))] if told else [],
    )


def _component_states(now: Standing) -> Iterator[Sample]:
    for state in now.components:
        component = state.component
        named = {"component": component.id, "name": component.name, "group": component.group}
        for value in ComponentStatus:
            yield {**named, "status": str(value)}, float(value is state.status)


def _incidents(status: StatusPage, now: Standing) -> Iterator[Iterator[str]]:
    yield _gauge(
        "incident_started_timestamp_seconds",
        "When an open incident began.",
        ((_story(i), _seconds(i.started_at)) for i in now.incidents),
    )
    yield _gauge(
        "incident_updated_timestamp_seconds",
        "When the newest update of an open incident was signed.",
        ((_story(i), _seconds(i.updated_at)) for i in now.incidents),
    )
    promised = [(i, owed(status, i, PromiseKind.NEXT)) for i in now.incidents]
    yield _gauge(
        "incident_next_update_timestamp_seconds",
        "By when the next update of an open incident was promised.",
        ((_story(i), _seconds(due.at)) for i, due in promised if due),
    )
    expected = [(i, owed(status, i, PromiseKind.EXPECTED)) for i in now.incidents]
    yield _gauge(
        "incident_expected_timestamp_seconds",
        "By when an open incident is expected to be over.",
        ((_story(i), _seconds(due.at)) for i, due in expected if due),
    )


def _maintenance(status: StatusPage, clock: Clock) -> Iterator[Iterator[str]]:
    planned = [i for i in status.open_maintenance if not i.drill]
    yield _gauge(
        "maintenance_under_way",
        "Whether a maintenance that nobody has ended is going on, by the plan or by a signature.",
        ((_story(i), float(under_way(i, clock))) for i in planned),
    )
    for name, what in (("scheduled_for", "start"), ("scheduled_until", "end")):
        times = [(i, getattr(i.facts, name)) for i in planned]
        yield _gauge(
            f"maintenance_{what}_timestamp_seconds",
            f"Planned {what} of a maintenance that nobody has ended.",
            ((_story(i), _seconds(at)) for i, at in times if at),
        )


def _story(incident: Incident) -> Labels:
    return {"id": incident.id, "title": incident.title, "status": str(incident.status)}


def _seconds(at: datetime) -> float:
    return at.timestamp()


def _gauge(name: str, what: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield a metric's lines; HELP and TYPE are there also when there is nothing to count."""
    yield f"# HELP firstword_{name} {_escaped(what, quotes=False)}"
    yield f"# TYPE firstword_{name} gauge"
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield (
            f"firstword_{name}{{{inside}}} {value:.0f}"
            if inside
            else (f"firstword_{name} {value:.0f}")
        )


def _escaped(text: str, *, quotes: bool = True) -> str:
    clean = text.replace("\\", "\\\\").replace("\n", "\\n")
    return clean.replace('"', '\\"') if quotes else clean
