"""Every rule across files and settings, in the words people get."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from firstword.check import (
    check_incident,
    check_published,
    check_settings,
    check_together,
)
from firstword.model import Incident, Level, Site
from firstword.parse import parse
from firstword.settings import read_site
from firstword.values import replace

ROOT = Path(__file__).parent.parent
CARDS = "content/incidents/2026/2026-11-21-cards.md"
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)  # 10:30 in Copenhagen
SETTINGS = {
    "SITENAME": "Acme status",
    "SITEURL": "https://status.acme.example",
    "TIMEZONE": "Europe/Copenhagen",
    "PEOPLE": [
        {"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"},
        {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"},
        {"name": "Ian Brandt", "role": "Network", "address": "brandt@acme.example"},
        {
            "name": "Sanne de Wit",
            "shown": "Sanne",
            "role": "Care",
            "address": "care@acme.example",
        },
        {
            "name": "Kofi Mensah",
            "role": "Care",
            "address": "care@acme.example",
            "until": "2026-06-30",
            "successor": "Dawn Okafor",
        },
    ],
    "COMPONENTS": [
        {"id": "checkout", "name": "Checkout"},
        {"id": "api", "name": "API"},
        {"id": "old-shop", "name": "Old shop", "retired": True},
    ],
}
SITE: Site = read_site(SETTINGS)

FRONTS = {
    "incident": "title: T\nimpact: major\nstarted: 2026-11-21 09:00\ncomponents: checkout",
    "maintenance": (
        "title: T\nkind: maintenance\nscheduled_for: 2026-11-22 22:00\n"
        "scheduled_until: 2026-11-22 23:00"
    ),
    "notice": "title: T\nkind: notice\nabout: delay",
}


def story(text: str, path: str = CARDS) -> Incident:
    """Parse a file that parse has nothing to say against."""
    parsed = parse(dedent(text).lstrip().encode(), path, SITE.timezone)
    assert parsed.problems == ()
    assert parsed.incident
    return parsed.incident


def file(*updates: str, kind: str = "incident", front: str = "") -> str:
    """Put a file together: front matter of a kind, more of it, and updates as they stand."""
    more = f"\n{dedent(front).strip()}" if front else ""
    bodies = "\n\n".join(dedent(update).strip() for update in updates)
    return f"---\n{FRONTS[kind]}{more}\n---\n\n{bodies}\n"


def found(text: str, site: Site = SITE, now: datetime = NOW) -> list[str]:
    """Return what a file's own rules say, without the path."""
    problems = sorted(check_incident(story(text), site, now))
    assert {problem.path for problem in problems} <= {CARDS}
    return [str(problem).removeprefix(f"{CARDS}:") for problem in problems]


FIRST = """
    ## 2026-11-21 09:20 | Dawn Okafor | investigating

    One in five.
    """
SCHEDULED = """
    ## 2026-11-20 09:20 | Dawn Okafor | scheduled

    A new server.
    """
PUBLISHED = """
    ## 2026-11-20 09:20 | Dawn Okafor | published

    Later than we said.
    """


def test_nothing_is_wrong_with_a_plain_story() -> None:
    assert found(file(FIRST)) == []
    assert found(file(SCHEDULED, kind="maintenance")) == []
    assert found(file(PUBLISHED, kind="notice")) == []


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Dawn", "not in PEOPLE: 'Dawn'; sign with the full name: 'Dawn Okafor'"),
        ("dawn", "not in PEOPLE: 'dawn'; sign with the full name: 'Dawn Okafor'"),
        ("Ian", "not in PEOPLE: 'Ian'; sign with the full name: 'Ian Reyes' or 'Ian Brandt'"),
        ("sanne", "not in PEOPLE: 'sanne'; sign with the full name: 'Sanne de Wit'"),
        ("dawn okafor", "not in PEOPLE: 'dawn okafor'; did you mean 'Dawn Okafor'?"),
        ("Dawn Okafer", "not in PEOPLE: 'Dawn Okafer'; did you mean 'Dawn Okafor'?"),
        (
            "The Ops Team",
            ("not in PEOPLE: 'The Ops Team'; one of: "
            "Dawn Okafor, Ian Reyes, Ian Brandt, Sanne de Wit, Kofi Mensah"),
        ),
        ("Kofi Mensah", "'Kofi Mensah' left on 2026-06-30; 'Dawn Okafor' can sign"),
        ("imported", "'imported' signs nothing here: the file has no 'imported:' key"),
    ],
)  # fmt: skip
def test_who_cannot_sign(name: str, message: str) -> None:
    update = f"## 2026-11-21 09:20 | {name} | investigating\n\nOne in five."

    assert found(file(update)) == [f"8: author: {message}"]


def test_signatures_of_who_left_stay_valid_up_to_the_last_day() -> None:
    text = """
        ---
        title: T
        impact: minor
        started: 2026-06-30 23:00
        ---

        ## 2026-06-30 23:59 | Kofi Mensah | investigating

        The last thing I do here.

        ## 2026-07-01 00:00 | Kofi Mensah | resolved

        And this is too late.
        """

    assert found(text) == [
        "11: author: 'Kofi Mensah' left on 2026-06-30; 'Dawn Okafor' can sign"
    ]  # fmt: skip


def test_history_that_nobody_signed() -> None:
    imported = "## 2026-11-21 09:20 | imported | investigating\n\nWe are looking into it."
    signed = "## 2026-11-21 09:40 | Dawn Okafor | resolved\n\nIt works."

    assert found(file(imported, signed, front="imported: cstate")) == []


