"""What cState shares with Hugo: front matter and settings in three languages, kinds of marks."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from textwrap import dedent

import pytest

from firstword.importers import carry
from firstword.importers.report import Outcome, Report
from firstword.model import Incident
from firstword.parse import parse

AT = '{{{{< track "2021-03-04 {}:00" >}}}}'.format


def moved_in(tmp_path: Path, files: dict[str, str]) -> tuple[Report, Path]:
    """Import a cState site of these files into a new site."""
    for name, text in files.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    site = tmp_path / "site"
    site.mkdir()
    (site / "pelicanconf.py").write_text("COMPONENTS = []\n")
    source = tmp_path / "source"
    return carry("cstate", source, site_root=site, zone=None, dry_run=False), site


def facts(report: Report) -> list[str]:
    """Return what is told of a report's only file."""
    [entry] = report.entries
    return [line.strip() for line in list(entry.lines())[1:]]


def told(tmp_path: Path, text: str) -> Incident:
    """Import one issue and read what it became."""
    report, site = moved_in(tmp_path, {"content/issues/cold.md": text, "hugo.yaml": "{}"})
    [entry] = report.entries
    assert entry.outcome is Outcome.CARRIED, entry.why
    found = parse((site / entry.target).read_bytes(), entry.target, UTC).incident
    assert found is not None
    return found


YAML = """\
---
title: Cold
date: 2021-03-04T09:00:00+01:00
resolved: true
resolvedWhen: 2021-03-04 10:30:00
severity: down
affected: [API, "Web Shop"]
---
It is cold.
"""
TOML = """\
+++
title = "Cold"
date = 2021-03-04T09:00:00+01:00
resolved = true
resolvedWhen = 2021-03-04T10:30:00
severity = "down"
affected = ["API", "Web Shop"]
+++
It is cold.
"""
JSON = """\
{
  "title": "Cold",
  "date": "2021-03-04T09:00:00+01:00",
  "resolved": true,
  "resolvedWhen": "2021-03-04 10:30:00",
  "severity": "down",
  "affected": ["API", "Web Shop"]
}
It is cold.
"""


@pytest.mark.parametrize("text", [YAML, TOML, JSON], ids=["yaml", "toml", "json"])
def test_front_matter_says_the_same_in_three_languages(tmp_path: Path, text: str) -> None:
    report, site = moved_in(
        tmp_path, {"content/issues/2021-03-04-cold.md": text, "config.yml": "title: x\n"}
    )

    written = (site / "content/incidents/2021/2021-03-04-cold.md").read_text()
    assert written == dedent(
        """\
        ---
        title: Cold
        impact: critical
        started: 2021-03-04 08:00Z
        components: [api, web-shop]
        aliases: [issues/2021-03-04-cold]
        imported: cstate
        ---

        ## 2021-03-04 08:00Z | imported | investigating

        It is cold.

        ## 2021-03-04 10:30Z | imported | resolved
        """
    )
    assert facts(report) == []


