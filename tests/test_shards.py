"""What an edit reads and sends of a target's state, and that less reading plans the same."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakestore import Site, World
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import Shelf

from firstword.errors import Refused
from firstword.headers import HEADERS
from firstword.manifest import (
    ROOT_KEY,
    Built,
    Delta,
    Manifest,
    Memory,
    Origin,
    Output,
    Record,
    root_to_bytes,
)
from firstword.memory import merge_memory
from firstword.plan import Plan, make_plan
from firstword.shards import Changed, tree_of
from firstword.shards.documents import MOST_HOT, bucket_of, buckets_for, name_of
from firstword.store.kept import Journal, KeptShards
from firstword.values import replace

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
U1, U2 = "20261121T092000Z", "20261121T100200Z"


@dataclass
class Archive:
    """A build that knows what changed since an older one."""

    outputs: dict[str, Output] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    history: list[tuple[str, Mapping[str, Output], Mapping[str, Record]]] = field(
        default_factory=list
    )
    #: Where its files lie, for a publish that sends them.
    folder: Path | None = None
    memories: list[Memory] = field(default_factory=list)

    def page(self, key: str, text: str, owner: str = "", *, leaf: bool = False) -> None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.outputs[key] = Output(key=key, digest=digest, size=len(text), leaf=leaf, owner=owner)
        if self.folder is not None:
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def story(self, id_: str, *updates: str, words: str = "", path: str = "") -> None:
        source = words or hashlib.shake_256(id_.encode()).hexdigest(400)
        self.records[id_] = Record(
            id=id_,
            path=path or f"content/incidents/2026/{id_}.md",
            source=source,
            updates=updates,
            withdrawn=False,
        )
        self.page(f"incidents/{id_}/index.html", source, id_, leaf=True)

    def build(self, memory: Memory) -> Built:
        self.memories.append(memory)
        return self.built()

    def built(self) -> Built:
        told = sorted((key, output.digest) for key, output in self.outputs.items())
        build_id = hashlib.sha256(repr(told).encode()).hexdigest()
        self.history.append((build_id, dict(self.outputs), dict(self.records)))
        return Built(
            folder=self.folder or Path("output"),
            build_id=build_id,
            outputs=dict(self.outputs),
            records=dict(self.records),
            held_back=(),
            next_change_at=None,
            since=self.since,
        )

    def since(self, build_id: str) -> Delta | None:
        names = [name for name, _, _ in self.history]
        if build_id not in names:
            return None
        keys: set[str] = set()
        ids: set[str] = set()
        steps = self.history[names.index(build_id) :]
        for (_, outputs, records), (_, later, told) in itertools.pairwise(steps):
            keys |= {k for k in outputs.keys() | later.keys() if outputs.get(k) != later.get(k)}
            ids |= {i for i in records.keys() | told.keys() if records.get(i) != told.get(i)}
        return Delta(keys=frozenset(keys), ids=frozenset(ids))


def archive(stories: int, folder: Path | None = None) -> Archive:
    """Return a site with that many stories, and pages of its own that grow more slowly."""
    made = Archive(folder=folder)
    for number in range(stories):
        made.story(f"2026-11-21-story-{number}", U1)
    for name in ("index.html", "status.json", "feeds/updates.atom", "api/v2/summary.json"):
        made.page(name, "site")
    for number in range(150 + stories // 20):
        made.page(f"feeds/archive/{number}.atom", "archived")
    return made


def edit(made: Archive, id_: str, text: str) -> None:
    """Sign one more update: the story's page and what lists it change."""
    made.story(id_, U1, U2, words=made.records[id_].source + f"\n{text}")
    for name in ("index.html", "status.json", "feeds/updates.atom", "api/v2/summary.json"):
        made.page(name, text)
    for component in ("web", "api", "mail"):
        made.page(f"components/{component}/index.html", text)


def committed(plan: Plan) -> Manifest:
    done = plan.committed({put.key: f"etag of {put.key}" for put in plan.puts}, Origin())
    return replace(done, generation=done.generation + 1)


