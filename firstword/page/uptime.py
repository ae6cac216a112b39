"""A component's last 90 days, from what people said of it: the rule is in docs/uptime.md.

Only partial and major outages count as time down. Planned maintenance and poor performance are
shown and do not count. An incident that is still open counts up to its newest word or up to the
start of today, whichever is later: the figures change with content and with the day, never by the
second. Today has a row for it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import ENDINGS, UNDER_WAY, ComponentStatus, Incident, Kind, Moment
from firstword.page.components import under_way
from firstword.parse.times import end_of_day, start_of_day

DAYS = 90

_NEVER = timedelta()
_DOWN = frozenset({ComponentStatus.PARTIAL_OUTAGE, ComponentStatus.MAJOR_OUTAGE})


class Stretch(Struct, frozen=True):
    """A time during which one story held a component in one state."""

    start: datetime
    end: datetime
    status: ComponentStatus
    incident: Incident
    #: It goes on; `end` is only how far it is counted.
    open: bool = False


class ComponentDay(Struct, frozen=True):
    """One day of a component: the worst state of it, how long it was down, and by what."""

    day: date
    status: ComponentStatus
    down: timedelta
    incidents: tuple[Incident, ...]
    #: A story still goes on, so `down` is not the last word.
    open: bool = False

    @property
    def is_down(self) -> bool:
        """Whether the worst state of the day counts as down."""
        return self.status in _DOWN


class Uptime(Struct, frozen=True):
    """A component's days, oldest first, and the share of their time that it was not down."""

    days: tuple[ComponentDay, ...]
    share: float

    @property
    def noted(self) -> tuple[ComponentDay, ...]:
        """Return the days on which something was reported, newest first."""
        return tuple(day for day in reversed(self.days) if day.incidents)


def uptime(
    component: str,
    incidents: Iterable[Incident],
    clock: Clock,
    zone: tzinfo,
    days: int = DAYS,
    *,
    since: date | None = None,
) -> Uptime:
    """Return the last days of a component, today included; times of day are the site's.

    `since` is the day of the site's first word. Of the days before it nobody knows anything, unless
    a story that was told later reaches back to them.
    """
    today = clock.today(zone)
    first = today - timedelta(days=days - 1)
    begin, now = start_of_day(first, zone), start_of_day(today, zone)
    stretches = [
        stretch
        for incident in incidents
        for stretch in _stretches(incident, component, now, clock)
        if stretch.end > begin and stretch.start <= clock.now
    ]
    if since is not None:
        told = [since, *(stretch.start.astimezone(zone).date() for stretch in stretches)]
        first = min(max(first, min(told)), today)
        begin, days = start_of_day(first, zone), (today - first).days + 1
    touching = _by_day(stretches, first, today, zone)
    shown = []
    for back in range(days):
        day = first + timedelta(days=back)
        there = touching.get(day, [])
        shown.append(
            ComponentDay(
                day,
                max(
                    (s.status for s in there),
                    key=lambda status: status.severity,
                    default=ComponentStatus.OPERATIONAL,
                ),
                _down(there, start_of_day(day, zone), end_of_day(day, zone)) if there else _NEVER,
                tuple({s.incident.id: s.incident for s in there}.values()),
                open=any(s.open for s in there) and day == today,
            )
        )
    whole = end_of_day(today, zone) - begin
    down = sum((day.down for day in shown), _NEVER)
    return Uptime(tuple(shown), 1 - down / whole)


def _by_day(
    stretches: Iterable[Stretch], first: date, today: date, zone: tzinfo
) -> dict[date, list[Stretch]]:
    """Return the stretches of each day that has any; of today, those that go on come last."""
    found: dict[date, list[Stretch]] = {}
    going_on = []
    for stretch in stretches:
        if stretch.open:
            going_on.append(stretch)
        day = max(stretch.start.astimezone(zone).date(), first)
        while day <= today and start_of_day(day, zone) < stretch.end:
            if end_of_day(day, zone) > stretch.start and not (stretch.open and day == today):
                found.setdefault(day, []).append(stretch)
            day += timedelta(days=1)
    if going_on:
        found.setdefault(today, []).extend(going_on)
    return found


def _stretches(
    incident: Incident, component: str, now: datetime, clock: Clock
) -> Iterator[Stretch]:
    """Yield how a story held a component, moment by moment."""
    if component not in incident.now_holds.components or incident.withdrawn or incident.drill:
        return
    if incident.kind is Kind.MAINTENANCE:
        yield from _window(incident, now, clock)
        return
    end = incident.ended_at or max(incident.updated_at, now)
    timeline = incident.timeline
    instants = [incident.started_at, *(m.update.at for m in timeline[1:]), end]
    for index, (since, until) in enumerate(pairwise(instants)):
        moment = timeline[index]
        status = moment.component_states.get(component, ComponentStatus.OPERATIONAL)
        # The stated end comes before the word of it.
        until = min(until, end, _next_end(timeline[index + 1 :]) or end)  # noqa: PLW2901
        goes_on = incident.is_open and moment is timeline[-1]
        if status is not ComponentStatus.OPERATIONAL and (since < until or goes_on):
            yield Stretch(since, until, status, incident, goes_on)


def _next_end(later: Iterable[Moment]) -> datetime | None:
    """Return the first end among later moments, as it was stated."""
    return next(
        (m.says.ended or m.update.at for m in later if m.update.status in ENDINGS),
        None,
    )


def _window(incident: Incident, now: datetime, clock: Clock) -> Iterator[Stretch]:
    start, end = incident.facts.scheduled_for, incident.facts.scheduled_until
    if start is None or end is None:
        return
    goes_on = under_way(incident, clock)
    begun = [u.at for u in incident.updates if u.status in UNDER_WAY]
    start = min(start, *begun) if begun else start
    end = incident.ended_at or (max(end, now) if goes_on else end)
    if start < end:
        yield Stretch(start, end, ComponentStatus.UNDER_MAINTENANCE, incident, goes_on)


def _down(stretches: Iterable[Stretch], start: datetime, end: datetime) -> timedelta:
    """Return how long of a day a component was down; two outages at once count once."""
    down = timedelta()
    reached = start
    for stretch in sorted(stretches, key=lambda s: s.start):
        if stretch.status in _DOWN:
            since, until = max(stretch.start, reached), min(stretch.end, end)
            if since < until:
                down += until - since
                reached = until
    return down
