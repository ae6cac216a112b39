"""Bytes → the output folder: unchanged files are left alone, and a stamp says what was built."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from firstword.errors import BuildError
from firstword.manifest import Output

#: Says that a build really happened; without it nothing is published (design §5).
STAMP = ".build.json"
#: What the build made, so that the next one can remove what is no longer made.
LISTING = ".build-outputs.json"
FORMAT = 1


class OutputFolder:
    """Writes one build into a folder and remembers every file of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outputs: dict[str, Output] = {}
        self.next_change_at: datetime | None = None
        self.written = 0
        self.removed = 0
        self._build_id = ""
        self._before = _listing(folder)
        # From here on the folder holds half a build, until `finish` says otherwise.
        with contextlib.suppress(FileNotFoundError):
            (folder / STAMP).unlink()

    def write(
        self,
        key: str,
        data: bytes,
        *,
        leaf: bool = False,
        owner: str = "",
        valid_until: datetime | None = None,
    ) -> None:
        """Write one file unless it is there with the same bytes already.

        Raises BuildError when two pages want one file, or when a file would leave the folder.
        """
        if key in self.outputs:
            raise BuildError(f"two pages want to be {key!r}")
        self.outputs[key] = Output(
            key=key,
            digest=hashlib.sha256(data).hexdigest(),
            size=len(data),
            leaf=leaf,
            owner=owner,
        )
        if valid_until and (self.next_change_at is None or valid_until < self.next_change_at):
            self.next_change_at = valid_until
        path = self._path(key)
        with contextlib.suppress(OSError):
            if path.read_bytes() == data:
                return
        _replace(path, data)
        self.written += 1

    def identify(self) -> str:
        """Return the build id, the digest of all outputs so far.

        What is written from now on may carry the id, and so cannot count in it.
        """
        self._build_id = hashlib.sha256(
            "".join(f"{key}\0{self.outputs[key].digest}\n" for key in sorted(self.outputs)).encode()
        ).hexdigest()
        return self._build_id

    def finish(self, stamp: Mapping[str, Any]) -> str:
        """Remove what this build no longer makes, then write the stamp; return the build id."""
        for key in self._before - self.outputs.keys():
            self._remove(key)
        build_id = self._build_id or self.identify()
        _replace(self.folder / LISTING, _json(sorted(self.outputs)))
        _replace(self.folder / STAMP, _json({"format": FORMAT, "build_id": build_id, **stamp}))
        return build_id

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
            raise BuildError(f"not a path inside the site: {key!r}")
        return self.folder.joinpath(*parts)

    def _remove(self, key: str) -> None:
        path = self._path(key)
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


def read_stamp(folder: Path) -> dict[str, Any]:
    """Return the stamp of a finished build. Raises BuildError when there is none."""
    try:
        stamp = json.loads((folder / STAMP).read_bytes())
    except (OSError, ValueError) as error:
        raise BuildError(f"no build stamp in {folder.name!r}: the build did not finish") from error
    if not isinstance(stamp, dict) or stamp.get("format") != FORMAT:
        raise BuildError(f"the build stamp in {folder.name!r} is of another version")
    return stamp


def _listing(folder: Path) -> set[str]:
    try:
        keys = json.loads((folder / LISTING).read_bytes())
    except (OSError, ValueError):
        return set()
    return {key for key in keys if isinstance(key, str)} if isinstance(keys, list) else set()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole: whoever reads it sees the old bytes or the new ones."""
    if path.parent.is_symlink() or path.is_dir():
        raise BuildError(f"in the way of a page: {path.name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(data)
    fresh.replace(path)
