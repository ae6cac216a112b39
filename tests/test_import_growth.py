"""A source that went on after it was imported: what is new is added, nothing else is touched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.check import check_incident
from firstword.check.since import check_since
from firstword.importers import carry
from firstword.importers.report import Entry, Report
from firstword.model import Incident, Level, Site
from firstword.parse import parse

NOW = datetime(2026, 11, 22, 9, 30, 15, 999, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
ANY_SITE = Site(
    name="Any",
    url="https://any.example",
    timezone=ZoneInfo("UTC"),
    tag_authority="any.example,2026",
)
COLD = "content/incidents/2021/cold.md"


def at(time: str) -> str:
    """Return cState's mark of a time of 4 March 2021."""
    return f'{{{{< track "2021-03-04 {time}:00" >}}}}'


def issue(body: str, **values: str) -> str:
    """Return an issue file that began at 09:00."""
    front = {"title": "Cold", "date": "2021-03-04T09:00:00Z", "severity": "down"} | values
    return "".join(["---\n", *(f"{k}: {v}\n" for k, v in front.items()), f"---\n{body}\n"])


class Moving:
    """A source, and a site that it is imported into now and then."""

    def __init__(self, root: Path, form: str = "cstate") -> None:
        self.form = form
        self.source = root / "source"
        self.site = root / "site"
        self.site.mkdir()
        (self.site / "pelicanconf.py").write_text("COMPONENTS = []\n")

    def says(self, text: str, name: str = "cold.md") -> None:
        """Let a file of the source say something."""
        path = self.source / ("content/issues" if self.form == "cstate" else "") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if self.form == "cstate":
            (self.source / "config.yml").write_text("title: Oak\n")

    def carry(self, now: datetime | None = NOW) -> Report:
        """Import."""
        return carry(self.form, self.source, site_root=self.site, zone=None, dry_run=False, now=now)

    def text(self, path: str = COLD) -> str:
        """Return a file of the site."""
        return (self.site / path).read_text()

    def files(self) -> dict[str, bytes]:
        """Return all stories."""
        return {p.name: p.read_bytes() for p in sorted((self.site / "content").rglob("*.md"))}

    def story(self, path: str = COLD) -> Incident:
        """Return a story that has no problem."""
        parsed = parse((self.site / path).read_bytes(), path, UTC)
        assert parsed.problems == ()
        assert parsed.incident is not None
        errors = check_incident(parsed.incident, ANY_SITE, LATER)
        assert [problem for problem in errors if problem.level is Level.ERROR] == []
        return parsed.incident


@pytest.fixture
def moving(tmp_path: Path) -> Moving:
    return Moving(tmp_path)


def only(report: Report) -> Entry:
    """Return the only entry."""
    [entry] = report.entries
    return entry


def timeline(incident: Incident) -> list[tuple[str, str, str]]:
    """Return time, status and text of each update."""
    return [(f"{u.at:%d %H:%M:%S}", str(u.status), u.body) for u in incident.updates]


# ── words with a time ────────────────────────────────────────────────────────────────────────────

TOP = f"*Monitoring* - Warm. {at('11:00')}"
MIDDLE = f"*Identified* - A relay. {at('10:00')}"
BELOW = "It is cold."


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        ([BELOW], [TOP, BELOW], 1),
        ([TOP, BELOW], [TOP, MIDDLE, BELOW], 1),
        ([BELOW], [TOP, MIDDLE, BELOW], 2),
        ([MIDDLE], [TOP, MIDDLE], 1),
    ],
    ids=["on top", "in the middle", "both", "nothing below"],
)
def test_words_with_a_time_are_added_where_they_belong(
    moving: Moving, before: list[str], after: list[str], added: int
) -> None:
    moving.says(issue("\n\n".join(before)))
    moving.carry()
    old = moving.story()
    moving.says(issue("\n\n".join(after)))

    report = moving.carry()

    entry = only(report)
    assert (str(entry.outcome), entry.added, entry.needs) == ("grew", added, ())
    assert list(check_since(old, moving.story(), ANY_SITE)) == []
    with TemporaryDirectory() as folder:
        fresh = Moving(Path(folder))
        fresh.says(issue("\n\n".join(after)))
        fresh.carry()
        assert moving.files() == fresh.files()
    again = moving.carry(LATER)
    assert (again.unchanged, again.needs_person) == (1, False)


PARTS = [f"*{word}* - {word} it is. {at(f'{hour}:00')}" for hour, word in enumerate(
    ("Update", "Identified", "Update", "Monitoring", "Update"), 10)]  # fmt: skip


