"""What a page may ask of all stories: bounded questions, so that no page grows with the archive.

Whoever answers them may keep stories in memory or in a database. A question is a value with one
exact test, `matches`, that every answer passes through: a database may only narrow down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct

from firstword.model import Incident, Kind, Update
from firstword.page.lines import Line
from firstword.page.marks import Mark, Measure, Verdict


class Order(StrEnum):
    """By what the newest comes first; of two alike, the one with the greater id."""

    STARTED = "started"
    UPDATED = "updated"
    #: Its planned start; of what was never planned, its start.
    PLANNED = "planned"
    #: Its end; what is open has none and is left out.
    ENDED = "ended"


class Row(Struct, frozen=True, kw_only=True, array_like=True):
    """What questions know of a story without looking into it."""

    id: str
    slug: str
    kind: Kind
    drill: bool
    open: bool
    #: Whether a person stands behind every update.
    signed: bool
    repeats: bool
    #: The first day of the month it began in, in the site's zone.
    month: date
    started: datetime
    planned: datetime
    updated: datetime
    ended: datetime | None
    #: Component → when the first update that names it was signed.
    components: Mapping[str, datetime]
    #: (instant, author) of every update, oldest first.
    said: tuple[tuple[datetime, str], ...]
    line: Line
    #: What it adds to the record, each with the month it counts in.
    marks: tuple[tuple[date, Mark], ...] = ()

    @classmethod
    def of(cls, incident: Incident, zone: tzinfo, marks: Iterable[Mark] = ()) -> Row:
        """Take from a story what questions ask for."""
        local = incident.started_at.astimezone(zone)
        named: dict[str, datetime] = {}
        for moment in incident.timeline:
            for name in moment.components:
                named.setdefault(name, moment.update.at)
        return cls(
            id=incident.id,
            slug=incident.slug,
            kind=incident.kind,
            drill=incident.drill,
            open=incident.is_open,
            signed=all(update.signed for update in incident.updates),
            repeats=bool(incident.repeats),
            month=date(local.year, local.month, 1),
            started=incident.started_at,
            planned=incident.facts.scheduled_for or incident.started_at,
            updated=incident.updated_at,
            ended=incident.ended_at,
            components=named,
            said=tuple((update.at, update.author) for update in incident.updates),
            line=Line.of(incident),
            marks=tuple((mark.month(zone), mark) for mark in marks),
        )

    def key(self, order: Order) -> tuple[datetime, str] | None:
        """Return where it stands in an order; None where it has no place in it."""
        at: datetime | None = getattr(self, order)
        return (at, self.id) if at else None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which stories are asked for; what is not said is not asked."""

    kinds: tuple[Kind, ...] = ()
    component: str = ""
    #: The first day of the month they began in.
    month: date | None = None
    #: The year they began in, in the site's zone.
    year: int | None = None
    open: bool | None = None
    #: Those that were open, or were written about, at this instant or later.
    since: datetime | None = None
    drills: bool = True
    repeats: bool | None = None
    order: Order = Order.STARTED

    def matches(self, row: Row) -> bool:
        """Tell whether a story is one of them."""
        return (
            (not self.kinds or row.kind in self.kinds)
            and (not self.component or self.component in row.components)
            and (self.month is None or row.month == self.month)
            and (self.year is None or row.month.year == self.year)
            and (self.open is None or row.open is self.open)
            and (self.repeats is None or row.repeats is self.repeats)
            and (self.drills or not row.drill)
            and (
                self.since is None
                or row.ended is None
                or row.ended >= self.since
                or row.updated >= self.since
            )
            and row.key(self.order) is not None
        )


ALL = Wanted()


