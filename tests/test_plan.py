"""What is sent, in which order, and what never is."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import Refused
from firstword.headers import HEADERS, headers_for
from firstword.manifest import (
    Built,
    Gone,
    Held,
    Lease,
    Manifest,
    Memory,
    Origin,
    Output,
    Record,
)
from firstword.memory import merge_memory
from firstword.plan import Plan, describe, make_plan, reconcile
from firstword.values import replace

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
U1, U2 = "20261121T092000Z", "20261121T100200Z"
PAGE, FEED = "incidents/card/index.html", "feeds/updates.atom"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def built(
    site: dict[str, str] | None = None, leaves: Iterable[str] = (PAGE,), **updates: tuple[str, ...]
) -> Built:
    """Return a build of keys with their texts, and of incidents with their update ids."""
    texts = {"index.html": "home"} if site is None else site
    return Built(
        folder=Path("output"),
        build_id="b",
        outputs={
            key: Output(
                key=key,
                digest=digest(text),
                size=len(text),
                leaf=key in leaves,
                owner="card" if key == PAGE else "",
            )
            for key, text in texts.items()
        },
        records={
            id_: Record(
                id=id_, path=f"content/{id_}.md", source="", updates=ids, withdrawn=False
            )
            for id_, ids in updates.items()
        },
        held_back=(),
        next_change_at=None,
    )  # fmt: skip


def target(made: Built, now: datetime = NOON, before: Manifest | None = None) -> Manifest:
    """Return what a target holds after a build was published to it at `now`."""
    plan = make_plan(before or Manifest(), made, now)
    origin = Origin(commit="0123456789abcdef", committed_at=now)
    committed = plan.committed({put.key: f"etag of {put.key}" for put in plan.puts}, origin)
    return replace(committed, generation=committed.generation + 1)


def sent(plan: Plan) -> list[list[tuple[str, str, str | None]]]:
    return [[(put.key, put.why, put.expect) for put in phase] for phase in plan.phases]


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────

SITE = {"index.html": "home", PAGE: "page", FEED: "feed"}


class Compared(str):
    """A key that counts how often it is laid beside another one."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_file_more_is_one_file_more_to_plan() -> None:
    def times(files: int) -> int:
        leaves = [Compared(f"incidents/{number}/index.html") for number in range(files)]
        lists = [Compared(f"feeds/{number}.atom") for number in range(files)]
        site = dict.fromkeys([*leaves, *lists, "index.html"], "text")
        Compared.times = 0
        make_plan(Manifest(), built(site, leaves=frozenset(leaves)), NOON)
        return Compared.times

    assert times(400) < 3 * times(200)


def test_a_first_publish_sends_leaves_then_the_rest_then_home() -> None:
    plan = make_plan(Manifest(), built(SITE, card=(U1,)), NOON)

    assert sent(plan) == [
        [(PAGE, "new", None)],
        [(FEED, "new", None)],
        [("index.html", "new", None)],
    ]
    assert (plan.deletes, plan.gone, plan.unchanged, plan.bytes) == ((), (), 0, 12)


def test_nothing_changed_is_nothing_to_do() -> None:
    plan = make_plan(target(built(SITE, card=(U1,))), built(SITE, card=(U1,)), NOON + HOUR)

    assert plan.empty
    assert plan.unchanged == 3


def test_a_change_is_put_over_what_is_known_to_be_there() -> None:
    plan = make_plan(
        target(built(SITE, card=(U1,))),
        built(SITE | {"index.html": "news", PAGE: "longer page"}, card=(U1, U2)),
        NOON + HOUR,
    )

    assert sent(plan) == [
        [(PAGE, "changed", f"etag of {PAGE}")],
        [("index.html", "changed", "etag of index.html")],
    ]
    assert (plan.unchanged, plan.bytes) == (1, 15)
    assert plan.manifest.objects[PAGE].generation == 2
    assert plan.manifest.objects[FEED].generation == 1


def test_a_new_leaf_comes_before_what_links_to_it() -> None:
    before = target(built({"index.html": "home", FEED: "feed"}))

    plan = make_plan(
        before, built({"index.html": "news", FEED: "more", PAGE: "page"}, card=(U1,)), NOON + HOUR
    )

    assert [[put.key for put in phase] for phase in plan.phases] == [
        [PAGE],
        [FEED, "index.html"],
    ]


