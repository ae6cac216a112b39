"""Letters without an answer: listed for whoever looks into the mail server's log, and settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from firstword.errors import MailError

if TYPE_CHECKING:
    from firstword.cli.mailing import Mailing
    from firstword.mail.ledger import Unanswered
    from firstword.mail.sending import Desk
    from firstword.model import Site

#: What somebody can find out: it arrived, or it is to go out again.
WAYS = ("sent", "again")
_BY_HAND = "by hand"


def listed(desk: Desk, mailing: Mailing) -> Iterator[str]:
    """Yield every letter without an answer by its Message-ID, ready to print; without addresses."""
    desk.ledger.settle_claims()
    found = list(desk.ledger.unanswered())
    for one in found:
        named = _id(one, desk, mailing.page.site)
        again = f", sent again {one.again} times" if one.again else ""
        said = f", {one.code}" if one.code else ""
        yield f"{one.edition}  {named}  {one.at:%Y-%m-%d %H:%M} UTC{said}{again}"
    yield f"letters without an answer: {len(found)}"


def settle(
    desk: Desk, mailing: Mailing, edition: str, way: str, letters: Sequence[str] = ()
) -> Iterator[str]:
    """Settle what is not known of an edition: all its letters, or those with a Message-ID.

    Yields what was done, ready to print. Raises MailError where there is none, and for an edition
    that goes out no more.
    """
    from firstword.digest import editions
    from firstword.mail.ledger import Event, Fate

    desk.ledger.settle_claims()
    site, found = mailing.page.site, list(desk.ledger.unanswered(edition))
    if letters:
        by_id = {_id(one, desk, site): one for one in found}
        if strange := [one for one in letters if one not in by_id]:
            raise MailError(f"{edition}: no letter without an answer is called {strange[0]!r}")
        found = [by_id[one] for one in dict.fromkeys(letters)]
    if not found:
        raise MailError(f"{edition}: there is no letter of it without an answer")
    again = way == "again"
    if again and edition not in {one.id for one in editions(mailing.page, mailing.now)}:
        raise MailError(f"{edition}: it is too old to go out; the page has its words")
    fate = Fate.PLANNED if again else Fate.ACCEPTED
    desk.ledger.turn(Event(edition, one.person, fate, code=_BY_HAND, again=again) for one in found)
    told = "go out again with the next sending" if again else "count as sent"
    yield f"{edition}: {len(found)} {told}"


def _id(one: Unanswered, desk: Desk, site: Site) -> str:
    from firstword import urls
    from firstword.mail.parcel import message_id

    name = urls.mail_name(one.edition, one.digest)
    return message_id(name, urls.mail_domain(site), desk.people.token(one.person))
