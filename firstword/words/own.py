"""WORDS in pelicanconf.py: what a site says otherwise than our catalogues, checked."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from firstword.errors import SettingsError
from firstword.words.catalogue import catalogue, languages, placeholders
from firstword.words.vocabulary import WORDS

_SETTING = "WORDS"


def read_words(value: object) -> Mapping[str, Mapping[str, str]]:
    """Read language → English text, or word of the file format → the site's own text.

    Raises SettingsError for a text that the interface does not have: nobody would ever see it.
    """
    return {name: _of(name, texts) for name, texts in _table(value, "a language").items()}


def _of(name: str, texts: object) -> Mapping[str, str]:
    if name not in languages():
        listed = ", ".join(languages())
        raise SettingsError(_SETTING, f"no words of ours in {name!r}; there are: {listed}")
    known = catalogue(name).texts()
    own: dict[str, str] = {}
    for text, mine in _table(texts, "a text").items():
        if text not in WORDS and text not in known:
            near = get_close_matches(text, [*WORDS, *known], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SettingsError(_SETTING, f"{name!r}: nothing says {text!r}{hint}")
        if not isinstance(mine, str) or not mine.strip():
            raise SettingsError(_SETTING, f"{name!r}: {text!r}: text is expected, not {mine!r}")
        _check_placeholders(name, text, mine)
        own[text] = mine
    return own


def _check_placeholders(name: str, text: str, mine: str) -> None:
    """What is filled in must be the same, or a page ends with an error or keeps something back."""
    if text in WORDS:
        return
    needed = placeholders(text)
    try:
        mine % dict.fromkeys(needed, "")
        fits = placeholders(mine) == needed
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        listed = ", ".join(f"%({one})s" for one in sorted(needed)) or "nothing"
        raise SettingsError(
            _SETTING, f"{name!r}: {mine!r} leaves something else to fill in than {listed}"
        )


def _table(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise SettingsError(_SETTING, f"a dictionary by {what} is expected, not {value!r}")
    return value