def test_other_words_for_the_same_pages_are_remembered() -> None:
    """The file was moved: no page changed, but the next broken file is looked up by its path."""
    made = built(SITE, card=(U1,))
    moved = replace(made, records={"card": replace(made.records["card"], path="content/b.md")})

    plan = make_plan(target(made), moved, NOON + HOUR)

    assert plan.phases == ()
    assert not plan.empty


def test_the_next_instant_of_the_clock_is_remembered() -> None:
    """Else --tick would build at every tick from then on."""
    made = built(SITE)

    assert not make_plan(target(made), replace(made, next_change_at=NOON), NOON).empty


def test_other_headers_send_everything_again() -> None:
    """Equal bytes look unchanged, yet their content type would stay wrong for ever."""
    before = replace(target(built(SITE, card=(U1,))), headers="an older table")

    plan = make_plan(before, built(SITE, card=(U1,)), NOON)

    assert {put.why for put in plan.puts} == {"again"}
    assert len(plan.puts) == 3
    assert plan.manifest.headers == HEADERS


# ── what is taken away ───────────────────────────────────────────────────────────────────────────


def test_a_page_that_goes_is_deleted_by_a_later_publish() -> None:
    with_page, without = built(SITE, card=(U1,)), built({"index.html": "home"}, card=(U1,))
    published = target(with_page)

    first = make_plan(published, without, NOON)
    gone = target(without, NOON, published)
    early = make_plan(gone, without, NOON + timedelta(minutes=59))
    late = make_plan(gone, without, NOON + HOUR)

    assert (first.puts, first.deletes, first.gone) == ((), (), (FEED, PAGE))
    assert early.empty
    assert [(delete.key, delete.tomb.etag) for delete in late.deletes] == [
        (FEED, f"etag of {FEED}"),
        (PAGE, f"etag of {PAGE}"),
    ]
    assert late.manifest.gone == {}


def test_a_page_that_comes_back_is_put_over_what_is_still_there() -> None:
    without = built({"index.html": "home"}, card=(U1,))
    gone = target(without, NOON, target(built(SITE, card=(U1,))))

    plan = make_plan(gone, built(SITE, card=(U1,)), NOON + 2 * HOUR)

    assert sent(plan) == [[(PAGE, "new", f"etag of {PAGE}")], [(FEED, "new", f"etag of {FEED}")]]
    assert (plan.deletes, plan.manifest.gone) == ((), {})


def test_a_delete_that_failed_is_tried_again() -> None:
    without = built({"index.html": "home"}, card=(U1,))
    gone = target(without, NOON, target(built(SITE, card=(U1,))))
    plan = make_plan(gone, without, NOON + HOUR)

    committed = plan.committed({}, Origin(), plan.deletes[:1])

    assert committed.gone == {FEED: Gone(etag=f"etag of {FEED}", since=NOON, owner="")}


# ── what a died publish may have written ─────────────────────────────────────────────────────────


def test_what_a_died_publish_touched_is_put_again_or_buried() -> None:
    made = built(SITE, card=(U1,))
    lease = Lease(
        owner="ci",
        taken_at=NOON,
        until=NOON,
        origin=Origin(),
        touches=("index.html", "incidents/never-again/index.html"),
    )

    plan = make_plan(replace(target(made), lease=lease), made, NOON)

    assert sent(plan) == [[("index.html", "again", "etag of index.html")]]
    assert plan.manifest.gone == {
        "incidents/never-again/index.html": Gone(etag="", since=NOON, owner="")
    }


# ── what is really there ─────────────────────────────────────────────────────────────────────────


def test_a_listing_corrects_what_the_manifest_says() -> None:
    made = built(SITE, card=(U1,))
    buried = Gone(etag="buried", since=NOON, owner="")
    manifest = replace(target(made), gone={"a.html": buried, "b.html": buried, "c.html": buried})
    listing = {
        "index.html": "overwritten",
        PAGE: f"etag of {PAGE}",
        "a.html": "buried",
        "b.html": "somebody else's",
        "robots.txt": "somebody else's",
        ".firstword/root.json": "root",
    }

    corrected, strays = reconcile(manifest, listing, made)

    assert strays == ("b.html", "robots.txt")
    assert list(corrected.gone) == ["a.html"]
    assert sent(make_plan(corrected, made, NOON)) == [
        [(FEED, "new", None), ("index.html", "changed", "overwritten")]
    ]


