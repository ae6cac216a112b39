"""The body of an incident file: updates under level-2 headings, found line by line.

Only the shape is read here; what the words and times mean is `parse.updates`' business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from firstword.model import Level, Status
from firstword.parse.findings import Finding, Rule, shown
from firstword.parse.keys import FRONT_KEYS, UPDATE_KEYS
from firstword.parse.veil import Hidden, Veil
from firstword.patterns import later

#: Markdown takes `##x` for text; whoever typed it did not.
_HEADING = re.compile(r" {0,3}(#{1,2})(?!#)(.*)")
#: Right under a line of text it makes that line a heading.
_SETEXT = re.compile(r" {0,3}(-+|=+)[ \t]*")
#: At the start of its line, under an item of a list or a quote, it is a line across the page.
_RULE = re.compile(r"-{3,}[ \t]*")
_LIST_OR_QUOTE = later(r" {0,3}(?:>|(?:[-*+]|\d+[.)])[ \t])")
_KEY = re.compile(r"([A-Za-z][A-Za-z_-]*):(?:[ \t]+(.*))?")
#: A key that is not quite one: `next 10:00`, `- next: 10:00`, `next:10:00`, `**next**: 10:00`.
_NEARLY_KEY = later(r"\W*?([A-Za-z_]+)(?:[*\"' ]*[:=][*\"' ]*|\s+(?=\d))(.*)")
#: Whatever stands before it: a time, a name and a status between bars are meant as an update.
_UPDATE = re.compile(
    r"[\s*_#\u200b-\u200f\u2060\ufeff+-]*(\d{4}-\d\d?-\d\d?[ T]+\d[^|]*)\|([^|]+)\|([^|]+)"
)
_STATUSES = frozenset(map(str, Status))
_MEANT_AS_UPDATE = later(r"\d{1,4}[-/.]\d{1,2}[-/.]|\d[:.h]\d\d|\|", re.ASCII)


class RawUpdate(Struct):
    """One update as it stands in the file; nothing is understood yet."""

    when: str
    who: str
    status: str
    line: int
    keys: list[tuple[str, str, int]] = []
    lines: list[str] = []
    #: For each of the lines: whether a code fence or a comment hides it.
    hidden: list[Hidden] = []
    first_body_line: int = 0
    #: A line under the heading is neither key nor text; that is reported already.
    muddled: bool = False

    @property
    def text(self) -> str:
        """All lines below the keys, as they are."""
        return "\n".join(self.lines)

    @property
    def body(self) -> str:
        """The Markdown, without blank lines around it."""
        return "\n".join(self.lines[self._first :]).rstrip()

    @property
    def body_line(self) -> int:
        """The line the body begins on."""
        return self.first_body_line + self._first

    @property
    def _first(self) -> int:
        for at, line in enumerate(self.lines):
            if line.strip():
                return at
        return 0


def read_updates(lines: Sequence[str], first_line: int) -> tuple[list[RawUpdate], list[Finding]]:
    """Split body lines into raw updates. Line numbers count from `first_line`."""
    scanner = _Scanner()
    see = scanner.line
    for number, line in enumerate(lines, first_line):
        see(line, number)
    return scanner.updates, [*scanner.findings, *scanner.veil.findings()]


class _Scanner:
    """Walks the lines once; knows whether it stands in a fence, a comment or an update's keys."""

    def __init__(self) -> None:
        self.updates: list[RawUpdate] = []
        self.findings: list[Finding] = []
        self.veil = Veil()
        #: Between the lines of a second front matter.
        self.again = False
        #: The line of a fence or a comment that is known to swallow updates; once is enough.
        self.told_veil = 0
        self.in_keys = False
        #: The key that is known to go on over several lines.
        self.told_key = 0
        #: Under a heading that is no update: its text is already reported.
        self.lost = False
        #: The visible line above, which an underline would make a heading.
        self.above = ""

    def line(self, line: str, number: int) -> None:
        """Take in the next line."""
        if self.in_keys and self._key(line, number):
            return
        above, self.above = self.above, ""
        if _is_text(line) and not self.veil.is_open and above.rstrip() != "---":
            self.above = line
            self._text(line, number)
        elif hidden := self.veil.hides(line, number):
            if _looks_like_update(line):
                self._swallowed(number)
            self._text(line, number, hidden)
        elif _looks_like_update(line) or _is_heading(line):
            self._heading(line, number)
        else:
            self._underline(line, above, number)
            self.above = line
            self._text(line, number)

    def _swallowed(self, number: int) -> None:
        """Report an update in a fence, shown as code, or in a comment, where it may be meant."""
        opened = self.veil.fence_line or self.veil.comment_line
        if opened == self.told_veil:
            return
        self.told_veil = opened
        if self.veil.fence_line:
            message = f"an update inside the code fence of line {opened}; close the fence before it"
            self._note(number, "fence", message)
        else:
            message = f"an update inside the comment of line {opened} is not published"
            self._note(number, "comment", message, Level.WARNING)

    def _underline(self, line: str, above: str, number: int) -> None:
        """Report a line that makes the one above a heading, or front matter that begins again."""
        key = _KEY.fullmatch(line.rstrip()) if above.rstrip() == "---" else None
        if key and key[1] in FRONT_KEYS:
            self.again = True
            self._note(
                number - 1, "front-matter", "front matter begins again; one file tells one story"
            )
        elif _underlines(line, above):
            if self.again:
                self.again = False
                return
            self._note(
                number,
                "heading",
                f"{shown(line.strip(), 20)} under a line of text makes that line a heading; "
                "put a blank line before it",
            )

    def _note(self, line: int, rule: Rule, message: str, level: Level = Level.ERROR) -> None:
        self.findings.append(Finding(line, rule, message, level))

    def _heading(self, line: str, number: int) -> None:
        marks = len(line.lstrip()) - len(line.lstrip().lstrip("#"))
        text = line.strip().lstrip("#")
        parts = [" ".join(part.split()) for part in text.split("|")]
        if marks == 2 and len(parts) == 3 and all(parts) and _is_heading(line):
            if text[0] not in " \t":
                self._note(number, "heading", f"a space is missing after '##': {shown(line)}")
            self._start(parts, number)
        elif (found := _UPDATE.fullmatch(line)) and all(map(str.strip, found.groups())):
            self._note(
                number,
                "heading",
                f"an update's heading begins its line with '## ', got {shown(line)}",
            )
            self._start([" ".join(part.split()).strip("*_# ") for part in found.groups()], number)
        elif marks == 2 and _is_meant_as_update(text):
            self._note(
                number,
                "heading",
                f"expected '## YYYY-MM-DD HH:MM | Full Name | status', got {shown(line)}",
            )
            self.in_keys, self.lost = False, True
        else:
            self._note(
                number,
                "heading",
                f"only updates stand under '#' and '##': {shown(line)}; use '###'",
            )
            self.in_keys, self.lost = False, self.lost or not self.updates

    def _start(self, parts: Sequence[str], number: int) -> None:
        when, who, status = parts
        self.updates.append(RawUpdate(when, who, status, number))
        self.in_keys, self.lost = True, False

    def _key(self, line: str, number: int) -> bool:
        """Read a line under a heading as a key; False where the keys end."""
        text = line.rstrip()
        if not text or _looks_like_update(line) or _is_heading(line):
            self.in_keys = False
            return False
        update = self.updates[-1]
        if found := _KEY.fullmatch(text):
            update.keys.append((found[1], (found[2] or "").strip(), number))
            return True
        update.muddled = True
        near = _NEARLY_KEY.fullmatch(text)
        if near and near[1].casefold() in UPDATE_KEYS:
            better = f"{near[1].casefold()}: {near[2].strip()}"
            self._note(
                number, "update-key", f"cannot read {shown(text)}; write {shown(better.strip())}"
            )
        elif update.keys and (line[0] in " \t" or line.startswith(("- ", "* "))):
            key, _, key_line = update.keys[-1]
            if self.told_key != key_line:
                self.told_key = key_line
                self._note(
                    number,
                    "update-key",
                    f"{shown(text.strip())} continues {shown(key)}; "
                    "here a key and its whole value stand on one line",
                )
        else:
            self._note(
                number,
                "update-key",
                f"text right under a heading or its keys: {shown(text)}; "
                "put a blank line before the text",
            )
            self.in_keys = False
            return False
        return True

    def _text(self, line: str, number: int, hidden: Hidden = "") -> None:
        if self.updates and not self.lost:
            update = self.updates[-1]
            lines = update.lines
            if not lines:
                update.first_body_line = number
            lines.append(line)
            update.hidden.append(hidden)
        elif line.strip() and not hidden and not self.lost:
            self.lost = True
            self._note(
                number,
                "stray-text",
                f"text before the first update: {shown(line.strip())}; "
                "every word stands under '## when | who | status'",
            )


