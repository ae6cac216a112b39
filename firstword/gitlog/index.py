"""How git looks at files, read from its index: to list a hundred thousand takes git too long.

Only the plain case is understood, which is nearly always: entries in full, of SHA-1. Whatever else
an index may be is for git to read.
Source: https://git-scm.com/docs/gitformat-index
"""

from __future__ import annotations

import re
from pathlib import Path

_HEADS = (b"DIRC\0\0\0\2", b"DIRC\0\0\0\3")
_HASH = 20
_FILES = (b"\0\0\x81\xa4", b"\0\0\x81\xed")
# Times, device and inode; mode; owner, size and id; flags; path, and NULs up to a multiple of
# eight. A file like any other has one of two modes, and none of the flags "assume it unchanged",
# "there is more to say" (left out here, to be added) and "unmerged".
# An entry that begins with NULs itself would be taken for the end of the one before: not plain.
_PLAIN = rb".{24}\0\0\x81[\xa4\xed].{32}[\0-\x0f].%s[^\0]+\0{1,8}(?!\0)"
_ELSEWHERE = rb".{60}[\0-?\x80-\xbf].(?!%s)[^\0]+\0{1,8}(?!\0)"


def looks_at_all(index: bytes, prefix: str) -> bool:
    """Tell whether git looks at each file that it holds below a prefix: none is a link, or skipped.

    `prefix` as git spells it, with its slash; "" = everywhere. False where that is not plain.
    """
    if index[:8] not in _HEADS:
        return False
    begin = re.escape(prefix.encode("utf-8", "surrogateescape"))
    many = int.from_bytes(index[8:12])
    both = rb"(?s)(?:%s|%s){%d}+" % (_PLAIN % begin, _ELSEWHERE % begin, many)
    entries = re.compile(both).match(index, 12)
    return entries is not None and _is_all(index, entries.end())


def holds(index: bytes, path: str) -> bool:
    """Tell whether a plain index has an entry of a path, as git spells it."""
    spelled = path.encode("utf-8", "surrogateescape")
    at = len(index)
    # From behind, since what is asked for is mostly new; entries lie in the order of their paths.
    while (at := index.rfind(spelled + b"\0", 0, at)) >= 0:
        if _begins(index, at, at + len(spelled)):
            return True
    return False


def held_in(index: bytes, folder: str) -> frozenset[str]:
    """Return the paths below a folder that a plain index has entries of, without that.

    `folder` as git spells it, with its slash: the whole tree is none.
    """
    begin, paths = folder.encode("utf-8", "surrogateescape"), []
    at = index.find(begin)
    while at >= 0:
        end = index.index(b"\0", at)
        if _begins(index, at, end):
            paths.append(index[at + len(begin) : end].decode("utf-8", "surrogateescape"))
        at = index.find(begin, end)
    return frozenset(paths)


def _begins(index: bytes, at: int, end: int) -> bool:
    """Tell whether a path begins there, and not before: mode and length stand before it."""
    # What stands before a path's end could pass for a length; a mode has NULs in it.
    mode, length = index[at - 38 : at - 34], index[at - 2 : at]
    return mode in _FILES and int.from_bytes(length) & 0xFFF == min(end - at, 0xFFF)


def _is_all(index: bytes, at: int) -> bool:
    """Tell whether what follows the entries adds none, and changes nothing of what they say."""
    end = len(index) - _HASH
    while at < end:
        # What may be passed over by whoever does not know it begins with a capital.
        if not index[at : at + 1].isupper():
            return False
        at += 8 + int.from_bytes(index[at + 4 : at + 8])
    return at == end


def index_of(top: Path) -> bytes:
    """Return the index of a work tree; b"" where only git finds it."""
    try:
        return _file(top).read_bytes()
    except (OSError, ValueError):
        return b""


def written_index(top: Path) -> tuple[int, ...]:
    """Return something else where the index of a work tree was written since."""
    try:
        status = _file(top).stat()
    except (OSError, ValueError):
        return ()
    return status.st_mtime_ns, status.st_ino, status.st_size


def _file(top: Path) -> Path:
    git = top / ".git"
    if git.is_file():  # one of several work trees
        git = top / git.read_text().removeprefix("gitdir:").strip()
    return git / "index"
