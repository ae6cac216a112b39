"""What readers had been told by an instant: stories as they were published, not as they are now.

An edition is made of this alone, so that it is the same one whenever it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from firstword.model import Incident, Update
from firstword.page import Records, StatusPage, Wanted
from firstword.values import replace

#: A word that was signed longer than this before it was published is history: it mails nobody.
BACKDATED = timedelta(days=31)
#: The smallest step of an instant: what was published at one is what was before the next.
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One update that may be mailed, and when it was first published."""

    #: As it stood when whoever asks looks at it.
    incident: Incident
    update: Update
    published: datetime

    @property
    def index(self) -> int:
        """Its place in its story, from 0."""
        return self.incident.updates.index(self.update)


def active(page: StatusPage, since: datetime, end: datetime) -> Iterator[Incident]:
    """Yield stories as published before `end` that were open, or could be told of, since then.

    One bounded question. Drills and what nobody has signed are left out.
    """
    for incident in page.stories.find(Wanted(drills=False, since=since - BACKDATED)):
        told = published_before(incident, page.records, end)
        if told and any(update.signed for update in told.updates):
            yield told


def published_before(incident: Incident, records: Records, end: datetime) -> Incident | None:
    """Return a story with the updates that readers had before an instant; None without any.

    What a target held before records began counts; what none holds yet does not.
    """
    stamps = records.stamps.get(incident.id, {})
    updates = tuple(
        update
        for update in incident.updates
        if update.id in stamps and ((at := stamps[update.id]) is None or at < end)
    )
    return replace(incident, updates=updates) if updates else None


def words(incident: Incident, records: Records) -> tuple[Word, ...]:
    """Return what of a story may be mailed, in the order it was signed.

    Left out: what has `notify: no`, what nobody signed, what was there before records began.
    """
    stamps = records.stamps.get(incident.id, {})
    return tuple(
        Word(incident=incident, update=update, published=at)
        for update in incident.updates
        if update.notify
        and update.signed
        and (at := stamps.get(update.id)) is not None
        and at - update.at <= BACKDATED
    )
