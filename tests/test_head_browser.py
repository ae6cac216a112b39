"""The policy, the live line and the reader's own time in Chromium, with a clock that tests move.

Pages tell how long they would wait, so that nothing here sleeps.
"""

from __future__ import annotations

import hashlib
import http.server
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from heads import CARDS_PAGE, HOME, HOSTILE_PAGE, make_site
from playwright.sync_api import Browser, BrowserContext, Page, expect
from running import previewing, running

#: An old address, which sends the browser on at once.
MOVED = "old/cards/index.html"
MINUTE = 60_000
#: Says what a page would wait for and what it is refused, and adds up what moves.
WATCH = """
window.moved = 0;
const wait = window.setTimeout;
window.setTimeout = (what, time) => { console.debug("wait", time || 0); return wait(what, time); };
addEventListener("securitypolicyviolation", event => console.debug("no", event.violatedDirective));
new PerformanceObserver(list => list.getEntries().forEach(entry => { moved += entry.value; }))
  .observe({type: "layout-shift", buffered: true});
"""
HIDE = """hidden => {
Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
document.dispatchEvent(new Event("visibilitychange"));
}"""


@dataclass
class Server:
    """Serves a folder as a web server does: with ETags, and 404.html for what is not there."""

    folder: Path
    #: What is served in place of what the folder has.
    instead: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False
    #: (path, code) of every answer.
    log: list[tuple[str, int]] = field(default_factory=list)

    def asked(self, path: str = "/status.json") -> list[int]:
        """Return the codes with which a path was answered, in order."""
        return [code for asked, code in self.log if asked == path]

    def say(self, update_id: str, path: str = "incidents/2026-11-21-card-payments/") -> None:
        """Serve a status.json with a newer update."""
        document = json.loads((self.folder / "status.json").read_bytes())
        at = f"{update_id[:4]}-{update_id[4:6]}-{update_id[6:11]}:{update_id[11:13]}:00Z"
        document["newest_update"] |= {
            "id": update_id,
            "at": at,
            "path": f"{path}#u-{update_id}",
        }
        self.instead["status.json"] = json.dumps(document).encode()

    def answer(self, path: str, etag: str) -> tuple[int, bytes, str]:
        """Return code, body and ETag."""
        key = path.lstrip("/")
        key = f"{key}index.html" if not key or key.endswith("/") else key
        if self.broken:
            return 500, b"{}", ""
        file = self.folder / key
        code = 200 if key in self.instead or file.is_file() else 404
        body = (
            self.instead.get(key)
            or (file if code == 200 else self.folder / "404.html").read_bytes()
        )
        own = f'"{hashlib.sha256(body).hexdigest()}"'
        return (304, b"", own) if code == 200 and etag == own else (code, body, own)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Server

    def do_GET(self) -> None:
        code, body, etag = self.site.answer(self.path, self.headers.get("If-None-Match", ""))
        self.site.log.append((self.path, code))
        self.send_response(code)
        kind = {"json": "application/json", "svg": "image/svg+xml"}.get(
            self.path.rpartition(".")[2]
        )
        self.send_header("Content-Type", kind or "text/html; charset=utf-8")
        self.send_header("Cache-Control", "public, max-age=30")
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("browser")).root / "output"


@pytest.fixture
def server(built: Path) -> Server:
    return Server(built)


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    handler = type("Own", (Handler,), {"site": server})
    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as at:
        yield f"http://{at}/"


