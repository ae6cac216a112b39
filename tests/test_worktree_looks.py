"""What shows without asking git: whether it looks at every file, and which names there are."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firstword.folder import written
from firstword.gitlog.index import held_in, holds, index_of, looks_at_all
from firstword.gitlog.names import Names, hides, names_below, same_names


class Repository:
    """Three stories and a theme, committed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stories = root / "content" / "incidents"

    def git(self, *arguments: str, at: Path | None = None) -> None:
        who = ("-c", "user.name=Dawn Okafor", "-c", "user.email=dawn@acme.example")
        environ = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"} | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        command = ("git", "-C", str(at or self.root), *who, *arguments)
        subprocess.run(command, check=True, capture_output=True, env=environ)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "words")

    @classmethod
    def make(cls, root: Path) -> Repository:
        made = cls(root)
        made.stories.mkdir(parents=True)
        for name in ("cards", "dns", "mail-of-a-longer-name"):
            (made.stories / f"{name}.md").write_text(name)
        (root / "theme").mkdir()
        (root / "theme" / "base.html").write_text("words")
        made.git("init", "-q", "-b", "main")
        made.commit()
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "site")


# ── whether git looks at every file ──────────────────────────────────────────────────────────────


def nothing(_repository: Repository) -> None:
    """Git looks at all it holds."""


def unmoved_since_read(repository: Repository) -> None:
    repository.git("rm", "-q", "--cached", "theme/base.html")
    repository.git("read-tree", "HEAD")
    repository.git("update-index", "-q", "--refresh")


def link_elsewhere(repository: Repository) -> None:
    (repository.root / "link").symlink_to("content")
    repository.git("add", "link")


def skipped_elsewhere(repository: Repository) -> None:
    repository.git("update-index", "--assume-unchanged", "theme/base.html")


def link_inside(repository: Repository) -> None:
    (repository.stories / "link.md").symlink_to("cards.md")
    repository.git("add", "content")


def looked_past(repository: Repository) -> None:
    repository.git("update-index", "--assume-unchanged", "content/incidents/dns.md")


def left_out_here(repository: Repository) -> None:
    repository.git("update-index", "--skip-worktree", "content/incidents/dns.md")


def to_be_added(repository: Repository) -> None:
    (repository.stories / "new.md").write_text("new")
    repository.git("add", "--intent-to-add", "content")


def link_without_times(repository: Repository) -> None:
    """As after a clone that checked nothing out: entries begin with zeros."""
    repository.git("rm", "-q", "-r", "--cached", ".")
    (repository.root / "README.md").write_text("words")
    (repository.stories / "2026").mkdir()
    (repository.stories / "2026" / "2026-11-12-link.md").symlink_to("cards.md")
    repository.git("add", "README.md", "content/incidents/2026")
    repository.git("commit", "-q", "-m", "words")
    repository.git("read-tree", "HEAD")


def looked_past_without_times(repository: Repository) -> None:
    repository.git("read-tree", "HEAD")
    looked_past(repository)


def merged_halfway(repository: Repository) -> None:
    repository.git("switch", "-q", "-c", "other")
    (repository.stories / "cards.md").write_text("theirs")
    repository.commit()
    repository.git("switch", "-q", "main")
    (repository.stories / "cards.md").write_text("ours")
    repository.commit()
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "-q", "other")


def index_of_version_4(repository: Repository) -> None:
    repository.git("update-index", "--index-version", "4")


def index_in_two(repository: Repository) -> None:
    repository.git("update-index", "--split-index")


@pytest.mark.parametrize(
    ("step", "inside", "elsewhere"),
    [
        (nothing, True, True),
        (unmoved_since_read, True, True),
        (link_elsewhere, True, True),
        (skipped_elsewhere, True, False),
        (link_inside, False, True),
        (looked_past, False, True),
        # What is not plain, git tells itself.
        (left_out_here, False, False),
        (merged_halfway, False, False),
        (link_without_times, False, False),
        (looked_past_without_times, False, False),
        (to_be_added, False, False),
        (index_of_version_4, False, False),
        (index_in_two, False, False),
    ],
)
def test_the_index_tells_whether_git_looks_at_every_file(
    step: Callable[[Repository], None], repository: Repository, *, inside: bool, elsewhere: bool
) -> None:
    step(repository)

    index = index_of(repository.root)

    assert index.startswith(b"DIRC")
    assert looks_at_all(index, "content/incidents/") is inside
    assert looks_at_all(index, "theme/") is elsewhere
    assert looks_at_all(index, "") is (step in {nothing, unmoved_since_read})
    assert not looks_at_all(index[:-40], "content/incidents/")


def test_the_index_tells_what_git_holds(repository: Repository) -> None:
    (repository.root / "a-copy").mkdir()
    (repository.root / "z-copy" / "content" / "incidents").mkdir(parents=True)
    for copy in ("a-copy/x.md", "z-copy/content/incidents/copied.md", "content/incidents/ü.md"):
        (repository.root / copy).write_text("words")
    (repository.stories / "ds.md").write_text("not added")
    repository.git("add", "a-copy", "z-copy", "content/incidents/ü.md")
    index = index_of(repository.root)

    for name in ("cards.md", "dns.md", "ü.md"):
        assert holds(index, f"content/incidents/{name}")
    for name in ("ds.md", "s.md", "cards.m", "copied.md", "cards.md/x.md"):
        assert not holds(index, f"content/incidents/{name}")
    assert holds(index, "z-copy/content/incidents/copied.md")
    stories = {"cards.md", "dns.md", "mail-of-a-longer-name.md", "ü.md"}
    assert held_in(index, "content/incidents/") == stories
    assert held_in(index, "content/") == {f"incidents/{name}" for name in stories}
    assert held_in(index, "z-copy/content/incidents/") == {"copied.md"}
    assert held_in(index, "incidents/") == frozenset()


