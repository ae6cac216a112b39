"""What targets remembered of the stories that are kept, and what they remember otherwise now."""

from __future__ import annotations

import os

from firstword.cache.database import Cache
from firstword.manifest import Memory

#: Before what targets remembered. Any other note is a name for nothing: targets that were never
#: published to remember that, and so does a build without a target.
_TARGETS = "targets "


def differs(cache: Cache, memory: Memory | None) -> frozenset[str] | None:
    """Return the ids of stories that are remembered otherwise than they were; None = not known."""
    then = cache.meta("memory")
    if memory is None or not memory.records_began:
        return None if then.startswith(_TARGETS) else frozenset()
    changed = memory.changed(then.removeprefix(_TARGETS))
    if changed is None or then.startswith(_TARGETS):
        return changed
    # No target remembers a drill: once records began, each build is the first to publish its words.
    drills = cache.db.execute("SELECT id FROM story WHERE drill = 1")
    return changed.union(name for (name,) in drills)


def note_memory(cache: Cache, memory: Memory | None, *, changed: bool) -> str:
    """Note what is remembered of the stories as they are kept now; `changed` = some just were.

    Returns "", or the name of nothing: another one for each state of the stories that nobody
    remembered, and one that nobody else has. A target that they are then published to for the
    first time remembers no more of them than this build took for granted.
    """
    if memory is not None and memory.records_began:
        cache.note("memory", f"{_TARGETS}{memory.token}")
        return ""
    then = cache.meta("memory")
    same = then and not then.startswith(_TARGETS) and not changed
    nothing = then if same else os.urandom(16).hex()
    cache.note("memory", nothing)
    return nothing
