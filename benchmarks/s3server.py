"""A small S3 in memory that is never the pace of what is measured, with latency put in.

    python -m benchmarks.s3server --port 0 --latency 30

It prints its address and answers until it is killed. Objects, listings, copies and conditions are
real; signatures are not looked at, and what no measured program asks for is a 501. Every answer is
held back by the latency (a "100 Continue" is not). GET /_bench tells what was asked for since the
last POST /_bench?latency=MILLISECONDS, which starts the count anew; with &drop=BUCKET it forgets a
bucket as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from benchmarks.s3objects import Answer, Asked, Objects

CONTROL = "/_bench"
_ROOT = Path(__file__).resolve().parent.parent
#: A request with this header is answered at once and not counted: whoever measures looks.
UNCOUNTED = "x-bench-uncounted"
_REASONS = {
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    404: "Not Found",
    412: "Precondition Failed",
    501: "Not Implemented",
}


class Server:
    """What all connections share: objects, latency, counts."""

    def __init__(self, latency: float = 0.0) -> None:
        self.objects = Objects()
        self.latency = latency
        self.counts: Counter[str] = Counter()

    def answer(self, asked: Asked) -> tuple[Answer, float]:
        """Return an answer and how long to hold it back, in seconds."""
        if asked.path == CONTROL:
            return self._control(asked), 0.0
        answer = self.objects.answer(asked)
        if UNCOUNTED in asked.headers:
            return answer, 0.0
        self.counts[answer.verb or asked.method] += 1
        self.counts["bytes in"] += len(asked.body)
        self.counts["bytes out"] += len(answer.body)
        return answer, self.latency

    def _control(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            self.latency = float(asked.query.get("latency", "0")) / 1000
            self.objects.buckets.pop(asked.query.get("drop", ""), None)
            self.counts.clear()
        return Answer(body=json.dumps(self.counts).encode())


class Connection(asyncio.Protocol):
    """One connection: requests in order, one at a time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget where answers went."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        if self._busy or self._transport is None:
            return
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head = _head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            if self._head[2].get("expect", "").lower() == "100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        method, target, headers = self._head
        body = self._body(headers)
        if body is None:
            return
        self._head, self._busy = None, True
        answer, hold = self._server.answer(_asked(method, target, headers, body))
        if hold:
            asyncio.get_running_loop().call_later(hold, self._send, method, answer)
        else:
            self._send(method, answer)

    def _body(self, headers: Mapping[str, str]) -> bytes | None:
        """Return a whole body; None = more is to come."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunked()
        size = int(headers.get("content-length") or 0)
        if len(self._buffer) < size:
            return None
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return _unframed(body) if _is_framed(headers) else body

    def _chunked(self) -> bytes | None:
        if not self._buffer.endswith(b"0\r\n\r\n"):
            return None
        body = bytes(self._buffer)
        self._buffer.clear()
        return _unframed(body)

    def _send(self, method: str, answer: Answer) -> None:
        self._busy = False
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}"]
        headers = {"Date": formatdate(usegmt=True), **answer.headers}
        if answer.status not in {204, 304}:
            headers["Content-Length"] = str(len(answer.body))
        lines += [f"{name}: {value}" for name, value in headers.items()]
        data = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self._transport.write(data if method == "HEAD" else data + answer.body)
        self._go_on()


def _head(data: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = data.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return method, target, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _asked(method: str, target: str, headers: dict[str, str], body: bytes) -> Asked:
    path, _, query = target.partition("?")
    return Asked(
        method=method,
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def _is_framed(headers: Mapping[str, str]) -> bool:
    return headers.get("x-amz-content-sha256", "").startswith("STREAMING-")


def _unframed(body: bytes) -> bytes:
    """Take the chunks of aws-chunked, or of HTTP's own chunked, out of their frames."""
    out, at = bytearray(), 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if size == 0:
            return bytes(out)
        out += body[end + 2 : end + 2 + size]
        at = end + 2 + size + 2


@contextmanager
def started() -> Iterator[str]:
    """Run the server as a process of its own; yield its address."""
    command = (sys.executable, "-m", "benchmarks.s3server")
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.kill()


async def _listen(
    server: Server, loop: asyncio.AbstractEventLoop, port: int
) -> asyncio.base_events.Server:
    return await loop.create_server(lambda: Connection(server), "127.0.0.1", port, backlog=256)


def _address(listening: asyncio.base_events.Server) -> str:
    return f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds")
    options = parser.parse_args(argv)
    loop = asyncio.new_event_loop()
    server = Server(options.latency / 1000)
    print(_address(loop.run_until_complete(_listen(server, loop, options.port))), flush=True)
    loop.run_forever()


if __name__ == "__main__":
    main()
