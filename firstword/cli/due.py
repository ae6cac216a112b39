"""List what was promised and has lapsed, or lapses soon, by the person who owes it.

By what readers have: the targets of PUBLISH_TO are asked which update was published when, so a word
that is written and not published keeps nothing. Before the first publish, or with --files, the
files are taken at their word.

examples:
  firstword due
  firstword due --within "2 hours" --format json
  */5 * * * *  cd /srv/status && firstword due --within "15 minutes" --mail

exit code: 0 nothing has lapsed or lapses within that time, 1 something has or does, 2 usage or
settings, or mail was asked for and cannot be sent, 3 mail could not be sent to somebody, or nothing
is due in what is read and a file is held back (stderr says which)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.errors import SettingsError
from firstword.model import Person, Site

if TYPE_CHECKING:
    from firstword.page.due import Owed

_SHORT = re.compile(r"(\d{1,4})\s*(m|min|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WHAT = {
    "next": "next word",
    "expected": "expected time",
    "follow_up": "follow-up",
    "owner": "word of the owner",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--within", default="30m", metavar="TIME", help="how soon: 30m, 2h, 1d (default: 30m)"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print (default: text)"
    )
    parser.add_argument("--files", action="store_true", help="go by the files, ask no target")
    parser.add_argument("--mail", action="store_true", help="remind each of them by mail")


def run(options: argparse.Namespace) -> int:
    """List what is due in the site around the current folder."""
    from firstword.cli import find_root
    from firstword.cli.remembered import read_memory
    from firstword.clock import read_clock
    from firstword.content import read_content
    from firstword.page.due import owed, unpublished
    from firstword.settings import CONF, load_settings, read_site

    within = _within(options.within)
    root = find_root(Path.cwd())
    settings = load_settings(root / CONF)
    site = read_site(settings)
    transport = None
    if options.mail:
        from firstword.cli.delivery import mail_to_send, make_transport

        transport = make_transport(mail_to_send(site))
    now = read_clock(os.environ, site.pinned_clock)
    memory = None if options.files else read_memory(root, site, now)[0]
    began = memory is not None and memory.records_began
    stamps = memory.stamps if memory and began else None
    content = read_content(
        site,
        root,
        root / str(settings.get("PATH", "content")),
        now,
        memory.sources if memory and began else {},
        published=stamps,
        paths=memory.paths if memory and began else None,
    )
    for held in content.held:
        print(held.lines()[-1], file=sys.stderr)
    told = content.published(site)
    if stamps is not None:
        for incident, update in unpublished(told, stamps):
            print(f"{incident.path}:{update.line}: not published yet", file=sys.stderr)
    found = owed(told, site, now, within, stamps, limits=memory.limits if memory else None)
    if options.format == "json":
        print(json.dumps([_row(one, site) for one in found], indent=1, ensure_ascii=False))
    else:
        _print(found, site, now)
    if transport:
        from firstword.cli.nudge import TOLD, remind

        wrong = remind(
            site,
            found,
            now,
            kept=root / ".cache" / TOLD,
            say=lambda one: _line(one, site, now),
            transport=transport,
        )
        for line in wrong:
            print(line, file=sys.stderr)
        if wrong:
            return 3
    if found:
        return 1
    # What a file promises that is not read is not known, so this is no "nothing".
    return 3 if content.held else 0


def _within(text: str) -> timedelta:
    """Read a length of time, short or as files have it. Raises SettingsError."""
    from firstword.parse import TimeProblem, parse_span

    if short := _SHORT.fullmatch(text.strip()):
        return timedelta(**{_UNITS[short[2][0]]: int(short[1])})
    try:
        return parse_span(text)
    except TimeProblem as problem:
        raise SettingsError("--within", str(problem)) from problem


def _by_person(found: list[Owed], site: Site, now: datetime) -> dict[Person | None, list[str]]:
    lines: dict[Person | None, list[str]] = {}
    for one in found:
        lines.setdefault(one.person, []).append(_line(one, site, now))
    return lines


def _print(found: list[Owed], site: Site, now: datetime) -> None:
    for person, lines in _by_person(found, site, now).items():
        print(person.name if person else "somebody not in PEOPLE")
        for line in lines:
            print(f"  {line}")


def _line(one: Owed, site: Site, now: datetime) -> str:
    """Say what is owed, since or until when, and where it was promised."""
    local = one.due.at.astimezone(site.timezone)
    day = local - timedelta(seconds=1)
    when = f"{day:%Y-%m-%d}" if one.due.whole_day else f"{local:%Y-%m-%d %H:%M}"
    away = abs(int((one.due.at - now).total_seconds())) // 60
    how = f"lapsed {_length(away)} ago" if one.lapsed else f"in {_length(away)}"
    what = _WHAT[str(one.measure)]
    about = f" for {one.component}" if one.component else ""
    text = f": {one.follow_up.text}" if one.follow_up else ""
    place = f"{one.incident.path}:{one.line}"
    return f"{when}  {how}: {what}{about}{text} | {one.incident.title} | {place}"


def _length(minutes: int) -> str:
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _row(one: Owed, site: Site) -> dict[str, object]:
    from firstword import urls

    return {
        "what": str(one.measure),
        "person": one.person.name if one.person else None,
        "promised_by": one.promised_by,
        "due_at": f"{one.due.at:%Y-%m-%dT%H:%M:%SZ}",
        "lapsed": one.lapsed,
        "incident_id": one.incident.id,
        "update_id": one.update.id,
        "component": one.component or None,
        "text": one.follow_up.text if one.follow_up else None,
        "path": one.incident.path,
        "line": one.line,
        "url": urls.absolute(site, urls.update_path(one.incident, one.update)),
    }
