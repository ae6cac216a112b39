"""A question that is worked on while whoever asked does something else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Asked(Thread, Generic[T]):
    """A call in a thread of its own, under way at once.

    In place of a pool of threads, whose module takes as long to import as git to answer.
    """

    def __init__(self, question: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._question = question
        self._answer: list[T] = []
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._answer.append(self._question())
        except BaseException as error:  # noqa: BLE001 - raised by who wants the answer
            self._failure = error

    def result(self) -> T:
        """Return the answer when it is there. Raises what was raised."""
        self.join()
        if self._failure is not None:
            raise self._failure
        return self._answer[0]


def let_go(asked: Iterable[Asked[T]], seconds: float) -> None:
    """Wait so long for all of them: a process that ends under a handshake of TLS may crash."""
    until = time.monotonic() + seconds
    for one in asked:
        one.join(max(until - time.monotonic(), 0))
