"""`firstword subscribers sync` in a site: a mailbox over IMAP, answers by SMTP, sudden deaths."""

from __future__ import annotations

import html
import os
import re
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import trustme
from imapserver import Folder, imapserver
from mails import listed, reader
from mailserver import LOSE, Mailbox, kill, mailserver
from sites import CONF, Ran, SmallSite

from firstword.cli.mailbox import told
from firstword.clock import system_clock
from firstword.errors import MailError, SettingsError
from firstword.mail.deciding import Deed
from firstword.mail.imap import open_mailbox, read_mailbox
from firstword.mail.parcel import Standing
from firstword.mail.people import open_people
from firstword.mail.smtp import Server
from firstword.mail.syncing import Synced

ADA, BEN, EVE = (f"{name}@reader.example" for name in ("ada", "ben", "eve"))
PASSWORD = {"FIRSTWORD_IMAP_PASSWORD": "hunter2"}


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """Return a server that takes everything."""
    with mailserver() as box:
        yield box


@pytest.fixture
def folder() -> Iterator[Folder]:
    """Return an empty mailbox to which mail comes now."""
    # The command reads the machine's clock: what it signs must lapse in the world's time.
    came = f"{system_clock():%d-%b-%Y %H:%M:%S +0000}"
    with imapserver(Folder(came=came)) as folder:
        yield folder


@pytest.fixture
def site(tmp_path: Path, box: Mailbox, folder: Folder) -> SmallSite:
    """Return a site with two readers that reads that mailbox and sends by that server."""
    made = SmallSite.make(tmp_path / "site")
    made.write("pelicanconf.py", CONF + mail_conf(box.port, folder.port))
    listed(made.root / ".mail", [reader(ADA), reader(BEN)]).close()
    return made


def mail_conf(smtp: int, imap: int) -> str:
    return (
        'MAIL_FROM = "status@acme.example"\nMAIL_INBOX = "list@acme.example"\n'
        f'MAIL_TRANSPORT = "smtp://127.0.0.1:{smtp}"\n'
        f'MAIL_IMAP = "imap+plain://list@127.0.0.1:{imap}"\nMAIL_AUTHSERV = "mx.acme.example"\n'
    )


def letter(subject: str, sender: str, number: int, *headers: str) -> bytes:
    lines = [
        "Authentication-Results: mx.acme.example; dmarc=pass header.from=reader.example",
        *(f"From: {sender}", f"Message-ID: <{number}@reader.example>", *headers),
        *(f"Subject: {subject}", "", "", ""),
    ]
    return "\r\n".join(lines).encode()


def sync(site: SmallSite) -> Ran:
    return site.firstword("subscribers", "sync", **PASSWORD)


def standings(site: SmallSite) -> dict[str, Standing]:
    people = open_people(site.root / ".mail")
    found = {one.subscriber.address: one.subscriber.state for one in people}
    people.close()
    return found


def test_people_subscribe_and_leave_by_mail(site: SmallSite, box: Mailbox, folder: Folder) -> None:
    folder.messages += [
        letter("subscribe daily components=api", EVE, 1),
        letter("My order", BEN, 2),
        letter("unsubscribe", BEN, 3),
        letter("unsubscribe", ADA, 4, "Auto-Submitted: auto-replied"),
    ]
    first = sync(site)
    pending = site.firstword("subscribers", "list", "--state", "pending").out
    request = message_from_bytes(box.taken[0][1], policy=policy.SMTP)
    folder.messages.append(letter(f"Re: {request['Subject']}", EVE, 5))
    second, third = sync(site), sync(site)
    gone = site.firstword("subscribers", "list", "--state", "unsubscribed").out

    assert re.fullmatch(
        r"[0-9a-f]{12}  daily  pending  until \d{4}-\d\d-\d\d \d\d:\d\d UTC\n"
        r"1 active, \w+\n1 unsubscribed, \w+\n2 on the list\n"
        r"1 pending: asked by mail, and have yet to confirm\n",
        pending,
    ), pending
    assert gone.startswith("b…@reader.example")
    assert "pending" not in gone
    assert (first.code, first.err) == (0, "")
    assert first.out == (
        "asked to confirm 1, subscribed 0, left 1, muted 0, not understood 0; "
        "2 messages are for a person\n"
    )
    assert second.out.startswith("asked to confirm 0, subscribed 1, left 0")
    assert third.out.startswith("asked to confirm 0, subscribed 0, left 0")
    assert box.recipients() == [EVE, BEN, EVE]
    assert standings(site) == {
        ADA: Standing.ACTIVE,
        BEN: Standing.UNSUBSCRIBED,
        EVE: Standing.ACTIVE,
    }
    # What is for a person is as unread as it was, and each was fetched once.
    assert folder.flags == dict.fromkeys((1, 3, 5), "\\Seen \\Answered")
    assert folder.fetched() == [1, 2, 3, 4, 5]
    assert "reader" not in first.out + second.out


