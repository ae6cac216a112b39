"""Rules over one story's times: nothing is signed ahead, nothing ends before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstword.check.report import error, say, source
from firstword.model import ENDINGS, Due, Incident, Kind, Problem, Site, Status

#: Clocks differ and people round up: so far ahead of now an update may be signed.
AHEAD = timedelta(minutes=5)

#: A postmortem explains the end and does not move it.
_END = ENDINGS - {Status.POSTMORTEM}


def future(incident: Incident, site: Site, now: datetime) -> Iterator[Problem]:
    """Nobody signs ahead of time."""
    for update in incident.updates:
        if update.at > now + AHEAD:
            yield error(
                incident,
                update.line,
                "future",
                f"signed {say(update.at, site)}, and it is {say(now, site)} now",
            )


def times(incident: Incident, site: Site) -> Iterator[Problem]:
    """Promises lie ahead of who makes them, ends behind who states them, windows have a length."""
    yield from _promised(incident)
    yield from _start(incident, site)
    yield from _end(incident, site)
    yield from _window(incident, site)
    yield from _until(incident, site)


def _promised(incident: Incident) -> Iterator[Problem]:
    for moment in incident.timeline:
        update = moment.update
        for key in ("next", "expected"):
            due: Due | None = getattr(update.says, key)
            if due and due.at <= update.at:
                yield error(
                    incident,
                    update.line_of(key),
                    "promise",
                    f"{key!r} is not after the update that promises it",
                )
        if update.says.expected and moment.status in ENDINGS:
            yield error(
                incident,
                update.line_of("expected"),
                "promise",
                f"'expected' while {moment.status}: it has ended; 'next' says when you write again",
            )


def _start(incident: Incident, site: Site) -> Iterator[Problem]:
    """An incident starts before anybody writes of it; the other kinds are announced ahead."""
    first = incident.updates[0]
    if incident.kind is Kind.INCIDENT and incident.started and incident.started > first.at:
        yield error(
            incident,
            incident.line("started"),
            "start",
            f"started {say(incident.started, site)}, after the first word of it, "
            f"{say(first.at, site)}",
        )
    for update in incident.updates:
        started, message = update.says.started, ""
        if started and update.corrects != first.at:
            message = "'started' stands in the front matter, or on a correction of the first update"
        elif started and incident.kind is Kind.INCIDENT and started > first.at:
            message = f"started {say(started, site)}, after the first word, {say(first.at, site)}"
        if message:
            yield error(incident, update.line_of("started"), "start", message)


def _end(incident: Incident, site: Site) -> Iterator[Problem]:
    for moment in incident.timeline:
        ended = moment.says.ended
        if ended is None or moment.update.status is Status.CORRECTION:
            continue
        by = source(moment, "ended")
        message = ""
        if moment.update.status not in _END:
            message = f"'ended' belongs to the update that ends it, not to {moment.update.status}"
        elif ended > by.at:
            message = f"ended {say(ended, site)}, after the update that says so"
        elif incident.began and ended < incident.began:
            message = f"ended {say(ended, site)}, before it started {say(incident.began, site)}"
        if message:
            yield error(incident, by.line_of("ended"), "end", message)


def _window(incident: Incident, site: Site) -> Iterator[Problem]:
    """A planned window has a length, whichever of its ends was moved."""
    for moment in incident.timeline:
        start, end = moment.facts.scheduled_for, moment.facts.scheduled_until
        if start is None or end is None or end > start:
            continue
        line = incident.line("scheduled_until")
        for key in ("scheduled_for", "scheduled_until"):
            by = source(moment, key)
            line = by.lines.get(key, line)
        yield error(
            incident,
            line,
            "window",
            f"planned to end {say(end, site)}, not after its start {say(start, site)}",
        )
        return


def _until(incident: Incident, site: Site) -> Iterator[Problem]:
    """A notice matters for a while; a correction may say that it no longer did."""
    begins = max(incident.announced_at, incident.started or incident.announced_at)
    places = [(incident.first.until, begins, incident.line("until"))]
    places += [
        (update.says.until, update.at, update.line_of("until"))
        for update in incident.updates
        if update.status is not Status.CORRECTION
    ]
    for until, begin, line in places:
        if until and until.at <= begin:
            yield error(
                incident,
                line,
                "window",
                f"until {say(until.at, site)}, and it begins {say(begin, site)}; "
                "'done' ends a notice",
            )


def expectations(incident: Incident) -> Iterator[Problem]:
    """A changed expectation says why; after an end nothing is expected any more."""
    held: Due | None = None
    for moment in incident.timeline:
        if moment.update.status in ENDINGS:
            held = None
        expected = moment.update.says.expected
        if expected is None:
            continue
        if held and expected != held and not moment.update.says.because:
            yield error(
                incident,
                moment.update.line_of("expected"),
                "because",
                "'expected' changed; say why in 'because:'",
            )
        held = expected
