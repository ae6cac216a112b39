"""What a build made, what a target holds and what it remembers: nouns, and their JSON. Pure.

A target keeps its state beside the site, under `.firstword/`: one small root, and shards named by
the digest of their content. `Manifest` is both of them together in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firstword.errors import StoreError

FORMAT = 1
STATE = ".firstword/"
ROOT_KEY = f"{STATE}root.json"
SHARDS = f"{STATE}shards/"
RECORDS_A_SHARD = 32

Stamps = Mapping[str, Mapping[str, datetime | None]]
"""Incident id → update id → when it was first published; None = before records began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file of the built site."""

    key: str  #: "incidents/2026-11-21-card-payments/index.html": posix, relative
    digest: str  #: sha256 of the bytes, in hex
    size: int
    leaf: bool  #: others link to it: a new leaf is uploaded before what links to it
    owner: str  #: id of the incident it belongs to; "" = the site


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a target remembers of one incident file, of any kind."""

    id: str
    path: str  #: relative to the site's folder, posix
    source: str  #: the text that was last good: a broken file is rebuilt from it
    updates: tuple[str, ...]  #: update ids ("20261121T092000Z"), ordered
    withdrawn: bool
    redactions: tuple[str, ...] = ()  #: the signed gaps in `source`, as they read, sorted

    def gaps_lost(self, other: Record) -> tuple[str, ...]:
        """Return the gaps that another version of the file would fill again."""
        return tuple((Counter(self.redactions) - Counter(other.redactions)).elements())


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What is another one, new or gone since an older build."""

    keys: frozenset[str]  #: of outputs
    ids: frozenset[str]  #: of incidents


def _no_delta(_build_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build hands to the publisher. `outputs` and `records` may be read as they are asked
    for, and hold as long as the build's cache is open."""

    folder: Path
    build_id: str  #: digest of the outputs, and of nothing else
    outputs: Mapping[str, Output]
    records: Mapping[str, Record]
    held_back: tuple[str, ...]  #: lines about broken files, ready to print
    next_change_at: datetime | None  #: when the clock next changes a page
    #: Id of an older build, as a target holds it → what differs since; None = not known.
    since: Callable[[str], Delta | None] = field(default=_no_delta, compare=False)


