"""What judges feeds: a grammar, a schema, a checklist, and feedparser."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import jsonschema
from feedstories import KEYS, SITE, Feeds
from lxml import etree

from firstword.model import Kind, Site, Status

ROOT = Path(__file__).resolve().parent.parent
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
XML = "{http://www.w3.org/XML/1998/namespace}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
GRAMMAR = etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "atom.rng"))

JSON_FEED = jsonschema.Draft202012Validator(
    json.loads((ROOT / "tests" / "data" / "jsonfeed.schema.json").read_text(encoding="utf-8"))
)
#: All that RSS 2.0 knows.
CHANNEL_ELEMENTS = {
    *("title", "link", "description", "language", "copyright", "managingEditor", "webMaster"),
    *("pubDate", "lastBuildDate", "category", "generator", "docs", "cloud", "ttl", "image"),
    *("rating", "textInput", "skipHours", "skipDays", "item"),
}
ITEM_ELEMENTS = {
    *("title", "link", "description", "author", "category", "comments", "enclosure", "guid"),
    *("pubDate", "source"),
}

#: What feed readers are ever given.
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h3", "h4"),
    *("h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "s", "strong", "sub"),
    *("sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}


def entries(data: bytes) -> list[Any]:
    """Return the entries as feedparser reads them; it must find nothing wrong."""
    feed = feedparser.parse(data)
    assert not feed.bozo, feed.bozo_exception
    found: list[Any] = feed.entries
    return found


def by_id(data: bytes) -> dict[str, bytes]:
    """Return the bytes of every Atom entry by its id."""
    root = etree.fromstring(data)
    return {
        entry.findtext(f"{ATOM}id") or "": etree.tostring(entry, with_tail=False)
        for entry in root.iter(f"{ATOM}entry")
    }


def ids(feeds: Feeds) -> list[list[str]]:
    """Return the ids of the entries of every feed."""
    return [[entry.id for entry in entries(feeds[key])] for key in KEYS]


def when(data: bytes) -> dict[str, str]:
    """Return the date of every Atom entry by the tail of its id."""
    return {e.id.partition(":incident/")[2]: e.updated for e in entries(data)}


def check(feeds: Feeds, site: Site = SITE) -> None:
    """Hold every document of a site's feeds against the rules of its format, and ours."""
    judges = {"atom": check_atom, "rss": check_rss, "json": check_json}
    for key, data in feeds.items():
        judges[key.rpartition(".")[2]](data, key, site)
    assert len(feeds) >= 9


def check_atom(data: bytes, key: str, site: Site = SITE) -> None:
    """Hold an Atom document against the grammar and what RFC 4287 and RFC 5005 say beside it."""
    root = etree.fromstring(data)
    assert GRAMMAR.validate(root), (key, GRAMMAR.error_log)
    assert root.get(f"{XML}base") == f"{site.url}/"
    assert root.get(f"{XML}lang") == site.language
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links["self"] == f"{site.url}/{key}"
    assert links["alternate"] == f"{site.url}/"
    is_archive = root.find(f"{HISTORY}archive") is not None
    assert is_archive == ("current" in links) == key.startswith("feeds/archive/")
    assert ("next-archive" in links) <= is_archive
    found = root.findall(f"{ATOM}entry")
    assert len(found) <= 50
    check_order([entry.findtext(f"{ATOM}published") or "" for entry in found], key)
    changed = [entry.findtext(f"{ATOM}updated") or "" for entry in found]
    assert len(set(changed)) == len(changed)
    assert not found or max(changed) == root.findtext(f"{ATOM}updated")
    for entry in found:
        assert entry.find(f"{ATOM}author") is not None
        assert all(name.text for name in entry.findall(f"{ATOM}author/{ATOM}name"))
        check_html(entry.findtext(f"{ATOM}content") or "")
        assert (entry.findtext(f"{ATOM}summary") or "") > "\x00"
        assert [link.get("rel") for link in entry.findall(f"{ATOM}link")] == ["alternate"]
        published = entry.findtext(f"{ATOM}published") or ""
        assert published <= (entry.findtext(f"{ATOM}updated") or "")
        assert published.endswith("Z")
        kind, status, *_ = entry.findall(f"{ATOM}category")
        assert kind.get("term") in set(Kind)
        assert status.get("term") in set(Status)
    check_ids([entry.findtext(f"{ATOM}id") or "" for entry in found], site)