def test_the_end_of_another_path_is_no_entry(repository: Repository) -> None:
    """Two of its bytes would do for a length: "p/" for 47."""
    path = "content/incidents/2026/2026-11-12-network-is.md"
    assert len(path) == int.from_bytes(b"p/") & 0xFFF
    other = repository.root / "shop" / path
    other.parent.mkdir(parents=True)
    other.write_text("words")
    repository.git("add", "shop")
    index = index_of(repository.root)

    assert holds(index, f"shop/{path}")
    assert not holds(index, path)
    assert held_in(index, "content/incidents/2026/") == frozenset()


def test_the_index_of_a_second_work_tree_is_found(repository: Repository, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    repository.git("worktree", "add", "-q", "--detach", str(beside))
    repository.git("update-index", "--assume-unchanged", "content/incidents/dns.md", at=beside)

    assert not looks_at_all(index_of(beside), "content/incidents/")
    assert looks_at_all(index_of(beside), "theme/")
    assert looks_at_all(index_of(repository.root), "content/incidents/")


def test_where_there_is_no_index_nothing_is_plain(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")

    assert index_of(tmp_path) == b""
    assert not looks_at_all(b"", "")
    assert not looks_at_all(b"DIRC", "")
    assert not looks_at_all(b"DIRC\0\0\0\2\0\0\0\1" + b"\0" * 90, "")


# ── which names there are ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def years(tmp_path: Path) -> Path:
    """Stories of five years, a month each, written some time ago."""
    for year in range(2022, 2027):
        folder = tmp_path / "incidents" / str(year) / "11"
        folder.mkdir(parents=True)
        (folder / "a.md").write_text("a")
    return tmp_path / "incidents"


def settled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return its names as a look long after the last write finds them."""
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    found = names_below(str(folder), {})
    assert found is not None
    return found[0]


def test_of_a_folder_that_was_not_seen_before_all_names_are_others(years: Path) -> None:
    found = names_below(str(years), {})

    assert found is not None
    assert found[1] == {f"{year}/11/a.md" for year in range(2022, 2027)}


def test_names_that_stay_are_no_others(years: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settled(years, monkeypatch)
    (years / "2026" / "11" / "a.md").write_text("other words")

    assert names_below(str(years), before) == (before, set())


@pytest.mark.parametrize("year", ["2022", "2026"])
def test_names_of_a_folder_that_was_written_to_are_others(
    year: str, years: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settled(years, monkeypatch)
    (years / year / "11" / "b.md").write_text("b")

    found = names_below(str(years), before)

    assert found is not None
    assert found[1] == {f"{year}/11/a.md", f"{year}/11/b.md"}
    assert names_below(str(years), found[0]) == (found[0], set())


def test_a_new_folder_is_looked_into(years: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settled(years, monkeypatch)
    new = years / "2026" / "12" / "late"
    new.mkdir(parents=True)
    (new / "b.md").write_text("b")
    (years / ".hidden").mkdir()
    (years / ".hidden" / "c.md").write_text("c")

    found = names_below(str(years), before)

    assert found is not None
    assert found[1] == {"2026/12/late/b.md"}
    # Nobody looks into a hidden one.
    assert hides(found[0])
    assert not hides(before)


def test_where_new_stories_come_to_lie_nobody_trusts_the_times_of_a_folder(
    years: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are filesystems that do not tell that a file was added."""
    before = dict(settled(years, monkeypatch))
    for year in ("2022", "2024", "2025", "2026"):
        (years / year / "11" / "b.md").write_text("b")
        status = (years / year / "11").stat()
        folder = f"{year}/11"
        before[folder] = written(status, time.time_ns()), *before[folder][1:]

    found = names_below(str(years), before)

    assert found is not None
    assert {path[:4] for path in found[1]} == {"2024", "2025", "2026"}


def test_a_folder_that_was_just_written_to_is_listed_once_more(years: Path) -> None:
    """Another name may come in the same instant of the filesystem's clock."""
    found = names_below(str(years), {})
    assert found is not None
    assert found[0]["2022/11"][0] == ""
    (years / "2022" / "11" / "b.md").write_text("b")

    again = names_below(str(years), found[0])

    assert again is not None
    assert again[1] == {"2022/11/a.md", "2022/11/b.md"}


def test_a_folder_that_is_gone_or_empty_has_other_names(
    years: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settled(years, monkeypatch)
    (years / "2022" / "11" / "a.md").unlink()

    emptied = names_below(str(years), before)
    assert emptied is not None
    assert not same_names(before, emptied[0])
    (years / "2022" / "11").rmdir()
    gone = names_below(str(years), emptied[0])
    assert gone is not None
    assert not same_names(emptied[0], gone[0])
    assert same_names(gone[0], settled(years, monkeypatch))


def test_files_of_another_repository_are_not_ours(years: Path) -> None:
    (years / "2026" / ".git").write_text("gitdir: elsewhere")

    assert names_below(str(years), {}) is None


def test_names_of_a_folder_that_cannot_be_listed_are_not_known(tmp_path: Path) -> None:
    assert names_below(str(tmp_path / "nowhere"), {}) is None
