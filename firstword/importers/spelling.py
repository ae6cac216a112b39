"""Foreign text in lines of a report: as it is, or quoted, and never what plays with a terminal."""

from __future__ import annotations

_LONGEST = 160


def printable(text: str) -> str:
    """Return foreign text as it is when a terminal can show it, else escaped."""
    return text if text.isprintable() else ascii(text)


def encodable(text: str) -> str:
    """Return foreign text with what no encoding has, half a pair of surrogates, escaped."""
    return text.encode(errors="backslashreplace").decode()


def quoted(text: str) -> str:
    """Quote a text of one line as it reads; only what plays with a terminal is escaped."""
    mark = '"' if "'" in text and '"' not in text else "'"
    plain = (one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return f"{mark}{''.join(plain)}{mark}"


def short(text: str) -> str:
    """Quote a value, its middle left out where it is long."""
    if len(text) <= _LONGEST:
        return repr(text)
    half = _LONGEST // 2
    return f"{text[:half]!r} ... {text[-half:]!r}"


def count(number: int, noun: str) -> str:
    """Say how many of something."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
