"""The incident files in the cache: one row each, with what they claim and where they link."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from firstword.cache import codec
from firstword.model import Incident, Problem, Site
from firstword.parse.readers import for_readers
from firstword.values import replace

#: Stories that are held in memory as they were read or written. A build that makes all of them asks
#: for each a few times, with thousands of others between; an edit asks for a few, often.
_MOST_KNOWN = 1024
#: A story as it is kept: what each of its files tells, the original's first.
Record = tuple[bytes, ...]
_HAS_PROBLEMS = "(problems != '' OR remarks != '')"


class Line(Struct, frozen=True, kw_only=True):
    """One file as it is shown."""

    path: str
    signature: str
    blob: str
    incident: Incident
    text: str
    problems: list[Problem]
    links: Iterable[str]


class Files:
    """Reads and writes the rows."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, Incident] = {}

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def put(self, line: Line) -> None:
        """Keep a file that is not there yet."""
        told = line.incident
        self._know(line.path, told)
        self._db.execute(
            "INSERT INTO file VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(line.path, line.signature, line.blob, ""),
                *(told.id, told.slug, told.language),
                codec.from_instant(told.updated_at),
                *(told.draft, told.drill, line.text, codec.spell(told)),
                *(codec.spell_problems(line.problems), ""),
            ),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO link VALUES(?,?)", [(slug, line.path) for slug in line.links]
        )

    def drop(self, path: str) -> None:
        """Forget a file."""
        self._known.pop(path, None)
        if not self._db.execute("DELETE FROM file WHERE path = ?", (path,)).rowcount:
            return
        self._db.execute("DELETE FROM link WHERE path = ?", (path,))
        self._db.execute("DELETE FROM name WHERE path = ?", (path,))

    def clear(self) -> None:
        """Forget all files."""
        self._known.clear()
        for table in ("file", "link", "name"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608

    def sign(self, path: str, signature: str) -> None:
        """Note another signature of the same bytes."""
        self._db.execute("UPDATE file SET signature = ? WHERE path = ?", (signature, path))

    def remark(self, path: str, remarks: list[Problem]) -> None:
        """Note what is to be said of a file beside the others."""
        plain = codec.spell_problems(remarks)
        self._db.execute("UPDATE file SET remarks = ? WHERE path = ?", (plain, path))

    def claim(self, path: str, claims: Iterable[tuple[str, str]]) -> None:
        """Note the names that a file claims."""
        self._db.executemany(
            "INSERT OR IGNORE INTO name VALUES(?,?,?)",
            [(rule, name, path) for rule, name in claims],
        )

    def alone(self, paths: Iterable[str], *, every: bool) -> bool:
        """Tell whether nobody else claims a name that files claim; `every` = these are all."""
        if every:
            asked = "SELECT 1 FROM name GROUP BY rule, name HAVING count(*) > 1 LIMIT 1"
            return self._db.execute(asked).fetchone() is None
        asked = (
            "SELECT 1 FROM name n JOIN name o ON o.rule = n.rule AND o.name = n.name"
            " AND o.path != n.path WHERE n.path = ? LIMIT 1"
        )
        return all(self._db.execute(asked, (path,)).fetchone() is None for path in paths)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def empty(self) -> bool:
        """Tell whether no file is there."""
        return self._db.execute("SELECT 1 FROM file LIMIT 1").fetchone() is None

    def signatures(self) -> dict[str, str]:
        """Return path → signature of every file."""
        return dict(self._db.execute("SELECT path, signature FROM file"))

    def signature(self, path: str) -> str:
        """Return a file's signature; "" where it is not there."""
        found = self._db.execute("SELECT signature FROM file WHERE path = ?", (path,)).fetchone()
        return str(found[0]) if found else ""

    def blobs(self, folder: str) -> dict[str, str]:
        """Return path within a folder → id of the file's bytes, as git has it; "" = not known."""
        found = self._db.execute("SELECT path, blob FROM file")
        return {path.removeprefix(folder): blob for path, blob in found}

    def blob(self, path: str) -> str:
        """Return the id of a file's bytes, as git has it; "" where it is not known."""
        found = self._db.execute("SELECT blob FROM file WHERE path = ?", (path,)).fetchone()
        return str(found[0]) if found else ""

    def original(self, slug: str) -> tuple[bool, bool]:
        """Tell whether a slug has an original, and whether that is no draft."""
        asked = "SELECT hidden FROM file WHERE slug = ? AND language = ''"
        found = self._db.execute(asked, (slug,)).fetchone()
        return found is not None, found is not None and not found[0]

    def lonely(self, path: str) -> bool:
        """Tell whether a file has nothing to do with others: no original, no link to a story."""
        asked = (
            "SELECT 1 FROM file WHERE path = ?1 AND language = ''"
            " AND NOT EXISTS(SELECT 1 FROM link WHERE path = ?1)"
        )
        return self._db.execute(asked, (path,)).fetchone() is not None

    def head(self, path: str) -> tuple[str, str, str, bool] | None:
        """Return slug, id, language and whether it is a draft."""
        asked = "SELECT slug, id, language, hidden FROM file WHERE path = ?"
        found = self._db.execute(asked, (path,)).fetchone()
        return (found[0], found[1], found[2], bool(found[3])) if found else None

    def incident(self, path: str) -> Incident:
        """Return a file's story."""
        known = self._known.get(path)
        if known is None:
            asked = "SELECT record FROM file WHERE path = ?"
            record = self._db.execute(asked, (path,)).fetchone()[0]
            known = self._know(path, codec.read(record))
        return known

    def _know(self, path: str, told: Incident) -> Incident:
        if len(self._known) >= _MOST_KNOWN:
            for old in list(self._known)[: _MOST_KNOWN // 2]:
                del self._known[old]
        self._known[path] = told
        return told

    def text(self, path: str) -> str:
        """Return a file's text."""
        return str(self._db.execute("SELECT text FROM file WHERE path = ?", (path,)).fetchone()[0])

    def paths(self, slug: str) -> list[str]:
        """Return the files of a slug: the original and its translations."""
        found = self._db.execute("SELECT path FROM file WHERE slug = ? ORDER BY path", (slug,))
        return [path for (path,) in found]

    def ids(self, slug: str) -> list[str]:
        """Return the ids that the originals of a slug have."""
        found = self._db.execute("SELECT id FROM file WHERE slug = ? AND language = ''", (slug,))
        return [name for (name,) in found]

    def all_ids(self) -> list[str]:
        """Return the ids of all originals."""
        return [name for (name,) in self._db.execute("SELECT id FROM file WHERE language = ''")]

    def linking(self, slug: str) -> list[str]:
        """Return the files that link to a slug."""
        return [p for (p,) in self._db.execute("SELECT path FROM link WHERE slug = ?", (slug,))]

    def with_dead_links(self) -> list[str]:
        """Return the files that may be told of a link to no story."""
        asked = "SELECT path FROM file WHERE remarks != ''"
        return [path for (path,) in self._db.execute(asked)]

    def newest_instant(self) -> int:
        """Return the newest update of all, in seconds; 0 without any."""
        return int(self._db.execute("SELECT max(newest) FROM file").fetchone()[0] or 0)

    def problems(self, paths: Iterable[str] | None = None) -> Iterator[Problem]:
        """Yield what is wrong with files that are shown all the same; None: with any."""
        asked = f"SELECT path, problems, remarks FROM file WHERE {_HAS_PROBLEMS}"  # noqa: S608
        one = f"{asked} AND path = ?"
        found = (
            self._db.execute(asked)
            if paths is None
            else (row for path in paths for row in self._db.execute(one, (path,)))
        )
        for path, problems, remarks in found:
            yield from codec.read_problems(path, problems)
            yield from codec.read_problems(path, remarks)

    def with_problems(self) -> int:
        """Count the files that something is wrong with."""
        asked = f"SELECT count(*) FROM file WHERE {_HAS_PROBLEMS}"  # noqa: S608
        return int(self._db.execute(asked).fetchone()[0])

    def newest(self, paths: Iterable[str]) -> dict[str, int]:
        """Return path → its newest update, in seconds, of files that are there."""
        asked = "SELECT path, newest FROM file WHERE path = ?"
        return dict(row for path in paths for row in self._db.execute(asked, (path,)))

    def story(self, name: str) -> Incident | None:
        """Return the original with an id, its translations beside it by their language."""
        found = self._records(name)
        if not found:
            return None
        return _together([self._known.get(p) or self._know(p, codec.read(r)) for p, r in found])

    def records(self, name: str) -> Record:
        """Return the same as it is kept, for `story_of`."""
        return tuple(record for _, record in self._records(name))

    def _records(self, name: str) -> list[tuple[str, bytes]]:
        """Return path and record of an original and of its translations, by their language."""
        asked = (
            "SELECT o.path, o.record, t.language, t.path, t.record FROM file o"
            " LEFT JOIN file t ON t.slug = o.slug AND t.language != ''"
            " WHERE o.id = ? AND o.language = ''"
        )
        found = self._db.execute(asked, (name,)).fetchall()
        others = sorted(row[2:] for row in found if row[2])
        return [*(row[:2] for row in found[:1]), *((path, record) for _, path, record in others)]

    def said(self, slug: str) -> list[tuple[str, str]]:
        """Return (path, text) of the files of a slug: the original, then its translations."""
        asked = "SELECT path, text FROM file WHERE slug = ? ORDER BY language, path"
        return self._db.execute(asked, (slug,)).fetchall()

    def by_slug(self) -> Mapping[str, Incident]:
        """Return originals by their slug, each read when it is asked for."""
        return _BySlug(self._db)


class _BySlug(Mapping[str, Incident]):
    """Slug → original."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __getitem__(self, slug: str) -> Incident:
        asked = "SELECT record FROM file WHERE slug = ? AND language = ''"
        found = self._db.execute(asked, (slug,)).fetchone()
        if found is None:
            raise KeyError(slug)
        return codec.read(found[0])

    def __iter__(self) -> Iterator[str]:
        asked = "SELECT slug FROM file WHERE language = '' ORDER BY path"
        return (slug for (slug,) in self._db.execute(asked).fetchall())

    def __len__(self) -> int:
        asked = "SELECT count(*) FROM file WHERE language = ''"
        return int(self._db.execute(asked).fetchone()[0])


def load_story(files: Files, site: Site, name: str) -> Incident:
    """Return a story as its readers see it."""
    told = files.story(name)
    if told is None:
        raise KeyError(name)
    return _as_shown(told, site)


def story_of(record: Record, site: Site) -> Incident:
    """Return the same of a story as it is kept."""
    return _as_shown(_together(list(map(codec.read, record))), site)


def _together(told: list[Incident]) -> Incident:
    """Put what an original's translations tell beside it."""
    original, *others = told
    return replace(original, translations=tuple(others)) if others else original


def _as_shown(told: Incident, site: Site) -> Incident:
    if any(one.draft for one in told.translations):
        told = replace(told, translations=tuple(t for t in told.translations if not t.draft))
    return for_readers(told, site)
