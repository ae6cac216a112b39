"""Which names there are below a folder, and in which folders they are others than before.

To list them takes git longer than us, since it compares each with all that it holds. Here a folder
is compared with itself: of one that has the same names as before, nothing was added or taken away.
A folder that was not written to since has the same names; but there are filesystems on which its
times say little, so where new stories come to lie the names are listed all the same.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Set

from firstword.folder import hidden, written

#: Folder, relative to the one around all ("" = itself) → its signature, digest of its names,
#: folders in it, with a slash at their end where they are hidden: nobody looks into these.
Names = Mapping[str, tuple[str, str, list[str]]]

#: Of folders with no folders in them, so many are listed in any case: the last by name, which is
#: by month.
_LISTED = 3


def names_below(top: str, before: Names) -> tuple[Names, Set[str]] | None:
    """Return the names there are, and the paths of all files in folders where they are others.

    `before` = the names of another time; {} = all are others. None where somebody else keeps files
    in there (another repository), or where a folder cannot be read.
    """
    now: dict[str, tuple[str, str, list[str]]] = {}
    others: set[str] = set()
    at = time.time_ns()
    newest = sorted(folder for folder, (*_, within) in before.items() if not within)[-_LISTED:]
    waiting = [""]
    try:
        while waiting:
            folder = waiting.pop()
            here = os.path.join(top, folder)  # noqa: PTH118 - hundreds, and milliseconds count
            signature = written(os.stat(here), at)  # noqa: PTH116 - the same
            known = before.get(folder)
            if known is None or known[2] or folder in newest or known[0] != (signature or None):
                digest = _digest(here)
                if known is None or known[1] != digest:
                    files, within = _inside(here, folder)
                    others.update(files)
                else:
                    within = known[2]
                known = signature, digest, within
            now[folder] = known
            waiting += [path for path in known[2] if not path.endswith("/")]
    except (OSError, _OthersError):
        return None
    return now, others


def same_names(one: Names, other: Names) -> bool:
    """Tell whether there are the same names in the same folders."""
    digests = [{folder: known[1] for folder, known in names.items()} for names in (one, other)]
    return digests[0] == digests[1]


def hides(names: Names) -> bool:
    """Tell whether there are hidden folders: what lies in them is not among the names."""
    return any(path.endswith("/") for *_, within in names.values() for path in within)


class _OthersError(Exception):
    """Somebody else keeps files here."""


def _digest(folder: str) -> str:
    # As they come: a folder that nobody wrote to is listed in the same order.
    listed = b"/".join(os.listdir(os.fsencode(folder)))  # noqa: PTH208 - hundreds, and milliseconds count
    return hashlib.blake2b(listed, digest_size=12).hexdigest()


def _inside(here: str, folder: str) -> tuple[list[str], list[str]]:
    """Return the paths of what a folder holds: files, folders. Raises _OthersError, OSError.

    Hidden folders have a slash at their end.
    """
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(here) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if folder and entry.name == ".git":
                raise _OthersError
            if not entry.is_dir(follow_symlinks=False):
                files.append(path)
            else:
                folders.append(f"{path}/" if hidden((entry.name,)) else path)
    return files, folders
