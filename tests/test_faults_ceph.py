"""Ceph's S3 gateway, with the gateway and the disk behind it killed in the middle of a publish.

One cluster serves all tests here. Its conditional writes are real ones, so publishers race on it.
"""

from __future__ import annotations

import json
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ceph import Ceph, missing_programs
from faults_bucket import Course, Publisher, Server, snapshot, strike
from faults_race import Race
from faults_site import Example
from faulty_proxy import FaultyProxy, Request

from firstword.clock import system_clock
from firstword.store.exposure import Exposure


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """Start a cluster, or skip."""
    if missing := missing_programs():
        pytest.skip(f"no {missing[0]} on this machine: apt-get install ceph-mon ceph-osd radosgw")
    ceph = Ceph(tmp_path_factory.mktemp("ceph"))
    try:
        ceph.make()
        yield ceph
    finally:
        ceph.stop()


@pytest.fixture(scope="module")
def server(ceph: Ceph, example: Example, keys_of_nobody: None) -> Server:
    return Server(ceph.address, example)


@pytest.fixture(scope="module")
def course(server: Server) -> Course:
    return Course.of(server)


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(server.address)
    yield proxy
    proxy.close()


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        *(("lease PUT", "after"), ("leaf PUT", "torn"), ("page PUT", "after")),
        *(("page DELETE", "before"), ("commit PUT", "torn")),
    ],
)
def test_a_process_killed_at_a_request(
    *,
    server: Server,
    course: Course,
    proxy: FaultyProxy,
    tmp_path: Path,
    kind: str,
    how: str,
) -> None:
    bucket = server.bucket()
    clone = server.example.clone("newer", f"ceph-{tmp_path.name}")
    running: list[Publisher] = []

    def kill() -> None:
        running[0].kill()

    strike(proxy, kind, how, kill)
    running.append(Publisher(clone.root, bucket.target, proxy.address))
    ran = running[0].end()

    assert ran.code == -signal.SIGKILL, ran.err
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)


@dataclass
class Outage:
    """Kills a server when a request of a kind is answered; two requests later it is back."""

    ceph: Ceph
    victim: str
    kind: str
    met: int = 0  #: requests that came while it was dead
    over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, request: Request) -> bool:
        """Cut the connection whose answer came last; the rest have a dead server to deal with."""
        with self._lock:
            alive = self.victim in self.ceph.running
            if alive and request.answered and request.kind == self.kind and not self.over:
                self.ceph.kill(self.victim)
                return True
            if not alive and not request.answered:
                self.met += 1
                if self.met == 2:
                    self.ceph.start(self.victim)
                    self.over = True
        return False


@pytest.mark.parametrize(
    ("victim", "kind"),
    [("gateway", "page PUT"), ("gateway", "commit PUT"), ("osd", "page PUT")],
)
def test_a_power_cut_at_the_server(
    *, ceph: Ceph, server: Server, course: Course, proxy: FaultyProxy, victim: str, kind: str
) -> None:
    """What was acknowledged is there after the restart; what was not is asked for again."""
    bucket, newer = server.bucket(), server.example.checkout("newer", depth=1)
    outage = Outage(ceph, victim, kind)
    proxy.fault = outage.strike

    try:
        report = bucket.publish(newer, now=system_clock(), address=proxy.address)
    finally:
        if victim not in ceph.running:
            ceph.start(victim)

    assert outage.over
    assert report.outcome == "published", report.error
    course.assert_readable(bucket.site())
    bucket.assert_sound()
    course.assert_heals(bucket)


@pytest.mark.parametrize("seed", range(4, 5))
def test_eight_processes_at_once(
    server: Server, race_example: Example, tmp_path: Path, seed: int
) -> None:
    """The other seven rounds are on a folder; moto does not lock what it compares and swaps."""
    bucket, race = server.bucket(), Race.of(race_example)

    race.processes(bucket.target, tmp_path, seed, server.address)

    race.assert_settled(snapshot(bucket.store()), system_clock())


def test_strangers_that_a_block_does_not_keep_out_are_seen(server: Server) -> None:
    """The gateway keeps a public access block, and lets in whoever a policy lets in."""
    bucket, client = server.bucket(), server.client()
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**everybody, "Resource": f"arn:aws:s3:::{bucket.name}/*"}],
    }
    client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))
    client.put_public_access_block(
        Bucket=bucket.name,
        PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "RestrictPublicBuckets": True},
    )

    stranger = urllib.request.Request(
        f"{server.address}/{bucket.name}/site/index.html", b"ours now", method="PUT"
    )
    with urllib.request.urlopen(stranger) as answer:
        assert answer.status == 200
    report = bucket.publish(server.example.checkout("newer", depth=1), now=system_clock())

    assert report.outcome == "refused"
    assert "its policy's 'statement 1' allows s3:putobject to everybody" in str(report.error)
    client.delete_bucket_policy(Bucket=bucket.name)
    # Of the block, it does act on this.
    client.put_bucket_acl(Bucket=bucket.name, ACL="public-read-write")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(stranger)
    assert bucket.store().exposure() == Exposure(blockable=False)
