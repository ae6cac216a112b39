"""The source: foreign files, found and read tolerantly, and never outside of its folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from firstword.importers.report import Repair
from firstword.parse.text import CONTROL, MOST_BYTES

_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHUNK = 1 << 16


class Unreadable(Exception):
    """A file of the source cannot be read, or must not be; the text says why."""


def files_in(folder: Path, needs: list[str]) -> Iterator[Path]:
    """Yield all files below a folder, sorted; links to folders are named, not followed."""
    yield from sorted(_walk(folder, needs))


def _walk(folder: Path, needs: list[str]) -> Iterator[Path]:
    def failed(error: OSError) -> None:
        needs.append(f"{error.filename}: cannot be read: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=failed):
        links = (path for name in sorted(folders) if (path := Path(place, name)).is_symlink())
        needs += [f"{p.relative_to(folder)}: a link to a folder is not followed" for p in links]
        yield from (Path(place, name) for name in files)


def read_file(path: Path, root: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file of a source, of at most so many bytes.

    Raises Unreadable for what is no plain file inside `root`.
    """
    with _opened(path, root, most) as file:
        return file.read(most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A file of a source that is copied as it is, never held in memory as a whole."""

    path: Path
    root: Path
    #: The most bytes it may have.
    most: int

    def size(self) -> int:
        """Return how many bytes it has. Raises Unreadable for what cannot be copied."""
        with _opened(self.path, self.root, self.most) as file:
            return os.fstat(file.fileno()).st_size

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes, some at a time. Raises Unreadable."""
        with _opened(self.path, self.root, self.most) as file:
            yield from _chunks(file)

    def is_copied(self, place: Path) -> bool:
        """Tell whether a file has the same bytes. Raises Unreadable, and OSError for the copy."""
        if place.stat().st_size != self.size():
            return False
        with place.open("rb") as file:
            return all(one == other for one, other in zip_longest(self.chunks(), _chunks(file)))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


@contextmanager
def _opened(path: Path, root: Path, most: int) -> Iterator[BinaryIO]:
    """Open a file of a source. Raises Unreadable, also while it is read."""
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve()):
            raise Unreadable("a link that leads out of the source is not followed")
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("not a plain file")
        if found.st_size > most:
            raise Unreadable(f"{found.st_size} bytes; at most {most} are carried")
        with path.open("rb") as file:
            yield file
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def decode(data: bytes) -> tuple[str, list[Repair]]:
    """Decode text with '\\n' between lines and without what cannot be published."""
    repairs = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
        repairs.append(Repair("encoding", "UTF-16", "UTF-8", "the file was saved as UTF-16"))
    else:
        text = data.decode("utf-8", "replace")
        if (lost := text.count("\ufffd") - data.count("\ufffd".encode())) > 0:
            why = f"{lost} times, bytes that are not UTF-8"
            repairs.append(Repair("encoding", ascii(data[:40]), "\ufffd", why))
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if odd := dict.fromkeys([*CONTROL.findall(text), *_OTHER_LINE_ENDS.findall(text)]):
        why = "characters that cannot be published are left out"
        repairs.append(Repair("control characters", "".join(odd), "", why))
    return clean(text), repairs


def clean(text: str) -> str:
    """Leave out what cannot be published; the line ends of a few programs become spaces."""
    return _SURROGATE.sub("\ufffd", CONTROL.sub("", _OTHER_LINE_ENDS.sub(" ", text)))
