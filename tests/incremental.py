"""A small site that is changed step by step, and built after each step in two ways."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from conftest import ROOT

from firstword.build import Run, RunOptions
from firstword.cache.database import cache_file, noted
from firstword.gitlog.worktree import Worktree
from firstword.manifest import Memory
from firstword.settings import read_site
from firstword.write import BEGUN, LISTING, listed

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SETTINGS = {
    "SITENAME": "Acme status",
    "SITEURL": "https://status.acme.example",
    "TIMEZONE": "Europe/Copenhagen",
    "PEOPLE": [
        {"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"},
        {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"},
    ],
    "COMPONENTS": [
        {"id": "checkout", "name": "Checkout", "group": "Shop"},
        {"id": "api", "name": "API"},
    ],
}

#: A story that goes on.
OPEN = """\
---
title: Checkout is slow
impact: minor
started: 2026-11-21 08:00
components: [checkout]
---

## 2026-11-21 08:10 | Dawn Okafor | investigating
components: checkout partial_outage
next: 10:00

Pages take a minute.

## 2026-11-21 09:10 | Ian Reyes | update

They still do.
"""

#: What was in a folder, and what was said while it was built.
Outcome = tuple[dict[str, bytes], tuple[str, ...], tuple[str, ...]]


@dataclass
class Workplace:
    """A site in a folder; `now` and `settings` may be changed between builds."""

    root: Path
    now: datetime = NOON
    settings: dict[str, object] = field(default_factory=lambda: dict(SETTINGS))
    theme: Path = ROOT / "theme"
    templates: Path | None = None
    memory: Callable[[datetime], Memory] | None = None
    #: Whether a build asks git which files were written, as `pelican content` does.
    asks_git: bool = False
    #: Whether a publish did so, which has to know whether something there is not committed.
    publishes: bool = False
    #: What builds foresaw.
    foreseen: list[set[str]] = field(default_factory=list)

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file below content/."""
        target = self.root / "content" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())

    def new(self, output: str, *, cache: str = ".cache", strict: bool = False) -> Run:
        """Return a build into a folder that has not begun."""
        self.share_templates(self.root / cache)
        memory = self.memory(self.now) if self.memory else None
        return Run(
            site=read_site(self.settings),
            options=RunOptions(
                now=self.now,
                memory=memory,
                strict=strict,
                foreseen=lambda keys: self.foreseen.append(set(keys)),
            ),
            root=self.root,
            content_folder=self.root / "content",
            theme=self.theme,
            output_folder=self.root / output,
            cache_folder=self.root / cache if cache else None,
            worktree=self.git(),
        )

    def git(self) -> Worktree | None:
        """Ask git as a build does, or as a publish, which asks for more."""
        if not self.asks_git:
            return None
        asked = Worktree(self.root / "content")
        if self.publishes:
            asked.dirty(self.note())
        return asked

    def note(self) -> str:
        """Return what the last build left for whoever asks git."""
        return noted(cache_file(self.root / ".cache", self.root / "output", self.root), "worktree")

    def share_templates(self, cache: Path) -> None:
        """Let all caches have one folder of compiled templates: compiling is half of a build."""
        if self.templates and not cache.exists():
            cache.mkdir()
            (cache / "templates").symlink_to(self.templates)

    def run(self, output: str, *, cache: str = ".cache") -> Run:
        """Build into a folder, as the plugin does, without Pelican around it."""
        run = self.new(output, cache=cache)
        run.carry_out()
        return run

    def outcome(self, run: Run) -> Outcome:
        """Return everything that a build left and said, and close it."""
        files = {
            path.relative_to(run.output_folder).as_posix(): path.read_bytes()
            for path in sorted(run.output_folder.rglob("*"))
            if path.is_file() and path.name not in {LISTING, BEGUN}
        }
        files |= {f"noted {key}": b"" for key in listed(run.output_folder)}
        problems = tuple(map(str, run.found.every()))
        held = tuple(line for held in run.found.held for line in held.lines())
        told = {
            **{f"record of {name}": repr(r).encode() for name, r in run.built().records.items()},
            **{f"output {key}": repr(o).encode() for key, o in run.built().outputs.items()},
        }
        run.close()
        return {**files, **told}, problems, held

    def cold(self) -> Outcome:
        """Build into an empty folder, without a cache but the one of compiled templates."""
        shutil.rmtree(self.root / "cold", ignore_errors=True)
        for path in (self.root / ".cache-of-cold").glob("*.sqlite*"):
            path.unlink()
        return self.outcome(self.run("cold", cache=".cache-of-cold"))

    def warm(self) -> Outcome:
        """Build once more where the last one was built."""
        return self.outcome(self.run("output"))


def quiet(_line: str) -> None:
    """Say nothing."""
