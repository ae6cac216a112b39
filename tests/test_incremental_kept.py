"""What is kept from build to build beside pages, changed in each way that could leave it stale."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import ROOT
from incremental import OPEN, SETTINGS, Workplace, quiet

from firstword import build
from firstword.build import Run
from firstword.cache.database import open_cache
from firstword.cache.pieces import CachedPieces
from firstword.cache.stories import CachedStories
from firstword.cache.units import Units
from firstword.feeds import channels, items, xml
from firstword.feeds.entries import Entry
from firstword.feeds.items import spelled
from firstword.model import Incident
from firstword.render import components

OVER = """\
---
title: Cards were refused
impact: major
started: 2026-11-19 22:00
components: [checkout]
---

## 2026-11-19 22:10 | Dawn Okafor | investigating
next: 23:00

Every card is refused.

## 2026-11-20 01:00 | Dawn Okafor | resolved

All cards work. See [what goes on](incident:slow).
"""
WINDOW = """\
---
title: A new line
kind: maintenance
scheduled_for: 2026-11-18 01:00
scheduled_until: 2026-11-18 03:00
components: [checkout]
---

## 2026-11-10 09:00 | Ian Reyes | scheduled

We move to the new line.

## 2026-11-18 02:00 | Ian Reyes | completed

We did.
"""
#: It ended a day before the ninety that are shown.
LONG_OVER = OVER.replace("Cards", "Old cards").replace("2026-11-19", "2026-08-22")
LONG_OVER = LONG_OVER.replace("2026-11-20", "2026-08-23")
PAGE, HOME = "components/checkout/index.html", "index.html"
FEEDS = ("feeds/updates.atom", "feeds/updates.rss", "feeds/updates.json")
FILES = {"cards": OVER, "slow": OPEN, "line": WINDOW, "old": LONG_OVER}


@pytest.fixture(autouse=True)
def _small_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "complain", quiet)
    monkeypatch.setattr(channels, "MOST", 4)
    monkeypatch.setattr(channels, "PART", 2)
    # So that nobody but the days asks for what is over.
    monkeypatch.setattr(components, "MOST_STORIES", 0)


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a site of four stories, built once with what each test has."""
    return tmp_path_factory.mktemp("kept") / "site"


@pytest.fixture
def place(beginning: Path, templates: Path, tmp_path: Path) -> Workplace:
    if not beginning.exists():
        first = Workplace(beginning, templates=templates)
        tell(first)
        first.warm()
    root = shutil.copytree(beginning, tmp_path / "site", symlinks=True)
    return Workplace(root, templates=templates)


def tell(place: Workplace) -> None:
    """Write the four stories as they are told first."""
    for path in (place.root / "content").rglob("*.md"):
        path.unlink()
    for name, text in FILES.items():
        place.write(f"incidents/2026/{name}.md", text)


def say(name: str, old: str, new: str) -> Callable[[Workplace], None]:
    """Return what says something else in a story."""
    assert old in FILES[name]
    return lambda place: place.write(f"incidents/2026/{name}.md", FILES[name].replace(old, new))


def add(name: str, at: str, status: str, *lines: str) -> Callable[[Workplace], None]:
    """Return what signs one more update."""
    said = "\n".join((f"\n## {at} | Ian Reyes | {status}", *lines, "", f"Told at {at}.", ""))
    return lambda place: place.write(f"incidents/2026/{name}.md", FILES[name] + said)


def delete(place: Workplace) -> None:
    (place.root / "content/incidents/2026/cards.md").unlink()


def hide(place: Workplace) -> None:
    place.write("incidents/2026/cards.md", OVER.replace("---\n", "---\ndrill: true\n", 1))


def rename(place: Workplace) -> None:
    path = place.root / "content/incidents/2026/cards.md"
    path.rename(path.with_name("refused.md"))


def translate(place: Workplace) -> None:
    text = OVER.replace("Cards were refused", "Karten abgelehnt").replace("next: 23:00\n", "")
    place.write("incidents/2026/cards.de.md", text)


def day_later(place: Workplace) -> None:
    place.now += timedelta(days=1)


def day_earlier(place: Workplace) -> None:
    place.now -= timedelta(days=1)


def far_later(place: Workplace) -> None:
    place.now += timedelta(days=90)


def zone(place: Workplace) -> None:
    place.settings = {**SETTINGS, "TIMEZONE": "America/New_York"}


def renamed_component(place: Workplace) -> None:
    listed = [{"id": "checkout", "name": "Till"}, {"id": "api", "name": "API"}]
    place.settings = {**SETTINGS, "COMPONENTS": listed}


def theme(place: Workplace) -> None:
    own = place.root / "theme"
    shutil.copytree(ROOT / "theme", own)
    place.theme = own
    for name in ("_parts.html", "component.html", "home.html"):
        path = own / "templates" / name
        path.write_text(path.read_text().replace("s-{{", "t-{{"))


