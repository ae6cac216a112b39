"""Texts of keys → typed values; each failure becomes a problem on the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, TypeVar

from firstword.model import (
    NO_FACTS,
    ComponentChange,
    ComponentStatus,
    Due,
    Facts,
    Impact,
    Level,
    Problem,
)
from firstword.parse.findings import Finding, Rule, shown
from firstword.parse.keys import NO, YES, nearest
from firstword.parse.times import (
    TimeProblem,
    parse_due,
    parse_next,
    parse_span,
    parse_time,
)
from firstword.patterns import later

W = TypeVar("W", bound=StrEnum)
V = TypeVar("V")

#: The text of a key and the line it stands on.
Said = tuple[str, int]

_AROUND_WORDS = later(r"[\s:=()\[\]{}\"'`*]+")
_COMPONENT = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")


class Values:
    """Converts values and collects the problems of one file."""

    def __init__(self, path: str, zone: tzinfo) -> None:
        self.path = path
        self.zone = zone
        self.problems: list[Problem] = []

    def error(self, line: int, rule: Rule, message: str) -> None:
        """Note something that holds the file back."""
        self.problems.append(Problem(self.path, line, rule, message))

    def warn(self, line: int, rule: Rule, message: str) -> None:
        """Note something that rides along."""
        self.problems.append(Problem(self.path, line, rule, message, Level.WARNING))

    def found(self, finding: Finding) -> None:
        """Note what was found before the path was known."""
        self.problems.append(
            Problem(self.path, finding.line, finding.rule, finding.message, finding.level)
        )

    def word(self, said: Said | None, what: str, words: type[W]) -> W | None:
        """Read one word of a closed list."""
        if not said:
            return None
        text, line = said
        try:
            return words(text)
        except ValueError:
            self.error(line, "value", f"unknown {what}: {shown(text)}{nearest(text, words)}")
            return None

    def line_of_text(self, said: Said | None) -> str | None:
        """Read a text that becomes a title, a subject or a name: one line."""
        if not said:
            return None
        text, line = said
        if len(text.splitlines()) > 1:
            self.error(line, "value", f"one line is expected, not several: {shown(text)}")
            return None
        return text

    def time(self, said: Said | None) -> datetime | None:
        """Read a time."""
        return self._timed(said, lambda text: parse_time(text, self.zone))

    def due(self, said: Said | None) -> Due | None:
        """Read a promised time or day."""
        return self._timed(said, lambda text: Due(*parse_due(text, self.zone)))

    def next(self, said: Said | None, after: datetime | None) -> Due | None:
        """Read when the next word comes; without `after` a bare `HH:MM` means nothing."""
        if after is None:
            return self.due(said)
        return self._timed(said, lambda text: Due(*parse_next(text, self.zone, after)))

    def span(self, said: Said | None) -> timedelta | None:
        """Read a length of time."""
        return self._timed(said, parse_span)

    def flag(self, said: Said | None, key: str, *, default: bool = False) -> bool:
        """Read yes or no."""
        if not said:
            return default
        text, line = said
        if text.casefold() in YES | NO:
            return text.casefold() in YES
        self.error(line, "value", f"{key!r} is 'yes' or 'no', not {shown(text)}")
        return default

    def components(self, said: Said | None) -> tuple[ComponentChange, ...] | None:
        """Read `checkout partial_outage, api`: ids, each with or without a status."""
        if not said:
            return None
        text, line = said
        changes: dict[str, ComponentChange] = {}
        for part in text.split(","):
            words = part.split()
            if not 1 <= len(words) <= 2 or not _COMPONENT.fullmatch(words[0]):
                self.error(line, "components", _component_hint(part))
                continue
            status = None
            if len(words) == 2:
                status = self.word((words[1], line), "component status", ComponentStatus)
            if words[0] in changes:
                self.error(line, "components", f"{shown(words[0])} is named twice")
            changes[words[0]] = ComponentChange(words[0], status)
        return tuple(changes.values())

    def facts(self, said: Mapping[str, Said], at: datetime | None = None) -> Facts:
        """Read every fact that front matter or one update's keys carry."""
        facts = {key: read(self, one) for key, one in said.items() if (read := _FACTS.get(key))}
        if "next" in said:
            facts["next"] = self.next(said["next"], at)
        return Facts(**facts) if facts else NO_FACTS

    def _timed(self, said: Said | None, read: Callable[[str], V]) -> V | None:
        if not said:
            return None
        text, line = said
        try:
            return read(text)
        except TimeProblem as problem:
            self.error(line, problem.rule, str(problem))
            return None


def _component_hint(part: str) -> str:
    """Say how a component is named, with the very words where they can be told."""
    if not part.strip():
        return "there is nothing between two commas, or after the last one"
    words = _AROUND_WORDS.sub(" ", part).split()
    status = "_".join(words[1:]).casefold().replace("-", "_")
    if words and _COMPONENT.fullmatch(words[0]) and (not status or status in set(ComponentStatus)):
        better = f"{words[0]} {status}".strip()
        return f"cannot read {shown(part.strip())}; write {shown(better)}"
    return (
        f"expected 'component' or 'component status' between commas, got {shown(part.strip())}; "
        "the id of a component has lower-case letters, digits, '-' and '_'"
    )


def _text(_values: Values, said: Said) -> str:
    return said[0]


#: How each fact is read, but for `next`, which depends on the update it stands in.
_FACTS: dict[str, Callable[[Values, Said], Any]] = {
    "title": Values.line_of_text,
    "impact": lambda values, said: values.word(said, "impact", Impact),
    "affected": _text,
    "unaffected": _text,
    "workaround": _text,
    "scheduled_for": Values.time,
    "scheduled_until": Values.time,
    "until": Values.due,
    "components": Values.components,
    "expected": Values.due,
    "because": _text,
    "ended": Values.time,
    "started": Values.time,
}
