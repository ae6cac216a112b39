"""Publishing to targets where nothing goes wrong: what is sent, and what is refused."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

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
    FakeStore,
    Site,
    World,
    assert_sound,
    die,
    shards,
)

from firstword.errors import StoreError, Unavailable
from firstword.gitlog import Source
from firstword.manifest import ROOT_KEY, STATE, Built, Memory
from firstword.shards import shard_key
from firstword.store import open_store
from firstword.store.probe import PROBES
from firstword.store.state import read_state
from firstword.values import replace


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Site(tmp_path, {"card": {U1: "One payment in five fails."}}))


# ── the ordinary days ────────────────────────────────────────────────────────────────────────────


def test_a_first_publish(world: World) -> None:
    report = world.publish_one()

    assert (report.target, report.outcome, report.error) == ("s3://fake", "published", None)
    assert (report.puts, report.deletes) == (4, 0)
    assert report.bytes == sum(len(body) for body in world.store.site().values())
    assert report.lines[-1].startswith("4 to put (")
    assert list(world.store.site()) == [FEED, "incidents/card/index.html", HOME, STYLE]
    put = world.store.asked("put")
    assert put == [
        *[key for key in put if key.startswith(PROBES)],
        ROOT_KEY,
        "incidents/card/index.html",
        STYLE,
        FEED,
        HOME,
        *[key for key in world.store.objects if "/shards/" in key],
        ROOT_KEY,
    ]
    assert_sound(world.store)


def test_objects_are_sent_with_their_headers(world: World) -> None:
    world.publish_one()

    page, root = world.store.objects[HOME], world.store.objects[ROOT_KEY]
    assert page.content_type == "text/html; charset=utf-8"
    assert page.cache_control.startswith("public, max-age=30, ")
    assert (page.digest, page.generation) == (hashlib.sha256(page.body).hexdigest(), 1)
    assert root.cache_control == "no-store"


def test_what_the_root_says(world: World) -> None:
    source = Source(
        commit="a", committed_at=NOON, ancestors=("0",), parents=("0",), shallow=False, dirty=True
    )

    world.publish_one(source=source)

    root = json.loads(world.store.objects[ROOT_KEY].body)
    assert shard_key(root.pop("index")) in world.store.objects
    assert root.pop("headers")
    assert root.pop("build_id") == world.site.build(world.site.memories[0]).build_id
    assert root == {
        "format": 2,
        "generation": 1,
        "next_change_at": None,
        "probed": "s3://fake",
        "guarded_at": None,
        "lease": None,
        "source": {
            "commit": "a",
            "committed_at": "2026-11-21T12:00:00+00:00",
            "ancestors": ["0"],
            "dirty": True,
        },
        "stale": [],
    }
    assert world.said[0] == "files differ from commit a; they are published as they are"


def test_nothing_changed_sends_nothing(world: World) -> None:
    world.publish_one()
    world.store.requests.clear()
    world.clock.now += HOUR

    report = world.publish_one("b")

    assert (report.outcome, report.puts, report.bytes) == ("unchanged", 0, 0)
    assert world.store.asked("put", "delete", "head", "list") == []
    assert len(world.store.asked("get")) == 1 + 2


def test_one_change_sends_what_changed_and_little_state(world: World) -> None:
    world.publish_one()
    before = set(world.store.objects)
    world.store.requests.clear()

    report = world.publish_one("b", world.later(card={U1: "One payment in five fails.", U2: "!"}))

    shards = sorted(set(world.store.objects) - before)
    assert report.outcome == "published"
    assert world.store.asked("put") == [
        ROOT_KEY,
        "incidents/card/index.html",
        FEED,
        HOME,
        *[key for key in world.store.asked("put") if "/shards/" in key],
        ROOT_KEY,
    ]
    assert len(shards) == 2
    assert world.store.asked("delete") == []
    assert_sound(world.store)


def test_replaced_state_is_deleted_by_the_next_publish(world: World) -> None:
    """Nobody waits for that, and whoever reads the state meanwhile finds all that it names."""
    world.publish_one()
    first = shards(world.store)
    world.publish_one("b", world.later(card={U1: "One payment in five fails.", U2: "!"}))
    second = shards(world.store)
    world.store.requests.clear()

    world.publish_one("c", world.later(card={U1: "One payment in five fails.", U2: "!", U3: "?"}))

    assert first < second
    assert set(world.store.asked("delete")) == first
    assert world.store.requests[-1] == ("put", ROOT_KEY)
    assert len(shards(world.store)) == 4
    assert {shard_key(digest) for digest in world.manifest().stale} == second - first
    assert_sound(world.store)


def test_replaced_state_is_deleted_at_once_where_a_line_is_gone(world: World) -> None:
    """It may be a secret: nobody can tell."""
    world.publish_one()
    first = shards(world.store)
    world.store.requests.clear()

    world.publish_one("b", world.later(card={U1: "One payment in six fails.", U2: "!"}))

    assert set(world.store.asked("delete")) == first
    assert len(shards(world.store)) == 2
    assert_sound(world.store)


def growing(world: World, words: int) -> Site:
    """Return the site with so many updates in one story: nothing of it is ever gone."""
    minutes = [f"20261121T09{minute:02}00Z" for minute in range(words)]
    return world.later(card={U1: "One payment in five fails.", **dict.fromkeys(minutes, "!")})


@pytest.mark.parametrize(
    ("error", "tried_again"),
    [(Unavailable("throttled"), True), (StoreError("may not delete"), False)],
)
def test_replaced_state_that_cannot_be_deleted(
    world: World, error: StoreError, *, tried_again: bool
) -> None:
    """What is busy is tried again; what may not be deleted is left to --full, and told."""
    world.publish_one()
    first = shards(world.store)
    world.publish_one("b", growing(world, 1))

    def refuse(operation: str, _key: str) -> None:
        if operation == "delete":
            raise error

    world.store.before = refuse
    refused = world.publish_one("c", growing(world, 2))
    named = set(map(shard_key, world.manifest().stale))
    world.store.before = lambda _operation, _key: None
    world.store.requests.clear()
    world.publish_one("d", growing(world, 3))

    assert refused.outcome == "published"
    told = "old state stays behind: may not delete"
    assert (refused.lines[-1] == told) is not tried_again
    assert bool(first & named) is tried_again
    assert bool(first & set(world.store.asked("delete"))) is tried_again
    assert first.isdisjoint(shards(world.store)) is tried_again


def test_who_may_not_delete_names_no_more_with_each_publish(world: World) -> None:
    world.publish_one()
    asked: list[str] = []

    def refuse(operation: str, key: str) -> None:
        if operation == "delete":
            asked.append(key)
            raise StoreError("may not delete")

    world.store.before = refuse
    for number in range(1, 6):
        asked.clear()
        world.publish_one("b", growing(world, number))

    assert len(world.manifest().stale) == 2
    assert len(asked) == 1


def test_nobody_waits_until_replaced_state_is_deleted(world: World) -> None:
    world.publish_one()
    world.publish_one("b", growing(world, 1))
    committing = threading.Event()
    roots: list[str] = []
    waited: list[bool] = []

    def before(operation: str, key: str) -> None:
        if (operation, key) == ("put", ROOT_KEY):
            roots.append(key)
            if len(roots) == 2:  # the lease was the first
                committing.set()
        elif operation == "delete":
            waited.append(committing.wait(20))

    world.store.before = before

    [report] = world.publish(commit="c", site=growing(world, 2), workers=4)

    assert report.outcome == "published"
    assert committing.is_set()
    # How many of them came that far by now is chance.
    assert False not in waited


def test_much_that_is_replaced_is_deleted_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next edit is not to wait for that."""
    monkeypatch.setattr("firstword.store.hold._MOST_STALE", 1)
    world.publish_one()

    world.publish_one("b", growing(world, 1))

    assert len(shards(world.store)) == 2
    assert_sound(world.store)


