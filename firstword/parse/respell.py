"""Times in other spellings → the one this format has, to be proposed and never to be used."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

#: Every dash that an editor, a phone or a chat makes of a hyphen.
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
#: Quotes, also typographic ones, and what else stands around a pasted time.
_AROUND = " '\"`*,;\u2018\u2019\u201c\u201d\u201e"
_DAY = (
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<D>\d{1,2})\.(?P<M>\d{1,2})\.(?P<Y>\d{4}))"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?| ?(?:h|hrs|uhr))?"
)
_ZONE = r"(?: ?\(?(?P<zone>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)\)?)?"
_TIME = re.compile(
    rf"(?:[A-Z]{{2,9}}\.?,? )?{_DAY}(?:(?:,? (?:at )?|T){_CLOCK}{_ZONE})?", re.ASCII | re.IGNORECASE
)
#: As it stands in the address of an update.
_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_ALONE = re.compile(_CLOCK, re.ASCII | re.IGNORECASE)


def respell(text: str) -> str:
    """Return what `21.11.2026 9.20`, `2026–11–21 09:20 UTC` or `9:20am` would be here.

    The answer has a day, a time or both; it is empty where nothing real can be meant.
    """
    plain = unicodedata.normalize("NFKC", text[:60].partition(" #")[0]).translate(_DASHES)
    plain = plain.strip(_AROUND)
    if found := _TIME.fullmatch(plain):
        parts = found.groupdict()
        day = _day(*(parts[low] or parts[low.upper()] for low in "ymd"))
        if not day or parts["hour"] is None:
            return day
        clock = _clock(found)
        return f"{day} {clock}{_zone(parts['zone'] or '')}" if clock else ""
    if found := _ID.fullmatch(plain):
        return "{}-{}-{} {}:{}:{}Z".format(*found.groups())
    if found := _ALONE.fullmatch(plain):
        return _clock(found)
    return ""


def _day(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _clock(found: re.Match[str]) -> str:
    hour = int(found["hour"])
    half = (found["half"] or "").casefold()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif half or not found["minute"]:
        return ""
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def _zone(text: str) -> str:
    if not text:
        return ""
    if text[0] not in "+-":
        return "Z"
    hours, _, minutes = text[1:].partition(":")
    if len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    return f"{text[0]}{int(hours):02}:{minutes or '00'}"
