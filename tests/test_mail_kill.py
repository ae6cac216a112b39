"""SIGKILL to the sender, a real process, at every write of its ledger and every verb of SMTP.

One edition to fifty people, killed again and again on its way: each process dies at another step,
the next one goes on. Verbs are killed once each, at the second message of a process (the first for
those that come once a connection), not once a recipient: what a step leaves behind does not depend
on whose turn it is.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from mail_sender import EDITIONS
from mails import NINE, listed, reader
from mailserver import LOSE, Mailbox, kill, mailserver

from firstword.mail.ledger import Fate, Ledger, open_ledger

#: Step of the server → at which message of a process the sender dies there.
VERBS = {"connect": 1, "EHLO": 1, "MAIL": 2, "RCPT": 2, "DATA": 2, "words": 2, "answered": 2}
#: The ledger's writes: old claims, the plan, a claim, an outcome with the next claim, and so on.
WRITES = [f"{when} {number}" for number in (1, 2, 3, 4, 5) for when in ("before", "after")]
FIFTY = [f"reader{number}@reader.example" for number in range(50)]


class Run:
    """An edition to fifty people, and the processes that try to send it."""

    def __init__(self, folder: Path, box: Mailbox, kind: str, lanes: int) -> None:
        self.box = box
        self.edition = EDITIONS[kind].id
        self.folder = folder
        self._arguments = [str(folder), str(box.port), kind, str(lanes)]
        people = listed(
            folder, [reader(a, "daily" if kind == "digest" else "immediate") for a in FIFTY]
        )
        self.address = {people.person(address): address for address in FIFTY}
        people.close()

    def killed_at_verb(self, verb: str, number: int, lost: int = 0) -> None:
        """Start a sender that dies when the server is at a verb for the n-th time.

        Before that it does not hear that its message number `lost` was taken.
        """
        seen: Counter[str] = Counter()
        process: subprocess.Popen[bytes] | None = None

        def script(step: str, who: str) -> str | None:
            seen[step] += 1
            if step == verb and seen[step] == number and process is not None:
                kill(process.pid)
                process.wait()
            return LOSE if step == "words" and seen[step] == lost else None

        # Held until the process is known: the server's thread waits for the lock.
        with self.box.lock:
            self.box.script = script
            process = self._start("")
        assert process.wait(60) == -9, verb

    def killed_at_write(self, step: str) -> None:
        """Start a sender that dies at a write of its ledger."""
        self.box.script = lambda step, who: None
        assert self._start(step).wait(60) == -9, step

    def to_the_end(self) -> None:
        """Start a sender that nothing happens to."""
        self.box.script = lambda step, who: None
        assert self._start("").wait(60) == 0

    def ledger(self) -> Ledger:
        """Open what the senders wrote down."""
        return open_ledger(self.folder, lambda: NINE)

    def _start(self, step: str) -> subprocess.Popen[bytes]:
        program = Path(__file__).with_name("mail_sender.py")
        return subprocess.Popen([sys.executable, str(program), *self._arguments, step])


def storm(run: Run) -> None:
    """Kill at every step, then let one sender finish."""
    for verb, number in VERBS.items():
        run.killed_at_verb(verb, number)
    for step in WRITES:
        run.killed_at_write(step)
    run.killed_at_verb("QUIT", 1, lost=2)
    run.to_the_end()


def got(run: Run) -> Counter[str]:
    """Count the messages of each of the fifty."""
    return Counter({address: run.box.recipients().count(address) for address in FIFTY})


@pytest.mark.parametrize(("lanes", "pipelining"), [(1, False), (4, True)])
def test_urgent_words_reach_everybody_and_twice_only_who_was_in_flight(
    tmp_path: Path, lanes: int, *, pipelining: bool
) -> None:
    with mailserver(Mailbox(pipelining=pipelining)) as box:
        run = Run(tmp_path, box, "urgent", lanes)
        storm(run)
        counted, ledger = got(run), run.ledger()
        named = {run.address[person] for person in ledger.sent_again(run.edition)}
        fates = ledger.counts(run.edition)
        ledger.close()
    twice = {address for address, many in counted.items() if many > 1}
    ids = {message.split(b"Message-ID: ")[1].split(b"\r\n")[0] for _, message in box.taken}

    assert min(counted.values()) == 1
    assert twice <= named
    assert twice  # the storm did what it is for
    assert len(named) <= lanes * (len(VERBS) + len(WRITES) + 2)
    assert fates == {Fate.ACCEPTED: 50}
    assert len(ids) == 50


def test_a_digest_reaches_nobody_twice_and_the_ledger_names_who_may_have_none(
    tmp_path: Path,
) -> None:
    with mailserver() as box:
        run = Run(tmp_path, box, "digest", 1)
        storm(run)
        counted, ledger = got(run), run.ledger()
        fates = ledger.counts(run.edition)
        entries = {
            address: ledger.entries(person, [run.edition])[run.edition].fate
            for person, address in run.address.items()
        }
        ledger.close()

    assert max(counted.values()) == 1
    assert {address for address, many in counted.items() if many == 0} <= {
        address for address, fate in entries.items() if fate is Fate.UNKNOWN
    }
    assert fates.total() == 50
    assert set(fates) == {Fate.ACCEPTED, Fate.UNKNOWN}
