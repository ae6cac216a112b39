"""A story ↔ plain values that JSON can spell: no code in a cache, whoever it came from.

Instants are seconds since 1970, in UTC. What is not said takes no room. Nothing here is checked:
what a cache holds was checked before it went in, and a cache that was damaged is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from firstword.model import (
    About,
    ComponentChange,
    ComponentStatus,
    Due,
    Facts,
    FollowUp,
    Impact,
    Incident,
    Kind,
    Level,
    Problem,
    Status,
    Update,
)

Plain = Any
_Way = tuple[Callable[[Any], Plain], Callable[[Plain], Any]]


def _same(value: Any) -> Any:
    return value


def from_instant(at: datetime) -> int:
    """Spell an instant; nothing in a file is finer than a second."""
    return int(at.timestamp())


def to_instant(seconds: int) -> datetime:
    """Read an instant, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _from_due(due: Due) -> Plain:
    return [from_instant(due.at), due.whole_day]


def _to_due(plain: Plain) -> Due:
    return Due(to_instant(plain[0]), plain[1])


def _from_changes(changes: tuple[ComponentChange, ...]) -> Plain:
    return [[change.id, change.status] for change in changes]


def _to_changes(plain: Plain) -> tuple[ComponentChange, ...]:
    return tuple(ComponentChange(n, ComponentStatus(s) if s else None) for n, s in plain)


_INSTANT: _Way = (from_instant, to_instant)
_DUE: _Way = (_from_due, _to_due)
_TUPLE: _Way = (list, tuple)

#: Field → there and back; fields of text, numbers and truth go as they are.
_FACTS: dict[str, _Way] = {
    "impact": (str, Impact),
    "scheduled_for": _INSTANT,
    "scheduled_until": _INSTANT,
    "until": _DUE,
    "components": (_from_changes, _to_changes),
    "next": _DUE,
    "expected": _DUE,
    "ended": _INSTANT,
}
_FOLLOW_UP: dict[str, _Way] = {"due": (date.isoformat, date.fromisoformat)}


def _pack(value: Any, ways: dict[str, _Way], defaults: tuple[tuple[str, Any], ...]) -> Plain:
    """Spell what a dataclass holds beyond its defaults."""
    plain = {}
    for name, default in defaults:
        held = getattr(value, name)
        if held is not default and held != default:
            way = ways.get(name)
            plain[name] = way[0](held) if way else held
    return plain


def _unpack(plain: Plain, ways: dict[str, _Way]) -> dict[str, Any]:
    return {name: (ways[name][1](v) if name in ways else v) for name, v in plain.items()}


def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (f.name, f.default_factory() if f.default_factory is not MISSING else f.default)
        for f in fields(kind)
        if f.init
    )


_NO_FACTS = Facts()


def _from_facts(facts: Facts) -> Plain:
    return _pack(facts, _FACTS, _FACTS_DEFAULTS)


def _to_facts(plain: Plain) -> Facts:
    return Facts(**_unpack(plain, _FACTS)) if plain else _NO_FACTS


def _from_follow_ups(found: tuple[FollowUp, ...]) -> Plain:
    return [_pack(one, _FOLLOW_UP, _FOLLOW_UP_DEFAULTS) for one in found]


def _to_follow_ups(plain: Plain) -> tuple[FollowUp, ...]:
    return tuple(FollowUp(**_unpack(one, _FOLLOW_UP)) for one in plain)


_UPDATE: dict[str, _Way] = {
    "at": _INSTANT,
    "status": (str, Status),
    "says": (_from_facts, _to_facts),
    "corrects": _INSTANT,
    "done": _TUPLE,
    "follow_ups": (_from_follow_ups, _to_follow_ups),
    "lines": (dict, _same),
}


def _from_updates(updates: tuple[Update, ...]) -> Plain:
    return [_pack(update, _UPDATE, _UPDATE_DEFAULTS) for update in updates]


def _to_updates(plain: Plain) -> tuple[Update, ...]:
    return tuple(Update(**_unpack(one, _UPDATE)) for one in plain)


def _from_span(span: timedelta) -> Plain:
    return int(span.total_seconds())


def _to_span(seconds: Plain) -> timedelta:
    return timedelta(seconds=seconds)


_INCIDENT: dict[str, _Way] = {
    "kind": (str, Kind),
    "first": (_from_facts, _to_facts),
    "updates": (_from_updates, _to_updates),
    "started": _INSTANT,
    "about": (str, About),
    "remind": (_from_span, _to_span),
    "aliases": _TUPLE,
    "lines": (dict, _same),
}
_FACTS_DEFAULTS = _defaults(Facts)
_FOLLOW_UP_DEFAULTS = _defaults(FollowUp)
_UPDATE_DEFAULTS = _defaults(Update)
#: Translations lie in files of their own.
_INCIDENT_DEFAULTS = tuple(pair for pair in _defaults(Incident) if pair[0] != "translations")


def spell(incident: Incident) -> str:
    """Spell one file's story; its translations are other files'."""
    return json.dumps(
        _pack(incident, _INCIDENT, _INCIDENT_DEFAULTS), ensure_ascii=False, separators=(",", ":")
    )


def read(text: str) -> Incident:
    """Read one file's story."""
    return Incident(**_unpack(json.loads(text), _INCIDENT))


def spell_problems(problems: list[Problem]) -> str:
    """Spell what is wrong with a file; "" for nothing."""
    if not problems:
        return ""
    return json.dumps([[p.line, p.rule, p.message, str(p.level)] for p in problems])


def read_problems(path: str, text: str) -> list[Problem]:
    """Read what is wrong with a file."""
    found = json.loads(text) if text else []
    return [
        Problem(path, line, rule, message, Level(level)) for line, rule, message, level in found
    ]
