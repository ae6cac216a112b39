"""Every built file, judged: HTML and SVG by the Nu checker, links, bytes, Lighthouse's marks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from judges import budget, lighthouse, links, nu
from judges.pages import BY_NAME
from sites import CONF, SmallSite

SITE = "https://status.northwind.example"
NO_COMPONENTS = re.sub(r"COMPONENTS = \[.*?\n\]\n", "COMPONENTS = []\n", CONF, flags=re.DOTALL)


def keys(folder: Path, *suffixes: str) -> list[str]:
    """Return the files of a folder with one of these endings."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in suffixes
    )


@pytest.fixture(scope="module", params=["packit-status", "x4b-status"])
def imported(
    request: pytest.FixtureRequest, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the output folder of a real history by a real team."""
    site = SmallSite.make(tmp_path_factory.mktemp("site"), {"pelicanconf.py": NO_COMPONENTS})
    site.firstword("import", "cstate", str(corpus / request.param))
    built = site.pelican()
    assert built.code == 0, built.err
    return site.root / "output"


# ── the Nu HTML checker ──────────────────────────────────────────────────────────────────────────


def test_the_nu_checker_finds_nothing(judged: Path, judged_at: str) -> None:
    if why := nu.missing():
        pytest.skip(why)
    files = keys(judged, ".html", ".svg")

    assert len(files) > 40
    assert nu.complaints(judged, judged_at, files) == []


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def test_every_address_leads_somewhere(judged: Path) -> None:
    assert links.complaints(judged, SITE) == []


# ── bytes and requests ───────────────────────────────────────────────────────────────────────────


def over_budget(folder: Path) -> list[str]:
    """Return every page that costs more than the budget by what is ours, not its authors'."""
    weighed = {
        key: budget.weigh((folder / key).read_text(encoding="utf-8"))
        for key in keys(folder, ".html")
    }
    return [
        f"{key}: {weight.frame} of {weight.whole} bytes"
        for key, weight in weighed.items()
        if weight.frame > budget.BUDGET
    ]


def extras(folder: Path) -> list[str]:
    """Return everything a page makes a browser ask for beside itself and a story's pictures."""
    return [
        f"{key}: {asked}"
        for key in keys(folder, ".html")
        for asked in budget.asks((folder / key).read_text(encoding="utf-8"))
    ]


def test_pages_come_with_the_first_packets(judged: Path) -> None:
    home = budget.weigh((judged / "index.html").read_text(encoding="utf-8"))
    stories = [
        budget.weigh((judged / key).read_text(encoding="utf-8"))
        for key in keys(judged, ".html")
        if key.startswith(("incidents/", "maintenance/", "notices/"))
    ]

    assert home.whole <= budget.BUDGET
    assert max(story.whole for story in stories) <= budget.BUDGET
    assert all(story.pieces for story in stories)
    assert over_budget(judged) == []


def test_pages_of_a_real_history_come_with_the_first_packets(imported: Path) -> None:
    home = budget.weigh((imported / "index.html").read_text(encoding="utf-8"))

    assert home.whole <= budget.BUDGET
    assert over_budget(imported) == []


def test_every_page_is_one_request(judged: Path) -> None:
    assert extras(judged) == []


def test_every_page_of_a_real_history_is_one_request(imported: Path) -> None:
    assert extras(imported) == []


# ── Lighthouse ───────────────────────────────────────────────────────────────────────────────────


def test_lighthouse_gives_100(chromium: Path, judged_at: str) -> None:
    if why := lighthouse.missing():
        pytest.skip(why)
    names = ("home", "incident-open", "history", "component", "subscribe")

    urls = [judged_at + BY_NAME[name].path for name in names]
    assert lighthouse.complaints(chromium, urls) == []
