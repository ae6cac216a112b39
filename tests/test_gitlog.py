"""What git knows, asked of real repositories."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firstword import gitlog
from firstword.cli.beside import Beside
from firstword.errors import FirstwordError
from firstword.gitlog import Relation, Source, added_at, head, read_source, relation, versions

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILE = "content/incidents/2026/card.md"


class Repo:
    """A repository in which a minute passes with each commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = NOON
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        environ = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"} | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Dawn Okafor",
            "GIT_AUTHOR_EMAIL": "dawn@example.org",
            "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z",
            "GIT_COMMITTER_NAME": "Dawn Okafor",
            "GIT_COMMITTER_EMAIL": "dawn@example.org",
            "GIT_COMMITTER_DATE": self.now.isoformat(),
        }
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, text: str | None, path: str = FILE) -> str:
        """Write (or with None remove) a file, commit, and return the commit."""
        file = self.path / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Say what is known")
        self.now += timedelta(minutes=1)
        return self.git("rev-parse", "HEAD")

    def clone(self, path: Path, *options: str) -> Path:
        self.git("clone", "--quiet", *options, self.path.as_uri(), str(path))
        return path


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


# ── the source ───────────────────────────────────────────────────────────────────────────────────


def test_a_source_is_commit_time_and_ancestors(repo: Repo) -> None:
    first, second, third = repo.commit("1"), repo.commit("2"), repo.commit("3")

    assert head(repo.path) == third
    assert read_source(repo.path) == Source(
        commit=third,
        committed_at=NOON + timedelta(minutes=2),
        ancestors=(second, first),
        parents=(second,),
        shallow=False,
        dirty=False,
    )


def test_a_depth_1_clone_still_knows_its_parent(repo: Repo, tmp_path: Path) -> None:
    repo.commit("1")
    second, third = repo.commit("2"), repo.commit("3")
    clone = repo.clone(tmp_path / "clone", "--depth", "1")

    source = read_source(clone)

    assert (source.commit, source.parents, source.ancestors) == (third, (second,), (second,))
    assert source.shallow


@pytest.mark.parametrize("change", ["edited", "new"])
def test_a_changed_file_is_dirty(repo: Repo, change: str) -> None:
    repo.commit("1")
    name = FILE if change == "edited" else "content/incidents/2026/new.md"
    (repo.path / name).write_text("not committed", encoding="utf-8")

    assert read_source(repo.path).dirty


@pytest.mark.parametrize(
    ("path", "dirty"),
    [
        ("", False),
        (FILE, True),
        ("content/incidents/2026/new.md", True),
        ("content/incidents/2026/.new.md.swp", True),
        ("content/incidents/2026/ignored-words.md", False),
        ("content/pages/about.md", True),
        ("content/incidents-of-others.md", True),
        ("pelicanconf.py", True),
    ],
)
@pytest.mark.parametrize("within", ["", "sites/status"])
def test_a_publish_knows_what_is_dirty_from_two_looks_that_share_nothing(
    tmp_path: Path, within: str, path: str, *, dirty: bool
) -> None:
    repo = Repo(tmp_path / "[repo]")
    site = repo.path / within
    repo.commit("ignored-*", f"{within}/.gitignore" if within else ".gitignore")
    commit = repo.commit("1", f"{within}/{FILE}" if within else FILE)
    if path:
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text("not committed", encoding="utf-8")

    began = Beside(site, [], site / "content")

    assert began.source() == read_source(site)
    assert (began.source().commit, began.source().dirty) == (commit, dirty)
    assert began.worktree() is not None
    assert began.worktree() is None


@pytest.mark.parametrize("path", ["pelicanconf.py", "content/pages/about.md", "theme/a/b.html"])
@pytest.mark.parametrize("staged", [False, True])
def test_a_publish_knows_what_is_gone(repo: Repo, path: str, *, staged: bool) -> None:
    repo.commit("1")
    repo.commit("2", path)
    began = Beside(repo.path, [], repo.path / "content")
    assert not began.source().dirty
    if staged:
        repo.git("rm", "--quiet", path)
    else:
        (repo.path / path).unlink()

    assert Beside(repo.path, [], repo.path / "content").source().dirty


