"""Bounces and complaints: whom they take off the list, and whom a forged one does not."""

from __future__ import annotations

import json
import mailbox
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakestore import FakeStore
from mails import MAIL_CONF, NINE, Scribe, listed, reader, returned, word
from moto import mock_aws
from sites import SmallSite

from firstword.cli import main
from firstword.mail.events import (
    Aside,
    OddEvent,
    apply,
    read_events,
    read_mailbox,
    read_message,
    read_objects,
    read_place,
)
from firstword.mail.inbox import open_inbox
from firstword.mail.parcel import Look, Standing
from firstword.mail.people import People
from firstword.mail.ses import make_queue_client
from firstword.values import replace

ADA, BO = "ada@reader.example", "bo@reader.example"
LATER = "2026-11-21T10:00:00.000Z"


@pytest.fixture
def people(tmp_path: Path) -> People:
    """Return a list of two."""
    return listed(tmp_path / "list", [reader(ADA), reader(BO)])


@pytest.fixture
def aside(tmp_path: Path) -> Iterator[Aside]:
    """Return where odd events are set aside; none is expected."""

    def unexpected(name: str) -> None:
        raise AssertionError(name)

    with closing(open_inbox(tmp_path / "list")) as notes:
        yield Aside(notes, "s3://events", NINE, unexpected)


def bounce(who: str, kind: str = "Permanent", at: str = LATER, sub: str = "General") -> str:
    """Write the event that SES sends for a bounce."""
    told = {
        "bounceType": kind,
        "bounceSubType": sub,
        "timestamp": at,
        "bouncedRecipients": [{"emailAddress": who, "action": "failed", "status": "5.1.1"}],
    }
    return json.dumps({"eventType": "Bounce", "bounce": told})


def complaint(who: str) -> str:
    """Write the notification that SES sends for a complaint."""
    told = {"timestamp": LATER, "complainedRecipients": [{"emailAddress": who}]}
    return json.dumps({"notificationType": "Complaint", "complaint": told})


def state(people: People, who: str) -> Standing:
    """Return how it stands with somebody."""
    found = people.find(people.person(who))
    assert found is not None
    return found.state


def letter(people: People, who: str) -> bytes:
    """Return what somebody was sent."""
    token = people.token(people.person(who))
    return Scribe().compose(word(9), Look(), ()).for_recipient(who, token)


# ── SES ──────────────────────────────────────────────────────────────────────────────────────────


def test_events_of_ses_take_off_the_list_whom_they_name(people: People) -> None:
    wrapped = json.dumps({"Type": "Notification", "Message": complaint(BO.upper())})
    changed = apply(people, read_events(people, bounce(ADA) + "\n" + wrapped))

    assert changed == {Standing.BOUNCED: 1, Standing.COMPLAINED: 1}
    assert (state(people, ADA), state(people, BO)) == (Standing.BOUNCED, Standing.COMPLAINED)


def test_a_full_mailbox_is_no_reason_to_leave_somebody_out(people: People) -> None:
    assert not apply(people, read_events(people, bounce(ADA, "Transient")))
    assert state(people, ADA) is Standing.ACTIVE


@pytest.mark.parametrize("sub", ["OnAccountSuppressionList", "Suppressed"])
def test_whom_ses_writes_to_no_more_is_taken_off(people: People, sub: str) -> None:
    """Moto keeps no suppression list: this is the event as the service's own pages show it.

    SES takes such a letter and sends it to nobody: only the event says that it never left.
    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
    """
    told = json.loads(bounce(ADA, sub=sub))
    told["bounce"] |= {
        "feedbackId": "0100017f5a-000000",
        "reportingMTA": "dns; amazonses.com",
        "bouncedRecipients": [
            {
                "emailAddress": ADA,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "Amazon SES did not send the message to this address because it "
                "is on the suppression list for your account.",
            }
        ],
    }
    told["mail"] = {"messageId": "0100017f5a", "destination": [ADA]}

    assert apply(people, read_events(people, json.dumps(told))) == {Standing.BOUNCED: 1}
    assert state(people, ADA) is Standing.BOUNCED


