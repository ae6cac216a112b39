"""The site: the only place of an import that writes, and only what was not there.

A file of an earlier import grows where the source has said more since; nothing else that exists is
ever changed, and nothing outside of the site is touched.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from firstword.compose import compose
from firstword.importers.growth import Growth, grown, left_by_import, theirs, unknown
from firstword.importers.heldback import held_back
from firstword.importers.places import addresses_in
from firstword.importers.reading import Original, Unreadable
from firstword.importers.report import Entry, Outcome
from firstword.importers.siteconf import NotLiteral, line_of, with_components
from firstword.importers.spelling import printable
from firstword.model import Component, Incident
from firstword.parse import parse
from firstword.values import replace

CONF = "pelicanconf.py"
_INCIDENTS = "content/incidents"
#: Beside a file that is being written: no name of a page, and short wherever that is long.
_SCRATCH = ".import"


class Site:
    """The folder that files are added to; the only place that writes."""

    def __init__(self, root: Path, *, dry_run: bool) -> None:
        self.root = root.resolve()
        self.dry_run = dry_run
        self._folders: dict[Path, bool] = {}
        self._by_slug = {
            path.stem: path.relative_to(self.root).as_posix()
            for path in sorted(self.root.glob(f"{_INCIDENTS}/**/*.md"))
        }

    def told(self, form: str) -> dict[str, str]:
        """Return where imports of a format have told what: old address → path."""
        found: dict[str, str] = {}
        for path in self._by_slug.values():
            for address in addresses_in(self._head(path), form):
                found.setdefault(address, path)
        return found

    def elsewhere(self, slug: str, target: str) -> str:
        """Return the path of another incident file that has the slug already, or nothing."""
        found = self._by_slug.get(slug, target)
        return found if found != target else ""

    def _inside(self, folder: Path) -> bool:
        """Tell whether a folder lies in the site, links followed; each is looked at once."""
        if folder not in self._folders:
            try:
                self._folders[folder] = folder.resolve().is_relative_to(self.root)
            except (OSError, RuntimeError):
                self._folders[folder] = False
        return self._folders[folder]

    def has(self, target: str, data: bytes) -> bool:
        """Tell whether a file is there already with the same bytes."""
        path = self.root / target
        try:
            return path.stat().st_size == len(data) and path.read_bytes() == data
        except OSError:
            return False

    def holds(self, target: str, picture: Original) -> bool:
        """Tell whether a copy of a file is there already."""
        try:
            return picture.is_copied(self.root / target)
        except (OSError, Unreadable):
            return False

    def copy(self, target: str, picture: Original) -> str:
        """Add a copy of a file; return why that was not possible, or nothing."""
        return self._add(target, picture.chunks())

    def add(self, target: str, data: bytes) -> str:
        """Add a file; return why that was not possible, or nothing."""
        return self._add(target, (data,))

    def _add(self, target: str, chunks: Iterable[bytes]) -> str:
        path = self.root / target
        if not self._inside(path.parent):
            return f"{target} would lie outside of the site"
        if os.path.lexists(path):
            return f"{target} is there already and differs; nothing is overwritten"
        if self.dry_run:
            return ""
        # Whole or not at all: half a file would be in the way of the next run.
        scratch = path.with_name(_SCRATCH)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with scratch.open("wb") as file:
                    file.writelines(chunks)
                scratch.replace(path)
            finally:
                scratch.unlink(missing_ok=True)
        except OSError as error:
            return f"{target} cannot be written: {error.strerror}"
        except Unreadable as error:
            return f"{target} cannot be written: the old one {error}"
        return ""

    def put(self, target: str, data: bytes) -> str:
        """Put new bytes into a file at once; return why that was not possible, or nothing."""
        path = self.root / target
        if path.is_symlink():
            return f"{target} is a link"
        if self.dry_run:
            return ""
        scratch = path.with_name(_SCRATCH)
        try:
            scratch.write_bytes(data)
            scratch.chmod(stat.S_IMODE(path.stat().st_mode))
            scratch.replace(path)
        except OSError as error:
            return f"{target} cannot be written: {error.strerror}"
        return ""

    def _head(self, target: str) -> str:
        """Return the front matter of a file, however long it is; empty where it cannot be read."""
        head, _, _ = self.read(target).partition(b"\n---\n")
        return head.decode(errors="replace")

    def read(self, target: str) -> bytes:
        """Return the bytes of a file; empty where there is none that can be read."""
        try:
            return (self.root / target).read_bytes()
        except OSError:
            return b""


def write_story(entry: Entry, incident: Incident, site: Site, now: datetime | None) -> Entry:
    """Write one story's file, or what is new in it, and say what became of it.

    `now` is when words were found that have no time of their own; nothing may lie ahead of it.
    """
    data = compose(incident).encode()
    other = site.elsewhere(PurePosixPath(incident.path).stem, incident.path)
    if not other and site.has(incident.path, data):
        needs = (*entry.needs, *held_back(incident, now))
        return replace(entry, outcome=Outcome.UNCHANGED, needs=needs)
    there = b"" if other else site.read(incident.path)
    if problems := parse(data, incident.path, UTC).problems:
        why = f"what it became cannot be read: {problems[0]}"
    elif other:
        why = f"{other} has that name already"
    elif old := left_by_import(there, incident):
        growth = grown(old, incident, now)
        growth.needs += held_back(growth.incident, now)
        entry, why = _grow(entry, growth, old, site)
    elif yours := theirs(there, incident):
        entry, why = _kept(entry, yours, incident), ""
    elif not (why := site.add(incident.path, data)):
        entry = replace(entry, needs=(*entry.needs, *held_back(incident, now)))
    if not why:
        return entry
    return replace(entry, outcome=Outcome.NOT_CARRIED, is_open=False, why=printable(why))


def _grow(entry: Entry, growth: Growth, old: Incident, site: Site) -> tuple[Entry, str]:
    """Put what is new into a file; return its entry, and why that was not possible or nothing."""
    incident = growth.incident
    entry = replace(
        entry,
        outcome=Outcome.UNCHANGED if incident is old else Outcome.GREW,
        added=growth.added,
        updates=len(incident.updates),
        is_open=incident.is_open and not incident.draft and not incident.language,
        draft=incident.draft,
        repairs=(*entry.repairs, *growth.repairs),
        needs=(*entry.needs, *growth.needs),
    )
    if incident is old:
        return entry, ""
    data = compose(incident).encode()
    if problems := parse(data, incident.path, UTC).problems:
        return entry, f"what it became cannot be read: {problems[0]}"
    return entry, site.put(incident.path, data)


def _kept(entry: Entry, yours: Incident, incident: Incident) -> Entry:
    """Return the entry of a story that somebody goes on with here: its file stays as it is."""
    more = tuple(unknown(yours, incident))
    return replace(
        entry,
        outcome=Outcome.YOURS,
        untaken=len(more),
        updates=len(yours.updates),
        is_open=yours.is_open and not yours.draft and not yours.language,
        draft=yours.draft,
        # What had to be changed for a file that is not written is nobody's concern.
        repairs=(),
        needs=more,
    )


def settings_of(site_root: Path) -> bytes:
    """Read the site's settings file; empty when there is none."""
    try:
        return (site_root / CONF).read_bytes()
    except OSError:
        return b""


def add_components(
    site: Site, conf: bytes, components: Sequence[Component], refusal: str
) -> list[str]:
    """Add components to the settings file; return what is left for a person to paste."""
    if not refusal:
        try:
            refusal = site.put(CONF, with_components(conf, components))
        except NotLiteral as error:
            refusal = str(error)
    if not refusal:
        return []
    lines = [f"paste into COMPONENTS: {line_of(component)}," for component in components]
    return [f"{CONF} was not changed: {refusal}", *lines]
