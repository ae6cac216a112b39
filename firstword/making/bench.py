"""Makes a story's pages, or an archive of feeds, apart from the cache: from what an order says.

Whoever does this knows the order and what all orders have in common, and nothing else. A question
that neither answers ends the work, and whoever knows all stories does it.
"""

from __future__ import annotations

import locale
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from firstword import urls
from firstword.cache import questions
from firstword.cache.codec import from_instant
from firstword.cache.files import Record, story_of
from firstword.cache.questions import Trace
from firstword.cache.units import Made
from firstword.clock import Clock
from firstword.feeds import Archive, archive
from firstword.look import Picture
from firstword.making.site import NewClock, channel_unit, story_outputs
from firstword.markup import Markup
from firstword.model import Incident, Kind, Site, Update
from firstword.page import Records, StatusPage, Stories, Words
from firstword.page.records import Stamps
from firstword.render import Renderer


class Common(Struct, frozen=True, kw_only=True):
    """What all orders of one build have in common."""

    site: Site
    now: datetime
    theme: Path
    overrides: tuple[Path, ...]
    compiled: Path | None
    logo: Picture | None
    favicon: Picture | None
    #: When each update was first published, as `page.Records` has it; the stamps are the orders'.
    began: bool
    published_now: datetime | None
    all_signed: bool
    #: Every slug that somebody links to → the kind of its story; None = there is none.
    kinds: Mapping[str, Kind | None]
    #: The locale of the process.
    locale: str


class Order(Struct, frozen=True, kw_only=True, array_like=True):
    """What is to be made, and all that may be known of stories for it."""

    #: The one story, or all that have a word in an archive's time.
    stories: tuple[Record, ...]
    stamps: dict[str, dict[str, datetime | None]]
    archive: Archive | None = None
    #: (instant, story) of all updates from one instant to before another, oldest first.
    said: tuple[tuple[datetime, str], ...] = ()
    begin: datetime | None = None
    end: datetime | None = None


class Outcome(Struct, frozen=True, kw_only=True, array_like=True):
    """What was made, and what the cache has to know of that."""

    made: tuple[Made, ...]
    #: (as_of, valid_until) of every clock that was asked.
    clocks: tuple[tuple[datetime | None, datetime | None], ...]
    questions: tuple[tuple[str, int | None], ...]

    def clocks_at(self, now: datetime) -> Iterator[Clock]:
        """Yield the clocks as they were left."""
        for as_of, valid_until in self.clocks:
            clock = Clock(now)
            clock.as_of, clock.valid_until = as_of, valid_until
            yield clock


class Untold(Exception):
    """A question that the order does not answer."""


class Told:
    """The stories of one order; notes what is asked, as the cache does."""

    def __init__(self, common: Common, order: Order) -> None:
        self._common = common
        self._order = order
        self.stories = tuple(story_of(record, common.site) for record in order.stories)
        self.trace = Trace()

    def all_signed(self) -> bool:
        """Tell whether a person stands behind every update of the site."""
        self.trace.note(questions.spell("signed"))
        return self._common.all_signed

    def kind_of(self, slug: str) -> Kind | None:
        """Return the kind of a story that somebody links to. Raises Untold."""
        if slug not in self._common.kinds:
            raise Untold(slug)
        self.trace.note(questions.spell("kind", slug))
        return self._common.kinds[slug]

    def words(self, wanted: Words) -> Iterator[tuple[Incident, Update]]:
        """Yield the updates of a time that the order tells of, newest first. Raises Untold."""
        begin, end = wanted.begin, wanted.end
        if begin is None or end is None or wanted != Words(begin=begin, end=end):
            raise Untold(wanted)
        self._refuse(begin, end)
        question = questions.spell_find(wanted)
        self.trace.note(question, questions.NOTHING_YET)
        found = [
            (update.at, incident.id, incident, update)
            for incident in self.stories
            for update in incident.updates
            if begin <= update.at < end and not incident.drill
        ]
        for at, _, incident, update in sorted(found, key=lambda one: one[:2], reverse=True):
            self.trace.note(question, from_instant(at))
            yield incident, update
        self.trace.note(question)

    def instants(self, begin: datetime, end: datetime) -> list[tuple[datetime, str]]:
        """Return (instant, id of its story) of updates, oldest first. Raises Untold."""
        self._refuse(begin, end)
        self.trace.spans.add((from_instant(begin), from_instant(end)))
        return [one for one in self._order.said if begin <= one[0] < end]

    def _refuse(self, begin: datetime, end: datetime) -> None:
        first, last = self._order.begin, self._order.end
        if first is None or last is None or begin < first or end > last:
            raise Untold(begin, end)

    def __getattr__(self, question: str) -> Any:
        raise Untold(question)


class Bench:
    """Makes what orders say, one after the other."""

    def __init__(self, common: Common) -> None:
        """Take what they have in common."""
        self._common = common
        self._told: Told | None = None
        self._markup = Markup(self._path_of)
        self._first: Renderer | None = None
        with suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, common.locale)

    def make(self, order: Order) -> Outcome | None:
        """Make one; None where that takes more than the order tells.

        Whatever else goes wrong is left to whoever knows all, as well: there it is said.
        """
        try:
            return self._make(order)
        except Exception:  # noqa: BLE001 - it goes wrong there as it did here
            return None

    def _make(self, order: Order) -> Outcome:
        common = self._common
        told = self._told = Told(common, order)
        records = Records(cast("Stamps", order.stamps), common.began, common.published_now)
        page = StatusPage(common.site, cast("Stories", told), records)
        clocks: list[Clock] = []

        def new_clock() -> Clock:
            clocks.append(Clock(common.now))
            return clocks[-1]

        made = tuple(self._outputs(page, order, told, new_clock))
        return Outcome(
            made=made,
            clocks=tuple((clock.as_of, clock.valid_until) for clock in clocks),
            questions=tuple(told.trace.questions()),
        )

    def _outputs(
        self, page: StatusPage, order: Order, told: Told, new_clock: NewClock
    ) -> Iterator[Made]:
        if order.archive:
            unit = channel_unit(page, archive(page, self._markup, order.archive), "")
            return unit.make(new_clock)
        (incident,) = told.stories
        return story_outputs(page, self._renderer(page), incident, new_clock)

    def _renderer(self, page: StatusPage) -> Renderer:
        common = self._common
        renderer = Renderer(
            page,
            self._markup,
            common.theme,
            common.logo,
            common.favicon,
            overrides=common.overrides,
            compiled=common.compiled,
            like=self._first,
        )
        self._first = self._first or renderer
        return renderer

    def _path_of(self, slug: str) -> str | None:
        kind = self._told.kind_of(slug) if self._told else None
        return urls.story_path(kind, slug) if kind else None
