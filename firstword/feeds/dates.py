"""The date of every entry: the minute that was signed, and a second of the entry's own.

Feed readers that poll ("anything after the last date I saw?") lose one of two entries with equal
dates, so no two entries of a site have one. And a date that was published must not move when
somebody else signs in the same minute, so an entry's second comes from its own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain, count, groupby
from typing import NamedTuple

from firstword import urls
from firstword.model import Incident, Site, Update

_MINUTE = 60

#: (incident id, instant signed) → the date of that update's entry, in UTC.
Dates = Mapping[tuple[str, datetime], datetime]


class _Wish(NamedTuple):
    """An entry that wants a date; sorts by what was signed first, then by its id's digest."""

    at: datetime
    digest: bytes
    story: str


def entry_dates(site: Site, updates: Iterable[tuple[Incident, Update]]) -> Dates:
    """Return the date of every update's entry, no two alike; a story's own keep their order.

    Seconds that were signed stay. A time without them, as most people write it, gets its second
    from the digest of the entry's id. So a date depends on nothing but its own entry and what its
    story said before in that minute, unless two entries want the same second. Then the one signed
    earlier keeps it, and of two signed for the same instant the one with the lower digest: nothing
    in an id tells which was published first. The other goes to the next free second.
    """
    found = (_Wish(u.at, _digest(urls.entry_id(site, i, u)), i.id) for i, u in updates)
    dates: dict[tuple[str, datetime], datetime] = {}
    taken: set[datetime] = set()
    #: Story → when its next entry may be dated.
    free: dict[str, datetime] = {}

    def take(wish: _Wish, date: datetime) -> None:
        dates[wish.story, wish.at] = date
        free[wish.story] = date + timedelta(seconds=1)
        taken.add(date)

    for _, signed_together in groupby(sorted(found), key=lambda wish: wish.at):
        late = []
        for wish in signed_together:
            slots = _slots(wish, max(wish.at, free.get(wish.story, wish.at)))
            first = next(slots)
            if first in taken:
                late.append((wish, slots))
            else:
                take(wish, first)
        # Afterwards, so that whoever lost a second takes it from nobody else.
        for wish, slots in late:
            take(wish, next(slot for slot in slots if slot not in taken))
    return dates


def _digest(entry_id: str) -> bytes:
    return sha256(entry_id.encode()).digest()


def _slots(wish: _Wish, earliest: datetime) -> Iterator[datetime]:
    """Yield where an entry may go: its own second, the others of its minute, then on."""
    minute = wish.at.replace(second=0)
    own = wish.at.second or int.from_bytes(wish.digest[:8], "big")
    in_minute = ((own + step) % _MINUTE for step in range(_MINUTE))
    for second in chain(in_minute, count(_MINUTE)):
        slot = minute + timedelta(seconds=second)
        if slot >= earliest:
            yield slot
