"""Read every incident file and say what is wrong with it; nothing is built or changed.

Every line is 'path:line: rule: message', errors as they are, warnings and notices marked so. An
error holds its file back from the page; a warning rides along; a notice counts for nothing.

examples:
  firstword check
  firstword check --strict content/incidents/2026/2026-11-21-card-payments.md
  firstword check --format github --since origin/main
  firstword check --format gitlab > gl-code-quality-report.json
  firstword check --since published

exit code: 0 clean, 1 problems (with --strict also warnings), 2 usage or settings
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from firstword.cli.reports import FORMATS
from firstword.errors import SettingsError
from firstword.model import Level, Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="report on these files and folders only (all are read: rules look across files)",
    )
    parser.add_argument(
        "--since",
        metavar="REV",
        help="also report what was public at a commit, or at the targets ('published'), and was "
        "changed silently",
    )
    parser.add_argument("--strict", action="store_true", help="warnings count too")
    parser.add_argument(
        "--format", choices=sorted(FORMATS), default="text", help="how to print (default: text)"
    )


def run(options: argparse.Namespace) -> int:
    """Check the site around the current folder."""
    from firstword.check import check_plugins
    from firstword.cli import find_root
    from firstword.clock import read_clock
    from firstword.content import read_content
    from firstword.look import load_pictures
    from firstword.pelican_defaults import THEME
    from firstword.settings import CONF, load_settings, read_site

    root = find_root(Path.cwd())
    wanted = _wanted(options.paths, root)
    try:
        settings = load_settings(root / CONF)
        site = read_site(settings)
        folder = root / str(settings.get("PATH", "content"))
        load_pictures(site, folder)
    except SettingsError as error:
        # No file can be judged without them, so they are told whatever was asked for.
        _tell([_as_problem(error, root / CONF)], options.format)
        return error.exitcode
    now = read_clock(os.environ, site.pinned_clock)
    content = read_content(site, root, folder, now)
    found = [*check_plugins(settings, CONF), *content.problems]
    if (root / "theme").is_dir():
        from firstword.render.faults import problems as of_theme

        found += of_theme(root, root / str(settings.get("THEME", THEME)), settings)
    if options.since:
        from firstword.cli.since import problems_since

        found = sorted({*found, *problems_since(options.since, root, folder, site, now)})
    problems = [p for p in found if _is_wanted(p, wanted)]
    errors = _tell(problems, options.format)
    counted = [p for p in problems if p.level is not Level.NOTICE]
    return 1 if errors or (options.strict and counted) else 0


def _as_problem(error: SettingsError, conf: Path) -> Problem:
    """Return what is wrong with a setting in the words of every other problem."""
    from firstword.settings import line_of

    line = error.line or line_of(error.setting.partition(":")[0], conf)
    message = str(error).removeprefix(f"{conf.name}: ").removeprefix(f"line {line}: ")
    return Problem(conf.name, line, "settings", message)


def _tell(problems: Sequence[Problem], how: str) -> int:
    """Print problems and, on stderr, how many there are; return the number of errors."""
    FORMATS[how](problems)
    errors = sum(p.level is Level.ERROR for p in problems)
    if problems:
        warnings = sum(p.level is Level.WARNING for p in problems)
        notices = len(problems) - errors - warnings
        counts = [_count(errors, "error"), _count(warnings, "warning")]
        counts += [_count(notices, "notice")] if notices else []
        files = _count(len({p.path for p in problems}), "file")
        print(f"{', '.join(counts[:-1])} and {counts[-1]} in {files}", file=sys.stderr)
    return errors


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _wanted(paths: Sequence[str], root: Path) -> list[str]:
    """Return the asked-for paths as problems spell them. Raises SettingsError."""
    wanted = []
    for path in paths:
        full = Path(os.path.abspath(path))  # noqa: PTH100 - a link is asked for by its own name
        if not full.is_relative_to(root) or not (full.exists() or full.is_symlink()):
            raise SettingsError("PATH", f"no such file in this site: {path!r}")
        wanted.append(full.relative_to(root).as_posix())
    return wanted


def _is_wanted(problem: Problem, wanted: Iterable[str]) -> bool:
    names = list(wanted)
    return not names or any(
        name in (".", problem.path) or problem.path.startswith(f"{name}/") for name in names
    )
