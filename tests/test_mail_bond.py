"""A list and its ledger: one without the other is an error, and not a second mail to everybody."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from mails import NINE, Post, Scribe, listed, reader, word

from firstword.errors import LedgerMissing, MailError
from firstword.mail.bond import begin_anew, every_ledger, open_bound
from firstword.mail.ledger import NAME, open_ledger
from firstword.mail.people import NAME as LIST
from firstword.mail.people import open_people
from firstword.mail.sending import Desk, send

ADA = "ada@reader.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a private folder with a list of one, to whom nothing was sent."""
    listed(tmp_path, [reader(ADA)]).close()
    return tmp_path


def mail(folder: Path, *hours: int, waits: bool = False) -> int:
    """Send words as the commands do; return how many arrive."""
    post = Post()
    with (
        closing(open_people(folder)) as people,
        closing(open_bound(folder, people, lambda: NINE, waits=lambda: waits)) as ledger,
    ):
        send(Desk(people, ledger, Scribe()), [word(h) for h in hours], post, expected=None)
    return len(post.arrived)


def begin(folder: Path, hour: int, *, waits: bool = False) -> None:
    """Begin another ledger at an hour."""
    with closing(open_people(folder)) as people:
        at = NINE.replace(hour=hour)
        begin_anew(folder, people, lambda: NINE, since=at, waits=lambda: waits)


def test_a_new_site_begins_without_a_word(folder: Path) -> None:
    assert mail(folder, 9) == 1
    assert mail(folder, 9) == 0


def test_a_ledger_that_is_gone_is_an_error(folder: Path) -> None:
    mail(folder, 9)
    (folder / NAME).unlink()
    with pytest.raises(LedgerMissing, match=r"is gone.*--begin-ledger") as told:
        mail(folder, 9)

    assert told.value.exitcode == 3
    assert not (folder / NAME).exists()


def test_a_ledger_that_began_empty_behind_our_back_is_an_error(folder: Path) -> None:
    mail(folder, 9)
    (folder / NAME).unlink()
    open_ledger(folder, lambda: NINE).close()
    with pytest.raises(LedgerMissing, match="not the one by which this list was mailed"):
        mail(folder, 9)


def test_a_ledger_that_is_broken_is_an_error_with_a_way_out(folder: Path) -> None:
    mail(folder, 9)
    (folder / NAME).write_bytes(b"what is this? " * 999)
    with pytest.raises(LedgerMissing, match=r"is broken.*--begin-ledger"):
        mail(folder, 9)
    begin(folder, 10)

    assert mail(folder, 9, 11) == 1


def test_a_ledger_out_of_an_old_backup_is_an_error(folder: Path) -> None:
    mail(folder, 9)
    backup = (folder / NAME).read_bytes()
    mail(folder, 9, 10)
    (folder / NAME).write_bytes(backup)
    with pytest.raises(LedgerMissing, match="an old one: 1 editions, the list knows of 2"):
        mail(folder, 9, 10)


def test_a_list_out_of_an_old_backup_is_none(folder: Path) -> None:
    backup = (folder / LIST).read_bytes()
    mail(folder, 9)
    (folder / LIST).write_bytes(backup)

    assert mail(folder, 9) == 0


def test_the_ledger_of_another_list_is_an_error(folder: Path) -> None:
    mail(folder, 9)
    (folder / LIST).unlink()
    listed(folder, [reader(ADA)]).close()
    with pytest.raises(LedgerMissing, match="of another list"):
        mail(folder, 9)


def test_a_ledger_of_before_they_knew_each_other_goes_on(folder: Path) -> None:
    with closing(open_people(folder)) as people, closing(open_ledger(folder, lambda: NINE)) as old:
        send(Desk(people, old, Scribe()), [word(9)], Post(), expected=None)

    assert mail(folder, 9) == 0
    (folder / NAME).unlink()
    with pytest.raises(LedgerMissing):
        mail(folder, 9)


@pytest.mark.parametrize("empty", [False, True])
def test_a_copy_of_somebody_elses_list_begins_where_nothing_waits(
    folder: Path, *, empty: bool
) -> None:
    if empty:
        open_ledger(folder, lambda: NINE).close()
    with pytest.raises(LedgerMissing, match=r"no telling|is empty"):
        mail(folder, 9, waits=True)
    assert mail(folder) == 0

    assert mail(folder, 9, waits=True) == 1  # it has its ledger by now


def test_what_is_older_than_a_new_ledger_is_not_mailed_but_to_who_came_since(
    folder: Path,
) -> None:
    mail(folder, 9)
    (folder / NAME).unlink()
    begin(folder, 11)
    with closing(open_people(folder)) as people:
        people.put([reader("eve@reader.example", since=NINE.replace(hour=12))])
    standing = word(10, standing=True)
    post = Post()
    with (
        closing(open_people(folder)) as people,
        closing(open_bound(folder, people, lambda: NINE)) as ledger,
    ):
        desk = Desk(people, ledger, Scribe())
        send(desk, [word(9), standing, word(11, story="new")], post, expected=None)

    assert post.told() == {
        ADA: [[word(11, story="new").id]],
        "eve@reader.example": [[standing.id]],
    }


def test_a_ledger_that_is_there_is_not_given_up(folder: Path) -> None:
    mail(folder, 9)
    with pytest.raises(MailError, match="nothing was changed"):
        begin(folder, 10)

    assert mail(folder, 9) == 0


def test_who_is_forgotten_is_forgotten_in_ledgers_laid_aside(folder: Path) -> None:
    with closing(open_people(folder)) as people:
        person = people.person(ADA)
    mail(folder, 9)
    backup = (folder / NAME).read_bytes()
    mail(folder, 9, 10)
    (folder / NAME).write_bytes(backup)
    begin(folder, 12)
    known = [bool(one.entries(person, [word(9).id])) for one in every_ledger(folder, lambda: NINE)]
    for one in every_ledger(folder, lambda: NINE):
        one.forget(person)

    assert known == [False, True]
    assert not any(one.entries(person, [word(9).id]) for one in every_ledger(folder, lambda: NINE))
