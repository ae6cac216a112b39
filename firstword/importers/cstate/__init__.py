"""cState, a Hugo theme: content/issues/*.md and its settings → incidents and components.

Times are never invented: what carries one in the body becomes an update of its own, what carries
none stays in the first. Which value holds, and what becomes of the rest, is said in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from firstword.errors import ImportFailed
from firstword.importers import History, Source, Story
from firstword.importers.cstate.config import read_config
from firstword.importers.cstate.issue import Dialect, Issue, Shared
from firstword.importers.cstate.languages import (
    Page,
    Translation,
    pages_in,
    sections,
    with_addresses,
)
from firstword.importers.cstate.shortcodes import Slugs, keyed, linked
from firstword.importers.images import Pictures
from firstword.importers.reading import Unreadable, read_file
from firstword.importers.report import LOST, LeftOut
from firstword.importers.siteconf import Names
from firstword.importers.telling import not_carried
from firstword.model import Impact

CSTATE = Dialect(
    name="cstate",
    folder="issues",
    impacts={"down": Impact.CRITICAL, "disrupted": Impact.MINOR, "notice": Impact.NONE},
    affected=("affected",),
    lost="/index.xml, /issues/index.xml, /affected/<system>/ and its index.xml, /index.json",
)


def read(source: Source) -> History:
    """Read a cState site. Raises ImportFailed when there are no issues."""
    return read_hugo(source, CSTATE)


def read_hugo(source: Source, dialect: Dialect) -> History:
    """Read a Hugo site of one dialect. Raises ImportFailed when there are no stories."""
    root = _root(Path(source.place), dialect)
    top = f"{(root / 'content').relative_to(source.place).as_posix()}/"
    names = Names(source.components)
    config = read_config(root, names, top.removesuffix("content/"))
    pictures = Pictures(
        root=root,
        folders=(root / "static", root / "content", root / "assets"),
        address=config.address,
    )
    others = [tag for tag in dict.fromkeys(config.languages) if tag != config.default]
    for made in dict.fromkeys(config.addresses(dialect.folder, tag) for tag in ("", *others)):
        if made.unread:
            what = f"{made.unread!r} in {made.pattern!r}"
            config.needs.append(f"old addresses follow 'permalinks', which is not read: {what}")
    shared = Shared(
        dialect=dialect,
        pictures=pictures,
        zone=source.zone,
        names=names,
        top=top,
        addresses=partial(config.addresses, dialect.folder),
    )
    pages = pages_in(
        root / "content", dialect.folder, config.languages, config.default, config.needs
    )
    ignored = [(f"{top}{page.file}", why) for page in pages if (why := _no_issue(page.name))]
    stories = _stories([page for page in pages if not _no_issue(page.name)], shared)
    slugs = Slugs({keyed(s.entry.source, top): s.incident.slug for s in stories if s.incident})
    stories = [linked(story, slugs, top) for story in stories]
    if not stories:
        raise ImportFailed(f"no {dialect.folder} in {str(root / 'content' / dialect.folder)!r}")
    return History(
        stories=tuple(stories),
        components=tuple(names.new),
        component_lines=tuple(names.lines),
        images=pictures.found,
        pictures=pictures.taken,
        used=tuple(config.used),
        unlisted=names.unlisted,
        ignored=tuple(ignored),
        repairs=tuple(config.repairs),
        left_out=(*config.left_out, LeftOut(LOST, dialect.lost)),
        needs=tuple(config.needs),
    )


def _stories(pages: Sequence[Page], shared: Shared) -> list[Story]:
    """Make the story of each page; a translation is one of the original's words."""
    stories: list[Story] = []
    originals: dict[PurePosixPath, int] = {}
    for page in pages:
        at = originals.get(page.name) if page.language else None
        original = stories[at].incident if at is not None else None
        issue = Issue(page.name, shared, page.file)
        if original is not None:
            issue = Translation(page, shared, original)
        elif page.language:
            issue.log.needs.append(f"{page.language!r}: there is no original that it translates")
        try:
            story = issue.story(read_file(page.path, shared.pictures.root))
        except Unreadable as error:
            story = not_carried(f"{shared.top}{page.file}", str(error))
        if at is not None and story.incident and isinstance(issue, Translation):
            stories[at] = with_addresses(stories[at], issue.addresses)
        originals.setdefault(page.name, len(stories))
        stories.append(story)
    return stories


def _root(folder: Path, dialect: Dialect) -> Path:
    """Find the Hugo site: the folder itself, or the only one in it that is one."""
    if any(sections(folder / "content", dialect.folder)):
        return folder
    inside = [
        path.parent
        for path in sorted(folder.glob("*/content"))
        if any(sections(path, dialect.folder))
    ]
    if len(inside) == 1:
        return inside[0]
    what = "cState" if dialect.name == "cstate" else "StatusKit"
    raise ImportFailed(f"not a {what} site: {str(folder)!r} has no content/{dialect.folder}")


def _no_issue(name: PurePosixPath) -> str:
    """Say why a file in the folder of the issues is none, or nothing."""
    if name.name.startswith("."):
        return "a hidden file"
    if name.suffix.lower() not in (".md", ".markdown"):
        return "not a Markdown file"
    if name.stem == "_index" or (name.stem == "index" and len(name.parts) == 2):
        return "the page of a list, not an issue"
    return ""
