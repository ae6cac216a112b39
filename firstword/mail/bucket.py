"""The list and the ledger in a private bucket, for senders that have no disk of their own.

Whoever works with them holds a lease, renewed by a thread of its own. The files are fetched,
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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from firstword.errors import MailError, SettingsError
from firstword.mail import inbox, ledger, people
from firstword.mail.lease import Lease, put
from firstword.mail.ledger import Event, Fate
from firstword.store import Remote, Store, open_store

#: The ledger before the list, which knows of it: in between the list may know less, never more.
_FILES = (ledger.NAME, people.NAME, inbox.NAME)
#: Ledgers that were given up, each in a folder of its own.
_ASIDE = "until-"
_LOG = "log/"


class Bucket:
    """What lies in the bucket as far as we know, while the lease is ours."""

    def __init__(
        self, store: Store, lease: Lease, clock: Callable[[], datetime], folder: Path
    ) -> None:
        self.folder = folder
        self._store = store
        self._lease = lease
        self._clock = clock
        self._etags: dict[str, str | None] = {}
        self._digests: dict[str, str] = {}
        #: Which piece of the ledger's news comes next.
        self._next = 0
        #: Whether there is news of the ledger as it lies in the bucket.
        self._news = False

    def fetch(self) -> None:
        """Bring the files here, with what the ledger was told since it was put.

        What is here already, and open, becomes what somebody else made of it.
        """
        aside = sorted(key for key, _ in self._store.keys(_ASIDE))
        for name in (*_FILES, *aside):
            found = self._store.get(name)
            if found is None and name in self._digests:
                raise MailError(f"{self._store.name}: {name!r} is gone; nothing more is sent")
            self._etags[name] = found.etag if found else None
            if found and sha256(found.body).hexdigest() != self._digests.get(name):
                self._digests[name] = sha256(_lay(self.folder / name, found.body)).hexdigest()
        events = []
        for key in sorted(key for key, _ in self._store.keys(self._log())):
            found = self._store.get(key)
            rows = json.loads(found.body) if found else []
            events += [Event(**{**row, "fate": Fate(row["fate"])}) for row in rows]
        self._news = bool(events)
        if events:
            with closing(ledger.open_ledger(self.folder, self._clock)) as opened:
                opened.turn(events)

    def wanted(self) -> bool:
        """Tell whether somebody has urgent words to send, and we have none."""
        return self._lease.wanted()

    def give_way(self) -> None:
        """Let them go first, with all that we know; return with what they know, when it is ours.

        Raises MailError, StoreError.
        """
        self.put_back()
        self._lease.let_go()
        self._lease.take_again()
        self.fetch()

    def told(self, events: Sequence[Event]) -> None:
        """Keep what the ledger was told; on return it is safe. Raises MailError, StoreError."""
        self._lease.check()
        body = json.dumps([asdict(event) for event in events]).encode()
        self._put(f"{self._log()}{self._lease.turn:06}/{self._next:012}.json", body, None)
        self._next += 1
        self._news = True
        # Whoever comes after us has read it only if it was there before they came.
        self._lease.check()

    def keep(self, db: sqlite3.Connection) -> None:
        """Put the ledger as a whole, which ends what it was told piece by piece."""
        self._lease.check()
        self._replace(ledger.NAME, db.serialize())

    def put_back(self) -> None:
        """Put what changed, and remove what the ledger was told before that."""
        if not self._lease.held:
            return  # all of it was put before the lease was let go of
        self._lease.check()
        aside = (p.relative_to(self.folder).as_posix() for p in self.folder.glob(f"{_ASIDE}*/*.db"))
        for name in (*sorted(aside), *_FILES):
            path = self.folder / name
            if path.is_file():
                body = _body(path)
                if sha256(body).hexdigest() != self._digests.get(name) or (
                    name == ledger.NAME and self._news
                ):
                    self._replace(name, body)

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
        return put(self._store, key, body, if_match=before, if_absent=before is None)


@contextmanager
def opened_bucket(
    state: str,
    public: Sequence[str],
    *,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    urgent: bool = False,
) -> Iterator[Bucket]:
    """Hold the list and the ledger of `s3://bucket/prefix`, brought to a folder of their own.

    `public` are the targets. What is urgent waits for its turn. Raises SettingsError for a bucket
    that readers see or strangers may write to, MailError when somebody else works with it.
    """
    store = open_private_store("MAIL_STATE", state, public, environ)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    with held(store, Lease(store, clock, owner, urgent=urgent, sleep=sleep), clock) as bucket:
        yield bucket


@contextmanager
def held(store: Store, lease: Lease, clock: Callable[[], datetime]) -> Iterator[Bucket]:
    """Hold the list and the ledger of a store under a lease; put back what changed.

    Raises MailError when somebody else works with it.
    """
    with tempfile.TemporaryDirectory(prefix="firstword-mail-") as folder:
        bucket = Bucket(store, lease, clock, Path(folder))
        lease.take()
        beat = threading.Thread(target=lease.renew_for_good, daemon=True)
        beat.start()
        try:
            bucket.fetch()
            try:
                yield bucket
            finally:
                bucket.put_back()
        finally:
            lease.release()
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


def _lay(path: Path, body: bytes) -> bytes:
    """Write a file, or its words into one that is here: whoever has that open sees them.

    Returns what the file holds then. Raises MailError for words that are none.
    """
    if path.exists() and not path.parent.name.startswith(_ASIDE):
        came = path.with_name(f"{path.name}.came")
        _write(came, body)
        try:
            with closing(sqlite3.connect(came)) as theirs, closing(sqlite3.connect(path)) as ours:
                theirs.backup(ours)
        except sqlite3.DatabaseError as error:
            raise MailError(f"{path.name!r} in the bucket cannot be read: {error}") from error
        came.unlink()
        return _body(path)
    _write(path, body)
    return body


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(body)


def _body(path: Path) -> bytes:
    """Return what a file holds; one that was given up may be no ledger at all."""
    if path.parent.name.startswith(_ASIDE):
        return path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        return db.serialize()


def _bucket(address: str) -> str:
    return address.removeprefix("s3://").partition("/")[0]