def state_of(manifest: Manifest) -> tuple[object, ...]:
    return (
        dict(manifest.objects),
        dict(manifest.gone),
        dict(manifest.records),
        {id_: dict(first) for id_, first in manifest.stamps.items()},
        manifest.build_id,
    )


# ── an edit touches what it is about ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("stories", "most"), [(1_000, 20), (10_000, 60)])
def test_what_an_edit_reads_and_sends_of_the_state(stories: int, most: float) -> None:
    made, shelf = archive(stories), Shelf()
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), made.built(), NOON)))
    assert len(manifest.objects) == len(made.outputs)

    for number in (7, 8):
        edit(made, f"2026-11-21-story-{number}", "news")
        shelf.read.clear()
        plan = make_plan(manifest, made.built(), NOON + timedelta(hours=number))
        manifest, written = shelf.keep(committed(plan), manifest)

        assert len(plan.puts) == (8 if number == 7 else 1)
        # index, the story's bucket, and for site pages the cold ones and the buckets of their names
        assert len(shelf.read) <= 3 + 4
        assert number == 7 or len(shelf.read) == 2
        assert len(written) == 2
        sent = sum(len(gzip.compress(body, 6, mtime=0)) for body in written)
        assert 1_000 < sent < most * 1000
        assert len(root_to_bytes(manifest)) < 1_000


def test_translations_are_found_by_their_files_whatever_the_story_is_called() -> None:
    made, shelf = archive(200), Shelf()
    german, dutch = (f"content/incidents/shop/other-name.{code}.md" for code in ("de", "nl"))
    made.story("the-id", U1, words="one in five", path="content/incidents/shop/other-name.md")
    both = ((german, "eine von fünf"), (dutch, "een op vijf"))
    made.records["the-id"] = replace(made.records["the-id"], translations=both)
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), made.built(), NOON)))
    before = merge_memory([manifest], NOON)
    made.records["the-id"] = replace(made.records["the-id"], translations=both[:1])
    manifest, _ = shelf.keep(committed(make_plan(manifest, made.built(), NOON)))
    after = merge_memory([manifest], NOON)

    assert before.paths["the-id"] == ("content/incidents/shop/other-name.md", german, dutch)
    assert (before.sources[german], before.sources[dutch]) == ("eine von fünf", "een op vijf")
    assert after.paths["the-id"] == ("content/incidents/shop/other-name.md", german)
    assert (after.sources.get(german), after.sources.get(dutch)) == ("eine von fünf", None)


def test_a_build_that_is_told_what_changed_reads_as_little() -> None:
    made, shelf = archive(1_000), Shelf()
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), made.built(), NOON)))
    shelf.read.clear()

    memory = merge_memory([manifest], NOON, lambda then, now: frozenset({then, now}))
    known = dict(memory.stamps["2026-11-21-story-7"])
    source = memory.sources["content/incidents/2026/2026-11-21-story-7.md"]

    assert known == {U1: None}
    assert source == made.records["2026-11-21-story-7"].source
    assert "content/incidents/2026/2026-11-21-no-such.md" not in memory.sources
    assert len(shelf.read) <= 3
    assert memory.changed("an older state") == frozenset({"an older state", memory.token})
    assert memory.changed("") is None
    assert memory.changed("of,two targets") is None


def test_nothing_changed_reads_the_index_alone() -> None:
    made, shelf = archive(1_000), Shelf()
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), made.built(), NOON)))
    shelf.read.clear()

    plan = make_plan(manifest, made.built(), NOON)

    assert plan.empty
    assert plan.unchanged == len(made.outputs)
    assert len(shelf.read) == 1


class Uncounted(dict[str, Record]):
    """Records in a database, which looks at each of them to count them."""

    def __len__(self) -> int:
        raise AssertionError("a plan of an edit counts all stories")


