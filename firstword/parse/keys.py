"""The keys of the file format, in front matter and in updates, and the near misses of all words."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from firstword.model import Kind

_ALL = frozenset(Kind)
_INCIDENT = frozenset({Kind.INCIDENT})
_MAINTENANCE = frozenset({Kind.MAINTENANCE})
_NOTICE = frozenset({Kind.NOTICE})

#: Key → the kinds that may carry it in front matter.
FRONT_KEYS: dict[str, frozenset[Kind]] = {
    "title": _ALL,
    "kind": _ALL,
    "impact": _INCIDENT | _MAINTENANCE,
    "started": _ALL,
    "components": _ALL,
    "affected": _ALL,
    "unaffected": _ALL,
    "workaround": _ALL,
    "scheduled_for": _MAINTENANCE,
    "scheduled_until": _MAINTENANCE,
    "about": _NOTICE,
    "repeats": _NOTICE,
    "remind": _NOTICE | _MAINTENANCE,
    "until": _NOTICE,
    "id": _ALL,
    "aliases": _ALL,
    "draft": _ALL,
    "drill": _ALL,
    "imported": _ALL,
}

#: Key → the kinds whose updates may carry it.
UPDATE_KEYS: dict[str, frozenset[Kind]] = {
    "title": _ALL,
    "impact": _INCIDENT | _MAINTENANCE,
    "affected": _ALL,
    "unaffected": _ALL,
    "workaround": _ALL,
    "scheduled_for": _MAINTENANCE,
    "scheduled_until": _MAINTENANCE,
    "until": _NOTICE,
    "components": _ALL,
    "next": _ALL,
    "expected": _ALL,
    "because": _ALL,
    "corrects": _ALL,
    "ended": _INCIDENT | _MAINTENANCE,
    "started": _ALL,
    "notify": _ALL,
    "done": _ALL,
}

#: Front matter keys that may hold a list.
LISTS = frozenset({"components", "aliases"})
#: Keys whose value readers see as text.
TEXTS = frozenset({"title", "affected", "unaffected", "workaround", "because"})

REQUIRED: dict[Kind, tuple[str, ...]] = {
    Kind.INCIDENT: ("title", "impact", "started"),
    Kind.MAINTENANCE: ("title", "scheduled_for", "scheduled_until"),
    Kind.NOTICE: ("title", "about"),
}

YES = frozenset({"yes", "true", "on"})
NO = frozenset({"no", "false", "off"})

#: What other status pages and blogs call things, where no spelling is near.
_ELSEWHERE = {"date": "started", "severity": "impact", "slug": "id", "systems": "components"}
_IN_THE_HEADING = frozenset({"author", "status"})


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was meant, or "" where none is near."""
    return _closest(word[:100], tuple(map(str, known)))


@functools.lru_cache(maxsize=1000)
def _closest(word: str, words: tuple[str, ...]) -> str:
    # Here and not above: few words are misspelled.
    import difflib

    close = difflib.get_close_matches(word.casefold(), words, 1, 0.6)
    return "".join(close or difflib.get_close_matches(word, words, 1, 0.6))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for a near miss, or the whole list when it is short."""
    words = [str(one) for one in known]
    if close := closest(word, words):
        return f"; did you mean {close!r}?"
    return f"; one of: {', '.join(words)}" if len(words) <= 12 else ""


def meant_in_front(key: str) -> str:
    """Return the front matter key that was meant by an unknown one, or ""."""
    if key.casefold() in _IN_THE_HEADING or key.casefold() in UPDATE_KEYS.keys() - FRONT_KEYS:
        return ""
    return _ELSEWHERE.get(key.casefold()) or closest(key, FRONT_KEYS)


def front_key_hint(key: str) -> str:
    """Say what to write instead of a key that front matter does not have."""
    if key.casefold() in _IN_THE_HEADING:
        return "; it stands in the heading of each update: '## when | who | status'"
    if key.casefold() in UPDATE_KEYS.keys() - FRONT_KEYS:
        return "; it belongs to an update, right under its heading"
    if meant := meant_in_front(key):
        return f"; did you mean {meant!r}?"
    return f"; one of: {', '.join(FRONT_KEYS)}"


def update_key_hint(key: str) -> str:
    """Say what to write instead of a key that updates do not have."""
    if key.casefold() in _IN_THE_HEADING:
        return "; it stands in the heading: '## when | who | status'"
    if key.casefold() in FRONT_KEYS.keys() - UPDATE_KEYS:
        return "; it belongs to the front matter, between the lines of '---'"
    if key.casefold() not in UPDATE_KEYS and key[:1].isupper():
        return "; if this is text, put a blank line before it"
    if meant := _ELSEWHERE.get(key.casefold()) or closest(key, UPDATE_KEYS):
        return f"; did you mean {meant!r}?"
    return f"; one of: {', '.join(UPDATE_KEYS)}"
