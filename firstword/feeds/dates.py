"""The date of every entry: the update's own instant, told apart where two share a second.

Feed readers that poll ("anything after the last date I saw?") lose one of two entries with equal
dates, so no two entries of a site have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count

from firstword import urls
from firstword.model import Incident, Site, Update

_SECONDS = 59


#: (incident id, instant signed) → the entry's date, for the few that have another one.
Moved = Mapping[tuple[str, datetime], datetime]


def moved_dates(site: Site, updates: Iterable[tuple[Incident, Update]]) -> Moved:
    """Return the dates, in UTC, of those entries that cannot have their update's own instant.

    An update alone in its second keeps it. Where several share one, the lowest digest of their
    entry ids keeps it and the others move on by seconds taken from their own digest, within the
    minute as long as there is room. So a date depends on the entries it would collide with and on
    nothing else: not on their order, nor on what else the site has or a feed leaves out.
    """
    shared: dict[datetime, list[tuple[Incident, Update]]] = {}
    for incident, update in updates:
        shared.setdefault(update.at, []).append((incident, update))
    moving: list[tuple[bytes, datetime, str]] = []
    for at, pairs in shared.items():
        if len(pairs) > 1:
            ranked = sorted((_digest(urls.entry_id(site, i, u)), at, i.id) for i, u in pairs)
            moving += ranked[1:]
    taken = set(shared)
    moved = {}
    for digest, at, name in sorted(moving):
        moved[name, at] = next(slot for slot in _slots(digest, at) if slot not in taken)
        taken.add(moved[name, at])
    return moved


def _digest(entry_id: str) -> bytes:
    return sha256(entry_id.encode()).digest()


def _slots(digest: bytes, at: datetime) -> Iterator[datetime]:
    """Yield where a moved entry may go: each second of the next minute, its own first; then on."""
    start = int.from_bytes(digest[:8], "big")
    for step in range(_SECONDS):
        yield at + timedelta(seconds=1 + (start + step) % _SECONDS)
    for seconds in count(_SECONDS + 1):
        yield at + timedelta(seconds=seconds)
