"""Reading the mailbox from the command line: settings, list, mailbox and server together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.cli.delivery import mail_to_send, make_transport
from firstword.errors import SettingsError
from firstword.model import Mail, Site

if TYPE_CHECKING:
    from firstword.mail.people import People
    from firstword.mail.syncing import Mailbox, Synced
    from firstword.mail.threads import Threads


def read_mail(people: People, site: Site, folder: Path, content: Path) -> Synced:
    """Deal with what came in. `content` is where stories lie. Raises SettingsError, MailError."""
    from firstword.clock import system_clock
    from firstword.digest.answers import agreed_words, write_answer
    from firstword.mail.bond import accepted_in
    from firstword.mail.deciding import Office
    from firstword.mail.events import give_up
    from firstword.mail.inbox import open_inbox
    from firstword.mail.syncing import Desk, sync
    from firstword.mail.turns import sole_reader

    mail = mail_to_send(site)
    transport = make_transport(mail)
    open_mailbox = _mailbox(mail, site)
    now = system_clock()
    with sole_reader(folder), closing(open_inbox(folder)) as inbox:
        threads = _threads(site, folder)
        desk = Desk(
            office=Office(
                people=people,
                site=site,
                words=lambda one: agreed_words(site, one),
                answered=threads.story,
                mailed=threads.mailed,
            ),
            inbox=inbox,
            answer=lambda asked, decision: write_answer(
                site,
                asked,
                decision,
                leave=people.token(decision.person),
                now=now,
                title=_title(content, site, decision.story, threads),
            ),
            server=mail.authserv,
            ours=frozenset({mail.sender, mail.inbox}),
        )
        with open_mailbox() as mailbox:
            synced = sync(desk, mailbox, transport, now)
        synced.reported += give_up(people, accepted_in(folder, system_clock), now)
        return synced


def _mailbox(mail: Mail, site: Site) -> Callable[[], AbstractContextManager[Mailbox]]:
    """Return what opens the mailbox of the settings; a password that is missing is told now."""
    if mail.received:
        from firstword.mail.bucket import open_private_store
        from firstword.mail.received import Dated, ReceivedMail

        store = open_private_store("MAIL_RECEIVED", mail.received, site.publish_to, os.environ)
        if not isinstance(store, Dated):
            raise SettingsError("MAIL_RECEIVED", f"not a bucket: {mail.received!r}")
        return lambda: nullcontext(ReceivedMail(store))
    if not mail.imap:
        raise SettingsError("MAIL_IMAP", "where is mail to MAIL_INBOX read? See docs/mail.md")
    from firstword.mail.imap import open_mailbox, read_mailbox

    server, box = read_mailbox(mail.imap, os.environ)
    return lambda: open_mailbox(server, box)


def _threads(site: Site, folder: Path) -> Threads:
    """Return which stories were mailed about, as ledgers know."""
    from firstword.clock import system_clock
    from firstword.mail.bond import every_ledger
    from firstword.mail.threads import Threads

    ledgers = every_ledger(folder, system_clock)
    return Threads(site, (told for ledger in ledgers for told in ledger.told()))


def _title(content: Path, site: Site, story: str, threads: Threads) -> str:
    """Return what letters about a story have as their subject; "" = it cannot be said.

    Of others nothing is said: somebody may name a draft.
    """
    if not threads.mailed(story):
        return ""
    from firstword.digest.telling import subject_of
    from firstword.parse import parse

    for path in sorted(content.rglob(f"{story}.md")):
        found = parse(path.read_bytes(), path.name, site.timezone).incident
        if found is not None and found.id == story:
            return subject_of(found)
    return ""


def told(synced: Synced) -> Iterator[str]:
    """Yield what a run came to, ready to print; nobody's address is in it."""
    from firstword.mail.deciding import Deed

    if synced.stopped:
        yield f"stopped, the rest is for the next run: {synced.stopped}"
    if synced.waiting:
        yield f"{synced.waiting} answers put off by the server: the next run tries again"
    if synced.unanswered:
        yield f"{synced.unanswered} answers that the server does not take: done, but not answered"
    if synced.quiet:
        yield f"{synced.quiet} done, but not answered: that address had its answers for today"
    if synced.reported:
        changed = ", ".join(f"{many} {state}" for state, many in sorted(synced.reported.items()))
        yield f"by reports of mail servers: {changed}"
    if synced.unproven:
        yield f"reports that do not prove which letter they answer: {synced.unproven}"
    deeds = synced.deeds
    if deeds[Deed.DOUBTED]:
        yield (
            "commands not believed, for the mail server does not vouch for who sent them: "
            f"{deeds[Deed.DOUBTED]}"
        )
    if synced.nobody_believed:
        yield (
            "no command of this run is believed: does the server sign Authentication-Results, by "
            "the name in MAIL_AUTHSERV? When that is changed, they are read again"
        )
    yield (
        f"asked to confirm {deeds[Deed.ASKED]}, subscribed {deeds[Deed.JOINED]}, "
        f"left {deeds[Deed.GONE]}, muted {deeds[Deed.MUTED] + deeds[Deed.UNMUTED]}, "
        f"not understood {deeds[Deed.UNKNOWN] + deeds[Deed.EXPIRED]}; "
        f"{deeds[Deed.LEFT]} messages are for a person"
    )
