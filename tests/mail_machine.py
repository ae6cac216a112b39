"""Machines to be killed, each a process with a disk of its own.

For every line on its standard input, an Errand as JSON, this program begins a machine that sends,
and when it has ended writes a line with its exit code. Where it is to be overtaken, another machine
has urgent words when some letters have gone; the line has both exit codes then. A machine dies by
its own hand, before or after one of its requests to the bucket. `bucket` in the errand's folder
stands in for S3: a folder with the conditions that S3 has. The requests that a machine made stand
in `requests` beside it, and what arrived in `arrived`, each line written at once.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from mails import Post, Scribe, day, word

from firstword.mail.bond import open_bound
from firstword.mail.bucket import held
from firstword.mail.lease import LOOK, Lease
from firstword.mail.ledger import Fate
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, send
from firstword.mail.transport import Outcome
from firstword.manifest import ROOT_KEY
from firstword.store import Found, Head, Store, Write
from firstword.store.folder import FolderStore

LANES = 2
#: So many letters of a digest have gone when another machine has urgent words.
OVERTAKEN_AT = 3
_Answer = TypeVar("_Answer")
EDITIONS = {"urgent": word(9), "digest": day(20)}


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a machine is to send, when (seconds since 1970), and at which request it dies."""

    folder: str
    kinds: tuple[str, ...]
    at: float
    #: "before 3 put log/*" or "after …": the third request of those to the bucket; "" = it lives.
    dies: str = ""
    #: Whether another machine sends urgent words meanwhile, and where that one dies.
    overtaken: bool = False
    urgent_dies: str = ""

    def line(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self))


def bucket_in(folder: Path) -> Store:
    """Return the bucket of a folder, as yet another machine sees it."""
    root = folder / "bucket" / ROOT_KEY
    root.parent.mkdir(parents=True, exist_ok=True)
    root.touch()
    return FolderStore("s3://acme-private/mail", folder / "bucket")


class Deadly:
    """A bucket at one of whose requests this process dies."""

    def __init__(self, store: Store, log: Path, dies: str) -> None:
        self.name = store.name
        self._store = store
        self._log = log
        self._when, number, self._request = (*dies.split(" ", 2), "", "")[:3]
        self._number = int(number or 0)
        self._seen = 0

    def get(self, key: str) -> Found | None:
        return self._asked("get", key, lambda: self._store.get(key))

    def head(self, key: str) -> Head | None:
        return self._asked("head", key, lambda: self._store.head(key))

    def put(self, write: Write) -> str:
        return self._asked("put", write.key, lambda: self._store.put(write))

    def delete(self, key: str, if_match: str | None) -> None:
        self._asked("delete", key, lambda: self._store.delete(key, if_match))

    def clear(self, keys: Sequence[str]) -> None:
        # One by one: whoever dies in the midst of it leaves some.
        for key in keys:
            self.delete(key, None)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        yield from self._asked("list", prefix, lambda: list(self._store.keys(prefix)))

    def _asked(self, operation: str, key: str, how: Callable[[], _Answer]) -> _Answer:
        request = re.sub(r"(?<= log/).+", "*", f"{operation} {key}")
        self._seen += request == self._request
        here = request == self._request and self._seen == self._number
        write_line(self._log, request)
        if here and self._when == "before":
            die()
        done = how()
        if here:
            die()
        return done


