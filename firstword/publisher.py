"""Publishing: read the targets, build once, and bring each target up to date.

    read roots and shards → is ours the newer source? → memory → build → plan
      → lease → new leaves → the rest → deletes → shards → root

What to send is decided in `plan`, how a target is held in `store.state`. Dying anywhere leaves a
site that works and a state from which the next publish goes on.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from firstword.errors import BuildError, FirstwordError, Refused, StoreError
from firstword.gitlog import ANCESTORS, Relation, Source
from firstword.manifest import (
    SHARDS,
    Built,
    Lease,
    Manifest,
    Memory,
    Origin,
    merge_memory,
    shard_key,
)
from firstword.plan import GRACE, Delete, Plan, Put, describe, make_plan, reconcile
from firstword.store import Store
from firstword.store.probe import PROBES, ready
from firstword.store.state import Hold, LeaseLost, State, in_parallel, read_root, read_state

__all__ = ["Relation", "Report", "Source", "publish"]

POLL_SECONDS = 2.0
MOST_ROUNDS = 6

#: Target, how many of its files are sent, of how many; called from several threads.
Progress = Callable[[str, int, int], None]
Outcome = Literal["published", "planned", "unchanged", "already-live", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one target; `lines` and `error` are ready to print."""

    target: str
    outcome: Outcome  #: "planned" = a dry run with something to do
    lines: tuple[str, ...]
    puts: int
    deletes: int
    bytes: int
    seconds: float
    error: str | None
    keys: tuple[str, ...] = ()  #: of what was, or would be, put and deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is the same for all targets of one publish."""

    source: Source
    relation: Callable[[str, tuple[str, ...]], Relation]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    say: Callable[[str], None]
    owner: str
    dry_run: bool
    full: bool
    allow_shrink: bool
    force: bool
    no_lock: bool
    progress: Progress
    shards: MutableMapping[str, bytes]
    lease: timedelta
    wait_seconds: float
    workers: int
    grace: timedelta


@dataclass(slots=True, kw_only=True)
class Target:
    """One target on its way through a publish; done once it has a report."""

    store: Store
    began: datetime
    state: State = field(default_factory=lambda: State(Manifest(), None))
    listing: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    lines: list[str] = field(default_factory=list)
    lost: int = 0
    waited: float = 0.0
    report: Report | None = None

    def end(self, job: Job, outcome: Outcome, error: str | None = None) -> None:
        """Write the report."""
        done = self.plan if outcome in {"published", "planned"} else None
        self.report = Report(
            target=self.store.name,
            outcome=outcome,
            lines=(*(describe(done) if done else ()), *dict.fromkeys(self.lines)),
            keys=done.keys if done else (),
            puts=len(done.puts) if done else 0,
            deletes=len(done.deletes) if done else 0,
            bytes=done.bytes if done else 0,
            seconds=(job.clock() - self.began).total_seconds(),
            error=error,
        )


