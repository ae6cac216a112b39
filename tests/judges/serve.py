"""A built site on loopback as readers get it: the publisher's headers and CloudFront's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from running import running

from firstword.headers import headers_for

TEMPLATE = Path(__file__).resolve().parent.parent.parent / "hosting" / "cloudformation.yaml"


def security_headers() -> dict[str, str]:
    """Return the headers that hosting/cloudformation.yaml adds to every answer."""
    text = TEMPLATE.read_text(encoding="utf-8")
    policy = re.search(r"ContentSecurityPolicy: >-\n((?: +.*\n)+?)(?= +\w+:\n)", text)
    if policy is None:
        raise ValueError(f"no Content-Security-Policy in {TEMPLATE.name!r}")
    return {
        "Content-Security-Policy": " ".join(policy[1].split()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }


class _Handler(BaseHTTPRequestHandler):
    """Answers from a folder; what is missing gets the site's own page for that."""

    protocol_version = "HTTP/1.1"
    folder = Path()
    extra: dict[str, str] = {}  # noqa: RUF012 - set once, before the server starts

    def do_GET(self) -> None:
        """Answer one request."""
        key = unquote(urlsplit(self.path).path).lstrip("/")
        key = f"{key}index.html" if not key or key.endswith("/") else key
        status = HTTPStatus.OK
        if not (self.folder / key).is_file():
            key, status = "404.html", HTTPStatus.NOT_FOUND
        path = self.folder / key
        data = path.read_bytes() if path.is_file() else b""
        media_type, cache = headers_for(key)
        self.send_response(status)
        for name, value in {
            "Content-Type": media_type,
            "Content-Length": str(len(data)),
            "Cache-Control": cache,
            **self.extra,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder while the block lasts; yields the address, with a slash at its end."""
    handler = type("Handler", (_Handler,), {"folder": folder, "extra": security_headers()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    with running(server) as at:
        yield f"http://{at}/"
