"""Redaction: the words are gone everywhere, and a signed gap says so."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import boto3
import pytest
from fakestore import (
    HOUR,
    MINUTE,
    NOON,
    U1,
    U2,
    FakeStore,
    Site,
    World,
    assert_sound,
    die,
)
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, Ran, SmallSite
from trees import again

from firstword.errors import Refused
from firstword.manifest import (
    ROOT_KEY,
    Built,
    Manifest,
    Memory,
    Origin,
    Record,
)
from firstword.memory import merge_memory
from firstword.parse import parse
from firstword.parse.redactions import Redaction, redactions
from firstword.redact import Redacted, lines_with, redact
from firstword.shards import SHARDS
from firstword.values import replace

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
GAP = Redaction(
    at=datetime(2026, 11, 21, 14, 2, tzinfo=UTC), by="Dawn Okafor", why="a customer's phone number"
)
GAP_TEXT = "[redacted 2026-11-21 14:02 UTC by Dawn Okafor: a customer's phone number]"
SECRET = "+45 12 34 56 78"
FIRST = datetime(2026, 11, 21, 8, 20, tzinfo=UTC)


# ── the gap ──────────────────────────────────────────────────────────────────────────────────────


def test_a_gap_reads_as_its_own_text() -> None:
    assert str(GAP) == GAP_TEXT
    assert redactions(f"Call {GAP_TEXT} or {GAP_TEXT}.") == (GAP, GAP)


def test_a_gap_may_be_wrapped_by_an_editor() -> None:
    assert redactions(GAP_TEXT.replace(" ", "\n")) == (GAP,)


@pytest.mark.parametrize(
    "text",
    [
        "[redacted]",
        "[redacted 2026-11-21 14:02 UTC by Dawn Okafor]",
        "[redacted 2026-11-21 14:02 UTC by Dawn Okafor: ]",
        "[redacted 2026-11-31 14:02 UTC by Dawn Okafor: a name]",
        "[redacted 2026-11-21 14:02 by Dawn Okafor: a name]",
    ],
)
def test_what_is_no_signed_gap(text: str) -> None:
    assert redactions(text) == ()


@given(
    at=st.datetimes(min_value=datetime(2000, 1, 1)),  # noqa: DTZ001 - given its zone below
    by=st.from_regex(r"\A[A-Za-zÅ'-]+( [A-Za-zÅ'-]+)?\Z"),
    why=st.from_regex(r"\A[a-z0-9,.:'-]+( [a-z0-9,.:'-]+){0,4}\Z"),
)
def test_a_gap_comes_back_as_it_went(at: datetime, by: str, why: str) -> None:
    gap = Redaction(at=at.replace(second=0, microsecond=0, tzinfo=UTC), by=by, why=why)

    assert redactions(f"x {gap} y") == (gap,)


# ── taking words out of a text ───────────────────────────────────────────────────────────────────


def file(body: str, keys: str = "next: 10:00\n", rest: str = "") -> str:
    head = CARDS[: CARDS.index("next: 10:00")]
    return f"{head}{keys}\n{body}\n{rest}"


def take_out(
    text: str, words: str | None = SECRET, at: datetime | None = FIRST, gap: Redaction = GAP
) -> Redacted:
    incident = parse(text.encode(), CARDS_FILE, COPENHAGEN).incident
    assert incident is not None
    update = incident.find(at) if at else None
    return redact(text, incident, update, words=words, gap=gap, zone=COPENHAGEN)


def test_words_become_a_gap_and_nothing_else_changes() -> None:
    before = file(f"We call {SECRET} back, and {SECRET} again.", rest=RESOLVED)

    done = take_out(before)

    assert done == Redacted(text=before.replace(SECRET, GAP_TEXT), gaps=2)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_words_are_found_where_a_line_was_wrapped_in_them(newline: str) -> None:
    before = file("> We call +45 12\n> 34 56 78 back.").replace("\n", newline)

    done = take_out(before)

    assert done.text == before.replace(f"+45 12{newline}> 34 56 78", GAP_TEXT)


def test_only_the_update_that_was_named_is_touched_and_the_rest_is_told() -> None:
    before = file(f"We call {SECRET} back.", rest=RESOLVED.replace("All", f"{SECRET}: all"))

    done = take_out(before)

    assert done.text == before.replace(SECRET, GAP_TEXT, 1)
    [line] = done.left
    assert SECRET in done.text.splitlines()[line - 1]


def test_words_left_in_other_letters_are_told() -> None:
    assert take_out(file("The key is SeCret, or SECRET."), "SeCret").left == (13,)
    assert lines_with("a\nno\nA", "a") == (1, 3)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"Ask {SECRET}(Jens).", f"Ask {GAP_TEXT} (Jens)."),
        (f"{SECRET}: ask there.", f"{GAP_TEXT} : ask there."),
        (f"Use `{SECRET}`.", f"Use `{GAP_TEXT}`."),
        (f"```\ntoken={SECRET}\n```", f"```\ntoken={GAP_TEXT}\n```"),
        (f"[call {SECRET} now](https://acme.example/)", f"[call {GAP_TEXT} now](https://acme.example/)"),
        (f"- [ ] Ring\n- **{SECRET}**", f"- [ ] Ring\n- **{GAP_TEXT}**"),
    ],
)  # fmt: skip
def test_the_gap_is_seen_wherever_the_words_stood(body: str, expected: str) -> None:
    assert take_out(file(body)).text == file(expected)


@pytest.mark.parametrize(
    "body",
    [
        f'Call <a href="tel:{SECRET}">us</a> now.',
        f'Call [us][1] now.\n\n[1]: https://acme.example/ "{SECRET}"',
        f"<!-- {SECRET} -->\n\nWe are at work.",
    ],
)
def test_a_gap_that_nobody_would_see_is_refused(body: str) -> None:
    with pytest.raises(Refused, match="no reader would see the gap"):
        take_out(file(body))


def test_a_whole_update_keeps_its_time_its_signature_and_its_facts() -> None:
    keys = f"next: 10:00\naffected: Jens on {SECRET}\ncomponents: checkout partial_outage\n"
    before = file("### What\n\nTwo paragraphs.\n\n```\n## no heading\n```", keys, RESOLVED)

    done = take_out(before, None)

    kept = f"next: 10:00\naffected: {GAP_TEXT}\ncomponents: checkout partial_outage\n"
    assert done == Redacted(text=file(f"{GAP_TEXT}", kept, RESOLVED), gaps=2)


def test_the_front_matter_stays_readable() -> None:
    before = CARDS.replace(
        "affected: Anyone paying", f"affected: Jens, {SECRET}, and anyone paying"
    )

    done = take_out(before, at=None)

    after = parse(done.text.encode(), CARDS_FILE, COPENHAGEN).incident
    assert after is not None
    assert (after.facts.affected or "").startswith(f"Jens, {GAP_TEXT}, and anyone paying")
    assert done.gaps == 1
    changed = set(done.text.splitlines()) - set(before.splitlines())
    assert [line[:9] for line in changed] == ["affected:"]


def test_a_folded_value_of_the_front_matter_is_written_anew() -> None:
    folded = CARDS.replace(
        "affected: Anyone paying", f"affected: >\n  Jens, {SECRET},\n  and anyone paying"
    )

    done = take_out(folded, at=None)

    assert SECRET not in done.text
    assert GAP_TEXT in done.text


def test_the_front_matter_is_not_taken_out_as_a_whole() -> None:
    with pytest.raises(Refused, match="say which words with --pattern"):
        take_out(CARDS, None, None)


def test_what_would_break_the_file_is_refused() -> None:
    with pytest.raises(Refused, match=r"would not be readable any more:\n.*time"):
        take_out(CARDS, "10:00")
    with pytest.raises(Refused, match="would not be readable any more"):
        take_out(CARDS, "next")


def test_a_signature_is_not_taken_out() -> None:
    assert take_out(CARDS, "Dawn Okafor").gaps == 0


# ── what targets remember ────────────────────────────────────────────────────────────────────────


def record(text: str, *gaps: str) -> Record:
    return Record(
        id="card", path="content/card.md", source=text, updates=(U1,), withdrawn=False,
        redactions=gaps,
    )  # fmt: skip


def test_gaps_are_remembered() -> None:
    manifest = Manifest(build_id="b", records={"card": record("x", "[g]", "[g]")})

    assert again(manifest).records == manifest.records


def test_a_target_that_a_redaction_did_not_reach_brings_nothing_back() -> None:
    reached = Manifest(build_id="b", records={"card": record(GAP_TEXT, "[g]")})
    behind = Manifest(
        build_id="a", records={"card": record(SECRET)}, source=Origin(committed_at=NOON)
    )

    for manifests in ([reached, behind], [behind, reached]):
        assert merge_memory(manifests, NOON).sources == {"content/card.md": GAP_TEXT}


@dataclass
class Redacting(Site):
    """A site whose records carry the gaps of its texts."""

    def build(self, memory: Memory) -> Built:
        built = super().build(memory)
        records = {
            id_: replace(one, redactions=tuple(map(str, redactions(one.source))))
            for id_, one in built.records.items()
        }
        return replace(built, records=records)


def everything(store: FakeStore) -> bytes:
    """Return all bytes of a store, its state unpacked."""
    return b"\n".join(
        gzip.decompress(kept.body) if key.endswith(".gz") else kept.body
        for key, kept in store.objects.items()
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Redacting(tmp_path, {"card": {U1: f"We call {SECRET}."}}))


def redacted(world: World) -> Redacting:
    return Redacting(world.site.folder, {"card": {U1: f"We call {GAP_TEXT}."}})


def test_nothing_at_a_target_holds_the_words_any_more(world: World) -> None:
    world.publish_one()
    assert everything(world.store).count(SECRET.encode()) == 4  # home, feed, page, state

    report = world.publish_one("b", redacted(world))

    assert report.outcome == "published"
    assert SECRET.encode() not in everything(world.store)
    assert_sound(world.store)


def test_words_in_state_that_was_replaced_before_go_as_well(world: World) -> None:
    world.publish_one()
    more = Redacting(world.site.folder, {"card": {U1: f"We call {SECRET}.", U2: "!"}})
    world.publish_one("b", more)
    assert everything(world.store).count(SECRET.encode()) == 4  # feed, page, state, the one before
    after = redacted(world)
    after.incidents["card"][U2] = "!"

    world.publish_one("c", after)

    assert SECRET.encode() not in everything(world.store)
    assert_sound(world.store)


def test_words_in_state_that_no_root_ever_named_go_as_well(world: World) -> None:
    """Who added them died before the commit; who takes over redacts them, without --full."""
    clean = Redacting(world.site.folder, {"card": {U1: "We call."}})
    world.publish_one(site=clean)
    secret = Redacting(world.site.folder, {"card": {U1: "We call.", U2: SECRET}})
    die(world.store, world, after="index.html", site=secret)
    world.store.add(f"{SHARDS}{'5' * 64}.json.gz", gzip.compress(SECRET.encode()))
    world.clock.now += HOUR
    after = Redacting(world.site.folder, {"card": {U1: "We call.", U2: GAP_TEXT}})

    world.publish_one("c", after)

    assert SECRET.encode() not in everything(world.store)
    assert_sound(world.store)


@pytest.mark.parametrize("full", [True, False])
def test_state_that_a_died_publish_left_goes_with_the_next(world: World, *, full: bool) -> None:
    """The root is committed, and the shard it replaced is not dropped yet: there the words stay."""
    world.publish_one()
    after = redacted(world)

    def kill(operation: str, key: str) -> None:
        if operation == "delete" and key.startswith(SHARDS):
            raise KeyboardInterrupt

    world.store.before = kill
    with pytest.raises(KeyboardInterrupt):
        world.publish_one("b", after)
    world.store.before = lambda _operation, _key: None
    assert world.manifest().lease is None
    assert SECRET.encode() in everything(world.store)

    if not full:
        after.pages["more.html"] = "More."
    [report] = world.publish(commit="b", site=after, full=full)

    assert report.outcome == "published"
    assert SECRET.encode() not in everything(world.store)
    assert_sound(world.store)
    [again] = world.publish(commit="b", site=after, full=full)
    assert again.outcome == "unchanged"


def test_a_dry_run_leaves_old_state_alone(world: World) -> None:
    world.publish_one()
    world.store.add(f"{SHARDS}{'0' * 64}.json.gz", gzip.compress(b"{}"))

    [report] = world.publish(full=True, dry_run=True)

    assert report.outcome == "unchanged"
    assert world.store.asked("put", "delete") != []
    assert f"{SHARDS}{'0' * 64}.json.gz" in world.store.objects


def test_a_died_redaction_is_finished_by_the_next_publish(world: World) -> None:
    world.publish_one()
    after = redacted(world)
    die(world.store, world, after="incidents/card/index.html", site=after)
    world.clock.now += HOUR

    world.publish_one("b", after)

    assert SECRET.encode() not in everything(world.store)
    assert_sound(world.store)


def test_old_pages_do_not_wait_for_their_grace(world: World) -> None:
    world.site.pages["old/index.html"] = f"Somebody wrote {SECRET}."
    world.site.pages["older/index.html"] = SECRET
    world.publish_one()
    del world.site.pages["older/index.html"]
    world.publish_one("b")
    assert "older/index.html" in world.store.objects

    report = world.publish_one("c", redacted(world))

    assert report.deletes == 2
    assert SECRET.encode() not in everything(world.store)


def test_only_a_new_gap_ends_the_grace(world: World) -> None:
    world.publish_one()
    after = redacted(world)
    after.pages["old/index.html"] = "old"
    world.publish_one("b", after)
    del after.pages["old/index.html"]

    assert world.publish_one("c", after).deletes == 0
    assert "old/index.html" in world.store.objects


def test_what_was_redacted_is_not_published_again(world: World) -> None:
    world.publish_one()
    world.publish_one("b", redacted(world))
    before = world.store.site()

    report = world.publish_one("c", Redacting(world.site.folder, world.site.incidents))

    assert report.outcome == "refused"
    assert report.error == (
        "content/card.md: 'card' would bring back what was redacted: "
        f"{GAP_TEXT}. Publish the commit with the redaction, or one that follows it"
    )
    assert world.store.site() == before


def test_a_redacted_incident_is_not_deleted_either(world: World) -> None:
    world.publish_one()
    world.publish_one("b", redacted(world))

    report = world.publish_one("c", Redacting(world.site.folder, {}))

    assert report.outcome == "refused"
    assert "would lose what is already published" in (report.error or "")


def test_later_updates_come_as_ever(world: World) -> None:
    world.publish_one()
    after = redacted(world)
    world.publish_one("b", after)
    world.clock.now += MINUTE
    after.incidents["card"][U2] = "All cards work."

    assert world.publish_one("c", after).outcome == "published"
    assert world.manifest().stamps["card"] == {U1: None, U2: NOON + MINUTE}


# ── as people run it ─────────────────────────────────────────────────────────────────────────────

LEAKED = CARDS.replace("on the phone with them", f"on the phone with Jens, {SECRET}")
NAME = "2026-11-21-card-payments"
CARD_PAGE = f"incidents/{NAME}/index.html"
SIGNED = ("--by", "Dawn Okafor", "--because", "a customer's phone number")


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: LEAKED})
    site.commit()
    return site


def run_redact(site: SmallSite, *arguments: str, update: str = "2026-11-21 09:20") -> Ran:
    return site.firstword("redact", NAME, update, *arguments)


def places(site: SmallSite, words: bytes = SECRET.encode()) -> Iterator[str]:
    """Yield every file of a site that holds the words, git's own aside."""
    for path in sorted(site.root.rglob("*")):
        if path.is_file() and ".git" not in path.relative_to(site.root).parts:
            body = path.read_bytes()
            if words in (gzip.decompress(body) if path.suffix == ".gz" else body):
                yield path.relative_to(site.root).as_posix()


