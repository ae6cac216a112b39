"""The record: what was promised, what came of it, by the stamps and by nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, seed, settings
from incremental import Workplace, quiet
from test_check import SETTINGS, story
from test_incremental import Life, Step, steps
from test_promises import at

from firstword import build
from firstword.api.record import record_document
from firstword.clock import Clock
from firstword.manifest import Memory
from firstword.markup import Markup
from firstword.model import Incident, Site
from firstword.page import Figures, Measure, Records, StatusPage, Verdict, record
from firstword.page.records import Owes
from firstword.render import record_pages
from firstword.settings import read_site
from firstword.values import replace

SITE = read_site(SETTINGS)
OWNED = read_site(
    {
        **SETTINGS,
        "COMPONENTS": [
            {
                "id": "checkout",
                "owner": "Ian Reyes",
                "first_word_within": "15 minutes",
                "owner_since": "2026-11-01",
            }
        ],
    }
)
LATE = at("2026-12-24 12:00")
NOVEMBER = date(2026, 11, 1)
FRONT = """\
---
title: T
impact: major
started: 2026-11-21 09:00
components: checkout
---

"""


def told(*updates: str, front: str = FRONT, path: str = "content/incidents/t.md") -> Incident:
    return story(front + "\n\n".join(updates) + "\n", path)


def word(when: str, status: str, *keys: str, who: str = "Dawn Okafor", body: str = "W.") -> str:
    day = when if "-" in when else f"2026-11-21 {when}"
    return f"## {day} | {who} | {status}\n" + "".join(f"{key}\n" for key in keys) + f"\n{body}"


def page(
    *incidents: Incident,
    late: Mapping[str, str] | None = None,
    before: tuple[str, ...] = (),
    site: Site = SITE,
) -> StatusPage:
    """Return a page whose words were published when signed, unless said otherwise."""
    published = {at(signed): at(when) for signed, when in (late or {}).items()}
    unknown = {at(signed) for signed in before}
    stamps = {
        one.id: {u.id: None if u.at in unknown else published.get(u.at, u.at) for u in one.updates}
        for one in incidents
    }
    return StatusPage.of(site, incidents, Records(stamps, began=True, now=LATE))


def november(status: StatusPage, now: datetime = LATE) -> Figures:
    return record.months(status, Clock(now)).get(NOVEMBER, Figures())


def counts(figures: Figures, measure: Measure) -> dict[str, int]:
    return {str(s.verdict): s.many for s in figures if s.measure is measure}


# ── the figures ──────────────────────────────────────────────────────────────────────────────────


def test_the_first_word_counts_from_the_start_to_when_readers_had_it() -> None:
    status = page(told(word("09:10", "investigating")), late={"09:10": "09:25"})

    figures = november(status)

    assert figures.average(Measure.FIRST_WORD) == timedelta(minutes=25)
    # The signature says 09:10: a quarter of an hour is shown.
    assert counts(figures, Measure.SIGNATURE) == {"took": 1}
    assert figures.longest(Measure.SIGNATURE) == timedelta(minutes=15)
    earlier = ("corrects: 2026-11-21 09:10", "started: 2026-11-21 08:30")
    mended = page(told(word("09:10", "investigating"), word("09:40", "correction", *earlier)))
    assert november(mended).average(Measure.FIRST_WORD) == timedelta(minutes=40)


def test_five_minutes_between_signature_and_stamp_are_nothing() -> None:
    status = page(told(word("09:10", "investigating")), late={"09:10": "09:15"})

    assert counts(november(status), Measure.SIGNATURE) == {}


def test_the_longest_silence_is_between_words_that_readers_had_while_it_was_open() -> None:
    story = told(
        word("09:10", "investigating"),
        word("09:30", "identified"),
        word("10:00", "resolved"),
        word("20:00", "postmortem"),
    )

    assert november(page(story)).longest(Measure.SILENCE) == timedelta(minutes=30)
    late = page(story, late={"09:30": "09:58"})
    assert november(late).longest(Measure.SILENCE) == timedelta(minutes=48)


def test_next_words_kept_late_missed_replaced_and_overdue() -> None:
    status = page(
        told(
            word("09:10", "investigating", "next: 09:30"),
            word("09:25", "update", "next: 10:00"),
            word("10:20", "update", "next: 11:00"),
            word("10:40", "correction", "corrects: 2026-11-21 10:20", "next: 11:30"),
            word("11:40", "update", "next: 12:00"),
            word("12:10", "correction", "corrects: 2026-11-21 11:40", "next: 13:00"),
        )
    )

    expected = {"kept": 1, "late": 2, "replaced": 1, "missed": 1}
    assert counts(november(status, at("12:59")), Measure.NEXT) == {**expected, "pending": 1}
    assert counts(november(status), Measure.NEXT) == {**expected, "overdue": 1}
    assert november(status).longest(Measure.NEXT) == timedelta(minutes=20)


def test_a_word_signed_in_time_and_published_late_is_late() -> None:
    story = told(word("09:10", "investigating", "next: 09:30"), word("09:25", "update"))

    assert counts(november(page(story)), Measure.NEXT) == {"kept": 1}
    late = page(story, late={"09:25": "09:31"})
    assert counts(november(late), Measure.NEXT) == {"late": 1}


def test_expected_times() -> None:
    status = page(
        told(
            word("09:10", "investigating", "expected: 2026-11-21 12:00"),
            word("11:00", "update", "expected: 2026-11-21 14:00", "because: B"),
            word("14:10", "resolved"),
        )
    )

    figures = november(status)
    assert counts(figures, Measure.EXPECTED) == {"late": 1, "replaced": 1}
    assert figures.longest(Measure.EXPECTED) == timedelta(minutes=10)


def test_the_explanation_counts_from_the_end_and_its_lack_counts_too() -> None:
    explained = told(
        word("09:10", "investigating"), word("10:00", "resolved"), word("12:00", "postmortem")
    )
    not_explained = told(
        word("09:11", "investigating"), word("10:01", "resolved"), path="content/incidents/u.md"
    )

    figures = november(page(explained, not_explained))

    assert counts(figures, Measure.EXPLANATION) == {"took": 1, "unexplained": 1}
    assert figures.longest(Measure.EXPLANATION) == timedelta(hours=2)


def test_follow_ups_by_the_month_they_are_due_in() -> None:
    body = (
        "W.\n\n- [ ] One (Dawn Okafor, 2026-11-30)\n- [ ] Two (Ian Reyes, 2026-12-01)\n"
        "- [x] Three (Ian Reyes, 2026-11-25)\n- [ ] Four (Ian Reyes, 2026-11-26)"
    )
    status = page(
        told(
            word("09:10", "investigating"),
            word("10:00", "resolved", body=body),
            word("2026-11-29 10:00", "update", "done: 1"),
        )
    )

    by_month = record.months(status, Clock(at("2026-11-30 23:59")))
    assert counts(by_month[NOVEMBER], Measure.FOLLOW_UP) == {
        "kept": 1,
        "overdue": 1,
        # Done before anybody could stamp it: by the word of the text.
        "ticked": 1,
    }
    assert counts(by_month[date(2026, 12, 1)], Measure.FOLLOW_UP) == {"pending": 1}


def test_an_owner_signs_the_first_word_or_another_one_within_the_limit() -> None:
    first = word("09:10", "investigating")

    def owner(*updates: str, now: str = "12:00") -> dict[str, int]:
        return counts(november(page(told(*updates), site=OWNED), at(now)), Measure.OWNER)

    assert owner(word("09:10", "investigating", who="Ian Reyes")) == {"kept": 1}
    assert owner(first, word("09:20", "update", who="Ian Reyes")) == {"kept": 1}
    assert owner(first, word("09:40", "update", who="Ian Reyes")) == {"late": 1}
    assert owner(first, word("09:20", "update")) == {"overdue": 1}
    assert owner(first, now="09:24") == {"pending": 1}
    assert owner(first, word("09:15", "withdrawn")) == {"released": 1}


def test_nobody_is_judged_by_a_limit_that_came_later() -> None:
    front = FRONT.replace("2026-11-21", "2026-10-31")
    story = told(word("2026-10-31 09:10", "investigating"), front=front)

    assert counts(record.figures(marks_of(page(story, site=OWNED))), Measure.OWNER) == {}


@pytest.mark.parametrize(
    ("left", "said", "came"),
    [
        # Ian stands in for Dawn from the day after her last one.
        (None, "09:20", {"overdue": 1}),
        ("2026-11-20", "09:20", {"overdue": 1}),
        ("2026-11-20", "09:40", {"late": 1}),
        ("2026-11-21", "2026-11-22 00:10", {"kept": 1}),
    ],
)
def test_who_stands_in_for_an_owner_changes_nothing_of_the_past(
    left: str | None, said: str, came: dict[str, int]
) -> None:
    dawn = SITE.people["Dawn Okafor"]
    if left:
        dawn = replace(dawn, until=date.fromisoformat(left), successor="Ian Reyes")
    site = replace(SITE, people={**SITE.people, dawn.name: dawn})
    late = "2026-11-21 23:55"
    first = late if "-" in said else "09:10"
    story = told(
        word(first, "investigating", who="Kofi Mensah"), word(said, "update", who="Ian Reyes")
    )
    known = page(story, site=site).records
    owed = {story.id: {"checkout": ("Dawn Okafor", 15 * 60)}}

    status = StatusPage.of(site, [story], replace(known, limits=owed))

    assert counts(november(status), Measure.OWNER) == came


def marks_of(status: StatusPage, now: datetime = LATE) -> list[record.Judged]:
    return [
        one
        for month in record.months(status, Clock(now))
        for one in record.month(status, month, Clock(now))
    ]


# ── what is not judged ───────────────────────────────────────────────────────────────────────────


def test_what_was_there_before_records_began_is_not_judged() -> None:
    story = told(
        word("09:10", "investigating", "next: 09:30"),
        word("10:00", "update", "next: 10:30"),
        word("10:20", "resolved"),
    )

    figures = november(page(story, before=("09:10",)))

    # Only what both ends are known of: the second promise, and one silence.
    assert counts(figures, Measure.NEXT) == {"kept": 1}
    assert counts(figures, Measure.FIRST_WORD) == {}
    assert figures.longest(Measure.SILENCE) == timedelta(minutes=20)


@pytest.mark.parametrize("line", ["drill: yes\n", "imported: cstate\n"])
def test_drills_and_imported_history_stay_out(line: str) -> None:
    front = FRONT.replace("impact: major\n", f"impact: major\n{line}")
    who = "imported" if "imported" in line else "Dawn Okafor"
    story = told(
        word("09:10", "investigating", "next: 09:30", who=who),
        word("10:00", "resolved", who=who),
        front=front,
    )

    assert record.months(page(story), Clock(LATE)) == {}


def test_without_a_target_nothing_is_judged() -> None:
    status = StatusPage.of(SITE, [told(word("09:10", "investigating", "next: 09:30"))])

    assert record.months(status, Clock(LATE)) == {}
    assert record.overdue(status, Clock(LATE), 9) == ([], 0)


def test_what_is_overdue_is_listed_oldest_first_and_the_rest_is_counted() -> None:
    stories = [
        told(word(f"09:1{n}", "investigating", f"next: 1{n}:00"), path=f"content/incidents/s{n}.md")
        for n in range(4)
    ]
    clock = Clock(at("12:30"))

    shown, left = record.overdue(page(*stories), clock, 2)

    assert [one.mark.at for one in shown] == [at("10:00"), at("11:00")]
    assert (left, clock.as_of, clock.valid_until) == (1, at("12:00"), at("13:00"))


def test_what_was_withdrawn_had_no_start_but_its_promises_were_made() -> None:
    status = page(told(word("09:10", "investigating", "next: 09:30"), word("09:40", "withdrawn")))

    figures = november(status)
    assert counts(figures, Measure.NEXT) == {"late": 1}
    assert counts(figures, Measure.FIRST_WORD) == {}


# ── pages and document ───────────────────────────────────────────────────────────────────────────


def many(count: int) -> StatusPage:
    """Return a page of many stories in two months, each with a promise that was not kept."""
    stories = []
    for number in range(count):
        month, minute = 10 + number % 2, number // 2
        when = f"2026-{month}-0{1 + minute // 600} {minute // 60 % 10 + 10}:{minute % 60:02}"
        front = FRONT.replace("2026-11-21 09:00", f"2026-{month}-01 01:00")
        stories.append(
            told(
                word(when, "investigating", "next: 23:50"),
                front=front,
                path=f"content/incidents/s{number}.md",
            )
        )
    return page(*stories)


def test_no_page_grows_with_the_archive() -> None:
    small, large = many(300), many(900)

    def sizes(status: StatusPage) -> dict[str, dict[str, int]]:
        return {
            one.key: {
                name: len(value)
                for name, value in one.context(Clock(LATE)).items()
                if isinstance(value, (list, tuple))
            }
            for one in record_pages(status)
        }

    assert sizes(small) == sizes(large)
    documents = [record_document(status, Clock(LATE)) for status in (small, large)]
    lengths = [{k: len(v) for k, v in d.items() if isinstance(v, list)} for d in documents]
    assert lengths[0] == lengths[1]
    assert documents[1]["overdue_count"] == 900


def test_a_page_holds_until_the_next_promise_lapses() -> None:
    status = page(told(word("09:10", "investigating", "next: 10:00")))
    for one in record_pages(status):
        clock = Clock(at("09:20"))
        one.context(clock)
        assert clock.valid_until == at("10:00"), one.key


def test_a_year_is_the_sum_of_its_months() -> None:
    by_month = record.months(many(40), Clock(LATE))
    [year] = record.years(by_month).values()

    assert year.count(Measure.NEXT, Verdict.OVERDUE) == 40
    assert [f.count(Measure.NEXT, Verdict.OVERDUE) for f in by_month.values()] == [20, 20]


# ── out of the cache ─────────────────────────────────────────────────────────────────────────────


class Target:
    """Remembers when it saw each update first, and who owed a word then."""

    def __init__(self) -> None:
        self.stamps: dict[str, dict[str, datetime | None]] = {}
        self.limits: dict[str, dict[str, Owes]] = {}
        self.began = False

    def memory(self, now: datetime) -> Memory:
        return Memory(
            now=now,
            stamps=self.stamps,
            records_began=self.began,
            sources={},
            limits=self.limits,
        )

    def publish(self, place: Workplace) -> object:
        """Build, and stamp what is new."""
        run = place.run("output")
        first = place.now if self.began else None
        for name, one in run.built().records.items():
            for update in one.updates:
                self.stamps.setdefault(name, {}).setdefault(update, first)
            for component, who, within in one.limits:
                self.limits.setdefault(name, {}).setdefault(component, (who, within))
        self.began = True
        return place.outcome(run)


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "complain", quiet)


@pytest.mark.usefixtures("_quiet")
def test_the_record_of_changes_is_the_record_of_everything(templates: Path) -> None:
    @seed(7)
    @settings(
        max_examples=12, phases=[Phase.generate], derandomize=False, database=None, deadline=None
    )
    @given(steps)
    def lives(taken: list[Step]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place, target = Workplace(Path(folder), templates=templates), Target()
            place.memory = target.memory
            life = Life(place)
            target.publish(place)
            life.add(1, 5)
            target.publish(place)
            for step in taken:
                place.now += timedelta(hours=1)
                life.step(*step)
                target.publish(place)
            # Once more, with all that is stamped now: both know the same.
            assert place.warm() == place.cold()

    lives()


@pytest.mark.usefixtures("_quiet")
def test_the_first_publish_makes_no_story_another_one(templates: Path, tmp_path: Path) -> None:
    """It stamps nothing and notes who owes what today: the next word is an edit like any other."""
    place, target = Workplace(tmp_path / "site", templates=templates), Target()
    place.settings = {
        **place.settings,
        "COMPONENTS": [
            {
                "id": "checkout",
                "name": "Checkout",
                "owner": "Dawn Okafor",
                "first_word_within": "30 minutes",
                "owner_since": "2026-01-01",
            }
        ],
    }
    place.memory = target.memory
    for day in range(1, 9):
        place.write(f"incidents/day-{day}.md", _owed(day))
    target.publish(place)
    place.now += timedelta(hours=1)
    more = f"## {place.now:%Y-%m-%d %H:%M} | Dawn Okafor | update\n\nMore.\n"
    place.write("incidents/day-8.md", f"{_owed(8)}\n{more}")

    assert target.limits["day-8"] == {"checkout": ("Dawn Okafor", 1800)}
    run = place.run("output")
    assert [change.id for change in run.found.changes] == ["day-8"]
    assert place.outcome(run)[0]
    assert place.warm() == place.cold()


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("what", ["limits", "stamps"])
def test_a_story_is_another_one_where_a_target_knows_otherwise(
    templates: Path, tmp_path: Path, what: str
) -> None:
    """Who owed a word changes what is judged; a stamp shows even where nothing is: in a drill."""
    place, target = Workplace(tmp_path / "site", templates=templates), Target()
    place.settings = {**place.settings, "DRILLS": True}
    target.began, place.memory = True, target.memory
    text = _owed(1).replace("title: T", "title: T\ndrill: yes") if what == "stamps" else _owed(1)
    place.write("incidents/day-1.md", text)
    place.now = datetime(2026, 11, 1, 8, 10, tzinfo=UTC)
    target.publish(place)
    before = place.warm()
    if what == "limits":
        target.limits["day-1"] = {"checkout": ("Ian Reyes", 60)}
    else:
        target.stamps["day-1"] = {"20261101T081000Z": place.now + timedelta(hours=1)}

    after = place.warm()
    assert after != before
    assert after == place.cold()


def _owed(day: int) -> str:
    return (
        f"---\ntitle: T\nimpact: minor\ncomponents: [checkout]\nstarted: 2026-11-{day:02} 09:00\n"
        f"---\n\n## 2026-11-{day:02} 09:10 | Dawn Okafor | investigating\n\nW.\n"
    )


@pytest.mark.usefixtures("_quiet")
def test_an_edit_makes_the_record_of_its_own_months_only(tmp_path: Path) -> None:
    place, target = Workplace(tmp_path / "site"), Target()
    target.began = True
    place.memory = target.memory
    for name, month in (("old", "09"), ("new", "11")):
        place.write(
            f"incidents/{name}.md",
            f"---\ntitle: T\nimpact: minor\nstarted: 2026-{month}-02 09:00\n---\n\n"
            f"## 2026-{month}-02 09:10 | Dawn Okafor | investigating\n"
            f"next: 2026-{month}-02\n\nW.\n",
        )
        place.now = datetime(2026, int(month), 2, 12, tzinfo=UTC)
        target.publish(place)
    path = place.root / "content/incidents/new.md"
    path.write_text(path.read_text() + "\n## 2026-11-02 13:05 | Ian Reyes | resolved\n\nDone.\n")
    place.now += timedelta(minutes=10)

    run = place.run("output")
    run.close()

    assert [key for key in run.made if key.startswith("record/2")] == [
        "record/2026/index.html",
        "record/2026-11/index.html",
    ]
    # The promise is settled now, so nothing is overdue when the month is over.
    place.now += timedelta(days=40)
    assert place.warm() == place.cold()


def test_words_of_promises() -> None:
    story = told(
        word("09:10", "investigating", "expected: 2026-11-21 12:00"),
        word("12:30", "update", "expected: 2026-11-21 14:00", "because: The part is late."),
        word("14:10", "resolved"),
    )
    missed, late = page(story).promises(story, Clock(LATE))

    assert (missed.because, missed.late_by) == ("The part is late.", timedelta(minutes=30))
    assert (late.because, late.late_by) == (None, timedelta(minutes=10))


def test_the_pages_link_each_thing_that_was_not_kept(templates: Path) -> None:
    from conftest import ROOT

    from firstword.render import Renderer

    story = told(word("09:10", "investigating", "next: 09:30"), word("09:50", "resolved"))
    status = page(story)
    renderer = Renderer(status, Markup(lambda _: None), ROOT / "theme", compiled=templates / "t")
    month = next(one for one in record_pages(status) if one.key == "record/2026-11/index.html")

    html = renderer.render(month, Clock(LATE)).decode()

    assert 'href="../../incidents/t/#u-20261121T081000Z"' in html
    assert '<strong class="late">late by 20 min</strong>' in html


def test_tables_are_narrow_enough_for_a_phone_in_any_language() -> None:
    # Looked at in a browser: with a fourth column German words are cut off at 320 pixels.
    context = next(iter(record_pages(many(4)))).context(Clock(LATE))

    assert {len(table.columns) for _, its in context["tables"] for table in its} <= {1, 2, 3}
