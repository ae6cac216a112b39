"""Where front matter ends and the body begins, also where the lines of '---' are not as they should
be: what follows is then read all the same, so that everything wrong is told at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from firstword.parse.findings import Finding, shown
from firstword.parse.keys import FRONT_KEYS
from firstword.patterns import later

#: What a person, an editor or another program makes of `---`.
_NEARLY = re.compile(
    r"\s*(?:[-=_*+~\u2010-\u2015\u2212]{2,}|[\u2013-\u2015\u2026]|\.{3}|```\w*|---+ ?\w+)\s*"
)
_KEY = later(r"([A-Za-z_]+)\s*:(?:\s|$)")
_UPDATE = re.compile(r" {0,3}#{2,6}\s*(?:\d{4}-|\S.*\|.*\|)")


class Parts(Struct, frozen=True):
    """The two halves of a file, each with the number of its first line."""

    front: Sequence[str]
    front_line: int
    body: Sequence[str]
    body_line: int

    @property
    def top(self) -> int:
        """The line to name for what is missing from the front matter."""
        return max(1, self.front_line - 1)


def split(lines: Sequence[str]) -> tuple[Parts | None, list[Finding]]:
    """Split a file's lines; no parts where there is nothing to go by."""
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        return None, [Finding(1, "front-matter", "the file is empty")]
    findings = []
    first = start + 1
    if lines[start].rstrip() != "---":
        findings.append(
            Finding(
                start + 1,
                "front-matter",
                f"the file begins with {shown(lines[start])}; expected '---', three hyphens",
            )
        )
        key = _KEY.match(lines[start])
        if key and key[1].casefold() in FRONT_KEYS:
            first = start
        elif not _NEARLY.fullmatch(lines[start]):
            return None, findings
    end, complaint = _end(lines, first, opened=start)
    if complaint:
        findings.append(complaint)
    if end is None:
        return None, findings
    # Without a closing line the first update's heading ends the front matter, and is no part of it.
    body = end if _UPDATE.match(lines[end]) else end + 1
    return Parts(lines[first:end], first + 1, lines[body:], body + 1), findings


def _end(lines: Sequence[str], first: int, *, opened: int) -> tuple[int | None, Finding | None]:
    """Find the line that closes the front matter, or what stands in its place."""
    nearly = update = None
    for at in range(first, len(lines)):
        if lines[at].rstrip() == "---":
            return at, None
        if _UPDATE.match(lines[at]):
            update = at
            break
        if nearly is None and _NEARLY.fullmatch(lines[at]):
            nearly = at
    if nearly is not None:
        return nearly, Finding(
            nearly + 1,
            "front-matter",
            f"{shown(lines[nearly])} does not close the front matter; write '---', three hyphens "
            "at the start of the line",
        )
    if update is not None:
        return update, Finding(
            update + 1,
            "front-matter",
            f"'---' is missing above this line: the front matter of line {opened + 1} "
            "is never closed",
        )
    return None, Finding(opened + 1, "front-matter", "opened with '---' and never closed")
