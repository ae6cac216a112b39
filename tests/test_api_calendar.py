"""/calendar.ics: what calendars are told, as icalendar and npm's node-ical read it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import life
import pytest
from apis import MOVE_FRONT, ROOT, SITE, at, example, files, markup_of, move, page, story
from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar

from firstword.api.calendar import build_calendar
from firstword.markup import Markup
from firstword.model import Incident, Site
from firstword.page import StatusPage
from firstword.recurrence import next_occurrence
from firstword.values import replace

CLIENTS = ROOT / "tests" / "clients"
NOTICE = """
title: Oil your board, "with care"; twice
kind: notice
about: reminder
started: 2026-03-02 09:00
"""
WORDS = "2026-02-20 10:00 | Priya Nair | published\n\nA spoon of oil, and a cloth."
LATER = "2026-03-20 10:00 | Priya Nair | update\nuntil: 2026-06-05 12:00\n\nUntil June."
#: Rules of many shapes, with what `until` cuts them off at.
RULES = {
    "weekly": "repeats: FREQ=WEEKLY;BYDAY=MO",
    "fortnightly, begun in the middle": "repeats: FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
    "last Friday": "repeats: FREQ=MONTHLY;BYDAY=-1FR",
    "counted": "repeats: FREQ=WEEKLY;COUNT=7;BYDAY=MO,WE",
    "counted, and cut off": "repeats: FREQ=WEEKLY;COUNT=40;BYDAY=MO\nuntil: 2026-11-02",
    "until a day": "repeats: FREQ=WEEKLY;BYDAY=SU;UNTIL=20261115",
    "until an instant": "repeats: FREQ=DAILY;INTERVAL=3;UNTIL=20260601T070000Z",
    "daily": "repeats: FREQ=DAILY\nuntil: 2026-04-10 09:00",
    "quarterly": "repeats: FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1",
}
FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC)


def reminder(rule: str, *updates: str, site: Site = SITE) -> Incident:
    """Return a notice that repeats."""
    return story("oil", f"{NOTICE}{rule}\nremind: 2 days", WORDS, *updates, site=site)


def calendar(status: StatusPage, component: str = "") -> Any:
    """Return a calendar as icalendar reads it; it must find nothing wrong."""
    read = Calendar.from_ical(build_calendar(status, markup_of(status), component))
    assert isinstance(read, Calendar)
    assert not [error for part in read.walk() for error in part.errors]
    return read


def events(status: StatusPage, component: str = "") -> list[Any]:
    found: list[Any] = calendar(status, component).events
    return found


def one(incident: Incident) -> Any:
    [event] = events(page(incident))
    return event


def occurrences(event: Any, zone: ZoneInfo) -> list[datetime]:
    """Expand an event as RFC 5545 says: in wall time, with dateutil."""
    start = event.start
    assert isinstance(start, datetime)
    if "RRULE" not in event:
        return [start.astimezone(UTC)]
    local = start.astimezone(zone)
    rule = rrulestr(event["RRULE"].to_ical().decode(), dtstart=local)
    assert not isinstance(rule, rruleset)
    return [o.astimezone(UTC) for o in rule.between(FROM, TO, inc=True)]


def ours(incident: Incident, zone: ZoneInfo) -> list[datetime]:
    """Return the occurrences as the page counts them."""
    until = incident.facts.until
    found: list[datetime] = []
    after = max(FROM, incident.started_at)
    while True:
        coming = next_occurrence(incident.repeats, incident.started_at, after, zone)
        if coming is None or coming > TO or (until and coming > until.at):
            return found
        found.append(coming)
        after = coming + timedelta(seconds=1)


def node_ical(data: bytes, folder: Path) -> dict[str, Any]:
    """Return the events as npm's node-ical reads them, or skip."""
    if not shutil.which("node"):
        pytest.skip("no node: apt-get install nodejs npm")
    if not (CLIENTS / "node_modules" / "node-ical").is_dir():
        pytest.skip("node-ical is not installed: make clients")
    file = folder / "calendar.ics"
    file.write_bytes(data)
    shown = subprocess.run(
        ["node", str(CLIENTS / "node-ical.cjs"), str(file), FROM.isoformat(), TO.isoformat()],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    read: dict[str, Any] = json.loads(shown.stdout)
    return read


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# ── maintenance ──────────────────────────────────────────────────────────────────────────────────

LATE = (
    "2026-11-21 10:00 | Dawn Okafor | update\nscheduled_until: 2026-11-22 04:00\n\nOne more hour."
)
FIXED = (
    "2026-11-21 11:00 | Dawn Okafor | correction\ncorrects: 2026-11-20 10:00\n"
    "scheduled_for: 2026-11-22 02:00\n\nTwo, not one."
)
OFF = "2026-11-21 18:00 | Dawn Okafor | cancelled\n\nNot tonight."
ANEW = (
    "2026-11-21 19:00 | Dawn Okafor | scheduled\nscheduled_for: 2026-11-28 01:00\n"
    "scheduled_until: 2026-11-28 03:00\n\nA week later."
)
SAID = "2026-11-21 12:00 | Dawn Okafor | update\n\nAll is prepared."
DONE = "2026-11-22 02:50 | Dawn Okafor | completed\n\nAll is there."


@pytest.mark.parametrize(
    ("updates", "sequence", "status", "start", "end"),
    [
        ((), 0, "CONFIRMED", "2026-11-22 01:00", "2026-11-22 03:00"),
        ((SAID,), 0, "CONFIRMED", "2026-11-22 01:00", "2026-11-22 03:00"),
        ((LATE,), 1, "CONFIRMED", "2026-11-22 01:00", "2026-11-22 04:00"),
        ((LATE, FIXED), 2, "CONFIRMED", "2026-11-22 02:00", "2026-11-22 04:00"),
        ((LATE, FIXED, SAID), 2, "CONFIRMED", "2026-11-22 02:00", "2026-11-22 04:00"),
        ((OFF,), 1, "CANCELLED", "2026-11-22 01:00", "2026-11-22 03:00"),
        ((OFF, ANEW), 2, "CONFIRMED", "2026-11-28 01:00", "2026-11-28 03:00"),
        ((DONE,), 0, "CONFIRMED", "2026-11-22 01:00", "2026-11-22 03:00"),
    ],
)
def test_every_move_of_a_maintenance_raises_the_sequence(
    updates: tuple[str, ...], sequence: int, status: str, start: str, end: str
) -> None:
    event = one(move(*updates))

    assert (event.sequence, str(event["STATUS"])) == (sequence, status)
    assert (event.start, event.end) == (at(start), at(end))


def test_an_event_is_dated_by_its_words() -> None:
    event = one(move(SAID))

    assert event.DTSTAMP == event.LAST_MODIFIED == at("2026-11-21 12:00")
    assert event["CREATED"].dt == at("2026-11-20 10:00")
    assert str(event["DESCRIPTION"]) == (
        "All is prepared.\n\nDawn Okafor, Engineer, 21 November 2026, 12:00 CET (11:00 UTC)"
    )
    assert str(event["URL"]) == "https://status.acme.example/maintenance/move/"
    assert event.categories == ["API"]


def test_the_uid_is_the_files_and_stays() -> None:
    first = one(move())
    moved = replace(SITE, url="http://elsewhere.example", name="Other")
    retitled = story(
        "other",
        "id: move\ntitle: Another title\nkind: maintenance\n"
        "scheduled_for: 2026-11-23 01:00\nscheduled_until: 2026-11-23 02:00",
        "2026-11-20 10:00 | Dawn Okafor | scheduled\n\nWe move.",
    )

    [other] = events(page(retitled, site=moved))

    assert str(first["UID"]) == str(other["UID"]) == "452f1526-c899-500d-99ba-24d7b34846d8"


def test_one_story_on_two_sites_leads_to_each_of_them() -> None:
    told = move()
    moved = replace(SITE, url="https://status.other.example")

    [here] = events(StatusPage.of(SITE, [told]))
    [there] = events(StatusPage.of(moved, [told]))

    assert here["URL"].startswith(f"{SITE.url}/maintenance/")
    assert there["URL"].startswith("https://status.other.example/maintenance/")


def test_a_component_has_a_calendar_of_its_own() -> None:
    told = [move(), reminder("repeats: FREQ=WEEKLY;BYDAY=MO\ncomponents: [stock]")]

    def names(component: str) -> list[str]:
        return [str(event["SUMMARY"]) for event in events(page(*told), component)]

    assert len(names("")) == 2
    assert names("api") == ["The API moves"]
    assert names("stock") == ['Oil your board, "with care"; twice']
    # A calendar must hold something, and this one holds the zone.
    assert names("checkout") == []
    assert calendar(page(*told), "checkout").timezones


def test_drills_and_notices_that_do_not_repeat_are_no_events() -> None:
    told = [replace(move(), drill=True), story("tip", NOTICE.replace("reminder", "tip"), WORDS)]

    assert events(page(*told)) == []


def test_a_component_has_its_own_newest_fifty_by_the_plan() -> None:
    def window(number: int, component: str) -> Incident:
        day = at("2026-01-01 03:00") + timedelta(days=number)
        front = (
            f"title: Window {number}\nkind: maintenance\ncomponents: [{component}]\n"
            f"scheduled_for: {day:%Y-%m-%d %H:%M}Z\nscheduled_until: {day:%Y-%m-%d} 05:00Z"
        )
        return story(f"w{number}", front, "2025-12-01 10:00 | Dawn Okafor | scheduled\n\nWe work.")

    # What was begun early is as far away by the plan as before.
    begun = replace(window(400, "stock"), started=at("2025-12-31 12:00"))
    told = page(*(window(n, "api" if n < 2 else "checkout") for n in range(60)), begun)

    def names(component: str) -> list[str]:
        return [str(event["SUMMARY"]) for event in events(told, component)]

    assert names("") == ["Window 400", *(f"Window {n}" for n in range(59, 10, -1))]
    assert names("api") == ["Window 1", "Window 0"]


# ── what repeats ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_two_libraries_and_the_page_agree_on_every_instant(
    rule: str, zone: str, tmp_path: Path
) -> None:
    site = replace(SITE, timezone=ZoneInfo(zone))
    incident = reminder(rule, site=site)
    status = page(incident, site=site)
    data = build_calendar(status, markup_of(status))
    [event] = events(status)

    theirs = node_ical(data, tmp_path)[str(event["UID"])]

    expected = ours(incident, site.timezone)
    assert len(expected) >= 3
    assert occurrences(event, site.timezone) == expected
    assert theirs["occurrences"] == [iso(o) for o in expected]
    # The first is an occurrence itself: RFC 5545 counts it in any case.
    assert event.start == expected[0]


