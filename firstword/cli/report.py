"""What a publish came to, for people and for machines; the last line says: live or not."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import structs

from firstword.cli.publishing import Ended, Publishing
from firstword.model import Site
from firstword.publisher import Report

#: How many changes are listed; a dry run lists them all.
SHOWN = 20


def print_ended(ended: Ended, publishing: Publishing, seconds: float) -> None:
    """Print the report of one publish; `seconds` is what all of it took."""
    options, site, reports = publishing.options, publishing.site, ended.reports
    for report in reports:
        lines = report.lines
        shown = lines if options.dry_run or len(lines) <= SHOWN else lines[:SHOWN]
        for line in shown:
            print(line)
        if len(shown) < len(lines):
            print(f"... and {len(lines) - len(shown)} more")
        if report.error:
            print(f"{report.target}: {report.error}", file=sys.stderr)
        for note in permission_notes(report):
            print(note, file=sys.stderr)
    for line in summary(ended, site, seconds):
        print(line)
    for report in reports[:-1]:
        print(closing_line(report, site, report.seconds))
    print(closing_line(reports[-1], site, seconds))


def summary(ended: Ended, site: Site, seconds: float) -> Iterator[str]:
    """Yield what was sent in numbers, and whose word is the newest."""
    for report in ended.reports:
        if report.outcome == "published":
            yield (
                f"sent: {report.puts} files, {report.bytes:,} bytes; deleted: {report.deletes}; "
                f"took {seconds:.1f} s - {report.target}"
            )
    if word := ended.newest:
        local = word.at.astimezone(site.timezone)
        yield f"newest word: {word.author}, {local:%Y-%m-%d %H:%M %Z} - {word.title}"


def closing_line(report: Report, site: Site, seconds: float) -> str:
    """Say in one line: live or not, where, how long it took."""
    where = report.target if "://" not in report.target else f"{site.url}/ ({report.target})"
    if "://" not in report.target:
        where = str(Path(report.target) / "index.html")
    words = {
        "published": f"live: {report.puts} files sent, {report.deletes} deleted",
        "planned": f"dry run: {report.puts} files would be sent, {report.deletes} deleted",
        "unchanged": "live already: nothing to send",
        "already-live": "live already, from a newer commit: nothing to send",
        "refused": "NOT published, refused; what was there stays up",
        "failed": "NOT published, failed; what was there stays up",
    }
    return f"{words[report.outcome]} - {where} - {seconds:.1f} s"


def permission_notes(report: Report) -> Iterator[str]:
    """Yield what the permissions of a published folder keep from readers, or give away."""
    folder = Path(report.target)
    if "://" in report.target or report.outcome != "published":
        return
    for path, needed in ((folder, stat.S_IXOTH), (folder / "index.html", stat.S_IROTH)):
        if not path.stat().st_mode & needed:
            yield (
                f"note: only you and your group can read {path}; for a web server of another "
                f"user: chmod o+rx {folder} && chmod -R o+rX {folder}/* (and umask 022)"
            )
            break
    state = folder / ".firstword"
    if state.stat().st_mode & stat.S_IRWXO:
        yield f"note: everybody on this machine can read the state in {state}: chmod 700 {state}"


def failed(target: str, error: str) -> Report:
    """Report a target that was not reached because something failed before."""
    return Report(
        target=target,
        outcome="failed",
        lines=(),
        puts=0,
        deletes=0,
        bytes=0,
        seconds=0.0,
        error=error,
    )


def as_json(reports: Sequence[Report]) -> str:
    """Write reports as one JSON document."""
    return json.dumps([structs.asdict(report) for report in reports], indent=1)
