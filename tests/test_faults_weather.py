"""Publishing through bad weather: throttling, errors, resets, cut uploads, conflicts, latency.

microburst makes the weather in front of moto. What strikes is decided before, by a hash of the
request: the same weather each time, in whatever order threads ask. The pauses that botocore takes
between its attempts are written down, not slept through.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from ceph import free_port, listens, wait_until
from faults_bucket import Course, Server
from faults_site import NOW, Example
from faulty_proxy import FaultyProxy, Request
from moto.server import ThreadedMotoServer
from s3server import copy_bucket

from firstword.publisher import Report

MARK = "X-Weather"

FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"error": {"code": "SlowDown", "status": 503}},
    "broken": {"error": {"code": "InternalError", "status": 500}},
    "reset": {"reset": True},
    "slow": {"latency": {"min": 5, "max": 40}},
    "cut": {"request": {"cut_upload": {"after_frac": 0.5}}},
    "busy": {"error": {"code": "ConditionalRequestConflict", "status": 409}},
}
#: What can strike: only an upload can be cut, only a write can collide.
STRIKES = {
    "PUT": (*FAULTS,),
    "DELETE": ("throttled", "broken", "reset", "slow", "busy"),
    "GET": ("throttled", "broken", "reset", "slow"),
    "HEAD": ("throttled", "broken", "reset", "slow"),
}


@pytest.fixture(scope="module")
def server(example: Example, keys_of_nobody: None) -> Iterator[Server]:
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield Server(f"http://{host}:{port}", example, NOW, copy=copy_bucket)
    moto.stop()


@pytest.fixture(scope="module")
def course(server: Server) -> Course:
    return Course.of(server)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long botocore wanted to wait before each repetition."""
    waited: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture(scope="module")
def microburst(server: Server) -> Iterator[str]:
    """Return the address of moto behind a microburst that strikes whatever request is marked."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "microburst", "-u", server.address, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: listens(port))
        address = f"http://127.0.0.1:{port}"
        rules = [
            {"service": "s3", "headers": {MARK: name}, **fault} for name, fault in FAULTS.items()
        ]
        request = urllib.request.Request(
            f"{address}/_microburst/rules",
            data=json.dumps(rules).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        yield address
        process.kill()


@pytest.fixture
def sky(microburst: str) -> Iterator[Sky]:
    """Return what makes the weather; the sky is clear at first."""
    proxy = FaultyProxy(microburst)
    sky = Sky(proxy)
    proxy.marks = sky.mark
    yield sky
    proxy.close()


@dataclass
class Sky:
    """The weather between a publisher and moto; `proxy` counts what the publisher asks."""

    proxy: FaultyProxy
    percent: int = 0
    day: str = ""
    struck: Counter[str] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, percent: int, day: str) -> None:
        """Let so many of a hundred requests meet one of the faults, each as likely."""
        self.percent, self.day = percent, day
        self._asked.clear()

    def mark(self, request: Request) -> dict[str, str]:
        """Return the header that has microburst strike this request, or none."""
        # Without the bucket, and without the name that a probe made up for itself.
        path = re.sub(r"^/[^/]+|(?<=/probe/).*", "", request.path)
        with self._lock:
            self._asked[f"{request.method} {path}"] += 1
            times = self._asked[f"{request.method} {path}"]
        dice = hashlib.sha256(f"{self.day} {request.method} {path} {times}".encode()).digest()
        if int.from_bytes(dice[:4]) % 10_000 >= self.percent * 100:
            return {}
        choices = STRIKES[request.method]
        fault = choices[int.from_bytes(dice[4:8]) % len(choices)]
        with self._lock:
            self.struck[fault] += 1
        return {MARK: fault}


@pytest.mark.parametrize(
    ("percent", "most_publishes"),
    # A request is lost when its client's four attempts are: one read of 2000 at 20 %, two of 100
    # at 50 %, where a publish of a dozen reads and root writes fails one time in five. Six in a row
    # are one in 15 000; and the dice do not change by themselves.
    [(5, 1), (20, 2), (50, 6)],
)
@pytest.mark.parametrize("seed", ["monday", "tuesday"])
def test_a_publish_gets_through(
    *,
    server: Server,
    course: Course,
    sky: Sky,
    pauses: list[float],
    percent: int,
    most_publishes: int,
    seed: str,
) -> None:
    newer = server.example.checkout("newer", depth=1)
    fair, bucket = server.bucket(), server.bucket()
    assert fair.publish(newer, now=NOW, address=sky.proxy.address).deletes == 1
    calm = len(sky.proxy.taken())

    reports: list[Report] = []
    now = NOW
    while len(reports) < most_publishes and not (reports and reports[-1].outcome == "published"):
        sky.turn(percent, f"{seed} {percent} {len(reports)}")
        reports.append(bucket.publish(newer, now=now, address=sky.proxy.address))
        course.assert_readable(bucket.site())
        now += timedelta(minutes=5)

    asked, struck = len(sky.proxy.taken()), sky.struck
    assert [report.outcome for report in reports[-1:]] == ["published"], reports
    # A fault costs one repetition, and a conflict a look; a publish begun again costs one of each.
    most = (2 * len(reports) - 1) * calm + 2 * struck.total()
    assert calm <= asked <= most, (calm, asked, struck)
    assert struck, "the sky was clear all the time"
    assert struck.keys() == FAULTS.keys() or percent < 50, struck
    # Its client slows down before it repeats what failed; a collision is for us to look at.
    failed = struck.total() - struck["slow"] - struck["busy"]
    # The client's own connection lies idle beside the quick way, and may be gone when it is needed.
    assert len(pauses) <= failed + 1
    # What was under way on the quick way at the first of them is repeated at once.
    assert pauses or percent < 20
    course.assert_heals(bucket, now)
