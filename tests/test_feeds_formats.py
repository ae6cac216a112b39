"""The formats: every feed document against its grammar, and the judges against bad ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import life
import pytest
from feedjudges import GRAMMAR, JSON_FEED, by_id, check, check_rss, entries
from feedstories import build, build_page, incidents
from lxml import etree
from sites import CONF, SmallSite

from firstword import urls
from firstword.content import load, scan
from firstword.page import StatusPage
from firstword.settings import load_settings, read_site

GOOD = """\
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="http://x.example/" x:a="1" xml:lang="en">
<title type="html">A &lt;b&gt;</title><x:alone>1</x:alone><id>tag:a.example,2026:f</id>
<updated>2026-11-21T08:00:00Z</updated><author><name>A</name><x:y><z xmlns="">1</z></x:y></author>
<link href="/" rel="self" type="text/html"/>
<entry><link href="/a">more</link><id>tag:a.example,2026:e</id><title>E</title>
<content type="html">&lt;p&gt;</content><updated>2026-11-21T08:00:00+01:00</updated>
<category term="a"/><x:more a="1"><x:deep/></x:more></entry>
</feed>
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "<title>E</title>",
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"/></title>',
        ),
        ('<content type="html">&lt;p&gt;', '<content type="image/png" src="a.png">'),
        ('<content type="html">&lt;p&gt;', '<content type="text/xml"><x:a/>'),
        (
            "<updated>2026-11-21T08:00:00+01:00</updated>",
            "<updated>2026-11-21T08:00:00.25Z</updated>",
        ),
        ("<entry>", "<entry><source><id>tag:a.example,2026:s</id></source>"),
        ("", ""),
    ],
)
def test_the_grammar_takes_what_the_rfc_allows(old: str, new: str) -> None:
    assert old in GOOD

    assert GRAMMAR.validate(etree.fromstring(GOOD.replace(old, new))), GRAMMAR.error_log


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<content type="html">', '<content type="CDATA">'),
        ('<content type="html">', '<content type="html" src="/a">'),
        ('<content type="html">', "<content><p/>"),
        ("<id>tag:a.example,2026:e</id>", ""),
        ("<title>E</title>", ""),
        ("<title>E</title>", "<title>E</title><title>F</title>"),
        ("<updated>2026-11-21T08:00:00Z</updated>", ""),
        ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00"),
        ("2026-11-21T08:00:00Z", "2026-11-21"),
        ("2026-11-21T08:00:00Z", "Sat, 21 Nov 2026 08:00:00 +0000"),
        ("<name>A</name>", ""),
        ("<name>A</name>", "<name>A</name><email>nobody</email>"),
        ('href="/" ', ""),
        ('rel="self"', 'relation="self"'),
        ('type="text/html"', 'type="html"'),
        ('term="a"', 'label="a"'),
        ('xml:lang="en"', 'xml:lang="en_US"'),
        ("<entry>", "<entry><subtitle>S</subtitle>"),
        ("<entry>", "<entry><pubDate>S</pubDate>"),
        ("</feed>", "<rights>ours</rights></feed>"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"', "<feed"),
    ],
)
def test_the_grammar_refuses_what_the_rfc_forbids(old: str, new: str) -> None:
    changed = GOOD.replace(old, new, 1)
    if new.startswith("<content><p"):
        changed = changed.replace("&lt;p&gt;</content>", "</content>")

    assert old in GOOD
    assert not GRAMMAR.validate(etree.fromstring(changed))


# ── JSON Feed ────────────────────────────────────────────────────────────────────────────────────


def json_feed() -> dict[str, Any]:
    """Return the default feed as JSON."""
    found: dict[str, Any] = json.loads(build(incidents())[urls.UPDATES_JSON])
    return found


def test_json_says_what_atom_says() -> None:
    feeds = build(incidents())

    items = json.loads(feeds[urls.UPDATES_JSON])["items"]

    for item, entry in zip(items, entries(feeds[urls.UPDATES_ATOM]), strict=True):
        assert item["id"] == entry.id
        assert item["url"] == entry.link
        assert item["title"] == entry.title
        assert item["summary"] == entry.summary
        assert item["content_html"] == entry.content[0].value
        assert item["date_published"] == entry.published
        assert item["date_modified"] == entry.updated
        assert [author["name"] for author in item["authors"]] == [a.name for a in entry.authors]
        assert item["tags"] == [tag.term for tag in entry.tags]


