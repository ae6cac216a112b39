"""moto's S3 on loopback, empty: what moto holds outlives each of its servers in a process."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeBucket, s3_backends
from moto.server import ThreadedMotoServer


class S3Server:
    """A running S3."""

    def __init__(self, address: str) -> None:
        self.address = address

    def put(self, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Write an object, or make or change a bucket, as `path` says."""
        asked = urllib.request.Request(self.address + path, body, headers or {}, method="PUT")
        urllib.request.urlopen(asked).close()

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of a bucket."""
        return sorted(_bucket(bucket).keys.keys())

    def date(self, bucket: str, key: str, at: datetime) -> None:
        """Say when an object came (UTC)."""
        _bucket(bucket).keys[key].last_modified = at


@contextmanager
def s3server() -> Iterator[S3Server]:
    """Run moto's S3 with nothing in it, and leave nothing of it to the next one."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    _empty()
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()
        _empty()


def copy_bucket(one: str, other: str) -> None:
    """Copy all objects of a bucket; a request for each would take a hundred times as long."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for key in [*_bucket(one).keys.values()]:
        backend.copy_object(key, other, key.name)


def _empty() -> None:
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()


def _bucket(name: str) -> FakeBucket:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[name]
