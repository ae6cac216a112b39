"""Carry out what a target needs: take the lease, send, commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain

from firstword.asked import Asked
from firstword.errors import StoreError
from firstword.manifest import Built, Lease, Memory
from firstword.plan import Delete, Plan, Put, describe, make_plan, reconcile
from firstword.publisher.early import give_back, hold_of, origin_of
from firstword.publisher.job import Job, Target
from firstword.publisher.pace import MOST_AHEAD, MOST_BYTES_AHEAD
from firstword.publisher.sending import Ahead, Sending
from firstword.shards import SHARDS, shard_key, tree_of
from firstword.store.hold import Hold
from firstword.store.parallel import in_parallel
from firstword.store.probe import PROBES, ready
from firstword.store.state import LeaseLost, State, read_root

POLL_SECONDS = 2.0
#: How long old state may keep a publish that is done, in seconds.
_PATIENCE = 1.0


def carry_out(job: Job, target: Target, built: Built, memory: Memory, now: datetime) -> None:
    """Plan what a target needs, and do it; while somebody else is at work on it, wait instead."""
    try:
        _carry_out(job, target, built, memory, now)
    finally:
        give_back(target)


def _carry_out(job: Job, target: Target, built: Built, memory: Memory, now: datetime) -> None:
    get_ready = partial(
        ready, target.store, target.state, now, no_lock=job.no_lock, workers=job.workers
    )
    # There is much to ask of a new target, and a plan for it takes as long to make.
    new = target.state.etag is None and not job.dry_run
    asked = Asked(get_ready) if new and job.workers > 1 else None
    try:
        plan = target.plan = _plan(job, target, built, memory, now)
    finally:
        # It writes there, and takes that away.
        if asked is not None:
            asked.join()
    lease = target.state.manifest.lease
    # State that a died publish left may hold words that were redacted since.
    if plan.empty and (job.dry_run or not _orphans(target)):
        target.end(job, "unchanged")
    elif job.dry_run:
        target.end(job, "planned")
    elif lease is not None and lease.live(now):
        _wait(job, target, lease)
    else:
        target.store, target.state, notes = get_ready() if asked is None else asked.result()
        for note in notes:
            job.say(f"{target.store.name}: {note}")
        _apply(job, target, plan, built, now)
        target.end(job, "published")


def _plan(job: Job, target: Target, built: Built, memory: Memory, now: datetime) -> Plan:
    manifest = target.state.manifest
    if job.full:
        manifest, strays = reconcile(manifest, target.listing, built)
        target.lines += [f"stray  {key}  not from Firstword; left alone" for key in strays]
    return make_plan(
        manifest,
        built,
        now,
        memory=memory,
        grace=job.grace,
        allow_shrink=job.allow_shrink,
        full=job.full,
    )


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
    before = target.state.manifest
    origin = origin_of(job.source, before.source)
    hold = hold_of(job, target, [put.key for put in plan.puts], now)
    job.say(f"{target.store.name}: {describe(plan)[-1]}")
    of, workers = len(plan.puts), job.at_once(plan.puts)
    sending = Sending(job, target, built, hold, of=of, workers=workers)
    try:
        etags: dict[str, str] = {}
        *earlier, last = plan.phases or ((),)
        ahead = Ahead(sending, hold)
        # All, while the first files are on their way; or the last, once the others are told.
        little = _is_little(plan.puts)
        some = plan.puts if little else last
        drafting: Iterator[None] = iter(())
        if hold.foretells and _is_little(some):
            drafting = ahead.steps(some, lambda told: plan.committed({**etags, **told}, origin))
        for phase in earlier:
            etags |= sending.send(phase, chain(drafting if little else (), plan.prepare))
        for _ in drafting:
            pass
        ahead.judge(etags)
        # Nobody waits for that: what is not gone by the commit stays named.
        drop = partial(hold.drop_stale, workers)
        dropping = Asked(drop) if before.stale and workers > 1 else None
        also = [partial(hold.put_ahead, body) for body in ahead.bodies]
        etags |= sending.send(last, plan.prepare, also)
        if dropping is None:
            drop()
        ahead.judge(etags)
        undone = in_parallel(lambda delete: _delete(target, hold, delete), plan.deletes, workers)
        kept = [delete for delete in undone if delete is not None]
        committed = plan.committed(etags, origin, kept)
        draft = None if kept else ahead.draft
        leftover = hold.commit(
            committed, draft, workers, _orphans(target), forgets=plan.forgets or job.full
        )
    except LeaseLost:
        raise
    except Exception:
        # Also where nobody foresaw it: the next publish is not to wait for us.
        hold.release()
        raise
    if dropping is not None:
        dropping.join(_PATIENCE)
    if leftover is not None:
        target.lines.append(f"old state stays behind: {leftover}")
    done = hold.committed
    job.shards.update(done.shards)
    target.named = done.named
    if job.journal is not None:
        if before.published:
            job.journal.note(tree_of(before).remembers, done.remembers, done.ids)
        elif built.unremembered:
            # It remembers of each story what this build took for granted; a drill it does not know.
            job.journal.note(built.unremembered, done.remembers, frozenset())
    target.state = State(committed, None)


def _is_little(puts: Sequence[Put]) -> bool:
    size = sum(put.output.size for put in puts)
    return 0 < len(puts) <= MOST_AHEAD and size <= MOST_BYTES_AHEAD


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
    if not target.listing:
        return []
    named = set(map(shard_key, tree_of(target.state.manifest).named()))
    return [k for k in target.listing if k.startswith((SHARDS, PROBES)) and k not in named]
