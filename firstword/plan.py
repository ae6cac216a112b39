"""What a publish will send, in which order, and what it will not: two manifests → a plan. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import starmap
from typing import Literal, TypeVar

from msgspec import Struct

from firstword.errors import Refused
from firstword.headers import HEADERS
from firstword.manifest import (
    STATE,
    Built,
    Gone,
    Held,
    Manifest,
    Memory,
    Origin,
    Output,
    Record,
)
from firstword.memory import Remembering, merge_memory
from firstword.shards import Changed, Later, count_pages, is_page
from firstword.urls import RECORD
from firstword.values import replace

V = TypeVar("V")

GRACE = timedelta(hours=1)
LARGEST = 25_000_000
HOME = "index.html"
#: So many are looked up one by one, however few there are in all.
_FEW = 100

_SECRET = re.compile(
    r"\.env.*|.*\.(pem|key|p12|pfx|db|sqlite3?)|id_(rsa|dsa|ecdsa|ed25519).*"
    r"|(subscribers|ledger)(\.(csv|tsv|json|jsonl|txt|toml|ya?ml))?",
    re.IGNORECASE,
)


class Put(Struct, frozen=True, kw_only=True):
    """One object to write; `expect` is the ETag that must be there, None = nothing may be."""

    output: Output
    expect: str | None
    why: Literal["new", "changed", "again"]

    @property
    def key(self) -> str:
        return self.output.key


class Delete(Struct, frozen=True, kw_only=True):
    """One object to delete, and its tombstone."""

    key: str
    tomb: Gone


class Plan(Struct, frozen=True, kw_only=True):
    """What to do to one target. Each phase ends before the next begins; deletes come last."""

    phases: tuple[tuple[Put, ...], ...]
    deletes: tuple[Delete, ...]
    gone: tuple[str, ...]  #: not linked any more; they stay for the grace period
    unchanged: int
    remembers: bool  #: there is something new to remember, even where no page changed
    forgets: bool  #: a story lost something that the target remembers of it
    manifest: Manifest  #: what to commit, but for the ETags that only the puts will tell
    #: Works out what of the manifest was put off, a millisecond at a time; whoever looks into that
    #: works it out as well.
    prepare: Iterable[object] = ()

    @property
    def puts(self) -> tuple[Put, ...]:
        return tuple(put for phase in self.phases for put in phase)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of what is put and of what is deleted."""
        return tuple(put.key for put in self.puts) + tuple(one.key for one in self.deletes)

    @property
    def bytes(self) -> int:
        return sum(put.output.size for put in self.puts)

    @property
    def empty(self) -> bool:
        return not (self.puts or self.deletes or self.gone or self.remembers)

    def committed(
        self, etags: Mapping[str, str], origin: Origin, kept: Iterable[Delete] = ()
    ) -> Manifest:
        """Return the manifest to commit, once the puts have told their ETags.

        `kept` are the deletes that failed: their tombstones stay.
        """
        held = self.manifest.objects
        told = {key: replace(held[key], etag=etag) for key, etag in etags.items()}
        gone = {**self.manifest.gone, **{delete.key: delete.tomb for delete in kept}}
        return replace(self.manifest, objects=Changed(held, told), gone=gone, source=origin)


class Scope(Struct, frozen=True, kw_only=True):
    """What a plan looks at: what may differ between a target and a build, in full or by name."""

    keys: Sequence[str]  #: of objects, sorted
    ids: Sequence[str]  #: of stories, sorted


def scope_of(manifest: Manifest, built: Built, *, full: bool = False) -> Scope:
    """Return what may differ; where the build does not know what a target holds, that is all."""
    known = manifest.published and manifest.headers == HEADERS and not full
    delta = built.since(manifest.build_id) if known else None
    if delta is None:
        return Scope(
            keys=sorted({*manifest.objects, *built.outputs}),
            ids=sorted({*manifest.records, *built.records}),
        )
    return Scope(keys=sorted(delta.keys), ids=sorted(delta.ids))


