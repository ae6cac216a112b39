"""Keeps texts that were made of stories: entries of feeds, stories of the API, days that are over.

A document of fifty stories is made again when one of them changes; the other forty-nine are here. A
piece is kept like a page, with the questions that were asked for it: where one of them has another
answer it is made again, and whoever takes a piece has asked what was asked for it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from firstword.cache import questions
from firstword.cache.stories import CachedStories
from firstword.cache.units import PIECE, Unit, Units
from firstword.clock import Clock

#: Pieces of which the text is held in memory.
_MOST_TAKEN = 512
#: A question, and how deep its answer was read.
Asked = tuple[str, int | None]
SHELF = PIECE.removesuffix("/")
#: Characters of what says what of a story a text was made of; it stands before the text.
_DIGEST = 32
#: Pieces that are kept; whoever leaves the newest fifty of everything is seldom asked for again.
MOST = 20_000
_asked = msgspec.json.Decoder(list[Asked]).decode
_spelled = msgspec.json.Encoder().encode


class CachedPieces:
    """Answers as the protocol `page.Pieces` asks."""

    keeps = True

    def __init__(self, db: sqlite3.Connection, stories: CachedStories, units: Units) -> None:
        self._db = db
        self._stories = stories
        self._units = units
        self._doubtful: set[str] = set()
        # Several documents take the same: an update stands in four feeds.
        self._taken: dict[str, tuple[str, list[Asked]]] = {}

    def text(
        self,
        name: str,
        story: str,
        make: Callable[[], str],
        clock: Clock | None = None,
        of: Callable[[], bytes] | None = None,
    ) -> str:
        """Return a text as it was made before, or make and keep it."""
        unit = f"{PIECE}{name}"
        if unit in self._taken:
            text, asked = self._taken[unit]
            self._note(asked)
            return text
        text, asked = self._text(unit, story, make, clock, of)
        if len(self._taken) >= _MOST_TAKEN:
            self._taken.clear()
        self._taken[unit] = text, asked
        return text

    def _text(
        self,
        unit: str,
        story: str,
        make: Callable[[], str],
        clock: Clock | None,
        of: Callable[[], bytes] | None,
    ) -> tuple[str, list[Asked]]:
        """Return a text with what was asked for it."""
        known = "SELECT text, asked FROM piece WHERE name = ?"
        found = self._db.execute(known, (unit,)).fetchone()
        made_of = ""
        if of and (found is None or unit in self._doubtful):
            made_of = hashlib.blake2b(of(), digest_size=_DIGEST // 2).hexdigest()
        if found is not None and (unit not in self._doubtful or _is_of(found[0], made_of)):
            self._doubtful.discard(unit)
            asked = _asked(found[1])
            self._note(asked)
            return str(found[0][_DIGEST:] if of else found[0]), asked
        with self._stories.tracing() as trace:
            if story:
                self._stories.note(questions.spell(questions.GET, story))
            text = make()
        asked = list(trace.questions())
        self._note(asked)
        self._doubtful.discard(unit)
        if found is not None:
            self._units.begin(unit)
        clocks = (clock,) if clock else ()
        self._units.keep(Unit(name=unit, shelf=SHELF, make=lambda _: iter(())), clocks, trace)
        # Beside the text, since whoever takes it asks the same: one look for both.
        row = (unit, made_of + text, _spelled(asked).decode())
        self._db.execute("INSERT OR REPLACE INTO piece VALUES(?, ?, ?)", row)
        return text, asked

    def _note(self, asked: list[Asked]) -> None:
        """Whoever takes a text asks what was asked for it."""
        for question, bound in asked:
            self._stories.note(question, bound)

    def forget(self, old: Iterable[str], *, everything: bool) -> None:
        """Forget the pieces among the names of what is to be made again, or all there are.

        Of all of them, the units have begun again already. Doubtful ones wait until somebody wants
        them, or for `forget_doubtful`.
        """
        self._doubtful.clear()
        self._taken.clear()
        if everything:
            self._db.execute("DELETE FROM piece")
            return
        count = self._db.execute("SELECT count(*) FROM piece").fetchone()[0]
        if count > MOST:
            self._drop(name for (name,) in self._db.execute("SELECT name FROM piece").fetchall())
            return
        self._doubtful |= self._units.doubtful
        self._drop(name for name in old if name.startswith(PIECE))

    def forget_doubtful(self) -> None:
        """Forget those of changed stories that nobody wanted: later builds would trust them."""
        self._drop(self._doubtful)
        self._doubtful.clear()

    def _drop(self, names: Iterable[str]) -> None:
        dropped = sorted(names)
        for name in dropped:
            self._units.begin(name)
        self._db.executemany("DELETE FROM piece WHERE name = ?", [(name,) for name in dropped])


def _is_of(text: str, made_of: str) -> bool:
    """Tell whether a doubtful text was made of the same; one that does not say was not."""
    return bool(made_of) and text.startswith(made_of)
