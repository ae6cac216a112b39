"""Begin a status page in an empty folder: settings, tools, a git repository, no incident yet.

In a terminal it asks what is not said by an option; anywhere else everything is said by options.

examples:
  firstword init status
  firstword init status --name "Acme status" --address https://status.acme.example \\
    --zone Europe/Copenhagen --component "Online shop" --component "api = Partner API" \\
    --person "Dawn Okafor, Head of engineering, dawn@acme.example" --target public

exit code: 0 done, 1 nothing done, 2 usage, or an answer that cannot be
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path

from firstword.errors import FirstwordError, SettingsError

#: Option → the question; several answers are separated by ';'.
QUESTIONS = {
    "name": "What is the page called? (Acme status)",
    "address": "Where will readers find it? (https://status.example.com)",
    "zone": "In which time zone do you write?",
    "component": "Which parts do users know by name? (Shop; Sign-in; api = Partner API)",
    "person": "Who else signs? (Full Name, what they do, address; the next one; empty: nobody yet)",
    "contact": "Which address may readers write to who do not know whom to ask? (empty: none)",
    "target": "Where is it published? (public is a folder; s3://bucket/prefix)",
}
_SEVERAL = ("component", "person", "target")
_OPTIONAL = frozenset({"component", "contact"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an empty one")
    parser.add_argument("--name", help="what the page is called")
    parser.add_argument("--address", metavar="URL", help="where readers find it")
    parser.add_argument("--zone", help="the time zone in which you write; default: this machine's")
    parser.add_argument("--contact", metavar="MAIL", help="for readers who know nobody to ask")
    for name, metavar, text in (
        ("--component", "NAME", "'Shop', or 'shop = The shop'; again for each"),
        ("--person", "WHO", "'Full Name, role, address'; again for each"),
        ("--target", "TARGET", "where to publish; default: public"),
    ):
        parser.add_argument(name, metavar=metavar, help=text, action="append")
    parser.add_argument("--no-git", action="store_true", help="begin no repository")


def run(options: argparse.Namespace) -> int:
    """Ask, write, and commit."""
    from firstword.starter import Answers, site_files

    folder: Path = options.folder
    _refuse_what_is_there(folder)
    said = _answers(options)
    files = site_files(
        Answers(
            name=said["name"][0],
            address=said["address"][0],
            zone=said["zone"][0],
            contact="".join(said["contact"]),
            components=said["component"],
            people=said["person"],
            targets=said["target"],
        ),
        requirement(),
    )
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"wrote  {path}")
    if not options.no_git:
        _commit(folder)
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    print(f"Next: {where}make serve; then firstword new, and make publish")
    return 0


def _refuse_what_is_there(folder: Path) -> None:
    try:
        there = sorted(path.name for path in folder.iterdir() if path.name != ".git")
    except FileNotFoundError:
        return
    except OSError as error:
        raise FirstwordError(f"cannot begin in {str(folder)!r}: {error.strerror}") from error
    if there:
        raise FirstwordError(f"{str(folder)!r} is not empty: {there[0]!r} is there; say another")


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def _answers(options: argparse.Namespace) -> Mapping[str, list[str]]:
    """Return what is said by options, and what is asked for. Raises SettingsError without both."""
    given = {name: getattr(options, name) for name in QUESTIONS}
    likely = {"zone": machine_zone(os.environ), "target": "public"}
    missing = [name for name, value in given.items() if value is None]
    needed = [name for name in missing if name not in {*_OPTIONAL, *likely}]
    if sys.stdin.isatty():
        for name in missing:
            first = f"{_yourself()}; " if name == "person" else ""
            free = name in _OPTIONAL or bool(first)
            given[name] = first + _ask(QUESTIONS[name], likely.get(name, ""), needed=not free)
    elif needed:
        said = ", ".join(f"--{name}" for name in needed)
        raise SettingsError("init", f"there is no terminal to ask at; say {said}")
    else:
        given |= {name: likely.get(name, "") for name in missing}
    return {name: _several(name, value) for name, value in given.items()}


def _yourself() -> str:
    """Ask whoever begins for the first signature; git knows half of it."""
    name, address = (_git(Path.cwd(), "config", f"user.{one}")[1] for one in ("name", "email"))
    return ", ".join(
        (
            _ask("Your full name, as it will stand under what you write?", name, needed=True),
            _ask("What do you do, in words that readers know?", "", needed=True),
            _ask("Where do answers to you go?", address, needed=True),
        )
    )


def _several(name: str, value: str | Sequence[str]) -> list[str]:
    if not isinstance(value, str):
        return list(value)
    return [part.strip() for part in value.split(";")] if name in _SEVERAL else [value]


def _ask(question: str, likely: str, *, needed: bool) -> str:
    prompt = f"{question}\n{f'[{likely}] ' if likely else ''}> "
    while True:
        try:
            said = input(prompt).strip() or likely
        except EOFError:
            raise FirstwordError("nothing was written") from None
        if said or not needed:
            return said


def machine_zone(environ: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str:
    """Return the time zone of this machine, UTC where it has none."""
    named = environ.get("TZ", "").lstrip(":")
    if not named and localtime.is_symlink():
        _, _, named = str(localtime.resolve()).partition("/zoneinfo/")
    return named.removeprefix("Etc/") or "UTC"


# ── what it is made with ─────────────────────────────────────────────────────────────────────────


def requirement() -> str:
    """Return the line of requirements.txt that installs this very Firstword."""
    about = distribution("firstword")
    origin = json.loads(about.read_text("direct_url.json") or "{}")
    url = str(origin.get("url", ""))
    if not url:
        return f"firstword=={about.version}"
    if commit := origin.get("vcs_info", {}).get("commit_id"):
        return f"firstword @ git+{url}@{commit}"
    return f"firstword @ {url}"


def _commit(folder: Path) -> None:
    """Begin a repository, and commit what is there; say what could not be done."""
    if shutil.which("git") is None:
        print("git is not installed: publishing works, history does not", file=sys.stderr)
        return
    steps = (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message=A status page begins"),
    )
    for step in steps:
        code, said = _git(folder, *step)
        if code:
            print(f"git {step[0]} did not work; do it yourself: {said}", file=sys.stderr)
            return
    print("committed")


def _git(folder: Path, *arguments: str) -> tuple[int, str]:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except OSError as error:
        return 1, str(error)
    return done.returncode, (done.stdout or done.stderr).strip()
