"""`firstword import`: what holds for every format, shown on a small source of each."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.check import check_incident
from firstword.cli import import_, run_command
from firstword.cli.import_ import add_arguments
from firstword.errors import ImportFailed
from firstword.importers import FORMATS, carry, run
from firstword.importers.report import Outcome, Report
from firstword.importers.sheet import files
from firstword.model import Component, Incident, Level, Site
from firstword.parse import parse
from firstword.values import replace

DATA = Path(__file__).parent / "data"
CONF = """\
from firstword.pelican_defaults import *

SITENAME = "Hollow Oak"
SITEURL = "https://status.hollow-oak.example"
TIMEZONE = "UTC"
PEOPLE = [{"name": "Dawn Okafor", "role": "Potter", "address": "dawn@hollow-oak.example"}]
COMPONENTS = []
"""
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANY_SITE = Site(
    name="Any",
    url="https://any.example",
    timezone=ZoneInfo("UTC"),
    tag_authority="any.example,2026",
)


@dataclass(frozen=True)
class Sample:
    """A small source of one format, and what comes of it."""

    folder: str
    total: str
    #: An old address that has to lead somewhere, and the file whose story it leads to.
    moved: tuple[str, str]
    #: One more story: path below the folder, and its text.
    more: tuple[str, str]
    mapping: str = ""


ISSUE = """\
---
title: Smoke
date: 2022-01-02T10:00:00Z
severity: down
resolved: true
resolvedWhen: 2022-01-02T11:00:00Z
---
It smokes.
"""
FUSED = """\
version: incident/v1
id: fuse
name: Fuse
timeline:
  - {ts: 2024-10-01 10:00, description: It is out., investigating: true}
  - {ts: +5m, description: It is in., resolved: true}
"""
ROW = {
    "id": "smokesmokes1",
    "name": "Smoke",
    "status": "resolved",
    "impact": "minor",
    "started_at": "2022-01-02T10:00:00Z",
    "incident_updates": [
        {"id": "x1", "status": "resolved", "body": "Gone.", "display_at": "2022-01-02T11:00:00Z"}
    ],
}
SAMPLES = {
    "cstate": Sample(
        folder="cstate",
        total="read 6 = carried 5 + drafts 1 + not carried 0",
        moved=("issues/2021-03-04-kiln-cold/index.html", "2021-03-04-kiln-cold"),
        more=("content/issues/2022-01-02-smoke.md", ISSUE),
    ),
    "statuspage": Sample(
        folder="statuspage",
        total="read 3 = carried 3 + drafts 0 + not carried 0",
        moved=("incidents/k1ln0kiln0k1/index.html", "2021-03-04-kiln-three-is-cold"),
        more=("more.json", json.dumps({"incidents": [ROW]})),
    ),
    "statusfy": Sample(
        folder="statusfy",
        total="read 4 = carried 4 + drafts 0 + not carried 0",
        moved=("incidents/K1LN0304/index.html", "2021-03-04-kiln-cold"),
        more=("content/2022-01-02_smoke.md", ISSUE.replace("down", "major-outage")),
    ),
    "stactus": Sample(
        folder="stactus",
        total="read 6 = carried 3 + drafts 0 + not carried 3",
        moved=("ir/20240913-0001.html", "2024-09-13-kiln-three-is-cold"),
        more=("incidents/fuse.yaml", FUSED),
    ),
    "statuskit": Sample(
        folder="statuskit",
        total="read 2 = carried 2 + drafts 0 + not carried 0",
        moved=("incidents/2017/03/04/kiln-three-is-cold/index.html", "2017-03-04-kiln-cold"),
        more=("site/content/incidents/smoke.md", ISSUE.replace("down", "major-outage")),
    ),
    "pelican": Sample(
        folder="articles",
        total="read 3 = carried 2 + drafts 1 + not carried 0",
        moved=("kiln-cold.html", "2021-03-04-kiln-cold"),
        more=("incidents/smoke.md", ISSUE),
        mapping="mapping.yaml",
    ),
}
EVERY = pytest.mark.parametrize("name", sorted(SAMPLES))


def moved_in(name: str, folder: Path, **more: bool) -> Report:
    """Import what lies in `folder / source` into `folder / site`, which is made where missing."""
    sample = SAMPLES[name]
    if not (folder / "source").exists():
        shutil.copytree(DATA / sample.folder, folder / "source")
    if not (folder / "site").exists():
        (folder / "site").mkdir()
        (folder / "site" / "pelicanconf.py").write_text(CONF)
    return carry(
        name,
        folder / "source",
        site_root=folder / "site",
        zone=None,
        dry_run=more.get("dry_run", False),
        mapping=DATA / sample.folder / sample.mapping if sample.mapping else None,
        now=NOW,
    )


def kept_back(incident: Incident) -> list[str]:
    """Return the rules by which publishing keeps a story from readers, whatever is listed."""
    facts = (incident.first, *(update.says for update in incident.updates))
    named = {change.id for one in facts for change in one.components or ()}
    site = replace(ANY_SITE, components={one: Component(id=one, name=one) for one in named})
    found = check_incident(incident, site, NOW)
    return [problem.rule for problem in found if problem.level is Level.ERROR]


def written(folder: Path) -> dict[str, Incident]:
    """Return every incident of the site by its path; none has a problem."""
    site = folder / "site"
    found = {}
    for path in sorted((site / "content").rglob("*.md")):
        name = path.relative_to(site).as_posix()
        parsed = parse(path.read_bytes(), name, UTC)
        assert parsed.problems == ()
        assert parsed.incident is not None
        found[name] = parsed.incident
    return found


def snapshot(folder: Path) -> Mapping[str, bytes]:
    """Return all files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_format_has_a_sample() -> None:
    assert set(FORMATS) == set(SAMPLES)


