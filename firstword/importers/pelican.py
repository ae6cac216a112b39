"""Pelican articles, or any Markdown with front matter, as a mapping file explains them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TypeVar

from firstword.errors import ImportFailed
from firstword.importers import History, Source, Story
from firstword.importers.front import Front, read_front
from firstword.importers.images import PICTURES, Pictures
from firstword.importers.mapping import Rules, read_rules
from firstword.importers.reading import Unreadable, decode, files_in, read_file
from firstword.importers.report import DATE, LeftOut, Repair
from firstword.importers.siteconf import Names, slugify
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
from firstword.importers.values import items, shown
from firstword.model import Impact, Kind, Status

_YES = frozenset({"true", "yes", "on", "y", "1"})
_META = re.compile(r"([A-Za-z_][\w-]{0,60}):[ \t]*(.*)")
_MORE = re.compile(r"(?: {4}|\t)[ \t]*(\S.*)")
_HEADING = re.compile(
    r"#{1,6}[ \t]+(\d{4}-\d{1,2}-\d{1,2}[^|–—]{0,40}?)(?:[ \t]+[-–—|][ \t]+(.*))?"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_Word = TypeVar("_Word", Impact, Kind)


@dataclass(slots=True, kw_only=True)
class _Site:
    """What the files of one source share."""

    rules: Rules
    shared: Shared
    pictures: Pictures


def read(source: Source) -> History:
    """Read a folder of articles. Raises ImportFailed when there are none, or no mapping."""
    root = source.folder
    rules = read_rules(source.mapping)
    names = Names(source.components)
    site = _Site(
        rules=rules,
        shared=Shared(format="pelican", zone=source.zone, names=names),
        pictures=Pictures(root=root, folders=tuple(dict.fromkeys((root / rules.images, root)))),
    )
    needs: list[str] = []
    stories: list[Story] = []
    ignored: list[tuple[str, str]] = []
    mapping = source.mapping.resolve() if source.mapping else None
    used: list[tuple[str, str]] = []
    for path in files_in(root, needs):
        name = PurePosixPath(path.relative_to(root).as_posix())
        if path.suffix.lower() in PICTURES:
            continue
        if path.resolve() == mapping:
            used.append((str(name), "the mapping"))
        elif not _fits(name, rules.files):
            ignored.append((str(name), f"not one of {rules.files!r}"))
        else:
            stories.append(_one(path, name, site, root))
    if not stories:
        raise ImportFailed(f"no files {rules.files!r} in {source.place!r}")
    return History(
        stories=tuple(stories),
        components=tuple(names.new),
        component_lines=tuple(names.lines),
        images=site.pictures.found,
        pictures=site.pictures.taken,
        used=tuple(used),
        unlisted=names.unlisted,
        ignored=tuple(ignored),
        needs=tuple(needs),
    )


def _fits(name: PurePosixPath, pattern: str) -> bool:
    """Tell whether a path is one of a pattern, of which '**/' may stand for no folder at all."""
    top = pattern.removeprefix("**/")
    return name.match(top) and (top != pattern or len(name.parts) == len(Path(pattern).parts))


def _one(path: Path, name: PurePosixPath, site: _Site, root: Path) -> Story:
    """Make the story of one file."""
    log = site.shared.log()
    try:
        text, repairs = decode(read_file(path, root))
        log.repairs += repairs
        front = read_meta(text)
        log.repairs += front.repairs
        beside = (path.parent, *site.pictures.folders)
        front.body = site.pictures.take(front.body.strip("\n"), log, beside)
        return _Article(name, front, site, log).story()
    except Unreadable as error:
        return not_carried(str(name), str(error))


def read_meta(text: str) -> Front:
    """Read front matter, or what Pelican has: `Key: value` lines up to the first empty one.

    Raises Unreadable.
    """
    lines = text.lstrip("\n").split("\n")
    if not _META.fullmatch(lines[0]):
        return read_front(text)
    front = Front()
    last = ""
    for at, one in enumerate(lines):
        if found := _META.fullmatch(one):
            last = found[1].lower()
            if last in front.values:
                why = "duplicate key; the last one holds"
                before = shown(front.values[last][1])
                front.repairs.append(Repair(found[1], before, found[2], why))
            front.values[last] = (found[1], found[2].strip())
        elif more := _MORE.fullmatch(one):
            typed, value = front.values[last]
            front.values[last] = (typed, f"{shown(value)} {more[1].strip()}")
        else:
            front.body = "\n".join(lines[at:])
            break
    return front


class _Article:
    """One file on its way to a story."""

    def __init__(self, name: PurePosixPath, front: Front, site: _Site, log: Log) -> None:
        self.name = name
        self.front = front
        self.site = site
        self.log = log

    def story(self) -> Story:
        """Make the story. Raises Unreadable."""
        rules = self.site.rules
        kind = self._word("kind", Kind) or Kind.INCIDENT
        title = self._value("title")
        stem = self._value("slug") or self.name.stem
        tale = Tale(
            source=str(self.name),
            log=self.log,
            stem=stem,
            id=self._value("id"),
            title=title,
            kind=kind,
            impact=self._word("impact", Impact),
            components=components_of(self._list("components"), self.site.shared, self.log),
            began=self._began(),
            scheduled_for=self._time("scheduled_for"),
            scheduled_until=self._time("scheduled_until"),
            addresses=tuple(self._addresses(rules.address, stem, title)),
            draft=self._flag("draft"),
        )
        tale.words = list(self._words(self.front.body, tale))
        ended = self._time("ended")
        over = self._flag("resolved") or ("resolved" not in rules.fields and ended is not None)
        close(tale, over=over, ended=ended, said="ended" if ended else "resolved")
        for key, (typed, value) in self.front.values.items():
            if key not in rules.keys and (text := shown(value).strip()):
                self.log.left_out.append(LeftOut(typed, text))
        return finish(tale, self.site.shared)

    # ── values ──

    def _raw(self, name: str) -> list[str]:
        """Return their values of one of our fields, as the mapping translates them."""
        rule = self.site.rules.fields.get(name)
        if rule is None:
            return []
        _, node = self.front.values.get(rule.key, ("", ""))
        found = [text for item in items(node) if (text := shown(item).strip())]
        return [rule.values.get(text.lower(), text) for text in found] or (
            [rule.default] if rule.default else []
        )

    def _value(self, name: str) -> str:
        return ", ".join(self._raw(name))

    def _list(self, name: str) -> list[str]:
        return [part for text in self._raw(name) for part in text.split(",")]

    def _flag(self, name: str) -> bool:
        return self._value(name).lower() in _YES

    def _word(self, name: str, words: type[_Word]) -> _Word | None:
        said = self._value(name).lower()
        found = next((word for word in words if word == said), None)
        if said and found is None:
            known = ", ".join(words)
            self.log.repair(name, said, "", f"one of: {known}; 'values' in the mapping says which")
        return found

    def _time(self, name: str) -> datetime | None:
        text = self._value(name)
        if not text:
            return None
        try:
            return self.log.time(name, text).at
        except BadTime:
            self.log.repair(name, text, "", "not a time", DATE)
            return None

    def _began(self) -> datetime:
        if at := self._time("started"):
            return at
        try:
            at = read_time(day_in(self.name.stem), self.log.zone).at
        except BadTime:
            text = self._value("started")
            raise Unreadable(f"no date that can be read: {text!r}, nor in its name") from None
        self.log.repair(
            "started", self._value("started"), utc(at), "the day of the file's name", DATE
        )
        return at

    def _addresses(self, address: str, stem: str, title: str) -> Iterator[str]:
        if address:
            # Pelican makes a slug of the title where none is given.
            slug = self._value("slug") or slugify(title)
            yield address.replace("{slug}", slug).replace("{stem}", stem)
        yield from self._list("aliases")

    # ── words ──

    def _words(self, body: str, tale: Tale) -> Iterator[Word]:
        """Yield the updates: one, or where the mapping says so one for each heading with a time."""
        first = Word(at=tale.began, status=BEGINNINGS[tale.kind])
        word, lines, fence = first, list[str](), ""
        for text in body.split("\n"):
            if found := _FENCE.match(text):
                fence = "" if fence and found[1].startswith(fence) else fence or found[1]
            again = None if fence or not self.site.rules.headings else self._begun(text, tale.kind)
            if again is None:
                lines.append(text)
                continue
            word.body = "\n".join(lines).strip("\n")
            yield word
            word, lines = again, []
        word.body = "\n".join(lines).strip("\n")
        yield word

    def _begun(self, text: str, kind: Kind) -> Word | None:
        """Return the update that a heading begins, if it does."""
        found = _HEADING.fullmatch(text.strip())
        if found is None:
            return None
        called = (found[2] or "").strip()
        try:
            at = self.log.time("heading", found[1].strip()).at
        except BadTime:
            self.log.repair("heading", text, text, "no time in it; it stays as text")
            return None
        status = status_of(called, kind) if called else Status.UPDATE
        return Word(
            at=at,
            status=Status.UPDATE if status is None else status,
            called=called if status is None else "",
        )
