"""What an open story has not said: for the check a guess, for the page what is sure. Pure.

Structure, and where only words can tell, words: what is said in a way that nobody thought of counts
as said, and in a language of which nothing is known, everything does.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from firstword.model import Impact, Incident, Kind, Moment, Site, Status, Update

if TYPE_CHECKING:
    from firstword.lint import Wording


class Unsaid(StrEnum):
    """Something that people need to hear while it is open."""

    AFFECTED = "affected"
    HAPPENS = "happens"
    DOING = "doing"
    WORKAROUND = "workaround"
    NEXT = "next"


def unsaid(incident: Incident, site: Site) -> tuple[Unsaid, ...]:
    """Return what nobody has said of a story, in the order in which a reader asks.

    Nothing is asked where nothing is wrong for anybody, of history, of what was withdrawn, nor
    where somebody signs in the newest word that it is left open.
    """
    if (
        incident.kind is not Kind.INCIDENT
        or incident.impact is Impact.NONE
        or incident.imported
        or not incident.is_open
    ):
        return ()
    newest = newest_word(incident)
    if "disclosure" in allowed(newest.update, site):
        return ()
    return tuple(_unsaid(incident, newest, site))


def plainly_unsaid(incident: Incident, site: Site) -> tuple[Unsaid, ...]:
    """Return what of it a page may tell readers: what cannot have been said.

    A list of words knows only some of the ways to say that somebody does something. So readers are
    told that nobody has said it only where every word is one that tells nothing.
    """
    found = unsaid(incident, site)
    guessed = {Unsaid.HAPPENS, Unsaid.DOING} & set(found)
    return tuple(what for what in found if what not in guessed or _hollow(what, incident, site))


def _hollow(what: Unsaid, incident: Incident, site: Site) -> bool:
    from firstword import lint

    words = lint.wording(site.language, site.wording)
    title, facts = incident.title, [update.says for update in incident.updates]
    texts = [update.body for update in incident.updates]
    texts += [because for one in facts if (because := one.because)]
    if what is Unsaid.HAPPENS:
        return words.hollow(title, incident.facts.affected or "", *texts)
    # A title that tells what fails is seldom one that tells who mends it.
    return words.hollow(*texts) and (words.hollow(title) or words.tells("fails", title))


def newest_word(incident: Incident) -> Moment:
    """Return the newest moment that is no correction of another."""
    return [m for m in incident.timeline if m.update.status is not Status.CORRECTION][-1]


def allowed(update: Update, site: Site) -> frozenset[str]:
    """Return the rules that who signed an update, somebody in PEOPLE, set aside for it."""
    if "allow:" not in update.body or update.author not in site.people:
        return frozenset()
    from firstword import lint

    return frozenset(a.rule for a in lint.allowances(update.body) if a.by == update.author)


def _unsaid(incident: Incident, newest: Moment, site: Site) -> Iterator[Unsaid]:
    from firstword import lint

    words = lint.wording(site.language, site.wording)
    facts = incident.facts
    bodies = [update.body for update in incident.updates]
    if not facts.affected:
        yield Unsaid.AFFECTED
    if not _happens(words, incident.title, facts.affected or "", *bodies):
        yield Unsaid.HAPPENS
    if not _doing(words, bodies, site):
        yield Unsaid.DOING
    if not facts.workaround:
        yield Unsaid.WORKAROUND
    if not newest.says.next:
        yield Unsaid.NEXT


def _happens(words: Wording, title: str, affected: str, *texts: str) -> bool:
    """Tell whether anything but "an issue" is said to happen: what fails, or any plain sentence."""
    return words.tells("fails", title, affected, *texts) or words.tells("happens", title, *texts)


def _doing(words: Wording, texts: list[str], site: Site) -> bool:
    """Tell whether anybody is said to do anything."""
    from firstword import lint

    if words.tells("doing", *texts):
        return True
    names = {name for person in site.people.values() for name in (person.name, person.shown)}
    return any(
        name in own.text for text in texts for own in lint.own_sentences(text) for name in names
    )
