"""Statuspage's API v2: which words, states and instants an update comes out with."""

from __future__ import annotations

import pytest
from apis import (
    CARD_FRONT,
    CARD_UPDATES,
    EIGHT,
    at,
    cards,
    document,
    files,
    move,
    page,
    read,
    story,
)

from firstword.values import replace

# ── incidents ────────────────────────────────────────────────────────────────────────────────────


def test_an_incident_says_what_held_and_when() -> None:
    [found] = document("incidents.json", cards(), now="2026-11-21 12:00")["incidents"]
    updates = found.pop("incident_updates")
    components = found.pop("components")

    assert found == {
        "id": "z85dbsazs7wl",
        "name": "Card payments fail",
        "status": "resolved",
        "created_at": "2026-11-21T08:20:00.000Z",
        "updated_at": "2026-11-21T10:40:00.000Z",
        "monitoring_at": "2026-11-21T10:10:00.000Z",
        "resolved_at": "2026-11-21T10:40:00.000Z",
        "impact": "major",
        "shortlink": "https://status.acme.example/incidents/cards/",
        "started_at": "2026-11-21T08:12:00.000Z",
        "page_id": "1f92v0blyq9u",
        "author": {"name": "Dawn Okafor", "role": "Engineer"},
        "next_update_at": None,
        "expected_at": None,
        "affected": "Anyone paying by card.",
        "unaffected": None,
        "workaround": None,
        "ended_at": "2026-11-21T10:31:00.000Z",
        "withdrawn_at": None,
        "imported": None,
    }
    assert [(u["status"], u["kind"]) for u in updates] == [
        ("resolved", "resolved"),
        ("monitoring", "monitoring"),
        ("identified", "correction"),
        ("identified", "identified"),
        ("investigating", "answer"),
        ("investigating", "investigating"),
    ]
    assert [(c["name"], c["status"]) for c in components] == [
        ("Checkout", "operational"),
        ("API", "operational"),
    ]


def test_an_update_carries_the_words_and_who_signed_them() -> None:
    [found] = document("incidents.json", cards())["incidents"]
    resolved, monitoring, correction, identified, answer, first = found["incident_updates"]

    assert first == {
        "id": first["id"],
        "status": "investigating",
        "body": "One payment in five is refused. Nobody lost money; see help and below.",
        "incident_id": found["id"],
        "created_at": "2026-11-21T08:20:00.000Z",
        # It was corrected since.
        "updated_at": "2026-11-21T09:20:00.000Z",
        "display_at": "2026-11-21T08:20:00.000Z",
        "affected_components": [
            {
                "code": found["components"][0]["id"],
                "name": "Checkout",
                "old_status": "operational",
                "new_status": "partial_outage",
            }
        ],
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
        "body_html": '<p>One payment in five is refused. <em>Nobody</em> lost money; see <a href="'
        'https://status.acme.example/help/" rel="noopener">help</a> and <a href="'
        'https://status.acme.example/incidents/cards/#u-1" rel="noopener">below</a>.</p>',
        "author": {"name": "Dawn Okafor", "role": "Engineer"},
        "kind": "investigating",
        "corrects": None,
        "next_update_at": "2026-11-21T09:00:00.000Z",
        "expected_at": None,
        "url": "https://status.acme.example/incidents/cards/#u-20261121T082000Z",
    }
    assert correction["corrects"] == first["id"]
    # Somebody who is safer so is shown by first name.
    assert answer["author"] == {"name": "Priya", "role": "Care"}
    assert identified["expected_at"] == "2026-11-21T13:00:00.000Z"
    assert [c["old_status"] + " " + c["new_status"] for c in identified["affected_components"]] == [
        "partial_outage degraded_performance",
        "operational partial_outage",
    ]
    assert not monitoring["deliver_notifications"]
    assert [c["new_status"] for c in resolved["affected_components"]] == ["operational"] * 2


def test_what_is_owed_rides_along_while_it_is_open() -> None:
    [found] = document("incidents/unresolved.json", cards(3))["incidents"]

    assert (found["next_update_at"], found["expected_at"]) == (
        "2026-11-21T10:00:00.000Z",
        "2026-11-21T13:00:00.000Z",
    )


