"""Finds out what must be made, and makes it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import chain, tee
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from firstword.cache import keys
from firstword.cache.database import Cache
from firstword.cache.files import Files
from firstword.cache.pieces import CachedPieces
from firstword.cache.questions import Change, Trace
from firstword.cache.shown import MANY
from firstword.cache.stories import CachedStories
from firstword.cache.units import Made, Unit, Units
from firstword.clock import Clock
from firstword.making.site import (
    ARCHIVE,
    SHELVES,
    SITEMAP,
    STORY,
    Named,
    archive_listings,
    sitemap_units,
    story_name,
    story_unit,
    units,
)
from firstword.manifest import Output
from firstword.page import StatusPage
from firstword.render import Renderer
from firstword.write import OutputFolder, digest

if TYPE_CHECKING:
    from firstword.making.orders import Makers

#: Shelves of what a browser shows.
LOOKED_AT = frozenset({"page", "image"})


class Workshop(Struct, kw_only=True):
    """One build's making."""

    cache: Cache
    stories: CachedStories
    units: Units
    pieces: CachedPieces
    page: StatusPage
    renderer: Renderer
    output: OutputFolder
    now: datetime
    #: Whether nothing that is there can be relied on.
    anew: bool
    #: Who helps where there is much to make; None = nobody.
    makers: Makers | None = None
    #: Keys of all that was made, whether or not it is another one than before.
    made: list[str] = []
    _old: set[str] = set()

    def make_what_is_old(
        self, changes: list[Change], images: Path, shown: Callable[[], None] = lambda: None
    ) -> None:
        """Make all that changes, the clock, other code or other templates made old.

        Pages and pictures are made first, and then `shown` is called.
        """
        looks = self._other_looks()
        if self.anew or len(changes) > MANY:
            self.anew = True
            self.units.begin_everything()
            old: set[str] = set()
        else:
            old = self.units.outdated(changes, self.now, looks)
        self.pieces.forget(old, everything=self.anew)
        listed = list(units(self.page, self.renderer, images))
        here = {shelf: self.units.shelf(shelf) for shelf in SHELVES}
        todo = [
            unit
            for unit in listed
            if self.anew or unit.name in old or here[unit.shelf].get(unit.name) != unit.inputs
        ]
        gone = {name for shelf in here.values() for name in shelf} - {u.name for u in listed}
        stories = self._stories_to_make(changes, old)
        # What is made again, or not at all any more, first leaves room: addresses may swap.
        self._begin({*gone, *(u.name for u in todo), *(f"{STORY}/{name}" for name in stories)})
        told = [Named(name, kind) for name in stories if (kind := self.stories.kind(name))]
        read = self.stories.story
        self._make_all(
            (story_unit(self.page, self.renderer, named, read) for named in told),
            len(told),
            (unit for unit in todo if unit.shelf in LOOKED_AT),
        )
        shown()
        archives, gone = self._archives_to_make(old, changed=bool(changes))
        self._begin({*gone, *(unit.name for unit in archives)})
        self._make_all(archives, len(told), (u for u in todo if u.shelf not in LOOKED_AT))
        self.pieces.forget_doubtful()
        self._old = old

    def _begin(self, names: set[str]) -> None:
        """Take away what units made, but where that was done for all of them."""
        if names:
            self.output.open_up()
        for name in () if self.anew else sorted(names):
            self.units.begin(name)

    def _make_all(self, units: Iterable[Unit], many: int, alone: Iterable[Unit]) -> None:
        """Make units, where that is worth it with the help of others, and those nobody can help."""
        if self.makers is None or many < self.makers.worth:
            for unit in chain(units, alone):
                self.make(unit)
            return
        # Here and not above: an edit has nothing that is worth it.
        from firstword.making.orders import Orders

        orders = Orders(
            cache=self.cache,
            stories=self.stories,
            records=Files(self.cache.db).records,
            page=self.page,
            renderer=self.renderer,
            now=self.now,
        )
        ours, theirs = tee(units)
        meanwhile = map(self.make, alone)
        outcomes = self.makers.make(orders.common(), map(orders.of, theirs), meanwhile)
        for unit, outcome in zip(ours, outcomes, strict=True):
            if outcome is None:
                self.make(unit)
                continue
            for made in outcome.made:
                self.put(unit.name, made)
            trace = Trace(asked=dict(outcome.questions))
            self.units.keep(unit, outcome.clocks_at(self.now), trace)
        deque(meanwhile, maxlen=0)

    def _other_looks(self) -> list[str]:
        """Return the looks whose templates are others than in the last build."""
        now = keys.looks(self.cache, self.renderer.sources, self.renderer.refers)
        before: Mapping[str, str] = json.loads(self.cache.meta("theme") or "{}")
        self.cache.note("theme", json.dumps(now))
        changed = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
        if not changed:
            return []
        used = self.cache.db.execute("SELECT DISTINCT look FROM unit")
        return [look for (look,) in used if changed & set(look.split("+"))]

    def _stories_to_make(self, changes: list[Change], old: set[str]) -> list[str]:
        """Return the ids of stories whose pages are made again, or were and are no more."""
        changed = {change.id for change in changes}
        if self.anew:
            changed |= {name for (name,) in self.cache.db.execute("SELECT id FROM story")}
        return sorted(changed | {name for unit in old if (name := story_name(unit))})

    def _archives_to_make(self, old: set[str], *, changed: bool) -> tuple[list[Unit], set[str]]:
        """Return the archives of feeds that are made again, and the names of those that are gone.

        A month's archives are listed anew only when something was signed in it, or near it.
        """
        if not self.anew and not changed and not old:
            return [], set()
        todo: list[Unit] = []
        gone: set[str] = set()
        known = self.units.shelf(ARCHIVE)
        listings = {
            n: (f, make) for n, f, make in archive_listings(self.page, self.renderer.markup)
        }
        for name in known.keys() - listings.keys():
            gone |= {name, *self.units.shelf(name)}
        parts_of = {unit.rpartition("/feeds/")[0] for unit in old if unit.startswith(ARCHIVE)}
        for name, (inputs, listing) in listings.items():
            if not (self.anew or name in old or name in parts_of or known.get(name) != inputs):
                continue
            with self.stories.tracing() as trace:
                parts = list(listing())
            here = self.units.shelf(name)
            gone |= here.keys() - {unit.name for unit in parts}
            todo += [
                unit
                for unit in parts
                if self.anew or unit.name in old or here.get(unit.name) != unit.inputs
            ]
            shelf = Unit(name=name, shelf=ARCHIVE, inputs=inputs, make=lambda _: iter(()))
            self._begin({name})
            self.units.keep(shelf, (), trace)
        return todo, gone

    def is_old(self, unit: Unit, here: Mapping[str, str] | None = None) -> bool:
        """Tell whether a unit that is listed in every build has to be made.

        `here` are the units on its shelf, where they are known.
        """
        known = (self.units.shelf(unit.shelf) if here is None else here).get(unit.name)
        return self.anew or unit.name in self._old or known != unit.inputs

    def make(self, unit: Unit, *, counts: bool = True) -> None:
        """Make one unit and write what of it is another one."""
        clocks: list[Clock] = []

        def new_clock() -> Clock:
            clocks.append(Clock(self.now))
            return clocks[-1]

        with self.stories.tracing() as trace:
            for made in unit.make(new_clock):
                self.put(unit.name, made, counts=counts)
        self.units.keep(unit, clocks, trace)

    def put(self, unit: str, made: Made, *, counts: bool = True) -> None:
        one = Output(
            key=made.key,
            digest=digest(made.data),
            size=len(made.data),
            leaf=made.leaf,
            owner=made.owner,
        )
        changed, new = self.units.output(unit, one, counts=counts)
        self.made.append(made.key)
        self.output.write(made.key, made.data, changed=changed, new=new)

    def make_sitemaps(self, stock: list[str]) -> None:
        """Make the lists for search engines, which name stock pages as well."""
        listed = list(sitemap_units(self.page, stock))
        here = self.units.shelf(SITEMAP)
        for name in here.keys() - {unit.name for unit in listed}:
            self.units.begin(name)
        for unit in listed:
            if self.is_old(unit, here):
                self.units.begin(unit.name)
                self.make(unit)
