"""Which feeds a site has, and in which document each entry stands, as values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from itertools import islice

import msgspec
from msgspec import Struct

from firstword import urls
from firstword.feeds.dates import Dated
from firstword.feeds.entries import Entry, Teller
from firstword.feeds.text import legal
from firstword.model import Component, Incident, Kind, Update
from firstword.page import StatusPage, Words
from firstword.values import replace
from firstword.words import speak

#: Entries in a feed, the newest ones: what feed readers fetch again and again stays small.
MOST = 50
#: Entries in an archive. No more than MOST: so an archive is full, or its month over, before the
#: first of its entries leaves the feed, and it does not grow afterwards.
PART = 50
#: A feed must be dated, and before the first word there is nothing to date it by: the year in which
#: our tag URIs begin. A constant, so that an empty feed stays the same bytes.
NEVER = datetime(2026, 1, 1, tzinfo=UTC)

Pair = tuple[Incident, Update]
_encoder = msgspec.json.Encoder()


class Feed(Struct, frozen=True, kw_only=True):
    """One document of a feed: newest entry first, no two dated alike. Its texts are legal XML."""

    #: Names the feed; archives share it, as they share the feed's id (RFC 5005 §4).
    name: str
    title: str
    description: str
    author: str
    entries: tuple[Entry, ...]
    #: Its address without the format; so are the three below.
    place: str
    forms: tuple[str, ...] = ("atom", "rss")
    #: The feed that this is an archive of; empty for a feed that goes on.
    current: str = ""
    #: The archives (in Atom) of what came before this document and after it.
    older: str = ""
    newer: str = ""

    @property
    def updated(self) -> datetime:
        """The newest entry's date."""
        return max((entry.updated for entry in self.entries), default=NEVER)


class Archive(Struct, frozen=True, array_like=True):
    """One archive before it is made."""

    place: str
    #: What is in it, oldest first.
    part: tuple[Dated, ...]
    #: The archives before it and after it.
    links: tuple[str, str]

    @property
    def time(self) -> tuple[datetime, datetime]:
        """From when, and before when, its updates were signed."""
        signed = [at for _, at, _ in self.part]
        return min(signed), max(signed) + timedelta(seconds=1)


class Channel(Struct, frozen=True, kw_only=True):
    """Documents that are made together; nothing is asked until somebody wants them."""

    name: str
    make: Callable[[], Iterator[Feed]]
    #: What it is made from beside stories.
    inputs: str = ""
    archive: Archive | None = None


def channels(page: StatusPage, new_teller: Callable[[], Teller]) -> Iterator[Channel]:
    """Yield every feed of a site, but the archives of the default one.

    Each is told by a teller of its own, so that what it asks can be told apart.
    """
    site = page.site
    language = speak(site)
    name = legal(site.name)

    def every() -> Iterator[Feed]:
        teller = new_teller()
        entries = _entries(teller, teller.newest_first(Words()))
        yield replace(_live(page, entries), older=_newest_archive(page, teller))

    def incidents() -> Iterator[Feed]:
        told = replace(
            _feed(
                page,
                "incidents",
                language.say("incidents"),
                language.say(
                    "Every incident, maintenance and notice on %(site)s, one entry each.", site=name
                ),
                place=urls.INCIDENTS_FEED,
                entries=(),
            ),
            entries=tuple(new_teller().incidents(MOST)),
        )
        yield told
        yield replace(told, place=urls.HISTORY_FEED)

    def notices() -> Iterator[Feed]:
        teller = new_teller()
        wanted = teller.newest_first(Words(kinds=(Kind.NOTICE,)))
        yield _feed(
            page,
            "notices",
            language.say("notices"),
            language.say(
                "Every update of the notices on %(site)s: delays, safety, security, reminders,"
                " tips.",
                site=name,
            ),
            place=urls.NOTICES_FEED,
            entries=_entries(teller, wanted),
        )

    yield Channel(name="updates", make=every)
    yield Channel(name="incidents", make=incidents)
    yield Channel(name="notices", make=notices)
    for component in site.components.values():
        yield Channel(
            name=f"components/{component.id}",
            make=partial(_component, page, component, new_teller),
        )


def _component(
    page: StatusPage, component: Component, new_teller: Callable[[], Teller]
) -> Iterator[Feed]:
    teller, name, shown = new_teller(), legal(page.site.name), legal(component.name)
    # Dated by what was known: from the update on that first names the component.
    touching = (
        pair
        for pair in teller.newest_first(Words(component=component.id))
        if component.id in teller.components(*pair)
    )
    yield _feed(
        page,
        f"components/{component.id}",
        shown,
        speak(page.site).say(
            "Every update on %(site)s about %(name)s, one entry each.", site=name, name=shown
        ),
        place=urls.component_feed(component.id),
        entries=_entries(teller, touching),
    )


def _feed(
    page: StatusPage,
    feed_name: str,
    title: str,
    description: str,
    *,
    place: str,
    entries: Iterable[Entry],
) -> Feed:
    name = legal(page.site.name)
    return Feed(
        name=feed_name,
        title=f"{name}: {title}",
        description=description,
        author=name,
        entries=tuple(entries),
        place=place,
    )