def publish(
    stores: Sequence[Store],
    *,
    source: Source,
    build: Callable[[Memory], Built],
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    owner: str,
    relation: Callable[[str, tuple[str, ...]], Relation],
    say: Callable[[str], None],
    dry_run: bool = False,
    full: bool = False,
    allow_shrink: bool = False,
    force: bool = False,
    no_lock: bool = False,
    lease_seconds: float = 120,
    wait_seconds: float = 300,
    workers: int = 16,
    grace: timedelta = GRACE,
    fixed_now: datetime | None = None,
    shards: MutableMapping[str, bytes] | None = None,
    progress: Progress = lambda _target, _sent, _of: None,
) -> list[Report]:
    """Publish to all stores and report on each, in their order.

    `clock` is the real one (UTC), `fixed_now` what pages take for it. `relation` tells how our
    source stands to a commit and its recorded ancestors. `shards` keeps what was read, by digest,
    for a caller that publishes more than once; what a commit replaced is taken out of it. `force`
    goes on where history speaks against it; no plan removes an update all the same. What `build`
    raises in the first round is raised here; nothing was sent then.
    """
    job = Job(
        source=source,
        relation=relation,
        clock=clock,
        sleep=sleep,
        say=say,
        owner=owner,
        dry_run=dry_run,
        full=full,
        allow_shrink=allow_shrink,
        force=force,
        no_lock=no_lock,
        progress=progress,
        shards={} if shards is None else shards,
        lease=timedelta(seconds=lease_seconds),
        wait_seconds=wait_seconds,
        workers=workers,
        grace=grace,
    )
    if source.dirty:
        say(f"files differ from commit {_short(source.commit)}; they are published as they are")
    targets = [Target(store=store, began=clock()) for store in stores]
    _round(job, targets, build, fixed_now)
    while pending := [target for target in targets if target.report is None]:
        try:
            _round(job, targets, build, fixed_now)
        except FirstwordError as error:
            for target in pending:
                target.end(job, "failed", str(error))
    return [target.report for target in targets if target.report is not None]


def _round(
    job: Job,
    targets: list[Target],
    build: Callable[[Memory], Built],
    fixed_now: datetime | None,
) -> None:
    """Read, build and bring up to date whatever target has no report yet."""
    now = job.clock()
    _each(job, targets, lambda target: _look(job, target, now))
    if any(target.report is None for target in targets):
        memory = merge_memory([target.state.manifest for target in targets], fixed_now or now)
        built = build(memory)
        _each(job, targets, lambda target: _carry_out(job, target, built, memory, now))


def _each(job: Job, targets: list[Target], step: Callable[[Target], None]) -> None:
    """Take a step with every unfinished target; a failure ends its own target, never another."""

    def guarded(target: Target) -> None:
        try:
            step(target)
        except LeaseLost as error:
            target.lost += 1
            if target.lost == MOST_ROUNDS:
                target.end(job, "failed", f"{error}, {MOST_ROUNDS} times")
        except Refused as error:
            target.end(job, "refused", str(error))
        except (FirstwordError, OSError) as error:
            target.end(job, "failed", str(error))

    in_parallel(guarded, [target for target in targets if target.report is None], len(targets))


def _look(job: Job, target: Target, now: datetime) -> None:
    """Read what a target holds, and judge whether ours may follow it. Raises Refused."""
    target.state = read_state(target.store, job.shards, job.workers)
    if job.full:
        target.listing = dict(target.store.keys())
    manifest, ours = target.state.manifest, _short(job.source.commit)
    standing = _standing(job, target, manifest.source)
    theirs = _short(manifest.source.commit)
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
            f"{lease.owner} began to publish commit {_short(lease.origin.commit)} at "
            f"{lease.taken_at} and never ended; publish that commit, or one that follows it"
        )


def _carry_out(job: Job, target: Target, built: Built, memory: Memory, now: datetime) -> None:
    """Plan what a target needs, and do it; while somebody else is at work on it, wait instead."""
    manifest = target.state.manifest
    if job.full:
        manifest, strays = reconcile(manifest, target.listing, built)
        target.lines += [f"stray  {key}  not from Firstword; left alone" for key in strays]
    plan = make_plan(
        manifest, built, now, memory=memory, grace=job.grace, allow_shrink=job.allow_shrink
    )
    target.plan = plan
    # State that a died publish left may hold words that were redacted since.
    if plan.empty and (job.dry_run or not _orphans(target)):
        target.end(job, "unchanged")
    elif job.dry_run:
        target.end(job, "planned")
    elif manifest.lease is not None and manifest.lease.live(now):
        _wait(job, target, manifest.lease)
    else:
        _apply(job, target, plan, built, now)
        target.end(job, "published")