@pytest.mark.parametrize("lost", ["path", "veils"])
def test_a_story_that_loses_a_name_is_forgotten_at_once(world: World, lost: str) -> None:
    """Not only its lines: where it lay, and who was shown by another name."""

    class Named(Site):
        """A site whose records name what no text does."""

        told = True

        def build(self, memory: Memory) -> Built:
            built = super().build(memory)
            told: dict[str, dict[str, Any]] = {
                "path": {"path": "content/of-a-customer.md"},
                "veils": {"veils": (("Ada Holm", "A. H."),)},
            }
            changes = told[lost] if self.told else {}
            noted = {id_: replace(r, **changes) for id_, r in built.records.items()}
            return replace(built, records=noted)

    site = Named(world.site.folder, world.site.incidents)
    world.publish_one(site=site)
    site.told = False

    world.publish_one("b", site=site)

    assert len(shards(world.store)) == 2


def test_full_leaves_no_replaced_state(world: World) -> None:
    world.publish_one()
    edited = world.later(card={U1: "One payment in five fails.", U2: "!"})
    world.publish_one("b", edited)

    reports = [world.publish(commit="b", site=edited, full=True) for _ in range(2)]

    assert [report.outcome for [report] in reports] == ["published", "unchanged"]
    assert len(shards(world.store)) == 2
    assert_sound(world.store)


