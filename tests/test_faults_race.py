"""Many publishers at once: the newest commit wins, whole, and everybody is told what happened."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakestore import Died, FakeStore
from faults_bucket import snapshot
from faults_race import TOLD, Race
from faults_reader import broken_links
from faults_site import HOUR, NOW, Checkout, Example

from firstword.clock import system_clock
from firstword.publisher import Report
from firstword.store import open_store

MINUTE = timedelta(minutes=1)
ROUNDS = 200

#: The same, of those who lost several times over and are to try again.
TOLD_TO_TRY_AGAIN = ("publish again later", ", 6 times")


@dataclass
class Actor:
    """One publisher on the stage, in a thread of its own."""

    wakes: datetime
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: bool = False
    report: Report | None = None  #: None = died


class Stage:
    """Lets one thread act at a time, and chooses which: the same play for the same seed.

    Time passes only here: a little with every request, and when everybody sleeps. Now and then an
    actor freezes for longer than a lease lasts, and wakes where he was; or he dies.
    """

    def __init__(self, seed: int, target: FakeStore, *, freezes: float, deaths: float) -> None:
        self.now = NOW
        self.target = target
        self.chance = random.Random(seed)  # noqa: S311 - the same play each time
        self._freezes = freezes
        self._deaths = deaths
        self._paused = threading.Semaphore(0)

    def play(self, checkouts: list[Checkout], audience: Callable[[], None]) -> list[Report | None]:
        """Let all publish at once; `audience` looks between two requests."""
        actors = [Actor(self.now) for _ in checkouts]
        threads = [
            threading.Thread(target=self._act, args=pair, daemon=True)
            for pair in zip(actors, checkouts, strict=True)
        ]
        for thread in threads:
            thread.start()
        while playing := [actor for actor in actors if not actor.ended]:
            self.now = max(self.now, min(actor.wakes for actor in playing))
            actor = self.chance.choice([one for one in playing if one.wakes <= self.now])
            self.now += timedelta(milliseconds=self.chance.randrange(300))
            actor.turn.release()
            self._paused.acquire()
            audience()
        for thread in threads:
            thread.join()
        return [actor.report for actor in actors]

    def _act(self, actor: Actor, checkout: Checkout) -> None:
        store = FakeStore()
        store.objects = self.target.objects  # no copy: they share one target
        store.before = lambda operation, key: self._ask(actor)
        actor.turn.acquire()
        try:
            with suppress(Died):
                actor.report = checkout.publish(
                    store, clock=lambda: self.now, sleep=lambda s: self._pause(actor, s)
                )
        finally:
            actor.ended = True
            self._paused.release()

    def _ask(self, actor: Actor) -> None:
        fate = self.chance.random()
        self._pause(actor, 600 if fate < self._freezes else 0)
        if self.chance.random() < self._deaths:
            raise Died

    def _pause(self, actor: Actor, seconds: float) -> None:
        actor.wakes = self.now + timedelta(seconds=seconds)
        self._paused.release()
        actor.turn.acquire()


@pytest.fixture(scope="module", params=[None, 1], ids=["whole history", "depth-1 clones"])
def race(request: pytest.FixtureRequest, race_example: Example) -> Race:
    return Race.of(race_example, request.param)


def assert_told(report: Report | None, *more: str) -> None:
    """Whoever did not publish got a line that says why."""
    if report is None or report.outcome in {"published", "unchanged"}:
        return
    said = report.error or "\n".join(report.lines)
    assert any(words in said for words in (*TOLD, *more)), report


@pytest.mark.parametrize("seed", range(ROUNDS // 4))
def test_eight_publishers_at_once(race: Race, seed: int) -> None:
    """Nobody fails: the newest commit ends up live in every order of events."""
    target = race.target()
    stage = Stage(seed, target, freezes=0, deaths=0)

    def audience() -> None:
        if stage.chance.random() < 0.05:
            assert broken_links(target.site()) == set()

    checkouts = stage.chance.sample([*race.line, race.beside], 8)
    reports = stage.play(checkouts, audience)

    by_commit = {one.commit: report for one, report in zip(checkouts, reports, strict=True)}
    for report in reports:
        assert_told(report, *TOLD_TO_TRY_AGAIN)
    beside, newest = by_commit[race.beside.commit], by_commit[race.newest.commit]
    assert beside is not None
    assert beside.outcome == "refused"
    assert newest is not None
    assert newest.outcome == "published"
    race.assert_settled(target, stage.now)


@pytest.mark.parametrize("seed", range(ROUNDS // 4))
def test_eight_publishers_that_freeze_and_die(race: Race, seed: int) -> None:
    """Laptops are closed and CI jobs cancelled in the middle; then the newest is run once more."""
    target = race.target()
    stage = Stage(1000 + seed, target, freezes=0.01, deaths=0.005)

    def audience() -> None:
        if stage.chance.random() < 0.05:
            assert broken_links(target.site()) == set()

    reports = stage.play(stage.chance.sample([*race.line, race.beside], 8), audience)

    for report in reports:
        assert_told(report, *TOLD_TO_TRY_AGAIN)
    stage.now += 5 * MINUTE
    [last] = stage.play([race.newest], lambda: None)
    while last is None:
        stage.now += 5 * MINUTE
        [last] = stage.play([race.newest], lambda: None)
    assert last.outcome in {"published", "unchanged"}, last.error
    race.assert_settled(target, stage.now)


@pytest.mark.parametrize("seed", range(2))
def test_eight_processes_at_once(race_example: Example, tmp_path: Path, seed: int) -> None:
    """A folder's conditions are kept by a lock of the system; two more rounds are on Ceph."""
    race = Race.of(race_example)
    store = open_store(str(tmp_path / "public"), environ={})
    race.live.publish(store, now=system_clock() - 3 * HOUR)

    race.processes(str(tmp_path / "public"), tmp_path, seed)

    race.assert_settled(snapshot(store), system_clock())
