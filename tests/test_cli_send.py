"""`firstword send` and `publish.py --send`, in a site, to a mail server on loopback."""

from __future__ import annotations

import os
import quopri
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from datetime import UTC, datetime
from email import message_from_bytes
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

import pytest
from imapserver import Folder, imapserver
from mails import listed, reader
from mailserver import LOSE, Mailbox, mailserver
from running import running
from s3server import S3Server, s3server
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, SLOW, SLOW_FILE, Ran, SmallSite

from firstword.cli import main, publish, run_command
from firstword.cli.delivery import mail_to_send
from firstword.clock import system_clock
from firstword.errors import SettingsError
from firstword.mail.bucket import Bucket, opened_bucket
from firstword.mail.ledger import open_ledger
from firstword.mail.people import open_people
from firstword.mail.turns import sole_sender
from firstword.settings import read_site
from firstword.store import Write, open_store

MAIL = 'MAIL_FROM = "status@acme.example"\nCONTACT = "care@acme.example"\n'
ADA, BEN, CYD = (f"{name}@reader.example" for name in ("ada", "ben", "cyd"))
READERS = (reader(ADA), reader(BEN), reader(CYD, "daily"))
#: 2026-11-21 in Copenhagen: 08:00, 10:30, 11:00 and, of the day after, 00:30.
EIGHT, HALF_PAST_TEN, ELEVEN, NEXT_DAY = "1795244400", "1795253400", "1795255200", "1795303800"

API = """\
---
title: The API answers slowly
impact: minor
started: 2026-11-21 10:40
components: [api]
affected: Whoever reads more than a page of orders at once.
workaround: Ask for one page at a time.
---

## 2026-11-21 10:45 | Ian Reyes | identified

A page of orders takes nine seconds. An index is being built again.
"""


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


class Shown(SimpleHTTPRequestHandler):
    """What readers see: a folder."""

    folder: Path

    def translate_path(self, path: str) -> str:
        """Find a page as a host does."""
        return str(self.folder / path.lstrip("/"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


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
    assert "NOT mailed: " in ran.err
    assert "published, and NOT" not in ran.err
    assert box.taken == []


@pytest.fixture
def two_targets(site: SmallSite) -> SmallSite:
    """Publish the site to a second folder too, without the word; then to the first one alone."""
    (site.root / CARDS_FILE).unlink()
    conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")
    site.write("pelicanconf.py", f'{conf}PUBLISH_TO = ["public", "second"]\n')
    assert site.publish(SOURCE_DATE_EPOCH=EIGHT).code == 0
    site.write(CARDS_FILE, CARDS)
    assert site.publish("public", SOURCE_DATE_EPOCH=HALF_PAST_TEN).code == 0
    return site


def test_a_word_that_one_target_lacks_is_held_by_cron_too_and_goes_out_once_it_is_there(
    two_targets: SmallSite, box: Mailbox
) -> None:
    site = two_targets
    planned = site.firstword("digest", SOURCE_DATE_EPOCH=ELEVEN)
    held = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)
    agreed = site.firstword("send", plan_of(planned), SOURCE_DATE_EPOCH=ELEVEN)
    assert box.taken == []
    site.publish(SOURCE_DATE_EPOCH=ELEVEN)
    there = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)

    line = (
        "update/2026-11-21-card-payments/20261121T082000Z: NOT mailed yet: the page is not there: "
        "second does not hold it\n"
    )
    assert (planned.code, held.code, agreed.code) == (3, 3, 3)
    assert line in planned.out
    assert held.out == f"{line}mailed: 0 of 0 messages\n"
    assert agreed.out == held.out
    assert (there.code, sorted(box.recipients())) == (0, [ADA, BEN])


