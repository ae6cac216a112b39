"""Real histories, again and again under new names: what imports are measured with."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count as counting
from pathlib import Path

import yaml

from benchmarks.tools import ROOT

#: Sites of real teams where they lie beside this checkout, else the tests' own.
REAL = ("packit-status", "x4b-status")
_CORPUS = ROOT.parent / "shared" / "corpus"
_SAMPLES = ROOT / "tests" / "data" / "cstate"
_DAY = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)(?=\b|T)")
_TRACK = re.compile(r"\{\{<\s*track[^{}]*>\}\}")
#: Each round lies so many days before the one before, and never further back than that.
_STEP, _FURTHEST = 37, 7000


def sites(corpus: Path = _CORPUS) -> tuple[Path, ...]:
    """Return the folders of the cState sites that there are."""
    found = tuple(corpus / name for name in REAL if (corpus / name).is_dir())
    return found or (_SAMPLES,)


def repeated(sources: tuple[Path, ...], count: int, folder: Path) -> None:
    """Write a cState site of so many issues: the sources', again and again, on other days."""
    issues = folder / "content" / "issues"
    issues.mkdir(parents=True)
    systems: dict[str, object] = {}
    for source in sources:
        conf = yaml.safe_load((source / "config.yml").read_text(encoding="utf-8"))
        systems |= {one["name"]: one for one in conf["params"]["systems"]}
        if (source / "static").is_dir():
            shutil.copytree(source / "static", folder / "static", dirs_exist_ok=True)
    conf = {"title": "Long history", "params": {"systems": [*systems.values()]}}
    (folder / "config.json").write_text(json.dumps(conf), encoding="utf-8")
    for _, (name, text) in zip(range(count), _issues(sources), strict=False):
        (issues / name).write_text(text, encoding="utf-8")


def _issues(sources: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """Yield names and texts without end."""
    known = [
        (f"{number}", path.stem, path.read_text(encoding="utf-8-sig"))
        for number, source in enumerate(sources)
        for path in sorted((source / "content" / "issues").glob("*.md"))
        if not path.stem.startswith("_")
    ]
    for turn in counting():
        back = timedelta(days=turn * _STEP % _FURTHEST)
        for site, stem, text in known:
            front, mark, body = text.partition("\n---\n")
            name = f"{_earlier(stem, back)}-{site}-{turn}.md"
            yield name, f"{_earlier(front, back)}{mark}{_moved(body, back)}"


def _moved(body: str, back: timedelta) -> str:
    """Return a body whose updates lie so much earlier."""
    return _TRACK.sub(lambda code: _earlier(code[0], back), body)


def _earlier(text: str, back: timedelta) -> str:
    """Return a text with every day in it so much earlier; what is no day stays."""

    def day(found: re.Match[str]) -> str:
        try:
            return str(date(int(found[1]), int(found[2]), int(found[3])) - back)
        except ValueError:
            return found[0]

    return _DAY.sub(day, text)
