"""How far a publish is: a bar for people at a terminal, plain lines for everything else."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakestore import NOON, U1, Clock, FakeStore, Site, straight
from sites import CARDS, CARDS_FILE, HALF_PAST_TEN, RESOLVED, SmallSite

from firstword.cli.progress import Bar, Lines, showing
from firstword.cli.publishing import Ended, Word
from firstword.cli.report import summary
from firstword.gitlog import Source
from firstword.model import Site as SiteSettings
from firstword.publisher import Report, publish

ESCAPE = "\x1b["
COLOUR = re.compile(r"\x1b\[[0-9;]*[0-9]m")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


# ── what the publisher tells ─────────────────────────────────────────────────────────────────────


def test_the_publisher_tells_each_file_it_sent(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    clock = Clock()

    publish(
        [FakeStore("one"), FakeStore("two")],
        source=Source(commit="a", committed_at=NOON),
        build=Site(tmp_path, {"card": {U1: "x"}}).build,
        clock=clock,
        sleep=clock.sleep,
        owner="us",
        relation=straight("a"),
        say=lambda _line: None,
        progress=lambda *args: told.append(args),
        workers=4,
    )

    assert sorted(told) == [(name, sent, 4) for name in ("one", "two") for sent in (1, 2, 3, 4)]


# ── lines and bars ───────────────────────────────────────────────────────────────────────────────


def test_lines_go_up_whichever_thread_tells_first() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    for _ in range(2):
        for done in (10, 1, 30, 20, 31, 100, 99):
            lines.sent("s3://status", done, 100)
        lines.sent("s3://status", 1, 100)

    told = [f"s3://status: {done} of 100 sent" for done in (10, 30, 100)]
    assert stream.getvalue().splitlines() == told * 2


def test_plain_lines_tell_every_tenth() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    lines.say("s3://x: 200 to put")
    for sent in range(1, 201):
        lines.sent("s3://x", sent, 200)
    for sent in range(1, 10):
        lines.sent("small", sent, 9)

    assert stream.getvalue().splitlines() == [
        "s3://x: 200 to put",
        *(f"s3://x: {sent} of 200 sent" for sent in range(20, 201, 20)),
    ]


def test_several_targets_are_counted_apart() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    for sent in range(1, 101):
        lines.sent("one", sent, 100)
        lines.sent("two", sent, 100)

    assert len(stream.getvalue().splitlines()) == 20


@pytest.mark.parametrize("term", ["dumb", "unknown", "", None])
def test_a_terminal_that_cannot_draw_gets_lines(term: str | None) -> None:
    with showing(Terminal(), {} if term is None else {"TERM": term}) as show:
        assert isinstance(show, Lines)


def test_what_is_no_terminal_gets_lines() -> None:
    with showing(io.StringIO(), {"TERM": "xterm-256color"}) as show:
        assert isinstance(show, Lines)


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    stream = Terminal()
    with showing(stream, {"TERM": "xterm-256color", "COLUMNS": "80"}) as show:
        assert isinstance(show, Bar)
        show.say("[not] markup")
        for sent in (1, 2, 3):
            show.sent("s3://x/[site]", sent, 3)
    drawn = stream.getvalue()

    assert "[not] markup\n" in drawn
    assert "━" in drawn
    assert "s3://x/[site]" in drawn
    assert "3/3" in drawn
    assert COLOUR.search(drawn)
    assert drawn.endswith(f"{ESCAPE}2K")  # the line of the bar is wiped


def test_no_color_is_obeyed() -> None:
    stream = Terminal()
    environ = {"TERM": "xterm-256color", "COLUMNS": "80", "NO_COLOR": "1"}
    with showing(stream, environ) as show:
        show.sent("s3://x", 1, 2)
    drawn = stream.getvalue()

    assert "━" in drawn
    assert not re.search(r"\x1b\[[0-9;]*(3|4|9)[0-9]m|\x1b\[[0-9;]*38;", drawn)


# ── as people see it ─────────────────────────────────────────────────────────────────────────────


def on_a_terminal(site: SmallSite, **env: str) -> tuple[str, str]:
    """Publish with stderr on a terminal; return what stdout and the terminal got."""
    ours, theirs = pty.openpty()
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(site.root),
        "SOURCE_DATE_EPOCH": HALF_PAST_TEN,
        "COLUMNS": "100",
        **env,
    }
    running = subprocess.Popen(
        [sys.executable, "publish.py"],
        cwd=site.root,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass  # Linux's way to say that the other end is closed
    out, _ = running.communicate(timeout=60)
    os.close(ours)
    assert running.returncode == 0, seen
    return out, seen.decode()


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site")


def test_a_bar_on_a_real_terminal_and_none_in_stdout(site: SmallSite) -> None:
    out, seen = on_a_terminal(site, TERM="xterm-256color")

    assert "━" in seen
    assert ESCAPE not in out
    assert out.splitlines()[-1].startswith("live: ")


def test_a_dumb_terminal_sees_no_escape(site: SmallSite) -> None:
    _, seen = on_a_terminal(site, TERM="dumb")

    assert ESCAPE not in seen
    assert "to put (" in seen


def test_a_pipe_sees_no_escape(site: SmallSite) -> None:
    ran = site.publish(TERM="xterm-256color")

    assert ESCAPE not in ran.out + ran.err


# ── the closing summary ──────────────────────────────────────────────────────────────────────────


def test_the_summary_in_numbers_and_the_newest_word() -> None:
    sent = Report(
        target="s3://x", outcome="published", lines=(), puts=7, deletes=1, bytes=41230,
        seconds=1.0, error=None,
    )  # fmt: skip
    idle = Report(
        target="public", outcome="unchanged", lines=(), puts=0, deletes=0, bytes=0,
        seconds=1.0, error=None,
    )  # fmt: skip
    word = Word(at=datetime(2026, 11, 21, 8, 50, tzinfo=UTC), author="Ian Reyes", title="Slow")
    settings = SiteSettings(
        name="x", url="https://x.example", timezone=ZoneInfo("Europe/Copenhagen"), tag_authority="x"
    )

    ended = Ended(reports=[sent, idle], held=False, newest=word)

    assert list(summary(ended, settings, 1.23)) == [
        "sent: 7 files, 41,230 bytes; deleted: 1; took 1.2 s - s3://x",
        "newest word: Ian Reyes, 2026-11-21 09:50 CET - Slow",
    ]


def test_the_end_of_a_publish(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, CARDS + RESOLVED)

    ran = site.publish()
    sent, word, closing = ran.out.splitlines()[-3:]

    public = site.root / "public"
    assert re.fullmatch(
        rf"sent: \d+ files, [\d,]+ bytes; deleted: 0; took \d+\.\d s - {public}", sent
    )
    assert word == "newest word: Ian Reyes, 2026-11-21 09:50 CET - Card payments fail in the EU"
    assert re.fullmatch(
        rf"live: \d+ files sent, 0 deleted - {public}/index.html - \d+\.\d s", closing
    )
