"""Mail that SES put into a bucket, and a list that lies in one: moto stands in for S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from imapserver import Folder, imapserver
from mails import listed, reader
from mailserver import Mailbox, mailserver
from s3server import S3Server, s3server
from sites import CONF, SmallSite

from firstword.cli import main
from firstword.clock import system_clock
from firstword.errors import MailError
from firstword.mail.bucket import opened_bucket
from firstword.mail.inbox import Inbox, open_inbox
from firstword.mail.incoming import read_incoming
from firstword.mail.parcel import Standing
from firstword.mail.people import People, open_people
from firstword.mail.received import ReceivedMail
from firstword.mail.verdict import SES
from firstword.store import Found as Object

pytestmark = pytest.mark.usefixtures("keys_of_nobody")

ADA, BO, EVE = (f"{name}@reader.example" for name in ("ada", "bo", "eve"))
OURS = frozenset({"list@acme.example"})
MAIL = (
    'MAIL_FROM = "status@acme.example"\nMAIL_INBOX = "list@acme.example"\n'
    'MAIL_STATE = "s3://acme-private/mail"\n'
)


def received(
    subject: str,
    sender: str = ADA,
    number: int = 1,
    *,
    spam: str = "PASS",
    virus: str = "PASS",
    dmarc: str = "pass",
    signed: str = "reader.example",
    below: str = "",
) -> bytes:
    """Return a message as SES writes it: its own headers above those of the sender."""
    lines = [
        f"Return-Path: <{sender}>",
        "Received: from mx.reader.example (mx.reader.example [192.0.2.1])",
        " by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 795hue2ttd6ie60k15ji41v",
        " for list@acme.example;",
        " Sat, 21 Nov 2026 09:00:00 +0000 (UTC)",
        f"X-SES-Spam-Verdict: {spam}",
        f"X-SES-Virus-Verdict: {virus}",
        "Received-SPF: pass (spfCheck: domain of reader.example) client-ip=192.0.2.1;",
        "Authentication-Results: amazonses.com;",
        " spf=pass (spfCheck: domain of reader.example) client-ip=192.0.2.1; helo=mx;",
        f" dkim=pass header.i=@{signed};",
        f" dmarc={dmarc} header.from=reader.example;",
        "X-SES-RECEIPT: AEFBQUFBQUFBQUFG",
        *filter(None, [below]),
        f"From: {sender}",
        f"Message-ID: <{number}@reader.example>",
        f"Subject: {subject}",
        *("", "", ""),
    ]
    return "\r\n".join(lines).encode()


# ── what SES says of a message ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("raw", "proven"),
    [
        (received("subscribe"), True),
        (received("subscribe", spam="GRAY", virus="PROCESSING_FAILED"), True),
        (received("subscribe", spam="FAIL"), False),
        (received("subscribe", virus="FAIL"), False),
        (received("subscribe", spam="FAIL", below="X-SES-Spam-Verdict: PASS"), False),
        (received("subscribe", below="X-SES-Spam-Verdict: FAIL"), True),
        (received("subscribe", dmarc="fail"), False),
        # SES names whoever signed by the identity; a domain without a policy may do with that.
        (received("subscribe", dmarc="none"), True),
        (received("subscribe", dmarc="none", signed="elsewhere.example"), False),
        (
            received(
                "subscribe",
                dmarc="fail",
                below=f"Authentication-Results: {SES}; dmarc=pass header.from=reader.example",
            ),
            False,
        ),
    ],
)
def test_what_ses_found_out_is_obeyed(raw: bytes, *, proven: bool) -> None:
    assert read_incoming(raw, SES, OURS).proven is proven


def test_elsewhere_nobody_is_condemned_by_a_header_that_anybody_can_write() -> None:
    raw = received("subscribe", spam="FAIL").replace(b"amazonses.com", b"mx.acme.example")

    assert read_incoming(raw, "mx.acme.example", OURS).proven


# ── objects ──────────────────────────────────────────────────────────────────────────────────────

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class Objects:
    """A bucket in memory, with dates."""

    name = "s3://acme-inbound/list"

    def __init__(self, **objects: datetime) -> None:
        self.objects = objects
        self.fetched: list[str] = []

    def get(self, key: str) -> Object | None:
        self.fetched.append(key)
        return Object(received("hello", number=len(self.fetched)), "etag")

    def dated(self) -> Iterator[tuple[str, datetime]]:
        yield from self.objects.items()


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Inbox]:
    """Return notes about nothing."""
    with closing(open_inbox(tmp_path)) as notes:
        yield notes


def test_objects_are_read_in_the_order_they_came_and_once(notes: Inbox) -> None:
    minute = timedelta(minutes=1)
    store = Objects(z=NOW - 3 * minute, a=NOW - minute, m=NOW - 2 * minute)
    store.objects["AMAZON_SES_SETUP_NOTIFICATION"] = NOW
    since = NOW - timedelta(days=30)
    first = ReceivedMail(store)
    for found in first.unread(notes, since):
        if found.at < NOW - minute:
            first.passed(notes, found)
    again = [found.at for found in ReceivedMail(store).unread(notes, since)]

    assert store.fetched == ["z", "m", "a", "a"]
    assert again == [NOW - minute]


def test_what_lies_there_for_long_is_not_even_fetched(notes: Inbox) -> None:
    store = Objects(old=NOW - timedelta(days=31))

    assert list(ReceivedMail(store).unread(notes, NOW - timedelta(days=30))) == []
    assert store.fetched == []


def test_notes_about_objects_go_with_the_years(notes: Inbox) -> None:
    notes.read("s3://b/p", "old", NOW - timedelta(days=91))
    notes.read("s3://b/p", "new", NOW)
    notes.forget_old(NOW)

    assert [notes.has_read("s3://b/p", name) for name in ("old", "new")] == [False, True]


# ── the command, with a list in a bucket ─────────────────────────────────────────────────────────


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    """Run an S3 with a private bucket and one where mail comes in, and have this process use it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("FIRSTWORD_IMAP_PASSWORD", "hunter2")
    with s3server() as s3:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.address)
        for bucket in ("acme-private", "acme-inbound"):
            s3.put(f"/{bucket}")
        yield s3


