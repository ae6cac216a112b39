"""Follow-ups: task items that end with who and by when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from firstword.model import FollowUp, Status
from firstword.parse.body import RawUpdate
from firstword.parse.findings import shown
from firstword.parse.times import TimeProblem, parse_day
from firstword.parse.values import Values
from firstword.patterns import later

#: Follow-ups are promised where the story ends or is explained.
WITH_FOLLOW_UPS = frozenset({Status.RESOLVED, Status.POSTMORTEM, Status.COMPLETED, Status.DONE})

_ITEM = later(r"\s*(?:[-*+]|\d+[.)])[ \t]+(.*)")
_BOX = later(r"\[([ xX])\](?:[ \t]+(.*))?")
#: Meant as a box, and no box to Markdown: `- [] x`, `-[ ] x`, `- [ ]x`, `- [✓] x`.
_NEARLY_BOX = later(r"(?:(?:[-*+]|\d+[.)])[ \t]*)?\[[ \t]*(?:[xXvV✓✔☑][ \t]*)?\](?![(\[:]).*")
#: A line across the page, which ends the item above it.
_RULE = later(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_PROMISE = later(r"(?P<text>.*\S)\s*\((?P<who>[^()]*\S)\s*,\s*(?P<due>[^(),]*\S)\s*\)[.;]?")


class _Item(Struct):
    """A list item, with all the lines it goes on over."""

    line: int
    #: What stands in its box; None where there is none, "?" where it is not quite one.
    box: str | None
    texts: list[str]


def read_follow_ups(raw: RawUpdate, status: Status, values: Values) -> Iterator[FollowUp]:
    """Find the promises in an update's lists, numbered 0; what is not quite one is a problem."""
    text = raw.text
    if "[" not in text and "(" not in text:
        return  # neither a box nor a person with a day
    for item in _items(raw):
        text = " ".join(filter(None, item.texts))
        promise = _PROMISE.fullmatch(text)
        dated = promise is not None and re.search(r"\d", promise["due"]) is not None
        if status not in WITH_FOLLOW_UPS:
            if dated and item.box:
                values.error(
                    item.line,
                    "follow-up",
                    "a follow-up is promised in a resolved or postmortem update, "
                    f"not in {str(status)!r}",
                )
        elif item.box is None:
            if dated:
                values.warn(
                    item.line,
                    "follow-up",
                    f"not counted as a follow-up, which begins with '- [ ] ': {shown(text)}",
                )
        elif item.box == "?":
            values.error(
                item.line, "follow-up", f"a follow-up begins with '- [ ] ', got {shown(text)}"
            )
        elif promise is None:
            got = shown(text[-60:]) if text else "nothing"
            values.error(
                item.line,
                "follow-up",
                f"a follow-up ends with '(Full Name, YYYY-MM-DD)', got {got}",
            )
        elif (due := _due(promise["due"], item.line, values)) is not None:
            yield FollowUp(
                number=0,
                text=promise["text"],
                person=" ".join(promise["who"].split()),
                due=due,
                ticked=item.box in "xX",
                line=item.line,
            )


def _due(text: str, line: int, values: Values) -> date | None:
    try:
        return parse_day(text)
    except TimeProblem as problem:
        values.error(line, "follow-up", str(problem))
        return None


def _items(raw: RawUpdate) -> Iterator[_Item]:
    """Yield each list item outside code fences and comments."""
    item: _Item | None = None
    for number, (line, hidden) in enumerate(
        zip(raw.lines, raw.hidden, strict=True), raw.first_body_line
    ):
        begun = None if hidden else _begin(line, number)
        if item and not begun and not hidden and line.strip() and not _RULE.fullmatch(line):
            item.texts.append(line.strip())
            continue
        if item:
            yield item
        item = begun
    if item:
        yield item


def _begin(line: str, number: int) -> _Item | None:
    """Read the first line of a list item."""
    listed = _ITEM.fullmatch(line)
    if listed and (boxed := _BOX.fullmatch(listed[1])):
        return _Item(number, boxed[1], [(boxed[2] or "").strip()])
    if _NEARLY_BOX.fullmatch(line.lstrip()):
        return _Item(number, "?", [line.strip()])
    return _Item(number, None, [listed[1].strip()]) if listed else None
