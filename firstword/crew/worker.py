"""The other process: does what it is told until nobody tells it anything any more."""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from firstword.crew import frames
from firstword.crew.jobs import Job, job

#: New objects after which garbage in circles is looked for: some seventy pages.
_CIRCLES = 10_000


def main() -> None:
    """Answer messages on stdin, on stdout, until they end."""
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    # Ctrl-C is for whoever started us, and we end with them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Read ahead: whoever writes must never wait for us while we wait for them to read.
    waiting: queue.SimpleQueue[tuple[bytes, bytes] | None] = queue.SimpleQueue()
    threading.Thread(target=_read_all, args=(waiting,), daemon=True).start()
    kind: Job | None = None
    do: Callable[[Any], Any] | None = None
    while message := waiting.get():
        what, data = message
        if what == frames.BEGIN:
            kind, do = _begin(data)
            # What all tasks share stays until the end. A page leaves some hundred objects in
            # circles, which would pile up to three times what a task needs.
            gc.freeze()
            gc.set_threshold(_CIRCLES)
            continue
        try:
            frames.write(answers, *_answer(kind, do, data))
        except OSError:
            break
    # Nothing is left to be tidied up, and a thread may be in the middle of a read.
    os._exit(0)


def _read_all(into: queue.SimpleQueue[tuple[bytes, bytes] | None]) -> None:
    while message := frames.read(sys.stdin.buffer):
        into.put(message)
    into.put(None)


def _begin(data: bytes) -> tuple[Job | None, Callable[[Any], Any] | None]:
    try:
        # Written by whoever started us, a moment ago, and by nobody else.
        name, common = pickle.loads(data)  # noqa: S301
        kind = job(name)
        return kind, kind.begin(common)
    except Exception:  # noqa: BLE001 - it is done where it can be told to somebody
        return None, None


def _answer(kind: Job | None, do: Callable[[Any], Any] | None, data: bytes) -> tuple[bytes, bytes]:
    if kind is None or do is None:
        return frames.CANNOT, b""
    try:
        results = [do(task) for task in kind.tasks.decode(data)]
        return frames.DONE, msgspec.msgpack.encode(results)
    except Exception:  # noqa: BLE001 - whoever asked does it again, and says what is wrong
        return frames.CANNOT, b""
