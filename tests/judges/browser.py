"""Chromium, and pages opened in it as different readers have them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright

from .pages import HEIGHT

Scheme = Literal["light", "dark"]

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--hide-scrollbars",
)


def find_chromium() -> Path | None:
    """Return the Chromium of this machine, if there is one."""
    names = ("/usr/bin/chromium", "chromium")
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


@contextmanager
def launched(chromium: Path) -> Iterator[Browser]:
    """Run a browser while the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    scripts: bool = True,
    forced_colours: bool = False,
    watch: Callable[[Page], object] = lambda _page: None,
) -> Iterator[Page]:
    """Open a page while the block lasts; without scripts none of its own has ever run.

    A page that leads elsewhere at once (an old address) is kept where it is: that it does is for
    the checker of links.
    """
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        reduced_motion="no-preference",
        # From the start, as readers have them: changed later, some text keeps its old colour.
        forced_colors="active" if forced_colours else "none",
    )
    page = context.new_page()
    here = urlsplit(url).path

    def stay(route: Route) -> None:
        request = route.request
        if request.is_navigation_request() and urlsplit(request.url).path != here:
            route.abort("aborted")
        else:
            route.continue_()

    page.route("**/*", stay)
    session = page.context.new_cdp_session(page)
    if not scripts:
        # Not by the context's option: that one stops the judges' own scripts as well, for good.
        _let_scripts_run(session, allowed=False)
    watch(page)
    page.goto(url)
    if not scripts:
        _let_scripts_run(session, allowed=True)
    yield page
    context.close()


def _let_scripts_run(session: CDPSession, *, allowed: bool) -> None:
    session.send("Emulation.setScriptExecutionDisabled", {"value": not allowed})
