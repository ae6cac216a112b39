"""Addresses of a whole history: each old one leads to one story, and none hides a page of ours."""

from __future__ import annotations

from collections.abc import Iterable

from firstword import urls
from firstword.importers.report import Entry, Repair
from firstword.model import Incident
from firstword.values import replace

_WHY = "an old address that cannot be kept: {} has it"


def settled(
    stories: Iterable[tuple[Entry, Incident | None]],
) -> list[tuple[Entry, Incident | None]]:
    """Return the stories, each without the old addresses that are somebody else's; all reported."""
    given = list(stories)
    pages = {urls.page_key(urls.incident_path(i)): i.slug for _, i in given if i is not None}
    taken: dict[str, str] = {}
    found: list[tuple[Entry, Incident | None]] = []
    for entry, incident in given:
        if incident is None or not incident.aliases:
            found.append((entry, incident))
            continue
        kept: list[str] = []
        repairs: list[Repair] = []
        for alias in incident.aliases:
            key = urls.alias_key(alias)
            whose = "this site itself" if alias.split("/")[0] in urls.OURS else pages.get(key)
            whose = whose or taken.get(key)
            if whose:
                repairs.append(Repair("address", alias, "", _WHY.format(whose)))
            else:
                taken[key] = incident.slug
                kept.append(alias)
        repaired = replace(entry, repairs=(*entry.repairs, *repairs)) if repairs else entry
        found.append((repaired, replace(incident, aliases=tuple(kept)) if repairs else incident))
    return found
