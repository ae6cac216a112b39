"""Several processes build what one builds, byte for byte, whatever happens to them."""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest
from incremental import Outcome, Workplace

from benchmarks import make_history
from firstword import build
from firstword.cache import codec
from firstword.content import SourceFile, scan
from firstword.content.judging import judge
from firstword.crew import Crew, frames, processes
from firstword.errors import SettingsError
from firstword.making import Workshop
from firstword.making.bench import Bench, Common, Order
from firstword.making.bench import Outcome as Made
from firstword.making.binding import Sheaf
from firstword.making.site import archive_listings
from firstword.manifest import Memory
from firstword.model import update_id
from firstword.settings import load_settings, read_site

NIGHT = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
#: Links to a story and to none, has another address, a translation, a drawing and a promise.
LINKED = """\
---
title: Cards were refused
impact: major
started: 2026-11-12 09:12
components: [checkout]
aliases: [cards]
---

## 2026-11-12 09:20 | Ada Holm | investigating
next: 10:00

As in [October](incident:2026-11-20-mobile-000000), and as [never](incident:nowhere).

## 2026-11-12 12:20 | Ben Castro | resolved

Cards work again. Nothing was lost.
"""
TRANSLATED = """\
---
title: Karten wurden abgelehnt
---

## 2026-11-12 09:20 | Ben Castro | investigating

Wie [im Oktober](incident:2026-11-20-mobile-000000).
"""
#: Thirty of them fill an archive and begin another, in a month that is over.
OCTOBER = """\
---
title: Search was slow
impact: minor
started: 2026-10-{day} 09:12
components: [search]
---

## 2026-10-{day} 09:20 | Ada Holm | investigating
next: 10:00

As in [November](incident:2026-11-20-mobile-000000), and as [never](incident:nowhere).

## 2026-10-{day} 12:20 | Ben Castro | resolved

Search is as fast as ever. Nothing was lost.
"""
BROKEN = "\n## 2026-11-12 13:00 | Nobody | update\n\nWho is this?\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Ninety stories: enough for archives of feeds, and for chunks of several processes."""
    root = tmp_path_factory.mktemp("crew") / "site"
    make_history.write_site(root, 1, 60)
    place = Workplace(root, now=NIGHT, settings=load_settings(root / "pelicanconf.py"))
    place.write("incidents/2026/11/2026-11-12-cards-again.md", LINKED)
    place.write("incidents/2026/11/2026-11-12-cards-again.de.md", TRANSLATED)
    for day in range(1, 31):
        text = OCTOBER.format(day=f"{day:02}")
        place.write(f"incidents/2026/10/2026-10-{day:02}-search.md", text)
    first = update_id(datetime(2026, 11, 12, 9, 20, tzinfo=UTC))
    stamps = {"2026-11-12-cards-again": {first: datetime(2026, 11, 12, 9, 40, tzinfo=UTC)}}
    place.memory = lambda now: Memory(
        now=now, stamps=stamps, records_began=True, sources={}, paths={}
    )
    return place


class Forgetful(Crew):
    """Does all by itself, and every fifth order not at all."""

    def make(
        self, common: Common, orders: Iterable[Order], meanwhile: Iterable[object] = ()
    ) -> Iterator[Made | None]:
        bench = Bench(common)
        for number, order in enumerate(orders):
            yield bench.make(order) if number % 5 else None


def built(place: Workplace, name: str, crew: Crew) -> tuple[Outcome, list[object]]:
    """Build into an empty folder; return what came of it, and what is known of who asked what."""
    run = place.new(f"output-{name}", cache=f".cache-{name}")
    run.crew = crew
    run.read()
    run.write()
    run.finish()
    outcome = place.outcome(run)
    (path,) = (place.root / f".cache-{name}").glob("*.sqlite")
    with closing(sqlite3.connect(path)) as db:
        asked = "SELECT unit, question, bound FROM need JOIN asked USING(number) ORDER BY 1, 2"
        units = "SELECT name, inputs, look, since, until FROM unit ORDER BY name"
        known = [*db.execute(asked), *db.execute(units)]
    return outcome, known


