"""Thirty days of a small bookbinder's status page, stepped by a clock that this file holds.

The stories are told to their end in `life/*.md`. A step is the content folder as it stood at one
instant: every file cut off after the updates that were pushed by then, with what was typed into it
otherwise (`EDITS`). Everything that is built, sent and published can be run over `steps()`.

The month has the night in which the clocks go back, a promise of every kind with every outcome it
can have, every status and every key of the file format. `test_life.py` holds it to that.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from firstword.content import Content, SourceFile, load
from firstword.model import Site
from firstword.page import Records, StatusPage
from firstword.parse import parse_time
from firstword.settings import read_site

FOLDER = Path(__file__).parent / "life"

SETTINGS = {
    "SITENAME": "Tern Paper status",
    "SITEURL": "https://status.ternpaper.example",
    "TIMEZONE": "Europe/Amsterdam",
    "DEFAULT_LANG": "en",
    "CONTACT": "care@ternpaper.example",
    "DRILLS": True,
    "PEOPLE": [
        {
            "name": "Hanna Verbeek",
            "role": "Shop and servers",
            "address": "hanna@ternpaper.example",
        },
        {
            "name": "Joris Blom",
            "role": "Bindery",
            "address": "joris@ternpaper.example",
        },
        {
            "name": "Amara Osei",
            "role": "Customer care",
            "address": "amara@ternpaper.example",
        },
        {
            # She was followed home once: first name only, and a mailbox that several people read.
            "name": "Sanne Kuiper",
            "shown": "Sanne",
            "role": "Customer care, evenings",
            "address": "care@ternpaper.example",
        },
        {
            "name": "Pieter Roos",
            "role": "Lockers and deliveries",
            "address": "pieter@ternpaper.example",
            "until": "2026-10-31",
            "successor": "Hanna Verbeek",
        },
    ],
    "COMPONENTS": [
        {"id": "shop", "name": "Online shop", "group": "Shop"},
        {"id": "checkout", "name": "Paying", "group": "Shop"},
        {"id": "accounts", "name": "Accounts", "group": "Shop"},
        {"id": "orders", "name": "Orders by post", "group": "Delivery"},
        {
            "id": "lockers",
            "name": "Pickup lockers",
            "group": "Delivery",
            "owner": "Hanna Verbeek",
            "first_word_within": "2 hours",
            "owner_since": "2026-10-01",
        },
        {"id": "book-club", "name": "Book club", "retired": True},
    ],
}

SITE: Site = read_site(SETTINGS)

#: Short name → file of the folder `life`.
FILES = {
    "book-club": "2024-03-02-book-club.md",
    "offcuts": "2026-10-08-offcuts.md",
    "move": "2026-10-12-accounts-move.md",
    "lockers": "2026-10-13-locker-codes.md",
    "lockers.nl": "2026-10-13-locker-codes.nl.md",
    "covers": "2026-10-14-marbled-covers.md",
    "paid-twice": "2026-10-19-paid-twice.md",
    "damp": "2026-10-22-damp-books.md",
    "drill": "2026-10-28-drill-no-checkout.md",
}

#: When something is pushed, and what: a short name for an update that was signed by then, or "" for
#: an hour that changes what is true without anybody doing anything. Times are the site's.
PUSHES = (
    ("2026-10-12 09:00", "book-club", "the first publish; what came before is not judged"),
    ("2026-10-12 09:00", "offcuts", "the reminder was there before, too"),
    ("2026-10-12 10:00", "move", "the move of the accounts is announced"),
    ("2026-10-13 08:52", "lockers", "the lockers refuse every code; first word after 22 minutes"),
    ("2026-10-13 09:15", "lockers", "three places, open again by 13:00"),
    ("2026-10-13 09:31", "lockers", "a correction: four places; the next word moves in time"),
    ("2026-10-13 09:40", "lockers.nl", "the first two updates in Dutch"),
    ("2026-10-13 10:24", "lockers", "an answer is a next word, too"),
    ("2026-10-13 12:00", "", "signed at 11:58 and not pushed: the promise lapses"),
    ("2026-10-13 12:20", "lockers", "the van is parked, and it is pushed: late"),
    ("2026-10-13 12:47", "lockers", "resolved, thirteen minutes before it was promised"),
    ("2026-10-13 13:10", "lockers.nl", "resolved in Dutch; two updates are not translated"),
    ("2026-10-13 17:40", "lockers", "open again"),
    ("2026-10-13 18:15", "", "nobody writes"),
    ("2026-10-13 18:22", "lockers", "a correction of a promise that had lapsed: missed"),
    ("2026-10-13 18:40", "lockers", "a later end, with the reason"),
    ("2026-10-13 20:12", "lockers", "nearly; kept out of mail"),
    ("2026-10-13 20:30", "", "the second end is overdue"),
    ("2026-10-13 20:50", "lockers", "resolved, late"),
    ("2026-10-14 11:30", "covers", "a delay, told before anybody asks"),
    ("2026-10-15 16:00", "", "the crate with offcuts is at the door"),
    ("2026-10-16 15:10", "lockers", "the explanation, with six follow-ups"),
    ("2026-10-17 09:00", "", "a spelling mistake is mended"),
    ("2026-10-19 09:20", "paid-twice", "two people say that they paid twice"),
    ("2026-10-19 10:35", "paid-twice", "paid back, with two follow-ups"),
    ("2026-10-19 16:40", "move", "cancelled; the promised end is released"),
    ("2026-10-20 09:05", "lockers", "the alarm is in, a day early"),
    ("2026-10-21 11:15", "move", "planned anew, for the night in which the clocks go back"),
    ("2026-10-21 15:20", "covers", "another week, with the reason, before the first date"),
    ("2026-10-22 14:00", "damp", "a tip, as a draft"),
    ("2026-10-23 09:30", "", "the tip turns public"),
    ("2026-10-24 00:00", "", "two follow-ups were due yesterday"),
    ("2026-10-25 01:00", "", "the window opens by the clock; nobody has said so"),
    ("2026-10-25 01:04", "move", "now somebody has"),
    ("2026-10-25 02:28+02:00", "move", "the first half past two of two"),
    ("2026-10-25 02:58+01:00", "", "verifying at 02:58, an hour that comes twice: the file breaks"),
    ("2026-10-25 03:00", "", "and the promise lapses meanwhile"),
    ("2026-10-25 03:08", "move", "mended, ten minutes later"),
    ("2026-10-25 03:40", "move", "half past five, with the reason"),
    ("2026-10-25 04:00", "", "the planned end; not confirmed"),
    ("2026-10-25 05:30", "", "the new end is overdue"),
    ("2026-10-25 05:52", "move", "completed, late"),
    ("2026-10-26 11:30", "lockers", "a follow-up done three days late"),
    ("2026-10-27 10:05", "paid-twice", "withdrawn: nobody paid twice"),
    ("2026-10-28 14:00", "drill", "a drill"),
    ("2026-10-28 14:16", "drill", "the drill goes on"),
    ("2026-10-28 14:25", "drill", "the drill is over"),
    ("2026-10-28 16:00", "", "four o'clock was promised"),
    ("2026-10-28 18:05", "covers", "a reader asks; the answer is late and says so"),
    ("2026-10-29 16:00", "", "offcuts again, at four as before the clocks went back"),
    ("2026-10-29 17:50", "offcuts", "and they go on after Christmas"),
    ("2026-10-31 00:00", "", "the covers were to be sent by yesterday"),
    ("2026-10-31 10:10", "covers", "a third date, too late to be a replacement"),
    ("2026-11-03 12:00", "", "a box is ticked in the published text"),
    ("2026-11-05 16:45", "covers", "sent, on the day that was promised last"),
    ("2026-11-07 00:00", "", "a follow-up was due yesterday"),
    ("2026-11-11 12:00", "", "thirty days"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """Something typed into a file that is no update: before `at` it read otherwise."""

    at: str
    file: str
    #: As it reads at the end.
    after: str
    #: As it read until `at`.
    before: str


#: In the order of time, as they are undone backwards.
EDITS = (
    Edit(
        "2026-10-17 09:00",
        "lockers",
        "and the program stopped there, at line 112 of 203.",
        "and the programm stoped there, at line 112 of 203.",
    ),
    Edit("2026-10-23 09:30", "damp", "about: tip\n", "about: tip\ndraft: yes\n"),
    Edit(
        "2026-10-25 03:08",
        "move",
        "## 2026-10-25 02:58+01:00 | Hanna Verbeek | verifying",
        "## 2026-10-25 02:58 | Hanna Verbeek | verifying",
    ),
    Edit("2026-11-03 12:00", "lockers", "- [x] A card at each", "- [ ] A card at each"),
)

#: The heading that cannot be read is cut at the instant that was meant.
_BROKEN_AT = "2026-10-25 02:58+01:00"
_HEADING = re.compile(r"^## ([^|\n]+?) \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """The content folder as it stood at one instant."""

    at: datetime
    #: One line: what happened.
    what: str
    #: Path → text, all of it.
    files: Mapping[str, str]


def instant(text: str) -> datetime:
    """Read a time of this life as UTC."""
    return parse_time(text, SITE.timezone)


def path_of(name: str) -> str:
    """Return where a story's file lies in the content folder."""
    file = FILES[name]
    return f"content/incidents/{file[:4]}/{file}"


