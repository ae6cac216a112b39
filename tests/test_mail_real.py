"""What lies in two hundred inboxes, read over IMAP, after nine days of mail by a real server.

`mail_days` lives through them, once for all tests of this file; `mail_life` says, by a rule of its
own, who should have got what.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from mail_days import (
    CARE,
    CLICKS,
    CONFIRMED,
    FORGED,
    LEFT,
    MUTES,
    NEW,
    NOWHERE,
    REPLIES,
    STATUS,
    Days,
    local,
    read,
    text_of,
)
from mail_life import (
    ANSWERS,
    OFFCUTS,
    REMINDED,
    SAID,
    TITLES,
    Message,
    Reader,
    expected,
    readers,
    told_of,
)
from postfix import PASSWORD, mailhost, why_not
from sites import SmallSite

from firstword.mail.ledger import open_ledger
from firstword.mail.people import open_people
from firstword.values import replace

LOCKERS = "2026-10-13-locker-codes"
#: What was said of them last before somebody came: by the site's clock, and by the word's id.
STOOD, STOOD_ID = "2026-10-13 09:31", "20261013T073100Z"
DOWN = f"update/{LOCKERS}/20261013T065200Z"
_ROOT = re.compile(r"<i\.(.+)\.[0-9a-f]{8}\.root@status\.ternpaper\.example>")
_TAKEN = re.compile(rb"\(Postfix\)\s+with E?SMTPS?A?\s+id (\w+)")
_LIST = re.compile(r"Tern Paper status <(\w+)\.status\.ternpaper\.example>")


@dataclass(frozen=True)
class Inbox:
    """What somebody has at the end: editions, and answers to their own mail."""

    reader: Reader
    raw: list[bytes]
    editions: list[EmailMessage]
    answers: list[EmailMessage]


@pytest.fixture(scope="module")
def days() -> Iterator[Days]:
    if reason := why_not():
        pytest.skip(reason)
    mailboxes = {one.address for one in readers()} - {NOWHERE} | {NEW, STATUS, CARE}
    with mailhost(sorted(mailboxes)) as host:
        site = SmallSite.make(host.folder / "site", {"content/.keep": ""})
        lived = Days(site, host)
        lived.live()
        yield lived


@pytest.fixture(scope="module")
def inboxes(days: Days) -> list[Inbox]:
    changes = {
        REPLIES: {"until": local(LEFT)},
        CLICKS: {"until": local(LEFT)},
        MUTES: {"muted": local(LEFT), "mutes": LOCKERS},
    }
    everybody = [
        *(replace(one, **changes.get(one.address, {})) for one in readers()),
        Reader(NEW, "immediate", frozenset({"lockers"}), language="de", since=local(CONFIRMED)),
    ]
    found = []
    for one in everybody:
        if one.address != NOWHERE:
            raw = once_each(days.host.inbox(one.address))
            told = [read(message) for message in raw]
            editions = [message for message in told if message["List-Id"]]
            answers = [message for message in told if not message["List-Id"]]
            found.append(Inbox(one, raw, editions, answers))
    return found


def once_each(raw: list[bytes]) -> list[bytes]:
    """Leave out what the server itself delivered twice, as it may when it is stopped doing so.

    It gives a name to whatever it takes, so that what was sent to it twice is still there twice.
    """
    names = [_TAKEN.search(one) for one in raw]
    assert all(names)
    return list({name[1]: one for name, one in zip(names, raw, strict=True) if name}.values())


def kind_of(message: EmailMessage) -> Message:
    """Return what tells a message from others, by its headers."""
    name = _LIST.fullmatch(str(message["List-Id"]))
    assert name
    root = _ROOT.fullmatch(str(message.get("References", "")))
    at = parsedate_to_datetime(str(message["Date"]))
    return Message(name[1], at, root[1] if root else "")


def perhaps_twice(days: Days) -> set[str]:
    """Return whom the ledger names: a message to them was on its way when the server went down."""
    folder = days.site.root / ".mail"
    people, ledger = open_people(folder), open_ledger(folder, lambda: CONFIRMED)
    found = [people.find(person) for person in ledger.sent_again(DOWN)]
    ledger.close()
    people.close()
    return {one.address for one in found if one}


def of(inboxes: list[Inbox], address: str) -> Inbox:
    return next(one for one in inboxes if one.reader.address == address)


def test_every_command_did_its_work_but_for_those_in_vain(days: Days) -> None:
    failed = {name: ran.code for name, ran in days.ran.items() if ran.code}
    in_vain = ("wrong password", "stranger", "no TLS", "wrong IMAP password", "IMAP stranger")

    assert failed == {**dict.fromkeys(in_vain, 1), "down": 3}, "\n".join(
        ran.err[-600:] for name, ran in days.ran.items() if name.startswith("publish") and ran.code
    )


def test_everybody_got_what_they_wanted_once_and_nothing_else(
    days: Days, inboxes: list[Inbox]
) -> None:
    named = perhaps_twice(days)
    for inbox in inboxes:
        got = Counter(kind_of(message) for message in inbox.editions)
        if inbox.reader.address in named:
            got = Counter(dict.fromkeys(got, 1))
        assert got == expected(inbox.reader), inbox.reader
    # It was no small thing, and everything that there is was in it.
    sent = Counter(kind_of(message).list for inbox in inboxes for message in inbox.editions)
    assert sent.total() > 1000
    assert set(sent) == {"immediate", "daily", "weekly"}
    assert len(named) <= 4


def test_each_story_is_one_thread_of_one_subject(inboxes: list[Inbox]) -> None:
    roots: dict[str, set[str]] = {}
    for inbox in inboxes:
        subjects: dict[str, set[str]] = {}
        for message in inbox.editions:
            story = kind_of(message).story
            assert message.get("In-Reply-To") == message.get("References")
            assert bool(story) == (kind_of(message).list == "immediate")
            roots.setdefault(story, set()).add(str(message["References"]))
            subjects.setdefault(story, set()).add(str(message["Subject"]))
        subjects.pop("", None)
        assert all(len(told) == 1 for told in subjects.values())
    assert all(len(told) == 1 for told in roots.values())
    assert roots[""] == {"None"}
    assert set(roots) == {"", OFFCUTS, *(said.story for said in SAID)}


def test_whoever_signed_is_who_an_answer_goes_to(inboxes: list[Inbox]) -> None:
    signed = {(said.at, said.story): said.author for said in SAID}
    signed[REMINDED, OFFCUTS] = "Joris Blom"
    # Who came later has the word that stood, dated then.
    signed[local(CONFIRMED), LOCKERS] = signed[STOOD, LOCKERS]
    for inbox in inboxes:
        for message in inbox.editions:
            kind = kind_of(message)
            [sender], [reply] = message["From"].addresses, message["Reply-To"].addresses
            assert sender.addr_spec == STATUS
            if kind.list == "immediate":
                author = signed[local(kind.at), kind.story]
                assert sender.display_name == f"{author} (Tern Paper status)"
                assert reply.addr_spec == ANSWERS[author]
            else:
                assert reply.addr_spec == CARE


def test_nobody_sees_who_else_is_on_the_list(inboxes: list[Inbox]) -> None:
    ids: Counter[str] = Counter()
    for inbox in inboxes:
        for raw in inbox.raw:
            found = re.findall(rb"\b(?:u\d+|new)@reader\.example", raw)
            assert {one.decode() for one in found} == {inbox.reader.address}
        ids.update({str(message["Message-ID"]) for message in inbox.editions})
    assert max(ids.values()) == 1


def test_a_digest_tells_of_what_its_reader_asked_for(inboxes: list[Inbox]) -> None:
    seen: set[str] = set()
    for inbox in inboxes:
        for message in inbox.editions:
            kind = kind_of(message)
            text = " ".join(text_of(message).split())
            if kind.list != "immediate":
                told = told_of(inbox.reader, kind)
                seen |= told
                assert all(TITLES[story] in text for story in told)
                foreign = {said.story for said in SAID if not inbox.reader.hears(said)}
                assert not any(TITLES[story] in text for story in foreign), inbox.reader
            assert message["Content-Language"] == (inbox.reader.language or "en")
            assert "unsubscribe%20" in str(message["List-Unsubscribe"])
    assert seen == set(TITLES)


# ── what went wrong on the way ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        ("wrong password", "does not let us in: 535"),
        ("stranger", "TLS failed: CERTIFICATE_VERIFY_FAILED"),
        ("no TLS", "offers no AUTH"),
        ("wrong IMAP password", "refuses the password"),
        ("IMAP stranger", "cannot be reached: SSLCertVerificationError"),
    ],
)
def test_a_server_that_cannot_be_used_gets_nothing(days: Days, attempt: str, says: str) -> None:
    ran = days.ran[attempt]

    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err
    assert "wrong" not in ran.err
    assert PASSWORD not in ran.err
    assert days.taken["in vain"] == 0


def test_what_was_planned_is_what_is_sent(days: Days) -> None:
    plan, first = days.ran["plan"], days.ran["first"]
    planned = re.search(r"^(\d+) messages to send: \1 immediate$", plan.out, re.MULTILINE)

    assert planned
    assert (plan.code, first.code) == (0, 0)
    assert mailed(first.out) == (int(planned[1]), int(planned[1]))


def test_a_server_that_goes_down_midway_gets_the_rest_when_it_is_back(
    days: Days, inboxes: list[Inbox]
) -> None:
    down, again = days.ran["down"], days.ran["up again"]

    assert down.code == 3
    assert "the rest goes out with the next sending: the server cannot be reached" in down.out
    assert 10 <= days.taken["down"] < 50
    assert again.code == 0
    (first, planned), (rest, left) = mailed(down.out), mailed(again.out)
    assert first >= 10
    assert rest == left
    ids = {
        str(message["Message-ID"])
        for inbox in inboxes
        for message in inbox.editions
        if ".20261013T065200Z." in str(message["Message-ID"])
    }
    # With the one who has no mailbox: the server took that one, too.
    assert len(ids) + 1 == planned == first + rest


def test_who_has_no_mailbox_is_written_to_no_more_when_the_bounce_is_read(days: Days) -> None:
    reports = days.messages(STATUS)

    assert days.ran["bounces"].out == "1 bounced\n"
    assert [one.get_content_type() for one in reports] == ["multipart/report"] * 2
    assert all(NOWHERE in one.as_string() for one in reports)
    # The two that were sent before anybody read what had come back.
    assert days.host.log().count(f"to=<{NOWHERE}>") == 2
    assert days.standing(NOWHERE) == "bounced"


# ── what people wrote ────────────────────────────────────────────────────────────────────────────


def test_who_asks_by_mail_is_asked_back_and_hears_from_then_on(
    days: Days, inboxes: list[Inbox]
) -> None:
    inbox = of(inboxes, NEW)
    request, welcome = inbox.answers

    assert days.ran["asked"].out.startswith("asked to confirm 1, subscribed 0, left 0")
    assert days.ran["confirmed"].out.startswith("asked to confirm 0, subscribed 1, left 0")
    assert str(request["Subject"]).startswith("confirm immediate components=lockers language=de ")
    assert [one["Content-Language"] for one in inbox.answers] == ["de", "de"]
    assert welcome["Auto-Submitted"] == "auto-replied"
    # First of all the word that holds, though it was sent to everybody else before.
    first = inbox.editions[0]
    assert str(first["Archived-At"]).endswith(f"#u-{STOOD_ID}>")
    assert local(kind_of(first).at) == local(CONFIRMED)
    assert days.standing(NEW) == "active"


@pytest.mark.parametrize("who", [REPLIES, CLICKS])
def test_who_leaves_hears_one_confirmation_and_nothing_more(
    days: Days, inboxes: list[Inbox], who: str
) -> None:
    told = days.messages(who)

    assert [message["Auto-Submitted"] for message in told[-2:]] == [
        "auto-generated",
        "auto-replied",
    ]
    assert len(of(inboxes, who).answers) == 1
    assert len(told) > 1
    assert days.standing(who) == "unsubscribed"


def test_who_has_enough_of_one_story_hears_all_others(inboxes: list[Inbox]) -> None:
    inbox = of(inboxes, MUTES)
    [answer] = inbox.answers
    later = [kind for one in inbox.editions if local((kind := kind_of(one)).at) > local(LEFT)]

    assert text_of(answer).startswith(
        "You get no more mail about this:\nThe pickup lockers refuse your code\n"
    )
    assert {kind.story for kind in later} == {one for one in (OFFCUTS, *TITLES) if one != LOCKERS}


def test_a_forged_mail_unsubscribes_nobody_and_waits_for_a_person(
    days: Days, inboxes: list[Inbox]
) -> None:
    left = (
        "commands not believed, for the mail server does not vouch for who sent them: 1\n"
        "asked to confirm 0, subscribed 0, left 2, muted 1, not understood 0; "
        "0 messages are for a person\n"
    )

    assert days.ran["left"].out == left
    assert of(inboxes, FORGED).answers == []
    assert days.standing(FORGED) == "active"
    done = {b"\\Seen", b"\\Answered"}
    assert days.host.flags(CARE) == [done] * 5 + [set()]
    # The server wrote what it found in place of what the forger had.
    [found] = days.messages(CARE)[-1].get_all("Authentication-Results", [])
    assert "dkim=none" in found


def test_no_address_is_in_what_commands_say_or_in_the_ledger(days: Days) -> None:
    said = "".join(ran.out + ran.err for ran in days.ran.values())
    ledger = (days.site.root / ".mail" / "ledger.db").read_bytes()

    assert "reader.example" not in said
    assert b"reader.example" not in ledger


def mailed(out: str) -> tuple[int, int]:
    """Read how many messages a sending came to, and of how many."""
    found = re.search(r"^mailed: (\d+) of (\d+) messages$", out, re.MULTILINE)
    assert found, out
    return int(found[1]), int(found[2])
