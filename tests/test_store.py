"""Single objects on a folder and on S3: conditions, headers, and errors a person can act on."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import types
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from fakestore import FEED, HOME, HOUR, U1, U2, FakeStore, Site, World
from moto.server import ThreadedMotoServer
from running import running

from firstword.errors import Conflict, SettingsError, StoreError, Unavailable
from firstword.manifest import ROOT_KEY, STATE
from firstword.store import Head, Store, Write, is_local, open_store

KEY = "incidents/card/index.html"


def put(
    store: Store,
    key: str = KEY,
    body: bytes = b"page",
    *,
    if_match: str | None = None,
    if_absent: bool = False,
    generation: int = 3,
) -> str:
    return store.put(
        Write(
            key=key,
            body=body,
            content_type="text/html; charset=utf-8",
            cache_control="public, max-age=30",
            digest=hashlib.sha256(body).hexdigest(),
            generation=generation,
            if_match=if_match,
            if_absent=if_absent,
        )
    )


def body(store: Store, key: str = KEY) -> bytes | None:
    found = store.get(key)
    return None if found is None else found.body


def listed(store: Store, prefix: str = "") -> list[str]:
    return sorted(dict(store.keys(prefix)))


# ── an S3 on loopback ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give boto3 invented credentials, and keep it from the real ones of this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")


@pytest.fixture
def s3(moto: str, aws: None) -> Callable[..., Store]:
    """Return a function that opens a target in a new bucket."""
    urllib.request.urlopen(f"{moto}/moto-api/reset", data=b"").close()
    boto3.client("s3", endpoint_url=moto, region_name="us-east-1").create_bucket(Bucket="status")

    def opened(target: str = "s3://status/site") -> Store:
        return open_store(target, environ={"AWS_ENDPOINT_URL_S3": moto})

    return opened


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store(str(tmp_path / "public"), environ={})
    opened: Callable[..., Store] = request.getfixturevalue("s3")
    return opened()


# ── what every store does ────────────────────────────────────────────────────────────────────────


def test_what_was_put_is_there(store: Store) -> None:
    etag = put(store)

    found = store.get(KEY)

    assert found is not None
    assert (found.body, found.etag) == (b"page", etag)
    assert '"' not in etag


def test_what_is_not_there_is_none_and_no_error(store: Store) -> None:
    assert store.get(KEY) is None
    assert store.head(KEY) is None
    assert list(store.keys()) == []
    store.delete(KEY, None)
    store.delete(KEY, "an etag")


def test_put_if_absent(store: Store) -> None:
    put(store, body=b"first", if_absent=True)

    with pytest.raises(Conflict) as caught:
        put(store, body=b"second", if_absent=True)

    assert caught.value.key == KEY
    assert body(store) == b"first"


def test_put_if_it_is_what_we_take_it_to_be(store: Store) -> None:
    first = put(store, body=b"first")
    second = put(store, body=b"second", if_match=first)

    with pytest.raises(Conflict):
        put(store, body=b"third", if_match=first)

    assert body(store) == b"second"
    assert put(store, body=b"third", if_match=f'"{second}"' if store.name[:2] == "s3" else second)


def test_nothing_is_there_to_match(store: Store) -> None:
    put(store, "index.html")

    with pytest.raises(Conflict):
        put(store, if_match="0" * 32)

    assert body(store) is None


def test_many_are_deleted_at_once_and_one_that_is_not_there_is_no_error(store: Store) -> None:
    put(store)
    for number in range(3):
        put(store, key=f"log/{number}")
    store.clear([f"log/{number}" for number in range(4)])
    store.clear([])

    assert listed(store) == [KEY]


def test_delete_if_it_is_what_we_take_it_to_be(store: Store) -> None:
    etag = put(store)

    with pytest.raises(Conflict):
        store.delete(KEY, "0" * 32)
    assert body(store) == b"page"
    store.delete(KEY, etag)
    assert body(store) is None


def test_head_tells_what_conflicts_are_judged_by(store: Store) -> None:
    etag = put(store, generation=7)

    head = store.head(KEY)

    assert head is not None
    assert (head.etag, head.digest) == (etag, hashlib.sha256(b"page").hexdigest())
    # a file carries no metadata
    assert head.generation == (7 if store.name.startswith("s3://") else None)


def test_keys_are_relative_to_the_target(store: Store) -> None:
    etag = put(store)
    put(store, ROOT_KEY, b"{}")

    assert dict(store.keys())[KEY] == etag
    assert listed(store) == [ROOT_KEY, KEY]
    assert listed(store, "incidents/") == [KEY]


def test_odd_names_come_back_as_they_are(store: Store) -> None:
    key = "people/søren+æ #1/index.html"
    put(store, key)

    assert listed(store) == [key]
    assert body(store, key) == b"page"


# ── a whole publish ──────────────────────────────────────────────────────────────────────────────


def test_a_site_is_published_changed_and_repaired(store: Store, tmp_path: Path) -> None:
    world = World(Site(tmp_path, {"card": {U1: "One payment in five fails."}}))
    world.site.pages = {"about/index.html": "about"}
    imagined = FakeStore()

    def publish(commit: str, **options: Any) -> str:
        world.publish(imagined, commit=commit, **options)
        [report] = world.publish(store, commit=commit, workers=4, **options)
        return f"{report.outcome}, {report.puts}, {report.deletes}"

    assert publish("a") == "published, 5, 0"
    assert publish("b") == "unchanged, 0, 0"
    world.site = world.later(mail={U2: "The wrong list."})
    world.site.pages = {}
    assert publish("c") == "published, 3, 0"
    assert publish("b") == "already-live, 0, 0"
    world.clock.now += HOUR
    assert publish("c") == "published, 0, 1"
    put(store, HOME, b"edited in a hurry")
    put(store, "robots.txt", b"by hand")
    store.delete(FEED, None)
    imagined.add(HOME, b"edited in a hurry")
    del imagined.objects[FEED]
    assert publish("c", full=True) == "published, 2, 0"
    assert publish("c", full=True) == "unchanged, 0, 0"

    site = {key: body(store, key) for key in listed(store) if not key.startswith(STATE)}
    assert site == {**imagined.site(), "robots.txt": b"by hand"}


def test_a_conflict_with_what_a_died_publish_left(store: Store, tmp_path: Path) -> None:
    """What it wrote is taken as it is where it is right, and replaced where it is not."""
    world = World(Site(tmp_path, {"card": {U1: "One payment in five fails."}}))
    world.publish(store)
    world.site = world.later(mail={U2: "The wrong list."})
    expected = FakeStore()
    world.publish(expected, site=Site(tmp_path, {"card": world.site.incidents["card"]}))
    world.publish(expected, commit="b")
    put(store, "incidents/mail/index.html", expected.site()["incidents/mail/index.html"])
    put(store, HOME, b"of a publish that died", generation=1)

    [report] = world.publish(store, commit="b")

    assert report.outcome == "published"
    assert {key: body(store, key) for key in expected.site()} == expected.site()


# ── S3 ───────────────────────────────────────────────────────────────────────────────────────────


def test_s3_objects_carry_type_caching_digest_and_generation(
    s3: Callable[..., Store], moto: str
) -> None:
    put(s3("s3://status/site"))

    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    sent = client.head_object(Bucket="status", Key=f"site/{KEY}")
    assert sent["ContentType"] == "text/html; charset=utf-8"
    assert sent["CacheControl"] == "public, max-age=30"
    assert sent["Metadata"] == {
        "firstword-digest": hashlib.sha256(b"page").hexdigest(),
        "firstword-generation": "3",
    }


@pytest.mark.parametrize(
    ("target", "name", "key"),
    [
        ("s3://status", "s3://status", KEY),
        ("s3://status/", "s3://status", KEY),
        ("s3://status/a/b/", "s3://status/a/b", f"a/b/{KEY}"),
    ],
)
def test_a_prefix_is_a_folder(
    s3: Callable[..., Store], moto: str, target: str, name: str, key: str
) -> None:
    store = s3(target)
    put(store)

    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    assert store.name == name
    assert [entry["Key"] for entry in client.list_objects_v2(Bucket="status")["Contents"]] == [key]
    assert listed(store) == [KEY]


def test_a_prefix_does_not_see_its_neighbour(s3: Callable[..., Store]) -> None:
    put(s3("s3://status/site-b"))

    assert list(s3("s3://status/site").keys()) == []


def test_what_others_put_there_has_no_digest(s3: Callable[..., Store], moto: str) -> None:
    client = boto3.client("s3", endpoint_url=moto, region_name="us-east-1")
    etag = client.put_object(Bucket="status", Key=f"site/{KEY}", Body=b"old site")["ETag"]

    assert s3().head(KEY) == Head(etag.strip('"'))


def test_a_missing_bucket_is_named(s3: Callable[..., Store]) -> None:
    with pytest.raises(
        StoreError, match=r"cannot read s3://nowhere/.*there is no bucket 'nowhere'"
    ):
        s3("s3://nowhere").get("index.html")
    with pytest.raises(StoreError, match=r"cannot write s3://nowhere/.*there is no bucket"):
        put(s3("s3://nowhere"), if_match="0" * 32)


def test_missing_credentials_say_what_to_set(
    s3: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(StoreError, match="no credentials; set AWS_ACCESS_KEY_ID"):
        s3().get("index.html")


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers with what the server was told: status, and text or error code."""

    server: Any
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        status, code = self.server.answers.pop(0)
        refusal = f"<Error><Code>{code}</Code><Message>As told.</Message></Error>"
        text = (code if status == 200 else refusal).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.send_header("etag", '"abc"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def answering(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    patient = types.SimpleNamespace(sleep=lambda seconds: None)
    monkeypatch.setattr("botocore.endpoint.time", patient)  # it waits between its attempts
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.answers, server.seen = [], []
    with running(server) as at:
        server.store = open_store("s3://status/site", environ={"AWS_ENDPOINT_URL": f"http://{at}"})
        yield server


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda store: store.get("a.html"), "cannot read .*s3:GetObject, and s3:ListBucket"),
        (put, "cannot write .*s3:PutObject"),
        (lambda store: store.delete("a.html", None), "cannot delete .*s3:DeleteObject"),
        (lambda store: list(store.keys()), "cannot list .*s3:ListBucket"),
    ],
)
def test_a_denied_request_names_the_permission(
    answering: Any, ask: Callable[[Store], object], says: str
) -> None:
    answering.answers = [(403, "AccessDenied")] * 2

    with pytest.raises(StoreError, match=says) as caught:
        ask(answering.store)

    assert "s3://status/site/" in str(caught.value)
    assert "'status'" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        (412, "PreconditionFailed"),
        (409, "ConditionalRequestConflict"),
        (409, "OperationAborted"),
        (404, "NoSuchKey"),
    ],
)
def test_a_lost_race_is_a_conflict(answering: Any, answer: tuple[int, str]) -> None:
    answering.answers = [answer]

    with pytest.raises(Conflict):
        put(answering.store, if_match="abc")

    # asked once: a lost race is not to be run again with the same condition
    assert [seen["if-match"] for seen in answering.seen] == ["abc"]


