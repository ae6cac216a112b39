"""How what a target holds is cut into shards, so that an edit reads and writes a few of them. Pure.

    root ─► index: what of the site itself changed lately, tombstones, counts, and digests of
              ├─► cold      the rest of what belongs to no story
              └─► buckets   what belongs to stories; two for the square root of their number each

Whatever is looked up tells its bucket by its name alone: an object or a path that lies elsewhere
than its name says has a pointer there. So a look is certain, also of what is not there.
"""

from __future__ import annotations

from firstword.shards.documents import SHARDS, shard_digest, shard_key
from firstword.shards.revise import Draft, revise
from firstword.shards.tree import (
    Changed,
    Later,
    Read,
    Records,
    Tree,
    changes_of,
    count_pages,
    is_page,
    manifest_over,
    tree_of,
)

__all__ = [
    "SHARDS",
    "Changed",
    "Draft",
    "Later",
    "Read",
    "Records",
    "Tree",
    "changes_of",
    "count_pages",
    "is_page",
    "manifest_over",
    "revise",
    "shard_digest",
    "shard_key",
    "tree_of",
]
