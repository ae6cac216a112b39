"""A list and its ledger belong together: who has one without the other mails people again.

Each knows the other. The list remembers which ledger it was mailed by and how many editions that
had; the ledger remembers whose it is. What is missing, older or somebody else's is an error, until
a person brings it back or begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from firstword.errors import LedgerMissing, MailError
from firstword.mail.ledger import NAME, Ledger, Mark, Mirror, open_ledger
from firstword.mail.people import People
from firstword.mail.private import Unreadable

#: What the folder of a ledger that was given up begins with.
_ASIDE = "until-"
_DO = (
    "Nothing is sent, for people would be mailed again. Bring it back from the backup; or, where "
    "there is none, say 'firstword send --begin-ledger': nothing older than that is mailed then"
)


def open_bound(
    folder: Path,
    people: People,
    clock: Callable[[], datetime],
    mirror: Mirror | None = None,
    *,
    waits: Callable[[], bool] = lambda: False,
) -> Ledger:
    """Open the ledger of a list, begun where nobody can have been mailed yet.

    `waits` tells whether there is anything to mail about: it is asked where the list cannot know
    whether it was mailed before, since somebody else keeps it. Raises LedgerMissing.
    """
    path = folder / NAME
    if not path.is_file() and people.ledger[0]:
        raise LedgerMissing(f"the ledger is gone: {NAME}. {_DO}")
    if not path.is_file() and waits():
        raise LedgerMissing(
            f"there is no ledger, {NAME}, where MAIL_STATE says, and no telling whether mail went "
            f"out before: does MAIL_STATE last from run to run? {_DO}"
        )
    try:
        ledger = open_ledger(folder, clock, mirror)
    except Unreadable as error:
        raise LedgerMissing(f"the ledger is broken: {error}. {_DO}") from error
    mark = ledger.mark()
    wrong = _amiss(mark, people)
    if not wrong and not mark.id and not mark.editions and waits():
        wrong = "the ledger is empty"
    if wrong:
        ledger.close()
        raise LedgerMissing(f"{wrong}. {_DO}")
    if not mark.id:
        # A new one; or one of before they knew each other, which goes on.
        ledger.begin(people.identity)
        mark = ledger.mark()
    people.note_ledger(mark.id, mark.editions)
    return ledger


def _amiss(mark: Mark, people: People) -> str:
    """Say why a ledger cannot be that of a list as it is; "" = it can."""
    begun, editions = people.ledger
    if begun and mark.id != begun:
        return "the ledger is not the one by which this list was mailed"
    if mark.id and mark.list != people.identity:
        return "the ledger is that of another list"
    if mark.editions < editions:
        return f"the ledger is an old one: {mark.editions} editions, the list knows of {editions}"
    return ""


def begin_anew(
    folder: Path,
    people: People,
    clock: Callable[[], datetime],
    mirror: Mirror | None = None,
    *,
    since: datetime,
    waits: Callable[[], bool] = lambda: False,
) -> Path | None:
    """Begin another ledger: what is older than `since` (UTC) is not mailed by it.

    Returns where the one before it lies now. Raises MailError where there is nothing amiss.
    """
    try:
        open_bound(folder, people, clock, waits=waits).close()
    except LedgerMissing:
        pass
    else:
        raise MailError("the ledger is there, and belongs to the list: nothing was changed")
    path = folder / NAME
    aside = None
    if path.is_file():
        aside = folder / f"{_ASIDE}{since:%Y%m%dT%H%M%SZ}"
        aside.mkdir(mode=0o700, exist_ok=True)
        path.rename(aside / NAME)
    ledger = open_ledger(folder, clock, mirror)
    ledger.begin(people.identity, since)
    mark = ledger.mark()
    people.note_ledger(mark.id, mark.editions)
    ledger.close()
    return aside


def every_ledger(folder: Path, clock: Callable[[], datetime]) -> Iterator[Ledger]:
    """Yield the ledger of a folder, if there is one, and those laid aside; each is closed again."""
    for place in (folder, *sorted(folder.glob(f"{_ASIDE}*"))):
        if (place / NAME).is_file():
            try:
                ledger = open_ledger(place, clock)
            except Unreadable:
                continue
            with closing(ledger):
                yield ledger


def accepted_in(
    folder: Path, clock: Callable[[], datetime]
) -> Callable[[str], tuple[datetime, ...]]:
    """Return who tells when letters to somebody were accepted (UTC), by every ledger there is."""
    return lambda person: tuple(
        at for ledger in every_ledger(folder, clock) for at in ledger.accepted(person)
    )
