"""What is read out of a message that came in: who says what, and whether it can be believed."""

from __future__ import annotations

import random

import pytest

from firstword.mail.commands import Verb, read_command
from firstword.mail.incoming import Incoming, read_incoming
from firstword.mail.verdict import proves

OURS = frozenset({"status@acme.example", "list@acme.example"})
VOUCHED = "mx.acme.example; dmarc=pass (p=none dis=none) header.from=reader.example"
ADA = "ada@reader.example"
TOKEN = "a2" * 16


def read(text: str, *headers: str, sender: str = f"Ada <{ADA}>", said: str = VOUCHED) -> Incoming:
    lines = [f"Authentication-Results: {said}", f"From: {sender}", "Message-ID: <1@reader.example>"]
    raw = "\r\n".join([*lines, *headers, f"Subject: {text}", "", "Kind regards", ""])
    return read_incoming(raw.encode(), "mx.acme.example", OURS)


# ── who vouches for a sender ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        VOUCHED,
        "mx.acme.example 1; spf=pass; dmarc=pass header.from=Reader.EXAMPLE",
        'mx.acme.example; spf=fail smtp.mailfrom="a; b"@x; dmarc=pass header.from=reader.example',
        "mx.acme.example; dkim=pass header.d=reader.example header.s=k",
        "mx.acme.example; dmarc=none header.from=reader.example; dkim=pass header.d=reader.example",
    ],
)
def test_our_server_vouches_for_a_sender(said: str) -> None:
    assert proves([said], "mx.acme.example", ADA)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "none",
        "mx.acme.example; none",
        "mx.other.example; dmarc=pass header.from=reader.example",
        "mx.acme.example; dmarc=pass header.from=other.example",
        "mx.acme.example; dmarc=pass header.from=reader.example.other.example",
        "mx.acme.example; dmarc=fail header.from=reader.example; dkim=pass header.d=reader.example",
        "mx.acme.example; spf=pass smtp.mailfrom=reader.example",
        "mx.acme.example; dkim=pass header.d=other.example",
        "mx.acme.example; dkim=fail header.d=reader.example",
        # What a sender could put there: in quotes, in brackets, in a header of their own.
        'mx.acme.example; spf=none smtp.mailfrom="; dmarc=pass header.from=reader.example;"',
        "mx.acme.example; spf=none (; dmarc=pass header.from=reader.example;)",
        r"mx.acme.example; spf=none (\); dmarc=pass header.from=reader.example;)",
        'mx.acme.example; spf=none smtp.helo="; dmarc=pass header.from=reader.example',
        "mx.acme.example; dmarc=pass header.from=x.example header.from=reader.example",
    ],
)
def test_nothing_else_does(said: str) -> None:
    assert not proves([said], "mx.acme.example", ADA)


#: What filters of one server write, each a field of its own; a sender's hop; others' fields.
SIGNED = "mx.acme.example; dkim=pass (2048-bit key) header.d=reader.example header.b=x"
UNSIGNED = "mx.acme.example; dkim=none"
PASSES = "mx.acme.example; dmarc=pass (p=none dis=none) header.from=reader.example"
NO_POLICY = "mx.acme.example; dmarc=none header.from=reader.example"
FAILS = "mx.acme.example; dmarc=fail (p=reject dis=none) header.from=reader.example"
MAILED = "mx.acme.example; spf=pass smtp.mailfrom=reader.example"
OTHER = "mx.between.example; dkim=fail header.d=reader.example; dmarc=fail header.from=x.example"
HOP = ""


@pytest.mark.parametrize(
    ("fields", "proven"),
    [
        # OpenDMARC above OpenDKIM, and the other way round; Rspamd in between.
        ((PASSES, SIGNED), True),
        ((SIGNED, PASSES), True),
        ((UNSIGNED, PASSES), True),  # by SPF, aligned
        ((NO_POLICY, SIGNED), True),
        ((SIGNED, NO_POLICY), True),
        ((MAILED, NO_POLICY, SIGNED), True),
        ((MAILED, NO_POLICY), False),
        ((FAILS, SIGNED), False),
        ((SIGNED, FAILS), False),
        ((UNSIGNED, NO_POLICY), False),
        # Others' fields say nothing, above, between or below.
        ((OTHER, PASSES, OTHER, SIGNED), True),
        ((OTHER, MAILED, OTHER, NO_POLICY, SIGNED, OTHER), True),
        ((OTHER.replace("fail", "pass"), UNSIGNED), False),
        # Above our fields nobody but us writes; the hop by which we got it may stand there.
        ((HOP, NO_POLICY, SIGNED, HOP), True),
        # Forged: below the hop nothing counts, whatever name it bears.
        ((UNSIGNED, HOP, PASSES), False),
        ((UNSIGNED, NO_POLICY, HOP, SIGNED, PASSES), False),
        ((HOP, MAILED, HOP, SIGNED), False),
        ((HOP, PASSES), True),
        # Forged, slipped through without a hop: what ours says of a method holds before it.
        ((NO_POLICY, UNSIGNED, PASSES), False),
        ((UNSIGNED, NO_POLICY, SIGNED), False),
        ((FAILS, PASSES), False),
        ((PASSES, FAILS), False),
        ((PASSES.replace("reader", "other"), PASSES), False),
        # In a version that nobody knows, or with words where none belong.
        ((PASSES.replace("example;", "example 2;", 1),), False),
        ((PASSES.replace("example;", "example 1;", 1),), True),
        ((PASSES.replace("example;", "example forged.example;", 1),), False),
    ],
)
def test_the_fields_of_our_server_are_read_together(
    fields: tuple[str, ...], *, proven: bool
) -> None:
    hop = "Received: from reader.example by mx.acme.example with ESMTPS"
    head = [f"Authentication-Results: {one}" if one else hop for one in fields]
    raw = "\r\n".join([*head, f"From: {ADA}", "Subject: subscribe", "", ""]).encode()

    assert read_incoming(raw, "mx.acme.example", OURS).proven is proven


