"""Good inputs: everything the file format offers, read as it is meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from textwrap import dedent
from zoneinfo import ZoneInfo

import msgspec
import pytest

from firstword.model import (
    HOLDING,
    LIFECYCLE,
    About,
    ComponentChange,
    ComponentStatus,
    Due,
    Facts,
    FollowUp,
    Impact,
    Incident,
    Kind,
    Level,
    Status,
)
from firstword.parse import (
    FRONT_KEYS,
    UPDATE_KEYS,
    end_of_day,
    parse,
    parse_due,
    parse_span,
    parse_time,
    start_of_day,
)
from firstword.parse.keys import REQUIRED
from firstword.parse.times import parse_next

ZONE = ZoneInfo("Europe/Copenhagen")
SYDNEY = ZoneInfo("Australia/Sydney")
PATH = "content/incidents/2026/2026-11-21-card-payments.md"


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(text: str | bytes, path: str = PATH, zone: ZoneInfo = ZONE) -> Incident:
    """Parse a file that has no problem at all."""
    data = text if isinstance(text, bytes) else dedent(text).removeprefix("\n").encode()
    parsed = parse(data, path, zone)
    assert parsed.problems == ()
    assert parsed.incident is not None
    return parsed.incident


HEAD = """\
---
title: Card payments fail
impact: major
started: 2026-11-21 09:12
---

