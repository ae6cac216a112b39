"""A story as a foreign source tells it → an incident that can stand here; every change is noted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from firstword.compose import mend
from firstword.importers import Story
from firstword.importers.report import CLOSING, ENDING, Entry, LeftOut, Outcome, Repair
from firstword.importers.siteconf import Names, Numbered, slugify
from firstword.importers.times import Log, day_in, utc
from firstword.model import (
    ENDINGS,
    LIFECYCLE,
    ComponentChange,
    Facts,
    Impact,
    Incident,
    Kind,
    Status,
    Update,
)
from firstword.parse.names import ALIAS, SLUG, translated

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_LONGEST = 100
_LONGEST_ALIAS = 200
#: The status that begins a story of each kind, and the one that ends it.
BEGINNINGS = {kind: LIFECYCLE[kind][0] for kind in Kind}
CLOSINGS = {
    Kind.INCIDENT: Status.RESOLVED,
    Kind.MAINTENANCE: Status.COMPLETED,
    Kind.NOTICE: Status.DONE,
}


@dataclass(slots=True, kw_only=True)
class Word:
    """An update in the making."""

    at: datetime
    status: Status
    body: str = ""
    #: What the source called it, where the status does not say so already.
    called: str = ""


@dataclass(slots=True, kw_only=True)
class Tale:
    """One story in the making, and what has to be said about it."""

    #: What the report calls it.
    source: str
    log: Log
    #: The file it stands in, where several stories may stand in one.
    file: str = ""
    #: What its file is called there, or its address.
    stem: str = ""
    #: An id that holds wherever it lies; where it is none that can be kept, the slug is it.
    id: str = ""
    title: str = ""
    kind: Kind = Kind.INCIDENT
    impact: Impact | None = None
    components: tuple[ComponentChange, ...] = ()
    began: datetime
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    words: list[Word] = field(default_factory=list)
    #: Old addresses, without the site's own; the first is the story's.
    addresses: tuple[str, ...] = ()
    draft: bool = False
    #: Of a translation: its tag, and the original, whose place and instants are kept.
    language: str = ""
    original: Incident | None = None


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the stories of one source share."""

    #: The format, which is what `imported:` says.
    format: str
    zone: tzinfo
    names: Names
    slugs: Numbered = field(default_factory=Numbered)
    ids: set[str] = field(default_factory=set)

    def log(self) -> Log:
        """Begin what has to be said about one story."""
        return Log(zone=self.zone)


def not_carried(source: str, why: str, file: str = "") -> Story:
    """Say that a file cannot become an incident."""
    return Story(entry=Entry(source=source, outcome=Outcome.NOT_CARRIED, why=why, file=file))


def components_of(names: Iterable[str], shared: Shared, log: Log) -> tuple[ComponentChange, ...]:
    """Return the components that names mean, each once."""
    ids: dict[str, None] = {}
    for name in names:
        if called := " ".join(name.split()):
            found, repair = shared.names.find(called)
            log.repairs += [repair] if repair else []
            ids.setdefault(found)
    return tuple(ComponentChange(found) for found in ids)


def status_of(called: str, kind: Kind) -> Status | None:
    """Return the status of a kind that a foreign word means."""
    word = "_".join(re.sub(r"[^\w ]", "", called.casefold()).split())
    found = next((status for status in LIFECYCLE[kind] if status == word), None)
    return Status.UPDATE if found is None and word == Status.UPDATE else found


def close(tale: Tale, *, over: bool, ended: datetime | None, said: str) -> None:
    """Let a story end where the source says that it is over, and only there.

    The first of its words is the one that opens it, in whatever order the others stand. `said` is
    the key that says so; `ended` is when, if that is known.
    """
    _begin(tale)
    tale.words.sort(key=lambda word: word.at)
    if not over:
        _lower(tale, tale.words, f"not {said}")
        return
    if ended is not None and ended < tale.began:
        why = f"before the beginning, {utc(tale.began)}"
        tale.log.repair(said, utc(ended), "", why, ENDING)
        ended = None
    last = _held(tale.words)
    if last is not None and last.status in ENDINGS:
        _early(tale, last.at, said)
        return
    end = CLOSINGS[tale.kind]
    if ended is None:
        at = (tale.words[-1].at if tale.words else tale.began) + _MINUTE
        why = "over, and not said when"
        if (planned := _planned_end(tale)) and planned >= at:
            at, why = planned, f"{why}; it was planned until then"
        tale.log.repair(said, "", f"{end}, {utc(at)}", why, CLOSING)
        tale.words.append(Word(at=at, status=end))
        _early(tale, at, said)
        return
    _early(tale, ended, said)
    _lower(tale, [word for word in tale.words if word.at > ended], f"it comes after {said}")
    same = [word for word in tale.words if word.at == ended and word.at > tale.began]
    if same:
        _call(same[-1], end)
    else:
        tale.words.append(Word(at=max(ended, tale.began + _SECOND), status=end))
        tale.words.sort(key=lambda word: word.at)


