"""A target in memory that behaves as S3 does, and a small world in which to publish to it."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from firstword.errors import Conflict
from firstword.gitlog import Relation, Source
from firstword.manifest import STATE, Built, Manifest, Memory, Output, Record
from firstword.publisher import Foreseen, Report, publish
from firstword.publisher.job import Journal, Progress
from firstword.shards import SHARDS
from firstword.store import Found, Head, Store, Write
from firstword.store.state import State, read_state

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
U1, U2, U3 = "20261121T092000Z", "20261121T100200Z", "20261121T113000Z"
CARD = "incidents/card/index.html"
HOME, FEED, STYLE = "index.html", "feeds/updates.atom", "theme/style.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One object, with what was sent along."""

    body: bytes
    etag: str
    digest: str | None = None
    generation: int | None = None
    content_type: str = ""
    cache_control: str = ""


class FakeStore:
    """A dict with conditions; the ETag is the MD5 of the body, so equal bytes have equal ETags."""

    def __init__(self, name: str = "s3://fake", objects: dict[str, Kept] | None = None) -> None:
        self.name = name
        self.objects: dict[str, Kept] = dict(objects or {})
        self.requests: list[tuple[str, str]] = []
        #: called with (operation, key) before each request; may raise, or change the store
        self.before: Callable[[str, str], None] = lambda operation, key: None
        self._lock = threading.Lock()

    def copy(self) -> FakeStore:
        """Return a store that holds the same."""
        return FakeStore(self.name, self.objects)

    def site(self) -> dict[str, bytes]:
        """Return what the public can read."""
        return {
            key: kept.body
            for key, kept in sorted(self.objects.items())
            if not key.startswith(STATE)
        }

    def add(self, key: str, body: bytes) -> None:
        """Put an object there as somebody else would, without Firstword's metadata."""
        self.objects[key] = Kept(body=body, etag=md5(body))

    def asked(self, *operations: str) -> list[str]:
        """Return the keys of the requests of these kinds."""
        return [key for operation, key in self.requests if operation in operations]

    def get(self, key: str) -> Found | None:
        self._ask("get", key)
        kept = self.objects.get(key)
        return None if kept is None else Found(kept.body, kept.etag)

    def head(self, key: str) -> Head | None:
        self._ask("head", key)
        kept = self.objects.get(key)
        return None if kept is None else Head(kept.etag, kept.digest, kept.generation)

    def put(self, write: Write) -> str:
        self._ask("put", write.key)
        with self._lock:
            self._expect(write.key, write.if_match, absent=write.if_absent)
            self.objects[write.key] = Kept(
                body=write.body,
                etag=md5(write.body),
                digest=write.digest,
                generation=write.generation,
                content_type=write.content_type,
                cache_control=write.cache_control,
            )
        return md5(write.body)

    def delete(self, key: str, if_match: str | None) -> None:
        self._ask("delete", key)
        with self._lock:
            if key in self.objects:
                self._expect(key, if_match, absent=False)
                del self.objects[key]

    def clear(self, keys: Sequence[str]) -> None:
        self._ask("clear", " ".join(keys))
        with self._lock:
            for key in keys:
                self.objects.pop(key, None)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        self._ask("list", prefix)
        for key, kept in list(self.objects.items()):
            if key.startswith(prefix):
                yield key, kept.etag

    def _ask(self, operation: str, key: str) -> None:
        self.before(operation, key)
        self.requests.append((operation, key))

    def _expect(self, key: str, if_match: str | None, *, absent: bool) -> None:
        kept = self.objects.get(key)
        if (absent and kept) or (if_match is not None and (not kept or kept.etag != if_match)):
            raise Conflict(key)


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@dataclass
class Clock:
    """Stands still, but for sleeping."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Site:
    """Incidents with the texts of their updates; its pages state in lines what they link to."""

    folder: Path
    incidents: dict[str, dict[str, str]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    memories: list[Memory] = field(default_factory=list)
    builds = itertools.count()

    def build(self, memory: Memory) -> Built:
        self.memories.append(memory)
        now = memory.now if memory.records_began else None
        texts = {HOME: ["home"], FEED: ["feed"], STYLE: ["style"]}
        for id_, updates in self.incidents.items():
            page = texts[f"incidents/{id_}/index.html"] = [f"-> {HOME}", f"-> {STYLE}"]
            for update, text in updates.items():
                stamp = memory.stamps.get(id_, {}).get(update, now)
                page.append(f"{update} {text}, published {stamp}")
                texts[FEED] += [f"-> incidents/{id_}/index.html", text]
            texts[HOME] += [f"-> incidents/{id_}/index.html", *page[-1:]]
        texts[HOME] += [f"-> {FEED}", f"-> {STYLE}"]
        texts |= {key: [text] for key, text in self.pages.items()}
        folder = self.folder / str(next(self.builds))
        outputs = {}
        for key, lines in texts.items():
            body = "\n".join(lines).encode()
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(body)
            outputs[key] = Output(
                key=key,
                digest=hashlib.sha256(body).hexdigest(),
                size=len(body),
                leaf=key not in {HOME, FEED},
                owner=key.split("/")[1] if key.startswith("incidents/") else "",
            )
        digests = repr(sorted((key, output.digest) for key, output in outputs.items()))
        return Built(
            folder=folder,
            build_id=hashlib.sha256(digests.encode()).hexdigest(),
            outputs=outputs,
            records={
                id_: Record(
                    id=id_,
                    path=f"content/{id_}.md",
                    source="\n".join(updates.values()),
                    updates=tuple(updates),
                    withdrawn=False,
                )
                for id_, updates in self.incidents.items()
            },
            held_back=(),
            next_change_at=None,
        )


def straight(ours: str) -> Callable[[str, tuple[str, ...]], Relation]:
    """Return the relation in a history that is "a", "b", "c", ...; capitals went another way."""

    def relation(theirs: str, ancestors: tuple[str, ...]) -> Relation:
        if theirs == "unknown":
            return Relation.UNKNOWN
        if theirs.isupper() != ours.isupper():
            return Relation.DIVERGED
        if theirs == ours:
            return Relation.SAME
        return Relation.NEWER if theirs < ours else Relation.OLDER

    return relation


class Builder(Protocol):
    """Whatever can be built."""

    def build(self, memory: Memory) -> Built:
        """Return a build that knows what the targets remember."""


@dataclass
class World:
    """One target (and more, if asked), a clock, and a site to publish."""

    site: Site
    clock: Clock = field(default_factory=Clock)
    store: FakeStore = field(default_factory=FakeStore)
    said: list[str] = field(default_factory=list)

    def publish(
        self,
        *stores: Store,
        commit: str | None = "a",
        site: Builder | None = None,
        source: Source | None = None,
        source_again: Source | None = None,
        owner: str | None = None,
        workers: int | None = 1,
        dry_run: bool = False,
        full: bool = False,
        allow_shrink: bool = False,
        no_lock: bool = False,
        wait_seconds: float = 300,
        fixed_now: datetime | None = None,
        sleep: Callable[[float], None] | None = None,
        shards: MutableMapping[str, bytes] | None = None,
        journal: Journal | None = None,
        roots: Mapping[str, State] | None = None,
        foreseen: Foreseen | None = None,
        progress: Progress = lambda _target, _sent, _of: None,
    ) -> list[Report]:
        at = NOON + MINUTE * (ord(commit[0].lower()) - ord("a") if commit else 0)
        return publish(
            stores or [self.store],
            source=source or Source(commit=commit, committed_at=at),
            source_again=(lambda: source_again) if source_again else None,
            build=(site or self.site).build,
            clock=self.clock,
            sleep=sleep or self.clock.sleep,
            owner=owner or f"publisher of {commit}",
            relation=straight(commit or ""),
            say=self.said.append,
            workers=workers,
            dry_run=dry_run,
            full=full,
            allow_shrink=allow_shrink,
            no_lock=no_lock,
            wait_seconds=wait_seconds,
            fixed_now=fixed_now,
            shards=shards,
            journal=journal,
            roots=roots,
            foreseen=foreseen,
            progress=progress,
        )

    def publish_one(
        self, commit: str | None = "a", site: Site | None = None, source: Source | None = None
    ) -> Report:
        [report] = self.publish(commit=commit, site=site, source=source)
        return report

    def manifest(self, store: Store | None = None) -> Manifest:
        return read_state(store or self.store, {}, 1).manifest

    def later(self, **incidents: dict[str, str]) -> Site:
        """Return the site with other words."""
        return Site(self.site.folder, self.site.incidents | incidents, dict(self.site.pages))


def assert_sound(store: FakeStore) -> None:
    """Whatever happened: what the manifest says is what is there, and nobody is at work."""
    manifest = read_state(store.copy(), {}, 1).manifest
    there = {key: kept for key, kept in store.objects.items() if not key.startswith(STATE)}
    for key, held in manifest.objects.items():
        assert (there[key].etag, there[key].digest) == (held.etag, held.digest), key
    assert there.keys() - manifest.objects.keys() <= manifest.gone.keys()
    assert manifest.lease is None


def edited(world: World) -> Site:
    """Return the site with one more update in its first story."""
    return world.later(card={U1: "One payment in five fails.", U2: "All work again."})


def shards(store: FakeStore) -> set[str]:
    """Return the keys of the state's shards, also of those that nothing names any more."""
    return {key for key in store.objects if key.startswith(SHARDS)}


def clean(site: Site, before: FakeStore, now: datetime) -> dict[str, bytes]:
    """Return what the public sees after a publish in which nothing goes wrong."""
    world = World(site, Clock(now), before.copy())
    [report] = world.publish(commit="y")
    assert report.outcome in {"published", "unchanged"}
    return world.store.site()


class Died(BaseException):
    """The process is no more: nothing of ours may catch this."""


def died() -> None:
    raise Died


def die(store: FakeStore, world: World, *, after: str, site: Site, commit: str = "b") -> None:
    """Publish, and die right after something was put."""

    def kill(operation: str, key: str) -> None:
        if after in store.asked("put"):
            died()

    store.requests.clear()
    store.before = kill
    with pytest.raises(Died):
        world.publish(store, commit=commit, site=site)
    store.before = lambda operation, key: None
    store.requests.clear()
