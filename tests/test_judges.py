"""The judges themselves: each is shown pages with one thing wrong, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from judges import axe, budget, keys, lighthouse, links, nu, reflow, tree
from judges.browser import opened
from judges.pages import KINDS, kinds_of
from judges.serve import security_headers, serving
from playwright.sync_api import Browser

GOOD = """\
<!doctype html><html lang="en"><head><title>Good</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>html{background:#fff;color:#111}a{display:inline-block;padding:.5rem}
:focus-visible{outline:3px solid #00f}</style></head>
<body><a href="#main">Past the header</a>
<header><nav aria-label="Site"><a href="./?a">History</a></nav></header>
<main id="main"><h1>All is well</h1><p><a href="./?b">One</a></p><p><a href="./?c">Two</a></p>
<h2>More</h2><ul><li>Item</li></ul></main><footer><p>End</p></footer></body></html>
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    with serving(tmp_path) as address:
        yield tmp_path, address


def change(old: str, new: str) -> str:
    """Return the good page with one thing wrong."""
    assert old in GOOD
    return GOOD.replace(old, new)


# ── in the browser ───────────────────────────────────────────────────────────────────────────────

WALKED = {
    "": GOOD,
    "not reached": change("<h2>", '<details><summary tabindex="-1">x</summary>y</details><h2>'),
    "does not follow": change('<a href="./?c"', '<a tabindex="1" href="./?c"'),
    "no link past the header": change('<a href="#main">Past the header</a>', ""),
    "does not lead into": change('id="main"', ""),
    "out of sight": change(
        '<a href="./?b"', '<a style="position:absolute;left:-999px" href="./?b"'
    ),
    "under something": change(
        "<footer>", '<footer style="position:fixed;inset:0;background:#fff">'
    ),
    "outline of 0": change("outline:3px solid #00f", "outline:0"),
    "shows the focus in": change("outline:3px solid #00f", "outline:3px solid #ddd"),
    "further up": change(
        "<main id=", '<main style="display:flex;flex-direction:column-reverse" id='
    ),
    "does not fold": change("<h2>", "<details open inert><summary>x</summary>y</details><h2>"),
}
READ = {
    "": GOOD,
    "landmarks are": change("<footer>", "<div>").replace("</footer>", "</div>"),
    "navigation without a name": change(' aria-label="Site"', ""),
    "more than once": change("</header>", '<nav aria-label="Site">x</nav></header>'),
    "2 headings of level 1": change("<h2>More</h2>", "<h1>More</h1>"),
    "not with its h1": change("<h1>", "<p>Above</p><h1>"),
    "follows level 1": change("<h2>More</h2>", "<h3>More</h3>"),
    "an empty heading": change("<h2>More</h2>", "<h2></h2>"),
    "a list holds": change("<li>Item</li>", "<p>Item</p>"),
    "a link without a name": change(">One<", "><"),
    "aloud": change("</style>", 'h2::before{content:"●"}</style>'),
    "seen and not read": change("<p>End</p>", '<p aria-hidden="true">The end</p>'),
    "no list in Safari": change("</style>", "ul{list-style:none}</style>"),
}
FITTING = {
    "": GOOD,
    "px wide": change("<h2>", '<p style="width:400px">x</p><h2>'),
    "cut off": change("<h2>", '<p style="overflow:hidden;height:1em">x<br>y<br>z</p><h2>'),
    "taken apart": change(
        "<h2>", '<table style="width:20px;word-break:break-all"><tr><th>Cards</th></table><h2>'
    ),
    "does not scroll": change("<footer>", '<footer style="position:fixed;top:0;height:99px">'),
    "was to be doubled": change("</style>", "body{font-size:16px}</style>"),
}


@pytest.mark.parametrize(("why", "page"), WALKED.items(), ids=[*WALKED])
def test_the_judge_of_keys(browser: Browser, site: tuple[Path, str], why: str, page: str) -> None:
    folder, address = site
    (folder / "index.html").write_text(page, encoding="utf-8")
    with opened(browser, address, width=320) as shown:
        said = keys.complaints(shown)

    assert any(why in line for line in said) if why else said == []


@pytest.mark.parametrize(("why", "page"), READ.items(), ids=[*READ])
def test_the_judge_of_reading(
    browser: Browser, site: tuple[Path, str], why: str, page: str
) -> None:
    folder, address = site
    (folder / "index.html").write_text(page, encoding="utf-8")
    with opened(browser, address) as shown:
        said = tree.complaints(shown)

    assert any(why in line for line in said) if why else said == []


@pytest.mark.parametrize(("why", "page"), FITTING.items(), ids=[*FITTING])
def test_the_judge_of_reflow(browser: Browser, site: tuple[Path, str], why: str, page: str) -> None:
    folder, address = site
    (folder / "index.html").write_text(page, encoding="utf-8")
    with opened(browser, address, width=320) as shown:
        said = [*reflow.zoomed(shown), *reflow.larger_text(shown), *reflow.spaced(shown)]

    assert any(why in line for line in said) if why else said == []


def test_the_judge_of_movement(browser: Browser, site: tuple[Path, str]) -> None:
    folder, address = site
    moving = change("</style>", "html{scroll-behavior:smooth}a{transition:color 1s}</style>")
    (folder / "index.html").write_text(moving, encoding="utf-8")
    with opened(browser, address) as shown:
        assert len(reflow.moving(shown)) == 5


def test_the_judge_of_colours(browser: Browser, site: tuple[Path, str]) -> None:
    folder, address = site
    own = 'style="color:#888;background:#999'
    for more, lines in (("", 0), (";forced-color-adjust:none", 1)):
        page = change("<h2>", f'<p {own}{more}">x</p><h2>')
        (folder / "index.html").write_text(page, encoding="utf-8")
        with opened(browser, address, forced_colours=True) as shown:
            assert len(reflow.faint(shown)) == lines


def test_axe_says_what_is_wrong(browser: Browser, site: tuple[Path, str]) -> None:
    if not axe.AXE.is_file():
        pytest.skip("axe-core is not installed: make clients")
    folder, address = site
    pale = change("<h2>More", '<h2 style="color:#aaa">More')
    for page, expected in ((GOOD, []), (pale, ["color-contrast"])):
        (folder / "index.html").write_text(page, encoding="utf-8")
        with opened(browser, address) as shown:
            axe.prepare(shown)
            for colours in (False, True):
                lines = axe.complaints(shown, colours=colours)
                assert [line.split()[0] for line in lines] == expected


def test_axe_looks_at_the_colours_of_each_scheme(browser: Browser, site: tuple[Path, str]) -> None:
    if not axe.AXE.is_file():
        pytest.skip("axe-core is not installed: make clients")
    folder, address = site
    dark = "<style>@media (prefers-color-scheme:dark){h2{color:#aaa}}"
    text = change("<style>", dark).replace("<h1>All is well", '<img src="./x.png"><h1>All is well')
    (folder / "index.html").write_text(text, encoding="utf-8")
    with opened(browser, address) as shown:
        axe.prepare(shown)
        said = {}
        for scheme in ("light", "dark"):
            shown.emulate_media(color_scheme=scheme)
            lines = axe.complaints(shown, colours=scheme == "dark")
            said[scheme] = {line.split()[0] for line in lines}

    assert said == {"light": {"image-alt"}, "dark": {"color-contrast"}}


def test_without_scripts_none_has_run(browser: Browser, site: tuple[Path, str]) -> None:
    folder, address = site
    page = change("<h2>", '<noscript><p id="n">none</p></noscript><script src="x.js"></script><h2>')
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "x.js").write_text("document.title = 'ran'", encoding="utf-8")
    for scripts, title, unscripted in ((True, "ran", 0), (False, "Good", 1)):
        with opened(browser, address, scripts=scripts) as shown:
            assert (shown.title(), shown.locator("#n").count()) == (title, unscripted)
    assert "script-src 'self'" in security_headers()["Content-Security-Policy"]


# ── of files ─────────────────────────────────────────────────────────────────────────────────────


def test_the_nu_checker_says_what_is_wrong(site: tuple[Path, str]) -> None:
    if why := nu.missing():
        pytest.skip(why)
    folder, address = site
    (folder / "good.html").write_text(GOOD, encoding="utf-8")
    (folder / "error.html").write_text(change("<h2>", "<p><h2 id=main>"), encoding="utf-8")
    (folder / "warning.html").write_text(
        change("<p>End</p>", "<section>x</section>"), encoding="utf-8"
    )
    (folder / "bad.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><p/></svg>', encoding="utf-8"
    )
    names = ["bad.svg", "good.html", "error.html", "warning.html"]
    said = nu.complaints(folder, address, names)

    assert {line.split(":")[0] for line in said} == {"error.html", "warning.html", "bad.svg"}
    assert any("warning.html" in line and ": warning:" in line for line in said)


def test_the_judge_of_links(tmp_path: Path) -> None:
    files = {
        "index.html": '<p id="here"><a href="#here">1</a><a href="#gone">2</a><a href="b/">3</a>'
        '<a href="b">4</a><a href="caf%C3%A9/#%C3%BC">5</a><img src="data:,"><a href="c/">6</a>'
        '<a href="mailto:a@b.example">7</a><a href="mailto:">8</a><a href="javascript:x">9</a>'
        '<a href="https://elsewhere.example/x">10</a><a href="https://s.example.org/">11</a>',
        "b/index.html": '<meta http-equiv="refresh" content="0; url=../gone/">',
        "café/index.html": '<p id="ü">x',
        "404.html": '<a href="./">x</a><a href="/">y</a>',
        "feed.atom": '<feed><link href="https://s.example/x/"/><c>&lt;a href="../no/"></c></feed>',
        "feed.json": '{"a": ["https://s.example/b/", {"b": "https://s.example/b/#no"}]}',
        "status.txt": "Read https://s.example/y/.\n",
        "calendar.ics": "URL:https://s.exa\r\n mple/z/\r\n",
    }
    for key, text in files.items():
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_text(text, encoding="utf-8", newline="")

    assert links.complaints(tmp_path, "https://s.example") == [
        "404.html: ./ (relative, on a page that is shown at any address)",
        "b/index.html: ../gone/ (no such file)",
        "calendar.ics: https://s.example/z/ (no such file)",
        "feed.atom: https://s.example/x/ (no such file)",
        "feed.atom: ../no/ (no such file)",
        "feed.json: https://s.example/b/#no (no such anchor)",
        "index.html: #gone (no such anchor)",
        "index.html: b (no such file)",
        "index.html: c/ (no such file)",
        "index.html: mailto: (nobody's address)",
        "index.html: javascript:x (scheme 'javascript')",
        "status.txt: https://s.example/y/ (no such file)",
    ]


def test_the_judge_of_bytes() -> None:
    own = "".join(chr(33 + number * 7919 % 90) for number in range(9000))
    page = f'<p>ours</p><div class="words"><p>{own.replace("<", "")}<br><img src="a"></p></div>!'
    weighed = budget.weigh(page)

    assert weighed.pieces == 1
    assert weighed.frame == budget.gzipped('<p>ours</p><div class="words"></div>!')
    assert weighed.whole > weighed.frame


@pytest.mark.parametrize(
    ("piece", "asked"),
    [
        ('<script src="/x.js"></script>', ["<script> /x.js"]),
        ('<link rel="stylesheet" href="x.css">', ["<link> x.css"]),
        ('<link rel="icon" href="data:,"><link rel="canonical" href="https://x.example/">', []),
        ('<img src="/images/logo.png" alt="">', ["<img> /images/logo.png"]),
        ('<div class="words"><img src="../images/a.png" alt=""></div>', []),
        (
            '<div class="words"><img src="https://x.example/images/a.png" alt=""></div>',
            ["<img> https://x.example/images/a.png"],
        ),
        ('<iframe src="https://x.example"></iframe>', ["<iframe> https://x.example"]),
    ],
)
def test_the_judge_of_requests(piece: str, asked: list[str]) -> None:
    assert budget.asks(piece) == asked


def test_lighthouse_says_what_is_wrong(chromium: Path, site: tuple[Path, str]) -> None:
    if why := lighthouse.missing():
        pytest.skip(why)
    folder, address = site
    (folder / "index.html").write_text(change(' lang="en"', ""), encoding="utf-8")
    said = "\n".join(lighthouse.complaints(chromium, [address]))

    assert "accessibility: " in said
    assert "html-has-lang: " in said
    assert "meta-description: " in said


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("index.html", "index.html"),
        ("record/index.html", "record/index.html"),
        ("people/ian-reyes/index.html", "people/*/index.html"),
        ("de/incidents/2026-10-27-x/index.html", "de/incidents/*/index.html"),
        ("history/2026-10/index.html", "history/0-0/index.html"),
        ("history/2026/index.html", "history/0/index.html"),
        ("components/api/history/2026/index.html", "components/*/history/0/index.html"),
    ],
)
def test_kinds_of_pages_are_told_apart(tmp_path: Path, key: str, kind: str) -> None:
    (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / key).write_text(GOOD, encoding="utf-8")

    assert kinds_of(tmp_path) == {kind}
    assert len({one.name for one in KINDS}) == len(KINDS)
