"""Which feeds a site has, and in which document each entry stands, as values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby, islice

from firstword import urls
from firstword.feeds.entries import Entry, Teller
from firstword.feeds.text import legal
from firstword.model import Incident, Kind, Update
from firstword.page import StatusPage
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
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


def channels(page: StatusPage, teller: Teller) -> Iterator[Feed]:
    """Yield every feed of a site, and after the default one its archives."""
    site = page.site
    language = speak(site)
    name = legal(site.name)
    pairs = teller.newest_first()

    def feed(
        feed_name: str, title: str, description: str, place: str, wanted: Iterable[Pair]
    ) -> Feed:
        return Feed(
            name=feed_name,
            title=f"{name}: {title}",
            description=description,
            author=name,
            entries=tuple(teller.update(*pair) for pair in islice(wanted, MOST)),
            place=place,
        )

    every = replace(
        feed(
            "updates",
            language.say("updates"),
            language.say("Every update on %(site)s, one entry each.", site=name),
            urls.UPDATES_FEED,
            pairs,
        ),
        forms=("atom", "rss", "json"),
    )
    archives = [*_archives(every, pairs, teller)]
    yield replace(every, older=archives[-1].place if archives else "")
    yield from archives
    incidents = replace(
        feed(
            "incidents",
            language.say("incidents"),
            language.say(
                "Every incident, maintenance and notice on %(site)s, one entry each.", site=name
            ),
            urls.INCIDENTS_FEED,
            (),
        ),
        entries=tuple(teller.incidents(MOST)),
    )
    yield incidents
    yield replace(incidents, place=urls.HISTORY_FEED)
    yield feed(
        "notices",
        language.say("notices"),
        language.say(
            "Every update of the notices on %(site)s: delays, safety, security, reminders, tips.",
            site=name,
        ),
        urls.NOTICES_FEED,
        (pair for pair in pairs if pair[0].kind is Kind.NOTICE),
    )
    for component in site.components.values():
        # Dated by what was known: from the update on that first names the component.
        touching = (pair for pair in pairs if component.id in teller.components(*pair))
        shown = legal(component.name)
        yield feed(
            f"components/{component.id}",
            shown,
            language.say(
                "Every update on %(site)s about %(name)s, one entry each.", site=name, name=shown
            ),
            urls.component_feed(component.id),
            touching,
        )


def _archives(live: Feed, pairs: Sequence[Pair], teller: Teller) -> Iterator[Feed]:
    """Yield what is older than the feed, oldest archive first, by months of UTC.

    Every entry is in one archive at most, and in the feed or in an archive. An archive is begun
    when the first of its entries leaves the feed and is whole from then on, so the newest may
    repeat what the feed still has: whoever read an archive once need not read it again.
    """
    if len(pairs) <= MOST:
        return
    kept = {entry.id for entry in live.entries}
    parts: list[Feed] = []
    for month, group in groupby(reversed(pairs), key=lambda pair: _month(teller.date(*pair))):
        in_month = [teller.update(*pair) for pair in group]
        for start in range(0, len(in_month), PART):
            part = in_month[start : start + PART]
            if part[0].id in kept:
                break
            place = urls.archive_feed(month, 1 + start // PART)
            told = tuple(part[::-1])
            # One format is enough: whoever follows links to archives reads Atom, and they are many.
            parts.append(
                replace(live, entries=told, place=place, forms=("atom",), current=live.place)
            )
    places = ["", *(part.place for part in parts), ""]
    for archive, older, newer in zip(parts, places, places[2:], strict=False):
        yield replace(archive, older=older, newer=newer)


def _month(at: datetime) -> date:
    return date(at.year, at.month, 1)
