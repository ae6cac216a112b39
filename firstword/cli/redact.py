"""Take a secret or somebody's personal data out of a published update.

The words are replaced by a gap that says when, by whom and why; the update keeps its time and its
signature. Then the site is published: pages, feeds and what the targets remember lose the words.
INCIDENT is an id or a file, UPDATE the time in its heading or its id, or 'front' for front matter.
A translation beside the file is treated alike.

examples:
  firstword redact 2026-11-21-card-payments "2026-11-21 09:20" --pattern "+45 12 34 56 78" \\
      --by "Dawn Okafor" --because "a customer's phone number"
  pass show leaked | firstword redact 2026-11-21-card-payments 20261121T082000Z --pattern - \\
      --by "Dawn Okafor" --because "a key to our test shop"
  firstword redact 2026-11-21-card-payments "2026-11-21 09:20" --whole \\
      --by "Dawn Okafor" --because "it named a person"
  firstword redact 2026-11-21-card-payments front --pattern "Mr Invented" --no-publish \\
      --by "Dawn Okafor" --because "a customer's name"
  firstword redact 2026-11-21-card-payments "2026-11-21 09:20" --pattern "12 34" --dry-run \\
      --by "Dawn Okafor" --because "a phone number"

exit code: 0 done and published, 1 nothing done, 2 usage or settings, 3 done, but something needs a
person (the words stand elsewhere too, a target failed)
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.errors import FirstwordError, Refused, SettingsError

if TYPE_CHECKING:
    from firstword.model import Incident, Site, Update
    from firstword.parse.redactions import Redaction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("incident", metavar="INCIDENT", help="its id, or its file")
    parser.add_argument("update", metavar="UPDATE", help="its time, its id, or 'front'")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--pattern", metavar="TEXT", help="the words to take out, as they stand; '-' reads stdin"
    )
    what.add_argument("--whole", action="store_true", help="take out every word of the update")
    parser.add_argument(
        "--by", required=True, metavar="NAME", help="who signs the gap: a full name of PEOPLE"
    )
    parser.add_argument(
        "--because", required=True, metavar="WHY", help="what was removed; readers will see this"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the gap, write nothing")
    parser.add_argument(
        "--no-publish", action="store_true", help="change the file only; publish yourself"
    )


@dataclass(frozen=True, slots=True)
class _File:
    """One incident file that is to be changed."""

    path: Path
    text: str
    incident: Incident


def run(options: argparse.Namespace) -> int:
    """Redact in the site around the current folder."""
    from firstword.cache.database import forget_caches
    from firstword.cli import find_root
    from firstword.pelican_defaults import CACHE_PATH as CACHE
    from firstword.redact import redact
    from firstword.settings import CONF, load_settings, read_site

    words = sys.stdin.read().strip() if options.pattern == "-" else options.pattern
    if words is not None and not words.strip():
        raise SettingsError("--pattern", "holds no words")
    root = find_root(Path.cwd())
    settings = load_settings(root / CONF)
    site = read_site(settings)
    content = root / str(settings.get("PATH", "content"))
    gap = _gap(options, site, words)
    files = list(_files(options.incident, root, content, site))
    changed: list[tuple[_File, str]] = []
    for file in files:
        update = _update(options.update, file.incident, site)
        if update is None and options.update != "front":
            continue  # a translation that lags behind
        done = redact(file.text, file.incident, update, words=words, gap=gap, zone=site.timezone)
        if done.gaps:
            changed.append((file, done.text))
            print(f"{file.incident.path}: {done.gaps} x {gap}")
    if not changed:
        raise SettingsError(
            "--pattern", "these words are not there; give them as they stand in the file"
        )
    if options.dry_run:
        return 0
    for file, text in changed:
        _replace(file.path, text)
    # SQLite leaves what it deleted in its files.
    forget_caches(root / str(settings.get("CACHE_PATH", CACHE)))
    left = [*_still_there(content, root, words)]
    for line in left:
        print(line, file=sys.stderr)
    code = 0 if options.no_publish else _publish()
    for line in _what_remains(site, [file.incident.path for file, _ in changed]):
        print(line, file=sys.stderr)
    return 3 if left and code == 0 else code


def _gap(options: argparse.Namespace, site: Site, words: str | None) -> Redaction:
    """Return the gap to leave. Raises SettingsError for one that nobody could sign or read."""
    from firstword.clock import system_clock
    from firstword.parse.redactions import Redaction, redactions
    from firstword.redact import matcher

    now = system_clock()
    person = site.people.get(options.by)
    if person is None:
        raise SettingsError("--by", f"not in PEOPLE: {options.by!r}")
    if person.until and now.astimezone(site.timezone).date() > person.until:
        raise SettingsError("--by", f"{options.by!r} left on {person.until}")
    why = " ".join(options.because.split())
    gap = Redaction(at=now.replace(second=0), by=person.shown, why=why)
    if redactions(str(gap)) != (gap,) or len(why) > 200 or re.search(r"[\\`*_<>&!#]", why):
        raise SettingsError(
            "--because", f"one plain sentence of at most 200 characters, without []|*_`<>&: {why!r}"
        )
    if words and matcher(words.casefold()).search(str(gap).casefold()):
        raise SettingsError("--because", "holds the very words that are to be removed")
    return gap


def _files(name: str, root: Path, content: Path, site: Site) -> Iterator[_File]:
    """Yield the incident's file, then its translations. Raises SettingsError, Refused."""
    from firstword.content import scan
    from firstword.parse import parse

    files, _ = scan(root, content)
    found = []
    for file in files:
        parsed = parse(file.data, file.path, site.timezone)
        path = root / file.path
        asked = Path(name).suffix == ".md" and Path(os.path.abspath(name)) == path  # noqa: PTH100 - a link is asked for by its own name
        stem = path.name.split(".")[0]
        incident = parsed.incident
        if not (asked or stem == name or (incident and incident.id == name)):
            continue
        if incident is None:
            problems = "\n".join(map(str, parsed.problems))
            raise Refused(f"mend the file first, or a gap might miss its place:\n{problems}")
        found.append(_File(path, file.data.decode("utf-8-sig"), incident))
    slugs = {file.incident.slug for file in found}
    for file in files:
        path = root / file.path
        if path.name.split(".")[0] in slugs and path not in {one.path for one in found}:
            incident = parse(file.data, file.path, site.timezone).incident
            if incident:
                found.append(_File(path, file.data.decode("utf-8-sig"), incident))
    originals = [file for file in found if not file.incident.language]
    if len(originals) != 1:
        what = "no incident file" if not originals else "more than one incident file"
        raise SettingsError("INCIDENT", f"{what} is called {name!r}")
    yield originals[0]
    yield from (file for file in found if file.incident.language)