def test_what_every_target_holds_is_mailed_while_one_is_behind(
    two_targets: SmallSite, box: Mailbox
) -> None:
    site = two_targets
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.publish("public", SOURCE_DATE_EPOCH=ELEVEN)
    ran = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)
    again = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)

    assert (ran.code, again.code) == (3, 3)
    assert sorted(box.recipients()) == [ADA, BEN]
    assert not any(b"All cards work" in words for _, words in box.taken)
    assert "20261121T085000Z: NOT mailed yet: " in ran.out
    assert "mailed: 2 of 2 messages\n" in ran.out


def test_what_was_held_until_it_was_too_old_is_told(two_targets: SmallSite, box: Mailbox) -> None:
    site = two_targets
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.publish("public", SOURCE_DATE_EPOCH=ELEVEN)
    site.firstword("send", "--yes", "--only", "immediate", SOURCE_DATE_EPOCH=ELEVEN)
    site.publish(SOURCE_DATE_EPOCH=str(int(ELEVEN) + 5 * 86_400))
    late = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=str(int(ELEVEN) + 5 * 86_400))

    assert late.code == 3
    assert "20261121T085000Z: NOT received by 2 (2 not sent until it was too old): " in late.out
    assert box.recipients() == [CYD]  # the digest of that day


def test_of_a_cdn_that_is_an_hour_behind_goes_out_what_it_shows(
    site: SmallSite, box: Mailbox, tmp_path: Path
) -> None:
    class Behind(Shown):
        folder = tmp_path / "shown"

    with running(HTTPServer(("127.0.0.1", 0), Behind)) as address:
        conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")
        place = f'PUBLISH_TO = {{"target": "public", "address": "http://{address}"}}\n'
        site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
        shutil.copytree(site.root / "public", Behind.folder)
        site.write(CARDS_FILE, CARDS + RESOLVED)
        site.publish(SOURCE_DATE_EPOCH=ELEVEN)
        site.write("pelicanconf.py", conf + place)
        ran = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)

    assert ran.code == 3
    assert sorted(box.recipients()) == [ADA, BEN]
    assert not any(b"All cards work" in words for _, words in box.taken)
    assert "20261121T085000Z: NOT mailed yet: the page is not there: not yet seen at" in ran.out
    assert "mailed: 2 of 2 messages\n" in ran.out


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


