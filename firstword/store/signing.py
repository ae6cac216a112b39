"""Signatures of requests to S3: AWS Signature, version 4, with the whole body signed. Pure.

botocore's own takes ten times as long, and more than that to import. The tests hold the two beside
each other.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime


class Keys:
    """What requests are signed with. Whoever prints it sees nothing of it."""

    __slots__ = ("access", "secret", "token")

    def __init__(self, access: str, secret: str, token: str = "") -> None:
        self.access = access
        self.secret = secret
        self.token = token


class Signer:
    """Signs for one region; the key that holds for a day is made once."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._made: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        digest: str,
        *,
        keys: Keys,
        now: datetime,
        question: str = "",
    ) -> dict[str, str]:
        """Return headers with what proves that we ask; all of them are signed.

        `path` as it is sent, without a question mark, and `question` what stands behind that, a
        name alone; header names in lower case, "host" among them, values without a double space or
        one at an end; `digest` is the body's SHA-256 in hex; `now` in UTC.
        """
        at = f"{now:%Y%m%dT%H%M%SZ}"
        day = at[:8]
        told = {**headers, "x-amz-content-sha256": digest, "x-amz-date": at}
        if keys.token:
            told["x-amz-security-token"] = keys.token
        names = sorted(told)
        signed = ";".join(names)
        lines = "".join([f"{name}:{told[name]}\n" for name in names])
        query = f"{question}=" if question else ""
        asked = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{digest}"
        scope = f"{day}/{self._region}/s3/aws4_request"
        proof = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        signature = _hmac(self._key(keys.secret, day), proof).hex()
        told["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}"
        )
        return told

    def _key(self, secret: str, day: str) -> bytes:
        made = self._made
        if made[:2] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "s3", "aws4_request"):
                key = _hmac(key, part)
            # In one piece, since threads share it.
            self._made = made = (secret, day, key)
        return made[2]


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
