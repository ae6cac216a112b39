"""Escaping for templates, without making a new object of every word."""

from __future__ import annotations

import re
from typing import Any

import markupsafe

_READ_BY_HTML = re.compile("[&<>'\"]")


def escaped(value: Any) -> str:
    """Escape what a template writes; no mark says that it was escaped, for nobody asks."""
    kind = type(value)
    if kind is markupsafe.Markup or (kind is str and not _READ_BY_HTML.search(value)):
        return value  # type: ignore[no-any-return]
    return markupsafe.escape(value)
