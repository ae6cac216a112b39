"""The pages of components and of people, and the page for addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from firstword import urls
from firstword.clock import Clock
from firstword.model import Component, Person
from firstword.page import StatusPage
from firstword.page.uptime import uptime
from firstword.render.pages import Page, standing

#: A page must not grow with the archive: older stories are in the history by month.
MOST_STORIES = 50


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
        context=lambda _clock: {
            # Served for any address, so that no way back by dots would be right.
            "root": f"{status.site.url}/",
            "sentence": standing(status),
        },
        leaf=True,
    )


def component_page(status: StatusPage, component: Component, clock: Clock) -> dict[str, Any]:
    """Return what component.html gets."""
    stories = [i for i in status.incidents if component.id in i.now_holds.components]
    state = next((s for s in status.components(clock) if s.component is component), None)
    return {
        "component": component,
        "state": state,
        "uptime": uptime(component.id, stories, clock, status.site.timezone),
        "stories": stories[:MOST_STORIES],
        "more": len(stories) > MOST_STORIES,
    }


def person_page(status: StatusPage, person: Person, _clock: Clock) -> dict[str, Any]:
    """Return what person.html gets."""
    signed = [(i, u) for i, u in status.updates if u.author == person.name]
    stories = dict.fromkeys(incident.id for incident, _ in signed)
    newest = {i.id: (i, u) for i, u in reversed(signed)}
    return {
        "person": person,
        "answers": status.site.who_answers(person.name),
        "signed": len(signed),
        "stories": [newest[name] for name in stories][:MOST_STORIES],
        "more": len(stories) > MOST_STORIES,
    }
