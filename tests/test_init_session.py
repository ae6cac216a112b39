"""A person at a terminal begins a site: what is asked, what is refused, what Ctrl-C leaves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from test_session import CTRL_C, ENTER, READY, Terminal

from firstword.settings import load_settings, read_site

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")

IDENTITY = "[user]\nname = Dawn Okafor\nemail = dawn@acme.example\n"
BEGIN = (
    "firstword init status --name Acme --address https://status.acme.example "
    "--person 'Dawn Okafor, Engineer, dawn@acme.example'"
)
FORGES = "[user]\nname = dawn\nemail = 1234+dawn@users.noreply.github.com\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(IDENTITY)
    return home


@pytest.fixture
def terminal(tmp_path: Path, home: Path) -> Iterator[Terminal]:
    """A shell in an empty folder, with `firstword` and git."""
    programs, work = tmp_path / "bin", tmp_path / "work"
    programs.mkdir()
    work.mkdir()
    command = programs / "firstword"
    command.write_text(f"#!{sys.executable}\nfrom firstword.cli import main_and_exit as m\nm()\n")
    command.chmod(0o755)
    shell = pexpect.spawn(
        "/bin/sh",
        cwd=str(work),
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "TZ": "Europe/Copenhagen",
            "TERM": "xterm",
            "PROMPT_TOOLKIT_NO_CPR": "1",
        },
        encoding="utf-8",
        timeout=30,
        dimensions=(50, 120),
    )
    found = Terminal(shell)
    found.shell.delaybeforesend = None
    shell.send("PS1='REA''DY '\r")
    found.see(READY)
    yield found
    shell.close(force=True)


def left(tmp_path: Path) -> list[str]:
    """Return what lies in the folder of the shell."""
    return sorted(path.name for path in (tmp_path / "work").iterdir())


def test_a_whole_session(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("firstword init status" + ENTER)
    terminal.answer("What is the page called?", "Acme status")
    terminal.answer("Where will readers find it?", "https://status.acme.example")
    terminal.answer("Enter: Europe/Copenhagen", "")
    terminal.answer("Which parts do users know by name?", "Online shop; api = Partner API")
    terminal.answer("Enter: Dawn Okafor", "")
    terminal.answer("What do you do", "Head of engineering, nights")
    terminal.answer("Enter: dawn@acme.example", "")
    terminal.answer("Who else signs?", "Ian Reyes, Network, ian@acme.example")
    terminal.answer("Which address may readers write to", "care@acme.example")
    terminal.answer("Enter: public", "")
    assert terminal.ended() == 0

    site = read_site(load_settings(tmp_path / "work/status/pelicanconf.py"))
    assert (site.name, site.url) == ("Acme status", "https://status.acme.example")
    assert (str(site.timezone), site.contact) == ("Europe/Copenhagen", "care@acme.example")
    assert list(site.components) == ["online-shop", "api"]
    assert [(p.name, p.role, p.address) for p in site.people.values()] == [
        ("Dawn Okafor", "Head of engineering, nights", "dawn@acme.example"),
        ("Ian Reyes", "Network", "ian@acme.example"),
    ]
    assert site.publish_to == ("public",)
    terminal.type("cd status && git log --format=%an:%s && git status --porcelain" + ENTER)
    terminal.see("Dawn Okafor:A status page begins")
    assert terminal.ended() == 0


def test_a_wrong_answer_is_told_before_the_next_question(terminal: Terminal) -> None:
    terminal.type("firstword init status" + ENTER)
    terminal.wait_for("What is the page called?")
    terminal.type(ENTER)
    terminal.see("this one needs an answer; Ctrl-C writes nothing")
    terminal.type("Acme status" + ENTER)
    terminal.wait_for("Where will readers find it?")
    terminal.type("status.acme.example" + ENTER)
    terminal.see("not the address of a site: 'status.acme.example'")
    terminal.type(CTRL_C)
    assert terminal.ended() == 130


@pytest.mark.parametrize("answered", [0, 1, 5])
def test_ctrl_c_leaves_nothing_behind(answered: int, terminal: Terminal, tmp_path: Path) -> None:
    answers = (
        ("What is the page called?", "Acme status"),
        ("Where will readers find it?", "https://status.acme.example"),
        ("In which time zone", ""),
        ("Which parts do users know by name?", ""),
        ("Your full name", ""),
        ("What do you do", ""),
    )
    terminal.type("firstword init status" + ENTER)
    for question, answer in answers[:answered]:
        terminal.answer(question, answer)
    terminal.wait_for(answers[answered][0])
    terminal.type("half a wor" + CTRL_C)
    terminal.see("nothing was written")

    assert terminal.ended() == 130
    assert left(tmp_path) == []


def test_ctrl_c_while_git_commits_leaves_nothing_behind(terminal: Terminal, tmp_path: Path) -> None:
    git = tmp_path / "bin" / "git"
    git.write_text(
        '#!/bin/sh\ncase "$*" in *--message*) kill -INT $PPID; exit 1;; esac\n'
        'exec /usr/bin/git "$@"\n'
    )
    git.chmod(0o755)
    terminal.type(BEGIN + ENTER)
    terminal.see("nothing was written")

    assert terminal.ended() == 130
    assert left(tmp_path) == []


def test_an_address_that_nobody_reads_is_not_offered(terminal: Terminal, home: Path) -> None:
    (home / ".gitconfig").write_text(FORGES)
    terminal.type("firstword init status" + ENTER)
    terminal.answer("What is the page called?", "Acme status")
    terminal.answer("Where will readers find it?", "https://status.acme.example")
    terminal.answer("In which time zone", "")
    terminal.answer("Which parts do users know by name?", "")
    terminal.answer("Your full name", "Dawn Okafor")
    terminal.answer("What do you do", "Engineer")
    terminal.wait_for("Where do answers to you go?")
    terminal.type(ENTER)
    terminal.see("this one needs an answer")
    terminal.type(CTRL_C)

    assert terminal.ended() == 130
    assert "noreply" not in "".join(terminal.screen)


def test_whom_git_does_not_know_commits_under_the_name_that_was_said(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    (home / ".gitconfig").unlink()
    terminal.type("firstword init status" + ENTER)
    terminal.answer("What is the page called?", "Acme status")
    terminal.answer("Where will readers find it?", "https://status.acme.example")
    terminal.answer("In which time zone", "")
    terminal.answer("Which parts do users know by name?", "")
    terminal.answer("Your full name", "Dawn Okafor")
    terminal.answer("What do you do", "Engineer")
    terminal.answer("Where do answers to you go?", "dawn@acme.example")
    terminal.answer("Who else signs?", "")
    terminal.answer("Which address may readers write to", "")
    terminal.answer("Where is it published?", "")
    assert terminal.ended() == 0
    terminal.type("git -C status log --format='%an <%ae>'" + ENTER)
    terminal.see("Dawn Okafor <dawn@acme.example>")


def test_a_repository_around_the_folder_is_asked_about_first(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.type(f"git init --quiet .{ENTER}")
    terminal.see(READY)
    terminal.type(f"{BEGIN}{ENTER}")
    terminal.answer("What is the site to be?", "1")
    assert terminal.ended() == 0
    assert not (tmp_path / "work" / "status" / ".git").exists()


@pytest.mark.parametrize(
    ("before", "options", "said"),
    [
        ("echo mine > here.txt; mkdir status; mv here.txt status", "", "'here.txt' is there"),
        ("echo mine > status", "", "cannot begin in 'status'"),
        ("PATH=${PATH%%:*}", "", "git is not installed; install it, or say --no-git"),
        (":", "--address status.acme.example", "--address: not the address of a site"),
        (":", "--name ''", "--name: how is this page called?"),
        (":", "--component Shop --component shop", "--component: two have the id 'shop'"),
    ],
    ids=["full", "file", "git", "address", "name", "twice"],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(
    before: str, options: str, said: str, terminal: Terminal
) -> None:
    terminal.type(f"{before}{ENTER}")
    terminal.see(READY)
    terminal.type(f"firstword init status {options}{ENTER}")
    terminal.see(said)

    assert terminal.ended() in {1, 2}
    assert "What is the page called?" not in "".join(terminal.screen)
