"""Several requests at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Thread
from typing import TypeVar

#: Between two steps of what is done meanwhile, in seconds.
_REST = 0.002

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(
    work: Callable[[T], R],
    items: Iterable[T],
    workers: int,
    meanwhile: Iterable[object] | None = None,
) -> list[R]:
    """Return `work` of every item, in order.

    The first failure stops what has not begun, and is raised once what has begun ended.
    `meanwhile` is worked through while somebody waits, in steps of a millisecond or so, and what is
    left of it then is the caller's; its failure stops the rest as well.
    """
    todo = list(items)
    # One needs no thread, but for somebody else to work meanwhile.
    if workers <= 1 or len(todo) <= (meanwhile is None):
        return [work(item) for item in todo]
    done: dict[int, R] = {}
    failed: dict[int, BaseException] = {}
    # A future for each item takes longer than to sign a request. Threads take the next item
    # themselves: an iterator over a range gives each of its numbers to one of them.
    turns = iter(range(len(todo)))

    def go_on() -> None:
        for at in turns:
            if failed:
                return
            try:
                done[at] = work(todo[at])
            except BaseException as error:  # noqa: BLE001 - raised below, by who waits
                failed[at] = error

    threads = [Thread(target=go_on) for _ in range(min(workers, len(todo)))]
    _run(threads, turns, meanwhile or ())
    if failed:
        raise failed[min(failed)]
    return [done[at] for at in range(len(todo))]


def beside(
    work: Callable[[Iterator[T]], object], items: Iterable[T], meanwhile: Iterable[object]
) -> None:
    """Let one thread work through items while whoever waits works through something else.

    The failure of either stops what has not begun, and is raised once what has begun ended.
    """
    turns = iter(list(items))
    failed: list[BaseException] = []

    def go_on() -> None:
        try:
            work(turns)
        except BaseException as error:  # noqa: BLE001 - raised below, by who waits
            failed.append(error)

    _run([Thread(target=go_on)], turns, meanwhile)
    if failed:
        raise failed[0]


def _run(threads: Sequence[Thread], turns: Iterator[object], meanwhile: Iterable[object]) -> None:
    """Run threads that take turns until there are none, and work through something else."""
    try:
        for thread in threads:
            thread.start()
        for _ in meanwhile:
            if not any(thread.is_alive() for thread in threads):
                break
            # Whoever does not rest has the interpreter for as long as it may keep it, each time
            # that somebody is to send a piece.
            time.sleep(_REST)
        for thread in threads:
            thread.join()
    finally:
        # Where we are interrupted no more is begun, and what has begun ends before we go. One that
        # was on its way to be started finds nothing to do.
        for _ in turns:
            pass
        for thread in threads:
            if thread.is_alive():
                thread.join()
