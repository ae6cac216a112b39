"""Many writes by one thread: nothing is lost, nothing is asked twice, and the rest is left."""

from __future__ import annotations

import hashlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import trustme
from test_store_lane import Asked, opened, put, s3
from test_store_wire import LARGE, REFUSED, refusing, serving

from firstword.errors import BuildError, Conflict
from firstword.store import Many, Write
from firstword.store import many as transport
from firstword.store.lane import trusting
from firstword.store.wire import READ_SECONDS, Reply, Wire

__all__ = ["s3"]

OK = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n'
LAST = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'


def numbered(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield requests; a server of the tests reads one at a time."""
    return iter(
        [(str(number), f"PUT /{number} HTTP/1.1\r\n\r\n".encode()) for number in range(count)]
    )


class Told:
    """What was answered; says to go on until `stop` is answered."""

    def __init__(self, stop: str = "") -> None:
        self.replies: dict[str, Reply] = {}
        self.stop = stop

    def __call__(self, name: str, reply: Reply) -> bool:
        self.replies[name] = reply
        return name != self.stop


def ask(
    port: int,
    requests: Iterator[tuple[str, bytes]],
    told: Callable[[str, Reply], bool],
    at_once: int = 1,
    context: ssl.SSLContext | None = None,
) -> bool:
    """Ask a server on this machine, as a publish does."""
    return Wire("127.0.0.1", port, trust=trust_of(context), size=4).ask_many(
        requests, at_once, told
    )


# ── on the wire ──────────────────────────────────────────────────────────────────────────────────


def test_one_connection_is_used_again_and_again() -> None:
    told = Told()
    with serving([OK] * 5) as server:
        assert ask(server.port, numbered(5), told)

    assert [*told.replies] == ["0", "1", "2", "3", "4"]
    assert {reply.status for reply in told.replies.values()} == {200}
    assert server.connections == 1


def test_an_answer_may_come_in_pieces_and_without_a_length() -> None:
    told = Told()
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + OK
    pieces = [whole[:30], whole[30:60], whole[60:]]
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", b"words"]
    with serving([pieces, endless], [[OK]]) as server:
        assert ask(server.port, numbered(3), told)

    assert [reply.body for reply in told.replies.values()] == [b"", b"words", b""]
    assert server.connections == 2


def test_where_a_server_wants_no_more_on_a_connection_another_one_goes_on() -> None:
    told = Told()
    with serving([OK, LAST], [LAST], [OK]) as server:
        assert ask(server.port, numbered(4), told)

    assert len(told.replies) == 4
    assert server.connections == 3


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
)
def test_what_has_no_answer_is_not_told_and_nothing_more_is_begun(answer: bytes) -> None:
    told, requests = Told(), numbered(5)
    with serving([OK, answer]) as server:
        assert not ask(server.port, requests, told)

    assert [*told.replies] == ["0"]
    assert [name for name, _ in requests] == ["2", "3", "4"]


@pytest.mark.parametrize("resets", [False, True])
def test_a_new_connection_that_has_no_answer_ends_it(*, resets: bool) -> None:
    told, requests = Told(), numbered(5)
    with serving([b""], resets=resets) as server:
        assert not ask(server.port, requests, told)

    assert not told.replies
    assert [name for name, _ in requests] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("secure", [False, True])
def test_who_hung_up_before_the_next_request_is_asked_on_another_connection(
    *, secure: bool
) -> None:
    secured, context = identities() if secure else (None, None)
    told, heard = Told(), threading.Event()

    def once() -> Iterator[bytes]:
        yield OK
        assert heard.wait(5)

    with serving(once(), [OK, OK], secured=secured) as server:

        def requests() -> Iterator[tuple[str, bytes]]:
            first, *others = numbered(3)
            yield first
            # Not a word of that came along with the answer.
            heard.set()
            assert server.ended.acquire(timeout=5)
            yield from others

        assert ask(server.port, requests(), told, context=context)

    assert [*told.replies] == ["0", "1", "2"]
    assert server.connections == 2


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("secure", [False, True])
def test_what_a_server_hung_up_on_is_left_and_the_others_go_on(
    *, secure: bool, resets: bool
) -> None:
    """It may have done what it heard, so nobody says it again here."""
    secured, context = identities() if secure else (None, None)
    told = Told()
    scripts = [OK, b""], [OK, OK, b""], [OK]
    with serving(*scripts, secured=secured, resets=resets) as server:
        assert ask(server.port, numbered(6), told, context=context)

    assert [*told.replies] == ["0", "2", "3", "5"]
    assert server.heard == [request for _, request in numbered(6)]
    assert server.connections == 3


def test_a_connection_opened_beforehand_may_have_ended_meanwhile() -> None:
    told = Told()
    with serving([b""], [OK, OK]) as server:
        line = Wire("127.0.0.1", server.port, trust=None, size=4)
        line.open_some(1)
        assert line.ask_many(numbered(3), 1, told)

    assert [*told.replies] == ["1", "2"]


@pytest.mark.parametrize("again", [True, False])
def test_what_was_not_sent_whole_is_sent_on_another_connection_once(*, again: bool) -> None:
    """Nobody can have done what nobody heard the end of."""
    told, (first_one, last_one) = Told(), numbered(2)
    requests = iter([first_one, ("large", LARGE), last_one])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def serve() -> None:
            with listening.accept()[0] as first:
                first.recv(1000)
                first.sendall(OK)
                first.recv(1000)
            with listening.accept()[0] as second:
                heard = len(second.recv(1000))
                while again and heard < len(LARGE):
                    heard += len(second.recv(1_000_000))
                if again:
                    second.sendall(OK)
                    second.recv(1000)
                    second.sendall(OK)

        serving_it = threading.Thread(target=serve)
        serving_it.start()
        assert ask(listening.getsockname()[1], requests, told) is again
        serving_it.join()

    assert [*told.replies] == (["0", "large", "1"] if again else ["0"])
    assert len([*requests]) == (0 if again else 1)


def test_what_was_not_sent_whole_is_not_tried_on_each_connection_that_is_open() -> None:
    told, left_alone = Told(), list[bool]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        line = Wire("127.0.0.1", listening.getsockname()[1], trust=None, size=4)
        line.open_some(2)

        def serve() -> None:
            opened_before = [listening.accept()[0] for _ in range(2)]
            [asked, *_], _, _ = select.select(opened_before, [], [], 5)
            opened_before.remove(asked)
            asked.recv(1000)
            asked.close()
            with opened_before[0] as other, listening.accept()[0] as new:
                heard = 0
                while heard < len(LARGE):
                    heard += len(new.recv(1_000_000))
                new.sendall(OK)
                left_alone.append(not select.select([other], [], [], 0)[0])

        serving_it = threading.Thread(target=serve)
        serving_it.start()
        assert line.ask_many(iter([("large", LARGE)]), 1, told)
        serving_it.join()

    assert [*told.replies] == ["large"]
    assert left_alone == [True]


def test_what_nobody_listens_to_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    told, requests = Told(), numbered(3)

    assert not ask(port, requests, told)

    assert not told.replies
    assert len([*requests]) == 2


def test_a_connection_on_which_nothing_moves_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.05)
    monkeypatch.setattr(transport, "_WATCH_SECONDS", 0.01)
    told, requests = Told(), numbered(3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not ask(silent.getsockname()[1], requests, told)

    assert not told.replies


def test_where_an_answer_says_stop_what_has_begun_ends_and_the_rest_is_left() -> None:
    told, requests = Told(stop="1"), numbered(5)
    with serving([OK] * 5) as server:
        assert ask(server.port, requests, told)

    assert [*told.replies] == ["0", "1"]
    assert [name for name, _ in requests] == ["2", "3", "4"]


def test_what_whoever_makes_requests_raises_is_raised_once_the_others_ended() -> None:
    told = Told()

    def broken() -> Iterator[tuple[str, bytes]]:
        yield from numbered(2)
        raise BuildError("changed after the build")

    with serving([OK], [OK]) as server, pytest.raises(BuildError, match="changed after the build"):
        ask(server.port, broken(), told, at_once=3)

    assert len(told.replies) == 2


def test_what_whoever_hears_answers_raises_is_raised() -> None:
    def loud(_name: str, _reply: Reply) -> bool:
        raise KeyboardInterrupt

    requests = numbered(3)
    with serving([OK]) as server, pytest.raises(KeyboardInterrupt):
        ask(server.port, requests, loud)

    assert len([*requests]) == 2


# ── where it fails by itself ─────────────────────────────────────────────────────────────────────


class Ending:
    """Hears a request on each of some connections, answers all of them, and waits for their end."""

    def __init__(self, count: int) -> None:
        #: How many were closed by whoever asked.
        self.ended = 0
        self._count = count
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(5)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connections = [self._listening.accept()[0] for _ in range(self._count)]
        for connection in connections:
            connection.settimeout(2)  # a test that fails must end as well
        asking = [connection for connection in connections if self._hears(connection)]
        for connection in asking:
            with suppress(OSError):
                connection.sendall(OK)
        for connection in asking:
            self._hears(connection)
        for connection in connections:
            connection.close()

    def _hears(self, connection: socket.socket) -> bool:
        """Wait for more to be said; count who has hung up instead."""
        try:
            if connection.recv(65536):
                return True
        except TimeoutError:
            return False
        except ConnectionResetError:
            pass
        self.ended += 1
        return False

    def seen(self) -> int:
        """Return how many connections were closed, in the end."""
        self._thread.join()
        self._listening.close()
        return self.ended


class Brittle:
    """Connections of which one cannot be had (the third), or kept (any)."""

    def __init__(self, port: int, *, keeps: bool) -> None:
        self.place = ("127.0.0.1", port)
        self._keeps = keeps
        self._asked = 0

    def idle(self) -> socket.socket | None:
        self._asked += 1
        if self._keeps and self._asked == 3:
            raise KeyboardInterrupt
        return None

    def keep(self, _connection: socket.socket) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("who", ["makes requests", "hears answers"])
def test_whoever_raises_leaves_open_what_is_kept_and_nothing_else(who: str) -> None:
    server = Ending(3)
    line = Wire("127.0.0.1", server.port, trust=None, size=1)

    def requests() -> Iterator[tuple[str, bytes]]:
        yield from numbered(3)
        if who == "makes requests":
            raise BuildError("changed after the build")

    def answered(_name: str, _reply: Reply) -> bool:
        if who == "hears answers":
            raise BuildError("changed after the build")
        return True

    # What was raised is held until the server has seen, and with it all that it came through.
    with pytest.raises(BuildError) as raised:
        line.ask_many(requests(), 3, answered)
    kept = line.idle()
    assert kept is not None
    kept.close()

    assert line.idle() is None
    assert server.seen() == 3
    assert raised.value.args


@pytest.mark.parametrize(("keeps", "begun"), [(True, 2), (False, 3)])
def test_nothing_is_left_open_where_it_is_interrupted(*, keeps: bool, begun: int) -> None:
    server = Ending(begun)

    with pytest.raises(KeyboardInterrupt) as raised:
        transport.ask_many(Brittle(server.port, keeps=keeps), None, numbered(3), 3, Told())

    assert server.seen() == begun
    assert raised.value.args == ()


def test_nothing_is_left_open_where_a_request_is_none() -> None:
    server = Ending(2)
    line = Wire("127.0.0.1", server.port, trust=None, size=2)
    line.open_some(2)
    no_request: Any = ("1", None)

    with pytest.raises(TypeError) as raised:
        line.ask_many(iter([*numbered(1), no_request]), 2, Told())

    assert server.seen() == 2
    assert raised.value.args


@pytest.mark.parametrize("trusted", [True, False])
def test_only_a_server_that_we_trust_hears_anything(*, trusted: bool) -> None:
    authority, told = trustme.CA(), Told()
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(secured)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    (authority if trusted else trustme.CA()).configure_trust(context)
    with serving([OK, OK], secured=secured) as server:
        assert ask(server.port, numbered(2), told, context=context) is trusted

    assert len(told.replies) == (2 if trusted else 0)
    assert len(server.heard) == (2 if trusted else 0)


def test_as_many_are_under_way_at_once_as_are_to_be_and_no_more_are_kept() -> None:
    told, looked = Told(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            """Answer nobody before three have asked."""
            connections = [listening.accept()[0] for _ in range(3)]
            for _ in range(2):
                for connection in connections:
                    connection.recv(65536)
                for connection in connections:
                    connection.sendall(OK)
            looked.wait(5)
            for connection in connections:
                connection.close()

        serving_them = threading.Thread(target=serve)
        serving_them.start()
        line = Wire("127.0.0.1", listening.getsockname()[1], trust=None, size=2)
        assert line.ask_many(numbered(6), 3, told)
        kept = [line.idle() for _ in range(3)]
        looked.set()
        serving_them.join()

    assert len(told.replies) == 6
    assert [connection is not None for connection in kept] == [True, True, False]
    for connection in filter(None, kept):
        assert connection.gettimeout() == READ_SECONDS
        connection.close()


@pytest.mark.parametrize("secure", [False, True])
def test_a_connection_that_is_open_is_taken_and_given_back(*, secure: bool) -> None:
    secured, context = identities() if secure else (None, None)
    told = Told()
    with serving([OK] * 4, secured=secured) as server:
        line = Wire("127.0.0.1", server.port, trust=trust_of(context), size=2)
        assert line.ask(b"PUT /first HTTP/1.1\r\n\r\n", b"", bodiless=False).status == 200
        assert line.ask_many(numbered(2), 1, told)
        assert line.ask(b"PUT /last HTTP/1.1\r\n\r\n", b"", bodiless=False).status == 200
        del line

    assert len(told.replies) == 2
    assert server.connections == 1


def test_an_answer_before_all_is_sent_is_heard_and_ends_the_connection() -> None:
    """A server that refuses a page need not read it."""
    refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    told, kept = Told(), list[socket.socket]()
    large = b"PUT /large HTTP/1.1\r\n\r\n" + b"x" * 50_000_000
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            connection.recv(1000)
            connection.sendall(refused)
            kept.append(connection)

        serving_it = threading.Thread(target=serve)
        serving_it.start()
        line = Wire("127.0.0.1", listening.getsockname()[1], trust=None, size=4)
        assert line.ask_many(iter([("large", large)]), 1, told)
        serving_it.join()

    assert [reply.status for reply in told.replies.values()] == [403]
    assert line.idle() is None
    kept[0].close()


def ask_one_who_refuses(
    answer: bytes, told: Told, page: bytes = LARGE, *, secure: bool = False
) -> tuple[bool, socket.socket | None]:
    """Send a page to a server that hangs up in its midst; tell what is kept of it."""
    secured, context = identities() if secure else (None, None)
    with refusing(answer, secured=secured) as server:
        line = Wire("127.0.0.1", server.port, trust=trust_of(context), size=4)
        line.open_some(1)

        def requests() -> Iterator[tuple[str, bytes]]:
            yield "page", page
            # As much of it is on its way as can be; here all stands still until nobody reads on.
            assert server.hung_up.wait(5)

        return line.ask_many(requests(), 2, told), line.idle()


@pytest.mark.parametrize("page", [LARGE, LARGE[:5000]], ids=["half sent", "sent and not read"])
@pytest.mark.parametrize("secure", [False, True])
def test_why_a_server_hung_up_is_heard_though_a_page_was_on_its_way(
    page: bytes, *, secure: bool
) -> None:
    told = Told()

    assert ask_one_who_refuses(REFUSED, told, page, secure=secure) == (True, None)

    assert [reply.status for reply in told.replies.values()] == [412]
    assert told.replies["page"].body == b"<Code>PreconditionFailed</Code>"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 412 Precond", OK])
def test_a_page_that_was_not_taken_and_no_refusal_is_no_answer(answer: bytes) -> None:
    told = Told()

    assert ask_one_who_refuses(answer, told) == (False, None)

    assert not told.replies


@pytest.mark.parametrize("listens", ["127.0.0.2", "127.0.0.3", ""])
def test_each_address_of_a_server_is_tried(monkeypatch: pytest.MonkeyPatch, listens: str) -> None:
    told = Told()
    with serving([OK, OK]) as server:

        def addresses(*_: object, **__: object) -> list[tuple[object, ...]]:
            hosts = ("127.0.0.2", "127.0.0.3")
            return [
                (
                    *(socket.AF_INET, socket.SOCK_STREAM, 6, ""),
                    ("127.0.0.1" if host == listens else host, server.port),
                )
                for host in hosts
            ]

        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        line = Wire("storage.example", server.port, trust=None, size=4)
        assert line.ask_many(numbered(2), 1, told) is bool(listens)

    assert len(told.replies) == (2 if listens else 0)


def identities() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server proves itself with, and what believes it."""
    authority = trustme.CA()
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(secured)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return secured, context


def trust_of(context: ssl.SSLContext | None) -> Callable[[], ssl.SSLContext] | None:
    return (lambda: context) if context else None


@pytest.mark.parametrize(
    ("size", "piece", "seconds"), [(20_000_000, 1_000_000, 0.0005), (1_500_000, 50_000, 0.02)]
)
def test_a_large_upload_over_a_slow_line_has_time(
    monkeypatch: pytest.MonkeyPatch, size: int, piece: int, seconds: float
) -> None:
    """Nothing shows of what the system took and did not send yet, which may be all of it."""
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    monkeypatch.setattr(transport, "_WATCH_SECONDS", 0.02)
    (secured, context), told = identities(), Told()
    body = b"x" * size
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection = secured.wrap_socket(listening.accept()[0], server_side=True)
            heard, pause = 0, threading.Event()
            while heard < len(body) and (came := connection.recv(piece)):
                heard += len(came)
                pause.wait(seconds)
            if heard == len(body):
                connection.sendall(OK)
            connection.close()

        serving_it = threading.Thread(target=serve)
        serving_it.start()
        requests = iter([("large", body)])
        assert ask(listening.getsockname()[1], requests, told, context=context)
        serving_it.join()

    assert [*told.replies] == ["large"]


def test_whom_nobody_can_vouch_for_is_left_to_who_knows_more() -> None:
    lane = Wire("127.0.0.1", 1, trust=lambda: trusting("/nowhere.pem"), size=1)

    assert not lane.ask_many(requests := numbered(2), 1, Told())

    assert len([*requests]) == 2


# ── to a bucket ──────────────────────────────────────────────────────────────────────────────────


def writes(*keys: str, **about: Any) -> Iterator[Write]:
    for key in keys:
        body = f"page {key}".encode() * 50_000
        yield Write(
            key=key,
            body=body,
            content_type="text/html; charset=utf-8",
            cache_control="public, max-age=30",
            digest=hashlib.sha256(body).hexdigest(),
            generation=7,
            **{"if_match": None, "if_absent": True, **about},
        )


def put_many(store: object, some: Iterator[Write], at_once: int = 4) -> dict[str, str]:
    told: dict[str, str] = {}
    assert isinstance(store, Many)
    store.put_many(some, at_once, told.__setitem__)
    return told


def test_a_write_among_many_says_what_it_says_alone(s3: Asked) -> None:
    store = opened(s3.address)
    put(store)
    [one] = writes("index.html", if_match='"e"', if_absent=False)
    store.put(one)

    told = put_many(store, iter([one]))

    _, first, second = s3.writes
    assert told == {"index.html": "3"}
    assert first[0] == second[0]
    assert first[2] == second[2]
    passing = {"authorization", "x-amz-date"}
    assert {k: v for k, v in first[1].items() if k not in passing} == {
        k: v for k, v in second[1].items() if k not in passing
    }


def test_a_server_that_checks_signatures_believes_many(rclone: str) -> None:
    store = opened(rclone)
    keys = [f"months/2026-{month:02d}/ü & more.html" for month in range(1, 13)]

    told = put_many(store, writes(*keys))

    assert sorted(told) == sorted(keys)
    for key, etag in told.items():
        found = store.get(key)
        assert found is not None
        assert (found.body, found.etag) == (next(writes(key)).body, etag)


def test_a_lost_race_is_left_and_the_others_go_on(s3: Asked) -> None:
    store = opened(s3.address)
    put(store)
    s3.answers += [200, 412, 200, 409, 404, 200]

    told = put_many(store, some := writes("a", "b", "c", "d", "e", "f"), at_once=1)

    assert sorted(told) == ["a", "c", "f"]
    assert [*some] == []


def test_a_write_whose_answer_was_lost_is_left_and_needs_no_client(s3: Asked) -> None:
    store = opened(s3.address)
    put(store)
    s3.answers += [200, 0, 200, 412]

    told = put_many(store, some := writes("a", "b", "c"), at_once=1)

    assert [*told] == ["a", "c"]
    assert [*some] == []
    # It was written, so that what is asked for once more meets itself.
    with pytest.raises(Conflict):
        put(store, "b", if_absent=True)
    assert s3.by_client == [True, False, False, False, False]


@pytest.mark.parametrize("status", [500, 503, 403, 307])
def test_after_a_failure_the_rest_is_left(s3: Asked, status: int) -> None:
    store = opened(s3.address)
    put(store)
    s3.answers += [200, status]

    told = put_many(store, some := writes("a", "b", "c", "d"), at_once=1)

    assert [*told] == ["a"]
    assert [one.key for one in some] == ["c", "d"]
    # And goes the usual way, as after any failure.
    put(store, "c")
    assert s3.by_client[-1]


def test_where_only_the_client_knows_the_way_all_is_left(s3: Asked) -> None:
    store = opened(s3.address)

    assert put_many(store, some := writes("a", "b")) == {}

    assert len([*some]) == 2
    assert s3.writes == []
