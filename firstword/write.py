"""Bytes → the output folder: unchanged files are left alone, and a stamp says what was built."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from firstword.errors import BuildError

#: Says that a build really happened; without it nothing is published (design §5).
STAMP = ".build.json"
#: What the build made, so that the next one can remove what is no longer made.
LISTING = ".build-outputs.json"
#: What a build is about to make for the first time, a line each, until the listing has it: that is
#: as long as the site, and written only when something went away or this is long as well.
BEGUN = ".build-begun"
_LONG = 100_000  # bytes
#: Left by a build that wrote while another was at work here: which of them wrote a file last,
#: neither of them knows.
BESIDE = ".build-beside"
FORMAT = 1


class OutputFolder:
    """Writes one build into a folder."""

    def __init__(self, folder: Path, build_id: str = "", *, shared: bool = False) -> None:
        """Take a folder; what is in it is known where its stamp is of the build named.

        `shared` = another build is at work in it, and does not wait for this one either.
        """
        self.folder = folder
        self._inside = f"{folder}/"
        self._shared = shared
        self._doubted = (folder / BESIDE).exists()
        self.known = bool(build_id) and not self._doubted and _stamped(folder) == build_id
        #: Keys of which the folder may hold a file, where that is not known from the cache.
        self._before = set() if self.known else listed(folder)
        #: Whether files may be there already that nobody knows of.
        self._strange = not self.known and folder.exists()
        self._begun: IO[str] | None = None
        self._touched = False
        #: Whether something is noted that is there no more.
        self._fewer = False
        self.written = 0
        self.removed = 0

    def write(self, key: str, data: bytes, *, changed: bool = True, new: bool = True) -> None:
        """Write one file unless it is there with the same bytes already.

        `changed` and `new` are to the last build; of a folder that is known nothing else is read.
        Raises BuildError when a file would leave the folder.
        """
        if self.known and not changed:
            return
        path = self._path(key)
        if self._strange:
            with contextlib.suppress(OSError):
                if Path(path).read_bytes() == data:
                    return
        self.open_up()
        if new and key not in self._before:
            self._begin(key)
        _replace(path, data)
        self.written += 1

    def remove(self, key: str) -> None:
        """Remove a file that is no longer made, and the folders that are empty without it."""
        path = Path(self._path(key))
        self.open_up()
        self._fewer = True
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
            self.removed += 1
        for parent in path.parents:
            if parent == self.folder:
                break
            try:
                parent.rmdir()
            except OSError:
                break

    def strays(self, keys: Mapping[str, object]) -> list[str]:
        """Return what older builds made and nobody makes any more."""
        return sorted(self._before - keys.keys())

    def finish(self, build_id: str, keys: Iterable[str], stamp: Mapping[str, Any]) -> None:
        """Note all keys, where those that were noted do not tell them, then stamp the folder."""
        begun = 0
        if self._begun is not None:
            begun = self._begun.tell()
            self._begun.close()
        # Another build at work here, which knew nothing, may have taken our notes away.
        beside = (self.folder / BESIDE).exists()
        if not self.known or self._fewer or beside or begun > _LONG:
            _replace(self._path(LISTING), _json(sorted(keys)))
            (self.folder / BEGUN).unlink(missing_ok=True)
        if self._doubted and not self._shared:
            (self.folder / BESIDE).unlink(missing_ok=True)
        _replace(self._path(STAMP), _json({"format": FORMAT, "build_id": build_id, **stamp}))

    def open_up(self) -> None:
        """From here on the folder holds half a build, until `finish` says otherwise."""
        if not self._touched:
            self._touched = True
            if self._shared:
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / BESIDE).touch()
            with contextlib.suppress(FileNotFoundError):
                (self.folder / STAMP).unlink()

    def _begin(self, key: str) -> None:
        """Note a file before it is there: if this build dies, the next one knows of it."""
        if self._begun is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._begun = (self.folder / BEGUN).open("a", encoding="utf-8")
        # As JSON: a name may hold whatever ends a line.
        self._begun.write(f"{json.dumps(key)}\n")
        self._begun.flush()

    def _path(self, key: str) -> str:
        parts = key.split("/")
        if not parts[0] or ".." in parts or "\\" in key or "\0" in key:
            raise BuildError(f"not a path inside the site: {key!r}")
        # A text: a first build writes tens of thousands of files, and `Path` takes each name apart.
        return f"{self._inside}{key}"


def digest(data: bytes) -> str:
    """Return the digest by which outputs are compared."""
    return hashlib.sha256(data).hexdigest()


def read_stamp(folder: Path) -> dict[str, Any]:
    """Return the stamp of a finished build. Raises BuildError when there is none."""
    try:
        stamp = json.loads((folder / STAMP).read_bytes())
    except (OSError, ValueError) as error:
        raise BuildError(f"no build stamp in {folder.name!r}: the build did not finish") from error
    if not isinstance(stamp, dict) or stamp.get("format") != FORMAT:
        raise BuildError(f"the build stamp in {folder.name!r} is of another version")
    return stamp


def listed(folder: Path) -> set[str]:
    """Return what builds noted that they made, or were about to make; nothing where none did."""
    known: set[str] = set()
    with contextlib.suppress(OSError, ValueError):
        keys = json.loads((folder / LISTING).read_bytes())
        if isinstance(keys, list):
            known |= {key for key in keys if isinstance(key, str)}
    with contextlib.suppress(OSError, ValueError):
        for line in (folder / BEGUN).read_text(encoding="utf-8").split("\n"):
            with contextlib.suppress(ValueError):  # a line that a died build did not end
                known.add(str(json.loads(line)))
    return known


def built_last(folder: Path) -> str:
    """Return the commit that the last build was of; "" where that is not known."""
    try:
        return str(read_stamp(folder).get("commit") or "")
    except BuildError:
        return ""


def _stamped(folder: Path) -> str:
    try:
        return str(read_stamp(folder).get("build_id", ""))
    except BuildError:
        return ""


def _json(value: object) -> bytes:
    # The names of all files there are: in a fifth of the time by C.
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"


def _replace(path: str, data: bytes) -> None:
    """Write a file whole: whoever reads it sees the old bytes or the new ones."""
    folder, _, name = path.rpartition("/")
    try:
        # Nearly every page of a first build has a folder of its own, where nothing is in the way.
        os.mkdir(folder)
    except OSError:
        if os.path.islink(folder) or os.path.isdir(path):
            raise BuildError(f"in the way of a page: {name!r}") from None
        os.makedirs(folder, exist_ok=True)
    fresh = f"{folder}/.{name}.new"
    with open(fresh, "wb") as file:
        file.write(data)
    os.replace(fresh, path)
