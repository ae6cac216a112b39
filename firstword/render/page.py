"""What every page of the site is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from firstword.clock import Clock


class Page(Struct, frozen=True, kw_only=True):
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
