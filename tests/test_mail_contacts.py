"""SES's contact list: language and zone of a contact, and what is written there from here.

moto keeps lists and contacts. Throttling and missing rights are answered by botocore's stubber.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from mails import MAIL_CONF, listed, reader
from moto import mock_aws
from sites import SmallSite
from test_mail_ses import ADA, BO, CY, MAIL, SITE

from firstword.cli import main
from firstword.errors import MailError
from firstword.mail.contacting import write_contacts
from firstword.mail.contacts import WAITS_A_RUN, take_over
from firstword.mail.parcel import Cadence, Standing, Subscriber
from firstword.mail.people import People, open_people
from firstword.mail.ses import make_client
from firstword.values import replace

pytestmark = pytest.mark.usefixtures("keys_of_nobody")

HOSTED = replace(MAIL, subscribers="ses:status")
TOPICS = ("immediate", "daily", "component-api", "kind-notice", "offers")
LIST = {"ContactListName": "status"}
SHOWN = ("--shown", "Mail me")


@pytest.fixture
def client() -> Iterator[Any]:
    """Return a client of moto's SES with a list of which one topic is not ours."""
    with mock_aws():
        client = make_client(MAIL)
        topics = [
            {"TopicName": name, "DisplayName": name, "DefaultSubscriptionStatus": "OPT_OUT"}
            for name in TOPICS
        ]
        client.create_contact_list(**LIST, Topics=topics)
        yield client


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """Return a client that answers from a list, each answer as the model has it."""
    with Stubber(make_client(MAIL)) as stub:
        yield stub


@pytest.fixture
def folder(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """Go to a site whose list is at SES; return where its copy lies."""
    del client, capsys
    site = SmallSite.make(tmp_path / "site")
    extra = 'MAIL_TRANSPORT = "ses://eu-west-1"\nMAIL_SUBSCRIBERS = "ses:status"\n'
    site.write("pelicanconf.py", MAIL_CONF + extra)
    monkeypatch.chdir(site.root)
    return site.root / ".mail"


def joins(client: Any, who: str, attributes: str | None = None, **topics: str) -> None:
    """Put a contact there, as somebody else's form does."""
    chosen = topics or {"daily": "OPT_IN"}
    client.create_contact(
        **LIST,
        EmailAddress=who,
        TopicPreferences=[
            {"TopicName": name, "SubscriptionStatus": status} for name, status in chosen.items()
        ],
        **({} if attributes is None else {"AttributesData": attributes}),
    )


def known(people: People, who: str) -> Subscriber:
    """Return what our copy says of somebody."""
    found = people.find(people.person(who))
    assert found is not None
    return found


def at_ses(client: Any, who: str) -> tuple[dict[str, str], Any, bool]:
    """Return a contact's preferences, its attributes, and whether it left everything."""
    found = client.get_contact(**LIST, EmailAddress=who)
    told = {p["TopicName"]: p["SubscriptionStatus"] for p in found["TopicPreferences"]}
    return told, json.loads(found.get("AttributesData") or "null"), found["UnsubscribeAll"]


def counted(client: Any) -> list[None]:
    """Return a list that grows with each question about one contact."""
    asked: list[None] = []
    client.meta.events.register(
        "before-call.sesv2.GetContact", lambda **_: asked.append(None), "counted"
    )
    return asked


def never(seconds: float) -> None:
    raise AssertionError(f"waited for {seconds} s")


# ── language and zone ────────────────────────────────────────────────────────────────────────────


def test_language_and_zone_of_a_contact_are_those_of_its_letters(
    client: Any, tmp_path: Path
) -> None:
    joins(client, ADA, '{"language": "de", "zone": "Europe/Berlin", "crm": 7}')
    joins(client, BO)
    people = listed(tmp_path, [])
    take_over(people, client, SITE, HOSTED, never)
    look = known(people, ADA).look

    assert (look.language, look.zone) == ("de", "Europe/Berlin")
    assert known(people, BO).look.language == ""
    assert people.wishes(people.person(ADA))[1] == ""
    assert people.unread == (0, "")


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ("language=de", "AttributesData: not JSON"),
        ("[" * 1000, "AttributesData: not JSON"),
        ('["de"]', "AttributesData: not an object of JSON"),
        ('{"language": "klingon"}', "language: unknown: 'klingon'; write 'en' or 'pt-BR'"),
        ('{"language": 7}', "language: unknown: '7'; write 'en' or 'pt-BR'"),
        ('{"zone": "Mars/Base"}', "zone: unknown: 'Mars/Base'"),
        ('{"language": "ada@reader.example"}', "language: unknown; write 'en' or 'pt-BR'"),
        ('{"language": "x!", "zone": "y!"}', "write 'en' or 'pt-BR'; zone: unknown: 'y!'"),
    ],
)
def test_what_cannot_be_read_is_told_and_nobody_is_lost(
    client: Any, folder: Path, capsys: pytest.CaptureFixture[str], attributes: str, problem: str
) -> None:
    joins(client, ADA, attributes)

    assert main(["subscribers", "list"]) == 0
    told = capsys.readouterr().out
    with closing(open_people(folder)) as people:
        one = known(people, ADA)

    assert (one.state, one.language, one.zone) == (Standing.ACTIVE, "", "")
    assert "\n    at SES, and so the site's own is used: " in told
    assert problem in told
    assert "a…@reader.example" in told
    assert ADA not in told


