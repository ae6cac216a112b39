"""Parts of documents that are made of one story each, and may be kept from build to build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Pieces(Protocol):
    """Whoever keeps texts that were made of a story."""

    def text(self, name: str, story: str, make: Callable[[], str]) -> str:
        """Return the text of a name as it was made of the story with an id, or make it now.

        What is made must depend on that story, on settings and on what is asked of other stories
        meanwhile, and on nothing else: not on the clock, nor on who wants it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unkept:
    """Keeps nothing; one is as good as another, as pages of the same stories are."""

    def text(self, _name: str, _story: str, make: Callable[[], str]) -> str:
        """Make it now."""
        return make()
