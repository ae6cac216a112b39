"""Statusfy: content/*.md with `::: update` containers, a folder a language → incidents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from firstword.errors import ImportFailed
from firstword.importers import History, Source, Story
from firstword.importers.front import Front, read_front
from firstword.importers.images import PICTURES, Pictures
from firstword.importers.reading import Unreadable, decode, files_in, read_file
from firstword.importers.report import DATE, LOST, LeftOut, Outcome
from firstword.importers.siteconf import Names
from firstword.importers.spelling import short
from firstword.importers.telling import (
    BEGINNINGS,
    Shared,
    Tale,
    Word,
    close,
    components_of,
    finish,
    not_carried,
    status_of,
)
from firstword.importers.times import BadTime, Log, day_in, read_time, utc
from firstword.importers.values import get, items, line, read_json, shown
from firstword.model import ComponentChange, ComponentStatus, Impact, Incident, Kind, Status

_SEVERITIES = {
    "under-maintenance": Impact.NONE,
    "degraded-performance": Impact.MINOR,
    "partial-outage": Impact.MAJOR,
    "major-outage": Impact.CRITICAL,
}
_CARRIED = frozenset(
    {
        *("id", "title", "date", "severity", "affectedsystems", "resolved", "scheduled"),
        *("duration", "draft"),
    }
)
#: Every repetition is bounded: these search foreign text.
_OPEN = re.compile(r":{3,9}[ \t]{0,9}update[ \t]{1,9}(.{0,300}?)[ \t]{0,9}\|[ \t]{0,9}(.{1,80})")
_CLOSE = re.compile(r":{3,9}[ \t]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?")
_HASH = "a hash of the file's name, which is not known here"


@dataclass(slots=True, kw_only=True)
class _Site:
    """What was read of one source so far."""

    shared: Shared
    pictures: Pictures
    #: File name → what it became, for the translations.
    originals: dict[str, Incident] = field(default_factory=dict)


def read(source: Source) -> History:
    """Read a Statusfy site. Raises ImportFailed when there are no incidents."""
    root = source.folder
    content = root / "content"
    if not content.is_dir():
        raise ImportFailed(f"not a Statusfy site: {source.place!r} has no content/")
    needs: list[str] = []
    names = Names(source.components)
    used: list[tuple[str, str]] = []
    ignored = _read_systems(root, names, needs, used)
    site = _Site(
        shared=Shared(format="statusfy", zone=source.zone, names=names),
        pictures=Pictures(root=root, folders=(root / "static", content)),
    )
    stories: list[Story] = []
    files = [path.relative_to(content) for path in files_in(content, needs)]
    # Originals first: a translation stands beside one.
    for path in sorted(files, key=lambda one: (len(one.parts), one.as_posix())):
        name = PurePosixPath(path.as_posix())
        if path.suffix.lower() in PICTURES:
            continue
        if why := _no_incident(name):
            ignored.append((f"content/{name}", why))
        else:
            stories.append(_one(content / path, name, site, root))
    if not stories:
        raise ImportFailed(f"no incidents in {str(content)!r}")
    return History(
        stories=tuple(stories),
        components=tuple(names.new),
        component_lines=tuple(names.lines),
        images=site.pictures.found,
        pictures=site.pictures.taken,
        used=tuple(used),
        unlisted=names.unlisted,
        ignored=tuple(ignored),
        left_out=(LeftOut(LOST, "/feeds/incidents.*, /calendars/, /static/content/api/v0/"),),
        needs=tuple(needs),
    )


def _no_incident(name: PurePosixPath) -> str:
    """Say why a file is no incident, or nothing."""
    if name.suffix.lower() != ".md" or name.name.startswith("."):
        return "not a Markdown file"
    if name.stem.lower() == "readme":
        return "a word about the folder, not an incident"
    if len(name.parts) > 2 or (len(name.parts) == 2 and not _LANGUAGE.fullmatch(name.parts[0])):
        return "in a folder that is no language's"
    return ""


def _read_systems(
    root: Path, names: Names, needs: list[str], used: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Take in the systems that the texts of the interface name; return what was left alone."""
    ignored = [
        (path.name, "a program, which is not run")
        for path in (root / "config.js", root / "statusfy.config.js")
        if path.exists()
    ]
    found = sorted((root / "locales").glob("*.json"))
    found.sort(key=lambda path: path.stem != "en")
    listed = False
    for path in found:
        name = f"locales/{path.name}"
        if listed:
            ignored.append((name, f"systems are called as in {found[0].name}"))
            continue
        try:
            text, _ = decode(read_file(path, root))
            node, _ = read_json(text)
        except Unreadable as error:
            needs.append(f"{name}: {error}")
            continue
        used.append((name, "names of systems"))
        systems = get(get(node, "systems"), "items")
        for called, system in systems.items() if isinstance(systems, dict) else ():
            listed = True
            names.add(
                called,
                shown=line(system, "title") or called,
                group="",
                description=line(system, "description"),
            )
    if not listed:
        needs.append("no locales/*.json names systems: those that incidents name are retired")
    return ignored


