"""The stopped clock: what it was asked, since when and until when the answers hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from firstword.clock import Clock, read_clock, system_clock
from firstword.errors import SettingsError

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def hours(number: float) -> datetime:
    return NOON + timedelta(hours=number)


def test_a_clock_that_was_asked_nothing_holds_for_ever() -> None:
    clock = Clock(NOON)

    assert (clock.now, clock.as_of, clock.valid_until) == (NOON, None, None)


@pytest.mark.parametrize(
    ("asked", "answers", "as_of", "valid_until"),
    [
        ([-1], [True], -1, None),
        ([1], [False], None, 1),
        # the very instant has come
        ([0], [True], 0, None),
        # the last that has passed, the next that is to come; their order plays no part
        ([-5, -1, 3, 2], [True, True, False, False], -1, 2),
        ([2, -1, 3, -5], [False, True, False, True], -1, 2),
    ],
)
def test_what_a_clock_was_asked(
    asked: list[int], answers: list[bool], as_of: int | None, valid_until: int | None
) -> None:
    clock = Clock(NOON)

    assert [clock.passed(hours(hour)) for hour in asked] == answers
    assert clock.as_of == (None if as_of is None else hours(as_of))
    assert clock.valid_until == (None if valid_until is None else hours(valid_until))


def test_a_day_of_the_site_ends_at_its_own_midnight() -> None:
    clock = Clock(NOON)

    assert clock.today(AMSTERDAM) == date(2026, 11, 21)
    assert clock.as_of == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert clock.valid_until == datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "begins", "ends", "length"),
    [
        # 25 hours, 23 hours
        ("Europe/Amsterdam", "2026-10-25 12:00+01:00", "2026-10-24 22:00", "2026-10-25 23:00", 25),
        ("Europe/Amsterdam", "2026-03-29 12:00+02:00", "2026-03-28 23:00", "2026-03-29 22:00", 23),
        # midnight itself is skipped: the day begins at one
        ("Africa/Cairo", "2026-04-24 12:00+03:00", "2026-04-23 22:00", "2026-04-24 21:00", 23),
        # the first of two midnights
        ("America/Havana", "2026-11-01 12:00-05:00", "2026-11-01 04:00", "2026-11-02 05:00", 25),
    ],
)
def test_days_where_the_clocks_change(
    zone: str, now: str, begins: str, ends: str, length: int
) -> None:
    clock = Clock(datetime.fromisoformat(now).astimezone(UTC))

    clock.today(ZoneInfo(zone))

    assert (clock.as_of, clock.valid_until) == (
        datetime.fromisoformat(f"{begins}+00:00"),
        datetime.fromisoformat(f"{ends}+00:00"),
    )
    assert clock.valid_until is not None
    assert clock.as_of is not None
    assert clock.valid_until - clock.as_of == timedelta(hours=length)


def test_at_midnight_a_new_day_has_begun() -> None:
    clock = Clock(datetime(2026, 11, 20, 23, tzinfo=UTC))

    assert clock.today(AMSTERDAM) == date(2026, 11, 21)
    assert clock.as_of == clock.now


def test_a_fresh_clock_remembers_nothing() -> None:
    clock = Clock(NOON)
    clock.passed(hours(1))

    fresh = clock.fresh()

    assert (fresh.now, fresh.as_of, fresh.valid_until) == (NOON, None, None)


# ── where the clock enters ───────────────────────────────────────────────────────────────────────


def test_source_date_epoch_wins() -> None:
    assert read_clock({"SOURCE_DATE_EPOCH": " 1795253400 "}, NOON) == datetime(
        2026, 11, 21, 9, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("environ", [{}, {"SOURCE_DATE_EPOCH": ""}, {"SOURCE_DATE_EPOCH": "  "}])
def test_then_the_pinned_clock(environ: dict[str, str]) -> None:
    assert read_clock(environ, NOON) == NOON


def test_then_the_machine_in_whole_seconds() -> None:
    before = system_clock()

    now = read_clock({}, None)

    assert before <= now <= system_clock()
    assert (now.microsecond, now.tzinfo) == (0, UTC)


@pytest.mark.parametrize(
    "epoch", ["now", "1.5", "-1", "1_000", "0x10", "1795253400000", "١٢٣", "1795253400 UTC"]
)
def test_an_epoch_that_is_none(epoch: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_clock({"SOURCE_DATE_EPOCH": epoch}, None)

    assert str(refused.value) == f"SOURCE_DATE_EPOCH: not seconds since 1970: {epoch!r}"
    assert (refused.value.setting, refused.value.exitcode) == ("SOURCE_DATE_EPOCH", 2)


@pytest.mark.parametrize(
    ("silence", "reached", "again"),
    [
        (timedelta(), timedelta(), timedelta(minutes=1)),
        (timedelta(seconds=59), timedelta(), timedelta(minutes=1)),
        (timedelta(minutes=9), timedelta(minutes=9), timedelta(minutes=10)),
        (timedelta(minutes=14), timedelta(minutes=10), timedelta(minutes=15)),
        (timedelta(minutes=59), timedelta(minutes=55), timedelta(hours=1)),
        (timedelta(hours=3, minutes=50), timedelta(hours=3, minutes=45), timedelta(hours=4)),
        (timedelta(hours=23, minutes=59), timedelta(hours=23), timedelta(days=1)),
        (timedelta(days=6, hours=23), timedelta(days=6), timedelta(days=7)),
        # After a week nobody counts any more.
        (timedelta(days=7), timedelta(days=7), None),
        (timedelta(days=700), timedelta(days=7), None),
    ],
)
def test_a_silence_is_followed_in_steps(
    silence: timedelta, reached: timedelta, again: timedelta | None
) -> None:
    clock = Clock(NOON)
    since = NOON - silence

    assert clock.stepped(since) == since + reached
    assert clock.as_of == since + reached
    assert clock.valid_until == (None if again is None else since + again)
