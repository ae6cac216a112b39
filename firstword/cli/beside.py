"""What a publish asks others while it imports what it needs itself: git, and each target's root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from firstword import gitlog
from firstword.asked import Asked, let_go
from firstword.errors import FirstwordError
from firstword.gitlog.worktree import Worktree, about, noted_commit
from firstword.store import Ahead, Store
from firstword.store.state import State, read_root
from firstword.values import replace

#: Connections for an edit: it sends some thirty files.
_READY = 32
#: How long the end of a process waits for what nobody wants any more, in seconds.
_PATIENCE = 1.0


class Beside:
    """Questions under way; each answer is waited for when it is needed."""

    def __init__(
        self,
        root: Path,
        stores: Sequence[Store],
        content: Path | None,
        *,
        clean: bool = False,
        asked: Worktree | None = None,
        note: Callable[[], str] = str,
    ) -> None:
        """Ask; `content` = the folder whose incidents git is to look at for the build, too.

        `asked` = what git was asked a moment ago, where that is the folder. `note` tells what the
        last build left for who asks git.
        """
        # Its processes are started by this thread, so that they are under way at once.
        self._worktree = about(content, asked) if content else None
        self._roots = [(store.name, Asked(partial(read_root, store))) for store in stores]
        self._source = Asked(partial(_read_source, root, self._worktree, note, clean=clean))

    def import_builder(self, root: Path, settings: Mapping[str, Any]) -> None:
        """Import what the build will; whatever is wrong with that, the build will say."""
        with suppress(Exception):
            from firstword.building import is_plain

            if not is_plain(root, settings):
                import firstword.generating  # noqa: F401 - only so that it is there

    def source(self) -> gitlog.Source:
        """Return what is checked out. Raises FirstwordError."""
        return self._source.result()

    def worktree(self) -> Worktree | None:
        """Return what git was asked for the build, to the first who wants it: it grows old."""
        self._source.join()
        asked, self._worktree = self._worktree, None
        return asked

    def roots(self) -> dict[str, State]:
        """Return the roots that could be read; who cannot be read will be asked, and say why."""
        found = {}
        for name, asked in self._roots:
            with suppress(FirstwordError, OSError):
                found[name] = asked.result()
        return found

    def close(self) -> None:
        """Let go of the targets and of git where nobody waited for their answers."""
        let_go((asked for _, asked in self._roots), _PATIENCE)
        let_go([self._source], _PATIENCE)
        if self._worktree is not None and not self._source.is_alive():
            self._worktree.close()


def _read_source(
    root: Path, worktree: Worktree | None, note: Callable[[], str], *, clean: bool
) -> gitlog.Source:
    """Read what is checked out, and let no file be looked at twice. Raises FirstwordError."""
    but = worktree.within(root) if worktree else None
    if worktree is None or but is None:
        return gitlog.read_source(root, clean=clean)
    last = note()
    worktree.ask_ahead(noted_commit(last))
    source = gitlog.read_source(root, but=but)
    if source.commit is None:
        return source
    dirty = worktree.dirty(last)
    if dirty is None:
        dirty = bool(gitlog.uncommitted(root, but))
    return replace(source, dirty=source.dirty or dirty)


class Ready:
    """Stores that get ready for an edit while it is being built; nobody waits for that."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self._stores = [store for store in stores if isinstance(store, Ahead)]
        self._asked: list[Asked[None]] = []

    def begin(self, units: int) -> None:
        """Get ready for an edit that has so many units made: each is a file or two."""
        requests = min(units, _READY)
        self._asked += [Asked(partial(store.get_ready, requests)) for store in self._stores]

    def close(self) -> None:
        """Let go of whoever is not ready yet."""
        let_go(self._asked, _PATIENCE)
