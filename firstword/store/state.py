"""What a target keeps of itself, and how it is read."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterable, MutableMapping

from msgspec import Struct

from firstword.errors import StoreError
from firstword.manifest import ROOT_KEY, Manifest, parse_root
from firstword.shards import manifest_over, shard_digest, shard_key
from firstword.store import Store
from firstword.store.parallel import in_parallel
from firstword.values import replace


class LeaseLost(StoreError):
    """Somebody else is at work on the target, or was since we looked: look again."""


class State(Struct, frozen=True):
    """What a target held when we looked; `etag` is the root's, None = never published to."""

    manifest: Manifest
    etag: str | None


def read_root(store: Store) -> State:
    """Read the root alone: what the target holds and remembers is left out."""
    found = store.get(ROOT_KEY)
    if found is None:
        return State(Manifest(), None)
    return State(parse_root(found.body), found.etag)


def read_state(
    store: Store, kept: MutableMapping[str, bytes], workers: int, root: State | None = None
) -> State:
    """Read the root, unless that was done; whatever else is read when it is asked for.

    `kept` has bodies by digest, from one reading to the next. Asking raises StoreError, and
    LeaseLost where somebody else published since.
    """
    root = root or read_root(store)
    return replace(root, manifest=manifest_over(root.manifest, _Shards(store, root, kept, workers)))


class _Shards:
    """Reads shards; where one is not at hand, all that are not are read at once."""

    def __init__(
        self, store: Store, root: State, kept: MutableMapping[str, bytes], workers: int
    ) -> None:
        self._store = store
        self._index = root.manifest.index
        self._kept = kept
        self._workers = workers
        self._one_at_a_time = threading.Lock()

    def __call__(self, digest: str, others: Callable[[], Iterable[str]]) -> bytes:
        with self._one_at_a_time:
            body = self._kept.get(digest)
            if body is None:
                # One that lies there all the same is not what its name says.
                beside = {other for other in others() if other not in self._kept}
                self._fetch(sorted(beside | {digest}))
                body = self._kept.get(digest)
        if body is not None:
            return body
        # What a commit replaces goes with it, or with the next. The same index twice is no race: a
        # lease alone, as ours, replaces nothing.
        if read_root(self._store).manifest.index != self._index:
            raise LeaseLost(f"{self._store.name}: another publisher came in between")
        raise StoreError(
            f"{self._store.name}: {shard_key(digest)} is missing, and with it what the target "
            "remembers; bring it back from the bucket's versions or a backup"
        )

    def _fetch(self, missing: list[str]) -> None:
        bodies = in_parallel(lambda one: _read_shard(self._store, one), missing, self._workers)
        for digest, body in zip(missing, bodies, strict=True):
            if body is not None:
                self._kept[digest] = body


def _read_shard(store: Store, digest: str) -> bytes | None:
    found = store.get(shard_key(digest))
    if found is None:
        return None
    try:
        body = gzip.decompress(found.body)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{store.name}: {shard_key(digest)} is no gzip file: {error}") from error
    if shard_digest(body) != digest:
        raise StoreError(f"{store.name}: {shard_key(digest)} is not what its name says")
    return body