def test_history_went_as_it_went() -> None:
    """No order of statuses is asked of what nobody signed, nor of what follows it."""
    text = file(
        "## 2026-11-21 09:20 | imported | postmortem\n\nWhy.",
        "## 2026-11-21 09:22 | imported | resolved\n\nOver.",
        "## 2026-11-21 09:24 | imported | identified\n\nFound.",
        "## 2026-11-21 09:26 | Dawn Okafor | resolved\n\nI can say that it is over.",
        "## 2026-11-21 09:28 | Dawn Okafor | identified\n\nOr is it?",
        front="imported: statuspage",
    )

    assert found(text) == [
        (
            "25: status-order: 'identified' after resolved; 'investigating' opens it again, "
            "'update' keeps it"
        )
    ]


def test_follow_ups_are_owed_by_people() -> None:
    text = file(
        FIRST,
        """
        ## 2026-11-21 09:40 | Dawn Okafor | resolved

        - [ ] A second bank (Dawn, 2027-01-30)
        - [ ] A card at the door (Ops, 2027-01-30)
        - [ ] A way to answer (Kofi Mensah, 2027-01-30)
        - [ ] An alarm (Sanne de Wit, 2027-01-30)
        """,
    )

    assert found(text) == [
        "14: follow-up: not in PEOPLE: 'Dawn'; sign with the full name: 'Dawn Okafor'",
        ("15: follow-up: not in PEOPLE: 'Ops'; one of: "
        "Dawn Okafor, Ian Reyes, Ian Brandt, Sanne de Wit, Kofi Mensah"),
        "16: follow-up: 'Kofi Mensah' left on 2026-06-30; 'Dawn Okafor' can sign",
    ]  # fmt: skip


def test_a_follow_up_that_is_due_after_its_person_leaves() -> None:
    dawn = replace(SITE.people["Dawn Okafor"], until=date(2026, 12, 31), successor="Sanne de Wit")
    leaving = replace(SITE, people={**SITE.people, dawn.name: dawn})
    text = file(
        FIRST,
        """
        ## 2026-11-21 09:40 | Sanne de Wit | resolved

        - [ ] A second bank (Dawn Okafor, 2027-01-30)
        - [ ] A way to answer (Sanne de Wit, 2027-01-30)
        - [ ] An alarm (Dawn Okafor, 2026-12-31)
        - [x] A card at the door (Dawn Okafor, 2027-01-30)
        - [ ] A shorter form (Dawn Okafor, 2027-01-30)

        ## 2026-11-21 09:50 | Sanne de Wit | postmortem
        done: 5

        The form is shorter.
        """,
    )

    told = [str(p).removeprefix(f"{CARDS}:") for p in check_incident(story(text), leaving, NOW)]

    assert told == [
        ("14: follow-up: warning: due on 2027-01-30, and 'Dawn Okafor' leaves on 2026-12-31; "
        "'Sanne de Wit' answers for it"),
    ]  # fmt: skip


# ── the order of statuses ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "status", "line", "allowed"),
    [
        ("incident", "update", 8, "identified, investigating, monitoring, resolved"),
        ("incident", "postmortem", 8, "identified, investigating, monitoring, resolved"),
        ("incident", "withdrawn", 8, "identified, investigating, monitoring, resolved"),
        ("maintenance", "verifying", 8, "in_progress, scheduled"),
        ("maintenance", "cancelled", 8, "in_progress, scheduled"),
        ("notice", "done", 7, "published"),
        ("notice", "update", 7, "published"),
    ],
)
def test_first_words(kind: str, status: str, line: int, allowed: str) -> None:
    text = file(f"## 2026-11-20 09:20 | Dawn Okafor | {status}\n\nWords.", kind=kind)
    assert [problem for problem in found(text) if "first-word" in problem] == [
        f"{line}: first-word: the first update cannot be {status!r}; one of: {allowed}"
    ]


@pytest.mark.parametrize(
    ("kind", "statuses", "message"),
    [
        # lives as they can go
        ("incident", "investigating identified monitoring resolved postmortem", ""),
        ("incident", "resolved", ""),
        ("incident", "investigating investigating identified identified", ""),
        ("incident", "investigating monitoring identified resolved", ""),
        ("incident", "investigating resolved investigating resolved postmortem", ""),
        ("incident", "investigating resolved postmortem investigating", ""),
        ("incident", "investigating resolved postmortem postmortem", ""),
        ("incident", "investigating resolved update answer postmortem update", ""),
        ("incident", "investigating withdrawn update", ""),
        ("incident", "investigating resolved withdrawn", ""),
        ("maintenance", "scheduled in_progress verifying completed", ""),
        ("maintenance", "scheduled cancelled scheduled completed", ""),
        ("maintenance", "in_progress completed", ""),
        ("notice", "published done published done", ""),
        ("notice", "published update done update", ""),
        # and as they cannot
        (
            "incident",
            "investigating postmortem",
            "'postmortem' while investigating; it comes after resolved",
        ),
        (
            "incident",
            "investigating resolved resolved",
            "'resolved' after resolved; 'investigating' opens it again, 'update' keeps it",
        ),
        (
            "incident",
            "investigating resolved update monitoring",
            "'monitoring' after resolved; 'investigating' opens it again, 'update' keeps it",
        ),
        (
            "incident",
            "investigating resolved postmortem resolved",
            "'resolved' after postmortem; 'investigating' opens it again, 'update' keeps it",
        ),
        (
            "incident",
            "investigating withdrawn investigating",
            "'investigating' after withdrawn; what was taken back stays so",
        ),
        (
            "maintenance",
            "scheduled completed in_progress",
            "'in_progress' after completed; 'scheduled' opens it again, 'update' keeps it",
        ),
        (
            "notice",
            "published done done",
            "'done' after done; 'published' opens it again, 'update' keeps it",
        ),
    ],
)
def test_what_may_follow_what(kind: str, statuses: str, message: str) -> None:
    updates = [
        f"## 2026-11-21 09:{minute:02} | Dawn Okafor | {status}\n\n> Words?\n\nWords."
        for minute, status in enumerate(statuses.split(), 10)
    ]

    problems = found(file(*updates, kind=kind))

    line = 8 + 6 * (len(updates) - 1) - (kind == "notice")
    assert problems == ([f"{line}: status-order: {message}"] if message else [])


