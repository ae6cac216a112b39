"""The scripted life, walked from the first word to the last follow-up, in one test.

Every instant at which anything can change is a stop: each publish, and each instant that a page,
the record, an API document or a list of what is due has asked its clock about. Each of them says
until when it holds, and until then it must be the same, byte for byte: at each later stop, and in
the last minute before the next stop wherever nothing happens for an hour. So what holds at the
stops holds at every minute of three and a half months. At each stop all of them must agree with
each other, and with the promises themselves.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import life
from conftest import ROOT
from life import SITE, instant

from firstword import urls
from firstword.api import documents
from firstword.clock import Clock
from firstword.feeds import build_feeds
from firstword.markup import Markup
from firstword.model import Incident
from firstword.page import Measure, Outcome, Promise, Records, StatusPage, Verdict, record
from firstword.page.due import owed
from firstword.render import Renderer, pages, record_pages, story_pages

#: After the last follow-up of the life was due.
END = instant("2027-02-01 12:00")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOTHING = timedelta()
#: What one build says that the clock can change, and some of what it cannot.
DOCUMENTS = (
    *("summary.json", "incidents/unresolved.json", "incidents.json", "record.json"),
    "scheduled-maintenances.json",
)
MEASURES = {"next": Measure.NEXT, "expected": Measure.EXPECTED, "follow_up": Measure.FOLLOW_UP}


@dataclass(frozen=True)
class Shown:
    """Everything that one build shows at an instant."""

    files: dict[str, bytes]
    #: Until when each of them says that it holds.
    holds: dict[str, datetime]
    #: Who owes what that has lapsed: story, what, by when.
    due: Counter[tuple[str, str, datetime]]
    valid_until: datetime


@dataclass(frozen=True)
class World:
    """What was published last, as it can be built again at any instant until the next publish."""

    page: StatusPage
    renderer: Renderer
    feeds: dict[str, bytes]

    @classmethod
    def of(cls, published: StatusPage, compiled: Path) -> World:
        """Take what was published: from then on its stamps are known."""
        told = published.incidents
        stamps = {i.id: {u.id: published.records.stamp(i, u) for u in i.updates} for i in told}
        records = Records(stamps, began=True, now=published.records.now)
        page, markup = StatusPage.of(SITE, told, records), Markup(lambda _: None)
        renderer = Renderer(page, markup, ROOT / "theme", compiled=compiled)
        return cls(page, renderer, dict(build_feeds(page, markup)))

    @property
    def stories(self) -> list[Incident]:
        """Those that anybody waits for something of."""
        any_time = Clock(END + timedelta(days=9999))
        return [
            one
            for one in self.page.incidents
            if one.is_open
            or any(p.outcome is Outcome.OVERDUE for p in self.page.promises(one, any_time))
        ]

    def promises(self, now: datetime) -> list[Promise]:
        """Return every promise as it is at an instant."""
        told = (one for one in self.page.incidents if not one.drill)
        return [p for one in told for p in self.page.promises(one, Clock(now))]

    def shown(self, now: datetime) -> Shown:
        """Build what the clock can change."""
        clocks: dict[str, Clock] = {}
        home = next(pages(self.page))
        stories = [next(story_pages(self.page, one)) for one in self.stories]
        files: dict[str, bytes] = {}
        for one in (home, *stories, *record_pages(self.page)):
            clocks[one.key] = Clock(now)
            files[one.key] = self.renderer.render(one, clocks[one.key])
        for document in documents(self.page, self.renderer.markup):
            if document.key.removeprefix(urls.API) in DOCUMENTS:
                clocks[document.key] = Clock(now)
                files[document.key] = document.make(clocks[document.key])
        stamps = self.page.records.stamps
        lapsed = owed(self.page.incidents, SITE, now, NOTHING, stamps)
        later = owed(self.page.incidents, SITE, now, timedelta(days=999), stamps)
        holds = {key: one.valid_until or END for key, one in clocks.items()}
        until = [*holds.values(), *(one.due.at for one in later if not one.lapsed)]
        due = Counter((o.incident.id, str(o.measure), o.due.at) for o in lapsed)
        return Shown(files, holds, due, min(until))


def test_everything_agrees_at_every_minute(tmp_path: Path) -> None:
    steps = life.published()
    stops = minutes = 0
    for one, after in pairwise([*steps, None]):
        assert one is not None
        world = World.of(one.page, tmp_path / "templates")
        now, end = one.step.at, after.step.at if after else END
        known: dict[str, tuple[bytes, datetime]] = {}
        while now < end:
            shown = world.shown(now)
            for key, (data, holds) in known.items():
                assert now >= holds or shown.files[key] == data, (now, key)
            known = {key: (data, shown.holds[key]) for key, data in shown.files.items()}
            agree(world, shown, now)
            stops += 1
            following = min(end, shown.valid_until)
            assert following > now
            for minute in between(now, following):
                same = world.shown(minute)
                assert (same.files, same.due) == (shown.files, shown.due), (now, minute)
                minutes += 1
            now = following

    # All of it was walked.
    assert stops > 150
    assert minutes > 100


def between(now: datetime, following: datetime) -> Iterator[datetime]:
    """Yield the last minute before the next stop, where nothing happens for an hour."""
    if following - now > HOUR:
        yield following - MINUTE


def agree(world: World, shown: Shown, now: datetime) -> None:
    """Hold what readers, programs and the people of the shop are told against the promises."""
    made = world.promises(now)
    overdue = [p for p in made if p.outcome is Outcome.OVERDUE]
    _due_lists_what_is_overdue(shown, overdue)
    _pages_say_what_is_overdue(world, shown, overdue)
    _the_record_counts_every_promise(world, shown, made, now)
    _the_api_names_what_is_owed_next(world, shown, made)
    _feeds_have_every_word(world)


def _due_lists_what_is_overdue(shown: Shown, overdue: list[Promise]) -> None:
    assert shown.due == Counter((p.incident.id, str(p.kind), p.due.at) for p in overdue)


def _pages_say_what_is_overdue(world: World, shown: Shown, overdue: list[Promise]) -> None:
    late = {p.incident.id for p in overdue}
    for one in world.stories:
        html = shown.files[f"{urls.incident_path(one)}index.html"].decode()
        if not one.drill:
            assert ("when this page was made" in html) == (one.id in late), one.id


def _the_record_counts_every_promise(
    world: World, shown: Shown, made: list[Promise], now: datetime
) -> None:
    judged = [p for p in made if p.judged or (p.ticked and _stamped(world, p))]
    wanted = Counter(
        (_month(p), MEASURES[p.kind], "ticked" if p.ticked else str(p.outcome)) for p in judged
    )
    counted = Counter(
        {
            (f"{month:%Y-%m}", one.measure, str(one.verdict)): one.many
            for month, figures in record.months(world.page, Clock(now)).items()
            for one in figures
            if one.measure in record.PROMISES
        }
    )
    assert counted == wanted

    lapsed = [p for p in judged if p.outcome is Outcome.OVERDUE]
    index = shown.files["record/index.html"].decode()
    assert index.count(': <strong class="late">overdue</strong>') == len(lapsed)
    document = json.loads(shown.files["api/v2/record.json"])
    assert document["overdue_count"] == len(document["overdue"]) == len(lapsed)
    years = Counter(
        {
            (measure, str(verdict)): year[measure][verdict]
            for year in document["years"]
            for measure in map(str, MEASURES.values())
            for verdict in map(str, record.verdicts(Measure(measure)))
            if year["period"] == "2026"
        }
    )
    assert +years == Counter(
        {
            (str(measure), verdict): sum(
                n for (m, *what), n in wanted.items() if what == [measure, verdict] and m < "2027"
            )
            for _, measure, verdict in wanted
            if any(m < "2027" and w == [measure, verdict] for m, *w in wanted)
        }
    )


def _stamped(world: World, promise: Promise) -> bool:
    return world.page.records.stamp(promise.incident, promise.update) is not None


def _month(promise: Promise) -> str:
    at = promise.due.at - (timedelta(seconds=1) if promise.due.whole_day else NOTHING)
    return f"{at.astimezone(SITE.timezone):%Y-%m}"


def _the_api_names_what_is_owed_next(world: World, shown: Shown, made: list[Promise]) -> None:
    told = {
        row["shortlink"]: row["next_update_at"]
        for name in ("incidents.json", "scheduled-maintenances.json")
        for row in json.loads(shown.files[urls.API + name]).get(
            "incidents" if name == "incidents.json" else "scheduled_maintenances"
        )
    }
    for one in world.page.incidents:
        address = urls.absolute(SITE, urls.incident_path(one))
        if address not in told:
            continue
        waiting = [
            p
            for p in made
            if p.incident.id == one.id
            and str(p.kind) == "next"
            and p.outcome in (Outcome.PENDING, Outcome.OVERDUE)
        ]
        wanted = f"{waiting[-1].due.at:%Y-%m-%dT%H:%M:%S.000Z}" if waiting and one.is_open else None
        assert told[address] == wanted, one.id


def _feeds_have_every_word(world: World) -> None:
    atom = world.feeds[urls.UPDATES_ATOM].decode()
    entries = re.findall(r"<entry>.*?<id>([^<]*)</id>", atom, re.DOTALL)
    every = [urls.entry_id(SITE, i, u) for i, u in world.page.updates]
    assert set(entries) == set(every[: len(entries)])
    assert len(entries) == min(50, len(every))


def test_the_walk_meets_every_verdict() -> None:
    page = life.published()[-1].page
    months = record.months(page, Clock(END))
    met = {one.verdict for figures in months.values() for one in figures}

    assert met >= {
        *(Verdict.KEPT, Verdict.LATE, Verdict.OVERDUE, Verdict.REPLACED, Verdict.MISSED),
        *(Verdict.RELEASED, Verdict.TICKED, Verdict.TOOK),
    }
