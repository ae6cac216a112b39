"""Soft bounces: how long mail has not reached somebody who may be there all the same. Pure.

A mailbox is full for a weekend, a server is away for a week: that takes nobody off the list. A
mailbox that takes nothing for weeks has nobody who reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: On so many days (UTC), over so long a time, with nothing that seems to have arrived in between.
DAYS = 5
LONG = timedelta(days=14)
#: How long a letter that was accepted may still come back: servers try for four or five days
#: (RFC 5321, 4.5.4.1), and somebody has to read what they report.
TRIED = timedelta(days=7)
#: For so long a ledger is sure to know what was accepted; what bounced before counts no more.
KEPT = timedelta(days=60)
#: What a server says of when it got a letter, and what we noted, may be so far apart.
_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, order=True)
class Soft:
    """A letter that came back, though somebody may be there (UTC)."""

    at: datetime
    #: When it had been accepted; None = the report does not say.
    sent: datetime | None = None


def is_lost(soft: Iterable[Soft], accepted: Iterable[datetime], now: datetime) -> bool:
    """Tell whether mail has not reached somebody for so long that it is to end.

    `accepted` is when letters to them were accepted by the server that sends ours (UTC). That one
    was accepted does not say that it arrived: that it has not come back for a week does.
    """
    letters = sorted(accepted)
    came_back: set[datetime] = set()
    back: list[tuple[datetime, datetime]] = []
    for one in sorted(soft, key=lambda one: one.at):
        if not now - KEPT <= one.at <= now:
            continue
        letter = _letter(one, letters, came_back)
        if letter in came_back:
            continue  # told twice
        if letter is not None:
            came_back.add(letter)
        back.append((one.at, letter or one.sent or one.at))
    settled = [at for at in letters if at <= now - TRIED and at not in came_back]
    arrived = max(settled, default=None)
    counted = [at for at, letter in back if arrived is None or letter > arrived]
    days = {at.date() for at in counted}
    return len(days) >= DAYS and max(counted) - min(counted) >= LONG


def _letter(one: Soft, letters: Iterable[datetime], came_back: set[datetime]) -> datetime | None:
    """Return when the letter was accepted that came back; None = nobody noted it."""
    if sent := one.sent:
        near = [at for at in letters if abs(at - sent) <= _APART]
        return min(near, key=lambda at: abs(at - sent), default=None)
    return max((at for at in letters if at <= one.at and at not in came_back), default=None)
