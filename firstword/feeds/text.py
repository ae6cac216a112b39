"""Rendered words → the shorter words that feeds need of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from firstword.markup import plain_lines, plain_text
from firstword.patterns import later

_FIRST_WORDS = 100
#: What Slack, Teams and a telephone's notice show of an entry, with room to spare.
_SUMMARY = 300
#: A paragraph that is shorter says little alone: "What we will do:".
_ENOUGH = 60
_QUOTE = later(r"(</?blockquote\b[^>]*>)")
_BLOCK_END = later(r"</(?:p|li|h\d|pre|tr|dd|dt|blockquote)>")
#: `parse` leaves these out of files, but Markdown lets `&#1;` through, and settings are not parsed.
#: One of them would cost every feed.
_ILLEGAL = later("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: In UTF-8, those of them that are ASCII, and what the last ones begin with.
_CONTROLS, _LAST = bytes({*range(32)} - {9, 10, 13}), b"\xef\xbf"


def legal(text: str) -> str:
    """Leave out what XML 1.0 cannot carry (https://www.w3.org/TR/xml/#charsets)."""
    # Nearly every text is legal; to look through it character by character takes three times as
    # long as this, which finds too much rather than too little.
    with_care = True
    try:
        spelled = text.encode()
        with_care = _LAST in spelled or len(spelled.translate(None, _CONTROLS)) != len(spelled)
    except UnicodeEncodeError:
        pass
    return _ILLEGAL.sub("", text) if with_care else text


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
def _plain_lines(rendered: str) -> Sequence[str] | None:
    """Return the lines of words that are all legal; None where there is more to it."""
    return plain_lines(rendered) if legal(rendered) == rendered else None


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
