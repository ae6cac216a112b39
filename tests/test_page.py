"""All stories of a site, as its pages ask for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from test_check import SITE, file, story

from firstword.clock import Clock
from firstword.model import ComponentStatus, Incident
from firstword.page import Records, StatusPage, component_states, under_way


def at(text: str) -> datetime:
    """Read a time in Copenhagen in November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}+01:00").astimezone(UTC)


def incident(name: str, text: str) -> Incident:
    return story(text, f"content/incidents/2026/{name}.md")


def updates(statuses: str, keys: str, day: int) -> list[str]:
    """Spell updates a minute apart, from 09:20 on; the keys are the first one's."""
    return [
        f"## 2026-11-{day:02} 09:{minute} | Dawn Okafor | {status}\n"
        f"{keys if minute == 20 else ''}\nWords."
        for minute, status in enumerate(statuses.split(), 20)
    ]


def told(
    name: str, statuses: str, *, front: str = "", keys: str = "", day: int = 21
) -> Incident:  # fmt: skip
    text = file(*updates(statuses, keys, day), front=front)
    return incident(name, text.replace("2026-11-21 09:00", f"2026-11-{day:02} 09:00"))


def window(
    name: str,
    statuses: str = "scheduled",
    *,
    start: str = "22 22:00",
    end: str = "22 23:00",
    keys: str = "",
) -> Incident:
    text = file(*updates(statuses, keys, 20), kind="maintenance", front="components: api")
    return incident(name, text.replace("22 22:00", start, 1).replace("22 23:00", end, 1))


def notice(name: str, statuses: str = "published", *, front: str = "", keys: str = "") -> Incident:
    return incident(name, file(*updates(statuses, keys, 20), kind="notice", front=front))


def page(*stories: Incident) -> StatusPage:
    arranged = StatusPage.of(SITE, stories)
    assert arranged == StatusPage.of(SITE, stories[::-1])
    return arranged


def slugs(stories: tuple[Incident, ...]) -> list[str]:
    return [story.slug for story in stories]


# ── what is open ─────────────────────────────────────────────────────────────────────────────────


def test_the_worst_comes_first_then_the_newest() -> None:
    stories = page(
        told("minor", "investigating", day=22, keys="impact: minor\n"),
        told("old", "investigating", day=19),
        told("new", "investigating", day=20),
        told("critical", "investigating", day=17, keys="impact: critical\n"),
        told("harmless", "investigating", day=21, keys="impact: none\n"),
        told("over", "investigating resolved"),
        window("planned"),
        notice("told"),
    )

    assert slugs(stories.open_incidents) == ["critical", "new", "old", "minor", "harmless"]


def test_the_sentence_of_state_knows_no_drill_and_counts_no_harmless_problem() -> None:
    drill = told("drill", "investigating", front="drill: yes", keys="title: Drill\n")
    harmless = told("harmless", "investigating", keys="title: Harmless\nimpact: none\n")
    major = told("major", "investigating", keys="title: Major\n", day=20)
    minor = told("minor", "investigating", keys="title: Minor\nimpact: minor\n")

    assert page(drill).stated == ()
    assert page(drill, harmless).stated == ("Harmless",)
    assert page(drill, harmless, minor, major).stated == ("Major", "Minor")


def test_how_long_it_lasted() -> None:
    twice = told("twice", "investigating resolved identified update resolved postmortem")
    withdrawn = told("gone", "investigating withdrawn")

    # From 09:00 to 09:21, and from 09:22 to 09:24.
    assert page().lasted(twice) == timedelta(minutes=23)
    assert (page().reopened(twice), page().reopened(withdrawn)) == (True, False)
    assert page().lasted(told("open", "investigating")) is None
    assert page().lasted(withdrawn) is None
    assert page().lasted(told("once", "investigating resolved")) == timedelta(minutes=21)


def test_newest_stories_come_first() -> None:
    stories = page(told("a", "resolved", day=3), told("c", "resolved"), told("b", "resolved"))

    assert slugs(stories.incidents) == ["c", "b", "a"]
    assert stories.by_slug["a"].slug == "a"


