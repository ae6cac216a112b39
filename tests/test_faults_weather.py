"""Publishing through bad weather: throttling, errors, resets, cut uploads, conflicts, latency.

microburst makes the weather in front of moto. The pauses that botocore takes between its attempts
are written down, not slept through.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from ceph import free_port, listens, wait_until
from faults_bucket import Course, Server
from faults_site import Example
from faulty_proxy import FaultyProxy
from moto.server import ThreadedMotoServer

from firstword.clock import system_clock
from firstword.publisher import Report

pytestmark = pytest.mark.storm

#: Fixed dice: microburst takes its own from here.
_SEEDED = "import random, sys; random.seed(7); from microburst.cli import main; sys.exit(main())"

FAULTS: tuple[dict[str, Any], ...] = (
    {"error": {"code": "SlowDown", "status": 503}},
    {"error": {"code": "InternalError", "status": 500}},
    {"reset": True},
    {"request": {"cut_upload": {"after_frac": 0.5}}, "operation": "PutObject"},
    {"error": {"code": "ConditionalRequestConflict", "status": 409}, "operation": "PutObject"},
    {"latency": {"min": 5, "max": 40}},
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
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long botocore wanted to wait before each repetition."""
    waited: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def sky(server: Server) -> Iterator[Sky]:
    """Return what makes the weather; the sky is clear at first."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-c", _SEEDED, "-u", server.address, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: listens(port))
        proxy = FaultyProxy(f"http://127.0.0.1:{port}")
        yield Sky(proxy, f"http://127.0.0.1:{port}/_microburst/")
        proxy.close()
        process.kill()


@dataclass(frozen=True)
class Sky:
    """The weather between a publisher and moto; `proxy` counts what the publisher asks."""

    proxy: FaultyProxy
    control: str

    def set(self, percent: int) -> None:
        """Let so many of a hundred requests meet one of the faults, each as likely."""
        share = percent / 100 / len(FAULTS)
        rules = [
            {"service": "s3", "probability": share / (1 - number * share), **fault}
            for number, fault in enumerate(FAULTS)
        ]
        self._ask("rules", json.dumps(rules).encode())

    def fired(self) -> Counter[str]:
        """Return how often each fault struck."""
        return Counter(event["action"] for event in self._ask("fired"))

    def _ask(self, what: str, body: bytes | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(self.control + what, data=body, headers=headers)
        ) as answer:
            return json.load(answer)


@pytest.mark.parametrize(("percent", "most_publishes"), [(5, 1), (20, 2), (50, 6)])
def test_a_publish_gets_through(
    *,
    server: Server,
    course: Course,
    sky: Sky,
    pauses: list[float],
    percent: int,
    most_publishes: int,
) -> None:
    bucket, newer = server.bucket(), server.example.checkout("newer", depth=1)
    fair = server.bucket()
    assert fair.publish(newer, now=system_clock(), address=sky.proxy.address).deletes == 1
    calm = len(sky.proxy.taken())
    sky.set(percent)

    reports: list[Report] = []
    now = system_clock()
    while len(reports) < most_publishes and not (reports and reports[-1].outcome == "published"):
        reports.append(bucket.publish(newer, now=now, address=sky.proxy.address))
        course.assert_readable(bucket.site())
        now += timedelta(minutes=5)

    asked, struck = len(sky.proxy.taken()), sky.fired()
    assert [report.outcome for report in reports[-1:]] == ["published"], reports
    assert struck, "the sky was clear all the time"
    assert calm <= asked <= len(reports) * calm * (1 + percent / 20), (calm, asked, struck)
    assert percent < 50 or sum(pauses) > 0, "throttled, and did not slow down"
    course.assert_heals(bucket)
