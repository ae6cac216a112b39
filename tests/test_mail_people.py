"""The list of subscribers: who is on it, what is kept of them, and who may see it."""

from __future__ import annotations

import shutil
import stat
from contextlib import closing
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from mails import CONSENT, JOINED, MAIL_CONF, listed, reader
from sites import SmallSite

from firstword.cli import main
from firstword.cli.subscribers import STATES
from firstword.errors import ListMissing, SettingsError
from firstword.mail.address import AddressProblem, masked, read_address, same_mailbox
from firstword.mail.ledger import Event, Fate, open_ledger
from firstword.mail.parcel import Cadence, Consent, Standing
from firstword.mail.people import NAME, People, open_people
from firstword.mail.place import private_folder
from firstword.mail.soft import Soft
from firstword.mail.table import compare, read_table, write_table
from firstword.model import Kind
from firstword.settings import read_site
from firstword.values import replace

SITE = read_site(
    {
        "SITENAME": "Acme status",
        "SITEURL": "https://status.acme.example",
        "COMPONENTS": [{"id": "checkout"}, {"id": "api"}],
    }
)
ADA = "ada@reader.example"
#: What somebody who imports says of all.
NOW = Consent(at=datetime(2026, 11, 22, tzinfo=UTC), how="imported", words="As agreed")


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@reader.example", "ada@reader.example"),
        (" Ada@Reader.EXAMPLE ", "Ada@reader.example"),
        ("ada+status@reader.example", "ada+status@reader.example"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_it_is_written_into_a_message(written: str, kept: str) -> None:
    assert read_address(written) == kept


def test_capitals_are_no_difference_tags_and_dots_are() -> None:
    mailboxes = [
        same_mailbox(read_address(text))
        for text in ("Ada@reader.example", "ada@READER.example", "ada+x@reader.example")
    ]

    assert mailboxes[0] == mailboxes[1] != mailboxes[2]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("ada.reader.example", "no @"),
        ("ada@reader", "no dot"),
        ("ädä@reader.example", "not ASCII"),
        ("ada@reader.example\r\nBcc: bo@reader.example", "control character"),
        ("a..da@reader.example", "not an address that mail can be sent to"),
        ("Ada <ada@reader.example>", "not an address that mail can be sent to"),
    ],
)
def test_an_address_that_cannot_be_mailed_is_refused_and_not_repeated(
    written: str, why: str
) -> None:
    with pytest.raises(AddressProblem, match=why) as told:
        read_address(written)

    assert "reader" not in str(told.value)


def test_a_masked_address_does_not_tell_who_it_is() -> None:
    assert masked("ada.lovelace@reader.example") == "a…@reader.example"


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def test_all_that_is_known_of_somebody_comes_back(tmp_path: Path) -> None:
    ada = reader(
        ADA,
        "weekly",
        components=frozenset({"api", "checkout"}),
        kinds=frozenset({Kind.NOTICE}),
        language="de",
        zone="Asia/Tokyo",
        muted=frozenset({"2026-11-21-card-payments"}),
        state=Standing.COMPLAINED,
    )
    listed(tmp_path, [ada]).close()
    people = open_people(tmp_path)

    assert people.find(people.person(ADA)) == ada
    assert people.find(people.person("ADA@reader.example")) == ada
    assert people.find(people.person("bo@reader.example")) is None


def test_a_missing_list_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ListMissing, match="nothing is sent") as told:
        open_people(tmp_path)

    assert told.value.exitcode == 3
    assert not (tmp_path / NAME).exists()


def test_only_its_owner_may_read_the_list(tmp_path: Path) -> None:
    people = listed(tmp_path / "private", [reader(ADA)])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("private/*")}
    people.close()

    assert set(modes.values()) == {0o600}
    assert len(modes) == 3  # the write-ahead log and its index as well


def test_everybody_comes_in_an_order_that_mixes_domains_and_stays(tmp_path: Path) -> None:
    readers = [reader(f"r{n}@{name}.example") for name in ("a", "b") for n in range(600)]
    people = listed(tmp_path, readers)
    once, again = ([member.subscriber.address for member in people] for _ in range(2))
    domains = [address.split("@")[1] for address in once]

    assert once == again
    assert sorted(once) == sorted(one.address for one in readers)
    assert 200 < domains[:600].count("a.example") < 400


def test_a_token_finds_its_owner_and_nobody_else(tmp_path: Path) -> None:
    people = listed(tmp_path, [reader(ADA), reader("bo@reader.example")])
    token = people.token(people.person(ADA))
    found = people.by_token(token.upper())

    assert found is not None
    assert found.subscriber.address == ADA
    assert people.by_token("a" * 32) is None