def test_a_publish_knows_what_is_dirty_among_more_than_one_command_names(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlog, "_MANY", 2)
    repo.commit("1")
    for number in range(4):
        repo.commit(str(number), f"{number}.txt")
    assert not Beside(repo.path, [], repo.path / "content").source().dirty
    (repo.path / "new.txt").write_text("not committed", encoding="utf-8")

    assert Beside(repo.path, [], repo.path / "content").source().dirty


def test_a_publish_knows_what_is_dirty_where_the_build_cannot_ask_git(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit("1")
    (repo.path / "content/incidents/2026/link.md").symlink_to("card.md")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "A link, which git follows nowhere")

    clean = Beside(repo.path, [], repo.path / "content").source()
    (repo.path / FILE).write_text("not committed", encoding="utf-8")
    edited = Beside(repo.path, [], repo.path / "content")
    apart = Beside(repo.path, [], tmp_path / "elsewhere")

    assert not clean.dirty
    assert edited.source().dirty
    assert apart.source().dirty
    assert Beside(tmp_path, [], tmp_path / "content").source() == Source()


def test_the_history_is_recorded_up_to_a_limit(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = [repo.commit(str(number)) for number in range(6)]
    monkeypatch.setattr(gitlog, "ANCESTORS", 3)

    assert read_source(repo.path).ancestors == (commits[4], commits[3], commits[2])


def test_without_a_commit_nothing_is_known(repo: Repo) -> None:
    assert read_source(repo.path) == Source()
    assert head(repo.path) is None
    assert list(versions(repo.path, FILE)) == []
    assert added_at(repo.path, FILE) is None


def test_without_a_repository_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert read_source(tmp_path) == Source()
    assert list(versions(tmp_path, FILE)) == []
    assert relation(tmp_path, Source(), "a" * 40) is Relation.UNKNOWN


def test_without_git_nothing_is_known(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("1")
    monkeypatch.setenv("PATH", "")

    assert read_source(repo.path) == Source()


def test_a_hook_does_not_lead_to_another_repository(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repo.commit("1")
    other = Repo(tmp_path / "other")
    other.commit("elsewhere")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))

    assert read_source(repo.path).commit == commit
    assert not read_source(repo.path).dirty


def test_reading_takes_no_lock_and_changes_nothing(repo: Repo) -> None:
    repo.commit("1")
    (repo.path / FILE).touch()  # `git status` would refresh the index now
    index = (repo.path / ".git" / "index").read_bytes()

    read_source(repo.path)

    assert (repo.path / ".git" / "index").read_bytes() == index


def fake_git(folder: Path, script: str) -> str:
    """Put a git in PATH that is none."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_a_folder_of_somebody_else_is_an_error_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence would publish without the guard against older checkouts."""
    script = "echo \"fatal: detected dubious ownership in repository at '/x'\" >&2; exit 128"
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", script))

    with pytest.raises(FirstwordError, match=r"run: git config --global --add safe\.directory"):
        read_source(tmp_path)


def test_a_git_that_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", "exec sleep 60"))
    monkeypatch.setattr(gitlog, "TIMEOUT_SECONDS", 0.1)

    with pytest.raises(FirstwordError, match=r"more than 0\.1 s: 'rev-parse'"):
        read_source(tmp_path)


# ── how two commits stand to each other ──────────────────────────────────────────────────────────


def test_the_local_history_tells(repo: Repo) -> None:
    first, second = repo.commit("1"), repo.commit("2")
    repo.git("checkout", "--quiet", "-b", "side", first)
    side = repo.commit("3")
    repo.git("checkout", "--quiet", "main")
    ours = read_source(repo.path)

    assert relation(repo.path, ours, second) is Relation.SAME
    assert relation(repo.path, ours, first) is Relation.NEWER
    assert relation(repo.path, ours, side) is Relation.DIVERGED
    repo.git("checkout", "--quiet", first)
    assert relation(repo.path, read_source(repo.path), second) is Relation.OLDER


def test_a_merge_is_newer_than_both_sides(repo: Repo) -> None:
    first, second = repo.commit("1"), repo.commit("2")
    repo.git("checkout", "--quiet", "-b", "side", first)
    side = repo.commit("x", "content/other.md")
    repo.git("merge", "--quiet", "--no-edit", second)
    ours = read_source(repo.path)

    assert set(ours.parents) == {second, side}
    assert relation(repo.path, ours, second) is Relation.NEWER
    assert relation(repo.path, ours, side) is Relation.NEWER


def depth_1(repo: Repo, folder: Path) -> tuple[Path, Source]:
    clone = repo.clone(folder, "--depth", "1")
    return clone, read_source(clone)


def test_a_depth_1_clone_goes_by_what_was_recorded(repo: Repo, tmp_path: Path) -> None:
    first, parent = repo.commit("1"), repo.commit("2")
    tip = repo.commit("3")
    clone, ours = depth_1(repo, tmp_path / "clone")
    later, elsewhere = "a" * 40, "b" * 40

    assert relation(clone, ours, tip) is Relation.SAME
    # our own parent
    assert relation(clone, ours, parent, (first,)) is Relation.NEWER
    # we are among their ancestors
    assert relation(clone, ours, later, (tip, parent, first)) is Relation.OLDER
    # our parent is among their ancestors, and we are not
    assert relation(clone, ours, elsewhere, (parent, first)) is Relation.DIVERGED
    # two commits back: nobody here can tell
    assert relation(clone, ours, first) is Relation.UNKNOWN


def test_a_complete_history_that_shares_older_commits_went_another_way(repo: Repo) -> None:
    first, second, third = repo.commit("1"), repo.commit("2"), repo.commit("3")
    ours = read_source(repo.path)
    never_pushed = "a" * 40

    assert relation(repo.path, ours, never_pushed, (first,)) is Relation.DIVERGED
    assert relation(repo.path, ours, never_pushed, (third, second, first)) is Relation.OLDER
    assert relation(repo.path, ours, never_pushed, ("b" * 40,)) is Relation.UNKNOWN


@pytest.mark.parametrize("strange", ["", "--all", "HEAD", "main", "a" * 39, "a" * 40 + "\n"])
def test_what_is_no_commit_is_never_handed_to_git(repo: Repo, strange: str) -> None:
    repo.commit("1")

    assert relation(repo.path, read_source(repo.path), strange) is Relation.UNKNOWN


# ── how a file used to read ──────────────────────────────────────────────────────────────────────


def test_versions_of_a_file_newest_first(repo: Repo) -> None:
    first = repo.commit("good")
    repo.commit("else", "content/other.md")
    removed = repo.commit(None)
    third = repo.commit("bröken")

    assert list(versions(repo.path, FILE)) == [
        (third, "bröken".encode()),
        (first, b"good"),
    ]
    assert [commit for commit, _ in versions(repo.path, FILE, limit=2)] == [third]
    assert removed not in dict(versions(repo.path, FILE))


def test_versions_of_a_site_in_a_subfolder(repo: Repo) -> None:
    commit = repo.commit("words", f"status/{FILE}")

    assert list(versions(repo.path / "status", FILE)) == [(commit, b"words")]
    assert added_at(repo.path / "status", FILE) == NOON


def test_a_name_is_a_name_and_no_pattern(repo: Repo) -> None:
    repo.commit("one", "content/a.md")
    commit = repo.commit("star", "content/*.md")

    assert list(versions(repo.path, "content/*.md")) == [(commit, b"star")]
    assert list(versions(repo.path, ":(top)content/a.md")) == []


def test_a_depth_1_clone_knows_one_version(repo: Repo, tmp_path: Path) -> None:
    repo.commit("1")
    second = repo.commit("2")
    clone, _ = depth_1(repo, tmp_path / "clone")

    assert list(versions(clone, FILE)) == [(second, b"2")]


# ── when it came ─────────────────────────────────────────────────────────────────────────────────


def test_a_file_was_added_when_it_first_was(repo: Repo) -> None:
    repo.commit("else", "content/other.md")
    repo.commit("1")
    repo.commit("2")
    repo.commit(None)
    repo.commit("again")

    assert added_at(repo.path, FILE) == NOON + timedelta(minutes=1)
    assert added_at(repo.path, "content/unknown.md") is None


def test_where_history_is_cut_nobody_knows_when_a_file_was_added(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit("1")
    repo.commit("2", "content/other.md")
    clone = repo.clone(tmp_path / "clone", "--depth", "1")
    deeper = repo.clone(tmp_path / "deeper", "--depth", "2")

    assert added_at(clone, FILE) is None
    assert added_at(deeper, FILE) == NOON  # the first commit of all cuts nothing
    assert added_at(deeper, "content/other.md") == NOON + timedelta(minutes=1)
