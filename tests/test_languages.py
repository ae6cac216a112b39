"""Pages, feeds and small files in other languages than English, and pages of translations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import life
import pytest
from test_check import CARDS, SETTINGS, file, story

from firstword.api import build_api, status_json
from firstword.clock import Clock
from firstword.feeds import build_feeds
from firstword.markup import Markup
from firstword.model import Incident
from firstword.page import StatusPage
from firstword.render import Renderer, more_pages, pages, story_pages
from firstword.settings import read_site
from firstword.values import replace

THEME = Path(__file__).parent.parent / "theme"
CARDS_PAGE = "incidents/2026-11-21-cards/index.html"
FIRST = "## 2026-11-21 09:20 | Dawn Okafor | investigating\n\nOne in five."
MARKUP = Markup(lambda _: None)
#: Latin words that pages have in every language: formats, programs, what is pasted into them.
NAMES = {
    *(
        "Atom",
        "RSS",
        "JSON",
        "Feed",
        "UTC",
        "CET",
        "CEST",
        "Slack",
        "Microsoft",
        "Teams",
        "Workflows",
        "When",
        "feed",
        "item",
    ),
    *(
        "published",
        "Discord",
        "MonitoRSS",
        "Mattermost",
        "rss",
        "email",
        "Home",
        "Assistant",
        "Feedreader",
        "Remote",
    ),
    *(
        "Calendar",
        "Prometheus",
        "PagerDuty",
        "Alertmanager",
        "Email",
        "Atlassian",
        "Statuspage",
        "history",
        "atom",
    ),
    *(
        "crontab",
        "config",
        "cfg",
        "configuration",
        "yaml",
        "yml",
        "prometheus",
        "alertmanager",
        "rules",
        "status",
        "org",
    ),
    *("example", "mailto", "the", "Europe", "Amsterdam"),
}


def built(now: str, *stories: Incident, **settings: Any) -> Mapping[str, str]:
    """Return every page of a site at a time of 21 November 2026 in Copenhagen."""
    return rendered(
        StatusPage.of(read_site({**SETTINGS, **settings}), stories),
        datetime.fromisoformat(f"2026-11-21T{now}+01:00"),
    )


def rendered(status: StatusPage, now: datetime) -> Mapping[str, str]:
    renderer, clock = Renderer(status, MARKUP, THEME), Clock(now)
    told = (page for story in status.incidents for page in story_pages(status, story))
    made = [*told, *pages(status), *more_pages(status)]
    return {page.key: renderer.render(page, clock.fresh()).decode() for page in made}


def text(html: str) -> str:
    """Return what readers read of a page: no tags, no code, no script."""
    html = re.sub(r"<(style|script|code|pre)\b.*?</\1>", "", html, flags=re.DOTALL)
    html = re.sub(r'<span class="mono".*?</span>', "", html)
    return " ".join(re.sub(r"https?://\S+", "", unescape(re.sub(r"<[^>]+>", " ", html))).split())


def translated(*updates: str, language: str = "de", front: str = "title: Karten") -> Incident:
    body = "\n\n".join(updates)
    return story(f"---\n{front}\n---\n\n{body}", CARDS.replace(".md", f".{language}.md"))


# ── the whole site ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "direction", "words"),
    [
        ("de", "ltr", ["Nächste Nachricht", "Was wir gesagt haben", "Der ganze Verlauf"]),
        ("ja", "ltr", ["次の更新", "これまでの更新", "すべての履歴"]),
        ("ar", "rtl", ["التحديث التالي", "ما قلناه", "السجل كله"]),
    ],
)
def test_no_page_has_a_word_of_english_but_what_people_wrote(
    code: str, direction: str, words: list[str]
) -> None:
    """A month with every status, key and promise; people and names stay in Latin letters."""
    step = life.steps()[-1]
    site = read_site({**life.SETTINGS, "DEFAULT_LANG": code})
    status = StatusPage.of(site, life.build_page(step).incidents)
    written = " ".join(path.read_text(encoding="utf-8") for path in life.FOLDER.glob("*.md"))
    known = NAMES | set(re.findall(r"[A-Za-z]+", written + repr(life.SETTINGS)))

    shown = rendered(status, step.at)

    everything = " ".join(map(text, shown.values()))
    for word in words:
        assert word in everything
    for key, html in shown.items():
        # Translations of single stories have the interface of their own language.
        if re.match(r"[a-z]{2}/", key):
            continue
        assert f'<html lang="{code}" dir="{direction}">' in html
        if code == "de":
            continue
        assert set(re.findall(r"[A-Za-z]{2,}", text(html))) <= known, key
        for attribute in re.findall(r'(?:aria-label|title|data-[tsy]\w+)="([^"]*)"', html):
            found = set(re.findall(r"[A-Za-z]{2,}", unescape(attribute)))
            assert found <= known, (key, attribute)


def test_feeds_and_small_files_speak_the_sites_language() -> None:
    site = read_site({**SETTINGS, "DEFAULT_LANG": "de"})
    status = StatusPage.of(site, [story(file(FIRST.replace("\n\n", "\nnext: 10:00\n\n", 1)))])
    now = Clock(datetime.fromisoformat("2026-11-21T10:30+01:00"))

    feeds = {key: data.decode() for key, data in build_feeds(status, MARKUP)}
    files = {f.key: f.data.decode() for f in build_api(status, MARKUP, now.fresh)}

    entry = json.loads(feeds["feeds/updates.json"])
    assert entry["language"] == "de"
    assert entry["items"][0]["title"] == "[Wird untersucht] T"
    assert (
        "<li>Nächste Nachricht bis: 21. November 2026, 10:00 MEZ (09:00 UTC)</li>"
        in (entry["items"][0]["content_html"])
    )
    assert "<title>Acme status: Updates</title>" in feeds["feeds/updates.rss"]
    assert (
        "Neues bis 21. November 2026, 10:00 MEZ (09:00 UTC): keins, als dies entstand"
        in " ".join(files["status.txt"].split())
    )
    # Statuspage's own labels stay: programs look for them.
    description = json.loads(files["api/v2/status.json"])["status"]["description"]
    assert description == "Partial System Outage"
    # The words of formats stay, too.
    assert json.loads(status_json(status, "0" * 64, now).data)["incidents"][0]["status"] == (
        "investigating"
    )


def test_a_badge_speaks_the_sites_language() -> None:
    status = StatusPage.of(read_site({**SETTINGS, "DEFAULT_LANG": "ja"}), [])
    now = Clock(datetime.fromisoformat("2026-11-21T10:30+01:00"))

    files = {f.key: f.data.decode() for f in build_api(status, MARKUP, now.fresh)}

    assert json.loads(files["badge.json"])["message"] == "障害の報告なし"


def test_a_language_without_words_of_ours_has_labels_in_english_and_says_so() -> None:
    page = built("10:00", story(file(FIRST)), DEFAULT_LANG="fr")[CARDS_PAGE]

    assert '<html lang="en" dir="ltr">' in page
    assert '<h1><bdi><span lang="fr">T</span></bdi></h1>' in page
    assert '<div class="words" lang="fr"><p>One in five.</p>' in page
    assert "Not translated yet" not in page


# ── pages of translations ────────────────────────────────────────────────────────────────────────


def test_a_translation_has_its_labels_in_its_language() -> None:
    german = translated(FIRST.replace("One in five.", "Jede fünfte."))

    page = built("10:00", replace(story(file(FIRST)), translations=(german,)))[f"de/{CARDS_PAGE}"]

    assert '<html lang="de" dir="ltr">' in page
    assert 'Störung · <span class="status">Wird untersucht</span> · Auswirkung: Erheblich' in page
    assert "21. November 2026, 09:20\xa0MEZ (08:20\xa0UTC)" in page
    assert '<div class="words"><p>Jede fünfte.</p>' in page
    assert "nicht übersetzt" not in page
    # What only the script shows is German, too.
    assert 'data-lang="de-u-nu-latn"' in page
    assert 'data-text="Neues Update um {}:" data-show="Zeigen" data-yours="{} Ihrer Zeit"' in page


def test_what_nobody_translated_stands_there_in_the_original() -> None:
    news = "## 2026-11-21 09:40 | Ian Reyes | identified\naffected: Two in five.\n\nThe bank."
    german = translated(
        FIRST.replace("One in five.", "Jede fünfte."), front="title: Karten\naffected: Jede fünfte."
    )
    original = file(FIRST, news, front="affected: One in five.")

    page = built("10:00", replace(story(original), translations=(german,)))[f"de/{CARDS_PAGE}"]

    assert "1 Update ist noch nicht übersetzt und steht hier im Original." in page
    assert page.count("Noch nicht übersetzt:") == 1
    assert '<div class="words" lang="en"><p>The bank.</p>' in page
    # The German words about who is affected are no longer true.
    assert '<dt>Betroffen</dt><dd dir="auto" lang="en">Two in five.</dd>' in page
    assert '<s><span class="hidden">vorher: </span><bdi>Jede fünfte.</bdi></s>' in page


def test_a_translated_change_is_shown_in_its_language() -> None:
    change = "## 2026-11-21 09:40 | Ian Reyes | identified\n{}\n\n{}"
    german = translated(
        FIRST.replace("One in five.", "Jede fünfte."),
        change.format("workaround: PayPal nehmen.", "Die Bank."),
    )
    original = file(FIRST, change.format("workaround: Use PayPal.", "The bank."))

    page = built("10:00", replace(story(original), translations=(german,)))[f"de/{CARDS_PAGE}"]

    assert '<dt>Was Sie tun können</dt><dd dir="auto">PayPal nehmen.</dd>' in page
    assert "Use PayPal." not in page


def test_english_words_on_an_arabic_page_keep_their_direction() -> None:
    arabic = translated(
        FIRST.replace("One in five.", "عملية من كل خمس."), language="ar", front="title: البطاقات"
    )
    news = "## 2026-11-21 09:40 | Ian Reyes | identified\n\nThe bank."

    page = built("10:00", replace(story(file(FIRST, news)), translations=(arabic,)))[
        f"ar/{CARDS_PAGE}"
    ]

    assert '<html lang="ar" dir="rtl">' in page
    assert '<div class="words" lang="en" dir="ltr"><p>The bank.</p>' in page
    assert '<div class="words"><p>عملية من كل خمس.</p>' in page
    # A time, and a name inside of a sentence, each keep their own order.
    assert "21 نوفمبر 2026، \u206609:40\xa0CET (08:40\xa0UTC)\u2069" in page
    assert "الرد على \u2068Ian\u2069" in page


@pytest.mark.parametrize(("code", "comma"), [("ja", "、"), ("ar", "، ")])
def test_earlier_updates_on_a_home_page_have_the_commas_of_the_language(
    code: str, comma: str
) -> None:
    news = "## 2026-11-21 09:40 | Ian Reyes | identified\n\nThe bank."
    home = built("10:00", story(file(FIRST, news)), DEFAULT_LANG=code)["index.html"]

    earlier = home.partition('<p class="more">')[2].partition("</p>")[0]
    assert f"{comma}<a href" in earlier
    assert ", " not in text(earlier)


def test_an_english_page_has_nothing_of_its_translation() -> None:
    german = translated(FIRST.replace("One in five.", "Jede fünfte."))
    alone, beside = story(file(FIRST)), replace(story(file(FIRST)), translations=(german,))

    pages_alone, pages_beside = built("10:00", alone), built("10:00", beside)

    link = re.compile(r'<p class="languages">.*?</p>|<link rel="alternate" hreflang[^>]*>\s*')
    page = link.sub("", pages_beside[CARDS_PAGE])
    assert page.split() == link.sub("", pages_alone[CARDS_PAGE]).split()
    assert pages_beside["index.html"] == pages_alone["index.html"]
