"""Archives of feeds whose entries are made with the pages of their stories, and then put together.

A story is read and its words are rendered once for both. An archive is bound as soon as its last
entry is there, so that no more entries lie about than stories go on beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from firstword.cache.questions import Trace
from firstword.cache.units import Unit
from firstword.feeds import Archive

#: (instant signed, date of its entry).
Dated = tuple[datetime, datetime]


class Sheaf(Struct, kw_only=True):
    """An archive, and what there is of it."""

    unit: Unit
    archive: Archive
    #: (instant, story) → the entry.
    entries: dict[tuple[datetime, str], bytes] = {}
    #: What was asked for them.
    trace: Trace

    def newest_first(self) -> Iterator[bytes]:
        """Yield the entries of a whole one."""
        return (self.entries[at, name] for _, at, name in reversed(self.archive.part))


class Binding:
    """The archives of one build that are not whole yet."""

    def __init__(self, units: Iterable[Unit]) -> None:
        """Take those that are to be made."""
        self._sheaves: dict[str, Sheaf] = {}
        #: Story → its entries that are wanted, each with the archive it stands in.
        self._wanted: dict[str, list[tuple[Dated, Sheaf]]] = {}
        self._alone: list[Unit] = []
        for unit in units:
            if not isinstance(unit.of, Archive):
                self._alone.append(unit)
                continue
            sheaf = self._sheaves[unit.name] = Sheaf(unit=unit, archive=unit.of, trace=Trace())
            for date, at, name in unit.of.part:
                self._wanted.setdefault(name, []).append(((at, date), sheaf))

    @property
    def stories(self) -> list[str]:
        """The ids of the stories that have entries, in the order of the archives."""
        return list(self._wanted)

    def dated(self, name: str) -> tuple[Dated, ...]:
        """Return which entries of a story are wanted."""
        return tuple(dated for dated, _ in self._wanted.get(name, ()))

    def take(
        self, name: str, entries: Sequence[bytes], asked: Iterable[tuple[str, int | None]]
    ) -> Iterator[Sheaf]:
        """Take a story's entries, and what was asked for them; yield what is whole with them."""
        asked = list(asked)
        for ((at, _), sheaf), entry in zip(self._wanted.pop(name, ()), entries, strict=True):
            sheaf.entries[at, name] = entry
            for question, bound in asked:
                sheaf.trace.note(question, bound)
            if len(sheaf.entries) == len(sheaf.archive.part):
                del self._sheaves[sheaf.unit.name]
                yield sheaf

    def left(self) -> Iterator[Unit]:
        """Yield what nobody made all entries of, and what cannot be made from entries."""
        yield from self._alone
        for sheaf in self._sheaves.values():
            yield sheaf.unit
