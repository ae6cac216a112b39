"""Shards that are written beside the pages whose ETags they name."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fakestore import (
    CARD,
    FEED,
    HOME,
    NOON,
    U1,
    Died,
    FakeStore,
    Site,
    World,
    assert_sound,
    clean,
    edited,
    shards,
)

from firstword.asked import Asked
from firstword.errors import StoreError
from firstword.manifest import STATE, Manifest
from firstword.plan import Plan, Put
from firstword.shards import SHARDS, Draft, revise, shard_key, tree_of
from firstword.store import Write
from firstword.values import replace


@pytest.fixture
def world(tmp_path: Path) -> World:
    site = Site(tmp_path, {"card": {U1: "One payment in five fails."}})
    return World(site, store=Telling())


class Telling(FakeStore):
    """A store that tells when a shard was written."""

    shard_written = threading.Semaphore(0)

    def put(self, write: Write) -> str:
        etag = super().put(write)
        if write.key.startswith(SHARDS):
            self.shard_written.release()
        return etag


class Salted(FakeStore):
    """A store whose ETags are no MD5 of what was written: of all objects, or but for some."""

    exact: tuple[str, ...] = ()

    def put(self, write: Write) -> str:
        etag = super().put(write)
        if write.key.startswith(self.exact):
            return etag
        self.objects[write.key] = replace(self.objects[write.key], etag=f"salt{etag}")
        return f"salt{etag}"


def telling(world: World) -> Telling:
    assert isinstance(world.store, Telling)
    return world.store


def named(world: World, store: FakeStore) -> set[str]:
    manifest = world.manifest(store)
    return set(map(shard_key, [*tree_of(manifest).named(), *manifest.stale]))


def after_the_shards(store: Telling, failure: BaseException | None = None) -> None:
    """Have the home page arrive after the two shards of the commit; then have something fail."""
    store.shard_written = threading.Semaphore(0)

    def before(_operation: str, key: str) -> None:
        if key == HOME:
            for _ in range(2):
                assert store.shard_written.acquire(timeout=30), "the shards wait for the pages"
            if failure:
                raise failure

    store.before = before


def test_shards_do_not_wait_for_the_last_pages(world: World) -> None:
    world.publish_one()
    after_the_shards(telling(world))

    [report] = world.publish(commit="b", site=edited(world), workers=4)

    assert report.outcome == "published"
    # What links to an update goes after it all the same.
    puts = world.store.asked("put")
    assert puts.index(CARD, -8) < puts.index(FEED, -8)
    assert_sound(world.store)
    assert shards(world.store) == named(world, world.store)


@pytest.mark.parametrize(
    ("exact", "written"),
    [((), 2), ((STATE,), 2), ((STATE, CARD), 3)],
    ids=["none is foretold", "pages are not", "what links to pages is not"],
)
def test_what_is_committed_are_the_etags_that_the_server_told(
    world: World, exact: tuple[str, ...], written: int
) -> None:
    """Where that shows before a shard was written, none is written for nothing."""
    store = Salted()
    store.exact = exact
    world.publish(store)
    store.requests.clear()

    [report] = world.publish(store, commit="b", site=edited(world), workers=4)

    assert report.outcome == "published"
    assert world.manifest(store).objects[FEED].etag.startswith("salt")
    assert_sound(store)
    assert shards(store) == named(world, store)
    assert store.site() == clean(edited(world), store, NOON)
    assert len([key for key in store.asked("put") if key.startswith(SHARDS)]) == written


def test_no_shard_is_written_ahead_where_the_root_has_another_etag(world: World) -> None:
    store = Salted()
    world.site.pages["about.html"] = "About us."
    world.publish(store)
    world.site.pages["about.html"] = "About us, and more."
    store.requests.clear()

    world.publish(store, commit="b", workers=4)

    # The index alone: the page is no story's.
    assert len([key for key in store.asked("put") if key.startswith(SHARDS)]) == 1


@pytest.mark.parametrize(("salted", "drafts"), [(False, 1), (True, 2)])
def test_shards_are_drafted_once_where_etags_are_as_foretold(
    world: World, monkeypatch: pytest.MonkeyPatch, *, salted: bool, drafts: int
) -> None:
    store = Salted() if salted else world.store
    if isinstance(store, Salted):
        store.exact = (STATE,)
    world.publish(store)
    drafted = []

    def noting(before: Manifest, after: Manifest) -> Draft:
        drafted.append(after)
        return revise(before, after)

    monkeypatch.setattr("firstword.store.hold.revise", noting)

    world.publish(store, commit="b", site=edited(world), workers=4)

    assert len(drafted) == drafts


def test_shards_are_drafted_while_the_first_pages_are_on_their_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish_one()
    drafted = threading.Event()

    def noting(before: Manifest, after: Manifest) -> Draft:
        drafted.set()
        return revise(before, after)

    def before(operation: str, key: str) -> None:
        if (operation, key) == ("put", CARD):
            assert drafted.wait(30), "the draft waits for the pages"

    monkeypatch.setattr("firstword.store.hold.revise", noting)
    world.store.before = before

    [report] = world.publish(commit="b", site=edited(world), workers=4)

    assert report.outcome == "published"
    assert world.store.asked("put").count(CARD) == 2
    assert_sound(world.store)


def test_what_was_written_ahead_goes_again_when_a_page_fails(world: World) -> None:
    world.publish_one()
    before = shards(world.store)
    after_the_shards(telling(world), StoreError("the disk is full"))

    [report] = world.publish(commit="b", site=edited(world), workers=4)

    assert (report.outcome, report.error) == ("failed", "the disk is full")
    assert shards(world.store) == before
    world.store.before = lambda operation, key: None
    assert world.publish_one("b", edited(world)).outcome == "published"
    assert_sound(world.store)


class Waited(Asked[object]):
    """Is done only when somebody waits for it."""

    somebody_waits = threading.Event()

    def join(self, timeout: float | None = None) -> None:
        self.somebody_waits.set()
        super().join(timeout)


class Slow(FakeStore):
    """A store that writes a shard, the first time it is asked to, when somebody waits for that."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.ended: list[str] = []
        #: Released with each shard that is begun.
        self.has_begun = threading.Semaphore(0)

    def put(self, write: Write) -> str:
        if not write.key.startswith(SHARDS) or write.key in self.begun:
            return super().put(write)
        self.begun.append(write.key)
        self.has_begun.release()
        assert Waited.somebody_waits.wait(30), "nobody waits for the shards"
        etag = super().put(write)
        self.ended.append(write.key)
        return etag


