"""What changes in the documents for programs when, and what never does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import life
import pytest
from apis import (
    CARD_FRONT,
    CARD_UPDATES,
    EIGHT,
    ROOT,
    SITE,
    TIMELESS,
    at,
    cards,
    document,
    example,
    files,
    move,
    page,
    read,
    story,
    valid_until,
)

from firstword.clock import Clock
from firstword.values import replace

ID = re.compile(r"[0-9a-z]{12}")


# ── ids, bytes and the clock ─────────────────────────────────────────────────────────────────────


def ids(value: Any) -> Iterator[str]:
    """Yield every id of a document."""
    if isinstance(value, dict):
        yield from (
            inner for key, inner in value.items() if key in {"id", "code", "page_id", "group_id"}
        )
        for inner in value.values():
            yield from ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids(inner)


def test_ids_come_from_the_files_own_and_from_nothing_else() -> None:
    now = at("2026-11-24 12:00")
    plain = files(page(cards(), move()), now)
    moved = replace(
        SITE,
        url="http://elsewhere.example/status",
        name="Renamed",
        # Kept, as the feeds' ids are: it says who we were when we began.
        tag_authority=SITE.tag_authority,
        components=dict(reversed(list(SITE.components.items()))),
    )
    retitled = story("cards", CARD_FRONT.replace("Card", "All card"), *CARD_UPDATES)
    other = story("x", CARD_FRONT.replace("title", "id: other\ntitle"), *CARD_UPDATES[:1])
    elsewhere = files(page(other, move(), retitled, site=moved), now)

    for name in EIGHT:
        assert set(ids(read(plain, name))) <= set(ids(read(elsewhere, name))), name
    found = [i for i in ids(read(plain, "incidents.json")) if i]
    assert all(ID.fullmatch(i) for i in found)


def test_one_update_added_and_exactly_these_documents_change() -> None:
    now = at("2026-11-21 10:10")
    other = story(
        "old",
        "title: Slow\nimpact: minor\nstarted: 2026-11-01 09:00",
        "2026-11-01 09:10 | Dawn Okafor | resolved\n\nIt was slow for a minute.",
    )
    before = files(page(cards(2), move(), other), now)
    after = files(page(cards(3), move(), other), now)

    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key]} == {
        # All eight say when the page was last updated.
        *(f"api/v2/{name}" for name in EIGHT),
        "status.json",
        "status.txt",
        "metrics",
        # The update says that checkout is better and the API is not well.
        *("components/checkout/badge.svg", "components/checkout/badge.json"),
        *("components/api/badge.svg", "components/api/badge.json"),
    }


def test_a_plain_update_changes_no_badge_and_no_calendar() -> None:
    now = at("2026-11-21 10:10")
    before, after = files(page(cards(1)), now), files(page(cards(2)), now)

    assert {key for key in before if before[key] != after[key]} == {
        *(f"api/v2/{name}" for name in EIGHT),
        *("status.json", "status.txt", "metrics"),
    }


def test_a_maintenance_that_moves_changes_exactly_these_documents() -> None:
    now = at("2026-11-21 10:10")
    later = "2026-11-21 10:00 | Dawn Okafor | update\nscheduled_until: 2026-11-22 04:00\n\nMore."
    before, after = files(page(cards(1), move()), now), files(page(cards(1), move(later)), now)

    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key]} == {
        *(f"api/v2/{name}" for name in EIGHT),
        *("status.json", "metrics"),
        *("calendar.ics", "components/api/calendar.ics", "maintenance/move/event.ics"),
    }


def test_the_clock_moves_only_what_the_clock_is_the_content_of() -> None:
    status = page(cards(1), move())
    before = files(status, at("2026-11-21 09:30"))
    after = files(status, at("2026-11-22 01:30"))

    assert {key for key in before if before[key] != after[key]} == {
        *("api/v2/summary.json", "api/v2/components.json"),
        "api/v2/scheduled-maintenances/upcoming.json",
        *("status.json", "status.txt", "metrics"),
        *("components/api/badge.svg", "components/api/badge.json"),
    }


@pytest.mark.parametrize("number", range(len(life.steps())))
def test_a_document_holds_until_it_says(number: int) -> None:
    lived = life.published()[number]
    now = lived.step.at
    made, ends = files(lived.page, now), valid_until(lived.page, now)
    moments = sorted({end for end in ends.values() if end})

    for key in TIMELESS:
        assert ends[key] is None, key
    for moment in [m - timedelta(seconds=1) for m in moments] + [now + timedelta(days=400)]:
        later = files(lived.page, moment)
        for key, end in ends.items():
            if end is None or moment < end:
                assert later[key] == made[key], (key, moment)


def test_same_content_same_bytes_in_any_process() -> None:
    program = (
        "import sys, hashlib; sys.path.insert(0, 'tests'); import apis; "
        "made = apis.files(*apis.example()); "
        "print(hashlib.sha256(b''.join(k.encode() + v for k, v in made.items())).hexdigest())"
    )

    def digest(**env: str) -> str:
        shown = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **env},
        )
        return shown.stdout

    assert digest(PYTHONHASHSEED="1", TZ="Asia/Tokyo") == digest(
        PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C"
    )


def test_the_order_of_the_files_plays_no_part() -> None:
    status, now = example()

    assert files(page(*reversed(status.incidents), site=status.site), now) == files(status, now)


def test_a_change_of_impact_or_title_reaches_every_document() -> None:
    worse = (
        "2026-11-21 09:40 | Dawn Okafor | update\nimpact: critical\n"
        "title: No card works\n\nIt is all."
    )
    incident = story("cards", CARD_FRONT, CARD_UPDATES[0], worse)

    [row] = document("summary.json", incident)["incidents"]

    assert (row["name"], row["impact"], row["status"]) == (
        "No card works",
        "critical",
        "investigating",
    )


class Kept:
    """Keeps the text of each name, as another build would find it."""

    keeps = True

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.made: list[str] = []

    def text(
        self,
        name: str,
        story: str,
        make: Callable[[], str],
        clock: Clock | None = None,
        of: Callable[[], bytes] | None = None,
    ) -> str:
        assert (clock, of) == (None, None)
        if name not in self.texts:
            self.made.append(story)
            self.texts[name] = make()
        return self.texts[name]


@pytest.mark.parametrize("name", ["incidents.json", "scheduled-maintenances.json"])
def test_a_story_that_was_spelled_before_is_not_told_again(name: str) -> None:
    """Only who else spoke of its components meanwhile is asked anew."""
    now, kept = at("2026-11-24 12:00"), Kept()
    other = story("x", CARD_FRONT.replace("Card", "Another"), *CARD_UPDATES[:1])
    before, after = (
        replace(page(*told), pieces=kept) for told in ((cards(), move()), (cards(), move(), other))
    )
    first, again = (read(files(status, now), name) for status in (before, before))
    beside = read(files(after, now), name)

    assert first == again
    assert sorted(kept.made) == ["cards", "move", "x"]
    assert beside == read(files(page(cards(), move(), other), now), name)
