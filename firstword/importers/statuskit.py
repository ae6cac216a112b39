"""Netlify StatusKit, cState's ancestor: site/content/incidents/*.md with TOML → incidents.

It is the same Hugo and the same `track`; only names differ. No end is kept but `resolved = true`.
"""

from __future__ import annotations

from firstword.importers import History, Source
from firstword.importers.cstate import read_hugo
from firstword.importers.cstate.issue import Dialect
from firstword.model import Impact

STATUSKIT = Dialect(
    name="statuskit",
    folder="incidents",
    impacts={
        "under-maintenance": Impact.NONE,
        "degraded-performance": Impact.MINOR,
        "partial-outage": Impact.MAJOR,
        "major-outage": Impact.CRITICAL,
    },
    # The second is how its own template for a new incident spells it.
    affected=("affectedsystems", "affectedsytems"),
    lost="/index.xml, /incidents/index.xml",
    maintenance="under-maintenance",
    dated=True,
)


def read(source: Source) -> History:
    """Read a StatusKit site. Raises ImportFailed when there are no incidents."""
    return read_hugo(source, STATUSKIT)
