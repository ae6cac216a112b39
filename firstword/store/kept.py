"""Shards that were read before, kept beside the checkout so that a publish reads the root alone.

Data only, named by digest and checked when read: the folder may be deleted at any time. What no
target names any more goes with `forget_unused`, since redacted words must not live on in here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

from firstword.manifest import shard_digest

#: A site of ten thousand stories has about 30 MB.
MOST_BYTES = 100_000_000


class KeptShards(MutableMapping[str, bytes]):
    """A folder as a mapping of digest → body. A folder that cannot be written keeps nothing."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most_bytes
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
            # Only its owner may read it, like the state of a target.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                draft.write_bytes(body)
                draft.replace(self._path(digest))
            finally:
                draft.unlink(missing_ok=True)

    def __delitem__(self, digest: str) -> None:
        known = self._read.pop(digest, None) is not None
        try:
            self._path(digest).unlink()
        except OSError as error:
            if not known:
                raise KeyError(digest) from error

    def __iter__(self) -> Iterator[str]:
        yield from (path.stem for path in sorted(self._files()) if path.suffix == ".json")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def forget_unused(self) -> None:
        """Remove what was not asked for since this was made, and all beyond the size allowed."""
        size = 0
        for path in sorted(self._files()):
            with suppress(OSError):
                size += path.stat().st_size
                if path.stem not in self._read or path.suffix != ".json" or size > self._most:
                    path.unlink()

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from self._folder.iterdir()

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.json"
