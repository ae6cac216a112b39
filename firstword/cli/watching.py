"""`publish.py --watch`: publish whenever the clock or a file makes it due, until told to stop."""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

from firstword.errors import FirstwordError

#: After a failure: how long to wait, doubled each time, up to the most.
RETRY_SECONDS = 30.0
MOST_RETRY_SECONDS = 600.0
#: A page that should have changed and did not must not keep the machine busy.
LEAST_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one publish means for the next."""

    next_change_at: datetime | None
    good: bool


def watch(
    once: Callable[[], Round],
    *,
    wait: Callable[[float | None], bool],
    clock: Callable[[], datetime],
    complain: Callable[[str], None],
) -> None:
    """Call `once`, wait, and again, until `wait` says False.

    `wait` gets the seconds until a page changes (None = no such instant) and may come back early.
    No error ends this: somebody relies on it while they sleep.
    """
    failures = 0
    while True:
        try:
            ended = once()
        except FirstwordError as error:
            complain(str(error))
            ended = Round(next_change_at=None, good=False)
        except Exception as error:  # noqa: BLE001 - a theme being edited breaks in every way there is
            complain(f"{type(error).__name__}: {error}")
            ended = Round(next_change_at=None, good=False)
        failures = 0 if ended.good else failures + 1
        if not wait(_seconds(ended, failures, clock())):
            return


def _seconds(ended: Round, failures: int, now: datetime) -> float | None:
    if failures:
        return float(min(RETRY_SECONDS * 2.0 ** min(failures - 1, 10), MOST_RETRY_SECONDS))
    if ended.next_change_at is None:
        return None
    return max(LEAST_SECONDS, (ended.next_change_at - now).total_seconds())


def run(options: argparse.Namespace) -> int:
    """Watch the site around the current folder until SIGINT or SIGTERM."""
    from firstword.cli.publishing import Publishing

    first = Publishing.read(options)
    alarm = Alarm()
    alarm.listen()
    content = first.root / str(first.settings.get("PATH", "content"))
    theme = Path(str(first.settings.get("THEME", "")))
    alarm.watch(first.root, content, theme, first.root / "theme")

    def complain(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    complain(f"Watching {first.root}; Ctrl-C stops")
    try:
        watch(
            lambda: _round(options, alarm),
            wait=alarm.wait,
            clock=first.pages_now,
            complain=complain,
        )
    finally:
        alarm.close()
    complain("Stopped; what is published stays up")
    return 0


def _round(options: argparse.Namespace, alarm: Alarm) -> Round:
    """Publish if it is due, with settings as they are now; print one line for each target."""
    from firstword.cli.progress import showing
    from firstword.cli.publishing import Publishing
    from firstword.cli.report import closing_line

    publishing = Publishing.read(options)
    publishing.sleep = alarm.sleep
    with showing(sys.stderr, os.environ) as show:
        ended = publishing.once(show, tick=True)
    good = True
    for line in ended.unseen:
        print(line, file=sys.stderr, flush=True)
    for report in ended.reports:
        if report.error:
            print(f"{report.target}: {report.error}", file=sys.stderr, flush=True)
            good = False
        if report.outcome not in {"unchanged", "already-live"}:
            print(closing_line(report, publishing.site, report.seconds), flush=True)
    return Round(next_change_at=ended.next_change_at, good=good)


class Alarm:
    """Wakes the main thread: files were saved, or somebody wants this to stop.

    Through a pipe, since that is the one thing a signal handler may safely touch.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._ended = threading.Event()
        self.stopped = False

    def listen(self) -> None:
        """Take SIGINT and SIGTERM as the wish to stop after the publish under way; twice, now."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def watch(self, root: Path, *folders: Path) -> None:
        """Wake when something under a folder changes, or the settings in `root`."""
        places: list[tuple[Sequence[Path], bool]] = [((folder,), True) for folder in folders]
        for paths, recursive in [*places, ((root,), False)]:
            # A file is watched through its folder: editors put a new one in its place.
            threading.Thread(
                target=self._watch, args=(paths,), kwargs={"recursive": recursive}, daemon=True
            ).start()

    def wait(self, seconds: float | None) -> bool:
        """Wait that long, or until woken. Returns False when told to stop."""
        if not self.stopped and select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 65536)
        return not self.stopped

    def sleep(self, seconds: float) -> None:
        """Sleep during a publish. Raises FirstwordError when told to stop."""
        ends = time.monotonic() + seconds
        while not self.stopped and (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))
        if self.stopped:
            raise FirstwordError("stopped while waiting for another publisher")

    def close(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.stopped = True
        signal.signal(number, signal.default_int_handler)
        self._wake()

    def _wake(self) -> None:
        # A full pipe wakes as well.
        with suppress(BlockingIOError):
            os.write(self._writer, b".")

    def _watch(self, paths: Sequence[Path], *, recursive: bool) -> None:
        from watchfiles import DefaultFilter
        from watchfiles import watch as watch_files

        from firstword.settings import CONF

        usual = DefaultFilter()
        while not self._ended.is_set():
            try:
                for changes in watch_files(
                    *paths,
                    recursive=recursive,
                    watch_filter=usual,
                    stop_event=self._ended,
                    debounce=400,
                    step=50,
                ):
                    if recursive or any(Path(path).name == CONF for _, path in changes):
                        self._wake()
            except (OSError, RuntimeError):
                # A checkout may take a folder away for a moment.
                self._ended.wait(1)
