"""Several requests at once: their order, and what a failure and an interruption stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from firstword.store.parallel import in_parallel


def test_answers_come_in_the_order_of_the_questions_whoever_is_first() -> None:
    last_is_done = threading.Event()

    def ask(number: int) -> str:
        if number == 3:
            last_is_done.set()
        elif number == 1:
            assert last_is_done.wait(60)
        return f"answer {number}"

    assert in_parallel(ask, [1, 2, 3], 2) == ["answer 1", "answer 2", "answer 3"]


def test_so_many_are_asked_at_once_and_no_more() -> None:
    all_three = threading.Barrier(3)
    names: set[str] = set()

    def ask(number: int) -> int:
        names.add(threading.current_thread().name)
        if number < 3:
            all_three.wait(60)
        return number

    assert in_parallel(ask, range(50), 3) == [*range(50)]
    assert len(names) == 3


def test_nobody_else_is_asked_for_with_one_worker_or_one_item() -> None:
    def ask(_number: int) -> str:
        return threading.current_thread().name

    here = threading.current_thread().name
    assert in_parallel(ask, [1, 2], 1) == [here, here]
    assert in_parallel(ask, [1], 16) == [here]
    assert in_parallel(ask, [], 16) == []


def test_a_failure_stops_what_has_not_begun_and_waits_for_what_has() -> None:
    failed = threading.Event()
    begun: list[int] = []
    ended: list[int] = []

    def ask(number: int) -> None:
        begun.append(number)
        if number == 0:
            assert failed.wait(60)
        if number == 1:
            failed.set()
            raise ValueError("the second")
        ended.append(number)

    with pytest.raises(ValueError, match="the second"):
        in_parallel(ask, range(1000), 2)
    assert ended[0] == 0
    assert len(begun) < 1000


def test_of_several_failures_the_first_in_order_is_told() -> None:
    both = threading.Barrier(2)

    def ask(number: int) -> None:
        both.wait(60)
        raise ValueError(f"number {number}")

    with pytest.raises(ValueError, match="number 0"):
        in_parallel(ask, [0, 1], 2)


def test_whoever_is_interrupted_begins_no_more_and_leaves_nothing_under_way() -> None:
    waiting = threading.main_thread().ident
    assert waiting is not None
    interrupted = threading.Event()
    begun: list[int] = []
    ended: list[int] = []

    def notice(_signal: int, _frame: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def ask(number: int) -> None:
        begun.append(number)
        if number == 0:
            signal.pthread_kill(waiting, signal.SIGINT)
        assert interrupted.wait(60)
        ended.append(number)

    before = signal.signal(signal.SIGINT, notice)
    try:
        with pytest.raises(KeyboardInterrupt):
            in_parallel(ask, range(100_000), 2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(begun) < 100_000
    assert sorted(ended) == sorted(begun)


def test_whoever_waits_does_something_meanwhile() -> None:
    done = threading.Event()
    waiting = threading.current_thread()

    def meanwhile() -> Iterator[None]:
        yield
        assert threading.current_thread() is waiting
        yield
        done.set()

    def ask(number: int) -> int:
        assert done.wait(60)
        return number

    assert in_parallel(ask, [1, 2, 3], 2, meanwhile()) == [1, 2, 3]


def test_what_is_left_of_it_when_nobody_waits_is_the_callers() -> None:
    ended, steps = threading.Event(), iter(range(1000))

    def ask(number: int) -> int:
        if number == 3:
            ended.set()
        return number

    def meanwhile() -> Iterator[int]:
        assert ended.wait(60)
        yield from steps

    assert in_parallel(ask, [1, 2, 3], 2, meanwhile()) == [1, 2, 3]
    assert next(steps) < 999
    assert in_parallel(ask, [1, 2, 3], 1, steps) == [1, 2, 3]
    assert next(steps) < 999


def test_what_goes_wrong_meanwhile_stops_the_rest() -> None:
    failed = threading.Event()
    begun: list[int] = []

    def meanwhile() -> Iterator[None]:
        yield
        failed.set()
        raise ValueError("meanwhile")

    def ask(number: int) -> None:
        begun.append(number)
        assert failed.wait(60)

    with pytest.raises(ValueError, match="meanwhile"):
        in_parallel(ask, range(100_000), 2, meanwhile())
    assert len(begun) < 100_000
