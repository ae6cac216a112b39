"""Machines to be killed, each a process with a disk of its own.

For every line on its standard input, an Errand as JSON, this program begins a machine that sends,
and when it has ended writes a line with its exit code. A machine dies by its own hand, before or
after one of its requests to the bucket. `bucket` in the errand's folder stands in for S3: a folder
with the conditions that S3 has. The requests that a machine made stand in `requests` beside it, and
what arrived in `arrived`, each line written at once.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mails import Post, Scribe, day, word

from firstword.mail.bond import open_bound
from firstword.mail.bucket import held
from firstword.mail.ledger import Fate
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, send
from firstword.mail.transport import Outcome
from firstword.manifest import ROOT_KEY
from firstword.store import Found, Head, Store
from firstword.store.folder import FolderStore

LANES = 2
_Answer = TypeVar("_Answer")
EDITIONS = {"urgent": word(9), "digest": day(20)}


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a machine is to send, when (seconds since 1970), and at which request it dies."""

    folder: str
    kinds: tuple[str, ...]
    at: float
    #: "before 3 put log/*" or "after …": the third request of those to the bucket; "" = it lives.
    dies: str = ""

    def line(self) -> str:
        """Write it down."""
        return json.dumps(asdict(self))


def bucket_in(folder: Path) -> Store:
    """Return the bucket of a folder, as yet another machine sees it."""
    root = folder / "bucket" / ROOT_KEY
    root.parent.mkdir(parents=True, exist_ok=True)
    root.touch()
    return FolderStore("s3://acme-private/mail", folder / "bucket")


class Deadly:
    """A bucket at one of whose requests this process dies."""

    def __init__(self, store: Store, log: Path, dies: str) -> None:
        self.name = store.name
        self._store = store
        self._log = log
        self._when, number, self._request = (*dies.split(" ", 2), "", "")[:3]
        self._number = int(number or 0)
        self._seen = 0

    def get(self, key: str) -> Found | None:
        return self._asked("get", key, lambda: self._store.get(key))

    def head(self, key: str) -> Head | None:
        return self._asked("head", key, lambda: self._store.head(key))

    def put(self, key: str, body: bytes, **more: Any) -> str:
        return self._asked("put", key, lambda: self._store.put(key, body, **more))

    def delete(self, key: str, if_match: str | None) -> None:
        self._asked("delete", key, lambda: self._store.delete(key, if_match))

    def clear(self, keys: Sequence[str]) -> None:
        # One by one: whoever dies in the midst of it leaves some.
        for key in keys:
            self.delete(key, None)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        yield from self._asked("list", prefix, lambda: list(self._store.keys(prefix)))

    def _asked(self, operation: str, key: str, how: Callable[[], _Answer]) -> _Answer:
        request = re.sub(r"(?<= log/).+", "*", f"{operation} {key}")
        self._seen += request == self._request
        here = request == self._request and self._seen == self._number
        write_line(self._log, request)
        if here and self._when == "before":
            die()
        done = how()
        if here:
            die()
        return done


def run(errand: Errand) -> None:
    """Send what there is to send, as a machine that has nothing but the bucket."""

    folder = Path(errand.folder)

    def clock() -> datetime:
        return datetime.fromtimestamp(errand.at, UTC)

    def arrive(address: str) -> Outcome:
        write_line(folder / "arrived", address)
        return Outcome(fate=Fate.ACCEPTED)

    post = Post(lanes=LANES)
    post.fate = arrive
    store = Deadly(bucket_in(folder), folder / "requests", errand.dies)
    with held(store, clock, f"machine {os.getpid()}") as bucket:
        people = open_people(bucket.folder)
        ledger = open_bound(bucket.folder, people, clock, bucket)
        with closing(people), closing(ledger):
            editions = [EDITIONS[kind] for kind in errand.kinds]
            send(Desk(people, ledger, Scribe()), editions, post, expected=None)


def die() -> None:
    """End this process as a machine ends that is switched off."""
    os.kill(os.getpid(), signal.SIGKILL)


def write_line(path: Path, text: str) -> None:
    """Add a line to a file: all of it, or nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def begun(what: Callable[[], None]) -> int:
    """Do something in a process of its own; return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        what()
    except BaseException:  # noqa: BLE001  whatever it is, this process is not to go on as its parent
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def ended(pid: int) -> int:
    """Wait for a process; return its exit code, or less than nothing where it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Begin a machine for each line, one after the other."""
    # A machine's disk is gone with it, and the bucket's outlives a process without that.
    os.fsync = lambda _: None  # type: ignore[assignment]
    for line in sys.stdin:
        told = json.loads(line)
        errand = Errand(**{**told, "kinds": tuple(told["kinds"])})
        code = ended(begun(partial(run, errand)))
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
