"""`firstword import cstate`: every file is carried or named, and every change is told."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.check import check_incident
from firstword.importers import carry, run
from firstword.importers.report import Entry, Outcome, Report
from firstword.model import Incident, Kind, Level, Site, Status
from firstword.parse import parse

TINY = Path(__file__).parent / "data" / "cstate"
CONF = 'SITENAME = "Hollow Oak"\nCOMPONENTS = [\n    {"id": "shop", "name": "Shop"},\n]\nTAIL = 1\n'
CONFIG = "params:\n  systems:\n    - name: API\n    - name: Web Shop\n"
ISSUE = dedent(
    """\
    ---
    title: Cold
    date: 2021-03-04T09:00:00Z
    resolved: true
    resolvedWhen: 2021-03-04T10:00:00Z
    severity: down
    section: issue
    ---

    It is cold.
    """
)


def new_site(folder: Path, conf: str = CONF) -> Path:
    """Make a site with nothing but its settings."""
    folder.mkdir(parents=True)
    (folder / "pelicanconf.py").write_text(conf)
    return folder


def new_source(folder: Path, files: Mapping[str, str | bytes], config: str | None = CONFIG) -> Path:
    """Make a cState site of the files below content/issues/ (or, with a leading /, anywhere)."""
    (folder / "content" / "issues").mkdir(parents=True)
    if config is not None:
        (folder / "config.yml").write_text(config)
    for name, data in files.items():
        path = folder / name[1:] if name.startswith("/") else folder / "content" / "issues" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def carried(
    tmp_path: Path, files: Mapping[str, str | bytes], *, zone: str | None = None, **more: str
) -> tuple[Report, Path]:
    """Carry a source of these files into a new site; `config` and `conf` are the two settings."""
    source = new_source(tmp_path / "source", files, more.get("config", CONFIG))
    site = new_site(tmp_path / "site", more.get("conf", CONF))
    tz = ZoneInfo(zone) if zone else None
    return carry("cstate", source, site_root=site, zone=tz, dry_run=False), site


def issue(body: str = "Words.", **front: str) -> str:
    """Return an issue file; front matter values as they are typed, `None` is left out."""
    values = {"title": "Cold", "date": "2021-03-04T09:00:00Z", "severity": "down"} | front
    keys = "".join(f"{key}: {value}\n" for key, value in values.items() if value != "-")
    return f"---\n{keys}---\n{body}\n"


def one(tmp_path: Path, text: str | bytes, name: str = "2021-03-04-cold.md") -> Incident:
    """Carry one file and return the incident that it became."""
    report, site = carried(tmp_path, {name: text})
    [entry] = report.entries
    assert entry.outcome is Outcome.CARRIED, entry
    return read(site, entry)


def read(site: Path, entry: Entry) -> Incident:
    """Read what an entry became; it has no problem at all."""
    parsed = parse((site / entry.target).read_bytes(), entry.target, UTC)
    assert parsed.problems == ()
    assert parsed.incident is not None
    return parsed.incident


def told(report: Report) -> list[str]:
    """Return the facts of a report's only entry."""
    [entry] = report.entries
    return [line.strip() for line in list(entry.lines())[1:]]


def timeline(incident: Incident) -> list[tuple[str, str, str]]:
    """Return time, status and text of each update."""
    return [(f"{u.at:%m-%d %H:%M:%S}", str(u.status), u.body) for u in incident.updates]


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ── the tiny site, whole ─────────────────────────────────────────────────────────────────────────


def test_the_report_names_every_file_and_every_change(tmp_path: Path) -> None:
    lines: list[str] = []

    code = run(
        "cstate",
        TINY,
        site_root=new_site(tmp_path / "site"),
        zone=None,
        dry_run=False,
        say=lines.append,
    )

    expected = dedent(
        """\
        content/issues/2021-06-10-Open Studio.md -> content/incidents/2021/2021-06-10-open-studio.md: carried
          file name: '2021-06-10-Open Studio' -> '2021-06-10-open-studio' (lower-case letters, digits and '-' only, each name once)
        content/issues/2021-09-30-slow-search.md -> content/incidents/2021/2021-09-30-slow-search.md: carried
          affected: 'shop' -> 'Shop' (differs by case or spaces only)
          resolvedWhen: '2021-08-30T11:00:00+02:00' -> '2021-09-30 08:01:00Z' (2021-08-30 09:00:00Z is before date, 2021-09-30 08:00:00Z)
          text: '# The index is rebuilding' -> '### The index is rebuilding' (only updates stand at level 1 and 2)
          text: 'What we know\\n------------' -> '### What we know' (only updates stand at level 1 and 2)
          text: '' -> '```' (a fence was never closed)
          left out: author: 'Mill'
        content/issues/2022-02-11-wool-scales.md -> content/incidents/2022/2022-02-11-wool-scales.md: carried
          date: 'last Friday' -> '2022-02-11 00:00:00Z' (not a time; the day is the file name's)
        content/issues/new-glaze.md -> content/incidents/2022/new-glaze.md: carried as a draft
          resolvedWhen: '' -> '2022-03-01 12:01:00Z' (nothing that goes on, and not pinned)
        content/issues/toml.md -> content/incidents/2022/toml.md: carried
          severity: '' -> 'impact none' (not a severity)
        component 'Kiln three' -> kiln, added
        component 'Shop' -> shop, in COMPONENTS already
        component 'Search' -> search, added as retired: the source does not list it
        left out: config.yml: system 'Shop': link: 'https://hollow-oak.example/'
        left out: config.yml: category 'Workshop': description: 'What stands in the barn'
        left out: config.yml: 'title, baseURL, params.brand'
        left out: old addresses that lead nowhere here: '/index.xml, /issues/index.xml, /affected/<system>/ and its index.xml, /index.json'
        left out: pin: false (1 file)
        left out: section: issue (5 files)
        assumed: 4 times without a zone, read as UTC
        open: content/incidents/2022/2022-02-11-wool-scales.md: nobody has ended it yet
        open: content/incidents/2022/toml.md: nobody has ended it yet
        what        updates  repairs  left out  needs  file
        carried           3        0         2      0  content/issues/2021-03-04-kiln-cold.md -> content/incidents/2021/2021-03-04-kiln-cold.md
        carried           2        1         1      0  content/issues/2021-06-10-Open Studio.md -> content/incidents/2021/2021-06-10-open-studio.md
        carried           2        5         2      0  content/issues/2021-09-30-slow-search.md -> content/incidents/2021/2021-09-30-slow-search.md
        carried           1        1         1      0  content/issues/2022-02-11-wool-scales.md -> content/incidents/2022/2022-02-11-wool-scales.md
        draft             2        1         1      0  content/issues/new-glaze.md -> content/incidents/2022/new-glaze.md
        carried           1        1         0      0  content/issues/toml.md -> content/incidents/2022/toml.md
        settings                                       config.yml
        picture                                        static/images/relay.png -> content/images/relay.png
        left alone                                     content/issues/_index.md (the page of a list, not an issue)
        left alone                                     content/issues/notes.txt (not a Markdown file)
        besides                    0         4      0  the source as a whole
        in all           11        9        11      0  files 10 = stories 6 + read besides 1 + pictures 1 + left alone 2
         5  carried
         1  drafts
         1  ends that nobody wrote
         1  ends before the beginning
         1  dates that are none
         1  components nobody lists
         2  still open
         2  files left alone
         1  pictures copied
         4  times without a zone
         1  repairs: affected
         1  repairs: date
         1  repairs: file name
         2  repairs: resolvedWhen
         1  repairs: severity
         3  repairs: text
        11  values left out
        into the site SITE
        read 6 = carried 5 + drafts 1 + not carried 0
        """  # noqa: E501 - lines of a report are as long as their values
    )
    assert "\n".join(lines) + "\n" == expected.replace("SITE", str(tmp_path / "site"))
    assert code == 0


