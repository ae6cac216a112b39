"""Git tells a build which files were written: then nobody looks at each, and nothing is missed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from incremental import Workplace, quiet
from sites import CARDS, CARDS_FILE, SmallSite

from firstword import build, gitlog
from firstword.build import RunOptions
from firstword.building import build_site
from firstword.cache import database
from firstword.cache.database import cache_file, noted
from firstword.cli.beside import Beside
from firstword.content import look
from firstword.gitlog import worktree
from firstword.gitlog.call import Question
from firstword.gitlog.names import names_below
from firstword.gitlog.worktree import Worktree, apart, read_status, sees_all, unhidden, unlike

NAMES = ("cards", "mail", "slow", "dns")
STORY = """\
---
title: Trouble with {name}
impact: minor
started: 2026-11-12 09:12
components: [api]
---

## 2026-11-12 09:20 | Dawn Okafor | investigating
next: 10:00

{words}
"""


class Site:
    """A site in git that was built until git is asked alone."""

    def __init__(self, root: Path, templates: Path | None = None) -> None:
        self.place = Workplace(root, asks_git=True, templates=templates)
        self.incidents = root / "content" / "incidents"

    def begin(self) -> Site:
        for name in NAMES:
            self.say(name, "First words.")
        (self.place.root / ".gitignore").write_text(
            "/output/\n/cold/\n/.cache*/\nignored-*.md\n", encoding="utf-8"
        )
        self.git("init", "-q", "-b", "main")
        self.commit()
        self.settle()
        return self

    def settle(self) -> None:
        """Build until nothing is in doubt: what was read a moment ago is looked at once more."""
        for path in self.incidents.rglob("*.md"):
            os.utime(path, (1_790_000_000, 1_790_000_000), follow_symlinks=False)
        self.git("update-index", "-q", "--refresh")
        for _ in range(3):
            self.place.warm()

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Dawn Okafor", "-c", "user.email=dawn@acme.example")
        environ = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"} | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        command = ("git", "-C", str(self.place.root), *who, *arguments)
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=environ
        ).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "words")

    def path(self, name: str) -> Path:
        return self.incidents / "2026" / f"2026-11-12-{name}.md"

    def say(self, name: str, words: str) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STORY.format(name=name, words=words), encoding="utf-8")

    def shown(self, name: str) -> str:
        pages = self.place.root / "output" / "incidents"
        return (pages / f"2026-11-12-{name}" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "complain", quiet)


@pytest.fixture(scope="module")
def beginning(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built until it is settled, once for all tests."""
    root = tmp_path_factory.mktemp("beginning") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "complain", quiet)
        Site(root, templates).begin()
    return root


@pytest.fixture
def site(beginning: Path, templates: Path, tmp_path: Path) -> Site:
    root = shutil.copytree(beginning, tmp_path / "site", symlinks=True)
    site = Site(root, templates)
    site.settle()
    return site


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that somebody looked at all files."""
    found: list[str] = []

    def counted(root: Path, content: Path) -> object:
        found.append("all")
        return look(root, content)

    monkeypatch.setattr("firstword.cache.reading.look", counted)
    return found


def check(site: Site) -> None:
    """Build, and see that a build that knows nothing makes the same."""
    assert site.place.warm() == site.place.cold()


# ── what git sees ────────────────────────────────────────────────────────────────────────────────


def edited(site: Site) -> None:
    site.say("cards", "Other words.")


def committed(site: Site) -> None:
    site.say("cards", "Other words.")
    site.commit()


def added(site: Site) -> None:
    site.say("new", "Other words.")


def added_and_committed(site: Site) -> None:
    site.say("new", "Other words.")
    site.commit()


def ignored(site: Site) -> None:
    (site.incidents / "2026" / "ignored-1.md").write_text(
        STORY.format(name="it", words="Other words."), encoding="utf-8"
    )


def removed(site: Site) -> None:
    site.path("mail").unlink()


def removed_and_committed(site: Site) -> None:
    site.path("mail").unlink()
    site.commit()


def renamed(site: Site) -> None:
    site.git("mv", str(site.path("mail")), str(site.path("post")))


def other_branch(site: Site) -> None:
    site.git("switch", "-q", "-c", "other")
    committed(site)
    site.place.warm()
    site.git("switch", "-q", "main")


def staged_only(site: Site) -> None:
    site.say("cards", "Other words.")
    site.git("add", "-A")


def put_back(site: Site) -> None:
    """The build before saw words that were never committed."""
    site.say("cards", "Other words.")
    site.place.warm()
    site.git("checkout", "-q", "--", ".")


def stashed(site: Site) -> None:
    site.say("cards", "Other words.")
    site.place.warm()
    site.git("stash", "-q")


def swap_file_of_an_editor(site: Site) -> None:
    (site.incidents / "2026" / ".cards.md.swp").write_text("x", encoding="utf-8")
    (site.incidents / "2026" / "cards.md~").write_text("x", encoding="utf-8")


@pytest.mark.parametrize(
    "step",
    [
        *(edited, committed, added, added_and_committed, ignored, removed, removed_and_committed),
        *(renamed, other_branch, staged_only, put_back, stashed, swap_file_of_an_editor),
    ],
)
def test_what_was_written_is_found_and_nobody_looks_at_all(
    step: Callable[[Site], None], site: Site, looks: list[str]
) -> None:
    step(site)
    looks.clear()

    made = site.place.warm()

    assert looks == []
    assert made == site.place.cold()


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site of which one build reads so much that it is compared with what git holds."""
    monkeypatch.setattr(worktree, "_MOST", len(NAMES) - 1)
    monkeypatch.setattr(Site, "settle", lambda _: None)
    return Site(tmp_path / "site").begin()


