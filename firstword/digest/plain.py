"""Sanitised HTML → plain text that lacks nothing: links with their addresses, lists, quotes.

`markup.plain_text` is for summaries; who reads mail as text gets all of it. Lines are not wrapped:
mail programs do that, and no two languages wrap alike.
"""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"p", "blockquote", "ul", "ol", "pre", "table", "dl", "h4", "h5", "h6", "hr", "li", "tr"}
    | {"dd", "dt"}
)
#: Blocks that stand close to the one before them.
_CLOSE = frozenset({"li", "tr", "dd", "dt"})


def as_text(rendered: str) -> str:
    """Return sanitised HTML as plain text, an empty line between paragraphs."""
    reader = _Reader()
    reader.feed(rendered)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines, each with what stands before it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        #: What every line begins with, from the outside in; a list's mark counts once.
        self._before: list[str] = []
        self._counts: list[int | None] = []
        self._link = ""
        self._linked = ""
        self._pre = False
        self._gap = False
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a link, a list's next item."""
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._flush()
            # A list inside of an item goes on with it.
            self._gap = self._gap or not (tag in _CLOSE or (tag in {"ul", "ol"} and self._before))
        if tag == "blockquote":
            self._before.append("> ")
        elif tag in {"ul", "ol"}:
            start = given.get("start", "1")
            self._counts.append((int(start) if start.isdigit() else 1) if tag == "ol" else None)
        elif tag == "li":
            count = self._counts[-1] if self._counts else None
            mark = "- " if count is None else f"{count}. "
            if count is not None:
                self._counts[-1] = count + 1
            self._before.append(mark)
        elif tag == "dd":
            self._before.append("  ")
        elif tag == "pre":
            self._pre = True
        elif tag == "br":
            self._flush()
        elif tag == "hr":
            self._line = "* * *"
            self._flush()
        elif tag == "img":
            self._line += given.get("alt", "")
        elif tag == "a":
            self._link, self._linked = given.get("href", ""), ""

    def handle_endtag(self, tag: str) -> None:
        """End a block; put a link's address behind its words."""
        if tag == "a":
            address = self._link.removeprefix("mailto:").removeprefix("tel:")
            if address and address not in self._linked:
                self._line += f" <{address}>"
            self._link = ""
        elif tag in {"td", "th"}:
            self._line += " | "
        if tag in _BLOCKS:
            self._flush()
            self._gap = self._gap or tag not in _CLOSE
        if tag in {"blockquote", "li", "dd"} and self._before:
            self._before.pop()
        elif tag in {"ul", "ol"} and self._counts:
            self._counts.pop()
        elif tag == "pre":
            self._pre = False

    def handle_data(self, data: str) -> None:
        """Take words; where a line was wrapped in the file is nobody's business."""
        if self._link:
            self._linked += data
        if self._pre:
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._flush(keep=True)
                self._line = line
            return
        self._line += data.replace("\n", " ")

    def _flush(self, *, keep: bool = False) -> None:
        line = self._line if self._pre else " ".join(self._line.split()).removesuffix(" |")
        self._line = ""
        if not line and not (keep and self._pre):
            return
        quoted = self._before.count("> ")
        if self._gap and self._lines:
            self._lines.append(("> " * min(quoted, self._quoted)).rstrip())
        self._gap, self._quoted = False, quoted
        self._lines.append(("".join(self._before) + line).rstrip())
        # The mark stands before the first line alone.
        self._before = [b if b == "> " else " " * len(b) for b in self._before]

    def text(self) -> str:
        """Return all lines."""
        self._flush()
        return "\n".join(self._lines)
