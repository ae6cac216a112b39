"""What stands between quotation marks: found in one pass, whatever is opened and never closed.

A quotation may hold others, be as long as it likes and go on over paragraphs: to where it is
closed, or, as printers have it, opened again at the head of each paragraph. What is opened and
never closed is no quotation, and an apostrophe is no mark.
"""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct

from firstword.patterns import later

#: Mark that opens → the marks that close it. Some close in one language what they open in another.
_CLOSED_BY = dict(
    pair.split(" ")
    for pair in (
        *('" "', "' '", "“ ”", "” ”", "„ “”", "‟ ”", "‘ ’", "‚ ‘’"),
        *("« »", "» «", "‹ ›", "› ‹", "「 」", "『 』", "〝 〟"),
    )
)
_CLOSING = frozenset("".join(_CLOSED_BY.values()))
_ONLY_OPEN = frozenset("„‟「『〝")
_ONLY_CLOSE = frozenset("」』〟")
#: An apostrophe looks the same: these end with their paragraph.
_SINGLE = frozenset("'‘‚")
_APOSTROPHES = frozenset("'’")
MARKS = "".join(sorted({*_CLOSED_BY, *_CLOSING}))
#: A mark, or the end of a paragraph; the apostrophe in a word is neither.
_MARK = later(f"[{MARKS}\n](?<!\\w['’](?=\\w))")
_ANY = re.compile(f"[{MARKS}](?<!\\w['’](?=\\w))")
_CLIPPED = later(r"['’](?:\d\d|t(?:il|is|was)\b|em\b|n\b)", re.IGNORECASE)
#: After these a quotation does not begin.
_BEFORE_CLOSING = frozenset(".,;:!?…)]}%。、！？）")


class _Open(Struct):
    mark: str
    start: int
    #: The paragraph in which it was opened, or opened again.
    block: int
    #: It cannot go on in another paragraph.
    short: bool
    #: Where an apostrophe may have closed it; -1: nowhere.
    perhaps: int = -1
    over: bool = False


def quoted(prose: str) -> list[tuple[int, int]]:
    """Return where quotations begin and end, marks included, in their order and none in another.

    Paragraphs of the text end with a newline. Every mark is looked at once, and opened and closed
    at most once.
    """
    if not _ANY.search(prose):
        return []
    scan = _Scan(prose)
    for found in _MARK.finditer(prose):
        scan.see(found[0], found.start())
    scan.end_block(len(prose))
    return _outermost(sorted(scan.spans))


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


class _Scan:
    def __init__(self, prose: str) -> None:
        self.spans: list[tuple[int, int]] = []
        self._prose = prose
        self._open: list[_Open] = []
        #: How many of what is open each mark can close: over paragraphs, and in this one.
        self._long: Counter[str] = Counter()
        self._short: Counter[str] = Counter()
        self._block = 0
        self._begins = 0
        self._fresh = True
        self._perhaps: list[_Open] = []

    def see(self, mark: str, at: int) -> None:
        """Take in the next mark, or the end of a paragraph."""
        if mark == "\n":
            self.end_block(at)
            return
        fresh, self._fresh = self._fresh, False
        if fresh and not self._prose[self._begins : at].strip() and self._goes_on(mark):
            return
        before = self._prose[at - 1] if at else "\n"
        after = self._prose[at + 1 : at + 2] or "\n"
        opens = not (before.isalnum() or before in _BEFORE_CLOSING or after.isspace())
        closes = not (before.isspace() or after.isalnum())
        if mark in _APOSTROPHES:
            self._apostrophe(mark, at, opens=opens and not closes, closes=closes)
        elif (
            mark in _ONLY_OPEN
            or (mark == "“" and (opens or not closes))
            or (mark not in _ONLY_CLOSE and opens and not closes)
        ):
            self._push(mark, at)
        elif self._closable(mark):
            self._pop(mark, at)
        elif mark in _CLOSED_BY and opens == closes and not (mark == "‘" and before.isalnum()):
            # By what stands around it, it could be either.
            self._push(mark, at, short=mark in '"”')

    def end_block(self, at: int) -> None:
        """Forget what does not go on in the next paragraph."""
        for one in self._perhaps:
            if not one.over:
                one.over = True
                self.spans.append((one.start, one.perhaps + 1))
        self._perhaps.clear()
        self._short.clear()
        if self._prose[self._begins : at].strip():
            self._block += 1
        self._begins = at + 1
        self._fresh = True

    def _apostrophe(self, mark: str, at: int, *, opens: bool, closes: bool) -> None:
        if opens and mark == "'" and not _CLIPPED.match(self._prose, at):
            self._push(mark, at)
        elif closes and self._closable(mark):
            before, after = self._prose[at - 1 : at], self._prose[at + 1 : at + 3]
            if before in "sSxz" and after[:1] == " " and after[1:].isalpha():
                # "the customers' orders": the end of a quotation only if no better one comes.
                self._note(mark, at)
            else:
                self._pop(mark, at)

    def _note(self, mark: str, at: int) -> None:
        for one in reversed(self._open[-8:]):
            if mark in _CLOSED_BY[one.mark] and self._alive(one):
                if one.perhaps < 0:
                    self._perhaps.append(one)
                one.perhaps = at
                return

    def _goes_on(self, mark: str) -> bool:
        """Tell whether a mark at the head of a paragraph opens again what is open already."""
        while self._open and self._open[-1].mark != mark and not self._alive(self._open[-1]):
            self._open.pop()
        top = self._open[-1] if self._open else None
        if top is None or top.over or top.mark != mark or top.block != self._block - 1:
            return False
        if top.short:
            self._short.update(_CLOSED_BY[mark])
        top.block = self._block
        return True

    def _push(self, mark: str, at: int, *, short: bool = False) -> None:
        short = short or mark in _SINGLE
        for one in reversed(self._open[-1:]):
            if one.mark == mark and one.perhaps >= 0 and not one.over:
                # The next one begins: what may have been its end was.
                self._pop(_CLOSED_BY[mark][-1], one.perhaps)
        self._open.append(_Open(mark, at, self._block, short))
        (self._short if short else self._long).update(_CLOSED_BY[mark])

    def _pop(self, mark: str, at: int) -> None:
        while self._open:
            one = self._open.pop()
            if one.over or not self._alive(one):
                continue
            (self._short if one.short else self._long).subtract(_CLOSED_BY[one.mark])
            one.over = True
            if mark in _CLOSED_BY[one.mark]:
                self.spans.append((one.start, at + 1))
                return

    def _alive(self, one: _Open) -> bool:
        return not one.short or one.block == self._block

    def _closable(self, mark: str) -> bool:
        return self._long[mark] > 0 or self._short[mark] > 0