@pytest.mark.parametrize(
    ("statuses", "now", "phases", "holds_until"),
    [
        ("scheduled", "22 21:59", "coming", "22 22:00"),
        # the clock opens the window, and closes it; only a signature says how it went
        ("scheduled", "22 22:00", "now", "22 23:00"),
        ("scheduled", "22 22:59", "now", "22 23:00"),
        ("scheduled", "22 23:00", "unconfirmed", None),
        ("scheduled", "25 12:00", "unconfirmed", None),
        # a signature opens it earlier and holds it longer
        ("scheduled in_progress", "22 21:00", "now", "22 23:00"),
        ("scheduled in_progress verifying", "22 23:30", "now unconfirmed", None),
        # and ends it
        ("scheduled in_progress completed", "22 22:30", "", None),
        ("scheduled cancelled", "22 21:00", "", None),
        ("scheduled withdrawn", "22 22:30", "", None),
        ("scheduled cancelled scheduled", "22 22:30", "now", "22 23:00"),
    ],
)
def test_maintenance_by_clock_and_signature(
    statuses: str, now: str, phases: str, holds_until: str | None
) -> None:
    planned = window("planned", statuses)
    stories, clock = page(planned), Clock(at(now))
    lists = {
        "coming": stories.maintenance_coming(clock),
        "now": stories.maintenance_now(clock),
        "unconfirmed": stories.maintenance_unconfirmed(clock),
    }

    assert " ".join(phase for phase, found in lists.items() if found == (planned,)) == phases
    assert under_way(planned, Clock(at(now))) is ("now" in phases)
    assert clock.valid_until == (at(holds_until) if holds_until else None)


def test_maintenance_stands_in_the_order_it_is_planned() -> None:
    stories = page(
        window("second", start="24 22:00", end="24 23:00"),
        window("first", start="23 22:00", end="23 23:00"),
        window(
            "moved", keys="scheduled_for: 2026-11-25 22:00\nscheduled_until: 2026-11-25 23:00\n"
        ),
    )

    assert slugs(stories.maintenance_coming(Clock(at("21 12:00")))) == ["first", "second", "moved"]


# ── components ───────────────────────────────────────────────────────────────────────────────────


def states(clock: str, *stories: Incident) -> list[str]:
    return [
        f"{state.component.id} {state.status} {' '.join(i.slug for i in state.because)}".rstrip()
        for state in page(*stories).components(Clock(at(clock)))
    ]


def test_all_components_work_until_somebody_says_otherwise() -> None:
    assert states("21 12:00") == ["checkout operational", "api operational"]


@pytest.mark.parametrize(
    ("impact", "status"),
    [
        ("none", "operational"),
        ("minor", "degraded_performance"),
        ("major", "partial_outage"),
        ("critical", "major_outage"),
    ],
)
def test_without_a_status_the_impact_says_which(impact: str, status: str) -> None:
    broken = told("cards", "investigating", keys=f"impact: {impact}\n")
    reason = "" if impact == "none" else " cards"

    assert states("21 12:00", broken) == [f"checkout {status}{reason}", "api operational"]


def test_the_worst_of_several_holds() -> None:
    slow = told("slow", "investigating", keys="components: checkout degraded_performance\n")
    down = told("down", "investigating", keys="components: checkout major_outage, api\n", day=20)
    planned = window("planned", keys="components: checkout\n")

    assert states("22 22:30", slow, down, planned) == [
        "checkout major_outage down slow planned",
        "api partial_outage down planned",
    ]


def test_an_end_releases_its_own_only() -> None:
    slow = told("slow", "investigating", keys="components: checkout degraded_performance\n")
    down = told("down", "investigating resolved", keys="components: checkout major_outage\n")

    assert states("21 12:00", slow, down) == [
        "checkout degraded_performance slow",
        "api operational",
    ]


def test_what_works_again_is_released_before_the_end() -> None:
    text = file(
        "## 2026-11-21 09:20 | Dawn Okafor | investigating\ncomponents: checkout, api\n\nW.",
        "## 2026-11-21 09:30 | Dawn Okafor | monitoring\ncomponents: checkout operational\n\nW.",
    )

    assert states("21 12:00", incident("a", text)) == [
        "checkout operational",
        "api partial_outage a",
    ]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("22 21:59", "api operational"),
        ("22 22:00", "api under_maintenance planned"),
        ("22 23:00", "api operational"),
    ],
)
def test_a_planned_window_moves_its_components(clock: str, expected: str) -> None:
    assert states(clock, window("planned")) == ["checkout operational", expected]


def test_a_maintenance_may_say_worse() -> None:
    planned = window("planned", keys="components: checkout partial_outage, api operational\n")

    assert states("22 22:30", planned) == ["checkout partial_outage planned", "api operational"]


def test_a_notice_holds_a_component_as_long_as_it_matters() -> None:
    late = notice("late", front="until: 2026-11-22", keys="components: api degraded_performance\n")
    clock = Clock(at("21 12:00"))

    assert states("22 23:59", late) == ["checkout operational", "api degraded_performance late"]
    assert states("23 00:00", late) == ["checkout operational", "api operational"]
    page(late).components(clock)
    assert clock.valid_until == at("23 00:00")


def test_drills_break_nothing() -> None:
    assert states("21 12:00", told("drill", "investigating", front="drill: yes")) == [
        "checkout operational",
        "api operational",
    ]


