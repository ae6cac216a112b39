"""Bring the catalogues of firstword/locale/ up to date with code, templates and CLDR.

`make messages` for the languages there are, `make messages ARGS=fr` to begin another one. Needs
Babel, which nothing else does: builds read what this writes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import get_timezone_name
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "firstword" / "locale"
sys.path.insert(0, str(ROOT))

from firstword.words import CONTEXTS  # noqa: E402 - of this very checkout

SOURCE = "en"
#: Whose habits of writing stand for a language, where the tag alone would mean another country's.
_HABITS = {"en": "en_GB"}
#: Where a page that is read in a hurry, and feeds that were published before, ask for less.
_OURS: Mapping[str, Mapping[str, Any]] = {
    "en": {
        "weekday": "{EEEE} {d} {MMMM} {y}",
        "months_short": [
            *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
            *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ],
        "zones": {},
    },
}
#: Two instants, one of them in summer time wherever there is such a thing.
_SEASONS = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))
_KEYWORDS = {"say": None, "say_many": (1, 2), "text": None}
_JINJA = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}


def template() -> Catalog:
    """Return every text of templates and code, in the order of files."""
    catalog = Words()
    for value, text in CONTEXTS.items():
        catalog.add(text, context=value)
    for folder, pattern, method in (
        (ROOT / "theme" / "templates", "**.html", "jinja2"),
        (ROOT / "firstword", "**.py", "python"),
    ):
        found = extract_from_dir(
            folder,
            [(pattern, method)],
            {pattern: _JINJA if method == "jinja2" else {}},
            DEFAULT_KEYWORDS if method == "jinja2" else _KEYWORDS,
        )
        for file, line, message, _comments, context in sorted(found, key=lambda row: row[:2]):
            if message:
                place = (folder / file).relative_to(ROOT).as_posix()
                catalog.add(message, locations=[(place, line)], context=context)
    return catalog


class Words(Catalog):
    """A catalogue whose header says what gettext asks for, and nothing that changes by itself."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(
            locale=locale_of(name) if name else None,
            header_comment="# Firstword in other words: see docs/languages.md.",
            fuzzy=False,
        )

    @property
    def num_plurals(self) -> int:
        """How many forms a number asks for."""
        return int(self._forms.partition("=")[2].partition(";")[0])

    @property
    def _forms(self) -> str:
        # CLDR's own rule, so that forms stand in CLDR's order: Babel has others for gettext.
        return to_gettext(self.locale.plural_form) if self.locale else "nplurals=2; plural=(n != 1)"

    def _headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale_identifier or "")),
            ("Plural-Forms", self._forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    mime_headers = property(_headers)


def locale_of(name: str) -> Locale:
    """Return CLDR's locale of a language."""
    return Locale.parse(name.replace("-", "_"))


def read(name: str) -> Catalog:
    """Read a language's catalogue; a new language has an empty one."""
    path = po(name)
    if not path.exists():
        return Words(name)
    with path.open("rb") as file:
        return read_po(file, locale=locale_of(name))


def po(name: str) -> Path:
    """Return where a language's catalogue is."""
    return LOCALE / name / "LC_MESSAGES" / "firstword.po"


def updated(name: str) -> Catalog:
    """Return a catalogue with today's texts: what is new is empty, what is gone is left out."""
    old, new = read(name), Words(name)
    for message in template():
        if message.id:
            kept = old.get(message.id, context=message.context)
            string = kept.string if kept else None
            if name == SOURCE:
                string = message.id
            new.add(message.id, string, message.locations, context=message.context)
    return new


def as_po(catalog: Catalog) -> bytes:
    """Write a catalogue for people; without line numbers, which would change at every edit."""
    out = BytesIO()
    write_po(out, catalog, width=100, include_lineno=False, ignore_obsolete=True)
    return out.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """Write a catalogue for gettext."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def formats(name: str) -> dict[str, Any]:
    """Take out of CLDR how a language writes dates, times, lists and shares."""
    locale = locale_of(_HABITS.get(name, name))
    skeletons, dates = locale.datetime_skeletons, locale.date_formats
    lists = locale.list_patterns["standard"]
    percent = locale.percent_formats[None].pattern

    def skeleton(*names: str) -> str:
        return str(next(skeletons[n].pattern for n in names if n in skeletons))

    weekday = dates["full"].pattern
    with_weekday = skeletons.get("MMMMEEEEd") or skeletons.get("MMMMEd")
    return {
        "direction": locale.text_direction,
        "months": [locale.months["format"]["wide"][n] for n in range(1, 13)],
        "months_short": [locale.months["format"]["abbreviated"][n] for n in range(1, 13)],
        "weekdays": [locale.days["format"]["wide"][n] for n in range(7)],
        "day": _pattern(dates["long"].pattern),
        "day_without_year": _pattern(skeleton("MMMMd")),
        "day_short": _pattern(skeleton("MMMd")),
        "weekday": _pattern(weekday),
        # Not every language has a pattern of its own for this: the full one, without its year.
        "weekday_without_year": _pattern(
            with_weekday.pattern if with_weekday else re.sub(r"^y年|[ ,]*y$", "", weekday)
        ),
        "month": _pattern(skeleton("yMMMM")),
        "year": _pattern(skeleton("y")),
        "clock": _pattern(skeleton("Hm")),
        "moment": str(locale.datetime_formats["medium"]),
        "list": {key: lists[key] for key in ("2", "start", "middle", "end")},
        "percent": re.sub(r"[#0,.]+", "{0}", percent),
        "decimal": locale.number_symbols["latn"]["decimal"],
        "zones": dict(sorted(_zones(locale))),
        **_OURS.get(name, {}),
    }


def _pattern(ldml: str) -> str:
    """Turn a pattern of CLDR (UTS 35, part 4) into one of str.format."""

    def filled(found: re.Match[str]) -> str:
        letters: str = found[0]
        return "{EEEE}" if letters[0] in "Ec" else "{" + letters.replace("L", "M") + "}"

    return re.sub(r"[a-zA-Z]+", filled, ldml)


def _zones(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield the letters of zones that a language has letters of its own for."""
    names: dict[str, set[str]] = {}
    for zone in sorted(available_timezones()):
        for at in _SEASONS:
            local = at.astimezone(ZoneInfo(zone))
            letters = local.tzname() or ""
            if letters.isalpha() and letters not in {"UTC", "GMT"}:
                said = get_timezone_name(local, width="short", locale=locale)
                names.setdefault(letters, set()).add(said)
    for letters, all_said in names.items():
        own = {name for name in all_said if name.isalpha()} - {"GMT"}
        if len(own) == 1 and own != {letters}:
            yield letters, own.pop()


def as_json(values: Mapping[str, Any]) -> bytes:
    """Write formats for people to read the difference."""
    return json.dumps(values, ensure_ascii=False, indent=1).encode() + b"\n"


def files(name: str) -> Iterator[tuple[Path, bytes]]:
    """Yield (path, bytes) of everything that a language consists of."""
    catalog = updated(name)
    yield po(name), as_po(catalog)
    yield po(name).with_suffix(".mo"), as_mo(catalog)
    yield LOCALE / name / "formats.json", as_json(formats(name))


def languages() -> list[str]:
    """Return the languages there are."""
    return sorted(path.parent.name for path in LOCALE.glob("*/formats.json"))


def missing(name: str) -> list[str]:
    """Return the texts that a language has no words for yet."""
    empty = []
    for message in updated(name):
        strings = [message.string] if isinstance(message.string, str) else message.string
        if message.id and not all(strings or [""]):
            empty.append(str(message.id))
    return empty


def main(names: list[str]) -> None:
    """Write what changed, and say what is still to translate."""
    for name in sorted({SOURCE, *languages(), *names}):
        for path, data in files(name):
            if not path.exists() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                print(path.relative_to(ROOT))
        for text in missing(name):
            print(f"{name}: no words yet for {text!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
