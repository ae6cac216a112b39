"""Atlassian Statuspage: its public documents, live or saved → incidents and components.

Any JSON file is looked at by its keys, not by its name. A story that several documents hold is
told once, as the newest of them has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from firstword.errors import ImportFailed
from firstword.importers import History, Source, Story
from firstword.importers.images import Pictures
from firstword.importers.reading import Unreadable, decode, files_in, read_file
from firstword.importers.report import LeftOut
from firstword.importers.siteconf import Names
from firstword.importers.spelling import printable
from firstword.importers.statuspage.live import MOST_BYTES, WHOLE, fetched, is_address
from firstword.importers.statuspage.parts import Json, Parts, line, rows
from firstword.importers.statuspage.story import Row, Shared, with_needs
from firstword.importers.telling import not_carried
from firstword.importers.times import BadTime, read_time

_STORIES = ("incidents", "scheduled_maintenances")
#: The management API gives so many at once.
_MANAGED = 100
_NOTHING = "no incidents, maintenance or components in it"
#: A document of nothing else has no story to lose: how the page is now.
_NO_STORIES = frozenset({"page", "status"})
#: What a row of a story has and no other: what a component has.
_TELLING = frozenset(
    {"incident_updates", "impact", "scheduled_for", "postmortem_body", "started_at", "resolved_at"}
)
_PLACES = frozenset({"group", "group_id", "position", "showcase"})
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One row with a story, and where it was found."""

    name: str
    place: str
    row: Json
    maintenance: bool
    at: datetime
    newest: datetime

    @property
    def updates(self) -> set[str]:
        """The ids of its updates."""
        return {line(update.get("id")) for update in rows(self.row.get("incident_updates"))}


def read(source: Source) -> History:
    """Read a Statuspage: an address, or a folder with documents. Raises ImportFailed."""
    needs: list[str] = []
    ignored: list[tuple[str, str]] = []
    lost: list[Story] = []
    documents: dict[str, Json] = {}
    live = is_address(source.place)
    given = _live(source.place, needs) if live else _saved(source.folder, needs, ignored)
    for name, document in given:
        if isinstance(document, str):
            lost.append(_not_carried(name, document))
        elif any(isinstance(document.get(key), list) for key in (*_STORIES, "components")):
            documents[name] = document
        elif document.keys() <= _NO_STORIES:
            ignored.append((name, _NOTHING))
        else:
            lost.append(_not_carried(name, f"{_NOTHING}: {', '.join(document)[:200]}"))
    found: list[_Found] = []
    for name, document in documents.items():
        found += _rows(name, document, source.zone, lost)
        needs += [] if live else _cut_off(name, document)
    if not (documents or lost):
        raise ImportFailed(f"no documents of a Statuspage in {source.place!r}")
    names = Names(source.components)
    # Documents bring no pictures along: every one of them is elsewhere.
    pictures = Pictures(root=Path(source.place), folders=())
    shared = Shared(zone=source.zone, parts=Parts(names), pictures=pictures)
    listed = any(isinstance(document.get("components"), list) for document in documents.values())
    shared.parts.list([row for d in documents.values() for row in rows(d.get("components"))])
    # Beside a story stand whole rows of the components it is about, as they are today.
    shared.parts.list([row for one in found for row in rows(one.row.get("components"))])
    stories = list(_stories(found, shared, ignored))
    if found and not listed:
        needs.append("there is no components.json: components that only updates name are retired")
    return History(
        stories=(*stories, *lost),
        components=tuple(names.new),
        component_lines=tuple(names.lines),
        unlisted=names.unlisted,
        used=tuple(
            (name, "components") for name, one in documents.items() if rows(one.get("components"))
        ),
        ignored=tuple(ignored),
        left_out=tuple(_left_out(documents.values())),
        needs=tuple(needs),
    )


def _live(address: str, needs: list[str]) -> Iterator[tuple[str, Json | str]]:
    """Yield the documents at an address; of those that cannot be read, why."""
    for name, data in fetched(address, needs).items():
        yield name, _document_of(data) if isinstance(data, bytes) else data


def _saved(
    folder: Path, needs: list[str], ignored: list[tuple[str, str]]
) -> Iterator[tuple[str, Json | str]]:
    """Yield the documents of a folder; of those that cannot be read, why."""
    for path in files_in(folder, needs):
        name = path.relative_to(folder).as_posix()
        if path.name.startswith(".") or path.suffix.lower() != ".json":
            ignored.append((name, "not a JSON file"))
            continue
        try:
            yield name, _document_of(read_file(path, folder, MOST_BYTES))
        except Unreadable as error:
            yield name, str(error)


