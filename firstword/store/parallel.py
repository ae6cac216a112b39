"""Several requests at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """Return `work` of every item, in order.

    The first failure stops what has not begun, and is raised once what has begun ended.
    """
    todo = list(items)
    if workers <= 1 or len(todo) <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(workers, len(todo))) as pool:
        futures = [pool.submit(work, item) for item in todo]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
        for future in futures:
            if not future.cancelled():
                future.result()
        return [future.result() for future in futures]
