"""Every kind of page in a real browser, as readers with different eyes and machines have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from judges import axe, keys, reflow, tree
from judges.browser import Scheme, opened
from judges.pages import BY_NAME, HEIGHT, KINDS, SCHEMES, WIDTHS, kinds_of, shape
from playwright.sync_api import Browser, Page, Request

every_kind = pytest.mark.parametrize("name", [*BY_NAME])
#: Whose order is read aloud and walked through from beginning to end.
walked = pytest.mark.parametrize(
    "name", ["home", "incident-open", "incident-full", "german", "history", "month", "component"]
)
scripts_off_and_on = pytest.mark.parametrize(
    "scripts", [False, True], ids=["no-scripts", "scripts"]
)


def test_every_kind_of_page_is_judged(judged: Path) -> None:
    missing = [kind.name for kind in KINDS if not (judged / kind.key).is_file()]
    unjudged = kinds_of(judged) - {shape(kind.key) for kind in KINDS}

    assert missing == []
    assert unjudged == set(), "add a Kind to tests/judges/pages.py"


def off_and_on(browser: Browser, address: str, name: str) -> Iterator[Page]:
    """Yield a page without scripts, and with them where that makes it another page."""
    url = address + BY_NAME[name].path
    with opened(browser, url, scripts=False) as page:
        without = page.content()
        yield page
    with opened(browser, url) as page:
        if "<script" in without or page.content() != without:
            yield page


# ── axe ──────────────────────────────────────────────────────────────────────────────────────────


@every_kind
def test_axe_finds_nothing(browser: Browser, judged_at: str, name: str) -> None:
    if not axe.AXE.is_file():
        pytest.skip("axe-core is not installed: make clients")
    found = []
    for page in off_and_on(browser, judged_at, name):
        axe.prepare(page)
        said = set()
        for width in (WIDTHS[0], WIDTHS[-1]):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                lines = axe.complaints(page, colours=scheme == "dark")
                found += [f"{width} {scheme}: {line}" for line in lines]
                said.add((width, *reflow.words(page)))
        # Nothing but colours is otherwise in the dark.
        assert len(said) == 2

    assert found == []


# ── narrow, large, spaced ────────────────────────────────────────────────────────────────────────


@every_kind
def test_nothing_sticks_out(browser: Browser, judged_at: str, name: str) -> None:
    found = []
    for page in off_and_on(browser, judged_at, name):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            found += [f"{width}: {line}" for line in reflow.fits(page)]
        found += [f"400 %: {line}" for line in reflow.zoomed(page)]
        found += [f"large text: {line}" for line in reflow.larger_text(page)]
        found += [f"spaced: {line}" for line in reflow.spaced(page)]

    assert found == []


@every_kind
def test_a_page_is_one_request_and_silent(browser: Browser, judged_at: str, name: str) -> None:
    asked: list[Request] = []
    odd: list[str] = []
    path = BY_NAME[name].path

    def ask(request: Request) -> None:
        asked.append(request)

    def watch(page: Page) -> None:
        page.on("request", ask)
        page.on("console", lambda message: odd.append(message.text))
        page.on("pageerror", lambda error: odd.append(str(error)))

    with opened(browser, judged_at + path, watch=watch) as page:
        page.wait_for_load_state("networkidle")
        cookies = page.context.cookies()
        kept = page.evaluate("localStorage.length + sessionStorage.length")

    # An old address leads on at once; a story's own pictures are part of it.
    leading_on = [r for r in asked if r.is_navigation_request()][1:] if "moved" in name else []
    others = [r.url for r in asked[1:] if r not in leading_on]
    assert [url for url in others if not url.startswith(f"{judged_at}images/")] == []
    assert (cookies, kept, odd) == ([], 0, [])


# ── keyboard and screen reader ───────────────────────────────────────────────────────────────────


@walked
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_is_reached_by_tab_in_order(
    browser: Browser, judged_at: str, name: str, width: int, scheme: Scheme
) -> None:
    url = judged_at + BY_NAME[name].path
    with opened(browser, url, scripts=False, width=width, scheme=scheme) as page:
        assert keys.complaints(page) == []


@walked
def test_it_is_read_in_order(browser: Browser, judged_at: str, name: str) -> None:
    with opened(browser, judged_at + BY_NAME[name].path, scripts=False) as page:
        assert tree.complaints(page) == []


def test_the_first_words_read_are_what_is_wrong(browser: Browser, judged_at: str) -> None:
    with opened(browser, judged_at, scripts=False) as page:
        main = tree.read(page).find("main")[0]

    said = [node.name for node in main.find("StaticText")]
    assert said[:2] == ["One card payment in 25 fails.", "Cause found"]
    assert said.index("Affected") < 7


# ── colours, movement, paper ─────────────────────────────────────────────────────────────────────


@every_kind
def test_somebodys_own_colours_lose_nothing(browser: Browser, judged_at: str, name: str) -> None:
    url = judged_at + BY_NAME[name].path
    with opened(browser, url, scripts=False) as page:
        before = reflow.words(page)
    for scheme in SCHEMES:
        with opened(browser, url, scripts=False, scheme=scheme, forced_colours=True) as page:
            assert page.evaluate("matchMedia('(forced-colors: active)').matches")
            assert reflow.words(page) == before
            assert reflow.faint(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bars_are_seen_in_somebodys_own_colours(
    browser: Browser, judged_at: str, scheme: Scheme
) -> None:
    url = judged_at + BY_NAME["component"].path
    with opened(browser, url, scripts=False, scheme=scheme, forced_colours=True) as page:
        picture = page.locator("main svg").first.screenshot()
    with opened(browser, f"{judged_at}status.txt") as blank:
        assert reflow.ink(blank, picture) > 0.1


@every_kind
def test_nothing_moves_for_who_asked_for_less(browser: Browser, judged_at: str, name: str) -> None:
    with opened(browser, judged_at + BY_NAME[name].path) as page:
        before = reflow.words(page)
        page.emulate_media(reduced_motion="reduce")

        assert reflow.moving(page) == []
        assert reflow.words(page) == before


@every_kind
def test_paper_holds_what_the_page_says(browser: Browser, judged_at: str, name: str) -> None:
    with opened(browser, judged_at + BY_NAME[name].path, scripts=False) as page:
        # Other than labels and links, nothing may be left out: what people wrote, and the title.
        written = " ".join(page.locator("main :is(h1, .words)").all_inner_texts()).split()
        page.emulate_media(media="print")
        printed = reflow.words(page.locator("main"))
        picture = page.screenshot()
    with opened(browser, f"{judged_at}status.txt") as blank:
        assert reflow.ink(blank, picture) > 0.005

    assert [word for word in written if word not in printed] == []
