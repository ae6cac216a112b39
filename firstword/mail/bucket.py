"""The list and the ledger in a private bucket, for senders that have no disk of their own.

Whoever works with them holds a lease, renewed by a thread of its own. The two files are fetched,
and put back when they changed. While mail goes out, what the ledger is told goes to the bucket
before a message leaves: one small object a write, beneath the name of the file that it continues.
So a sender that dies with its disk leaves as much behind as one that dies alone.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from firstword.errors import Conflict, MailError, SettingsError, StoreError
from firstword.mail import inbox, ledger, people
from firstword.mail.ledger import Event, Fate
from firstword.store import Remote, Store, open_store

LEASE = "lease.json"
LASTS = timedelta(minutes=3)
#: So long before its end a lease counts as lapsed: sending takes time, and clocks differ.
_MARGIN = timedelta(seconds=30)
#: The ledger before the list, which knows of it: in between the list may know less, never more.
_FILES = (ledger.NAME, people.NAME, inbox.NAME)
#: Ledgers that were given up, each in a folder of its own.
_ASIDE = "until-"
_LOG = "log/"


class Bucket:
    """A held lease, and what lies in the bucket as far as we know."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], owner: str, folder: Path
    ) -> None:
        self.folder = folder
        self._store = store
        self._clock = clock
        self._owner = owner
        self._etags: dict[str, str | None] = {}
        self._digests: dict[str, str] = {}
        #: Which holder of the lease this is, and which piece of the ledger's news comes next.
        self._turn = 0
        self._next = 0
        #: Whether there is news of the ledger as it lies in the bucket.
        self._news = False
        self._lost = threading.Event()
        self._ended = threading.Event()
        #: One thread renews the lease, another releases it: each by what the other wrote.
        self._at_lease = threading.Lock()
        self._lease = self._take()

    def fetch(self) -> None:
        """Bring the files here, with what the ledger was told since it was put."""
        aside = sorted(key for key, _ in self._store.keys(_ASIDE))
        for name in (*_FILES, *aside):
            found = self._store.get(name)
            self._etags[name] = found.etag if found else None
            if found:
                path = self.folder / name
                path.parent.mkdir(mode=0o700, exist_ok=True)
                path.touch(mode=0o600)
                path.write_bytes(found.body)
                self._digests[name] = sha256(found.body).hexdigest()
        events = []
        for key in sorted(key for key, _ in self._store.keys(self._log())):
            found = self._store.get(key)
            rows = json.loads(found.body) if found else []
            events += [Event(**{**row, "fate": Fate(row["fate"])}) for row in rows]
        self._news = bool(events)
        if events:
            with closing(ledger.open_ledger(self.folder, self._clock)) as opened:
                opened.turn(events)

    def told(self, events: Sequence[Event]) -> None:
        """Keep what the ledger was told; on return it is safe. Raises MailError, StoreError."""
        self._check()
        body = json.dumps([asdict(event) for event in events]).encode()
        self._put(f"{self._log()}{self._turn:06}/{self._next:012}.json", body, None)
        self._next += 1
        self._news = True
        # Whoever comes after us has read it only if it was there before they came.
        self._check()

    def keep(self, db: sqlite3.Connection) -> None:
        """Put the ledger as a whole, which ends what it was told piece by piece."""
        self._check()
        self._replace(ledger.NAME, db.serialize())

    def put_back(self) -> None:
        """Put what changed, and remove what the ledger was told before that."""
        self._check()
        aside = (p.relative_to(self.folder).as_posix() for p in self.folder.glob(f"{_ASIDE}*/*.db"))
        for name in (*sorted(aside), *_FILES):
            path = self.folder / name
            if path.is_file():
                body = _body(path)
                if sha256(body).hexdigest() != self._digests.get(name) or (
                    name == ledger.NAME and self._news
                ):
                    self._replace(name, body)

    def release(self) -> None:
        """Let the next one in."""
        self._ended.set()
        with self._at_lease, suppress(StoreError):
            # What is not released lapses; whoever has it by now keeps it. All else is done.
            if not self._lost.is_set():
                self._lease = self._write_lease(self._lease, timedelta())

    def renew_for_good(self) -> None:
        """Renew the lease until it is released or lost: what a thread does meanwhile."""
        while not self._ended.wait(LASTS.total_seconds() / 4) and not self._lost.is_set():
            self.renew_once()

    def renew_once(self) -> None:
        """Renew the lease, or note that it is somebody else's by now; not once it is released."""
        with self._at_lease:
            if self._ended.is_set():
                return
            try:
                self._lease = self._write_lease(self._lease, LASTS)
            except Conflict:
                self._lost.set()
            except StoreError:
                return  # out of reach for a moment: the lease lasts longer than that

    def _take(self) -> str:
        found = self._store.get(LEASE)
        if found:
            held = json.loads(found.body)
            self._turn = held.get("turn", 0) + 1
            until = datetime.fromisoformat(held["until"])
            if self._clock() < until:
                raise MailError(
                    f"{self._store.name}: {held['owner']!r} works with the list until "
                    f"{until:%H:%M:%S} UTC; nothing was sent"
                )
        try:
            return self._write_lease(found.etag if found else None, LASTS)
        except Conflict as error:
            raise MailError(f"{self._store.name}: somebody else was faster") from error

    def _write_lease(self, before: str | None, lasts: timedelta) -> str:
        until = self._clock() + lasts
        told = {"owner": self._owner, "until": until.isoformat(), "turn": self._turn}
        etag = self._put(LEASE, json.dumps(told).encode(), before)
        self._until = until
        return etag

    def _check(self) -> None:
        """Raise MailError unless the list is ours for a while longer, by the clock."""
        if self._is_late():
            # A machine that slept, or a thread that did: ours still, if nobody came meanwhile.
            self.renew_once()
        if self._lost.is_set() or self._is_late():
            raise MailError(f"{self._store.name}: the lease is lost; somebody else may go on")

    def _is_late(self) -> bool:
        return self._clock() >= self._until - _MARGIN

    def _log(self) -> str:
        """Return where the ledger's news lies: beneath the version that it continues."""
        return f"{_LOG}{self._etags[ledger.NAME] or 'new'}/"

    def _replace(self, name: str, body: bytes) -> None:
        self._etags[name] = self._put(name, body, self._etags.get(name))
        self._digests[name] = sha256(body).hexdigest()
        if name == ledger.NAME:
            # Also what somebody wrote who did not know yet that the lease was lost.
            old = [k for k, _ in self._store.keys(_LOG) if not k.startswith(self._log())]
            self._store.clear(old)
            self._news = False

    def _put(self, key: str, body: bytes, before: str | None) -> str:
        return self._store.put(
            key,
            body,
            content_type="application/octet-stream",
            cache_control="no-store",
            digest=sha256(body).hexdigest(),
            generation=0,
            if_match=before,
            if_absent=before is None,
        )


