"""The JSON Schema of what is under /api/v2/, Statuspage's fields and ours, and of /status.json."""

from __future__ import annotations

from typing import Any

from firstword import urls
from firstword.model import LIFECYCLE, ComponentStatus, Impact, Kind, Site, Status
from firstword.page import Indicator, Measure, Verdict, record

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_BOOL: Json = {"type": "boolean"}
_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_NULL: Json = {"type": "null"}
_ID: Json = {"type": "string", "pattern": "^[0-9a-z]{12}$"}
_ID_OR_NULL: Json = {"type": ["string", "null"], "pattern": "^[0-9a-z]{12}$"}
_ADDRESS: Json = {"type": "string", "format": "uri", "pattern": "^https?://"}
_AT_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
_AT: Json = {"type": "string", "format": "date-time", "pattern": _AT_PATTERN}
_AT_OR_NULL: Json = {"type": ["string", "null"], "format": "date-time", "pattern": _AT_PATTERN}
_SECOND = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"
_COUNT: Json = {"type": "integer", "minimum": 0}

_INCIDENT_STATUSES = ["investigating", "identified", "monitoring", "resolved", "postmortem"]
_MAINTENANCE_STATUSES = ["scheduled", "in_progress", "verifying", "completed"]


def schema(site: Site) -> Json:
    """Return the schema: one definition a document, named by its path."""
    documents = _documents()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": urls.absolute(site, urls.API_SCHEMA),
        "title": "What a Firstword site tells programs",
        "description": "Statuspage's public API v2. What is ours is described; all else is theirs.",
        "anyOf": [{"$ref": f"#/$defs/{_pointer(name)}"} for name in documents],
        "$defs": {**documents, **_parts()},
    }


def _documents() -> Json:
    page = {"page": _ref("page")}
    incidents = {**page, "incidents": _list("incident")}
    planned = {**page, "scheduled_maintenances": _list("scheduled_maintenance")}
    now = {**page, "scheduled_maintenances": _list("scheduled_maintenance_now")}
    return {
        "status.json": _object({**page, "status": _ref("status")}),
        "summary.json": _object(
            {
                **page,
                "components": _list("component"),
                "incidents": _list("incident"),
                "scheduled_maintenances": _list("scheduled_maintenance_now"),
                "status": _ref("status"),
            }
        ),
        "components.json": _object({**page, "components": _list("component")}),
        "incidents.json": _object(incidents),
        "incidents/unresolved.json": _object(incidents),
        "scheduled-maintenances.json": _object(planned),
        "scheduled-maintenances/upcoming.json": _object(now),
        "scheduled-maintenances/active.json": _object(now),
        "record.json": _record(),
        "/status.json": _status_json(),
    }


def _parts() -> Json:
    story = _story()
    window = {
        **story,
        "status": _one_of(_MAINTENANCE_STATUSES),
        "impact": _one_of(["maintenance"]),
        "scheduled_for": _AT,
        "scheduled_until": _AT,
        "cancelled_at": _said("When it was called off; its status is completed.", _AT_OR_NULL),
    }
    where = "Where the clock stands in the planned window: nobody need have said so."
    return {
        "page": _object(
            {"id": _ID, "name": _TEXT, "url": _ADDRESS, "time_zone": _TEXT, "updated_at": _AT}
        ),
        "status": _object(
            {
                "indicator": _one_of([i for i in Indicator if i is not Indicator.MAINTENANCE]),
                "description": _TEXT,
            }
        ),
        "component": _component(),
        "incident": _object(
            {
                **story,
                "status": _one_of(_INCIDENT_STATUSES),
                "impact": _one_of(list(Impact)),
            }
        ),
        "scheduled_maintenance": _object(window),
        "scheduled_maintenance_now": _object(
            {**window, "window": _said(where, _one_of(["coming", "now", "over"]))}
        ),
        "incident_update": _update(),
        "affected_component": _object(
            {
                "code": _ID,
                "name": _TEXT,
                "old_status": _one_of(list(ComponentStatus)),
                "new_status": _one_of(list(ComponentStatus)),
            }
        ),
        "author": {
            "description": "Who signed; null where history was imported and nobody did.",
            "anyOf": [_object({"name": _TEXT, "role": _TEXT}), _NULL],
        },
    }


def _component() -> Json:
    row = {
        "id": _ID,
        "name": _TEXT,
        "status": _one_of(list(ComponentStatus)),
        "created_at": _AT,
        "updated_at": _AT,
        "position": _COUNT,
        "description": _TEXT_OR_NULL,
        "showcase": _BOOL,
        "start_date": {"type": ["string", "null"], "format": "date"},
        "group_id": _ID_OR_NULL,
        "page_id": _ID,
        "group": _BOOL,
        "only_show_if_degraded": _BOOL,
    }
    children = {"type": "array", "items": _ID, "description": "Of a group row: who is in it."}
    return {
        **_object(row),
        "properties": {**row, "components": children},
        "if": {"properties": {"group": {"const": True}}},
        "then": {"required": ["components"]},
        "else": {"properties": {"components": False}},
    }