@pytest.mark.parametrize(
    "step", [edited, committed, added, removed, removed_and_committed, renamed, staged_only]
)
def test_after_one_build_of_all_that_git_holds_nobody_looks_at_all(
    step: Callable[[Site], None], begun: Site, looks: list[str]
) -> None:
    begun.place.warm()
    step(begun)
    looks.clear()

    made = begun.place.warm()

    assert looks == []
    assert made == begun.place.cold()


def not_held(site: Site) -> Path:
    """A story that git does not hold, and that was built as it is."""
    added(site)
    return site.path("new")


def ignored_by_git(site: Site) -> Path:
    ignored(site)
    return site.incidents / "2026" / "ignored-1.md"


def held_no_more(site: Site) -> Path:
    site.git("rm", "-q", "--cached", str(site.path("cards")))
    site.git("commit", "-q", "-m", "cards are held no more")
    return site.path("cards")


def taken_back(site: Site) -> Path:
    added_and_committed(site)
    site.place.warm()
    site.git("reset", "-q", "--mixed", "HEAD~1")
    return site.path("new")


def other_words_there(_site: Site, path: Path) -> None:
    path.write_text(STORY.format(name="it", words="Words of later."), encoding="utf-8")


def nothing_there(_site: Site, path: Path) -> None:
    path.unlink()


def stashed_there(site: Site, path: Path) -> None:
    site.git("stash", "-q", "--all", "--", str(path))


def published(site: Site, path: Path) -> None:
    """Whoever publishes asks before the build does, and the next build has to know."""
    site.place.publishes = True
    site.place.warm()
    site.place.publishes = False
    other_words_there(site, path)


@pytest.mark.parametrize("step", [not_held, ignored_by_git, held_no_more, taken_back])
@pytest.mark.parametrize("idle", [0, 2])
@pytest.mark.parametrize("then", [other_words_there, nothing_there, stashed_there, published])
def test_what_git_does_not_hold_is_looked_at_each_time(
    step: Callable[[Site], Path],
    idle: int,
    then: Callable[[Site, Path], None],
    site: Site,
    looks: list[str],
) -> None:
    path = step(site)
    for _ in range(1 + idle):
        site.place.warm()
    then(site, path)
    looks.clear()

    made = site.place.warm()

    assert looks == []
    assert made == site.place.cold()
    assert site.place.warm() == made


def gone(site: Site) -> None:
    site.path("cards").unlink()


def other_words(site: Site) -> None:
    site.say("cards", "Not committed.")