# ── times ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("when", "problems"),
    [
        ("2026-11-21 10:30", []),
        # clocks differ
        ("2026-11-21 10:35", []),
        (
            "2026-11-21 10:35:01",
            ["8: future: signed 2026-11-21 10:35:01, and it is 2026-11-21 10:30 now"],
        ),
        (
            "2027-11-21 09:20",
            ["8: future: signed 2027-11-21 09:20, and it is 2026-11-21 10:30 now"],
        ),
    ],
)
def test_nobody_signs_ahead(when: str, problems: list[str]) -> None:
    assert found(file(f"## {when} | Dawn Okafor | investigating\n\nWords.")) == problems


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("next: 2026-11-21 09:20", "'next' is not after the update that promises it"),
        ("next: 2026-11-20", "'next' is not after the update that promises it"),
        ("expected: 2026-11-21 09:10", "'expected' is not after the update that promises it"),
        ("expected: 2026-11-20", "'expected' is not after the update that promises it"),
        # nothing is wrong with these
        ("next: 09:21", ""),
        ("next: 09:20", ""),
        ("next: 2026-11-21", ""),
        ("expected: 2026-11-21", ""),
    ],
)
def test_promises_lie_ahead(key: str, message: str) -> None:
    text = file(f"## 2026-11-21 09:20 | Dawn Okafor | investigating\n{key}\n\nWords.")

    assert found(text) == ([f"9: promise: {message}"] if message else [])


@pytest.mark.parametrize(
    ("status", "held"),
    [("resolved", "resolved"), ("update", "resolved"), ("postmortem", "postmortem")],
)
def test_nothing_is_expected_of_what_has_ended(status: str, held: str) -> None:
    last = f"## 2026-11-21 10:00 | Dawn Okafor | {status}\nexpected: 2026-11-30\n\nWords."
    over = [] if status == "resolved" else ["## 2026-11-21 09:40 | Ian Reyes | resolved\n\nOver."]

    assert found(file(FIRST, *over, last)) == [
        (
            f"{13 + 4 * len(over)}: promise: 'expected' while {held}: it has ended; "
            "'next' says when you write again"
        )
    ]


def test_the_next_word_may_come_after_the_end() -> None:
    last = "## 2026-11-21 10:00 | Dawn Okafor | resolved\nnext: 2026-11-24\n\nWords."

    assert found(file(FIRST, last)) == []


def test_an_incident_starts_before_anybody_writes_of_it() -> None:
    early = "## 2026-11-21 08:59 | Dawn Okafor | investigating\n\nWords."

    assert found(file(early)) == [
        "4: start: started 2026-11-21 09:00, after the first word of it, 2026-11-21 08:59"
    ]


def test_what_is_announced_starts_later() -> None:
    assert found(file(SCHEDULED, kind="maintenance", front="started: 2026-11-22 22:04")) == []
    assert found(file(PUBLISHED, kind="notice", front="started: 2026-12-01 00:00")) == []


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        ("correction\ncorrects: 2026-11-21 09:20\nstarted: 2026-11-21 09:05\n\nLater.", ""),
        (
            "correction\ncorrects: 2026-11-21 09:20\nstarted: 2026-11-21 09:21\n\nLater.",
            "14: start: started 2026-11-21 09:21, after the first word, 2026-11-21 09:20",
        ),
        (
            "update\nstarted: 2026-11-21 09:05\n\nLater.",
            (
                "13: start: 'started' stands in the front matter, or on a correction of the first "
                "update"
            ),
        ),
    ],
)
def test_a_beginning_is_corrected_in_a_correction(update: str, problem: str) -> None:
    said = f"## 2026-11-21 09:40 | Dawn Okafor | {update}"

    assert found(file(FIRST, said)) == ([problem] if problem else [])