def _planned_end(tale: Tale) -> datetime | None:
    """Return when a maintenance was to end, if that is after it was to begin."""
    begin, end = tale.scheduled_for or tale.began, tale.scheduled_until
    return end if tale.kind is Kind.MAINTENANCE and end is not None and end > begin else None


def _early(tale: Tale, at: datetime, said: str) -> None:
    """Say that a maintenance ended before it was to begin; the end stays where it is."""
    begin = tale.scheduled_for
    if tale.kind is Kind.MAINTENANCE and begin is not None and at < begin:
        why = f"before the window, which begins {utc(begin)}; it stays"
        tale.log.repair(said, utc(at), utc(at), why, ENDING)


def _begin(tale: Tale) -> None:
    """Let a story begin with its oldest word; the one that opens it comes first."""
    first = min((word.at for word in tale.words), default=tale.began)
    if first >= tale.began:
        return
    why = "an update is older"
    tale.log.repair("started", utc(tale.began), utc(first), why)
    tale.words[0].at = tale.began = first


def _held(words: Sequence[Word]) -> Word | None:
    """Return the last word that moved the story, if one did."""
    return next((word for word in reversed(words) if word.status is not Status.UPDATE), None)


def _lower(tale: Tale, words: Sequence[Word], why: str) -> None:
    """Take from the last of these words what they cannot say: that the story ended, or went on."""
    after = words is not tale.words
    for word in reversed(words):
        if word.status in ENDINGS or (after and word.status is not Status.UPDATE):
            tale.log.repair("status", str(word.status), str(Status.UPDATE), why)
            _call(word, Status.UPDATE)
        elif word.status is not Status.UPDATE:
            break


def _call(word: Word, status: Status) -> None:
    """Give a word another status; what it was called stays readable in its text."""
    if not word.called and word.status is not Status.UPDATE:
        word.called = str(word.status).replace("_", " ").capitalize()
    word.status = status


def finish(tale: Tale, shared: Shared) -> Story:
    """Make the story; its place, its words and its addresses are decided here."""
    _apart(tale)
    incident = _incident(tale, shared)
    log = tale.log
    entry = Entry(
        source=tale.source,
        outcome=Outcome.CARRIED,
        target=incident.path,
        draft=incident.draft,
        is_open=incident.is_open and not incident.draft and not tale.language,
        repairs=tuple(log.repairs),
        left_out=tuple(log.left_out),
        needs=tuple(log.needs),
        zoneless=log.zoneless,
        file=tale.file,
        updates=len(incident.updates),
    )
    return Story(entry=entry, incident=incident)


def _incident(tale: Tale, shared: Shared) -> Incident:
    updates = tuple(_update(word, tale.log) for word in tale.words)
    title = _title(tale)
    if tale.original is not None:
        return Incident(
            id=tale.original.slug,
            slug=tale.original.slug,
            path=translated(tale.original.path, tale.language),
            kind=tale.kind,
            first=Facts(title=title),
            updates=updates,
            imported=shared.format,
            language=tale.language,
        )
    slug = _slug(tale, title, shared)
    window = _window(tale) if tale.kind is Kind.MAINTENANCE else (None, None)
    return Incident(
        id=_id(tale, slug, shared),
        slug=slug,
        path=f"content/incidents/{tale.began:%Y}/{slug}.md",
        kind=tale.kind,
        first=Facts(
            title=title,
            impact=_impact(tale),
            components=tale.components or None,
            scheduled_for=window[0],
            scheduled_until=window[1],
        ),
        started=None if tale.kind is Kind.MAINTENANCE else tale.began,
        updates=updates,
        aliases=_aliases(tale),
        draft=tale.draft,
        imported=shared.format,
    )


