"""One build: read, then write. Pelican calls it through the plugin, or `build_site` does."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from firstword import urls
from firstword.api import status_json
from firstword.cache import keys
from firstword.cache.database import Cache, cache_file, forget_cache, open_cache
from firstword.cache.files import load_story
from firstword.cache.findings import Findings
from firstword.cache.pieces import CachedPieces
from firstword.cache.questions import Trace
from firstword.cache.reading import Reader
from firstword.cache.records import Records as KeptRecords
from firstword.cache.shown import records_of
from firstword.cache.stories import CachedStories
from firstword.cache.units import Made, Unit, Units
from firstword.check import worth_telling
from firstword.clock import Clock
from firstword.content import Commit, left_out
from firstword.crew import Crew
from firstword.errors import BuildError, ContentError
from firstword.gitlog.worktree import Worktree, head_of
from firstword.look import load_pictures
from firstword.making import STOCK, Workshop
from firstword.manifest import Built, Memory
from firstword.markup import Markup
from firstword.model import Level, Problem, Site
from firstword.page import StatusPage
from firstword.render import Renderer
from firstword.settings import CONF
from firstword.write import OutputFolder


def complain(line: str) -> None:
    """Say something on stderr at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the one voice of a build


class RunOptions(Struct, frozen=True, kw_only=True):
    """What a build is told from outside."""

    now: datetime
    #: What the targets remember; None without a target.
    memory: Memory | None = None
    strict: bool = False
    #: The commit whose incident files are built, whatever lies in the working tree; None: that.
    commit: str | None = None
    #: The files that were written since the last build of this process; None: nobody watched.
    named: frozenset[Path] | None = None
    #: What git was asked a moment ago; None: it is asked now.
    worktree: Worktree | None = None
    #: Started by us in our own process, so that nothing may end that process.
    embedded: bool = False
    #: Called when something turns out not to be as it was, with how much is made; not for a build
    #: of everything.
    differs: Callable[[int], None] = lambda _: None
    #: Called when all pages are there: feeds and documents for programs come afterwards.
    shown: Callable[[], None] = lambda: None
    #: Called then where something differs, with the keys of all that is made, as far as they show.
    foreseen: Callable[[list[str]], None] = lambda _: None


