"""What people said → Atom, RSS and JSON Feed: one entry per update, or one per story.

Every byte comes from content: no clock, no position, no title enters an id or a date. An entry says
what was known when it was published, so that nothing said later changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from itertools import chain

from firstword import urls
from firstword.feeds.archive import ArchiveTeller, written
from firstword.feeds.around import framed, xml_feed
from firstword.feeds.channels import (
    BEFORE_LIVE,
    Archive,
    Channel,
    archive_channel,
    archive_feed,
    archives,
    begun_before,
    live_since,
)
from firstword.feeds.channels import channels as all_channels
from firstword.feeds.dates import Dated, EntryDates
from firstword.feeds.entries import Teller
from firstword.feeds.jsonfeed import json_feed
from firstword.markup import Markup
from firstword.page import StatusPage
from firstword.values import replace

__all__ = [
    "Archive",
    "Channel",
    "Dated",
    "archive",
    "archive_months",
    "archived",
    "bound",
    "build_feeds",
    "feeds",
    "write",
    "written",
]


def build_feeds(page: StatusPage, markup: Markup) -> Iterator[tuple[str, bytes]]:
    """Yield (key, bytes) of every feed of the site in each of its formats."""
    live = list(feeds(page, markup))
    old = (archived(page, markup, *month) for month in archive_months(page, markup))
    for channel in (*live[:1], *chain.from_iterable(old), *live[1:]):
        yield from write(page, channel)


def feeds(page: StatusPage, markup: Markup) -> Iterator[Channel]:
    """Yield every feed before it is made, but the archives."""
    # One for all of them: an update stands in several.
    dates = EntryDates(page.site, page.stories, page.pieces)
    yield from all_channels(page, partial(Teller, page, markup, dates))


def archive_months(page: StatusPage, markup: Markup) -> Iterator[tuple[date, Dated]]:
    """Yield every month of UTC that may have archives, with where the default feed begins.

    For a month that lies before that, and after which other archives have begun, it is one and the
    same, whatever is signed today.
    """
    teller = Teller(page, markup)
    since = live_since(teller)
    if since is None:
        return
    begins, months = since[0].date().replace(day=1), page.stories.months_of_words()
    for month, after in zip(months, [*months[1:], None], strict=True):
        whole = after and (after < begins or begun_before(teller, after, since))
        yield month, BEFORE_LIVE if whole else since


def archived(page: StatusPage, markup: Markup, month: date, live: Dated) -> Iterator[Channel]:
    """Yield the archives of a month of UTC before they are made."""
    if live != BEFORE_LIVE:
        # Still being filled: what it holds stood in the feed a moment ago, and is kept here.
        for one in archives(page, partial(Teller, page, markup), month, live):
            yield replace(one, archive=None)
        return
    for one in archives(page, partial(Teller, page, markup), month, live):
        if one.archive:
            yield archive(page, markup, one.archive)


def archive(page: StatusPage, markup: Markup, one: Archive) -> Channel:
    """Return one that is whole, for whoever knows what is in it."""
    dates = {(name, at): date for date, at, name in one.part}
    return archive_channel(page, partial(ArchiveTeller, page, markup, dates), one)


def bound(page: StatusPage, one: Archive, entries: Iterable[bytes]) -> tuple[str, bytes]:
    """Return (key, bytes) of an archive of which all entries were `written`, newest first."""
    newest, _, _ = one.part[-1]
    data = framed(page, archive_feed(page, one), "atom", newest, entries)
    return urls.feed_key(one.place, "atom"), data


def write(page: StatusPage, channel: Channel) -> Iterator[tuple[str, bytes]]:
    """Yield (key, bytes) of a channel's documents.

    Not for threads: feedgen sets the locale of the whole process while it writes a date.
    """
    for feed in channel.make():
        for form in feed.forms:
            json = form == "json"
            data = json_feed(page.site, feed) if json else xml_feed(page, feed, form)
            yield urls.feed_key(feed.place, form), data
