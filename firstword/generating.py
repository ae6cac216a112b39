"""What Pelican calls: translates between its seams and our rooms, and nothing more.

Pelican runs with its own generators idle; ours is added by signal, and our writer takes every
page, stock ones included, into one listing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pelican import signals
from pelican.generators import ArticlesGenerator, Generator
from pelican.writers import Writer

from firstword.build import Run, RunOptions, complain
from firstword.clock import Clock, read_clock
from firstword.crew import Crew, processes
from firstword.errors import SettingsError
from firstword.plugin import OPTIONS, RUN, WORKTREE
from firstword.render.language import install
from firstword.render.templates import own_templates
from firstword.settings import read_site

_OF_ARTICLES = frozenset({"period_archives", "archives", "tag", "category", "author"})


def connect() -> None:
    """Connect to Pelican's signals."""
    signals.generator_init.connect(share_filters)
    signals.get_generators.connect(add_generator)
    signals.all_generators_finalized.connect(find_left_out)
    signals.get_writer.connect(add_writer)
    signals.finalized.connect(finish)


def check_pelican_settings(pelican: Any) -> None:
    """Refuse settings that would harm what is built. Raises SettingsError."""
    if pelican.settings.get("DELETE_OUTPUT_DIRECTORY"):
        raise SettingsError(
            "DELETE_OUTPUT_DIRECTORY", "the build needs what is there; leave it off"
        )
    if pelican.settings.get("ARTICLE_PATHS"):
        raise SettingsError(
            "ARTICLE_PATHS", "incidents are no articles; import firstword.pelican_defaults"
        )
    _take_own_templates(pelican.settings)
    read_site(pelican.settings)


def _take_own_templates(settings: dict[str, Any]) -> None:
    """Let what lies in the site's own theme/templates/ stand in for the theme's, file by file."""
    known = own_templates(
        Path(settings["PATH"]).parent,
        Path(settings["THEME"]),
        map(Path, settings["THEME_TEMPLATES_OVERRIDES"]),
    )
    settings["THEME_TEMPLATES_OVERRIDES"] = list(map(str, known))


def share_filters(generator: Generator) -> None:
    """Let stock pages extend the same base template as ours."""
    install(generator.env)
    if isinstance(generator, ArticlesGenerator):
        # There are no articles, and still it would read the four templates that list them.
        read = generator.get_template
        generator.get_template = lambda name: None if name in _OF_ARTICLES else read(name)


def add_generator(_pelican: Any) -> type[Generator]:
    """Give Pelican our generator."""
    return IncidentGenerator


def add_writer(_pelican: Any) -> type[Writer]:
    """Give Pelican our writer."""
    return KeepingWriter


def find_left_out(generators: Sequence[Generator]) -> None:
    """Say which stock pages Pelican skips; it goes on, and ends with 0. Raises ContentError."""
    for generator in generators:
        if isinstance(generator, IncidentGenerator):
            run = generator.run
            # This is how Pelican's own generators note a file that they could not use.
            failed = (p for p, it in generator.context["generated_content"].items() if it is None)
            run.leave_out(
                Path(os.path.relpath(run.content_folder / path, run.root)).as_posix()
                for path in failed
            )


def finish(pelican: Any) -> None:
    """Write the stamp; end with exit code 3 when something is not shown, as design §5 asks."""
    run: Run = pelican.settings[RUN]
    run.finish()
    if not run.options.embedded:
        print(run.summary(), file=sys.stderr)  # noqa: T201 - Pelican's own line counts articles
        # A cache that nobody closed keeps its journal, and each build would read that whole.
        run.close()
        if run.needs_a_person and not _is_watching():
            # Pelican would log an exception with a traceback, and nobody could read the problem.
            sys.exit(3)


def _is_watching() -> bool:
    """Tell whether this is `pelican -r`, which must live on after a bad file."""
    return bool({"-r", "-lr", "-rl", "--autoreload"} & set(sys.argv))


class IncidentGenerator(Generator):
    """Reads incidents before anything is written, and writes their pages and feeds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site = read_site(self.settings)
        options: RunOptions = self.settings.get(OPTIONS) or RunOptions(
            now=read_clock(os.environ, site.pinned_clock),
            strict=bool(self.settings.get("STRICT")),
        )
        content = Path(self.settings["PATH"])
        self.run = Run(
            site=site,
            options=options,
            root=content.parent,
            content_folder=content,
            theme=Path(self.settings["THEME"]),
            overrides=tuple(map(Path, self.settings["THEME_TEMPLATES_OVERRIDES"])),
            output_folder=Path(self.settings["OUTPUT_PATH"]),
            crew=Crew(processes(self.settings), complain),
            cache_folder=Path(self.settings["CACHE_PATH"])
            if self.settings.get("LOAD_CONTENT_CACHE")
            else None,
            # For this build alone: it tells what git knew when it was asked.
            worktree=self.settings.pop(WORKTREE, None),
        )
        # A new run for each build: `pelican -r` keeps the settings for many. One that failed must
        # not hold the cache.
        if isinstance(last := self.settings.get(RUN), Run):
            last.close()
        self.settings[RUN] = self.run

    def generate_context(self) -> None:
        """Read, parse and check everything. Raises ContentError in a strict build."""
        self.run.read()

    def generate_output(self, _writer: Writer) -> None:
        """Render and write every page and feed of ours."""
        self.run.write()


class KeepingWriter(Writer):
    """Writes stock pages through our output folder, with what our base template needs."""

    def __init__(self, output_path: str, settings: dict[str, Any]) -> None:
        super().__init__(output_path, settings)
        self.run: Run = settings[RUN]

    def write_file(
        self, name: str, template: Any, context: dict[str, Any], *_args: Any, **kwargs: Any
    ) -> None:
        """Render one stock page and hand it to the output folder."""
        if not name:
            return
        clock = Clock(self.run.options.now)
        extra = {k: v for k, v in kwargs.items() if k not in _WRITER_ONLY}
        ours = self.run.renderer.context(name, clock)
        given = {**context, **extra, **ours}
        try:
            text = template.render(given)
        except Exception as error:  # noqa: BLE001 - it is raised again, or in words
            raise self.run.renderer.fault(error, given) or error from None
        self.run.take_stock(name, text.encode(), clock)


_WRITER_ONLY = frozenset({"relative_urls", "paginated", "template_name", "override_output", "url"})
