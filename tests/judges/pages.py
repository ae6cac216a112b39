"""The example site and a little more, built: every kind of page that Firstword makes."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from firstword.build import RunOptions
from firstword.building import build_site
from firstword.content import read_content
from firstword.manifest import Memory
from firstword.settings import load_settings, read_site

ROOT = Path(__file__).resolve().parent.parent.parent
#: What the example does not show: a translation, old addresses, a drill, a picture, a table.
EXTRA = Path(__file__).resolve().parent / "extra"
#: 10:30 in Copenhagen, where the example's clock stands.
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

WIDTHS = (320, 768, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HEIGHT = 800


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page, and one page of it."""

    name: str
    #: The file in the output folder.
    key: str

    @property
    def path(self) -> str:
        """Its address on the site."""
        return self.key.removesuffix("index.html")


KINDS = (
    Kind("home", "index.html"),
    Kind("incident-open", "incidents/2026-11-21-card-payments/index.html"),
    Kind("incident-ended", "incidents/2026-10-06-slow-pages/index.html"),
    Kind("incident-full", "incidents/2026-10-27-gift-cards/index.html"),
    Kind("drill", "incidents/2026-10-20-drill-fire-door/index.html"),
    Kind("maintenance", "maintenance/2026-11-25-second-line/index.html"),
    Kind("notice", "notices/2026-10-14-blue-rim-bowls/index.html"),
    Kind("history", "history/index.html"),
    Kind("month", "history/2026-10/index.html"),
    Kind("year", "history/2026/index.html"),
    Kind("year-of-a-kind", "history/maintenance/2026/index.html"),
    Kind("record", "record/index.html"),
    Kind("record-of-a-year", "record/2026/index.html"),
    Kind("record-of-a-month", "record/2026-11/index.html"),
    Kind("component", "components/checkout/index.html"),
    Kind("year-of-a-component", "components/checkout/history/2026/index.html"),
    Kind("person", "people/ian-reyes/index.html"),
    Kind("subscribe", "subscribe/index.html"),
    Kind("not-found", "404.html"),
    Kind("moved", "issues/gift-cards/index.html"),
    Kind("moved-file", "old/gift-cards.html"),
    Kind("german", "de/incidents/2026-10-27-gift-cards/index.html"),
    Kind("stock", "about/index.html"),
)
#: Folders of many pages of one kind, each under a name of its own.
_NAMED = frozenset({"components", "incidents", "issues", "maintenance", "notices", "people"})
BY_NAME = {kind.name: kind for kind in KINDS}


def make_site(root: Path) -> None:
    """Copy the example to a folder and add what it does not show."""
    shutil.copytree(ROOT / "content", root / "content")
    settings = (ROOT / "pelicanconf.py").read_text(encoding="utf-8")
    (root / "pelicanconf.py").write_text(settings + "\nDRILLS = True\n", encoding="utf-8")
    for path in sorted(EXTRA.glob("*.md")):
        shutil.copy(path, root / "content" / "incidents" / "2026" / path.name)
    shutil.copytree(EXTRA / "images", root / "content" / "images", dirs_exist_ok=True)


def memory(root: Path) -> Memory:
    """Return what a target remembers to which every word was published when it was signed."""
    site = read_site(load_settings(root / "pelicanconf.py"))
    told = read_content(site, root, root / "content", NOW).incidents
    stamps = {one.id: {update.id: update.at for update in one.updates} for one in told}
    return Memory(now=NOW, stamps=stamps, records_began=True, sources={})


def build(root: Path) -> Path:
    """Make the site in an empty folder and build it; return the folder with its pages."""
    make_site(root)
    run = build_site(root, RunOptions(now=NOW, embedded=True, memory=memory(root)), root / "output")
    if run.needs_a_person:
        raise ValueError(f"the judged site has files that are held back: {run.found.problems!r}")
    return root / "output"


def kinds_of(folder: Path) -> set[str]:
    """Return what tells the kinds of a built site apart; see `shape`."""
    return {shape(path.relative_to(folder).as_posix()) for path in folder.rglob("*.html")}


def shape(key: str) -> str:
    """Return a page's file with what only names one of many taken out: `history/0-0/index.html`."""
    language, slash, rest = key.partition("/")
    if slash and len(language) == 2:
        return f"{language}/{shape(rest)}"
    first, *more = re.sub(r"\d+", "0", key).split("/")
    if (first in _NAMED and len(more) > 1) or (first == "history" and more[0].isalpha()):
        more[0] = "*"
    return "/".join((first, *more))
