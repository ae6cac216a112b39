"""`firstword digest` in a site: what it plans, what lies in the outbox, and what it refuses."""

from __future__ import annotations

import json
import mailbox
import shutil
from contextlib import closing
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from mails import listed, reader
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, SLOW, SLOW_FILE, SmallSite
from test_mail_ses import answering

from firstword.clock import system_clock
from firstword.mail.ledger import open_ledger
from firstword.outbox import message_name, write_outbox

MAIL = 'MAIL_FROM = "status@acme.example"\nCONTACT = "care@acme.example"\n'
READERS = (
    reader("ada@reader.example"),
    reader("ben@reader.example", components=frozenset({"checkout"}), language="de"),
    reader("cyd@reader.example", "daily"),
    reader("eve@reader.example", components=frozenset({"api"})),
)
#: 2026-11-21 in Copenhagen: 08:00, 10:30 and, of the day after, 00:30.
EIGHT, HALF_PAST_TEN, NEXT_DAY = "1795244400", "1795253400", "1795303800"
NAME = "update/2026-11-21-card-payments/20261121T082000Z"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """Return a site that was published without, then with, the story of the cards."""
    made = SmallSite.make(tmp_path_factory.mktemp("published") / "site", {SLOW_FILE: SLOW})
    made.write("pelicanconf.py", CONF + MAIL)
    assert made.publish(SOURCE_DATE_EPOCH=EIGHT).code == 0
    made.write(CARDS_FILE, CARDS)
    assert made.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN).code == 0
    return made


@pytest.fixture
def unlisted(published: SmallSite, tmp_path: Path) -> SmallSite:
    """Return a copy of it, without a list."""
    shutil.copytree(published.root, tmp_path / "site")
    return SmallSite(tmp_path / "site")


@pytest.fixture
def site(unlisted: SmallSite) -> SmallSite:
    """Return a copy of it with four readers."""
    listed(unlisted.root / ".mail", READERS).close()
    return unlisted


def outbox(site: SmallSite) -> dict[str, bytes]:
    """Return what lies in the outbox, as a mail program finds it."""
    folder = mailbox.Maildir(site.root / "outbox", create=False)
    return {key: folder.get_bytes(key) for key in sorted(folder.keys())}


def test_a_plan_says_what_would_be_sent_to_how_many(site: SmallSite) -> None:
    told = site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.code == 0, told.err
    lines = told.out.splitlines()
    assert lines[:4] == [
        f"{NAME}  immediate",
        "  Investigating: Card payments fail in the EU",
        "  Investigating · Next word by 21 November 2026, 10:00 CET (09:00 UTC)",
        "  2 people, 2 bodies",
    ]
    assert lines[4].startswith("2 messages in ")
    assert lines[5:8] == [
        "2 messages to send: 2 immediate",
        "as fast as the server takes them: not known before the first sending",
        "quota: no server to send by is set: MAIL_TRANSPORT",
    ]
    assert lines[8].startswith("plan ")
    # Nobody's address is anywhere.
    assert "reader.example" not in told.out + told.err
    # Nor has anything happened: the plan is the same one.
    assert site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN).out == told.out


def test_a_plan_says_that_a_mail_server_tells_no_quota(site: SmallSite) -> None:
    site.write("pelicanconf.py", f'{CONF}{MAIL}MAIL_TRANSPORT = "smtp://127.0.0.1:9"\n')
    told = site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.code == 0, told.err
    assert "quota: none; a mail server tells nobody what it takes\n" in told.out


@pytest.mark.parametrize(
    ("server", "line"),
    [
        ("smtp://127.0.0.1:9", "about 3 min, by the sendings before"),
        ("smtp://127.0.0.1", "under a minute, by the sendings before"),
        ("smtp://elsewhere.example", "as fast as the server takes them: not known before the"),
    ],
)
def test_a_plan_says_how_long_it_takes_by_what_the_same_server_took_before(
    site: SmallSite, server: str, line: str
) -> None:
    site.write("pelicanconf.py", f'{CONF}{MAIL}MAIL_TRANSPORT = "{server}"\n')
    with closing(open_ledger(site.root / ".mail", system_clock)) as ledger:
        ledger.note_speed("127.0.0.1:9", 6, 600)
        ledger.note_speed("127.0.0.1:587", 600, 6)
    told = site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.out.splitlines()[6].startswith(line)


