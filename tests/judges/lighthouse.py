"""Lighthouse's own marks for a page, as people will ask it themselves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .pages import ROOT

CLIENTS = ROOT / "tests" / "clients"


def missing() -> str:
    """Say what keeps Lighthouse from running, or nothing."""
    if not shutil.which("node"):
        return "no node: apt-get install nodejs npm"
    if not (CLIENTS / "node_modules" / "lighthouse").is_dir():
        return "Lighthouse is not installed: make clients"
    return ""


def complaints(chromium: Path, urls: Sequence[str]) -> list[str]:
    """Return every mark below 100 with what cost it, a line each."""
    done = subprocess.run(
        ["node", "lighthouse.mjs", str(chromium), *urls],
        cwd=CLIENTS,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        return [f"Lighthouse ended with {done.returncode}: {done.stderr[-2000:]}"]
    found = json.loads(done.stdout)
    return [
        f"{url}: {line}"
        for url in urls
        for line in (
            *(f"{name}: {mark}" for name, mark in found[url]["scores"].items() if mark < 100),
            *found[url]["failed"],
        )
    ]
