"""Publishing to targets that race, stall, fail and die."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from fakestore import (
    FEED,
    HOME,
    HOUR,
    MINUTE,
    NOON,
    STYLE,
    U1,
    U2,
    U3,
    Died,
    FakeStore,
    Site,
    World,
    assert_sound,
    clean,
    die,
    died,
    md5,
    shards,
)

from firstword.errors import BuildError, Conflict, StoreError, Unavailable
from firstword.gitlog import Source
from firstword.manifest import ROOT_KEY, STATE, Built, Manifest, Memory
from firstword.publisher import Report
from firstword.shards import shard_key, tree_of
from firstword.store import Write
from firstword.values import replace


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Site(tmp_path, {"card": {U1: "One payment in five fails."}}))


def at(number: int, act: Callable[[], object]) -> Callable[[str, str], None]:
    """Return what lets a store do something before the request of that number, once."""
    passed = itertools.count()

    def before(operation: str, key: str) -> None:
        if next(passed) == number:
            act()

    return before


# ── leases ───────────────────────────────────────────────────────────────────────────────────────


def test_whoever_finds_a_lease_waits_and_then_starts_over(world: World) -> None:
    world.publish_one()
    theirs, ours = world.later(mail={U2: "x"}), world.later(mail={U2: "x", U3: "y"})
    second = Once(partial(world.publish, commit="c", site=ours, wait_seconds=4))
    world.store.before = at(8, second)
    [first] = world.publish(commit="b", site=theirs)

    assert first.outcome == "published"
    assert second.report is not None
    assert second.report.outcome == "failed"
    assert second.report.error == (
        "publisher of b has been publishing since 2026-11-21 12:00:00+00:00; "
        "waited 4 s: publish again later"
    )
    assert "s3://fake: publisher of b is publishing; waiting" in world.said
    assert world.publish(commit="c", site=ours)[0].outcome == "published"
    assert_sound(world.store)


def while_it_ends(world: World, site: Site) -> Callable[[float], None]:
    """Let a publish of b be at work; return a sleep in which it ends well."""
    finished = World(site, store=world.store.copy())
    finished.publish(commit="b")
    die(world.store, world, after=ROOT_KEY, site=site)

    def sleep(seconds: float) -> None:
        world.clock.now += timedelta(seconds=seconds)
        world.store.objects = finished.store.objects

    return sleep


def test_a_lease_that_is_given_back_ends_the_wait(world: World) -> None:
    """The first is at work; it ends well while the second sleeps."""
    world.publish_one()
    first, second = world.later(mail={U2: "x"}), world.later(mail={U2: "x", U3: "y"})
    sleep = while_it_ends(world, first)

    [report] = world.publish(commit="c", site=second, sleep=sleep)

    waited = NOON + timedelta(seconds=2)
    assert report.outcome == "published"
    assert [memory.now for memory in second.memories] == [NOON, waited]
    assert world.manifest().stamps["mail"] == {U2: NOON, U3: waited}


def test_after_a_wait_what_is_live_is_of_the_commit_that_is_there_now(world: World) -> None:
    world.publish_one()
    first, second = world.later(mail={U2: "x"}), world.later(mail={U2: "x", U3: "y"})
    sleep = while_it_ends(world, first)

    world.publish(commit="c", source_again=Source(commit="d"), site=second, sleep=sleep)

    assert world.manifest().source.commit == "d"


def test_a_dead_lease_is_taken_over_by_who_follows(world: World) -> None:
    world.publish_one()
    site = world.later(mail={U2: "x"})
    die(world.store, world, after="incidents/mail/index.html", site=site)

    [report] = world.publish(commit="c", site=site)

    assert report.outcome == "published"
    assert world.clock.now >= NOON + 2 * MINUTE
    assert world.store.site() == clean(site, world.store, world.clock.now)
    assert_sound(world.store)


@pytest.mark.parametrize("ours", ["a", "C"])
def test_a_dead_lease_stops_who_does_not_follow(world: World, ours: str) -> None:
    """Its pages may be half there: an older or another site would undo them."""
    world.publish_one(None)
    die(world.store, world, after=HOME, site=world.later(mail={U2: "x"}))
    world.clock.now += HOUR

    [report] = world.publish(commit=ours, site=world.later(card={U1: "Other words."}))

    assert report.outcome == "refused"
    assert report.error == (
        "publisher of b began to publish commit b at 2026-11-21 12:00:00+00:00 and never ended; "
        "publish that commit, or one that follows it"
    )
    assert world.store.asked("put", "delete") == []


def test_what_a_died_publish_wrote_and_nobody_wants_is_taken_back(world: World) -> None:
    """A draft was published by mistake, the publisher died, and the next commit reverts it."""
    world.publish_one()
    reverted = dict(world.store.site())
    mistake = Site(world.site.folder, world.site.incidents, {"draft/index.html": "secret"})
    mistake.incidents = {"card": {U1: "Words that will be reverted."}}
    die(world.store, world, after=HOME, site=mistake)
    assert "draft/index.html" in world.store.objects

    world.publish(commit="c")
    assert_sound(world.store)
    world.clock.now += HOUR
    world.publish(commit="d")

    assert world.store.site() == reverted
    assert_sound(world.store)


def test_a_long_upload_renews_its_lease(world: World) -> None:
    untils: list[str] = []

    def slow(operation: str, key: str) -> None:
        world.clock.now += timedelta(seconds=50)
        root = world.store.objects.get(ROOT_KEY)
        lease = root and json.loads(root.body)["lease"]
        untils.extend([lease["until"]] if lease and lease["until"] not in untils else [])

    world.store.before = slow
    report = world.publish_one()

    assert report.outcome == "published"
    assert len(untils) > 2
    assert untils == sorted(untils)
    assert_sound(world.store)


def test_a_lease_that_ran_out_is_not_written_under(world: World) -> None:
    """The publisher slept; nobody came; it begins again, and says so to nobody."""
    stalled: list[str] = []

    def stall(operation: str, key: str) -> None:
        if (operation, key) == ("put", STYLE) and not stalled:
            stalled.append(key)
            world.clock.now += HOUR

    world.store.before = stall
    report = world.publish_one()

    assert report.outcome == "published"
    assert len(world.site.memories) == 2
    assert world.site.memories[1].now == NOON + HOUR
    assert_sound(world.store)


def test_a_target_that_never_holds_still_is_given_up(world: World) -> None:
    def meddle(operation: str, key: str) -> None:
        root = world.store.objects.get(ROOT_KEY)
        if (operation, key) == ("put", FEED) and root:
            touched = json.loads(root.body) | {"generation": len(world.site.memories) * 10}
            body = json.dumps(touched | {"lease": None}).encode()
            world.store.objects[ROOT_KEY] = replace(root, body=body, etag=md5(body))

    world.store.before = meddle
    report = world.publish_one()

    assert report.outcome == "failed"
    assert report.error == "s3://fake: another publisher came in between, 6 times"


def test_a_lost_answer_is_no_conflict(world: World) -> None:
    """The write arrived, its answer did not, and the client repeated it: a conflict with itself."""
    real = world.store.put

    def twice(write: Write) -> str:
        real(write)
        return real(write)

    world.store.put = twice  # type: ignore[method-assign]

    assert world.publish_one().outcome == "published"
    assert world.publish_one("b", world.later(card={U1: "Other words."})).outcome == "published"
    assert world.site.memories[1:] == []
    assert_sound(world.store)


# ── conflicts about one object ───────────────────────────────────────────────────────────────────


def test_what_somebody_overwrote_is_put_right(world: World) -> None:
    world.publish_one()
    world.store.add(HOME, b"edited in a hurry")

    report = world.publish_one("b", world.later(card={U1: "Other words."}))

    assert report.outcome == "published"
    assert_sound(world.store)


def test_what_somebody_deleted_is_put_back(world: World) -> None:
    world.publish_one()
    del world.store.objects[HOME]

    assert world.publish_one("b", world.later(card={U1: "Other words."})).outcome == "published"
    assert_sound(world.store)


def test_what_is_not_from_firstword_is_not_overwritten(world: World) -> None:
    """The target is somebody's web site."""
    world.store.add(HOME, b"a web site")

    report = world.publish_one()

    assert report.outcome == "failed"
    assert report.error == (
        "s3://fake: 'index.html' is there already, and not from Firstword: move it away, publish "
        "under another prefix, or replace it with --full"
    )
    assert world.store.objects[HOME].body == b"a web site"
    assert world.publish(full=True)[0].outcome == "published"
    assert_sound(world.store)


