"""More sites, judged: quiet, late and empty ones, Arabic and Japanese ones, real histories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from judges import axe, budget, links, nu, reflow, tree
from judges.browser import Scheme, opened
from judges.serve import serving
from judges.worlds import WORLD_BY_NAME, build_world
from playwright.sync_api import Browser

SITE = "https://status.acme.example"
OURS = tuple(name for name, world in WORLD_BY_NAME.items() if not world.imports)
IMPORTED = tuple(name for name, world in WORLD_BY_NAME.items() if world.imports)
#: A narrow page in the dark and a wide one by day: what breaks, breaks there.
LOOKS: tuple[tuple[int, Scheme], ...] = ((320, "dark"), (1280, "light"))
#: Of a real history's stories, one in so many is judged, and those that ever failed.
ONE_IN = 30
ONCE_FAILED = {"incidents/2025-03-05-copr-issue/index.html"}

each = pytest.mark.parametrize("name", [*WORLD_BY_NAME])


class Worlds:
    """The sites, each built when it is asked for."""

    def __init__(self, root: Path, corpus: Path) -> None:
        self.root = root
        self._corpus = corpus
        self.has_corpus = corpus.is_dir()

    def folder(self, name: str) -> Path:
        """Return the output folder of one, or skip where what it is made from is missing."""
        world = WORLD_BY_NAME[name]
        if world.imports and not self.has_corpus:
            pytest.skip("no ../shared/corpus beside this checkout")
        if not (self.root / name).exists():
            build_world(self.root / name, world, self._corpus)
        return self.root / name / "output"

    def pages(self, name: str) -> list[str]:
        """Return what stands for all pages of one, to be looked at in a browser."""
        stories = sorted((self.folder(name) / "incidents").glob("*/index.html"))
        if not WORLD_BY_NAME[name].imports:
            return [*WORLD_BY_NAME[name].pages]
        longest = max(stories, key=lambda path: path.stat().st_size)
        part = next((self.folder(name) / "components").glob("*/index.html"))
        told = [path.relative_to(self.folder(name)).as_posix() for path in (longest, part)]
        return ["index.html", "history/index.html", *told]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    from conftest import CORPUS

    return Worlds(tmp_path_factory.mktemp("worlds"), CORPUS)


@pytest.fixture(scope="module")
def served(worlds: Worlds) -> Iterator[str]:
    with serving(worlds.root) as address:
        yield address


def keys(folder: Path) -> list[str]:
    """Return every page and picture of a site; of a crowd of stories only a sample."""
    found = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in {".html", ".svg"}
    )
    told = [key for key in found if key.count("/") > 1]
    crowd = {*told} - {*told[::ONE_IN]} - ONCE_FAILED if len(told) > 100 else set()
    return [key for key in found if key not in crowd]


@each
def test_axe_finds_nothing(browser: Browser, worlds: Worlds, served: str, name: str) -> None:
    if not axe.AXE.is_file():
        pytest.skip("axe-core is not installed: make clients")
    found = []
    for key in worlds.pages(name):
        url = f"{served}{name}/output/{key.removesuffix('index.html')}"
        with opened(browser, url, scripts=False) as page:
            axe.prepare(page)
            for width, scheme in LOOKS:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                lines = [*axe.complaints(page), *reflow.fits(page)]
                found += [f"{key} {width} {scheme}: {line}" for line in lines]
            found += [f"{key}: {line}" for line in tree.complaints(page)]

    assert found == []


def test_the_nu_checker_finds_nothing(worlds: Worlds, served: str) -> None:
    """All sites in one run: to start it takes as long as to judge a hundred pages."""
    if why := nu.missing():
        pytest.skip(why)
    names = OURS + (IMPORTED if worlds.has_corpus else ())
    asked = [f"{name}/output/{key}" for name in names for key in keys(worlds.folder(name))]

    assert len(asked) > 90
    assert nu.complaints(worlds.root, served, asked) == []


@each
def test_every_address_leads_somewhere(worlds: Worlds, name: str) -> None:
    assert links.complaints(worlds.folder(name), SITE) == []


@each
def test_pages_come_with_the_first_packets(worlds: Worlds, name: str) -> None:
    folder = worlds.folder(name)
    home = budget.weigh((folder / "index.html").read_text(encoding="utf-8"))
    stories = {
        path.parent.name: budget.weigh(path.read_text(encoding="utf-8"))
        for path in folder.glob("*/*/index.html")
        if path.parent.parent.name in {"incidents", "maintenance", "notices"}
    }

    assert home.whole <= budget.BUDGET
    assert [slug for slug, one in stories.items() if one.frame > budget.BUDGET] == []
