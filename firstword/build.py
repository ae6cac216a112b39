"""One build: read, then write. Pelican calls it through the plugin; `build_site` calls Pelican."""

from __future__ import annotations

import locale
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from firstword import gitlog, urls
from firstword.api import build_api, status_json, story_documents
from firstword.clock import Clock
from firstword.content import Content, left_out, read_content, report
from firstword.errors import BuildError, ContentError
from firstword.feeds import build_feeds
from firstword.look import load_pictures
from firstword.manifest import Built, Memory, Record
from firstword.markup import Markup
from firstword.model import Problem, Site
from firstword.page import Records, StatusPage
from firstword.parse.readers import for_readers
from firstword.parse.redactions import redactions
from firstword.render import Renderer, more_pages, pages, sitemaps, story_pages
from firstword.settings import CONF
from firstword.write import OutputFolder, read_stamp

#: Whose versions reach the bytes of a page.
_LIBRARIES = (
    *("firstword", "pelican", "markdown", "pyromark", "nh3", "jinja2", "feedgen", "icalendar"),
)


def complain(line: str) -> None:
    """Say something on stderr at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the one voice of a build


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a build is told from outside."""

    now: datetime
    #: What the targets remember; None without a target.
    memory: Memory | None = None
    strict: bool = False
    #: Started by us in our own process, so that nothing may end that process.
    embedded: bool = False


@dataclass(kw_only=True)
class Run:
    """One build from reading to stamp."""

    site: Site
    options: RunOptions
    root: Path
    content_folder: Path
    theme: Path
    output_folder: Path
    content: Content = field(init=False)
    page: StatusPage = field(init=False)
    renderer: Renderer = field(init=False)
    output: OutputFolder = field(init=False)
    build_id: str = field(init=False, default="")
    #: Keys of the stock pages that Pelican wrote.
    stock: list[str] = field(init=False, default_factory=list)
    #: Stock pages that Pelican could not use.
    left_out: tuple[Problem, ...] = field(init=False, default=())

    def read(self) -> None:
        """Read and check everything; say every problem. Raises ContentError when strict."""
        memory = self.options.memory
        remembered = memory.sources if memory else {}
        self.content = read_content(
            self.site,
            self.root,
            self.content_folder,
            self.options.now,
            remembered,
            published=memory.stamps if memory else None,
        )
        for line in report(self.content):
            complain(line)
        if self.options.strict and self.content.problems:
            raise ContentError(tuple(map(str, self.content.problems)))
        # Records keep the text of the file; what is rendered has the names readers may see.
        incidents = [for_readers(i, self.site) for i in self.content.published(self.site)]
        self.page = StatusPage.of(self.site, incidents, _records(memory))
        by_slug = {i.slug: urls.incident_path(i) for i in incidents}
        logo, favicon = load_pictures(self.site, self.content_folder)
        self.renderer = Renderer(
            self.page, Markup(by_slug.get), self.theme, logo=logo, favicon=favicon
        )
        self.output = OutputFolder(self.output_folder)

    def leave_out(self, paths: Iterable[str]) -> None:
        """Say which stock pages Pelican could not use. Raises ContentError when strict."""
        self.left_out = tuple(left_out(paths))
        for problem in self.left_out:
            complain(str(problem))
        if self.options.strict and self.left_out:
            raise ContentError(tuple(map(str, self.left_out)))

    @property
    def needs_a_person(self) -> bool:
        """Whether something is not shown as its file says."""
        return bool(self.content.held or self.left_out)

    def write(self) -> None:
        """Render and write every page, feed and image of ours."""
        stories = (story_pages(self.page, incident) for incident in self.page.incidents)
        for page in chain(*stories, pages(self.page), more_pages(self.page)):
            clock = Clock(self.options.now)
            data = self.renderer.render(page, clock)
            self.output.write(
                page.key, data, leaf=page.leaf, owner=page.owner, valid_until=clock.valid_until
            )
        for key, data in build_feeds(self.page, self.renderer.markup):
            self.output.write(key, data, leaf=True)
        status, markup = self.page, self.renderer.markup
        documents = (story_documents(status, markup, incident) for incident in status.incidents)
        for file in chain(*documents, build_api(status, markup, self._clock)):
            self.output.write(
                file.key,
                file.data,
                leaf=file.leaf,
                owner=file.owner,
                valid_until=file.valid_until,
            )
        for path in images(self.content_folder / urls.IMAGES):
            key = urls.IMAGES + path.relative_to(self.content_folder / urls.IMAGES).as_posix()
            self.output.write(key, path.read_bytes(), leaf=True)

    def finish(self) -> None:
        """Write what names the build, then the stamp that says that this build happened."""
        output = self.output
        for file in sitemaps(self.page, self.stock):
            output.write(file.key, file.make())
        named = status_json(self.page, output.identify(), self._clock())
        totals = self.page.stories.totals()
        output.write(named.key, named.data, leaf=named.leaf, valid_until=named.valid_until)
        self.build_id = output.finish(
            {
                "made_for": _iso(self.options.now),
                "commit": gitlog.head(self.root),
                "versions": {name: version(name) for name in _LIBRARIES},
                "counts": {
                    "incidents": totals.stories,
                    "updates": totals.updates,
                    "files": len(output.outputs),
                    "held_back": len(self.content.held),
                },
                "next_change_at": _iso(output.next_change_at),
            }
        )

    def _clock(self) -> Clock:
        """Return a clock that has not been asked anything yet: one for each page."""
        return Clock(self.options.now)

    def summary(self) -> str:
        """Say in one line what the build came to."""
        held, pages = len(self.content.held), len(self.left_out)
        stories = self.page.stories.totals().stories
        return (
            f"Built {stories} stories into {len(self.output.outputs)} files, "
            f"{self.output.written} of them changed"
            + (f"; {held} {'file' if held == 1 else 'files'} held back" if held else "")
            + (f"; {pages} {'page' if pages == 1 else 'pages'} left out" if pages else "")
        )

    def built(self) -> Built:
        """Return what the publisher needs to know of this build."""
        return Built(
            folder=self.output_folder,
            build_id=self.build_id,
            outputs=self.output.outputs,
            records={i.id: r for i, r in self._records()},
            held_back=(
                *(line for held in self.content.held for line in held.lines()),
                *map(str, self.left_out),
            ),
            next_change_at=self.output.next_change_at,
        )

    def _records(self) -> Iterator[tuple[Any, Record]]:
        for incident in self.page.incidents:
            if not incident.drill:
                source = self.content.sources[incident.path]
                yield (
                    incident,
                    Record(
                        id=incident.id,
                        path=incident.path,
                        source=source,
                        updates=tuple(update.id for update in incident.updates),
                        withdrawn=incident.withdrawn,
                        redactions=tuple(sorted(map(str, redactions(source)))),
                    ),
                )


