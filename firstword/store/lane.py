"""The quick way of everyday requests to S3: signed and sent by ourselves, nothing in between.

The client takes a quarter of a second to come to be and 1.4 ms of work for an upload, this takes
0.2, and it does not ask with "Expect: 100-continue" before it sends a page. It knows few answers:
"here it is", "done", "there is none", "not what you expect". Whatever else comes back, the client
does the request again, with its retries, redirects and errors. A write whose answer was lost meets
itself then, as with the client's own retries.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from firstword.clock import system_clock
from firstword.errors import Conflict
from firstword.patterns import later
from firstword.store.signing import Keys, Signer
from firstword.store.way import Way
from firstword.store.wire import Reply, Wire

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.session import Session

_SCOPE = later(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/s3/aws4_request")
_CODE = later(rb"<Code>([A-Za-z]+)</Code>")
#: What S3 calls it when a condition does not hold, or somebody else is at the same object.
LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted"})
#: What S3 says of a setting that a bucket does not have.
NOT_SET = frozenset({"NoSuchPublicAccessBlockConfiguration", "NoSuchBucketPolicy"})
#: Refusals that say nothing of whether the next request may go this way.
_PASSING = frozenset({404, 409})
#: How many requests are the client's after one that failed for a moment.
_PAUSE = 100
#: What names a file of authorities to botocore where its own settings name none.
_TRUSTED = "REQUESTS_CA_BUNDLE"
_OF_NOTHING = hashlib.sha256().hexdigest()
#: What headers may hold, with a space between them: what is signed has to arrive as it is.
_PLAIN = re.compile(r"[!-~]+( [!-~]+)*")


class Lane:
    """Asks a server for the objects of one bucket; usable from several threads."""

    def __init__(
        self,
        base: str,
        prefix: str,
        region: str,
        keys: Callable[[], Keys],
        *,
        size: int,
        trusted: str = "",
    ) -> None:
        """Objects are at `base`, `prefix` and key; `trusted` = a file of authorities, for TLS."""
        parts = urlsplit(base)
        secure = parts.scheme == "https"
        usual = 443 if secure else 80
        host, port = str(parts.hostname), parts.port or usual
        self._path = parts.path + quote(prefix, safe="/~")
        self._bucket = parts.path.rstrip("/") or "/"
        named = f"[{host}]" if ":" in host else host
        self._host = named if port == usual else f"{named}:{port}"
        self._keys = keys
        self._signer = Signer(region)
        trust = (lambda: trusting(trusted)) if secure else None
        self._wire = Wire(host, port, trust=trust, size=size)
        #: Whether it may be used at all.
        self.open = True
        #: Requests still to be left to the client, which knows how to slow down for a busy server.
        self._pausing = 0

    @classmethod
    def straight(cls, way: Way, prefix: str, size: int) -> Lane:
        """Return the lane of a way that is known before anything was asked."""
        return cls(way.base, prefix, way.region, lambda: way.keys, size=size)

    @classmethod
    def after(
        cls, request: AWSPreparedRequest, prefix: str, key: str, session: Session, size: int
    ) -> Lane | None:
        """Return the lane that a client's successful write shows; None where there is none.

        A proxy is the client's business, as is whatever is signed in another way.
        """
        from botocore.utils import get_environ_proxies

        url = str(request.url)
        credentials = session.get_credentials()
        scope = _SCOPE.search(_text(request.headers.get("Authorization", "")))
        ending = quote(prefix + key, safe="/~")
        if scope is None or credentials is None or not url.endswith(ending):
            return None
        if get_environ_proxies(url):
            return None

        def keys() -> Keys:
            now: Any = credentials.get_frozen_credentials()
            return Keys(now.access_key, now.secret_key, now.token or "")

        trusted = session.get_config_variable("ca_bundle") or ""
        base = url.removesuffix(ending)
        return cls(base, prefix, scope["region"], keys, size=size, trusted=trusted)

    def put(self, key: str, body: bytes, digest: str, headers: Mapping[str, str]) -> str | None:
        """Write an object and return its ETag; None = the client has to. Raises Conflict.

        `digest` is the body's SHA-256 in hex: whoever sends a page has made sure of it just now.
        """
        answer = self._ask("PUT", key, headers, body, digest, known={200, 404})
        if answer is None or answer.status == 200:
            return None if answer is None else answer.headers.get("etag")
        if _code(answer) == "NoSuchKey":  # there is nothing to match
            raise Conflict(key)
        return None

    def get(self, key: str) -> Reply | None:
        """Read an object: 200, or 404 where there is none; None = the client has to."""
        answer = self._ask("GET", key, {}, known={200, 404})
        if answer is None or answer.status == 200:
            return answer if answer and "etag" in answer.headers else None
        # Where there is no bucket the status is the same.
        return answer if _code(answer) == "NoSuchKey" else None

    def head(self, key: str) -> Reply | None:
        """Look at an object: 200, or 404 where there is none; None = the client has to."""
        answer = self._ask("HEAD", key, {}, known={200, 404})
        if answer is None or answer.status == 404 or "etag" in answer.headers:
            return answer
        return None

    def delete(self, key: str, headers: Mapping[str, str]) -> bool:
        """Delete an object, if it is there; False = the client has to. Raises Conflict."""
        # Who may write may not always delete: that says nothing of other requests.
        answer = self._ask("DELETE", key, headers, known={200, 204, 403, 404})
        if answer is None or answer.status == 403:
            return False
        return answer.status != 404 or _code(answer) == "NoSuchKey"

    def setting(self, name: str) -> bytes | None:
        """Return a bucket's setting, b"" = it is not set; None = the client has to ask."""
        # An error of whatever kind says nothing of other requests: who may write need not be told
        # of settings.
        about = f"{self._bucket}?{name}"
        answer = self._ask("GET", "", {}, known=range(600), target=about)
        if answer is not None and answer.status == 404 and _code(answer) in NOT_SET:
            return b""
        return answer.body or None if answer is not None and answer.status == 200 else None

    def open_some(self, count: int) -> None:
        """Open connections for requests to come."""
        if self.open and not self._pausing:
            self._wire.open_some(count)

    def _pauses(self) -> bool:
        """Tell whether a request is the client's, since another failed not long before."""
        if self._pausing:
            self._pausing -= 1
            return True
        return False

    def _ask(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        digest: str = _OF_NOTHING,
        *,
        known: Collection[int],
        target: str = "",
    ) -> Reply | None:
        """Ask, and return an answer of a known status; None = the client has to.

        `target` where it is not the object. Raises Conflict when a condition does not hold.
        """
        if not self.open or self._pauses():
            return None
        head = self._head(method, target or self._object(key), headers, body, digest)
        if head is None:
            return None
        try:
            answer = self._wire.ask(head, body, bodiless=method == "HEAD")
        except (OSError, UnicodeError):  # the second of names that no server can have
            self._pausing = _PAUSE
            return None
        return self._known(key, answer, known)

    def _object(self, key: str) -> str:
        return self._path + quote(key, safe="/~")

    def _head(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, digest: str
    ) -> bytes | None:
        """Return what comes before a body, signed; None = the client has to spell it."""
        path, _, question = target.partition("?")
        told = {"host": self._host, **headers}
        if not _PLAIN.fullmatch(" ".join(told.values())):
            return None
        try:
            keys = self._keys()
        except Exception:  # noqa: BLE001 - keys come in many ways; the client meets it too, and says it
            return None
        signed = self._signer.sign(
            method, path, told, digest, keys=keys, now=system_clock(), question=question
        )
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {signed[name]}" for name in signed)]
        if method == "PUT":
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join([*lines, "user-agent: firstword", "", ""]).encode("ascii")

    def _known(self, key: str, answer: Reply, known: Collection[int]) -> Reply | None:
        """Return an answer of a known status; of others, note whether to go on this way.

        Raises Conflict.
        """
        if answer.status in known:
            return answer
        if answer.status == 412 or (answer.status == 409 and _code(answer) in LOST):
            raise Conflict(key)
        if answer.status >= 500:
            self._pausing = _PAUSE
        elif answer.status not in _PASSING:
            self.open = False
        return None

    def put_many(
        self,
        writes: Iterator[tuple[str, bytes, str, Mapping[str, str]]],
        at_once: int,
        told: Callable[[str, str], None],
    ) -> None:
        """Write objects (key, body, digest, headers) as `put` does; tell each ETag as it comes.

        What is not told is still to be written: where anything but "done" came back, or nothing.
        After a failure that is all that had not begun, and it stays in `writes`.
        """

        def requests() -> Iterator[tuple[str, bytes]]:
            for key, body, digest, headers in writes:
                head = self._head("PUT", self._object(key), headers, body, digest)
                if head is not None:
                    yield key, head + body

        def answered(key: str, reply: Reply) -> bool:
            with suppress(Conflict):
                answer = self._known(key, reply, {200, 404})
                if answer is not None and answer.status == 200 and "etag" in answer.headers:
                    told(key, answer.headers["etag"])
            return self.open and not self._pausing

        if self.open and not self._pausing:
            whole = self._wire.ask_many(requests(), at_once, answered)
            self._pausing = self._pausing if whole else _PAUSE


def _code(answer: Reply) -> str:
    found = _CODE.search(answer.body)
    return found[1].decode() if found else ""


def trusting(trusted: str) -> ssl.SSLContext:
    """Return what makes sure of a server by a file of authorities; "" = those botocore believes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=trusted or os.environ.get(_TRUSTED) or authorities())
    return context


def authorities() -> str:
    """Return the file of the authorities that botocore believes. Raises OSError."""
    for package in ("certifi", "botocore"):
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            return str(Path(found.origin).with_name("cacert.pem"))
    raise OSError("no authorities to believe")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
