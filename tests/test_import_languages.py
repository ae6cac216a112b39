"""Translations in a cState site become translations here: same instants, other words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from judges import links
from sites import CONF, SmallSite

from firstword.check.across import check_together
from firstword.importers import carry
from firstword.importers.report import Report
from firstword.model import Incident
from firstword.parse import parse

AT = '{{{{< track "2021-03-04 {}:00" >}}}}'.format
ENGLISH = f"""\
---
title: Kiln three is cold
date: 2021-03-04T09:00:00Z
severity: down
resolved: true
resolvedWhen: 2021-03-04T12:00:00Z
affected: [Kiln]
---
*Resolved* - It is warm. {AT("12:00")}

*Identified* - A relay burnt. {AT("10:00")}

It is cold.
"""
FRENCH = f"""\
---
title: Le four trois est froid
date: 2021-03-04T09:00:00Z
severity: down
resolved: true
resolvedWhen: 2021-03-04T12:00:00Z
---
*Résolu* - Il est chaud. {AT("12:00")}

*Identifié* - Un relais. {AT("10:00")}

Seulement ici. {AT("11:30")}

![Le relais](/relais.png) Il est froid.
"""
TOLD = [
    ("investigating", "![Le relais](/images/relais.png) Il est froid."),
    ("identified", "*Identifié* - Un relais."),
    ("resolved", "*Résolu* - Il est chaud."),
]


def moved_in(tmp_path: Path, files: dict[str, str], config: str = "title: Oak\n") -> Report:
    """Import a cState site of these files into a site."""
    for name, text in (files | {"config.yml": config, "static/relais.png": "x"}).items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    site = tmp_path / "site"
    if not site.exists():
        SmallSite.make(site, {"pelicanconf.py": CONF})
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return carry("cstate", tmp_path / "source", site_root=site, zone=None, dry_run=False, now=now)


def stories(tmp_path: Path) -> dict[str, Incident]:
    """Return all stories of the site by their file; no rule finds anything between them."""
    found = {}
    for path in sorted((tmp_path / "site/content/incidents").rglob("*.md")):
        name = path.relative_to(tmp_path / "site").as_posix()
        parsed = parse(path.read_bytes(), name, ZoneInfo("UTC"))
        assert parsed.problems == ()
        assert parsed.incident is not None
        found[path.name] = parsed.incident
    assert list(check_together([*found.values()], lambda _: None)) == []
    return found


def told(incident: Incident) -> list[tuple[str, str]]:
    """Return status and words of each update."""
    return [(str(update.status), update.body) for update in incident.updates]


LISTED = "defaultContentLanguage: en\nlanguages: {en: {weight: 1}, fr: {weight: 2}}\n"


@pytest.mark.parametrize(
    ("settings", "front", "address"),
    [
        ({}, "", "fr/issues/cold"),
        ({}, "slug: froid", "fr/issues/froid"),
        ({}, "url: /avis/froid/", "avis/froid"),
        (
            {"config.yml": "permalinks: {issues: '/:year/:slug/'}\n"},
            "slug: froid",
            "fr/2021/froid",
        ),
        (
            {"config.yml": "languages: {fr: {permalinks: {issues: '/avis/:slug/'}}, en: {}}\n"},
            "slug: froid",
            "fr/avis/froid",
        ),
        (
            {"config/_default/languages.yaml": "fr: {permalinks: {page: {issues: /avis/:title}}}"},
            "",
            "fr/avis/le-four-trois-est-froid",
        ),
        (
            {
                "config/_default/permalinks.yaml": "issues: /i/:filename/",
                "config/_default/permalinks.fr.yaml": "issues: /avis/:filename/",
            },
            "",
            "fr/avis/cold",
        ),
    ],
)
def test_the_old_address_of_a_translation_leads_to_the_story(
    tmp_path: Path, settings: dict[str, str], front: str, address: str
) -> None:
    french = FRENCH.replace("---\n", f"---\n{front}\naliases: [froid]\ntags: [a]\n", 1)
    stories_of = {"content/issues/cold.md": ENGLISH, "content/issues/cold.fr.md": french}
    config = settings.get("config.yml", "title: Oak\n")

    report = moved_in(tmp_path, {**stories_of, **settings}, config)

    story = stories(tmp_path)["cold.md"]
    assert story.aliases[1:] == (address, "fr/issues/froid")[: 1 + (address != "fr/issues/froid")]
    assert [one for one in report.needs if "addresses" in one] == []
    assert "left out: tags: 'a'" in [str(one) for one in report.entries[1].left_out]


@pytest.mark.parametrize(
    ("original", "other", "config"),
    [
        ("content/issues/cold.md", "content/issues/cold.fr.md", "title: Oak\n"),
        ("content/issues/cold.md", "content/issues/cold.fr.md", LISTED),
        ("content/issues/cold.en.md", "content/issues/cold.fr.md", LISTED),
        ("content/issues/cold/index.md", "content/issues/cold/index.fr.md", LISTED),
        ("content/issues/cold.md", "content/fr/issues/cold.md", LISTED),
        ("content/en/issues/cold.md", "content/fr/issues/cold.md", LISTED),
    ],
)
def test_a_translation_stands_beside_its_original(
    tmp_path: Path, original: str, other: str, config: str
) -> None:
    report = moved_in(tmp_path, {original: ENGLISH, other: FRENCH}, config)

    assert report.total() == "read 2 = carried 2 + drafts 0 + not carried 0"
    found = stories(tmp_path)
    assert [*found] == ["cold.fr.md", "cold.md"]
    assert found["cold.fr.md"].title == "Le four trois est froid"
    assert told(found["cold.fr.md"]) == TOLD
    assert report.entries[0].needs == ()
    assert [(entry.source, entry.is_open) for entry in report.entries] == [
        (original, False),
        (other, False),
    ]
    assert report.entries[1].needs == (
        "an update of 2021-03-04 11:30:00Z that the original has not: 'Seulement ici.'",
    )
    again = moved_in(tmp_path, {}, config)
    assert again.unchanged == 2


def test_both_old_addresses_lead_on(tmp_path: Path) -> None:
    files = {"content/issues/cold.md": ENGLISH, "content/issues/cold.fr.md": FRENCH}
    moved_in(tmp_path, files)
    site = SmallSite(tmp_path / "site")

    assert site.pelican().code == 0

    for key in ("issues/cold/index.html", "fr/issues/cold/index.html"):
        assert "incidents/cold/" in site.page(key, "output")
    assert "Il est froid" in site.page("fr/incidents/cold/index.html", "output")
    assert links.complaints(site.root / "output", "https://status.acme.example") == []


def test_a_translation_that_comes_later_or_says_more_later_is_added(tmp_path: Path) -> None:
    moved_in(tmp_path, {"content/issues/cold.md": ENGLISH})
    words = FRENCH.replace('*Résolu* - Il est chaud. {{< track "2021-03-04 12:00:00" >}}', "")
    moved_in(tmp_path, {"content/issues/cold.fr.md": words})
    first = told(stories(tmp_path)["cold.fr.md"])

    moved_in(tmp_path, {"content/issues/cold.fr.md": FRENCH})

    assert first == TOLD[:2]
    assert told(stories(tmp_path)["cold.fr.md"]) == TOLD


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "cold.fr.md",
            FRENCH.replace("severity", "draft: true\nseverity"),
            "a translation that is",
        ),
        ("cold.fr.md", "---\ntitle: Froid\n---\n", "no word in it is one of the original's"),
    ],
)
def test_a_translation_that_cannot_be_carried_is_named(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    files = {"content/issues/cold.md": ENGLISH, f"content/issues/{name}": text}

    report = moved_in(tmp_path, files)

    lost = report.entries[1]
    assert lost.why.startswith(why)
    assert report.total() == "read 2 = carried 1 + drafts 0 + not carried 1"


@pytest.mark.parametrize(
    ("name", "config", "needs"),
    [
        ("cold.fr.md", LISTED, ("'fr': there is no original that it translates",)),
        ("cold.fr.md", "title: Oak\n", ()),
        ("node.js.md", "title: Oak\n", ()),
    ],
)
def test_what_translates_nothing_is_a_story_of_its_own(
    tmp_path: Path, name: str, config: str, needs: tuple[str, ...]
) -> None:
    report = moved_in(tmp_path, {f"content/issues/{name}": ENGLISH}, config)

    [entry] = report.entries
    assert entry.needs == needs
    [found] = stories(tmp_path).values()
    assert (found.language, found.title) == ("", "Kiln three is cold")