def images(folder: Path) -> Iterator[Path]:
    """Yield the pictures of the content folder in order; a link that leads out is left out."""
    if folder.is_dir():
        home = folder.resolve()
        for path in sorted(folder.rglob("*")):
            if (
                path.is_file()
                and not path.name.startswith(".")
                and path.resolve().is_relative_to(home)
            ):
                yield path


def build_site(root: Path, options: RunOptions, output_folder: Path | None = None) -> Run:
    """Run Pelican over a site in this process and return the finished run.

    Raises BuildError when no stamp of this very build is there afterwards: Pelican goes on, and
    ends with 0, when a plugin cannot be loaded.
    """
    import pelican
    from pelican.log import console
    from pelican.settings import read_settings

    override: dict[str, Any] = {"FIRSTWORD_OPTIONS": options}
    if output_folder:
        override["OUTPUT_PATH"] = str(output_folder)
    quiet, console.quiet = console.quiet, True
    # Pelican sets the locale of the whole process: whoever opens a file after it, and in this
    # process somebody does, would read ASCII.
    before = locale.setlocale(locale.LC_ALL)
    try:
        settings = read_settings(str(root / CONF), override=override)
        pelican.Pelican(settings).run()
    finally:
        locale.setlocale(locale.LC_ALL, before)
        console.quiet = quiet
    run = settings.get("FIRSTWORD_RUN")
    if not isinstance(run, Run):
        raise BuildError("the plugin did not run: is 'firstword.plugin' in PLUGINS?")
    if read_stamp(run.output_folder)["build_id"] != run.build_id:
        raise BuildError("the build stamp is not of this build")
    return run


def _records(memory: Memory | None) -> Records:
    if memory is None:
        return Records()
    return Records(stamps=memory.stamps, began=memory.records_began, now=memory.now)


def _iso(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
