"""The table of an import: a row for every file of the source, and a sum that adds up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from firstword.importers.spelling import printable

if TYPE_CHECKING:
    from firstword.importers.report import Entry, Report

_HEAD = ("what", "updates", "repairs", "left out", "needs", "file")


def rows(report: Report) -> Iterator[str]:
    """Yield the table of a report, the head first and the sum last."""
    found = [_of(entry) for entry in report.entries]
    for path, what in report.used:
        found.append((what, "", "", "", "", printable(path)))
    for path, target in report.pictures:
        found.append(("picture", "", "", "", "", printable(f"{path} -> {target}")))
    for path, why in report.ignored:
        found.append(("left alone", "", "", "", "", printable(f"{path} ({why})")))
    if report.repairs or report.left_out or report.needs:
        numbers = (len(report.repairs), len(report.left_out), len(report.needs))
        found.append(("besides", "", *map(str, numbers), "the source as a whole"))
    total = [str(sum(int(row[at] or 0) for row in found)) for at in range(1, 5)]
    last = ("in all", *total, sums(report))
    yield from _laid_out([_HEAD, *found, last])


def _of(entry: Entry) -> tuple[str, ...]:
    """Return the row of one story."""
    text = entry.source if entry.why else f"{entry.source} -> {entry.target}"
    numbers = (entry.updates, len(entry.repairs), len(entry.left_out), len(entry.needs))
    return (entry.word, *(str(number) for number in numbers), printable(text))


def sums(report: Report) -> str:
    """Say how many files there are, and of what; each is counted once."""
    counts = files(report)
    parts = " + ".join(f"{what} {number}" for what, number in counts.items())
    return f"files {sum(counts.values())} = {parts}"


def files(report: Report) -> dict[str, int]:
    """Count the source's files by what was read from them."""
    told: set[str] = set()
    counts: dict[str, int] = {}
    for what, paths in (
        ("stories", [entry.file or entry.source for entry in report.entries]),
        ("read besides", [path for path, _ in report.used]),
        ("pictures", [path for path, _ in report.pictures]),
        ("left alone", [path for path, _ in report.ignored]),
    ):
        new = set(paths) - told
        counts[what] = len(new)
        told |= new
    return counts


def _laid_out(table: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield the lines of a table: words to the left, numbers to the right, the last as it is."""
    wide = [max(len(row[at]) for row in table) for at in range(len(_HEAD) - 1)]
    for row in table:
        first, *numbers = row[:-1]
        cells = [first.ljust(wide[0])]
        cells += [text.rjust(width) for text, width in zip(numbers, wide[1:], strict=True)]
        yield "  ".join([*cells, row[-1]])
