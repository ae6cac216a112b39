"""What the cache says of each file that a build makes: whether it is another one, or new."""

from __future__ import annotations

import pytest

from firstword.cache.database import open_cache
from firstword.cache.units import Units
from firstword.errors import BuildError
from firstword.manifest import Output


def page(digest: str) -> Output:
    """Return a page with a digest."""
    return Output(key="index.html", digest=digest, size=5, leaf=False, owner="")


def test_two_pages_that_want_one_place_are_refused_in_a_first_build_and_in_later_ones() -> None:
    db = open_cache(None).db
    for number in (1, 2):
        units = Units(db, number)
        units.begin_everything()
        units.output("page/a", page("one"))
        with pytest.raises(BuildError, match=r"two pages want to be 'index\.html'"):
            units.output("page/b", page("two"))


def test_each_build_tells_what_is_another_page_and_what_is_new() -> None:
    db = open_cache(None).db
    told = []
    for number, digest in enumerate(("one", "one", "two"), start=1):
        units = Units(db, number)
        units.begin_everything()
        told.append(units.output("page/a", page(digest)))
        assert units.drop_stale() == []

    # (another one than before, new)
    assert told == [(True, True), (False, False), (True, False)]


def test_a_page_that_was_gone_is_new_when_it_comes_back() -> None:
    db = open_cache(None).db
    Units(db, 1).output("page/a", page("one"))
    gone = Units(db, 2)
    gone.begin_everything()
    assert gone.drop_stale() == ["index.html"]
    gone.remember("second")
    back = Units(db, 3)
    back.begin_everything()

    assert back.output("page/a", page("one")) == (True, True)
    assert db.execute("SELECT count(*) FROM vanished").fetchone() == (0,)
