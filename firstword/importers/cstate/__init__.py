"""cState, a Hugo theme: content/issues/*.md and config.yml → incidents and components.

Times are never invented: what carries one in the body becomes an update of its own, what carries
none stays in the first. Which value holds, and what becomes of the rest, is said in the report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path, PurePosixPath

from firstword.errors import ImportFailed
from firstword.importers import (
    History,
    Node,
    Story,
    Unreadable,
    decode,
    read_file,
    read_yaml,
    shown,
)
from firstword.importers.cstate.issue import Issue, Source, not_carried
from firstword.importers.report import LeftOut, Repair
from firstword.importers.siteconf import Names
from firstword.model import Component

_CARRIED_OF_SYSTEMS = frozenset({"name", "displayname", "category", "description"})
_CONFIGS = ("config.yml", "config.yaml", "hugo.yml", "hugo.yaml")
_OTHER_CONFIGS = ("config.toml", "config.json", "hugo.toml", "hugo.json")


def read(folder: Path, zone: tzinfo, existing: Sequence[Component]) -> History:
    """Read a cState site. Raises ImportFailed when there are no issues."""
    root = _root(folder)
    names = Names(existing)
    repairs, left_out, needs = _read_config(root, names)
    source = Source(root=root, static=root / "static", zone=zone, names=names)
    stories: list[Story] = []
    ignored: list[tuple[str, str]] = []
    for path in sorted(_files(root / "content" / "issues", needs)):
        name = PurePosixPath(path.relative_to(root / "content").as_posix())
        if why := _no_issue(name):
            ignored.append((str(name), why))
            continue
        try:
            stories.append(Issue(name, source).story(read_file(path, root)))
        except Unreadable as error:
            stories.append(Story(entry=not_carried(name, str(error))))
    if not stories:
        raise ImportFailed(f"no issues in {str(root / 'content' / 'issues')!r}")
    return History(
        stories=tuple(stories),
        components=tuple(names.new),
        component_lines=tuple(names.lines),
        images=source.images,
        ignored=tuple(ignored),
        repairs=tuple(repairs),
        left_out=tuple(left_out),
        needs=tuple(needs),
    )


def _root(folder: Path) -> Path:
    """Find the Hugo site: the folder itself, or the only one in it that is one."""
    if (folder / "content" / "issues").is_dir():
        return folder
    inside = [path.parent.parent for path in sorted(folder.glob("*/content/issues"))]
    if len(inside) == 1:
        return inside[0]
    raise ImportFailed(f"not a cState site: {str(folder)!r} has no content/issues")


def _files(folder: Path, needs: list[str]) -> Iterator[Path]:
    """Yield all files below a folder; links to folders are named, not followed."""

    def failed(error: OSError) -> None:
        needs.append(f"{error.filename}: cannot be read: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=failed):
        links = (path for name in folders if (path := Path(place, name)).is_symlink())
        needs += [f"{p.relative_to(folder)}: a link to a folder is not followed" for p in links]
        yield from (Path(place, name) for name in files)


def _no_issue(name: PurePosixPath) -> str:
    """Say why a file in the folder of the issues is none, or nothing."""
    if name.name.startswith("."):
        return "a hidden file"
    if name.suffix.lower() not in (".md", ".markdown"):
        return "not a Markdown file"
    if name.stem == "_index" or (name.stem == "index" and len(name.parts) == 2):
        return "the page of a list, not an issue"
    return ""


def _read_config(root: Path, names: Names) -> tuple[list[Repair], list[LeftOut], list[str]]:
    """Read the components that the site's settings list into `names`."""
    found = next((root / name for name in _CONFIGS if (root / name).exists()), None)
    if found is None:
        other = next((name for name in _OTHER_CONFIGS if (root / name).exists()), "")
        what = f"{other} is not read" if other else "there is no config.yml"
        return [], [], [f"{what}: every component that issues name is added as retired"]
    try:
        text, repairs = decode(read_file(found, root))
        node, more = read_yaml(text)
    except Unreadable as error:
        return [], [], [f"{found.name}: {error}: components that issues name are retired"]
    params = _get(node, "params")
    left_out = []
    systems = _get(params, "systems")
    for system in systems if isinstance(systems, list) else []:
        name = shown(_get(system, "name")).strip()
        if not name:
            continue
        names.add(
            name,
            shown=_line(system, "displayName") or " ".join(name.split()),
            group=_line(system, "category"),
            description=_line(system, "description"),
        )
        left_out += [
            LeftOut(f"{found.name}: system {name!r}: {key}", shown(value))
            for key, value in (system.items() if isinstance(system, dict) else ())
            if key.lower() not in _CARRIED_OF_SYSTEMS and value
        ]
    keys = [*_keys(node), *(f"params.{key}" for key in _keys(params))]
    rest = ", ".join(key for key in keys if key.lower() not in ("params", "params.systems"))
    left_out.append(LeftOut(found.name, rest))
    return [replace(r, what=f"{found.name}: {r.what}") for r in (*repairs, *more)], left_out, []


def _keys(node: Node) -> list[str]:
    return list(node) if isinstance(node, dict) else []


def _get(node: Node, key: str) -> Node:
    """Return a value by its key, whose case Hugo does not mind."""
    if not isinstance(node, dict):
        return ""
    return next((value for name, value in node.items() if name.lower() == key.lower()), "")


def _line(node: Node, key: str) -> str:
    return " ".join(shown(_get(node, key)).split())