def came(s3: S3Server, name: str, raw: bytes, ago: int) -> None:
    """Have mail come in so many minutes ago."""
    s3.put(f"/acme-inbound/list/{name}", raw, {"Content-Type": "message/rfc822"})
    s3.date("acme-inbound", f"list/{name}", system_clock() - timedelta(minutes=ago))


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """Return a server that takes everything."""
    with mailserver() as box:
        yield box


def make_site(root: Path, box: Mailbox, conf: str) -> SmallSite:
    """Make a site that sends by that server."""
    site = SmallSite.make(root)
    server = f'MAIL_TRANSPORT = "smtp://127.0.0.1:{box.port}"\n'
    site.write("pelicanconf.py", CONF + MAIL + server + conf)
    return site


def begin_list(*addresses: str) -> None:
    """Put a list into the bucket, as a machine does that goes away then."""
    with opened_bucket(
        "s3://acme-private/mail", (), environ=dict(os.environ), clock=system_clock
    ) as bucket:
        listed(bucket.folder, [reader(one) for one in addresses]).close()


def standings() -> dict[str, Standing]:
    """Return who is on the list in the bucket."""
    with opened_bucket(
        "s3://acme-private/mail", (), environ=dict(os.environ), clock=system_clock
    ) as bucket:
        people: People = open_people(bucket.folder)
        found = {one.subscriber.address: one.subscriber.state for one in people}
        people.close()
    return found


