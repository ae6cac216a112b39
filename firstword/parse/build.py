"""Fields and raw updates → an Incident; every value is understood here, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import partial

from msgspec import Struct

from firstword.model import About, Incident, Kind, Level, Problem
from firstword.parse.body import read_updates
from firstword.parse.fences import Parts, split
from firstword.parse.findings import shown
from firstword.parse.frontmatter import Field, read_fields
from firstword.parse.keys import FRONT_KEYS, LISTS, REQUIRED, front_key_hint, meant_in_front
from firstword.parse.names import read_aliases, read_id, read_slug
from firstword.parse.text import read_text
from firstword.parse.updates import build_updates, with_article
from firstword.parse.values import Said, Values

#: Nobody reads more; a log file saved in the wrong folder has one on every line.
_MOST_PROBLEMS = 50


class Parsed(Struct, frozen=True):
    """What one file came to. `incident` is None when any problem is an error."""

    incident: Incident | None
    problems: tuple[Problem, ...]


def parse(data: bytes, path: str, zone: tzinfo) -> Parsed:
    """Parse one incident file; `zone` is where times without an offset are meant.

    Never raises on content: everything wrong with it is in the problems, sorted.
    """
    values = Values(path, zone)
    lines, findings = read_text(data)
    for finding in findings:
        values.found(finding)
    incident = _read(lines, path, values) if lines else None
    problems = sorted(set(values.problems), key=_order)
    if any(problem.level is Level.ERROR for problem in problems):
        incident = None
    return Parsed(incident, tuple(_first(problems)))


def _order(problem: Problem) -> tuple[int, str, str, str]:
    """Sort as problems do; comparing a hundred thousand of them field by field takes its time."""
    return problem.line, problem.rule, problem.message, problem.level


def _first(problems: list[Problem]) -> list[Problem]:
    """Return as many problems as a person reads, errors rather than warnings."""
    more = len(problems) - _MOST_PROBLEMS
    if more <= 0:
        return problems
    first = sorted(problems, key=lambda problem: problem.level is not Level.ERROR)
    told, untold = first[:_MOST_PROBLEMS], first[_MOST_PROBLEMS]
    line = max(untold.line, *(problem.line for problem in told))
    message = f"{more} more not shown; mend these first"
    return sorted([*told, Problem(untold.path, line, "more", message, untold.level)])


def _read(lines: Sequence[str], path: str, values: Values) -> Incident | None:
    slug, language = read_slug(path, values)
    parts, findings = split(lines)
    for finding in findings:
        values.found(finding)
    return _understand(parts, path, slug, language, values) if parts else None


def _understand(
    parts: Parts, path: str, slug: str, language: str, values: Values
) -> Incident | None:
    fields, complaints = read_fields(parts.front, parts.front_line)
    raw, notes = read_updates(parts.body, parts.body_line)
    for finding in (*complaints, *notes):
        values.found(finding)
    said, told = _said(fields, values)
    stated = {*said, *told}
    whole = all(complaint.level is not Level.ERROR for complaint in complaints)
    kind = values.word(said.get("kind"), "kind", Kind)
    if whole and not language and "kind" not in stated:
        kind = Kind.INCIDENT
    _check_kind(said, kind, values)
    required = REQUIRED[kind] if kind and not language else ("title",)
    _check_empty(fields, required, values)
    if whole:
        _check_missing(required, stated, parts.top, values)
    updates = build_updates(raw, kind, values, imported="imported" in said)
    if not raw and all(note.level is not Level.ERROR for note in notes):
        last = max(parts.top, parts.body_line - 1)
        values.error(last, "no-updates", "nobody has said anything: an update is missing")
    incident = partial(
        Incident,
        id=read_id(said.get("id"), slug, values),
        slug=slug,
        path=path,
        kind=kind or Kind.INCIDENT,
        first=values.facts({key: one for key, one in said.items() if key != "started"}),
        started=values.time(said.get("started")),
        about=values.word(said.get("about"), "about", About),
        repeats=values.line_of_text(said.get("repeats")) or "",
        remind=values.span(said.get("remind")),
        aliases=read_aliases(said.get("aliases"), values),
        draft=values.flag(said.get("draft"), "draft"),
        drill=values.flag(said.get("drill"), "drill"),
        imported=values.line_of_text(said.get("imported")) or "",
        language=language,
        lines={key: line for key, (_, line) in said.items()},
    )
    # Only now: every value above has been looked at, so that all its problems are told at once.
    return incident(updates=updates) if updates else None


def _said(fields: Sequence[Field], values: Values) -> tuple[dict[str, Said], set[str]]:
    """Return each known key's text and line once, and the keys whose absence needs no word."""
    said: dict[str, Said] = {}
    told: set[str] = set()
    lines: dict[str, int] = {}
    for field in fields:
        if field.key in lines:
            values.error(
                field.line,
                "duplicate-key",
                f"{shown(field.key)} is already on line {lines[field.key]}",
            )
            continue
        lines[field.key] = field.line
        if field.key not in FRONT_KEYS:
            values.error(
                field.line,
                "unknown-key",
                f"unknown key: {shown(field.key)}{front_key_hint(field.key)}",
            )
            told.add(meant_in_front(field.key))
        elif not field.text:
            told.add(field.key)
        elif field.is_list and field.key not in LISTS:
            told.add(field.key)
            values.error(
                field.line,
                "value",
                f"{field.key!r} holds a list and one value is expected; "
                "put quotes around the value if it begins with '['",
            )
        else:
            said[field.key] = (field.text, field.line)
    return said, told


def _check_kind(said: Mapping[str, Said], kind: Kind | None, values: Values) -> None:
    """Report keys that mean nothing in this kind."""
    for key, (_, line) in said.items():
        if kind and kind not in FRONT_KEYS[key]:
            values.error(line, "wrong-key", f"{key!r} has no meaning in {with_article(kind)}")


def _check_empty(fields: Sequence[Field], required: Sequence[str], values: Values) -> None:
    """Report keys without a value; a line left over from a template holds nothing back."""
    for field in fields:
        if field.text or field.key not in FRONT_KEYS:
            continue
        if field.key in required or field.key == "kind":
            values.error(field.line, "empty-key", f"{field.key!r} has no value")
        else:
            values.warn(field.line, "empty-key", f"{field.key!r} has no value and is left out")


def _check_missing(required: Sequence[str], stated: set[str], top: int, values: Values) -> None:
    """Report required keys that are not there at all."""
    for key in required:
        # No foreign format says what its announcements are about, and guessing is not ours.
        if key not in stated and not (key == "about" and "imported" in stated):
            values.error(top, "missing-key", f"{key!r} is missing")
