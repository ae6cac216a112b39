"""Words that say less than they seem to, and what to ask oneself instead. Pure.

The rules are data (`wording.tsv`, and a company's own); a language without rules is left alone.
"""

from __future__ import annotations

from firstword.lint.find import Finding, allowances, find, find_some, own_sentences, rules_near
from firstword.lint.rules import Row, RowError, Wording, names, read_rows, wording

__all__ = [
    "Finding",
    "Row",
    "RowError",
    "Wording",
    "allowances",
    "find",
    "find_some",
    "names",
    "own_sentences",
    "read_rows",
    "rules_near",
    "wording",
]
