"""Why a story that can be written would still not be shown: the rules of publishing, asked here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from firstword.check import check_incident
from firstword.model import Component, Incident, Level, Site

#: Without a time of ours nothing can be said to lie ahead.
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)


def held_back(incident: Incident, now: datetime | None) -> Iterator[str]:
    """Yield for each error that would keep a story from readers what a person should look at.

    Which components the site lists is not asked: what a story names, the import adds or names.
    """
    facts = (incident.first, *(update.says for update in incident.updates))
    named = {change.id for one in facts for change in one.components or ()}
    site = Site(
        name="",
        url="",
        timezone=ZoneInfo("UTC"),
        tag_authority="",
        components={one: Component(id=one, name=one) for one in named},
    )
    for problem in check_incident(incident, site, now or _NEVER):
        if problem.level is Level.ERROR:
            yield f"not shown until somebody mends it: {problem.rule}: {problem.message}"
