"""Whether refusals are about the people we write to, or about us.

A server that does not want our mail answers for each recipient, and not always in other words than
for a mailbox that is gone. So nobody is taken off the list before it took mail for somebody else.
"""

from __future__ import annotations

from collections.abc import Callable

from firstword.mail.ledger import Fate
from firstword.mail.transport import Outcome

#: So many refusals with nothing accepted in between are about us, not about so many people.
_MOST = 25


class Refusals:
    """What a server refuses in one sending. `take_off` gets whose mailbox is not there."""

    def __init__(self, take_off: Callable[[str], object]) -> None:
        self._take_off = take_off
        self._in_a_row = 0
        self._took_any = False
        self._waiting: list[str] = []
        #: How many were taken off the list.
        self.gone = 0

    def heard(self, person: str, outcome: Outcome) -> str:
        """Take in what came of a letter; return why to stop, "" = go on."""
        if outcome.fate is Fate.ACCEPTED:
            self._in_a_row = 0
            self._took_any = True
            self.end()
        elif outcome.fate is Fate.REFUSED:
            self._in_a_row += 1
            if outcome.gone:
                self._waiting.append(person)
            if self._in_a_row >= _MOST:
                self._waiting.clear()
                return f"refuses everybody: {outcome.code}"
        return ""

    def end(self) -> None:
        """Take off the list whose mailbox is not there, where the server took anything at all."""
        if self._took_any:
            self.gone += len(self._waiting)
            for person in self._waiting:
                self._take_off(person)
            self._waiting.clear()