def _impact(tale: Tale) -> Impact | None:
    """Return the impact, which every incident has, a maintenance may have and a notice has not."""
    if tale.kind is Kind.NOTICE:
        if tale.impact not in (None, Impact.NONE):
            tale.log.left_out.append(LeftOut("impact", str(tale.impact)))
        return None
    return tale.impact or (Impact.NONE if tale.kind is Kind.INCIDENT else None)


def _window(tale: Tale) -> tuple[datetime, datetime]:
    """Return when a maintenance is planned; what the source does not say is reported."""
    ends = [word.at for word in tale.words if word.status in ENDINGS]
    return window(tale.scheduled_for, tale.scheduled_until, tale.began, ends, tale.log)


def window(
    begin: datetime | None,
    end: datetime | None,
    announced: datetime,
    ends: Sequence[datetime],
    log: Log,
) -> tuple[datetime, datetime]:
    """Return a planned window that has a beginning and, after it, an end; report what it lacked.

    `ends` are the instants at which the story ended.
    """
    if begin is None:
        begin = announced
        log.repair("scheduled_for", "", utc(begin), "not said; this is when it was announced")
    if end is not None and end > begin:
        return begin, end
    before = "" if end is None else utc(end)
    why = "not said" if end is None else f"not after scheduled_for, {utc(begin)}"
    end = next((at for at in reversed(ends) if at > begin), None)
    why += "; this is when it ended" if end else "; an hour stands in for it"
    end = end or begin + timedelta(hours=1)
    log.repair("scheduled_until", before, utc(end), why, ENDING if before else "")
    return begin, end


def _apart(tale: Tale) -> None:
    """Sort the updates and give each an instant of its own."""
    if not tale.words:
        tale.words.append(Word(at=tale.began, status=BEGINNINGS[tale.kind]))
    if tale.language:
        return
    tale.words.sort(key=lambda word: word.at)
    for before, word in pairwise(tale.words):
        if word.at <= before.at:
            after = before.at + _SECOND
            why = "two updates in one second; an update's id is its instant"
            tale.log.repair("time", utc(word.at), utc(after), why)
            word.at = after


def _update(word: Word, log: Log) -> Update:
    text = f"**{word.called}**\n\n{word.body}" if word.called else word.body
    body, mends = mend(text)
    log.repairs += [Repair("text", m.before, m.after, m.why) for m in mends]
    return Update(at=word.at, author="imported", status=word.status, body=body)


def _title(tale: Tale) -> str:
    title = " ".join(tale.title.split())
    if title and title != tale.title:
        tale.log.repair("title", tale.title, title, "a title is one line")
    if not title:
        title = " ".join(tale.stem.split()) or f"untitled {tale.kind}"
        tale.log.repair("title", tale.title, title, "there is none")
    return title


def _slug(tale: Tale, title: str, shared: Shared) -> str:
    """Name the file as it was named there, with the day in front; each name once."""
    named = slugify(tale.stem) or slugify(title) or str(tale.kind)
    if not day_in(named):
        named = f"{tale.began:%Y-%m-%d}-{named}"
    wanted = named[:_LONGEST].rstrip("-")
    slug = shared.slugs.take(wanted)
    if slug != wanted:
        tale.log.repair("file name", wanted, slug, "another story has that name")
    return slug


def _id(tale: Tale, slug: str, shared: Shared) -> str:
    fits = bool(SLUG.fullmatch(tale.id)) and len(tale.id) <= _LONGEST
    if fits and tale.id not in shared.ids:
        shared.ids.add(tale.id)
        return tale.id
    if tale.id:
        why = "another story has that id" if fits else "lower-case letters, digits and '-' only"
        tale.log.repair("id", tale.id, slug, why)
    return slug


def _aliases(tale: Tale) -> tuple[str, ...]:
    return tuple(kept_addresses(tale.addresses, tale.log))


def kept_addresses(addresses: Sequence[str], log: Log) -> dict[str, None]:
    """Return the old addresses that can be kept, in order; the others are reported."""
    kept: dict[str, None] = {}
    for address in addresses:
        alias = address.strip().strip("/")
        if ALIAS.fullmatch(alias) and len(alias) <= _LONGEST_ALIAS:
            kept.setdefault(alias)
        else:
            log.repair("address", address, "", "an old address that cannot be kept")
    return kept