@settings(max_examples=30)
@given(known=st.sets(st.sampled_from(range(5))), newest_first=st.booleans())
def test_growing_gives_what_a_first_import_would(known: set[int], newest_first: bool) -> None:
    def told(parts: Sequence[str]) -> str:
        order = [*reversed(parts), BELOW] if newest_first else [BELOW, *parts]
        return issue("\n\n---\n\n".join(order))

    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        grown, fresh = Moving(Path(one)), Moving(Path(other))
        grown.says(told([PARTS[number] for number in sorted(known)]))
        grown.carry()
        grown.says(told(PARTS))
        fresh.says(told(PARTS))

        assert not grown.carry().needs_person
        fresh.carry()
        assert grown.files() == fresh.files()


def test_a_story_that_ended_since_ends_here(moving: Moving) -> None:
    moving.says(issue(BELOW, resolved="false"))
    moving.carry()
    more = {"resolved": "true", "resolvedWhen": "2021-03-04T12:00:00Z"}
    moving.says(issue(f"{TOP}\n\n{BELOW}", **more))

    report = moving.carry()

    assert only(report).is_open is False
    assert timeline(moving.story())[1:] == [
        ("04 11:00:00", "monitoring", "Warm."),
        ("04 12:00:00", "resolved", ""),
    ]


def test_what_goes_on_after_a_made_up_end_does_not_open_it_again(moving: Moving) -> None:
    moving.says(issue(BELOW, resolved="true"))
    moving.carry()
    moving.says(issue(f"{TOP}\n\n{BELOW}", resolved="true"))

    entry = only(moving.carry())

    assert timeline(moving.story())[1:] == [
        ("04 09:01:00", "resolved", ""),
        ("04 11:00:00", "update", "Warm."),
    ]
    assert entry.is_open is False
    assert entry.needs == (
        (
            "update of 2021-03-04 09:01:00Z: the source has it at 2021-03-04 11:01:00Z now; it"
            " stays where it is"
        ),
    )
    assert "status: 'monitoring' -> 'update' (it comes after an end that was carried before)" in [
        str(repair) for repair in entry.repairs
    ]


# ── words without a time ─────────────────────────────────────────────────────────────────────────


def test_a_paragraph_put_on_top_stands_where_it_was_found(moving: Moving) -> None:
    moving.says(issue(f"{MIDDLE}\n\n---\n\n{BELOW}"))
    moving.carry()
    old = moving.story()
    moving.says(issue(f"It is warm.\n\nTwo shelves are lost.\n\n---\n\n{MIDDLE}\n\n---\n\n{BELOW}"))

    entry = only(moving.carry())

    assert timeline(moving.story()) == [
        ("04 09:00:00", "investigating", "It is cold."),
        ("04 10:00:00", "identified", "A relay."),
        ("22 09:30:15", "update", "It is warm.\n\nTwo shelves are lost."),
    ]
    assert list(check_since(old, moving.story(), ANY_SITE)) == []
    assert [str(repair) for repair in entry.repairs] == [
        (
            "time: '' -> '2026-11-22 09:30:15Z' (words put beside older ones, without a time; this"
            " is when they were found)"
        )
    ]
    before = moving.files()
    again = moving.carry(LATER)
    assert moving.files() == before
    assert (again.unchanged, again.needs_person) == (1, False)


def test_the_next_paragraph_is_told_from_the_one_before(moving: Moving) -> None:
    for words in (BELOW, f"Two.\n\n{BELOW}", f"Three.\n\nTwo.\n\n{BELOW}"):
        moving.says(issue(words))
        moving.carry(LATER if words.startswith("Three") else NOW)

    assert timeline(moving.story())[1:] == [
        ("22 09:30:15", "update", "Two."),
        ("23 07:00:00", "update", "Three."),
    ]


def test_the_words_of_an_end_come_with_the_end(moving: Moving) -> None:
    first = "*Update* - Colder.\n\n*Investigating* - Cold."
    moving.says(issue(first, resolved="false"))
    moving.carry()
    before = moving.files()
    moving.carry(LATER)
    assert moving.files() == before
    ended = {"resolved": "true", "resolvedWhen": "2021-03-04T12:00:00Z"}
    moving.says(issue(f"*Resolved* - Warm.\n\n{first}", **ended))

    report = moving.carry(LATER)

    assert not report.needs_person
    assert [(f"{u.at:%H:%M}", str(u.status), u.body) for u in moving.story().updates] == [
        ("09:00", "investigating", "*Investigating* - Cold.\n\n*Update* - Colder."),
        ("12:00", "resolved", "Warm."),
    ]


