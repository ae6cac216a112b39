"""Holding a target: its lease, what is written under it, and the commit.

Every write is fenced twice. The root is only replaced if it is what we last saw, so a publisher
that slept through its lease cannot commit; and each object is only replaced if it is what the
manifest says, so it cannot undo a page of whoever came after it either.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from msgspec import Struct

from firstword.errors import Conflict, FirstwordError, StoreError, Unavailable
from firstword.headers import headers_for
from firstword.manifest import ROOT_KEY, Lease, Manifest, root_to_bytes
from firstword.plan import Delete, Put
from firstword.shards import Draft, revise, shard_digest, shard_key
from firstword.store import Many, Store, Write
from firstword.store.parallel import in_parallel
from firstword.store.state import LeaseLost, State, read_root
from firstword.values import replace

#: A conflict may only mean that the server was busy with the object: look, and try again.
ATTEMPTS = 5
#: How often a store that is out of reach is asked again in the middle of a publish, beyond what
#: its client does by itself. One request of a thousand must not undo the rest.
PATIENCE = 2
#: With more shards replaced than that they are deleted at once.
_MOST_STALE = 50
#: How hard shards are packed: twice as hard takes twice as long, for a sixth less.
_PACKED = 3

R = TypeVar("R")


class Committed(Struct, frozen=True, kw_only=True):
    """What a commit did to the shards: for a reader's cache."""

    shards: Mapping[str, bytes] = {}
    ids: frozenset[str] = frozenset()  #: stories that are remembered otherwise
    remembers: str = ""  #: digest of all that is remembered
    named: frozenset[str] = frozenset()  #: all shards that there are