"""
FIRST = "## 2026-11-21 09:20 | Dawn Okafor | investigating\n"
STORY = f"{HEAD}{FIRST}\nWe are looking into it.\n"


def story(front: str = "", keys: str = "", body: str = "We are looking into it.\n") -> Incident:
    """Read a story of one update, with more front matter, more keys or another text."""
    head = HEAD.replace("09:12\n", f"09:12\n{dedent(front)}")
    return read(f"{head}{FIRST}{dedent(keys)}\n{body}")


# ── the whole of it ──────────────────────────────────────────────────────────────────────────────


def test_an_incident() -> None:
    incident = read(
        """
        ---
        title: Card payments fail in the EU
        impact: major                      # none | minor | major | critical
        started: 2026-11-21 09:12          # site TIMEZONE, or with an offset
        components: [checkout, api]        # ids from COMPONENTS
        affected: Anyone paying with a card from an EU bank. About one payment in five fails.
        unaffected: PayPal and gift cards work.
        workaround: Pay with PayPal, or try the card again after a minute.
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        next: 10:00
        components: checkout partial_outage, api degraded_performance

        One card payment in five is refused by the bank in between.

        ## 2026-11-21 14:10 | Ian Reyes | resolved
        components: checkout operational, api operational

        All cards work since 14:02. If a payment failed, nothing was taken; please try again.
        """
    )

    assert incident.kind is Kind.INCIDENT
    assert incident.id == incident.slug == "2026-11-21-card-payments"
    assert incident.path == PATH
    assert incident.started == at("2026-11-21 08:12")
    assert incident.first == Facts(
        title="Card payments fail in the EU",
        impact=Impact.MAJOR,
        affected="Anyone paying with a card from an EU bank. About one payment in five fails.",
        unaffected="PayPal and gift cards work.",
        workaround="Pay with PayPal, or try the card again after a minute.",
        components=(ComponentChange("checkout"), ComponentChange("api")),
    )
    first, last = incident.updates
    assert first.at == at("2026-11-21 08:20")
    assert first.author == "Dawn Okafor"
    assert first.status is Status.INVESTIGATING
    assert first.says == Facts(
        next=Due(at("2026-11-21 09:00")),
        components=(
            ComponentChange("checkout", ComponentStatus.PARTIAL_OUTAGE),
            ComponentChange("api", ComponentStatus.DEGRADED_PERFORMANCE),
        ),
    )
    assert first.body == "One card payment in five is refused by the bank in between."
    assert first.notify
    assert last.status is Status.RESOLVED
    assert (first.line, last.line) == (11, 17)
    assert first.line_of("next") == 12
    assert incident.line("components") == 5


def test_a_maintenance() -> None:
    incident = read(
        """
        ---
        kind: maintenance
        title: New card terminals
        impact: minor
        scheduled_for: 2026-11-25 02:00
        scheduled_until: 2026-11-25 04:00
        remind: 1 day
        components: [checkout]
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | scheduled

        Cards do not work for some minutes between two and four.

        ## 2026-11-22 09:20 | Dawn Okafor | update
        scheduled_for: 2026-11-26 02:00
        scheduled_until: 2026-11-26 04:00

        The terminals come a day later.
        """
    )

    assert incident.kind is Kind.MAINTENANCE
    assert incident.first.scheduled_for == at("2026-11-25 01:00")
    assert incident.facts.scheduled_for == at("2026-11-26 01:00")
    assert incident.facts.scheduled_until == at("2026-11-26 03:00")
    assert incident.remind == timedelta(days=1)


def test_a_notice() -> None:
    incident = read(
        """
        ---
        kind: notice
        title: Crates are collected every other Thursday
        about: reminder
        started: 2026-08-28 08:00
        repeats: FREQ=WEEKLY;INTERVAL=2;BYDAY=TH
        remind: 12 hours
        until: 2026-12-31
        ---

        ## 2026-08-21 10:00 | Marta Lindqvist | published

        Put the empty crates outside by eight.

        ## 2026-09-01 10:00 | Marta Lindqvist | update
        until: 2026-12-20 18:00

        The last round is before Christmas.
        """
    )

    assert incident.kind is Kind.NOTICE
    assert incident.about is About.REMINDER
    assert incident.repeats == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"
    assert incident.remind == timedelta(hours=12)
    assert incident.first.until == Due(at("2026-12-31 23:00"), whole_day=True)
    assert incident.facts.until == Due(at("2026-12-20 17:00"))


@pytest.mark.parametrize(
    ("kind", "status"),
    [(kind, status) for kind in Kind for status in (*LIFECYCLE[kind], *sorted(HOLDING))],
)
def test_every_status_of_every_kind(kind: Kind, status: Status) -> None:
    values = {
        "title": "Cards",
        "impact": "none",
        "started": "2026-11-21 09:12",
        "scheduled_for": "2026-11-25 02:00",
        "scheduled_until": "2026-11-25 04:00",
        "about": "tip",
    }
    front = "".join(f"{key}: {values[key]}\n" for key in REQUIRED[kind])

    incident = read(
        f"---\nkind: {kind}\n{front}---\n\n## 2026-11-21 09:20 | Dawn Okafor | {status}\n\nSo.\n"
    )

    assert incident.kind is kind
    assert incident.updates[0].status is status


#: A value for each key; for those that hold a word of a list, one word.
VALUES = {
    "title": "Cards",
    "impact": "none",
    "started": "2026-11-21 09:12",
    "components": "checkout, api operational",
    "affected": "Everybody",
    "unaffected": "Nobody",
    "workaround": "Pay later",
    "scheduled_for": "2026-11-25 02:00",
    "scheduled_until": "2026-11-25 04:00",
    "about": "tip",
    "repeats": "FREQ=YEARLY",
    "remind": "2 weeks",
    "until": "2026-12-24",
    "id": "cards",
    "aliases": "issues/2026-11-21-cards",
    "draft": "yes",
    "drill": "no",
    "imported": "cstate",
    "next": "2026-11-21 10:00",
    "expected": "2026-11-21 12:00",
    "because": "The bank is slow",
    "corrects": "2026-11-21 09:00",
    "ended": "2026-11-21 09:19",
    "notify": "no",
    "done": "1",
}


@pytest.mark.parametrize("kind", Kind)
def test_every_key_of_every_kind(kind: Kind) -> None:
    """All at once, in front matter and in an update: nothing is unknown and nothing is lost."""
    front = [key for key, kinds in FRONT_KEYS.items() if kind in kinds and key != "kind"]
    keys = [key for key, kinds in UPDATE_KEYS.items() if kind in kinds]
    lines = [
        *("---", f"kind: {kind}", *(f"{key}: {VALUES[key]}" for key in front), "---", ""),
        f"## 2026-11-21 09:20 | Dawn Okafor | {LIFECYCLE[kind][0]}",
        *(f"{key}: {VALUES[key]}" for key in keys),
        *("", "So."),
    ]

    incident = read("\n".join(lines))

    update = incident.updates[0]
    assert set(incident.lines) == {"kind", *front}
    assert set(update.lines) == set(keys)
    said = {*incident.first.names(), *update.says.names(), "started", "remind", "about"}
    assert said >= {*front, *keys} - {
        *("id", "aliases", "draft", "drill", "imported", "repeats"),
        *("corrects", "notify", "done"),
    }
    assert (incident.id, incident.slug) == ("cards", "2026-11-21-card-payments")
    assert incident.aliases == ("issues/2026-11-21-cards",)
    assert (incident.draft, incident.drill, incident.imported) == (True, False, "cstate")
    assert (update.corrects, update.notify, update.done) == (at("2026-11-21 08:00"), False, (1,))


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(STORY.encode(), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + STORY.encode(), id="a byte order mark"),
        pytest.param(STORY.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(STORY.replace("\n", "\r").encode(), id="CR"),
        pytest.param(STORY.rstrip("\n").encode(), id="no line end at the end"),
        pytest.param((STORY + "\n \n\t\n").encode(), id="blank lines at the end"),
        pytest.param(STORY.replace("---\n", "--- \t\n").encode(), id="spaces behind the hyphens"),
        pytest.param(STORY.replace("## ", "##   ").encode(), id="more spaces in the heading"),
        pytest.param(STORY.replace(" | ", "|").encode(), id="no spaces around the bars"),
        pytest.param(STORY.replace("09:20", " 09:20\u00a0").encode(), id="a non-breaking space"),
        pytest.param(STORY.replace("\n\nWe", "\n \t\nWe").encode(), id="a blank line with spaces"),
    ],
)
def test_the_same_story_however_it_was_saved(data: bytes) -> None:
    assert read(data) == read(STORY)


def test_blank_lines_around_the_front_matter_are_free() -> None:
    early = read("\ufeff\n\n" + STORY)
    close = read(STORY.replace("---\n\n", "---\n"))

    assert early.first == close.first == read(STORY).first
    assert (early.updates[0].line, close.updates[0].line) == (9, 6)
    assert (early.line("title"), close.line("title")) == (4, 2)


@pytest.mark.parametrize(
    ("path", "slug", "language"),
    [
        ("2026-11-21-card-payments.md", "2026-11-21-card-payments", ""),
        ("content/incidents/2026/cards.md", "cards", ""),
        ("cards.de.md", "cards", "de"),
        ("cards.pt-BR.md", "cards", "pt-BR"),
        ("cards.zh-Hant.md", "cards", "zh-Hant"),
        ("cards.nds.md", "cards", "nds"),
        (f"{'a' * 100}.md", "a" * 100, ""),
    ],
)
def test_file_names(path: str, slug: str, language: str) -> None:
    incident = read(STORY, path)

    assert (incident.slug, incident.id, incident.language) == (slug, slug, language)


def test_a_translation_needs_its_title_only() -> None:
    incident = read(
        """
        ---
        title: Kartenzahlungen fallen aus
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        affected: Alle, die mit einer Karte aus der EU zahlen.

        Wir sehen nach.
        """,
        "2026-11-21-card-payments.de.md",
    )

    assert incident.language == "de"
    assert incident.title == "Kartenzahlungen fallen aus"


def test_a_translation_may_leave_the_kind_to_its_original() -> None:
    """Which statuses there are is then for the original to say."""
    text = (
        "---\ntitle: Neue Terminals\n---\n\n## 2026-11-21 09:20 | Dawn Okafor | scheduled\n\nGut.\n"
    )

    assert read(text, "terminals.de.md").updates[0].status is Status.SCHEDULED


# ── front matter ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("title: Card payments fail", "Card payments fail"),
        ('title: "Card payments: one in five fails"', "Card payments: one in five fails"),
        ("title: 'It''s the bank'", "It's the bank"),
        ('title: "Fault on line #3"', "Fault on line #3"),
        ("title: Fault on line#3", "Fault on line#3"),
        ("title: 10:00 is too late", "10:00 is too late"),
        ("title: No", "No"),
        ("title: 1.10", "1.10"),
        ("title: null", "null"),
        ("title: ~", "~"),
        ("title: 2026-02-30", "2026-02-30"),
        ("title:   Cards   ", "Cards"),
        ("title:\tCards", "Cards"),
        ("title : Cards", "Cards"),
        ('"title": Cards', "Cards"),
        ("title: >\n  Card payments\n  fail", "Card payments fail"),
        ("title: Card payments\n  fail", "Card payments fail"),
        ("title:\n  Card payments fail", "Card payments fail"),
        ("# a comment\n\ntitle: Cards", "Cards"),
        ("title: Kartenzahlungen – « fallen » aus 💳", "Kartenzahlungen – « fallen » aus 💳"),
    ],
)
def test_titles(written: str, title: str) -> None:
    """Every value stays the text that was typed."""
    incident = read(STORY.replace("title: Card payments fail", written))

    assert incident.title == title
    assert incident.impact is Impact.MAJOR


@pytest.mark.parametrize(
    "written",
    [
        "components: [checkout, api operational]",
        "components: checkout, api operational",
        "components:\n  - checkout\n  - api operational",
        "components:\n- checkout\n- api   operational",
        "components: [\n  checkout,\n  api operational,\n]",
        "components: 'checkout , api operational'",
    ],
)
def test_lists(written: str) -> None:
    assert story(front=f"{written}\n").first.components == (
        ComponentChange("checkout"),
        ComponentChange("api", ComponentStatus.OPERATIONAL),
    )


def test_texts_may_have_several_lines() -> None:
    incident = story(
        front="affected: |\n  Anyone paying with a card:\n\n  - in the EU\n  - in the UK\n"
    )

    assert incident.first.affected == "Anyone paying with a card:\n\n- in the EU\n- in the UK"


def test_aliases() -> None:
    incident = story(front="aliases: [/issues/2021-06-02-outage/, Old/Path_1.html, ~cards]\n")

    assert incident.aliases == ("issues/2021-06-02-outage", "Old/Path_1.html", "~cards")


@pytest.mark.parametrize("word", ["yes", "Yes", "true", "on"])
def test_flags_on(word: str) -> None:
    incident = story(front=f"draft: {word}\ndrill: {word}\n")

    assert (incident.draft, incident.drill) == (True, True)


@pytest.mark.parametrize("word", ["no", "NO", "false", "off"])
def test_flags_off(word: str) -> None:
    incident = story(front=f"draft: {word}\n", keys=f"notify: {word}\n")

    assert (incident.draft, incident.drill, incident.updates[0].notify) == (False, False, False)


# ── times ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21 09:20", "2026-11-21 08:20"),
        ("2026-07-21 09:20", "2026-07-21 07:20"),
        ("2026-11-21 09:20:30", "2026-11-21 08:20:30"),
        ("2026-11-21T09:20", "2026-11-21 08:20"),
        ("2026-11-21 09:20Z", "2026-11-21 09:20"),
        ("2026-11-21T09:20:00Z", "2026-11-21 09:20"),
        ("2026-11-21 09:20 Z", "2026-11-21 09:20"),
        ("2026-11-21 09:20+05:30", "2026-11-21 03:50"),
        ("2026-11-21 09:20 -0800", "2026-11-21 17:20"),
        ("2026-11-21 23:30-14:00", "2026-11-22 13:30"),
        ("  2026-11-21   09:20\u00a0", "2026-11-21 08:20"),
        ("2026-03-29 01:59", "2026-03-29 00:59"),
        ("2026-03-29 03:00", "2026-03-29 01:00"),
        ("2026-10-25 01:59", "2026-10-24 23:59"),
        ("2026-10-25 02:30+02:00", "2026-10-25 00:30"),
        ("2026-10-25 02:30+01:00", "2026-10-25 01:30"),
        ("2026-10-25 03:00", "2026-10-25 02:00"),
        ("1990-01-01 00:00", "1989-12-31 23:00"),
        ("2199-12-31 23:59", "2199-12-31 22:59"),
    ],
)
def test_times(text: str, instant: str) -> None:
    assert parse_time(text, ZONE) == at(instant)


@pytest.mark.parametrize(
    ("after", "text", "due"),
    [
        # later on the same day
        ("2026-11-21 09:20", "10:00", "2026-11-21 10:00"),
        ("2026-11-21 00:00", "23:59", "2026-11-21 23:59"),
        # strictly after: the same minute is tomorrow's
        ("2026-11-21 09:20", "09:20", "2026-11-22 09:20"),
        # over midnight, over the month, over the year
        ("2026-11-21 23:40", "00:10", "2026-11-22 00:10"),
        ("2026-11-30 23:40", "00:00", "2026-12-01 00:00"),
        ("2026-12-31 23:40", "00:10", "2027-01-01 00:10"),
        # into the days on which the clocks change
        ("2026-03-28 23:00", "03:30", "2026-03-29 03:30"),
        ("2026-10-24 23:00", "03:30", "2026-10-25 03:30"),
        # 02:30 was skipped earlier that day, or came twice: meant is the next day's
        ("2026-03-29 10:00", "02:30", "2026-03-30 02:30"),
        ("2026-03-29 03:10", "02:30", "2026-03-30 02:30"),
        ("2026-10-25 10:00", "02:30", "2026-10-26 02:30"),
        # within the hour that comes twice only one of the two is still to come
        ("2026-10-25 02:45+02:00", "02:30", "2026-10-25 02:30+01:00"),
        ("2026-10-25 02:10+01:00", "02:30", "2026-10-25 02:30+01:00"),
        ("2026-10-25 02:45+01:00", "02:30", "2026-10-26 02:30"),
    ],
)
def test_a_bare_time_is_the_next_such_time(after: str, text: str, due: str) -> None:
    found = parse_next(text, ZONE, parse_time(after, ZONE))

    assert found == (parse_time(due, ZONE), False)


@pytest.mark.parametrize(
    ("after", "text", "due"),
    [
        ("2026-10-04 01:00", "03:30", "2026-10-04 03:30"),
        ("2026-10-04 03:10", "02:30", "2026-10-05 02:30"),
        ("2026-04-05 02:40+11:00", "02:30", "2026-04-05 02:30+10:00"),
    ],
)
def test_a_bare_time_in_the_south(after: str, text: str, due: str) -> None:
    found = parse_next(text, SYDNEY, parse_time(after, SYDNEY))

    assert found == (parse_time(due, SYDNEY), False)


def test_an_update_that_says_no_facts_takes_no_room_in_the_cache() -> None:
    update = story().updates[0]
    kept = msgspec.json.encode(update)

    assert "says" not in msgspec.json.decode(kept)
    assert msgspec.json.decode(kept, type=type(update)) == update


def test_next_may_be_a_full_time_or_a_day() -> None:
    assert story(keys="next: 2026-11-22 08:00\n").updates[0].says.next == Due(
        at("2026-11-22 07:00")
    )
    assert story(keys="next: 2026-11-22\n").updates[0].says.next == Due(
        at("2026-11-22 23:00"), whole_day=True
    )


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("Europe/Copenhagen", "2026-11-21", "2026-11-20 23:00", "2026-11-21 23:00"),
        # 23 and 25 hours long
        ("Europe/Copenhagen", "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00"),
        ("Europe/Copenhagen", "2026-10-25", "2026-10-24 22:00", "2026-10-25 23:00"),
        # midnight is skipped: the day begins at one
        ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00", "2026-04-24 21:00"),
        # midnight comes twice: the day begins with the first
        ("America/Havana", "2026-11-01", "2026-11-01 04:00", "2026-11-02 05:00"),
    ],
)
def test_whole_days(zone: str, day: str, start: str, end: str) -> None:
    where = ZoneInfo(zone)

    assert start_of_day(date.fromisoformat(day), where) == at(start)
    assert end_of_day(date.fromisoformat(day), where) == at(end)
    assert parse_due(day, where) == (at(end), True)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30 minutes", timedelta(minutes=30)),
        ("1 minute", timedelta(minutes=1)),
        ("45min", timedelta(minutes=45)),
        ("2 hours", timedelta(hours=2)),
        ("1 day", timedelta(days=1)),
        ("3d", timedelta(days=3)),
        ("2 weeks", timedelta(weeks=2)),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


# ── updates ──────────────────────────────────────────────────────────────────────────────────────


def test_the_order_in_the_file_is_free() -> None:
    newest_first = f"""{HEAD}\
