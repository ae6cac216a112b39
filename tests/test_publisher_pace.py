"""How many requests of a publish are under way at once."""

from __future__ import annotations

import sqlite3
import threading
from collections import UserDict
from collections.abc import Callable, ItemsView
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakestore import FEED, NOON, U1, FakeStore, Site, World, assert_sound

from firstword.manifest import ROOT_KEY, STATE, Built, Memory, Output, Record
from firstword.plan import LARGEST, Put
from firstword.publisher.pace import at_once
from firstword.values import replace


def puts(count: int, size: int = 25_000, largest: int = 0) -> list[Put]:
    sizes = ([size] * (count - 1) + [largest or size])[:count]
    outputs = [
        Output(key=f"{number}.html", digest="d", size=size, leaf=True, owner="")
        for number, size in enumerate(sizes)
    ]
    return [Put(output=output, expect=None, why="new") for output in outputs]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, 48), (1, 48), (500, 48), (501, 96), (11_509, 96)]
)
def test_many_puts_have_more_under_way(count: int, expected: int) -> None:
    assert at_once(puts(count)) == expected


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(0, 96), (LARGEST // 6, 96), (LARGEST // 2, 32), (LARGEST, 16)],
)
def test_what_is_held_in_memory_is_bounded_by_the_largest_file(largest: int, expected: int) -> None:
    assert at_once(puts(600, largest=largest)) == expected


def test_empty_files_are_as_good_as_others() -> None:
    assert at_once(puts(600, size=0)) == 96


class Meeting(FakeStore):
    """A store whose first pages are written when so many others are under way."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(together)
        self.left = together
        self.before = self.meet
        self.counting = threading.Lock()

    def meet(self, operation: str, key: str) -> None:
        if operation != "put" or key.startswith(STATE):
            return
        with self.counting:
            waits, self.left = self.left > 0, self.left - 1
        if waits:
            self.barrier.wait(60)


def test_a_large_first_publish_asks_as_many_things_at_once(tmp_path: Path) -> None:
    site = Site(tmp_path, {f"i{number}": {U1: f"words {number}"} for number in range(501)})
    world = World(site, store=Meeting(96))

    [report] = world.publish(workers=None)

    assert report.outcome == "published"
    assert_sound(world.store)


def test_whoever_says_how_many_is_obeyed(tmp_path: Path) -> None:
    site = Site(tmp_path, {f"i{number}": {U1: f"words {number}"} for number in range(501)})
    alone = threading.current_thread()
    senders: set[threading.Thread] = set()
    world = World(site)
    world.store.before = lambda _operation, _key: senders.add(threading.current_thread())

    [report] = world.publish(workers=1)

    assert report.outcome == "published"
    assert senders == {alone}


class Kept(UserDict[str, Record]):
    """Records of a build; `asked` is told when somebody looks one up."""

    asked: Callable[[], None] = staticmethod(lambda: None)

    def items(self) -> ItemsView[str, Record]:
        self.asked()
        return super().items()


@pytest.mark.parametrize("workers", [1, 4])
def test_a_first_publish_reads_stories_while_it_sends_and_remembers_them(
    tmp_path: Path, workers: int
) -> None:
    site = Site(tmp_path, {"card": {U1: "words"}, "mail": {U1: "more words"}})
    world = World(site)
    asked: list[tuple[bool, bool]] = []

    def build(memory: Memory) -> Built:
        built = site.build(memory)
        records = Kept(built.records)
        records.asked = lambda: asked.append(
            (ROOT_KEY in world.store.asked("put"), FEED in world.store.asked("put"))
        )
        return replace(built, records=records)

    [report] = world.publish(site=Builds(build), workers=workers)

    assert report.outcome == "published"
    # With one worker nobody waits: they are read when all is sent.
    assert asked == [(True, workers == 1)]
    assert set(world.manifest(world.store).records) == {"card", "mail"}
    assert set(world.manifest(world.store).stamps) == {"card", "mail"}
    assert_sound(world.store)


def test_an_error_that_nobody_foresaw_gives_the_lease_back(tmp_path: Path) -> None:
    site = Site(tmp_path, {"card": {U1: "words"}})
    world = World(site)

    def damaged() -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    def build(memory: Memory) -> Built:
        built = site.build(memory)
        records = Kept(built.records)
        records.asked = damaged
        return replace(built, records=records)

    with pytest.raises(sqlite3.DatabaseError):
        world.publish(site=Builds(build))

    lease = world.manifest(world.store).lease
    assert lease is None or not lease.live(world.clock.now)
    assert world.publish(site=site)[0].outcome == "published"
    assert world.clock.now == NOON


@dataclass
class Builds:
    """Something that builds."""

    build: Callable[[Memory], Built]
