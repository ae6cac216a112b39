"""A text and its HTML → the body of a message: the same bytes for the same words."""

from __future__ import annotations

from binascii import b2a_qp
from email.message import EmailMessage
from hashlib import sha256

from firstword.digest.headers import POLICY
from firstword.mail.parcel import TOKEN_HOLE

_HOLE = TOKEN_HOLE.decode()


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
    lines: list[str] = []
    for number, piece in enumerate(text.split(_HOLE)):
        if number:
            lines.append(f"{_HOLE}=\n" if piece else _HOLE)
        encoded = b2a_qp(piece.encode(), istext=True).decode("ascii")
        lines.append(encoded)
        if number < text.count(_HOLE) and piece and not encoded.endswith("\n"):
            lines.append("=\n")
    return "".join(lines)


def split(message: EmailMessage) -> tuple[bytes, bytes]:
    """Return a message's headers, each ending in CRLF, and its body."""
    head, _, body = message.as_bytes(policy=POLICY).partition(b"\r\n\r\n")
    return head + b"\r\n", body
