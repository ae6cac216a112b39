"""Sending through SES, and its contact list.

moto stands in for identities, contact lists and sends. What it does not have (GetAccount,
throttling) or takes without looking (ListManagementOptions, an unknown configuration set) is
answered by botocore's stubber, which holds questions and answers to the model of the API; whether a
call is repeated is seen by a server on loopback.
"""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import letters
import pytest
from botocore.stub import ANY, Stubber
from mails import MAIL_CONF, day, desk, listed, reader, word
from moto import mock_aws
from moto.ses.models import ses_backends
from running import running
from sites import SmallSite

from firstword.cli import main
from firstword.errors import FirstwordError, ListMissing, MailError
from firstword.mail.contacts import take_over
from firstword.mail.ledger import Fate
from firstword.mail.parcel import SES_HOLE, Cadence, Look, Standing
from firstword.mail.people import People
from firstword.mail.private import open_private
from firstword.mail.sending import preview, send
from firstword.mail.ses import SesTransport, make_client
from firstword.mail.transport import Quota
from firstword.model import Kind, Mail
from firstword.settings import read_site
from firstword.values import replace

pytestmark = pytest.mark.usefixtures("keys_of_nobody")

ADA, BO, CY = (f"{name}@reader.example" for name in ("ada", "bo", "cy"))
MAIL = Mail(
    sender="status@acme.example",
    inbox="status@acme.example",
    transport="ses://eu-west-1",
    connections=2,
)
SITE = read_site(
    {
        "SITENAME": "Acme status",
        "SITEURL": "https://status.acme.example",
        "COMPONENTS": [{"id": "checkout"}, {"id": "api"}],
    }
)
_ACCOUNT = "123456789012"  # moto's
WORDS = b"Subject: x\r\n\r\nOne in five fails.\r\n"
ACCOUNT = {
    "SendingEnabled": True,
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 49990.5},
}


@pytest.fixture
def client() -> Iterator[Any]:
    """Return a client of moto's SES with one verified sender."""
    with mock_aws():
        client = make_client(MAIL)
        client.create_email_identity(EmailIdentity="status@acme.example")
        yield client


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """Return a client that answers from a list, each answer as the model has it."""
    with Stubber(make_client(MAIL)) as stub:
        yield stub


def way(client: Any, mail: Mail = MAIL) -> SesTransport:
    """Return a transport that does not wait."""
    return SesTransport(client, mail, sleep=lambda _: None)


# ── with moto ────────────────────────────────────────────────────────────────────────────────────


def test_a_message_arrives_byte_for_byte(client: Any) -> None:
    told = way(client).open().send(ADA, WORDS)
    sent = ses_backends[_ACCOUNT]["eu-west-1"].sent_messages

    assert told.fate is Fate.ACCEPTED
    assert [(m.destinations, m.raw_data) for m in sent] == [([ADA], WORDS.decode())]


def test_a_sender_that_is_not_verified_stops_the_sending(client: Any) -> None:
    other = replace(MAIL, sender="status@elsewhere.example")
    told = way(client, other).open().send(ADA, WORDS)

    assert told.fate is Fate.PLANNED
    assert told.stop == "SES refuses to send: MessageRejected"


def test_a_contact_list_says_who_subscribed_and_how(client: Any, tmp_path: Path) -> None:
    mail = replace(MAIL, subscribers="ses:status")
    topics = [
        {"TopicName": name, "DisplayName": name, "DefaultSubscriptionStatus": "OPT_OUT"}
        for name in ("immediate", "daily", "component-api", "kind-notice")
    ]
    client.create_contact_list(ContactListName="status", Topics=topics)
    for who, names, leaves in (
        (ADA, ("daily", "component-api", "kind-notice"), False),
        (BO, ("immediate", "daily"), False),
        (CY, ("daily",), True),
        ("dädä@reader.example", ("daily",), False),
    ):
        client.create_contact(
            ContactListName="status",
            EmailAddress=who,
            TopicPreferences=[
                {"TopicName": name, "SubscriptionStatus": "OPT_IN"} for name in names
            ],
            UnsubscribeAll=leaves,
        )
    people = listed(tmp_path, [reader("gone@reader.example"), reader(BO, state=Standing.BOUNCED)])
    cannot = take_over(people, client, SITE, mail)
    ada, bo, cy = (people.find(people.person(who)) for who in (ADA, BO, CY))

    assert cannot == 1
    assert ada is not None
    assert bo is not None
    assert cy is not None
    assert ada.cadence is Cadence.DAILY
    assert ada.components == {"api"}
    assert ada.kinds == {Kind.NOTICE}
    assert ada.consent.how == "SES contact list status"
    assert (bo.cadence, bo.state) == (Cadence.IMMEDIATE, Standing.BOUNCED)
    assert cy.state is Standing.UNSUBSCRIBED
    assert people.count().total() == 3


