"""stactus: YAML files with incident/v1 documents, and stactus.yaml → incidents and components.

Times may be relative to the one before in the list; one that names no zone is meant in UTC there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from firstword.errors import ImportFailed
from firstword.importers import History, Source, Story
from firstword.importers.images import PICTURES, Pictures
from firstword.importers.reading import Unreadable, decode, files_in, read_file
from firstword.importers.report import DATE, LOST, LeftOut, Repair
from firstword.importers.siteconf import Names
from firstword.importers.telling import (
    Shared,
    Tale,
    Word,
    components_of,
    finish,
    not_carried,
)
from firstword.importers.times import BadTime, Log, When, read_time, utc
from firstword.importers.values import Node, get, items, keys, line, read_yaml, shown
from firstword.model import Impact, Status
from firstword.values import replace

_VERSION = "incident/v1"
_SETTINGS = ("stactus.yaml", "stactus.yml")
_IMPACTS = {"": Impact.NONE} | {str(impact): impact for impact in Impact}
_CARRIED = frozenset({"version", "id", "name", "impact", "systems", "timeline"})
_CARRIED_OF_EVENTS = frozenset({"ts", "description", "investigating", "resolved"})
#: A line that begins with this always begins a document, even within a text.
_DOCUMENT = re.compile(r"^---(?=[ \t\n]|\Z)", re.MULTILINE)
_LATER = re.compile(r"\+(?:\d{1,6}(?:\.\d{1,6})?(?:h|m|s|ms))+", re.ASCII)
_STEP = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)", re.ASCII)
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))? ?([AaPp][Mm])?", re.ASCII)


def read(source: Source) -> History:
    """Read a stactus page. Raises ImportFailed when there are no incidents."""
    root = source.folder
    needs: list[str] = []
    names = Names(source.components)
    repairs, left_out = _read_settings(root, names, needs)
    shared = Shared(format="stactus", zone=source.zone, names=names)
    pictures = Pictures(root=root, folders=(root,))
    stories: list[Story] = []
    ignored: list[tuple[str, str]] = []
    for path in files_in(root, needs):
        name = path.relative_to(root).as_posix()
        if name in _SETTINGS or path.suffix.lower() in PICTURES:
            continue
        if path.suffix.lower() not in (".yml", ".yaml") or path.name.startswith("."):
            ignored.append((name, "not a YAML file"))
            continue
        try:
            text, mended = decode(read_file(path, root))
        except Unreadable as error:
            stories.append(not_carried(name, str(error)))
            continue
        found = list(_stories(name, text, mended, shared, pictures))
        stories += found
        if not found:
            ignored.append((name, "nothing in it"))
    if not stories:
        raise ImportFailed(f"no incidents in {str(root)!r}")
    return History(
        stories=tuple(stories),
        components=tuple(names.new),
        component_lines=tuple(names.lines),
        images=pictures.found,
        pictures=pictures.taken,
        used=tuple((name, "settings") for name in _SETTINGS if (root / name).is_file()),
        unlisted=names.unlisted,
        ignored=tuple(ignored),
        repairs=tuple(repairs),
        left_out=(*left_out, LeftOut(LOST, "/history-feed.atom, /history/<n>.html")),
        needs=tuple(needs),
    )


def _read_settings(
    root: Path, names: Names, needs: list[str]
) -> tuple[list[Repair], list[LeftOut]]:
    """Take in the systems that stactus.yaml lists."""
    path = next((root / name for name in _SETTINGS if (root / name).exists()), None)
    if path is None:
        needs.append("there is no stactus.yaml: every system that incidents name is retired")
        return [], []
    try:
        text, repairs = decode(read_file(path, root))
        node, more = read_yaml(text)
    except Unreadable as error:
        needs.append(f"{path.name}: {error}: systems that incidents name are retired")
        return [], []
    for system in items(get(node, "systems")):
        if called := line(system, "id") or line(system, "name"):
            names.add(
                called,
                shown=line(system, "name") or called,
                group="",
                description=line(system, "description"),
            )
    rest = ", ".join(key for key in keys(node) if key.lower() not in ("version", "systems"))
    said = [replace(r, what=f"{path.name}: {r.what}") for r in (*repairs, *more)]
    return said, [LeftOut(path.name, rest)] if rest else []


def _stories(
    name: str, text: str, repairs: list[Repair], shared: Shared, pictures: Pictures
) -> Iterator[Story]:
    """Yield a story for every document of a file; one that is broken loses no other."""
    documents = [part for part in _DOCUMENT.split(text) if part.strip()]
    for number, document in enumerate(documents, 1):
        place = name if len(documents) == 1 else f"{name}: document {number}"
        log = shared.log()
        log.repairs += repairs if number == 1 else []
        try:
            node, more = read_yaml(document)
            log.repairs += more
            if node:
                yield _story(place, node, shared, log, pictures)
        except Unreadable as error:
            yield not_carried(place, str(error), name)


def _story(place: str, node: Node, shared: Shared, log: Log, pictures: Pictures) -> Story:
    """Make the story of one document. Raises Unreadable."""
    if line(node, "version") != _VERSION:
        raise Unreadable(f"its version is not {_VERSION!r}: {shown(get(node, 'version'))[:80]!r}")
    words = list(_words(items(get(node, "timeline")), log))
    if not words:
        raise Unreadable("there is nothing in its timeline")
    beside = (pictures.root / PurePosixPath(place).parent, pictures.root)
    for word in words:
        word.body = pictures.take(word.body, log, beside)
    said = line(node, "impact").lower()
    impact = _IMPACTS.get(said)
    if impact is None:
        log.repair("impact", said, "impact none", "not an impact")
    for key in keys(node):
        if key.lower() not in _CARRIED and (value := shown(get(node, key))):
            log.left_out.append(LeftOut(key, value))
    systems = (shown(item) for item in items(get(node, "systems")))
    id_ = line(node, "id")
    words.sort(key=lambda word: word.at)
    if words[0].status is Status.UPDATE:
        words[0].status = Status.INVESTIGATING
        log.repair("timeline", "update", "investigating", "the first word of a story")
    began = words[0].at
    tale = Tale(
        source=place,
        file=place.partition(": document ")[0],
        log=log,
        stem=line(node, "name"),
        id=id_.lower(),
        title=shown(get(node, "name")).strip(),
        impact=impact or Impact.NONE,
        components=components_of(systems, shared, log),
        began=began,
        words=words,
        addresses=(f"ir/{id_}.html",) if id_ else (),
    )
    return finish(tale, shared)


def _words(events: list[Node], log: Log) -> Iterator[Word]:
    """Make an update of every event of a timeline. Raises Unreadable."""
    before: datetime | None = None
    for event in events:
        text = line(event, "ts")
        try:
            when = read_ts(text, before, log)
            at = when.at
        except BadTime as error:
            if before is None:
                raise Unreadable(f"no first time that can be read: {text!r}: {error}") from None
            at = before + timedelta(seconds=1)
            log.repair("ts", text, utc(at), f"{error}; it stands after the one before", DATE)
        before = at
        is_ = {key: line(event, key).lower() == "true" for key in ("investigating", "resolved")}
        status = Status.RESOLVED if is_["resolved"] else Status.UPDATE
        status = Status.INVESTIGATING if is_["investigating"] else status
        for key in keys(event):
            if key.lower() not in _CARRIED_OF_EVENTS and (value := shown(get(event, key))):
                log.left_out.append(LeftOut(f"timeline: {key}", value))
        yield Word(at=at, status=status, body=shown(get(event, "description")).strip())


def read_ts(text: str, before: datetime | None, log: Log) -> When:
    """Read a time of a timeline, which may count from the one before. Raises BadTime."""
    if _LATER.fullmatch(text):
        if before is None:
            raise BadTime("nothing stands before it")
        steps = ((_UNITS[unit], float(n)) for n, unit in _STEP.findall(text))
        at = before + sum((timedelta(**{unit: n}) for unit, n in steps), timedelta())
        return When(at.replace(microsecond=0), at.date())
    if found := _CLOCK.fullmatch(text):
        if before is None:
            raise BadTime("nothing stands before it")
        hour = int(found[1])
        if half := (found[4] or "").lower():
            hour = hour % 12 + (12 if half == "pm" else 0)
        day = before.astimezone(log.zone)
        at = read_time(f"{day:%Y-%m-%d} {hour:02}:{found[2]}:{found[3] or '00'}", log.zone).at
        log.zoneless += 1
        return When(at, at.date())
    return log.time("ts", text.replace("/", "-"))