class Machine:
    """A machine that has nothing but the bucket. What happens to others goes through pipes."""

    def __init__(self, errand: Errand, *, urgent: bool = False) -> None:
        self.now = errand.at
        self._errand = errand
        self._urgent = urgent
        self._letters = 0
        self._server = threading.Lock()
        self._slept = 0

    def clock(self) -> datetime:
        """Tell the time."""
        return datetime.fromtimestamp(self.now, UTC)

    def sleep(self, seconds: float) -> None:
        """Let time go by, while others do what they do."""
        self.now += seconds
        self._slept += 1
        if self._slept == 1:
            self.waits()

    def arrive(self, address: str) -> Outcome:
        """Take a letter, which takes a while."""
        # One at a time: what happens in the midst happens before the next one leaves.
        with self._server:
            write_line(Path(self._errand.folder) / "arrived", address)
            self.now += LOOK.total_seconds()
            self._letters += 1
            if self._letters == OVERTAKEN_AT:
                self.in_the_midst()
        return Outcome(fate=Fate.ACCEPTED)

    def waits(self) -> None:
        """Do something when it waits for another one for the first time."""

    def in_the_midst(self) -> None:
        """Do something when some letters have gone."""

    def run(self, kinds: Sequence[str], dies: str, log: str = "requests") -> None:
        """Send what there is to send."""
        folder = Path(self._errand.folder)
        post = Post(lanes=LANES)
        post.fate = self.arrive
        store = Deadly(bucket_in(folder), folder / log, dies)
        owner = f"machine {os.getpid()}"
        lease = Lease(store, self.clock, owner, urgent=self._urgent, sleep=self.sleep)
        with held(store, lease, self.clock) as bucket:
            people = open_people(bucket.folder)
            ledger = open_bound(bucket.folder, people, self.clock, bucket)
            with closing(people), closing(ledger):
                editions = [EDITIONS[kind] for kind in kinds]
                desk = Desk(people, ledger, Scribe(), bucket)
                send(desk, editions, post, expected=None)


class Pipe:
    """A line between two processes; whoever hears nothing more knows that the other one is gone."""

    def __init__(self) -> None:
        self.ends = os.pipe()

    def say(self) -> None:
        """Say something."""
        with suppress(BrokenPipeError):
            os.write(self.ends[1], b".")

    def hear(self) -> bytes:
        """Wait for the other one to say something, or to end: then it is nothing."""
        return os.read(self.ends[0], 1)

    def close(self, *, hears: bool = True, says: bool = True) -> None:
        """Close what is not ours."""
        for end, closes in zip(self.ends, (hears, says), strict=True):
            if closes:
                os.close(end)


def digest_machine(errand: Errand, ours: Pipe, theirs: Pipe) -> None:
    """Send a digest: in its midst another one begins, and is let go first if it asks."""
    ours.close(hears=True, says=False)
    theirs.close(hears=False, says=True)
    machine = Machine(errand)

    def begin_the_other() -> None:
        ours.say()
        theirs.hear()

    def let_it_end() -> None:
        ours.say()
        while theirs.hear():
            pass

    machine.in_the_midst = begin_the_other  # type: ignore[method-assign]
    machine.waits = let_it_end  # type: ignore[method-assign]
    machine.run(errand.kinds, errand.dies)


def urgent_machine(errand: Errand, theirs: Pipe, ours: Pipe) -> None:
    """Send urgent words when the other one is in the midst of its digest, or dead."""
    ours.close(hears=True, says=False)
    theirs.close(hears=False, says=True)
    machine = Machine(errand, urgent=True)

    def wait_for_turn() -> None:
        ours.say()
        theirs.hear()

    machine.waits = wait_for_turn  # type: ignore[method-assign]
    theirs.hear()
    machine.run(["urgent"], errand.urgent_dies, "requests of the urgent")


def die() -> None:
    """End this process as a machine ends that is switched off."""
    os.kill(os.getpid(), signal.SIGKILL)


def write_line(path: Path, text: str) -> None:
    """Add a line to a file: all of it, or nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def begun(what: Callable[[], None]) -> int:
    """Do something in a process of its own; return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        what()
    except BaseException:  # noqa: BLE001  whatever it is, this process is not to go on as its parent
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def ended(pid: int) -> int:
    """Wait for a process; return its exit code, or less than nothing where it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def begin(errand: Errand) -> list[int]:
    """Begin the machine of an errand, and the one that overtakes it; return their process ids."""
    if not errand.overtaken:
        return [begun(lambda: Machine(errand).run(errand.kinds, errand.dies))]
    from_digest, from_urgent = Pipe(), Pipe()
    pids = [
        begun(partial(digest_machine, errand, from_digest, from_urgent)),
        begun(partial(urgent_machine, errand, from_digest, from_urgent)),
    ]
    from_digest.close()
    from_urgent.close()
    return pids


def main() -> None:
    """Begin a machine for each line, one after the other."""
    # A machine's disk is gone with it, and the bucket's outlives a process without that.
    os.fsync = lambda _: None  # type: ignore[assignment]
    for line in sys.stdin:
        told = json.loads(line)
        errand = Errand(**{**told, "kinds": tuple(told["kinds"])})
        codes = [ended(pid) for pid in begin(errand)]
        sys.stdout.write(f"{' '.join(map(str, codes))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
