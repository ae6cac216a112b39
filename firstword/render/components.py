"""The pages of components and of people, and the page for addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from firstword import urls
from firstword.clock import Clock
from firstword.model import Component, ComponentStatus, Person, Update
from firstword.page import Line, StatusPage, Wanted, Words
from firstword.render.head import component_head, missing_head
from firstword.render.history import by_year
from firstword.render.page import Page
from firstword.render.pages import home_tone, standing

#: A page must not grow with the archive: older stories are in the history by month.
MOST_STORIES = 20

#: What colours the head of a component's page.
_TONES = {
    ComponentStatus.OPERATIONAL: "quiet",
    ComponentStatus.UNDER_MAINTENANCE: "maintenance",
    ComponentStatus.DEGRADED_PERFORMANCE: "minor",
    ComponentStatus.PARTIAL_OUTAGE: "major",
    ComponentStatus.MAJOR_OUTAGE: "critical",
}


def more_pages(status: StatusPage) -> Iterator[Page]:
    """Yield a page for each component and each person, and the page that says 404."""
    for component in status.site.components.values():
        yield Page(
            key=urls.page_key(urls.component_path(component.id)),
            template="component.html",
            context=partial(component_page, status, component),
            leaf=True,
        )
    for person in status.site.people.values():
        yield Page(
            key=urls.page_key(urls.person_path(person)),
            template="person.html",
            context=partial(person_page, status, person),
            leaf=True,
        )
    yield Page(
        key=urls.NOT_FOUND,
        template="404.html",
        context=partial(missing_page, status),
        leaf=True,
    )


def missing_page(status: StatusPage, clock: Clock) -> dict[str, Any]:
    """Return what 404.html gets."""
    return {
        # Served for any address, so that no way back by dots would be right. Without the host: it
        # is served by every target, and one of them may be all that readers still reach.
        "root": f"{urlsplit(status.site.url).path}/",
        "canonical": "",
        "head": missing_head(status, clock),
        "sentence": standing(status),
        "tone": home_tone(status, clock),
    }


def component_page(status: StatusPage, component: Component, clock: Clock) -> dict[str, Any]:
    """Return what component.html gets."""
    told = Wanted(component=component.id)
    stories = [row.line for row in islice(status.stories.rows(told), MOST_STORIES)]
    state = status.component_state(component.id, clock)
    return {
        "head": component_head(component, state),
        "component": component,
        "state": state,
        "tone": _TONES[state.status] if state else "plain",
        "uptime": status.uptime(component.id, clock),
        "stories": stories,
        "years": by_year(status, None, component.id),
        "snippet": snippet(status, component),
    }


def snippet(status: StatusPage, component: Component) -> str:
    """Return the HTML that shows a component's badge on another page, with the way back here."""
    page, badge = (
        escape(urls.absolute(status.site, urls.component_path(component.id, name)))
        for name in ("", urls.BADGE)
    )
    return f'<a href="{page}"><img src="{badge}" alt="{escape(component.name)}"></a>'


def person_page(status: StatusPage, person: Person, clock: Clock) -> dict[str, Any]:
    """Return what person.html gets."""
    newest: dict[str, tuple[Line, Update]] = {}
    for incident, update in status.stories.words(Words(author=person.name)):
        if incident.id not in newest:
            newest[incident.id] = Line.of(incident), update
        if len(newest) > MOST_STORIES:
            break
    stories = list(newest.values())
    return {
        "person": person,
        "answers": status.site.who_answers(person.name, clock.day_over(status.site.timezone)),
        "count": status.stories.signed_by(person.name),
        "stories": stories[:MOST_STORIES],
        "more": len(stories) > MOST_STORIES,
    }
