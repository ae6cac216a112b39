"""`firstword subscribers sync` in a process of its own, to be killed: sync_reader.py STEP.

STEP is "" or what this process dies at by its own hand: "before take", "after take" or "done".
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from typing import Any

from firstword.cli import main
from firstword.mail.inbox import Inbox


def dying(step: str) -> None:
    """Have this process die at a step of its notes."""
    take, done = Inbox.take, Inbox.done

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def taken(self: Inbox, key: str, person: str, at: datetime, **more: Any) -> None:
        if step == "before take":
            die()
        take(self, key, person, at, **more)
        if step == "after take":
            die()

    def finished(self: Inbox, key: str) -> None:
        done(self, key)
        if step == "done":
            die()

    Inbox.take, Inbox.done = taken, finished  # type: ignore[method-assign]


if __name__ == "__main__":
    dying(sys.argv[1])
    sys.exit(main(["subscribers", "sync"]))
