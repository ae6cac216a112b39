"""A build in our own process: when Pelican is not asked, and that nobody could tell."""

from __future__ import annotations

import argparse
import copy
import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, SmallSite

from firstword import building, pelican_defaults
from firstword.build import Run, RunOptions
from firstword.building import build_site, is_plain
from firstword.cli import publish
from firstword.cli.progress import Lines
from firstword.cli.publishing import Publishing
from firstword.errors import ContentError
from firstword.settings import load_settings

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ABOUT_FILE = "content/pages/about.md"
ABOUT = "Title: About us\nSlug: about\n\nWe sell *bowls*.\n"
ABOUT_PAGE = "about/index.html"


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site")


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test have lists of its own: what a settings file adds to them stays there."""
    for name, value in vars(pelican_defaults).copy().items():
        if name.isupper() and isinstance(value, list | dict):
            monkeypatch.setattr(pelican_defaults, name, copy.deepcopy(value))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of the output folder whenever Pelican is asked."""
    names: list[str] = []
    original = building._build_with_pelican

    def noting(root: Path, options: RunOptions, folder: Path | None) -> Run:
        if folder and not folder.name.startswith("through-"):
            names.append(folder.name)
        return original(root, options, folder)

    monkeypatch.setattr(building, "_build_with_pelican", noting)
    return names


def built(site: SmallSite, folder: str = "output", now: datetime = NOW) -> Run:
    run = build_site(site.root, RunOptions(now=now, embedded=True), site.root / folder)
    run.close()
    return run


def plain(site: SmallSite) -> bool:
    return is_plain(site.root, load_settings(site.root / "pelicanconf.py"))


def same_as_through_pelican(site: SmallSite, name: str, now: datetime = NOW) -> bool:
    """Tell whether a folder has what Pelican makes in an empty one."""
    options = RunOptions(now=now, embedded=True)
    through = site.root / f"through-{name}"
    building._build_with_pelican(site.root, options, through).close()
    return site.files("output") == site.files(f"through-{name}")


def test_a_publish_of_a_plain_site_imports_no_pelican(site: SmallSite) -> None:
    site.write(
        "publish.py",
        "import sys\n"
        "from firstword.cli import publish, run_command\n"
        "code = run_command('publish.py', publish, sys.argv[1:])\n"
        "print(code, {'pelican', 'docutils', 'rich', 'boto3'} & set(sys.modules))\n",
    )

    first = site.publish()
    site.write(CARDS_FILE, CARDS + RESOLVED)
    second = site.publish()

    assert first.out.endswith("0 set()\n"), first
    assert second.out.endswith("0 set()\n"), second
    assert "All cards work" in site.page("index.html") + site.page("feeds/updates.atom")


def test_what_pelican_would_have_made_is_what_is_there(site: SmallSite, asked: list[str]) -> None:
    built(site)
    now = NOW
    for step, (path, text) in enumerate(
        (
            (CARDS_FILE, CARDS + RESOLVED),
            (CARDS_FILE, CARDS.replace("impact: major", "impact: hurge")),
            (CARDS_FILE, CARDS),
            ("theme/templates/moved.html", '{% extends "!theme/moved.html" %}'),
            ("pelicanconf.py", CONF.replace('"Acme status"', '"Acme, live"')),
            ("pelicanconf.py", CONF + 'DEFAULT_LANG = "PT-br"\n'),
        )
    ):
        now += timedelta(minutes=20)
        site.write(path, text)
        built(site, now=now)
        if "hurge" not in text:
            assert same_as_through_pelican(site, str(step), now)
    assert asked == []


def test_stock_pages_are_made_by_pelican_and_go_with_their_files(
    site: SmallSite, asked: list[str]
) -> None:
    site.write(ABOUT_FILE, ABOUT)
    built(site)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    built(site)
    assert asked == ["output", "output"]
    assert ABOUT_PAGE in site.files("output")
    assert same_as_through_pelican(site, "with")

    (site.root / ABOUT_FILE).unlink()
    built(site)

    assert asked == ["output", "output"]
    assert ABOUT_PAGE not in site.files("output")
    assert "about/" not in site.page("sitemaps/pages.xml", "output")
    assert same_as_through_pelican(site, "without")