def test_retired_components_are_listed_while_they_are_broken() -> None:
    broken = told("a", "investigating", keys="components: old-shop major_outage\n")

    assert states("21 12:00", broken)[-1] == "old-shop major_outage a"
    assert len(states("21 12:00", told("a", "investigating resolved"))) == 2


def test_components_in_groups() -> None:
    groups = page().groups(Clock(at("21 12:00")))

    assert [(name, [s.component.id for s in inside]) for name, inside in groups] == [
        ("", ["checkout", "api"])
    ]


def test_a_component_that_only_history_knows() -> None:
    assert page().component("api").name == "API"
    assert page().component("fax").name == "fax"


def test_states_without_a_page() -> None:
    [state] = component_states({"api": SITE.components["api"]}, [], Clock(at("21 12:00")))

    assert (state.status, state.because) == (ComponentStatus.OPERATIONAL, ())


# ── notices ──────────────────────────────────────────────────────────────────────────────────────


def test_notices_that_still_matter() -> None:
    stories = page(
        notice("for-ever"),
        notice("a-while", front="started: 2026-11-20 10:00\nuntil: 2026-11-22"),
        notice("done", "published done"),
        notice("again", "published done published"),
        notice("wrong", "published withdrawn"),
        notice("longer", keys="until: 2026-11-30\n"),
    )

    clock = Clock(at("22 23:59"))
    assert slugs(stories.notices(clock)) == ["a-while", "longer", "for-ever", "again"]
    assert clock.valid_until == at("23 00:00")
    assert slugs(stories.notices(Clock(at("23 00:00")))) == ["longer", "for-ever", "again"]


@pytest.mark.parametrize(
    ("front", "now", "expected", "holds_until"),
    [
        ("", "22 12:00", "26 16:00", "26 16:00"),
        # one that comes this very second has come
        ("", "26 15:59:59", "26 16:00", "26 16:00"),
        ("", "26 16:00", "30 16:00", "30 16:00"),
        # not beyond the day until which it matters
        ("\nuntil: 2026-11-30", "27 12:00", "30 16:00", "30 16:00"),
        ("\nuntil: 2026-11-29", "27 12:00", None, None),
    ],
)
def test_when_a_notice_comes_next(
    front: str, now: str, expected: str | None, holds_until: str | None
) -> None:
    front = f"started: 2026-11-26 16:00\nrepeats: FREQ=DAILY;INTERVAL=4;COUNT=3{front}"
    crates, clock = notice("crates", front=front), Clock(at(now))

    found = page(crates).next_occurrence(crates, clock)

    assert found == (at(expected) if expected else None)
    assert clock.valid_until == (at(holds_until) if holds_until else None)


def test_a_notice_that_does_not_repeat() -> None:
    assert page().next_occurrence(notice("a"), Clock(at("21 12:00"))) is None


# ── history ──────────────────────────────────────────────────────────────────────────────────────


def days(clock: Clock, *stories: Incident) -> dict[int, list[str]]:
    return {
        day.day.day: [story.slug for story in day.incidents]
        for day in page(*stories).recent(clock, 5)
        if day.incidents
    }


def test_the_last_days_one_line_each() -> None:
    clock = Clock(at("21 12:00"))
    recent = page().recent(clock)

    assert [day.day for day in recent[:3]] == [date(2026, 11, day) for day in (21, 20, 19)]
    assert (len(recent), clock.valid_until) == (14, at("22 00:00"))


def test_stories_stand_on_every_day_they_touched() -> None:
    long = file(
        "## 2026-11-21 09:20 | Dawn Okafor | investigating\n\nW.",
        "## 2026-11-21 09:30 | Dawn Okafor | resolved\n\nW.",
    ).replace("started: 2026-11-21 09:00", "started: 2026-11-19 23:30")

    assert days(
        Clock(at("21 12:00")),
        incident("long", long),
        told("short", "resolved", day=20),
        told("older", "resolved", day=16),
    ) == {21: ["long"], 20: ["long", "short"], 19: ["long"]}


def test_a_day_on_which_anything_was_written_is_not_empty() -> None:
    explained = file(
        "## 2026-11-03 09:20 | Dawn Okafor | resolved\n\nW.",
        "## 2026-11-19 09:30 | Dawn Okafor | postmortem\n\nW.",
    ).replace("started: 2026-11-21", "started: 2026-11-03")

    # A notice that stays open is news on the days of its updates only.
    assert days(Clock(at("21 12:00")), notice("told"), incident("explained", explained)) == {
        20: ["told"],
        19: ["explained"],
    }


def test_what_is_open_touches_every_day_up_to_now() -> None:
    assert days(Clock(at("21 12:00")), told("a", "investigating", day=19)) == {
        21: ["a"],
        20: ["a"],
        19: ["a"],
    }


