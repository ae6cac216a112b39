"""A feed → JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

import msgspec

from firstword import urls
from firstword.feeds.channels import Feed
from firstword.feeds.entries import Entry
from firstword.feeds.text import rfc3339
from firstword.model import Site


def json_feed(site: Site, feed: Feed) -> bytes:
    """Write a feed as JSON."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.description,
        "home_page_url": urls.absolute(site, urls.HOME),
        "feed_url": urls.absolute(site, urls.feed_key(feed.place, "json")),
        "language": site.language,
        "authors": [{"name": feed.author}],
        "items": [_item(site, entry) for entry in feed.entries],
    }
    # The bytes of Python's own encoder, which is slow where it has to indent.
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _item(site: Site, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.link,
        "title": entry.title,
        "content_html": entry.content,
        "summary": entry.summary,
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": [term for term, _ in entry.categories],
        # Our own, named as the format asks: an object behind a name that begins with "_".
        "_status": {
            "about": urls.absolute(site, urls.SUBSCRIBE),
            "incident": entry.story,
            "kind": entry.kind,
            "status": entry.status,
            "components": [*entry.components],
        },
    }
