"""Foreign YAML, TOML and JSON, read safely into texts, lists and tables."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TypeAlias

import yaml

from firstword.importers.reading import Unreadable, clean
from firstword.importers.report import Repair

#: What foreign settings and front matter hold: every scalar is the text that was typed.
Node: TypeAlias = "str | list[Node] | dict[str, Node]"

_DEEPEST = 30
#: So much of a structure is shown in the report.
_LONGEST = 500
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> tuple[Node, list[Repair]]:
    """Read the first document of a foreign YAML text, every scalar a string, null an empty one.

    Of duplicate keys the last one holds, reported. Raises Unreadable.
    """
    repairs: list[Repair] = []
    try:
        events = yaml.parse(text, Loader=_Loader)
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                return _node(event, events, {}, repairs, _DEEPEST), repairs
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(f"{getattr(error, 'problem', None) or error}{where}") from error
    return "", repairs


def _node(
    event: yaml.Event,
    events: Iterator[yaml.Event],
    anchors: dict[str, Node],
    repairs: list[Repair],
    depth: int,
) -> Node:
    """Build what begins with an event. An alias shares what it names: nothing is multiplied."""
    start = event
    if not depth:
        raise Unreadable("nested too deep")
    node: Node
    match event:
        case yaml.AliasEvent(anchor=anchor):
            if anchor not in anchors:
                raise Unreadable(f"an alias of nothing: {anchor!r}")
            return anchors[anchor]
        case yaml.SequenceStartEvent():
            node = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                node.append(_node(event, events, anchors, repairs, depth - 1))
        case yaml.MappingStartEvent():
            node = {}
            while not isinstance(event := next(events), yaml.MappingEndEvent):
                key = _node(event, events, anchors, repairs, depth - 1)
                value = _node(next(events), events, anchors, repairs, depth - 1)
                if not isinstance(key, str):
                    raise Unreadable("a key that is no text")
                if key in node:
                    why = "duplicate key; the last one holds"
                    repairs.append(Repair(key, shown(node[key]), shown(value), why))
                node[key] = value
        case yaml.ScalarEvent(value=value, style=style):
            null = not style and value in ("~", "null", "Null", "NULL")
            node = "" if null else clean(value)
        case _:
            raise Unreadable(f"unexpected: {event}")
    if anchor := getattr(start, "anchor", None):
        anchors[anchor] = node
    return node


def shown(node: Node) -> str:
    """Return a value of foreign YAML as text for the report."""
    if isinstance(node, str):
        return node
    if isinstance(node, list) and all(isinstance(item, str) for item in node):
        return ", ".join(str(item) for item in node)
    # A few bytes of a foreign text can stand for a structure without end: only its beginning.
    text = ""
    for part in json.JSONEncoder(ensure_ascii=False).iterencode(node):
        text += part
        if len(text) > _LONGEST:
            return f"{text[:_LONGEST]}..."
    return text


def read_toml(text: str) -> tuple[Node, list[Repair]]:
    """Read a foreign TOML text, every scalar a string. Raises Unreadable."""
    try:
        return _texts(tomllib.loads(text, parse_float=str), _DEEPEST), []
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no TOML: {_one_line(error)}") from error


def read_json(text: str) -> tuple[Node, list[Repair]]:
    """Read a foreign JSON text, every scalar a string, null an empty one. Raises Unreadable.

    Of duplicate keys the last one holds, reported.
    """
    repairs: list[Repair] = []

    def table(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                why = "duplicate key; the last one holds"
                before, after = (shown(_texts(one, _DEEPEST)) for one in (found[key], value))
                repairs.append(Repair(clean(key), before, after, why))
            found[key] = value
        return found

    try:
        found = json.loads(
            text, object_pairs_hook=table, parse_float=str, parse_int=str, parse_constant=str
        )
        return _texts(found, _DEEPEST), repairs
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {_one_line(error)}") from error


def _texts(value: object, depth: int) -> Node:
    """Turn what a library read into texts, lists and tables."""
    if not depth:
        raise Unreadable("nested too deep")
    if isinstance(value, dict):
        return {clean(str(key)): _texts(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, depth - 1) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return str(value)
    return "" if value is None else clean(str(value))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# ── tables whose keys' case does not matter ──────────────────────────────────────────────────────


def get(node: Node, key: str) -> Node:
    """Return a table's value by its key in any case; empty where there is none."""
    if not isinstance(node, dict):
        return ""
    return next((value for name, value in node.items() if name.lower() == key.lower()), "")


def line(node: Node, key: str) -> str:
    """Return a table's value as one line of text."""
    return " ".join(shown(get(node, key)).split())


def keys(node: Node) -> list[str]:
    """Return the keys of a table; none of what is no table."""
    return list(node) if isinstance(node, dict) else []


def items(node: Node) -> list[Node]:
    """Return the items of a list; a single value is a list of itself, an empty one of nothing."""
    if isinstance(node, list):
        return node
    return [node] if node else []
