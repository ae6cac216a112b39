"""Connections to a server, and what it may answer."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import trustme
from botocore.httpsession import get_cert_path

from firstword.store.lane import authorities, trusting
from firstword.store.wire import Reply, Wire

HEAD = b"GET /a HTTP/1.1\r\nhost: s3\r\n\r\n"
OK = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 4\r\n\r\npage'

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#: More than lies between two programs: who sends it notices that nobody reads on.
LARGE = b"PUT /large HTTP/1.1\r\n\r\n" + b"x" * 50_000_000
REFUSED = (
    b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 31\r\n\r\n<Code>PreconditionFailed</Code>"
)
#: Answers on one connection, some of them in pieces.
Script = Iterable[bytes | list[bytes]]


class Server:
    """Says what it was told to, one script a connection: an answer to each thing it hears."""

    def __init__(
        self, *scripts: Script, secured: ssl.SSLContext | None = None, resets: bool = False
    ) -> None:
        """`resets` = it tells that a connection is closed as after a crash."""
        #: Released with every connection that was closed.
        self.ended = threading.Semaphore(0)
        self.connections = 0
        self.heard: list[bytes] = []
        self._scripts = [*scripts]
        self._secured = secured
        self._resets = resets
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(5)  # a test that fails must end as well
            # What waits for an acknowledgement is lost with a connection that is reset.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self._secured:
                    connection = self._secured.wrap_socket(connection, server_side=True)
                for answer in script:
                    self.heard.append(connection.recv(65536))
                    for piece in [answer] if isinstance(answer, bytes) else answer:
                        connection.sendall(piece)
            except OSError:  # whoever asked does not believe us
                pass
            if self._resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            self.ended.release()

    def close(self) -> None:
        """Stop listening."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@contextmanager
def serving(
    *scripts: Script, secured: ssl.SSLContext | None = None, resets: bool = False
) -> Iterator[Server]:
    server = Server(*scripts, secured=secured, resets=resets)
    try:
        yield server
    finally:
        server.close()


class Refusing:
    """Hears how a request begins, says one thing to it and hangs up."""

    def __init__(self, answer: bytes, secured: ssl.SSLContext | None) -> None:
        self.hung_up = threading.Event()
        self._answer = answer
        self._secured = secured
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        # What waits for an acknowledgement is lost with what was not read.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._secured:
            connection = self._secured.wrap_socket(connection, server_side=True)
        connection.recv(1000)
        connection.sendall(self._answer)
        connection.close()
        self.hung_up.set()

    def close(self) -> None:
        """Wait until it has hung up."""
        self._thread.join()
        self._listening.close()


@contextmanager
def refusing(answer: bytes, secured: ssl.SSLContext | None = None) -> Iterator[Refusing]:
    server = Refusing(answer, secured)
    try:
        yield server
    finally:
        server.close()


def wire(
    port: int, trust: Callable[[], ssl.SSLContext] | None = None, name: str = "127.0.0.1"
) -> Wire:
    return Wire(name, port, trust=trust, size=2)


def asked(*scripts: Script, bodiless: bool = False) -> Reply:
    with serving(*scripts) as server:
        return wire(server.port).ask(HEAD, b"", bodiless=bodiless)


def test_one_connection_serves_one_request_after_the_other() -> None:
    with serving([OK, OK, b""]) as server:
        line = wire(server.port)
        replies = [line.ask(HEAD, b"", bodiless=False) for _ in range(2)]
        del line  # which hangs up

    reply = Reply(200, {"etag": '"e"', "content-length": "4"}, b"page")
    assert replies == [reply, reply]
    assert (server.connections, server.heard) == (1, [HEAD, HEAD, b""])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 4\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nConnection: close, TE\r\nContent-Length: 4\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: TE\r\nContent-Length: 4\r\n\r\npage",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage and what nobody asked for",
    ],
)
def test_a_connection_that_is_not_to_be_used_again_is_not(answer: bytes) -> None:
    with serving([answer, b""], [OK, b""]) as server:
        line = wire(server.port)
        replies = [line.ask(HEAD, b"", bodiless=False) for _ in range(2)]
        del line

    assert [reply.body for reply in replies] == [b"page", b"page"]
    assert (server.connections, server.heard) == (2, [HEAD, b"", HEAD, b""])


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew() -> None:
    with serving([OK], [OK, b""]) as server:
        line = wire(server.port)
        line.ask(HEAD, b"", bodiless=False)
        # A second request must not run into its end.
        server.ended.acquire()

        assert line.ask(HEAD, b"", bodiless=False).body == b"page"
        del line

    assert server.connections == 2


def test_a_connection_is_opened_before_anything_is_asked() -> None:
    with serving([OK, OK, b""]) as server:
        line = wire(server.port)
        line.open_some(1)
        line.open_some(1)  # there is one
        bodies = [line.ask(HEAD, b"", bodiless=False).body for _ in range(2)]
        del line

    assert (bodies, server.connections) == ([b"page", b"page"], 1)


def test_no_more_connections_are_opened_than_are_kept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        line = wire(listening.getsockname()[1])
        line.open_some(5)
        for _ in range(2):
            listening.accept()[0].close()

        assert not select.select([listening], [], [], 0)[0]
        del line


