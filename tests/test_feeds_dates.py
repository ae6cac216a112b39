"""The dates of entries: no two alike, and none that moves once it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from feedjudges import check, when
from feedstories import SITE, bare, build, story
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstword import urls
from firstword.clock import Clock
from firstword.feeds.dates import EntryDates, entry_dates
from firstword.model import Facts, Incident, Kind, Status, Update
from firstword.page import Unkept
from firstword.page.kept import KeptStories

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def dates_of(*told: Incident) -> Mapping[tuple[str, datetime], datetime]:
    """Return the date of every update's entry."""
    return entry_dates(SITE, [(one, update) for one in told for update in one.updates])


def several(slug: str, *seconds: int) -> Incident:
    """Return a story with an update each at these seconds after eight."""
    updates = tuple(
        Update(at=START + timedelta(seconds=n), author="Ian Reyes", status=Status.UPDATE, body="")
        for n in sorted(seconds)
    )
    return Incident(
        id=slug, slug=slug, path="", kind=Kind.INCIDENT, first=Facts(title="x"), updates=updates
    )


def wanted(slug: str) -> int:
    """Return the second that an entry signed at eight gets where it is alone."""
    [date] = dates_of(bare(slug, START)).values()
    assert START <= date < START + MINUTE
    return date.second


# ── what a reader of the feeds sees ──────────────────────────────────────────────────────────────


def test_updates_of_one_minute_are_told_apart() -> None:
    told = [story(slug, "2026-11-21 08:00") for slug in ("a", "b", "c")]

    feeds = build(told)

    check(feeds)
    dates = when(feeds[urls.UPDATES_ATOM])
    assert len(set(dates.values())) == 3
    # Within the minute that was signed.
    assert all(date.startswith("2026-11-21T08:00:") for date in dates.values())
    assert list(when(feeds[urls.INCIDENTS_ATOM]).values()) == list(dates.values())


def test_an_entry_s_date_stays_when_others_are_signed_in_its_minute() -> None:
    slugs = ("login", "cards", "parcels", "search")
    told: list[Incident] = []
    seen: dict[str, str] = {}
    for slug in slugs:
        told.append(story(slug, "2026-11-21 09:14"))
        now = when(build(told)[urls.UPDATES_ATOM])
        assert {key: now[key] for key in seen} == seen
        seen = now
    assert len(set(seen.values())) == 4


def test_an_entry_s_date_stays_whatever_a_feed_leaves_out() -> None:
    pair = [story(slug, "2026-11-21 08:00") for slug in ("a", "b")]
    others = [story(f"o{n}", f"{START + (n + 1) * MINUTE:%Y-%m-%d %H:%M}") for n in range(60)]
    alone = when(build(pair)[urls.UPDATES_ATOM])

    # One of the two has dropped out of the fifty.
    edge = when(build([*others[:49], *pair])[urls.UPDATES_ATOM])

    [kept] = edge.keys() & alone.keys()
    assert edge[kept] == alone[kept] == max(alone.values())


# ── one entry ────────────────────────────────────────────────────────────────────────────────────


def test_a_second_comes_from_the_entry_s_id_and_seconds_that_were_signed_stay() -> None:
    assert (wanted("login"), wanted("parcels"), wanted("search")) == (58, 11, 18)
    for second in (1, 30, 59):
        at = START + timedelta(seconds=second)
        assert [*dates_of(bare("login", at)).values()] == [at]


def test_a_story_s_own_updates_keep_their_order_in_a_minute() -> None:
    whole = several("login", 0, 10, 20, 60)
    for count in range(1, 5):
        then = several("login", *(0, 10, 20, 60)[:count])
        assert dates_of(then).items() <= dates_of(whole).items()
    dates = [dates_of(whole)["login", update.at] for update in whole.updates]
    assert all(older < newer for older, newer in pairwise(dates))


# ── two entries that want the same second ────────────────────────────────────────────────────────


def collision() -> tuple[Incident, Incident]:
    """Return two stories of one minute that want the same second, the one that keeps it first."""
    first: dict[int, Incident] = {}
    for n in range(61):
        one = bare(f"s{n}", START)
        other = first.setdefault(wanted(one.id), one)
        if other is not one:
            kept = dates_of(one, other)[one.id, START] == dates_of(one)[one.id, START]
            return (one, other) if kept else (other, one)
    raise AssertionError("61 entries have 60 seconds")


def test_of_two_that_want_the_same_second_one_moves_on_by_one() -> None:
    keeps, moves = collision()

    assert dates_of(keeps, moves) == dates_of(moves, keeps)
    assert dates_of(keeps, moves)[keeps.id, START] == dates_of(keeps)[keeps.id, START]
    after = dates_of(moves)[moves.id, START] + timedelta(seconds=1)
    assert dates_of(keeps, moves)[moves.id, START].second == after.second


