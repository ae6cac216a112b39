"""The bench measures what it says it measures: S3, histories, converters, tables."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import convert, make_history
from benchmarks.measure import Folder, Took, alternate
from benchmarks.s3server import UNCOUNTED, started
from benchmarks.table import Row, Side, between_marks, markdown
from benchmarks.weight import weigh

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    Bucket = tuple[S3Client, str]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def bucket(keys_of_nobody: None) -> Iterator[Bucket]:
    """A client of the bench's S3, and its address."""
    import boto3
    from botocore.config import Config

    with started() as address:
        style = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", config=style)
        yield client, address
        client.close()


def counts(address: str) -> dict[str, int]:
    """Return what was asked of the server so far."""
    with urllib.request.urlopen(f"{address}/_bench") as answer:
        asked: dict[str, int] = json.load(answer)
    return asked


def refused(client: S3Client, call: str, **arguments: object) -> int:
    """Return the status of an answer that is an error."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as error:
        getattr(client, call)(Bucket="b", **arguments)
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_the_s3_gives_back_what_it_was_given(bucket: Bucket) -> None:
    client, _ = bucket
    put = client.put_object(
        Bucket="b",
        Key="a/ø b.html",
        Body=b"words",
        ContentType="text/html",
        CacheControl="max-age=10",
        Metadata={"firstword-digest": "d"},
    )
    got = client.get_object(Bucket="b", Key="a/ø b.html")
    headed = client.head_object(Bucket="b", Key="a/ø b.html")

    assert put["ETag"] == '"89759e1284e2479b991d2669de104942"'  # md5 of "words"
    assert got["Body"].read() == b"words"
    assert (got["ContentType"], got["CacheControl"]) == ("text/html", "max-age=10")
    assert headed["ETag"] == put["ETag"]
    assert headed["Metadata"] == {"firstword-digest": "d"}
    assert refused(client, "get_object", Key="nothing") == 404


def test_the_s3_honours_conditions(bucket: Bucket) -> None:
    client, _ = bucket
    etag = client.put_object(Bucket="b", Key="k", Body=b"1", IfNoneMatch="*")["ETag"]

    assert refused(client, "put_object", Key="k", Body=b"2", IfNoneMatch="*") == 412
    assert refused(client, "put_object", Key="k", Body=b"2", IfMatch='"other"') == 412
    assert refused(client, "put_object", Key="absent", Body=b"2", IfMatch=etag) == 404
    assert refused(client, "delete_object", Key="k", IfMatch='"other"') == 412
    assert refused(client, "get_object", Key="k", IfNoneMatch=etag) == 304
    assert client.get_object(Bucket="b", Key="k")["Body"].read() == b"1"
    bare = client.put_object(Bucket="b", Key="k", Body=b"2", IfMatch=etag.strip('"'))["ETag"]
    client.delete_object(Bucket="b", Key="k", IfMatch=bare)
    assert refused(client, "head_object", Key="k") == 404


def test_the_s3_refuses_a_damaged_body(bucket: Bucket) -> None:
    client, _ = bucket
    no_md5 = "AAAAAAAAAAAAAAAAAAAAAA=="

    assert refused(client, "put_object", Key="k", Body=b"x", ChecksumCRC32="AAAAAA==") == 400
    assert refused(client, "put_object", Key="k", Body=b"x", ContentMD5=no_md5) == 400


def test_the_s3_lists_page_by_page_and_by_folder(bucket: Bucket) -> None:
    client, address = bucket
    wanted = [f"in/{number:04}/index.html" for number in range(1205)]
    for key in ["a", *wanted, "z"]:
        client.put_object(Bucket="b", Key=key, Body=b"")
    urllib.request.urlopen(f"{address}/_bench", data=b"").close()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="b", Prefix="in/")
    found = [entry["Key"] for page in pages for entry in page["Contents"]]
    folders = client.list_objects_v2(Bucket="b", Delimiter="/")
    first = client.list_objects(Bucket="b", MaxKeys=3)

    assert found == wanted
    assert [entry["Key"] for entry in folders["Contents"]] == ["a", "z"]
    assert [entry["Prefix"] for entry in folders["CommonPrefixes"]] == ["in/"]
    assert [entry["Key"] for entry in first["Contents"]] == ["a", *wanted[:2]]
    assert counts(address)["LIST"] == 4
    client.delete_objects(Bucket="b", Delete={"Objects": [{"Key": "a"}, {"Key": "z"}]})
    assert "CommonPrefixes" in client.list_objects_v2(Bucket="b", Delimiter="/")
    assert "Contents" not in client.list_objects_v2(Bucket="b", Delimiter="/")


def test_the_s3_counts_requests_and_bytes(bucket: Bucket) -> None:
    client, address = bucket
    client.put_object(Bucket="b", Key="k", Body=b"12345")
    client.get_object(Bucket="b", Key="k")["Body"].read()
    look = urllib.request.Request(f"{address}/b/k", headers={UNCOUNTED: "yes"})
    with urllib.request.urlopen(look) as answer:
        assert answer.read() == b"12345"

    assert counts(address) == {"PUT": 1, "GET": 1, "bytes in": 5, "bytes out": 5}


def test_a_history_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    make_history.write_site(tmp_path / "one", 1, 60)
    make_history.write_site(tmp_path / "two", 1, 60)
    make_history.write_site(tmp_path / "longer", 1, 61)

    one, two, longer = (
        {p.relative_to(f).as_posix(): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in (tmp_path / "one", tmp_path / "two", tmp_path / "longer")
    )
    assert one == two
    assert one.items() < longer.items()


def test_a_history_has_every_kind_and_passes_the_check(tmp_path: Path) -> None:
    command = (sys.executable, str(ROOT / "benchmarks/make_history.py"), "--count", "100", "--git")
    subprocess.run((*command, str(tmp_path)), check=True)
    checked = subprocess.run(
        (sys.executable, "-m", "firstword", "check", "--strict"),
        cwd=tmp_path,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1795262400"},  # 2026-11-21 12:00
        capture_output=True,
        text=True,
        check=False,
    )
    texts = [path.read_text() for path in (tmp_path / "content").rglob("*.md")]
    log = subprocess.run(
        ("git", "-C", str(tmp_path), "log", "--oneline"), capture_output=True, text=True, check=True
    )

    assert (checked.returncode, checked.stdout) == (0, "")
    assert sum("kind: maintenance" in text for text in texts) == 4
    assert sum("kind: notice" in text for text in texts) == 4
    assert any("/images/graph-" in text for text in texts)
    incidents = [text for text in texts if "kind:" not in text]
    assert {text.count("\n## ") for text in incidents} <= {2, 3, 4, 5, 6}
    assert len(log.stdout.splitlines()) == 1


def test_a_longer_history_reaches_back_and_leaves_months_as_they_were() -> None:
    years = Counter(path.split("/")[2] for path, _ in make_history.incidents(1, 20_000))
    full = [years[str(year)] for year in range(2021, 2026)]

    assert int(min(years)) < 2021
    assert max(full) - min(full) < 20
    # The longest that is measured; before 1990 a file's times are not believed.
    assert (make_history.NEWEST - make_history.EVERY * 100_000).year >= 1990


def test_every_peer_gets_the_same_words(tmp_path: Path) -> None:
    path, text = next(iter(make_history.incidents(3, 1)))
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    story = convert.story(file)
    said = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]

    for made in (convert.pelican_article, convert.hugo_page, convert.cstate_page):
        page = made(story)
        assert story.title in page
        assert [block.strip() in page for block in said] == [True] * len(said)
        assert page.count("\n### ") == len(said)


def test_contenders_take_turns_until_their_time_is_used() -> None:
    order: list[str] = []

    def contender(name: str, seconds: float) -> Took:
        order.append(name)
        return Took(wall=seconds, cpu=seconds)

    took = alternate(
        {"quick": lambda _: contender("q", 1.0), "slow": lambda _: contender("s", 40.0)},
        rounds=4,
        budget=100.0,
    )

    assert "".join(order) == "qsqsqq"
    assert [len(took[name]) for name in ("quick", "slow")] == [4, 2]


def test_a_row_tells_its_ratio_and_whether_the_goal_is_met() -> None:
    ours = Side(name="ours", results=[Took(wall=w, cpu=1) for w in (0.5, 0.4, 9.0)])
    theirs = Side(name="theirs", results=[Took(wall=5.0, cpu=1)], counts="12 PUT")
    faster = Row(what="edit", side=ours, against=theirs, kind="faster", goal=80)
    times = Row(what="edit", side=theirs, against=ours, goal=10)

    assert faster.cells()[4:] == ("10.0 × faster", "≥ 80 ×: **not met**", "theirs: 12 PUT")
    assert times.cells()[4:6] == ("10.0 ×", "≤ 10 ×: met")
    assert Row(what="x", side=ours, against=Side(name="", results=()), goal=1).met is None


def test_what_was_written_is_told_from_what_lay_there(tmp_path: Path) -> None:
    (tmp_path / "same").write_text("same")
    (tmp_path / "changed").write_text("before")
    before = Folder.of(tmp_path)
    (tmp_path / "new").write_text("12345")
    (tmp_path / "other").write_text("after!!")
    (tmp_path / "other").replace(tmp_path / "changed")

    assert Folder.of(tmp_path).written_since(before) == (2, 12)


def test_a_page_weighs_what_a_browser_fetches(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="/a.css"><link rel="alternate" href="/feed.atom">'
        '<img src="i.png"><img src="i.png"><script src="https://cdn.example/x.js"></script>'
    )
    (tmp_path / "a.css").write_text("@font-face{src:url('f.woff2')}")
    (tmp_path / "f.woff2").write_bytes(b"f" * 10)
    (tmp_path / "i.png").write_bytes(b"i" * 7)
    (tmp_path / "feed.atom").write_bytes(b"-" * 1000)
    sizes = sum(p.stat().st_size for p in tmp_path.iterdir()) - 1000

    found = weigh("site", "home", tmp_path, "index.html", "https://status.example/")

    assert (found.requests, found.raw, found.from_elsewhere) == (4, sizes, 1)


def test_the_whole_machinery_works_with_nobody_but_ourselves(tmp_path: Path) -> None:
    out = tmp_path / "results.md"
    parts = ("--parts", "edit,serve,mail,weight", "--work", str(tmp_path), "--out", str(out))
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks", "--smoke", *parts),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    table = between_marks(out.read_text(encoding="utf-8"))
    assert table in done.stdout
    whats = re.findall(r"^\| ([^|]+) \| \*\*", table, re.MULTILINE)
    assert whats == [
        "edit at 100: `pelican content`",
        "edit at 100, S3 30 ms away: `publish.py`",
        "`firstword serve` at 100, saved file to reloaded page",
        "one update mailed to 1,000: SMTP, 4 connections",
        "one update mailed to 1,000: SMTP, 16 connections",
        "one update mailed to 1,000: to nowhere: our own work",
        "most memory of mailing 1,000",
    ]
    assert re.search(r"mailed to 1,000.* [\d,]+ messages a second.* 12 bodies composed", table)
    assert re.search(
        r"[1-9]\d* read, [1-9]\d* rendered, [1-9]\d* written .*\n.* 1 GET, [1-9]\d* PUT", table
    )
    assert "| Firstword | home | 1 |" in table
    assert not list(tmp_path.glob("firstword-bench-*"))


def test_the_readme_shows_the_table_of_the_last_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    results = (ROOT / "benchmarks/RESULTS.md").read_text(encoding="utf-8")

    assert between_marks(readme) == between_marks(results)
    assert "| Ratio | Goal |" in between_marks(readme)
    assert between_marks(markdown([], [], ["a note"])).splitlines()[2] == "- a note"
