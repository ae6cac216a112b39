"""When each update was first published, as the targets stamped it (design §6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from firstword.model import Incident, Update

#: A signed time and a stamp that differ by more are both shown.
WORTH_SAYING = timedelta(minutes=5)

#: Incident id → update id → first published; None: before records began.
Stamps = Mapping[str, Mapping[str, datetime | None]]

#: Who owed a word on a component, and within how many seconds; ("", 0): nobody did.
Owes = tuple[str, int]

#: Incident id → component → who owed a word on it when the first one was published.
Limits = Mapping[str, Mapping[str, Owes]]


class Records(Struct, frozen=True):
    """The stamps of the targets, as the build needs them.

    Without a target (plain `pelican content`) there are no records: every signature is taken at
    its word, and nothing is judged.
    """

    stamps: Stamps = {}
    #: Whether any target has ever been published to.
    began: bool = False
    #: The instant at which updates that no target holds yet are being published.
    now: datetime | None = None
    limits: Limits = {}

    def stamp(self, incident: Incident, update: Update) -> datetime | None:
        """Return when an update was first published; None when nobody can know."""
        known = self.stamps.get(incident.id)
        if known and update.id in known:
            return known[update.id]
        return self.now if self.began else None

    def published_at(self, incident: Incident, update: Update) -> datetime:
        """Return when readers could first read an update: the stamp, else the signed time."""
        return self.stamp(incident, update) or update.at

    def late_stamp(self, incident: Incident, update: Update) -> datetime | None:
        """Return the stamp where it is far enough from the signed time to be shown."""
        stamp = self.stamp(incident, update)
        return stamp if stamp and abs(stamp - update.at) > WORTH_SAYING else None