def test_an_object_of_a_newer_publish_is_left_alone(world: World) -> None:
    """The root was put back from a backup; the pages are ahead of it."""
    world.publish_one()
    backup = {key: kept for key, kept in world.store.objects.items() if key.startswith(STATE)}
    for commit in "bcd":
        world.publish_one(commit, world.later(card={U1: f"Words of {commit}."}))
    world.store.objects |= backup
    site = world.later(card={U1: "Words of e."})
    ahead = dict(world.store.site())

    report = world.publish_one("e", site)

    assert report.outcome == "failed"
    assert report.error == (
        "s3://fake: 'incidents/card/index.html' is newer than the target's own state, as if an old "
        "state had been put back; look at what is live, then publish with --full"
    )
    assert world.store.site() == ahead
    world.clock.now += HOUR
    assert world.publish(commit="e", site=site, full=True)[0].outcome == "published"
    assert_sound(world.store)


# ── a server that is busy, or out of reach for a moment ──────────────────────────────────────────


class Busy(FakeStore):
    """A server that is at work on every object: it answers so some times before it acts."""

    times = 1
    error: StoreError = StoreError()

    def put(self, write: Write) -> str:
        self.stall("put", write.key)
        return super().put(write)

    def delete(self, key: str, if_match: str | None) -> None:
        self.stall("delete", key)
        super().delete(key, if_match)

    def stall(self, operation: str, key: str) -> None:
        if self.requests.count(("stall", f"{operation} {key}")) < self.times:
            self.requests.append(("stall", f"{operation} {key}"))
            raise self.error


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_busy_server_is_no_other_publisher(world: World, times: int) -> None:
    """It says "conflict", and nobody wrote anything: neither page, nor state, nor root."""
    *_, before = beginnings(world)
    site, quiet = changed(world), before.copy()
    before_stale = world.manifest(before).stale
    world.publish(quiet, commit="b", site=site)
    store = Busy(before.name, before.objects)
    store.times, store.error = times, Conflict("any")
    began, site.memories = world.clock.now, []

    [report] = world.publish(store, commit="b", site=site)

    assert (world.clock.now, len(site.memories)) == (began, 1), "it waited for its own lease"
    assert (report.outcome, report.deletes) == ("published", 1)
    assert report.lines[-1].startswith(f"{report.puts} to put"), report.lines
    assert store.site() == quiet.site()
    # Old state has one attempt, and stays named.
    quietly, busily = world.manifest(quiet), world.manifest(store)
    assert set(quietly.stale) < set(busily.stale)
    assert shards(quiet) == shards(store) - set(map(shard_key, before_stale))
    assert_sound(store)


