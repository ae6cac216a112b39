"""How often a build stops to look for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects between two collections; Python's own 700 costs a cold build a tenth.
_SELDOM = 100_000


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage in circles less often: what a build makes is kept, or goes by itself."""
    before = gc.get_threshold()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
