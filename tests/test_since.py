"""`firstword check --since`: what was public is not changed silently. On real repositories."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT
from sites import CARDS, CARDS_FILE, SLOW, SLOW_FILE, Ran, SmallSite

# ── on repositories ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    """Return a site with a commit that is public."""
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: CARDS, SLOW_FILE: SLOW})
    site.commit("public")
    return site


OURS = re.compile(r"(?:: |title=)(?:changed-[a-z]+|draft|gone|moved|since)\b")


def since(site: SmallSite, name: str = "HEAD", *more: str) -> list[str]:
    ran = site.firstword("check", "--since", name, *more)
    lines = ran.out.splitlines()
    assert ran.code == (1 if any("warning" not in line for line in lines) else 0), ran.err
    # What a story leaves unsaid is told as well, and is not about what was published.
    return [line for line in lines if OURS.search(line)]


def edit(site: SmallSite, old: str, new: str, path: str = CARDS_FILE) -> None:
    text = (site.root / path).read_text()
    assert old in text
    site.write(path, text.replace(old, new))


def test_nothing_changed_and_news_are_nothing(site: SmallSite) -> None:
    assert since(site) == []
    site.write(CARDS_FILE, CARDS + "\n## 2026-11-21 09:50 | Ian Reyes | resolved\n\nDone.\n")
    site.write("content/incidents/2026/new.md", CARDS.replace("09:20", "09:25"))
    assert since(site) == []


def test_a_number_that_is_changed_silently(site: SmallSite) -> None:
    edit(site, "One card payment in five is", "One card payment in fifty is")
    expected = (
        f"{CARDS_FILE}:10: changed-number: 'five' became 'fifty' in the published update of "
        "2026-11-21 09:20; put the old words back, and say what is right in a signed 'correction'"
    )

    assert since(site) == [expected]
    site.commit("other words")
    assert since(site) == []
    assert since(site, "HEAD~1") == [expected]
    assert since(site, "HEAD~1", "--format", "github") == [
        f"::error file={CARDS_FILE},line=10,title=changed-number::"
        + expected.partition("changed-number: ")[2]
    ]


def test_what_was_changed_silently_may_be_put_back(site: SmallSite) -> None:
    edit(site, "One card payment in five is", "One card payment in fifty is")
    edit(site, "next: 10:00", "next: 12:00")
    site.commit("silently, and nobody looked")
    edit(site, "One card payment in fifty is", "One card payment in five is")
    edit(site, "next: 12:00", "next: 14:00")

    [line] = since(site)
    assert "'next': '2026-11-21 12:00' became '2026-11-21 14:00'" in line
    site.write(CARDS_FILE, CARDS)
    assert since(site) == []
    site.commit("put back")
    assert since(site, "HEAD~1") == []
    edit(site, "payment in five is", "payment in six is")
    assert "'fifty' became 'six'" in " ".join(since(site, "HEAD~1"))


def test_what_was_redacted_is_not_put_back(site: SmallSite) -> None:
    gap = "[redacted 2026-11-21 10:02 UTC by Dawn Okafor: a name]"
    edit(site, "the bank in between", gap)
    site.commit("redacted")
    site.write(CARDS_FILE, CARDS)

    [line] = since(site)

    assert "'[redacted ...]' became 'the bank in between'" in line


def test_a_correction_keeps_both(site: SmallSite) -> None:
    fix = (
        "\n## 2026-11-21 10:00 | Dawn Okafor | correction\ncorrects: 2026-11-21 09:20\n\nOne in 50."
    )
    site.write(CARDS_FILE, f"{CARDS}{fix}\n")

    assert since(site) == []


def test_times_components_and_other_keys(site: SmallSite) -> None:
    edit(site, "next: 10:00", "next: 12:00")
    edit(site, "started: 2026-11-21 09:12", "started: 2026-11-21 09:18")
    edit(site, "components: [checkout]", "components: [api]")
    edit(site, "impact: major", "impact: minor")
    edit(site, "| Dawn Okafor |", "| Ian Reyes |")

    found = [line.partition("; put")[0].removeprefix(f"{CARDS_FILE}:") for line in since(site)]

    front = "in the front matter"
    update = "in the published update of 2026-11-21 09:20"
    assert found == [
        f"3: changed-key: 'impact': 'major' became 'minor' {front}",
        f"4: changed-time: 'started': '2026-11-21 09:12' became '2026-11-21 09:18' {front}",
        f"5: changed-component: 'components': 'checkout' became 'api' {front}",
        f"10: changed-key: 'author': 'Dawn Okafor' became 'Ian Reyes' {update}",
        f"11: changed-time: 'next': '2026-11-21 10:00' became '2026-11-21 12:00' {update}",
    ]


def test_a_promise_that_is_put_in_later(site: SmallSite) -> None:
    edit(site, "| identified\n", "| identified\nnext: 16:00\n", SLOW_FILE)

    [line] = since(site)

    assert "'next': nothing became '2026-11-02 16:00'" in line


def test_an_update_or_a_file_that_is_deleted(site: SmallSite) -> None:
    edit(site, SLOW[SLOW.index("## 2026-11-02 15:10") :], "", SLOW_FILE)
    (site.root / CARDS_FILE).unlink()

    moved, gone = since(site)

    assert gone.startswith(f"{CARDS_FILE}:1: gone: '2026-11-21-card-payments' was published")
    assert moved.startswith(f"{SLOW_FILE}:1: moved: published words keep their time")


def test_what_was_withdrawn_openly_may_go(site: SmallSite) -> None:
    words = "\n## 2026-11-21 09:50 | Ian Reyes | withdrawn\n\nIt was a test.\n"
    site.write(CARDS_FILE, CARDS + words)
    site.commit("withdrawn")
    (site.root / CARDS_FILE).unlink()

    assert since(site) == []


def test_a_rename_needs_its_id_and_a_move_between_folders_nothing(site: SmallSite) -> None:
    other = "content/incidents/2026/2026-11-21-cards.md"
    site.git("mv", CARDS_FILE, other)
    [line] = since(site)
    assert line.startswith(f"{other}:1: gone: published as {CARDS_FILE}; add 'id: 2026-11-21-card")

    edit(site, "---\ntitle", "---\nid: 2026-11-21-card-payments\ntitle", other)
    [line] = since(site)
    assert line.startswith(
        f"{other}:1: changed-address: 'incidents/2026-11-21-card-payments' is published and would "
        "lead nowhere; add it to 'aliases'"
    )
    edit(site, "\ntitle", "\naliases: [incidents/2026-11-21-card-payments]\ntitle", other)
    assert since(site) == []

    moved = "content/incidents/shop/2026-11-02-slow-pages.md"
    (site.root / moved).parent.mkdir()
    site.git("mv", SLOW_FILE, moved)
    assert since(site) == []
    edit(site, "eight seconds", "two seconds", moved)
    [line] = since(site)
    assert line.startswith(f"{moved}:10: changed-number: 'eight' became 'two'")


def test_spelling_passes_and_other_words_do_if_a_commit_says_so(site: SmallSite) -> None:
    edit(site, "We are on the phone with them.", "We aer in a call with them.")
    public = site.commit("public, with a slip in a short word")
    edit(site, "aer", "are")
    [line] = since(site, public)
    assert "changed-spelling: 'aer' became 'are'" in line

    site.commit("Mend a word\n\nfix: spelling")
    assert since(site, public) == []
    # What a commit calls spelling is no number.
    edit(site, "in five is", "in six is")
    site.commit("fix: spelling")
    assert [": changed-number: " in line for line in since(site, public)] == [True]


def test_after_a_rebase_the_old_commit_still_tells(site: SmallSite) -> None:
    public = site.commit("public")
    site.git("checkout", "-q", "-b", "work", "HEAD~1")
    edit(site, "in five is", "in six is")
    site.commit("an edit beside it")
    site.git("rebase", "-q", "main")

    assert [": changed-number: " in line for line in since(site, public)] == [True]
    assert [": changed-number: " in line for line in since(site, "main")] == [True]


def test_a_merge_that_brings_old_words_back(site: SmallSite) -> None:
    first = site.git("rev-parse", "HEAD").out.strip()
    site.write(CARDS_FILE, CARDS + "\n## 2026-11-21 09:50 | Ian Reyes | update\n\nMore.\n")
    public = site.commit("public")
    site.git("checkout", "-q", "-b", "old", first)
    edit(site, "eight seconds", "9 seconds", SLOW_FILE)
    site.commit("aside")
    site.git("checkout", "-q", "main")
    site.git("merge", "-q", "-m", "both", "old")

    [line] = since(site, public)
    assert line.startswith(f"{SLOW_FILE}:10: changed-number: 'eight' became '9'")
    # A branch that is behind lacks what is public.
    site.git("checkout", "-q", "old")
    assert any(": moved: " in line for line in since(site, public))


def test_a_shallow_clone_says_what_is_missing(site: SmallSite, tmp_path: Path) -> None:
    public = site.git("rev-parse", "HEAD").out.strip()
    site.commit("newer")
    shallow = site.clone(tmp_path / "shallow")

    ran = shallow.firstword("check", "--since", public)

    assert (ran.code, ran.out) == (2, "")
    assert f"--since: git has no commit {public!r} here" in ran.err
    assert "git fetch --unshallow" in ran.err


def test_a_shallow_clone_asks_the_targets(site: SmallSite, tmp_path: Path) -> None:
    public = str(tmp_path / "public")
    conf = (site.root / "pelicanconf.py").read_text()
    site.write("pelicanconf.py", conf.replace('PUBLISH_TO = "public"', f"PUBLISH_TO = {public!r}"))
    site.commit("elsewhere")
    assert site.publish().code == 0
    site.commit("newer")
    shallow = site.clone(tmp_path / "shallow")

    assert since(shallow, "published") == []
    edit(shallow, "in five is", "in six is")
    (shallow.root / SLOW_FILE).unlink()
    told = since(shallow, "published")
    assert [line.split(": ")[1] for line in told] == ["gone", "changed-number"]


def test_before_the_first_publish_nothing_is_public(site: SmallSite) -> None:
    ran: Ran = site.firstword("check", "--since", "published")

    assert (ran.code, ran.out, ran.err) == (0, "", "nothing is published yet\n")


def test_drafts_and_drills_were_not_public(site: SmallSite) -> None:
    edit(site, "---\ntitle", "---\ndraft: yes\ntitle")
    [line] = since(site)
    assert line.startswith(f"{CARDS_FILE}:2: draft: ")
    site.commit("a draft")
    edit(site, "in five is", "in six is")
    assert since(site) == []


def test_a_translation_is_public_too(site: SmallSite) -> None:
    path = CARDS_FILE.replace(".md", ".de.md")
    text = CARDS.replace("One card payment in five is refused", "Eine Zahlung von 5 scheitert")
    kept = [line for line in text.split("\n") if not line.startswith(("impact", "next", "comp"))]
    site.write(path, "\n".join(kept))
    site.commit("in German")
    edit(site, "Zahlung von 5", "Zahlung von 6", path)

    [line] = since(site)

    assert line.startswith(f"{path}:")
    assert ": changed-number: '5' became '6'" in line


def test_the_page_about_checks_explains_every_rule() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    section = page.split("\n## What was public is not changed silently\n")[1]
    explained = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    names = ("since", "reworded", "rewording", "weighty")
    files = [ROOT / "firstword" / "check" / f"{name}.py" for name in names]
    given = "".join(file.read_text(encoding="utf-8") for file in files)

    rules = {"since", *re.findall(r"\"(changed-[a-z]+)\"", given)}
    assert explained == sorted(rules)
