"""What the cache answers from the rows of stories: the words of a time, and how many there are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from feedstories import story
from incremental import Workplace, quiet
from test_check import SITE
from test_incremental import BEGUN, STORY, Life

from firstword import build
from firstword.cache.database import open_cache
from firstword.cache.questions import Change
from firstword.cache.rows import Counts, put_row
from firstword.cache.shown import Shown
from firstword.cache.stories import CachedStories
from firstword.clock import Clock
from firstword.model import Incident, Kind
from firstword.page import Row, StatusPage, Totals, Wanted, Words
from firstword.values import replace

EIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def stories() -> CachedStories:
    """Words at seven, at eight (two of them, and a drill's) and at nine."""
    told = {
        "early": story("early", "2026-11-21 07:00"),
        "a": story("a", "2026-11-21 08:00"),
        "b": replace(story("b", "2026-11-21 08:00"), kind=Kind.NOTICE),
        "drill": replace(story("drill", "2026-11-21 08:00"), drill=True),
        "late": story("late", "2026-11-21 09:00"),
    }
    db = open_cache(None).db
    for one in told.values():
        put_row(db, Row.of(one, UTC), digest="", stamps="", path=one.path, number=1)
    return CachedStories(db, told.__getitem__)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        # Newest first, of one instant the greater id first; the end is not in it.
        (Words(begin=EIGHT - HOUR, end=EIGHT + HOUR), ["b", "a", "early"]),
        (Words(begin=EIGHT, end=EIGHT + 2 * HOUR), ["late", "b", "a"]),
        (Words(begin=EIGHT, end=EIGHT + HOUR, drills=True), ["drill", "b", "a"]),
        (Words(begin=EIGHT, end=EIGHT + HOUR, kinds=(Kind.NOTICE,)), ["b"]),
        (Words(begin=EIGHT, end=EIGHT + HOUR, author="Nobody"), []),
    ],
)
def test_the_words_of_a_time(stories: CachedStories, wanted: Words, names: list[str]) -> None:
    found: list[tuple[Incident, datetime]] = [(one, up.at) for one, up in stories.words(wanted)]

    assert [one.id for one, _ in found] == names
    assert all(at == one.updates[0].at for one, at in found)


def test_what_is_counted_is_what_is_there_and_nothing_stays_of_what_went() -> None:
    october = Row.of(story("october", "2026-10-31 23:50"), UTC)
    november = replace(
        Row.of(story("november", "2026-11-01 00:10"), UTC), components={"api": EIGHT}
    )
    notice = Row.of(replace(story("notice", "2026-11-02 08:00"), kind=Kind.NOTICE), UTC)
    drill = Row.of(replace(story("drill", "2026-12-01 08:00"), drill=True), UTC)
    db = open_cache(None).db

    first = Counts()
    for row in (october, november, notice, drill):
        first.add(row)
    first.keep(db)
    # One goes, one comes, one is another one and counts as before.
    second = Counts()
    second.take(october)
    second.take(november)
    second.add(november)
    second.add(replace(notice, id="other", month=date(2026, 12, 1)))
    second.keep(db)

    stories = CachedStories(db, dict[str, Incident]().__getitem__)
    assert stories.months() == {date(2026, 12, 1): 2, date(2026, 11, 1): 2}
    assert stories.months(Wanted(kinds=(Kind.NOTICE,))) == {
        date(2026, 12, 1): 1,
        date(2026, 11, 1): 1,
    }
    assert stories.months(Wanted(component="api")) == {date(2026, 11, 1): 1}
    # The drill of December is no news, and the notice was signed in November.
    assert stories.months_of_words() == [date(2026, 11, 1)]
    assert stories.totals() == Totals(stories=4, updates=4)


@pytest.mark.parametrize(
    "wanted",
    [
        *(Wanted(), Wanted(kinds=(Kind.NOTICE,)), Wanted(component="api"), Wanted(year=2025)),
        *(Wanted(component="api", year=2026), Wanted(kinds=(Kind.NOTICE, Kind.INCIDENT))),
        *(Wanted(component="web"), Wanted(drills=False), Wanted(year=2024)),
    ],
)
def test_months_and_those_beside_are_counted_as_they_are_listed(wanted: Wanted) -> None:
    begun = ("2024-03-31 23:50", "2025-12-31 23:30", "2026-01-01 00:10", "2026-11-21 08:00")
    told = [story(f"at-{number}", at) for number, at in enumerate([*begun, *begun])]
    told[1] = replace(told[1], kind=Kind.NOTICE)
    told[4] = replace(told[4], drill=True)
    page, db, counts = StatusPage.of(SITE, told), open_cache(None).db, Counts()
    for one in told:
        row = Row.of(one, SITE.timezone)
        put_row(db, row, digest="", stamps="", path=one.path, number=1)
        counts.add(row)
    counts.keep(db)
    cached = CachedStories(db, dict[str, Incident]().__getitem__)

    assert [*cached.months(wanted).items()] == [*page.stories.months(wanted).items()]
    months = [date(year, month, 1) for year in range(2024, 2027) for month in (1, 4, 12)]
    for begin in months:
        for end in (begin + timedelta(days=1), date(begin.year + 1, 1, 1)):
            for kind, component in ((None, ""), (Kind.NOTICE, ""), (None, "api"), (None, "web")):
                found = cached.beside(begin, end, kind, component)
                assert found == page.stories.beside(begin, end, kind, component)
    if wanted == Wanted():
        # In Copenhagen, an hour or two ahead.
        assert cached.beside(NOVEMBER, DECEMBER) == (None, date(2026, 1, 1))
        assert cached.beside(date(2025, 1, 1), DECEMBER) == (None, date(2024, 4, 1))


