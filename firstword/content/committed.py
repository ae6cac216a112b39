"""Incident files as a commit holds them: what lies in the working tree is not looked at."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from firstword import gitlog
from firstword.content.scan import SourceFile, shown, unread
from firstword.errors import BuildError
from firstword.folder import FOLDER, hidden
from firstword.model import Level, Problem
from firstword.parse.text import MOST_BYTES

_FILES = frozenset({"100644", "100755"})
_GONE = "000000"


class CommittedFile(Struct, frozen=True):
    """One incident file that a commit holds, and that was not read."""

    path: str
    blob: str
    mode: str
    commit: Commit

    @property
    def signature(self) -> str:
        """Another one where the file is another one."""
        return f"git:{self.mode}:{self.blob}"

    def read(self, _content: Path) -> SourceFile:
        """Read it as the commit has it."""
        if self.mode not in _FILES:
            return unread(self.path, "symlink", "is no file but a link, in the commit")
        data = self.commit.blobs().read(self.blob)
        if len(data) > MOST_BYTES:
            return unread(
                self.path, "size", f"{len(data)} bytes; an incident file has at most {MOST_BYTES}"
            )
        return SourceFile(self.path, data)


class Commit:
    """The incident files of one commit."""

    def __init__(self, root: Path, content: Path, commit: str) -> None:
        self.id = commit
        self._root = root
        self._content = content
        self._folder = Path(os.path.relpath(content / FOLDER, root)).as_posix()
        self._blobs: gitlog.Blobs | None = None

    def refuse_other_changes(self, *more: Path) -> None:
        """Refuse settings, a theme, pictures or pages that are not as the commit has them.

        They are read where they lie. Raises BuildError.
        """
        beside = [path for path in sorted(self._content.iterdir()) if path.name != FOLDER]
        inside = [p for p in (*more, *beside) if p.resolve().is_relative_to(self._root.resolve())]
        paths = [os.path.relpath(path, self._root) for path in inside]
        if found := gitlog.uncommitted(self._root, *paths):
            raise BuildError(
                f"not committed, so it cannot be built from a commit: {found[0][3:]!r}"
            )

    def look(self) -> tuple[list[CommittedFile], list[Problem]]:
        """See every incident file, without reading one; what is no incident file is a warning."""
        return self._sorted(gitlog.tree(self._root, self.id, self._folder))

    def since(self, older: str) -> tuple[list[CommittedFile], set[str]] | None:
        """Return the files that are others than in an older commit, and the paths that are gone.

        None where git cannot tell, or where more than incident files changed.
        """
        found = gitlog.changes(self._root, older, self.id, self._folder)
        if found is None:
            return None
        seen, problems = self._sorted([held for held in found if held.mode != _GONE])
        gone, others = self._sorted([held for held in found if held.mode == _GONE])
        if problems or others:
            return None
        return seen, {file.path for file in gone}

    def blobs(self) -> gitlog.Blobs:
        """Return who reads files."""
        if self._blobs is None:
            self._blobs = gitlog.Blobs(self._root)
        return self._blobs

    def close(self) -> None:
        """Let go of git."""
        if self._blobs is not None:
            self._blobs.close()
            self._blobs = None

    def _sorted(self, found: list[gitlog.Held]) -> tuple[list[CommittedFile], list[Problem]]:
        seen: list[CommittedFile] = []
        problems: list[Problem] = []
        for held in found:
            parts = Path(held.path[len(self._folder) + 1 :]).parts
            if hidden(parts):
                continue
            path = shown(self._root / held.path, self._root)
            name = parts[-1]
            if name.endswith(".md"):
                seen.append(CommittedFile(path, held.blob, held.mode, self))
            else:
                message = f"{name!r} is not read: incident files end in '.md'"
                problems.append(Problem(path, 1, "not-markdown", message, Level.WARNING))
        return seen, problems
