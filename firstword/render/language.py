"""Has templates speak the language of their page: `_()`, `{% trans %}` and the filters for values.

The language is in the context of a page, so that one environment serves all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import markupsafe
from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from firstword import words
from firstword.model import Due
from firstword.render import head as heads
from firstword.render.escaping import escaped, marked
from firstword.render.told import Told
from firstword.words import Language
from firstword.words.language import ends

#: Scripts from right to left, by the tags of the languages that are written in them.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
#: As instants are spelled with, of which a page has more than of anything else.
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
_PLACE = re.compile(r"%\((\w+)\)s")
_TIME_AND_ZONE = re.compile(r" (?<=:\d\d )(?=[A-Z])")


def install(environment: Environment) -> None:
    """Give an environment the texts and filters of the theme, in the language of each page.

    It has Jinja's i18n extension, or will have it, which leaves an attribute for this choice.
    """
    vars(environment)["newstyle_gettext"] = True
    # The extension's own `_` looks `gettext` up in every page, each time.
    environment.globals.update(LABELS)
    environment.filters.update({**VALUE_FILTERS, **heads.FILTERS})
    environment.tests["ended"] = ends


def _language(context: Context) -> Language:
    # As `resolve_or_missing` has it, which each label and each time of a page would call.
    names = context.vars if "language" in context.vars else context.parent
    language: Language = names["language"]
    return language


#: A text that is filled in: how it begins, and each value's name with the words behind it.
Pieces = tuple[str, tuple[tuple[str, str], ...]]


def _pieces(text: str) -> Pieces:
    """Split a text where values come in; it stays whole where `%` does more."""
    first, *rest = _PLACE.split(text)
    if any("%" in words for words in (first, *rest[1::2])):
        return text, ()
    return first, tuple(zip(rest[::2], rest[1::2], strict=True))


def _filled(context: Context, text: str, values: dict[str, Any]) -> str:
    """Fill a text in; where templates escape, what it is filled with is escaped."""
    language = _language(context)
    if not context.eval_ctx.autoescape:
        return text % language.isolated(values)
    return _written(language, _pieces(text), values)


def _written(language: Language, pieces: Pieces, values: dict[str, Any]) -> markupsafe.Markup:
    first, rest = pieces
    if not rest:
        # Not ours to escape: texts are the theme's and our translators'.
        text = marked(first)
        return text % language.isolated(values) if "%" in text else text
    # Put together by join: what is escaped already would have `+` escape our words.
    whole = [first]
    for name, then in rest:
        whole += (escaped(language.isolate(values[name])), then)
    return marked("".join(whole))


@pass_context
def _gettext(context: Context, message: str, /, **values: Any) -> str:
    language = _language(context)
    if not context.eval_ctx.autoescape:
        return language.text(message) % language.isolated(values)
    known = language.spelled.get(message)
    if known is None:
        known = language.keep(message, _pieces(language.text(message)))
    return _written(language, known, values)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int, /, **values: Any) -> str:
    values.setdefault("num", count)
    return _filled(context, _language(context).texts(one, many, count), values)


@pass_context
def _pgettext(context: Context, place: str, message: str, /, **values: Any) -> str:
    return _filled(context, _language(context).catalogue.pgettext(place, message), values)


def instant(at: datetime) -> str:
    """Spell an instant for machines, in UTC."""
    day = f"{at.year:04}-{_TWO_DIGITS[at.month]}-{_TWO_DIGITS[at.day]}"
    return f"{day}T{_TWO_DIGITS[at.hour]}:{_TWO_DIGITS[at.minute]}:{_TWO_DIGITS[at.second]}Z"


@lru_cache(4096)
def _unbroken(text: str) -> str:
    """Keep a time and its zone on one line: what follows a break is read as something else."""
    return str(markupsafe.escape(_TIME_AND_ZONE.sub("\N{NO-BREAK SPACE}", text)))


def _stamped(at: datetime, text: str) -> markupsafe.Markup:
    return marked(f'<time datetime="{instant(at)}">{_unbroken(text)}</time>')


@pass_context
def _when(
    context: Context, at: datetime, near: datetime | None = None, *, weekday: bool = False
) -> markupsafe.Markup:
    language = _language(context)
    key = "when", at, near, weekday, language.zone
    known: markupsafe.Markup | None = language.spelled.get(key)
    if known is None:
        text = language.near(at, near) if near else language.moment(at, weekday=weekday)
        known = language.keep(key, _stamped(at, text))
    return known


@pass_context
def _at_clock(context: Context, at: datetime) -> markupsafe.Markup:
    return _stamped(at, _language(context).clock(at))


@pass_context
def _due(context: Context, promised: Due, near: datetime | None = None) -> markupsafe.Markup:
    language = _language(context)
    if promised.whole_day:
        # No instant, lest a script showed it in another zone as the next day's first hour.
        return markupsafe.Markup('<time datetime="{}">{}</time>').format(
            language.due_day(promised), language.due(promised)
        )
    return _stamped(promised.at, language.due(promised, near))


@pass_context
def _day(
    context: Context, value: date | datetime, *, weekday: bool = False, year: bool = True
) -> str:
    language = _language(context)
    local = value.astimezone(language.zone).date() if isinstance(value, datetime) else value
    return language.day(local, weekday=weekday, year=year)


@pass_context
def _month(context: Context, month: date) -> str:
    return _language(context).month(month)


@pass_context
def _year(context: Context, year: int) -> str:
    return _language(context).year(year)


@pass_context
def _duration(context: Context, length: Any) -> str:
    return _language(context).duration(length)


@pass_context
def _percent(context: Context, share: float) -> str:
    return _language(context).percent(share)


@pass_context
def _word(context: Context, value: str, *, many: bool = False) -> str:
    return _language(context).word(value, many=many)


@pass_context
def _listed(context: Context, parts: Sequence[Any]) -> markupsafe.Markup:
    """Put names or links into a list, as the language does it."""
    return markupsafe.Markup(_language(context).formats.join([markupsafe.escape(p) for p in parts]))  # noqa: S704 - each part is escaped


@pass_context
def _tongue(context: Context, code: str, *, block: bool = False) -> markupsafe.Markup:
    """Return the attributes of a text in another language than its page; empty in the same."""
    language = _language(context)
    code = code.code if isinstance(code, Told) else code
    if code == language.code:
        return marked("")
    attributes = markupsafe.Markup(' lang="{}"').format(code)
    direction = "rtl" if code.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
    if block and direction != language.direction:
        attributes += markupsafe.Markup(' dir="{}"').format(direction)
    return attributes


#: What templates say texts with.
LABELS = {"_": _gettext, "gettext": _gettext, "ngettext": _ngettext, "pgettext": _pgettext}

#: How templates spell values, in the language of their page.
VALUE_FILTERS = {
    "at_clock": _at_clock,
    "day": _day,
    "due": _due,
    "duration": _duration,
    "initials": words.initials,
    "instant": instant,
    "listed": _listed,
    "month": _month,
    "percent": _percent,
    "tongue": _tongue,
    "when": _when,
    "word": _word,
    "year": _year,
}
