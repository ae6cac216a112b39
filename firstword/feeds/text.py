"""Rendered words → the shorter words that feeds need of them. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from firstword.markup import only_words, plain_text

_FIRST_WORDS = 100
#: What Slack, Teams and a telephone's notice show of an entry, with room to spare.
_SUMMARY = 300
#: A paragraph that is shorter says little alone: "What we will do:".
_ENOUGH = 60
_QUOTE = re.compile(r"(</?blockquote\b[^>]*>)")
_BLOCK_END = re.compile(r"</(?:p|li|h\d|pre|tr|dd|dt|blockquote)>")
#: `parse` leaves these out of files, but Markdown lets `&#1;` through, and settings are not parsed.
#: One of them would cost every feed.
_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Those of them that are ASCII.
_ILLEGAL_BYTES = bytes({*range(32)} - {9, 10, 13})


def legal(text: str) -> str:
    """Leave out what XML 1.0 cannot carry (https://www.w3.org/TR/xml/#charsets)."""
    if text.isascii() and len(text.encode().translate(None, _ILLEGAL_BYTES)) == len(text):
        # Nearly every text; looking through it character by character takes four times as long.
        return text
    return _ILLEGAL.sub("", text)


@lru_cache(4096)  # the entries of one story, and of several feeds, begin alike
def first_words(rendered: str) -> str:
    """Return how sanitised HTML begins, as plain text in one line.

    Where not all of it fits, what is quoted is left out: the line bears the name of who signed, and
    an answer begins with the question of somebody else.
    """
    lines = _plain_lines(rendered)
    text = _one_line(rendered) if lines is None else " ".join(lines)
    if len(text) > _FIRST_WORDS and "<blockquote" in rendered:
        text = _one_line(_without_quotes(rendered)) or text
    return _cut(text, _FIRST_WORDS)


def _one_line(rendered: str) -> str:
    return " ".join(legal(plain_text(rendered)).split())


@lru_cache(1024)  # an update's own entry begins with them, and those of later updates tell of it
def _plain_lines(rendered: str) -> tuple[str, ...] | None:
    """Return what most texts consist of, a line a block; None for one with more than words."""
    if not only_words(rendered):
        return None
    text = plain_text(rendered)
    return tuple(text.split("\n")) if text and legal(text) == text else None


def _without_quotes(rendered: str) -> str:
    kept: list[str] = []
    depth = 0
    for part in _QUOTE.split(rendered):
        if _QUOTE.fullmatch(part):
            depth += -1 if part.startswith("</") else 1
        elif not depth:
            kept.append(part)
    return "".join(kept)


def first_paragraphs(rendered: str, least: int = 1) -> str:
    """Return how sanitised HTML begins, as plain text: a line a paragraph, until it says something.

    At least `least` paragraphs where there are as many; cut where that is long.
    """
    found: list[str] = []
    lines = _plain_lines(rendered)
    for line in map(_one_line, _BLOCK_END.split(rendered)) if lines is None else lines:
        if line:
            found.append(line)
        if len(found) >= least and sum(map(len, found)) >= _ENOUGH:
            break
    return _cut("\n".join(found), _SUMMARY)


def _cut(text: str, most: int) -> str:
    """Cut a text between words where it has any."""
    if len(text) <= most:
        return text
    cut = text[:most]
    return f"{cut.rpartition(' ')[0] or cut} …"


def rfc3339(at: datetime) -> str:
    """Spell a UTC instant as Atom and JSON Feed do."""
    return f"{at.isoformat()[:19]}Z"