RESOLVED = "## 2026-11-21 10:00 | Dawn Okafor | resolved\n"


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        (f"{RESOLVED}ended: 2026-11-21 09:00\n\nWords.", ""),
        (f"{RESOLVED}ended: 2026-11-21 10:00\n\nWords.", ""),
        (
            f"{RESOLVED}ended: 2026-11-21 10:01\n\nWords.",
            "13: end: ended 2026-11-21 10:01, after the update that says so",
        ),
        (
            f"{RESOLVED}ended: 2026-11-21 08:59\n\nWords.",
            "13: end: ended 2026-11-21 08:59, before it started 2026-11-21 09:00",
        ),
        (
            "## 2026-11-21 10:00 | Dawn Okafor | monitoring\nended: 2026-11-21 09:50\n\nWords.",
            "13: end: 'ended' belongs to the update that ends it, not to monitoring",
        ),
        (
            (
                f"{RESOLVED}\nOver.\n\n## 2026-11-21 10:10 | Dawn Okafor | postmortem\n"
                "ended: 2026-11-21 09:50\n\nWhy."
            ),
            "17: end: 'ended' belongs to the update that ends it, not to postmortem",
        ),
        # a correction of the end says when it was
        (
            (
                f"{RESOLVED}ended: 2026-11-21 09:50\n\nOver.\n\n"
                "## 2026-11-21 10:10 | Dawn Okafor | correction\n"
                "corrects: 2026-11-21 10:00\nended: 2026-11-21 09:40\n\nTen minutes earlier."
            ),
            "",
        ),
        (
            (
                f"{RESOLVED}\nOver.\n\n## 2026-11-21 10:10 | Dawn Okafor | correction\n"
                "corrects: 2026-11-21 10:00\nended: 2026-11-21 08:40\n\nTen minutes earlier."
            ),
            "18: end: ended 2026-11-21 08:40, before it started 2026-11-21 09:00",
        ),
        (
            (
                f"{RESOLVED}\nOver.\n\n## 2026-11-21 10:10 | Dawn Okafor | correction\n"
                "corrects: 2026-11-21 09:20\nended: 2026-11-21 09:40\n\nTen minutes earlier."
            ),
            "18: end: 'ended' belongs to the update that ends it, not to investigating",
        ),
    ],
)
def test_ends(update: str, problem: str) -> None:
    assert found(file(FIRST, update)) == ([problem] if problem else [])


def test_a_window_has_a_length() -> None:
    front = FRONTS["maintenance"].replace("22 23:00", "22 22:00")

    assert found(f"---\n{front}\n---\n{dedent(SCHEDULED)}") == [
        "5: window: planned to end 2026-11-22 22:00, not after its start 2026-11-22 22:00"
    ]


def test_a_window_whose_start_was_moved_beyond_its_end() -> None:
    moved = (
        "## 2026-11-21 10:00 | Dawn Okafor | scheduled\nscheduled_for: 2026-11-24 22:00\n\nLater.\n"
    )
    mended = (
        "## 2026-11-21 10:05 | Dawn Okafor | correction\ncorrects: 2026-11-21 10:00\n"
        "scheduled_until: 2026-11-24 23:00\n\nUntil eleven."
    )

    assert found(file(SCHEDULED, moved, kind="maintenance")) == [
        "13: window: planned to end 2026-11-22 23:00, not after its start 2026-11-24 22:00"
    ]
    assert found(file(SCHEDULED, moved, mended, kind="maintenance")) == []


@pytest.mark.parametrize(
    ("front", "update", "problem"),
    [
        ("until: 2026-11-20", "", ""),
        (
            "until: 2026-11-19",
            "",
            ("5: window: until 2026-11-20 00:00, and it begins 2026-11-20 09:20; "
            "'done' ends a notice"),
        ),
        (
            "started: 2026-12-01 00:00\nuntil: 2026-11-30",
            "",
            ("6: window: until 2026-12-01 00:00, and it begins 2026-12-01 00:00; "
            "'done' ends a notice"),
        ),
        (
            "",
            "## 2026-11-21 10:00 | Dawn Okafor | update\nuntil: 2026-11-21 09:00\n\nOver.",
            ("12: window: until 2026-11-21 09:00, and it begins 2026-11-21 10:00; "
            "'done' ends a notice"),
        ),
        (
            "",
            ("## 2026-11-21 10:00 | Dawn Okafor | correction\ncorrects: 2026-11-20 09:20\n"
            "until: 2026-11-21 09:00\n\nIt was over."),
            "",
        ),
    ],
)  # fmt: skip
def test_a_notice_matters_for_a_while(front: str, update: str, problem: str) -> None:
    updates = [PUBLISHED, update] if update else [PUBLISHED]

    assert found(file(*updates, kind="notice", front=front)) == ([problem] if problem else [])


def test_another_expectation_needs_a_reason() -> None:
    text = file(
        "## 2026-11-21 09:20 | Dawn Okafor | investigating\nexpected: 2026-11-21 12:00\n\nA.",
        # said again is not changed
        "## 2026-11-21 09:30 | Dawn Okafor | identified\nexpected: 2026-11-21 12:00\n\nB.",
        "## 2026-11-21 09:40 | Dawn Okafor | update\nexpected: 2026-11-21 13:00\n\nC.",
        "## 2026-11-21 09:50 | Dawn Okafor | update\nexpected: 2026-11-21 14:00\nbecause: X\n\nD.",
    )

    assert found(text) == ["19: because: 'expected' changed; say why in 'because:'"]


def test_after_an_end_one_may_expect_anew() -> None:
    text = file(
        "## 2026-11-21 09:20 | Dawn Okafor | investigating\nexpected: 2026-11-21 12:00\n\nA.",
        "## 2026-11-21 09:30 | Dawn Okafor | resolved\n\nB.",
        "## 2026-11-21 09:40 | Dawn Okafor | investigating\nexpected: 2026-11-21 13:00\n\nC.",
    )

    assert found(text) == []


# ── components ───────────────────────────────────────────────────────────────────────────────────


def test_components_are_listed() -> None:
    text = file(
        """
        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        components: chekout partial_outage, api, fax, old-shop

        Words.
        """
    ).replace("components: checkout\n", "components: [checkuot]\n")

    assert found(text) == [
        "5: component: not in COMPONENTS: 'checkuot'; did you mean 'checkout'?",
        "9: component: not in COMPONENTS: 'chekout'; did you mean 'checkout'?",
        "9: component: not in COMPONENTS: 'fax'; one of: checkout, api, old-shop",
    ]


