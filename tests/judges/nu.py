"""The Nu HTML checker over many files, in one run of Java."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from .pages import ROOT

JAR = ROOT / "tests" / "clients" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


_LOOPBACK = "nu.validator.servlet.allow-forbidden-hosts"
#: Java runs for seconds: what its second compiler does in that time is not earned back.
JAVA = ("java", "-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def missing() -> str:
    """Say what keeps the checker from running, or nothing."""
    if not shutil.which("java"):
        return "no java: apt-get install default-jre-headless"
    return "" if JAR.is_file() else "the Nu checker is not installed: make clients"


def complaints(folder: Path, address: str, keys: Sequence[str]) -> list[str]:
    """Return every error and warning over files of a folder, HTML and SVG, a line each.

    Pages are read from `address`, where the folder is served: a policy of 'self' means nothing in a
    file. Images are read as files, since the checker takes a served one for a page.
    """
    # Images last: a page that follows one is held against the rules for images.
    pages = [f"{address}{key}" for key in keys if key.endswith(".html")]
    files = [*pages, *(key for key in keys if not key.endswith(".html"))]
    done = subprocess.run(
        [
            *(*JAVA, f"-D{_LOOPBACK}=true", "-jar", str(JAR)),
            *("--also-check-svg", "--format", "json", *files),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    messages = json.loads(done.stderr or done.stdout)["messages"]
    return [
        f"{_key(message['url'], folder, address)}:{message.get('lastLine', 0)}: "
        f"{message.get('subType') or message['type']}: {message['message']} "
        f"[{' '.join(message.get('extract', '').split())}]"
        for message in messages
    ]


def _key(url: str, folder: Path, address: str) -> str:
    return unquote(url).removeprefix(address).removeprefix(f"file:{folder}/")
