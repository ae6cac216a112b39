"""`firstword send` and `publish.py --send`, in a site, to a mail server on loopback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from mails import listed, reader
from mailserver import LOSE, Mailbox, mailserver
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, SLOW, SLOW_FILE, Ran, SmallSite

from firstword.cli import publish, run_command
from firstword.cli.delivery import mail_to_send
from firstword.errors import SettingsError
from firstword.settings import read_site

MAIL = 'MAIL_FROM = "status@acme.example"\nCONTACT = "care@acme.example"\n'
ADA, BEN, CYD = (f"{name}@reader.example" for name in ("ada", "ben", "cyd"))
READERS = (reader(ADA), reader(BEN), reader(CYD, "daily"))
#: 2026-11-21 in Copenhagen: 08:00, 10:30, 11:00 and, of the day after, 00:30.
EIGHT, HALF_PAST_TEN, ELEVEN, NEXT_DAY = "1795244400", "1795253400", "1795255200", "1795303800"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    """Return a site that was published with an old story only."""
    made = SmallSite.make(tmp_path_factory.mktemp("published") / "site", {SLOW_FILE: SLOW})
    made.write("pelicanconf.py", CONF + MAIL)
    assert made.publish(SOURCE_DATE_EPOCH=EIGHT).code == 0
    made.write(CARDS_FILE, CARDS)
    return made


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """Return a server that takes everything."""
    with mailserver() as box:
        yield box


@pytest.fixture
def site(published: SmallSite, box: Mailbox, tmp_path: Path) -> SmallSite:
    """Return a copy of the site that sends by that server, with three readers."""
    shutil.copytree(published.root, tmp_path / "site")
    made = SmallSite(tmp_path / "site")
    made.write("pelicanconf.py", f'{CONF}{MAIL}MAIL_TRANSPORT = "smtp://127.0.0.1:{box.port}"\n')
    listed(made.root / ".mail", READERS).close()
    return made


def plan_of(ran: Ran) -> str:
    """Return the hash that `firstword digest` printed."""
    found = re.search(r"^plan (\w+)$", ran.out, re.MULTILINE)
    assert found, ran.out + ran.err
    return found[1]


def test_a_publish_mails_the_word_it_published_and_the_next_one_mails_nobody(
    site: SmallSite, box: Mailbox
) -> None:
    first = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    again = site.publish("--send", SOURCE_DATE_EPOCH=ELEVEN)

    assert (first.code, again.code) == (0, 0)
    assert first.out.endswith("mailed: 2 of 2 messages\n")
    assert again.out.endswith("mailed: 0 of 0 messages\n")
    assert sorted(box.recipients()) == [ADA, BEN]
    assert all(b"One card payment in five" in message for _, message in box.taken)
    assert "reader" not in first.out


def test_the_page_is_there_before_the_mail(site: SmallSite, box: Mailbox) -> None:
    there: list[bool] = []

    def look(step: str, who: str) -> str | None:
        if step == "words":
            there.append("One card payment in five" in site.page("index.html"))
        return None

    box.script = look
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert there == [True, True]


def test_a_publish_does_not_wait_for_mail_that_is_going_out(site: SmallSite, box: Mailbox) -> None:
    meanwhile: list[Ran] = []

    def publish_once(step: str, who: str) -> str | None:
        if step == "words" and not meanwhile:
            site.write(CARDS_FILE, CARDS + RESOLVED)
            meanwhile.append(site.publish(SOURCE_DATE_EPOCH=ELEVEN))
        return None

    box.script = publish_once
    sent = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert (sent.code, meanwhile[0].code) == (0, 0)
    assert "at work" not in meanwhile[0].err
    assert "All cards work" in site.page("incidents/2026-11-21-card-payments/index.html")
    assert sorted(box.recipients()) == [ADA, BEN]


def test_without_the_page_no_mail(site: SmallSite, box: Mailbox) -> None:
    site.write("public/.firstword/root.json", "broken")
    ran = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert ran.code == 3
    assert "NOT mailed: the page is not there yet: " in ran.err
    assert box.taken == []


def test_a_plan_is_sent_by_its_hash_and_no_other(site: SmallSite, box: Mailbox) -> None:
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    seen = plan_of(site.firstword("digest", SOURCE_DATE_EPOCH=HALF_PAST_TEN))
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.publish(SOURCE_DATE_EPOCH=ELEVEN)
    other = site.firstword("send", seen, SOURCE_DATE_EPOCH=ELEVEN)
    unsaid = site.firstword("send", SOURCE_DATE_EPOCH=ELEVEN)
    assert box.taken == []
    right = plan_of(site.firstword("digest", SOURCE_DATE_EPOCH=ELEVEN))
    sent = site.firstword("send", right, SOURCE_DATE_EPOCH=ELEVEN)

    assert (other.code, unsaid.code) == (1, 2)
    assert "by now" in other.err
    assert (sent.code, sent.err) == (0, "")
    # One message to each: the newest word, with the first one inside.
    assert sorted(box.recipients()) == [ADA, BEN]
    assert all(b"All cards work" in words and b"One card" in words for _, words in box.taken)


def test_a_day_is_mailed_when_it_is_over(site: SmallSite, box: Mailbox) -> None:
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.taken.clear()
    ran = site.firstword("send", "--only", "daily", "--yes", SOURCE_DATE_EPOCH=NEXT_DAY)

    assert ran.out == "daily/2026-11-21: 1 accepted\nmailed: 1 of 1 messages\n"
    assert box.recipients() == [CYD]


def test_a_lost_answer_needs_a_person_and_the_next_sending_goes_on(
    site: SmallSite, box: Mailbox
) -> None:
    box.script = lambda step, who: LOSE if step == "words" and who == BEN else None
    first = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.script = lambda step, who: None
    again = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert first.code == 3
    assert "1 accepted, 1 unknown" in first.out
    assert again.code == 0
    assert box.recipients().count(ADA) == 1
    assert box.recipients().count(BEN) == 2


def test_a_missing_list_is_told_and_nobody_is_mailed(site: SmallSite, box: Mailbox) -> None:
    shutil.rmtree(site.root / ".mail")
    ran = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert ran.code == 3
    assert "no list of subscribers" in ran.err
    assert box.taken == []


def test_a_site_that_names_no_server_is_refused_before_it_is_published(site: SmallSite) -> None:
    site.write("pelicanconf.py", CONF + MAIL)
    ran = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert ran.code == 2
    assert "MAIL_TRANSPORT" in ran.err
    assert "Card payments" not in site.page("index.html")


@pytest.mark.parametrize(
    ("server", "refused"),
    [("smtp://mail.acme.example", True), ("ses", True), ("smtp://127.0.0.1:2525", False)],
)
def test_a_clock_that_stands_still_mails_nobody_elsewhere(server: str, *, refused: bool) -> None:
    site = read_site(
        {
            "SITENAME": "Acme status",
            "SITEURL": "https://status.acme.example",
            "PINNED_CLOCK": "2026-11-21 10:30",
            "MAIL_FROM": "status@acme.example",
            "MAIL_TRANSPORT": server,
        }
    )
    with pytest.raises(SettingsError, match="PINNED_CLOCK") if refused else nullcontext():
        mail_to_send(site)


@pytest.mark.parametrize("other", ["--json", "--watch", "--dry-run"])
def test_sending_is_not_had_with_everything(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("publish.py", publish, ["--send", other]) == 2
    assert f"cannot be had with {other}" in capsys.readouterr().err
