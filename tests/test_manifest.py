"""The nouns of publishing, what becomes of them as JSON, and what targets know together."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from trees import Shelf, again

from firstword.errors import StoreError
from firstword.manifest import (
    Gone,
    Held,
    Lease,
    Manifest,
    Origin,
    Record,
    parse_root,
    root_to_bytes,
    to_json,
)
from firstword.memory import merge_memory
from firstword.shards import shard_digest
from firstword.values import replace

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
U1, U2 = "20261121T092000Z", "20261121T100200Z"


def record(id_: str, *updates: str, source: str = "words") -> Record:
    path = f"content/incidents/2026/{id_}.md"
    return Record(id=id_, path=path, source=source, updates=updates, withdrawn=False)


def held(owner: str = "") -> Held:
    return Held(digest="d" * 64, etag="e", generation=3, owner=owner)


# ── a round trip loses nothing ───────────────────────────────────────────────────────────────────

words = st.text(max_size=12)
instants = st.datetimes(timezones=st.just(UTC))
keys = st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=3).map("/".join)
owners = st.sampled_from(["", "a", "b", "2026-11-21-card-payments"])
origins = st.builds(
    Origin,
    commit=st.none() | words,
    committed_at=st.none() | instants,
    ancestors=st.lists(words, max_size=3).map(tuple),
    dirty=st.booleans(),
)
leases = st.builds(
    Lease,
    owner=words,
    taken_at=instants,
    until=instants,
    origin=origins,
    touches=st.lists(keys, max_size=3).map(tuple),
)
records = st.builds(
    Record,
    id=words.filter(bool),
    path=words,
    source=words,
    updates=st.lists(words, max_size=3, unique=True).map(tuple),
    withdrawn=st.booleans(),
    limits=st.lists(st.tuples(words, words, st.integers(0, 9)), max_size=2).map(tuple),
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Draw a manifest; every record has stamps, as every plan sees to."""
    known = {one.id: one for one in draw(st.lists(records, max_size=80))}
    return Manifest(
        generation=draw(st.integers(0, 9)),
        build_id=draw(words),
        headers=draw(words),
        next_change_at=draw(st.none() | instants),
        source=draw(origins),
        lease=draw(st.none() | leases),
        objects=draw(
            st.dictionaries(
                keys,
                st.builds(
                    Held, digest=words, etag=words, generation=st.integers(0, 9), owner=owners
                ),
            )
        ),
        gone=draw(st.dictionaries(keys, st.builds(Gone, etag=words, since=instants, owner=owners))),
        records=known,
        stamps={
            one.id: {update: draw(st.none() | instants) for update in one.updates}
            for one in known.values()
        },
    )


@given(manifests())
def test_what_was_written_reads_back_equal(manifest: Manifest) -> None:
    kept = again(manifest)

    assert replace(kept, index="") == manifest
    assert root_to_bytes(parse_root(root_to_bytes(kept))) == root_to_bytes(kept)


@given(manifests())
def test_equal_manifests_are_equal_bytes(manifest: Manifest) -> None:
    """A shard is named by its content, so the order of dicts must not show in it."""

    def turned(mapping: Any) -> Any:
        return dict(reversed(list(mapping.items())))

    other = replace(
        manifest,
        objects=turned(manifest.objects),
        gone=turned(manifest.gone),
        records=turned(manifest.records),
        stamps=turned(manifest.stamps),
    )

    assert again(other).index == again(manifest).index


# ── what is not ours to understand is left alone ─────────────────────────────────────────────────