def test_the_command_knows_every_format() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    for name in FORMATS:
        assert parser.parse_args([name, "somewhere"]).format == name


# ── totals, second runs, growth ──────────────────────────────────────────────────────────────────


@EVERY
def test_the_totals_add_up(tmp_path: Path, name: str) -> None:
    report = moved_in(name, tmp_path)

    assert report.total() == SAMPLES[name].total
    assert report.read == report.carried + report.drafts + report.not_carried
    targets = {e.target for e in report.entries if e.outcome is Outcome.CARRIED}
    assert set(written(tmp_path)) == targets
    counts = report.counts()
    assert counts["carried"] + counts["drafts"] == len(targets)
    # Every file of the source is told of, and counted once.
    told = {e.file or e.source for e in report.entries}
    told |= {path for path, _ in (*report.used, *report.pictures, *report.ignored)}
    assert told == set(snapshot(tmp_path / "source"))
    assert sum(files(report).values()) == len(told)


@EVERY
def test_a_second_run_changes_nothing(tmp_path: Path, name: str) -> None:
    first = moved_in(name, tmp_path)
    before = snapshot(tmp_path / "site")

    again = moved_in(name, tmp_path)

    assert snapshot(tmp_path / "site") == before
    assert again.unchanged == first.carried + first.drafts
    assert again.images == ()


@EVERY
def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path: Path, name: str) -> None:
    dry = moved_in(name, tmp_path, dry_run=True)

    assert sorted(snapshot(tmp_path / "site")) == ["pelicanconf.py"]
    wet = moved_in(name, tmp_path)
    assert list(dry.lines())[:-1] == list(wet.lines())[:-1]


@EVERY
def test_a_source_that_grew_adds_only_what_is_new(tmp_path: Path, name: str) -> None:
    first = moved_in(name, tmp_path)
    before = snapshot(tmp_path / "site")
    path, text = SAMPLES[name].more
    (tmp_path / "source" / path).write_text(text)

    again = moved_in(name, tmp_path)

    after = snapshot(tmp_path / "site")
    [added] = set(after) - set(before)
    assert {path: after[path] for path in before} == before
    assert again.unchanged == first.carried + first.drafts
    assert [e.target for e in again.entries if e.outcome is Outcome.CARRIED] == [added]


