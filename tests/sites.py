"""A small site in a temporary folder, with the commands people run in it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONF = """\
from firstword.pelican_defaults import *

SITENAME = "Acme status"
SITEURL = "https://status.acme.example"
TIMEZONE = "Europe/Copenhagen"
PUBLISH_TO = "public"
PEOPLE = [
    {"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"},
    {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"},
]
COMPONENTS = [
    {"id": "checkout", "name": "Checkout", "group": "Shop"},
    {"id": "api", "name": "API"},
]
"""

PUBLISH = """\
import sys

from firstword.cli import publish, run_command

raise SystemExit(run_command("publish.py", publish, sys.argv[1:]))
"""

CARDS = """\
---
title: Card payments fail in the EU
impact: major
started: 2026-11-21 09:12
components: [checkout]
affected: Anyone paying with a card from an EU bank. About one payment in five fails.
workaround: Pay with a gift card, or try the card again after a minute.
---

## 2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00

One card payment in five is refused by the bank in between. We are on the phone with them.
"""

RESOLVED = """
## 2026-11-21 09:50 | Ian Reyes | resolved

All cards work since 09:45. If a payment failed, nothing was taken; please try again.
"""

SLOW = """\
---
title: Pages load slowly in Denmark
impact: minor
started: 2026-11-02 14:00
components: [api]
affected: Everyone in Denmark.
workaround: Wait for the page; it comes.
---

## 2026-11-02 14:05 | Ian Reyes | identified

Pages take eight seconds. A router in Aarhus is being replaced.

## 2026-11-02 15:10 | Ian Reyes | resolved

The new router carries everything since 15:02. Nothing was lost.
"""

CARDS_FILE = "content/incidents/2026/2026-11-21-card-payments.md"
SLOW_FILE = "content/incidents/2026/2026-11-02-slow-pages.md"

#: 2026-11-21 10:30 in Copenhagen, as SOURCE_DATE_EPOCH.
HALF_PAST_TEN = "1795253400"


@cache
def compiled_templates() -> Path:
    """Return the folder in which all sites of this process keep what was compiled of templates."""
    folder = tempfile.mkdtemp(prefix="templates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def share_templates(root: Path) -> None:
    """Let a site that was never built find them compiled: that is a third of a first build.

    Each lies there under a digest of what it was compiled from and by.
    """
    kept = root / ".cache" / "templates"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.symlink_to(compiled_templates())


@dataclass(frozen=True)
class Ran:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class SmallSite:
    """A site that can be written to, committed, built and published."""

    root: Path

    @classmethod
    def make(cls, root: Path, files: Mapping[str, str] | None = None) -> SmallSite:
        """Make a site with one open and one resolved incident, unless told otherwise."""
        root.mkdir(parents=True, exist_ok=True)
        site = cls(root)
        site.write("pelicanconf.py", CONF)
        site.write("publish.py", PUBLISH)
        site.write(".gitignore", "output/\npublic/\n.cache/\n__pycache__/\n")
        for path, text in (files or {CARDS_FILE: CARDS, SLOW_FILE: SLOW}).items():
            site.write(path, text)
        return site

    def write(self, path: str, text: str) -> None:
        """Write a file, making its folders."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def page(self, key: str, folder: str = "public") -> str:
        """Read a built or published file."""
        return (self.root / folder / key).read_text(encoding="utf-8")

    def files(self, folder: str = "public") -> dict[str, bytes]:
        """Return every public file of a folder by its key."""
        base = self.root / folder
        return {
            path.relative_to(base).as_posix(): path.read_bytes()
            for path in sorted(base.rglob("*"))
            if path.is_file() and not path.relative_to(base).as_posix().startswith(".")
        }

    def commit(self, message: str = "a change") -> str:
        """Commit everything and return the commit."""
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").out.strip()

    def git(self, *arguments: str) -> Ran:
        """Run git as somebody nobody is."""
        ran = self.run("git", "-c", "user.name=T", "-c", "user.email=t@acme.example", *arguments)
        assert ran.code == 0, ran.err
        return ran

    def clone(self, to: Path, *, depth: int | None = 1) -> SmallSite:
        """Clone this site, by default with its newest commit only."""
        shallow = [f"--depth={depth}"] if depth else []
        self.git("clone", "-q", *shallow, self.root.as_uri(), str(to))
        return SmallSite(to)

    def pelican(self, *arguments: str, **env: str) -> Ran:
        """Build the plain Pelican way."""
        share_templates(self.root)
        return self.run(sys.executable, "-m", "pelican", "content", *arguments, **env)

    def publish(self, *arguments: str, **env: str) -> Ran:
        """Run publish.py."""
        share_templates(self.root)
        return self.run(sys.executable, "publish.py", *arguments, **env)

    def firstword(self, *arguments: str, **env: str) -> Ran:
        """Run the firstword command."""
        program = "from firstword.cli import main_and_exit; main_and_exit()"
        return self.run(sys.executable, "-c", program, *arguments, **env)

    def run(self, *command: str, **env: str) -> Ran:
        """Run a program in the site, in an environment that holds nothing it does not need."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environ(**env),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environ(self, **env: str) -> dict[str, str]:
        """Return the environment of a program in the site; an empty variable is none."""
        clean = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / ".git-home"),
            "SOURCE_DATE_EPOCH": HALF_PAST_TEN,
            "GIT_CONFIG_NOSYSTEM": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONWARNINGS": "error",
            **env,
        }
        return {name: value for name, value in clean.items() if value}
