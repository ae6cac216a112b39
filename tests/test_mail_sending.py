"""Who gets what, once: plans, what becomes of them, and going on after things went wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from mails import JOINED, NINE, STORY, Post, Scribe, day, desk, reader, word
from mailserver import mailserver

from firstword.cli.delivery import told
from firstword.errors import MailError
from firstword.mail.ledger import Event, Fate
from firstword.mail.missed import Scope
from firstword.mail.parcel import Cadence, Edition, Letter, Look, Standing
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, Sent, preview, send
from firstword.mail.smtp import Server, SmtpTransport
from firstword.mail.transport import Bucket, Outcome, Quota
from firstword.model import Kind
from firstword.values import replace

ADA, BO, CY, DI = (f"{name}@reader.example" for name in ("ada", "bo", "cy", "di"))
LOST = Outcome(fate=Fate.UNKNOWN, code="no answer")
LATER = Outcome(fate=Fate.DEFERRED, code="451")


@pytest.fixture
def at(tmp_path: Path) -> Desk:
    """Return a desk with two who want every update, one daily and one weekly reader."""
    return desk(tmp_path, reader(ADA), reader(BO), reader(CY, "daily"), reader(DI, "weekly"))


def sent(at: Desk, editions: Sequence[Edition], post: Post) -> Sent:
    """Send without looking at the plan."""
    return send(at, editions, post, expected=None)


def lost_for(address: str) -> Post:
    """Return a server whose answer about one person never arrives."""
    post = Post()
    post.fate = lambda to: LOST if to == address else Outcome(fate=Fate.ACCEPTED)
    return post


# ── who gets what ────────────────────────────────────────────────────────────────────────────────


def test_everybody_hears_at_their_own_pace_and_once(at: Desk) -> None:
    post, editions = Post(), [word(9), day(20)]
    first, again = sent(at, editions, post), sent(at, editions, post)

    assert post.told() == {
        ADA: [[word(9).id]],
        BO: [[word(9).id]],
        CY: [[day(20).id]],
    }
    assert first.count(Fate.ACCEPTED) == 3
    assert again.plan.total == 0
    assert not first.needs_a_person


def test_only_those_who_are_active_are_mailed(tmp_path: Path) -> None:
    states = [reader(f"{state}@reader.example", state=state) for state in Standing]
    post = Post()
    sent(desk(tmp_path, *states), [word(9)], post)

    assert list(post.told()) == ["active@reader.example"]


def test_who_chose_parts_hears_of_those(tmp_path: Path) -> None:
    at = desk(
        tmp_path,
        reader(ADA, components=frozenset({"card"})),
        reader(BO, components=frozenset({"api"})),
    )
    post = Post()
    sent(at, [word(9)], post)

    assert list(post.told()) == [ADA]


def test_a_muted_story_is_held_back_and_others_are_not(tmp_path: Path) -> None:
    at = desk(tmp_path, reader(ADA, muted=frozenset({STORY})))
    post = Post()
    sent(at, [word(9), word(9, story="another")], post)

    assert post.told() == {ADA: [[word(9, story="another").id]]}


def test_who_joins_late_gets_the_word_that_stands_and_nothing_older(tmp_path: Path) -> None:
    at = desk(tmp_path, reader(ADA, since=NINE + timedelta(hours=2)))
    post = Post()
    over = word(8, story="over")
    sent(at, [over, word(9), word(10, standing=True)], post)

    assert post.told() == {ADA: [[word(10).id]]}


def test_a_word_that_stands_is_dated_when_somebody_came_and_for_others_when_it_was_said(
    tmp_path: Path,
) -> None:
    later = NINE + timedelta(days=5)
    at = desk(tmp_path, reader(ADA), reader(BO, since=later), reader(CY, "daily", since=later))
    post = Post()
    night = replace(day(25), at=later + timedelta(hours=15))
    sent(at, [word(9, standing=True), night], post)
    dates = {
        who: re.findall(rb"^Date: (.*)\r$", message, re.MULTILINE) for who, message in post.arrived
    }

    assert dates == {
        ADA: [b"Sat, 21 Nov 2026 09:00:00 +0000"],
        # Filters take a date of days ago for spam.
        BO: [b"Thu, 26 Nov 2026 09:00:00 +0000"],
        CY: [b"Fri, 27 Nov 2026 00:00:00 +0000"],
    }


@pytest.mark.parametrize(
    ("later", "date"),
    [
        (timedelta(minutes=-5), b"Sat, 21 Nov 2026 09:00:00 +0000"),
        (timedelta(minutes=59), b"Sat, 21 Nov 2026 09:00:00 +0000"),
        (timedelta(hours=1), b"Sat, 21 Nov 2026 10:00:00 +0000"),
        (timedelta(days=1, hours=2, minutes=30), b"Sun, 22 Nov 2026 11:00:00 +0000"),
    ],
)
def test_a_letter_that_leaves_late_is_dated_in_the_hour_in_which_it_leaves(
    tmp_path: Path, later: timedelta, date: bytes
) -> None:
    post = Post()
    scope = Scope(now=NINE + later)
    send(desk(tmp_path, reader(ADA)), [word(9)], post, expected=None, scope=scope)
    ((_, message),) = post.arrived

    assert re.findall(rb"^Date: (.*)\r$", message, re.MULTILINE) == [date]


def test_what_is_sent_again_within_the_hour_is_the_same_message_to_the_byte(
    tmp_path: Path,
) -> None:
    at = desk(tmp_path, reader(ADA))
    post = Post()
    post.fate = lambda _: Outcome(fate=Fate.UNKNOWN, code="no answer")
    for minutes in (130, 140, 200):
        scope = Scope(now=NINE + timedelta(minutes=minutes))
        send(at, [word(9)], post, expected=None, scope=scope)
    first, again, an_hour_later = (message for _, message in post.arrived)
    ids = {re.findall(rb"^Message-ID: .*$", one, re.MULTILINE)[0] for one in (first, an_hour_later)}

    assert first == again != an_hour_later
    assert len(ids) == 1


def test_a_follow_up_is_news_for_those_who_lived_through_it(tmp_path: Path) -> None:
    at = desk(tmp_path, reader(ADA), reader(BO, since=NINE - timedelta(hours=1)))
    post = Post()
    sent(at, [word(12, cadence="follow_up", before=JOINED + timedelta(days=1))], post)

    assert list(post.told()) == [ADA]


def test_a_reminder_reaches_weekly_readers_who_asked_for_notices(tmp_path: Path) -> None:
    at = desk(
        tmp_path,
        reader(ADA),
        reader(BO, "weekly", kinds=frozenset({Kind.NOTICE})),
        reader(CY, "weekly"),
    )
    post = Post()
    sent(at, [word(9, cadence="reminder")], post)

    assert set(post.told()) == {ADA, BO}


# ── the newest word, with the missed ones inside ─────────────────────────────────────────────────


def test_of_three_words_at_once_the_newest_comes_with_the_others_inside(at: Desk) -> None:
    post = Post()
    sent(at, [word(9), word(10), word(11)], post)

    assert post.told() == {who: [[word(11).id, word(9).id, word(10).id]] for who in (ADA, BO)}


def test_who_was_not_reached_gets_the_newer_word_with_the_missed_one_inside(at: Desk) -> None:
    early, late = Post(), Post()
    early.fate = lambda to: LATER if to == BO else Outcome(fate=Fate.ACCEPTED)
    sent(at, [word(9)], early)
    sent(at, [word(9), word(10)], late)
    nothing = sent(at, [word(9), word(10)], Post())

    assert early.told() == {ADA: [[word(9).id]]}
    assert late.told() == {ADA: [[word(10).id]], BO: [[word(10).id, word(9).id]]}
    assert nothing.plan.total == 0


def test_a_word_that_comes_when_the_newer_one_has_gone_goes_on_its_own(at: Desk) -> None:
    late, twice = Post(), Post()
    sent(at, [word(11)], Post())
    sent(at, [word(9), word(10), word(11)], late)
    sent(at, [word(9), word(10), word(11)], twice)

    assert late.told() == {who: [[word(10).id, word(9).id]] for who in (ADA, BO)}
    assert twice.told() == {}


def test_a_reminder_is_no_word_that_a_newer_one_has_inside(at: Desk) -> None:
    reminder = replace(word(9, cadence="reminder"), id=f"reminder/{STORY}/20261121T090000Z")
    post = Post()
    sent(at, [reminder, word(10)], post)

    assert post.told() == {who: [[reminder.id], [word(10).id]] for who in (ADA, BO)}


def test_what_was_missed_moves_on_until_it_arrives(at: Desk) -> None:
    late = Post()
    for number in (9, 10):
        post = Post()
        post.fate = lambda to: LATER if to == BO else Outcome(fate=Fate.ACCEPTED)
        sent(at, [word(hour) for hour in range(9, number + 1)], post)
    sent(at, [word(9), word(10), word(11)], late)

    assert late.told()[BO] == [[word(11).id, word(9).id, word(10).id]]
    assert late.told()[ADA] == [[word(11).id]]


def test_two_days_are_two_digests(at: Desk) -> None:
    post = Post()
    sent(at, [day(19), day(20)], post)

    assert post.told() == {CY: [[day(19).id], [day(20).id]]}


# ── what nobody knows ────────────────────────────────────────────────────────────────────────────


def test_an_urgent_letter_without_an_answer_is_sent_again_with_the_same_message_id(
    at: Desk,
) -> None:
    post = lost_for(BO)
    first = sent(at, [word(9)], post)
    post.fate = lambda _: Outcome(fate=Fate.ACCEPTED)
    sent(at, [word(9)], post)
    to_bo = [message for address, message in post.arrived if address == BO]

    assert len(to_bo) == 2
    assert to_bo[0] == to_bo[1]
    assert len(post.told()[ADA]) == 1
    assert first.needs_a_person
    assert at.ledger.sent_again(word(9).id) == (at.people.person(BO),)


def test_a_digest_without_an_answer_is_not_sent_again(at: Desk) -> None:
    post = lost_for(CY)
    sent(at, [day(20)], post)
    again = sent(at, [day(20)], post)

    assert len(post.arrived) == 1
    assert again.plan.total == 0
    assert again.plan.unknown == {day(20).id: 1}
    assert again.needs_a_person
    assert at.ledger.sent_again(day(20).id) == ()


def test_an_urgent_letter_is_not_sent_again_for_ever(at: Desk) -> None:
    post = lost_for(BO)
    for _ in range(20):
        sent(at, [word(9)], post)

    assert len(post.told()[BO]) == 6


def test_claims_of_a_sender_that_died_are_unknown(at: Desk) -> None:
    editions = [word(9), day(20)]
    with at.ledger.planning(editions) as write:
        for name, who in ((word(9).id, ADA), (day(20).id, CY)):
            write(Event(name, at.people.person(who), Fate.CLAIMED))
    post = Post()
    done = sent(at, editions, post)

    assert done.found_unknown == 2
    assert set(post.told()) == {ADA, BO}  # the digest may have arrived
    assert at.ledger.sent_again(word(9).id) == (at.people.person(ADA),)


# ── words that change ────────────────────────────────────────────────────────────────────────────


def test_words_that_changed_on_the_way_are_not_sent_to_the_rest(at: Desk) -> None:
    early, late = Post(), Post()
    early.fate = lambda to: LATER if to == BO else Outcome(fate=Fate.ACCEPTED)
    sent(at, [word(9)], early)
    done = sent(at, [word(9, words="2")], late)

    assert late.arrived == []
    assert done.plan.changed == {word(9).id: 1}
    assert done.needs_a_person


def test_who_came_since_gets_the_words_as_they_are_now_also_when_put_off(tmp_path: Path) -> None:
    at, post = desk(tmp_path, reader(ADA)), Post()
    sent(at, [word(9, standing=True)], post)
    # A slip of the pen is mended, somebody joins, and their server wants us to come back.
    at.people.put([reader(CY, since=NINE + timedelta(minutes=5))])
    post.fate = lambda _: LATER
    sent(at, [word(9, words="2", standing=True)], post)
    post.fate = lambda _: Outcome(fate=Fate.ACCEPTED)
    told = sent(at, [word(9, words="2", standing=True)], post)

    assert not told.needs_a_person
    assert post.told() == {ADA: [[word(9).id]], CY: [[word(9).id]]}


def test_who_may_have_the_words_as_they_were_is_not_sent_others(tmp_path: Path) -> None:
    at = desk(tmp_path, reader(CY, since=NINE + timedelta(minutes=5)))
    post = lost_for(CY)
    sent(at, [word(9, standing=True)], post)
    told = sent(at, [word(9, words="2", standing=True)], post)

    assert told.needs_a_person
    assert len(post.arrived) == 1


def test_a_translation_that_changed_holds_back_those_who_read_it_alone(tmp_path: Path) -> None:
    at = desk(tmp_path, reader(ADA), reader(BO, language="de"), reader(CY, language="de"))
    early, late = Post(), Post()
    early.fate = lambda to: Outcome(fate=Fate.ACCEPTED) if to == CY else LATER
    sent(at, [word(9, words="1 de=first")], early)
    done = sent(at, [word(9, words="1 de=other")], late)

    assert late.told() == {ADA: [[word(9).id]]}
    assert done.plan.changed == {word(9).id: 1}
    assert done.needs_a_person


def test_words_that_changed_when_all_were_reached_trouble_nobody(at: Desk) -> None:
    sent(at, [word(9)], Post())
    done = sent(at, [word(9, words="2")], Post())

    assert not done.needs_a_person


def test_a_newer_word_carries_the_one_that_changed(at: Desk) -> None:
    early, late = Post(), Post()
    early.fate = lambda to: LATER if to == BO else Outcome(fate=Fate.ACCEPTED)
    sent(at, [word(9)], early)
    done = sent(at, [word(9, words="2"), word(10)], late)

    assert late.told()[BO] == [[word(10).id, word(9).id]]
    assert not done.needs_a_person


def test_words_may_change_until_the_first_letter_has_gone(at: Desk) -> None:
    post = Post(quota=Quota(left=0))
    with pytest.raises(MailError):
        sent(at, [word(9)], post)
    done = sent(at, [word(9, words="2")], Post())

    assert done.count(Fate.ACCEPTED) == 2


# ── plans ────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_counts_and_writes_nothing(at: Desk) -> None:
    once, again = (preview(at, [word(9), day(20)]) for _ in range(2))

    assert once.recipients == {word(9).id: 2, day(20).id: 1}
    assert once.hash == again.hash
    assert at.ledger.counts(word(9).id) == {}


def test_another_plan_than_the_one_that_was_seen_is_not_sent(at: Desk) -> None:
    post = Post()
    seen = preview(at, [word(9)]).hash
    at.people.put([reader("new@reader.example")])
    with pytest.raises(MailError, match="by now"):
        send(at, [word(9)], post, expected=seen)

    assert post.arrived == []
    assert at.ledger.counts(word(9).id) == {}
    assert send(at, [word(9)], post, expected=preview(at, [word(9)]).hash).count(Fate.ACCEPTED) == 3


def test_other_words_are_another_plan(at: Desk) -> None:
    assert preview(at, [word(9)]).hash != preview(at, [word(9, words="2")]).hash


def test_more_than_the_quota_is_not_begun(at: Desk) -> None:
    post = Post(quota=Quota(left=1))
    with pytest.raises(MailError, match="takes 1 more today"):
        sent(at, [word(9)], post)

    assert post.arrived == []


def test_each_look_is_composed_once(tmp_path: Path) -> None:
    readers = [reader(f"r{n}@reader.example", language=("en", "de")[n % 2]) for n in range(100)]
    at = desk(tmp_path, *readers)
    post = Post(lanes=4)
    sent(at, [word(9)], post)

    assert len(post.arrived) == 100
    assert isinstance(at.composer, Scribe)
    assert len(at.composer.composed) == 2


class Stuck(Scribe):
    """Cannot write for those of one language, nor for those of one zone."""

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
        if "X" in {look.language, look.zone}:
            raise MailError("too long")
        return super().compose(edition, look, missed)


def test_an_edition_that_cannot_be_written_is_set_aside_and_the_others_go_out(
    tmp_path: Path,
) -> None:
    class Heavy(Scribe):
        """Cannot write one edition."""

        def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
            if edition.id == day(20).id:
                raise MailError("too long")
            return super().compose(edition, look, missed)

    at = desk(tmp_path, reader(ADA), reader(BO, "daily", zone="X"))
    post = Post()
    done = sent(replace(at, composer=Heavy()), [day(19), day(20), word(9)], post)

    assert post.told() == {ADA: [[word(9).id]], BO: [[day(19).id]]}
    assert done.unwritten == {day(20).id: {"too long": 1}}
    assert done.needs_a_person
    assert sent(at, [day(19), day(20), word(9)], post).count(Fate.ACCEPTED) == 1


def test_who_cannot_be_written_to_waits_and_nobody_else_does(tmp_path: Path) -> None:
    others = (reader(f"r{n}@reader.example") for n in range(9))
    at = desk(tmp_path, *others, reader(ADA, zone="X"), reader(BO, zone="X"))
    post = Post(lanes=3)
    done = sent(replace(at, composer=Stuck()), [word(9)], post)
    mended = sent(at, [word(9)], post)

    assert done.unwritten == {word(9).id: {"too long": 2}}
    assert done.needs_a_person
    assert not mended.needs_a_person
    assert len(post.arrived) == len(post.told()) == 11
    assert {address for address, _ in post.arrived[-2:]} == {ADA, BO}


# ── what servers say ─────────────────────────────────────────────────────────────────────────────


def test_what_stopped_a_sending_is_told_of_whom_it_was(at: Desk) -> None:
    def fails(_: str) -> Outcome:
        raise RuntimeError(ADA)

    post = Post()
    post.fate = fails
    ours = sent(at, [word(9)], post)
    post.fate = lambda _: Outcome(fate=Fate.PLANNED, stop="hangs up")
    theirs = sent(at, [word(10)], post)
    interrupted = replace(ours, stopped="interrupted")
    stops = [
        next(line.partition(": ")[2] for line in told(one) if line.startswith("stopped"))
        for one in (ours, interrupted, theirs)
    ]

    assert stops == ["failed here: RuntimeError", "interrupted", "the server hangs up"]


def test_a_mailbox_that_is_gone_is_not_mailed_again(at: Desk) -> None:
    post = Post()
    post.fate = lambda to: (
        Outcome(fate=Fate.REFUSED, code="550 5.1.1", gone=True)
        if to == BO
        else Outcome(fate=Fate.ACCEPTED)
    )
    sent(at, [word(9)], post)
    post.fate = lambda _: Outcome(fate=Fate.ACCEPTED)
    sent(at, [word(9), word(10)], post)
    bo = at.people.find(at.people.person(BO))

    assert bo is not None
    assert bo.state is Standing.BOUNCED
    assert post.told() == {ADA: [[word(9).id], [word(10).id]]}


def test_a_server_that_takes_nothing_ends_it_and_the_rest_goes_out_later(at: Desk) -> None:
    down, up = Post(), Post()
    down.fate = lambda _: Outcome(fate=Fate.PLANNED, stop="cannot be reached")
    done = sent(at, [word(9), day(20)], down)
    sent(at, [word(9), day(20)], up)

    assert done.stopped == "cannot be reached"
    assert done.needs_a_person
    assert set(up.told()) == {ADA, BO, CY}
    assert at.ledger.sent_again(word(9).id) == ()


def test_a_server_that_refuses_everybody_is_not_asked_a_thousand_times(at: Desk) -> None:
    at.people.put([reader(f"r{n}@reader.example") for n in range(98)])
    post = Post()
    post.fate = lambda _: Outcome(fate=Fate.REFUSED, code="554 5.6.0")
    done = sent(at, [word(9)], post)

    assert done.stopped == "refuses everybody: 554 5.6.0"
    assert at.ledger.counts(word(9).id) == {Fate.REFUSED: 25, Fate.PLANNED: 75}


@pytest.mark.parametrize(
    "answer",
    ["550 relay not permitted", "550 5.1.0 sender address rejected", "550 5.1.1 no such user"],
)
def test_a_server_that_does_not_want_us_takes_nobody_off_the_list(
    tmp_path: Path, answer: str
) -> None:
    at = desk(tmp_path, *(reader(f"r{n}@reader.example") for n in range(60)))
    with mailserver() as box:
        box.script = lambda step, who: answer if step == "RCPT" else None
        server = Server(host="127.0.0.1", port=box.port, secure="plain")
        way = SmtpTransport(server, "status@acme.example", lanes=1, sleep=lambda _: None)
        done = send(at, [word(9)], way, expected=None, scope=Scope(now=NINE))

    assert done.stopped.startswith("refuses everybody: 550")
    assert done.needs_a_person
    assert at.ledger.counts(word(9).id) == {Fate.REFUSED: 25, Fate.PLANNED: 35}
    assert at.people.count() == {(Standing.ACTIVE, Cadence.IMMEDIATE): 60}
    # They are left without, and a person hears so: nobody is forgotten.
    assert done.missed[word(9).id].total == 25


def gone_but_for(*there: int) -> Post:
    """Return a server that knows no mailbox but for the letters of these numbers."""
    post, number = Post(), itertools.count()
    gone = Outcome(fate=Fate.REFUSED, code="550 5.1.1", gone=True)
    post.fate = lambda _: Outcome(fate=Fate.ACCEPTED) if next(number) in there else gone
    return post


@pytest.mark.parametrize(
    ("there", "bounced", "stops"),
    [
        # Whoever is refused is believed to be gone when somebody else's letter is taken.
        ((3, 20, 39), 37, False),
        ((0, 20), 38, False),
        # One who gets it, a colleague say, and nobody else after: that is about us.
        ((0,), 0, True),
    ],
)
def test_mailboxes_are_gone_where_others_get_theirs(
    tmp_path: Path, there: tuple[int, ...], bounced: int, *, stops: bool
) -> None:
    at = desk(tmp_path, *(reader(f"r{n}@reader.example") for n in range(40)))
    done = sent(at, [word(9)], gone_but_for(*there))

    assert done.gone == at.people.count()[(Standing.BOUNCED, Cadence.IMMEDIATE)] == bounced
    assert bool(done.stopped) is done.needs_a_person is stops


def test_a_row_of_refusals_goes_on_from_one_edition_to_the_next(tmp_path: Path) -> None:
    at = desk(tmp_path, *(reader(f"r{n}@reader.example") for n in range(13)))
    done = sent(at, [word(9, story=f"story-{n}") for n in range(3)], gone_but_for())

    assert done.count(Fate.REFUSED) == 25
    assert done.stopped


def test_where_nothing_but_refusals_came_a_person_hears_of_it(at: Desk) -> None:
    done = sent(at, [word(9)], gone_but_for())

    assert (done.count(Fate.REFUSED), done.gone, done.stopped) == (2, 0, "")
    assert done.needs_a_person


def test_who_leaves_between_plan_and_letter_gets_none(at: Desk, tmp_path: Path) -> None:
    post = Post()
    both = [at.people.person(who) for who in (ADA, BO)]

    def leave(address: str) -> Outcome:
        """Have the other one leave while the first letter is on its way."""
        other = next(one for one in both if one != at.people.person(address))
        open_people(tmp_path).set_state(other, Standing.UNSUBSCRIBED)
        return Outcome(fate=Fate.ACCEPTED)

    post.fate = leave
    done = sent(at, [word(9)], post)

    assert done.plan.total == 2
    assert len(post.arrived) == 1
    assert at.ledger.counts(word(9).id) == {Fate.ACCEPTED: 1, Fate.DROPPED: 1}


def test_wishes_that_changed_after_a_sending_broke_off_hold(at: Desk) -> None:
    down, up = Post(), Post()
    down.fate = lambda _: Outcome(fate=Fate.PLANNED, stop="cannot be reached")
    sent(at, [word(9)], down)
    at.people.change(at.people.person(BO), lambda one: replace(one, cadence=Cadence.WEEKLY))
    sent(at, [word(9)], up)

    assert list(up.told()) == [ADA]


def test_no_address_is_in_the_ledger(at: Desk, tmp_path: Path) -> None:
    post = lost_for(BO)
    sent(at, [word(9), day(20)], post)
    at.ledger.close()

    assert b"reader" not in (tmp_path / "ledger.db").read_bytes()


def test_a_bucket_lets_through_so_many_a_second() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    bucket = Bucket(10, lambda: now[0], sleep)
    for _ in range(100):
        bucket.take(1)

    assert 8.9 <= now[0] <= 9.1  # the first ten were waiting


def test_a_bucket_below_one_a_second_lets_single_messages_through() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    bucket = Bucket(0.5, lambda: now[0], sleep)
    for _ in range(3):
        bucket.take(1)

    assert 3.9 <= now[0] <= 4.1


def test_what_a_server_allows_holds_before_what_we_would_like(at: Desk) -> None:
    slept: list[float] = []
    now = [0.0]

    def clock() -> float:
        return now[0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    at.people.put([reader(f"r{n}@reader.example") for n in range(98)])
    post = Post(quota=Quota(rate=10), lanes=2)
    send(at, [word(9)], post, expected=None, rate=1000, clock=clock, sleep=sleep)

    assert len(post.arrived) == 100
    assert 10 <= sum(slept) <= 11  # 9 a second, the first nine at once