def test_four_o_clock_stays_four_o_clock(tmp_path: Path) -> None:
    event = one(reminder("repeats: FREQ=WEEKLY;BYDAY=MO"))

    text = event.to_ical().decode()
    assert "DTSTART;TZID=Europe/Copenhagen:20260302T090000" in text
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO" in text
    assert "TRIGGER:-P2D" in text
    walls = {o.astimezone(SITE.timezone).hour for o in occurrences(event, SITE.timezone)}
    assert walls == {9}


def test_the_end_moves_with_the_word_and_the_sequence_with_it() -> None:
    rule = "repeats: FREQ=WEEKLY;BYDAY=MO\nuntil: 2026-05-01"

    before, after = one(reminder(rule)), one(reminder(rule, LATER))

    assert (before.sequence, after.sequence) == (0, 1)
    assert occurrences(before, SITE.timezone)[-1] == at("2026-04-27 09:00")
    assert occurrences(after, SITE.timezone)[-1] == at("2026-06-01 09:00")


def test_what_is_done_repeats_no_more_and_what_is_withdrawn_is_off() -> None:
    done = "2026-03-20 10:00 | Priya Nair | done\n\nEnough oil."
    back = done.replace("done", "withdrawn")
    rule = "repeats: FREQ=WEEKLY;BYDAY=MO"

    ended, off = one(reminder(rule, done)), one(reminder(rule, back))

    assert occurrences(ended, SITE.timezone)[-1] == at("2026-03-16 09:00")
    # Its rule has an end now: programs that know the event must take it anew (RFC 5546, 2.1.4).
    assert (str(ended["STATUS"]), ended.sequence) == ("CONFIRMED", 1)
    assert (str(off["STATUS"]), off.sequence, len(off.alarms.times)) == ("CANCELLED", 1, 0)