def test_who_left_at_ses_has_left(people: People) -> None:
    told = bounce(ADA, "Transient", sub="UnsubscribedRecipient")

    assert apply(people, read_events(people, told)) == {Standing.UNSUBSCRIBED: 1}


def test_an_event_from_before_somebody_agreed_again_changes_nothing(people: People) -> None:
    told = bounce(ADA, at="2026-10-31T10:00:00.000Z")

    assert not apply(people, read_events(people, told))


@pytest.mark.parametrize(
    "odd",
    [
        f"<{ADA}>",
        f'["{ADA}"]',
        "[" * 100_000,
        json.dumps({"eventType": "Bounce", "bounce": ADA}),
        json.dumps({"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}),
        json.dumps({"eventType": "Complaint", "complaint": {"complainedRecipients": [ADA]}}),
        json.dumps({"detail": ADA}),
        json.dumps({"Type": "Notification", "Message": {"eventType": "Bounce"}}),
        "\ufffd\ufffd\x00",
    ],
)
def test_what_is_no_event_is_set_aside_told_once_and_stands_in_nobodys_way(
    people: People, aside: Aside, odd: str
) -> None:
    store = FakeStore()
    store.add("events/1", (bounce(ADA) + odd).encode())
    store.add("events/2", complaint(BO).encode())
    told: list[str] = []
    once, again = (
        apply(people, read_objects(people, store, replace(aside, tell=told.append)))
        for _ in range(2)
    )

    assert once == {Standing.BOUNCED: 1, Standing.COMPLAINED: 1}
    assert not again
    assert told == ["events/1"]
    assert len(store.objects) == 2


def test_an_odd_event_is_told_without_its_words(people: People) -> None:
    with pytest.raises(OddEvent, match="not JSON") as error:
        list(read_events(people, f"<{ADA}>"))

    assert "reader" not in str(error.value)


@pytest.mark.parametrize("at", [None, 7, "yesterday", "0001-01-01T00:00:00+23:59"])
def test_an_event_without_a_time_counts(people: People, at: object) -> None:
    assert apply(people, read_events(people, bounce(ADA, at=at))) == {  # type: ignore[arg-type]
        Standing.BOUNCED: 1
    }


def test_objects_in_a_bucket_are_read_and_may_be_read_again(people: People, aside: Aside) -> None:
    store = FakeStore()
    store.add("events/2026/11/21/1", (bounce(ADA) + bounce(BO, "Transient")).encode())
    store.add("events/2026/11/21/2", complaint(BO).encode())
    once, again = (apply(people, read_objects(people, store, aside)) for _ in range(2))

    assert once == {Standing.BOUNCED: 1, Standing.COMPLAINED: 1}
    assert not again
    assert len(store.objects) == 2


@pytest.mark.usefixtures("keys_of_nobody")
def test_a_queue_is_emptied_of_what_was_dealt_with(people: People, aside: Aside) -> None:
    told: list[str] = []
    with mock_aws():
        address = "https://sqs.eu-west-1.amazonaws.com/123456789012/events"
        client = make_queue_client(address)
        address = client.create_queue(QueueName="events")["QueueUrl"]
        for number in range(12):
            client.send_message(QueueUrl=address, MessageBody=bounce(f"r{number}@reader.example"))
        odd = client.send_message(QueueUrl=address, MessageBody="{")["MessageId"]
        client.send_message(QueueUrl=address, MessageBody=bounce(ADA))
        changed = apply(people, read_place(people, address, {}, replace(aside, tell=told.append)))
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = client.get_queue_attributes(QueueUrl=address, AttributeNames=asked)["Attributes"]

    assert changed == {Standing.BOUNCED: 1}
    # What is no event stays there, for the queue's own rules, and came back no second time.
    assert sorted(left.values()) == ["0", "1"]
    assert told == [odd]


# ── a mailbox ────────────────────────────────────────────────────────────────────────────────────


def test_a_bounce_that_returns_our_headers_counts(people: People) -> None:
    report = read_message(people, returned(ADA, letter(people, ADA)))

    assert report is not None
    assert (report.person, report.state) == (people.person(ADA), Standing.BOUNCED)


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ("5.1.1", True),
        ("5.1.10", True),
        ("5.1.0", False),
        ("5.1.8", False),
        ("5.0.0", False),
        ("", False),
        ("5.2.1", True),
        ("5.2.2", False),
        ("4.2.2", False),
        ("4.4.7", False),
        ("5.7.1", False),
    ],
)
def test_who_is_there_stays_on_the_list_whatever_a_server_says(
    people: People, status: str, gone: bool
) -> None:
    raw = returned(ADA, letter(people, ADA)).replace(b"5.1.1", status.encode())

    found = read_message(people, raw)
    apply(people, iter([found] if found else []))

    assert (state(people, ADA) is Standing.BOUNCED) is gone


