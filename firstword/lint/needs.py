"""Which words a text needs before a phrase can be in it: most texts lack them, and are not read."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

#: Groups of words, one of each; those of a phrase as `phrases.Compiled` has them.
Groups = tuple[tuple[str, ...], ...]

#: What else a phrase needs: of each group one of its words, or one of its pieces of words.
Rest = tuple[tuple[frozenset[str], tuple[str, ...]], ...]

_WORD = re.compile(r"\w+")
#: Byte of ASCII → what it is in a word, folded; a space where it is no part of one.
_IN_WORD = bytes(
    ord(chr(code).lower()) if code < 128 and _WORD.match(chr(code)) else 32 for code in range(256)
)


@lru_cache(maxsize=64)
def words_of(text: str) -> tuple[str, frozenset[str]]:
    """Return a text casefolded, and its words. Kept for a while: it is asked for many things."""
    if text.isascii():
        # The same, in a third of the time.
        words = text.encode("ascii").translate(_IN_WORD).decode("ascii")
        return text.lower(), frozenset(words.split())
    folded = text.casefold()
    return folded, frozenset(_WORD.findall(folded))


class Needs:
    """What a text has to hold for any of several phrases to be in it."""

    def __init__(self, phrases: Sequence[Groups]) -> None:
        """Take what each phrase needs."""
        self._all = range(len(phrases))
        #: Phrases that any text may hold.
        self._always = [at for at, groups in enumerate(phrases) if not groups]
        # By the first group, which the fewest texts can fill.
        self._words: dict[str, list[tuple[int, Rest]]] = {}
        self._pieces: dict[str, list[tuple[int, Rest]]] = {}
        for at, groups in enumerate(phrases):
            rest = tuple(map(_sorted_out, groups[1:]))
            for word in groups[0] if groups else ():
                where = self._pieces if word.endswith("~") else self._words
                where.setdefault(word.removesuffix("~"), []).append((at, rest))

    def met(self, text: str) -> Collection[int]:
        """Tell which of the phrases a text may hold, by their numbers; the rest it surely lacks."""
        # Patterns take these for an "i", and folding does not.
        if not text.isascii() and ("\u0131" in text or "\u0130" in text):
            return self._all
        folded, words = words_of(text)
        met = set(self._always)
        near = [one for word in words & self._words.keys() for one in self._words[word]]
        for piece, found in self._pieces.items():
            if piece in folded:
                near += found
        for at, rest in near:
            if at in met:
                continue
            for some, pieces in rest:
                if words.isdisjoint(some) and not any(piece in folded for piece in pieces):
                    break
            else:
                met.add(at)
        return met

    def may_be_met(self, text: str) -> bool:
        """Tell whether a text may hold one of the phrases; False is sure."""
        return bool(self._always or self.met(text))


def _sorted_out(group: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of a group, and its pieces of words."""
    pieces = tuple(word[:-1] for word in group if word.endswith("~"))
    return frozenset(word for word in group if not word.endswith("~")), pieces
