"""What the ledger forgets, and that nobody gets anything twice for it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from mails import JOINED, NINE, STORY, Post, day, desk, reader, word

from firstword.mail.ledger import Event, Fate
from firstword.mail.missed import Scope
from firstword.mail.parcel import Edition, Standing
from firstword.mail.sending import Desk, Sent, preview, send
from firstword.mail.transport import Outcome
from firstword.values import replace

ADA, BO, CY, DI = (f"{name}@reader.example" for name in ("ada", "bo", "cy", "di"))
ACCEPTED = Outcome(fate=Fate.ACCEPTED)
LOST = Outcome(fate=Fate.UNKNOWN, code="no answer")
LATER = Outcome(fate=Fate.DEFERRED, code="451")
POLICY = Outcome(fate=Fate.REFUSED, code="550 5.7.1")
NOTHING_OPEN: frozenset[str] = frozenset()


@pytest.fixture
def at(tmp_path: Path) -> Desk:
    """Return a desk with two who want every update, a daily and a weekly reader."""
    return desk(tmp_path, reader(ADA), reader(BO), reader(CY, "daily"), reader(DI, "weekly"))


def sent(
    at: Desk,
    editions: Sequence[Edition],
    post: Post | None = None,
    *,
    days: int = 0,
    is_open: frozenset[str] | None = NOTHING_OPEN,
) -> Sent:
    """Send so many days after the words of nine o'clock."""
    scope = Scope(now=NINE + timedelta(days=days), open_stories=is_open)
    return send(at, editions, post or Post(), expected=None, scope=scope)


def kept(at: Desk, *editions: Edition) -> list[int]:
    """Return of how many letters of each edition the ledger knows."""
    return [at.ledger.counts(edition.id).total() for edition in editions]


def test_who_got_what_is_forgotten_ninety_days_after_it_went_out(at: Desk) -> None:
    sent(at, [word(9), day(20)])
    counts = []
    for days in (90, 91):
        sent(at, [], days=days)
        counts.append(kept(at, word(9), day(20)))

    assert counts == [[2, 0], [0, 0]]
    # That they went out is not: the list counts editions, and answers find their story.
    assert at.ledger.mark().editions == 2
    assert list(at.ledger.told()) == [(word(9).id, STORY, word(9).digest)]


@pytest.mark.parametrize("is_open", [frozenset({STORY}), None])
def test_nothing_of_a_story_is_forgotten_while_it_may_be_open(
    at: Desk, is_open: frozenset[str] | None
) -> None:
    sent(at, [word(9), word(10), day(20)])
    sent(at, [], days=400, is_open=is_open)

    assert kept(at, word(9), word(10), day(20)) == [2, 2, 0]


def test_what_may_still_go_out_is_not_forgotten_however_old_it_is(at: Desk) -> None:
    # A reminder a hundred days before, which stands until its day.
    early = word(9, cadence="reminder")
    sent(at, [early])
    sent(at, [early], days=95)

    assert kept(at, early) == [2]


def test_a_sending_of_some_cadences_forgets_nothing_of_others(at: Desk) -> None:
    sent(at, [word(9), day(20)])
    scope = Scope(
        now=NINE + timedelta(days=99),
        cadences=frozenset({day(20).cadence}),
        open_stories=NOTHING_OPEN,
    )
    send(at, [], Post(), expected=None, scope=scope)

    assert kept(at, word(9), day(20)) == [2, 0]
    assert at.ledger.closed([word(9), day(20)]) == {day(20).id}


def test_what_was_forgotten_goes_out_to_nobody_whatever_becomes_of_its_story(at: Desk) -> None:
    sent(at, [word(9)])
    sent(at, [], days=91)
    # Taken up again by a word that is kept out of mail, or its end was taken back.
    stands = word(9, standing=True, words="2")
    at.people.put([reader(CY, since=NINE + timedelta(days=92))])
    at.people.set_state(at.people.person(BO), Standing.UNSUBSCRIBED)
    at.people.put([reader(BO, since=NINE + timedelta(days=92))])
    post = Post()
    plan = preview(at, [stands])
    done = sent(at, [stands], post, days=93, is_open=frozenset({STORY}))

    assert post.arrived == []
    assert (plan.total, done.plan.total) == (0, 0)
    assert plan.hash == done.plan.hash
    # Answers to what went out then are still known by its words.
    assert list(at.ledger.told()) == [(word(9).id, STORY, word(9).digest)]


