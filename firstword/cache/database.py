"""The file of the cache: opened, locked, and thrown away when it is not what this version wrote.

Everything of one build is one transaction. It ends when the output folder is whole, so that a
build that dies anywhere leaves the cache as it was; the folder then has no stamp, or one that is
not the cache's, and is not trusted (`write`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

#: Another number throws every cache away.
SCHEMA = 9
#: How long to wait for another build that has the cache, in seconds.
PATIENCE = 60.0
NO_TIME = 0.1
#: KiB of the file that are held in memory. Four times as many make a cold build no faster.
_PAGES = 16_384

_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- One row a file of incidents, as it is shown: `origin` names an older version, "" is the file.
CREATE TABLE file(
    path TEXT PRIMARY KEY, signature TEXT NOT NULL, blob TEXT NOT NULL, origin TEXT NOT NULL,
    id TEXT NOT NULL, slug TEXT NOT NULL, language TEXT NOT NULL, newest INTEGER NOT NULL,
    hidden INTEGER NOT NULL, drill INTEGER NOT NULL, text TEXT NOT NULL, record BLOB NOT NULL,
    problems TEXT NOT NULL, remarks TEXT NOT NULL
);
-- Which file links to which story.
CREATE TABLE link(slug TEXT, path TEXT, PRIMARY KEY(slug, path)) WITHOUT ROWID;
CREATE INDEX link_path ON link(path);
CREATE INDEX file_slug ON file(slug);
CREATE INDEX file_id ON file(id);
CREATE INDEX file_newest ON file(newest);
CREATE INDEX file_problems ON file(path) WHERE problems != '' OR remarks != '';
-- What a file claims: an id, an address.
CREATE TABLE name(
    rule TEXT, name TEXT, path TEXT, PRIMARY KEY(rule, name, path)
) WITHOUT ROWID;
CREATE INDEX name_path ON name(path);
CREATE TABLE story(
    id TEXT PRIMARY KEY, slug TEXT NOT NULL, kind TEXT NOT NULL, drill INTEGER NOT NULL,
    open INTEGER NOT NULL, signed INTEGER NOT NULL, repeats INTEGER NOT NULL,
    month TEXT NOT NULL, started INTEGER NOT NULL, planned INTEGER NOT NULL,
    updated INTEGER NOT NULL, ended INTEGER, digest TEXT NOT NULL, stamps TEXT NOT NULL,
    row BLOB NOT NULL, path TEXT NOT NULL, changed INTEGER NOT NULL
);
CREATE INDEX story_slug ON story(slug);
CREATE INDEX story_started ON story(started, id);
CREATE INDEX story_updated ON story(updated, id);
CREATE INDEX story_ended ON story(ended);
CREATE INDEX story_month ON story(month, started, id);
CREATE INDEX story_kind_started ON story(kind, started, id);
CREATE INDEX story_kind_planned ON story(kind, planned, id);
CREATE INDEX story_kind_updated ON story(kind, updated, id);
CREATE INDEX story_kind_ended ON story(kind, ended, id);
CREATE INDEX story_open ON story(id) WHERE open = 1;
CREATE INDEX story_unsigned ON story(id) WHERE signed = 0;
CREATE INDEX story_unknown ON story(id) WHERE substr(stamps, 1, 1) = '?';
CREATE INDEX story_changed ON story(changed);
CREATE TABLE part(
    component TEXT, story TEXT, drill INTEGER NOT NULL, first INTEGER NOT NULL,
    started INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY(component, story)
) WITHOUT ROWID;
CREATE INDEX part_story ON part(story);
CREATE INDEX part_started ON part(component, started, story);
CREATE INDEX part_updated ON part(component, updated, story);
CREATE INDEX part_first ON part(component, drill, first);
CREATE INDEX part_newest ON part(component, drill, updated);
CREATE TABLE signer(
    author TEXT, story TEXT, updated INTEGER NOT NULL, PRIMARY KEY(author, story)
) WITHOUT ROWID;
CREATE INDEX signer_story ON signer(story);
CREATE INDEX signer_updated ON signer(author, updated, story);
CREATE TABLE word(
    at INTEGER, story TEXT, drill INTEGER NOT NULL, PRIMARY KEY(at, story)
) WITHOUT ROWID;
-- What the record counts: one row a thing judged, and the sums of each month.
CREATE TABLE mark(
    story TEXT, number INTEGER, month TEXT NOT NULL, measure TEXT NOT NULL, verdict TEXT NOT NULL,
    seconds INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(story, number)
) WITHOUT ROWID;
CREATE INDEX mark_month ON mark(month, measure, verdict, seconds);
CREATE INDEX mark_owed ON mark(at) WHERE verdict = 'pending';
CREATE TABLE figure(
    month TEXT, measure TEXT, verdict TEXT, many INTEGER NOT NULL, total INTEGER NOT NULL,
    longest INTEGER NOT NULL, PRIMARY KEY(month, measure, verdict)
) WITHOUT ROWID;
CREATE TABLE month(month TEXT PRIMARY KEY, stories INTEGER NOT NULL, updates INTEGER NOT NULL)
    WITHOUT ROWID;
-- The same by kind and by component, which is what history asks for: stories. And what each person
-- signed: updates, drills left out.
CREATE TABLE tally(
    sort TEXT, name TEXT, month TEXT, many INTEGER NOT NULL, PRIMARY KEY(sort, name, month)
) WITHOUT ROWID;
-- Months of UTC in which updates were signed, drills left out.
CREATE TABLE spoken(month TEXT PRIMARY KEY, updates INTEGER NOT NULL) WITHOUT ROWID;
-- What is made together, until when it holds, and what was asked for it.
CREATE TABLE unit(
    name TEXT PRIMARY KEY, shelf TEXT NOT NULL, inputs TEXT NOT NULL, look TEXT NOT NULL,
    since INTEGER, until INTEGER
);
CREATE INDEX unit_shelf ON unit(shelf);
CREATE INDEX unit_until ON unit(until) WHERE until IS NOT NULL;
CREATE INDEX unit_since ON unit(since) WHERE since IS NOT NULL;
CREATE INDEX unit_look ON unit(look);
CREATE TABLE asked(
    number INTEGER PRIMARY KEY, question TEXT NOT NULL UNIQUE, sort TEXT NOT NULL, answer TEXT,
    -- Where it asks of a time only, in seconds.
    low INTEGER, high INTEGER
);
-- Questions about one story or one slug are as many as there are stories: had by name alone.
CREATE INDEX asked_wide ON asked(high) WHERE sort NOT IN ('get', 'kind');
CREATE TABLE need(
    number INTEGER, unit TEXT, bound INTEGER, PRIMARY KEY(number, unit)
) WITHOUT ROWID;
CREATE INDEX need_unit ON need(unit);
CREATE TABLE output(
    key TEXT PRIMARY KEY, unit TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
    leaf INTEGER NOT NULL, owner TEXT NOT NULL, bucket INTEGER NOT NULL,
    changed INTEGER NOT NULL, stale INTEGER NOT NULL
);
CREATE INDEX output_unit ON output(unit);
CREATE INDEX output_bucket ON output(bucket, key, digest);
CREATE INDEX output_stale ON output(stale) WHERE stale = 1;
CREATE INDEX output_changed ON output(changed);
CREATE TABLE bucket(bucket INTEGER PRIMARY KEY, digest TEXT NOT NULL);
-- What was made of one story, kept for the documents that it stands in, and what was asked for it.
CREATE TABLE piece(
    name TEXT PRIMARY KEY, text TEXT NOT NULL, asked TEXT NOT NULL
) WITHOUT ROWID;
-- What went away, and which build was which: for targets that hold an older one.
CREATE TABLE vanished(what TEXT, name TEXT, changed INTEGER NOT NULL, PRIMARY KEY(what, name))
    WITHOUT ROWID;
CREATE TABLE build(build_id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""


class Cache:
    """The open file; `db` is in a transaction until `commit`."""

    def __init__(self, db: sqlite3.Connection, *, kept: bool, shared: bool = False) -> None:
        self.db = db
        #: Whether the next build finds it.
        self.kept = kept
        #: Whether another build is at work that has the one that is kept.
        self.shared = shared

    def meta(self, key: str) -> str:
        """Return a note, or ""."""
        found = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else ""

    def note(self, key: str, value: str) -> None:
        """Keep a note."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def commit(self) -> None:
        """Keep what this build learned."""
        self.db.execute("COMMIT")

    def close(self) -> None:
        """Close; what was not committed is forgotten."""
        with contextlib.suppress(sqlite3.Error):
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
        self.db.close()


