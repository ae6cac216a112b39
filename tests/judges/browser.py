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
        _KEPT.pop(browser, None)
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
    watch: Callable[[Page], object] | None = None,
) -> Iterator[Page]:
    """Open a page while the block lasts; without scripts none of its own has ever run.

    A page that leads elsewhere at once (an old address) is kept where it is: that it does is for
    the checker of links. One that is watched is alone in a tab of nobody else's: nothing was kept
    there before it.
    """
    kept = _KEPT.setdefault(browser, [])
    tab = kept.pop() if kept and watch is None else _Tab(browser)
    page = tab.page
    if watch is not None:
        watch(page)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    # Before the page is there, as readers have them: changed later, some text keeps its old colour.
    page.emulate_media(
        media="null",
        color_scheme=scheme,
        reduced_motion="no-preference",
        forced_colors="active" if forced_colours else "none",
    )
    tab.go(url, scripts=scripts)
    yield page
    # A tab in which something went wrong is not used again.
    if watch is None:
        kept.append(tab)
    else:
        page.context.close()


class _Tab:
    """A tab of a browser: to make one takes longer than most that is judged in it."""

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context().new_page()
        self._session = self.page.context.new_cdp_session(self.page)
        self._here = ""
        self.page.route("**/*", self._stay)

    def go(self, url: str, *, scripts: bool) -> None:
        """Open a page in it, in place of the one before."""
        self._here = urlsplit(url).path
        if not scripts:
            # Not by the context's option: that stops the judges' own scripts as well, for good.
            _let_scripts_run(self._session, allowed=False)
        self.page.goto(url)
        if not scripts:
            _let_scripts_run(self._session, allowed=True)

    def _stay(self, route: Route) -> None:
        request = route.request
        if request.is_navigation_request() and urlsplit(request.url).path != self._here:
            route.abort("aborted")
        else:
            route.continue_()


#: The tabs of a browser that nobody looks at now.
_KEPT: dict[Browser, list[_Tab]] = {}


def _let_scripts_run(session: CDPSession, *, allowed: bool) -> None:
    session.send("Emulation.setScriptExecutionDisabled", {"value": not allowed})
