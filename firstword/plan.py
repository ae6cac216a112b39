"""What a publish will send, in which order, and what it will not: two manifests → a plan. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal

from firstword.errors import Refused
from firstword.manifest import (
    STATE,
    Built,
    Gone,
    Held,
    Manifest,
    Memory,
    Origin,
    Output,
    Stamps,
    merge_memory,
)

GRACE = timedelta(hours=1)
LARGEST = 25_000_000
HOME = "index.html"

# Our own table, not `mimetypes`: that one reads files of the machine it runs on.
_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".ics": "text/calendar; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".rss": "application/rss+xml; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml; charset=utf-8",
    ".xsl": "text/xsl; charset=utf-8",
}
_JSON_FEED = "application/feed+json; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"  # the Prometheus text format
_UNKNOWN = "application/octet-stream"
_FRESH = "public, max-age=30, stale-while-revalidate=60, stale-if-error=604800"
_FOREVER = "public, max-age=31536000, immutable"
_PRIVATE = "no-store"
# theme/style.3f9a1c2b.css; a date between the dots is no digest.
_HASHED = re.compile(r"\.(?=[0-9]*[a-f])[0-9a-f]{8,64}\.[a-z0-9]+$")

HEADERS = hashlib.sha256(
    repr((sorted(_TYPES.items()), _JSON_FEED, _METRICS, _FRESH, _FOREVER)).encode()
).hexdigest()[:16]
"""Changes with the table: then everything is sent again, for its bytes alone look the same."""

_SECRET = re.compile(
    r"\.env.*|.*\.(pem|key|p12|pfx|db|sqlite3?)|id_(rsa|dsa|ecdsa|ed25519).*"
    r"|(subscribers|ledger)(\.(csv|tsv|json|jsonl|txt|toml|ya?ml))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """One object to write; `expect` is the ETag that must be there, None = nothing may be."""

    output: Output
    expect: str | None
    why: Literal["new", "changed", "again"]

    @property
    def key(self) -> str:
        return self.output.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """One object to delete, and its tombstone."""

    key: str
    tomb: Gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do to one target. Each phase ends before the next begins; deletes come last."""

    phases: tuple[tuple[Put, ...], ...]
    deletes: tuple[Delete, ...]
    gone: tuple[str, ...]  #: not linked any more; they stay for the grace period
    unchanged: int
    remembers: bool  #: there is something new to remember, even where no page changed
    manifest: Manifest  #: what to commit, but for the ETags that only the puts will tell

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
        return replace(self.manifest, objects={**held, **told}, gone=gone, source=origin)


def headers_for(key: str) -> tuple[str, str]:
    """Return content type and Cache-Control of an object."""
    name = PurePosixPath(key).name
    kind = _TYPES.get(PurePosixPath(name).suffix.lower(), _UNKNOWN)
    if key.startswith(STATE):
        return kind, _PRIVATE
    if name == "metrics":
        kind = _METRICS
    elif key.startswith("feeds/") and name.endswith(".json"):
        kind = _JSON_FEED
    hashed = _HASHED.search(name) and not name.endswith(".html")
    return kind, _FOREVER if hashed else _FRESH


def make_plan(
    manifest: Manifest,
    built: Built,
    now: datetime,
    *,
    memory: Memory | None = None,
    grace: timedelta = GRACE,
    allow_shrink: bool = False,
) -> Plan:
    """Compare what a target holds with what was built.

    `now` is the real time; stamps come from `memory`, which knows the other targets too. Raises
    Refused when the plan would harm what is published.
    """
    problems = [*_refusals(manifest, built, allow_shrink=allow_shrink)]
    if problems:
        raise Refused("\n".join(problems))
    memory = memory or merge_memory([manifest], now)
    # What a died publish may have written cannot be trusted to be what the manifest says.
    doubted = set(manifest.lease.touches) if manifest.lease else set()
    puts = [*_puts(manifest, built, doubted)]
    dropped = manifest.objects.keys() - built.outputs.keys()
    gone = {key: tomb for key, tomb in manifest.gone.items() if key not in built.outputs}
    for key in sorted(dropped | (doubted - built.outputs.keys())):
        held = manifest.objects.get(key)
        since = gone[key].since if key in gone else now
        etag = held.etag if held and key not in doubted else ""
        gone[key] = Gone(etag=etag, since=since, owner=held.owner if held else "")
    if _redacts(manifest, built):
        # Old pages may still say what was just taken out: no cache is worth that.
        grace = timedelta(0)
    due = {key: tomb for key, tomb in gone.items() if now - tomb.since >= grace}
    objects = {
        key: Held(
            digest=output.digest,
            etag=manifest.objects[key].etag if key in manifest.objects else "",
            generation=manifest.objects[key].generation if key in manifest.objects else 0,
            owner=output.owner,
        )
        for key, output in built.outputs.items()
    }
    for put in puts:
        objects[put.key] = replace(objects[put.key], generation=manifest.generation + 1)
    after = replace(
        manifest,
        build_id=built.build_id,
        headers=HEADERS,
        next_change_at=built.next_change_at,
        objects=objects,
        gone={key: tomb for key, tomb in gone.items() if key not in due},
        records=dict(built.records),
        stamps=_stamps(built, memory),
    )
    return Plan(
        phases=_phases(puts, first=not manifest.published),
        deletes=tuple(Delete(key=key, tomb=due[key]) for key in sorted(due)),
        gone=tuple(sorted(gone.keys() - manifest.gone.keys())),
        unchanged=len(built.outputs) - len(puts),
        remembers=(after.records, after.stamps, after.next_change_at)
        != (manifest.records, manifest.stamps, manifest.next_change_at),
        manifest=after,
    )


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


