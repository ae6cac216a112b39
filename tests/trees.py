"""Shards in a dict: to write what a target holds, and to read it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from firstword.manifest import Manifest
from firstword.shards import manifest_over, revise, shard_digest
from firstword.values import replace


@dataclass
class Shelf:
    """Bodies by digest, and which of them were read."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)

    def __call__(self, digest: str, _others: Callable[[], Iterable[str]]) -> bytes:
        self.read.append(digest)
        return self.bodies[digest]

    def open(self, manifest: Manifest) -> Manifest:
        """Return a manifest as the next publish finds it: nothing is read yet."""
        return manifest_over(manifest, self)

    def keep(self, after: Manifest, before: Manifest | None = None) -> tuple[Manifest, list[bytes]]:
        """Write what changed; return the manifest as the next publish finds it, and the shards."""
        draft = revise(before or Manifest(), after)
        written = [*filter(None, draft.leaves.values()), draft.over(draft.leaves).to_bytes()]
        for digest in draft.replaced():
            self.bodies.pop(digest, None)
        self.bodies |= {shard_digest(body): body for body in written}
        return self.open(replace(after, index=shard_digest(written[-1]))), written


def again(manifest: Manifest) -> Manifest:
    """Return what reads back after a manifest was written."""
    return Shelf().keep(manifest)[0]
