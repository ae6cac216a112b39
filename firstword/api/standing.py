"""How the whole page stands, and the small questions that several documents ask of a story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from firstword.clock import Clock
from firstword.model import (
    ENDINGS,
    UNDER_WAY,
    ComponentStatus,
    Due,
    Incident,
    Kind,
    Moment,
    Person,
    Site,
    Update,
)
from firstword.page import (
    ComponentState,
    Indicator,
    Order,
    PromiseKind,
    StatusPage,
    Wanted,
    page_indicator,
)
from firstword.words import speak

#: Before anybody said anything. Which promises are owed does not depend on what time it is, only
#: whether they are late does, so who asks with this clock leaves the document's own alone.
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Standing(Struct, frozen=True, kw_only=True):
    """How things stand now. Drills play no part."""

    #: The worst of the open incidents' impacts, the components' states and maintenance under way.
    indicator: Indicator
    #: As the home page says it, without a full stop.
    sentence: str
    #: The worst first.
    incidents: tuple[Incident, ...]
    maintenance_now: tuple[Incident, ...]
    components: tuple[ComponentState, ...]


def standing(status: StatusPage, clock: Clock) -> Standing:
    """Say how the page stands at an instant."""
    incidents = tuple(i for i in status.open_incidents if not i.drill)
    return Standing(
        indicator=page_indicator(status, clock),
        sentence=speak(status.site).state_sentence(status.stated, status.quiet_since),
        incidents=incidents,
        maintenance_now=tuple(i for i in status.maintenance_now(clock) if not i.drill),
        components=status.components(clock),
    )


def newest_word(status: StatusPage, *kinds: Kind) -> Iterator[Incident]:
    """Yield the same stories, the one that was written about last first."""
    yield from status.stories.find(Wanted(kinds=kinds, drills=False, order=Order.UPDATED))


def owed(status: StatusPage, incident: Incident, kind: PromiseKind) -> Due | None:
    """Return what an open story owes now: the newest promise of a kind that nothing has settled."""
    if not incident.is_open:
        return None
    made = status.promises(incident, Clock(_ANY_TIME))
    dues = [p.due for p in made if p.kind is kind and p.settled_by is None]
    return dues[-1] if dues else None


def signer(site: Site, update: Update) -> Person | None:
    """Return who signed an update; None where nobody did."""
    return site.people.get(update.author) if update.signed else None


def held_states(incident: Incident, moment: Moment | None) -> dict[str, ComponentStatus]:
    """Return the states a story's components had at a moment, by what was signed until then."""
    if moment is None:
        return {}
    if incident.kind is not Kind.MAINTENANCE:
        return moment.component_states
    if moment.status in ENDINGS or moment.status not in UNDER_WAY:
        return dict.fromkeys(moment.components, ComponentStatus.OPERATIONAL)
    return {
        name: given or ComponentStatus.UNDER_MAINTENANCE
        for name, given in moment.components.items()
    }


def site_began(site: Site) -> datetime:
    """Return the day from which the site's tag URIs count, in UTC: the oldest date it has."""
    year, month, day = [*(int(n) for n in site.tag_authority.split(",")[1].split("-")), 1, 1][:3]
    return datetime(year, month, day, tzinfo=UTC)


def as_json(value: Any, indent: int | None = None) -> bytes:
    """Spell a document; keys stay in the order in which they are documented."""
    text = msgspec.json.encode(value)
    return (msgspec.json.format(text, indent=indent) if indent else text) + b"\n"
