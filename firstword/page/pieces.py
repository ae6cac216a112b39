"""Parts of documents that are made of one story or of few, and may be kept from build to build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from firstword.clock import Clock


class Pieces(Protocol):
    """Whoever keeps texts that were made of a story."""

    @property
    def keeps(self) -> bool:
        """Whether a later build finds them."""
        ...

    def text(
        self,
        name: str,
        story: str,
        make: Callable[[], str],
        clock: Clock | None = None,
        of: Callable[[], bytes] | None = None,
    ) -> str:
        """Return the text of a name as it was made of the story with an id, or make it now.

        `of` says what of that story it is made of, where that is not all: while this is the same,
        the text is.

        What is made must depend on that story ("": on none), on settings, on what is asked of
        other stories meanwhile and on what the clock was asked before, and on nothing else: not on
        who wants it, nor on any other clock.
        """
        ...


class Unkept(Struct, frozen=True):
    """Keeps nothing; one is as good as another, as pages of the same stories are."""

    keeps: bool = False

    def text(
        self,
        _name: str,
        _story: str,
        make: Callable[[], str],
        _clock: Clock | None = None,
        of: Callable[[], bytes] | None = None,  # noqa: ARG002 - the protocol's
    ) -> str:
        """Make it now."""
        return make()
