"""How the rules spell what they found."""

from __future__ import annotations

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
