"""Writes down what others must know to make a unit."""

from __future__ import annotations

import locale
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from firstword.cache.database import Cache
from firstword.cache.files import Record
from firstword.making.bench import Common, Order, Outcome
from firstword.model import Kind
from firstword.page import StatusPage
from firstword.render import Renderer


class Makers(Protocol):
    """Whoever makes many things at a time."""

    #: From how many stories on that is quicker than one by one.
    worth: int

    def begin(self, common: Common) -> None:
        """Say what orders will have in common: whoever makes them can load what that takes."""
        ...

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

    def of(self, name: str, dated: tuple[tuple[datetime, datetime], ...], *, pages: bool) -> Order:
        """Return what must be known to make a story's pages, and its entries of these dates."""
        known = self.page.records.stamps
        stamps = {name: dict(known[name])} if name in known else {}
        # As it is kept: whoever makes something of it reads it.
        return Order(story=self.records(name), stamps=stamps, pages=pages, dated=dated)
