"""A build in our own process: through Pelican, or without it where it would have nothing to do.

Nothing but a site with stock pages, settings of its own for Pelican or another plugin needs it;
and importing it takes longer than an edit.
"""

from __future__ import annotations

import locale
import os
import runpy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from firstword import pelican_defaults
from firstword.build import Run, RunOptions, complain
from firstword.crew import Crew, processes
from firstword.errors import BuildError
from firstword.gitlog.worktree import about
from firstword.render.templates import own_templates
from firstword.settings import CONF, load_settings, read_site
from firstword.write import built_last, read_stamp

#: What a site may set as it likes, of what pelican_defaults sets: each is read below.
_FREE = frozenset({"PATH", "OUTPUT_PATH", "CACHE_PATH", "THEME", "DEFAULT_LANG"})


def is_plain(root: Path, settings: Mapping[str, Any]) -> bool:
    """Tell whether Pelican would do nothing for a site but call us.

    `settings` as `load_settings` returns them. False also for all that Pelican warns about.
    """
    defaults = _defaults()
    asked = defaults.keys() - _FREE
    return (
        settings.keys() <= _ours() | defaults.keys()
        and all(name in settings and settings[name] == defaults[name] for name in asked)
        and all(isinstance(settings.get(name), str) for name in _FREE)
        and bool(settings.get("TIMEZONE"))
        and not str(settings.get("SITEURL")).endswith("/")
        and _folder(root, settings, "PATH").is_dir()
        and _folder(root, settings, "THEME").is_dir()
        and not any(
            _may_hold_pages(_folder(root, settings, "PATH") / name)
            for name in defaults["PAGE_PATHS"]
        )
    )


@cache
def _defaults() -> Mapping[str, Any]:
    """Return what pelican_defaults sets, whatever settings added to its lists since."""
    names = runpy.run_path(pelican_defaults.__file__)
    return {name: value for name, value in names.items() if name.isupper() and name[0] != "_"}


@cache
def _ours() -> frozenset[str]:
    """Name the settings that are ours."""
    table = Path(__file__).with_name("settings.tsv").read_text(encoding="utf-8")
    return frozenset(line.partition("\t")[0] for line in table.splitlines())


def _folder(root: Path, settings: Mapping[str, Any], name: str) -> Path:
    return Path(os.path.normpath(root.absolute() / settings[name]))


def _may_hold_pages(path: Path) -> bool:
    """Tell whether something lies there, at any depth, that has an extension: .gitkeep has none."""
    if not path.is_dir():
        return path.exists()
    walked = os.walk(path, followlinks=True)
    return any(Path(name).suffix for _, _, names in walked for name in names)


def build_site(root: Path, options: RunOptions, output_folder: Path | None = None) -> Run:
    """Build a site in this process and return the finished run.

    Raises BuildError when no stamp of this very build is there afterwards: Pelican goes on, and
    ends with 0, when a plugin cannot be loaded.
    """
    # Read for each build: people work on while a publish waits for its turn.
    settings = load_settings(root / CONF)
    if is_plain(root, settings):
        run = _build_alone(root, settings, options, output_folder)
    else:
        run = _build_with_pelican(root, options, output_folder)
    if read_stamp(run.output_folder)["build_id"] != run.build_id:
        raise BuildError("the build stamp is not of this build")
    return run


def _build_alone(
    root: Path, settings: Mapping[str, Any], options: RunOptions, output_folder: Path | None
) -> Run:
    """Build as our generator does."""
    content, theme = _folder(root, settings, "PATH"), _folder(root, settings, "THEME")
    run = Run(
        # In lower case, as Pelican has it.
        site=read_site({**settings, "DEFAULT_LANG": settings["DEFAULT_LANG"].lower()}),
        options=options,
        root=content.parent,
        content_folder=content,
        theme=theme,
        overrides=tuple(own_templates(content.parent, theme, ())),
        output_folder=output_folder or _folder(root, settings, "OUTPUT_PATH"),
        cache_folder=_folder(root, settings, "CACHE_PATH"),
        crew=Crew(processes(settings), complain),
    )
    if options.commit is None and options.named is None:
        run.worktree = about(content, options.worktree)
        run.worktree.ask_ahead(built_last(run.output_folder))
    run.carry_out()
    return run


def _build_with_pelican(root: Path, options: RunOptions, output_folder: Path | None) -> Run:
    import pelican
    from pelican.log import console
    from pelican.settings import read_settings

    from firstword.plugin import OPTIONS, RUN

    settings: dict[str, Any] = {}
    elsewhere = {"OUTPUT_PATH": str(output_folder)} if output_folder else {}
    quiet, console.quiet = console.quiet, True
    # Pelican sets the locale of the whole process: whoever opens a file after it, and in this
    # process somebody does, would read ASCII.
    before = locale.setlocale(locale.LC_ALL)
    try:
        settings.update(read_settings(str(root / CONF), override={OPTIONS: options, **elsewhere}))
        pelican.Pelican(settings).run()
    except BaseException:
        if isinstance(run := settings.get(RUN), Run):
            run.close()
        raise
    finally:
        locale.setlocale(locale.LC_ALL, before)
        console.quiet = quiet
    run = settings.get(RUN)
    if not isinstance(run, Run):
        raise BuildError("the plugin did not run: is 'firstword.plugin' in PLUGINS?")
    return run
