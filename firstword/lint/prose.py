"""Markdown → the sentences that somebody wrote in their own words, each with its place.

What is code, quoted, linked or hidden is left out: those words are somebody else's, or none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from pyromark import Markdown, Options

_ENGINE = Markdown(
    options=Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS
)
#: Blocks and spans whose words are not the writer's own.
_NOT_OWN = frozenset(
    {"BlockQuote", "CodeBlock", "Link", "Image", "HtmlBlock", "Strikethrough", "MetadataBlock"}
)
#: Spans within a sentence; everything else ends one.
_SPANS = frozenset({"Emphasis", "Strong", "Strikethrough", "Link", "Image"})
#: What stands for words that are left out: no word, no space, no end of a sentence.
_LEFT_OUT = "\x1f"
#: Words between quotation marks of one kind, within a block.
_QUOTED = re.compile(
    r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»|»[^«\n]{1,400}«"
    r"|「[^」\n]{1,400}」|『[^』\n]{1,400}』|(?<!\w)[\u2018'][^\u2018\u2019'\n]{1,400}[\u2019'](?!\w)"
    r"|\bhttps?://\S+|\bwww\.\S+"
)
#: With the marks that end sentences in Japanese and Arabic.
_END = re.compile(r"[.!?](?=[\s)\x1f]|$)|[\u3002\uff01\uff1f\u061f\n]")
#: Longer ones are cut; work on one of them stays small whatever somebody pastes.
LONGEST = 1000


class Sentence(NamedTuple):
    """One sentence, and where it begins."""

    text: str
    #: Counted from 0 over the lines of the text.
    line: int


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a Markdown text that are the writer's own words, in their order."""
    pieces, at, places, lines = [], 0, [], []
    for words, line in _words(text):
        places.append(at)
        lines.append(line)
        pieces.append(words)
        at += len(words)
    prose = _QUOTED.sub(lambda found: _LEFT_OUT * len(found[0]), "".join(pieces))
    for start, end in _cuts(prose):
        words = prose[start:end]
        if words.strip(f" \n{_LEFT_OUT}"):
            begin = start + len(words) - len(words.lstrip())
            yield Sentence(words.strip(), lines[bisect_right(places, begin) - 1])


def _cuts(prose: str) -> Iterator[tuple[int, int]]:
    """Yield where sentences begin and end; they overlap nowhere and leave nothing out."""
    start = 0
    for end in (*(found.end() for found in _END.finditer(prose)), len(prose)):
        while end - start > LONGEST:
            space = prose.rfind(" ", start + LONGEST // 2, start + LONGEST)
            middle = space if space > 0 else start + LONGEST
            yield start, middle
            start = middle
        if end > start:
            yield start, end
        start = end


def _words(text: str) -> Iterator[tuple[str, int]]:
    """Yield the words of a text in their order, each with its line."""
    data = text.encode("utf-8", "replace")
    hidden = 0
    line, counted = 0, 0
    events: Iterator[tuple[Any, Any]] = iter(_ENGINE.events_with_range(data.decode()))
    for event, place in events:
        kind, value = (event, None) if isinstance(event, str) else next(iter(event.items()))
        start = place["start"]
        if start > counted:
            line += data.count(b"\n", counted, start)
            counted = start
        if kind in {"Start", "End"}:
            name = _name(value)
            if name in _NOT_OWN:
                hidden += 1 if kind == "Start" else -1
            yield (_LEFT_OUT if name in _SPANS & _NOT_OWN else "" if name in _SPANS else "\n"), line
        elif hidden:
            continue
        elif kind == "Text":
            yield str(value), line
        elif kind in {"SoftBreak", "HardBreak"}:
            yield " ", line
        elif kind in {"Code", "InlineHtml", "Html", "InlineMath", "DisplayMath"}:
            yield (_LEFT_OUT if kind == "Code" else ""), line
        elif kind == "Rule":
            yield "\n", line


def _name(value: Any) -> str:
    """Name what begins or ends: `Paragraph`, or `{"Link": ...}`."""
    return value if isinstance(value, str) else next(iter(value))
