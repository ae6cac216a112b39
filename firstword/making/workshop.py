"""Finds out what must be made, and makes it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from firstword import urls
from firstword.cache import keys
from firstword.cache.database import Cache
from firstword.cache.files import Files
from firstword.cache.pieces import CachedPieces
from firstword.cache.questions import Change, Trace, spell_find
from firstword.cache.shown import MANY
from firstword.cache.stories import CachedStories
from firstword.cache.units import Draft, Made, Unit, Units
from firstword.clock import Clock
from firstword.feeds import bound
from firstword.making.alike import Alike
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
from firstword.page import StatusPage, Words
from firstword.render import Renderer
from firstword.values import replace
from firstword.write import OutputFolder, digest

if TYPE_CHECKING:
    from firstword.making.binding import Sheaf
    from firstword.making.orders import Makers, Orders

#: Shelves of what a browser shows.
LOOKED_AT = frozenset({"page", "image"})


class Workshop(Struct, kw_only=True, dict=True):
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
    _looks: Mapping[str, str] = {}
    #: To be called when something is not as it was; None = nobody waits for that.
    _differs: Callable[[], None] | None = None
    #: Units of lists for search engines that are made already.
    _sitemaps: set[str] = set()

    def make_what_is_old(
        self,
        changes: list[Change],
        images: Path,
        *,
        differs: Callable[[int], None] = lambda _: None,
        shown: Callable[[], None] = lambda: None,
        foreseen: Callable[[list[str]], None] = lambda _: None,
    ) -> None:
        """Make all that changes, the clock, other code or other templates made old.

        `differs` is called when the first of it is not as it was, with how much is made, unless
        that is everything. Pages and pictures are made first, and then `shown` is called, and
        `foreseen` where something differs: with the keys of all that is made, as far as they show.
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
        self._differs = None if self.anew else partial(differs, len(todo) + len(stories))
        looked = (unit for unit in todo if unit.shelf in LOOKED_AT)
        others = (unit for unit in todo if unit.shelf not in LOOKED_AT)
        archives: Iterable[Unit] | None = None
        if self.makers and len(told) >= self.makers.worth:
            orders = self._orders()
            # What they load for it they load while the archives are listed here.
            self.makers.begin(orders.common())
            archives = self._old_archives(changes, old)
            alone = chain(looked, others, self._sitemaps_of_stories())
            archives = self._make_with(self.makers, orders, told, archives, alone)
        else:
            for unit in map(self._story, told):
                self.make(unit)
        for unit in looked:
            self.make(unit)
        shown()
        if archives is None:
            archives = self._old_archives(changes, old)
        if not self.anew and self._differs is None:
            foreseen(self._foreseen(old))
        for unit in chain(archives, others):
            self.make(unit)
        self.pieces.forget_doubtful()
        self._old = old

    def _foreseen(self, old: set[str]) -> list[str]:
        """Return the keys of what is made, and what was there before of all that is yet to be."""
        begun = self.cache.db.execute("SELECT key FROM output WHERE stale = 1")
        named = (name.partition("/") for name in old)
        later = [key for shelf, _, key in named if shelf == SITEMAP]
        return [*self.made, *(key for (key,) in begun), *later, urls.STATUS_JSON]

    @cached_property
    def _alike(self) -> Alike:
        return Alike(
            cache=self.cache,
            stories=self.stories,
            site=repr(replace(self.page.site, targets=())),
            looks=self._looks,
        )

    def _begin(self, names: set[str]) -> None:
        """Take away what units made, but where that was done for all of them."""
        if names:
            self.output.open_up()
        for name in () if self.anew else sorted(names):
            self.units.begin(name)

    def _story(self, named: Named) -> Unit:
        return story_unit(self.page, self.renderer, named, self.stories.story)

    def _orders(self) -> Orders:
        # Here and not above: an edit has nothing that is worth it.
        from firstword.making.orders import Orders

        return Orders(
            cache=self.cache,
            records=Files(self.cache.db).records,
            page=self.page,
            renderer=self.renderer,
            now=self.now,
        )

    def _make_with(
        self,
        makers: Makers,
        orders: Orders,
        told: list[Named],
        archives: list[Unit],
        alone: Iterable[Unit],
    ) -> Iterable[Unit]:
        """Make stories and archives with the help of others; return the archives that are left.

        Of what nobody can help with, as much is made as there is time for meanwhile.
        """
        from firstword.making.binding import Binding

        binding, pages = Binding(archives), {named.id: named for named in told}
        names = list(dict.fromkeys([*binding.stories, *pages]))
        ordered = (orders.of(name, binding.dated(name), pages=name in pages) for name in names)
        outcomes = makers.make(orders.common(), ordered, map(self.make, alone))
        for name, outcome in zip(names, outcomes, strict=True):
            unit = self._story(pages[name]) if name in pages else None
            if outcome is None:
                if unit:
                    self.make(unit)
                continue
            if unit:
                for made in outcome.made:
                    self.put(unit.name, made)
                asked = Trace(asked=dict(outcome.questions))
                self.units.keep(unit, outcome.clocks_at(self.now), asked)
            for sheaf in binding.take(name, outcome.entries, outcome.asked):
                self._bind(sheaf)
        return binding.left()

    def _bind(self, sheaf: Sheaf) -> None:
        """Make an archive of its entries; whoever makes it of stories asks for its time's words."""
        begin, end = sheaf.archive.time
        with self.stories.tracing() as trace:
            self.stories.note(spell_find(Words(begin=begin, end=end)))
            key, data = bound(self.page, sheaf.archive, sheaf.newest_first())
            self.put(sheaf.unit.name, Made(key=key, data=data, leaf=True))
        for question, depth in sheaf.trace.questions():
            trace.note(question, depth)
        self.units.keep(sheaf.unit, (), trace)

    def _other_looks(self) -> list[str]:
        """Return the looks whose templates are others than in the last build."""
        before: Mapping[str, str] = json.loads(self.cache.meta("theme") or "{}")
        signature = keys.signature_of(self.renderer.folders, time.time_ns())
        if signature and signature == self.cache.meta("theme files"):
            # None was written since: the others need not be read.
            self._looks = before
            return []
        now = keys.looks(self.cache, self.renderer.sources, self.renderer.refers)
        self.cache.note("theme files", signature)
        self.cache.note("theme", json.dumps(now))
        self._looks = now
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

    def _old_archives(self, changes: list[Change], old: set[str]) -> list[Unit]:
        """Return the archives of feeds that are made again, with room left for them."""
        archives, gone = self._archives_to_make(old, changed=bool(changes))
        self._begin({*gone, *(unit.name for unit in archives)})
        return archives

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
            if unit.draft:
                self._make_other(unit, unit.draft(clock := new_clock()), clock)
            else:
                for made in unit.make(new_clock):
                    self.put(unit.name, made, counts=counts)
        self.units.keep(unit, clocks, trace)

    def _make_other(self, unit: Unit, draft: Draft, clock: Clock) -> None:
        """Write a page, where it is not known to be the same as last time."""
        digest = self._alike.digest(unit, draft)
        if not self.anew and self._alike.knows(unit, digest) and self.units.leave(unit.name):
            return
        self.put(unit.name, self._alike.make(unit, draft, digest, clock))

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
        if changed and self._differs:
            self._differs()
            self._differs = None
        self.output.write(made.key, made.data, changed=changed, new=new)

    def _sitemaps_of_stories(self) -> Iterator[Unit]:
        """Yield the lists that name no stock page, where all of them are made."""
        for unit in sitemap_units(self.page, []) if self.anew else ():
            if not unit.inputs:
                self._sitemaps.add(unit.name)
                yield unit

    def make_sitemaps(self, stock: list[str]) -> None:
        """Make the lists for search engines, which name stock pages as well."""
        listed = list(sitemap_units(self.page, stock))
        here = self.units.shelf(SITEMAP)
        for name in here.keys() - {unit.name for unit in listed}:
            self.units.begin(name)
        for unit in listed:
            if unit.name not in self._sitemaps and self.is_old(unit, here):
                self.units.begin(unit.name)
                self.make(unit)