def test_one_command_takes_the_words_out_everywhere(site: SmallSite) -> None:
    site.publish()
    assert {place.split("/")[0] for place in places(site)} == {
        *(".cache", "content", "output", "public"),
    }

    ran = run_redact(site, "--pattern", SECRET, *SIGNED)

    assert ran.code == 0, ran.err
    assert list(places(site)) == []
    assert SECRET not in ran.out + ran.err
    gap = redactions((site.root / CARDS_FILE).read_text(encoding="utf-8"))
    assert [(one.by, one.why) for one in gap] == [("Dawn Okafor", "a customer's phone number")]
    shown = str(gap[0])
    for key in (CARD_PAGE, "index.html", "feeds/updates.atom", "feeds/incidents.rss"):
        page = site.page(key).replace("&#39;", "'").replace("&#x27;", "'").replace("&apos;", "'")
        assert shown in page, key
    page = site.page(CARD_PAGE)
    assert "20261121T082000Z" in page
    assert "Dawn Okafor" in page
    assert f"git commit -m 'Redact' -- {CARDS_FILE}" in ran.err
    assert "git filter-repo" in ran.err


def test_state_that_a_died_publish_left_goes_too(site: SmallSite) -> None:
    site.publish()
    orphan = site.root / "public/.firstword/shards" / f"{'0' * 64}.json.gz"
    orphan.write_bytes(gzip.compress(SECRET.encode()))

    ran = run_redact(site, "--pattern", SECRET, *SIGNED)

    assert (ran.code, list(places(site))) == (0, [])