def test_without_a_clock_such_words_are_named(moving: Moving) -> None:
    moving.says(issue(BELOW))
    moving.carry()
    before = moving.files()
    moving.says(issue(f"It is warm.\n\n{BELOW}"))

    entry = only(moving.carry(None))

    assert moving.files() == before
    assert entry.needs == ("words without a time, new in the source: 'It is warm.'",)


# ── what the source changed ──────────────────────────────────────────────────────────────────────


def test_changed_words_are_refused_one_by_one_and_the_rest_is_added(moving: Moving) -> None:
    moving.says(issue(f"{MIDDLE}\n\n{BELOW}"))
    moving.carry()
    old = moving.story()
    changed = MIDDLE.replace("A relay", "Two relays")
    moving.says(issue(f"{TOP}\n\n{changed}\n\n{BELOW}"))

    report = moving.carry()

    entry = only(report)
    assert (str(entry.outcome), entry.added) == ("grew", 1)
    assert entry.needs == (
        (
            "update of 2021-03-04 10:00:00Z: the source changed its words since; the old ones stay:"
            " 'A relay.' -> 'Two relays.'"
        ),
    )
    assert report.needs_person
    assert [body for _, _, body in timeline(moving.story())] == ["It is cold.", "A relay.", "Warm."]
    assert list(check_since(old, moving.story(), ANY_SITE)) == []


@pytest.mark.parametrize(
    ("before", "after", "need"),
    [
        (
            issue(BELOW),
            issue("It is warm."),
            (
                "update of 2021-03-04 09:00:00Z: the source changed its words since; the old ones"
                " stay: 'It is cold.' -> 'It is warm.'"
            ),
        ),
        (
            issue(f"{'It is cold in the kitchen. ' * 4}A relay is to blame."),
            issue(f"{'It is cold in the kitchen. ' * 4}A 'mouse' is to blame."),
            (
                "update of 2021-03-04 09:00:00Z: the source changed its words since; the old ones"
                " stay: '...kitchen. It is cold in the kitchen. A relay is to blame.' ->"
                " \"...kitchen. It is cold in the kitchen. A 'mouse' is to blame.\""
            ),
        ),
        (
            issue(BELOW),
            issue("It  is\ncold."),
            (
                "update of 2021-03-04 09:00:00Z: the source changed its words since; the old ones"
                " stay: the same words -> other spaces and line ends"
            ),
        ),
        (
            issue(BELOW),
            issue("Colder.", date="2021-03-04T08:00:00Z"),
            (
                "update of 2021-03-04 08:00:00Z, before the beginning, 2021-03-04 09:00:00Z, which"
                " stays: 'Colder.'"
            ),
        ),
        (
            issue(f"{TOP}\n\n{BELOW}"),
            issue(f"{TOP.replace('11:00', '11:30')}\n\n{BELOW}"),
            (
                "update of 2021-03-04 11:00:00Z: the source has it at 2021-03-04 11:30:00Z now; it"
                " stays where it is"
            ),
        ),
        (
            issue(f"{TOP}\n\n{BELOW}"),
            issue(BELOW),
            "update of 2021-03-04 11:00:00Z: the source has it no longer; it stays",
        ),
        (
            issue(BELOW),
            issue(BELOW, title="Warm"),
            "title: the source says 'Warm' now; 'Cold' stays",
        ),
        (
            issue(BELOW),
            issue(BELOW, severity="notice"),
            "impact: the source says 'none' now; 'critical' stays",
        ),
        (
            issue(BELOW, affected="[API]"),
            issue(BELOW, affected="[API, Web Shop]"),
            "components: the source says 'api, web-shop' now; 'api' stays",
        ),
        (
            issue(BELOW),
            issue(BELOW, date="2021-03-04T08:00:00Z"),
            "started: the source says '2021-03-04 08:00:00Z' now; '2021-03-04 09:00:00Z' stays",
        ),
        (
            issue(f"{TOP}\n\n{BELOW}"),
            issue(f"{TOP.replace('Monitoring', 'Identified')}\n\n{BELOW}"),
            (
                "update of 2021-03-04 11:00:00Z: status: the source says 'identified' now;"
                " 'monitoring' stays"
            ),
        ),
        (
            issue(BELOW, draft="true"),
            issue(BELOW),
            "draft: the source says 'no' now; 'yes' stays",
        ),
    ],
)
def test_what_the_source_changed_is_named_and_stays(
    moving: Moving, before: str, after: str, need: str
) -> None:
    moving.says(before)
    moving.carry()
    files = moving.files()
    moving.says(after)

    entry = only(moving.carry())

    assert moving.files() == files
    assert str(entry.outcome) == "unchanged"
    assert need in entry.needs


