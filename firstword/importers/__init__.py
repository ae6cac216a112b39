"""Foreign histories: a source in, incident files and a report out.

A format is one function, `Reader`: it reads a source and decides everything; what it returns is
written here, the same way for all formats. Nothing that exists is overwritten, nothing outside
the site is touched, and what could not be carried is named.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TypeAlias

import yaml

from firstword.compose import compose
from firstword.errors import ImportFailed
from firstword.importers.report import Entry, LeftOut, Outcome, Repair, Report, printable
from firstword.importers.siteconf import NotLiteral, components_in, line_of, with_components
from firstword.model import Component, Incident
from firstword.parse import parse
from firstword.parse.text import CONTROL, MOST_BYTES

_CONF = "pelicanconf.py"
_INCIDENTS = "content/incidents"
IMAGES = "content/images"

#: What foreign YAML holds.
Node: TypeAlias = "str | list[Node] | dict[str, Node]"

_DEEPEST = 30
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """A file of the source cannot be read, or must not be; the text says why."""


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
    images: Mapping[str, bytes] = field(default_factory=dict)
    ignored: tuple[tuple[str, str], ...] = ()
    repairs: tuple[Repair, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    needs: tuple[str, ...] = ()


#: Reads a source. The components are those the site has already; times without a zone are meant
#: in the zone. Raises ImportFailed when there is nothing to read.
Reader = Callable[[Path, tzinfo, Sequence[Component]], History]


def run(
    format: str,  # noqa: A002 - the word of the command line
    source: Path,
    *,
    site_root: Path,
    zone: tzinfo | None,
    dry_run: bool,
    say: Callable[[str], None],
) -> int:
    """Carry a foreign history into a site and say what became of every file.

    Returns 0, 3 when something could not be carried or needs a person, 1 when nothing could be
    read.
    """
    try:
        report = carry(format, source, site_root=site_root, zone=zone, dry_run=dry_run)
    except ImportFailed as error:
        say(str(error))
        return error.exitcode
    for line in report.lines():
        say(line)
    return 3 if report.needs_person else 0


def carry(
    format: str,  # noqa: A002 - the word of the command line
    source: Path,
    *,
    site_root: Path,
    zone: tzinfo | None,
    dry_run: bool,
) -> Report:
    """Carry a foreign history into a site. Raises ImportFailed when nothing could be read."""
    read = _reader(format)
    conf = _settings(site_root)
    try:
        existing = components_in(conf)
        refusal = "" if (site_root / _CONF).is_file() else "it is not there"
    except NotLiteral as error:
        existing = ()
        refusal = str(error)
    history = read(source, zone or UTC, existing)
    site = _Site(site_root, dry_run=dry_run)
    images = {path: data for path, data in history.images.items() if not site.has(path, data)}
    image_needs = {path: need for path, data in images.items() if (need := site.add(path, data))}
    entries = tuple(_write(story, site) for story in history.stories)
    needs = [*history.needs, *image_needs.values()]
    if history.components:
        needs += _add_components(site, conf, history.components, refusal)
    return Report(
        format=format,
        source=str(source),
        zone=str(zone or UTC),
        dry_run=dry_run,
        entries=entries,
        ignored=history.ignored,
        components=history.component_lines,
        images=tuple(path for path in images if path not in image_needs),
        left_out=history.left_out,
        repairs=history.repairs,
        needs=tuple(needs),
    )


def _reader(name: str) -> Reader:
    if name == "cstate":
        from firstword.importers import cstate

        return cstate.read
    if name == "statuspage":
        from firstword.importers import statuspage

        return statuspage.read
    raise ImportFailed(f"unknown format: {name!r}; one of: cstate, statuspage")


# ── the source: foreign bytes, read tolerantly ───────────────────────────────────────────────────


def read_file(path: Path, root: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file of a source, of at most so many bytes.

    Raises Unreadable for what is no plain file inside `root`.
    """
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve()):
            raise Unreadable("a link that leads out of the source is not followed")
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("not a plain file")
        if found.st_size > most:
            raise Unreadable(f"{found.st_size} bytes; at most {most} are carried")
        return path.read_bytes()
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def decode(data: bytes) -> tuple[str, list[Repair]]:
    """Decode text with '\\n' between lines and without what cannot be published."""
    repairs = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
        repairs.append(Repair("encoding", "UTF-16", "UTF-8", "the file was saved as UTF-16"))
    else:
        text = data.decode("utf-8", "replace")
        if (lost := text.count("\ufffd") - data.count("\ufffd".encode())) > 0:
            why = f"{lost} times, bytes that are not UTF-8"
            repairs.append(Repair("encoding", ascii(data[:40]), "\ufffd", why))
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if odd := dict.fromkeys([*CONTROL.findall(text), *_OTHER_LINE_ENDS.findall(text)]):
        why = "characters that cannot be published are left out"
        repairs.append(Repair("control characters", "".join(odd), "", why))
    return clean(text), repairs


def clean(text: str) -> str:
    """Leave out what cannot be published; the line ends of a few programs become spaces."""
    return _SURROGATE.sub("\ufffd", CONTROL.sub("", _OTHER_LINE_ENDS.sub(" ", text)))


