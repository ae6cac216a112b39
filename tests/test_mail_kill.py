"""SIGKILL to the sender, a real process, at every write of its ledger and every verb of SMTP.

One edition to fifty people, killed again and again on its way: each process dies at another step,
the next one goes on. Verbs are killed once each on the way there and once among the letters, not
once a recipient: what a step leaves behind does not depend on whose turn it is.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from mail_sender import EDITIONS
from mails import NINE, listed, reader
from mailserver import LOSE, VERBS, Mailbox, kill, mailserver, secured

from firstword.mail.ledger import Fate, Ledger, open_ledger

#: Where the sender dies: a step of the server, and at which of those of a process. The first
#: connection asks whether the server lets us in, before the plan is written down; the second is a
#: lane's, with a letter in its hands. What was said to EHLO is forgotten at STARTTLS.
DEATHS = [
    *(("connect", 1), ("EHLO", 1), ("HELO", 1), ("STARTTLS", 1), ("EHLO", 2), ("AUTH", 1)),
    *(("QUIT", 1), ("connect", 2), ("EHLO", 3), ("STARTTLS", 2), ("EHLO", 4), ("AUTH", 2)),
    *(("MAIL", 2), ("RCPT", 2), ("DATA", 2), ("words", 2), ("answered", 2), ("RSET", 1)),
]
#: What makes a client say a verb that it usually does not: an answer to another one.
ANSWERS = {
    "HELO": {"EHLO": "502 5.5.1 what?"},
    # Who said RCPT and DATA at once is refused twice.
    "RSET": {"RCPT": "451 4.7.1 later", "DATA": "503 5.5.1 no recipient"},
}
#: The end of all letters, when the answer to the second one was lost.
LAST = ("QUIT", 2)
#: The ledger's writes: old claims, the plan, a claim, an outcome with the next claim, and so on.
WRITES = [f"{when} {number}" for number in (1, 2, 3, 4, 5) for when in ("before", "after")]
STEPS: list[tuple[str, int] | str] = [*DEATHS, *WRITES]
FIFTY = [f"reader{number}@reader.example" for number in range(50)]


class Run:
    """An edition to fifty people, and the processes that try to send it."""

    def __init__(
        self, folder: Path, box: Mailbox, kind: str, senders: subprocess.Popen[str]
    ) -> None:
        self.box = box
        self.edition = EDITIONS[kind].id
        self.folder = folder
        self._senders = senders
        people = listed(
            folder, [reader(a, "daily" if kind == "digest" else "immediate") for a in FIFTY]
        )
        self.address = {people.person(address): address for address in FIFTY}
        people.close()

    def killed_at(self, death: tuple[str, int], lost: int = 0) -> None:
        """Start a sender that dies when the server is at a step for the n-th time.

        Before that it does not hear that its message number `lost` was taken.
        """
        seen: Counter[str] = Counter()
        answers = ANSWERS.get(death[0], {})
        pid, dead = 0, threading.Event()

        def script(step: str, who: str) -> str | None:
            seen[step] += 1
            if (step, seen[step]) == death:
                kill(pid)
                assert dead.wait(60)
            return LOSE if step == "words" and seen[step] == lost else answers.get(step)

        # Held until the process is known: the server's thread waits for the lock.
        with self.box.lock:
            self.box.script = script
            pid = self._begin("")
        code = self._code()
        dead.set()
        assert code == -9, death
        assert seen["words"] >= lost

    def killed_at_write(self, step: str) -> None:
        """Start a sender that dies at a write of its ledger, by its own hand."""
        self.box.script = lambda step, who: None
        self._begin(step)
        assert self._code() == -9, step

    def to_the_end(self) -> None:
        """Start a sender that nothing happens to."""
        self.box.script = lambda step, who: None
        self._begin("")
        assert self._code() == 0

    def ledger(self) -> Ledger:
        """Open what the senders wrote down."""
        return open_ledger(self.folder, lambda: NINE)

    def without_an_answer(self) -> tuple[int, int]:
        """Count what the last sender claimed and never noted an end of, and what it lost."""
        ledger = self.ledger()
        fates = ledger.counts(self.edition)
        ledger.close()
        return fates[Fate.CLAIMED], fates[Fate.UNKNOWN]

    def _begin(self, step: str) -> int:
        """Have a sender begin; return its process id."""
        assert self._senders.stdin
        print(step, file=self._senders.stdin, flush=True)
        return self._code()

    def _code(self) -> int:
        """Wait for the next number that the senders' parent says."""
        assert self._senders.stdout
        return int(self._senders.stdout.readline())


