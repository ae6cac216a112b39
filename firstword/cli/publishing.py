"""One publish from the command line: settings, targets, the caches, and whether it is due."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from firstword import gitlog
from firstword.cli import find_root
from firstword.cli.after import follow_up
from firstword.cli.beside import Beside, Ready
from firstword.cli.turn import turn
from firstword.clock import read_clock, system_clock
from firstword.errors import FirstwordError, SettingsError
from firstword.model import Site, Target
from firstword.publisher import Foreseen, Report, publish
from firstword.settings import CONF, load_settings, read_site
from firstword.store import Store, is_local, open_store
from firstword.store.kept import Journal, KeptShards
from firstword.store.parallel import in_parallel
from firstword.store.state import State, read_root
from firstword.tick import due

if TYPE_CHECKING:
    from firstword.cli.progress import Showing
    from firstword.gitlog.worktree import Worktree
    from firstword.manifest import Built, Memory

CACHE = ".cache"
#: How long a thread may keep the others waiting, in seconds. Five times as long is Python's own
#: measure: an answer of a target would lie there for as long as the build is being imported.
_TURN = 0.001
#: Target → [its root's ETag, our commit] of the comparisons that found nothing to send.
COMPARED = "compared.json"


class Word(Struct, frozen=True, kw_only=True):
    """The newest signed update: what a publish is about."""

    at: datetime
    author: str
    title: str


class Ended(Struct, frozen=True, kw_only=True):
    """What one publish came to."""

    reports: Sequence[Report]
    held: bool  #: a file is not shown as it is now
    newest: Word | None = None  #: None also where nothing was built
    next_change_at: datetime | None = None  #: when the clock next changes a page
    unseen: tuple[str, ...] = ()  #: where readers do not get the new build yet, ready to print


class Publishing(Struct, kw_only=True):
    """A site and where it goes, as the command line and pelicanconf.py say."""

    options: argparse.Namespace
    root: Path
    settings: dict[str, Any]
    site: Site
    targets: list[str]
    places: list[Target]  #: what the settings say of each target
    stores: list[Store]
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def read(cls, options: argparse.Namespace) -> Publishing:
        """Read the settings of the site around the current folder. Raises SettingsError."""
        root = find_root(Path.cwd())
        settings = load_settings(root / CONF)
        site = read_site(settings)
        given = list(dict.fromkeys(options.targets or site.publish_to))
        _refuse_stopped_clock(site, given)
        places = [site.target(name) for name in given]
        # A folder of PUBLISH_TO is meant from the site's folder, one of the command line from here.
        targets = [t if "://" in t or options.targets else str(root / t) for t in given]
        return cls(
            options=options,
            root=root,
            settings=settings,
            site=site,
            targets=targets,
            places=places,
            stores=[
                open_store(target, environ=os.environ, options=place)
                for target, place in zip(targets, places, strict=True)
            ],
        )

    @property
    def cache(self) -> Path:
        """Where whatever may be deleted at any time lies."""
        return self.root / CACHE

    def pages_now(self) -> datetime:
        """Return the time pages take for now."""
        return read_clock(os.environ, self.site.pinned_clock)

    def once(self, show: Showing, *, tick: bool = False, asked: Worktree | None = None) -> Ended:
        """Publish; with `tick`, only if one of the targets needs it.

        `asked` = what git was asked a moment ago.
        """
        sys.setswitchinterval(_TURN)
        began: Beside | None = None
        compared: dict[str, State] = {}
        with ExitStack() as open_questions:
            if tick:
                source = self._source()
                compared, ended = self._nothing_due(show, source)
                if ended:
                    return ended
            else:
                content = None if self.options.commit else self._content()
                began = Beside(
                    self.root,
                    self.stores,
                    content,
                    clean=self.options.commit,
                    asked=asked,
                    note=self._note,
                )
                open_questions.callback(began.close)
                began.import_builder(self.root, self.settings)
                source = began.source()
            with turn(self.cache, say=show.say, sleep=self.sleep) as waited:
                # Whoever we waited for changed what we saw, and people worked on meanwhile.
                early = None if waited else began
                roots = early.roots() if early else {} if waited else compared
                if waited:
                    source = self._source()
                ended = self._publish(show, source, roots, early)
        self._remember(source, compared, ended.reports)
        return ended

    def _source(self) -> gitlog.Source:
        """Return what is checked out now."""
        return gitlog.read_source(self.root, clean=self.options.commit)

    def _content(self) -> Path | None:
        """Return the folder of what is written; None where a build remembers nothing of it."""
        remembers = self.settings.get("LOAD_CONTENT_CACHE")
        return self.root / self.settings["PATH"] if remembers else None

    def _note(self) -> str:
        """Return what the last build left for whoever asks git."""
        from firstword.cache.database import cache_file, noted

        names = [self.settings.get(name) for name in ("CACHE_PATH", "OUTPUT_PATH", "PATH")]
        places = [self.root / name for name in names if isinstance(name, str)]
        if len(places) < len(names):
            return ""  # the build will say what is wrong with that
        caches, output, content = places
        return noted(cache_file(caches, output, content.parent), "worktree")

    def _publish(
        self,
        show: Showing,
        source: gitlog.Source,
        roots: Mapping[str, State],
        began: Beside | None,
    ) -> Ended:
        options, built, foreseen = self.options, _LastBuilt(), Foreseen()
        ready = Ready(() if options.dry_run else self.stores)

        def build(memory: Memory) -> Built:
            from firstword.build import RunOptions
            from firstword.building import build_site

            told = RunOptions(
                now=memory.now,
                memory=memory,
                strict=options.strict,
                commit=_committed(source) if options.commit else None,
                worktree=began.worktree() if began else None,
                differs=ready.begin,
                foreseen=foreseen,
                embedded=True,
            )
            run = build_site(self.root, told)
            built.take(run)
            return run.built()

        def source_again() -> gitlog.Source:
            nonlocal source
            source = self._source()
            return source

        remembered = self.cache / "target"
        stopped = self.site.pinned_clock or os.environ.get("SOURCE_DATE_EPOCH")
        try:
            reports = publish(
                self.stores,
                source=source,
                source_again=source_again,
                build=build,
                clock=system_clock,
                sleep=self.sleep,
                owner=f"{socket.gethostname()}:{os.getpid()}",
                relation=lambda commit, known: gitlog.relation(self.root, source, commit, known),
                say=show.say,
                dry_run=options.dry_run,
                full=options.full,
                allow_shrink=options.allow_shrink,
                force=options.force,
                no_lock=getattr(options, "no_lock", False),
                fixed_now=self.pages_now() if stopped else None,
                shards=KeptShards(remembered / "shards"),
                journal=Journal(remembered / "journal.json"),
                roots=roots,
                foreseen=foreseen,
                progress=show.sent,
            )
        finally:
            built.close()
            ready.close()
        reports, late = follow_up(
            reports, self.places, built.build_id, now=system_clock(), sleep=self.sleep
        )
        return Ended(
            reports=reports,
            held=built.held,
            newest=built.newest,
            next_change_at=built.next_change_at,
            unseen=late,
        )

    def _nothing_due(
        self, show: Showing, source: gitlog.Source
    ) -> tuple[dict[str, State], Ended | None]:
        """Read each target's root; return the roots, and the end where nothing is due."""
        began, now = time.monotonic(), system_clock()

        def read(store: Store) -> State | FirstwordError:
            try:
                return read_root(store)
            except FirstwordError as error:
                return error

        answers = in_parallel(read, self.stores, len(self.stores))
        compared = self._compared()
        roots: dict[str, State] = {}
        reports, reasons = [], []
        for store, answer in zip(self.stores, answers, strict=True):
            error = str(answer) if isinstance(answer, FirstwordError) else None
            if not isinstance(answer, FirstwordError):
                roots[store.name] = answer
                reason = due(
                    answer.manifest,
                    source,
                    now=now,
                    pages_now=self.pages_now(),
                    came_to_nothing=compared.get(store.name) == [answer.etag, source.commit],
                )
                if reason:
                    reasons.append(f"{store.name}: {reason}")
            reports.append(_untouched(store.name, error, time.monotonic() - began))
        if reasons:
            for reason in reasons:
                show.say(reason)
            return roots, None
        instants = [root.manifest.next_change_at for root in roots.values()]
        next_change_at = min((at for at in instants if at is not None), default=None)
        return roots, Ended(reports=reports, held=False, next_change_at=next_change_at)

    def _compared(self) -> dict[str, list[str | None]]:
        with suppress(OSError, ValueError):
            found = json.loads((self.cache / "target" / COMPARED).read_bytes())
            if isinstance(found, dict):
                return found
        return {}

    def _remember(
        self, source: gitlog.Source, roots: dict[str, State], reports: Sequence[Report]
    ) -> None:
        """Note for the next tick where there was nothing to send, though the commit is another."""
        idle = [r.target for r in reports if r.outcome in {"unchanged", "already-live"}]
        notes = {name: [roots[name].etag, source.commit] for name in idle if name in roots}
        if notes and not source.dirty and not self.options.dry_run:
            path = self.cache / "target" / COMPARED
            with suppress(OSError):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_text(json.dumps({**self._compared(), **notes}), encoding="utf-8")