def test_a_new_word_of_such_a_story_reaches_everybody(at: Desk) -> None:
    sent(at, [word(9)])
    sent(at, [], days=91)
    news = replace(word(10), at=NINE + timedelta(days=92))
    post = Post()
    sent(at, [word(9, standing=True), news], post, days=92, is_open=frozenset({STORY}))

    assert post.told() == {ADA: [[news.id]], BO: [[news.id]]}


def test_a_digest_that_was_forgotten_is_not_sent_by_a_clock_that_went_back(at: Desk) -> None:
    sent(at, [day(20)])
    sent(at, [], days=95)
    post = Post()
    sent(at, [day(20)], post)

    assert post.arrived == []


def test_nor_is_it_told_as_missed_by_anybody(at: Desk) -> None:
    sent(at, [word(9)])
    sent(at, [], days=95)
    scope = Scope(now=NINE, lapsed=(word(9),), open_stories=NOTHING_OPEN)
    done = send(at, [], Post(), expected=None, scope=scope)

    assert not done.missed
    assert kept(at, word(9)) == [0]


@pytest.mark.parametrize("outcome", [LATER, POLICY])
def test_what_did_not_arrive_is_forgotten_as_well(at: Desk, outcome: Outcome) -> None:
    post = Post()
    post.fate = lambda to: outcome if to == BO else ACCEPTED
    sent(at, [word(9)], post)
    sent(at, [], days=91)

    assert kept(at, word(9)) == [0]


def test_what_may_have_arrived_waits_for_a_person_and_is_forgotten_then(at: Desk) -> None:
    post = Post()
    post.fate = lambda to: LOST if to == BO else ACCEPTED
    sent(at, [word(9)], post)
    sent(at, [], days=91)
    left = [one.person for one in at.ledger.unanswered()]
    at.ledger.turn([Event(word(9).id, left[0], Fate.MISSED)])
    sent(at, [], days=92)

    assert left == [at.people.person(BO)]
    assert kept(at, word(9)) == [0]


# ── anything can happen ──────────────────────────────────────────────────────────────────────────


class Story:
    """A story over a year: words, ends, new beginnings with and without a word, words taken back.

    Which editions there are is this class's own rule: what was said in three days, and the newest
    word for as long as the story is open.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.words: list[Edition] = []
        self.is_open = False

    def happens(self, dice: random.Random, now: datetime) -> None:
        """Let something happen."""
        match dice.randrange(6):
            case 0 | 1:
                id_ = f"update/{self.name}/{now:%Y%m%dT%H%M%SZ}"
                self.words.append(replace(word(9, story=self.name), id=id_, at=now, digest=id_))
                self.is_open = True
            case 2 | 3:
                self.is_open = False
            case 4:
                self.is_open = bool(self.words)
            case _:
                del self.words[-1:]

    def editions(self, now: datetime) -> Iterator[Edition]:
        """Yield what may go out."""
        for edition in self.words:
            standing = self.is_open and edition is self.words[-1]
            if standing or edition.at > now - timedelta(days=3):
                yield replace(edition, standing=standing)


@pytest.mark.parametrize("seed", range(8))
def test_nobody_gets_anything_twice_however_stories_and_readers_come_and_go(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311  the same year each time
    addresses = [ADA, BO, CY, DI]
    at = desk(tmp_path, *(reader(one) for one in addresses[:3]))
    stories = [Story("one"), Story("two")]
    now, got = JOINED, Counter[tuple[str, str]]()
    forgotten = 0
    for _ in range(60):
        now += timedelta(days=dice.choice([0, 1, 2, 40, 95]), hours=1)
        for story in stories:
            story.happens(dice, now)
        who = dice.choice(addresses)
        match dice.randrange(3):
            case 0:
                at.people.set_state(at.people.person(who), Standing.UNSUBSCRIBED)
            case 1:
                at.people.put([reader(who, since=now)])
        post = Post()
        post.fate = lambda to: dice.choice([ACCEPTED, ACCEPTED, LATER, POLICY])
        editions = [edition for story in stories for edition in story.editions(now)]
        is_open = frozenset(story.name for story in stories if story.is_open)
        scope = Scope(now=now, open_stories=is_open)
        before = [kept(at, edition) for story in stories for edition in story.words]
        send(at, editions, post, expected=None, scope=scope)
        after = [kept(at, edition) for story in stories for edition in story.words]
        forgotten += sum(old > new for old, new in zip(before, after, strict=True))
        for address, told in post.told().items():
            got.update((address, one) for letter in told for one in letter)

    assert max(got.values()) == 1
    assert forgotten  # the ledger did what this is about
