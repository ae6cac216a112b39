"""Keeps texts that were made of stories: entries of feeds, stories of the API, days that are over.

A document of fifty stories is made again when one of them changes; the other forty-nine are here. A
piece is kept like a page, with the questions that were asked for it: where one of them has another
answer it is made again, and whoever takes a piece has asked what was asked for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from firstword.cache import questions
from firstword.cache.stories import CachedStories
from firstword.cache.units import Unit, Units
from firstword.clock import Clock

#: Begins the names of pieces among those of units.
PIECE = "piece"
#: Pieces that are kept; whoever leaves the newest fifty of everything is seldom asked for again.
MOST = 20_000


class CachedPieces:
    """Answers as the protocol `page.Pieces` asks."""

    keeps = True

    def __init__(self, db: sqlite3.Connection, stories: CachedStories, units: Units) -> None:
        self._db = db
        self._stories = stories
        self._units = units

    def text(
        self, name: str, story: str, make: Callable[[], str], clock: Clock | None = None
    ) -> str:
        """Return a text as it was made before, or make and keep it."""
        unit = f"{PIECE}/{name}"
        found = self._db.execute("SELECT text FROM piece WHERE name = ?", (unit,)).fetchone()
        if found is not None:
            for question, bound in self._units.asked_for(unit):
                self._stories.note(question, bound)
            return str(found[0])
        with self._stories.tracing() as trace:
            if story:
                self._stories.note(questions.spell("get", story))
            text = make()
        for question, bound in trace.questions():
            self._stories.note(question, bound)
        self._units.begin(unit)
        clocks = (clock,) if clock else ()
        self._units.keep(Unit(name=unit, shelf=PIECE, make=lambda _: iter(())), clocks, trace)
        self._db.execute("INSERT INTO piece VALUES(?, ?)", (unit, text))
        return text

    def forget(self, old: Iterable[str], *, everything: bool) -> None:
        """Forget the pieces among the names of what is to be made again, or all there are.

        Of all of them, the units have begun again already.
        """
        if everything:
            self._db.execute("DELETE FROM piece")
            return
        names = [name for name in old if name.startswith(f"{PIECE}/")]
        count = self._db.execute("SELECT count(*) FROM piece").fetchone()[0]
        if count > MOST:
            names = [name for (name,) in self._db.execute("SELECT name FROM piece")]
        for name in names:
            self._units.begin(name)
        self._db.executemany("DELETE FROM piece WHERE name = ?", [(name,) for name in names])
