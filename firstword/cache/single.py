"""What is shown of one file, as far as that can be told without the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from firstword.cache.files import Line
from firstword.cache.findings import Findings
from firstword.content import fills_gaps
from firstword.content.judging import Fresh, Judged, links_of
from firstword.content.load import Published
from firstword.content.read import good_at, read_alone
from firstword.content.scan import SourceFile
from firstword.model import Level, Problem, Site
from firstword.parse.names import language_of


class Unusual(Exception):
    """Something that only all files together can tell."""


class Single(Struct, kw_only=True):
    """Looks at files one by one, and notes in `found` which are held back."""

    site: Site
    root: Path
    now: datetime
    sources: Mapping[str, str]
    published: Published
    found: Findings
    #: What is wrong with files of which nothing is shown.
    untold: list[Problem] = []

    def line(self, one: Fresh, judged: Judged) -> Line | None:
        """Return a file, or the last good version of a bad one; None without one.

        Raises Unusual.
        """
        self.found.parsed += 1
        return self._good(one, judged) or self._held_back(one.file, judged)

    def _good(self, one: Fresh, judged: Judged) -> Line | None:
        """Return a file that is good by itself; None for another."""
        file, incident = one.file, judged.incident
        remembered = self.sources.get(file.path)
        if file.problem or (remembered is not None and fills_gaps(remembered, file.data)):
            return None
        if incident is None:
            return None
        problems = judged.against(self.site, self.published.get(incident.id, ()))
        if any(problem.level is Level.ERROR for problem in problems):
            return None
        return Line(
            path=file.path,
            signature=one.signature,
            blob=one.blob,
            incident=incident,
            text=file.data.decode("utf-8-sig"),
            problems=list(problems),
            links=judged.links,
        )

    def _held_back(self, file: SourceFile, judged: Judged) -> Line | None:
        """Hold a file back; return what is shown in its place. Raises Unusual."""
        if language_of(file.path):
            # A translation falls back together with what it translates.
            raise Unusual
        content = read_alone(
            file,
            judged,
            site=self.site,
            root=self.root,
            now=self.now,
            remembered=self.sources,
            published=self.published,
        )
        if not content.held:
            raise Unusual
        self.found.held = tuple(sorted((*self.found.held, *content.held), key=lambda h: h.path))
        good = good_at(content, self.root, self.site, self.now, {file.path: file.data})
        self.found.good_at = min(filter(None, (good, self.found.good_at)), default=None)
        if not content.incidents:
            self.untold += content.problems
            return None
        [incident] = content.incidents
        return Line(
            path=file.path,
            # What is shown is not what the file holds: it is read again next time.
            signature="",
            blob="",
            incident=incident,
            text=content.sources[file.path],
            problems=list(content.problems),
            links=links_of(incident),
        )