def test_reopening_takes_the_end_back_and_a_postmortem_keeps_it() -> None:
    again = "2026-11-21 13:00 | Dawn Okafor | investigating\n\nIt is back."
    over = "2026-11-21 14:00 | Dawn Okafor | resolved\n\nGone."
    told = "2026-11-23 14:00 | Dawn Okafor | postmortem\n\nWhy it happened."

    def at_end(*more: str) -> tuple[str, str | None]:
        incident = story("cards", CARD_FRONT, *CARD_UPDATES, *more)
        [found] = document("incidents.json", incident, now="2026-11-24 12:00")["incidents"]
        return found["status"], found["resolved_at"]

    assert at_end(again) == ("investigating", None)
    assert at_end(again, over) == ("resolved", "2026-11-21T13:00:00.000Z")
    assert at_end(again, over, told) == ("postmortem", "2026-11-21T13:00:00.000Z")


def test_what_is_withdrawn_is_over_and_says_so() -> None:
    back = "2026-11-21 12:00 | Dawn Okafor | withdrawn\n\nIt was our own test card."
    incident = story("cards", CARD_FRONT, *CARD_UPDATES[:1], back)

    [found] = document("incidents.json", incident, now="2026-11-21 13:00")["incidents"]

    assert (found["status"], found["withdrawn_at"]) == ("resolved", "2026-11-21T11:00:00.000Z")
    assert found["incident_updates"][0]["kind"] == "withdrawn"
    assert document("incidents/unresolved.json", incident)["incidents"] == []


def test_the_fifty_newest_are_listed_newest_first() -> None:
    many = [
        story(
            f"s{day:02}{hour}",
            f"title: T\nimpact: minor\nstarted: 2026-10-{day:02} 0{hour}:00",
            f"2026-10-{day:02} 0{hour}:30 | Dawn Okafor | investigating\n\nWe look.",
            f"2026-10-{day:02} 0{hour}:50 | Dawn Okafor | resolved\n\nIt works.",
        )
        for day in range(1, 31)
        for hour in (3, 5)
    ]

    found = document("incidents.json", *reversed(many))["incidents"]

    starts = [row["started_at"] for row in found]
    assert len(found) == 50
    assert starts == sorted(starts, reverse=True)
    assert starts[0] == "2026-10-30T04:00:00.000Z"


def test_drills_and_notices_are_no_incidents() -> None:
    drill = replace(cards(2), id="drill", slug="drill", drill=True)
    notice = story(
        "late",
        "title: Parcels are late\nkind: notice\nabout: delay\ncomponents: [stock]",
        "2026-11-20 10:00 | Dawn Okafor | published\ncomponents: stock degraded_performance\n\n"
        "Parcels take two days longer.",
    )

    made = files(page(drill, notice), at("2026-11-21 12:00"))

    assert read(made, "incidents.json")["incidents"] == []
    assert read(made, "status.json")["status"]["indicator"] == "minor"
    assert b"Card payments" not in b"".join(made.values())
    # A notice that says how a component is moves the component.
    states = {r["name"]: r["status"] for r in read(made, "components.json")["components"]}
    assert states["Stock"] == "degraded_performance"
    # No incident is made of it, in any of the documents.
    assert all("Parcels" not in made[f"api/v2/{name}"].decode() for name in EIGHT)


# ── maintenance ──────────────────────────────────────────────────────────────────────────────────

BEGUN = "2026-11-22 01:05 | Dawn Okafor | in_progress\n\nIt has begun."
CHECKING = "2026-11-22 02:30 | Dawn Okafor | verifying\n\nWe count."
ENDED = "2026-11-22 02:50 | Dawn Okafor | completed\n\nAll is there."
OFF = "2026-11-21 18:00 | Dawn Okafor | cancelled\n\nNot tonight."


