"""A letter is composed once; what differs from one recipient to the next is put in last."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from firstword.mail.parcel import TOKEN_HOLE, TOKEN_LENGTH, Letter
from firstword.values import replace

TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
OTHER = "abcdefghijklmnopqrstuvwxyz234566"

LETTER = Letter(
    head=b"Subject: Card payments fail\r\nMIME-Version: 1.0\r\n",
    body=b"One in five fails.\r\n-- \r\nmailto:leave@status.example?subject="
    + TOKEN_HOLE
    + b"\r\n",
    name="i.card-payments.20261121T092000Z.1f2e3d4c",
    domain="status.example",
    unsubscribe_to="leave@status.example",
    one_click="https://leave.example/?t=",
)


def test_a_message_carries_its_recipient_and_nobody_elses_token() -> None:
    raw = LETTER.for_recipient("ada@reader.example", TOKEN)
    message = message_from_bytes(raw, policy=policy.SMTP.clone(raise_on_defect=True))

    assert message["To"] == "ada@reader.example"
    assert message["Subject"] == "Card payments fail"
    assert message["List-Unsubscribe"] == (
        f"<https://leave.example/?t={TOKEN}>, "
        f"<mailto:leave@status.example?subject=unsubscribe%20{TOKEN}>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert raw.endswith(f"subject={TOKEN}\r\n".encode())
    assert TOKEN_HOLE not in raw


def test_a_message_can_be_dated_when_it_was_due_to_its_recipient() -> None:
    dated = replace(LETTER, head=b"Date: Sat, 21 Nov 2026 08:20:00 +0000\r\n" + LETTER.head)
    due = datetime(2026, 11, 26, 9, 5, tzinfo=UTC)
    usual, late = (dated.for_recipient("ada@reader.example", TOKEN, at) for at in (None, due))

    assert usual.startswith(b"Date: Sat, 21 Nov 2026 08:20:00 +0000\r\n")
    assert late == usual.replace(
        b"Date: Sat, 21 Nov 2026 08:20:00 +0000", b"Date: Thu, 26 Nov 2026 09:05:00 +0000"
    )


def test_a_message_id_stays_for_a_person_and_differs_between_two() -> None:
    once, again = (LETTER.for_recipient("ada@reader.example", TOKEN) for _ in range(2))
    other = LETTER.for_recipient("bo@reader.example", OTHER)

    assert once == again
    assert LETTER.message_id(TOKEN) != LETTER.message_id(OTHER)
    assert TOKEN.encode() not in LETTER.message_id(TOKEN).encode()
    assert LETTER.message_id(OTHER).encode() in other


def test_a_token_is_as_long_as_its_place() -> None:
    assert len(TOKEN) == len(TOKEN_HOLE) == TOKEN_LENGTH


@pytest.mark.parametrize(
    "address",
    ["ada@reader.example\r\nBcc: all@reader.example", "a@b.example, c@d.example", "Ada <a@b.c>"],
)
def test_an_address_cannot_bring_a_header_along(address: str) -> None:
    with pytest.raises(ValueError, match="not an address") as told:
        LETTER.for_recipient(address, TOKEN)

    assert "reader" not in str(told.value)


@pytest.mark.parametrize("name", ["a b", "a\r\nBcc: x@y.example", "<a", "ä"])
def test_a_letter_cannot_bring_a_header_along_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a header"):
        Letter(head=b"", body=b"", name=name, domain="status.example")


@pytest.mark.parametrize("body", ["grüße\r\n".encode(), b"x" * 999])
def test_a_letter_is_what_every_server_takes(body: bytes) -> None:
    with pytest.raises(ValueError, match="998"):
        Letter(head=b"", body=body, name="n", domain="status.example")


def test_without_an_endpoint_mail_alone_unsubscribes() -> None:
    letter = Letter(
        head=b"",
        body=b"x",
        name="n",
        domain="status.example",
        unsubscribe_to="leave@status.example",
    )
    raw = letter.for_recipient("ada@reader.example", TOKEN)

    assert b"List-Unsubscribe-Post" not in raw
    assert b"https://" not in raw
