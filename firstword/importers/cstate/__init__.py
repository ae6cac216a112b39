"""cState, a Hugo theme: content/issues/*.md and its settings → incidents and components.

Times are never invented: what carries one in the body becomes an update of its own, what carries
none stays in the first. Which value holds, and what becomes of the rest, is said in the report.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from firstword.errors import ImportFailed
from firstword.importers import History, Source, Story
from firstword.importers.cstate.config import read_config
from firstword.importers.cstate.issue import Dialect, Issue, Shared
from firstword.importers.cstate.shortcodes import keyed, linked
from firstword.importers.images import PICTURES, Pictures
from firstword.importers.reading import Unreadable, files_in, read_file
from firstword.importers.siteconf import Names
from firstword.importers.telling import not_carried
from firstword.model import Impact

CSTATE = Dialect(
    name="cstate",
    folder="issues",
    impacts={"down": Impact.CRITICAL, "disrupted": Impact.MINOR, "notice": Impact.NONE},
    affected=("affected",),
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
    shared = Shared(dialect=dialect, pictures=pictures, zone=source.zone, names=names, top=top)
    stories: list[Story] = []
    ignored: list[tuple[str, str]] = []
    for path in files_in(root / "content" / dialect.folder, config.needs):
        name = PurePosixPath(path.relative_to(root / "content").as_posix())
        if path.suffix.lower() in PICTURES:
            continue
        if why := _no_issue(name):
            ignored.append((f"{top}{name}", why))
            continue
        try:
            stories.append(Issue(name, shared).story(read_file(path, root)))
        except Unreadable as error:
            stories.append(not_carried(f"{top}{name}", str(error)))
    slugs = {keyed(s.entry.source, top): s.incident.slug for s in stories if s.incident}
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
        left_out=tuple(config.left_out),
        needs=tuple(config.needs),
    )


def _root(folder: Path, dialect: Dialect) -> Path:
    """Find the Hugo site: the folder itself, or the only one in it that is one."""
    if (folder / "content" / dialect.folder).is_dir():
        return folder
    inside = [path.parent.parent for path in sorted(folder.glob(f"*/content/{dialect.folder}"))]
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