def _story() -> Json:
    """What incidents and maintenance share."""
    return {
        "id": _ID,
        "name": _TEXT,
        "status": _TEXT,
        "created_at": _AT,
        "updated_at": _AT,
        "monitoring_at": _AT_OR_NULL,
        "resolved_at": _AT_OR_NULL,
        "impact": _TEXT,
        "shortlink": _ADDRESS,
        "started_at": _AT,
        "page_id": _ID,
        "incident_updates": {**_list("incident_update"), "minItems": 1},
        "components": _list("component"),
        "author": _ref("author"),
        "next_update_at": _said("By when the next word is promised and owed.", _AT_OR_NULL),
        "expected_at": _said("By when it is expected to be over.", _AT_OR_NULL),
        "affected": _said("Who is affected, in somebody's words.", _TEXT_OR_NULL),
        "unaffected": _said("Who is not.", _TEXT_OR_NULL),
        "workaround": _said("What readers can do meanwhile.", _TEXT_OR_NULL),
        "ended_at": _said("When it was really over, as stated in the word of it.", _AT_OR_NULL),
        "withdrawn_at": _said("When it was openly taken back; its words stay.", _AT_OR_NULL),
        "imported": _said("Where unsigned history came from.", _TEXT_OR_NULL),
    }


def _update() -> Json:
    return _object(
        {
            "id": _ID,
            "status": _one_of([*_INCIDENT_STATUSES, *_MAINTENANCE_STATUSES]),
            "body": _TEXT,
            "incident_id": _ID,
            "created_at": _AT,
            "updated_at": _AT,
            "display_at": _AT,
            "affected_components": {
                "anyOf": [{**_list("affected_component"), "minItems": 1}, _NULL]
            },
            "deliver_notifications": _BOOL,
            "custom_tweet": _NULL,
            "tweet_id": _NULL,
            "body_html": _said("The body with its links and lists, sanitised.", _TEXT),
            "author": _ref("author"),
            "kind": _said("What was signed; status is what holds after it.", _one_of(_kinds())),
            "corrects": _said("Id of the update this one corrects.", _ID_OR_NULL),
            "next_update_at": _said("By when it promises the next word.", _AT_OR_NULL),
            "expected_at": _said("By when it says that all will be over.", _AT_OR_NULL),
            "url": _said("Its place on the story's page.", _ADDRESS),
        }
    )


def _kinds() -> list[Status]:
    """Return every status an update of an incident or a maintenance can be signed with."""
    told = {*LIFECYCLE[Kind.INCIDENT], *LIFECYCLE[Kind.MAINTENANCE]}
    return [s for s in Status if s in told or s not in LIFECYCLE[Kind.NOTICE]]


def _status_json() -> Json:
    at = {"type": "string", "format": "date-time", "pattern": _SECOND}
    at_or_null = {**at, "type": ["string", "null"]}
    update_id = {"type": "string", "pattern": r"^\d{8}T\d{6}Z$"}
    path = _said("Its place on the story's page, counted from the site's root.", _TEXT)
    newest = _object({"id": update_id, "at": at, "incident_id": _TEXT, "path": path})
    story = {
        "id": _TEXT,
        "title": _TEXT,
        "url": _ADDRESS,
        "status": _TEXT,
        "update_id": update_id,
        "updated_at": at,
        "author": _TEXT_OR_NULL,
        "next_update_at": at_or_null,
    }
    window = _object({**story, "scheduled_for": at_or_null, "scheduled_until": at_or_null})
    windows = {"type": "array", "items": window}
    incident = _object({**story, "impact": _one_of(list(Impact))})
    return _object(
        {
            "page": _object({"name": _TEXT, "url": _ADDRESS}),
            "indicator": _one_of(list(Indicator)),
            "sentence": _TEXT,
            "incidents": {"type": "array", "items": incident},
            "maintenance": _object({"now": windows, "coming": windows}),
            "newest_update": {"anyOf": [newest, _NULL]},
            "build_id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        }
    )


def _record() -> Json:
    """What /api/v2/record.json says; ours, so in the shape of /status.json."""
    at = {"type": "string", "format": "date-time", "pattern": _SECOND}
    seconds = {"type": ["integer", "null"], "minimum": 0}
    measures = {
        str(measure): _object(
            {
                **dict.fromkeys(map(str, record.verdicts(measure)), _COUNT),
                "average_seconds": seconds,
                "longest_seconds": seconds,
            }
        )
        for measure in Measure
    }
    judged = _object(
        {
            "measure": _one_of(list(Measure)),
            "verdict": _one_of(list(Verdict)),
            "due_at": at,
            "late_seconds": seconds,
            "incident_id": _TEXT,
            "update_id": _TEXT,
            "person": _TEXT_OR_NULL,
            "url": _ADDRESS,
        }
    )

    def period(pattern: str) -> Json:
        name = {"type": "string", "pattern": pattern}
        return {"type": "array", "items": _object({"period": name, **measures})}

    return _object(
        {
            "years": period(r"^\d{4}$"),
            "months": _said("The newest 24.", period(r"^\d{4}-\d{2}$")),
            "overdue": _said("The oldest 100.", {"type": "array", "items": judged}),
            "overdue_count": _COUNT,
            "not_kept": _said(
                "Of the newest two months, at most 100.", {"type": "array", "items": judged}
            ),
        }
    )


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _one_of(values: list[Any]) -> Json:
    return {"enum": [str(value) for value in values]}


def _said(description: str, rule: Json) -> Json:
    return {"description": description, **rule}


def _list(name: str) -> Json:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{_pointer(name)}"}


def _pointer(name: str) -> str:
    """Spell a name as part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
