"""What readers of an imported story would not get: links, pictures and tags that are not shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from firstword import urls
from firstword.importers.report import Entry, LeftOut
from firstword.markup import examine
from firstword.model import Incident
from firstword.values import replace

_LONGEST = 200


def told(
    stories: Iterable[tuple[Entry, Incident | None]], images: Collection[str]
) -> list[tuple[Entry, Incident | None]]:
    """Return the stories, each entry with what of its words will not be shown.

    `images` are the pictures that the site will have, relative to its root.
    """
    given = list(stories)
    known = {image.removeprefix("content/") for image in images} | {""}
    for _, incident in given:
        if incident is not None:
            known |= {path.rstrip("/") for path in _answered(incident)}
    return [
        (entry if incident is None else _with(entry, incident, known), incident)
        for entry, incident in given
    ]


def _answered(incident: Incident) -> Iterator[str]:
    yield urls.incident_path(incident)
    yield from incident.aliases


def _with(entry: Entry, incident: Incident, known: Collection[str]) -> Entry:
    """Return an entry with what examining its story's words brought to light."""
    needs: dict[str, None] = {}
    tags: dict[str, None] = {}
    for update in incident.updates:
        found = examine(update.body)
        needs |= {f"link {link[:_LONGEST]!r}: leads nowhere": None for link in found.lost_links}
        for picture in found.lost_pictures:
            needs[f"image {picture[:_LONGEST]!r}: not shown"] = None
        for path in found.paths:
            place = path.partition("#")[0].partition("?")[0].strip("/")
            if place.removesuffix("/index.html") not in known and not _ours(place):
                needs[f"link {path[:_LONGEST]!r}: nothing of that address was carried"] = None
        tags |= dict.fromkeys(found.lost_tags)
    if not needs and not tags:
        return entry
    said = "\n".join(entry.needs)
    more = [need for need in needs if need.partition(": ")[0] not in said]
    left = [LeftOut("tag, whose words stay", tag[:_LONGEST]) for tag in tags]
    return replace(entry, needs=(*entry.needs, *more), left_out=(*entry.left_out, *left))


def _ours(path: str) -> bool:
    """Tell whether an address is answered by what every site here has."""
    return path.partition("/")[0] in urls.OURS - {"images"}
