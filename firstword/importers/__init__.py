"""Foreign histories: a source in, incident files and a report out.

A format is one function, `Reader`: it reads a source and decides everything; what it returns is
written here, the same way for all formats. Nothing that exists is overwritten, nothing outside
the site is touched, and what could not be carried is named. docs/importing.md tells how to add one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from pathlib import Path

from firstword.errors import ImportFailed
from firstword.importers.accounts import left_alone
from firstword.importers.addresses import settled
from firstword.importers.places import placed
from firstword.importers.reading import Original
from firstword.importers.report import Entry, LeftOut, Repair, Report
from firstword.importers.site import CONF, Site, add_components, settings_of, write_story
from firstword.importers.siteconf import NotLiteral, components_in
from firstword.importers.spelling import encodable
from firstword.importers.unseen import told
from firstword.model import Component, Incident

#: Each format is the module of that name, whose `read` is its Reader.
FORMATS = ("cstate", "statuspage", "statusfy", "stactus", "statuskit", "pelican")


#: What may be an address without its beginning: status.example.com, or a path of one.
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is asked of a format: where the old page lies, and what is known beforehand."""

    #: A folder; of formats that are read over the network, an address.
    place: str
    #: Where times without an offset are meant.
    zone: tzinfo = UTC
    #: The components that the site has already.
    components: tuple[Component, ...] = ()
    #: What the keys of a free format mean.
    mapping: Path | None = None

    @property
    def folder(self) -> Path:
        """The folder. Raises ImportFailed when it is none."""
        folder = Path(self.place)
        if not folder.is_dir():
            address = _HOST.fullmatch(self.place) and not folder.exists()
            hint = f"; of a live page, say https://{self.place}" if address else ""
            raise ImportFailed(f"not a folder: {self.place!r}{hint}")
        return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One source file as a format understood it; no incident when it cannot be carried."""

    entry: Entry
    incident: Incident | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a format read from a source."""

    stories: tuple[Story, ...]
    #: Components that the stories or the source's settings name and the site does not have.
    components: tuple[Component, ...] = ()
    component_lines: tuple[str, ...] = ()
    #: Path relative to the site's root → the picture.
    images: Mapping[str, Original] = field(default_factory=dict)
    #: Path below the source → path relative to the site's root, of the pictures.
    pictures: Mapping[str, str] = field(default_factory=dict)
    #: Files that settings were read from, each with what.
    used: tuple[tuple[str, str], ...] = ()
    #: How many components stories name and nobody lists.
    unlisted: int = 0
    ignored: tuple[tuple[str, str], ...] = ()
    repairs: tuple[Repair, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    needs: tuple[str, ...] = ()


#: Reads a source. Raises ImportFailed when there is nothing to read.
Reader = Callable[[Source], History]


def run(
    format: str,  # noqa: A002 - the word of the command line
    place: str | Path,
    *,
    site_root: Path,
    zone: tzinfo | None,
    dry_run: bool,
    say: Callable[[str], None],
    mapping: Path | None = None,
    as_json: bool = False,
    now: datetime | None = None,
) -> int:
    """Carry a foreign history into a site and say what became of every file.

    Returns 0, 3 when something could not be carried or needs a person, 1 when nothing could be
    read.
    """
    try:
        report = carry(
            format,
            place,
            site_root=site_root,
            zone=zone,
            dry_run=dry_run,
            mapping=mapping,
            now=now,
        )
    except ImportFailed as error:
        say(encodable(str(error)))
        return error.exitcode
    if as_json:
        say(json.dumps(report.as_json(), indent=2))
    else:
        for line in report.lines():
            say(encodable(line))
    return 3 if report.needs_person else 0


def carry(
    format: str,  # noqa: A002 - the word of the command line
    place: str | Path,
    *,
    site_root: Path,
    zone: tzinfo | None,
    dry_run: bool,
    mapping: Path | None = None,
    now: datetime | None = None,
) -> Report:
    """Carry a foreign history into a site. Raises ImportFailed when nothing could be read.

    `now` is where words stand that were put beside older ones without a time; without it they are
    named and not carried.
    """
    read = _reader(format)
    conf = settings_of(site_root)
    try:
        existing = components_in(conf)
        refusal = "" if (site_root / CONF).is_file() else "it is not there"
    except NotLiteral as error:
        existing = ()
        refusal = str(error)
    source = Source(place=str(place), zone=zone or UTC, components=existing, mapping=mapping)
    history = read(source)
    site = Site(site_root, dry_run=dry_run)
    images = {path: one for path, one in history.images.items() if not site.holds(path, one)}
    image_needs = {path: need for path, one in images.items() if (need := site.copy(path, one))}
    stories = placed(
        settled((story.entry, story.incident) for story in history.stories), site.told(format)
    )
    entries = tuple(
        write_story(entry, incident, site, now) if incident else entry
        for entry, incident in told(stories, history.images)
    )
    needs = [*history.needs, *image_needs.values()]
    ignored = [*history.ignored, *_others(source, history)]
    if history.components:
        needs += add_components(site, conf, history.components, refusal)
    return Report(
        format=format,
        source=source.place,
        site=str(site.root),
        zone=str(source.zone),
        dry_run=dry_run,
        entries=entries,
        ignored=tuple(ignored),
        used=history.used,
        pictures=tuple(sorted(history.pictures.items())),
        titles=_titles(history),
        unlisted=history.unlisted,
        components=history.component_lines,
        images=tuple(path for path in images if path not in image_needs),
        left_out=history.left_out,
        repairs=history.repairs,
        needs=tuple(needs),
    )


def _others(source: Source, history: History) -> Iterator[tuple[str, str]]:
    """Yield the files of a folder that its format says nothing of."""
    folder = Path(source.place)
    if folder.is_dir():
        told = {story.entry.file or story.entry.source for story in history.stories}
        told |= {*history.pictures, *dict(history.used), *dict(history.ignored)}
        yield from left_alone(folder, told)


def _titles(history: History) -> tuple[tuple[str, int], ...]:
    """Return the titles that several stories have."""
    stories = [story.incident for story in history.stories]
    counts = Counter(one.title for one in stories if one is not None and not one.language)
    return tuple(sorted((title, number) for title, number in counts.items() if number > 1))


def _reader(name: str) -> Reader:
    if name not in FORMATS:
        raise ImportFailed(f"unknown format: {name!r}; one of: {', '.join(FORMATS)}")
    read: Reader = import_module(f"firstword.importers.{name}").read
    return read
