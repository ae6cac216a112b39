"""Front matter as Hugo and its kin read it: YAML, TOML or JSON above a Markdown body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from firstword.importers.reading import Unreadable
from firstword.importers.report import Repair
from firstword.importers.values import Node, read_json, read_toml, read_yaml, shown

_KEY_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?")
#: What opens front matter → what closes it, and what is between.
_FENCES = {
    "---": ("---", "yaml"),
    "---yaml": ("---", "yaml"),
    "---yml": ("---", "yaml"),
    "---json": ("---", "json"),
    "---toml": ("---", "toml"),
    "+++": ("+++", "toml"),
}
_NOT_OPENED = "not opened with '---'"


@dataclass(slots=True, kw_only=True)
class Front:
    """What stands above the body of one file."""

    #: Key in lower case, as Hugo has it → key as typed, and value.
    values: dict[str, tuple[str, Node]] = field(default_factory=dict)
    body: str = ""
    repairs: list[Repair] = field(default_factory=list)


def read_front(text: str) -> Front:
    """Read a file's front matter and body. Raises Unreadable."""
    form, inside, body, repairs = _split(text)
    found = Front(body=body, repairs=repairs)
    node: Node
    if form == "yaml":
        node = _yaml(inside, found)
    else:
        node, more = read_toml(inside) if form == "toml" else read_json(inside)
        found.repairs += more
        if not isinstance(node, dict):
            raise Unreadable("its front matter is no list of keys")
    for key, value in node.items():
        if key.lower() in found.values:
            before = found.values[key.lower()]
            why = f"duplicate key, also spelled {before[0]!r}; the last one holds"
            found.repairs.append(Repair(key, shown(before[1]), shown(value), why))
        found.values[key.lower()] = (key, value)
    return found


def _split(text: str) -> tuple[str, str, str, list[Repair]]:
    """Split a file: form of its front matter, front matter, body. Raises Unreadable."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise Unreadable("the file is empty")
    opening = lines[start].rstrip()
    if opening.startswith("{") and not opening.startswith("{{"):
        return _split_json("\n".join(lines[start:]))
    close, form = _FENCES.get(opening, ("---", "yaml"))
    first = start + 1 if opening in _FENCES else start
    end = next((at for at in range(first, len(lines)) if lines[at].rstrip() == close), None)
    if opening in _FENCES and end is not None:
        return form, "\n".join(lines[first:end]), "\n".join(lines[end + 1 :]), []
    if opening in _FENCES:
        end = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
        front = "\n".join(lines[first:end])
        if not _is_front(front, form):
            raise Unreadable(f"its front matter is opened with {opening!r} and never closed")
        repair = Repair("front matter", "", close, "never closed")
        return form, front, "\n".join(lines[end:]), [repair]
    if end is not None and _is_front(front := "\n".join(lines[first:end]), "yaml"):
        repair = Repair("front matter", opening, f"---\n{opening}", _NOT_OPENED)
        return "yaml", front, "\n".join(lines[end + 1 :]), [repair]
    return "yaml", "", text, [Repair("front matter", "", "", "there is none")]


def _split_json(text: str) -> tuple[str, str, str, list[Repair]]:
    """Split off the JSON object that a text begins with. Raises Unreadable."""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"its front matter is no JSON: {error}") from error
    return "json", text[:end], text[end:].lstrip(" \t"), []


def _is_front(text: str, form: str) -> bool:
    readers = {"yaml": read_yaml, "toml": read_toml, "json": read_json}
    try:
        node, _ = readers[form](text)
    except Unreadable:
        return False
    return isinstance(node, dict) and bool({"title", "date"} & {key.lower() for key in node})


def _yaml(text: str, found: Front) -> dict[str, Node]:
    """Read YAML, or line by line what is none."""
    why = "it is no list of keys"
    node: Node = ""
    try:
        node, repairs = read_yaml(text)
        found.repairs += repairs
    except Unreadable as error:
        why = str(error)
    if isinstance(node, dict):
        return node
    if text.strip():
        found.repairs.append(Repair("front matter", "", "read line by line", why))
    return _by_lines(text)


def _by_lines(text: str) -> dict[str, Node]:
    """Read `key: value` and `- item` lines where YAML gave up."""
    values: dict[str, Node] = {}
    last = ""
    for line in text.split("\n"):
        if found := _KEY_LINE.fullmatch(line.rstrip()):
            last, value = found[1], (found[2] or "").strip()
            values[last] = _bare(value)
            if value[:1] == "[" and value[-1:] == "]":
                values[last] = [_bare(item) for item in value[1:-1].split(",")]
        elif last and (item := line.strip()).startswith("- "):
            held = values[last]
            values[last] = [*(held if isinstance(held, list) else []), _bare(item[2:])]
    return values


def _bare(text: str) -> str:
    """Take quotes away that stand around the whole of a value."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