SYSTEMS_YAML = """\
title: Oak
params:
  Categories: [{name: Barn}, {name: Online, description: What runs, closed: true}]
  Systems:
    - {name: Web Shop, category: Online}
    - {name: Kiln, displayName: Kiln three, category: Barn, histogram: true}
"""
SYSTEMS_TOML = """\
title = "Oak"
[params]
[[params.categories]]
name = "Barn"
[[params.categories]]
name = "Online"
description = "What runs"
closed = true
[[params.systems]]
name = "Web Shop"
category = "Online"
[[params.systems]]
name = "Kiln"
displayName = "Kiln three"
category = "Barn"
histogram = true
"""
SYSTEMS_JSON = """\
{"title": "Oak", "params": {
  "categories": [{"name": "Barn"}, {"name": "Online", "description": "What runs", "closed": true}],
  "systems": [{"name": "Web Shop", "category": "Online"},
              {"name": "Kiln", "displayName": "Kiln three", "category": "Barn", "histogram": true}]
}}
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yml", SYSTEMS_YAML),
        ("config.toml", SYSTEMS_TOML),
        ("config.json", SYSTEMS_JSON),
        ("hugo.yaml", SYSTEMS_YAML),
        ("hugo.toml", SYSTEMS_TOML),
        ("config/_default/hugo.json", SYSTEMS_JSON),
    ],
)
def test_settings_list_components_in_the_order_of_their_groups(
    tmp_path: Path, name: str, text: str
) -> None:
    report, site = moved_in(tmp_path, {"content/issues/2021-03-04-cold.md": YAML, name: text})

    assert (site / "pelicanconf.py").read_text() == dedent(
        """\
        COMPONENTS = [
            {"id": "kiln", "name": "Kiln three", "group": "Barn", "description": ""},
            {"id": "web-shop", "name": "Web Shop", "group": "Online", "description": ""},
            {"id": "api", "name": "API", "group": "", "description": "", "retired": True},
        ]
        """
    )
    assert sorted(str(item) for item in report.left_out if "address" not in item.what) == [
        f"left out: {name}: 'title'",
        f"left out: {name}: category 'Online': closed: 'true'",
        f"left out: {name}: category 'Online': description: 'What runs'",
        f"left out: {name}: system 'Kiln': histogram: 'true'",
    ]


def test_a_group_without_a_title_is_none_and_descriptions_are_plain(tmp_path: Path) -> None:
    settings = """\
        params:
          categories: [{name: Barn, untitled: false}, {name: Other, untitled: true}]
          systems:
            - {name: Kiln, category: Barn, description: a_b & 3 < 4}
            - {name: Tap, category: Other, description: "The *only* one, see [this](https://a.example)"}
        """

    report, site = moved_in(
        tmp_path, {"content/issues/2021-03-04-cold.md": YAML, "config.yml": dedent(settings)}
    )

    conf = (site / "pelicanconf.py").read_text()
    assert '"name": "Kiln", "group": "Barn", "description": "a_b & 3 < 4"}' in conf
    assert '"name": "Tap", "group": "", "description": "The only one, see this"}' in conf
    assert [str(repair) for repair in report.repairs] == [
        "config.yml: category: 'Other' -> '' (untitled: shown without its name)",
        (
            "config.yml: description: 'The *only* one, see [this](https://a.example)' -> 'The only"
            " one, see this' (plain text here)"
        ),
    ]
    assert not [one for one in report.left_out if "untitled" in one.what]


def test_parameters_may_have_a_file_of_their_own(tmp_path: Path) -> None:
    files = {
        "content/issues/2021-03-04-cold.md": YAML,
        "config/_default/config.toml": 'title = "Oak"\n',
        "config/_default/params.toml": 'systems = [{name = "API"}, {name = "Web Shop"}]\n',
    }

    report, _ = moved_in(tmp_path, files)

    assert report.components == ("'API' -> api, added", "'Web Shop' -> web-shop, added")
    assert report.needs == ()


@pytest.mark.parametrize(
    ("body", "updates"),
    [
        (
            f"### Resolved\nWarm. {AT('11:00')}\n\n### Update\nColder. {AT('10:00')}\n\nCold.",
            [("investigating", "Cold."), ("update", "Colder."), ("resolved", "Warm.")],
        ),
        (
            f"Cold.\n\n### Resolved\n\nWarm. {AT('11:00')}",
            [("investigating", "Cold."), ("resolved", "Warm.")],
        ),
        (
            f"[Resolved] Warm. {AT('11:00')}\n\n[Initial message] Cold. {AT('09:00')}",
            [("investigating", "[Initial message] Cold."), ("resolved", "Warm.")],
        ),
        (
            f"**Resolved**\n\nWarm. {AT('11:00')}\n\n*Identified* - A relay. {AT('09:30')}",
            [("investigating", ""), ("identified", "A relay."), ("resolved", "Warm.")],
        ),
        (
            f"[Resolved](https://x.example) Warm. {AT('11:00')}\n\n### Prices\nStay. {AT('10:00')}",
            [
                ("investigating", ""),
                ("update", "### Prices\nStay."),
                ("resolved", "[Resolved](https://x.example) Warm."),
            ],
        ),
    ],
    ids=["headings", "a heading amid", "brackets", "bold", "links and other headings"],
)
def test_marks_of_a_part(tmp_path: Path, body: str, updates: list[tuple[str, str]]) -> None:
    front = "title: Cold\ndate: 2021-03-04T09:00:00Z\nseverity: down\nresolved: true\n"

    incident = told(tmp_path, f"---\n{front}resolvedWhen: 2021-03-04T11:00:00Z\n---\n{body}\n")

    assert [(str(u.status), u.body) for u in incident.updates] == updates


def test_a_pinned_post_is_a_notice_that_stays(tmp_path: Path) -> None:
    front = "title: Open day\ndate: 2021-03-04\ninformational: true\npin: true\n"

    report, site = moved_in(
        tmp_path, {"content/issues/day.md": f"---\n{front}---\nCome.\n", "hugo.yaml": "{}"}
    )

    text = (site / "content/incidents/2021/day.md").read_text()
    assert "kind: notice\n" in text
    assert [entry.is_open for entry in report.entries] == [True]
    assert facts(report) == ["left out: pin: 'true'"]


PLACED = """\
---
title: Kiln is cold
date: 2021-03-04T09:00:00Z
severity: down
{}
---
It is cold.
"""


@pytest.mark.parametrize(
    ("settings", "front", "address"),
    [
        ("{}", "", "issues/2021-kiln"),
        ("uglyURLs: true", "", "issues/2021-kiln.html"),
        ("uglyURLs: {issues: true}", "", "issues/2021-kiln.html"),
        ("uglyURLs: {posts: true}", "", "issues/2021-kiln"),
        ("uglyURLs: true", "url: /kiln/", "kiln"),
        ("permalinks: {issues: '/:year/:month/:day/:slug/'}", "", "2021/03/04/kiln-is-cold"),
        ("permalinks: {issues: '/:year/:slug/'}", "slug: cold", "2021/cold"),
        ("permalinks: {issues: '/:title'}", "slug: cold", "kiln-is-cold"),
        ("permalinks: {page: {issues: '/i/:filename/'}}", "slug: cold", "i/2021-kiln"),
        ("permalinks: {issues: '/i/:filename/'}\nuglyURLs: true", "", "i/2021-kiln.html"),
        ("permalinks: {posts: '/:year/:slug/'}", "", "issues/2021-kiln"),
        ("languages: {en: {permalinks: {issues: '/:year/:slug/'}}}", "slug: cold", "2021/cold"),
        ("defaultContentLanguageInSubdir: true", "", "en/issues/2021-kiln"),
    ],
)
def test_old_addresses_are_those_that_the_settings_made(
    tmp_path: Path, settings: str, front: str, address: str
) -> None:
    text = PLACED.format(front)
    files = {"content/issues/2021-kiln.md": text, "hugo.yaml": settings}

    report, site = moved_in(tmp_path, files)

    [entry] = report.entries
    found = parse((site / entry.target).read_bytes(), entry.target, UTC).incident
    assert found is not None
    assert found.aliases == (address,)
    assert not report.needs_person


@pytest.mark.parametrize(
    ("name", "settings", "what"),
    [
        ("hugo.yaml", "permalinks: {issues: '/:weekday/:slug/'}", "':weekday' in"),
        ("hugo.yaml", "permalinks: {issues: '/:sections[1:]/:slug'}", "':sections[1:]' in"),
        ("config/_default/permalinks.yaml", "issues: /:weekday/", "':weekday' in"),
    ],
)
def test_addresses_by_a_rule_that_is_not_read_need_a_person(
    tmp_path: Path, name: str, settings: str, what: str
) -> None:
    files = {"hugo.yaml": "{}", "content/issues/kiln.md": PLACED.format(""), name: settings}

    report, _ = moved_in(tmp_path, files)

    [need] = report.needs
    assert need.startswith(f"old addresses follow 'permalinks', which is not read: {what}")