def test_what_is_still_broken_has_not_ended() -> None:
    text = file(
        FIRST,
        """
        ## 2026-11-21 09:40 | Dawn Okafor | resolved
        components: checkout partial_outage, api

        Nearly.
        """,
        """
        ## 2026-11-21 09:50 | Dawn Okafor | update
        components: api degraded_performance

        Not quite.
        """,
    )

    assert found(text) == [
        ("13: component: resolved leaves 'checkout' in partial_outage; "
        "what is still broken has not ended"),
        ("18: component: resolved leaves 'api' in degraded_performance; "
        "what is still broken has not ended"),
    ]  # fmt: skip


def test_a_correction_may_say_what_was_broken_before_the_end() -> None:
    correction = "## 2026-11-21 09:50 | Dawn Okafor | correction\ncorrects: 2026-11-21 {}\n"
    update = f"{correction}components: api partial_outage\n\nIt was the API."
    over = "## 2026-11-21 09:40 | Dawn Okafor | resolved\n\nOver."

    assert found(file(FIRST, over, update.format("09:20"))) == []
    assert found(file(FIRST, over, update.format("09:40"))) == [
        "18: component: resolved leaves 'api' in partial_outage; what is still broken has not ended"
    ]


# ── what a story points at ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("update", "problem"),
    [
        (
            "## 2026-11-21 09:40 | Dawn Okafor | correction\n\nFour, not five.",
            "12: corrects: which update does it correct? add 'corrects: YYYY-MM-DD HH:MM'",
        ),
        (
            "## 2026-11-21 09:40 | Dawn Okafor | update\ncorrects: 2026-11-21 09:20\n\nFour.",
            "13: corrects: 'corrects' on 'update'; only a correction corrects",
        ),
        (
            "## 2026-11-21 09:40 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:21\n\nFour.",
            (
                "13: corrects: there is no update of '2026-11-21 09:21'; "
                "did you mean '2026-11-21 09:20'?"
            ),
        ),
        (
            "## 2026-11-21 09:40 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:40\n\nFour.",
            "13: corrects: an update corrects one that came before it",
        ),
        (
            (
                "## 2026-11-21 09:40 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:50\n\n"
                "Four.\n\n## 2026-11-21 09:50 | Dawn Okafor | update\n\nWords."
            ),
            "13: corrects: an update corrects one that came before it",
        ),
        (
            (
                "## 2026-11-21 09:40 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:20\n\n"
                "Four.\n\n## 2026-11-21 09:50 | Dawn Okafor | correction\n"
                "corrects: 2026-11-21 09:40\n\nThree."
            ),
            (
                "18: corrects: that is a correction itself; "
                "correct the update of '2026-11-21 09:20' once more"
            ),
        ),
        (
            "## 2026-11-21 09:40 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:20\n\nFour.",
            "",
        ),
    ],
)
def test_corrections(update: str, problem: str) -> None:
    assert found(file(FIRST, update)) == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("> Is it safe?\n\nYes.", ""),
        ("> Is it\n> safe?\n\nYes.\n\n> Really?\n\nReally.", ""),
        ("It is safe.", "an answer begins with the question, quoted: '> ...'"),
        ("Somebody asked:\n\n> Is it safe?", "an answer begins with the question, quoted: '> ...'"),
        ("> Is it safe?", "only the question is here; the answer stands below it, without '>'"),
        (
            "> Is it safe?\n>\n> Yes.",
            "only the question is here; the answer stands below it, without '>'",
        ),
    ],
)
def test_answers(body: str, message: str) -> None:
    update = f"## 2026-11-21 09:40 | Dawn Okafor | answer\n\n{body}"

    assert found(file(FIRST, update)) == ([f"12: answer: {message}"] if message else [])


def test_done_closes_what_was_promised_once() -> None:
    text = file(
        FIRST,
        """
        ## 2026-11-21 09:30 | Dawn Okafor | update
        done: 1

        Early.
        """,
        """
        ## 2026-11-21 09:40 | Dawn Okafor | resolved
        done: 2

        - [ ] A second bank (Dawn Okafor, 2027-01-30)
        - [ ] An alarm (Ian Reyes, 2027-01-30)
        """,
        """
        ## 2026-11-21 09:50 | Dawn Okafor | update
        done: 2, 3

        The alarm rings.
        """,
        """
        ## 2026-11-21 09:55 | Dawn Okafor | update
        done: 1, 2

        And the bank is here.
        """,
    )

    assert found(text) == [
        "13: done: follow-up 1 is promised only on 2026-11-21 09:40",
        "18: done: follow-up 2 is promised only on 2026-11-21 09:40",
        "24: done: there is no follow-up 3; the file has 2",
        "29: done: warning: follow-up 2 was closed on 2026-11-21 09:50 already",
    ]


@pytest.mark.parametrize(
    ("started", "rule", "message"),
    [
        ("2026-11-26 16:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", ""),
        ("2026-11-26 16:00", "FREQ=DAILY;COUNT=5", ""),
        (
            "2026-11-26 16:00",
            "every other Thursday",
            (
                "not a recurrence: 'every other Thursday': write it like "
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"
            ),
        ),
        (
            "2026-11-27 16:00",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
            (
                "'started' is the first time, and '2026-11-27 16:00' is not one of its times; "
                "the first is '2026-12-10 16:00'"
            ),
        ),
        (
            "2026-11-26 16:00",
            "FREQ=DAILY;UNTIL=20261101",
            "'started' is the first time, and '2026-11-26 16:00' is not one of its times",
        ),
    ],
)
def test_recurrences(started: str, rule: str, message: str) -> None:
    text = file(PUBLISHED, kind="notice", front=f"started: {started}\nrepeats: {rule}")

    assert found(text) == ([f"6: repeats: {message}"] if message else [])