class _LastBuilt:
    """What is worth telling of the last build."""

    held = False
    build_id = ""
    newest: Word | None = None
    next_change_at: datetime | None = None
    _run: Any = None

    def take(self, run: Any) -> None:
        """Note what a finished run holds."""
        self.close()
        self._run = run
        self.held = run.needs_a_person
        self.build_id = run.build_id
        self.next_change_at = run.next_change_at
        from firstword.page import Words

        told = run.page.stories.words(Words(drills=True))
        newest = next(((i, u) for i, u in told if u.signed), None)
        if newest:
            incident, update = newest
            person = run.site.people.get(update.author)
            self.newest = Word(
                at=update.at, author=person.shown if person else update.author, title=incident.title
            )

    def close(self) -> None:
        """Let go of the cache: its journal would go on growing, and each build reads all of it."""
        if self._run is not None:
            self._run.close()


def _committed(source: gitlog.Source) -> str:
    """Return the commit to publish. Raises SettingsError where there is none."""
    if source.commit is None:
        raise SettingsError("--commit", "there is no commit here to publish")
    return source.commit


def _untouched(target: str, error: str | None, seconds: float) -> Report:
    """Report a target of which only the root was read."""
    return Report(
        target=target,
        outcome="failed" if error else "unchanged",
        lines=(),
        puts=0,
        deletes=0,
        bytes=0,
        seconds=seconds,
        error=error,
    )


def _refuse_stopped_clock(site: Site, targets: Sequence[str]) -> None:
    """A page whose clock stands still must not reach anybody. Raises SettingsError."""
    why = {
        "PINNED_CLOCK": site.pinned_clock and "the clock of this example stands still",
        # By when something was published people are judged, so nobody may choose that.
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "").strip()
        and "it would say when this was published, and only the machine's clock may",
    }
    for setting, reason in why.items():
        for target in targets if reason else ():
            if not is_local(target, os.environ, site.target(target)):
                raise SettingsError(setting, f"{reason}; remove it to publish to {target!r}")
