"""Decide which version of every file is shown: the newest that is good.

One person's broken file never holds up another's news. It stays at its last good version, from
git's history or from what a target remembers, and is reported; a file that was never good stays
out, as loudly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from firstword.check import check_published, clashes, remarks
from firstword.content.judging import Judged, judge
from firstword.content.scan import SourceFile
from firstword.model import Incident, Level, Problem, Site
from firstword.values import replace

#: Path → its contents in the past, newest first, each with a name for where it comes from.
Versions = Callable[[str], Iterable[tuple[str, bytes]]]
Since = Callable[[str], datetime | None]
#: Incident id → the ids of its updates that a target has published.
Published = Mapping[str, Collection[str]]


class Held(Struct, frozen=True):
    """A file that is not shown as it is now. `kept` names the version shown, "" for none."""

    path: str
    kept: str
    problems: tuple[Problem, ...]
    #: Why nothing is shown, where nothing is.
    why: str = "it was never good"

    def lines(self) -> tuple[str, ...]:
        """Say it loudly: every problem, then what is shown instead."""
        shown = f"shown as of {self.kept}" if self.kept else f"not shown: {self.why}"
        return (*map(str, self.problems), f"{self.path}: held back; {shown}")


class Content(Struct, frozen=True):
    """All that a site can be built from."""

    #: Originals with their translations, drafts and drills included, by path.
    incidents: tuple[Incident, ...]
    #: Path → the text that is shown, good by definition.
    sources: Mapping[str, str]
    #: Everything wrong with the files as they are now, sorted; warnings too.
    problems: tuple[Problem, ...]
    held: tuple[Held, ...]

    def published(self, site: Site) -> tuple[Incident, ...]:
        """Return what is built: no drafts, and drills only where they are on."""
        return tuple(
            replace(i, translations=tuple(t for t in i.translations if not t.draft))
            for i in self.incidents
            if not i.draft and (site.drills or not i.drill)
        )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that hold files back."""
        return tuple(p for p in self.problems if p.level is Level.ERROR)


class _Version(NamedTuple):
    incident: Incident
    data: bytes
    #: "" for the file as it is now.
    origin: str


def load(
    files: Iterable[SourceFile],
    site: Site,
    now: datetime,
    *,
    versions: Versions = lambda _path: (),
    since: Since = lambda _path: None,
    published: Published | None = None,
    refused: Mapping[str, Sequence[Problem]] = MappingProxyType({}),
    warnings: Iterable[Problem] = (),
    judged: Mapping[tuple[str, bytes], Judged] = MappingProxyType({}),
    public: Mapping[str, bytes] = MappingProxyType({}),
) -> Content:
    """Parse and check all files and choose a good version of each.

    The order of the files plays no part. `published` are the updates that readers already have;
    an older version of a file is not asked for them, as it is all there is. `refused` are further
    problems of files as they are now. `judged` is what (path, bytes) are, as far as it is known.
    `public` is, by path, what readers have and no rule takes away from them.
    """
    judge_of = _Judge(site, now, published or {}, judged, public)
    by_path = sorted(files, key=lambda file: file.path)
    problems: list[Problem] = list(warnings)
    queues: dict[str, Iterator[_Version]] = {}
    shown: dict[str, _Version] = {}
    for file in by_path:
        against = refused.get(file.path, ())
        queue = _good(file, judge_of, versions, problems, against)
        queues[file.path] = queue
        _take_next(file.path, queue, shown)
    while found := list(clashes([version.incident for version in shown.values()], since)):
        # Who clashes with a story that is itself about to fall back may not have to.
        falling = {clash.problem.path for clash in found}
        certain = [clash for clash in found if clash.other not in falling] or found
        problems += (c.problem for c in certain if not shown[c.problem.path].origin)
        for path in sorted({clash.problem.path for clash in certain}):
            _take_next(path, queues[path], shown)
    incidents = [version.incident for version in shown.values()]
    problems += (p for p in remarks(incidents) if not shown[p.path].origin)
    told = tuple(sorted(set(problems)))
    return Content(
        incidents=_with_translations(incidents),
        sources={path: v.data.decode("utf-8-sig") for path, v in sorted(shown.items())},
        problems=told,
        held=tuple(_held(by_path, shown, told)),
    )


class _Judge(Struct, frozen=True):
    """Tells by itself whether a text is a good story."""

    site: Site
    now: datetime
    published: Published
    judged: Mapping[tuple[str, bytes], Judged]
    #: Path → what readers have, which stays up whatever is demanded today.
    public: Mapping[str, bytes]

    def examine(
        self, data: bytes, path: str, *, current: bool
    ) -> tuple[Incident | None, list[Problem]]:
        """Return the story, if it is good, and everything wrong with it."""
        judged = self.judged.get((path, data)) or judge(SourceFile(path, data), self.site, self.now)
        incident, found = judged.incident, list(judged.problems)
        if incident is None:
            return None, found
        if current:
            known = frozenset(self.published.get(incident.id, ()))
            found = list(judged.against(self.site, known))
            found += [] if incident.language else check_published(incident, known, self.site)
        stays = not current and self.public.get(path) == data
        good = stays or all(problem.level is not Level.ERROR for problem in found)
        return (incident if good else None), found


def _good(
    file: SourceFile,
    judge: _Judge,
    versions: Versions,
    problems: list[Problem],
    against: Sequence[Problem],
) -> Iterator[_Version]:
    """Yield the versions of a file that are good by themselves, newest first.

    The problems of the file as it is now are collected on the way; older ones are nobody's work.
    """
    if file.problem:
        problems.append(file.problem)
    else:
        incident, found = judge.examine(file.data, file.path, current=True)
        problems.extend((*found, *against))
        if incident and not against:
            yield _Version(incident, file.data, "")
    seen = set() if judge.public.get(file.path) == file.data else {file.data}
    for origin, data in versions(file.path):
        if data not in seen:
            seen.add(data)
            incident, _ = judge.examine(data, file.path, current=False)
            if incident:
                yield _Version(incident, data, origin)


def _take_next(path: str, queue: Iterator[_Version], shown: dict[str, _Version]) -> None:
    version = next(queue, None)
    if version is None:
        shown.pop(path, None)
    else:
        shown[path] = version


def _with_translations(incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    """Put each translation beside its original; originals by path, translations by language."""
    by_slug: dict[str, list[Incident]] = {}
    for incident in sorted(incidents, key=lambda i: (i.language, i.path)):
        by_slug.setdefault(incident.slug, []).append(incident)
    originals = (i for i in sorted(incidents, key=lambda i: i.path) if not i.language)
    return tuple(
        replace(original, translations=tuple(i for i in by_slug[original.slug] if i.language))
        for original in originals
    )


def _held(
    files: Sequence[SourceFile], shown: Mapping[str, _Version], problems: Sequence[Problem]
) -> Iterator[Held]:
    for file in files:
        version = shown.get(file.path)
        if version is None or version.origin:
            yield Held(
                file.path,
                version.origin if version else "",
                tuple(p for p in problems if p.path == file.path and p.level is Level.ERROR),
            )
