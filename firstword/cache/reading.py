"""Reads what changed since the last build, and keeps the stories as they are to be shown.

The common edit looks at its own file, at what shares a name with it and at what links to it. A file
that is bad by itself stays at its last good version, or out. As soon as anything else is out of the
ordinary (two that claim one name, a published story that would go away), everything is judged as
without a cache, by `content`: the one place that decides which version of a file is shown.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct, field

from firstword.cache import codec
from firstword.cache.database import Cache
from firstword.cache.files import Files, Line
from firstword.cache.findings import Findings
from firstword.cache.remembered import differs, note_memory
from firstword.cache.shown import Shown, records_of
from firstword.cache.single import Single, Unusual
from firstword.check import check_published, check_settings, claims, fits, remarks_on
from firstword.check.times import AHEAD
from firstword.content import (
    Commit,
    CommittedFile,
    Content,
    Guard,
    Seen,
    look,
    look_at,
    read_content,
    with_signers,
)
from firstword.content.judging import Fresh, Judges, judge_each, links_of
from firstword.content.read import good_at
from firstword.content.scan import shown as spelled
from firstword.folder import FOLDER
from firstword.gitlog.call import blob_id
from firstword.gitlog.worktree import Worktree
from firstword.manifest import Memory
from firstword.model import Incident, Problem, Site
from firstword.parse.names import translated_slugs
from firstword.settings import CONF
from firstword.values import replace


class Reader(Struct, kw_only=True, dict=True):
    """One reading of a content folder."""

    cache: Cache
    site: Site
    root: Path
    content_folder: Path
    now: datetime
    memory: Memory | None
    #: Another one where code or settings could judge otherwise.
    grammar: str
    #: The number of this build, for whoever asks what changed since another.
    number: int
    #: Whose files are read; None = those that lie in the folder.
    commit: Commit | None = None
    #: All that was written since the last build, where somebody watched; None = look everywhere.
    named: Collection[Path] | None = None
    #: What git says of the files that lie there; None = nobody asked it.
    worktree: Worktree | None = None
    #: Who helps where there is much to read; None = nobody.
    judges: Judges | None = None
    found: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        self.files = Files(self.cache.db)
        self.published = self.memory.stamps if self.memory else {}
        self.sources = self.memory.sources if self.memory else {}
        self.paths = self.memory.paths if self.memory else {}
        self.guard = Guard(site=self.site, root=self.root, sources=self.sources, paths=self.paths)
        self.shown = Shown(
            cache=self.cache,
            files=self.files,
            site=self.site,
            memory=self.memory,
            records=records_of(self.memory),
            grammar=self.grammar,
            number=self.number,
            changes=self.found.changes,
        )
        self._judged: dict[str, None] = {}
        self._folder = self.content_folder / FOLDER
        #: What was read, relative to the folder of incidents; None = all of it.
        self._opened: list[str] | None = []
        #: Whether every file was looked at.
        self._looked = False
        #: Whether nothing was known before; then stories that one file tells are put at once.
        self._empty = False
        self._early: set[str] = set()
        self._single = Single(
            site=self.site,
            root=self.root,
            now=self.now,
            sources=self.sources,
            published=self.published,
            found=self.found,
        )

    def read(self) -> Findings:
        """Read, check, and keep. Raises what reading everything raises."""
        try:
            warnings = self._look_and_take()
            warnings += [*check_settings(self.site, CONF), *self._single.untold]
            judged = self.files.problems(None if self._anew else self._judged)
            self.found.problems = tuple(sorted({*warnings, *judged}))
            self.found.every = lambda: tuple(sorted({*warnings, *self.files.problems()}))
            paths = {problem.path for problem in self.found.problems}
            self.found.newest = self.files.newest(paths)
            self.found.others = self.files.with_problems() - len(self.found.newest)
            self.cache.note("tidy", "yes")
        except Unusual:
            self._everything()
        self.cache.note("held", "yes" if self.found.held else "no")
        self.cache.note("grammar", self.grammar)
        self.cache.note("commit", self.commit.id if self.commit else "")
        self.cache.note("worktree", self._doubts())
        changed = bool(self.found.changes)
        self.found.unremembered = note_memory(self.cache, self.memory, changed=changed)
        return self.found

    def _doubts(self) -> str:
        """Return what a later build needs to know to ask git alone."""
        known = partial(self.files.blobs, f"{spelled(self._folder, self.root)}/")
        looked = known if self._looked else None
        return self.worktree.note(self._opened, looked) if self.worktree else ""

    # ── the common edit ──────────────────────────────────────────────────────────────────────────

    def _look_and_take(self) -> list[Problem]:
        """Bring the cache up to date with the files; return what no file is to blame for.

        Raises Unusual.
        """
        if self.cache.meta("tidy") == "no":
            raise Unusual
        anew = self._anew
        # Of a file that is held, nobody can say that it is as it was read.
        if not anew and all(self.cache.meta(key) == "no" for key in ("strays", "held")):
            told = self._told(self.cache.meta("commit"))
            if told is not None:
                self._take(*told, anew=anew)
                return []
        seen, warnings = self._look()
        known = self.files.signatures()
        changed = [s for s in seen if anew or not s.signature or known.get(s.path) != s.signature]
        self._take(changed, known.keys() - {s.path for s in seen}, anew=anew)
        self.cache.note("strays", "yes" if warnings else "no")
        return warnings

    def _told(self, before: str) -> tuple[Sequence[Seen | CommittedFile], set[str]] | None:
        """Return what changed and what is gone, where somebody knows it of every file."""
        if self.commit:
            return self.commit.since(before) if before else None
        named = None if before else self.named
        if named is None and self.worktree is not None:
            paths = self.worktree.written_since(self.cache.meta("worktree"))
            named = None if paths is None else {self._folder / path for path in paths}
        found = None if named is None else look_at(self.root, self.content_folder, named)
        if found is None:
            return None
        known = self.files.signature
        others = [s for s in found[0] if not s.signature or s.signature != known(s.path)]
        return others, {path for path in found[1] if self.files.head(path)}

    def _look(self) -> tuple[list[Seen] | list[CommittedFile], list[Problem]]:
        self._looked = True
        return self.commit.look() if self.commit else look(self.root, self.content_folder)

    def _take(
        self, changed: Sequence[Seen | CommittedFile], gone: Iterable[str], *, anew: bool
    ) -> None:
        """Read what changed and forget what is gone. Raises Unusual."""
        #: Slug → whether it was there, and was no draft, before.
        before: dict[str, tuple[bool, bool]] = {}
        ids: dict[str, None] = {}
        took: list[str] = []
        #: Of those, what nothing beside it says anything about.
        plain: set[str] = set()
        for path in sorted(gone):
            self._remember(path, before, ids)
            self.files.drop(path)
        fresh = self._fresh(changed, anew=anew)
        self._empty = not before and self.files.empty() and self.shown.empty()
        translated = translated_slugs(one.path for one in changed) if self._empty else set()
        for one, judged in judge_each(fresh, len(changed), self.site, self.now, self.judges):
            path = one.file.path
            line = self._single.line(one, judged)
            if not self._empty:
                self._remember(path, before, ids)
                self.files.drop(path)
            if line is None:
                continue
            incident = line.incident
            self.files.put(line)
            self.files.claim(path, claims(incident))
            before.setdefault(incident.slug, (False, False))
            took.append(path)
            # What is said of an older version is nobody's work.
            if not (line.blob and (incident.language or incident.aliases or judged.links)):
                plain.add(path)
            if self._empty and not incident.language and incident.slug not in translated:
                self._story(incident.id, incident, self.shown.digest((path, line.text)))
                self._early.add(incident.id)
        if not self.files.alone(took, every=self._empty):
            raise Unusual
        self._beside(took, before, plain)
        if self.files.newest_instant() > codec.from_instant(self.now + AHEAD):
            raise Unusual
        self._stories(self._touched_ids(before, ids))

    def _remember(
        self, path: str, before: dict[str, tuple[bool, bool]], ids: dict[str, None]
    ) -> None:
        """Note what a file was about before it is read again or forgotten."""
        line = self.files.head(path)
        if line is not None:
            slug, name, language, hidden = line
            here = not language
            known = before.get(slug, (False, False))
            before[slug] = (known[0] or here, known[1] or (here and not hidden))
            ids[name] = None

    def _fresh(self, changed: Iterable[Seen | CommittedFile], *, anew: bool) -> Iterator[Fresh]:
        """Read what changed; yield it where its bytes are others than before."""
        for one in changed:
            if not anew and one.blob and one.blob == self.files.blob(one.path):
                self.files.sign(one.path, one.signature)
                continue
            file = one.read(self.content_folder)
            self.found.files_read += 1
            if self._opened is not None and isinstance(one, Seen):
                self._opened.append(os.path.relpath(one.full, self._folder))
            blob = blob_id(file.data)
            if not anew and not file.problem and blob == self.files.blob(one.path):
                self.files.sign(one.path, one.signature)
                continue
            yield Fresh(file, one.signature, blob)

    def _beside(
        self, took: list[str], before: Mapping[str, tuple[bool, bool]], plain: Collection[str]
    ) -> None:
        """Check files beside the others that they have to do with. Raises Unusual.

        Nothing can be said of the `plain` ones, which are not read again for it.
        """
        by_slug = self.files.by_slug()
        beside = dict.fromkeys(took)
        others_there = False
        # Beside all that there is there is nothing.
        for slug, (was, shown) in () if self._empty else before.items():
            beside |= dict.fromkeys(self.files.paths(slug))
            if self.files.original(slug) != (was, shown):
                others_there = True
                beside |= dict.fromkeys(self.files.linking(slug))
        if others_there:
            # "Did you mean ...?" is answered from all the names there are.
            beside |= dict.fromkeys(self.files.with_dead_links())
        self._judged = beside
        for path in (path for path in beside if path not in plain):
            incident = self.files.incident(path)
            if not fits(incident, by_slug):
                raise Unusual
            # Only who links, or is somebody's translation, can be told something.
            if not self.files.lonely(path):
                self.files.remark(path, list(remarks_on(incident, by_slug)))

    def _touched_ids(
        self, before: Mapping[str, tuple[bool, bool]], ids: Mapping[str, None]
    ) -> dict[str, None]:
        """Return the ids of every story that may be another one now."""
        touched = dict.fromkeys(self.files.all_ids()) if self._empty else dict(ids)
        for slug in () if self._empty else before:
            touched |= dict.fromkeys(self.files.ids(slug))
        otherwise = differs(self.cache, self.memory)
        if otherwise is None:
            return touched | dict.fromkeys(self.files.all_ids()) | dict.fromkeys(self.published)
        # An update that no target holds yet is first published by this very build.
        unknown = self.cache.db.execute("SELECT id FROM story WHERE substr(stamps, 1, 1) = '?'")
        return touched | dict.fromkeys(otherwise) | {name: None for (name,) in unknown}

    @property
    def _anew(self) -> bool:
        """Whether code or settings could judge every file otherwise than the cache says."""
        return self.cache.meta("grammar") != self.grammar

    def _stories(self, ids: Iterable[str]) -> None:
        """Put the stories of some ids as their files tell them now. Raises Unusual."""
        for name in sorted(ids):
            if name not in self._early:
                self._story(name, self.files.story(name))
        self.shown.sum_up()

    def _story(self, name: str, told: Incident | None, digest: str = "") -> None:
        """Put one story as its files tell it, which have a digest. Raises Unusual."""
        if self.memory is not None and name in self.published:
            known = frozenset(self.published[name])
            if told is None or told.draft or told.drill:
                raise Unusual
            broken = next(check_published(told, known, self.site), None)
            if broken or self.guard.objects(told, self.files.text):
                raise Unusual
        self.shown.show(name, told, digest)

    # ── everything ───────────────────────────────────────────────────────────────────────────────

    def _everything(self) -> None:
        """Judge all files anew, together, with git and the targets as their memory."""
        self._opened = None
        if self._early:
            self.shown.clear()
        memory = self.memory
        seen, warnings = self._look()
        self.cache.note("strays", "yes" if warnings else "no")
        committed = [one.read(self.content_folder) for one in seen] if self.commit else []
        content = read_content(
            self.site,
            self.root,
            self.content_folder,
            self.now,
            self.sources,
            published=memory.stamps if memory else None,
            paths=self.paths,
            scanned=(committed, warnings) if self.commit else None,
            judges=self.judges,
        )
        self.found.files_read += len(seen)
        self.found.parsed += len(seen)
        self.found.problems = content.problems
        self.found.every = lambda: content.problems
        self.found.newest = {
            one.path: codec.from_instant(one.updated_at)
            for incident in content.incidents
            for one in (incident, *incident.translations)
        }
        self.found.held = content.held
        self.found.good_at = good_at(
            content, self.root, self.site, self.now, {one.path: one.data for one in committed}
        )
        self.found.site = with_signers(
            self.site, content.published(self.site), memory.veils if memory else {}
        )
        self._keep(content, {one.path: one.signature for one in seen})
        # Whether a held file is still bad shows when it is read; of the rest nobody would know.
        loose = {one.path for one in content.errors} - {one.path for one in content.held}
        self.cache.note("tidy", "no" if loose else "yes")
        ids = {i.id for i in content.incidents}
        ids |= {name for (name,) in self.cache.db.execute("SELECT id FROM story")}
        for name in sorted(ids):
            self.shown.show(name, self.files.story(name))
        self.shown.sum_up()

    def _keep(self, content: Content, signatures: Mapping[str, str]) -> None:
        """Put every file as it is shown."""
        self.files.clear()
        shown = [i for one in content.incidents for i in (one, *one.translations)]
        by_slug = {i.slug: i for i in content.incidents}
        kept = {held.path for held in content.held}
        problems: dict[str, list[Problem]] = {}
        for problem in content.problems:
            problems.setdefault(problem.path, []).append(problem)
        for told in shown:
            incident = replace(told, translations=())
            remarks = list(remarks_on(incident, by_slug))
            text = content.sources[incident.path]
            self.files.put(
                Line(
                    path=incident.path,
                    # What is shown is not what the file holds: it is read again next time.
                    signature="" if incident.path in kept else signatures.get(incident.path, ""),
                    blob="" if incident.path in kept else blob_id(text.encode()),
                    incident=incident,
                    text=text,
                    problems=[p for p in problems.get(incident.path, ()) if p not in remarks],
                    links=links_of(incident),
                )
            )
            self.files.remark(incident.path, remarks)
            self.files.claim(incident.path, claims(incident))
