"""The files of the source that nothing was read from: no story, no settings, no picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from firstword.importers.images import PICTURES
from firstword.importers.reading import files_in

#: Folders of what a page is made with; their files are counted, not named.
_WORKINGS = frozenset({"node_modules", "themes", "vendor", "public", "resources", "dist"})


def left_alone(root: Path, told: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, why) for what lies below a folder and was not told of yet.

    `told` are paths relative to the folder.
    """
    crowds: Counter[str] = Counter()
    for path in files_in(root, []):
        name = path.relative_to(root).as_posix()
        if name in told:
            continue
        if crowd := _crowd(PurePosixPath(name)):
            crowds[crowd] += 1
        else:
            yield name, _why(PurePosixPath(name))
    for crowd, number in sorted(crowds.items()):
        what = "what the old page is made with" if not _hidden(crowd) else "hidden files"
        yield f"{crowd}/", f"{what}, {number} in all"


def _crowd(name: PurePosixPath) -> str:
    """Return the folder whose files are only counted, if a file is in one."""
    for at, part in enumerate(name.parts[:-1], 1):
        if part in _WORKINGS or part.startswith("."):
            return "/".join(name.parts[:at])
    return ""


def _hidden(crowd: str) -> bool:
    return PurePosixPath(crowd).name.startswith(".")


def _why(name: PurePosixPath) -> str:
    if name.name.startswith("."):
        return "a hidden file"
    if name.suffix.lower() in PICTURES:
        return "no story shows it"
    if name.suffix.lower() in (".md", ".markdown") or (
        name.suffix.lower() == ".html" and "content" in name.parts
    ):
        return "a page, not an incident"
    return "not a story"
