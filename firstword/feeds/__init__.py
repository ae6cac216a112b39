"""What people said → Atom, RSS and JSON Feed: one entry per update, or one per story.

Every byte comes from content: no clock, no position, no title enters an id or a date. An entry says
what was known when it was published, so that nothing said later changes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from firstword import urls
from firstword.feeds.channels import channels
from firstword.feeds.dates import entry_dates
from firstword.feeds.entries import Teller
from firstword.markup import Markup
from firstword.page import StatusPage

__all__ = ["build_feeds"]


def build_feeds(page: StatusPage, markup: Markup) -> Iterator[tuple[str, bytes]]:
    """Yield (key, bytes) of every feed of the site in each of its formats.

    Not for threads: feedgen sets the locale of the whole process while it writes a date.
    """
    # Here and not above: most commands make no feed, and feedgen and lxml take a while to load.
    from firstword.feeds.jsonfeed import json_feed
    from firstword.feeds.xml import Document

    site = page.site
    for feed in channels(page, Teller(page, markup, entry_dates(site, page.updates))):
        document = Document(site, feed)
        for form in feed.forms:
            data = json_feed(site, feed) if form == "json" else document.write(form)
            yield urls.feed_key(feed.place, form), data
