"""What one story adds to the record: each thing that can be judged, in the month it counts in.

Judged by when words were first published, as the targets stamped them, and never by what the file
says of itself. What was there before records began leaves no mark, nor does a drill. Whether a
promise that nothing has settled is overdue is for whoever has a clock: here it is pending.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import ENDINGS, Due, Incident, Kind, Site, Status, Update
from firstword.page.limits import first_words, owed_words
from firstword.page.promises import Outcome, PromiseKind, promises
from firstword.page.records import Records
from firstword.parse.times import end_of_day

#: Before anybody said anything: whoever asks with this clock finds nothing overdue.
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Measure(StrEnum):
    """What is measured."""

    FIRST_WORD = "first_word"
    SILENCE = "silence"
    NEXT = "next"
    EXPECTED = "expected"
    EXPLANATION = "explanation"
    FOLLOW_UP = "follow_up"
    OWNER = "owner"
    SIGNATURE = "signature"


class Verdict(StrEnum):
    """What it came to: of a promise as `Outcome` has it, and what else there is to say."""

    PENDING = "pending"
    KEPT = "kept"
    LATE = "late"
    OVERDUE = "overdue"
    REPLACED = "replaced"
    MISSED = "missed"
    RELEASED = "released"
    #: A box that was ticked in the text: no stamp tells when.
    TICKED = "ticked"
    #: It took so long; nobody had promised how long it would.
    TOOK = "took"
    #: An incident that ended and was not explained.
    UNEXPLAINED = "unexplained"


#: What somebody said and did not do in time.
NOT_KEPT = frozenset({Verdict.LATE, Verdict.OVERDUE, Verdict.MISSED})

_PROMISED = {
    PromiseKind.NEXT: Measure.NEXT,
    PromiseKind.EXPECTED: Measure.EXPECTED,
    PromiseKind.FOLLOW_UP: Measure.FOLLOW_UP,
}


class Mark(Struct, frozen=True, kw_only=True, array_like=True):
    """One thing judged."""

    #: Decides which month it counts in; of a promise, when it was due.
    at: datetime
    measure: Measure
    verdict: Verdict
    #: How long it took, or by how much it was late, in seconds.
    seconds: int = 0
    #: The update it is about: that made the promise, that spoke first, that ended a silence.
    update: datetime
    #: Who owes it; "" where nobody promised anything.
    person: str = ""
    #: Number of the follow-up, or 0.
    number: int = 0
    #: Of an owner's word.
    component: str = ""
    #: Only a day was promised, and `at` is where it ends.
    whole_day: bool = False

    @property
    def due(self) -> Due:
        """When it was due, as it was promised."""
        return Due(self.at, self.whole_day)

    @property
    def length(self) -> timedelta:
        """How long it took, or by how much it was late."""
        return timedelta(seconds=self.seconds)

    @property
    def place(self) -> tuple[datetime, str, datetime, int, str]:
        """Where it stands among the marks of its story."""
        return self.at, self.measure, self.update, self.number, self.component

    def month(self, zone: tzinfo) -> date:
        """Return the first day of the month it counts in; the end of a day belongs to that day."""
        at = self.at - timedelta(seconds=1) if self.whole_day else self.at
        local = at.astimezone(zone)
        return date(local.year, local.month, 1)


def marks(incident: Incident, records: Records, site: Site) -> tuple[Mark, ...]:
    """Return everything about one story that can be judged, in the order of time."""
    if incident.drill or not (records.began or incident.id in records.stamps):
        return ()
    ledger = _Ledger(incident, records, site)
    found = [*ledger.promised(), *ledger.signatures(), *ledger.owners()]
    if incident.kind is Kind.INCIDENT and not incident.withdrawn and not incident.imported:
        found += [*ledger.first_word(), *ledger.silence(), *ledger.explanation()]
    return tuple(sorted(found, key=lambda mark: mark.place))


class _Ledger(Struct, frozen=True):
    incident: Incident
    records: Records
    site: Site

    def _stamp(self, update: Update) -> datetime | None:
        return self.records.stamp(self.incident, update)

    def promised(self) -> Iterator[Mark]:
        made = promises(self.incident, self.records, Clock(_ANY_TIME), self.site.timezone)
        for promise in made:
            ticked = promise.outcome is Outcome.KEPT and promise.ticked
            if not promise.judged and not (ticked and self._stamp(promise.update)):
                continue
            yield Mark(
                at=promise.due.at,
                measure=_PROMISED[promise.kind],
                verdict=Verdict.TICKED if ticked else Verdict(promise.outcome),
                seconds=_seconds(promise.late_by),
                update=promise.update.at,
                person=promise.person,
                number=promise.follow_up.number if promise.follow_up else 0,
                whole_day=promise.due.whole_day,
            )

    def signatures(self) -> Iterator[Mark]:
        """Yield words that were published long after, or before, they say they were signed."""
        for update in self.incident.updates:
            stamp = self.records.late_stamp(self.incident, update)
            if stamp and update.signed:
                yield Mark(
                    at=stamp,
                    measure=Measure.SIGNATURE,
                    verdict=Verdict.TOOK,
                    seconds=_seconds(abs(stamp - update.at)),
                    update=update.at,
                    person=update.author,
                )

    def first_word(self) -> Iterator[Mark]:
        first = self.incident.updates[0]
        stamp = self._stamp(first)
        if stamp and first.signed and self.incident.began:
            yield Mark(
                at=stamp,
                measure=Measure.FIRST_WORD,
                verdict=Verdict.TOOK,
                seconds=_seconds(stamp - self.incident.began),
                update=first.at,
            )

    def silence(self) -> Iterator[Mark]:
        """Yield the longest time between two words while it was open: it counts once it is over."""
        longest: Mark | None = None
        for before, after in pairwise(self.incident.timeline):
            since, until = self._stamp(before.update), self._stamp(after.update)
            if before.status in ENDINGS or not since or not until or not after.update.signed:
                continue
            seconds = _seconds(until - since)
            if longest is None or seconds > longest.seconds:
                longest = Mark(
                    at=until,
                    measure=Measure.SILENCE,
                    verdict=Verdict.TOOK,
                    seconds=seconds,
                    update=after.update.at,
                )
        if longest:
            yield longest

    def explanation(self) -> Iterator[Mark]:
        """Yield how long after its end an incident was explained, or that it was not."""
        ending = self.incident.ending
        ended = self._stamp(ending.update) if ending else None
        if ending is None or ended is None or ending.update.status is not Status.RESOLVED:
            return
        explained = next(
            (
                update
                for update in self.incident.updates
                if update.at > ending.update.at and update.status is Status.POSTMORTEM
            ),
            None,
        )
        told = self._stamp(explained) if explained else None
        yield Mark(
            at=ended,
            measure=Measure.EXPLANATION,
            verdict=Verdict.TOOK if told else Verdict.UNEXPLAINED,
            seconds=_seconds(told - ended) if told else 0,
            update=explained.at if explained else ending.update.at,
        )

    def owners(self) -> Iterator[Mark]:
        """Yield whether each component's owner signed in time, from the first word that names it.

        Any word of the owner's own, that first one too, says that they know of it.
        """
        owed = owed_words(self.incident, self.records, self.site)
        for name, first in first_words(self.incident).items():
            owner, seconds = owed[name]
            stamp = self._stamp(first)
            if owner and stamp and first.signed:
                yield self._owner_mark(name, owner, first, stamp, timedelta(seconds=seconds))

    def _owner_mark(
        self, component: str, owner: str, first: Update, stamp: datetime, within: timedelta
    ) -> Mark:
        due = stamp + within
        signers = {owner: stamp, **self._stand_in(owner, stamp, due)}
        told = min(
            (
                told
                for update in self.incident.updates
                if update.at >= first.at
                and update.author in signers
                and (told := self._stamp(update))
                and (update.author == owner or told >= signers[update.author])
            ),
            default=None,
        )
        verdict = Verdict.PENDING
        if told:
            verdict = Verdict.KEPT if told <= due else Verdict.LATE
        elif self.incident.withdrawn:
            verdict = Verdict.RELEASED
        return Mark(
            at=due,
            measure=Measure.OWNER,
            verdict=verdict,
            seconds=_seconds(told - due) if told and told > due else 0,
            update=first.at,
            person=owner,
            component=component,
        )

    def _stand_in(self, owner: str, stamp: datetime, due: datetime) -> dict[str, datetime]:
        """Return who speaks for an owner who left since, and from when on.

        Whoever is said to have left earlier than they owed a word can only be late by now.
        """
        person, other = self.site.people.get(owner), self.site.who_answers(owner)
        if person is None or person.until is None or other is None or other.name == owner:
            return {}
        left = end_of_day(person.until, self.site.timezone)
        return {other.name: left if left > stamp else due}


def _seconds(length: timedelta | None) -> int:
    return max(0, int(length.total_seconds())) if length else 0