@functools.cache
def steps() -> tuple[Step, ...]:
    """Return every step, oldest first."""
    pushed: dict[str, datetime] = {}
    found: dict[datetime, Step] = {}
    for when, name, what in PUSHES:
        at = instant(when)
        if name:
            pushed[name] = at
        if at == instant(_BROKEN_AT):
            pushed["move"] = at
        files = {path_of(name): _text(name, until, at) for name, until in sorted(pushed.items())}
        also = f"{found[at].what}; " if at in found else ""
        found[at] = Step(at, also + what, files)
    return tuple(found.values())


def _text(name: str, until: datetime, at: datetime) -> str:
    """Return a file as it read at an instant: the updates pushed and the edits made by then."""
    text = (FOLDER / FILES[name]).read_text(encoding="utf-8")
    starts = [*(found.start() for found in _HEADING.finditer(text)), len(text)]
    kept = text[: starts[0]]
    for start, end in pairwise(starts):
        heading = _HEADING.match(text, start)
        if heading and instant(heading[1]) <= until:
            kept += text[start:end]
    for edit in reversed(EDITS):
        if edit.file == name and at < instant(edit.at):
            # What is not in the file yet cannot have read otherwise.
            kept = kept.replace(edit.after, edit.before)
    return kept.rstrip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class Published:
    """What a step came to: what was read, and the page that was published."""

    step: Step
    content: Content
    page: StatusPage


