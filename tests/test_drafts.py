"""Answers become a file, or one more update, and nothing that was not answered is in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sites import CARDS, CARDS_FILE, RESOLVED

from firstword.drafts import (
    Desk,
    Draft,
    commit_message,
    draft_story,
    draft_update,
    find_story,
    offered,
    open_stories,
    parse_ahead,
    parse_past,
    read_answer,
    read_sheet,
    signed_at,
    signers,
    story_questions,
    update_questions,
    write_sheet,
)
from firstword.model import Component, Due, Incident, Kind, Person, Site, Status
from firstword.parse import parse

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: 10:30 in Copenhagen
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DAWN = Person(
    name="Dawn Okafor", role="Engineer", address="dawn@acme.example", shown="Dawn", slug="dawn"
)
IAN = Person(name="Ian Reyes", role="Network", address="ian@acme.example", shown="Ian", slug="ian")
SITE = Site(
    name="Acme",
    url="https://status.acme.example",
    timezone=COPENHAGEN,
    tag_authority="status.acme.example,2026-01-01",
    people={"Dawn Okafor": DAWN, "Ian Reyes": IAN},
    components={
        "checkout": Component(id="checkout", name="Checkout"),
        "api": Component(id="api", name="Partner API"),
        "fax": Component(id="fax", name="Fax", retired=True),
    },
)
FIRST = {
    "title": "Card payments fail in the EU",
    "impact": "major",
    "started": "20m ago",
    "say": "One in five is refused.",
}


def story(text: str = CARDS, path: str = CARDS_FILE) -> Incident:
    incident = parse(text.encode(), path, COPENHAGEN).incident
    assert incident is not None
    return incident


def begun(answers: Mapping[str, str], taken: tuple[str, ...] = ()) -> Draft:
    desk = Desk(site=SITE, at=NOW)
    made = draft_story(answers, desk, DAWN, folder="content/incidents", taken=taken)
    assert isinstance(made, Draft), made
    assert parse(made.text.encode(), made.path, COPENHAGEN).problems == ()
    return made


def flaws(answers: Mapping[str, str], taken: tuple[str, ...] = ()) -> dict[str, str]:
    desk = Desk(site=SITE, at=NOW)
    made = draft_story(answers, desk, DAWN, folder="content/incidents", taken=taken)
    assert isinstance(made, tuple)
    return dict(made)


def updated(answers: Mapping[str, str], text: str = CARDS) -> Draft:
    before = story(text)
    desk = Desk(site=SITE, at=NOW, story=before)
    status = read_answer("status", answers.get("status", "update"), answers, desk)
    questions = update_questions(before, status, ())
    made = draft_update(answers, questions, desk, IAN, text=text)
    assert isinstance(made, Draft), made
    assert parse(made.text.encode(), made.path, COPENHAGEN).incident is not None
    return made


# ── times ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("30m", "2026-11-21 11:00"),
        ("in 30 minutes", "2026-11-21 11:00"),
        ("1h 30m", "2026-11-21 12:00"),
        ("1 hour and 30 minutes", "2026-11-21 12:00"),
        ("2 days", "2026-11-23 10:30"),
        ("10:45", "2026-11-21 10:45"),
        ("by 9:05", "2026-11-22 09:05"),
        ("tomorrow 9:00", "2026-11-22 09:00"),
        ("2026-11-25 08:00", "2026-11-25 08:00"),
        ("2026-11-25 08:00Z", "2026-11-25 09:00"),
    ],
)
def test_when_the_next_word_comes(said: str, due: str) -> None:
    wall = datetime.fromisoformat(due).replace(tzinfo=COPENHAGEN)

    assert parse_ahead(said, COPENHAGEN, NOW) == Due(wall.astimezone(UTC))


def test_a_day_is_a_promise_until_it_ends() -> None:
    midnight = datetime(2026, 11, 22, 23, tzinfo=UTC)

    assert parse_ahead("tomorrow", COPENHAGEN, NOW) == Due(midnight, whole_day=True)
    assert parse_ahead("2026-11-22", COPENHAGEN, NOW) == Due(midnight, whole_day=True)


def test_a_length_of_time_is_promised_in_whole_minutes() -> None:
    signed = NOW.replace(second=31)

    assert parse_ahead("30m", COPENHAGEN, signed) == Due(datetime(2026, 11, 21, 10, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("now", "2026-11-21 10:30"),
        ("20m ago", "2026-11-21 10:10"),
        ("20m", "2026-11-21 10:10"),
        ("since 9:12", "2026-11-21 09:12"),
        ("23:50", "2026-11-20 23:50"),
        ("yesterday 22:10", "2026-11-20 22:10"),
        ("2026-11-19 08:00", "2026-11-19 08:00"),
    ],
)
def test_since_when(said: str, at: str) -> None:
    wall = datetime.fromisoformat(at).replace(tzinfo=COPENHAGEN)

    assert parse_past(said, COPENHAGEN, NOW) == wall.astimezone(UTC)


@pytest.mark.parametrize("said", ["soon", "0m", "ago", "25:00", "half past ten", "-5m", "10.30"])
def test_no_time_is_guessed(said: str) -> None:
    with pytest.raises(ValueError, match=r"time|day"):
        parse_ahead(said, COPENHAGEN, NOW)
    with pytest.raises(ValueError, match=r"time|day"):
        parse_past(said, COPENHAGEN, NOW)


def test_a_time_of_day_that_happens_twice_is_asked_again() -> None:
    evening = datetime(2026, 10, 24, 18, tzinfo=UTC)

    with pytest.raises(ValueError, match="happens twice"):
        parse_ahead("02:30", COPENHAGEN, evening)


# ── a first word ─────────────────────────────────────────────────────────────────────────────────


def test_only_what_was_answered_is_said() -> None:
    made = begun(FIRST)

    assert made.path == "content/incidents/2026/2026-11-21-card-payments-fail-in-the-eu.md"
    assert (
        made.text
        == """\