class Words(Struct, frozen=True, kw_only=True):
    """Which updates are asked for, newest first; drills are not for feeds or mail."""

    kinds: tuple[Kind, ...] = ()
    #: Of stories that ever named it: whether they had by then is for the asker to see.
    component: str = ""
    author: str = ""
    drills: bool = False
    #: Not before this instant, and before that one.
    begin: datetime | None = None
    end: datetime | None = None

    def matches(self, row: Row, at: datetime, author: str) -> bool:
        """Tell whether an update is one of them."""
        return (
            (self.drills or not row.drill)
            and (not self.kinds or row.kind in self.kinds)
            and (not self.component or self.component in row.components)
            and (not self.author or author == self.author)
            and (self.begin is None or at >= self.begin)
            and (self.end is None or at < self.end)
        )


class Totals(NamedTuple):
    """How much there is."""

    stories: int
    updates: int


class Sum(NamedTuple):
    """How many marks of one measure came to one verdict, and how long they took."""

    measure: Measure
    verdict: Verdict
    many: int
    #: In seconds.
    total: int
    longest: int


class Owing(NamedTuple):
    """What is owed and has lapsed, however much that is."""

    #: (id of its story, mark), the first due first, as many as were asked for.
    lapsed: list[tuple[str, Mark]]
    #: How many there are in all.
    many: int
    #: When the last of them lapsed, and when the next one will.
    last: datetime | None
    next: datetime | None


class Stories(Protocol):
    """Answers questions about all stories of a site."""

    def find(self, wanted: Wanted) -> Iterator[Incident]:
        """Yield stories, the first in the order asked for first; take no more than are shown."""
        ...

    def ids(self, wanted: Wanted) -> Iterator[str]:
        """Yield the ids of the same stories in the same order; none of them is read."""
        ...

    def rows(self, wanted: Wanted) -> Iterator[Row]:
        """Yield what questions know of the same stories in the same order; none of them is read."""
        ...

    def translated(self, month: date) -> Mapping[str, list[str]]:
        """Return the languages into which stories that began in a month are translated, by id.

        Whoever asks has asked for the stories: a translation is a part of its story.
        """
        ...

    def lines(self, wanted: Wanted) -> list[Line]:
        """Return stories as lists name them, the first in the order asked for first."""
        ...

    def words(self, wanted: Words) -> Iterator[tuple[Incident, Update]]:
        """Yield updates with their stories, newest first, of one instant the greater id first."""
        ...

    def instants(self, begin: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """Return (instant, id of its story) of all updates from one instant to before another.

        Oldest first, drills left out; no story is read for it.
        """
        ...

    def months_of_words(self) -> list[date]:
        """Return the months of UTC in which updates were signed, oldest first."""
        ...

    def marks(self, month: date) -> list[tuple[str, Mark]]:
        """Return (id of its story, mark) of all that counts in a month, oldest first."""
        ...

    def owing(self, now: datetime, most: int) -> Owing:
        """Return what nothing has settled, as it stands at an instant."""
        ...

    def sums(self, year: int = 0) -> Mapping[date, tuple[Sum, ...]]:
        """Return the months in which something counts, newest first, each with its sums.

        Of one year, or (0) of all.
        """
        ...

    def get(self, name: str) -> Incident | None:
        """Return the story of an id."""
        ...

    def kind_of(self, slug: str) -> Kind | None:
        """Return the kind of the story with a slug, which is all that its address needs."""
        ...

    def months(self, wanted: Wanted = ALL) -> Mapping[date, int]:
        """Return the months in which stories asked for began, newest first, with how many did."""
        ...

    def beside(
        self, begin: date, end: date, kind: Kind | None = None, component: str = ""
    ) -> tuple[date | None, date | None]:
        """Return the first month from `end` on, and the last before `begin`, with a story in it.

        Of a kind, or of a component, where one is named; None where there is no such month.
        """
        ...

    def totals(self) -> Totals:
        """Count everything."""
        ...

    def all_signed(self) -> bool:
        """Tell whether a person stands behind every update."""
        ...

    def signed_by(self, author: str) -> int:
        """Count what somebody signed, drills left out."""
        ...

    def named(self, component: str) -> tuple[datetime, datetime] | None:
        """Return when a component was first named, and the newest word of a story that names it.

        Drills left out; None where it was never named.
        """
        ...
