"""What the targets of a site remember, for commands that only ask."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.model import Site, Target

if TYPE_CHECKING:
    from firstword.manifest import Manifest, Memory

#: Requests at a time, for the shards of one target.
_WORKERS = 8


def read_memory(root: Path, site: Site, now: datetime) -> tuple[Memory, Sequence[Manifest]]:
    """Read what all targets together remember, and what each holds that was ever published to.

    Raises StoreError where one of them cannot be read: what it knows could say otherwise.
    """
    from firstword.memory import merge_memory

    manifests = [manifest for _, manifest in read_targets(root, site)]
    return merge_memory(manifests, now), [one for one in manifests if one.published]


def read_targets(root: Path, site: Site) -> Sequence[tuple[Target, Manifest]]:
    """Read what each target holds and remembers. Raises StoreError as `read_memory` does."""
    from firstword.pelican_defaults import CACHE_PATH
    from firstword.store import open_store
    from firstword.store.kept import KeptShards
    from firstword.store.state import read_state

    shards = KeptShards(root / CACHE_PATH / "target" / "shards")
    found = []
    for target in site.targets:
        name = target.name if "://" in target.name else str(root / target.name)
        store = open_store(name, environ=os.environ, options=target)
        found.append((target, read_state(store, shards, _WORKERS).manifest))
    return found
