"""Statuspage's API v2: every field of ../shared/reference/statuspage-v2.md, over all we have."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import life
import pytest
from apis import EIGHT, ROOT, SITE, at, example, files, mistakes, page, read
from jsonschema import Draft202012Validator
from sites import CARDS, CARDS_FILE, RESOLVED, SmallSite
from test_corpus import EMPTY

from firstword.api.schema import schema
from firstword.content import load, scan
from firstword.headers import headers_for
from firstword.page import StatusPage
from firstword.settings import load_settings, read_site

# ── every field, over everything we have ─────────────────────────────────────────────────────────

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[0-9a-z]{12}")
COMPONENT_STATES = {
    *("operational", "degraded_performance", "partial_outage", "major_outage"),
    "under_maintenance",
}


def text(value: Any) -> bool:
    return isinstance(value, str)


def text_or_null(value: Any) -> bool:
    return value is None or text(value)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def stamp(value: Any) -> bool:
    return text(value) and bool(STAMP.fullmatch(value))


def stamp_or_null(value: Any) -> bool:
    return value is None or stamp(value)


def identity(value: Any) -> bool:
    return text(value) and bool(ID.fullmatch(value))


def one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


#: Statuspage's fields with what each may hold, as its documentation has them (reference, §2.2).
PAGE = {"id": identity, "name": text, "url": text, "time_zone": text, "updated_at": stamp}
STATUS = {"indicator": one_of("none", "minor", "major", "critical"), "description": text}
COMPONENT = {
    "id": identity,
    "name": text,
    "status": lambda value: value in COMPONENT_STATES,
    "created_at": stamp,
    "updated_at": stamp,
    "position": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "description": text_or_null,
    "showcase": flag,
    "start_date": lambda value: value is None or re.fullmatch(r"\d{4}-\d\d-\d\d", value),
    "group_id": lambda value: value is None or identity(value),
    "page_id": identity,
    "group": flag,
    "only_show_if_degraded": flag,
}
INCIDENT = {
    "id": identity,
    "name": text,
    "page_id": identity,
    "shortlink": lambda value: value.startswith("https://"),
    "status": one_of("investigating", "identified", "monitoring", "resolved", "postmortem"),
    "impact": one_of("none", "minor", "major", "critical"),
    "created_at": stamp,
    "updated_at": stamp,
    "started_at": stamp,
    "monitoring_at": stamp_or_null,
    "resolved_at": stamp_or_null,
    "incident_updates": lambda value: isinstance(value, list) and value,
    "components": lambda value: isinstance(value, list),
}
MAINTENANCE = {
    **INCIDENT,
    "status": one_of("scheduled", "in_progress", "verifying", "completed"),
    "impact": one_of("maintenance"),
    "scheduled_for": stamp,
    "scheduled_until": stamp,
}
UPDATE = {
    "id": identity,
    "body": text,
    "incident_id": identity,
    "created_at": stamp,
    "updated_at": stamp,
    "display_at": stamp,
    "affected_components": lambda value: value is None or (isinstance(value, list) and value),
    "deliver_notifications": flag,
    "custom_tweet": text_or_null,
    "tweet_id": lambda value: value is None or isinstance(value, int),
}
AFFECTED = {
    "code": identity,
    "name": text,
    "old_status": lambda value: value in COMPONENT_STATES,
    "new_status": lambda value: value in COMPONENT_STATES,
}
#: Document → its keys (reference, §2.1).
KEYS = {
    "status.json": ["page", "status"],
    "summary.json": ["page", "components", "incidents", "scheduled_maintenances", "status"],
    "components.json": ["page", "components"],
    "incidents.json": ["page", "incidents"],
    "incidents/unresolved.json": ["page", "incidents"],
    "scheduled-maintenances.json": ["page", "scheduled_maintenances"],
    "scheduled-maintenances/upcoming.json": ["page", "scheduled_maintenances"],
    "scheduled-maintenances/active.json": ["page", "scheduled_maintenances"],
}
#: Document → the states it lists.
LISTS = {
    "summary.json": {
        *("investigating", "identified", "monitoring"),
        *("scheduled", "in_progress", "verifying"),
    },
    "incidents/unresolved.json": {"investigating", "identified", "monitoring"},
    "scheduled-maintenances/upcoming.json": {"scheduled"},
    "scheduled-maintenances/active.json": {"in_progress", "verifying"},
}


def hold(row: dict[str, Any], fields: Mapping[str, Callable[[Any], Any]], where: str) -> None:
    """Hold one object against a table of fields."""
    for name, fits in fields.items():
        assert name in row, f"{where}: no {name!r}"
        assert fits(row[name]), f"{where}: {name!r} is {row[name]!r}"


def hold_story(row: dict[str, Any], fields: Mapping[str, Callable[[Any], Any]], where: str) -> None:
    """Hold a story, its components and its updates; the updates are newest first."""
    hold(row, fields, where)
    for component in row["components"]:
        hold(component, COMPONENT, where)
    stamps = [update["display_at"] for update in row["incident_updates"]]
    assert stamps == sorted(stamps, reverse=True), where
    assert row["created_at"] == stamps[-1]
    assert row["updated_at"] == stamps[0]
    assert row["incident_updates"][0]["status"] == row["status"], where
    for update in row["incident_updates"]:
        hold(update, {**UPDATE, "status": fields["status"]}, where)
        assert update["incident_id"] == row["id"]
        for affected in update["affected_components"] or ():
            hold(affected, AFFECTED, where)


def hold_document(name: str, found: dict[str, Any]) -> None:
    """Hold one of the eight documents against Statuspage's documentation."""
    assert list(found) == KEYS[name]
    hold(found["page"], PAGE, name)
    if "status" in found:
        hold(found["status"], STATUS, name)
    rows = found.get("components", [])
    for row in rows:
        hold(row, COMPONENT, name)
        children = [r["id"] for r in rows if r["group_id"] == row["id"]]
        assert row.get("components") == (children if row["group"] else None)
    for row in found.get("incidents", ()):
        hold_story(row, INCIDENT, name)
    for row in found.get("scheduled_maintenances", ()):
        hold_story(row, MAINTENANCE, name)
    stories = [*found.get("incidents", ()), *found.get("scheduled_maintenances", ())]
    if name in LISTS:
        assert {row["status"] for row in stories} <= LISTS[name]
    else:
        assert len(stories) <= 50
    assert len({row["id"] for row in [*stories, *rows]}) == len(stories) + len(rows)