def _one(path: Path, name: PurePosixPath, site: _Site, root: Path) -> Story:
    """Make the story of one file."""
    source = f"content/{name}"
    log = site.shared.log()
    try:
        text, repairs = decode(read_file(path, root))
        log.repairs += repairs
        front = read_front(text)
        log.repairs += front.repairs
        front.body = site.pictures.take(front.body, log, (path.parent, root / "static", root))
        if len(name.parts) == 2:
            return _translation(source, name, front, site, log)
        story = _original(source, name, front, site, log)
    except Unreadable as error:
        return not_carried(source, str(error))
    if story.incident is not None and story.entry.outcome is Outcome.CARRIED:
        site.originals[name.name] = story.incident
    return story


def _original(source: str, name: PurePosixPath, front: Front, site: _Site, log: Log) -> Story:
    values = {key: shown(value).strip() for key, (_, value) in front.values.items()}
    began = _began(values.get("date", ""), name.stem, log)
    severity = values.get("severity", "")
    planned = bool(values.get("scheduled"))
    impact = _SEVERITIES.get(severity.lower())
    if impact is None:
        log.repair("severity", severity, "impact none", "not a severity")
    kind = Kind.MAINTENANCE if planned else Kind.INCIDENT
    tale = Tale(
        source=source,
        log=log,
        stem=name.stem.replace("_", "-"),
        id=values.get("id", "").lower(),
        title=values.get("title", ""),
        kind=kind,
        impact=None if planned and impact is Impact.NONE else impact,
        began=began,
        addresses=(f"incidents/{values['id']}",) if values.get("id") else (),
        draft=values.get("draft", "").lower() == "true",
    )
    if not values.get("id"):
        log.left_out.append(LeftOut("old address", _HASH, usual=True))
    _plan(tale, values)
    _, systems = front.values.get("affectedsystems", ("", ""))
    tale.components = components_of((shown(item) for item in items(systems)), site.shared, log)
    if severity == "under-maintenance" and not planned:
        state = ComponentStatus.UNDER_MAINTENANCE
        tale.components = tuple(ComponentChange(one.id, state) for one in tale.components)
    rest, tale.words = _words(front.body, tale)
    _leave_out(front, log, told=bool(rest))
    first = rest or values.get("description", "")
    tale.words.insert(0, Word(at=began, status=BEGINNINGS[kind], body=first))
    over = values.get("resolved", "").lower() == "true"
    close(tale, over=over, ended=_maybe("modified", values, log), said="resolved")
    return finish(tale, site.shared)