def cache_file(caches: Path, output_folder: Path, root: Path) -> Path:
    """Return where the cache of an output folder lies; `root` = the folder of the site."""
    name = hashlib.sha256(os.path.relpath(output_folder, root).encode()).hexdigest()[:8]
    return caches / f"build-{name}.sqlite"


def noted(path: Path, key: str) -> str:
    """Return a note that the last build left, "" where there is none; nobody waits for that."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=0, uri=True)) as db,
    ):
        if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA:
            return Cache(db, kept=True).meta(key)
    return ""


def open_cache(path: Path | None, complain: Callable[[str], None] = lambda _: None) -> Cache:
    """Open the cache, alone, or one that nobody keeps: without a path, or where it cannot be had.

    One that is damaged or of another version is begun anew.
    """
    if path is None:
        return _passing()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        complain(f"no cache: {error.strerror}: {path.parent.name!r}; everything is made anew")
        return _passing()
    for patience in (NO_TIME, PATIENCE, PATIENCE):
        try:
            return Cache(_open(path, patience), kept=True)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                _forget(path)
            elif patience == NO_TIME:
                complain("another build is at work here; waiting for it to end")
            else:
                complain("the other build has not ended; this one goes without the cache")
                return _passing(shared=True)
    complain("no cache: it cannot be written; everything is made anew")
    return _passing()


def _open(path: Path, patience: float) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA cache_size = -{_PAGES}")
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            _create(db)
    except BaseException:
        db.close()
        raise
    if version not in {0, SCHEMA}:
        db.close()
        raise sqlite3.DatabaseError(version)
    return db


def _passing(*, shared: bool = False) -> Cache:
    """Return a cache that goes with this build; large ones lie in a temporary file."""
    db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = MEMORY")
    db.execute("PRAGMA synchronous = OFF")
    db.execute(f"PRAGMA cache_size = -{_PAGES}")
    db.execute("BEGIN IMMEDIATE")
    _create(db)
    return Cache(db, kept=False, shared=shared)


def _create(db: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA}")


def lend(folder: Path, to: Path) -> None:
    """Copy what the last builds left in a folder of caches, for a reader who takes long.

    Nobody waits meanwhile. One that cannot be copied is left out: then all is read anew.
    """
    for path in sorted(folder.glob("build-*.sqlite")):
        copy = to / path.name
        try:
            with (
                contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as ours,
                contextlib.closing(sqlite3.connect(copy)) as theirs,
            ):
                ours.backup(theirs)
        except sqlite3.Error:
            copy.unlink(missing_ok=True)


def forget_cache(path: Path | None) -> None:
    """Throw a cache away."""
    if path is not None:
        _forget(path)


def forget_caches(folder: Path) -> None:
    """Throw away the caches of every output folder, and with them the words they hold."""
    for path in sorted(folder.glob("build-*.sqlite*")):
        with contextlib.suppress(OSError):
            path.unlink()


def _forget(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with contextlib.suppress(OSError):
            path.with_name(name).unlink()