@pytest.mark.parametrize("meanwhile", [gone, other_words])
def test_what_was_another_one_when_all_was_read_is_looked_at_again(
    meanwhile: Callable[[Site], None], begun: Site
) -> None:
    """Git was asked before: it saw what it holds, then and when it is asked once more."""
    run = begun.place.new("output")
    assert run.worktree is not None
    run.worktree.now()
    meanwhile(begun)
    run.carry_out()
    run.close()
    begun.git("checkout", "-q", "--", ".")

    assert begun.place.warm() == begun.place.cold()
    assert "First words." in begun.shown("cards")


@pytest.mark.parametrize("git_holds_it", [False, True])
def test_what_comes_while_all_is_looked_at_is_found_by_the_next_build(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, git_holds_it: bool
) -> None:
    def slow(root: Path, content: Path) -> object:
        found = look(root, content)
        site.say("late", "Late words.")
        if git_holds_it:
            site.git("add", "-A")
        return found

    site.git("update-index", "--assume-unchanged", str(site.path("cards")))
    site.place.warm()
    site.git("update-index", "--no-assume-unchanged", str(site.path("cards")))
    monkeypatch.setattr("firstword.cache.reading.look", slow)
    site.place.warm()
    monkeypatch.undo()
    assert not (site.place.root / "output" / "incidents" / "2026-11-12-late").exists()

    check(site)

    assert "Late words." in site.shown("late")


def test_a_name_that_is_not_spelled_as_it_is_puts_all_in_doubt() -> None:
    held = b"H 100644 aa 0\tcards.md\0H 100644 bb 0\tmail.md\0H 100644 cc 0\t.hidden.md\0"

    assert unlike(held, {"cards.md": "aa", "mail.md": "bb"}) == frozenset()
    assert unlike(held, {"cards.md": "aa", "slow.md": "d"}) == frozenset({"mail.md", "slow.md"})
    assert unlike(held, {"cards.md": "", "mail.md": "bb"}) == frozenset({"cards.md"})
    assert unlike(held, {"cards.md": "", "mail.md": ""}, ["mail.md"]) == frozenset({"mail.md"})
    assert unlike(held, {"cards.md": ""}, ["cards.md"]) == frozenset({"cards.md", "mail.md"})
    assert unlike(held, {"cards.md": "aa", "mail.md": "bb", "a\\udcff.md": "dd"}) is None


def test_a_build_that_publishes_asks_git_as_well(tmp_path: Path, looks: list[str]) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    builds = []
    for number in range(4):
        if number == 3:
            site.write(CARDS_FILE, CARDS.replace("One card payment", "Two card payments"))
            looks.clear()
        builds.append(build_site(site.root, RunOptions(now=now, embedded=True)))
        builds[-1].close()
        for path in (site.root / "content").rglob("*.md"):
            os.utime(path, (1_790_000_000, 1_790_000_000))
        site.git("update-index", "-q", "--refresh")

    assert looks == []
    assert builds[-1].output.written > 1


def test_one_edit_reads_one_file(site: Site) -> None:
    committed(site)

    run = site.place.run("output")

    assert run.found.files_read == 1
    run.close()


def test_the_stamp_names_the_commit_that_was_built(site: Site) -> None:
    committed(site)

    site.place.warm()

    stamp = json.loads((site.place.root / "output" / ".build.json").read_text("utf-8"))
    assert stamp["commit"] == site.git("rev-parse", "HEAD").strip()


def test_the_stamp_names_the_commit_of_the_site_where_its_stories_are_another_repository(
    site: Site, tmp_path: Path
) -> None:
    stories = tmp_path / "stories"
    shutil.copytree(site.incidents, stories / "2026-stories")
    shutil.rmtree(site.incidents)
    site.git("init", "-q", str(stories))
    site.git("-C", str(stories), "add", "-A")
    site.git("-C", str(stories), "commit", "-q", "-m", "stories")
    site.incidents.symlink_to(stories)

    site.place.warm()

    stamp = json.loads((site.place.root / "output" / ".build.json").read_text("utf-8"))
    assert stamp["commit"] == site.git("rev-parse", "HEAD").strip()


# ── what a publish has to know: whether something is not committed ───────────────────────────────


def hidden_folder(site: Site) -> None:
    (site.incidents / ".drafts").mkdir()
    (site.incidents / ".drafts" / "x.md").write_text("x", encoding="utf-8")


