"""Bodies: Statuspage keeps plain text, Markdown or HTML in the same key."""

from __future__ import annotations

import re
import warnings
from itertools import pairwise

from firstword.importers.reading import clean

_TAGS = (
    *("a", "b", "blockquote", "br", "code", "div", "em", "h[1-6]", "hr", "i", "img", "li", "ol"),
    *("p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th"),
    *("thead", "time", "tr", "tt", "u", "ul", "var"),
)
_TAG = re.compile(rf"</?(?:{'|'.join(_TAGS)})(?:\s[^<>]{{0,2000}})?\s{{0,8}}/?>", re.IGNORECASE)
#: An empty line between words; HTML would run them together, Statuspage shows a paragraph.
_EMPTY_LINE = re.compile(
    r"(?<=[^>\s])[ \t]*\n[ \t]*\n\s*(?=[^<\s]|<(?:a|b|code|em|i|span|strong)\b)"
)
#: What HTML breaks lines with by itself.
_OWN_LINES = re.compile(
    r"<(?:blockquote|br|div|h[1-6]|hr|li|ol|p|pre|table|td|th|tr|ul)\b", re.IGNORECASE
)
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
#: A line that is none of a paragraph's.
_BLOCK = re.compile(r"\s*(?:#{1,6}\s|>|\||`{3}|~{3}|={3,}\s*$|-{3,}\s*$|\*{3,}\s*$|$)| {4}|\t")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BLANK = re.compile(r"[ \t]+(?=\n[ \t]*(?:\n|$))|^[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")


class NotHtml(ValueError):
    """A text that has tags and cannot be read as HTML; the text says why."""


def lines_of(text: str) -> str:
    """Return foreign text with '\\n' between lines and without what cannot be published."""
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))


def has_tags(text: str) -> bool:
    """Tell whether a text is HTML: whether a tag stands in it that people type."""
    return bool(_TAG.search(text))


def breaks_itself(text: str) -> bool:
    """Tell whether a text is HTML that says itself where a line ends."""
    return bool(_OWN_LINES.search(text))


def with_breaks(text: str) -> str:
    """Return Markdown that ends its lines where the text does, as Statuspage shows it."""
    lines = text.split("\n")
    fence, in_list = "", False
    for at, (line, following) in enumerate(pairwise(list(lines))):
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        in_list = not fence and bool(line.strip()) and (in_list or bool(_ITEM.match(line)))
        if fence or _BLOCK.match(line) or _BLOCK.match(following):
            continue
        if not _ITEM.match(following):
            lines[at] = f"{line.rstrip()}  "
        elif not in_list:
            # Without an empty line before it a list is none.
            lines[at] = f"{line.rstrip()}\n"
    return "\n".join(lines)


def markdown_of(html: str) -> str:
    """Write HTML as Markdown. Raises NotHtml."""
    from bs4.exceptions import ParserRejectedMarkup
    from markdownify import ATX, markdownify

    whole = "<pre" in html.lower()
    prepared = html if whole else _EMPTY_LINE.sub("<br /><br />", html)
    try:
        with warnings.catch_warnings():
            # Guesses of the parser at what the text might be instead.
            warnings.simplefilter("ignore")
            found = markdownify(prepared, heading_style=ATX, bullets="-", escape_misc=True)
    except (ParserRejectedMarkup, RecursionError, ValueError) as error:
        raise NotHtml(str(error) or type(error).__name__) from error
    found = _BLANK.sub("", found)
    return (found if whole else _EMPTY_LINES.sub("\n\n", found)).strip()
