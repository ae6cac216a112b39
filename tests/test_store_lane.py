"""The quick way of a write: the same object as the client's own, and never the last word."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from running import running

from firstword.clock import system_clock
from firstword.errors import Conflict, StoreError
from firstword.model import Target
from firstword.store import Remote, Store, Write, open_store

_CODES = {409: "ConditionalRequestConflict", 412: "PreconditionFailed"}


class Asked:
    """What an S3 was asked, and what it answers: a status for each write, then 200."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.address = ""
        #: The same, by the other protocol of the net.
        self.by_number = ""
        #: The same under TLS, with a certificate of somebody's.
        self.secured: Callable[[trustme.CA], str] = lambda _: ""
        #: Where a redirect leads.
        self.elsewhere = ""
        #: What is told to whoever reads: nothing to anybody.
        self.tells = (403, "<Error><Code>AccessDenied</Code></Error>")

    @property
    def by_client(self) -> list[bool]:
        """Return for each write whether the client sent it: it asks before it sends."""
        return ["expect" in headers for _, headers, _ in self.writes]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Return an S3 that notes every write, and a machine on which only botocore knows the way."""
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "a setting that we never heard of")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    asked = Asked()
    one_by_one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with one_by_one:
                asked.writes.append((self.path, headers, body))
                status = asked.answers.pop(0) if asked.answers else 200
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("ETag", f'"{len(asked.writes)}"')
            if asked.elsewhere:
                self.send_header("Location", asked.elsewhere)
            said = f"<Error><Code>{_CODES[status]}</Code></Error>" if status in _CODES else ""
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def do_DELETE(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            status, said = asked.tells
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            pass

    class NewServer(ThreadingHTTPServer):
        address_family = socket.AF_INET6

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    secured.socket = context.wrap_socket(secured.socket, server_side=True)

    def certify(authority: trustme.CA) -> str:
        authority.issue_cert("localhost").configure_cert(context)
        return f"https://localhost:{secured.server_port}"

    asked.secured = certify
    with (
        running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as at,
        running(NewServer(("::1", 0), Handler)) as number,
        running(secured),
    ):
        asked.address = f"http://{at}"
        asked.by_number = f"http://[::1]:{number.rpartition(':')[2]}"
        yield asked


def opened(address: str) -> Store:
    return open_store("s3://status/site", environ={"AWS_ENDPOINT_URL": address})


def put(
    store: Store,
    key: str = "index.html",
    body: bytes = b"page",
    *,
    if_match: str | None = None,
    if_absent: bool = False,
) -> str:
    return store.put(
        Write(
            key=key,
            body=body,
            content_type="text/html; charset=utf-8",
            cache_control="public, max-age=30",
            digest=hashlib.sha256(body).hexdigest(),
            generation=7,
            if_match=if_match,
            if_absent=if_absent,
        )
    )


_MEANT = (
    "content-type",
    "cache-control",
    "x-amz-meta-firstword-digest",
    "x-amz-meta-firstword-generation",
    "if-match",
    "if-none-match",
    "host",
    "x-amz-content-sha256",
)


@pytest.mark.parametrize("condition", [{}, {"if_match": '"e1"'}, {"if_absent": True}])
def test_the_second_write_says_what_the_first_said(s3: Asked, condition: dict[str, Any]) -> None:
    store = opened(s3.address)

    etags = [put(store, **condition), put(store, **condition)]

    assert etags == ["1", "2"]
    assert s3.by_client == [True, False]
    (path, first, body), (quick_path, second, quick_body) = s3.writes
    assert (path, body) == (quick_path, quick_body) == ("/status/site/index.html", b"page")
    assert {n: first.get(n) for n in _MEANT} == {n: second.get(n) for n in _MEANT}


@pytest.mark.parametrize("key", ["a b/c+d.html", "ü/~x.html", "people/o'neil/(1)&=,@:$.html"])
def test_both_ways_spell_a_key_alike(s3: Asked, key: str) -> None:
    store = opened(s3.address)

    put(store, key)
    put(store, key)

    assert s3.by_client == [True, False]
    assert s3.writes[0][0] == s3.writes[1][0]


def test_a_server_that_checks_signatures_believes_it(rclone: str) -> None:
    store = opened(rclone)
    keys = [f"months/2026-{month:02d}/ü & more.html" for month in range(1, 13)]

    put(store)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: put(store, key, key.encode()), keys))

    for key in keys:
        found = store.get(key)
        assert found is not None
        assert found.body == key.encode()


def test_a_wrong_secret_is_told_as_ever(rclone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    with pytest.raises(StoreError, match=r"cannot write s3://status/site/index\.html"):
        put(opened(rclone))


@pytest.mark.parametrize("status", [412, 409])
def test_a_lost_race_is_a_conflict(s3: Asked, status: int) -> None:
    store = opened(s3.address)
    put(store)
    s3.answers = [status]

    with pytest.raises(Conflict):
        put(store, if_match="e1")

    put(store)
    assert s3.by_client == [True, False, False]


@pytest.mark.parametrize("status", [0, 500, 503])
def test_after_a_failure_it_is_the_client_that_writes_for_a_while(s3: Asked, status: int) -> None:
    store = opened(s3.address)
    put(store)
    s3.answers = [status]

    assert [put(store) for _ in range(102)] == [str(n) for n in range(3, 105)]
    assert s3.by_client == [True, False, True, *[True] * 100, False]


@pytest.mark.parametrize("status", [301, 307, 400, 403, 411])
def test_a_refusal_leaves_all_further_writes_to_the_client(s3: Asked, status: int) -> None:
    store = opened(s3.address)
    put(store)
    s3.answers = [status]

    assert put(store) == "3"
    assert put(store) == "4"
    assert s3.by_client == [True, False, True, True]


def test_where_plain_keys_lead_to_a_plain_address_no_write_is_the_clients(
    s3: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(s3.address)
    put(store, "a b/ü.html", if_match="e1")
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")
    store = opened(s3.address)

    put(store, "a b/ü.html", if_match="e1")
    put(store, "a b/ü.html", if_match="e1")

    assert s3.by_client == [True, False, False]
    (path, first, body), *others = s3.writes
    for quick_path, quick, quick_body in others:
        assert (path, body) == (quick_path, quick_body)
        assert {n: first.get(n) for n in _MEANT} == {n: quick.get(n) for n in _MEANT}


def test_a_wrong_turn_of_ours_is_put_right_by_the_clients_way(
    s3: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a bucket is in another region than somebody said."""
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")
    store = opened(s3.address)
    s3.answers = [400, 200, 200, 400]

    for _ in range(3):
        put(store)
    for _ in range(2):
        put(store)

    # Ours, the client's in its place, then by what that showed; refused again, never more.
    assert s3.by_client == [False, True, False, False, True, True, True]