def test_json_in_full() -> None:
    feed = json_feed()
    item = feed["items"][-1]

    assert {name: value for name, value in feed.items() if name != "items"} == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Acme status: updates",
        "description": "Every update on Acme status, one entry each.",
        "home_page_url": "https://status.acme.example/",
        "feed_url": "https://status.acme.example/feeds/updates.json",
        "language": "en",
        "authors": [{"name": "Acme status"}],
    }
    assert item == {
        "id": "tag:status.acme.example,2026:incident/2019-05-01-dns/update/20190430T220000Z",
        "url": "https://status.acme.example/incidents/2019-05-01-dns/#u-20190430T220000Z",
        "title": "[Resolved] DNS was slow",
        "content_html": item["content_html"],
        "summary": "No words came with this in the imported history.",
        "date_published": "2019-04-30T22:00:55Z",
        "date_modified": "2019-04-30T22:00:55Z",
        "authors": [{"name": "Acme status"}],
        "tags": ["incident", "resolved", "api"],
        "_status": {
            "about": "https://status.acme.example/subscribe/",
            "incident": "2019-05-01-dns",
            "kind": "incident",
            "status": "resolved",
            "components": ["api"],
        },
    }


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("feed", {"version": "https://jsonfeed.org/version/1"}),
        ("feed", {"title": ""}),
        ("feed", {"items": None}),
        ("feed", {"author": {"name": "x"}}),
        ("feed", {"feed_url": "/feeds/updates.json"}),
        ("feed", {"authors": [{}]}),
        ("feed", {"_own": "text"}),
        ("feed", {"own": {}}),
        ("item", {"id": 7}),
        ("item", {"content_html": None}),
        ("item", {"date_published": "2026-11-21 08:20"}),
        ("item", {"date_published": "2026-13-21T08:20:00Z"}),
        ("item", {"authors": {"name": "x"}}),
        ("item", {"tags": "api"}),
        ("item", {"_status.x": {}}),
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_format_forbids(where: str, change: dict[str, Any]) -> None:
    feed = json_feed()
    changed = feed if where == "feed" else feed["items"][0]
    for name, value in change.items():
        if value is None:
            del changed[name]
        else:
            changed[name] = value

    assert not JSON_FEED.is_valid(feed)
    assert JSON_FEED.is_valid(json_feed())


# ── RSS ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version="2.0"', 'version="0.91"'),
        ("<language>en</language>", ""),
        ("<link>https://status.acme.example/</link>", "<link>https://acme.example/</link>"),
        ('rel="self"', 'rel="via"'),
        ("updates.rss", "other.rss"),
        ('isPermaLink="false"', ""),
        ("<pubDate>Sat, 21 Nov 2026", "<pubDate>Sat, 21 Nov 26"),
        ("<pubDate>Wed, 02 Dec 2026", "<pubDate>Wed, 02 Dec 2027"),
        ("<lastBuildDate>", "<pubDate/><lastBuildDate>0"),
        ("<guid", "<updated>2026</updated><guid"),
        ("<guid", "<author>Ian Reyes</author><guid"),
        ("<guid", '<enclosure url="https://a.example/" length="0" type="a/b"/><guid'),
        ("<description>The second", "<description>&lt;b&gt;The second"),
        ("&lt;p&gt;The second", "&lt;script&gt;The second"),
        ("</channel>", "</channel><channel/>"),
        ("cards/update/20261202T080000Z</guid>", "cards/update/20261123T150000Z</guid>"),
    ],
    ids=str,
)
def test_the_checklist_refuses_what_the_board_forbids(old: str, new: str) -> None:
    feed = build(incidents())[urls.UPDATES_RSS].decode()
    assert old in feed
    check_rss(feed.encode(), urls.UPDATES_RSS)

    changed = feed.replace(old, new, 1)

    with pytest.raises((AssertionError, ValueError)):
        check_rss(changed.encode(), urls.UPDATES_RSS)


# ── over everything there is ─────────────────────────────────────────────────────────────────────


def test_the_feeds_keep_their_rules_through_thirty_days() -> None:
    """Every step of the scripted life: what was said stays, and only what is new is news."""
    seen: dict[str, bytes] = {}
    edited = []
    for step in life.published():
        feeds = build_page(step.page)
        check(feeds, life.SITE)
        now = by_id(feeds[urls.UPDATES_ATOM])
        told = {urls.entry_id(life.SITE, i, u) for i, u in step.page.updates}
        assert now.keys() == told
        assert seen.keys() <= now.keys()
        edited += [step.step.what for key in seen if seen[key] != now[key]]
        seen = now
        assert not any(b"drill" in data for data in feeds.values())
    assert len(seen) > 30
    # The one edit of words that were published. A box ticked in the text is shown ticked.
    assert edited == ["a spelling mistake is mended", "a box is ticked in the published text"]


@pytest.mark.parametrize(
    ("name", "more_than"),
    [("packit-status", 200), ("x4b-status", 200), ("cstate-format-samples/exampleSite", 20)],
)
def test_the_feeds_of_a_real_history(
    corpus: Path, tmp_path: Path, name: str, more_than: int
) -> None:
    site = SmallSite.make(tmp_path / "site", {"pelicanconf.py": CONF})
    imported = site.firstword("import", "cstate", str(corpus / name))
    assert imported.code == 0, imported.err
    settings = read_site(load_settings(site.root / "pelicanconf.py"))
    files, _ = scan(site.root, site.root / "content")
    content = load(files, settings, datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    page = StatusPage.of(settings, content.published(settings))

    feeds = build_page(page)

    check(feeds, settings)
    found = {
        one
        for key, data in feeds.items()
        if key == urls.UPDATES_ATOM or key.startswith("feeds/archive/")
        for one in by_id(data)
    }
    assert found == {urls.entry_id(settings, i, u) for i, u in page.updates}
    assert len(found) > more_than
    # Nobody's name is put under what nobody signed.
    for entry in entries(feeds[urls.UPDATES_ATOM]):
        assert entry.author == settings.name
