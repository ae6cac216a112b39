"""Is everything in place? Lists of small checks, each of which says what it found and what to do.

A check is a function; adding one is writing it and naming it in `site.CHECKS` or `target.CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from firstword.doctor import site as of_site
from firstword.doctor import target as of_target
from firstword.doctor.findings import At, Finding, Level, Place, fail, ok
from firstword.errors import FirstwordError, SettingsError
from firstword.settings import CONF, load_settings, read_site
from firstword.store import open_store
from firstword.store.public import Answer
from firstword.values import replace

__all__ = ["Finding", "Level", "examine"]


def examine(
    root: Path,
    names: Sequence[str],
    *,
    environ: Mapping[str, str],
    now: Callable[[], datetime],
    get: Callable[[str], Answer],
) -> Iterator[Finding]:
    """Yield what every check finds, for the targets of these names, or for those of the settings.

    Targets are probed by writing, and taking away again, one small object of their private state.
    """
    try:
        settings = load_settings(root / CONF)
        site = read_site(settings)
    except SettingsError as error:
        yield fail("settings", str(error), f"mend {error.setting} in {CONF}; the rest waits for it")
        return
    yield ok("settings", f"{CONF} can be read: {site.name!r}, {site.url}")
    place = Place(root=root, site=site, environ=environ, now=now, get=get, settings=settings)
    for check in of_site.CHECKS:
        yield from check(place)
    for name in names or site.publish_to:
        # A folder of PUBLISH_TO is meant from the site's folder, one that is asked for from here.
        where = name if "://" in name or names else str(root / name)
        target = replace(site.target(name), name=where)
        try:
            at = At(place, target, open_store(where, environ=environ, options=target))
            for check_target in of_target.CHECKS:
                yield from check_target(at)
        except FirstwordError as error:
            yield fail(name, str(error), "mend that first: no more can be told of this target")
