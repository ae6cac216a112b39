"""The settings about mail, read once, checked and closed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from firstword.errors import SettingsError
from firstword.mail.verdict import SES
from firstword.model import Mail
from firstword.parse.keys import nearest

#: Where the list and the ledger lie when nothing is said.
STATE = ".mail"

SETTINGS = (
    *("MAIL_FROM", "MAIL_INBOX", "MAIL_ONE_CLICK", "MAIL_TRANSPORT", "MAIL_STATE"),
    *("MAIL_SUBSCRIBERS", "MAIL_RATE", "MAIL_CONNECTIONS", "MAIL_CONFIGURATION_SET"),
    *("MAIL_EVENTS", "MAIL_IMAP", "MAIL_AUTHSERV", "MAIL_RECEIVED"),
)
#: Plain ASCII: what every mail server takes (RFC 5321's dot-string, without quoting).
_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~.-]+@(?:[a-z0-9-]+\.)+[a-z0-9-]+", re.ASCII | re.IGNORECASE
)
_ENDPOINT = re.compile(r"https://[\w.-]+(?::\d+)?/[\w.~%/?=&-]*", re.ASCII)
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]+(?:/[\w.~/-]*)?", re.ASCII)
_LIST = re.compile(r"ses:[\w-]{1,64}", re.ASCII)
_QUEUE = re.compile(r"https?://[\w.:-]+/\d{12}/[\w.-]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII | re.IGNORECASE)
_IMAP_SCHEMES = ("imap", "imaps", "imap+plain")
_SCHEMES = ("smtp", "smtps", "smtp+plain", "ses")


def read_mail(settings: Mapping[str, Any]) -> Mail | None:
    """Read every MAIL_ setting; None where there is none. Raises SettingsError."""
    given = {name: settings[name] for name in settings if name.startswith("MAIL_")}
    if not given:
        return None
    for name in given:
        if name not in SETTINGS:
            raise SettingsError(name, f"no such setting{nearest(name, SETTINGS)}")
    sender = _like(given, "MAIL_FROM", _ADDRESS, "an address: write 'status@acme.example'")
    if not sender:
        raise SettingsError("MAIL_FROM", "from which address does mail come?")
    return Mail(
        sender=sender,
        inbox=_like(given, "MAIL_INBOX", _ADDRESS, "an address") or sender,
        one_click=_like(
            given, "MAIL_ONE_CLICK", _ENDPOINT, "an https address that a token is put to the end of"
        ),
        transport=_transport(given),
        state=_state(given),
        subscribers=_subscribers(given),
        rate=_number(given, "MAIL_RATE", 0, 100_000),
        connections=_number(given, "MAIL_CONNECTIONS", 1, 64) or 4,
        configuration_set=_like(
            given, "MAIL_CONFIGURATION_SET", re.compile(r"[\w-]{1,64}", re.ASCII), "a name"
        ),
        events=_events(given),
        imap=_imap(given),
        received=_received(given),
        authserv=_like(given, "MAIL_AUTHSERV", _HOST, "a name such as 'mx.acme.example'")
        or (SES if _text(given, "MAIL_RECEIVED") else ""),
    )


def split_transport(address: str) -> SplitResult:
    """Take apart a transport's address; "ses" alone is "ses://"."""
    return urlsplit(address if "://" in address else f"{address}://")


def _transport(given: Mapping[str, Any]) -> str:
    address = _text(given, "MAIL_TRANSPORT")
    if not address:
        return ""
    try:
        parts = split_transport(address)
        good = parts.port != 0 and not parts.path.strip("/") and not parts.query
    except ValueError:
        raise SettingsError("MAIL_TRANSPORT", "not an address of a mail server") from None
    if parts.password is not None:
        # Not repeated: the message would carry it on.
        raise SettingsError(
            "MAIL_TRANSPORT",
            "holds a password; it belongs into FIRSTWORD_SMTP_PASSWORD or ~/.netrc",
        )
    if parts.scheme not in _SCHEMES:
        hint = nearest(parts.scheme, _SCHEMES)
        raise SettingsError("MAIL_TRANSPORT", f"unknown way to send: {parts.scheme!r}{hint}")
    if not good or (parts.scheme != "ses" and not parts.hostname):
        raise SettingsError(
            "MAIL_TRANSPORT",
            f"write 'smtp://user@mail.acme.example:587' or 'ses://eu-west-1', not {address!r}",
        )
    return address