def read_yaml(text: str) -> tuple[Node, list[Repair]]:
    """Read the first document of a foreign YAML text, every scalar a string, null an empty one.

    Of duplicate keys the last one holds, reported. Raises Unreadable.
    """
    repairs: list[Repair] = []
    try:
        events = yaml.parse(text, Loader=_Loader)
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                return _node(event, events, {}, repairs, _DEEPEST), repairs
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(f"{getattr(error, 'problem', None) or error}{where}") from error
    return "", repairs


def _node(
    event: yaml.Event,
    events: Iterator[yaml.Event],
    anchors: dict[str, Node],
    repairs: list[Repair],
    depth: int,
) -> Node:
    """Build what begins with an event. An alias shares what it names: nothing is multiplied."""
    start = event
    if not depth:
        raise Unreadable("nested too deep")
    node: Node
    match event:
        case yaml.AliasEvent(anchor=anchor):
            if anchor not in anchors:
                raise Unreadable(f"an alias of nothing: {anchor!r}")
            return anchors[anchor]
        case yaml.SequenceStartEvent():
            node = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                node.append(_node(event, events, anchors, repairs, depth - 1))
        case yaml.MappingStartEvent():
            node = {}
            while not isinstance(event := next(events), yaml.MappingEndEvent):
                key = _node(event, events, anchors, repairs, depth - 1)
                value = _node(next(events), events, anchors, repairs, depth - 1)
                if not isinstance(key, str):
                    raise Unreadable("a key that is no text")
                if key in node:
                    why = "duplicate key; the last one holds"
                    repairs.append(Repair(key, shown(node[key]), shown(value), why))
                node[key] = value
        case yaml.ScalarEvent(value=value, style=style):
            null = not style and value in ("~", "null", "Null", "NULL")
            node = "" if null else clean(value)
        case _:
            raise Unreadable(f"unexpected: {event}")
    if anchor := getattr(start, "anchor", None):
        anchors[anchor] = node
    return node


def shown(node: Node) -> str:
    """Return a value of foreign YAML as text for the report."""
    if isinstance(node, str):
        return node
    if isinstance(node, list) and all(isinstance(item, str) for item in node):
        return ", ".join(str(item) for item in node)
    return "(a structure)"


# ── the site ─────────────────────────────────────────────────────────────────────────────────────


class _Site:
    """The folder that files are added to; the only place that writes."""

    def __init__(self, root: Path, *, dry_run: bool) -> None:
        self.root = root.resolve()
        self.dry_run = dry_run
        self._by_slug = {
            path.stem: path.relative_to(self.root).as_posix()
            for path in sorted(self.root.glob(f"{_INCIDENTS}/**/*.md"))
        }

    def elsewhere(self, slug: str, target: str) -> str:
        """Return the path of another incident file that has the slug already, or nothing."""
        found = self._by_slug.get(slug, target)
        return found if found != target else ""

    def _inside(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):
            return False

    def has(self, target: str, data: bytes) -> bool:
        """Tell whether a file is there already with the same bytes."""
        path = self.root / target
        try:
            return path.stat().st_size == len(data) and path.read_bytes() == data
        except OSError:
            return False

    def add(self, target: str, data: bytes) -> str:
        """Add a file; return why that was not possible, or nothing."""
        path = self.root / target
        if not self._inside(path):
            return f"{target} would lie outside of the site"
        if self.has(target, data):
            return ""
        if os.path.lexists(path):
            return f"{target} is there already and differs; nothing is overwritten"
        if self.dry_run:
            return ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
        except OSError as error:
            return f"{target} cannot be written: {error.strerror}"
        return ""

    def replace(self, target: str, data: bytes) -> str:
        """Put new bytes into a file at once; return why that was not possible, or nothing."""
        path = self.root / target
        if path.is_symlink():
            return f"{target} is a link"
        if self.dry_run:
            return ""
        scratch = path.with_name(f".{path.name}.import")
        try:
            scratch.write_bytes(data)
            scratch.chmod(stat.S_IMODE(path.stat().st_mode))
            scratch.replace(path)
        except OSError as error:
            return f"{target} cannot be written: {error.strerror}"
        return ""


def _write(story: Story, site: _Site) -> Entry:
    """Write one story's file and say what became of it."""
    entry, incident = story.entry, story.incident
    if incident is None:
        return entry
    data = compose(incident).encode()
    problems = parse(data, incident.path, UTC).problems
    other = site.elsewhere(incident.slug, incident.path)
    if problems:
        why = f"what it became cannot be read: {problems[0]}"
    elif other:
        why = f"{other} has that name already"
    elif site.has(incident.path, data):
        return replace(entry, outcome=Outcome.UNCHANGED)
    else:
        why = site.add(incident.path, data)
    if not why:
        return entry
    return replace(entry, outcome=Outcome.NOT_CARRIED, is_open=False, why=printable(why))


def _settings(site_root: Path) -> bytes:
    """Read the site's settings file; empty when there is none."""
    try:
        return (site_root / _CONF).read_bytes()
    except OSError:
        return b""


def _add_components(
    site: _Site, conf: bytes, components: Sequence[Component], refusal: str
) -> list[str]:
    """Add components to the settings file; return what is left for a person to paste."""
    if not refusal:
        try:
            refusal = site.replace(_CONF, with_components(conf, components))
        except NotLiteral as error:
            refusal = str(error)
    if not refusal:
        return []
    lines = [f"paste into COMPONENTS: {line_of(component)}," for component in components]
    return [f"{_CONF} was not changed: {refusal}", *lines]
