"""Components and their groups, in Statuspage's shapes."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from firstword import urls
from firstword.api.standing import Standing, site_began
from firstword.model import Component, ComponentStatus
from firstword.page import StatusPage

Json = dict[str, Any]
#: When a component was first named, and the newest word of a story that names it.
Named = tuple[datetime, datetime] | None


class Rows:
    """Makes the rows of a site's components."""

    def __init__(self, status: StatusPage) -> None:
        self._status = status
        self._site = status.site
        self.page_id = urls.short_id(urls.thing_id(self._site, "page"))
        self._known: dict[tuple[str, ComponentStatus, Named], Json] = {}

    @cached_property
    def _positions(self) -> dict[tuple[str, str], int]:
        """Count components within their group, and groups and the others beside them, from 1."""
        positions: dict[tuple[str, str], int] = {}
        within: dict[str, int] = {}
        for component in self._site.components.values():
            group = component.group
            if group and ("group", group) not in positions:
                within[""] = positions["group", group] = within.get("", 0) + 1
            within[group] = positions["component", component.id] = within.get(group, 0) + 1
        return positions

    def listed(self, now: Standing) -> list[Json]:
        """Return a row for each component, under a row for its group."""
        groups: dict[str, list[Json]] = {}
        order: list[Json] = []
        for state in now.components:
            row = self.row(state.component, state.status)
            group = state.component.group
            if not group:
                order.append(row)
            elif group in groups:
                groups[group].append(row)
            else:
                groups[group] = [row]
                order.append({"group": group})
        rows: list[Json] = []
        for row in order:
            if "id" in row:
                rows.append(row)
            else:
                children = groups[row["group"]]
                rows += [self._group(row["group"], children), *children]
        return rows

    def row(self, component: Component, status: ComponentStatus) -> Json:
        """Return one component in a state."""
        # Asked each time: every document that shows the row depends on the answer.
        named = self._status.stories.named(component.id)
        key = component.id, status, named
        if key not in self._known:
            self._known[key] = self._row(component, status, named)
        return self._known[key]

    def _row(self, component: Component, status: ComponentStatus, named: Named) -> Json:
        began = site_began(self._site)
        first, newest = named or (began, began)
        return {
            "id": self.id(component.id),
            "name": component.name,
            "status": str(status),
            "created_at": stamp(min(first, began)),
            "updated_at": stamp(max(newest, min(first, began))),
            "position": self._positions.get(("component", component.id), 0),
            "description": component.description or None,
            "showcase": False,
            "start_date": None,
            "group_id": self._group_id(component.group) if component.group else None,
            "page_id": self.page_id,
            "group": False,
            "only_show_if_degraded": False,
        }

    def _group(self, name: str, children: list[Json]) -> Json:
        worst = max((ComponentStatus(row["status"]) for row in children), key=lambda s: s.severity)
        return {
            "id": self._group_id(name),
            "name": name,
            "status": str(worst),
            # Stamps of one shape sort as text.
            "created_at": min(row["created_at"] for row in children),
            "updated_at": max(row["updated_at"] for row in children),
            "position": self._positions["group", name],
            "description": None,
            "showcase": False,
            "start_date": None,
            "group_id": None,
            "page_id": self.page_id,
            "group": True,
            "only_show_if_degraded": False,
            "components": [row["id"] for row in children],
        }

    def id(self, name: str) -> str:
        """Spell the id of a component."""
        return urls.short_id(urls.thing_id(self._site, "component", name))

    def _group_id(self, name: str) -> str:
        return urls.short_id(urls.thing_id(self._site, "group", name))


def stamp(at: datetime) -> str:
    """Spell an instant as Statuspage does: UTC, with milliseconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stamp_or_none(at: datetime | None) -> str | None:
    """Spell an instant that may be missing."""
    return stamp(at) if at else None
