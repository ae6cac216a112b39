"""Leases that are taken while the build goes on: never for nothing, and never by less."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakestore import (
    CARD,
    FEED,
    HOME,
    MINUTE,
    U1,
    U3,
    Died,
    FakeStore,
    Site,
    World,
    assert_sound,
    clean,
    edited,
    shards,
)

from firstword.errors import BuildError, StoreError
from firstword.manifest import ROOT_KEY, Built, Lease, Memory, root_to_bytes
from firstword.publisher import Foreseen, Report
from firstword.store import Write
from firstword.store.state import read_root
from firstword.values import replace

ALL = (CARD, FEED, HOME)


class Rooted(FakeStore):
    """A store that tells when its root was written, and what it said."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def put(self, write: Write) -> str:
        etag = super().put(write)
        if write.key == ROOT_KEY:
            self.written.set()
        return etag


@dataclass
class Telling:
    """A build that tells what it will make, and then does something else."""

    site: Site
    keys: Sequence[str] = ALL
    foreseen: Foreseen = field(default_factory=Foreseen)
    then: Callable[[], object] = lambda: None

    def build(self, memory: Memory) -> Built:
        built = self.site.build(memory)
        self.foreseen(self.keys)
        self.then()
        return built


class Failing(Rooted):
    """A store whose root can be written once, and then for a while not."""

    failing = 0

    def put(self, write: Write) -> str:
        if write.key == ROOT_KEY and self.written.is_set() and self.failing:
            self.failing -= 1
            raise StoreError("the disk is full")
        return super().put(write)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(Site(tmp_path, {"card": {U1: "One payment in five fails."}}), store=Rooted())
    world.publish_one()
    world.store.requests.clear()
    rooted(world).written.clear()
    return world


def rooted(world: World) -> Rooted:
    assert isinstance(world.store, Rooted)
    return world.store


def publish(world: World, told: Telling, **options: Any) -> Report:
    given = {"commit": "b", "workers": 4, **options}
    [report] = world.publish(site=told, foreseen=told.foreseen, **given)
    return report


def leased(world: World) -> Lease:
    """Return the lease, once it is there."""
    assert rooted(world).written.wait(10)
    lease = world.manifest().lease
    assert lease is not None
    return lease


def roots_written(world: World) -> int:
    return world.store.asked("put").count(ROOT_KEY)


def test_the_lease_is_taken_while_the_build_goes_on(world: World) -> None:
    taken: list[Lease] = []
    told = Telling(edited(world), then=lambda: taken.append(leased(world)))

    report = publish(world, told)

    assert report.outcome == "published"
    assert taken[0].owner == "publisher of b"
    assert taken[0].touches == tuple(sorted(ALL))
    assert roots_written(world) == 2
    assert_sound(world.store)


def test_what_was_not_foreseen_is_named_before_it_is_sent(world: World) -> None:
    """Else whoever takes over would trust a page that was half done."""
    named: list[tuple[str, ...]] = []

    def before(operation: str, key: str) -> None:
        if operation == "put" and key in ALL:
            lease = world.manifest(world.store.copy()).lease
            named.append(lease.touches if lease else ())

    world.store.before = before
    report = publish(world, Telling(edited(world), keys=(HOME, "gone.html")))

    assert report.outcome == "published"
    assert named == [tuple(sorted((*ALL, "gone.html")))] * 3
    assert roots_written(world) == 3
    assert_sound(world.store)


def test_who_dies_under_such_a_lease_is_followed(world: World) -> None:
    def die(operation: str, key: str) -> None:
        if (operation, key) == ("put", FEED):
            raise Died

    world.store.before = die
    with pytest.raises(Died):
        publish(world, Telling(edited(world), keys=(*ALL, "never.html")))
    world.store.before = lambda _operation, _key: None
    world.clock.now += timedelta(minutes=10)
    expected = clean(edited(world), world.store, world.clock.now)

    assert world.publish_one("b", edited(world)).outcome == "published"
    assert world.store.site() == expected
    assert_sound(world.store)


@pytest.mark.parametrize("failure", [BuildError("the disk is full"), KeyboardInterrupt()])
def test_a_build_that_fails_gives_the_lease_back(world: World, failure: BaseException) -> None:
    def fail() -> None:
        leased(world)
        raise failure

    with pytest.raises(type(failure)):
        publish(world, Telling(edited(world), then=fail))

    assert world.manifest().lease is None
    assert world.store.asked("put") == [ROOT_KEY, ROOT_KEY]
    assert_sound(world.store)


def test_a_refused_plan_gives_the_lease_back(world: World) -> None:
    before = world.store.site()
    homeless = edited(world)
    homeless.pages[".env"] = "SECRET=1"

    report = publish(world, Telling(homeless, then=partial(leased, world)))

    assert report.outcome == "refused"
    assert world.manifest().lease is None
    assert roots_written(world) == 2
    assert world.store.site() == before
    assert_sound(world.store)


