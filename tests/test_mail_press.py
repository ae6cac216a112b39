"""Letters are composed once for all who read the same, and when their turn comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from letters import composer, every_edition
from mails import Post, Scribe, desk, reader, word
from test_letters import KINDS

from benchmarks.mailing import BODIES, Nowhere, mailed
from firstword.errors import MailError
from firstword.mail.ledger import Fate
from firstword.mail.parcel import Edition, Letter, Look
from firstword.mail.press import Press, Unwritten
from firstword.mail.sending import send
from firstword.mail.transport import Outcome
from firstword.model import Kind

LOCKERS = "2026-10-13-locker-codes"
LOOKS = (
    Look(components=frozenset({"shop"})),
    Look(components=frozenset({"lockers", "accounts"}), language="en"),
    Look(kinds=frozenset({Kind.INCIDENT}), language="de", zone="Asia/Tokyo"),
    Look(kinds=frozenset({Kind.NOTICE, Kind.MAINTENANCE}), zone="Europe/Amsterdam"),
    Look(muted=frozenset({LOCKERS}), zone="America/New_York"),
)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_who_is_said_to_read_the_same_does(name: str) -> None:
    edition = every_edition()[KINDS[name][0]]
    writer = composer()
    told = [(look, writer.alike(edition, look)) for look in LOOKS]

    assert any(same for _, same in told)
    for look, same in told:
        if same:
            assert writer.compose(edition, look) == writer.compose(edition, same)


def test_choices_that_change_nothing_are_no_other_body() -> None:
    writer = composer()
    first = every_edition()[KINDS["first"][0]]
    daily = every_edition()["daily/2026-10-13"]
    chosen = [Look(components=frozenset({"lockers", f"part-{n}"})) for n in range(100)]

    assert {writer.alike(first, look) for look in chosen} == {Look()}
    assert len({writer.alike(daily, look) for look in chosen}) == 1
    assert writer.alike(first, Look(muted=frozenset({LOCKERS}))) is None


def test_thousands_are_mailed_with_as_many_bodies_as_there_are_ways_to_read(
    tmp_path: Path,
) -> None:
    sent, told = mailed(tmp_path, 3000, Nowhere())

    assert sent.count(Fate.ACCEPTED) == 3000
    assert told.bodies == BODIES == 12


def test_the_first_letter_does_not_wait_for_all_the_others_to_be_composed(tmp_path: Path) -> None:
    readers = [reader(f"r{n}@reader.example", zone=f"Zone/{n}") for n in range(50)]
    at, post = desk(tmp_path, *readers), Post()
    assert isinstance(at.composer, Scribe)
    composed = at.composer.composed
    by_then: list[int] = []

    def note(_: str) -> Outcome:
        by_then.append(len(composed))
        return Outcome(fate=Fate.ACCEPTED)

    post.fate = note
    send(at, [word(9)], post, expected=None)

    # One to see that it can be written, one to be sent.
    assert by_then[0] <= 2
    assert len(composed) == len(set(composed)) == 50


class Wordy(Scribe):
    """Writes letters that differ by their zone."""

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
        """Write a letter of a kilobyte."""
        self.composed.append((edition.id, look, missed))
        if look.zone == "Zone/13":
            raise MailError("no such zone")
        head = f"Subject: {look.zone}\r\n".encode()
        return Letter(
            head=head, body=f"{look.zone}\r\n".encode() * 100, name="n", domain="d.example"
        )


def test_letters_that_no_longer_fit_into_memory_come_back_as_they_were() -> None:
    scribe = Wordy()
    looks = [Look(zone=f"Zone/{n}") for n in range(1000) if n != 13]
    with Press(scribe, [word(9)]) as press:
        first = [press.letter(word(9).id, look, ()) for look in looks]
        again = [press.letter(word(9).id, look, ()) for look in looks]
        assert first[0].for_recipient("a@b.example", "a2" * 16).count(b"Zone/0\r\n") == 101

    assert again == first
    assert len(scribe.composed) == len(looks)


def test_what_cannot_be_written_is_tried_once() -> None:
    scribe = Wordy()
    with Press(scribe, [word(9)]) as press:
        for _ in range(3):
            with pytest.raises(Unwritten, match="no such zone"):
                press.letter(word(9).id, Look(zone="Zone/13"), ())

    assert len(scribe.composed) == 1


def test_a_digest_has_one_body_for_each_selection_of_stories(tmp_path: Path) -> None:
    weekly = every_edition()["weekly/2026-W43"]
    parts = ("shop", "lockers", "accounts", "orders")
    readers = [
        reader(
            f"r{n}@reader.example",
            "weekly",
            components=frozenset({parts[n % 4], f"part-{n}"}),
            since=weekly.at - timedelta(days=30),
        )
        for n in range(200)
    ]
    at, post = desk(tmp_path, *readers), Post(lanes=2)
    writer = composer()
    done = send(type(at)(at.people, at.ledger, writer), [weekly], post, expected=None)
    bodies = {message.partition(b"\r\nTo: ")[0] for _, message in post.arrived}

    assert done.count(Fate.ACCEPTED) == len(post.arrived) > 0
    assert 1 < len(bodies) <= 4