def test_what_updates_said_of_components_is_told_in_words(tmp_path: Path) -> None:
    def update(hour: int, notify: bool = True, **parts: str) -> dict[str, Any]:
        changes = [{"code": one, "name": one, "new_status": said} for one, said in parts.items()]
        said = {"id": f"u{hour}", "status": "investigating", "deliver_notifications": notify}
        when = f"2021-03-04T{hour:02}:00:00Z"
        return {**said, "body": "So.", "display_at": when, "affected_components": changes}

    moving = Moving(tmp_path, "statuspage")
    first = [update(9, Oven="major_outage", Tap="major_outage"), update(10), update(11, Oven="x")]
    moving.says(json.dumps({"incidents": [row(incident_updates=first)]}), "a.json")
    moving.carry()
    files = moving.files()
    now = [update(9), update(10, False, Oven="under_maintenance"), update(11, Oven="operational")]
    moving.says(json.dumps({"incidents": [row(incident_updates=now)]}), "a.json")

    entry = only(moving.carry())

    assert moving.files() == files
    day = "update of 2021-03-04"
    assert entry.needs == (
        f"{day} 09:00:00Z: oven, tap: the source says nothing now; 'major outage' stays",
        f"{day} 10:00:00Z: oven: the source says 'under maintenance' now; nothing stays",
        f"{day} 10:00:00Z: mailed: the source says 'no' now; 'yes' stays",
        f"{day} 11:00:00Z: oven: the source says 'operational' now; 'named' stays",
    )


def test_a_story_whose_kind_the_source_changed_still_grows(moving: Moving) -> None:
    moving.says(issue(BELOW, resolved="false"))
    moving.carry()
    more = {"informational": "true", "resolved": "true", "resolvedWhen": "2021-03-04T12:00:00Z"}
    moving.says(issue(f"{TOP}\n\n{BELOW}", **more))

    entry = only(moving.carry())

    assert "kind: the source says 'notice' now; 'incident' stays" in entry.needs
    assert timeline(moving.story()) == [
        ("04 09:00:00", "investigating", "It is cold."),
        ("04 11:00:00", "update", "*Monitoring* - Warm."),
        ("04 12:00:00", "resolved", ""),
    ]
    assert "status: 'done' -> 'resolved' (the story stays one of the kind 'incident')" in [
        str(repair) for repair in entry.repairs
    ]


def test_an_old_address_that_came_since_is_kept(moving: Moving) -> None:
    moving.says(issue(BELOW))
    moving.carry()
    moving.says(issue(BELOW, aliases="[/blog/cold/]"))

    entry = only(moving.carry())

    assert (str(entry.outcome), entry.added) == ("grew", 0)
    assert "aliases: [issues/cold, blog/cold]\n" in moving.text()


def test_a_story_that_somebody_signed_is_theirs(moving: Moving) -> None:
    moving.says(issue(BELOW))
    moving.carry()
    signed = "\n## 2021-03-04 10:30Z | Dawn Okafor | identified\n\nA relay burnt.\n"
    (moving.site / COLD).write_text(moving.text() + signed)
    mine = moving.files()

    report = moving.carry()

    assert (report.needs_person, report.yours, report.carried) == (False, 1, 0)
    assert report.total() == "read 1 = carried 0 + drafts 0 + yours now 1 + not carried 0"
    named = f"content/issues/cold.md -> {COLD}"
    assert f"{named}: yours now: 0 new words of the source not taken" in [*report.lines()]
    assert f"yours now        2        0         0      0  {named}" in [*report.lines()]
    assert f"open: {COLD}: nobody has ended it yet" in [*report.lines()]

    moving.says(issue(f"{TOP}\n\nNobody is hurt.\n\n---\n\n{BELOW}"))
    report = moving.carry()

    assert moving.files() == mine
    entry = only(report)
    assert f"{named}: yours now: 2 new words of the source not taken" in [*report.lines()]
    assert report.needs_person
    assert entry.needs == (
        "words of 2021-03-04 09:00:00Z that the file has not: 'Nobody is hurt.'",
        "update of 2021-03-04 11:00:00Z that the file has not: 'Warm.'",
    )