def test_where_nothing_is_to_be_sent_the_lease_is_given_back(world: World) -> None:
    report = publish(world, Telling(world.site, then=partial(leased, world)))

    assert report.outcome == "unchanged"
    assert world.manifest().lease is None
    assert_sound(world.store)


def test_whoever_comes_in_between_is_not_overrun(world: World) -> None:
    """The one publishes while the other builds, so that its lease is not given."""
    both = edited(world)
    both.incidents["mail"] = {U3: "The wrong list."}
    told = Telling(both)
    foreseen, told.foreseen = told.foreseen, Foreseen()
    keys = (*ALL, "incidents/mail/index.html")

    def come_between() -> None:
        told.then = lambda: foreseen(keys)
        world.publish_one("b", edited(world))
        foreseen(keys)

    told.then = come_between
    [report] = world.publish(site=told, foreseen=foreseen, commit="c", workers=4)

    assert report.outcome == "published"
    # It was asked for twice, and given once; the one in between asked and was given it.
    assert roots_written(world) == 5
    assert world.manifest().source.commit == "c"
    assert "incidents/mail/index.html" in world.store.site()
    assert_sound(world.store)


def test_a_lease_that_cannot_be_widened_is_given_back(world: World) -> None:
    store = Failing()
    world.publish(store)
    store.written.clear()
    store.failing = 1
    told = Telling(edited(world), keys=(HOME,), then=lambda: store.written.wait(10))

    [report] = world.publish(store, commit="b", site=told, foreseen=told.foreseen, workers=4)

    assert (report.outcome, report.error) == ("failed", "the disk is full")
    assert world.manifest(store).lease is None
    assert_sound(store)


def test_one_target_of_two_that_fails_keeps_no_lease_of_the_other(world: World) -> None:
    other = Rooted()
    other.name = "s3://other"
    world.publish(other)
    other.written.clear()
    told = Telling(edited(world))
    told.then = lambda: (leased(world), other.written.wait(10))

    def refuse(operation: str, key: str) -> None:
        if (operation, key) == ("put", HOME):
            raise StoreError("the disk is full")

    other.before = refuse
    both = [world.store, other]
    reports = world.publish(*both, commit="b", site=told, foreseen=told.foreseen, workers=4)

    assert [report.outcome for report in reports] == ["published", "failed"]
    assert_sound(world.store)
    ended = world.manifest(other).lease
    assert ended is not None
    assert not ended.live(world.clock.now)


def test_state_that_is_missing_is_no_other_publisher(world: World) -> None:
    """Our own lease changes the root as well."""

    class Losing(Telling):
        """A build that tells what it will make, and asks what the target remembers after that."""

        def build(self, memory: Memory) -> Built:
            self.foreseen(self.keys)
            leased(world)
            for key in shards(world.store):
                del world.store.objects[key]
            return self.site.build(memory)

    report = publish(world, Losing(edited(world)))

    assert report.outcome == "failed"
    assert "is missing, and with it what the target remembers" in str(report.error)
    assert read_root(world.store).manifest.lease is None


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"dry_run": True}, ALL),
        ({"full": True}, ALL),
        ({"workers": 1}, ALL),
        ({"commit": "a"}, ALL),
        ({}, [f"{number}.html" for number in range(201)]),
    ],
    ids=["dry run", "full", "one request at a time", "the same commit", "many files"],
)
def test_who_takes_the_lease_when_the_plan_is_made(
    world: World, options: dict[str, Any], keys: Sequence[str]
) -> None:
    """None that was taken earlier would name more than what is sent."""
    touched: list[tuple[str, ...]] = []

    def before(operation: str, key: str) -> None:
        if operation == "put" and key == HOME:
            lease = world.manifest(world.store.copy()).lease
            touched.append(lease.touches if lease else ())

    world.store.before = before
    publish(world, Telling(edited(world), keys=(*keys, "never.html")), **options)

    assert touched == ([] if "dry_run" in options else [tuple(sorted(ALL))])
    assert roots_written(world) == (0 if "dry_run" in options else 2)


def test_a_target_that_is_to_be_asked_first_is_not_held_before(world: World) -> None:
    """Whether it keeps publishers apart shows then."""
    world.store.name = "s3://moved"

    publish(world, Telling(edited(world)))

    puts = world.store.asked("put")
    assert puts[0].startswith(".firstword/probe/")
    assert puts.count(ROOT_KEY) == 2


def test_a_lease_of_somebody_else_is_waited_for(world: World) -> None:
    manifest = world.manifest()
    held = Lease(
        owner="somebody",
        taken_at=world.clock.now,
        until=world.clock.now + MINUTE,
        origin=manifest.source,
        touches=(),
    )
    world.store.add(ROOT_KEY, root_to_bytes(replace(manifest, lease=held)))

    report = publish(world, Telling(edited(world)))

    assert report.outcome == "published"
    assert "s3://fake: somebody is publishing; waiting" in world.said
    assert roots_written(world) == 2
    assert_sound(world.store)