def check_rss(data: bytes, key: str, site: Site = SITE) -> None:
    """Hold an RSS document against the specification and the profile of the RSS Advisory Board.

    https://www.rssboard.org/rss-specification and https://www.rssboard.org/rss-profile
    """
    assert data.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    root = etree.fromstring(data)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    [channel] = root
    assert channel.tag == "channel"
    assert plain_names(channel) <= CHANNEL_ELEMENTS
    for name in ("title", "link", "description", "language", "lastBuildDate"):
        # Each of them once, and not empty.
        [only] = channel.findall(name)
        assert only.text
    assert channel.findtext("link") == f"{site.url}/"
    assert channel.findtext("language") == site.language
    links = {link.get("rel"): link for link in channel.findall(f"{ATOM}link")}
    assert links.keys() <= {"self", "prev-archive"}
    assert links["self"].get("href") == f"{site.url}/{key}"
    assert links["self"].get("type") == "application/rss+xml"
    items = channel.findall("item")
    newest = check_rfc822(channel.findtext("lastBuildDate"))
    dates = [check_rfc822(item.findtext("pubDate")) for item in items]
    check_order(dates, key)
    # Nothing is dated in the future.
    assert all(date <= newest for date in dates)
    for item in items:
        names = [child.tag for child in item]
        assert plain_names(item) <= ITEM_ELEMENTS
        for name in ("title", "link", "description", "guid", "pubDate", f"{CONTENT}encoded"):
            assert names.count(name) == 1, name
        assert names.index("description") < names.index(f"{CONTENT}encoded")
        assert item.find("enclosure") is None
        # An author there must be an address; names are Dublin Core's.
        assert item.find("author") is None
        assert item.findtext(f"{DC}creator")
        # What is not an address must say so.
        assert [guid.get("isPermaLink") for guid in item.findall("guid")] == ["false"]
        assert (item.findtext("link") or "").startswith(f"{site.url}/")
        assert "<" not in (item.findtext("description") or "<")
        check_html(item.findtext(f"{CONTENT}encoded") or "")
        assert all(category.text for category in item.findall("category"))
    check_ids([item.findtext("guid") or "" for item in items], site)


def check_json(data: bytes, key: str, site: Site = SITE) -> None:
    """Hold a JSON Feed against its schema and what the format asks beside it."""
    feed = json.loads(data)
    JSON_FEED.validate(feed)
    assert feed["feed_url"] == f"{site.url}/{key}"
    assert feed["home_page_url"] == f"{site.url}/"
    check_order([item["date_published"] for item in feed["items"]], key)
    for item in feed["items"]:
        check_html(item["content_html"])
        assert item["authors"]
        assert item["date_published"] <= item["date_modified"]
        own = item["_status"]
        assert own["about"] == f"{site.url}/subscribe/"
        assert item["tags"] == [own["kind"], own["status"], *own["components"]]
        assert f":incident/{own['incident']}/update/" in item["id"]
    check_ids([item["id"] for item in feed["items"]], site)


def check_order(dates: Sequence[str] | Sequence[datetime], key: str) -> None:
    """Hold the dates that readers sort by against the order of a document: newest first."""
    assert all(newer > older for newer, older in pairwise(dates)), (key, dates)  # type: ignore[operator]


def check_html(content: str) -> None:
    """Hold an entry's HTML against what feed readers are ever given: safe, and true anywhere."""
    assert content
    assert set(re.findall(r"<(?!/)([^\s>]*)", content)) <= TAGS
    for address in re.findall(r'<[^>]* (?:href|src)="([^"]*)"', content):
        assert urlsplit(html.unescape(address)).scheme in {"http", "https", "mailto", "tel"}


def check_ids(found: list[str], site: Site) -> None:
    """Hold the ids of a feed's entries against RFC 4151; each is there once."""
    assert len(set(found)) == len(found)
    for one in found:
        assert re.fullmatch(rf"tag:{re.escape(site.tag_authority)}:incident/[^\s#]+", one), one


def check_rfc822(date: str | None) -> datetime:
    """Return an RFC 822 date with a year of four digits and an offset of digits."""
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} \+0000", date or "")
    return parsedate_to_datetime(date or "")


def plain_names(element: etree._Element) -> set[str]:
    """Return the names of the children that no namespace answers for."""
    return {str(child.tag) for child in element if not str(child.tag).startswith("{")}


def words_of(content: str) -> list[str]:
    """Return the lines of an entry's HTML, links without their addresses."""
    return [html.unescape(re.sub("<[^>]+>", "", line)) for line in content.split("\n")]
