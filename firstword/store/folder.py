"""A target that is a folder, for any web server that serves files.

The ETag of a file is the sha256 of its bytes. What S3 does with conditions is done here under a
lock in the state folder, which only its owner may read.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from firstword.errors import Conflict, StoreError
from firstword.manifest import ROOT_KEY, STATE
from firstword.store import Found, Head, Write

_LOCK = f"{STATE}lock"
_DRAFTS = f"{STATE}tmp"


class FolderStore:
    """A folder, made at the first write. One with files that are not ours is refused."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._known_ours = False
        self._swept = False

    def get(self, key: str) -> Found | None:
        body = self._read(self._path(key))
        return None if body is None else Found(body, _etag(body))

    def head(self, key: str) -> Head | None:
        found = self.get(key)
        return None if found is None else Head(found.etag, digest=found.etag)

    def put(self, write: Write) -> str:
        # A file carries no metadata; its headers are the web server's business.
        path = self._path(write.key)
        with _explained(path):
            with self._draft(write.body) as draft, self._locked():
                self._expect(write.key, path, write.if_match, absent=write.if_absent)
                path.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(path)
            return _etag(write.body)

    def delete(self, key: str, if_match: str | None) -> None:
        path = self._path(key)
        with _explained(path), self._locked():
            if not path.exists():
                return
            self._expect(key, path, if_match, absent=False)
            path.unlink()
            # A folder without a page in it would be listed, or answered with an error.
            for parent in path.parents:
                if parent == self._folder or any(parent.iterdir()):
                    break
                parent.rmdir()

    def clear(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.delete(key, None)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        self._refuse_foreign()
        for folder, _, names in os.walk(self._folder):
            for name in sorted(names):
                key = (Path(folder) / name).relative_to(self._folder).as_posix()
                if key.startswith(prefix) and key != _LOCK and not key.startswith(_DRAFTS + "/"):
                    found = self.get(key)
                    if found is not None:
                        yield key, found.etag

    def _path(self, key: str) -> Path:
        """Return where an object lies; refuse what would lead out of the folder."""
        self._refuse_foreign()
        parts = PurePosixPath(key).parts
        if not parts or key != "/".join(parts) or {"..", "/"} & set(parts) or "\0" in key:
            raise StoreError(f"{self.name}: not a path inside the folder: {key!r}")
        path = self._folder / key
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise StoreError(f"{self.name}: a link leads out of the folder: {key!r}")
        return path

    def _refuse_foreign(self) -> None:
        """Raise StoreError for a folder that holds somebody else's files."""
        if self._known_ours:
            return
        with _explained(self._folder):
            if self._folder.exists() and not (self._folder / ROOT_KEY).exists():
                for entry in sorted(self._folder.iterdir()):
                    if not entry.name.startswith("."):
                        raise StoreError(
                            f"{self.name}: not a Firstword target: it holds {entry.name!r}, and no "
                            f"{ROOT_KEY}; choose a new or an empty folder"
                        )
        self._known_ours = True

    def _read(self, path: Path) -> bytes | None:
        with _explained(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def _expect(self, key: str, path: Path, if_match: str | None, *, absent: bool) -> None:
        """Raise Conflict unless the file is what the caller takes it to be."""
        if if_match is None and not absent:
            return
        body = self._read(path)
        if (absent and body is not None) or (
            if_match is not None and (body is None or _etag(body) != if_match)
        ):
            raise Conflict(key)

    @contextmanager
    def _draft(self, body: bytes) -> Iterator[Path]:
        """Write the bytes down for good under a name that nobody reads.

        Outside the lock, since waiting for the disk is what takes the time. Whoever writes holds a
        lock on the draft itself: one that can be locked was left by a process that died.
        """
        path = self._folder / _DRAFTS / uuid.uuid4().hex
        with self._locked():
            self._sweep(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
                yield path
        finally:
            with suppress(FileNotFoundError):
                path.unlink()

    def _sweep(self, drafts: Path) -> None:
        """Remove, once, what died processes left behind."""
        if self._swept:
            return
        drafts.mkdir(parents=True, exist_ok=True)
        for draft in drafts.iterdir():
            # Whoever lost a race takes its own draft away meanwhile.
            with (
                suppress(FileNotFoundError),
                draft.open("rb") as file,
                suppress(BlockingIOError),
            ):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.unlink()
        self._swept = True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep every other writer out: other threads too, for each opens the file itself."""
        lock = self._folder / _LOCK
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says into a StoreError with the path in it."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
