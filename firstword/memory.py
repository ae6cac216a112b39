"""What all targets together remember, looked up as the build asks for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from firstword.manifest import Manifest, Memory, Record
from firstword.shards import Records, tree_of

#: What targets remembered, then and now → ids of the stories that differ; None = not known. "Then"
#: may be the name of a build that was told of nothing.
Since = Callable[[str, str], frozenset[str] | None]

#: So many stories are a millisecond of work.
_STEP = 30
_NEVER = datetime.max.replace(tzinfo=UTC)


def unknown(_then: str, _now: str) -> None:
    """Know nothing of what changed."""


def merge_memory(manifests: Iterable[Manifest], now: datetime, since: Since = unknown) -> Memory:
    """Merge what the targets know: the earliest stamp holds, the newest source's text holds.

    A known instant beats "before records began": a target that is added later, or alone, would
    otherwise wipe out what the others saw happen.
    """
    long_ago = datetime.min.replace(tzinfo=UTC)
    begun = sorted(
        (manifest for manifest in manifests if manifest.published),
        key=lambda one: one.source.committed_at or long_ago,
    )
    states = [tree_of(manifest).remembers for manifest in begun if manifest.index]
    token = ",".join(states) if len(states) == len(begun) else ""

    def changed(older: str) -> frozenset[str] | None:
        then = older.split(",")
        if not token or not older or len(then) != len(states):
            return None
        found: frozenset[str] = frozenset()
        for before, after in zip(then, states, strict=True):
            ids = since(before, after)
            if ids is None:
                return None
            found |= ids
        return found

    return Memory(
        now=now,
        stamps=_Stamps(begun),
        records_began=bool(begun),
        sources=_Sources(begun),
        paths=_Paths(begun),
        limits=_Limits(begun),
        veils=_Veils(begun),
        token=token,
        changed=changed,
    )


class Remembering:
    """What a target is to remember otherwise: worked out when asked for, or in steps before."""

    def __init__(
        self,
        manifest: Manifest,
        told: Iterable[tuple[str, Record | None, Record | None]],
        memory: Memory,
    ) -> None:
        """`told` = each story's id, its record at the target, and its record of the build."""
        self._records: dict[str, Record | None] = {}
        self._stamps: dict[str, Mapping[str, datetime | None] | None] = {}
        self._whole = False
        #: Stops after each millisecond of work or so; one after the other takes it up.
        self.steps = self._work_out(manifest, told, memory)

    @property
    def records(self) -> Mapping[str, Record | None]:
        """Id → record; None = there is no such story any more."""
        self._end()
        return self._records

    @property
    def stamps(self) -> Mapping[str, Mapping[str, datetime | None] | None]:
        """Id → update → when it was first published, which stays for ever."""
        self._end()
        return self._stamps

    def _end(self) -> None:
        for _ in self.steps:
            pass
        if not self._whole:
            # What failed half-way goes no further, and half a memory must not pass for all of it.
            raise RuntimeError("what is to be remembered was not worked out")

    def _work_out(
        self,
        manifest: Manifest,
        told: Iterable[tuple[str, Record | None, Record | None]],
        memory: Memory,
    ) -> Iterator[None]:
        new = memory.now if memory.records_began else None
        for number, (id_, theirs, ours) in enumerate(told):
            if number % _STEP == 0:
                yield
            if ours != theirs:
                self._records[id_] = ours
            known = memory.stamps.get(id_, {}) if ours else {}
            first = {update: known.get(update, new) for update in ours.updates} if ours else None
            if first != manifest.stamps.get(id_):
                self._stamps[id_] = first
        self._whole = True


class _Stamps(Mapping[str, Mapping[str, datetime | None]]):
    """Story → update → when any target first saw it."""

    def __init__(self, targets: Sequence[Manifest]) -> None:
        self._targets = targets

    def __getitem__(self, id_: str) -> Mapping[str, datetime | None]:
        told = [one.stamps[id_] for one in self._targets if id_ in one.stamps]
        if not told:
            raise KeyError(id_)
        merged: dict[str, datetime | None] = {}
        for updates in told:
            for update, at in updates.items():
                known = [instant for instant in (merged.get(update), at) if instant is not None]
                merged[update] = min(known, default=None)
        return merged

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(id_ for one in self._targets for id_ in one.stamps))

    def __len__(self) -> int:
        if len(self._targets) == 1:
            return len(self._targets[0].stamps)
        return sum(1 for _ in self)


class _Sources(Mapping[str, str]):
    """Path → the text that was last good."""

    def __init__(self, targets: Sequence[Manifest]) -> None:
        self._targets = targets

    def __getitem__(self, path: str) -> str:
        newest = _newest(_at(one.records, path) for one in self._targets)
        if newest is None:
            raise KeyError(path)
        return newest.sources[path]

    def __iter__(self) -> Iterator[str]:
        records = (record for one in self._targets for record in one.records.values())
        return iter(dict.fromkeys(path for record in records for path in record.sources))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Paths(Mapping[str, tuple[str, ...]]):
    """Story → the files it was last told by, the original's first."""

    def __init__(self, targets: Sequence[Manifest]) -> None:
        self._targets = targets

    def __getitem__(self, id_: str) -> tuple[str, ...]:
        newest = _newest(one.records.get(id_) for one in self._targets)
        if newest is None:
            raise KeyError(id_)
        return tuple(newest.sources)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(id_ for one in self._targets for id_ in one.records))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Limits(Mapping[str, Mapping[str, tuple[str, int]]]):
    """Story → component → who owed a word, as the target has it that had the first word first."""

    def __init__(self, targets: Sequence[Manifest]) -> None:
        self._targets = targets

    def __getitem__(self, id_: str) -> Mapping[str, tuple[str, int]]:
        told = [
            (min(filter(None, one.stamps.get(id_, {}).values()), default=_NEVER), record.limits)
            for one in self._targets
            if (record := one.records.get(id_)) is not None and record.limits
        ]
        if not told:
            raise KeyError(id_)
        last_to_first = sorted(told, key=lambda one: one[0], reverse=True)
        return {name: (who, within) for _, limits in last_to_first for name, who, within in limits}

    def __iter__(self) -> Iterator[str]:
        told = (record for one in self._targets for record in one.records.values())
        return iter(dict.fromkeys(record.id for record in told if record.limits))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Veils(Mapping[str, Mapping[str, str]]):
    """Story → who signs it → the other name that readers know them by, on any target."""

    def __init__(self, targets: Sequence[Manifest]) -> None:
        self._targets = targets

    def __getitem__(self, id_: str) -> Mapping[str, str]:
        told = (one.records.get(id_) for one in self._targets)
        found = dict(veil for record in told if record is not None for veil in record.veils)
        if not found:
            raise KeyError(id_)
        return found

    def __iter__(self) -> Iterator[str]:
        told = (record for one in self._targets for record in one.records.values())
        return iter(dict.fromkeys(record.id for record in told if record.veils))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _newest(records: Iterable[Record | None]) -> Record | None:
    """Return the last of some records of one story, the oldest target's first."""
    newest: Record | None = None
    for record in records:
        # A target that a redaction did not reach yet must not bring the words back.
        if record is not None and (newest is None or not newest.gaps_lost(record)):
            newest = record
    return newest


def _at(records: Mapping[str, Record], path: str) -> Record | None:
    if isinstance(records, Records):
        return records.tree.at(path)
    return next((record for record in records.values() if path in record.sources), None)
