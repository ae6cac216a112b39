"""What shards look like as JSON, and where what lies in them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from firstword.manifest import STATE, Gone, Held, Record, instant, iso, maybe_instant, to_json

SHARDS = f"{STATE}shards/"
#: What of the site itself lies in the index, which nearly every edit writes; more moves to `cold`.
MOST_HOT = 256
#: So many stories lie in one bucket: each request more is one more that can fail.
ONE_BUCKET = 32


def shard_key(digest: str) -> str:
    """Return where a shard lies; its digest is that of the uncompressed JSON."""
    return f"{SHARDS}{digest}.json.gz"


def shard_digest(body: bytes) -> str:
    """Return the name of a shard's content."""
    return hashlib.sha256(body).hexdigest()


def buckets_for(stories: int) -> int:
    """Return how many buckets keep both the index and a bucket small; a small site needs one."""
    return max(1, math.ceil(2 * math.sqrt(max(0, stories - ONE_BUCKET))))


def bucket_of(name: str, count: int) -> int:
    """Return the bucket of a name; one bucket more takes names from a single other one."""
    if count == 1:
        return 0
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    top = 1 << (count - 1).bit_length()
    at = number % top
    return at if at < count else at - top // 2


def name_of(path: str) -> str:
    """Return the story that a path seems to belong to, by its name: its stem, or its folder's."""
    folder, _, name = path.rpartition("/")
    return (folder.rpartition("/")[2] if name == "index.html" else name).partition(".")[0]


class Bucket(Struct):
    """What belongs to some of the stories."""

    objects: dict[str, Held] = {}
    records: dict[str, Record] = {}
    stamps: dict[str, Mapping[str, datetime | None]] = {}
    owners: dict[str, str] = {}  #: key → story, of another bucket
    ids: dict[str, str] = {}  #: path → story, of another bucket

    def to_bytes(self) -> bytes:
        """Write the bucket; an empty one is no shard at all."""
        if not (self.objects or self.records or self.owners or self.ids):
            return b""
        return to_json(
            {
                "objects": {key: _from_held(held) for key, held in self.objects.items()},
                "records": {
                    id_: {
                        "path": record.path,
                        "source": record.source,
                        "updates": record.updates,
                        "withdrawn": record.withdrawn,
                        **({"redactions": record.redactions} if record.redactions else {}),
                        **({"translations": record.translations} if record.translations else {}),
                        **({"limits": record.limits} if record.limits else {}),
                        **({"veils": record.veils} if record.veils else {}),
                        "stamps": {at: iso(first) for at, first in self.stamps[id_].items()},
                    }
                    for id_, record in self.records.items()
                },
                **({"owners": self.owners} if self.owners else {}),
                **({"ids": self.ids} if self.ids else {}),
            }
        )


def read_bucket(body: bytes) -> Bucket:
    shard = json.loads(body)
    bucket = Bucket(owners=dict(shard.get("owners", {})), ids=dict(shard.get("ids", {})))
    bucket.objects = {key: _held(entry) for key, entry in shard["objects"].items()}
    for id_, told in shard["records"].items():
        bucket.records[id_] = Record(
            id=id_,
            path=told["path"],
            source=told["source"],
            updates=tuple(told["updates"]),
            withdrawn=told["withdrawn"],
            redactions=tuple(told.get("redactions", ())),
            translations=tuple((path, text) for path, text in told.get("translations", ())),
            limits=tuple((name, who, within) for name, who, within in told.get("limits", ())),
            veils=tuple((name, shown) for name, shown in told.get("veils", ())),
        )
        bucket.stamps[id_] = {at: maybe_instant(first) for at, first in told["stamps"].items()}
    return bucket


class Index(Struct, frozen=True, kw_only=True):
    """What names all other shards, and what nearly every publish changes."""

    #: What of the site changed lately; None = not there, whatever `cold` says.
    hot: Mapping[str, Held | None] = {}
    gone: Mapping[str, Gone] = {}
    cold: str = ""
    buckets: tuple[str, ...] = ("",)
    stories: int = 0
    files: int = 0
    pages: int = 0

    @property
    def remembers(self) -> str:
        """A digest of all buckets: another one where anything is remembered otherwise."""
        return hashlib.sha256(",".join(self.buckets).encode()).hexdigest()

    @property
    def named(self) -> frozenset[str]:
        """The digests of all shards but the index itself."""
        return frozenset(filter(None, (self.cold, *self.buckets)))

    def to_bytes(self) -> bytes:
        """Write the index."""
        return to_json(
            {
                "objects": {k: held and _from_held(held) for k, held in self.hot.items()},
                "gone": {k: [g.etag, iso(g.since), g.owner] for k, g in self.gone.items()},
                "cold": self.cold,
                "buckets": self.buckets,
                "stories": self.stories,
                "files": self.files,
                "pages": self.pages,
            }
        )


def read_index(body: bytes) -> Index:
    told = json.loads(body)
    return Index(
        hot={key: entry and _held(entry) for key, entry in told["objects"].items()},
        gone={
            key: Gone(etag=etag, since=instant(since), owner=owner)
            for key, (etag, since, owner) in told["gone"].items()
        },
        cold=str(told["cold"]),
        buckets=tuple(map(str, told["buckets"])),
        stories=int(told["stories"]),
        files=int(told["files"]),
        pages=int(told["pages"]),
    )


def _held(entry: Any) -> Held:
    digest, etag, generation, owner = entry
    return Held(digest=digest, etag=etag, generation=generation, owner=owner)


def _from_held(held: Held) -> list[object]:
    return [held.digest, held.etag, held.generation, held.owner]


def read_cold(body: bytes) -> dict[str, Held]:
    return {key: _held(entry) for key, entry in json.loads(body)["objects"].items()}


def cold_to_bytes(cold: Mapping[str, Held]) -> bytes:
    """Write the cold shard; an empty one is no shard at all."""
    return to_json({"objects": {k: _from_held(h) for k, h in cold.items()}}) if cold else b""
