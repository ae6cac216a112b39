"""What people said → documents for programs: Statuspage's API, status files, badges, a calendar.

Every document is made with a clock of its own, which notes until when that document holds. Those
that never ask it change only when content changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from firstword import urls
from firstword.api.badges import badge_json, badge_svg, component_badge, page_badge
from firstword.api.metrics import metrics
from firstword.api.record import record_document
from firstword.api.standing import as_json
from firstword.api.status import status_document, status_text
from firstword.api.statuspage import DOCUMENTS, Teller
from firstword.clock import Clock
from firstword.markup import Markup
from firstword.model import Incident
from firstword.page import StatusPage
from firstword.page.occasions import begins

__all__ = [
    "ApiFile",
    "Document",
    "build_api",
    "documents",
    "status_json",
    "story_documents",
]


class ApiFile(Struct, frozen=True, kw_only=True):
    """One document: where it goes, and until when it holds."""

    key: str
    data: bytes
    #: Others link to it.
    leaf: bool = False
    #: Id of the story it belongs to.
    owner: str = ""
    valid_until: datetime | None = None


class Document(Struct, frozen=True, kw_only=True):
    """One document before it is made: nothing is asked until somebody wants it."""

    key: str
    make: Callable[[Clock], bytes]
    leaf: bool = False


def build_api(
    status: StatusPage, markup: Markup, new_clock: Callable[[], Clock]
) -> Iterator[ApiFile]:
    """Make every document but status.json, which names the build that all others make."""
    for one in documents(status, markup):
        clock = new_clock()
        data = one.make(clock)
        yield ApiFile(key=one.key, data=data, leaf=one.leaf, valid_until=clock.valid_until)


def documents(status: StatusPage, markup: Markup) -> Iterator[Document]:
    """Yield the same documents before they are made."""
    teller = Teller(status, markup)
    for name, document in DOCUMENTS.items():
        yield Document(
            key=urls.API + name,
            make=lambda clock, d=document: as_json(d(teller, clock)),  # type: ignore[misc]
        )
    yield Document(key=urls.API_RECORD, make=lambda clock: as_json(record_document(status, clock)))
    yield Document(key=urls.API_SCHEMA, make=lambda _: _schema(status), leaf=True)
    yield Document(key=urls.STATUS_TXT, make=lambda clock: status_text(status, markup, clock))
    yield Document(key=urls.METRICS, make=lambda clock: metrics(status, clock))
    yield Document(key=urls.BADGE, make=lambda clock: badge_svg(page_badge(status, clock)))
    yield Document(key=urls.BADGE_JSON, make=lambda clock: badge_json(page_badge(status, clock)))
    yield Document(key=urls.CALENDAR, make=lambda _: _calendar(status, markup))
    for component in status.site.components.values():
        yield from _of_component(status, markup, component.id)


def story_documents(status: StatusPage, markup: Markup, incident: Incident) -> Iterator[ApiFile]:
    """Yield the documents of one story: its own event, where it has a time in a calendar."""
    if not incident.drill and begins(incident, status.site.timezone):
        from firstword.api.calendar import build_event

        yield ApiFile(
            key=urls.event_key(incident),
            data=build_event(status, markup, incident),
            leaf=True,
            owner=incident.id,
        )


def _schema(status: StatusPage) -> bytes:
    # Here and not above, as the calendars: few edits make any of them.
    from firstword.api.schema import schema

    return as_json(schema(status.site), indent=1)


def _calendar(status: StatusPage, markup: Markup, component: str = "") -> bytes:
    from firstword.api.calendar import build_calendar

    return build_calendar(status, markup, component)


def _of_component(status: StatusPage, markup: Markup, name: str) -> Iterator[Document]:
    """Yield the documents of one component."""

    def key(file: str) -> str:
        return urls.component_path(name, file)

    yield Document(
        key=key(urls.BADGE), make=lambda clock: badge_svg(component_badge(status, name, clock))
    )
    yield Document(
        key=key(urls.BADGE_JSON),
        make=lambda clock: badge_json(component_badge(status, name, clock)),
    )
    yield Document(key=key(urls.CALENDAR), make=lambda _: _calendar(status, markup, name))


def status_json(status: StatusPage, build_id: str, clock: Clock) -> ApiFile:
    """Return the small document that says how things stand, and from which build."""
    data = as_json(status_document(status, build_id, clock), indent=1)
    return ApiFile(key=urls.STATUS_JSON, data=data, valid_until=clock.valid_until)