def _imap(given: Mapping[str, Any]) -> str:
    address = _text(given, "MAIL_IMAP")
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        good = bool(parts.hostname and parts.username) and parts.port != 0 and not parts.query
    except ValueError:
        raise SettingsError("MAIL_IMAP", "not an address of a mailbox") from None
    if parts.password is not None:
        raise SettingsError(
            "MAIL_IMAP", "holds a password; it belongs into FIRSTWORD_IMAP_PASSWORD or ~/.netrc"
        )
    if parts.scheme not in _IMAP_SCHEMES:
        hint = nearest(parts.scheme, _IMAP_SCHEMES)
        raise SettingsError("MAIL_IMAP", f"unknown way to read mail: {parts.scheme!r}{hint}")
    if not good:
        raise SettingsError(
            "MAIL_IMAP", f"write 'imaps://user@mail.acme.example/INBOX', not {address!r}"
        )
    # Who may say "subscribe" is told by the server alone, and people have to know where to.
    for needed, why in (
        ("MAIL_INBOX", "whose mailbox is it? Its address is what people write to"),
        ("MAIL_AUTHSERV", "by which name does the mail server sign its Authentication-Results?"),
    ):
        if not _text(given, needed):
            raise SettingsError(needed, why)
    return address


def _received(given: Mapping[str, Any]) -> str:
    place = _like(given, "MAIL_RECEIVED", _BUCKET, "'s3://bucket/prefix', where SES puts mail")
    if place and _text(given, "MAIL_IMAP"):
        raise SettingsError("MAIL_RECEIVED", "mail is read there or by MAIL_IMAP, not in both")
    if place and not _text(given, "MAIL_INBOX"):
        raise SettingsError("MAIL_INBOX", "to which address does the mail in MAIL_RECEIVED go?")
    return place.rstrip("/")


def _subscribers(given: Mapping[str, Any]) -> str:
    listed = _like(given, "MAIL_SUBSCRIBERS", _LIST, "'ses:NAME', a contact list of SES")
    transport = _text(given, "MAIL_TRANSPORT")
    if listed and transport and not transport.startswith("ses"):
        raise SettingsError(
            "MAIL_SUBSCRIBERS",
            f"people leave {listed!r} by what SES puts into mail; send by it: MAIL_TRANSPORT",
        )
    return listed


def _state(given: Mapping[str, Any]) -> str:
    place = _text(given, "MAIL_STATE") or STATE
    if "://" in place and not _BUCKET.fullmatch(place):
        raise SettingsError("MAIL_STATE", f"a folder or 's3://private-bucket/prefix': {place!r}")
    return place.rstrip("/")


def _events(given: Mapping[str, Any]) -> str:
    place = _text(given, "MAIL_EVENTS")
    if place and not _BUCKET.fullmatch(place) and not _QUEUE.fullmatch(place):
        raise SettingsError(
            "MAIL_EVENTS", f"'s3://bucket/prefix' or the address of an SQS queue: {place!r}"
        )
    return place


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise SettingsError(name, f"text is expected, not {value!r}")
    return value.strip()


def _like(given: Mapping[str, Any], name: str, shape: re.Pattern[str], what: str) -> str:
    value = _text(given, name)
    if value and not shape.fullmatch(value):
        raise SettingsError(name, f"not {what}: {value!r}")
    return value


def _number(given: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = given.get(name, 0)
    if name not in given:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise SettingsError(name, f"a number from {low} to {high}, not {value!r}")
    return value
