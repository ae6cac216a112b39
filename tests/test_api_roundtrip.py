"""Real Statuspage documents → incidents → our documents: what comes out is what went in.

Every difference that remains is in `DIFFERENCES` with its reason; any other is a failure. The
incidents are made here, value by value: an importer may decide otherwise.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apis import SITE, files, mistakes, read

from firstword.model import (
    Component,
    ComponentChange,
    ComponentStatus,
    Facts,
    Impact,
    Incident,
    Kind,
    Status,
    Update,
)
from firstword.page import StatusPage

#: Ours, beyond Statuspage's.
OURS = {
    *("author", "next_update_at", "expected_at", "affected", "unaffected", "workaround"),
    *("ended_at", "withdrawn_at", "imported", "body_html", "kind", "corrects", "url"),
}
NAMES = ("emma-2019-incidents", "github-2024-09-incidents")


def instant(text: str) -> datetime:
    """Read Statuspage's time; our updates are kept to the second."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def slug(name: str) -> str:
    """Make a component's id of its name."""
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))


def incident_of(row: dict[str, Any]) -> Incident:
    """Make an incident of Statuspage's values."""
    updates = sorted(row["incident_updates"], key=lambda u: (u["display_at"], u["created_at"]))
    shown: list[datetime] = []
    for update in updates:
        at = instant(update["display_at"])
        shown.append(at if at not in shown else shown[-1] + timedelta(seconds=1))
    return Incident(
        id=row["id"],
        slug=row["id"],
        path=f"content/incidents/{row['id']}.md",
        kind=Kind.INCIDENT,
        first=Facts(title=row["name"], impact=Impact(row["impact"])),
        started=instant(row["started_at"]) if row.get("started_at") else None,
        imported="statuspage",
        updates=tuple(
            Update(
                at=at,
                author="imported",
                status=Status(update["status"]),
                body=update["body"],
                notify=update["deliver_notifications"],
                says=Facts(
                    components=tuple(
                        ComponentChange(slug(c["name"]), ComponentStatus(c["new_status"]))
                        for c in update["affected_components"] or ()
                        if "new_status" in c
                    )
                    or None
                ),
            )
            for at, update in zip(shown, updates, strict=True)
        ),
    )


def place(name: str, index: int, inner: Any) -> str:
    """Name an item of a list: components and updates by what they say, all else by position."""
    if name in {"components", "affected_components"}:
        return str(inner["name"])
    if name == "incident_updates":
        return f"{inner['status']}: {' '.join(words(without_tags(inner['body'])))}"
    return str(index)


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value of a document by its path, lists by position."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, place(path[-1], index, inner)))
    else:
        yield path, value


Told = tuple[tuple[str, ...], Any, Any]


def words(text: str) -> list[str]:
    return text.split()


def same_second(old: Any, new: Any) -> bool:
    return bool(old and new) and instant(old) == instant(new)


def is_time(path: tuple[str, ...]) -> bool:
    return path[-1].endswith("_at")


def list_of(difference: Told) -> str:
    """Name the list in which a value stands; empty for what stands in none."""
    return difference[0][-3] if len(difference[0]) > 2 else ""


#: What still differs: why it does → whether a difference is of that sort.
DIFFERENCES: dict[str, Callable[[Told], bool]] = {
    "ids are made of our own files' ids, as feed entries' are": (
        lambda d: d[0][-1] in {"id", "incident_id", "page_id", "code"}
    ),
    "the short link is our own address": lambda d: d[0][-1] == "shortlink",
    "an update's id is its instant to the second; written in UTC, as the reference advises": (
        lambda d: is_time(d[0]) and same_second(d[1], d[2])
    ),
    "two updates shown in one second are a second apart": (
        lambda d: (
            d[0][-1] in {"display_at", "resolved_at"}
            and instant(d[2]) - instant(d[1]) == timedelta(seconds=1)
        )
    ),
    "an update has one time, when it was shown: not when it was typed in or silently edited": (
        lambda d: d[0][-1] in {"created_at", "updated_at"} and list_of(d) == "incident_updates"
    ),
    "an incident is updated by a word, not when its row is saved": (
        lambda d: d[0][-1] == "updated_at" and list_of(d) == "incidents"
    ),
    "an incident is told from its first word on": (
        lambda d: d[0][-1] == "created_at" and list_of(d) == "incidents"
    ),
    "a component is as old as the first story that names it, and as new as the last": (
        lambda d: d[0][-1] in {"created_at", "updated_at"} and list_of(d) == "components"
    ),
    "components are counted among those that the source names": (
        lambda d: d[0][-1] == "position" and list_of(d) == "components"
    ),
    "a body is plain text, a line for each block; body_html has tags and paragraphs": (
        lambda d: d[0][-1] == "body" and words(without_tags(d[1])) == words(d[2])
    ),
    "no components are null; theirs were a sentence in the place of a component's name": (
        lambda d: (
            "affected_components" in d[0] and d[1] == "No components were affected by this update."
        )
    ),
    "undocumented, and about mail that is not sent from here": (
        lambda d: d[0][-1] == "reminder_intervals"
    ),
    "once a story has named a component, all later updates say how it is": (
        lambda d: d[0][-1] == "affected_components" and d[1] is None
    ),
    "the page is ours": lambda d: d[0] == ("page", "updated_at"),
}


