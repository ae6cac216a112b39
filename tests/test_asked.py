"""Questions that are worked on meanwhile, and stores that get ready meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fakestore import FakeStore

from firstword.asked import Asked
from firstword.cli.beside import Beside, Ready
from firstword.store import Found


def test_an_answer_is_there_when_it_is_wanted() -> None:
    go_on = threading.Event()
    asked = Asked(lambda: go_on.wait(5) and "yes")
    go_on.set()

    assert asked.result() == "yes"
    assert asked.result() == "yes"


def test_a_failure_is_told_to_who_wants_the_answer() -> None:
    asked = Asked(lambda: 1 // 0)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asked.result()


class Readied(FakeStore):
    """A store that notes for how many requests it got ready, when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.told: list[int] = []
        self.ended = False

    def get_ready(self, requests: int) -> None:
        self.let.wait(5)
        self.told.append(requests)
        self.ended = True

    def get(self, key: str) -> Found | None:
        self.let.wait(5)
        self.ended = True
        return super().get(key)


def test_stores_that_can_get_ready_do_while_the_caller_goes_on() -> None:
    stores = [Readied(), Readied()]
    ready = Ready([FakeStore(), *stores])

    ready.begin(5)
    ready.begin(500)
    for store in stores:
        assert store.told == []
        store.let.set()
    ready.close()

    # An edit sends some thirty files; a connection for each of 500 would wait for nothing.
    assert [sorted(store.told) for store in stores] == [[5, 32], [5, 32]]


def test_nobody_waits_long_for_a_store_that_does_not_get_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("firstword.cli.beside._PATIENCE", 0.01)
    store = Readied()
    ready = Ready([store])
    ready.begin(5)

    ready.close()

    assert not store.ended
    store.let.set()


def test_answers_that_nobody_wants_end_before_the_process(tmp_path: Path) -> None:
    stores = [Readied() for _ in range(20)]
    beside = Beside(tmp_path, stores, None)
    for store in stores:
        store.let.set()

    beside.close()

    assert all(store.ended for store in stores)