## 2026-11-21 10:00 | Ian Reyes | resolved

All cards work.

## 2026-11-21 08:45Z | Dawn Okafor | identified

It is the bank.

{FIRST}
We are looking into it.
"""

    assert [(u.id, u.body, u.line) for u in read(newest_first).updates] == [
        ("20261121T082000Z", "We are looking into it.", 15),
        ("20261121T084500Z", "It is the bank.", 11),
        ("20261121T090000Z", "All cards work.", 7),
    ]


def test_keys_end_at_the_first_blank_line() -> None:
    update = story(
        keys="next: 10:00\n", body="Note: it is the bank.\nimpact: none of it is ours.\n"
    )

    assert update.updates[0].says.names() == ("next",)
    assert update.updates[0].body == "Note: it is the bank.\nimpact: none of it is ours."


def test_values_of_keys_are_text() -> None:
    """No YAML here: colons, brackets and number signs are what they look like."""
    says = story(keys='title: "EU" cards: 1 in 5 fails #2\naffected: [all]\n').updates[0].says

    assert says.title == '"EU" cards: 1 in 5 fails #2'
    assert says.affected == "[all]"


def test_fences_and_comments_hide_headings_and_tasks() -> None:
    body = """\
What we write to the bank:

```text
# Refused
## Since 2026-11-21
- [ ] answer this
next: 10:00
```

