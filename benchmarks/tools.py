"""Peers, installed from the registries into folders of their own, and what is known of them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Where the programs of the peers lie."""

    folder: Path

    @property
    def pelican(self) -> Path:
        """Stock Pelican; it and awscli want different docutils, so each has its own venv."""
        return self.folder / "pelican" / "bin" / "pelican"

    @property
    def aws(self) -> Path:
        """`aws`, version 1: the one that the registry has."""
        return self.folder / "aws" / "bin" / "aws"

    @property
    def s3cmd(self) -> Path:
        """`s3cmd`."""
        return self.folder / "aws" / "bin" / "s3cmd"

    @property
    def hugo(self) -> Path:
        """Hugo itself: what the package puts on the PATH starts a Python first."""
        found = self.folder.glob("tools/lib/python*/site-packages/hugo/binaries/hugo*")
        return next(found, self.folder / "tools" / "bin" / "hugo")

    @property
    def rclone(self) -> Path:
        """`rclone`."""
        return self.folder / "tools" / "bin" / "rclone"


def install(folder: Path, say: Callable[[str], None]) -> Tools:
    """Install every peer that is not there in its pinned version."""
    for wanted in sorted(PEERS.glob("*.txt")):
        venv, stamp = folder / wanted.stem, folder / wanted.stem / ".installed"
        if stamp.is_file() and stamp.read_text() == wanted.read_text():
            continue
        say(f"installing {wanted.stem}: {', '.join(wanted.read_text().split())}")
        subprocess.run((sys.executable, "-m", "venv", "--clear", str(venv)), check=True)
        pip = (str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-qq")
        subprocess.run((*pip, "install", "--compile", "-r", str(wanted)), check=True)
        stamp.write_text(wanted.read_text())
    return Tools(folder=folder)


def machine(work: Path) -> list[str]:
    """Return what the machine is, a fact a line."""
    model = "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = (line for line in cpuinfo.read_text().splitlines() if "model name" in line)
        model = next(lines, f": {platform.machine()}").split(":", 1)[1].strip()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    where = "tmpfs" if on_tmpfs(work) else "a disk"
    return [
        f"{model}, {os.cpu_count()} cores, {pages / 2**30:.0f} GB, Linux {platform.release()}",
        f"load when the run began: {load}; everything lies on {where}",
    ]


def versions(tools: Tools | None) -> list[str]:
    """Return who took part, in which version."""
    ours = f"Firstword {version('firstword')} at {_commit()}, Python {platform.python_version()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pelican", "boto3", "markdown"))
    found = [f"{ours} ({libraries})"]
    if tools:
        pins = (w.read_text().split() for w in sorted(PEERS.glob("*.txt")))
        found.append(", ".join(pin.replace("==", " ") for group in pins for pin in group))
    return found


def on_tmpfs(folder: Path) -> bool:
    """Tell whether a folder is kept in memory."""
    mounts = Path("/proc/mounts")
    if not mounts.is_file():
        return False
    kinds = {line.split()[1]: line.split()[2] for line in mounts.read_text().splitlines()}
    above = (str(place) for place in (folder.resolve(), *folder.resolve().parents))
    return next((kinds[place] for place in above if place in kinds), "") == "tmpfs"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(
            ("git", "-C", str(ROOT), *arguments), capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "no commit") + (
        " with changes" if git("status", "--porcelain", "--", "firstword", "theme") else ""
    )
