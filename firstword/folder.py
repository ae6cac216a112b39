"""Where incident files live, what in that folder is somebody else's, and what was written since.

On its own, since git is asked about the folder while whatever reads it has yet to be imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

#: Where incident files live, relative to the content folder.
FOLDER = "incidents"

#: A file that was written as shortly before it was looked at may be written again unseen.
_RACY_NS = 50_000_000
#: The same where times come in whole seconds, or in every other one: on some shares and sticks.
_RACY_COARSE_NS = 2_100_000_000
_SECOND_NS = 1_000_000_000


def hidden(parts: Iterable[str]) -> bool:
    """Tell whether any part of a path belongs to an editor or to git, not to the site."""
    for part in parts:  # noqa: SIM110  asked of each of ten thousand files; any() takes three times as long
        if part[0] == "." or part[-1] == "~":
            return True
    return False


def written(status: os.stat_result, now: int) -> str:
    """Return another text where a file was written since; "" where that cannot be told.

    `now` in nanoseconds since 1970, from before the file was looked at.
    """
    at = max(status.st_mtime_ns, status.st_ctime_ns)
    if at > now - (_RACY_NS if at % _SECOND_NS else _RACY_COARSE_NS):
        return ""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
