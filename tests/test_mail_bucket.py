"""The list and the ledger in a private bucket: for senders whose disk is gone afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fakestore import FakeStore
from machines import Machine
from mails import MAIL_CONF, NINE, Post, listed, reader, word
from s3server import s3server
from sites import SmallSite

from firstword.cli import main
from firstword.errors import Conflict, LedgerMissing, ListMissing, MailError, SettingsError
from firstword.mail.bond import begin_anew
from firstword.mail.bucket import refuse_public
from firstword.mail.lease import LASTS
from firstword.mail.ledger import Event, Fate, open_ledger
from firstword.mail.people import open_people
from firstword.mail.transport import Outcome

ADA, BO = "ada@reader.example", "bo@reader.example"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FakeStore]:
    """Return a bucket with a list of two."""
    store = FakeStore()
    first = Machine(store, tmp_path / "first")
    listed(first.folder, [reader(ADA), reader(BO)]).close()
    first.done()
    yield store
    assert not any(
        b"reader" in kept.body for key, kept in store.objects.items() if "sub" not in key
    )


def test_what_one_machine_sent_the_next_one_knows(store: FakeStore, tmp_path: Path) -> None:
    one, other = Post(), Post()
    first = Machine(store, tmp_path / "a")
    first.send(one, 9)
    first.done()
    second = Machine(store, tmp_path / "b")
    second.send(other, 9, 10)
    second.done()

    assert one.told() == {ADA: [[word(9).id]], BO: [[word(9).id]]}
    assert other.told() == {ADA: [[word(10).id]], BO: [[word(10).id]]}
    assert sorted(store.objects) == ["lease.json", "ledger.db", "subscribers.db"]


def test_a_machine_that_burns_down_leaves_its_claims(store: FakeStore, tmp_path: Path) -> None:
    class Fire(BaseException):
        """The machine is gone, with its disk."""

    claimed: list[str] = []

    def burn(operation: str, key: str) -> None:
        """Burn down when the second write about letters is to be kept."""
        if operation == "put" and key.startswith("log/"):
            claimed.append(key)
            if len(claimed) == 2:
                raise Fire

    one, other = Post(), Post()
    store.before = burn
    with pytest.raises(Fire):
        Machine(store, tmp_path / "a").send(one, 9)
    store.before = lambda operation, key: None
    second = Machine(store, tmp_path / "b", NINE + LASTS)
    second.send(other, 9)
    ledger = open_ledger(second.folder, lambda: NINE)
    again, fates = ledger.sent_again(word(9).id), ledger.counts(word(9).id)
    ledger.close()
    second.done()

    assert len(one.arrived) == 1
    assert {*one.told(), *other.told()} == {ADA, BO}
    assert len(again) == 1  # the one that was on its way, named
    assert fates == {Fate.ACCEPTED: 2}


def test_nothing_leaves_before_the_bucket_knows(store: FakeStore, tmp_path: Path) -> None:
    post = Post()
    seen: list[bool] = []

    def look(address: str) -> Outcome:
        seen.append(any(key.startswith("log/") for key in store.objects))
        return Outcome(fate=Fate.ACCEPTED)

    post.fate = look
    Machine(store, tmp_path / "a").send(post, 9)

    assert seen == [True, True]


def test_a_ledger_that_is_gone_from_the_bucket_is_an_error_and_nothing_is_sent(
    store: FakeStore, tmp_path: Path
) -> None:
    first = Machine(store, tmp_path / "a")
    first.send(Post(), 9)
    first.done()
    store.delete("ledger.db", None)
    post, second = Post(), Machine(store, tmp_path / "b")
    with pytest.raises(LedgerMissing):
        second.send(post, 9)
    second.done()

    assert post.arrived == []
    assert "ledger.db" not in store.objects


def test_two_do_not_work_with_one_list(store: FakeStore, tmp_path: Path) -> None:
    Machine(store, tmp_path / "a")
    with pytest.raises(MailError, match="'a' works with the list until 09:03:00"):
        Machine(store, tmp_path / "b")

    Machine(store, tmp_path / "c", NINE + LASTS)


def test_a_lease_that_is_released_is_not_renewed_and_takes_nobody_elses(
    store: FakeStore, tmp_path: Path
) -> None:
    first = Machine(store, tmp_path / "a")
    first.done()
    first.lease.renew_once()
    second = Machine(store, tmp_path / "b")
    slept = Machine(store, tmp_path / "c", NINE + LASTS)
    second.lease.release()  # lapsed long ago: the one who has it by now keeps it

    with pytest.raises(MailError, match="'c' works with the list"):
        Machine(store, tmp_path / "d", NINE + LASTS)
    slept.done()


def test_whoever_lost_the_lease_sends_nothing_more(store: FakeStore, tmp_path: Path) -> None:
    slept = Machine(store, tmp_path / "a")
    Machine(store, tmp_path / "b", NINE + LASTS)
    slept.lease.renew_once()
    post = Post()
    with pytest.raises(MailError, match="the lease is lost"):
        slept.send(post, 9)

    assert post.arrived == []


SIX = [f"r{n}@reader.example" for n in range(6)]


def six(store: FakeStore, folder: Path) -> None:
    """Put a list of six into a bucket."""
    first = Machine(store, folder)
    listed(first.folder, [reader(address) for address in SIX]).close()
    first.done()


def two_senders(store: FakeStore, folder: Path, *, urgent: bool, on_its_way: bool) -> Counter[str]:
    """Let one sleep for longer than its lease, and another send meanwhile.

    It sleeps while its first letter is on its way, or when its second one is written down. Returns
    how often everybody got the word.
    """
    one, other = Post(), Post()
    slept = Machine(store, folder / "slept")

    def sleep() -> None:
        if not (folder / "awake").exists():
            awake = Machine(store, folder / "awake", NINE + LASTS)
            awake.send(other, 9, urgent=urgent)
            awake.done()
            slept.now = NINE + LASTS * 2

    def sleep_at_the_second() -> None:
        if len([key for key in store.asked("put") if key.startswith("log/")]) == 2:
            sleep()

    def deliver(_: str) -> Outcome:
        if on_its_way:
            sleep()
        return Outcome(fate=Fate.ACCEPTED)

    one.fate = deliver
    if not on_its_way:
        slept.meanwhile = sleep_at_the_second
    with pytest.raises(MailError, match="the lease is lost"):
        slept.send(one, 9, urgent=urgent)
    with pytest.raises(MailError, match="the lease is lost"):
        slept.bucket.put_back()
    slept.lease.release()
    again = Machine(store, folder / "again", NINE + LASTS * 2)
    again.send(other, 9, urgent=urgent)
    again.done()
    return Counter(address for address, _ in (*one.arrived, *other.arrived))


@pytest.mark.parametrize(
    ("urgent", "on_its_way", "times"),
    [
        (True, False, [1, 1, 1, 1, 1, 1]),
        # What is urgent and may have arrived is sent again, and what is not is left to a person:
        # the one letter that was under way, and no other.
        (True, True, [1, 1, 1, 1, 1, 2]),
        (False, True, [1, 1, 1, 1, 1, 1]),
        (False, False, [1, 1, 1, 1, 1]),
    ],
)
def test_whoever_sleeps_past_the_lease_sends_nobody_what_somebody_else_sent(
    tmp_path: Path, urgent: bool, on_its_way: bool, times: list[int]
) -> None:
    store = FakeStore()
    six(store, tmp_path / "first")
    got = two_senders(store, tmp_path, urgent=urgent, on_its_way=on_its_way)

    assert sorted(got.values()) == times


def test_whoever_slept_and_finds_the_lease_as_it_was_goes_on(
    store: FakeStore, tmp_path: Path
) -> None:
    slept, post = Machine(store, tmp_path / "a"), Post()
    slept.now = NINE + LASTS * 2
    slept.send(post, 9)
    slept.done()

    assert sorted(address for address, _ in post.arrived) == [ADA, BO]


def test_what_was_written_without_the_lease_is_swept_up_and_never_read(
    store: FakeStore, tmp_path: Path
) -> None:
    """A write that hung for minutes lands beneath the ledger that somebody else goes on with."""
    slept = Machine(store, tmp_path / "a")
    people = open_people(slept.folder)
    step = Event(word(9).id, people.person(ADA), Fate.CLAIMED)
    people.close()

    def hang(operation: str, key: str) -> None:
        if operation == "put" and key.startswith("log/"):
            store.before = lambda operation, key: None
            late = Machine(store, tmp_path / "b", NINE + LASTS)
            late.send(Post(), 9)
            late.done()
            slept.now = NINE + LASTS * 2

    store.before = hang
    with pytest.raises(MailError, match="the lease is lost"):
        slept.bucket.told([step])
    assert [key for key in store.objects if key.startswith("log/")]
    post, third = Post(), Machine(store, tmp_path / "c", NINE + LASTS * 3)
    third.send(post, 9)
    third.done()

    assert post.arrived == []
    assert not [key for key in store.objects if key.startswith("log/")]


def test_a_ledger_that_was_given_up_stays_in_the_bucket(store: FakeStore, tmp_path: Path) -> None:
    first = Machine(store, tmp_path / "a")
    first.send(Post(), 9)
    first.done()
    store.add("ledger.db", b"no ledger")
    second = Machine(store, tmp_path / "b")
    with closing(open_people(second.folder)) as people:
        begin_anew(second.folder, people, lambda: NINE, second.bucket, since=NINE)
    second.done()
    third = Machine(store, tmp_path / "c")
    third.done()

    assert store.objects["until-20261121T090000Z/ledger.db"].body == b"no ledger"
    assert (third.folder / "until-20261121T090000Z/ledger.db").read_bytes() == b"no ledger"
    assert store.objects["ledger.db"].body.startswith(b"SQLite format 3")


def test_a_ledger_that_somebody_else_went_on_with_is_not_written_over(
    store: FakeStore, tmp_path: Path
) -> None:
    slept = Machine(store, tmp_path / "a")
    slept.send(Post(), 9)
    awake = Machine(store, tmp_path / "b", NINE + LASTS)
    awake.send(Post(), 9, 10)
    awake.done()
    with pytest.raises(Conflict):
        slept.bucket.put_back()


def test_a_bucket_without_a_list_is_a_missing_list(tmp_path: Path) -> None:
    with pytest.raises(ListMissing):
        Machine(FakeStore(), tmp_path / "a").send(Post(), 9)


def test_the_bucket_that_readers_see_is_refused() -> None:
    with pytest.raises(SettingsError, match="that readers see"):
        refuse_public("s3://status-example/private", ["public", "s3://status-example/site"])

    refuse_public("s3://status-private", ["public", "s3://status-example/site"])


@pytest.mark.usefixtures("keys_of_nobody")
def test_the_command_keeps_the_list_in_the_bucket_and_nothing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write("pelicanconf.py", MAIL_CONF + 'MAIL_STATE = "s3://acme-private/mail"\n')
    monkeypatch.chdir(site.root)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with s3server() as s3:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.address)
        s3.put("/acme-private")
        assert main(["subscribers", "list"]) == 3
        assert main(["subscribers", "add", ADA, "--cadence", "daily", "--shown", "x"]) == 0
        capsys.readouterr()
        assert main(["subscribers", "list"]) == 0
        listed_here = capsys.readouterr().out
        s3.put("/acme-private?acl", headers={"x-amz-acl": "public-read"})
        assert main(["subscribers", "list"]) == 2
        told = capsys.readouterr()

    assert "1 active, daily" in listed_here
    assert told.out == ""
    assert "strangers may read 's3://acme-private/mail': its ACL gives READ to AllUsers" in told.err
    assert not list(tmp_path.rglob("*.db"))


def test_what_a_test_leaves_in_its_s3_is_not_there_for_the_next_one() -> None:
    with s3server() as s3:
        s3.put("/acme-private")
        s3.put("/acme-private/mail/ledger.db", b"theirs")
    with s3server() as s3:
        s3.put("/acme-private")

        assert s3.keys("acme-private") == []
