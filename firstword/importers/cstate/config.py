"""The settings of a Hugo site: which components it lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from firstword.importers.reading import Unreadable, decode, read_file
from firstword.importers.report import LeftOut, Repair
from firstword.importers.siteconf import Names
from firstword.importers.values import (
    Node,
    get,
    items,
    keys,
    line,
    read_json,
    read_toml,
    read_yaml,
    shown,
)
from firstword.values import replace

_READERS = {".toml": read_toml, ".yaml": read_yaml, ".yml": read_yaml, ".json": read_json}
#: In the order in which Hugo looks for them.
_STEMS = ("hugo", "config", "config/_default/hugo", "config/_default/config")
_PARAMS = "config/_default/params"
_PERMALINKS = "config/_default/permalinks"
_CARRIED = frozenset({"name", "displayname", "category", "description"})


@dataclass(slots=True, kw_only=True)
class Config:
    """What was read of the settings, and what has to be said about it."""

    repairs: list[Repair] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    #: The old page's own address.
    address: str = ""
    #: The language of its originals, and all that it lists.
    default: str = "en"
    languages: tuple[str, ...] = ()
    used: list[tuple[str, str]] = field(default_factory=list)
    #: Section → the pattern of its addresses.
    permalinks: dict[str, str] = field(default_factory=dict)
    #: Sections whose addresses end in ".html"; "" = every one.
    ugly: set[str] = field(default_factory=set)


def read_config(root: Path, names: Names, below: str) -> Config:
    """Read the components that a site's settings list into `names`.

    `below` is where the site lies in the source.
    """
    said = Config()
    said.needs += [
        f"old addresses follow 'permalinks', which is not read: {path.relative_to(root)}"
        for path in _files(root, (_PERMALINKS,))
        if path.exists()
    ]
    found = [path for path in _files(root, _STEMS) if path.exists()][:1]
    own = [path for path in _files(root, (_PARAMS,)) if path.exists()][:1]
    if not found and not own:
        what = "there is no config.yml, config.toml or hugo.*"
        said.needs.append(f"{what}: every component that issues name is added as retired")
        return said
    for path in (*found, *own):
        name = path.relative_to(root).as_posix()
        try:
            text, repairs = decode(read_file(path, root))
            node, more = _READERS[path.suffix](text)
        except Unreadable as error:
            said.needs.append(f"{name}: {error}: components that issues name are retired")
            continue
        said.used.append((f"{below}{name}", "settings"))
        said.repairs += [replace(r, what=f"{name}: {r.what}") for r in (*repairs, *more)]
        _take(name, {"params": node} if path in own else node, names, said)
    return said


def _files(root: Path, stems: tuple[str, ...]) -> Iterator[Path]:
    yield from (root / f"{stem}{ending}" for stem in stems for ending in _READERS)


def _take(name: str, node: Node, names: Names, said: Config) -> None:
    """Take in the systems of one settings file; the rest is named."""
    said.address = said.address or line(node, "baseURL")
    said.default = line(node, "defaultContentLanguage").lower() or said.default
    _take_addresses(node, said)
    said.languages += tuple(key.lower() for key in keys(get(node, "languages")))
    params = get(node, "params")
    groups = [line(category, "name") for category in items(get(params, "categories"))]
    # A list of mere names is StatusKit's, at the top or among the parameters.
    systems = items(get(params, "systems")) or items(get(node, "systems"))
    for system in sorted(systems, key=lambda one: _place(line(one, "category"), groups)):
        called = system if isinstance(system, str) else shown(get(system, "name"))
        called = called.strip()
        if not called:
            continue
        names.add(
            called,
            shown=line(system, "displayName") or " ".join(called.split()),
            group=line(system, "category"),
            description=line(system, "description"),
        )
        said.left_out += [
            LeftOut(f"{name}: system {called!r}: {key}", shown(value))
            for key, value in (system.items() if isinstance(system, dict) else ())
            if key.lower() not in _CARRIED and value
        ]
    for category in items(get(params, "categories")):
        said.left_out += [
            LeftOut(f"{name}: category {line(category, 'name')!r}: {key}", shown(value))
            for key, value in (category.items() if isinstance(category, dict) else ())
            if key.lower() != "name" and value
        ]
    carried = {"permalinks", "uglyurls", "params", "systems", "params.systems", "params.categories"}
    rest = [*keys(node), *(f"params.{key}" for key in keys(params))]
    if left := ", ".join(key for key in rest if key.lower() not in carried):
        said.left_out.append(LeftOut(name, left))


def _take_addresses(node: Node, said: Config) -> None:
    """Take in how the old page made its addresses; newer Hugo tells pages from lists."""
    patterns = get(node, "permalinks")
    for place in (patterns, get(patterns, "page")):
        for section, pattern in place.items() if isinstance(place, dict) else ():
            if isinstance(pattern, str):
                said.permalinks.setdefault(section.lower(), pattern.strip())
    ugly = get(node, "uglyURLs")
    places = ugly.items() if isinstance(ugly, dict) else [("", ugly)]
    said.ugly |= {name.lower() for name, value in places if shown(value).lower() == "true"}


def _place(group: str, groups: list[str]) -> int:
    """Return where a group stands; what is in none of them comes last."""
    return groups.index(group) if group in groups else len(groups)
