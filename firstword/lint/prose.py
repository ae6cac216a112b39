"""Markdown → the sentences that somebody wrote in their own words, each with its place.

What is code, quoted, linked or hidden is left out: those words are somebody else's, or none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from string import punctuation
from typing import Any, NamedTuple

from pyromark import Markdown, Options

from firstword.lint.quotes import MARKS, quoted
from firstword.patterns import later

_ENGINE = Markdown(
    options=Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS
)
#: Blocks and spans whose words are not the writer's own.
_NOT_OWN = frozenset(
    {"BlockQuote", "CodeBlock", "Link", "Image", "HtmlBlock", "Strikethrough", "MetadataBlock"}
)
#: Spans within a sentence; everything else ends one.
_SPANS = frozenset({"Emphasis", "Strong", "Strikethrough", "Link", "Image"})
#: The same, written as HTML.
_TAGS = "a|blockquote|cite|code|del|kbd|pre|q|s|samp|script|style|textarea"
_TAG = later(rf"<(/?)({_TAGS})(?=[\s/>])", re.IGNORECASE)
_END_TAG = later(rf"</({_TAGS})\s{{0,9}}>".encode(), re.IGNORECASE)
#: What stands for words that are left out: no word, no space, no end of a sentence.
LEFT_OUT = "\ufffc"
_NO_WORDS = f" \n{LEFT_OUT}"
#: No address goes on over these, or over Japanese, which puts no space behind one.
_FAR = r"[^\s<>\"“”„‟«»‹›「」『』〝〟\u3000-\u30ff\u3400-\u9fff\uff00-\uffef\ufffc]"
_LABEL = "[a-z0-9-]{1,63}"
#: Addresses as they are typed. Each begins where no other could have begun, so that every character
#: is looked at a bounded number of times.
_ADDRESS = (
    rf"(?<![A-Za-z0-9_@.+/-])(?:(?i:[a-z][a-z0-9+-]{{1,20}}://|mailto:|www\.){_FAR}+"
    r"|[A-Za-z0-9_\u00c0-\u024f.+-]{1,64}@[A-Za-z0-9\u00c0-\u024f-]{1,63}"
    r"(?:\.[A-Za-z0-9\u00c0-\u024f-]{1,63}){0,8}"
    rf"|{_LABEL}(?:\.{_LABEL}){{0,8}}\.[a-z]{{2,24}}(?:/{_FAR}*|(?![\w-])))"
)
#: What every address has, and few texts.
_MAY_BE_ADDRESS = re.compile(r"[.:@](?:(?<=\.)[a-z]|(?<=:)//|(?<=mailto:)|(?<=@))", re.IGNORECASE)
#: At the end of an address: the sentence's, not the address's.
_PUNCTUATION = ".,;:!?)]}'’*_"
#: With the marks that end sentences in Japanese and Arabic.
_END = re.compile(r"[.!?\u3002\uff01\uff1f\u061f\n](?:(?<![.!?])|(?=[\s)\ufffc]|$))")
_STOPS = frozenset(".!?\u3002\uff01\uff1f\u061f\n")
#: Spaces that are not to break, and what is not seen at all.
_SPACES = str.maketrans(
    dict.fromkeys("\u00a0\u202f\u2007", " ") | dict.fromkeys("\u00ad\u200b\u2060\ufeff")
)
#: What can go from between two letters, so that a sentence has a word that the text has not: marks,
#: what is not seen, and the end of a mail address that is too long to be one.
_JOINS = re.compile(r"[*_~<&\\@\u00ad\u200b\u2060\ufeff]")
#: What Markdown may take for a mark. Paragraphs without, as most are, it need not take apart.
_MARKED = re.compile(
    r"[\x00-\x09\x0b-\x1f\\`*_~<>&\[\]|#\x7f\ud800-\udfff]|^[^A-Za-z\n]", re.MULTILINE
)
#: Longer ones are cut; work on one of them stays small whatever somebody pastes.
LONGEST = 1000
#: Every mark costs a step. No prose has as many as this in a text of the largest size.
MOST_MARKS = 50_000
_MARKS = frozenset(punctuation) | frozenset(MARKS) | {"\n"}


class Sentence(NamedTuple):
    """One sentence, and where it begins."""

    text: str
    #: Counted from 0 over the lines of the text.
    line: int


@lru_cache(maxsize=64)
def sentences(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a Markdown text that are the writer's own words, in their order.

    Kept for a while: a story is asked for many things.
    """
    return tuple(_sentences(text))


