"""No more about one story: by a link, by an answer, by hand; all others go on."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import letters
import pytest
from letters import EVERYBODY, composer, every_edition, mailed
from mails import STORY, reader, word
from test_mail_deciding import ADA, BO, SITE, Desks, text_of

from firstword.digest.answers import agreed_words
from firstword.mail.commands import Command, Verb, read_command
from firstword.mail.deciding import Decision, Deed, Office, decide
from firstword.mail.incoming import read_incoming
from firstword.urls import mail_name, thread_root
from firstword.values import replace

OTHER = "2026-11-22-slow-pages"
TOKEN = "a2" * 16
ROOT = thread_root(SITE, STORY)


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    """Return a list of two who were mailed about a story."""
    made = Desks(tmp_path, reader(ADA), reader(BO))
    made.told = [(word(9).id, STORY, word(9).digest)]
    return made


def muted(desks: Desks, address: str = ADA) -> set[str]:
    found = desks.people.find(desks.people.person(address))
    assert found
    return set(found.muted)


def token(desks: Desks, address: str) -> str:
    return desks.people.token(desks.people.person(address))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("mute", Command(verb=Verb.MUTE)),
        ("Re: Mute!", Command(verb=Verb.MUTE)),
        (f"mute {STORY}", Command(verb=Verb.MUTE, story=STORY)),
        (f"unmute {STORY} {TOKEN}", Command(verb=Verb.UNMUTE, story=STORY, token=TOKEN)),
        (f"mute {TOKEN.upper()}", Command(verb=Verb.MUTE, token=TOKEN)),
        ("mute the alarm, please", None),
        ("mute ../../etc", None),
        (f"mute {STORY} {OTHER}", None),
    ],
)
def test_what_mutes_is_read(text: str, command: Command | None) -> None:
    assert read_command(text) == command


def test_the_link_in_a_letter_mutes_its_story_for_whom_it_was_sent_to(desks: Desks) -> None:
    (answer,) = desks.said(f"mute {STORY} {token(desks, BO)}", ADA, proven=False)
    lines = text_of(answer).split("\n")

    assert (muted(desks, BO), muted(desks, ADA)) == ({STORY}, set())
    assert answer["To"] == BO
    assert lines[:2] == ["You get no more mail about this:", STORY]
    back = unquote(lines[lines.index("To hear of it again:") + 1]).partition("subject=")[2]
    (again,) = desks.said(back, ADA, proven=False)
    assert muted(desks, BO) == set()
    assert text_of(again).startswith(f"You get mail about this again:\n{STORY}\n")


@pytest.mark.parametrize(
    "header",
    [
        f"References: <first@reader.example> {ROOT}\r\n <last@reader.example>",
        f"In-Reply-To: {ROOT}",
        f"In-Reply-To: <{mail_name(word(9).id, word(9).digest)}.0123456789abcdef@{{domain}}>",
    ],
)
def test_an_answer_that_says_mute_is_about_the_story_that_it_answers(
    desks: Desks, header: str
) -> None:
    answers = desks.said("mute", ADA, header.format(domain="status.acme.example"))

    assert len(answers) == 1
    assert muted(desks) == {STORY}


def test_the_first_line_of_an_answer_mutes_as_well(desks: Desks) -> None:
    result = "Authentication-Results: mx.acme.example; dmarc=pass header.from=reader.example"
    desks.letters.put(
        f"{result}\r\nFrom: {ADA}\r\nMessage-ID: <1@reader.example>\r\nReferences: {ROOT}\r\n"
        "Subject: Re: Card payments fail\r\n\r\nmute\r\n\r\n> One in five is refused.\r\n"
    )
    desks.sync()

    assert muted(desks) == {STORY}


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("mute", ()),
        ("mute", ("References: <other@elsewhere.example>",)),
        (f"mute {OTHER}", ()),
        ("mute please", (f"References: {ROOT}",)),
    ],
)
def test_what_names_no_story_that_we_mailed_of_is_for_a_person(
    desks: Desks, subject: str, headers: tuple[str, ...]
) -> None:
    assert desks.said(subject, ADA, *headers) == []
    assert muted(desks) == set()
    assert desks.letters.marked == {}


@pytest.mark.parametrize("header", ["", "Auto-Submitted: auto-replied"])
def test_nobody_mutes_for_somebody_else(desks: Desks, header: str) -> None:
    more = (header,) if header else ()
    proven = bool(header)
    assert desks.said(f"mute {STORY}", ADA, *more, proven=proven) == []
    assert muted(desks) == set()


def test_whoever_is_not_on_the_list_hears_the_same(desks: Desks, tmp_path: Path) -> None:
    (known,) = desks.said(f"mute {STORY}", ADA)
    (unknown,) = desks.said(f"mute {STORY}", "nobody@reader.example")

    def told(answer: str) -> str:
        return re.sub("[a-z2-7]{32}", "", answer)

    assert told(text_of(known)) == told(text_of(unknown))


def test_a_hundred_stories_are_enough(desks: Desks) -> None:
    full = frozenset(f"story-{number}" for number in range(100))
    desks.people.put([reader(ADA, muted=full)])
    office = Office(
        people=desks.people,
        site=SITE,
        words=lambda one: agreed_words(SITE, one),
        mailed=lambda _: True,
    )

    def said(subject: str) -> Decision:
        raw = (
            "Authentication-Results: mx.acme.example; dmarc=pass header.from=reader.example\r\n"
            f"From: {ADA}\r\nSubject: {subject}\r\n\r\n"
        )
        mail = read_incoming(raw.encode(), "mx.acme.example", frozenset())
        return decide(mail, office, desks.now)

    assert said(f"mute {STORY}").deed is Deed.LEFT
    assert said("unmute story-7").deed is Deed.UNMUTED


# ── what a letter says ───────────────────────────────────────────────────────────────────────────


def test_a_letter_says_next_to_unsubscribe_how_to_mute_it() -> None:
    page = letters.last_page()
    inbox = replace(letters.MAIL, imap="imaps://list@mail.ternpaper.example")
    read = composer(replace(page, site=replace(letters.SITE, mail=inbox)))
    story = "2026-10-13-locker-codes"
    edition = every_edition()[f"update/{story}/20261013T065200Z"]
    found = mailed(edition, EVERYBODY, by=read)
    link = f"mailto:list@ternpaper.example?subject=mute%20{story}%20{letters.TOKEN}"

    assert f"No more about this: {link}\nUnsubscribe: mailto:" in found.text
    assert f'<a href="{link}">No more about this</a> · <a href="mailto:' in found.html
    # Where nobody reads that mailbox, and in a digest, which is about more than one story.
    assert "mute%20" not in mailed(edition).raw.decode()
    assert "mute%20" not in mailed(every_edition()["daily/2026-10-13"], by=read).raw.decode()
