"""/status.json and /status.txt: how things stand, for a script and for one screen of a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from firstword import urls
from firstword.api.standing import Standing, owed, signer, standing
from firstword.clock import Clock
from firstword.markup import Markup
from firstword.model import ComponentStatus, Incident
from firstword.page import PromiseKind, StatusPage
from firstword.words import Language, speak

_WIDTH = 78
_HEIGHT = 24
#: Incidents told in full.
_IN_FULL = 2
#: Lines of a person's words when one incident is open, and when more are.
_WORDS = {1: 6, 2: 2}


def status_document(status: StatusPage, build_id: str, clock: Clock) -> dict[str, Any]:
    """Return what /status.json says; ids are the files' own."""
    now = standing(status, clock)
    coming = [i for i in status.maintenance_coming(clock) if not i.drill]
    return {
        "page": {"name": status.site.name, "url": status.site.url},
        "indicator": str(now.indicator),
        "sentence": now.sentence,
        "incidents": [_incident(status, incident) for incident in now.incidents],
        "maintenance": {
            "now": [_maintenance(status, incident) for incident in now.maintenance_now],
            "coming": [_maintenance(status, incident) for incident in coming],
        },
        "newest_update": _newest(status),
        "build_id": build_id,
    }


def _newest(status: StatusPage) -> dict[str, Any] | None:
    """Return what a page that is open in a browser asks for: whether somebody said something."""
    if status.newest_update is None:
        return None
    incident, update = status.newest_update
    return {
        "id": update.id,
        "at": f"{update.at:%Y-%m-%dT%H:%M:%SZ}",
        "incident_id": incident.id,
        "path": urls.update_path(incident, update),
    }


def _story(status: StatusPage, incident: Incident) -> dict[str, Any]:
    newest = incident.updates[-1]
    person = signer(status.site, newest)
    due = owed(status, incident, PromiseKind.NEXT)
    return {
        "id": incident.id,
        "title": incident.title,
        "url": urls.absolute(status.site, urls.incident_path(incident)),
        "status": str(incident.status),
        "update_id": newest.id,
        "updated_at": f"{newest.at:%Y-%m-%dT%H:%M:%SZ}",
        "author": person.shown if person else None,
        "next_update_at": f"{due.at:%Y-%m-%dT%H:%M:%SZ}" if due else None,
    }


def _incident(status: StatusPage, incident: Incident) -> dict[str, Any]:
    return {**_story(status, incident), "impact": str(incident.impact)}


def _maintenance(status: StatusPage, incident: Incident) -> dict[str, Any]:
    start, end = incident.facts.scheduled_for, incident.facts.scheduled_until
    return {
        **_story(status, incident),
        "scheduled_for": f"{start:%Y-%m-%dT%H:%M:%SZ}" if start else None,
        "scheduled_until": f"{end:%Y-%m-%dT%H:%M:%SZ}" if end else None,
    }


def status_text(status: StatusPage, markup: Markup, clock: Clock) -> bytes:
    """Say how things stand on one screen of 24 lines; what there is no room for is counted."""
    now, language = standing(status, clock), speak(status.site)
    full, rest = now.incidents[:_IN_FULL], now.incidents[_IN_FULL:]
    most = _WORDS.get(len(now.incidents), min(_WORDS.values()))
    blocks = [
        [_fit(status.site.name), *_wrapped(language.ended(now.sentence), "", 2)],
        *([*_told(status, markup, incident, clock, most)] for incident in full),
    ]
    room = _HEIGHT - sum(len(block) + 1 for block in blocks) - 1
    lists = (
        [_fit(f"{language.word(i.impact)}: {i.title}") for i in rest],
        [*_planned(status, now, clock)],
        [*_broken(now, language)],
    )
    for items in lists:
        if fitting := _fitting(items, room - 1, language):
            blocks.append(fitting)
            room -= len(fitting) + 1
    blocks.append([urls.absolute(status.site, urls.HOME)])
    return ("\n\n".join("\n".join(block) for block in blocks) + "\n").encode()


def _told(
    status: StatusPage, markup: Markup, incident: Incident, clock: Clock, most: int
) -> Iterator[str]:
    """Yield an open incident: its newest word, who signed it, and when the next one comes."""
    newest, language = incident.updates[-1], speak(status.site)
    person = signer(status.site, newest)
    yield _fit(f"{incident.title} ({language.word(incident.impact)})")
    if newest.body:
        yield from _wrapped(" ".join(markup.plain(newest.body).split()), "  ", most)
    if person:
        who = ", ".join(filter(None, (person.shown, person.role)))
    else:
        who = language.say("Imported from %(place)s", place=incident.imported)
    yield _fit(f"  {language.word(newest.status)}, {language.moment(newest.at)}")
    yield _fit(f"  {who}")
    if due := owed(status, incident, PromiseKind.NEXT):
        by = language.due(due)
        if clock.passed(due.at):
            said = language.say("Next word by %(due)s: none when this was made", due=by)
        else:
            said = language.say("Next word by %(due)s", due=by)
        yield _fit(f"  {said}")
    yield f"  {urls.absolute(status.site, urls.incident_path(incident))}"


def _planned(status: StatusPage, now: Standing, clock: Clock) -> Iterator[str]:
    """Yield maintenance that is going on, that nobody has confirmed, and that is coming."""
    language = speak(status.site)
    for incident in now.maintenance_now:
        yield _fit(language.say("Maintenance now: %(title)s", title=incident.title))
    for incident in status.maintenance_unconfirmed(clock):
        if incident not in now.maintenance_now and not incident.drill:
            title = incident.title
            yield _fit(
                language.say("Maintenance, its end not yet confirmed: %(title)s", title=title)
            )
    for incident in status.maintenance_coming(clock):
        start = incident.facts.scheduled_for
        if start and not incident.drill:
            yield _fit(f"{language.moment(start)}: {incident.title}")


def _broken(now: Standing, language: Language) -> Iterator[str]:
    for state in now.components:
        if state.status is not ComponentStatus.OPERATIONAL:
            yield _fit(f"{state.component.name}: {language.word(state.status)}")


def _fitting(lines: list[str], room: int, language: Language) -> list[str]:
    """Return as many lines as there is room for, the last of which counts what there is more."""
    if len(lines) <= room:
        return lines
    more = language.say_many("and %(count)s more", "and %(count)s more", len(lines) - room + 1)
    return [*lines[: room - 1], more] if room > 0 else []


def _wrapped(text: str, indent: str, most: int) -> list[str]:
    """Break a text into lines; what is too long for the screen is cut, and shows that it is."""
    return textwrap.wrap(
        _printable(text),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        max_lines=most,
        placeholder=" …",
        break_on_hyphens=False,
    )


def _fit(line: str) -> str:
    """Cut a line to the screen, between words where it has any."""
    clean = _printable(line)
    if len(clean) <= _WIDTH:
        return clean
    cut = clean[: _WIDTH - 2]
    return f"{cut.rpartition(' ')[0].rstrip() or cut} …"


def _printable(text: str) -> str:
    """Drop what would steer a terminal: whoever commits an escape sequence must not reach it."""
    return "".join(c if c.isprintable() else " " for c in text)
