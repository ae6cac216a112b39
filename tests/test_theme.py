"""A site's own templates: one file at a time, one block at a time, and back again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sites import CARDS, CARDS_FILE, SmallSite

from firstword.cli import main

HOME = "index.html"
STORY = "incidents/2026-11-21-card-payments/index.html"
ABOUT = "about/index.html"

FOOT = '{% extends "!theme/base.html" %}{% block footer %}<p>Acme Ltd</p>{% endblock %}'


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site")
    site.write("content/pages/about.md", "Title: About us\nSlug: about\n\nWe sell bowls.\n")
    return site


def built(site: SmallSite) -> dict[str, bytes]:
    ran = site.pelican()
    assert ran.code == 0, ran.err
    return {key: data for key, data in site.files("output").items() if key.endswith(".html")}


def test_one_block_of_every_page_is_the_sites_own(site: SmallSite) -> None:
    before = built(site)
    site.write("theme/templates/base.html", FOOT)

    after = built(site)

    assert before.keys() == after.keys()
    # A way from an old address to a new one is no page of its own.
    pages = {key for key, data in before.items() if b"<footer" in data}
    assert {HOME, STORY, ABOUT, "404.html"} <= pages
    for key in pages:
        assert b"<p>Acme Ltd</p>" in after[key], key
        assert b"<h1>" in after[key], key


def test_one_file_is_the_sites_own_and_the_rest_the_themes(site: SmallSite) -> None:
    before = built(site)
    site.write("theme/templates/404.html", "<p>Nothing here: {{ site.name }}</p>")

    after = built(site)

    assert after["404.html"] == b"<p>Nothing here: Acme status</p>"
    assert {key for key in before if before[key] != after[key]} == {"404.html"}


def test_what_is_taken_away_is_the_themes_again(site: SmallSite) -> None:
    before = built(site)
    site.write("theme/templates/base.html", FOOT)
    site.write("theme/templates/style.css", "body { color: red }")
    between = built(site)
    assert b"color: red" in between[STORY]

    for path in (site.root / "theme" / "templates").iterdir():
        path.unlink()

    assert built(site) == before


def test_a_change_of_an_own_template_makes_the_pages_that_use_it_again(site: SmallSite) -> None:
    site.write("theme/templates/incident.html", '{% extends "!theme/incident.html" %}')
    same = built(site)
    site.write(
        "theme/templates/incident.html",
        '{% extends "!theme/incident.html" %}{% block title %}Ours{% endblock %}',
    )

    after = built(site)

    assert b"<title>Ours</title>" in after[STORY]
    assert after[HOME] == same[HOME]
    site.run("rm", "-rf", "output", ".cache")
    assert built(site) == after


OPEN = '{% extends "!theme/base.html" %}\n{% block footer %}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{OPEN}{{{{ sit.name }}}}{{% endblock %}}", ":3: 'sit' is undefined; nearest: 'site'"),
        (f"{OPEN}{{% endblok %}}", ":3: Encountered unknown tag 'endblok'."),
        (f"{OPEN}{{{{ 1 | shwn }}}}{{% endblock %}}", ":3: No filter named 'shwn'."),
        ('\n{% extends "basse.html" %}', ":2: there is no template 'basse.html'"),
    ],
    ids=["name", "tag", "filter", "template"],
)
def test_a_mistake_in_a_template_is_one_line_with_its_place(
    text: str, told: str, site: SmallSite
) -> None:
    site.write("theme/templates/base.html", text)

    checked = site.firstword("check")
    ran = site.firstword("publish", "public")

    assert (ran.code, ran.err.count("theme/templates/base.html")) == (1, 1)
    assert f"theme/templates/base.html{told}" in ran.err
    assert "Traceback" not in ran.err
    assert not (site.root / "public" / "index.html").exists()
    what = "'sit'; nearest: 'site'" if "sit." in text else told.partition(": ")[2]
    [line] = [one for one in checked.out.splitlines() if "theme/templates/base.html" in one]
    assert line.startswith(f"theme/templates/base.html{told[:3]} theme: ")
    assert what in line


def test_files_that_replace_nothing_are_named_with_what_is_nearest(site: SmallSite) -> None:
    for name in ("base.html", "static/own.css", "templates/basse.html", "templates/_mine.html"):
        site.write(f"theme/{name}", "<p>")
    site.write("theme/templates/wide.html", "<p>")
    site.write("theme/templates/404.html", '{% include "_mine.html" %}{{ site.name }}')
    site.write("content/pages/about.md", "Title: About us\nTemplate: wide\n\nWe sell bowls.\n")

    checked = site.firstword("check")

    assert checked.code == 0
    nothing = "1: theme: warning: replaces nothing:"
    missing = "the theme has no file of that name; nearest:"
    only = "only theme/templates/ is read; nearest:"
    assert [line for line in checked.out.splitlines() if line.startswith("theme/")] == [
        f"theme/base.html:{nothing} {only} theme/templates/base.html",
        f"theme/static/own.css:{nothing} {only} theme/templates/style.css",
        f"theme/templates/basse.html:{nothing} {missing} theme/templates/base.html",
    ]
    doctor = site.firstword("doctor")
    assert "note  theme: theme/static/own.css:1: replaces nothing" in doctor.out


def test_a_theme_of_its_own_goes_on_as_before(site: SmallSite) -> None:
    """THEME names a whole theme; the folder theme/ still comes first."""
    built(site)
    site.run("cp", "-r", str(Path(__file__).parent.parent / "theme"), "whole")
    conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")
    site.write("pelicanconf.py", conf + '\nTHEME = "whole"\n')
    (site.root / "whole/templates/404.html").write_text("<p>whole</p>")
    assert built(site)["404.html"] == b"<p>whole</p>"

    site.write("theme/templates/404.html", "<p>own</p>")

    assert built(site)["404.html"] == b"<p>own</p>"


def test_a_site_of_its_own_publishes_with_its_templates_and_without_them_again(
    tmp_path: Path,
) -> None:
    """From `firstword init` on: a file, a block of a file, then neither; by `make publish`."""
    begin = ("--name", "Acme status", "--address", "https://acme.example", "--no-git")
    person = ("--person", "Dawn Okafor, Engineer, dawn@acme.example", "--component", "Checkout")
    assert main(["init", str(tmp_path / "site"), *begin, *person]) == 0
    site = SmallSite(tmp_path / "site")
    site.write(CARDS_FILE, CARDS)
    command = tmp_path / "bin" / "firstword"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom firstword.cli import main_and_exit as m\nm()\n")
    command.chmod(0o755)

    def published() -> dict[str, bytes]:
        ran = site.run("make", "publish", PATH=f"{command.parent}:{os.environ['PATH']}")
        assert ran.code == 0, ran.err
        return site.files("public")

    before = published()
    site.write("theme/templates/base.html", FOOT)
    site.write("theme/templates/404.html", "<p>Nothing here: {{ site.name }}</p>")
    between = published()
    (site.root / "theme/templates/404.html").unlink()
    without_one = published()
    (site.root / "theme/templates/base.html").unlink()
    after = published()

    assert b"<p>Acme Ltd</p>" in between[STORY]
    assert b"<p>Acme Ltd</p>" in between[HOME]
    assert between["404.html"] == b"<p>Nothing here: Acme status</p>"
    assert b"<p>Acme Ltd</p>" in without_one["404.html"]
    assert {key for key in between if between[key] != without_one[key]} == {
        *("404.html", "status.json"),  # the latter has the build's id
    }
    assert after == before