def keeps_words(text: str) -> bool:
    """Tell whether sentences surely have no word that their text, as it is typed, has not."""
    return (
        len(text) <= LONGEST  # nothing is cut
        and not _JOINS.search(text)
        # Behind a letter that is none in ASCII an address begins in the middle of a word.
        and (text.isascii() or not _MAY_BE_ADDRESS.search(text))
    )


def _sentences(text: str) -> Iterator[Sentence]:
    if len(text) > MOST_MARKS and sum(map(text.count, _MARKS)) > MOST_MARKS:
        return
    pieces, at, places, lines = [], 0, [], []
    for words, line in _words(text) if _MARKED.search(text) else _plain_words(text):
        places.append(at)
        lines.append(line)
        pieces.append(words)
        at += len(words)
    prose = _without_quotations(_without_addresses("".join(pieces)))
    for start, end in _cuts(prose):
        words = prose[start:end].lstrip(_NO_WORDS)
        if words:
            line = lines[bisect_right(places, end - len(words)) - 1]
            yield Sentence(words.rstrip(_NO_WORDS).translate(_SPACES), line)


def _without_addresses(prose: str) -> str:
    if not _MAY_BE_ADDRESS.search(prose):
        return prose

    def left_out(found: re.Match[str]) -> str:
        address = found[0].rstrip(_PUNCTUATION)
        return LEFT_OUT * len(address) + found[0][len(address) :]

    # Compiled here: most texts have none, and it takes as long as reading one of them.
    return re.sub(_ADDRESS, left_out, prose)


def _without_quotations(prose: str) -> str:
    return "".join(_masked(prose, quoted(prose)))


def _masked(prose: str, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Yield a text with spans left out: paragraphs, and a sentence that ends in one, still end."""
    at = 0
    for start, end in spans:
        yield prose[at:start]
        inner = prose[start : end - 1]
        yield "\n".join(LEFT_OUT * len(line) for line in inner[:-1].split("\n"))
        yield inner[-1:] if inner[-1:] in _STOPS and len(inner) > 1 else LEFT_OUT * len(inner[-1:])
        yield LEFT_OUT
        at = end
    yield prose[at:]


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


def _plain_words(text: str) -> Iterator[tuple[str, int]]:
    """Yield what `_words` would of paragraphs without a mark."""
    goes_on = False
    for number, line in enumerate(text.split("\n")):
        if line:
            yield " " if goes_on else "\n", number
            yield line.rstrip(" "), number
        elif goes_on:
            yield "\n", number
        goes_on = bool(line)
    if goes_on:
        yield "\n", number


def _words(text: str) -> Iterator[tuple[str, int]]:
    """Yield the words of a text in their order, each with its line."""
    data = text.encode("utf-8", "replace")
    tags = _Tags(data)
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
            yield (LEFT_OUT if name in _SPANS & _NOT_OWN else "" if name in _SPANS else "\n"), line
        elif kind in {"InlineHtml", "Html"}:
            tags.see(str(value), start)
            yield (LEFT_OUT if tags.around else ""), line
        elif hidden or tags.around:
            continue
        elif kind == "Text":
            yield str(value), line
        elif kind in {"SoftBreak", "HardBreak"}:
            yield " ", line
        elif kind in {"Code", "InlineMath", "DisplayMath"}:
            yield LEFT_OUT, line
        elif kind == "Rule":
            yield "\n", line


class _Tags:
    """Tags of HTML around words that are not the writer's own; only those that are closed count."""

    def __init__(self, data: bytes) -> None:
        #: Name → where the last of its end tags stands.
        self._last = {
            found[1].decode().lower(): found.start()
            for found in (_END_TAG.finditer(data) if b"</" in data else ())
        }
        self._open: list[str] = []
        self._count: Counter[str] = Counter()

    @property
    def around(self) -> bool:
        """Whether what comes next stands in one of them."""
        return bool(self._open)

    def see(self, html: str, start: int) -> None:
        """Take in one or more tags that begin at a place of the text."""
        for found in _TAG.finditer(html):
            name = found[2].lower()
            if found[1]:
                while self._count[name]:
                    last = self._open.pop()
                    self._count[last] -= 1
                    if last == name:
                        break
            elif self._last.get(name, -1) > start:
                self._open.append(name)
                self._count[name] += 1


def _name(value: Any) -> str:
    """Name what begins or ends: `Paragraph`, or `{"Link": ...}`."""
    return value if isinstance(value, str) else next(iter(value))
