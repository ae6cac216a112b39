"""What stands around the entries of a feed in Atom 1.0 (RFC 4287) and RSS 2.0, through feedgen.

The only module that imports feedgen and lxml, and itself only imported when a feed is first made.
What feedgen gets wrong is put right by an extension of its own kind, on the finished elements.
"""

from __future__ import annotations

from typing import Any

from lxml import etree  # first: feedgen takes for granted that somebody has imported it

# isort: split
from feedgen.ext.base import BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator

from firstword import urls
from firstword.feeds.channels import Feed
from firstword.feeds.text import rfc3339
from firstword.model import Site

_ATOM = "{http://www.w3.org/2005/Atom}"
_HISTORY = "http://purl.org/syndication/history/1.0"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_HTML = "text/html"
_MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}


class Document:
    """A feed in feedgen's hands, ready to be written in either format."""

    def __init__(self, site: Site, feed: Feed) -> None:
        self._site = site
        self._feed = feed
        # Untyped: feedgen ships no types.
        generator: Any = FeedGenerator()
        self._generator = generator
        generator.register_extension("dc", DcExtension, DcEntryExtension, atom=False)
        generator.register_extension("firstword", FeedMends)
        generator.id(urls.feed_id(site, feed.name))
        generator.title(feed.title)
        generator.description(feed.description)
        generator.author(name=feed.author)
        generator.language(site.language)
        generator.generator("Firstword")
        # feedgen would say now.
        generator.updated(feed.updated)
        generator.firstword.site = site
        generator.firstword.feed = feed

    def write(self, form: str) -> str:
        """Write it as Atom or as RSS, without an entry."""
        self._link(form)
        how = self._generator.atom_str if form == "atom" else self._generator.rss_str
        written: bytes = how(pretty=True)
        return written.decode()

    def _link(self, form: str) -> None:
        itself = urls.absolute(self._site, urls.feed_key(self._feed.place, form))
        page = urls.absolute(self._site, urls.HOME)
        self._generator.link(
            [
                {"rel": "self", "type": _MEDIA_TYPES[form], "href": itself},
                # Last: that is the one RSS calls the site.
                {"rel": "alternate", "type": _HTML, "href": page},
            ],
            replace=True,
        )


class FeedMends(BaseExtension):  # type: ignore[misc]  # feedgen ships no types
    """Gives a feed what feedgen cannot say: its xml:base, its date in UTC, its archives."""

    site: Site
    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY} if self.feed.current else {}

    def extend_atom(self, root: etree._Element) -> etree._Element:
        root.set(_XML_BASE, urls.absolute(self.site, urls.HOME))
        _set_text(root, "updated", rfc3339(self.feed.updated))
        self._archives(root, "link")
        return root

    def extend_rss(self, root: etree._Element) -> etree._Element:
        root.set(_XML_BASE, urls.absolute(self.site, urls.HOME))
        self._archives(root[0], f"{_ATOM}link")
        return root

    def _archives(self, parent: etree._Element, tag: str) -> None:
        """Say where the rest of the feed is (RFC 5005 §4), in Atom."""
        feed = self.feed
        if feed.current:
            etree.SubElement(parent, f"{{{_HISTORY}}}archive")
        for rel, place in (
            ("prev-archive", feed.older),
            ("next-archive", feed.newer),
            ("current", feed.current),
        ):
            if place:
                link = etree.SubElement(parent, tag)
                link.set("rel", rel)
                link.set("type", _MEDIA_TYPES["atom"])
                link.set("href", urls.absolute(self.site, urls.feed_key(place, "atom")))


def _set_text(parent: etree._Element, tag: str, text: str) -> None:
    for element in parent.iterfind(tag):
        element.text = text
