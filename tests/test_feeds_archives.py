"""The older entries: archives by month (RFC 5005), complete, whole from the start, and linked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, cycle, islice

import pytest
from feedgenitems import write_entry
from feedjudges import ATOM, HISTORY, check, entries
from feedstories import SITE, Feeds, build, incidents, story
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from firstword import urls
from firstword.feeds import archive_months, archived, build_feeds
from firstword.feeds.channels import BEFORE_LIVE
from firstword.feeds.dates import entry_dates
from firstword.feeds.entries import Entry, Teller
from firstword.feeds.items import spelled
from firstword.feeds.text import legal
from firstword.markup import Markup
from firstword.model import Incident, Status, Update
from firstword.page import StatusPage
from firstword.values import replace

START = datetime(2026, 9, 1, tzinfo=UTC)


def told(dates: Sequence[datetime], size: int = 6) -> list[Incident]:
    """Return stories of up to `size` updates each, signed at these instants."""
    ordered = sorted(set(dates))
    shape = story("shape", "2026-09-01 00:00")
    stories = []
    for start in range(0, len(ordered), size):
        updates = tuple(
            Update(at=at, author="Ian Reyes", status=Status.UPDATE, body=f"At {at:%d %H:%M}.")
            for at in ordered[start : start + size]
        )
        first = replace(updates[0], status=Status.INVESTIGATING)
        name = f"s{start // size}"
        stories.append(
            replace(shape, id=name, slug=name, started=first.at, updates=(first, *updates[1:]))
        )
    return stories


def hours(count: int, step: int = 8) -> list[datetime]:
    """Return instants in a row; eight hours apart, ninety to a month."""
    return [START + timedelta(hours=step * n) for n in range(count)]


def archives(feeds: Feeds) -> dict[str, bytes]:
    """Return the archive documents."""
    return {key: data for key, data in feeds.items() if key.startswith("feeds/archive/")}


def links(data: bytes) -> dict[str, str]:
    """Return the links of a document by their relation, as keys of the site."""
    root = etree.fromstring(data)
    parents = [root, *root.iter("channel")]
    return {
        link.get("rel", ""): link.get("href", "").removeprefix(f"{SITE.url}/")
        for parent in parents
        for link in parent.findall(f"{ATOM}link")
    }


def ids(data: bytes) -> list[str]:
    """Return the ids of the entries of an Atom document, newest first."""
    return [one.findtext(f"{ATOM}id") or "" for one in etree.fromstring(data).iter(f"{ATOM}entry")]


def walk(feeds: Feeds, start: str = urls.UPDATES_ATOM) -> Iterator[str]:
    """Yield the keys that lead from the feed to its oldest archive."""
    key: str | None = start
    while key:
        yield key
        key = links(feeds[key]).get("prev-archive")


def every_id(stories: Sequence[Incident]) -> list[str]:
    """Return the id of every update, newest first."""
    pairs = [
        (update.at, urls.entry_id(SITE, one, update)) for one in stories for update in one.updates
    ]
    return [found for _, found in sorted(pairs, reverse=True)]


def test_fifty_need_no_archive() -> None:
    feeds = build(told(hours(50)))

    check(feeds)
    assert archives(feeds) == {}
    assert "prev-archive" not in links(feeds[urls.UPDATES_ATOM])


def test_the_fifty_first_begins_an_archive_that_is_whole() -> None:
    feeds = build(told(hours(51)))

    [archive] = archives(feeds)
    # September 2026 had room for ninety; the first fifty of it are closed.
    assert archive == "feeds/archive/2026-09.atom"
    assert len(ids(feeds[archive])) == 50
    assert ids(feeds[archive])[:49] == ids(feeds[urls.UPDATES_ATOM])[1:]


def test_months_parts_and_the_way_back() -> None:
    stories = told(hours(250))
    feeds = build(stories)

    check(feeds)
    assert {key: len(ids(data)) for key, data in archives(feeds).items()} == {
        "feeds/archive/2026-09.atom": 50,
        "feeds/archive/2026-09-2.atom": 40,
        "feeds/archive/2026-10.atom": 50,
        "feeds/archive/2026-10-2.atom": 43,
        "feeds/archive/2026-11.atom": 50,
    }
    assert list(walk(feeds)) == [
        "feeds/updates.atom",
        "feeds/archive/2026-11.atom",
        "feeds/archive/2026-10-2.atom",
        "feeds/archive/2026-10.atom",
        "feeds/archive/2026-09-2.atom",
        "feeds/archive/2026-09.atom",
    ]
    assert list(walk(feeds, urls.UPDATES_RSS))[1:] == list(walk(feeds))[1:]
    assert links(feeds["feeds/archive/2026-10.atom"]) == {
        "self": "feeds/archive/2026-10.atom",
        "alternate": "",
        "prev-archive": "feeds/archive/2026-09-2.atom",
        "next-archive": "feeds/archive/2026-10-2.atom",
        "current": "feeds/updates.atom",
    }


def test_an_archive_is_the_same_feed_and_says_what_it_is() -> None:
    feeds = build(told(hours(120)))
    live = etree.fromstring(feeds[urls.UPDATES_ATOM])

    assert live.find(f"{HISTORY}archive") is None
    for data in archives(feeds).values():
        root = etree.fromstring(data)
        assert root.find(f"{HISTORY}archive") is not None
        assert root.findtext(f"{ATOM}id") == live.findtext(f"{ATOM}id")
        assert root.findtext(f"{ATOM}title") == live.findtext(f"{ATOM}title")


def test_an_archive_dates_an_entry_by_the_second_that_it_had_in_the_feed() -> None:
    stories = told(hours(250))
    pairs = [(one, update) for one in stories for update in one.updates]
    date = entry_dates(SITE, pairs)
    dates = {urls.entry_id(SITE, *pair): f"{date[pair[0].id, pair[1].at]:%FT%TZ}" for pair in pairs}

    found = archives(build(stories))["feeds/archive/2026-09.atom"]
    dated = {
        entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}updated")
        for entry in etree.fromstring(found).iter(f"{ATOM}entry")
    }
    assert len(dated) == 50
    assert dated == {name: dates[name] for name in ids(found)}


def test_an_archive_says_what_the_feed_said_word_for_word() -> None:
    real = [one for one in incidents() if not one.drill]
    later = told([START + timedelta(days=110, hours=8 * n) for n in range(120)])
    page = StatusPage.of(SITE, [*real, *later])
    markup = Markup({one.slug: urls.incident_path(one) for one in real}.get)
    found = b"".join(archives(dict(build_feeds(page, markup))).values()).decode()

    teller = Teller(page, markup)
    for incident in real:
        for update in incident.updates:
            assert write_entry(teller.update(incident, update))["atom"] in found


def test_only_the_default_feed_has_archives() -> None:
    feeds = build(told(hours(120)))

    for key, data in feeds.items():
        if not key.startswith(("feeds/updates", "feeds/archive/")):
            assert links(data).keys() <= {"self", "alternate"}, key


@given(
    count=st.integers(1, 260),
    gaps=st.lists(st.integers(1, 4000), min_size=1, max_size=9),
    size=st.integers(1, 9),
)
@settings(max_examples=25)
def test_everything_is_somewhere_and_in_one_archive_only(
    count: int, gaps: Sequence[int], size: int
) -> None:
    minutes = accumulate(islice(cycle(gaps), count))
    stories = told([START + timedelta(minutes=minute) for minute in minutes], size)
    feeds = build(stories)

    check(feeds)
    wanted = every_id(stories)
    live = ids(feeds[urls.UPDATES_ATOM])
    assert live == wanted[:50]
    archived = [one for key in list(walk(feeds))[1:] for one in ids(feeds[key])]
    # No entry twice, none left out, and in order all the way back.
    assert archived == wanted[len(wanted) - len(archived) :]
    assert set(live) | set(archived) == set(wanted)
    # The newest archive alone repeats anything of the feed.
    assert set(walk(feeds)) == {urls.UPDATES_ATOM, *archives(feeds)}
    for key in list(walk(feeds))[2:]:
        assert not set(ids(feeds[key])) & set(live)


@pytest.mark.parametrize("step", [8, 2])
def test_an_archive_does_not_grow(step: int) -> None:
    """Once there, an archive changes once: when the next one appears, for the link to it."""
    dates = hours(160, step)
    texts: dict[str, bytes] = {}
    changes: dict[str, int] = {}
    for count in range(47, len(dates) + 1, 5):
        now = archives(build(told(dates[:count])))
        assert texts.keys() <= now.keys()
        newest = max(now, key=lambda key: entries(now[key])[0].updated, default="")
        for key, data in now.items():
            if key in texts and data != texts[key]:
                assert ids(data) == ids(texts[key])
                changes[key] = changes.get(key, 0) + 1
                assert "next-archive" in links(data)
                assert "next-archive" not in links(texts[key])
        assert all("next-archive" in links(data) for key, data in now.items() if key != newest)
        texts = now
    assert len(texts) > 1
    assert set(changes.values()) == {1}


@given(polls=st.lists(st.integers(1, 90), min_size=1, max_size=5))
@settings(max_examples=15)
def test_who_reads_an_archive_once_misses_nothing(polls: Sequence[int]) -> None:
    """Read as RFC 5005 §4.2 says: the feed, then back until an archive that was read before."""
    dates = hours(sum(polls), 5)
    seen: set[str] = set()
    read_before: set[str] = set()
    for count in (sum(polls[: n + 1]) for n in range(len(polls))):
        stories = told(dates[:count])
        feeds = build(stories)
        for key in walk(feeds):
            if key in read_before:
                break
            seen |= set(ids(feeds[key]))
            if key != urls.UPDATES_ATOM:
                read_before.add(key)
        assert seen == set(every_id(stories))


@pytest.mark.parametrize("count", [60, 91, 139, 140, 141, 142, 180, 230, 231, 232, 240, 290])
def test_a_month_is_listed_alike_by_what_is_known_of_it_and_by_where_the_feed_begins(
    count: int,
) -> None:
    """Ninety a month: the feed of the newest fifty begins at the end of a month, or in the next."""
    page, markup = StatusPage.of(SITE, told(hours(count))), Markup(lambda _: None)
    [since] = {live for _, live in archive_months(page, markup)} - {BEFORE_LIVE}
    listed, expected = (
        [
            (channel.name, channel.inputs)
            for month, live in archive_months(page, markup)
            for channel in archived(page, markup, month, live if known else since)
        ]
        for known in (True, False)
    )

    assert listed == expected
    assert listed


def test_an_edit_in_a_past_month_changes_its_archive_and_no_other() -> None:
    stories = told(hours(250))
    before = archives(build(stories))
    old = stories[3]
    edited = replace(
        old, updates=(*old.updates[:2], replace(old.updates[2], body="Mended."), *old.updates[3:])
    )

    after = archives(build([edited if one is old else one for one in stories]))

    assert [key for key in before if before[key] != after[key]] == ["feeds/archive/2026-09.atom"]


def test_the_time_zone_of_the_site_does_not_move_a_month() -> None:
    stories = told(hours(120))
    west = replace(SITE, timezone=SITE.timezone.__class__("Pacific/Honolulu"))

    def shape(feeds: Mapping[str, bytes]) -> dict[str, list[str]]:
        return {key: ids(data) for key, data in archives(feeds).items()}

    assert shape(build(stories, west)) == shape(build(stories))


#: What XML can carry and a parser would read otherwise if it were not escaped.
AWKWARD = "<b>&amp;</b> \"quoted\" 'it' ]]> \r\n\ttwo  blanks, ü, 東京, 🚧"
texts = st.one_of(st.just(AWKWARD), st.text().map(legal))
said = texts.filter(bool)


@given(
    said,
    said,
    st.lists(said, min_size=1, max_size=2),
    st.lists(st.tuples(said, texts), max_size=2),
    st.sampled_from((0, 59)),
)
@settings(max_examples=50, deadline=None)
def test_an_entry_is_spelled_byte_for_byte_as_feedgen_does(
    short: str, long: str, authors: list[str], categories: list[tuple[str, str]], later: int
) -> None:
    entry = Entry(
        id=f"tag:status.example.org,2026:{short}",
        title=short,
        link=f"https://status.example.org/?a=1&b={short}",
        authors=tuple(authors),
        published=START,
        updated=START + timedelta(seconds=later),
        content=long,
        summary=short,
        story="s0",
        kind="incident",
        status="update",
        components={},
        categories=tuple(categories),
    )
    assert spelled(entry) == write_entry(entry)
