"""What a build made, what a target holds and what it remembers: nouns, and their JSON. Pure.

A target keeps its state beside the site, under `.firstword/`: one small root, and shards named by
the digest of their content, which `shards` knows. `Manifest` is both of them together.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from firstword.errors import StoreError

FORMAT = 2
STATE = ".firstword/"
ROOT_KEY = f"{STATE}root.json"

Stamps = Mapping[str, Mapping[str, datetime | None]]
"""Incident id → update id → when it was first published; None = before records began."""

Limits = Mapping[str, Mapping[str, tuple[str, int]]]
"""Incident id → component → who owed a word on it when the first one was published, and within how
many seconds; ("", 0) = nobody did."""


class Output(Struct, frozen=True, kw_only=True):
    """One file of the built site."""

    key: str  #: "incidents/2026-11-21-card-payments/index.html": posix, relative
    digest: str  #: sha256 of the bytes, in hex
    size: int
    leaf: bool  #: others link to it: a new leaf is uploaded before what links to it
    owner: str  #: id of the incident it belongs to; "" = the site


class Record(Struct, frozen=True, kw_only=True):
    """What a target remembers of one incident file, of any kind."""

    id: str
    path: str  #: relative to the site's folder, posix
    source: str  #: the text that was last good: a broken file is rebuilt from it
    updates: tuple[str, ...]  #: update ids ("20261121T092000Z"), ordered
    withdrawn: bool
    redactions: tuple[str, ...] = ()  #: the signed gaps in all texts, as they read, sorted
    translations: tuple[tuple[str, str], ...] = ()  #: path and text of each, by language
    #: Component, who owed a word on it, and within how many seconds; sorted. See `Limits`.
    limits: tuple[tuple[str, str, int], ...] = ()
    #: Who is shown by another name than they sign with, and by which; sorted.
    veils: tuple[tuple[str, str], ...] = ()

    @property
    def sources(self) -> dict[str, str]:
        """Path → text, the original's first."""
        return {self.path: self.source, **dict(self.translations)}

    def gaps_lost(self, other: Record) -> tuple[str, ...]:
        """Return the gaps that another version of the file would fill again."""
        return tuple((Counter(self.redactions) - Counter(other.redactions)).elements())


class Delta(Struct, frozen=True, kw_only=True):
    """What is another one, new or gone since an older build."""

    keys: frozenset[str]  #: of outputs
    ids: frozenset[str]  #: of incidents


def _no_delta(_build_id: str) -> None:
    return None


class Built(Struct, frozen=True, kw_only=True):
    """What a build hands to the publisher. `outputs` and `records` may be read as they are asked
    for, and hold as long as the build's cache is open."""

    folder: Path
    build_id: str  #: digest of the outputs, and of nothing else
    outputs: Mapping[str, Output]
    records: Mapping[str, Record]
    held_back: tuple[str, ...]  #: lines about broken files, ready to print
    next_change_at: datetime | None  #: when the clock next changes a page
    #: Id of an older build, as a target holds it → what differs since; None = not known.
    since: Callable[[str], Delta | None] = _no_delta
    #: Takes the place of a memory's token where nothing was remembered; "" = something was.
    unremembered: str = ""


def _not_known(_token: str) -> None:
    return None


class Memory(Struct, frozen=True, kw_only=True):
    """What all targets together know, handed to the build."""

    now: datetime  #: the lease's instant, also the build's clock
    stamps: Stamps  #: an update that is not in here is first published `now`
    records_began: bool  #: False on the very first publish: every update is "before records began"
    sources: Mapping[str, str]  #: path → the text that was last good
    #: Incident id → the files it was last told by, the original's first.
    paths: Mapping[str, tuple[str, ...]] = {}
    limits: Limits = {}
    #: Incident id → name in its files → what readers see instead, where that is another one.
    veils: Mapping[str, Mapping[str, str]] = {}
    token: str = ""  #: digest of all of the above but `now`; "" = not known
    #: Token of an older memory → ids of the incidents that are remembered otherwise since; None =
    #: not known, which includes every token "".
    changed: Callable[[str], frozenset[str] | None] = _not_known


class Origin(Struct, frozen=True, kw_only=True):
    """The commit that a publish was made from; `commit` is None where there was no git."""

    commit: str | None = None
    committed_at: datetime | None = None
    ancestors: tuple[str, ...] = ()  #: newest first
    dirty: bool = False


