"""What a feed reader gets, entry by entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from feedjudges import XML, check, entries, ids, words_of
from feedstories import (
    CARDS,
    KEYS,
    MOVE,
    OLD,
    ROOT,
    SETTINGS,
    SITE,
    Feeds,
    build,
    example,
    incidents,
    read,
    story,
)
from lxml import etree

from firstword import urls
from firstword.feeds.channels import NEVER
from firstword.model import Facts
from firstword.settings import load_settings, read_site
from firstword.values import replace


@pytest.mark.parametrize("key", [*KEYS, urls.UPDATES_JSON])
def test_golden(golden: Callable[[str, str | bytes], None], key: str) -> None:
    golden(key.replace("/", "-"), build(incidents())[key])


@pytest.mark.parametrize("make", [lambda: build(incidents()), example], ids=["invented", "example"])
def test_feedparser_finds_what_every_entry_needs(make: Callable[[], Feeds]) -> None:
    feeds = make()
    for key in KEYS:
        found = entries(feeds[key])

        assert found
        for entry in found:
            assert entry.author, key
            assert entry.id.startswith("tag:")
            assert entry.link.startswith("https://")
            assert entry.published_parsed
            assert entry.content[0].value.startswith(("<p>", "<h3>", "<ul>", "<blockquote>"))
            assert entry.content[0].type == "text/html"
            assert entry.summary


def test_the_formats_agree() -> None:
    feeds = build(incidents())

    for atom, rss in (KEYS[:2], KEYS[2:]):
        for one, other in zip(entries(feeds[atom]), entries(feeds[rss]), strict=True):
            for name in ("id", "link", "title", "author", "published_parsed", "updated_parsed"):
                if name == "updated_parsed" and name not in other:
                    # RSS says so only where it is another date.
                    assert one.updated_parsed == one.published_parsed
                    continue
                assert one[name] == other[name]
            assert one.content[0].value == other.content[0].value


def test_the_feeds_keep_the_rules_of_their_formats() -> None:
    check(build(incidents()))


def test_the_example_site_builds() -> None:
    feeds = example()
    site = read_site(load_settings(ROOT / "pelicanconf.py"))

    check(feeds, site)
    assert len(entries(feeds[urls.INCIDENTS_ATOM])) == len(
        list((ROOT / "content" / "incidents").rglob("*.md"))
    )


def test_every_update_is_an_entry_and_every_story_one() -> None:
    feeds = build(incidents())

    assert [(e.title, e.author) for e in entries(feeds[urls.UPDATES_ATOM])] == [
        ("[Update] Every second card payment fails", "Dawn Okafor"),
        ("[Explained] Every second card payment fails", "Ian Reyes"),
        ("[Resolved] Every second card payment fails", "Ian Reyes"),
        ("[Answer] Every second card payment fails", "Priya"),
        ("[Update] Every second card payment fails", "Ian Reyes"),
        ("[Correction] Every second card payment fails", "Priya"),
        ("[Cause found] Every second card payment fails", "Dawn Okafor"),
        ("[Investigating] Card payments fail in the EU", "Dawn Okafor"),
        ("[Planned] The API is closed on the night of 1 December", "Ian Reyes"),
        ("[Published] Nine orders of stools are late", "Priya"),
        ("[Resolved] DNS was slow", "Acme status"),
    ]
    assert [
        (e.title, [author.name for author in e.authors], e.published, e.updated)
        for e in entries(feeds[urls.INCIDENTS_ATOM])
    ] == [
        (
            "Every second card payment fails",
            ["Dawn Okafor", "Ian Reyes", "Priya"],
            "2026-11-21T08:20:12Z",
            "2026-12-02T08:00:33Z",
        ),
        (
            "The API is closed on the night of 1 December",
            ["Ian Reyes"],
            "2026-11-20T14:00:12Z",
            "2026-11-20T14:00:12Z",
        ),
        (
            "Nine orders of stools are late",
            ["Priya"],
            "2026-11-19T07:00:50Z",
            "2026-11-19T07:00:50Z",
        ),
        ("DNS was slow", ["Acme status"], "2019-04-30T22:00:55Z", "2019-04-30T22:00:55Z"),
    ]


def test_an_entry_tells_the_update_then_its_facts_then_what_came_before() -> None:
    [entry] = [e for e in entries(build(incidents())[urls.UPDATES_ATOM]) if "T102500Z" in e.id]

    assert [line for line in words_of(entry.content[0].value) if line] == [
        "Tomorrow, not today.",
        "Nothing was taken from anybody.",
        "Ian Reyes, Network, 21 November 2026, 11:25 CET (10:25 UTC)",
        (
            "Expected: 22 November 2026 (before: 21 November 2026, 12:00 CET (11:00 UTC); "
            "changed because: the bank found a second certificate)"
        ),
        "Earlier:",
        (
            "21 November 2026, 10:05 CET (09:05 UTC), Priya, Correction: "
            "I must correct the first word: it is every bank."
        ),
        (
            "21 November 2026, 09:55 CET (08:55 UTC), Dawn Okafor, Cause found: "
            "The bank changed a certificate. What to do until it is back."
        ),
        (
            "21 November 2026, 09:20 CET (08:20 UTC), Dawn Okafor, Investigating: "
            "One card payment in twenty is refused by the bank in between."
        ),
    ]
    assert entry.summary == (
        "Tomorrow, not today.\n"
        "Nothing was taken from anybody.\n"
        "Expected: 22 November 2026 (before: 21 November 2026, 12:00 CET (11:00 UTC); "
        "changed because: the bank found a second certificate)"
    )
    assert [(tag.term, tag.label) for tag in entry.tags] == [
        ("incident", "Incident"),
        ("update", "Update"),
        ("checkout", "Checkout"),
        ("api", "Partner API"),
    ]
    assert entry.link == (
        "https://status.acme.example/incidents/2026-11-21-cards/#u-20261121T102500Z"
    )


@pytest.mark.parametrize(
    ("update", "facts"),
    [
        # The first word carries the front matter; the minor impact speaks of its component.
        (
            "20261121T082000Z",
            [
                "Impact: Minor",
                "Affected: Anyone paying with a card from an EU bank.",
                "Not affected: PayPal and gift cards work.",
                "What you can do: Pay with PayPal.",
                "Start: 21 November 2026, 09:12 CET (08:12 UTC)",
                "Checkout: Works poorly",
                "Next word by: 21 November 2026, 10:00 CET (09:00 UTC)",
            ],
        ),
        (
            "20261121T085500Z",
            [
                "Title: Every second card payment fails (before: Card payments fail in the EU)",
                "Impact: Major (before: Minor)",
                "Checkout: Partly down",
                "Partner API: Partly down",
                "Expected: 21 November 2026, 12:00 CET (11:00 UTC)",
                "Next word by: 21 November 2026, 11:30 CET (10:30 UTC)",
            ],
        ),
        (
            "20261121T090500Z",
            [
                "Corrects the word of: 21 November 2026, 09:20 CET (08:20 UTC)",
                "Affected: Anyone paying with a card.",
            ],
        ),
        (
            "20261122T071000Z",
            [
                "Ended: 22 November 2026, 07:58 CET (06:58 UTC)",
                "Checkout: Works",
                "Partner API: Works",
            ],
        ),
        ("20261202T080000Z", ["Done: A second acquiring bank"]),
        # The window lies across UTC's midnight; nobody has said yet how the component will be.
        (
            "20261120T140000Z",
            [
                "Affected: Partners who call the API that night.",
                "Planned start: 1 December 2026, 23:30 CET (22:30 UTC)",
                "Planned end: 2 December 2026, 01:00 CET (00:00 UTC)",
                "Components: Partner API",
                "Next word by: 1 December 2026, 12:00 CET (11:00 UTC)",
            ],
        ),
        # Only a day was promised.
        (
            "20261119T070000Z",
            [
                "Affected: The nine of you who ordered two.",
                "Components: Checkout",
                "Expected: 27 November 2026",
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_facts_an_update_sets(update: str, facts: list[str]) -> None:
    [entry] = [e for e in entries(build(incidents())[urls.UPDATES_ATOM]) if e.id.endswith(update)]

    found = re.findall("<li>(.*?)</li>", entry.content[0].value.partition("Earlier:")[0])

    assert [line for line in found if ": " in line] == facts


def test_times_without_an_abbreviation_of_their_own_show_the_offset() -> None:
    site = read_site({**SETTINGS, "TIMEZONE": "America/Sao_Paulo"})
    late = story("a", "2026-11-21 01:30")

    [entry] = entries(build([late], site)[urls.UPDATES_ATOM])

    assert "20 November 2026, 22:30 UTC-03 (21 Nov, 01:30 UTC)" in entry.content[0].value


def test_imported_history_has_the_site_for_an_author_and_no_person() -> None:
    feeds = build([read("2019-05-01-dns", OLD)])

    for key in KEYS:
        [entry] = entries(feeds[key])
        assert entry.author == "Acme status"
    assert words_of(entries(feeds[urls.UPDATES_ATOM])[0].content[0].value)[:2] == [
        "No words came with this in the imported history.",
        "Imported from cstate, where nobody signed it, 1 May 2019, 00:00 CEST (30 Apr, 22:00 UTC)",
    ]


def test_words_that_are_no_text_are_not_taken_for_missing() -> None:
    first = story("a", "2026-11-21 08:00", "![](/images/a.png)")
    later = replace(
        first.updates[0], at=first.updates[0].at + timedelta(hours=1), body="<br>", says=Facts()
    )

    feeds = build([replace(first, updates=(*first.updates, later))])

    check(feeds)
    newest, oldest = entries(feeds[urls.UPDATES_ATOM])
    assert newest.summary == "Slow"
    assert "(08:00 UTC), Ian Reyes, Investigating</li>" in newest.content[0].value
    assert oldest.summary == "Slow"


def test_a_person_is_shown_as_they_asked() -> None:
    for data in build(incidents()).values():
        assert b"Priya" in data
        assert b"Nair" not in data


@pytest.mark.parametrize("drills", [False, True])
def test_drills_are_in_no_feed(*, drills: bool) -> None:
    site = read_site({**SETTINGS, "DRILLS": drills})

    for data in build(incidents(), site).values():
        assert b"tag:" in data
        assert b"drill" not in data


def test_future_maintenance_is_dated_when_it_was_announced() -> None:
    feeds = build([read("2026-11-20-move", MOVE)])

    for key in KEYS:
        [entry] = entries(feeds[key])
        assert entry.published_parsed[:5] == (2026, 11, 20, 14, 0)
        assert feedparser.parse(feeds[key]).feed.updated_parsed[:5] == (2026, 11, 20, 14, 0)


def test_a_long_story_has_its_newest_words_in_a_line_each_and_a_link_to_the_rest() -> None:
    updates = "".join(
        f"## 2026-11-21 10:{minute:02} | Ian Reyes | update\n\nWord {minute}.\n\n"
        for minute in range(1, 25)
    )
    told = read(
        "long",
        CARDS.partition("## ")[0]
        + "## 2026-11-21 10:00 | Ian Reyes | investigating\n\nWord 0.\n\n"
        + updates,
    )

    newest, *_, oldest = entries(build([told])[urls.UPDATES_ATOM])

    lines = words_of(newest.content[0].value.partition("Earlier:")[2])
    assert [line.rpartition(": ")[2] for line in lines[2:-1]] == [
        *(f"Word {minute}." for minute in range(23, 18, -1)),
        "19 more before these",
    ]
    assert f'{SITE.url}/incidents/long/#u-20261121T091800Z">19 more' in newest.content[0].value
    assert "Earlier" not in oldest.content[0].value


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        # The first paragraph, in one line, and what is promised.
        (
            "One card payment in five\nis *refused* by the bank in between us.\n\nMore below.",
            "One card payment in five is refused by the bank in between us.",
        ),
        # What says little alone takes the next one along.
        ("### What we will do\n\n- A second bank.\n- An alarm on payments that are refused.\n- x",
         "What we will do\nA second bank.\nAn alarm on payments that are refused."),
        ("Sorry.", "Sorry."),
        ("word " * 70, "word " * 60 + "…"),
        ("字" * 301, "字" * 300 + " …"),
        ("![A map of the five machines that take payments, two of them red](/images/a.png)",
         "A map of the five machines that take payments, two of them red"),
        # What XML cannot carry leaves no second blank.
        ("One &#1; two.\n\n- Three\u2003and\n  four.", "One two.\nThree and four."),
        ("> Why?\n\nA *fuse*\nblew.", "Why?\nA fuse blew."),
    ],
)  # fmt: skip
def test_a_summary_is_how_an_update_begins(body: str, summary: str) -> None:
    [entry] = entries(build([story("a", "2026-11-21 08:00", body)])[urls.UPDATES_ATOM])

    assert entry.summary == summary


def test_the_summary_of_an_answer_has_the_question_and_the_answer() -> None:
    question = "Was I charged twice? I see two payments of the same amount in my bank's app."
    told = read("cards", CARDS.replace("> Was I charged twice?", f"> {question}"))

    [entry] = [e for e in entries(build([told])[urls.UPDATES_ATOM]) if "[Answer]" in e.title]

    assert entry.summary == f"{question}\nNo."


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("> Was I charged twice?\n\nNo, once.", "Was I charged twice? No, once."),
        (f"> Was I charged twice?\n>\n> > {'Ben, too! ' * 9}\n\nNo, once.", "No, once."),
        (f"> {'word ' * 30}", " ".join(["word"] * 20) + " …"),
    ],
)
def test_what_somebody_asked_is_not_put_into_the_mouth_of_who_answered(
    words: str, line: str
) -> None:
    text = CARDS.partition("## ")[0] + (
        f"## 2026-11-21 10:00 | Ian Reyes | answer\n\n{words}\n\n"
        "## 2026-11-21 10:02 | Ian Reyes | update\n\nDone.\n"
    )

    newest = entries(build([read("asked", text)])[urls.UPDATES_ATOM])[0]

    earlier = newest.content[0].value.partition("Earlier:")[2]
    assert any(one.endswith(f"Ian Reyes, Answer: {line}") for one in words_of(earlier))


def test_earlier_words_are_cut_between_words_where_there_are_any() -> None:
    text = CARDS.partition("## ")[0] + (
        f"## 2026-11-21 10:00 | Ian Reyes | investigating\n\n{'word ' * 40}\n\n"
        f"## 2026-11-21 10:01 | Ian Reyes | update\n\n{'字' * 200}\n\n"
        "## 2026-11-21 10:02 | Ian Reyes | update\n\nDone.\n"
    )

    newest = entries(build([read("long", text)])[urls.UPDATES_ATOM])[0]

    lines = words_of(newest.content[0].value.partition("Earlier:")[2])
    assert [line.rpartition(": ")[2] for line in lines[2:-1]] == [
        "字" * 100 + " …",
        " ".join(["word"] * 20) + " …",
    ]


def test_an_incident_entry_marks_what_was_corrected_and_keeps_the_words() -> None:
    entry = entries(build(incidents())[urls.INCIDENTS_ATOM])[0]

    chapters = entry.content[0].value.split("<h3>")
    statuses = [chapter.partition(",")[0] for chapter in chapters[1:]]

    assert statuses == [
        *("Update", "Explained", "Resolved", "Answer", "Update", "Correction"),
        *("Cause found", "Investigating"),
    ]
    assert words_of(chapters[-1])[:4] == [
        "Investigating, 21 November 2026, 09:20 CET (08:20 UTC)",
        "Corrected 21 November 2026, 10:05 CET (09:05 UTC); the words below are as they were",
        "One card payment in twenty is refused by the bank in between.",
        "Dawn Okafor, Payments, 21 November 2026, 09:20 CET (08:20 UTC)",
    ]
    assert "Anyone paying with a card from an EU bank." in chapters[-1]


def test_only_the_newest_fifty_are_told() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    told = [story(f"s{n}", f"{start + timedelta(hours=n):%Y-%m-%d %H:%M}") for n in range(53)]

    for found in ids(build(told)):
        assert [re.search(r"s\d+", found_id)[0] for found_id in found] == [  # type: ignore[index]
            f"s{n}" for n in range(52, 2, -1)
        ]


def test_a_story_that_is_spoken_of_again_is_told_at_its_place() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    told = [story(f"s{n}", f"{start + timedelta(hours=n):%Y-%m-%d %H:%M}") for n in range(60)]
    later = replace(told[0].updates[0], at=start + timedelta(days=9))
    told[0] = replace(told[0], updates=(*told[0].updates, later))

    feeds = build(told)

    check(feeds)
    for key in KEYS[2:]:
        found = [e.id.rpartition("/")[2] for e in entries(feeds[key])]
        assert found == [*(f"s{n}" for n in range(59, 10, -1)), "s0"]
    [first] = [e for e in entries(feeds[urls.INCIDENTS_ATOM]) if e.id.endswith("/s0")]
    assert first.published < "2026-11-01T00:01"
    assert first.updated > "2026-11-10"


def test_a_site_without_a_word_has_valid_feeds_that_stay_as_they_are() -> None:
    feeds = build([])

    check(feeds)
    for key in KEYS:
        feed = feedparser.parse(feeds[key])
        assert not feed.bozo
        assert feed.entries == []
        assert feed.feed.updated_parsed[:6] == NEVER.timetuple()[:6] == (2026, 1, 1, 0, 0, 0)


def test_the_feed_itself() -> None:
    feeds = build(incidents())

    for key in KEYS:
        root = etree.fromstring(feeds[key])
        feed = feedparser.parse(feeds[key]).feed
        assert root.get(f"{XML}base") == "https://status.acme.example/"
        assert feed.language == "en"
        assert feed.generator == "Firstword"
        assert feed.link == "https://status.acme.example/"
        assert f"https://status.acme.example/{key}" in [link.href for link in feed.links]
        assert "rights" not in feed
    assert [feedparser.parse(feeds[key]).feed.get("id") for key in KEYS] == [
        "tag:status.acme.example,2026:feed/updates",
        None,
        "tag:status.acme.example,2026:feed/incidents",
        None,
    ]
    assert b"version=" not in feeds[urls.UPDATES_ATOM].partition(b"?>")[2]
