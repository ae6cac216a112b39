"""A proxy on loopback that cuts connections, tears uploads, or loses the reply to a write."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from running import running

_HOP_BY_HOP = {"connection", "expect", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request on its way; `answered` once the server behind has acted on it."""

    method: str
    path: str
    query: str
    body: bytes
    absent: bool  #: it is to be written only if nothing is there
    answered: bool

    @property
    def kind(self) -> str:
        """Return what the request means to a publisher: "lease PUT", "shard GET" ..."""
        if self.path.endswith("/.firstword/root.json"):
            if self.method == "PUT":
                return "commit PUT" if b'"lease":null' in self.body else "lease PUT"
            return f"root {self.method}"
        if "/.firstword/shards/" in self.path:
            return f"shard {self.method}"
        if "/.firstword/" in self.path:
            return f"probe {self.method}"
        if self.path.count("/") == 1:
            return f"bucket {self.method}"
        leaf = self.method == "PUT" and self.absent
        return f"{'leaf' if leaf else 'page'} {self.method}"


class FaultyProxy:
    """Forwards to `upstream`, unless `fault` says that the connection is cut.

    `fault` is asked twice about every request: when it has arrived, and when the server behind has
    answered it; True cuts the connection then. `exclusive` lets one request through at a time, for
    a server that does not lock between reading a condition and writing.
    """

    def __init__(self, upstream: str, *, exclusive: bool = False) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.fault: Callable[[Request], bool] = lambda request: False
        #: asked about every upload: True = half of it arrives, and no more
        self.tear: Callable[[Request], bool] = lambda request: False
        #: headers to add to a request, for what is behind
        self.marks: Callable[[Request], Mapping[str, str]] = lambda request: {}
        #: changes the headers of an answer
        self.headers: Callable[[str, str], str] = lambda name, value: value
        self.requests: list[Request] = []
        self._gate: Any = threading.Lock() if exclusive else nullcontext()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._open = ExitStack()
        self._open.enter_context(running(self._server))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def taken(self) -> list[Request]:
        """Return what was asked since the last time, and forget it."""
        taken, self.requests = self.requests, []
        return taken

    def close(self) -> None:
        self._open.close()

    def _forward(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            with self._gate:
                upstream.request(method, path, body, headers)
                answer = upstream.getresponse()
                return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _forward_half(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        upstream = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            upstream.putrequest("PUT", path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body[: len(body) // 2])
        finally:
            upstream.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                absent = self.headers.get("If-None-Match") == "*"
                address = urlsplit(self.path)
                asked = (self.command, address.path, address.query, body, absent)
                request = Request(*asked, answered=False)
                proxy.requests.append(request)
                if proxy.fault(request):
                    self._cut()
                    return
                sent = {n: v for n, v in self.headers.items() if n.lower() not in _HOP_BY_HOP}
                sent |= proxy.marks(request)
                if self.command == "PUT" and proxy.tear(request):
                    proxy._forward_half(self.path, body, sent)
                    self._cut()
                    return
                try:
                    status, headers, data = proxy._forward(self.command, self.path, body, sent)
                except (OSError, http.client.HTTPException):
                    self._cut()  # the server behind is down
                    return
                if proxy.fault(Request(*asked, answered=True)):
                    self._cut()
                    return
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, proxy.headers(name, value))
                if not any(name.lower() == "content-length" for name, _ in headers):
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815 - http.server's

            def _cut(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def log_request(self, *_args: Any) -> None:
                """Say nothing."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that was killed is what this is about."""
