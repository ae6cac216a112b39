"""How the rules spell what they found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from firstword.model import Incident, Level, Moment, Problem, Site, Update


def error(incident: Incident, line: int, rule: str, message: str) -> Problem:
    """Report something that holds the file back."""
    return Problem(incident.path, line, rule, message)


def warning(incident: Incident, line: int, rule: str, message: str) -> Problem:
    """Report something that rides along."""
    return Problem(incident.path, line, rule, message, Level.WARNING)


def say(at: datetime, site: Site) -> str:
    """Spell an instant as the file would have it."""
    local = at.astimezone(site.timezone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def source(moment: Moment, key: str) -> Update:
    """Return the update whose word on a fact holds: the last correction of it, or the update."""
    said = [u for u in moment.corrections if getattr(u.says, key) is not None]
    return said[-1] if said else moment.update


#: Warnings that a build prints: among more than that nobody finds the one that matters.
MOST = 20


def worth_telling(
    problems: Sequence[Problem], newest: Mapping[str, int], *, every: bool = False
) -> tuple[list[Problem], int]:
    """Return what a build prints, in order, and how many files have warnings beside that.

    Every error, and some warnings: what belongs to no story first, then the newest stories.
    """
    errors = [p for p in problems if p.level is Level.ERROR]
    others = [p for p in problems if p.level is not Level.ERROR]
    far = max(newest.values(), default=0) + 1
    others.sort(key=lambda p: (-newest.get(p.path, far), p))
    told = sorted([*errors, *(others if every else others[:MOST])])
    return told, len(_paths(others) - _paths(told))


def _paths(problems: Iterable[Problem]) -> set[str]:
    return {problem.path for problem in problems}
