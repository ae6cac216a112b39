"""A story in one line of a list: all that history shows of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from firstword.model import About, Incident, Kind, Status
from firstword.page.spans import lasted


class Line(Struct, frozen=True, kw_only=True, array_like=True):
    """What a list names a story by; it changes seldom, so that lists are seldom made again."""

    slug: str
    kind: Kind
    about: About | None
    status: Status
    drill: bool
    imported: bool
    title: str
    started_at: datetime
    #: How long it was open; None while it is, and for one that was taken back.
    lasted: timedelta | None
    #: Lists lead to originals.
    language: str = ""

    @classmethod
    def of(cls, incident: Incident) -> Line:
        """Take from a story what a list shows."""
        return cls(
            slug=incident.slug,
            kind=incident.kind,
            about=incident.about,
            status=incident.status,
            drill=incident.drill,
            imported=bool(incident.imported),
            title=incident.title,
            started_at=incident.started_at,
            lasted=lasted(incident),
        )
