"""Look whether everything is in place for publishing, and say what to do where it is not.

Targets are probed by writing, and taking away again, one small object of their private state. No
page is touched.

examples:
  firstword doctor
  firstword doctor s3://status-example/site

exit code: 0 all in place (a note is no failure), 1 something is not, 2 usage
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="look at these (default: PUBLISH_TO)"
    )


def run(options: argparse.Namespace) -> int:
    """Check the site around the current folder."""
    from firstword.cli import find_root
    from firstword.clock import system_clock
    from firstword.doctor import Level, examine
    from firstword.store.public import fetch

    root = find_root(Path.cwd())
    counts = dict.fromkeys(Level, 0)
    for finding in examine(root, options.targets, environ=os.environ, now=system_clock, get=fetch):
        counts[finding.level] += 1
        print(f"{finding.level:4}  {finding.about}: {finding.text}")
        if finding.todo:
            print(f"      do: {finding.todo}")
    print(f"{counts[Level.OK]} in place, {counts[Level.NOTE]} to note, {counts[Level.FAIL]} failed")
    return 1 if counts[Level.FAIL] else 0
