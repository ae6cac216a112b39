"""Escaping for templates, without making a new object of every word."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import markupsafe

_find_read_by_html = re.compile("[&<>'\"]").search


def escaped(value: Any) -> str:
    """Escape what a template writes; no mark says that it was escaped, for nobody asks."""
    kind: Any = type(value)
    if kind is markupsafe.Markup:
        return value  # type: ignore[no-any-return]
    if (kind is str or _is_text(kind)) and not _find_read_by_html(value):
        return value  # type: ignore[no-any-return]
    return markupsafe.escape(value)


@cache
def _is_text(kind: Any) -> bool:
    """Tell whether values of a kind are written as the text that they are: a word of the format."""
    return issubclass(kind, str) and kind.__str__ is str.__str__ and not hasattr(kind, "__html__")


def marked(html: str) -> markupsafe.Markup:
    """Mark a text that was escaped; Markup itself would first ask what else it may be."""
    return str.__new__(markupsafe.Markup, html)
