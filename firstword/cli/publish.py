"""Build the site, compare it with what each target holds, upload what changed.

TARGET is a folder or s3://bucket/prefix; PUBLISH_TO in pelicanconf.py says which when none is
given. Whatever fails, what is published stays up. To go back, revert in git and publish.

examples:
  python publish.py
  python publish.py --dry-run s3://status-example/site
  python publish.py --strict public s3://status-example/site
  python publish.py --tick                       for cron: publish if anything is due
  python publish.py --watch                      stay, and publish whenever anything is due
  python publish.py --commit                     for hooks and CI: what HEAD holds, no scan
  python publish.py --full                       repair what somebody changed at the target
  python publish.py --allow-shrink               after old pages were taken out on purpose
  python publish.py --force                      after history was rewritten
  python publish.py --no-lock s3://status-example-2    where a server ignores conditions
  python publish.py --send                       and mail the updates that are out now
  python publish.py --json > report.json

exit code: 0 all published, 1 nothing, 2 usage or settings, 3 published, but something needs a
person (a file was held back, a target failed, readers do not see the new build yet, mail did not
get out)
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.errors import ContentError, FirstwordError, SettingsError

if TYPE_CHECKING:
    from firstword.cli.publishing import Ended, Publishing
    from firstword.gitlog.worktree import Worktree
    from firstword.publisher import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="where to publish")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would happen, send nothing"
    )
    parser.add_argument(
        "--strict", action="store_true", help="any problem, warnings too: write nothing, exit 1"
    )
    parser.add_argument(
        "--commit",
        action="store_true",
        help="publish the incident files of HEAD, whatever lies in the working tree",
    )
    parser.add_argument(
        "--full", action="store_true", help="compare with what really lies there, and repair it"
    )
    parser.add_argument(
        "--allow-shrink", action="store_true", help="let more than a tenth of the pages vanish"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="go on where the commit that is live is newer, went another way, or is unknown here; "
        "a published update is not removed all the same",
    )
    parser.add_argument(
        "--no-lock",
        action="store_true",
        help="go on where a target ignores conditional writes; make sure that only one publishes",
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument(
        "--tick",
        action="store_true",
        help="publish only if the clock, a commit or an edit makes it due; else it costs one "
        "request a target",
    )
    when.add_argument(
        "--watch",
        action="store_true",
        help="stay: publish when the clock changes a page or a file is saved, until Ctrl-C",
    )
    parser.add_argument(
        "--send",
        action="store_true",
        help="then mail the updates that have yet to reach subscribers, if readers see the page",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace) -> int:
    """Publish the site around the current folder."""
    for other in ("watch", "json", "dry_run"):
        if options.send and getattr(options, other):
            clash = other.replace("_", "-")
            raise SettingsError("--send", f"cannot be had with --{clash}")
    if options.watch:
        if options.json or options.dry_run:
            clash = "--json" if options.json else "--dry-run"
            raise SettingsError("--watch", f"goes on for ever, so it cannot be had with {clash}")
        from firstword.cli.watching import run as run_watch

        return run_watch(options)
    if options.json:
        return _as_json(options)
    began = time.monotonic()
    asked = _ask_git(options)
    try:
        from firstword.cli.progress import showing
        from firstword.cli.publishing import Publishing
        from firstword.cli.report import print_ended

        publishing = Publishing.read(options)
        if options.send:
            from firstword.cli.delivery import mail_to_send

            mail_to_send(publishing.site)  # what cannot be is told before the publish
        with showing(sys.stderr, os.environ) as show:
            ended = publishing.once(show, tick=options.tick, asked=asked)
    except ContentError as error:
        print(error)
        return error.exitcode
    finally:
        if asked is not None:
            asked.close()
    print_ended(ended, publishing, time.monotonic() - began)
    code = exit_code(ended.reports, held=ended.held or bool(ended.unseen))
    return max(code, _send(publishing, ended)) if options.send else code


def _ask_git(options: argparse.Namespace) -> Worktree | None:
    """Ask git which files were written, before anything else: among many it takes longest.

    Where nothing tells yet that the answer will be of use, nobody is asked.
    """
    from firstword.gitlog.worktree import Worktree

    here = Path.cwd()
    if options.tick or options.commit or not (here / "pelicanconf.py").is_file():
        return None
    return Worktree(here / "content")


def _send(publishing: Publishing, ended: Ended) -> int:
    """Mail the updates that are out, each when every target has it and readers see it."""
    from firstword.cli.delivery import send_news, told

    behind = [r.target for r in ended.reports if r.outcome in {"refused", "failed"}]
    try:
        sent = send_news(publishing.root, publishing.settings, publishing.site)
    except FirstwordError as error:
        # Whatever keeps mail from going out: a person is needed.
        begins = "" if behind else "published, and "
        print(f"{begins}NOT mailed: {error}", file=sys.stderr)
        return 3
    for line in told(sent):
        print(line)
    return 3 if sent.needs_a_person else 0


def _as_json(options: argparse.Namespace) -> int:
    """Publish with one JSON document on stdout, whatever is printed on the way and how it ends."""
    from firstword.cli.progress import showing
    from firstword.cli.publishing import Publishing
    from firstword.cli.report import as_json, failed

    publishing = None
    try:
        # pelicanconf.py and plugins are other people's programs: they may print.
        with (
            contextlib.redirect_stdout(sys.stderr),
            showing(sys.stderr, os.environ) as show,
        ):
            publishing = Publishing.read(options)
            ended = publishing.once(show, tick=options.tick)
    except FirstwordError as error:
        names = publishing.targets if publishing else options.targets or [""]
        lines = error.lines if isinstance(error, ContentError) else (str(error),)
        print(as_json([failed(name, "\n".join(lines)) for name in names]))
        raise
    print(as_json(ended.reports))
    return exit_code(ended.reports, held=ended.held or bool(ended.unseen))


def exit_code(reports: Sequence[Report], *, held: bool) -> int:
    """Return 0 all published, 1 nothing, 3 published but something needs a person."""
    good = [r for r in reports if r.outcome not in {"refused", "failed"}]
    if not good:
        return 1
    return 3 if held or len(good) < len(reports) else 0