def test_a_removed_page_is_deleted_an_hour_later(world: World) -> None:
    world.site.pages["about/index.html"] = "about"
    world.publish_one()
    del world.site.pages["about/index.html"]

    first = world.publish_one("b")
    world.clock.now += HOUR - MINUTE
    early = world.publish_one("c")
    still_there = "about/index.html" in world.store.objects
    world.clock.now += MINUTE
    late = world.publish_one("d")

    assert (first.outcome, first.puts, first.deletes) == ("published", 0, 0)
    assert (early.outcome, still_there) == ("unchanged", True)
    assert (late.outcome, late.deletes) == ("published", 1)
    assert "about/index.html" not in world.store.objects
    assert_sound(world.store)


def test_new_words_come_before_deletes(world: World) -> None:
    world.site.pages["about/index.html"] = "about"
    world.publish_one()
    del world.site.pages["about/index.html"]
    world.publish_one("b")
    world.clock.now += HOUR
    world.store.requests.clear()

    world.publish_one("c", world.later(card={U1: "Other words."}))

    public = [key for key in world.store.asked("put", "delete") if not key.startswith(STATE)]
    assert public == ["incidents/card/index.html", FEED, HOME, "about/index.html"]


def test_a_dry_run_sends_nothing_and_tells_all(world: World) -> None:
    [report] = world.publish(dry_run=True)

    assert report.outcome == "planned"
    assert report.lines == (
        "put  incidents/card/index.html  new  92 B",
        "put  theme/style.css  new  5 B",
        "put  feeds/updates.atom  new  60 B",
        "put  index.html  new  134 B",
        "4 to put (291 B), 0 to delete, 0 unchanged",
    )
    assert world.store.objects == {}


def test_a_folder_is_a_target_like_any_other(world: World, tmp_path: Path) -> None:
    folder = open_store(str(tmp_path / "public"), environ={})

    [first] = world.publish(folder, workers=4)
    [second] = world.publish(folder, workers=4)
    [third] = world.publish(folder, commit="b", site=world.later(mail={U2: "x"}), workers=4)

    assert [first.outcome, second.outcome, third.outcome] == ["published", "unchanged", "published"]
    assert (tmp_path / "public" / HOME).read_text().startswith("home\n")
    assert (tmp_path / "public" / "incidents" / "mail" / "index.html").exists()


def test_what_was_read_is_not_read_again(world: World) -> None:
    world.publish_one()
    shards: dict[str, bytes] = {}
    assert list(read_state(world.store, shards, 1).manifest.records) == ["card"]
    world.store.requests.clear()

    assert list(read_state(world.store, shards, 1).manifest.records) == ["card"]

    assert world.store.requests == [("get", ROOT_KEY)]


# ── several targets ──────────────────────────────────────────────────────────────────────────────


def test_two_targets_hold_the_same(world: World) -> None:
    one, two = FakeStore("s3://one"), FakeStore("s3://two")

    reports = world.publish(one, two)

    assert [(report.target, report.outcome) for report in reports] == [
        ("s3://one", "published"),
        ("s3://two", "published"),
    ]
    assert one.site() == two.site()
    assert len(world.site.memories) == 1


def test_a_target_that_fails_does_not_stop_the_other(world: World) -> None:
    broken, well = FakeStore("s3://broken"), FakeStore("s3://well")

    def fail(operation: str, key: str) -> None:
        raise StoreError("cannot read s3://broken/.firstword/root.json: access denied")

    broken.before = fail

    reports = world.publish(broken, well)

    assert [report.outcome for report in reports] == ["failed", "published"]
    assert reports[0].error == "cannot read s3://broken/.firstword/root.json: access denied"
    assert_sound(well)


def test_a_target_that_is_refused_does_not_stop_the_other(world: World) -> None:
    full, new = FakeStore("s3://full"), FakeStore("s3://new")
    world.publish(full, site=world.later(mail={U1: "words"}))

    reports = world.publish(full, new, commit="b")

    assert [report.outcome for report in reports] == ["refused", "published"]
    assert "content/mail.md: 'mail' would lose" in str(reports[0].error)


