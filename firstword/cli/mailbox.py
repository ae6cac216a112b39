"""Reading the mailbox from the command line: settings, list, mailbox and server together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.cli.delivery import mail_to_send, make_transport
from firstword.errors import SettingsError
from firstword.model import Site

if TYPE_CHECKING:
    from firstword.mail.people import People
    from firstword.mail.syncing import Synced


def read_mail(people: People, site: Site, folder: Path) -> Synced:
    """Deal with what came in. Raises SettingsError, MailError."""
    from firstword.clock import system_clock
    from firstword.digest.answers import agreed_words, write_answer
    from firstword.mail.deciding import Office
    from firstword.mail.imap import open_mailbox, read_mailbox
    from firstword.mail.inbox import open_inbox
    from firstword.mail.place import sole_sender
    from firstword.mail.syncing import Desk, sync

    mail = mail_to_send(site)
    if not mail.imap:
        raise SettingsError("MAIL_IMAP", "where is mail to MAIL_INBOX read? See docs/mail.md")
    transport = make_transport(mail)
    server, box = read_mailbox(mail.imap, os.environ)
    now = system_clock()
    with sole_sender(folder):
        inbox = open_inbox(folder)
        try:
            desk = Desk(
                office=Office(people=people, site=site, words=lambda one: agreed_words(site, one)),
                inbox=inbox,
                answer=lambda asked, decision: write_answer(
                    site, asked, decision, leave=people.token(decision.person), now=now
                ),
                server=mail.authserv,
                ours=frozenset({mail.sender, mail.inbox}),
            )
            with open_mailbox(server, box) as mailbox:
                return sync(desk, mailbox, transport, now)
        finally:
            inbox.close()


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
    deeds = synced.deeds
    yield (
        f"asked to confirm {deeds[Deed.ASKED]}, subscribed {deeds[Deed.JOINED]}, "
        f"left {deeds[Deed.GONE]}, not understood {deeds[Deed.UNKNOWN] + deeds[Deed.EXPIRED]}; "
        f"{deeds[Deed.LEFT]} messages are for a person"
    )
