"""All stories of a site, arranged as its pages ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial

import msgspec
from msgspec import Struct

from firstword.clock import Clock
from firstword.model import Component, Impact, Incident, Kind, Site, Update
from firstword.page.components import ComponentState, component_states, matters, under_way
from firstword.page.lines import Line
from firstword.page.marks import marks
from firstword.page.pieces import Pieces, Unkept
from firstword.page.promises import Promise, promises
from firstword.page.records import Records
from firstword.page.spans import lasted, spans
from firstword.page.stories import Order, Row, Stories, Wanted, Words
from firstword.page.uptime import DAYS, Stretch, Uptime, stretches_over, uptime
from firstword.parse.times import start_of_day
from firstword.recurrence import last_occurrence, next_occurrence

#: How far back the home page goes, a line a day.
RECENT_DAYS = 14
_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(list[Stretch])


class Day(Struct, frozen=True):
    """A day of the site and the stories that touched it, as lists name them, oldest first."""

    day: date
    incidents: tuple[Line, ...]


class StatusPage(Struct, frozen=True):
    """The whole site at any instant: what is said is here, what time it is comes with a Clock.

    Nothing is remembered between two questions: whoever keeps the stories notes who asked what.
    """

    site: Site
    stories: Stories
    records: Records = Records()
    pieces: Pieces = Unkept()

    @classmethod
    def of(
        cls, site: Site, incidents: Iterable[Incident], records: Records | None = None
    ) -> StatusPage:
        """Arrange stories in memory; their order in the file system plays no part."""
        # Here and not above: whoever has a cache keeps no stories in memory.
        from firstword.page.kept import KeptStories

        known = records or Records()
        judge = partial(marks, records=known, site=site)
        return cls(site, KeptStories.of(incidents, site.timezone, judge), known)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every story that is built, newest first: for tools; no page asks for all of them."""
        return tuple(self.stories.find(Wanted()))

    @property
    def updates(self) -> tuple[tuple[Incident, Update], ...]:
        """Every update of every story, newest first, drills left out: for tools as well."""
        return tuple(self.stories.words(Words()))

    @property
    def by_slug(self) -> Mapping[str, Incident]:
        """Find a story by its slug: for tools as well."""
        return {incident.slug: incident for incident in self.incidents}

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Return open incidents: the worst first, then the newest."""
        found = self.stories.find(Wanted(kinds=(Kind.INCIDENT,), open=True))
        return tuple(sorted(found, key=lambda i: -i.impact.severity))

    @property
    def stated(self) -> tuple[str, ...]:
        """Return the titles that the sentence of state is made of, the worst first.

        A drill says nothing of how things stand. An open incident without impact may be the first
        thing to say, and is not one more problem.
        """
        real = [i for i in self.open_incidents if not i.drill]
        more = (i.title for i in real[1:] if i.impact is not Impact.NONE)
        return (real[0].title, *more) if real else ()

    @property
    def all_signed(self) -> bool:
        """Tell whether a person stands behind every update of the site."""
        return self.stories.all_signed()

    def lasted(self, incident: Incident | Line) -> timedelta | None:
        """Return how long an ended story was open in all; nothing for one that was taken back."""
        return incident.lasted if isinstance(incident, Line) else lasted(incident)

    def reopened(self, incident: Incident) -> bool:
        """Tell whether a story was opened again after an end."""
        return len(spans(incident)) > 1

    @property
    def open_maintenance(self) -> tuple[Incident, ...]:
        """Return maintenance that no signature has ended, in the order it is planned."""
        found = self.stories.find(Wanted(kinds=(Kind.MAINTENANCE,), open=True))
        return tuple(sorted(found, key=lambda i: (i.facts.scheduled_for or i.started_at, i.id)))

    def maintenance_now(self, clock: Clock) -> tuple[Incident, ...]:
        """Return maintenance that is going on, by the clock or by a signature."""
        return tuple(i for i in self.open_maintenance if under_way(i, clock))

    def maintenance_coming(self, clock: Clock) -> tuple[Incident, ...]:
        """Return maintenance whose planned start is still to come."""
        return tuple(
            i
            for i in self.open_maintenance
            if not under_way(i, clock)
            and i.facts.scheduled_for
            and not clock.passed(i.facts.scheduled_for)
        )

    def maintenance_unconfirmed(self, clock: Clock) -> tuple[Incident, ...]:
        """Return maintenance whose planned end has passed without anybody saying how it went."""
        return tuple(
            i
            for i in self.open_maintenance
            if i.facts.scheduled_until and clock.passed(i.facts.scheduled_until)
        )

    def notices(self, clock: Clock) -> tuple[Incident, ...]:
        """Return the notices that still matter, newest first."""
        found = self.stories.find(Wanted(kinds=(Kind.NOTICE,), open=True))
        return tuple(i for i in found if matters(i, clock))

    def next_occurrence(self, notice: Incident, clock: Clock) -> datetime | None:
        """Return when a repeating notice comes next, after now, in UTC; None when it does not."""
        if not notice.repeats:
            return None
        # One that comes this very second has come: the page must know when to name the next.
        zone, after = self.site.timezone, clock.now + timedelta(seconds=1)
        last = last_occurrence(notice.repeats, notice.started_at, clock.now, zone)
        at = next_occurrence(notice.repeats, notice.started_at, after, zone)
        until = notice.facts.until
        if last:
            clock.passed(last)
        if at is None or (until and at > until.at):
            return None
        clock.passed(at)
        return at

    def components(self, clock: Clock) -> tuple[ComponentState, ...]:
        """Return the state of every component, in the order of COMPONENTS."""
        return component_states(self.site.components, self.stories.find(Wanted(open=True)), clock)

    def component_state(self, name: str, clock: Clock) -> ComponentState | None:
        """Return the state of one component; None for one that is retired, and for a stranger.

        Only the stories that name it are asked for, so that no other one has its page made again.
        """
        listed = {name: self.site.components[name]} if name in self.site.components else {}
        naming = self.stories.find(Wanted(component=name, open=True))
        return next(iter(component_states(listed, naming, clock)), None)

    def groups(self, clock: Clock) -> list[tuple[str, list[ComponentState]]]:
        """Return component states by group, in the order the groups first appear.

        What is in none comes first: after a group it would pass for a part of it.
        """
        grouped: dict[str, list[ComponentState]] = {}
        for state in self.components(clock):
            grouped.setdefault(state.component.group, []).append(state)
        return sorted(grouped.items(), key=lambda group: bool(group[0]))

    def uptime(self, component: str, clock: Clock) -> Uptime:
        """Return a component's last days, since somebody wrote anything; at least today."""
        zone = self.site.timezone
        begin = start_of_day(clock.today(zone) - timedelta(days=DAYS - 1), zone)
        since, going_on = self._since(begin, clock), Wanted(component=component, open=True)
        over = self._over(component, begin, clock)
        return uptime(component, self.stories.find(going_on), clock, zone, since=since, over=over)

    def _over(self, component: str, begin: datetime, clock: Clock) -> list[Stretch]:
        """Return how stories that are over held a component since an instant.

        They are many and seldom change; what is written most is about what is open.
        """
        day = clock.fresh()
        day.today(self.site.timezone)

        def make() -> str:
            ended = self.stories.find(Wanted(component=component, open=False, since=begin))
            return _encoder.encode([*stretches_over(component, ended)]).decode()

        return _decoder.decode(self.pieces.text(f"over/{component}", "", make, day))

    def _since(self, begin: datetime, clock: Clock) -> date:
        """Return the day of the site's first word, where that is not before an instant."""
        zone = self.site.timezone
        oldest = next(iter(self.stories.months_of_words()), None)
        if oldest is None:
            return clock.today(zone)
        month = datetime(oldest.year, oldest.month, 1, tzinfo=UTC)
        first = month
        if month + timedelta(days=31) > begin:
            first = self.stories.instants(month, month + timedelta(days=31))[0][0]
        return first.astimezone(zone).date()

    def component(self, name: str) -> Component:
        """Return a component; one that only history knows is named by its id."""
        return self.site.components.get(name) or Component(id=name, name=name)

    def promises(self, incident: Incident, clock: Clock) -> tuple[Promise, ...]:
        """Return every promise of one story at an instant."""
        return promises(incident, self.records, clock, self.site.timezone)

    @property
    def months(self) -> Mapping[date, int]:
        """Return the months in which stories began, newest first, with how many did."""
        return self.stories.months()

    def month(self, month: date) -> tuple[Incident, ...]:
        """Return the stories that began in a month, newest first."""
        return tuple(self.stories.find(Wanted(month=month)))

    def recent(self, clock: Clock, days: int = RECENT_DAYS) -> list[Day]:
        """Return the last days, today first, each with the incidents and maintenance that went on
        and every story that was written about."""
        zone = self.site.timezone
        today = clock.today(zone)
        wanted = [today - timedelta(days=back) for back in range(days)]
        begin = start_of_day(wanted[-1], zone)
        touching = list(self.stories.rows(Wanted(since=begin)))
        going_on = {
            row.id
            for row in touching
            # Most notices stay open for long; they are news on the days they are written about.
            if row.kind is not Kind.NOTICE
            # What was called off before it began went on on no day.
            and (row.ended is None or row.ended >= max(begin, row.started))
            and clock.passed(row.started)
        }
        touching = [row for row in touching if row.id in going_on or row.updated >= begin]
        touching.sort(key=lambda row: (row.started, row.id))
        on: dict[date, list[Line]] = {day: [] for day in wanted}
        for row in touching:
            # Asked of each story once, not once for each day.
            touched = self._days_of(row, going_on=row.id in going_on)
            for day in filter(touched, wanted):
                on[day].append(row.line)
        return [Day(day, tuple(lines)) for day, lines in on.items()]

    def _days_of(self, row: Row, *, going_on: bool) -> Callable[[date], bool]:
        """Return what tells on which days a story was written about or, where it can, went on."""
        zone = self.site.timezone
        written = {at.astimezone(zone).date() for at, _ in row.said}
        if not going_on:
            return written.__contains__
        first = row.started.astimezone(zone).date()
        ended = None if row.open else row.ended or row.updated
        last = ended.astimezone(zone).date() if ended else date.max
        return lambda day: first <= day <= last or day in written

    @property
    def quiet_since(self) -> datetime | None:
        """Return when the last incident ended; None while one is open or where there was none."""
        if any(not incident.drill for incident in self.open_incidents):
            return None
        ended = Wanted(kinds=(Kind.INCIDENT,), drills=False, order=Order.ENDED)
        last = next(self.stories.find(ended), None)
        return last.ended_at if last else None

    @property
    def newest_update(self) -> tuple[Incident, Update] | None:
        """Return the newest update of the site; drills are not for feeds or mail."""
        return next(self.stories.words(Words()), None)
