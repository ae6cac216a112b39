"""Subscribers as CSV: reading what somebody else wrote, writing all that is known of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from io import StringIO
from itertools import chain
from typing import TextIO
from zoneinfo import available_timezones

from firstword.mail.address import AddressProblem, read_address, same_mailbox
from firstword.mail.parcel import PACES, Cadence, Consent, Standing, Subscriber
from firstword.mail.people import People
from firstword.model import Kind, Site
from firstword.parse.keys import nearest
from firstword.values import replace
from firstword.words.catalogue import languages

NEEDED = ("address", "cadence")
OPTIONAL = ("components", "kinds", "language", "zone")
#: What `export` adds. Of it `import` reads back who left, what was muted and what was agreed to: no
#: file brings anybody back. Not `since`: a list that is new here would mail again what is over.
_MORE = (
    *("state", "muted", "since", "consent_at", "consent_how", "consent_words", "person"),
    "came_back",
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_BETWEEN = re.compile(r"[\s,;]+")
_STORY = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that there is none of in its column, and what can stand there."""

    name: str
    value: str
    allowed: tuple[str, ...]


class RowProblem(ValueError):
    """Why a row cannot be; the text holds no address."""

    def __init__(self, text: str, wrong: Wrong | None = None) -> None:
        """Take what to print, and what is wrong for those who say it in other languages."""
        super().__init__(text)
        self.wrong = wrong


@dataclass(slots=True)
class Imported:
    """What an import came to."""

    added: int = 0
    changed: int = 0
    same: int = 0
    #: Left, bounced or complained, as the list or the file has it: nobody is brought back.
    left_alone: int = 0


def read_subscriber(row: dict[str, str], site: Site, consent: Consent) -> Subscriber:
    """Read one subscriber out of texts. Raises RowProblem for the first that cannot be."""
    try:
        address = read_address(row["address"])
    except AddressProblem as problem:
        raise RowProblem(f"address: {problem}") from None
    cadence = row["cadence"].strip().lower()
    if cadence not in PACES:
        raise RowProblem(f"cadence: unknown{_shown(cadence)}; write {', '.join(PACES)}")
    language = read_language(row.get("language", ""))
    zone = read_zone(row.get("zone", ""), site)
    return Subscriber(
        address=address,
        cadence=Cadence(cadence),
        components=_names(row, "components", site.components),
        kinds=frozenset(map(Kind, _names(row, "kinds", list(Kind)))),
        language=language,
        zone=zone,
        consent=consent,
        since=consent.at,
    )


def read_language(text: str) -> str:
    """Read a language's tag; "" = the site's. Raises RowProblem."""
    language = text.strip()
    if language and not _LANGUAGE.fullmatch(language):
        raise RowProblem(
            f"language: unknown{_shown(language)}; write 'en' or 'pt-BR'",
            Wrong("language", language, languages()),
        )
    return language


def read_zone(text: str, site: Site) -> str:
    """Read the name of a time zone; "" = the site's. Raises RowProblem."""
    zone = text.strip()
    if zone and zone not in available_timezones():
        near = get_close_matches(zone, sorted(available_timezones()), 3, 0.5)
        raise RowProblem(
            f"zone: unknown{_shown(zone)}{nearest(zone, available_timezones())}",
            Wrong("zone", zone, (*near, site.timezone.key)),
        )
    return zone


def read_table(file: TextIO, site: Site, consent: Consent) -> Iterator[Subscriber | str]:
    """Yield the subscribers of a CSV file with a header, and what is wrong as 'line N: ...'.

    `consent` holds for whom the file says nothing of it; its words may be "" where it does for all.
    Values are parted by what parts the header: a comma, or a semicolon or tab as spreadsheets have.
    """
    try:
        first = file.readline()
    except UnicodeDecodeError as error:
        yield f"line 1: not CSV in UTF-8: {type(error).__name__}"
        return
    between = next((one for one in ";\t" if one in first and "," not in first), ",")
    lines = chain([first], file)
    table = csv.DictReader(lines, strict=True, restkey="", restval="", delimiter=between)
    seen: dict[str, int] = {}
    try:
        header = [name.strip().lower() for name in table.fieldnames or ()]
        if problem := _header_problem(header):
            yield f"line 1: {problem}"
            return
        table.fieldnames = header
        for row in table:
            line = table.line_num
            if "" in row:
                yield f"line {line}: more values than the header has names"
                continue
            try:
                one = _as_exported(row, read_subscriber(row, site, consent))
            except RowProblem as problem:
                yield f"line {line}: {problem}"
                continue
            before = seen.setdefault(same_mailbox(one.address), line)
            if before != line:
                yield f"line {line}: the same mailbox as in line {before}"
                continue
            yield one
    except (csv.Error, UnicodeDecodeError) as error:
        yield f"line {table.line_num + 1}: not CSV in UTF-8: {type(error).__name__}"