def test_who_is_not_believed_is_told_and_what_to_look_at_where_nobody_is() -> None:
    some = Synced(deeds=Counter({Deed.DOUBTED: 2, Deed.GONE: 1}), believed=1)
    none = Synced(deeds=Counter({Deed.DOUBTED: 2}))
    line = "commands not believed, for the mail server does not vouch for who sent them: 2"

    assert list(told(some))[:-1] == [line]
    first, second, _ = told(none)
    assert first == line
    assert "MAIL_AUTHSERV" in second
    assert (some.needs_another, none.needs_another) == (False, True)


STEPS = ("before take", "after take", "words", "answered", "done", "STORE")


@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_any_step_loses_nothing_and_repeats_only_what_may_not_have_arrived(
    site: SmallSite, box: Mailbox, folder: Folder, step: str
) -> None:
    folder.messages += [letter("unsubscribe", BEN, 1), letter("subscribe", EVE, 2)]
    dying = [
        *(sys.executable, str(Path(__file__).parent / "sync_reader.py")),
        step if step in {"before take", "after take", "done"} else "",
    ]
    process = subprocess.Popen(
        dying,
        cwd=site.root,
        env={"PATH": os.environ["PATH"], "HOME": str(site.root), **PASSWORD},
        stdout=subprocess.DEVNULL,
    )
    killed: list[str] = []

    def die(at: str) -> str | None:
        if not killed and at.endswith(step):
            killed.append(at)
            kill(process.pid)
            process.wait()
        return None

    folder.script = lambda command: die(" ".join(command.split()[:2]))
    box.script = lambda at, _: die(at)
    assert process.wait(60) == -9
    folder.script, box.script = (lambda _: None), (lambda _, __: None)
    ran = sync(site)
    people = open_people(site.root / ".mail")
    found = people.find(people.person(BEN))
    people.close()

    assert ran.code == 0
    assert found is not None
    assert found.state is Standing.UNSUBSCRIBED
    assert folder.flags == {1: "\\Seen \\Answered", 2: "\\Seen \\Answered"}
    ids = [message_from_bytes(raw)["Message-ID"] for _, raw in box.taken]
    assert len(set(ids)) == 2
    # Twice at most, under the same id, and only where the answer was on its way; what had arrived
    # may have been noted before the process was gone.
    assert len(ids) in {"words": {3}, "answered": {2, 3}}.get(step, {2})
    assert sync(site).code == 0
    assert len(box.taken) == len(ids)


def test_an_answer_whose_fate_is_not_known_goes_out_again_and_says_so(
    site: SmallSite, box: Mailbox, folder: Folder
) -> None:
    folder.messages.append(letter("unsubscribe", BEN, 1))
    box.script = lambda step, _: LOSE if step == "words" and len(box.taken) == 0 else None
    first, second = sync(site), sync(site)

    assert (first.code, second.code) == (3, 0)
    assert "1 answers put off" in first.out
    assert len({message_from_bytes(raw)["Message-ID"] for _, raw in box.taken}) == 1


