"""What readers have, beside the files: whoever changes it silently does not get it published.

Only what reads otherwise than it was published is compared, so the cost follows the edit.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from firstword import gitlog
from firstword.content.gone import Rescue
from firstword.content.load import Content
from firstword.content.news import with_news
from firstword.content.scan import SourceFile
from firstword.model import Incident, Problem, Site
from firstword.parse import parse
from firstword.parse.names import language_of
from firstword.parse.redactions import redactions
from firstword.patterns import later
from firstword.values import replace

if TYPE_CHECKING:
    from firstword.check.reworded import Rewording

#: Id of a story → the files it was published from, the original's first.
Paths = Mapping[str, tuple[str, ...]]
#: Also in the list of messages that a forge makes of several commits.
_SPELLING = later(r"^[ \t]*(?:[*-][ \t]+)?fix:[ \t]*spelling\b", re.MULTILINE | re.IGNORECASE)


class Silent(Struct, frozen=True, kw_only=True):
    """A file that reads otherwise than it was published."""

    incident: Incident
    #: The file that was published, and its text.
    path: str
    text: str
    problems: tuple[Problem, ...]
    #: The same with the updates put in that nobody has published yet; "" for none.
    news: str = ""


class Guard(Struct, frozen=True, kw_only=True):
    """What the targets of a site remember, to be laid beside its files."""

    site: Site
    root: Path
    sources: Mapping[str, str] = {}
    paths: Paths = {}

    def silent(self, told: Incident, text_of: Callable[[str], str]) -> Iterator[Silent]:
        """Yield each file of a story, translations too, that changes what readers have of it.

        `text_of` returns the text of a file as it is to be shown.
        """
        # What is no story for readers any more is another matter.
        for one in () if told.draft or told.drill else (told, *told.translations):
            path = self._path(told, one)
            text = self.sources.get(path)
            if text is None or (path == one.path and text == text_of(path)):
                continue
            old = parse(text.encode(), path, self.site.timezone).incident
            found = self._found(text.encode(), old, one) if old else ()
            if old and found:
                news = with_news(text, old, text_of(one.path), one)
                yield Silent(incident=one, path=path, text=text, problems=found, news=news)

    def untold(self, told: Incident) -> Iterator[str]:
        """Yield the files of a story's translations that readers have, and that there are no more.

        What was withdrawn may go.
        """
        here = {one.language for one in told.translations}
        for path in () if told.withdrawn else self.paths.get(told.id, ())[1:]:
            if language_of(path) not in here:
                yield path

    def objects(self, told: Incident, text_of: Callable[[str], str]) -> bool:
        """Tell whether a story cannot be shown as its files tell it."""
        for one in (told, *told.translations):
            kept = self.sources.get(one.path)
            if kept is not None and fills_gaps(kept, text_of(one.path).encode()):
                return True
        return bool(next(self.silent(told, text_of), None) or next(self.untold(told), None))

    def _path(self, told: Incident, one: Incident) -> str:
        """Return the file that readers have a story, or a translation of it, from."""
        known = self.paths.get(told.id, ())
        same = (path for path in known if language_of(path) == one.language)
        return next(same, one.path)

    def _found(self, published: bytes, old: Incident, one: Incident) -> tuple[Problem, ...]:
        # Here, since most builds meet no published story that reads otherwise.
        from firstword.check.reworded import SPELLING
        from firstword.check.since import check_since

        if old.id != one.id and not one.language:
            return ()
        found = tuple(check_since(old, one, self.site))
        if any(problem.rule == SPELLING for problem in found):
            waived = spelled(self.root, self.site, one.path, published)
            found = tuple(check_since(old, one, self.site, waived))
            if gitlog.is_shallow(self.root):
                found = tuple(_hinted(p) if p.rule == SPELLING else p for p in found)
        return found


def _hinted(problem: Problem) -> Problem:
    """Say that a commit which is not in this clone may have said so."""
    hint = "this clone is shallow; where a commit says so already: git fetch --unshallow"
    return replace(problem, message=f"{problem.message}; {hint}")


def withhold(guard: Guard, content: Content, before: Rescue) -> Rescue | None:
    """Return what to read so that what was published stays as it is; None where it does."""
    here = {file.path: file for file in before.files}
    only, refused, news = dict(before.only), dict(before.refused), dict(before.news)
    held = {one.path for one in content.held}
    for told in content.incidents:
        for one in guard.silent(told, content.sources.__getitem__):
            now = one.incident.path
            if now in only:
                continue
            if now not in held:
                refused[now] = one.problems
            only[now] = None
            if now == one.path or one.path not in here:
                only[one.path], news[one.path] = one.text, one.news
            if one.path not in here:
                here[one.path] = SourceFile(one.path, (one.news or one.text).encode())
        for path in guard.untold(told):
            if path not in only:
                only[path] = guard.sources[path]
                here.setdefault(path, SourceFile(path, b"", _untold(path, told)))
    if only.keys() == before.only.keys():
        return None
    return Rescue(files=tuple(here.values()), only=only, refused=refused, news=news)


def _untold(path: str, told: Incident) -> Problem:
    message = (
        f"the translation of {told.id!r} is published and its file is gone; bring it back. The "
        "open way to take the story back is an update 'withdrawn'"
    )
    return Problem(path, 1, "gone", message)


def fills_gaps(published: str, data: bytes) -> tuple[str, ...]:
    """Return the signed gaps of the published text that another version would fill again."""
    if "[redacted" not in published:
        return ()
    here = Counter(map(str, redactions(data.decode("utf-8", "replace"))))
    return tuple((Counter(map(str, redactions(published))) - here).elements())


def spelled(
    root: Path, site: Site, path: str, published: bytes, since: str = ""
) -> set[tuple[str, Rewording]]:
    """Return the words that commits changed which say so: `fix: spelling`.

    Those after the commit `since`; else those since the file read as it was published.
    """
    from firstword.check.since import waivers

    return waivers(_fixes(root, site, path, published, since), site)


def _fixes(
    root: Path, site: Site, path: str, published: bytes, since: str
) -> Iterable[tuple[Incident, Incident]]:
    for commit, message in gitlog.messages(root, since, path):
        after = gitlog.blob(root, commit, path)
        if after is not None and after.removeprefix(BOM_UTF8) == published and not since:
            return
        before = gitlog.blob(root, f"{commit}^", path) if _SPELLING.search(message) else None
        if before is None or after is None:
            continue
        old, new = (parse(data, path, site.timezone).incident for data in (before, after))
        if old and new:
            yield old, new
