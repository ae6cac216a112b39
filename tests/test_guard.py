"""What is published cannot be changed silently: a publish holds such a file back, and says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sites import CARDS, CARDS_FILE, CONF, HALF_PAST_TEN, RESOLVED, SLOW, SLOW_FILE, SmallSite

CARD_PAGE = "incidents/2026-11-21-card-payments/index.html"
GERMAN_FILE = CARDS_FILE.replace(".md", ".de.md")
GERMAN = """\
---
title: Kartenzahlungen in der EU scheitern
affected: Wer mit einer Karte einer EU-Bank zahlt. Etwa jede fünfte Zahlung scheitert.
workaround: Mit einer Geschenkkarte zahlen.
---

## 2026-11-21 09:20 | Dawn Okafor | investigating

Eine Zahlung von fünf wird abgelehnt. Wir telefonieren mit der Bank.
"""
GERMAN_PAGE = f"de/{CARD_PAGE}"
NEWS_FILE = "content/incidents/2026/2026-11-21-news.md"
NEWS = CARDS.replace("Card payments fail in the EU", "Something else")
NEWS_PAGE = "incidents/2026-11-21-news/index.html"
ENDED = CARDS + RESOLVED
PROMISED = f"{SLOW}\n- [ ] A second router. (Ian Reyes, 2026-11-20)\n"
DAY = "'2026-11-21"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = SmallSite.make(
        tmp_path_factory.mktemp("published") / "site", {CARDS_FILE: ENDED, SLOW_FILE: SLOW}
    )
    site.commit("public")
    assert site.publish().code == 0
    return site


@pytest.fixture
def site(published: SmallSite, tmp_path: Path) -> SmallSite:
    """Return a site that is published."""
    return _copy(published, tmp_path)


def _copy(site: SmallSite, to: Path) -> SmallSite:
    return SmallSite(Path(shutil.copytree(site.root, to / "site", symlinks=True)))


def edit(site: SmallSite, *changes: tuple[str, str], path: str = CARDS_FILE) -> None:
    text = (site.root / path).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    site.write(path, text)


def stays(site: SmallSite, said: str, *arguments: str) -> None:
    """Publish, and see that the story stays as it was published while everything else goes out."""
    before = site.page(CARD_PAGE)
    site.write(NEWS_FILE, NEWS)
    site.commit("silently")

    ran = site.publish(*arguments)

    assert ran.code == 3, ran.err
    assert said in ran.err
    assert f"{CARDS_FILE}: held back; shown as of " in ran.err
    assert site.page(CARD_PAGE) == before
    assert "Something else" in site.page(NEWS_PAGE)


IAN = '    {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"},\n'


def test_who_leaves_people_takes_no_word_along_and_holds_up_nobody(tmp_path: Path) -> None:
    veiled = CONF.replace(IAN, IAN.replace('"role"', '"shown": "Ian of Ops", "role"'))
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: CARDS, SLOW_FILE: PROMISED})
    site.write("pelicanconf.py", veiled)
    site.commit("public")
    assert site.publish().code == 0
    site.write("pelicanconf.py", CONF.replace(IAN, ""))
    site.write(NEWS_FILE, NEWS)
    site.commit("Ian left")

    ran = site.publish()
    again = site.publish("--full")
    due = site.firstword("due")

    assert (ran.code, again.code) == (3, 3), ran.err
    assert f"{SLOW_FILE}:10: author: not in PEOPLE: 'Ian Reyes'" in ran.err
    assert f"{SLOW_FILE}: held back; shown as of what is published" in ran.err
    assert "Something else" in site.page(NEWS_PAGE)
    slow = site.page("incidents/2026-11-02-slow-pages/index.html")
    assert slow.count('people/ian-of-ops/"><bdi>Ian of Ops</bdi>') == 2
    assert "Pages take eight seconds." in slow
    assert "A second router. (Ian of Ops, " in slow
    for key, data in site.files().items():
        assert b"Ian Reyes" not in data, key
    assert (due.code, "follow-up: A second router. | Pages load" in due.out) == (1, True)
    assert "somebody not in PEOPLE\n" in due.out


def test_words_from_a_clock_that_was_fast_stay_and_hold_up_nobody(site: SmallSite) -> None:
    site.write(NEWS_FILE, NEWS)
    half_past_nine = str(int(HALF_PAST_TEN) - 3600)

    ran = site.publish(SOURCE_DATE_EPOCH=half_past_nine)
    due = site.firstword("due", SOURCE_DATE_EPOCH=half_past_nine)

    assert ran.code == 3, ran.err
    assert f"{CARDS_FILE}:15: future: signed 2026-11-21 09:50" in ran.err
    assert f"{CARDS_FILE}: held back; shown as of what is published" in ran.err
    assert "All cards work since 09:45." in site.page(CARD_PAGE)
    assert "Something else" in site.page(NEWS_PAGE)
    assert "held back; shown as of" in due.err


def test_a_story_that_was_withdrawn_stays_published_when_its_file_goes(site: SmallSite) -> None:
    with (site.root / CARDS_FILE).open("a", encoding="utf-8") as file:
        file.write(
            "\n## 2026-11-21 10:25 | Dawn Okafor | withdrawn\n\nThis was another shop's outage.\n"
        )
    site.commit("taken back")
    assert site.publish().code == 0, "openly"
    before = site.page(CARD_PAGE)
    (site.root / CARDS_FILE).unlink()
    site.commit("its file goes")
    checked = site.firstword("check", "--since", "HEAD^")
    first, again = site.publish(), site.publish()

    assert (checked.code, first.code, again.code) == (0, 0, 0), first.err
    assert site.page(CARD_PAGE) == before
    assert "another shop" in before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("next: 10:00", "next: 12:00", "11: changed-time: 'next': '2026-11-21 10:00' became "),
        ("payment in five is", "payment in fifty is", "10: changed-number: 'five' became 'fifty'"),
        ("## 2026-11-21 09:50", "## 2026-11-21 09:40", "15: moved: published words keep their "),
    ],
)
def test_a_silent_edit_is_held_back(site: SmallSite, old: str, new: str, said: str) -> None:
    edit(site, (old, new))

    stays(site, f"{CARDS_FILE}:{said}")


def test_every_change_is_told_and_no_byte_changes(site: SmallSite) -> None:
    edit(
        site,
        ("started: 2026-11-21 09:12", "started: 2026-11-21 09:19"),
        ("since 09:45", "since 09:31"),
        ("[checkout]", "[api]"),
        ("impact: major", "impact: minor\nimported: elsewhere"),
        ("nothing was taken", "it was taken"),
        ("| Ian Reyes |", "| Dawn Okafor |"),
    )
    before = site.files()

    ran = site.publish()

    told = [line.partition("; put")[0] for line in ran.err.splitlines() if CARDS_FILE in line]
    front, update = "in the front matter", "in the published update of 2026-11-21 09:50"
    assert told[:-1] == [
        f"{CARDS_FILE}:3: changed-key: 'impact': 'major' became 'minor' {front}",
        f"{CARDS_FILE}:4: changed-key: 'imported': nothing became 'elsewhere' {front}",
        f"{CARDS_FILE}:5: changed-time: 'started': {DAY} 09:12' became {DAY} 09:19' {front}",
        f"{CARDS_FILE}:6: changed-component: 'components': 'checkout' became 'api' {front}",
        f"{CARDS_FILE}:16: changed-key: 'author': 'Ian Reyes' became 'Dawn Okafor' {update}",
        f"{CARDS_FILE}:16: changed-sense: 'nothing' became 'it' {update}",
        f"{CARDS_FILE}:16: changed-time: '09:45' became '09:31' {update}",
    ]
    assert told[-1].startswith(f"{CARDS_FILE}: held back; shown as of ")
    # Pages, feeds, the API and the record.
    assert (ran.code, site.files()) == (3, before)


def test_the_way_out_is_in_the_message_and_leads_out(site: SmallSite) -> None:
    edit(site, ("payment in five is", "payment in fifty is"))
    held = site.publish()
    fix = (
        "\n## 2026-11-21 10:10 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:20\n\nOne in 50."
    )
    site.write(CARDS_FILE, f"{ENDED}{fix}\n")

    ran = site.publish()

    assert held.code == 3
    assert "put the old words back, and say what is right in a signed 'correction'" in held.err
    assert (ran.code, "One in 50" in site.page(CARD_PAGE)) == (0, True)
    assert "payment in five is" in site.page(CARD_PAGE)


def test_strict_publishes_nothing(site: SmallSite) -> None:
    edit(site, ("next: 10:00", "next: 12:00"))
    before = site.files()

    ran = site.publish("--strict")

    assert (ran.code, site.files()) == (1, before)


def test_no_older_version_brings_the_edit_back(site: SmallSite) -> None:
    """A file that is broken later falls back to what readers have, not to the silent edit."""
    edit(site, ("next: 10:00", "next: 12:00"))
    site.commit("silently")
    edit(site, ("impact: major", "impact: hurge"))

    stays(site, f"{CARDS_FILE}:3: value: unknown impact: 'hurge'")


def test_what_another_build_has_read_is_compared_too(site: SmallSite) -> None:
    """A build without a target takes the edit; the next publish does not."""
    edit(site, ("next: 10:00", "next: 12:00"))
    assert site.pelican().code == 0

    stays(site, f"{CARDS_FILE}:11: changed-time: 'next'")


def test_a_clone_of_one_commit_holds_it_back(site: SmallSite) -> None:
    edit(site, ("next: 10:00", "next: 12:00"))
    site.commit("silently")
    before = site.page(CARD_PAGE)
    clone = site.clone(site.root.parent / "cold")

    ran = clone.publish(str(site.root / "public"))

    assert ran.code == 3
    assert f"{CARDS_FILE}:11: changed-time: 'next'" in ran.err
    assert f"{CARDS_FILE}: held back; shown as of what is published" in ran.err
    assert site.page(CARD_PAGE) == before


def test_a_commit_of_one_s_own_is_compared_too(site: SmallSite) -> None:
    edit(site, ("next: 10:00", "next: 12:00"))

    stays(site, f"{CARDS_FILE}:11: changed-time: 'next'", "--commit")


def test_a_merge_brings_no_other_words(site: SmallSite) -> None:
    site.git("checkout", "-q", "-b", "aside")
    edit(site, ("payment in five is", "payment in fifty is"))
    site.commit("aside")
    site.git("checkout", "-q", "main")
    site.commit("meanwhile")
    site.git("merge", "-q", "-m", "both", "aside")

    stays(site, f"{CARDS_FILE}:10: changed-number: 'five' became 'fifty'")


def test_a_history_that_was_rewritten_brings_no_other_words(site: SmallSite) -> None:
    edit(site, ("payment in five is", "payment in fifty is"))
    site.git("commit", "-q", "-a", "--amend", "-m", "public, as if it had always been so")
    refused = site.publish()

    assert refused.code == 1
    assert "went another way" in refused.err
    stays(site, f"{CARDS_FILE}:10: changed-number: 'five' became 'fifty'", "--force")


def test_spelling_goes_out_where_a_commit_says_so(site: SmallSite) -> None:
    edit(site, ("in between", "inbetween"))
    edit(site, ("A router in Aarhus", "A  *router* in Aarhus"), path=SLOW_FILE)
    site.commit("without a word")
    held = site.publish()
    site.write(CARDS_FILE, ENDED)
    site.commit("back")
    edit(site, ("in between", "inbetween"))
    site.commit("One word\n\nfix: spelling")
    # As a forge squashes several commits into one.
    edit(site, ("refused by", "refussed by"))
    site.commit("Words (#7)\n\n* more of it\n\n* fix: spelling")
    ran = site.publish()

    assert held.code == 3
    assert f"{CARDS_FILE}:10: changed-spelling: 'in between' became 'inbetween'" in held.err
    assert "say so in the commit: a line 'fix: spelling'" in held.err
    # Layout needs nobody's word.
    assert "<em>router</em>" in site.page("incidents/2026-11-02-slow-pages/index.html")
    assert (ran.code, "refussed by the bank inbetween" in site.page(CARD_PAGE)) == (0, True), (
        ran.err
    )


def test_the_record_is_that_of_the_words_first_published(tmp_path: Path) -> None:
    """Not of a file in which a promise is moved once it has lapsed, or was kept late."""
    site = SmallSite.make(tmp_path / "site", {SLOW_FILE: SLOW})
    site.publish()
    promised = CARDS.replace("next: 10:00", "next: 12:00")
    site.write(CARDS_FILE, promised)
    site.publish()
    half_past_twelve = str(int(HALF_PAST_TEN) + 7200)

    site.write(CARDS_FILE, promised.replace("next: 12:00", "next: 14:00"))
    lapsed = site.publish(SOURCE_DATE_EPOCH=half_past_twelve)
    [overdue] = json.loads(site.page("api/v2/record.json"))["overdue"]
    late = RESOLVED.replace("09:50", "12:25")
    site.write(CARDS_FILE, promised.replace("next: 12:00", "next: 14:00") + late)
    again = site.publish(SOURCE_DATE_EPOCH=half_past_twelve)
    site.write(CARDS_FILE, promised + late)
    mended = site.publish(SOURCE_DATE_EPOCH=half_past_twelve)

    assert (lapsed.code, again.code, mended.code) == (3, 3, 0)
    assert (overdue["measure"], overdue["due_at"]) == ("next", "2026-11-21T11:00:00Z")
    [year] = json.loads(site.page("api/v2/record.json"))["years"]
    assert {name: year["next"][name] for name in ("kept", "late", "overdue")} == {
        "kept": 0, "late": 1, "overdue": 0,
    }  # fmt: skip


def test_a_clone_that_lacks_the_commit_which_said_so_says_how_to_get_it(site: SmallSite) -> None:
    edit(site, ("in between", "inbetween"))
    site.commit("fix: spelling")
    site.commit("newer")
    public = str(site.root / "public")
    shallow, whole = (
        site.clone(site.root.parent / name, depth=depth) for name, depth in (("s", 1), ("w", None))
    )

    cut, known = shallow.publish(public), whole.publish(public)

    assert (cut.code, known.code) == (3, 0)
    assert "where a commit says so already: git fetch --unshallow" in cut.err


def test_a_commit_cannot_call_a_number_spelling(site: SmallSite) -> None:
    edit(site, ("payment in five is", "payment in nine is"))
    site.commit("fix: spelling")

    stays(site, f"{CARDS_FILE}:10: changed-number: 'five' became 'nine'")


# ── new words beside changed ones ────────────────────────────────────────────────────────────────

LATER = """
## 2026-11-21 10:20 | Ian Reyes | update

