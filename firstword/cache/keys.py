"""By what things are made: a digest that is another one as soon as the bytes may be."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from firstword.cache.database import Cache
from firstword.folder import written
from firstword.model import Site
from firstword.values import replace

#: Whose versions reach the bytes of a page.
LIBRARIES = (
    *("firstword", "pelican", "markdown", "pyromark", "nh3", "jinja2", "feedgen", "icalendar"),
    *("lxml", "markupsafe", "msgspec", "python-dateutil", "pyyaml"),
)
_HOME = Path(__file__).resolve().parent.parent
_ABOUT = ".dist-info"
_OURS = (".py", ".json", ".txt", ".tsv", ".toml", ".po", ".mo")


def library(name: str) -> str:
    """Return the version of an installed library."""
    found = _installed().get(name)
    if found is None:
        # Takes as long to import as a tenth of a build, so only where names do not tell.
        from importlib.metadata import version

        found = version(name)
    return found


@lru_cache(1)
def _installed() -> Mapping[str, str]:
    """Return the versions of libraries, as the folders with what is known of them are named.

    `nh3-0.2.21.dist-info`; the first on the path is the one that is imported.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder or "."):
                if entry.name.endswith(_ABOUT):
                    name, _, number = entry.name.removesuffix(_ABOUT).partition("-")
                    found.setdefault(name.lower().replace("_", "-"), number)
    return found


def program(cache: Cache, libraries: Iterable[str]) -> str:
    """Return the digest of all that runs."""
    versions = (f"{name} {library(name)}" for name in libraries)
    return _digest((_code(cache), sys.version, *versions))


def grammar(program: str, site: Site, *more: str) -> str:
    """Return the digest of all that parsing and rendering go by, templates left out."""
    # Where a site is published to reaches no page.
    return _digest((program, repr(replace(site, targets=())), _clocks(site.timezone), *more))


# By the zone itself and not by its name: as long as a process has it, this is what it goes by.
@lru_cache(8)
def _clocks(zone: ZoneInfo) -> str:
    """Return the digest of when the clocks of a zone change, which countries decide anew."""
    for folder in zoneinfo.TZPATH:
        with contextlib.suppress(OSError):
            return hashlib.sha256(Path(folder, zone.key).read_bytes()).hexdigest()
    return library("tzdata")


def _code(cache: Cache) -> str:
    """Return the digest of our own files; they are read when one was written since."""
    files = sorted(_files(str(_HOME)))
    signature = _digest(f"{path} {size} {at}" for path, size, at in files)
    known = cache.meta("code").split()
    if known and known[0] == signature:
        return known[1]
    found = _read_code(tuple(files))
    cache.note("code", f"{signature} {found}")
    return found


@lru_cache(1)
def _read_code(files: tuple[tuple[str, int, int], ...]) -> str:
    """Return the digest of files that were written as they are listed."""
    found = hashlib.sha256()
    for path, _, _ in files:
        found.update(os.path.relpath(path, _HOME).encode())
        found.update(Path(path).read_bytes())
    return found.hexdigest()


def _files(folder: str) -> list[tuple[str, int, int]]:
    found = []
    for entry in os.scandir(folder):
        if entry.is_dir():
            if not entry.name.startswith("_"):
                found += _files(entry.path)
        elif entry.name.endswith(_OURS):
            status = entry.stat()
            found.append((entry.path, status.st_size, status.st_mtime_ns))
    return found


def looks(
    cache: Cache, sources: Mapping[str, str], refers: Callable[[str], Iterable[str]]
) -> dict[str, str]:
    """Return template → digest of it and of all that it draws in.

    `refers` names the templates that one draws in directly.
    """
    whole = _digest(f"{name} {text}" for name, text in sorted(sources.items()))
    known = cache.meta("looks")
    if known:
        before: dict[str, dict[str, str]] = json.loads(known)
        if whole in before:
            return before[whole]
    direct = {name: sorted(set(refers(name)) & sources.keys()) for name in sources}
    found = {name: _digest(sources[one] for one in _closure(name, direct)) for name in sources}
    cache.note("looks", json.dumps({whole: found}))
    return found


def signature_of(folders: Iterable[Path], now: int) -> str:
    """Return another text where a file in one of some folders was written, or came, or went.

    `now` in nanoseconds since 1970, from before; "" where that cannot be told.
    """
    found: list[str] = []
    known = tuple(folders)
    for folder in known:
        for here, _, names in os.walk(folder):
            for name in names:
                path = f"{here}/{name}"
                try:
                    signed = written(Path(path).stat(), now)
                except OSError:
                    return ""
                if not signed:
                    return ""
                found.append(f"{path}\0{signed}")
    return hashlib.sha256(
        "\n".join((*map(str, known), *sorted(found))).encode("utf-8", "surrogateescape")
    ).hexdigest()


def _closure(name: str, direct: Mapping[str, list[str]]) -> list[str]:
    reached = {name}
    waiting = [name]
    while waiting:
        for other in direct.get(waiting.pop(), ()):
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return sorted(reached)


def _digest(parts: Iterable[str]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode())
        found.update(b"\0")
    return found.hexdigest()
