"""Moving in: a cState site of so many real issues, imported, imported again, and built."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import repeat
from benchmarks.contenders import Ours
from benchmarks.lab import Lab
from benchmarks.measure import Took, alternate, peak, run
from benchmarks.table import Row, Side

_CONF = """\
from firstword.pelican_defaults import *

SITENAME = "Moved"
SITEURL = "https://status.long.example"
TIMEZONE = "UTC"
PEOPLE = [{"name": "Ada Holm", "role": "Operations", "address": "ada@long.example"}]
COMPONENTS = []
"""


def move(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """An import against a cold build of what came of it; the same once more; memory of both."""
    count = sizes[-1]
    source = lab.work / "foreign"
    real = repeat.sites()
    repeat.repeated(real, count, source)
    moved = Moved(lab, source)
    ours = Ours(lab=lab, folder=moved.folder)
    contenders: dict[str, Callable[[int], Took]] = {
        "import": lambda _: moved.anew(),
        "again": lambda _: moved.again(),
        "build": lambda _: ours.build(cold=True),
    }
    lab.say(f"imports of {count:,}")
    took = alternate(contenders, rounds=lab.rounds, budget=lab.budget)
    files = sum(1 for _ in moved.folder.glob("content/incidents/**/*.md"))
    command = "`firstword import cstate`"
    names = " and ".join(site.name for site in real)
    counts = f"{files:,} of {count:,} carried, which are {names} again and again"
    side = Side(name=command, results=took["import"], counts=counts)
    built = Side(name="a cold build of the same", results=took["build"])
    yield Row(what=f"import of {count:,}", side=side, against=built, goal=0.5)
    side = Side(name=command, results=took["again"])
    first = Side(name="the first time", results=took["import"])
    yield Row(what=f"import of {count:,}, nothing new", side=side, against=first, goal=1)
    build = Side(name="a cold build of the same", results=())
    what = f"most memory of an import of {count:,}"
    memory = (moved.memory(), ours.memory())
    mine = Side(name="", results=())
    yield Row(what=what, side=mine, against=build, kind="memory", goal=1, memory=memory)


class Moved:
    """A site that a history is moved into."""

    def __init__(self, lab: Lab, source: Path) -> None:
        self.lab = lab
        self.folder = lab.work / "moved"
        self._command = (lab.python.parent / "firstword", "import", "cstate", source)

    def anew(self) -> Took:
        """Import into a site that has nothing but its settings."""
        self._empty()
        return self.again()

    def again(self) -> Took:
        """Import into the site as it is."""
        return run(self._command, folder=self.folder, environ=self.lab.environ)

    def memory(self) -> int:
        """Import anew and return the most memory it took."""
        self._empty()
        return peak(self._command, folder=self.folder, environ=self.lab.environ)

    def _empty(self) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        (self.folder / "pelicanconf.py").write_text(_CONF, encoding="utf-8")
