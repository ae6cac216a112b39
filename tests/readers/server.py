"""A built site on loopback, with the headers that S3 sends."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from running import running

from firstword.headers import headers_for


class Served:
    """Serves one folder after the other under one address; unchanged files are answered 304."""

    def __init__(self) -> None:
        self.folder = Path()
        self.answers: list[tuple[str, int]] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._open = ExitStack()
        self._open.enter_context(running(self._server))

    def url(self, key: str) -> str:
        """Return where a file of the site is."""
        return f"http://127.0.0.1:{self._server.server_port}/{key}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as an object store does."""
        key = request.path.lstrip("/")
        path = self.folder / key
        if not path.is_file():
            status, data = HTTPStatus.NOT_FOUND, b""
        else:
            status, data = HTTPStatus.OK, path.read_bytes()
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        if status is HTTPStatus.OK and request.headers.get("If-None-Match") == etag:
            status, data = HTTPStatus.NOT_MODIFIED, b""
        self.answers.append((key, status))
        media_type, cache = headers_for(key)
        request.send_response(status)
        request.send_header("ETag", etag)
        request.send_header("Content-Type", media_type)
        request.send_header("Cache-Control", cache)
        if status is not HTTPStatus.NOT_MODIFIED:
            request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def close(self) -> None:
        """Stop answering."""
        self._open.close()
