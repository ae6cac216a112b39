"""How much of a publish is under way at once, and ahead of its time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from firstword.plan import LARGEST, Put

#: So many of the largest files are held in memory at once, and no more.
FEW = 16
#: What is usual: the pages, feeds and documents of an edit are on their way at once.
USUAL = 48
#: With more puts than this a publish does little but wait for answers.
MANY_PUTS = 500
#: Then so many. Amazon takes 3,500 writes a second under one prefix: where an answer takes 28 ms
#: these are fewer. A server that is quicker may say that it is busy; the rest then goes by its
#: client, which slows down.
MANY = 96

#: With more files than this a way more or less to the server counts for nothing, and too much would
#: be held in memory, or named in a lease.
MOST_AHEAD, MOST_BYTES_AHEAD = 200, 50_000_000


def at_once(puts: Sequence[Put]) -> int:
    """Return how many puts to have under way at once.

    Each holds a whole file in memory: never more of them than `FEW` of the largest would take.
    """
    most = USUAL if len(puts) <= MANY_PUTS else MANY
    largest = max((put.output.size for put in puts), default=0)
    return max(FEW, min(most, FEW * LARGEST // max(largest, 1)))
