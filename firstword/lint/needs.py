"""Which words a text needs before a phrase can be in it: most texts lack them, and are not read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

#: Groups of words, one of each; those of a phrase as `phrases.Compiled` has them.
Groups = tuple[tuple[str, ...], ...]

_WORD = re.compile(r"\w+")
#: What in ASCII is no part of a word.
_BETWEEN = {code: " " for code in range(128) if not _WORD.match(chr(code))}


@lru_cache(maxsize=64)
def words_of(text: str) -> tuple[str, frozenset[str]]:
    """Return a text casefolded, and its words. Kept for a while: it is asked for many things."""
    if text.isascii():
        # The same, in half of the time.
        folded = text.lower()
        return folded, frozenset(folded.translate(_BETWEEN).split())
    folded = text.casefold()
    return folded, frozenset(_WORD.findall(folded))


class Needs:
    """What a text has to hold for any of several phrases to be in it."""

    def __init__(self, phrases: Iterable[Groups]) -> None:
        """Take what each phrase needs."""
        # By the first group, which the fewest texts can fill.
        self._words: dict[str, list[Groups]] = {}
        self._pieces: dict[str, list[Groups]] = {}
        self._any = False
        #: Words that are enough by themselves.
        self._enough: set[str] = set()
        for groups in phrases:
            self._any |= not groups
            if len(groups) == 1:
                self._enough.update(word for word in groups[0] if not word.endswith("~"))
            for word in groups[0] if groups else ():
                where = self._pieces if word.endswith("~") else self._words
                where.setdefault(word.removesuffix("~"), []).append(groups[1:])

    def may_be_met(self, text: str) -> bool:
        """Tell whether a text may hold one of the phrases; False is sure."""
        # Patterns take these for an "i", and folding does not.
        if self._any or (not text.isascii() and ("\u0131" in text or "\u0130" in text)):
            return True
        folded, words = words_of(text)
        if not words.isdisjoint(self._enough):
            return True
        met = [rest for word in words & self._words.keys() for rest in self._words[word]]
        for piece, found in self._pieces.items():
            if piece in folded:
                met += found
        return any(all(_hold(folded, words, group) for group in rest) for rest in met)


def _hold(folded: str, words: frozenset[str], group: tuple[str, ...]) -> bool:
    """Tell whether a text of these words holds one of a group."""
    return not words.isdisjoint(group) or any(
        word[-1] == "~" and word[:-1] in folded for word in group
    )