def test_what_ends_before_it_begins_is_no_event() -> None:
    assert events(page(reminder("repeats: FREQ=WEEKLY;BYDAY=SU\nuntil: 2026-03-03"))) == []


# ── the file itself ──────────────────────────────────────────────────────────────────────────────

HOSTILE = story(
    "hostile",
    'title: "Über; all, \\\\ BEGIN:VEVENT 日本語日本語日本語日本語日本語日本語日本語日本語日本語"\n'
    "kind: maintenance\nscheduled_for: 2026-11-22 01:00\nscheduled_until: 2026-11-22 03:00",
    "2026-11-20 10:00 | Dawn Okafor | scheduled\n\nOne; two, three\\\\four.\n\nEND:VEVENT\n\n- 5",
)


def test_lines_are_folded_and_texts_escaped() -> None:
    data = build_calendar(page(HOSTILE), markup_of(page(HOSTILE)))

    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)
    for line in lines:
        line.decode()
    assert [line for line in lines if line.startswith(b"BEGIN:VEVENT")] == [b"BEGIN:VEVENT"]
    event = one(HOSTILE)
    assert str(event["SUMMARY"]) == HOSTILE.title
    assert "One; two, three\\four.\nEND:VEVENT\n5" in str(event["DESCRIPTION"])


