"""Answers ↔ a sheet for a person's editor, questions above each line; what a draft is kept as.

A line that begins with `#?` is a question and never gets further. Then `name: answer`, one a line;
below a line of `---` what is said, to the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from firstword.drafts.questions import Question
from firstword.parse.keys import nearest

_MARK = "#?"
_SAY = "say"
_LINE = re.compile(r"([a-z_]+):(.*)")


def write_sheet(head: Sequence[str], questions: Sequence[Question], said: Mapping[str, str]) -> str:
    """Write a sheet; an answer to what is not among the questions is kept as well."""
    asked = {question.name for question in questions}
    lines = [f"{_MARK} {line}" for line in head]
    lines += [f"{name}: {_one_line(said[name])}" for name in said if name not in asked]
    for question in questions:
        if question.name != _SAY:
            lines += ["", f"{_MARK} {told(question)}"]
            lines.append(f"{question.name}: {_one_line(said.get(question.name, ''))}".rstrip())
    last = next((question for question in questions if question.name == _SAY), None)
    if last is not None:
        lines += ["", "---", f"{_MARK} {told(last)}", said.get(_SAY, "")]
    return "\n".join(lines).rstrip() + "\n"


def read_sheet(text: str, names: Sequence[str]) -> dict[str, str]:
    """Read the answers of a sheet; what is left empty is not answered.

    `names` are all that may be answered. Raises ValueError, with line and value.
    """
    said: dict[str, str] = {}
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith(_MARK) or not line.strip():
            continue
        if line.rstrip() == "---":
            kept = [one for one in lines[number:] if not one.startswith(_MARK)]
            said[_SAY] = "\n".join(kept).strip()
            break
        found = _LINE.fullmatch(line.rstrip())
        if not found:
            raise ValueError(f"line {number}: expected 'name: answer', got {line!r}")
        if found[1] not in names:
            raise ValueError(f"line {number}: unknown: {found[1]!r}{nearest(found[1], names)}")
        said[found[1]] = found[2].strip()
    return {name: answer for name, answer in said.items() if answer}


def told(question: Question) -> str:
    """Spell a question with its form, what it is when left empty, and its choices."""
    notes = [
        *([question.form] if question.form else []),
        *([", ".join(question.choices)] if question.choices else []),
        *([f"empty: {question.empty}"] if question.empty else []),
        *([] if question.needed or question.empty else ["may stay empty"]),
    ]
    return f"{question.text} ({'; '.join(notes)})" if notes else question.text


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())
