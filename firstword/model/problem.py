"""One thing wrong with content, in the shape compilers use."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """An error holds the file back; a warning rides along; a notice never counts."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Problem(Struct, frozen=True, order=True):
    """Something wrong with content. Sorts by path, then line, then rule."""

    path: str
    line: int
    rule: str
    message: str
    level: Level = Level.ERROR

    def __str__(self) -> str:
        kind = "" if self.level is Level.ERROR else f"{self.level}: "
        return f"{self.path}:{self.line}: {self.rule}: {kind}{self.message}"
