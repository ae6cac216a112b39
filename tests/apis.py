"""What the tests of `api` share: its documents as values, the example site, and small stories."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from firstword import urls
from firstword.api import build_api, status_json, story_documents
from firstword.api.schema import schema
from firstword.clock import Clock
from firstword.content import load, scan
from firstword.markup import Markup
from firstword.model import Incident, Site
from firstword.page import StatusPage
from firstword.parse import parse, parse_time
from firstword.settings import load_settings, read_site

ROOT = Path(__file__).resolve().parent.parent

SITE = read_site(
    {
        "SITENAME": "Acme status",
        "SITEURL": "https://status.acme.example",
        "TIMEZONE": "Europe/Copenhagen",
        "DRILLS": True,
        "PEOPLE": [
            {"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"},
            {
                "name": "Priya Nair",
                "shown": "Priya",
                "role": "Care",
                "address": "care@acme.example",
            },
        ],
        "COMPONENTS": [
            {"id": "checkout", "name": "Checkout", "group": "Shop"},
            {"id": "api", "name": "API", "description": "For partners"},
            {"id": "stock", "name": "Stock", "group": "Shop"},
            {"id": "fax", "name": "Fax", "retired": True},
        ],
    }
)

#: The eight, in the order of Statuspage's own documentation.
EIGHT = (
    *("summary.json", "status.json", "components.json"),
    *("incidents/unresolved.json", "incidents.json"),
    *("scheduled-maintenances/upcoming.json", "scheduled-maintenances/active.json"),
    "scheduled-maintenances.json",
)
#: Documents that nothing but content changes.
TIMELESS = (
    *("api/v2/incidents.json", "api/v2/incidents/unresolved.json"),
    *("api/v2/scheduled-maintenances.json", "api/v2/schema.json", "calendar.ics"),
)


def at(text: str) -> datetime:
    """Read a time of the site, as UTC."""
    return parse_time(text, SITE.timezone)


def story(slug: str, front: str, *updates: str, site: Site = SITE) -> Incident:
    """Return the story of a file: front matter lines, then updates without their `## `."""
    text = f"---\n{front.strip()}\n---\n\n" + "".join(f"## {u.strip()}\n\n" for u in updates)
    parsed = parse(text.encode(), f"content/incidents/{slug}.md", site.timezone)
    assert parsed.incident, parsed.problems
    return parsed.incident


def page(*told: Incident, site: Site = SITE) -> StatusPage:
    """Return the page of some stories."""
    return StatusPage.of(site, told)


def markup_of(status: StatusPage) -> Markup:
    """Return what renders the stories' texts, links between stories included."""
    return Markup({i.slug: urls.incident_path(i) for i in status.incidents}.get)


def files(status: StatusPage, now: datetime, build_id: str = "0" * 64) -> dict[str, bytes]:
    """Return every document by its key."""
    markup = markup_of(status)
    made = list(build_api(status, markup, lambda: Clock(now)))
    for incident in status.incidents:
        made += story_documents(status, markup, incident)
    made.append(status_json(status, build_id, Clock(now)))
    assert len({file.key for file in made}) == len(made)
    return {file.key: file.data for file in made}


def valid_until(status: StatusPage, now: datetime) -> dict[str, datetime | None]:
    """Return until when each document holds."""
    made = list(build_api(status, markup_of(status), lambda: Clock(now)))
    made.append(status_json(status, "0" * 64, Clock(now)))
    return {file.key: file.valid_until for file in made}


def read(made: Mapping[str, bytes], name: str) -> Any:
    """Return one of the eight documents, or any other JSON, as values."""
    return json.loads(made.get(urls.API + name) or made[name])


def document(name: str, *told: Incident, now: str = "2026-11-21 12:00") -> Any:
    """Return one document of some stories at a time of the site."""
    return read(files(page(*told), at(now)), name)


@cache
def example() -> tuple[StatusPage, datetime]:
    """Return the example site and its stopped clock."""
    site = read_site(load_settings(ROOT / "pelicanconf.py"))
    found, _ = scan(ROOT, ROOT / "content")
    assert site.pinned_clock
    content = load(found, site, site.pinned_clock)
    assert content.held == ()
    return StatusPage.of(site, content.published(site)), site.pinned_clock


@cache
def _validator(name: str) -> Draft202012Validator:
    """Return what holds a document against the schema, with nothing undocumented let through."""
    closed = _closed(copy.deepcopy(schema(SITE)))
    return Draft202012Validator(
        {**closed, "anyOf": [{"$ref": f"#/$defs/{name.replace('/', '~1')}"}]},
        format_checker=FormatChecker(),
    )


def _closed(node: Any) -> Any:
    """Forbid every key that a schema does not name."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            node["additionalProperties"] = False
        for inner in node.values():
            _closed(inner)
    elif isinstance(node, list):
        for inner in node:
            _closed(inner)
    return node


def mistakes(made: Mapping[str, bytes]) -> Iterable[str]:
    """Yield what the schema finds wrong in the eight documents, the record and /status.json."""
    for name in (*EIGHT, "record.json", "/status.json"):
        data = made[name.lstrip("/")] if name.startswith("/") else made[urls.API + name]
        for error in _validator(name).iter_errors(json.loads(data)):
            yield f"{name}: {error.json_path}: {error.message[:200]}"


# ── two stories ──────────────────────────────────────────────────────────────────────────────────

CARD_FRONT = """
title: Card payments fail
impact: major
started: 2026-11-21 09:12
components: [checkout]
affected: Anyone paying by card.
"""
CARD_UPDATES = (
    """2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00

One payment in five is refused. *Nobody* lost money; see [help](/help/) and [below](#u-1).""",
    """2026-11-21 09:55 | Priya Nair | answer

> Was I charged twice?

No.""",
    """2026-11-21 10:05 | Dawn Okafor | identified
components: checkout degraded_performance, api
next: 11:00
expected: 2026-11-21 14:00

The bank changed a certificate.""",
    """2026-11-21 10:20 | Dawn Okafor | correction
corrects: 2026-11-21 09:20

It is one in four.""",
    """2026-11-21 11:10 | Priya Nair | monitoring
notify: no

It holds.""",
    """2026-11-21 11:40 | Dawn Okafor | resolved
ended: 2026-11-21 11:31

All cards work.""",
)
MOVE_FRONT = """
title: The API moves
kind: maintenance
scheduled_for: 2026-11-22 01:00
scheduled_until: 2026-11-22 03:00
components: [api]
"""
PLANNED = "2026-11-20 10:00 | Dawn Okafor | scheduled\n\nFor two hours the API is closed."


def cards(count: int = len(CARD_UPDATES)) -> Incident:
    """Return the story of the cards after some of its updates."""
    return story("cards", CARD_FRONT, *CARD_UPDATES[:count])


def move(*updates: str) -> Incident:
    """Return the maintenance after its announcement and more."""
    return story("move", MOVE_FRONT, PLANNED, *updates)
