"""What a target holds, as mappings that read a shard when something in it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from firstword.errors import StoreError
from firstword.manifest import Gone, Held, Manifest, Record, reading
from firstword.shards.documents import (
    Bucket,
    Index,
    bucket_of,
    name_of,
    read_bucket,
    read_cold,
    read_index,
    shard_key,
)
from firstword.urls import is_story
from firstword.values import replace

V = TypeVar("V")

#: Digest, and what else will be asked for where that one is not at hand → the body. StoreError.
Read = Callable[[str, Callable[[], Iterable[str]]], bytes]


class Tree:
    """The shards of one target, each read and understood once, when it is first asked for."""

    def __init__(self, digest: str, read: Read) -> None:
        self.digest = digest
        #: Why what was asked for could not be had.
        self.failure: StoreError | None = None
        self._read = read
        self._index: Index | None = None
        self._cold: dict[str, Held] | None = None
        self._buckets: dict[int, Bucket] = {}

    @property
    def index(self) -> Index:
        """The index. Raises StoreError."""
        if self._index is None:
            self._index = self._open(self.digest, read_index, tuple) or Index()
        return self._index

    @property
    def cold(self) -> Mapping[str, Held]:
        """What belongs to no story and did not change for long."""
        if self._cold is None:
            self._cold = self._open(self.index.cold, read_cold, self.named) or {}
        return self._cold

    def bucket(self, number: int) -> Bucket:
        """Return one bucket."""
        if number not in self._buckets:
            found = self._open(self.index.buckets[number], read_bucket, self.named)
            self._buckets[number] = found or Bucket()
        return self._buckets[number]

    def of(self, name: str) -> Bucket:
        """Return the bucket in which something of that name lies, if anywhere."""
        return self.bucket(bucket_of(name, len(self.index.buckets)))

    def all(self) -> Iterator[Bucket]:
        """Yield all buckets."""
        return map(self.bucket, range(len(self.index.buckets)))

    def named(self) -> Iterator[str]:
        """Yield the digests of all shards."""
        if self.digest:
            yield self.digest
            yield from self.index.named

    def held(self, key: str) -> Held | None:
        """Look up an object."""
        if not self.digest:
            # Asked of each file of a first publish.
            return None
        if key in self.index.hot:
            found = self.index.hot[key]
            return found if found is not None else self._of_story(key)
        if is_story(key):
            # What is cold are many, and an edit touches none of them.
            return self._of_story(key) or self.cold.get(key)
        return self.cold.get(key) or self._of_story(key)

    def _of_story(self, key: str) -> Held | None:
        name = name_of(key)
        bucket = self.of(name)
        if key in bucket.objects:
            return bucket.objects[key]
        owner = bucket.owners.get(key)
        return self.of(owner).objects.get(key) if owner is not None else None

    def at(self, path: str) -> Record | None:
        """Look up a record by its file."""
        name = name_of(path)
        record = self.of(name).records.get(name)
        if record is None or path not in record.sources:
            id_ = self.of(name).ids.get(path)
            record = self.of(id_).records.get(id_) if id_ is not None else None
        return record

    @property
    def remembers(self) -> str:
        """A digest of all buckets: another one where anything is remembered otherwise."""
        return self.index.remembers

    def _open(
        self, digest: str, parse: Callable[[bytes], V], others: Callable[[], Iterable[str]]
    ) -> V | None:
        if not digest:
            return None
        try:
            body = self._read(digest, others)
            with reading(shard_key(digest)):
                return parse(body)
        except StoreError as error:
            self.failure = error
            raise


# ── mappings over a tree ─────────────────────────────────────────────────────────────────────────


class Objects(Mapping[str, Held]):
    """Key → object."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def __getitem__(self, key: str) -> Held:
        found = self.tree.held(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        hot = self.tree.index.hot
        yield from (key for key, held in hot.items() if held is not None)
        yield from (key for key in self.tree.cold if key not in hot)
        for bucket in self.tree.all():
            yield from bucket.objects

    def __len__(self) -> int:
        return self.tree.index.files


class Records(Mapping[str, Record]):
    """Story → record."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def __getitem__(self, id_: str) -> Record:
        return self.tree.of(id_).records[id_]

    def __iter__(self) -> Iterator[str]:
        for bucket in self.tree.all():
            yield from bucket.records

    def __len__(self) -> int:
        return self.tree.index.stories


class Firsts(Mapping[str, Mapping[str, datetime | None]]):
    """Story → update → when it was first published."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def __getitem__(self, id_: str) -> Mapping[str, datetime | None]:
        return self.tree.of(id_).stamps[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(Records(self.tree))

    def __len__(self) -> int:
        return self.tree.index.stories


class Graves(Mapping[str, Gone]):
    """Key → tombstone."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def __getitem__(self, key: str) -> Gone:
        return self.tree.index.gone[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tree.index.gone)

    def __len__(self) -> int:
        return len(self.tree.index.gone)


class Changed(Mapping[str, V]):
    """A mapping with some other values; None = not there any more."""

    def __init__(self, base: Mapping[str, V], changes: Mapping[str, V | None]) -> None:
        self.base = base
        self.changes = changes

    def __getitem__(self, name: str) -> V:
        if name not in self.changes:
            return self.base[name]
        value = self.changes[name]
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self.base if name not in self.changes)
        yield from (name for name, value in self.changes.items() if value is not None)

    def __len__(self) -> int:
        return len(self.base) + sum(
            (value is not None) - (name in self.base) for name, value in self.changes.items()
        )


class Later(Mapping[str, V]):
    """A mapping that is made when somebody first looks into it."""

    def __init__(self, make: Callable[[], Mapping[str, V]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, V]:
        return self._make()

    def __getitem__(self, name: str) -> V:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def changes_of(new: Mapping[str, V], old: Mapping[str, V]) -> dict[str, V | None]:
    """Return what turns one mapping into another; where that is known, without looking at all."""
    if new is old:
        return {}
    if isinstance(new, Changed):
        return {**changes_of(new.base, old), **new.changes}
    found: dict[str, V | None] = {name: None for name in old if name not in new}
    return found | {name: value for name, value in new.items() if old.get(name) != value}


def manifest_over(root: Manifest, read: Read) -> Manifest:
    """Return a root together with what its shards hold, read as it is asked for."""
    tree = Tree(root.index, read)
    return replace(
        root,
        objects=Objects(tree),
        gone=Graves(tree),
        records=Records(tree),
        stamps=Firsts(tree),
    )


def tree_of(manifest: Manifest) -> Tree:
    """Return the shards that a manifest was read from; an empty tree for one that was not."""
    objects = manifest.objects
    while isinstance(objects, Changed):
        objects = objects.base
    return objects.tree if isinstance(objects, Objects) else Tree("", _nothing)


def _nothing(digest: str, _others: Callable[[], Iterable[str]]) -> bytes:
    raise KeyError(digest)


def count_pages(objects: Mapping[str, Held]) -> int:
    """Count the pages among objects."""
    if isinstance(objects, Objects):
        return objects.tree.index.pages
    return sum(1 for key in objects if is_page(key))


def is_page(key: str) -> bool:
    """Tell whether a file is a page, by its name."""
    return key.endswith(".html")
