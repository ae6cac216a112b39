"""Subscribing by mail: what a message does to the list, and what is answered, in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from mails import Post, Scribe, listed, reader, returned, word

from firstword.cli.mailbox import told
from firstword.digest.answers import agreed_words, write_answer
from firstword.mail.commands import read_command, wishes_of
from firstword.mail.deciding import HOW, Deed, Office
from firstword.mail.inbox import NAME, Inbox, open_inbox
from firstword.mail.ledger import Fate, open_ledger
from firstword.mail.parcel import TOKEN_LENGTH, Cadence, Look, Standing, Subscriber
from firstword.mail.people import NAME as LIST
from firstword.mail.people import People
from firstword.mail.sending import Desk as Sender
from firstword.mail.sending import send
from firstword.mail.soft import Soft
from firstword.mail.syncing import ANSWERS_A_DAY, ANSWERS_A_RUN, Desk, Found, Synced, sync
from firstword.mail.threads import Threads
from firstword.mail.transport import Outcome
from firstword.model import Site
from firstword.settings import read_site
from firstword.values import replace

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
ADA, BO, CY = "ada@reader.example", "bo@reader.example", "cy@reader.example"
SITE = read_site(
    {
        "SITENAME": "Acme status",
        "SITEURL": "https://status.acme.example",
        "CONTACT": "care@acme.example",
        "COMPONENTS": [{"id": "checkout", "name": "Checkout"}, {"id": "api", "name": "API"}],
        "MAIL_FROM": "status@acme.example",
        "MAIL_INBOX": "list@acme.example",
    }
)


@dataclass
class Letters:
    """A mailbox in memory."""

    came: list[Found] = field(default_factory=list)
    marked: dict[int, bool] = field(default_factory=dict)
    name: str = "memory"
    validity: int = 1

    def put(self, raw: str, at: datetime = NOW) -> None:
        self.came.append(Found(number=len(self.came) + 1, at=at, raw=raw.encode()))

    def unread(self, notes: Inbox, since: datetime) -> Iterator[Found]:
        number = notes.next_of(self.name, self.validity)
        yield from (one for one in self.came if one.number >= number and one.at >= since)

    def passed(self, notes: Inbox, found: Found) -> None:
        notes.read_to(self.name, self.validity, found.number)

    def mark(self, number: int, *, answered: bool) -> None:
        self.marked[number] = answered


class Desks:
    """A list with its mailbox and its way to send."""

    def __init__(self, folder: Path, *readers: Subscriber, site: Site = SITE) -> None:
        self.site = site
        self.people: People = listed(folder, readers)
        self.inbox = open_inbox(folder)
        self.folder = folder
        self.letters = Letters()
        self.post = Post()
        self.now = NOW
        self.server = "mx.acme.example"
        #: What was mailed: the id of an edition, its story, the digest of its words.
        self.told: list[tuple[str, str, str]] = []

    def comes(self, subject: str, sender: str = ADA, *headers: str, proven: bool = True) -> None:
        """Have a message come in."""
        result = "pass" if proven else "fail"
        domain = sender.partition("@")[2]
        number = len(self.letters.came) + 1
        lines = [
            f"Authentication-Results: mx.acme.example; dmarc={result} header.from={domain}",
            f"From: {sender}",
            f"Message-ID: <{number}@reader.example>",
            *headers,
            f"Subject: {subject}",
            "",
            "",
        ]
        self.letters.put("\r\n".join(lines), self.now)

    def sync(self) -> Synced:
        """Read the mailbox."""
        threads = Threads(self.site, self.told)
        office = Office(
            people=self.people,
            site=self.site,
            words=lambda one: agreed_words(self.site, one),
            answered=threads.story,
            mailed=threads.mailed,
        )
        desk = Desk(
            office=office,
            inbox=self.inbox,
            answer=lambda mail, decision: write_answer(
                self.site, mail, decision, leave=self.people.token(decision.person), now=self.now
            ),
            server=self.server,
            ours=frozenset({"status@acme.example", "list@acme.example"}),
        )
        return sync(desk, self.letters, self.post, self.now)

    def said(self, subject: str, *more: str, proven: bool = True) -> list[EmailMessage]:
        """Return what is answered to a message."""
        before = len(self.post.arrived)
        self.comes(subject, *more, proven=proven)
        self.sync()
        return self.answers()[before:]

    def answers(self) -> list[EmailMessage]:
        """Return what was answered so far."""
        strict = policy.SMTP.clone(raise_on_defect=True)
        return [message_from_bytes(raw, policy=strict) for _, raw in self.post.arrived]

    def standing(self, address: str) -> Standing | None:
        found = self.people.find(self.people.person(address))
        return found.state if found else None


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    """Return a list with nobody on it."""
    return Desks(tmp_path)


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Not understood.", "What can stand there:", "To ask again:")),
        ("de", ("Nicht verstanden.", "Möglich ist dort:", "Noch einmal:")),
        ("ja", ("読み取れませんでした。", "ここに書けるもの\uff1a", "もう一度\uff1a")),
        ("ar", ("لم يُفهم.", "ما يمكن كتابته هناك:", "للطلب من جديد:")),
    ],
)
def test_what_is_not_understood_is_said_in_the_language_that_was_asked_for(
    desks: Desks, language: str, said: tuple[str, ...]
) -> None:
    (answer,) = desks.said(f"subscribe language={language} kinds=rumour")
    lines = text_of(answer).split("\n")

    assert answer["Content-Language"] == language
    assert [line for line in lines if line in said] == list(said)
    assert lines[2] == "kinds=rumour"
    # Beside our own labels there is what somebody wrote, what can be written, and addresses.
    assert lines[4:7] == ["kinds=incident", "kinds=maintenance", "kinds=notice"]


@pytest.mark.parametrize(
    ("wish", "offered"),
    [
        ("zone=Europe/Copenhagn", "zone=Europe/Copenhagen"),
        ("language=deutsch!", ""),
        ("language=x", "language=de"),
    ],
)
def test_what_comes_near_is_offered(desks: Desks, wish: str, offered: str) -> None:
    answers = desks.said(f"subscribe {wish}")

    # What cannot be a wish at all is a letter to a person.
    assert bool(answers) is bool(offered)
    assert all(offered in text_of(one).split("\n") for one in answers)


# ── subscribing ──────────────────────────────────────────────────────────────────────────────────


def test_who_asks_and_confirms_is_on_the_list_with_what_they_agreed_to(desks: Desks) -> None:
    (request,) = desks.said("subscribe daily components=api,checkout kinds=incident language=de")
    assert desks.people.count().total() == 0  # nothing is kept of who does not confirm
    desks.now += timedelta(hours=5)
    (welcome,) = desks.said(f"Re: {request['Subject']}")
    ada = desks.people.find(desks.people.person(ADA))

    assert ada is not None
    assert (ada.address, ada.cadence, ada.language) == (ADA, Cadence.DAILY, "de")
    assert ada.components == {"api", "checkout"}
    assert ada.state is Standing.ACTIVE
    assert ada.since == ada.consent.at == NOW + timedelta(hours=5)
    assert ada.consent.how == HOW
    assert ada.consent.words.splitlines()[0].startswith("Acme status: Einmal am Tag")
    for line in ada.consent.words.splitlines():
        assert line in text_of(request)
        assert line in text_of(welcome)
    assert desks.letters.marked == {1: True, 2: True}


@pytest.mark.parametrize("language", ["en", "de", "ja", "ar"])
def test_what_a_request_says_is_kept_is_what_is_kept(desks: Desks, language: str) -> None:
    (request,) = desks.said(f"subscribe language={language}")
    person = desks.people.person(ADA).encode()
    notes = desks.folder / NAME

    def kept() -> bytes:
        return b"".join(one.read_bytes() for one in desks.folder.glob(f"{NAME}*"))

    # On no list; the code for ninety days, and no more from then on.
    assert "90" in text_of(request)
    assert desks.people.count().total() == 0
    assert (person in kept(), ADA.encode() in kept()) == (True, False)
    desks.now += timedelta(days=91)
    desks.sync()
    desks.inbox.close()
    assert person not in notes.read_bytes()


def test_who_asked_is_pending_until_they_answer_or_the_request_lapses(desks: Desks) -> None:
    people = desks.people
    desks.said("subscribe weekly", ADA)
    desks.said("subscribe", BO)
    (request,) = desks.said("subscribe daily", CY)
    asked = people.pending(desks.now)
    desks.said(f"Re: {request['Subject']}", CY)
    desks.said("unsubscribe", BO)
    left = [one.person for one in people.pending(desks.now)]
    until = desks.now + timedelta(days=7)
    last = [one.person for one in people.pending(until)]
    over = people.pending(until + timedelta(seconds=1))

    assert {(one.person, one.cadence.value, one.until) for one in asked} == {
        (people.person(ADA), "weekly", until),
        (people.person(BO), "immediate", until),
        (people.person(CY), "daily", until),
    }
    assert left == last == [people.person(ADA)]
    assert over == ()
    assert desks.standing(ADA) is None


def test_of_who_is_pending_no_address_is_kept_and_nothing_after_the_request_lapsed(
    desks: Desks,
) -> None:
    desks.said("subscribe")
    person = desks.people.person(ADA).encode()

    def kept() -> bytes:
        return b"".join(one.read_bytes() for one in desks.folder.glob(f"{LIST}*"))

    first = kept()
    desks.now += timedelta(days=8)
    desks.sync()  # that there is somebody to read the mailbox is enough
    desks.people.close()

    assert (person in first, ADA.encode() in first) == (True, False)
    assert person not in kept()


def test_who_is_pending_gets_no_mail(desks: Desks) -> None:
    desks.said("subscribe")
    post = Post()
    ledger = open_ledger(desks.folder, lambda: desks.now)
    send(Sender(desks.people, ledger, Scribe()), [word(9, standing=True)], post, expected=None)
    ledger.close()

    assert len(desks.people.pending(desks.now)) == 1
    assert post.arrived == []


@pytest.mark.parametrize(
    ("state", "many"), [(Standing.ACTIVE, 0), (Standing.BOUNCED, 1), (Standing.UNSUBSCRIBED, 1)]
)
def test_who_gets_mail_as_it_is_is_not_pending_for_a_change(
    tmp_path: Path, state: Standing, many: int
) -> None:
    desks = Desks(tmp_path, reader(ADA, state=state))
    desks.said("subscribe weekly")

    assert len(desks.people.pending(desks.now)) == many
    assert desks.standing(ADA) is state


def test_who_is_not_asked_to_confirm_is_not_waited_for(desks: Desks) -> None:
    for _ in range(ANSWERS_A_DAY):
        desks.said("subscribe")
    until = desks.people.pending(desks.now)[0].until
    desks.now += timedelta(hours=1)

    assert desks.said("subscribe") == []
    assert [one.until for one in desks.people.pending(desks.now)] == [until]


def test_who_is_forgotten_is_pending_no_more(desks: Desks) -> None:
    desks.said("subscribe")

    assert desks.people.forget(desks.people.person(ADA)) == 1
    assert desks.people.pending(desks.now) == ()
    assert desks.people.forget(desks.people.person(ADA)) == 0


def test_a_request_can_be_answered_and_says_so(desks: Desks) -> None:
    (request,) = desks.said("subscribe weekly")

    assert request["To"] == ADA
    assert request["From"] == "Acme status <status@acme.example>"
    assert request["Reply-To"] == "Acme status <list@acme.example>"
    assert request["Subject"].startswith("confirm weekly ")
    assert request["Auto-Submitted"] == "auto-replied"
    assert request["In-Reply-To"] == request["References"] == "<1@reader.example>"
    assert text_of(request).startswith("To confirm, reply to this message.\n")
    assert "29 November 2026, 06:00 UTC" in text_of(request)
    assert f"mailto:list@acme.example?subject={request['Subject'].replace(' ', '%20')}" in text_of(
        request
    )


def test_whoever_is_known_gets_the_same_answer_as_whoever_is_not(tmp_path: Path) -> None:
    nobody, somebody = Desks(tmp_path / "a"), Desks(tmp_path / "b", reader(ADA, "daily"))
    texts = []
    for desks in (nobody, somebody):
        asked = desks.said("subscribe weekly")[0]
        left = desks.said("unsubscribe")[0]
        # The signatures are another's with another list.
        token = asked["Subject"].split()[-1]
        texts.append([(text_of(one).replace(token, ""), list(one.keys())) for one in (asked, left)])

    assert texts[0] == texts[1]


def test_a_change_is_confirmed_too_and_keeps_since_when(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA, "daily", muted=frozenset({"a-story"})))
    (request,) = desks.said("change immediate zone=Asia/Tokyo")
    before = desks.people.find(desks.people.person(ADA))
    desks.said(request["Subject"])
    after = desks.people.find(desks.people.person(ADA))

    assert before is not None
    assert after is not None
    assert before.cadence is Cadence.DAILY
    assert after.cadence is Cadence.IMMEDIATE
    assert (after.since, after.muted) == (before.since, before.muted)
    assert "15:00" in text_of(request)  # until when it can be confirmed, in Tokyo


@pytest.mark.parametrize("state", [Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED])
def test_who_left_comes_back_by_asking(tmp_path: Path, state: Standing) -> None:
    desks = Desks(tmp_path, reader(ADA, state=state))
    (request,) = desks.said("subscribe")
    assert desks.standing(ADA) is state
    desks.said(request["Subject"])
    found = desks.people.find(desks.people.person(ADA))

    assert found is not None
    assert found.state is Standing.ACTIVE
    assert found.since == NOW


def test_nobody_confirms_what_was_not_asked_for(desks: Desks) -> None:
    subject = str(desks.said("subscribe daily")[0]["Subject"])
    forged = [
        (subject.replace("daily", "immediate"), ADA),
        (subject, BO),
        (subject[:-1] + ("a" if subject[-1] != "a" else "b"), ADA),
        ("confirm daily " + "a" * 32, BO),
    ]
    for text, sender in forged:
        (answer,) = desks.said(text, sender)
        assert text_of(answer).startswith("This can no longer be confirmed.\n")
    assert desks.people.count().total() == 0


def test_a_request_lapses(desks: Desks) -> None:
    (request,) = desks.said("subscribe daily")
    desks.now += timedelta(days=7, seconds=1)
    (answer,) = desks.said(request["Subject"])

    assert text_of(answer).startswith("This can no longer be confirmed.\n")
    assert desks.standing(ADA) is None


def test_what_there_is_none_of_is_said(desks: Desks) -> None:
    (answer,) = desks.said("subscribe components=apy")

    assert "components=apy\nWhat can stand there:\ncomponents=checkout\ncomponents=api\n" in (
        text_of(answer)
    )


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────


def test_who_leaves_hears_one_confirmation_and_nothing_more(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA), reader(BO))
    (answer,) = desks.said("unsubscribe")
    desks.sync()

    assert desks.standing(ADA) is Standing.UNSUBSCRIBED
    assert desks.standing(BO) is Standing.ACTIVE
    assert text_of(answer).startswith("You are not subscribed any more.\n")
    assert answer["Reply-To"] == "Acme status <care@acme.example>"
    assert len(desks.post.arrived) == 1


@pytest.mark.parametrize("proven", [True, False])
def test_an_answer_to_a_person_whose_mailbox_is_read_here_is_enough(
    tmp_path: Path, *, proven: bool
) -> None:
    desks = Desks(tmp_path, reader(ADA), reader(BO))
    result = "pass" if proven else "none"
    for number, line in enumerate(("unsubscribe", "Thank you, Dawn! Please unsubscribe me soon.")):
        desks.letters.put(
            f"Authentication-Results: mx.acme.example; dmarc={result} header.from=reader.example"
            f"\r\nFrom: {(ADA, BO)[number]}\r\nTo: Dawn Okafor <list@acme.example>\r\n"
            f"Message-ID: <{number}@reader.example>\r\nIn-Reply-To: <i.x@status.acme.example>\r\n"
            f"Subject: Re: Card payments fail\r\n\r\n{line}\r\n\r\n"
            "> One in five is refused.\r\n> Unsubscribe: mailto:list@acme.example\r\n"
        )
    desks.sync()
    desks.sync()

    assert desks.standing(ADA) is (Standing.UNSUBSCRIBED if proven else Standing.ACTIVE)
    assert [to for to, _ in desks.post.arrived] == ([ADA] if proven else [])
    # What is a letter to Dawn waits there for her.
    assert desks.standing(BO) is Standing.ACTIVE
    assert set(desks.letters.marked) == ({1} if proven else set())


def test_a_token_unsubscribes_its_owner_whoever_sends_it(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA), reader(BO))
    token = desks.people.token(desks.people.person(ADA))
    (answer,) = desks.said(f"unsubscribe {token}", "other@elsewhere.example", proven=False)

    assert desks.standing(ADA) is Standing.UNSUBSCRIBED
    assert answer["To"] == ADA
    assert answer["In-Reply-To"] is None


def test_a_program_may_unsubscribe_with_a_token_and_hears_nothing(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA))
    token = desks.people.token(desks.people.person(ADA))
    answers = desks.said(f"unsubscribe {token}", ADA, "Auto-Submitted: auto-generated")

    assert answers == []
    assert desks.standing(ADA) is Standing.UNSUBSCRIBED


# ── who is not answered ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("subject", ["subscribe", "unsubscribe", "subscribe components=apy"])
def test_who_cannot_be_believed_changes_nothing_and_hears_nothing(
    tmp_path: Path, subject: str
) -> None:
    desks = Desks(tmp_path, reader(ADA))

    assert desks.said(subject, proven=False) == []
    assert desks.said(subject, ADA, "Auto-Submitted: auto-replied") == []
    assert desks.standing(ADA) is Standing.ACTIVE
    assert desks.letters.marked == {}


def test_a_command_that_is_not_believed_is_counted_as_one(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA))
    desks.comes("unsubscribe", proven=False)
    desks.comes("My order")
    desks.comes("subscribe", ADA, "Auto-Submitted: auto-replied", proven=False)
    nobody = desks.sync()
    desks.comes("subscribe", BO)
    desks.comes("change daily", ADA, proven=False)
    one = desks.sync()
    desks.comes("My other order")
    none = desks.sync()

    assert nobody.deeds == {Deed.DOUBTED: 1, Deed.LEFT: 2}
    assert nobody.needs_another
    # Where our server vouches for somebody it is set up: the other one is a forgery.
    assert one.deeds == {Deed.DOUBTED: 1, Deed.ASKED: 1}
    assert not one.needs_another
    assert not none.needs_another


def test_what_was_not_believed_under_a_wrong_name_is_read_again_under_the_right_one(
    tmp_path: Path,
) -> None:
    desks = Desks(tmp_path, reader(ADA), reader(BO))
    desks.server = "mx.acme.exmaple"
    token = desks.people.token(desks.people.person(BO))
    desks.comes(f"unsubscribe {token}", BO)
    desks.comes("unsubscribe")
    wrong, again = desks.sync(), desks.sync()
    desks.people.set_state(desks.people.person(BO), Standing.ACTIVE)
    desks.server = "mx.acme.example"
    right, after = desks.sync(), desks.sync()

    assert wrong.deeds == {Deed.GONE: 1, Deed.DOUBTED: 1}
    assert wrong.needs_another
    assert not again.deeds
    # What was done is not done again.
    assert right.deeds == {Deed.GONE: 1}
    assert (desks.standing(ADA), desks.standing(BO)) == (Standing.UNSUBSCRIBED, Standing.ACTIVE)
    assert not after.deeds


def test_an_auto_responder_confirms_nothing(desks: Desks) -> None:
    (request,) = desks.said("subscribe")

    assert desks.said(f"Re: {request['Subject']}", ADA, "Auto-Submitted: auto-replied") == []
    assert desks.standing(ADA) is None


def test_a_report_takes_off_the_list_whose_mailbox_is_gone(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA), reader(BO))
    for who, status, about in ((ADA, "5.1.1", ADA), (BO, "5.2.2", BO), (BO, "5.1.1", ADA)):
        token = desks.people.token(desks.people.person(about))
        sent = Scribe().compose(word(9), Look(), ()).for_recipient(about, token)
        if about != who:  # a letter that somebody else got proves nothing
            sent = re.sub(rb"unsubscribe%20\w+", b"", sent)
        raw = returned(who, sent).replace(b"5.1.1", status.encode())
        desks.letters.put(raw.decode(), desks.now)
    first, again = desks.sync(), desks.sync()

    assert first.reported == {Standing.BOUNCED: 1}
    assert (desks.standing(ADA), desks.standing(BO)) == (Standing.BOUNCED, Standing.ACTIVE)
    # A full mailbox is noted. It, and what proves nothing, wait for a person.
    assert desks.people.soft(desks.people.person(BO)) == (Soft(NOW),)
    assert (first.deeds, first.unproven) == ({Deed.LEFT: 2}, 1)
    assert desks.letters.marked == {1: False}
    assert desks.post.arrived == []
    assert list(told(first))[:-1] == [
        "by reports of mail servers: 1 bounced",
        "reports that do not prove which letter they answer: 1",
    ]
    assert not first.needs_another
    # Read anew, it says nothing of who was taken back since.
    desks.people.set_state(desks.people.person(ADA), Standing.ACTIVE)
    desks.letters.validity = 2
    assert [again.reported, desks.sync().reported] == [{}, {}]
    assert desks.standing(ADA) is Standing.ACTIVE
    assert len(desks.people.soft(desks.people.person(BO))) == 1


def test_a_letter_to_a_person_stays_as_it_is(desks: Desks) -> None:
    desks.comes("My order")
    synced = desks.sync()

    assert synced.deeds == {Deed.LEFT: 1}
    assert desks.letters.marked == {}
    assert desks.post.arrived == []


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_one_address_is_answered_so_often_a_day_and_still_heard(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA))
    for _ in range(ANSWERS_A_DAY + 3):
        desks.comes("subscribe")
    desks.comes("unsubscribe")
    synced = desks.sync()

    assert len(desks.post.arrived) == ANSWERS_A_DAY
    assert synced.quiet == 4
    assert desks.standing(ADA) is Standing.UNSUBSCRIBED
    desks.now += timedelta(days=1, seconds=1)
    assert len(desks.said("subscribe")) == 1


def test_a_run_answers_so_many_and_the_next_one_goes_on(desks: Desks) -> None:
    for number in range(ANSWERS_A_RUN + 2):
        desks.comes("subscribe", f"r{number}@reader.example")
    first, second = desks.sync(), desks.sync()

    assert first.answers == ANSWERS_A_RUN
    assert first.needs_another
    assert second.answers == 2
    assert not second.needs_another
    assert len({who for who, _ in desks.post.arrived}) == ANSWERS_A_RUN + 2


# ── again ────────────────────────────────────────────────────────────────────────────────────────


def test_a_mailbox_that_is_numbered_anew_is_not_answered_again(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA))
    desks.said("unsubscribe")
    desks.people.set_state(desks.people.person(ADA), Standing.ACTIVE)
    desks.letters.validity = 2
    desks.sync()

    assert len(desks.post.arrived) == 1
    assert desks.standing(ADA) is Standing.ACTIVE


def test_what_is_too_old_is_let_lie(tmp_path: Path) -> None:
    desks = Desks(tmp_path, reader(ADA))
    desks.comes("unsubscribe")
    desks.now += timedelta(days=31)
    desks.sync()

    assert desks.standing(ADA) is Standing.ACTIVE


def test_an_answer_that_is_put_off_goes_out_later_and_once(desks: Desks) -> None:
    fates = iter([Outcome(fate=Fate.DEFERRED), Outcome(fate=Fate.PLANNED, stop="is away")])
    desks.post.fate = lambda _: next(fates, Outcome(fate=Fate.ACCEPTED))
    desks.comes("subscribe")
    desks.comes("My order")
    first, second, third, fourth = (desks.sync() for _ in range(4))

    assert (first.waiting, second.stopped) == (1, "the server is away")
    assert first.needs_another
    assert second.needs_another
    assert (third.answers, fourth.answers) == (1, 0)
    assert len(desks.post.arrived) == 1


def test_an_answer_that_never_gets_through_is_given_up(desks: Desks) -> None:
    desks.post.fate = lambda _: Outcome(fate=Fate.DEFERRED)
    desks.comes("subscribe")
    runs = [desks.sync() for _ in range(7)]

    assert [run.waiting for run in runs] == [1, 1, 1, 1, 1, 0, 0]
    assert [run.unanswered for run in runs] == [0, 0, 0, 0, 0, 1, 0]


def test_the_notes_hold_no_address(desks: Desks) -> None:
    desks.said("subscribe")
    desks.said("unsubscribe", BO)
    desks.inbox.forget(desks.people.person(ADA))
    person = desks.people.person(ADA).encode()
    desks.inbox.close()
    held = (desks.folder / NAME).read_bytes()

    assert b"reader" not in held
    assert person not in held


def test_what_a_confirmation_says_of_sixty_components_is_read() -> None:
    many = frozenset(f"a-component-with-quite-a-long-name-{number:02d}" for number in range(60))
    said = read_command(
        f"Re: confirm {wishes_of(replace(reader(ADA), components=many))} {'a' * TOKEN_LENGTH}"
    )

    assert said is not None
    assert {wish for name, wish in said.wishes if name == "components"} == many


def test_a_request_keeps_its_signature_however_long_it_is(tmp_path: Path) -> None:
    desks = Desks(tmp_path)
    (request,) = desks.said(
        "subscribe daily components=api,checkout kinds=incident,maintenance,notice "
        "language=ar zone=America/Argentina/Buenos_Aires"
    )
    raw = desks.post.arrived[0][1]
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    desks.said(f"رد: {request['Subject']}")

    assert desks.standing(ADA) is Standing.ACTIVE
