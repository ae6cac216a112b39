"""The report of an import: a row for every file, sums that add up, each kind of repair counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from judges import links
from sites import CONF, SmallSite

from firstword.importers import carry
from firstword.importers.report import LOST, Report
from firstword.importers.sheet import files

FRONT = {"title": "Cold", "date": "2021-03-04T09:00:00Z", "severity": "down"}


def issue(**values: str) -> str:
    """Return an issue file; '-' leaves a value out."""
    front = {key: value for key, value in (FRONT | values).items() if value != "-"}
    return "".join(["---\n", *(f"{k}: {v}\n" for k, v in front.items()), "---\nWords.\n"])


def moved_in(tmp_path: Path, files: dict[str, str]) -> Report:
    """Import a cState site of these files into a new site."""
    config = {"config.yml": "title: Oak\nparams: {systems: [{name: API}]}\n"}
    for name, text in (config | files).items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    site = tmp_path / "site"
    site.mkdir()
    (site / "pelicanconf.py").write_text("COMPONENTS = []\n")
    return carry("cstate", tmp_path / "source", site_root=site, zone=None, dry_run=False)


def table(report: Report) -> list[str]:
    """Return the rows of the table, its head and its sum."""
    lines = list(report.lines())
    first = next(at for at, line in enumerate(lines) if line.startswith("what "))
    last = next(at for at, line in enumerate(lines) if line.startswith("in all"))
    return lines[first : last + 1]


WHOLE = {
    "content/issues/cold.md": issue(affected="[API, Kiln]"),
    "content/issues/bad.md": issue(date="-"),
    "content/issues/_index.md": "---\ntitle: All\n---\n",
    "content/issues/cold.png": "x",
    "content/pages/about.md": "---\ntitle: About\n---\n",
    "content/affected/api/_index.md": "---\ntitle: API\n---\n",
    "static/logo.svg": "<svg/>",
    "static/admin/index.html": "<p>",
    "netlify.toml": "",
    ".gitignore": "public\n",
    ".git/HEAD": "x",
    ".git/config": "x",
    "themes/cstate/theme.toml": "",
    "exampleSite/layouts/x.html": "",
}


def test_every_file_of_the_source_has_a_row(tmp_path: Path) -> None:
    report = moved_in(tmp_path, WHOLE)

    assert f"into the site {tmp_path / 'site'}" in [*report.lines()]
    assert [" ".join(row.split()) for row in table(report)] == [
        "what updates repairs left out needs file",
        "not carried 0 0 0 0 content/issues/bad.md",
        "carried 1 0 0 0 content/issues/cold.md -> content/incidents/2021/cold.md",
        "settings config.yml",
        "left alone content/issues/_index.md (the page of a list, not an issue)",
        "left alone .gitignore (a hidden file)",
        "left alone content/affected/api/_index.md (a page, not an incident)",
        "left alone content/issues/cold.png (no story shows it)",
        "left alone content/pages/about.md (a page, not an incident)",
        "left alone exampleSite/layouts/x.html (not a story)",
        "left alone netlify.toml (not a story)",
        "left alone static/admin/index.html (not a story)",
        "left alone static/logo.svg (no story shows it)",
        "left alone .git/ (hidden files, 2 in all)",
        "left alone themes/ (what the old page is made with, 1 in all)",
        "besides 0 2 0 the source as a whole",
        "in all 1 0 2 0 files 14 = stories 2 + read besides 1 + pictures 0 + left alone 11",
    ]


def test_the_sums_of_the_table_are_those_of_the_counts(tmp_path: Path) -> None:
    files = {
        "content/issues/a.md": issue(severity="bad", weight="3", resolved="true"),
        "content/issues/b.md": issue(severity="Down", resolvedWhen="2021-03-04"),
    }

    report = moved_in(tmp_path, files)

    updates, repairs, left, needs = (int(word) for word in table(report)[-1].split()[2:6])
    counts = report.counts()
    assert updates == 3
    assert repairs == sum(n for what, n in counts.items() if what.startswith("repairs: ")) == 3
    assert left == counts["values left out"] == 4
    assert needs == counts["needs of a person"] == 0
    as_json = json.loads(json.dumps(report.as_json()))
    assert as_json["files"] == {"stories": 2, "read besides": 1, "pictures": 0, "left alone": 0}
    assert [entry["updates"] for entry in as_json["entries"]] == [2, 1]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"resolved": "true"}, "ends that nobody wrote"),
        ({"informational": "true", "severity": "-"}, "ends that nobody wrote"),
        (
            {"resolved": "true", "resolvedWhen": "2021-03-03T09:00:00Z"},
            "ends before the beginning",
        ),
        ({"resolved": "true", "resolvedWhen": "soon"}, "dates that are none"),
        ({"date": "soon"}, "dates that are none"),
        ({"affected": "[Kiln]"}, "components nobody lists"),
    ],
)
def test_each_kind_of_repair_is_counted(tmp_path: Path, values: dict[str, str], what: str) -> None:
    report = moved_in(tmp_path, {"content/issues/2021-03-04-a.md": issue(**values)})

    kinds = ("ends that", "ends before", "dates that", "titles of", "components nobody")
    counted = {name: n for name, n in report.counts().items() if name.startswith(kinds) and n}
    assert counted == {what: 1}
    assert any(line.strip() == f"1  {what}" for line in report.lines())


def test_titles_that_several_stories_have_are_named_and_counted(tmp_path: Path) -> None:
    files = {f"content/issues/{name}.md": issue() for name in "abc"}
    files["content/issues/d.md"] = issue(title="Warm")

    report = moved_in(tmp_path, files)

    assert report.titles == (("Cold", 3),)
    assert "title 'Cold': 3 stories have it" in report.lines()
    assert report.counts()["titles of several stories"] == 1


@pytest.mark.parametrize(
    ("values", "end"),
    [
        # cState shows neither on top: a post that is not pinned, and one that was taken down.
        ({}, "2021-03-04 09:01"),
        ({"pin": "false", "resolved": "false"}, "2021-03-04 09:01"),
        ({"resolvedWhen": "2021-03-05T10:00:00Z"}, "2021-03-05 10:00"),
        ({"pin": "true"}, ""),
        ({"resolved": "false"}, ""),
    ],
)
def test_an_informational_post_is_open_as_long_as_the_old_page_shows_it_on_top(
    tmp_path: Path, values: dict[str, str], end: str
) -> None:
    text = issue(informational="true", severity="-", **values)

    report = moved_in(tmp_path, {"content/issues/a.md": text})

    [entry] = report.entries
    assert entry.is_open is not bool(end)
    told = (tmp_path / "site" / entry.target).read_text()
    assert (f"## {end}Z | imported | done\n" in told) is bool(end)
    made_up = bool(end) and "resolvedWhen" not in values
    assert [repair.kind for repair in entry.repairs] == ["closing"] * made_up


def test_an_old_address_outside_of_the_issues_leads_on(tmp_path: Path) -> None:
    old = tmp_path / "old/content/issues/cold.md"
    old.parent.mkdir(parents=True)
    old.write_text(issue(aliases="[/blog/2019/cold/, /cold.html]"))
    site = SmallSite.make(tmp_path / "site", {"pelicanconf.py": CONF})

    assert site.firstword("import", "cstate", str(tmp_path / "old")).code == 3
    assert site.pelican().code == 0

    for key in ("blog/2019/cold/index.html", "cold.html", "issues/cold/index.html"):
        assert 'http-equiv="refresh"' in site.page(key, "output")
    assert links.complaints(site.root / "output", "https://status.acme.example") == []


def test_a_file_with_stories_and_components_is_counted_once(tmp_path: Path) -> None:
    update = {
        "id": "u",
        "display_at": "2021-03-04T09:00:00Z",
        "body": "Cold.",
        "status": "resolved",
    }
    row = {"id": "cold", "name": "Cold", "impact": "none", "incident_updates": [update]}
    document = {"incidents": [row], "components": [{"id": "k", "name": "Kiln"}]}
    (tmp_path / "source").mkdir()
    (tmp_path / "source/summary.json").write_text(json.dumps(document))
    (tmp_path / "site").mkdir()

    report = carry(
        *("statuspage", tmp_path / "source"), site_root=tmp_path / "site", zone=None, dry_run=True
    )

    assert files(report) == {"stories": 1, "read besides": 0, "pictures": 0, "left alone": 0}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("cstate", "/affected/"),
        ("statuskit", "/index.xml"),
        ("statusfy", "/feeds/"),
        ("stactus", "/history-feed.atom"),
    ],
)
def test_old_addresses_that_are_no_story_s_are_named(
    tmp_path: Path, name: str, address: str
) -> None:
    (tmp_path / "site").mkdir()

    report = carry(
        *(name, Path(__file__).parent / "data" / name),
        site_root=tmp_path / "site",
        zone=None,
        dry_run=True,
    )

    [lost] = [item for item in report.left_out if item.what == LOST]
    assert address in lost.value
