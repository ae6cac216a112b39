"""The gettext catalogues: which languages there are, and what each says for an English text."""

from __future__ import annotations

from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path

from firstword.patterns import later

LOCALE = Path(__file__).resolve().parent.parent / "locale"
#: The language of the texts in code and templates.
SOURCE = "en"

_PLACEHOLDER = later(r"%\((\w+)\)s")


class Catalogue(GNUTranslations):
    """One language's texts; what it lacks stays in English."""

    def texts(self) -> frozenset[str]:
        """Return every English text that stands alone: without a context, without a plural."""
        known: dict[object, str] = self._catalog  # type: ignore[attr-defined]
        return frozenset(k for k in known if isinstance(k, str) and k and "\x04" not in k)


def folder(name: str) -> Path:
    """Return where a language's files are."""
    return LOCALE / name


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the languages that the interface speaks, by their tags."""
    return tuple(sorted(path.parent.name for path in LOCALE.glob("*/formats.json")))


@lru_cache(maxsize=256)
def nearest_language(code: str) -> str:
    """Return which of our languages serves a tag: `de` for `de-AT`; "" where none does."""
    folded = code.casefold()
    for name in (folded, folded.partition("-")[0]):
        found = next((known for known in languages() if known.casefold() == name), "")
        if found:
            return found
    return ""


@lru_cache(maxsize=16)
def catalogue(name: str) -> Catalogue:
    """Read a language's catalogue."""
    with (folder(name) / "LC_MESSAGES" / "firstword.mo").open("rb") as file:
        return Catalogue(file)


def placeholders(text: str) -> frozenset[str]:
    """Return what a text leaves to be filled in."""
    return frozenset(_PLACEHOLDER.findall(text))
