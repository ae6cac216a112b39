"""Connections to one server, kept open from one request to the next: HTTP/1.1 and nothing else.

A general client takes longer for a request of a few kilobytes than the rest of an upload. This one
follows no redirect, knows no proxy, and never asks twice: whatever goes wrong is an OSError.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

from msgspec import Struct

from firstword.store.parallel import in_parallel

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
#: Connections that are opened at once ahead of time.
_OPENING = 8
#: Of an answer's headers, in bytes.
_MOST_HEAD = 65536
#: Of what is sent, in bytes: each may take as long as an answer.
PIECE = 65536


class Reply(Struct, frozen=True):
    """What a server answered; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """Asks one server; usable from several threads, each of which has a connection to itself."""

    def __init__(
        self, host: str, port: int, *, trust: Callable[[], ssl.SSLContext] | None, size: int
    ) -> None:
        """`trust` tells whom to believe, None = no TLS; `size` = how many connections are kept."""
        self._host = host
        self._port = port
        self._trust = trust
        self._context: ssl.SSLContext | None = None
        self._making = threading.Lock()
        self._size = size
        self._idle: list[socket.socket] = []
        weakref.finalize(self, _close, self._idle)

    def ask(self, head: bytes, body: bytes, *, bodiless: bool) -> Reply:
        """Send a request and return the answer; `bodiless` = none will have a body, as for HEAD.

        Raises OSError where none came that can be understood.
        """
        connection = self.idle() or self._opened()
        try:
            reply, reusable = _asked(connection, memoryview(head + body), bodiless=bodiless)
        except BaseException:
            connection.close()
            raise
        if reusable:
            self.keep(connection)
        else:
            connection.close()
        return reply

    def open_some(self, count: int) -> None:
        """Open connections for requests to come, several at once; without them it goes as well."""
        missing = min(count, self._size) - len(self._idle)

        def open_one(_number: int) -> None:
            with suppress(OSError, UnicodeError):
                self._idle.append(self._opened())

        in_parallel(open_one, range(missing), _OPENING)

    def ask_many(
        self,
        requests: Iterator[tuple[str, bytes]],
        at_once: int,
        answered: Callable[[str, Reply], bool],
    ) -> bool:
        """Ask many things at once, and from one thread; see `many.ask_many`."""
        from firstword.store.many import ask_many

        try:
            context = self._trusted()
        except OSError:  # nobody to believe: who knows more will say so
            return False
        return ask_many(self, context, requests, at_once, answered)

    @property
    def place(self) -> tuple[str | bytes, int]:
        """Host and port, for whoever opens a connection."""
        return _spelled(self._host), self._port

    def idle(self) -> socket.socket | None:
        """Return a connection that is open and that nobody uses."""
        while self._idle:
            with suppress(IndexError):  # another thread took the last one
                connection = self._idle.pop()
                if not _has_said_something(connection):
                    return connection
                # A server that has something to say unasked hung up.
                connection.close()
        return None

    def keep(self, connection: socket.socket) -> None:
        """Take a connection that nobody uses any more."""
        if len(self._idle) < self._size:
            connection.settimeout(READ_SECONDS)
            self._idle.append(connection)
        else:
            connection.close()

    def _trusted(self) -> ssl.SSLContext | None:
        if self._trust is None:
            return None
        with self._making:
            self._context = self._context or self._trust()
        return self._context

    def _opened(self) -> socket.socket:
        place: Any = self.place
        connection = socket.create_connection(place, CONNECT_SECONDS)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if (context := self._trusted()) is not None:
                connection = context.wrap_socket(connection, server_hostname=place[0])
            connection.settimeout(READ_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection


def _spelled(host: str) -> str | bytes:
    """Spell a name for the net where nothing is to be done; the codec takes long to import."""
    plain = host.isascii() and all(0 < len(label) < 64 for label in host.split("."))
    return host.encode() if plain else host


def _close(connections: list[socket.socket]) -> None:
    for connection in connections:
        connection.close()


def _asked(connection: socket.socket, message: memoryview, *, bodiless: bool) -> tuple[Reply, bool]:
    """Send a request; return the answer, and whether another may follow it. Raises OSError."""
    try:
        # In pieces: each may take as long as we wait, where one that is large had that for all.
        for begin in range(0, len(message), PIECE):
            connection.sendall(message[begin : begin + PIECE])
    except TimeoutError:
        raise
    except OSError as broken:
        # Who refuses a page need not read it: what was said before lies there.
        try:
            reply, _ = Reading(connection).reply(bodiless=bodiless)
        except OSError:
            raise broken from None
        if reply.status < 300:  # what was not sent cannot be done
            raise
        return reply, False
    return Reading(connection).reply(bodiless=bodiless)


def _has_said_something(connection: socket.socket) -> bool:
    asked = select.poll()
    asked.register(connection, select.POLLIN)
    if not asked.poll(0):
        return False
    if not isinstance(connection, ssl.SSLSocket):
        return True
    # Right after a handshake of TLS 1.3 lie tickets there, which are nothing that is said.
    connection.settimeout(0)
    try:
        connection.recv(1)
    except ssl.SSLWantReadError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(READ_SECONDS)
    return True


class _Source(Protocol):
    """What an answer comes from."""

    def recv(self, size: int, /) -> bytes:
        """Return what came; b"" = nothing more will."""


class Reading:
    """One answer on its way in."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._buffer = bytearray()

    def reply(self, *, bodiless: bool) -> tuple[Reply, bool]:
        """Return the answer, and whether the connection is good for another request."""
        version, status, headers = self._head()
        while 100 <= status < 200:  # "go on", "early hints": the answer is still to come
            version, status, headers = self._head()
        framed = headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length")
        said = {word.strip() for word in headers.get("connection", "").lower().split(",")}
        lasts = version == "HTTP/1.1" and "close" not in said
        if bodiless or status in {204, 304}:
            body = b""
        elif framed:
            if framed != "chunked":
                raise ConnectionError("an answer in a form that is not known")
            body = self._chunks()
        elif length is not None:
            body = self._take(_number(length, 10))
        else:
            body, lasts = self._rest(), False
        return Reply(status, headers, body), lasts and not self._buffer

    def _head(self) -> tuple[str, int, dict[str, str]]:
        end = -1
        while end < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MOST_HEAD:
                    raise ConnectionError("an answer with too many headers")
                self._more()
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        version, _, told = first.partition(" ")
        if not version.startswith("HTTP/1."):
            raise ConnectionError("an answer that is not HTTP/1.1")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            # Of two lengths one is wrong (RFC 9112, 6.3); what else comes twice is one list.
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return version, _number(told[:3], 10), headers

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := _number(self._line().partition(b";")[0].decode("latin-1"), 16):
            body += self._take(size)
            if self._line():
                raise ConnectionError("an answer whose pieces are not as long as they say")
        while self._line():  # what follows the last piece says nothing that we would know
            pass
        return bytes(body)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise ConnectionError("an answer with too long a line")
            self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _rest(self) -> bytes:
        while piece := self._source.recv(PIECE):
            self._buffer += piece
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken

    def _more(self) -> None:
        piece = self._source.recv(PIECE)
        if not piece:
            raise ConnectionError("the server hung up before its answer ended")
        self._buffer += piece


def _number(text: str, base: int) -> int:
    """Read a number; int() alone would take signs, spaces and underscores."""
    text = text.strip()
    if not text.isascii() or not text.isalnum():
        raise ConnectionError("an answer with a number that is none")
    try:
        return int(text, base)
    except ValueError as error:
        raise ConnectionError("an answer with a number that is none") from error
