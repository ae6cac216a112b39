"""Which lines of Markdown are not read as what they look like: code fences and comments."""

from __future__ import annotations

from typing import Literal

from firstword.parse.findings import Finding, shown
from firstword.patterns import later

_FENCE = later(r" {0,3}(`{3,}|~{3,})(.*)")
#: What hides a line, or nothing.
Hidden = Literal["", "fence", "comment"]

_COMMENTS = later(r"(?:\s*<!--.*?-->)*\s*")


class Veil:
    """Follows the lines of a body and tells which are hidden; fences and comments included."""

    def __init__(self) -> None:
        #: The line where the fence or the comment that is open now was opened, or 0.
        self.fence_line = 0
        self.comment_line = 0
        self._fence = ""
        self._nested: list[Finding] = []

    @property
    def is_open(self) -> bool:
        """Whether a fence or a comment goes on in the next line."""
        return bool(self._fence or self.comment_line)

    def hides(self, line: str, number: int) -> Hidden:
        """Take in the next line and tell what hides it."""
        if self._fence:
            found = _FENCE.fullmatch(line)
            if found and found[1].startswith(self._fence) and not found[2].strip():
                self._fence, self.fence_line = "", 0
            return "fence"
        if self.comment_line:
            return self._in_comment(line, number)
        found = _FENCE.fullmatch(line) if "```" in line or "~~~" in line else None
        if found and not (found[1][0] == "`" and "`" in found[2]):
            self._fence, self.fence_line = found[1], number
            return "fence"
        return self._comments(line, number) if line.lstrip(" ").startswith("<!--") else ""

    def _in_comment(self, line: str, number: int) -> Hidden:
        closes, opens = line.find("-->"), line.find("<!--")
        if opens >= 0 and not 0 <= closes < opens:
            self._nested.append(
                Finding(
                    number,
                    "comment",
                    f"a comment inside the comment of line {self.comment_line}; "
                    "is a '-->' missing between them?",
                )
            )
        if closes < 0:
            return "comment"
        self.comment_line = 0
        return self._comments(line[closes + 3 :], number)

    def _comments(self, line: str, number: int) -> Hidden:
        """Read the comments a line begins with; the last may stay open."""
        found = _COMMENTS.match(line)
        rest = line[found.end() :] if found else line
        if rest.startswith("<!--"):
            self.comment_line = number
            return "comment"
        return "" if rest else "comment"

    def findings(self) -> list[Finding]:
        """Return what is wrong with fences and comments once the last line was taken in."""
        found = list(self._nested)
        if self._fence:
            message = f"code fence {shown(self._fence, 20)} is never closed"
            found.append(Finding(self.fence_line, "fence", message))
        if self.comment_line:
            found.append(Finding(self.comment_line, "comment", "comment '<!--' is never closed"))
        return found