def _update(name: str, incident: Incident, site: Site) -> Update | None:
    """Find an update by id or time; None for the front matter. Raises SettingsError."""
    from firstword.parse import TimeProblem, parse_time

    if name == "front":
        return None
    for update in incident.updates:
        if update.id == name:
            return update
    try:
        found, hint = incident.find(parse_time(name, site.timezone)), ""
    except TimeProblem as error:
        found, hint = None, f" ({error})"
    if found is None and not incident.language:
        there = ", ".join(
            f"{u.at.astimezone(site.timezone):%Y-%m-%d %H:%M}" for u in incident.updates
        )
        raise SettingsError("UPDATE", f"{incident.path} has none of {name!r}{hint}; it has {there}")
    return found


def _replace(path: Path, text: str) -> None:
    """Write a file whole, with the permissions it has."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(text.encode())
    fresh.chmod(path.stat().st_mode)
    fresh.replace(path)


def _still_there(content: Path, root: Path, words: str | None) -> Iterator[str]:
    """Yield the places of the site where the words still stand; never the words themselves."""
    from firstword.redact import lines_with

    if words is None:
        return
    for path in sorted(content.rglob("*.md")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        for line in lines_with(text, words):
            place = f"{path.relative_to(root).as_posix()}:{line}"
            yield f"{place}: redact: the words stand here too; redact that update as well"


def _publish() -> int:
    """Publish, comparing with what really lies at the targets: nothing of the words may stay."""
    from firstword.cli import publish

    parser = argparse.ArgumentParser()
    publish.add_arguments(parser)
    try:
        code = publish.run(parser.parse_args(["--full"]))
    except FirstwordError as error:
        print(error, file=sys.stderr)
        code = 1
    if code == 1:
        print("The file is changed, but NOT published: run python publish.py --full")
        return 3
    return code


def _what_remains(site: Site, paths: Sequence[str]) -> Iterator[str]:
    """Yield what no program of ours can do."""
    quoted = " ".join(shlex.quote(path) for path in paths)
    yield ""
    yield "Left to do:"
    yield f"  1. Commit: git commit -m 'Redact' -- {quoted}, and push."
    yield "  2. A secret that was public is known: replace it where it is used."
    yield (
        "  3. git's history still holds the words, and is not rewritten. To do that: git "
        "filter-repo --replace-text FILE, force-push, then publish with --force."
    )
    for number, target in enumerate((t for t in site.publish_to if t.startswith("s3://")), 4):
        bucket, _, prefix = target.removeprefix("s3://").partition("/")
        yield (
            f"  {number}. If {bucket} keeps versions, remove the old ones (again until there are "
            f'none): aws s3api delete-objects --bucket {bucket} --delete "$(aws s3api '
            f"list-object-versions --bucket {bucket} --prefix '{prefix}' --max-items 1000 --query "
            "'{Objects: Versions[?IsLatest==`false`].{Key:Key,VersionId:VersionId}}' "
            '--output json)"'
        )
    yield "  Mail that was sent, feed readers and archives keep what they got."