def file_in_a_hidden_folder_that_was_empty(site: Site) -> None:
    (site.incidents / ".drafts").mkdir()
    site.place.warm()
    (site.incidents / ".drafts" / "x.md").write_text("x", encoding="utf-8")


def file_beside_one_that_is_hidden_and_held(site: Site) -> None:
    hidden_folder(site)
    site.commit()
    shutil.rmtree(site.place.root / ".cache")
    site.place.warm()
    (site.incidents / ".drafts" / "y.md").write_text("y", encoding="utf-8")


def hidden_and_staged_no_more(site: Site) -> None:
    (site.incidents / "2026" / ".keep").touch()
    site.git("add", "-A")
    site.place.warm()
    site.git("reset", "-q")


def index_of_another_version(site: Site) -> None:
    site.git("update-index", "--index-version", "4")
    added(site)


def conflict_elsewhere(site: Site) -> None:
    (site.place.root / "notes.txt").write_text("x", encoding="utf-8")
    site.git("add", "-N", "notes.txt")
    added(site)


def hidden_and_held_no_more(site: Site) -> None:
    (site.incidents / ".keep").touch()
    site.commit()
    site.settle()
    site.git("rm", "-q", "--cached", str(site.incidents / ".keep"))
    site.git("commit", "-q", "-m", "held no more")


def nothing(_site: Site) -> None:
    """All is as it was committed."""


def truth(site: Site) -> bool:
    return bool(site.git("status", "--porcelain", "--", "content/incidents"))


def known(site: Site) -> bool | None:
    asked = Worktree(site.place.root / "content")
    try:
        return asked.dirty(site.place.note())
    finally:
        asked.close()