def test_a_server_that_stays_busy_is_given_up(world: World) -> None:
    world.publish_one()
    store = Busy(world.store.name, world.store.objects)
    store.times, store.error = 99, Conflict("any")

    [report] = world.publish(store, commit="b", site=changed(world))

    assert report.outcome == "failed"
    assert report.error == (
        "s3://fake: the server is busy with '.firstword/root.json' all the time"
    )
    assert store.objects == world.store.objects


def test_a_page_that_does_not_get_through_is_sent_again(world: World) -> None:
    """Beyond what the client does by itself: one request of many must not undo the rest."""
    *_, before = beginnings(world)
    site = changed(world)

    class Rough(Busy):
        def stall(self, operation: str, key: str) -> None:
            if key != ROOT_KEY:
                super().stall(operation, key)

    for times, outcome in ((2, "published"), (3, "failed")):
        store = Rough(before.name, before.objects)
        store.times, store.error = times, Unavailable("cannot write: no answer")
        [report] = world.publish(store, commit="b", site=site)
        assert report.outcome == outcome, times


def test_nothing_is_sent_again_under_a_lease_that_ran_out(world: World) -> None:
    world.publish_one()
    store = Busy(world.store.name, world.store.objects)
    sent: list[str] = []

    def stall(operation: str, key: str) -> None:
        if operation == "put" and key == HOME:
            sent.append(str(world.clock.now))
            if len(sent) == 1:
                world.clock.now += HOUR
                raise Unavailable("cannot write: no answer")

    store.times, store.before = 0, stall

    [report] = world.publish(store, commit="b", site=changed(world))

    assert report.outcome == "published"
    assert len(sent) == 2
    assert world.site.memories[0].now == NOON
    assert world.manifest(store).stamps["mail"] == {U3: NOON + HOUR}


