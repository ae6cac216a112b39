"""A target on S3, or on something that speaks like it.

Compare-and-swap goes through PutObject alone: copies and multipart uploads ignore conditions on
several servers. What is asked every day goes the quick way, where one is known. botocore is
imported with the first request that does not, for that takes longer than all the others. It is what
boto3 is made of; boto3's own part is of no use here, and takes as long again.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from firstword.errors import Conflict, StoreError, Unavailable
from firstword.manifest import ROOT_KEY
from firstword.model import Target
from firstword.store import Found, Head, Write
from firstword.store.exposure import Exposure, Told, acts_on_blocks, judge, read_block
from firstword.store.lane import LOST, NOT_SET, Lane
from firstword.store.way import find_way, read_text

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.exceptions import ClientError
    from botocore.session import Session
    from types_boto3_s3 import S3Client

#: How many are kept open; they are opened as they are needed.
_CONNECTIONS = 64
#: How many objects one request may delete.
_AT_ONCE = 1000
_CONDITIONS = {"IfMatch": "if-match", "IfNoneMatch": "if-none-match"}
_DIGEST = "firstword-digest"
_GENERATION = "firstword-generation"
_META = "x-amz-meta-"
# Without ListBucket, S3 says "forbidden" where it means "there is none".
_PERMISSIONS = {
    "read": "s3:GetObject, and s3:ListBucket so that a missing object can be told apart,",
    "write": "s3:PutObject",
    "delete": "s3:DeleteObject",
    "list": "s3:ListBucket",
}
_ABSENT = frozenset({"404", "NoSuchKey"})


class S3Store:
    """A bucket, or what lies under one prefix of it."""

    def __init__(self, bucket: str, prefix: str, options: Target) -> None:
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")
        self.endpoint = harmless(options.endpoint)
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._options = options
        self._made: S3Client | None = None
        self._making = threading.Lock()
        self._session: Session | None = None
        #: Each thread's last request for a write, as the client sent it.
        self._way = threading.local()
        way = find_way(bucket, options, os.environ, read_text)
        self._lane = Lane.straight(way, self._prefix, _CONNECTIONS) if way else None
        #: Whether a way that a write of the client's shows is of use.
        self._looking = True

    def get(self, key: str) -> Found | None:
        quick = self._lane.get(key) if self._lane else None
        if quick is not None:
            found = quick.status == 200
            return Found(quick.body, _bare(quick.headers["etag"])) if found else None
        try:
            with self._asking("read", key):
                answer = self._client().get_object(Bucket=self._bucket, Key=self._prefix + key)
                return Found(answer["Body"].read(), _bare(answer["ETag"]))
        except _AbsentError:
            return None

    def head(self, key: str) -> Head | None:
        quick = self._lane.head(key) if self._lane else None
        if quick is not None:
            return _head(quick.headers["etag"], quick.headers) if quick.status == 200 else None
        try:
            with self._asking("read", key):
                answer = self._client().head_object(Bucket=self._bucket, Key=self._prefix + key)
        except _AbsentError:
            return None
        told = {f"{_META}{name.lower()}": value for name, value in answer["Metadata"].items()}
        return _head(answer["ETag"], told)

    def put(self, write: Write) -> str:
        if self._lane is not None:
            etag = self._lane.put(write.key, write.body, write.digest, _headers(write))
            if etag is not None:
                return _bare(etag)
        try:
            with self._asking("write", write.key):
                answer = self._client().put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + write.key,
                    Body=write.body,
                    ContentType=write.content_type,
                    CacheControl=write.cache_control,
                    Metadata=_metadata(write),
                    **_condition(write),
                )
        except _AbsentError:
            raise Conflict(write.key) from None  # there is nothing to match
        self._find_lane(write.key)
        return _bare(answer["ETag"])

    def put_many(
        self, writes: Iterator[Write], at_once: int, told: Callable[[str, str], None]
    ) -> None:
        if self._lane is not None:
            spelled = ((one.key, one.body, one.digest, _headers(one)) for one in writes)
            self._lane.put_many(spelled, at_once, lambda key, etag: told(key, _bare(etag)))

    def get_ready(self, requests: int) -> None:
        if self._lane is not None:
            self._lane.open_some(requests)

    def _find_lane(self, key: str) -> None:
        """Learn from a write that went well how to ask for more with less work."""
        way: AWSPreparedRequest | None = self._way.__dict__.pop("request", None)
        if self._looks() and way is not None and self._session is not None:
            self._lane = Lane.after(way, self._prefix, key, self._session, _CONNECTIONS)
            self._looking = self._lane is None

    def _looks(self) -> bool:
        return self._looking and not (self._lane and self._lane.open)

    def _note_way(self, request: AWSPreparedRequest, **_about: object) -> None:
        if self._looks():
            self._way.request = request

    def delete(self, key: str, if_match: str | None) -> None:
        condition: dict[str, Any] = {} if if_match is None else {"IfMatch": _bare(if_match)}
        headers = {_CONDITIONS[name]: value for name, value in condition.items()}
        if self._lane is not None and self._lane.delete(key, headers):
            return
        with suppress(_AbsentError), self._asking("delete", key):
            self._client().delete_object(Bucket=self._bucket, Key=self._prefix + key, **condition)

    def clear(self, keys: Sequence[str]) -> None:
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            objects: Any = [{"Key": self._prefix + key} for key in some]
            try:
                with self._asking("delete", some[0]):
                    answer = self._client().delete_objects(
                        Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
                    )
                left = [e["Key"].removeprefix(self._prefix) for e in answer.get("Errors", ())]
            except StoreError:
                left = list(some)  # not every server knows this request
            for key in left:
                self.delete(key, None)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        with self._asking("list", prefix):
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for entry in page.get("Contents", ()):
                    yield entry["Key"].removeprefix(self._prefix), _bare(entry["ETag"])

    def dated(self) -> Iterator[tuple[str, datetime]]:
        """Yield every object, and when it was written (UTC), in no particular order."""
        with self._asking("list", ""):
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for entry in page.get("Contents", ()):
                    yield entry["Key"].removeprefix(self._prefix), entry["LastModified"]

    def exposure(self) -> Exposure:
        """Find out whether strangers may write here; what may not be asked stays open."""
        asks: dict[str, Callable[[], Told]] = {
            "block": self._block,
            "acl": lambda: self._told(lambda s3: s3.get_bucket_acl(Bucket=self._bucket)),
            "policy": self._policy,
            "status": lambda: self._told(
                lambda s3: s3.get_bucket_policy_status(Bucket=self._bucket)["PolicyStatus"]
            ),
        }
        return judge(lambda what: asks[what](), amazons=acts_on_blocks(self._address()))

    def _address(self) -> str:
        """Return the address of the server that is asked, "" = Amazon's: a profile may name one."""
        if self.endpoint or (self._lane is not None and self._made is None):
            return self.endpoint
        from botocore.exceptions import BotoCoreError

        with suppress(BotoCoreError, ValueError):
            return str(self._client().meta.endpoint_url)
        return ""

    def _block(self) -> Told:
        # Asked before the first publish of a day: where this closes the bucket, or does so with no
        # policy beside it, no client comes to be.
        said = self._setting("publicAccessBlock")
        block = None if said is None else read_block(said)
        if block is not None:
            return block
        return self._told(
            lambda s3: s3.get_public_access_block(Bucket=self._bucket)[
                "PublicAccessBlockConfiguration"
            ]
        )

    def _setting(self, name: str) -> bytes | None:
        return self._lane.setting(name) if self._lane else None

    def _policy(self) -> Told:
        said = self._setting("policy")
        with suppress(ValueError):
            found = None if said is None else json.loads(said or b"{}")
            if isinstance(found, dict):
                return found
        return self._told(
            lambda s3: json.loads(s3.get_bucket_policy(Bucket=self._bucket)["Policy"])
        )

    def server_time(self) -> datetime | None:
        """Return what time the server has, to the second; None = it does not say."""
        from botocore.exceptions import ClientError

        with self._asking("read", ROOT_KEY):
            try:
                key = self._prefix + ROOT_KEY
                answer: Any = self._client().head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:  # a refusal is dated as well
                answer = error.response
        from email.utils import parsedate_to_datetime

        date = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date", "")
        with suppress(ValueError):
            return parsedate_to_datetime(date).astimezone(UTC)
        return None

    def _told(self, ask: Callable[[S3Client], Any]) -> Told:
        """Return an answer about the bucket: {} = nothing is set, None = it is not told."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: Mapping[str, Any] = ask(self._client())
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            return {} if code in NOT_SET else None
        except (BotoCoreError, KeyError, ValueError):
            return None
        return answer

    def _client(self) -> S3Client:
        """Return the client, made once."""
        options = self._options
        style: Any = options.addressing or ("path" if options.endpoint else "auto")
        # Several servers refuse the checksums that botocore sends by itself.
        checksums: Any = options.checksums
        with self._making:
            if self._made is None:
                from botocore.config import Config
                from botocore.session import Session

                session = self._session = Session(profile=options.profile or None)
                region = options.region or session.get_config_variable("region")
                client: Any = session.create_client(
                    "s3",
                    endpoint_url=options.endpoint or None,
                    region_name=region or "us-east-1",
                    config=Config(
                        retries={"mode": "standard", "total_max_attempts": 4},
                        connect_timeout=5,
                        read_timeout=20,
                        max_pool_connections=_CONNECTIONS,
                        signature_version="s3v4",
                        request_checksum_calculation=checksums,
                        response_checksum_validation=checksums,
                        s3={"addressing_style": style},
                    ),
                )
                client.meta.events.register("before-send.s3.PutObject", self._note_way)
                self._made = client
            return self._made

    @contextmanager
    def _asking(self, verb: str, key: str) -> Iterator[None]:
        """Turn what goes wrong with a request into Conflict, _AbsentError or a clear StoreError."""
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,  # noqa: A004  botocore's own
            HTTPClientError,
            NoCredentialsError,
        )

        where = f"{self.name}/{key}"
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in LOST:
                raise Conflict(key) from error
            if code in _ABSENT:
                raise _AbsentError from error
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            # What a server cannot do (501) it cannot do later either.
            kind = Unavailable if status >= 500 and status != 501 else StoreError
            raise kind(self._explain(code, error, verb, where)) from error
        except NoCredentialsError as error:
            raise StoreError(
                f"cannot {verb} {where}: no credentials; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            ) from error
        except (ConnectionError, HTTPClientError) as error:
            raise Unavailable(f"cannot {verb} {where}: {harmless(str(error))}") from error
        # A RuntimeError: whoever renews keys gave some that have run out.
        except (BotoCoreError, ValueError, RuntimeError) as error:
            raise StoreError(f"cannot {verb} {where}: {harmless(str(error))}") from error

    def _explain(self, code: str, error: ClientError, verb: str, where: str) -> str:
        """Return what a refusal means and what helps. Names the key, never a credential."""
        if code == "NoSuchBucket":
            return f"cannot {verb} {where}: there is no bucket {self._bucket!r}"
        if code in {"AccessDenied", "403"}:
            return (
                f"cannot {verb} {where}: access denied; it takes {_PERMISSIONS[verb]} "
                f"on {self._bucket!r}"
            )
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = harmless(error.response.get("Error", {}).get("Message", ""))
        return f"cannot {verb} {where}: {code or 'error'} ({status}) {message}".rstrip()


class _AbsentError(Exception):
    """There is no such object."""


def _head(etag: str, told: Mapping[str, str]) -> Head:
    """Return what headers, their names in lower case, tell of an object."""
    generation = told.get(f"{_META}{_GENERATION}", "")
    return Head(
        _bare(etag),
        digest=told.get(f"{_META}{_DIGEST}"),
        generation=int(generation) if generation.isdecimal() else None,
    )


def _metadata(write: Write) -> dict[str, str]:
    return {_DIGEST: write.digest, _GENERATION: str(write.generation)}


def _condition(write: Write) -> dict[str, Any]:
    """Return the condition of a write, as botocore names it."""
    absent = {"IfNoneMatch": "*"} if write.if_absent else {}
    return absent if write.if_match is None else {**absent, "IfMatch": _bare(write.if_match)}


def _headers(write: Write) -> dict[str, str]:
    return {
        "content-type": write.content_type,
        "cache-control": write.cache_control,
        **{f"{_META}{name}": value for name, value in _metadata(write).items()},
        **{_CONDITIONS[name]: value for name, value in _condition(write).items()},
    }


def _bare(etag: str) -> str:
    """Return an ETag without its quotes.

    Amazon takes both forms in a condition; radosgw 16 compares the text, and knows only this one.
    """
    return etag.strip('"')


def harmless(text: str) -> str:
    """Return an error's text without user and password of an address in it."""
    return re.sub(r"//[^/@\s]+@", "//", text)
