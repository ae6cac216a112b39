"""Measure sending: one update to many people, beside smtplib with bytes that are made already.

examples:
  python -m benchmarks.mailing                      100,000 people, 5,000 of them over SMTP
  python -m benchmarks.mailing --people 2000 --wire 500

The sink is a process of its own that takes everything and looks at nothing. Seconds are of this
machine; ratios are what travels. Memory is the growth of this process's largest size.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import smtplib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from firstword.mail.ledger import Fate, open_ledger
from firstword.mail.parcel import Cadence, Consent, Edition, Letter, Look, Subscriber
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, send
from firstword.mail.smtp import Server, SmtpTransport
from firstword.mail.transport import Outcome, Quota
from firstword.values import replace

AT = datetime(2026, 11, 21, 9, 20, tzinfo=UTC)
EDITION = Edition(
    id="update/2026-11-21-card-payments/20261121T092000Z",
    cadence=Cadence.IMMEDIATE,
    incident="2026-11-21-card-payments",
    urgent=True,
    digest="0" * 64,
    at=AT,
)
#: As many bytes as a message with its HTML has.
SIZE = 12_000


class Scribe:
    """Writes one letter."""

    def concerns(self, edition: Edition, look: Look) -> bool:  # noqa: ARG002  as the protocol asks
        """Concern everybody."""
        return True

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:  # noqa: ARG002
        """Return the letter."""
        return Letter(
            head=b"From: status@acme.example\r\nSubject: Card payments fail in the EU\r\n",
            body=b"One card payment in five is refused by the bank in between.\r\n" * (SIZE // 61),
            name="i.card-payments.20261121T092000Z",
            domain="status.acme.example",
            unsubscribe_to="status@acme.example",
        )


class Nowhere:
    """A server that takes everything and is not there: what is left is our own work."""

    name = "nowhere"
    lanes = 4

    def quota(self) -> Quota:
        """Allow everything."""
        return Quota()

    def open(self) -> Nowhere:
        """Be the lane as well."""
        return self

    def send(self, address: str, message: bytes) -> Outcome:  # noqa: ARG002  a lane's signature
        """Take a message."""
        return Outcome(fate=Fate.ACCEPTED)

    def close(self) -> None:
        """Nothing to close."""


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 fine\r\n")
        if verb == b"QUIT":
            break
    writer.close()


def _serve(told: Connection) -> None:
    async def forever() -> None:
        server = await asyncio.start_server(_talk, "127.0.0.1", 0, limit=2**20)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


@contextmanager
def sink() -> Iterator[int]:
    """Run the sink; yield its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def desk(folder: Path, many: int) -> Desk:
    """Write a list of so many people and an empty ledger."""
    people = open_people(folder, create=True)
    one = Subscriber(
        address="",
        cadence=Cadence.IMMEDIATE,
        consent=Consent(at=AT, how="a form", words="Mail me"),
        since=AT,
    )
    people.put(replace(one, address=f"reader{n}@reader.example") for n in range(many))
    return Desk(people, open_ledger(folder, lambda: AT), Scribe())


def peak() -> int:
    """Return this process's largest size so far, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def timed(label: str, many: int, began: tuple[float, float], size: int) -> None:
    """Print a row of the table."""
    wall, cpu = time.monotonic() - began[0], time.process_time() - began[1]
    print(
        f"| {label} | {many:,} | {many / wall:,.0f} | {many / cpu:,.0f} | {size / 1024:,.1f} |",
        flush=True,
    )


def start() -> tuple[float, float]:
    """Return both clocks."""
    return time.monotonic(), time.process_time()


def smtplib_alone(port: int, many: int) -> None:
    """Send bytes that are made already, over one connection."""
    message = Scribe().compose(EDITION, Look(), ()).for_recipient("r@reader.example", "a" * 32)
    began, size = start(), peak()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(many):
            smtp.sendmail("status@acme.example", f"reader{number}@reader.example", message)
    timed("smtplib, bytes made already, 1 connection", many, began, peak() - size)


def ours(label: str, many: int, transport: Nowhere | SmtpTransport, work: Path) -> None:
    """Plan, claim, compose and send an edition."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        at = desk(Path(folder), many)
        began, size = start(), peak()
        sent = send(at, [EDITION], transport, expected=None)
        timed(label, many, began, peak() - size)
        assert sent.count(Fate.ACCEPTED) == many
        at.people.close()
        at.ledger.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--wire", type=int, default=5_000)
    parser.add_argument(
        "--work", type=Path, help="where the ledger lies (default: the usual place)"
    )
    options = parser.parse_args()
    print("| What | Messages | a second | a CPU second | grew by MB |\n|---|---|---|---|---|")
    # The small one first, so that what the large one grows by is its own.
    ours("ours, to nowhere", options.people // 10, Nowhere(), options.work)
    ours("ours, to nowhere", options.people, Nowhere(), options.work)
    with sink() as port:
        smtplib_alone(port, options.wire)
        for lanes in (1, 4):
            transport = SmtpTransport(
                Server(host="127.0.0.1", port=port, secure="starttls"),
                "status@acme.example",
                lanes=lanes,
                sleep=time.sleep,
            )
            ours(f"ours, {lanes} connections", options.wire, transport, options.work)


if __name__ == "__main__":
    main()
