"""Real feed readers poll a real site over HTTP while it grows: every update once, none twice."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from feedstories import SITE
from readers import READERS, Reader, Room, Served, Sink
from readers.programs import Rss2Email, Sfeed, SfeedAsItComes, need
from sites import CONF, SLOW, SLOW_FILE, SmallSite

from firstword.model import LIFECYCLE, Kind, Status
from firstword.values import replace
from firstword.words import speak

ROOT = Path(__file__).resolve().parent.parent
CONNECT = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
FILE = "content/incidents/2026/2026-11-19-parcels.md"
FRONT = """\
---
title: Parcels wait in Odense
impact: minor
started: 2026-11-19 07:50
components: [api]
affected: Everyone whose parcel was to leave on Thursday.
---
"""
UPDATES = (
    """
## 2026-11-19 08:05 | Ian Reyes | investigating
next: 09:00

A belt has stopped & 400 parcels wait. I am on my way there.
""",
    """
## 2026-11-19 08:55 | Ian Reyes | identified
title: 640 parcels wait in Odense
next: 12:00

The motor of the belt is gone; <em>another one</em> comes from Vejle.
""",
    """
## 2026-11-19 09:10 | Dawn Okafor | correction
corrects: 2026-11-19 08:05
affected: Everyone whose parcel was to leave on Wednesday night or on Thursday.

I must correct Ian's first word: parcels of Wednesday night wait as well.
""",
    """
## 2026-11-19 11:40 | Dawn Okafor | answer

> Will mine come on Friday?

If it is for Funen, yes.
""",
    """
## 2026-11-19 15:30 | Ian Reyes | resolved

The belt runs, and the last parcel left at 15:20.
""",
    """
## 2026-11-20 10:00 | Ian Reyes | postmortem

The motor was eleven years old. From now on a spare one stands beside the belt.

- [x] A spare motor beside the belt (Ian Reyes, 2026-11-20)
""",
)
OLD = "[Investigating] Parcels wait in Odense"
NEW = "640 parcels wait in Odense"


@dataclass(frozen=True)
class Stage:
    """The site as it was built at one point, and what a reader has not seen before."""

    what: str
    news: list[str]
    folder: Path


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> list[Stage]:
    """A site that grows from one update to six, then changes in ways that are no news."""
    root = tmp_path_factory.mktemp("growing")
    http = CONF.replace("https://status", "http://status")
    assert http != CONF
    site = SmallSite.make(root / "site", {FILE: FRONT + UPDATES[0]})
    site.write("pelicanconf.py", http)
    made: list[Stage] = []

    def build(what: str, *news: str) -> None:
        ran = site.pelican()
        assert ran.code == 0, ran.err
        folder = root / f"{len(made)}"
        shutil.copytree(site.root / "output", folder)
        made.append(Stage(what, list(news), folder))

    build("the first update", OLD)
    told = (
        f"[Cause found] {NEW}",
        f"[Correction] {NEW}",
        f"[Answer] {NEW}",
        f"[Resolved] {NEW}",
        f"[Explained] {NEW}",
    )
    for count, title in enumerate(told, 2):
        site.write(FILE, FRONT + "".join(UPDATES[:count]))
        build(f"update {count}", title)
    build("nothing changed")
    text = FRONT + "".join(UPDATES)
    retitled = text.replace("title: Parcels wait", "title: Too many parcels wait")
    site.write(FILE, retitled)
    build("retitled in the front matter")
    site.write("pelicanconf.py", CONF)
    build("moved from http to https")
    # An older story turns up late: the reader has not seen it.
    site.write(SLOW_FILE, SLOW)
    build(
        "an older story",
        "[Resolved] Pages load slowly in Denmark",
        "[Cause found] Pages load slowly in Denmark",
    )
    return made


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.close()


@pytest.fixture
def room(served: Served, sink: Sink, tmp_path: Path) -> Room:
    return Room(folder=tmp_path, url=served.url("feeds/updates.atom"), sink=sink)


@pytest.mark.parametrize(
    ("program", "form"),
    [(program, form) for program in READERS for form in program.forms],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_reader_sees_every_update_once(
    program: type[Reader], form: str, stages: list[Stage], served: Served, room: Room
) -> None:
    need(program)
    reader = program(replace(room, url=served.url(f"feeds/updates.{form}")))

    for stage in stages:
        served.folder = stage.folder
        assert sorted(reader.poll()) == sorted(stage.news), stage.what
        assert reader.poll() == [], f"{stage.what}, polled again"
    assert {status for _, status in served.answers} <= {200, 304}


def test_the_mail_of_a_reader_names_who_signed(
    stages: list[Stage], served: Served, room: Room
) -> None:
    served.folder = stages[5].folder

    Rss2Email(room).poll()

    found = {str(mail["Subject"]): mail for mail in room.sink.mails}
    assert len(found) == len(room.sink.mails) == 6
    mail = found[f"[Correction] {NEW}"]
    assert "Dawn Okafor" in str(mail["From"])
    body = mail.get_content()
    assert "parcels of Wednesday night wait as well." in body
    assert "Corrects the word of: 19 November 2026, 08:05 CET (07:05 UTC)" in body


def test_pagerduty_s_rules_take_the_mails_apart(
    stages: list[Stage], served: Served, room: Room
) -> None:
    served.folder = stages[-1].folder
    rules = re.findall(r"^  - ([a-z ]+): subject `(.+)`, key `(.+)`$", CONNECT, re.MULTILINE)
    assert [what for what, _, _ in rules] == ["open or add", "resolve"]

    Rss2Email(room).poll()

    done: dict[str, list[str]] = {}
    for mail in room.sink.mails:
        for what, subject, key in rules:
            if re.search(subject, str(mail["Subject"])):
                found = re.search(key, mail.get_content())
                assert found
                done.setdefault(found[1], []).append(what.split()[0])
    slow = Path(SLOW_FILE).stem
    assert {key: sorted(whats) for key, whats in done.items()} == {
        Path(FILE).stem: ["open", "open", "resolve"],
        slow: ["open", "resolve"],
    }
    word = speak(SITE).word
    # Every word that says an incident goes on, or that it is over, is one of the two.
    for status in (*LIFECYCLE[Kind.INCIDENT], Status.WITHDRAWN):
        fits = [what for what, subject, _ in rules if re.search(subject, f"[{word(status)}] T")]
        assert len(fits) == (status is not Status.POSTMORTEM), status


def test_sfeed_as_it_comes_takes_a_new_title_or_address_for_news(
    stages: list[Stage], served: Served, room: Room
) -> None:
    """Hold what docs/connect.md says of sfeed, so that the line it recommends is needed."""
    need(Sfeed)
    reader = SfeedAsItComes(room)
    again = {"retitled in the front matter": 1, "moved from http to https": 6}

    for stage in stages:
        served.folder = stage.folder
        assert len(reader.poll()) == len(stage.news) + again.get(stage.what, 0), stage.what


def test_an_unchanged_feed_is_not_sent_again(stages: list[Stage], served: Served) -> None:
    """The bytes of a rebuild are the same, so that readers who ask politely are told so."""
    before, after = stages[5], stages[6]
    assert after.what == "nothing changed"

    feeds = sorted(
        path.relative_to(after.folder).as_posix()
        for form in ("atom", "rss", "json")
        for path in after.folder.rglob(f"*.{form}")
        if not path.name.startswith(".")
    )

    assert "feeds/updates.json" in feeds
    assert [
        key
        for key in feeds
        if (before.folder / key).read_bytes() != (after.folder / key).read_bytes()
    ] == []
