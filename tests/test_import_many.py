"""Many issues: what an import opens grows as their number does, and no faster."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import repeat
from benchmarks.measure import counted
from firstword.importers.siteconf import Names, Numbered
from firstword.model import Component

BIN = Path(sys.executable).parent
CONF = """\
from firstword.pelican_defaults import *

SITENAME = "Moved"
SITEURL = "https://status.long.example"
TIMEZONE = "UTC"
PEOPLE = [{"name": "Ada Holm", "role": "Operations", "address": "ada@long.example"}]
COMPONENTS = []
"""


def opened(command: tuple[str, ...], folder: Path, below: Path) -> tuple[int, str]:
    """Run a command; return how many texts below a folder it opened, and what it printed."""
    log = folder.parent / "log"
    log.write_bytes(b"")
    environ = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1795253400"}
    ran = subprocess.run(
        (str(BIN / command[0]), *command[1:]),
        cwd=folder,
        env=counted(environ, below, log),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in {0, 3}, ran.stderr
    return log.read_bytes().count(b"r"), ran.stdout


def moved(folder: Path, count: int) -> tuple[Path, Path]:
    """Make a source of so many issues, and an empty site."""
    repeat.repeated(repeat.sites(), count, folder / "source")
    (folder / "site").mkdir()
    (folder / "site/pelicanconf.py").write_text(CONF)
    return folder / "source", folder / "site"


@pytest.mark.parametrize("count", [30, 60])
def test_each_issue_is_read_once_and_each_story_of_the_site_twice(
    tmp_path: Path, count: int
) -> None:
    source, site = moved(tmp_path, count)
    command = ("firstword", "import", "cstate", str(source))

    reads, said = opened(command, site, source / "content")

    assert reads == count
    total = re.findall(r"read (\d+) = carried (\d+) \+ drafts (\d+) \+ not carried 0\n", said)[0]
    assert (int(total[0]), int(total[1]) + int(total[2])) == (count, count)
    stories = [*site.glob("content/incidents/**/*.md")]
    assert len(stories) == count
    # Whose each file is, and whether it is as it was.
    again, said = opened(command, site, site / "content")
    assert again == 2 * count
    assert f"({count} of them unchanged)" in said


def test_a_name_that_all_want_is_counted_on_from_the_last(tmp_path: Path) -> None:
    asked: list[object] = []

    class Asked(Numbered):
        def __contains__(self, name: object) -> bool:
            asked.append(name)
            return super().__contains__(name)

    names = Asked("cold", "cold-3")

    assert [names.take("cold") for _ in range(300)] == [
        "cold-2",
        *(f"cold-{number}" for number in range(4, 303)),
    ]
    assert len(asked) < 3 * 300
    long = "x" * 100
    assert [names.take(long), names.take(long)] == [long, f"{'x' * 98}-2"]


def test_names_find_what_they_mean_however_many_there_are() -> None:
    own = [Component(id="shop", name="Web Shop"), Component(id="shop-2", name="web shop")]
    names = Names(own)
    for name in ("API", "Tap"):
        names.add(name, shown=name, group="", description="")

    assert [names.find(name)[0] for name in ("Web Shop", "web shop", "api", " api ")] == [
        *("shop", "shop-2", "api", "api"),
    ]
    # Two are alike: neither is guessed.
    assert names.find("WEB SHOP") == ("web-shop", None)
    assert [one.id for one in names.new] == ["api", "tap", "web-shop"]
    assert names.find("shop") == ("shop-3", None)


def test_what_came_over_is_built(tmp_path: Path) -> None:
    source, site = moved(tmp_path, 60)
    opened(("firstword", "import", "cstate", str(source)), site, source)

    reads, _ = opened(("pelican", "content"), site, site / "content")

    told = [*site.glob("content/incidents/**/*.md")]
    drafts = sum("\ndraft: true\n" in path.read_text() for path in told)
    pages = [*site.glob("output/incidents/*/index.html"), *site.glob("output/notices/*/index.html")]
    assert reads == len(told) == 60
    assert len(pages) == len(told) - drafts


def test_repeated_issues_are_the_same_words_on_other_days(tmp_path: Path) -> None:
    samples = repeat.sites(tmp_path / "nowhere")
    repeat.repeated(samples, 13, tmp_path / "many")

    names = sorted(path.name for path in (tmp_path / "many/content/issues").iterdir())
    assert len(names) == 13
    first = tmp_path / "many/content/issues/2021-03-04-kiln-cold-0-0.md"
    second = tmp_path / "many/content/issues/2021-01-26-kiln-cold-0-1.md"
    assert first.read_text() == (samples[0] / "content/issues/2021-03-04-kiln-cold.md").read_text()
    assert second.read_text() == first.read_text().replace("2021-03-04", "2021-01-26")
