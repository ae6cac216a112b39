"""A person at a terminal, from a fresh shell to a published first word; every key is counted."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pytest
from sites import CARDS, CARDS_FILE, HALF_PAST_TEN, SLOW, SLOW_FILE, SmallSite

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")

ENTER = "\r"
CTRL_C = "\x03"
TAB = "\t"
READY = "READY "
CURSOR = "\x1b[?25h"
NEW_FILE = "content/incidents/2026/2026-11-21-card-payments-fail-in-the-eu.md"
#: What a person may be asked to type besides their own words.
MOST_KEYS_BESIDES_WORDS = 66


@dataclass
class Terminal:
    """A shell in a site, and the keys that were pressed in it."""

    shell: pexpect.spawn[str]
    keys: str = ""
    screen: list[str] = field(default_factory=list)

    def see(self, text: str) -> str:
        """Wait until a text is on the screen; return what came before it."""
        self.shell.expect_exact(text)
        self.screen.append(self.shell.before or "")
        return self.screen[-1]

    def type(self, keys: str) -> None:
        """Press keys."""
        self.keys += keys
        self.shell.send(keys)

    def answer(self, question: str, keys: str) -> None:
        """Wait for a question, then answer it."""
        self.wait_for(question)
        self.type(keys + ENTER)

    def wait_for(self, question: str) -> None:
        """Wait until a question can be answered: then the cursor is shown."""
        self.see(question)
        self.see(CURSOR)

    def ended(self) -> int:
        """Return the exit code of the command before."""
        self.see(READY)
        self.shell.send("echo code=$?.\r")
        self.see("code=")  # as it was typed
        self.see("code=")
        code = self.see(".")
        self.see(READY)
        return int(code)


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site", {SLOW_FILE: SLOW})
    site.commit()
    site.git("config", "user.email", "dawn@acme.example")
    site.git("config", "user.name", "Dawn")
    return site


@pytest.fixture
def terminal(site: SmallSite, tmp_path: Path) -> Iterator[Terminal]:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python").symlink_to(sys.executable)
    command = bin_folder / "firstword"
    command.write_text(
        f"#!{sys.executable}\nfrom firstword.cli import main\nraise SystemExit(main())\n"
    )
    command.chmod(0o755)
    clean = {
        "PATH": f"{Path(sys.executable).parent}:{bin_folder}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "SOURCE_DATE_EPOCH": HALF_PAST_TEN,
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "EDITOR": "sed -i 's/^affected:.*/affected: All of you./'",
    }
    shell = pexpect.spawn(
        "/bin/sh",
        cwd=str(site.root),
        env=clean,
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 120),
    )
    found = Terminal(shell)
    found.shell.delaybeforesend = None
    shell.send("PS1='REA''DY '\r")
    found.see(READY)
    yield found
    shell.close(force=True)


def test_from_a_fresh_shell_to_a_published_first_word(
    site: SmallSite, terminal: Terminal, record_property: Callable[[str, object], None]
) -> None:
    """Measure it, too: `pytest -rP` shows keys and seconds, `--junitxml` keeps them."""
    words = (
        "Card payments fail in the EU",
        "About one in five, anywhere in the EU",
        "Pay with PayPal",
        "One card payment in five is refused. We are on the phone with the bank.",
    )

    began = time.monotonic()
    terminal.type("firstword new" + ENTER)
    terminal.answer("What can people not do right now?", words[0])
    terminal.answer("How bad is it for them?", "maj")
    terminal.answer("Since when?", "20m")
    terminal.answer("Which parts?", "checkout partial")
    terminal.answer("Who exactly?", words[1])
    terminal.answer("What can they do in the meantime?", words[2])
    terminal.answer("What do you know, and what are you doing about it?", words[3])
    terminal.answer("When will you speak next?", "30m")
    terminal.answer("Enter: write and commit", "")
    assert terminal.ended() == 0
    written = time.monotonic()
    terminal.type("python publish.py" + ENTER)
    assert terminal.ended() == 0
    published = time.monotonic()

    own = len("".join(words))
    measured = {
        "keys": len(terminal.keys),
        "keys of own words": own,
        "keys besides": len(terminal.keys) - own,
        "seconds to the commit": round(written - began, 1),
        "seconds to the published page": round(published - began, 1),
    }
    for name, figure in measured.items():
        record_property(name, figure)
        sys.stdout.write(f"{name}: {figure}\n")
    assert (
        (site.root / NEW_FILE).read_text()
        == """\
---
title: Card payments fail in the EU
impact: major
started: 2026-11-21 10:10
components: [checkout]
affected: About one in five, anywhere in the EU
workaround: Pay with PayPal
---

## 2026-11-21 10:30 | Dawn Okafor | investigating
components: checkout partial_outage
next: 2026-11-21 11:00

