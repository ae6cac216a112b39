"""A build in a process that has built before, of the files that somebody names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from firstword.build import Run
from firstword.folder import FOLDER
from firstword.values import replace
from firstword.write import STAMP, read_stamp


def build_again(
    last: Run, now: datetime, named: Iterable[Path], shown: Callable[[], None] = lambda: None
) -> Run | None:
    """Build once more in this process, knowing that nothing but some incident files was written.

    `shown` is called when all pages are there, while feeds are still to be made.

    None where that is not enough: something else was written, somebody else built into this folder,
    or Pelican has pages of its own there.
    """
    folder = last.content_folder / FOLDER
    paths = frozenset(named)
    if last.has_stock or last.left_out or not all(path.is_relative_to(folder) for path in paths):
        return None
    stamp = read_stamp(last.output_folder) if (last.output_folder / STAMP).exists() else {}
    if stamp.get("build_id") != last.build_id:
        return None
    last.close()
    options = replace(last.options, now=now, named=paths, shown=shown)
    run = replace(last, options=options, last=last)
    run.carry_out()
    # Each would keep the one before it.
    run.last = None
    return run