def test_it_can_be_committed_and_published_again(site: SmallSite) -> None:
    site.publish()
    run_redact(site, "--pattern", SECRET, *SIGNED)
    site.commit("Redact")

    again = site.publish()
    check = site.firstword("check", "--strict")

    assert (again.code, again.out.splitlines()[-1][:12]) == (0, "live already")
    assert (check.code, check.out) == (0, "")


def test_a_clone_without_the_redaction_does_not_bring_it_back(site: SmallSite) -> None:
    """It was published before it was committed: the clone's commit is the one that is live."""
    site.publish()
    clone = site.clone(site.root.parent / "cold")
    run_redact(site, "--pattern", SECRET, *SIGNED)
    page = site.page(CARD_PAGE)

    ran = clone.publish(str(site.root / "public"))

    assert ran.code == 3
    assert f"{CARDS_FILE}:1: redacted: would bring back what was redacted" in ran.err
    assert "held back; shown as of what is published" in ran.err
    assert site.page(CARD_PAGE) == page


def test_a_file_that_breaks_later_falls_back_to_a_version_with_the_gap(site: SmallSite) -> None:
    site.publish()
    run_redact(site, "--pattern", SECRET, *SIGNED)
    text = (site.root / CARDS_FILE).read_text(encoding="utf-8")
    site.write(CARDS_FILE, text.replace("impact: major", "impact: hurge"))

    ran = site.publish()

    assert ran.code == 3
    assert [place for place in places(site) if not place.startswith("content")] == []
    assert "redacted 20" in site.page(CARD_PAGE)


