"""All stories of a site in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from functools import cached_property

from msgspec import Struct

from firstword.model import Incident, Kind, Update
from firstword.page.lines import Line
from firstword.page.marks import Mark, Measure, Verdict
from firstword.page.stories import ALL, Owing, Row, Sum, Totals, Wanted, Words


class KeptStories(Struct, frozen=True, dict=True, eq=False):
    """All stories in memory: for tests, and for sites of any size that fits there."""

    zone: tzinfo
    #: Newest first.
    incidents: tuple[Incident, ...]
    #: What a story adds to the record.
    judge: Callable[[Incident], Iterable[Mark]] = lambda _: ()

    def __eq__(self, other: object) -> bool:
        # Who judges is another one each time, and judges alike.
        if not isinstance(other, KeptStories):
            return NotImplemented
        return (self.zone, self.incidents) == (other.zone, other.incidents)

    def __hash__(self) -> int:
        return hash((self.zone, self.incidents))

    @classmethod
    def of(
        cls,
        incidents: Iterable[Incident],
        zone: tzinfo,
        judge: Callable[[Incident], Iterable[Mark]] = lambda _: (),
    ) -> KeptStories:
        """Arrange stories; their order in the file system plays no part."""
        newest_first = sorted(incidents, key=lambda i: (i.started_at, i.id), reverse=True)
        return cls(zone, tuple(newest_first), judge)

    @cached_property
    def _rows(self) -> tuple[tuple[Row, Incident], ...]:
        return tuple((Row.of(i, self.zone, self.judge(i)), i) for i in self.incidents)

    def find(self, wanted: Wanted) -> Iterator[Incident]:
        """Yield stories in the order asked for."""
        yield from (incident for _, incident in self._found(wanted))

    def ids(self, wanted: Wanted) -> Iterator[str]:
        """Yield the ids of the same stories in the same order."""
        yield from (row.id for row, _ in self._found(wanted))

    def rows(self, wanted: Wanted) -> Iterator[Row]:
        """Yield what questions know of the same stories in the same order."""
        yield from (row for row, _ in self._found(wanted))

    def translated(self, month: date) -> Mapping[str, list[str]]:
        """Return the languages into which stories that began in a month are translated, by id."""
        return {
            row.id: [one.language for one in incident.translations]
            for row, incident in self._rows
            if row.month == month and incident.translations
        }

    def lines(self, wanted: Wanted) -> list[Line]:
        """Return stories as lists name them, in the order asked for."""
        return [row.line for row, _ in self._found(wanted)]

    def _found(self, wanted: Wanted) -> list[tuple[Row, Incident]]:
        found = [
            (key, (row, incident))
            for row, incident in self._rows
            if wanted.matches(row) and (key := row.key(wanted.order))
        ]
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [pair for _, pair in found]

    def words(self, wanted: Words) -> Iterator[tuple[Incident, Update]]:
        """Yield updates with their stories, newest first."""
        found = [
            (incident, update)
            for row, incident in self._rows
            for update in incident.updates
            if wanted.matches(row, update.at, update.author)
        ]
        found.sort(key=lambda pair: (pair[1].at, pair[0].id), reverse=True)
        yield from found

    def instants(self, begin: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """Return (instant, id of its story) of updates, oldest first."""
        return sorted(
            (update.at, incident.id)
            for incident in self.incidents
            if not incident.drill
            for update in incident.updates
            if begin <= update.at < end
        )

    def months_of_words(self) -> list[date]:
        """Return the months of UTC in which updates were signed, oldest first."""
        told = (update.at for i in self.incidents if not i.drill for update in i.updates)
        return sorted({date(at.year, at.month, 1) for at in told})

    def marks(self, month: date) -> list[tuple[str, Mark]]:
        """Return (id of its story, mark) of all that counts in a month, oldest first."""
        return _in_order(
            (row.id, m) for row, _ in self._rows for when, m in row.marks if when == month
        )

    def owing(self, now: datetime, most: int) -> Owing:
        """Return what nothing has settled, as it stands at an instant."""
        owed = _in_order(
            (row.id, m)
            for row, _ in self._rows
            for _, m in row.marks
            if m.verdict is Verdict.PENDING
        )
        lapsed = [pair for pair in owed if pair[1].at <= now]
        return Owing(
            lapsed[:most],
            len(lapsed),
            lapsed[-1][1].at if lapsed else None,
            owed[len(lapsed)][1].at if len(lapsed) < len(owed) else None,
        )

    def sums(self, year: int = 0) -> Mapping[date, tuple[Sum, ...]]:
        """Return the months in which something counts, newest first, each with its sums."""
        found: dict[date, dict[tuple[Measure, Verdict], list[int]]] = {}
        for row, _ in self._rows:
            for month, m in row.marks:
                if year not in (0, month.year):
                    continue
                found.setdefault(month, {}).setdefault((m.measure, m.verdict), []).append(m.seconds)
        return {
            month: tuple(
                Sum(*key, len(all_), sum(all_), max(all_))
                for key, all_ in sorted(found[month].items())
            )
            for month in sorted(found, reverse=True)
        }

    def get(self, name: str) -> Incident | None:
        """Return the story of an id."""
        return next((i for i in self.incidents if i.id == name), None)

    def kind_of(self, slug: str) -> Kind | None:
        """Return the kind of the story with a slug."""
        return next((i.kind for i in self.incidents if i.slug == slug), None)

    def months(self, wanted: Wanted = ALL) -> Mapping[date, int]:
        """Return the months in which stories asked for began, newest first, with how many did."""
        found: dict[date, int] = {}
        for row, _ in self._rows:
            if wanted.matches(row):
                found[row.month] = found.get(row.month, 0) + 1
        return {month: found[month] for month in sorted(found, reverse=True)}

    def beside(
        self, begin: date, end: date, kind: Kind | None = None, component: str = ""
    ) -> tuple[date | None, date | None]:
        """Return the first month from `end` on, and the last before `begin`, with a story in it."""
        months = self.months(Wanted(kinds=(kind,) if kind else (), component=component))
        newer, older = (m for m in months if m >= end), (m for m in months if m < begin)
        return min(newer, default=None), max(older, default=None)

    def totals(self) -> Totals:
        """Count everything."""
        return Totals(len(self.incidents), sum(len(i.updates) for i in self.incidents))

    def all_signed(self) -> bool:
        """Tell whether a person stands behind every update."""
        return all(row.signed for row, _ in self._rows)

    def signed_by(self, author: str) -> int:
        """Count what somebody signed."""
        return sum(1 for _ in self.words(Words(author=author)))

    def named(self, component: str) -> tuple[datetime, datetime] | None:
        """Return when a component was first named, and the newest word of a story that names it."""
        rows = [row for row, _ in self._rows if component in row.components and not row.drill]
        if not rows:
            return None
        return min(row.components[component] for row in rows), max(row.updated for row in rows)


def _in_order(marks: Iterable[tuple[str, Mark]]) -> list[tuple[str, Mark]]:
    return sorted(marks, key=lambda pair: (pair[1].at, pair[0], pair[1].place))