def test_conditions_travel_without_quotes(answering: Any) -> None:
    """radosgw 16 compares the text as it is."""
    answering.answers = [(200, "")] * 3

    put(answering.store, if_match='"abc"')
    answering.store.delete(KEY, '"abc"')
    put(answering.store, if_absent=True)

    assert [(seen.get("if-match"), seen.get("if-none-match")) for seen in answering.seen] == [
        ("abc", None), ("abc", None), (None, "*")
    ]  # fmt: skip
    assert not [name for seen in answering.seen for name in seen if "checksum" in name.lower()]


def test_a_server_that_stumbles_is_asked_again(answering: Any) -> None:
    answering.answers = [(503, "SlowDown"), (500, "InternalError"), (200, "")]

    assert put(answering.store) == "abc"


@pytest.mark.parametrize(("status", "later"), [(500, True), (503, True), (501, False)])
def test_what_a_server_cannot_do_it_cannot_do_later(
    answering: Any, *, status: int, later: bool
) -> None:
    answering.answers = [(status, "NotImplemented")] * 4

    with pytest.raises(StoreError) as caught:
        put(answering.store, if_absent=True)

    assert isinstance(caught.value, Unavailable) is later


def test_a_listing_goes_on_after_its_first_page(answering: Any) -> None:
    page = (
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents>'
        "<Key>site/{}</Key><ETag>&quot;{}&quot;</ETag></Contents>{}</ListBucketResult>"
    )
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    answering.answers = [
        (200, page.format("a.html", "1", more)),
        (200, page.format("b.html", "2", "<IsTruncated>false</IsTruncated>")),
    ]

    assert list(answering.store.keys()) == [("a.html", "1"), ("b.html", "2")]