def test_what_lists_show_is_known_without_reading_a_story(stories: CachedStories) -> None:
    def read(name: str) -> Incident:
        raise AssertionError(name)

    unread = CachedStories(stories._db, read)
    page = StatusPage(SITE, unread)

    (today,) = (day for day in page.recent(Clock(EIGHT + 2 * HOUR)) if day.incidents)
    assert [line.slug for line in today.incidents] == ["early", "a", "b", "drill", "late"]
    assert [row.id for row in unread.rows(Wanted(drills=False))] == ["late", "b", "a", "early"]


def test_what_is_open_is_looked_up_once_and_asked_each_time(stories: CachedStories) -> None:
    statements: list[str] = []
    stories._db.set_trace_callback(statements.append)
    wanted = Wanted(kinds=(Kind.NOTICE,), open=True)

    with stories.tracing() as first:
        assert [one.id for one in stories.find(wanted)] == ["b"]
    looked_up = len(statements)
    with stories.tracing() as second:
        assert [one.id for one in stories.find(wanted)] == ["b"]

    assert (looked_up, len(statements)) == (1, 1)
    assert dict(second.questions()) == dict(first.questions()) != {}


NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
ROW = Row.of(story("a", "2026-11-21 08:00", "2026-11-21 08:30"), UTC)


@pytest.mark.parametrize(
    ("after", "lines", "months"),
    [
        # One word more in the same state: lists and counts are as they were, its pages are not.
        (replace(ROW, updated=EIGHT + HOUR, said=(*ROW.said, (EIGHT + HOUR, "Ada"))), False, False),
        (replace(ROW, line=replace(ROW.line, title="Another title")), True, False),
        # At another place of the list, and then in another month.
        (replace(ROW, started=EIGHT + HOUR), True, False),
        (replace(ROW, month=DECEMBER), True, True),
        (None, True, True),
    ],
)
def test_a_list_is_another_one_only_where_it_shows_something_else(
    after: Row | None, *, lines: bool, months: bool
) -> None:
    november, all_incidents = Wanted(month=NOVEMBER), Wanted(kinds=(Kind.INCIDENT,))
    for change in (Change(ROW, after), Change(after, ROW)):
        assert change.touches("lines", november, None) is lines
        assert change.touches("months_of", all_incidents, None) is months
        assert change.touches("find", november, None)


TRANSLATED = (
    "---\ntitle: Karten\n---\n\n## 2026-11-01 09:20 | Dawn Okafor | investigating\n\nWorte.\n"
)
VALUES = {"title": "Slow", "impact": "minor", "day": 3, "components": "api", "words": "Words."}
#: What only all files together tell: another text for a story, an address that two of them claim.
TOGETHER = {
    "nothing": {},
    "a translation": {"2026/cards.de.md": TRANSLATED},
    "a translation elsewhere": {"1/cards.de.md": TRANSLATED},
    "a draft": {"2026/draft.md": STORY.format(**VALUES, more="draft: true\n")},
    # Then everything is judged anew, together.
    "two of one name": {
        f"{year}/twice.md": STORY.format(**VALUES, more="") for year in (2026, 2027)
    },
    "a claim": {"2027/clash.md": STORY.format(**VALUES, more="aliases: [mail]\n")},
}


@pytest.mark.parametrize("files", TOGETHER.values(), ids=TOGETHER)
def test_stories_that_are_put_before_all_files_are_read_are_what_they_are_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    place = Workplace(tmp_path / "site")
    Life(place)
    for path, text in files.items():
        place.write(f"incidents/{path}", text)
    monkeypatch.setattr(build, "complain", quiet)

    early = kept(place, ".cache-early")
    # Where stories were kept before, they wait for all files.
    monkeypatch.setattr(Shown, "empty", lambda _: False)
    late = kept(place, ".cache-late")

    assert early == late
    assert len(early["story"]) >= len(BEGUN) - 1
    assert early["vanished"] == []


def kept(place: Workplace, cache: str) -> dict[str, list[tuple[object, ...]]]:
    """Read a site into a new cache; return what is kept of its stories."""
    run = place.new("output", cache=cache)
    run.read()
    db = run._cache.db
    found = {
        name: db.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608
        for name in (
            *("story", "part", "signer", "word", "mark", "figure"),
            *("month", "tally", "spoken", "vanished"),
        )
    }
    run.close()
    return {name: sorted(rows, key=repr) for name, rows in found.items()}
