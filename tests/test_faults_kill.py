"""Real processes, killed with SIGKILL at every kind of request; and requests whose reply is lost.

Each publishes from a depth-1 clone with an empty home. moto answers, through our own proxy.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults_bucket import Course, Publisher, Server, at_first, once_each
from faults_site import Example
from faulty_proxy import FaultyProxy
from moto.server import ThreadedMotoServer

from firstword.clock import system_clock

#: Every kind of request that a publish makes, in the order in which they come.
KINDS = (
    *("root GET", "shard GET", "probe PUT", "probe GET", "probe DELETE", "lease PUT", "leaf PUT"),
    *("page PUT", "page DELETE", "shard PUT", "commit PUT", "shard DELETE"),
)


@pytest.fixture(scope="module")
def server(example: Example, keys_of_nobody: None) -> Iterator[Server]:
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield Server(f"http://{host}:{port}", example)
    moto.stop()


@pytest.fixture(scope="module")
def course(server: Server) -> Course:
    return Course.of(server)


@pytest.fixture
def proxy(server: Server) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(server.address)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
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
    clone = server.example.clone("newer", f"{tmp_path.name}-clone")
    running: list[Publisher] = []

    def kill() -> None:
        running[0].kill()

    proxy.fault = at_first(kind, answered=answered, act=kill)
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
    assert tuple(dict.fromkeys(request.kind for request in proxy.requests)) == KINDS
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)


@pytest.mark.parametrize("answered", [False, True], ids=["cut", "reply lost"])
def test_connections_that_break_once_are_no_failure(
    server: Server, course: Course, proxy: FaultyProxy, answered: bool
) -> None:
    """What was sent twice arrived once; what collides with itself is no conflict."""
    bucket = server.bucket()
    proxy.fault = once_each(KINDS, answered=answered)

    report = bucket.publish(
        server.example.checkout("newer", depth=1), now=system_clock(), address=proxy.address
    )

    assert report.outcome == "published", report.error
    assert report.deletes == 1
    assert not any("behind" in line for line in report.lines)
    repeated = Counter((one.kind, one.path, one.body) for one in proxy.requests)
    assert {kind for (kind, *_), times in repeated.items() if times > 1} == set(KINDS)
    course.assert_readable(bucket.site())
    course.assert_heals(bucket)