# ── when something fails ─────────────────────────────────────────────────────────────────────────


def failing(world: World, operation: str, key: str) -> Callable[[str, str], None]:
    def fail(asked: str, about: str) -> None:
        if (asked, about) == (operation, key):
            raise StoreError(f"cannot {operation} {key}: access denied")

    return fail


def test_a_failure_gives_the_lease_back_and_says_what_may_be_half_done(world: World) -> None:
    world.publish_one()
    site = world.later(mail={U2: "x"})
    world.store.before = failing(world, "put", FEED)

    [report] = world.publish(commit="b", site=site)
    lease = world.manifest().lease

    assert (report.outcome, report.error) == ("failed", f"cannot put {FEED}: access denied")
    assert lease is not None
    assert not lease.live(world.clock.now)
    assert "incidents/mail/index.html" in lease.touches
    world.store.before = lambda operation, key: None
    assert world.publish(commit="b", site=site)[0].outcome == "published"
    assert world.clock.now == NOON
    assert_sound(world.store)


def test_a_failure_before_anything_was_sent_leaves_no_lease(world: World) -> None:
    class Moved(Site):
        """Another build emptied the folder in the meantime."""

        def build(self, memory: Memory) -> Built:
            return replace(super().build(memory), folder=self.folder / "moved")

    report = world.publish_one(site=Moved(world.site.folder, world.site.incidents))

    assert report.outcome == "failed"
    assert "No such file or directory" in str(report.error)
    assert world.manifest() == Manifest(generation=1, probed="s3://fake")


def test_an_output_that_changed_after_the_build_is_not_published(world: World) -> None:
    class Changed(Site):
        def build(self, memory: Memory) -> Built:
            built = super().build(memory)
            (built.folder / HOME).write_text("from another build")
            return built

    report = world.publish_one(site=Changed(world.site.folder, world.site.incidents))

    assert report.outcome == "failed"
    assert report.error == "'index.html' changed after the build: is another build running?"
    assert HOME not in world.store.objects


def test_a_build_that_fails_is_told_to_the_caller(world: World) -> None:
    def build(memory: Memory) -> Built:
        raise BuildError("no build stamp in 'output'")

    world.site.build = build  # type: ignore[method-assign]

    with pytest.raises(BuildError):
        world.publish_one()
    assert world.store.objects == {}


def test_a_missing_permission_to_delete_does_not_hold_up_new_words(world: World) -> None:
    world.site.pages["about/index.html"] = "about"
    world.publish_one()
    del world.site.pages["about/index.html"]
    world.publish_one("b")
    world.clock.now += HOUR
    world.store.before = failing(world, "delete", "about/index.html")

    report = world.publish_one("c", world.later(card={U1: "Other words."}))

    assert report.outcome == "published"
    assert report.lines[-1] == (
        "not deleted  about/index.html  cannot delete about/index.html: access denied"
    )
    world.store.before = lambda operation, key: None
    assert world.publish_one("d", world.later(card={U1: "Other words."})).deletes == 1
    assert_sound(world.store)


