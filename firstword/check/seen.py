"""Two versions of a text, as readers see them: words, signs between words, and where links lead.

What is layout in a file is none on the page where it hides words, or makes one sentence of two.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from firstword.check.tokens import GAP, Token, visible
from firstword.check.weighty import Weight, weight_of
from firstword.markup import Markup, plain_text

#: So many looks at a word, for each word of two versions, and so many in all: what would take more
#: is another text.
_EACH, _ALL = 200, 4_000_000
_BREAK = re.compile(r"<br[^>]*>", re.IGNORECASE)
_LINK = re.compile(r'<a\b[^>]*? ?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+")
#: What means the same between two words.
_SAME = str.maketrans("!。।…\u2025、،・؛·\n", ".....,,,;,.")
_SIGNS = re.compile(r"[.,:;/\\|_#*-]")


class TooMuch(Exception):
    """Two versions have so little in common that laying them side by side takes too long."""


class Beside(SequenceMatcher[str]):
    """Two versions side by side, in a time that grows with their length. Raises TooMuch."""

    def __init__(self, was: Sequence[str], now: Sequence[str]) -> None:
        super().__init__(None, was, now, autojunk=False)
        self._was = was
        self._many = Counter(now)
        self.left = min(_EACH * (len(was) + len(now) + _EACH), _ALL)

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """Find it, if there is time left."""
        self.left -= sum(1 + self._many[word] for word in self._was[alo:ahi])
        if self.left < 0:
            raise TooMuch
        return super().find_longest_match(alo, ahi, blo, bhi)


class Seen:
    """One version of a text as readers see it."""

    def __init__(self, text: str, markup: Markup) -> None:
        rendered = markup.html(text)
        plain = plain_text(_BREAK.sub(" ", rendered))
        found: list[Token] = list(visible(plain))
        self.words = [token.text for token in found]
        #: What stands between each word and the next.
        self.signs = [_signs(a.after) for a in found[:-1]]
        self._put_behind_quotes()
        self.addresses = _addresses(rendered, plain)
        self._number_sentences()

    def denies(self, at: int) -> bool:
        """Tell whether a word that denies or limits stands in a sentence that ends or goes on here.

        Of the places between two words.
        """
        return not self._denying.isdisjoint(self._sentences[at : at + 2])

    def _put_behind_quotes(self) -> None:
        """Read 'no." Then' as 'no". Then': which comes first at the end of a quotation is style."""
        closes = True
        for at, word in enumerate(self.words):
            if word == '"':
                closes = not closes
                if closes and at:
                    before, self.signs[at - 1] = self.signs[at - 1], ""
                    if at < len(self.signs):
                        self.signs[at] = "".join(dict.fromkeys(before + self.signs[at]))

    def _number_sentences(self) -> None:
        """Number the words' sentences, and note which of them hold a word that denies or limits."""
        self._sentences: list[int] = []
        self._denying: set[int] = set()
        number = 0
        for at, word in enumerate(self.words):
            self._sentences.append(number)
            if weight_of(word) is Weight.SENSE:
                self._denying.add(number)
            number += at < len(self.signs) and self.signs[at] == "."


def _addresses(rendered: str, plain: str) -> list[str]:
    """Return where links lead; one that is spelled out leads where it says."""
    hidden = [href for href, words in _LINK.findall(rendered) if href != words]
    return [html.unescape(one) for one in hidden] + [
        one.rstrip(".,;:!?)") for one in _ADDRESS.findall(plain)
    ]


def _signs(between: str) -> str:
    """Return what separates two words; the end of a block does as a full stop does."""
    if "\n" in between:
        return "."
    found = _SIGNS.findall(between.translate(_SAME))
    return "".join(dict.fromkeys(found))


def moved_signs(old: Seen, new: Seen) -> Iterator[tuple[bool, str, str]]:
    """Yield signs between words that are others: whether one denies there, then both places."""
    for how, i, j, k, m in _laid_beside(old.words, new.words):
        # Words that are put in are told as such.
        if how == "insert" or (how != "equal" and GAP in new.words[k:m]):
            continue
        # With the signs before and behind, save at the ends of the text.
        was = range(max(i - 1, 0), min(j, len(old.signs)))
        now = range(max(k - 1, 0), min(m, len(new.signs)))
        if len(was) == len(now):
            for a, b in zip(was, now, strict=True):
                if (here := old.signs[a]) != (there := new.signs[b]):
                    # A comma is as good as a semicolon, also where something is denied.
                    alike = here and there and "." not in here + there
                    denies = not alike and (old.denies(a) or new.denies(b))
                    yield denies, _place(old, a), _place(new, b)
        elif [old.signs[a] for a in was if old.signs[a]] != [
            new.signs[b] for b in now if new.signs[b]
        ]:
            denies = any(map(old.denies, was)) or any(map(new.denies, now))
            yield denies, _span(old, was), _span(new, now)


def _laid_beside(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield which words are the same; what both begin and end with costs but a look."""
    least = min(len(old), len(new))
    begin = next((n for n in range(least) if old[n] != new[n]), least)
    same = (n for n in range(least - begin) if old[-1 - n] != new[-1 - n])
    end = next(same, least - begin)
    was, now = len(old) - end, len(new) - end
    yield "equal", 0, begin, 0, begin
    try:
        blocks = Beside(old[begin:was], new[begin:now]).get_opcodes()
    except TooMuch:
        blocks = []  # told as another text
    for how, i, j, k, m in blocks:
        yield how, begin + i, begin + j, begin + k, begin + m
    yield "equal", was, len(old), now, len(new)


def _place(seen: Seen, at: int) -> str:
    return f"{seen.words[at]}{seen.signs[at]} {seen.words[at + 1]}"


def _span(seen: Seen, places: Sequence[int]) -> str:
    return " ".join(_place(seen, at) for at in places) if places else ""
