"""Machines whose list and ledger lie in a bucket, all in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from fakestore import FakeStore
from mails import NINE, Post, Scribe, word

from firstword.mail.bond import open_bound
from firstword.mail.bucket import Bucket
from firstword.mail.lease import Lease
from firstword.mail.parcel import Edition
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, Sent, send


class Machine:
    """A machine with a disk of its own, at some time of the day."""

    def __init__(
        self,
        store: FakeStore,
        folder: Path,
        now: datetime = NINE,
        *,
        urgent: bool = False,
        asleep: Callable[[], object] = lambda: None,
    ) -> None:
        folder.mkdir()
        self.now = now
        #: What happens while the machine looks at the clock, as when it sleeps.
        self.meanwhile: Callable[[], object] = lambda: None
        #: What happens while it waits for somebody else.
        self.asleep = asleep
        self.lease = Lease(store, self.clock, folder.name, urgent=urgent, sleep=self.sleep)
        self.lease.take()
        self.bucket = Bucket(store, self.lease, self.clock, folder)
        self.bucket.fetch()
        self.folder = folder

    def clock(self) -> datetime:
        """Tell the time."""
        self.meanwhile()
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)
        self.asleep()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Open the list and the ledger."""
        people = open_people(self.folder)
        ledger = open_bound(self.folder, people, lambda: self.now, self.bucket)
        with closing(people), closing(ledger):
            yield Desk(people, ledger, Scribe(), self.bucket)

    def send(self, post: Post, *hours: int, urgent: bool = True) -> Sent:
        """Send the words of these hours to everybody."""
        return self.deliver(post, *(word(hour, urgent=urgent) for hour in hours))

    def deliver(self, post: Post, *editions: Edition) -> Sent:
        """Send editions to everybody."""
        with self.desk() as desk:
            return send(desk, editions, post, expected=None)

    def done(self) -> None:
        """Put everything back and let the next one in."""
        self.bucket.put_back()
        self.lease.release()
