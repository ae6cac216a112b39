"""`firstword import statuspage`: every story is carried or named, and every change is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.errors import ImportFailed
from firstword.importers import carry, run
from firstword.importers.report import Entry, Outcome, Report
from firstword.model import Incident
from firstword.parse import parse

CONF = 'SITENAME = "Hollow Oak"\nCOMPONENTS = [\n    {"id": "shop", "name": "Shop"},\n]\nTAIL = 1\n'
PAGE = {"id": "oakoakoakoak", "name": "Oak", "url": "https://oak.example", "time_zone": "Etc/UTC"}
Json = dict[str, Any]


def component(id_: str, name: str, **more: object) -> Json:
    """Return a row of components.json."""
    row = {"id": id_, "name": name, "status": "operational", "position": 1, "description": None}
    return {**row, "group_id": None, "group": False, **more}


def update(status: str, time: str, body: str, *changes: Json, **more: object) -> Json:
    """Return an update shown at a time of 4 March 2021."""
    at = f"2021-03-04T{time}.250Z"
    row = {"id": f"u{time}", "status": status, "body": body, "created_at": at, "display_at": at}
    return {**row, "affected_components": list(changes) or None, **more}


def change(code: str, name: str, new: str) -> Json:
    """Return a line of affected_components."""
    return {"code": code, "name": name, "old_status": "operational", "new_status": new}


def incident(*updates: Json, **more: object) -> Json:
    """Return an incident with its updates, which stand newest first as they do there."""
    row: Json = {"id": "cold00cold00", "name": "Cold", "status": "resolved", "impact": "major"}
    row |= {"started_at": "2021-03-04T09:00:00.100Z", "components": []}
    return {**row, "incident_updates": list(reversed(updates)), **more}


def maintenance(*updates: Json, **more: object) -> Json:
    """Return a maintenance planned for the night after."""
    planned = {"scheduled_for": "2021-03-05T01:00:00Z", "scheduled_until": "2021-03-05T02:00:00Z"}
    row = {"id": "kiln00kiln00", "name": "New kiln", "status": "completed", "impact": "maintenance"}
    return incident(*updates, **{**row, **planned, **more})


COLD = incident(
    update("investigating", "09:00:00", "It is cold."), update("resolved", "10:00:00", "Warm.")
)


def documents(*stories: Json, components: list[Json] | None = None) -> dict[str, str]:
    """Return the files of a saved Statuspage."""
    planned = [story for story in stories if "scheduled_for" in story]
    files = {
        "incidents.json": {"incidents": [s for s in stories if "scheduled_for" not in s]},
        "components.json": {"components": components or []},
    }
    if planned:
        files["scheduled-maintenances.json"] = {"scheduled_maintenances": planned}
    return {name: json.dumps({"page": PAGE, **document}) for name, document in files.items()}


def saved(folder: Path, files: Mapping[str, str | bytes]) -> tuple[Path, Path]:
    """Write the files of a source, and a site with nothing but its settings beside it."""
    for name, data in files.items():
        path = folder / "saved" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    (folder / "site").mkdir()
    (folder / "site" / "pelicanconf.py").write_text(CONF)
    return folder / "saved", folder / "site"


def again(source: Path, site: Path, *, dry_run: bool = False) -> Report:
    """Carry a source into a site."""
    return carry("statuspage", source, site_root=site, zone=None, dry_run=dry_run)


def carried(folder: Path, files: Mapping[str, str | bytes]) -> tuple[Report, Path]:
    """Carry a source of these files into a new site."""
    source, site = saved(folder, files)
    return again(source, site), site


def read(site: Path, entry: Entry) -> Incident:
    """Read what an entry became; it has no problem at all."""
    parsed = parse((site / entry.target).read_bytes(), entry.target, UTC)
    assert parsed.problems == ()
    assert parsed.incident is not None
    return parsed.incident


def one(folder: Path, story: Json) -> tuple[Incident, list[str]]:
    """Carry one story; return what it became and what is told of it."""
    report, site = carried(folder, documents(story))
    [entry] = report.entries
    assert entry.outcome is Outcome.CARRIED, entry
    facts = [line.strip() for line in list(entry.lines())[1:]]
    return read(site, entry), facts


def timeline(told: Incident) -> list[tuple[str, str, str]]:
    """Return time, status and text of each update."""
    return [(f"{u.at:%d %H:%M:%S}", str(u.status), u.body) for u in told.updates]


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ── one small Statuspage, whole ──────────────────────────────────────────────────────────────────

WHOLE = documents(
    incident(
        update("investigating", "09:00:00", "It is cold.", change("k1", "Kiln", "major_outage")),
        update("update", "09:30:00", "Still <b>cold</b>.", deliver_notifications=False),
        update("resolved", "10:00:00", "Warm.", change("k1", "Kiln", "operational")),
        shortlink="https://stspg.example/x",
        impact_override="minor",
    ),
    maintenance(
        update("scheduled", "09:00:00", "A new kiln comes.", change("s1", "Shop", "operational")),
        update("in_progress", "09:10:00", "Lifting.", change("s1", "Shop", "under_maintenance")),
        update("verifying", "09:20:00", "Heating."),
        update("completed", "09:30:00", "Done."),
    ),
    components=[
        component("g1", "Workshop", group=True, position=2),
        component("k1", "Kiln", group_id="g1", description="Fires at 1240 °C"),
        component("s1", "Shop"),
    ],
)


def test_the_report_names_every_story_and_every_change(tmp_path: Path) -> None:
    source, site = saved(tmp_path, WHOLE | {"status.json": '{"page": {}}', "notes.txt": "hello"})
    lines: list[str] = []

    code = run("statuspage", source, site_root=site, zone=None, dry_run=False, say=lines.append)

    expected = dedent(
        """\
        incidents.json: cold00cold00 -> content/incidents/2021/2021-03-04-cold.md: carried
          text: 'Still <b>cold</b>.' -> 'Still **cold**.' (HTML, written as Markdown)
          left out: impact_override: 'minor'
        component 'Shop' -> shop, in COMPONENTS already
        component 'Kiln' -> kiln, added
        left out: page: 'Oak, https://oak.example, Etc/UTC'
        left out: components: 'status, position, dates, showcase, only_show_if_degraded'
        left out: shortlink: as Statuspage keeps it (1 file)
        left out: started_at: as Statuspage keeps it (1 file)
        what        updates  repairs  left out  needs  file
        carried           3        1         2      0  incidents.json: cold00cold00 -> content/incidents/2021/2021-03-04-cold.md
        carried           4        0         1      0  scheduled-maintenances.json: kiln00kiln00 -> content/incidents/2021/2021-03-04-new-kiln.md
        components                                     components.json
        left alone                                     notes.txt (not a JSON file)
        left alone                                     status.json (no incidents, maintenance or components in it)
        besides                    0         2      0  the source as a whole
        in all            7        1         5      0  files 5 = stories 2 + read besides 1 + pictures 0 + left alone 2
        2  carried
        2  files left alone
        1  repairs: text
        5  values left out
        into the site SITE
        read 2 = carried 2 + drafts 0 + not carried 0
        """  # noqa: E501 - lines of a report are as long as their values
    )
    assert "\n".join(lines) + "\n" == expected.replace("SITE", str(site))
    assert code == 0


def test_updates_become_updates_with_what_they_say_of_components(tmp_path: Path) -> None:
    _, site = carried(tmp_path, WHOLE)

    expected = dedent(
        """\
        ---
        title: Cold
        impact: major
        started: 2021-03-04 09:00Z
        id: cold00cold00
        aliases: [incidents/cold00cold00]
        imported: statuspage
        ---

        ## 2021-03-04 09:00Z | imported | investigating
        components: kiln major_outage

        It is cold.

        ## 2021-03-04 09:30Z | imported | update
        notify: no

        Still **cold**.

        ## 2021-03-04 10:00Z | imported | resolved
        components: kiln operational

        Warm.
        """
    )
    assert (site / "content/incidents/2021/2021-03-04-cold.md").read_text() == expected


def test_maintenance_keeps_its_window_and_its_states(tmp_path: Path) -> None:
    _, site = carried(tmp_path, WHOLE)

    expected = dedent(
        """\
        ---
        title: New kiln
        kind: maintenance
        scheduled_for: 2021-03-05 01:00Z
        scheduled_until: 2021-03-05 02:00Z
        id: kiln00kiln00
        aliases: [incidents/kiln00kiln00]
        imported: statuspage
        ---

        ## 2021-03-04 09:00Z | imported | scheduled
        components: shop operational

        A new kiln comes.

        ## 2021-03-04 09:10Z | imported | in_progress
        components: shop under_maintenance

        Lifting.

        ## 2021-03-04 09:20Z | imported | verifying

        Heating.

        ## 2021-03-04 09:30Z | imported | completed

        Done.
        """
    )
    assert (site / "content/incidents/2021/2021-03-04-new-kiln.md").read_text() == expected


def test_components_come_with_their_group(tmp_path: Path) -> None:
    _, site = carried(tmp_path, WHOLE)

    kiln = '{"id": "kiln", "name": "Kiln", "group": "Workshop", "description": "Fires at 1240 °C"}'
    head, tail = CONF.split("]\n")
    assert (site / "pelicanconf.py").read_text() == f"{head}    {kiln},\n]\n{tail}"


def test_running_twice_changes_nothing(tmp_path: Path) -> None:
    source, site = saved(tmp_path, WHOLE)
    again(source, site)
    before = snapshot(site)

    report = again(source, site)

    assert snapshot(site) == before
    assert report.total() == ("read 2 = carried 2 + drafts 0 + not carried 0 (2 of them unchanged)")


def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path: Path) -> None:
    source, site = saved(tmp_path, WHOLE)
    before = snapshot(site)

    dry = again(source, site, dry_run=True)

    assert snapshot(site) == before
    wet = again(source, site)
    assert list(dry.lines())[:-1] == list(wet.lines())[:-1]


# ── documents ────────────────────────────────────────────────────────────────────────────────────


def test_a_story_that_two_documents_hold_is_told_once_as_the_newest_has_it(tmp_path: Path) -> None:
    first = update("investigating", "09:00:00", "It is cold.")
    gone = update("monitoring", "09:05:00", "Taken back.")
    old = incident(first, gone, status="monitoring", updated_at="2021-03-04T09:06:00Z")
    files = {
        "a.json": json.dumps({"incidents": [old]}),
        "incidents/b.json": json.dumps(
            {"incidents": [{**COLD, "updated_at": "2021-03-04T10:00:00Z"}]}
        ),
    }

    report, site = carried(tmp_path, files)

    [entry] = report.entries
    assert [status for _, status, _ in timeline(read(site, entry))] == ["investigating", "resolved"]
    assert report.ignored == (("a.json", "cold00cold00: as in incidents/b.json"),)
    assert entry.needs == ("a.json has updates of this story that are not in incidents/b.json",)
    assert report.total().startswith("read 1 = carried 1")


def test_what_cannot_be_read_is_named_and_the_others_are_carried(tmp_path: Path) -> None:
    odd = {"id": "odd", "name": "No time", "incident_updates": []}
    files = {
        "bad.json": "{",
        "good.json": json.dumps({"incidents": [COLD, 5, odd]}),
    }

    report, _ = carried(tmp_path, files)

    assert [(entry.source, entry.outcome, entry.why.split(":")[0]) for entry in report.entries] == [
        ("good.json: odd", Outcome.NOT_CARRIED, "no time that can be read"),
        ("good.json: cold00cold00", Outcome.CARRIED, ""),
        ("bad.json", Outcome.NOT_CARRIED, "not JSON"),
        ("good.json: incidents[1]", Outcome.NOT_CARRIED, "it is no object"),
    ]
    assert report.total() == "read 4 = carried 1 + drafts 0 + not carried 3"
    assert report.needs_person


@pytest.mark.parametrize("files", [{}, {"status.json": '{"page": {}}'}, {"notes.txt": "hello"}])
def test_a_folder_without_documents_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    (tmp_path / "saved").mkdir()
    source, site = saved(tmp_path, files)

    with pytest.raises(ImportFailed, match="no documents of a Statuspage in"):
        again(source, site)


def test_a_list_without_a_key_is_read_by_what_its_rows_are(tmp_path: Path) -> None:
    group = {"id": "g1", "name": "Workshop", "components": ["k1"], "position": 1}
    kiln = maintenance(update("completed", "09:30:00", "Done."), components=[])
    lists = {
        "incidents.json": [COLD, kiln, 5, {"id": "x", "name": "A page", "domain": "oak"}],
        "components.json": [component("k1", "Kiln", group_id="g1")],
        "component-groups.json": [group],
        "none.json": [],
        "pages.json": [{"id": "p", "name": "Oak"}],
        "history.json": {"months": []},
        "word.json": "incidents",
        "status.json": {"page": PAGE, "status": {"indicator": "none"}},
    }

    report, site = carried(tmp_path, {name: json.dumps(given) for name, given in lists.items()})

    assert report.total() == "read 7 = carried 2 + drafts 0 + not carried 5"
    assert {e.source: e.why for e in report.entries if e.outcome is Outcome.NOT_CARRIED} == {
        "incidents.json: incidents[2]": "it is no object",
        "incidents.json: incidents[3]": "it tells no story",
        "pages.json": "a list without incidents, maintenance or components",
        "history.json": "no incidents, maintenance or components in it: months",
        "word.json": 'neither an object nor a list: "incidents"',
    }
    why = "no incidents, maintenance or components in it"
    assert report.ignored == (("none.json", why), ("status.json", why))
    assert '"name": "Kiln", "group": "Workshop"' in (site / "pelicanconf.py").read_text()
    assert report.needs_person


def test_a_list_as_long_as_statuspage_gives_may_go_on(tmp_path: Path) -> None:
    rows = [{**COLD, "id": f"cold{number:08}"} for number in range(50)]

    report, site = carried(tmp_path, documents(*rows))

    assert report.needs == (
        "incidents.json: incidents: 50, the most that Statuspage gives; look for older",
    )
    assert len(list((site / "content").rglob("*.md"))) == report.carried == 50


# ── stories ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        ("One.<br /><br />Two.", "One.\n\nTwo."),
        ("One.\n\nTwo <strong>three</strong>.", "One.\n\nTwo **three**."),
        (
            '<p>See <a href="https://oak.example/a">here</a>.</p><ul><li>1 * 2</li></ul>',
            "See [here](https://oak.example/a).\n\n- 1 \\* 2",
        ),
        ("<p>a &lt;b&gt; &amp; c</p>", "a \\<b\\> \\& c"),
        ("Load < 5 and a > b, *as it was*", "Load < 5 and a > b, *as it was*"),
        ("One.\r\n\r\nTwo.", "One.\n\nTwo."),
        ("# Head\nText", "### Head\nText"),
        ("One.\r\nTwo.\nThree.\n\nFour.", "One.  \nTwo.  \nThree.\n\nFour."),
        ("One\nand <b>two</b>\nand three", "One  \nand **two**  \nand three"),
        ("<p>One\ntwo.</p>", "One\ntwo."),
        ("One.<br>Two.", "One.  \nTwo."),
        ("We will:\n- look\n- wait\n  a bit", "We will:\n\n- look\n- wait  \n  a bit"),
        ("1. look\n2. wait\nThen:\n3. go", "1. look\n2. wait  \nThen:\n3. go"),
        ("Log:\n```\na\nb\n```\nEnd.", "Log:\n```\na\nb\n```\nEnd."),
        ("> a\n> b", "> a\n> b"),
        ("<h1>Head</h1>Text", "### Head\n\nText"),
    ],
)
def test_bodies_come_as_markdown(tmp_path: Path, body: str, markdown: str) -> None:
    told, _ = one(tmp_path, incident(update("resolved", "10:00:00", body)))

    assert [text for _, _, text in timeline(told)] == [markdown]


def test_an_import_that_kept_no_line_breaks_is_not_told_that_its_words_changed(
    tmp_path: Path,
) -> None:
    text = "One.\nTwo:\n- three"
    source, site = saved(tmp_path, documents(incident(update("resolved", "10:00:00", text))))
    [entry] = again(source, site).entries
    there = site / entry.target
    older = there.read_text().replace("One.  \nTwo:\n\n- three", text)
    assert text in older
    there.write_text(older)

    report = again(source, site)

    assert (report.unchanged, report.needs_person, there.read_text()) == (1, False, older)


@pytest.mark.parametrize("body", ["<b>x<![foo bar]>", "<b>" * 5000 + "x"])
def test_html_that_cannot_be_read_stays_and_needs_a_person(tmp_path: Path, body: str) -> None:
    report, site = carried(tmp_path, documents(incident(update("resolved", "10:00:00", body))))

    [entry] = report.entries
    assert [text for _, _, text in timeline(read(site, entry))] == [body]
    assert [need.split(":")[0] for need in entry.needs] == [
        "HTML that cannot be read stays as it is"
    ]


def test_two_updates_of_one_second_are_a_second_apart_in_their_order(tmp_path: Path) -> None:
    first = update("investigating", "09:00:00", "One.")
    second = update("resolved", "09:00:00", "Two.", display_at="2021-03-04T09:00:00.900Z")

    told, facts = one(tmp_path, incident(first, second))

    assert timeline(told) == [
        ("04 09:00:00", "investigating", "One."),
        ("04 09:00:01", "resolved", "Two."),
    ]
    assert facts == [
        (
            "display_at: '2021-03-04 09:00:00Z' -> '2021-03-04 09:00:01Z'"
            " (two updates in one second; an update's id is its instant)"
        )
    ]


def test_a_postmortem_that_an_empty_update_announces_is_one(tmp_path: Path) -> None:
    announced = update("postmortem", "12:00:00", "")
    told, _ = one(
        tmp_path,
        {
            **incident(update("resolved", "09:00:00", "One."), announced),
            "postmortem_body": "A relay.",
            "postmortem_published_at": "2021-03-06T08:00:00Z",
        },
    )

    assert timeline(told)[1:] == [("04 12:00:00", "postmortem", "A relay.")]


def test_an_address_without_its_beginning_is_told_how_to_say_it(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="of a live page, say https://status"):
        carry("statuspage", "status.example.com", site_root=tmp_path, zone=None, dry_run=True)


def test_a_postmortem_kept_beside_the_updates_is_carried(tmp_path: Path) -> None:
    told, facts = one(
        tmp_path,
        {
            **COLD,
            "status": "postmortem",
            "postmortem_body": "<p>A relay.</p>",
            "postmortem_published_at": "2021-03-06T08:00:00Z",
        },
    )

    assert timeline(told)[2:] == [("06 08:00:00", "postmortem", "A relay.")]
    assert facts == ["postmortem_body: '<p>A relay.</p>' -> 'A relay.' (HTML, written as Markdown)"]


def test_a_row_that_is_over_ends_and_says_so(tmp_path: Path) -> None:
    begun = update("investigating", "09:00:00", "It is cold.")

    told, facts = one(tmp_path, incident(begun, resolved_at="2021-03-04T11:00:00Z"))

    assert timeline(told)[1:] == [("04 11:00:00", "resolved", "")]
    assert facts == [
        "status: 'investigating' -> 'resolved, 2021-03-04 11:00:00Z' (the row says so; no update)"
    ]


def test_an_open_story_stays_open(tmp_path: Path) -> None:
    begun = update("investigating", "09:00:00", "It is cold.")

    report, _ = carried(tmp_path, documents(incident(begun, status="investigating")))

    assert [entry.is_open for entry in report.entries] == [True]


@pytest.mark.parametrize(
    ("until", "end", "why"),
    [
        ("2021-03-05T00:30:00Z", "03:10", "not after scheduled_for, 2021-03-05 01:00:00Z; this is"),
        (None, "03:10", "not said; this is when it ended"),
        ("soon", "03:10", "not said; this is when it ended"),
    ],
)
def test_a_window_without_an_end_ends_when_the_work_did(
    tmp_path: Path, until: str | None, end: str, why: str
) -> None:
    done = update("completed", "10:00:00", "Done.", display_at="2021-03-05T03:10:00Z")

    told, facts = one(tmp_path, maintenance(done, scheduled_until=until))

    assert f"{told.first.scheduled_until:%d %H:%M}" == f"05 {end}"
    assert why in facts[-1]


def test_components_of_one_name_are_told_apart_by_their_group(tmp_path: Path) -> None:
    listed = [
        component("g1", "EU", group=True, position=1),
        component("g2", "US", group=True, position=2),
        component("a1", "API", group_id="g1"),
        component("a2", "API", group_id="g2"),
    ]
    said = update("resolved", "10:00:00", "Warm.", change("a2", "US - API", "partial_outage"))

    report, site = carried(tmp_path, documents(incident(said), components=listed))

    [entry] = report.entries
    assert [c.id for c in read(site, entry).updates[0].says.components or ()] == ["us-api"]
    assert report.components == ("'EU - API' -> eu-api, added", "'US - API' -> us-api, added")


def test_a_component_that_only_updates_name_is_retired(tmp_path: Path) -> None:
    said = update(
        *("resolved", "10:00:00", "Warm."),
        change("x9", "Old - Oven", "operational"),
        {"name": "No components were affected by this update."},
    )

    report, site = carried(tmp_path, {"a.json": json.dumps({"incidents": [incident(said)]})})

    assert report.components == (
        "'Old - Oven' -> old-oven, added as retired: the source does not list it",
    )
    assert report.needs == (
        "there is no components.json: components that only updates name are retired",
    )
    assert '"retired": True' in (site / "pelicanconf.py").read_text()


# ── anything at all, and real pages ──────────────────────────────────────────────────────────────

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
TIMES = st.sampled_from(["2021-03-04T09:00:00Z", "2021-03-04T10:00:00.5-06:00", "soon", "", None])
STATUSES = st.sampled_from(["investigating", "resolved", "postmortem", "scheduled", "", None])
BODIES = st.text(max_size=40) | st.sampled_from(
    ["<br/><p>a", "<![x", "## 2020-01-01 | a | update", "```", "<!-- <b>", "<pre>\n\nx<b>"]
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["abc", "A/b", "", "../x"]) | VALUES,
        "name": st.text(max_size=20) | VALUES,
        "status": STATUSES | VALUES,
        "impact": st.sampled_from(["none", "major", "maintenance"]) | VALUES,
        "started_at": TIMES | VALUES,
        "scheduled_for": TIMES | VALUES,
        "scheduled_until": TIMES,
        "postmortem_body": BODIES | VALUES,
        "components": st.lists(st.just(component("c1", "Kiln"))) | VALUES,
        "incident_updates": VALUES
        | st.lists(
            st.fixed_dictionaries(
                {"status": STATUSES | VALUES, "body": BODIES | VALUES},
                optional={
                    "display_at": TIMES | VALUES,
                    "affected_components": VALUES
                    | st.lists(st.just(change("c1", "Kiln", "major_outage"))),
                },
            ),
            max_size=3,
        ),
    },
)
FILES = st.binary(max_size=200) | st.builds(
    lambda **document: json.dumps(document).encode(),
    incidents=st.lists(ROWS | VALUES, max_size=3) | VALUES,
    scheduled_maintenances=st.lists(ROWS, max_size=2),
    components=VALUES | st.lists(st.just(component("c1", "Kiln", position="x"))),
    page=VALUES,
)


@given(data=FILES)
@settings(max_examples=60)
def test_no_file_stops_the_import_or_loses_another(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        good = json.dumps({"incidents": [COLD]})
        source, site = saved(Path(folder), {"any.json": data, "good.json": good})

        report = again(source, site)

        found = {entry.source: entry for entry in report.entries}
        cold = read(site, found["good.json: cold00cold00"])
        assert timeline(cold)[-1] == ("04 10:00:00", "resolved", "Warm.")
        assert report.read == report.carried + report.not_carried
        written = list((site / "content").rglob("*.md"))
        assert len(written) == report.carried
        before = snapshot(site)
        assert again(source, site).unchanged == report.carried
        assert snapshot(site) == before


def test_real_pages_are_carried_whole(corpus: Path, tmp_path: Path) -> None:
    _, site = saved(tmp_path, {})

    report = again(corpus / "statuspage-json", site)

    assert report.total() == "read 24 = carried 24 + drafts 0 + not carried 0"
    assert not report.needs_person
    assert sum(len(read(site, entry).updates) for entry in report.entries) == 117
    assert again(corpus / "statuspage-json", site).unchanged == 24