def test_an_end_without_words_is_nothing_new_to_a_story_that_somebody_ended(moving: Moving) -> None:
    moving.says(issue(BELOW, resolved="false"))
    moving.carry()
    signed = "\n## 2021-03-04 10:30Z | Dawn Okafor | resolved\n\nThe relay is a new one.\n"
    (moving.site / COLD).write_text(moving.text() + signed)
    moving.says(issue(BELOW, resolved="true", resolvedWhen="2021-03-04T12:00:00Z"))

    report = moving.carry()

    assert not report.needs_person
    assert (only(report).untaken, only(report).is_open, report.yours) == (0, False, 1)


# ── a story stays the one it is ──────────────────────────────────────────────────────────────────


def row(name: str = "Cold", *bodies: str, **more: Any) -> dict[str, Any]:
    """Return a row of a Statuspage with an update for each hour."""
    updates = [
        {
            "id": f"u{hour}",
            "status": "investigating",
            "body": body,
            "display_at": f"2021-03-04T{hour:02}:00:00Z",
        }
        for hour, body in enumerate(bodies, 9)
    ]
    return {"id": "cold00cold00", "name": name, "impact": "none"} | {
        "started_at": "2021-03-04T09:00:00Z",
        "incident_updates": updates,
        **more,
    }


def test_a_story_with_another_title_is_the_same_story(tmp_path: Path) -> None:
    moving = Moving(tmp_path, "statuspage")
    moving.says(json.dumps({"incidents": [row("Cold", "One.")]}), "a.json")
    moving.carry()
    moving.says(json.dumps({"incidents": [row("Cold and wet", "One.", "Two.")]}), "a.json")

    entry = only(moving.carry())

    assert [*moving.files()] == ["2021-03-04-cold.md"]
    assert (str(entry.outcome), entry.added) == ("grew", 1)
    assert entry.target == "content/incidents/2021/2021-03-04-cold.md"
    assert entry.needs == ("title: the source says 'Cold and wet' now; 'Cold' stays",)


def test_a_story_of_two_hundred_components_with_another_title_is_the_same_story(
    tmp_path: Path,
) -> None:
    parts = [{"id": f"p{n}", "name": f"Part of the works, number {n}"} for n in range(200)]
    moving = Moving(tmp_path, "statuspage")
    moving.says(json.dumps({"incidents": [row("Cold", "One.", components=parts)]}), "a.json")
    moving.carry()
    moving.says(json.dumps({"incidents": [row("Wet", "One.", "Two.", components=parts)]}), "a.json")

    assert str(only(moving.carry()).outcome) == "grew"
    assert [*moving.files()] == ["2021-03-04-cold.md"]
    assert moving.text("content/incidents/2021/2021-03-04-cold.md").index("aliases: ") > 4096


def test_a_new_story_takes_no_name_that_an_old_one_has(moving: Moving) -> None:
    moving.says(issue("The old one."), "z/cold.md")
    moving.carry()
    before = moving.files()
    link = '[the old]({{< ref "z/cold.md" >}})'
    moving.says(issue(f"The new one, not {link}."), "a/cold.md")
    moving.says(issue(f"Not {link} either."), "Cold.md")

    report = moving.carry()

    assert report.total().startswith("read 3 = carried 3 + drafts 0 + not carried 0 (1 of them")
    assert moving.files()["cold.md"] == before["cold.md"]
    assert {entry.source: entry.target for entry in report.entries} == {
        "content/issues/Cold.md": "content/incidents/2021/cold-4.md",
        "content/issues/a/cold.md": "content/incidents/2021/cold-2.md",
        "content/issues/z/cold.md": COLD,
    }
    assert "not [the old](incident:cold)" in moving.text("content/incidents/2021/cold-2.md")
    assert "Not [the old](incident:cold)" in moving.text("content/incidents/2021/cold-4.md")
    before = moving.files()
    assert moving.carry(LATER).unchanged == 3
    assert moving.files() == before


def test_what_was_redacted_stays_so(moving: Moving) -> None:
    moving.says(issue(f"{MIDDLE}\n\n{BELOW} Ask Ian, +45 12 34 56 78."))
    moving.carry()
    gap = "[redacted 2026-11-22 by Dawn Okafor: a telephone number]"
    text = moving.text().replace("+45 12 34 56 78", gap).replace("A relay.", gap)
    (moving.site / COLD).write_text(text)

    for more in ("", f"{TOP}\n\n", f"{TOP}\n\nNew words.\n\n"):
        moving.says(issue(f"{more}{MIDDLE}\n\n{BELOW} Ask Ian, +45 12 34 56 78."))
        moving.carry()

        assert "+45" not in moving.text()
        assert "A relay" not in moving.text()
        assert moving.text().count(gap) == 2
    assert "Warm." in moving.text()