def make_plan(
    manifest: Manifest,
    built: Built,
    now: datetime,
    *,
    memory: Memory | None = None,
    grace: timedelta = GRACE,
    allow_shrink: bool = False,
    full: bool = False,
) -> Plan:
    """Compare what a target holds with what was built, where that may differ.

    `now` is the real time; stamps come from `memory`, which knows the other targets too. `full`
    compares everything all the same. Raises Refused when the plan would harm what is published.
    """
    scope = scope_of(manifest, built, full=full)
    # What a died publish may have written cannot be trusted to be what the manifest says.
    doubted = set(manifest.lease.touches) if manifest.lease else set()
    keys = sorted({*scope.keys, *doubted}) if doubted else scope.keys
    outputs, held = _found(built.outputs, keys), _found(manifest.objects, keys)
    memory = memory or merge_memory([manifest], now)
    # Nothing of a story can speak against a first publish, which remembers all of them: they are
    # read while it sends.
    begins = not manifest.published and not manifest.records
    compared = _Compared(
        manifest, outputs, held, {} if begins else _stories(manifest, built, scope)
    )
    problems = [*_refusals(compared, built, allow_shrink=allow_shrink)]
    if problems:
        raise Refused("\n".join(problems))
    puts = [*_puts(compared, doubted)]
    gone = {key: tomb for key, tomb in manifest.gone.items() if key not in built.outputs}
    for key in keys:
        one = held.get(key)
        if key in outputs or (one is None and key not in doubted):
            continue
        since = gone[key].since if key in gone else now
        etag = one.etag if one and key not in doubted else ""
        gone[key] = Gone(etag=etag, since=since, owner=one.owner if one else "")
    if any(
        ours and theirs and ours.gaps_lost(theirs) for theirs, ours in compared.stories.values()
    ):
        # Old pages may still say what was just taken out: no cache is worth that.
        grace = timedelta(0)
    due = {key: tomb for key, tomb in gone.items() if now - tomb.since >= grace}
    told = _all_new(built) if begins else _both(compared)
    remembering = Remembering(manifest, told, memory)
    records = Later(lambda: remembering.records)
    stamps = Later(lambda: remembering.stamps)
    after = replace(
        manifest,
        build_id=built.build_id,
        headers=HEADERS,
        next_change_at=built.next_change_at,
        objects=Changed(manifest.objects, _objects(compared, puts, manifest.generation + 1)),
        gone={key: tomb for key, tomb in gone.items() if key not in due},
        records=Changed(manifest.records, records),
        stamps=Changed(manifest.stamps, stamps),
    )
    return Plan(
        phases=_phases(puts, first=not manifest.published),
        deletes=tuple(Delete(key=key, tomb=due[key]) for key in sorted(due)),
        gone=tuple(sorted(gone.keys() - manifest.gone.keys())),
        unchanged=len(after.objects) - len(puts),
        remembers=bool(scope.ids if begins else records or stamps)
        or after.next_change_at != manifest.next_change_at,
        forgets=any(starmap(_forgets, compared.stories.values())),
        manifest=after,
        prepare=remembering.steps,
    )


def _forgets(theirs: Record | None, ours: Record | None) -> bool:
    """Tell whether a story lost something, if only a line, or a name that is shown for another."""
    if theirs is None or theirs == ours:
        return False
    if ours is None or theirs.path != ours.path or not {*theirs.veils} <= {*ours.veils}:
        return True
    told = ours.sources.values()
    kept = {line for text in told for line in text.splitlines()}
    return any(not kept.issuperset(text.splitlines()) for text in theirs.sources.values())


def _stories(
    manifest: Manifest, built: Built, scope: Scope
) -> dict[str, tuple[Record | None, Record | None]]:
    """Return the target's and the build's record of each story."""
    theirs, ours = _found(manifest.records, scope.ids), _found(built.records, scope.ids)
    return {id_: (theirs.get(id_), ours.get(id_)) for id_ in scope.ids}


def _all_new(built: Built) -> Iterator[tuple[str, None, Record]]:
    """Yield each story of a build that no target knows; the build is not asked before we are."""
    for id_, ours in built.records.items():
        yield id_, None, ours


def _both(compared: _Compared) -> Iterator[tuple[str, Record | None, Record | None]]:
    for id_, (theirs, ours) in compared.stories.items():
        yield id_, theirs, ours


def _found(values: Mapping[str, V], names: Sequence[str]) -> dict[str, V]:
    """Return what there is of some names, in their order."""
    # What is looked up in a database, or in shards, is read in one go where all of it is wanted.
    # To count it a database may have to look at each.
    whole = len(names) > _FEW and len(names) >= len(values)
    known = dict(values.items()) if whole else values
    return {name: value for name in names if (value := known.get(name)) is not None}


class _Compared(Struct, frozen=True):
    """What a plan compares: each key's output and object, and each story's records."""

    manifest: Manifest
    outputs: Mapping[str, Output]
    held: Mapping[str, Held]
    stories: Mapping[str, tuple[Record | None, Record | None]]  #: the target's, the build's


def _objects(compared: _Compared, puts: Iterable[Put], generation: int) -> dict[str, Held | None]:
    """Return what the target will hold otherwise; ETags of puts are told later."""
    sent = {put.key for put in puts}
    changes: dict[str, Held | None] = {
        key: None for key in compared.held if key not in compared.outputs
    }
    for key, output in compared.outputs.items():
        before = compared.held.get(key)
        after = Held(
            digest=output.digest,
            etag=before.etag if before else "",
            generation=generation if key in sent or before is None else before.generation,
            owner=output.owner,
        )
        if after != before:
            changes[key] = after
    return changes


