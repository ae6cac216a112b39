"""One second, several updates: dates that are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations

from feedjudges import check, when
from feedstories import SITE, bare, build, story
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword import urls
from firstword.feeds.dates import moved_dates


def test_updates_of_one_second_are_told_apart() -> None:
    told = [story(slug, "2026-11-21 08:00") for slug in ("a", "b", "c")]

    feeds = build(told)

    check(feeds)
    dates = when(feeds[urls.UPDATES_ATOM])
    assert len(set(dates.values())) == 3
    assert "2026-11-21T08:00:00Z" in dates.values()
    # Within the minute that was signed.
    assert all(date.startswith("2026-11-21T08:00:") for date in dates.values())
    assert list(when(feeds[urls.INCIDENTS_ATOM]).values()) == list(dates.values())


def test_entries_told_apart_stay_so_whatever_else_comes_and_goes() -> None:
    pair = [story(slug, "2026-11-21 08:00") for slug in ("a", "b")]
    start = datetime(2026, 11, 21, 8, 1, tzinfo=UTC)
    others = [story(f"o{n}", f"{start + timedelta(minutes=n):%Y-%m-%d %H:%M}") for n in range(60)]
    alone = when(build(pair)[urls.UPDATES_ATOM])

    for company in (others[:1], others[:48], [*others[40:], *others[:8]]):
        found = when(build([*company, *pair])[urls.UPDATES_ATOM])
        assert {key: found[key] for key in alone} == alone
    # One of the two has dropped out of the fifty: the other keeps its date.
    edge = when(build([*others[:49], *pair])[urls.UPDATES_ATOM])
    [kept] = edge.keys() & alone.keys()
    assert edge[kept] == alone[kept] == max(alone.values())


def test_a_date_moves_by_the_entry_s_own_id() -> None:
    told = [bare(f"s{n}", datetime(2026, 11, 21, 8, tzinfo=UTC)) for n in range(8)]
    dates: dict[str, set[datetime]] = {}
    for size in range(2, 9):
        for group in combinations(told, size):
            moved = moved_dates(SITE, [(one, one.updates[0]) for one in group])
            assert len(moved) == size - 1
            for (slug, _), date in moved.items():
                dates.setdefault(slug, set()).add(date)

    # One of the eight keeps its second in any company; no two of the others meet.
    assert len(dates) == 7
    assert all(len(found) == 1 for found in dates.values())
    assert len(set.union(*dates.values())) == 7


def test_who_moves_makes_room_for_whoever_was_signed_then() -> None:
    pair = [story(slug, "2026-11-21 08:00") for slug in ("a", "b")]
    taken = max(when(build(pair)[urls.UPDATES_ATOM]).values())

    third = story("c", taken[:19].replace("T", " "))
    feeds = build([*pair, third])

    check(feeds)
    dates = when(feeds[urls.UPDATES_ATOM])
    assert dates[f"c/update/{third.updates[0].id}"] == taken
    assert len(set(dates.values())) == 3


@given(
    seconds=st.lists(st.integers(0, 90), min_size=1, max_size=130),
    days=st.integers(1, 9),
)
@settings(max_examples=50)
def test_dates_are_unique_and_only_what_collides_moves(seconds: Sequence[int], days: int) -> None:
    start = datetime(2026, 11, 21, 8, tzinfo=UTC)
    pairs = [
        (incident := bare(f"s{n}", start + timedelta(seconds=second)), incident.updates[0])
        for n, second in enumerate(seconds)
    ]

    moved = moved_dates(SITE, pairs)

    dates = [moved.get((incident.id, update.at), update.at) for incident, update in pairs]
    assert len(set(dates)) == len(pairs)
    assert moved_dates(SITE, pairs[::-1]) == moved
    assert all(date > at for (_, at), date in moved.items())
    # Nobody leaves a second empty that somebody signed.
    assert set(dates) >= {update.at for _, update in pairs}
    # An entry that collides with none of them changes none of them.
    far = bare("far", start + timedelta(days=days))
    assert moved_dates(SITE, [*pairs, (far, far.updates[0])]) == moved
