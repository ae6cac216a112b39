"""SIGKILL to machines whose list and ledger lie in a bucket, at every request that they make to it.

Their disks are gone with them; another machine goes on when the lease has lapsed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from mail_machine import EDITIONS, LANES, Errand, bucket_in
from mails import NINE, listed, reader

from firstword.mail.bucket import Bucket, held
from firstword.mail.lease import LASTS, Lease
from firstword.mail.ledger import Fate, open_ledger
from firstword.mail.people import open_people

KILLED = -9
IMMEDIATE = [f"i{number}@reader.example" for number in range(6)]
DAILY = [f"d{number}@reader.example" for number in range(6)]
#: All that a sending asks of the bucket; "*" stands for what is another each time.
REQUESTS = {
    *("get lease.json", "put lease.json", "list until-", "get ledger.db", "get subscribers.db"),
    *("get inbox.db", "list log/*", "put ledger.db", "put log/*", "list log/", "delete log/*"),
    "put subscribers.db",
}


@contextmanager
def looked_into(folder: Path, at: datetime) -> Iterator[Bucket]:
    """Hold the bucket of a folder, as one more machine."""
    store = bucket_in(folder)
    with held(store, Lease(store, lambda: at, "a test"), lambda: at) as bucket:
        yield bucket


class World:
    """A bucket with a list, and the machines that send what it is mailed."""

    def __init__(self, folder: Path, machines: subprocess.Popen[str]) -> None:
        self.folder = folder
        self._machines = machines

    def sent(self, *kinds: str, at: datetime, dies: str = "") -> int:
        """Let a machine send; return its exit code."""
        return self._codes(
            Errand(folder=str(self.folder), kinds=kinds, at=at.timestamp(), dies=dies)
        )[0]

    def overtaken(self, dies: str = "", urgent_dies: str = "") -> list[int]:
        """Let a machine send a digest, and another one urgent words; return their exit codes."""
        return self._codes(
            Errand(
                folder=str(self.folder),
                kinds=("digest",),
                at=NINE.timestamp(),
                dies=dies,
                overtaken=True,
                urgent_dies=urgent_dies,
            )
        )

    def _codes(self, errand: Errand) -> list[int]:
        assert self._machines.stdin
        assert self._machines.stdout
        print(errand.line(), file=self._machines.stdin, flush=True)
        return [int(code) for code in self._machines.stdout.readline().split()]

    def requests(self, name: str = "requests") -> list[str]:
        """Return what was asked of the bucket, in order."""
        return (self.folder / name).read_text().splitlines()

    def arrived(self) -> Counter[str]:
        """Count the letters of each."""
        path = self.folder / "arrived"
        return Counter(path.read_text().split() if path.exists() else [])

    def known(self, kind: str) -> tuple[dict[str, Fate], set[str]]:
        """Return what the bucket says of an edition's letters, and who may have two; by address."""
        name = EDITIONS[kind].id
        with looked_into(self.folder, NINE + 9 * LASTS) as bucket:
            people, ledger = open_people(bucket.folder), open_ledger(bucket.folder, lambda: NINE)
            with closing(people), closing(ledger):
                by_person = {one.person: one.subscriber.address for one in people}
                fates = {
                    address: entry.fate
                    for person, address in by_person.items()
                    if (entry := ledger.entries(person, [name]).get(name))
                }
                return fates, {by_person[person] for person in ledger.sent_again(name)}


