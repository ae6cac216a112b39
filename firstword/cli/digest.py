"""Write the mail there is to send into the outbox, and say what would be sent to how many.

Nothing is sent: 'firstword send' does that, and asks for the plan's hash. The outbox is a Maildir;
any mail program opens it. It holds each message once for all who read the same, without addresses.

examples:
  firstword digest
  firstword digest --preview          every edition in the site's own language; needs no list
  firstword digest --only weekly      of one kind: immediate, daily, weekly, reminder, follow_up
  neomutt -f outbox

exit code: 0 done (also when there is nothing to send), 2 usage or settings, 3 there is no list, or
no ledger of it, a message cannot be written, words changed that were sent already, letters wait for
a person, or SES takes less today
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firstword.cli.mailing import Mailing
    from firstword.digest import Composed
    from firstword.mail.parcel import Edition, Look
    from firstword.mail.planning import Plan
    from firstword.mail.transport import Quota
    from firstword.model import Mail

OUTBOX = "outbox"
#: In the outbox nobody is addressed; a domain of RFC 2606 takes no mail.
_NOBODY, _TOKEN = "reader@example.invalid", "a" * 32
CADENCES = ("immediate", "daily", "weekly", "reminder", "follow_up")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--preview", action="store_true", help="every edition, whoever would get it; needs no list"
    )
    parser.add_argument(
        "--only", choices=CADENCES, action="append", help="of this kind alone (again for another)"
    )
    parser.add_argument(
        "--outbox", type=Path, metavar="DIR", help=f"where to write (default: {OUTBOX}/)"
    )


def run(options: argparse.Namespace) -> int:
    """Plan and write the mail of the site around the current folder."""
    from firstword.cli import find_root
    from firstword.cli.mailing import mail_now, open_mailing
    from firstword.digest import editions
    from firstword.errors import MailError
    from firstword.mail.place import mail_of
    from firstword.mail.sending import pace
    from firstword.mail.transport import Quota
    from firstword.settings import CONF, load_settings, read_site

    root = find_root(Path.cwd())
    settings = load_settings(root / CONF)
    site = read_site(settings)
    mail = mail_of(site)
    outbox: Path = options.outbox or root / OUTBOX
    with open_mailing(root, settings, site, mail_now(site)) as mailing:
        found = [
            edition
            for edition in editions(mailing.page, mailing.now)
            if not options.only or edition.cadence in options.only
        ]
        if options.preview:
            plan, looks = None, {edition.id: [_plain()] for edition in found}
            missed: list[str] = []
            measured: float | None = None
        else:
            plan, looks, missed, measured = _planned(
                root, settings, mailing, found, options.only or ()
            )
        written: dict[tuple[str, Look], Composed] = {}
        unwritten: dict[str, dict[str, None]] = {}
        for edition in found:
            for look in looks.get(edition.id, ()):
                try:
                    written[edition.id, look] = mailing.composer.written(edition, look)
                except MailError as error:
                    unwritten.setdefault(edition.id, {})[str(error)] = None
    quota, unknown = _quota(mail) if plan else (None, "")
    _write(outbox, found, written)
    for line in _told(found, plan, written):
        print(line)
    print(f"{_many(len(written), 'message')} in {str(outbox)!r}")
    for name, reasons in unwritten.items():
        for why in reasons:
            print(f"{name}: NOT written, and not sent: {why}")
    if plan is None:
        return 3 if unwritten else 0
    print(_summary(found, plan))
    if plan.total:
        print(_minutes(plan.total, pace(quota or Quota(), mail.rate), measured))
    print(f"quota: {unknown or _left(plan, quota or Quota())}")
    for line in missed:
        print(line)
    print(f"plan {plan.hash}")
    too_many = quota is not None and quota.left is not None and plan.total > quota.left
    return 3 if plan.changed.total() or too_many or missed or unwritten else 0


def _plain() -> Look:
    from firstword.mail.parcel import Look

    return Look()


def _planned(
    root: Path,
    settings: Mapping[str, Any],
    mailing: Mailing,
    found: Sequence[Edition],
    only: Sequence[str],
) -> tuple[Plan, dict[str, list[Look]], list[str], float | None]:
    """Ask the list and the ledger.

    Return the plan, the looks that each edition needs, a line for each edition that waits or that
    people are left without, and how many messages a second earlier sendings took; None = there was
    none.
    """
    from firstword.cli.delivery import to_offer, told_held, waits_unseen
    from firstword.clock import system_clock
    from firstword.mail.bond import open_bound
    from firstword.mail.missed import told as told_missed
    from firstword.mail.people import open_people
    from firstword.mail.place import at_hand
    from firstword.mail.planning import make_plan
    from firstword.mail.sending import Desk, find_left_out

    looks: dict[str, dict[Look, None]] = {}

    def look_at(name: str, look: Look) -> None:
        looks.setdefault(name, {})[look] = None

    with (
        at_hand(root, settings, mailing.page.site) as folder,
        closing(open_people(folder)) as people,
        closing(open_bound(folder, people, system_clock, waits=waits_unseen(mailing))) as ledger,
    ):
        desk = Desk(people, ledger, mailing.composer)
        free, scope, held = to_offer(desk, mailing, found, only)
        plan, events = make_plan(people, ledger, free, mailing.composer, look_at)
        for _ in events:
            pass
        missed = [*told_held(held), *told_missed(find_left_out(desk, free, scope))]
        measured = ledger.speed(_server(mailing.page.site.mail))
    needed = {name: sorted(those, key=_by_choice) for name, those in looks.items()}
    return plan, needed, missed, measured


def _by_choice(look: Look) -> tuple[object, ...]:
    """Sort looks by what they are, and not by how a set happens to lie."""
    chosen = (look.components, look.kinds, look.muted)
    return look.language, look.zone, *(tuple(sorted(one)) for one in chosen)


def _write(
    outbox: Path, found: Iterable[Edition], written: Mapping[tuple[str, Look], Composed]
) -> None:
    from firstword.outbox import message_name, write_outbox

    dated = {edition.id: int(edition.at.timestamp()) for edition in found}

    def messages() -> Iterator[tuple[str, bytes]]:
        for (name, _), composed in written.items():
            data = composed.letter.for_recipient(_NOBODY, _TOKEN)
            yield message_name(dated[name], name, data), data

    write_outbox(outbox, messages())


def _told(
    found: Iterable[Edition],
    plan: Plan | None,
    written: Mapping[tuple[str, Look], Composed],
) -> Iterator[str]:
    for edition in found:
        bodies = [one for (name, _), one in written.items() if name == edition.id]
        if not bodies and not (plan and plan.changed[edition.id]):
            continue
        yield f"{edition.id}  {edition.cadence}"
        yield f"  {edition.headline}"
        if bodies:
            yield f"  {bodies[0].first_line}"
        if plan and bodies:
            yield f"  {_many(plan.recipients[edition.id], 'person')}, {_many(len(bodies), 'body')}"
        for size in sorted({one.size for one in bodies if one.heavy}):
            yield f"  warning: {size:,} bytes of HTML, which some mail programs cut"
        if any(one.shortened for one in bodies):
            yield "  its HTML tells how each update begins; the text has all of it"
        if plan and plan.changed[edition.id]:
            yield (
                f"  NOT sent again to {_many(plan.changed[edition.id], 'person')}: its words are "
                "others than those that were sent; write a correction"
            )


def _summary(found: Sequence[Edition], plan: Plan) -> str:
    """Count messages by cadence."""
    counts: Counter[str] = Counter()
    for edition in found:
        counts[edition.cadence] += plan.recipients[edition.id]
    told = ", ".join(f"{counts[name]} {name}" for name in CADENCES if counts[name])
    return f"{_many(plan.total, 'message')} to send" + (f": {told}" if told else "")


def _quota(mail: Mail) -> tuple[Quota | None, str]:
    """Ask what may be sent today; or why that cannot be said. A mail server tells nobody."""
    if not mail.transport:
        return None, "no server to send by is set: MAIL_TRANSPORT"
    if not mail.transport.startswith("ses"):
        return None, "none; a mail server tells nobody what it takes"
    from firstword.cli.delivery import make_transport
    from firstword.errors import MailError

    try:
        return make_transport(mail).quota(), ""
    except MailError as error:
        return None, f"not known: {error}"


def _left(plan: Plan, quota: Quota) -> str:
    """Say what may be sent today, and whether that is enough."""
    if quota.left is None:
        return "without limit"
    left = f"{quota.left:,} messages left today"
    return f"{left}: NOT enough, 'firstword send' refuses" if plan.total > quota.left else left


def _server(mail: Mail | None) -> str:
    """Return what the server is called by which the ledger knows how fast it is; "" = none is."""
    if mail is None or not mail.transport:
        return ""
    if mail.transport.startswith("ses"):
        from firstword.mail.ses import SesTransport

        return SesTransport.name
    from firstword.mail.smtp import server_name

    return server_name(mail.transport)


def _minutes(messages: int, rate: float, measured: float | None) -> str:
    """Say how long sending takes: by a limit, or else by the sendings before it."""
    if not rate and not measured:
        return "as fast as the server takes them: not known before the first sending"
    minutes = messages / (rate or measured or 1) / 60
    told = f"about {minutes:.0f} min" if minutes >= 1 else "under a minute"
    return told if rate else f"{told}, by the sendings before"


def _many(count: int, what: str) -> str:
    plural = {"person": "people", "body": "bodies"}.get(what, f"{what}s")
    return f"{count} {what if count == 1 else plural}"
