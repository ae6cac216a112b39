"""Who has heard of an edition's words at another pace: whoever changes it gets nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Set

from firstword.mail.ledger import Fate, Ledger
from firstword.mail.parcel import Edition, Tells


class Heard:
    """What of some editions has reached people by others, as the ledger knows."""

    def __init__(self, ledger: Ledger, editions: Iterable[Edition]) -> None:
        self._ledger = ledger
        ways = {way for edition in editions for _, some in edition.tells for way in some}
        #: Those alone of which there is any letter: most have none.
        self._there = frozenset(ledger.known(sorted(ways)))

    def all_of(self, edition: Edition, person: str, unwanted: Set[str] = frozenset()) -> bool:
        """Tell whether somebody has heard all that an edition tells them.

        `unwanted` are ids of stories that they do not want to hear of. The word that stands is
        never heard enough: whoever wants to hear at once wants to know how things are.
        """
        told = tuple((story, ways) for story, ways in edition.tells if story not in unwanted)
        at_hand = tuple((s, tuple(w for w in ways if w in self._there)) for s, ways in told)
        return not edition.standing and has_heard(self._ledger, at_hand, person)


def has_heard(ledger: Ledger, tells: Tells, person: str) -> bool:
    """Tell whether somebody was reached by one of the editions of each story; False for none."""
    return bool(tells) and all(any(_reached(ledger, w, person) for w in ways) for _, ways in tells)


def _reached(ledger: Ledger, name: str, person: str) -> bool:
    """Tell whether an edition reached somebody, alone or inside of a newer word."""
    entry = ledger.entries(person, [name]).get(name)
    while entry and entry.fate is Fate.WITHIN:
        entry = ledger.entries(person, [entry.within]).get(entry.within)
    return entry is not None and entry.fate is Fate.ACCEPTED