def test_of_two_wishes_the_one_that_can_be_holds(client: Any, tmp_path: Path) -> None:
    joins(client, ADA, '{"language": "de", "zone": "Mars/Base"}')
    people = listed(tmp_path, [])
    take_over(people, client, SITE, HOSTED, never)

    assert (known(people, ADA).language, known(people, ADA).zone) == ("de", "")


def test_a_contact_is_asked_about_when_it_changed_and_not_again(
    client: Any, tmp_path: Path
) -> None:
    joins(client, ADA, '{"language": "de"}')
    joins(client, BO, '{"language": "ja"}')
    people, asked = listed(tmp_path, []), counted(client)
    counts = []
    for attributes in ("", '{"language": "ar"}'):
        if attributes:
            client.update_contact(**LIST, EmailAddress=BO, AttributesData=attributes)
        for _ in range(2):
            take_over(people, client, SITE, HOSTED, never)
            counts.append(len(asked))

    assert counts == [2, 2, 3, 3]
    assert [known(people, who).language for who in (ADA, BO)] == ["de", "ar"]


def test_who_gets_no_mail_is_not_asked_about(client: Any, tmp_path: Path) -> None:
    joins(client, ADA, '{"language": "de"}')
    client.update_contact(**LIST, EmailAddress=ADA, UnsubscribeAll=True)
    people, asked = listed(tmp_path, []), counted(client)
    take_over(people, client, SITE, HOSTED, never)

    assert not asked
    assert people.unread == (0, "")


def listing(*who: str) -> dict[str, Any]:
    """Return an answer of ListContacts, which never holds attributes."""
    return {
        "Contacts": [
            {
                "EmailAddress": one,
                "TopicPreferences": [{"TopicName": "daily", "SubscriptionStatus": "OPT_IN"}],
                "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
            }
            for one in who
        ]
    }


def test_mail_waits_half_a_minute_for_languages_and_the_next_run_reads_on(
    stub: Stubber, tmp_path: Path
) -> None:
    people = listed(tmp_path, [])
    slept: list[float] = []
    stub.add_response("list_contacts", listing(ADA, BO))
    stub.add_response("get_contact", {"AttributesData": '{"language": "de"}'})
    for _ in range(WAITS_A_RUN + 1):
        stub.add_client_error("get_contact", "TooManyRequestsException", http_status_code=429)
    take_over(people, stub.client, SITE, HOSTED, slept.append)
    stub.assert_no_pending_responses()

    assert slept == [1.0] * 30
    assert people.unread == (1, "SES takes about one question a second")
    assert known(people, BO).state is Standing.ACTIVE

    stub.add_response("list_contacts", listing(ADA, BO))
    stub.add_response(
        "get_contact", {"AttributesData": '{"language": "ja"}'}, {**LIST, "EmailAddress": BO}
    )
    take_over(people, stub.client, SITE, HOSTED, never)

    assert people.unread == (0, "")
    assert [known(people, who).language for who in (ADA, BO)] == ["de", "ja"]


