"""Where a story is told here already: known by its old address, whatever it is called now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from firstword.importers.report import Entry, Repair
from firstword.importers.siteconf import Numbered
from firstword.model import Incident
from firstword.parse.names import translated
from firstword.values import replace

_LINK = re.compile(r"(?<=\bincident:)[a-z0-9-]+")
_KEY = re.compile(r"^(aliases|imported): (.*)$", re.MULTILINE)
_WHY = "an earlier import has it there"

Stories = list[tuple[Entry, Incident | None]]


def addresses_in(head: str, form: str) -> Iterator[str]:
    """Yield the old addresses of a file that an import of one format wrote, by its front matter."""
    keys = dict(_KEY.findall(head))
    if keys.get("imported") == form:
        for one in keys.get("aliases", "").strip("[]").split(","):
            if address := one.strip(' "'):
                yield address


def placed(stories: Iterable[tuple[Entry, Incident | None]], told: Mapping[str, str]) -> Stories:
    """Return the stories, each at the path where an earlier import has told it.

    `told` is old address → path. A story that is new gets no name that an old one has.
    """
    given = list(stories)
    homes = {
        incident.path: home
        for _, incident in given
        if incident is not None
        and not incident.language
        and (home := told.get(next(iter(incident.aliases), "")))
    }
    if not homes:
        return given
    owned = set(homes.values())
    used = Numbered(*(PurePosixPath(path).stem for path in told.values()))
    used |= {incident.slug for _, incident in given if incident is not None}
    moves: dict[str, str] = {}
    for _, incident in given:
        if incident is None or incident.language:
            continue
        path = homes.get(incident.path, incident.path)
        if incident.path not in homes and path in owned:
            slug = used.take(incident.slug)
            path = str(PurePosixPath(path).with_name(f"{slug}.md"))
        if path != incident.path:
            moves[incident.slug] = path
    return [_moved(entry, incident, moves) for entry, incident in given] if moves else given


def _moved(
    entry: Entry, incident: Incident | None, moves: Mapping[str, str]
) -> tuple[Entry, Incident | None]:
    """Return a story with its own place, and with links to where the others are."""
    if incident is None:
        return entry, None

    def lead(found: re.Match[str]) -> str:
        return PurePosixPath(moves[found[0]]).stem if found[0] in moves else found[0]

    updates = tuple(replace(one, body=_LINK.sub(lead, one.body)) for one in incident.updates)
    incident = replace(incident, updates=updates)
    path = moves.get(incident.slug)
    if path is None:
        return entry, incident
    slug = PurePosixPath(path).stem
    if incident.language:
        path = translated(path, incident.language)
    both = (incident.slug, slug) if incident.slug != slug else (incident.path, path)
    repair = Repair("file name", *both, _WHY)
    id_ = slug if incident.id == incident.slug else incident.id
    entry = replace(entry, target=path, repairs=(*entry.repairs, repair))
    return entry, replace(incident, id=id_, slug=slug, path=path)
