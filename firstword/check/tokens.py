"""A text → its words, numbers and marks, as two versions of it are compared.

Layout is named, not guessed: white space, emphasis, brackets, full stops, commas, colons. Every
other sign is a token, in whatever script, so that nothing unheard-of passes for layout.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

#: A signed gap where words were redacted; where a quotation begins, and where it ends.
GAP, QUOTE, UNQUOTE = "\ue000", "\ue001", "\ue002"
#: Scripts that put no space between words: each character stands for itself.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)

GAPS = re.compile(r"\[redacted\s[^\[\]]*\]")
_LINK = re.compile(r"<(https?://[^<>\s]+|mailto:[^<>\s]+)>")
#: Emphasis, written as HTML.
_EMPHASIS = re.compile(r"</?(?:b|i|em|strong)>", re.IGNORECASE)
_BULLET = re.compile(r"^([ \t>]*)[-*+][ \t]+(?=\S)", re.MULTILINE)
_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
_LAYOUT = (
    r"\s.,;:!()\[\]{}*_#|/\\`\-"
    "\u00a1\u00b7\u00bf\u2022\u2025\u2026\u2027\u060c\u061b\u0964\u0965"
    "\u3001\u3002\u3008-\u300b\u3010\u3011\u3014\u3015\u30fb" + _INVISIBLE
)
#: Letters of full width are letters, and our own marks are nobody's to write.
_SAME = {0xFF01 + n: 0x21 + n for n in range(94)} | dict.fromkeys(
    map(ord, (GAP, QUOTE, UNQUOTE)), "\ufffd"
)
_QUOTES = "\u00ab\u00bb\u2018-\u201f\u2039\u203a\u300c-\u300f\"'"
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63]")
_APOSTROPHES = re.compile("(?<=\\w)[\u2018\u2019\u02bc](?=\\w)")
_NARROW = re.compile("[\uff61-\uff9f]+")
_LETTER = rf"[^\W_{UNSPACED}]"
_TOKEN = re.compile(
    rf"[{GAP}{QUOTE}{UNQUOTE}]|\[[ xX]\]|~~"
    r"|[+\-<>~≤≥±]?\d+(?:[.,:/\-\u2044\u066b\u066c]\d+)*(?:\s?[%\u066a])?"
    rf"|{_LETTER}+(?:['-]{_LETTER}+)*"
    rf"|[{_QUOTES}]"
    rf"|[^{_LAYOUT}]"
)
_FIGURE = re.compile(r"[+\-<>~≤≥±]?\d")
#: Units, which another case makes another unit. The short ones are words too, but after a number.
UNIT = re.compile("[kmgtp]i?b|[kmg]bit|[kmg]hz|[km]wh", re.IGNORECASE)
_UNIT_AFTER = re.compile("[bmshkwvgltfc]|m[smaw]|[kmgd]?w|[kmd]?[vb]|va|hz|wh", re.IGNORECASE)


class Token(NamedTuple):
    """A word, a number or a mark, and the layout behind it."""

    text: str
    after: str


def tokens(text: str) -> list[str]:
    """Return what a text consists of, layout left out."""
    bare = _EMPHASIS.sub("", _uncommented(text))
    plain = _BULLET.sub(r"\1", _LINK.sub(r" \1 ", _quoted(_alike(bare))))
    return [token for token, _, _ in _spelled(plain)]


def visible(plain: str) -> Iterator[Token]:
    """Yield what readers see of a text; nothing in it is a comment or a bullet any more."""
    plain = _alike(plain)
    found = list(_spelled(plain))
    begins = [*(begin for _, begin, _ in found), len(plain)]
    for (token, _, end), until in zip(found, begins[1:], strict=True):
        yield Token(token, plain[end:until])


def _alike(text: str) -> str:
    """Spell alike what only fonts and keyboards tell apart."""
    plain = unicodedata.normalize("NFC", text).translate(_SAME)
    plain = _NARROW.sub(lambda found: unicodedata.normalize("NFKC", found[0]), plain)
    return _DASHES.sub("-", _APOSTROPHES.sub("'", GAPS.sub(GAP, plain)))


def _uncommented(text: str) -> str:
    """Return a text without its comments; one that is never closed is none."""
    pieces, last = [], 0
    while (begin := text.find("<!--", last)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        pieces.append(text[last:begin])
        last = end + 3
    return " ".join([*pieces, text[last:]])


def _quoted(text: str) -> str:
    """Mark where quotations begin and end: how their lines are wrapped is layout."""
    if ">" not in text:
        return text
    lines, inside = [], False
    for line in text.split("\n"):
        bare = line.lstrip()
        if bare.startswith(">"):
            lines.append(("" if inside else QUOTE) + bare.lstrip("> \t"))
            inside = True
        elif inside and not bare:
            lines.append(UNQUOTE)
            inside = False
        else:
            lines.append(line)
    return "\n".join([*lines, UNQUOTE] if inside else lines)


def _spelled(plain: str) -> Iterator[tuple[str, int, int]]:
    """Yield each token so that two that mean the same are the same, with where it begins and ends.

    A unit is its number's.
    """
    figure, begin, end = "", 0, 0
    for match in _TOKEN.finditer(plain):
        token = match[0]
        if figure:
            beside = not plain[end : match.start()].strip()
            if beside and (UNIT.fullmatch(token) or _UNIT_AFTER.fullmatch(token)):
                yield figure + token, begin, match.end()
                figure = ""
                continue
            yield figure, begin, end
            figure = ""
        begin, end = match.span()
        if _FIGURE.match(token):
            figure = "".join(str(unicodedata.digit(c, c)) for c in token if not c.isspace())
        elif re.fullmatch(f"[{_QUOTES}]", token):
            yield '"', begin, end
        elif UNIT.fullmatch(token) or (len(token) > 1 and token.isupper()):
            yield token, begin, end
        else:
            yield token.lower(), begin, end
    if figure:
        yield figure, begin, end