def test_parts_that_carry_a_time_become_updates(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")

    carry("cstate", TINY, site_root=site, zone=None, dry_run=False)

    expected = dedent(
        """\
        ---
        title: "Kiln three: cold since Monday"
        impact: critical
        started: 2021-03-04 09:12:40Z
        components: [kiln]
        aliases: [issues/2021-03-04-kiln-cold]
        imported: cstate
        ---

        ## 2021-03-04 09:12:40Z | imported | investigating

        It heats to 300 °C and stops.

        ![The relay](/images/relay.png)

        ## 2021-03-04 11:05Z | imported | identified

        A relay burnt through. A new one comes by train.

        ## 2021-03-04 16:30Z | imported | resolved

        It holds 1240 °C again. Two shelves of mugs are lost.
        """
    )
    assert (site / "content/incidents/2021/2021-03-04-kiln-cold.md").read_text() == expected
    image = (TINY / "static/images/relay.png").read_bytes()
    assert (site / "content/images/relay.png").read_bytes() == image


def test_an_informational_issue_is_a_notice(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")

    carry("cstate", TINY, site_root=site, zone=None, dry_run=False)

    expected = dedent(
        """\
        ---
        title: Open studio on Saturday
        kind: notice
        started: 2021-06-10 08:00Z
        aliases: [issues/2021-06-10-open-studio]
        imported: cstate
        ---

        ## 2021-06-10 08:00Z | imported | published

        Come and throw a pot. *Update* - Bring an apron.

        ## 2021-06-12 16:00Z | imported | done
        """
    )
    assert (site / "content/incidents/2021/2021-06-10-open-studio.md").read_text() == expected


def test_components_are_added_and_the_rest_of_the_settings_stays(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")

    carry("cstate", TINY, site_root=site, zone=None, dry_run=False)

    expected = dedent(
        """\
        SITENAME = "Hollow Oak"
        COMPONENTS = [
            {"id": "shop", "name": "Shop"},
            {"id": "kiln", "name": "Kiln three", "group": "Workshop", "description": "Fires at 1240 °C, twice a week"},
            {"id": "search", "name": "Search", "group": "", "description": "", "retired": True},
        ]
        TAIL = 1
        """  # noqa: E501 - one component, one line
    )
    assert (site / "pelicanconf.py").read_text() == expected


def test_running_twice_changes_nothing(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")
    carry("cstate", TINY, site_root=site, zone=None, dry_run=False)
    before = snapshot(site)

    report = carry("cstate", TINY, site_root=site, zone=None, dry_run=False)

    assert snapshot(site) == before
    assert report.total() == "read 6 = carried 5 + drafts 1 + not carried 0 (6 of them unchanged)"
    assert report.images == ()


def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path: Path) -> None:
    site = new_site(tmp_path / "site")
    before = snapshot(site)

    dry = carry("cstate", TINY, site_root=site, zone=None, dry_run=True)

    assert snapshot(site) == before
    wet = carry("cstate", TINY, site_root=site, zone=None, dry_run=False)
    assert list(dry.lines())[:-1] == list(wet.lines())[:-1]
    assert dry.total().endswith("; a dry run: nothing was written")


def test_the_report_is_json_too(tmp_path: Path) -> None:
    report = carry("cstate", TINY, site_root=new_site(tmp_path / "s"), zone=None, dry_run=True)

    data = json.loads(json.dumps(report.as_json()))

    assert [data[key] for key in ("read", "carried", "drafts", "not_carried")] == [6, 5, 1, 0]
    assert data["counts"]["repairs: text"] == 3
    assert data["entries"][5] == {
        "source": "content/issues/toml.md",
        "outcome": "carried",
        "target": "content/incidents/2022/toml.md",
        "draft": False,
        "is_open": True,
        "why": "",
        "added": 0,
        "repairs": [
            {
                "what": "severity",
                "before": "",
                "after": "impact none",
                "why": "not a severity",
                "kind": "",
            }
        ],
        "left_out": [],
        "needs": [],
        "zoneless": 0,
        "file": "",
        "updates": 1,
        "untaken": 0,
    }
    assert data["files"] == {"stories": 6, "read besides": 1, "pictures": 1, "left alone": 2}


# ── times ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2021-03-04T09:12:40Z", "2021-03-04 09:12:40"),
        ("2021-03-04T09:12:40.482Z", "2021-03-04 09:12:40"),
        ("2021-03-04 09:12:40", "2021-03-04 09:12:40"),
        ("2021-03-04 09:12", "2021-03-04 09:12:00"),
        ("2021-03-04", "2021-03-04 00:00:00"),
        ('"2021-03-04T09:12:40+01:00"', "2021-03-04 08:12:40"),
        ("'2021-03-04 09:12:40 -0330'", "2021-03-04 12:42:40"),
        ("2021-03-04T9:12:40+01:00", "2021-03-04 08:12:40"),
        ("2021-03-04t09:12:40z", "2021-03-04 09:12:40"),
        ("2021-03-04 09:12:40 +0000 UTC", "2021-03-04 09:12:40"),
        ("Thu, 04 Mar 2021 09:12:40 +0100", "2021-03-04 08:12:40"),
        ("2021-03-04 09:12:40 # noted later", "2021-03-04 09:12:40"),
    ],
)
def test_dates_are_read_as_hugo_spells_them(tmp_path: Path, typed: str, utc: str) -> None:
    report, site = carried(tmp_path, {"cold.md": issue(date=typed)})

    incident = read(site, report.entries[0])

    assert f"{incident.started:%Y-%m-%d %H:%M:%S}" == utc
    assert incident.updates[0].at == incident.started
    assert told(report) == []


def test_times_without_a_zone_are_read_in_the_one_given_and_counted(tmp_path: Path) -> None:
    text = issue(date="2021-07-04 09:00", resolved="true", resolvedWhen="2021-07-04 10:00")

    report, site = carried(tmp_path, {"cold.md": text}, zone="America/New_York")

    assert [time for time, _, _ in timeline(read(site, report.entries[0]))] == [
        "07-04 13:00:00",
        "07-04 14:00:00",
    ]
    assert "assumed: 2 times without a zone, read as America/New_York" in report.lines()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (
            "2021-10-31 02:30",
            (
                "date: '2021-10-31 02:30' -> '2021-10-31 00:30:00Z' (it does not exist or"
                " happens twice in Europe/Copenhagen; read with the earlier offset)"
            ),
        ),
        (
            "2021-03-28 02:30",
            (
                "date: '2021-03-28 02:30' -> '2021-03-28 01:30:00Z' (it does not exist or"
                " happens twice in Europe/Copenhagen; read with the earlier offset)"
            ),
        ),
        (
            "2021-03-04T015:00:00+02:00",
            (
                "date: '2021-03-04T015:00:00+02:00' -> '2021-03-04 13:00:00Z'"
                " (the hour has three digits)"
            ),
        ),
    ],
)
def test_a_date_that_is_not_quite_one_is_told(tmp_path: Path, typed: str, line: str) -> None:
    report, _ = carried(tmp_path, {"cold.md": issue(date=typed)}, zone="Europe/Copenhagen")

    assert told(report) == [line]


