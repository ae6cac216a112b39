"""`firstword due`: who owes what, by what readers have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from mailserver import Mailbox, mailserver
from sites import CARDS, CARDS_FILE, HALF_PAST_TEN, Ran, SmallSite
from test_promises import at
from test_record import OWNED, SITE, told, word

from firstword.cli import nudge
from firstword.mail.ledger import Fate
from firstword.mail.transport import Lane, Outcome, Quota
from firstword.model import Incident, Mail
from firstword.page.due import owed
from firstword.values import replace

TITLE = "Card payments fail in the EU"
HALF_AN_HOUR = timedelta(minutes=30)
MAIL = Mail(sender="status@acme.example", inbox="status@acme.example")
ELEVEN = str(int(HALF_PAST_TEN) + 1800)
CLOSED = CARDS + "\n## 2026-11-21 09:50 | Ian Reyes | identified\nnext: 10:45\n\nThe bank.\n"


def due(incident: Incident, now: str, **more: str | None) -> list[str]:
    stamps = None
    if more:
        known = {u.id: u.at for u in incident.updates}
        stamps = {incident.id: {i: None if i in more else when for i, when in known.items()}}
    found = owed([incident], SITE, at(now), HALF_AN_HOUR, stamps)
    return [f"{o.measure} {o.person and o.person.name} {o.lapsed}" for o in found]


def test_what_lapses_within_the_time_and_what_has() -> None:
    story = told(word("09:10", "investigating", "next: 10:00", "expected: 2026-11-21 14:00"))

    assert due(story, "09:29") == []
    assert due(story, "09:30") == ["next Dawn Okafor False"]
    assert due(story, "10:00") == ["next Dawn Okafor True"]
    assert due(story, "13:45") == ["next Dawn Okafor True", "expected Dawn Okafor False"]


def test_a_word_that_came_is_not_owed_and_follow_ups_are_by_who_answers_today() -> None:
    body = "W.\n\n- [ ] Two (Kofi Mensah, 2026-11-25)"
    story = told(
        word("09:10", "investigating", "next: 10:00"), word("09:50", "resolved", body=body)
    )

    assert due(story, "12:00") == []
    # Kofi left; Dawn answers.
    assert due(story, "2026-11-25 23:45") == ["follow_up Dawn Okafor False"]


def test_a_word_that_is_not_published_keeps_nothing() -> None:
    story = told(word("09:10", "investigating", "next: 10:00"), word("09:50", "update"))
    published = {story.id: {story.updates[0].id: story.updates[0].at}}

    assert owed([story], SITE, at("10:10"), HALF_AN_HOUR) == []
    [one] = owed([story], SITE, at("10:10"), HALF_AN_HOUR, published)
    assert (str(one.measure), one.lapsed, one.line) == ("next", True, 9)


def test_what_was_promised_before_records_began_is_owed_all_the_same() -> None:
    story = told(word("09:10", "investigating", "next: 10:00"))
    published = {story.id: {story.updates[0].id: None}}

    assert len(owed([story], SITE, at("10:10"), HALF_AN_HOUR, published)) == 1


def test_owners_whose_word_is_missing() -> None:
    story = told(word("09:10", "investigating"))

    [one] = owed([story], OWNED, at("09:20"), HALF_AN_HOUR)

    assert (str(one.measure), one.component, one.promised_by) == ("owner", "checkout", "Ian Reyes")
    assert one.due.at == at("09:25")


# ── the command ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site", {CARDS_FILE: CARDS})


def ran(site: SmallSite, *arguments: str, now: str = HALF_PAST_TEN) -> Ran:
    return site.firstword("due", *arguments, SOURCE_DATE_EPOCH=now)


def test_before_the_first_publish_the_files_are_taken_at_their_word(site: SmallSite) -> None:
    shown = ran(site)

    assert shown.code == 1
    assert shown.out.splitlines() == [
        "Dawn Okafor",
        f"  2026-11-21 10:00  lapsed 30 min ago: next word | {TITLE} | {CARDS_FILE}:11",
    ]


def test_nobodys_address_is_printed(site: SmallSite) -> None:
    for form in ("text", "json"):
        shown = ran(site, "--format", form)
        assert "Dawn Okafor" in shown.out
        assert "@" not in shown.out + shown.err


def test_exit_codes_for_cron(site: SmallSite) -> None:
    site.write(CARDS_FILE, CLOSED)

    assert ran(site, "--within", "10m").code == 0
    assert ran(site, "--within", "15 minutes").code == 1
    site.write("content/incidents/2026/2026-11-21-b.md", CARDS.replace("Dawn Okafor", "Nobody"))
    held = ran(site, "--within", "10m")
    assert (held.code, held.out) == (3, "")
    assert "2026-11-21-b.md: held back; not shown: it was never good" in held.err
    wrong = ran(site, "--within", "soon")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--within: not a length of time: 'soon'" in wrong.err


def test_by_what_the_target_has(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, CLOSED)

    by_target = ran(site)
    by_files = ran(site, "--files", "--within", "10m")

    assert by_target.code == 1
    assert "lapsed 30 min ago: next word" in by_target.out
    assert f"{CARDS_FILE}:15: not published yet" in by_target.err
    assert by_files.code == 0

    site.publish()
    assert ran(site, "--within", "10m").code == 0
    [row] = json.loads(ran(site, "--format", "json", now=ELEVEN).out)
    assert row["person"] == "Ian Reyes"
    assert (row["due_at"], row["lapsed"], row["line"]) == ("2026-11-21T09:45:00Z", True, 16)
    assert row["url"].endswith("/incidents/2026-11-21-card-payments/#u-20261121T085000Z")


def test_a_target_that_cannot_be_read_is_said_and_not_guessed_at(site: SmallSite) -> None:
    site.publish()
    site.write("public/.firstword/root.json", "cut off")

    shown = ran(site)

    assert shown.code != 0
    assert shown.out == ""
    assert "root.json: not what Firstword wrote" in shown.err


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailserver() as box:
        yield box


def mail(site: SmallSite, box: Mailbox) -> None:
    """Let the site send mail to a server on loopback."""
    conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")
    way = (
        f'MAIL_FROM = "status@acme.example"\nMAIL_TRANSPORT = "smtp+plain://127.0.0.1:{box.port}"\n'
    )
    site.write("pelicanconf.py", conf + way)


def test_mail_without_a_way_to_send_it_is_said(site: SmallSite) -> None:
    shown = ran(site, "--mail")

    assert shown.code == 2
    assert "MAIL_FROM" in shown.err


def test_everybody_is_reminded_once_before_and_once_after(site: SmallSite, box: Mailbox) -> None:
    mail(site, box)
    site.write(CARDS_FILE, CLOSED)

    codes = [ran(site, "--files", "--mail", now=now).code for now in (HALF_PAST_TEN, HALF_PAST_TEN)]
    before = list(box.taken)
    codes += [ran(site, "--files", "--mail", now=ELEVEN).code for _ in range(2)]

    assert codes == [1, 1, 1, 1]
    assert [to for to, _ in before] == ["ian@acme.example"]
    assert [to for to, _ in box.taken] == ["ian@acme.example"] * 2
    told = [message_from_bytes(data, policy=default) for _, data in box.taken]
    assert ["in 15 min" in m.get_content() for m in told] == [True, False]
    assert ["lapsed 15 min ago" in m.get_content() for m in told] == [False, True]
    assert told[0]["From"] == "Acme status <status@acme.example>"
    assert told[0]["To"] == "Ian Reyes <ian@acme.example>"
    assert told[0]["Message-ID"] != told[1]["Message-ID"]
    assert told[0]["Auto-Submitted"] == "auto-generated"


def test_text_that_is_added_above_reminds_nobody_again(site: SmallSite, box: Mailbox) -> None:
    mail(site, box)
    promised = "- [ ] A pump (Ian Reyes, 2026-11-21)\n- [ ] A pipe (Ian Reyes, 2026-11-21)\n"
    ended = CARDS + f"\n## 2026-11-21 09:50 | Ian Reyes | resolved\n\nDone.\n\n{promised}"
    site.write(CARDS_FILE, ended)
    first = ran(site, "--files", "--mail", "--within", "48h")
    site.write(CARDS_FILE, ended.replace("\n---\n\n", "\nunaffected: Gift cards.\n---\n\n\n"))
    again = ran(site, "--files", "--mail", "--within", "48h")

    assert (first.code, again.code) == (1, 1)
    assert (f"{CARDS_FILE}:19" in first.out, f"{CARDS_FILE}:21" in again.out) == (True, True)
    [(_, data)] = box.taken
    assert message_from_bytes(data, policy=default).get_content().count(f"{CARDS_FILE}:") == 2


def test_who_could_not_be_reached_is_said_and_tried_again(site: SmallSite, box: Mailbox) -> None:
    mail(site, box)
    site.write(CARDS_FILE, CLOSED)
    box.script = lambda step, _: "451 4.7.1 later" if step == "RCPT" else None

    busy = ran(site, "--files", "--mail")
    box.script = lambda _step, _: None
    again = ran(site, "--files", "--mail")

    assert (busy.code, again.code) == (3, 1)
    assert "Ian Reyes was not reminded: deferred 451 4.7.1" in busy.err
    assert len(box.taken) == 1


class Post:
    """A way of sending that breaks off in the middle, once."""

    name = "post"
    lanes = 1

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.breaks = True

    def quota(self) -> Quota:
        return Quota()

    def open(self) -> Lane:
        return self

    def send(self, address: str, message: bytes) -> Outcome:
        if self.taken and self.breaks:
            self.breaks = False
            raise KeyboardInterrupt
        self.taken.append(address)
        return Outcome(fate=Fate.ACCEPTED)

    def close(self) -> None:
        pass


def test_who_was_reminded_before_it_broke_off_is_not_reminded_again(tmp_path: Path) -> None:
    found = owed(
        [told(word("09:10", "investigating", "next: 10:00"))], OWNED, at("10:10"), HALF_AN_HOUR
    )
    kept, post = tmp_path / nudge.TOLD, Post()

    def remind() -> list[str]:
        return nudge.remind(
            replace(OWNED, mail=MAIL),
            found,
            at("10:10"),
            kept=kept,
            say=lambda one: one.component,
            transport=post,
        )

    with pytest.raises(KeyboardInterrupt):
        remind()
    with kept.open(encoding="utf-8") as opened:
        assert remind() == []
        # Whoever reads it meanwhile has the old list, whole.
        assert len(json.loads(opened.read())) == 1

    assert sorted(post.taken) == ["dawn@acme.example", "ian@acme.example"]
    assert len(json.loads(kept.read_text(encoding="utf-8"))) == 2
    assert list(tmp_path.iterdir()) == [kept]


def test_a_message_says_to_whom_how_many_promises_and_which() -> None:
    dawn, ian = (SITE.people[name] for name in ("Dawn Okafor", "Ian Reyes"))

    site = replace(SITE, mail=MAIL)

    one = nudge.nudge(site, dawn, ["決済が失敗します"], at("10:00"))
    two = nudge.nudge(site, ian, ["Two", "Three"], at("10:00"))

    assert one["To"] == "Dawn Okafor <dawn@acme.example>"
    assert one["Subject"] == "Acme status: a promise of yours"
    assert two["Subject"] == "Acme status: 2 promises of yours"
    assert one.get_content().startswith("決済が失敗します\n")
    assert two.get_content().startswith("Two\nThree\n")
    # For a server that takes nothing else.
    assert one.as_bytes().isascii()


def test_an_address_that_no_server_takes_keeps_no_reminder_from_others(tmp_path: Path) -> None:
    dawn = SITE.people["Dawn Okafor"]
    people = {**OWNED.people, dawn.name: replace(dawn, address="däwn@a.example")}
    site = replace(OWNED, people=people, mail=MAIL)
    found = owed(
        [told(word("09:10", "investigating", "next: 10:00"))], site, at("10:10"), HALF_AN_HOUR
    )
    post = Post()

    wrong = nudge.remind(
        site, found, at("10:10"), kept=tmp_path / nudge.TOLD, say=lambda _: "", transport=post
    )

    [said] = wrong
    assert said.startswith("Dawn Okafor was not reminded: PEOPLE: 'däwn@a.example': ")
    assert post.taken == ["ian@acme.example"]
