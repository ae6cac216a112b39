"""Real processes, killed with SIGKILL inside every kind of request; and replies that are lost.

Each publishes from a depth-1 clone with an empty home. moto answers, through our own proxy.
"""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults_bucket import Course, Publisher, Server, once_each, strike
from faults_site import Example
from faulty_proxy import FaultyProxy
from moto.server import ThreadedMotoServer
from s3server import copy_bucket

from firstword.clock import system_clock

#: Every kind of request that a publish makes, in the order in which they come.
KINDS = (
    *("root GET", "shard GET", "bucket GET", "probe PUT", "probe GET", "probe DELETE"),
    *("lease PUT", "leaf PUT"),
    *("page PUT", "shard PUT", "shard DELETE", "page HEAD", "page DELETE", "commit PUT"),
)
#: Those that are made beside others: it is chance which comes first.
BESIDE = {"bucket GET", "shard PUT", "shard DELETE"}


@pytest.fixture(scope="module")
def server(example: Example, keys_of_nobody: None) -> Iterator[Server]:
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield Server(f"http://{host}:{port}", example, copy=copy_bucket)
    moto.stop()


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
        *itertools.product(KINDS, ("before", "after")),
        *itertools.product(("leaf PUT", "shard PUT", "commit PUT"), ("torn",)),
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
    clone = server.example.clone("newer", f"{tmp_path.name}-clone")
    running: list[Publisher] = []

    def kill() -> None:
        running[0].kill()

    strike(proxy, kind, how, kill)
    running.append(Publisher(clone.root, bucket.target, proxy.address))
    ran = running[0].end()

    assert ran.code == -signal.SIGKILL, ran.err
    assert [one.kind for one in proxy.requests if one.kind == kind]
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)


def test_a_process_that_nobody_kills(
    server: Server, course: Course, proxy: FaultyProxy, tmp_path: Path
) -> None:
    """It makes every kind of request, so the kills above happened where they say."""
    bucket = server.bucket()
    clone = server.example.clone("newer", f"{tmp_path.name}-clone")

    ran = Publisher(clone.root, bucket.target, proxy.address).end()

    assert ran.code == 0, ran.err
    made = dict.fromkeys(request.kind for request in proxy.requests)
    assert made.keys() == set(KINDS)
    in_order = [kind for kind in made if kind not in BESIDE]
    assert in_order == [kind for kind in KINDS if kind not in BESIDE]
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)


@pytest.mark.parametrize("how", ["cut", "torn", "reply lost"])
def test_connections_that_break_once_are_no_failure(
    server: Server, course: Course, proxy: FaultyProxy, how: str
) -> None:
    """What was sent twice arrived once; what collides with itself is no conflict."""
    bucket = server.bucket()
    kinds = {kind for kind in KINDS if how != "torn" or kind.endswith("PUT")}
    fault = once_each(kinds, answered=how == "reply lost")
    if how == "torn":
        proxy.tear = fault
    else:
        proxy.fault = fault

    report = bucket.publish(
        server.example.checkout("newer", depth=1), now=system_clock(), address=proxy.address
    )

    assert report.outcome == "published", report.error
    assert report.deletes == 1
    assert not any("behind" in line for line in report.lines)
    repeated = Counter((one.kind, one.path, one.query, one.body) for one in proxy.requests)
    assert {kind for (kind, *_), times in repeated.items() if times > 1} == kinds
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)
