"""Which Firstword a site is built with: a line of requirements.txt, with a wheel if need be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePosixPath
from typing import Any

VENDOR = "vendor"
#: Of what an installation knows of itself, what belongs to the package and not to this machine.
_ABOUT = frozenset({"METADATA", "WHEEL", "entry_points.txt"})


def requirement() -> tuple[str, Mapping[str, bytes]]:
    """Return the line that installs this very Firstword anywhere, and the files that it takes.

    What came from an index or over HTTPS comes from there again. Anything else is on this machine
    alone, so the site gets a wheel of it.
    """
    about = distribution("firstword")
    told = json.loads(about.read_text("direct_url.json") or "{}")
    if line := published_at(about.version, told):
        return line, {}
    from firstword.starter.wheel import pack, wheel_name

    path = f"{VENDOR}/{wheel_name(about.version)}"
    return f"./{path}", {path: pack(about.version, dict(_files(about)))}


def published_at(version: str, told: Mapping[str, Any]) -> str:
    """Return the line for what an installer noted (PEP 610), "" where no other machine has that."""
    url = str(told.get("url", ""))
    if not url:
        return f"firstword=={version}"
    if not url.startswith("https://"):
        return ""
    if commit := told.get("vcs_info", {}).get("commit_id"):
        return f"firstword @ git+{url}@{commit}"
    digest = told.get("archive_info", {}).get("hashes", {}).get("sha256")
    return f"firstword @ {url}{f'#sha256={digest}' if digest else ''}"


def _files(about: Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield what a wheel of this installation holds; in a checkout the theme lies beside it."""
    import firstword
    from firstword.pelican_defaults import THEME

    package, theme = Path(firstword.__file__).parent, Path(THEME)
    yield from _below(package, "firstword")
    if not theme.is_relative_to(package):
        yield from _below(theme, "firstword/_theme")
    for path in about.files or ():
        folder = PurePosixPath(path).parts[0]
        if folder.endswith(".dist-info") and (path.name in _ABOUT or "licenses" in path.parts):
            yield path.as_posix(), path.read_binary()


def _below(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            yield f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes()
