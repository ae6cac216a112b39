"""Translations in a Hugo site: `cold.fr.md` beside `cold.md`, or `content/fr/` beside the rest."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from firstword.importers import Story
from firstword.importers.cstate.issue import Issue, Shared
from firstword.importers.images import PICTURES
from firstword.importers.reading import Unreadable, files_in
from firstword.importers.report import Repair
from firstword.importers.spelling import short
from firstword.importers.telling import kept_addresses
from firstword.importers.times import BadTime, When, read_time, utc
from firstword.model import Facts, Incident, Update
from firstword.parse.names import translated
from firstword.values import replace

_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?")
_PAGES = (".md", ".markdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file below content/."""

    path: Path
    #: Relative to content/.
    file: PurePosixPath
    #: What it would be called in a site of one language.
    name: PurePosixPath
    #: Empty for an original.
    language: str = ""


def pages_in(
    content: Path, folder: str, languages: Collection[str], default: str, needs: list[str]
) -> list[Page]:
    """Return the files of a section, originals first; `languages` are those the settings list."""
    found = [*_by_folder(content, folder, default, needs)]
    names = {page.name for page in found if not page.language}
    placed = [_by_name(page, names, languages, default) for page in found]
    return sorted(placed, key=lambda page: (bool(page.language), page.file.as_posix()))


def sections(content: Path, folder: str) -> Iterator[tuple[str, Path]]:
    """Yield the folders of a section: language, empty where all are in one place, and folder."""
    if (content / folder).is_dir():
        yield "", content / folder
    for place in sorted(content.glob(f"*/{folder}")):
        if _TAG.fullmatch(place.parent.name) and place.is_dir():
            yield place.parent.name, place


def _by_folder(content: Path, folder: str, default: str, needs: list[str]) -> Iterator[Page]:
    places = dict(sections(content, folder))
    first = default if default in places and "" not in places else next(iter(places), "")
    for language, place in places.items():
        for path in files_in(place, needs):
            if path.suffix.lower() in PICTURES:
                continue
            name = PurePosixPath(path.relative_to(place.parent).as_posix())
            yield Page(
                path=path,
                file=PurePosixPath(path.relative_to(content).as_posix()),
                name=name,
                language="" if language in {"", first, default} else language,
            )


def _by_name(
    page: Page, names: Collection[PurePosixPath], languages: Collection[str], default: str
) -> Page:
    """Return a page with the language that its name ends in."""
    stem, _, tag = page.name.stem.rpartition(".")
    tagged = bool(stem and _TAG.fullmatch(tag)) and page.name.suffix.lower() in _PAGES
    if page.language or not tagged:
        return page
    name = page.name.with_name(f"{stem}{page.name.suffix}")
    known = tag.lower() in languages if languages else name in names
    if not known and tag != default:
        return page
    return replace(page, name=name, language="" if tag == default else tag)


class Translation(Issue):
    """A file that says in another language what its original says, at the same instants."""

    def __init__(self, page: Page, source: Shared, original: Incident) -> None:
        super().__init__(page.name, source, page.file)
        self.language = page.language
        self.original = original
        #: Where the old page had it.
        self.addresses: tuple[str, ...] = ()

    def _incident(self, data: bytes) -> Incident:
        self._read(data)
        if self._flag("draft"):
            raise Unreadable("a translation that is a draft")
        original = self.original
        title = self._title() if self._value("title") else original.title
        began = original.updates[0].at
        told = {update.at: update for update in self._updates(original.kind, began, self._own())}
        updates: list[Update] = []
        for meant in original.updates:
            update = told.pop(meant.at, None)
            if update is not None and (update.body or not meant.body):
                updates.append(replace(update, status=meant.status, says=Facts()))
        for at, update in told.items():
            if update.body:
                what = f"an update of {utc(at)} that the original has not: {short(update.body)}"
                self.log.needs.append(what)
        if not updates:
            raise Unreadable("no word in it is one of the original's")
        self.addresses = tuple(kept_addresses(self._addresses(self._day()), self.log))
        self._leave_out()
        self.log.repairs = [one for one in self.log.repairs if one.what != "resolvedWhen"]
        return Incident(
            id=original.slug,
            slug=original.slug,
            path=translated(original.path, self.language),
            kind=original.kind,
            first=Facts(title=title),
            updates=tuple(updates),
            imported=original.imported,
            language=self.language,
        )

    def _day(self) -> When:
        """Return the day that its address is made of: its own, else the original's."""
        try:
            return read_time(self._value("date"), self.log.zone)
        except BadTime:
            began = self.original.started or self.original.updates[0].at
            return When(began, began.date())

    def _own(self) -> str:
        return "/".join(self.path.with_suffix("").parts)


def with_addresses(story: Story, addresses: Iterable[str]) -> Story:
    """Return an original that the old addresses of a translation lead to as well."""
    incident = story.incident
    new = [one for one in addresses if incident and one not in incident.aliases]
    if incident is None or not new:
        return story
    why = "a translation's old address leads to the original"
    repairs = (Repair("address", one, one, why) for one in new)
    entry = replace(story.entry, repairs=(*story.entry.repairs, *repairs))
    aliases = (*incident.aliases, *new)
    return replace(story, entry=entry, incident=replace(incident, aliases=aliases))
