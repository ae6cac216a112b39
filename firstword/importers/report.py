"""What an import did, file by file, in words and in JSON: nothing is changed or left in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from firstword.importers import sheet
from firstword.importers.spelling import count, printable, short

#: Kind of repair → how the totals call it.
CLOSING, ENDING, DATE = "closing", "ending", "date"
_KINDS = {
    CLOSING: "ends that nobody wrote",
    ENDING: "ends before the beginning",
    DATE: "dates that are none",
}
#: So many repairs of one file are told in words; JSON has them all.
_MOST = 30

#: What a report calls addresses of the old page that are no story's.
LOST = "old addresses that lead nowhere here"


class Outcome(StrEnum):
    """What became of one source file."""

    CARRIED = "carried"
    #: Carried by an earlier run; the file is already there, with the same text.
    UNCHANGED = "unchanged"
    #: Carried by an earlier run; what the source has said since was added at its end.
    GREW = "grew"
    #: Carried by an earlier run, and written on here since: what the source says is only named.
    YOURS = "yours now"
    NOT_CARRIED = "not carried"


#: Counted by themselves, drafts or not.
_APART = (Outcome.YOURS, Outcome.NOT_CARRIED)


@dataclass(frozen=True, slots=True)
class Repair:
    """A value that could not stay as it was, with what stands there now and why."""

    what: str
    before: str
    after: str
    why: str
    #: What the totals count it as besides, one of the kinds above.
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {short(self.before)} -> {short(self.after)} ({self.why})"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value of the source that has no home here."""

    what: str
    value: str
    #: So common and so void of meaning that its count says enough.
    usual: bool = False

    def __str__(self) -> str:
        return f"left out: {self.what}: {short(self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of one source file."""

    source: str
    outcome: Outcome
    #: The file it became, relative to the site's root.
    target: str = ""
    draft: bool = False
    #: Nobody has ended it yet.
    is_open: bool = False
    #: Why it was not carried.
    why: str = ""
    #: How many updates were added to a file of an earlier run.
    added: int = 0
    #: How many words of the source a story that is yours now does not have.
    untaken: int = 0
    repairs: tuple[Repair, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    #: What a person should look at, beyond repairs.
    needs: tuple[str, ...] = ()
    #: How many of its times had no zone.
    zoneless: int = 0
    #: The file it stands in, relative to the source; a source that is no folder has none.
    file: str = ""
    #: How many updates its story has.
    updates: int = 0

    @property
    def word(self) -> str:
        """What became of it, as the table says it."""
        return "draft" if self.draft and self.outcome not in _APART else str(self.outcome)

    @property
    def facts(self) -> bool:
        """Whether more is to be said of it than what became of it."""
        told = any(not item.usual for item in self.left_out)
        more = self.added or self.why or self.outcome is Outcome.YOURS
        return bool(self.repairs or self.needs or told or more)

    def lines(self) -> Iterator[str]:
        """Yield one line for the file and one for each fact."""
        if self.outcome is Outcome.NOT_CARRIED:
            yield f"{printable(self.source)}: not carried: {self.why}"
        elif self.outcome is Outcome.YOURS:
            more = f"{count(self.untaken, 'new word')} of the source not taken"
            yield f"{printable(self.source)} -> {self.target}: {self.outcome}: {more}"
        else:
            draft = " as a draft" if self.draft else ""
            more = f" by {count(self.added, 'update')}" if self.added else ""
            yield f"{printable(self.source)} -> {self.target}: {self.outcome}{more}{draft}"
        yield from (f"  {repair}" for repair in self.repairs[:_MOST])
        if len(self.repairs) > _MOST:
            yield f"  and {count(len(self.repairs) - _MOST, 'repair')} more"
        yield from (f"  {item}" for item in self.left_out if not item.usual)
        yield from (f"  needs a person: {printable(need)}" for need in self.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one import did. `needs_person`: something was not carried or should be looked at."""

    format: str
    source: str
    #: The zone that times without one were read in.
    zone: str
    dry_run: bool = False
    #: The folder of the site that was written into.
    site: str = ""
    entries: tuple[Entry, ...] = ()
    #: Files that hold no incident, each with the reason.
    ignored: tuple[tuple[str, str], ...] = ()
    #: What was found out about components, a line each.
    components: tuple[str, ...] = ()
    #: Pictures copied, relative to the site's root.
    images: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    repairs: tuple[Repair, ...] = ()
    needs: tuple[str, ...] = ()
    #: Files that something else was read from, each with what.
    used: tuple[tuple[str, str], ...] = ()
    #: Pictures of the source, each with the path it has here.
    pictures: tuple[tuple[str, str], ...] = ()
    #: Titles that several stories have, and how many.
    titles: tuple[tuple[str, int], ...] = ()
    #: How many components stories name and nobody lists.
    unlisted: int = 0

    @property
    def read(self) -> int:
        """How many source files hold, or should hold, an incident."""
        return len(self.entries)

    @property
    def carried(self) -> int:
        """How many became incident files, drafts apart; those of an earlier run count."""
        return sum(e.outcome not in _APART and not e.draft for e in self.entries)

    @property
    def drafts(self) -> int:
        """How many became drafts."""
        return sum(e.outcome not in _APART and e.draft for e in self.entries)

    @property
    def yours(self) -> int:
        """How many were carried by an earlier run and are written on here since."""
        return sum(entry.outcome is Outcome.YOURS for entry in self.entries)

    @property
    def not_carried(self) -> int:
        """How many did not make it."""
        return sum(entry.outcome is Outcome.NOT_CARRIED for entry in self.entries)

    @property
    def unchanged(self) -> int:
        """How many of the carried were there already."""
        return sum(entry.outcome is Outcome.UNCHANGED for entry in self.entries)

    @property
    def grown(self) -> int:
        """How many of the carried were there already and have more updates now."""
        return sum(entry.outcome is Outcome.GREW for entry in self.entries)

    @property
    def needs_person(self) -> bool:
        """Whether something was not carried or should be looked at."""
        return bool(self.not_carried or self.needs or any(e.needs for e in self.entries))

    def lines(self) -> Iterator[str]:
        """Yield the whole report as lines of text; what counts most comes last."""
        for entry in self.entries:
            if entry.facts:
                yield from entry.lines()
        yield from (f"component {line}" for line in self.components)
        yield from (
            f"title {printable(repr(title))}: {number} stories have it"
            for title, number in self.titles
        )
        yield from (str(repair) for repair in self.repairs)
        yield from (str(item) for item in self.left_out)
        usual = Counter(
            f"{item.what}: {item.value}" for e in self.entries for item in e.left_out if item.usual
        )
        for text, number in sorted(usual.items()):
            yield f"left out: {text} ({count(number, 'file')})"
        if zoneless := sum(entry.zoneless for entry in self.entries):
            yield f"assumed: {count(zoneless, 'time')} without a zone, read as {self.zone}"
        still_open = [entry for entry in self.entries if entry.is_open]
        for entry in still_open:
            yield f"open: {entry.target}: nobody has ended it yet"
        yield from (f"needs a person: {printable(need)}" for need in self.needs)
        yield from sheet.rows(self)
        yield from self.table()
        if self.site:
            yield f"into the site {printable(self.site)}"
        yield self.total()

    def counts(self) -> dict[str, int]:
        """Count what became of the files and what had to be done, in the order people read it."""
        entries = self.entries
        repaired = [*self.repairs, *(repair for entry in entries for repair in entry.repairs)]
        repairs = [repair.what for repair in repaired]
        kinds = Counter(repair.kind for repair in repaired)
        left = [*self.left_out, *(item for entry in entries for item in entry.left_out)]
        return {
            "carried": self.carried,
            "drafts": self.drafts,
            "yours now": self.yours,
            "not carried": self.not_carried,
            "of these unchanged": self.unchanged,
            "of these grown": self.grown,
            **{what: kinds[kind] for kind, what in _KINDS.items()},
            "titles of several stories": len(self.titles),
            "components nobody lists": self.unlisted,
            "still open": sum(entry.is_open for entry in entries),
            "files left alone": len(self.ignored),
            "pictures copied": len(self.images),
            "times without a zone": sum(entry.zoneless for entry in entries),
            **{f"repairs: {what}": number for what, number in sorted(Counter(repairs).items())},
            "values left out": len(left),
            "needs of a person": len(self.needs) + sum(len(entry.needs) for entry in entries),
        }

    def table(self) -> Iterator[str]:
        """Yield the counts as a table."""
        counts = {what: number for what, number in self.counts().items() if number}
        wide = max((len(f"{number:,}") for number in counts.values()), default=0)
        yield from (f"{number:>{wide},}  {printable(what)}" for what, number in counts.items())

    def total(self) -> str:
        """Say it in one line; the numbers add up."""
        there = f" ({self.unchanged} of them unchanged)" if self.unchanged else ""
        there += f" ({self.grown} of them grown)" if self.grown else ""
        yours = f" + yours now {self.yours}" if self.yours else ""
        dry = "; a dry run: nothing was written" if self.dry_run else ""
        return (
            f"read {self.read} = carried {self.carried} + drafts {self.drafts}{yours}"
            f" + not carried {self.not_carried}{there}{dry}"
        )

    def as_json(self) -> dict[str, object]:
        """Return the report as values that `json` can write, totals included."""
        return {
            **asdict(self),
            "read": self.read,
            "carried": self.carried,
            "drafts": self.drafts,
            "yours": self.yours,
            "not_carried": self.not_carried,
            "unchanged": self.unchanged,
            "grown": self.grown,
            "counts": self.counts(),
            "files": sheet.files(self),
            "needs_person": self.needs_person,
        }
