"""Whatever is changed, and in whatever order: a build that knows the last one makes what a build
that knows nothing makes, byte for byte, and says the same of it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from incremental import SETTINGS, Workplace, quiet

from firstword import build
from firstword.feeds import channels

NAMES = ("cards", "mail", "slow", "dns", "window", "sizes")
BEGUN = NAMES[:4]
PEOPLE = ("Dawn Okafor", "Ian Reyes")
STORY = """\
---
title: {title}
impact: {impact}
started: 2026-11-{day:02d} 09:12
components: [{components}]
{more}---

## 2026-11-{day:02d} 09:20 | Dawn Okafor | investigating
next: 10:00

{words}
"""
WINDOW = """\
---
title: {title}
kind: maintenance
scheduled_for: 2026-11-{day:02d} 22:00
scheduled_until: 2026-11-{day:02d} 23:30
components: [api]
{more}---

## 2026-11-{day:02d} 08:00 | Ian Reyes | scheduled

{words}
"""
NOTICE = """\
---
title: {title}
kind: notice
about: reminder
{more}---

## 2026-11-{day:02d} 07:10 | Dawn Okafor | published

{words}
"""
#: A pixel, for a picture.
PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d49484452")

Step = tuple[str, int, int]


class Life:
    """Takes steps in a workplace; each number picks one of what there is."""

    def __init__(self, place: Workplace, *, begun: bool = False) -> None:
        """Begin with four stories, which may be there already."""
        self.place = place
        self.incidents = place.root / "content" / "incidents"
        self.count = len(BEGUN) if begun else 0
        for pick, name in enumerate(() if begun else BEGUN):
            self.add(pick, pick, name)

    def step(self, what: str, first: int, second: int) -> None:
        getattr(self, what)(first, second)

    def files(self) -> list[Path]:
        return sorted(p for p in self.incidents.rglob("*.md"))

    def originals(self) -> list[Path]:
        return [path for path in self.files() if path.name.count(".") == 1]

    # ── steps ────────────────────────────────────────────────────────────────────────────────────

    def add(self, first: int, second: int, name: str = "") -> None:
        form = (STORY, STORY, WINDOW, NOTICE)[first % 4]
        self.count += 1
        name = name or f"{NAMES[second % len(NAMES)]}-{self.count}"
        link = f"See [that](incident:{NAMES[second % len(NAMES)]})." if first % 3 == 0 else ""
        text = form.format(
            title=f"Trouble {self.count}",
            impact=("none", "minor", "major")[second % 3],
            components=("checkout", "api", "checkout, api")[first % 3],
            day=1 + (first * 7 + second) % 21,
            more=f"aliases: [old/{name}]\n" if second % 5 == 0 else "",
            words=f"Words of {self.count}. {link}",
        )
        self.place.write(f"incidents/2026/{name}.md", text)

    def edit(self, first: int, second: int) -> None:
        if files := self.files():
            path = files[first % len(files)]
            text = path.read_text()
            self.rewrite(path, text.replace("Words", f"Words ({second})").replace("Trouble", "Woe"))

    def update(self, first: int, second: int) -> None:
        if files := self.originals():
            path = files[first % len(files)]
            text = path.read_text()
            status = (
                "update" if "kind:" in text else ("monitoring", "resolved", "update")[second % 3]
            )
            who, day = PEOPLE[second % 2], 1 + second % 22
            self.rewrite(
                path,
                f"{text}\n## 2026-11-{day:02d} 1{first % 2}:{second % 60:02d} | {who} |"
                f" {status}\n\nMore {second}.\n",
            )

    def remove(self, first: int, _second: int) -> None:
        if files := self.files():
            files[first % len(files)].unlink()

    def rename(self, first: int, second: int) -> None:
        if files := self.originals():
            path = files[first % len(files)]
            path.rename(path.with_name(f"{NAMES[second % len(NAMES)]}.md"))

    def swap(self, first: int, second: int) -> None:
        """Let two stories change their names: their addresses cross."""
        files = self.originals()
        if len(files) > 1:
            one, other = files[first % len(files)], files[second % len(files)]
            texts = one.read_text(), other.read_text()
            self.rewrite(one, texts[1])
            self.rewrite(other, texts[0])

    def hide(self, first: int, second: int) -> None:
        """Turn a draft or a drill on or off."""
        if files := self.files():
            path = files[first % len(files)]
            line = ("draft: true\n", "drill: true\n")[second % 2]
            text = path.read_text()
            has = line in text
            self.rewrite(
                path, text.replace(line, "") if has else text.replace("---\n", f"---\n{line}", 1)
            )

    def translate(self, first: int, second: int) -> None:
        if files := self.originals():
            path = files[first % len(files)]
            language = ("de", "da")[second % 2]
            text = path.read_text().replace("Words", "Worte").replace("next: 10:00\n", "")
            kept = [line for line in text.split("\n") if not line.startswith("aliases")]
            self.rewrite(path.with_suffix(f".{language}.md"), "\n".join(kept))

    def spoil(self, first: int, second: int) -> None:
        """Break a file: its head, its signature, or sign it ahead of time."""
        if files := self.files():
            path = files[first % len(files)]
            text = path.read_text()
            self.rewrite(
                path,
                (
                    text.replace("---\n", "--\n", 1),
                    text.replace("Dawn Okafor", "Dawn Nobody"),
                    f"{text}\n## 2026-11-24 10:00 | Ian Reyes | update\n\nAhead.\n",
                    text.replace("2026-11", "2026-12"),
                )[second % 4],
            )

    def mend(self, first: int, _second: int) -> None:
        if files := self.files():
            path = files[first % len(files)]
            text = (
                path.read_text().replace("Dawn Nobody", "Dawn Okafor").replace("2026-12", "2026-11")
            )
            self.rewrite(path, text if text.startswith("---\n") else f"-{text}")

    def clock(self, first: int, second: int) -> None:
        minutes = (1, 30, 600, 1440, -30, -1440)[first % 6] * (1 + second % 3)
        self.place.now += timedelta(minutes=minutes)

    def theme(self, first: int, second: int) -> None:
        """Change a template: in one of three ways, for compiling takes longer than a build."""
        own = self.place.root / "theme"
        if not own.exists():
            shutil.copytree(ROOT / "theme", own)
            self.place.theme = own
        name = ("incident.html", "base.html", "_parts.html", "month.html", "style.css")[first % 5]
        path = own / "templates" / name
        self.rewrite(
            path, path.read_text() + f"{{# {second % 3} #}}\n" + ("/**/" if "css" in name else "")
        )

    def settings(self, first: int, second: int) -> None:
        changes: tuple[dict[str, object], ...] = (
            {"COMPONENTS": [*SETTINGS["COMPONENTS"], {"id": "web", "name": f"Web {second}"}]},
            {
                "COMPONENTS": [
                    {"id": "checkout", "name": f"Till {second}"},
                    {"id": "api", "name": "API", "retired": True},
                ]
            },
            {"COMPONENTS": [{"id": "api", "name": "API"}]},
            {"SITENAME": f"Acme {second}"},
            {"DRILLS": bool(second % 2)},
            {"TIMEZONE": ("America/New_York", "UTC")[second % 2]},
        )
        self.place.settings = {**self.place.settings, **changes[first % len(changes)]}

    def picture(self, first: int, second: int) -> None:
        path = f"images/p{first % 2}.png"
        if second % 3 == 0:
            (self.place.root / "content" / path).unlink(missing_ok=True)
        else:
            self.place.write(path, PIXEL + bytes([second % 256]))

    def stray(self, first: int, _second: int) -> None:
        self.place.write(f"incidents/notes-{first % 2}.txt", "Not a story.")

    def nothing(self, _first: int, _second: int) -> None:
        """Build once more."""

    @staticmethod
    def rewrite(path: Path, text: str) -> None:
        path.write_text(text)


STEPS = (
    *("add", "edit", "edit", "update", "update", "update", "remove", "rename", "swap", "hide"),
    *("translate", "spoil", "mend", "clock", "clock", "theme", "settings", "picture", "stray"),
    "nothing",
)
steps = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 40), st.integers(0, 40)),
    min_size=1,
    # After each of them everything is built twice.
    max_size=3,
)


@pytest.fixture(autouse=True)
def _small_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a handful of updates fill feeds and archives, and say nothing."""
    monkeypatch.setattr(build, "complain", quiet)
    monkeypatch.setattr(channels, "MOST", 4)
    monkeypatch.setattr(channels, "PART", 4)


@pytest.fixture(scope="module")
def beginning(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that every sequence begins with, built once."""
    root = tmp_path_factory.mktemp("beginning") / "site"
    Life(Workplace(root, templates=templates)).place.warm()
    return root


#: Sequences in all, in as many parts: a part is done before a slow machine is thought to hang.
SEQUENCES, PARTS = 200, 10


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_made_of_changes_is_what_is_made_of_everything(
    part: int, templates: Path, beginning: Path
) -> None:
    # Not made smaller when one fails: that takes long, and a sequence is short as it is.
    @seed(part)
    @settings(
        max_examples=SEQUENCES // PARTS,
        phases=[Phase.generate],
        derandomize=False,
        database=None,
        deadline=None,
    )
    @given(steps)
    def lives(taken: list[Step]) -> None:
        # Always in the same place: what was compiled of a theme there is found again.
        root = beginning.with_name("lives")
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(beginning, root, symlinks=True)
        life = Life(Workplace(root, templates=templates), begun=True)
        for step in taken:
            life.step(*step)
            assert life.place.warm() == life.place.cold(), step

    lives()