def say_more(path: Path) -> None:
    """Let the shop's story of the Statuspage end."""
    said = json.loads(path.read_text())
    shop = said["incidents"][1]
    end = {"id": "v2", "status": "resolved", "body": "Two.", "display_at": "2021-09-30T09:00:00Z"}
    shop |= {"status": "resolved", "incident_updates": [end, *shop["incident_updates"]]}
    path.write_text(json.dumps(said))


def test_a_story_that_went_on_gets_its_new_updates(tmp_path: Path) -> None:
    moved_in("statuspage", tmp_path)
    target = tmp_path / "site/content/incidents/2021/2021-09-30-the-shop-is-slow.md"
    before = target.read_text()
    say_more(tmp_path / "source/incidents.json")

    report = moved_in("statuspage", tmp_path)

    assert target.read_text() == before + "\n## 2021-09-30 09:00Z | imported | resolved\n\nTwo.\n"
    assert [str(e.outcome) for e in report.entries] == ["unchanged", "unchanged", "grew"]
    assert "the-shop-is-slow.md: grew by 1 update" in "\n".join(report.lines())
    assert report.total() == (
        "read 3 = carried 3 + drafts 0 + not carried 0 (2 of them unchanged) (1 of them grown)"
    )


def test_what_a_person_changed_is_left_alone(tmp_path: Path) -> None:
    moved_in("statuspage", tmp_path)
    target = tmp_path / "site/content/incidents/2021/2021-09-30-the-shop-is-slow.md"
    signed = "\n## 2021-09-30 08:30Z | Dawn Okafor | identified\n\nThe shop's disk is full.\n"
    target.write_text(target.read_text() + signed)
    mine = target.read_text()
    say_more(tmp_path / "source/incidents.json")

    report = moved_in("statuspage", tmp_path)

    [entry] = [e for e in report.entries if e.outcome is Outcome.YOURS]
    assert (entry.untaken, entry.why, report.needs_person) == (1, "", True)
    assert target.read_text() == mine


# ── the report, and addresses ────────────────────────────────────────────────────────────────────


def test_the_command_prints_the_report_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pelicanconf.py").write_text(CONF)
    monkeypatch.chdir(tmp_path)

    code = run_command("firstword import", import_, ["stactus", str(DATA / "stactus"), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 3
    assert [told[key] for key in ("read", "carried", "drafts", "not_carried")] == [6, 3, 0, 3]
    assert told["counts"]["repairs: id"] == 1
    [shop] = [e for e in told["entries"] if e["target"].endswith("the-shop-is-slow.md")]
    assert shop["repairs"][0] == {
        "what": "ts",
        "before": "later",
        "after": "2024-09-14 06:00:01Z",
        "why": "not a time: 'later'; it stands after the one before",
        "kind": "date",
    }
    assert shop["left_out"] == [{"what": "detective", "value": "Mill", "usual": False}]


def test_two_stories_of_one_day_and_title_are_told_apart(tmp_path: Path) -> None:
    rows = [{**ROW, "id": f"smokesmokes{number}"} for number in (1, 2)]
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.json").write_text(json.dumps({"incidents": rows}))

    report = moved_in("statuspage", tmp_path)

    assert [Path(entry.target).name for entry in report.entries] == [
        "2022-01-02-smoke.md",
        "2022-01-02-smoke-2.md",
    ]
    assert [str(repair) for repair in report.entries[1].repairs] == [
        (
            "file name: '2022-01-02-smoke' -> '2022-01-02-smoke-2'"
            " (another story of that day has that title)"
        )
    ]


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("feeds/updates.html", "this site itself"),
        ("incidents/2021-03-05-warm", "2021-03-05-warm"),
        ("old.html", ""),
    ],
)
def test_an_old_address_that_is_somebody_elses_is_left_out(
    tmp_path: Path, address: str, whose: str
) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"title": "title", "started": "date", "aliases": "aliases"}')
    (tmp_path / "source").mkdir()
    for day, alias in (("2021-03-04-cold", address), ("2021-03-05-warm", "warm.html")):
        text = f"Title: {day[11:]}\nDate: {day[:10]}\nAliases: {alias}\n\nWords.\n"
        (tmp_path / "source" / f"{day}.md").write_text(text)
    (tmp_path / "site").mkdir()

    report = carry(
        *("pelican", tmp_path / "source"),
        site_root=tmp_path / "site",
        zone=None,
        dry_run=False,
        mapping=mapping,
    )

    cold = written(tmp_path)["content/incidents/2021/2021-03-04-cold.md"]
    assert cold.aliases == (() if whose else (address,))
    told = [repair for repair in report.entries[0].repairs if repair.what == "address"]
    assert [repair.why for repair in told] == [
        f"an old address that cannot be kept: {whose} has it"
    ] * bool(whose)


