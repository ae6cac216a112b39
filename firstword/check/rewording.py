"""Two versions of a text → what became another thing in it, told apart from spelling and layout.

The rule, as docs/checks.md has it. Layout is whatever leaves the same words, numbers and marks in
the same order. A slip that is no word, and a word that stood twice, pass of themselves; what looks
like spelling passes if somebody says so; figures, times and what turns a sentence round never do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firstword.check.reworded import SPELLING, Rewording
from firstword.check.seen import Beside, Seen, TooMuch, moved_signs
from firstword.check.slips import denies_alike, is_slip, looks_like_spelling, reads_the_same
from firstword.check.tokens import GAP, GAPS, QUOTE, UNQUOTE, tokens
from firstword.check.weighty import Weight, contrary, is_unspaced, negations, weight_of
from firstword.markup import Markup

_SHOWN = {GAP: "[redacted ...]", QUOTE: ">", UNQUOTE: "(end of the quotation)"}


def rewordings(old: str, new: str) -> Iterator[Rewording]:
    """Yield what in a text became another thing."""
    if old == new or _only_gaps(old, new):
        return
    # Marks that are none on the page count in the file, and words that only the page shows there.
    turned = negations(old) != negations(new)
    markup = Markup(lambda slug: f"/{slug}/")
    was, now = Seen(old, markup), Seen(new, markup)
    found = [*_between(tokens(old), tokens(new), turned=turned)]
    found += _between(was.words, now.words, turned=turned)
    redacted = now.words.count(GAP) > was.words.count(GAP)
    if was.addresses != now.addresses and not redacted:
        found.append(Rewording("changed-words", _told(was.addresses), _told(now.addresses)))
    certain = any(one.rule != SPELLING for one in found)
    for denies, here, there in moved_signs(was, now):
        if certain and not denies:
            continue  # beside words that are others, signs are too
        found.append(Rewording(str(Weight.SENSE) if denies else SPELLING, here, there))
    yield from dict.fromkeys(found)


def _between(was: list[str], now: list[str], *, turned: bool) -> Iterator[Rewording]:
    was, now = _apart(was, now)
    try:
        blocks = Beside(was, now).get_opcodes()
    except TooMuch:
        yield Rewording("changed-words", _told(was), _told(now))
        return
    for how, i, j, k, m in blocks:
        if how == "equal" or _is_gap(was[i:j], now[k:m]) or _is_echo(was, i, j, m - k):
            continue
        if k == m and j - i == 1 and _said_twice(was, i) and weight_of(was[i]):
            yield Rewording(SPELLING, _told(was[i:j]), "")
            continue
        yield from _judged(was[i:j], now[k:m], turned=turned)


def _apart(was: list[str], now: list[str]) -> tuple[list[str], list[str]]:
    """Leave out what both begin with, and what both end with, but for one word at either side."""
    same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), None)
    begin = min(len(was), len(now)) if same is None else same
    # It stays so that its echo is heard.
    begin = max(begin - 1, 0)
    was, now = was[begin:], now[begin:]
    ends = zip(reversed(was), reversed(now), strict=False)
    same = next((n for n, (a, b) in enumerate(ends) if a != b), None)
    end = max((min(len(was), len(now)) if same is None else same) - 1, 0)
    return was[: len(was) - end], now[: len(now) - end]


def _is_gap(was: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether words were redacted in the open."""
    return bool(was) and bool(now) and set(now) == {GAP}


def _only_gaps(old: str, new: str) -> bool:
    """Tell whether a text is another one with new gaps in it, also in the middle of its words.

    Asked of the text as it stands: half a word or half a mark is another token than the whole.
    """
    there = GAPS.findall(old)
    pieces, last = [], 0
    for gap in GAPS.finditer(new):
        if gap[0] not in there:
            pieces.append(_dense(new[last : gap.start()]))
            last = gap.end()
    text, end = _dense(old), _dense(new[last:])
    if not pieces or not text.startswith(pieces[0]) or not text.endswith(end):
        return False
    at = len(pieces[0])
    for piece in pieces[1:]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= len(text) - len(end)


def _dense(text: str) -> str:
    return "".join(text.split())


def _is_echo(was: Sequence[str], i: int, j: int, put_in: int) -> bool:
    """Tell whether one word was taken out that stood twice: 'the the'."""
    return not put_in and j - i == 1 and not weight_of(was[i]) and _said_twice(was, i)


def _said_twice(was: Sequence[str], i: int) -> bool:
    """Tell whether a word stands beside itself."""
    if not was[i].isalpha() or is_unspaced(was[i]):
        return False
    return was[i] in was[max(i - 1, 0) : i] or was[i] in was[i + 1 : i + 2]


def _judged(was: Sequence[str], now: Sequence[str], *, turned: bool) -> Iterator[Rewording]:
    paired = len(was) == len(now)
    if paired and all(map(is_slip, was, now)):
        return
    rule = _rule(was, now, turned=turned)
    if rule == SPELLING and paired:
        # Word by word, as commits may have mended them one after the other.
        pairs = zip(was, now, strict=True)
        yield from (Rewording(rule, _told([a]), _told([b])) for a, b in pairs if not is_slip(a, b))
    else:
        yield Rewording(rule, _told(was), _told(now))


def _rule(was: Sequence[str], now: Sequence[str], *, turned: bool) -> str:
    if reads_the_same(was, now):
        return SPELLING
    if Weight.TIME in (found := _changed(was, now)) or Weight.NUMBER in found:
        return str(Weight.TIME if Weight.TIME in found else Weight.NUMBER)
    if denies_alike(was, now):
        return SPELLING
    # What Japanese says no with are endings, which no single character tells.
    endings = turned and any(map(is_unspaced, (*was, *now)))
    against = len(was) == len(now) and any(map(contrary, was, now))
    if found or endings or against:
        return str(Weight.SENSE)
    return SPELLING if looks_like_spelling(was, now) else "changed-words"


def _changed(was: Sequence[str], now: Sequence[str]) -> set[Weight]:
    """Return what of weight there is, where it is not all there, in order, in both."""
    old, new = ([t for t in told if weight_of(t)] for told in (was, now))
    if old == new:
        return set()
    # Without a figure beside it, what may be is no month.
    month = any(any(c.isdigit() for c in t) or _is_month(t) for t in (*old, *new))
    return {
        Weight.SENSE if t == "may" and not month else w for t in (*old, *new) if (w := weight_of(t))
    }


def _is_month(word: str) -> bool:
    return word != "may" and weight_of(word) is Weight.TIME


def _told(told: Sequence[str]) -> str:
    text = " ".join(_SHOWN.get(token, token) for token in told)
    return text if len(text) <= 80 else f"{text[:77]}..."
