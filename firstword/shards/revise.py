"""What becomes of the shards when what a target holds changes: only what is concerned is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from firstword.manifest import Gone, Held, Manifest, Record
from firstword.shards.documents import (
    MOST_HOT,
    Bucket,
    Index,
    bucket_of,
    buckets_for,
    cold_to_bytes,
    name_of,
    shard_digest,
)
from firstword.shards.tree import Tree, changes_of, is_page, tree_of
from firstword.values import replace

COLD = -1


class Draft(Struct, frozen=True):
    """The shards to write: `leaves` by slot, and an index that must name them."""

    leaves: Mapping[int, bytes]
    before: Tree
    after: Index  #: but for the digests of the leaves
    digests: Mapping[int, str]  #: of the leaves, "" for an empty one
    ids: frozenset[str]  #: stories that are remembered otherwise

    @property
    def slots(self) -> list[int]:
        """The slots that will hold something."""
        return [slot for slot, body in self.leaves.items() if body]

    @property
    def bodies(self) -> tuple[bytes, ...]:
        """What is to be written, in the order of the slots, and then the index."""
        leaves = (self.leaves[slot] for slot in self.slots)
        return (*leaves, self.over(self.leaves).to_bytes())

    def over(self, leaves: Mapping[int, bytes]) -> Index:
        """Return the index over leaves as they were written."""
        buckets = list(self.after.buckets)
        cold = self.after.cold
        for slot, body in leaves.items():
            digest = self.digests[slot] if body is self.leaves[slot] else shard_digest(body)
            if slot == COLD:
                cold = digest
            else:
                buckets[slot] = digest
        return replace(self.after, cold=cold, buckets=tuple(buckets))

    def replaced(self) -> set[str]:
        """Return the digests of the shards that the leaves and the index take the place of."""
        index = self.before.index
        old = {slot_of(index, slot) for slot in self.leaves}
        return {*old, self.before.digest} - {""}


def slot_of(index: Index, slot: int) -> str:
    """Return the digest of what is in a slot, "" for one that is not there yet."""
    if slot == COLD:
        return index.cold
    return index.buckets[slot] if slot < len(index.buckets) else ""


def revise(before: Manifest, after: Manifest) -> Draft:
    """Draft the shards that hold `after`, going out from those that `before` was read from."""
    return _Revision(tree_of(before), before, after).draft(after.gone)


class _Revision:
    """One revision under way."""

    def __init__(self, tree: Tree, before: Manifest, after: Manifest) -> None:
        self._tree = tree
        index = tree.index
        self._hot = dict(index.hot)
        self._cold: dict[str, Held] | None = None
        self._touched: dict[int, Bucket] = {}
        self._numbers: dict[str, int] = {}
        self._files, self._pages = index.files, index.pages
        records = changes_of(after.records, before.records)
        stamps = changes_of(after.stamps, before.stamps)
        stories = index.stories + sum(
            (record is not None) - (id_ in before.records) for id_, record in records.items()
        )
        self._stories = stories
        self._count = max(len(index.buckets), buckets_for(stories))
        self._grow(len(index.buckets))
        self._ids = frozenset(records.keys() | stamps.keys())
        for key, held in changes_of(after.objects, before.objects).items():
            self._place(key, tree.held(key), held)
        for id_ in sorted(self._ids):
            record = records[id_] if id_ in records else before.records.get(id_)
            self._remember(id_, before.records.get(id_), record, after.stamps.get(id_, {}))

    def draft(self, gone: Mapping[str, Gone]) -> Draft:
        """Return the outcome."""
        index = self._tree.index
        if len(self._hot) > MOST_HOT:
            merged: dict[str, Held | None] = {**self._tree.cold, **self._hot}
            self._cold = {key: held for key, held in merged.items() if held is not None}
            self._hot = {}
        leaves = {slot: bucket.to_bytes() for slot, bucket in sorted(self._touched.items())}
        if self._cold is not None:
            leaves[COLD] = cold_to_bytes(self._cold)
        digests = {slot: shard_digest(body) if body else "" for slot, body in leaves.items()}
        leaves = {
            slot: body for slot, body in leaves.items() if digests[slot] != slot_of(index, slot)
        }
        after = Index(
            hot=self._hot,
            gone=dict(gone),
            cold=index.cold,
            buckets=(*index.buckets, *[""] * (self._count - len(index.buckets))),
            stories=self._stories,
            files=self._files,
            pages=self._pages,
        )
        return Draft(leaves, self._tree, after, digests, self._ids)

    def _grow(self, before: int) -> None:
        """Split buckets until there are as many as the stories need."""
        split = set()
        for number in range(before, self._count):
            self._touched[number] = Bucket()
            source = number
            while source >= before:
                source -= 1 << (source.bit_length() - 1)
            split.add(source)
        for source in sorted(split):
            self._touched[source] = Bucket()
        for source in sorted(split):
            old = self._tree.bucket(source)
            for key, held in old.objects.items():
                self._bucket(held.owner).objects[key] = held
            for id_, record in old.records.items():
                self._bucket(id_).records[id_] = record
                self._bucket(id_).stamps[id_] = old.stamps[id_]
            for key, owner in old.owners.items():
                self._bucket(name_of(key)).owners[key] = owner
            for path, id_ in old.ids.items():
                self._bucket(name_of(path)).ids[path] = id_

    def _bucket(self, name: str) -> Bucket:
        """Return a bucket to write into."""
        number = self._numbers.get(name)
        if number is None:
            # A story is asked for by each of its files.
            number = self._numbers[name] = bucket_of(name, self._count)
        if number not in self._touched:
            old = self._tree.bucket(number)
            self._touched[number] = Bucket(
                objects=dict(old.objects),
                records=dict(old.records),
                stamps=dict(old.stamps),
                owners=dict(old.owners),
                ids=dict(old.ids),
            )
        return self._touched[number]

    def _place(self, key: str, old: Held | None, new: Held | None) -> None:
        self._files += (new is not None) - (old is not None)
        if is_page(key):
            self._pages += (new is not None) - (old is not None)
        if old is not None and old.owner:
            if new is None or new.owner != old.owner:
                del self._bucket(old.owner).objects[key]
                self._bucket(name_of(key)).owners.pop(key, None)
        elif old is not None and (new is None or new.owner):
            if key in self._tree.cold:
                self._hot[key] = None
            else:
                del self._hot[key]
        if new is None:
            return
        if not new.owner:
            self._hot[key] = new
            return
        self._bucket(new.owner).objects[key] = new
        if name_of(key) != new.owner:
            self._bucket(name_of(key)).owners[key] = new.owner

    def _remember(
        self,
        id_: str,
        old: Record | None,
        new: Record | None,
        stamps: Mapping[str, datetime | None],
    ) -> None:
        bucket = self._bucket(id_)
        for path in elsewhere(old, id_):
            beside = self._bucket(name_of(path)).ids
            # The file may be another story's by now.
            if beside.get(path) == id_:
                del beside[path]
        if new is None:
            bucket.records.pop(id_, None)
            bucket.stamps.pop(id_, None)
            return
        bucket.records[id_] = new
        bucket.stamps[id_] = stamps
        for path in elsewhere(new, id_):
            self._bucket(name_of(path)).ids[path] = id_


def elsewhere(record: Record | None, id_: str) -> list[str]:
    """Return the files of a story whose names do not lead to it."""
    return [path for path in record.sources if name_of(path) != id_] if record else []