def test_a_bounce_from_before_somebody_was_added_again_changes_nothing(people: People) -> None:
    raw = returned(ADA, letter(people, ADA))
    old, new = (
        raw.replace(b"Subject:", f"Date: {date}\r\nSubject:".encode(), 1)
        for date in ("Mon, 05 Jan 2026 10:00:00 +0100", "Mon, 04 Jan 2027 10:00:00 +0100")
    )
    reports = [read_message(people, one) for one in (old, new)]

    assert [apply(people, iter([one] if one else [])) for one in reports] == [
        {},
        {Standing.BOUNCED: 1},
    ]


def test_the_message_id_alone_is_proof_for_its_own_recipient(people: People) -> None:
    line = next(one for one in letter(people, ADA).split(b"\r\n") if one.startswith(b"Message-ID"))
    right = read_message(people, returned(ADA, line))
    wrong = read_message(people, returned(BO, line))

    assert right is not None
    assert right.person == people.person(ADA)
    assert wrong is not None
    assert wrong.person == ""


def test_a_forged_bounce_takes_nobody_off_the_list(people: People, tmp_path: Path) -> None:
    forged = tmp_path / "forged.eml"
    forged.write_bytes(returned(ADA, b"Message-ID: <update.x.0123456789abcdef@acme.example>"))
    unproven: list[None] = []
    changed = apply(people, read_mailbox(people, forged, lambda: unproven.append(None)))

    assert not changed
    assert len(unproven) == 1
    assert state(people, ADA) is Standing.ACTIVE


def test_a_complaint_counts_though_it_hides_the_address(people: People) -> None:
    original = letter(people, ADA).replace(ADA.encode(), b"redacted@reader.example")
    raw = returned("redacted@reader.example", original)
    report = read_message(people, raw.replace(b"delivery-status;", b"feedback-report;"))

    assert report is not None
    assert (report.person, report.state) == (people.person(ADA), Standing.COMPLAINED)


def test_a_letter_from_a_reader_is_no_bounce(people: People) -> None:
    assert (
        read_message(people, b"From: ada@reader.example\r\nSubject: Re\r\n\r\nThanks!\r\n") is None
    )


def test_the_command_reads_a_maildir(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write("pelicanconf.py", MAIL_CONF)
    people = listed(site.root / ".mail", [reader(ADA), reader(BO)])
    box = mailbox.Maildir(tmp_path / "bounces")
    box.add(returned(ADA, letter(people, ADA)))
    box.add(returned(BO, b"Message-ID: <x@y.example>"))
    box.close()
    monkeypatch.chdir(site.root)

    assert main(["subscribers", "bounces", str(tmp_path / "bounces")]) == 0
    told = capsys.readouterr().out
    assert told == "1 bounced\n1 do not prove which letter they answer: left alone\n"
    assert Counter(state(people, who) for who in (ADA, BO)) == {
        Standing.BOUNCED: 1,
        Standing.ACTIVE: 1,
    }
    assert main(["subscribers", "bounces"]) == 2
    people.close()


def test_the_time_of_an_event_is_read_in_utc(people: People) -> None:
    (report,) = read_events(people, bounce(ADA))

    assert report.at == datetime(2026, 11, 21, 10, tzinfo=UTC)
