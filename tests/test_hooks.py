"""The hooks that other repositories may use through pre-commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sites import CARDS, CARDS_FILE, SmallSite

ROOT = Path(__file__).parent.parent
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def test_pre_commit_can_read_them() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("hook", yaml.safe_load(HOOKS.read_text("utf-8")), ids=lambda h: h["id"])
def test_what_they_run_refuses_a_broken_file(hook: dict[str, str], tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: CARDS})
    program, *command = hook["entry"].split()

    good = site.firstword(*command)
    site.write(CARDS_FILE, CARDS.replace("impact: major", "impact: hurge"))
    bad = site.firstword(*command)

    assert program == "firstword"
    assert (good.code, bad.code) == (0, 1)
