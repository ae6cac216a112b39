"""What was promised, by whom, and what came of it; by the stamps where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from test_check import FIRST, SITE, file, story

from firstword.clock import Clock
from firstword.model import Incident
from firstword.page import Promise, Records, promises


def at(text: str) -> datetime:
    """Read a time of 21 November 2026 in Copenhagen, or of another day."""
    day = text if "-" in text else f"2026-11-21 {text}"
    return datetime.fromisoformat(f"{day}+01:00").astimezone(UTC)


def update(when: str, status: str, *keys: str, body: str = "Words.") -> str:
    lines = "".join(f"{key}\n" for key in keys)
    return f"## 2026-11-21 {when} | Dawn Okafor | {status}\n{lines}\n{body}"


def stamped(incident: Incident, stamps: Mapping[str, str | None]) -> Records:
    """Return records of a target that began long ago: what is not listed was pushed when signed."""
    known = {u.id: u.at for u in incident.updates}
    given = {
        u.id: at(when) if when else None
        for signed, when in stamps.items()
        for u in incident.updates
        if u.at == at(signed)
    }
    assert len(given) == len(stamps)
    return Records({incident.id: {**known, **given}}, began=True, now=at("23:00"))


def made(
    text: str, now: str = "23:00", stamps: Mapping[str, str | None] | None = None
) -> list[Promise]:
    incident = story(text)
    records = stamped(incident, stamps or {})
    return list(promises(incident, records, Clock(at(now)), SITE.timezone))


def outcomes(
    text: str, now: str = "23:00", stamps: Mapping[str, str | None] | None = None
) -> list[str]:
    return [f"{promise.kind} {promise.outcome}" for promise in made(text, now, stamps)]


# ── the next word ────────────────────────────────────────────────────────────────────────────────

NEXT = update("09:20", "investigating", "next: 10:00")


@pytest.mark.parametrize(
    ("updates", "now", "expected"),
    [
        ([], "09:59", ["next pending"]),
        # the promised instant has come
        ([], "10:00", ["next overdue"]),
        ([], "23:00", ["next overdue"]),
        # any signed word keeps it, on the second too
        ([update("09:40", "update")], "23:00", ["next kept"]),
        ([update("10:00", "identified")], "23:00", ["next kept"]),
        ([update("09:40", "answer", body="> Q?\n\nA.")], "23:00", ["next kept"]),
        ([update("09:40", "resolved")], "23:00", ["next kept"]),
        ([update("09:40", "withdrawn")], "23:00", ["next kept"]),
        ([update("10:01", "identified")], "23:00", ["next late"]),
        ([update("10:00:01", "identified")], "23:00", ["next late"]),
        # the first one after it counts
        ([update("10:01", "update"), update("10:02", "update")], "23:00", ["next late"]),
        # a correction is no word that was waited for
        (
            [update("09:40", "correction", "corrects: 2026-11-21 09:20")],
            "23:00",
            ["next overdue"],
        ),
        (
            [
                update("09:40", "correction", "corrects: 2026-11-21 09:20"),
                update("10:20", "update"),
            ],
            "23:00",
            ["next late"],
        ),
        # unless it moves the promise: in time, or not
        (
            [update("09:40", "correction", "corrects: 2026-11-21 09:20", "next: 10:30")],
            "10:10",
            ["next replaced", "next pending"],
        ),
        (
            [
                update("09:40", "correction", "corrects: 2026-11-21 09:20", "next: 10:30"),
                update("10:20", "update"),
            ],
            "23:00",
            ["next replaced", "next kept"],
        ),
        (
            [update("10:05", "correction", "corrects: 2026-11-21 09:20", "next: 10:30")],
            "10:10",
            ["next missed", "next pending"],
        ),
        (
            [
                update("09:40", "correction", "corrects: 2026-11-21 09:20", "next: 10:30"),
                update("09:50", "correction", "corrects: 2026-11-21 09:20", "next: 10:10"),
                update("10:20", "update"),
            ],
            "23:00",
            ["next replaced", "next replaced", "next late"],
        ),
        # once the word came, correcting when it was to come changes nothing about that
        (
            [
                update("09:30", "update"),
                update("09:40", "correction", "corrects: 2026-11-21 09:20", "next: 10:30"),
            ],
            "10:10",
            ["next kept", "next pending"],
        ),
    ],
)
def test_next_words(updates: list[str], now: str, expected: list[str]) -> None:
    assert outcomes(file(NEXT, *updates), now) == expected


def test_a_day_ends_at_its_own_midnight() -> None:
    text = file(update("09:20", "investigating", "next: 2026-11-21"))

    assert outcomes(text, "23:59") == ["next pending"]
    assert outcomes(text, "2026-11-22 00:00") == ["next overdue"]
    kept = text + "\n" + update("23:59", "update")
    assert outcomes(kept, "2026-11-22 12:00") == ["next kept"]


# ── when it is over ──────────────────────────────────────────────────────────────────────────────

NOON = update("09:20", "investigating", "expected: 2026-11-21 12:00")
AT_ONE = ("expected: 2026-11-21 13:00", "because: B")


@pytest.mark.parametrize(
    ("updates", "now", "expected"),
    [
        ([], "11:59", ["expected pending"]),
        ([], "12:00", ["expected overdue"]),
        # words do not keep it
        ([update("11:00", "monitoring")], "12:00", ["expected overdue"]),
        ([update("12:00", "resolved")], "23:00", ["expected kept"]),
        ([update("12:01", "resolved")], "23:00", ["expected late"]),
        # when it ended is not when it was said
        ([update("12:01", "resolved", "ended: 2026-11-21 11:50")], "23:00", ["expected late"]),
        # an explanation is no end
        (
            [update("11:00", "resolved"), update("12:30", "postmortem")],
            "23:00",
            ["expected kept"],
        ),
        # another one in time, or when it had lapsed
        ([update("11:00", "update", *AT_ONE)], "12:30", ["expected replaced", "expected pending"]),
        ([update("12:10", "update", *AT_ONE)], "12:30", ["expected missed", "expected pending"]),
        (
            [update("11:00", "update", *AT_ONE), update("12:30", "resolved")],
            "23:00",
            ["expected replaced", "expected kept"],
        ),
        # said again is not promised again
        (
            [update("11:00", "update", "expected: 2026-11-21 12:00"), update("11:30", "resolved")],
            "23:00",
            ["expected kept"],
        ),
        # taken back, in time or not
        ([update("11:00", "withdrawn")], "23:00", ["expected released"]),
        ([update("12:10", "withdrawn")], "23:00", ["expected missed"]),
        # and stays so when it opens again
        (
            [update("11:00", "withdrawn"), update("12:10", "identified")],
            "23:00",
            ["expected released"],
        ),
        # an end that was opened again kept nothing: the last one that held counts
        (
            [update("11:00", "resolved"), update("11:10", "identified")],
            "11:59",
            ["expected pending"],
        ),
        (
            [update("11:00", "resolved"), update("11:10", "identified")],
            "12:00",
            ["expected overdue"],
        ),
        (
            [
                update("11:00", "resolved"),
                update("11:10", "identified"),
                update("11:50", "resolved"),
                update("12:30", "postmortem"),
            ],
            "23:00",
            ["expected kept"],
        ),
        (
            [
                update("11:00", "resolved"),
                update("11:10", "investigating", "expected: 2026-11-21 14:00"),
            ],
            "13:00",
            ["expected replaced", "expected pending"],
        ),
        (
            [
                update("11:00", "resolved"),
                update("11:10", "investigating", "expected: 2026-11-21 12:00"),
                update("12:10", "resolved"),
            ],
            "13:00",
            ["expected late"],
        ),
        # a correction of it is another one
        (
            [
                update(
                    "11:00",
                    "correction",
                    "corrects: 2026-11-21 09:20",
                    *AT_ONE,
                )
            ],
            "12:30",
            ["expected replaced", "expected pending"],
        ),
    ],
)
def test_expectations(updates: list[str], now: str, expected: list[str]) -> None:
    assert outcomes(file(NOON, *updates), now) == expected


@pytest.mark.parametrize(
    ("status", "when", "expected"),
    [
        ("completed", "11:00", "expected kept"),
        ("cancelled", "11:00", "expected released"),
        ("cancelled", "12:10", "expected missed"),
    ],
)
def test_expectations_of_a_maintenance(status: str, when: str, expected: str) -> None:
    first = update("09:20", "scheduled", "expected: 2026-11-21 12:00")

    assert outcomes(file(first, update(when, status), kind="maintenance")) == [expected]


def test_expectations_of_a_notice() -> None:
    first = update("09:20", "published", "expected: 2026-11-21")

    assert outcomes(file(first, update("22:00", "done"), kind="notice")) == ["expected kept"]


# ── follow-ups ───────────────────────────────────────────────────────────────────────────────────

TWO = update(
    "10:00",
    "resolved",
    body="- [ ] A second bank (Ian Reyes, 2026-11-23)\n- [ ] An alarm (Dawn Okafor, 2026-11-24)",
)


@pytest.mark.parametrize(
    ("updates", "now", "expected"),
    [
        ([], "2026-11-23 23:59", ["follow_up pending", "follow_up pending"]),
        ([], "2026-11-24 00:00", ["follow_up overdue", "follow_up pending"]),
        (
            [update("11:00", "update", "done: 2")],
            "2026-11-26 12:00",
            ["follow_up overdue", "follow_up kept"],
        ),
        (
            [update("11:00", "update", "done: 1, 2")],
            "2026-11-26 12:00",
            ["follow_up kept", "follow_up kept"],
        ),
        # taken back; what was done before stays done
        (
            [update("11:00", "update", "done: 2"), update("11:30", "withdrawn")],
            "2026-11-26 12:00",
            ["follow_up released", "follow_up kept"],
        ),
    ],
)
def test_follow_ups(updates: list[str], now: str, expected: list[str]) -> None:
    assert outcomes(file(FIRST, TWO, *updates), now) == expected


def test_follow_ups_that_come_late() -> None:
    late = update("11:00", "update", "done: 1").replace("2026-11-21 11", "2026-11-24 11")
    gone = update("12:00", "withdrawn").replace("2026-11-21 12", "2026-11-25 12")

    assert outcomes(file(FIRST, TWO, late), "2026-11-24 12:00") == [
        "follow_up late",
        "follow_up pending",
    ]
    assert outcomes(file(FIRST, TWO, late, gone), "2026-11-26 12:00") == [
        "follow_up late",
        "follow_up missed",
    ]


def test_a_ticked_box_says_that_it_was_done_and_not_when() -> None:
    text = file(FIRST, TWO.replace("[ ] A", "[x] A"))

    ticked = made(text, "2026-11-26 12:00")

    assert [(str(p.outcome), p.judged, p.settled_at) for p in ticked] == [
        ("kept", False, at("10:00")),
        ("kept", False, at("10:00")),
    ]


def test_an_update_in_the_open_tells_more_than_a_tick() -> None:
    late = update("11:00", "update", "done: 1").replace("2026-11-21 11", "2026-11-24 11")

    [first, _] = made(file(FIRST, TWO.replace("[ ] A s", "[x] A s"), late), "2026-11-26 12:00")

    assert (str(first.outcome), first.judged) == ("late", True)
    assert first.settled_by
    assert first.settled_by.at == at("2026-11-24 11:00")


def test_who_owes_what() -> None:
    text = file(
        update("09:20", "investigating", "next: 10:00", "expected: 2026-11-21 12:00"), TWO
    )  # fmt: skip

    owed = [(str(p.kind), p.person, p.due.at, p.due.whole_day) for p in made(text)]

    assert owed == [
        ("expected", "Dawn Okafor", at("12:00"), False),
        ("next", "Dawn Okafor", at("10:00"), False),
        ("follow_up", "Ian Reyes", at("2026-11-24 00:00"), True),
        ("follow_up", "Dawn Okafor", at("2026-11-25 00:00"), True),
    ]


# ── stamps ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        # signed in time and pushed in time, or not
        ({"09:50": "09:55"}, "next kept"),
        ({"09:50": "10:01"}, "next late"),
        # signed late and pushed at once
        ({}, "next kept"),
        # the word that readers had first counts, whatever was signed before it
        ({"09:40": "10:20", "09:50": "09:55"}, "next kept"),
        ({"09:40": "10:20", "09:50": "10:10"}, "next late"),
    ],
)
def test_what_readers_had_counts(stamps: dict[str, str], expected: str) -> None:
    both = "09:40" in stamps
    updates = [update("09:40", "update")] * both + [update("09:50", "update")]

    assert outcomes(file(NEXT, *updates), stamps=stamps) == [expected]


def test_a_correction_that_came_out_too_late_misses() -> None:
    moved = update("09:55", "correction", "corrects: 2026-11-21 09:20", "next: 10:30")

    assert outcomes(file(NEXT, moved), "10:10", {"09:55": "10:05"}) == [
        "next missed",
        "next pending",
    ]


@pytest.mark.parametrize(
    ("stamps", "judged"),
    [
        ({}, True),
        # before records began
        ({"09:20": None}, False),
        ({"09:50": None}, False),
    ],
)
def test_only_what_was_stamped_is_judged(stamps: dict[str, str | None], judged: bool) -> None:
    [promise] = made(file(NEXT, update("09:50", "update")), stamps=stamps)

    assert promise.judged is judged


def test_without_a_target_signatures_are_taken_at_their_word() -> None:
    incident = story(file(NEXT, update("09:50", "update")))

    [promise] = promises(incident, Records(), Clock(at("23:00")), SITE.timezone)

    assert (str(promise.outcome), promise.judged, promise.settled_at) == (
        "kept",
        False,
        at("09:50"),
    )


def test_what_is_being_published_is_stamped_now() -> None:
    incident = story(file(NEXT, update("09:50", "update")))
    known = {incident.id: {incident.updates[0].id: at("09:20")}}
    records = Records(known, began=True, now=at("10:20"))

    [promise] = promises(incident, records, Clock(at("10:20")), SITE.timezone)

    assert (str(promise.outcome), promise.judged, promise.settled_at) == ("late", True, at("10:20"))


def test_imported_history_promises_nothing() -> None:
    text = file(
        """
        ## 2026-11-21 09:20 | imported | investigating
        next: 09:40
        expected: 2026-11-21 09:50

        We are looking into it.
        """,
        """
        ## 2026-11-21 10:00 | imported | resolved

        - [ ] Better cables (Somebody Else, 2026-11-22)
        """,
        front="imported: statuspage",
    )

    assert made(text) == []


def test_only_a_signed_word_keeps_a_promise() -> None:
    unsigned = "## 2026-11-21 09:40 | imported | update\n\nWords."

    assert outcomes(file(NEXT, unsigned, front="imported: statuspage")) == ["next overdue"]


# ── what the clock is asked ──────────────────────────────────────────────────────────────────────


def test_a_promise_that_is_open_changes_the_page_when_it_lapses() -> None:
    incident = story(file(NEXT))
    clock = Clock(at("09:30"))

    promises(incident, Records(), clock, SITE.timezone)

    assert clock.valid_until == at("10:00")


def test_a_promise_that_is_settled_does_not() -> None:
    incident = story(file(NEXT, update("09:40", "update")))
    clock = Clock(at("09:50"))

    promises(incident, Records(), clock, SITE.timezone)

    assert (clock.valid_until, clock.as_of) == (None, None)
