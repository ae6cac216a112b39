"""MkDocs' hook: docs/ is written to be read on a forge, and is made a site from the same files.

What a page names outside of docs/ is named by its path, not linked. Another page is called by its
title instead of its file. Lists are indented as Python-Markdown wants them, by four for a level.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
_OUT = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")
_PAGE = re.compile(r"\[([\w-]+\.md)\]\((\1(?:#[\w-]+)?)\)")
_ITEM = re.compile(r"(?:\d+\.|[-*]) +")


def on_page_markdown(markdown: str, **_about: Any) -> str:
    """Return a page as the site has it."""
    titled = _PAGE.sub(lambda found: f"[{title(found[1])}]({found[2]})", markdown)
    return widened(_OUT.sub(r"\1", titled))


def title(name: str) -> str:
    """Return the first heading of a page, as text."""
    first = (DOCS / name).read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ").replace("`", "")


def widened(markdown: str) -> str:
    """Return a text with what belongs to an item of a list four spaces deeper than the item.

    An item after one of several paragraphs gets a blank line before it, or it would be text.
    """
    lines: list[str] = []
    #: Where the text of each open item begins, the innermost last.
    columns: list[int] = []
    fenced = parted = False
    for line in markdown.split("\n"):
        text = line.lstrip(" ")
        parted = parted or not text
        indent = len(line) - len(text)
        while text and not fenced and columns and indent < columns[-1]:
            columns.pop()
        within = columns[-1] if columns else 0
        item = None if fenced else _ITEM.match(text)
        if item and parted and lines and lines[-1]:
            lines.append("")
        lines.append(" " * 4 * len(columns) + line[min(within, indent) :] if text else "")
        if text.startswith("```"):
            fenced = not fenced
        elif item:
            columns.append(indent + len(item[0]))
            parted = False
    return "\n".join(lines)
