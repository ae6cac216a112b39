"""The lease of a list in a bucket: one machine at a time, urgent words before everybody else's.

Whoever has urgent words and finds the lease taken leaves a request beside it. Who sends a digest
looks for one now and then, lets go of the lease, and takes it again when they are done. A request
counts for a while only, as the lease does: the dead hold nobody up for long.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256

from firstword.errors import Conflict, MailError, StoreError
from firstword.store import Store, Write

LEASE, URGENT = "lease.json", "urgent.json"
LASTS = timedelta(minutes=3)
#: So long a request counts; whoever still waits makes it anew before that.
REQUEST_LASTS = timedelta(minutes=1)
#: So long urgent words wait: longer than the lease of a machine that died.
PATIENCE = LASTS + REQUEST_LASTS
#: Between two looks: of who sends a digest at the request, of who waits at the lease.
LOOK = timedelta(seconds=2)
#: So long before its end a lease counts as lapsed: sending takes time, and clocks differ.
_MARGIN = timedelta(seconds=30)


class Lease:
    """The lease of a list, ours from `take` to `release`. `urgent`: with words that cannot wait."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        owner: str,
        *,
        urgent: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        #: Which holder of the lease this is.
        self.turn = 0
        self._store = store
        self._clock = clock
        self._owner = owner
        self._urgent = urgent
        self._sleep = sleep
        self._etag: str | None = None
        self._until: datetime | None = None
        #: Until when our request counts; None = we make none.
        self._asked: datetime | None = None
        #: When to look next whether somebody makes one; None = at once.
        self._look_at: datetime | None = None
        self._held = False
        self._lost = threading.Event()
        self._ended = threading.Event()
        #: One thread renews the lease, another lets go of it: each by what the other wrote.
        self._at_lease = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether it is ours as far as we know."""
        return self._held

    def take(self) -> None:
        """Take the lease. Raises MailError when somebody else has it, for who is urgent: so long.

        Raises StoreError.
        """
        waited = timedelta()
        try:
            while why := self._try_to_take():
                if not self._urgent or waited >= PATIENCE:
                    raise MailError(f"{self._store.name}: {why}; nothing was sent")
                self._ask()
                self._sleep(LOOK.total_seconds())
                waited += LOOK
        finally:
            self._ask_no_more()

    def take_again(self) -> None:
        """Take it when nobody has it and nobody with urgent words waits. Raises StoreError."""
        while self._is_asked_for() or self._try_to_take():
            self._sleep(LOOK.total_seconds())

    def let_go(self) -> None:
        """Let others have it; to be taken again."""
        with self._at_lease, suppress(StoreError):
            # What is not released lapses; whoever has it by now keeps it.
            if self._held and not self._lost.is_set():
                self._held = False
                self._write(timedelta())

    def release(self) -> None:
        """Let the next one in, for good."""
        self._ended.set()
        self.let_go()

    def wanted(self) -> bool:
        """Tell whether somebody waits with urgent words, and we have none; looks now and then."""
        now = self._clock()
        if self._urgent or (self._look_at and now < self._look_at):
            return False
        with suppress(StoreError):  # out of reach for a moment: no reason to stop
            if self._is_asked_for():
                return True  # and looked at again until what is on its way is through
        self._look_at = now + LOOK
        return False

    def check(self) -> None:
        """Raise MailError unless the list is ours for a while longer, by the clock."""
        if self._is_late():
            # A machine that slept, or a thread that did: ours still, if nobody came meanwhile.
            self.renew_once()
        if not self._held or self._lost.is_set() or self._is_late():
            raise MailError(f"{self._store.name}: the lease is lost; somebody else may go on")

    def renew_for_good(self) -> None:
        """Renew the lease until it is released or lost: what a thread does meanwhile."""
        while not self._ended.wait(LASTS.total_seconds() / 4) and not self._lost.is_set():
            self.renew_once()

    def renew_once(self) -> None:
        """Renew the lease, or note that it is somebody else's by now; not once it is let go of."""
        with self._at_lease:
            if not self._held:
                return
            try:
                self._write(LASTS)
            except Conflict:
                self._lost.set()
            except StoreError:
                return  # out of reach for a moment: the lease lasts longer than that

    def _try_to_take(self) -> str:
        """Take the lease if it is free; return why not, "" = it is ours."""
        found = self._store.get(LEASE)
        if found:
            told = json.loads(found.body)
            until = datetime.fromisoformat(told["until"])
            if self._clock() < until:
                return f"{told['owner']!r} works with the list until {until:%H:%M:%S} UTC"
            self.turn = told.get("turn", 0) + 1
        with self._at_lease:
            self._etag = found.etag if found else None
            try:
                self._write(LASTS)
            except Conflict:
                return "somebody else was faster"
            self._held = True
        return ""

    def _write(self, lasts: timedelta) -> None:
        until = self._clock() + lasts
        told = {"owner": self._owner, "until": until.isoformat(), "turn": self.turn}
        self._etag = self._put(LEASE, told, if_match=self._etag, if_absent=self._etag is None)
        self._until = until

    def _is_late(self) -> bool:
        return self._until is None or self._clock() >= self._until - _MARGIN

    # ── the request ──────────────────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        """Say that we wait. Others that do may write over it: it is for whoever has the lease."""
        now = self._clock()
        if self._asked is None or now >= self._asked - REQUEST_LASTS / 2:
            self._asked = now + REQUEST_LASTS
            self._say(self._asked)

    def _ask_no_more(self) -> None:
        """Take our request back, whether we have what we asked for or gave up."""
        if self._asked is None:
            return
        self._asked = None
        with suppress(StoreError):  # then it lapses
            found = self._store.get(URGENT)
            if found and json.loads(found.body)["owner"] == self._owner:
                self._say(self._clock(), found.etag)

    def _say(self, until: datetime, before: str | None = None) -> None:
        told = {"owner": self._owner, "until": until.isoformat()}
        self._put(URGENT, told, if_match=before, if_absent=False)

    def _is_asked_for(self) -> bool:
        found = self._store.get(URGENT)
        return bool(
            found and self._clock() < datetime.fromisoformat(json.loads(found.body)["until"])
        )

    def _put(
        self, key: str, told: Mapping[str, object], *, if_match: str | None, if_absent: bool
    ) -> str:
        body = json.dumps(told).encode()
        return put(self._store, key, body, if_match=if_match, if_absent=if_absent)


def put(store: Store, key: str, body: bytes, *, if_match: str | None, if_absent: bool) -> str:
    """Write an object that is nobody's page, and return its ETag. Raises as `Store.put` does."""
    return store.put(
        Write(
            key=key,
            body=body,
            content_type="application/octet-stream",
            cache_control="no-store",
            digest=sha256(body).hexdigest(),
            if_match=if_match,
            if_absent=if_absent,
        )
    )