def test_a_plan_of_an_edit_counts_no_stories() -> None:
    made, shelf = archive(200), Shelf()
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), made.built(), NOON)))
    edit(made, "2026-11-21-story-7", "news")

    plan = make_plan(manifest, replace(made.built(), records=Uncounted(made.records)), NOON)

    assert len(plan.puts) == 8


# ── requests of a whole publish ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stories", [100, 1_000])
def test_the_requests_of_an_edit(tmp_path: Path, stories: int) -> None:
    """One GET, what differs, lease, two shards and root; what the last one replaced is removed."""
    made = archive(stories, tmp_path / "output")
    world = World(Site(tmp_path, {}, {}))
    kept, journal = KeptShards(tmp_path / "kept"), Journal(tmp_path / "journal.json")
    world.publish(site=made, shards=kept, journal=journal)
    for number, replaced in ((7, 0), (8, 2), (9, 2)):
        edit(made, f"2026-11-21-story-{number}", f"news {number}")
        world.store.requests.clear()

        [report] = world.publish(
            site=made,
            commit="b",
            shards=KeptShards(tmp_path / "kept"),
            journal=Journal(tmp_path / "journal.json"),
        )

        assert (report.outcome, report.puts) == ("published", 8)
        assert world.store.asked("get") == [ROOT_KEY]
        puts = world.store.asked("put")
        assert len(puts) == 8 + 4
        assert [key for key in puts if key == ROOT_KEY] == [ROOT_KEY] * 2
        assert len(world.store.asked("delete")) == replaced
        assert world.store.asked("head", "list") == []
    memories = made.memories
    assert memories[-1].changed(memories[-2].token) == frozenset({"2026-11-21-story-8"})

    world.store.requests.clear()
    [report] = world.publish(site=made, commit="b", shards=KeptShards(tmp_path / "kept"))

    assert report.outcome == "unchanged"
    assert world.store.requests == [("get", ROOT_KEY)]


# ── less reading, the same plan ──────────────────────────────────────────────────────────────────

IDS = [f"s{number}" for number in range(8)]
PLACES = ["incidents/s1/index.html", "incidents/old/index.html", "de/s2.html", "event/s3.ics"]
SITE = ["index.html", "about/index.html", *(f"feeds/{number}.atom" for number in range(6))]


def change(made: Archive, data: st.DataObject) -> None:
    """Change a few things at random: a site is never without a home page, nor a story lost."""
    for _ in range(data.draw(st.integers(1, 4))):
        what = data.draw(st.sampled_from(["story", "page", "owned", "drop", "grow"]))
        text = data.draw(st.sampled_from(["a", "b", "c"]))
        if what == "story":
            id_ = data.draw(st.sampled_from(IDS))
            known = made.records[id_].updates if id_ in made.records else ()
            updates = data.draw(st.sampled_from([known or (U1,), (U1, U2)]))
            path = data.draw(st.sampled_from(["", f"content/{text}.md", "content/s5.md"]))
            # A file is one story's.
            taken = {record.path for record in made.records.values() if record.id != id_}
            made.story(id_, *updates, words=text, path="" if path in taken else path)
        elif what == "page":
            made.page(data.draw(st.sampled_from(SITE)), text)
        elif what == "owned":
            owner = data.draw(st.sampled_from(["", *IDS]))
            made.page(data.draw(st.sampled_from(PLACES)), text, owner)
        elif what == "drop":
            key = data.draw(st.sampled_from([*SITE[1:], *PLACES]))
            made.outputs.pop(key, None)
        else:
            for number in range(data.draw(st.sampled_from([1, 40]))):
                made.story(f"more-{len(made.records)}-{number}", U1, words=text)