@pytest.mark.parametrize(
    "typed",
    ["yesterday", "2021-02-30T10:00:00Z", "2021-03-04T25:00:00Z", "0001-01-01", "''", "-", "[a]"],
)
def test_the_day_of_the_file_name_stands_in_for_a_bad_date(tmp_path: Path, typed: str) -> None:
    files = {"2021-03-04-cold.md": issue(date=typed), "2021-02-30-warm.md": issue(date=typed)}

    report, site = carried(tmp_path, files)

    lost, kept = report.entries
    assert f"{read(site, kept).started:%Y-%m-%d %H:%M}" == "2021-03-04 00:00"
    assert "not a time; the day is the file name's" in told_of(kept)
    assert lost.outcome is Outcome.NOT_CARRIED
    assert lost.why.startswith("no date that can be read: ")
    assert report.needs_person


def told_of(entry: Entry) -> str:
    """Return all that is told of an entry as one text."""
    return "\n".join(entry.lines())


@pytest.mark.parametrize(
    ("resolved_when", "end", "line"),
    [
        ("2021-03-04T10:30:00Z", "03-04 10:30:00", ""),
        (
            "-",
            "03-04 09:01:00",
            "resolvedWhen: '' -> '2021-03-04 09:01:00Z' (resolved, and not said when)",
        ),
        (
            "soon",
            "03-04 09:01:00",
            "resolvedWhen: 'soon' -> '2021-03-04 09:01:00Z' (not a time)",
        ),
        (
            "2021-03-03T10:00:00Z",
            "03-04 09:01:00",
            (
                "resolvedWhen: '2021-03-03T10:00:00Z' -> '2021-03-04 09:01:00Z'"
                " (2021-03-03 10:00:00Z is before date, 2021-03-04 09:00:00Z)"
            ),
        ),
        (
            "2021-03-04T09:00:00.700Z",
            "03-04 09:00:01",
            (
                "resolvedWhen: '2021-03-04T09:00:00.700Z' -> '2021-03-04 09:00:01Z'"
                " (in the same second as date)"
            ),
        ),
    ],
)
def test_the_end_is_where_resolved_when_says(
    tmp_path: Path, resolved_when: str, end: str, line: str
) -> None:
    text = issue(resolved="true", resolvedWhen=resolved_when)

    report, site = carried(tmp_path, {"cold.md": text})

    incident = read(site, report.entries[0])
    assert timeline(incident)[-1] == (end, "resolved", "")
    assert f"{incident.ended_at:%m-%d %H:%M:%S}" == end
    assert told(report) == [line] * bool(line)


def test_what_is_not_resolved_stays_open(tmp_path: Path) -> None:
    text = issue(resolved="false", resolvedWhen="2021-03-04T10:00:00Z")

    report, site = carried(tmp_path, {"cold.md": text})

    assert read(site, report.entries[0]).is_open
    assert told(report) == [
        "left out: resolvedWhen, of an issue not resolved: '2021-03-04T10:00:00Z'"
    ]


@pytest.mark.parametrize(
    ("typed", "began", "line"),
    [
        ("2021-03-04 09:00 EST", "03-04 14:00", ""),
        ("2021-03-04 09:00:00PDT", "03-04 16:00", ""),
        ("2021-03-04T09:00 CEST", "03-04 07:00", ""),
        ("2021-03-04 09:00:00 +0000 UTC", "03-04 09:00", ""),
        ("2021-03-04 09:00 UT", "03-04 09:00", ""),
        ("Thu, 04 Mar 2021 09:00:00 CET", "03-04 08:00", ""),
        ("Thu, 04 Mar 2021 09:00:00 MST", "03-04 16:00", ""),
        (
            "2021-03-04 09:00 AEDT",
            "03-04 08:00",
            (
                "date: '2021-03-04 09:00 AEDT' -> '2021-03-04 08:00:00Z'"
                " (zone 'AEDT' unknown, read as Europe/Prague)"
            ),
        ),
        (
            "Thu, 04 Mar 2021 09:00:00 WAKST",
            "03-04 08:00",
            (
                "date: 'Thu, 04 Mar 2021 09:00:00 WAKST' -> '2021-03-04 08:00:00Z'"
                " (zone 'WAKST' unknown, read as Europe/Prague)"
            ),
        ),
    ],
)
def test_a_zone_by_name_is_read_or_said(tmp_path: Path, typed: str, began: str, line: str) -> None:
    text = issue(date=f'"{typed}"', resolved="false")

    report, site = carried(tmp_path, {"cold.md": text}, zone="Europe/Prague")

    assert f"{read(site, report.entries[0]).started_at:%m-%d %H:%M}" == began
    assert told(report) == [line] * bool(line)
    assert sum(entry.zoneless for entry in report.entries) == 0


# ── the body ─────────────────────────────────────────────────────────────────────────────────────

CLOSED = {"resolved": "true", "resolvedWhen": "2021-03-04T12:00:00Z"}


def body(text: str, **front: str) -> str:
    """Return an issue file with a body written as a literal."""
    return issue(dedent(text), **front)


MANY = "text: '{} parts without a time' -> 'in one update' (the oldest comes first)"
END = (
    "text: '*Resolved* - Warm.' -> '2021-03-04 12:00:00Z'"
    " (a part without a time; this is when the story ended)"
)


