"""Servers of this process, on loopback, while a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import TCPServer

from firstword.preview import Preview


@contextmanager
def running(server: TCPServer) -> Iterator[str]:
    """Have a server serve in a thread; yields its host and port as an address has them."""
    host, port = server.server_address[:2]
    with server, _in_a_thread(lambda: server.serve_forever(0.01), server.shutdown):
        yield f"{host!s}:{port}"


@contextmanager
def previewing(folder: Path) -> Iterator[Preview]:
    """Have `firstword serve`'s server show a folder."""
    preview = Preview(folder, 0)
    with _in_a_thread(preview.serve_forever, preview.close):
        yield preview


@contextmanager
def _in_a_thread(serve: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        end()
        thread.join()
