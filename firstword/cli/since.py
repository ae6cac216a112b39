"""What was public at a commit or at the targets, beside the files as they are now."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path

from firstword import gitlog
from firstword.check.since import check_since, gone, restored
from firstword.cli.remembered import read_memory
from firstword.content import fills_gaps, scan, spelled
from firstword.errors import SettingsError
from firstword.folder import FOLDER
from firstword.model import Incident, Level, Problem, Site
from firstword.parse import parse

PUBLISHED = "published"


def problems_since(
    name: str, root: Path, folder: Path, site: Site, now: datetime
) -> Iterator[Problem]:
    """Yield what was public and reads otherwise now. Raises SettingsError for an unknown commit."""
    if name == PUBLISHED:
        # Which commit is live does not matter: what it says is at hand.
        commit, before = "", _published(root, site, now)
    else:
        commit = gitlog.commit_of(root, name) or ""
        if not commit:
            deepen = "; this clone is shallow: git fetch --unshallow" if _shallow(root) else ""
            raise SettingsError("--since", f"git has no commit {name!r} here{deepen}")
        incidents = f"{os.path.relpath(folder, root)}/{FOLDER}"
        before = dict(gitlog.changed_since(root, commit, incidents))
    yield from _Comparison(root, folder, site, commit, before).problems()


def _shallow(root: Path) -> bool:
    return gitlog.is_shallow(root)


def _published(root: Path, site: Site, now: datetime) -> dict[str, bytes]:
    """Return the files as they were published, translations too."""
    memory, manifests = read_memory(root, site, now)
    if not manifests:
        print("nothing is published yet", file=sys.stderr)
    return {path: memory.sources[path].encode() for path in memory.sources}


class _Comparison:
    """The files of a site, then and now."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        site: Site,
        commit: str,
        before: Mapping[str, bytes],
    ) -> None:
        self._root = root
        self._site = site
        self._commit = commit
        self._files = {file.path: file.data for file in scan(root, folder)[0]}
        self._before = {p: data for p, data in before.items() if self._files.get(p) != data}

    def problems(self) -> Iterator[Problem]:
        """Yield what is otherwise."""
        for path, data in self._before.items():
            old = self._read(data, path)
            if old is None:
                message = "could not be read as it was then, so nothing of it was compared"
                yield Problem(path, 1, "since", message, Level.WARNING)
                continue
            new = self._now(old)
            if new is not None:
                waived = spelled(self._root, self._site, new.path, data, self._commit)
                filled = fills_gaps(data.decode("utf-8", "replace"), self._files[new.path])
                # What was redacted since stays so, whatever an older commit said.
                older = () if filled else self._older(path)
                back = restored(older, old, new, self._site)
                yield from check_since(old, new, self._site, waived | back)
            elif path not in self._files or self._read(self._files[path], path) is not None:
                yield from gone(old, self._incidents)

    def _older(self, path: str) -> Iterator[Incident]:
        """Yield what the commit compared with, and those before it, said in a file."""
        if self._commit:
            for _, data in gitlog.versions(self._root, path, at=self._commit):
                incident = self._read(data, path)
                if incident is not None:
                    yield incident

    def _read(self, data: bytes, path: str) -> Incident | None:
        return parse(data, path, self._site.timezone).incident

    def _now(self, old: Incident) -> Incident | None:
        """Return the story of the same id and language, wherever its file lies now."""
        data = self._files.get(old.path)
        here = self._read(data, old.path) if data is not None else None
        if here is not None and _same(here, old):
            return here
        return next((one for one in self._incidents if _same(one, old)), None)

    @cached_property
    def _incidents(self) -> list[Incident]:
        found = (self._read(data, path) for path, data in sorted(self._files.items()))
        return [incident for incident in found if incident is not None]


def _same(one: Incident, other: Incident) -> bool:
    return (one.id, one.language) == (other.id, other.language)
