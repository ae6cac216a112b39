"""Whoever changes the pace hears nothing twice, and misses nothing."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

import letters
import life
import pytest
from mails import Post, desk, reader

from firstword.digest import editions, lapsed, ways_of
from firstword.mail.ledger import Fate
from firstword.mail.missed import Scope
from firstword.mail.parcel import Cadence
from firstword.mail.sending import Desk, find_left_out, send
from firstword.mail.transport import Outcome
from firstword.page import StatusPage
from firstword.parse import parse
from firstword.values import replace

#: From a Monday to the Thursday after.
CARDS = """\
---
title: Card payments fail
impact: major
started: 2026-11-16 09:12
components: [shop]
---

## 2026-11-16 09:20 | Hanna Verbeek | investigating

One card payment in five is refused.

## 2026-11-18 10:40 | Hanna Verbeek | identified

It is the bank in between. Theirs is being mended.

## 2026-11-19 14:00 | Joris Blom | resolved

All cards work since 13:51.
"""
CRATES = """\
---
title: Crates come late
impact: minor
started: 2026-11-18 07:00
components: [lockers]
---

## 2026-11-18 07:10 | Joris Blom | investigating

The van does not start.

## 2026-11-18 12:00 | Joris Blom | resolved

Another van brought them.
"""
ADA = "ada@reader.example"
WED, THU = (f"update/2026-11-16-cards/202611{name}Z" for name in ("18T094000", "19T130000"))
CRATES_OVER = "update/2026-11-18-crates/20261118T110000Z"


def page_at(now: datetime) -> StatusPage:
    """Return both stories as targets hold them by then: each update since it was signed."""
    stories, stamps = [], {}
    for name, text in (("2026-11-16-cards", CARDS), ("2026-11-18-crates", CRATES)):
        path = f"content/incidents/2026/{name}.md"
        found = parse(text.encode(), path, life.SITE.timezone).incident
        assert found
        updates = tuple(update for update in found.updates if update.at <= now)
        if updates:
            stories.append(replace(found, updates=updates))
            stamps[found.id] = {update.id: update.at for update in updates}
    return letters.page_of(stories, stamps, now)


class Walk:
    """One reader over some days."""

    def __init__(self, folder: Path, pace: str, **wishes: object) -> None:
        self._at = desk(folder, reader(ADA, pace, **wishes))

    def changes(self, pace: str, **wishes: object) -> None:
        """Choose another pace."""
        people = self._at.people
        told = {"cadence": Cadence(pace), **wishes}
        assert people.change(people.person(ADA), lambda one: replace(one, **told))

    def hears(self, when: str, fate: Fate = Fate.ACCEPTED) -> list[str]:
        """Send what there is by then; return the editions that left."""
        now = life.instant(when)
        page = page_at(now)
        post = Post()
        post.fate = lambda _: Outcome(fate=fate)
        sent = send(self._desk(page), editions(page, now), post, expected=None)
        return [name for name, many in sent.plan.recipients.items() if many]

    def inside(self, edition: str) -> tuple[str, ...]:
        """Return which editions went inside of one."""
        return self._at.ledger.inside(edition, self._at.people.person(ADA))

    def misses(self, since: str, when: str) -> list[str]:
        """Return what of single updates came and went in between, and is told as not received."""
        now = life.instant(when)
        page = page_at(now)
        updates = frozenset({Cadence.IMMEDIATE})
        gone = [e for e in lapsed(page, life.instant(since), now) if e.cadence in updates]
        scope = Scope(now=now, cadences=updates, lapsed=tuple(gone))
        return list(send(self._desk(page), [], Post(), expected=None, scope=scope).missed)

    def left_without(self, when: str) -> list[str]:
        """Return what somebody is told to be left without by then."""
        now = life.instant(when)
        page = page_at(now)
        current = editions(page, now)
        scope = Scope(now=now, ways=partial(ways_of, page))
        return list(find_left_out(self._desk(page), current, scope))

    def _desk(self, page: StatusPage) -> Desk:
        return Desk(self._at.people, self._at.ledger, letters.composer(page))


def test_what_a_digest_told_is_not_mailed_again_to_who_wants_it_at_once(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "daily")

    assert walk.hears("2026-11-20 00:10") == [f"daily/2026-11-{day}" for day in (16, 18, 19)]
    walk.changes("immediate")
    assert walk.hears("2026-11-20 09:00") == []


def test_the_word_that_stands_is_told_to_who_wants_to_hear_at_once(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "daily")
    walk.hears("2026-11-19 00:10")
    walk.changes("immediate")

    assert walk.hears("2026-11-19 09:00") == [WED]
    assert walk.hears("2026-11-19 14:00") == [THU]


def test_what_no_digest_told_yet_goes_out_at_once(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "daily")
    walk.hears("2026-11-17 00:10")
    walk.changes("immediate")

    assert walk.hears("2026-11-18 13:00") == [CRATES_OVER, WED]
    # Monday's word is in its digest, and is not told as one that was not sent before.
    assert walk.inside(WED) == ()


def test_who_heard_at_once_gets_no_digests_of_it(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "immediate")
    for when in ("2026-11-16 09:20", "2026-11-18 07:10", "2026-11-18 10:40", "2026-11-18 12:00"):
        assert len(walk.hears(when)) == 1
    walk.changes("daily")

    assert walk.hears("2026-11-19 00:10") == []
    assert walk.hears("2026-11-20 00:10") == ["daily/2026-11-19"]
    walk.changes("weekly")
    assert walk.hears("2026-11-23 00:10") == []


def test_a_digest_that_has_one_word_more_is_sent(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "immediate")
    walk.hears("2026-11-18 10:40")
    walk.changes("daily")

    # That the crates have come is new; Monday's word was inside of Wednesday's.
    assert walk.hears("2026-11-19 00:10") == ["daily/2026-11-18"]


def test_a_word_that_is_not_wanted_makes_no_digest_of_what_was_heard(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "immediate", components=frozenset({"shop"}))
    for when in ("2026-11-16 09:20", "2026-11-18 10:40", "2026-11-18 12:00"):
        walk.hears(when)
    walk.changes("daily")

    assert walk.hears("2026-11-19 00:10") == []


def test_the_days_of_a_week_that_is_not_over_are_made_up_for(tmp_path: Path) -> None:
    walk = Walk(tmp_path, "weekly")
    assert walk.hears("2026-11-18 00:10") == []
    walk.changes("daily")

    assert walk.hears("2026-11-19 00:10") == ["daily/2026-11-16", "daily/2026-11-18"]
    walk.changes("weekly")
    assert walk.hears("2026-11-23 00:10") == ["weekly/2026-W47"]
    walk.changes("daily")
    assert walk.hears("2026-11-23 09:00") == []


@pytest.mark.parametrize(("pace", "missed"), [("daily", 0), ("weekly", 5)])
def test_what_a_digest_told_was_not_missed_while_no_sending_ran(
    tmp_path: Path, pace: str, missed: int
) -> None:
    walk = Walk(tmp_path, pace)
    walk.hears("2026-11-20 00:10")
    walk.changes("immediate")

    assert len(walk.misses("2026-11-10 00:00", "2026-11-29 09:00")) == missed


@pytest.mark.parametrize("pace", ["daily", "weekly"])
def test_a_letter_that_was_put_off_is_not_missed_once_a_digest_told_its_word(
    tmp_path: Path, pace: str
) -> None:
    walk = Walk(tmp_path, "immediate")
    assert walk.hears("2026-11-18 12:00", Fate.DEFERRED) == [WED, CRATES_OVER]
    walk.changes(pace)

    # Its three days are over, and the digest has yet to arrive.
    walk.hears("2026-11-23 00:10", Fate.DEFERRED)
    assert {CRATES_OVER, WED} <= set(walk.left_without("2026-11-23 00:10"))
    walk.hears("2026-11-23 00:20")
    assert walk.left_without("2026-11-23 00:30") == []


def test_a_digest_that_was_put_off_is_not_missed_once_each_of_its_words_came(
    tmp_path: Path,
) -> None:
    walk = Walk(tmp_path, "daily", components=frozenset({"shop"}))
    # A word of the vans' is of no concern.
    walk.hears("2026-11-19 00:10", Fate.DEFERRED)
    walk.changes("immediate")
    # By now Monday's word goes out alone no more, and Wednesday's is inside of Thursday's.
    assert walk.hears("2026-11-19 14:30") == [THU]

    assert walk.left_without("2026-11-28 09:00") == ["daily/2026-11-16"]
