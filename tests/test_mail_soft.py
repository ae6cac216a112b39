"""Soft bounces: who is given up after weeks, and who never is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mails import MAIL_CONF, Scribe, listed, reader, returned, word
from sites import SmallSite

from firstword.cli import main
from firstword.mail.bond import accepted_in
from firstword.mail.events import UNPROVEN, apply, give_up, read_events, read_message
from firstword.mail.ledger import Event, Fate, open_ledger
from firstword.mail.parcel import Look, Standing
from firstword.mail.people import People, open_people
from firstword.mail.soft import Soft, is_lost

ADA, BO, CY = (f"{name}@reader.example" for name in ("ada", "bo", "cy"))
DAY = timedelta(days=1)


def at(day: int, hour: int = 9) -> datetime:
    """Return an hour of a day, counted from 1 November."""
    return datetime(2026, 11, 1, hour, tzinfo=UTC) + (day - 1) * DAY


def back(*days: int) -> list[Soft]:
    """Return reports of days, each of a letter accepted an hour before."""
    return [Soft(at(day, 10), at(day)) for day in days]


def each(*days: int) -> list[datetime]:
    """Return letters accepted on days."""
    return [at(day) for day in days]


# ── for how long ─────────────────────────────────────────────────────────────────────────────────

FULL = (2, 5, 9, 12, 16)


def test_five_days_over_two_weeks_are_the_end() -> None:
    assert is_lost(back(*FULL), each(*FULL), at(16, 12))


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ((2, 9, 12, 16), "four days"),
        ((2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), "thirteen days"),
        ((2, 2, 2, 16, 16, 16), "two days, however many letters"),
        ((), "none"),
    ],
)
def test_less_is_not(days: tuple[int, ...], why: str) -> None:
    assert not is_lost(back(*days), each(*days), at(16, 12)), why


def test_an_hour_less_than_two_weeks_is_not_and_two_weeks_are() -> None:
    reports = [*back(2, 5, 9, 12), Soft(at(16, 9), at(16, 8))]

    assert not is_lost(reports, [], at(16, 12))
    assert is_lost([*reports, Soft(at(16, 10), at(16, 9))], [], at(16, 12))


def test_one_letter_that_did_not_come_back_begins_it_anew() -> None:
    # The letter of the 7th was accepted, and in a week nobody said that it failed.
    assert not is_lost(back(*FULL), each(*FULL, 7), at(16, 12))
    # Two weeks later it is as before, counted from the 9th.
    later = (*FULL, 19, 23)
    assert is_lost(back(*later), each(*later, 7), at(23, 12))


def test_that_a_server_took_a_letter_does_not_say_that_it_arrived() -> None:
    # Servers try for days: the letters of the last week may still come back.
    assert is_lost(back(*FULL), each(*FULL, 10, 11, 13, 14, 15), at(16, 12))
    # When that week is over, they have not.
    assert not is_lost(back(*FULL), each(*FULL, 10, 11, 13, 14, 15), at(17, 12))


def test_who_gets_two_of_three_letters_is_not_given_up() -> None:
    every = range(1, 29)
    third = tuple(day for day in every if day % 3 == 0)

    assert not is_lost(back(*third), each(*every), at(28, 12))


def test_a_report_that_comes_days_later_is_of_its_own_letter() -> None:
    sent = (1, 4, 8, 11, 15)
    late = [Soft(at(day + 5), at(day)) for day in sent]
    # In between letters were accepted; all that are a week old came back.
    assert is_lost(late, each(*sent, 16, 17, 18, 19, 20), at(20, 12))
    # The same reports, of which none says when its letter was accepted: each takes the newest.
    unsaid = [Soft(one.at) for one in late]
    assert is_lost(unsaid, each(*sent), at(20, 12))


def test_a_letter_that_is_reported_twice_came_back_once() -> None:
    twice = [Soft(one.at + timedelta(hours=1), one.sent) for one in back(*FULL)]

    assert is_lost([*back(*FULL), *twice], each(*FULL), at(16, 12))
    # Nor is a second report another day: here are four letters.
    assert not is_lost(
        [*back(2, 5, 9, 12), Soft(at(16, 11), at(12))], each(2, 5, 9, 12), at(16, 12)
    )
    # And it is of no other letter.
    assert not is_lost([*back(*FULL), *twice], each(*FULL, 8), at(16, 12))


def test_a_report_of_a_letter_that_nobody_noted_is_of_no_other() -> None:
    reports = back(*FULL)

    # The ledger before this one is lost; this one knows of a letter that arrived.
    assert not is_lost(reports, each(7), at(16, 12))
    assert is_lost(reports, [], at(16, 12))
    # What came back was another one.
    assert is_lost([*reports, *back(19, 21)], each(1), at(21, 12))


def test_what_came_back_two_months_ago_counts_no_more() -> None:
    reports = [*back(2, 3, 4, 5), *back(66)]

    assert not is_lost(reports, [], at(66, 12))


# ── what counts ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def people(tmp_path: Path) -> People:
    """Return a list of three."""
    return listed(tmp_path, [reader(ADA), reader(BO), reader(CY)])


def report(people: People, day: int, status: str = "5.2.2", action: str = "failed") -> bytes:
    """Write what a mail server reports of a letter to Ada that it had got an hour before."""
    token = people.token(people.person(ADA))
    original = Scribe().compose(word(9), Look(), ()).for_recipient(ADA, token)
    raw = returned(ADA, original).replace(b"5.1.1", status.encode())
    raw = raw.replace(b"Action: failed", f"Action: {action}".encode())
    came = f"Arrival-Date: {at(day):%a, %d %b %Y %H:%M:%S} +0000"
    raw = raw.replace(b"mx.reader.example\r\n\r\nFinal", f"x\r\n{came}\r\n\r\nFinal".encode())
    return f"Date: {at(day, 10):%a, %d %b %Y %H:%M:%S} +0000\r\n".encode() + raw


def event(day: int, who: str = ADA, sub: str = "MailboxFull", **row: str) -> str:
    """Write the event of SES for a letter that came back and may arrive another time."""
    told = {
        "bounceType": "Transient",
        "bounceSubType": sub,
        "timestamp": f"{at(day, 10):%Y-%m-%dT%H:%M:%S.000Z}",
        "bouncedRecipients": [{"emailAddress": who, **row}],
    }
    mail = {"timestamp": f"{at(day):%Y-%m-%dT%H:%M:%S.000Z}", "messageId": "0100017f5a"}
    return json.dumps({"eventType": "Bounce", "bounce": told, "mail": mail})


def told(people: People, *reports: bytes) -> None:
    """Let the list hear of reports."""
    found = [read_message(people, one) for one in reports]
    apply(people, iter([one for one in found if one]))


def given_up(people: People, day: int, accepted: Iterable[datetime] = ()) -> bool:
    """Tell whether Ada is given up on a day."""
    give_up(people, lambda _: accepted, at(day, 12))
    found = people.find(people.person(ADA))
    assert found is not None
    return found.state is Standing.BOUNCED


@pytest.mark.parametrize("status", ["5.2.2", "4.2.2", "4.2.1", "4.4.1", "4.4.7", "4.3.2", "4.1.1"])
def test_a_mailbox_that_is_full_or_out_of_reach_for_weeks_is_given_up(
    people: People, status: str
) -> None:
    told(people, *(report(people, day, status) for day in FULL[:-1]))
    before = given_up(people, 12)
    told(people, report(people, 16, status))

    assert not before
    assert given_up(people, 16, each(*FULL))


@pytest.mark.parametrize(
    ("status", "action"),
    [
        ("4.7.1", "failed"),
        ("5.7.1", "failed"),
        ("4.3.4", "failed"),
        ("4.6.0", "failed"),
        ("5.0.0", "failed"),
        ("5.2.3", "failed"),
        ("4.4.7", "delayed"),
        ("4.2.2", "Delayed (will be retried)"),
    ],
)
def test_what_is_about_us_or_not_over_yet_gives_nobody_up(
    people: People, status: str, action: str
) -> None:
    told(people, *(report(people, day, status, action) for day in (*FULL, 20, 24, 28)))

    assert people.soft(people.person(ADA)) == ()
    assert not given_up(people, 28)


def test_of_a_report_about_several_only_what_failed_counts(people: People) -> None:
    waits = b"Final-Recipient: rfc822; x@y.example\r\nAction: delayed\r\nStatus: 4.4.7\r\n\r\n"
    for day in FULL:
        raw = report(people, day, "5.7.1")
        told(people, raw.replace(b"Final-Recipient", waits + b"Final-Recipient", 1))

    assert people.soft(people.person(ADA)) == ()


def test_a_report_says_when_the_letter_was_accepted(people: People) -> None:
    told(people, report(people, 3))

    assert people.soft(people.person(ADA)) == (Soft(at(3, 10), at(3)),)


def test_a_forged_report_gives_nobody_up(people: People) -> None:
    forged = returned(ADA, b"Message-ID: <update.x.0123456789abcdef@acme.example>")

    assert read_message(people, forged.replace(b"5.1.1", b"5.2.2")) is UNPROVEN


def test_reports_that_are_read_again_count_once(people: People) -> None:
    for _ in range(5):
        told(people, report(people, 2), report(people, 16))

    assert len(people.soft(people.person(ADA))) == 2


def test_events_of_ses_count_where_they_say_why(people: People) -> None:
    rows = "".join(event(day) for day in FULL[:3])
    rows += "".join(event(day, sub="General", status="4.4.7") for day in FULL[3:])
    apply(people, read_events(people, rows))

    assert people.soft(people.person(ADA))[0] == Soft(at(2, 10), at(2))
    assert given_up(people, 16, each(*FULL))


def test_words_that_are_too_long_and_answers_from_a_holiday_do_not(people: People) -> None:
    for day in FULL:
        for odd in (
            event(day, sub="MessageTooLarge", status="5.3.4"),
            event(day, sub="ContentRejected", status="5.6.0"),
            event(day, sub="General"),
            event(day, sub="General", status="5.0.0"),
        ):
            apply(people, read_events(people, odd))

    assert people.soft(people.person(ADA)) == ()


def test_who_asked_for_it_again_begins_anew(people: People) -> None:
    told(people, *(report(people, day) for day in FULL))
    consent = reader(ADA).consent
    since = at(10)
    people.put(
        [reader(ADA, since=since, consent=type(consent)(at=since, how="asked", words="again"))]
    )

    assert not given_up(people, 16)


def test_while_mail_to_most_comes_back_nobody_is_given_up(people: People) -> None:
    told(people, *(report(people, day) for day in FULL))
    others = "".join(event(14, who) for who in (BO,))
    apply(people, read_events(people, others))

    # Two of three: our own way out may be shut.
    assert not given_up(people, 16)
    # Mail to Bo has not come back for two weeks, mail to Ada does.
    told(people, report(people, 20), report(people, 29))
    assert given_up(people, 29)


# ── with the ledger and the commands ─────────────────────────────────────────────────────────────


def test_the_ledger_tells_what_was_accepted(people: People, tmp_path: Path) -> None:
    told(people, *(report(people, day) for day in FULL))
    ada = people.person(ADA)
    for day, fate in ((6, Fate.REFUSED), (7, Fate.ACCEPTED)):
        accepted = accepted_in(tmp_path, lambda: at(16))
        assert accepted(ada) == ()
        with closing(open_ledger(tmp_path, lambda day=day: at(day))) as ledger:  # type: ignore[misc]
            ledger.turn([Event(f"daily/2026-11-{day:02}", ada, fate)])
    assert accepted_in(tmp_path, lambda: at(16))(ada) == (at(7),)

    give_up(people, accepted_in(tmp_path, lambda: at(16)), at(16, 12))
    found = people.find(ada)
    assert found is not None
    assert found.state is Standing.ACTIVE


def test_the_command_gives_up_and_the_list_tells_for_how_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write("pelicanconf.py", MAIL_CONF)
    folder = site.root / ".mail"
    people = listed(folder, [reader(ADA), reader(BO)])
    monkeypatch.chdir(site.root)
    monkeypatch.setattr("firstword.clock.system_clock", lambda: at(16, 12))
    said = []
    for days in (FULL[:4], FULL[4:]):
        box = tmp_path / f"box{days[0]}"
        box.write_bytes(
            b"".join(b"From x\n" + report(people, day).replace(b"\r\n", b"\n") for day in days)
        )
        assert main(["subscribers", "bounces", str(box)]) == 0
        said.append(capsys.readouterr().out)
        assert main(["subscribers", "list"]) == 0
        said.append(capsys.readouterr().out)
    people.close()

    assert said[0] == "nobody changed\n"
    assert "    full or out of reach on 4 days, the last 2026-11-12\n" in said[1]
    assert said[2] == "1 bounced\n"
    assert "1 bounced, immediate\n" in said[3]
    with closing(open_people(folder)) as kept:
        kept.forget(kept.person(ADA))
        assert kept.soft(kept.person(ADA)) == ()
