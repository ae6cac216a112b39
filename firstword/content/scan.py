"""Find and read incident files; nothing outside the folder is ever opened."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from firstword.folder import FOLDER, hidden, written
from firstword.model import Level, Problem
from firstword.parse.text import MOST_BYTES


class SourceFile(Struct, frozen=True):
    """One file as it is now; `problem` says why it could not be read."""

    #: Relative to the site's root, with forward slashes: what problems and git call it.
    path: str
    data: bytes
    problem: Problem | None = None


def scan(root: Path, content: Path) -> tuple[list[SourceFile], list[Problem]]:
    """Read every incident file under `content`, in the order of their paths.

    Paths come back relative to `root`. What is no incident file is a warning: a `.md.txt` made by
    an editor at night must not vanish without a word. A folder that cannot be read is an error.
    """
    files: list[SourceFile] = []
    problems: list[Problem] = []
    folder = content / FOLDER
    for found in _walk(folder):
        if isinstance(found, _Unread):
            path = shown(found.folder, root)
            problems.append(Problem(path, 1, "unreadable", f"cannot be read: {found.reason}"))
            continue
        path = shown(found, root)
        if found.suffix == ".md":
            files.append(_read(found, folder, path))
        else:
            message = f"{found.name!r} is not read: incident files end in '.md'"
            problems.append(Problem(path, 1, "not-markdown", message, Level.WARNING))
    return files, problems


class Seen(Struct, frozen=True):
    """One incident file that was seen and not read."""

    path: str
    full: str
    #: Another one where the file was written since; "" where that cannot be told.
    signature: str
    #: What git calls its bytes; "" where only reading tells.
    blob: str = ""

    def read(self, content: Path) -> SourceFile:
        """Read it as it is now."""
        return _read(Path(self.full), content / FOLDER, self.path)


def look(root: Path, content: Path) -> tuple[list[Seen], list[Problem]]:
    """See what `scan` would read, without opening anything."""
    seen: list[Seen] = []
    problems: list[Problem] = []
    folder = content / FOLDER
    now = time.time_ns()
    waiting = [str(folder)]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            path = shown(Path(here), root)
            problems.append(Problem(path, 1, "unreadable", f"cannot be read: {error.strerror}"))
            continue
        above = shown(Path(here), root)
        for entry in entries:
            name = entry.name
            if hidden((name,)):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
                continue
            path = f"{above}/{name}" if name.isprintable() else shown(Path(entry.path), root)
            if name.endswith(".md") and len(name) > len(".md"):
                seen.append(Seen(path, entry.path, _signature(entry, now)))
            else:
                message = f"{name!r} is not read: incident files end in '.md'"
                problems.append(Problem(path, 1, "not-markdown", message, Level.WARNING))
    return seen, problems


def look_at(root: Path, content: Path, named: Iterable[Path]) -> tuple[list[Seen], set[str]] | None:
    """See single incident files that somebody says were written, and which of them are gone.

    None where one of them is no incident file.
    """
    folder, now = content / FOLDER, time.time_ns()
    seen: list[Seen] = []
    gone: set[str] = set()
    for found in sorted(named):
        inside = found.relative_to(folder).parts if found.is_relative_to(folder) else ()
        if not inside or hidden(inside) or found.suffix != ".md" or found.is_dir():
            return None
        path = shown(found, root)
        try:
            status = found.lstat()
        except FileNotFoundError:
            gone.add(path)
            continue
        except OSError:
            return None
        plain = stat.S_ISREG(status.st_mode)
        seen.append(Seen(path, str(found), written(status, now) if plain else ""))
    return seen, gone


def _signature(entry: os.DirEntry[str], now: int) -> str:
    if not entry.is_file(follow_symlinks=False):
        return ""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return ""
    return written(status, now)


def shown(found: Path, root: Path) -> str:
    """Spell a path for people and git; a newline or a stray byte in a name stays visible."""
    path = os.path.relpath(found, root).replace(os.sep, "/")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)


class _Unread(Struct, frozen=True):
    """A folder that could not be listed."""

    folder: Path
    reason: str


def _walk(folder: Path) -> Iterator[Path | _Unread]:
    """Yield files and links, sorted; hidden ones belong to editors and git."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        yield _Unread(folder, error.strerror or str(error))
        return
    for entry in entries:
        if hidden((entry.name,)):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def _read(found: Path, folder: Path, path: str) -> SourceFile:
    try:
        if found.is_symlink() and not found.resolve().is_relative_to(folder.resolve()):
            return unread(path, "symlink", f"leads out of {FOLDER}/: {str(found.readlink())!r}")
        status = found.stat()
        if not stat.S_ISREG(status.st_mode):
            # Reading a pipe would wait for ever.
            return unread(path, "unreadable", "cannot be read: it is no regular file")
        if status.st_size > MOST_BYTES:
            return unread(
                path, "size", f"{status.st_size} bytes; an incident file has at most {MOST_BYTES}"
            )
        return SourceFile(path, found.read_bytes())
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return unread(path, "unreadable", f"cannot be read: {reason}")


def unread(path: str, rule: str, message: str) -> SourceFile:
    """Say of a file why it could not be read."""
    return SourceFile(path, b"", Problem(path, 1, rule, message))
