"""What every page says of itself: its policy, its state, its addresses, and the sitemap."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from heads import ADDRESS, CARDS_PAGE, FILES, FOLDER, HOME, HOSTILE_PAGE, TITLE, make_site
from life import build_page, steps
from lxml import etree
from sites import SLOW, SLOW_FILE, SmallSite

from firstword.page import Indicator
from firstword.render import sitemap
from firstword.render.head import headline, icon, paper
from firstword.settings import read_site

DRILL_PAGE = "incidents/2026-11-21-drill/index.html"
SLOW_PAGE = "incidents/2026-11-02-slow-pages/index.html"
GERMAN_PAGE = f"de/{CARDS_PAGE}"
MOVED = "old/cards/index.html"
MISSING = "404.html"


class Page(HTMLParser):
    """A page as a browser reads it: its tags in order, and what is inline."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = text
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.inline: dict[str, list[str]] = {"style": [], "script": [], "title": []}
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in self.inline:
            self.inline[tag].append("")
            self._within = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._within:
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within:
            self.inline[self._within][-1] += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Return the attributes of every tag that has these."""
        return [a for t, a in self.tags if t == tag and wanted.items() <= a.items()]

    def meta(self, name: str) -> str:
        """Return the content of the one meta of that name or property; "" when there is none."""
        found = [a for a in self.all("meta") if name in (a.get("name"), a.get("property"))]
        assert len(found) <= 1, name
        return found[0]["content"] if found else ""

    def link(self, rel: str) -> str:
        found = self.all("link", rel=rel)
        assert len(found) <= 1, rel
        return found[0]["href"] if found else ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    return make_site(tmp_path_factory.mktemp("head"))


@pytest.fixture(scope="module")
def pages(site: SmallSite) -> dict[str, Page]:
    found = {k: Page(v.decode()) for k, v in site.files("output").items() if k.endswith(".html")}
    assert {HOME, CARDS_PAGE, GERMAN_PAGE, HOSTILE_PAGE, MOVED, MISSING} <= found.keys()
    assert {"history/2026-11/index.html", "people/dawn-okafor/index.html"} <= found.keys()
    assert {"components/api/index.html", "about/index.html"} <= found.keys()
    return found


def digest(inline: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()


# ── the policy ───────────────────────────────────────────────────────────────────────────────────


def test_a_page_allows_its_own_style_and_script_and_nothing_else(pages: dict[str, Page]) -> None:
    for key, page in pages.items():
        [style], [script] = page.inline["style"], page.inline["script"]
        [policy] = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
        assert policy["content"].split("; ") == [
            "default-src 'none'",
            f"style-src '{digest(style)}'",
            f"script-src '{digest(script)}'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ], key
        # What stands before it would not be held by it.
        names = [tag for tag, _ in page.tags]
        assert names[:4] == ["html", "head", "meta", "meta"], key


def test_nothing_inline_that_the_policy_forbids(pages: dict[str, Page]) -> None:
    for key, page in pages.items():
        for tag, attributes in page.tags:
            bad = [name for name in attributes if name == "style" or name.startswith("on")]
            assert bad == [], (key, tag)
            assert not any("javascript:" in value for value in attributes.values()), (key, tag)
        assert page.all("script") == [{}], key
        assert page.all("form") == page.all("iframe") == page.all("base") == [], key


def test_all_script_is_one_kilobyte_and_has_no_words(pages: dict[str, Page]) -> None:
    [script] = pages[HOME].inline["script"]
    [region] = pages[HOME].all("div", id="live")

    assert len(script.encode()) <= 1024
    assert {page.inline["script"][0] for page in pages.values()} == {script}
    for name in ("text", "show", "yours"):
        assert region[f"data-{name}"] not in script
    assert (region["role"], region["aria-live"]) == ("status", "polite")
    assert '"polite"' in pages[HOME].text
    assert re.search(r'id="live"[^>]*></div>', pages[HOME].text), "the region begins empty"


# ── what a page says of itself ───────────────────────────────────────────────────────────────────


def test_canonical_addresses_are_absolute_and_of_the_page_itself(pages: dict[str, Page]) -> None:
    for key, page in pages.items():
        own = ADDRESS + key.removesuffix("index.html")
        story = ADDRESS + CARDS_PAGE.removesuffix("index.html")
        expected = {MISSING: "", MOVED: story}.get(key, own)
        assert page.link("canonical") == page.meta("og:url") == expected, key


def test_what_a_share_shows(pages: dict[str, Page]) -> None:
    for key, page in pages.items():
        [title] = page.inline["title"]
        assert page.meta("og:site_name") == "Acme status"
        assert page.meta("og:title") == title.removesuffix(" – Acme status") != "", key
        assert page.meta("og:description") == page.meta("description") != "", key
        assert page.meta("twitter:card") == "summary"
        assert (page.meta("og:type") == "article") == bool(page.meta("article:modified_time")), key
    cards = pages[CARDS_PAGE]
    assert cards.meta("og:title") == "Card payments fail in the EU"
    assert cards.meta("description").startswith("Anyone paying with a card from an EU bank.")
    assert cards.meta("article:published_time") == "2026-11-21T08:20:00Z"
    assert pages["about/index.html"].meta("og:title") == "About & more"
    assert pages[HOSTILE_PAGE].meta("og:title") == TITLE


def test_the_tab_begins_with_the_state(pages: dict[str, Page]) -> None:
    [title] = pages[HOME].inline["title"]

    assert title == f"{TITLE}, and 1 more problem is open – Acme status"


def test_drills_old_addresses_and_the_404_page_are_not_listed(pages: dict[str, Page]) -> None:
    hidden = {key for key, page in pages.items() if page.meta("robots")}

    assert hidden == {MISSING, MOVED, DRILL_PAGE}
    assert {pages[key].meta("robots") for key in hidden} == {"noindex"}


def test_translations_name_each_other(pages: dict[str, Page]) -> None:
    expected = [
        ("en", ADDRESS + CARDS_PAGE.removesuffix("index.html")),
        ("x-default", ADDRESS + CARDS_PAGE.removesuffix("index.html")),
        ("de", ADDRESS + GERMAN_PAGE.removesuffix("index.html")),
    ]

    for key, page in pages.items():
        found = [
            (a["hreflang"], a["href"])
            for a in page.all("link", rel="alternate")
            if a.get("hreflang")
        ]
        assert found == (expected if key in (CARDS_PAGE, GERMAN_PAGE) else []), key


def test_feeds_are_found_on_every_page_and_a_components_own_first(pages: dict[str, Page]) -> None:
    for key, page in pages.items():
        found = [a["href"] for a in page.all("link", rel="alternate") if a.get("type")]
        root = "/" if key == MISSING else "../" * key.count("/") or "./"
        own = [f"{root}components/api/updates.{form}" for form in ("atom", "rss")]
        expected = own if key == "components/api/index.html" else []
        if not key.startswith("components/checkout"):
            assert found[: len(expected) + 1] == [*expected, f"{root}feeds/updates.atom"], key


# ── the state in the icon ────────────────────────────────────────────────────────────────────────


def test_states_differ_in_shape_not_only_in_colour() -> None:
    icons = [unquote(icon(state)) for state in (None, *Indicator)]
    shapes = {re.sub(r"#[0-9a-f]{3,6}", "", shape) for shape in icons}

    assert len(shapes) == len(icons) == 6
    for svg in icons:
        etree.fromstring(svg.removeprefix("data:image/svg+xml,").encode())


def test_the_icon_shows_what_the_page_tells_of(pages: dict[str, Page]) -> None:
    def shown(key: str) -> str:
        return pages[key].link("icon")

    assert shown(HOME) == shown(MISSING) == shown(HOSTILE_PAGE) == icon(Indicator.CRITICAL)
    assert shown(CARDS_PAGE) == shown(GERMAN_PAGE) == icon(Indicator.MAJOR)
    assert shown("components/checkout/index.html") == icon(Indicator.MAJOR)
    # Over, not begun, or only played.
    for key in (SLOW_PAGE, "maintenance/2026-11-20-move/index.html", DRILL_PAGE):
        assert shown(key) == icon(None), key
    assert shown("history/index.html") == icon(None)


def test_the_bars_of_the_browser_take_the_colour_of_the_page(pages: dict[str, Page]) -> None:
    style = (
        ":root{--paper:#fdfcf9}@media x{:root{--paper:#16181b}}@media print{:root{--paper:#fff}}"
    )

    assert (paper(style, "light"), paper(style, "dark")) == ("#fdfcf9", "#16181b")
    assert (paper("", "light"), paper("", "dark")) == ("#fff", "#000")
    [css] = pages[HOME].inline["style"]
    found = {a["media"]: a["content"] for a in pages[HOME].all("meta", name="theme-color")}
    assert found == {
        "(prefers-color-scheme: light)": paper(css, "light"),
        "(prefers-color-scheme: dark)": paper(css, "dark"),
    }
    assert set(found.values()).isdisjoint({"#fff", "#000"})


def test_a_headline_is_a_title_without_the_sites_name() -> None:
    site = read_site({"SITENAME": "A & B", "SITEURL": "https://a.example"})

    assert headline("Slow – A &amp; B", site) == "Slow"
    assert headline("A &amp; B", site) == "A &amp; B"


# ── what a page knows of now ─────────────────────────────────────────────────────────────────────


def test_pages_about_now_carry_the_newest_update(pages: dict[str, Page]) -> None:
    known = {key: page.all("div", id="live")[0]["data-newest"] for key, page in pages.items()}

    about_now = {HOME, MISSING, CARDS_PAGE, GERMAN_PAGE, HOSTILE_PAGE, DRILL_PAGE}
    about_now |= {"maintenance/2026-11-20-move/index.html", "notices/2026-10-14-bowls/index.html"}
    assert {key for key, newest in known.items() if newest} == about_now
    assert {known[key] for key in about_now} == {"20261121T082000Z"}


def test_the_404_page_is_right_at_any_depth_and_on_any_host(tmp_path: Path) -> None:
    for address, root in (("https://a.example", "/"), ("https://a.example/status", "/status/")):
        site = SmallSite.make(tmp_path / root.strip("/"))
        conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")
        site.write("pelicanconf.py", conf.replace("https://status.acme.example", address))
        assert site.pelican().code == 0

        page = Page(site.page(MISSING, "output"))

        ways = [a["href"] for _, a in page.tags if a.get("href")]
        elsewhere = ("#", "data:", "mailto:")
        assert [way for way in ways if not way.startswith((root, *elsewhere))] == []
        assert page.all("div", id="live")[0]["data-root"] == root


# ── the sitemap ──────────────────────────────────────────────────────────────────────────────────

NS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def entries(site: SmallSite) -> dict[str, str]:
    """Return the last change of every address that the index leads to."""
    files = site.files("output")
    found: dict[str, str] = {}
    index = etree.fromstring(files["sitemap.xml"])
    assert index.tag == f"{NS}sitemapindex"
    for part in index:
        urlset = etree.fromstring(files[part.findtext(f"{NS}loc", "").removeprefix(ADDRESS)])
        assert urlset.tag == f"{NS}urlset"
        for url in urlset:
            address = url.findtext(f"{NS}loc", "")
            assert address not in found
            found[address] = url.findtext(f"{NS}lastmod") or ""
    return found


def test_the_sitemap_lists_every_page_that_may_be_listed(
    site: SmallSite, pages: dict[str, Page]
) -> None:
    wanted = {p.link("canonical") for p in pages.values() if not p.meta("robots")}

    assert set(entries(site)) == wanted


def test_changes_are_dated_by_what_was_signed(site: SmallSite) -> None:
    dates = entries(site)

    assert dates[ADDRESS] == "2026-11-21T08:20:00Z"
    assert dates[f"{ADDRESS}incidents/2026-11-02-slow-pages/"] == "2026-11-02T14:10:00Z"
    assert dates[f"{ADDRESS}history/2026-11/"] == "2026-11-21T08:20:00Z"
    assert dates[f"{ADDRESS}history/2026-10/"] == "2026-10-14T07:00:00Z"
    assert dates[f"{ADDRESS}people/dawn-okafor/"] == ""


def test_the_sitemap_names_translations(site: SmallSite) -> None:
    month = etree.fromstring(site.files("output")["sitemaps/2026-11.xml"])
    links = "{http://www.w3.org/1999/xhtml}link"

    found = {
        url.findtext(f"{NS}loc"): [(a.get("hreflang"), a.get("href")) for a in url.iter(links)]
        for url in month
    }

    both = [
        ("en", f"{ADDRESS}incidents/2026-11-21-card-payments/"),
        ("de", f"{ADDRESS}de/incidents/2026-11-21-card-payments/"),
    ]
    assert {address: rows for address, rows in found.items() if rows} == {
        address: both for _, address in both
    }


def test_a_translation_that_is_a_draft_is_in_no_sitemap_until_it_is_none(tmp_path: Path) -> None:
    german = f"{FOLDER}/2026-11-21-card-payments.de.md"
    draft = FILES[german].replace("---\n", "---\ndraft: true\n", 1)
    site = make_site(tmp_path, {**FILES, german: draft})
    before = site.files("output")["sitemaps/2026-11.xml"]
    site.write(german, FILES[german])

    assert site.pelican(SOURCE_DATE_EPOCH="1795260000").code == 0

    assert b"hreflang" not in before
    assert b'hreflang="de"' in site.files("output")["sitemaps/2026-11.xml"]


def test_a_word_changes_the_file_of_its_month_alone(tmp_path: Path) -> None:
    bowls = f"{FOLDER}/2026-10-14-bowls.md"
    site = make_site(tmp_path, {SLOW_FILE: SLOW, bowls: FILES[bowls]})
    before = site.files("output")
    word = "\n## 2026-11-21 09:00 | Dawn Okafor | done\n\nAll bowls are back.\n"
    site.write(bowls, FILES[bowls] + word)

    assert site.pelican(SOURCE_DATE_EPOCH="1795260000").code == 0

    after = site.files("output")
    changed = {key for key in after if key.startswith("sitemap") and after[key] != before[key]}
    assert changed == {"sitemaps/2026-10.xml", "sitemaps/pages.xml"}


def test_a_month_too_large_for_one_file_gets_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sitemap, "MOST", 2)

    made = {one.key: one.make() for one in sitemap.sitemaps(build_page(steps()[-1]), ())}

    parts = [key for key in made if key.startswith("sitemaps/2026-10")]
    assert parts[:2] == ["sitemaps/2026-10.xml", "sitemaps/2026-10-2.xml"]
    # Two stories, one of them in two languages, and the month's own page in the first.
    assert all(1 <= made[key].count(b"<url>") <= 4 for key in parts)
    assert all(f"/{key}<".encode() in made["sitemap.xml"] for key in parts)


def test_robots_are_told_where_the_sitemap_is(site: SmallSite) -> None:
    assert site.page("robots.txt", "output").splitlines() == [
        "User-agent: *",
        "Allow: /",
        "",
        f"Sitemap: {ADDRESS}sitemap.xml",
    ]