~~~~
~~~
## also hidden
~~~~

<!--
## to be written
- [ ] by somebody (Ian Reyes, 2027-01-30)
-->

<!-- one line --> <!-- and another -->
#42 was refused, too; ### is no heading of ours.

### What comes next

A rule, and a table:

---

| card | refused |
|------|---------|
| EU   | 20 %    |

- an item

---
"""

    incident = story(body=body)

    assert len(incident.updates) == 1
    assert incident.updates[0].body == body.strip()
    assert incident.follow_ups == ()


def test_components_by_impact() -> None:
    """A component without a status takes it from the impact that holds."""
    incident = read(
        f"""{HEAD}{FIRST}components: checkout, api operational

We are looking into it.

## 2026-11-21 09:30 | Dawn Okafor | update
impact: critical

It is all cards now.
"""
    )

    assert [moment.component_states for moment in incident.timeline] == [
        {"checkout": ComponentStatus.PARTIAL_OUTAGE, "api": ComponentStatus.OPERATIONAL},
        {"checkout": ComponentStatus.MAJOR_OUTAGE, "api": ComponentStatus.OPERATIONAL},
    ]


def test_reopened_after_resolved() -> None:
    incident = read(
        f"""{STORY}
## 2026-11-21 10:00 | Ian Reyes | resolved