@pytest.mark.parametrize(
    ("parts", "opening", "closing", "lines"),
    [
        (
            ["[Initial message] Cold.", "*Update* - Colder.", "---", "**Fixed** Warm."],
            ["[Initial message] Cold.", "*Update* - Colder.", "---", "**Fixed** Warm."],
            "",
            [MANY.format(3)],
        ),
        (
            ["*Resolved* - Warm.", "---", "*Identified* - A relay.", "*Investigating* - Cold."],
            ["*Investigating* - Cold.", "*Identified* - A relay."],
            "Warm.",
            [END, MANY.format(2)],
        ),
        (
            ["*Update* - Done.", "*Update #2*: Half.\n\nMore.", "---", "**Update** Begun."],
            ["**Update** Begun.", "---", "*Update #2*: Half.\n\nMore.", "*Update* - Done."],
            "",
            [MANY.format(3)],
        ),
        (
            ["*Investigating* - Cold.", "*Update* - Colder.", "*Cause* - A relay."],
            ["*Investigating* - Cold.", "*Update* - Colder.", "*Cause* - A relay."],
            "",
            [MANY.format(2)],
        ),
        (["Cold.", "*Resolved* - Warm."], ["Cold."], "Warm.", [END]),
        (["*Resolved* - Warm."], [""], "Warm.", [END]),
        (["**Why** - A relay.", "---", "Cold."], ["**Why** - A relay.", "---", "Cold."], "", []),
        (
            ['*Fixing it* - Hm. {{< track "2021-03-04 10:00:00" >}}', "*Resolved* - Warm."],
            [""],
            "Warm.",
            [END],
        ),
    ],
)
def test_what_carries_no_time_is_one_update_the_oldest_first(
    tmp_path: Path, parts: list[str], opening: list[str], closing: str, lines: list[str]
) -> None:
    report, site = carried(tmp_path, {"cold.md": issue("\n\n".join(parts), **CLOSED)})

    told_there = timeline(read(site, report.entries[0]))
    assert told_there[0] == ("03-04 09:00:00", "investigating", "\n\n".join(opening))
    assert told_there[-1] == ("03-04 12:00:00", "resolved", closing)
    assert told(report) == lines


def test_times_tell_in_which_order_a_file_is_written(tmp_path: Path) -> None:
    text = """
        *Update* - One.

        *Update* - Two.

        *Update* - A. {{< track "2021-03-04 10:00:00" >}}

        *Update* - B. {{< track "2021-03-04 11:00:00" >}}
        """

    incident = one(tmp_path, body(text, **CLOSED))

    assert incident.updates[0].body == "*Update* - One.\n\n*Update* - Two."


@pytest.mark.parametrize(
    ("text", "updates"),
    [
        pytest.param(
            """
            *Monitoring* - Warm. {{< track "2021-03-04 11:00:00" >}}

            *Investigating* - Cold. {{< track "2021-03-04 09:00:00" >}}
            """,
            [
                ("03-04 09:00:00", "investigating", "Cold."),
                ("03-04 11:00:00", "monitoring", "Warm."),
                ("03-04 12:00:00", "resolved", ""),
            ],
            id="the first part is the first update",
        ),
        pytest.param(
            """
            **Identified** A relay.

            It smokes.
            {{% track '2021-03-04 10:00:00' %}}
            *Resolved* - Warm. {{<track 2021-03-04T12:00:00Z>}}
            """,
            [
                ("03-04 09:00:00", "investigating", ""),
                ("03-04 10:00:00", "identified", "A relay.\n\nIt smokes."),
                ("03-04 12:00:00", "resolved", "Warm."),
            ],
            id="spellings of the shortcode and an end with words",
        ),
        pytest.param(
            """
            *Post-mortem*

            A relay.

            ---

            *Update* - Warm. {{< track "2021-03-04 12:00:00" >}}

            *Fixing it* - Cold. {{< track "2021-03-04 10:00:00" >}}
            """,
            [
                ("03-04 09:00:00", "investigating", "*Post-mortem*\n\nA relay."),
                ("03-04 10:00:00", "update", "*Fixing it* - Cold."),
                ("03-04 12:00:00", "resolved", "*Update* - Warm."),
            ],
            id="unknown words stay and what stands at the end ends",
        ),
        pytest.param(
            """
            Cold.

            *Resolved* {{< track "2021-03-04 13:00:00" >}} - Warm.

            Two shelves are lost.

            *Post Mortem:* A relay. {{< track "2021-03-05 10:00:00" >}}
            """,
            [
                ("03-04 09:00:00", "investigating", "Cold."),
                ("03-04 13:00:00", "resolved", "Warm.\n\nTwo shelves are lost."),
                ("03-05 10:00:00", "postmortem", "A relay."),
            ],
            id="the words of the end came later",
        ),
        pytest.param(
            """
            *Resolved* - Warm. {{< track "2021-03-04 11:00:00" >}}

            *Monitoring* - Hm. {{< track "2021-03-04 13:00:00" >}}
            """,
            [
                ("03-04 09:00:00", "investigating", ""),
                ("03-04 11:00:00", "update", "*Resolved* - Warm."),
                ("03-04 12:00:00", "resolved", ""),
                ("03-04 13:00:00", "update", "*Monitoring* - Hm."),
            ],
            id="the front matter says when it ended",
        ),
        pytest.param(
            """
            A. {{< track "2021-03-04 10:00:00" >}}

            ---

            *Identified* - B. {{< track "2021-03-04 10:00:00" >}}
            """,
            [
                ("03-04 09:00:00", "investigating", ""),
                ("03-04 10:00:00", "identified", "A.\n\n---\n\n*Identified* - B."),
                ("03-04 12:00:00", "resolved", ""),
            ],
            id="parts of one instant are one update",
        ),
        pytest.param(
            """
            <!-- *Resolved* - Not yet. {{< track "2021-03-04 11:00:00" >}} -->

            ```
            {{< track "2021-03-04 11:30:00" >}}
            ```

            Cold. {{< track "2021-03-04 10:00:00" >}}
            """,
            [
                ("03-04 09:00:00", "investigating", ""),
                (
                    "03-04 10:00:00",
                    "update",
                    (
                        '<!-- *Resolved* - Not yet. {{< track "2021-03-04 11:00:00" >}} -->\n\n'
                        '```\n{{< track "2021-03-04 11:30:00" >}}\n```\n\nCold.'
                    ),
                ),
                ("03-04 12:00:00", "resolved", ""),
            ],
            id="comments and code are left alone",
        ),
        pytest.param(
            """
            Cold. {{< track "2021-03-04 08:55:00" >}}

            Colder. {{< track "at noon" >}}
            """,
            [
                (
                    "03-04 09:00:00",
                    "investigating",
                    'Cold. (2021-03-04 08:55:00)\n\nColder. {{< track "at noon" >}}',
                ),
                ("03-04 12:00:00", "resolved", ""),
            ],
            id="a time before the date and one that is none",
        ),
    ],
)
def test_parts_of_a_body(tmp_path: Path, text: str, updates: list[tuple[str, str, str]]) -> None:
    incident = one(tmp_path, body(text, **CLOSED))

    assert timeline(incident) == updates
    assert f"{incident.ended_at:%m-%d %H:%M}" == "03-04 12:00"
    assert not incident.is_open


def test_a_word_resolved_does_not_end_what_is_open(tmp_path: Path) -> None:
    text = 'Cold.\n\n*Resolved* - Warm? {{< track "2021-03-04 11:00:00" >}}'

    report, site = carried(tmp_path, {"cold.md": issue(text, resolved="false")})

    incident = read(site, report.entries[0])
    assert timeline(incident)[1] == ("03-04 11:00:00", "update", "*Resolved* - Warm?")
    assert incident.is_open
    assert told(report) == ["status: 'resolved' -> 'update' (the issue is not resolved)"]


