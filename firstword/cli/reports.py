"""Problems as lines for people, and as what programs and forges read."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable

from firstword.model import Level, Problem

#: How grave GitLab shows them.
_SEVERITY = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTICE: "info"}


def _text(problems: Iterable[Problem]) -> None:
    for problem in problems:
        print(problem)


def _json(problems: Iterable[Problem]) -> None:
    rows = [
        {"path": p.path, "line": p.line, "rule": p.rule, "level": p.level, "message": p.message}
        for p in problems
    ]
    print(json.dumps(rows, indent=1, ensure_ascii=False))


def _github(problems: Iterable[Problem]) -> None:
    """Print workflow commands, escaped as GitHub's runner reads them."""
    for p in problems:
        place = f"file={_property(p.path)},line={p.line},title={_property(p.rule)}"
        print(f"::{p.level} {place}::{_data(p.message)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _gitlab(problems: Iterable[Problem]) -> None:
    """Print a report of code quality, and the same for people on stderr: the report is a file.

    What is the same problem in another commit, perhaps some lines further down, has the same
    fingerprint; GitLab shows one of those that share one, so they are counted.
    """
    rows = []
    seen: Counter[str] = Counter()
    for p in problems:
        print(p, file=sys.stderr)
        what = f"{p.path}\0{p.rule}\0{p.message}"
        seen[what] += 1
        mark = hashlib.sha256(f"{what}\0{seen[what]}".encode("utf-8", "surrogatepass"))
        rows.append(
            {
                "description": f"{p.rule}: {p.message}",
                "check_name": p.rule,
                "fingerprint": mark.hexdigest(),
                "severity": _SEVERITY[p.level],
                "location": {"path": p.path, "lines": {"begin": max(p.line, 1)}},
            }
        )
    print(json.dumps(rows, indent=1, ensure_ascii=False))


FORMATS: dict[str, Callable[[Iterable[Problem]], None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "gitlab": _gitlab,
}
