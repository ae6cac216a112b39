"""A story as its readers may see it: by the names that people chose to be shown under."""

from __future__ import annotations

import re
from functools import partial
from operator import is_

from firstword.model import Incident, Site, Update
from firstword.values import replace

_BEGINS = r"(?:[-*+]|\d+[.)])[ \t]"
#: From the box of an item up to a bracket, without running on into the next item.
_ITEM = rf"^([ \t]*{_BEGINS}+\[[ xX]\](?:[^\n]|\n(?![ \t]*(?:\n|{_BEGINS})))*?\(\s*)"
#: The rest of the bracket that ends an item.
_DUE = rf"(?=\s*,[^(),]*\)[.;]?[ \t]*(?:\Z|\n[ \t]*(?:\Z|\n|<!--|```|~~~|{_BEGINS})))"


def for_readers(incident: Incident, site: Site) -> Incident:
    """Put the shown name for the full one where a follow-up says who owes it.

    `FollowUp.person` stays the name of PEOPLE, by which everything about a person is found.
    """
    updates = tuple(_update(update, site) for update in incident.updates)
    translations = tuple(for_readers(other, site) for other in incident.translations)
    if all(map(is_, updates, incident.updates)) and all(
        map(is_, translations, incident.translations)
    ):
        return incident
    return replace(incident, updates=updates, translations=translations)


def spelled(name: str) -> str:
    """Return a pattern for a name whose parts may stand on two lines."""
    return r"\s+".join(map(re.escape, name.split()))


def _update(update: Update, site: Site) -> Update:
    body = update.body
    for name in dict.fromkeys(follow_up.person for follow_up in update.follow_ups):
        person = site.people.get(name)
        if person and person.shown != name:
            pattern = re.compile(_ITEM + spelled(name) + _DUE, re.MULTILINE)
            body = pattern.sub(partial(_with, person.shown), body)
    return update if body == update.body else replace(update, body=body)


def _with(shown: str, found: re.Match[str]) -> str:
    return found[1] + shown