def test_a_story_may_open_again(tmp_path: Path) -> None:
    text = """
        *Resolved* - Warm. {{< track "2021-03-04 12:00:00" >}}

        *Investigating* - Cold again. {{< track "2021-03-04 11:00:00" >}}

        *Resolved* - Warm. {{< track "2021-03-04 10:00:00" >}}

        Cold.
        """

    incident = one(tmp_path, body(text, **CLOSED))

    assert [status for _, status, _ in timeline(incident)] == [
        "investigating",
        "resolved",
        "investigating",
        "resolved",
    ]


def test_in_a_notice_times_become_updates_and_words_stay(tmp_path: Path) -> None:
    text = 'Soon.\n\n*Resolved* - Now. {{< track "2021-03-04 11:00:00" >}}'

    incident = one(tmp_path, issue(text, informational="true", severity="notice", **CLOSED))

    assert incident.kind is Kind.NOTICE
    assert timeline(incident) == [
        ("03-04 09:00:00", "published", "Soon."),
        ("03-04 11:00:00", "update", "*Resolved* - Now."),
        ("03-04 12:00:00", "done", ""),
    ]


def test_what_cannot_be_published_is_left_out_and_told(tmp_path: Path) -> None:
    text = issue("a\x0bb\x00c\u2028d\u200be").encode() + b"\xff\r\nz\r"

    report, site = carried(tmp_path, {"cold.md": text})

    assert read(site, report.entries[0]).updates[0].body == "abc d\u200be\n\ufffd\nz"
    assert [line.partition(":")[0] for line in told(report)] == ["encoding", "control characters"]


def test_a_file_in_utf_16_is_carried(tmp_path: Path) -> None:
    incident = one(tmp_path, b"\xff\xfe" + issue("Çold.").encode("utf-16-le"))

    assert incident.updates[0].body == "Çold."


# ── front matter ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("front", "lines"),
    [
        # severity
        ({"severity": "Down"}, ["severity: 'Down' -> 'impact critical' (differs by case only)"]),
        ({"severity": "bad"}, ["severity: 'bad' -> 'impact none' (not a severity)"]),
        ({"severity": "-"}, ["severity: '' -> 'impact none' (not a severity)"]),
        (
            {"severity": "down", "informational": "yes", "resolved": "false"},
            ["left out: severity: 'down'"],
        ),
        # flags
        ({"draft": "maybe"}, ["draft: 'maybe' -> 'false' (neither true nor false)"]),
        # title
        ({"title": "''"}, ["title: '' -> 'cold' (there is none; this is the file's name)"]),
        ({"title": '"a\\nb"'}, ["title: 'a\\nb' -> 'a b' (a title is one line)"]),
        # YAML
        (
            {"title": "Cold: very"},
            [
                (
                    "front matter: '' -> 'read line by line'"
                    " (mapping values are not allowed in this context in line 1)"
                )
            ],
        ),
        (
            {"title": "a\ntitle: b"},
            ["title: 'a' -> 'b' (duplicate key; the last one holds)"],
        ),
        (
            {"title": "a\nTitle: b"},
            ["Title: 'a' -> 'b' (duplicate key, also spelled 'title'; the last one holds)"],
        ),
        # what has no home
        ({"weight": "3", "Pin": "true"}, ["left out: weight: '3'", "left out: Pin: 'true'"]),
        (
            {"tags": "[a, b]", "x": "{a: b}"},
            ["left out: tags: 'a, b'", 'left out: x: \'{"a": "b"}\''],
        ),
        # components
        ({"affected": "[API, Web Shop]"}, []),
        ({"affected": "\n  - API"}, []),
        ({"affected": "API"}, []),
        ({"affected": ""}, []),
        (
            {"affected": "[api, 'web  shop']"},
            [
                "affected: 'api' -> 'API' (differs by case or spaces only)",
                "affected: 'web  shop' -> 'Web Shop' (differs by case or spaces only)",
            ],
        ),
        ({"affected": "[API, API]"}, ["affected: 'API' -> 'api' (named already, as 'API')"]),
        # addresses
        ({"slug": "Very Cold!"}, []),
        ({"url": "/status/"}, []),
        ({"url": "/a?b"}, ["address: '/a?b' -> '' (an old address that cannot be kept)"]),
        (
            {"url": "/feeds/"},
            [
                (
                    "address: 'feeds' -> '' (an old address that cannot be kept: this site itself"
                    " has it)"
                )
            ],
        ),
    ],
)
def test_every_repair_is_told(tmp_path: Path, front: dict[str, str], lines: list[str]) -> None:
    report, site = carried(tmp_path, {"cold.md": issue(**front)})

    read(site, report.entries[0])
    assert told(report) == lines


def test_old_addresses_keep_working(tmp_path: Path) -> None:
    files = {
        "2021-03-04-Very Cold & Wet.md": issue(
            aliases="[/issues/old/, older, /feeds/, /blog/2019/old.html]"
        ),
        "2022/fire.md": issue(),
        "flood/index.md": issue(),
        "frost.md": issue(slug="Ice Age"),
    }

    report, site = carried(tmp_path, files)

    assert [(e.target, read(site, e).aliases) for e in report.entries] == [
        (
            "content/incidents/2021/2021-03-04-very-cold-wet.md",
            (
                "issues/2021-03-04-very-cold-wet",
                "issues/old",
                "issues/older",
                "blog/2019/old.html",
            ),
        ),
        ("content/incidents/2021/fire.md", ("issues/2022/fire",)),
        ("content/incidents/2021/flood.md", ("issues/flood",)),
        ("content/incidents/2021/frost.md", ("issues/ice-age",)),
    ]


def test_names_that_meet_are_numbered(tmp_path: Path) -> None:
    files = {"Cold.md": issue(), "cold!.md": issue(), "a/cold.md": issue(), "火事.md": issue()}

    report, _ = carried(tmp_path, files)

    assert {e.source: e.target for e in report.entries} == {
        "content/issues/Cold.md": "content/incidents/2021/cold.md",
        "content/issues/a/cold.md": "content/incidents/2021/cold-2.md",
        "content/issues/cold!.md": "content/incidents/2021/cold-3.md",
        "content/issues/火事.md": "content/incidents/2021/issue.md",
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "+++\ntitle = x\n+++\n",
            "no TOML: Invalid value (at line 1, column 9)",
        ),
        (
            '{"title": x}\n',
            "its front matter is no JSON: Expecting value: line 1 column 11 (char 10)",
        ),
        ("---\nnothing\n\nText.\n", "its front matter is opened with '---' and never closed"),
        (" \n\n", "the file is empty"),
        ("x" * 1_000_001, "1000001 bytes; at most 1000000 are carried"),
        (
            issue("x" * 999_900),
            (
                "what it became cannot be read: content/incidents/2021/2021-03-04-cold.md:1: size: "
                "1000066 bytes; an incident file has at most 1000000"
            ),
        ),
    ],
)
def test_what_cannot_be_carried_is_named_and_loses_nobody_else(
    tmp_path: Path, text: str, why: str
) -> None:
    files = {"2021-03-04-cold.md": text, "good.md": ISSUE}

    report, _ = carried(tmp_path, files)

    lost, kept = report.entries
    assert (lost.outcome, lost.why) == (Outcome.NOT_CARRIED, why)
    assert kept.outcome is Outcome.CARRIED
    assert report.needs_person


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (ISSUE.removeprefix("---\n"), "not opened with '---'"),
        (ISSUE.replace("---\n\nIt", "\nIt"), "never closed"),
        ("It is cold.\n", "there is none"),
        ("\ufeff" + ISSUE, ""),
        (ISSUE.replace("\n", "\r\n"), ""),
    ],
)
def test_front_matter_that_is_not_quite_closed_in(tmp_path: Path, text: str, why: str) -> None:
    report, site = carried(tmp_path, {"2021-03-04-cold.md": text})

    incident = read(site, report.entries[0])
    assert incident.updates[0].body == "It is cold."
    assert not why or f"({why})" in told_of(report.entries[0])