class Hold:
    """One publish's hold on a target, from taking the lease to the commit. Threads share it."""

    def __init__(
        self,
        store: Store,
        before: State,
        lease: Lease,
        *,
        clock: Callable[[], datetime],
        lasts: timedelta,
    ) -> None:
        """Take the lease. Raises LeaseLost when the target is not what it was when we looked."""
        self.generation = before.manifest.generation + 1
        self.committed = Committed()
        self._store = store
        self._before = before
        self._clock = clock
        self._lasts = lasts
        self._renewing = threading.Lock()
        self._sent = False
        #: Digests of shards that nothing is to name.
        self._stale = set(before.manifest.stale)
        #: Those of them that are deleted by now, and why we may not delete any.
        self._dropped: set[str] = set()
        self._refused: StoreError | None = None
        #: Shards that were written before their time, and as what.
        self._ahead: dict[bytes, bytes] = {}
        self._lease = lease
        leased = self._leased(lease)
        self._etag = self._write_root(leased, before.etag)
        #: Whether ETags are the MD5 of what was written, as on most servers: known beforehand.
        self.foretells = self._etag == foretold(root_to_bytes(leased))

    def check(self) -> None:
        """Make sure that the lease still holds; renew it when half of it has passed."""
        with self._renewing:
            now = self._clock()
            if not self._lease.live(now):
                raise LeaseLost(f"{self._store.name}: the lease ran out at {self._lease.until}")
            if now >= self._lease.until - self._lasts / 2:
                self._renew(replace(self._lease, until=now + self._lasts))

    def touch(self, keys: Iterable[str]) -> None:
        """Make sure that the lease names what will be written. Raises LeaseLost, StoreError."""
        with self._renewing:
            touches = {*self._lease.touches, *keys}
            if len(touches) > len(self._lease.touches):
                self._renew(replace(self._lease, touches=tuple(sorted(touches))))

    def _renew(self, lease: Lease) -> None:
        self._etag = self._write_root(self._leased(lease), self._etag)
        self._lease = lease

    def put_many(
        self,
        puts: Iterator[Put],
        body: Callable[[Put], bytes],
        at_once: int,
        told: Callable[[str, str], None],
    ) -> None:
        """Write what is easily written, where the store knows how; tell key and ETag of each.

        What is not told is still to be `put`. Raises LeaseLost, and what `body` raises.
        """
        if not isinstance(self._store, Many):
            return

        def writes() -> Iterator[Write]:
            for put in puts:
                self.check()
                self._sent = True
                yield self._write_of(put.key, body(put), put.output.digest, put.expect)

        self._store.put_many(writes(), at_once, told)

    def put(self, put: Put, body: bytes) -> str:
        """Write one object and return its ETag.

        Raises LeaseLost when a newer publish wrote it, StoreError when it is nobody's we know.
        """
        key, expect = put.key, put.expect
        for _ in range(ATTEMPTS):
            write = self._write_of(key, body, put.output.digest, expect)
            try:
                return self._patiently(partial(self._store.put, write), sends=True)
            except Conflict:
                head = self._patiently(partial(self._store.head, key))
            if head is None:
                expect = None
                continue
            if head.digest == put.output.digest:
                return head.etag
            if head.generation is not None and head.generation >= self.generation:
                raise self._outrun(key)
            if put.expect is None and head.digest is None:
                raise StoreError(
                    f"{self._store.name}: {key!r} is there already, and not from Firstword: move "
                    "it away, publish under another prefix, or replace it with --full"
                )
            expect = head.etag
        raise StoreError(f"{self._store.name}: somebody else keeps changing {key!r}")

    def delete(self, delete: Delete) -> bool:
        """Delete one object; False = it is not what we buried, so it was left alone."""
        buried = delete.tomb.etag
        for _ in range(ATTEMPTS):
            # Looked at first, since several servers ignore the condition of a delete.
            head = self._patiently(partial(self._store.head, delete.key))
            if head is None:
                return True
            if buried and head.etag != buried:
                return False
            with suppress(Conflict):
                self._patiently(partial(self._store.delete, delete.key, head.etag))
                return True
        raise StoreError(f"{self._store.name}: somebody else keeps changing {delete.key!r}")

    def commit(
        self,
        manifest: Manifest,
        draft: Draft | None,
        workers: int,
        orphans: Iterable[str] = (),
        *,
        forgets: bool = True,
    ) -> StoreError | None:
        """Write the shards that changed, then the root that names them: from then on it is true.

        `draft` of this very manifest, where it was made before; None = it is made here.
        The root also names the shards that they replace: the next publish deletes those. Where
        it `forgets` words that they hold, or `orphans` were found (keys that nobody names), that is
        done here: a redacted word must not live on in there. Returns why that failed, if it did.
        """
        before = self._before.manifest
        draft = draft or self.draft(manifest)
        leaves, slots, bodies = draft.leaves, draft.slots, draft.bodies
        # Nobody names them yet, so they may be written in any order.
        *written, index_written = in_parallel(
            lambda body: self._ahead.pop(body, None) or self._put_shard(body), bodies, workers
        )
        self._stale |= {shard_digest(body) for body in self._ahead.values()}
        self._ahead.clear()
        told = {**leaves, **dict(zip(slots, written, strict=True))}
        index = draft.over(told)
        if told != leaves:
            self._stale.add(shard_digest(index_written))
            index_written = self._put_shard(index.to_bytes())
        new = {shard_digest(body): body for body in (*written, index_written)}
        named = index.named | {shard_digest(index_written)}
        replaced = draft.replaced()
        if self._refused:
            # Else there would be more of them with each publish.
            self._stale -= set(before.stale)
        self._stale = (self._stale | replaced) - named - self._dropped.copy()
        self.check()
        committed = replace(
            replace(manifest, probed=before.probed, guarded_at=before.guarded_at),
            generation=self.generation,
            lease=None,
            index=shard_digest(index_written),
            stale=tuple(sorted(self._stale)),
        )
        self._etag = self._write_root(committed, self._etag)
        self.committed = Committed(
            shards=new,
            ids=draft.ids,
            remembers=index.remembers,
            named=named,
        )
        # With many of them somebody waited anyway, and the next edit is not to wait for that.
        at_once = forgets or len(replaced) > _MOST_STALE
        doomed = {*orphans, *(map(shard_key, self._stale) if at_once else ())}
        try:
            in_parallel(self._drop, sorted(doomed - set(map(shard_key, named))), workers)
        except StoreError as error:
            return error
        return self._refused

    def draft(self, manifest: Manifest) -> Draft:
        """Draft the shards that a commit of a manifest would write."""
        return revise(self._before.manifest, manifest)

    def put_ahead(self, body: bytes) -> None:
        """Write a shard of the commit to come beside its pages; one that it lacks goes again."""
        self._ahead[body] = self._put_shard(body)

    def drop_stale(self, workers: int) -> None:
        """Delete what was stale before, each in one attempt; what is still there stays named.

        But for what we may not delete: that is left to whoever lists all there is.
        """

        def drop(digest: str) -> None:
            if self._refused or not self._lease.live(self._clock()):
                return
            try:
                self._store.delete(shard_key(digest), None)
                self._dropped.add(digest)
            except (Conflict, Unavailable):
                pass
            except StoreError as error:
                self._refused = error

        in_parallel(drop, self._before.manifest.stale, workers)

    def release(self) -> None:
        """Let the next publisher in at once, after a failure that we lived to see.

        Once something was sent the lease stays, ended: it tells what may be half done, and of
        which commit.
        """
        ended = self._before.manifest.lease
        if self._sent:
            ended = replace(self._lease, until=self._clock())
        with suppress(FirstwordError):
            for body in self._ahead.values():
                self._drop(shard_key(shard_digest(body)))
        with suppress(FirstwordError):
            self._write_root(self._leased(ended), self._etag)

    def _patiently(self, ask: Callable[[], R], *, sends: bool = False) -> R:
        """Ask the store while the lease holds, and again where it was out of reach."""
        for _ in range(PATIENCE):
            self.check()
            self._sent = self._sent or sends
            with suppress(Unavailable):
                return ask()
        self.check()
        return ask()

    def _outrun(self, key: str) -> StoreError:
        """Return what it means that an object is of a publish as new as ours, or newer."""
        with self._renewing:
            if read_root(self._store).etag != self._etag:
                return LeaseLost(f"{self._store.name}: another publisher is newer: {key!r}")
        return StoreError(
            f"{self._store.name}: {key!r} is newer than the target's own state, as if an old state "
            "had been put back; look at what is live, then publish with --full"
        )

    def _leased(self, lease: Lease | None) -> Manifest:
        return replace(self._before.manifest, generation=self.generation, lease=lease)

    def _write_root(self, manifest: Manifest, expect: str | None) -> str:
        body = root_to_bytes(manifest)
        for _ in range(ATTEMPTS):
            try:
                return self._put_state(ROOT_KEY, body, expect)
            except Conflict as error:
                # When the answer to a write is lost, its repetition collides with itself.
                found = self._store.get(ROOT_KEY)
                if found is not None and found.body == body:
                    return found.etag
                if (found and found.etag) != expect:
                    raise LeaseLost(
                        f"{self._store.name}: another publisher came in between"
                    ) from error
        raise StoreError(f"{self._store.name}: the server is busy with {ROOT_KEY!r} all the time")

    def _put_shard(self, body: bytes) -> bytes:
        """Write a shard, and return the body that it was written with."""
        digest = shard_digest(body)
        if digest not in self._before.manifest.stale and self._put_new(body):
            return body
        # Words that come back: whoever replaced them may be about to remove what is there.
        self._stale.add(digest)
        body = body.removesuffix(b"}") + f',"again":{self.generation}}}'.encode()
        # Under this name there can only be the same, from somebody who did not commit it.
        self._put_new(body)
        return body

    def _put_new(self, body: bytes) -> bool:
        """Write a shard; False = there is one of that name already."""
        key, packed = shard_key(shard_digest(body)), gzip.compress(body, _PACKED, mtime=0)
        for _ in range(ATTEMPTS):
            try:
                self._patiently(partial(self._put_state, key, packed, None))
            except Conflict:
                if self._patiently(partial(self._store.head, key)) is not None:
                    return False
            else:
                return True
        raise StoreError(f"{self._store.name}: the server is busy with {key!r} all the time")

    def _put_state(self, key: str, body: bytes, expect: str | None) -> str:
        digest = hashlib.sha256(body).hexdigest()
        return self._store.put(self._write_of(key, body, digest, expect))

    def _write_of(self, key: str, body: bytes, digest: str, expect: str | None) -> Write:
        """Return a write of ours; `expect` = the ETag of what must be there, None = nothing may."""
        kind, caching = headers_for(key)
        return Write(
            key=key,
            body=body,
            content_type=kind,
            cache_control=caching,
            digest=digest,
            generation=self.generation,
            if_match=expect,
            if_absent=expect is None,
        )

    def _drop(self, key: str) -> None:
        for _ in range(ATTEMPTS):
            # Long after the commit, a successor may have given the same words the same name.
            if not self._lease.live(self._clock()):
                return
            with suppress(Conflict, Unavailable):
                self._store.delete(key, None)
                return
        raise StoreError(f"{self._store.name}: {key!r} could not be deleted")


def foretold(body: bytes) -> str:
    """Return the ETag that most servers give an object."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
