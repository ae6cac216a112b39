"""One issue file → a story: the values of its front matter, its place, its pictures.

Sites made with Hugo differ in how they call things: a `Dialect` says how.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath

from firstword.importers import Story
from firstword.importers.cstate.permalinks import Addresses
from firstword.importers.cstate.shortcodes import rendered
from firstword.importers.cstate.timeline import Timeline
from firstword.importers.front import read_front
from firstword.importers.images import Pictures
from firstword.importers.reading import Unreadable, clean, decode
from firstword.importers.report import DATE, Entry, LeftOut, Outcome
from firstword.importers.siteconf import Names, Numbered, slugify
from firstword.importers.telling import kept_addresses, not_carried
from firstword.importers.times import BadTime, Log, When, day_in, read_time, utc
from firstword.importers.values import Node, items, shown
from firstword.model import (
    ComponentChange,
    ComponentStatus,
    Facts,
    Impact,
    Incident,
    Kind,
    Update,
)

_YES = frozenset({"true", "yes", "on", "y"})
_NO = frozenset({"false", "no", "off", "n", ""})
#: Keys that have a home here, in lower case.
_CARRIED = frozenset(
    {
        *("title", "date", "resolved", "resolvedwhen", "severity", "informational"),
        *("draft", "slug", "url", "aliases"),
    }
)
_USUAL = {("section", "issue"), ("pin", "false")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one kind of Hugo site calls things."""

    #: What it is called in the report and in `imported:`.
    name: str
    #: The folder of the stories below content/, which their addresses begin with.
    folder: str
    impacts: Mapping[str, Impact]
    #: The keys that name components, in lower case; the first that is there holds.
    affected: tuple[str, ...]
    #: Addresses of the old page that are no story's and lead nowhere here.
    lost: str
    #: The severity that says the components are being worked on.
    maintenance: str = ""
    #: Whether addresses have the day in them: incidents/2021/03/04/cold/.
    dated: bool = False


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the files of one source share."""

    dialect: Dialect
    pictures: Pictures
    zone: tzinfo
    names: Names
    #: Where content/ lies in the source.
    top: str
    #: How the addresses of a language are made, "" for the originals'.
    addresses: Callable[[str], Addresses]
    slugs: Numbered = field(default_factory=Numbered)


class Issue:
    """One file on its way to a story; collects what has to be said about it."""

    def __init__(self, path: PurePosixPath, source: Shared, file: PurePosixPath) -> None:
        #: What it is called in a site of one language, and what it is called.
        self.path = path
        self.file = file
        #: Empty for an original.
        self.language = ""
        self.source = source
        self.front: dict[str, tuple[str, Node]] = {}
        self.body = ""
        self.log = Log(zone=source.zone)
        own = path.parent if path.stem == "index" else path.with_suffix("")
        #: What Hugo made the address of: a bundle is named by its folder.
        self.stem = own.name

    def story(self, data: bytes) -> Story:
        """Make the story of the file's bytes."""
        try:
            incident = self._incident(data)
        except Unreadable as error:
            return not_carried(f"{self.source.top}{self.file}", str(error))
        entry = Entry(
            source=f"{self.source.top}{self.file}",
            outcome=Outcome.CARRIED,
            target=incident.path,
            draft=incident.draft,
            is_open=incident.is_open and not incident.draft and not incident.language,
            repairs=tuple(self.log.repairs),
            left_out=tuple(self.log.left_out),
            needs=tuple(self.log.needs),
            zoneless=self.log.zoneless,
            updates=len(incident.updates),
        )
        return Story(entry=entry, incident=incident)

    def _read(self, data: bytes) -> None:
        """Read the front matter and the body. Raises Unreadable."""
        text, repairs = decode(data)
        self.log.repairs += repairs
        front = read_front(text)
        self.log.repairs += front.repairs
        self.front, self.body = front.values, front.body

    def _updates(self, kind: Kind, began: datetime, address: str) -> tuple[Update, ...]:
        """Make the updates; `address` is the old page's."""
        timeline = Timeline(
            log=self.log,
            kind=kind,
            began=began,
            resolved=self._flag("resolved"),
            resolved_when=self._value("resolvedwhen"),
            lasting=self._lasts(),
        )
        body = rendered(self.body, self.log)
        pictures = self.source.pictures
        beside = self._beside(pictures.root, address)
        return timeline.updates(pictures.take(body, self.log, beside, address))

    def _incident(self, data: bytes) -> Incident:
        self._read(data)
        began = self._began()
        title = self._title()
        kind = Kind.NOTICE if self._flag("informational") else Kind.INCIDENT
        draft = self._flag("draft")
        impact = self._impact(kind)
        components = self._components()
        addresses = self._addresses(began)
        updates = self._updates(kind, began.at, addresses[0])
        aliases = tuple(kept_addresses(addresses, self.log))
        slug = self._slug()
        self._leave_out()
        return Incident(
            id=slug,
            slug=slug,
            path=f"content/incidents/{began.day:%Y}/{slug}.md",
            kind=kind,
            first=Facts(title=title, impact=impact, components=components),
            updates=updates,
            started=began.at,
            aliases=aliases,
            draft=draft,
            imported=self.source.dialect.name,
        )

    # ── values of the front matter ──

    def _value(self, key: str) -> str:
        return shown(self.front[key][1]).strip() if key in self.front else ""

    def _flag(self, key: str) -> bool:
        text = self._value(key)
        if text.lower() in _YES:
            return True
        if text.lower() not in _NO:
            self.log.repair(self.front[key][0], text, "false", "neither true nor false")
        return False

    def _lasts(self) -> bool:
        """Tell whether the old page shows it on top until somebody takes it down."""
        if self._value("pin"):
            return self._flag("pin")
        return "resolved" in self.front and not self._flag("resolved")

    def _began(self) -> When:
        text = self._value("date")
        try:
            return self.log.time("date", text)
        except BadTime:
            pass
        try:
            when = read_time(day_in(self.stem), self.source.zone)
        except BadTime:
            raise Unreadable(f"no date that can be read: {text!r}, nor in its name") from None
        self.log.repair("date", text, utc(when.at), "not a time; the day is the file name's", DATE)
        return when

    def _title(self) -> str:
        raw = self._value("title")
        title = " ".join(raw.split())
        if not title:
            title = " ".join(clean(self.stem).split()) or "untitled"
            self.log.repair("title", raw, title, "there is none; this is the file's name")
        elif title != raw:
            self.log.repair("title", raw, title, "a title is one line")
        return title

    def _impact(self, kind: Kind) -> Impact | None:
        text = self._value("severity")
        if kind is Kind.NOTICE:
            if text.lower() not in ("", "notice"):
                self.log.left_out.append(LeftOut("severity", text))
            return None
        impacts = self.source.dialect.impacts
        impact = impacts.get(text.lower())
        if impact is None:
            self.log.repair("severity", text, "impact none", "not a severity")
        elif text not in impacts:
            self.log.repair("severity", text, f"impact {impact}", "differs by case only")
        return impact or Impact.NONE

    def _components(self) -> tuple[ComponentChange, ...] | None:
        keys = [key for key in self.source.dialect.affected if key in self.front]
        _, value = self.front[keys[0]] if keys else ("", "")
        ids: dict[str, str] = {}
        for item in items(value):
            if not isinstance(item, str):
                self.log.left_out.append(LeftOut("affected", shown(item)))
                continue
            if not (name := item.strip()):
                continue
            found, repair = self.source.names.find(name)
            if repair:
                self.log.repairs.append(repair)
            if found in ids:
                self.log.repair("affected", name, found, f"named already, as {ids[found]!r}")
            ids.setdefault(found, name)
        worked_on = self._value("severity") == self.source.dialect.maintenance != ""
        state = ComponentStatus.UNDER_MAINTENANCE if worked_on else None
        return tuple(ComponentChange(found, state) for found in ids) or None

    def _leave_out(self) -> None:
        """Note the values that have no home here."""
        for key, (typed, value) in self.front.items():
            text = shown(value).strip()
            if key not in _CARRIED and key not in self.source.dialect.affected and text:
                usual = (key, text.lower()) in _USUAL
                self.log.left_out.append(LeftOut(typed, text, usual=usual))

    # ── the file's place ──

    def _slug(self) -> str:
        wanted = slugify(self.stem)
        slug = self.source.slugs.take(wanted or "issue")
        if slug != self.stem:
            why = "lower-case letters, digits and '-' only, each name once"
            self.log.repair("file name", self.stem, slug, why)
        return slug

    def _addresses(self, began: When) -> list[str]:
        """Return the old addresses, the file's own first; Hugo has some relative to the folder."""
        dialect = self.source.dialect
        folders = self.path.parent.parts
        folders = folders[:-1] if self.path.stem == "index" else folders
        if dialect.dated:
            folders = (dialect.folder, *f"{began.day:%Y/%m/%d}".split("/"))
        own = self._value("slug") or (self._value("title") if dialect.dated else "") or self.stem
        made = self.source.addresses(self.language)
        address = made.finished(made.prefix + "/".join(_hugo(part) for part in (*folders, own)))
        if made.pattern and not made.unread:
            address = made.of(
                began.day,
                slug=_hugo(self._value("slug")),
                title=_hugo(self._value("title")),
                stem=_hugo(self.stem),
            )
        _, more = self.front.get("aliases", ("", ""))
        wanted = [self._value("url") or address, *(shown(item) for item in items(more))]
        top = f"{made.prefix}{dialect.folder}/"
        return [
            text if text.startswith(("/", top)) else f"{top}{text}"
            for text in map(str.strip, wanted)
        ]

    def _beside(self, root: Path, address: str) -> tuple[Path, ...]:
        """Return the folders that a relative address of this file may mean, the likeliest first."""
        own = root / "content" / self.file.parent
        there = address.strip("/")
        by_address = (root / "static" / there, root / "content" / there)
        bundle = (own, *by_address) if self.path.stem == "index" else (*by_address, own)
        return (*bundle, root / "static", root)


def _hugo(part: str) -> str:
    """Spell a file's name as Hugo does in an address."""
    text = re.sub(r"[^\w\s.~+#@%-]", "", part.lower())
    return re.sub(r" ?(-+) ?", r"\1", " ".join(text.split())).replace(" ", "-")