def test_a_character_that_no_text_may_hold_costs_no_calendar() -> None:
    """RFC 5545, 3.1: none but the tabulator. Markdown makes them of `&#7;`."""
    signed = "2026-11-20 10:00 | Dawn Okafor | scheduled\n\n"
    odd = story("odd", MOVE_FRONT, signed + "A&#7;b&#27;c&#127;d.\n\nEnd.")
    status = page(odd, site=replace(SITE, name="Ac\x00me"))

    text = build_calendar(status, markup_of(status)).decode()

    assert [c for c in text.replace("\r\n", "") if unicodedata.category(c) == "Cc"] == []
    assert "\r\nNAME:Acme\r\n" in text
    [event] = events(status)
    assert str(event["DESCRIPTION"]).startswith("Abcd.\nEnd.\n\nDawn Okafor")


def test_the_calendars_name_is_escaped_too() -> None:
    site = replace(SITE, name="Acme; bowls,\nand more")

    text = build_calendar(page(site=site), Markup()).decode()

    assert "\r\nNAME:Acme\\; bowls\\, and more\r\n" in text
    assert "\r\nX-WR-CALNAME:Acme\\; bowls\\, and more\r\n" in text


def test_node_ical_reads_the_same_of_everything(tmp_path: Path) -> None:
    lived = life.published()[-1]
    shown, _ = example()
    for number, status in enumerate((lived.page, shown, page(HOSTILE, move(LATE)))):
        data = build_calendar(status, markup_of(status))
        folder = tmp_path / str(number)
        folder.mkdir()
        theirs = node_ical(data, folder)
        told = events(status)
        assert len(told) == len(theirs) > 0
        for event in told:
            other = theirs[str(event["UID"])]
            assert other["start"] == iso(event.start)
            assert other["end"] == (None if "RRULE" in event else iso(event.end))
            assert (other["dtstamp"], other["modified"]) == (iso(event.DTSTAMP),) * 2
            assert (other["sequence"], other["status"]) == (event.sequence, event["STATUS"])
            assert other["summary"] == str(event["SUMMARY"])
            assert other["description"] == str(event["DESCRIPTION"])
            if "RRULE" in event:
                expected = occurrences(event, status.site.timezone)
                assert other["occurrences"] == [iso(o) for o in expected]


def zone_from(data: bytes) -> Callable[[datetime], timedelta]:
    """Return what the VTIMEZONE of a calendar alone says of a wall time."""
    read: Any = Calendar.from_ical(data)
    [zone] = read.timezones
    onsets: list[tuple[datetime, timedelta]] = []
    for part in zone.subcomponents:
        walls = [part["DTSTART"].dt]
        rdate = part.get("RDATE", [])
        for group in rdate if isinstance(rdate, list) else [rdate]:
            walls += [value.dt for value in group.dts]
        before, after = part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td
        # RFC 5545, 3.6.5: an onset is given in the wall time that ended with it.
        onsets += [(wall - before, after) for wall in walls]
    onsets.sort()

    def offset(instant: datetime) -> timedelta:
        return onsets[bisect_right(onsets, instant.replace(tzinfo=None), key=itemgetter(0)) - 1][1]

    return offset


@pytest.mark.parametrize(
    "name",
    [
        *("Europe/Copenhagen", "America/New_York", "Pacific/Auckland", "Africa/Casablanca"),
        *("Asia/Kathmandu", "Etc/UTC", "Australia/Lord_Howe", "Europe/Dublin"),
    ],
)
def test_the_calendar_knows_the_zone_to_the_minute(name: str) -> None:
    zone = ZoneInfo(name)
    status = page(move(), site=replace(SITE, timezone=zone))

    offset = zone_from(build_calendar(status, markup_of(status)))

    for year in (2026, 2035):
        # By the half hour: some zones change at half past.
        for half_hours in range(2 * 24 * 365):
            moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * half_hours)
            assert offset(moment) == moment.astimezone(zone).utcoffset(), moment


def test_every_step_of_a_life_only_raises_sequences() -> None:
    highest: dict[str, int] = {}
    for lived in life.published():
        for event in events(lived.page):
            uid, sequence = str(event["UID"]), event.sequence or 0
            assert sequence >= highest.get(uid, 0)
            highest[uid] = sequence

    # The move was cancelled, then planned anew; the offcuts were to go on.
    assert sorted(highest.values()) == [1, 2]


def test_the_example_sites_calendar(golden: Callable[[str, str | bytes], None]) -> None:
    status, now = example()
    made = files(status, now)

    golden("api-calendar.ics", made["calendar.ics"])
    assert not re.search(rb"^DTSTAMP:(?!2026)", made["calendar.ics"], re.MULTILINE)
