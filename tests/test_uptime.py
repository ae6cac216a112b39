"""The 90 days of a component, from what people said of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest

from firstword.clock import Clock
from firstword.model import ComponentStatus, Incident, Site
from firstword.page import StatusPage
from firstword.page.uptime import Uptime, uptime
from firstword.parse import parse
from firstword.values import replace

ZONE = ZoneInfo("Europe/Copenhagen")
NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)

OUTAGE = """\
    ---
    title: Cards fail
    impact: critical
    started: 2026-11-19 22:00
    components: [checkout]
    ---

    ## 2026-11-19 22:10 | Dawn Okafor | investigating

    Every card is refused.

    ## 2026-11-20 01:00 | Dawn Okafor | monitoring
    components: checkout degraded_performance

    Cards work, slowly.

    ## 2026-11-20 03:00 | Dawn Okafor | resolved
    ended: 2026-11-20 02:30

    All cards work.
    """


def story(text: str) -> Incident:
    parsed = parse(dedent(text).encode(), "content/incidents/2026-11-19-cards.md", ZONE)
    assert parsed.incident, parsed.problems
    return parsed.incident


def days(*stories: Incident, now: datetime = NOON) -> Uptime:
    return uptime("checkout", stories, Clock(now), ZONE)


def told(found: Uptime) -> list[tuple[date, str, timedelta]]:
    return [(day.day, str(day.status), day.down) for day in found.noted]


def test_nothing_reported_is_ninety_quiet_days() -> None:
    found = days()

    assert len(found.days) == 90
    assert (found.days[0].day, found.days[-1].day) == (date(2026, 8, 24), date(2026, 11, 21))
    assert found.share == 1
    assert found.noted == ()


def test_an_outage_over_midnight_counts_on_both_days() -> None:
    found = days(story(OUTAGE))

    assert told(found) == [
        (date(2026, 11, 20), "major_outage", timedelta(hours=1)),
        (date(2026, 11, 19), "major_outage", timedelta(hours=2)),
    ]
    # The clocks went back in October, so the 90 days have an hour more.
    assert found.share == pytest.approx(1 - 3 / (90 * 24 + 1))


def test_two_outages_at_once_count_once() -> None:
    other = OUTAGE.replace("2026-11-19 22:00", "2026-11-19 21:30")

    assert told(days(story(OUTAGE), story(other)))[1][2] == timedelta(hours=2, minutes=30)


def test_an_open_outage_counts_to_its_newest_word_or_to_the_start_of_today() -> None:
    still_open = story(OUTAGE.split("## 2026-11-20 01:00", maxsplit=1)[0])

    same_day = days(still_open, now=datetime(2026, 11, 19, 22, 0, tzinfo=UTC))
    next_day = days(still_open, now=datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    later_that_day = days(still_open, now=datetime(2026, 11, 20, 9, 0, tzinfo=UTC))

    assert told(same_day) == [(date(2026, 11, 19), "major_outage", timedelta(minutes=10))]
    assert told(next_day) == [
        (date(2026, 11, 20), "major_outage", timedelta()),
        (date(2026, 11, 19), "major_outage", timedelta(hours=2)),
    ]
    assert [(day.open, day.is_down) for day in next_day.noted] == [(True, True), (False, True)]
    assert next_day == later_that_day


def test_what_goes_on_today_comes_after_what_is_over() -> None:
    begun = OUTAGE.replace("Cards", "Refunds").split("## 2026-11-20 01:00", maxsplit=1)[0]
    begun = begun.replace("2026-11-19 22", "2026-11-21 06")
    goes_on = replace(story(begun), id="other", slug="other")
    # It began before the other one, and ended this morning.
    over = story(OUTAGE.replace("11-20 0", "11-21 0").replace("11-19 22:00", "11-19 21:00"))

    [today, *_] = days(goes_on, over).noted

    assert [line.title for line in today.incidents] == ["Cards fail", "Refunds fail"]


def test_an_outage_that_began_with_its_first_word_has_a_row_at_once() -> None:
    begins = OUTAGE.split("## 2026-11-20 01:00", maxsplit=1)[0]
    at_once = story(begins.replace("started: 2026-11-19 22:00", "started: 2026-11-19 22:10"))

    found = days(at_once, now=datetime(2026, 11, 19, 21, 30, tzinfo=UTC))

    assert told(found) == [(date(2026, 11, 19), "major_outage", timedelta())]


def test_every_stated_end_counts_when_it_opens_again() -> None:
    again = (
        OUTAGE.replace("components: checkout degraded_performance\n", "")
        + """
    ## 2026-11-20 08:00 | Dawn Okafor | identified
    components: checkout partial_outage

    They fail again.

    ## 2026-11-20 10:00 | Dawn Okafor | resolved
    ended: 2026-11-20 09:00

    It was the same line.
    """
    )

    # From midnight to 02:30, and from 08:00 to 09:00.
    assert told(days(story(again)))[0] == (
        date(2026, 11, 20),
        "major_outage",
        timedelta(hours=3, minutes=30),
    )


def test_maintenance_that_runs_over_is_there_today() -> None:
    over = """\
        ---
        kind: maintenance
        title: A new line
        scheduled_for: 2026-11-20 01:00
        scheduled_until: 2026-11-20 03:00
        components: [checkout]
        ---

        ## 2026-11-20 01:00 | Dawn Okafor | in_progress

        We move to the new line.
        """

    assert told(days(story(over))) == [
        (date(2026, 11, 21), "under_maintenance", timedelta()),
        (date(2026, 11, 20), "under_maintenance", timedelta()),
    ]


def test_maintenance_is_shown_and_does_not_count() -> None:
    planned = """\
        ---
        kind: maintenance
        title: A new line
        scheduled_for: 2026-11-20 01:00
        scheduled_until: 2026-11-20 03:00
        components: [checkout]
        ---

        ## 2026-11-10 09:00 | Dawn Okafor | scheduled

        We move to the new line.
        """

    found = days(story(planned))

    assert told(found) == [(date(2026, 11, 20), "under_maintenance", timedelta())]
    assert found.share == 1


def test_what_was_withdrawn_counts_for_nothing() -> None:
    withdrawn = (
        OUTAGE
        + """
    ## 2026-11-20 09:00 | Dawn Okafor | withdrawn

    It was our own test.
    """
    )

    assert days(story(withdrawn)).noted == ()


def test_other_components_are_not_touched() -> None:
    found = uptime("api", [story(OUTAGE)], Clock(NOON), ZONE)

    assert found.noted == ()


def test_the_page_holds_until_the_day_ends() -> None:
    clock = Clock(NOON)
    uptime("checkout", [story(OUTAGE)], clock, ZONE)

    assert clock.valid_until == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


def test_the_worst_state_of_a_day_holds() -> None:
    assert {day.status for day in days(story(OUTAGE)).noted} == {ComponentStatus.MAJOR_OUTAGE}


def test_days_before_the_first_word_of_the_site_are_neither_shown_nor_counted() -> None:
    found = uptime("checkout", [], Clock(NOON), ZONE, since=date(2026, 11, 20))

    assert [day.day for day in found.days] == [date(2026, 11, 20), date(2026, 11, 21)]
    assert len(uptime("checkout", [], Clock(NOON), ZONE, since=date(2019, 1, 1)).days) == 90


def test_a_story_that_reaches_back_before_the_first_word_brings_its_days() -> None:
    found = uptime("checkout", [story(OUTAGE)], Clock(NOON), ZONE, since=date(2026, 11, 21))

    assert [day.day.day for day in found.days] == [19, 20, 21]
    assert found.share == pytest.approx(1 - 3 / 72)


def test_a_site_counts_from_its_first_word_whatever_that_was_about() -> None:
    site = Site(name="A", url="https://a.example", timezone=ZONE, tag_authority="a.example,2026")
    page = StatusPage.of(site, [story(OUTAGE)])

    assert len(page.uptime("api", Clock(NOON)).days) == 3
    assert len(page.uptime("api", Clock(NOON + timedelta(days=400))).days) == 90
    assert len(StatusPage.of(site, []).uptime("api", Clock(NOON)).days) == 1
