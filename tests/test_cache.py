"""The cache: how little is done for an edit, and what is left when something goes wrong."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import threading
import time
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from incremental import NOON, OPEN, Workplace, quiet
from test_incremental import PIXEL, STORY, Life

from firstword import build, write
from firstword.build import Run
from firstword.cache import codec, database, keys
from firstword.cache.database import open_cache
from firstword.cache.questions import Change
from firstword.errors import ContentError
from firstword.feeds import entries
from firstword.making import workshop
from firstword.manifest import Built, Manifest, Memory
from firstword.memory import merge_memory
from firstword.model import Incident
from firstword.page import Wanted
from firstword.parse import parse
from firstword.write import listed

STORY_FILE = "incidents/2026/cards.md"


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(build, "complain", lines.append)
    return lines


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    place = Workplace(tmp_path / "site")
    Life(place)
    place.warm()
    return place


def the_cache(place: Workplace) -> Path:
    [found] = (place.root / ".cache").glob("*.sqlite")
    return found


def edit(place: Workplace, words: str = "Other words.") -> None:
    path = place.root / "content" / STORY_FILE
    path.write_text(path.read_text().replace("Words", words))


def done(run: Run) -> tuple[int, int, list[str], int]:
    """Return how much was read and parsed, what was made, and how much of it was written."""
    run.close()
    return run.found.files_read, run.found.parsed, run.made, run.output.written


# ── how little is done ───────────────────────────────────────────────────────────────────────────


def test_a_build_after_which_nothing_changed_makes_nothing(place: Workplace) -> None:
    place.warm()

    _, parsed, made, written = done(place.run("output"))

    assert (parsed, made, written) == (0, [], 0)


def test_an_edit_makes_what_shows_the_story(place: Workplace) -> None:
    edit(place)

    _, parsed, made, written = done(place.run("output"))

    pages = [key for key in made if key.endswith(".html")]
    assert parsed == 1
    assert "incidents/cards/index.html" in pages
    assert "incidents/mail/index.html" not in pages
    assert written <= len(made)


def test_an_edit_makes_the_entries_of_its_own_story(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = entries.Teller._update_entry

    def noting(self: entries.Teller, *about: Any) -> entries.Entry:
        entry = make(self, *about)
        made.append(entry.story)
        return entry

    monkeypatch.setattr(entries.Teller, "_update_entry", noting)
    edit(place)
    done(place.run("output"))

    # It has one update, which stands in the feed of everything and in those of its components.
    assert made == ["cards"]


def test_a_page_that_the_clock_changes_is_made_when_it_does(place: Workplace) -> None:
    place.now = NOON + timedelta(days=1)

    _, parsed, made, _ = done(place.run("output"))

    assert parsed == 0
    assert "index.html" in made
    assert "subscribe/index.html" not in made


def test_a_picture_that_was_written_a_moment_ago_is_looked_at_again(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two writes in one tick of a file system's clock the second does not show."""
    picture = place.root / "content" / "images" / "till.png"
    place.write("images/till.png", PIXEL)
    written = picture.stat()
    at = max(written.st_mtime_ns, written.st_ctime_ns)
    moments = itertools.count(at + 1_000_000)
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    place.warm()

    assert done(place.run("output"))[2] == ["images/till.png"]
    monkeypatch.setattr(time, "time_ns", lambda: at + 100_000_000)
    place.warm()
    assert done(place.run("output"))[2] == []


def test_a_theme_renders_again_and_parses_nothing(place: Workplace) -> None:
    Life.theme(_life(place), 0, 1)

    _, parsed, made, _ = done(place.run("output"))

    assert parsed == 0
    assert "incidents/cards/index.html" in made
    assert "history/index.html" not in made


def _life(place: Workplace) -> Life:
    life = object.__new__(Life)
    life.place = place
    return life


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[Path]:
    """Return the folder that zones are read from first."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath((str(tmp_path / "zones"), *before))
    ZoneInfo.clear_cache()
    yield tmp_path / "zones"
    zoneinfo.reset_tzpath(before)
    ZoneInfo.clear_cache()


def test_a_zone_whose_clocks_are_set_otherwise_makes_its_times_again(
    place: Workplace, zones: Path
) -> None:
    """As when a country gives up summer time, and the system's zones are brought up to date."""
    known = place.warm()[0]
    changed = zones / "Europe" / "Copenhagen"
    changed.parent.mkdir(parents=True)
    changed.write_bytes(files("tzdata").joinpath("zoneinfo/Asia/Tokyo").read_bytes())
    ZoneInfo.clear_cache()

    warm = place.warm()

    assert warm == place.cold()
    assert warm[0]["index.html"] != known["index.html"]