def _is_text(line: str) -> bool:
    """Tell whether a line outside of fences and comments is text or blank; most lines are."""
    return not line or (
        line[0].isalnum() and not ("|" in line or "#" in line or "```" in line or "~~~" in line)
    )


def _underlines(line: str, above: str) -> bool:
    """Tell whether a line makes the one above a heading, or would if that were plain text."""
    if not line.lstrip().startswith(("-", "=")) or not _SETEXT.fullmatch(line):
        return False
    if not above.strip() or above.lstrip().startswith("#"):
        return False
    return not (_RULE.fullmatch(line) and _LIST_OR_QUOTE.match(above))


def _looks_like_update(line: str) -> bool:
    """Tell an update's heading, also where its '##' is missing or is not at the line's start."""
    found = _UPDATE.fullmatch(line) if "|" in line else None
    return found is not None and found[3].strip("*_# \t").casefold() in _STATUSES


def _is_heading(line: str) -> bool:
    """Tell `#42 was refused` (text) from `# Heading` and `##2026...` (headings)."""
    found = _HEADING.fullmatch(line) if "#" in line else None
    return found is not None and (len(found[1]) == 2 or not found[2] or found[2][0] in " \t")


def _is_meant_as_update(text: str) -> bool:
    words = text.split()
    return bool(_MEANT_AS_UPDATE.search(text)) or (
        len(words) == 1 and words[0].casefold() in _STATUSES
    )
