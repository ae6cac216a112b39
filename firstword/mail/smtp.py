"""Sending by SMTP: one recipient a message, connections kept, every answer taken for what it says.

Until the final dot nothing was accepted, so that anything may be tried again. From the dot on only
an answer tells: without one the fate of a message is unknown (RFC 1047).
"""

from __future__ import annotations

import ipaddress
import netrc
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote

from firstword.errors import MailError, SettingsError
from firstword.mail.conf import split_transport
from firstword.mail.ledger import Fate
from firstword.mail.transport import Outcome, Quota, is_gone

PASSWORD = "FIRSTWORD_SMTP_PASSWORD"  # noqa: S105  the name of a variable
#: Seconds to wait for an answer, and for the one after the final dot (RFC 5321, 4.5.3.2).
PATIENCE = 120.0
PATIENCE_AFTER_DOT = 600.0
#: How often a connection is tried, and how long is waited before each try but the first.
_WAITS = (0.0, 2.0, 10.0)
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
#: What an answer to MAIL, to RCPT and to DATA is, for it to go on.
_GOOD = ({250}, {250, 251}, {354})


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a mail server is reached, and as whom. Never printed."""

    host: str
    port: int
    #: "starttls", "tls" from the first byte, or "plain"
    secure: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"

    @property
    def loopback(self) -> bool:
        """Whether what is sent stays on this machine."""
        with suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


def read_server(address: str, environ: Mapping[str, str]) -> Server:
    """Read a transport's address, with the password from the environment or ~/.netrc."""
    parts = split_transport(address)
    host = parts.hostname or ""
    user = unquote(parts.username or "")
    user, password = password_for(host, user, PASSWORD, environ)
    if user and not password:
        raise SettingsError(PASSWORD, f"not set, and no line for {host!r} in ~/.netrc")
    secure = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "plain"}[parts.scheme]
    return Server(host=host, port=_port(parts), secure=secure, user=user, password=password)


def server_name(address: str) -> str:
    """Return what the server of a transport's address is called: "mail.acme.example:587"."""
    parts = split_transport(address)
    return f"{parts.hostname or ''}:{_port(parts)}"


def _port(parts: SplitResult) -> int:
    return parts.port or {"smtp": 587, "smtps": 465, "smtp+plain": 25}[parts.scheme]


def password_for(
    host: str, user: str, variable: str, environ: Mapping[str, str]
) -> tuple[str, str]:
    """Return as whom to log in and the password: of the variable, or of ~/.netrc; "" = none.

    Raises SettingsError for what the protocols cannot carry.
    """
    user, password = _login(host, user, environ.get(variable, ""), environ)
    for what, text in (("the password", password), ("the user", user)):
        if not text.isascii():
            # It is not repeated; Python's own complaint would quote a part of it.
            raise SettingsError(variable, f"{what} has letters that are not ASCII: take another")
    return user, password


def _login(host: str, user: str, password: str, environ: Mapping[str, str]) -> tuple[str, str]:
    if password:
        return user, password
    path = Path(environ.get("NETRC") or Path(environ.get("HOME", "~")).expanduser() / ".netrc")
    try:
        found = netrc.netrc(str(path)).authenticators(host)
    except FileNotFoundError:
        return user, ""
    except (OSError, netrc.NetrcParseError) as error:
        raise SettingsError("~/.netrc", f"cannot be read: {type(error).__name__}") from None
    if not found or (user and found[0] != user):
        return user, ""
    return found[0], found[2] or ""


class SmtpTransport:
    """A mail server that takes our mail."""

    def __init__(
        self,
        server: Server,
        sender: str,
        *,
        lanes: int,
        sleep: Callable[[float], None],
        patience: float = PATIENCE,
        patience_after_dot: float = PATIENCE_AFTER_DOT,
    ) -> None:
        self.name = f"{server.host}:{server.port}"  # as `server_name` says it
        self.lanes = lanes
        self._server = server
        self._sender = sender
        self._sleep = sleep
        self._patience = (patience, patience_after_dot)

    def quota(self) -> Quota:
        """Connect once, so that a wrong password stops us before anything is written down."""
        lane = self.open()
        try:
            lane.connect()
        except _Stop as stop:
            raise MailError(f"{self.name}: {stop}") from None
        finally:
            lane.close()
        return Quota()

    def open(self) -> SmtpLane:
        return SmtpLane(self._server, self._sender, self._sleep, self._patience)


class _Stop(Exception):
    """The server takes nothing from us just now."""


