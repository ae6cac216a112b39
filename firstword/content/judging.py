"""What one file is by itself: the same whoever finds it out, in whatever process."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice, tee
from typing import Protocol

from msgspec import Struct

from firstword.check import check_incident, check_told
from firstword.content.scan import SourceFile
from firstword.markup import linked_slugs
from firstword.model import Incident, Level, Problem, Site
from firstword.parse import parse


class Judged(Struct, frozen=True, kw_only=True, array_like=True):
    """One file, as nobody who knows other files or targets has looked at it yet."""

    #: None = it tells no story.
    incident: Incident | None
    #: What is wrong with its form and its facts.
    problems: tuple[Problem, ...]
    #: What it leaves unsaid, as if no reader had any of it yet.
    unsaid: tuple[Problem, ...] = ()
    #: The slugs that its words link to.
    links: tuple[str, ...] = ()

    def against(self, site: Site, published: Collection[str]) -> tuple[Problem, ...]:
        """Return all that is wrong with it, where readers have some of its updates already."""
        unsaid = self.unsaid
        # Of what they have, less is demanded: an error may be none.
        if published and self.incident and any(p.level is Level.ERROR for p in unsaid):
            unsaid = tuple(check_told(self.incident, site, published))
        return (*self.problems, *unsaid)


class Fresh(Struct, frozen=True):
    """A file whose bytes are others than before, as it was found."""

    file: SourceFile
    signature: str
    blob: str


class Judges(Protocol):
    """Whoever judges many files at a time."""

    #: From how many files on that is quicker than one by one.
    worth: int

    def judge(self, site: Site, now: datetime, files: Iterable[SourceFile]) -> Iterator[Judged]:
        """Yield what each file is, in their order."""
        ...


def judge(file: SourceFile, site: Site, now: datetime) -> Judged:
    """Find out what a file is."""
    parsed = parse(file.data, file.path, site.timezone)
    incident = parsed.incident
    if incident is None:
        return Judged(incident=None, problems=tuple(parsed.problems))
    return Judged(
        incident=incident,
        problems=(*parsed.problems, *check_incident(incident, site, now)),
        unsaid=tuple(check_told(incident, site)),
        links=links_of(incident),
    )


def judge_each(
    fresh: Iterator[Fresh], most: int, site: Site, now: datetime, judges: Judges | None
) -> Iterator[tuple[Fresh, Judged]]:
    """Yield each file with what it is; where there are many, others help.

    `most` = how many there can be. One file is read when it is asked for, or a few ahead.
    """
    if judges and most >= judges.worth:
        first = list(islice(fresh, judges.worth))
        fresh = chain(first, fresh)
        if len(first) >= judges.worth:
            asked, kept = tee(fresh)
            yield from zip(kept, judges.judge(site, now, (f.file for f in asked)), strict=True)
            return
    for one in fresh:
        yield one, judge(one.file, site, now)


def judge_all(
    files: Sequence[SourceFile], site: Site, now: datetime, judges: Judges | None
) -> Iterator[Judged]:
    """Yield what each file is, in their order; where there are many, others help."""
    if judges and len(files) >= judges.worth:
        return judges.judge(site, now, files)
    return (judge(file, site, now) for file in files)


def links_of(incident: Incident) -> tuple[str, ...]:
    """Return the slugs that a story's words link to."""
    return tuple(slug for update in incident.updates for slug in linked_slugs(update.body))