# ── foreign text cannot harm ─────────────────────────────────────────────────────────────────────

NOISE = [b"---\n", b"+++\n", b"title: x\n", b"\n", b"\0", b"\xff", b"{", b"[", b"]", b'"', b": "]
NOISE += [b"::: update a | b\n", b"\r", b"\xef\xbb\xbf", b"&a [*a]", b"- ", b"../", b"\xed\xa0\x80"]


@st.composite
def damage(draw: st.DrawFn) -> tuple[int, bytes, int, int]:
    """Draw which file is hit, with what, and where: noise alone, or instead of a stretch."""
    pieces = st.lists(st.sampled_from(NOISE) | st.binary(max_size=8), max_size=8).map(b"".join)
    pieces |= st.binary(max_size=200)
    start = draw(st.integers(-1, 400))
    return draw(st.integers(0, 20)), draw(pieces), start, draw(st.integers(0, 60))


@cache
def stories_of(name: str) -> Mapping[str, tuple[str, str, bytes]]:
    """Return what is carried of an undamaged sample: source → its file, its target, the bytes."""
    with TemporaryDirectory() as folder:
        report = moved_in(name, Path(folder))
        return {
            e.source: (e.file or e.source, e.target, (Path(folder, "site") / e.target).read_bytes())
            for e in report.entries
            if e.target
        }


@EVERY
@given(hit=damage())
@settings(max_examples=25, deadline=None)
def test_no_bytes_in_one_file_lose_another(name: str, hit: tuple[int, bytes, int, int]) -> None:
    number, noise, start, length = hit

    def damaged(data: bytes) -> bytes:
        return noise if start < 0 else data[:start] + noise + data[start + length :]

    others_are_carried(name, number, damaged)


@EVERY
@pytest.mark.parametrize(
    "noise", [b"", b"\xff\xfe\0", b"---\n", b"---\n---\n", b"{", b"x: [", b"[]", b'[{"a": 1}]']
)
def test_whatever_stands_in_place_of_a_file_loses_no_other(name: str, noise: bytes) -> None:
    for number in range(len(snapshot(DATA / SAMPLES[name].folder))):
        others_are_carried(name, number, lambda _: noise)


NO_STORIES = "no incidents, maintenance or components in it"


