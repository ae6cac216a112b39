"""A text and its HTML → the body of a message: the same bytes for the same words."""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.message import EmailMessage
from hashlib import sha256

from firstword.digest.headers import POLICY
from firstword.mail.parcel import SES_HOLE, TOKEN_HOLE

#: What is filled in later, by us or by SES, and must not be broken by the encoding.
_HOLES = re.compile(f"({TOKEN_HOLE.decode()}|{re.escape(SES_HOLE)})")


def put_text(message: EmailMessage, text: str) -> None:
    """Give a message a text and nothing else."""
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = 'text/plain; charset="utf-8"'
    message["Content-Transfer-Encoding"] = "quoted-printable"
    message.set_payload(quoted(text))


def put_body(message: EmailMessage, text: str, html: str) -> None:
    """Give a message a text and, as the better of two, its HTML.

    The boundary comes from the words: chance would make every rendering another one.
    """
    digest = sha256(f"{text}\n{html}".encode()).hexdigest()
    boundary = f"words-{digest[:32]}"
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    for kind, words in (("plain", text), ("html", html)):
        part = EmailMessage(policy=POLICY)
        part["Content-Type"] = f'text/{kind}; charset="utf-8"'
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(quoted(words))
        message.attach(part)


def quoted(text: str) -> str:
    """Encode a text as quoted-printable; the place of a token stays whole, on a line of its own."""
    pieces = _HOLES.split(text)
    lines: list[str] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            lines.append(f"{piece}=\n" if pieces[number + 1] else piece)
            continue
        encoded = b2a_qp(piece.encode(), istext=True).decode("ascii")
        lines.append(encoded)
        if number < len(pieces) - 1 and piece and not encoded.endswith("\n"):
            lines.append("=\n")
    return "".join(lines)


def split(message: EmailMessage) -> tuple[bytes, bytes]:
    """Return a message's headers, each ending in CRLF, and its body."""
    head, _, body = message.as_bytes(policy=POLICY).partition(b"\r\n\r\n")
    return head + b"\r\n", body
