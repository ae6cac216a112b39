"""Values → the words and times that readers see, in each language: every label of the interface.

English is what code and templates say; the other languages are the catalogues in
firstword/locale/, and docs/languages.md says how to add one.
"""

from __future__ import annotations

from functools import lru_cache

from firstword.model import Site
from firstword.words.catalogue import SOURCE, catalogue, languages, nearest_language, placeholders
from firstword.words.formats import formats
from firstword.words.language import Language
from firstword.words.vocabulary import CONTEXTS, WORDS

__all__ = [
    "CONTEXTS",
    "WORDS",
    "Language",
    "catalogue",
    "initials",
    "languages",
    "nearest_language",
    "placeholders",
    "speak",
]


#: Every label of every page asks again; a site is kept beside its language, so that no other one
#: takes its place in memory.
_known: dict[tuple[int, str], tuple[Site, Language]] = {}
_MOST_KNOWN = 64


def speak(site: Site, code: str = "") -> Language:
    """Return the language of a site, or the one asked for.

    Where we have no words in it: the site's; and where there are none either, English.
    """
    key = id(site), code
    known = _known.get(key)
    if known is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[key] = site, _language(site, code)
    return known[1]


def _language(site: Site, code: str) -> Language:
    wanted = next((c for c in (code, site.language) if c and nearest_language(c)), SOURCE)
    name = nearest_language(wanted)
    return Language(
        code=wanted,
        zone=site.timezone,
        catalogue=catalogue(name),
        formats=formats(name),
        own=site.words.get(name, {}),
    )


@lru_cache(1024)
def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name."""
    parts = name.split()
    return "".join(part[0] for part in dict.fromkeys((parts[0], parts[-1]))) if parts else ""
