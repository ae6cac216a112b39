"""Many requests to one server by one thread, on as many connections as are to be under way at once.

Threads that wait for a near server hand the interpreter to each other a hundred times a request,
which takes three times as long as the request itself. Nothing is asked twice here either: what has
no answer in the end is whoever's who knows more.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import cast

from firstword.store.wire import CONNECT_SECONDS, PIECE, READ_SECONDS, Reading, Reply

#: How often it is looked after connections on which nothing moves, in seconds.
_WATCH_SECONDS = 1.0


def ask_many(
    place: tuple[str, int],
    context: ssl.SSLContext | None,
    requests: Iterator[tuple[str, bytes]],
    at_once: int,
    answered: Callable[[str, Reply], bool],
) -> bool:
    """Send requests, each with its name; tell each answer, which says whether to go on.

    `place` = host and port; `context` = whom to believe, None = no TLS. Returns whether all that
    were begun have an answer: where a connection fails, what was not begun is left in `requests`.
    What `requests` or `answered` raise is raised once what has begun has ended.
    """
    sending = _Sending(place, context, requests, at_once, answered)
    asyncio.run(sending.run())
    if sending.failure is not None:
        raise sending.failure
    return not sending.broken


class _Sending:
    """What all connections share."""

    def __init__(
        self,
        place: tuple[str, int],
        context: ssl.SSLContext | None,
        requests: Iterator[tuple[str, bytes]],
        at_once: int,
        answered: Callable[[str, Reply], bool],
    ) -> None:
        self.answered = answered
        self.failure: BaseException | None = None
        self.broken = False
        self.connections: set[_Connection] = set()
        self._place = place
        self._addresses: list[str] = []
        self._context = context
        self._requests = requests
        self._at_once = at_once
        self._going_on = True

    async def run(self) -> None:
        """Keep all connections busy until there is nothing more to send, or one fails."""
        host, port = self._place
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await asyncio.get_running_loop().getaddrinfo(
                    host, port, type=socket.SOCK_STREAM
                )
        except (OSError, UnicodeError):  # the second of names that no server can have
            self.fail(None)
            return
        self._addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        watching = asyncio.create_task(self._watch())
        await asyncio.gather(*(self._keep_one() for _ in range(self._at_once)))
        watching.cancel()

    def next(self) -> tuple[str, bytes] | None:
        """Return what is to be sent next."""
        if not self._going_on:
            return None
        try:
            return next(self._requests, None)
        except BaseException as error:  # noqa: BLE001 - raised once what has begun has ended
            self.fail(error)
            return None

    def fail(self, error: BaseException | None) -> None:
        """Begin nothing more; None = something between us and the server broke."""
        self._going_on = False
        self.broken = self.broken or error is None
        self.failure = self.failure or error

    def stop(self) -> None:
        """Begin nothing more, though nothing failed."""
        self._going_on = False

    async def _keep_one(self) -> None:
        """Keep one connection; another one where the server wants no more on that one."""
        again = True
        while again and (first := self.next()) is not None:
            connection = _Connection(self, first)
            if not await self._connect(connection):
                self.fail(None)
                return
            again = await connection.ended

    async def _connect(self, connection: _Connection) -> bool:
        host, port = self._place
        name = host if self._context else None
        for address in self._addresses:
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await asyncio.get_running_loop().create_connection(
                        lambda: connection, address, port, ssl=self._context, server_hostname=name
                    )
                return True
        return False

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in [*self.connections]:
                connection.give_up(now)


class _Connection(asyncio.Protocol):
    """One connection, on which one request is under way."""

    _transport: asyncio.Transport

    def __init__(self, sending: _Sending, first: tuple[str, bytes]) -> None:
        #: Whether another connection is to go on.
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._sending = sending
        self._asked: tuple[str, bytes] | None = first
        self._heard = b""
        self._goes_on = False
        #: When something moved, by the clock of the loop, and how much was to be sent then.
        self._moved = 0.0
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._sending.connections.add(self)
        self._send()

    def _send(self) -> None:
        self._moved = asyncio.get_running_loop().time()
        if self._asked is None:
            # Nothing is owed to anybody, and a server may take its time over a farewell.
            self._transport.abort()
        else:
            self._transport.write(self._asked[1])

    def data_received(self, data: bytes) -> None:
        self._moved = asyncio.get_running_loop().time()
        self._heard += data
        self._understand(ended=False)

    def eof_received(self) -> None:
        self._understand(ended=True)

    def _understand(self, *, ended: bool) -> None:
        if self._asked is None:
            return
        try:
            reply, reusable = Reading(_Heard(self._heard, ended=ended)).reply(bodiless=False)
        except BlockingIOError:  # there is more to come
            return
        except OSError:
            self._transport.abort()
            return
        name, self._heard = self._asked[0], b""
        try:
            if not self._sending.answered(name, reply):
                self._sending.stop()
        except BaseException as error:  # noqa: BLE001 - raised once what has begun has ended
            self._sending.fail(error)
        self._goes_on = not reusable
        self._asked = self._sending.next() if reusable else None
        self._send()

    def give_up(self, now: float) -> None:
        """Hang up where nothing moved for long, by the clock of the loop."""
        left = self._transport.get_write_buffer_size()
        if left != self._left:
            self._moved, self._left = now, left
            return
        # Under TLS it does not show what is still to be sent: there is time for each piece of it.
        pieces = len(self._asked[1]) // PIECE if self._asked else 0
        if self._moved < now - READ_SECONDS * (1 + pieces):
            self._transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        self._sending.connections.discard(self)
        if self._asked is not None:
            self._sending.fail(None)
        if not self.ended.done():
            self.ended.set_result(self._goes_on)


class _Heard:
    """What came so far, for whoever reads an answer from a socket."""

    def __init__(self, heard: bytes, *, ended: bool) -> None:
        self._heard = heard
        self._ended = ended

    def recv(self, _size: int) -> bytes:
        """Return it once; then nothing more comes, or not yet. Raises BlockingIOError."""
        if not self._heard and not self._ended:
            raise BlockingIOError
        heard, self._heard = self._heard, b""
        return heard