@functools.cache
def published() -> tuple[Published, ...]:
    """Read and publish every step to a target that stamps what it has not seen before."""
    return tuple(_publish())


def _publish() -> Iterator[Published]:
    stamps: dict[str, dict[str, datetime | None]] = {}
    good: dict[str, list[tuple[str, bytes]]] = {}
    for number, step in enumerate(steps()):
        began = number > 0
        content = load(
            [SourceFile(path, text.encode()) for path, text in step.files.items()],
            SITE,
            step.at,
            versions=lambda path: good.get(path, ()),
            published=stamps,
        )
        # A target keeps its own stamps; the page gets them as they were before this publish.
        known = {incident: dict(updates) for incident, updates in stamps.items()}
        incidents = content.published(SITE)
        page = StatusPage.of(SITE, incidents, Records(known, began, step.at))
        yield Published(step, content, page)
        for incident in incidents:
            for update in incident.updates:
                first = step.at if began else None
                stamps.setdefault(incident.id, {}).setdefault(update.id, first)
        for path, text in content.sources.items():
            versions = good.setdefault(path, [])
            if not versions or versions[0][1] != text.encode():
                versions.insert(0, (f"{step.at:%Y-%m-%d %H:%M}Z", text.encode()))


def build_page(step: Step) -> StatusPage:
    """Return the page of a step, with everything that was published before it."""
    return next(one.page for one in published() if one.step.at == step.at)
