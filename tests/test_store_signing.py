"""Our signatures against botocore's."""

from __future__ import annotations

import hashlib
import string
from datetime import UTC, datetime
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstword.store.signing import Keys, Signer

WORD = st.text(string.ascii_letters + string.digits + "+/=-_.%~", min_size=1, max_size=40)
#: What a header holds: words with one space between them.
VALUE = st.lists(
    st.text(string.printable[:94], min_size=1, max_size=20), min_size=1, max_size=3
).map(" ".join)
NAME = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20).filter(
    lambda name: (
        name not in {"host", "expect", "date", "user-agent", "transfer-encoding"}
        and not name.startswith(("x-amz", "x-amzn"))
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
    key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    headers=st.dictionaries(NAME, VALUE, max_size=4),
    body=st.binary(max_size=200),
    access=WORD,
    secret=WORD,
    token=st.one_of(st.just(""), WORD),
    region=st.sampled_from(["us-east-1", "auto", "eu-central-1"]),
    question=st.sampled_from(["", "publicAccessBlock", "policy"]),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - made so below
)
def test_it_is_the_signature_that_botocore_makes(
    *,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    key: str,
    headers: dict[str, str],
    body: bytes,
    access: str,
    secret: str,
    token: str,
    region: str,
    question: str,
    now: datetime,
) -> None:
    now = now.replace(microsecond=0, tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now)
    path = "/status/" + quote(key, safe="/~")
    asked = f"http://s3.example:9000{path}{question and '?'}{question}"
    request = AWSRequest(method, asked, headers=headers, data=body)
    theirs = Credentials(access, secret, token or None)
    botocore.auth.S3SigV4Auth(theirs, "s3", region).add_auth(request)

    told = Signer(region).sign(
        method,
        path,
        {"host": "s3.example:9000", **headers},
        hashlib.sha256(body).hexdigest(),
        keys=Keys(access, secret, token),
        now=now,
        question=question,
    )

    expected = {name.lower(): value for name, value in request.headers.items()}
    assert told == {"host": "s3.example:9000", **expected}


def test_it_signs_on_with_other_keys_and_on_another_day() -> None:
    signer, day = Signer("us-east-1"), datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    about = ("PUT", "/status/a", {"host": "s3.example"}, hashlib.sha256(b"page").hexdigest())
    first = signer.sign(*about, keys=Keys("A", "one"), now=day)

    for keys, now in (
        (Keys("B", "two"), day),
        (Keys("A", "one"), day.replace(day=23)),
    ):
        again = signer.sign(*about, keys=keys, now=now)
        assert again == Signer("us-east-1").sign(*about, keys=keys, now=now)
        assert again != first
    assert signer.sign(*about, keys=Keys("A", "one"), now=day) == first


def test_printed_keys_show_nothing() -> None:
    keys = Keys("AKIAINVENTED", "very-secret", "token")

    assert "AKIA" not in f"{keys} {keys!r}"
    assert "secret" not in f"{keys} {keys!r}"
    assert "token" not in f"{keys} {keys!r}"
