"""The eight documents of Statuspage's public API v2, with what we know beyond them.

What a client finds there, and where that differs from Statuspage, is in docs/api.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from msgspec import Raw

from firstword.api.rows import Rows, stamp
from firstword.api.standing import Standing, newest_word, site_began, standing
from firstword.api.tell import Stories, window
from firstword.clock import Clock
from firstword.markup import Markup
from firstword.model import UNDER_WAY, ComponentStatus, Incident, Kind
from firstword.page import Indicator, Order, StatusPage, Wanted, under_way

#: Statuspage's own limit: the newest ones.
MOST = 50

#: Statuspage's own labels, for the clients that show them; who stands behind a claim is asked
#: elsewhere. There is none for "nothing is wrong": that would claim that somebody looked.
_PARTLY = "Partially Degraded Service"
_DESCRIPTIONS = {
    Indicator.MAINTENANCE: "Service Under Maintenance",
    Indicator.MINOR: "Minor Service Outage",
    Indicator.MAJOR: "Partial System Outage",
    Indicator.CRITICAL: "Major Service Outage",
}

Json = dict[str, Any]


class Teller:
    """Tells a site's stories in Statuspage's shapes; renders each text once."""

    def __init__(self, status: StatusPage, markup: Markup) -> None:
        self._status = status
        self._rows = Rows(status)
        self._stories = Stories(status, markup, self._rows)

    # ── the documents ────────────────────────────────────────────────────────────────────────────

    def status(self, clock: Clock) -> Json:
        """status.json: the rollup."""
        return {"page": self._page, "status": _rollup(standing(self._status, clock))}

    def summary(self, clock: Clock) -> Json:
        """summary.json: all that is not over."""
        now = standing(self._status, clock)
        return {
            "page": self._page,
            "components": self._rows.listed(now),
            "incidents": self._unresolved,
            "scheduled_maintenances": self._windows(self._open_maintenance, clock),
            "status": _rollup(now),
        }

    def components(self, clock: Clock) -> Json:
        """components.json."""
        now = standing(self._status, clock)
        return {"page": self._page, "components": self._rows.listed(now)}

    def incidents(self, _clock: Clock) -> Json:
        """incidents.json: the newest, open or not."""
        told = Wanted(kinds=(Kind.INCIDENT,), drills=False)
        return {"page": self._page, "incidents": self._stories_of(told)}

    def unresolved(self, _clock: Clock) -> Json:
        """incidents/unresolved.json."""
        return {"page": self._page, "incidents": self._unresolved}

    def maintenances(self, _clock: Clock) -> Json:
        """scheduled-maintenances.json: the newest by planned start, over or not."""
        planned = Wanted(kinds=(Kind.MAINTENANCE,), drills=False, order=Order.PLANNED)
        return {"page": self._page, "scheduled_maintenances": self._stories_of(planned)}

    def upcoming(self, clock: Clock) -> Json:
        """scheduled-maintenances/upcoming.json: those that nobody has signed as begun."""
        found = (i for i in self._open_maintenance if i.status not in UNDER_WAY)
        return {"page": self._page, "scheduled_maintenances": self._windows(found, clock)}

    def active(self, clock: Clock) -> Json:
        """scheduled-maintenances/active.json: those that somebody has signed as begun."""
        found = (i for i in self._open_maintenance if i.status in UNDER_WAY)
        return {"page": self._page, "scheduled_maintenances": self._windows(found, clock)}

    # ── their parts ──────────────────────────────────────────────────────────────────────────────

    @property
    def _page(self) -> Json:
        site = self._status.site
        told = (i for i in newest_word(self._status, *Kind) if _concerns(i))
        newest = next(told, None)
        return {
            "id": self._rows.page_id,
            "name": site.name,
            "url": site.url,
            "time_zone": site.timezone.key,
            "updated_at": stamp(newest.updated_at if newest else site_began(site)),
        }

    @property
    def _unresolved(self) -> list[Raw]:
        unresolved = Wanted(kinds=(Kind.INCIDENT,), drills=False, open=True)
        return self._stories_of(unresolved, None)

    @property
    def _open_maintenance(self) -> tuple[Incident, ...]:
        return tuple(i for i in self._status.open_maintenance if not i.drill)

    def _stories_of(self, wanted: Wanted, most: int | None = MOST) -> list[Raw]:
        """Return stories; None = all of them."""
        return [
            self._stories.story(name) for name in islice(self._status.stories.ids(wanted), most)
        ]

    def _windows(self, found: Iterable[Incident], clock: Clock) -> list[Raw]:
        """Return maintenance with where the clock stands in its window, the next to begin first."""
        return [self._stories.story(i.id, window=_where(i, clock)) for i in found]


#: Path below /api/v2/ → what makes it.
DOCUMENTS: dict[str, Callable[[Teller, Clock], Json]] = {
    "status.json": Teller.status,
    "summary.json": Teller.summary,
    "components.json": Teller.components,
    "incidents.json": Teller.incidents,
    "incidents/unresolved.json": Teller.unresolved,
    "scheduled-maintenances.json": Teller.maintenances,
    "scheduled-maintenances/upcoming.json": Teller.upcoming,
    "scheduled-maintenances/active.json": Teller.active,
}


def _concerns(incident: Incident) -> bool:
    """Tell whether a story is one that Statuspage's documents show the traces of."""
    return incident.kind is not Kind.NOTICE or bool(incident.component_ids)


def _rollup(now: Standing) -> Json:
    """Return Statuspage's indicator, which has no word for maintenance, and a description."""
    indicator = now.indicator
    description = _DESCRIPTIONS.get(indicator, now.sentence)
    degraded = any(s.status is ComponentStatus.DEGRADED_PERFORMANCE for s in now.components)
    if indicator is Indicator.MINOR and degraded:
        description = _PARTLY
    if indicator is Indicator.MAINTENANCE:
        indicator = Indicator.NONE
    return {"indicator": str(indicator), "description": description}


def _where(incident: Incident, clock: Clock) -> str:
    """Say whether the planned window is to come, is now, or is over and nobody has said how."""
    if under_way(incident, clock):
        return "now"
    return "over" if clock.passed(window(incident)[0]) else "coming"
