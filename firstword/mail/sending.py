"""Sending a plan: write it down, claim, hand over, write down what came of it.

One thread keeps the ledger; lanes do nothing but talk to the server. Outcomes that are in and the
claims that follow them share one write, so that no more letters than there are lanes can be without
an outcome when the process dies.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from firstword.errors import MailError
from firstword.mail.ledger import Event, Fate, Ledger, Mark
from firstword.mail.missed import Missed, Scope, by_edition, find_missed
from firstword.mail.parcel import Composer, Edition, Standing, dated
from firstword.mail.people import People
from firstword.mail.planning import Plan, left_out, make_plan
from firstword.mail.press import Press, Unwritten
from firstword.mail.refusals import Refusals
from firstword.mail.transport import Bucket, Lane, Outcome, Quota, Transport
from firstword.values import replace

#: Why we stopped by ourselves: somebody said so, or a mistake of ours (with the kind of error).
_INTERRUPTED, _FAILED = OWN_STOPS = ("interrupted", "failed here")


@dataclass(slots=True)
class Sent:
    """What a sending came to."""

    plan: Plan
    fates: dict[str, Counter[Fate]] = field(default_factory=dict)
    #: Claims of a sender that died, found at the beginning.
    found_unknown: int = 0
    #: Editions of which a letter cannot be written → why → how many have to wait for it.
    unwritten: dict[str, Counter[str]] = field(default_factory=dict)
    #: Editions → who is left without, for a person to settle.
    missed: dict[str, Missed] = field(default_factory=dict)
    #: Editions that wait for their page → where it is not.
    held: dict[str, str] = field(default_factory=dict)
    #: How many were taken off the list, since their mailbox is not there.
    gone: int = 0
    #: Why it ended early; "" = it did not.
    stopped: str = ""
    #: How many seconds others went first.
    waited: float = 0

    def count(self, fate: Fate) -> int:
        """Return how many letters came to something in this run."""
        return sum(counted[fate] for counted in self.fates.values())

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to look at it."""
        return bool(
            self.stopped
            or self.unwritten
            or self.plan.changed.total()
            or self.plan.unknown.total()
            or self.count(Fate.UNKNOWN)
            or self.count(Fate.DEFERRED)
            or (self.count(Fate.REFUSED) and not self.count(Fate.ACCEPTED))
            or self.missed
            or self.held
        )


class Turn(Protocol):
    """Whose turn it is to send."""

    def wanted(self) -> bool:
        """Tell whether somebody has urgent words to send."""

    def give_way(self) -> None:
        """Let them go first; return when it is our turn again."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The list, the ledger, whoever writes the letters, and our turn to send."""

    people: People
    ledger: Ledger
    composer: Composer
    #: None = nobody else sends what this list is mailed.
    turn: Turn | None = None


def preview(desk: Desk, editions: Sequence[Edition]) -> Plan:
    """Return what would be sent now; nothing is written."""
    plan, events = make_plan(desk.people, desk.ledger, editions, desk.composer)
    for _ in events:
        pass
    return plan