---
title: Card payments fail in the EU
impact: major
started: 2026-11-21 10:10
---

## 2026-11-21 10:30 | Dawn Okafor | investigating

One in five is refused.
"""
    )


def test_we_do_not_know_yet_is_an_answer() -> None:
    made = begun({**FIRST, "affected": "we do not know yet", "workaround": "We do not know yet."})

    assert "affected: we do not know yet\n" in made.text
    assert "workaround: We do not know yet.\n" in made.text


def test_parts_go_by_name_and_states_by_their_beginning() -> None:
    made = begun({**FIRST, "components": "Partner API major, checkout"})

    assert "components: [api, checkout]\n" in made.text
    assert "components: api major_outage, checkout\n" in made.text


def test_parts_without_a_state_stand_in_front_only() -> None:
    made = begun({**FIRST, "components": "api,"})

    assert made.text.count("components") == 1
    assert "components: [api]\n" in made.text


def test_a_maintenance_lasts_from_its_own_beginning() -> None:
    made = begun(
        {
            "kind": "maintenance",
            "title": "A second line",
            "scheduled_for": "tomorrow 01:00",
            "scheduled_until": "2h",
            "say": "We connect a second line.",
        }
    )

    assert "kind: maintenance\n" in made.text
    assert "scheduled_for: 2026-11-22 01:00\nscheduled_until: 2026-11-22 03:00\n" in made.text
    assert "| Dawn Okafor | scheduled\n" in made.text


def test_a_notice_says_what_it_is_about() -> None:
    answers = {"kind": "notice", "title": "Bowls come late", "about": "del", "say": "A week."}

    made = begun({**answers, "until": "2026-12-01", "expected": "2026-12-01"})

    assert "about: delay\n" in made.text
    assert "until: 2026-12-01\n" in made.text
    assert "| Dawn Okafor | published\nexpected: 2026-12-01\n" in made.text


def test_everything_missing_is_told_at_once() -> None:
    assert set(flaws({})) == {"title", "impact", "started", "say"}
    assert set(flaws({"kind": "maintenance"})) == {
        *("title", "scheduled_for", "scheduled_until", "say")
    }
    assert set(flaws({"kind": "notice"})) == {"title", "about", "say"}


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("impact", "huge", "unknown impact: 'huge'"),
        ("impact", "m", "one of: minor, major"),
        ("components", "chekout", "did you mean 'checkout'?"),
        ("components", "fax", "not in COMPONENTS: 'fax'"),
        ("components", "checkout broken", "unknown component status: 'broken'"),
        ("components", "api, Partner API", "'api' is named twice"),
        ("started", "11:00 tomorrow", "not a time"),
        ("started", "2026-11-22 09:00", "is still to come"),
        ("next", "2026-11-20 09:00", "has passed"),
        ("title", "one\ntwo", "one line is expected"),
        ("notify", "perhaps", "'yes' or 'no'"),
        ("status", "in_progress", "unknown status: 'in_progress'"),
        ("slug", "Not A Slug", "lower-case letters"),
        ("scheduled_for", "tomorrow 01:00", "has no meaning here"),
    ],
)
def test_what_cannot_be_used_is_told(name: str, said: str, told: str) -> None:
    found = flaws({**FIRST, name: said})

    assert list(found) == [name]
    assert told in found[name]


def test_no_two_stories_share_a_name() -> None:
    taken = "2026-11-21-card-payments-fail-in-the-eu"

    assert begun(FIRST, (taken,)).slug == f"{taken}-2"
    assert "another story" in flaws({**FIRST, "slug": taken}, (taken,))["slug"]


def test_a_long_title_is_cut_between_words_and_a_foreign_one_named_by_its_kind() -> None:
    long = {**FIRST, "title": "Nobody who lives outside of Denmark can order anything at all today"}

    assert begun(long).slug == "2026-11-21-nobody-who-lives-outside-of-denmark-can-order"
    assert begun({**FIRST, "title": "支払いができません"}).slug == "2026-11-21-incident"


@given(
    title=st.text(min_size=1, max_size=60).filter(lambda t: t.strip()),
    say=st.text(min_size=1, max_size=200).filter(lambda t: t.strip()),
)
def test_whatever_is_typed_comes_back_as_it_was_or_is_told(title: str, say: str) -> None:
    desk = Desk(site=SITE, at=NOW)
    made = draft_story({**FIRST, "title": title, "say": say}, desk, DAWN, folder="content/x")

    if isinstance(made, Draft):
        read = parse(made.text.encode("utf-8", "surrogatepass"), made.path, COPENHAGEN)
        if read.incident is not None and not read.problems:
            assert read.incident.title == title.strip()
            assert len(read.incident.updates) == 1
            assert read.incident.updates[0].body == say.strip()
        else:
            assert read.problems


# ── one more update ──────────────────────────────────────────────────────────────────────────────


def test_an_update_changes_nothing_above_it() -> None:
    made = updated({"status": "identified", "say": "It is the bank.", "next": "30m"})

    assert made.text == CARDS + (
        "\n## 2026-11-21 10:30 | Ian Reyes | identified\n"
        "next: 2026-11-21 11:00\n"
        "\n"
        "It is the bank.\n"
    )


def test_where_the_newest_word_is_on_top_it_stays_there() -> None:
    front, first = CARDS.split("\n\n## ", 1)
    text = f"{front}\n{RESOLVED}\n## {first}"

    made = updated({"say": "News."}, text)

    assert (
        made.text
        == f"{front}\n\n## 2026-11-21 10:30 | Ian Reyes | update\n\nNews.\n{RESOLVED}\n## {first}"
    )


def test_a_file_keeps_its_line_ends() -> None:
    text = CARDS.replace("\n", "\r\n")

    made = updated({"say": "News."}, text)

    assert made.text.startswith(text)
    assert "\n" not in made.text.replace("\r\n", "")


def test_a_file_without_a_last_line_end_gets_one() -> None:
    made = updated({"say": "News."}, CARDS.rstrip("\n"))

    assert made.text.startswith(f"{CARDS}\n## 2026-11-21 10:30")


def test_an_answer_quotes_its_question() -> None:
    made = updated({"status": "answer", "question": "Was I charged twice?", "say": "No."})

    assert made.added.endswith("| answer\n\n> Was I charged twice?\n\nNo.\n")


@pytest.mark.parametrize("named", ["09:20", "2026-11-21 09:20", "20261121T082000Z"])
def test_a_correction_names_what_it_corrects(named: str) -> None:
    made = updated({"status": "correction", "corrects": named, "say": "One in four, not five."})

    assert "corrects: 2026-11-21 09:20\n" in made.added


def test_a_correction_says_when_it_really_began_and_ended() -> None:
    said = {
        "status": "correction",
        "corrects": "09:20",
        "say": "It began at nine.",
        "started": "09:00",
    }
    ended = {"status": "correction", "corrects": "09:50", "say": "Earlier.", "ended": "09:40"}

    assert "started: 2026-11-21 09:00\n" in updated(said).added
    assert "ended: 2026-11-21 09:40\n" in updated(ended, CARDS + RESOLVED).added


@pytest.mark.parametrize("status", ["update", "identified", "answer"])
def test_only_a_correction_moves_the_beginning(status: str) -> None:
    names = {question.name for question in update_questions(story(), Status(status), ())}

    assert "started" not in names


def test_a_correction_of_nothing_is_told() -> None:
    before = story()
    desk = Desk(site=SITE, at=NOW, story=before)

    with pytest.raises(ValueError, match=r"no one update of '09:21'.*2026-11-21 09:20"):
        read_answer("corrects", "09:21", {}, desk)


def test_follow_ups_are_closed_by_their_numbers() -> None:
    text = CARDS + RESOLVED + "\n- [ ] A second bank (Ian Reyes, 2026-12-01)\n"

    assert "done: 1\n" in updated({"say": "The second bank.", "done": "1"}, text).added
    with pytest.raises(ValueError, match="no such follow-up: '2'; there are: 1"):
        read_answer("done", "2", {}, Desk(site=SITE, at=NOW, story=story(text)))


# ── which one, and who ───────────────────────────────────────────────────────────────────────────


def test_statuses_are_offered_as_a_life_can_go() -> None:
    assert offered(story(), NOW, SITE) == (
        *(Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED),
        *(Status.WITHDRAWN, Status.ANSWER, Status.CORRECTION, Status.UPDATE),
    )
    assert offered(story(CARDS + RESOLVED), NOW, SITE) == (
        *(Status.INVESTIGATING, Status.POSTMORTEM, Status.WITHDRAWN),
        *(Status.ANSWER, Status.CORRECTION, Status.UPDATE),
    )


def test_open_stories_are_those_somebody_waits_for() -> None:
    draft = story(CARDS.replace("impact:", "draft: yes\nimpact:"), "x/2026-11-21-draft.md")
    ended = story(CARDS + RESOLVED, "x/2026-11-21-ended.md")

    assert open_stories([ended, draft, story()]) == (story(),)


def test_a_story_is_found_by_a_part_of_its_name() -> None:
    other = story(CARDS, "x/2026-11-22-card-readers.md")

    assert find_story("card-pay", [story(), other]) == (story(),)
    assert find_story("card", [story(), other]) == (story(), other)
    assert find_story(CARDS_FILE, [story(), other]) == (story(),)
    assert find_story("mail", [story(), other]) == ()


def test_who_signs_is_known_by_the_address_or_else_by_the_name() -> None:
    assert signers(SITE, NOW, address="IAN@acme.example", name="root") == (IAN,)
    assert signers(SITE, NOW, address="home@dawn.example", name="Dawn Okafor") == (DAWN,)
    assert signers(SITE, NOW, address="home@dawn.example", name="root") == (DAWN, IAN)


def test_a_word_is_signed_after_every_word_before_it() -> None:
    now = NOW.replace(second=40)
    before = updated({"say": "One."})

    assert signed_at(now) == NOW
    assert signed_at(now, story(before.text)) == now
    assert signed_at(NOW, story(before.text)) == NOW.replace(second=1)


def test_a_commit_says_data() -> None:
    made = begun(FIRST)

    assert commit_message(made.slug, made.update) == (
        "2026-11-21-card-payments-fail-in-the-eu: investigating 20261121T093000Z (Dawn Okafor)"
    )


# ── the sheet ────────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_asks_and_answers_nothing() -> None:
    for kind in Kind:
        questions = story_questions(kind)
        names = [question.name for question in questions]

        assert read_sheet(write_sheet(["new"], questions, {}), names) == {}


@given(
    title=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
    say=st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=1),
)
def test_a_sheet_gives_back_what_was_typed(title: str, say: list[str]) -> None:
    said = {"kind": "incident", "title": title, "say": "\n\n".join(f".{line}" for line in say)}
    questions = story_questions(Kind.INCIDENT)
    names = ["kind", *(question.name for question in questions)]

    assert read_sheet(write_sheet(["new"], questions, said), names) == said


def test_questions_never_reach_the_text() -> None:
    sheet = (
        "#? Why?\ntitle: It fails\n---\n#? What?\n### A heading\n# one # more\n\n#? a note\nText.\n"
    )

    assert read_sheet(sheet, ["title", "say"]) == {
        "title": "It fails",
        "say": "### A heading\n# one # more\n\nText.",
    }


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("title It fails\n", "line 1: expected 'name: answer', got 'title It fails'"),
        ("#? x\ntitel: It fails\n", "line 2: unknown: 'titel'; did you mean 'title'?"),
    ],
)
def test_a_line_that_cannot_be_read_is_told(sheet: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_sheet(sheet, ["title", "say"])
