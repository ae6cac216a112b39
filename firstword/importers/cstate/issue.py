"""One issue file → a story: the values of its front matter, its place, its pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from firstword.importers import IMAGES, Node, Story, Unreadable, clean, decode, read_file, shown
from firstword.importers.cstate.front import read_front, split_front
from firstword.importers.cstate.timeline import Timeline
from firstword.importers.report import Entry, LeftOut, Outcome
from firstword.importers.siteconf import Names, numbered, slugify
from firstword.importers.times import BadTime, Log, When, read_time, utc
from firstword.model import ComponentChange, Facts, Impact, Incident, Kind
from firstword.parse.names import ALIAS

_IMPACTS = {"down": Impact.CRITICAL, "disrupted": Impact.MINOR, "notice": Impact.NONE}
_YES = frozenset({"true", "yes", "on", "y"})
_NO = frozenset({"false", "no", "off", "n", ""})
#: Keys that have a home here, in lower case.
_CARRIED = frozenset(
    {
        *("title", "date", "resolved", "resolvedwhen", "severity", "affected", "informational"),
        *("draft", "slug", "url", "aliases"),
    }
)
_USUAL = {("section", "issue"), ("pin", "false")}
_NAME_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?!\d)", re.ASCII)
_IMAGE = re.compile(
    r"""(?P<before>\]\(\s{0,8}<?|\]:\s{0,8}<?|\bsrc\s{0,8}=\s{0,8}["']?)"""
    r"""(?P<path>/(?!/)[^\s()"'<>]{1,300}\.(?:png|jpe?g|gif|svg|webp|avif|bmp|ico))""",
    re.IGNORECASE,
)
_LONGEST_ALIAS = 200


@dataclass(slots=True, kw_only=True)
class Source:
    """What the files of one source share."""

    root: Path
    #: Where the images lie.
    static: Path
    zone: tzinfo
    names: Names
    slugs: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    images: dict[str, bytes] = field(default_factory=dict)