def test_two_processes_build_what_one_builds_and_know_as_much_of_it(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(build, "complain", said.append)
    bind = Workshop._bind

    def binding(self: Workshop, sheaf: Sheaf) -> None:
        bound.append(sheaf.unit.name)
        bind(self, sheaf)

    bound: list[str] = []
    monkeypatch.setattr(Workshop, "_bind", binding)

    one = built(place, "one", Crew(1, said.append, worth=10))
    assert bound == []
    two = built(place, "two", Crew(2, said.append, worth=10))

    files = {key: (one[0][0].get(key), two[0][0].get(key)) for key in one[0][0] | two[0][0]}
    assert [key for key, (a, b) in files.items() if a != b] == []
    assert one == two
    assert one[0][2] == ()
    assert "incidents/2026-11-12-cards-again/index.html" in files
    # Their entries came with the pages of their stories; the newest is still being filled.
    assert bound == [
        "archive/2026-10/feeds/archive/2026-10",
        "archive/2026-10/feeds/archive/2026-10-2",
    ]
    assert "feeds/archive/2026-11.atom" in files
    assert not any("process" in line for line in said)


def test_what_nobody_else_could_make_is_made_here(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "complain", lambda _: None)

    one = built(place, "alone", Crew(1, print))
    forgetful = built(place, "forgetful", Forgetful(2, print, worth=10))

    assert one == forgetful
    assert "feeds/archive/2026-10.atom" in one[0][0]


def test_an_archive_of_some_edited_stories_is_made_of_all_of_its_stories(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "complain", lambda _: None)
    crew = partial(Forgetful, 2, print, worth=10)
    built(place, "edited", crew())
    for day in range(3, 15):
        text = OCTOBER.format(day=f"{day:02}").replace("fast as ever", "fast as before")
        place.write(f"incidents/2026/10/2026-10-{day:02}-search.md", text)

    (edited, *_), _ = built(place, "edited", crew())
    (fresh, *_), _ = built(place, "fresh", Crew(1, print))

    assert edited == fresh
    assert b"fast as before" in fresh["feeds/archive/2026-10.atom"]


def test_a_bad_file_is_told_of_with_the_same_path_and_line(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[int, list[str]] = {1: [], 2: []}
    path = "incidents/2026/11/2026-11-12-cards-again.md"
    place.write(path, LINKED + BROKEN)
    outcomes = []
    for processes_, lines in told.items():
        monkeypatch.setattr(build, "complain", lines.append)
        run = place.new(f"bad-{processes_}", cache=f".cache-bad-{processes_}")
        run.crew = Crew(processes_, lines.append, worth=10)
        run.read()
        outcomes.append((run.found.every(), run.found.held))
        run.close()
    place.write(path, LINKED)

    assert outcomes[0] == outcomes[1]
    assert told[1] == told[2]
    here = [line for line in told[2] if line.startswith(f"content/{path}:18: ")]
    assert "'Nobody'" in here[0]


def test_what_a_process_that_dies_had_to_do_is_done_all_the_same(place: Workplace) -> None:
    said: list[str] = []
    site = read_site(place.settings)
    files, _ = scan(place.root, place.root / "content")
    crew = Crew(2, said.append, worth=1)

    def killing() -> Iterator[SourceFile]:
        for number, file in enumerate(files):
            if number == 1:
                os.kill(crew.processes()[0], signal.SIGKILL)
            yield file

    judged = list(crew.judge(site, NIGHT, killing()))
    still = crew.processes()
    crew.close()

    assert judged == [judge(file, site, NIGHT) for file in files]
    assert said == ["a process that builds ended early (status -9); the others do its part"]
    assert len(still) == 1


def test_while_others_work_this_process_does_what_only_it_can_do(place: Workplace) -> None:
    said: list[str] = []
    site = read_site(place.settings)
    crew, alone = Crew(2, said.append, worth=1), Crew(0, said.append)
    files, _ = scan(place.root, place.root / "content")
    judged = [one.incident for one in crew.judge(site, NIGHT, files)]
    common = Common(
        site=site,
        now=NIGHT,
        theme=Path(str(place.settings["THEME"])),
        overrides=(),
        compiled=None,
        logo=None,
        favicon=None,
        began=False,
        published_now=None,
        all_signed=True,
        kinds={"2026-11-20-mobile-000000": None, "nowhere": None},
        locale="C",
    )
    # Few enough for a pipe that nobody reads.
    orders = [Order(story=(codec.spell(one),), stamps={}) for one in judged if one][:24]
    others, steps = crew.processes(), []

    def wake(*_: object) -> None:
        for process in others:
            os.kill(process, signal.SIGCONT)

    def meanwhile() -> Iterator[None]:
        for step in ("home", "history", "record"):
            steps.append(step)
            if step == "record":
                wake()
            yield

    # They answer once the last step is taken; and some time later, were none taken.
    late = threading.Timer(30, wake)
    late.start()
    for process in others:
        os.kill(process, signal.SIGSTOP)
    made = list(crew.make(common, orders, meanwhile()))
    late.cancel()
    crew.close()

    assert steps == ["home", "history", "record"]
    assert made == list(alone.make(common, orders))
    assert sum(one is not None for one in made) > 20
    assert said == []


#: Another process whose one task leaves so many objects in circles, and counts those that live.
CIRCLES = """
import msgspec
from firstword.crew import worker
from firstword.crew.jobs import Job

class Circle:
    living = 0

    def __init__(self):
        self.itself = self
        Circle.living += 1

    def __del__(self):
        Circle.living -= 1

def make(many):
    for _ in range(many):
        Circle()
    return Circle.living

numbers = msgspec.msgpack.Decoder(list[int])
job = Job(begin=lambda common: make, tasks=numbers, results=numbers, chunk=1)
worker.job = lambda name: job
worker.main()
"""


def test_what_a_process_leaves_behind_does_not_pile_up() -> None:
    asked = BytesIO()
    frames.write(asked, frames.BEGIN, pickle.dumps(("circles", None)))
    for _ in range(100):
        frames.write(asked, frames.DO, msgspec.msgpack.encode([1_000]))

    ended = subprocess.run(
        [sys.executable, "-c", CIRCLES], input=asked.getvalue(), capture_output=True, check=True
    )
    answers = BytesIO(ended.stdout)
    living = [frames.read(answers) for _ in range(100)]

    counts = [msgspec.msgpack.decode(data)[0] for kind, data in filter(None, living)]
    assert len(counts) == 100
    assert max(counts) <= 20_000


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pipes are as wide as they are")
def test_an_answer_fits_into_the_pipe_and_nobody_waits_to_be_asked(place: Workplace) -> None:
    crew = Crew(2, print, worth=1)
    files, _ = scan(place.root, place.root / "content")
    judging = crew.judge(read_site(place.settings), NIGHT, files)
    next(judging)

    widths = []
    for process in crew.processes():
        for end, how in ((0, os.O_WRONLY), (1, os.O_RDONLY)):
            pipe = os.open(f"/proc/{process}/fd/{end}", how | os.O_NONBLOCK)
            widths.append(fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ))
            os.close(pipe)
    assert len(list(judging)) == len(files) - 1
    crew.close()

    most = int(Path("/proc/sys/fs/pipe-max-size").read_text())
    assert widths == [min(most, 1_048_576)] * 4


def test_what_pages_have_in_common_is_told_once_before_the_archives_are_listed(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    write, listings = frames.write, archive_listings

    def tell(to: BinaryIO, kind: bytes, data: bytes = b"") -> None:
        told.append({frames.BEGIN: "begin", frames.DO: "do"}[kind])
        write(to, kind, data)

    def listed(*given: Any) -> Iterator[Any]:
        told.append("list")
        return listings(*given)

    monkeypatch.setattr(build, "complain", lambda _: None)
    monkeypatch.setattr(frames, "write", tell)
    monkeypatch.setattr("firstword.making.workshop.archive_listings", listed)

    built(place, "told-once", Crew(2, lambda _: None, worth=10))

    making = told[told.index("list") - 2 :]
    assert told[:2] == ["begin", "begin"]
    assert making[:3] == ["begin", "begin", "list"]
    assert told.count("begin") == 4


def test_nobody_is_started_where_there_is_little_to_do_or_one_process_is_wanted() -> None:
    assert Crew(1, print).worth > 1_000_000_000
    assert Crew(2, print).processes() == []
    assert processes({"BUILD_PROCESSES": 3}) == 3
    assert processes({}) >= 1
    with pytest.raises(SettingsError, match="BUILD_PROCESSES: how many processes may build"):
        processes({"BUILD_PROCESSES": 0})
