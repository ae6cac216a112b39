"""Components and their groups, as Statuspage's rows and updates name them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firstword.importers.siteconf import Names
from firstword.importers.statuspage.text import lines_of
from firstword.importers.times import Log
from firstword.model import ComponentChange, ComponentStatus

#: What a value of a document is; nothing is known of it before it is looked at.
Json = dict[str, Any]

_STATUSES = {str(status): status for status in ComponentStatus}


def line(value: object) -> str:
    """Return a value as one line of text; what is no text is empty."""
    return " ".join(lines_of(value).split()) if isinstance(value, str) else ""


def spelled(value: object) -> str:
    """Return a value of a document as it stands there, a text without its quotes."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return lines_of(text)


def rows(value: object) -> list[Json]:
    """Return the objects in a list; empty for what is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


class Parts:
    """Finds the component that a row or an update means, by Statuspage's id."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._name_of: dict[str, str] = {}
        self._groups: dict[str, Json] = {}

    def list(self, found: Sequence[Json]) -> None:
        """Take in rows of components and groups, in the order that Statuspage shows them in."""
        by_id = {
            key: row
            for row in found
            if (key := line(row.get("id"))) and line(row.get("name")) and key not in self._name_of
        }
        self._groups |= {key: row for key, row in by_id.items() if row.get("group") is True}
        own = {key: row for key, row in by_id.items() if key not in self._groups}
        often = Counter(line(row["name"]) for row in own.values())
        for key, row in _in_order(own, self._groups):
            name = line(row["name"])
            group = line(self._groups.get(line(row.get("group_id")), {}).get("name"))
            # As Statuspage itself calls it where the name alone would mean two.
            full = f"{group} - {name}" if group and often[name] > 1 else name
            self._names.add(full, shown=full, group=group, description=line(row.get("description")))
            self._name_of[key] = full

    def changes(self, value: object, log: Log) -> tuple[ComponentChange, ...]:
        """Return what an update's `affected_components` say, each component once."""
        found: dict[str, ComponentChange] = {}
        for row in rows(value):
            name = line(row.get("name"))
            code = line(row.get("code") or row.get("id"))
            given = row.get("new_status") or row.get("status")
            if not code and given is None:
                # Older pages put a sentence here: "No components were affected by this update."
                continue
            if not name and code not in self._name_of:
                log.repair("affected_components", spelled(row), "", "it names no component")
                continue
            id_ = self.find(code, name, log)
            status = _STATUSES.get(line(given))
            if status is None and given is not None:
                log.repair(f"component {id_}", spelled(given), "", "not a component's status")
            found[id_] = ComponentChange(id_, status)
        return tuple(found.values())

    def find(self, code: str, name: str, log: Log) -> str:
        """Return the id here of a component by its id there, else by its name."""
        found, repair = self._names.find(self._name_of.get(code, name))
        if repair:
            log.repairs.append(repair)
        return found


def _in_order(own: Mapping[str, Json], groups: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield components by position, those of a group where the group stands."""

    def position(row: Json) -> int:
        found = row.get("position")
        return found if isinstance(found, int) else 0

    def place(item: tuple[str, Json]) -> tuple[int, int, int]:
        _, row = item
        group = groups.get(line(row.get("group_id")))
        inside = group is not None
        return position(group if group is not None else row), int(inside), position(row)

    yield from sorted(own.items(), key=place)
