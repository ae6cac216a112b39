"""Where a Markdown text is text: code and comments are left as they are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from firstword.parse.veil import Veil

_OPENING = re.compile(r"`+|<!--")


def put_in_text(pattern: re.Pattern[str], put: Callable[[re.Match[str]], str], body: str) -> str:
    """Replace what a pattern finds, save where it begins in code or in a comment."""
    if not pattern.search(body):
        return body
    hides = veil_of(body)
    return pattern.sub(lambda found: found[0] if hides(found.start()) else put(found), body)


def veil_of(body: str) -> Callable[[int], bool]:
    """Return what tells whether a place in a text is in code or in a comment."""
    hidden = list(_hidden(body))
    starts = [start for start, _ in hidden]

    def hides(place: int) -> bool:
        before = bisect_right(starts, place) - 1
        return before >= 0 and place < hidden[before][1]

    return hides


def _hidden(body: str) -> Iterator[tuple[int, int]]:
    """Yield where code and comments begin and end, in order."""
    veil = Veil()
    place = paragraph = 0
    for number, line in enumerate(body.split("\n"), 1):
        end = place + len(line)
        if veil.hides(line, number):
            yield from _inline(body, paragraph, place)
            yield place, end
            paragraph = end
        elif not line.strip():
            yield from _inline(body, paragraph, place)
            paragraph = end
        place = end + 1
    yield from _inline(body, paragraph, len(body))


def _inline(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield code spans and comments of one paragraph."""
    #: What closes nothing from here on: looked for once.
    endless: set[str] = set()
    while found := _OPENING.search(body, start, end):
        start = found.end()
        closing = "-->" if found[0] == "<!--" else found[0]
        if closing in endless:
            continue
        if closing == "-->":
            at = body.find(closing, start, end)
            close = at + len(closing) if at >= 0 else -1
        else:
            runs = re.compile("`+").finditer(body, start, end)
            close = next((run.end() for run in runs if run[0] == closing), -1)
        if close < 0:
            endless.add(closing)
        else:
            yield found.start(), close
            start = close