@dataclass
class Reader:
    """A browser of somebody somewhere, watched."""

    context: BrowserContext
    page: Page
    address: str
    #: What this page would wait for, in milliseconds.
    waits: list[int] = field(default_factory=list)
    #: The directives that refused something.
    refused: list[str] = field(default_factory=list)
    #: What else the console says.
    odd: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Take a line of the console."""
        what, _, value = text.partition(" ")
        if what == "wait":
            self.waits.append(int(value))
        elif what == "no":
            self.refused.append(value)
        else:
            self.odd.append(text)

    def go(self, key: str = HOME) -> Page:
        """Open a page of the site."""
        self.waits.clear()
        self.page.goto(self.address + key.removesuffix("index.html"))
        return self.page

    def until(self, come: Callable[[], bool]) -> None:
        """Let the console be read until something has come."""
        while not come():
            self.page.wait_for_event("console", timeout=20_000)

    def wait(self, times: int) -> list[int]:
        """Return what the page would wait for, once that has been so many times."""
        self.until(lambda: len(self.waits) >= times)
        return self.waits

    def minute(self, times: int) -> None:
        """Let a minute pass, and the answer come that it brings."""
        self.page.clock.run_for(MINUTE)
        self.wait(times)

    def line(self) -> str:
        """Return what the live region says."""
        return self.page.locator("#live").inner_text()


Somebody = Callable[..., Reader]


@pytest.fixture
def somebody(browser: Browser, address: str) -> Iterator[Somebody]:
    contexts: list[BrowserContext] = []

    def make(zone: str = "Europe/Copenhagen", *, still: bool = True, **options: Any) -> Reader:
        context = browser.new_context(timezone_id=zone, **options)
        contexts.append(context)
        page = context.new_page()
        reader = Reader(context, page, address)
        page.on("console", lambda message: reader.note(message.text))
        page.on("pageerror", lambda error: reader.odd.append(str(error)))
        if still:
            page.clock.install(time="2026-11-21T09:31:00Z")
        page.add_init_script(WATCH)
        return reader

    yield make
    for context in contexts:
        context.close()


# ── the policy ───────────────────────────────────────────────────────────────────────────────────


def test_no_page_is_refused_anything_and_nothing_hostile_runs(
    somebody: Somebody, server: Server, built: Path
) -> None:
    reader = somebody()

    for path in sorted(built.rglob("*.html")):
        key = path.relative_to(built).as_posix()
        server.log.clear()
        page = reader.go(key)
        if key == MOVED:
            page.wait_for_url(f"{reader.address}{CARDS_PAGE.removesuffix('index.html')}")
        page.mouse.move(200, 300)
        assert (page.evaluate("window.ran"), reader.refused) == (None, []), key
        if key != MOVED:
            assert server.log == [(f"/{key.removesuffix('index.html')}", 200)], key
            assert page.locator("h1").count() == 1, key
    assert reader.odd == []


REFUSED = {
    *("script-src-elem", "script-src-attr", "style-src-attr", "style-src-elem"),
    *("img-src", "form-action", "frame-src"),
}


def test_what_is_smuggled_into_a_page_does_not_run(
    somebody: Somebody, server: Server, built: Path
) -> None:
    smuggled = (
        b"<script>window.ran = 1</script><img src='data:,' onerror='window.ran = 2'>"
        b"<p style='color:red' id='styled'>x</p><style>h1 { display: none }</style>"
        b"<script src='/alien.js'></script><img src='http://127.0.0.1:9/x.png'>"
        b"<form action='/'><button>send</button></form><iframe src='/status.json'></iframe>"
    )
    whole = (built / HOSTILE_PAGE).read_bytes()
    server.instead[HOSTILE_PAGE] = whole.replace(b"</main>", smuggled + b"</main>")
    server.instead["alien.js"] = b"window.ran = 3"
    reader = somebody()

    page = reader.go(HOSTILE_PAGE)
    page.evaluate("document.querySelector('form').requestSubmit()")
    reader.until(lambda: set(reader.refused) >= REFUSED)

    assert page.evaluate("window.ran") is None
    assert page.url.endswith(HOSTILE_PAGE.removesuffix("index.html"))
    assert page.locator("h1").is_visible()
    assert "/alien.js" not in dict(server.log)


def test_the_preview_reloads_a_page_under_its_own_policy(browser: Browser, built: Path) -> None:
    page = browser.new_page()
    odd: list[str] = []
    page.on("console", lambda message: odd.append(message.text))

    with previewing(built) as preview:
        with page.expect_response("**/.firstword-events", timeout=20_000):
            page.goto(preview.address)
        with page.expect_event("load", timeout=20_000):
            preview.changed()

        assert odd == []
        page.close()


# ── the live line ────────────────────────────────────────────────────────────────────────────────


def test_news_are_told_in_a_polite_line_and_nothing_else_changes(
    somebody: Somebody, server: Server
) -> None:
    reader = somebody()
    page = reader.go()
    assert reader.wait(1) == [MINUTE]
    page.get_by_role("link", name="History").first.focus()

    reader.minute(2)
    reader.minute(3)
    assert (server.asked(), reader.line()) == ([200, 304], "")
    server.say("20261121T093200Z")
    reader.minute(4)

    region = page.get_by_role("status")
    assert region.get_attribute("aria-live") == "polite"
    assert region.inner_text() == "New update at 10:32 your time: Show"
    assert server.asked() == [200, 304, 200]
    assert server.asked("/") == [200]
    assert page.evaluate("document.activeElement.textContent") == "History"
    assert page.evaluate("moved") == 0

    region.get_by_role("link", name="Show").focus()
    server.say("20261121T093400Z")
    reader.minute(5)

    assert reader.line() == "New update at 10:34 your time: Show"
    assert page.evaluate("document.activeElement.textContent") == "Show"
    assert reader.odd == []


def test_the_line_leads_to_the_words(somebody: Somebody, server: Server) -> None:
    reader = somebody()
    # A page of the past learns from the first answer what there is.
    page = reader.go("history/2026-11/index.html")
    reader.wait(1)
    server.say("20261121T093200Z")
    reader.minute(2)
    assert reader.line() == ""
    server.say("20261121T093300Z")
    reader.minute(3)

    page.get_by_role("link", name="Show").click()

    story = f"{reader.address}incidents/2026-11-21-card-payments/"
    page.wait_for_url(f"{story}#u-20261121T093300Z")


def test_where_the_words_are_the_page_is_fetched_again(
    somebody: Somebody, server: Server, built: Path
) -> None:
    reader = somebody()
    page = reader.go(CARDS_PAGE)
    reader.wait(1)
    server.say("20261121T093200Z")
    old = (built / CARDS_PAGE).read_bytes()
    server.instead[CARDS_PAGE] = old.replace(b"</h1>", b" again</h1>")
    reader.minute(2)

    page.get_by_role("link", name="Show").click()
    page.clock.run_for(1)

    expect(page.locator("h1")).to_have_text("Card payments fail in the EU again")
    assert page.url.endswith("#u-20261121T093200Z")


def test_a_copy_older_than_the_page_is_no_news(somebody: Somebody, server: Server) -> None:
    server.say("20261121T081900Z")
    reader = somebody()
    reader.go()
    reader.wait(1)

    reader.minute(2)

    assert (server.asked(), reader.line()) == ([200], "")


def test_a_hidden_page_asks_nothing_until_it_is_seen_again(
    somebody: Somebody, server: Server
) -> None:
    reader = somebody()
    page = reader.go()
    reader.wait(1)

    page.evaluate(HIDE, True)
    page.clock.run_for(30 * MINUTE)
    assert server.asked() == []
    server.say("20261121T093200Z")
    page.evaluate(HIDE, False)
    reader.wait(2)

    assert reader.line() == "New update at 10:32 your time: Show"
    # Looking away and back does not make it ask more often.
    for hidden in (True, False, True, False):
        page.evaluate(HIDE, hidden)
    page.clock.run_for(MINUTE // 2)
    assert len(server.asked()) == 1
    page.clock.run_for(MINUTE // 2)
    reader.wait(3)
    assert len(server.asked()) == 2


def test_it_waits_longer_after_each_failure_up_to_sixteen_minutes(
    somebody: Somebody, server: Server
) -> None:
    reader = somebody()
    page = reader.go()
    server.broken = True

    for count in range(1, 8):
        page.clock.run_for(reader.wait(count)[-1])

    minutes = [wait // MINUTE for wait in reader.wait(8)]
    assert minutes == [1, 2, 4, 8, 16, 16, 16, 16]
    assert server.asked() == [500] * 7
    server.broken = False
    page.clock.run_for(16 * MINUTE)
    assert reader.wait(9)[-1] == MINUTE


def test_it_can_be_switched_off_for_good(somebody: Somebody, server: Server) -> None:
    reader = somebody()
    page = reader.go()
    reader.wait(1)
    switch = page.get_by_role("checkbox", name="Look for new updates every minute")
    assert switch.is_checked()

    switch.uncheck()
    page.clock.run_for(60 * MINUTE)
    assert server.asked() == []
    reader.go("history/index.html")
    page.clock.run_for(60 * MINUTE)
    assert (server.asked(), switch.is_checked()) == ([], False)
    switch.check()
    reader.wait(2)

    assert server.asked() == [200]


def test_a_browser_that_remembers_nothing_is_no_obstacle(
    somebody: Somebody, server: Server
) -> None:
    reader = somebody()
    reader.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})"
    )
    page = reader.go()
    reader.wait(1)

    reader.minute(2)
    page.locator("#news").uncheck()
    page.clock.run_for(60 * MINUTE)

    assert server.asked() == [200]
    assert reader.odd == []


def test_the_404_page_asks_too_wherever_it_is_served(somebody: Somebody, server: Server) -> None:
    reader = somebody()
    page = reader.go("no/such/place/")
    reader.wait(1)
    server.say("20261121T093200Z")

    reader.minute(2)

    assert server.asked() == [200]
    assert reader.line() == "New update at 10:32 your time: Show"
    page.get_by_role("link", name="Show").click()
    expect(page.locator("h1")).to_have_text("Card payments fail in the EU")


def test_without_scripts_there_is_nothing_to_switch(somebody: Somebody) -> None:
    reader = somebody(still=False, java_script_enabled=False)

    page = reader.go()

    assert not page.locator("label:has(#news)").is_visible()
    assert page.locator("#live").inner_text() == ""


# ── the reader's own time ────────────────────────────────────────────────────────────────────────


def unbroken(text: str) -> str:
    """Return a text with plain blanks: a time and its zone stay on one line."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_readers_time_stands_beside_the_sites_and_utc(somebody: Somebody) -> None:
    reader = somebody("America/New_York", still=False)

    page = reader.go(CARDS_PAGE)

    first = page.locator("article time").first
    assert unbroken(first.inner_text()) == (
        "21 November 2026, 09:20 CET (08:20 UTC) · Sat 03:20 your time"
    )
    assert first.get_attribute("datetime") == "2026-11-21T08:20:00Z"
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("moved") == 0
    assert reader.odd == []


def test_another_day_shows_as_one(somebody: Somebody) -> None:
    page = somebody("Pacific/Auckland").go("maintenance/2026-11-20-move/index.html")

    times = map(unbroken, page.locator("time").all_inner_texts())

    assert "25 November 2026, 01:00 CET (00:00 UTC) · Wed 13:00 your time" in times
    page = somebody("Pacific/Honolulu").go("maintenance/2026-11-20-move/index.html")
    times = map(unbroken, page.locator("time").all_inner_texts())
    assert "25 November 2026, 01:00 CET (00:00 UTC) · Tue 14:00 your time" in times


@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "Europe/Berlin", "UTC"])
def test_what_is_there_already_is_not_said_again(somebody: Somebody, zone: str) -> None:
    page = somebody(zone).go(CARDS_PAGE)

    assert "your time" not in page.inner_text("main")
