"""`pelican content`: what is built, what is held back, and what says that it happened."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, SLOW_FILE, SmallSite

BROKEN = CARDS.replace("impact: major", "impact: hurge")


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site")


# ── what is built ────────────────────────────────────────────────────────────────────────────────


def test_a_plain_pelican_run_builds_the_site(site: SmallSite) -> None:
    ran = site.pelican()

    assert ran.code == 0, ran.err
    made = list(site.files("output"))
    assert f"Built 2 stories into {len(made)} files, {len(made)} of them changed" in ran.err
    # What is for programs is listed in the tests of `feeds` and `api`.
    assert [key for key in made if key.endswith(".html")] == [
        "404.html",
        "components/api/history/2026/index.html",
        "components/api/index.html",
        "components/checkout/history/2026/index.html",
        "components/checkout/index.html",
        "history/2026/index.html",
        "history/2026-11/index.html",
        "history/incidents/2026/index.html",
        "history/index.html",
        "incidents/2026-11-02-slow-pages/index.html",
        "incidents/2026-11-21-card-payments/index.html",
        "index.html",
        "people/dawn-okafor/index.html",
        "people/ian-reyes/index.html",
        "record/index.html",
        "subscribe/index.html",
    ]


def test_unchanged_files_are_not_written_again(site: SmallSite) -> None:
    site.pelican()
    before = {path: path.stat().st_mtime_ns for path in (site.root / "output").rglob("*.html")}

    ran = site.pelican()

    assert "0 of them changed" in ran.err
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_is_no_longer_built_is_removed(site: SmallSite) -> None:
    site.pelican()
    (site.root / SLOW_FILE).unlink()

    site.pelican()

    assert not (site.root / "output/incidents/2026-11-02-slow-pages").exists()
    assert "slow-pages" not in "".join(data.decode() for data in site.files("output").values())


def test_the_stamp_says_what_was_built(site: SmallSite) -> None:
    commit = site.commit()
    site.pelican()

    stamp = json.loads(site.page(".build.json", "output"))

    assert stamp["commit"] == commit
    assert stamp["counts"] == {
        "files": len(site.files("output")),
        "held_back": 0,
        "incidents": 2,
        "updates": 3,
    }
    assert stamp["made_for"] == "2026-11-21T09:30:00Z"
    # The promised next word, 10:00 in Copenhagen, has passed by then: after half an hour the page
    # says every five minutes until when none came.
    assert stamp["next_change_at"] == "2026-11-21T09:35:00Z"
    assert set(stamp["versions"]) == {
        "feedgen",
        "firstword",
        "icalendar",
        "jinja2",
        "lxml",
        "markdown",
        "markupsafe",
        "msgspec",
        "nh3",
        "pelican",
        "pyromark",
        "python-dateutil",
        "pyyaml",
    }


def test_stock_pages_and_pictures_work(site: SmallSite) -> None:
    site.write("content/pages/about.md", "Title: About us\nSlug: about\n\nWe sell *bowls*.\n")
    site.write("content/images/kiln.txt", "a picture")

    site.pelican()

    page = site.page("about/index.html", "output")
    assert "<h1><bdi>About us</bdi></h1>" in page
    assert "We sell <em>bowls</em>" in page
    assert "Acme status" in page
    assert site.page("images/kiln.txt", "output") == "a picture"


def test_an_old_address_leads_to_the_new_one(site: SmallSite) -> None:
    old = "aliases: [issues/cards, old.html, incidents/kort]\nimpact:"
    site.write(CARDS_FILE, CARDS.replace("impact:", old))
    german = (
        "---\ntitle: Karten\n---\n\n## 2026-11-21 09:20 | Dawn Okafor | investigating\n\nWarten.\n"
    )
    site.write(CARDS_FILE.replace(".md", ".de.md"), german)

    site.pelican()

    for key, back in (
        ("issues/cards/index.html", "../../"),
        ("old.html", "./"),
        ("incidents/kort/index.html", "../../"),
        ("de/incidents/kort/index.html", "../../../de/"),
    ):
        assert f'href="{back}incidents/2026-11-21-card-payments/"' in site.page(key, "output")
    assert not (site.root / "output/de/old.html").exists()


def test_a_link_to_another_story_works_on_page_and_in_feed(site: SmallSite) -> None:
    linked = CARDS.replace("on the phone", "on the [phone](incident:2026-11-02-slow-pages)")
    site.write(CARDS_FILE, linked)

    site.pelican()

    page = site.page("incidents/2026-11-21-card-payments/index.html", "output")
    assert '<a href="../../incidents/2026-11-02-slow-pages/" rel="noopener">phone</a>' in page
    home = site.page("index.html", "output")
    assert '<a href="./incidents/2026-11-02-slow-pages/" rel="noopener">phone</a>' in home
    feed = site.page("feeds/updates.atom", "output")
    assert "https://status.acme.example/incidents/2026-11-02-slow-pages/" in feed


def test_what_people_commit_is_sanitised(site: SmallSite) -> None:
    hostile = (
        "\nSo: <script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3))\n"
    )
    titled = CARDS.replace("title: Card payments", "title: <script>alert(4)</script> Card payments")
    site.write(CARDS_FILE, titled + hostile)

    site.pelican()

    for key, data in site.files("output").items():
        text = data.decode()
        if key.endswith(".html"):
            # The one script is the page's own; the policy of the page allows no other.
            assert text.count("<script") == 1
            assert "onerror" not in text
            assert "javascript:" not in text
        assert "alert(1)" not in text


def test_a_draft_is_never_built_and_a_drill_only_where_drills_are_on(site: SmallSite) -> None:
    site.write(
        SLOW_FILE,
        (site.root / SLOW_FILE).read_text(encoding="utf-8").replace("impact", "draft: yes\nimpact"),
    )
    site.write(CARDS_FILE, CARDS.replace("impact:", "drill: yes\nimpact:"))

    site.pelican()
    off = site.files("output")
    site.write("pelicanconf.py", CONF + "DRILLS = True\n")
    site.pelican()
    on = site.files("output")

    assert [key for key in off if key.startswith("incidents/")] == []
    assert [key for key in on if key.startswith("incidents/")] == [
        "incidents/2026-11-21-card-payments/index.html"
    ]
    assert "This is a drill" in on["incidents/2026-11-21-card-payments/index.html"].decode()
    assert "Card payments" not in on["feeds/updates.atom"].decode()


def test_a_translation_is_built_and_marks_what_is_not_translated(site: SmallSite) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.write(
        CARDS_FILE.replace(".md", ".de.md"),
        "---\ntitle: Kartenzahlungen in der EU scheitern\n---\n\n"
        "## 2026-11-21 09:20 | Ian Reyes | investigating\n\nJede fünfte Zahlung wird abgelehnt.\n",
    )

    ran = site.pelican()

    assert ran.code == 0, ran.err
    page = site.page("de/incidents/2026-11-21-card-payments/index.html", "output")
    assert '<html lang="de" dir="ltr">' in page
    assert "<h1><bdi>Kartenzahlungen in der EU scheitern</bdi></h1>" in page
    assert "Jede fünfte Zahlung" in page
    assert '<div class="words" lang="en"><p>All cards work since 09:45.' in page


# ── what is held back ────────────────────────────────────────────────────────────────────────────


def test_a_broken_file_stays_at_its_last_good_version(site: SmallSite) -> None:
    first = site.commit()
    site.write(CARDS_FILE, BROKEN + RESOLVED)

    ran = site.pelican()

    assert ran.code == 3
    assert ran.err.splitlines()[:2] == [
        f"{CARDS_FILE}:3: value: unknown impact: 'hurge'; one of: none, minor, major, critical",
        f"{CARDS_FILE}: held back; shown as of commit {first[:10]}",
    ]
    assert "Card payments fail in the EU" in site.page("index.html", "output")
    assert "All cards work" not in site.page("index.html", "output")
    assert json.loads(site.page(".build.json", "output"))["counts"]["held_back"] == 1


def test_a_broken_file_holds_up_nobody_else(site: SmallSite) -> None:
    site.commit()
    site.write(CARDS_FILE, BROKEN)
    slow = (site.root / SLOW_FILE).read_text(encoding="utf-8")
    site.write(SLOW_FILE, slow.replace("eight seconds", "nine seconds"))

    site.pelican()

    page = site.page("incidents/2026-11-02-slow-pages/index.html", "output")
    assert "nine seconds" in page


def test_a_file_that_was_never_good_stays_out_as_loudly(site: SmallSite) -> None:
    site.commit()
    site.write("content/incidents/2026-11-21-new.md", "Help!\n")

    ran = site.pelican()

    assert ran.code == 3
    assert "content/incidents/2026-11-21-new.md: held back; not shown: it was never good" in ran.err
    assert "Card payments fail in the EU" in site.page("index.html", "output")


def test_a_shallow_clone_does_not_know_what_was_good(site: SmallSite) -> None:
    site.commit()
    site.write(CARDS_FILE, BROKEN)
    site.commit("break it")
    clone = site.clone(site.root.parent / "cold")

    ran = clone.pelican()

    assert ran.code == 3
    assert (
        f"{CARDS_FILE}: held back; not shown: no good version is known here; this clone is shallow"
    ) in ran.err


def test_a_page_that_pelican_skips_is_told(site: SmallSite) -> None:
    site.write("content/pages/q.md", "Questions, and answers.\n")

    ran = site.pelican()

    assert ran.code == 3
    assert "content/pages/q.md:1: page: not built" in ran.err
    assert "; 1 page left out" in ran.err
    assert site.pelican("-e", "STRICT=true").code == 1


def test_a_strict_build_writes_nothing(site: SmallSite) -> None:
    site.pelican()
    before = site.files("output"), site.page(".build.json", "output")
    site.write(CARDS_FILE, BROKEN)

    ran = site.pelican("-e", "STRICT=true")

    assert ran.code == 1
    assert (site.files("output"), site.page(".build.json", "output")) == before


# ── what says that it happened ───────────────────────────────────────────────────────────────────


def test_a_plugin_that_does_not_load_leaves_no_stamp_and_nothing_is_published(
    site: SmallSite,
) -> None:
    site.write("pelicanconf.py", CONF + 'PLUGINS = ["firstword.pluggin"]\n')

    # Pelican itself ends with 0 here, which is why the stamp is demanded.
    assert site.pelican().code == 0
    assert not (site.root / "output/.build.json").exists()

    ran = site.publish()

    assert ran.code == 1
    assert "the plugin did not run" in ran.err
    assert not (site.root / "public/index.html").exists()


def test_a_build_that_dies_leaves_no_stamp(site: SmallSite) -> None:
    site.pelican()
    theme = site.root / "theme/templates"
    theme.mkdir(parents=True)
    (theme / "home.html").write_text("{{ nothing_of_that_name }}")
    site.write("pelicanconf.py", CONF + 'THEME = "theme"\n')

    ran = site.pelican()

    assert ran.code == 1
    assert not (site.root / "output/.build.json").exists()


def test_settings_that_would_harm_the_output_are_refused(site: SmallSite) -> None:
    site.pelican()
    before = site.files("output")
    site.write("pelicanconf.py", CONF + "DELETE_OUTPUT_DIRECTORY = True\n")

    ran = site.pelican()

    assert ran.code == 2
    assert site.files("output") == before


# ── same content, same bytes ─────────────────────────────────────────────────────────────────────


def test_two_builds_in_two_places_at_two_times_are_identical(site: SmallSite) -> None:
    site.commit()
    other = site.clone(site.root.parent / "elsewhere", depth=None)

    site.pelican(PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")
    other.pelican(PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C.UTF-8")

    assert site.files("output") == other.files("output")
    assert site.page(".build.json", "output") == other.page(".build.json", "output")


def test_the_clock_changes_only_the_pages_it_is_the_content_of(site: SmallSite) -> None:
    site.pelican()
    before = site.files("output")

    # A day later the 90 days of components have moved, and a promised word has not come for a day
    # longer; no other incident, history and feeds must have.
    site.pelican(SOURCE_DATE_EPOCH="1795339800")

    after = site.files("output")
    assert {key for key in before if before[key] != after[key]} == {
        "components/api/index.html",
        "components/checkout/index.html",
        "incidents/2026-11-21-card-payments/index.html",
        "index.html",
        "status.json",
    }


# ── names ────────────────────────────────────────────────────────────────────────────────────────

SAMIRA = """
    {
        "name": "Samira Haddad",
        "shown": "Samira H.",
        "role": "Support",
        "address": "care@acme.example",
        "until": "2026-11-30",
        "successor": "Nadia Benali",
    },
    {"name": "Nadia Benali", "shown": "Nadia", "role": "Support", "address": "care@acme.example"},
    {"name": "Dawn Okafor","""

OWED = """
## 2026-11-21 09:50 | Samira Haddad | resolved

All cards work since 09:45. Nothing was lost.

- [ ] Ask the bank for a second line (Samira Haddad, 2026-11-12)
- [x] Call everybody who wrote to us,
  one by one (Samira
  Haddad , 2026-11-30).
- [ ] An alarm (Dawn Okafor, 2027-01-30)

1. [ ] A card at the door (Nadia Benali, 2027-01-30)

## 2026-11-21 10:00 | Samira Haddad | postmortem
done: 1

Cards failed because nobody had asked the bank.
"""

OWED_IN_GERMAN = """\
---
title: Kartenzahlungen scheitern
---

## 2026-11-21 09:50 | Samira Haddad | resolved

Alle Karten gehen wieder.

- [ ] Eine zweite Leitung (Samira Haddad, 2026-11-12)
- [x] Alle anrufen (Samira Haddad, 2026-11-30)
- [ ] Ein Alarm (Dawn Okafor, 2027-01-30)
- [ ] Eine Karte an der Tür (Nadia Benali, 2027-01-30)
"""


def test_the_full_name_of_who_is_shown_under_another_is_in_no_published_file(
    tmp_path: Path,
) -> None:
    files = {CARDS_FILE: CARDS + OWED, CARDS_FILE.replace(".md", ".de.md"): OWED_IN_GERMAN}
    site = SmallSite.make(tmp_path / "site", files)
    site.write("pelicanconf.py", CONF.replace('\n    {"name": "Dawn Okafor",', SAMIRA))

    ran = site.publish()

    assert (ran.code, site.firstword("check").out) == (0, "")
    told = re.compile(rb"samira(\s|[^a-z]{1,8})haddad|haddad|benali", re.IGNORECASE)
    assert [key for key, data in site.files().items() if told.search(data + key.encode())] == []
    page = site.page("incidents/2026-11-21-card-payments/index.html")
    assert "(Samira H., 2026-11-12)" in page
    assert "(Nadia, 2027-01-30)" in page
    assert "(Dawn Okafor, 2027-01-30)" in page
    # What a target remembers is the file's own text: a broken file is shown as of that.
    site.write(CARDS_FILE, CARDS.replace("impact: major", "impact: hurge") + OWED)
    assert site.publish().code == 3
    assert "(Samira H., 2026-11-12)" in site.page("incidents/2026-11-21-card-payments/index.html")
