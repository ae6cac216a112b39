"""A feed → Atom 1.0 (RFC 4287) and RSS 2.0 (rssboard.org), through feedgen.

The only module that imports feedgen and lxml, and itself only imported when a feed is made. What
feedgen gets wrong is put right by extensions of its own kind, on the finished elements.
"""

from __future__ import annotations

import html
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.ext.dc import DcEntryExtension, DcExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from firstword import urls
from firstword.feeds.channels import Feed
from firstword.feeds.entries import Entry
from firstword.feeds.text import rfc3339
from firstword.model import Site

_ATOM = "{http://www.w3.org/2005/Atom}"
_HISTORY = "http://purl.org/syndication/history/1.0"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_HTML = "text/html"
#: As feedgen declares them at the root of RSS.
_PREFIXES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
#: What follows the last entry.
_ENDS = {"atom": b"</feed>", "rss": b"  </channel>"}
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

    def write(self, form: str) -> bytes:
        """Write it as Atom or as RSS."""
        self._link(form)
        how = self._generator.atom_str if form == "atom" else self._generator.rss_str
        around: bytes = how(pretty=True)
        # Entries were written one by one, when they were made; a build makes few of them.
        end = around.rindex(_ENDS[form])
        entries = "".join(entry.xml[form] for entry in self._feed.entries)
        return around[:end] + entries.encode() + around[end:]

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


def write_entry(entry: Entry) -> dict[str, str]:
    """Return an entry by format, as it stands in a document."""
    # Untyped: feedgen ships no types.
    written: Any = FeedEntry()
    written.register_extension("dc", DcEntryExtension, atom=False)
    written.register_extension("firstword", EntryMends)
    _fill(written, entry)
    return {form: _within(form, written) for form in ("atom", "rss")}


def _within(form: str, written: Any) -> str:
    """Write an entry with the indentation and the prefixes of its place in a document."""
    if form == "atom":
        root = etree.Element("feed")
        root.append(written.atom_entry())
    else:
        root = etree.Element("rss", nsmap=_PREFIXES)
        etree.SubElement(root, "channel").append(written.rss_entry())
    text = etree.tostring(root, pretty_print=True, encoding="unicode")
    begin = "<feed>\n" if form == "atom" else "<channel>\n"
    return text[text.index(begin) + len(begin) : text.rindex(_ENDS[form].decode())]


def _fill(written: Any, entry: Entry) -> None:
    """Fill feedgen's entry with ours."""
    written.id(entry.id)
    written.title(entry.title)
    written.link(href=entry.link)
    written.author([{"name": name} for name in entry.authors])
    # RSS has no names beside addresses; Dublin Core has.
    written.dc.dc_creator(list(entry.authors))
    # RSS readers take a description for HTML, so that plain text is escaped for them; content and
    # summary come after it and set what Atom says.
    written.description(html.escape(entry.summary, quote=False))
    written.content(entry.content, type="html")
    written.summary(entry.summary, type="text")
    written.published(entry.published)
    written.category([{"term": term, "label": label} for term, label in entry.categories])
    written.firstword.entry = entry


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


class EntryMends(BaseEntryExtension):  # type: ignore[misc]  # feedgen ships no types
    """Gives an entry's link back what feedgen forgets of it, and its own dates, not today's."""

    entry: Entry

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        _set_text(entry, "published", rfc3339(self.entry.published))
        _set_text(entry, "updated", rfc3339(self.entry.updated))
        # Written as feed readers look for it; feedgen asks the new element for what the old one
        # knew (its issue 135).
        for link in entry.iterfind("link"):
            link.set("rel", "alternate")
            link.set("type", _HTML)
        return entry

    def extend_rss(self, item: etree._Element) -> etree._Element:
        # RSS knows one date only; where an entry grows, readers are told when.
        if self.entry.updated != self.entry.published:
            etree.SubElement(item, f"{_ATOM}updated").text = rfc3339(self.entry.updated)
        return item


def _set_text(parent: etree._Element, tag: str, text: str) -> None:
    for element in parent.iterfind(tag):
        element.text = text
