"""Keep the list of those who hear from us by mail.

Addresses are shown by 'export' alone. ADDRESS may be '-': then it is read from stdin, and no other
program on this machine sees it. CSV has a header: address, cadence, and where you like components,
kinds, language, zone; what 'export' wrote is read back with what people agreed to.

examples:
  firstword subscribers add ada@reader.example --cadence immediate --shown "Mail me every update"
  firstword subscribers import crm.csv --shown "Status mail, as agreed in your contract"
  firstword subscribers import /safe/place/subscribers.csv      what 'export' wrote
  firstword subscribers list
  firstword subscribers list --state pending           asked by mail, and have yet to confirm
  firstword subscribers remove ada@reader.example      keeps that this person left
  firstword subscribers forget ada@reader.example      keeps nothing
  firstword subscribers mute ada@reader.example 2026-11-21-card-payments    no more of this story
  firstword subscribers bounces ~/Maildir/.bounces     or, without a mailbox, from MAIL_EVENTS
  firstword subscribers sync                           reads MAIL_INBOX: who subscribes, who leaves
  firstword subscribers export > /safe/place/subscribers.csv

exit code: 0 done, 1 nothing done, 2 usage or settings, 3 there is no list, an answer has to wait,
or an event of SES cannot be read
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstword.errors import MailError, SettingsError

if TYPE_CHECKING:
    from firstword.mail.contacts import Sleep
    from firstword.mail.parcel import Consent, Subscriber
    from firstword.mail.people import People
    from firstword.model import Site


STATES = ("pending", "active", "bounced", "complained", "unsubscribed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add = verbs.add_parser("add", help="add somebody who agreed, or take somebody back who asked")
    add.add_argument("address", metavar="ADDRESS")
    add.add_argument("--cadence", required=True, help="immediate, daily or weekly")
    for name, what in (
        ("components", "only these parts, by their ids"),
        ("kinds", "only these: incident, maintenance, notice"),
        ("language", "such as 'de'; the site's where not given"),
        ("zone", "such as 'Asia/Tokyo'; the site's where not given"),
    ):
        add.add_argument(f"--{name}", default="", help=what)
    imports = verbs.add_parser("import", help="add and change those of a CSV file, all or none")
    imports.add_argument("file", metavar="CSV", type=Path)
    for one, unless in ((add, ""), (imports, ", where the file does not say it")):
        one.add_argument(
            "--shown",
            required=one is add,
            metavar="WORDS",
            help=f"the words people agreed to{unless}",
        )
        one.add_argument("--how", default="", help="by which way they agreed, for the record")
    lists = verbs.add_parser("list", help="who is on the list, with addresses masked, and how many")
    lists.add_argument("--state", choices=STATES, help="those of this state alone")
    verbs.add_parser("export", help="everything that is known, as CSV, addresses too")
    bounces = verbs.add_parser("bounces", help="no more mail for whom bounces and complaints name")
    bounces.add_argument(
        "mailbox", metavar="MAILBOX", nargs="*", type=Path, help="a Maildir, an mbox, a message"
    )
    verbs.add_parser("sync", help="read the mailbox: let people subscribe and leave by mail")
    for verb, text in (
        ("remove", "no more mail for somebody; an import does not bring them back"),
        ("forget", "remove every trace of somebody, from the ledger too"),
    ):
        verbs.add_parser(verb, help=text).add_argument("address", metavar="ADDRESS")

    for verb, text in (
        ("mute", "no more mail about one story for somebody; of all others as before"),
        ("unmute", "mail about it again"),
    ):
        muting = verbs.add_parser(verb, help=text)
        muting.add_argument("address", metavar="ADDRESS")
        muting.add_argument(
            "story", metavar="STORY", help="its id: the name of its file, as a rule"
        )


def run(options: argparse.Namespace) -> int:
    """Do one thing with the list of the site around the current folder."""
    from firstword.cli import find_root
    from firstword.mail.people import open_people
    from firstword.mail.place import at_hand
    from firstword.settings import CONF, load_settings, read_site

    root = find_root(Path.cwd())
    settings: Mapping[str, Any] = load_settings(root / CONF)
    site = read_site(settings)
    begins = options.verb in {"add", "import"}
    if options.verb == "sync" and site.mail and site.mail.subscribers:
        raise SettingsError(
            "MAIL_SUBSCRIBERS", f"{site.mail.subscribers!r} keeps the list: people join there"
        )
    content = root / str(settings.get("PATH", "content"))
    with at_hand(root, settings, site) as folder:
        people = open_people(folder, create=begins)
        try:
            return _VERBS[options.verb](_At(people, options, site, folder, content))
        finally:
            people.close()


@dataclass(frozen=True, slots=True)
class _At:
    """What a verb works with."""

    people: People
    options: argparse.Namespace
    site: Site
    folder: Path
    content: Path


def _add(at: _At) -> int:
    from firstword.mail.parcel import Standing
    from firstword.mail.table import NEEDED, OPTIONAL, RowProblem, read_subscriber
    from firstword.values import replace

    row = {name: getattr(at.options, name) for name in (*NEEDED, *OPTIONAL)}
    row["address"] = _given(at.options.address)
    try:
        one = read_subscriber(row, at.site, _consent(at.options, "added by hand"))
    except RowProblem as problem:
        raise MailError(f"nobody was added: {problem}") from None
    known = at.people.find(at.people.person(one.address))
    if known and known.state is Standing.ACTIVE:
        # What is on its way to somebody who is there stays on its way.
        one = replace(one, since=known.since, muted=known.muted)
    if known:
        # SES knows a contact by the letters it was written in.
        one = replace(one, address=known.address)
    _put(at, [one])
    print("changed: one subscriber" if known else "added: one subscriber")
    return 0


def _import(at: _At) -> int:
    from firstword.mail.table import compare, read_table

    try:
        with at.options.file.open(encoding="utf-8-sig", newline="") as file:
            consent = _consent(at.options, f"imported from {at.options.file.name}")
            read = list(read_table(file, at.site, consent))
    except OSError as error:
        raise MailError(f"{str(at.options.file)!r}: {error.strerror}") from error
    problems = [one for one in read if isinstance(one, str)]
    for problem in problems:
        print(f"{at.options.file}: {problem}", file=sys.stderr)
    if problems:
        raise MailError(f"nothing was imported: {len(problems)} lines cannot be read")
    counts, wanted = compare(at.people, (one for one in read if not isinstance(one, str)))
    _put(at, wanted)
    print(
        f"added {counts.added}, changed {counts.changed}, as they were {counts.same}, "
        f"left alone {counts.left_alone} who left or cannot be reached"
    )
    return 0


def _put(at: _At, wanted: Sequence[Subscriber]) -> None:
    """Write subscribers into SES's list, where that keeps them, then into the one here."""
    from firstword.mail.place import mail_of

    mail = mail_of(at.site)
    if mail.subscribers:
        from firstword.mail.contacting import write_contacts
        from firstword.mail.ses import list_name, make_client

        # Who left, as an import has it, too: whom their list does not have our copy soon forgets.
        write_contacts(make_client(mail), list_name(mail), wanted, time.sleep)
    at.people.put(wanted)