All cards work.

## 2026-11-21 10:30 | Ian Reyes | investigating

They fail again.
"""
    )

    assert [moment.status for moment in incident.timeline] == [
        Status.INVESTIGATING,
        Status.RESOLVED,
        Status.INVESTIGATING,
    ]
    assert incident.is_open
    assert incident.ended_at is None


def test_ended_before_it_was_said() -> None:
    incident = read(
        f"""{STORY}
## 2026-11-21 14:10 | Ian Reyes | resolved
ended: 2026-11-21 14:02

All cards work.
"""
    )

    assert incident.ended_at == at("2026-11-21 13:02")


def test_an_expectation_that_changes() -> None:
    incident = read(
        f"""{HEAD}{FIRST}expected: 2026-11-21 12:00

We are looking into it.

## 2026-11-21 11:50 | Ian Reyes | update
expected: 2026-11-24
because: The bank waits for a part.

It will take until Tuesday.

## 2026-11-21 12:50 | Ian Reyes | update

Nothing new.
"""
    )

    assert [moment.facts.expected for moment in incident.timeline] == [
        Due(at("2026-11-21 11:00")),
        Due(at("2026-11-24 23:00"), whole_day=True),
        Due(at("2026-11-24 23:00"), whole_day=True),
    ]
    assert [moment.says.because for moment in incident.timeline] == [
        None,
        "The bank waits for a part.",
        None,
    ]


def test_a_correction_folds_into_what_it_corrects() -> None:
    incident = read(
        f"""{HEAD}{FIRST}affected: Everybody
