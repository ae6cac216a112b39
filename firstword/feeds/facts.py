"""One update in its place → labels and values: who signed, and what facts the update set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from firstword.markup import Markup
from firstword.model import Due, Facts, Incident, Kind, Moment, Site, Update
from firstword.page import StatusPage
from firstword.values import replace
from firstword.words import Language, speak

#: More components in the same state stand in one line.
_MANY = 6
_NOTHING = Facts()


class Told(Struct, frozen=True):
    """An update as it stood when it was published, whatever was corrected later."""

    incident: Incident
    #: None for the first update.
    before: Moment | None
    moment: Moment
    #: What it said; the values of the front matter are the first update's.
    says: Facts
    #: What had held until then.
    held: Facts

    @property
    def update(self) -> Update:
        """The update itself."""
        return self.moment.update

    @property
    def title(self) -> str:
        """The title that held then."""
        return self.moment.facts.title or ""


def told(incident: Incident, index: int) -> Told:
    """Return a story's update, counted from 0, as it stood when it was published."""
    timeline = incident.timeline
    if any(update.corrects for update in incident.updates[index + 1 :]):
        # Only a correction reaches back into what earlier moments hold.
        timeline = replace(incident, updates=incident.updates[: index + 1]).timeline
    moment = timeline[index]
    if not index:
        return Told(incident, None, moment, moment.update.says.over(incident.first), _NOTHING)
    before = timeline[index - 1]
    return Told(incident, before, moment, moment.update.says, before.facts)


def signer(site: Site, update: Update) -> str:
    """Return the name readers see for a signature; imported history has the site's."""
    if not update.signed:
        return site.name
    person = site.people.get(update.author)
    return person.shown if person else update.author


def signature(site: Site, incident: Incident, update: Update) -> str:
    """Say who signed, in what role, and when."""
    language = speak(site)
    at = language.moment(update.at)
    if not update.signed:
        return language.say(
            "Imported from %(place)s, where nobody signed it, %(at)s",
            place=incident.imported,
            at=at,
        )
    person = site.people.get(update.author)
    if person is None or not person.role:
        return language.say("%(name)s, %(at)s", name=signer(site, update), at=at)
    return language.say("%(name)s, %(role)s, %(at)s", name=person.shown, role=person.role, at=at)


def facts(page: StatusPage, entry: Told, markup: Markup) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of every fact an update set, as plain text, what it replaced beside it.

    Times are in the site's zone with UTC beside them.
    """
    language = speak(page.site)
    if entry.update.corrects:
        yield language.say("Corrects the word of"), language.moment(entry.update.corrects)
    yield from _scope(entry, language)
    yield from _times(entry, language)
    yield from _components(page, entry, language)
    yield from promised(page.site, entry)
    # Few updates close anything.
    for follow_up in entry.incident.follow_ups if entry.update.done else ():
        if follow_up.number in entry.update.done:
            yield language.word("done"), " ".join(markup.plain(follow_up.text).split())


def _scope(entry: Told, language: Language) -> Iterator[tuple[str, str]]:
    says, held = entry.says, entry.held
    if says.title and entry.before:
        yield language.say("Title"), _changed(language, says.title, held.title)
    if says.impact:
        old = held.impact and language.word(held.impact)
        yield language.say("Impact"), _changed(language, language.word(says.impact), old)
    if says.affected:
        yield language.say("Affected"), says.affected
    if says.unaffected:
        yield language.say("Not affected"), says.unaffected
    if says.workaround:
        yield language.say("What you can do"), says.workaround


def _times(entry: Told, language: Language) -> Iterator[tuple[str, str]]:
    if entry.incident.started and not entry.before:
        yield language.say("Start"), language.moment(entry.incident.started)
    says, held = entry.says, entry.held
    if says.started:
        yield language.say("Start"), language.moment(says.started)
    if says.ended:
        yield language.say("Ended"), language.moment(says.ended)
    if at := says.scheduled_for:
        yield language.say("Planned start"), _moved(language, at, held.scheduled_for)
    if at := says.scheduled_until:
        yield language.say("Planned end"), _moved(language, at, held.scheduled_until)
    if due := says.until:
        yield language.say("Until"), _moved(language, due, held.until)


def promised(site: Site, entry: Told) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of what an update promises: when it will be over, when more is said."""
    language = speak(site)
    says, old = entry.says, entry.held.expected
    if says.expected:
        was = language.due(old) if old else None
        now = language.due(says.expected)
        yield language.say("Expected"), _changed(language, now, was, says.because)
    if says.next:
        yield language.say("Next word by"), language.due(says.next)


def _moved(language: Language, now: datetime | Due, old: datetime | Due | None) -> str:
    return _changed(language, _when(language, now), _when(language, old) if old else None)


def _when(language: Language, at: datetime | Due) -> str:
    return language.due(at) if isinstance(at, Due) else language.moment(at)


def _changed(language: Language, now: str, old: str | None, because: str | None = None) -> str:
    """Put beside a value the one it replaces, and why."""
    was = old if old != now else None
    if was and because:
        return language.say(
            "%(now)s (before: %(old)s; changed because: %(reason)s)",
            now=now,
            old=was,
            reason=because,
        )
    if was:
        return language.say("%(now)s (before: %(old)s)", now=now, old=was)
    if because:
        return language.say("%(now)s (changed because: %(reason)s)", now=now, reason=because)
    return now


def _components(page: StatusPage, entry: Told, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the state of every component an update speaks of; without a state, the names.

    Of many, the names by state.
    """
    moment = entry.moment
    said = entry.update.says.components or ()
    named = {change.id for change in said} if entry.before else moment.components.keys()
    if not named:
        return
    # Only an incident has an impact that says how its components are.
    states = moment.component_states if entry.incident.kind is Kind.INCIDENT else moment.components
    unstated, by_state = [], dict[str, list[str]]()
    for name, state in states.items():
        if name not in named:
            continue
        component = page.component(name)
        if state is None:
            unstated.append(component.name)
        else:
            by_state.setdefault(language.word(state), []).append(component.name)
    for word, names in by_state.items():
        if len(names) > _MANY:
            yield word, language.join(names)
        else:
            yield from ((name, word) for name in names)
    if unstated:
        yield language.say("Components"), language.join(unstated)
