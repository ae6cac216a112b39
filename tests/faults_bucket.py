"""A bucket on a server on loopback: seeded with older commits, read as a reader does."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from fakestore import FakeStore, Kept
from faults_reader import broken_links
from faults_site import Checkout, Example
from faulty_proxy import FaultyProxy, Request
from sites import Ran, share_templates

from firstword.clock import system_clock
from firstword.manifest import STATE
from firstword.model import Target
from firstword.publisher import Report
from firstword.store import Store
from firstword.store.s3 import S3Store
from firstword.store.state import read_state

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAINVENTED", "AWS_SECRET_ACCESS_KEY": "very-secret"}
HOUR = timedelta(hours=1)
WINDOW = "window/index.html"


@cache
def _client(address: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


#: Bodies that were read before; both servers make the ETag of what was really stored.
_BODIES: dict[str, bytes] = {}


def _read(address: str, bucket: str, key: str, etag: str) -> bytes:
    if etag not in _BODIES:
        _BODIES[etag] = _client(address).get_object(Bucket=bucket, Key=key)["Body"].read()
    return _BODIES[etag]


def _store(bucket: str, address: str) -> S3Store:
    # Not kept: each publish is a process, and a client that met much bad weather gives up earlier.
    place = Target(name=f"s3://{bucket}/site", endpoint=address, region="us-east-1")
    return S3Store(bucket, "site", place)


@dataclass(frozen=True)
class Server:
    """An S3 server; `address` leads to it directly."""

    address: str
    example: Example
    now: datetime = field(default_factory=system_clock)
    #: Copies what is in one bucket to another, where there is a quicker way than to ask for it.
    copy: Callable[[str, str], None] | None = None
    names = itertools.count()

    def client(self) -> Any:
        """Return a client that asks the server itself; made once, for that takes long."""
        return _client(self.address)

    @cached_property
    def _older(self) -> Bucket:
        """Publish the older commit, hours before and from clones, to a bucket of its own."""
        bucket, now = self._new(), self.now
        for name, at in (("first", now - 4 * HOUR), ("older", now - 3 * HOUR)):
            report = bucket.publish(self.example.checkout(name, depth=1), now=at)
            assert report.outcome == "published", report.error
        return bucket

    def bucket(self) -> Bucket:
        """Return a new bucket that holds the older commit."""
        older, bucket = self._older, self._new()
        (self.copy or self._copy)(older.name, bucket.name)
        return bucket

    def _copy(self, one: str, other: str) -> None:
        listing = self.client().list_objects_v2(Bucket=one)
        assert not listing["IsTruncated"]
        for entry in listing["Contents"]:
            source = f"{one}/{entry['Key']}"
            self.client().copy_object(Bucket=other, Key=entry["Key"], CopySource=source)

    def _new(self) -> Bucket:
        bucket = Bucket(self, f"status-{next(self.names)}")
        self.client().create_bucket(Bucket=bucket.name)
        return bucket


@dataclass(frozen=True)
class Bucket:
    """One bucket, with a site under a prefix."""

    server: Server
    name: str

    @property
    def target(self) -> str:
        return f"s3://{self.name}/site"

    def store(self, address: str | None = None) -> S3Store:
        """Return the store as publish.py has it, straight to the server unless told otherwise."""
        return _store(self.name, address or self.server.address)

    def publish(
        self, checkout: Checkout, *, now: datetime, address: str | None = None, workers: int = 8
    ) -> Report:
        """Publish from this process, at any time of day."""
        return checkout.publish(self.store(address), now=now, workers=workers)

    def site(self) -> dict[str, bytes]:
        """Return what the public can read."""
        client, found = self.server.client(), {}
        listing = client.list_objects_v2(Bucket=self.name)
        assert not listing["IsTruncated"]
        for entry in listing["Contents"]:
            key = entry["Key"].removeprefix("site/")
            if not key.startswith(STATE):
                found[key] = _read(self.server.address, self.name, entry["Key"], entry["ETag"])
        return found

    def assert_sound(self) -> None:
        """What the manifest says is what is there, and nobody is at work."""
        store = self.store()
        manifest = read_state(store, {}, 8).manifest
        listing = dict(store.keys())
        there = {key: etag for key, etag in listing.items() if not key.startswith(STATE)}
        for key, held in manifest.objects.items():
            assert there.pop(key) == held.etag, key
        assert there.keys() <= manifest.gone.keys()
        assert manifest.lease is None


def snapshot(store: Store) -> FakeStore:
    """Return what a target holds, as a store in memory."""
    copy = FakeStore(store.name)
    for key in dict(store.keys()):
        found, head = store.get(key), store.head(key)
        assert found is not None
        assert head is not None
        copy.objects[key] = Kept(
            body=found.body, etag=found.etag, digest=head.digest, generation=head.generation
        )
    return copy


@dataclass(frozen=True)
class Course:
    """What the older commit looks like, and what the newer one must come to."""

    older: dict[str, bytes]
    clean: dict[str, bytes]

    @classmethod
    def of(cls, server: Server) -> Course:
        """Publish to a bucket of its own with nothing going wrong."""
        bucket, newer = server.bucket(), server.example.checkout("newer", depth=1)
        older = {key: body for key, body in bucket.site().items() if key != WINDOW}
        for at in (server.now, server.now + 2 * HOUR):
            assert bucket.publish(newer, now=at).deletes == 1
        return cls(older, bucket.site())

    def assert_readable(self, site: Mapping[str, bytes]) -> None:
        """A reader finds a whole site, from its front door and from every page already open."""
        assert broken_links(site) == set()
        assert broken_links(site, start=self.older) == set()
        for key, body in site.items():
            assert body in {self.older.get(key), self.clean.get(key)} or key == WINDOW, key

    def assert_heals(self, bucket: Bucket, now: datetime | None = None) -> None:
        """The next publish finishes the work, and the one after the grace period cleans up."""
        newer = bucket.server.example.checkout("newer", depth=1)
        now = now or system_clock() + timedelta(minutes=5)
        report = bucket.publish(newer, now=now)
        assert report.outcome in {"published", "unchanged"}, report.error
        self.assert_readable(bucket.site())
        bucket.publish(newer, now=now + 2 * HOUR)
        assert bucket.site() == self.clean
        bucket.assert_sound()


class Publisher:
    """A real `python publish.py`, with an empty home and an empty environment."""

    def __init__(self, folder: Path, target: str, address: str = "") -> None:
        home = folder.parent / f"{folder.name}-home"
        home.mkdir()
        share_templates(folder)
        self._process = subprocess.Popen(
            [sys.executable, "publish.py", target],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "GIT_CONFIG_NOSYSTEM": "1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ENDPOINT_URL": address,
                "PYTHONWARNINGS": "error",
                **KEYS,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> None:
        """End it at once: nothing of it runs any more."""
        self._process.kill()
        self._process.wait(30)

    def end(self) -> Ran:
        """Wait for its end."""
        out, err = self._process.communicate(timeout=120)
        return Ran(self._process.returncode, out, err)


def strike(proxy: FaultyProxy, kind: str, how: str, act: Callable[[], object]) -> None:
    """Act at the first request of a kind, and cut its connection.

    `how` says what the server behind gets of it: "before" = nothing, "torn" = half of the upload,
    "after" = all of it, and only the answer is lost.
    """
    done: list[Request] = []

    def fault(request: Request) -> bool:
        if done or request.kind != kind or request.answered is not (how == "after"):
            return False
        done.append(request)
        act()
        return True

    if how == "torn":
        proxy.tear = fault
    else:
        proxy.fault = fault


def once_each(kinds: Iterable[str], *, answered: bool) -> Callable[[Request], bool]:
    """Return a fault for a proxy: cut the connection of the first request of each kind."""
    left = set(kinds)

    def fault(request: Request) -> bool:
        if request.answered is not answered or request.kind not in left:
            return False
        left.remove(request.kind)
        return True

    return fault
