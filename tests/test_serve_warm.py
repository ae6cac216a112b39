"""`firstword serve`: what a warm process makes of the files that were named to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sites import CARDS, CARDS_FILE, RESOLVED, SLOW_FILE, SmallSite

from firstword import build
from firstword.build import Run, RunOptions
from firstword.building import build_site
from firstword.cli.again import build_again
from firstword.cli.serve import follow
from firstword.folder import FOLDER

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CARD_PAGE = "incidents/2026-11-21-card-payments/index.html"
NEW_FILE = "content/incidents/2026/2026-11-21-new.md"


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site")


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(build, "complain", lines.append)
    return lines


def built(site: SmallSite, folder: str = "output", now: datetime = NOW) -> Run:
    return build_site(site.root, RunOptions(now=now, embedded=True), site.root / folder)


def again(site: SmallSite, last: Run, *written: str, now: datetime = NOW) -> Run | None:
    return build_again(last, now, [site.root / path for path in written])


def test_only_what_was_named_is_looked_at(site: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    last = built(site)
    monkeypatch.setattr("firstword.cache.reading.look", None)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    seen: list[tuple[bool, ...]] = []

    def look() -> None:
        """Find out where the new words are."""
        keys = (CARD_PAGE, "feeds/updates.atom")
        seen.append(tuple("All cards work" in site.page(key, "output") for key in keys))

    run = build_again(last, NOW, [site.root / CARDS_FILE], look)

    assert run
    assert (run.found.files_read, run.found.parsed) == (1, 1)
    # A browser can show the pages before feeds are made.
    assert seen == [(True, False)]
    look()
    assert seen[1] == (True, True)
    run.close()


def test_a_life_of_named_files_is_what_a_cold_build_makes(site: SmallSite) -> None:
    run: Run | None = built(site)
    now = NOW
    for written, text in (
        (CARDS_FILE, CARDS + RESOLVED),
        (NEW_FILE, CARDS.replace("Card payments", "Cards again")),
        (NEW_FILE, None),
        (CARDS_FILE, CARDS.replace("impact: major", "impact: hurge")),
        (CARDS_FILE, CARDS),
        (SLOW_FILE, None),
    ):
        now += timedelta(minutes=20)
        if text is None:
            (site.root / written).unlink()
        else:
            site.write(written, text)
        assert run
        run = again(site, run, written, now=now)
        assert run
        cold = built(site, f"cold-{now:%H%M}", now)
        assert site.files("output") == site.files(f"cold-{now:%H%M}")
        assert run.build_id == cold.build_id
        cold.close()
    assert run
    run.close()


@pytest.mark.parametrize(
    "written",
    ["pelicanconf.py", "content/images/new.png", f"content/{FOLDER}/2026/notes.txt"],
)
def test_what_is_no_incident_file_takes_a_whole_build(site: SmallSite, written: str) -> None:
    last = built(site)
    site.write(written, (site.root / "pelicanconf.py").read_text())

    run = again(site, last, written)

    if run:
        assert run.found.problems
        run.close()
    else:
        assert "incidents" not in written
        last.close()


def test_a_folder_that_somebody_else_built_into_takes_a_whole_build(site: SmallSite) -> None:
    last = built(site)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    built(site).close()

    assert again(site, last, CARDS_FILE) is None
    last.close()


def test_pages_of_pelican_take_a_whole_build(site: SmallSite) -> None:
    site.write("content/pages/about.md", "Title: About us\n\nWe are Acme.\n")
    last = built(site)

    assert again(site, last, CARDS_FILE) is None
    last.close()


@dataclass
class Pages:
    """What a build wrote, and a preview whose browsers are told."""

    written: int = 0
    removed: int = 0
    version: int = 0

    @property
    def output(self) -> Pages:
        return self

    def changed(self) -> None:
        self.version += 1


def test_what_was_saved_before_anybody_watched_is_looked_for() -> None:
    preview, asked = Pages(), []

    def build(last: Pages | None, written: Sequence[Path]) -> Pages:
        asked.append((last is None, [path.name for path in written]))
        return Pages(written=1 if len(asked) == 1 else 0)

    follow([[], [], [Path("a.md")], []], cast("Any", build), cast("Any", preview))

    assert asked == [(True, []), (False, ["a.md"])]
    assert preview.version == 1
