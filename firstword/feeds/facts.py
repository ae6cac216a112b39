"""One update in its place → labels and values: who signed, and what facts the update set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from firstword import words
from firstword.markup import Markup
from firstword.model import Due, Facts, Incident, Kind, Moment, Site, Update
from firstword.page import StatusPage

#: In the order of the file format, with the labels of the pages.
_TEXTS = (
    ("affected", "Affected"),
    ("unaffected", "Not affected"),
    ("workaround", "What you can do"),
)
_TIMES = (
    ("scheduled_for", "Planned start"),
    ("scheduled_until", "Planned end"),
    ("until", "Until"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """An update as it stood when it was published, whatever was corrected later."""

    incident: Incident
    #: None for the first update.
    before: Moment | None
    moment: Moment

    @property
    def update(self) -> Update:
        """The update itself."""
        return self.moment.update

    @property
    def title(self) -> str:
        """The title that held then."""
        return self.moment.facts.title or ""

    @property
    def says(self) -> Facts:
        """What it said; the values of the front matter are the first update's."""
        return self.update.says if self.before else self.update.says.over(self.incident.first)

    @property
    def held(self) -> Facts:
        """What had held until then."""
        return self.before.facts if self.before else Facts()


def told(incident: Incident, index: int) -> Told:
    """Return a story's update, counted from 0, as it stood when it was published."""
    timeline = incident.timeline
    if any(update.corrects for update in incident.updates[index + 1 :]):
        # Only a correction reaches back into what earlier moments hold.
        timeline = replace(incident, updates=incident.updates[: index + 1]).timeline
    return Told(incident, timeline[index - 1] if index else None, timeline[index])


def signer(site: Site, update: Update) -> str:
    """Return the name readers see for a signature; imported history has the site's."""
    if not update.signed:
        return site.name
    person = site.people.get(update.author)
    return person.shown if person else update.author


def signature(site: Site, incident: Incident, update: Update) -> str:
    """Say who signed, in what role, and when."""
    at = words.time_text(update.at, site.timezone)
    if not update.signed:
        return f"Imported from {incident.imported}, where nobody signed it, {at}"
    person = site.people.get(update.author)
    role = f"{person.role}, " if person else ""
    return f"{signer(site, update)}, {role}{at}"


def facts(page: StatusPage, entry: Told, markup: Markup) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of every fact an update set, as plain text, what it replaced beside it.

    Times are in the site's zone with UTC beside them.
    """
    zone = page.site.timezone
    if entry.update.corrects:
        yield "Corrects the word of", words.time_text(entry.update.corrects, zone)
    yield from _scope(entry)
    yield from _times(entry, zone)
    yield from _components(page, entry)
    yield from promised(page.site, entry)
    for follow_up in entry.incident.follow_ups:
        if follow_up.number in entry.update.done:
            yield "Done", " ".join(markup.plain(follow_up.text).split())


def _scope(entry: Told) -> Iterator[tuple[str, str]]:
    says, held = entry.says, entry.held
    if says.title and entry.before:
        yield "Title", _changed(says.title, held.title)
    if says.impact:
        yield "Impact", _changed(words.word(says.impact), held.impact and words.word(held.impact))
    for name, label in _TEXTS:
        if text := getattr(says, name):
            yield label, text


def _times(entry: Told, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if entry.incident.started and not entry.before:
        yield "Start", words.time_text(entry.incident.started, zone)
    if entry.says.ended:
        yield "Ended", words.time_text(entry.says.ended, zone)
    for name, label in _TIMES:
        if at := getattr(entry.says, name):
            old = getattr(entry.held, name)
            yield label, _changed(_when(at, zone), old and _when(old, zone))


def promised(site: Site, entry: Told) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of what an update promises: when it will be over, when more is said."""
    zone = site.timezone
    says, old = entry.says, entry.held.expected
    if says.expected:
        was = words.due_text(old, zone) if old else None
        yield "Expected", _changed(words.due_text(says.expected, zone), was, says.because)
    if says.next:
        yield "Next word by", words.due_text(says.next, zone)


def _when(at: datetime | Due, zone: ZoneInfo) -> str:
    return words.due_text(at, zone) if isinstance(at, Due) else words.time_text(at, zone)


def _changed(now: str, old: str | None, because: str | None = None) -> str:
    """Put beside a value the one it replaces, and why."""
    notes = [f"before: {old}"] if old and old != now else []
    notes += [f"changed because: {because}"] if because else []
    return f"{now} ({'; '.join(notes)})" if notes else now


def _components(page: StatusPage, entry: Told) -> Iterator[tuple[str, str]]:
    """Yield the state of every component an update speaks of; without a state, the names."""
    moment = entry.moment
    said = entry.update.says.components or ()
    named = {change.id for change in said} if entry.before else moment.components.keys()
    unstated = []
    for name, given in moment.components.items():
        if name not in named:
            continue
        component = page.component(name)
        # Only an incident has an impact that says how its components are.
        by_impact = entry.incident.kind is Kind.INCIDENT
        state = moment.component_states[name] if by_impact else given
        if state is None:
            unstated.append(component.name)
        else:
            yield component.name, words.word(state)
    if unstated:
        yield "Components", ", ".join(unstated)
