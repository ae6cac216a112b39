"""Front matter as Hugo reads it."""

from __future__ import annotations

import re

from firstword.importers import Node, Unreadable, read_yaml, shown
from firstword.importers.report import Repair

_KEY_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?")


def split_front(text: str) -> tuple[str, str, list[Repair]]:
    """Split a file into front matter and body. Raises Unreadable for what we do not read."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise Unreadable("the file is empty")
    opening = lines[start].rstrip()
    if opening.startswith("+++"):
        raise Unreadable("its front matter is TOML, which is not read yet")
    if opening.startswith("{") and not opening.startswith("{{"):
        raise Unreadable("its front matter is JSON, which is not read yet")
    first = start + 1 if opening == "---" else start
    end = next((at for at in range(first, len(lines)) if lines[at].rstrip() == "---"), None)
    if opening == "---" and end is not None:
        return "\n".join(lines[first:end]), "\n".join(lines[end + 1 :]), []
    if opening == "---":
        end = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
        front = "\n".join(lines[first:end])
        if not _is_front(front):
            raise Unreadable("its front matter is opened with '---' and never closed")
        return front, "\n".join(lines[end:]), [Repair("front matter", "", "---", "never closed")]
    if end is not None and _is_front(front := "\n".join(lines[first:end])):
        repair = Repair("front matter", opening, f"---\n{opening}", "not opened with '---'")
        return front, "\n".join(lines[end + 1 :]), [repair]
    return "", text, [Repair("front matter", "", "", "there is none")]


def _is_front(text: str) -> bool:
    try:
        node, _ = read_yaml(text)
    except Unreadable:
        return False
    return isinstance(node, dict) and bool({"title", "date"} & {key.lower() for key in node})


def read_front(text: str) -> tuple[dict[str, tuple[str, Node]], list[Repair]]:
    """Read front matter: key in lower case, as Hugo has it → key as typed, and value."""
    why = "it is no list of keys"
    try:
        node, repairs = read_yaml(text)
    except Unreadable as error:
        node, repairs, why = None, [], str(error)
    if not isinstance(node, dict):
        if text.strip():
            repairs.append(Repair("front matter", "", "read line by line", why))
        node = _by_lines(text)
    values: dict[str, tuple[str, Node]] = {}
    for key, value in node.items():
        if key.lower() in values:
            why = f"duplicate key, also spelled {values[key.lower()][0]!r}; the last one holds"
            repairs.append(Repair(key, shown(values[key.lower()][1]), shown(value), why))
        values[key.lower()] = (key, value)
    return values, repairs


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
