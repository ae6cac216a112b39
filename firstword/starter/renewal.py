"""Which files of a site are as an earlier Firstword wrote them, and may be written anew. Pure.

A site lists what was written into it, as `sha256sum` does. What is not as that list says was
changed by somebody, and is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256

#: The list of a site.
WRITTEN = ".firstword-files"
_ROW = re.compile(r"^([0-9a-f]{64}) [ *](.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What becomes of the files that a Firstword writes into a site."""

    #: Path → the text to write; the list of them too.
    files: Mapping[str, str]
    #: Path → the lines by which a file that somebody changed differs from what would be written.
    left: Mapping[str, str]


def listed(files: Mapping[str, str]) -> str:
    """List files with the digest of each."""
    return "".join(f"{_digest(text)}  {path}\n" for path, text in sorted(files.items()))


def renewal(new: Mapping[str, str], there: Mapping[str, str], known: str) -> Renewal:
    """Decide which files to write anew.

    `new` is what a site begins with now, `there` what it has of that, `known` its list, empty for a
    site that has none.
    """
    digests = {path: digest for digest, path in _ROW.findall(known)}
    files: dict[str, str] = {}
    left: dict[str, str] = {}
    for path, text in new.items():
        if path not in there:
            # What somebody took away stays away; where nothing is known, that may be so.
            if known and path not in digests:
                files[path] = text
        elif _plain(there[path]) != text:
            if _digest(there[path]) == digests.get(path):
                files[path] = text
            else:
                left[path] = _difference(path, there[path], text)
    as_written = {p: _digest(t) for p, t in new.items() if p in files or _same(there.get(p), t)}
    rows = sorted({**digests, **as_written}.items())
    files[WRITTEN] = "".join(f"{digest}  {path}\n" for path, digest in rows)
    return Renewal(files=files, left=left)


def _same(there: str | None, text: str) -> bool:
    return there is not None and _plain(there) == text


def _difference(path: str, there: str, text: str) -> str:
    lines = unified_diff(
        _plain(there).splitlines(),
        text.splitlines(),
        f"{path} (yours)",
        f"{path} (of this Firstword)",
        lineterm="",
    )
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text with the line ends that it was written with, whatever git made of them."""
    return text.replace("\r\n", "\n")


def _digest(text: str) -> str:
    return sha256(_plain(text).encode()).hexdigest()