@pytest.mark.parametrize("library", ["lxml", "markupsafe", "msgspec", "python-dateutil", "pyyaml"])
def test_another_version_of_a_library_that_reaches_pages_makes_them_again(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    installed = {**keys._installed(), library: "99"}
    monkeypatch.setattr(keys, "_installed", lambda: installed)

    assert "index.html" in place.run("output").made


def test_a_link_is_judged_again_when_what_it_names_goes_or_comes(place: Workplace) -> None:
    edit(place, "See [that](incident:mail).")
    place.warm()
    other = place.root / "content/incidents/2026/mail.md"
    text = other.read_text()

    other.unlink()
    _, problems, _ = made = place.warm()
    assert made == place.cold()
    assert any("no such incident: 'mail'" in line for line in problems)

    other.write_text(text)
    assert place.warm() == place.cold()


def test_names_to_choose_from_stand_in_an_order_of_their_own(place: Workplace) -> None:
    """Not in that of their files, which may move while who links stays as it is."""
    edit(place, "See [that](incident:window).")
    place.warm()
    incidents = place.root / "content" / "incidents"
    (incidents / "2025").mkdir()
    (incidents / "2026/slow.md").rename(incidents / "2025/slow.md")

    _, problems, _ = made = place.warm()

    assert made == place.cold()
    assert any("'window'; one of: cards, dns, mail, slow" in line for line in problems)


def test_an_address_of_the_site_itself_and_a_translation_of_nothing_are_refused(
    place: Workplace,
) -> None:
    """By an edit as by a build of everything, which are read in two ways."""
    aliased = STORY.format(
        title="Slow",
        impact="minor",
        day=14,
        components="api",
        more="aliases: [feeds/here]\n",
        words="Words.",
    )
    place.write("incidents/2026/slow.md", aliased)
    _, problems, _ = made = place.warm()
    assert made == place.cold()
    assert any("'feeds/here' is an address of this site itself" in line for line in problems)
    (place.root / "content/incidents/2026/slow.md").unlink()

    place.write("incidents/2026/nothing.de.md", aliased.replace("aliases: [feeds/here]\n", ""))
    _, problems, _ = made = place.warm()
    assert made == place.cold()
    assert any("there is no 'nothing.md' that it could translate" in line for line in problems)


def test_stamps_that_become_known_make_the_story_again(place: Workplace) -> None:
    stamps: dict[str, dict[str, datetime | None]] = {}

    def memory(now: datetime) -> Memory:
        return Memory(now=now, stamps=stamps, records_began=True, sources={})

    place.memory = memory
    assert place.warm() == place.cold()
    stamps["cards"] = {"20261101T082000Z": datetime(2026, 11, 1, 20, 0, tzinfo=UTC)}
    assert place.warm() == place.cold()
    place.memory = None
    assert place.warm() == place.cold()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every story that was read from the cache."""
    read: list[bytes] = []
    decode = codec.read

    def counted(record: bytes) -> Incident:
        read.append(record)
        return decode(record)

    monkeypatch.setattr(codec, "read", counted)
    return read


def test_targets_that_were_never_published_to_make_no_story_anew(
    place: Workplace, read: list[bytes]
) -> None:
    for memory in (lambda now: merge_memory([], now), None):
        place.memory = memory
        place.run("output").close()
    assert read == []
    place.memory = lambda now: merge_memory([Manifest(build_id="b")], now)
    place.run("output").close()
    assert read != []


def once_published(built: Built) -> Callable[[datetime], Memory]:
    """Return what a target remembers after its first publish, which was of a build."""
    records, then = dict(built.records), built.unremembered
    nothing = frozenset[str]()

    def memory(now: datetime) -> Memory:
        return Memory(
            now=now,
            stamps={name: dict.fromkeys(record.updates) for name, record in records.items()},
            records_began=True,
            sources={path: text for one in records.values() for path, text in one.sources.items()},
            paths={name: tuple(record.sources) for name, record in records.items()},
            limits={
                name: {component: (who, within) for component, who, within in record.limits}
                for name, record in records.items()
            },
            token="published",
            changed=lambda older: nothing if older in {then, "published"} else None,
        )

    return memory


def owned(who: str) -> dict[str, str]:
    return {"owner": who, "first_word_within": "15 minutes", "owner_since": "2026-01-01"}


def test_what_was_published_for_the_first_time_is_not_read_again(
    place: Workplace, read: list[bytes]
) -> None:
    """Of all that a target remembers then, the build took for granted what it remembers."""
    place.settings["COMPONENTS"] = [
        {"id": "checkout", "name": "Checkout", **owned("Dawn Okafor")},
        {"id": "api", "name": "API", **owned("Ian Reyes")},
    ]
    place.write("incidents/2026/open.md", OPEN)
    place.warm()
    run = place.run("output")
    built = run.built()
    assert {record.limits for record in built.records.values()} > {()}
    place.memory = once_published(built)
    run.close()
    read.clear()

    place.run("output").close()
    assert read == []
    assert place.warm() == place.cold()

    place.now += timedelta(hours=1)
    said = f"\n## {place.now - timedelta(hours=2):%Y-%m-%d %H:%M} | Ian Reyes | update\n\nMore.\n"
    place.write("incidents/2026/open.md", OPEN + said)
    read.clear()
    place.run("output").close()
    assert 0 < len(read) < 10
    assert place.warm() == place.cold()


def test_a_drill_is_remembered_by_no_target_after_the_first_publish_either(
    place: Workplace,
) -> None:
    place.settings["DRILLS"] = True
    place.write("incidents/2026/drill.md", OPEN.replace("impact:", "drill: true\nimpact:", 1))
    place.warm()
    run = place.run("output")
    place.memory = once_published(run.built())
    run.close()

    assert place.warm() == place.cold()


def test_each_state_that_nobody_remembers_has_a_name_of_its_own(place: Workplace) -> None:
    def name() -> str:
        run = place.run("output")
        run.close()
        return run.found.unremembered

    first = name()
    assert first
    assert name() == first
    edit(place)
    edited = name()
    assert edited not in {"", first}
    path = place.root / "content" / STORY_FILE
    path.rename(path.with_name("elsewhere.txt"))
    gone = name()
    assert gone not in {"", first, edited}

    the_cache(place).unlink()
    assert name() not in {"", first, edited, gone}

    place.memory = lambda now: merge_memory([Manifest(build_id="b")], now)
    assert name() == ""
    place.memory = None
    assert name() not in {"", first, edited, gone}


def test_all_that_was_made_is_read_in_one_go_and_is_what_each_is_by_itself(
    place: Workplace,
) -> None:
    lines = (place.root / "content" / STORY_FILE).read_text().splitlines(keepends=True)
    plain = "".join(line for line in lines if not line.startswith(("aliases", "next")))
    marks = {"cards.fr": "draft: true\n", "drill": "drill: true\n"}
    for name in ("cards.de", "cards.da", "cards.fr", "drill"):
        line = marks.get(name, "")
        text = plain.replace("---\n", f"---\n{line}", 1).replace("Words", f"In {name}")
        place.write(f"incidents/2026/{name}.md", text)
    place.settings["DRILLS"] = True
    run = place.run("output")
    built = run.built()

    assert [*built.records.items()] == [(name, built.records[name]) for name in built.records]
    assert [*built.outputs.items()] == [(key, built.outputs[key]) for key in built.outputs]
    assert [path for path, _ in built.records["cards"].translations] == [
        "content/incidents/2026/cards.da.md",
        "content/incidents/2026/cards.de.md",
    ]
    assert "drill" not in built.records
    run.close()


class Asked(dict[str, str]):
    """What is published, and what of it somebody wanted to see."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told)
        self.asked: list[str] = []

    def get(self, path: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.append(path)
        return super().get(path, default)


def test_only_what_was_edited_is_laid_beside_what_is_published(place: Workplace) -> None:
    files = sorted((place.root / "content/incidents").rglob("*.md"))
    told = Asked({p.relative_to(place.root).as_posix(): p.read_text() for p in files})
    zone = ZoneInfo("Europe/Copenhagen")
    stories = [parse(text.encode(), path, zone).incident for path, text in told.items()]
    stamps = {one.id: {u.id: None for u in one.updates} for one in stories if one}

    def memory(now: datetime) -> Memory:
        changed = frozenset[str]()
        return Memory(
            now=now, stamps=stamps, records_began=True, sources=told, token="a",
            changed=lambda _then: changed,
        )  # fmt: skip

    place.memory = memory
    place.warm()
    told.asked.clear()
    path = place.root / "content" / STORY_FILE
    path.write_text(path.read_text() + "\n## 2026-11-01 11:00 | Dawn Okafor | update\n\nMore.\n")
    place.warm()

    assert len(files) > 1
    assert set(told.asked) == {f"content/{STORY_FILE}"}


@pytest.mark.parametrize("name", ["a\u2028CNAME", "a\x85CNAME", "a\nCNAME", "a\x0cCNAME", "ü.png"])
def test_a_file_is_noted_by_its_name_whatever_that_holds(place: Workplace, name: str) -> None:
    (place.root / "output" / "CNAME").write_text("status.acme.example")
    place.write(f"images/{name}", PIXEL)
    place.warm()
    assert f"images/{name}" in listed(place.root / "output")

    (place.root / "content/images" / name).unlink()
    the_cache(place).unlink()
    place.run("output").close()
    assert not (place.root / "output/images" / name).exists()
    assert (place.root / "output" / "CNAME").exists()


def test_of_two_builds_at_once_neither_takes_the_notes_of_the_other(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    place.write("incidents/2026/new.md", OPEN)
    one = place.new("output")
    one.read()
    (place.root / "content/incidents/2026/new.md").unlink()
    other = place.new("output")
    other.read()  # goes without the cache
    one.write()
    other.write()
    for run in (other, one):
        run.finish()
        run.close()

    the_cache(place).unlink()
    place.run("output").close()
    assert not (place.root / "output/incidents/new/index.html").exists()


# ── when something goes wrong ────────────────────────────────────────────────────────────────────


class Died(BaseException):
    """A process that is killed: nothing catches it."""


def test_dying_at_any_write_leaves_what_the_next_build_makes_right(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write._replace
    for deaths, after in enumerate((0, 1, 2, 5, 10, 16, 23)):
        edit(place, f"Words after {deaths} deaths")
        place.write(f"incidents/2026/new-{deaths}.md", _story(deaths))
        written: list[str] = []

        def die(path: str, data: bytes, left: int = after, here: list[str] = written) -> None:
            if len(here) == left:
                raise Died
            here.append(path)
            real(path, data)

        with monkeypatch.context() as patch:
            patch.setattr(write, "_replace", die)
            with pytest.raises(Died):
                place.run("output")
        assert not (place.root / "output" / write.STAMP).exists()
        if deaths % 2:
            # Whoever goes back to older words finds nothing of the newer ones.
            (place.root / f"content/incidents/2026/new-{deaths}.md").unlink()
        made = place.warm()
        if deaths % 3 == 0:
            assert made == place.cold()
    assert place.warm() == place.cold()


def _story(number: int) -> str:
    return STORY.format(
        title=f"New {number}", impact="minor", components="api", day=3, more="", words="New."
    )


def test_dying_between_cache_and_stamp_leaves_a_folder_that_is_not_trusted(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> None:
        raise Died

    edit(place)
    with monkeypatch.context() as patch:
        patch.setattr(write.OutputFolder, "finish", die)
        with pytest.raises(Died):
            place.run("output")
    (place.root / "output/index.html").write_text("half")

    assert place.warm() == place.cold()


@pytest.mark.parametrize("damage", ["text", "cut", "version", "empty"])
def test_a_cache_that_is_not_ours_is_begun_anew(place: Workplace, damage: str) -> None:
    cache = the_cache(place)
    if damage == "text":
        cache.write_text("no database")
    elif damage == "cut":
        cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])
    elif damage == "version":
        with contextlib.closing(sqlite3.connect(cache)) as db:
            db.execute("PRAGMA user_version = 999")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        cache.write_bytes(b"")
    for name in ("-wal", "-shm"):
        cache.with_name(cache.name + name).unlink(missing_ok=True)
    edit(place)
    run = place.run("output")

    assert run.found.parsed == len(list((place.root / "content").rglob("*.md")))
    assert place.outcome(run) == place.cold()


def test_two_builds_at_once_wait_for_each_other(place: Workplace, said: list[str]) -> None:
    edit(place)
    held = open_cache(the_cache(place))
    said.clear()
    waiting = threading.Thread(target=lambda: place.run("output").close())
    waiting.start()
    while not said:
        pass
    held.close()
    waiting.join()

    assert said[0] == "another build is at work here; waiting for it to end"
    assert place.warm() == place.cold()


def test_what_a_build_wrote_that_could_not_wait_is_not_taken_for_known(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has the cache ends after it, and knows nothing of its pages."""
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    page = place.root / "content" / STORY_FILE
    before = page.read_text()
    slow = place.new("output")
    slow.read()
    edit(place)
    place.run("output").close()
    slow.write()
    slow.finish()
    slow.close()

    page.write_text(before)

    assert place.warm() == place.cold()
    assert done(place.run("output"))[1:] == (0, [], 0)


def test_a_folder_that_cannot_be_written_is_no_error(place: Workplace, said: list[str]) -> None:
    cache = place.root / ".cache"
    shutil.rmtree(cache)
    cache.write_text("in the way")

    assert place.warm() == place.cold()
    assert any("everything is made anew" in line for line in said)


def test_a_strict_build_that_refuses_leaves_the_cache_as_it_was(place: Workplace) -> None:
    before = place.warm()
    path = place.root / "content" / STORY_FILE
    good = path.read_text()
    path.write_text("no story")
    run = place.new("output", strict=True)
    with pytest.raises(ContentError):
        run.read()
    run.close()
    path.write_text(good)

    assert place.warm() == before


def test_what_is_made_anew_asks_nobody_what_it_touches(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touches(*_: object) -> bool:
        raise AssertionError("asked of every change, of every question")

    monkeypatch.setattr(Change, "touches", touches)
    place.settings["SITENAME"] = "Acme, renamed"
    named_anew = place.warm()
    monkeypatch.setattr(workshop, "MANY", 0)
    edit(place)
    changed = place.warm()
    monkeypatch.undo()
    monkeypatch.setattr(build, "complain", quiet)
    edit(place, "Words again.")

    assert named_anew != changed
    # What was asked in such a build is known to the next.
    assert place.warm() == place.cold()


def test_a_build_tells_what_is_new_and_counts_the_rest(place: Workplace, said: list[str]) -> None:
    for number in range(30):
        day = f"2026-10-{number % 28 + 1:02d}"
        text = _story(number).replace("2026-11-03", day).replace("next: 10:00\n", "")
        place.write(f"incidents/2026/old-{number:02d}.md", text)
    said.clear()
    place.warm()
    cold, counted = said[:-1], said[-1]
    said.clear()
    edit(place, "[Words](incident:nowhere)")
    place.warm()

    # The newest of all, and how many more there are.
    assert len(cold) == 20
    assert any("old-27.md" in line for line in cold)
    assert not any("old-01.md" in line for line in cold)
    assert counted.endswith("more files have warnings: 'firstword check' lists them")
    assert {line.partition(":")[0] for line in said[:-1]} == {f"content/{STORY_FILE}"}
    assert said[-1].endswith("more files have warnings: 'firstword check' lists them")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_a_year_of_a_component_begins_and_ends_with_its_zone(place: Workplace, zone: str) -> None:
    place.settings["TIMEZONE"] = zone
    for year, day, hour in itertools.product((2023, 2024, 2025), ("12-31", "01-01"), ("00", "23")):
        text = _story(year).replace("2026-11-03", f"{year}-{day}").replace("next: 10:00\n", "")
        text = text.replace("09:", f"{hour}:")
        place.write(f"incidents/{year}/{year}-{day}-{hour}.md", text)
    run = place.run("output")
    found = run.page.stories.lines(Wanted(component="api", year=2024))
    run.close()

    assert [line.slug for line in found] == [
        *("2024-12-31-23", "2024-12-31-00", "2024-01-01-23", "2024-01-01-00")
    ]


def test_a_strict_build_lists_every_warning_of_every_file(
    place: Workplace, said: list[str]
) -> None:
    for number in range(30):
        place.write(f"incidents/2026/old-{number:02d}.md", _story(number))
    place.warm()
    said.clear()
    run = place.new("output", strict=True)
    with pytest.raises(ContentError) as refused:
        run.read()
    run.close()

    assert {f"content/incidents/2026/old-{n:02d}.md" for n in range(30)} <= {
        line.partition(":")[0] for line in said
    }
    assert len(refused.value.lines) >= 30


def test_a_story_goes_into_the_cache_and_comes_out_as_it_was(place: Workplace) -> None:
    run = place.run("output")
    for incident in run.page.incidents:
        assert codec.read(codec.spell(incident)).timeline == incident.timeline
    run.close()


def test_a_build_knows_what_changed_since_another(place: Workplace) -> None:
    first = place.run("output")
    first.close()
    edit(place)
    second = place.run("output")
    built = second.built()
    delta = built.since(first.build_id)

    assert delta is not None
    assert "incidents/cards/index.html" in delta.keys
    assert delta.ids == {"cards"}
    assert built.since("never seen") is None
    second.close()