def test_a_refusal_shows_its_code_and_no_secret(answering: Any) -> None:
    answering.answers = [(403, "SignatureDoesNotMatch")] * 2

    with pytest.raises(StoreError) as caught:
        answering.store.get("a.html")

    assert str(caught.value) == (
        "cannot read s3://status/site/a.html: SignatureDoesNotMatch (403) As told."
    )


def test_no_server_at_all_is_an_error_without_secrets(answering: Any) -> None:
    address = "http://dawn:very-secret@127.0.0.1:9"
    store = open_store("s3://status", environ={"AWS_ENDPOINT_URL_S3": address})

    with pytest.raises(StoreError, match=r"cannot read s3://status/index\.html: ") as caught:
        store.get("index.html")

    assert "very-secret" not in str(caught.value)
    assert "AKIAINVENTED" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "configured", "region"),
    [
        ({}, None, "us-east-1"),
        ({}, "eu-north-1", "eu-north-1"),
        ({"AWS_REGION": "eu-west-1"}, "eu-north-1", "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, None, "eu-west-2"),
    ],
)
def test_the_region_is_what_somebody_said(
    answering: Any,
    environ: dict[str, str],
    configured: str | None,
    region: str,
) -> None:
    if configured:
        Path(os.environ["AWS_CONFIG_FILE"]).write_text(f"[default]\nregion={configured}\n")
    address = f"http://127.0.0.1:{answering.server_port}"
    answering.answers = [(200, "")]

    put(open_store("s3://status", environ=environ | {"AWS_ENDPOINT_URL": address}))

    assert f"/{region}/s3/" in answering.seen[0]["authorization"]