#: What changes, and the files that are other ones then.
CHANGES = {
    "one more update": (add("slow", "2026-11-21 10:00", "update"), (PAGE, HOME, *FEEDS)),
    "it is over": (add("slow", "2026-11-21 10:00", "resolved"), (PAGE, HOME, *FEEDS)),
    "open again": (add("cards", "2026-11-21 10:00", "identified"), (PAGE, HOME, *FEEDS)),
    "a word after the end": (add("cards", "2026-11-21 10:00", "postmortem"), (HOME, *FEEDS)),
    "another end": (
        say("cards", "resolved\n", "resolved\nended: 2026-11-20 00:30\n"),
        (PAGE, *FEEDS),
    ),
    "an end in another month": (say("cards", "2026-11-", "2026-10-"), (PAGE, HOME, *FEEDS)),
    "long ago": (say("cards", "2026-11-", "2026-02-"), (PAGE, HOME, *FEEDS)),
    "retitled": (say("cards", "Cards were", "Some cards were"), (PAGE, HOME, *FEEDS)),
    "redacted": (say("cards", "Every card is", "[Removed.]"), (FEEDS[0],)),
    "of another component": (say("cards", "[checkout]", "[api]"), (PAGE, *FEEDS)),
    "taken back": (add("cards", "2026-11-21 10:00", "withdrawn"), (PAGE, HOME, *FEEDS)),
    "the worse impact": (say("cards", "major", "critical"), (PAGE,)),
    "called off": (say("line", "completed", "cancelled"), (HOME,)),
    "a longer window": (say("line", "11-18 01:00", "11-17 01:00"), (PAGE,)),
    "deleted": (delete, (PAGE, HOME, *FEEDS)),
    "a drill": (hide, (PAGE, HOME, *FEEDS)),
    "renamed": (rename, (PAGE, HOME, *FEEDS)),
    "translated": (translate, ("de/incidents/cards/index.html",)),
    "a day later": (day_later, (PAGE, HOME)),
    "a day earlier": (day_earlier, (PAGE, HOME, *FEEDS)),
    "ninety days later": (far_later, (PAGE, HOME)),
    "another zone": (zone, (PAGE, HOME, *FEEDS)),
    "another name": (renamed_component, (PAGE, HOME, *FEEDS)),
    "another theme": (theme, (PAGE, HOME)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_that_is_kept_is_stale(place: Workplace, what: str) -> None:
    change, differing = CHANGES[what]
    # First pages are made of what was kept: what that was made from must be known of them as well.
    add("slow", "2026-11-21 09:40", "update")(place)
    known = place.warm()[0]

    change(place)
    warm, cold = place.warm(), place.cold()

    assert warm == cold
    assert [key for key in differing if known.get(key, b"") == warm[0].get(key, b"")] == []
    # And as it was, once it is told as it was.
    tell(place)
    assert place.warm() == place.cold()


def test_one_more_word_writes_its_own_entry_and_the_story_s(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said before it stands in the feeds as it did."""
    written: list[str] = []

    def spell(entry: Entry) -> Mapping[str, str]:
        written.append(entry.title)
        return spelled(entry)

    monkeypatch.setattr(items, "spelled", spell)

    add("slow", "2026-11-21 10:00", "monitoring")(place)
    place.warm()

    assert written == ["[Watching] Checkout is slow", "Checkout is slow"]


def test_feedgen_is_asked_for_nothing_that_it_wrote_before(place: Workplace) -> None:
    """It writes what stands around entries: the date in it is another one with every word."""
    written: list[str] = []

    def write(document: xml.Document, form: str) -> str:
        written.append(text := write_now(document, form))
        return text

    write_now = xml.Document.write
    add("slow", "2026-11-21 10:00", "monitoring")(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml.Document, "write", write)
        warm = place.warm()

    # Two more archives, here where two words fill one: the default feed has other neighbours.
    assert all("<title>Acme status: updates</title>" in text for text in written)
    assert warm == place.cold()


def test_each_month_is_told_of_to_search_engines_by_its_own_stories(place: Workplace) -> None:
    built = place.warm()[0]
    listed = {
        month: [name for name in FILES if f"/{name}/</loc>".encode() in built[month]]
        for month in ("sitemaps/2026-08.xml", "sitemaps/2026-11.xml")
    }

    assert listed == {
        "sitemaps/2026-08.xml": ["old"],
        "sitemaps/2026-11.xml": ["cards", "slow", "line"],
    }


def test_a_month_in_which_something_begins_is_news_to_those_beside_it(place: Workplace) -> None:
    """To no other month, and to no other year: there may be hundreds of them."""

    def history(run: Run) -> set[str]:
        return {key for key in run.made if key.startswith("history/2")}

    for month in ("2024-05", "2024-08", "2025-02"):
        text = OVER.replace("2026-11-19", f"{month}-19").replace("2026-11-20", f"{month}-20")
        place.write(f"incidents/of-{month}.md", text)
    place.warm()
    another = OVER.replace("2026-11-19", "2024-06-19").replace("2026-11-20", "2024-06-20")

    place.write("incidents/another.md", another)
    came = place.run("output")
    beside = {f"history/2024{month}/index.html" for month in ("", "-05", "-06", "-08")}
    assert history(came) == beside
    assert place.outcome(came) == place.cold()

    place.write("incidents/one-more.md", another)
    more = place.run("output")
    assert history(more) == {"history/2024/index.html", "history/2024-06/index.html"}
    assert place.outcome(more) == place.cold()

    for name in ("another", "one-more"):
        (place.root / f"content/incidents/{name}.md").unlink()
    went = place.run("output")
    assert history(went) == beside - {"history/2024-06/index.html"}
    assert place.outcome(went) == place.cold()


@pytest.mark.parametrize("later_build", [False, True])
def test_whoever_takes_what_was_made_asks_what_was_asked_for_it(later_build: bool) -> None:
    """The first who does, whoever else takes it in the same build, and in another one."""
    db = open_cache(None).db
    stories = CachedStories(db, dict[str, Incident]().__getitem__)
    pieces = CachedPieces(db, stories, Units(db, 1))
    made: list[str] = []

    def make() -> str:
        made.append("now")
        stories.kind_of("dns")
        return "words"

    asked = []
    for _ in range(2):
        with stories.tracing() as trace:
            assert pieces.text("entry/1", "cards", make) == "words"
        asked.append(dict(trace.questions()))
        if later_build:
            pieces = CachedPieces(db, stories, Units(db, 2))

    assert asked == [{'["get","cards"]': None, '["kind","dns"]': None}] * 2
    assert made == ["now"]
