"""What one edit costs in a long history, counted, not timed: files read, pages made, files written.

Ten thousand stories are read for it and kept as ever. To make all their pages would take most of a
minute more: of what is long over, it is noted that a page was made, and a stand-in is written.
FIRSTWORD_STORIES says how many there are.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from incremental import Workplace, quiet

from benchmarks import make_history
from firstword import build, urls
from firstword.build import Run
from firstword.cache import files, stories
from firstword.cache.answers import rows_of
from firstword.cache.questions import spell_find
from firstword.cache.stories import CachedStories
from firstword.cache.units import Made, Unit, Units
from firstword.content import judging
from firstword.feeds import Channel
from firstword.making import site, workshop
from firstword.making.site import Named, channel_unit, story_unit
from firstword.model import Incident, Kind
from firstword.page import StatusPage, Wanted, Words
from firstword.render import Renderer
from firstword.settings import load_settings
from firstword.values import replace

STORIES = int(os.environ.get("FIRSTWORD_STORIES", "10000"))
NIGHT = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
#: What was over by then is long over.
OVER = NIGHT - timedelta(days=40)
STAND_IN = b"a stand-in\n"
#: The newest story of the history: still open, of web services, sign-in and DNS.
OPEN = "mobile-000000.md"


@pytest.fixture(scope="module")
def held() -> list[int]:
    """How many small objects the first build held in memory more than there were before it."""
    return []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, held: list[int]) -> Workplace:
    """A site with a long history that was built once."""
    root = tmp_path_factory.mktemp("long") / "site"
    make_history.write_site(root, 1, STORIES)
    place = Workplace(root, now=NIGHT, settings=load_settings(root / "pelicanconf.py"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "complain", quiet)
        patch.setattr(workshop, "story_unit", story_or_stand_in)
        patch.setattr(site, "channel_unit", channel_or_stand_in)
        # What is held for a while is held for fewer here than there are stories, as it would be of
        # a hundred thousand. Nobody counts what the wording says.
        patch.setattr(files, "_MOST_KNOWN", 512)
        patch.setattr(stories, "_MOST_KNOWN", 512)
        patch.setattr(judging, "check_told", lambda *_: ())
        before = sys.getallocatedblocks()
        run = place.run("output")
        gc.collect()
        held.append(sys.getallocatedblocks() - before)
        finish(run)
    return place


def story_or_stand_in(
    status: StatusPage, renderer: Renderer, named: Named, story: Callable[[str], Incident]
) -> Unit:
    """Return a story's pages; of one that is long over something smaller, asked for as they are."""
    unit, incident = story_unit(status, renderer, named, story), story(named.id)
    key = urls.page_key(urls.incident_path(incident))

    def make(_clock: object) -> Iterator[Made]:
        status.stories.all_signed()
        yield Made(key=key, data=STAND_IN, leaf=True, owner=incident.id)

    return unit if incident.is_open or incident.updated_at > OVER else replace(unit, make=make)


def channel_or_stand_in(status: StatusPage, channel: Channel, shelf: str) -> Unit:
    """Return a feed; in the place of an archive something smaller, asked for as the archive is."""
    unit, archive = channel_unit(status, channel, shelf), channel.archive
    if archive is None:
        return unit

    def make(_clock: object) -> Iterator[Made]:
        begin, end = archive.time
        assert isinstance(status.stories, CachedStories)
        status.stories.note(spell_find(Words(begin=begin, end=end)))
        yield Made(key=urls.feed_key(archive.place, "atom"), data=STAND_IN, leaf=True)

    return replace(unit, make=make)


@pytest.fixture
def place(built: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """The same, built once more: a file that is looked at as it is written is read again, once."""
    monkeypatch.setattr(build, "complain", quiet)
    finish(built.run("output"))
    return built


def finish(run: Run) -> Run:
    run.close()
    return run


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".build")
    }


def edited(place: Workplace, words: str = "Still at it.") -> Run:
    """Sign one more update in the open story, a minute later, and build."""
    place.now += timedelta(minutes=1)
    (path,) = (place.root / "content").rglob(f"*{OPEN}")
    said = f"\n## {place.now:%Y-%m-%d %H:%M} | Ada Holm | update\n\n{words}\n"
    path.write_text(path.read_text() + said)
    return finish(place.run("output"))


def pages(run: Run) -> list[str]:
    return [key for key in run.made if key.endswith(".html")]


def test_one_edit_reads_one_file_makes_few_pages_and_writes_what_differs(place: Workplace) -> None:
    before = digests(place.root / "output")
    run = edited(place)
    after = digests(place.root / "output")
    differing = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}

    assert (run.found.files_read, run.found.parsed) == (1, 1)
    assert len(pages(run)) <= 25
    assert not any(key.startswith("feeds/archive/") for key in differing)
    assert run.output.written == len(differing) <= 40
    assert "index.html" in differing


def test_the_first_word_of_a_story_makes_few_pages_too(place: Workplace) -> None:
    """Of what lists the past, those that list its month and its year; there are four years."""
    place.now += timedelta(minutes=1)
    at = f"{place.now:%Y-%m-%d %H:%M}"
    path = place.root / f"content/incidents/{place.now:%Y/%m/%Y-%m-%d}-sign-in.md"
    path.write_text(
        "---\ntitle: Signing in takes a minute\nimpact: minor\n"
        f"started: {at}\ncomponents: [login]\n---\n\n"
        f"## {at} | Ada Holm | investigating\n\nWe look at the second line.\n"
    )
    before = digests(place.root / "output")
    run = finish(place.run("output"))
    after = digests(place.root / "output")
    path.unlink()
    gone = finish(place.run("output"))

    assert (run.found.files_read, gone.found.files_read) == (1, 0)
    assert {key for key in run.made if "history/" in key} == {
        "history/index.html",
        "history/2026/index.html",
        "history/2026-11/index.html",
        "history/incidents/2026/index.html",
        "components/login/history/2026/index.html",
    }
    assert len(pages(run)) <= 25
    assert run.output.written == sum(before.get(key) != after[key] for key in after) <= 45
    assert len(pages(gone)) <= 25


