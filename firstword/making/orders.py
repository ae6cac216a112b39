"""Writes down what others must know to make a unit."""

from __future__ import annotations

import locale
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from firstword.cache.database import Cache
from firstword.cache.files import Record
from firstword.cache.stories import CachedStories
from firstword.cache.units import Unit
from firstword.feeds import Archive
from firstword.making.bench import Common, Order, Outcome
from firstword.making.site import Named
from firstword.model import Kind
from firstword.page import StatusPage
from firstword.render import Renderer

#: Before an archive's first update: how far its dates may depend on what was signed then.
_BACK = timedelta(hours=4)
_MINUTE = timedelta(minutes=1)


class Makers(Protocol):
    """Whoever makes many things at a time."""

    #: From how many stories on that is quicker than one by one.
    worth: int

    def make(
        self, common: Common, orders: Iterable[Order], meanwhile: Iterable[object]
    ) -> Iterator[Outcome | None]:
        """Yield what each order came to, in their order; None where more must be known for it.

        As long as this process would wait for an answer it takes steps from `meanwhile`; those that
        are left in the end are whoever's who asked.
        """
        ...


class Orders(Struct, frozen=True, kw_only=True):
    """One build's orders."""

    cache: Cache
    stories: CachedStories
    #: Returns a story as it is kept.
    records: Callable[[str], Record]
    page: StatusPage
    renderer: Renderer
    now: datetime

    def common(self) -> Common:
        """Return what all of them have in common."""
        page, renderer = self.page, self.renderer
        return Common(
            site=page.site,
            now=self.now,
            theme=renderer.theme,
            overrides=renderer.overrides,
            compiled=renderer.compiled,
            logo=renderer.logo,
            favicon=renderer.favicon,
            began=page.records.began,
            published_now=page.records.now,
            all_signed=page.all_signed,
            kinds=self._kinds(),
            locale=locale.setlocale(locale.LC_ALL),
        )

    def _kinds(self) -> Mapping[str, Kind | None]:
        asked = (
            "SELECT l.slug, s.kind FROM (SELECT DISTINCT slug FROM link) l"
            " LEFT JOIN story s ON s.slug = l.slug"
        )
        return {slug: Kind(kind) if kind else None for slug, kind in self.cache.db.execute(asked)}

    def of(self, unit: Unit) -> Order:
        """Return what must be known to make one unit."""
        if isinstance(unit.of, Archive):
            return self._archive(unit.of)
        names = (unit.of.id,) if isinstance(unit.of, Named) else ()
        return Order(stories=self._told(names), stamps=self._stamps(names))

    def _told(self, names: Iterable[str]) -> tuple[Record, ...]:
        # As they are kept: whoever makes something of them reads them.
        return tuple(map(self.records, names))

    def _archive(self, archive: Archive) -> Order:
        begin, end = archive.time
        since, until = begin - _BACK, end + _MINUTE
        said = self.stories.instants(since, until)
        names = dict.fromkeys(name for at, name in said if begin <= at < end)
        return Order(
            stories=self._told(names),
            stamps=self._stamps(names),
            archive=archive,
            said=tuple(said),
            begin=since,
            end=until,
        )

    def _stamps(self, names: Iterable[str]) -> dict[str, dict[str, datetime | None]]:
        known = self.page.records.stamps
        return {name: dict(known[name]) for name in names if name in known}
