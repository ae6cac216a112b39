"""Whether a publish is due, told by a target's root alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from firstword.gitlog import Source
from firstword.headers import HEADERS
from firstword.manifest import Manifest


def due(
    root: Manifest, source: Source, *, now: datetime, pages_now: datetime, came_to_nothing: bool
) -> str | None:
    """Say why a target needs a publish, or None.

    `now` is the real time, `pages_now` what pages take for it. `came_to_nothing`: this very commit
    was compared with this very root already, and there was nothing to send.
    """
    reasons = [*_of_the_target(root, now, pages_now)]
    if source.commit is None:
        reasons.append("without git nothing tells whether files changed")
    elif source.dirty:
        reasons.append(f"files differ from commit {source.commit[:12]}")
    elif not came_to_nothing:
        reasons += _of_the_commit(root, source.commit)
    return next(iter(reasons), None)


def _of_the_target(root: Manifest, now: datetime, pages_now: datetime) -> Iterator[str]:
    if root.lease is not None and not root.lease.live(now):
        yield f"{root.lease.owner} began to publish and never ended"
    if not root.published:
        yield "nothing was ever published here"
    if root.next_change_at is not None and root.next_change_at <= pages_now:
        yield f"the clock changes pages since {root.next_change_at:%Y-%m-%d %H:%M} UTC"
    if root.published and root.headers != HEADERS:
        yield "what is live was sent with other headers"


def _of_the_commit(root: Manifest, commit: str) -> Iterator[str]:
    if root.source.commit != commit:
        yield f"commit {commit[:12]} is not what is live"
    elif root.source.dirty:
        yield "what is live came from files that were in no commit"
