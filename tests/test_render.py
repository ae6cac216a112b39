"""What the pages say of a drill, a translation, an import, an end; read as readers read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from pathlib import Path

import markupsafe
from test_check import CARDS, SETTINGS, SITE, file, story

from firstword.clock import Clock
from firstword.markup import Markup
from firstword.model import Incident, Site
from firstword.page import StatusPage
from firstword.render import Page, Renderer, more_pages, pages, story_pages
from firstword.render.templates import bytecode
from firstword.settings import read_site
from firstword.values import replace

THEME = Path(__file__).parent.parent / "theme"
HOME = "index.html"
CARDS_PAGE = "incidents/2026-11-21-cards/index.html"
SIGNED = "Every sentence about an incident on this page was written and signed by a person"
FIRST = "## 2026-11-21 09:20 | Dawn Okafor | investigating\n\nOne in five."


def said(now: str, *stories: Incident, site: Site = SITE) -> Mapping[str, str]:
    """Return every page of a site at a time of 21 November 2026 in Copenhagen, as plain text."""
    status = StatusPage.of(site, stories)
    renderer = Renderer(status, Markup(lambda _: None), THEME)
    clock = Clock(datetime.fromisoformat(f"2026-11-21T{now}+01:00"))
    told = (page for story in stories for page in story_pages(status, story))
    made = [*told, *pages(status), *more_pages(status)]
    return {page.key: plain(renderer.render(page, clock.fresh()).decode()) for page in made}


def plain(html: str) -> str:
    """Drop all tags, style and script; `<s>` stays, for it changes what is said."""
    html = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<(?!/?s>)[^>]+>", " ", html)).split())


def at(day: str, text: str) -> str:
    return text.replace("2026-11-21", day)


def test_a_drill_is_no_part_of_how_things_stand() -> None:
    drill = story(file(FIRST, front="drill: yes").replace("title: T", "title: All cards fail"))

    shown = said("10:00", drill)

    assert shown[HOME].startswith("No problem reported by us – Acme status")
    assert "Drill: All cards fail This is a drill." in shown[HOME]
    assert "All cards fail" not in shown["404.html"]
    assert shown[CARDS_PAGE].startswith("Drill: All cards fail – Acme status")
    for text in shown.values():
        assert "Nothing is wrong" not in text
        assert "We have not said" not in text


def test_who_translated_stands_beside_who_signed() -> None:
    german = story(
        "---\ntitle: Karten\n---\n\n"
        "## 2026-11-21 09:20 | Ian Reyes | investigating\n\nJede fünfte.",
        CARDS.replace(".md", ".de.md"),
    )
    own = "## 2026-11-21 09:40 | Dawn Okafor | identified\n\nThe bank."
    incident = replace(story(file(FIRST, own)), translations=(german,))

    shown = said("10:00", incident)

    page = shown[f"de/{CARDS_PAGE}"]
    assert page.count("Übersetzt von") == 1
    assert "Übersetzt von Ian Reyes , Network" in page
    assert "Translated by" not in shown[CARDS_PAGE]


def test_only_where_everything_is_signed_a_page_says_so() -> None:
    imported = story(
        file(
            "## 2026-11-03 09:20 | imported | resolved\n\nW.", front="imported: elsewhere"
        ).replace("2026-11-21", "2026-11-03"),
        CARDS.replace("11-21-cards", "11-03-old"),
    )
    signed = story(file(FIRST))

    alone, mixed = said("10:00", signed), said("10:00", signed, imported)

    assert f"{SIGNED} you can answer." in alone[HOME]
    assert f"{SIGNED} you can answer." in mixed[CARDS_PAGE]
    assert SIGNED not in mixed["incidents/2026-11-03-old/index.html"]
    for key in (HOME, "history/index.html", "history/2026-11/index.html", "404.html"):
        assert "except in history imported from elsewhere, which is marked." in mixed[key]
    assert "Imported · Incident · Resolved" in mixed["history/2026-11/index.html"]


def test_a_title_that_ends_in_a_mark_gets_no_stop() -> None:
    told = file(FIRST)
    shown = said("10:00", story(told.replace("title: T", "title: Do all cards fail?")))

    assert "Do all cards fail? Investigating" in shown[HOME]
    assert "?." not in shown[HOME] + shown["404.html"]
    assert " T. Investigating" in said("10:00", story(told))[HOME]


def test_what_an_imported_update_repeats_of_a_part_stands_there_once() -> None:
    parts = "components: checkout partial_outage, api operational"
    first, second = (
        f"## 2026-11-21 09:{minute} | imported | investigating\n{parts}\n\nW{minute}."
        for minute in (20, 30)
    )
    third = first.replace("09:20", "09:40").replace("W20", "W40").replace("partial", "major")
    told = file(first, second, third, front="imported: elsewhere")

    page = said("10:00", story(told))[CARDS_PAGE]
    signed = said("10:00", story(told.replace("imported |", "Dawn Okafor |")))[CARDS_PAGE]

    assert [page.count(f"W{minute}. Checkout") for minute in (20, 30, 40)] == [1, 0, 1]
    assert "W40. Checkout Down <s> before: Partly down</s> Investigating" in page
    assert "W20. Checkout Partly down API Works Hear more" in page
    # Who signs says it again for a reason.
    assert [signed.count(f"W{minute}. Checkout") for minute in (20, 30, 40)] == [1, 1, 1]


def test_what_was_withdrawn_lasted_nothing_and_affected_nobody() -> None:
    gone = "## 2026-11-21 09:50 | Dawn Okafor | withdrawn\n\nIt was our own test."
    shown = said("10:00", story(file(FIRST, gone, front="affected: Everyone who pays")))

    page = shown[CARDS_PAGE]
    assert "Affected <s>Everyone who pays</s>" in page
    assert "Withdrawn 21 November 2026, 09:50 CET (08:50 UTC)" in page
    assert "at worst" not in page
    assert "after 50 min" not in page
    assert "50 min" not in shown["history/2026-11/index.html"]


def test_what_worked_all_along_was_not_at_its_worst() -> None:
    parts = "components: checkout partial_outage, api operational"
    ended = f"## 2026-11-21 09:50 | Dawn Okafor | resolved\n{parts}\n\nW."

    page = said("10:00", story(file(FIRST, ended)))[CARDS_PAGE]

    assert "Checkout Partly down at worst API Works" in page
    assert "Works at worst" not in page


def test_what_opened_again_lasted_as_long_as_it_was_open() -> None:
    shown = said(
        "12:00",
        story(
            file(
                FIRST,
                "## 2026-11-21 09:50 | Dawn Okafor | resolved\n\nW.",
                "## 2026-11-21 10:50 | Dawn Okafor | identified\n\nW.",
                "## 2026-11-21 11:00 | Dawn Okafor | resolved\n\nW.",
            )
        ),
    )

    assert ", after 1 h in all" in shown[CARDS_PAGE]
    assert ", 1 h " in shown["history/2026-11/index.html"]


def test_an_open_outage_is_counted_today_or_said_not_to_be() -> None:
    began = at("2026-11-20", file(FIRST))

    shown = said("10:00", story(began))["components/checkout/index.html"]

    assert "21 November 2026 Partly down not counted yet" in shown
    assert "The last 2 days" in shown
    assert "Nothing is counted on" not in shown


def test_a_maintenance_that_was_called_off_did_not_end() -> None:
    planned = "## 2026-11-20 09:20 | Dawn Okafor | scheduled\n\nW."
    began = "## 2026-11-21 09:20 | Dawn Okafor | in_progress\n\nW."
    off = "## 2026-11-21 09:30 | Dawn Okafor | cancelled\n\nW."
    key = "maintenance/2026-11-21-cards/index.html"

    def page(*updates: str) -> str:
        return said("10:00", story(file(*updates, kind="maintenance")))[key]

    assert "Cancelled 21 November 2026, 09:30 CET (08:30 UTC)" in page(planned, off)
    assert "Ended" not in page(planned, off)
    assert "it has not begun" in page(planned)
    assert "it has not begun" not in page(planned, began)
    assert "We have not said" not in page(planned)


def test_a_page_leads_to_the_month_of_the_sites_own_zone() -> None:
    early = story(file(FIRST).replace("started: 2026-11-21 09:00", "started: 2026-11-01 00:10"))

    shown = said("10:00", early)

    [page] = [text for key, text in shown.items() if key.startswith("incidents/")]
    assert "All of November 2026" in page


def test_a_follow_up_names_who_has_it_now() -> None:
    ian = {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"}
    dawn = {"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"}
    gone = {**ian, "until": "2026-11-20", "successor": "Dawn Okafor"}
    last_day = {**gone, "until": "2026-11-21"}
    from_now_on, not_yet = (
        read_site({**SETTINGS, "PEOPLE": [dawn, one]}) for one in (gone, last_day)
    )
    end = (
        "## 2026-11-21 09:50 | Ian Reyes | resolved\n\n"
        "Works.\n\n- [ ] An alarm (Ian Reyes, 2026-11-28)"
    )

    shown = said("10:00", story(file(FIRST, end)), site=from_now_on)
    before = said("10:00", story(file(FIRST, end)), site=not_yet)

    assert "An alarm Ian Reyes , now Dawn Okafor · by 28 November 2026" in shown[CARDS_PAGE]
    assert "An alarm Ian Reyes · by 28 November 2026" in before[CARDS_PAGE]


def test_nobody_is_asked_after_where_nothing_is_wrong() -> None:
    harmless = file(FIRST).replace("impact: major", "impact: none")

    assert "We have not said who is affected yet." in said("10:00", story(file(FIRST)))[CARDS_PAGE]
    for text in said("10:00", story(harmless)).values():
        assert "We have not said" not in text


def test_a_template_escapes_everything_and_says_labels_in_the_language_of_the_page(
    tmp_path: Path,
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "own.html").write_text(
        "{% macro twice(word) %}{{ word }}{{ word }}{% endmacro %}"
        "{{ name }}|{{ twice(name) }}|{{ 3 }}|{{ name ~ '>' }}|{{ safe }}|"
        "{% for language in ['x'] %}{{ _('History') }}{% endfor %}"
    )
    site = read_site({**SETTINGS, "DEFAULT_LANG": "de"})
    renderer = Renderer(StatusPage.of(site, []), Markup(lambda _: None), tmp_path)
    context = {"name": "<i>&'\"", "safe": markupsafe.Markup("<b>")}
    page = Page(key="own.html", template="own.html", context=lambda _clock: context)

    made = renderer.render(page, Clock(datetime.fromisoformat("2026-11-21T10:00+01:00"))).decode()

    name = "&lt;i&gt;&amp;&#39;&#34;"
    assert made == f"{name}|{name}{name}|3|{name}&gt;|<b>|Verlauf"


def test_compiled_templates_take_the_place_of_older_ones_and_of_nothing_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "0123456789abcdef").mkdir()
    (tmp_path / "somebody's letters").mkdir()

    bytecode(tmp_path / "fedcba9876543210")

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fedcba9876543210",
        "somebody's letters",
    ]
