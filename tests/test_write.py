"""Files go into the output folder and nowhere else, and only where they say something new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firstword import write
from firstword.errors import BuildError
from firstword.write import BEGUN, LISTING, OutputFolder, listed

Open = Callable[[Path], OutputFolder]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Open folders; they are finished in the end."""
    folders: list[OutputFolder] = []

    def begin(folder: Path) -> OutputFolder:
        folders.append(OutputFolder(folder))
        return folders[-1]

    yield begin
    for folder in folders:
        folder.folder.mkdir(exist_ok=True)
        folder.finish("build", (), {})


def test_a_page_gets_its_folder(tmp_path: Path, opened: Open) -> None:
    output = opened(tmp_path / "output")
    output.write("incidents/slow/index.html", b"Slow.")
    output.write("incidents/index.html", b"All.")

    assert (tmp_path / "output/incidents/slow/index.html").read_bytes() == b"Slow."
    assert (tmp_path / "output/incidents/index.html").read_bytes() == b"All."
    assert output.written == 2


def test_what_is_there_already_in_a_strange_folder_is_left_alone(
    tmp_path: Path, opened: Open
) -> None:
    (tmp_path / "index.html").write_bytes(b"As it was.")
    (tmp_path / "other.html").write_bytes(b"Another one.")
    output = opened(tmp_path)
    output.write("index.html", b"As it was.")
    output.write("other.html", b"As it is.")

    assert output.written == 1
    assert (tmp_path / "other.html").read_bytes() == b"As it is."


@pytest.mark.parametrize("key", ["", "/index.html", "../index.html", "a/../../b", "a\\b", "a\0b"])
def test_no_key_leads_out(tmp_path: Path, opened: Open, key: str) -> None:
    with pytest.raises(BuildError, match="not a path inside the site"):
        opened(tmp_path / "output").write(key, b"")
    assert not list(tmp_path.rglob("*.html"))


def test_a_folder_in_the_way_of_a_page_stays(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(BuildError, match=r"in the way of a page: 'index\.html'"):
        opened(tmp_path).write("index.html", b"")
    assert (tmp_path / "index.html").is_dir()


def test_no_page_goes_through_a_link_to_another_folder(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "output").mkdir()
    (tmp_path / "output/people").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BuildError, match=r"in the way of a page: 'index\.html'"):
        opened(tmp_path / "output").write("people/index.html", b"")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_list_of_files_is_sorted_and_a_line_each(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "output")
    folder.write("index.html", b"page")

    folder.finish("id", ["index.html", 'a/"quoted".html', "ü.html"], {})

    listed = (tmp_path / "output" / LISTING).read_text(encoding="utf-8")
    assert listed == '[\n "a/\\"quoted\\".html",\n "index.html",\n "ü.html"\n]\n'


def test_a_new_file_is_noted_without_a_list_of_all_the_others(tmp_path: Path) -> None:
    first = OutputFolder(tmp_path)
    first.write("index.html", b"page")
    first.finish("first", ["index.html"], {})

    for number in range(3):
        output = OutputFolder(tmp_path, "first" if not number else f"build {number - 1}")
        output.write(f"incidents/{number}.html", b"Slow.")
        output.finish(f"build {number}", Unasked(), {})

    pages = {"incidents/0.html", "incidents/1.html", "incidents/2.html"}
    assert listed(tmp_path) == {"index.html", *pages}
    output = OutputFolder(tmp_path, "build 2")
    output.remove("incidents/1.html")
    left = {"index.html", *pages} - {"incidents/1.html"}
    output.finish("build 3", left, {})
    assert listed(tmp_path) == left
    assert not (tmp_path / BEGUN).exists()


class Unasked:
    """All files, which nobody is to ask for."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("all files were asked for")


def test_many_new_files_are_noted_with_all_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_LONG", 100)
    OutputFolder(tmp_path).finish("-1", [], {})
    keys = [f"incidents/{number}/index.html" for number in range(10)]
    for number, key in enumerate(keys):
        output = OutputFolder(tmp_path, f"{number - 1}")
        output.write(key, b"Slow.")
        output.finish(f"{number}", keys[: number + 1], {})
        assert listed(tmp_path) == set(keys[: number + 1])
        assert len((tmp_path / BEGUN).read_bytes() if (tmp_path / BEGUN).exists() else b"") <= 100