def test_many_tokens_are_looked_up_in_one_reading_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forged report may name a token in each line."""
    people = listed(tmp_path, [reader(ADA), reader("bo@reader.example")])
    made: list[str] = []
    token = People.token

    def noting(self: People, person: str) -> str:
        made.append(person)
        return token(self, person)

    monkeypatch.setattr(People, "token", noting)

    assert [people.by_token(letter * 32) for letter in "abcdefgh"] == [None] * 8
    assert len(made) == 2


def test_who_is_forgotten_is_in_no_byte_of_the_files(tmp_path: Path) -> None:
    crowd = [reader(f"someone{n}@reader.example") for n in range(200)]
    people = listed(tmp_path, [*crowd, reader("very.special@reader.example")])
    person = people.person("very.special@reader.example")
    people.set_state(person, Standing.UNSUBSCRIBED)
    assert b"very.special" in b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert people.forget(person)
    assert not people.forget(person)

    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"very.special" not in left
    assert person.encode() not in left
    assert people.count().total() == 200


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_is_read_with_its_wishes() -> None:
    text = (
        "Address,cadence,components,kinds,language\n"
        "Ada@reader.example,Daily,checkout api,incident,de\n"
        'bo@reader.example,weekly,"checkout, api",,\n'
    )
    ada, bo = read_table(StringIO(text), SITE, CONSENT)

    assert not isinstance(ada, str)
    assert not isinstance(bo, str)
    assert (ada.address, ada.cadence, ada.language) == (
        "Ada@reader.example",
        Cadence.DAILY,
        "de",
    )
    assert ada.components == bo.components == {"checkout", "api"}
    assert ada.kinds == {Kind.INCIDENT}
    assert bo.kinds == frozenset()
    assert ada.consent == CONSENT


@pytest.mark.parametrize("between", [";", "\t"])
def test_a_table_is_read_as_spreadsheets_write_it(between: str) -> None:
    rows = (
        ("address", "cadence", "components"),
        (ADA, "daily", "api, checkout"),
        ("x@y", "daily", ""),
    )
    text = "\r\n".join(between.join(row) for row in rows)
    one, problem = read_table(StringIO(text, newline=""), SITE, CONSENT)

    assert not isinstance(one, str)
    assert (one.address, one.cadence) == (ADA, Cadence.DAILY)
    assert one.components == {"api", "checkout"}
    assert problem == "line 3: address: no address: the part after the @ has no dot"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: the header lacks 'address'"),
        ("ada@reader.example,daily\n", "line 1: the header has an unknown name"),
        ("address,cadense\n", "unknown name: 'cadense'"),
        ("address,cadence,cadence\n", "a name twice"),
        ("address,cadence\nada@reader,daily\n", "line 2: address: no address"),
        ("address,cadence\nada@reader.example,hourly\n", "line 2: cadence: unknown: 'hourly'"),
        ("address,cadence\nada@reader.example,daily,x,y\n", "line 2: more values"),
        ("cadence,address\ndaily,x@y\nada@reader.example,daily\n", "line 3: address: no address"),
        ("address,cadence,components\na@reader.example,daily,apy\n", "did you mean 'api'?"),
        ("address,cadence,zone\na@reader.example,daily,Mars\n", "zone: unknown: 'Mars'"),
        ("address,cadence,state\na@reader.example,daily,gone\n", "state: unknown: 'gone'"),
        (
            "address,cadence,state\na@reader.example,daily,pending\n",
            "unknown: 'pending'; write",
        ),
        ("address,cadence,state\na@reader.example,daily,b@reader.example\n", "state: unknown;"),
        ("address,cadence,muted\na@reader.example,daily,b@reader.example\n", "muted: no id"),
        (
            "address,cadence\nada@reader.example,daily\nADA@reader.example,weekly\n",
            "line 3: the same mailbox as in line 2",
        ),
        ('address,cadence\n"ada@reader.example,daily\n', "not CSV in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_line_and_without_an_address(
    text: str, problem: str
) -> None:
    told = [one for one in read_table(StringIO(text), SITE, CONSENT) if isinstance(one, str)]

    assert any(problem in one for one in told), told
    assert not any("reader" in one for one in told)


def test_a_table_does_not_bring_back_who_left(tmp_path: Path) -> None:
    people = listed(
        tmp_path,
        [reader(ADA, state=Standing.UNSUBSCRIBED), reader("bo@reader.example")],
    )
    new = replace(CONSENT, words="something newer")
    rows = [
        replace(reader(address, "daily"), consent=new)
        for address in (ADA, "bo@reader.example", "cy@reader.example")
    ]
    counts, wanted = compare(people, rows)
    people.put(wanted)
    again, left = compare(people, rows)
    ada, bo = (people.find(people.person(f"{who}@reader.example")) for who in ("ada", "bo"))

    assert (counts.added, counts.changed, counts.left_alone) == (1, 1, 1)
    assert (again.added, again.changed, again.same, left) == (0, 0, 2, [])
    assert ada is not None
    assert ada.state == Standing.UNSUBSCRIBED
    assert bo is not None
    assert bo.cadence == "daily"
    assert bo.consent == CONSENT  # what was agreed to is not written anew


def test_an_export_read_into_another_list_brings_nobody_back(tmp_path: Path) -> None:
    gone = (Standing.BOUNCED, Standing.COMPLAINED, Standing.UNSUBSCRIBED)
    left = {state: f"{state}@reader.example" for state in gone}
    people = listed(
        tmp_path / "lost",
        [
            reader(ADA, "weekly", muted=frozenset({"2026-11-21-cards"})),
            *(reader(address, state=state) for state, address in left.items()),
        ],
    )
    exported = StringIO("\n".join(write_table(people)))
    read = [one for one in read_table(exported, SITE, CONSENT) if not isinstance(one, str)]
    begun = listed(tmp_path / "begun", [])
    counts, wanted = compare(begun, read)
    begun.put(wanted)
    # A file from elsewhere that knows nothing of who left adds none of them either.
    crm = [reader(address) for address in left.values()]
    again, added = compare(begun, crm)
    ada = begun.find(begun.person(ADA))

    assert (counts.added, counts.left_alone) == (1, len(left))
    assert ada is not None
    assert (ada.state, ada.cadence, set(ada.muted)) == ("active", "weekly", {"2026-11-21-cards"})
    for state, address in left.items():
        found = begun.find(begun.person(address))
        assert found is not None
        assert found.state is state
    assert (again.left_alone, added) == (3, [])


def test_an_export_carries_what_people_agreed_to_into_another_list(tmp_path: Path) -> None:
    agreed = Consent(at=JOINED, how="a form", words='Mail me,\n"every" update; até já')
    people = listed(tmp_path / "lost", [reader(ADA, consent=agreed)])
    table = "\r\n".join([*write_table(people), "bo@reader.example,daily" + "," * 12])
    read = list(read_table(StringIO(table, newline=""), SITE, NOW))
    ada, bo = read

    assert not isinstance(ada, str)
    assert not isinstance(bo, str)
    assert (ada.consent, bo.consent) == (agreed, NOW)
    # On a list that is new nobody is mailed again what was said before.
    assert (ada.since, bo.since) == (NOW.at, NOW.at)


@pytest.mark.parametrize(
    ("at", "words", "problem"),
    [
        ("", "Mail me", "consent_at: no instant: ''"),
        ("2026-11-01 08:00", "Mail me", "consent_at: no instant: '2026-11-01 08:00'; write '2026"),
        ("ada@reader.example", "Mail me", "consent_at: no instant; write"),
        ("2026-11-22T00:00:01Z", "Mail me", "consent_at: has yet to come"),
        ("2026-11-01T08:00:00Z", " ", "consent_words: to which words did they agree?"),
    ],
)
def test_half_a_record_of_what_somebody_agreed_to_is_refused(
    at: str, words: str, problem: str
) -> None:
    text = f"address,cadence,consent_at,consent_words\n{ADA},daily,{at},{words}\n"
    (told,) = read_table(StringIO(text), SITE, replace(NOW, words=""))

    assert isinstance(told, str)
    assert told.startswith(f"line 2: {problem}")
    assert "reader" not in told


def test_who_left_needs_no_words_to_be_kept_away() -> None:
    text = f"address,cadence,state\n{ADA},daily,unsubscribed\n"
    (one,) = read_table(StringIO(text), SITE, replace(NOW, words=""))

    assert not isinstance(one, str)


def test_an_old_export_takes_nobody_off_who_is_there(tmp_path: Path) -> None:
    people = listed(tmp_path, [reader(ADA)])
    table = StringIO(f"address,cadence,state\n{ADA},daily,unsubscribed\n")
    read = [one for one in read_table(table, SITE, CONSENT) if not isinstance(one, str)]
    counts, wanted = compare(people, read)

    assert (counts.left_alone, wanted) == (1, [])


def test_an_export_holds_all_that_is_known(tmp_path: Path) -> None:
    people = listed(tmp_path, [reader(ADA, "weekly", components=frozenset({"api", "checkout"}))])
    for day in (20, 21):
        people.note_soft(people.person(ADA), Soft(datetime(2026, 11, day, 10, tzinfo=UTC)))

    assert list(write_table(people)) == [
        (
            "address,cadence,components,kinds,language,zone,state,muted,since,"
            "consent_at,consent_how,consent_words,person,came_back"
        ),
        (
            "ada@reader.example,weekly,api checkout,,,,active,,2026-11-01T08:00:00Z,"
            "2026-11-01T08:00:00Z,a form,Mail me every update,"
            + people.person(ADA)
            + ",2026-11-20T10:00:00Z 2026-11-21T10:00:00Z"
        ),
    ]


# ── where it lies ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["output", "public/mail", "content/.mail", "."])
def test_the_list_does_not_lie_with_what_is_published(tmp_path: Path, state: str) -> None:
    published = [tmp_path / name for name in ("output", "public", "content")]

    with pytest.raises(SettingsError, match="MAIL_STATE"):
        private_folder(tmp_path, state, published)


def test_a_link_into_the_published_folder_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "public")

    with pytest.raises(SettingsError, match="published or built"):
        private_folder(tmp_path, "elsewhere", [tmp_path / "public"])


def test_git_never_sees_the_list(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    folder = private_folder(site.root, ".mail", [])
    listed(folder, [reader(ADA)]).close()

    assert site.git("status", "--porcelain", "--untracked-files=all").out == ""


def test_a_list_that_git_tracks_is_refused(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site", {".mail/subscribers.db": "x"})
    site.commit()

    with pytest.raises(SettingsError, match="git rm -r --cached"):
        private_folder(site.root, ".mail", [])


# ── the command ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        (["add", "--cadence", "daily", "--shown", "x", ADA, ADA], 2, "unrecognized arguments: …@…"),
        ([ADA], 2, "invalid choice: '…@…'"),
        (["mute", "2026-11-21-card-payments", ADA], 1, "first the address, then the id"),
        (["unmute", "2026-11-21-card-payments", ADA], 1, "first the address, then the id"),
        (["add", ADA, "--cadence", "daily", "--shown", " "], 2, "--shown: empty: to which words"),
    ],
)
def test_a_command_that_is_written_wrong_repeats_no_address(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    said: list[str],
    code: int,
    told: str,
) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write("pelicanconf.py", MAIL_CONF)
    people = listed(site.root / ".mail", [])
    monkeypatch.chdir(site.root)

    assert main(["subscribers", *said]) == code
    printed = "".join(capsys.readouterr())
    assert told in printed
    assert ADA not in printed
    assert people.count().total() == 0
    people.close()


def test_the_command_keeps_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write("pelicanconf.py", MAIL_CONF)
    site.write("crm.csv", "address,cadence\nbo@reader.example,daily\nCy@reader.example,weekly\n")

    monkeypatch.chdir(site.root)

    def ran(*arguments: str) -> tuple[int, str]:
        code = main(["subscribers", *arguments])
        told = "".join(capsys.readouterr())
        assert arguments[0] == "export" or "@reader" not in told.replace("…@", "")
        return code, told

    assert ran("list")[0] == 3
    shown = ("--shown", "Mail me")
    assert ran("add", ADA, "--cadence", "immediate", *shown) == (0, "added: one subscriber\n")
    assert ran("add", "a@b", "--cadence", "daily", *shown)[0] == 1
    assert "added 2, changed 0" in ran("import", "crm.csv", *shown)[1]
    assert ran("remove", "BO@reader.example")[0] == 0
    assert ran("remove", "nobody@reader.example")[0] == 1
    folder = site.root / ".mail"
    people, ledger = open_people(folder), open_ledger(folder, lambda: JOINED)
    ledger.turn([Event("daily/2026-11-20", people.person("cy@reader.example"), Fate.ACCEPTED)])
    people.put([reader(ADA, since=JOINED, muted=frozenset({"a-story"}))])
    assert ran("add", ADA, "--cadence", "weekly", *shown) == (0, "changed: one subscriber\n")
    ada = people.find(people.person(ADA))
    assert ada is not None
    # What was on its way to somebody who changes a wish still is; what was muted stays so.
    assert (ada.cadence.value, ada.since, set(ada.muted)) == ("weekly", JOINED, {"a-story"})
    assert ran("add", ADA, "--cadence", "immediate", *shown)[0] == 0
    people.close()
    assert ran("forget", "cy@reader.example")[0] == 0
    assert ledger.counts("daily/2026-11-20") == {}
    ledger.close()

    code, text = ran("list")
    assert code == 0
    assert "a…@reader.example  immediate  active" in text
    assert "b…@reader.example  daily  unsubscribed" in text
    assert text.endswith("2 on the list\n")
    exported = ran("export")[1]
    assert ADA in exported
    site.write("backup.csv", exported)
    site.write("bare.csv", "address,cadence\nbo@reader.example,daily\n")
    shutil.rmtree(folder)
    assert "to which words did they agree?" in ran("import", "bare.csv")[1]
    assert "added 1, changed 0, as they were 0, left alone 1" in ran("import", "backup.csv")[1]
    with closing(open_people(folder)) as people:
        restored = people.find(people.person(ADA))
    assert restored is not None
    assert restored.consent == replace(ada.consent, at=restored.consent.at)


def test_a_list_is_asked_for_by_every_state_there_is() -> None:
    assert set(STATES) == {state.value for state in Standing}
