"""Which updates the cache yields for a time: what the archives of feeds are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from feedstories import story

from firstword.cache.database import open_cache
from firstword.cache.rows import put_row
from firstword.cache.stories import CachedStories
from firstword.model import Incident, Kind
from firstword.page import Row, Words
from firstword.values import replace

EIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def stories() -> CachedStories:
    """Words at seven, at eight (two of them, and a drill's) and at nine."""
    told = {
        "early": story("early", "2026-11-21 07:00"),
        "a": story("a", "2026-11-21 08:00"),
        "b": replace(story("b", "2026-11-21 08:00"), kind=Kind.NOTICE),
        "drill": replace(story("drill", "2026-11-21 08:00"), drill=True),
        "late": story("late", "2026-11-21 09:00"),
    }
    db = open_cache(None).db
    for one in told.values():
        put_row(db, Row.of(one, UTC), digest="", stamps="", path=one.path, number=1)
    return CachedStories(db, told.__getitem__)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        # Newest first, of one instant the greater id first; the end is not in it.
        (Words(begin=EIGHT - HOUR, end=EIGHT + HOUR), ["b", "a", "early"]),
        (Words(begin=EIGHT, end=EIGHT + 2 * HOUR), ["late", "b", "a"]),
        (Words(begin=EIGHT, end=EIGHT + HOUR, drills=True), ["drill", "b", "a"]),
        (Words(begin=EIGHT, end=EIGHT + HOUR, kinds=(Kind.NOTICE,)), ["b"]),
        (Words(begin=EIGHT, end=EIGHT + HOUR, author="Nobody"), []),
    ],
)
def test_the_words_of_a_time(stories: CachedStories, wanted: Words, names: list[str]) -> None:
    found: list[tuple[Incident, datetime]] = [(one, up.at) for one, up in stories.words(wanted)]

    assert [one.id for one, _ in found] == names
    assert all(at == one.updates[0].at for one, at in found)
