"""Editions: which there are, when, and what a day's or a week's holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import letters
import life
import pytest

from firstword.digest import editions, lapsed, news, open_stories
from firstword.digest.composer import HEAVY, TOO_HEAVY
from firstword.digest.gather import Gathered, gather
from firstword.digest.windows import closed, day_window, parse_window, week_window
from firstword.mail.parcel import Cadence, Edition, Look, same_words
from firstword.model import Incident, Kind, Status
from firstword.page import Outcome, Promise, StatusPage
from firstword.parse import parse
from firstword.values import replace

Golden = Callable[[str, str | bytes], None]

CARDS = """\
---
title: Card payments fail
impact: major
started: 2026-11-20 09:12
components: [shop]
---

## 2026-11-20 09:20 | Hanna Verbeek | investigating

One card payment in five is refused.

## 2026-11-20 10:40 | Joris Blom | resolved

All cards work since 10:31.
"""
STILL_OPEN = CARDS.partition("\n## 2026-11-20 10:40")[0]


def at(text: str) -> datetime:
    return life.instant(text)


def story(text: str, path: str = "content/incidents/2026/2026-11-20-cards.md") -> Incident:
    found = parse(text.encode(), path, life.SITE.timezone).incident
    assert found
    return found


def page_with(
    *told: Incident, published: Mapping[str, str | None] | None = None, now: str
) -> StatusPage:
    """Return stories on a target that saw each update when it was signed, unless told otherwise."""
    stamps: dict[str, dict[str, datetime | None]] = {}
    for incident in told:
        known = stamps.setdefault(incident.id, {})
        for update in incident.updates:
            when = (published or {}).get(update.id, "as signed")
            if when == "as signed":
                known[update.id] = update.at
            elif when != "never":
                known[update.id] = at(when) if when else None
    return letters.page_of(told, stamps, at(now))


def ids(found: tuple[Edition, ...]) -> list[str]:
    return [edition.id for edition in found]


FIRST, LAST = "20261120T082000Z", "20261120T094000Z"
UPDATES = [f"update/2026-11-20-cards/{name}" for name in (FIRST, LAST)]


# ── the scripted life ────────────────────────────────────────────────────────────────────────────


def test_the_life_makes_these_editions_and_no_other(golden: Golden) -> None:
    golden("mail-editions.txt", "".join(_rows()))


def _rows() -> list[str]:
    rows = []
    page = letters.last_page()
    for edition in letters.every_edition().values():
        flags = "".join(
            mark for mark, is_so in (("s", edition.standing), ("u", edition.urgent)) if is_so
        )
        rows.append(
            f"{edition.at:%Y-%m-%dT%H:%MZ} {edition.cadence:9} {flags:2} {edition.id}\n"
            f"    {edition.headline}\n"
        )
        if edition.cadence in {Cadence.DAILY, Cadence.WEEKLY}:
            window = parse_window(edition.id, letters.SITE.timezone)
            gathered = gather(page, window, letters.EVERYBODY)
            assert gathered
            rows += [f"    {line}\n" for line in _held(gathered)]
    return rows


def _held(gathered: Gathered) -> list[str]:
    lines = []
    for name in ("wrong", "over", "coming", "notices"):
        for item in getattr(gathered, name):
            words = " ".join(word.update.id for word in item.words)
            lines.append(f"{name}: {item.incident.id} {words}".rstrip())
    return [*lines, *(f"promise: {_promised(promise)}" for promise in gathered.promises)]


def _promised(promise: Promise) -> str:
    due = f"{promise.due.at:%Y-%m-%dT%H:%MZ}"
    return f"{promise.kind} {promise.incident.id} {due} {promise.outcome}"


def test_every_word_that_may_be_mailed_is_in_one_day_and_in_one_week() -> None:
    page = letters.last_page()
    for cadence, window_of in ((Cadence.DAILY, day_window), (Cadence.WEEKLY, week_window)):
        windows = {
            edition.id for edition in letters.every_edition().values() if edition.cadence is cadence
        }
        for incident, update in page.updates:
            stamp = letters.stamps()[incident.id][update.id]
            if stamp is None or not update.notify or not update.signed:
                continue
            window = window_of(stamp.astimezone(page.site.timezone).date(), page.site.timezone)
            if window.end <= page.records.now:  # type: ignore[operator] # the life has an end
                assert window.id in windows
                gathered = gather(page, window, letters.EVERYBODY)
                assert gathered
                items = (*gathered.wrong, *gathered.over, *gathered.coming, *gathered.notices)
                told = [w.update.id for i in items if i.incident.id == incident.id for w in i.words]
                assert told.count(update.id) == 1


# ── what makes an edition, and what does not ─────────────────────────────────────────────────────


def test_an_update_goes_out_alone_for_three_days() -> None:
    page = page_with(story(CARDS), now="2026-11-20 11:00")

    assert ids(news(page, at("2026-11-20 09:20"))) == UPDATES[:1]
    assert ids(news(page, at("2026-11-20 11:00"))) == UPDATES
    assert ids(news(page, at("2026-11-23 09:30"))) == UPDATES[1:]
    assert ids(news(page, at("2026-11-23 10:41"))) == []


def test_what_no_target_holds_yet_mails_nobody() -> None:
    page = page_with(story(CARDS), published={LAST: "never"}, now="2026-11-20 11:00")

    assert ids(news(page, at("2026-11-20 11:00"))) == UPDATES[:1]
    # Nor does what it says reach the mail of what went before.
    assert news(page, at("2026-11-20 11:00"))[0].standing


def test_what_was_there_before_records_began_mails_nobody() -> None:
    page = page_with(story(CARDS), published={FIRST: None, LAST: None}, now="2026-11-20 11:00")

    assert editions(page, at("2026-11-21 00:10")) == ()


def test_notify_no_keeps_out_of_mail() -> None:
    kept_out = CARDS.replace("| resolved\n", "| resolved\nnotify: no\n")
    page = page_with(story(kept_out), now="2026-11-20 11:00")

    assert ids(news(page, at("2026-11-20 11:00"))) == UPDATES[:1]
    gathered = gather(page, day_window(at("2026-11-20 12:00").date(), life.SITE.timezone), Look())
    assert gathered
    assert [w.update.id for item in gathered.over for w in item.words] == [FIRST]


@pytest.mark.parametrize("mark", ["drill: true", "imported: cstate"])
def test_drills_and_imported_history_mail_nobody(mark: str) -> None:
    text = CARDS.replace("impact: major", f"impact: major\n{mark}")
    if "imported" in mark:
        text = text.replace("Hanna Verbeek", "imported").replace("Joris Blom", "imported")
    page = page_with(story(text), now="2026-11-20 11:00")

    assert editions(page, at("2026-11-21 00:10")) == ()


def test_a_word_signed_a_month_before_it_was_published_is_history() -> None:
    published = {FIRST: "2026-12-28 12:00", LAST: "2026-12-28 12:00"}
    page = page_with(story(CARDS), published=published, now="2026-12-28 12:00")

    assert editions(page, at("2026-12-29 00:10")) == ()


def test_a_typo_that_is_mended_is_no_news_and_a_correction_is() -> None:
    mended = page_with(story(CARDS.replace("refused", "turned away")), now="2026-11-20 11:00")
    before = page_with(story(CARDS), now="2026-11-20 11:00")
    now = at("2026-11-20 11:00")
    correction = CARDS + (
        "\n## 2026-11-20 10:50 | Joris Blom | correction\ncorrects: 2026-11-20 10:40\n"
        "\nSince 10:33.\n"
    )

    assert ids(news(mended, now)) == ids(news(before, now))
    # Whoever sends sees that the words are others.
    assert news(mended, now)[0].digest != news(before, now)[0].digest
    assert news(mended, now)[1].digest == news(before, now)[1].digest
    corrected = news(page_with(story(correction), now="2026-11-20 11:00"), now)
    assert ids(corrected)[-1] == "update/2026-11-20-cards/20261120T095000Z"


def test_a_translation_is_other_words_for_those_who_read_it_alone() -> None:
    bare = story(CARDS)
    first = replace(
        story(CARDS.replace("One card payment in five is refused.", "Jede fünfte scheitert.")),
        language="de",
    )
    other = replace(
        story(CARDS.replace("One card payment in five is refused.", "Jede sechste scheitert.")),
        language="de",
    )

    def digests(*translations: Incident) -> list[str]:
        told = replace(bare, translations=translations)
        found = editions(page_with(told, now="2026-11-21 12:00"), at("2026-11-21 12:00"))
        return [one.digest for one in found if one.id in {UPDATES[0], "daily/2026-11-20"}]

    none, was, now = digests(), digests(first), digests(other)
    assert len(none) == 2
    for before, after in ((none, was), (was, now)):
        for one, two in zip(before, after, strict=True):
            assert same_words(one, two, "")
            assert same_words(one, two, "nl")
            assert not same_words(one, two, "de")
            assert not same_words(one, two, "de-AT")


def test_a_word_that_is_pushed_late_is_in_the_window_in_which_it_was_published() -> None:
    late = page_with(story(CARDS), published={LAST: "2026-11-21 00:00"}, now="2026-11-21 00:00")
    zone = life.SITE.timezone
    twentieth = gather(late, day_window(at("2026-11-20 12:00").date(), zone), Look())
    next_day = gather(late, day_window(at("2026-11-21 12:00").date(), zone), Look())

    # Half-open: midnight is the next day's. On the day it closed, nobody had said it was over.
    assert twentieth
    assert next_day
    assert [w.update.id for item in twentieth.wrong for w in item.words] == [FIRST]
    assert [w.update.id for item in next_day.over for w in item.words] == [LAST]


def test_a_late_or_repeated_run_makes_the_same_edition() -> None:
    after = CARDS + "\n## 2026-11-21 09:00 | Hanna Verbeek | investigating\n\nIt is back.\n"
    at_once = page_with(story(CARDS), now="2026-11-21 00:01")
    later = page_with(story(after), now="2026-11-21 12:00")
    name = "daily/2026-11-20"
    first = next(e for e in editions(at_once, at("2026-11-21 00:01")) if e.id == name)
    again = next(e for e in editions(later, at("2026-11-21 12:00")) if e.id == name)

    assert first == again
    one, other = letters.composer(at_once), letters.composer(later)
    assert one.compose(first, Look()) == other.compose(again, Look())


def test_a_run_makes_up_for_the_days_it_missed() -> None:
    page = page_with(story(CARDS), now="2026-11-26 00:10")

    assert "daily/2026-11-20" in ids(editions(page, at("2026-11-27 23:50")))
    assert "daily/2026-11-20" not in ids(editions(page, at("2026-11-28 00:10")))
    assert "weekly/2026-W47" in ids(editions(page, at("2026-12-06 23:50")))
    assert "weekly/2026-W47" not in ids(editions(page, at("2026-12-07 00:10")))


def test_what_came_and_went_between_two_instants_is_told_once_it_is_too_old() -> None:
    page = page_with(story(CARDS), now="2026-11-30 12:00")
    began, ended = at("2026-11-20 09:20"), at("2026-11-20 10:40")

    def gone(since: datetime, now: str) -> list[str]:
        return [one.id for one in lapsed(page, since, at(now))]

    first, last = (f"update/2026-11-20-cards/20261120T{time}Z" for time in ("082000", "094000"))
    before = began - timedelta(hours=1)
    # For three days each goes out by itself; the day's digest for seven.
    assert gone(before, "2026-11-23 09:19") == []
    assert gone(before, "2026-11-23 09:20") == [first]
    assert gone(before, "2026-11-24 00:00") == [first, last]
    assert gone(before, "2026-11-29 00:00") == [first, last, "daily/2026-11-20"]
    # What somebody looked at is theirs.
    assert gone(began, "2026-11-24 00:00") == [last]
    assert gone(ended, "2026-11-24 00:00") == []


def test_the_newest_word_of_an_open_story_stands_for_those_who_come_later() -> None:
    page = page_with(
        story(CARDS.split("\n## 2026-11-20 10:40", maxsplit=1)[0]), now="2026-11-20 11:00"
    )
    found = news(page, at("2026-11-29 11:00"))

    assert [(edition.id, edition.standing) for edition in found] == [(UPDATES[0], True)]


@pytest.mark.parametrize(
    ("text", "end_published", "is_open"),
    [
        (STILL_OPEN, "never", True),
        (CARDS, "2026-11-20 10:40", False),
        # Ended in the file, and no reader knows it yet.
        (CARDS, "never", True),
    ],
)
def test_a_story_is_over_when_its_file_and_its_readers_say_so(
    text: str, end_published: str, *, is_open: bool
) -> None:
    page = page_with(story(text), published={LAST: end_published}, now="2026-11-20 11:00")

    assert open_stories(page, at("2026-11-20 11:00")) == (
        {"2026-11-20-cards"} if is_open else frozenset()
    )


def test_a_story_that_was_taken_up_in_its_file_is_open() -> None:
    again = CARDS + "\n## 2026-11-20 12:00 | Joris Blom | investigating\n\nOnce more.\n"
    page = page_with(story(again), published={"20261120T110000Z": "never"}, now="2026-11-20 12:00")

    assert open_stories(page, at("2026-11-20 12:00")) == {"2026-11-20-cards"}


NOTICE = """\
---
title: Oil your board
kind: notice
about: tip
affected: Whoever has one.
---