def test_without_a_start_the_first_word_is_the_first_time() -> None:
    assert found(file(PUBLISHED, kind="notice", front="repeats: FREQ=WEEKLY;BYDAY=TH")) == [
        (
            "5: repeats: the first word, '2026-11-20 09:20', is not one of its times; "
            "add 'started: 2026-11-26 09:20'"
        )
    ]


def test_what_no_reader_gets_is_told_and_holds_nothing_back() -> None:
    text = file(
        """
        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        ![a](https://x.example/a.png) [b](www.acme.example) Error: <timeout>
        """
    )

    assert found(text) == [
        "8: html: warning: taken for HTML and not shown: '<timeout>'; between backquotes it stays",
        ("8: link: warning: leads nowhere, so it is no link: 'www.acme.example'; "
        "write 'https://...', '/...' or 'incident:slug'"),
        ("8: picture: warning: not shown: 'https://x.example/a.png'; "
        "put it into content/images/ and write '/images/...'"),
    ]  # fmt: skip


def test_who_is_shown_under_another_name_stays_so_in_every_text() -> None:
    text = file(
        """
        ## 2026-11-21 09:20 | Sanne de Wit | investigating
        workaround: Ask Sanne de Wit.

        Write to sanne
        DE WIT, or to Sanne. Desanne de Witte and Dawn Okafor are other people.
        """,
        """
        ## 2026-11-21 09:40 | Sanne de Wit | resolved

        - [ ] An alarm (Sanne de
          Wit, 2027-01-30)
        - [x] A card at the door, as Dawn asked (Sanne de Wit, 2027-01-30).
        - [ ]
          A bell (Sanne de Wit, 2027-01-30)
        <!-- and more -->
        """,
        """
        ## 2026-11-21 09:50 | Dawn Okafor | postmortem

        - [ ] What Sanne de Wit said (Dawn Okafor, 2027-01-30)
        """,
        front="affected: Friends of Sanne de Wit",
    ).replace("title: T\n", "title: Sanne de Wit is ill\n")
    message = "name: warning: readers would see 'Sanne de Wit'; PEOPLE shows 'Sanne' instead"

    assert found(text) == [f"{line}: {message}" for line in (2, 6, 9, 10, 24)]


def test_everything_is_told_at_once() -> None:
    text = file(
        """
        ## 2026-11-21 11:20 | Dawn | update
        next: 2026-11-21 11:00
        components: fax

        Words.
        """
    )

    assert [problem.split(": ")[1] for problem in found(text)] == [
        *("author", "first-word", "future", "promise", "component"),
    ]


# ── published words keep their time ──────────────────────────────────────────────────────────────


def gone(text: str, *published: str) -> list[str]:
    problems = check_published(story(text), frozenset(published), SITE)
    return [str(problem).removeprefix(f"{CARDS}:") for problem in problems]


def test_published_updates_are_still_here() -> None:
    assert gone(file(FIRST)) == []
    assert gone(file(FIRST), "20261121T082000Z") == []


def test_a_published_update_that_was_moved() -> None:
    moved = file(FIRST, "## 2026-11-21 09:45 | Ian Reyes | identified\n\nFound.")

    assert gone(moved, "20261121T082000Z", "20261121T084000Z") == [
        (
            "12: moved: published words keep their time: the update of '2026-11-21 09:40' is gone; "
            "was it moved to '2026-11-21 09:45'?"
        )
    ]


def test_a_published_update_that_was_deleted() -> None:
    assert gone(file(FIRST), "20261121T082000Z", "20261121T084000Z") == [
        (
            "1: moved: published words keep their time: the update of '2026-11-21 09:40' is gone; "
            "correct or withdraw it"
        )
    ]


# ── between files ────────────────────────────────────────────────────────────────────────────────

OLD = "content/incidents/2025/old.md"
NEW = "content/incidents/2026/new.md"
NEVER = "content/incidents/2026/aaa.md"
SINCE = {
    OLD: datetime(2025, 1, 1, tzinfo=UTC),
    NEW: datetime(2026, 1, 1, tzinfo=UTC),
}


def together(
    files: dict[str, str], since: Callable[[str], datetime | None] = SINCE.get
) -> list[str]:
    """Return what is wrong between files, whatever their order."""
    stories = [story(text, path) for path, text in files.items()]
    problems = sorted(str(p) for p in check_together(stories, since))
    assert problems == sorted(str(p) for p in check_together(stories[::-1], since))
    return problems


def test_files_that_have_nothing_to_do_with_each_other() -> None:
    assert together({OLD: file(FIRST), NEW: file(FIRST), NEVER: file(FIRST)}) == []


def test_an_id_belongs_to_the_older_file() -> None:
    files = {NEVER: file(FIRST, front="id: cards"), NEW: file(FIRST, front="id: cards")}

    assert together({**files, OLD: file(FIRST, front="id: cards")}) == [
        f"{NEVER}:6: id: 'cards' belongs to {OLD} already",
        f"{NEW}:6: id: 'cards' belongs to {OLD} already",
    ]
    # the never committed comes last, whatever it is called
    assert together(files) == [f"{NEVER}:6: id: 'cards' belongs to {NEW} already"]


def test_where_nothing_is_known_the_path_decides() -> None:
    files = {NEW: file(FIRST, front="id: cards"), NEVER: file(FIRST, front="id: cards")}

    assert together(files, since=lambda path: None) == [
        f"{NEW}:6: id: 'cards' belongs to {NEVER} already"
    ]


