"""Measure mail: one update to many people, beside smtplib with bytes that are made already.

The sink is a process of its own that takes everything and looks at nothing; both send to the same
one. Ours plans, writes down, composes, claims, sends and writes down what came of it; people read
in four languages and three time zones and choose parts, so that there are twelve bodies. A
contender is a process of its own: its time is from the first question to the last answer, its
memory the most it ever had.

examples:
  make bench ARGS="--parts mail"                       100,000 people, several rounds
  python -m benchmarks.mailing --people 2000           these alone, as a table
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import re
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.measure import Took, alternate
from benchmarks.table import Row, Side, markdown
from benchmarks.tools import ROOT
from firstword.digest import Composer, news
from firstword.mail.ledger import Fate, open_ledger
from firstword.mail.parcel import Cadence, Consent, Edition, Letter, Look, Subscriber
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, Sent, send
from firstword.mail.smtp import Server, SmtpTransport
from firstword.mail.transport import Outcome, Quota, Transport
from firstword.markup import Markup
from firstword.page import Records, StatusPage
from firstword.parse import parse
from firstword.settings import read_site
from firstword.values import replace

AT = datetime(2026, 11, 21, 8, 20, tzinfo=UTC)
PARTS = [f"part-{number}" for number in range(60)]
SITE = read_site(
    {
        "SITENAME": "Acme status",
        "SITEURL": "https://status.acme.example",
        "TIMEZONE": "Europe/Copenhagen",
        "PEOPLE": [{"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"}],
        "COMPONENTS": [{"id": one, "name": one.title()} for one in PARTS],
        "MAIL_FROM": "status@acme.example",
    }
)
STORY = f"""\
---
title: Card payments fail in the EU
impact: major
started: 2026-11-21 09:12
components: [{", ".join(PARTS[:6])}]
affected: Anyone paying with a card from an EU bank. About one payment in five fails.
workaround: Pay with a gift card, or try the card again after a minute.
---

## 2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00

One card payment in five is refused by the bank in between. We are on the phone with them.
"""
LANGUAGES, ZONES = ("", "de", "ja", "ar"), ("", "Asia/Tokyo", "America/New_York")
BODIES = len(LANGUAGES) * len(ZONES)
#: The most people that are mailed, and of how many it is done without a server in between.
MOST = 100_000


def edition() -> tuple[Composer, Edition]:
    """Return who writes the update up, and its edition."""
    story = parse(STORY.encode(), "content/2026-11-21-card-payments.md", SITE.timezone).incident
    assert story
    stamps = {story.id: {update.id: update.at for update in story.updates}}
    page = StatusPage.of(SITE, [story], Records(stamps, began=True, now=AT))
    (found,) = news(page, AT)
    return Composer(page, Markup(), ROOT / "theme"), found


class Counting:
    """Writes letters as the composer does, and counts them."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self.composed = 0

    def alike(self, edition: Edition, look: Look) -> Look | None:
        """Ask the composer."""
        return self._composer.alike(edition, look)

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...]) -> Letter:
        """Have the composer write a letter."""
        self.composed += 1
        return self._composer.compose(edition, look, missed)