def test_what_an_edit_will_make_is_foreseen_when_its_pages_are_there(place: Workplace) -> None:
    """A publish takes its lease by that, and pays for what was not foreseen with one way more."""
    place.foreseen.clear()
    finish(place.run("output"))
    before = digests(place.root / "output")
    run = edited(place)
    after = digests(place.root / "output")

    [foreseen] = place.foreseen
    assert {key for key in after if before.get(key) != after[key]} <= foreseen
    assert len(foreseen) <= len(run.made) + 5


@pytest.mark.usefixtures("built")
def test_a_long_history_is_not_held_in_memory(held: list[int]) -> None:
    """What is kept for a while has a limit (370,000 objects in all); beyond it a story costs next
    to nothing, where its words alone are thirty-five objects."""
    assert held[0] < 370_000 + 3 * STORIES, held


def test_no_page_or_badge_of_another_component_is_made_again(place: Workplace) -> None:
    run = edited(place)
    theirs = {key.split("/")[1] for key in run.made if key.startswith("components/")}
    assert theirs == {"webhooks", "login", "dns"}


def test_an_edit_of_long_ago_makes_its_own_pages_and_archives(place: Workplace) -> None:
    path = min((place.root / "content/incidents").rglob("*.md"))
    path.write_text(path.read_text() + "\nOne more sentence.\n")
    run = finish(place.run("output"))

    assert run.found.files_read == 1
    assert "index.html" not in run.made
    assert len(pages(run)) <= 25
    # Of the archives those alone that hold its updates.
    assert 0 < len([key for key in run.made if key.startswith("feeds/archive/")]) <= 6


def test_nothing_changed_and_nothing_is_made(place: Workplace) -> None:
    run = finish(place.run("output"))
    assert (run.found.files_read, run.made, run.output.written) == (0, [], 0)


def test_a_minute_later_only_what_tells_the_time_is_made(place: Workplace) -> None:
    place.now += timedelta(minutes=1)
    run = finish(place.run("output"))
    assert run.found.files_read == 0
    assert len(pages(run)) <= 3


@pytest.mark.parametrize("touch", [Path.touch, lambda path: path.write_bytes(path.read_bytes())])
def test_a_file_that_was_written_with_the_same_bytes_is_read_and_no_more(
    place: Workplace, touch: Callable[[Path], object]
) -> None:
    (path,) = (place.root / "content").rglob(f"*{OPEN}")
    touch(path)
    run = finish(place.run("output"))
    assert (run.found.files_read, run.found.parsed, run.made) == (1, 0, [])


def test_a_bad_file_is_no_reason_to_read_the_others(place: Workplace) -> None:
    (path,) = (place.root / "content").rglob(f"*{OPEN}")
    good = path.read_text()
    path.write_text(f"{good}\n## {place.now:%Y-%m-%d %H:%M} | Ada Hohn | update\n\nA typo.\n")
    bad = finish(place.run("output"))
    (other,) = (place.root / "content").rglob("*-000001.md")
    other.write_text(other.read_text() + "\nOne more sentence.\n")
    beside = finish(place.run("output"))
    path.write_text(good)
    mended = finish(place.run("output"))

    assert [len(run.found.held) for run in (bad, beside, mended)] == [1, 1, 0]
    # A file that was written a moment ago is read once more.
    assert all(run.found.files_read <= 3 for run in (bad, beside, mended))
    # No version of it is known here that was good: it goes from all lists, and comes back.
    assert all(len(pages(run)) <= 100 for run in (bad, beside, mended))


RECENT = NIGHT - timedelta(days=1)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(open=True),
        Wanted(open=True, kinds=(Kind.INCIDENT,)),
        Wanted(open=True, component="dns"),
        Wanted(since=RECENT),
        Wanted(since=RECENT, component="dns"),
        Wanted(since=RECENT, kinds=(Kind.INCIDENT,)),
    ],
)
def test_what_is_open_or_recent_is_found_without_a_look_at_what_is_over(
    place: Workplace, wanted: Wanted
) -> None:
    found, steps = counted(place, lambda db: list(rows_of(db, wanted)))
    assert found
    assert steps < STORIES


@pytest.mark.parametrize("ask", [Units.next_change_at, lambda units: len(units.outputs())])
def test_the_end_of_a_build_looks_at_no_single_output(
    place: Workplace, ask: Callable[[Units], object]
) -> None:
    found, steps = counted(place, lambda db: ask(Units(db, 1)))
    assert found
    assert steps < STORIES // 10


def counted(place: Workplace, ask: Callable[[sqlite3.Connection], object]) -> tuple[object, int]:
    """Return an answer out of the cache, and in how many steps of SQLite's machine it came.

    A look at each story, or at each page, takes several.
    """
    (path,) = (place.root / ".cache").glob("*.sqlite")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 10
        return 0

    with closing(sqlite3.connect(path)) as db:
        db.execute("SELECT count(*) FROM story").fetchone()
        db.set_progress_handler(count, 10)
        return ask(db), steps
