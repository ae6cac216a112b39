"""What stands around the entries of a feed: kept from build to build, so that few need feedgen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from firstword import urls
from firstword.feeds.channels import NEVER, Feed
from firstword.feeds.items import attribute, rfc822, spell
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
#: Where an archive says which one it is, and which are before and after it.
_PLACES = {
    "place": '  <link href="{}" rel="self" type="application/atom+xml"/>\n',
    "older": '  <link rel="prev-archive" type="application/atom+xml" href="{}"/>\n',
    "newer": '  <link rel="next-archive" type="application/atom+xml" href="{}"/>\n',
}


def xml_feed(page: StatusPage, feed: Feed, form: str) -> bytes:
    """Write a feed as Atom or as RSS."""
    # Most entries were written one by one, when they were made; a build makes few of them.
    entries = ((entry.xml.get(form) or spell(entry, form)).encode() for entry in feed.entries)
    return framed(page, feed, form, feed.updated, entries)


def framed(
    page: StatusPage, feed: Feed, form: str, updated: datetime, entries: Iterable[bytes]
) -> bytes:
    """Put what stands around a feed around entries that are written, newest first."""
    date, dated = _DATES[form], _SPELL[form]
    around = _around(page, feed, form)
    around = around.replace(date.format(dated(NEVER)), date.format(dated(updated)), 1)
    end = around.rindex(_ENDS[form])
    return b"".join([around[:end].encode(), *entries, around[end:].encode()])


def _around(page: StatusPage, feed: Feed, form: str) -> str:
    """Return the document without an entry, dated as an empty one is."""
    empty = replace(feed, entries=())
    if not feed.current:
        return _made(page, empty, form)
    # Archives are hundreds, and alike but for where they are: one is made, each says its places.
    places = {name: place for name in _PLACES if (place := getattr(feed, name))}
    around = _made(page, replace(empty, **{name: name for name in places}), form)
    for name, place in places.items():
        around = around.replace(_link(page, name, name), _link(page, name, place), 1)
    return around


def _link(page: StatusPage, name: str, place: str) -> str:
    return _PLACES[name].format(attribute(urls.absolute(page.site, urls.feed_key(place, "atom"))))


def _made(page: StatusPage, empty: Feed, form: str) -> str:
    def make() -> str:
        # Here and not above: feedgen and lxml take as long to load as a dozen feeds to be made.
        from firstword.feeds.xml import Document

        return Document(page.site, empty).write(form)

    # Of the site's settings all pieces are made, so that they need not be named.
    of = hashlib.blake2b(msgspec.json.encode(empty), digest_size=16).hexdigest()
    return page.pieces.text(f"around/{form}/{of}", "", make)
