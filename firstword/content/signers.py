"""Who signed what is published and is in PEOPLE no more: their words stay, and their name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from firstword.model import Incident, Person, Site
from firstword.values import replace

#: Incident id → name in its file → what readers see instead.
Veiled = Mapping[str, Mapping[str, str]]


def with_signers(site: Site, shown: Iterable[Incident], veiled: Veiled) -> Site:
    """Return the site with a stand-in for everybody whom shown stories name and PEOPLE does not.

    Such a story is held, so only what is published comes here. Nobody answers for a stand-in, and
    in what role they signed is not remembered; by what name readers knew them is.
    """
    people = dict(site.people)
    slugs = {person.slug for person in people.values()}
    for incident in shown:
        for name in _names(incident):
            seen = veiled.get(incident.id, {}).get(name, name)
            slug = re.sub(r"\W+", "-", seen.casefold()).strip("-_") or "person"
            if name not in people:
                while slug in slugs:
                    slug += "-"
                slugs.add(slug)
                people[name] = Person(name=name, role="", address="", shown=seen, slug=slug)
    return site if len(people) == len(site.people) else replace(site, people=people)


def veils(incident: Incident, site: Site) -> tuple[tuple[str, str], ...]:
    """Return who of a story is shown by another name than they sign with, and by which; sorted."""
    people = (site.people.get(name) for name in _names(incident))
    return tuple(sorted({(p.name, p.shown) for p in people if p and p.shown != p.name}))


def _names(incident: Incident) -> Iterator[str]:
    for one in (incident, *incident.translations):
        for update in one.updates:
            if update.signed:
                yield update.author
            yield from (follow_up.person for follow_up in update.follow_ups)