def _document_of(data: bytes) -> Json | str:
    """Read one document; of one that cannot be read, say why."""
    text, _ = decode(data)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if isinstance(found, list):
        return _listed(found)
    if not isinstance(found, dict):
        return f"neither an object nor a list: {text.strip()[:80]}"
    # What the page of one story gives: the story itself, or under a key of its own.
    one = found.get("incident", found)
    if isinstance(one, dict) and isinstance(one.get("incident_updates"), list):
        return {"incidents": [one]}
    return found


def _listed(given: list[object]) -> Json | str:
    """Return a list as the management API gives it, under the keys that it would have."""
    components = [row for row in rows(given) if _is_component(row)]
    # A group is told by what is in it.
    parts = [{**row, "group": True} if "components" in row else row for row in components]
    stories = [row for row in given if not (isinstance(row, dict) and _is_component(row))]
    if not given:
        return {}
    if not components and not any(_tells(row) for row in stories):
        return "a list without incidents, maintenance or components"
    return {"components": parts, "incidents": stories} if parts else {"incidents": stories}


def _is_component(row: Json) -> bool:
    told = "components" in row or not row.keys().isdisjoint(_PLACES)
    return bool(line(row.get("name"))) and told and not _tells(row)


def _tells(row: object) -> bool:
    """Tell whether something in a row is of a story."""
    return isinstance(row, dict) and not row.keys().isdisjoint(_TELLING)


def _cut_off(name: str, document: Json) -> Iterator[str]:
    """Say which lists of a document are as long as Statuspage's can be."""
    for key in _STORIES:
        given = document.get(key)
        if isinstance(given, list) and len(given) in (WHOLE, _MANAGED):
            yield f"{name}: {key}: {len(given)}, the most that Statuspage gives; look for older"


def _rows(name: str, document: Json, zone: tzinfo, lost: list[Story]) -> Iterator[_Found]:
    """Yield the rows of a document that tell a story; name those that cannot."""
    for key in _STORIES:
        given = document.get(key)
        given = given if isinstance(given, list) else []
        for number, row in enumerate(given):
            if not isinstance(row, dict) or not (_tells(row) or "status" in row):
                why = "it tells no story" if isinstance(row, dict) else "it is no object"
                lost.append(_not_carried(f"{name}: {key}[{number}]", why, name))
                continue
            yield _Found(
                name=name,
                place=f"{name}: {line(row.get('id')) or f'{key}[{number}]'}",
                row=row,
                maintenance=key == "scheduled_maintenances" or bool(row.get("scheduled_for")),
                at=_instant(row, ("started_at", "created_at"), zone),
                newest=_instant(row, ("updated_at", "created_at"), zone),
            )


def _instant(row: Json, keys: Iterable[str], zone: tzinfo) -> datetime:
    """Return the first of these times that can be read, to sort by."""
    for key in keys:
        try:
            return read_time(line(row.get(key)), zone).at
        except BadTime:
            continue
    return _NO_TIME


def _stories(
    found: Sequence[_Found], shared: Shared, ignored: list[tuple[str, str]]
) -> Iterator[Story]:
    """Make each story once, the oldest first."""
    copies: dict[str, list[_Found]] = {}
    for one in found:
        copies.setdefault(line(one.row.get("id")) or one.place, []).append(one)
    chosen = {
        key: max(same, key=lambda one: (one.newest, len(one.updates)))
        for key, same in copies.items()
    }
    for key, one in sorted(chosen.items(), key=lambda item: (item[1].at, item[0])):
        others = [other for other in copies[key] if other is not one]
        ignored += [
            (other.name, f"{other.place.removeprefix(f'{other.name}: ')}: as in {one.name}")
            for other in others
        ]
        row = Row(one.place, one.row, file=one.name, maintenance=one.maintenance, shared=shared)
        gone = (
            f"{other.name} has updates of this story that are not in {one.name}"
            for other in others
            if other.updates - one.updates
        )
        yield with_needs(row.story(), gone)


def _left_out(documents: Iterable[Json]) -> Iterator[LeftOut]:
    """Name what documents say of the page and of components that has no home here."""
    pages = [document["page"] for document in documents if isinstance(document.get("page"), dict)]
    told = {
        ", ".join(line(page.get(key)) for key in ("name", "url", "time_zone")) for page in pages
    }
    yield from (LeftOut("page", text) for text in sorted(told))
    if any(rows(document.get("components")) for document in documents):
        yield LeftOut("components", "status, position, dates, showcase, only_show_if_degraded")


def _not_carried(place: str, why: str, file: str = "") -> Story:
    return not_carried(place, printable(why), file)
