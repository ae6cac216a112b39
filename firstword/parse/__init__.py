"""The bytes of one incident file → an Incident and what is wrong with it. Pure.

`parse` never raises on content: whatever the bytes, it answers with problems that carry the path,
the line, the rule and the value. Rules that need other files or the settings are in `check`.
"""

from __future__ import annotations

from firstword.parse.build import Parsed, parse
from firstword.parse.findings import RULES
from firstword.parse.keys import FRONT_KEYS, UPDATE_KEYS
from firstword.parse.times import (
    TimeProblem,
    end_of_day,
    parse_due,
    parse_span,
    parse_time,
    start_of_day,
)

__all__ = [
    "FRONT_KEYS",
    "RULES",
    "UPDATE_KEYS",
    "Parsed",
    "TimeProblem",
    "end_of_day",
    "parse",
    "parse_due",
    "parse_span",
    "parse_time",
    "start_of_day",
]
