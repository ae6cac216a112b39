"""The Nu HTML checker over many files, in one run of Java."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .pages import ROOT

JAR = ROOT / "tests" / "clients" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


def missing() -> str:
    """Say what keeps the checker from running, or nothing."""
    if not shutil.which("java"):
        return "no java: apt-get install default-jre-headless"
    return "" if JAR.is_file() else "the Nu checker is not installed: make clients"


def complaints(folder: Path, keys: Sequence[str]) -> list[str]:
    """Return every error and warning over files of a folder, HTML and SVG, a line each."""
    done = subprocess.run(
        ["java", "-Xss4m", "-jar", str(JAR), "--also-check-svg", "--format", "json", *keys],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    messages = json.loads(done.stderr or done.stdout)["messages"]
    return [
        f"{message['url'].rpartition(str(folder) + '/')[2]}:{message.get('lastLine', 0)}: "
        f"{message.get('subType') or message['type']}: {message['message']} "
        f"[{' '.join(message.get('extract', '').split())}]"
        for message in messages
    ]