## 2026-11-20 09:20 | Hanna Verbeek | published

Oil it before winter.
"""


@pytest.mark.parametrize(
    ("head", "stands"),
    [
        ("about: tip", []),
        ("about: reminder", []),
        ("about: delay", [True]),
        ("about: safety", [True]),
        ("about: delay\nuntil: 2026-11-30", [True]),
        ("about: delay\nuntil: 2026-11-28", []),
    ],
)
def test_a_notice_stands_for_those_who_come_later_while_it_matters(
    head: str, stands: list[bool]
) -> None:
    page = page_with(story(NOTICE.replace("about: tip", head)), now="2026-11-20 11:00")
    soon, late = (news(page, at(f"2026-11-{day} 11:00")) for day in (20, 29))

    # Who had subscribed gets it in any case.
    assert len(soon) == 1
    assert [edition.standing for edition in late] == stands


def test_a_follow_up_done_is_for_those_who_were_there() -> None:
    done = letters.every_edition()["update/2026-10-13-locker-codes/20261020T070500Z"]

    assert done.cadence is Cadence.FOLLOW_UP
    assert done.before == at("2026-10-16 15:10")
    assert not done.urgent


# ── reminders ────────────────────────────────────────────────────────────────────────────────────


def test_a_reminder_is_due_so_long_before_and_until_it_begins() -> None:
    page = letters.last_page()
    name = "reminder/2026-10-08-offcuts/20261112T150000Z"

    # Four o'clock, as before the clocks went back.
    assert name not in ids(editions(page, at("2026-11-11 15:59")))
    assert name in ids(editions(page, at("2026-11-11 16:00")))
    assert name in ids(editions(page, at("2026-11-12 15:59")))
    assert name not in ids(editions(page, at("2026-11-12 16:00")))


def test_no_reminder_of_what_is_cancelled_or_was_only_just_announced() -> None:
    reminders = [e.id for e in letters.every_edition().values() if e.cadence is Cadence.REMINDER]

    # The move of 20 October was cancelled the day before; that of the 25th takes place.
    assert reminders == [
        "reminder/2026-10-08-offcuts/20261015T140000Z",
        "reminder/2026-10-12-accounts-move/20261024T230000Z",
        "reminder/2026-10-08-offcuts/20261029T150000Z",
    ]
    short = """\