def test_an_update_waits_for_its_turn_and_a_digest_does_not(
    site: SmallSite,
    box: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    monkeypatch.chdir(site.root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", ELEVEN)
    with ExitStack() as other:
        other.enter_context(sole_sender(site.root / ".mail"))
        assert main(["send", "--only", "daily", "--yes"]) == 1
        assert "another process is sending just now" in capsys.readouterr().err
        # Where the update would sleep until it looks again, the other one ends.
        monkeypatch.setattr(time, "sleep", lambda _: other.close())
        assert main(["send", "--only", "immediate", "--yes"]) == 0

    assert sorted(box.recipients()) == [ADA, BEN]


@pytest.fixture
def s3(
    site: SmallSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys_of_nobody: None
) -> Iterator[S3Server]:
    """Publish the site, and have its list lie in a bucket; commands run in its folder."""
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    conf = (site.root / "pelicanconf.py").read_text()
    site.write("pelicanconf.py", f'{conf}MAIL_STATE = "s3://acme-private/mail"\n')
    monkeypatch.chdir(site.root)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with s3server() as s3:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.address)
        s3.put("/acme-private")
        with in_bucket() as bucket:
            listed(bucket.folder, READERS).close()
        yield s3


def in_bucket() -> AbstractContextManager[Bucket]:
    """Hold the list in the bucket, as somebody else does."""
    return opened_bucket("s3://acme-private/mail", (), environ=dict(os.environ), clock=system_clock)


def test_an_update_waits_for_its_turn_in_a_bucket_too(
    s3: S3Server,
    box: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", ELEVEN)
    asked: list[bool] = []
    with ExitStack() as other:
        other.enter_context(in_bucket())
        assert main(["send", "--only", "daily", "--yes"]) == 1
        assert "works with the list until" in capsys.readouterr().err
        asked.append("mail/urgent.json" in s3.keys("acme-private"))

        def end(seconds: float) -> None:
            asked.append("mail/urgent.json" in s3.keys("acme-private"))
            other.close()

        monkeypatch.setattr(time, "sleep", end)
        assert main(["send", "--only", "immediate", "--yes"]) == 0

    assert asked == [False, True]
    assert sorted(box.recipients()) == [ADA, BEN]


def test_a_digest_gives_way_in_a_bucket_too(
    s3: S3Server, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3.keys("acme-private") == ["mail/lease.json", "mail/subscribers.db"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NEXT_DAY)
    waited: list[list[str]] = []

    def ask(until: str) -> None:
        told = f'{{"owner": "other", "until": "{until}T00:00:00+00:00"}}'.encode()
        store = open_store("s3://acme-private/mail", environ=dict(os.environ))
        store.put(
            Write(
                key="urgent.json",
                body=told,
                content_type="application/json",
                cache_control="no-store",
                digest="x",
                if_match=None,
                if_absent=False,
            )
        )

    def overtake(seconds: float) -> None:
        with in_bucket():
            waited.append(box.recipients())
        ask("1999-12-31")

    ask("2999-12-31")
    monkeypatch.setattr(time, "sleep", overtake)
    assert main(["send", "--only", "daily", "--yes"]) == 0

    assert waited == [[]]
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


def test_who_mutes_a_story_hears_no_more_of_it_and_all_of_others(
    site: SmallSite, box: Mailbox
) -> None:
    now = system_clock()
    with imapserver(Folder(came=f"{now:%d-%b-%Y %H:%M:%S +0000}")) as folder:
        conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")
        conf += 'MAIL_INBOX = "list@acme.example"\nMAIL_AUTHSERV = "mx.acme.example"\n'
        conf += f'MAIL_IMAP = "imap+plain://list@127.0.0.1:{folder.port}"\n'
        site.write("pelicanconf.py", conf)
        site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
        letter = dict(box.taken)[ADA].decode()
        body = quopri.decodestring(letter.partition("\r\n\r\n")[2]).decode()
        link = re.search(r"No more about this: mailto:list@acme.example\?subject=(\S+)", body)
        assert link
        folder.messages.append(f"From: x@y.example\r\nSubject: {unquote(link[1])}\r\n\r\n".encode())
        # A sender that is at work keeps nobody from being heard.
        with sole_sender(site.root / ".mail"):
            synced = site.firstword("subscribers", "sync", FIRSTWORD_IMAP_PASSWORD="hunter2")
    answer = box.taken.pop()
    box.taken.clear()
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.write("content/incidents/2026/2026-11-21-api.md", API)
    sent = site.publish("--send", SOURCE_DATE_EPOCH=ELEVEN)
    told = {who: words.count(b"Subject: The API") for who, words in box.taken}

    assert (synced.code, synced.err) == (0, "")
    assert "muted 1" in synced.out
    title = b"You get no more mail about this:\r\nCard payments fail in the EU\r\n"
    assert (answer[0], title in answer[1]) == (ADA, True)
    assert sent.out.endswith("mailed: 3 of 3 messages\n")
    assert sorted(box.recipients()) == [ADA, BEN, BEN]
    assert told[ADA] == 1


def test_a_story_is_muted_by_hand_and_told_again(site: SmallSite, box: Mailbox) -> None:
    story = Path(CARDS_FILE).stem
    unknown = site.firstword("subscribers", "mute", BEN, "2026-11-21-card-payment")
    nobody = site.firstword("subscribers", "mute", "eve@reader.example", story)
    muted = site.firstword("subscribers", "mute", BEN, story)
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert (unknown.code, nobody.code, muted.code) == (1, 1, 0)
    assert f"no story '2026-11-21-card-payment'; did you mean {story!r}?" in unknown.err
    assert "nobody of that address" in nobody.err
    assert box.recipients() == [ADA]
    assert site.firstword("subscribers", "unmute", BEN, story).code == 0
    again = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    assert again.out.endswith("mailed: 1 of 1 messages\n")
    assert box.recipients() == [ADA, BEN]
    assert "reader" not in muted.out + unknown.err + nobody.err


def test_who_subscribes_during_an_incident_gets_its_newest_word(
    site: SmallSite, box: Mailbox
) -> None:
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.taken.clear()
    shown = ("--cadence", "immediate", "--shown", "Mail me every update")
    assert site.firstword("subscribers", "add", "eve@reader.example", *shown).code == 0
    ran = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)
    again = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=ELEVEN)

    assert ran.out.endswith("mailed: 1 of 1 messages\n")
    assert again.out.endswith("mailed: 0 of 0 messages\n")
    assert box.recipients() == ["eve@reader.example"]


def test_what_nobody_knows_is_listed_without_addresses_and_settled_by_hand(
    site: SmallSite, box: Mailbox
) -> None:
    edition = "daily/2026-11-21"
    people = listed(site.root / ".mail", [reader("dan@reader.example", "daily")])
    people.close()
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.script = lambda step, who: LOSE if step == "words" else None
    box.taken.clear()
    daily = ("send", "--only", "daily", "--yes")
    lost = site.firstword(*daily, SOURCE_DATE_EPOCH=NEXT_DAY)
    box.script = lambda step, who: None
    kept = site.firstword(*daily, SOURCE_DATE_EPOCH=NEXT_DAY)
    ids = {str(message_from_bytes(words)["Message-ID"]): who for who, words in box.taken}
    first, second = ids

    def settle(*arguments: str) -> Ran:
        return site.firstword("send", "--settle", *arguments, SOURCE_DATE_EPOCH=NEXT_DAY)

    shown = settle()
    sent = settle(edition, "--as", "sent", "--letter", first)
    again = settle(edition, "--as", "again")
    nothing = settle(edition, "--as", "again")
    ran = site.firstword(*daily, SOURCE_DATE_EPOCH=NEXT_DAY)

    assert (lost.code, kept.code) == (3, 3)
    assert sorted(ids.values()) == [CYD, "dan@reader.example"]
    assert {line.split()[1] for line in shown.out.splitlines()[:2]} == set(ids)
    assert shown.out.endswith("letters that wait for a person: 2\n")
    assert "reader" not in shown.out + shown.err
    assert sent.out == f"{edition}: 1 count as sent\n"
    assert again.out == f"{edition}: 1 go out again with the next sending\n"
    assert nothing.code == 1
    assert "no letter of it waits to be settled as 'again'" in nothing.err
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "mailed: 1 of 1 messages")
    # The very same message, to the one who may not have had it.
    assert (box.taken[-1][0], len(box.taken)) == (ids[second], 3)
    assert message_from_bytes(box.taken[-1][1])["Message-ID"] == second


