"""Rows of results, and the Markdown they become."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.measure import Took, cpu, wall

BEGIN, END = "<!-- table -->", "<!-- /table -->"
_HEAD = ("What", "Seconds", "Against", "Seconds", "Ratio", "Goal", "Counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One contender of a row and what it took."""

    name: str
    results: Sequence[Took]
    counts: str = ""

    def times(self) -> str:
        """Return median wall and CPU time, and of how many runs."""
        if not self.results:
            return "–"
        runs = f"{len(self.results)} run{'s' * (len(self.results) > 1)}"
        used = f"CPU {_figure(cpu(self.results))}, " if cpu(self.results) else ""
        return f"**{_figure(wall(self.results))}** ({used}{runs})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One ratio: `times` of the other at most, or so much `faster` than the other at least."""

    what: str
    side: Side
    against: Side | None = None
    kind: Literal["times", "faster", "seconds", "memory"] = "times"
    goal: float | None = None
    #: For memory: ours and theirs in bytes.
    memory: tuple[int, int] | None = None

    @property
    def ratio(self) -> float | None:
        """Return the ratio of medians; seconds where there is nothing to compare with."""
        if self.memory:
            return self.memory[0] / self.memory[1]
        if self.kind == "seconds":
            return wall(self.side.results)
        if self.against is None or not self.against.results:
            return None
        ours, theirs = wall(self.side.results), wall(self.against.results)
        return theirs / ours if self.kind == "faster" else ours / theirs

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is met; None where there is none."""
        if self.goal is None or self.ratio is None:
            return None
        return self.ratio >= self.goal if self.kind == "faster" else self.ratio <= self.goal

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts."""
        ours, theirs = self.side.times(), self.against.times() if self.against else ""
        if self.memory:
            ours, theirs = (f"**{size / 1e6:,.0f} MB**" for size in self.memory)
        counts = [self.side.counts]
        if self.against and self.against.counts:
            counts.append(f"{self.against.name}: {self.against.counts}")
        return (
            f"{self.what}: {self.side.name}" if self.side.name else self.what,
            ours,
            self.against.name if self.against else "",
            theirs,
            self._ratio(),
            self._goal(),
            "; ".join(text for text in counts if text),
        )

    def _ratio(self) -> str:
        if self.ratio is None:
            return "–"
        if self.kind == "seconds":
            return f"{_figure(self.ratio)} s"
        return f"{_figure(self.ratio)} ×" + (" faster" if self.kind == "faster" else "")

    def _goal(self) -> str:
        if self.goal is None:
            return ""
        sign = "≥" if self.kind == "faster" else "≤"
        unit = " s" if self.kind == "seconds" else " ×"
        verdict = {True: "met", False: "**not met**", None: "not measured"}[self.met]
        return f"{sign} {self.goal:g}{unit}: {verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a reader's browser fetches for one page."""

    site: str
    page: str
    requests: int
    raw: int
    gzipped: int
    from_elsewhere: int


def markdown(rows: Iterable[Row], weights: Iterable[Weight], notes: Sequence[str]) -> str:
    """Return both tables between the marks that the README shares."""
    lines = [BEGIN, "", *(f"- {note}" for note in notes), ""]
    lines += _table(_HEAD, (row.cells() for row in rows))
    cells = [
        (w.site, w.page, str(w.requests), _kb(w.raw), _kb(w.gzipped), str(w.from_elsewhere))
        for w in weights
    ]
    if cells:
        head = ("Site", "Page", "Requests", "kB", "kB gzipped", "Requests elsewhere")
        lines += ["", *_table(head, cells)]
    return "\n".join([*lines, "", END, ""])


def between_marks(text: str) -> str:
    """Return what lies between the marks. Raises ValueError where they are missing."""
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def replaced(text: str, new: str) -> str:
    """Return a text with what lies between its marks replaced."""
    return text.replace(between_marks(text), between_marks(new))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines]


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _kb(size: int) -> str:
    return f"{size / 1000:,.1f}"
