"""What a way of sending offers, and what can come of one message."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firstword.mail.ledger import Fate

#: Codes of RFC 3463, 3.2, of RFC 7505 and of 3.3 there: no such mailbox, no such domain, no such
#: name, moved, a domain without mail, a mailbox that is closed. Others, 5.1.7 and 5.1.8 too, are
#: about us or the words, or do not say (5.1.0).
_GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})


def is_gone(status: str) -> bool:
    """Tell whether an enhanced code says that nobody is there; a bare 550 ("") says nothing."""
    return status in _GONE


#: Temporary codes of RFC 3463 that are about the words or about us: too long, content, protocol,
#: policy, the sender's address.
_NOT_THEIRS = frozenset({"4.2.3", "4.3.4", "4.1.7", "4.1.8"})
_NOT_THEIR_KIND = ("4.5.", "4.6.", "4.7.")


def is_soft(status: str) -> bool:
    """Tell whether an enhanced code says that a mailbox is full, or could not be reached."""
    if status == "5.2.2":
        return True
    about_us = status in _NOT_THEIRS or status.startswith(_NOT_THEIR_KIND)
    return status.startswith("4.") and not about_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one message. Holds numbers and fixed words, never what a server wrote."""

    fate: Fate
    code: str = ""
    #: The server says that the mailbox is not there.
    gone: bool = False
    #: Nobody would fare better just now, and why; the message never left. Ready to print.
    stop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a server lets us send: messages left for today, messages a second; None = no limit."""

    left: int | None = None
    rate: float | None = None


class Lane(Protocol):
    """One way to the server, used by one thread, kept open from message to message."""

    def send(self, address: str, message: bytes) -> Outcome:
        """Send one message to one person. Raises nothing that a server can cause."""

    def close(self) -> None:
        """Say goodbye. Raises nothing."""


class Transport(Protocol):
    """A way of sending."""

    #: as people call it, without user and password
    name: str
    #: How many messages may be on their way at once.
    lanes: int

    def quota(self) -> Quota:
        """Ask what may be sent today. Raises MailError where nothing may be."""

    def open(self) -> Lane:
        """Open a lane; the server is reached with the first message."""


_HAIR = 1e-6


class Bucket:
    """Lets through a number of messages a second, and a second's worth at once after a pause."""

    def __init__(
        self, rate: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._most = max(1.0, math.floor(rate))
        self._full = self._most
        self._at = clock()

    def take(self, many: int) -> None:
        """Wait until so many more may go. `many` is at least 1."""
        while True:
            now = self._clock()
            self._full = min(self._most, self._full + (now - self._at) * self._rate)
            self._at = now
            missing = min(many, self._most) - self._full
            # Sums of floats may stop a hair before: no clock can sleep that long.
            if missing < _HAIR:
                self._full -= many
                return
            self._sleep(missing / self._rate)