def test_what_somebody_else_wrote_over_a_removed_page_is_not_deleted(world: World) -> None:
    world.site.pages["about/index.html"] = "about"
    world.publish_one()
    del world.site.pages["about/index.html"]
    world.publish_one("b")
    world.store.add("about/index.html", b"by hand")
    world.clock.now += HOUR

    report = world.publish_one("c")

    assert report.outcome == "published"
    assert report.lines[-1] == "left alone  about/index.html  somebody else wrote it"
    assert world.store.objects["about/index.html"].body == b"by hand"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"format": 2}'])
def test_a_root_that_cannot_be_read_is_never_written_over(world: World, body: bytes) -> None:
    world.store.add(ROOT_KEY, body)

    for full in (False, True):
        [report] = world.publish(full=full)
        assert report.outcome == "failed"
        assert report.error is not None
        assert report.error.startswith(".firstword/root.json: ")
    assert world.store.asked("put") == []


@pytest.mark.parametrize("damage", ["missing", "no gzip", "other words"])
def test_a_damaged_shard_is_a_clear_error(world: World, damage: str) -> None:
    world.publish_one()
    one, other = [key for key in world.store.objects if "/shards/" in key][:2]
    if damage == "missing":
        del world.store.objects[one]
    else:
        words = b"words" if damage == "no gzip" else world.store.objects[other].body
        world.store.add(one, words)
    world.store.requests.clear()

    report = world.publish_one("b", world.later(card={U1: "Other words."}))

    assert report.outcome == "failed"
    assert one in str(report.error)
    assert world.store.asked("put") == []


def test_a_shard_that_a_commit_removes_while_we_read_is_no_damage(world: World) -> None:
    world.publish_one()
    done: list[str] = []

    def meanwhile(operation: str, key: str) -> None:
        if "/shards/" in key and not done:
            done.append(key)
            world.publish_one("b", world.later(card={U1: "Other words."}))

    world.store.before = meanwhile
    report = world.publish_one("c", world.later(card={U1: "Better words."}))

    assert report.outcome == "published"
    assert b"Better words." in world.store.site()["incidents/card/index.html"]
    assert done
    assert_sound(world.store)


# ── dying, racing, reading, at every single request ──────────────────────────────────────────────


def changed(world: World) -> Site:
    """Return a site with a new incident, an edited one, a new page and a removed one."""
    site = world.later(
        card={U1: "One payment in five fails.", U2: "Fixed."}, mail={U3: "The wrong list."}
    )
    site.pages = {"about/index.html": "about us", "help/index.html": "help"}
    return site


def beginnings(world: World) -> Iterator[FakeStore]:
    """Yield targets to publish a change to: a new one, and one with a page that is due to go."""
    yield FakeStore()
    world.site.pages = {"about/index.html": "about", "old/index.html": "old", "older.html": "x"}
    world.publish_one()
    del world.site.pages["older.html"]
    world.publish_one()
    world.clock.now += HOUR
    yield world.store


def test_dying_at_any_request_loses_nothing(world: World) -> None:
    deaths = 0
    for before in beginnings(world):
        site, began = changed(world), world.clock.now
        for number in itertools.count():
            store = before.copy()
            world.clock.now, store.before = began, at(number, died)
            try:
                world.publish(store, commit="b", site=site)
            except Died:
                deaths += 1
            else:
                break
            store.before = lambda operation, key: None
            world.clock.now = began + 5 * MINUTE
            [report] = world.publish(store, commit="b", site=site)

            assert report.outcome in {"published", "unchanged"}
            assert_sound(store)
            if report.outcome == "published":
                assert store.site() == clean(site, before, world.clock.now)
    assert deaths > 30


@dataclass
class Once:
    """A publish to begin later, and what became of it."""

    begin: Callable[[], list[Report]]
    report: Report | None = None

    def __call__(self) -> None:
        [self.report] = self.begin()