@pytest.mark.parametrize(
    "arguments",
    [
        ("--settle", "daily/2026-11-21"),
        ("--as", "sent"),
        ("--letter", "<x@y>"),
        ("--settle", "daily/2026-11-21", "--as", "again", "--yes"),
    ],
)
def test_settling_by_halves_is_refused(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send", *arguments]) == 2
    assert re.search("--settle|--as", capsys.readouterr().err)


def test_what_is_too_old_is_not_sent_again(site: SmallSite, box: Mailbox) -> None:
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.script = lambda step, who: LOSE if step == "words" else None
    site.firstword("send", "--only", "daily", "--yes", SOURCE_DATE_EPOCH=NEXT_DAY)
    much_later = str(int(NEXT_DAY) + 30 * 86_400)
    settling = ("send", "--settle", "daily/2026-11-21", "--as")
    again = site.firstword(*settling, "again", SOURCE_DATE_EPOCH=much_later)
    box.script = lambda step, who: None
    weeks_later = str(int(NEXT_DAY) + 15 * 86_400)
    told = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=weeks_later)
    planned = site.firstword("digest", SOURCE_DATE_EPOCH=weeks_later)

    assert again.code == 1
    assert "too old to go out" in again.err
    assert (told.code, planned.code) == (3, 3)
    assert "daily/2026-11-21: NOT received by 1 (1 no answer): " in told.out
    assert "daily/2026-11-21: NOT received by 1 (1 no answer): " in planned.out
    assert "'--as missed'" in told.out
    assert "reader" not in told.out + planned.out
    assert site.firstword(*settling, "missed", SOURCE_DATE_EPOCH=weeks_later).code == 0
    assert site.firstword("send", "--yes", SOURCE_DATE_EPOCH=weeks_later).code == 0