@contextmanager
def opened_bucket(
    state: str,
    public: Sequence[str],
    *,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
) -> Iterator[Bucket]:
    """Hold the list and the ledger of `s3://bucket/prefix`, brought to a folder of their own.

    `public` are the targets. Raises SettingsError for a bucket that readers see or strangers may
    write to, MailError when somebody else works with it.
    """
    store = open_private_store("MAIL_STATE", state, public, environ)
    with held(store, clock, f"{socket.gethostname()}:{os.getpid()}") as bucket:
        yield bucket


@contextmanager
def held(store: Store, clock: Callable[[], datetime], owner: str) -> Iterator[Bucket]:
    """Hold the list and the ledger of a store under a lease; put back what changed.

    Raises MailError when somebody else works with it.
    """
    with tempfile.TemporaryDirectory(prefix="firstword-mail-") as folder:
        bucket = Bucket(store, clock, owner, Path(folder))
        beat = threading.Thread(target=bucket.renew_for_good, daemon=True)
        beat.start()
        try:
            bucket.fetch()
            try:
                yield bucket
            finally:
                bucket.put_back()
        finally:
            bucket.release()
            beat.join()


def open_private_store(
    setting: str, address: str, public: Sequence[str], environ: Mapping[str, str]
) -> Store:
    """Open a bucket that a setting names. `public` are the targets.

    Raises SettingsError for one that readers see, or strangers may write to or read.
    """
    refuse_public(address, public, setting)
    store = open_store(address, environ=environ)
    if isinstance(store, Remote):
        exposure = store.exposure()
        if exposure.writable:
            raise SettingsError(setting, f"strangers may write to {address!r}: {exposure.writable}")
        if exposure.readable:
            raise SettingsError(setting, f"strangers may read {address!r}: {exposure.readable}")
    return store


def refuse_public(address: str, public: Sequence[str], setting: str = "MAIL_STATE") -> None:
    """Refuse the bucket of a target, whatever the prefix: policies are made for buckets."""
    for target in public:
        if target.startswith("s3://") and _bucket(target) == _bucket(address):
            raise SettingsError(
                setting, f"{address!r} is the bucket that readers see; take a private one"
            )


def _body(path: Path) -> bytes:
    """Return what a file holds; one that was given up may be no ledger at all."""
    if path.parent.name.startswith(_ASIDE):
        return path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        return db.serialize()


def _bucket(address: str) -> str:
    return address.removeprefix("s3://").partition("/")[0]