def _wait(job: Job, target: Target, held: Lease) -> None:
    """Wait until a lease is given back or dead. Raises StoreError when that takes too long."""
    job.say(f"{target.store.name}: {held.owner} is publishing; waiting")
    lease: Lease | None = held
    while lease is not None and lease.live(job.clock()):
        if target.waited >= job.wait_seconds:
            raise StoreError(
                f"{lease.owner} has been publishing since {lease.taken_at}; "
                f"waited {target.waited:.0f} s: publish again later"
            )
        job.sleep(POLL_SECONDS)
        target.waited += POLL_SECONDS
        lease = read_root(target.store).manifest.lease


def _apply(job: Job, target: Target, plan: Plan, built: Built, now: datetime) -> None:
    """Take the lease, send what is to be sent, commit. Raises LeaseLost, StoreError, BuildError."""
    target.store, target.state, notes = ready(target.store, target.state, now, no_lock=job.no_lock)
    for note in notes:
        job.say(f"{target.store.name}: {note}")
    before = target.state.manifest
    origin = _origin(job.source, before.source)
    doubted = before.lease.touches if before.lease else ()
    lease = Lease(
        owner=job.owner,
        taken_at=now,
        until=job.clock() + job.lease,
        origin=origin,
        touches=tuple(sorted({*doubted, *(put.key for put in plan.puts)})),
    )
    hold = Hold(target.store, target.state, lease, clock=job.clock, lasts=job.lease)
    job.say(f"{target.store.name}: {describe(plan)[-1]}")
    sent = itertools.count(1)

    def send(put: Put) -> tuple[str, str]:
        etag = hold.put(put, _body(built, put))
        job.progress(target.store.name, next(sent), len(plan.puts))
        return put.key, etag

    try:
        etags: dict[str, str] = {}
        for phase in plan.phases:
            etags |= in_parallel(send, phase, job.workers)
        undone = in_parallel(
            lambda delete: _delete(target, hold, delete), plan.deletes, job.workers
        )
        kept = [delete for delete in undone if delete is not None]
        committed = plan.committed(etags, origin, kept)
        leftover = hold.commit(committed, job.workers, _orphans(target))
    except LeaseLost:
        raise
    except (FirstwordError, OSError):
        hold.release()
        raise
    if leftover is not None:
        target.lines.append(f"old state stays behind: {leftover}")
    for digest in set(before.shards.values()) - hold.shards.keys():
        job.shards.pop(digest, None)
    job.shards.update(hold.shards)
    target.state = State(committed, None)


def _delete(target: Target, hold: Hold, delete: Delete) -> Delete | None:
    """Delete one object; return it when that must be tried again by a later publish."""
    try:
        if not hold.delete(delete):
            target.lines.append(f"left alone  {delete.key}  somebody else wrote it")
    except LeaseLost:
        raise
    except StoreError as error:
        # New words matter more than old pages: a missing permission must not hold them up.
        target.lines.append(f"not deleted  {delete.key}  {error}")
        return delete
    return None


def _orphans(target: Target) -> list[str]:
    """Return the shards and probes that a died publish left, where the target was listed."""
    named = {shard_key(digest) for digest in target.state.manifest.shards.values()}
    return [k for k in target.listing if k.startswith((SHARDS, PROBES)) and k not in named]


def _body(built: Built, put: Put) -> bytes:
    """Read one output, and make sure that it is still what was built. Raises BuildError."""
    body = (built.folder / put.key).read_bytes()
    if hashlib.sha256(body).hexdigest() != put.output.digest:
        raise BuildError(f"{put.key!r} changed after the build: is another build running?")
    return body


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
        f"history does not reach back to commit {_short(theirs.commit)}; ours was made later"
    )
    return Relation.NEWER


def _origin(source: Source, before: Origin) -> Origin:
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


def _deepen(job: Job) -> str:
    """Return the command that brings the missing history."""
    return "git fetch --unshallow" if job.source.shallow else "git fetch --all"


def _short(commit: str | None) -> str:
    return commit[:12] if commit else "(none)"