def _entries(teller: Teller, pairs: Iterable[Pair]) -> Iterator[Entry]:
    return (teller.update(*pair) for pair in islice(pairs, MOST))


def _live(page: StatusPage, entries: Iterable[Entry]) -> Feed:
    name, language = legal(page.site.name), speak(page.site)
    feed = _feed(
        page,
        "updates",
        language.say("updates"),
        language.say("Every update on %(site)s, one entry each.", site=name),
        place=urls.UPDATES_FEED,
        entries=entries,
    )
    return replace(feed, forms=("atom", "rss", "json"))


# ── archives ─────────────────────────────────────────────────────────────────────────────────────

#: In the place of the default feed's beginning, where that is far away: all entries are before it.
BEFORE_LIVE: Dated = (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "")


def archives(
    page: StatusPage, new_teller: Callable[[], Teller], month: date, live: Dated | None
) -> Iterator[Channel]:
    """Yield what is older than the default feed and dated in a month of UTC, oldest first.

    Every entry is in one archive at most, and in the feed or in an archive. An archive is begun
    when the first of its entries leaves the feed and is whole from then on, so the newest may
    repeat what the feed still has: whoever read an archive once need not read it again. `live` is
    where the default feed begins.
    """
    teller = new_teller()
    parts = _parts(teller, month, live)
    if not parts:
        return
    months = page.stories.months_of_words()
    before = [one for one in months if one < month]
    after = [one for one in months if one > month]
    places = [urls.archive_feed(month, number) for number in range(1, len(parts) + 1)]
    older = next((p for m in reversed(before) if (p := _last_place(teller, m, live))), "")
    newer = next((p for m in after if (p := _first_place(teller, m, live))), "")
    around = [older, *places, newer]
    for index, (place, part) in enumerate(zip(places, parts, strict=True)):
        links = around[index], around[index + 2]
        yield archive_channel(page, new_teller, Archive(place, tuple(part), links))


def archive_channel(
    page: StatusPage, new_teller: Callable[[], Teller], archive: Archive
) -> Channel:
    """Return one archive before it is made."""
    return Channel(
        name=archive.place,
        # Which entries these are was asked before; what they say is asked when it is made.
        inputs=blake2b(_encoder.encode(archive), digest_size=16).hexdigest(),
        make=partial(_archive, page, new_teller, archive),
        archive=archive,
    )


def _archive(
    page: StatusPage, new_teller: Callable[[], Teller], archive: Archive
) -> Iterator[Feed]:
    teller = new_teller()
    begin, end = archive.time
    told = {
        (update.at, incident.id): (incident, update)
        for incident, update in page.stories.words(Words(begin=begin, end=end))
    }
    entries = [teller.update(*told[at, name]) for _, at, name in reversed(archive.part)]
    yield archive_feed(page, archive, entries)


def archive_feed(page: StatusPage, archive: Archive, entries: Iterable[Entry] = ()) -> Feed:
    """Return the one document of an archive, with entries or for those who have them written."""
    # One format is enough: whoever follows links to archives reads Atom, and they are many.
    return replace(
        _live(page, entries),
        place=archive.place,
        forms=("atom",),
        current=urls.UPDATES_FEED,
        older=archive.links[0],
        newer=archive.links[1],
    )


def live_since(teller: Teller) -> Dated | None:
    """Return the oldest entry of the default feed; None where the feed holds all there are."""
    found = list(islice(teller.newest_first(Words()), MOST + 1))
    if len(found) <= MOST:
        return None
    incident, update = found[MOST - 1]
    return teller.date(incident, update), update.at, incident.id


def _parts(teller: Teller, month: date, live: Dated | None) -> list[Sequence[Dated]]:
    if live is None:
        return []
    found = teller.dates.between(*_span(month))
    parts = (found[start : start + PART] for start in range(0, len(found), PART))
    return [part for part in parts if part[0] < live]


def _span(month: date) -> tuple[datetime, datetime]:
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    return begin, (begin + timedelta(days=31)).replace(day=1)


def begun_before(teller: Teller, month: date, live: Dated) -> bool:
    """Tell whether anything is dated in a month of UTC and before the default feed begins."""
    first = teller.dates.first(*_span(month))
    return first is not None and first < live


def _last_place(teller: Teller, month: date, live: Dated | None) -> str:
    count = len(_parts(teller, month, live))
    return urls.archive_feed(month, count) if count else ""


def _first_place(teller: Teller, month: date, live: Dated | None) -> str:
    begun = live is not None and begun_before(teller, month, live)
    return urls.archive_feed(month, 1) if begun else ""


def _newest_archive(page: StatusPage, teller: Teller) -> str:
    """Return where what is just older than the feed is."""
    live = live_since(teller)
    months = page.stories.months_of_words() if live else []
    return next((p for m in reversed(months) if (p := _last_place(teller, m, live))), "")