def planned(manifest: Manifest, built: Built, now: datetime) -> Plan | str:
    try:
        return make_plan(manifest, built, now, allow_shrink=True)
    except Refused as error:
        return str(error)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_plan_by_difference_is_the_plan_of_a_full_comparison(data: st.DataObject) -> None:
    made, shelf = Archive(), Shelf()
    made.page("index.html", "home")
    plain, lazy, now = Manifest(), shelf.open(Manifest()), NOON
    for _ in range(5):
        change(made, data)
        built = made.built()
        now += data.draw(st.sampled_from([timedelta(minutes=1), timedelta(hours=1)]))
        full = planned(plain, replace(built, since=lambda _: None), now)
        less = planned(lazy, built, now)
        assert isinstance(full, str) == isinstance(less, str)
        if isinstance(full, str) or isinstance(less, str):
            assert full == less
            return
        assert (less.phases, less.deletes, less.gone) == (full.phases, full.deletes, full.gone)
        assert (less.unchanged, less.remembers) == (full.unchanged, full.remembers)
        plain, before = committed(full), lazy
        lazy, _ = shelf.keep(committed(less), before)
        assert state_of(lazy) == state_of(plain)
        index = tree_of(lazy).index
        assert index.pages == sum(key.endswith(".html") for key in plain.objects)
        assert (index.files, index.stories) == (len(plain.objects), len(plain.records))
        sources = merge_memory([lazy], now).sources
        assert dict(sources) == {r.path: r.source for r in plain.records.values()}
        assert shelf.bodies.keys() == set(tree_of(lazy).named())


# ── where what lies ──────────────────────────────────────────────────────────────────────────────


def test_what_came_to_the_same_is_not_written_again() -> None:
    """A page that was doubted, and was as it should be."""
    shelf = Shelf()
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), archive(100).built(), NOON)))
    page = "incidents/2026-11-21-story-7/index.html"
    told = Changed(manifest.objects, {page: manifest.objects[page]})

    _, written = shelf.keep(replace(manifest, objects=told), manifest)

    assert len(written) == 1  # the index, which each commit writes


def test_one_bucket_more_takes_names_from_one_other() -> None:
    names = [f"story-{number}" for number in range(500)]
    for count in range(1, 70):
        moved = {bucket_of(n, count) for n in names if bucket_of(n, count + 1) == count}
        stayed = [n for n in names if bucket_of(n, count + 1) != count]
        assert len(moved) <= 1
        assert all(bucket_of(n, count + 1) == bucket_of(n, count) for n in stayed)
        assert all(0 <= bucket_of(n, count) < count for n in names)


@pytest.mark.parametrize(
    ("stories", "buckets"), [(0, 1), (32, 1), (33, 2), (100, 17), (10_000, 200), (100_000, 633)]
)
def test_buckets_grow_with_the_root_of_the_stories(stories: int, buckets: int) -> None:
    assert buckets_for(stories) == buckets


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("incidents/2026-11-21-card-payments/index.html", "2026-11-21-card-payments"),
        ("de/incidents/2026-11-21-card-payments/index.html", "2026-11-21-card-payments"),
        ("content/incidents/2026/2026-11-21-card-payments.md", "2026-11-21-card-payments"),
        ("content/incidents/2026/2026-11-21-card-payments.de.md", "2026-11-21-card-payments"),
        ("index.html", ""),
        ("status.json", "status"),
    ],
)
def test_a_name_tells_the_story(path: str, name: str) -> None:
    assert name_of(path) == name


def test_what_did_not_change_for_long_leaves_the_index() -> None:
    made, shelf = Archive(), Shelf()
    made.page("index.html", "home")
    manifest, _ = shelf.keep(committed(make_plan(Manifest(), made.built(), NOON)))
    for number in range(MOST_HOT + 40):
        made.page(f"people/{number}.html", "somebody")
        if number % 40 == 0:
            plan = make_plan(manifest, made.built(), NOON)
            manifest, _ = shelf.keep(committed(plan), manifest)
            assert len(tree_of(manifest).index.hot) <= MOST_HOT
    assert tree_of(manifest).index.cold
    assert "people/0.html" in manifest.objects

    del made.outputs["people/0.html"]
    plan = make_plan(manifest, made.built(), NOON)
    manifest, _ = shelf.keep(committed(plan), manifest)

    assert "people/0.html" not in manifest.objects
    assert manifest.gone.keys() == {"people/0.html"}
    assert manifest.headers == HEADERS