# ── a folder ─────────────────────────────────────────────────────────────────────────────────────


def test_opening_a_folder_makes_nothing(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "public"), environ={})

    assert store.get(ROOT_KEY) is None
    assert not (tmp_path / "public").exists()


def test_pages_are_for_everybody_and_the_state_is_not(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        put(open_store(str(tmp_path / "public"), environ={}))
    finally:
        os.umask(old)

    assert (tmp_path / "public" / KEY).stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "public" / ".firstword").stat().st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("words")

    for ask in (
        lambda store: store.get(ROOT_KEY),
        lambda store: list(store.keys()),
        lambda store: put(store, ROOT_KEY),
    ):
        with pytest.raises(StoreError, match=r"not a Firstword target: it holds 'thesis\.tex'"):
            ask(open_store(str(tmp_path), environ={}))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_with_hidden_files_alone_is_empty(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()

    put(open_store(str(tmp_path), environ={}))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("words")

    with pytest.raises(StoreError, match="public: Not a directory"):
        open_store(str(tmp_path / "public"), environ={}).get(ROOT_KEY)


@pytest.mark.parametrize(
    "key", ["../secret", "a/../../secret", "/etc/passwd", "", ".", "a//b", "a/./b", "a\0b"]
)
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text("words")
    store = open_store(str(tmp_path / "public"), environ={})

    for ask in (
        store.get,
        store.head,
        lambda key: put(store, key),
        lambda key: store.delete(key, None),
    ):
        with pytest.raises(StoreError, match="not a path inside the folder"):
            ask(key)
    assert (tmp_path / "secret").read_text() == "words"


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "public"), environ={})
    put(store, ROOT_KEY)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "public" / "incidents").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="a link leads out of the folder"):
        put(store, "incidents/index.html")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "srv")

    put(open_store(str(tmp_path / "public"), environ={}))

    assert (tmp_path / "srv" / KEY).read_bytes() == b"page"


def test_empty_folders_go_with_their_last_page(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "public"), environ={})
    put(store, ROOT_KEY)
    put(store, "a/b/c.html")
    put(store, "a/d.html")

    store.delete("a/b/c.html", None)

    assert sorted(path.name for path in (tmp_path / "public" / "a").iterdir()) == ["d.html"]
    store.delete("a/d.html", None)
    assert not (tmp_path / "public" / "a").exists()
    assert (tmp_path / "public").exists()


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    """Each adds one to what it read: whatever was acknowledged is in the sum."""
    folder = str(tmp_path / "public")
    ours = open_store(folder, environ={})
    put(ours, ROOT_KEY)
    put(ours, body=b"0")

    def add(times: int) -> int:
        store, won = open_store(folder, environ={}), 0
        for _ in range(times):
            found = store.get(KEY)
            assert found is not None
            with suppress(Conflict):
                put(store, body=str(int(found.body) + 1).encode(), if_match=found.etag)
                won += 1
        return won

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(add, [150] * 8))

    assert body(ours) == str(won).encode()
    assert won >= 150


