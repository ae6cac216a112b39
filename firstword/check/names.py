"""Rule over names: who is shown under another one stays so in every text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from firstword.check.report import warning
from firstword.model import Facts, Incident, Problem, Site
from firstword.parse.keys import TEXTS
from firstword.parse.readers import for_readers, spelled


def full_names(incident: Incident, site: Site) -> Iterator[Problem]:
    """Warn where readers would see the full name of somebody who is shown under another."""
    hidden = [
        (person, name)
        for person in site.people.values()
        if not (name := _name(person.name)).search(person.shown)
    ]
    texts = list(_texts(incident, site)) if hidden else []
    for person, name in hidden:
        for line in dict.fromkeys(line for line, text in texts if name.search(text)):
            yield warning(
                incident,
                line,
                "name",
                f"readers would see {person.name!r}; PEOPLE shows {person.shown!r} instead",
            )


@lru_cache(maxsize=1000)
def _name(full: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){spelled(full)}(?!\w)", re.IGNORECASE)


def _texts(incident: Incident, site: Site) -> Iterator[tuple[int, str]]:
    """Yield every text of a story that readers get, each with its line."""
    for key, text in _facts(incident.first):
        yield incident.line(key), text
    for update in for_readers(incident, site).updates:
        yield update.line, update.body
        for key, text in _facts(update.says):
            yield update.line_of(key), text


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    for key in sorted(TEXTS):
        yield key, str(getattr(facts, key) or "")