def test_the_topmost_word_of_our_server_counts() -> None:
    failed = "mx.acme.example; dmarc=fail header.from=reader.example"
    other = "mx.between.example; dmarc=fail header.from=reader.example"

    assert proves([other, VOUCHED], "mx.acme.example", ADA)
    assert not proves([failed, VOUCHED], "mx.acme.example", ADA)


# ── what is said ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("subscribe", Verb.SUBSCRIBE),
        ("Subscribe daily", Verb.SUBSCRIBE),
        ("change weekly components=api,checkout kinds=incident", Verb.CHANGE),
        (f"Re: AW: confirm daily language=de {TOKEN.upper()}", Verb.CONFIRM),
        (f"返信: confirm daily {TOKEN}", Verb.CONFIRM),
        (f"unsubscribe {TOKEN}", Verb.UNSUBSCRIBE),
        ("UNSUBSCRIBE.", Verb.UNSUBSCRIBE),
    ],
)
def test_a_command_is_read(text: str, verb: Verb) -> None:
    command = read_command(text)

    assert command is not None
    assert command.verb is verb


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Our order",
        "subscribe to our newsletter now",
        "unsubscribe me from your life",
        "subscribe daily weekly",
        "confirm daily",
        f"subscribe {TOKEN}",
        "unsubscribe daily",
        f"Automatic reply: confirm daily {TOKEN}",
        "subscribe address=bo@reader.example",
        "subscribe " + "components=a " * 2_000,
    ],
)
def test_what_says_anything_else_is_a_letter_to_a_person(text: str) -> None:
    assert read_command(text) is None


def test_an_answer_that_begins_with_a_command_is_one() -> None:
    raw = (
        f"Authentication-Results: {VOUCHED}\r\nFrom: {ADA}\r\nSubject: Re: Acme status: Friday\r\n"
        "\r\n\r\n unsubscribe \r\n\r\n> What is still wrong\r\n"
    )
    mail = read_incoming(raw.encode(), "mx.acme.example", OURS)

    assert mail.command is not None
    assert mail.command.verb is Verb.UNSUBSCRIBE
    assert read("Re: Friday").command is None


def test_a_subject_that_was_folded_and_encoded_is_read() -> None:
    folded = read("confirm daily\r\n components=api\r\n " + TOKEN)
    encoded = read("=?utf-8?q?subscribe_daily?=")

    assert folded.command is not None
    assert folded.command.wishes == (("cadence", "daily"), ("components", "api"))
    assert encoded.command is not None


# ── who says it ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sender",
    [ADA, f"<{ADA}>", f"Ada Lovelace <{ADA}>", f'"Ada, of x@y.example" <{ADA}>'],
)
def test_a_sender_is_one_address(sender: str) -> None:
    mail = read("subscribe", sender=sender)

    assert mail.sender == ADA
    assert mail.proven
    assert not mail.automatic


@pytest.mark.parametrize(
    "sender",
    [
        "",
        f"{ADA}, bo@reader.example",
        f"bo@other.example <{ADA}>",
        f"({ADA}) bo@other.example",
        f"{ADA}\r\nFrom: bo@reader.example",
        f"group:{ADA};",
    ],
)
def test_whoever_could_be_two_is_nobody(sender: str) -> None:
    mail = read("subscribe", sender=sender)

    assert mail.sender == ""
    assert not mail.proven


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "Precedence: bulk",
        "List-Id: <x.reader.example>",
        "List-Unsubscribe: <mailto:x@reader.example>",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: All",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    ],
)
def test_what_a_program_wrote_or_a_list_passed_on_is_known(header: str) -> None:
    assert read("subscribe", header).automatic


@pytest.mark.parametrize("local", ["MAILER-DAEMON", "postmaster", "no-reply", "noreply"])
def test_who_cannot_be_answered_is_known(local: str) -> None:
    assert read("subscribe", sender=f"{local}@reader.example").automatic


def test_we_do_not_talk_to_ourselves() -> None:
    assert read("subscribe", sender="Status@acme.example").automatic
    assert not read("subscribe", "Auto-Submitted: no").automatic


def test_a_message_is_known_again_whatever_way_it_came() -> None:
    once, again = read("subscribe"), read("subscribe", "Received: from elsewhere")

    assert once.key == again.key != read("subscribe daily").key
    assert "reader" not in once.key


def test_nothing_in_a_message_can_stop_us() -> None:
    chance = random.Random(6)  # noqa: S311  the same messages each time
    pieces = [
        *(b"From: ", b"Subject: ", b"Authentication-Results: ", b"=?utf-8?b?=", b"=?x?q?", b"?="),
        *(b"Content-Type: multipart/mixed; boundary=", b"Content-Transfer-Encoding: base64\r\n"),
        *(b"Content-Type: text/plain; charset=nothing\r\n", b"\r\n", b"\n", b"\0", b"\xff\xfe"),
        *(b"<", b">", b"@", b'"', b"(", b";", b"ada@reader.example", b"subscribe", b"--", b" "),
    ]
    for _ in range(3000):
        raw = b"".join(chance.choices(pieces, k=chance.randrange(1, 25)))
        assert not read_incoming(raw, "mx.acme.example", OURS).proven