def _puts(manifest: Manifest, built: Built, doubted: set[str]) -> Iterator[Put]:
    """Yield what differs from what the target is known to hold."""
    for key, output in built.outputs.items():
        held, tomb = manifest.objects.get(key), manifest.gone.get(key)
        if held is None:
            yield Put(output=output, expect=(tomb and tomb.etag) or None, why="new")
        elif held.digest != output.digest:
            yield Put(output=output, expect=held.etag, why="changed")
        elif key in doubted or manifest.headers != HEADERS:
            yield Put(output=output, expect=held.etag, why="again")


def _phases(puts: list[Put], *, first: bool) -> tuple[tuple[Put, ...], ...]:
    """Order the puts so that nothing links to a missing page or update; home is last of all."""
    ordered = sorted(puts, key=lambda put: (put.key == HOME, put.key))
    leaves = tuple(put for put in ordered if put.why == "new" and put.output.leaf)
    # Lists and feeds link to single updates, so a story that got one goes before them.
    stories = tuple(put for put in ordered if put.output.owner and put not in leaves)
    rest = tuple(put for put in ordered if put not in leaves and put not in stories)
    # The very first home page links to everything, also to what is no leaf.
    home = tuple(put for put in rest if put.key == HOME) if first else ()
    phases = (leaves, stories, tuple(put for put in rest if put not in home), home)
    return tuple(phase for phase in phases if phase)


def _redacts(manifest: Manifest, built: Built) -> bool:
    """Tell whether words were taken out since the target was published to."""
    return any(
        id_ in manifest.records and record.gaps_lost(manifest.records[id_])
        for id_, record in built.records.items()
    )


def _stamps(built: Built, memory: Memory) -> Stamps:
    """Return when each update was first published: what is known stays for ever."""
    new = memory.now if memory.records_began else None
    return {
        id_: {update: memory.stamps.get(id_, {}).get(update, new) for update in record.updates}
        for id_, record in built.records.items()
    }


def _refusals(manifest: Manifest, built: Built, *, allow_shrink: bool) -> Iterator[str]:
    """Yield a line for everything that speaks against publishing: what it is, and what to do."""
    if HOME not in built.outputs:
        yield f"the build has no {HOME}: look at what the build said, and build again"
    for output in built.outputs.values():
        reason = _unfit(output)
        if reason:
            yield f"{output.key!r} must not be published: {reason}; take it out of the site"
    for id_, record in sorted(manifest.records.items()):
        kept = built.records[id_].updates if id_ in built.records else ()
        lost = ", ".join(update for update in record.updates if update not in kept)
        if lost:
            commit = manifest.source.commit or "<commit>"
            yield (
                f"{record.path}: {id_!r} would lose what is already published: {lost}. "
                f"Bring it back: git checkout {commit[:12]} -- {record.path} (if the file was "
                f"renamed, write `id: {id_}` in it). To take words back, sign a correction, or "
                "the status `withdrawn`"
            )
        elif id_ in built.records and record.gaps_lost(built.records[id_]):
            yield (
                f"{record.path}: {id_!r} would bring back what was redacted: "
                f"{', '.join(record.gaps_lost(built.records[id_]))}. "
                "Publish the commit with the redaction, or one that follows it"
            )
    pages = {key for key in manifest.objects if key.endswith(".html")}
    vanishing = len(pages - built.outputs.keys())
    if vanishing > max(20, len(pages) / 10) and not allow_shrink:
        yield (
            f"{vanishing} of {len(pages)} published pages would vanish; "
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
