"""Leases taken while the build goes on: as soon as it tells what it will make, nobody waits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial

from firstword.asked import Asked
from firstword.gitlog import ANCESTORS, Source
from firstword.manifest import Lease, Origin
from firstword.publisher.job import Job, Target
from firstword.publisher.pace import MOST_AHEAD
from firstword.store.hold import Hold
from firstword.store.probe import is_ready


@contextmanager
def leases_ahead(job: Job, targets: Sequence[Target], now: datetime) -> Iterator[None]:
    """Take leases as soon as the build tells what it will make; give them back where it fails."""
    if job.foreseen is None or job.workers <= 1 or job.dry_run or job.full:
        yield
        return
    job.foreseen.listener = partial(_take_some, job, targets, now)
    try:
        yield
    except BaseException:
        # Also where a person stops it: nothing was sent, so nobody is to wait for us.
        for target in targets:
            give_back(target)
        raise
    finally:
        job.foreseen.listener = None


def _take_some(job: Job, targets: Sequence[Target], now: datetime, keys: Collection[str]) -> None:
    """Begin to take the lease of each target that there is nothing else to ask of."""
    if len(keys) > MOST_AHEAD:
        return
    for target in targets:
        manifest = target.state.manifest
        # The same commit once more is likely there already.
        other = job.source.dirty or job.source.commit != manifest.source.commit
        if (
            target.report is None
            and manifest.published
            and manifest.lease is None
            and (other or job.source.commit is None)
            and is_ready(target.store, target.state, now)
        ):
            target.early = Asked(partial(_take, job, target, keys, now))


def hold_of(job: Job, target: Target, keys: Sequence[str], now: datetime) -> Hold:
    """Return the hold under which these files are written, taken by now or taken here.

    Raises LeaseLost, StoreError.
    """
    early, target.early = target.early, None
    if early is None:
        return _take(job, target, keys, now)
    hold = early.result()
    try:
        hold.touch(keys)
    except Exception:
        hold.release()
        raise
    return hold


def _take(job: Job, target: Target, keys: Iterable[str], now: datetime) -> Hold:
    before = target.state.manifest
    doubted = before.lease.touches if before.lease else ()
    lease = Lease(
        owner=job.owner,
        taken_at=now,
        until=job.clock() + job.lease,
        origin=origin_of(job.source, before.source),
        touches=tuple(sorted({*doubted, *keys})),
    )
    return Hold(target.store, target.state, lease, clock=job.clock, lasts=job.lease)


def give_back(target: Target) -> None:
    """Give back a lease that was taken for nothing; whatever fails there is not our failure."""
    early, target.early = target.early, None
    if early is not None:
        with suppress(Exception):
            early.result().release()


def origin_of(source: Source, before: Origin) -> Origin:
    """Return what to record of our source; a shallow clone passes on what was recorded before."""
    ancestors = [*source.ancestors]
    if source.shallow and before.commit is not None:
        ancestors += [before.commit, *before.ancestors]
    known = [one for one in dict.fromkeys(ancestors) if one != source.commit]
    return Origin(
        commit=source.commit,
        committed_at=source.committed_at,
        ancestors=tuple(known[:ANCESTORS]),
        dirty=source.dirty,
    )