class Lease(Struct, frozen=True, kw_only=True):
    """Who may write to a target, and until when; live until then, dead afterwards."""

    owner: str
    taken_at: datetime
    until: datetime
    origin: Origin
    touches: tuple[str, ...]  #: what may be written under it: a successor doubts that

    def live(self, now: datetime) -> bool:
        """Tell whether somebody is still at work."""
        return now < self.until


class Held(Struct, frozen=True, kw_only=True):
    """One object as a target holds it."""

    digest: str
    etag: str
    generation: int  #: of the publish that wrote it
    owner: str


class Gone(Struct, frozen=True, kw_only=True):
    """A tombstone: an object that nothing links to any more, deleted by a later publish."""

    etag: str  #: "" = not known: a publisher died while it wrote the object
    since: datetime
    owner: str


class Manifest(Struct, frozen=True, kw_only=True):
    """All that a target holds and remembers; the defaults are a target never published to."""

    generation: int = 0
    build_id: str = ""
    headers: str = ""  #: digest of the table of content types that the objects were sent with
    next_change_at: datetime | None = None
    source: Origin = msgspec.field(default_factory=Origin)
    lease: Lease | None = None
    probed: str = ""  #: the place where conditional writes were tried, and honoured
    guarded_at: datetime | None = None  #: when strangers were last seen to be kept out
    index: str = ""  #: digest of the shard that names the others, as last committed
    stale: tuple[str, ...] = ()  #: digests of shards that nothing names any more, to be deleted
    objects: Mapping[str, Held] = {}
    gone: Mapping[str, Gone] = {}
    records: Mapping[str, Record] = {}
    stamps: Stamps = {}

    @property
    def published(self) -> bool:
        """Whether a publish ever ended well here."""
        return bool(self.build_id)


# ── the root ─────────────────────────────────────────────────────────────────────────────────────


def root_to_bytes(manifest: Manifest) -> bytes:
    """Write the root: everything but what the shards hold."""
    lease = manifest.lease
    return to_json(
        {
            "format": FORMAT,
            "generation": manifest.generation,
            "build_id": manifest.build_id,
            "headers": manifest.headers,
            "next_change_at": iso(manifest.next_change_at),
            "probed": manifest.probed,
            "guarded_at": iso(manifest.guarded_at),
            "source": _from_origin(manifest.source),
            "lease": lease
            and {
                "owner": lease.owner,
                "taken_at": iso(lease.taken_at),
                "until": iso(lease.until),
                "touches": lease.touches,
                **_from_origin(lease.origin),
            },
            "index": manifest.index,
            "stale": manifest.stale,
        }
    )


def parse_root(body: bytes) -> Manifest:
    """Read a root into a Manifest that holds nothing yet; StoreError: it must not be replaced."""
    with reading(ROOT_KEY):
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
        next_change_at=maybe_instant(root["next_change_at"]),
        probed=str(root.get("probed", "")),
        guarded_at=maybe_instant(root.get("guarded_at")),
        source=_to_origin(root["source"]),
        lease=None
        if lease is None
        else Lease(
            owner=str(lease["owner"]),
            taken_at=instant(lease["taken_at"]),
            until=instant(lease["until"]),
            touches=tuple(lease["touches"]),
            origin=_to_origin(lease),
        ),
        index=_digest(root["index"]),
        stale=tuple(map(_digest, root.get("stale", ()))),
    )


def _digest(value: Any) -> str:
    if not re.fullmatch(r"([0-9a-f]{64})?", value):
        raise ValueError(f"no digest: {value!r}")
    return str(value)


def _from_origin(origin: Origin) -> dict[str, Any]:
    return {
        "commit": origin.commit,
        "committed_at": iso(origin.committed_at),
        "ancestors": origin.ancestors,
        "dirty": origin.dirty,
    }


def _to_origin(value: Any) -> Origin:
    return Origin(
        commit=value["commit"],
        committed_at=maybe_instant(value["committed_at"]),
        ancestors=tuple(value["ancestors"]),
        dirty=bool(value["dirty"]),
    )


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def reading(key: str) -> Iterator[None]:
    """Turn whatever is wrong with a document into one clear error."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{key}: not what Firstword wrote ({error!r}); nothing is written over it: "
            "put its last good version back, or publish to a new target"
        ) from error


def to_json(value: object) -> bytes:
    """Write JSON that is the same bytes for the same value."""
    # Quicker, and the same bytes wherever nothing has to be escaped.
    with suppress(UnicodeEncodeError):
        told = msgspec.json.encode(value, order="sorted")
        if told.isascii() and b"\x7f" not in told:
            return told
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def maybe_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no offset: {text!r}")
    return at.astimezone(UTC)