def without_tags(text: str) -> str:
    return re.sub(r"<[^>]*>", " ", text)


def told(source: dict[str, Any]) -> dict[str, Any]:
    """Build our documents of a source and return the incidents.json of it."""
    names = {
        affected["name"]: ""
        for row in source["incidents"]
        for update in row["incident_updates"]
        for affected in update["affected_components"] or ()
    }
    for row in source["incidents"]:
        names |= {c["name"]: c["description"] or "" for c in row.get("components", ())}
    site = replace(
        SITE,
        name=source["page"]["name"],
        url=source["page"]["url"],
        timezone=ZoneInfo(source["page"]["time_zone"]),
        components={
            slug(name): Component(id=slug(name), name=name, description=text)
            for name, text in names.items()
        },
    )
    status = StatusPage.of(site, [incident_of(row) for row in source["incidents"]])
    made = files(status, datetime(2026, 11, 21, tzinfo=UTC))
    assert list(mistakes(made)) == []
    found: dict[str, Any] = read(made, "incidents.json")
    return found


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Told]:
    """Yield every value that did not come out as it went in."""
    found = dict(leaves(new))
    for path, value in leaves(old):
        if found.get(path, "missing") != value:
            yield path, value, found.get(path, "missing")


def test_real_statuspages_come_out_as_they_went_in(corpus: Path) -> None:
    reasons: Counter[str] = Counter()
    unexplained = []
    equal = 0
    for name in NAMES:
        path = corpus / "statuspage-json" / f"{name}.json"
        source = json.loads(path.read_text(encoding="utf-8"))
        different = list(differences(source, told(source)))
        equal += len(list(leaves(source))) - len(different)
        for difference in different:
            why = next((why for why, fits in DIFFERENCES.items() if fits(difference)), None)
            reasons[why or ""] += 1
            if why is None:
                unexplained.append(difference)

    assert unexplained == []
    # A reason that explains nothing any more goes.
    assert set(reasons) == set(DIFFERENCES)
    assert equal > 2000


@pytest.mark.parametrize("name", NAMES)
def test_updates_come_out_in_the_order_they_were_shown_in(corpus: Path, name: str) -> None:
    path = corpus / "statuspage-json" / f"{name}.json"
    source = json.loads(path.read_text(encoding="utf-8"))

    for old, new in zip(source["incidents"], told(source)["incidents"], strict=True):
        shown = sorted(
            old["incident_updates"], key=lambda u: (u["display_at"], u["created_at"]), reverse=True
        )
        assert [u["status"] for u in new["incident_updates"]] == [u["status"] for u in shown]
        assert new["name"] == old["name"]


def test_what_we_add_is_named(corpus: Path) -> None:
    path = corpus / "statuspage-json" / "github-2024-09-incidents.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    old, new = source["incidents"][0], told(source)["incidents"][0]

    assert new.keys() - old.keys() == OURS - {"body_html", "kind", "corrects", "url"}
    assert old.keys() - new.keys() == {"reminder_intervals"}
    [ours, *_], [theirs, *_] = new["incident_updates"], old["incident_updates"]
    assert ours.keys() - theirs.keys() == OURS & ours.keys()
    assert theirs.keys() <= ours.keys()