def test_who_may_not_ask_for_settings_writes_the_quick_way_all_the_same(
    s3: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")
    store = opened(s3.address)
    assert isinstance(store, Remote)

    exposure = store.exposure()
    put(store)

    assert (exposure.writable, s3.by_client) == ("", [False])
    assert [line.partition(" (")[0] for line in exposure.unknown] == ["its ACL", "its policy"]


_BLOCK = (
    "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls>"
    "</PublicAccessBlockConfiguration>"
)


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, _BLOCK), (403, _BLOCK), (500, _BLOCK), (503, _BLOCK), (200, ""), (200, "<html>Hello")],
)
def test_what_is_no_answer_is_neither_a_block_nor_the_want_of_a_policy(
    s3: Asked, monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")
    s3.tells = status, said
    store = opened(s3.address)
    assert isinstance(store, Remote)

    unknown = [line.partition(" (")[0] for line in store.exposure().unknown]
    # The client reads an ACL that grants nobody anything out of nothing.
    assert unknown == (["its ACL", "its policy"] if said else ["its policy"])


def test_a_server_that_a_profile_names_is_not_amazons(
    s3: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(f"[profile site]\nendpoint_url = {s3.address}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    s3.tells = 200, _BLOCK.replace("IgnorePublicAcls", "RestrictPublicBuckets")
    options = Target(name="s3://status/site", profile="site")
    store = open_store("s3://status/site", environ={}, options=options)
    assert isinstance(store, Remote)

    exposure = store.exposure()

    assert not exposure.blockable
    assert exposure.unknown[-1].startswith("its policy (")


def test_a_redirect_is_not_followed_by_us(s3: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed for one server must not come to another."""
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")
    store = opened(s3.address)
    s3.elsewhere = f"{s3.address}/elsewhere/index.html"
    s3.answers = [307]

    put(store)

    assert [path for path, _, _ in s3.writes] == ["/status/site/index.html"] * 2
    assert s3.by_client == [False, True]


def test_an_etag_that_would_be_another_header_is_not_sent_by_us(
    s3: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")

    with pytest.raises(StoreError):
        put(opened(s3.address), if_match="e1\r\nx-amz-acl: public-read")

    assert s3.writes == []


@pytest.mark.parametrize("etag", [" e1", "e1 ", "e  1", ""])
def test_an_etag_that_would_not_arrive_as_it_is_signed_is_the_clients(s3: Asked, etag: str) -> None:
    store = opened(s3.address)
    put(store)

    put(store)
    put(store, if_match=etag)

    assert s3.by_client == [True, False, True]


_EVERYDAY = """
import sys
from firstword.clock import system_clock
from firstword.errors import Conflict
from firstword.store import Write, open_store

store = open_store("s3://status/site", environ={"AWS_ENDPOINT_URL": sys.argv[1]})
digest = "3660315a9af3df255d8f19ab077e4797822b41488a0e2a04bc6af71213c23274"
about = {"key": "ü.html", "body": b"page", "digest": digest, "generation": 7}
about |= {"content_type": "text/html", "cache_control": "no-store"}
assert store.get("ü.html") is None
assert store.head("ü.html") is None
store.put(Write(**about, if_match=None, if_absent=True))
found = store.get("ü.html")
assert found is not None and found.body == b"page"
head = store.head("ü.html")
assert (head.etag, head.digest, head.generation) == (found.etag, digest, 7)
store.delete("ü.html", None)
store.delete("ü.html", None)
assert store.get("ü.html") is None
print("botocore" in sys.modules)
"""


def test_everyday_requests_do_without_the_client(rclone: str) -> None:
    """To import it takes longer than they do."""
    told = subprocess.run(
        (sys.executable, "-c", _EVERYDAY, rclone), capture_output=True, text=True, check=False
    )

    assert (told.stdout, told.stderr) == ("False\n", "")


def test_behind_a_proxy_all_is_left_to_the_client(
    s3: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", s3.address)
    store = opened("http://s3.nowhere.example")

    put(store)
    put(store)

    assert s3.by_client == [True, True]


def test_keys_that_cannot_be_renewed_are_told_as_ever(
    s3: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As when a role's keys run out in the middle of a publish, and who gives them is away."""
    away, config = tmp_path / "away", tmp_path / "config"
    told = '{"Version":1,"AccessKeyId":"AKIAINVENTED","SecretAccessKey":"very-secret",'
    soon = (system_clock() + timedelta(minutes=5)).isoformat()
    (tmp_path / "keys").write_text(f'{told}"Expiration":"{soon}"}}', encoding="utf-8")
    config.write_text(
        f"[default]\ncredential_process = sh -c 'test ! -e {away} && cat {tmp_path}/keys'\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = opened(s3.address)
    put(store)
    put(store)
    away.touch()

    with pytest.raises(StoreError, match=r"cannot write s3://status/site/index\.html"):
        put(store)

    assert s3.by_client == [True, False]


def test_keys_that_have_run_out_when_they_are_given_are_told(
    s3: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    told = '{"Version":1,"AccessKeyId":"AKIAINVENTED","SecretAccessKey":"very-secret",'
    (tmp_path / "keys").write_text(f'{told}"Expiration":"2026-01-01T00:00:00Z"}}', encoding="utf-8")
    config.write_text(f"[default]\ncredential_process = cat {tmp_path}/keys\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(StoreError, match="credentials are still expired") as caught:
        put(opened(s3.address))

    assert "very-secret" not in str(caught.value)


def test_a_name_that_no_server_can_have_is_told(s3: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")

    with pytest.raises(StoreError, match=r"cannot read s3://status/site/a\.html"):
        opened("http://s3..example:9000").get("a.html")


def test_who_may_not_delete_still_writes_without_the_client(s3: Asked) -> None:
    store = opened(s3.address)
    put(store)

    with pytest.raises(StoreError, match="access denied"):
        store.delete("old.html", None)
    put(store)

    assert s3.by_client == [True, False]


def test_whom_the_client_believes_we_believe(
    s3: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As where a company's own authority stands behind its servers."""
    authority, trusted = trustme.CA(), tmp_path / "own.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    store = opened(s3.secured(authority))

    put(store)
    put(store)

    assert s3.by_client == [True, False]


def test_a_server_by_its_number_is_named_as_the_client_names_it(s3: Asked) -> None:
    store = opened(s3.by_number)

    put(store)
    put(store)

    (_, first, _), (_, quick, _) = s3.writes
    assert first["host"] == quick["host"] == s3.by_number.removeprefix("http://")


def test_several_threads_find_the_lane_at_once(s3: Asked) -> None:
    store = opened(s3.address)
    write: Callable[[int], str] = lambda n: put(store, f"{n}.html", b"%d" % n)  # noqa: E731

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))

    assert sorted(path for path, _, _ in s3.writes) == sorted(
        f"/status/site/{n}.html" for n in range(40)
    )
    assert all(path == f"/status/site/{body.decode()}.html" for path, _, body in s3.writes)
    assert not all(s3.by_client)