def test_where_no_connection_can_be_had_beforehand_the_question_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        line = wire(listening.getsockname()[1])
    line.open_some(2)

    with pytest.raises(ConnectionRefusedError):
        line.ask(HEAD, b"", bodiless=False)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"page"),
        (b"HTTP/1.1 200 OK\r\n\r\npage", b"page"),
        (CHUNKED + b"2;x=y\r\npa\r\n2\r\nge\r\n0\r\n\r\n", b"page"),
        (CHUNKED + b"A\r\n0123456789\r\n0\r\nx: y\r\n\r\n", b"0123456789"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304\r\n\r\n", b""),
    ],
)
def test_an_answer_comes_in_several_forms(answer: bytes, body: bytes) -> None:
    assert asked([answer]).body == body


def test_an_answer_to_head_tells_of_a_body_that_does_not_come() -> None:
    reply = asked([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"], bodiless=True)

    assert (reply.headers, reply.body) == ({"content-length": "4"}, b"")


def test_an_answer_comes_in_many_pieces() -> None:
    pieces = [bytes([byte]) for byte in b"HTTP/1.1 100 Continue\r\n\r\n" + OK]

    with serving([pieces]) as server:
        assert wire(server.port).ask(HEAD, b"", bodiless=False).body == b"page"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\npage",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        CHUNKED + b"xyz\r\n",
        CHUNKED + b"2\r\npage\r\n0\r\n\r\n",
        CHUNKED + b"9\r\npage",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70000,
        CHUNKED + b"" + b"1" * 70000,
    ],
)
def test_what_is_no_whole_answer_is_an_error(answer: bytes) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - of several kinds
        asked([answer])


class SlowLine:
    """A connection on which a quarter of a megabyte takes longer than anybody waits for it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def sendall(self, data: bytes) -> None:
        if len(data) > 2**18:
            raise TimeoutError
        self._line.sendall(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._line, name)


def test_what_is_long_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a picture does from a phone's hotspot."""
    connect = socket.create_connection

    def reach(address: tuple[str, int], timeout: float) -> SlowLine:
        return SlowLine(connect(address, timeout))

    monkeypatch.setattr(socket, "create_connection", reach)
    picture = bytes(range(256)) * 4096
    taken = bytearray()

    def take(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            while len(taken) < len(HEAD + picture) and (piece := connection.recv(65536)):
                taken.extend(piece)
            connection.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as server:
        server.submit(take, listening)
        reply = wire(listening.getsockname()[1]).ask(HEAD, picture, bodiless=False)

    assert (reply.status, bytes(taken)) == (200, HEAD + picture)


@pytest.mark.parametrize("secure", [False, True])
def test_why_a_server_hung_up_is_heard_though_a_page_was_on_its_way(*, secure: bool) -> None:
    authority, context = trustme.CA(), None
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
    with refusing(REFUSED, secured=context) as server:
        line = wire(server.port, (lambda: believing(authority)) if secure else None)
        reply = line.ask(LARGE, b"", bodiless=False)

    assert (reply.status, reply.body) == (412, b"<Code>PreconditionFailed</Code>")
    assert line.idle() is None


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 412 Precond", OK])
def test_a_page_that_was_not_taken_and_no_refusal_is_an_error(answer: bytes) -> None:
    with refusing(answer) as server, pytest.raises((ConnectionResetError, BrokenPipeError)):
        wire(server.port).ask(LARGE, b"", bodiless=False)


def test_nobody_there_is_an_error() -> None:
    with serving() as server:
        port = server.port

    with pytest.raises(ConnectionRefusedError):
        wire(port).ask(HEAD, b"", bodiless=False)


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def secured(authority: trustme.CA, name: str) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with serving([OK, b""], secured=context) as server:
        yield server.port


def test_a_connection_with_tls_that_was_opened_beforehand_is_used() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serving([OK, OK, b""], secured=context) as server:
        line = wire(server.port, lambda: believing(authority), "localhost")
        line.open_some(1)
        # Of TLS 1.3: they come when the handshake is over for us.
        while not select.select(line._idle, [], [], 5)[0]:
            pytest.fail("no tickets came")
        assert [line.ask(HEAD, b"", bodiless=False).body for _ in range(2)] == [b"page", b"page"]
        del line

    assert server.connections == 1


def test_a_connection_with_tls_that_ended_meanwhile_is_not_used() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serving([], [OK, b""], secured=context) as server:
        line = wire(server.port, lambda: believing(authority), "localhost")
        line.open_some(1)
        server.ended.acquire()

        assert line.ask(HEAD, b"", bodiless=False).body == b"page"
        del line

    assert server.connections == 2


def believing(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


def test_whom_we_believe_is_asked_under_tls() -> None:
    authority = trustme.CA()
    with secured(authority, "localhost") as port:
        line = wire(port, lambda: believing(authority), "localhost")

        assert line.ask(HEAD, b"", bodiless=False).body == b"page"
        del line


def test_a_name_that_the_certificate_does_not_hold_is_not_asked() -> None:
    authority = trustme.CA()
    with secured(authority, "elsewhere.example") as port:
        line = wire(port, lambda: believing(authority), "localhost")

        with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
            line.ask(HEAD, b"", bodiless=False)


def test_an_authority_that_nobody_knows_is_not_believed() -> None:
    with secured(trustme.CA(), "localhost") as port:
        line = wire(port, lambda: trusting(""), "localhost")

        with pytest.raises(ssl.SSLCertVerificationError):
            line.ask(HEAD, b"", bodiless=False)


def test_the_authorities_are_those_that_botocore_believes() -> None:
    assert authorities() == get_cert_path(verify=True)
