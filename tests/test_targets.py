"""PUBLISH_TO: what may be said of a target, and what its server then gets."""

from __future__ import annotations

import hashlib
import http.server
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import running
from sites import CONF, SmallSite

from firstword.errors import SettingsError, StoreError
from firstword.model import Target
from firstword.settings import read_site
from firstword.store import Write, is_local, open_store

EU = {
    "target": "s3://status-acme-eu/site",
    "address": "https://status.acme.example/",
    "cloudfront": "E2QWRUHEXAMPLE",
    "region": "eu-west-1",
}
R2 = {
    "target": "s3://status-acme",
    "endpoint": "https://account.r2.example/",
    "profile": "r2",
    "addressing": "virtual",
    "checksums": "when_supported",
}


def targets(value: object) -> tuple[Target, ...]:
    site = {"SITENAME": "Acme", "SITEURL": "https://status.acme.example", "PUBLISH_TO": value}
    return read_site(site).targets


def test_a_target_with_all_there_is_to_say() -> None:
    assert targets([EU, R2, "public"]) == (
        Target(
            name="s3://status-acme-eu/site",
            address="https://status.acme.example",
            cloudfront="E2QWRUHEXAMPLE",
            region="eu-west-1",
        ),
        Target(
            name="s3://status-acme",
            endpoint="https://account.r2.example",
            profile="r2",
            addressing="virtual",
            checksums="when_supported",
        ),
        Target(name="public"),
    )


def test_one_target_needs_no_list() -> None:
    assert targets(EU) == targets([EU])


def test_a_target_of_the_command_line_has_what_is_said_of_it() -> None:
    site = read_site(
        {"SITENAME": "Acme", "SITEURL": "https://status.acme.example", "PUBLISH_TO": [EU]}
    )

    assert site.publish_to == ("s3://status-acme-eu/site",)
    assert site.target("s3://status-acme-eu/site/").cloudfront == "E2QWRUHEXAMPLE"
    assert site.target("s3://another") == Target(name="s3://another")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "a folder or 's3://bucket/prefix', or a list: []"),
        (7, "a folder or 's3://bucket/prefix', or a list: 7"),
        ({"address": "https://a.example"}, "which folder or bucket? No 'target' in {'address'"),
        (["public", "public/"], "'public/' is listed twice"),
        ({**EU, "adress": "x"}, "unknown key: 'adress'; did you mean 'address'?"),
        ({**EU, "address": "status"}, "'address': no address: 'status'"),
        ({**EU, "endpoint": "file:///etc"}, "'endpoint': no address: 'file:///etc'"),
        ({**EU, "cloudfront": "status.example"}, "'cloudfront' is the id of a distribution, not"),
        ({**R2, "addressing": "paths"}, "unknown addressing: 'paths'; did you mean 'path'?"),
        ({**R2, "checksums": "never"}, "unknown checksums: 'never'; one of: when_required, "),
        ({**R2, "region": 1}, "'region' is text, not 1"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
def test_what_cannot_be(value: object, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        targets(value)

    assert refused.value.setting == "PUBLISH_TO"
    assert message in str(refused.value)


# ── the example's clock ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("environ", "endpoint", "local"),
    [
        ("", "", False),
        ("http://127.0.0.1:9000", "", True),
        ("http://127.0.0.1:9000", "https://account.r2.example", False),
        ("https://account.r2.example", "http://[::1]:9000", True),
    ],
)
def test_whether_a_target_is_on_this_machine(environ: str, endpoint: str, local: bool) -> None:
    options = Target(name="s3://status", endpoint=endpoint)

    assert is_local("s3://status", {"AWS_ENDPOINT_URL": environ}, options) is local


def test_a_stopped_clock_goes_nowhere_though_the_environment_says_loopback(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write(
        "pelicanconf.py",
        CONF.replace('"public"', repr(R2)) + 'PINNED_CLOCK = "2026-11-21 10:30"\n',
    )

    ran = site.publish(AWS_ENDPOINT_URL="http://127.0.0.1:9")

    assert ran.code == 2
    assert "the clock of this example stands still" in ran.err


# ── what the server gets ─────────────────────────────────────────────────────────────────────────


class Noting(http.server.BaseHTTPRequestHandler):
    """Takes every put, and notes what came."""

    noted: list[tuple[str, dict[str, str]]]

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.noted.append((self.path, {name.lower(): self.headers[name] for name in self.headers}))
        self.send_response(200)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[Any]]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    noted: list[Any] = []
    monkeypatch.setattr(Noting, "noted", noted, raising=False)
    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noting)) as at:
        yield f"http://localhost:{at.partition(':')[2]}", noted


def put(options: Target, environ: dict[str, str]) -> None:
    open_store("s3://status/site", environ=environ, options=options).put(
        Write(
            key="index.html",
            body=b"page",
            content_type="text/html",
            cache_control="no-store",
            digest=hashlib.sha256(b"page").hexdigest(),
            generation=1,
            if_match='"abc"',
            if_absent=False,
        )
    )


def test_an_endpoint_of_its_own(server: tuple[str, list[Any]]) -> None:
    address, noted = server

    put(
        Target(name="s3://status/site", endpoint=address, region="auto"),
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-west-1"},
    )

    [(path, headers)] = noted
    assert path == "/status/site/index.html"
    assert "/auto/s3/aws4_request" in headers["authorization"]
    assert headers["if-match"] == "abc"
    # Several servers refuse what boto3 would send by itself.
    assert [name for name in headers if "checksum" in name or "trailer" in name] == []


def test_checksums_where_a_server_wants_them(server: tuple[str, list[Any]]) -> None:
    address, noted = server

    put(Target(name="s3://status/site", endpoint=address, checksums="when_supported"), {})

    [(_, headers)] = noted
    assert [name for name in headers if "checksum" in name]


def test_a_buckets_name_in_the_host(server: tuple[str, list[Any]]) -> None:
    # Whose address nobody here may ask for: that is how far it comes.
    with pytest.raises(pytest.fail.Exception, match=r"'status\.localhost'"):
        put(Target(name="s3://status/site", endpoint=server[0], addressing="virtual"), {})


def test_credentials_of_its_own(
    server: tuple[str, list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, noted = server
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    credentials = tmp_path / "credentials"
    credentials.write_text("[r2]\naws_access_key_id = AKIAOFR2\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))

    put(Target(name="s3://status/site", endpoint=address, profile="r2"), {})

    [(_, headers)] = noted
    assert "Credential=AKIAOFR2/" in headers["authorization"]


def test_a_profile_that_is_not_there_is_a_clear_error(server: tuple[str, list[Any]]) -> None:
    with pytest.raises(StoreError, match=r"cannot write s3://status/site/index.html: .*\(r3\)"):
        put(Target(name="s3://status/site", endpoint=server[0], profile="r3"), {})
