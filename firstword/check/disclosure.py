"""What a story leaves unsaid: structure first, then its words.

None of this is a mistake of form. While an incident is open it warns and holds nothing back, for a
poor word now is better than a good one later; a postmortem has time, and is held back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
from firstword.patterns import later
from firstword.unsaid import Unsaid, allowed, newest_word, unsaid

if TYPE_CHECKING:
    from firstword.lint import Wording

_FACTS = tuple(sorted(TEXTS))
#: Rules of this module that an `allow` may name, beside those of `lint`.
_STRUCTURE = frozenset({"disclosure", "postmortem"})
#: A time of day with nothing that tells whose.
_TIME = later(r"(?<![\w:.+-])(?:[01]?\d|2[0-3]):[0-5]\d(?![\w:])")


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
    for update in incident.updates:
        if "allow:" in update.body:
            yield from _allowances(incident, update, site)
    yield from _wording(incident, site, words)
    if incident.language or incident.kind is not Kind.INCIDENT or incident.withdrawn:
        return
    if incident.is_open:
        yield from _open(incident, site, words)
    else:
        yield from _resolved(incident, site, words)
        yield from _postmortem(incident, site, words, published)


# ── structure ────────────────────────────────────────────────────────────────────────────────────

_ASK = {
    Unsaid.AFFECTED: "who is affected: 'affected:' takes a number, a place, 'We do not know yet'",
    Unsaid.HAPPENS: "what happens to people: what do they see, what fails?",
    Unsaid.DOING: "what you are doing: who does what, with 'we' or a name",
    Unsaid.WORKAROUND: "what people can do: 'workaround:' takes 'Nothing yet' as well",
    Unsaid.NEXT: "when the next word comes: 'next:'",
}


def _open(incident: Incident, site: Site, words: Wording) -> Iterator[Problem]:
    """While it is open: who, what happens, what we do, what they can do, and the next word."""
    newest = newest_word(incident)
    if "disclosure" in allowed(newest.update, site):
        return
    line = newest.update.line
    for what in unsaid(incident, site):
        yield warning(incident, line, "disclosure", f"nobody has said {_ASK[what]}")
    if not newest.says.next:
        for key in ("affected", "workaround"):
            text = getattr(incident.facts, key)
            if text and words.tells("unknown", text) and not words.tells("when", text):
                message = f"{key!r} is not known yet: by when will it be? 'next:' tells"
                yield warning(incident, line, "disclosure", message)
    yield from _zone(incident, words)


def _zone(incident: Incident, words: Wording) -> Iterator[Problem]:
    """Times that a reader elsewhere, or in a feed, cannot place; once a story."""
    from firstword import lint

    texts = list(_texts(incident))
    if words.tells("zone", *(text for _, text, _ in texts)):
        return
    for line, text, _ in texts:
        for own in lint.own_sentences(text) if ":" in text else ():
            if found := _TIME.search(own.text):
                message = (
                    f"{found[0]!r}: in whose time? Feeds and mail are read elsewhere; "
                    "name the zone once"
                )
                yield Problem(incident.path, line + own.line, "disclosure", message, Level.NOTICE)
                return


def _resolved(incident: Incident, site: Site, words: Wording) -> Iterator[Problem]:
    """After the end: what was lost, and what has to be done again."""
    ending = incident.ending
    if ending is None or ending.update.status is not Status.RESOLVED or not ending.update.signed:
        return
    since = [update for update in incident.updates if update.at >= ending.update.at]
    if any("disclosure" in allowed(update, site) for update in since):
        return
    if not _answered(words, "loss", since):
        yield warning(
            incident,
            ending.update.line,
            "disclosure",
            "nobody has said what was lost, or what people have to do again; "
            "'Nothing was lost' says it, and 'We do not know yet' with a time",
        )


def _postmortem(
    incident: Incident, site: Site, words: Wording, published: Collection[str]
) -> Iterator[Problem]:
    """An explanation has a cause, and what follows from it has a person and a day."""
    told = [u for u in incident.updates if u.status is Status.POSTMORTEM and u.signed]
    if not told or any("postmortem" in allowed(update, site) for update in told):
        return
    newest = told[-1]
    # Holding back what readers have already would take away from them what there is.
    mild = incident.draft or newest.id in published
    level = Level.WARNING if mild else Level.ERROR
    path, line = incident.path, newest.line
    if not _answered(words, "cause", told):
        message = (
            "no word tells of a cause: what led to it? 'We do not know the cause yet' says it too, "
            "with a time"
        )
        # Words can only be guessed at: an honest explanation is not held back for that.
        yield Problem(path, line, "postmortem", message, Level.WARNING)
    if not incident.follow_ups:
        message = (
            "nothing follows from it: '- [ ] What will change (Full Name, YYYY-MM-DD)', "
            "also if that is done already: '- [x] ...'"
        )
        yield Problem(path, line, "postmortem", message, level)


def _answered(words: Wording, what: str, told: Sequence[Update]) -> bool:
    """Tell whether updates say something, or that nobody knows it yet and by when somebody will."""
    texts = [text for update in told for text in _said(update)]
    if words.tells(what, *texts):
        return True
    promised = any(u.says.next or u.says.expected or u.follow_ups for u in told)
    return words.tells("unknown", *texts) and (promised or words.tells("when", *texts))


def _said(update: Update) -> Iterator[str]:
    """Yield all the texts of an update that readers see."""
    yield update.body
    yield from (text for _, text in _facts(update.says))


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def _allowances(incident: Incident, update: Update, site: Site) -> Iterator[Problem]:
    """Warn where nobody sets something aside, or somebody nothing."""
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
        elif allowance.by != update.author:
            message = f"{allowance.by!r} did not sign this update; {update.author!r} may allow it"
            yield warning(incident, line, "allow", message)


def _wording(incident: Incident, site: Site, words: Wording) -> Iterator[Problem]:
    """Report phrases that say less than they seem to; never held against a first word."""
    if not words.rules:
        return
    from firstword import lint

    first_word = len(incident.updates) == 1 and incident.is_open
    texts = list(_texts(incident))
    # All at once, for most stories break no rule anywhere.
    near = lint.rules_near("\n".join([text for _, text, _ in texts]), words)
    for line, text, update in texts if near else ():
        for found in lint.find_some(text, words, near):
            if found.rule in allowed(update, site):
                continue
            level = Level.NOTICE if first_word or found.mild else Level.WARNING
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
