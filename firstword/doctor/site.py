"""Checks of the checkout: who signs, who answers, what git knows."""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

from firstword import gitlog
from firstword.doctor.findings import Finding, Place, fail, note, ok
from firstword.doctor.mail import mail
from firstword.model import Level
from firstword.settings import CONF

#: A commit may come from a machine whose clock is a little ahead.
AHEAD = timedelta(minutes=2)
#: How requirements.txt of a site names us; a wheel of ours lies in the site.
_OURS = re.compile(r"^(?:firstword(?=[\s=<>@~!;[]|$)|\./.*/firstword-).*$", re.MULTILINE)


def people(place: Place) -> Iterator[Finding]:
    """Somebody can sign today, and every signature leads to somebody who answers."""
    site, today = place.site, place.now().astimezone(place.site.timezone).date()
    listed = site.people.values()
    signing = [one for one in listed if one.until is None or one.until >= today]
    if not signing:
        who = "everybody in it has left" if listed else "it is empty"
        yield fail("people", f"nobody can sign: {who}", f"list people in PEOPLE of {CONF}")
        return
    for person in listed:
        answers = site.who_answers(person.name)
        if answers is None or (answers.until is not None and answers.until < today):
            yield fail(
                "people",
                f"nobody answers for what {person.name!r} signed",
                f"name a 'successor' in PEOPLE of {CONF}",
            )
    left = len(listed) - len(signing)
    yield ok("people", f"{len(signing)} can sign, {left} left; each has an address that answers")


def contact(place: Place) -> Iterator[Finding]:
    """Readers who do not know whom to ask have an address."""
    if place.site.contact:
        yield ok("contact", place.site.contact)
    else:
        yield note("contact", "no address for whoever does not know whom to ask", "set CONTACT")


def clock(place: Place) -> Iterator[Finding]:
    """The clock of a real site runs, and is not behind what was committed here."""
    made, now = gitlog.read_source(place.root, clean=True).committed_at, place.now()
    if made is not None and made - now > AHEAD:
        yield fail(
            "clock",
            f"here it is {now:%Y-%m-%d %H:%M} UTC, and the newest commit is of {made:%H:%M} on "
            f"{made:%Y-%m-%d}: words signed since then would be held back",
            "let the machine set its clock (Debian: apt-get install systemd-timesyncd)",
        )
    if place.site.pinned_clock:
        yield note(
            "clock",
            f"stands still at {place.site.pinned_clock:%Y-%m-%d %H:%M} UTC: an example site",
            f"remove PINNED_CLOCK from {CONF} before this goes to readers",
        )


def git(place: Place) -> Iterator[Finding]:
    """Git is there: it tells who is newer, and keeps the last good version of every file."""
    if shutil.which("git", path=place.environ.get("PATH")) is None:
        yield fail("git", "there is no git program", "install git (Debian: apt-get install git)")
        return
    source = gitlog.read_source(place.root)
    if source.commit is None:
        yield fail(
            "git",
            "no commit here: nothing keeps an old copy from overwriting newer words",
            "git init && git add -A && git commit",
        )
        return
    yield ok("git", f"commit {source.commit[:12]}")
    if source.dirty:
        yield note("git", "files differ from that commit; they would be published as they are")
    if source.shallow:
        yield note(
            "git",
            "a shallow clone: enough to publish; whether it is newer is told by time alone where "
            "history does not reach",
            "git fetch --unshallow",
        )


def zones(place: Place) -> Iterator[Finding]:
    """Local times are reckoned by rules that are there, and not by those of years ago."""
    zone = place.site.timezone
    now = place.now().astimezone(zone)
    text = f"{zone}: it is {now:%H:%M} ({now:%z})"
    own = "tzdata" if not any(map(_has_zones, TZPATH)) else "this machine's zones"
    yield ok("time zone", f"{text}, by {own}")
    newer = _carried(str(zone))
    weeks = [now + timedelta(days=day) for day in range(0, 400, 7)]
    if newer and any(at.astimezone(newer).utcoffset() != at.utcoffset() for at in weeks):
        yield fail(
            "time zone",
            f"{zone}: {own} have other rules than tzdata {version('tzdata')}",
            "bring the machine's zones up to date (Debian: apt-get install tzdata)",
        )


def requirement(place: Place) -> Iterator[Finding]:
    """Every machine can get the Firstword that the site is built with."""
    listed = place.root / "requirements.txt"
    try:
        found = _OURS.search(listed.read_text(encoding="utf-8")) if listed.is_file() else None
    except UnicodeDecodeError as error:
        text = f"byte {error.start + 1} is no UTF-8: {error.object[error.start : error.end]!r}"
        yield fail("requirements.txt", text, "save it as UTF-8; PowerShell's '>' writes UTF-16")
        return
    if found is None:
        return
    line = found[0].strip()
    todo = "firstword init . --renew"
    if "file:" in line:
        yield fail("requirements.txt", f"{line!r} is on this machine alone", todo)
    elif line.startswith("./") and not (place.root / line).is_file():
        yield fail("requirements.txt", f"{line!r} is not there", todo)
    else:
        yield ok("requirements.txt", line)


def _carried(key: str) -> ZoneInfo | None:
    """Return a zone by the rules that were installed with us, where they know it."""
    try:
        with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as data:
            return ZoneInfo.from_file(data, key)
    except (OSError, ModuleNotFoundError):
        return None


def _has_zones(folder: str) -> bool:
    return (Path(folder) / "UTC").is_file()


def theme(place: Place) -> Iterator[Finding]:
    """What the site's own theme/ has in it stands in for something, and can be used."""
    # Jinja is for whoever has a theme of their own.
    from firstword.pelican_defaults import THEME
    from firstword.render.faults import problems

    whole = place.root / str(place.settings.get("THEME", THEME))
    found = list(problems(place.root, whole, place.settings))
    for one in found:
        found_here = fail if one.level is Level.ERROR else note
        yield found_here("theme", f"{one.path}:{one.line}: {one.message}", "docs/themes.md")
    if not found and (place.root / "theme").is_dir():
        yield ok("theme", "the site's own templates can be used")


def versions(_place: Place) -> Iterator[Finding]:
    """What builds the page."""
    named = ", ".join(f"{name} {version(name)}" for name in ("firstword", "pelican"))
    yield ok("versions", f"{named}, Python {platform.python_version()}")


CHECKS: tuple[Callable[[Place], Iterator[Finding]], ...] = (
    *(versions, requirement, people, contact, clock, zones, git, theme, mail),
)
