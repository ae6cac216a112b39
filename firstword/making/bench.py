"""Makes a story's pages, and its entries in archives, apart from the cache: from an order alone.

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
from firstword.cache.files import Record, story_of
from firstword.cache.questions import Trace
from firstword.cache.units import Made
from firstword.clock import Clock
from firstword.feeds import written
from firstword.look import Picture
from firstword.making.site import story_outputs
from firstword.markup import Markup
from firstword.model import Kind, Site
from firstword.page import Records, StatusPage, Stories
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
    """One story: what is to be made of it, and all that may be known for that."""

    story: Record
    stamps: dict[str, dict[str, datetime | None]]
    #: Whether its pages are to be made; else its entries alone.
    pages: bool = True
    #: (instant signed, date of its entry) of its updates that stand in archives of feeds.
    dated: tuple[tuple[datetime, datetime], ...] = ()


class Outcome(Struct, frozen=True, kw_only=True, array_like=True):
    """What was made, and what the cache has to know of that."""

    made: tuple[Made, ...]
    #: (as_of, valid_until) of every clock that was asked.
    clocks: tuple[tuple[datetime | None, datetime | None], ...]
    questions: tuple[tuple[str, int | None], ...]
    #: The entries in archives, as they were ordered, and what was asked for them.
    entries: tuple[bytes, ...] = ()
    asked: tuple[tuple[str, int | None], ...] = ()

    def clocks_at(self, now: datetime) -> Iterator[Clock]:
        """Yield the clocks as they were left."""
        for as_of, valid_until in self.clocks:
            clock = Clock(now)
            clock.as_of, clock.valid_until = as_of, valid_until
            yield clock


class Untold(Exception):
    """A question that the order does not answer."""


class Told:
    """What an order tells of other stories; notes what is asked, as the cache does."""

    def __init__(self, common: Common) -> None:
        self._common = common
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
        told = self._told = Told(common)
        records = Records(cast("Stamps", order.stamps), common.began, common.published_now)
        page = StatusPage(common.site, cast("Stories", told), records)
        clocks: list[Clock] = []

        def new_clock() -> Clock:
            clocks.append(Clock(common.now))
            return clocks[-1]

        story = story_of(order.story, common.site)
        made: tuple[Made, ...] = ()
        if order.pages:
            made = tuple(story_outputs(page, self._renderer(page), story, new_clock))
        questions = tuple(told.trace.questions())
        told.trace = Trace()
        # Beside its pages: the story was read, and its words were rendered, a moment ago.
        entries = tuple(written(page, self._markup, story, order.dated))
        return Outcome(
            made=made,
            clocks=tuple((clock.as_of, clock.valid_until) for clock in clocks),
            questions=questions,
            entries=entries,
            asked=tuple(told.trace.questions()),
        )

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