def reconcile(
    manifest: Manifest, listing: Mapping[str, str], built: Built
) -> tuple[Manifest, tuple[str, ...]]:
    """Correct a manifest by what is really there (key → ETag); also return what is not ours.

    An object that is missing or differs will be put again. Strays are left alone, but for those
    whose place the build needs.
    """
    objects = {
        key: held if listing[key] == held.etag else replace(held, digest="", etag=listing[key])
        for key, held in manifest.objects.items()
        if key in listing
    }
    gone = {
        key: replace(tomb, etag=listing[key])
        for key, tomb in manifest.gone.items()
        if listing.get(key) == tomb.etag or (key in listing and not tomb.etag)
    }
    strays = []
    for key in sorted(listing.keys() - objects.keys() - gone.keys()):
        if key in built.outputs:
            owner = built.outputs[key].owner
            objects[key] = Held(digest="", etag=listing[key], generation=0, owner=owner)
        elif not key.startswith(STATE):
            strays.append(key)
    return replace(manifest, objects=objects, gone=gone), tuple(strays)


def describe(plan: Plan) -> list[str]:
    """Return the plan in lines, ready to print; the last one sums it up."""
    rows: list[tuple[str, ...]] = [
        ("put", put.key, put.why, _size(put.output.size)) for put in plan.puts
    ]
    rows += [("leave", key, "not linked any more; deleted by a later publish") for key in plan.gone]
    rows += [("delete", delete.key) for delete in plan.deletes]
    total = (
        f"{len(plan.puts)} to put ({_size(plan.bytes)}), {len(plan.deletes)} to delete, "
        f"{plan.unchanged} unchanged"
    )
    return [*("  ".join(row) for row in rows), total]


def _puts(compared: _Compared, doubted: set[str]) -> Iterator[Put]:
    """Yield what differs from what the target is known to hold."""
    for key, output in compared.outputs.items():
        held, tomb = compared.held.get(key), compared.manifest.gone.get(key)
        if held is None:
            yield Put(output=output, expect=(tomb and tomb.etag) or None, why="new")
        elif held.digest != output.digest:
            yield Put(output=output, expect=held.etag, why="changed")
        elif key in doubted or compared.manifest.headers != HEADERS:
            yield Put(output=output, expect=held.etag, why="again")


def _phases(puts: list[Put], *, first: bool) -> tuple[tuple[Put, ...], ...]:
    """Order the puts so that nothing links to a missing page or update; home is last of all."""
    ordered = sorted(puts, key=lambda put: (put.key == HOME, put.key))
    leaves: list[Put] = []
    stories: list[Put] = []
    months: list[Put] = []
    rest: list[Put] = []
    home: list[Put] = []
    for put in ordered:
        if put.why == "new" and put.output.leaf:
            # Months of the record link to single updates, and no story links to them.
            (months if put.key.startswith(RECORD) else leaves).append(put)
        elif put.output.owner:
            # Lists and feeds link to single updates, so a story that got one goes before them.
            stories.append(put)
        else:
            # The very first home page links to everything, also to what is no leaf.
            (home if first and put.key == HOME else rest).append(put)
    return tuple(tuple(phase) for phase in (leaves, stories, months, rest, home) if phase)


def _refusals(compared: _Compared, built: Built, *, allow_shrink: bool) -> Iterator[str]:
    """Yield a line for everything that speaks against publishing: what it is, and what to do."""
    manifest = compared.manifest
    if HOME not in built.outputs:
        yield f"the build has no {HOME}: look at what the build said, and build again"
    for output in compared.outputs.values():
        reason = _unfit(output)
        if reason:
            yield f"{output.key!r} must not be published: {reason}; take it out of the site"
    for id_, (theirs, ours) in compared.stories.items():
        if theirs is None:
            continue
        kept = ours.updates if ours else ()
        lost = ", ".join(update for update in theirs.updates if update not in kept)
        if lost:
            commit = manifest.source.commit or "<commit>"
            yield (
                f"{theirs.path}: {id_!r} would lose what is already published: {lost}. "
                f"Bring it back: git checkout {commit[:12]} -- {theirs.path} (if the file was "
                f"renamed, write `id: {id_}` in it). To take words back, sign a correction, or "
                "the status `withdrawn`"
            )
        elif ours and theirs.gaps_lost(ours):
            yield (
                f"{theirs.path}: {id_!r} would bring back what was redacted: "
                f"{', '.join(theirs.gaps_lost(ours))}. "
                "Publish the commit with the redaction, or one that follows it"
            )
    vanishing = sum(is_page(key) for key in compared.held if key not in compared.outputs)
    pages = count_pages(manifest.objects) if vanishing else 0
    if vanishing > max(20, pages / 10) and not allow_shrink:
        yield (
            f"{vanishing} of {pages} published pages would vanish; "
            "if that is meant, publish with --allow-shrink"
        )


def _unfit(output: Output) -> str | None:
    """Return why a file must not be published, or None."""
    parts = output.key.split("/")
    if output.key.startswith(STATE):
        return f"{STATE} is the target's own state"
    if {"", ".", ".."} & set(parts) or "\\" in output.key:
        return "not a plain relative path"
    if _SECRET.fullmatch(parts[-1]):
        return "a secret, or somebody's address"
    if any(part.startswith(".") for part in parts) and parts[0] != ".well-known":
        return "a hidden file"
    if output.size > LARGEST:
        return f"{_size(output.size)} is more than {_size(LARGEST)}"
    return None


def _size(size: int) -> str:
    """Return a size for people."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
