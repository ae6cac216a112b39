"""Shards that were read before, kept beside the checkout so that a publish reads the root alone.

Data only, named by digest and checked when read: the folder may be deleted at any time. A publish
takes out what no target names any more, since redacted words must not live on in here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

from firstword.shards import shard_digest


class KeptShards(MutableMapping[str, bytes]):
    """A folder as a mapping of digest → body. A folder that cannot be written keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, bytes] = {}

    def __getitem__(self, digest: str) -> bytes:
        if digest not in self._read:
            try:
                body = self._path(digest).read_bytes()
            except OSError as error:
                raise KeyError(digest) from error
            if shard_digest(body) != digest:
                raise KeyError(digest)
            self._read[digest] = body
        return self._read[digest]

    def __setitem__(self, digest: str, body: bytes) -> None:
        if digest in self._read:
            return
        self._read[digest] = body
        draft = self._folder / f"{uuid.uuid4().hex}.new"
        with suppress(OSError):
            try:
                self._write(draft, body)
                draft.replace(self._path(digest))
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

    def _write(self, draft: Path, body: bytes) -> None:
        try:
            draft.write_bytes(body)
        except FileNotFoundError:
            # Only its owner may read it, like the state of a target.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(body)

    def __delitem__(self, digest: str) -> None:
        known = self._read.pop(digest, None) is not None
        try:
            self._path(digest).unlink()
        except OSError as error:
            if not known:
                raise KeyError(digest) from error

    def __contains__(self, digest: object) -> bool:
        # Whether it is what its name says shows when it is read.
        return digest in self._read or self._path(str(digest)).is_file()

    def __iter__(self) -> Iterator[str]:
        # A draft that a died process left counts as well, so that it is taken out.
        yield from (path.name.removesuffix(".json") for path in sorted(self._files()))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from self._folder.iterdir()

    def _path(self, digest: str) -> Path:
        return self._folder / (digest if digest.endswith(".new") else f"{digest}.json")


class Journal:
    """What publishes from here changed of what a target remembers, in one small file: names only.

    Where that was nothing yet, it begins with the name that the first build gave to that.
    A file that cannot be read or written knows nothing: then everything is compared.
    """

    MOST = 64
    #: A change of every story names all of them. Who follows it needs that; nobody after them.
    MANY = 1000

    def __init__(self, path: Path) -> None:
        self._path = path

    def since(self, then: str, now: str) -> frozenset[str] | None:
        """Return the ids of stories that differ between two states; None = not known."""
        steps, found = self._steps(), set[str]()
        for _ in range(self.MOST):
            if then == now:
                return frozenset(found)
            if then not in steps:
                break
            then, *ids = steps[then]
            found.update(ids)
        return None

    def note(self, then: str, now: str, ids: frozenset[str]) -> None:
        """Note that a commit went from one state to another."""
        if then == now:
            return
        steps = {
            state: step
            for state, step in self._steps().items()
            if state not in {then, now} and len(step) <= self.MANY
        }
        steps[then] = [now, *sorted(ids)]
        draft = self._path.with_name(f"{uuid.uuid4().hex}.new")
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                draft.write_text(json.dumps(dict(list(steps.items())[-self.MOST :])), "utf-8")
                draft.replace(self._path)
            finally:
                draft.unlink(missing_ok=True)

    def _steps(self) -> dict[str, list[str]]:
        with suppress(OSError, ValueError):
            found = json.loads(self._path.read_bytes())
            if isinstance(found, dict) and all(map(_is_step, found.values())):
                return found
        return {}


def _is_step(told: object) -> bool:
    """Tell whether it is a state and the ids that changed on the way there."""
    return isinstance(told, list) and bool(told) and all(isinstance(one, str) for one in told)
