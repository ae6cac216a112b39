"""Phrases as people write them down → patterns that take no longer than the text is long.

    word            that word, in any case, as a word of its own
    word~           a word that begins so
    a b             one after the other, however the line is wrapped
    (a|b)  (a|b)?   one of them; one of them or nothing
    *               any one word
    #               a number in digits
    ##              one that counts: no time of day, date, year, version or HTTP status
    %               a share: 5 %, 5 per cent
    @               a time of day or a day in digits: 9:30, 2026-11-21
    ^               first in a phrase: where a sentence begins, or goes on after a comma
    ...             up to 60 characters of the same sentence between two words, once in a phrase
    a|b             two phrases

Nothing can be repeated without end, so nobody's phrase can make a check hang.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from firstword.lint.counts import COUNT, SHARE, spelled_out
from firstword.patterns import later

#: Languages that put no spaces between words: a phrase is found wherever it stands.
UNSPACED = frozenset({"ja", "th", "zh"})
#: In Arabic "and", "so", "with", "as", "for" and the article are written onto the word.
_JOINED = {"ar": "[وفبكل]{0,2}(?:ال)?"}
_TOKEN = later(r"\s*(\.\.\.|##|[()|?*#]|[^\s()|?*#]+)")
_TIME = r"(?:(?:[01]?\d|2[0-4]):[0-5]\d|\d{4}-\d\d-\d\d)(?!\d)"
_START = r"(?:^|(?<=[,;:] ))"
_GAP = "[^\n]{0,60}?"
#: Words of nearly every text, which tell nothing of what else is in it.
_COMMON = frozenset(
    {
        *("about", "again", "been", "from", "have", "here", "into", "more", "over", "that"),
        *("them", "there", "they", "this", "through", "until", "was", "were", "when", "will"),
        *("with", "your", "their"),
        *("aber", "auch", "dass", "eine", "haben", "nicht", "oder", "sind", "wird", "wurde"),
    }
)
_DEEPEST = 4
_LONGEST = 1000


class PhraseError(ValueError):
    """A phrase that cannot be read; its text says why."""


class Pattern:
    """A pattern that is compiled when a text is first searched: most never meet one."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern itself."""
        return re.compile(spelled_out(self.text), re.IGNORECASE)

    def search(self, text: str) -> re.Match[str] | None:
        """Find it in a text."""
        return self.compiled.search(text)

    def cut(self, text: str) -> str:
        """Return a text without it."""
        return self.compiled.sub(" ", text)


class Compiled(NamedTuple):
    """Phrases ready for use."""

    pattern: Pattern
    #: For each phrase groups of words, casefolded: a text that lacks all words of one group does
    #: not hold that phrase. `x~` stands for a piece of a word. The group that the fewest texts can
    #: fill comes first.
    needs: tuple[tuple[tuple[str, ...], ...], ...]
    #: The pattern of each phrase, in the same order, and what stands before and after any.
    phrases: tuple[str, ...]
    edges: tuple[str, str]

    def alone(self, at: int) -> Pattern:
        """Return what finds one of the phrases."""
        before, after = self.edges
        return Pattern(f"{before}(?:{self.phrases[at]}){after}")


class _Item(NamedTuple):
    pattern: str
    #: Groups of words; it needs one of each. Empty where any text may do.
    needs: tuple[frozenset[str], ...] = ()
    optional: bool = False
    gap: bool = False


def compile_phrases(text: str, language: str) -> Compiled:
    """Compile phrases of a language. Raises PhraseError."""
    if len(text) > _LONGEST * 4:
        raise PhraseError(f"longer than {_LONGEST * 4} characters; write several rules")
    before, after = _edges(language)
    # Of whole words on both sides: "order ... again" is not in "orders work again".
    gap = f"{after}{_GAP}{before}"
    reader = _Reader(_pieces(text), "" if language in UNSPACED else " {1,4}", gap)
    phrases = reader.phrases(0)
    if reader.ahead():
        raise PhraseError(f"cannot be read from {reader.ahead()!r} on")
    needs = (sorted(item.needs, key=_rare, reverse=True) for item in phrases)
    return put_together(
        language,
        [item.pattern for item in phrases],
        tuple(tuple(tuple(sorted(g)) for g in groups) for groups in needs),
    )


def put_together(
    language: str, phrases: Sequence[str], needs: tuple[tuple[tuple[str, ...], ...], ...]
) -> Compiled:
    """Put phrases together, each of which is a pattern already."""
    before, after = _edges(language)
    pattern = Pattern(f"{before}(?:{'|'.join(phrases)}){after}")
    return Compiled(pattern, needs, tuple(phrases), (before, after))