def test_without_the_right_to_ask_mail_goes_out_and_it_is_told(
    stub: Stubber, tmp_path: Path
) -> None:
    people = listed(tmp_path, [])
    stub.add_response("list_contacts", listing(ADA, BO))
    stub.add_client_error("get_contact", "AccessDeniedException", f"about {ADA}", 403)
    take_over(people, stub.client, SITE, HOSTED, never)

    assert people.unread == (2, "SES: GetContact: AccessDeniedException")
    assert known(people, ADA).state is Standing.ACTIVE


def test_a_contact_that_left_while_it_was_read_stops_nothing(stub: Stubber, tmp_path: Path) -> None:
    people = listed(tmp_path, [])
    stub.add_response("list_contacts", listing(ADA, BO))
    stub.add_client_error("get_contact", "NotFoundException", http_status_code=404)
    stub.add_response("get_contact", {"AttributesData": '{"language": "ja"}'})
    take_over(people, stub.client, SITE, HOSTED, never)

    assert known(people, BO).language == "ja"


def test_a_list_that_is_asked_for_too_often_is_asked_for_again(
    stub: Stubber, tmp_path: Path
) -> None:
    people = listed(tmp_path, [])
    slept: list[float] = []
    stub.add_client_error("list_contacts", "TooManyRequestsException", http_status_code=429)
    stub.add_response("list_contacts", listing(ADA))
    stub.add_response("get_contact", {})
    take_over(people, stub.client, SITE, HOSTED, slept.append)

    assert slept == [1.0]
    assert people.count().total() == 1


# ── written from here ────────────────────────────────────────────────────────────────────────────


def test_whoever_is_added_is_added_there_with_language_and_zone(client: Any, folder: Path) -> None:
    wishes = ("--components", "api", "--language", "de", "--zone", "Europe/Berlin")

    assert main(["subscribers", "add", ADA, "--cadence", "daily", *wishes, *SHOWN]) == 0
    topics, attributes, left = at_ses(client, ADA)

    assert {name for name, status in topics.items() if status == "OPT_IN"} == {
        "daily",
        "component-api",
    }
    # Of what is not ours nothing is said.
    assert "offers" not in topics
    assert attributes == {"language": "de", "zone": "Europe/Berlin"}
    assert not left
    assert main(["subscribers", "list"]) == 0
    with closing(open_people(folder)) as people:
        one = known(people, ADA)
    assert one.cadence is Cadence.DAILY
    assert one.components == {"api"}
    assert (one.language, one.zone) == ("de", "Europe/Berlin")
    # What they were shown is known here alone, and stays.
    assert one.consent.words == "Mail me"


def test_what_somebody_else_wrote_into_a_contact_stays(client: Any, folder: Path) -> None:
    joins(client, ADA, '{"crm": 7, "language": "de"}', daily="OPT_IN", offers="OPT_IN")

    assert main(["subscribers", "add", ADA, "--cadence", "immediate", *SHOWN]) == 0
    topics, attributes, _ = at_ses(client, ADA)

    assert folder.is_dir()
    assert (topics["immediate"], topics["daily"], topics["offers"]) == (
        "OPT_IN",
        "OPT_OUT",
        "OPT_IN",
    )
    assert attributes == {"crm": 7}