def read_as_json(path: Path) -> object:
    """Return what a file says, None where it is no JSON."""
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def others_are_carried(name: str, number: int, damaged: Callable[[bytes], bytes]) -> None:
    """Import a sample of which one file is damaged: it is named, and the others are as ever."""
    stories = stories_of(name)
    with TemporaryDirectory() as folder:
        broken = Path(folder)
        shutil.copytree(DATA / SAMPLES[name].folder, broken / "source")
        files = sorted(snapshot(broken / "source"))
        hurt = files[number % len(files)]
        path = broken / "source" / hurt
        path.write_bytes(damaged(path.read_bytes()))

        report = moved_in(name, broken)

        assert report.read == report.carried + report.drafts + report.not_carried
        stands = written(broken)
        assert len(stands) == report.carried + report.drafts
        for entry in report.entries:
            if entry.outcome is not Outcome.NOT_CARRIED:
                for rule in kept_back(stands[entry.target]):
                    assert any(f": {rule}: " in need for need in entry.needs), entry
        found = {e.source: e.target for e in report.entries if e.outcome is not Outcome.NOT_CARRIED}
        # A translation goes with its original; a file's own stories go with the file.
        others = {one for one, (file, *_) in stories.items() if Path(hurt).name != Path(file).name}
        assert others <= found.keys()
        if len(others) < len(stories):
            # A story was hit: the others are told to the letter, under the same names.
            carried = snapshot(broken / "site")
            for one in others:
                _, target, told = stories[one]
                assert (found[one], carried[target]) == (target, told)
        if name == "statuspage" and read_as_json(path) not in (None, {}, []):
            # Left alone is only what says nothing but how the page is now.
            assert hurt not in {place for place, why in report.ignored if why == NO_STORIES}
        told_of = {e.file or e.source for e in report.entries}
        told_of |= {place for place, _ in (*report.used, *report.pictures, *report.ignored)}
        assert hurt in told_of or any(hurt in need for need in report.needs)
        before = snapshot(broken / "site")
        moved_in(name, broken)
        assert snapshot(broken / "site") == before


# ── what is called carried is shown ──────────────────────────────────────────────────────────────

LATE = "2022-01-02T09:30:00Z"
FUTURE = "2062-01-02T11:00:00Z"
STATUSFY = """\
---
title: Smoke
date: 2022-01-02T10:00:00Z
severity: major-outage
resolved: {over}
---
It smokes.

::: update {word} | {at}
Look.
:::
"""
ARTICLE = """\
Title: Smoke
Date: 2022-01-02 10:00
State: {over}

It smokes.

## 2022-01-02 09:30 - {word}

Look.
"""


def only(name: str, folder: Path, path: str, text: str) -> tuple[int, Incident]:
    """Import a source of one file, as the command does; return its exit code and the story."""
    place = folder / "source" / path
    place.parent.mkdir(parents=True)
    place.write_text(text)
    (folder / "site").mkdir()
    (folder / "site" / "pelicanconf.py").write_text(CONF)
    rules = folder / "mapping.json"
    rules.write_text(HEADINGS)
    code = run(
        *(name, folder / "source"),
        site_root=folder / "site",
        zone=None,
        dry_run=False,
        say=print,
        mapping=rules,
        now=NOW,
    )
    [incident] = written(folder).values()
    return code, incident


HEADINGS = """{"title": "title", "started": "date", "updates": "headings",
    "resolved": {"from": "state", "values": {"over": "true"}}}"""
BACKDATED = [{"status": "investigating", "body": "Look.", "display_at": LATE}]
#: Format → a file whose story has a word that is older than its beginning.
OLDER = {
    "statuspage": (
        "incidents.json",
        json.dumps({"incidents": [ROW | {"status": "", "incident_updates": BACKDATED}]}),
    ),
    "statusfy": ("content/a.md", STATUSFY.format(over="false", word="Update", at=LATE)),
    "pelican": ("a.md", ARTICLE.format(over="open", word="update")),
}
OLDER_END = {
    "statusfy": ("content/a.md", STATUSFY.format(over="true", word="Resolved", at=LATE)),
    "pelican": ("a.md", ARTICLE.format(over="over", word="resolved")),
}


