"""Who sends when, where the list lies in a bucket: urgent words overtake a digest on its way."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakestore import FakeStore
from machines import Machine
from mails import NINE, Post, day, listed, reader, word

from firstword.errors import MailError
from firstword.mail.lease import LASTS, LOOK, PATIENCE, REQUEST_LASTS
from firstword.mail.ledger import Fate
from firstword.mail.parcel import Standing
from firstword.mail.sending import Sent
from firstword.mail.transport import Outcome

ADA = "ada@reader.example"
DAILY = [f"r{number}@reader.example" for number in range(20)]
DIGEST = day(20)
#: Longer than any of this takes; nothing waits for it.
LONG = 30


@pytest.fixture
def store(tmp_path: Path) -> FakeStore:
    """Return a bucket with a list: one who wants every update, and twenty who read a digest."""
    store = FakeStore()
    first = Machine(store, tmp_path / "first")
    listed(first.folder, [reader(ADA), *(reader(one, "daily") for one in DAILY)]).close()
    first.done()
    return store


def ticking(machine: Machine, arrived: list[str], by: timedelta = LOOK) -> Post:
    """Return a server to which each letter takes a while."""
    post = Post(lanes=2)

    def take(address: str) -> Outcome:
        arrived.append(address)
        machine.now += by
        return Outcome(fate=Fate.ACCEPTED)

    post.fate = take
    return post


def overtaken(
    store: FakeStore,
    folder: Path,
    arrived: list[str],
    does: Callable[[Machine], object] = lambda machine: None,
) -> Sent:
    """Send a digest; at its third letter somebody publishes an update on another machine.

    That one also does what is given before it lets go of the bucket.
    """
    waits, free, done = threading.Event(), threading.Event(), threading.Event()

    def wait_for_turn() -> None:
        waits.set()
        free.wait(LONG)

    def let_go_first() -> None:
        free.set()
        done.wait(LONG)

    def publish() -> None:
        machine = Machine(store, folder / "urgent", urgent=True, asleep=wait_for_turn)
        machine.deliver(ticking(machine, arrived), word(9))
        does(machine)
        machine.done()
        done.set()

    other = threading.Thread(target=publish)
    digest = Machine(store, folder / "digest", asleep=let_go_first)
    post = ticking(digest, arrived)
    tick = post.fate

    def take(address: str) -> Outcome:
        outcome = tick(address)
        if len(arrived) == 3:
            other.start()
        if len(arrived) >= 3:
            waits.wait(LONG)
        return outcome

    post.fate = take
    sent = digest.deliver(post, DIGEST)
    other.join()
    digest.done()
    return sent


def request(store: FakeStore, until: datetime, owner: str = "somebody") -> None:
    """Leave the request of somebody who has died since."""
    told = {"owner": owner, "until": until.isoformat()}
    store.add("urgent.json", json.dumps(told).encode())


def test_urgent_words_go_out_in_the_midst_of_a_digest(store: FakeStore, tmp_path: Path) -> None:
    arrived: list[str] = []
    sent = overtaken(store, tmp_path, arrived)
    again = Machine(store, tmp_path / "again", NINE + timedelta(hours=1))
    nobody = Post()
    again.deliver(nobody, word(9), DIGEST)
    again.done()

    assert Counter(arrived) == Counter([ADA, *DAILY])
    # Those on their way, at most as many as there are connections, and then at once.
    assert 3 <= arrived.index(ADA) <= 5
    assert sent.count(Fate.ACCEPTED) == 20
    assert not sent.needs_a_person
    assert nobody.arrived == []


def test_what_the_list_was_told_meanwhile_holds_for_the_rest_of_the_digest(
    store: FakeStore, tmp_path: Path
) -> None:
    arrived: list[str] = []
    left: list[str] = []

    def leaves(machine: Machine) -> None:
        left.extend(sorted(set(DAILY) - set(arrived))[:1])
        with machine.desk() as desk:
            desk.people.set_state(desk.people.person(left[0]), Standing.UNSUBSCRIBED)

    overtaken(store, tmp_path, arrived, leaves)
    after = Machine(store, tmp_path / "after", NINE + timedelta(hours=1))
    with after.desk() as desk:
        states = {one.subscriber.address: one.subscriber.state for one in desk.people}
        fates = desk.ledger.counts(DIGEST.id)

    assert Counter(arrived) == Counter({ADA, *DAILY} - set(left))
    assert {one for one, state in states.items() if state is Standing.UNSUBSCRIBED} == set(left)
    assert fates == {Fate.ACCEPTED: 19, Fate.DROPPED: 1}


def test_the_request_of_somebody_who_died_holds_a_digest_up_for_so_long(
    store: FakeStore, tmp_path: Path
) -> None:
    digest, arrived = Machine(store, tmp_path / "digest"), list[str]()
    request(store, NINE + REQUEST_LASTS)
    digest.deliver(ticking(digest, arrived, timedelta()), DIGEST)
    digest.done()

    assert digest.now == NINE + REQUEST_LASTS
    assert Counter(arrived) == Counter(DAILY)


def test_a_digest_looks_now_and_then_and_not_at_each_letter(
    store: FakeStore, tmp_path: Path
) -> None:
    digest = Machine(store, tmp_path / "digest")
    digest.deliver(ticking(digest, [], LOOK / 10), DIGEST)

    # Twenty letters take twice as long as there is between two looks.
    assert 2 <= store.asked("get").count("urgent.json") <= 3


def test_urgent_words_outwait_the_lease_of_somebody_who_died(
    store: FakeStore, tmp_path: Path
) -> None:
    Machine(store, tmp_path / "dead")
    post, urgent = Post(), Machine(store, tmp_path / "urgent", urgent=True)
    urgent.deliver(post, word(9))
    urgent.done()

    assert NINE + LASTS <= urgent.now <= NINE + LASTS + LOOK
    assert list(post.told()) == [ADA]


def test_urgent_words_wait_so_long_and_hold_nobody_up_when_they_give_up(
    store: FakeStore, tmp_path: Path
) -> None:
    busy = Machine(store, tmp_path / "busy")

    def renew() -> None:
        busy.now += LOOK
        busy.lease.renew_once()

    with pytest.raises(MailError, match="'busy' works with the list until 09:07:00"):
        Machine(store, tmp_path / "urgent", urgent=True, asleep=renew)

    assert busy.now == NINE + PATIENCE
    assert not busy.bucket.wanted()


def test_whoever_asks_again_while_waiting_is_not_forgotten(
    store: FakeStore, tmp_path: Path
) -> None:
    busy, seen = Machine(store, tmp_path / "busy"), list[bool]()

    def renew() -> None:
        busy.now += LOOK
        busy.lease.renew_once()
        seen.append(busy.bucket.wanted())

    with pytest.raises(MailError):
        Machine(store, tmp_path / "urgent", urgent=True, asleep=renew)

    assert set(seen) == {True}


def test_who_has_had_a_turn_does_not_take_back_the_request_of_somebody_else(
    store: FakeStore, tmp_path: Path
) -> None:
    busy, asked = Machine(store, tmp_path / "busy"), list[None]()

    def another_asks() -> None:
        if not asked:
            request(store, NINE + REQUEST_LASTS, "another")
            busy.done()
        asked.append(None)

    Machine(store, tmp_path / "urgent", urgent=True, asleep=another_asks).done()

    assert json.loads(store.objects["urgent.json"].body)["owner"] == "another"


def test_a_digest_does_not_wait_and_asks_for_nothing(store: FakeStore, tmp_path: Path) -> None:
    Machine(store, tmp_path / "busy")
    with pytest.raises(MailError, match="'busy' works with the list"):
        Machine(store, tmp_path / "digest")

    assert "urgent.json" not in store.objects


@pytest.mark.parametrize("body", [None, b"no ledger"])
def test_a_ledger_that_is_gone_when_it_is_our_turn_again_ends_the_sending(
    store: FakeStore, tmp_path: Path, body: bytes | None
) -> None:
    def lose() -> None:
        store.delete("ledger.db", None)
        if body:
            store.add("ledger.db", body)

    digest, arrived = Machine(store, tmp_path / "digest", asleep=lose), list[str]()
    post = ticking(digest, arrived)
    tick = post.fate

    def take(address: str) -> Outcome:
        if len(arrived) == 2:
            request(store, digest.now + LOOK * 4)
        return tick(address)

    post.fate = take
    with pytest.raises(MailError, match=r"'ledger.db' (is gone|in the bucket cannot be read)"):
        digest.deliver(post, DIGEST)
    digest.done()

    assert 3 <= len(arrived) <= 5
    assert ("ledger.db" in store.objects) == bool(body)
