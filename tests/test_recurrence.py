"""Recurrence rules: which are understood, and when they come, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.recurrence import last_occurrence, next_occurrence, why_not

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YORK = ZoneInfo("America/New_York")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;WKST=MO",
        "FREQ=MONTHLY;BYDAY=1TH",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=1,-1",
        "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=30",
        "FREQ=WEEKLY;COUNT=3",
        "FREQ=WEEKLY;UNTIL=20261231",
        "FREQ=WEEKLY;UNTIL=20261231T180000",
        "FREQ=WEEKLY;UNTIL=20261231T180000Z",
        # It ended before anybody's today, and still counts from its own beginning.
        "FREQ=WEEKLY;UNTIL=20190101T000000Z",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    ],
)
def test_rules_that_are_understood(rule: str) -> None:
    assert why_not(rule) == ""


SHAPE = "write it like FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"
PARTS = (
    "parts are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYDAY, BYMONTH, BYMONTHDAY, BYYEARDAY, "
    "BYWEEKNO, BYSETPOS, BYHOUR, BYMINUTE"
)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        # no rule at all
        ("", SHAPE),
        ("every second Thursday", SHAPE),
        ("freq=weekly", SHAPE),
        ("RRULE:FREQ=WEEKLY", SHAPE),
        ("FREQ=WEEKLY;", SHAPE),
        ("FREQ=WEEKLY; BYDAY=TH", SHAPE),
        ("FREQ", SHAPE),
        # parts
        ("BYDAY=TH", "FREQ is missing: DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=FORTNIGHTLY", "FREQ cannot be 'FORTNIGHTLY'"),
        ("FREQ=WEEKLY;FREQ=DAILY", "a part stands twice"),
        ("FREQ=WEEKLY;BYDAYS=TH", f"'BYDAYS' is not used here; {PARTS}"),
        ("FREQ=DAILY;DTSTART=20260101", f"'DTSTART' is not used here; {PARTS}"),
        # values
        ("FREQ=WEEKLY;BYDAY=THU", "BYDAY cannot be 'THU'"),
        ("FREQ=WEEKLY;BYDAY=MO,", "BYDAY cannot be 'MO,'"),
        ("FREQ=MONTHLY;BYDAY=6TH", "BYDAY cannot be '6TH'"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL cannot be '0'"),
        ("FREQ=WEEKLY;INTERVAL=1000", "INTERVAL cannot be '1000'"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT cannot be '0'"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY cannot be '0'"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY cannot be '32'"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH cannot be '13'"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR cannot be '24'"),
        ("FREQ=WEEKLY;UNTIL=2026", "UNTIL cannot be '2026'"),
        ("FREQ=WEEKLY;UNTIL=20260230", "UNTIL cannot be '20260230'"),
        ("FREQ=WEEKLY;UNTIL=20261231;COUNT=3", "it ends by COUNT or by UNTIL, not by both"),
        (
            "FREQ=WEEKLY;BYDAY=1TH",
            "a number before a day counts the days of a month or year: FREQ=MONTHLY;BYDAY=1TH",
        ),
        # more often than anybody wants to be reminded
        ("FREQ=HOURLY", "nobody is reminded more than daily"),
        ("FREQ=SECONDLY", "nobody is reminded more than daily"),
        ("FREQ=DAILY;BYHOUR=9,17", "BYHOUR cannot be '9,17'"),
        ("FREQ=DAILY;BYMINUTE=0,30", "BYMINUTE cannot be '0,30'"),
        # never
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "it never comes"),
        ("FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31", "it never comes"),
        ("FREQ=MONTHLY;BYMONTH=2;BYDAY=MO;BYMONTHDAY=-30", "it never comes"),
    ],
)
def test_rules_that_are_not(rule: str, reason: str) -> None:
    assert why_not(rule) == reason


@given(st.text(alphabet="FREQ=DAILYWKBM;,0123456789+-THU ", max_size=60) | st.text(max_size=20))
def test_any_text_gets_an_answer(rule: str) -> None:
    assert isinstance(why_not(rule), str)


# ── occurrences ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "2026-09-01 00:00+02:00", "2026-09-03 07:00+02:00"),
        # the first one is one of them, at its very instant
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "2026-09-03 07:00+02:00", "2026-09-03 07:00+02:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "2026-09-03 07:00:01+02:00", "2026-09-17 07:00+02:00"),
        # seven o'clock stays seven o'clock
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "2026-10-20 00:00+02:00", "2026-10-29 07:00+01:00"),
        # a rule that is older than the page
        ("FREQ=DAILY", "2031-05-05 07:00:01+02:00", "2031-05-06 07:00+02:00"),
        # ends
        ("FREQ=WEEKLY;COUNT=2", "2026-09-10 07:00+02:00", "2026-09-10 07:00+02:00"),
        ("FREQ=WEEKLY;COUNT=2", "2026-09-10 07:01+02:00", None),
        ("FREQ=DAILY;UNTIL=20260905", "2026-09-05 06:00+02:00", "2026-09-05 07:00+02:00"),
        ("FREQ=DAILY;UNTIL=20260905", "2026-09-05 08:00+02:00", None),
        # Z is UTC: half past five there is half past seven here, and not half past five
        ("FREQ=DAILY;UNTIL=20260905T053000Z", "2026-09-05 06:00+02:00", "2026-09-05 07:00+02:00"),
        ("FREQ=DAILY;UNTIL=20260905T043000Z", "2026-09-05 06:00+02:00", None),
        ("FREQ=DAILY;UNTIL=20260905T063000", "2026-09-05 06:00+02:00", None),
        # years ahead
        ("FREQ=YEARLY;INTERVAL=5", "2026-09-04 00:00+02:00", "2031-09-03 07:00+02:00"),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "2028-03-01 00:00+01:00",
            "2032-02-29 07:00+01:00",
        ),
    ],
)
def test_next_occurrence(rule: str, after: str, expected: str | None) -> None:
    found = next_occurrence(rule, at("2026-09-03 07:00+02:00"), at(after), AMSTERDAM)

    assert found == (at(expected) if expected else None)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-09-03 06:59+02:00", None),
        ("2026-09-03 07:00+02:00", "2026-09-03 07:00+02:00"),
        ("2026-09-17 06:59+02:00", "2026-09-03 07:00+02:00"),
        ("2026-10-29 06:59+01:00", "2026-10-15 07:00+02:00"),
        ("2026-10-29 07:00+01:00", "2026-10-29 07:00+01:00"),
    ],
)
def test_last_occurrence(until: str, expected: str | None) -> None:
    rule, first = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", at("2026-09-03 07:00+02:00")

    found = last_occurrence(rule, first, at(until), AMSTERDAM)

    assert found == (at(expected) if expected else None)


@pytest.mark.parametrize(
    ("zone", "first", "after", "expected"),
    [
        # 02:30 comes twice: the first of the two, and not the second again
        (
            AMSTERDAM,
            "2026-10-20 02:30+02:00",
            "2026-10-24 12:00+02:00",
            "2026-10-25 02:30+02:00",
        ),
        (
            AMSTERDAM,
            "2026-10-20 02:30+02:00",
            "2026-10-25 02:31+02:00",
            "2026-10-26 02:30+01:00",
        ),
        # 02:30 does not exist: read with the offset before, which is 03:30
        (
            AMSTERDAM,
            "2026-03-20 02:30+01:00",
            "2026-03-28 12:00+01:00",
            "2026-03-29 03:30+02:00",
        ),
        # and to come even when the wall clock shows more already
        (
            AMSTERDAM,
            "2026-03-20 02:30+01:00",
            "2026-03-29 03:10+02:00",
            "2026-03-29 03:30+02:00",
        ),
        (NEW_YORK, "2026-03-01 02:30-05:00", "2026-03-07 12:00-05:00", "2026-03-08 03:30-04:00"),
        (NEW_YORK, "2026-10-28 01:30-04:00", "2026-10-31 12:00-04:00", "2026-11-01 01:30-04:00"),
        # the other half of the world
        (AUCKLAND, "2026-04-01 02:30+13:00", "2026-04-04 12:00+13:00", "2026-04-05 02:30+13:00"),
        (AUCKLAND, "2026-09-20 09:00+12:00", "2026-09-27 03:00+13:00", "2026-09-27 09:00+13:00"),
    ],
)
def test_daily_where_the_clocks_change(
    zone: ZoneInfo, first: str, after: str, expected: str
) -> None:
    assert next_occurrence("FREQ=DAILY", at(first), at(after), zone) == at(expected)


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,SU", "FREQ=MONTHLY;BYMONTHDAY=-1"]),
    st.sampled_from([AMSTERDAM, NEW_YORK, AUCKLAND]),
    st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")),
    st.integers(0, 500 * 24 * 60),
)
def test_next_and_last_meet(rule: str, zone: ZoneInfo, first: datetime, minutes: int) -> None:
    begins = first.replace(second=0, microsecond=0, tzinfo=UTC)
    now = begins + timedelta(minutes=minutes)
    coming = next_occurrence(rule, begins, now + timedelta(seconds=1), zone)
    assert coming is not None

    gone = last_occurrence(rule, begins, coming - timedelta(seconds=1), zone)

    assert coming > now
    assert gone is None or gone <= now
    assert last_occurrence(rule, begins, coming, zone) == coming
