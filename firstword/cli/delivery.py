"""Sending from the command line: settings, list, ledger and server brought together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstword.errors import SettingsError
from firstword.model import Mail, Site

if TYPE_CHECKING:
    from firstword.cli.mailing import Mailing
    from firstword.mail.missed import Scope
    from firstword.mail.parcel import Edition
    from firstword.mail.planning import Plan
    from firstword.mail.sending import Desk, Sent
    from firstword.mail.transport import Transport

#: Cadences whose words wait for a sender that is at work, which lets them go first.
_URGENT = frozenset({"immediate", "follow_up"})
#: What is to be sent, out of what there is.
Choice = Callable[["Mailing"], Sequence["Edition"]]


def deliver(
    root: Path,
    settings: Mapping[str, Any],
    site: Site,
    choice: Choice,
    *,
    cadences: Collection[str] = (),
    agreed: Callable[[Plan], str | None] | None = None,
) -> Sent:
    """Send what was chosen and has yet to reach people.

    What readers of one of the targets do not have yet waits for the next sending.
    The choice is all there is of these cadences, empty = of all. `agreed` gets the plan and returns
    the hash that was agreed to, None = whatever it is by then; without it nobody is asked. Raises
    MailError with nothing sent.
    """
    from firstword.mail.sending import preview, send

    transport = make_transport(mail_to_send(site))
    urgent = bool(cadences) and _URGENT.issuperset(cadences)
    with open_desk(root, settings, site, urgent=urgent) as (desk, mailing):
        editions, scope, held = to_offer(desk, mailing, choice(mailing), cadences)
        expected = agreed(preview(desk, editions)) if agreed else None
        rate = site.mail.rate if site.mail else 0
        scope = with_lapsed(scope, desk, mailing)
        sent = send(desk, editions, transport, expected=expected, scope=scope, rate=rate)
        sent.held = held
        return sent


def to_offer(
    desk: Desk, mailing: Mailing, editions: Sequence[Edition], cadences: Collection[str]
) -> tuple[Sequence[Edition], Scope, dict[str, str]]:
    """Return what of some editions may go out, what it is about, and why others wait, by their id.

    Mail announces no page that is not there. `cadences` empty = all.
    """
    from firstword.cli.there import hold_back
    from firstword.mail.sending import preview
    from firstword.values import replace

    free, held = hold_back(editions, mailing.readers.lacking, lambda some: preview(desk, some))
    waits = tuple(edition for edition in editions if edition.id in held)
    return free, replace(scope_of(mailing, cadences), held=waits), held


def scope_of(mailing: Mailing, cadences: Collection[str]) -> Scope:
    """Return what a sending is about. `cadences` empty = all."""
    from functools import partial

    from firstword.digest import open_stories, ways_of
    from firstword.mail.missed import Scope
    from firstword.mail.parcel import Cadence

    return Scope(
        now=mailing.now,
        cadences=frozenset(map(Cadence, cadences or Cadence)),
        open_stories=open_stories(mailing.page, mailing.now),
        ways=partial(ways_of, mailing.page),
    )


def with_lapsed(scope: Scope, desk: Desk, mailing: Mailing) -> Scope:
    """Return what a sending is about, with what came and went since the one before it."""
    from firstword.digest import lapsed
    from firstword.mail.missed import unseen_since
    from firstword.values import replace

    unseen = unseen_since(desk.ledger, scope)
    if not unseen:
        return scope
    found = lapsed(mailing.page, min(unseen.values()), scope.now)
    never = (one for one in found if one.cadence in unseen and one.at > unseen[one.cadence])
    return replace(scope, lapsed=tuple(never))


def mail_to_send(site: Site) -> Mail:
    """Return what is set about mail. Raises SettingsError where nothing can be sent."""
    from firstword.mail.place import mail_of

    mail = mail_of(site)
    if not mail.transport:
        raise SettingsError("MAIL_TRANSPORT", "by which server? See docs/mail.md")
    if site.pinned_clock and not _is_local(mail.transport):
        raise SettingsError(
            "PINNED_CLOCK", "the clock of this example stands still; remove it to send mail"
        )
    return mail


def make_transport(mail: Mail) -> Transport:
    """Return the way that the settings name; nothing is reached yet."""
    if mail.transport.startswith("ses"):
        from firstword.mail.ses import SesTransport, make_client

        return SesTransport(make_client(mail), mail, time.sleep)
    from firstword.mail.smtp import SmtpTransport, read_server

    server = read_server(mail.transport, os.environ)
    return SmtpTransport(server, mail.sender, lanes=mail.connections, sleep=time.sleep)


def _is_local(transport: str) -> bool:
    if transport.startswith("ses"):
        return False
    from firstword.mail.smtp import read_server

    return read_server(transport, os.environ).loopback


@contextmanager
def open_desk(
    root: Path, settings: Mapping[str, Any], site: Site, *, urgent: bool = False
) -> Iterator[tuple[Desk, Mailing]]:
    """Open everything, for this process alone. Raises ListMissing, LedgerMissing.

    What is urgent waits a while for a sender that is at work.
    """
    from firstword.cli.mailing import mail_now, open_mailing
    from firstword.clock import system_clock
    from firstword.mail.bond import open_bound
    from firstword.mail.people import open_people
    from firstword.mail.place import at_hand_to_send
    from firstword.mail.sending import Desk
    from firstword.mail.turns import sole_sender

    with (
        at_hand_to_send(root, settings, site, urgent=urgent) as (folder, bucket),
        sole_sender(folder, urgent=urgent, sleep=time.sleep) as turn,
        closing(open_people(folder)) as people,
        open_mailing(root, settings, site, mail_now(site)) as mailing,
        closing(
            open_bound(folder, people, system_clock, bucket, waits=waits_unseen(mailing))
        ) as ledger,
    ):
        # Who works in a bucket has a folder that nobody else does.
        yield Desk(people, ledger, mailing.composer, bucket or turn), mailing


def waits_unseen(mailing: Mailing) -> Callable[[], bool]:
    """Return what tells whether there is something to mail that a list of SES may have had.

    A list of our own is begun by a person; a copy of theirs begins by itself, where it was lost.
    """
    from firstword.digest import editions

    mail = mailing.page.site.mail
    hosted = mail is not None and bool(mail.subscribers)
    return lambda: hosted and bool(editions(mailing.page, mailing.now))


def begin_ledger(root: Path, settings: Mapping[str, Any], site: Site) -> str:
    """Begin a ledger in place of one that is lost; return what was done, ready to print."""
    from firstword.cli.mailing import mail_now, open_mailing
    from firstword.clock import system_clock
    from firstword.mail.bond import begin_anew
    from firstword.mail.people import open_people
    from firstword.mail.place import at_hand_to_send
    from firstword.mail.turns import sole_sender

    with (
        at_hand_to_send(root, settings, site) as (folder, bucket),
        sole_sender(folder),
        closing(open_people(folder)) as people,
        open_mailing(root, settings, site, mail_now(site)) as mailing,
    ):
        aside = begin_anew(
            folder, people, system_clock, bucket, since=mailing.now, waits=waits_unseen(mailing)
        )
    kept = f"; the one before it lies aside as {aside.name!r}" if aside and not bucket else ""
    return f"begun: nothing older than {mailing.now:%Y-%m-%d %H:%M:%S} UTC is mailed{kept}"


def told(sent: Sent) -> Iterator[str]:
    """Yield what a sending came to, ready to print; the last line has the sum."""
    from firstword.mail.ledger import Fate
    from firstword.mail.missed import told as told_missed
    from firstword.mail.sending import OWN_STOPS

    if sent.found_unknown:
        yield f"a sending that died left {sent.found_unknown} letters without an answer"
    for name, counted in sent.fates.items():
        fates = ", ".join(f"{many} {fate}" for fate, many in sorted(counted.items()) if many)
        yield f"{name}: {fates or 'nothing sent'}"
    for name, reasons in sent.unwritten.items():
        for why, many in reasons.items():
            yield f"{name}: NOT sent to {many}: it cannot be written for them: {why}"
    for name, left in sent.plan.changed.items():
        if left:
            yield f"{name}: NOT sent to {left}: its words changed since; write a correction"
    for name, many in sent.plan.unknown.items():
        if many:
            yield f"{name}: nobody knows whether {many} got it; it is not sent again"
    yield from told_held(sent.held)
    if sent.gone:
        yield f"no such mailbox, taken off the list: {sent.gone}"
    yield from told_missed(sent.missed)
    if sent.stopped:
        # Of a server is said what a server did.
        who = "" if sent.stopped.startswith(OWN_STOPS) else "the server "
        yield f"stopped, the rest goes out with the next sending: {who}{sent.stopped}"
    yield f"mailed: {sent.count(Fate.ACCEPTED)} of {sent.plan.total} messages"


def told_held(held: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each edition that waits for its page, ready to print."""
    for name, why in held.items():
        yield f"{name}: NOT mailed yet: the page is not there: {why}"


def send_news(root: Path, settings: Mapping[str, Any], site: Site) -> Sent:
    """Send the word of every update that is out and has yet to reach people."""
    from firstword.digest import news

    return deliver(
        root,
        settings,
        site,
        lambda mailing: news(mailing.page, mailing.now),
        cadences=("immediate", "follow_up"),
    )