def test_the_copy_is_brought_up_to_date_before_anything_is_done_with_it(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client.create_contact_list(
        ContactListName="status",
        Topics=[
            {"TopicName": "daily", "DisplayName": "Daily", "DefaultSubscriptionStatus": "OPT_IN"}
        ],
    )
    client.create_contact(
        ContactListName="status",
        EmailAddress=ADA,
        TopicPreferences=[{"TopicName": "daily", "SubscriptionStatus": "OPT_IN"}],
    )
    site = SmallSite.make(tmp_path / "site")
    extra = 'MAIL_TRANSPORT = "ses://eu-west-1"\nMAIL_SUBSCRIBERS = "ses:status"\n'
    site.write("pelicanconf.py", MAIL_CONF + extra)
    monkeypatch.chdir(site.root)

    assert main(["subscribers", "list"]) == 0
    assert "1 active, daily" in capsys.readouterr().out
    # Nobody of it is forgotten where it was deleted, and the exit code says that there is none.
    client.delete_contact_list(ContactListName="status")
    assert main(["subscribers", "list"]) == 3
    assert "there is no contact list 'status'" in capsys.readouterr().err
    assert main(["subscribers", "sync"]) == 2
    assert "'ses:status' keeps the list" in capsys.readouterr().err


def test_a_list_that_is_not_there_empties_nothing(client: Any, tmp_path: Path) -> None:
    people = listed(tmp_path, [reader(ADA)])
    with pytest.raises(ListMissing, match="no contact list 'status'"):
        take_over(people, client, SITE, replace(MAIL, subscribers="ses:status"))

    assert people.count().total() == 1


def test_what_people_choose_on_the_page_of_ses_holds_from_the_next_plan_on(
    client: Any, tmp_path: Path
) -> None:
    mail = replace(MAIL, subscribers="ses:status")
    topics = [
        {"TopicName": name, "DisplayName": name, "DefaultSubscriptionStatus": "OPT_OUT"}
        for name in ("immediate", "daily")
    ]
    client.create_contact_list(ContactListName="status", Topics=topics)
    for who in (ADA, BO, CY):
        client.create_contact(
            ContactListName="status",
            EmailAddress=who,
            TopicPreferences=[{"TopicName": "immediate", "SubscriptionStatus": "OPT_IN"}],
        )
    at = desk(tmp_path)
    take_over(at.people, client, SITE, mail)
    early = datetime(2026, 11, 1, tzinfo=UTC)
    for member in list(at.people):
        at.people.put([replace(member.subscriber, since=early)])
    before = preview(at, [word(9), day(20)]).recipients
    # Their page writes as UpdateContact does: one chose the daily digest, one left it all.
    wishes = [("immediate", "OPT_OUT"), ("daily", "OPT_IN")]
    chosen = [{"TopicName": name, "SubscriptionStatus": status} for name, status in wishes]
    named = {"ContactListName": "status"}
    client.update_contact(**named, EmailAddress=BO, TopicPreferences=chosen)
    client.update_contact(**named, EmailAddress=CY, UnsubscribeAll=True)
    take_over(at.people, client, SITE, mail)

    assert before == {word(9).id: 3}
    assert preview(at, [word(9), day(20)]).recipients == {word(9).id: 1, day(20).id: 1}


# ── what moto does not have, by the model of the API ─────────────────────────────────────────────


def test_the_quota_is_read_and_more_is_not_begun(stub: Stubber, tmp_path: Path) -> None:
    at = desk(tmp_path, *(reader(f"r{n}@reader.example") for n in range(10)))
    stub.add_response("get_account", ACCOUNT)
    assert way(stub.client).quota() == Quota(left=9, rate=14.0)

    stub.add_response("get_account", ACCOUNT)
    with pytest.raises(MailError, match="SES takes 9 more today"):
        send(at, [word(9)], way(stub.client), expected=None)
    stub.assert_no_pending_responses()


def test_an_account_that_may_not_send_is_told_before_anything_is_planned(stub: Stubber) -> None:
    stub.add_response("get_account", {**ACCOUNT, "SendingEnabled": False})
    with pytest.raises(MailError, match="switched off"):
        way(stub.client).quota()


def test_ses_puts_in_its_own_way_to_unsubscribe_where_it_keeps_the_list(stub: Stubber) -> None:
    mail = replace(MAIL, subscribers="ses:status", configuration_set="status")
    stub.add_response(
        "send_email",
        {"MessageId": "1"},
        {
            "FromEmailAddress": "status@acme.example",
            "ConfigurationSetName": "status",
            "ListManagementOptions": {"ContactListName": "status"},
            "Destination": {"ToAddresses": [ADA]},
            "Content": {"Raw": {"Data": WORDS}},
        },
    )

    assert way(stub.client, mail).open().send(ADA, WORDS).fate is Fate.ACCEPTED


def test_a_letter_leads_to_the_page_of_ses_in_its_text_and_in_its_html(stub: Stubber) -> None:
    mail = replace(letters.MAIL, subscribers="ses:status", transport="ses://eu-west-1")
    page = letters.last_page()
    hosted = letters.composer(replace(page, site=replace(letters.SITE, mail=mail)))
    for name in ("update/2026-10-13-locker-codes/20261013T065200Z", "weekly/2026-W43"):
        letter = hosted.compose(letters.every_edition()[name], Look())
        raw = letter.for_recipient(ADA, letters.TOKEN)
        found = letters.read(raw)

        # SES fills in the first two, and puts in List-Unsubscribe and its one click itself.
        assert raw.count(SES_HOLE.encode()) == 2
        assert f"Unsubscribe: {SES_HOLE}\n" in found.text
        assert f'<a href="{SES_HOLE}">Unsubscribe</a>' in found.html
        assert found.message["List-Unsubscribe"] is None
        assert "mailto:list@" not in found.text + found.html
        stub.add_response(
            "send_email",
            {"MessageId": "1"},
            {
                "FromEmailAddress": "status@ternpaper.example",
                "ListManagementOptions": {"ContactListName": "status"},
                "Destination": {"ToAddresses": [ADA]},
                "Content": {"Raw": {"Data": raw}},
            },
        )
        assert way(stub.client, mail).open().send(ADA, raw).fate is Fate.ACCEPTED


def test_what_is_throttled_is_tried_again(stub: Stubber) -> None:
    for _ in range(2):
        stub.add_client_error("send_email", "TooManyRequestsException", http_status_code=429)
    stub.add_response("send_email", {"MessageId": "1"})
    waited: list[float] = []
    told = SesTransport(stub.client, MAIL, waited.append).open().send(ADA, WORDS)

    assert told.fate is Fate.ACCEPTED
    assert waited == [1, 2]


def test_what_is_throttled_for_long_is_put_off(stub: Stubber) -> None:
    for _ in range(5):
        stub.add_client_error("send_email", "TooManyRequestsException", http_status_code=429)

    assert way(stub.client).open().send(ADA, WORDS).fate is Fate.DEFERRED


@pytest.mark.parametrize(
    ("name", "status", "fate", "stops"),
    [
        ("BadRequestException", 400, Fate.REFUSED, False),
        ("NotFoundException", 404, Fate.PLANNED, True),
        ("SendingPausedException", 400, Fate.PLANNED, True),
        ("LimitExceededException", 400, Fate.PLANNED, True),
        ("AccessDeniedException", 403, Fate.PLANNED, True),
        ("InternalServiceErrorException", 500, Fate.UNKNOWN, False),
    ],
)
def test_what_an_answer_comes_to(
    stub: Stubber, name: str, status: int, fate: Fate, *, stops: bool
) -> None:
    stub.add_client_error("send_email", name, f"about {ADA}", http_status_code=status)
    told = way(stub.client).open().send(ADA, WORDS)

    assert (told.fate, bool(told.stop)) == (fate, stops)
    assert "reader" not in repr(told)


def test_an_empty_page_is_not_the_last_one(stub: Stubber, tmp_path: Path) -> None:
    contact = {
        "EmailAddress": ADA,
        "TopicPreferences": [{"TopicName": "daily", "SubscriptionStatus": "OPT_IN"}],
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
    }
    first = {"ContactListName": "status"}
    stub.add_response("list_contacts", {"Contacts": [], "NextToken": "more"}, first)
    stub.add_response("list_contacts", {"Contacts": [contact]}, {**first, "NextToken": ANY})
    people = listed(tmp_path, [])
    take_over(people, stub.client, SITE, replace(MAIL, subscribers="ses:status"))

    assert people.count().total() == 1


@pytest.mark.parametrize(
    ("pages", "error", "why"),
    [
        ([{}], ListMissing, "had 1: nothing is sent"),
        ([{"Contacts": []}], ListMissing, "had 1: nothing is sent"),
        ([{"Contacts": [], "NextToken": "1"}, {"Contacts": []}], ListMissing, "had 1"),
        ([{"Contacts": [], "NextToken": "1"}] * 2, MailError, "its pages repeat"),
    ],
)
def test_a_list_of_which_nobody_is_left_empties_nothing(
    stub: Stubber,
    tmp_path: Path,
    pages: list[dict[str, Any]],
    error: type[FirstwordError],
    why: str,
) -> None:
    for page in pages:
        stub.add_response("list_contacts", page)
    people = listed(tmp_path, [reader(ADA)])
    with pytest.raises(error, match=why):
        take_over(people, stub.client, SITE, replace(MAIL, subscribers="ses:status"))

    assert people.count().total() == 1


def test_a_list_that_begins_empty_is_one(stub: Stubber, tmp_path: Path) -> None:
    stub.add_response("list_contacts", {"Contacts": []})
    people = listed(tmp_path, [])

    assert take_over(people, stub.client, SITE, replace(MAIL, subscribers="ses:status")) == 0


def test_of_many_who_are_gone_the_file_is_cleaned_once(stub: Stubber, tmp_path: Path) -> None:
    contact = {
        "EmailAddress": ADA,
        "TopicPreferences": [{"TopicName": "daily", "SubscriptionStatus": "OPT_IN"}],
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
    }
    stub.add_response("list_contacts", {"Contacts": [contact]})
    listed(tmp_path, (reader(f"r{number}@reader.example") for number in range(50))).close()
    db = open_private(tmp_path / "subscribers.db")
    said: list[str] = []
    db.set_trace_callback(said.append)
    people = People(db)
    take_over(people, stub.client, SITE, replace(MAIL, subscribers="ses:status"))

    assert people.count().total() == 1
    assert said.count("VACUUM") == 1


# ── once, and never again by itself ──────────────────────────────────────────────────────────────


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[str]]]:
    """Run a server that reads a request and answers so, or hangs up; yield what it was asked."""
    asked: list[str] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            asked.append(self.rfile.readline().decode())
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            self.wfile.write(answer)

    with running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)) as at:
        yield f"http://{at}", asked


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 503 Busy\r\n\r\n"],
)
def test_a_message_without_an_answer_left_us_once_and_is_unknown(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(answer) as (address, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", address)
        told = way(make_client(MAIL)).open().send(ADA, WORDS)

    assert told.fate is Fate.UNKNOWN
    assert len(asked) == 1


def test_a_server_that_is_not_there_stops_the_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"") as (address, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", address)
    told = way(make_client(MAIL)).open().send(ADA, WORDS)

    assert told.fate is Fate.PLANNED
    assert "cannot be reached" in told.stop
