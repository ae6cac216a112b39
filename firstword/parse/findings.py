"""The rules a single file can break, and what messages about them are made of."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from firstword.model import Level

Rule = Literal[
    "alias",
    "comment",
    "components",
    "conflict",
    "control-character",
    "duplicate-key",
    "empty-key",
    "empty-update",
    "encoding",
    "fence",
    "file-name",
    "follow-up",
    "front-matter",
    "heading",
    "missing-key",
    "more",
    "no-updates",
    "same-instant",
    "size",
    "span",
    "status",
    "stray-text",
    "time",
    "time-gap",
    "time-twice",
    "unknown-key",
    "update-key",
    "value",
    "wrong-key",
]

#: Every rule `parse` can report; docs/checks.md explains each.
RULES: tuple[Rule, ...] = get_args(Rule)


class Finding(Struct, frozen=True):
    """Something wrong with the text, found where the path is not known."""

    line: int
    rule: Rule
    message: str
    level: Level = Level.ERROR


def shown(text: str, most: int = 60) -> str:
    """Quote a text for a message: one line whatever it holds, cut after `most` characters."""
    cut = text[:most]
    while len(repr(cut)) > most + 20:  # escapes are longer than what they stand for
        cut = cut[: len(cut) * 3 // 4]
    return repr(cut if cut == text else cut + "…")
