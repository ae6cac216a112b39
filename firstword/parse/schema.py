"""The front matter as JSON Schema, for editors: made of the tables that reading it uses.

YAML as editors read it has numbers and `true` where we keep what was typed, so a text may be those.
What needs the rest of the file, the settings or a calendar is left to `firstword check`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from firstword.model import About, ComponentStatus, Impact, Kind
from firstword.parse.keys import FRONT_KEYS, NO, REQUIRED, TEXTS, YES

_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?( ?(Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SPAN = r"[1-9][0-9]{0,3} ?(minutes?|min|m|hours?|h|days?|d|weeks?|w)"
_ID = "[a-z0-9]+([_-][a-z0-9]+)*"
_COMPONENT = rf"{_ID}( +({'|'.join(ComponentStatus)}))?"

_TEXT = {"type": ["string", "number", "boolean"]}
_LINE = {"type": ["string", "number", "boolean"], "pattern": r"^[^\n]*\S[^\n]*$"}


def _spelled(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{pattern}$"}


def _one_of(words: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": [str(word) for word in words]}


def _flag() -> dict[str, Any]:
    either_case = (
        "".join(f"[{letter}{letter.upper()}]" for letter in word) for word in sorted(YES | NO)
    )
    return {"type": ["string", "boolean"], "pattern": f"^({'|'.join(either_case)})$"}


def _list(of: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "array", "items": of, "minItems": 1}, text]}


#: Key → what it holds, in words for whoever hovers over it, and the form of it.
_KEYS: dict[str, tuple[str, dict[str, Any]]] = {
    "title": ("What does not work, or what is coming, in one line.", _LINE),
    "kind": ("An incident, where nothing is said.", _one_of(Kind)),
    "impact": ("How bad it is for people.", _one_of(Impact)),
    "started": ("When it began: YYYY-MM-DD HH:MM, with an offset or in the site's zone.", {}),
    "components": (
        "Ids from COMPONENTS, each with or without a status: [checkout, api partial_outage].",
        _list(_spelled(_COMPONENT), _spelled(rf" *{_COMPONENT} *(, *{_COMPONENT} *)*")),
    ),
    "affected": ("Who exactly: a number, a place, or: we do not know yet.", _TEXT),
    "unaffected": ("What works, and who is not affected.", _TEXT),
    "workaround": ("What people can do in the meantime.", _TEXT),
    "scheduled_for": ("When it begins: YYYY-MM-DD HH:MM.", {}),
    "scheduled_until": ("When it ends: YYYY-MM-DD HH:MM.", {}),
    "about": ("What the notice is about.", _one_of(About)),
    "repeats": ("A recurrence rule of RFC 5545: FREQ=WEEKLY;BYDAY=TH.", _LINE),
    "remind": ("How long before to remind: 1 day, 2 hours.", _spelled(_SPAN)),
    "until": ("Until when it matters: a time or a day.", _spelled(f"({_TIME}|{_DAY})")),
    "id": ("The permanent id, where it must differ from the file's name.", _LINE),
    "aliases": ("Old addresses that keep working.", _list(_LINE, _LINE)),
    "draft": ("yes: checked, never built.", _flag()),
    "drill": ("yes: built only where DRILLS is on, and marked.", _flag()),
    "imported": ("Where unsigned history came from.", _LINE),
}


def front_matter_schema() -> dict[str, Any]:
    """Return the schema of an incident file's front matter, JSON Schema draft 7."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The front matter of an incident file of Firstword",
        "type": "object",
        "properties": {
            key: {"description": words, **(form or _spelled(_TIME))}
            for key, (words, form) in ((key, _KEYS[key]) for key in FRONT_KEYS)
        },
        "additionalProperties": False,
        "required": ["title"],
        # A translation has texts alone: all else comes from the original.
        "if": {"propertyNames": {"enum": sorted(TEXTS & FRONT_KEYS.keys())}},
        "else": {"allOf": [_only(kind) for kind in Kind]},
    }


def _only(kind: Kind) -> dict[str, Any]:
    """Say which keys one kind needs, and which it can have."""
    named: dict[str, Any] = {"properties": {"kind": {"const": str(kind)}}}
    if kind is not Kind.INCIDENT:
        named["required"] = ["kind"]
    can = [key for key, kinds in FRONT_KEYS.items() if kind in kinds]
    needs = [key for key in REQUIRED[kind] if key != "about"]
    then: dict[str, Any] = {"propertyNames": {"enum": can}, "required": needs}
    if "about" in REQUIRED[kind]:
        then["anyOf"] = [{"required": ["about"]}, {"required": ["imported"]}]
    return {"if": named, "then": then}
