"""What a page costs a reader: bytes on the wire and requests."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from html.parser import HTMLParser

#: What a server sends before it waits for a first answer: ten packets (RFC 6928), rounded down.
BUDGET = 14 * 1024
#: The class of what an author wrote, rendered; everything else is ours.
OWN_TEXT = "words"
_VOID = frozenset({"br", "hr", "img", "wbr"})
_LOADING_RELS = frozenset(
    {"stylesheet", "preload", "modulepreload", "prefetch", "icon", "manifest", "preconnect"}
)


def gzipped(text: str) -> int:
    """Return the size of a page as `gzip -9` sends it, in bytes."""
    return len(gzip.compress(text.encode(), 9, mtime=0))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A page, taken apart."""

    #: Bytes of the whole page, compressed.
    whole: int
    #: Bytes without what its authors wrote, compressed.
    frame: int
    #: Pieces of text that were taken out.
    pieces: int


class _Parser(HTMLParser):
    """Finds the author's texts, and everything that makes a browser ask for more."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.lines = text.splitlines(keepends=True)
        self.spans: list[tuple[int, int]] = []
        self.asks: list[str] = []
        self._depth = 0
        self._start = 0
        self.feed(text)

    def _offset(self) -> int:
        line, column = self.getpos()
        return sum(map(len, self.lines[: line - 1])) + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a text begins, and what is loaded."""
        known = {name: value or "" for name, value in attrs}
        self._note(tag, known)
        if self._depth:
            self._depth += tag not in _VOID
        elif OWN_TEXT in known.get("class", "").split():
            self._depth = 1
            self._start = self._offset() + len(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Note where a text ends."""
        if self._depth and tag not in _VOID:
            self._depth -= 1
            if not self._depth:
                self.spans.append((self._start, self._offset()))

    def _note(self, tag: str, known: dict[str, str]) -> None:
        source = known.get("src", known.get("srcset", known.get("data", "")))
        if tag == "link" and _LOADING_RELS & {*known.get("rel", "").lower().split()}:
            source = known.get("href", "")
        elif tag not in {
            *("img", "script", "iframe", "embed", "object", "source", "video", "audio", "track"),
            "input",
        }:
            return
        if not source or source.startswith("data:"):
            return
        # The pictures of a story are part of it.
        if tag == "img" and self._depth and "images/" in source and "//" not in source:
            return
        self.asks.append(f"<{tag}> {source}")


def weigh(text: str) -> Weighed:
    """Weigh a page whole, and without what its authors wrote."""
    found = _Parser(text)
    frame, end = "", 0
    for start, stop in found.spans:
        frame += text[end:start]
        end = stop
    frame += text[end:]
    return Weighed(gzipped(text), gzipped(frame), len(found.spans))


def asks(text: str) -> list[str]:
    """Return what a page makes a browser ask for beside itself and a story's own pictures."""
    return _Parser(text).asks
