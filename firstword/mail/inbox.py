"""What became of the messages that came in: so that none is taken twice, and none is lost.

Holds no address and no word of anybody: a message is known by a digest, a person by an HMAC.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from firstword.mail.private import open_begun

NAME = "inbox.db"
#: Older messages are not looked at: whoever wrote them has long asked again, or forgotten.
OLDEST = timedelta(days=30)
#: How long what became of a message is kept: longer than it can be read again.
_KEPT = timedelta(days=90)
_SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS message(
    key TEXT PRIMARY KEY, person TEXT NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
    answers INTEGER NOT NULL, tries INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_of ON message(person, at);
CREATE TABLE IF NOT EXISTS place(
    mailbox TEXT PRIMARY KEY, validity INTEGER NOT NULL, next INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object(
    mailbox TEXT, name TEXT, at INTEGER NOT NULL, PRIMARY KEY(mailbox, name)
) WITHOUT ROWID;
-- By which name the server of a mailbox signed what it found out, when it was read.
CREATE TABLE IF NOT EXISTS judge(mailbox TEXT PRIMARY KEY, server TEXT NOT NULL) WITHOUT ROWID;
"""


class State(StrEnum):
    """How far a message came."""

    #: The list says what it asked for; the answer may be on its way.
    TAKEN = "taken"
    DONE = "done"


class Inbox:
    """Open notes about a mailbox. One thread, one process."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def state(self, key: str) -> tuple[State, int] | None:
        """Return how far a message came and how often its answer was tried; None = not begun."""
        row = self._db.execute("SELECT state, tries FROM message WHERE key = ?", (key,)).fetchone()
        return None if row is None else (State(row[0]), int(row[1]))

    def take(self, key: str, person: str, at: datetime, *, answers: bool) -> None:
        """Note, before the answer leaves, that a message is taken; each time is another try."""
        self._db.execute(
            "INSERT INTO message VALUES(?, ?, ?, ?, ?, ?) "
            "ON CONFLICT(key) DO UPDATE SET tries = tries + 1",
            (key, person, int(at.timestamp()), State.TAKEN, answers, int(answers)),
        )

    def not_tried(self, key: str) -> None:
        """Note that the server was not there at all: it was no try."""
        self._db.execute("UPDATE message SET tries = tries - 1 WHERE key = ?", (key,))

    def done(self, key: str) -> None:
        """Note that there is nothing more to do about a message."""
        self._db.execute("UPDATE message SET state = ? WHERE key = ?", (State.DONE, key))

    def answered(self, person: str, since: datetime, *, but: str) -> int:
        """Return how often somebody was answered since then, not counting one message."""
        asked = "SELECT sum(answers) FROM message WHERE person = ? AND at >= ? AND key != ?"
        row = self._db.execute(asked, (person, int(since.timestamp()), but)).fetchone()
        return int(row[0] or 0)

    def next_of(self, mailbox: str, validity: int) -> int:
        """Return from which number on a mailbox was not read; its numbers hold for a validity."""
        row = self._db.execute(
            "SELECT next FROM place WHERE mailbox = ? AND validity = ?", (mailbox, validity)
        ).fetchone()
        return int(row[0]) if row else 1

    def read_to(self, mailbox: str, validity: int, number: int) -> None:
        """Note that a mailbox is read up to this number."""
        self._db.execute(
            "INSERT OR REPLACE INTO place VALUES(?, ?, ?)", (mailbox, validity, number + 1)
        )

    def judged_by(self, mailbox: str, server: str) -> None:
        """Note by whose findings a mailbox is read; by another's than before it is read again.

        What was not believed then may be now. What was done is known by its key all the same.
        """
        row = self._db.execute("SELECT server FROM judge WHERE mailbox = ?", (mailbox,)).fetchone()
        if row is not None and row[0] != server:
            self._db.execute("DELETE FROM place WHERE mailbox = ?", (mailbox,))
            self._db.execute("DELETE FROM object WHERE mailbox = ?", (mailbox,))
        self._db.execute("INSERT OR REPLACE INTO judge VALUES(?, ?)", (mailbox, server))

    def has_read(self, mailbox: str, name: str) -> bool:
        """Tell whether an object of a bucket was read."""
        asked = "SELECT 1 FROM object WHERE mailbox = ? AND name = ?"
        return self._db.execute(asked, (mailbox, name)).fetchone() is not None

    def read(self, mailbox: str, name: str, at: datetime) -> None:
        """Note that an object of a bucket is read; `at` is when it came."""
        row = mailbox, name, int(at.timestamp())
        self._db.execute("INSERT OR REPLACE INTO object VALUES(?, ?, ?)", row)

    def forget_old(self, now: datetime) -> None:
        """Remove what nobody asks for any more."""
        limit = int((now - _KEPT).timestamp())
        self._db.execute("DELETE FROM message WHERE at < ?", (limit,))
        self._db.execute("DELETE FROM object WHERE at < ?", (limit,))

    def forget(self, person: str) -> None:
        """Remove what stands for somebody. That a message was taken stays: it may be read again."""
        self._db.execute("UPDATE message SET person = '' WHERE person = ?", (person,))
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def open_inbox(folder: Path) -> Inbox:
    """Open the notes in a folder, begun where there are none. Raises FirstwordError."""
    return Inbox(open_begun(folder / NAME, _TABLES, _SCHEMA, "the notes about the mailbox are"))
