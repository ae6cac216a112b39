"""What targets are to remember of every story, read from the cache as it is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from firstword.cache import codec
from firstword.manifest import Record
from firstword.parse.redactions import redactions


class Records(Mapping[str, Record]):
    """Incident id → record, of every story that is shown and no drill."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __getitem__(self, name: str) -> Record:
        asked = (
            "SELECT f.path, f.text, f.record FROM story s JOIN file f ON f.path = s.path"
            " WHERE s.id = ? AND s.drill = 0"
        )
        found = self._db.execute(asked, (name,)).fetchone()
        if found is None:
            raise KeyError(name)
        path, text, record = found
        incident = codec.read(record)
        return Record(
            id=name,
            path=path,
            source=text,
            updates=tuple(update.id for update in incident.updates),
            withdrawn=incident.withdrawn,
            redactions=tuple(sorted(map(str, redactions(text)))),
        )

    def __iter__(self) -> Iterator[str]:
        # Newest first, as everywhere.
        asked = "SELECT id FROM story WHERE drill = 0 ORDER BY started DESC, id DESC"
        return (name for (name,) in self._db.execute(asked).fetchall())

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM story WHERE drill = 0").fetchone()[0])
