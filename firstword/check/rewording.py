"""Two versions of a text → what became another thing in it, told apart from spelling and layout.

The rule, as docs/checks.md has it. Layout is whatever leaves the same words, numbers and marks in
the same order: line breaks, spaces, emphasis, capitals, full stops. Spelling is one slip in a word
of five letters or more that keeps its first and its last letter: a letter left out or put in, two
neighbours swapped, a vowel for a vowel. All else is another word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

#: A signed gap where words were redacted.
_GAP = "\ue000"
_GAPS = re.compile(r"\[redacted\s[^\[\]]*\]")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TOKEN = re.compile(
    rf"{_GAP}|\[[ xX]\]|~~"
    r"|[+\-\u2212<>≤≥~$€£¥]?\d+(?:[.,:/-]\d+)*(?:\s?%)?"
    r"|[^\W_]+(?:['’-][^\W_]+)*"
)
_TIME = re.compile(r"\d{1,2}:\d\d|\d{4}-\d\d|\d+[./]\d+[./]\d+")
_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december today tomorrow yesterday noon midnight"
)
_NUMBERS = (
    "none one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty "
    "sixty seventy eighty ninety hundred thousand million half third quarter fifth tenth dozen "
    "first second both every"
)
_TIMES = frozenset(_DAYS.split())
_COUNTS = frozenset(_NUMBERS.split())
_VOWELS = frozenset("aeiouy")
_SHORTEST = 5
#: Beyond that no two versions are laid side by side: the whole of it is another text.
_MOST = 4_000


@dataclass(frozen=True, slots=True)
class Rewording:
    """Some words that became others; "" for none."""

    rule: str
    old: str
    new: str


def rewordings(old: str, new: str) -> Iterator[Rewording]:
    """Yield what in a text became another thing."""
    if old == new:
        return
    was, now = _apart(_tokens(old), _tokens(new))
    if not was and not now:
        return
    if max(len(was), len(now)) > _MOST:
        yield Rewording("changed-words", _told(was), _told(now))
        return
    blocks = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    for how, i, j, k, m in blocks:
        if how != "equal" and not _is_gap(was[i:j], now[k:m]):
            yield from _judged(was[i:j], now[k:m])


def _apart(was: list[str], now: list[str]) -> tuple[list[str], list[str]]:
    """Leave out what both begin with, and what both end with."""
    same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), None)
    begin = min(len(was), len(now)) if same is None else same
    was, now = was[begin:], now[begin:]
    ends = zip(reversed(was), reversed(now), strict=False)
    same = next((n for n, (a, b) in enumerate(ends) if a != b), None)
    end = min(len(was), len(now)) if same is None else same
    return was[: len(was) - end], now[: len(now) - end]


def _tokens(text: str) -> list[str]:
    plain = _GAPS.sub(_GAP, _COMMENT.sub(" ", unicodedata.normalize("NFKC", text)))
    return [re.sub(r"\s(?=%)", "", token).casefold() for token in _TOKEN.findall(plain)]


def _is_gap(was: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether words were redacted in the open."""
    return bool(was) and bool(now) and set(now) == {_GAP}


def _judged(was: Sequence[str], now: Sequence[str]) -> Iterator[Rewording]:
    if len(was) == len(now) and all(map(_spelled, was, now)):
        return
    rule = "changed-words"
    if _figures(was) != _figures(now):
        told = [*was, *now]
        timely = any(_TIME.search(token) or token in _TIMES for token in told)
        rule = "changed-time" if timely else "changed-number"
    yield Rewording(rule, _told(was), _told(now))


def _figures(tokens: Sequence[str]) -> list[str]:
    return [t for t in tokens if t in _COUNTS or t in _TIMES or any(c.isdigit() for c in t)]


def _told(tokens: Sequence[str]) -> str:
    text = " ".join(tokens).replace(_GAP, "[redacted ...]")
    return text if len(text) <= 80 else f"{text[:77]}..."


def _spelled(was: str, now: str) -> bool:
    """Tell whether two words are the same one, but for one slip."""
    short, long = sorted((was, now), key=len)
    alike = (
        (was + now).isalpha()
        and len(short) >= _SHORTEST
        and not {was, now} & (_COUNTS | _TIMES)
        and short[0] == long[0]
        and short[-1] == long[-1]
    )
    return was == now or (alike and _one_slip(was, now, short, long))


def _one_slip(was: str, now: str, short: str, long: str) -> bool:
    if len(long) == len(short) + 1:
        return any(long[:at] + long[at + 1 :] == short for at in range(1, len(long)))
    if len(long) > len(short):
        return False
    differ = [at for at, (a, b) in enumerate(zip(was, now, strict=True)) if a != b]
    if len(differ) == 1:
        return {was[differ[0]], now[differ[0]]} <= _VOWELS
    if len(differ) == 2 and differ[1] == differ[0] + 1:
        return was[differ[0]] == now[differ[1]] and was[differ[1]] == now[differ[0]]
    return False
