"""The way to a bucket that we know without botocore: the same as botocore's, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session

from firstword.model import Target
from firstword.store.way import Way, find_way, read_text
from firstword.values import replace

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAINVENTED", "AWS_SECRET_ACCESS_KEY": "very-secret"}
STORED = "[default]\naws_access_key_id = AKIASTORED\naws_secret_access_key = stored\n"
OTHER = "[site]\naws_access_key_id = AKIASITE\naws_secret_access_key = other\n"


class _SeenError(Exception):
    """What a client was about to send."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of configuration of a machine that knows nothing of AWS."""
    for name in [*os.environ]:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    return tmp_path / ".aws"


def ours(bucket: str, options: Target) -> Way | None:
    region = options.region or os.environ.get("AWS_REGION") or ""
    return find_way(bucket, replace(options, region=region), os.environ, read_text)


def theirs(bucket: str, options: Target) -> tuple[str, str, tuple[str, str, str]]:
    """Return address and region of what botocore would send, and what it signs with."""
    session = Session(profile=options.profile or None)
    region = options.region or os.environ.get("AWS_REGION")
    style: Any = options.addressing or ("path" if options.endpoint else "auto")
    client: Any = session.create_client(
        "s3",
        endpoint_url=options.endpoint or None,
        region_name=region or session.get_config_variable("region") or "us-east-1",
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),
    )

    def see(request: Any, **_about: object) -> None:
        raise _SeenError(request.url, request.headers["Authorization"].decode())

    client.meta.events.register("before-send.s3.GetObject", see)
    with pytest.raises(_SeenError) as caught:
        client.get_object(Bucket=bucket, Key="a.html")
    url, proof = caught.value.args
    found: Any = session.get_credentials()
    keys = found.get_frozen_credentials()
    told = (keys.access_key, keys.secret_key, keys.token or "")
    return url.removesuffix("a.html"), proof.split("/")[2], told


def assert_alike(bucket: str, options: Target) -> None:
    way = ours(bucket, options)
    assert way is not None
    keys = (way.keys.access, way.keys.secret, way.keys.token)
    assert (way.base, way.region, keys) == theirs(bucket, options)


ELSEWHERE = Target(name="t", endpoint="https://s3.example.net")


