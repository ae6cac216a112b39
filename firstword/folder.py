"""Where incident files live, and what in that folder is somebody else's.

On its own, since git is asked about the folder while whatever reads it has yet to be imported.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Where incident files live, relative to the content folder.
FOLDER = "incidents"


def hidden(parts: Iterable[str]) -> bool:
    """Tell whether any part of a path belongs to an editor or to git, not to the site."""
    for part in parts:  # noqa: SIM110  asked of each of ten thousand files; any() takes three times as long
        if part[0] == "." or part[-1] == "~":
            return True
    return False