class Issue:
    """One file on its way to a story; collects what has to be said about it."""

    def __init__(self, path: PurePosixPath, source: Source) -> None:
        self.path = path
        self.source = source
        self.front: dict[str, tuple[str, Node]] = {}
        self.log = Log(zone=source.zone)
        own = path.parent if path.stem == "index" else path.with_suffix("")
        #: What Hugo made the address of: a bundle is named by its folder.
        self.stem = own.name

    def story(self, data: bytes) -> Story:
        """Make the story of the file's bytes."""
        try:
            incident = self._incident(data)
        except Unreadable as error:
            return Story(entry=not_carried(self.path, str(error)))
        entry = Entry(
            source=str(self.path),
            outcome=Outcome.CARRIED,
            target=incident.path,
            draft=incident.draft,
            is_open=incident.is_open and not incident.draft,
            repairs=tuple(self.log.repairs),
            left_out=tuple(self.log.left_out),
            needs=tuple(self.log.needs),
            zoneless=self.log.zoneless,
        )
        return Story(entry=entry, incident=incident)

    def _incident(self, data: bytes) -> Incident:
        text, repairs = decode(data)
        self.log.repairs += repairs
        front, body, repairs = split_front(text)
        self.log.repairs += repairs
        self.front, repairs = read_front(front)
        self.log.repairs += repairs
        began = self._began()
        title = self._title()
        kind = Kind.NOTICE if self._flag("informational") else Kind.INCIDENT
        draft = self._flag("draft")
        impact = self._impact(kind)
        components = self._components()
        timeline = Timeline(
            log=self.log,
            kind=kind,
            began=began.at,
            resolved=self._flag("resolved"),
            resolved_when=self._value("resolvedwhen"),
        )
        updates = timeline.updates(self._images(body))
        aliases = self._aliases()
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
            imported="cstate",
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

    def _began(self) -> When:
        text = self._value("date")
        try:
            return self.log.time("date", text)
        except BadTime:
            named = _NAME_DATE.match(self.stem)
        try:
            when = read_time(named[1] if named else "", self.source.zone)
        except BadTime:
            raise Unreadable(f"no date that can be read: {text!r}, nor in its name") from None
        self.log.repair("date", text, utc(when.at), "not a time; the day is the file name's")
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
        impact = _IMPACTS.get(text.lower())
        if impact is None:
            self.log.repair("severity", text, "impact none", "not a severity")
        elif text not in _IMPACTS:
            self.log.repair("severity", text, f"impact {impact}", "differs by case only")
        return impact or Impact.NONE

    def _components(self) -> tuple[ComponentChange, ...] | None:
        _, value = self.front.get("affected", ("", ""))
        ids: dict[str, str] = {}
        for item in value if isinstance(value, list) else [value]:
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
        return tuple(ComponentChange(found) for found in ids) or None

    def _leave_out(self) -> None:
        """Note the values that have no home here."""
        for key, (typed, value) in self.front.items():
            text = shown(value).strip()
            if key not in _CARRIED and text:
                usual = (key, text.lower()) in _USUAL
                self.log.left_out.append(LeftOut(typed, text, usual=usual))

    # ── the file's place ──

    def _slug(self) -> str:
        wanted = slugify(self.stem)
        slug = numbered(wanted or "issue", self.source.slugs)
        self.source.slugs.add(slug)
        if slug != self.stem:
            why = "lower-case letters, digits and '-' only, each name once"
            self.log.repair("file name", self.stem, slug, why)
        return slug

    def _aliases(self) -> tuple[str, ...]:
        """Keep the old addresses working; nothing outside of issues/ is claimed."""
        folders = self.path.parent.parts
        folders = folders[:-1] if self.path.stem == "index" else folders
        address = "/".join(_hugo(part) for part in (*folders, self._value("slug") or self.stem))
        _, more = self.front.get("aliases", ("", ""))
        wanted: list[Node] = [self._value("url") or address]
        wanted += [item for item in (more if isinstance(more, list) else [more]) if item]
        aliases = []
        for item in wanted:
            text = shown(item).strip()
            place = text if text.startswith(("/", "issues/")) else f"issues/{text}"
            alias = place.strip("/")
            if (
                not ALIAS.fullmatch(alias)
                or len(alias) > _LONGEST_ALIAS
                or not alias.startswith("issues/")
                or alias in self.source.aliases
            ):
                self.log.repair("address", text, "", "an old address that cannot be kept")
                continue
            self.source.aliases.add(alias)
            aliases.append(alias)
        return tuple(aliases)

    # ── pictures ──

    def _images(self, body: str) -> str:
        """Take along the pictures that the body shows from the old site's own folder."""
        return _IMAGE.sub(lambda found: found["before"] + self._image(found["path"]), body)

    def _image(self, path: str) -> str:
        """Return the address of a picture here; as it was when it cannot be taken along."""
        parts = [part for part in unquote(path).split("/") if part not in ("", ".")]
        if ".." in parts or not all(part.isprintable() for part in parts):
            self.log.needs.append(f"image {path!r}: not a path below static/")
            return path
        try:
            data = read_file(self.source.static.joinpath(*parts), self.source.root)
        except Unreadable as error:
            self.log.needs.append(f"image {path!r}: static/{'/'.join(parts)}: {error}")
            return path
        own = "/".join(parts[1:] if parts[0] == "images" and len(parts) > 1 else parts)
        if self.source.images.setdefault(f"{IMAGES}/{own}", data) != data:
            self.log.needs.append(f"image {path!r}: another one is called {IMAGES}/{own} already")
            return path
        address = f"/images/{quote(own)}"
        if unquote(path) == f"/images/{own}":
            return path
        self.log.repair("image", path, address, "pictures are served from /images/")
        return address


def _hugo(part: str) -> str:
    """Spell a file's name as Hugo does in an address."""
    text = re.sub(r"[^\w\s.~+#@%-]", "", part.lower())
    return re.sub(r" ?(-+) ?", r"\1", " ".join(text.split())).replace(" ", "-")


def not_carried(path: PurePosixPath, why: str) -> Entry:
    """Make the entry of a file that cannot become an incident."""
    return Entry(source=str(path), outcome=Outcome.NOT_CARRIED, why=why)
