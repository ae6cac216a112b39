"""How a language writes dates, times, lists and shares: what CLDR says, read from a small file.

`make messages` takes the file out of CLDR through Babel, so that no build has to import Babel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from msgspec import Struct

from firstword.words.catalogue import folder


class Formats(Struct, frozen=True, kw_only=True):
    """Patterns with CLDR's letters as names to fill in: `{d} {MMMM} {y}`."""

    #: "ltr" or "rtl"
    direction: str
    months: Sequence[str]
    months_short: Sequence[str]
    #: Monday first.
    weekdays: Sequence[str]
    day: str
    day_without_year: str
    day_short: str
    weekday: str
    weekday_without_year: str
    month: str
    year: str
    clock: str
    #: `{1}` is the day, `{0}` the time.
    moment: str
    #: CLDR's names: "2", "start", "middle", "end".
    list: Mapping[str, str]
    #: `{0}` is the number.
    percent: str
    decimal: str
    #: The letters of a time zone in tzdata → in this language, where they differ.
    zones: Mapping[str, str]

    def day_text(self, day: date, *, weekday: bool = False, year: bool = True) -> str:
        """Spell a day."""
        if weekday:
            return self._fill(self.weekday if year else self.weekday_without_year, day)
        return self._fill(self.day if year else self.day_without_year, day)

    def short_day_text(self, day: date) -> str:
        """Spell a day beside another date: shortly."""
        return self._fill(self.day_short, day)

    def month_text(self, month: date) -> str:
        """Spell a month of a year."""
        return self._fill(self.month, month)

    def year_text(self, year: int) -> str:
        """Spell a year that stands alone."""
        return self.year.format(y=year)

    def clock_text(self, local: datetime) -> str:
        """Spell a time of day, in the zone that it has."""
        return self.clock.format(H=local.hour, HH=f"{local.hour:02}", mm=f"{local.minute:02}")

    def moment_text(self, day: str, clock: str) -> str:
        """Put a day and a time together."""
        return self.moment.format(clock, day)

    def percent_text(self, share: float) -> str:
        """Spell a share of 1 with two decimals."""
        return self.percent.format(f"{share * 100:.2f}".replace(".", self.decimal))

    def join(self, parts: Sequence[str]) -> str:
        """Put a list into words."""
        if len(parts) < 2:
            return "".join(parts)
        if len(parts) == 2:
            return self.list["2"].format(*parts)
        text = self.list["start"].format(parts[0], parts[1])
        for part in parts[2:-1]:
            text = self.list["middle"].format(text, part)
        return self.list["end"].format(text, parts[-1])

    def _fill(self, pattern: str, day: date) -> str:
        return pattern.format(
            d=day.day,
            M=day.month,
            MMM=self.months_short[day.month - 1],
            MMMM=self.months[day.month - 1],
            EEEE=self.weekdays[day.weekday()],
            y=day.year,
        )


@lru_cache(maxsize=16)
def formats(name: str) -> Formats:
    """Read a language's formats."""
    return Formats(**json.loads((folder(name) / "formats.json").read_bytes()))
