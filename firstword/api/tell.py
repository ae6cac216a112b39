"""Incidents and maintenance with their updates, in Statuspage's shapes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw

from firstword import urls
from firstword.api.rows import Rows, stamp, stamp_or_none
from firstword.api.standing import held_states, owed, signer
from firstword.markup import Markup, plain_text
from firstword.model import ComponentStatus, Due, Incident, Kind, Moment, Status, Update
from firstword.page import PromiseKind, StatusPage

Json = dict[str, Any]
_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(dict[str, ComponentStatus])


class Stories:
    """Tells stories."""

    def __init__(self, status: StatusPage, markup: Markup, rows: Rows) -> None:
        self._status = status
        self._site = status.site
        self._markup = markup
        self._rows = rows

    def story(self, name: str, **more: str) -> Raw:
        """Return a story by its id, Statuspage's fields first and `more` of them last.

        It is spelled already: a document of fifty stories is made again when one of them changes.
        """
        spelled = self._status.pieces.text(f"api/{name}", name, partial(self._spelled, name))
        before, states, after = spelled.split("\n")
        # Not spelled with the rest: they say when anybody last spoke of a component.
        rows = [
            self._rows.row(self._status.component(name), state)
            for name, state in _decoder.decode(states).items()
        ]
        whole = b"".join((before.encode(), _encoder.encode(rows), after.encode()))
        return Raw(b"%s,%s" % (whole[:-1], _encoder.encode(more)[1:]) if more else whole)

    def _spelled(self, name: str) -> str:
        """Spell a story in three lines: the second is what its components were said to be."""
        incident = self._status.stories.get(name)
        if incident is None:
            raise KeyError(name)
        told = self._told(incident)
        if incident.kind is Kind.MAINTENANCE:
            told |= _planned(incident, told)
        states = held_states(incident, incident.now_holds)
        # No line ends elsewhere: JSON spells those of a text.
        told["components"] = Raw(b"\n%s\n" % _encoder.encode(states))
        return _encoder.encode(told).decode()

    def _told(self, incident: Incident) -> Json:
        newest = incident.updates[-1]
        monitoring = [m.update.at for m in incident.timeline if m.update.status == "monitoring"]
        facts = incident.facts
        # Statuspage's instants are those of words; when it was really over is a key of our own.
        ending = stamp_or_none(incident.ending.update.at if incident.ending else None)
        return {
            "id": self._story_id(incident),
            "name": incident.title,
            "status": _status(incident, incident.status),
            "created_at": stamp(incident.announced_at),
            "updated_at": stamp(incident.updated_at),
            "monitoring_at": stamp(monitoring[0]) if monitoring else None,
            "resolved_at": ending,
            "impact": str(incident.impact),
            "shortlink": self._address(urls.incident_path(incident)),
            "started_at": stamp(incident.started_at),
            "page_id": self._rows.page_id,
            "incident_updates": self._updates(incident),
            # Here they stand; what they are comes from elsewhere.
            "components": None,
            "author": self._author(newest),
            "next_update_at": _due(owed(self._status, incident, PromiseKind.NEXT)),
            "expected_at": _due(owed(self._status, incident, PromiseKind.EXPECTED)),
            "affected": facts.affected,
            "unaffected": facts.unaffected,
            "workaround": facts.workaround,
            "ended_at": stamp_or_none(incident.ended_at),
            "withdrawn_at": ending if incident.withdrawn else None,
            "imported": incident.imported or None,
        }

    def _updates(self, incident: Incident) -> list[Json]:
        """Return a story's updates, newest first."""
        befores: list[Moment | None] = [None, *incident.timeline]
        pairs = zip(befores, incident.timeline, strict=False)
        return [self._update(incident, before, moment) for before, moment in pairs][::-1]

    def _update(self, incident: Incident, before: Moment | None, moment: Moment) -> Json:
        update, says = moment.update, moment.says
        plain, html = self._body(incident, update)
        at = stamp(update.at)
        return {
            "id": self._story_id(incident, update),
            "status": _status(incident, moment.status),
            "body": plain,
            "incident_id": self._story_id(incident),
            "created_at": at,
            "updated_at": stamp(moment.corrections[-1].at) if moment.corrections else at,
            "display_at": at,
            "affected_components": self._affected(incident, before, moment),
            "deliver_notifications": update.notify,
            "custom_tweet": None,
            "tweet_id": None,
            "body_html": html,
            "author": self._author(update),
            "kind": str(update.status),
            "corrects": self._corrects(incident, update),
            "next_update_at": _due(says.next),
            "expected_at": _due(says.expected),
            "url": self._address(urls.update_path(incident, update)),
        }

    def _affected(
        self, incident: Incident, before: Moment | None, moment: Moment
    ) -> list[Json] | None:
        """Return the state of every component a story has named, before and after an update."""
        old, new = held_states(incident, before), held_states(incident, moment)
        return [
            {
                "code": self._rows.id(name),
                "name": self._status.component(name).name,
                "old_status": str(old.get(name, ComponentStatus.OPERATIONAL)),
                "new_status": str(state),
            }
            for name, state in new.items()
        ] or None

    def _body(self, incident: Incident, update: Update) -> tuple[str, str]:
        """Return an update's own words as plain text and as HTML that holds anywhere."""
        html = self._markup.html(update.body)
        return plain_text(html), urls.absolute_text(self._site, incident, html)

    def _author(self, update: Update) -> Json | None:
        person = signer(self._site, update)
        return {"name": person.shown, "role": person.role} if person else None

    def _corrects(self, incident: Incident, update: Update) -> str | None:
        corrected = incident.find(update.corrects) if update.corrects else None
        return self._story_id(incident, corrected) if corrected else None

    def _address(self, path: str) -> str:
        return urls.absolute(self._site, path)

    def _story_id(self, incident: Incident, update: Update | None = None) -> str:
        return urls.short_id(urls.entry_id(self._site, incident, update))


def _planned(incident: Incident, told: Json) -> Json:
    """Return what a maintenance says otherwise: its window is the plan's, its status is signed."""
    start, end = window(incident)
    return {
        "impact": "maintenance",
        "started_at": told["created_at"],
        "monitoring_at": None,
        "scheduled_for": stamp(start),
        "scheduled_until": stamp(end),
        "cancelled_at": told["resolved_at"] if incident.status is Status.CANCELLED else None,
    }


def _status(incident: Incident, status: Status) -> str:
    """Return the status held, in Statuspage's words."""
    over = "completed" if incident.kind is Kind.MAINTENANCE else "resolved"
    first = "scheduled" if incident.kind is Kind.MAINTENANCE else "investigating"
    ours = {Status.WITHDRAWN: over, Status.CANCELLED: over, Status.UPDATE: first}
    return str(ours.get(status, status))


def window(incident: Incident) -> tuple[datetime, datetime]:
    """Return the planned start and end."""
    start = incident.facts.scheduled_for or incident.started_at
    return start, incident.facts.scheduled_until or start


def _due(due: Due | None) -> str | None:
    return stamp(due.at) if due else None
