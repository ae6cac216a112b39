"""`publish.py --tick`, `--watch`, `--force`: what is due, what it costs, who waits for whom."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from counting import CountingProxy
from fakestore import U1, Site, World
from moto.server import ThreadedMotoServer
from sites import CARDS, CARDS_FILE, CONF, HALF_PAST_TEN, RESOLVED, Ran, SmallSite

from firstword.cache.database import cache_file, noted
from firstword.cli.turn import turn
from firstword.cli.watching import Alarm, Round, watch
from firstword.errors import BuildError, FirstwordError, StoreError
from firstword.gitlog import Source
from firstword.headers import HEADERS
from firstword.manifest import Lease, Manifest, Origin
from firstword.shards import tree_of
from firstword.store.kept import Journal, KeptShards
from firstword.tick import due
from firstword.values import replace

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CARD_PAGE = "incidents/2026-11-21-card-payments/index.html"
#: In Copenhagen; the incident promises its next word by 10:00.
HALF_PAST_NINE, TWENTY_TO_TEN, ONE_PAST_TEN = "1795249800", "1795250400", "1795251660"
ROOT = "/status/site/.firstword/root.json"


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    return site


def last(ran: Ran) -> str:
    return ran.out.splitlines()[-1]


# ── what is due ──────────────────────────────────────────────────────────────────────────────────


def live() -> Manifest:
    return Manifest(
        build_id="b", headers=HEADERS, source=Origin(commit="c1"), next_change_at=NOON + MINUTE
    )


def why(root: Manifest, *, nothing: bool = False, source: Source | None = None) -> str | None:
    source = source or Source(commit="c1")
    return due(root, source, now=NOON, pages_now=NOON, came_to_nothing=nothing)


def test_nothing_is_due_while_clock_commit_and_files_stand_still() -> None:
    assert why(live()) is None
    assert why(replace(live(), next_change_at=None)) is None


def test_due_when_the_clock_changes_a_page() -> None:
    at = replace(live(), next_change_at=NOON)

    assert why(at) == "the clock changes pages since 2026-11-21 12:00 UTC"
    assert why(at, nothing=True) is not None


def test_due_when_another_commit_is_checked_out() -> None:
    assert why(live(), source=Source(commit="c2")) == "commit c2 is not what is live"
    assert why(live(), source=Source(commit="c2"), nothing=True) is None


def test_due_when_files_differ_from_the_commit() -> None:
    ours = Source(commit="c1", dirty=True)
    theirs = replace(live(), source=Origin(commit="c1", dirty=True))

    assert why(live(), source=ours) == "files differ from commit c1"
    assert why(live(), source=ours, nothing=True) == "files differ from commit c1"
    assert why(theirs) == "what is live came from files that were in no commit"


def test_due_after_a_publish_that_died_but_not_during_one() -> None:
    held = Lease(
        owner="host:1", taken_at=NOON, until=NOON + MINUTE, origin=Origin(commit="c1"), touches=()
    )

    assert why(replace(live(), lease=held)) is None
    assert why(replace(live(), lease=replace(held, until=NOON))) == (
        "host:1 began to publish and never ended"
    )


def test_due_where_nothing_can_be_told() -> None:
    assert why(Manifest()) == "nothing was ever published here"
    assert why(live(), source=Source()) == "without git nothing tells whether files changed"
    assert why(replace(live(), headers="old")) == "what is live was sent with other headers"


# ── what it costs ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Bucket:
    """A bucket behind a proxy that counts."""

    proxy: CountingProxy
    env: dict[str, str]
    client: Any


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    proxy = CountingProxy(f"http://{host}:{port}")
    urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
    keys = {"AWS_ACCESS_KEY_ID": "AKIAINVENTED", "AWS_SECRET_ACCESS_KEY": "very-secret"}
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="AKIAINVENTED",
        aws_secret_access_key="very-secret",
    )
    client.create_bucket(Bucket="status")
    yield Bucket(proxy, {"AWS_ENDPOINT_URL": proxy.address, **keys}, client)
    proxy.close()
    server.stop()


NOTING = """\
import sys

from firstword.cli import publish, run_command