def test_a_limit_says_how_long_it_takes_whatever_was_measured(site: SmallSite) -> None:
    site.write(
        "pelicanconf.py",
        f'{CONF}{MAIL}MAIL_TRANSPORT = "smtp://127.0.0.1:9"\nMAIL_RATE = 1\n',
    )
    with closing(open_ledger(site.root / ".mail", system_clock)) as ledger:
        ledger.note_speed("127.0.0.1:9", 6, 600)
    told = site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.out.splitlines()[6] == "under a minute"


@pytest.mark.parametrize(
    ("answer", "code", "lines"),
    [
        (
            {"Max24HourSend": 200, "SentLast24Hours": 50, "MaxSendRate": 0.01},
            0,
            ["about 4 min", "quota: 150 messages left today"],
        ),
        (
            {"Max24HourSend": 200, "SentLast24Hours": 199, "MaxSendRate": 14},
            3,
            [
                "under a minute",
                "quota: 1 messages left today: NOT enough, 'firstword send' refuses",
            ],
        ),
        (
            None,
            0,
            [
                "as fast as the server takes them: not known before the first sending",
                "quota: not known: SES: GetAccount: 403",
            ],
        ),
    ],
)
def test_a_plan_says_what_ses_takes_today(
    site: SmallSite, answer: dict[str, float] | None, code: int, lines: list[str]
) -> None:
    site.write("pelicanconf.py", f'{CONF}{MAIL}MAIL_TRANSPORT = "ses://eu-west-1"\n')
    body = json.dumps({"SendingEnabled": True, "SendQuota": answer}).encode()
    status = b"200 OK" if answer else b"403 Forbidden"
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with answering(head % (status, len(body)) + body) as (address, asked):
        told = site.firstword(
            "digest",
            SOURCE_DATE_EPOCH=HALF_PAST_TEN,
            AWS_ENDPOINT_URL_SESV2=address,
            AWS_ACCESS_KEY_ID="AKIAINVENTED",
            AWS_SECRET_ACCESS_KEY="very-secret",
        )

    assert told.code == code, told.err
    assert told.out.splitlines()[6:8] == lines
    assert told.out.splitlines()[8].startswith("plan ")
    assert asked == ["GET /v2/email/account HTTP/1.1\r\n"]


def test_the_outbox_has_each_message_once_for_all_who_read_alike(site: SmallSite) -> None:
    site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    found = outbox(site)
    again = site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert again.code == 0
    assert outbox(site) == found
    messages = [BytesParser(policy=policy.SMTP).parsebytes(data) for data in found.values()]
    assert sorted(str(message["Content-Language"]) for message in messages) == ["de", "en"]
    assert {str(message["Subject"]) for message in messages} == {"Card payments fail in the EU"}
    for data in found.values():
        assert b"ada@" not in data
        assert b"ben@" not in data
    assert all(name.startswith("1795253400.update.2026-11-21-card-payments") for name in found)


def test_a_day_is_a_digest_when_it_is_over(site: SmallSite) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)
    assert site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN).code == 0
    told = site.firstword("digest", "--only", "daily", SOURCE_DATE_EPOCH=NEXT_DAY)

    assert told.code == 0, told.err
    assert told.out.splitlines()[:4] == [
        "daily/2026-11-21  daily",
        "  Resolved: Card payments fail in the EU",
        "  Resolved: Card payments fail in the EU",
        "  1 person, 1 body",
    ]


