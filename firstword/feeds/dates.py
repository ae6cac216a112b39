"""The date of every entry: the minute that was signed, and a second of the entry's own.

Feed readers that poll ("anything after the last date I saw?") lose one of two entries with equal
dates, so no two entries of a site have one. And a date that was published must not move when
somebody else signs in the same minute, so an entry's second comes from its own id.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import chain, count, groupby
from operator import itemgetter
from typing import NamedTuple

import msgspec

from firstword import urls
from firstword.model import Incident, Site, Update, update_id
from firstword.page import Pieces, Stories

_MINUTE, _SECOND = 60, timedelta(seconds=1)

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
    return dates_of(site, ((update.at, incident.id) for incident, update in updates))


def dates_of(site: Site, said: Iterable[tuple[datetime, str]]) -> Dates:
    """Return the same for updates of which only the instant and the story's id are known."""
    dates: dict[tuple[str, datetime], datetime] = {}
    taken: set[datetime] = set()
    #: Story → when its next entry may be dated.
    free: dict[str, datetime] = {}

    def take(at: datetime, story: str, date: datetime) -> None:
        dates[story, at] = date
        free[story] = date + _SECOND
        taken.add(date)

    for at, together in groupby(sorted(said), key=itemgetter(0)):
        names = [name for _, name in together]
        if len(names) == 1 and at.second and at not in taken and free.get(names[0], at) <= at:
            # Nobody else has a say in a second that was signed, and no id in what is wished.
            take(at, names[0], at)
            continue
        spelled = update_id(at)
        wishes = [_Wish(at, _digest(urls.entry_id_of(site, name, spelled)), name) for name in names]
        late = []
        for wish in sorted(wishes) if len(wishes) > 1 else wishes:
            # Nearly everybody gets the second they want.
            first = at.replace(second=_second(wish) % _MINUTE)
            if first < max(at, free.get(wish.story, at)):
                first = next(_slots(wish, max(at, free.get(wish.story, at))))
            if first in taken:
                late.append(wish)
            else:
                take(at, wish.story, first)
        # Afterwards, so that whoever lost a second takes it from nobody else.
        for wish in late:
            slots = _slots(wish, max(at, free.get(wish.story, at)))
            take(at, wish.story, next(slot for slot in slots if slot not in taken))
    return dates


#: An entry leaves its minute only where that is full, and then goes a few seconds on.
_QUIET = timedelta(minutes=2)
_LOOK_BACK = timedelta(hours=1)
#: Entries in the time looked back that could push others across a quiet time.
_MANY = 100
#: What was asked → its answer, beside the site that it is for, so that no other takes its place.
_known: dict[tuple[int, tuple[tuple[datetime, str], ...]], tuple[Site, Dates]] = {}
_MOST_KNOWN = 8
#: Dates of fewer entries are found out again, and push nothing out of what is known.
_WORTH_KNOWING = 32


#: (date, instant signed, id of the story): what is known of an entry without reading its story.
Dated = tuple[datetime, datetime, str]
#: Dates are kept by so many days at a time.
_BLOCK = timedelta(days=8)
_BLOCK_SECONDS = int(_BLOCK.total_seconds())
#: Where nothing is dated so soon, all is looked through.
_FIRST = timedelta(days=1)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Dated])
_read = lru_cache(32)(_decoder.decode)


class EntryDates:
    """The dates of a site's entries, each found out from what was signed shortly before it."""

    def __init__(self, site: Site, stories: Stories, pieces: Pieces) -> None:
        self._site = site
        self._stories = stories
        self._pieces = pieces
        self._known: dict[tuple[str, datetime], datetime] = {}

    def of(self, incident: Incident, update: Update) -> datetime:
        """Return the date of an update's entry."""
        end = update.at.replace(second=0) + timedelta(seconds=_MINUTE)
        # Asked each time: whoever wants the date depends on what was signed before.
        said = self._from_a_quiet_time(update.at.replace(second=0), end)
        if len(said) == 1 and update.at.second:
            return update.at
        key = incident.id, update.at
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._dates(said)[key]
        return known

    def between(self, begin: datetime, end: datetime) -> list[Dated]:
        """Return the entries dated in a time, oldest first.

        Where anything is kept, what is dated in times that are over is: an edit moves none of it.
        """
        if not self._pieces.keeps or end - begin <= _BLOCK:
            return self._between(begin, end)
        first, last = (int(at.timestamp()) // _BLOCK_SECONDS for at in (begin, end - _SECOND))
        found = list(chain.from_iterable(map(self._block, range(first, last + 1))))
        return found[bisect_left(found, (begin,)) : bisect_left(found, (end,))]

    def first(self, begin: datetime, end: datetime) -> Dated | None:
        """Return the first entry dated in a time, and ask of no more of it than needed."""
        found = self._between(begin, min(begin + _FIRST, end)) or self._between(begin, end)
        return found[0] if found else None

    def _block(self, number: int) -> list[Dated]:
        begin = datetime.fromtimestamp(number * _BLOCK_SECONDS, UTC)

        def make() -> str:
            return _encoder.encode(self._between(begin, begin + _BLOCK)).decode()

        return _read(self._pieces.text(f"dates/{number}", "", make))

    def _between(self, begin: datetime, end: datetime) -> list[Dated]:
        said = self._from_a_quiet_time(begin - _LOOK_BACK, end)
        dates = self._dates(said)
        return sorted((date, at, name) for (name, at), date in dates.items() if begin <= date < end)

    def _dates(self, said: list[tuple[datetime, str]]) -> Dates:
        """Return `dates_of`, found out once for the several feeds that ask about one month."""
        if len(said) < _WORTH_KNOWING:
            return dates_of(self._site, said)
        key = id(self._site), tuple(said)
        known = _known.get(key)
        if known is None:
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            known = _known[key] = self._site, dates_of(self._site, said)
        return known[1]

    def _from_a_quiet_time(self, begin: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """Return what was signed until `end`, from where nobody before had a say in its dates."""
        while True:
            back = begin - _LOOK_BACK
            said = self._stories.instants(back, end)
            before = [at for at, _ in said if at < begin]
            start = begin
            for at in reversed(before):
                if at < start - _QUIET:
                    break
                start = at.replace(second=0)
            if len(before) < _MANY and start - _QUIET >= back:
                return [one for one in said if one[0] >= start]
            begin = back


def _digest(entry_id: str) -> bytes:
    return sha256(entry_id.encode()).digest()


def _second(wish: _Wish) -> int:
    """Return the second that an entry wants: its own, else one by its id."""
    return wish.at.second or int.from_bytes(wish.digest[:8], "big")


def _slots(wish: _Wish, earliest: datetime) -> Iterator[datetime]:
    """Yield where an entry may go: its own second, the others of its minute, then on."""
    minute = wish.at.replace(second=0)
    own = _second(wish)
    in_minute = ((own + step) % _MINUTE for step in range(_MINUTE))
    for second in chain(in_minute, count(_MINUTE)):
        slot = minute + timedelta(seconds=second)
        if slot >= earliest:
            yield slot