def test_one_name_in_two_folders_is_told_once() -> None:
    elsewhere = "content/incidents/2026/old.md"

    assert together({OLD: file(FIRST), elsewhere: file(FIRST)}) == [
        f"{elsewhere}:1: address: 'incidents/old/index.html' belongs to {OLD} already",
        f"{elsewhere}:1: id: 'old' belongs to {OLD} already",
    ]


def test_one_name_for_two_kinds_could_not_be_linked() -> None:
    elsewhere = "content/incidents/2026/old.md"

    assert together(
        {OLD: file(FIRST), elsewhere: file(PUBLISHED, kind="notice", front="id: x")}
    ) == [f"{elsewhere}:1: address: 'incident:old' belongs to {OLD} already"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # two aliases
        ("a/b", "a/b", "6: address: 'a/b/index.html' belongs to {OLD} already"),
        ("a/b.html", "a/b.html", "6: address: 'a/b.html' belongs to {OLD} already"),
        # an alias and an address
        ("incidents/new", "x", "1: address: 'incidents/new/index.html' belongs to {OLD} already"),
        ("x", "incidents/old", "6: address: 'incidents/old/index.html' belongs to {OLD} already"),
        # several at once are told of the first
        ("a, b", "b, a", "6: address: 'a/index.html' belongs to {OLD} already"),
        # nothing wrong with these
        ("a/b", "a/b.html", ""),
        ("incidents/old", "incidents/new", ""),
    ],
)  # fmt: skip
def test_old_addresses_are_nobody_elses(old: str, new: str, problem: str) -> None:
    files = {OLD: file(FIRST, front=f"aliases: {old}"), NEW: file(FIRST, front=f"aliases: {new}")}

    assert together(files) == ([f"{NEW}:{problem.format(OLD=OLD)}"] if problem else [])


@pytest.mark.parametrize("alias", ["history", "feeds/updates.atom", "status.json", "api/v2/x"])
def test_old_addresses_are_none_of_the_sites_own(alias: str) -> None:
    assert together({OLD: file(FIRST, front=f"aliases: [ok, {alias}]")}) == [
        f"{OLD}:6: address: {alias!r} is an address of this site itself"
    ]


def test_age_is_asked_for_in_collisions_only() -> None:
    def since(path: str) -> datetime | None:
        raise AssertionError(path)

    assert together({OLD: file(FIRST), NEW: file(FIRST)}, since) == []


def linking(slug: str, front: str = "") -> str:
    update = f"## 2026-11-21 09:20 | Dawn Okafor | investigating\n\nAs [then](incident:{slug})."
    return file(update, front=front)


def test_links_lead_to_stories() -> None:
    draft = "draft: yes"
    files = {OLD: linking("nwe"), NEW: linking("old")}

    assert together(files) == [
        f"{OLD}:8: link: warning: no such incident: 'nwe'; did you mean 'new'?"
    ]
    assert together({OLD: file(FIRST, front=draft), NEW: linking("old")}) == [
        f"{NEW}:8: link: warning: 'old' is a draft; nobody can follow that link"
    ]
    assert together({OLD: file(FIRST, front=draft), NEW: linking("old", draft)}) == []


# ── translations ─────────────────────────────────────────────────────────────────────────────────

DE = "content/incidents/2025/old.de.md"
ORIGINAL = file(
    """
    ## 2026-11-21 09:20 | Dawn Okafor | investigating
    next: 10:00
    components: checkout partial_outage

    One in five.
    """,
    """
    ## 2026-11-21 09:40 | Dawn Okafor | resolved
    done: 2

    Over.

    - [ ] A second bank (Ian Reyes, 2027-01-30)
    """,
)


def german(*updates: str, front: str = "title: T") -> str:
    bodies = "\n\n".join(dedent(update).strip() for update in updates)
    return f"---\n{front}\n---\n\n{bodies}\n"


EINS = "## 2026-11-21 09:20 | Ian Reyes | investigating\n{}\nEine von fünf.\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (german(EINS.format("")), []),
        # the same again is the same
        (german(EINS.format("next: 10:00\n")), []),
        (german(EINS.format("affected: Alle.\ntitle: Karten\n")), []),
        # it may begin late
        (german("## 2026-11-21 09:40 | Ian Reyes | resolved\n\nVorbei.\n\n"
                "- [ ] Eine zweite Bank (Ian Reyes, 2027-01-30)"), []),
        (
            german(EINS.format("next: 10:30\ncomponents: api\nexpected: 2026-11-21 12:00\n")),
            [
                "6: translation: 'next' is not the original's; leave it out here",
                "7: translation: 'components' is not the original's; leave it out here",
                "8: translation: 'expected' is not the original's; leave it out here",
            ],
        ),
        (
            german(EINS.format(""), front="title: T\nimpact: minor\nstarted: 2026-11-21 09:01"),
            [
                "3: translation: 'impact' is not the original's; leave it out here",
                "4: translation: 'started' is not the original's; leave it out here",
            ],
        ),
        (
            german("## 2026-11-21 09:21 | Ian Reyes | investigating\n\nEine von fünf."),
            [
                ("5: translation: the original, as it is shown, has no update of "
                "2026-11-21 08:21:00 UTC")
            ],
        ),
        (
            german("## 2026-11-21 09:20 | Ian Reyes | identified\n\nEine von fünf."),
            ["5: translation: 'identified'; the original says 'investigating'"],
        ),
        (
            german("## 2026-11-21 09:20 | Ian Reyes | published\n\nEine von fünf.",
                   front="title: T\nkind: notice"),
            [
                "3: translation: kind 'notice'; the original is 'incident'",
                "6: translation: 'published'; the original says 'investigating'",
            ],
        ),
        (
            german("## 2026-11-21 09:40 | Ian Reyes | resolved\n\nVorbei.\n\n"
                   "- [x] Eine zweite Bank (Ian Reyes, 2027-01-30)"),
            [
                ("5: translation: warning: its follow-ups are not the original's: "
                "other people, days or ticks")
            ],
        ),
    ],
)  # fmt: skip
def test_translations_say_the_same_in_other_words(text: str, problems: list[str]) -> None:
    assert together({OLD: ORIGINAL, DE: text}) == [f"{DE}:{problem}" for problem in problems]


