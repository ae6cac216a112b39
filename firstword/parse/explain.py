"""What YAML stumbled over, in words for a person who knows no YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from firstword.parse.findings import Finding, shown
from firstword.parse.keys import FRONT_KEYS, LISTS

_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?:[ \t]+(.*\S))?\s*")
_ANY_KEY = re.compile(r"\s*([A-Za-z_]+)\s*:(?:[ \t]|$)")
#: `title:x`, `title = x`, `title x`, also with spaces that YAML does not know.
_NEARLY_PAIR = re.compile(r"([A-Za-z_]+)(?:\s*[:=]\s*|\s+)(.*)")
_NOT_IN_A_LIST = re.compile(r"[\[\]{}\"':|>&*!%@`]")
#: What cannot begin a plain value, or cannot stand inside one.
_NEEDS_QUOTES = re.compile(r"[@`%&*!\[\]{},|>#]|[-?:](?:\s|$)|.*(?::(?:\s|$)|\s#)")


def explain(lines: Sequence[str], first_line: int, reason: str) -> Finding:
    """Explain why the lines of one key cannot be read; `reason` is what YAML said."""
    for at, line in enumerate(lines):
        if message := _line(line, first=at == 0):
            return Finding(first_line + at, "front-matter", message)
    found = _PAIR.fullmatch(lines[0])
    message = _value(found[1], found[2]) if found and found[2] else ""
    if not message:
        message = f"{shown(lines[0].strip())} cannot be read as YAML: {reason[:60]}"
    return Finding(first_line, "front-matter", message)


def with_quotes(line: str) -> str:
    """Spell a line with its value in quotes, or "" for a line that is more than key and value."""
    found = _PAIR.fullmatch(line)
    return _quoted(found[1], found[2]) if found and found[2] else ""


def _line(line: str, *, first: bool) -> str:
    """Say what is wrong with a line whatever stands around it."""
    if re.match(r" *\t", line):
        return f"{shown(line)} begins with a tab; begin it without, or with spaces"
    if first:
        return "" if _ANY_KEY.match(line) else _not_a_pair(line)
    if (found := _ANY_KEY.match(line)) and found[1].casefold() in FRONT_KEYS:
        return f"{shown(line)} begins with a space; a key stands at the start of its line"
    if line.strip() and line[0] not in " #-]}[{'\"":
        return _not_a_pair(line)
    return ""


def _not_a_pair(line: str) -> str:
    found = _NEARLY_PAIR.fullmatch(line.strip())
    if found and found[2] and found[1].casefold() in FRONT_KEYS:
        better = f"{found[1].casefold()}: {found[2].strip()}"
        return f"{shown(line)} is no 'key: value' line; write {shown(better)}"
    return f"{shown(line)} is no 'key: value' line"


def _value(key: str, value: str) -> str:
    """Say what is wrong with a value and propose the line that would be read."""
    if key in LISTS:
        parts = (" ".join(_NOT_IN_A_LIST.sub(" ", part).split()) for part in value.split(","))
        better = ", ".join(filter(None, parts))
        return f"{shown(value)} cannot be read; write {key}: {better[:100]}"
    mark = value[0]
    if mark in "\"'":
        closed = len(value) > 1 and value.endswith(mark)
        inner = value[1:-1] if closed else value
        if not closed and mark == '"' and mark not in value[1:]:
            inner = value[1:]
        return f"the quotes of {shown(value)} cannot be read; write {_quoted(key, inner)}"
    if _NEEDS_QUOTES.match(value):
        return f"{shown(value)} cannot be read; put quotes around it: {_quoted(key, value)}"
    return ""


def _quoted(key: str, value: str) -> str:
    """Spell a line with the value in the quotes that need no escapes, where there are such."""
    value = value.replace("\t", " ")
    value = value if len(value) <= 100 else value[:99] + "…"
    if '"' in value or "\\" in value:
        return f"{key[:40]}: '{value.replace(chr(39), chr(39) * 2)}'"
    return f'{key[:40]}: "{value}"'
