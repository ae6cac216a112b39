"""Promises as values: who said what would come by when, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from enum import Enum, StrEnum, auto

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import ENDINGS, HOLDING, Due, FollowUp, Incident, Moment, Status, Update
from firstword.page.records import Records
from firstword.parse.times import end_of_day

#: Endings that do what was promised; the others take the promise back.
_KEEPING = frozenset({Status.RESOLVED, Status.COMPLETED, Status.DONE})
_ENDING = _KEEPING | {Status.CANCELLED, Status.WITHDRAWN}


class PromiseKind(StrEnum):
    """What was promised."""

    NEXT = "next"
    EXPECTED = "expected"
    FOLLOW_UP = "follow_up"


class Outcome(StrEnum):
    """What came of it."""

    PENDING = "pending"
    KEPT = "kept"
    #: It came, after the promised instant.
    LATE = "late"
    #: The promised instant has passed and it has not come.
    OVERDUE = "overdue"
    #: Another one took its place in time, with a reason.
    REPLACED = "replaced"
    #: Another one took its place, or it was taken back, when it had lapsed already.
    MISSED = "missed"
    #: What it was about was cancelled or withdrawn in time.
    RELEASED = "released"


class Promise(Struct, frozen=True, kw_only=True):
    """One promise with its outcome at an instant."""

    kind: PromiseKind
    incident: Incident
    #: The update that made it.
    update: Update
    #: Who owes it.
    person: str
    due: Due
    outcome: Outcome
    #: When it came, or was replaced or released.
    settled_at: datetime | None = None
    #: The update that settled it.
    settled_by: Update | None = None
    follow_up: FollowUp | None = None
    #: Whether a publisher stamped both ends; else signatures and ticks are taken at their word.
    judged: bool = False
    #: Its box was ticked in the text, so nothing tells when it was done.
    ticked: bool = False

    @property
    def late_by(self) -> timedelta | None:
        """By how much it came late, or was replaced or taken back late; None where it was not."""
        if self.outcome in (Outcome.LATE, Outcome.MISSED) and self.settled_at:
            return self.settled_at - self.due.at
        return None

    @property
    def because(self) -> str | None:
        """Why another one took its place: the reason given with it, or the correction's words."""
        by = self.settled_by
        if by is None or self.outcome not in (Outcome.REPLACED, Outcome.MISSED):
            return None
        return by.says.because or by.body


class _End(Enum):
    """How a promise came to its end."""

    CAME = auto()
    REPLACED = auto()
    TAKEN_BACK = auto()
    #: A box that is ticked in the text: it was done, and no stamp tells when.
    TICKED = auto()


#: How it ended, and whether that was in time → what came of it.
_OUTCOMES = {
    (_End.CAME, True): Outcome.KEPT,
    (_End.CAME, False): Outcome.LATE,
    (_End.REPLACED, True): Outcome.REPLACED,
    (_End.REPLACED, False): Outcome.MISSED,
    (_End.TAKEN_BACK, True): Outcome.RELEASED,
    (_End.TAKEN_BACK, False): Outcome.MISSED,
    (_End.TICKED, True): Outcome.KEPT,
    (_End.TICKED, False): Outcome.KEPT,
}


def promises(
    incident: Incident, records: Records, clock: Clock, zone: tzinfo
) -> tuple[Promise, ...]:
    """Return every promise of one story, in the order they were made; imported ones make none."""
    ledger = _Ledger(incident, records, clock, zone)
    made = [*ledger.next_words(), *ledger.expectations(), *ledger.follow_ups()]
    made.sort(key=lambda promise: (promise.update.at, promise.kind, promise.due.at))
    return tuple(made)