---
title: The office is closed
kind: notice
about: reminder
started: 2026-11-20 12:00
remind: 1 day
---

## 2026-11-20 09:00 | Hanna Verbeek | published

We close at noon.
"""
    page = page_with(story(short), now="2026-11-20 09:00")
    assert [e.cadence for e in editions(page, at("2026-11-20 10:00"))] == [Cadence.IMMEDIATE]


def test_no_reminder_where_the_announcement_is_kept_out_of_mail() -> None:
    told = """\
---
title: The office is closed
kind: notice
about: reminder
started: 2026-11-25 12:00
remind: 1 day
---

## 2026-11-20 09:00 | Hanna Verbeek | published

We close at noon.
"""
    kept_out = told.replace("| published\n", "| published\nnotify: no\n")
    day_before = at("2026-11-24 12:00")

    assert ids(editions(page_with(story(told), now="2026-11-20 09:00"), day_before))[-1] == (
        "reminder/2026-11-20-cards/20261125T110000Z"
    )
    assert editions(page_with(story(kept_out), now="2026-11-20 09:00"), day_before) == ()


# ── for whom ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("look", "concerned"),
    [
        (Look(), True),
        (Look(components=frozenset({"shop", "lockers"})), True),
        (Look(components=frozenset({"lockers"})), False),
        (Look(kinds=frozenset({Kind.INCIDENT})), True),
        (Look(kinds=frozenset({Kind.NOTICE})), False),
        (Look(muted=frozenset({"2026-11-20-cards"})), False),
    ],
)
def test_an_edition_concerns_who_chose_its_parts_and_kinds(look: Look, concerned: bool) -> None:
    page = page_with(story(CARDS), now="2026-11-20 11:00")
    writer = letters.composer(page)
    found = editions(page, at("2026-11-21 00:10"))

    assert [writer.alike(edition, look) is not None for edition in found] == [concerned] * 3


def test_a_story_that_names_no_part_concerns_everybody() -> None:
    page = page_with(story(CARDS.replace("components: [shop]\n", "")), now="2026-11-20 11:00")
    writer = letters.composer(page)

    look = Look(components=frozenset({"lockers"}))
    assert all(writer.alike(e, look) for e in editions(page, at("2026-11-21 00:10")))


# ── windows ──────────────────────────────────────────────────────────────────────────────────────


def test_days_and_weeks_are_the_sites_own_and_half_open() -> None:
    zone = life.SITE.timezone
    clocks_go_back = day_window(at("2026-10-25 12:00").date(), zone)
    week = week_window(at("2026-10-25 12:00").date(), zone)

    assert clocks_go_back.end - clocks_go_back.begin == timedelta(hours=25)
    assert (week.id, week.begin, week.end) == (
        "weekly/2026-W43",
        datetime(2026, 10, 18, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
    assert week_window(datetime(2027, 1, 1, tzinfo=UTC).date(), zone).id == "weekly/2026-W53"


def test_only_closed_windows_are_looked_at() -> None:
    names = [window.id for window in closed(at("2026-11-23 00:00"), life.SITE.timezone)]

    assert names[:2] == ["weekly/2026-W46", "weekly/2026-W47"]
    assert (names[2], names[-1]) == ("daily/2026-11-16", "daily/2026-11-22")


@pytest.mark.parametrize("name", ["daily/2026-11-20", "weekly/2026-W01", "weekly/2020-W53"])
def test_a_windows_id_leads_back_to_it(name: str) -> None:
    assert parse_window(name, life.SITE.timezone).id == name


@pytest.mark.parametrize("name", ["daily/20261120", "weekly/2026-W1", "weekly/2026-W54", "x/1"])
def test_what_is_no_windows_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_window(name, life.SITE.timezone)


# ── a digest's sections ──────────────────────────────────────────────────────────────────────────


def test_a_digest_opens_with_what_is_still_wrong() -> None:
    other = story(
        STILL_OPEN.replace("Card payments fail", "Search is slow"),
        "content/incidents/2026/2026-11-20-search.md",
    )
    page = page_with(story(CARDS), other, now="2026-11-21 00:10")
    day = day_window(at("2026-11-20 12:00").date(), life.SITE.timezone)
    gathered = gather(page, day, Look())

    assert gathered
    assert [item.incident.title for item in gathered.wrong] == ["Search is slow"]
    assert [item.incident.title for item in gathered.over] == ["Card payments fail"]
    # It goes on while nobody writes of it; a day on which nobody wrote anything has no digest.
    assert (
        gather(page, day_window(at("2026-11-21 12:00").date(), life.SITE.timezone), Look()) is None
    )


def planned(number: int, said: str = "2026-11-01 10:00") -> Incident:
    """Return maintenance on a day of December."""
    return story(
        f"""\