# ── components and settings ──────────────────────────────────────────────────────────────────────


def test_a_name_nobody_lists_becomes_a_retired_component(tmp_path: Path) -> None:
    files = {"a.md": issue(affected="[all]"), "b.md": issue(affected="[All, 火]")}

    report, site = carried(tmp_path, files)

    assert report.components == (
        "'API' -> api, added",
        "'Web Shop' -> web-shop, added",
        "'all' -> all, added as retired: the source does not list it",
        "'火' -> component, added as retired: the source does not list it",
    )
    added = '    {"id": "all", "name": "all", "group": "", "description": "", "retired": True},\n'
    assert added in (site / "pelicanconf.py").read_text()


def test_components_of_the_site_are_used_again_by_name_and_never_by_id(tmp_path: Path) -> None:
    conf = (
        'COMPONENTS = [{"id": "x", "name": "web shop"}, {"id": "api", "name": "Partner API"},'
        ' {"id": "all", "name": "All of it"}]\n'
    )

    report, site = carried(tmp_path, {"a.md": issue(affected="[API, Web Shop, all]")}, conf=conf)

    found = [c.id for c in read(site, report.entries[0]).first.components or ()]
    assert found == ["api-2", "x", "all-2"]
    assert report.components == (
        "'API' -> api-2, added; 'api' is another here, 'Partner API'",
        "'Web Shop' -> x, in COMPONENTS already as 'web shop'",
        (
            "'all' -> all-2, added as retired: the source does not list it; 'all' is another here,"
            " 'All of it'"
        ),
    )
    before = snapshot(site)
    carry("cstate", tmp_path / "source", site_root=site, zone=None, dry_run=False)
    assert snapshot(site) == before


ADDED = '{"id": "api", "name": "API", "group": "", "description": ""}'
ONE_API = "params: {systems: [{name: API}]}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COMPONENTS = []\n", f"COMPONENTS = [\n    {ADDED},\n]\n"),
        ("COMPONENTS = [\n]\n", f"COMPONENTS = [\n    {ADDED},\n]\n"),
        (
            'COMPONENTS: list[dict[str, str]] = [{"id": "a"}]  # all\n',
            f'COMPONENTS: list[dict[str, str]] = [{{"id": "a"}},\n    {ADDED},\n]  # all\n',
        ),
        (
            'COMPONENTS = [\n  {"id": "a"}  # ], no comma\n  # end\n  ]\nX = "é"\n',
            f'COMPONENTS = [\n  {{"id": "a"}},  # ], no comma\n  # end\n  {ADDED},\n  ]\nX = "é"\n',
        ),
        (
            'É = "é"; COMPONENTS = [{"id": "a", "name": "é"},]\r\nX = 1\r\n',
            f'É = "é"; COMPONENTS = [{{"id": "a", "name": "é"}},\r\n    {ADDED},\r\n]\r\nX = 1\r\n',
        ),
        ("\ufeffCOMPONENTS = []\n", f"\ufeffCOMPONENTS = [\n    {ADDED},\n]\n"),
        ("X = 1\n", f"X = 1\nCOMPONENTS = [\n    {ADDED},\n]\n"),
        ("X = 1\r\nY = 2", f"X = 1\r\nY = 2\r\nCOMPONENTS = [\r\n    {ADDED},\r\n]\r\n"),
        (
            "from firstword.pelican_defaults import *\n",
            f"from firstword.pelican_defaults import *\nCOMPONENTS = [\n    {ADDED},\n]\n",
        ),
    ],
)
def test_a_list_written_out_is_added_to(tmp_path: Path, before: str, after: str) -> None:
    source = new_source(tmp_path / "source", {"a.md": issue()}, ONE_API)
    site = new_site(tmp_path / "site")
    (site / "pelicanconf.py").write_bytes(before.encode())

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert (site / "pelicanconf.py").read_bytes().decode() == after
    ast.parse(after.removeprefix("\ufeff"))
    assert not report.needs_person


@pytest.mark.parametrize(
    ("conf", "why"),
    [
        ("from shared import *\n", "COMPONENTS may come from 'shared'"),
        ("from shared import COMPONENTS\n", "COMPONENTS may come from 'shared'"),
        ("COMPONENTS = load()\n", "COMPONENTS is not one list, written out in one place"),
        ("COMPONENTS = ()\n", "COMPONENTS is not one list, written out in one place"),
        ("COMPONENTS = []\nCOMPONENTS += []\n", "COMPONENTS is not one list, written out in one"),
        ("COMPONENTS = []\nCOMPONENTS.append(1)\n", "COMPONENTS is not one list, written out in"),
        ("if True:\n    COMPONENTS = []\n", "COMPONENTS is not one list, written out in one place"),
        ("COMPONENTS = [thing]\n", "COMPONENTS holds more than texts written out"),
        ("COMPONENTS = ['a']\n", "COMPONENTS holds more than texts written out"),
        ("COMPONENTS = [{'name': 'a'}]\n", "something in COMPONENTS has no 'id'"),
        ("COMPONENTS = [\n", "it is no Python file in UTF-8: "),
    ],
)
def test_other_settings_are_left_alone_and_the_lines_to_paste_are_said(
    tmp_path: Path, conf: str, why: str
) -> None:
    source = new_source(tmp_path / "source", {"a.md": issue()}, ONE_API)
    site = new_site(tmp_path / "site", conf)
    lines: list[str] = []

    code = run("cstate", source, site_root=site, zone=None, dry_run=False, say=lines.append)

    assert code == 3
    assert (site / "pelicanconf.py").read_text() == conf
    assert any(
        line.startswith(f"needs a person: pelicanconf.py was not changed: {why}") for line in lines
    )
    assert f"needs a person: paste into COMPONENTS: {ADDED}," in lines


