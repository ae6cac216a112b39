"""Starts other processes, hands out the work, and takes the results in order."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from select import select
from typing import TYPE_CHECKING, Any

import msgspec

from firstword.content import SourceFile
from firstword.content.judging import Judged
from firstword.crew import frames
from firstword.crew.jobs import JUDGE, MAKE, Judging, job
from firstword.errors import SettingsError
from firstword.model import Site

if TYPE_CHECKING:
    from firstword.making.bench import Common, Order, Outcome

#: Of more processes, most would wait for the one that keeps what they made.
MOST = 8
#: Files or stories from which on others are started: it takes them a quarter of a second to begin.
WORTH = 300
#: Chunks that wait for each of them while it works at one.
_AHEAD = 3
#: Bytes that a pipe may hold; the most that Linux gives to anybody.
_WIDE = 1 << 20
#: What another process runs: neither our main module nor anything that lives in this one.
_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer);"
    " from firstword.crew.worker import main; main()"
)


def cores() -> int:
    """Return how many processes this one may keep busy."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processes(settings: Mapping[str, Any]) -> int:
    """Return how many processes may build. Raises SettingsError."""
    said = settings.get("BUILD_PROCESSES")
    if said is None:
        return cores()
    if not isinstance(said, int) or isinstance(said, bool) or said < 1:
        raise SettingsError("BUILD_PROCESSES", f"how many processes may build, from 1: {said!r}")
    return said


class Crew:
    """Some processes that work for this one; they are started when there is enough to do."""

    def __init__(
        self, processes: int, complain: Callable[[str], None], *, worth: int = WORTH
    ) -> None:
        """Take how many processes may work; one does without others."""
        self.worth = worth if processes > 1 else sys.maxsize
        self._most = min(processes, MOST)
        self._complain = complain
        self._hands: list[_Hand] | None = None
        #: What they were told last.
        self._told = b""

    def judge(self, site: Site, now: datetime, files: Iterable[SourceFile]) -> Iterator[Judged]:
        """Yield what each file is, in their order."""
        return self._do(JUDGE, Judging(site, now), files)

    def begin(self, common: Common) -> None:
        """Say what orders will have in common: whoever makes them can load what that takes."""
        self._begin(MAKE, common)

    def make(
        self, common: Common, orders: Iterable[Order], meanwhile: Iterable[object] = ()
    ) -> Iterator[Outcome | None]:
        """Yield what each order came to, in their order; None where more must be known for it.

        As long as this process would wait for an answer it takes steps from `meanwhile`; those that
        are left in the end are whoever's who asked.
        """
        return self._do(MAKE, common, orders, meanwhile)

    def close(self) -> None:
        """Let them go."""
        for hand in self._hands or ():
            hand.close()
        self._hands, self._told = None, b""

    def processes(self) -> list[int]:
        """Return the ids of those that work now."""
        return [hand.process.pid for hand in self._hands or () if not hand.lost]

    def _do(
        self, name: str, common: Any, tasks: Iterable[Any], meanwhile: Iterable[object] = ()
    ) -> Iterator[Any]:
        kind = job(name)
        own: Callable[[Any], Any] | None = None
        hands = self._begin(name, common)
        waiting: deque[tuple[_Hand | None, list[Any]]] = deque()
        left, steps = iter(tasks), iter(meanwhile)
        turn = 0
        try:
            while True:
                able = [hand for hand in hands if not hand.lost]
                while len(waiting) < max(1, _AHEAD * len(able)) and (
                    chunk := list(islice(left, kind.chunk))
                ):
                    to = able[turn % len(able)] if able else None
                    turn += 1
                    if to is not None:
                        to.send(frames.DO, msgspec.msgpack.encode(chunk))
                    waiting.append((to, chunk))
                if not waiting:
                    return
                by, chunk = waiting[0]
                # One step at a time: what was asked for goes first, or they run out of orders.
                if by is not None and not by.has_answered() and any(True for _ in islice(steps, 1)):
                    continue
                waiting.popleft()
                answer = by.receive() if by is not None else None
                if answer is None:
                    own = own or kind.begin(common)
                    yield from map(own, chunk)
                else:
                    yield from kind.results.decode(answer)
        finally:
            # Whoever wants no more leaves answers that nobody must take for others.
            for by, _ in waiting:
                if by is not None:
                    by.receive()

    def _begin(self, name: str, common: Any) -> list[_Hand]:
        """Tell all of them what tasks have in common, if that is not what they were told last."""
        hands, told = self._open(), pickle.dumps((name, common))
        for hand in hands if told != self._told else ():
            hand.send(frames.BEGIN, told)
        self._told = told
        return hands

    def _open(self) -> list[_Hand]:
        if self._hands is None:
            self._hands = []
            try:
                for _ in range(self._most):
                    self._hands.append(_Hand(self._complain))
            except OSError as error:
                self._complain(f"no other process can be started ({error}); this one does it all")
        return self._hands


def _widen(pipe: Any) -> None:
    """Let a pipe hold some messages, where the system can: who writes need not wait for who reads.

    An answer is longer than a pipe is wide: its writer would stand still until it is asked for.
    """
    if sys.platform == "linux":
        import fcntl

        # Others of this user may have had all that there is.
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WIDE)


class _Hand:
    """One process, as seen from here."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self.lost = False
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for pipe in (self._in, self._out):
            _widen(pipe)
        with suppress(OSError):
            self._in.write(pickle.dumps(sys.path))

    @property
    def _in(self) -> Any:
        return self.process.stdin

    @property
    def _out(self) -> Any:
        return self.process.stdout

    def send(self, kind: bytes, data: bytes) -> None:
        """Send a message; what happens to it shows in the answer."""
        # A process that is gone is noticed when it does not answer.
        with suppress(OSError):
            frames.write(self._in, kind, data)

    def has_answered(self) -> bool:
        """Tell whether there is an answer to take, as far as that can be told."""
        with suppress(OSError, ValueError):
            return bool(select([self._out], [], [], 0)[0])
        return True

    def receive(self) -> bytes | None:
        """Wait for the answer to the oldest message; None where there is none."""
        found = None if self.lost else frames.read(self._out)
        if found is None:
            self._lose()
            return None
        kind, data = found
        return data if kind == frames.DONE else None

    def _lose(self) -> None:
        if not self.lost:
            self.lost = True
            self.process.kill()
            status = self.process.wait()
            self._complain(
                f"a process that builds ended early (status {status}); the others do its part"
            )

    def close(self) -> None:
        """Let it go."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
