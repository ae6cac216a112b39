"""Keep what is published when its file goes away: a story ends in the open, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from firstword import urls
from firstword.content.load import Content, Published
from firstword.content.scan import SourceFile
from firstword.model import Incident, Problem, Site
from firstword.parse import parse
from firstword.parse.redactions import redactions


class Lost(Struct, frozen=True, kw_only=True):
    """A published story that no file tells any more, as a target remembers it."""

    text: str
    incident: Incident

    @property
    def path(self) -> str:
        """The file it was published from."""
        return self.incident.path


class Rescue(Struct, frozen=True, kw_only=True):
    """What to read instead, so that every lost story is shown as it is published."""

    files: tuple[SourceFile, ...]
    #: Path → the only text that may be shown for it; None = nothing may.
    only: Mapping[str, str | None]
    #: Path → what readers have that speaks against the file as it is now.
    refused: Mapping[str, tuple[Problem, ...]] = {}
    #: Path → what goes before the text of `only`: the same with new updates put in, if good.
    news: Mapping[str, str] = {}


def lost(
    content: Content, site: Site, remembered: Mapping[str, str], published: Published
) -> tuple[Lost, ...]:
    """Return the published stories that `content` does not show."""
    missing = published.keys() - {i.id for i in content.incidents if not (i.draft or i.drill)}
    found: dict[str, Lost] = {}
    # Most often nothing is missing, and then nothing needs to be parsed again.
    for path, text in sorted(remembered.items()) if missing else ():
        if content.sources.get(path) == text:
            continue
        incident = parse(text.encode(), path, site.timezone).incident
        if incident and incident.id in missing and not incident.language:
            one = Lost(text=text, incident=incident)
            # After a rename, a target that lags behind remembers the same story by its old path.
            if incident.id not in found or _told(one) >= _told(found[incident.id]):
                found[incident.id] = one
    return tuple(found.values())


def rescue(
    files: Sequence[SourceFile], content: Content, gone: Iterable[Lost], known: Mapping[str, str]
) -> Rescue:
    """Put every lost story back at its old path, each with the problem that says so.

    `known` are the paths that targets remember. A file that has problems of its own keeps them.
    """
    here = {file.path: file for file in files}
    shown = {incident.path: incident for incident in content.incidents}
    held = {one.path for one in content.held}
    only: dict[str, str | None] = {}
    for one in gone:
        now = shown.get(one.path)
        only[one.path] = one.text
        if one.path in here and now is None:
            continue  # it says itself what is wrong; what is published may not pass today either
        if now is None:
            copy = next((i for i in content.incidents if _is_copy(i, one, known)), None)
            if one.incident.withdrawn and copy is None:
                # Its file may go; what was said, and what was missed, stays as it is published.
                here[one.path] = SourceFile(one.path, one.text.encode())
                continue
            here[one.path] = SourceFile(one.path, b"", _gone(one, copy))
            if copy:
                here[copy.path] = SourceFile(copy.path, b"", _renamed(one, copy))
                only[copy.path] = None
        elif one.path not in held:
            here[one.path] = SourceFile(one.path, b"", _changed(one, now))
    return Rescue(files=tuple(here.values()), only=only)


def left_out(paths: Iterable[str]) -> Iterator[Problem]:
    """Report the stock pages that Pelican found and did not build."""
    for path in sorted(paths):
        message = "not built: Pelican cannot use it; does it begin with a line 'Title: ...'?"
        yield Problem(path, 1, "page", message)


def _told(one: Lost) -> tuple[int, int]:
    """Rank what targets remember of one story: the most gaps first, then the most updates."""
    return len(list(redactions(one.text))), len(one.incident.updates)


def _is_copy(incident: Incident, one: Lost, known: Mapping[str, str]) -> bool:
    """Tell whether a new file tells a lost story: the same people at the same times."""
    if incident.path in known or incident.draft or incident.drill:
        return False
    signed = {(update.at, update.author) for update in incident.updates}
    return incident.kind is one.incident.kind and signed >= {
        (update.at, update.author) for update in one.incident.updates
    }


def _gone(one: Lost, copy: Incident | None) -> Problem:
    where = f"{copy.path} has its words" if copy else "if it was renamed"
    message = (
        f"{one.incident.id!r} is published and its file is gone; bring it back ({where}: "
        f"'id: {one.incident.id}' there keeps it). The open way to take it back is an update "
        "'withdrawn'"
    )
    return Problem(one.path, 1, "gone", message)


def _renamed(one: Lost, copy: Incident) -> Problem:
    was = urls.incident_path(one.incident).strip("/")
    message = (
        f"published as {one.path}; add 'id: {one.incident.id}', or readers get it twice, and "
        f"'aliases: [{was}]', or links to it lead nowhere"
    )
    return Problem(copy.path, copy.line("id"), "gone", message)


def _changed(one: Lost, now: Incident) -> Problem:
    """Say which line of the file takes the story away."""
    for key in ("draft", "drill"):
        if getattr(now, key):
            message = (
                f"{one.incident.id!r} is published; {key!r} cannot take it back. Remove the line, "
                "or say so in the open with an update 'withdrawn'"
            )
            return Problem(one.path, now.line(key), "draft", message)
    message = f"published as {one.incident.id!r}, and an id stays: 'id: {one.incident.id}'"
    return Problem(one.path, now.line("id"), "id", message)
