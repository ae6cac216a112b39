"""Bring a history over from another status page, into the site around the current folder.

Writes incident files into content/incidents/ and adds components to pelicanconf.py. Imported
updates carry no invented name: they are marked as imported and shown so. Every repair is reported.

examples:
  firstword import cstate ../old-status --dry-run
  firstword import cstate ../old-status --timezone Europe/Prague
  firstword import statuspage https://status.example.com
  firstword import statuspage ../saved-json   (incidents.json, components.json and so on)
  firstword import pelican ../old/content --mapping mapping.yaml --json > report.json

exit code: 0 all carried, 1 nothing could be read, 2 usage or settings, 3 something needs a person
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from firstword.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from firstword.importers import FORMATS

    parser.add_argument("format", choices=FORMATS, help="what the old page is made with")
    what = "the old page's folder; of a Statuspage its address, or a folder with saved JSON"
    parser.add_argument("source", metavar="SOURCE", help=what)
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE", help="pelican: which key says what (YAML, TOML)"
    )
    parser.add_argument("--dry-run", action="store_true", help="report, write nothing")
    parser.add_argument(
        "--timezone", metavar="ZONE", help="where times without an offset are meant (default: UTC)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace) -> int:
    """Import into the site around the current folder."""
    from firstword import importers
    from firstword.cli import find_root
    from firstword.clock import system_clock

    return importers.run(
        options.format,
        options.source,
        site_root=find_root(Path.cwd()),
        zone=_zone(options.timezone),
        dry_run=options.dry_run,
        say=_say,
        mapping=options.mapping,
        as_json=options.json,
        now=system_clock(),
    )


def _say(line: str) -> None:
    """Print a line, as long as somebody reads: `| head` takes none of the work back."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError("--timezone", f"no such time zone: {name!r}") from error