def test_a_revert_does_not_bring_it_back(site: SmallSite) -> None:
    site.publish()
    run_redact(site, "--pattern", SECRET, *SIGNED)
    site.commit("Redact")
    site.git("revert", "--no-edit", "HEAD")

    ran = site.publish("--force")

    assert ran.code == 3
    assert [place for place in places(site) if place.startswith("public")] == []


def test_a_file_that_was_deleted_stays_as_redacted(site: SmallSite) -> None:
    site.publish()
    site.commit("before")
    run_redact(site, "--pattern", SECRET, *SIGNED)
    page = site.page(CARD_PAGE)
    (site.root / CARDS_FILE).unlink()
    site.commit("delete")

    ran = site.publish("--force")

    assert ran.code == 3
    assert f"{CARDS_FILE}:1: gone: " in ran.err
    assert site.page(CARD_PAGE) == page
    assert [place for place in places(site) if place.startswith("public")] == []


def test_a_whole_update_in_both_languages(site: SmallSite) -> None:
    german = CARDS_FILE.replace(".md", ".de.md")
    site.write(german, LEAKED.replace("Card payments fail", "Kartenzahlung gestört"))
    site.commit()
    site.publish()

    ran = run_redact(site, "--whole", *SIGNED, update="20261121T082000Z")

    assert ran.code == 0, ran.err
    assert list(places(site)) == []
    assert [line.split(":")[0] for line in ran.out.splitlines()[:2]] == [CARDS_FILE, german]