def test_a_stray_in_the_place_of_a_page_is_replaced() -> None:
    corrected, strays = reconcile(Manifest(), {"index.html": "old site"}, built())

    assert strays == ()
    assert sent(make_plan(corrected, built(), NOON)) == [[("index.html", "changed", "old site")]]


# ── stamps ───────────────────────────────────────────────────────────────────────────────────────


def test_updates_of_the_very_first_publish_are_before_records_began() -> None:
    assert target(built(card=(U1, U2))).stamps == {"card": {U1: None, U2: None}}


@pytest.mark.parametrize("taken", [0, 2, 99])
def test_what_a_first_publish_remembers_is_the_same_however_far_it_was_worked_out(
    taken: int,
) -> None:
    """It is worked out while pages are sent, and a publish may be done before that is."""
    stories = {f"card{number}": (U1,) for number in range(100)}
    made = built(SITE, **stories)
    plan = make_plan(Manifest(), made, NOON)

    steps = len([*itertools.islice(plan.prepare, taken)])
    committed = plan.committed({}, Origin())

    assert steps == min(taken, 4)
    assert dict(committed.records) == made.records
    assert {**committed.stamps} == {name: {U1: None} for name in stories}
    assert [*plan.prepare] == []


class Damaged(dict[str, Record]):
    """Stories of which one cannot be read."""

    def items(self) -> Any:
        yield from [*super().items()][:50]
        raise OSError("disk I/O error")


def test_half_of_what_is_to_be_remembered_does_not_pass_for_all_of_it() -> None:
    made = built(SITE, **{f"card{number}": (U1,) for number in range(100)})
    plan = make_plan(Manifest(), replace(made, records=Damaged(made.records)), NOON)

    with pytest.raises(OSError, match="disk"):
        list(plan.prepare)

    with pytest.raises(RuntimeError, match="not worked out"):
        dict(plan.committed({}, Origin()).records)


def test_a_new_update_is_stamped_with_now_and_stays_so() -> None:
    first = target(built(card=(U1,)))
    second = target(built(card=(U1, U2)), NOON + HOUR, first)
    third = target(built({"index.html": "x"}, card=(U1, U2)), NOON + 9 * HOUR, second)

    assert third.stamps == {"card": {U1: None, U2: NOON + HOUR}}


def test_a_target_that_is_added_later_learns_the_stamps_of_the_others() -> None:
    made = built(card=(U1, U2))
    other = target(made, NOON + HOUR, target(built(card=(U1,))))
    memory = merge_memory([other, Manifest()], NOON + 5 * HOUR)

    plan = make_plan(Manifest(), made, NOON + 5 * HOUR, memory=memory)

    assert plan.manifest.stamps == {"card": {U1: None, U2: NOON + HOUR}}


def test_a_pinned_clock_is_what_stamps_say_and_not_what_tombstones_go_by() -> None:
    memory = Memory(now=NOON, stamps={}, records_began=True, sources={})
    before = target(built(SITE))

    plan = make_plan(before, built(card=(U1,)), NOON + 9 * HOUR, memory=memory)

    assert plan.manifest.stamps == {"card": {U1: NOON}}
    assert {tomb.since for tomb in plan.manifest.gone.values()} == {NOON + 9 * HOUR}


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


def test_a_build_without_a_home_page_is_refused() -> None:
    with pytest.raises(Refused, match=r"no index\.html"):
        make_plan(Manifest(), built({PAGE: "page"}), NOON)


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(built(), id="the file is gone"),
        pytest.param(built(card=(U1,)), id="one update is gone"),
        pytest.param(built(card=(U1, "20261121T100300Z")), id="its time was changed"),
    ],
)
def test_a_published_update_is_never_taken_away(after: Built) -> None:
    with pytest.raises(Refused) as caught:
        make_plan(target(built(card=(U1, U2))), after, NOON)

    line = str(caught.value)
    assert line.startswith("content/card.md: 'card' would lose what is already published: ")
    assert U2 in line
    assert "git checkout 0123456789ab -- content/card.md" in line