One card payment in five is refused. We are on the phone with the bank.
"""
    )
    assert words[3] in site.page("index.html")
    assert site.git("status", "--porcelain").out == ""
    assert site.git("log", "-1", "--format=%s").out.strip() == (
        "2026-11-21-card-payments-fail-in-the-eu: investigating 20261121T093000Z (Dawn Okafor)"
    )
    assert not list((site.root / ".cache/drafts").glob("*"))
    assert measured["keys besides"] <= MOST_KEYS_BESIDES_WORDS


def test_what_was_typed_survives_ctrl_c(site: SmallSite, terminal: Terminal) -> None:
    terminal.type("firstword new" + ENTER)
    terminal.answer("What can people not do right now?", "Card payments fail in the EU")
    terminal.answer("How bad is it for them?", "major")
    terminal.answer("Since when?", "now")
    terminal.answer("Which parts?", "")
    terminal.wait_for("Who exactly?")
    terminal.type("Half a sentence" + CTRL_C)
    assert terminal.ended() == 130
    assert not (site.root / NEW_FILE).exists()
    (draft,) = (site.root / ".cache/drafts").glob("*")
    assert f"--from .cache/drafts/{draft.name}" in "".join(terminal.screen)

    terminal.type(f"firstword new --from .cache/drafts/{draft.name}" + ENTER)
    terminal.answer("Which parts?", "")
    terminal.answer("What can they do in the meantime?", "")
    terminal.answer("What do you know", "We do not know yet why.")
    terminal.answer("When will you speak next?", "11:15")
    terminal.answer("Enter: write and commit", "w")

    assert terminal.ended() == 0
    text = (site.root / NEW_FILE).read_text()
    assert "affected: Half a sentence\n" in text
    assert "next: 2026-11-21 11:15\n" in text
    assert not draft.exists()
    assert site.git("status", "--porcelain").out.strip() == f"?? {NEW_FILE}"


def test_a_draft_is_there_before_anything_else_can_happen(
    site: SmallSite, terminal: Terminal
) -> None:
    terminal.type("firstword new" + ENTER)
    terminal.answer("What can people not do right now?", "Card payments fail in the EU")
    terminal.wait_for("How bad is it for them?")

    terminal.shell.kill(9)

    (draft,) = (site.root / ".cache/drafts").glob("*")
    assert "title: Card payments fail in the EU\n" in draft.read_text()


def test_a_wrong_answer_is_told_before_the_next_question(
    site: SmallSite, terminal: Terminal
) -> None:
    terminal.type("firstword new" + ENTER)
    terminal.wait_for("What can people not do right now?")
    terminal.type(ENTER)
    terminal.see("this one needs an answer")
    terminal.type("Card payments fail" + ENTER)
    terminal.wait_for("How bad is it for them?")
    terminal.type("huge" + ENTER)
    terminal.see("unknown impact: 'huge'")
    terminal.type(CTRL_C)

    assert terminal.ended() == 130


def test_the_one_open_incident_is_found_and_closed(site: SmallSite, terminal: Terminal) -> None:
    site.write(CARDS_FILE, CARDS)
    site.commit()

    terminal.type("firstword update" + ENTER)
    terminal.answer("Until now: investigating", "resolved")
    terminal.answer("What works, since when, what was lost", "All cards work since 10:15.")
    terminal.answer("When did it really end?", "10:15")
    terminal.answer("Enter: write and commit", "e")
    terminal.answer("Enter: write and commit", "")

    assert terminal.ended() == 0
    assert (
        (site.root / CARDS_FILE).read_text()
        == CARDS
        + """
## 2026-11-21 10:30 | Dawn Okafor | resolved
affected: All of you.
ended: 2026-11-21 10:15

All cards work since 10:15.
"""
    )
    assert site.git("show", "--format=", "--name-only").out.strip() == CARDS_FILE


def test_parts_and_states_are_completed_by_name(site: SmallSite, terminal: Terminal) -> None:
    terminal.type("firstword new" + ENTER)
    terminal.answer("What can people not do right now?", "Card payments fail in the EU")
    terminal.answer("How bad is it for them?", "major")
    terminal.answer("Since when?", "now")
    terminal.wait_for("Which parts?")
    terminal.type("che")
    terminal.see("checkout")
    terminal.type(TAB + " par")
    terminal.see("ial_outage")  # only what changed on the screen is drawn
    terminal.type(TAB + ENTER)
    terminal.wait_for("Who exactly?")
    terminal.type(CTRL_C)
    assert terminal.ended() == 130

    (draft,) = (site.root / ".cache/drafts").glob("*")
    assert "components: checkout partial_outage\n" in draft.read_text()


def test_a_story_and_a_signer_are_chosen_where_git_says_neither(
    site: SmallSite, terminal: Terminal
) -> None:
    site.write(CARDS_FILE, CARDS)
    site.write("content/incidents/2026/2026-11-21-mail.md", CARDS.replace("Card payments", "Mail"))
    site.commit()
    site.git("config", "user.email", "night-shift@acme.example")

    terminal.type("firstword update" + ENTER)
    terminal.answer("In which story?", "mail")
    terminal.answer("Who signs this?", "2")
    terminal.answer("Until now: investigating", "")
    terminal.answer("What is new?", "The queue is empty.")
    terminal.answer("Which parts changed?", "")
    terminal.answer("When will you speak next?", "")
    terminal.answer("Enter: write and commit", "")

    assert terminal.ended() == 0
    assert (site.root / CARDS_FILE).read_text() == CARDS
    assert (
        (site.root / "content/incidents/2026/2026-11-21-mail.md")
        .read_text()
        .endswith("\n\n## 2026-11-21 10:30 | Ian Reyes | update\n\nThe queue is empty.\n")
    )
