"""Letters that nothing but a person can help: told until it is settled, and not for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from mails import NINE, STORY, Post, day, desk, reader, word

from firstword.errors import MailError
from firstword.mail.ledger import Event, Fate
from firstword.mail.missed import CURRENT, Scope, told, unseen_since
from firstword.mail.parcel import Cadence, Edition, Standing
from firstword.mail.sending import Desk, Sent, find_left_out, send
from firstword.mail.transport import Outcome
from firstword.values import replace

ADA, BO, CY = (f"{name}@reader.example" for name in ("ada", "bo", "cy"))
LATER = Outcome(fate=Fate.DEFERRED, code="451 4.7.1")
POLICY = Outcome(fate=Fate.REFUSED, code="550 5.7.1")
NOBODY = Outcome(fate=Fate.REFUSED, code="550 5.1.1", gone=True)
LOST = Outcome(fate=Fate.UNKNOWN, code="no answer")
ACCEPTED = Outcome(fate=Fate.ACCEPTED)
DAYS_LATER = NINE + timedelta(days=4)


@pytest.fixture
def at(tmp_path: Path) -> Desk:
    """Return a desk with two who want every update and a daily reader."""
    return desk(tmp_path, reader(ADA), reader(BO), reader(CY, "daily"))


def sent(at: Desk, editions: Sequence[Edition], bo: Outcome = ACCEPTED, now: object = NINE) -> Sent:
    """Send; of Bo's letters comes what is given."""
    post = Post()
    post.fate = lambda to: bo if to in {BO, CY} else ACCEPTED
    scope = Scope(now=now)  # type: ignore[arg-type]
    return send(at, editions, post, expected=None, scope=scope)


@pytest.mark.parametrize("outcome", [LATER, LOST])
def test_what_is_put_off_for_too_long_is_told_from_then_on(at: Desk, outcome: Outcome) -> None:
    first = sent(at, [word(9)], outcome)
    # Its three days are over: it is no edition any more.
    after, again = sent(at, [], now=DAYS_LATER), sent(at, [], now=DAYS_LATER)

    assert not first.missed  # by itself it goes out once more
    for done in (after, again):
        assert done.needs_a_person
        assert done.missed[word(9).id].persons == [at.people.person(BO)]
    lines = "\n".join(told(after.missed))
    assert f"NOT received by 1 ({'1 put off' if outcome is LATER else '1 no answer'}" in lines
    assert "reader" not in lines


def test_what_is_refused_for_its_words_is_told_at_once(at: Desk) -> None:
    first = sent(at, [word(9)], POLICY)
    again = sent(at, [word(9)])

    assert first.needs_a_person
    assert again.needs_a_person
    assert again.missed[word(9).id].reasons == {"refused": 1}
    assert again.count(Fate.ACCEPTED) == 0


def test_who_has_no_mailbox_or_left_misses_nothing(at: Desk) -> None:
    gone = sent(at, [word(9)], NOBODY)
    sent(at, [word(10)], LATER)
    at.people.set_state(at.people.person(BO), Standing.UNSUBSCRIBED)

    assert not gone.needs_a_person
    assert not sent(at, [], now=DAYS_LATER).needs_a_person


def test_who_wants_no_more_of_a_story_misses_nothing_of_it(at: Desk) -> None:
    sent(at, [word(10)], LATER)
    before = sent(at, [], now=DAYS_LATER)
    at.people.mute(at.people.person(BO), STORY, mutes=True)

    assert before.needs_a_person
    assert not sent(at, [], now=DAYS_LATER).needs_a_person


def test_a_newer_word_that_arrives_makes_up_for_the_one_before(at: Desk) -> None:
    sent(at, [word(9)], POLICY)
    other = sent(at, [word(9), word(11, story="another")])
    done = sent(at, [word(9), word(10)])

    assert other.needs_a_person
    assert not done.needs_a_person


def test_what_a_sender_left_behind_is_told_when_it_is_too_old(at: Desk) -> None:
    def stop(_: str) -> Outcome:
        return Outcome(fate=Fate.PLANNED, stop="cannot be reached")

    post = Post()
    post.fate = stop
    stopped = send(at, [word(9)], post, expected=None, scope=Scope(now=NINE))
    done = sent(at, [], now=DAYS_LATER)

    assert stopped.stopped
    assert done.missed[word(9).id].reasons == {"not sent until it was too old": 2}


