"""A story of an earlier import, and what its source says now: only what is new is added.

What was carried once may be public, and readers have links to it. So an update keeps its instant
and its words, whatever the source made of them: each such change is named, none is taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from firstword.compose import compose, mend
from firstword.importers.report import Repair
from firstword.importers.spelling import quoted
from firstword.importers.times import utc
from firstword.model import ENDINGS, LIFECYCLE, ComponentStatus, Incident, Kind, Status, Update
from firstword.parse import parse
from firstword.values import replace

_SECOND = timedelta(seconds=1)
_SHORT = 80
#: So much of what two texts have in common is shown before they part.
_BEFORE = 30
_BLANK = re.compile(r"\n[ \t]*\n+")
_ENDS = re.compile(r" +$", re.MULTILINE)
_LIST = re.compile(r"\n\n(?= {0,3}(?:[-*+]|\d{1,9}[.)])[ \t])")
_BREAK = re.compile(r" {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*")
#: What may be said after a story has ended.
_AFTER = frozenset({Status.UPDATE, Status.POSTMORTEM, Status.INVESTIGATING, Status.CORRECTION})


@dataclass(slots=True, kw_only=True)
class Growth:
    """What becomes of a file of an earlier import."""

    incident: Incident
    added: int = 0
    repairs: list[Repair] = field(default_factory=list)
    #: What the source changed and the file keeps.
    needs: list[str] = field(default_factory=list)


def left_by_import(there: bytes, incident: Incident) -> Incident | None:
    """Return the story of a file, if it is as an import of the same format leaves it."""
    parsed = parse(there, incident.path, UTC)
    old = parsed.incident
    if old is None or parsed.problems or old.imported != incident.imported:
        return None
    signed = any(update.signed for update in old.updates)
    return None if signed or compose(old).encode() != there else old


def theirs(there: bytes, incident: Incident) -> Incident | None:
    """Return the story of a file that began as an import of the same format, whoever went on."""
    old = parse(there, incident.path, UTC).incident if there else None
    return old if old is not None and old.imported == incident.imported else None


def unknown(old: Incident, new: Incident) -> Iterator[str]:
    """Name the words of a source that a file which is no longer an import's own does not have."""
    told = {update.at: update for update in old.updates}
    said = {update.at for update in new.updates}
    moved = {(u.status, u.body) for u in old.updates if u.at not in said}
    known = {block for update in old.updates for block in _blocks(update.body)}
    for update in new.updates:
        was = told.get(update.at)
        over = update.status in ENDINGS and not update.body and not old.is_open
        if was is None and not over and (update.status, update.body) not in moved:
            words = _shown(update.body or str(update.status))
            yield f"update of {utc(update.at)} that the file has not: {words}"
        more = _more(was.body, update.body) if was is not None else None
        if was is not None and (body := "\n\n".join(b for b in more or () if b not in known)):
            yield f"words of {utc(was.at)} that the file has not: {_shown(body)}"


def grown(old: Incident, new: Incident, now: datetime | None) -> Growth:
    """Add to a story of an earlier import what its source has said since.

    `now` is when words were found that have no time of their own; without it they are only named.
    """
    growth = Growth(incident=old)
    growth.needs += _front(old, new)
    told = {update.at: update for update in old.updates}
    said = {update.at for update in new.updates}
    moved = {(u.status, u.body): u for u in old.updates if u.at not in said}
    updates = list(old.updates)
    for found in new.updates:
        was, update = told.get(found.at), found
        if was and _even(was.body) == _even(found.body):
            update = replace(found, body=was.body)
        if was is None and (was := moved.get((update.status, update.body))):
            what = f"the source has it at {utc(update.at)} now"
            growth.needs.append(f"update of {utc(was.at)}: {what}; it stays where it is")
        elif was is None and old.started and update.at < old.started:
            when = f"{utc(update.at)}, before the beginning, {utc(old.started)}, which stays"
            growth.needs.append(f"update of {when}: {_shown(update.body or update.status)}")
        elif was is None:
            updates.append(_of(old.kind, update, growth))
        elif was != replace(update, line=was.line, follow_ups=was.follow_ups):
            updates += _changed(was, update, updates, now, growth)
    growth.needs += _gone(old, new, growth.needs)
    aliases = tuple(dict.fromkeys((*old.aliases, *new.aliases)))
    growth.added = len(updates) - len(old.updates)
    if growth.added or aliases != old.aliases:
        updates.sort(key=lambda update: update.at)
        whole = replace(old, updates=tuple(updates), aliases=aliases)
        growth.incident = _ended(whole, new, told, growth)
    return growth


def _even(text: str) -> str:
    """Return a text without what only says how its lines break: older imports did not keep that."""
    return _LIST.sub("\n", _ENDS.sub("", text))


def _gone(old: Incident, new: Incident, named: Sequence[str]) -> Iterator[str]:
    """Name the updates that the source has no longer, and not as words beside older ones either."""
    said = {update.at for update in new.updates}
    blocks = set(_blocks(new.updates[0].body))
    for update in old.updates:
        found = update.body and set(_blocks(update.body)) <= blocks
        place = f"update of {utc(update.at)}: "
        if update.at not in said and not found and not any(n.startswith(place) for n in named):
            yield f"{place}the source has it no longer; it stays"


def _front(old: Incident, new: Incident) -> Iterator[str]:
    """Name the values of the front matter that the source has changed."""
    values = [(key, getattr(old, key), getattr(new, key)) for key in ("kind", "started", "draft")]
    names = dict.fromkeys((*old.first.names(), *new.first.names()))
    values += [(key, getattr(old.first, key), getattr(new.first, key)) for key in names]
    for key, was, now in values:
        if was != now:
            yield f"{key}: the source says {_shown(now)} now; {_shown(was)} stays"