ROOT = json.loads(root_to_bytes(Manifest(lease=Lease(
    owner="ci", taken_at=NOON, until=NOON, origin=Origin(), touches=()
))))  # fmt: skip


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not what Firstword wrote"),
        (b"\xff\xfe", "not what Firstword wrote"),
        (b"[]", "not what Firstword wrote"),
        (b"{}", "not what Firstword wrote"),
        (b'{"format": 1}', "format 1 was written by another Firstword"),
        (json.dumps(ROOT | {"lease": {}}).encode(), "not what Firstword wrote"),
        (json.dumps(ROOT | {"index": 5}).encode(), "not what Firstword wrote"),
        (json.dumps(ROOT | {"next_change_at": "soon"}).encode(), "not what Firstword wrote"),
        (json.dumps(ROOT | {"next_change_at": "2026-11-21"}).encode(), "no offset"),
    ],
)
def test_a_root_that_cannot_be_read_is_a_clear_error(body: bytes, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        parse_root(body)

    assert str(caught.value).startswith(".firstword/root.json: ")


def test_a_shard_that_cannot_be_read_is_a_clear_error() -> None:
    body = b'{"objects": {"index.html": []}}'
    shelf = Shelf({shard_digest(body): body})

    with pytest.raises(StoreError, match=r"^\.firstword/shards/.*not what Firstword wrote"):
        shelf.open(Manifest(index=shard_digest(body))).objects.get("index.html")


# ── what the targets know together ───────────────────────────────────────────────────────────────


def knowing(
    stamps: dict[str, dict[str, datetime | None]], source: str = "", at: datetime = NOON
) -> Manifest:
    return Manifest(
        build_id="b",
        source=Origin(commit="c", committed_at=at),
        records={id_: record(id_, *updates, source=source) for id_, updates in stamps.items()},
        stamps=stamps,
    )


def test_nothing_is_known_before_the_first_publish() -> None:
    memory = merge_memory([Manifest(), Manifest(generation=1)], NOON)

    assert (memory.now, memory.stamps, memory.records_began, memory.sources) == (
        NOON, {}, False, {}
    )  # fmt: skip


def test_the_earliest_stamp_holds_and_a_known_one_beats_before_records_began() -> None:
    early, late = NOON - timedelta(hours=2), NOON - timedelta(hours=1)

    memory = merge_memory(
        [
            knowing({"both": {U1: late}, "old": {U1: None}, "mixed": {U1: None}}),
            knowing({"both": {U1: early, U2: late}, "mixed": {U1: late}}),
        ],
        NOON,
    )

    assert memory.records_began
    assert memory.stamps == {
        "both": {U1: early, U2: late},
        "old": {U1: None},
        "mixed": {U1: late},
    }


@pytest.mark.parametrize("turned", [False, True])
def test_who_owed_a_word_is_as_the_target_has_it_that_had_the_first_word(turned: bool) -> None:
    def owing(at: datetime | None, *limits: tuple[str, str, int]) -> Manifest:
        known = knowing({"card": {U1: at}})
        return replace(known, records={"card": replace(known.records["card"], limits=limits)})

    first = owing(NOON - timedelta(hours=2), ("api", "", 0))
    later = owing(NOON - timedelta(hours=1), ("api", "Ian Reyes", 60), ("mail", "Ian Reyes", 60))
    before = owing(None, ("api", "Dawn Okafor", 60))
    told = [first, later, before, knowing({"old": {U1: NOON}})]

    memory = merge_memory(told[::-1] if turned else told, NOON)

    assert memory.limits == {"card": {"api": ("", 0), "mail": ("Ian Reyes", 60)}}


@pytest.mark.parametrize("turned", [False, True])
def test_the_text_of_the_newest_source_holds(turned: bool) -> None:
    targets = [
        knowing({"card": {U1: NOON}, "mail": {U1: NOON}}, source="old words"),
        knowing({"card": {U1: NOON}}, source="new words", at=NOON + timedelta(days=1)),
    ]

    memory = merge_memory(reversed(targets) if turned else targets, NOON)

    assert memory.sources == {
        "content/incidents/2026/card.md": "new words",
        "content/incidents/2026/mail.md": "old words",
    }


WORDS = st.text(st.characters(codec=None, exclude_categories=()))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | WORDS,
        lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    )
)
@example("\x7f")
def test_what_is_remembered_is_plain_json_in_one_order(value: object) -> None:
    """Whatever names a file has: half a pair of surrogates is a byte that no encoding has."""
    assert to_json(value) == json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
