"""What is published, to where, and what becomes of it: the nouns of one publish."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from firstword.asked import Asked
from firstword.gitlog import Relation, Source
from firstword.manifest import Manifest
from firstword.plan import Plan, Put, describe
from firstword.store import Store
from firstword.store.hold import Hold
from firstword.store.state import State

#: Target, how many of its files are sent, of how many; called from several threads.
Progress = Callable[[str, int, int], None]
Outcome = Literal["published", "planned", "unchanged", "already-live", "refused", "failed"]


class Report(Struct, frozen=True, kw_only=True):
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


class Journal(Protocol):
    """Remembers what publishes from here changed of what targets remember."""

    def since(self, then: str, now: str) -> frozenset[str] | None:
        """Return the ids of stories that differ between two states; None = not known."""

    def note(self, then: str, now: str, ids: frozenset[str]) -> None:
        """Note that a commit went from one state to another."""


class Foreseen:
    """What a build calls with the keys of what it will make, while a publish listens."""

    def __init__(self) -> None:
        self.listener: Callable[[Collection[str]], None] | None = None

    def __call__(self, keys: Collection[str]) -> None:
        if self.listener is not None:
            self.listener(keys)


class Job(Struct, frozen=True, kw_only=True):
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
    journal: Journal | None
    roots: Mapping[str, State]
    foreseen: Foreseen | None
    lease: timedelta
    wait_seconds: float
    workers: int  #: requests at once, but for those that send
    at_once: Callable[[Sequence[Put]], int]
    grace: timedelta


class Target(Struct, kw_only=True):
    """One target on its way through a publish; done once it has a report."""

    store: Store
    began: datetime
    state: State = msgspec.field(default_factory=lambda: State(Manifest(), None))
    listing: dict[str, str] = {}
    plan: Plan | None = None
    lines: list[str] = []
    named: frozenset[str] | None = None  #: the shards after a commit
    first: bool = True  #: not looked at yet
    lost: int = 0
    waited: float = 0.0
    #: The lease, where it is taken before the build ended; whoever does not need it gives it back.
    early: Asked[Hold] | None = None
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


def short(commit: str | None) -> str:
    """Return a commit as people name it."""
    return commit[:12] if commit else "(none)"