@pytest.fixture
def worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], World]]:
    """Return what makes worlds, each as the one before was at the beginning."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    first = tmp_path / "first"
    with looked_into(first, NINE - LASTS) as bucket:
        readers = [reader(one) for one in IMMEDIATE]
        readers += [reader(one, "daily") for one in DAILY]
        listed(bucket.folder, readers).close()
    made = 0
    program = Path(__file__).with_name("mail_machine.py")
    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as machines:

        def make() -> World:
            nonlocal made
            made += 1
            folder = tmp_path / f"world{made}"
            shutil.copytree(first, folder)
            return World(folder, machines)

        yield make


def deaths(requests: list[str]) -> Iterator[str]:
    """Yield where a machine can die: at each kind of request, and at those that come again.

    How often the ledger is written depends on how fast letters leave; three times are certain.
    """
    seen: Counter[str] = Counter()
    for request in requests:
        seen[request] += 1
        if seen[request] <= 3:
            yield f"before {seen[request]} {request}"
            yield f"after {seen[request]} {request}"


def test_urgent_words_reach_everybody_and_twice_only_whom_the_ledger_names(
    worlds: Callable[[], World],
) -> None:
    quiet = worlds()
    assert quiet.sent("urgent", at=NINE) == 0
    requests = quiet.requests()
    doubled = 0
    for step in deaths(requests):
        world = worlds()
        assert world.sent("urgent", at=NINE, dies=step) == KILLED, step
        before = world.arrived()
        # The lease is as long as it says: nobody goes on before.
        assert world.sent("urgent", at=NINE + LASTS) == 0, step
        arrived = world.arrived()
        assert world.sent("urgent", at=NINE + 2 * LASTS) == 0, step
        fates, named = world.known("urgent")
        twice = {address for address, many in arrived.items() if many > 1}

        assert set(arrived) == set(IMMEDIATE), step
        assert max(arrived.values()) <= 2, step
        assert twice <= named, step
        assert twice <= set(before), step
        assert len(named) <= LANES, step
        assert fates == dict.fromkeys(IMMEDIATE, Fate.ACCEPTED), step
        assert world.arrived() == arrived, step
        doubled += bool(twice)

    assert set(requests) == REQUESTS
    assert 0 < doubled < len(requests)  # some were in flight, and at most steps nobody was


def test_a_digest_reaches_nobody_twice_and_the_ledger_names_who_may_have_none(
    worlds: Callable[[], World],
) -> None:
    quiet = worlds()
    assert quiet.sent("digest", at=NINE) == 0
    left_open = 0
    for step in deaths(quiet.requests()):
        world = worlds()
        assert world.sent("digest", at=NINE, dies=step) == KILLED, step
        assert world.sent("digest", at=NINE + LASTS) == 0, step
        arrived = world.arrived()
        fates, named = world.known("digest")
        unknown = {address for address, fate in fates.items() if fate is Fate.UNKNOWN}

        assert set(arrived.values()) == {1}, step
        assert set(DAILY) - set(arrived) <= unknown, step
        assert len(unknown) <= LANES, step
        assert set(fates) == set(DAILY), step
        assert not named, step
        left_open += bool(unknown)

    assert left_open


@pytest.mark.parametrize("who", ["digest", "urgent"])
def test_whoever_dies_while_urgent_words_overtake_a_digest_nobody_is_left_out(
    worlds: Callable[[], World], who: str
) -> None:
    quiet = worlds()
    assert quiet.overtaken() == [0, 0]
    order = list(quiet.arrived())
    requests = quiet.requests("requests" if who == "digest" else "requests of the urgent")
    for step in deaths(requests):
        world = worlds()
        if who == "digest":
            assert world.overtaken(dies=step) == [KILLED, 0], step
        else:
            assert world.overtaken(urgent_dies=step) == [0, KILLED], step
        assert world.sent("urgent", "digest", at=NINE + 5 * LASTS) == 0, step
        arrived = world.arrived()
        urgent, again = world.known("urgent")
        digest, nobody = world.known("digest")
        unknown = {address for address, fate in digest.items() if fate is Fate.UNKNOWN}
        twice = {address for address, many in arrived.items() if many > 1}

        assert set(IMMEDIATE) <= set(arrived), step
        assert set(DAILY) - set(arrived) <= unknown, step
        assert twice <= again, step
        assert len(again) <= LANES, step
        assert len(unknown) <= LANES, step
        assert not nobody, step
        assert urgent == dict.fromkeys(IMMEDIATE, Fate.ACCEPTED), step
        assert set(digest) == set(DAILY), step
        # Where the digest lives, nothing of it is in doubt, whatever becomes of the other one.
        assert who == "digest" or not unknown, step

    # With nobody killed, the urgent words came in the midst of the digest.
    assert set(order[5:9]) <= set(IMMEDIATE)
    assert set(requests) - REQUESTS <= {"get urgent.json", "put urgent.json"}
    assert "get urgent.json" in requests
    assert ("put urgent.json" in requests) == (who == "urgent")


def test_nobody_goes_on_while_the_lease_of_the_dead_lasts(worlds: Callable[[], World]) -> None:
    world = worlds()
    assert world.sent("digest", at=NINE, dies="after 1 put lease.json") == KILLED

    assert world.sent("digest", at=NINE + LASTS / 2) == 1
    assert not world.arrived()