def readers(many: int) -> Iterator[Subscriber]:
    """Yield people who read in twelve ways and chose a part or two, or none."""
    ways = itertools.cycle(itertools.product(LANGUAGES, ZONES))
    for number, (language, zone) in zip(range(many), ways, strict=False):
        # One of the story's six, with one of all the others: 324 choices, all concerned.
        chosen = {PARTS[number % 6], PARTS[6 + number % 54]} if number % 3 else set()
        yield Subscriber(
            address=f"reader{number}@reader.example",
            cadence=Cadence.IMMEDIATE,
            components=frozenset(chosen),
            language=language,
            zone=zone,
            consent=Consent(at=AT, how="a form", words="Mail me"),
            since=AT,
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


# ── the sink ─────────────────────────────────────────────────────────────────────────────────────


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
        if verb == b"EHLO":
            # As good as every server there is; smtplib does not make use of it.
            writer.write(b"250-sink\r\n250 PIPELINING\r\n")
            continue
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


# ── contenders, each in a process of its own ─────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """What a contender says of itself."""

    wall: float
    cpu: float
    #: The most bytes it had, and before it began.
    peak: int
    before: int
    #: Bytes of a message, and how many bodies were composed.
    size: int
    bodies: int

    @property
    def took(self) -> Took:
        """What the table is made of."""
        return Took(wall=self.wall, cpu=self.cpu)


def desk(folder: Path, many: int) -> tuple[Desk, Edition, Counting]:
    """Write a list of so many people and an empty ledger; return them with the edition."""
    composer, found = edition()
    counting = Counting(composer)
    people = open_people(folder, create=True)
    people.put(readers(many))
    return Desk(people, open_ledger(folder, lambda: AT), counting), found, counting


def mailed(folder: Path, many: int, transport: Transport) -> tuple[Sent, Mailed]:
    """Send the update to so many people, and say what it took."""
    at, found, counting = desk(folder, many)
    with closing(at.people), closing(at.ledger):
        before, began = _peak(), _clocks()
        sent = send(at, [found], transport, expected=None)
        wall, cpu = (now - then for now, then in zip(_clocks(), began, strict=True))
        size = len(_made_already())
        told = Mailed(
            wall=wall,
            cpu=cpu,
            peak=_peak(),
            before=before,
            size=size,
            bodies=counting.composed,
        )
    assert sent.count(Fate.ACCEPTED) == many
    return sent, told


def ceiling(port: int, many: int) -> Mailed:
    """Send bytes that are made already by smtplib, over one connection."""
    message = _made_already()
    before, began = _peak(), _clocks()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(many):
            smtp.sendmail("status@acme.example", f"reader{number}@reader.example", message)
    wall, cpu = (now - then for now, then in zip(_clocks(), began, strict=True))
    return Mailed(wall=wall, cpu=cpu, peak=_peak(), before=before, size=len(message), bodies=0)


def _made_already() -> bytes:
    composer, found = edition()
    return composer.compose(found, Look()).for_recipient("r@reader.example", "a" * 32)


def _peak() -> int:
    # getrusage() would tell of whoever started this process, too, where that was the larger one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)[0]) * 1024


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def _smtp(port: int, lanes: int) -> SmtpTransport:
    return SmtpTransport(
        Server(host="127.0.0.1", port=port, secure="starttls"),
        "status@acme.example",
        lanes=lanes,
        sleep=time.sleep,
    )


def _alone(arguments: Sequence[object]) -> Mailed:
    """Run a contender in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.mailing", *map(str, arguments)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Mailed(**json.loads(ran.stdout))


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def rows(work: Path, people: int, *, rounds: int, budget: float) -> Iterator[Row]:
    """Yield what was measured with so many people, and memory with a tenth of them."""
    few, told = max(people // 10, 1), dict[str, list[Mailed]]()

    def contender(name: str, *arguments: object) -> Callable[[int], Took]:
        def once(_: int) -> Took:
            with tempfile.TemporaryDirectory(dir=work) as folder:
                found = _alone([*arguments, "--folder", folder])
            told.setdefault(name, []).append(found)
            return found.took

        return once

    with sink() as port:
        contenders: Mapping[str, Callable[[int], Took]] = {
            "few": contender("few", "ours", "--people", few),
            "nowhere": contender("nowhere", "ours", "--people", people),
            "4": contender("4", "ours", "--people", people, "--port", port, "--lanes", 4),
            "16": contender("16", "ours", "--people", people, "--port", port, "--lanes", 16),
            "smtplib": contender("smtplib", "smtplib", "--people", people, "--port", port),
        }
        took = alternate(contenders, rounds=rounds, budget=budget)

    def side(name: str, label: str) -> Side:
        last = told[name][-1]
        each = [people / one.wall for one in told[name]]
        counts = f"{sorted(each)[len(each) // 2]:,.0f} messages a second, {last.size:,} bytes each"
        bodies = f", {last.bodies} bodies composed" if last.bodies else ""
        return Side(name=label, results=took[name], counts=counts + bodies)

    what = f"one update mailed to {people:,}"
    theirs = side("smtplib", "`smtplib`, bytes made already")
    for lanes in ("4", "16"):
        yield Row(what=what, side=side(lanes, f"SMTP, {lanes} connections"), against=theirs)
        theirs = replace(theirs, counts="")  # said once
    yield Row(what=what, side=side("nowhere", "to nowhere: our own work"), against=theirs)
    most, least = (max(one.peak for one in told[name]) for name in ("nowhere", "few"))
    yield Row(
        what=f"most memory of mailing {people:,}",
        side=Side(name="", results=[]),
        against=Side(name=f"mailing {few:,}", results=[]),
        memory=(most, least),
        goal=1.1,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Be a contender, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contender", nargs="?", choices=("ours", "smtplib"))
    parser.add_argument("--people", type=int, default=MOST)
    parser.add_argument("--port", type=int, default=0, help="of the sink; 0 = nowhere")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--folder", type=Path, help="where the list and the ledger lie")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args(argv)
    if options.contender == "smtplib":
        told = ceiling(options.port, options.people)
    elif options.contender == "ours":
        transport = _smtp(options.port, options.lanes) if options.port else Nowhere()
        _, told = mailed(options.folder, options.people, transport)
    else:
        with tempfile.TemporaryDirectory() as work:
            found = list(rows(Path(work), options.people, rounds=options.rounds, budget=3600))
        print(markdown(found, [], [f"{options.rounds} rounds; list and ledger on the disk"]))
        return
    print(json.dumps({name: getattr(told, name) for name in Mailed.__slots__}))


if __name__ == "__main__":
    main()