def test_a_ledger_that_is_lost_mails_nobody_again_until_a_person_begins_another(
    site: SmallSite, box: Mailbox
) -> None:
    first = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.taken.clear()
    (site.root / ".mail" / "ledger.db").unlink()
    lost = site.publish("--send", SOURCE_DATE_EPOCH=ELEVEN)
    begun = site.firstword("send", "--begin-ledger", SOURCE_DATE_EPOCH=ELEVEN)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    news = site.publish("--send", SOURCE_DATE_EPOCH=str(int(ELEVEN) + 60))

    assert (first.code, lost.code, begun.code) == (0, 3, 0)
    assert "the ledger is gone" in lost.err
    assert "firstword send --begin-ledger" in lost.err
    assert begun.out == "begun: nothing older than 2026-11-21 10:00:00 UTC is mailed\n"
    # The new word, without the one from before.
    assert news.out.endswith("mailed: 2 of 2 messages\n"), news.err
    assert not any(b"Not sent to you before" in words for _, words in box.taken)


def test_a_tick_with_nothing_due_mails_what_has_yet_to_go_out_once_readers_see_it(
    site: SmallSite, box: Mailbox
) -> None:
    site.publish(SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    conf = (site.root / "pelicanconf.py").read_text(encoding="utf-8")

    class Readers(Shown):
        """Sees an old page, and from then on the new one."""

        folder = site.root / "nothing"

    with running(HTTPServer(("127.0.0.1", 0), Readers)) as address:
        place = f'PUBLISH_TO = {{"target": "public", "address": "http://{address}"}}\n'
        site.write("pelicanconf.py", conf + place)
        site.write(".gitignore", ".mail/\noutput/\npublic/\n.cache/\n__pycache__/\n")
        site.commit()
        # The first one publishes, for there is a commit; the second one has nothing to do.
        for _ in range(2):
            tick = site.publish("--tick", "--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
            assert tick.code == 3
            assert "NOT mailed yet: the page is not there: not yet seen at http://" in tick.out
            assert "HTTP 404" in tick.out
        cron = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
        assert cron.code == 3
        assert "HTTP 404" in cron.out
        assert box.taken == []
        Readers.folder = site.root / "public"
        seen = site.publish("--tick", "--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert (seen.code, seen.err) == (0, "")
    assert sorted(box.recipients()) == [ADA, BEN]


def test_who_was_put_off_and_had_the_word_by_a_digest_is_left_without_nothing(
    site: SmallSite, box: Mailbox
) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)
    box.script = lambda step, who: "451 4.7.1 later" if who == BEN else None
    first = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.script = lambda step, who: None
    daily = ("add", BEN, "--cadence", "daily", "--shown", "Mail me once a day")
    site.firstword("subscribers", *daily)
    digest = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=NEXT_DAY)
    days_later = str(int(NEXT_DAY) + 5 * 86_400)
    told = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=days_later)
    listed_too = site.firstword("send", "--settle", SOURCE_DATE_EPOCH=days_later)

    assert "1 deferred" in first.out
    assert digest.out == "daily/2026-11-21: 2 accepted\nmailed: 2 of 2 messages\n"
    assert (told.code, told.out) == (0, "mailed: 0 of 0 messages\n")
    assert listed_too.out == "letters that wait for a person: 0\n"