def test_a_target_at_work_does_not_hold_up_the_other(world: World) -> None:
    busy, free = FakeStore("s3://busy"), FakeStore("s3://free")
    seen: list[bool] = []
    world.publish(busy)
    die(busy, world, after=ROOT_KEY, site=world.later(mail={U2: "x"}))
    world.site = world.later(mail={U2: "x"})
    busy.before = lambda operation, key: seen.append(HOME in free.objects)

    reports = world.publish(busy, free, commit="b")

    assert [report.outcome for report in reports] == ["published", "published"]
    assert seen[0] is False
    assert any(seen)
    # both were told the same: the instant at which the first of them had it
    assert busy.site() == free.site()


# ── when was what first published ────────────────────────────────────────────────────────────────


def test_stamps_never_move(world: World) -> None:
    world.publish_one()
    world.clock.now += HOUR
    world.site = world.later(card={U1: "One payment in five fails.", U2: "Fixed."})
    world.publish_one("b")
    stamped = world.clock.now
    for commit in "cde":
        world.clock.now += HOUR
        world.site = world.later(mail={U3: f"words of {commit}"})
        world.publish_one(commit)

    assert world.manifest().stamps == {
        "card": {U1: None, U2: stamped},
        "mail": {U3: stamped + HOUR},
    }
    assert f"{U2} Fixed., published {stamped}".encode() in world.store.site()[
        "incidents/card/index.html"
    ]  # fmt: skip


def unasked(_token: str) -> None:
    raise AssertionError


def said(memory: Memory) -> Memory:
    """Return what a memory says, without whoever answers what changed: two of those differ."""
    return replace(memory, changed=unasked)


def test_the_build_is_told_what_the_publish_records(world: World) -> None:
    world.publish_one()
    world.clock.now += HOUR
    world.publish_one("b", world.later(mail={U2: "x"}))

    assert said(world.site.memories[0]) == Memory(
        now=NOON, stamps={}, records_began=False, sources={}, changed=unasked
    )


def test_an_empty_machine_gets_stamps_and_last_good_texts_from_the_target(
    world: World, tmp_path: Path
) -> None:
    """A depth-1 clone on another machine shares nothing but the target."""
    world.publish_one()
    world.clock.now += HOUR
    site = world.later(mail={U2: "The wrong list."})
    world.publish_one("b", site)
    (tmp_path / "elsewhere").mkdir()
    other = World(replace(site, folder=tmp_path / "elsewhere", memories=[]), world.clock)
    other.store = world.store
    other.clock.now += HOUR
    shallow = Source(commit="d", committed_at=other.clock.now, parents=("c",), shallow=True)

    report = other.publish_one("d", source=shallow)

    assert report.outcome == "unchanged"
    assert [replace(said(memory), token="") for memory in other.site.memories] == [
        Memory(
            changed=unasked,
            now=NOON + 2 * HOUR,
            stamps={"card": {U1: None}, "mail": {U2: NOON + HOUR}},
            records_began=True,
            sources={
                "content/card.md": "One payment in five fails.",
                "content/mail.md": "The wrong list.",
            },
            paths={"card": ("content/card.md",), "mail": ("content/mail.md",)},
        )
    ]


def test_the_earliest_of_two_targets_holds(world: World) -> None:
    one, two = FakeStore("s3://one"), FakeStore("s3://two")
    world.publish(one, two)
    world.site = world.later(mail={U2: "x"})
    world.clock.now += HOUR
    world.publish(one, commit="b")
    world.clock.now += HOUR

    world.publish(one, two, commit="c")

    assert one.site() == two.site()
    for store in (one, two):
        assert world.manifest(store).stamps["mail"] == {U2: NOON + HOUR}


def test_a_target_added_later_knows_what_the_first_saw(world: World) -> None:
    one, two = FakeStore("s3://one"), FakeStore("s3://two")
    world.publish(one)
    world.clock.now += HOUR
    world.site = world.later(mail={U2: "x"})
    world.publish(one, commit="b")
    world.clock.now += HOUR

    world.publish(one, two, commit="c")

    assert one.site() == two.site()
    assert world.manifest(two).stamps == {"card": {U1: None}, "mail": {U2: NOON + HOUR}}