def test_words_that_changed_on_the_way_are_told_when_they_are_too_old(at: Desk) -> None:
    sent(at, [word(9)], LATER)
    held = sent(at, [word(9, words="2")])
    done = sent(at, [], now=DAYS_LATER)
    # Whoever takes the change back makes it whole again.
    back = sent(at, [word(9)])

    assert held.plan.changed == {word(9).id: 1}
    assert held.count(Fate.ACCEPTED) == 0
    assert done.missed[word(9).id].reasons == {"its words changed": 1}
    assert back.count(Fate.ACCEPTED) == 1
    assert not back.needs_a_person


def test_words_are_current_for_a_month_and_no_longer(at: Desk) -> None:
    sent(at, [word(9)], LATER)
    month = word(9).at + CURRENT

    assert sent(at, [], now=month).needs_a_person
    assert not sent(at, [], now=month + timedelta(seconds=1)).needs_a_person


def test_a_person_who_settled_it_is_told_no_more(at: Desk) -> None:
    sent(at, [word(9)], POLICY)
    at.ledger.turn([Event(word(9).id, at.people.person(BO), Fate.MISSED)])
    done = sent(at, [word(9)])

    assert not done.needs_a_person
    assert done.plan.total == 0


def test_each_sending_tells_of_its_own_cadences(at: Desk) -> None:
    sent(at, [day(20)], LATER)
    news = frozenset({Cadence.IMMEDIATE, Cadence.FOLLOW_UP})
    weeks = NINE + timedelta(days=9)

    assert not find_left_out(at, [], Scope(now=weeks, cadences=news))
    assert find_left_out(at, [], Scope(now=weeks))[day(20).id].total == 1


def test_what_came_and_went_while_no_sending_ran_is_told(tmp_path: Path) -> None:
    late = DAYS_LATER - timedelta(days=2)
    at = desk(tmp_path, reader(ADA), reader(BO, since=late), reader(CY, "daily"))
    sent(at, [word(9)], now=NINE)
    seen = unseen_since(at.ledger, Scope(now=DAYS_LATER))
    post, gone = Post(), word(11, story="another")
    scope = Scope(now=DAYS_LATER, lapsed=(gone,))
    done = send(at, [], post, expected=None, scope=scope)
    again = sent(at, [], now=DAYS_LATER + timedelta(hours=1))

    assert seen == dict.fromkeys(Cadence, NINE)
    assert post.arrived == []
    assert done.missed[gone.id].persons == [at.people.person(ADA)]
    assert done.needs_a_person
    assert again.missed.keys() == {gone.id}
    assert set(unseen_since(at.ledger, scope).values()) == {DAYS_LATER + timedelta(hours=1)}


def test_what_waits_for_its_page_may_still_go_out(at: Desk) -> None:
    sent(at, [word(9)], LATER)
    waits = Scope(now=NINE, held=(word(9),))
    done = send(at, [], Post(), expected=None, scope=waits)

    assert not done.missed
    assert unseen_since(at.ledger, waits)[Cadence.DAILY] == NINE
    assert unseen_since(at.ledger, waits)[Cadence.IMMEDIATE] < word(9).at


def test_a_plan_that_is_refused_was_no_look(at: Desk) -> None:
    with pytest.raises(MailError, match="the plan is"):
        send(at, [word(9)], Post(), expected="another", scope=Scope(now=NINE))

    assert unseen_since(at.ledger, Scope(now=NINE)) == {}


def test_of_many_the_first_are_named(tmp_path: Path) -> None:
    at = desk(tmp_path, *(reader(f"r{number}@reader.example") for number in range(9)))
    post = Post()
    post.fate = lambda _: POLICY
    done = send(at, [word(9)], post, expected=None, scope=Scope(now=NINE))
    line = next(told(done.missed))

    assert line.startswith(f"{word(9).id}: NOT received by 9 (9 refused): ")
    assert line.endswith(" and 4 more")


def test_a_reminder_is_no_newer_word(at: Desk) -> None:
    sent(at, [word(9)], LATER)
    reminder = replace(word(10, cadence="reminder"), id="reminder/x/20261121T100000Z")
    sent(at, [reminder])

    assert sent(at, [], now=DAYS_LATER).needs_a_person