def hold_all(made: dict[str, bytes]) -> None:
    """Hold all eight documents against the documentation and against our own schema."""
    for name in EIGHT:
        hold_document(name, read(made, name))
    assert list(mistakes(made)) == []


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema(SITE))


def test_the_example_site_has_every_field() -> None:
    status, now = example()

    made = files(status, now)

    hold_all(made)
    assert len(read(made, "incidents.json")["incidents"]) > 3


@pytest.mark.parametrize("number", range(len(life.steps())))
def test_every_step_of_a_life_has_every_field(number: int) -> None:
    lived = life.published()[number]

    hold_all(files(lived.page, lived.step.at))


def test_a_site_without_a_word_has_every_field_too() -> None:
    made = files(page(), at("2026-11-21 12:00"))

    hold_all(made)
    assert read(made, "incidents.json")["incidents"] == []
    assert read(made, "status.json")["page"]["updated_at"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "told"),
    [("packit-status", 50), ("x4b-status", 50), ("cstate-format-samples/exampleSite", 8)],
)
def test_a_real_history_has_every_field(corpus: Path, tmp_path: Path, name: str, told: int) -> None:
    imported = imported_page(tmp_path, corpus / name)

    made = files(imported, at("2026-11-21 12:00"))

    hold_all(made)
    found = read(made, "incidents.json")["incidents"]
    assert len(found) == told
    assert {u["author"] for i in found for u in i["incident_updates"]} == {None}
    assert {i["imported"] for i in found} == {"cstate"}


def imported_page(folder: Path, source: Path) -> StatusPage:
    """Import a foreign site with the real command, and read what came of it."""
    site = SmallSite.make(folder / "site", {"pelicanconf.py": EMPTY})
    assert site.firstword("import", "cstate", str(source)).code == 0
    settings = read_site(load_settings(site.root / "pelicanconf.py"))
    found, _ = scan(site.root, site.root / "content")
    content = load(found, settings, at("2026-11-21 12:00"))
    assert content.held == ()
    return StatusPage.of(settings, content.published(settings))


# ── the built site ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def built(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site")
    assert site.pelican().code == 0
    return site


TYPES = {
    "json": "application/json; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "metrics": "text/plain; version=0.0.4; charset=utf-8",
}


def test_a_build_makes_every_document_and_each_is_served_as_what_it_is(built: SmallSite) -> None:
    made = {
        key for key in built.files("output") if not key.endswith((".html", ".atom", ".rss"))
    } - {key for key in built.files("output") if key.startswith(("feeds/", "sitemap", "robots"))}

    assert made == {
        *(f"api/v2/{name}" for name in EIGHT),
        *("api/v2/schema.json", "api/v2/record.json", "status.json", "status.txt"),
        *("metrics", "calendar.ics"),
        *("badge.svg", "badge.json"),
        *(
            f"components/{name}/{file}"
            for name in ("api", "checkout")
            for file in ("badge.svg", "badge.json", "calendar.ics")
        ),
    }
    assert {key: headers_for(key)[0] for key in made} == {
        key: TYPES[key.rsplit(".", 1)[-1]] for key in made
    }


def test_status_json_names_the_build_and_does_not_count_in_it(built: SmallSite) -> None:
    stamp = json.loads(built.page(".build.json", "output"))
    outputs = built.files("output")
    buckets: dict[int, str] = {}
    for key, data in sorted(outputs.items()):
        if key != "status.json":
            bucket = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % 1024
            line = f"{key}\0{hashlib.sha256(data).hexdigest()}\n"
            buckets[bucket] = buckets.get(bucket, "") + line
    counted = "".join(
        f"{bucket}\0{hashlib.sha256(lines.encode()).hexdigest()}\n"
        for bucket, lines in sorted(buckets.items())
    )

    assert json.loads(outputs["status.json"])["build_id"] == stamp["build_id"]
    assert stamp["build_id"] == hashlib.sha256(counted.encode()).hexdigest()
    assert stamp["counts"]["files"] == len(outputs)


def test_status_json_is_published_and_goes_when_nothing_changes(built: SmallSite) -> None:
    built.publish()
    first = built.page("status.json")
    again = built.publish()
    built.write(CARDS_FILE, CARDS + RESOLVED)
    built.publish()

    assert again.out.splitlines()[-1].startswith("live already: nothing to send")
    assert built.page("status.json") != first
    assert '"incidents": []' in built.page("status.json")


def test_the_docs_name_every_key_of_ours() -> None:
    docs = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = docs.partition("### Keys of ours")[2].partition("## /status.json")[0]
    cells = re.findall(r"^\|[^|]+\|([^|]+)\|", table, re.MULTILINE)
    documented = set(re.findall(r"`(\w+)`", "".join(cells)))
    theirs = {*INCIDENT, *MAINTENANCE, *UPDATE, "status"}
    parts = schema(SITE)["$defs"]
    all_of_it = {
        key
        for name in ("incident", "scheduled_maintenance_now", "incident_update")
        for key in parts[name]["properties"]
    }

    assert documented == all_of_it - theirs
