"""A message that came in → who says what, and whether that can be believed. Pure.

Never raises on what a message holds. A sender is believed where our own server vouches for it.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from hashlib import sha256

from firstword.mail.address import AddressProblem, read_address, same_mailbox
from firstword.mail.commands import Command, read_command
from firstword.mail.verdict import SES, heard, proves

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
#: One address, with or without a name; anything cleverer is not read, and so not answered.
_FROM = re.compile(r"\s*(?:[^<>@,;:()\"]*<\s*([^<>\s,;:()\"]+)\s*>|([^<>\s,;:()\"]+))\s*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_AUTOMATIC = frozenset(
    {"x-autoreply", "x-autorespond", "x-auto-response-suppress", "mailing-list", "x-loop"}
    | {"x-failed-recipients"}
)
#: Where SES says what it thinks of a message.
_VERDICTS = ("x-ses-spam-verdict", "x-ses-virus-verdict")
#: So many messages that one may say it answers; a thread is long after years.
_MOST_ANSWERED = 100
_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
_NOBODY = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What matters of a message."""

    #: The same for the same message, however often it is read; tells nothing of who wrote it.
    key: str
    #: "" = it cannot be told.
    sender: str
    #: Our server vouches for the sender.
    proven: bool
    #: A program wrote it, or a list passed it on: never answered (RFC 3834).
    automatic: bool
    message_id: str
    command: Command | None
    #: Which messages it says that it answers.
    answers: tuple[str, ...] = ()


def read_incoming(raw: bytes, server: str, ours: frozenset[str]) -> Incoming:
    """Read a message, or the beginning of one.

    `server` is the name by which our mail server signs Authentication-Results; `ours` are the
    addresses that we write from.
    """
    message = message_from_bytes(raw, policy=policy.compat32)
    headers = _Headers(message)
    sender = _sender(headers)
    subject = _subject(headers)
    name = headers.first("message-id")
    known = f"{name}\0{sender}\0{subject}".encode("utf-8", "replace") if name else raw
    return Incoming(
        key=sha256(known).hexdigest(),
        sender=sender,
        proven=bool(sender)
        and not (server == SES and _condemned(headers))
        and proves(heard(headers.fields, server), server, sender),
        automatic=_automatic(message, headers, sender, ours),
        message_id=name if _MESSAGE_ID.fullmatch(name) else "",
        command=read_command(subject) or read_command(_first_line(message)),
        answers=tuple(_answers(headers)),
    )


class _Headers:
    """A message's headers as text, unfolded, whatever bytes stand in them."""

    def __init__(self, message: Message) -> None:
        #: In their order, the topmost first; names in lower case.
        self.fields: list[tuple[str, str]] = []
        self._all: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            raw = str(value).encode("utf-8", "surrogateescape")
            text = raw.decode("utf-8", "replace").replace("\r", "").replace("\n", "").strip()
            self.fields.append((name.lower(), text))
            self._all.setdefault(name.lower(), []).append(text)

    @property
    def names(self) -> Set[str]:
        return self._all.keys()

    def every(self, name: str) -> list[str]:
        return self._all.get(name, [])

    def first(self, name: str, default: str = "") -> str:
        return self._all.get(name, [default])[0]


def _condemned(headers: _Headers) -> bool:
    """Tell whether SES takes a message for spam, or found a virus in it.

    It writes its verdicts above whatever the sender wrote.
    """
    return any(headers.first(name).upper() == "FAIL" for name in _VERDICTS)


def _answers(headers: _Headers) -> list[str]:
    """Return the ids of what a message answers, the nearest first, as most programs write them."""
    named = [*headers.every("in-reply-to"), *headers.every("references")]
    found = [one for value in named for one in reversed(_MESSAGE_ID.findall(value))]
    return found[:_MOST_ANSWERED]


def _sender(headers: _Headers) -> str:
    written = headers.every("from")
    match = _FROM.fullmatch(_QUOTED.sub("", written[0])) if len(written) == 1 else None
    if not match:
        return ""
    try:
        return read_address(match[1] or match[2])
    except AddressProblem:
        return ""


def _automatic(message: Message, headers: _Headers, sender: str, ours: frozenset[str]) -> bool:
    said = headers.first("auto-submitted", "no").partition(";")[0].strip().lower()
    return (
        said != "no"
        or bool(headers.names & _AUTOMATIC)
        or any(name.startswith("list-") for name in headers.names)
        or headers.first("precedence").lower() in _PRECEDENCE
        or headers.first("return-path", "x") in {"<>", ""}
        or message.get_content_type() == "multipart/report"
        or bool(_NOBODY.match(sender))
        or same_mailbox(sender) in {same_mailbox(one) for one in ours}
    )


def _subject(headers: _Headers) -> str:
    try:
        return str(make_header(decode_header(headers.first("subject"))))
    except (HeaderParseError, ValueError, LookupError):
        return ""


def _first_line(message: Message) -> str:
    """Return what a person wrote first, above what the program quotes."""
    for part in message.walk():
        if part.get_content_type() != "text/plain" or part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
        return next((line.strip() for line in text.splitlines() if line.strip()), "")
    return ""