@pytest.mark.parametrize("name", sorted(OLDER))
def test_a_story_begins_with_its_oldest_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    _, told = only(name, tmp_path, *OLDER[name])

    assert kept_back(told) == []
    assert told.started == datetime(2022, 1, 2, 9, 30, tzinfo=UTC)
    repair = "'2022-01-02 10:00:00Z' -> '2022-01-02 09:30:00Z' (an update is older)"
    assert repair in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(OLDER_END))
def test_an_end_that_is_older_than_the_date_stays_the_only_one(tmp_path: Path, name: str) -> None:
    _, told = only(name, tmp_path, *OLDER_END[name])

    assert [str(update.status) for update in told.updates] == ["investigating", "resolved"]
    assert kept_back(told) == []


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("cstate", "content/issues/a.md", ISSUE.replace("2022-01-02T11:00:00Z", FUTURE)),
        ("cstate", "content/issues/a.md", ISSUE.replace("2022-", "2062-")),
        ("statusfy", "content/a.md", STATUSFY.format(over="false", word="Update", at=FUTURE)),
    ],
)
def test_a_story_of_the_future_needs_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, path: str, text: str
) -> None:
    code, told = only(name, tmp_path, path, text)

    assert set(kept_back(told)) == {"future"}
    assert code == 3
    need = "needs a person: not shown until somebody mends it: future: signed 2062-01-02"
    assert need in capsys.readouterr().out
    again = moved_in(name, tmp_path)
    assert again.unchanged == 1
    assert again.needs_person


@pytest.mark.parametrize("as_json", [True, False])
def test_a_report_of_what_no_encoding_has_can_be_printed(tmp_path: Path, as_json: bool) -> None:
    broken = json.dumps({"incidents": [ROW | {"name": "Smoke \ud800", "note": "\ud800"}]})
    folder = tmp_path / "source \udcff"
    folder.mkdir()
    (folder / "more.json").write_text(broken)
    (folder / "left \udcfe.txt").touch()
    (tmp_path / "site").mkdir()
    said: list[bytes] = []

    mapping = tmp_path / "map \udcff.json"
    mapping.write_text('{"updates": "no such"}')
    for name in ("statuspage", "pelican"):
        run(
            *(name, folder),
            site_root=tmp_path / "site",
            zone=None,
            dry_run=False,
            say=lambda line: said.append(line.encode("utf-8", "strict")),
            mapping=mapping if name == "pelican" else None,
            as_json=as_json,
        )

    assert len(written(tmp_path)) == 1
    assert b"left \\udcfe.txt" in b"\n".join(said)
    assert b"map \\udcff.json" in said[-1]