@pytest.mark.parametrize(
    ("updates", "now", "where", "status", "window"),
    [
        ((), "2026-11-21 12:00", "upcoming", "scheduled", "coming"),
        # The clock opens the window, but only a signature moves the status.
        ((), "2026-11-22 01:00", "upcoming", "scheduled", "now"),
        ((), "2026-11-22 03:00", "upcoming", "scheduled", "over"),
        ((BEGUN,), "2026-11-22 01:10", "active", "in_progress", "now"),
        ((BEGUN, CHECKING), "2026-11-22 03:30", "active", "verifying", "now"),
        ((BEGUN, CHECKING, ENDED), "2026-11-22 03:30", None, "completed", None),
        ((OFF,), "2026-11-21 19:00", None, "completed", None),
    ],
)
def test_maintenance_is_where_its_signatures_put_it(
    updates: tuple[str, ...], now: str, where: str | None, status: str, window: str | None
) -> None:
    made = files(page(move(*updates)), at(now))

    listed = {
        name: read(made, f"scheduled-maintenances/{name}.json")["scheduled_maintenances"]
        for name in ("upcoming", "active")
    }
    [row] = read(made, "scheduled-maintenances.json")["scheduled_maintenances"]
    assert {name for name, rows in listed.items() if rows} == ({where} if where else set())
    assert row["status"] == status
    assert "window" not in row
    summary = read(made, "summary.json")["scheduled_maintenances"]
    assert [(r["status"], r["window"]) for r in summary] == ([(status, window)] if where else [])


def test_a_cancelled_maintenance_is_completed_and_says_when() -> None:
    [row] = document("scheduled-maintenances.json", move(OFF))["scheduled_maintenances"]

    assert (row["status"], row["cancelled_at"], row["resolved_at"]) == (
        "completed",
        "2026-11-21T17:00:00.000Z",
        "2026-11-21T17:00:00.000Z",
    )
    assert (row["started_at"], row["impact"]) == ("2026-11-20T09:00:00.000Z", "maintenance")
    assert row["incident_updates"][0]["kind"] == "cancelled"


def test_the_clock_moves_the_components_of_a_maintenance() -> None:
    def state(now: str, *updates: str) -> tuple[str, str, str]:
        made = files(page(move(*updates)), at(now))
        rows = {r["name"]: r["status"] for r in read(made, "components.json")["components"]}
        rollup = read(made, "status.json")["status"]
        return rows["API"], rollup["indicator"], rollup["description"]

    assert state("2026-11-22 00:59") == ("operational", "none", "No problem reported by us")
    works_on = ("under_maintenance", "none", "Service Under Maintenance")
    assert state("2026-11-22 01:00") == works_on
    assert state("2026-11-22 03:00") == ("operational", "none", "No problem reported by us")
    assert state("2026-11-22 03:30", BEGUN) == works_on


# ── components and the rollup ────────────────────────────────────────────────────────────────────


def test_components_stand_under_a_row_for_their_group() -> None:
    rows = document("components.json", cards(1))["components"]

    shop = rows[0]["id"]
    assert [(r["name"], r["position"], r["group"], r["group_id"], r["status"]) for r in rows] == [
        ("Shop", 1, True, None, "partial_outage"),
        ("Checkout", 1, False, shop, "partial_outage"),
        ("Stock", 2, False, shop, "operational"),
        ("API", 2, False, None, "operational"),
    ]
    assert rows[0]["components"] == [rows[1]["id"], rows[2]["id"]]
    assert [r["description"] for r in rows] == [None, None, None, "For partners"]
    # Named for the first time, and told of for the last, on 21 November.
    assert rows[1]["updated_at"] == "2026-11-21T08:20:00.000Z"
    assert rows[2]["updated_at"] == rows[2]["created_at"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("impact", "state", "indicator", "description"),
    [
        ("none", "operational", "none", "T"),
        ("minor", "operational", "minor", "Minor Service Outage"),
        ("none", "degraded_performance", "minor", "Partially Degraded Service"),
        ("minor", "partial_outage", "major", "Partial System Outage"),
        ("major", "degraded_performance", "major", "Partial System Outage"),
        ("none", "major_outage", "critical", "Major Service Outage"),
        ("critical", "operational", "critical", "Major Service Outage"),
        ("none", "under_maintenance", "none", "Service Under Maintenance"),
    ],
)
def test_the_indicator_is_the_worst_that_is_said(
    impact: str, state: str, indicator: str, description: str
) -> None:
    incident = story(
        "t",
        f"title: T\nimpact: {impact}\nstarted: 2026-11-21 09:00",
        f"2026-11-21 09:10 | Dawn Okafor | investigating\ncomponents: api {state}\n\nWe look.",
    )

    assert document("status.json", incident)["status"] == {
        "indicator": indicator,
        "description": description,
    }


def test_a_quiet_page_claims_no_more_than_that_nobody_has_reported_anything() -> None:
    found = document("status.json", cards(), now="2026-11-24 12:00")["status"]

    assert found == {
        "indicator": "none",
        "description": "No problem reported by us since 21 November 2026",
    }