def test_settings_are_those_that_are_there_when_it_is_built(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for another publish to end builds what was written meanwhile."""
    monkeypatch.chdir(site.root)
    options = argparse.ArgumentParser()
    publish.add_arguments(options)
    publishing = Publishing.read(options.parse_args([]))
    site.write("pelicanconf.py", CONF.replace('"Acme status"', '"Acme, live"'))

    publishing.once(Lines(io.StringIO(), quiet=True))

    assert "Acme, live" in site.page("index.html")


def test_a_failed_build_leaves_nothing_open(
    site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(Run, "close", lambda _: closed.append(True))
    site.write(CARDS_FILE, CARDS.replace("impact: major", "impact: hurge"))

    with pytest.raises(ContentError):
        build_site(site.root, RunOptions(now=NOW, embedded=True, strict=True))

    assert closed == [True]


@pytest.mark.parametrize(
    "line",
    [
        'PLUGINS = ["firstword.plugin", "another"]',
        'PLUGIN_PATHS = ["plugins"]',
        'STATIC_PATHS = ["images"]',
        'ARTICLE_PATHS = ["news"]',
        'DIRECT_TEMPLATES = ["index"]',
        'TEMPLATE_PAGES = {"a.html": "a.html"}',
        'PAGE_PATHS = ["words"]',
        'PAGE_SAVE_AS = "{slug}.html"',
        'FEED_ATOM = "feed.atom"',
        'JINJA_FILTERS = {"twice": lambda text: text * 2}',
        "LOAD_CONTENT_CACHE = False",
        "DELETE_OUTPUT_DIRECTORY = True",
        'LOCALE = ["de_DE.UTF-8"]',
        'THEME = "nowhere"',
        'THEME = "simple"',
        'PATH = "nowhere"',
        'THEME_TEMPLATES_OVERRIDES = ["more"]',
        'SITEURL = "https://status.acme.example/"',
        "del TIMEZONE",
        "del ARTICLE_PATHS",
        'MENUITEMS = (("a", "b"),)',
        'PLUGINS += ["another"]',
        'STATIC_PATHS.append("images")',
        'PAGE_PATHS.insert(0, "words")',
        'JINJA_ENVIRONMENT["extensions"].append("jinja2.ext.do")',
        "import firstword.pelican_defaults as d\nd.PLUGINS.append('another')",
        "from firstword import pelican_defaults as d\nd.PLUGINS.append('another')",
        "del OUTPUT_PATH",
        "del CACHE_PATH",
        "del DEFAULT_LANG",
        "THEME = None",
        "DEFAULT_LANG = None",
        'from pathlib import Path\nPATH = Path("content")',
        'if __name__ == "pelicanconf":\n    PLUGINS = ["another"]',
        'import sys\nif "pelicanconf" in sys.modules:\n    PLUGINS = ["another"]',
    ],
)
def test_whatever_only_pelican_knows_of_is_left_to_it(site: SmallSite, line: str) -> None:
    assert plain(site)
    site.write("pelicanconf.py", f"{CONF}\n{line}\n")

    assert not plain(site)


@pytest.mark.parametrize(
    "path",
    ["content/pages/about.md", "content/pages/deep/about.rst", "content/pages/a/b/.hidden.html"],
)
def test_any_file_among_the_pages_is_left_to_pelican(site: SmallSite, path: str) -> None:
    (site.root / path).parent.mkdir(parents=True)
    assert plain(site)

    site.write(path, "About us\n########\n")

    assert not plain(site)


def test_pages_in_a_linked_folder_are_left_to_pelican(site: SmallSite) -> None:
    site.write("more/about.md", ABOUT)
    (site.root / "content/pages").symlink_to(site.root / "more")

    assert not plain(site)


def test_what_a_module_beside_the_settings_adds_is_seen_each_time(site: SmallSite) -> None:
    """It is run once in a process, and settings are read more often."""
    site.write(
        "beside_it.py", "import firstword.pelican_defaults as d\nd.PLUGINS.append('noting')\n"
    )
    site.write(
        "noting.py",
        "from pelican import signals\n\n"
        "def note(pelican):\n    open('ran', 'a').write('once ')\n\n"
        "def register():\n    signals.finalized.connect(note)\n",
    )
    head = f"import sys\nsys.path.insert(0, {str(site.root)!r})\nimport beside_it\n"
    site.write("pelicanconf.py", head + CONF)

    for _ in range(2):
        assert site.publish().code == 0

    assert (site.root / "ran").read_text() == "once once "


@pytest.mark.parametrize(
    "line",
    [
        "BUILD_PROCESSES = 1",
        'DEFAULT_LANG = "de"',
        'OUTPUT_PATH = "elsewhere"',
        'CONTACT = "care@acme.example"',
        'MAIL_FROM = "status@acme.example"',
        'theirs = "lower case is nobody\'s"',
    ],
)
def test_settings_of_ours_need_no_pelican(site: SmallSite, line: str) -> None:
    site.write("pelicanconf.py", f"{CONF}\n{line}\n")

    assert plain(site)


def test_a_new_site_is_plain(tmp_path: Path) -> None:
    program = "from firstword.cli import main_and_exit; main_and_exit()"
    told = [
        *("--name=Acme", "--address=https://status.acme.example", "--zone=Europe/Copenhagen"),
        *("--component=Shop", "--person=Dawn Okafor, Engineer, dawn@acme.example"),
    ]
    command = (sys.executable, "-c", program, "init", "status", "--no-git", *told)
    subprocess.run(command, cwd=tmp_path, check=True)
    conf = tmp_path / "status" / "pelicanconf.py"
    assert is_plain(conf.parent, load_settings(conf))


def test_it_is_told_beforehand_that_something_will_be_another_one(site: SmallSite) -> None:
    told: list[int] = []

    def differs(units: int) -> None:
        told.append(units)
        assert "All cards work" not in site.page("index.html", "output")

    options = RunOptions(now=NOW, embedded=True, differs=differs)

    def build() -> int:
        build_site(site.root, options, site.root / "output").close()
        return len(told)

    # A first build takes too long for anybody to wait with open connections.
    assert build() == 0
    assert build() == 0
    site.write(CARDS_FILE, CARDS + RESOLVED)
    assert build() == 1
    assert 5 < told[0] < 50
    assert build() == 1
    # It is read, and pages are made again: they come to the same.
    site.write(CARDS_FILE, CARDS + RESOLVED + "\n")
    assert build() == 1