def test_attributes_that_nobody_can_read_are_not_written_over(
    client: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joins(client, ADA, "crm=7")

    assert main(["subscribers", "add", ADA, "--cadence", "immediate", *SHOWN]) == 1
    assert folder.is_dir()
    assert client.get_contact(**LIST, EmailAddress=ADA)["AttributesData"] == "crm=7"
    told = capsys.readouterr().err
    assert "are no object of JSON" in told
    assert ADA not in told


def test_attributes_that_ses_would_not_take_are_told_before_it_is_asked(
    stub: Stubber,
) -> None:
    topics = [{"TopicName": "daily", "DisplayName": "x", "DefaultSubscriptionStatus": "OPT_OUT"}]
    stub.add_response("get_contact_list", {"Topics": topics})
    stub.add_response("get_contact", {"AttributesData": json.dumps({"crm": "x" * 980})})
    one = reader(ADA, "daily", language="de")
    with pytest.raises(MailError, match="longer than SES takes"):
        write_contacts(stub.client, "status", [one], never)


def test_a_list_without_the_topic_gets_nobody(
    client: Any, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["subscribers", "add", ADA, "--cadence", "weekly", *SHOWN]) == 1
    assert "has no topic 'weekly': nobody was added" in capsys.readouterr().err
    assert client.list_contacts(**LIST)["Contacts"] == []
    with closing(open_people(folder)) as people:
        assert people.count().total() == 0


def test_an_import_is_written_there_and_brings_nobody_back_who_left(
    client: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joins(client, CY)
    client.update_contact(**LIST, EmailAddress=CY, UnsubscribeAll=True)
    table = tmp_path / "crm.csv"
    rows = (f"{ADA},daily,ja", f"{BO},immediate,", f"{CY},daily,de")
    table.write_text("\n".join(("address,cadence,language", *rows)))
    told = []
    for _ in range(2):
        assert main(["subscribers", "import", str(table), *SHOWN]) == 0
        told.append(capsys.readouterr().out.partition(" who")[0])

    assert told == [
        "added 2, changed 0, as they were 0, left alone 1",
        "added 0, changed 0, as they were 2, left alone 1",
    ]
    assert at_ses(client, ADA)[1] == {"language": "ja"}
    assert at_ses(client, BO)[1] is None
    assert at_ses(client, CY)[2]
    with closing(open_people(folder)) as people:
        assert known(people, ADA).language == "ja"


def test_who_left_by_what_a_file_says_has_left_there_too_and_no_file_brings_them_back(
    client: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported, crm = tmp_path / "exported.csv", tmp_path / "crm.csv"
    # A topic that their list lacks keeps nobody from having left.
    exported.write_text(
        "address,cadence,kinds,state\n"
        f"{ADA},daily,,active\n{BO},daily,incident,unsubscribed\n{CY},weekly,,bounced\n"
    )
    crm.write_text(f"address,cadence\n{BO},daily\n{CY},daily\n")
    told = []
    for table in (exported, crm):
        assert main(["subscribers", "import", str(table), *SHOWN]) == 0
        told.append(capsys.readouterr().out.partition(" who")[0])
    with closing(open_people(folder)) as people:
        states = [known(people, who).state for who in (ADA, BO, CY)]

    assert told == [
        "added 1, changed 0, as they were 0, left alone 2",
        "added 0, changed 0, as they were 0, left alone 2",
    ]
    assert [at_ses(client, who)[2] for who in (ADA, BO, CY)] == [False, True, True]
    assert at_ses(client, BO)[0]["daily"] == "OPT_IN"
    assert states == [Standing.ACTIVE, Standing.UNSUBSCRIBED, Standing.BOUNCED]


def test_who_joined_there_meanwhile_is_taken_off_by_no_file(client: Any) -> None:
    joins(client, ADA)
    left = reader(ADA, "daily", state=Standing.UNSUBSCRIBED)
    write_contacts(client, "status", [left], never)

    assert not at_ses(client, ADA)[2]


@pytest.mark.parametrize("verb", ["remove", "forget"])
def test_who_is_let_go_here_is_let_go_there(
    client: Any, folder: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    joins(client, ADA, '{"crm": 7}', daily="OPT_IN", offers="OPT_IN")
    joins(client, BO)

    assert main(["subscribers", verb, ADA]) == 0
    capsys.readouterr()
    assert main(["subscribers", "list"]) == 0
    told = capsys.readouterr().out
    with closing(open_people(folder)) as people:
        found = people.find(people.person(ADA))
        read = people.wishes(people.person(ADA))[0]

    assert "1 active, daily" in told
    there = {one["EmailAddress"] for one in client.list_contacts(**LIST)["Contacts"]}
    if verb == "forget":
        assert found is None
        assert not read
        assert there == {BO}
    else:
        assert found is not None
        assert found.state is Standing.UNSUBSCRIBED
        assert at_ses(client, ADA) == ({"daily": "OPT_IN", "offers": "OPT_IN"}, {"crm": 7}, True)


def test_who_joins_again_there_has_agreed_again(client: Any, folder: Path) -> None:
    assert main(["subscribers", "add", ADA, "--cadence", "daily", *SHOWN]) == 0
    for leaves in (True, False):
        client.update_contact(**LIST, EmailAddress=ADA, UnsubscribeAll=leaves)
        assert main(["subscribers", "list"]) == 0
    with closing(open_people(folder)) as people:
        one = known(people, ADA)

    assert one.state is Standing.ACTIVE
    # What SES showed is not known, and what they were shown before is not what they agreed to.
    assert one.consent.words == ""
