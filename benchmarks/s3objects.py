"""What the small S3 knows and how it answers. No sockets here."""

from __future__ import annotations

import base64
import hashlib
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from functools import partial
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from firstword.clock import system_clock

_NS = "http://s3.amazonaws.com/doc/2006-03-01/"
#: Kept with an object and given back with it, beside x-amz-meta-*.
_KEPT = ("content-type", "cache-control", "content-encoding", "content-disposition")
_UNHEARD_OF = {"uploads", "uploadId", "tagging", "acl"}
_CLOSED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_SET_UP = {
    "location": ("LocationConstraint", ""),
    "versioning": ("VersioningConfiguration", ""),
    "publicAccessBlock": (
        "PublicAccessBlockConfiguration",
        "".join(f"<{name}>true</{name}>" for name in _CLOSED),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; `verb` is what to count it as where the method does not tell."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    verb: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object."""

    body: bytes
    etag: str
    headers: Mapping[str, str]
    modified: str


class Bucket:
    """Keys and objects, with the keys in order when somebody asks for a list."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self._order: list[str] = []

    def put(self, key: str, thing: Thing) -> None:
        """Store one object."""
        if key not in self.things:
            self._order = []
        self.things[key] = thing

    def drop(self, key: str) -> None:
        """Delete one object, if it is there."""
        if self.things.pop(key, None):
            self._order = []

    def keys(self, prefix: str, after: str) -> Iterator[str]:
        """Yield keys with a prefix in order, those past `after`."""
        if len(self._order) != len(self.things):
            self._order = sorted(self.things)
        keys = self._order
        start = max(bisect_left(keys, prefix), bisect_right(keys, after) if after else 0)
        for at in range(start, len(keys)):
            if not keys[at].startswith(prefix):
                return
            yield keys[at]


class Objects:
    """All buckets; one comes to be when it is first spoken of."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        name, _, key = asked.path.lstrip("/").partition("/")
        if not name:
            return _xml("ListAllMyBucketsResult", "<Buckets></Buckets>", verb="LIST")
        bucket = self.buckets.setdefault(name, Bucket())
        if key:
            return self._object(bucket, key, asked)
        return _of_bucket(bucket, name, asked)

    def _object(self, bucket: Bucket, key: str, asked: Asked) -> Answer:
        method, held = asked.method, bucket.things.get(key)
        if _UNHEARD_OF & set(asked.query) or method not in {"GET", "HEAD", "PUT", "DELETE"}:
            return _error(501, "NotImplemented", asked.path)
        if method in {"GET", "HEAD"}:
            return _read(held, key, asked)
        if refused := _refusal(held, key, asked.headers) or _damage(asked):
            return refused
        if method == "DELETE":
            bucket.drop(key)
            return Answer(status=204)
        return self._put(bucket, key, asked)

    def _put(self, bucket: Bucket, key: str, asked: Asked) -> Answer:
        if "x-amz-copy-source" in asked.headers:
            return self._copy(bucket, key, asked)
        thing = _thing(asked.body, asked.headers)
        bucket.put(key, thing)
        return Answer(headers={"ETag": thing.etag})

    def _copy(self, bucket: Bucket, key: str, asked: Asked) -> Answer:
        source = unquote(asked.headers["x-amz-copy-source"]).lstrip("/")
        name, _, of = source.partition("?")[0].partition("/")
        held = self.buckets.get(name, Bucket()).things.get(of)
        if held is None:
            return _error(404, "NoSuchKey", source)
        replace = asked.headers.get("x-amz-metadata-directive", "").upper() == "REPLACE"
        thing = _thing(held.body, asked.headers if replace else held.headers)
        bucket.put(key, thing)
        text = f"<ETag>{escape(thing.etag)}</ETag><LastModified>{_iso()}</LastModified>"
        return _xml("CopyObjectResult", text, verb="COPY")


def _of_bucket(bucket: Bucket, name: str, asked: Asked) -> Answer:
    if asked.method in {"HEAD", "PUT"}:
        return Answer(headers={"Location": f"/{name}"})
    if asked.method == "POST" and "delete" in asked.query:
        return _delete_many(bucket, asked.body)
    if asked.method == "GET" and not _UNHEARD_OF & set(asked.query):
        return _told_of(bucket, name, asked.query)
    return _error(501, "NotImplemented", asked.path)


def _told_of(bucket: Bucket, name: str, query: Mapping[str, str]) -> Answer:
    """Tell how a bucket is set up, or what is in it."""
    for asked, (root, text) in _SET_UP.items():
        if asked in query:
            return _xml(root, text)
    if {"policy", "policyStatus"} & set(query):
        return _error(404, "NoSuchBucketPolicy", name)
    return _list(bucket, name, query)


def _list(bucket: Bucket, name: str, query: Mapping[str, str]) -> Answer:
    """Answer ListObjects, version 2 or 1."""
    second = query.get("list-type") == "2"
    spelled = partial(quote, safe="/") if query.get("encoding-type") == "url" else escape
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = query.get("continuation-token") or query.get("start-after") or query.get("marker", "")
    most = min(int(query.get("max-keys") or 1000), 1000)
    parts: list[str] = []
    folders: list[str] = []
    count, last, more = 0, "", False
    for key in bucket.keys(prefix, after):
        folder = _folder(key, prefix, delimiter)
        if folder and folder in folders[-1:]:
            last = key
            continue
        if count == most:
            more = True
            break
        count, last = count + 1, key
        if folder:
            folders.append(folder)
            continue
        thing = bucket.things[key]
        parts.append(
            f"<Contents><Key>{spelled(key)}</Key><LastModified>{thing.modified}</LastModified>"
            f"<ETag>{escape(thing.etag)}</ETag><Size>{len(thing.body)}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )
    parts += [f"<CommonPrefixes><Prefix>{spelled(f)}</Prefix></CommonPrefixes>" for f in folders]
    parts.append(f"<IsTruncated>{str(more).lower()}</IsTruncated><MaxKeys>{most}</MaxKeys>")
    parts.append(f"<Name>{name}</Name><Prefix>{spelled(prefix)}</Prefix>")
    if query.get("encoding-type") == "url":
        parts.append("<EncodingType>url</EncodingType>")
    if second:
        parts.append(f"<KeyCount>{count}</KeyCount>")
    if more:
        tag = "NextContinuationToken" if second else "NextMarker"
        parts.append(f"<{tag}>{escape(last) if second else spelled(last)}</{tag}>")
    return _xml("ListBucketResult", "".join(parts), verb="LIST")


def _folder(key: str, prefix: str, delimiter: str) -> str:
    head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
    return prefix + head + found if found else ""


def _delete_many(bucket: Bucket, body: bytes) -> Answer:
    root = ET.fromstring(body)  # noqa: S314 - sent by the programs we measure
    keys = [node.text or "" for node in root.iter() if node.tag.endswith("Key")]
    for key in keys:
        bucket.drop(key)
    told = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
    return _xml("DeleteResult", told, verb="DELETE")


def _read(held: Thing | None, key: str, asked: Asked) -> Answer:
    if held is None:
        return _error(404, "NoSuchKey", key)
    unless = asked.headers.get("if-none-match", "")
    if unless and _same(unless, held.etag):
        return Answer(status=304, headers={"ETag": held.etag})
    wanted = asked.headers.get("if-match", "")
    if wanted and not _same(wanted, held.etag):
        return _error(412, "PreconditionFailed", key)
    headers = {**held.headers, "ETag": held.etag, "Last-Modified": _http(held.modified)}
    return Answer(headers=headers, body=held.body)


def _refusal(held: Thing | None, key: str, headers: Mapping[str, str]) -> Answer | None:
    """Return why a condition of a PUT or DELETE is not met."""
    wanted, unless = headers.get("if-match", ""), headers.get("if-none-match", "")
    if wanted and held is None:
        return _error(404, "NoSuchKey", key)
    if wanted and held and not _same(wanted, held.etag):
        return _error(412, "PreconditionFailed", key)
    if unless and held and _same(unless, held.etag):
        return _error(412, "PreconditionFailed", key)
    return None


def _damage(asked: Asked) -> Answer | None:
    """Return what speaks against a body, by the checksums sent with it."""
    md5, crc = asked.headers.get("content-md5"), asked.headers.get("x-amz-checksum-crc32")
    body = asked.body
    if md5 and md5 != _base64(hashlib.md5(body, usedforsecurity=False).digest()):
        return _error(400, "BadDigest", "Content-MD5")
    if crc and crc != _base64(zlib.crc32(body).to_bytes(4, "big")):
        return _error(400, "BadDigest", "x-amz-checksum-crc32")
    return None


def _thing(body: bytes, headers: Mapping[str, str]) -> Thing:
    kept = {
        name: value
        for name, value in headers.items()
        if (name in _KEPT or name.startswith("x-amz-meta-")) and value != "aws-chunked"
    }
    kept.setdefault("content-type", "binary/octet-stream")
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    return Thing(body=body, etag=etag, headers=kept, modified=_iso())


def _same(condition: str, etag: str) -> bool:
    return condition == "*" or etag.strip('"') in {c.strip(' "') for c in condition.split(",")}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _iso() -> str:
    return f"{system_clock():%Y-%m-%dT%H:%M:%S}.000Z"


def _http(iso: str) -> str:
    return formatdate(datetime.fromisoformat(iso).timestamp(), usegmt=True)


def _xml(name: str, text: str, *, status: int = 200, verb: str = "") -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{_NS}">{text}</{name}>'
    headers = {"Content-Type": "application/xml"}
    return Answer(status=status, headers=headers, body=body.encode(), verb=verb)


def _error(status: int, code: str, about: str) -> Answer:
    text = f"<Code>{code}</Code><Message>{code}: {escape(about)}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'
    return Answer(status=status, headers={"Content-Type": "application/xml"}, body=body.encode())
