"""Which feeds there are, what stands in each, and which of them a new update changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from feedjudges import by_id, check, entries
from feedstories import CARDS, SETTINGS, SITE, STOOLS, STORIES, build, incidents, read

from firstword import urls
from firstword.headers import headers_for
from firstword.model import Facts, Incident, Status, Update
from firstword.settings import read_site
from firstword.values import replace

CHECKOUT = "components/checkout/updates.atom"
API = "components/api/updates.atom"


def titles(data: bytes) -> list[str]:
    """Return the titles of the entries, newest first."""
    return [entry.title for entry in entries(data)]


def test_the_feeds_of_a_site() -> None:
    assert {key: headers_for(key)[0] for key in build(incidents())} == {
        "feeds/updates.atom": "application/atom+xml; charset=utf-8",
        "feeds/updates.rss": "application/rss+xml; charset=utf-8",
        "feeds/updates.json": "application/feed+json; charset=utf-8",
        "feeds/incidents.atom": "application/atom+xml; charset=utf-8",
        "feeds/incidents.rss": "application/rss+xml; charset=utf-8",
        "history.atom": "application/atom+xml; charset=utf-8",
        "history.rss": "application/rss+xml; charset=utf-8",
        "feeds/notices.atom": "application/atom+xml; charset=utf-8",
        "feeds/notices.rss": "application/rss+xml; charset=utf-8",
        "components/checkout/updates.atom": "application/atom+xml; charset=utf-8",
        "components/checkout/updates.rss": "application/rss+xml; charset=utf-8",
        "components/api/updates.atom": "application/atom+xml; charset=utf-8",
        "components/api/updates.rss": "application/rss+xml; charset=utf-8",
    }


def test_statuspage_s_addresses_have_the_incidents() -> None:
    feeds = build(incidents())

    for form in ("atom", "rss"):
        here, there = feeds[f"history.{form}"], feeds[f"feeds/incidents.{form}"]
        # The address of the document itself is all that differs.
        assert here.replace(b"/history.", b"/feeds/incidents.") == there
        assert here != there


def test_a_component_has_what_was_said_since_it_was_named() -> None:
    feeds = build(incidents())

    assert titles(feeds[CHECKOUT]) == [
        "[Update] Every second card payment fails",
        "[Explained] Every second card payment fails",
        "[Resolved] Every second card payment fails",
        "[Answer] Every second card payment fails",
        "[Update] Every second card payment fails",
        "[Correction] Every second card payment fails",
        "[Cause found] Every second card payment fails",
        "[Investigating] Card payments fail in the EU",
        "[Published] Nine orders of stools are late",
    ]
    # The API was named by the second update of that story; the first one did not touch it.
    assert titles(feeds[API]) == [
        *titles(feeds[CHECKOUT])[:7],
        "[Planned] The API is closed on the night of 1 December",
        "[Resolved] DNS was slow",
    ]
    assert feedparser.parse(feeds[API]).feed.title == "Acme status: Partner API"
    assert (
        feedparser.parse(feeds[API]).feed.id == "tag:status.acme.example,2026:feed/components/api"
    )


def test_an_entry_is_the_same_in_every_feed() -> None:
    feeds = build(incidents())
    every = by_id(feeds[urls.UPDATES_ATOM])

    for key in (CHECKOUT, API, urls.NOTICES_ATOM):
        found = by_id(feeds[key])
        assert found
        assert {one: every[one] for one in found} == found


def test_a_component_that_is_retired_or_quiet_keeps_its_feed() -> None:
    settings = {**SETTINGS, "COMPONENTS": [
        {"id": "checkout", "name": "Checkout", "retired": True},
        {"id": "api", "name": "Partner API"},
        {"id": "mail", "name": "Mail"},
    ]}  # fmt: skip
    feeds = build(incidents(), read_site(settings))

    assert titles(feeds[CHECKOUT])
    assert titles(feeds["components/mail/updates.atom"]) == []


def test_a_component_s_feed_has_fifty_of_its_own() -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    told = [
        read(
            f"s{n}",
            STOOLS.replace("checkout", "api" if n % 2 else "checkout").replace(
                "2026-11-19 08:00", f"{start + timedelta(hours=n):%Y-%m-%d %H:%M}Z"
            ),
        )
        for n in range(130)
    ]
    feeds = build(told)

    check(feeds)
    for key, last in ((API, 129), (CHECKOUT, 128), (urls.NOTICES_ATOM, 129)):
        found = [
            entry.id.rpartition(":incident/s")[2].partition("/")[0] for entry in entries(feeds[key])
        ]
        step = 1 if key == urls.NOTICES_ATOM else 2
        assert found == [str(last - step * n) for n in range(50)]


def test_notices_stand_in_their_own_feed_and_among_the_updates() -> None:
    feeds = build(incidents())

    assert titles(feeds[urls.NOTICES_ATOM]) == ["[Published] Nine orders of stools are late"]
    assert by_id(feeds[urls.NOTICES_ATOM]).keys() <= by_id(feeds[urls.UPDATES_ATOM]).keys()


# ── what a new update changes ────────────────────────────────────────────────────────────────────

DEFAULT = {"feeds/updates.atom", "feeds/updates.rss", "feeds/updates.json"}
INCIDENTS = {"feeds/incidents.atom", "feeds/incidents.rss", "history.atom", "history.rss"}
OF_CHECKOUT = {"components/checkout/updates.atom", "components/checkout/updates.rss"}
OF_API = {"components/api/updates.atom", "components/api/updates.rss"}
NOTICES = {"feeds/notices.atom", "feeds/notices.rss"}


@pytest.mark.parametrize(
    ("slug", "update", "changed"),
    [
        (
            # It has named both components.
            "2026-11-21-cards",
            "## 2026-12-02 10:00 | Ian Reyes | update\n\nAll is as it should be.\n",
            DEFAULT | INCIDENTS | OF_CHECKOUT | OF_API,
        ),
        (
            "2026-11-20-move",
            "## 2026-12-02 10:00 | Ian Reyes | cancelled\n\nNot this year.\n",
            DEFAULT | INCIDENTS | OF_API,
        ),
        (
            "2026-11-19-stools",
            "## 2026-12-02 10:00 | Ian Reyes | done\n\nThey are on their way.\n",
            DEFAULT | INCIDENTS | OF_CHECKOUT | NOTICES,
        ),
        (
            # A notice that begins to touch the API is in its feed from now on.
            "2026-11-19-stools",
            "## 2026-12-02 10:00 | Ian Reyes | update\ncomponents: api\n\nYours as well.\n",
            DEFAULT | INCIDENTS | OF_CHECKOUT | OF_API | NOTICES,
        ),
        (
            "2026-11-18-drill",
            "## 2026-12-02 10:00 | Ian Reyes | resolved\n\nThe drill is over.\n",
            set(),
        ),
    ],
    ids=["incident", "maintenance", "notice", "another component", "drill"],
)
def test_one_update_changes_exactly_these_documents(
    slug: str, update: str, changed: set[str]
) -> None:
    before = build(incidents())
    grown = {**STORIES, slug: f"{STORIES[slug]}\n{update}"}

    after = build(incidents(grown))

    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key]} == changed


def test_nothing_changed_changes_nothing() -> None:
    assert build(incidents()) == build(incidents())


def test_the_update_that_fills_an_archive_makes_exactly_that_one() -> None:
    first = read("cards", CARDS.partition("## 2026-11-21 09:55")[0])
    at = first.updates[0].at

    def grown(count: int) -> Incident:
        later = tuple(
            Update(
                at=at + timedelta(minutes=n), author="Ian Reyes", status=Status.UPDATE, body=f"{n}."
            )
            for n in range(1, count)
        )
        return replace(first, updates=(*first.updates, *later))

    fifty, one_more, two_more = (build([grown(count)]) for count in (50, 51, 52))

    def differing(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
        return {key for key in after if before.get(key) != after[key]}

    always = DEFAULT | INCIDENTS | OF_CHECKOUT
    assert differing(dict(fifty), dict(one_more)) == always | {"feeds/archive/2026-11.atom"}
    assert differing(dict(one_more), dict(two_more)) == always


def test_fifty_updates_of_ordinary_length_stay_under_100_kb() -> None:
    """Three sentences an update, six updates a story: what chats poll every few minutes."""
    said = (
        "One card payment in five is refused by the bank in between. We are on the phone with "
        "them, and their engineer looks at the gateway in Frankfurt now. If your card is refused, "
        "please try PayPal, or the card again after a minute; nothing is taken twice."
    )
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    told = []
    for n in range(9):
        shape = read(f"s{n}", CARDS.partition("## 2026-11-21 09:55")[0])
        updates = tuple(
            Update(
                at=at + timedelta(hours=n, minutes=9 * minute),
                author="Ian Reyes",
                status=Status.UPDATE,
                body=said,
                says=Facts(next=shape.updates[0].says.next),
            )
            for minute in range(6)
        )
        told.append(replace(shape, updates=updates))

    feeds = build(told, SITE)

    assert len(entries(feeds[urls.UPDATES_ATOM])) == 50
    for form in ("atom", "rss", "json"):
        assert len(feeds[f"feeds/updates.{form}"]) < 100_000, form
