"""The settings of a Hugo site: which components it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from firstword.importers.cstate.permalinks import Addresses
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
from firstword.markup import Markup
from firstword.values import replace

_READERS = {".toml": read_toml, ".yaml": read_yaml, ".yml": read_yaml, ".json": read_json}
#: In the order in which Hugo looks for them.
_STEMS = ("hugo", "config", "config/_default/hugo", "config/_default/config")
_PARAMS = "config/_default/params"
_LANGUAGES = "config/_default/languages"
_PERMALINKS = "config/_default/permalinks"
#: What may be Markdown or HTML.
_MARKS = re.compile(r"[*_`<&\\]|\]\(")
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
    #: Language, "" for all of them, and section → the pattern of its addresses.
    permalinks: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Sections whose addresses end in ".html"; "" = every one.
    ugly: set[str] = field(default_factory=set)
    #: Whether addresses of the originals begin with their language too.
    all_below: bool = False

    def addresses(self, section: str, language: str = "") -> Addresses:
        """Return how addresses are made in a language, "" for the originals'."""
        own = language.lower() or self.default
        return Addresses(
            section=section,
            pattern=self.permalinks.get((own, section), self.permalinks.get(("", section), "")),
            ugly=bool(self.ugly & {"", section}),
            prefix=f"{own}/" if language or self.all_below else "",
        )


def read_config(root: Path, names: Names, below: str) -> Config:
    """Read the components that a site's settings list into `names`.

    `below` is where the site lies in the source.
    """
    said = Config()
    found = [path for path in _files(root, _STEMS) if path.exists()][:1]
    own = [path for path in _files(root, (_PARAMS,)) if path.exists()][:1]
    if not found and not own:
        what = "there is no config.yml, config.toml or hugo.*"
        said.needs.append(f"{what}: every component that issues name is added as retired")
        return said
    parts = {path: _language(path) for path in _parts(root)}
    for path in (*found, *own, *parts):
        name = path.relative_to(root).as_posix()
        try:
            text, repairs = decode(read_file(path, root))
            node, more = _READERS[path.suffix](text)
        except Unreadable as error:
            said.needs.append(f"{name}: {error}: components that issues name are retired")
            continue
        said.used.append((f"{below}{name}", "settings"))
        said.repairs += [replace(r, what=f"{name}: {r.what}") for r in (*repairs, *more)]
        if path in parts:
            _take_part(path.name.partition(".")[0], parts[path], node, said)
            continue
        _take(name, {"params": node} if path in own else node, names, said)
    return said


def _files(root: Path, stems: tuple[str, ...]) -> Iterator[Path]:
    yield from (root / f"{stem}{ending}" for stem in stems for ending in _READERS)


def _parts(root: Path) -> list[Path]:
    """Return the files that hold one table of the settings, maybe for one language only."""
    found = [*_files(root, (_LANGUAGES, _PERMALINKS))]
    found += sorted((root / _PERMALINKS).parent.glob("permalinks.*.*"))
    return [path for path in found if path.suffix in _READERS and path.exists()]


def _language(path: Path) -> str:
    return path.stem.partition(".")[2].lower()


def _take_part(name: str, language: str, node: Node, said: Config) -> None:
    """Take in a table of the settings that has a file of its own."""
    if name == "permalinks":
        _take_patterns(node, language, said)
    else:
        _take_languages(node, said)


def _take(name: str, node: Node, names: Names, said: Config) -> None:
    """Take in the systems of one settings file; the rest is named."""
    said.address = said.address or line(node, "baseURL")
    said.default = line(node, "defaultContentLanguage").lower() or said.default
    _take_addresses(node, said)
    said.all_below |= line(node, "defaultContentLanguageInSubdir").lower() == "true"
    _take_languages(get(node, "languages"), said)
    params = get(node, "params")
    categories = items(get(params, "categories"))
    groups = [line(category, "name") for category in categories]
    untitled = {line(one, "name") for one in categories if line(one, "untitled").lower() == "true"}
    # What has no title there is shown as what is in no group here.
    said.repairs += [
        Repair(f"{name}: category", group, "", "untitled: shown without its name")
        for group in groups
        if group in untitled
    ]
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
            group="" if line(system, "category") in untitled else line(system, "category"),
            description=_plain(line(system, "description"), name, said),
        )
        said.left_out += [
            LeftOut(f"{name}: system {called!r}: {key}", shown(value))
            for key, value in (system.items() if isinstance(system, dict) else ())
            if key.lower() not in _CARRIED and value
        ]
    for category in categories:
        said.left_out += [
            LeftOut(f"{name}: category {line(category, 'name')!r}: {key}", shown(value))
            for key, value in (category.items() if isinstance(category, dict) else ())
            if key.lower() not in {"name", "untitled"} and value
        ]
    carried = {
        "permalinks",
        "uglyurls",
        "defaultcontentlanguageinsubdir",
        "params",
        "systems",
        "params.systems",
        "params.categories",
    }
    rest = [*keys(node), *(f"params.{key}" for key in keys(params))]
    if left := ", ".join(key for key in rest if key.lower() not in carried):
        said.left_out.append(LeftOut(name, left))


def _plain(text: str, name: str, said: Config) -> str:
    """Return a description, which is Markdown there, as the plain text that it is here."""
    plain = " ".join(Markup().plain(text).split()) if _MARKS.search(text) else text
    if plain != text:
        said.repairs.append(Repair(f"{name}: description", text, plain, "plain text here"))
    return plain


def _take_languages(node: Node, said: Config) -> None:
    """Take in which languages there are, and how each makes its addresses."""
    for key in keys(node):
        said.languages += (key.lower(),)
        _take_patterns(get(get(node, key), "permalinks"), key.lower(), said)


def _take_patterns(patterns: Node, language: str, said: Config) -> None:
    """Take in the patterns of addresses; newer Hugo tells pages from lists."""
    for place in (patterns, get(patterns, "page")):
        for section, pattern in place.items() if isinstance(place, dict) else ():
            if isinstance(pattern, str):
                said.permalinks.setdefault((language, section.lower()), pattern.strip())


def _take_addresses(node: Node, said: Config) -> None:
    """Take in how the old page made its addresses."""
    _take_patterns(get(node, "permalinks"), "", said)
    ugly = get(node, "uglyURLs")
    places = ugly.items() if isinstance(ugly, dict) else [("", ugly)]
    said.ugly |= {name.lower() for name, value in places if shown(value).lower() == "true"}


def _place(group: str, groups: list[str]) -> int:
    """Return where a group stands; what is in none of them comes last."""
    return groups.index(group) if group in groups else len(groups)