def _at_ses(at: _At, person: str, change: Callable[[Any, str, str, Sleep], None]) -> None:
    """Change somebody in SES's list, where that keeps the list: else the copy is soon undone."""
    from firstword.mail.place import mail_of
    from firstword.mail.ses import list_name, make_client

    mail, known = mail_of(at.site), at.people.find(person)
    if mail.subscribers and known:
        change(make_client(mail), list_name(mail), known.address, time.sleep)


def _list(at: _At) -> int:
    from firstword.clock import system_clock
    from firstword.mail.address import masked
    from firstword.mail.missed import SHOWN

    wanted = at.options.state
    asked = at.people.pending(system_clock())
    for waits in asked if wanted == "pending" else ():
        # No address is known of them, only what stands for one.
        until = f"until {waits.until:%Y-%m-%d %H:%M} UTC"
        print(waits.person[:SHOWN], waits.cadence, wanted, until, sep="  ")
    for member in at.people:
        one = member.subscriber
        if wanted not in {None, one.state}:
            continue
        wishes = " ".join([*sorted(one.components), *sorted(one.kinds), one.language, one.zone])
        told = (masked(one.address), one.cadence, one.state, f"{one.since:%Y-%m-%d}", wishes)
        print("  ".join(told).rstrip())
        if came_back := at.people.soft(member.person):
            days = len({soft.at.date() for soft in came_back})
            print(f"    full or out of reach on {days} days, the last {came_back[-1].at:%Y-%m-%d}")
        if problem := at.people.wishes(member.person)[1]:
            print(f"    at SES, and so the site's own is used: {problem}")
    counted = at.people.count()
    for (state, cadence), many in sorted(counted.items()):
        print(f"{many} {state}, {cadence}")
    print(f"{counted.total()} on the list")
    if asked:
        print(f"{len(asked)} pending: asked by mail, and have yet to confirm")
    unread, why = at.people.unread
    if unread:
        print(f"{unread} whose language and time zone at SES the next run reads: {why}")
    if left_out := at.people.unmailable:
        print(f"{left_out} more of the contact list cannot be mailed: no address that mail takes")
    return 0


