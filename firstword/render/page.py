"""What every page of the site is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firstword.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: where it goes, which template makes it, and from what."""

    key: str
    template: str
    context: Callable[[Clock], Mapping[str, Any]]
    #: Others link to it.
    leaf: bool = False
    #: Id of the story it belongs to.
    owner: str = ""
    #: The language it is in; empty for the site's.
    language: str = ""
