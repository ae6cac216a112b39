"""Databases that hold what is about people: readable by their owner only, each of a version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firstword.errors import FirstwordError


class Unreadable(FirstwordError):
    """What lies where a database should is none, or is broken."""


def open_private(path: Path) -> sqlite3.Connection:
    """Open a database that only its owner may read. Raises Unreadable for what is none."""
    # SQLite gives its companions the mode of the file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        # What is deleted is written over at once, whatever SQLite was built with.
        db.execute("PRAGMA secure_delete = ON")
    except sqlite3.DatabaseError as error:
        db.close()
        raise Unreadable(f"{str(path)!r} cannot be read: {error}") from error
    return db


def open_begun(path: Path, tables: str, version: int, what: str) -> sqlite3.Connection:
    """Open a private database with its tables, begun where it is missing.

    Raises FirstwordError, which calls it `what`, for one of another version.
    """
    db = open_private(path)
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found not in {0, version}:
        db.close()
        raise FirstwordError(f"{what} of another version: {found!r}")
    db.executescript(tables)
    db.execute(f"PRAGMA user_version = {version}")
    return db


@contextmanager
def together(db: sqlite3.Connection) -> Iterator[None]:
    """Write all of a block, or nothing when it raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
