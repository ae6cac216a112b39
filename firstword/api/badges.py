"""Badges: a word on a colour, as SVG that a screen reader reads out, and as shields.io asks for."""

from __future__ import annotations

import html
import unicodedata

from msgspec import Struct

from firstword.api.standing import as_json, standing
from firstword.clock import Clock
from firstword.model import ComponentStatus
from firstword.page import Indicator, StatusPage
from firstword.words import speak

_GREEN, _BLUE, _YELLOW, _ORANGE, _RED = "1a7f37", "0969da", "9a6700", "bc4c00", "cf222e"
_GREY = "57606a"
#: White on each of these is read at 4.5 to 1 or better; the word is beside it all the same.
_COLOURS: dict[Indicator | ComponentStatus, str] = {
    Indicator.NONE: _GREEN,
    Indicator.MAINTENANCE: _BLUE,
    Indicator.MINOR: _YELLOW,
    Indicator.MAJOR: _ORANGE,
    Indicator.CRITICAL: _RED,
    ComponentStatus.OPERATIONAL: _GREEN,
    ComponentStatus.UNDER_MAINTENANCE: _BLUE,
    ComponentStatus.DEGRADED_PERFORMANCE: _YELLOW,
    ComponentStatus.PARTIAL_OUTAGE: _ORANGE,
    ComponentStatus.MAJOR_OUTAGE: _RED,
}
#: Widths of Verdana at 11 pixels, which most sans-serif fonts come near; `textLength` sees to the
#: rest, so that the text fits in any font.
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%")
_PADDING = 6


class Badge(Struct, frozen=True):
    """What a badge says, and its colour as six hexadecimal digits."""

    label: str
    message: str
    colour: str


def page_badge(status: StatusPage, clock: Clock) -> Badge:
    """Return the badge of the whole page."""
    indicator = standing(status, clock).indicator
    return Badge(status.site.name, speak(status.site).indicator(indicator), _COLOURS[indicator])


def component_badge(status: StatusPage, name: str, clock: Clock) -> Badge:
    """Return the badge of a component; one that is no longer listed says so."""
    component = status.component(name)
    state = status.component_state(name, clock)
    language = speak(status.site)
    if state is None:
        return Badge(component.name, language.say("retired"), _GREY)
    return Badge(component.name, language.word(state.status).lower(), _COLOURS[state.status])


def badge_json(badge: Badge) -> bytes:
    """Spell a badge as shields.io's endpoint asks for it."""
    return as_json(
        {
            "schemaVersion": 1,
            "label": badge.label,
            "message": badge.message,
            "color": badge.colour,
        }
    )


def badge_svg(badge: Badge) -> bytes:
    """Draw a badge."""
    label, message = _text(badge.label), _text(badge.message)
    left, right = _width(badge.label), _width(badge.message)
    cut, whole = left + 2 * _PADDING, left + right + 4 * _PADDING
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img"'
        f' aria-labelledby="t">\n'
        f'<title id="t">{label}: {message}</title>\n'
        f'<clipPath id="c"><rect width="{whole}" height="20" rx="3"/></clipPath>\n'
        f'<g clip-path="url(#c)">\n'
        f'<rect width="{cut}" height="20" fill="#444c56"/>\n'
        f'<rect x="{cut}" width="{whole - cut}" height="20" fill="#{badge.colour}"/>\n'
        f"</g>\n"
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
        f' aria-hidden="true">\n'
        f'<text x="{_PADDING}" y="14" textLength="{left}">{label}</text>\n'
        f'<text x="{cut + _PADDING}" y="14" textLength="{right}">{message}</text>\n'
        f"</g>\n"
        f"</svg>\n"
    ).encode()


def _text(text: str) -> str:
    """Make a text safe inside SVG; control characters are not XML at all."""
    return html.escape("".join(c for c in text if c.isprintable()))


def _width(text: str) -> int:
    """Return about how many pixels a text needs."""
    return sum(_character(c) for c in text if c.isprintable()) or 1


def _character(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 11
    if character in _NARROW:
        return 4
    if character in _WIDE:
        return 11
    return 8 if character.isupper() else 7
