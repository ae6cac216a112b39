"""Letters that wait for a person: listed for whoever looks into the mail server's log, settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from firstword.errors import MailError

if TYPE_CHECKING:
    from firstword.cli.mailing import Mailing
    from firstword.mail.ledger import Unsettled
    from firstword.mail.sending import Desk
    from firstword.model import Site

#: What somebody can find out or decide: it arrived; it is to go out again; it did not, and will
#: not.
WAYS = ("sent", "again", "missed")
_BY_HAND = "by hand"


def listed(desk: Desk, mailing: Mailing) -> Iterator[str]:
    """Yield every letter that waits for a person by its Message-ID, ready to print; no address."""
    from firstword.mail.missed import SHOWN, why

    desk.ledger.settle_claims()
    found = _waiting(desk, mailing)
    for one in found:
        named = _id(one, desk, mailing.page.site)
        again = f", sent again {one.again} times" if one.again else ""
        said = f" {one.code}" if one.code not in {"", why(one)} else ""
        yield (
            f"{one.edition}  {named}  {one.at:%Y-%m-%d %H:%M} UTC  {one.person[:SHOWN]}  "
            f"{why(one)}{said}{again}"
        )
    yield f"letters that wait for a person: {len(found)}"


def settle(
    desk: Desk, mailing: Mailing, edition: str, way: str, letters: Sequence[str] = ()
) -> Iterator[str]:
    """Settle what waits for a person of an edition: all its letters, or those with a Message-ID.

    Yields what was done, ready to print. Raises MailError where there is none, and for an edition
    that goes out no more.
    """
    from firstword.digest import editions
    from firstword.mail.ledger import Event, Fate

    desk.ledger.settle_claims()
    site = mailing.page.site
    found = [one for one in _waiting(desk, mailing) if one.edition == edition]
    if letters:
        by_id = {_id(one, desk, site): one for one in found}
        if strange := [one for one in letters if one not in by_id]:
            raise MailError(f"{edition}: no letter that waits for a person is {strange[0]!r}")
        found = [by_id[one] for one in dict.fromkeys(letters)]
    if way == "sent":
        # What was refused has not arrived, whatever a log says.
        found = [one for one in found if one.fate is Fate.UNKNOWN]
    if not found:
        raise MailError(f"{edition}: no letter of it waits to be settled as {way!r}")
    goes = editions(mailing.page, mailing.now)
    if way == "again" and edition not in {one.id for one in goes} - desk.ledger.closed(goes):
        raise MailError(
            f"{edition}: it is too old to go out; the page has its words. Write an update, or tell "
            "people otherwise, and say --as missed"
        )
    fate, done = {
        "sent": (Fate.ACCEPTED, "count as sent"),
        "again": (Fate.PLANNED, "go out again with the next sending"),
        "missed": (Fate.MISSED, "count as missed, and go out no more"),
    }[way]
    desk.ledger.turn(
        Event(
            edition,
            one.person,
            fate,
            code=_BY_HAND,
            again=way == "again" and one.fate is Fate.UNKNOWN,
        )
        for one in found
    )
    yield f"{edition}: {len(found)} {done}"


def _waiting(desk: Desk, mailing: Mailing) -> list[Unsettled]:
    """Return what has no answer, and what does not go out by itself any more, by edition."""
    from firstword.cli.delivery import scope_of
    from firstword.digest import editions
    from firstword.mail.missed import find_missed

    current = {one.id for one in editions(mailing.page, mailing.now)}
    found = find_missed(desk.people, desk.ledger, current, scope_of(mailing, ()))
    by_letter = {(one.edition, one.person): one for one in (*desk.ledger.unanswered(), *found)}
    return sorted(by_letter.values(), key=lambda one: (one.edition, one.person))


def _id(one: Unsettled, desk: Desk, site: Site) -> str:
    from firstword import urls
    from firstword.mail.parcel import message_id

    name = urls.mail_name(one.edition, one.digest)
    return message_id(name, urls.mail_domain(site), desk.people.token(one.person))
