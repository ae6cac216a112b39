"""Awkward text in feeds: titles, names and words arrive as they were written, and safe."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import feedparser
import pytest
from feedjudges import ATOM, CONTENT, DC, check, check_atom, check_rss, entries
from feedstories import KEYS, SITE, build, story
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from firstword import urls
from firstword.feeds.items import rfc822
from firstword.feeds.text import legal
from firstword.model import Facts, Incident, Kind, Status, Update
from firstword.values import replace

AWKWARD = [
    "Fish & chips",
    "1 < 2 > 0",
    "<b>bold</b> &amp; <script>alert(1)</script>",
    "\"double\" and 'single'",
    "]]> ends nothing",
    "🧑‍🚒 says 🔥",
    "תשלומים נכשלים \u202b(בדיקה)\u202c",
    "𐌰𐍈 𝄞 𠜎",
]


def test_what_xml_cannot_carry_is_left_out_and_nothing_else() -> None:
    # https://www.w3.org/TR/xml/#charsets; U+1FFFE and its like are discouraged, and may stand.
    left_out = [
        *map(chr, (*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))
    ]
    everything = [*map(chr, range(0x20000))]

    assert [one for one in everything if legal(f"a{one}é\n") == "aé\n"] == left_out
    assert [one for one in everything if legal(one) != one] == left_out


@pytest.mark.parametrize("title", AWKWARD)
def test_titles_and_names_survive(title: str) -> None:
    told = story("a", "2026-11-21 08:00", title=title)
    ian = replace(SITE.people["Ian Reyes"], shown=title)
    feeds = build([told], replace(SITE, name=title, people={"Ian Reyes": ian}))

    for key in (urls.UPDATES_ATOM, urls.INCIDENTS_ATOM):
        check_atom(feeds[key], key)
        root = etree.fromstring(feeds[key])
        assert root.findtext(f"{ATOM}author/{ATOM}name") == title
        entry = root.find(f"{ATOM}entry")
        assert entry is not None
        assert (entry.findtext(f"{ATOM}title") or "").removeprefix("[Investigating] ") == title
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == title
        # In HTML it is text, whatever it looks like.
        assert html.escape(title, quote=False) in (entry.findtext(f"{ATOM}content") or "")
    for key in (urls.UPDATES_RSS, urls.INCIDENTS_RSS):
        check_rss(feeds[key], key)
        item = etree.fromstring(feeds[key]).find("channel/item")
        assert item is not None
        assert (item.findtext("title") or "").removeprefix("[Investigating] ") == title
        assert item.findtext(f"{DC}creator") == title


@pytest.mark.parametrize("text", AWKWARD)
def test_facts_and_earlier_lines_are_text_whatever_they_look_like(text: str) -> None:
    first = story("a", "2026-11-21 08:00", affected=text)
    later = replace(
        first.updates[0],
        at=first.updates[0].at + timedelta(hours=1),
        body=f"~~~\n{text}\n~~~",
        says=Facts(workaround=text),
    )
    last = replace(later, at=later.at + timedelta(hours=1), says=Facts(title=text))
    feeds = build([replace(first, updates=(*first.updates, later, last))])

    check(feeds)
    # Unicode's isolates, which keep a line in order where it says words of another direction.
    newest, middle, oldest = (
        re.sub("[\u2066-\u2069]", "", entry.content[0].value)
        for entry in entries(feeds[urls.UPDATES_ATOM])
    )
    shown = html.escape(text, quote=False)
    assert f"<li>Title: {shown} (before: Slow)</li>" in newest
    assert f", Ian Reyes, Investigating: {shown}</li>" in newest
    assert f"<li>What you can do: {shown}</li>" in middle
    assert f"<li>Affected: {shown}</li>" in oldest


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a <script>alert(1)</script>*x*", "<p>a <em>x</em></p>"),
        ("[x](javascript:alert)", "<p><a>x</a></p>"),
        # From the root of the site, on the story's own page, and to another story.
        ("[x](/help/)", '<p><a href="https://status.acme.example/help/" rel="noopener">x</a></p>'),
        (
            "[x](#u-1)",
            '<p><a href="https://status.acme.example/incidents/a/#u-1" rel="noopener">x</a></p>',
        ),
        (
            "<a title='y' href='#z'>x</a>",
            (
                '<p><a title="y" href="https://status.acme.example/incidents/a/#z" '
                'rel="noopener">x</a></p>'
            ),
        ),
        (
            "[x](incident:b)",
            '<p><a href="https://status.acme.example/incidents/b/" rel="noopener">x</a></p>',
        ),
        ("[x](http://a.example)", '<p><a href="http://a.example" rel="noopener">x</a></p>'),
        ("[x](mailto:a@b.example)", '<p><a href="mailto:a@b.example" rel="noopener">x</a></p>'),
        (
            "![x](/images/a.png)",
            '<p><img src="https://status.acme.example/images/a.png" alt="x"></p>',
        ),
        # Not a link, however much it looks like one.
        ('`<a href="#x">`', '<p><code>&lt;a href="#x"&gt;</code></p>'),
    ],
)
def test_words_are_safe_and_their_links_hold_anywhere(words: str, expected: str) -> None:
    feeds = build([story("a", "2026-11-21 08:00", words), story("b", "2026-11-20 08:00")])

    for key in KEYS:
        root = etree.fromstring(feeds[key])
        content = root.find(f".//{ATOM}content")
        if content is None:
            content = root.find(f".//{CONTENT}encoded")
        assert content is not None
        assert expected in (content.text or "").split("\n")


def test_a_character_that_xml_cannot_carry_costs_no_feed() -> None:
    words = "A &#1; b &#xFFFE; c &#x1F; d [x](<https://a.example/&#2;>) <b title='&#3;'>e</b>"
    told = story("a", "2026-11-21 08:00", words)
    site = replace(SITE, name="Ac\x0bme")

    feeds = build([told], site)

    check(feeds, site)
    assert entries(feeds[urls.UPDATES_ATOM])[0].summary == "A b c d x e"
    assert feedparser.parse(feeds[urls.UPDATES_RSS]).feed.title == "Acme: updates"


def test_plain_text_is_escaped_for_readers_that_take_it_for_html() -> None:
    feeds = build([story("a", "2026-11-21 08:00", "`<b>` & 1 < 2")])

    item = etree.fromstring(feeds[urls.UPDATES_RSS]).find("channel/item")
    entry = etree.fromstring(feeds[urls.UPDATES_ATOM]).find(f"{ATOM}entry")

    assert item is not None
    assert item.findtext("description") == "&lt;b&gt; &amp; 1 &lt; 2"
    assert entry is not None
    assert entry.findtext(f"{ATOM}summary") == "<b> & 1 < 2"


ANY_TEXT = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            *AWKWARD,
            "&#1;",
            "&#xFFFF;",
            "[a](",
            ")",
            "<a href='",
            "//[",
            "#",
            "'>",
            "`",
            "\n\n",
            "> ",
            "- ",
        ]
    ),
    max_size=8,
).map("".join)
#: What `parse` lets into a title: one line without control characters.
ANY_TITLE = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1
).filter(str.strip) | st.sampled_from(AWKWARD)


@given(
    told=st.lists(st.tuples(ANY_TITLE, ANY_TEXT, st.integers(0, 3)), min_size=1, max_size=3),
    name=ANY_TITLE,
)
@settings(max_examples=60)
def test_whatever_is_said_the_feeds_are_valid(told: list[tuple[str, str, int]], name: str) -> None:
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    made = [
        Incident(
            id=f"s{n}",
            slug=f"s{n}",
            path=f"s{n}.md",
            kind=Kind.INCIDENT,
            first=Facts(title=title, affected=text or None),
            updates=(
                Update(
                    at=at + timedelta(seconds=second),
                    author="Ian Reyes",
                    status=Status.INVESTIGATING,
                    body=text,
                ),
                Update(
                    at=at + timedelta(hours=1, seconds=second),
                    author="Dawn Okafor",
                    status=Status.RESOLVED,
                    body=text,
                    says=Facts(title=title),
                ),
            ),
        )
        for n, (title, text, second) in enumerate(told)
    ]
    ian = replace(SITE.people["Ian Reyes"], shown=name)
    site = replace(SITE, people={**SITE.people, "Ian Reyes": ian})

    feeds = build(made, site)

    check(feeds, site)
    root = etree.fromstring(feeds[urls.UPDATES_ATOM])
    assert [e.text for e in root.findall(f"{ATOM}entry/{ATOM}author/{ATOM}name")] == [
        *["Dawn Okafor"] * len(told),
        *[name] * len(told),
    ]


@given(st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")])))
def test_rss_gets_its_dates_as_mail_does(at: datetime) -> None:
    at = at.replace(microsecond=0)
    # Before there were zones, offsets had seconds: no date of ours.
    assume(at.year >= 1950)
    assert rfc822(at) == format_datetime(at)
