"""Atlassian Statuspage: a folder with its public documents, saved → incidents and components.

Any JSON file is looked at by its keys, not by its name. A story that several documents hold is
told once, as the newest of them has it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from firstword.errors import ImportFailed
from firstword.importers import History, Story, Unreadable, decode, read_file
from firstword.importers.report import Entry, LeftOut, Outcome, printable
from firstword.importers.siteconf import Names
from firstword.importers.statuspage.parts import Json, Parts, line, rows
from firstword.importers.statuspage.story import Row, Shared, with_needs
from firstword.importers.times import BadTime, read_time
from firstword.model import Component

_STORIES = ("incidents", "scheduled_maintenances")
#: Statuspage gives so many, and says nowhere that there are more.
_WHOLE = 50
_MOST_BYTES = 50_000_000
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


def read(folder: Path, zone: tzinfo, existing: Sequence[Component]) -> History:
    """Read saved documents of a Statuspage. Raises ImportFailed when there are none."""
    if not folder.is_dir():
        raise ImportFailed(f"not a folder: {str(folder)!r}")
    needs: list[str] = []
    ignored: list[tuple[str, str]] = []
    lost: list[Story] = []
    documents: dict[str, Json] = {}
    for path in sorted(_files(folder, needs)):
        name = path.relative_to(folder).as_posix()
        if path.name.startswith(".") or path.suffix.lower() != ".json":
            ignored.append((name, "not a JSON file"))
            continue
        try:
            document = _document(read_file(path, folder, _MOST_BYTES))
        except Unreadable as error:
            lost.append(_not_carried(name, str(error)))
            continue
        if not any(isinstance(document.get(key), list) for key in (*_STORIES, "components")):
            ignored.append((name, "no incidents, maintenance or components in it"))
            continue
        documents[name] = document
    found: list[_Found] = []
    for name, document in documents.items():
        found += _rows(name, document, zone, lost, needs)
    if not (documents or lost):
        raise ImportFailed(f"no documents of a Statuspage in {str(folder)!r}")
    names = Names(existing)
    shared = Shared(zone=zone, parts=Parts(names))
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
        ignored=tuple(ignored),
        left_out=tuple(_left_out(documents.values())),
        needs=tuple(needs),
    )


def _files(folder: Path, needs: list[str]) -> Iterator[Path]:
    """Yield all files of a folder; links to folders are named, not followed."""

    def failed(error: OSError) -> None:
        needs.append(f"{error.filename}: cannot be read: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=failed):
        links = (path for name in sorted(folders) if (path := Path(place, name)).is_symlink())
        needs += [f"{p.relative_to(folder)}: a link to a folder is not followed" for p in links]
        yield from (Path(place, name) for name in files)


def _document(data: bytes) -> Json:
    """Read one document. Raises Unreadable."""
    text, _ = decode(data)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _rows(
    name: str, document: Json, zone: tzinfo, lost: list[Story], needs: list[str]
) -> Iterator[_Found]:
    """Yield the rows of a document that tell a story; name those that cannot."""
    for key in _STORIES:
        given = document.get(key)
        given = given if isinstance(given, list) else []
        if len(given) == _WHOLE:
            needs.append(f"{name}: {key}: {_WHOLE}, the most that Statuspage gives; look for older")
        for number, row in enumerate(given):
            if not isinstance(row, dict):
                lost.append(_not_carried(f"{name}: {key}[{number}]", "it is no object"))
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
        ignored += [(other.place, f"the same story as in {one.name}") for other in others]
        row = Row(one.place, one.row, maintenance=one.maintenance, shared=shared)
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


def _not_carried(place: str, why: str) -> Story:
    entry = Entry(source=place, outcome=Outcome.NOT_CARRIED, why=printable(why))
    return Story(entry=entry)