def _translation(source: str, name: PurePosixPath, front: Front, site: _Site, log: Log) -> Story:
    """Make a translation of the words that its original has too. Raises Unreadable."""
    original = site.originals.get(name.name)
    if original is None:
        raise Unreadable(f"content/{name.name}, which it translates, was not carried")
    title = shown(front.values["title"][1]).strip() if "title" in front.values else ""
    tale = Tale(
        source=source,
        log=log,
        stem=name.stem,
        title=title or original.title,
        kind=original.kind,
        began=original.updates[0].at,
        language=name.parts[0],
        original=original,
    )
    rest, words = _words(front.body, tale)
    words.sort(key=lambda word: word.at)
    by_instant = {update.at: update for update in original.updates[1:]}
    for word in words:
        if meant := by_instant.pop(word.at, None):
            # What an update is called here is said by the status, in the reader's language.
            called = "" if meant.status is not Status.UPDATE else word.called
            tale.words.append(Word(at=word.at, status=meant.status, body=word.body, called=called))
        else:
            log.needs.append(
                f"an update of {utc(word.at)} that the original has not: {short(word.body)}"
            )
    first = original.updates[0]
    told = rest or (shown(front.values["description"][1]) if "description" in front.values else "")
    if told or not first.body:
        tale.words.insert(0, Word(at=first.at, status=first.status, body=told.strip()))
    if not tale.words:
        raise Unreadable("no word in it is one of the original's")
    return finish(tale, site.shared)


def _began(text: str, stem: str, log: Log) -> datetime:
    """Read when a story began. Raises Unreadable."""
    try:
        return log.time("date", text).at
    except BadTime:
        pass
    try:
        at = read_time(day_in(stem), log.zone).at
    except BadTime:
        raise Unreadable(f"no date that can be read: {text!r}, nor in its name") from None
    log.repair("date", text, utc(at), "not a time; the day is the file name's", DATE)
    return at


def _maybe(key: str, values: dict[str, str], log: Log) -> datetime | None:
    """Read a time that need not be there."""
    if not values.get(key):
        return None
    try:
        return log.time(key, values[key]).at
    except BadTime:
        log.repair(key, values[key], "", "not a time", DATE)
        return None


def _plan(tale: Tale, values: dict[str, str]) -> None:
    """Read when a maintenance is planned, and for how many minutes."""
    tale.scheduled_for = _maybe("scheduled", values, tale.log)
    minutes = values.get("duration", "")
    if not minutes:
        return
    if re.fullmatch(r"\d{1,6}(?:\.0+)?", minutes) and tale.scheduled_for and float(minutes):
        tale.scheduled_until = tale.scheduled_for + timedelta(minutes=float(minutes))
    else:
        tale.log.repair("duration", minutes, "", "not minutes of something scheduled")


def _leave_out(front: Front, log: Log, *, told: bool) -> None:
    """Note the values that have no home here."""
    for key, (typed, value) in front.values.items():
        text = shown(value).strip()
        if not text or key in _CARRIED or (key == "description" and not told):
            continue
        usual = key == "modified"
        said = "as Statusfy keeps it" if usual else text
        log.left_out.append(LeftOut(typed, said, usual=usual))


def _words(body: str, tale: Tale) -> tuple[str, list[Word]]:
    """Split a body into what stands outside of `::: update` and the updates."""
    rest: list[str] = []
    words: list[Word] = []
    for opened, text in _containers(body):
        if opened is None:
            rest.append(text)
            continue
        called = " ".join(opened[1].split())
        try:
            at = tale.log.time("update", opened[2].strip()).at
        except BadTime:
            tale.log.repair("update", opened[0], opened[0], "no time in it; it stays as text")
            rest.append(f"**{called}** ({opened[2].strip()})\n\n{text}")
            continue
        status = status_of(called, tale.kind)
        if status is None and tale.kind is Kind.MAINTENANCE and called.casefold() == "resolved":
            tale.log.repair("update", called, str(Status.COMPLETED), "the word for maintenance")
            status = Status.COMPLETED
        known = status is not None
        found = status if status is not None else Status.UPDATE
        words.append(Word(at=at, status=found, body=text, called="" if known else called))
    return "\n\n".join(text for text in rest if text.strip()), words


def _containers(body: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Yield the stretches of a body, each with what opened it; none is outside of any."""
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for text in body.split("\n"):
        found = _OPEN.fullmatch(text.strip())
        if found or (opened and _CLOSE.fullmatch(text.strip())):
            yield opened, "\n".join(lines).strip("\n")
            opened, lines = found, []
        else:
            lines.append(text)
    yield opened, "\n".join(lines).strip("\n")