The bank adds that nobody has to do a thing.
"""


@pytest.mark.parametrize(
    "name", [CARDS_FILE, "content/incidents/cards/2026-11-21-card-payments.md"]
)
def test_new_updates_of_a_changed_file_go_out(site: SmallSite, name: str) -> None:
    (site.root / CARDS_FILE).unlink()
    (site.root / name).parent.mkdir(exist_ok=True)
    site.write(name, (ENDED + LATER).replace("in five is", "in fifty is"))
    site.commit("silently, and more")

    ran, again = site.publish(), site.publish()

    page = site.page(CARD_PAGE)
    assert (ran.code, again.code) == (3, 3)
    assert f"{name}:10: changed-number: 'five' became 'fifty'" in ran.err
    assert f"{name}: held back; " in again.err
    assert "payment in five is" in page
    assert page.count("The bank adds that nobody has to do a thing.") == 1
    assert "fifty" not in page


def test_an_update_that_moved_is_not_told_twice(site: SmallSite) -> None:
    site.write(CARDS_FILE, ENDED + LATER)
    assert site.publish().code == 0
    edit(site, ("## 2026-11-21 10:20", "## 2026-11-21 10:25"), ("in five is", "in fifty is"))

    site.commit("moved")
    # A file that is broken falls back to the commit before it, which moved the update.
    edit(site, ("impact: major", "impact: hurge"))

    stays(site, f"{CARDS_FILE}:3: value: unknown impact: 'hurge'")


def test_words_put_in_before_what_is_published_wait(site: SmallSite) -> None:
    early = LATER.replace("10:20", "09:30").replace("| update", "| identified")
    edit(site, ("in five is", "in fifty is"))
    site.write(CARDS_FILE, (site.root / CARDS_FILE).read_text(encoding="utf-8") + early)

    stays(site, f"{CARDS_FILE}:10: changed-number: ")


def test_what_is_done_is_not_counted_over_other_promises(site: SmallSite) -> None:
    ask, call = ("- [ ] Ask (Ian Reyes, 2026-12-01)\n", "- [ ] Call (Ian Reyes, 2026-12-01)\n")
    why = "\n## 2026-11-21 10:05 | Ian Reyes | postmortem\n\nThe cause is a switch.\n\n"
    site.write(CARDS_FILE, ENDED + why + ask + call)
    published = site.publish()
    done = LATER.replace("| update\n", "| update\ndone: 1\n")
    site.write(CARDS_FILE, ENDED + why + call + done)

    assert published.code == 0, published.err
    stays(site, f"{CARDS_FILE}:19: changed-")


# ── files that move ──────────────────────────────────────────────────────────────────────────────


def test_a_file_moves_between_folders_but_not_with_other_words(site: SmallSite) -> None:
    moved = "content/incidents/shop/2026-11-21-card-payments.md"
    (site.root / moved).parent.mkdir()
    site.git("mv", CARDS_FILE, moved)
    edit(site, ("payment in five is", "payment in fifty is"), path=moved)
    before = site.page(CARD_PAGE)
    site.commit("moved, and more")

    held = site.publish()
    site.write(moved, ENDED)
    site.commit("moved only")
    ran = site.publish()

    assert held.code == 3
    assert f"{moved}:10: changed-number: 'five' became 'fifty'" in held.err
    assert (ran.code, site.page(CARD_PAGE)) == (0, before), ran.err


def test_a_rename_with_its_id_but_not_with_other_words(site: SmallSite) -> None:
    new = "content/incidents/2026/2026-11-21-cards.md"
    (site.root / CARDS_FILE).unlink()
    with_id = ENDED.replace("impact:", "id: 2026-11-21-card-payments\nimpact:")
    site.write(new, with_id.replace("next: 10:00", "next: 12:00"))
    before = site.page(CARD_PAGE)
    site.commit("renamed, and more")

    held = site.publish()
    stayed = site.page(CARD_PAGE)
    site.write(new, with_id)
    site.commit("renamed only")
    lost = site.publish()
    site.write(
        new, with_id.replace("impact:", "aliases: [incidents/2026-11-21-card-payments]\nimpact:")
    )
    site.commit("renamed, and its old address leads to the new one")
    ran = site.publish()

    assert held.code == lost.code == 3
    assert (
        f"{new}:1: changed-address: 'incidents/2026-11-21-card-payments' is published" in lost.err
    )
    assert f"{new}:12: changed-time: 'next': '2026-11-21 10:00' became" in held.err
    assert f"{new}: held back; not shown: its story is shown as it is published" in held.err
    assert stayed == before
    assert ran.code == 0, ran.err
    assert "One card payment in five" in site.page("incidents/2026-11-21-cards/index.html")
    assert 'content="0; url=../../incidents/2026-11-21-cards/"' in site.page(CARD_PAGE)


# ── translations ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def published_german(published: SmallSite, tmp_path_factory: pytest.TempPathFactory) -> SmallSite:
    site = _copy(published, tmp_path_factory.mktemp("german"))
    site.write(GERMAN_FILE, GERMAN)
    site.commit("in German")
    ran = site.publish()
    assert (ran.code, "von fünf" in site.page(GERMAN_PAGE)) == (0, True), ran.err
    return site


@pytest.fixture
def german(published_german: SmallSite, tmp_path: Path) -> SmallSite:
    """Return a site with a translation that is published."""
    return _copy(published_german, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("number", f"{GERMAN_FILE}:7: changed-number: 'fünf' became 'sechs'"),
        ("gone", f"{GERMAN_FILE}:1: gone: the translation of '2026-11-21-card-payments' is "),
        ("draft", f"{GERMAN_FILE}:2: draft: '2026-11-21-card-payments' is published; 'draft' "),
    ],
)
def test_a_translation_is_held_to_its_words_too(german: SmallSite, change: str, said: str) -> None:
    before = german.page(GERMAN_PAGE)
    if change == "gone":
        (german.root / GERMAN_FILE).unlink()
    elif change == "draft":
        edit(german, ("---\ntitle", "---\ndraft: yes\ntitle"), path=GERMAN_FILE)
    else:
        edit(german, ("von fünf", "von sechs"), path=GERMAN_FILE)
    german.commit(change)

    warm = german.publish()
    cold = german.clone(german.root.parent / "cold").publish(str(german.root / "public"), "--force")

    for ran in (warm, cold):
        assert ran.code == 3
        assert said in ran.err
        assert german.page(GERMAN_PAGE) == before


def test_check_since_published_knows_translations(german: SmallSite) -> None:
    edit(german, ("von fünf", "von sechs"), path=GERMAN_FILE)
    silent = german.firstword("check", "--since", "published")
    (german.root / GERMAN_FILE).unlink()
    gone = german.firstword("check", "--since", "published")

    assert (silent.code, gone.code) == (1, 1)
    assert f"{GERMAN_FILE}:7: changed-number: 'fünf' became 'sechs'" in silent.out
    assert f"{GERMAN_FILE}:1: gone: '2026-11-21-card-payments' was published" in gone.out


def test_a_translation_goes_with_what_was_withdrawn(german: SmallSite) -> None:
    words = "\n## 2026-11-21 10:20 | Ian Reyes | withdrawn\n\nIt was a test.\n"
    german.write(CARDS_FILE, ENDED + words)
    (german.root / GERMAN_FILE).unlink()

    assert german.publish().code == 0


def test_a_redaction_goes_out_in_both_languages(german: SmallSite) -> None:
    ran = german.firstword(
        "redact", "2026-11-21-card-payments", "2026-11-21 09:20", "--whole",
        "--by", "Dawn Okafor", "--because", "a customer's number",
    )  # fmt: skip

    assert ran.code == 0, ran.err
    assert "[redacted 20" in german.page(CARD_PAGE)
    assert "[redacted 20" in german.page(GERMAN_PAGE)


@pytest.mark.parametrize(
    "words", ["five", "ve is ref", "(the) bank", "09:45", "in five is refused"]
)
def test_whatever_is_redacted_goes_out(site: SmallSite, words: str) -> None:
    """Also a part of a word or a number: a secret does not wait for a rule."""
    edit(site, ("the bank in between", "(the) bank in between"))
    assert site.publish().code == 0
    update = "2026-11-21 09:50" if words == "09:45" else "2026-11-21 09:20"
    ran = site.firstword(
        "redact", "2026-11-21-card-payments", update, "--pattern", words,
        "--by", "Dawn Okafor", "--because", "it was a secret",
    )  # fmt: skip

    assert "held back" not in ran.err
    assert "[redacted 20" in site.page(CARD_PAGE)
