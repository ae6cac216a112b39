"""What time it is, asked for by whoever renders, so that a page knows until when it holds.

Nothing else in Firstword reads the system's clock: `now` enters once and is passed on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo

from firstword.errors import SettingsError
from firstword.parse.times import end_of_day

_LONGEST = timedelta(days=7)
#: Up to which silence → in which steps a page follows it.
_STEPS = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(hours=4), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=1)),
    (_LONGEST, timedelta(days=1)),
)


class Clock:
    """A stopped clock that notes every instant it was asked about. One for each page.

    `valid_until` is the next of those instants that is still to come: then the page must be made
    again. `as_of` is the last that has passed: since then the page has been true.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.valid_until: datetime | None = None
        self.as_of: datetime | None = None

    def passed(self, at: datetime) -> bool:
        """Tell whether an instant has come."""
        if at <= self.now:
            self.as_of = at if self.as_of is None else max(self.as_of, at)
            return True
        self.valid_until = at if self.valid_until is None else min(self.valid_until, at)
        return False

    def today(self, zone: tzinfo) -> date:
        """Return the site's day; the page holds until that day ends."""
        day = self.now.astimezone(zone).date()
        self.passed(end_of_day(day - timedelta(days=1), zone))
        self.passed(end_of_day(day, zone))
        return day

    def day_over(self, zone: tzinfo) -> Callable[[date], bool]:
        """Return what tells whether a day of the site's is over."""
        return lambda day: self.passed(end_of_day(day, zone))

    def stepped(self, since: datetime) -> datetime:
        """Return how far it is known that nothing happened since an instant that has passed.

        That is now, in steps that grow with the silence: a minute, then five, a quarter, an hour, a
        day, and no further than a week. So that a page tells its age, is made again when that
        changes, and is the same whoever makes it in between.
        """
        silence = max(self.now - since, timedelta())
        if silence >= _LONGEST:
            self.passed(since + _LONGEST)
            return since + _LONGEST
        step = next(step for below, step in _STEPS if silence < below)
        reached = since + silence // step * step
        self.passed(reached)
        self.passed(reached + step)
        return reached

    def fresh(self) -> Clock:
        """Return a clock of the same instant that has not been asked anything yet."""
        return Clock(self.now)


def system_clock() -> datetime:
    """Ask the machine what time it is, in UTC: for leases, and for a build that is told nothing."""
    return datetime.now(UTC).replace(microsecond=0)


def read_clock(environ: Mapping[str, str], pinned: datetime | None) -> datetime:
    """Return the instant a build is for: SOURCE_DATE_EPOCH, the pinned clock, or now; in UTC.

    Raises SettingsError when SOURCE_DATE_EPOCH is not a number of seconds
    (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    epoch = environ.get("SOURCE_DATE_EPOCH", "").strip()
    if epoch:
        # Eleven digits reach the year 5138; what is longer was meant in milliseconds.
        if not re.fullmatch(r"[0-9]{1,11}", epoch):
            raise SettingsError("SOURCE_DATE_EPOCH", f"not seconds since 1970: {epoch!r}")
        return datetime.fromtimestamp(int(epoch), UTC)
    return pinned or system_clock()