@pytest.mark.parametrize(
    "step",
    [
        *(nothing, edited, committed, added, added_and_committed, ignored, removed, renamed),
        *(removed_and_committed, staged_only, put_back, swap_file_of_an_editor, hidden_folder),
        *(hidden_and_held_no_more, held_no_more, taken_back, hidden_and_staged_no_more),
        *(file_in_a_hidden_folder_that_was_empty, file_beside_one_that_is_hidden_and_held),
        *(index_of_another_version, conflict_elsewhere),
    ],
)
def test_whether_something_is_not_committed_is_told_as_git_tells_it(
    step: Callable[[Site], object], site: Site
) -> None:
    step(site)
    root = site.place.root

    for _ in range(3):
        assert known(site) in {truth(site), None}
        began = Beside(root, [], root / "content", note=site.place.note)
        assert began.source() == gitlog.read_source(root)
        site.place.warm()


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What git was asked: `ls-files` is a list of all that it holds and does not hold."""
    found: list[str] = []

    class Counted(Question):
        def __init__(self, repo: Path, *arguments: str) -> None:
            found.extend({"status", "ls-files", "diff-tree"}.intersection(arguments))
            super().__init__(repo, *arguments)

    monkeypatch.setattr(worktree, "Question", Counted)
    return found


@pytest.mark.parametrize(
    "step", [nothing, committed, added_and_committed, removed_and_committed, edited]
)
def test_nobody_lists_what_git_holds_for_what_is_usual(
    step: Callable[[Site], object], site: Site, questions: list[str]
) -> None:
    site.place.publishes = True
    step(site)

    assert known(site) is truth(site)
    site.place.warm()

    assert questions == ["status"] * 2


def test_an_editor_that_is_closed_again_leaves_no_doubt(site: Site, questions: list[str]) -> None:
    swap_file_of_an_editor(site)
    site.place.warm()
    assert known(site) is None
    for name in (".cards.md.swp", "cards.md~"):
        (site.incidents / "2026" / name).unlink()
    site.place.warm()
    assert questions.count("ls-files") == 1

    assert known(site) is False


def test_what_was_published_before_it_was_committed_leaves_no_doubt(
    site: Site, questions: list[str]
) -> None:
    site.place.publishes = True
    added(site)
    site.place.warm()
    site.commit()
    site.settle()
    questions.clear()

    assert known(site) is False
    assert "ls-files" not in questions


def test_what_git_holds_since_it_looked_is_not_missed(site: Site) -> None:
    """It was not told by the one look, and is no news to the other."""
    added(site)
    run = site.place.new("output")
    assert run.worktree is not None
    late = run.worktree.now

    def now() -> object:
        site.git("add", "-A")
        return late()

    run.worktree.now = now  # type: ignore[method-assign, assignment] # git is slower than somebody
    run.carry_out()
    run.close()

    assert "Other words." in site.shown("new")
    site.git("reset", "-q")
    check(site)


@pytest.mark.parametrize("step", [committed, edited])
def test_nobody_goes_on_asking_where_nothing_is_built(
    step: Callable[[Site], None], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones: set[Question] = set()

    class Watched(Question):
        def __init__(self, repo: Path, *arguments: str) -> None:
            super().__init__(repo, *arguments)
            open_ones.add(self)

        def answer(self, patience: float) -> bytes | None:
            open_ones.discard(self)
            return super().answer(patience)

        def close(self) -> None:
            open_ones.discard(self)
            super().close()

    monkeypatch.setattr(worktree, "Question", Watched)
    site.say("mail", "Committed words.")
    site.commit()
    step(site)

    Beside(site.place.root, [], site.place.root / "content", note=site.place.note).close()

    assert not open_ones


def test_a_publish_asks_what_two_commits_differ_in_once(
    tmp_path: Path, questions: list[str]
) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    file = cache_file(site.root / ".cache", site.root / "output", site.root)
    for number in range(4):
        if number == 3:
            site.write(CARDS_FILE, CARDS.replace("One card payment", "Two card payments"))
            site.commit()
            questions.clear()
        began = Beside(site.root, [], site.root / "content", note=partial(noted, file, "worktree"))
        assert not began.source().dirty
        asked = began.worktree()
        build_site(site.root, RunOptions(now=now, embedded=True, worktree=asked)).close()
        for path in (site.root / "content").rglob("*.md"):
            os.utime(path, (1_790_000_000, 1_790_000_000))
        site.git("update-index", "-q", "--refresh")

    assert questions == ["status", "diff-tree"]


@pytest.mark.parametrize("step", [added, swap_file_of_an_editor])
def test_what_a_first_build_saw_that_git_does_not_hold_is_no_commit(
    step: Callable[[Site], None], site: Site
) -> None:
    step(site)
    shutil.rmtree(site.place.root / ".cache")
    for _ in range(2):
        site.place.warm()
        assert known(site) is None


def test_a_note_of_another_version_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.place.note()
    monkeypatch.setattr(database, "SCHEMA", database.SCHEMA + 1)

    assert not site.place.note()
    assert known(site) is None


# ── where git is no witness ──────────────────────────────────────────────────────────────────────


def looked_past(site: Site) -> None:
    site.git("update-index", "--assume-unchanged", str(site.path("cards")))


def left_out_here(site: Site) -> None:
    site.git("update-index", "--skip-worktree", str(site.path("cards")))


def repository_inside(site: Site) -> None:
    inner = site.incidents / "inner"
    inner.mkdir()
    subprocess.run(("git", "init", "-q", str(inner)), check=True)
    (inner / "story.md").write_text(STORY.format(name="in", words="In."), encoding="utf-8")


def link_that_is_committed(site: Site) -> None:
    (site.incidents / "2026" / "2026-11-12-link.md").symlink_to(site.path("cards").name)
    site.path("cards").rename(site.incidents / "2026" / ".hidden")
    (site.incidents / "2026" / "2026-11-12-link.md").unlink()
    (site.incidents / "2026" / "2026-11-12-cards.md").symlink_to(".hidden")
    site.commit()


def no_commit(site: Site) -> None:
    shutil.rmtree(site.place.root / ".git")
    site.git("init", "-q", "-b", "main")


def no_git(site: Site) -> None:
    shutil.rmtree(site.place.root / ".git")


def nobody_asked(site: Site) -> None:
    site.place.asks_git = False
    site.place.warm()
    site.place.asks_git = True


@pytest.mark.parametrize(
    "step",
    [
        *(looked_past, left_out_here, repository_inside, link_that_is_committed),
        *(no_commit, no_git, nobody_asked),
    ],
)
def test_where_git_might_not_see_everything_is_looked_at(
    step: Callable[[Site], None], site: Site, looks: list[str]
) -> None:
    step(site)
    looks.clear()
    target = site.incidents / "2026" / ".hidden"
    if target.exists():
        target.write_text(STORY.format(name="cards", words="Other words."), encoding="utf-8")
    else:
        edited(site)

    made = site.place.warm()

    assert looks == ["all"]
    assert "Other words." in site.shown("cards")
    assert made == site.place.cold()


def test_words_that_git_did_not_see_are_not_kept(site: Site) -> None:
    """They were written after git was asked, and were put back before it was asked again."""
    site.say("cards", "Before.")
    site.commit()
    run = site.place.new("output")
    assert run.worktree is not None
    assert run.worktree.now() is not None
    site.say("cards", "Words of a moment.")
    run.carry_out()
    run.close()
    assert "Words of a moment." in site.shown("cards")
    site.git("checkout", "-q", "--", ".")

    check(site)

    assert "Before." in site.shown("cards")


def test_a_clone_with_the_cache_of_another_reads_what_differs(
    site: Site, tmp_path: Path, looks: list[str]
) -> None:
    committed(site)
    (tmp_path / "clone").mkdir()
    site.git("clone", "-q", str(site.place.root), str(tmp_path / "clone" / "site"))
    clone = Site(tmp_path / "clone" / "site")
    for folder in (".cache", "output"):
        shutil.copytree(site.place.root / folder, clone.place.root / folder, symlinks=True)

    run = clone.place.run("output")

    assert (run.found.files_read, looks) == (1, [])
    run.close()
    assert "Other words." in clone.shown("cards")


# ── anything, in any order ───────────────────────────────────────────────────────────────────────


def switch(site: Site) -> None:
    site.git("stash", "-q", "--include-untracked")
    site.git(
        "checkout",
        "-q",
        "--detach",
        "HEAD~1" if site.git("log", "--oneline", "-2").count("\n") > 1 else "HEAD",
    )


def forward(site: Site) -> None:
    site.git("stash", "-q", "--include-untracked")
    site.git("switch", "-q", "main")


def step_of(kind: str, name: str, number: int) -> Callable[[Site], None]:
    def take(site: Site) -> None:
        if kind == "say":
            site.say(name, f"Words {number}.")
        elif kind == "remove":
            site.path(name).unlink(missing_ok=True)
        elif kind == "commit":
            site.commit()
        elif kind == "switch":
            switch(site)
        elif kind == "forward":
            forward(site)
        elif kind == "spoil":
            site.path(name).write_text("---\nno head\n", encoding="utf-8")
        elif kind == "touch" and site.path(name).exists():
            site.path(name).touch()

    return take


KINDS = ("say", "say", "say", "commit", "commit", "remove", "switch", "forward", "spoil", "touch")
steps = st.lists(
    st.builds(step_of, st.sampled_from(KINDS), st.sampled_from(NAMES), st.integers(0, 3)),
    min_size=4,
    max_size=8,
)


def test_whatever_happens_in_git_nothing_is_missed(templates: Path, beginning: Path) -> None:
    @seed(1)
    @settings(
        max_examples=8, phases=[Phase.generate], derandomize=False, database=None, deadline=None
    )
    @given(steps)
    def lives(taken: list[Callable[[Site], None]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = shutil.copytree(beginning, Path(folder) / "site", symlinks=True)
            site = Site(root, templates)
            site.settle()
            for take in taken:
                take(site)
                assert known(site) in {truth(site), None}
                check(site)

    lives()


# ── what git says ────────────────────────────────────────────────────────────────────────────────

COMMIT = "d1" * 20
HEAD = f"# branch.oid {COMMIT}\0# branch.head main\0"
BLOBS = f"{'aa' * 20} {'bb' * 20}"


def test_status_is_read() -> None:
    said = (
        f"{HEAD}1 .M N... 100644 100644 100644 {BLOBS} site/incidents/2026/a b.md\0"
        f"u UU N... 100644 100644 100644 100644 {BLOBS} {'cc' * 20} site/incidents/c.md\0"
    )

    told = read_status(said.encode(), "site/incidents/", ["new.md", ".swp"])

    assert told is not None
    assert told.commit == COMMIT
    assert told.paths == {"2026/a b.md", "c.md", "new.md"}
    assert told.changed


def test_what_git_does_not_hold_is_built_and_is_no_change() -> None:
    clean, others = read_status(HEAD.encode(), "x/"), read_status(HEAD.encode(), "x/", ["new.md"])

    assert clean is not None
    assert not clean.changed
    assert others is not None
    assert others.paths == {"new.md"}
    assert not others.changed


def test_what_git_does_not_hold_is_listed_first() -> None:
    held = b"H 100644 aa 0\t? x.md\0H 100644 bb 0\ty.md\0"

    assert apart(held) == ([], held)
    assert apart(b"? a b.md\0? \xc3\xa4.md\0" + held) == (["a b.md", "\u00e4.md"], held)
    assert apart(b"? a.md\0") == (["a.md"], b"")
    assert apart(b"") == ([], b"")


@pytest.mark.parametrize(
    "said",
    [
        "# branch.oid (initial)\0# branch.head main\0",
        f"1 .M N... 100644 100644 100644 {BLOBS} incidents/x.md\0",
        f"{HEAD}? incidents/x.md\0",
        f"{HEAD}1 .M N... 100644 100644 100644 {BLOBS} elsewhere/x.md\0",
        f"{HEAD}2 R. N... 100644 100644 100644 {BLOBS} R100 incidents/x.md\0incidents/y.md\0",
    ],
    ids=["no commit", "no head", "not asked for", "another folder", "a rename"],
)
def test_what_tells_of_more_than_files_is_no_answer(said: str) -> None:
    assert read_status(said.encode(), "incidents/") is None


def test_a_repository_inside_is_no_answer() -> None:
    assert read_status(HEAD.encode(), "incidents/", ["2026/a-repository/"]) is None


@pytest.mark.parametrize(
    ("entry", "sees"),
    [
        ("H 100644 aa 0\tx.md", True),
        ("H 100755 aa 0\tH 100.md", True),
        ("h 100644 aa 0\tx.md", False),
        ("S 100644 aa 0\tx.md", False),
        ("H 120000 aa 0\tx.md", False),
        ("H 160000 aa 0\tx", False),
    ],
)
def test_git_looks_at_every_plain_file(entry: str, *, sees: bool) -> None:
    other = "H 100644 bb 0\tother.md"

    assert sees_all(f"{entry}\0{other}\0".encode()) is sees
    assert sees_all(f"{other}\0{entry}\0".encode()) is sees
    assert sees_all(b"")


def test_hidden_files_belong_to_editors() -> None:
    assert unhidden(["a/b.md", ".a/b.md", "a/.b.md", "a~/b.md", "a/b.md~"]) == {"a/b.md"}


@pytest.mark.parametrize("moved", [False, True])
def test_what_two_commits_differ_in_is_asked_ahead(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, moved: bool
) -> None:
    asked: list[str] = []

    def late(repo: Path, old: str, new: str, folder: str) -> list[gitlog.Held] | None:
        asked.append("late")
        return gitlog.changes(repo, old, new, folder)

    monkeypatch.setattr(worktree, "changes", late)
    before = site.git("rev-parse", "HEAD").strip()
    site.say("cards", "Other words.")
    site.commit()
    git = Worktree(site.place.root / "content")
    # With another commit in mind the answer is of no use.
    git.ask_ahead("0" * 40 if moved else before)

    found = names_below(str(site.incidents), {})
    assert found is not None
    written = git.written_since(json.dumps(["content/incidents/", before, found[0], False]))

    assert written == frozenset({"2026/2026-11-12-cards.md"})
    assert asked == ["late"] * moved
    git.close()


@pytest.mark.parametrize("since", ["", "main", "--output=x"])
def test_only_commits_are_asked_about_ahead(site: Site, since: str) -> None:
    git = Worktree(site.place.root / "content")

    git.ask_ahead(since)

    git.close()
    assert git._ahead is None


def test_where_nothing_can_be_put_down_git_is_not_asked(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    asked = Worktree(site.place.root / "content")

    assert asked.now() is None
    asked.close()


def test_a_question_that_nobody_needs_is_ended(site: Site) -> None:
    asked = Worktree(site.place.root / "content")

    asked.close()

    assert asked.now() is None
