"""A component's last 90 days, from what people said of it: the rule is in docs/uptime.md.

Only partial and major outages count as time down. Planned maintenance and poor performance are
shown and do not count. An incident that is still open counts up to its newest word or up to the
start of today, whichever is later: the figures change with content and with the day, never by the
second. Today has a row for it all the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import chain, pairwise

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import ENDINGS, UNDER_WAY, ComponentStatus, Incident, Kind, Moment
from firstword.page.components import under_way
from firstword.page.lines import Line
from firstword.parse.times import start_of_day

DAYS = 90

_NEVER = timedelta()
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_DOWN = frozenset({ComponentStatus.PARTIAL_OUTAGE, ComponentStatus.MAJOR_OUTAGE})


class Stretch(Struct, frozen=True, array_like=True):
    """A time during which one story held a component in one state."""

    start: datetime
    end: datetime
    status: ComponentStatus
    #: The story's id, and how lists name it.
    story: str
    line: Line
    #: It goes on; `end` is only how far it is counted.
    open: bool = False


class ComponentDay(Struct, frozen=True):
    """One day of a component: the worst state of it, how long it was down, and by what."""

    day: date
    status: ComponentStatus
    down: timedelta
    incidents: tuple[Line, ...]
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
    over: Iterable[Stretch] = (),
) -> Uptime:
    """Return the last days of a component, today included; times of day are the site's.

    `since` is the day of the site's first word. Of the days before it nobody knows anything, unless
    a story that was told later reaches back to them. `over` is what other stories came to, of which
    that is known.
    """
    today = clock.today(zone)
    first = today - timedelta(days=days - 1)
    begin, now = start_of_day(first, zone), start_of_day(today, zone)
    going_on = (_stretches(incident, component, now, clock) for incident in incidents)
    stretches = [
        stretch
        for stretch in chain(over, *going_on)
        if stretch.end > begin and stretch.start <= clock.now
    ]
    # The newest story first, as lists have them.
    stretches.sort(key=lambda s: (s.line.started_at, s.story), reverse=True)
    if since is not None and since > first:
        told = [since, *(stretch.start.astimezone(zone).date() for stretch in stretches)]
        first = min(max(first, min(told)), today)
        days = (today - first).days + 1
    starts = [start_of_day(first + timedelta(days=back), zone) for back in range(days + 1)]
    shown = []
    for back, there in enumerate(_by_day(stretches, starts)):
        shown.append(
            ComponentDay(
                first + timedelta(days=back),
                max(
                    (s.status for s in there),
                    key=lambda status: status.severity,
                    default=ComponentStatus.OPERATIONAL,
                ),
                _down(there, starts[back], starts[back + 1]) if there else _NEVER,
                tuple({s.story: s.line for s in there}.values()),
                open=back == days - 1 and any(s.open for s in there),
            )
        )
    down = sum((day.down for day in shown), _NEVER)
    return Uptime(tuple(shown), 1 - down / (starts[-1] - starts[0]))


def stretches_over(component: str, incidents: Iterable[Incident]) -> Iterator[Stretch]:
    """Yield how stories held a component that are over, which no clock changes any more."""
    for incident in incidents:
        yield from _stretches(incident, component, _NO_TIME, Clock(_NO_TIME))


def _by_day(stretches: Iterable[Stretch], starts: list[datetime]) -> list[list[Stretch]]:
    """Return the stretches of each day, by where days begin and the last of them ends.

    On that one, today, those that go on come last.
    """
    found: list[list[Stretch]] = [[] for _ in starts[1:]]
    going_on = []
    for stretch in stretches:
        if stretch.open:
            going_on.append(stretch)
        begin = max(bisect_right(starts, stretch.start) - 1, 0)
        end = min(bisect_left(starts, stretch.end), len(found) - stretch.open)
        for back in range(begin, end):
            found[back].append(stretch)
    found[-1].extend(going_on)
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
            yield Stretch(since, until, status, incident.id, Line.of(incident), goes_on)


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
        status, line = ComponentStatus.UNDER_MAINTENANCE, Line.of(incident)
        yield Stretch(start, end, status, incident.id, line, goes_on)


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
