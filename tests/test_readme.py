"""What the README prints works as printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: These two do the set-up itself: .ci/run runs them in a fresh clone, and make is what runs this.
SET_UP = {"make publish", "make test"}


def commands() -> list[str]:
    """Return every command line of the README's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is committed, with this very environment as its .venv."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    copy = tmp_path / "firstword"
    for name in listed.stdout.splitlines():
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy / name)
    (copy / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "tests/data/cstate", tmp_path / "old-status-page")
    return copy


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "PYTHONPATH": str(folder)}
    return subprocess.run(
        ["sh", "-c", command],  # as a reader would paste it
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_two_commands_are_there() -> None:
    assert set(commands()) >= SET_UP


@pytest.mark.parametrize(
    "command", [c for c in commands() if c not in SET_UP and not c.endswith("serve")]
)
def test_a_command_works_as_printed(command: str, checkout: Path) -> None:
    ran = run(command, checkout)

    assert ran.returncode == 0, ran.stderr + ran.stdout


def test_the_incident_of_the_readme_is_a_good_one(checkout: Path) -> None:
    (text,) = re.findall(r"```markdown\n(.*?)```", README, re.DOTALL)
    (checkout / "content/incidents/2026/2026-11-21-eu-cards.md").write_text(text, encoding="utf-8")

    ran = run(".venv/bin/firstword check content/incidents/2026/2026-11-21-eu-cards.md", checkout)

    assert (ran.returncode, ran.stdout) == (0, "")


def test_every_linked_file_exists() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\((?!https?:|incident:|/)([^)#]+)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