def test_what_is_planned_stands_on_its_day_and_where_it_was_announced() -> None:
    before, after = Clock(at("22 21:59")), Clock(at("22 22:00"))

    assert days(before, window("planned")) == {20: ["planned"]}
    assert before.valid_until == at("22 22:00")
    assert days(after, window("planned")) == {22: ["planned"], 20: ["planned"]}
    # what was called off before it began went on on no day
    cancelled = Clock(at("22 21:59"))
    assert days(cancelled, window("planned", "scheduled cancelled")) == {20: ["planned"]}
    assert cancelled.valid_until == at("23 00:00")


def test_a_day_is_the_sites_day() -> None:
    """23:30 in UTC is half past midnight in Copenhagen."""
    late = file("## 2026-11-21 00:40 | Dawn Okafor | resolved\n\nW.").replace(
        "started: 2026-11-21 09:00", "started: 2026-11-20 23:30Z"
    )

    assert days(Clock(at("21 12:00")), incident("late", late)) == {21: ["late"]}


def test_months() -> None:
    stories = page(
        told("b", "resolved"),
        told("a", "resolved", day=3),
        incident(
            "c",
            file("## 2026-11-21 09:20 | Dawn Okafor | resolved\n\nW.").replace(
                "started: 2026-11-21 09:00", "started: 2026-10-31 23:30Z"
            ),
        ),
        window("next", start="30 22:00", end="30 23:00"),
    )

    assert stories.months == {date(2026, 11, 1): 4}
    assert slugs(stories.month(date(2026, 11, 1))) == ["next", "b", "a", "c"]


@pytest.mark.parametrize(
    ("stories", "expected"),
    [
        ([], None),
        ([told("a", "investigating resolved"), told("b", "resolved", day=3)], "21 09:21"),
        ([told("a", "resolved postmortem", day=3)], "03 09:20"),
        ([told("a", "investigating"), told("b", "resolved")], None),
        # what is no incident, and what was none, disturbs no quiet
        ([told("a", "resolved", day=3), window("w"), notice("n")], "03 09:20"),
        (
            [told("a", "resolved", day=3), told("b", "investigating", front="drill: yes")],
            "03 09:20",
        ),
    ],
)
def test_quiet_since(stories: list[Incident], expected: str | None) -> None:
    assert page(*stories).quiet_since == (at(expected) if expected else None)


def test_updates_of_all_stories_newest_first() -> None:
    found = page(
        told("a", "investigating resolved"),
        told("b", "resolved", day=22),
        told("c", "investigating"),
        told("drill", "investigating", front="drill: yes", day=23),
    ).updates

    assert [(story.slug, update.at) for story, update in found] == [
        ("b", at("22 09:20")),
        ("a", at("21 09:21")),
        ("c", at("21 09:20")),
        ("a", at("21 09:20")),
    ]


# ── records ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("records", "stamp", "published", "late"),
    [
        # no target: everything is taken at its word
        (Records(), None, "21 09:20", None),
        # the very first publish: before records began
        (Records({}, began=False, now=at("21 10:00")), None, "21 09:20", None),
        (Records({"a": {"20261121T082000Z": None}}, True, at("21 10:00")), None, "21 09:20", None),
        # known; a few minutes are not worth a word
        (
            Records({"a": {"20261121T082000Z": at("21 09:25")}}, True),
            "21 09:25",
            "21 09:25",
            None,
        ),
        (
            Records({"a": {"20261121T082000Z": at("21 09:26")}}, True),
            "21 09:26",
            "21 09:26",
            "21 09:26",
        ),
        # signed ahead by as much
        (
            Records({"a": {"20261121T082000Z": at("21 09:14")}}, True),
            "21 09:14",
            "21 09:14",
            "21 09:14",
        ),
        # news: published now
        (Records({"a": {}}, True, at("21 09:40")), "21 09:40", "21 09:40", "21 09:40"),
        (Records({}, True, at("21 09:21")), "21 09:21", "21 09:21", None),
        # a build beside the publisher knows no such instant
        (Records({}, True), None, "21 09:20", None),
    ],
)
def test_records(records: Records, stamp: str | None, published: str, late: str | None) -> None:
    cards = told("a", "investigating")
    [update] = cards.updates

    assert records.stamp(cards, update) == (at(stamp) if stamp else None)
    assert records.published_at(cards, update) == at(published)
    assert records.late_stamp(cards, update) == (at(late) if late else None)


def test_a_page_knows_the_promises_of_a_story() -> None:
    cards = told("a", "investigating", keys="next: 09:50\n")
    clock = Clock(at("21 09:30"))

    [promise] = page(cards).promises(cards, clock)

    assert promise.due.at - cards.updates[0].at == timedelta(minutes=30)
    assert clock.valid_until == at("21 09:50")