next: 10:00

We are looking into it.

## 2026-11-21 09:40 | Dawn Okafor | correction
corrects: 2026-11-21 08:20Z
affected: Only cards from the EU
impact: minor

Not everybody, and I should have asked first.
"""
    )

    first, correction = incident.timeline
    assert correction.update.corrects == first.update.at
    assert first.corrections == (correction.update,)
    assert first.update.says.affected == "Everybody"
    assert first.says.affected == "Only cards from the EU"
    assert first.says.next == Due(at("2026-11-21 09:00"))
    assert incident.impact is Impact.MINOR
    assert correction.status is Status.INVESTIGATING


def test_imported_history_may_say_nothing() -> None:
    incident = read(
        """
        ---
        title: Card payments failed
        impact: minor
        started: 2021-06-02 09:12
        imported: cstate
        ---

        ## 2021-06-02 09:12 | imported | investigating

        - [ ] Look at the logs
        title: was never a key here

        ## 2021-06-02 10:00 | imported | resolved
        """
    )

    assert incident.imported == "cstate"
    assert [(u.signed, u.body != "") for u in incident.updates] == [(False, True), (False, False)]
    assert incident.follow_ups == ()


def test_an_imported_notice_need_not_say_what_it_is_about() -> None:
    incident = read(
        """
        ---
        kind: notice
        title: New phone numbers
        imported: cstate
        ---

        ## 2021-06-02 09:12 | imported | published
        """
    )

    assert incident.about is None


def test_a_person_in_imported_history_still_has_to_say_something() -> None:
    text = STORY.replace("09:12\n", "09:12\nimported: cstate\n").replace(
        "We are looking into it.", ""
    )

    assert [problem.rule for problem in parse(text.encode(), PATH, ZONE).problems] == [
        "empty-update"
    ]


# ── follow-ups ───────────────────────────────────────────────────────────────────────────────────


def test_follow_ups() -> None:
    incident = read(
        f"""{STORY}
