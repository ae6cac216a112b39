"""A mailbox over IMAP: encrypted, read without touching, marked when a message is dealt with."""

from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from firstword.errors import MailError, SettingsError
from firstword.mail.inbox import Inbox
from firstword.mail.smtp import Server, password_for
from firstword.mail.syncing import Found

PASSWORD = "FIRSTWORD_IMAP_PASSWORD"  # noqa: S105  the name of a variable
#: Seconds to wait for an answer.
PATIENCE = 60.0
#: So much of a message is read: its headers, and where its text begins.
_ENOUGH = 65_536
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_T = TypeVar("_T")
_SECURE = {"imap": ("starttls", 143), "imaps": ("tls", 993), "imap+plain": ("plain", 143)}


def read_mailbox(address: str, environ: Mapping[str, str]) -> tuple[Server, str]:
    """Read MAIL_IMAP: the server, with the password from the environment or ~/.netrc; the folder.

    Raises SettingsError.
    """
    parts = urlsplit(address)
    secure, port = _SECURE[parts.scheme]
    host = parts.hostname or ""
    user, password = password_for(host, unquote(parts.username or ""), PASSWORD, environ)
    if not password:
        raise SettingsError(PASSWORD, f"not set, and no line for {host!r} in ~/.netrc")
    server = Server(host=host, port=parts.port or port, secure=secure, user=user, password=password)
    if secure == "plain" and not server.loopback:
        raise SettingsError("MAIL_IMAP", "imap+plain:// is for this machine alone: use imaps://")
    return server, unquote(parts.path.strip("/")) or "INBOX"


@contextmanager
def open_mailbox(
    server: Server, folder: str, *, tls: ssl.SSLContext | None = None, patience: float = PATIENCE
) -> Iterator[ImapMailbox]:
    """Open a folder of a mailbox. Raises MailError; what a server says is not repeated."""
    name = f"{server.host}:{server.port}"
    secured = tls or ssl.create_default_context()
    imap = _asked(name, "cannot be reached", lambda: _connect(server, secured, patience))
    try:
        _asked(name, "refuses the password", lambda: imap.login(server.user, server.password))
        yield ImapMailbox(imap, name, folder)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            imap.logout()


class ImapMailbox:
    """An open folder."""

    def __init__(self, imap: imaplib.IMAP4, server: str, folder: str) -> None:
        self._imap = imap
        self._server = server
        self.name = f"{server}/{folder}"
        quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self._ask("has no such folder, or not for us", lambda: imap.select(quoted))
        _, told = imap.response("UIDVALIDITY")
        numbers = [int(one) for one in told if isinstance(one, bytes) and one.isdigit()]
        if not numbers:
            raise MailError(f"{server}: gives messages no lasting numbers (UIDVALIDITY)")
        self.validity = numbers[-1]

    def unread(self, notes: Inbox, since: datetime) -> Iterator[Found]:
        """Yield what came since the last time."""
        return self.after(notes.next_of(self.name, self.validity), since)

    def passed(self, notes: Inbox, found: Found) -> None:
        """Note up to which number the folder is read."""
        notes.read_to(self.name, self.validity, found.number)

    def after(self, number: int, since: datetime) -> Iterator[Found]:
        """Yield what came since, from this number on; each is fetched when it is asked for."""
        # A server's own zone may be a day away; what is too old is not mistaken for new elsewhere.
        day = f"{since.day:02}-{_MONTHS[since.month - 1]}-{since.year}"
        listed = self._ask(
            "cannot search",
            lambda: self._imap.uid("SEARCH", "UID", f"{number}:*", "SINCE", day),
        )
        numbers = sorted({int(one) for part in listed if part for one in part.split()})
        for one in numbers:
            # "9:*" is the last message even where its number is 8 (RFC 9051, 6.4.4).
            if one >= number and (found := self._fetch(one)) and found.at >= since:
                yield found

    def mark(self, number: int, *, answered: bool) -> None:
        """Mark a message as read, and as answered where it was."""
        flags = "(\\Seen \\Answered)" if answered else "(\\Seen)"
        self._ask(
            "cannot mark a message",
            lambda: self._imap.uid("STORE", str(number), "+FLAGS.SILENT", flags),
        )

    def _fetch(self, number: int) -> Found | None:
        """Fetch a message's beginning; None = it is gone meanwhile."""
        asked = f"(INTERNALDATE BODY.PEEK[]<0.{_ENOUGH}>)"
        parts = self._ask(
            "cannot fetch a message", lambda: self._imap.uid("FETCH", str(number), asked)
        )
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is None:
            return None
        said = b" ".join(part[0] if isinstance(part, tuple) else part or b"" for part in parts)
        local = imaplib.Internaldate2tuple(said)
        if local is None:
            raise MailError(f"{self._server}: does not say when a message came")
        at = datetime.fromtimestamp(time.mktime(local), UTC)
        return Found(number=number, at=at, raw=raw)

    def _ask(self, failed: str, ask: Callable[[], tuple[str, list[Any]]]) -> list[Any]:
        kind, told = _asked(self._server, failed, ask)
        if kind != "OK":
            raise MailError(f"{self._server}: {failed}")
        return told


def _connect(server: Server, tls: ssl.SSLContext, patience: float) -> imaplib.IMAP4:
    if server.secure == "tls":
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=tls, timeout=patience)
    imap = imaplib.IMAP4(server.host, server.port, timeout=patience)
    if server.secure == "starttls":
        try:
            imap.starttls(tls)
        except BaseException:
            with suppress(OSError):  # what broke the handshake may have closed it already
                imap.shutdown()
            raise
    return imap


def _asked(name: str, failed: str, ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailError(f"{name}: {failed}: {type(error).__name__}") from None