def test_without_a_list_nobody_is_put_on_one(site: SmallSite, folder: Folder) -> None:
    (site.root / ".mail" / "subscribers.db").unlink()
    folder.messages.append(letter("subscribe", EVE, 1))
    ran = sync(site)

    assert ran.code == 3
    assert "no list of subscribers" in ran.err
    assert folder.commands == []


def test_a_wrong_password_is_said_and_not_repeated(site: SmallSite, folder: Folder) -> None:
    folder.login = "list other"
    ran = sync(site)

    assert ran.code == 1
    assert "refuses the password" in ran.err
    assert "hunter2" not in ran.err


def test_who_is_forgotten_is_forgotten_in_the_notes_too(site: SmallSite, folder: Folder) -> None:
    folder.messages.append(letter("unsubscribe", BEN, 1))
    sync(site)
    people = open_people(site.root / ".mail")
    person = people.person(BEN).encode()
    people.close()
    notes = site.root / ".mail" / "inbox.db"
    assert person in notes.read_bytes()
    assert site.firstword("subscribers", "forget", BEN).code == 0

    assert person not in notes.read_bytes()


# ── the way to the mailbox ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("secure", ["tls", "starttls"])
def test_a_mailbox_is_read_over_tls(secure: str) -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(theirs)
    authority.configure_trust(ours)
    folder = Folder(messages=[b"Subject: x\r\n\r\n"], tls=theirs, at_once=secure == "tls")
    since = datetime(2026, 11, 1, tzinfo=UTC)
    with imapserver(folder):
        server = Server(
            host="localhost", port=folder.port, secure=secure, user="list", password="hunter2"
        )
        with open_mailbox(server, "INBOX", tls=ours) as mailbox:
            found = list(mailbox.after(1, since))
            assert list(mailbox.after(2, since)) == []
        with (
            pytest.raises(MailError, match="cannot be reached: SSLCertVerificationError"),
            open_mailbox(server, "INBOX"),
        ):
            pass
        with (
            pytest.raises(MailError, match="no such folder"),
            open_mailbox(server, "Other", tls=ours),
        ):
            pass

    assert [(one.number, one.raw) for one in found] == [(1, b"Subject: x\r\n\r\n")]
    assert found[0].at == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_no_password_goes_over_a_server_that_offers_no_tls() -> None:
    with imapserver() as folder:
        server = Server(
            host="localhost", port=folder.port, secure="starttls", user="list", password="hunter2"
        )
        with pytest.raises(MailError, match="cannot be reached"), open_mailbox(server, "INBOX"):
            pass

        assert not [one for one in folder.commands if one.startswith("LOGIN")]


def test_the_address_of_a_mailbox_is_read_with_its_password() -> None:
    server, folder = read_mailbox("imaps://list%40acme.example@mail.acme.example/Status", PASSWORD)

    assert (server.port, server.user, server.password) == (993, "list@acme.example", "hunter2")
    assert folder == "Status"
    with pytest.raises(SettingsError, match="FIRSTWORD_IMAP_PASSWORD: not set"):
        read_mailbox("imaps://list@mail.acme.example", {"NETRC": "/nowhere"})
    with pytest.raises(SettingsError, match="this machine alone"):
        read_mailbox("imap+plain://list@mail.acme.example", PASSWORD)


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def test_the_page_has_links_where_a_mailbox_is_read_and_none_elsewhere(site: SmallSite) -> None:
    assert site.pelican().code == 0
    with_links = site.page("subscribe/index.html", "output")
    site.write("pelicanconf.py", CONF + 'MAIL_FROM = "status@acme.example"\n')
    assert site.pelican().code == 0
    without = site.page("subscribe/index.html", "output")
    links = [html.unescape(link) for link in re.findall(r'href="(mailto:[^"]+)"', with_links)]

    assert links == [
        "mailto:list@acme.example?subject=subscribe%20immediate",
        "mailto:list@acme.example?subject=subscribe%20daily",
        "mailto:list@acme.example?subject=subscribe%20weekly",
        "mailto:list@acme.example?subject=unsubscribe",
    ]
    assert "components=checkout,api" in with_links
    assert "mailto:" not in without
