"""What a check looks at, and what it may say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from firstword.model import Site, Target
from firstword.store import Store
from firstword.store.public import Answer


class Level(StrEnum):
    """How a check ended; a note is no failure."""

    OK = "ok"
    NOTE = "note"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found; `todo` is what to do about it."""

    level: Level
    about: str
    text: str
    todo: str = ""


def ok(about: str, text: str) -> Finding:
    """Say that a thing is as it should be."""
    return Finding(level=Level.OK, about=about, text=text)


def note(about: str, text: str, todo: str = "") -> Finding:
    """Say what somebody may want to know."""
    return Finding(level=Level.NOTE, about=about, text=text, todo=todo)


def fail(about: str, text: str, todo: str) -> Finding:
    """Say what keeps publishing from being safe, and what to do about it."""
    return Finding(level=Level.FAIL, about=about, text=text, todo=todo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site, and how to look beyond it."""

    root: Path
    site: Site
    environ: Mapping[str, str]
    now: Callable[[], datetime]  #: the real time
    get: Callable[[str], Answer]  #: fetches an address as readers do
    settings: Mapping[str, Any] = field(default_factory=dict)  #: pelicanconf.py, as it was read


@dataclass(frozen=True, slots=True)
class At:
    """One target of a site; a folder's name is its whole path."""

    place: Place
    target: Target
    store: Store
