"""What a story leaves unsaid: structure first, then its words.

None of this is a mistake of form. While an incident is open it warns and holds nothing back, for a
poor word now is better than a good one later; a postmortem has time, and is held back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from firstword.check.report import warning
from firstword.model import (
    Facts,
    Incident,
    Kind,
    Level,
    Problem,
    Site,
    Status,
    Update,
)
from firstword.parse.keys import TEXTS, nearest

if TYPE_CHECKING:
    from firstword.lint import Wording

_FACTS = tuple(sorted(TEXTS))
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
#: Rules of this module that an `allow` may name, beside those of `lint`.
_STRUCTURE = frozenset({"disclosure", "postmortem"})


def check_told(
    incident: Incident, site: Site, published: Collection[str] = ()
) -> Iterator[Problem]:
    """Yield what one story leaves unsaid. `published` are the ids of updates that readers have.

    History that was imported went as it went, and what was withdrawn is asked nothing more.
    """
    if incident.imported:
        return
    from firstword import lint

    words = lint.wording(incident.language or site.language, site.wording)
    allowed: dict[str, set[str]] = {}
    for update in incident.updates:
        if "allow:" in update.body:
            allowed[update.id] = set()
            yield from _allowances(incident, update, site, allowed[update.id])
    yield from _wording(incident, words, allowed)
    if incident.language or incident.kind is not Kind.INCIDENT or incident.withdrawn:
        return
    if incident.is_open:
        yield from _open(incident, site, words, allowed)
    else:
        yield from _resolved(incident, words, allowed)
        yield from _postmortem(incident, words, allowed, published)


# ── structure ────────────────────────────────────────────────────────────────────────────────────


def _open(
    incident: Incident, site: Site, words: Wording, allowed: dict[str, set[str]]
) -> Iterator[Problem]:
    """While it is open: who, what we do, what you can do, and when you hear from us next."""
    moments = [m for m in incident.timeline if m.update.status is not Status.CORRECTION]
    newest = moments[-1]
    if "disclosure" in allowed.get(newest.update.id, ()):
        return
    facts = incident.facts
    unsaid = []
    if not facts.affected:
        unsaid.append("who is affected: 'affected:' takes a number, a place, 'We do not know yet'")
    if not _doing(incident, site, words):
        unsaid.append("what you are doing: who does what, with 'we' or a name")
    if not facts.workaround:
        unsaid.append("what people can do: 'workaround:' takes 'Nothing yet' as well")
    if not newest.says.next:
        unsaid.append("when the next word comes: 'next:'")
    for what in unsaid:
        yield warning(incident, newest.update.line, "disclosure", f"nobody has said {what}")


def _doing(incident: Incident, site: Site, words: Wording) -> bool:
    """Tell whether anybody is said to do anything."""
    told = [_COMMENT.sub("", update.body) for update in incident.updates]
    return any(words.tells("doing", text) for text in told) or any(
        name in text for name in _names(site) for text in told
    )


def _names(site: Site) -> Iterator[str]:
    return (name for person in site.people.values() for name in (person.name, person.shown))


def _resolved(
    incident: Incident, words: Wording, allowed: dict[str, set[str]]
) -> Iterator[Problem]:
    """After the end: what was lost, and what has to be done again."""
    ending = incident.ending
    if ending is None or ending.update.status is not Status.RESOLVED or not ending.update.signed:
        return
    since = [update for update in incident.updates if update.at >= ending.update.at]
    if any("disclosure" in allowed.get(update.id, ()) for update in since):
        return
    told = "\n".join(_said(update) for update in since)
    if not words.tells("loss", told):
        yield warning(
            incident,
            ending.update.line,
            "disclosure",
            "nobody has said what was lost, or what people have to do again; "
            "'Nothing was lost' and 'We do not know yet' say it too",
        )


def _postmortem(
    incident: Incident, words: Wording, allowed: dict[str, set[str]], published: Collection[str]
) -> Iterator[Problem]:
    """An explanation has a cause, and what follows from it has a person and a day."""
    told = [u for u in incident.updates if u.status is Status.POSTMORTEM and u.signed]
    if not told or any("postmortem" in allowed.get(update.id, ()) for update in told):
        return
    newest = told[-1]
    # Holding back what readers have already would take away from them what there is.
    mild = incident.draft or newest.id in published
    level = Level.WARNING if mild else Level.ERROR
    path, line = incident.path, newest.line
    if not any(words.tells("cause", _said(update)) for update in told):
        message = (
            "no word tells of a cause: what led to it? 'We do not know the cause yet' says it too"
        )
        # Words can only be guessed at: an honest explanation is not held back for that.
        yield Problem(path, line, "postmortem", message, Level.WARNING)
    if not incident.follow_ups:
        message = (
            "nothing follows from it: '- [ ] What will change (Full Name, YYYY-MM-DD)', "
            "also if that is done already: '- [x] ...'"
        )
        yield Problem(path, line, "postmortem", message, level)


def _said(update: Update) -> str:
    """Return all the words of an update that readers see."""
    facts = [text for key in _FACTS if (text := getattr(update.says, key))]
    return "\n".join([_COMMENT.sub("", update.body), *facts])


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def _allowances(
    incident: Incident, update: Update, site: Site, allowed: set[str]
) -> Iterator[Problem]:
    """Note what somebody set aside for an update; warn where that is nobody, or nothing."""
    from firstword import lint

    for allowance in lint.allowances(update.body):
        line = update.body_line + allowance.line
        known = lint.names(site.wording) | _STRUCTURE
        if allowance.rule not in known:
            close = nearest(allowance.rule, sorted(known))
            yield warning(incident, line, "allow", f"no such rule: {allowance.rule!r}{close}")
        elif allowance.by not in site.people:
            who = "who allows it? '<!-- allow: rule, Full Name -->'"
            close = nearest(allowance.by, site.people)
            message = f"not in PEOPLE: {allowance.by!r}{close}" if allowance.by else who
            yield warning(incident, line, "allow", message)
        else:
            allowed.add(allowance.rule)


def _wording(incident: Incident, words: Wording, allowed: dict[str, set[str]]) -> Iterator[Problem]:
    """Report phrases that say less than they seem to; never held against a first word."""
    if not words.rules:
        return
    from firstword import lint

    first_word = len(incident.updates) == 1 and incident.is_open
    level = Level.NOTICE if first_word else Level.WARNING
    for line, text, update in _texts(incident):
        for found in lint.find(text, words):
            if found.rule in allowed.get(update.id, ()):
                continue
            message = f"{found.phrase!r} ({found.rule}): {found.ask}"
            yield Problem(incident.path, line + found.line, "wording", message, level)


def _texts(incident: Incident) -> Iterator[tuple[int, str, Update]]:
    """Yield every text that a person signed: its line, its words, and the update it belongs to."""
    first = incident.updates[0]
    if first.signed:
        # The front matter is the first update's.
        for key, text in _facts(incident.first):
            yield incident.line(key), text, first
    for update in incident.updates:
        if update.signed:
            yield update.body_line, update.body, update
            for key, text in _facts(update.says):
                yield update.line_of(key), text, update


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    for key in _FACTS:
        text = getattr(facts, key)
        if text:
            yield key, " ".join(text.split())
