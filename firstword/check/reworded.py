"""What became of published words: the noun, without the rules that find it."""

from __future__ import annotations

from msgspec import Struct

#: The rule of what a person may call spelling.
SPELLING = "changed-spelling"


class Rewording(Struct, frozen=True):
    """Some words that became others; "" for none."""

    rule: str
    old: str
    new: str
