"""Many requests to one server by one thread, on as many connections as are to be under way at once.

Threads that wait for a near server hand the interpreter to each other a hundred times a request,
which takes longer than the request itself: three times for the thousands of a first publish, and
half as long again for the thirty of an edit. asyncio would do, and takes as long to import as an
edit to be sent. Nothing that a server heard is asked twice here either: what has no answer in the
end is whoever's who knows more.

A server may hang up on a connection whenever it likes. On one that was open before, that says
nothing of the server: what it cannot have heard to the end is sent on another one, what it may have
done has no answer, and all else goes on.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

from firstword.store.wire import CONNECT_SECONDS, PIECE, READ_SECONDS, Reading, Reply

#: How often it is looked after connections on which nothing moves, in seconds.
_WATCH_SECONDS = 1.0
#: How long a request is waited for on which nothing moves: half as long as a lease lasts.
_LONGEST = 60.0
#: What a socket says that has nothing to say or no room, in the clear and under TLS.
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Lines(Protocol):
    """Where connections come from, and where those go that are open when all is done."""

    @property
    def place(self) -> tuple[str | bytes, int]:
        """Host and port."""

    def idle(self) -> socket.socket | None:
        """Return a connection that is open and that nobody uses."""

    def keep(self, connection: socket.socket) -> None:
        """Take a connection that nobody uses any more."""


def ask_many(
    lines: Lines,
    context: ssl.SSLContext | None,
    requests: Iterator[tuple[str, bytes]],
    at_once: int,
    answered: Callable[[str, Reply], bool],
) -> bool:
    """Send requests, each with its name; tell each answer, which says whether to go on.

    `context` = whom to believe, None = no TLS. Returns whether the server can be asked like this:
    where a new connection fails, what was not begun is left in `requests`. What `requests` or
    `answered` raise is raised once what has begun has ended.
    """
    sending = _Sending(lines, context, requests, answered)
    sending.run(at_once)
    if sending.failure is not None:
        raise sending.failure
    return not sending.broken


class _Sending:
    """What all connections share, and whoever waits for all of them."""

    def __init__(
        self,
        lines: Lines,
        context: ssl.SSLContext | None,
        requests: Iterator[tuple[str, bytes]],
        answered: Callable[[str, Reply], bool],
    ) -> None:
        self.lines = lines
        self.context = context
        self.failure: BaseException | None = None
        self.broken = False
        self._requests = requests
        self._answered = answered
        self._found: list[tuple[Any, ...]] | None = None
        self._going_on = True
        self._poll = select.poll()
        #: By the number that the system gave to its connection.
        self._waiting: dict[int, _Line] = {}

    def run(self, at_once: int) -> None:
        """Keep all connections busy until there is nothing more to send, or one fails."""
        try:
            for _ in range(at_once):
                if self._going_on:
                    self._go_on(_Line(self))
            watched = time.monotonic()
            while self._waiting:
                for number, _ in self._poll.poll(_WATCH_SECONDS * 1000):
                    self._go_on(self._waiting[number])
                now = time.monotonic()
                if now >= watched + _WATCH_SECONDS:
                    watched = now
                    for line in [one for one in self._waiting.values() if one.until < now]:
                        self._go_on(line, TimeoutError("nothing moves"))
        finally:
            for line in self._waiting.values():
                line.hang_up()

    def _go_on(self, line: _Line, failed: OSError | None = None) -> None:
        """Let a line do what it can, and note what it waits for then."""
        before, wanted = line.number, 0
        try:
            wanted = next(line.steps) if failed is None else line.steps.throw(failed)
        except StopIteration:
            line.number = -1
        except BaseException:
            line.hang_up()  # it may not be among those that wait
            raise
        if before not in {-1, line.number}:
            self._poll.unregister(before)
            del self._waiting[before]
        if line.number != -1:
            self._poll.register(line.number, wanted)
            self._waiting[line.number] = line

    def next(self) -> tuple[str, bytes] | None:
        """Return what is to be sent next."""
        if not self._going_on:
            return None
        try:
            found = next(self._requests, None)
        except BaseException as error:  # noqa: BLE001 - raised once what has begun has ended
            self.fail(error)
            return None
        self._going_on = found is not None
        return found

    def tell(self, name: str, reply: Reply) -> None:
        """Tell an answer; begin nothing more where that is not wanted."""
        try:
            self._going_on = self._answered(name, reply) and self._going_on
        except BaseException as error:  # noqa: BLE001 - raised once what has begun has ended
            self.fail(error)

    def fail(self, error: BaseException | None) -> None:
        """Begin nothing more; None = something between us and the server broke."""
        self._going_on = False
        self.broken = self.broken or error is None
        self.failure = self.failure or error

    def addresses(self) -> list[tuple[Any, ...]]:
        """Return the addresses of the server, asked for once. Raises OSError, UnicodeError."""
        if self._found is None:
            host, port = self.lines.place
            self._found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return self._found


class _Line:
    """A connection on which one request after the other is under way; another where it ends."""

    def __init__(self, sending: _Sending) -> None:
        #: The number of its connection, as the system counts them; -1 = it waits for nothing.
        self.number = -1
        #: When it is given up where nothing moves until then (monotonic).
        self.until = 0.0
        #: Each does what can be done by now, and tells what to wait for.
        self.steps = self._go_on()
        self._sending = sending
        self._connection: socket.socket | None = None

    def hang_up(self) -> None:
        """Close what is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _go_on(self) -> Generator[int, None, None]:
        sending = self._sending
        asked, anew = sending.next(), False
        while asked is not None:
            try:
                connection = None if anew else self._take(sending.lines.idle())
                used, anew, lasts = connection is not None, False, True
                connection = connection or (yield from self._connect())
                while lasts and asked is not None:
                    lasts = yield from self._ask(connection, *asked, used=used)
                    asked, used = sending.next(), True
                    lasts = lasts and (asked is None or not _is_over(connection))
            except _HungUpError as error:
                self.hang_up()
                asked, anew = sending.next() if error.heard_all else asked, True
                continue
            except (OSError, UnicodeError):  # the second of names that no server can have
                self.hang_up()
                sending.fail(None)
                return
            if lasts:
                sending.lines.keep(connection)
            else:
                self.hang_up()

    def _take(self, connection: socket.socket | None) -> socket.socket | None:
        """Go on with another connection, which waits for nothing by itself."""
        if connection is not None:
            connection.settimeout(0)
            self._connection, self.number = connection, connection.fileno()
        return connection

    def _connect(self) -> Generator[int, None, socket.socket]:
        """Connect to one of the server's addresses. Raises OSError."""
        failed = OSError("it has no address")
        for family, kind, protocol, _, address in self._sending.addresses():
            try:
                return (yield from self._connect_to(socket.socket(family, kind, protocol), address))
            except OSError as error:
                self.hang_up()
                failed = error
        raise failed

    def _connect_to(
        self, connection: socket.socket, address: object
    ) -> Generator[int, None, socket.socket]:
        self._take(connection)
        self.until = time.monotonic() + CONNECT_SECONDS
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        said = connection.connect_ex(address)  # type: ignore[arg-type]  # as the system spells it
        if said == errno.EINPROGRESS:
            yield select.POLLOUT
            said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if said:
            raise OSError(said, "cannot connect")
        if self._sending.context is None:
            return connection
        host, _ = self._sending.lines.place
        secured = self._sending.context.wrap_socket(
            connection, server_hostname=host, do_handshake_on_connect=False
        )
        self._connection = secured
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                yield select.POLLIN
            except ssl.SSLWantWriteError:
                yield select.POLLOUT
            else:
                return secured

    def _ask(
        self, connection: socket.socket, name: str, message: bytes, *, used: bool
    ) -> Generator[int, None, bool]:
        """Send a request and tell the answer; return whether another may follow it.

        `used` = the connection was open before. Raises OSError where no answer came that can be
        understood, _HungUpError where there was none on such a connection.
        """
        left, heard = memoryview(message), b""
        # What was taken may still lie in the system: there is time for each piece of it.
        patience = min(READ_SECONDS * (1 + len(message) // PIECE), _LONGEST)
        while True:
            self.until = time.monotonic() + patience
            left, broken = _send(connection, left)
            if broken is None:
                yield select.POLLIN | (select.POLLOUT if left else 0)
            # Who reads no more may have said why before that.
            came, then = _receive(connection)
            heard, then = heard + came, broken or then
            is_open = isinstance(then, BlockingIOError)
            if not heard and is_open:
                continue
            if not heard and used:
                raise _HungUpError(heard_all=not left)
            try:
                reply, lasts = Reading(_Heard(heard, then)).reply(bodiless=False)
            except BlockingIOError:  # there is more to come
                continue
            if left and reply.status < 300:
                raise ConnectionError("what was not sent cannot be done")
            self._sending.tell(name, reply)
            return lasts and is_open and not left


class _HungUpError(Exception):
    """A server had enough of a connection when something was asked on it, and did not answer."""

    def __init__(self, *, heard_all: bool) -> None:
        """`heard_all` = it may have done what was asked."""
        super().__init__()
        self.heard_all = heard_all


def _send(connection: socket.socket, left: memoryview) -> tuple[memoryview, OSError | None]:
    """Send what can be sent by now; return what is left, and what keeps it from being sent ever."""
    try:
        while left:
            left = left[connection.send(left[:PIECE]) :]
    except _NOT_YET:
        pass
    except OSError as error:
        return left, error
    return left, None


def _receive(connection: socket.socket) -> tuple[bytes, OSError | None]:
    """Return what came, and why there is no more of it.

    None = it ended, BlockingIOError = more may come.
    """
    came = b""
    try:
        while piece := connection.recv(PIECE):
            came += piece
    except _NOT_YET:
        return came, BlockingIOError()
    except OSError as error:
        return came, error
    return came, None


def _is_over(connection: socket.socket) -> bool:
    """Tell whether a server hung up since its last answer, or said what nobody asked."""
    try:
        connection.recv(1)
    except _NOT_YET:
        return False
    except OSError:
        pass
    return True


class _Heard:
    """What came so far, for whoever reads an answer from a socket."""

    def __init__(self, heard: bytes, then: OSError | None) -> None:
        """`then` = why there is no more of it, None = it ended."""
        self._heard = heard
        self._then = then

    def recv(self, _size: int) -> bytes:
        """Return it once, then nothing. Raises what keeps more from coming."""
        if not self._heard and self._then is not None:
            raise self._then
        heard, self._heard = self._heard, b""
        return heard
