"""A small server for looking at a build on this machine; it is never part of what is published."""

from __future__ import annotations

import io
import threading
from base64 import b64encode
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_EVENTS = "/.firstword-events"
_HOSTS = frozenset({"127.0.0.1", "localhost"})
_SCRIPT = b"new EventSource('" + _EVENTS.encode() + b"').onmessage=()=>location.reload()"
_RELOAD = b"<script>" + _SCRIPT + b"</script>"
_ALLOWED = b"script-src 'sha256-" + b64encode(sha256(_SCRIPT).digest()) + b"' '"
_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
}
#: How long a waiting browser is kept before it is told that nothing happened, in seconds.
_PATIENCE = 15.0


class Preview:
    """Serves a folder on loopback and tells browsers when it has changed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.version = 0
        self.news = threading.Condition()
        self.closed = False
        handler = partial(_Handler, preview=self, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """Where to look."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def serve_forever(self) -> None:
        """Answer until closed."""
        self._server.serve_forever(poll_interval=0.05)

    def changed(self) -> None:
        """Tell every waiting browser."""
        with self.news:
            self.version += 1
            self.news.notify_all()

    def close(self) -> None:
        """Stop answering."""
        with self.news:
            self.closed = True
            self.news.notify_all()
        self._server.shutdown()
        self._server.server_close()


def reloading(page: bytes) -> bytes:
    """Add the script that reloads a page when it has changed, and let the page's policy pass it."""
    return page.replace(b"script-src '", _ALLOWED, 1) + _RELOAD


class _Handler(SimpleHTTPRequestHandler):
    """Files, plus one stream of events."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, preview: Preview, **kwargs: Any) -> None:
        self.preview = preview
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Answer a request from this machine."""
        if self._is_ours():
            if self.path == _EVENTS:
                self._events()
            else:
                super().do_GET()

    def do_HEAD(self) -> None:
        """Answer as to GET, without a body."""
        if self._is_ours():
            super().do_HEAD()

    def _is_ours(self) -> bool:
        """Tell whether this machine is asked by its own name; say so to whoever uses another."""
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        if host in _HOSTS:
            return True
        # Another site's name that resolves to this machine must not read drafts, nor if there are.
        self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def guess_type(self, path: Any) -> str:
        """Answer as the publisher would, whatever this machine's tables say."""
        return _TYPES.get(Path(path).suffix) or str(super().guess_type(path))

    def end_headers(self) -> None:
        """Keep browsers from keeping anything."""
        super().send_header("Cache-Control", "no-store")
        super().end_headers()

    def send_head(self) -> Any:
        """Open what is asked for; a page comes with the line that reloads it."""
        # A page is made anew: a browser that asks "if changed since" must not miss that line.
        del self.headers["If-Modified-Since"]
        path = Path(self.translate_path(self.path))
        # Without its slash, the library sends the browser to where it has one.
        if path.is_dir() and urlsplit(self.path).path.endswith("/"):
            path /= "index.html"
        if path.suffix != ".html" or not path.is_file():
            return super().send_head()
        page = reloading(path.read_bytes())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        return io.BytesIO(page)

    def _events(self) -> None:
        """Hold the browser's line until there is news, as server-sent events."""
        # Before the browser can know that it is heard, or what comes at once would be missed.
        seen = self.preview.version
        self.send_response(HTTPStatus.OK)
        super().send_header("Content-Type", "text/event-stream")
        super().send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while not self.preview.closed:
            with self.preview.news:
                self.preview.news.wait_for(
                    lambda: self.preview.version != seen or self.preview.closed, _PATIENCE
                )
            try:
                if self.preview.version != seen:
                    self.wfile.write(b"data: changed\n\n")
                    return
                self.wfile.write(b": nothing yet\n\n")
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing: the terminal is for problems."""
