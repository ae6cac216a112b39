"""Within which a component's owner owed a word, as it was set when the first word was published.

What a target remembers of that holds for good: whoever sets another owner or another limit later
changes what is owed from then on, and no line of the record.
"""

from __future__ import annotations

from datetime import timedelta

from firstword.model import Incident, Site, Update
from firstword.page.records import Owes, Records
from firstword.parse.times import start_of_day

#: Nobody owed a word.
NOBODY: Owes = ("", 0)


def first_words(incident: Incident) -> dict[str, Update]:
    """Return the update that names each component first."""
    named: dict[str, Update] = {}
    for moment in incident.timeline:
        for name in moment.components:
            named.setdefault(name, moment.update)
    return named


def owed_words(incident: Incident, records: Records, site: Site) -> dict[str, Owes]:
    """Return who owed a word on each component, and within how many seconds.

    What no target remembers is as the settings have it now.
    """
    known = records.limits.get(incident.id, {})
    owed = dict(known)
    for name, first in first_words(incident).items():
        if name not in known:
            owed[name] = _today(name, incident, first, records, site)
    return owed


def _today(name: str, incident: Incident, first: Update, records: Records, site: Site) -> Owes:
    component = site.components.get(name)
    if component is None or component.first_word_within is None or component.owner_since is None:
        return NOBODY
    at = records.published_at(incident, first)
    if at < start_of_day(component.owner_since, site.timezone):
        return NOBODY
    day = at.astimezone(site.timezone).date()
    owner = site.who_answers(component.owner, lambda until: day > until)
    seconds = component.first_word_within // timedelta(seconds=1)
    return (owner.name if owner else component.owner), seconds