@pytest.mark.parametrize(
    ("files", "config", "need"),
    [
        (
            {},
            None,
            (
                "there is no config.yml, config.toml or hugo.*: every component that issues name"
                " is added as retired"
            ),
        ),
        (
            {"/config.toml": "x = "},
            None,
            (
                "config.toml: no TOML: Invalid value (at end of document): components that issues"
                " name are retired"
            ),
        ),
        (
            {},
            "a: [",
            (
                "config.yml: did not find expected node content in line 2: components that issues"
                " name are retired"
            ),
        ),
    ],
)
def test_settings_that_cannot_be_read_need_a_person(
    tmp_path: Path, files: dict[str, str], config: str | None, need: str
) -> None:
    source = new_source(tmp_path / "source", {"a.md": issue(), **files}, config)

    report = carry("cstate", source, site_root=new_site(tmp_path / "s"), zone=None, dry_run=False)

    assert report.needs == (need,)
    assert report.entries[0].outcome is Outcome.CARRIED


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "shown", "copied"),
    [
        ("![a](/images/a.png)", "![a](/images/a.png)", "content/images/a.png"),
        (
            "![a](/uploads/a.png 'x')",
            "![a](/images/uploads/a.png 'x')",
            "content/images/uploads/a.png",
        ),
        ('<img alt="" src="/a.png">', '<img src="/images/a.png" alt="">', "content/images/a.png"),
        (
            "![a][1]\n\n[1]: </a b.png> 'x'",
            "![a][1]\n\n[1]: /images/a%20b.png 'x'",
            "content/images/a b.png",
        ),
        ("![a](/a%20b.png)", "![a](/images/a%20b.png)", "content/images/a b.png"),
        ("`![a](/a.png)`", "`![a](/a.png)`", ""),
    ],
)
def test_pictures_come_along(tmp_path: Path, text: str, shown: str, copied: str) -> None:
    names = ("images/a.png", "uploads/a.png", "a.png", "a b.png")
    pictures = {f"/static/{name}": name.encode() for name in names}

    report, site = carried(tmp_path, {"cold.md": issue(text), **pictures})

    assert read(site, report.entries[0]).updates[0].body == shown
    assert report.images == (copied,) * bool(copied)
    assert not copied or (site / copied).is_file()
    assert not report.needs_person


@pytest.mark.parametrize(
    ("path", "need"),
    [
        ("/no.png", "image '/no.png': static/no.png: cannot be read: No such file or directory"),
        (
            "/../up.png",
            "image '/../up.png': static/up.png: cannot be read: No such file or directory",
        ),
        ("../../../../up.png", "image '../../../../up.png': it lies outside of the source"),
        ("/a%00.png", "image '/a%00.png': not the path of a picture"),
        (
            "/link.png",
            (
                "image '/link.png': static/link.png: a link that leads out of the source is not"
                " followed"
            ),
        ),
        ("/b.png", "image '/b.png': another one is called content/images/b.png already"),
        ("/c.png", "content/images/c.png is there already and differs; nothing is overwritten"),
    ],
)
def test_pictures_that_cannot_come_along_are_named(tmp_path: Path, path: str, need: str) -> None:
    text = issue(f"![a](/images/b.png) ![b]({path})")
    pictures = {"images/b.png": b"1", "b.png": b"2", "c.png": b"3", "../../up.png": b"4"}
    files = {f"/static/{name}": data for name, data in pictures.items()}
    source = new_source(tmp_path / "a" / "b" / "source", {"cold.md": text, **files})
    (tmp_path / "secret.png").write_bytes(b"secret")
    (source / "static" / "link.png").symlink_to(tmp_path / "secret.png")
    site = new_site(tmp_path / "site")
    (site / "content" / "images").mkdir(parents=True)
    (site / "content" / "images" / "c.png").write_bytes(b"mine")

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert (*report.entries[0].needs, *report.needs) == (need,)
    assert report.entries[0].outcome is Outcome.CARRIED
    assert b"secret" not in snapshot(site).values()
    assert snapshot(site)["content/images/c.png"] == b"mine"


# ── nothing outside is read or written, nothing is overwritten ───────────────────────────────────


def test_links_that_lead_out_of_the_source_are_not_followed(tmp_path: Path) -> None:
    source = new_source(tmp_path / "source", {"good.md": ISSUE, "real/a.md": ISSUE})
    (tmp_path / "secret.md").write_text(ISSUE.replace("It is cold.", "A secret."))
    issues = source / "content" / "issues"
    (issues / "2021-01-01-out.md").symlink_to(tmp_path / "secret.md")
    (issues / "2021-01-02-loop.md").symlink_to("2021-01-02-loop.md")
    (issues / "2021-01-03-in.md").symlink_to("good.md")
    (issues / "folder").symlink_to(tmp_path)
    os.mkfifo(issues / "pipe.md")
    site = new_site(tmp_path / "site")

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert {e.source: e.why for e in report.entries if e.why} == {
        "content/issues/2021-01-01-out.md": "a link that leads out of the source is not followed",
        "content/issues/2021-01-02-loop.md": next(
            e.why for e in report.entries if "loop" in e.source
        ),
        "content/issues/pipe.md": "not a plain file",
    }
    assert report.carried == 3
    assert report.needs == ("folder: a link to a folder is not followed",)
    assert not any(b"secret" in data for data in snapshot(site).values())


def test_a_folder_of_the_site_that_leads_out_is_not_written_to(tmp_path: Path) -> None:
    source = new_source(tmp_path / "source", {"cold.md": ISSUE})
    site = new_site(tmp_path / "site")
    (tmp_path / "outside").mkdir()
    (site / "content").symlink_to(tmp_path / "outside")

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert report.entries[0].why == "content/incidents/2021/cold.md would lie outside of the site"
    assert list((tmp_path / "outside").iterdir()) == []


def test_settings_that_are_a_link_are_not_written_to(tmp_path: Path) -> None:
    source = new_source(tmp_path / "source", {"cold.md": ISSUE})
    site = new_site(tmp_path / "site")
    (site / "pelicanconf.py").rename(tmp_path / "shared.py")
    (site / "pelicanconf.py").symlink_to(tmp_path / "shared.py")

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert report.needs[0] == "pelicanconf.py was not changed: pelicanconf.py is a link"
    assert (tmp_path / "shared.py").read_text() == CONF


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (
            "content/incidents/2021/cold.md",
            "content/incidents/2021/cold.md is there already and differs; nothing is overwritten",
        ),
        ("content/incidents/2026/cold.md", "content/incidents/2026/cold.md has that name already"),
    ],
)
def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, place: str, why: str) -> None:
    source = new_source(tmp_path / "source", {"cold.md": ISSUE})
    site = new_site(tmp_path / "site")
    (site / place).parent.mkdir(parents=True)
    (site / place).write_text("mine\n")

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert report.entries[0].why == why
    assert report.needs_person
    assert (site / place).read_text() == "mine\n"


def test_names_and_values_cannot_play_with_the_terminal(tmp_path: Path) -> None:
    report, site = carried(tmp_path, {"2021-03-04-\x1b[2J.md": issue(weight='"\\e[2J"')})

    assert all(line.isprintable() for line in report.lines())
    assert read(site, report.entries[0]).slug == "2021-03-04-2j"


