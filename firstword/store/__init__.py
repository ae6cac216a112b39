"""Where a site is published to: S3, or a folder.

A store reads and writes single objects, conditionally. It knows nothing of manifests and leases.
ETags are opaque and bare, without quotes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from msgspec import Struct

from firstword.errors import SettingsError
from firstword.model import Target
from firstword.store.exposure import Exposure
from firstword.values import replace


class Found(Struct, frozen=True):
    """An object that was read."""

    body: bytes
    etag: str


class Head(Struct, frozen=True):
    """What is known of an object without reading it; None = the store does not say."""

    etag: str
    digest: str | None = None
    generation: int | None = None


class Write(Struct, frozen=True, kw_only=True):
    """One object to write, and on which condition."""

    key: str
    body: bytes
    content_type: str
    cache_control: str
    #: The body's SHA-256 in hex.
    digest: str
    generation: int = 0
    #: The ETag of what must be there; None = whatever is, or nothing.
    if_match: str | None
    #: Whether nothing may be there.
    if_absent: bool


class Store(Protocol):
    """One target. Every method raises StoreError; safe to call from several threads."""

    #: as people call it: "public/", "s3://status-example/site"
    name: str

    def get(self, key: str) -> Found | None:
        """Read an object; None = there is none."""

    def head(self, key: str) -> Head | None:
        """Look at an object without reading it."""

    def put(self, write: Write) -> str:
        """Write an object and return its ETag. Raises Conflict where its condition fails."""

    def delete(self, key: str, if_match: str | None) -> None:
        """Delete an object; one that is not there is no error. Raises Conflict as `put` does."""

    def clear(self, keys: Sequence[str]) -> None:
        """Delete objects, whatever they hold, with few requests."""

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield (key, ETag) of every object, in no particular order."""


@runtime_checkable
class Remote(Store, Protocol):
    """A store on somebody's server, which can be asked about more than its objects."""

    #: the server's address, without credentials; "" = Amazon's own
    endpoint: str

    def exposure(self) -> Exposure:
        """Find out whether strangers may write here; what may not be asked stays open."""

    def server_time(self) -> datetime | None:
        """Return what time the server has, to the second; None = it does not say."""


@runtime_checkable
class Many(Store, Protocol):
    """A store that writes many objects with less work than each alone."""

    def put_many(
        self, writes: Iterator[Write], at_once: int, told: Callable[[str, str], None]
    ) -> None:
        """Write what is easily written; tell the key and the ETag of each.

        What is not told is to be written with `put`, which also knows why; after a failure that is
        the rest, and stays in `writes`. Raises what `writes` and `told` raise.
        """


@runtime_checkable
class Ahead(Protocol):
    """A store that can do something for requests before there are any."""

    def get_ready(self, requests: int) -> None:
        """Get ready for so many requests at once; without that they go as well, only later."""


def open_store(target: str, *, environ: Mapping[str, str], options: Target | None = None) -> Store:
    """Return the store for a folder or `s3://bucket/prefix`; nothing is read or written yet.

    What `options` say holds before what the environment says. Raises SettingsError when `target`
    is neither.
    """
    scheme, separator, rest = target.partition("://")
    if separator and scheme != "s3":
        raise SettingsError("PUBLISH_TO", f"write a folder or s3://bucket/prefix, not {target!r}")
    if not separator:
        from firstword.store.folder import FolderStore

        if not target.strip():
            raise SettingsError("PUBLISH_TO", "names no folder and no bucket: ''")
        return FolderStore(target, Path(target))
    from firstword.store.s3 import S3Store

    bucket, _, prefix = rest.partition("/")
    if not bucket:
        raise SettingsError("PUBLISH_TO", f"names no bucket: {target!r}")
    options = options or Target(name=target)
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
    known = replace(
        options,
        endpoint=options.endpoint or _endpoint(environ),
        region=options.region or region,
    )
    return S3Store(bucket, prefix.strip("/"), known)


def is_local(target: str, environ: Mapping[str, str], options: Target | None = None) -> bool:
    """Tell whether a target is on this machine: a folder, or S3 on loopback."""
    if "://" not in target:
        return True
    endpoint = (options.endpoint if options else "") or _endpoint(environ)
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _endpoint(environ: Mapping[str, str]) -> str:
    """Return the address of an S3 that is not Amazon's, as the AWS tools read it; "" = Amazon's."""
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return ""
    return environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""
