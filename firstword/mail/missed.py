"""Letters that somebody is left without, until a person has settled it or the words are old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from firstword.mail.heard import has_heard
from firstword.mail.ledger import Fate, Ledger, Unsettled
from firstword.mail.parcel import Cadence, Edition, Look, Standing, Tells
from firstword.mail.people import People

#: Words that are older are no longer current: nobody is told any more who never had them.
CURRENT = timedelta(days=30)
#: How many answers about what an edition tells are kept.
_LOOKS = 4096
_STEP = timedelta(microseconds=1)


#: So much of what stands for somebody is shown; 'subscribers export' has all of it.
SHOWN = 12
#: So many are named where what a sending came to is told.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a sending is about: when it takes place (UTC), and which cadences it has in hand."""

    now: datetime
    cadences: frozenset[Cadence] = frozenset(Cadence)
    #: Editions that nobody was offered, and that are too old by now: no sending ran in between.
    lapsed: tuple[Edition, ...] = ()
    #: The stories that are open, by id; None = nobody knows: no words are forgotten.
    open_stories: frozenset[str] | None = None
    #: What an edition, by its id, tells somebody, and which others tell it: `Edition.tells`.
    ways: Callable[[str, Look], Tells] = lambda _name, _look: ()
    #: Editions that wait until readers have their page.
    held: tuple[Edition, ...] = ()

    @property
    def looks(self) -> dict[Cadence, datetime]:
        """Return up to when all editions were offered, by cadence: what waits was not."""
        found = dict.fromkeys(self.cadences, self.now)
        for edition in self.held:
            if edition.cadence in found:
                found[edition.cadence] = min(found[edition.cadence], edition.at - _STEP)
        return found


def unseen_since(ledger: Ledger, scope: Scope) -> dict[Cadence, datetime]:
    """Return since when nobody looked at editions, by cadence; those never looked at are not in it.

    What is older than what anybody is told of does not matter.
    """
    found = {one: at for one in scope.cadences if (at := ledger.looked_at(one))}
    return {one: max(at, scope.now - CURRENT) for one, at in found.items()}


def find_missed(
    people: People, ledger: Ledger, current: Collection[str], scope: Scope
) -> Iterator[Unsettled]:
    """Yield the letters that nothing but a person can help, by edition and person.

    `current` are the ids of the editions in hand that may still go out: they do so by themselves,
    but for what a server refused. Who left, has no mailbox any more or wants no more of a story
    misses nothing; nor does who got a newer word of the same story, or who changed the pace and had
    the words by an edition of that.
    """
    ways = lru_cache(_LOOKS)(scope.ways)
    for one in ledger.unsettled(current, scope.now - CURRENT):
        found = people.find(one.person) if one.cadence in scope.cadences else None
        wants = found is not None and found.state is Standing.ACTIVE
        if found is None or not wants or one.story in found.muted:
            continue
        if not has_heard(ledger, ways(one.edition, found.look), one.person):
            yield one


@dataclass(slots=True)
class Missed:
    """Who is left without an edition: how many, why, and the first of them."""

    reasons: Counter[str] = field(default_factory=Counter)
    persons: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many that is."""
        return self.reasons.total()


def by_edition(letters: Iterable[Unsettled]) -> dict[str, Missed]:
    """Count letters by their editions."""
    found: dict[str, Missed] = {}
    for one in letters:
        missed = found.setdefault(one.edition, Missed())
        missed.reasons[why(one)] += 1
        if len(missed.persons) < _NAMED:
            missed.persons.append(one.person)
    return found


def told(missed: dict[str, Missed]) -> Iterator[str]:
    """Yield a line for each edition, ready to print, and what to do; people by their HMAC alone."""
    for name, one in missed.items():
        reasons = ", ".join(f"{many} {reason}" for reason, many in sorted(one.reasons.items()))
        who = " ".join(person[:SHOWN] for person in one.persons)
        more = f" and {one.total - len(one.persons)} more" if one.total > len(one.persons) else ""
        yield f"{name}: NOT received by {one.total} ({reasons}): {who}{more}"
    if missed:
        yield (
            "what to do: mend the cause and say 'firstword send --settle EDITION --as again', or, "
            "where it is too old, tell them otherwise and say '--as missed'"
        )


def why(one: Unsettled) -> str:
    """Say why nobody can count on a letter: a few fixed words."""
    return {
        Fate.REFUSED: "refused",
        Fate.UNKNOWN: "no answer",
        Fate.HELD: "its words changed",
        Fate.DEFERRED: "put off until it was too old",
        Fate.PLANNED: "not sent until it was too old",
    }[one.fate]
