"""The example site, newer over older, from a publisher that dies at every single request.

The store here is written by hand; `test_faults_kill.py` kills real processes.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from fakestore import Died, FakeStore, Kept, assert_sound
from faults_reader import HOME, broken_links, named_updates
from faults_site import HOUR, NOW, Checkout, Example

from firstword.manifest import ROOT_KEY
from firstword.shards import SHARDS
from firstword.store import Found, Head, Write

CARD = "incidents/2026-11-21-card-payments/index.html"
SLOW = "incidents/2026-10-06-slow-pages/index.html"
NINE, WINDOW = "nine/index.html", "window/index.html"
#: The lease of whoever died is over by then.
AFTERWARDS = NOW + timedelta(minutes=5)
#: Everything that was unlinked is due to be deleted by then.
MUCH_LATER = AFTERWARDS + 2 * HOUR


@dataclass(kw_only=True)
class Death:
    """Strikes one process: at the request of a number, before or after the store has acted."""

    number: int
    after: bool
    struck: str = ""  #: at what kind of request
    _passed: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def comes(self, operation: str, key: str, *, after: bool) -> None:
        """Raise Died when it is time, in whichever thread asks, and for ever after."""
        with self._lock:
            if after is self.after and not self.struck and next(self._passed) == self.number:
                state = {ROOT_KEY: "root"}.get(key, "shard" if key.startswith(SHARDS) else "page")
                self.struck = f"{operation} {state}"
            if self.struck:
                raise Died


class Mortal(FakeStore):
    """The store as one process sees it that will die."""

    def __init__(self, objects: dict[str, Kept], death: Death) -> None:
        super().__init__("s3://fake")
        self.objects = objects  # no copy: what this process does stays
        self._death = death
        self.before = lambda operation, key: death.comes(operation, key, after=False)

    def get(self, key: str) -> Found | None:
        answer = super().get(key)
        self._death.comes("get", key, after=True)
        return answer

    def head(self, key: str) -> Head | None:
        answer = super().head(key)
        self._death.comes("head", key, after=True)
        return answer

    def put(self, write: Write) -> str:
        etag = super().put(write)
        self._death.comes("put", write.key, after=True)
        return etag

    def delete(self, key: str, if_match: str | None) -> None:
        super().delete(key, if_match)
        self._death.comes("delete", key, after=True)


@dataclass(frozen=True)
class Scene:
    """A target that holds the older commit, and what it comes to when nobody dies."""

    newer: Checkout
    target: FakeStore
    tabs: dict[str, bytes]  #: pages of the older commit, in a cache or an open tab
    clean: dict[str, bytes]

    @classmethod
    def of(cls, example: Example, depth: int | None) -> Scene:
        first, older, newer = (
            example.checkout(name, depth=depth) for name in ("first", "older", "newer")
        )
        target = FakeStore()
        for checkout, at in ((first, NOW - 4 * HOUR), (older, NOW - 3 * HOUR)):
            assert checkout.publish(target, now=at).outcome == "published"
        tabs = {key: body for key, body in target.site().items() if key != WINDOW}
        after = target.copy()
        assert newer.publish(after, now=AFTERWARDS).deletes == 1
        assert newer.publish(after, now=MUCH_LATER).deletes == 1
        return cls(newer, target, tabs, after.site())

    def die(self, store: FakeStore, death: Death, workers: int, now: datetime = NOW) -> FakeStore:
        """Let a process publish the newer commit until it dies; return what it leaves."""
        with suppress(Died):
            report = self.newer.publish(Mortal(store.objects, death), now=now, workers=workers)
            assert report.outcome in {"published", "unchanged"}, report.error
        return store.copy()

    def assert_readable(self, store: FakeStore) -> None:
        """A reader finds a whole site, from its front door and from every page already open."""
        site = store.site()
        assert broken_links(site) == set()
        assert broken_links(site, start=self.tabs) == set()
        for key, body in site.items():
            assert body in {self.tabs.get(key), self.clean.get(key)} or key == WINDOW, key

    def assert_heals(self, store: FakeStore) -> None:
        """The next publish finishes the work, and the one after the grace period cleans up."""
        report = self.newer.publish(store, now=AFTERWARDS)
        assert report.outcome in {"published", "unchanged"}, report.error
        self.assert_readable(store)
        assert_sound(store)
        assert NINE in store.objects, "what was linked until now has to stay for a while"
        self.newer.publish(store, now=MUCH_LATER)
        assert store.site() == self.clean
        assert broken_links(store.site()) == set()
        assert_sound(store)


@pytest.fixture(scope="module", params=[None, 1], ids=["whole history", "depth-1 clone"])
def scene(request: pytest.FixtureRequest, example: Example) -> Scene:
    return Scene.of(example, request.param)


def test_the_example_is_one_that_can_break(scene: Scene) -> None:
    """Otherwise the deaths below prove nothing."""
    new, gone = scene.clean.keys() - scene.tabs.keys(), scene.tabs.keys() - scene.clean.keys()
    breaking = {key for key in scene.clean if broken_links(scene.tabs | {key: scene.clean[key]})}

    assert gone == {NINE}
    assert {
        "incidents/2026-11-04-wrong-list/index.html",
        "maintenance/2026-11-25-second-line/index.html",
    } <= new
    assert len(named_updates(scene.clean[CARD]) - named_updates(scene.tabs[CARD])) == 1
    assert {HOME, SLOW, "feeds/updates.atom", "history/2026-11/index.html"} <= breaking
    assert broken_links({key: body for key, body in scene.tabs.items() if key != NINE})
    assert broken_links(scene.clean) == broken_links(scene.tabs) == set()


@pytest.mark.parametrize(
    ("workers", "after"),
    [(1, False), (1, True), (8, True)],
    ids=["before", "after", "after, with others under way"],
)
def test_dying_at_any_request(scene: Scene, workers: int, after: bool) -> None:
    struck = set()
    for number in itertools.count():
        death = Death(number=number, after=after)
        store = scene.die(scene.target.copy(), death, workers)
        if not death.struck:
            break
        struck.add(death.struck)
        scene.assert_readable(store)
        scene.assert_heals(store)
    kinds = {
        *("get root", "get shard", "put root", "put page", "put shard"),
        *("head page", "delete page", "delete shard"),
    }
    # Shards come and go beside pages: with others under way it is chance which is the n-th.
    chance = {"put shard", "delete shard"} if workers > 1 else set()
    assert struck | chance == kinds


@pytest.mark.parametrize("seed", range(40))
def test_dying_again_and_again(scene: Scene, seed: int) -> None:
    """Whoever takes over dies as well, and the next one too."""
    chance = random.Random(seed)  # noqa: S311 - the same deaths each time
    store, now = scene.target.copy(), NOW
    for _ in range(5):
        death = Death(number=chance.randrange(60), after=chance.random() < 0.5)
        store = scene.die(store, death, chance.choice([1, 8]), now)
        scene.assert_readable(store)
        now += timedelta(minutes=chance.choice([3, 6, 11]))
    assert now < NOW + HOUR, "within the grace period every open tab keeps working"
    report = scene.newer.publish(store, now=now + 2 * HOUR)
    assert report.outcome in {"published", "unchanged"}, report.error
    scene.newer.publish(store, now=now + 4 * HOUR)
    assert store.site() == scene.clean
    assert_sound(store)


def test_a_first_publish_that_dies(scene: Scene) -> None:
    """There is no front door before there is a house."""
    for number in itertools.count():
        death = Death(number=number, after=number % 2 == 0)
        store = scene.die(FakeStore(), death, 8)
        if not death.struck:
            break
        if HOME in store.objects:
            assert broken_links(store.site()) == set()
        assert scene.newer.publish(store, now=AFTERWARDS).outcome in {"published", "unchanged"}
        assert broken_links(store.site()) == set()
        assert_sound(store)