## 2026-11-23 16:00 | Ian Reyes | postmortem

What we will do:

- [ ] A second acquiring bank (Priya Nair, 2027-01-30)
- [x] An alarm on refused payments (of any card),
  with a call at night
  (Ian Reyes, 2026-11-22)
- A list may have other items, too.
  * [X] Nested ones (like this) (Dawn  Okafor , 2026-12-01).

1. [ ] Numbered ones (Dawn Okafor, 2026-12-02)
---

```
- [ ] not in a fence
```

## 2026-11-21 14:10 | Ian Reyes | resolved

All cards work.

- [ ] Write to everybody who was refused (Priya Nair, 2026-11-24)

## 2026-11-24 09:00 | Priya Nair | update
done: 1, 3

I wrote to 61 people.
"""
    )

    assert incident.follow_ups == (
        FollowUp(
            number=1,
            text="Write to everybody who was refused",
            person="Priya Nair",
            due=date(2026, 11, 24),
            ticked=False,
            line=33,
        ),
        FollowUp(
            number=2,
            text="A second acquiring bank",
            person="Priya Nair",
            due=date(2027, 1, 30),
            ticked=False,
            line=15,
        ),
        FollowUp(
            number=3,
            text="An alarm on refused payments (of any card), with a call at night",
            person="Ian Reyes",
            due=date(2026, 11, 22),
            ticked=True,
            line=16,
        ),
        FollowUp(
            number=4,
            text="Nested ones (like this)",
            person="Dawn Okafor",
            due=date(2026, 12, 1),
            ticked=True,
            line=20,
        ),
        FollowUp(
            number=5,
            text="Numbered ones",
            person="Dawn Okafor",
            due=date(2026, 12, 2),
            ticked=False,
            line=22,
        ),
    )
    assert incident.updates[-1].done == (1, 3)


@pytest.mark.parametrize(
    ("kind", "required", "statuses"),
    [
        ("incident", "impact: none\nstarted: 2026-11-21 09:12", ["resolved", "postmortem"]),
        (
            "maintenance",
            "scheduled_for: 2026-11-25 02:00\nscheduled_until: 2026-11-25 04:00",
            ["completed"],
        ),
        ("notice", "about: delay", ["done"]),
    ],
)
def test_where_follow_ups_are_promised(kind: str, required: str, statuses: list[str]) -> None:
    for status in statuses:
        incident = read(
            f"---\nkind: {kind}\ntitle: Cards\n{required}\n---\n\n"
            f"## 2026-11-21 09:20 | Dawn Okafor | {status}\n\n- [ ] More (Ian Reyes, 2027-01-30)\n"
        )
        assert [follow_up.person for follow_up in incident.follow_ups] == ["Ian Reyes"]


def test_a_list_of_tasks_elsewhere_is_a_list() -> None:
    assert (
        story(body="- [ ] call the bank\n- [x] stop the card terminals (for now)\n").follow_ups
        == ()
    )


# ── warnings ─────────────────────────────────────────────────────────────────────────────────────


def test_a_warning_holds_nothing_back() -> None:
    parsed = parse(STORY.replace("looking", "loo\x07king").encode(), PATH, ZONE)

    assert [problem.level for problem in parsed.problems] == [Level.WARNING]
    assert parsed.incident == read(STORY)


def test_line_ends_of_other_programs_become_spaces_and_move_no_line() -> None:
    """To YAML they end a line: half a title would become a key, and every line below be wrong."""
    text = STORY.replace("title: Card payments", "title: Card\u2028payments\u0085and others")
    parsed = parse(text.encode(), PATH, ZONE)

    assert [(problem.line, problem.rule) for problem in parsed.problems] == [
        (2, "control-character")
    ]
    assert parsed.incident is not None
    assert parsed.incident.title == "Card payments and others fail"
    assert parsed.incident.line("impact") == 3
