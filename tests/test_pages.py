"""The built pages in a real browser, and every link of them."""

from __future__ import annotations

import locale
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from judges import links
from playwright.sync_api import Browser
from running import previewing

from firstword.build import RunOptions
from firstword.building import build_site

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SITE = "https://status.northwind.example"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example site, built once."""
    folder = tmp_path_factory.mktemp("example")
    build_site(ROOT, RunOptions(now=NOW, embedded=True), folder)
    return folder


def test_every_link_leads_somewhere(built: Path) -> None:
    assert links.complaints(built, SITE) == []


def test_every_story_is_linked_from_its_month(built: Path) -> None:
    months = "".join(p.read_text(encoding="utf-8") for p in built.glob("history/*/index.html"))
    stories = [
        path.parent.name
        for kind in ("incidents", "maintenance", "notices")
        for path in (built / kind).glob("*/index.html")
    ]

    assert len(stories) == 11
    assert [name for name in stories if f"/{name}/" not in months] == []


def test_ids_are_used_once_a_page(built: Path) -> None:
    for path in built.rglob("*.html"):
        anchors = links.marks(path.read_text(encoding="utf-8")).anchors
        assert len(anchors) == len(set(anchors)), path


def test_no_page_loads_anything(built: Path) -> None:
    for path in built.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert (
            re.findall(r'<(?:script|link rel="stylesheet"|img|iframe)[^>]+(?:href|src)=', text)
            == []
        )


def test_the_machine_signs_nothing(built: Path) -> None:
    for path in [*built.rglob("*.html"), *built.rglob("*.atom"), *built.rglob("*.rss")]:
        assert not re.search(
            r"no-?reply|donotreply", path.read_text(encoding="utf-8"), re.IGNORECASE
        )


# ── in Chromium ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with previewing(built) as preview:
        yield preview.address


def test_the_first_thing_read_is_what_is_wrong(browser: Browser, address: str) -> None:
    page = browser.new_page()

    page.goto(address)

    assert page.title() == "One card payment in 25 fails – Northwind status"
    assert page.locator("h1").inner_text() == "One card payment in 25 fails."
    facts = " ".join(page.locator(".open .facts").first.inner_text().split())
    assert facts.startswith("Affected Anyone paying by card in the online shop.")
    assert "Next word by 21 November 2026, 11:15 CET (10:15 UTC) · Dawn Okafor" in facts
    page.close()


def test_a_build_leaves_the_process_its_locale(tmp_path: Path) -> None:
    before = locale.setlocale(locale.LC_ALL)

    build_site(ROOT, RunOptions(now=NOW, embedded=True), tmp_path)

    assert locale.setlocale(locale.LC_ALL) == before