def test_history_that_is_imported_mails_nobody_now_nor_in_a_digest(
    site: SmallSite, box: Mailbox
) -> None:
    shutil.copytree(Path(__file__).parent / "data" / "cstate", site.root.parent / "old-status")
    (site.root / CARDS_FILE).unlink()
    came = site.firstword("import", "cstate", "../old-status")
    recent = CARDS.replace("---\n\n", "imported: cstate\n---\n\n").replace(
        "Dawn Okafor", "imported"
    )
    site.write("content/incidents/2026/2026-11-21-imported.md", recent.replace("next: 10:00\n", ""))
    now = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    later = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=NEXT_DAY)

    assert came.code in {0, 3}, came.err
    imported = [path for path in (site.root / "content").rglob("*.md") if path.name != SLOW_FILE]
    assert len(imported) > 3
    assert now.out.endswith("mailed: 0 of 0 messages\n"), now.err
    assert later.out.endswith("mailed: 0 of 0 messages\n")
    assert box.taken == []


def test_a_follow_up_that_is_done_is_news_for_those_who_were_there(
    site: SmallSite, box: Mailbox
) -> None:
    promised = RESOLVED + "\n- [ ] An alarm on refused payments (Ian Reyes, 2026-11-25)\n"
    site.write(CARDS_FILE, CARDS + promised)
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    box.taken.clear()
    # This one came after all was over, and before the news.
    since = datetime(2026, 11, 21, 9, 45, tzinfo=UTC)
    with closing(open_people(site.root / ".mail")) as people:
        people.put([reader("eve@reader.example", since=since)])
    done = "\n## 2026-11-21 10:40 | Ian Reyes | update\ndone: 1\n\nThe alarm rang in its test.\n"
    site.write(CARDS_FILE, CARDS + promised + done)
    ran = site.publish("--send", SOURCE_DATE_EPOCH=ELEVEN)

    assert ran.out.endswith("mailed: 2 of 2 messages\n"), ran.err
    assert sorted(box.recipients()) == [ADA, BEN]
    assert all(b"The alarm rang" in words for _, words in box.taken)


def test_what_went_out_of_date_while_no_sending_ran_is_told(site: SmallSite, box: Mailbox) -> None:
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.publish(SOURCE_DATE_EPOCH=ELEVEN)
    box.taken.clear()
    late = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=str(int(ELEVEN) + 5 * 86_400))

    assert late.code == 3
    assert "20261121T085000Z: NOT received by 2 (2 not sent until it was too old): " in late.out
    assert box.recipients() == [CYD]  # the digest of that day


def test_what_the_ledger_forgot_is_not_mailed_again_when_its_story_is_taken_up(
    site: SmallSite, box: Mailbox
) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)
    spring = int(ELEVEN) + 100 * 86_400  # 2027-03-01 11:00 in Copenhagen
    late = site.firstword("send", "--yes", SOURCE_DATE_EPOCH=str(spring))
    with closing(open_ledger(site.root / ".mail", system_clock)) as ledger:
        of_words = {edition: ledger.counts(edition) for edition, _, _ in ledger.told()}
    site.write(
        CARDS_FILE,
        CARDS + RESOLVED + "\n## 2027-03-01 10:55 | Ian Reyes | investigating\n"
        "notify: no\nnext: 12:00\n\nOne bank refuses cards again. We ask them why.\n",
    )
    again = site.publish("--send", SOURCE_DATE_EPOCH=str(spring + 60))

    assert late.out == "mailed: 0 of 0 messages\n"
    assert len(of_words) == 2
    assert not any(of_words.values())
    assert again.out.endswith("mailed: 0 of 0 messages\n")
    assert sorted(box.recipients()) == [ADA, BEN]


def test_a_missing_list_is_told_and_nobody_is_mailed(site: SmallSite, box: Mailbox) -> None:
    shutil.rmtree(site.root / ".mail")
    ran = site.publish("--send", SOURCE_DATE_EPOCH=HALF_PAST_TEN)

    assert ran.code == 3
    assert "published, and NOT mailed: no list of subscribers" in ran.err
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