class Run(Struct, kw_only=True, dict=True):
    """One build from reading to stamp."""

    site: Site
    options: RunOptions
    root: Path
    content_folder: Path
    theme: Path
    output_folder: Path
    #: Folders of templates that stand in for the theme's, the strongest first.
    overrides: tuple[Path, ...] = ()
    #: Where the caches lie; None for a build that uses and leaves none.
    cache_folder: Path | None = None
    #: Git's answer to what was written; None = nobody asked.
    worktree: Worktree | None = None
    #: The last build of this process, with the same settings and the same theme.
    last: Run | None = None
    #: Who helps with a long build.
    crew: Crew = field(default_factory=lambda: Crew(1, complain))

    def __post_init__(self) -> None:
        self.build_id = ""
        self.next_change_at: datetime | None = None
        self.left_out: tuple[Problem, ...] = ()
        self._stock: list[tuple[Made, Clock]] = []
        self._open, self._anew = False, True
        self._commit: Commit | None = None
        # These are there as soon as everything is read.
        self.found: Findings
        self.page: StatusPage
        self.renderer: Renderer
        self.output: OutputFolder
        self._cache: Cache
        self._stories: CachedStories
        self._units: Units
        self._pieces: CachedPieces
        self._work: Workshop

    def carry_out(self) -> None:
        """Read, write and finish; whatever fails, nothing stays open."""
        try:
            self.read()
            self.write()
            self.finish()
        except BaseException:
            self.close()
            raise

    def read(self) -> None:
        """Read and check everything; say every problem. Raises ContentError when strict."""
        self._read_or_begin_anew()
        for line in self._report():
            complain(line)
        if self.options.strict:
            counted = [p for p in self.found.every() if p.level is not Level.NOTICE]
            if counted:
                raise ContentError(tuple(map(str, counted)))

    def _read_or_begin_anew(self) -> None:
        try:
            self._read()
        except sqlite3.DatabaseError:
            # Damage shows only where somebody looks. Nothing was said or written yet.
            self.close()
            forget_cache(self._cache_file())
            self._read()

    def _read(self) -> None:
        self._cache = open_cache(self._cache_file(), complain)
        self._open = True
        cache, memory = self._cache, self.options.memory
        here = os.path.relpath(self.content_folder, self.root)
        program = keys.program(cache, keys.LIBRARIES)
        grammar = keys.grammar(program, self.site, here)
        build_id, shared = cache.meta("build_id"), cache.shared
        self.output = OutputFolder(self.output_folder, build_id, shared=shared)
        self._anew = not self.output.known or cache.meta("grammar") != grammar
        number = int(cache.meta("number") or 0) + 1
        cache.note("number", str(number))
        self._commit = self._open_commit()
        reader = Reader(
            cache=cache,
            site=self.site,
            root=self.root,
            content_folder=self.content_folder,
            now=self.options.now,
            memory=memory,
            grammar=grammar,
            number=number,
            commit=self._commit,
            named=self.options.named,
            worktree=self.worktree,
            judges=self.crew,
        )
        self.found = reader.read()
        site = self.found.site or self.site
        self._stories = CachedStories(cache.db, partial(load_story, reader.files, site))
        self._units = Units(cache.db, number)
        self._pieces = CachedPieces(cache.db, self._stories, self._units)
        self.page = StatusPage(site, self._stories, records_of(memory), self._pieces)
        # Compiled code knows which filters there are, and how they are called.
        compiled = self.cache_folder / "templates" / program[:16] if self.cache_folder else None
        logo, favicon = load_pictures(self.site, self.content_folder)
        self.renderer = Renderer(
            self.page,
            Markup(self._path_of),
            self.theme,
            logo=logo,
            favicon=favicon,
            overrides=self.overrides,
            compiled=compiled,
            like=self.last.renderer if self.last else None,
        )
        # They stand in every page.
        pictures = hashlib.sha256(repr((logo, favicon)).encode()).hexdigest()
        self._anew |= cache.meta("pictures") != pictures
        cache.note("pictures", pictures)

    def _open_commit(self) -> Commit | None:
        """Return the commit to build. Raises BuildError where what lies beside it is another."""
        if self.options.commit is None:
            return None
        commit = Commit(self.root, self.content_folder, self.options.commit)
        commit.refuse_other_changes(self.root / CONF, self.theme)
        return commit

    def close(self) -> None:
        """Let go of the cache; a build that did not finish leaves it as it was."""
        for asked in (self.crew, self.worktree, self._commit):
            if asked is not None:
                asked.close()
        if self._open:
            self._cache.close()
            self._open = False

    def _cache_file(self) -> Path | None:
        """Return the cache of this very output folder."""
        if self.cache_folder is None:
            return None
        return cache_file(self.cache_folder, self.output_folder, self.root)

    def _path_of(self, slug: str) -> str | None:
        return urls.story_path(kind, slug) if (kind := self._stories.kind_of(slug)) else None

    def _report(self) -> Iterator[str]:
        found, strict = self.found, self.options.strict
        problems, others = (found.every(), 0) if strict else (found.problems, found.others)
        told, untold = worth_telling(problems, found.newest, every=strict)
        yield from map(str, told)
        others += untold
        if others:
            has = "more file has" if others == 1 else "more files have"
            yield f"{others} {has} warnings: 'firstword check' lists them"
        yield from (held.lines()[-1] for held in found.held)

    def leave_out(self, paths: Iterable[str]) -> None:
        """Say which stock pages Pelican could not use. Raises ContentError when strict."""
        self.left_out = tuple(left_out(paths))
        for problem in self.left_out:
            complain(str(problem))
        if self.options.strict and self.left_out:
            raise ContentError(tuple(map(str, self.left_out)))

    @property
    def needs_a_person(self) -> bool:
        """Whether something is not shown as its file says."""
        return bool(self.found.held or self.left_out)

    def write(self) -> None:
        """Make every page, feed and image of ours that is not as it was."""
        self._work = Workshop(
            cache=self._cache,
            stories=self._stories,
            units=self._units,
            pieces=self._pieces,
            page=self.page,
            renderer=self.renderer,
            output=self.output,
            now=self.options.now,
            anew=self._anew,
            makers=self.crew,
        )
        with self._sound():
            self._work.make_what_is_old(
                self.found.changes,
                self.content_folder / urls.IMAGES,
                differs=self.options.differs,
                shown=self.options.shown,
                foreseen=self.options.foreseen,
            )
        self.crew.close()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Throw the cache away where it turns out to be damaged. Raises BuildError then."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            self.close()
            forget_cache(self._cache_file())
            raise BuildError(
                f"the cache was damaged ({error}); it is gone now: build again"
            ) from error

    @property
    def has_stock(self) -> bool:
        """Whether Pelican made pages of its own."""
        return bool(self._stock)

    @property
    def made(self) -> list[str]:
        """Keys of all that was made, whether or not it is another one than before."""
        return self._work.made

    def take_stock(self, key: str, data: bytes, clock: Clock) -> None:
        """Take a page that Pelican made."""
        self._stock.append((Made(key=key, data=data, leaf=True), clock))

    def finish(self) -> None:
        """Write what names the build, then the stamp that says that this build happened."""
        with self._sound():
            self._finish()

    def _finish(self) -> None:
        self._write_stock()
        self._work.make_sitemaps([made.key for made, _ in self._stock])
        # Before the build is named: what is gone is no part of it.
        gone = self._units.drop_stale()
        self._name_build()
        outputs = self._units.outputs()
        for key in (*gone, *self.output.strays(outputs)):
            self.output.remove(key)
        instants = [self._units.next_change_at(), self.found.good_at]
        self.next_change_at = min((at for at in instants if at), default=None)
        totals = self.page.stories.totals()
        stamp = {
            "made_for": f"{self.options.now:%Y-%m-%dT%H:%M:%SZ}",
            "commit": self.options.commit or head_of(self.root, self.worktree),
            "versions": {name: keys.library(name) for name in keys.LIBRARIES},
            "counts": {
                "incidents": totals.stories,
                "updates": totals.updates,
                "files": len(outputs),
                "held_back": len(self.found.held),
            },
            "next_change_at": f"{at:%Y-%m-%dT%H:%M:%SZ}" if (at := self.next_change_at) else None,
        }
        self._cache.note("build_id", self.build_id)
        self._units.remember(self.build_id)
        # First what the cache knows, then the stamp: whoever dies between them leaves a folder
        # without one, which the next build does not trust.
        self._cache.commit()
        self.output.finish(self.build_id, outputs, stamp)

    def _write_stock(self) -> None:
        for name in self._units.shelf(STOCK):
            self._units.begin(name)
        for made, clock in self._stock:
            unit = Unit(name=f"{STOCK}/{made.key}", shelf=STOCK, make=lambda _: iter(()))
            self._work.put(unit.name, made)
            self._units.keep(unit, [clock], Trace())

    def _name_build(self) -> None:
        """Make the one document that carries the build's id."""
        self.build_id = self._units.build_id()

        def make(new_clock: Any) -> Iterator[Made]:
            named = status_json(self.page, self.build_id, new_clock())
            yield Made(key=named.key, data=named.data, leaf=named.leaf)

        unit = Unit(name="named/status.json", shelf="named", inputs=self.build_id, make=make)
        if self._work.is_old(unit):
            self._units.begin(unit.name)
            self._work.make(unit, counts=False)

    def summary(self) -> str:
        """Say in one line what the build came to."""
        held, pages = len(self.found.held), len(self.left_out)
        stories = self.page.stories.totals().stories
        return (
            f"Built {stories} stories into {len(self._units.outputs())} files, "
            f"{self.output.written} of them changed"
            + (f"; {held} {'file' if held == 1 else 'files'} held back" if held else "")
            + (f"; {pages} {'page' if pages == 1 else 'pages'} left out" if pages else "")
        )

    def built(self) -> Built:
        """Return what the publisher needs to know of this build."""
        return Built(
            folder=self.output_folder,
            build_id=self.build_id,
            outputs=self._units.outputs(),
            records=KeptRecords(self._cache.db, records_of(self.options.memory), self.page.site),
            held_back=(
                *(line for held in self.found.held for line in held.lines()),
                *map(str, self.left_out),
            ),
            next_change_at=self.next_change_at,
            since=self._units.since,
            unremembered=self.found.unremembered,
        )
