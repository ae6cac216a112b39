"""The mapping file of a free format: which of its keys says what, written by whoever moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from firstword.errors import ImportFailed
from firstword.importers.reading import Unreadable, decode, read_file
from firstword.importers.values import Node, get, items, read_json, read_toml, read_yaml, shown

#: What can be said of a story, each by a key of theirs.
FIELDS = frozenset(
    {
        *("title", "started", "kind", "impact", "components", "resolved", "ended", "draft"),
        *("scheduled_for", "scheduled_until", "slug", "id", "aliases"),
    }
)
_SETTINGS = frozenset({"files", "address", "updates", "images"})
_READERS = {".toml": read_toml, ".json": read_json, ".yaml": read_yaml, ".yml": read_yaml}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where one of our values comes from."""

    #: Their key, in lower case; empty where only `default` says something.
    key: str = ""
    #: Their value, in lower case → ours.
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A mapping file, read."""

    fields: Mapping[str, Field]
    #: Which files below the folder are stories.
    files: str = "**/*.md"
    #: The old address of a story, with {slug} and {stem} in it.
    address: str = ""
    #: Whether headings that begin with a time begin an update.
    headings: bool = False
    #: The folder of pictures below the source's.
    images: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """Their keys that have a home here."""
        return frozenset(rule.key for rule in self.fields.values())


def read_rules(path: Path | None) -> Rules:
    """Read a mapping file. Raises ImportFailed with what is wrong in it."""
    if path is None:
        raise ImportFailed("this format needs --mapping FILE: which of its keys says what")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ImportFailed(f"a mapping is YAML, TOML or JSON by its name, not {path.name!r}")
    try:
        text, _ = decode(read_file(path, path.parent))
        node, _ = reader(text)
    except Unreadable as error:
        raise ImportFailed(f"{path.name}: {error}") from error
    if not isinstance(node, dict):
        raise ImportFailed(f"{path.name}: it is no list of keys")
    if unknown := sorted(set(node) - FIELDS - _SETTINGS):
        known = ", ".join(sorted(FIELDS | _SETTINGS))
        raise ImportFailed(f"{path.name}: unknown key: {unknown[0]!r}; one of: {known}")
    updates = shown(get(node, "updates"))
    if updates not in ("", "headings"):
        raise ImportFailed(f"{path.name}: updates: {updates!r}; it can only be 'headings'")
    rules = Rules(
        fields={name: _field(path.name, name, node[name]) for name in sorted(set(node) & FIELDS)},
        files=shown(get(node, "files")) or "**/*.md",
        address=shown(get(node, "address")),
        headings=bool(updates),
        images=shown(get(node, "images")),
    )
    for what in (rules.files, rules.images):
        if what.startswith("/") or ".." in Path(what).parts:
            raise ImportFailed(f"{path.name}: {what!r} leads out of the folder")
    return rules


def _field(file: str, name: str, node: Node) -> Field:
    """Read one line of a mapping: a key, or a table of `from`, `values` and `default`."""
    if isinstance(node, str):
        return Field(key=node.lower())
    if not isinstance(node, dict):
        raise ImportFailed(f"{file}: {name}: a key, or a table with 'from'")
    if unknown := sorted(set(node) - {"from", "values", "default"}):
        raise ImportFailed(f"{file}: {name}: unknown key: {unknown[0]!r}")
    values = get(node, "values")
    return Field(
        key=shown(get(node, "from")).lower(),
        values={
            their.lower(): shown(our)
            for their, our in (values.items() if isinstance(values, dict) else ())
        },
        default=", ".join(shown(item) for item in items(get(node, "default"))),
    )
