"""Send the mail that 'firstword digest' planned.

PLAN is the hash that 'firstword digest' printed last: nothing is sent when words or people are
others by now. On a terminal it may be left out; then you are asked. What was sent is in the ledger:
to go on after anything went wrong, plan and send again.

examples:
  firstword digest && firstword send 1f2e3d4c5b6a7988
  firstword send                                     asks, on a terminal
  firstword send --only daily --yes                  for cron: whatever the plan is
  firstword send --settle                            which letters wait for a person
  firstword send --settle daily/2026-11-21 --as again     or sent, where the server's log has them
  firstword send --settle daily/2026-11-14 --as missed    they go without, and somebody knows
  firstword send --begin-ledger                      the ledger is lost: mail nothing older than now
  python publish.py --send                           publish, then mail the updates

exit code: 0 done (also when there is nothing to send), 1 nothing sent, 2 usage or settings, 3 sent,
but something needs a person (letters put off, refused or without an answer, words that changed, a
page that is not there yet), or there is no list, or no ledger of it
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.cli.digest import CADENCES
from firstword.cli.unanswered import WAYS
from firstword.errors import MailError, SettingsError

if TYPE_CHECKING:
    from firstword.mail.planning import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("plan", nargs="?", metavar="PLAN", help="the hash of the plan you saw")
    parser.add_argument(
        "--only", choices=CADENCES, action="append", help="of this kind alone (again for another)"
    )
    parser.add_argument("--yes", action="store_true", help="send whatever the plan is, unasked")
    parser.add_argument(
        "--settle",
        nargs="?",
        const="",
        metavar="EDITION",
        help="say what becomes of the letters of an edition that wait for a person; without one: "
        "list them",
    )
    parser.add_argument(
        "--as",
        dest="way",
        choices=WAYS,
        help="they arrived; they are to be sent once more; they did not arrive, and that is known",
    )
    parser.add_argument(
        "--begin-ledger",
        action="store_true",
        help="the ledger is lost for good: begin another; nothing older than now is mailed by it",
    )
    parser.add_argument(
        "--letter",
        action="append",
        default=[],
        metavar="MESSAGE-ID",
        help="with --settle: this letter alone (again for another)",
    )


def run(options: argparse.Namespace) -> int:
    """Send the mail of the site around the current folder."""
    from firstword.cli import find_root
    from firstword.cli.delivery import deliver, told
    from firstword.digest import editions
    from firstword.settings import CONF, load_settings, read_site

    if options.begin_ledger:
        return _begin(options)
    if options.settle is not None or options.way or options.letter:
        return _settle(options)
    if not (options.plan or options.yes or sys.stdin.isatty()):
        raise SettingsError("PLAN", "which plan? 'firstword digest' prints its hash; or say --yes")

    seen: str | None = options.plan

    def agreed(plan: Plan) -> str | None:
        if seen or options.yes:
            return seen
        if not plan.total:
            return plan.hash
        print(f"{plan.total} messages; send them? [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise MailError("nothing was sent")
        return plan.hash

    root = find_root(Path.cwd())
    settings = load_settings(root / CONF)
    sent = deliver(
        root,
        settings,
        read_site(settings),
        lambda mailing: [
            edition
            for edition in editions(mailing.page, mailing.now)
            if not options.only or edition.cadence in options.only
        ],
        cadences=options.only or (),
        agreed=agreed,
    )
    for line in told(sent):
        print(line)
    return 3 if sent.needs_a_person else 0


def _begin(options: argparse.Namespace) -> int:
    """Begin a ledger in place of one that is lost."""
    from firstword.cli import find_root
    from firstword.cli.delivery import begin_ledger
    from firstword.settings import CONF, load_settings, read_site

    if options.plan or options.yes or options.only or options.settle is not None:
        raise SettingsError("--begin-ledger", "sends nothing: say it alone, then send")
    root = find_root(Path.cwd())
    settings = load_settings(root / CONF)
    print(begin_ledger(root, settings, read_site(settings)))
    return 0


def _settle(options: argparse.Namespace) -> int:
    """List the letters that wait for a person, or settle those of an edition."""
    from firstword.cli import find_root
    from firstword.cli.delivery import open_desk
    from firstword.cli.unanswered import listed, settle
    from firstword.settings import CONF, load_settings, read_site

    if not options.settle and (options.way or options.letter):
        raise SettingsError("--settle", "of which edition? 'firstword send --settle' lists them")
    if options.settle and not options.way:
        raise SettingsError("--as", f"what became of them? {', '.join(WAYS)}")
    if options.plan or options.yes or options.only:
        raise SettingsError("--settle", "sends nothing: say --settle alone, then send")
    root = find_root(Path.cwd())
    settings = load_settings(root / CONF)
    with open_desk(root, settings, read_site(settings)) as (desk, mailing):
        if options.settle:
            lines = settle(desk, mailing, options.settle, options.way, options.letter)
        else:
            lines = listed(desk, mailing)
        for line in lines:
            print(line)
    return 0
