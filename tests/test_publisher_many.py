"""A publish of many files: what is easily written goes first, and whatever is left as ever."""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fakestore import (
    FEED,
    HOME,
    HOUR,
    NOON,
    U1,
    U2,
    Died,
    FakeStore,
    Site,
    World,
    assert_sound,
    clean,
)
from s3server import s3server
from test_store_lane import opened

from firstword.errors import Conflict, StoreError
from firstword.manifest import STATE
from firstword.plan import Put
from firstword.store import Write
from firstword.store.hold import Hold
from firstword.store.parallel import beside
from firstword.values import replace

NO_TIME = timedelta(0)


class Easy(FakeStore):
    """A store that writes many at once, but for what `leaves` says."""

    def __init__(self) -> None:
        super().__init__()
        self.easily: list[str] = []
        #: What becomes of a write: told, "left", or "broken": then all that follows is left.
        self.fate: Callable[[str], str] = lambda _key: "told"

    def put_many(
        self, writes: Iterator[Write], at_once: int, told: Callable[[str, str], None]
    ) -> None:
        assert at_once == 4
        for write in writes:
            fate = self.fate(write.key)
            if fate == "broken":
                return
            try:
                etag = self.put(write)
            except Conflict:
                continue
            if fate == "told":
                self.easily.append(write.key)
                told(write.key, etag)


@pytest.fixture
def world(tmp_path: Path) -> World:
    stories = {f"i{number}": {U1: f"words {number}"} for number in range(6)}
    return World(Site(tmp_path, stories), store=Easy())


def easy(world: World) -> Easy:
    assert isinstance(world.store, Easy)
    return world.store


LEAVES = 7  # six stories and a style sheet


def test_several_files_are_written_easily_and_one_alone_is_not(world: World) -> None:
    [report] = world.publish(workers=4)

    assert report.outcome == "published"
    assert_sound(world.store)
    assert len(easy(world).easily) == LEAVES
    assert world.store.site() == clean(world.site, FakeStore(), NOON)


@pytest.mark.parametrize("fate", ["left", "broken"])
@pytest.mark.parametrize("at", range(LEAVES))
def test_whatever_is_left_is_written_as_ever(world: World, fate: str, at: int) -> None:
    """Also what was written, though nobody heard of it."""
    counted = itertools.count()
    easy(world).fate = lambda _key: fate if next(counted) == at else "told"

    [report] = world.publish(workers=4)

    assert report.outcome == "published"
    assert_sound(world.store)
    assert len(easy(world).easily) == (LEAVES - 1 if fate == "left" else at)


def test_each_file_is_counted_once(world: World) -> None:
    told: list[tuple[int, int]] = []
    counted = itertools.count()
    easy(world).fate = lambda _key: "left" if next(counted) % 2 else "told"

    world.publish(workers=4, progress=lambda _name, sent, of: told.append((sent, of)))

    of = LEAVES + 2
    assert sorted(told) == [(sent, of) for sent in range(1, of + 1)]


def test_what_leads_to_pages_goes_after_them(world: World) -> None:
    counted = itertools.count()
    easy(world).fate = lambda _key: "left" if next(counted) == 0 else "told"

    world.publish(workers=4)

    asked = [key for key in world.store.asked("put") if not key.startswith(STATE)]
    assert asked[-2:] == [FEED, HOME]


def test_what_somebody_newer_wrote_is_not_written_over(world: World) -> None:
    world.publish(workers=4)
    page = "incidents/i3/index.html"
    newer = replace(world.store.objects[page], body=b"newer", etag="newer", generation=99)
    world.store.objects[page] = newer
    words = {f"i{number}": {U1: "words", U2: "more"} for number in range(6)}

    [report] = world.publish(commit="b", site=world.later(**words), workers=4)

    assert report.outcome == "failed"
    assert world.store.objects[page] == newer


def test_a_lease_that_runs_out_on_the_way_ends_it(world: World) -> None:
    late = iter([HOUR])

    def pass_time(operation: str, key: str) -> None:
        if operation == "put" and key == "incidents/i3/index.html":
            world.clock.now += next(late, NO_TIME)

    world.store.before = pass_time

    [report] = world.publish(workers=4)

    # Begun anew, since nobody else came: what was there already is written no second time.
    assert report.outcome == "published"
    assert_sound(world.store)
    assert len(easy(world).easily) == len(set(easy(world).easily))
    # And nothing was written in between.
    asked = world.store.asked("put")
    assert asked[asked.index("incidents/i3/index.html") + 1].startswith(STATE)


def test_whoever_dies_among_many_is_followed(world: World) -> None:
    counted = itertools.count()

    def die(operation: str, key: str) -> None:
        if operation == "put" and key.startswith("incidents/") and next(counted) == 3:
            raise Died

    world.store.before = die
    with pytest.raises(Died):
        world.publish(workers=4)
    world.store.before = lambda _operation, _key: None
    world.clock.now += HOUR

    [report] = world.publish(workers=4)

    assert report.outcome == "published"
    assert_sound(world.store)
    assert world.store.site() == clean(world.site, FakeStore(), NOON)


def test_what_fails_for_good_is_told_as_ever(world: World) -> None:
    def refuse(operation: str, key: str) -> None:
        if operation == "put" and key == "incidents/i3/index.html":
            raise StoreError("cannot write it: access denied")

    easy(world).fate = lambda key: "broken" if "i3" in key else "told"
    world.store.before = refuse

    [report] = world.publish(workers=4)

    assert report.outcome == "failed"
    assert report.error == "cannot write it: access denied"


def test_a_real_server_gets_all_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[str] = []
    usual = Hold.put

    def noted(hold: Hold, put: Put, body: bytes) -> str:
        alone.append(put.key)
        return usual(hold, put, body)

    monkeypatch.setattr(Hold, "put", noted)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    with s3server() as server:
        server.put("/status")
        store = opened(server.address)

        [report] = world.publish(store, workers=4)

        assert report.outcome == "published"
        assert alone == [FEED, HOME]
        for key, body in clean(world.site, FakeStore(), NOON).items():
            found = store.get(key)
            assert found is not None
            assert found.body == body


def test_whoever_is_interrupted_begins_nothing_more() -> None:
    begun, taken = threading.Event(), list[int]()

    def take(turns: Iterator[int]) -> None:
        taken.append(next(turns))
        begun.set()
        while operator.length_hint(turns):  # until whoever waits took the rest away
            pass
        taken.extend(turns)

    def interrupt() -> Iterator[None]:
        yield
        begun.wait(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        beside(take, range(9), interrupt())

    assert taken == [0]