def test_a_withdrawn_incident_keeps_its_words() -> None:
    made = built(card=(U1,))
    withdrawn = replace(made.records["card"], updates=(U1, U2), withdrawn=True)

    make_plan(target(made), replace(made, records={"card": withdrawn}), NOON)
    with pytest.raises(Refused, match="would lose"):
        make_plan(target(replace(made, records={"card": withdrawn})), made, NOON)


def pages(count: int) -> dict[str, str]:
    return {"index.html": "home"} | {f"history/{n}/index.html": "page" for n in range(1, count)}


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (50, 30, False),
        (50, 29, True),
        (1000, 900, False),
        (1000, 899, True),
    ],
)
def test_a_site_does_not_vanish_by_mistake(before: int, after: int, refused: bool) -> None:
    published, rest = target(built(pages(before))), built(pages(after))

    if refused:
        with pytest.raises(Refused, match=r"pages would vanish.*--allow-shrink"):
            make_plan(published, rest, NOON)
    else:
        make_plan(published, rest, NOON)
    assert len(make_plan(published, rest, NOON, allow_shrink=True).gone) == before - after


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (".env", "secret"),
        ("theme/.env.production", "secret"),
        ("theme/server.pem", "secret"),
        ("status.key", "secret"),
        ("id_rsa", "secret"),
        ("people/ID_ED25519.pub", "secret"),
        ("build.db", "secret"),
        ("cache.sqlite3", "secret"),
        ("subscribers.csv", "secret"),
        ("data/subscribers.toml", "secret"),
        ("ledger.jsonl", "secret"),
        (".firstword/root.json", "the target's own state"),
        (".build.json", "hidden"),
        (".git/config", "hidden"),
        ("theme/.DS_Store", "hidden"),
        ("../index.html", "not a plain relative path"),
        ("/index.html", "not a plain relative path"),
        ("a//b.html", "not a plain relative path"),
        ("a\\b.html", "not a plain relative path"),
    ],
)
def test_what_is_not_for_the_public_is_refused(key: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as caught:
        make_plan(Manifest(), built({"index.html": "home", key: "x"}), NOON)

    assert repr(key) in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        ".well-known/security.txt",
        "subscribe/index.html",
        "components/ledger/index.html",
        "theme/keyboard.css",
        "history/2026-11/index.html",
    ],
)
def test_what_only_looks_like_it_is_published(key: str) -> None:
    assert len(make_plan(Manifest(), built({"index.html": "home", key: "x"}), NOON).puts) == 2


def test_a_huge_file_is_refused() -> None:
    made = built(SITE)
    huge = replace(made.outputs[FEED], size=25_000_001)

    with pytest.raises(Refused, match=r"25\.0 MB is more than 25\.0 MB"):
        make_plan(Manifest(), replace(made, outputs={**made.outputs, FEED: huge}), NOON)


def test_all_refusals_are_told_at_once() -> None:
    with pytest.raises(Refused) as caught:
        make_plan(target(built(card=(U1,))), built({".env": "x"}), NOON)

    assert len(str(caught.value).splitlines()) == 3


# ── a reader never meets a missing page ──────────────────────────────────────────────────────────


@given(st.data())
def test_at_no_instant_a_page_links_to_a_missing_one(data: st.DataObject) -> None:
    """Pages state their links as text; requests of one phase arrive in any order."""
    leaves = [f"p{number}.html" for number in range(6)]

    def site() -> dict[str, str]:
        """Draw a site: home and feed link to all of its pages, pages to home and some pages."""
        chosen = data.draw(st.lists(st.sampled_from(leaves), unique=True))
        linked = {
            page: " ".join(["index.html", *data.draw(st.lists(st.sampled_from(chosen)))])
            for page in chosen
        }
        text = data.draw(st.sampled_from(["a", "b"]))
        return linked | {
            "index.html": " ".join([*chosen, FEED, f"#{text}"]),
            FEED: " ".join([*chosen, f"#{text}"]),
        }

    manifest, there, now = Manifest(), dict[str, str](), NOON
    for _ in range(4):
        before, after = dict(there), site()
        made = built(after, leaves=leaves)
        plan = make_plan(manifest, made, now)
        requests = [
            key
            for phase in plan.phases
            for key in data.draw(st.permutations([p.key for p in phase]))
        ]
        starts = {key for key in before if key not in manifest.gone} | {"index.html"}
        for key in requests:
            there[key] = after[key]
            assert_whole(there, starts)
        for key in data.draw(st.permutations([delete.key for delete in plan.deletes])):
            del there[key]
            assert_whole(there, starts & after.keys())
        manifest = replace(plan.committed({}, Origin()), generation=manifest.generation + 1)
        now += data.draw(st.sampled_from([timedelta(minutes=1), HOUR]))
        assert after.items() <= there.items()


