"""Ceph's S3 gateway, with the gateway and the disk behind it killed in the middle of a publish.

One cluster serves all tests here. Its conditional writes are real ones, so publishers race on it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from ceph import Ceph, missing_programs
from faults_bucket import Course, Publisher, Server, at_first, snapshot
from faults_race import Race
from faults_site import Example
from faulty_proxy import FaultyProxy

from firstword.clock import system_clock

pytestmark = pytest.mark.storm

MINUTE = timedelta(minutes=1)


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


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", ["lease PUT", "leaf PUT", "page DELETE", "commit PUT"])
def test_a_process_killed_at_a_request(
    *,
    server: Server,
    course: Course,
    proxy: FaultyProxy,
    tmp_path: Path,
    kind: str,
    answered: bool,
) -> None:
    bucket = server.bucket()
    clone = server.example.clone("newer", f"ceph-{tmp_path.name}")
    running: list[Publisher] = []

    def kill() -> None:
        running[0].kill()

    proxy.fault = at_first(kind, answered=answered, act=kill)
    running.append(Publisher(clone.root, bucket.target, proxy.address))
    ran = running[0].end()

    assert ran.code == -signal.SIGKILL, ran.err
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)


@pytest.mark.parametrize(
    ("victim", "kind"),
    # An OSD takes half a minute to serve again, so it dies once.
    [("gateway", "page PUT"), ("gateway", "commit PUT"), ("osd", "page PUT")],
)
def test_a_power_cut_at_the_server(
    *, ceph: Ceph, server: Server, course: Course, proxy: FaultyProxy, victim: str, kind: str
) -> None:
    """What was acknowledged is there after the restart; the next publish finishes the rest."""
    bucket, newer = server.bucket(), server.example.checkout("newer", depth=1)

    def cut() -> None:
        ceph.kill(victim)
        ceph.start(victim)

    proxy.fault = at_first(kind, answered=True, act=cut)
    now = system_clock()
    outcomes = [bucket.publish(newer, now=now, address=proxy.address).outcome]
    course.assert_readable(bucket.site())
    while outcomes[-1] == "failed" and len(outcomes) < 3:
        now += 5 * MINUTE
        outcomes.append(bucket.publish(newer, now=now, address=proxy.address).outcome)

    assert outcomes[-1] in {"published", "unchanged"}, outcomes
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)


@pytest.mark.parametrize("seed", range(7, 10))
def test_eight_processes_at_once(
    server: Server, race_example: Example, tmp_path: Path, seed: int
) -> None:
    """The other seven rounds are on a folder; moto does not lock what it compares and swaps."""
    bucket, race = server.bucket(), Race.of(race_example)

    race.processes(bucket.target, tmp_path, seed, server.address)

    race.assert_settled(snapshot(bucket.store()), system_clock())
