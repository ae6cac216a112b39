"""What a publish asks others while it imports what it needs itself: git, and each target's root."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from firstword import gitlog
from firstword.errors import FirstwordError
from firstword.gitlog.worktree import Worktree
from firstword.store import Store
from firstword.store.state import State, read_root
from firstword.values import replace


class Beside:
    """Questions under way; each answer is waited for when it is needed."""

    def __init__(
        self, root: Path, stores: Sequence[Store], content: Path | None, *, clean: bool = False
    ) -> None:
        """Ask; `content` = the folder whose incidents git is to look at for the build, too."""
        # Its processes are started by this thread, so that they are under way at once.
        self._worktree = Worktree(content, others=True) if content and not clean else None
        pool = ThreadPoolExecutor(1 + len(stores))
        self._roots = [(store.name, pool.submit(read_root, store)) for store in stores]
        self._source = pool.submit(_read_source, root, self._worktree, clean=clean)
        pool.shutdown(wait=False)

    def import_pelican(self) -> None:
        """Import what the build will; whatever is wrong with that, the build will say."""
        with suppress(Exception):
            import firstword.generating  # noqa: F401 - only so that it is there

    def source(self) -> gitlog.Source:
        """Return what is checked out. Raises FirstwordError."""
        return self._source.result()

    def worktree(self) -> Worktree | None:
        """Return what git was asked for the build, to the first who wants it: it grows old."""
        self._source.exception()
        asked, self._worktree = self._worktree, None
        return asked

    def roots(self) -> dict[str, State]:
        """Return the roots that could be read; who cannot be read will be asked, and say why."""
        found = {}
        for name, asked in self._roots:
            with suppress(FirstwordError, OSError):
                found[name] = asked.result()
        return found


def _read_source(root: Path, worktree: Worktree | None, *, clean: bool) -> gitlog.Source:
    """Read what is checked out, and let no file be looked at twice. Raises FirstwordError."""
    but = worktree.within(root) if worktree else None
    if worktree is None or but is None:
        return gitlog.read_source(root, clean=clean)
    source, now = gitlog.read_source(root, but=but), worktree.now()
    if source.commit is None:
        return source
    dirty = now.dirty if now else None
    if dirty is None:
        dirty = bool(gitlog.uncommitted(root, but))
    return replace(source, dirty=source.dirty or dirty)
