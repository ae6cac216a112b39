"""Senders to be killed, each a process of its own: mail_sender.py FOLDER PORT KIND LANES.

For every line on its standard input this program begins a sender, writes down its process id and,
when it has ended, its exit code: to import all of it once and not forty times. A line is empty, or
what the sender dies at by its own hand: "before 3" or "after 3", the third write of the ledger.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from mails import NINE, Scribe, day, word
from mailserver import LOGIN

from firstword.mail.ledger import NAME, Ledger, open_ledger
from firstword.mail.people import open_people
from firstword.mail.private import open_private
from firstword.mail.sending import Desk, send
from firstword.mail.smtp import Server, SmtpTransport

EDITIONS = {"urgent": word(9), "digest": day(20)}


def dying_ledger(folder: Path, step: str) -> Ledger:
    """Open the ledger so that this process is killed at one of its writes."""
    open_ledger(folder, lambda: NINE).close()
    db = open_private(folder / NAME)
    when, _, number = step.partition(" ")
    writes = 0

    def watch(statement: str) -> None:
        nonlocal writes
        writes += statement == "COMMIT"
        # What comes after a write begins with the next statement.
        here = statement == "COMMIT" if when == "before" else statement != "COMMIT"
        if here and writes == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    if step:
        db.set_trace_callback(watch)
    return Ledger(db, lambda: NINE)


def mail(step: str) -> None:
    """Send one edition to everybody on the list."""
    folder, port, kind, lanes = sys.argv[1:]
    people = open_people(Path(folder))
    ledger = dying_ledger(Path(folder), step)
    user, password = LOGIN.split()
    transport = SmtpTransport(
        Server(host="127.0.0.1", port=int(port), secure="starttls", user=user, password=password),
        "status@acme.example",
        lanes=int(lanes),
        sleep=lambda _: None,
        patience=20,
        patience_after_dot=20,
    )
    send(Desk(people, ledger, Scribe()), [EDITIONS[kind]], transport, expected=None)


def tell(number: int) -> None:
    """Write down a number, at once."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    """Begin a sender for each line, one after the other."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            mail(line.strip())
            os._exit(0)
        tell(pid)
        tell(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
