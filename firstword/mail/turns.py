"""Who is at work with the list of this machine: one sender at a time, one reader of the mailbox.

What is urgent waits for its turn a while, and whoever sends a digest meanwhile lets it go first.
The locks are the system's: they end with the process that holds them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from firstword.errors import MailError

#: Seconds that urgent words wait for whoever is sending, and between two looks.
PATIENCE = 60.0
_LOOK = 0.2


class _Lock:
    """A file that processes lock."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def take(self) -> bool:
        """Lock it for us alone; tell whether it was free."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def share(self) -> None:
        """Lock it beside others who share it; whoever looks at it holds it for no time at all."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def let_go(self) -> None:
        """Unlock it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)


@contextmanager
def _opened(path: Path) -> Iterator[_Lock]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _Lock(descriptor)
    finally:
        os.close(descriptor)


class Turn:
    """Whose turn it is to send."""

    def __init__(
        self, sending: _Lock, first: _Lock, *, urgent: bool, sleep: Callable[[float], None]
    ) -> None:
        self._sending = sending
        #: Shared by the urgent from before they wait until they are done.
        self._first = first
        self._urgent = urgent
        self._sleep = sleep

    def begin(self) -> None:
        """Take our turn. Raises MailError when somebody else is at work, or for too long."""
        waited = 0.0
        if self._urgent:
            self._first.share()
        while not self._sending.take():
            if not self._urgent or waited >= PATIENCE:
                raise MailError("another process is sending just now; nothing was sent twice")
            self._sleep(_LOOK)
            waited += _LOOK

    def wanted(self) -> bool:
        """Tell whether somebody has urgent words to send, and we have none."""
        if self._urgent:
            return False
        if free := self._first.take():
            self._first.let_go()
        return not free

    def give_way(self) -> None:
        """Let them go first; return when it is our turn again."""
        self._sending.let_go()
        while self.wanted() or not self._sending.take():
            self._sleep(_LOOK)


@contextmanager
def sole_sender(
    folder: Path, *, urgent: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Turn]:
    """Keep every other sender on this machine out. Raises MailError when one is at work.

    What is urgent waits for PATIENCE before that; whoever sends digests is to give way.
    """
    with _opened(folder / "sending.lock") as sending, _opened(folder / "urgent.lock") as first:
        turn = Turn(sending, first, urgent=urgent, sleep=sleep)
        turn.begin()
        yield turn


@contextmanager
def sole_reader(folder: Path) -> Iterator[None]:
    """Keep everybody else from reading the mailbox. Raises MailError when somebody does.

    Senders are not kept out: what a message does to the list is one write of the database.
    """
    with _opened(folder / "reading.lock") as lock:
        if not lock.take():
            raise MailError("another process is reading the mailbox just now")
        yield
