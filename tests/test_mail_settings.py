"""Settings about mail: read with their names, refused where they cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firstword.errors import SettingsError
from firstword.mail.conf import SETTINGS, read_mail
from firstword.settings import read_site

SITE = {"SITENAME": "Acme status", "SITEURL": "https://status.acme.example"}
FROM = {"MAIL_FROM": "status@acme.example"}


def test_a_site_without_a_word_about_mail_sends_none() -> None:
    assert read_site(SITE).mail is None


def test_what_is_not_said_is_the_quiet_way() -> None:
    mail = read_site({**SITE, **FROM}).mail

    assert mail is not None
    assert mail.inbox == mail.sender == "status@acme.example"
    assert mail.state == ".mail"
    assert mail.transport == ""
    assert mail.connections == 4


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("MAIL_FORM", "x@acme.example", "no such setting"),
        ("MAIL_FROM", "Acme <x@acme.example>", "not an address"),
        ("MAIL_FROM", "grüße@acme.example", "not an address"),
        ("MAIL_INBOX", "x@acme.example\r\nBcc: y@z.example", "not an address"),
        ("MAIL_ONE_CLICK", "http://acme.example/u?t=", "an https address"),
        ("MAIL_TRANSPORT", "smpt://mail.acme.example", "did you mean 'smtp'"),
        ("MAIL_TRANSPORT", "smtp://", "write 'smtp://user@mail.acme.example:587'"),
        ("MAIL_STATE", "s3://", "a folder or"),
        ("MAIL_SUBSCRIBERS", "list.csv", "a contact list of SES"),
        ("MAIL_RATE", "14", "a number from 0"),
        ("MAIL_CONNECTIONS", 0, "a number from 1 to 64"),
        ("MAIL_EVENTS", "nowhere", "SQS"),
        ("MAIL_IMAP", "pop3://list@mail.acme.example", "unknown way to read mail: 'pop3'"),
        ("MAIL_IMAP", "imaps://mail.acme.example", "write 'imaps://user@mail.acme.example"),
        ("MAIL_IMAP", "imaps://list:hunter2@mail.acme.example", "FIRSTWORD_IMAP_PASSWORD"),
        ("MAIL_AUTHSERV", "mx.acme.example; dmarc=pass", "not a name"),
        ("MAIL_RECEIVED", "https://acme-inbound.s3.amazonaws.com", "where SES puts mail"),
    ],
)
def test_what_cannot_be_is_refused_by_name(setting: str, value: object, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        read_mail({**FROM, setting: value})

    assert error.value.setting == setting


def test_a_password_in_the_settings_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match=r"FIRSTWORD_SMTP_PASSWORD") as error:
        read_mail({**FROM, "MAIL_TRANSPORT": "smtp://ann:hunter2@mail.acme.example"})

    assert "hunter2" not in str(error.value)


def test_a_mailbox_needs_its_address_and_whom_to_believe() -> None:
    imap = {"MAIL_IMAP": "imaps://list@mail.acme.example/INBOX"}
    inbox, name = {"MAIL_INBOX": "list@acme.example"}, {"MAIL_AUTHSERV": "mx.acme.example"}

    with pytest.raises(SettingsError, match="whose mailbox is it"):
        read_mail({**FROM, **imap, **name})
    with pytest.raises(SettingsError, match="by which name does the mail server sign"):
        read_mail({**FROM, **imap, **inbox})
    mail = read_mail({**FROM, **imap, **inbox, **name})
    assert mail is not None
    assert (mail.imap, mail.authserv) == ("imaps://list@mail.acme.example/INBOX", "mx.acme.example")


def test_mail_that_ses_takes_in_is_believed_as_ses_says() -> None:
    inbox = {"MAIL_INBOX": "list@acme.example", "MAIL_RECEIVED": "s3://acme-inbound/list/"}
    found = read_mail({**FROM, **inbox})

    assert found is not None
    assert (found.received, found.authserv) == ("s3://acme-inbound/list", "amazonses.com")
    assert found.reads_inbox
    with pytest.raises(SettingsError, match="MAIL_INBOX: to which address"):
        read_mail({**FROM, "MAIL_RECEIVED": "s3://acme-inbound/list"})
    with pytest.raises(SettingsError, match="not in both"):
        read_mail({**FROM, **inbox, "MAIL_IMAP": "imaps://x@y.example", "MAIL_AUTHSERV": "y"})


def test_a_list_at_ses_is_mailed_by_ses_which_puts_in_how_to_leave() -> None:
    listed = {**FROM, "MAIL_SUBSCRIBERS": "ses:status"}
    found = read_mail({**listed, "MAIL_TRANSPORT": "ses://eu-west-1", "MAIL_INBOX": "l@a.example"})

    assert found is not None
    assert found.hosted
    assert not found.reads_inbox
    with pytest.raises(SettingsError, match="MAIL_SUBSCRIBERS: people leave 'ses:status'"):
        read_mail({**listed, "MAIL_TRANSPORT": "smtp://mail.acme.example"})


def test_mail_without_a_sender_is_refused() -> None:
    with pytest.raises(SettingsError, match="from which address"):
        read_mail({"MAIL_RATE": 10})


def test_the_page_lists_every_setting() -> None:
    page = (Path(__file__).parent.parent / "docs" / "mail.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(MAIL_[A-Z_]+)`", page, re.MULTILINE)) == set(SETTINGS)