def _edges(language: str) -> tuple[str, str]:
    """Return what stands before and after a phrase of a language."""
    if language in UNSPACED:
        return "", ""
    return rf"(?<!\w){_JOINED.get(language, '')}", r"(?!\w)"


def _pieces(text: str) -> Iterator[str]:
    return (found[1] for found in _TOKEN.finditer(text.strip()))


class _Reader:
    """Reads tokens by descent, at most a few groups deep."""

    def __init__(self, tokens: Iterator[str], between: str, gap: str) -> None:
        self._pieces = list(tokens)
        self._at = 0
        self._between = between
        self._gap = gap

    def ahead(self) -> str:
        """Return the next piece, "" at the end."""
        return self._pieces[self._at] if self._at < len(self._pieces) else ""

    def phrases(self, depth: int) -> list[_Item]:
        """Read alternatives up to a closing bracket or the end."""
        if depth > _DEEPEST:
            raise PhraseError(f"more than {_DEEPEST} groups in each other")
        found = [self._phrase(depth)]
        while self.ahead() == "|":
            self._at += 1
            found.append(self._phrase(depth))
        return found

    def _phrase(self, depth: int) -> _Item:
        start = _START if self.ahead() == "^" else ""
        self._at += bool(start)
        items: list[_Item] = []
        while self.ahead() not in {"", "|", ")"}:
            items.append(self._item(depth))
        if not any(not item.optional and not item.gap for item in items):
            raise PhraseError("nothing that has to be there")
        if sum(item.gap for item in items) > 1:
            raise PhraseError("more than one '...'")
        if items[0].gap or items[-1].gap:
            raise PhraseError("'...' stands between two words")
        needs = tuple(group for item in items if not item.optional for group in item.needs)
        return _Item(start + self._joined(items), needs)

    def _joined(self, items: list[_Item]) -> str:
        """Put items one after the other; those that may be missing take their space with them."""
        first = next(at for at, item in enumerate(items) if not item.optional)
        parts = [f"(?:{item.pattern}{self._between})?" for item in items[:first]]
        parts.append(items[first].pattern)
        glued = False
        for item in items[first + 1 :]:
            between = "" if glued or item.gap else self._between
            if glued and item.optional:
                # The gap takes the space before it.
                parts.append(f"(?:{item.pattern}{self._between})?")
                continue
            parts.append(
                f"(?:{between}{item.pattern})?" if item.optional else between + item.pattern
            )
            glued = item.gap
        return "".join(parts)

    def _item(self, depth: int) -> _Item:
        piece = self.ahead()
        self._at += 1
        if piece == "(":
            found = _one_of(self.phrases(depth + 1))
            if self.ahead() != ")":
                raise PhraseError("a '(' is never closed")
            self._at += 1
        elif piece == "*":
            found = _Item(r"[\w'’-]{1,40}")
        elif piece == "#":
            found = _Item(r"\d{1,12}(?:[.,:]\d{1,12}){0,3}")
        elif piece == "##":
            found = _Item(COUNT)
        elif piece == "%":
            found = _Item(SHARE)
        elif piece == "@":
            found = _Item(_TIME)
        elif piece == "^":
            raise PhraseError("'^' stands at the beginning of a phrase")
        elif piece == "...":
            return _Item(self._gap, gap=True)
        elif piece == "?":
            raise PhraseError("'?' stands right after a word or a ')'")
        else:
            found = _word(piece, spaced=bool(self._between))
        if self.ahead() == "?":
            self._at += 1
            found = found._replace(optional=True)
        return found


def _word(piece: str, *, spaced: bool) -> _Item:
    stem, begins, rest = piece.partition("~")
    if rest or not stem:
        raise PhraseError(f"'~' stands at the end of a word: {piece!r}")
    pattern = re.escape(stem).replace("'", "['’]") + (r"\w{0,20}" if begins else "")
    longest = max(re.findall(r"\w+", stem.casefold()), key=len, default="")
    if not longest:
        raise PhraseError(f"no word: {piece!r}")
    return _Item(pattern, (frozenset({longest if spaced and not begins else f"{longest}~"}),))


def _one_of(found: list[_Item]) -> _Item:
    """Return what any one of several phrases is found by."""
    pattern = f"(?:{'|'.join(item.pattern for item in found)})"
    if len(found) == 1:
        return found[0]._replace(pattern=pattern)
    # Of each a group is needed that stands for it.
    groups = [max(item.needs, key=_rare) for item in found if item.needs]
    whole = len(groups) == len(found)
    return _Item(pattern, (frozenset().union(*groups),) if whole else ())


def _rare(group: frozenset[str]) -> tuple[bool, int, list[str]]:
    """Sort key: how few texts can fill a group, by the length of its words."""
    return not group & _COMMON, min(map(len, group)), sorted(group)