def test_a_pinned_clock_is_what_pages_say_and_leases_go_by_the_real_one(world: World) -> None:
    pinned = NOON - 1000 * HOUR
    world.publish_one()
    world.site = world.later(mail={U2: "x"})
    leases: list[str] = []

    def look(operation: str, key: str) -> None:
        root = json.loads(world.store.objects[ROOT_KEY].body)
        leases.extend([root["lease"]["taken_at"]] if root["lease"] else [])

    world.store.before = look
    world.publish(commit="b", fixed_now=pinned)

    assert world.manifest().stamps["mail"] == {U2: pinned}
    assert set(leases) == {NOON.isoformat()}


# ── whose source is newer ────────────────────────────────────────────────────────────────────────


def published_by(world: World, commit: str | None, **known: object) -> None:
    """Publish a first time, from a commit."""
    source = Source(commit=commit, committed_at=NOON + HOUR)
    world.publish_one(commit, source=replace(source, **known))
    world.store.requests.clear()


def test_an_older_source_finds_a_newer_one_live(world: World) -> None:
    published_by(world, "c")
    site = world.later(card={U1: "Other words."})

    report = world.publish_one("b", site)

    assert (report.outcome, report.error) == ("already-live", None)
    assert report.lines == ("commit c is live, which is newer than ours, b",)
    assert world.store.asked("put", "delete") == []
    assert site.memories == []


def test_a_source_that_went_another_way_is_refused(world: World) -> None:
    published_by(world, "B")

    report = world.publish_one("c", world.later(card={U1: "Other words."}))

    assert report.outcome == "refused"
    assert report.error == (
        "what is live is of commit B, which went another way than ours, c; run: git merge B"
    )
    assert world.store.asked("put", "delete") == []


@pytest.mark.parametrize(
    ("minutes", "shallow", "outcome", "says"),
    [
        (60, True, "published", None),
        (61, True, "published", None),
        (59, True, "refused", "run: git fetch --unshallow"),
        (59, False, "refused", "run: git fetch --all"),
    ],
)
def test_where_history_does_not_tell_the_time_does(
    world: World, minutes: int, shallow: bool, outcome: str, says: str | None
) -> None:
    published_by(world, "unknown")
    ours = Source(commit="c", committed_at=NOON + MINUTE * minutes, shallow=shallow)

    report = world.publish_one("c", world.later(card={U1: "Other words."}), source=ours)

    assert report.outcome == outcome
    assert (says or "") in (report.error or "")


def test_a_shallow_clone_passes_on_the_history_that_was_recorded(world: World) -> None:
    published_by(world, "b", ancestors=("a",))
    ours = Source(
        commit="e", committed_at=NOON + HOUR, ancestors=("d",), parents=("d",), shallow=True
    )

    world.publish_one("e", world.later(card={U1: "Other words."}), source=ours)

    assert world.manifest().source.ancestors == ("d", "b", "a")


@pytest.mark.parametrize(("theirs", "ours"), [(None, "a"), ("c", None), (None, None)])
def test_without_git_nobody_is_older(world: World, theirs: str | None, ours: str | None) -> None:
    published_by(world, theirs)

    assert world.publish_one(ours, world.later(card={U1: "Other"})).outcome == "published"


# ── --full ───────────────────────────────────────────────────────────────────────────────────────


def test_full_puts_right_what_the_manifest_does_not_know(world: World) -> None:
    world.publish_one()
    right = world.store.site()
    world.store.add(HOME, b"edited in a hurry")
    del world.store.objects[STYLE]
    world.store.add("robots.txt", b"by hand")
    world.store.add(f"{STATE}shards/{'0' * 64}.json.gz", b"of a died publish")

    unseen = world.publish_one("b")
    [report] = world.publish(commit="b", full=True)

    assert unseen.outcome == "unchanged"
    assert report.outcome == "published"
    assert [line for line in report.lines if line.startswith(("put", "stray"))] == [
        "put  theme/style.css  new  5 B",
        f"put  index.html  changed  {len(right[HOME])} B",
        "stray  robots.txt  not from Firstword; left alone",
    ]
    assert world.store.site() == right | {"robots.txt": b"by hand"}
    assert f"{STATE}shards/{'0' * 64}.json.gz" not in world.store.objects


def test_full_with_nothing_wrong_sends_nothing(world: World) -> None:
    world.publish_one()
    world.store.requests.clear()

    [report] = world.publish(commit="b", full=True)

    assert report.outcome == "unchanged"
    assert world.store.asked("put", "delete") == []
