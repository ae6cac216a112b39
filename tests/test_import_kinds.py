"""What Statusfy, stactus, StatusKit and mapped Markdown become, to the letter."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest

from firstword.importers import carry
from firstword.importers.report import Outcome, Report
from firstword.parse import parse

DATA = Path(__file__).parent / "data"


def moved_in(name: str, source: Path, site: Path, **more: str) -> Report:
    """Import a source into a new site."""
    site.mkdir()
    (site / "pelicanconf.py").write_text("COMPONENTS = []\n")
    return carry(
        name,
        source,
        site_root=site,
        zone=ZoneInfo(more["zone"]) if "zone" in more else None,
        dry_run=False,
        mapping=Path(more["mapping"]) if "mapping" in more else None,
    )


def facts(report: Report, source: str) -> list[str]:
    """Return what is told of one source file."""
    [entry] = [entry for entry in report.entries if entry.source == source]
    return [line.strip() for line in list(entry.lines())[1:]]


def one(tmp_path: Path, name: str, path: str, text: str, **more: str) -> tuple[str, list[str]]:
    """Import a source of one file; return what it became and what is told of it."""
    target = tmp_path / "source" / path
    target.parent.mkdir(parents=True)
    target.write_text(dedent(text))
    report = moved_in(name, tmp_path / "source", tmp_path / "site", **more)
    [entry] = report.entries
    if entry.outcome is Outcome.NOT_CARRIED:
        return "", [entry.why]
    written = (tmp_path / "site" / entry.target).read_text()
    assert parse(written.encode(), entry.target, ZoneInfo("UTC")).problems == ()
    return written, facts(report, entry.source)


# ── Statusfy ─────────────────────────────────────────────────────────────────────────────────────


def test_a_statusfy_incident_with_its_updates_and_address(tmp_path: Path) -> None:
    moved_in("statusfy", DATA / "statusfy", tmp_path / "site")

    told = tmp_path / "site/content/incidents/2021"
    assert (told / "2021-03-04-kiln-cold.md").read_text() == dedent(
        """\
        ---
        title: Kiln three is cold
        impact: major
        started: 2021-03-04 09:12:40Z
        components: [kiln, glaze-line]
        id: k1ln0304
        aliases: [incidents/K1LN0304]
        imported: statusfy
        ---

        ## 2021-03-04 09:12:40Z | imported | investigating

        It heats to 300 °C and stops.

        ![The relay](/images/relay.png)

        Mugs ordered today come on Tuesday.

        ## 2021-03-04 11:05Z | imported | update

        **A relay burnt through**

        A new one comes by train.

        ## 2021-03-04 16:30Z | imported | resolved

        It holds 1240 °C again.
        """
    )
    # A translation says what its original says, at the same instants.
    assert (told / "2021-03-04-kiln-cold.de.md").read_text() == dedent(
        """\
        ---
        title: Ofen drei ist kalt
        imported: statusfy
        ---

        ## 2021-03-04 09:12:40Z | imported | investigating

        Er heizt bis 300 °C und bleibt stehen.

        ## 2021-03-04 16:30Z | imported | resolved

        Er hält wieder 1240 °C.
        """
    )


def test_statusfy_schedules_maintenance_in_json_and_reads_toml(tmp_path: Path) -> None:
    report = moved_in("statusfy", DATA / "statusfy", tmp_path / "site")

    told = tmp_path / "site/content/incidents/2021"
    flue = (told / "2021-06-10-new-flue.md").read_text()
    assert "scheduled_for: 2021-06-10 06:00Z\nscheduled_until: 2021-06-10 07:30Z\n" in flue
    assert "## 2021-06-10 07:10Z | imported | completed\n\nThe new one draws well.\n" in flue
    shop = (told / "2021-09-30-shop-slow.md").read_text()
    assert "**Looking** (at noon)\n\nStill slow.\n" in shop
    assert facts(report, "content/shop-slow.md") == [
        (
            "update: '::: update Looking | at noon' -> '::: update Looking | at noon'"
            " (no time in it; it stays as text)"
        ),
        "status: 'resolved' -> 'update' (not resolved)",
    ]
    assert facts(report, "content/de/2021-03-04_kiln-cold.md") == [
        (
            "needs a person: an update of 2021-03-05 08:00:00Z that the original has not:"
            " 'Das steht nur hier.'"
        )
    ]
    conf = (tmp_path / "site/pelicanconf.py").read_text()
    assert '"id": "kiln", "name": "Kiln three", "group": "", "description": "Fires at 1240' in conf


WINDOW = {"severity": "under-maintenance", "scheduled": "2021-03-05T06:00:00Z"}


@pytest.mark.parametrize(
    ("front", "kept", "told"),
    [
        (
            {"severity": "under-maintenance", "affectedsystems": ["kiln"]},
            "impact: none\nstarted: 2021-03-04 09:00Z\ncomponents: [kiln under_maintenance]\n",
            [],
        ),
        (
            {"severity": "under-maintenance", "scheduled": "2021-03-05T06:00:00Z"},
            "scheduled_for: 2021-03-05 06:00Z\nscheduled_until: 2021-03-05 07:00Z\n",
            [
                (
                    "scheduled_until: '' -> '2021-03-05 07:00:00Z'"
                    " (not said; an hour stands in for it)"
                )
            ],
        ),
        (
            {"severity": "down", "resolved": "true"},
            "## 2021-03-04 09:01Z | imported | resolved\n",
            [
                "severity: 'down' -> 'impact none' (not a severity)",
                ("resolved: '' -> 'resolved, 2021-03-04 09:01:00Z' (over, and not said when)"),
            ],
        ),
        (
            {"modified": "2021-03-04T10:00:00Z", "resolved": "true"},
            "## 2021-03-04 10:00Z | imported | resolved\n",
            [],
        ),
        (
            WINDOW | {"duration": 90, "resolved": "true"},
            "## 2021-03-05 07:30Z | imported | completed\n",
            [
                (
                    "resolved: '' -> 'completed, 2021-03-05 07:30:00Z'"
                    " (over, and not said when; it was planned until then)"
                )
            ],
        ),
        (
            WINDOW | {"duration": 90, "resolved": "true", "modified": "2021-03-04T10:00:00Z"},
            "## 2021-03-04 10:00Z | imported | completed\n",
            [
                (
                    "resolved: '2021-03-04 10:00:00Z' -> '2021-03-04 10:00:00Z'"
                    " (before the window, which begins 2021-03-05 06:00:00Z; it stays)"
                )
            ],
        ),
        (
            WINDOW | {"resolved": "true"},
            "## 2021-03-04 09:01Z | imported | completed\n",
            [
                "resolved: '' -> 'completed, 2021-03-04 09:01:00Z' (over, and not said when)",
                "resolved: '2021-03-04 09:01:00Z' -> '2021-03-04 09:01:00Z' (before the window",
                "scheduled_until: '' -> '2021-03-05 07:00:00Z'",
            ],
        ),
        ({"date": "soon"}, "started: 2021-03-02 00:00Z\n", ["date: 'soon' -> "]),
        (
            {"title": "", "description": "It is cold."},
            "title: 2021-03-02-cold\n",
            ["title: '' -> '2021-03-02-cold' (there is none)"],
        ),
        (
            {"id": "A B"},
            "title: Cold\nimpact: critical\n",
            ["id: 'a b' -> ", "address: 'incidents/A B' -> ''"],
        ),
    ],
)
def test_statusfy_values_that_lack_something(
    tmp_path: Path, front: dict[str, object], kept: str, told: list[str]
) -> None:
    given = {"title": "Cold", "date": "2021-03-04T09:00:00Z", "severity": "major-outage"} | front

    text, lines = one(
        tmp_path, "statusfy", "content/2021-03-02_cold.md", f"---json\n{json.dumps(given)}\n---\nx"
    )

    assert kept in text
    lines = [line for line in lines if not line.startswith("left out")]
    assert [line[: len(start)] for line, start in zip(lines, told, strict=True)] == told


# ── stactus ──────────────────────────────────────────────────────────────────────────────────────


def test_a_stactus_timeline_with_relative_times(tmp_path: Path) -> None:
    report = moved_in("stactus", DATA / "stactus", tmp_path / "site")

    kiln = tmp_path / "site/content/incidents/2024/2024-09-13-kiln-three-is-cold.md"
    assert kiln.read_text() == dedent(
        """\
        ---
        title: Kiln three is cold
        impact: major
        started: 2024-09-13 05:42Z
        components: [kiln]
        id: 20240913-0001
        aliases: [ir/20240913-0001.html]
        imported: stactus
        ---

        ## 2024-09-13 05:42Z | imported | investigating

        It heats to 300 °C and stops.

        ## 2024-09-13 05:59Z | imported | update

        A relay burnt through.

        ---
        A new one comes by train.

        ## 2024-09-13 09:30Z | imported | resolved

        It holds 1240 °C again.

        ## 2024-09-13 11:00Z | imported | update

        Two shelves of mugs are lost.
        """
    )
    assert {e.source: e.why for e in report.entries if e.why} == {
        "broken.yml: document 2": "did not find expected ',' or ']' in line 4",
        "broken.yml: document 3": "its version is not 'incident/v1': 'incident/v2'",
        "broken.yml: document 4": (
            "no first time that can be read: '+5m': nothing stands before it"
        ),
    }


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("2024/09/13 05:42", "2024-09-13 03:42Z"),
        ("2024-09-13 05:59", "2024-09-13 03:59Z"),
        ("2024-09-13T05:59:10.123456789Z", "2024-09-13 05:59:10Z"),
        ("+17m", "2024-09-12 22:17Z"),
        ("+1h30m", "2024-09-12 23:30Z"),
        ("+30s", "2024-09-12 22:00:30Z"),
        ("05:59", "2024-09-13 03:59Z"),
        ("5:59PM", "2024-09-13 15:59Z"),
        ("12:05AM", "2024-09-12 22:05Z"),
    ],
)
def test_stactus_times(tmp_path: Path, typed: str, instant: str) -> None:
    text, told = one(
        *(tmp_path, "stactus", "a.yaml"),
        f"""\
        version: incident/v1
        name: Cold
        timeline:
          - ts: 2024-09-13 00:00
            description: One.
          - ts: {typed}
            description: Two.
        """,
        zone="Europe/Copenhagen",
    )

    assert f"## {instant} | imported | update\n\nTwo.\n" in text
    assert "## 2024-09-12 22:00Z | imported | investigating\n\nOne.\n" in text
    assert told == ["timeline: 'update' -> 'investigating' (the first word of a story)"]


# ── StatusKit ────────────────────────────────────────────────────────────────────────────────────


def test_a_statuskit_incident_in_toml(tmp_path: Path) -> None:
    moved_in("statuskit", DATA / "statuskit", tmp_path / "site")

    told = tmp_path / "site/content/incidents/2017"
    assert (told / "2017-03-04-kiln-cold.md").read_text() == dedent(
        """\
        ---
        title: Kiln three is cold
        impact: critical
        started: 2017-03-04 09:12:40Z
        components: [kiln-three]
        aliases: [incidents/2017/03/04/kiln-three-is-cold]
        imported: statuskit
        ---

        ## 2017-03-04 09:12:40Z | imported | investigating

        It heats to 300 °C and stops.

        ## 2017-03-04 11:05Z | imported | update

        A relay burnt through.

        ## 2017-03-04 16:30Z | imported | resolved

        It holds 1240 °C again.
        """
    )
    flue = (told / "flue.md").read_text()
    assert "components: [kiln-three under_maintenance, cellar under_maintenance]\n" in flue


# ── mapped Markdown ──────────────────────────────────────────────────────────────────────────────


def test_articles_become_what_the_mapping_says(tmp_path: Path) -> None:
    articles = DATA / "articles"

    report = moved_in(
        "pelican", articles, tmp_path / "site", mapping=str(articles / "mapping.yaml")
    )

    told = tmp_path / "site/content/incidents/2021"
    assert (told / "2021-03-04-kiln-cold.md").read_text() == dedent(
        """\
        ---
        title: Kiln three is cold
        impact: critical
        started: 2021-03-04 09:12Z
        components: [kiln, shop]
        aliases: [kiln-cold.html]
        imported: pelican
        ---

        ## 2021-03-04 09:12Z | imported | investigating

        It heats to 300 °C and stops.

        ![The relay](/images/relay.png)

        ## 2021-03-04 11:05Z | imported | identified

        A relay burnt through.

        ## 2021-03-04 16:30Z | imported | resolved

        **It is warm**

        It holds 1240 °C again.
        """
    )
    assert "kind: maintenance\n" in (told / "2021-06-01-flue.md").read_text()
    assert "kind: notice\n" in (told / "2021-06-11-open-studio.md").read_text()
    assert facts(report, "incidents/flue.md") == [
        (
            "impact: 'enormous' -> '' (one of: none, minor, major, critical; 'values' in the"
            " mapping says which)"
        ),
        "ended: 'soon' -> '' (not a time)",
        "scheduled_until: '' -> '2021-06-10 07:00:00Z' (not said; an hour stands in for it)",
    ]


@pytest.mark.parametrize(
    ("ended", "body", "kept", "told"),
    [
        (
            "2021-03-04 08:00",
            "Cold.",
            "## 2021-03-04 09:01Z | imported | resolved\n",
            ["ended: '2021-03-04 08:00:00Z' -> '' (before the beginning, 2021-03-04 09:00:00Z)"],
        ),
        (
            "2021-03-04 10:00",
            "Cold.\n\n## 2021-03-04 11:00 - monitoring\n\nWarm.",
            "resolved\n\n## 2021-03-04 11:00Z | imported | update\n\n**Monitoring**\n\nWarm.\n",
            ["status: 'monitoring' -> 'update' (it comes after ended)"],
        ),
        (
            "",
            "Cold.\n\n## 2021-03-04 11:00 - Resolved\n\nWarm.",
            "## 2021-03-04 11:00Z | imported | update\n\n**Resolved**\n\nWarm.\n",
            ["status: 'resolved' -> 'update' (not resolved)"],
        ),
        (
            "2021-03-04 12:00",
            "Cold.\n\n## 2021-03-04 09:00 - identified\n\nA relay.\n\n```\n## 2021-03-05\n```",
            "## 2021-03-04 09:00:01Z | imported | identified\n\nA relay.\n\n```\n## 2021-03-05\n",
            [
                (
                    "time: '2021-03-04 09:00:00Z' -> '2021-03-04 09:00:01Z' (two updates in one"
                    " second; an update's id is its instant)"
                )
            ],
        ),
    ],
)
def test_ends_that_cannot_be(
    tmp_path: Path, ended: str, body: str, kept: str, told: list[str]
) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('title = "title"\nstarted = "date"\nended = "end"\nupdates = "headings"\n')
    article = f"Title: Cold\nDate: 2021-03-04 09:00\nEnd: {ended}\n\n{body}\n"

    text, lines = one(tmp_path, "pelican", "cold.md", article, mapping=str(mapping))

    assert kept in text
    assert [line for line in lines if "over, and not said" not in line] == told
