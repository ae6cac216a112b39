"""Front matter and times as Hugo reads them, and what is told about a file on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from firstword.importers import Node, Unreadable, read_yaml, shown
from firstword.importers.report import LeftOut, Repair
from firstword.parse import parse_time

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]| +)(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?: +[A-Z]{3,5})?)?",
    re.ASCII,
)
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}(?::\d{2})? (?:[+-]\d{4}|GMT|UTC)",
    re.ASCII,
)
_KEY_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?")


@dataclass(slots=True, kw_only=True)
class Log:
    """What has to be said about one file."""

    zone: tzinfo
    repairs: list[Repair] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    #: How many times had no zone.
    zoneless: int = 0

    def repair(self, what: str, before: str, after: str, why: str) -> None:
        """Note a value that could not stay as it was."""
        self.repairs.append(Repair(what, before, after, why))

    def time(self, what: str, text: str) -> When:
        """Read a time and note what was assumed. Raises BadTime."""
        when = read_time(text, self.zone)
        self.zoneless += when.zoneless
        if when.repaired:
            self.repair(what, text, utc(when.at), when.repaired)
        return when


class BadTime(ValueError):
    """A time that cannot be read."""


@dataclass(frozen=True, slots=True)
class When:
    """A time as it was written: the instant, the day it names, and what had to be assumed."""

    at: datetime
    day: date
    zoneless: bool = False
    #: Why the instant is not simply what stands there.
    repaired: str = ""


def read_time(text: str, zone: tzinfo) -> When:
    """Read a time as Hugo spells it, to the second. Raises BadTime."""
    text = text.strip()
    found = _ISO.fullmatch(text) if len(text) <= 80 else None
    try:
        if found:
            when = _iso(found, zone)
        elif _MAIL.fullmatch(text):
            wall = parsedate_to_datetime(text)
            when = When((wall if wall.tzinfo else wall.replace(tzinfo=UTC)), wall.date())
        else:
            raise BadTime(f"not a time: {text[:80]!r}")
        # The judge of what a page can be about is the parser.
        at = parse_time(f"{when.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z", UTC)
    except (ValueError, OverflowError) as error:
        raise BadTime(str(error)) from error
    return replace(when, at=at)


def _iso(found: re.Match[str], zone: tzinfo) -> When:
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in found.group(4, 5, 6))
    wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - placed below
    odd = "the hour has three digits" if found[4] and len(found[4]) > 2 else ""
    if found[7]:
        return When(wall.replace(tzinfo=_offset(found[7])), wall.date(), repaired=odd)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early != late:
        odd = f"it does not exist or happens twice in {zone}; read with the earlier offset"
    return When(early, wall.date(), zoneless=True, repaired=odd)


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if int(digits[2:]) > 59 or minutes > 14 * 60:
        raise BadTime(f"no such offset from UTC: {text!r}")
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def split_front(text: str) -> tuple[str, str, list[Repair]]:
    """Split a file into front matter and body. Raises Unreadable for what we do not read."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise Unreadable("the file is empty")
    opening = lines[start].rstrip()
    if opening.startswith("+++"):
        raise Unreadable("its front matter is TOML, which is not read yet")
    if opening.startswith("{") and not opening.startswith("{{"):
        raise Unreadable("its front matter is JSON, which is not read yet")
    first = start + 1 if opening == "---" else start
    end = next((at for at in range(first, len(lines)) if lines[at].rstrip() == "---"), None)
    if opening == "---" and end is not None:
        return "\n".join(lines[first:end]), "\n".join(lines[end + 1 :]), []
    if opening == "---":
        end = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
        front = "\n".join(lines[first:end])
        if not _is_front(front):
            raise Unreadable("its front matter is opened with '---' and never closed")
        return front, "\n".join(lines[end:]), [Repair("front matter", "", "---", "never closed")]
    if end is not None and _is_front(front := "\n".join(lines[first:end])):
        repair = Repair("front matter", opening, f"---\n{opening}", "not opened with '---'")
        return front, "\n".join(lines[end + 1 :]), [repair]
    return "", text, [Repair("front matter", "", "", "there is none")]


def _is_front(text: str) -> bool:
    try:
        node, _ = read_yaml(text)
    except Unreadable:
        return False
    return isinstance(node, dict) and bool({"title", "date"} & {key.lower() for key in node})


def read_front(text: str) -> tuple[dict[str, tuple[str, Node]], list[Repair]]:
    """Read front matter: key in lower case, as Hugo has it → key as typed, and value."""
    why = "it is no list of keys"
    try:
        node, repairs = read_yaml(text)
    except Unreadable as error:
        node, repairs, why = None, [], str(error)
    if not isinstance(node, dict):
        if text.strip():
            repairs.append(Repair("front matter", "", "read line by line", why))
        node = _by_lines(text)
    values: dict[str, tuple[str, Node]] = {}
    for key, value in node.items():
        if key.lower() in values:
            why = f"duplicate key, also spelled {values[key.lower()][0]!r}; the last one holds"
            repairs.append(Repair(key, shown(values[key.lower()][1]), shown(value), why))
        values[key.lower()] = (key, value)
    return values, repairs


def _by_lines(text: str) -> dict[str, Node]:
    """Read `key: value` and `- item` lines where YAML gave up."""
    values: dict[str, Node] = {}
    last = ""
    for line in text.split("\n"):
        if found := _KEY_LINE.fullmatch(line.rstrip()):
            last, value = found[1], (found[2] or "").strip()
            values[last] = _bare(value)
            if value[:1] == "[" and value[-1:] == "]":
                values[last] = [_bare(item) for item in value[1:-1].split(",")]
        elif last and (item := line.strip()).startswith("- "):
            held = values[last]
            values[last] = [*(held if isinstance(held, list) else []), _bare(item[2:])]
    return values


def _bare(text: str) -> str:
    """Take quotes away that stand around the whole of a value."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
