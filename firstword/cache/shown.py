"""Keeps the stories as readers are shown them, and notes which of them are others than before."""

from __future__ import annotations

import hashlib
import json

import msgspec
from msgspec import Struct

from firstword.cache import codec, rows
from firstword.cache.database import Cache
from firstword.cache.files import Files
from firstword.cache.questions import Change
from firstword.manifest import Memory
from firstword.model import Incident, Site, update_id
from firstword.page import Records, Row, marks

#: Changed stories from which on all is made: to ask of each what it touches takes as long.
MANY = 300


def records_of(memory: Memory | None) -> Records:
    """Return the stamps of the targets, as pages ask for them."""
    if memory is None:
        return Records()
    return Records(
        stamps=memory.stamps, began=memory.records_began, now=memory.now, limits=memory.limits
    )


class Shown(Struct, kw_only=True):
    """The stories of one build."""

    cache: Cache
    files: Files
    site: Site
    memory: Memory | None
    records: Records
    grammar: str
    number: int
    #: What changed; of more than `MANY` nobody asks what each was.
    changes: list[Change]
    _counts: rows.Counts = msgspec.field(default_factory=rows.Counts)

    def show(self, name: str, told: Incident | None, digest: str = "") -> None:
        """Put a story as readers are to have it, if at all."""
        visible = told is not None and not told.draft and (self.site.drills or not told.drill)
        self.put(name, told if visible else None, digest)

    def empty(self) -> bool:
        """Tell whether no story is kept."""
        return self.cache.db.execute("SELECT 1 FROM story LIMIT 1").fetchone() is None

    def clear(self) -> None:
        """Forget all stories, where none was kept before this build."""
        for table in ("story", "part", "signer", "word", "mark"):
            self.cache.db.execute(f"DELETE FROM {table}")  # noqa: S608
        self.changes.clear()
        self._counts = rows.Counts()

    def digest(self, *files: tuple[str, str]) -> str:
        """Return a digest of all that a story's files say, and of how they are read."""
        found = hashlib.sha256(self.grammar.encode())
        for path, text in files:
            found.update(f"\0{path}\0{text}".encode())
        return found.hexdigest()

    def put(self, name: str, told: Incident | None, digest: str = "") -> None:
        """Keep one story as it is shown now, and note whether that is news.

        The digest is asked of its files where whoever puts it does not know it.
        """
        db = self.cache.db
        known = db.execute("SELECT digest, stamps FROM story WHERE id = ?", (name,)).fetchone()
        if told is None:
            before = rows.get_row(db, name)
            if before is not None:
                rows.drop_row(db, before)
                self._counts.take(before)
                gone = (name, self.number)
                db.execute("INSERT OR REPLACE INTO vanished VALUES('id', ?, ?)", gone)
                self._note(Change(before, None))
            return
        digest = digest or self.digest(*self.files.said(told.slug))
        stamps = self._stamps(told)
        if known == (digest, stamps):
            return
        before = rows.get_row(db, name) if known else None
        after = Row.of(told, self.site.timezone, marks(told, self.records, self.site))
        if before == after and (digest, _instants(stamps)) == (known[0], _instants(known[1])):
            # The first publish notes who owes what as it was, and that no word has a stamp.
            db.execute("UPDATE story SET stamps = ? WHERE id = ?", (stamps, name))
            return
        if before is not None:
            rows.drop_row(db, before)
            self._counts.take(before)
        else:
            db.execute("DELETE FROM vanished WHERE what = 'id' AND name = ?", (name,))
        rows.put_row(db, after, digest=digest, stamps=stamps, path=told.path, number=self.number)
        self._counts.add(after)
        self._note(Change(before, after))

    def _note(self, change: Change) -> None:
        # What a hundred thousand stories were and are is not held in memory for nobody.
        if len(self.changes) <= MANY:
            self.changes.append(change)

    def sum_up(self) -> None:
        """Add up what the stories count in, when all of them are kept."""
        self._counts.keep(self.cache.db)
        self._counts = rows.Counts()

    def _stamps(self, told: Incident) -> str:
        """Return what targets know: digests of when words were first published, and who owed what.

        "" for each of them that says no more than no target does.
        """
        memory = self.memory
        if memory is None:
            return ""
        known = memory.stamps.get(told.id, {})
        if not memory.records_began and not known:
            return ""
        unknown = memory.now if memory.records_began else None
        names = [update_id(update.at) for update in told.updates]
        at = [known.get(name, unknown) for name in names]
        instants = [instant and codec.from_instant(instant) for instant in at]
        limits = sorted(memory.limits.get(told.id, {}).items())
        mark = "" if all(name in known for name in names) else "?"
        return f"{mark}{_digest(instants) if any(at) else ''} {_digest(limits) if limits else ''}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _instants(stamps: str) -> str:
    """Return what of it pages show; who owed what they know from the marks."""
    return stamps.partition(" ")[0]
