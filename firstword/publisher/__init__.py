"""Publishing: read the targets, build once, and bring each target up to date.

    read roots and shards → is ours the newer source? → memory → build → plan
      → lease, if the build did not foresee what it makes → new leaves → the rest, and shards where
      they can be told → deletes → root

What to send is decided in `plan`, how a target is held in `store.hold`. Dying anywhere leaves a
site that works and a state from which the next publish goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta

from firstword.errors import FirstwordError, Refused, StoreError
from firstword.gitlog import Relation, Source
from firstword.manifest import Built, Memory
from firstword.memory import merge_memory, unknown
from firstword.plan import GRACE
from firstword.publisher.carry import carry_out
from firstword.publisher.early import leases_ahead
from firstword.publisher.job import Foreseen, Job, Journal, Progress, Report, Target, short
from firstword.publisher.look import look
from firstword.publisher.pace import FEW, at_once
from firstword.shards import tree_of
from firstword.store import Store
from firstword.store.parallel import in_parallel
from firstword.store.state import LeaseLost, State
from firstword.values import replace

__all__ = ["Foreseen", "Relation", "Report", "Source", "publish"]

MOST_ROUNDS = 6


def publish(
    stores: Sequence[Store],
    *,
    source: Source,
    source_again: Callable[[], Source] | None = None,
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
    workers: int | None = None,
    grace: timedelta = GRACE,
    fixed_now: datetime | None = None,
    shards: MutableMapping[str, bytes] | None = None,
    journal: Journal | None = None,
    roots: Mapping[str, State] | None = None,
    foreseen: Foreseen | None = None,
    progress: Progress = lambda _target, _sent, _of: None,
) -> list[Report]:
    """Publish to all stores and report on each, in their order.

    `source_again` tells what is checked out once we waited for somebody: what is built is of that.
    `clock` is the real one (UTC), `fixed_now` what pages take for it. `relation` tells how our
    source stands to a commit and its recorded ancestors. `shards` keeps what was read, by digest,
    for a caller that publishes more than once; what a commit replaced is taken out of it. `journal`
    tells the build what changed of that. `roots` are what targets were found to hold a moment ago:
    where that is no longer so, the lease is not given, and the target is looked at again.
    `foreseen` is called by `build` with the keys of what it will make: leases are taken then.
    `force` goes on where history speaks against it; no plan removes an update all the same. What
    `build` raises in the first round is raised here; no file was sent then. `workers` = requests at
    once, None = as many as suit what there is to send.
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
        journal=journal,
        roots=roots or {},
        foreseen=foreseen,
        lease=timedelta(seconds=lease_seconds),
        wait_seconds=wait_seconds,
        workers=workers or FEW,
        at_once=at_once if workers is None else lambda _puts: workers,
        grace=grace,
    )
    if source.dirty:
        say(f"files differ from commit {short(source.commit)}; they are published as they are")
    targets = [Target(store=store, began=clock()) for store in stores]
    _round(job, targets, build, fixed_now)
    while pending := [target for target in targets if target.report is None]:
        try:
            if source_again is not None:
                job = replace(job, source=source_again())
            _round(job, targets, build, fixed_now)
        except FirstwordError as error:
            for target in pending:
                target.end(job, "failed", str(error))
    _forget(job, targets)
    return [target.report for target in targets if target.report is not None]


def _forget(job: Job, targets: list[Target]) -> None:
    """Take out of the cache what no target names any more, where that is known."""
    if all(target.named is None for target in targets) and not job.full:
        return
    named: set[str] = set()
    for target in targets:
        if target.report is None or target.report.outcome == "failed":
            return
        named.update(target.named or tree_of(target.state.manifest).named())
    for digest in set(job.shards) - named:
        del job.shards[digest]


def _round(
    job: Job,
    targets: list[Target],
    build: Callable[[Memory], Built],
    fixed_now: datetime | None,
) -> None:
    """Read, build and bring up to date whatever target has no report yet."""
    now = job.clock()
    _each(job, targets, lambda target: look(job, target, now))
    if all(target.report is not None for target in targets):
        return
    since = job.journal.since if job.journal else unknown
    try:
        manifests = [target.state.manifest for target in targets]
        memory = merge_memory(manifests, fixed_now or now, since)
        with leases_ahead(job, targets, now):
            built = build(memory)
    except StoreError as error:
        # What a target remembers is read while the build asks for it.
        broken = [t for t in targets if tree_of(t.state.manifest).failure is error]
        if not broken:
            raise
        for target in broken:
            _fail(job, target, error)
        return
    _each(job, targets, lambda target: carry_out(job, target, built, memory, now))


def _each(job: Job, targets: list[Target], step: Callable[[Target], None]) -> None:
    """Take a step with every unfinished target; a failure ends its own target, never another."""

    def guarded(target: Target) -> None:
        try:
            step(target)
        except (FirstwordError, OSError) as error:
            _fail(job, target, error)

    in_parallel(guarded, [target for target in targets if target.report is None], len(targets))


def _fail(job: Job, target: Target, error: Exception) -> None:
    """End a target, but for the race that was lost: then it is looked at again."""
    if isinstance(error, LeaseLost):
        target.lost += 1
        if target.lost == MOST_ROUNDS:
            target.end(job, "failed", f"{error}, {MOST_ROUNDS} times")
    else:
        target.end(job, "refused" if isinstance(error, Refused) else "failed", str(error))
