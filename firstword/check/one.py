"""Rules over one story: who signed, what may follow what, which components it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

from firstword.check.names import full_names
from firstword.check.references import references, words
from firstword.check.report import error, say
from firstword.check.times import expectations, future, times
from firstword.model import (
    ENDINGS,
    HOLDING,
    NO_FACTS,
    ComponentStatus,
    Incident,
    Kind,
    Problem,
    Site,
    Status,
    Update,
)
from firstword.parse.keys import TEXTS, nearest
from firstword.parse.redactions import redactions

#: The texts of facts that readers see.
_texts = attrgetter(*sorted(TEXTS))
_FIRST = {
    Kind.INCIDENT: {Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED},
    Kind.MAINTENANCE: {Status.SCHEDULED, Status.IN_PROGRESS},
    Kind.NOTICE: {Status.PUBLISHED},
}
_FIRST_AGAIN = {
    Kind.INCIDENT: Status.INVESTIGATING,
    Kind.MAINTENANCE: Status.SCHEDULED,
    Kind.NOTICE: Status.PUBLISHED,
}
#: What may come after an end: nothing but a new beginning, or the word that explains it.
_AFTER_END = {
    Status.INVESTIGATING,
    Status.POSTMORTEM,
    Status.WITHDRAWN,
    Status.SCHEDULED,
    Status.PUBLISHED,
}


def check_incident(incident: Incident, site: Site, now: datetime) -> Iterator[Problem]:
    """Yield what is wrong with one story by itself.

    A translation may lag behind, so its order and its facts are judged against the original's, in
    `check_together`.
    """
    yield from _who(incident, site)
    yield from _gaps(incident, site)
    yield from future(incident, site, now)
    yield from words(incident)
    yield from full_names(incident, site)
    if incident.language:
        return
    yield from _order(incident)
    yield from times(incident, site)
    yield from expectations(incident)
    yield from _components(incident, site)
    yield from references(incident, site)


def _who(incident: Incident, site: Site) -> Iterator[Problem]:
    """A signature is a person listed in PEOPLE who could sign that day."""
    for update in incident.updates:
        if not update.signed:
            if not incident.imported:
                yield error(
                    incident,
                    update.line,
                    "author",
                    "'imported' signs nothing here: the file has no 'imported:' key",
                )
            continue
        signs = (update.author, update.line, "author")
        owe = ((f.person, f.line, "follow-up") for f in update.follow_ups)
        for name, line, rule in (signs, *owe):
            if message := _not_there(name, update, site):
                yield error(incident, line, rule, message)


def _gaps(incident: Incident, site: Site) -> Iterator[Problem]:
    """A gap where words were redacted is signed too, by the name that readers see."""
    words = [(1, text) for text in _texts(incident.first)]
    for update in incident.updates:
        words.append((update.line, update.body))
        if update.says is not NO_FACTS:
            words += [(update.line, text) for text in _texts(update.says)]
    for line, text in words:
        if not text or "[redacted" not in text:
            continue
        for gap in redactions(text):
            signs = (
                name for person in site.people.values() for name in (person.name, person.shown)
            )
            if gap.by not in signs:
                yield error(incident, line, "author", f"a gap is signed by nobody in PEOPLE: {gap}")


def _not_there(name: str, update: Update, site: Site) -> str:
    """Say why somebody could not sign an update, or promise something in it."""
    person = site.people.get(name)
    if person is None:
        return f"not in PEOPLE: {name!r}{_who_else(name, site)}"
    if person.until and update.at.astimezone(site.timezone).date() > person.until:
        answers = site.who_answers(name)
        can = f"; {answers.name!r} can sign" if answers and answers is not person else ""
        return f"{name!r} left on {person.until}{can}"
    return ""


def _who_else(name: str, site: Site) -> str:
    """Point from a first name or a misspelling to the full name."""
    wanted = name.casefold()
    meant = [
        person.name
        for person in site.people.values()
        if wanted != person.name.casefold()
        and wanted in {person.name.split()[0].casefold(), person.shown.casefold()}
    ]
    if meant:
        return f"; sign with the full name: {' or '.join(map(repr, meant))}"
    return nearest(name, site.people)


def _order(incident: Incident) -> Iterator[Problem]:
    """Statuses follow each other as a life can go; unsigned history went as it went."""
    first = incident.updates[0]
    if first.signed and first.status not in _FIRST[incident.kind]:
        allowed = ", ".join(sorted(_FIRST[incident.kind]))
        yield error(
            incident,
            first.line,
            "first-word",
            f"the first update cannot be {str(first.status)!r}; one of: {allowed}",
        )
        return
    held = first.status
    for update in incident.updates[1:]:
        if update.status in HOLDING:
            continue
        message = _cannot_follow(update.status, held, incident.kind) if update.signed else ""
        if message:
            yield error(incident, update.line, "status-order", message)
        held = update.status


def _cannot_follow(status: Status, held: Status, kind: Kind) -> str:
    """Say why a status cannot follow the one that is held."""
    if held is Status.WITHDRAWN:
        return f"{str(status)!r} after withdrawn; what was taken back stays so"
    if status is Status.POSTMORTEM and held not in ENDINGS:
        return f"{str(status)!r} while {held}; it comes after resolved"
    if held in ENDINGS and status not in _AFTER_END:
        again = _FIRST_AGAIN[kind]
        return f"{str(status)!r} after {held}; {str(again)!r} opens it again, 'update' keeps it"
    return ""


def _components(incident: Incident, site: Site) -> Iterator[Problem]:
    """Components are listed in COMPONENTS; what has ended leaves none of them broken."""
    places = [
        (incident.line("components"), incident.first),
        *((update.line_of("components"), update.says) for update in incident.updates),
    ]
    for line, facts in places:
        for change in facts.components or ():
            if change.id not in site.components:
                yield error(
                    incident,
                    line,
                    "component",
                    f"not in COMPONENTS: {change.id!r}{nearest(change.id, site.components)}",
                )
    for moment in incident.timeline:
        if moment.status not in ENDINGS or moment.update.status is Status.CORRECTION:
            continue
        for update in (moment.update, *moment.corrections):
            for change in update.says.components or ():
                if change.status not in (None, ComponentStatus.OPERATIONAL):
                    yield error(
                        incident,
                        update.line_of("components"),
                        "component",
                        f"{moment.status} leaves {change.id!r} in {change.status}; "
                        "what is still broken has not ended",
                    )


def check_published(incident: Incident, published: frozenset[str], site: Site) -> Iterator[Problem]:
    """Yield published updates, by id, that a story no longer holds.

    An update's instant is its id: whoever moves its time takes the words away from every reader
    who has a link to them, and hands them out a second time.
    """
    here = {update.id for update in incident.updates}
    for missing in sorted(published - here):
        at = datetime.strptime(missing, "%Y%m%dT%H%M%S%z")
        new = [update for update in incident.updates if update.id not in published]
        moved = min(new, key=lambda update: abs(update.at - at), default=None)
        hint = f"was it moved to {say(moved.at, site)!r}?" if moved else "correct or withdraw it"
        yield error(
            incident,
            moved.line if moved else 1,
            "moved",
            f"published words keep their time: the update of {say(at, site)!r} is gone; {hint}",
        )