def test_a_draft_that_goes_while_it_is_looked_at_is_none(tmp_path: Path) -> None:
    folder = str(tmp_path / "public")
    put(open_store(folder, environ={}), ROOT_KEY)
    drafts = tmp_path / "public" / STATE / "tmp"
    # Listed, and not there any more when it is opened.
    (drafts / "gone").symlink_to(drafts / "nowhere")

    put(open_store(folder, environ={}), body=b"1")

    assert body(open_store(folder, environ={})) == b"1"


def test_a_page_is_never_half_written(tmp_path: Path) -> None:
    """A reader sees the old or the new page: the file is replaced, not opened again."""
    store = open_store(str(tmp_path / "public"), environ={})
    put(store, body=b"old")

    with (tmp_path / "public" / KEY).open("rb") as reader:
        put(store, body=b"new and longer")
        assert reader.read() == b"old"


def test_what_a_killed_process_left_is_swept_up(tmp_path: Path) -> None:
    """The other process dies in the middle of writing down a page."""
    put(open_store(str(tmp_path / "public"), environ={}), ROOT_KEY)
    script = (
        "import os, sys\n"
        "from firstword.store import Write, open_store\n"
        "os.fsync = lambda fd: os._exit(9)\n"
        "open_store(sys.argv[1], environ={}).put(Write(key='a.html', body=b'x', content_type='', "
        "cache_control='', digest='', if_match=None, if_absent=True))\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "public")], check=False, timeout=60
    )
    drafts = tmp_path / "public" / ".firstword" / "tmp"

    assert died.returncode == 9
    assert len(list(drafts.iterdir())) == 1
    store = open_store(str(tmp_path / "public"), environ={})
    assert listed(store) == [ROOT_KEY]
    put(store, "a.html", if_absent=True)
    assert list(drafts.iterdir()) == []


def test_what_the_system_refuses_is_told_with_the_path(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "public"), environ={})
    put(store, "history")

    with pytest.raises(StoreError, match=r"public/history/index\.html: .*(exists|directory)"):
        put(store, "history/index.html")
    assert store.get("history/index.html") is None


# ── which target is which ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "target", ["gs://bucket", "http://host/x", "file:///srv", "s3://", "", " "]
)
def test_what_is_no_target_is_a_usage_error(target: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_store(target, environ={})

    assert caught.value.setting == "PUBLISH_TO"
    assert caught.value.exitcode == 2


def test_a_target_is_called_as_it_was_written() -> None:
    assert open_store("public/", environ={}).name == "public/"


@pytest.mark.parametrize(
    ("target", "environ", "local"),
    [
        ("public", {}, True),
        ("/srv/www", {"AWS_ENDPOINT_URL": "https://s3.example.org"}, True),
        ("s3://status", {}, False),
        ("s3://status", {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5000"}, True),
        ("s3://status", {"AWS_ENDPOINT_URL": "http://127.8.8.8:5000"}, True),
        ("s3://status", {"AWS_ENDPOINT_URL": "http://localhost:5000"}, True),
        ("s3://status", {"AWS_ENDPOINT_URL": "http://[::1]:5000"}, True),
        ("s3://status", {"AWS_ENDPOINT_URL": "http://10.0.0.1:5000"}, False),
        ("s3://status", {"AWS_ENDPOINT_URL": "https://localhost.example.org"}, False),
        # the more specific one decides
        (
            "s3://status",
            {"AWS_ENDPOINT_URL": "http://localhost", "AWS_ENDPOINT_URL_S3": "https://r2.example"},
            False,
        ),
        (
            "s3://status",
            {
                "AWS_ENDPOINT_URL": "http://localhost",
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            },
            False,
        ),
    ],
)
def test_what_is_on_this_machine(target: str, environ: dict[str, str], local: bool) -> None:
    assert is_local(target, environ) is local


def test_a_folder_needs_no_boto3() -> None:
    """Importing it takes longer than a small publish."""
    script = (
        "import json, sys\n"
        "from firstword.store import open_store\n"
        "open_store('public', environ={}); open_store('s3://status', environ={})\n"
        "print(json.dumps(sorted(name for name in sys.modules if name[:5] in ('boto3', 'botoc'))))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )

    assert json.loads(answer.stdout) == []
