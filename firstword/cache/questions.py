"""What was asked of the stories while something was made, and which answers a change can touch.

A question is kept as text. A changed story touches it when the story's row, as it was or as it
is, would have been looked at for the answer. That may be said too often; never too seldom.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from firstword.cache.codec import from_instant, to_instant
from firstword.model import Kind
from firstword.page import Order, Row, Wanted, Words

#: The question for the nearest months on either side of some.
BESIDE = "beside"
#: Questions with one answer: where that stays the same, nothing has to be made again.
ANSWERS = frozenset(
    {
        "months",
        "totals",
        "signed",
        "signed_by",
        "named",
        "kind",
        "spoken",
        "months_of",
        BESIDE,
        "lines",
        "sums",
    }
)
#: The question for all of one story.
GET = "get"
#: The one question that asks of several times.
SPANS = "spans"
#: Beyond any instant: nothing of the answer was looked at yet.
NOTHING_YET = 1 << 60
_encoder = msgspec.json.Encoder(enc_hook=str)
_NOTHING_ASKED: dict[type, Wanted | Words] = {Wanted: Wanted(), Words: Words()}


def spell(sort: str, *arguments: object) -> str:
    """Spell a question."""
    return _encoder.encode([sort, *arguments]).decode()


def spell_find(wanted: Wanted | Words) -> str:
    """Spell a question for stories or updates: only what is asked, in a fixed order."""
    return spell("find" if isinstance(wanted, Wanted) else "words", plain(wanted))


def plain(wanted: Wanted | Words) -> dict[str, Any]:
    """Return what is asked as plain values."""
    said: dict[str, Any] = {}
    nothing = _NOTHING_ASKED[type(wanted)]
    for name in wanted.__struct_fields__:
        value = getattr(wanted, name)
        if value != getattr(nothing, name):
            if isinstance(value, datetime):
                value = from_instant(value)
            said[name] = value.isoformat() if isinstance(value, date) else value
    return said


def read_find(said: dict[str, Any], *, words: bool) -> Wanted | Words:
    """Read a question for stories or updates."""
    found: dict[str, Any] = dict(said)
    if "kinds" in found:
        found["kinds"] = tuple(Kind(kind) for kind in found["kinds"])
    for name in ("since", "begin", "end"):
        if name in found:
            found[name] = to_instant(found[name])
    if "month" in found:
        found["month"] = date.fromisoformat(found["month"])
    if "order" in found:
        found["order"] = Order(found["order"])
    return Words(**found) if words else Wanted(**found)


class Trace(Struct):
    """What one unit asked: each question with how deep its answer was read, in seconds.

    None: to its end.
    """

    asked: dict[str, int | None] = {}
    #: Times of which the instants of all updates were asked, in seconds.
    spans: set[tuple[int, int]] = set()

    def questions(self) -> Iterator[tuple[str, int | None]]:
        """Yield every question with its depth."""
        yield from self.asked.items()
        spans = spell(SPANS, *sorted(self.spans))
        if self.spans and spans not in self.asked:
            yield spans, None

    def note(self, question: str, bound: int | None = None) -> None:
        """Note a question; of two depths the deeper holds."""
        if question in self.asked:
            known = self.asked[question]
            bound = None if known is None or bound is None else min(known, bound)
        self.asked[question] = bound


#: Questions for stories that match.
_OF_STORIES = frozenset({"find", "months_of", "lines"})
#: What of a story, and its place in the order, the answer shows; of others, all may matter.
_SHOWN: dict[str, Callable[[Row, Order], Any]] = {
    "lines": lambda row, order: (row.line, row.key(order)),
    "months_of": lambda row, _: row.month,
}


def asks_about(sort: str, arguments: list[Any]) -> Any:
    """Return what a question is about, for `Change.touches`: read once for all changes."""
    if sort == "words" or sort in _OF_STORIES:
        return read_find(arguments[0], words=sort == "words")
    return arguments[0] if arguments else None


class Change:
    """One story before and after; None where it was not, or is not any more."""

    def __init__(self, before: Row | None, after: Row | None) -> None:
        self._before, self._after = before, after
        self.rows = tuple(row for row in (before, after) if row is not None)
        self.id = self.rows[0].id

    @property
    def moved(self) -> set[datetime]:
        """Return the instants of updates that were not there or are not any more, drills left out.

        `instants` of stories asks of no more than these.
        """
        moved: set[datetime] = set()
        for row in self.rows:
            moved ^= {at for at, _ in row.said if not row.drill}
        return moved

    @property
    def moves(self) -> bool:
        """Whether a month may have a story more or less, of all or of a kind or a component."""
        before, after = self._before, self._after
        if before is None or after is None:
            return True
        same = before.month == after.month and before.kind is after.kind
        return not (same and before.components.keys() == after.components.keys())

    @property
    def instants(self) -> Iterator[datetime]:
        """Yield when it begins and when it was spoken of: see `span_of`."""
        for row in self.rows:
            yield _midnight(row.month)
            yield from (at for at, _ in row.said)

    def touches(self, sort: str, about: Any, bound: int | None) -> bool:
        """Tell whether the answer to a question can be another one now.

        `about` is what `asks_about` says of it.
        """
        if sort == "words":
            return any(_hears(about, row, bound) for row in self.rows)
        if sort == BESIDE:
            return self.moves
        if sort in _OF_STORIES:
            found = any(_finds(about, row, bound) for row in self.rows)
            return found and not self._looks_the_same(sort, about)
        things = _ABOUT.get(sort)
        return things is None or any(about in things(row) for row in self.rows)

    def _looks_the_same(self, sort: str, wanted: Wanted) -> bool:
        """Tell whether an answer shows of the story what it showed, where it did."""
        shown, before, after = _SHOWN.get(sort), self._before, self._after
        return (
            shown is not None
            and before is not None
            and after is not None
            and wanted.matches(before)
            and wanted.matches(after)
            and bool(shown(before, wanted.order) == shown(after, wanted.order))
        )


#: Question about one thing → the things of that sort that a story has to do with.
_ABOUT: dict[str, Callable[[Row], Collection[Any]]] = {
    GET: lambda row: (row.id,),
    "kind": lambda row: (row.slug,),
    "named": lambda row: row.components,
    "marks": lambda row: {month.isoformat() for month, _ in row.marks},
    # 0 stands for all years.
    "sums": lambda row: {0, *(month.year for month, _ in row.marks)},
    "owed": lambda row: {str(mark.verdict) for _, mark in row.marks},
    "signed_by": lambda row: {author for _, author in row.said},
}


def _finds(wanted: Any, row: Row, bound: int | None) -> bool:
    if not wanted.matches(row):
        return False
    key = row.key(wanted.order)
    return bound is None or (key is not None and from_instant(key[0]) >= bound)


def _hears(words: Any, row: Row, bound: int | None) -> bool:
    return any(
        words.matches(row, at, author) and (bound is None or from_instant(at) >= bound)
        for at, author in row.said
    )


def span_of(sort: str, arguments: list[Any]) -> tuple[int | None, int | None]:
    """Return the time that a question is about, in seconds; None for one that is about any.

    A month is the instant at which its first day begins in UTC, whatever the site's zone, as it is
    for changes.
    """
    if sort == SPANS:
        return min(begin for begin, _ in arguments), max(end for _, end in arguments)
    if sort == "words" and "begin" in arguments[0] and "end" in arguments[0]:
        return arguments[0]["begin"], arguments[0]["end"]
    if sort in _OF_STORIES and "month" in arguments[0]:
        begin = from_instant(_midnight(date.fromisoformat(arguments[0]["month"])))
        return begin, begin + 1
    if sort in _OF_STORIES and "year" in arguments[0]:
        years = arguments[0]["year"], arguments[0]["year"] + 1
        begin, end = (from_instant(_midnight(date(year, 1, 1))) for year in years)
        return begin, end
    return None, None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
