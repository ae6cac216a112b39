"""`publish.py --commit`: what HEAD holds is built, whatever lies in the working tree."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sites import CARDS, CARDS_FILE, RESOLVED, SLOW, SLOW_FILE, SmallSite

from firstword import build, gitlog
from firstword.build import Run, RunOptions
from firstword.building import build_site
from firstword.errors import BuildError

CARD_PAGE = "incidents/2026-11-21-card-payments/index.html"
HALF_PAST_TEN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
BROKEN = CARDS.replace("impact: major", "impact: hurge")


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    return site


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(build, "complain", lines.append)
    return lines


def built(site: SmallSite, folder: str, *, commit: bool = True) -> Run:
    """Build HEAD, or what lies there, into a folder."""
    head = site.git("rev-parse", "HEAD").out.strip() if commit else None
    options = RunOptions(now=HALF_PAST_TEN, embedded=True, commit=head)
    run = build_site(site.root, options, site.root / folder)
    run.close()
    return run


def without_cache(site: SmallSite) -> SmallSite:
    shutil.rmtree(site.root / ".cache")
    return site


def test_what_is_not_committed_is_not_published(site: SmallSite) -> None:
    site.write(CARDS_FILE, CARDS.replace("One card payment", "HALF A THOUGHT"))
    site.write("content/incidents/2026/2026-11-20-new.md", CARDS)

    ran = site.publish("--commit")

    assert ran.code == 0, ran.err
    assert "One card payment in five" in site.page(CARD_PAGE)
    assert "HALF A THOUGHT" not in site.page("index.html")
    assert not any("2026-11-20-new" in key for key in site.files())


def test_a_build_of_a_commit_is_a_build_of_its_checkout(site: SmallSite) -> None:
    built(site, "output")
    (site.root / CARDS_FILE).write_text(CARDS + RESOLVED)
    site.git("mv", SLOW_FILE, SLOW_FILE.replace("slow-pages", "slow"))
    site.write("content/incidents/notes.txt", "Not a story.")
    for kept in (".drafts/2026-11-21-a.md", "2026~/2026-11-21-b.md", "2026/2026-11-21-c.md~"):
        site.write(f"content/incidents/{kept}", CARDS)
    site.commit()

    built(site, "output")
    cold = without_cache(site)
    built(cold, "cold", commit=False)

    assert site.files("output") == site.files("cold")


def test_the_next_commit_is_read_from_what_differs_and_nothing_is_listed(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(site, "output")
    monkeypatch.setattr(gitlog, "tree", None)
    (site.root / CARDS_FILE).write_text(CARDS + RESOLVED)
    site.commit()
    shutil.rmtree(site.root / "content/incidents")

    run = built(site, "output")

    assert (run.found.files_read, run.found.parsed) == (1, 1)
    assert len(run.found.changes) == 1
    assert "All cards work" in site.page(CARD_PAGE, "output")
    assert (built(site, "output").found.files_read, run.found.held) == (0, ())


def test_what_was_built_from_files_is_not_read_again_from_the_commit(site: SmallSite) -> None:
    built(site, "output", commit=False)

    assert built(site, "output").found.files_read == 0


def test_after_a_commit_the_files_are_looked_at_again(site: SmallSite) -> None:
    built(site, "output")
    (site.root / CARDS_FILE).write_text(CARDS + RESOLVED)

    built(site, "output", commit=False)

    assert "All cards work" in site.page(CARD_PAGE, "output")
    built(site, "output")
    assert "All cards work" not in site.page(CARD_PAGE, "output")


def test_a_broken_file_of_a_commit_stays_as_it_was_good_last(site: SmallSite) -> None:
    site.write(CARDS_FILE, BROKEN)
    site.commit()
    site.write(CARDS_FILE, CARDS + RESOLVED)

    run = built(site, "output")

    assert [held.path for held in run.found.held] == [CARDS_FILE]
    assert "One card payment in five" in site.page(CARD_PAGE, "output")
    assert "All cards work" not in site.page(CARD_PAGE, "output")
    # It is mended in the next commit, and all is well.
    site.commit()
    assert built(site, "output").found.held == ()


def test_a_broken_file_of_an_older_commit_is_told_of_by_each_build_after_it(
    site: SmallSite,
) -> None:
    built(site, "output")
    site.write(CARDS_FILE, BROKEN)
    site.commit()
    first = built(site, "output")
    site.write(SLOW_FILE, SLOW.replace("eight seconds", "nine seconds"))
    site.commit()

    beside = built(site, "output")

    assert [held.lines() for held in beside.found.held] == [h.lines() for h in first.found.held]
    assert beside.found.problems != ()
    assert (first.found.files_read, beside.found.files_read) == (1, 2)
    assert "nine seconds" in site.page("incidents/2026-11-02-slow-pages/index.html", "output")
    assert "One card payment in five" in site.page(CARD_PAGE, "output")


@pytest.mark.parametrize("commit", [True, False])
def test_a_file_that_was_never_good_says_in_each_build_what_is_wrong(
    site: SmallSite, *, commit: bool
) -> None:
    built(site, "output", commit=commit)
    site.write("content/incidents/2026/2026-11-20-new.md", BROKEN)
    site.commit()

    for _ in range(2):
        run = built(site, "output", commit=commit)

        assert [held.lines()[-1] for held in run.found.held] == [
            "content/incidents/2026/2026-11-20-new.md: held back; not shown: it was never good"
        ]
        assert ["hurge" in str(one) for one in run.found.problems] == [True]
        assert not any("2026-11-20-new" in key for key in site.files("output"))


def test_a_history_that_was_written_anew_is_compared_as_a_whole(site: SmallSite) -> None:
    built(site, "output")
    shutil.rmtree(site.root / ".git")
    (site.root / CARDS_FILE).write_text(CARDS + RESOLVED)
    site.commit()

    run = built(site, "output")

    assert run.found.files_read == 1
    assert "All cards work" in site.page(CARD_PAGE, "output")


@pytest.mark.parametrize("path", ["pelicanconf.py", "content/images/new.png"])
def test_what_is_read_where_it_lies_must_be_committed(site: SmallSite, path: str) -> None:
    more = (site.root / path).read_text() if (site.root / path).exists() else ""
    site.write(path, f"{more}\n# another\n")

    with pytest.raises(BuildError, match="not committed"):
        built(site, "output")


def test_without_a_commit_there_is_nothing_to_publish(tmp_path: Path) -> None:
    ran = SmallSite.make(tmp_path / "site").publish("--commit")

    assert ran.code == 2
    assert "there is no commit here" in ran.err