@pytest.mark.parametrize("commits", [("b", "b"), ("b", "c"), ("c", "b")])
def test_two_publishers_meet_at_any_request(world: World, commits: tuple[str, str]) -> None:
    """The first stalls before a request; the second does all of its work; the first goes on."""
    meetings = 0
    for before in beginnings(world):
        began = world.clock.now
        sites = {"b": changed(world), "c": changed(world)}
        sites["c"].incidents["mail"] = {U3: "The wrong list.", "20261121T114500Z": "Sorry."}
        for number in itertools.count():
            world.clock.now, store = began, before.copy()
            second = Once(partial(world.publish, store, commit=commits[1], site=sites[commits[1]]))
            store.before = at(number, second)
            [first] = world.publish(store, commit=commits[0], site=sites[commits[0]])
            if second.report is None:
                break
            meetings += 1

            assert_sound(store)
            outcomes = {first.outcome, second.report.outcome}
            assert outcomes <= {"published", "unchanged", "already-live", "refused"}, outcomes
            assert "published" in outcomes
            newest = max(commits)
            assert world.manifest(store).source.commit == newest
            assert b"Sorry." in store.site()[HOME] or newest == "b"
            settled = store.copy()
            [again] = world.publish(settled, commit=newest, site=sites[newest])
            assert again.outcome == "unchanged"
    assert meetings > 30


@pytest.mark.parametrize("workers", [1, 8])
def test_a_reader_meets_a_whole_site_at_any_instant(world: World, workers: int) -> None:
    for before in beginnings(world):
        store = before.copy()
        starts = {key for key in store.site() if key != "older.html"} | {HOME}

        store.before = partial(look, store, starts)
        [report] = world.publish(store, commit="b", site=changed(world), workers=workers)
        assert report.error is None
        world.clock.now += HOUR
        world.publish(store, commit="c", site=changed(world), workers=workers)
        assert_whole(store.site(), {HOME})
        assert "older.html" not in store.objects


def look(store: FakeStore, starts: set[str], operation: str, key: str) -> None:
    assert_whole(store.site(), starts)


def assert_whole(site: dict[str, bytes], starts: set[str]) -> None:
    """Follow every link from the pages that were published before, and from home."""
    todo, seen = [key for key in starts if key in site], set[str]()
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            for line in site[key].decode().splitlines():
                if line.startswith("-> "):
                    assert line[3:] in site, f"{key} links to {line[3:]}, which is not there"
                    todo.append(line[3:])


def test_many_workers_publish_what_one_does(world: World, tmp_path: Path) -> None:
    for number in range(60):
        world.site.incidents[f"i{number}"] = {U1: f"words {number}"}
    one, many = FakeStore(), FakeStore()

    world.publish(one, workers=1)
    world.publish(many, workers=16)

    assert one.site() == many.site()
    assert world.manifest(one) == world.manifest(many)
    assert len(list(tree_of(world.manifest(one)).named())) > 2


def test_state_that_comes_back_while_it_is_being_removed_stays(world: World) -> None:
    """The first commits and freezes; the second goes back to the words before; the first wakes."""

    class Sourced(Site):
        """A site whose texts say more than its pages show."""

        remark = ""

        def build(self, memory: Memory) -> Built:
            built = super().build(memory)
            noted = {id_: replace(r, source=self.remark) for id_, r in built.records.items()}
            return replace(built, records=noted)

    plain, edited = (Sourced(world.site.folder, world.site.incidents) for _ in range(2))
    edited.remark = "<!-- a remark -->"
    world.publish_one(site=edited)
    second = Once(partial(world.publish, commit="c", site=edited))

    def before(operation: str, key: str) -> None:
        if operation == "delete" and second.report is None:
            world.store.before = lambda operation, key: None
            second()

    world.store.before = before
    world.publish_one("b", site=plain)

    assert second.report is not None
    assert second.report.outcome == "published"
    assert world.manifest().records["card"].source == "<!-- a remark -->"
    assert world.publish_one("d", site=edited).outcome == "unchanged"
    assert_sound(world.store)