---
kind: maintenance
title: Network maintenance in data centre {number}
scheduled_for: 2026-12-{number % 28 + 1:02} 02:00
scheduled_until: 2026-12-{number % 28 + 1:02} 06:00
components: [shop]
affected: Traffic through data centre {number} may be rerouted for some seconds.
---

## {said} | Joris Blom | scheduled

We replace routers in data centre {number}. Most will notice nothing.
""",
        f"content/incidents/2026/2026-12-{number % 28 + 1:02}-dc-{number}.md",
    )


def weighed(*told: Incident) -> tuple[int, str]:
    """Return how heavy the digest of 20 November is, and its text."""
    page = page_with(story(STILL_OPEN), *told, now="2026-11-21 08:00")
    edition = next(one for one in editions(page, at("2026-11-21 08:00")) if "daily" in one.id)
    writer = letters.composer(page)
    return writer.written(edition, Look()).size, letters.mailed(edition, by=writer).text


def test_what_is_coming_is_cut_to_how_many_more_where_it_gets_heavy() -> None:
    light, few = weighed(*(planned(number) for number in range(8)))
    heavy, many = weighed(*(planned(number) for number in range(60)))
    said = [planned(number, "2026-11-20 10:00") for number in range(300)]
    words, most = weighed(*said)

    assert (light < HEAVY, few.count("Network maintenance in data centre")) == (True, 8)
    assert (heavy < HEAVY, many.count("Network maintenance in data centre")) == (True, 5)
    assert "- and 55 more\n  https://status.ternpaper.example/\n" in many
    # Words of its own day are told as long as there is room.
    assert (words < TOO_HEAVY, most.count("Network maintenance in data centre")) == (True, 5)
    assert "One card payment in five is refused." in many
    assert "One card payment in five is refused." in most


def test_a_story_with_many_words_in_a_day_tells_the_newest_and_how_many_more() -> None:
    word = "\n## 2026-11-20 {:02}:{:02} | Joris Blom | monitoring\n\n{}\n"
    said = "".join(
        word.format(11 + n // 60, n % 60, f"Word {n}: " + "we look on. " * 9) for n in range(90)
    )
    size, text = weighed(story(STILL_OPEN + said, "content/incidents/2026/2026-11-20-long.md"))

    assert size < HEAVY
    assert "85 more before these" in text
    assert "Word 89" in text


@pytest.mark.parametrize(("words", "promises", "rest"), [(8, 8, 0), (60, 10, 50)])
def test_many_promises_are_cut_to_how_many_more_where_it_gets_heavy(
    words: int, promises: int, rest: int
) -> None:
    word = "\n## 2026-11-20 {:02}:{:02} | Joris Blom | monitoring\nnext: {:02}:{:02}\n\nWe look.\n"
    starts = [(11 + n // 6, n % 6 * 10) for n in range(words)]
    said = "".join(word.format(hour, minute, hour, minute + 5) for hour, minute in starts)
    late = story(STILL_OPEN + said, "content/incidents/2026/2026-11-20-late.md")
    size, text = weighed(late)
    section = text.partition("PROMISES KEPT AND MISSED")[2]

    assert size < HEAVY
    assert section.count("\n- Next word by 20 November 2026") == promises
    assert (f"\n- and {rest} more\n" in section) is bool(rest)


def test_a_digest_tells_what_came_of_promises() -> None:
    week = week_window(at("2026-10-13 12:00").date(), life.SITE.timezone)
    gathered = gather(letters.last_page(), week, Look(kinds=frozenset({Kind.INCIDENT})))

    assert gathered
    outcomes = [(p.kind.value, p.outcome) for p in gathered.promises]
    assert ("expected", Outcome.LATE) in outcomes
    assert ("next", Outcome.LATE) in outcomes
    # What was kept by a next word is told by that word.
    assert ("next", Outcome.KEPT) not in outcomes
    assert all(item.incident.status is not Status.RESOLVED for item in gathered.wrong)


def test_a_digest_asks_one_bounded_question() -> None:
    page = letters.last_page()
    asked = []

    class Counting:
        """Counts what is asked, and answers as the stories do."""

        def __getattr__(self, name: str) -> object:
            asked.append(name)
            return getattr(page.stories, name)

    counted = replace(page, stories=Counting())  # answers all the same
    gather(counted, day_window(at("2026-10-13 12:00").date(), life.SITE.timezone), Look())

    assert asked == ["find"]
