"""Who owes what, and by when: what has lapsed, and what lapses soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import Due, FollowUp, Incident, Person, Site, Update, update_id
from firstword.page.marks import Measure, Verdict, marks
from firstword.page.records import Limits, Records, Stamps
from firstword.values import replace


class Owed(Struct, frozen=True, kw_only=True):
    """Something that somebody owes."""

    measure: Measure
    incident: Incident
    #: The update that promised it, or that names the component first.
    update: Update
    #: Who promised it, or owns the component.
    promised_by: str
    #: Who answers for it today; None for somebody who is not in PEOPLE.
    person: Person | None
    due: Due
    lapsed: bool
    follow_up: FollowUp | None = None
    component: str = ""

    @property
    def line(self) -> int:
        """The line of the file that it stands on."""
        if self.follow_up:
            return self.follow_up.line
        return self.update.line_of(str(self.measure))


def owed(
    incidents: Iterable[Incident],
    site: Site,
    now: datetime,
    within: timedelta,
    stamps: Stamps | None = None,
    *,
    limits: Limits | None = None,
) -> list[Owed]:
    """Return what has lapsed or lapses within a time, the first due first; drills left out.

    With the stamps of targets, by what readers have: a word that is not published yet keeps
    nothing. Without (None), by the word of the files. `limits` are those that targets remember.
    """
    records = Records(began=True, now=now, limits=limits or {})
    found = [
        one
        for incident in incidents
        if not incident.drill
        for one in _of(incident, site, now + within, stamps, records)
    ]
    return sorted(found, key=lambda o: (o.due.at, o.incident.id, o.measure, o.component))


def unpublished(incidents: Iterable[Incident], stamps: Stamps) -> list[tuple[Incident, Update]]:
    """Return the updates that no target has."""
    return [
        (incident, update)
        for incident in incidents
        if not incident.drill
        for update in incident.updates
        if update.id not in stamps.get(incident.id, {})
    ]


def _of(
    incident: Incident, site: Site, until: datetime, stamps: Stamps | None, records: Records
) -> Iterator[Owed]:
    if stamps is not None:
        known = stamps.get(incident.id, {})
        published = tuple(update for update in incident.updates if update.id in known)
        if not published:
            return
        incident = replace(incident, updates=published)
    # Nothing is judged here: what was published before records began is owed all the same.
    known_at = {incident.id: _instants(incident, stamps)}
    for mark in marks(incident, replace(records, stamps=known_at), site):
        update = incident.find(mark.update)
        if mark.verdict is not Verdict.PENDING or mark.at > until or update is None:
            continue
        yield Owed(
            measure=mark.measure,
            incident=incident,
            update=update,
            promised_by=mark.person,
            person=site.who_answers(
                mark.person, Clock(records.now or until).day_over(site.timezone)
            ),
            due=mark.due,
            lapsed=records.now is not None and mark.at <= records.now,
            follow_up=next((f for f in update.follow_ups if f.number == mark.number), None),
            component=mark.component,
        )


def _instants(incident: Incident, stamps: Stamps | None) -> Mapping[str, datetime]:
    known = stamps.get(incident.id, {}) if stamps else {}
    return {update.id: known.get(update_id(update.at)) or update.at for update in incident.updates}