def test_people_subscribe_and_leave_by_mail_that_ses_took_in(
    s3: S3Server,
    box: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = make_site(tmp_path / "site", box, 'MAIL_RECEIVED = "s3://acme-inbound/list"\n')
    monkeypatch.chdir(site.root)
    begin_list(ADA, BO)
    # By their names they would come the other way round.
    came(s3, "b", received("unsubscribe", EVE, 9), 3)
    came(s3, "a", received("subscribe daily", EVE, 1), 2)
    came(s3, "c", received("unsubscribe", BO, 2, spam="FAIL"), 2)
    came(s3, "d", received("unsubscribe", ADA, 3), 2)
    came(s3, "e", received("My order", ADA, 4), 1)
    came(s3, "AMAZON_SES_SETUP_NOTIFICATION", b"From: x@amazonaws.com\r\n\r\nhello\r\n", 1)
    main(["doctor"])
    assert "mail to list@acme.example is read from 's3://acme-inbound/list'" in (
        capsys.readouterr().out
    )
    assert main(["subscribers", "sync"]) == 0
    first = capsys.readouterr().out
    raw = box.taken[-1][1] if box.taken[-1][0] == EVE else box.taken[-2][1]
    request = message_from_bytes(raw, policy=policy.SMTP)
    came(s3, "0", received(f"Re: {request['Subject']}", EVE, 5), 0)
    assert main(["subscribers", "sync"]) == 0
    second = capsys.readouterr().out
    assert main(["subscribers", "sync"]) == 0
    third = capsys.readouterr().out

    assert first == (
        "commands not believed, for the mail server does not vouch for who sent them: 1\n"
        "asked to confirm 1, subscribed 0, left 2, muted 0, not understood 0; "
        "1 messages are for a person\n"
    )
    assert second.startswith("asked to confirm 0, subscribed 1, left 0")
    assert third == (
        "asked to confirm 0, subscribed 0, left 0, muted 0, not understood 0; "
        "0 messages are for a person\n"
    )
    assert standings() == {
        ADA: Standing.UNSUBSCRIBED,
        BO: Standing.ACTIVE,
        EVE: Standing.ACTIVE,
    }
    assert sorted(box.recipients()) == [ADA, EVE, EVE, EVE]
    # Nothing is taken out of the bucket, and nothing of the list stays here.
    assert len(s3.keys("acme-inbound")) == 7
    assert not list(tmp_path.rglob("*.db"))


def test_mail_is_not_read_from_where_readers_look(
    s3: S3Server,
    box: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    public = 'MAIL_RECEIVED = "s3://acme-public/list"\nPUBLISH_TO = "s3://acme-public/site"\n'
    site = make_site(tmp_path / "site", box, public)
    monkeypatch.chdir(site.root)
    begin_list(ADA)

    assert main(["subscribers", "sync"]) == 2
    assert "MAIL_RECEIVED: 's3://acme-public/list' is the bucket" in capsys.readouterr().err
    assert main(["doctor"]) == 1
    assert "FAIL  mail: MAIL_RECEIVED: 's3://acme-public/list'" in capsys.readouterr().out


def test_two_runners_read_a_mailbox_one_after_the_other_and_answer_once(
    s3: S3Server,
    box: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert s3.keys("acme-private") == []
    folder = Folder(came=f"{system_clock():%d-%b-%Y %H:%M:%S +0000}")
    result = "Authentication-Results: mx.acme.example; dmarc=pass header.from=reader.example"
    letter = f"{result}\r\nFrom: {BO}\r\nMessage-ID: <1@x.example>\r\nSubject: unsubscribe\r\n\r\n"
    folder.messages.append(letter.encode())
    begin_list(ADA, BO)
    codes: list[int] = []

    with imapserver(folder):
        conf = (
            f'MAIL_IMAP = "imap+plain://list@127.0.0.1:{folder.port}"\n'
            'MAIL_AUTHSERV = "mx.acme.example"\n'
        )
        one, other = (make_site(tmp_path / name, box, conf) for name in ("one", "other"))

        def meanwhile(step: str, _: str) -> str | None:
            """While the first runner's answer is on its way, the second one begins."""
            if step == "words" and not codes:
                codes.append(-1)
                monkeypatch.chdir(other.root)
                codes.append(main(["subscribers", "sync"]))
            return None

        box.script = meanwhile
        monkeypatch.chdir(one.root)
        assert main(["subscribers", "sync"]) == 0
        told = capsys.readouterr()
        monkeypatch.chdir(other.root)
        # What the first one did, the second one knows, on a disk that never saw it.
        assert main(["subscribers", "sync"]) == 0

    assert codes == [-1, 1]
    assert "works with the list until" in told.err
    assert box.recipients() == [BO]
    assert folder.fetched() == [1]
    assert standings() == {ADA: Standing.ACTIVE, BO: Standing.UNSUBSCRIBED}
    with pytest.raises(MailError, match="works with the list"), _held(), _held():
        pass


def _held() -> AbstractContextManager[object]:
    return opened_bucket("s3://acme-private/mail", (), environ=dict(os.environ), clock=system_clock)