def _export(at: _At) -> int:
    from firstword.mail.table import write_table

    for line in write_table(at.people):
        print(line)
    return 0


def _remove(at: _At) -> int:
    from firstword.mail.contacting import leave_contact
    from firstword.mail.parcel import Standing

    person = _person(at)
    _at_ses(at, person, leave_contact)
    if not at.people.set_state(person, Standing.UNSUBSCRIBED):
        raise MailError("nobody of that address is on the list")
    print("removed: no more mail for this subscriber")
    return 0


def _forget(at: _At) -> int:
    from firstword.clock import system_clock
    from firstword.mail.bond import every_ledger
    from firstword.mail.contacting import delete_contact
    from firstword.mail.inbox import open_inbox

    person = _person(at)
    _at_ses(at, person, delete_contact)
    if not at.people.forget(person):
        raise MailError("nobody of that address is on the list")
    for ledger in every_ledger(at.folder, system_clock):
        ledger.forget(person)
    inbox = open_inbox(at.folder)
    inbox.forget(person)
    inbox.close()
    print("forgotten: nothing of this subscriber is left")
    return 0


def _mute(at: _At) -> int:
    from firstword.parse.keys import nearest

    story, mutes = at.options.story, at.options.verb == "mute"
    if "@" in story:
        raise MailError("nobody was changed: first the address, then the id of the story")
    if mutes and story not in (known := _stories(at)):
        raise MailError(f"nobody was changed: no story {story!r}{nearest(story, known)}")
    if not at.people.mute(_person(at), story, mutes=mutes):
        raise MailError("nobody of that address is on the list")
    print(f"{'no more mail' if mutes else 'mail again'} about {story!r} for this subscriber")
    return 0


def _stories(at: _At) -> set[str]:
    """Return the ids of the stories that were mailed about, and of those that are written."""
    from firstword.clock import system_clock
    from firstword.mail.bond import every_ledger

    ledgers = every_ledger(at.folder, system_clock)
    mailed = {story for ledger in ledgers for _, story, _ in ledger.told()}
    files = at.content.rglob("*.md")
    return mailed | {path.stem.partition(".")[0] for path in files}


def _bounces(at: _At) -> int:
    from firstword.clock import system_clock
    from firstword.mail.bond import accepted_in
    from firstword.mail.events import Aside, apply, give_up, read_mailbox, read_place
    from firstword.mail.inbox import open_inbox

    unproven: list[None] = []
    odd: list[str] = []
    place = at.site.mail.events if at.site.mail else ""
    if not at.options.mailbox and not place:
        raise SettingsError("MAIL_EVENTS", "not set: where do bounces go? Or name a mailbox")
    if at.options.mailbox:
        reports = chain.from_iterable(
            read_mailbox(at.people, path, lambda: unproven.append(None))
            for path in at.options.mailbox
        )
        changed = apply(at.people, reports)
    else:
        with closing(open_inbox(at.folder)) as notes:
            aside = Aside(notes, place, system_clock(), odd.append)
            changed = apply(at.people, read_place(at.people, place, os.environ, aside))
    changed += give_up(at.people, accepted_in(at.folder, system_clock), system_clock())
    told = ", ".join(f"{many} {state}" for state, many in sorted(changed.items()))
    print(told or "nobody changed")
    if unproven:
        print(f"{len(unproven)} do not prove which letter they answer: left alone")
    for name in odd:
        print(f"not an event of SES, set aside for a person to look at: {name}")
    return 3 if odd else 0


def _sync(at: _At) -> int:
    from firstword.cli.mailbox import read_mail, told

    synced = read_mail(at.people, at.site, at.folder, at.content)
    for line in told(synced):
        print(line)
    return 3 if synced.needs_another else 0


def _person(at: _At) -> str:
    from firstword.mail.address import AddressProblem, read_address

    try:
        return at.people.person(read_address(_given(at.options.address)))
    except AddressProblem as problem:
        raise MailError(str(problem)) from None


def _given(address: str) -> str:
    return sys.stdin.readline().strip() if address == "-" else address


def _consent(options: argparse.Namespace, way: str) -> Consent:
    from firstword.clock import system_clock
    from firstword.mail.parcel import Consent

    if options.shown is not None and not options.shown.strip():
        raise SettingsError("--shown", "empty: to which words did they agree?")
    return Consent(at=system_clock(), how=options.how or way, words=options.shown or "")


_VERBS: dict[str, Callable[[_At], int]] = {
    "add": _add,
    "import": _import,
    "list": _list,
    "export": _export,
    "remove": _remove,
    "forget": _forget,
    "mute": _mute,
    "unmute": _mute,
    "bounces": _bounces,
    "sync": _sync,
}
