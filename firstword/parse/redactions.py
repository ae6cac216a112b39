"""Signed gaps: what stands in a published text where words were taken out.

    [redacted 2026-11-21 14:02 UTC by Dawn Okafor: a customer's phone number]

A gap says by itself, wherever the text goes, that something was removed, when, by whom and why.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from firstword.patterns import later

_GAP = later(
    r"\[redacted\s+(\d{4}-\d\d-\d\d)\s+(\d\d:\d\d)\s+UTC\s+by\s+([^\[\]:|]+?):\s+([^\[\]|]+?)\s*\]"
)


class Redaction(Struct, frozen=True, kw_only=True):
    """One gap. Reads as its own text."""

    at: datetime  #: UTC, to the minute
    by: str
    why: str

    def __str__(self) -> str:
        at = self.at.astimezone(UTC)
        return f"[redacted {at:%Y-%m-%d %H:%M} UTC by {self.by}: {self.why}]"


def redactions(text: str) -> tuple[Redaction, ...]:
    """Return every gap of a text, in its order; an editor may have wrapped its lines."""
    if "[redacted" not in text:
        return ()
    found = []
    for day, hour, by, why in _GAP.findall(text):
        try:
            at = datetime.strptime(f"{day} {hour}+0000", "%Y-%m-%d %H:%M%z")
        except ValueError:
            continue
        found.append(Redaction(at=at, by=" ".join(by.split()), why=" ".join(why.split())))
    return tuple(found)