def test_nobody_reading_the_report_is_no_error(tmp_path: Path) -> None:
    shutil.copytree(DATA / "cstate", tmp_path / "source")
    (tmp_path / "pelicanconf.py").write_text(CONF)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        ran = subprocess.run(
            [sys.executable, "-m", "firstword", "import", "cstate", "source"],
            cwd=tmp_path,
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (ran.returncode, ran.stderr) == (0, b"")


HOSTILE = "../../../etc/x\n---\nkind: notice\n## 2020-01-01 | Dawn Okafor | resolved\n\nMine."
EVIL = {
    "cstate": (
        "content/issues/2020-01-01-evil.md",
        {"title": HOSTILE, "date": "2020-01-01", "slug": "../../up", "aliases": ["/../../etc/x"]},
    ),
    "statusfy": (
        "content/2020-01-01_evil.md",
        {"title": HOSTILE, "date": "2020-01-01T00:00:00Z", "id": "../../up", "severity": HOSTILE},
    ),
    "statuskit": (
        "site/content/incidents/evil.md",
        {"title": HOSTILE, "date": "2020-01-01T00:00:00Z", "slug": "../../up"},
    ),
    "pelican": (
        "incidents/evil.md",
        {"title": HOSTILE, "date": "2020-01-01", "slug": "../../up", "systems": [HOSTILE]},
    ),
    "stactus": (
        "evil.yaml",
        {
            "version": "incident/v1",
            "id": "../../up",
            "name": HOSTILE,
            "systems": [HOSTILE],
            "timeline": [{"ts": "2020-01-01 10:00", "description": HOSTILE}],
        },
    ),
    "statuspage": (
        "evil.json",
        {"incidents": [{**ROW, "id": "../../up", "name": HOSTILE, "started_at": "2020-01-01"}]},
    ),
}


@EVERY
def test_hostile_values_stay_values(tmp_path: Path, name: str) -> None:
    report = moved_in(name, tmp_path)
    before = set(written(tmp_path))
    outside = snapshot(tmp_path).keys() - {f"site/{p}" for p in snapshot(tmp_path / "site")}
    path, values = EVIL[name]
    front = json.dumps(values)
    plain = name in ("stactus", "statuspage")
    text = front if plain else f"{front}\n![x](/../../secret.png)\n{HOSTILE}\n"
    (tmp_path / "source" / path).write_text(text)
    (tmp_path / "secret.png").write_text("secret")

    report = moved_in(name, tmp_path)

    assert not any(entry.why for entry in report.entries if "evil" in entry.source)
    [new] = set(written(tmp_path)) - before
    told = written(tmp_path)[new]
    assert new.startswith("content/incidents/20")
    assert str(told.kind) == "incident"
    assert {update.author for update in told.updates} == {"imported"}
    assert "\n" not in told.title
    assert all(".." not in alias for alias in told.aliases)
    now = snapshot(tmp_path).keys() - {f"site/{p}" for p in snapshot(tmp_path / "site")}
    assert now - outside == {f"source/{path}", "secret.png"}
    assert b"secret" not in snapshot(tmp_path / "site").values()
    assert all(line.isprintable() for line in report.lines())


@EVERY
def test_links_out_of_the_source_and_huge_files_are_named_not_read(
    tmp_path: Path, name: str
) -> None:
    moved_in(name, tmp_path)
    before = snapshot(tmp_path / "site")
    path, text = SAMPLES[name].more
    (tmp_path / "secret").write_text(text)
    first = tmp_path / "source" / path
    (first.parent / f"link{first.suffix}").symlink_to(tmp_path / "secret")
    os.mkfifo(first.parent / f"pipe{first.suffix}")
    with (first.parent / f"huge{first.suffix}").open("wb") as file:
        file.truncate(60_000_000)

    report = moved_in(name, tmp_path)

    assert snapshot(tmp_path / "site") == before
    whys = {Path(e.source).stem: e.why for e in report.entries if e.why}
    assert whys["link"] == "a link that leads out of the source is not followed"
    assert whys["pipe"] == "not a plain file"
    assert whys["huge"].startswith("60000000 bytes; at most ")


def test_a_free_format_needs_a_mapping_that_makes_sense(tmp_path: Path) -> None:
    wrong = {
        "a.yaml": ("titel: x", "a.yaml: unknown key: 'titel'; one of: address, aliases"),
        "b.yaml": ("files: ../*.md", "b.yaml: '../*.md' leads out of the folder"),
        "c.toml": ("title = ", "c.toml: no TOML: "),
        "d.txt": ("", "a mapping is YAML, TOML or JSON by its name, not 'd.txt'"),
        "e.yaml": ("title: {form: x}", "e.yaml: title: unknown key: 'form'"),
        "f.yaml": ("updates: all", "f.yaml: updates: 'all'; it can only be 'headings'"),
    }
    (tmp_path / "site").mkdir()

    def refusal(mapping: Path | None) -> str:
        with pytest.raises(ImportFailed) as error:
            carry(
                *("pelican", DATA / "articles"),
                site_root=tmp_path / "site",
                zone=None,
                dry_run=True,
                mapping=mapping,
            )
        return str(error.value)

    assert refusal(None) == "this format needs --mapping FILE: which of its keys says what"
    for name, (text, why) in wrong.items():
        (tmp_path / name).write_text(text)
        assert refusal(tmp_path / name).startswith(why)
