"""After the commit: CloudFront is told, readers are looked after; neither may fail a publish."""

from __future__ import annotations

import http.server
import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from counting import CountingProxy
from moto.server import ThreadedMotoServer
from running import running
from sites import CONF, SmallSite

from firstword.cli.after import follow_up
from firstword.errors import FirstwordError
from firstword.model import Target
from firstword.publisher import Report
from firstword.store import Remote, open_store
from firstword.store.cdn import invalidate, invalidation_paths
from firstword.store.exposure import Exposure
from firstword.store.public import WAITS, Answer, fetch, unseen, wait_until_seen

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
BUILD, OLD = "b" * 64, "a" * 64


def report(outcome: Any = "published", *keys: str) -> Report:
    return Report(
        target="s3://status",
        outcome=outcome,
        lines=("put  index.html",),
        puts=len(keys),
        deletes=0,
        bytes=0,
        seconds=1.0,
        error=None,
        keys=keys,
    )


def status(build: str) -> Answer:
    return Answer(status=200, body=json.dumps({"build_id": build}).encode())


@dataclass
class Readers:
    """An address that changes while we look at it."""

    answers: list[Answer]
    asked: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def get(self, url: str) -> Answer:
        self.asked.append(url)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


# ── what is invalidated ──────────────────────────────────────────────────────────────────────────


def test_few_paths_are_named_under_both_their_addresses() -> None:
    assert invalidation_paths(["index.html", "feeds/updates.atom", "notices/ä b/index.html"]) == (
        "/index.html",
        "/",
        "/feeds/updates.atom",
        "/notices/%C3%A4%20b/index.html",
        "/notices/%C3%A4%20b/",
    )


def test_many_paths_are_one() -> None:
    assert len(invalidation_paths([f"feeds/{n}.atom" for n in range(15)])) == 15
    assert invalidation_paths([f"feeds/{n}.atom" for n in range(16)]) == ("/*",)


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    urllib.request.urlopen(f"{address}/moto-api/reset", data=b"").close()
    for name, value in keys(address).items():
        monkeypatch.setenv(name, value)
    yield address
    server.stop()


def keys(address: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "AKIAINVENTED",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_ENDPOINT_URL": address,
    }


def make_distribution() -> str:
    origin = {"Id": "s3", "DomainName": "status.s3.amazonaws.com", "S3OriginConfig": {}}
    origin["S3OriginConfig"] = {"OriginAccessIdentity": ""}
    config: Any = {
        "CallerReference": "test",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "s3", "ViewerProtocolPolicy": "allow-all"},
    }
    made = boto3.client("cloudfront", region_name="us-east-1").create_distribution(
        DistributionConfig=config
    )
    return str(made["Distribution"]["Id"])


def invalidated(distribution: str) -> list[list[str]]:
    client = boto3.client("cloudfront", region_name="us-east-1")
    listed = client.list_invalidations(DistributionId=distribution)["InvalidationList"]
    return [
        client.get_invalidation(DistributionId=distribution, Id=item["Id"])["Invalidation"][
            "InvalidationBatch"
        ]["Paths"]["Items"]
        for item in listed.get("Items", [])
    ]


def test_one_invalidation_is_asked_for(moto: str) -> None:
    distribution = make_distribution()

    done, warning = invalidate(distribution, ["index.html"], reference="one")

    assert (done, warning) == (f"invalidated 2 paths at CloudFront {distribution}", "")
    assert invalidated(distribution) == [["/index.html", "/"]]


@pytest.mark.parametrize("profile", ["", "no-such-profile"])
def test_whatever_goes_wrong_is_one_line_without_secrets(moto: str, profile: str) -> None:
    done, warning = invalidate("E0000000000000", ["index.html"], reference="one", profile=profile)

    assert done == ""
    assert warning.startswith("warning: CloudFront E0000000000000 was not told (")
    assert "very-secret" not in warning
    assert "\n" not in warning


