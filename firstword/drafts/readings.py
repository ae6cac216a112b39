"""One answer → a typed value, or what is wrong with it in words for who is typing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firstword.drafts.when import parse_ahead, parse_past
from firstword.model import (
    HOLDING,
    LIFECYCLE,
    About,
    Component,
    ComponentChange,
    ComponentStatus,
    Due,
    Impact,
    Incident,
    Kind,
    Site,
    Status,
)
from firstword.parse import parse_span, parse_time
from firstword.parse.findings import shown
from firstword.parse.keys import NO, YES, nearest
from firstword.parse.names import SLUG


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What an answer is read against: the site, the instant of the signature, the story so far."""

    site: Site
    at: datetime
    #: None: the story begins with this.
    story: Incident | None = None


def read_answer(name: str, text: str, answers: Mapping[str, str], desk: Desk) -> Any:
    """Read the answer to one question; `answers` are those to the others.

    Raises ValueError, whose text is ready to print.
    """
    reading = _READINGS.get(name, _line)
    return reading(text.strip(), answers, desk)


def pick(text: str, words: Iterable[str], what: str) -> str:
    """Return the one word of a closed list that a text is, or is the beginning of."""
    known = [str(word) for word in words]
    wanted = text.casefold().replace(" ", "_").replace("-", "_")
    if wanted in known:
        return wanted
    begun = [word for word in known if word.startswith(wanted)]
    if wanted and len(begun) == 1:
        return begun[0]
    hint = f"; one of: {', '.join(begun)}" if wanted and begun else nearest(text, known)
    raise ValueError(f"unknown {what}: {shown(text)}{hint}")


def current(site: Site) -> dict[str, Component]:
    """Return the components that a new word may name, by id."""
    return {key: one for key, one in site.components.items() if not one.retired}


def _line(text: str, _answers: Mapping[str, str], _desk: Desk) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError("one line is expected; the longer text belongs to what you say")
    return text


def _text(text: str, _answers: Mapping[str, str], _desk: Desk) -> str:
    return text


def _past(text: str, _answers: Mapping[str, str], desk: Desk) -> datetime:
    at = parse_past(text, desk.site.timezone, desk.at)
    if at > desk.at:
        raise ValueError(f"{shown(text)} is still to come")
    return at


def _due(text: str, _answers: Mapping[str, str], desk: Desk) -> Due:
    due = parse_ahead(text, desk.site.timezone, desk.at)
    if due.at <= desk.at:
        raise ValueError(f"{shown(text)} has passed")
    return due


def _planned(text: str, _answers: Mapping[str, str], desk: Desk) -> datetime:
    """Read when a maintenance begins."""
    return _hour(text, parse_ahead(text, desk.site.timezone, desk.at))


def _planned_end(text: str, answers: Mapping[str, str], desk: Desk) -> datetime:
    """Read when a maintenance ends: a length of time counts from its beginning."""
    begins = desk.story.facts.scheduled_for if desk.story else None
    if said := answers.get("scheduled_for", "").strip():
        begins = _planned(said, answers, desk)
    end = _hour(text, parse_ahead(text, desk.site.timezone, begins or desk.at))
    if begins and end <= begins:
        raise ValueError(f"{shown(text)} is not after the beginning")
    return end


def _hour(text: str, due: Due) -> datetime:
    if due.whole_day:
        raise ValueError(f"a time of day is missing: {shown(text)}; write '{text} 09:00'")
    return due.at


def _components(text: str, _answers: Mapping[str, str], desk: Desk) -> tuple[ComponentChange, ...]:
    """Read `checkout partial_outage, api`; a component by its id or its name."""
    known = current(desk.site)
    names = {one.name.casefold(): key for key, one in known.items()}
    changes: dict[str, ComponentChange] = {}
    for part in (part for part in text.split(",") if part.strip()):
        words = " ".join(part.split())
        name, _, last = words.rpartition(" ")
        if words in known or words.casefold() in names or not name:
            name, last = words, ""
        elif name not in known and name.casefold() not in names:
            raise ValueError(f"not in COMPONENTS: {shown(words)}{nearest(name, known)}")
        found = name if name in known else names.get(name.casefold())
        if found is None:
            raise ValueError(f"not in COMPONENTS: {shown(name)}{nearest(name, known)}")
        if found in changes:
            raise ValueError(f"{found!r} is named twice")
        status = ComponentStatus(pick(last, ComponentStatus, "component status")) if last else None
        changes[found] = ComponentChange(found, status)
    return tuple(changes.values())


def _corrects(text: str, _answers: Mapping[str, str], desk: Desk) -> datetime:
    """Read which update is corrected: its id, its time, or its time of day if that is one's."""
    updates = desk.story.updates if desk.story else ()
    zone = desk.site.timezone
    for update in updates:
        if update.id == text:
            return update.at
    by_clock = [u.at for u in updates if f"{u.at.astimezone(zone):%H:%M}" == text]
    at = by_clock[0] if len(by_clock) == 1 else None
    if at is None and not re.fullmatch(r"\d{1,2}:\d{2}", text):
        at = next((u.at for u in updates if u.at == parse_time(text, zone)), None)
    if at is None:
        there = ", ".join(f"{u.at.astimezone(zone):%Y-%m-%d %H:%M}" for u in updates)
        raise ValueError(f"there is no one update of {shown(text)}; there are {there}")
    return at


def _done(text: str, _answers: Mapping[str, str], desk: Desk) -> tuple[int, ...]:
    promised = [f.number for f in desk.story.follow_ups] if desk.story else []
    numbers = []
    for part in re.split(r"[,\s]+", text.strip(", ")):
        if not part.isascii() or not part.isdigit() or int(part) not in promised:
            known = ", ".join(map(str, promised)) or "none"
            raise ValueError(f"no such follow-up: {shown(part)}; there are: {known}")
        numbers.append(int(part))
    return tuple(dict.fromkeys(numbers))


def _flag(text: str, _answers: Mapping[str, str], _desk: Desk) -> bool:
    if text.casefold() not in YES | NO:
        raise ValueError(f"'yes' or 'no', not {shown(text)}")
    return text.casefold() in YES


def _status(text: str, answers: Mapping[str, str], desk: Desk) -> Status:
    kind = desk.story.kind if desk.story else Kind(answers.get("kind", Kind.INCIDENT))
    return Status(pick(text, [*LIFECYCLE[kind], *sorted(HOLDING)], "status"))


def _slug(text: str, _answers: Mapping[str, str], _desk: Desk) -> str:
    if not SLUG.fullmatch(text):
        raise ValueError(f"lower-case letters, digits and '-' only: {shown(text)}")
    return text


_READINGS: dict[str, Callable[[str, Mapping[str, str], Desk], Any]] = {
    "kind": lambda text, _answers, _desk: Kind(pick(text, Kind, "kind")),
    "status": _status,
    "impact": lambda text, _answers, _desk: Impact(pick(text, Impact, "impact")),
    "about": lambda text, _answers, _desk: About(pick(text, About, "subject")),
    "started": _past,
    "ended": _past,
    "scheduled_for": _planned,
    "scheduled_until": _planned_end,
    "until": _due,
    "next": _due,
    "expected": _due,
    "remind": lambda text, _answers, _desk: parse_span(text),
    "components": _components,
    "corrects": _corrects,
    "done": _done,
    "notify": _flag,
    "draft": _flag,
    "drill": _flag,
    "slug": _slug,
    "say": _text,
    "question": _text,
}
