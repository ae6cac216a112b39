"""A page that would be the same is not written again, and whatever would be another one is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from incremental import OPEN, Workplace, quiet

from firstword import build
from firstword.build import Run
from firstword.cache import keys

#: In a state that counts no minutes: a page would show others with each build.
STORY = OPEN.replace("partial_outage", "degraded_performance")
WORD = "\n## 2026-11-21 09:20 | Dawn Okafor | update\n\nWe look at the disks.\n"
PAGE, PERSON = "components/checkout/index.html", "people/ian-reyes/index.html"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setattr(build, "complain", quiet)
    theme = Path(shutil.copytree(ROOT / "theme", tmp_path / "theme"))
    place = Workplace(tmp_path / "site", theme=theme)
    place.root.mkdir()
    place.write("incidents/2026/slow.md", STORY)
    return place


def built(place: Workplace) -> Run:
    """Build, and compare with a build of everything."""
    run = place.run("output")
    assert place.outcome(run) == place.cold()
    return run


def add_to(place: Workplace, template: str) -> None:
    """Have the page of a component write something more."""
    path = place.theme / "templates" / "component.html"
    begun = path.read_text().replace("{% block days %}", f"{{% block days %}}{template}", 1)
    path.write_text(begun)


def say(text: str) -> Callable[[Workplace], None]:
    return lambda place: place.write("incidents/2026/slow.md", text)


def test_a_word_that_a_page_does_not_show_does_not_write_it_again(place: Workplace) -> None:
    built(place)
    for number in range(2):
        place.now += timedelta(minutes=1)
        say(STORY + WORD.replace("disks", f"disks, all {number + 2} of them"))(place)
        run = built(place)
        assert {PAGE, PERSON}.isdisjoint(run.made)
        assert {"index.html", "people/dawn-okafor/index.html"} <= set(run.made)


@pytest.mark.parametrize(
    "step",
    [
        say(STORY.replace("is slow", "takes long")),
        say(STORY.replace("checkout degraded_performance", "checkout major_outage")),
        say(STORY + WORD.replace("| update", "| resolved")),
        say(STORY.replace("started: 2026-11-21 08:00", "started: 2026-11-20 08:00")),
        lambda place: add_to(place, "<hr>"),
        lambda place: (place.root / "content/incidents/2026/slow.md").unlink(),
        lambda place: place.settings.update(SITENAME="Another name"),
    ],
    ids=["title", "state", "end", "beginning", "template", "gone", "name of the site"],
)
def test_whatever_shows_writes_a_page_again(
    place: Workplace, step: Callable[[Workplace], None]
) -> None:
    built(place)

    step(place)

    assert PAGE in built(place).made


@pytest.mark.parametrize(
    "template",
    [
        "{{ status.open_incidents[0].updates|length }}",
        "{{ status.newest_update[1].at|instant }}",
        "{% if stories %}{{ clock.passed(stories[0].started_at) }}{% endif %}",
    ],
    ids=["stories", "words", "clock"],
)
def test_a_template_that_asks_by_itself_is_asked_again(place: Workplace, template: str) -> None:
    add_to(place, template)
    built(place)

    say(STORY + WORD)(place)

    assert PAGE in built(place).made


def test_a_page_that_went_away_is_written_when_it_comes_back(place: Workplace) -> None:
    built(place)
    components = place.settings["COMPONENTS"]
    place.settings["COMPONENTS"] = []
    say("".join(line for line in STORY.splitlines(keepends=True) if "checkout" not in line))(place)
    built(place)
    place.settings["COMPONENTS"] = components
    say(STORY)(place)

    assert PAGE in built(place).made


def test_templates_are_read_where_one_was_written(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        # Whatever was written a moment before a build may be written again unseen.
        built(place)
    read: list[str] = []
    looks = keys.looks

    def count(*asked: Any) -> dict[str, str]:
        read.append("all")
        return looks(*asked)

    monkeypatch.setattr(keys, "looks", count)
    place.outcome(place.run("output"))
    assert read == []

    add_to(place, "<hr>")

    assert PAGE in place.run("output").made
    assert read == ["all"]


def test_the_order_of_folders_and_each_file_in_them_count(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "within").mkdir(parents=True)
        (folder / "within" / "a.html").write_text("a")
    now = time.time_ns() + 60_000_000_000
    first = keys.signature_of([one, two], now)

    assert first == keys.signature_of([one, two], now + 1) != ""
    assert keys.signature_of([one, two], now - 120_000_000_000) == ""
    assert keys.signature_of([two, one], now) != first
    (two / "within" / "b.html").write_text("b")
    added = keys.signature_of([one, two], now)
    (two / "within" / "b.html").write_text("longer")
    assert len({first, added, keys.signature_of([one, two], now)}) == 3