@pytest.mark.parametrize("what", ["nowhere", "empty", "no issues"])
def test_where_nothing_can_be_read_it_ends_with_1(tmp_path: Path, what: str) -> None:
    if what == "empty":
        (tmp_path / what).mkdir()
    elif what == "no issues":
        new_source(tmp_path / what, {"_index.md": ISSUE})
    lines: list[str] = []

    code = run(
        "cstate",
        tmp_path / what,
        site_root=new_site(tmp_path / "site"),
        zone=None,
        dry_run=False,
        say=lines.append,
    )

    assert code == 1
    assert re.match(r"not a cState site: '.*' has no content/issues|no issues in '", lines[0])


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    lines: list[str] = []

    code = run("cstat", tmp_path, site_root=tmp_path, zone=None, dry_run=False, say=lines.append)

    assert code == 1
    assert lines == [
        "unknown format: 'cstat'; one of: cstate, statuspage, statusfy, stactus, statuskit, pelican"
    ]


def test_all_is_well_ends_with_0(tmp_path: Path) -> None:
    source = new_source(tmp_path / "source", {"cold.md": ISSUE})
    lines: list[str] = []

    code = run(
        "cstate",
        source,
        site_root=new_site(tmp_path / "site"),
        zone=None,
        dry_run=False,
        say=lines.append,
    )

    assert code == 0
    assert lines[-1] == "read 1 = carried 1 + drafts 0 + not carried 0"


# ── anything at all ──────────────────────────────────────────────────────────────────────────────

PIECES = [
    b"---\n",
    b"title: x\n",
    b"date: 2021-03-04\n",
    b"resolved: true\n",
    b"\n",
    b"\0",
    b"\xff",
]
PIECES += [b"affected: [", b"- a\n", b"informational: true\n", b"# x\n", b"```\n", b"<!-- ", b"| "]
PIECES += [
    b'{{< track "2021-03-04 10:00" >}}\n',
    b"*Resolved* - ",
    b"a: &b [*b]\n",
    b"\xef\xbb\xbf",
]
PIECES += [
    b"resolvedWhen: 2021-03-04\n",
    b"![](/x.png)",
    b"+++\n",
    b"{",
    b"\r",
    b"? ",
    b"%YAML 1.1\n",
]
#: Noise, pieces in any order, and noise where everything else is right.
anything = (
    st.binary(max_size=200)
    | st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=14).map(b"".join)
    | st.binary(max_size=80).map(lambda noise: issue().encode() + noise)
    | st.binary(max_size=40).map(lambda noise: b"---\ndate: 2021-03-04\n" + noise + b"\n---\nx\n")
)


@settings(max_examples=200)
@given(data=anything)
def test_no_file_stops_the_import_or_loses_another(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        report, site = carried(Path(folder), {"2021-03-04-any.md": data, "good.md": ISSUE})
        odd, good = report.entries

        assert good.outcome is Outcome.CARRIED
        assert read(site, good).updates[-1].status is Status.RESOLVED
        assert odd.why or read(site, odd).imported == "cstate"
        assert report.read == report.carried + report.drafts + report.not_carried == 2


HOURS = [f'{{{{< track "2021-03-04 {hour:02}:00:00" >}}}}' for hour in range(8, 15)]
LINES = ["*Investigating* - one", "**Resolved** two", "*Monitoring* three", "*Post-mortem*", "---"]
LINES += ["", "", "*Elsewhere* - four", "five", "# six", "```", "<!--", "-->", "## a | b | update"]


@given(
    lines=st.lists(
        st.tuples(st.sampled_from(LINES), st.sampled_from(["", "", *HOURS])).map("\n".join)
        | st.tuples(st.sampled_from(LINES), st.sampled_from(["", *HOURS])).map(" ".join),
        max_size=9,
    ),
    end=st.sampled_from(["-", "2021-03-04T09:00:00Z", "2021-03-04T11:00:00Z", "2021-03-04T20:00Z"]),
    resolved=st.sampled_from(["true", "false"]),
    informational=st.sampled_from(["true", "false"]),
)
def test_every_word_is_kept_and_the_story_goes_as_a_life_can(
    lines: list[str], end: str, resolved: str, informational: str
) -> None:
    front = {"resolvedWhen": end, "resolved": resolved, "informational": informational}
    text = issue("\n".join(lines), **front)
    with TemporaryDirectory() as folder:
        report, site = carried(Path(folder), {"cold.md": text})
        incident = read(site, report.entries[0])

    words = "\n".join(f"{update.status} post mortem {update.body}" for update in incident.updates)
    assert words_of("\n".join(lines)) <= words_of(words)
    assert incident.is_open is (resolved == "false")
    problems = check_incident(incident, ANY_SITE, NOW)
    assert [problem for problem in problems if problem.level is Level.ERROR] == []


ANY_SITE = Site(
    name="Any",
    url="https://any.example",
    timezone=ZoneInfo("UTC"),
    tag_authority="any.example,2026",
)
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    ["[", "&a [*a, ", "## ", "{{< track ", "<!--", "](/", "*a* - {{<", "=\n", "a\n=\n", " ", "{{<"],
)
def test_a_large_file_of_anything_is_soon_done_with(tmp_path: Path, line: str) -> None:
    many = line * (100_000 // len(line))
    files = {"a.md": f"---\ndate: 2021-03-04\nx: {many}\n---\n", "b.md": issue(many)}

    report, _ = carried(tmp_path, files)

    assert report.read == 2


# ── the real world ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "files"),
    [("packit-status", 108), ("x4b-status", 109), ("cstate-format-samples", 11)],
)
def test_a_real_history_is_carried_whole(
    corpus: Path, tmp_path: Path, name: str, files: int
) -> None:
    source = corpus / name
    site = new_site(tmp_path / "site")

    report = carry("cstate", source, site_root=site, zone=None, dry_run=False)

    assert report.total() == f"read {files} = carried {files} + drafts 0 + not carried 0"
    assert not report.needs_person
    for entry in report.entries:
        incident = read(site, entry)
        original = (source / entry.source).read_text("utf-8-sig")
        assert words_of(original.split("\n---\n", 1)[1]) <= words_of(
            "\n".join(f"{update.status}\n{update.body}" for update in incident.updates)
        )
        resolved = re.search(r"(?mi)^resolved: true", original)
        informational = re.search(r"(?mi)^informational: true", original)
        assert incident.is_open is not bool(resolved or informational)
    before = snapshot(site)
    carry("cstate", source, site_root=site, zone=None, dry_run=False)
    assert snapshot(site) == before


def words_of(text: str) -> set[str]:
    """Return the words of a text, without what the import takes out of it."""
    return set(re.findall(r"\w+", re.sub(r"\{\{<.*?>\}\}", "", text).casefold()))


def test_what_is_no_issue_is_named(corpus: Path, tmp_path: Path) -> None:
    report = carry(
        "cstate",
        corpus / "x4b-status",
        site_root=new_site(tmp_path / "site"),
        zone=None,
        dry_run=True,
    )

    assert report.ignored == (
        ("content/issues/.gitkeep", "a hidden file"),
        ("content/issues/scheduled-maintenance-template.md.tpl", "not a Markdown file"),
        ("LICENSE", "not a story"),
        ("NOTICE.md", "a page, not an incident"),
    )
