"""Incidents + settings + a clock → what is open, what is coming, history, promises. Pure."""

from __future__ import annotations

from firstword.page.components import ComponentState, component_states, under_way
from firstword.page.indicator import BY_COMPONENT, Indicator, page_indicator, story_indicator
from firstword.page.limits import owed_words
from firstword.page.lines import Line
from firstword.page.marks import Mark, Measure, Verdict, marks
from firstword.page.pieces import Pieces, Unkept
from firstword.page.promises import Outcome, Promise, PromiseKind, promises
from firstword.page.record import Figures, Judged
from firstword.page.records import Records, Stamps
from firstword.page.status import Day, StatusPage
from firstword.page.stories import (
    ALL,
    Order,
    Owing,
    Row,
    Stories,
    Sum,
    Totals,
    Wanted,
    Words,
)

__all__ = [
    "ALL",
    "BY_COMPONENT",
    "ComponentState",
    "Day",
    "Figures",
    "Indicator",
    "Judged",
    "Line",
    "Mark",
    "Measure",
    "Order",
    "Outcome",
    "Owing",
    "Pieces",
    "Promise",
    "PromiseKind",
    "Records",
    "Row",
    "Stamps",
    "StatusPage",
    "Stories",
    "Sum",
    "Totals",
    "Unkept",
    "Verdict",
    "Wanted",
    "Words",
    "component_states",
    "marks",
    "owed_words",
    "page_indicator",
    "promises",
    "story_indicator",
    "under_way",
]