def _changed(
    was: Update, update: Update, told: Sequence[Update], now: datetime | None, growth: Growth
) -> list[Update]:
    """Name what the source changed in an update; return the words that it put beside it."""
    alike = replace(was, body=update.body, line=update.line, follow_ups=update.follow_ups)
    first = min(one.at for one in told) == was.at
    more = _more(was.body, update.body) if first and alike == update else None
    if more is None:
        growth.needs += [f"update of {utc(was.at)}: {what}" for what in _differences(was, update)]
        return []
    known = {block for one in told if one.at != was.at for block in _blocks(one.body)}
    body = "\n\n".join(block for block in more if block not in known)
    if not body:
        return []
    if now is None:
        growth.needs.append(f"words without a time, new in the source: {_shown(body)}")
        return []
    at = now.astimezone(UTC).replace(microsecond=0)
    while any(one.at == at for one in told):
        at += _SECOND
    why = "words put beside older ones, without a time; this is when they were found"
    growth.repairs.append(Repair("time", "", utc(at), why))
    return [Update(at=at, author="imported", status=Status.UPDATE, body=mend(body)[0])]


def _differences(was: Update, update: Update) -> Iterator[str]:
    """Name what the source changed in an update, each thing by itself."""
    values: list[tuple[str, object, object]] = [("status", was.status, update.status)]
    parts, now = (
        {one.id: _called(one.status) or "named" for one in some.says.components or ()}
        for some in (was, update)
    )
    alike: dict[tuple[str | None, str | None], list[str]] = {}
    for one in {**parts, **now}:
        alike.setdefault((parts.get(one), now.get(one)), []).append(one)
    values += [(", ".join(ids), before, after) for (before, after), ids in alike.items()]
    names = dict.fromkeys((*was.says.names(), *update.says.names()))
    names.pop("components", None)
    values += [(key, getattr(was.says, key), getattr(update.says, key)) for key in names]
    values.append(("mailed", was.notify, update.notify))
    for key, before, after in values:
        if before != after:
            yield f"{key}: the source says {_shown(after)} now; {_shown(before)} stays"
    if was.body != update.body:
        before, after = _parting(was.body, update.body)
        yield f"the source changed its words since; the old ones stay: {before} -> {after}"


def _parting(old: str, new: str) -> tuple[str, str]:
    """Quote two texts, each from shortly before they part."""
    before, after = (" ".join(text.split()) for text in (old, new))
    if before == after:
        return "the same words", "other spaces and line ends"
    same = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    same = min(len(before), len(after)) if same is None else same
    start = max(before.rfind(" ", 0, same - _BEFORE) + 1, 0) if same > _BEFORE else 0
    lead = "..." if start else ""
    return _shown(f"{lead}{before[start:]}"), _shown(f"{lead}{after[start:]}")


def _of(kind: Kind, update: Update, growth: Growth) -> Update:
    """Return an update with a status that a story of a kind can have."""
    if update.status is Status.UPDATE or update.status in LIFECYCLE[kind]:
        return update
    end = next(status for status in LIFECYCLE[kind] if status in ENDINGS)
    status = end if update.status in ENDINGS else Status.UPDATE
    why = f"the story stays one of the kind {str(kind)!r}"
    growth.repairs.append(Repair("status", str(update.status), str(status), why))
    return replace(update, status=status)


def _more(old: str, new: str) -> list[str] | None:
    """Return the paragraphs that a text has beyond an older one; None where that lost any."""
    more: list[str] = []
    rest = _blocks(old)
    for block in _blocks(new):
        if rest and block == rest[0]:
            rest.pop(0)
        else:
            more.append(block)
    return None if rest else more


def _blocks(text: str) -> list[str]:
    """Return the paragraphs of a text, without lines across."""
    parts = (part.strip("\n").rstrip() for part in _BLANK.split(text))
    return [part for part in parts if part and not _BREAK.fullmatch(part)]


def _ended(
    whole: Incident, new: Incident, told: dict[datetime, Update], growth: Growth
) -> Incident:
    """Return a grown story that goes as a life can and is as open as its source."""
    over = False
    updates: list[Update] = []
    for one in whole.updates:
        update = one
        if over and one.at not in told and one.status not in (*_AFTER, *ENDINGS):
            why = "it comes after an end that was carried before"
            growth.repairs.append(Repair("status", str(one.status), str(Status.UPDATE), why))
            update = replace(one, status=Status.UPDATE)
        if update.status is not Status.UPDATE:
            over = update.status in ENDINGS
        updates.append(update)
    found = replace(whole, updates=tuple(updates))
    if found.is_open and not new.is_open and (ending := new.ending):
        at = max(ending.update.at, updates[-1].at + _SECOND)
        end = _of(whole.kind, replace(ending.update, at=at, body=""), growth)
        found = replace(found, updates=(*found.updates, end))
        growth.added += 1
    return found


def _called(status: ComponentStatus | None) -> str:
    return status.replace("_", " ") if status else ""


def _shown(value: object) -> str:
    """Quote a value as people say it, cut where it is long."""
    if value is None or value == ():
        return "nothing"
    text = str(value)
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, datetime):
        text = utc(value)
    elif isinstance(value, tuple):
        text = ", ".join(f"{one.id} {_called(one.status)}".strip() for one in value)
    text = " ".join(text.split())
    return quoted(text if len(text) <= _SHORT else f"{text[:_SHORT]}...")