def test_a_preview_needs_no_list(unlisted: SmallSite) -> None:
    missing = unlisted.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    shown = unlisted.firstword("digest", "--preview", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert missing.code == 3
    assert "no list" in missing.err
    assert shown.code == 0, shown.err
    assert len(outbox(unlisted)) == 1
    assert "plan" not in shown.out


def test_what_was_not_published_is_not_mailed(site: SmallSite, tmp_path: Path) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)  # and not published
    told = site.firstword("digest", "--only", "immediate", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    never = SmallSite.make(tmp_path / "never")
    never.write("pelicanconf.py", CONF + MAIL)
    refused = never.firstword("digest", "--preview")

    assert NAME in told.out
    assert "Resolved" not in told.out
    assert refused.code == 1
    assert "nothing is published yet" in refused.err


def test_a_site_that_sends_no_mail_says_so(tmp_path: Path) -> None:
    told = SmallSite.make(tmp_path / "site").firstword("digest")

    assert told.code == 2
    assert "MAIL_FROM" in told.err


def test_a_message_that_cannot_be_written_is_told_and_is_not_there(
    site: SmallSite,
) -> None:
    site.write("pelicanconf.py", (CONF + MAIL).replace("dawn@acme", "däwn@acme"))
    told = site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.code == 3
    assert "NOT written, and not sent: PEOPLE: 'däwn@acme.example'" in told.out
    assert "0 messages in" in told.out


def test_whatever_people_type_arrives_as_it_was_typed_or_is_told_before(
    unlisted: SmallSite,
) -> None:
    title, name = "決済が失敗します。" * 34, "محمد عبد الرحمن"
    parts = [f"part-{number}" for number in range(60)]
    people = f'PEOPLE.append({{"name": "{name}", "role": "مهندس", "address": "m@acme.example"}})\n'
    named = f'COMPONENTS += [{{"id": one, "name": one.title()}} for one in {parts}]\n'
    unlisted.write("pelicanconf.py", CONF + MAIL + people + named)
    hard = CARDS.replace("Card payments fail in the EU", title).replace("Dawn Okafor", name)
    hard = hard.replace("[checkout]", f"[{', '.join(parts)}]")
    unlisted.write("content/incidents/2026/2026-11-21-hard.md", hard)
    for number, evil in enumerate((r"\r\n", r"\n", r"\u2028", r"\x0b")):
        forged = CARDS.replace("Card payments fail in the EU", f'"Fails{evil}Bcc: x@evil.example"')
        unlisted.write(f"content/incidents/2026/2026-11-21-forged-{number}.md", forged)
    published = unlisted.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    told = unlisted.firstword("digest", "--preview", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    found = outbox(unlisted)
    letters = {name.split(".")[2]: letter for name, letter in found.items()}

    # Who wants a header of their own has no letter at all, and two commands say why.
    assert (published.code, told.code) == (3, 0)
    assert sorted(letters) == ["2026-11-21-card-payments", "2026-11-21-hard"]
    for number in range(4):
        wrong = f"2026-11-21-forged-{number}.md:2: value: one line is expected, not several: 'Fails"
        assert wrong in published.err
        assert wrong in told.err
    message = BytesParser(policy=policy.SMTP.clone(raise_on_defect=True)).parsebytes(
        letters["2026-11-21-hard"]
    )
    assert message["Subject"] == title
    assert [one.display_name for one in message["From"].addresses] == [f"{name} (Acme status)"]
    assert [one.addr_spec for one in message["Reply-To"].addresses] == ["m@acme.example"]
    for part in message.iter_parts():
        shown = part.get_content()
        assert title in shown
        assert name in shown
        assert all(f"Part-{number}" in shown for number in range(60))


def test_a_site_can_put_a_line_of_its_own_under_every_message(unlisted: SmallSite) -> None:
    unlisted.write(
        "theme/templates/mail.html",
        '{% extends "!theme/mail.html" %}\n'
        "{% block footer %}{{ super() }}<p>Acme Ltd, 12 Harbour Street</p>{% endblock %}\n",
    )
    told = unlisted.firstword("digest", "--preview", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.code == 0, told.err
    assert b"12 Harbour Street" in next(iter(outbox(unlisted).values()))


def test_a_theme_without_a_template_for_mail_says_so(unlisted: SmallSite) -> None:
    unlisted.write("plain/templates/base.html", "")
    unlisted.write("pelicanconf.py", CONF + MAIL + 'THEME = "plain"\n')
    told = unlisted.firstword("digest", "--preview", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert told.code == 3
    assert "THEME: it has no mail.html" in told.out


# ── the outbox itself ────────────────────────────────────────────────────────────────────────────


def test_an_outbox_keeps_what_is_not_ours_and_what_was_read(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    old, new = (message_name(1, f"daily/{n}", b"Subject: x\r\n\r\n") for n in (1, 2))
    write_outbox(folder, [(old, b"Subject: x\r\n\r\n")])
    (folder / "new" / old).rename(folder / "cur" / f"{old}:2,S")
    (folder / "cur" / "1.theirs.host:2,S").write_bytes(b"Subject: theirs\n\n")

    assert write_outbox(folder, [(old, b"Subject: x\r\n\r\n"), (new, b"Subject: y\r\n\r\n")]) == 2
    assert [p.name for p in sorted((folder / "cur").iterdir())] == [
        "1.daily.1.d4637ae71525.firstword:2,S",
        "1.theirs.host:2,S",
    ]
    assert [p.name for p in (folder / "new").iterdir()] == [new]
    assert write_outbox(folder, [(new, b"Subject: y\r\n\r\n")]) == 1
    assert [p.name for p in (folder / "cur").iterdir()] == ["1.theirs.host:2,S"]


def test_a_messages_file_has_no_name_that_leads_elsewhere() -> None:
    name = message_name(7, "update/../../x:y/ü", b"z")

    assert "/" not in name
    assert ":" not in name
    assert name.isascii()
