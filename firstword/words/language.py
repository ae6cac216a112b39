"""One language, in one time zone: values → the words and times that readers see."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from firstword.model import Due
from firstword.words.catalogue import Catalogue
from firstword.words.formats import Formats
from firstword.words.vocabulary import INDICATORS, MANY, WORDS

#: Letters that are written from right to left, or that steer direction.
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\u200f\u202a-\u202e\ufb1d-\ufdff\ufe70-\ufefc]")
#: Unicode's isolates: what is between them keeps its own direction, and the text around it too.
_LTR, _ANY, _END = "\u2066", "\u2068", "\u2069"
#: What a sentence ends with, in front of closing marks.
_STOPS = (*".!?…。！？؟",)
_CLOSING = "\"'”’»)」』 "
#: How much is kept of what was spelled.
_MOST_SPELLED = 16384
_NO_VALUES: Mapping[str, object] = {}


def ends(sentence: str) -> bool:
    """Tell whether a sentence has an end of its own, so that no stop follows it."""
    return sentence.rstrip(_CLOSING).endswith(_STOPS)


class Language(Struct, frozen=True, kw_only=True, eq=False):
    """Says what the interface has to say. Labels about data, never sentences about incidents."""

    #: BCP 47, as `lang` asks for it: `de`, `de-AT`.
    code: str
    zone: ZoneInfo
    catalogue: Catalogue
    formats: Formats
    #: What the site says otherwise: an English text, or a word of the file format → text.
    own: Mapping[str, str] = {}
    #: What was spelled already: a page, its feeds and its lists show the same times and labels.
    spelled: dict[Any, Any] = {}

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self.formats.direction

    # ── texts ────────────────────────────────────────────────────────────────────────────────────

    def text(self, message: str) -> str:
        """Return an English text in this language, with its %(placeholders)s."""
        return self.own.get(message) or self.catalogue.gettext(message)

    def texts(self, one: str, many: str, count: int) -> str:
        """Return the form of an English text that a number asks for."""
        return self.catalogue.ngettext(one, many, count)

    def say(self, message: str, /, **values: object) -> str:
        """Say an English text in this language, filled in."""
        # Most have nothing to fill in; a percent sign of theirs is written twice all the same.
        return self.text(message) % (self.isolated(values) if values else _NO_VALUES)

    def ended(self, sentence: str) -> str:
        """Return a sentence with a stop, unless it has an end of its own."""
        return sentence if ends(sentence) else self.say("%(sentence)s.", sentence=sentence)

    def say_many(self, one: str, many: str, /, count: int, **values: object) -> str:
        """Say an English text in the form that a number asks for, filled in."""
        return self.texts(one, many, count) % self.isolated({"count": count, **values})

    def isolated(self, values: Mapping[str, object]) -> dict[str, object]:
        """Keep names and titles of the other direction from turning the text around them."""
        isolate = self.isolate
        return {name: isolate(value) for name, value in values.items()}

    def isolate(self, value: object) -> object:
        """Keep one value of the other direction from turning the text around it."""
        if isinstance(value, str) and (
            self.formats.direction == "rtl"
            or (not value.isascii() and _RIGHT_TO_LEFT.search(value))
        ):
            return _ANY + value + _END
        return value

    def keep(self, key: Any, made: Any) -> Any:
        """Keep for a while what was made of a key, and return it."""
        if len(self.spelled) >= _MOST_SPELLED:
            self.spelled.clear()
        self.spelled[key] = made
        return made

    def word(self, value: str, *, many: bool = False) -> str:
        """Return the label of a word of the file format; of a kind also as a list's heading."""
        name = str(value)
        if many:
            return self.catalogue.pgettext(f"many:{name}", MANY[name])
        known = self.spelled.get(("word", name))
        if known is None:
            text = self.own.get(name) or self.catalogue.pgettext(name, WORDS[name])
            known = self.keep(("word", name), text)
        return str(known)

    def indicator(self, value: str) -> str:
        """Return the whole page in a word or two, for a badge."""
        return self.catalogue.pgettext(f"badge:{value}", INDICATORS[str(value)])

    def join(self, parts: Sequence[str]) -> str:
        """Put names into a list."""
        return self.formats.join([str(self.isolate(part)) for part in parts])

    def percent(self, share: float) -> str:
        """Spell a share of 1: `99.87%`."""
        return self.formats.percent_text(share)

    def state_sentence(self, titles: Sequence[str], quiet_since: datetime | None) -> str:
        """Say how things stand, without a full stop: the worst open incident, by its own title, and
        how many more there are; with none, since when nobody has reported one."""
        if titles:
            more = len(titles) - 1
            if not more:
                return titles[0]
            return self.say_many(
                "%(title)s, and %(count)s more problem is open",
                "%(title)s, and %(count)s more problems are open",
                more,
                title=titles[0],
            )
        if quiet_since:
            day = self.day(quiet_since.astimezone(self.zone).date())
            return self.say("No problem reported by us since %(day)s", day=day)
        return self.say("No problem reported by us")

    # ── times ────────────────────────────────────────────────────────────────────────────────────

    def day(self, day: date, *, weekday: bool = False, year: bool = True) -> str:
        """Spell a day: `Saturday 21 November 2026`, the weekday when asked, the year unless not."""
        key = "day", day, weekday, year
        known = self.spelled.get(key)
        if known is None:
            known = self.keep(key, self.formats.day_text(day, weekday=weekday, year=year))
        return str(known)

    def month(self, month: date) -> str:
        """Spell a month: `November 2026`."""
        return self.formats.month_text(month)

    def year(self, year: int) -> str:
        """Spell a year that stands alone."""
        return self.formats.year_text(year)

    def clock(self, at: datetime) -> str:
        """Spell a time of day in the site's zone and in UTC: `10:00 CET (09:00 UTC)`."""
        return self._clock(at.astimezone(self.zone))

    def _clock(self, local: datetime) -> str:
        # A day has few minutes and a zone few offsets: most of a history's times are spelled once.
        key = "clock", local.hour, local.minute, local.utcoffset(), local.tzname()
        known = self.spelled.get(key)
        if known is not None:
            return str(known)
        utc = local.astimezone(UTC)
        if local.date() != utc.date():
            return self._clock_text(local, utc)
        return str(self.keep(key, self._clock_text(local, utc)))

    def _clock_text(self, local: datetime, utc: datetime) -> str:
        spelled = self.formats.clock_text(utc)
        if not local.utcoffset():
            return self._in_its_order(f"{spelled} UTC")
        if local.date() != utc.date():
            spelled = self.formats.moment_text(self.formats.short_day_text(utc.date()), spelled)
        text = self.text("%(clock)s %(zone)s (%(utc)s UTC)")
        here = self.formats.clock_text(local)
        return self._in_its_order(
            text % {"clock": here, "zone": self._zone_text(local), "utc": spelled}
        )

    def moment(self, at: datetime, *, weekday: bool = False) -> str:
        """Spell an instant: `21 November 2026, 10:00 CET (09:00 UTC)`, the weekday when asked."""
        # A signature, the line that later entries have for it, and whoever links to it: the same.
        # By the zone: who writes to a reader tells the times of theirs with the same language.
        key = "moment", at, weekday, self.zone
        known = self.spelled.get(key)
        if known is None:
            known = self.keep(key, self._moment(at.astimezone(self.zone), weekday=weekday))
        return str(known)

    def _moment(self, local: datetime, *, weekday: bool = False) -> str:
        day = self.day(local.date(), weekday=weekday)
        return self.formats.moment_text(day, self._clock(local))

    def near(self, at: datetime, near: datetime) -> str:
        """Spell an instant beside another one: of the same day, only the time."""
        local = at.astimezone(self.zone)
        same = local.date() == near.astimezone(self.zone).date()
        return self._clock(local) if same else self._moment(local)

    def due(self, due: Due, near: datetime | None = None) -> str:
        """Spell a promised instant, beside another one; of a promised day, only the day."""
        if due.whole_day:
            return self.day(self.due_day(due))
        return self.near(due.at, near) if near else self.moment(due.at)

    def due_day(self, due: Due) -> date:
        """Return the day of a promise that names only a day: its end is the next one's begin."""
        return (due.at.astimezone(self.zone) - timedelta(seconds=1)).date()

    def duration(self, length: timedelta) -> str:
        """Spell a length of time in its two largest units: `4 h 58 min`."""
        minutes = max(0, int(length.total_seconds()) // 60)
        known = self.spelled.get(("lasted", minutes))
        return str(known or self.keep(("lasted", minutes), self._lasted(minutes)))

    def _lasted(self, minutes: int) -> str:
        days, rest = divmod(minutes, 24 * 60)
        hours, minutes = divmod(rest, 60)
        parts = []
        if days:
            parts.append(self.say_many("%(count)s day", "%(count)s days", days))
        if hours:
            parts.append(self.say_many("%(count)s h", "%(count)s h", hours))
        if minutes and len(parts) < 2:
            parts.append(self.say_many("%(count)s min", "%(count)s min", minutes))
        if len(parts) == 2:
            return self.say("%(large)s %(small)s", large=parts[0], small=parts[1])
        return parts[0] if parts else self.say("under a minute")

    def _zone_text(self, local: datetime) -> str:
        """Name a local time's zone; zones without letters of their own show the offset."""
        name = local.tzname() or ""
        return self.formats.zones.get(name, name) if name.isalpha() else f"UTC{name}"

    def _in_its_order(self, clock: str) -> str:
        """Keep figures and Latin letters in their order inside of a text from right to left."""
        return f"{_LTR}{clock}{_END}" if self.direction == "rtl" else clock