@pytest.mark.parametrize("failure", ["", "the disk is full"])
def test_shards_beside_the_pages_are_waited_for_also_where_a_page_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """Else they are written after the lease was given back, and nobody knows of them."""
    monkeypatch.setattr("firstword.publisher.sending.Asked", Waited)
    store = Slow()
    Waited.somebody_waits.set()
    world.publish(store)
    Waited.somebody_waits.clear()
    before, store.begun, store.ended = shards(store), [], []
    store.has_begun = threading.Semaphore(0)

    def after_the_shards_began(_operation: str, key: str) -> None:
        if key == HOME:
            for _ in range(2):
                assert store.has_begun.acquire(timeout=30), "the shards wait for the pages"
            if failure:
                raise StoreError(failure)

    store.before = after_the_shards_began

    [report] = world.publish(store, commit="b", site=edited(world), workers=4)
    ended = [*store.ended]
    Waited.somebody_waits.set()

    assert report.outcome == ("failed" if failure else "published")
    assert len(ended) == 2
    assert shards(store) == (before if failure else named(world, store))


@pytest.mark.parametrize("workers", [1, 4])
def test_a_shard_beside_the_pages_that_fails_is_told(world: World, workers: int) -> None:
    """Also where it would go well the next time: whoever it was may have lost the lease."""
    world.publish_one()
    failures = iter([StoreError("the disk is full")])

    def fail_once(operation: str, key: str) -> None:
        if operation == "put" and key.startswith(SHARDS):
            for failure in failures:
                raise failure

    world.store.before = fail_once

    [report] = world.publish(commit="b", site=edited(world), workers=workers)

    assert (report.outcome, report.error) == ("failed", "the disk is full")
    assert world.manifest().source.commit == "a"
    assert world.publish_one("b", edited(world)).outcome == "published"
    assert_sound(world.store)


def test_whoever_dies_with_shards_ahead_is_followed(world: World) -> None:
    world.publish_one()
    store = world.store
    after_the_shards(telling(world), Died())
    with pytest.raises(Died):
        world.publish(commit="b", site=edited(world), workers=4)
    store.before = lambda operation, key: None
    world.clock.sleep(600)
    expected = clean(edited(world), store, world.clock.now)

    [report] = world.publish(commit="b", site=edited(world), workers=4)

    assert report.outcome == "published"
    assert store.site() == expected
    assert_sound(store)
    # What the died one left goes with it, though no root ever named it.
    assert named(world, store) == shards(store)


def test_a_delete_that_fails_is_in_what_is_committed(world: World) -> None:
    world.site.incidents["mail"] = {U1: "Mail is late."}
    world.site.pages["old.html"] = "old"
    world.publish_one()
    del world.site.pages["old.html"]
    world.publish_one("b")
    world.clock.sleep(7200)

    def refuse(operation: str, key: str) -> None:
        if (operation, key) == ("delete", "old.html"):
            raise StoreError("may not delete")

    world.store.before = refuse
    [report] = world.publish(commit="c", site=edited(world), workers=4)

    assert report.outcome == "published"
    assert "old.html" in world.manifest().gone
    assert shards(world.store) == named(world, world.store)


@pytest.mark.parametrize("limit", ["MOST_AHEAD", "MOST_BYTES_AHEAD"])
def test_where_much_is_sent_shards_wait_for_all_etags(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A way more to the server counts for nothing then, and all of it would be held in memory."""
    monkeypatch.setattr(f"firstword.publisher.carry.{limit}", 1)
    store = Salted()
    store.exact = (STATE, CARD)
    world.publish(store)
    store.requests.clear()

    world.publish(store, commit="b", site=edited(world), workers=4)

    # None of them was written for nothing.
    assert len([key for key in store.asked("put") if key.startswith(SHARDS)]) == 2


def test_what_is_planned_is_not_counted_again_for_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def puts(plan: Plan) -> tuple[Put, ...]:
        nonlocal asked
        asked += 1
        return tuple(put for phase in plan.phases for put in phase)

    monkeypatch.setattr(Plan, "puts", property(puts))
    site = Site(tmp_path, {f"card-{number}": {U1: "It fails."} for number in range(50)})
    world = World(site, store=Telling())

    assert world.publish_one().puts > 50
    assert asked < 20
