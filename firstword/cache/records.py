"""What targets are to remember of every story, read from the cache as it is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import ItemsView, Iterator, Mapping, Sequence

from firstword.cache import codec
from firstword.cache.units import Every
from firstword.content import veils
from firstword.manifest import Record
from firstword.model import Site
from firstword.page import Records as Stamped
from firstword.page import owed_words
from firstword.parse.redactions import redactions
from firstword.values import replace


class Records(Mapping[str, Record]):
    """Incident id → record, of every story that is shown and no drill."""

    def __init__(self, db: sqlite3.Connection, stamped: Stamped, site: Site) -> None:
        self._db = db
        self._stamped = stamped
        self._site = site

    def __getitem__(self, name: str) -> Record:
        asked = (
            "SELECT f.path, f.text, f.record, f.slug FROM story s JOIN file f ON f.path = s.path"
            " WHERE s.id = ? AND s.drill = 0"
        )
        found = self._db.execute(asked, (name,)).fetchone()
        if found is None:
            raise KeyError(name)
        path, text, record, slug = found
        # A draft is nobody's to read.
        beside = (
            "SELECT path, text, record FROM file WHERE slug = ? AND language != '' AND hidden = 0"
            " ORDER BY language, path"
        )
        others = self._db.execute(beside, (slug,)).fetchall()
        return self._record(name, path, text, record, others)

    def items(self) -> ItemsView[str, Record]:
        return Every(self, self._all)

    def _all(self) -> Iterator[tuple[str, Record]]:
        """Yield every id and its record, newest first, read in one go."""
        beside: dict[str, list[tuple[str, str, bytes]]] = {}
        asked = (
            "SELECT slug, path, text, record FROM file WHERE language != '' AND hidden = 0"
            " ORDER BY language, path"
        )
        for slug, *other in self._db.execute(asked):
            beside.setdefault(slug, []).append((other[0], other[1], other[2]))
        asked = (
            "SELECT s.id, f.path, f.text, f.record, f.slug FROM story s"
            " JOIN file f ON f.path = s.path WHERE s.drill = 0 ORDER BY s.started DESC, s.id DESC"
        )
        for name, path, text, record, slug in self._db.execute(asked):
            yield name, self._record(name, path, text, record, beside.get(slug, ()))

    def _record(
        self,
        name: str,
        path: str,
        text: str,
        record: bytes,
        others: Sequence[tuple[str, str, bytes]],
    ) -> Record:
        """Return a record; `others` are path, text and story of each translation."""
        incident = codec.read(record)
        translations = tuple((where, words) for where, words, _ in others)
        texts = (text, *(words for _, words in translations))
        whole = incident
        if others:
            whole = replace(incident, translations=tuple(codec.read(one) for _, _, one in others))
        return Record(
            id=name,
            path=path,
            source=text,
            updates=tuple(update.id for update in incident.updates),
            withdrawn=incident.withdrawn,
            redactions=tuple(sorted(str(gap) for one in texts for gap in redactions(one))),
            translations=translations,
            limits=tuple(
                (component, who, within)
                for component, (who, within) in sorted(
                    owed_words(incident, self._stamped, self._site).items()
                )
            ),
            veils=veils(whole, self._site),
        )

    def __iter__(self) -> Iterator[str]:
        # Newest first, as everywhere.
        asked = "SELECT id FROM story WHERE drill = 0 ORDER BY started DESC, id DESC"
        return (name for (name,) in self._db.execute(asked).fetchall())

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM story WHERE drill = 0").fetchone()[0])