class _Ledger(Struct, frozen=True):
    """One story's promises against what was published of it, and when."""

    incident: Incident
    records: Records
    clock: Clock
    zone: tzinfo

    def next_words(self) -> Iterator[Promise]:
        """Yield every next word that was announced, corrected announcements too."""
        for moment in self.incident.timeline:
            for due, made_by, corrected_by in _versions_of_next(moment):
                word = self._next_word(made_by)
                # Once the word came, correcting when it was to come replaces nothing.
                if corrected_by and not (word and word.at < corrected_by.at):
                    yield self._settle(PromiseKind.NEXT, made_by, due, corrected_by, _End.REPLACED)
                else:
                    yield self._settle(PromiseKind.NEXT, made_by, due, word)

    def _next_word(self, made_by: Update) -> Update | None:
        """Return the update that readers got first after one that announced it."""
        at = made_by.at
        later = [
            update
            for update in self.incident.updates
            if update.at > at and update.status is not Status.CORRECTION and update.signed
        ]
        # Most often one is left, or none: the promise of the last word but one, and of the last.
        return min(later, key=self._published_at) if len(later) > 1 else next(iter(later), None)

    def expectations(self) -> Iterator[Promise]:
        """Yield every time at which it was to be over."""
        said: list[tuple[Due, Update]] = []
        for update in self.incident.updates:
            due = update.says.expected
            if due is None or not update.signed:
                continue
            before = said[-1] if said else None
            ended = self._ending(before[1]) if before else None
            # Said again is not promised again, unless it had ended in between.
            if before is None or before[0] != due or (ended and ended.at < update.at):
                said.append((due, update))
        for index, (due, update) in enumerate(said):
            ending = self._ending(update)
            changed = said[index + 1][1] if index + 1 < len(said) else None
            if changed and not (ending and ending.at < changed.at):
                yield self._settle(PromiseKind.EXPECTED, update, due, changed, _End.REPLACED)
            else:
                kept = ending is None or ending.status in _KEEPING
                how = _End.CAME if kept else _End.TAKEN_BACK
                yield self._settle(PromiseKind.EXPECTED, update, due, ending, how)

    def _ending(self, after: Update) -> Update | None:
        """Return the first end after an update, unless it was opened again: then it was not over.

        What was taken back stays so, whatever is planned anew.
        """
        ending = None
        for update in self.incident.updates:
            if update.at <= after.at:
                continue
            if update.status in _KEEPING:
                ending = ending or update
            elif update.status in _ENDING:
                return ending or update
            elif update.status not in HOLDING | ENDINGS:
                ending = None
        return ending

    def follow_ups(self) -> Iterator[Promise]:
        """Yield every change that was promised."""
        updates = self.incident.updates
        withdrawn = next((u for u in updates if u.status is Status.WITHDRAWN), None)
        for update in updates:
            for follow_up in update.follow_ups:
                end = next((u for u in updates if follow_up.number in u.done), None)
                how = _End.CAME
                if end is None and follow_up.ticked:
                    end, how = update, _End.TICKED
                elif end is None:
                    end, how = withdrawn, _End.TAKEN_BACK
                due = Due(end_of_day(follow_up.due, self.zone), whole_day=True)
                yield self._settle(
                    PromiseKind.FOLLOW_UP, update, due, end, how, follow_up=follow_up
                )

    def _published_at(self, update: Update) -> datetime:
        return self.records.published_at(self.incident, update)

    def _settle(
        self,
        kind: PromiseKind,
        made_by: Update,
        due: Due,
        ended_by: Update | None,
        how: _End = _End.CAME,
        *,
        follow_up: FollowUp | None = None,
    ) -> Promise:
        """Say what came of one promise."""
        at = self._published_at(ended_by) if ended_by else None
        if at is None:
            outcome = Outcome.OVERDUE if self.clock.passed(due.at) else Outcome.PENDING
        else:
            outcome = _OUTCOMES[how, at <= due.at]
        stamped = bool(self.records.stamp(self.incident, made_by)) and not (
            ended_by and not self.records.stamp(self.incident, ended_by)
        )
        return Promise(
            kind=kind,
            incident=self.incident,
            update=made_by,
            person=follow_up.person if follow_up else made_by.author,
            due=due,
            outcome=outcome,
            settled_at=at,
            settled_by=ended_by,
            follow_up=follow_up,
            judged=stamped and how is not _End.TICKED,
            ticked=how is _End.TICKED,
        )


def _versions_of_next(moment: Moment) -> Iterator[tuple[Due, Update, Update | None]]:
    """Yield each next word an update promised, its corrections included, with what replaced it."""
    if moment.update.status is Status.CORRECTION:
        return
    said = [
        (update.says.next, update)
        for update in (moment.update, *moment.corrections)
        if update.says.next is not None and update.signed
    ]
    for index, (due, update) in enumerate(said):
        yield due, update, said[index + 1][1] if index + 1 < len(said) else None