def send(
    desk: Desk,
    editions: Sequence[Edition],
    transport: Transport,
    *,
    expected: str | None,
    scope: Scope | None = None,
    rate: float = 0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Sent:
    """Send what has yet to reach people. `expected` is the hash of the plan somebody saw.

    None = whatever the plan is. `scope` says when it is, and for which cadences `editions` are all
    that may still go out; without it nothing is told of what goes out no more. Raises MailError,
    with nothing sent, when it is another plan, or when the server would not take all of it.
    """
    found = desk.ledger.settle_claims()
    with Press(desk.composer, editions) as press:
        plan, events = make_plan(desk.people, desk.ledger, editions, desk.composer)
        lapsed = scope.lapsed if scope else ()
        looks = scope.looks if scope else {}
        with desk.ledger.planning(
            [*editions, *lapsed],
            lambda mark: _note(desk.people, mark),
            looks=looks,
            open_stories=scope.open_stories if scope else None,
        ) as write:
            for event in events:
                write(event)
            for event in left_out(desk.people, desk.ledger, lapsed, desk.composer):
                write(event)
            if expected is not None and plan.hash != expected:
                raise MailError(
                    f"not sent: the plan is {plan.hash} by now, not {expected!r}; "
                    "see firstword digest"
                )
            if plan.total:
                rate = _allowed(plan, transport, rate)
        sent = Sent(plan, found_unknown=found)
        bucket = Bucket(rate, clock, sleep) if rate else None
        refusals = Refusals(lambda one: desk.people.set_state(one, Standing.BOUNCED))
        began = clock()
        with _lanes(transport) as lanes:
            way = _Way(lanes, bucket, refusals, clock, scope.now if scope else None)
            for edition in sorted(editions, key=lambda one: (not one.urgent, one.at, one.id)):
                if plan.recipients[edition.id] and not sent.stopped:
                    _Dispatch(desk, edition, sent, way=way, press=press).run()
        if many := sum(counted.total() for counted in sent.fates.values()):
            desk.ledger.note_speed(transport.name, many, clock() - began - sent.waited)
        refusals.end()
        sent.gone = refusals.gone
    if scope:
        sent.missed = find_left_out(desk, editions, scope)
    return sent


def find_left_out(desk: Desk, editions: Sequence[Edition], scope: Scope) -> dict[str, Missed]:
    """Return who is left without which edition. `editions` are all that may still go out."""
    current = {edition.id for edition in (*editions, *scope.held)}
    return by_edition(find_missed(desk.people, desk.ledger, current, scope))


def _note(people: People, mark: Mark) -> None:
    if mark.id:
        people.note_ledger(mark.id, mark.editions)


def pace(quota: Quota, rate: float) -> float:
    """Return how many messages a second go, 0 = all that the server takes. `rate` is our limit."""
    # A little below the server's, for whoever else sends from the same account.
    limits = [limit for limit in (rate, (quota.rate or 0) * 0.9) if limit]
    return min(limits, default=0)


def _allowed(plan: Plan, transport: Transport, rate: float) -> float:
    """Ask the server what it takes; return how many messages a second go, 0 = all it takes."""
    quota = transport.quota()
    if quota.left is not None and plan.total > quota.left:
        raise MailError(
            f"not sent: {plan.total} messages, and {transport.name} takes {quota.left} more today"
        )
    return pace(quota, rate)


@dataclass(slots=True)
class _Lanes:
    """Threads that send what they are given. Nothing of ours is touched in them."""

    many: int
    todo: queue.SimpleQueue[tuple[str, str, bytes] | None]
    done: queue.SimpleQueue[tuple[str, Outcome]]


@contextmanager
def _lanes(transport: Transport) -> Iterator[_Lanes]:
    lanes = _Lanes(transport.lanes, queue.SimpleQueue(), queue.SimpleQueue())

    def work(lane: Lane) -> None:
        while (job := lanes.todo.get()) is not None:
            person, address, message = job
            try:
                outcome = lane.send(address, message)
            except Exception as error:  # noqa: BLE001  a mistake of ours must not lose the letter
                # Nobody knows how far it came.
                name = type(error).__name__
                outcome = Outcome(fate=Fate.UNKNOWN, code=name, stop=f"{_FAILED}: {name}")
            lanes.done.put((person, outcome))
        lane.close()

    threads = [threading.Thread(target=work, args=(transport.open(),)) for _ in range(lanes.many)]
    for thread in threads:
        thread.start()
    try:
        yield lanes
    finally:
        for _ in threads:
            lanes.todo.put(None)
        for thread in threads:
            thread.join()


@dataclass(frozen=True, slots=True)
class _Way:
    """How letters leave: by which threads, how fast, and what a server refuses."""

    lanes: _Lanes
    bucket: Bucket | None
    refusals: Refusals
    clock: Callable[[], float]
    #: When it takes place (UTC); None = letters are dated as their editions are.
    now: datetime | None


class _Dispatch:
    """One edition on its way."""

    def __init__(
        self,
        desk: Desk,
        edition: Edition,
        sent: Sent,
        *,
        way: _Way,
        press: Press,
    ) -> None:
        self._desk = desk
        self._edition = edition
        self._sent = sent
        self._lanes = way.lanes
        self._bucket = way.bucket
        self._refusals = way.refusals
        self._clock = way.clock
        self._now = way.now
        self._counted = sent.fates.setdefault(edition.id, Counter())
        self._carries = desk.ledger.any_inside(edition.id)
        self._press = press
        #: For whom a letter cannot be written: told once, however often we begin again.
        self._stuck: set[str] = set()

    def run(self) -> None:
        """Send the edition to all it is planned for, or until something stops all sending."""
        jobs = self._jobs()
        on_the_way = 0
        came_in: list[Event] = []
        while True:
            gives_way = self._is_to_give_way()
            batch = [] if gives_way else self._next(jobs, self._lanes.many - on_the_way)
            if not batch and not came_in and not on_the_way:
                if not gives_way or self._desk.turn is None:
                    return
                since = self._clock()
                self._desk.turn.give_way()
                self._sent.waited += self._clock() - since
                # Somebody else may have sent some of it meanwhile: the ledger knows.
                jobs = self._jobs()
                continue
            claims = [self._event(person, Fate.CLAIMED) for person, _, _ in batch]
            self._desk.ledger.turn([*came_in, *claims])
            for job in batch:
                self._lanes.todo.put(job)
            on_the_way += len(batch)
            came_in = [self._settled(*one) for one in self._finished(on_the_way)]
            on_the_way -= len(came_in)

    def _is_to_give_way(self) -> bool:
        """Tell whether urgent words wait for us; ours wait for nobody."""
        turn = self._desk.turn
        if turn is None or self._edition.urgent or self._sent.stopped:
            return False
        return turn.wanted()

    def _next(
        self, jobs: Iterator[tuple[str, str, bytes]], free: int
    ) -> list[tuple[str, str, bytes]]:
        batch: list[tuple[str, str, bytes]] = []
        while len(batch) < free and not self._sent.stopped:
            job = next(jobs, None)
            if job is None:
                break
            batch.append(job)
        if batch and self._bucket:
            self._bucket.take(len(batch))
        return batch

    def _finished(self, on_the_way: int) -> Iterator[tuple[str, Outcome]]:
        """Yield what the lanes are done with: at least one, if there is any on its way."""
        if on_the_way:
            yield self._patient()
        while not self._lanes.done.empty():
            yield self._lanes.done.get()

    def _patient(self) -> tuple[str, Outcome]:
        """Wait for an outcome; after Ctrl-C too, for what is on its way is not to be unknown."""
        while True:
            try:
                return self._lanes.done.get()
            except KeyboardInterrupt:
                self._sent.stopped = _INTERRUPTED

    def _jobs(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield whom to send what; note who left in between."""
        desk, edition = self._desk, self._edition
        for person in desk.ledger.planned(edition.id):
            if person in self._stuck:
                continue
            one = desk.people.find(person)
            if one is None or one.state is not Standing.ACTIVE or edition.incident in one.muted:
                desk.ledger.turn([self._event(person, Fate.DROPPED)])
                continue
            look = self._press.alike(edition.id, one.look)
            if look is None:
                desk.ledger.turn([self._event(person, Fate.DROPPED)])
                continue
            missed = desk.ledger.inside(edition.id, person) if self._carries else ()
            try:
                letter = self._press.letter(edition.id, look, missed)
            except Unwritten as error:
                # It stays planned: the next sending tries again.
                self._stuck.add(person)
                self._sent.unwritten.setdefault(edition.id, Counter())[str(error)] += 1
                continue
            # What is dated long ago is taken for spam, and sorts below what was read since.
            due = max(edition.at, one.since) if edition.standing else edition.at
            late = dated(due, self._now or due)
            message = letter.for_recipient(one.address, desk.people.token(person), late)
            yield person, one.address, message

    def _settled(self, person: str, outcome: Outcome) -> Event:
        sent = self._sent
        if outcome.stop:
            sent.stopped = sent.stopped or outcome.stop
        else:
            self._counted[outcome.fate] += 1
        if why := self._refusals.heard(person, outcome):
            sent.stopped = sent.stopped or why
        return replace(self._event(person, outcome.fate), code=outcome.code)

    def _event(self, person: str, fate: Fate) -> Event:
        return Event(self._edition.id, person, fate)
