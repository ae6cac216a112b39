"""How the company held to its word: figures by month and by year. Every rule is in docs/record.md.

What is settled comes as sums of months that no clock moves; what is owed is judged here and now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from firstword.clock import Clock
from firstword.model import FollowUp, Incident, Update
from firstword.page.marks import NOT_KEPT, Mark, Measure, Verdict
from firstword.page.status import StatusPage
from firstword.page.stories import Sum
from firstword.parse.times import start_of_day

#: What was promised, so that it can be kept; all else only takes its time.
PROMISES = (Measure.NEXT, Measure.EXPECTED, Measure.FOLLOW_UP, Measure.OWNER)


_TOOK = (Verdict.TOOK, Verdict.UNEXPLAINED)


def verdicts(measure: Measure) -> tuple[Verdict, ...]:
    """Return what a measure can come to."""
    if measure in PROMISES:
        return tuple(verdict for verdict in Verdict if verdict not in _TOOK)
    return _TOOK if measure is Measure.EXPLANATION else _TOOK[:1]


class Figures(Struct, frozen=True):
    """The sums of one period."""

    _sums: Mapping[tuple[Measure, Verdict], Sum] = {}

    @classmethod
    def of(cls, sums: Iterable[Sum]) -> Figures:
        """Add up sums; of what is longest, the longest holds."""
        found: dict[tuple[Measure, Verdict], Sum] = {}
        for one in sums:
            key = (one.measure, one.verdict)
            known = found.get(key, Sum(*key, 0, 0, 0))
            found[key] = Sum(
                *key,
                known.many + one.many,
                known.total + one.total,
                max(known.longest, one.longest),
            )
        return cls(found)

    def __iter__(self) -> Iterator[Sum]:
        """Yield the sums in a fixed order."""
        return iter(self._sums[key] for key in sorted(self._sums))

    def count(self, measure: Measure, *verdicts: Verdict) -> int:
        """Count what came to any of some verdicts; none named: to any at all."""
        return sum(s.many for s in self._of(measure, verdicts))

    def longest(self, measure: Measure) -> timedelta | None:
        """Return the longest time that something took or was late by; None where nothing did."""
        times = [s.longest for s in self._of(measure, (Verdict.TOOK, Verdict.LATE, Verdict.MISSED))]
        return timedelta(seconds=max(times)) if times else None

    def average(self, measure: Measure) -> timedelta | None:
        """Return how long something took on average, to the second; None where nothing did."""
        took = self._sums.get((measure, Verdict.TOOK))
        return timedelta(seconds=took.total // took.many) if took else None

    def _of(self, measure: Measure, verdicts: tuple[Verdict, ...]) -> Iterator[Sum]:
        for (which, verdict), one in self._sums.items():
            if which is measure and (not verdicts or verdict in verdicts):
                yield one


class Judged(Struct, frozen=True, kw_only=True):
    """One mark with what it is about, and what it comes to now."""

    incident: Incident
    update: Update
    mark: Mark
    verdict: Verdict
    follow_up: FollowUp | None


def months(status: StatusPage, clock: Clock, year: int = 0) -> dict[date, Figures]:
    """Return the figures of the months in which something counts, newest first.

    Of one year, or (0) of all.
    """
    return {
        month: Figures.of(_now(status, month, sums, clock))
        for month, sums in status.stories.sums(year).items()
    }


def figures(judged: Iterable[Judged]) -> Figures:
    """Return the figures of what was judged one by one."""
    return Figures.of(
        Sum(j.mark.measure, j.verdict, 1, j.mark.seconds, j.mark.seconds) for j in judged
    )


def years(by_month: Mapping[date, Figures]) -> dict[int, Figures]:
    """Return the figures of every year, newest first."""
    found: dict[int, list[Sum]] = {}
    for month, figures in by_month.items():
        found.setdefault(month.year, []).extend(figures)
    return {year: Figures.of(sums) for year, sums in found.items()}


def month(status: StatusPage, month: date, clock: Clock) -> list[Judged]:
    """Return everything that counts in a month, oldest first."""
    return [
        one
        for name, mark in status.stories.marks(month)
        if (one := judge(status, name, mark, clock))
    ]


def not_kept(judged: Iterable[Judged]) -> list[Judged]:
    """Return what was promised and did not come in time."""
    return [j for j in judged if j.mark.measure in PROMISES and j.verdict in NOT_KEPT]


def overdue(status: StatusPage, clock: Clock, most: int) -> tuple[list[Judged], int]:
    """Return what is owed and has lapsed, the oldest first, and how many more there are."""
    owing = status.stories.owing(clock.now, most)
    for at in (owing.last, owing.next):
        if at:
            clock.passed(at)
    shown = [judge(status, name, mark, clock) for name, mark in owing.lapsed]
    return [one for one in shown if one], owing.many - len(owing.lapsed)


def judge(status: StatusPage, name: str, mark: Mark, clock: Clock) -> Judged | None:
    """Return a mark with its story, at an instant; None where the story is not shown."""
    incident = status.stories.get(name)
    update = incident.find(mark.update) if incident else None
    if incident is None or update is None:
        return None
    lapsed = mark.verdict is Verdict.PENDING and clock.passed(mark.at)
    return Judged(
        incident=incident,
        update=update,
        mark=mark,
        verdict=Verdict.OVERDUE if lapsed else mark.verdict,
        follow_up=next((f for f in incident.follow_ups if f.number == mark.number), None),
    )


def _now(status: StatusPage, month: date, sums: Iterable[Sum], clock: Clock) -> Iterator[Sum]:
    """Yield a month's sums with what is owed told apart: what has lapsed, and what has not."""
    owed = False
    for one in sums:
        if one.verdict is Verdict.PENDING:
            owed = True
        else:
            yield one
    if not owed:
        return
    # Only the month that goes on has to be looked into: all of an earlier one has lapsed.
    lapsed: dict[tuple[Measure, Verdict], int] = {}
    if not clock.passed(begin(status, month)):
        yield from (one for one in sums if one.verdict is Verdict.PENDING)
        return
    if clock.passed(_end(status, month)):
        for one in sums:
            if one.verdict is Verdict.PENDING:
                yield one._replace(verdict=Verdict.OVERDUE)
        return
    for _, mark in status.stories.marks(month):
        if mark.verdict is Verdict.PENDING:
            verdict = Verdict.OVERDUE if clock.passed(mark.at) else Verdict.PENDING
            key = (mark.measure, verdict)
            lapsed[key] = lapsed.get(key, 0) + 1
    for key, count in sorted(lapsed.items()):
        yield Sum(*key, count, 0, 0)


def begin(status: StatusPage, month: date) -> datetime:
    """Return the first instant of a month of the site."""
    return start_of_day(month, status.site.timezone)


def _end(status: StatusPage, month: date) -> datetime:
    """Return the first instant of the next month; a day's end at it belongs to the day before."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return begin(status, following)
