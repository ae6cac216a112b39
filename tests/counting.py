"""A proxy on loopback that writes down every request on its way to an S3 server."""

from __future__ import annotations

import http.client
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from running import running


class CountingProxy:
    """Forwards to `upstream` and remembers (method, path) of every request."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.requests: list[tuple[str, str]] = []
        #: What was written as the root of a target, in order.
        self.roots: list[bytes] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._open = ExitStack()
        self._open.enter_context(running(self._server))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def taken(self) -> list[tuple[str, str]]:
        """Return what was asked since the last time, and forget it."""
        taken, self.requests = self.requests, []
        return taken

    def close(self) -> None:
        self._open.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _forward(self) -> None:
                proxy.requests.append((self.command, urlsplit(self.path).path))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.command == "PUT" and self.path.endswith("/root.json"):
                    proxy.roots.append(body)
                upstream = http.client.HTTPConnection(proxy.upstream, timeout=30)
                try:
                    upstream.request(self.command, self.path, body, dict(self.headers.items()))
                    answer = upstream.getresponse()
                    data = answer.read()
                finally:
                    upstream.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"transfer-encoding", "connection", "date", "server"}:
                        self.send_header(name, value)
                if answer.getheader("Content-Length") is None:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _forward  # noqa: N815 - http.server's

            def log_request(self, *_args: Any) -> None:
                """Say nothing."""

        return Handler
