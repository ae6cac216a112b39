"""How far a publish is: a bar on a terminal, plain lines elsewhere. Both on stderr."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID

#: Fewer files than this are sent before anybody could read a line about it.
WORTH_A_LINE = 50


class Showing(Protocol):
    """What is told while a publish is on its way; called from several threads."""

    def say(self, line: str) -> None:
        """Print a line."""

    def sent(self, target: str, done: int, total: int) -> None:
        """Tell how many files of how many a target has."""


@contextmanager
def showing(
    stream: TextIO, environ: Mapping[str, str], *, quiet: bool = False
) -> Iterator[Showing]:
    """Give what fits `stream`: a bar only where a person looks at a terminal that can draw one."""
    drawn = stream.isatty() and environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}
    if quiet or not drawn:
        yield Lines(stream, quiet=quiet)
        return
    bar = Bar(stream, environ)
    try:
        yield bar
    finally:
        bar.close()


class Lines:
    """A line for each tenth of what there is to send."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._lock = threading.RLock()
        self._told: dict[str, int] = {}

    def say(self, line: str) -> None:
        with self._lock:
            print(line, file=self._stream, flush=True)

    def sent(self, target: str, done: int, total: int) -> None:
        tenth = done * 10 // total
        # Not told in order; and the lock is not for each of ten thousand files.
        if done > 1 and tenth <= self._told.get(target, 0):
            return
        with self._lock:
            told = self._told.get(target, 0)
            told = 0 if done == 1 and told == 10 else told  # another publish
            self._told[target] = max(told, tenth)
            if tenth > told and total >= WORTH_A_LINE and not self._quiet:
                self.say(f"{target}: {done} of {total} sent")


class Bar:
    """A bar for each target, drawn by rich; it is gone when all is sent. NO_COLOR is obeyed."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = Console(file=stream, force_terminal=True, highlight=False, _environ=environ)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)

    def sent(self, target: str, done: int, total: int) -> None:
        with self._lock:
            if target not in self._tasks:
                self._progress.start()
                self._tasks[target] = self._progress.add_task(target, total=total)
            self._progress.update(self._tasks[target], completed=done, total=total)

    def close(self) -> None:
        """Take the bars off the screen."""
        self._progress.stop()
