"""MkDocs' hook: what a page of docs/ names outside of docs/ is named by its path, not linked."""

from __future__ import annotations

import re
from typing import Any

_OUT = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")


def on_page_markdown(markdown: str, **_about: Any) -> str:
    """Keep a link's text where the site has nowhere to lead it, as the repository has."""
    return _OUT.sub(r"\1", markdown)
