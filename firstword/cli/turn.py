"""One publish at a time in one checkout: both would build into the same folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from firstword.errors import BuildError

POLL_SECONDS = 0.5


@contextmanager
def turn(
    cache: Path,
    *,
    say: Callable[[str], None],
    sleep: Callable[[float], None],
    wait_seconds: float = 600,
) -> Iterator[bool]:
    """Hold the checkout's lock while the body runs; wait for whoever holds it. Yields whether.

    The lock goes with the process, however that ends. Raises BuildError after `wait_seconds`.
    """
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / "publish.lock"
    waited = 0.0
    with path.open("a+", encoding="utf-8") as lock:
        while not _taken(lock.fileno()):
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            if not waited:
                say(f"{holder} is publishing from this folder; waiting for it to end")
            if waited >= wait_seconds:
                raise BuildError(
                    f"{holder} is still publishing from this folder after {waited:.0f} s; "
                    "look what it does, then publish again"
                )
            sleep(POLL_SECONDS)
            waited += POLL_SECONDS
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        try:
            yield bool(waited)
        finally:
            lock.truncate(0)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
