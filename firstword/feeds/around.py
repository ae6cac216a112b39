"""What stands around the entries of a feed: kept from build to build, so that few need feedgen."""

from __future__ import annotations

import hashlib

import msgspec

from firstword.feeds.channels import NEVER, Feed
from firstword.feeds.items import rfc822
from firstword.feeds.text import rfc3339
from firstword.page import StatusPage
from firstword.values import replace

#: What follows the last entry.
_ENDS = {"atom": "</feed>", "rss": "  </channel>"}
#: Where a feed says of when it is. Angle brackets in texts are escaped.
_DATES = {
    "atom": "  <updated>{}</updated>\n",
    "rss": "    <lastBuildDate>{}</lastBuildDate>\n",
}
_SPELL = {"atom": rfc3339, "rss": rfc822}


def xml_feed(page: StatusPage, feed: Feed, form: str) -> bytes:
    """Write a feed as Atom or as RSS."""
    date, spell = _DATES[form], _SPELL[form]
    around = _around(page, feed, form)
    around = around.replace(date.format(spell(NEVER)), date.format(spell(feed.updated)), 1)
    end = around.rindex(_ENDS[form])
    # Entries were written one by one, when they were made; a build makes few of them.
    entries = "".join(entry.xml[form] for entry in feed.entries)
    return f"{around[:end]}{entries}{around[end:]}".encode()


def _around(page: StatusPage, feed: Feed, form: str) -> str:
    """Return the document without an entry, dated as an empty one is."""
    empty = replace(feed, entries=())

    def make() -> str:
        # Here and not above: feedgen and lxml take as long to load as a dozen feeds to be made.
        from firstword.feeds.xml import Document

        return Document(page.site, empty).write(form)

    # Of the site's settings all pieces are made, so that they need not be named.
    of = hashlib.blake2b(msgspec.json.encode(empty), digest_size=16).hexdigest()
    return page.pieces.text(f"around/{form}/{of}", "", make)
