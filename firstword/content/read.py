"""Read a site's content folder, with git and the targets as its memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from firstword import gitlog
from firstword.check import check_settings
from firstword.check.times import AHEAD
from firstword.content.gone import Rescue, lost, rescue
from firstword.content.guard import Guard, Paths, fills_gaps, withhold
from firstword.content.judging import Judged, Judges, judge_all
from firstword.content.load import Content, Published, load
from firstword.content.scan import SourceFile, scan
from firstword.model import Problem, Site
from firstword.parse import parse
from firstword.settings import CONF
from firstword.values import replace

PUBLISHED = "what is published"
NEWS = "what is published, with its new updates"
#: Older than any file: a published story keeps its names.
_EVER = datetime.min.replace(tzinfo=UTC)


def read_content(
    site: Site,
    root: Path,
    content_folder: Path,
    now: datetime,
    remembered: Mapping[str, str] | None = None,
    *,
    published: Published | None = None,
    paths: Paths | None = None,
    scanned: tuple[list[SourceFile], list[Problem]] | None = None,
    judges: Judges | None = None,
) -> Content:
    """Read and check a site's content folder, with git and the targets as its memory.

    `scanned` = what a commit holds, in the place of what lies in the folder. `judges` help where
    there are many files.

    `remembered` holds the last good text of each path, `published` the updates readers have, and
    `paths` the files of each story. A published story that the files would take away, or change
    silently, is shown as it is published.
    """
    known = remembered or {}

    def versions(path: str) -> Iterator[tuple[str, bytes]]:
        if path in kept.only:
            named = ((NEWS, kept.news.get(path)), (PUBLISHED, kept.only[path]))
            return iter([(name, text.encode()) for name, text in named if text])
        return _versions(root, path, known.get(path))

    def since(path: str) -> datetime | None:
        return _EVER if kept.only.get(path) is not None else gitlog.added_at(root, path)

    def judged() -> Content:
        return load(
            kept.files,
            site,
            now,
            versions=versions,
            since=since,
            published=published,
            refused=kept.refused,
            warnings=[*warnings, *check_settings(site, CONF)],
            judged=known_as,
            public={path: text.encode() for path, text in kept.only.items() if text is not None},
        )

    files, warnings = scan(root, content_folder) if scanned is None else scanned
    kept = Rescue(files=tuple(_guarded(file, known.get(file.path)) for file in files), only={})
    whole = [file for file in kept.files if not file.problem]
    # It may be asked for several times: what is published can speak against some files.
    found = judge_all(whole, site, now, judges)
    known_as = {(f.path, f.data): one for f, one in zip(whole, found, strict=True)}
    content = judged()
    if gone := lost(content, site, known, published or {}):
        kept = rescue(kept.files, content, gone, known)
        content = judged()
    guard = Guard(site=site, root=root, sources=known, paths=paths or {})
    while held := withhold(guard, content, kept):
        kept = held
        content = judged()
    return _explained(content, root, kept.only)


def read_alone(
    file: SourceFile,
    judged: Judged,
    *,
    site: Site,
    root: Path,
    now: datetime,
    remembered: Mapping[str, str],
    published: Published,
) -> Content:
    """Read one file, with git and the targets as its memory, as if there were no others.

    Whether others speak against what is shown of it, and whether its story may go, is to be asked.
    """
    last = remembered.get(file.path)
    content = load(
        [_guarded(file, last)],
        site,
        now,
        versions=lambda path: _versions(root, path, last),
        published=published,
        judged={(file.path, file.data): judged},
    )
    return _explained(content, root, {})


def _versions(root: Path, path: str, last: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield what a file was, newest first: in git's history, and as it was published last."""
    from_git = ((f"commit {commit[:10]}", data) for commit, data in gitlog.versions(root, path))
    # An older version may hold what was redacted since: that never comes back.
    safe = (version for version in from_git if last is None or not fills_gaps(last, version[1]))
    return chain(safe, [(PUBLISHED, last.encode())] if last is not None else [])


def _explained(content: Content, root: Path, only: Mapping[str, str | None]) -> Content:
    """Say why a file is not shown; a history that ends early proves nothing about the past."""
    out = {held.path for held in content.held if not held.kept}
    why = dict.fromkeys(out & only.keys(), "its story is shown as it is published")
    if out - why.keys() and gitlog.is_shallow(root):
        unknown = "no good version is known here; this clone is shallow"
        why |= dict.fromkeys(out - why.keys(), unknown)
    held = (replace(one, why=why.get(one.path, one.why)) for one in content.held)
    return replace(content, held=tuple(held))


def _guarded(file: SourceFile, published: str | None) -> SourceFile:
    """Hold back a file that would bring back what was redacted."""
    lost = fills_gaps(published, file.data) if published is not None and not file.problem else ()
    if not lost:
        return file
    message = (
        f"would bring back what was redacted: {lost[0]}; put this gap back, or pull the commit"
    )
    return replace(file, problem=Problem(file.path, 1, "redacted", message))


def good_at(
    content: Content, root: Path, site: Site, now: datetime, committed: Mapping[str, bytes]
) -> datetime | None:
    """Return when the first file that is held only for being signed ahead can be shown.

    `committed` = what a commit holds, by path, in the place of what lies there.
    """
    found: list[datetime] = []
    for held in content.held:
        if held.problems and all(p.rule == "future" for p in held.problems):
            try:
                data = committed.get(held.path) or (root / held.path).read_bytes()
            except OSError:
                continue
            incident = parse(data, held.path, site.timezone).incident
            if incident is not None:
                found.append(incident.updates[-1].at - AHEAD)
    return min((at for at in found if at > now), default=None)


def report(content: Content) -> Iterator[str]:
    """Yield every problem, then every file that is held back, ready to print."""
    yield from map(str, content.problems)
    for held in content.held:
        yield held.lines()[-1]