def test_words_that_stand_elsewhere_too_are_told(site: SmallSite) -> None:
    site.write(
        CARDS_FILE, LEAKED + RESOLVED.replace("All cards", f"Jens ({SECRET}) says all cards")
    )
    site.commit()
    site.publish()

    ran = run_redact(site, "--pattern", SECRET, *SIGNED)

    assert ran.code == 3
    assert f"{CARDS_FILE}:17: redact: the words stand here too" in ran.err
    assert SECRET not in ran.out + ran.err


def test_a_dry_run_and_a_run_without_publishing(site: SmallSite) -> None:
    site.publish()
    before = site.files()

    dry = run_redact(site, "--pattern", SECRET, *SIGNED, "--dry-run")
    untouched = (site.root / CARDS_FILE).read_text(encoding="utf-8")
    only = run_redact(site, "--pattern", SECRET, *SIGNED, "--no-publish")

    assert (dry.code, only.code, untouched) == (0, 0, LEAKED)
    assert "[redacted 20" in dry.out
    assert SECRET not in (site.root / CARDS_FILE).read_text(encoding="utf-8")
    assert site.files() == before


def test_the_words_can_come_from_stdin(site: SmallSite) -> None:
    program = "from firstword.cli import main_and_exit; main_and_exit()"
    ran = site.run(
        "/bin/sh", "-c",
        f"echo '{SECRET}' | \"$0\" -c '{program}' redact {NAME} '2026-11-21 09:20' --pattern - "
        "--no-publish --by 'Dawn Okafor' --because 'a number'",
        sys.executable,
    )  # fmt: skip

    assert ran.code == 0, ran.err
    assert SECRET not in (site.root / CARDS_FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--pattern", "never said", *SIGNED), "--pattern: these words are not there"),
        (("--pattern", " ", *SIGNED), "--pattern: holds no words"),
        (("--pattern", SECRET, "--by", "Dawn", "--because", "x"), "--by: not in PEOPLE: 'Dawn'"),
        (("--pattern", SECRET, "--by", "Ola Left", "--because", "x"), "--by: 'Ola Left' left on"),
        (
            ("--pattern", SECRET, "--by", "Dawn Okafor", "--because", "a [b]"),
            "--because: one plain",
        ),
        (("--pattern", SECRET, "--by", "Dawn Okafor", "--because", ""), "--because: one plain"),
        (
            ("--pattern", SECRET, "--by", "Dawn Okafor", "--because", f"not {SECRET}"),
            "--because: holds the very words",
        ),
        (("--pattern", "x", "--whole", *SIGNED), "not allowed with argument"),
        (SIGNED, "one of the arguments --pattern --whole is required"),
    ],
)
def test_what_cannot_be_asked_for(site: SmallSite, arguments: tuple[str, ...], said: str) -> None:
    ola = '{"name": "Ola Left", "role": "x", "address": "o@acme.example", "until": "2020-01-31"'
    left = f'    {ola}, "successor": "Ian Reyes"}},\n]\nCOMPONENTS'
    site.write("pelicanconf.py", CONF.replace("]\nCOMPONENTS", left))

    ran = run_redact(site, *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert (site.root / CARDS_FILE).read_text(encoding="utf-8") == LEAKED


@pytest.mark.parametrize(
    ("name", "update", "said"),
    [
        ("no-such-story", "2026-11-21 09:20", "INCIDENT: no incident file is called"),
        (NAME, "2026-11-21 09:21", "none of '2026-11-21 09:21'; it has 2026-11-21 09:20"),
        (NAME, "yesterday", "none of 'yesterday' ("),
    ],
)
def test_what_is_not_there(site: SmallSite, name: str, update: str, said: str) -> None:
    ran = site.firstword("redact", name, update, "--pattern", SECRET, *SIGNED)

    assert ran.code == 2
    assert said in ran.err


def test_a_broken_file_is_mended_first(site: SmallSite) -> None:
    site.write(CARDS_FILE, LEAKED.replace("impact: major", "impact: hurge"))

    ran = run_redact(site, "--pattern", SECRET, *SIGNED)

    assert ran.code == 1
    assert "mend the file first" in ran.err
    assert "unknown impact: 'hurge'" in ran.err


def test_a_gap_that_nobody_signed_is_an_error(site: SmallSite) -> None:
    forged = GAP_TEXT.replace("Dawn Okafor", "A Bot")
    site.write(CARDS_FILE, LEAKED.replace(SECRET, forged))

    ran = site.firstword("check")

    assert ran.code == 1
    assert f"{CARDS_FILE}:10: author: a gap is signed by nobody in PEOPLE: {forged}" in ran.out


def test_a_gap_shows_the_name_that_readers_see(site: SmallSite) -> None:
    shown = CONF.replace('"name": "Dawn Okafor",', '"name": "Dawn Okafor", "shown": "Dawn",')
    site.write("pelicanconf.py", shown)

    ran = run_redact(site, "--pattern", SECRET, *SIGNED, "--no-publish")
    check = site.firstword("check")

    assert " UTC by Dawn: a customer's" in ran.out
    assert (ran.code, check.code) == (0, 0)


def test_on_s3_no_object_holds_the_words_and_versions_are_named(site: SmallSite) -> None:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        keys = {"AWS_ACCESS_KEY_ID": "AKIAINVENTED", "AWS_SECRET_ACCESS_KEY": "very-secret"}
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket="redacting")
        client.put_bucket_versioning(
            Bucket="redacting", VersioningConfiguration={"Status": "Enabled"}
        )
        site.write("pelicanconf.py", CONF.replace('"public"', '"s3://redacting/site"'))
        site.commit()
        assert site.publish(AWS_ENDPOINT_URL=address, **keys).code == 0
        ran = site.firstword(
            "redact", NAME, "2026-11-21 09:20", "--pattern", SECRET, *SIGNED,
            AWS_ENDPOINT_URL=address, **keys,
        )  # fmt: skip
        listed = client.list_objects_v2(Bucket="redacting")["Contents"]
        bodies = [
            client.get_object(Bucket="redacting", Key=entry["Key"])["Body"].read()
            for entry in listed
        ]
        old = [
            version
            for version in client.list_object_versions(Bucket="redacting")["Versions"]
            if not version["IsLatest"]
        ]
    finally:
        server.stop()

    assert ran.code == 0, ran.err
    plain = [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in bodies]
    assert len(plain) > 10
    assert not any(SECRET.encode() in body for body in plain)
    # What a bucket with versions keeps is named, with the command that removes it.
    assert old
    assert "If redacting keeps versions" in ran.err
    assert "list-object-versions --bucket redacting --prefix 'site'" in ran.err
    assert "Versions[?IsLatest==`false`]" in ran.err


def test_the_root_of_a_target_names_no_words(site: SmallSite) -> None:
    site.publish()
    run_redact(site, "--pattern", SECRET, *SIGNED)

    root = json.loads(site.page(ROOT_KEY))

    assert root["lease"] is None
    assert SECRET not in json.dumps(root)
