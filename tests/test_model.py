"""What is derived from a story: states, ends, facts, promises. Nothing of it is stored twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from firstword.clock import Clock
from firstword.model import (
    ENDINGS,
    HOLDING,
    LIFECYCLE,
    ComponentChange,
    ComponentStatus,
    Due,
    Facts,
    FollowUp,
    Impact,
    Incident,
    Kind,
    Level,
    Person,
    Problem,
    Site,
    Status,
    Update,
    update_id,
)

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def minutes(number: int) -> datetime:
    """An instant so many minutes after nine."""
    return NINE + timedelta(minutes=number)


def told(number: int, status: Status, **values: Any) -> Update:
    """An update so many minutes after nine; facts are given by their names."""
    facts = {name: values.pop(name) for name in Facts.__struct_fields__ if name in values}
    return Update(
        at=minutes(number),
        author="Dawn Okafor",
        status=status,
        body="Words.",
        says=Facts(**facts),
        **values,
    )


def story(*updates: Update, **values: Any) -> Incident:
    """An incident of these updates; facts of the front matter are given by their names."""
    facts = {name: values.pop(name) for name in Facts.__struct_fields__ if name in values}
    return Incident(
        id="cards",
        slug="cards",
        path="cards.md",
        kind=values.pop("kind", Kind.INCIDENT),
        first=Facts(**{"title": "Cards fail", "impact": Impact.MAJOR, **facts}),
        updates=updates,
        **values,
    )


def statuses(incident: Incident) -> list[Status]:
    return [moment.status for moment in incident.timeline]


# ── facts ────────────────────────────────────────────────────────────────────────────────────────


def test_facts_over_older_ones() -> None:
    older = Facts(title="Cards fail", impact=Impact.MAJOR, affected="Everybody")
    newer = Facts(impact=Impact.MINOR, until=Due(NINE))

    assert newer.over(older) == Facts(
        title="Cards fail", impact=Impact.MINOR, affected="Everybody", until=Due(NINE)
    )
    assert Facts().over(older) == older.over(Facts()) == older


def test_names_of_facts_keep_the_order_of_the_format() -> None:
    assert Facts(because="So", title="Cards", next=Due(NINE)).names() == (
        "title",
        "next",
        "because",
    )
    assert Facts().names() == ()


def test_the_latest_value_holds() -> None:
    incident = story(
        told(0, Status.INVESTIGATING),
        told(10, Status.UPDATE, title="EU cards fail", affected="People in the EU"),
        told(20, Status.IDENTIFIED, impact=Impact.MINOR),
        affected="Everybody",
        workaround="Pay later",
    )

    assert [moment.facts.title for moment in incident.timeline] == [
        "Cards fail",
        "EU cards fail",
        "EU cards fail",
    ]
    assert [moment.facts.affected for moment in incident.timeline] == [
        "Everybody",
        "People in the EU",
        "People in the EU",
    ]
    assert (incident.title, incident.impact) == ("EU cards fail", Impact.MINOR)
    assert incident.worst_impact is Impact.MAJOR
    assert incident.facts.workaround == "Pay later"
    assert incident.first.title == "Cards fail"


def test_a_next_word_a_reason_and_an_end_hold_for_their_update_only() -> None:
    incident = story(
        told(0, Status.INVESTIGATING, next=Due(minutes(30)), expected=Due(minutes(60))),
        told(30, Status.UPDATE, expected=Due(minutes(90)), because="A part is missing"),
        told(80, Status.RESOLVED, ended=minutes(75)),
    )

    assert [moment.says.next for moment in incident.timeline] == [Due(minutes(30)), None, None]
    for moment in incident.timeline:
        assert (moment.facts.next, moment.facts.because, moment.facts.ended) == (None, None, None)
    assert [moment.facts.expected for moment in incident.timeline] == [
        Due(minutes(60)),
        Due(minutes(90)),
        Due(minutes(90)),
    ]


# ── status and end ───────────────────────────────────────────────────────────────────────────────


def test_updates_answers_and_corrections_keep_the_status() -> None:
    incident = story(
        told(0, Status.INVESTIGATING),
        told(10, Status.UPDATE),
        told(20, Status.IDENTIFIED),
        told(30, Status.ANSWER),
        told(40, Status.CORRECTION, corrects=minutes(0)),
    )

    assert statuses(incident) == [
        *(Status.INVESTIGATING, Status.INVESTIGATING),
        *(Status.IDENTIFIED, Status.IDENTIFIED, Status.IDENTIFIED),
    ]
    assert incident.status is Status.IDENTIFIED
    assert incident.is_open


@pytest.mark.parametrize("status", [status for status in Status if status not in HOLDING])
def test_open_or_not(status: Status) -> None:
    assert story(told(0, status)).is_open == (status not in ENDINGS)


@pytest.mark.parametrize(
    ("updates", "ended"),
    [
        # open, and open again
        ([told(0, Status.INVESTIGATING)], None),
        ([told(0, Status.RESOLVED), told(10, Status.INVESTIGATING)], None),
        # the update that ended it, or the time it states
        ([told(0, Status.INVESTIGATING), told(10, Status.RESOLVED)], 10),
        ([told(0, Status.INVESTIGATING), told(10, Status.RESOLVED, ended=minutes(5))], 5),
        # what comes after does not move it
        ([told(10, Status.RESOLVED), told(90, Status.POSTMORTEM)], 10),
        ([told(10, Status.RESOLVED, ended=minutes(5)), told(90, Status.POSTMORTEM)], 5),
        ([told(10, Status.RESOLVED), told(20, Status.UPDATE), told(30, Status.ANSWER)], 10),
        # the last end, after it was opened again
        (
            [
                told(10, Status.RESOLVED, ended=minutes(5)),
                told(20, Status.INVESTIGATING),
                told(30, Status.RESOLVED),
                told(90, Status.POSTMORTEM),
            ],
            30,
        ),
        # a correction of the end
        (
            [
                told(10, Status.RESOLVED, ended=minutes(5)),
                told(20, Status.CORRECTION, corrects=minutes(10), ended=minutes(8)),
            ],
            8,
        ),
        # told after the fact, in one word
        ([told(0, Status.POSTMORTEM)], 0),
        ([told(0, Status.WITHDRAWN)], 0),
    ],
)
def test_when_it_ended(updates: list[Update], ended: int | None) -> None:
    incident = story(*updates)

    assert incident.ended_at == (None if ended is None else minutes(ended))


def test_when_it_started() -> None:
    first = told(10, Status.INVESTIGATING)

    assert story(first).started_at == minutes(10)
    assert story(first, started=minutes(-20)).started_at == minutes(-20)
    assert story(first, scheduled_for=minutes(500)).started_at == minutes(500)
    assert story(
        first, told(20, Status.UPDATE, scheduled_for=minutes(900)), scheduled_for=minutes(500)
    ).started_at == minutes(900)


def test_first_and_last_words() -> None:
    incident = story(told(10, Status.INVESTIGATING), told(20, Status.UPDATE))

    assert (incident.announced_at, incident.updated_at) == (minutes(10), minutes(20))
    assert incident.find(minutes(20)) is incident.updates[1]
    assert incident.find(minutes(21)) is None


def test_withdrawn() -> None:
    incident = story(told(0, Status.INVESTIGATING), told(10, Status.WITHDRAWN))

    assert incident.withdrawn
    assert not incident.is_open
    assert len(incident.timeline) == 2


# ── corrections ──────────────────────────────────────────────────────────────────────────────────


def test_a_correction_replaces_keys_of_the_update_it_corrects() -> None:
    first = told(0, Status.INVESTIGATING, affected="Everybody", next=Due(minutes(30)))
    fix = told(10, Status.CORRECTION, corrects=minutes(0), affected="People in the EU")
    incident = story(first, fix)

    corrected, correction = incident.timeline
    assert corrected.corrections == (fix,)
    assert corrected.update is first
    assert first.says.affected == "Everybody"
    assert corrected.says == Facts(affected="People in the EU", next=Due(minutes(30)))
    assert correction.says == fix.says
    assert incident.facts.affected == "People in the EU"


def test_a_correction_of_the_first_update_corrects_the_front_matter() -> None:
    incident = story(
        told(0, Status.INVESTIGATING),
        told(10, Status.CORRECTION, corrects=minutes(0), impact=Impact.MINOR, title="EU cards"),
    )

    assert incident.timeline[0].facts.impact is Impact.MINOR
    assert (incident.title, incident.worst_impact) == ("EU cards", Impact.MINOR)
    assert incident.first.impact is Impact.MAJOR


def test_what_was_said_after_the_corrected_update_still_holds() -> None:
    incident = story(
        told(0, Status.INVESTIGATING, affected="Everybody"),
        told(10, Status.UPDATE, affected="Nobody"),
        told(20, Status.CORRECTION, corrects=minutes(0), affected="People in the EU"),
    )

    assert [moment.facts.affected for moment in incident.timeline] == [
        "People in the EU",
        "Nobody",
        "Nobody",
    ]


def test_the_later_of_two_corrections_holds() -> None:
    incident = story(
        told(0, Status.INVESTIGATING),
        told(10, Status.CORRECTION, corrects=minutes(0), affected="People in the EU"),
        told(20, Status.CORRECTION, corrects=minutes(0), affected="People in Denmark"),
    )

    assert incident.timeline[0].facts.affected == "People in Denmark"
    assert [fix.at for fix in incident.timeline[0].corrections] == [minutes(10), minutes(20)]


def test_a_correction_of_components_replaces_what_the_update_said_of_them() -> None:
    incident = story(
        told(0, Status.INVESTIGATING, components=(ComponentChange("api"),)),
        told(
            10,
            Status.CORRECTION,
            corrects=minutes(0),
            components=(ComponentChange("checkout", ComponentStatus.MAJOR_OUTAGE),),
        ),
    )

    assert incident.now_holds.component_states == {"checkout": ComponentStatus.MAJOR_OUTAGE}


# ── components ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("impact", "status"),
    [
        (Impact.NONE, ComponentStatus.OPERATIONAL),
        (Impact.MINOR, ComponentStatus.DEGRADED_PERFORMANCE),
        (Impact.MAJOR, ComponentStatus.PARTIAL_OUTAGE),
        (Impact.CRITICAL, ComponentStatus.MAJOR_OUTAGE),
        (None, ComponentStatus.OPERATIONAL),
    ],
)
def test_components_by_impact(impact: Impact | None, status: ComponentStatus) -> None:
    incident = story(
        told(0, Status.INVESTIGATING), impact=impact, components=(ComponentChange("checkout"),)
    )

    assert incident.now_holds.component_states == {"checkout": status}


def test_components_stay_as_they_were_until_they_are_named_again() -> None:
    down = ComponentChange("checkout", ComponentStatus.MAJOR_OUTAGE)
    incident = story(
        told(0, Status.INVESTIGATING, components=(down,)),
        told(10, Status.UPDATE, impact=Impact.CRITICAL),
        told(20, Status.IDENTIFIED, components=(ComponentChange("checkout"),)),
        told(30, Status.UPDATE, components=(ComponentChange("shop", ComponentStatus.OPERATIONAL),)),
        components=(ComponentChange("api"),),
        impact=Impact.MINOR,
    )

    assert [moment.component_states for moment in incident.timeline] == [
        {"api": "degraded_performance", "checkout": "major_outage"},
        {"api": "major_outage", "checkout": "major_outage"},
        {"api": "major_outage", "checkout": "major_outage"},
        {"api": "major_outage", "checkout": "major_outage", "shop": "operational"},
    ]
    assert incident.component_ids == ("api", "checkout", "shop")


@pytest.mark.parametrize("status", sorted(ENDINGS))
def test_an_ended_story_holds_no_component_down(status: Status) -> None:
    incident = story(
        told(0, Status.INVESTIGATING), told(10, status), components=(ComponentChange("checkout"),)
    )

    assert incident.timeline[0].component_states == {"checkout": ComponentStatus.PARTIAL_OUTAGE}
    assert incident.now_holds.component_states == {"checkout": ComponentStatus.OPERATIONAL}


# ── follow-ups, signatures, ids ──────────────────────────────────────────────────────────────────


def test_follow_ups_of_all_updates() -> None:
    promises = [
        FollowUp(
            number=number,
            text="More",
            person="Ian Reyes",
            due=date(2027, 1, number),
            ticked=False,
            line=number,
        )
        for number in (1, 2, 3)
    ]
    incident = story(
        told(0, Status.RESOLVED, follow_ups=tuple(promises[:1])),
        told(10, Status.POSTMORTEM, follow_ups=tuple(promises[1:])),
        told(20, Status.UPDATE, done=(2,)),
    )

    assert incident.follow_ups == tuple(promises)


def test_only_imported_updates_are_unsigned() -> None:
    signed = told(0, Status.INVESTIGATING)
    imported = Update(at=NINE, author="imported", status=Status.INVESTIGATING, body="")

    assert (signed.signed, imported.signed) == (True, False)


def test_the_id_of_an_update_is_its_instant() -> None:
    assert told(20, Status.UPDATE).id == "20261121T092000Z"
    assert update_id(datetime(2026, 11, 21, 9, 20, 30, tzinfo=UTC)) == "20261121T092030Z"


def test_lines_for_problems() -> None:
    update = told(0, Status.UPDATE, line=7, lines={"next": 8})
    incident = story(update, lines={"title": 2})

    assert (update.line_of("next"), update.line_of("expected")) == (8, 7)
    assert (incident.line("title"), incident.line("impact")) == (2, 1)


def test_where_something_stood_does_not_make_it_another_story() -> None:
    assert story(told(0, Status.UPDATE, lines={"next": 8}), lines={"title": 2}) == story(
        told(0, Status.UPDATE, lines={"next": 9}), lines={"title": 3}
    )
    assert not told(0, Status.UPDATE, body_line=4) != told(0, Status.UPDATE, body_line=5)  # noqa: SIM202 - "!=" is asked of its own
    assert not story(lines={"title": 2}) != story(lines={"title": 3})  # noqa: SIM202 - as above


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scale", [Impact, ComponentStatus])
def test_scales_go_from_good_to_bad(scale: type[Impact] | type[ComponentStatus]) -> None:
    """The texts sort by the alphabet, which says nothing."""
    assert [word.severity for word in scale] == list(range(len(scale)))


def test_worse_impacts_are_worse_for_components() -> None:
    for better, worse in pairwise(Impact):
        assert better.component_status.severity < worse.component_status.severity


def test_every_status_belongs_to_a_kind_or_to_all() -> None:
    assert {*LIFECYCLE[Kind.INCIDENT], *LIFECYCLE[Kind.MAINTENANCE], *LIFECYCLE[Kind.NOTICE]} == (
        set(Status) - HOLDING
    )
    for kind in Kind:
        assert Status.WITHDRAWN in LIFECYCLE[kind]
        assert ENDINGS & set(LIFECYCLE[kind])


# ── problems and people ──────────────────────────────────────────────────────────────────────────


def test_problems_are_printed_as_compilers_do() -> None:
    error = Problem("a.md", 3, "value", "unknown impact: 'majro'")
    warning = Problem("a.md", 12, "fence", "odd", Level.WARNING)

    assert str(error) == "a.md:3: value: unknown impact: 'majro'"
    assert str(warning) == "a.md:12: fence: warning: odd"
    assert sorted([warning, error]) == [error, warning]


def person(name: str, **values: Any) -> Person:
    return Person(
        name=name,
        role="Engineer",
        address="help@northwind.example",
        shown=name,
        slug=name.casefold().replace(" ", "-"),
        **values,
    )


def test_who_answers() -> None:
    left = date(2026, 6, 30)
    people = [
        person("Priya Nair"),
        person("Kofi Mensah", until=left, successor="Priya Nair"),
        person("Old Hand", until=left, successor="Kofi Mensah"),
        person("First Twin", until=left, successor="Second Twin"),
        person("Second Twin", until=left, successor="First Twin"),
        person("Last One", until=left, successor="Nobody Known"),
    ]
    site = Site(
        name="Northwind",
        url="https://status.northwind.example",
        timezone=ZoneInfo("Europe/Copenhagen"),
        tag_authority="northwind.example,2026",
        people={one.name: one for one in people},
    )

    def answers(name: str) -> str | None:
        found = site.who_answers(name)
        return found.name if found else None

    assert answers("Priya Nair") == "Priya Nair"
    assert answers("Kofi Mensah") == "Priya Nair"
    assert answers("Old Hand") == "Priya Nair"
    assert answers("First Twin") in {"First Twin", "Second Twin"}
    assert answers("Last One") is None
    assert answers("Somebody Else") is None


def test_who_has_not_left_yet_answers() -> None:
    people = [
        person("Priya Nair"),
        person("Kofi Mensah", until=date(2026, 6, 30), successor="Priya Nair"),
        person("Old Hand", until=date(2026, 3, 31), successor="Kofi Mensah"),
    ]
    zone = ZoneInfo("Europe/Copenhagen")
    site = Site(
        name="Northwind",
        url="https://status.northwind.example",
        timezone=zone,
        tag_authority="northwind.example,2026",
        people={one.name: one for one in people},
    )

    def answers(name: str, month: int, day: int, time: str) -> tuple[str, datetime | None]:
        clock = Clock(
            datetime.fromisoformat(f"2026-{month:02}-{day:02} {time}").replace(tzinfo=zone)
        )
        found = site.who_answers(name, clock.day_over(zone))
        return found.name if found else "", clock.valid_until

    # The last day is whole, by the site's clock, and the answer holds until it is over.
    over = datetime(2026, 7, 1, tzinfo=zone)
    assert answers("Kofi Mensah", 6, 30, "23:59") == ("Kofi Mensah", over)
    assert answers("Old Hand", 6, 30, "23:59") == ("Kofi Mensah", over)
    assert answers("Kofi Mensah", 7, 1, "00:00") == ("Priya Nair", None)
    assert answers("Priya Nair", 6, 1, "00:00") == ("Priya Nair", None)