def test_no_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in keys("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)

    assert invalidate("E0000000000000", ["index.html"], reference="one")[1].startswith("warning:")


# ── do readers see it? ───────────────────────────────────────────────────────────────────────────


def test_the_new_build_is_seen() -> None:
    readers = Readers([status(BUILD)])

    assert unseen("https://status.acme.example", BUILD, readers.get) == ""
    assert readers.asked == ["https://status.acme.example/status.json"]


@pytest.mark.parametrize(
    ("answer", "instead"),
    [
        (status(OLD), "build 'aaaaaaaaaaaa' is there"),
        (Answer(status=404, error="HTTP 404"), "HTTP 404"),
        (Answer(status=0, error="timed out"), "timed out"),
        (Answer(status=200, body=b"<html>"), "no 'build_id' in /status.json: b'<html>'"),
        (Answer(status=200, body=b"[]"), "no 'build_id' in /status.json: b'[]'"),
    ],
    ids=["old", "missing", "silent", "a-page", "a-list"],
)
def test_what_is_there_instead(answer: Answer, instead: str) -> None:
    assert unseen("https://status.acme.example", BUILD, Readers([answer]).get) == instead


def test_readers_are_waited_for_with_growing_patience() -> None:
    readers = Readers([status(OLD), Answer(status=503, error="HTTP 503"), status(BUILD)])

    instead = wait_until_seen("http://a", BUILD, sleep=readers.slept.append, get=readers.get)

    assert (instead, readers.slept) == ("", [0, 1, 2])


def test_waiting_ends_after_a_minute() -> None:
    readers = Readers([status(OLD)])

    instead = wait_until_seen("http://a", BUILD, sleep=readers.slept.append, get=readers.get)

    assert instead == "build 'aaaaaaaaaaaa' is there"
    assert readers.slept == list(WAITS)
    assert sum(readers.slept) == 60


def test_whoever_stops_the_watch_does_not_wait_for_readers() -> None:
    readers = Readers([status(OLD)])

    def sleep(seconds: float) -> None:
        if seconds:
            raise FirstwordError("stopped")

    instead = wait_until_seen("http://a", BUILD, sleep=sleep, get=readers.get)

    assert instead == "build 'aaaaaaaaaaaa' is there; stopped"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what was asked, or as `answers` say."""

    answers: Mapping[str, tuple[int, bytes]] = {}

    def do_GET(self) -> None:
        # Before the answer: whoever has that looks here at once.
        self.server.seen = dict(self.headers)  # type: ignore[attr-defined]
        code, body = self.answers.get(self.path, (404, b"not here"))
        self.send_response(code)
        self.send_header("Location", "/moved-to.json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[tuple[http.server.HTTPServer, str]]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    with running(server) as at:
        yield server, f"http://{at}"


def test_fetching_over_http(served: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    server, address = served
    monkeypatch.setattr(
        Handler,
        "answers",
        {"/here": (200, b"yes"), "/moved": (302, b""), "/moved-to.json": (200, b"moved")},
    )

    assert fetch(f"{address}/here") == Answer(status=200, body=b"yes")
    assert server.seen["Cache-Control"] == "no-cache"
    assert fetch(f"{address}/moved") == Answer(status=200, body=b"moved")
    assert fetch(f"{address}/gone") == Answer(status=404, error="HTTP 404")
    assert "refused" in fetch("http://127.0.0.1:9/").error


# ── together ─────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_asked_of_a_target_that_says_nothing() -> None:
    readers = Readers([])

    followed = follow_up(
        [report("published", "index.html")],
        [Target(name="s3://status")],
        BUILD,
        now=NOW,
        sleep=readers.slept.append,
        get=readers.get,
    )

    assert followed == ([report("published", "index.html")], ())


@pytest.mark.parametrize("outcome", ["planned", "refused", "failed", "already-live"])
def test_readers_are_left_alone_where_nothing_was_published(outcome: str) -> None:
    readers = Readers([])
    target = Target(name="s3://status", address="http://a", cloudfront="E0000000000000")

    followed = follow_up(
        [report(outcome, "index.html")],
        [target],
        BUILD,
        now=NOW,
        sleep=readers.slept.append,
        get=readers.get,
    )

    assert followed == ([report(outcome, "index.html")], ())
    assert readers.asked == []


def test_each_target_is_looked_at_and_said() -> None:
    targets = [Target(name="one", address="http://one"), Target(name="two", address="http://two")]
    slept: list[float] = []

    def get(url: str) -> Answer:
        return status(BUILD if url.startswith("http://one/") else OLD)

    reports, lagging = follow_up(
        [report(), report()], targets, BUILD, now=NOW, sleep=slept.append, get=get
    )

    late = "published, not yet seen at http://two/: build 'aaaaaaaaaaaa' is there"
    assert lagging == (late,)
    assert [one.outcome for one in reports] == ["published", "published"]
    assert [one.lines for one in reports] == [
        ("seen at http://one/", "put  index.html"),
        (late, "put  index.html"),
    ]


def test_where_nothing_was_sent_one_look_is_enough() -> None:
    readers = Readers([status(OLD)])

    _, lagging = follow_up(
        [report("unchanged")],
        [Target(name="one", address="http://one")],
        BUILD,
        now=NOW,
        sleep=readers.slept.append,
        get=readers.get,
    )

    assert (len(lagging), len(readers.asked), readers.slept) == (1, 1, [])


# ── as people run it ─────────────────────────────────────────────────────────────────────────────


def served_bucket(tmp_path: Path, moto: str, address: str, distribution: str) -> SmallSite:
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="status")
    site = SmallSite.make(tmp_path / "site")
    target = {"target": "s3://status", "address": address, "cloudfront": distribution}
    site.write("pelicanconf.py", CONF.replace('"public"', repr(target)))
    site.commit()
    return site


def allow_everybody(action: str) -> None:
    allowed = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    policy = {"Statement": [allowed]}
    boto3.client("s3", region_name="us-east-1").put_bucket_policy(
        Bucket="status", Policy=json.dumps(policy)
    )


def test_a_publish_that_readers_see(tmp_path: Path, moto: str) -> None:
    distribution = make_distribution()
    site = served_bucket(tmp_path, moto, f"{moto}/status", distribution)
    allow_everybody("s3:GetObject")

    ran = site.publish(**keys(moto))

    assert ran.code == 0, ran.err
    assert f"invalidated everything at CloudFront {distribution}" in ran.out
    assert f"seen at {moto}/status/" in ran.out
    assert invalidated(distribution) == [["/*"]]


def test_a_publish_that_readers_do_not_see_yet_ends_with_3(tmp_path: Path, moto: str) -> None:
    site = served_bucket(tmp_path, moto, f"{moto}/status", "E0000000000000")
    allow_everybody("s3:GetObject")
    site.publish(**keys(moto))
    # A CDN that goes on showing something else.
    boto3.client("s3", region_name="us-east-1").put_object(
        Bucket="status", Key="status.json", Body=b'{"build_id": "another"}'
    )

    ran = site.publish(**keys(moto))

    assert ran.code == 3
    assert f"not yet seen at {moto}/status/: build 'another' is there" in ran.out
    assert ran.out.splitlines()[-1].startswith("live already")


def test_a_bucket_open_to_all_is_refused(tmp_path: Path, moto: str) -> None:
    site = served_bucket(tmp_path, moto, f"{moto}/status", "E0000000000000")
    allow_everybody("s3:*")

    ran = site.publish(**keys(moto))

    assert ran.code == 1
    assert (
        "strangers may write to s3://status: its policy's 'statement 1' allows s3:putobject to "
        "everybody; take that back\n"
    ) in ran.err
    listed = boto3.client("s3", region_name="us-east-1").list_objects_v2(Bucket="status")
    assert listed["KeyCount"] == 0


def test_a_policy_is_read_behind_a_block_that_a_server_may_not_act_on(
    tmp_path: Path, moto: str
) -> None:
    """Ceph keeps the block, and lets strangers in; on Amazon the block alone would do."""
    site = served_bucket(tmp_path, moto, f"{moto}/status", "E0000000000000")
    client = boto3.client("s3", region_name="us-east-1")
    allow_everybody("s3:*")
    client.put_public_access_block(
        Bucket="status",
        PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "RestrictPublicBuckets": True},
    )
    site.write("pelicanconf.py", CONF.replace('"public"', '"s3://status"'))

    refused = site.publish(**keys(moto))
    client.delete_bucket_policy(Bucket="status")
    ran = site.publish(**keys(moto))

    assert refused.code == 1
    assert "strangers may write to s3://status: its policy's 'statement 1'" in refused.err
    assert ran.code == 0, ran.err
    proxy = CountingProxy(moto)
    store = open_store("s3://status", environ={"AWS_ENDPOINT_URL": proxy.address})
    assert isinstance(store, Remote)
    assert store.exposure() == Exposure(blockable=False)
    # The block and the policy: the ACL is not asked for.
    assert proxy.taken() == [("GET", "/status"), ("GET", "/status")]
    proxy.close()
