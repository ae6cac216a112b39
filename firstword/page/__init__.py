"""Incidents + settings + a clock → what is open, what is coming, history, promises. Pure."""

from __future__ import annotations

from firstword.page.components import ComponentState, component_states, under_way
from firstword.page.promises import Outcome, Promise, PromiseKind, promises
from firstword.page.records import Records, Stamps
from firstword.page.status import Day, StatusPage

__all__ = [
    "ComponentState",
    "Day",
    "Outcome",
    "Promise",
    "PromiseKind",
    "Records",
    "Stamps",
    "StatusPage",
    "component_states",
    "promises",
    "under_way",
]
