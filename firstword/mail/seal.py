"""What stands for a person where the address must not: in ledgers, in links, in logs."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from firstword.mail.address import same_mailbox
from firstword.mail.parcel import TOKEN_LENGTH

#: Bytes of the list's secret.
SECRET_BYTES = 32


def person_of(secret: bytes, address: str) -> str:
    """Return what the ledger knows somebody by: 40 hex digits."""
    return sealed(secret, "person", same_mailbox(address)).hex()[:40]


def token_of(secret: bytes, person: str) -> str:
    """Return what unsubscribes somebody: hard to guess, and it tells nothing."""
    return base64.b32encode(sealed(secret, "leave", person)).decode().lower()[:TOKEN_LENGTH]


def sealed(secret: bytes, use: str, text: str) -> bytes:
    """Sign a text; a signature for one use is none for another."""
    return hmac.new(secret, f"{use}\0{text}".encode(), sha256).digest()