def _not_known(_token: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What all targets together know, handed to the build."""

    now: datetime  #: the lease's instant, also the build's clock
    stamps: Stamps  #: an update that is not in here is first published `now`
    records_began: bool  #: False on the very first publish: every update is "before records began"
    sources: Mapping[str, str]  #: path → the text that was last good
    token: str = ""  #: digest of all of the above but `now`; "" = not known
    #: Token of an older memory → ids of the incidents that are remembered otherwise since; None =
    #: not known, which includes every token "".
    changed: Callable[[str], frozenset[str] | None] = field(default=_not_known, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The commit that a publish was made from; `commit` is None where there was no git."""

    commit: str | None = None
    committed_at: datetime | None = None
    ancestors: tuple[str, ...] = ()  #: newest first
    dirty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who may write to a target, and until when; live until then, dead afterwards."""

    owner: str
    taken_at: datetime
    until: datetime
    origin: Origin
    touches: tuple[str, ...]  #: what is written under it, so that a successor knows what to doubt

    def live(self, now: datetime) -> bool:
        """Tell whether somebody is still at work."""
        return now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One object as a target holds it."""

    digest: str
    etag: str
    generation: int  #: of the publish that wrote it
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A tombstone: an object that nothing links to any more, deleted by a later publish."""

    etag: str  #: "" = not known: a publisher died while it wrote the object
    since: datetime
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a target holds and remembers; the defaults are a target never published to."""

    generation: int = 0
    build_id: str = ""
    headers: str = ""  #: digest of the table of content types that the objects were sent with
    next_change_at: datetime | None = None
    source: Origin = field(default_factory=Origin)
    lease: Lease | None = None
    probed: str = ""  #: the place where conditional writes were tried, and honoured
    guarded_at: datetime | None = None  #: when strangers were last seen to be kept out
    shards: Mapping[str, str] = field(default_factory=dict)  #: name → digest, as last committed
    objects: Mapping[str, Held] = field(default_factory=dict)
    gone: Mapping[str, Gone] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    stamps: Stamps = field(default_factory=dict)

    @property
    def published(self) -> bool:
        """Whether a publish ever ended well here."""
        return bool(self.build_id)


def merge_memory(manifests: Iterable[Manifest], now: datetime) -> Memory:
    """Merge what the targets know: the earliest stamp holds, the newest source's text holds.

    A known instant beats "before records began": a target that is added later, or alone, would
    otherwise wipe out what the others saw happen.
    """
    begun = [manifest for manifest in manifests if manifest.published]
    stamps: dict[str, dict[str, datetime | None]] = {}
    newest: dict[str, Record] = {}
    long_ago = datetime.min.replace(tzinfo=UTC)
    for manifest in sorted(begun, key=lambda one: one.source.committed_at or long_ago):
        for incident, updates in manifest.stamps.items():
            merged = stamps.setdefault(incident, {})
            for update, at in updates.items():
                known = [instant for instant in (merged.get(update), at) if instant is not None]
                merged[update] = min(known, default=None)
        for record in manifest.records.values():
            shown = newest.get(record.path)
            # A target that a redaction did not reach yet must not bring the words back.
            if shown is None or not shown.gaps_lost(record):
                newest[record.path] = record
    sources = {path: record.source for path, record in newest.items()}
    return Memory(now=now, stamps=stamps, records_began=bool(begun), sources=sources)


# ── the root ─────────────────────────────────────────────────────────────────────────────────────


def root_to_bytes(manifest: Manifest) -> bytes:
    """Write the root: everything but what the shards hold."""
    lease = manifest.lease
    return _to_json(
        {
            "format": FORMAT,
            "generation": manifest.generation,
            "build_id": manifest.build_id,
            "headers": manifest.headers,
            "next_change_at": _iso(manifest.next_change_at),
            "probed": manifest.probed,
            "guarded_at": _iso(manifest.guarded_at),
            "source": _from_origin(manifest.source),
            "lease": lease
            and {
                "owner": lease.owner,
                "taken_at": _iso(lease.taken_at),
                "until": _iso(lease.until),
                "touches": lease.touches,
                **_from_origin(lease.origin),
            },
            "shards": manifest.shards,
        }
    )


def parse_root(body: bytes) -> Manifest:
    """Read a root into a Manifest that holds nothing yet; StoreError: it must not be replaced."""
    with _reading(ROOT_KEY):
        return _to_manifest(json.loads(body))


def _to_manifest(root: Any) -> Manifest:
    if root["format"] != FORMAT:
        raise StoreError(
            f"{ROOT_KEY}: format {root['format']!r} was written by another Firstword than this "
            f"one, which knows format {FORMAT}: publish with the newer one"
        )
    lease = root["lease"]
    return Manifest(
        generation=int(root["generation"]),
        build_id=str(root["build_id"]),
        headers=str(root["headers"]),
        next_change_at=_maybe_instant(root["next_change_at"]),
        probed=str(root.get("probed", "")),
        guarded_at=_maybe_instant(root.get("guarded_at")),
        source=_to_origin(root["source"]),
        lease=None
        if lease is None
        else Lease(
            owner=str(lease["owner"]),
            taken_at=_instant(lease["taken_at"]),
            until=_instant(lease["until"]),
            touches=tuple(lease["touches"]),
            origin=_to_origin(lease),
        ),
        shards=dict(root["shards"]),
    )


def _from_origin(origin: Origin) -> dict[str, Any]:
    return {
        "commit": origin.commit,
        "committed_at": _iso(origin.committed_at),
        "ancestors": origin.ancestors,
        "dirty": origin.dirty,
    }


def _to_origin(value: Any) -> Origin:
    return Origin(
        commit=value["commit"],
        committed_at=_maybe_instant(value["committed_at"]),
        ancestors=tuple(value["ancestors"]),
        dirty=bool(value["dirty"]),
    )


# ── the shards ───────────────────────────────────────────────────────────────────────────────────


def shard_key(digest: str) -> str:
    """Return where a shard lies; its digest is that of the uncompressed JSON."""
    return f"{SHARDS}{digest}.json.gz"


def shard_digest(body: bytes) -> str:
    """Return the name of a shard's content."""
    return hashlib.sha256(body).hexdigest()


def to_shards(manifest: Manifest) -> dict[str, bytes]:
    """Split what a target holds into JSON documents by name, so that an edit moves kilobytes.

    What belongs to an incident lies in one of a power of two of buckets; the rest, which does not
    grow with the archive by more than a few files a month, in one shard: nearly every edit changes
    some of it, and each shard more is a request more.
    """
    bits = 0
    while len(manifest.records) > RECORDS_A_SHARD << bits:
        bits += 1
    shards: dict[str, dict[str, dict[str, Any]]] = {}

    def shard(owner: str) -> dict[str, dict[str, Any]]:
        name = "site"
        if owner:
            prefix = int.from_bytes(hashlib.sha256(owner.encode()).digest()[:4]) >> (32 - bits)
            name = f"incidents/{1 << bits}/{prefix:x}"
        return shards.setdefault(name, {"objects": {}, "gone": {}, "records": {}})

    for key, held in manifest.objects.items():
        entry = [held.digest, held.etag, held.generation, held.owner]
        shard(held.owner)["objects"][key] = entry
    for key, gone in manifest.gone.items():
        shard(gone.owner)["gone"][key] = [gone.etag, _iso(gone.since), gone.owner]
    for record in manifest.records.values():
        shard(record.id)["records"][record.id] = {
            "path": record.path,
            "source": record.source,
            "updates": record.updates,
            "withdrawn": record.withdrawn,
            **({"redactions": record.redactions} if record.redactions else {}),
            "stamps": {
                update: _iso(at) for update, at in manifest.stamps.get(record.id, {}).items()
            },
        }
    return {name: _to_json(content) for name, content in sorted(shards.items())}


def from_shards(root: Manifest, bodies: Iterable[bytes]) -> Manifest:
    """Return the root together with what its shards hold. Raises StoreError."""
    objects: dict[str, Held] = {}
    gone: dict[str, Gone] = {}
    records: dict[str, Record] = {}
    stamps: dict[str, dict[str, datetime | None]] = {}

    for body in bodies:
        with _reading(shard_key(shard_digest(body))):
            shard = json.loads(body)
            for key, (digest, etag, generation, owner) in shard["objects"].items():
                objects[key] = Held(digest=digest, etag=etag, generation=generation, owner=owner)
            for key, (etag, since, owner) in shard["gone"].items():
                gone[key] = Gone(etag=etag, since=_instant(since), owner=owner)
            for id_, record in shard["records"].items():
                records[id_] = Record(
                    id=id_,
                    path=record["path"],
                    source=record["source"],
                    updates=tuple(record["updates"]),
                    withdrawn=record["withdrawn"],
                    redactions=tuple(record.get("redactions", ())),
                )
                stamps[id_] = {
                    update: _maybe_instant(at) for update, at in record["stamps"].items()
                }
    return replace(root, objects=objects, gone=gone, records=records, stamps=stamps)


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _reading(key: str) -> Iterator[None]:
    """Turn whatever is wrong with a document into one clear error."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{key}: not what Firstword wrote ({error!r}); nothing is written over it: "
            "put its last good version back, or publish to a new target"
        ) from error


def _to_json(value: object) -> bytes:
    """Write JSON that is the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _maybe_instant(text: str | None) -> datetime | None:
    return None if text is None else _instant(text)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no offset: {text!r}")
    return at.astimezone(UTC)
