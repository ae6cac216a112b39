"""Send the files of a phase: by one thread where the store knows how, what is left by several."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from firstword.asked import Asked
from firstword.errors import BuildError
from firstword.manifest import Built, Manifest
from firstword.plan import Put
from firstword.publisher.job import Job, Target
from firstword.shards import Draft
from firstword.store.hold import Hold, foretold
from firstword.store.parallel import beside, in_parallel

#: How much is read and hashed in a step, in bytes: three milliseconds' worth.
_STEP = 500_000


class Sending:
    """What one publish sends to one target."""

    def __init__(
        self, job: Job, target: Target, built: Built, hold: Hold, *, of: int, workers: int
    ) -> None:
        """`of` = how many files there are in all, `workers` = how many requests at once."""
        #: Files that were read before they are sent.
        self._bodies: dict[str, bytes] = {}
        self._begun: set[str] = set()
        self._built = built
        self._hold = hold
        self._workers = workers
        self._job = job
        self._target = target.store.name
        self._of = of
        self._counted = itertools.count(1)

    def foretell(self, put: Put) -> str:
        """Read a file, which is sent as it was read; return its ETag. Raises BuildError."""
        body = _body(self._built, put)
        if put.key not in self._begun:
            self._bodies[put.key] = body
        return foretold(body)

    def send(
        self,
        puts: Sequence[Put],
        meanwhile: Iterable[object],
        also: Sequence[Callable[[], object]] = (),
    ) -> dict[str, str]:
        """Send files, and do `also` what need not wait for them; return the files' ETags.

        `meanwhile` is worked through for as long as somebody waits. Raises LeaseLost, StoreError,
        BuildError.
        """

        def do_also() -> None:
            in_parallel(lambda one: one(), also, self._workers)

        if not also or self._workers <= 1:
            etags = self._send(puts, meanwhile)
            do_also()
            return etags
        asked = Asked(do_also)
        try:
            etags = self._send(puts, meanwhile)
        finally:
            asked.join()
        asked.result()
        return etags

    def _send(self, puts: Sequence[Put], meanwhile: Iterable[object]) -> dict[str, str]:
        etags: dict[str, str] = {}
        if len(puts) > 1 and self._workers > 1:
            beside(lambda some: self._easily(some, etags), puts, meanwhile)
        left = [put for put in puts if put.key not in etags]
        done = in_parallel(self._one, left, self._workers, meanwhile)
        return etags | {put.key: etag for put, etag in zip(left, done, strict=True)}

    def _easily(self, puts: Iterator[Put], etags: dict[str, str]) -> None:
        def told(key: str, etag: str) -> None:
            etags[key] = etag
            self._note()

        self._hold.put_many(puts, self._take, self._workers, told)

    def _note(self) -> None:
        self._job.progress(self._target, next(self._counted), self._of)

    def _one(self, put: Put) -> str:
        etag = self._hold.put(put, self._take(put))
        self._note()
        return etag

    def _take(self, put: Put) -> bytes:
        self._begun.add(put.key)
        return self._bodies.pop(put.key, b"") or _body(self._built, put)


class Ahead:
    """The shards of the commit to come, drafted before the ETags are told that they name.

    Nobody names them before the root does, so they need not wait for the pages: that is one way to
    the server less.
    """

    def __init__(self, sending: Sending, hold: Hold) -> None:
        self.draft: Draft | None = None
        self._sending = sending
        self._hold = hold
        self._foretold: dict[str, str] = {}

    def steps(
        self, puts: Sequence[Put], committed: Callable[[Mapping[str, str]], Manifest]
    ) -> Iterator[None]:
        """Draft in steps of a few milliseconds; `committed` takes the ETags of these files."""
        read = 0
        for put in puts:
            self._foretold[put.key] = self._sending.foretell(put)
            read += put.output.size
            if read >= _STEP:
                read = 0
                yield
        self.draft = self._hold.draft(committed(self._foretold))

    @property
    def bodies(self) -> Sequence[bytes]:
        """The shards, none where nothing is drafted."""
        return self.draft.bodies if self.draft else ()

    def judge(self, told: Mapping[str, str]) -> None:
        """Forget the draft where an ETag is another one than was foretold."""
        if any(told.get(key, etag) != etag for key, etag in self._foretold.items()):
            self.draft = None


def _body(built: Built, put: Put) -> bytes:
    """Read one output, and make sure that it is still what was built. Raises BuildError."""
    # Without pathlib and without a buffer: a first publish reads ten thousand of them.
    with open(f"{built.folder}/{put.key}", "rb", buffering=0) as file:  # noqa: PTH123
        body = file.readall()
    if hashlib.sha256(body).hexdigest() != put.output.digest:
        raise BuildError(f"{put.key!r} changed after the build: is another build running?")
    return body