def test_who_lost_a_second_takes_it_from_nobody_else() -> None:
    pair = collision()
    moved = dates_of(*pair)[pair[1].id, START].second
    others = (bare(f"t{n}", START) for n in range(600))
    third = next(one for one in others if wanted(one.id) == moved)

    dates = dates_of(*pair, third)

    assert dates[third.id, START].second == moved
    assert len(set(dates.values())) == 3


def test_what_was_signed_earlier_keeps_its_second() -> None:
    at = dates_of(bare("login", START))["login", START]
    exact = bare("exact", at)

    dates = dates_of(bare("login", START), exact)

    assert dates["login", START] == at
    assert dates["exact", at] == at + timedelta(seconds=1)


def test_nothing_is_dated_before_it_was_signed() -> None:
    at = START + timedelta(seconds=59)

    dates = dates_of(bare("a", at), bare("b", at))

    assert sorted(dates.values()) == [at, at + timedelta(seconds=1)]


# ── any site ─────────────────────────────────────────────────────────────────────────────────────

stories = st.dictionaries(
    st.sampled_from([f"s{n}" for n in range(40)]),
    # Minutes as people write them, and now and then the seconds too.
    st.sets(
        st.one_of(st.integers(0, 3).map(lambda n: n * 60), st.integers(0, 200)),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=12,
).map(lambda found: [several(slug, *seconds) for slug, seconds in found.items()])


@given(told=stories, data=st.data())
@settings(max_examples=300)
def test_a_site_that_grows_moves_no_date(told: Sequence[Incident], data: st.DataObject) -> None:
    """Stories come in any order; a date moves only for somebody who wants the very same second."""
    arriving = data.draw(st.permutations(told))
    grown: list[Incident] = []
    for one in arriving:
        before = dates_of(*grown)
        grown.append(one)
        after = dates_of(*grown)
        assert len(set(after.values())) == len(after)
        moved = {key for key in before if after[key] != before[key]}
        # Alone, these are what entries want; whoever wants what nobody else does has it for ever.
        wishes = [date for own in grown for date in dates_of(own).values()]
        if len(set(wishes)) == len(wishes):
            assert moved == set()
            assert after == {key: at for own in grown for key, at in dates_of(own).items()}
        # Nobody moves for what was signed later.
        assert all(at >= one.updates[0].at for _, at in moved)
        for own in grown:
            dates = [after[own.id, update.at] for update in own.updates]
            assert all(older < newer for older, newer in pairwise(dates))
            assert all(date >= update.at for date, update in zip(dates, own.updates, strict=True))
    assert dates_of(*reversed(grown)) == dates_of(*grown)


@given(
    seconds=st.lists(st.integers(0, 90), min_size=1, max_size=130),
    days=st.integers(1, 9),
)
@settings(max_examples=50)
def test_dates_are_unique_however_many_share_a_minute(seconds: Sequence[int], days: int) -> None:
    told = [bare(f"s{n}", START + timedelta(seconds=second)) for n, second in enumerate(seconds)]

    dates = dates_of(*told)

    assert len(set(dates.values())) == len(told)
    far = bare("far", START + timedelta(days=days))
    assert dates.items() <= dates_of(*told, far).items()


class Kept:
    """Keeps whatever was made once."""

    keeps = True

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def text(
        self,
        name: str,
        story: str,
        make: Callable[[], str],
        clock: Clock | None = None,
        of: Callable[[], bytes] | None = None,
    ) -> str:
        assert (story, clock, of) == ("", None, None)
        return self.texts.get(name) or self.texts.setdefault(name, make())


#: Where one time of which the dates are kept ends, and the next begins.
BORDER = datetime(2026, 11, 3, tzinfo=UTC)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.sampled_from((-3, -1, 0, 2, 9000)), st.integers(1, 70), min_size=1))
@example({-1: 70})
def test_dates_that_are_kept_by_days_are_those_of_the_whole_time(signed: dict[int, int]) -> None:
    """Also where so many are signed in a minute that some are dated beyond the border."""
    told = [
        bare(f"s{n}", BORDER + minute * MINUTE)
        for minute, many in signed.items()
        for n in range(many)
    ]
    stories, pieces = KeptStories.of(told, SITE.timezone), Kept()
    by_days, at_once = EntryDates(SITE, stories, pieces), EntryDates(SITE, stories, Unkept())
    begin, end = BORDER - timedelta(days=20), BORDER + timedelta(days=20)

    assert by_days.between(begin, end) == at_once.between(begin, end)
    assert by_days.between(BORDER, end) == at_once.between(BORDER, end)
    assert by_days.first(BORDER, end) == next(iter(at_once.between(BORDER, end)), None)
    assert len(pieces.texts) == 6
    assert len(at_once.between(begin, end)) == len(told)