def test_a_translation_stands_beside_its_original() -> None:
    assert together({NEW: file(FIRST), DE: german(EINS.format(""))}) == [
        f"{DE}:1: translation: there is no 'old.md' that it could translate; one of: new"
    ]


def test_two_translations_into_one_language() -> None:
    again = "content/incidents/2026/old.de.md"
    text = german(EINS.format(""))

    assert together({OLD: ORIGINAL, DE: text, again: text}) == [
        f"{again}:1: address: 'de/incidents/old/index.html' belongs to {DE} already"
    ]


def test_a_translation_is_not_judged_as_a_story() -> None:
    """Its order and facts are the original's; who signed and when is its own."""
    text = german(
        """
        ## 2026-11-21 09:40 | Ian | update
        done: 7

        ![a](a.png)
        """,
        """
        ## 2026-11-21 11:40 | Ian Reyes | correction

        Vier.
        """,
    )
    problems = check_incident(story(text, DE), SITE, NOW)

    assert [str(problem).removeprefix(f"{DE}:") for problem in sorted(problems)] == [
        "5: author: not in PEOPLE: 'Ian'; sign with the full name: 'Ian Reyes' or 'Ian Brandt'",
        ("5: picture: warning: not shown: 'a.png'; "
        "put it into content/images/ and write '/images/...'"),
        "10: future: signed 2026-11-21 11:40, and it is 2026-11-21 10:30 now",
    ]  # fmt: skip


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


def test_settings_that_are_right_for_a_tour() -> None:
    tour = read_site({**SETTINGS, "PINNED_CLOCK": "2026-11-21 10:30", "DRILLS": True})

    assert [str(problem) for problem in check_settings(tour, "pelicanconf.py")] == [
        ("pelicanconf.py:1: pinned-clock: notice: PINNED_CLOCK stops this site at "
        "2026-11-21 09:30 UTC; it can be published to a folder or a loopback endpoint only"),
        "pelicanconf.py:1: drills: notice: DRILLS is on: drills are built, marked",
    ]  # fmt: skip
    assert list(check_settings(SITE, "pelicanconf.py")) == []


@pytest.mark.parametrize(
    ("owners", "asked"),
    [
        ({}, ""),
        ({"checkout": "Dawn Okafor", "api": "Dawn Okafor"}, ""),
        ({"checkout": "Dawn Okafor"}, "'api'"),
        ({"old": "Dawn Okafor"}, ""),
    ],
)
def test_a_part_that_nobody_answers_for_where_others_have_owners(
    owners: dict[str, str], asked: str
) -> None:
    parts = [
        {"id": name, "name": name, "retired": name == "old", "owner": owners.get(name, "")}
        for name in ("checkout", "api", "old")
    ]
    site = read_site({**SETTINGS, "COMPONENTS": parts})

    found = [str(problem) for problem in check_settings(site, "pelicanconf.py")]

    assert found == [
        f"pelicanconf.py:1: owner: warning: COMPONENTS: nobody answers for {one}; others have an "
        "'owner', so name one"
        for one in filter(None, [asked])
    ]


# ── the page about all this ──────────────────────────────────────────────────────────────────────


def documented() -> set[str]:
    """Return the rules in the table of `docs/checks.md` that is ours."""
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    ours = page.split("\n## Rules across files and settings\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([a-z-]+)` \|", ours, re.MULTILINE))


def emitted() -> set[str]:
    """Return every rule that check and content can give, from where they report it."""
    sources = [*(ROOT / "firstword/check").glob("*.py"), *(ROOT / "firstword/content").glob("*.py")]
    sources.append(ROOT / "firstword/cli/check.py")
    # It tells what `rewording` found; tests/test_since.py holds its part of the page.
    sources.remove(ROOT / "firstword/check/since.py")
    return {
        rule
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for rule in rules_of(node)
    }


#: Where each function that reports has its rule.
PLACES = {"Problem": 2, "error": 2, "warning": 2, "unread": 1, "_unique": 2}


def rules_of(call: ast.Call) -> Iterable[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in PLACES and len(call.args) > PLACES[name]:
        rule = call.args[PLACES[name]]
        if isinstance(rule, ast.Constant):
            yield str(rule.value)
        elif not (isinstance(rule, ast.Name) and rule.id == "rule"):
            raise AssertionError(f"a rule that cannot be read: {ast.unparse(call)}")


def test_every_rule_is_explained() -> None:
    rules = emitted() | {"author", "follow-up"}  # they stand in one loop, in `one._who`

    assert documented() == rules


def test_every_rule_has_a_test_of_its_words() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))

    assert {rule for rule in documented() if f"{rule}: " not in tests} == set()


def test_levels() -> None:
    """Warnings are about what readers get; everything else holds the file back."""
    warned = {p.rule for p in check_incident(story(linking("x")), SITE, NOW)}

    assert warned == set()
    assert {p.level for p in check_together([story(linking("x"))], SINCE.get)} == {Level.WARNING}