code = run_command("publish.py", publish, sys.argv[1:])
heavy = {"pelican", "boto3", "botocore", "jinja2"} & sys.modules.keys()
print("imported:", *sorted(heavy), file=sys.stderr)
raise SystemExit(code)
"""


def test_a_tick_with_nothing_due_costs_one_get_a_target(site: SmallSite, bucket: Bucket) -> None:
    site.write("publish.py", NOTING)
    site.commit()
    targets = ("s3://status/site", "s3://status/second")
    assert site.publish(*targets, **bucket.env).code == 0
    bucket.proxy.taken()

    ran = site.publish("--tick", *targets, **bucket.env)

    assert (ran.code, last(ran)[:30]) == (0, "live already: nothing to send ")
    assert sorted(bucket.proxy.taken()) == [
        ("GET", "/status/second/.firstword/root.json"),
        ("GET", ROOT),
    ]
    assert ran.err == "imported:\n"


@pytest.mark.parametrize(("closed", "imported"), [(True, "jinja2"), (False, "botocore jinja2")])
def test_the_first_publish_to_a_bucket_that_is_closed_needs_no_client(
    site: SmallSite, bucket: Bucket, *, closed: bool, imported: str
) -> None:
    """Once a day it is asked whether strangers may write; who says no at once is believed."""
    if closed:
        blocks = {"IgnorePublicAcls": True, "RestrictPublicBuckets": True}
        bucket.client.put_public_access_block(
            Bucket="status", PublicAccessBlockConfiguration=blocks
        )
    site.write("publish.py", NOTING)
    site.commit()

    ran = site.publish("s3://status/site", **bucket.env)

    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[-1] == f"imported: {imported}"
    # Its block, its ACL unless the block does away with ACLs, its policy: it has none.
    asked = [path for _, path in bucket.proxy.taken() if path == "/status"]
    assert len(asked) == (2 if closed else 3)


def test_a_tick_publishes_when_a_promise_lapses(site: SmallSite) -> None:
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_NINE)
    before = site.files()

    early = site.publish("--tick", SOURCE_DATE_EPOCH=TWENTY_TO_TEN)
    unchanged = site.files()
    late = site.publish("--tick", SOURCE_DATE_EPOCH=ONE_PAST_TEN)

    assert (early.code, early.err, unchanged) == (0, "", before)
    assert (late.code, last(late)[:6]) == (0, "live: ")
    assert "the clock changes pages since 2026-11-21 09:00 UTC" in late.err
    assert site.files()["index.html"] != before["index.html"]


def test_a_tick_publishes_a_new_commit_and_an_edit(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, CARDS + RESOLVED)

    edited = site.publish("--tick")
    site.commit()
    committed = site.publish("--tick")

    assert (edited.code, last(edited)[:6]) == (0, "live: ")
    assert "files differ from commit" in edited.err
    assert "All cards work" in site.page(CARD_PAGE)
    assert (committed.code, last(committed)[:12]) == (0, "live already")


def test_a_commit_that_changes_no_page_is_compared_once(site: SmallSite, bucket: Bucket) -> None:
    site.publish("s3://status/site", **bucket.env)
    site.write("README.md", "# Our status")
    site.commit()

    first = site.publish("--tick", "s3://status/site", **bucket.env)
    bucket.proxy.taken()
    second = site.publish("--tick", "s3://status/site", **bucket.env)

    assert "is not what is live" in first.err
    assert (second.code, second.err) == (0, "")
    assert bucket.proxy.taken() == [("GET", ROOT)]


def test_a_tick_publishes_the_first_time_and_without_git(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "plain")

    first, second = site.publish("--tick"), site.publish("--tick")

    assert (first.code, last(first)[:6]) == (0, "live: ")
    assert "without git nothing tells whether files changed" in second.err


def test_a_tick_that_cannot_look_says_so(site: SmallSite, bucket: Bucket) -> None:
    away = {**bucket.env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    site.publish()

    both = site.publish("--tick", "public", "s3://status/site", **away)
    alone = site.publish("--tick", "s3://status/site", **away)

    assert (both.code, alone.code) == (3, 1)
    assert last(both).startswith("NOT published, failed")
    assert "cannot read s3://status/site/.firstword/root.json" in both.err


def test_a_warm_publish_costs_one_get(site: SmallSite, bucket: Bucket) -> None:
    site.publish("s3://status/site", **bucket.env)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit()
    site.publish("s3://status/site", **bucket.env)
    bucket.proxy.taken()

    warm = site.publish("s3://status/site", **bucket.env)
    warm_took = bucket.proxy.taken()
    kept = sorted((site.root / ".cache/target/shards").iterdir())
    kept[0].write_bytes(b"{}")
    spoilt = site.publish("s3://status/site", **bucket.env)
    spoilt_took = bucket.proxy.taken()
    for path in kept:
        path.unlink()
    cold = site.publish("s3://status/site", **bucket.env)
    cold_took = bucket.proxy.taken()

    assert {last(ran)[:12] for ran in (warm, spoilt, cold)} == {"live already"}
    assert warm_took == [("GET", ROOT)]
    assert [path for _, path in spoilt_took] == [
        ROOT,
        f"/status/site/.firstword/shards/{kept[0].stem}.json.gz",
    ]
    assert len(cold_took) == 1 + len(kept)


# ── the cache of shards ──────────────────────────────────────────────────────────────────────────


def named(body: bytes) -> tuple[str, bytes]:
    return sha256(body).hexdigest(), body


def test_the_build_after_a_first_publish_is_told_that_it_knows_the_stories(
    site: SmallSite, bucket: Bucket
) -> None:
    cache = cache_file(site.root / ".cache", site.root / "output", site.root)
    site.publish("s3://status/site", **bucket.env)
    took_for_granted = noted(cache, "memory")
    journal = Journal(site.root / ".cache/target/journal.json")
    again = site.publish("s3://status/site", **bucket.env)
    remembered = noted(cache, "memory").removeprefix("targets ")

    assert last(again).startswith("live already")
    assert remembered not in {"", took_for_granted}
    assert journal.since(took_for_granted, remembered) == frozenset()


def test_kept_shards_come_back_and_are_checked(tmp_path: Path) -> None:
    digest, body = named(b'{"a": 1}')
    KeptShards(tmp_path / "deep" / "shards")[digest] = body

    again = KeptShards(tmp_path / "deep" / "shards")

    assert (again[digest], list(again), len(again)) == (body, [digest], 1)
    (tmp_path / "deep" / "shards" / f"{digest}.json").write_bytes(b"something else")
    assert KeptShards(tmp_path / "deep" / "shards").get(digest) is None
    assert (tmp_path / "deep" / "shards").stat().st_mode & 0o077 == 0


def test_a_publish_takes_out_of_the_cache_what_no_target_names(tmp_path: Path) -> None:
    world = World(Site(tmp_path / "site", {"card": {U1: "the secret"}}))
    world.publish(shards=KeptShards(tmp_path / "kept"))
    (tmp_path / "kept" / "died.new").write_bytes(b"the secret")

    world.publish(
        commit="b",
        site=world.later(card={U1: "a gap"}),
        shards=KeptShards(tmp_path / "kept"),
    )

    there = sorted(path.stem for path in (tmp_path / "kept").iterdir())
    assert there == sorted(tree_of(world.manifest()).named())
    assert not any(b"the secret" in path.read_bytes() for path in (tmp_path / "kept").iterdir())


def test_the_journal_knows_what_publishes_from_here_changed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "journal.json")
    journal.note("one", "two", frozenset({"card"}))
    journal.note("two", "three", frozenset({"mail", "card"}))

    assert journal.since("two", "two") == frozenset()
    assert journal.since("one", "three") == frozenset({"card", "mail"})
    assert journal.since("three", "one") is None
    assert journal.since("of another machine", "three") is None
    journal.note("three", "one", frozenset({"dns"}))
    assert journal.since("three", "one") == frozenset({"dns"})
    for damaged in (
        "[]",
        "{",
        '{"one": "two"}',
        '{"one": 2}',
        '{"one": []}',
        '{"one": ["two", 3]}',
    ):
        (tmp_path / "deep" / "journal.json").write_text(damaged, encoding="utf-8")
        assert journal.since("one", "two") is None
        journal.note("two", "three", frozenset({"mail"}))
        assert journal.since("two", "three") == frozenset({"mail"})


def test_the_journal_forgets_a_change_of_everything_after_the_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.json")
    everything = frozenset(f"story-{number}" for number in range(5000))
    journal.note("nothing", "one", everything)
    assert journal.since("nothing", "one") == everything

    journal.note("one", "two", frozenset({"card"}))

    assert journal.since("one", "two") == frozenset({"card"})
    assert journal.since("nothing", "two") is None
    assert (tmp_path / "journal.json").stat().st_size < 1000


def test_kept_shards_need_no_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    kept = KeptShards(tmp_path / "file" / "shards")
    digest, body = named(b"x")

    kept[digest] = body

    assert kept[digest] == body
    del kept[digest]
    with pytest.raises(KeyError):
        del kept[digest]


# ── two at once in one checkout ──────────────────────────────────────────────────────────────────


def start(site: SmallSite, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """Start publish.py and come back at once."""
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(site.root / ".git-home"),
        "SOURCE_DATE_EPOCH": HALF_PAST_TEN,
        "GIT_CONFIG_NOSYSTEM": "1",
        **env,
    }
    return subprocess.Popen(
        [sys.executable, "publish.py", *arguments],
        cwd=site.root,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_with(stream: object, words: str) -> str:
    """Read until a line holds these words."""
    for line in stream:  # type: ignore[attr-defined] # a pipe of Popen
        if words in line:
            return str(line)
    raise AssertionError(f"never said: {words!r}")


def test_the_second_publish_waits_for_the_first(site: SmallSite) -> None:
    (site.root / ".cache").mkdir()
    with (site.root / ".cache/publish.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 4711")
        lock.flush()
        second = start(site)
        said = line_with(second.stderr, "waiting")
        built = (site.root / "output").exists()
    out, _ = second.communicate(timeout=60)

    assert said == "process 4711 is publishing from this folder; waiting for it to end\n"
    assert not built
    assert (second.returncode, out.splitlines()[-1][:6]) == (0, "live: ")


def test_whoever_waited_looks_again_at_what_was_written_meanwhile(site: SmallSite) -> None:
    for _ in range(2):
        assert site.publish().code == 0
    with (site.root / ".cache/publish.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = start(site)
        line_with(second.stderr, "waiting")
        site.write(CARDS_FILE, CARDS + RESOLVED)
    second.communicate(timeout=60)

    assert "All cards work" in site.page(CARD_PAGE)


def test_git_looks_at_the_incident_files_once(site: SmallSite) -> None:
    assert site.publish().code == 0
    trace = site.root / ".git" / "trace"

    site.write(CARDS_FILE, CARDS + RESOLVED)
    assert site.publish(GIT_TRACE=str(trace)).code == 0

    told = trace.read_text(encoding="utf-8")
    asked = [line for line in told.splitlines() if " status " in line]
    # The others are of what lies beside them, there and gone.
    elsewhere = (":(exclude,literal)content/incidents", " pelicanconf.py ")
    assert len(asked) == 3
    assert len([line for line in asked if not any(words in line for words in elsewhere)]) == 1
    assert "ls-files" not in told
    assert "All cards work" in site.page(CARD_PAGE)


def test_who_waited_publishes_as_the_commit_that_is_there_now(site: SmallSite) -> None:
    """Otherwise a clone that knows less would count as newer than what is live."""
    (site.root / ".cache").mkdir()
    with (site.root / ".cache/publish.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = start(site)
        line_with(second.stderr, "waiting")
        site.write(CARDS_FILE, CARDS.replace("fail in the EU", "fail in Norway"))
        commit = site.commit()
    second.communicate(timeout=60)

    assert "fail in Norway" in site.page(CARD_PAGE)
    root = json.loads((site.root / "public/.firstword/root.json").read_bytes())
    assert root["source"]["commit"] == commit


def test_two_publishes_at_once_both_end_well(site: SmallSite) -> None:
    both = [start(site, str(site.root.parent / name)) for name in ("one", "two")]
    ended = [publishing.communicate(timeout=60) for publishing in both]

    assert [publishing.returncode for publishing in both] == [0, 0], ended
    assert site.files("../one") == site.files("../two") != {}


def test_the_turn_goes_with_the_process_that_had_it(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from firstword.cli.turn import turn\n"
        f"with turn(pathlib.Path({str(tmp_path)!r}), say=print, sleep=time.sleep):\n"
        "    print('mine', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    line_with(holder.stdout, "mine")
    waits: list[float] = []
    said: list[str] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        holder.kill()
        holder.communicate(timeout=60)

    with turn(tmp_path, say=said.append, sleep=sleep):
        pass

    assert len(waits) == 1
    assert said == [f"process {holder.pid} is publishing from this folder; waiting for it to end"]


def test_waiting_for_the_turn_has_an_end(tmp_path: Path) -> None:
    waits: list[float] = []
    with (tmp_path / "publish.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with (
            pytest.raises(BuildError, match="still publishing from this folder after 2 s"),
            turn(tmp_path, say=lambda _line: None, sleep=waits.append, wait_seconds=2),
        ):
            raise AssertionError("never reached")

    assert sum(waits) == 2


# ── force ────────────────────────────────────────────────────────────────────────────────────────


def test_force_goes_on_where_history_was_rewritten(site: SmallSite) -> None:
    site.commit("a second one")
    site.publish()
    site.write(CARDS_FILE, CARDS.replace("One card payment", "One *card* payment"))
    site.git("add", "-A")
    site.git("commit", "-q", "--amend", "-m", "rewritten")

    refused = site.publish()
    forced = site.publish("--force")

    assert (refused.code, last(refused)[:22]) == (1, "NOT published, refused")
    assert "went another way" in refused.err
    assert (forced.code, last(forced)[:6]) == (0, "live: ")
    assert re.search(r"forced: commit \w{12} is live; to ours, \w{12}: diverged", forced.out)
    assert "One <em>card</em> payment" in site.page(CARD_PAGE)


def test_force_publishes_an_older_commit(site: SmallSite) -> None:
    site.write("pelicanconf.py", CONF.replace("Acme status", "Acme says"))
    site.commit("another name")
    site.publish()
    assert "Acme says" in site.page(CARD_PAGE)
    site.git("checkout", "-q", "HEAD~1")

    kept = site.publish()
    forced = site.publish("--force")

    assert last(kept).startswith("live already, from a newer commit")
    assert (forced.code, last(forced)[:6]) == (0, "live: ")
    assert "Acme status" in site.page(CARD_PAGE)


def test_force_never_removes_a_published_update(site: SmallSite) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit("resolved")
    site.publish()
    before = site.files()
    site.git("checkout", "-q", "HEAD~1")

    ran = site.publish("--force")

    # The file that lacks it is held back at what is published; the rest went out.
    assert ran.code == 3
    assert f"{CARDS_FILE}: held back; shown as of what is published" in ran.err
    assert site.files() == before


# ── watch ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Watched:
    """A watch whose publishes end as told, and that stops when there is nothing left to tell."""

    rounds: list[Round | Exception]
    waits: list[float | None] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def once(self) -> Round:
        ended = self.rounds.pop(0)
        if isinstance(ended, Exception):
            raise ended
        return ended

    def wait(self, seconds: float | None) -> bool:
        self.waits.append(seconds)
        return bool(self.rounds)

    def run(self) -> None:
        watch(self.once, wait=self.wait, clock=lambda: NOON, complain=self.complaints.append)


def good(at: datetime | None = None) -> Round:
    return Round(next_change_at=at, good=True)


def test_a_watch_sleeps_until_the_clock_changes_a_page() -> None:
    watched = Watched([good(NOON + 90 * MINUTE), good(), good(NOON - MINUTE)])

    watched.run()

    assert watched.waits == [5400.0, None, 5.0]


def test_a_watch_survives_every_error_and_tries_again_ever_later() -> None:
    bad = Round(next_change_at=NOON + MINUTE, good=False)
    watched = Watched(
        [StoreError("no network"), KeyError("theme"), bad, bad, bad, bad, good(), bad]
    )

    watched.run()

    assert watched.waits == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, None, 30.0]
    assert watched.complaints == ["no network", "KeyError: 'theme'"]


def test_a_wish_to_stop_ends_the_wait_for_another_publisher() -> None:
    alarm = Alarm()
    alarm.sleep(0)
    alarm.stopped = True

    with pytest.raises(FirstwordError, match="stopped while waiting"):
        alarm.sleep(3600)
    assert alarm.wait(3600) is False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watch_as_people_run_it(site: SmallSite, number: signal.Signals) -> None:
    watching = start(site, "--watch")
    try:
        assert watching.stdout is not None
        first = line_with(watching.stdout, "live: ")
        site.write(CARDS_FILE, CARDS.replace("impact: major", "impact: hurge"))
        broken = line_with(watching.stderr, "unknown impact")
        site.write(CARDS_FILE, CARDS + RESOLVED)
        second = line_with(watching.stdout, "live: ")
        page = site.page(CARD_PAGE)
        watching.send_signal(number)
        out, err = watching.communicate(timeout=60)
    finally:
        watching.kill()

    assert first.startswith("live: ")
    assert broken.startswith(f"{CARDS_FILE}:3: value:")
    assert re.fullmatch(r"live: \d+ files sent, 0 deleted - .*/index.html - \d+\.\d s\n", second)
    assert "All cards work" in page
    assert (watching.returncode, out) == (0, "")
    assert err.splitlines()[-1] == "Stopped; what is published stays up"
    assert "Traceback" not in err


# ── the command line ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("other", ["--json", "--dry-run", "--tick"])
def test_what_does_not_go_with_watch(site: SmallSite, other: str) -> None:
    ran = site.publish("--watch", other)

    assert (ran.code, ran.out) == (2, "")
    assert "--watch" in ran.err


def test_json_is_one_document_whatever_is_printed_on_the_way(site: SmallSite) -> None:
    site.write("pelicanconf.py", CONF + 'print("a chatty setting")\n')
    site.commit()

    published, idle = site.publish("--json"), site.publish("--json", "--tick")

    assert [report["outcome"] for report in json.loads(published.out)] == ["published"]
    assert [report["outcome"] for report in json.loads(idle.out)] == ["unchanged"]
    assert "a chatty setting" in published.err


def test_json_is_one_document_when_the_build_fails(site: SmallSite) -> None:
    site.write(CARDS_FILE, CARDS.replace("impact: major", "impact: hurge"))

    ran = site.publish("--json", "--strict")

    (report,) = json.loads(ran.out)
    assert (ran.code, report["outcome"]) == (1, "failed")
    assert "unknown impact: 'hurge'" in report["error"]
    assert ran.err.count("unknown impact: 'hurge'") == 1
    assert "NOT published, --strict: 1 problem; what was there stays up" in ran.err


@pytest.mark.parametrize("command", ["publish", "redact"])
def test_every_option_is_in_help_with_an_example(site: SmallSite, command: str) -> None:
    ran = site.publish("--help") if command == "publish" else site.firstword(command, "--help")

    assert ran.code == 0
    examples = ran.out[ran.out.index("examples:") : ran.out.index("exit code:")]
    options = set(re.findall(r"^  (--[a-z-]+)", ran.out, re.MULTILINE))
    assert options - {opt for opt in options if opt in examples} == set()
    assert len(options) >= 6


def without_others(site: SmallSite, umask: str) -> Ran:
    return site.run("/bin/sh", "-c", f"umask {umask}; exec {sys.executable} publish.py")


def test_a_folder_that_no_web_server_can_read_is_told(site: SmallSite) -> None:
    public = site.root / "public"

    closed = without_others(site, "077")
    for path in (public, *public.rglob("*")):
        path.chmod(0o755)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    opened = without_others(site, "022")

    assert closed.code == opened.code == 0
    assert f"note: only you and your group can read {public};" in closed.err
    assert "only you" not in opened.err
    assert f"chmod 700 {public}/.firstword" in opened.err


def test_an_ordinary_folder_needs_no_note(site: SmallSite) -> None:
    assert "note:" not in without_others(site, "022").err
