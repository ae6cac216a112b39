"""What a publish asks others while it imports what it needs itself: git, and each target's root."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from firstword import gitlog
from firstword.errors import FirstwordError
from firstword.store import Store
from firstword.store.state import State, read_root


class Beside:
    """Questions under way; each answer is waited for when it is needed."""

    def __init__(self, root: Path, stores: Sequence[Store], *, clean: bool = False) -> None:
        pool = ThreadPoolExecutor(1 + len(stores))
        self._roots = [(store.name, pool.submit(read_root, store)) for store in stores]
        self._source = pool.submit(gitlog.read_source, root, clean=clean)
        pool.shutdown(wait=False)

    def import_pelican(self) -> None:
        """Import what the build will; whatever is wrong with that, the build will say."""
        with suppress(Exception):
            import firstword.generating  # noqa: F401 - only so that it is there

    def source(self) -> gitlog.Source:
        """Return what is checked out. Raises FirstwordError."""
        return self._source.result()

    def roots(self) -> dict[str, State]:
        """Return the roots that could be read; who cannot be read will be asked, and say why."""
        found = {}
        for name, asked in self._roots:
            with suppress(FirstwordError, OSError):
                found[name] = asked.result()
        return found