class SmtpLane:
    """One connection, made anew when it breaks."""

    def __init__(
        self,
        server: Server,
        sender: str,
        sleep: Callable[[float], None],
        patience: tuple[float, float],
    ) -> None:
        self._server = server
        self._sender = sender
        self._sleep = sleep
        self._patience, self._patience_after_dot = patience
        self._smtp: smtplib.SMTP | None = None

    def send(self, address: str, message: bytes) -> Outcome:
        kept = self._smtp is not None
        try:
            outcome = self._offer(address, message)
        except _Stop as stop:
            return Outcome(fate=Fate.PLANNED, stop=str(stop))
        except (OSError, smtplib.SMTPException):
            # Broken before the dot: a server may well close a connection that was kept for long.
            self._drop()
            if not kept:
                return Outcome(fate=Fate.DEFERRED, code="lost")
            return self.send(address, message)
        return outcome

    def close(self) -> None:
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._drop()

    def connect(self) -> smtplib.SMTP:
        """Return the connection, made and secured where there was none. Raises _Stop."""
        if self._smtp is None:
            self._smtp = self._reached()
        return self._smtp

    def _reached(self) -> smtplib.SMTP:
        why = ""
        for wait in _WAITS:
            if wait:
                self._sleep(wait)
            try:
                return self._connected()
            except ssl.SSLError as error:
                raise _Stop(f"TLS failed: {error.reason or 'handshake'}") from error
            except smtplib.SMTPResponseException as error:
                why = f"does not let us in: {error.smtp_code}"
                if error.smtp_code >= 500:
                    raise _Stop(why) from error
            except smtplib.SMTPServerDisconnected:
                why = "hangs up"
            except OSError as error:
                why = f"cannot be reached: {error.strerror or type(error).__name__}"
        raise _Stop(why)

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        smtp: smtplib.SMTP
        if server.secure == "tls":
            context = ssl.create_default_context()
            smtp = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._patience, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._patience)
        try:
            self._enter(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _enter(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        smtp.ehlo_or_helo_if_needed()
        if server.secure == "starttls":
            if smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo_or_helo_if_needed()
            elif not server.loopback:
                raise _Stop("offers no STARTTLS; use smtps:// or, knowing it, smtp+plain://")
        if server.user:
            if not isinstance(smtp.sock, ssl.SSLSocket) and not server.loopback:
                raise _Stop("would get the password unencrypted; use smtp:// or smtps://")
            try:
                smtp.login(server.user, server.password)
            except smtplib.SMTPNotSupportedError as error:
                raise _Stop("offers no AUTH") from error
            except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
                raise
            except smtplib.SMTPException as error:
                raise _Stop("takes a password in no way that we know (PLAIN, LOGIN)") from error

    def _offer(self, address: str, message: bytes) -> Outcome:
        """Send one message. Raises OSError, SMTPException: it was not accepted; or _Stop."""
        if not f"{self._sender}{address}".isprintable():
            raise ValueError("an address that holds a line break")  # it is not to be told
        smtp = self.connect()
        commands = [
            f"MAIL FROM:{smtplib.quoteaddr(self._sender)}",
            f"RCPT TO:{smtplib.quoteaddr(address)}",
            "DATA",
        ]
        # All three in one go where the server says that it reads them so (RFC 2920): one way there
        # and back in place of three.
        at_once = smtp.has_extn("pipelining")
        if at_once:
            smtp.send("".join(f"{command}\r\n" for command in commands))
        for number, command in enumerate(commands):
            if not at_once:
                smtp.send(f"{command}\r\n")
            code, text = smtp.getreply()
            if code not in _GOOD[number]:
                waiting = len(commands) - number - 1 if at_once else 0
                return self._not_taken(smtp, number, code, text, waiting)
        return self._after_data(smtp, message)

    def _not_taken(
        self, smtp: smtplib.SMTP, number: int, code: int, text: bytes, waiting: int
    ) -> Outcome:
        """Say what a no to a command means; so many answers to later ones are on their way."""
        if number == 0 and code == 421:
            raise smtplib.SMTPServerDisconnected
        if number == 0 and code >= 500:
            self._drop()
            raise _Stop(f"does not take mail from {self._sender!r}: {_code(code, text)}")
        if code != 421:
            try:
                # A server that waits for the words of a message to nobody is left waiting.
                if 354 in [smtp.getreply()[0] for _ in range(waiting)]:
                    self._drop()
            except (OSError, smtplib.SMTPException):
                self._drop()
        return self._refused(code, text, mailbox=number == 1)

    def _after_data(self, smtp: smtplib.SMTP, message: bytes) -> Outcome:
        """Send the words and the dot; from here on a lost connection tells nothing."""
        ended = message if message.endswith(b"\r\n") else message + b"\r\n"
        stuffed = re.sub(rb"(?m)^\.", b"..", ended)
        try:
            smtp.send(stuffed + b".\r\n")
            if smtp.sock is not None:
                smtp.sock.settimeout(self._patience_after_dot)
            code, text = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(self._patience)
        except (OSError, smtplib.SMTPException):
            self._drop()
            return Outcome(fate=Fate.UNKNOWN, code="no answer")
        if 200 <= code < 300:
            return Outcome(fate=Fate.ACCEPTED, code=_code(code, text))
        return self._refused(code, text)

    def _refused(self, code: int, text: bytes, *, mailbox: bool = False) -> Outcome:
        """Read an answer that is no yes, and leave the connection ready for the next message."""
        if code == 421:
            self._drop()
        elif self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.rset()
        told = _code(code, text)
        if code < 500:
            return Outcome(fate=Fate.DEFERRED, code=told)
        gone = mailbox and is_gone(told.partition(" ")[2])
        return Outcome(fate=Fate.REFUSED, code=told, gone=gone)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _code(code: int, text: bytes) -> str:
    """Return an answer's numbers; its words often hold the address."""
    found = _ENHANCED.match(text)
    return f"{code} {found[0].decode()}" if found else str(code)
