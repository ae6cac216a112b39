"""Whether ours may follow what a target holds."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from firstword.errors import Refused, StoreError
from firstword.gitlog import Relation
from firstword.manifest import STATE, Origin
from firstword.publisher.job import Job, Target, short
from firstword.store.state import read_state


def look(job: Job, target: Target, now: datetime) -> None:
    """Read what a target holds, and judge whether ours may follow it. Raises Refused."""
    known = job.roots.get(target.store.name) if target.first else None
    target.first = False
    target.state = read_state(target.store, job.shards, job.workers, known)
    if job.full:
        target.listing = dict(target.store.keys())
    manifest, ours = target.state.manifest, short(job.source.commit)
    standing = _standing(job, target, manifest.source)
    theirs = short(manifest.source.commit)
    if job.force and standing not in {Relation.SAME, Relation.NEWER}:
        target.lines.append(f"forced: commit {theirs} is live; to ours, {ours}: {standing.value}")
        standing = Relation.NEWER
    if standing is Relation.OLDER:
        target.lines.append(f"commit {theirs} is live, which is newer than ours, {ours}")
        target.end(job, "already-live")
        return
    if standing is Relation.DIVERGED:
        raise Refused(
            f"what is live is of commit {theirs}, which went another way than ours, {ours}; "
            f"run: git merge {theirs}"
        )
    if standing is Relation.UNKNOWN:
        raise Refused(
            f"what is live is of commit {theirs}; whether ours, {ours}, is newer does not show "
            f"here; run: {_deepen(job)}"
        )
    lease = manifest.lease
    if lease is None or lease.live(now):
        return
    if not job.force and _standing(job, target, lease.origin) not in {
        Relation.SAME,
        Relation.NEWER,
    }:
        raise Refused(
            f"{lease.owner} began to publish commit {short(lease.origin.commit)} at "
            f"{lease.taken_at} and never ended; publish that commit, or one that follows it"
        )
    if not job.full:
        # It may have left shards that no root ever named. Who may not list leaves them to --full.
        with suppress(StoreError):
            target.listing = dict(target.store.keys(STATE))


def _standing(job: Job, target: Target, theirs: Origin) -> Relation:
    """Tell how our source stands to what a target was published from; without git, as NEWER.

    Where history does not tell, a commit that is not older counts as newer: CI clones one commit.
    What is published is safe all the same, since no plan removes an update.
    """
    if job.source.commit is None or theirs.commit is None:
        return Relation.NEWER
    relation = job.relation(theirs.commit, theirs.ancestors)
    if relation is not Relation.UNKNOWN:
        return relation
    at, before = job.source.committed_at, theirs.committed_at
    if at is None or before is None or at < before:
        return Relation.UNKNOWN
    target.lines.append(
        f"history does not reach back to commit {short(theirs.commit)}; ours was made later"
    )
    return Relation.NEWER


def _deepen(job: Job) -> str:
    """Return the command that brings the missing history."""
    return "git fetch --unshallow" if job.source.shallow else "git fetch --all"