@contextmanager
def running(folder: Path, box: Mailbox, kind: str, lanes: int) -> Iterator[Run]:
    """Write a list, and stand by to send."""
    program = Path(__file__).with_name("mail_sender.py")
    arguments = [str(folder), str(box.port), kind, str(lanes)]
    with subprocess.Popen(
        [sys.executable, str(program), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as senders:
        yield Run(folder, box, kind, senders)


def storm(run: Run, steps: Sequence[tuple[str, int] | str]) -> list[tuple[int, int]]:
    """Kill at these steps and at the end, then let one sender finish.

    Returns how many letters each of the dead left without an answer.
    """
    in_flight = []
    for step in steps:
        if isinstance(step, str):
            run.killed_at_write(step)
        else:
            run.killed_at(step)
        in_flight.append(run.without_an_answer())
    run.killed_at(LAST, lost=2)
    in_flight.append(run.without_an_answer())
    run.to_the_end()
    return in_flight


def got(run: Run) -> Counter[str]:
    """Count the messages of each of the fifty."""
    return Counter({address: run.box.recipients().count(address) for address in FIFTY})


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """Return what a server needs that senders trust."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return secured(authority)


def test_somebody_dies_at_every_verb_that_there_is() -> None:
    # The server of all tests of mail lets nobody say another one.
    assert {step for step, _ in DEATHS} == VERBS | {"connect", "words", "answered"}


# A death costs as many letters as there are connections, and none is sent again more than five
# times: with four connections half of the deaths are enough for fifty people.
@pytest.mark.parametrize(
    ("lanes", "steps", "pipelining"),
    [(1, STEPS, False), (4, STEPS[::2], True), (4, STEPS[1::2], True)],
    ids=["one by one", "four at once", "four at once, the other deaths"],
)
def test_urgent_words_reach_everybody_and_twice_only_who_was_in_flight(
    tmp_path: Path,
    box: Mailbox,
    lanes: int,
    steps: Sequence[tuple[str, int] | str],
    *,
    pipelining: bool,
) -> None:
    box.pipelining = pipelining
    with mailserver(box), running(tmp_path, box, "urgent", lanes) as run:
        in_flight = storm(run, steps)
        counted, ledger = got(run), run.ledger()
        named = {run.address[person] for person in ledger.sent_again(run.edition)}
        fates = ledger.counts(run.edition)
        ledger.close()
    twice = {address for address, many in counted.items() if many > 1}
    ids = {message.split(b"Message-ID: ")[1].split(b"\r\n")[0] for _, message in box.taken}

    assert min(counted.values()) == 1
    assert twice <= named
    assert twice  # the storm did what it is for
    # At each death no more than there are lanes, and nobody is named who was not among those.
    assert 0 < max(claimed for claimed, _ in in_flight) <= lanes
    assert len(named) <= sum(claimed + lost for claimed, lost in in_flight)
    assert fates == {Fate.ACCEPTED: 50}
    assert len(ids) == 50


def test_a_digest_reaches_nobody_twice_and_the_ledger_names_who_may_have_none(
    tmp_path: Path, box: Mailbox
) -> None:
    with mailserver(box), running(tmp_path, box, "digest", 1) as run:
        storm(run, STEPS)
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
