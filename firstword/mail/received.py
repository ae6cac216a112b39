"""Mail that SES took in and put into a bucket, an object a message: read, and left where it is.

Nobody looks into a bucket with a mail program, so that nothing is marked there: what was read is
noted here. A lifecycle rule removes the objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, runtime_checkable

from firstword.mail.inbox import Inbox
from firstword.mail.syncing import Found
from firstword.store import Found as Object

#: What SES writes once, when a rule is made.
_SETUP = "AMAZON_SES_SETUP_NOTIFICATION"
#: So much of a message is looked at: its headers, and where its text begins.
_ENOUGH = 65_536


@runtime_checkable
class Dated(Protocol):
    """What is needed of a store."""

    name: str

    def get(self, key: str) -> Object | None:
        """Read an object; None = there is none."""

    def dated(self) -> Iterator[tuple[str, datetime]]:
        """Yield every object, and when it was written."""


class ReceivedMail:
    """The messages in a bucket."""

    def __init__(self, store: Dated) -> None:
        self.name = store.name
        self._store = store
        self._names: dict[int, str] = {}

    def unread(self, notes: Inbox, since: datetime) -> Iterator[Found]:
        """Yield what came since and was not read; each is fetched when it is asked for."""
        listed = sorted((at, key) for key, at in self._store.dated() if at >= since)
        for number, (at, key) in enumerate(listed):
            if key.endswith(_SETUP) or notes.has_read(self.name, key):
                continue
            found = self._store.get(key)
            if found is not None:
                self._names[number] = key
                yield Found(number=number, at=at, raw=found.body[:_ENOUGH])

    def passed(self, notes: Inbox, found: Found) -> None:
        """Note that an object is read."""
        notes.read(self.name, self._names[found.number], found.at)

    def mark(self, number: int, *, answered: bool) -> None:
        """Mark nothing: what became of a message is in our notes."""
