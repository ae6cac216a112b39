"""The entries of archives that are whole: thousands of them, each made once and never again.

What would be asked for each of them is known when an archive is listed, and nothing is kept for
another build. Everything they say is as in any other feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from firstword.feeds.entries import Entry, Teller, index_of
from firstword.feeds.items import atom
from firstword.markup import Markup
from firstword.model import Incident, Update
from firstword.page import StatusPage


class ArchiveTeller(Teller):
    """Makes the entries of archives."""

    def __init__(
        self, page: StatusPage, markup: Markup, dates: Mapping[tuple[str, datetime], datetime]
    ) -> None:
        """Take the date of each entry, by its story's id and the instant that was signed."""
        super().__init__(page, markup)
        self._dates = dates
        self._lines: dict[tuple[str, datetime], str] = {}

    def date(self, incident: Incident, update: Update) -> datetime:
        """Return the date of an entry: whoever listed the archive asked for it."""
        return self._dates[incident.id, update.at]

    def update(self, incident: Incident, update: Update) -> Entry:
        """Return the entry of one update; it is asked for once."""
        return self._update_entry(incident, index_of(incident, update))

    def _line(self, incident: Incident, update: Update) -> str:
        # The same in each entry of its story, and whatever it asks is asked for the whole archive.
        key = incident.id, update.at
        known = self._lines.get(key)
        if known is None:
            known = self._lines[key] = super()._line(incident, update)
        return known


def written(
    page: StatusPage, markup: Markup, incident: Incident, dated: Iterable[tuple[datetime, datetime]]
) -> Iterator[bytes]:
    """Yield a story's entries as they stand in archives, by (instant signed, date of the entry).

    Raises LookupError where nothing was signed then.
    """
    dates = {(incident.id, at): date for at, date in dated}
    teller = ArchiveTeller(page, markup, dates)
    updates = {update.at: update for update in incident.updates}
    for _, at in dates:
        yield atom(teller.update(incident, updates[at])).encode()
