"""Mail never announces a page that is not there: which words each target and its readers have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from firstword import urls
from firstword.store.public import Answer, fetch, stands, unseen

if TYPE_CHECKING:
    from firstword.mail.parcel import Edition
    from firstword.mail.planning import Plan
    from firstword.page import StatusPage


@dataclass(frozen=True, slots=True)
class Place:
    """A target: where its readers find it, "" = nobody looks, what it holds, and which words."""

    name: str
    address: str
    build_id: str
    stamps: Mapping[str, Mapping[str, datetime | None]]


@dataclass(slots=True)
class Readers:
    """What readers of every target have. Each address is asked once, and only where it matters."""

    places: Sequence[Place]
    page: StatusPage
    get: Callable[[str], Answer] = fetch
    #: Address → what is there instead of the build, "" = the build.
    _instead: dict[str, str] = field(default_factory=dict)
    _pages: dict[str, Answer] = field(default_factory=dict)

    def lacking(self, edition: Edition) -> str:
        """Say where a word of an edition is not to be read, and what is there; "" = nowhere.

        Where a CDN has not come to the newest build, the pages that it shows are looked at.
        """
        for place in self.places:
            if any(update not in place.stamps.get(story, {}) for story, update in edition.words):
                return f"{place.name} does not hold it"
            if not place.address:
                continue
            instead = self._lag(place)
            if instead and not all(self._shows(place, *word) for word in edition.words):
                return f"not yet seen at {place.address}/: {instead}"
        return ""

    def _lag(self, place: Place) -> str:
        if place.address not in self._instead:
            self._instead[place.address] = unseen(place.address, place.build_id, self._fetch)
        return self._instead[place.address]

    def _shows(self, place: Place, story: str, update: str) -> bool:
        incident = self.page.stories.get(story)
        found = next((u for u in incident.updates if u.id == update), None) if incident else None
        if incident is None or found is None:
            return False
        answer = self._fetch(f"{place.address}/{urls.incident_path(incident)}")
        return not answer.error and stands(answer.body, urls.anchor(found))

    def _fetch(self, url: str) -> Answer:
        if url not in self._pages:
            # An address that does not answer is not asked again: each would cost a timeout.
            host = url.split("/")[2]
            silent = (a for u, a in self._pages.items() if not a.status and u.split("/")[2] == host)
            self._pages[url] = next(silent, None) or self.get(url)
        return self._pages[url]


def hold_back(
    editions: Sequence[Edition],
    lacking: Callable[[Edition], str],
    plan: Callable[[Sequence[Edition]], Plan],
) -> tuple[list[Edition], dict[str, str]]:
    """Return the editions that may go out, and why each of the others waits, by its id.

    What would go out to nobody waits for nothing.
    """
    doubtful = {edition.id: why for edition in editions if (why := lacking(edition))}
    free = list(editions)
    held: dict[str, str] = {}
    # Without the newest word of a story an older one is the newest.
    while doubtful:
        recipients = plan(free).recipients
        waits = {name: why for name, why in doubtful.items() if recipients[name]}
        if not waits:
            break
        held |= waits
        free = [edition for edition in free if edition.id not in held]
        doubtful = {name: why for name, why in doubtful.items() if name not in held}
    return free, held
