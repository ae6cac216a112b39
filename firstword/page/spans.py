"""When a story was open: from its start to its end, once more for every time it was reopened."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from firstword.model import ENDINGS, HOLDING, Incident, Status


class Span(Struct, frozen=True):
    """A time during which a story was open; no end: it still is."""

    start: datetime
    end: datetime | None


def spans(incident: Incident) -> tuple[Span, ...]:
    """Return when a story was open, oldest first; an end is the stated one, where one is."""
    found = [Span(incident.started_at, None)]
    for moment in incident.timeline:
        status, last = moment.update.status, found[-1]
        if status in ENDINGS:
            # An explanation comes after the end; it does not move it.
            if last.end is None or status is not Status.POSTMORTEM:
                end = moment.says.ended or moment.update.at
                found[-1] = Span(last.start, max(last.start, end))
        elif status not in HOLDING and last.end is not None:
            found.append(Span(moment.update.at, None))
    return tuple(found)


def lasted(incident: Incident) -> timedelta | None:
    """Return how long an ended story was open in all; nothing for one that was taken back."""
    if incident.is_open or incident.withdrawn:
        return None
    return sum((s.end - s.start for s in spans(incident) if s.end), timedelta())
