"""Who sends when: urgent words do not wait for a digest, which goes on and sends nothing twice."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from mails import NINE, Post, Scribe, day, listed, reader, word

from firstword.errors import MailError
from firstword.mail.ledger import Fate, open_ledger
from firstword.mail.parcel import Edition, Letter, Look
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, Sent, Turn, send
from firstword.mail.transport import Outcome
from firstword.mail.turns import PATIENCE, sole_reader, sole_sender

ADA = "ada@reader.example"
#: Longer than any of this takes; nothing waits for it.
LONG = 30


class Stuck(Scribe):
    """Cannot write for those of one zone."""

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
        if look.zone == "X":
            raise MailError("too long")
        return super().compose(edition, look, missed)


def sending(
    folder: Path,
    edition: Edition,
    post: Post,
    *,
    turn: Turn | None = None,
    scribe: Scribe | None = None,
) -> Sent:
    """Send an edition as a process of its own does."""
    people, ledger = open_people(folder), open_ledger(folder, lambda: NINE)
    with closing(people), closing(ledger):
        at = Desk(people, ledger, scribe or Scribe(), turn)
        return send(at, [edition], post, expected=None)


def daily(many: int) -> list[str]:
    """Return the addresses of those who read a digest."""
    return [f"r{number}@reader.example" for number in range(many)]


def test_urgent_words_go_out_in_the_midst_of_a_digest(tmp_path: Path) -> None:
    listed(tmp_path, [reader(ADA), *(reader(one, "daily") for one in daily(40))]).close()
    arrived: list[str] = []
    waits, free, done = threading.Event(), threading.Event(), threading.Event()

    def wait_for_turn(seconds: float) -> None:
        waits.set()
        free.wait(LONG)

    def let_go_first(seconds: float) -> None:
        free.set()
        done.wait(LONG)

    def urgent() -> None:
        post = Post()
        post.fate = taken
        with sole_sender(tmp_path, urgent=True, sleep=wait_for_turn):
            sending(tmp_path, word(9), post)
        done.set()

    def taken(address: str) -> Outcome:
        """Note who got a letter; at the third one somebody publishes an update, and waits."""
        arrived.append(address)
        if len(arrived) == 3:
            other.start()
        if len(arrived) >= 3:
            waits.wait(LONG)
        return Outcome(fate=Fate.ACCEPTED)

    other = threading.Thread(target=urgent)
    digest = Post(lanes=2)
    digest.fate = taken
    with sole_sender(tmp_path, sleep=let_go_first) as turn:
        sent = sending(tmp_path, day(20), digest, turn=turn)
    other.join()

    assert Counter(arrived) == Counter([ADA, *daily(40)])
    # Those on their way, at most as many as there are connections, and then at once.
    assert 3 <= arrived.index(ADA) <= 5
    assert sent.count(Fate.ACCEPTED) == 40
    assert not sent.needs_a_person


class Overtaken:
    """Gives way once, to somebody who sends all of the same digest, or nothing."""

    def __init__(self, folder: Path, post: Post, *, sends: bool = True) -> None:
        self.sends = sends
        self.folder = folder
        self.post = post
        self.ways = 0

    def wanted(self) -> bool:
        """Be asked to let somebody go first when some letters have gone."""
        return not self.ways and len(self.post.arrived) >= 20

    def give_way(self) -> None:
        """Let them."""
        self.ways += 1
        if self.sends:
            sending(self.folder, day(20), self.post)


def test_what_somebody_else_sent_meanwhile_is_not_sent_again(tmp_path: Path) -> None:
    listed(tmp_path, (reader(one, "daily") for one in daily(40))).close()
    post = Post(lanes=3)
    turn = Overtaken(tmp_path, post)
    sent = sending(tmp_path, day(20), post, turn=turn)

    assert turn.ways == 1
    assert Counter(address for address, _ in post.arrived) == Counter(daily(40))
    assert 20 <= sent.count(Fate.ACCEPTED) < 40


def test_how_fast_letters_left_is_kept_without_the_time_that_others_took(tmp_path: Path) -> None:
    listed(tmp_path, (reader(one, "daily") for one in daily(40))).close()
    now = 0.0
    post = Post()

    class Slow(Overtaken):
        def give_way(self) -> None:
            nonlocal now
            super().give_way()
            now += 3600

    def take(address: str) -> Outcome:
        nonlocal now
        now += 0.5
        return Outcome(fate=Fate.ACCEPTED)

    post.fate = take
    people, ledger = open_people(tmp_path), open_ledger(tmp_path, lambda: NINE)
    with closing(people), closing(ledger):
        before = ledger.speed("post")
        at = Desk(people, ledger, Scribe(), Slow(tmp_path, post, sends=False))
        send(at, [day(20)], post, expected=None, clock=lambda: now)
        send(at, [day(20)], post, expected=None, clock=lambda: now)
        speeds = ledger.speed("post"), ledger.speed("another")

    # What had nothing to send says nothing about it.
    assert (before, speeds) == (None, (2.0, None))


def test_the_last_ten_sendings_count_for_how_fast_a_server_is_by_their_letters(
    tmp_path: Path,
) -> None:
    with closing(open_ledger(tmp_path, lambda: NINE)) as ledger:
        ledger.note_speed("post", 1000, 1)
        for _ in range(9):
            ledger.note_speed("post", 10, 10)
        ledger.note_speed("post", 910, 10)

        assert ledger.speed("post") == 10


def test_whom_nobody_can_write_to_is_told_once_however_often_others_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first letter of an edition is tried before all: here one that can be written.
    monkeypatch.setattr(secrets, "token_hex", lambda number: "ab" * number)
    odd = [reader(f"x{number}@reader.example", "daily", zone="X") for number in range(9)]
    listed(tmp_path, [*odd, *(reader(one, "daily") for one in daily(40))]).close()
    post = Post()
    turn = Overtaken(tmp_path, post, sends=False)
    sent = sending(tmp_path, day(20), post, turn=turn, scribe=Stuck())

    assert (turn.ways, len(post.arrived)) == (1, 40)
    assert sent.unwritten == {day(20).id: {"too long": 9}}


def test_what_is_urgent_itself_lets_nobody_go_first(tmp_path: Path) -> None:
    listed(tmp_path, (reader(one) for one in daily(9))).close()
    post = Post()
    turn = Overtaken(tmp_path, post)
    sent = sending(tmp_path, word(9), post, turn=turn)

    assert (turn.ways, sent.count(Fate.ACCEPTED)) == (0, 9)


def test_what_is_urgent_waits_so_long_and_a_digest_does_not_wait(tmp_path: Path) -> None:
    waited: list[float] = []
    with sole_sender(tmp_path):
        for urgent in (False, True):
            with (
                pytest.raises(MailError, match="another process is sending"),
                sole_sender(tmp_path, urgent=urgent, sleep=waited.append),
            ):
                pass
            assert sum(waited) == pytest.approx(PATIENCE if urgent else 0, abs=1)
    # Who gave up holds nobody up.
    with sole_sender(tmp_path) as turn:
        assert not turn.wanted()


def test_a_digest_does_not_wait_for_urgent_words_that_nobody_sends(tmp_path: Path) -> None:
    with sole_sender(tmp_path, urgent=True) as turn:
        assert not turn.wanted()
    with sole_sender(tmp_path) as turn:
        assert not turn.wanted()
        turn.give_way()


def test_a_mailbox_is_read_by_one_and_keeps_no_sender_out(tmp_path: Path) -> None:
    with (
        sole_reader(tmp_path),
        sole_sender(tmp_path),
        pytest.raises(MailError, match="reading the mailbox"),
        sole_reader(tmp_path),
    ):
        pass