def _as_exported(row: dict[str, str], one: Subscriber) -> Subscriber:
    """Return a subscriber in the state that an export told, with what was muted."""
    state = row.get("state", "").strip().lower() or Standing.ACTIVE
    # No address is kept of those who have yet to confirm, whoever sends it.
    if state not in (known := [one for one in Standing if one is not Standing.PENDING]):
        raise RowProblem(f"state: unknown{_shown(state)}; write {', '.join(known)}, or nothing")
    muted = row.get("muted", "").split()
    for story in muted:
        if not _STORY.fullmatch(story):
            raise RowProblem(f"muted: no id of a story{_shown(story)}")
    one = replace(one, state=Standing(state), muted=frozenset(muted))
    return replace(one, consent=_consent(row, one.consent, needed=one.state is Standing.ACTIVE))


def _consent(row: dict[str, str], given: Consent, *, needed: bool) -> Consent:
    """Return what a row says that somebody agreed to, else what is `given`, at its own time."""
    text, words = row.get("consent_at", "").strip(), row.get("consent_words", "")
    if not words.strip():
        if needed and not given.words:
            raise RowProblem("consent_words: to which words did they agree? Say it by --shown")
        return given
    try:
        at = datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        raise RowProblem(
            f"consent_at: no instant{_shown(text)}; write '2026-11-21T09:20:00Z'"
        ) from None
    if at > given.at:
        raise RowProblem(f"consent_at: has yet to come{_shown(text)}")
    return Consent(at=at, how=row.get("consent_how", "").strip() or given.how, words=words)


def compare(people: People, read: Iterable[Subscriber]) -> tuple[Imported, list[Subscriber]]:
    """Return what an import comes to, and whom it writes down; whoever left is left alone.

    That somebody left is written down where nothing was known of them, so that no other file adds
    them.
    """
    counts = Imported()
    wanted = []
    for new in read:
        old = people.find(people.person(new.address))
        if old is None:
            wanted.append(new)
        if new.state is not Standing.ACTIVE:
            counts.left_alone += 1
        elif old is None:
            counts.added += 1
        elif old.state is not Standing.ACTIVE:
            counts.left_alone += 1
        else:
            kept = replace(
                new, consent=old.consent, since=old.since, muted=old.muted, address=old.address
            )
            if kept == old:
                counts.same += 1
            else:
                counts.changed += 1
                wanted.append(kept)
    return counts, wanted


def write_table(people: People) -> Iterator[str]:
    """Yield the lines of a CSV file with all that is known of everybody, addresses too."""
    yield _line((*NEEDED, *OPTIONAL, *_MORE))
    for member in people:
        one = member.subscriber
        yield _line(
            (
                *(one.address, one.cadence, " ".join(sorted(one.components))),
                *(" ".join(sorted(one.kinds)), one.language, one.zone),
                *(one.state, " ".join(sorted(one.muted)), f"{one.since:{_INSTANT}}"),
                *(f"{one.consent.at:{_INSTANT}}", one.consent.how, one.consent.words),
                member.person,
                " ".join(f"{soft.at:{_INSTANT}}" for soft in people.soft(member.person)),
            )
        )


def _header_problem(header: list[str]) -> str:
    for name in header:
        if name not in (*NEEDED, *OPTIONAL, *_MORE):
            hint = nearest(name, (*NEEDED, *OPTIONAL))
            return f"the header has an unknown name{_shown(name)}{hint}"
    missing = [name for name in NEEDED if name not in header]
    if missing:
        return f"the header lacks {missing[0]!r}"
    return "the header has a name twice" if len(set(header)) < len(header) else ""


def _names(row: dict[str, str], key: str, known: Iterable[str]) -> frozenset[str]:
    listed = list(known)
    names = [name for name in _BETWEEN.split(row.get(key, "")) if name]
    for name in names:
        if name not in listed:
            raise RowProblem(
                f"{key}: unknown{_shown(name)}{nearest(name, listed)}",
                Wrong(key, name, tuple(listed)),
            )
    return frozenset(names)


def _shown(value: str) -> str:
    """Return a value to print; where columns slipped or a header is missing, it is an address."""
    return "" if "@" in value else f": {value!r}"


def _line(values: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()
