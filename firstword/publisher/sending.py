"""Send the files of a phase: many by one thread, a few by several."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from firstword.errors import BuildError
from firstword.manifest import Built
from firstword.plan import Put
from firstword.publisher.job import Job, Target
from firstword.publisher.pace import MANY_PUTS
from firstword.store.hold import Hold, foretold
from firstword.store.parallel import beside, in_parallel


class Sending:
    """What one publish sends to one target."""

    def __init__(
        self, job: Job, target: Target, built: Built, hold: Hold, *, of: int, workers: int
    ) -> None:
        """`of` = how many files there are in all, `workers` = how many requests at once."""
        #: Files that were read before they are sent.
        self._bodies: dict[str, bytes] = {}
        self._built = built
        self._hold = hold
        self._workers = workers
        self._job = job
        self._target = target.store.name
        self._of = of
        self._counted = itertools.count(1)

    def foretell(self, puts: Iterable[Put]) -> dict[str, str]:
        """Read files, which are sent as they were read; return their ETags. Raises BuildError."""
        self._bodies = {put.key: _body(self._built, put) for put in puts}
        return {key: foretold(body) for key, body in self._bodies.items()}

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
        etags: dict[str, str] = {}
        if len(puts) > MANY_PUTS:
            beside(lambda some: self._easily(some, etags), puts, meanwhile)
        left = [put for put in puts if put.key not in etags]
        ours: list[Callable[[], object]] = [partial(self._one, put) for put in left]
        done = in_parallel(lambda ask: ask(), [*ours, *also], self._workers, meanwhile)
        return etags | {put.key: str(etag) for put, etag in zip(left, done, strict=False)}

    def _easily(self, puts: Iterator[Put], etags: dict[str, str]) -> None:
        def told(key: str, etag: str) -> None:
            etags[key] = etag
            self._note()

        self._hold.put_many(puts, lambda put: _body(self._built, put), self._workers, told)

    def _note(self) -> None:
        self._job.progress(self._target, next(self._counted), self._of)

    def _one(self, put: Put) -> str:
        body = self._bodies.pop(put.key, b"") or _body(self._built, put)
        etag = self._hold.put(put, body)
        self._note()
        return etag


def _body(built: Built, put: Put) -> bytes:
    """Read one output, and make sure that it is still what was built. Raises BuildError."""
    # Without pathlib and without a buffer: a first publish reads ten thousand of them.
    with open(f"{built.folder}/{put.key}", "rb", buffering=0) as file:  # noqa: PTH123
        body = file.readall()
    if hashlib.sha256(body).hexdigest() != put.output.digest:
        raise BuildError(f"{put.key!r} changed after the build: is another build running?")
    return body
