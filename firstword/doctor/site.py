"""Checks of the checkout: who signs, who answers, what git knows."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from zoneinfo import TZPATH

from firstword import gitlog
from firstword.doctor.findings import Finding, Place, fail, note, ok
from firstword.doctor.mail import mail
from firstword.settings import CONF


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
    """The clock of a real site runs."""
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


def _has_zones(folder: str) -> bool:
    return (Path(folder) / "UTC").is_file()


def versions(_place: Place) -> Iterator[Finding]:
    """What builds the page."""
    named = ", ".join(f"{name} {version(name)}" for name in ("firstword", "pelican"))
    yield ok("versions", f"{named}, Python {platform.python_version()}")


CHECKS: tuple[Callable[[Place], Iterator[Finding]], ...] = (
    *(versions, people, contact, clock, zones, git, mail),
)