def assert_whole(there: dict[str, str], starts: Iterable[str]) -> None:
    """Follow every link from where a reader may be."""
    seen: set[str] = set()
    todo = [key for key in starts if key in there]
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            links = [link for link in there[key].split() if not link.startswith("#")]
            assert set(links) <= there.keys(), f"{key} links to a missing page"
            todo += links


# ── in words, and on the wire ────────────────────────────────────────────────────────────────────


def test_a_plan_in_words() -> None:
    published = target(
        built(SITE | {"old.html": "old", "older.html": "older"}, card=(U1,)),
    )
    gone = target(built(SITE | {"old.html": "old"}, card=(U1,)), NOON, published)
    site = SITE | {"index.html": "n" * 12_345, "incidents/mail/index.html": "page"}

    plan = make_plan(
        gone, built(site, leaves=["incidents/mail/index.html"], card=(U1,)), NOON + HOUR
    )

    assert describe(plan) == [
        "put  incidents/mail/index.html  new  4 B",
        "put  index.html  changed  12.3 kB",
        "leave  old.html  not linked any more; deleted by a later publish",
        "delete  older.html",
        "2 to put (12.3 kB), 1 to delete, 2 unchanged",
    ]


FRESH = "public, max-age=30, stale-while-revalidate=60, stale-if-error=604800"
FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("key", "content_type", "cache_control"),
    [
        ("index.html", "text/html; charset=utf-8", FRESH),
        ("INDEX.HTML", "text/html; charset=utf-8", FRESH),
        ("feeds/updates.atom", "application/atom+xml; charset=utf-8", FRESH),
        ("history.rss", "application/rss+xml; charset=utf-8", FRESH),
        ("feeds/updates.json", "application/feed+json; charset=utf-8", FRESH),
        ("api/v2/summary.json", "application/json; charset=utf-8", FRESH),
        ("status.txt", "text/plain; charset=utf-8", FRESH),
        ("metrics", "text/plain; version=0.0.4; charset=utf-8", FRESH),
        ("calendar.ics", "text/calendar; charset=utf-8", FRESH),
        ("badge.svg", "image/svg+xml; charset=utf-8", FRESH),
        ("sitemap.xml", "application/xml; charset=utf-8", FRESH),
        ("theme/style.css", "text/css; charset=utf-8", FRESH),
        ("theme/style.3f9a1c2b.css", "text/css; charset=utf-8", FOREVER),
        ("theme/page.0123abcd4567.js", "text/javascript; charset=utf-8", FOREVER),
        ("people/dawn.png", "image/png", FRESH),
        # eight digits between dots are a date
        ("report.20261121.pdf", "application/pdf", FRESH),
        ("page.3f9a1c2b.html", "text/html; charset=utf-8", FRESH),
        ("CNAME", "application/octet-stream", FRESH),
        (".html", "application/octet-stream", FRESH),
        ("page.", "application/octet-stream", FRESH),
        (".well-known/security.txt", "text/plain; charset=utf-8", FRESH),
        (".firstword/root.json", "application/json; charset=utf-8", "no-store"),
        (".firstword/shards/abc.json.gz", "application/gzip", "no-store"),
    ],
)
def test_every_file_has_its_headers(key: str, content_type: str, cache_control: str) -> None:
    assert headers_for(key) == (content_type, cache_control)


def test_a_held_object_keeps_its_owner() -> None:
    assert target(built(SITE, card=(U1,))).objects[PAGE] == Held(
        digest=digest("page"), etag=f"etag of {PAGE}", generation=1, owner="card"
    )
