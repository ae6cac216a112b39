"""Whether a target does what publishing relies on, asked before the first write to it.

Conditional writes are what keeps two publishers apart. Some S3 servers ignore the condition, and
say nothing: that shows only by trying.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from firstword.errors import Conflict, Refused, StoreError, Unavailable
from firstword.manifest import STATE, Manifest
from firstword.store import Found, Head, Remote, Store, Write
from firstword.store.hold import ATTEMPTS
from firstword.store.parallel import in_parallel
from firstword.store.state import State
from firstword.values import replace

PROBES = f"{STATE}probe/"
#: How long it holds that strangers may not write: a bucket can be opened on any day.
GUARDED_FOR = timedelta(days=1)
AT_RISK = (
    "two publishers at the same moment can overwrite each other's pages, and the older page can win"
)
_NOT_AN_ETAG = "0" * 32


def ready(
    store: Store, state: State, now: datetime, *, no_lock: bool, workers: int = 1
) -> tuple[Store, State, tuple[str, ...]]:
    """Make sure that a target may be written to, unless its state remembers that it may.

    `workers` = how many requests at once. Returns the store to write with, the state with what was
    found out, and lines to print. Raises Refused when strangers may write there as well, or when
    nothing keeps publishers apart.
    """
    if isinstance(store, LookFirst):
        return store, state, ()
    manifest = state.manifest
    guards, conditions = _unknown(store, manifest, now)
    questions: list[Callable[[], str]] = []
    if isinstance(store, Remote) and guards:
        questions.append(partial(_refuse_open, store))
        manifest = replace(manifest, guarded_at=now)
    if conditions:
        questions.append(partial(probe, store))
    # Whoever refuses waits for the other, which takes away what it wrote.
    ignored = "".join(in_parallel(lambda ask: ask(), questions, workers))
    if ignored and not no_lock:
        raise Refused(
            f"{store.name} does not honour conditional writes ({ignored}): {AT_RISK}; "
            "make sure that only one publishes at a time, and say so with --no-lock"
        )
    manifest = replace(manifest, probed="" if ignored else _place(store))
    known = replace(state, manifest=manifest)
    if ignored:
        return LookFirst(store), known, (f"no lock: {ignored}; {AT_RISK}",)
    return store, known, ()


def is_ready(store: Store, state: State, now: datetime) -> bool:
    """Tell whether all is known of a target that `ready` would ask."""
    return not isinstance(store, LookFirst) and not any(_unknown(store, state.manifest, now))


def _unknown(store: Store, manifest: Manifest, now: datetime) -> tuple[bool, bool]:
    """Tell what is not known of a target: who else may write there, and if it keeps conditions."""
    elsewhere = manifest.probed != _place(store)
    since = None if manifest.probed and elsewhere else manifest.guarded_at
    old = since is None or now - since >= GUARDED_FOR
    return isinstance(store, Remote) and old, elsewhere


def _refuse_open(store: Remote) -> str:
    """Return "". Raises Refused when strangers may write there."""
    exposure = store.exposure()
    if exposure.writable:
        command = f", or run: {block_command(store.name)}" if exposure.blockable else ""
        raise Refused(
            f"strangers may write to {store.name}: {exposure.writable}; take that back{command}"
        )
    return ""


def _place(store: Store) -> str:
    """Return where a store is: the same bucket's name on another server is another place."""
    endpoint = store.endpoint if isinstance(store, Remote) else ""
    return f"{store.name} at {endpoint}" if endpoint else store.name


def block_command(target: str) -> str:
    """Return the command that closes a bucket to strangers, where its server acts on that."""
    bucket = target.removeprefix("s3://").partition("/")[0]
    return (
        f"aws s3api put-public-access-block --bucket {bucket} "
        "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
        "BlockPublicPolicy=true,RestrictPublicBuckets=true"
    )


def probe(store: Store) -> str:
    """Try conditional writes on an object of our own; return what is not honoured, "" = all is.

    Raises StoreError when the target cannot be written to at all, or is only busy or broken.
    """
    # Its own name every time: two that probe at once must not take each other for the server.
    key = f"{PROBES}{uuid.uuid4().hex}"
    try:
        return _try_conditions(store, key)
    except Unavailable:
        # That says nothing of conditions, and to do without a lock would be the wrong advice.
        raise
    except StoreError as error:
        # "Not implemented" and the like, if a write without a condition works.
        _write(store, key, "without a condition")
        return f"a conditional write is answered with an error: {error}"
    finally:
        # Who may write may not always delete; a few bytes of private state harm nobody.
        with suppress(StoreError):
            store.delete(key, None)


def _try_conditions(store: Store, key: str) -> str:
    if not _insist(store, key, "first", if_absent=True):
        return "what was written a moment ago is not there"
    try:
        _write(store, key, "second", if_absent=True)
        return "If-None-Match: a second put-if-absent was accepted"
    except Conflict:
        pass
    try:
        _write(store, key, "mistaken", if_match=_NOT_AN_ETAG)
        return "If-Match: a put over another version was accepted"
    except Conflict:
        pass
    there = store.get(key)
    if there is None:
        return "what was written a moment ago is not there"
    if not _insist(store, key, "right", if_match=there.etag):
        return "If-Match: a put over the very version that is there was refused"
    return ""


def _insist(
    store: Store, key: str, text: str, *, if_match: str | None = None, if_absent: bool = False
) -> bool:
    """Write, and again where the server was only busy; tell whether it is there now.

    The answer to a write may be lost, too: repeated by the client, it collides with itself.
    """
    for _ in range(ATTEMPTS):
        try:
            _write(store, key, text, if_match=if_match, if_absent=if_absent)
        except Conflict:
            found = store.get(key)
            if found is None or found.body != text.encode():
                continue
        return True
    return False


def _write(
    store: Store, key: str, text: str, *, if_match: str | None = None, if_absent: bool = False
) -> None:
    body = text.encode()
    store.put(
        Write(
            key=key,
            body=body,
            content_type="text/plain; charset=utf-8",
            cache_control="no-store",
            digest=hashlib.sha256(body).hexdigest(),
            if_match=if_match,
            if_absent=if_absent,
        )
    )


class LookFirst:
    """A store without conditional writes: looks before it writes.

    That keeps apart publishers that begin seconds apart, as a lock would, and none that write in
    the same moment.
    """

    def __init__(self, store: Store) -> None:
        self.name = store.name
        self._store = store

    def get(self, key: str) -> Found | None:
        return self._store.get(key)

    def head(self, key: str) -> Head | None:
        return self._store.head(key)

    def put(self, write: Write) -> str:
        self._expect(write.key, write.if_match, absent=write.if_absent)
        return self._store.put(replace(write, if_match=None, if_absent=False))

    def delete(self, key: str, if_match: str | None) -> None:
        if if_match is not None:
            head = self._store.head(key)
            if head is not None and head.etag != if_match:
                raise Conflict(key)
        self._store.delete(key, None)

    def clear(self, keys: Sequence[str]) -> None:
        self._store.clear(keys)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        return self._store.keys(prefix)

    def _expect(self, key: str, if_match: str | None, *, absent: bool) -> None:
        """Raise Conflict unless the object is what the caller takes it to be."""
        if if_match is None and not absent:
            return
        head = self._store.head(key)
        if (absent and head is not None) or (
            if_match is not None and (head is None or head.etag != if_match)
        ):
            raise Conflict(key)
