"""Tells of pages, before they are written, that they would be the same as last time.

A page is made again when a story that it asked for changed. Often what it shows of the story did
not: its title and how it stands, where only a word came to it. A page is written by its template
from what it was told, and where both are as they were, and the template asked neither the stories
nor the clock, so is the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from firstword.cache.database import Cache
from firstword.cache.stories import CachedStories
from firstword.cache.units import Draft, Made, Unit
from firstword.clock import Clock

_NOTE = "told/"


def _spelled_out(value: object) -> str:
    """Spell texts of a kind of their own; what has no text could be the same and look another."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(type(value))


_encoder = msgspec.json.Encoder(enc_hook=_spelled_out)


class Alike(Struct, frozen=True, kw_only=True):
    """Compares with the last build; for one that can rely on nothing, notes for the next one."""

    cache: Cache
    stories: CachedStories
    #: Spells the site, which every template knows.
    site: str
    #: Template → digest of it and of all that it draws in.
    looks: Mapping[str, str]

    def digest(self, unit: Unit, draft: Draft) -> str:
        """Return a digest of a template and of what it is told; "" where that cannot be spelled."""
        look = self.looks.get(unit.look)
        if not look:
            return ""
        try:
            told = _encoder.encode((self.site, look, draft.told))
        except (TypeError, ValueError, OverflowError):
            return ""
        return hashlib.sha256(told).hexdigest()

    def knows(self, unit: Unit, digest: str) -> bool:
        """Tell whether what a unit made last was made of just that."""
        return bool(digest) and self.cache.meta(f"{_NOTE}{unit.name}") == digest

    def make(self, unit: Unit, draft: Draft, digest: str, clock: Clock) -> Made:
        """Make a page, and note what it was made of where nothing else went into it."""
        asked, clock.as_of = clock.as_of, None
        until, clock.valid_until = clock.valid_until, None
        with self.stories.tracing() as trace:
            made = draft.make()
        alone = clock.as_of is clock.valid_until is None
        for question, bound in trace.questions():
            self.stories.note(question, bound)
            alone = False
        clock.as_of = max((at for at in (asked, clock.as_of) if at), default=None)
        clock.valid_until = min((at for at in (until, clock.valid_until) if at), default=None)
        self.cache.note(f"{_NOTE}{unit.name}", digest if alone else "")
        return made
