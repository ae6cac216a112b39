"""Two versions of a text, as readers see them: words, signs between words, and where links lead.

What is layout in a file is none on the page where it hides words, or makes one sentence of two.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from firstword.check.tokens import GAP, Token, visible
from firstword.check.weighty import Weight, weight_of
from firstword.markup import Markup, plain_text

#: Beyond that no two versions are laid side by side: the whole of it is another text.
MOST = 4_000
_BREAK = re.compile(r"<br[^>]*>", re.IGNORECASE)
_LINK = re.compile(r'<a\b[^>]*? ?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+")
#: What means the same between two words.
_SAME = str.maketrans("!。।…\u2025、،・؛·\n", ".....,,,;,.")
_SIGNS = re.compile(r"[.,:;/\\|_#*-]")


class Seen:
    """One version of a text as readers see it."""

    def __init__(self, text: str, markup: Markup) -> None:
        rendered = markup.html(text)
        plain = plain_text(_BREAK.sub(" ", rendered))
        found: list[Token] = list(visible(plain))
        self.words = [token.text for token in found]
        #: What stands between each word and the next.
        self.signs = [_signs(a.after) for a in found[:-1]]
        self.addresses = _addresses(rendered, plain)


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
                if old.signs[a] != new.signs[b]:
                    yield _denies(old, a) or _denies(new, b), _place(old, a), _place(new, b)
        elif [old.signs[a] for a in was if old.signs[a]] != [
            new.signs[b] for b in now if new.signs[b]
        ]:
            denies = any(_denies(old, a) for a in was) or any(_denies(new, b) for b in now)
            yield denies, _span(old, was), _span(new, now)


def _laid_beside(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield which words are the same; what both begin and end with costs but a look."""
    least = min(len(old), len(new))
    begin = next((n for n in range(least) if old[n] != new[n]), least)
    same = (n for n in range(least - begin) if old[-1 - n] != new[-1 - n])
    end = next(same, least - begin)
    was, now = len(old) - end, len(new) - end
    yield "equal", 0, begin, 0, begin
    matcher = SequenceMatcher(None, old[begin:was], new[begin:now], autojunk=False)
    if max(was, now) - begin <= MOST:
        for how, i, j, k, m in matcher.get_opcodes():
            yield how, begin + i, begin + j, begin + k, begin + m
    yield "equal", was, len(old), now, len(new)


def _denies(seen: Seen, at: int) -> bool:
    """Tell whether a word that denies or limits stands in a sentence which ends or goes on here."""
    begin, end = at, at + 1
    while begin and seen.signs[begin - 1] != ".":
        begin -= 1
    while end < len(seen.signs) and seen.signs[end] != ".":
        end += 1
    return any(weight_of(word) is Weight.SENSE for word in seen.words[begin : end + 1])


def _place(seen: Seen, at: int) -> str:
    return f"{seen.words[at]}{seen.signs[at]} {seen.words[at + 1]}"


def _span(seen: Seen, places: Sequence[int]) -> str:
    return " ".join(_place(seen, at) for at in places) if places else ""