@pytest.mark.parametrize(
    ("bucket", "options"),
    [
        ("status", Target(name="t")),
        ("status-example", Target(name="t", region="eu-central-1")),
        ("status", Target(name="t", region="ap-southeast-2", addressing="virtual")),
        ("status", Target(name="t", region="us-west-2")),
        ("status", ELSEWHERE),
        ("status", replace(ELSEWHERE, region="auto", addressing="path")),
        ("status", replace(ELSEWHERE, endpoint="http://127.0.0.1:9000")),
        ("status", replace(ELSEWHERE, endpoint="https://s3.example.net:8443/")),
    ],
)
def test_it_is_the_way_that_botocore_goes(
    machine: Path, monkeypatch: pytest.MonkeyPatch, bucket: str, options: Target
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    assert_alike(bucket, options)


@pytest.mark.parametrize(
    ("environ", "config", "stored"),
    [
        ({**KEYS, "AWS_SESSION_TOKEN": "t0ken"}, "", ""),
        ({**KEYS, "AWS_SECURITY_TOKEN": "old", "AWS_SESSION_TOKEN": "new"}, "", ""),
        (KEYS, "[default]\nregion = eu-west-3\noutput = json\n", STORED),
        ({}, "[default]\nregion = eu-west-3\ns3 =\n  max_concurrent_requests = 16\n", STORED),
        ({}, "", STORED + "aws_session_token = t\n[other]\nrole_arn = arn:aws:iam::1:role/r\n"),
        ({"AWS_REGION": "eu-north-1"}, "[default]\nregion = eu-west-3\n", STORED),
        ({"AWS_PROFILE": "site"}, "[profile site]\nregion = eu-west-3\n", STORED + OTHER),
        ({**KEYS, "AWS_PROFILE": "site"}, '[profile "site"]\nregion = eu-west-3\n', ""),
        ({**KEYS, "NO_PROXY": "localhost"}, "", ""),
    ],
)  # fmt: skip
def test_keys_and_region_are_those_that_botocore_finds(
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: Mapping[str, str],
    config: str,
    stored: str,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (machine / "config").write_text(config)
    (machine / "credentials").write_text(stored)

    assert_alike("status", Target(name="t"))


def test_a_profile_of_the_settings_comes_before_the_environment(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    (machine / "credentials").write_text(STORED.replace("default", "site"))

    assert_alike("status", Target(name="t", profile="site"))


@pytest.mark.parametrize(
    "options",
    [
        Target(name="t", region="cn-north-1"),
        Target(name="t", region="us-gov-west-1"),
        Target(name="t", region="aws-global"),
        Target(name="t", region="Ünknown"),
        Target(name="t", region="us-east-1", addressing="path"),
        Target(name="t", profile="nobody"),
        Target(name="t", checksums="when_supported"),
        replace(ELSEWHERE, addressing="virtual"),
        replace(ELSEWHERE, endpoint="https://s3.example.net/path"),
        replace(ELSEWHERE, endpoint="https://s3.example.net/?query"),
        replace(ELSEWHERE, endpoint="https://user:word@s3.example.net"),
        replace(ELSEWHERE, endpoint="https://s3.example.net:port"),
        replace(ELSEWHERE, endpoint="https://[::1]:9000"),
        replace(ELSEWHERE, endpoint="ftp://s3.example.net"),
        replace(ELSEWHERE, endpoint="https://s3.eu-west-1.amazonaws.com"),
    ],
)
def test_what_is_not_plain_is_left_to_botocore(options: Target) -> None:
    environ = {**KEYS, "HOME": "/nowhere"}

    assert find_way("status", options, environ, lambda _: None) is None


@pytest.mark.parametrize(
    "bucket", ["Status", "status.example.com", "s--use1-az4--x-s3", "s-s3alias", "a", "a" * 64]
)
def test_buckets_of_other_kinds_are_left_to_botocore(bucket: str) -> None:
    assert find_way(bucket, Target(name="t"), {**KEYS, "HOME": "/nowhere"}, lambda _: None) is None


@pytest.mark.parametrize(
    ("environ", "config", "stored"),
    [
        ({}, "", ""),
        ({"AWS_ACCESS_KEY_ID": "A"}, "", ""),
        ({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s\r\nx: y"}, "", ""),
        ({**KEYS, "AWS_CA_BUNDLE": "/etc/own.pem"}, "", ""),
        ({**KEYS, "AWS_USE_DUALSTACK_ENDPOINT": "true"}, "", ""),
        ({**KEYS, "https_proxy": "http://proxy.example"}, "", ""),
        ({**KEYS, "AWS_CONFIG_FILE": "~/elsewhere"}, "", ""),
        ({**KEYS, "AWS_PROFILE": "nobody"}, "", ""),
        (KEYS, "[default]\nuse_fips_endpoint = true\n", ""),
        (KEYS, "[default]\nservices = other\n", ""),
        (KEYS, "[default]\ns3 =\n  addressing_style = path\n", ""),
        (KEYS, "[default]\ns3 =\n  use_accelerate_endpoint = true\n", ""),
        (KEYS, '[default]\nregion = eu-west-3\n[profile "default"]\nregion = eu-west-1\n', ""),
        (KEYS, "not a configuration", ""),
        ({}, "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\n", STORED),
        ({}, "[default]\ncredential_process = /bin/keys\n", STORED),
        ({}, "[default]\nsso_session = corp\n", STORED),
        ({}, "", STORED + "region = eu-west-1\n"),
    ],
)
def test_settings_that_say_more_are_left_to_botocore(
    environ: Mapping[str, str], config: str, stored: str
) -> None:
    files = {"/home/ada/.aws/config": config, "/home/ada/.aws/credentials": stored}

    assert find_way("status", Target(name="t"), {"HOME": "/home/ada", **environ}, files.get) is None


def test_a_file_that_cannot_be_read_is_left_to_botocore() -> None:
    def read(path: str) -> str:
        raise PermissionError(path)

    assert find_way("status", Target(name="t"), {**KEYS, "HOME": "/nowhere"}, read) is None
