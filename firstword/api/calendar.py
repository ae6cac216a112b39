"""/calendar.ics: maintenance and what repeats, for the calendars people have anyway (RFC 5545).

Nothing here asks the clock: a calendar changes when content does. Its times do not grow old.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from firstword import urls
from firstword.api.standing import signer, site_began
from firstword.api.zone import timezone
from firstword.markup import Markup
from firstword.model import Incident, Kind, Site
from firstword.page import Order, StatusPage, Wanted
from firstword.page.occasions import OFF, begins, repeats_until
from firstword.recurrence import last_occurrence
from firstword.values import replace
from firstword.words import speak

if TYPE_CHECKING:
    from icalendar import Alarm, Event, vRecur

#: The newest maintenance windows; what is older is in the site's history.
MOST = 50
#: How often calendars that ask may look for something new.
_REFRESH = timedelta(minutes=30)
#: How far beyond the last word the clock changes of the site's zone are told.
_YEARS = 10
#: In no text of a calendar (RFC 5545, 3.1); Markdown makes them of `&#7;`. Breaks stay: they are
#: escaped.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
#: How a calendar ends.
_END = b"END:VCALENDAR\r\n"
#: What was asked → an event, beside the site and the story, so that no others take their places.
_known: dict[tuple[int, int, str], tuple[Site, Incident, bytes]] = {}
_MOST_KNOWN = 512


def build_calendar(status: StatusPage, markup: Markup, component: str = "") -> bytes:
    """Return the calendar of the site, or of one component."""
    site = status.site
    name = f"{site.name}: {status.component(component).name}" if component else site.name
    return _calendar(status, markup, [*_told(status, component)], name)


def build_event(status: StatusPage, markup: Markup, incident: Incident) -> bytes:
    """Return one story's event alone, to be put into a calendar once."""
    return _calendar(status, markup, [incident])


def _calendar(status: StatusPage, markup: Markup, told: list[Incident], name: str = "") -> bytes:
    """Return a calendar; one with a name is there to be asked again and again."""
    # Here and not above: most commands make no calendar.
    from icalendar import Calendar, vText

    site = status.site
    calendar = Calendar()
    calendar.add("prodid", "-//Firstword//Firstword//EN")
    calendar.add("version", "2.0")
    if name:
        for key in ("name", "x-wr-calname"):
            # The library escapes only what it knows to be text.
            calendar.add(key, vText(_one_line(name)))
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT30M")
    begun = [start for i in told if (start := begins(i, site.timezone))]
    years = {at.year for at in (*begun, *(i.updated_at for i in told))} or {site_began(site).year}
    # There also when nothing is planned: a calendar must hold something (RFC 5545, 3.6).
    zone = timezone(site.timezone, min(years), max(years) + _YEARS)
    head = bytes(calendar.to_ical()).removesuffix(_END)
    return b"".join((head, zone, *(_event_text(status, markup, i) for i in told), _END))


def _told(status: StatusPage, component: str) -> Iterator[Incident]:
    """Yield what has a time of its own, the latest first: maintenance, then what repeats."""
    wanted = Wanted(component=component, drills=False, order=Order.PLANNED)
    found = status.stories.find(replace(wanted, kinds=(Kind.MAINTENANCE,)))
    yield from islice((i for i in found if i.facts.scheduled_for), MOST)
    for notice in status.stories.find(replace(wanted, kinds=(Kind.NOTICE,), repeats=True)):
        if begins(notice, status.site.timezone):
            yield notice


def _event_text(status: StatusPage, markup: Markup, incident: Incident) -> bytes:
    """Return an event as it stands in a calendar: the site's, its components' and its own."""
    # Rendered each time: whoever shows it depends on the stories that it links to.
    words = _description(status, markup, incident)
    key = id(status.site), id(incident), words
    known = _known.get(key)
    if known is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        text = bytes(_event(status, incident, words).to_ical())
        known = _known[key] = status.site, incident, text
    return known[2]


def _event(status: StatusPage, incident: Incident, words: str) -> Event:
    from icalendar import Event

    zone = status.site.timezone
    start, end = begins(incident, zone), incident.facts.scheduled_until
    event = Event()
    event.add("uid", urls.calendar_uid(status.site, incident))
    event.add("sequence", _revision(incident))
    event.add("dtstamp", incident.updated_at)
    event.add("created", incident.announced_at)
    event.add("last-modified", incident.updated_at)
    event.add("summary", _one_line(incident.title))
    event.add("description", words)
    event.add("url", urls.absolute(status.site, urls.incident_path(incident)))
    event.add("status", "CANCELLED" if incident.status in OFF else "CONFIRMED")
    # It is told; nobody's own time is taken up by it.
    event.add("transp", "TRANSPARENT")
    if parts := [_one_line(status.component(name).name) for name in incident.component_ids]:
        event.add("categories", parts)
    if start and incident.kind is Kind.MAINTENANCE:
        event.add("dtstart", start)
        if end and end > start:
            event.add("dtend", end)
    elif start:
        # In wall time, so that four o'clock stays four o'clock when the clocks change.
        event.add("dtstart", start.astimezone(zone))
        event.add("rrule", _rule(incident, zone))
    if incident.remind and incident.status not in OFF:
        event.add_component(_alarm(incident))
    return event


def _alarm(incident: Incident) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _one_line(incident.title))
    alarm.add("trigger", -(incident.remind or timedelta()))
    return alarm


def _description(status: StatusPage, markup: Markup, incident: Incident) -> str:
    """Return the newest words and who signed them."""
    newest = incident.updates[-1]
    person = signer(status.site, newest)
    language = speak(status.site)
    at = language.moment(newest.at)
    if person and not person.role:
        who = language.say("%(name)s, %(at)s", name=person.shown, at=at)
    elif person:
        who = language.say("%(name)s, %(role)s, %(at)s", name=person.shown, role=person.role, at=at)
    else:
        who = language.say("Imported; nobody signed it, %(at)s", at=at)
    return "\n\n".join(filter(None, (_CONTROL.sub("", markup.plain(newest.body)), who)))


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub("", text).split())


def _revision(incident: Incident) -> int:
    """Count how often a story moved, ended early or was called off, as its readers were told.

    Later words, corrections too, only ever add to it (RFC 5546, 2.1.4).
    """
    plans = []
    for count in range(1, len(incident.updates) + 1):
        then = replace(incident, updates=incident.updates[:count])
        facts = then.facts
        ends = repeats_until(then) if then.repeats else facts.scheduled_until
        plans.append((facts.scheduled_for, ends, then.status in OFF))
    return sum(old != new for old, new in pairwise(plans))


def _rule(incident: Incident, zone: ZoneInfo) -> vRecur:
    """Return the recurrence rule with its end in UTC, as a start with a zone demands."""
    from icalendar import vRecur

    rule: vRecur = vRecur.from_ical(incident.repeats)
    if limit := repeats_until(incident):
        last = last_occurrence(incident.repeats, incident.started_at, limit, zone)
        rule.pop("COUNT", None)
        rule["UNTIL"] = [last + _east(last, zone)] if last else []
    return rule


def _east(at: datetime, zone: ZoneInfo) -> timedelta:
    """Return by how much a zone is ahead of UTC.

    Many calendars (rrule.js and what is made of it) hold the wall time of an occurrence against
    UNTIL as if it were UTC, and would leave the last one out. Nothing repeats within a day.
    """
    return max(at.astimezone(zone).utcoffset() or timedelta(), timedelta())
