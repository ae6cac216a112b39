"""The names a story answers to: slug and language from its path, id, old addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from firstword.parse.findings import shown
from firstword.parse.values import Said, Values
from firstword.patterns import later

#: The stem is slug and id: `2026-11-21-card-payments`, with `.de` before `.md` in a translation.
STEM = re.compile(r"(?P<slug>[^.]+)(?:\.(?P<language>[a-z]{2,3}(?:-[A-Za-z]{2,4})?))?")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: An old address kept alive: plain path segments, so that it can be a file on any target, and
#: none that begins with a dot: those are ours (`.firstword/`), or climb.
ALIAS = later(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_LONGEST = 100
_LONGEST_ALIAS = 200
#: Endings that editors and people leave behind; no language has them as its tag.
_NO_LANGUAGES = frozenset({"bak", "doc", "htm", "log", "md", "new", "old", "org", "tmp", "txt"})


def translated(path: str, language: str) -> str:
    """Return the path of a translation, beside the file that it translates."""
    return f"{path.removesuffix('.md')}.{language}.md"


def language_of(path: str) -> str:
    """Return the language that a file's name says; "" for an original."""
    return path.rpartition("/")[2].removesuffix(".md").partition(".")[2]


def translated_slugs(paths: Iterable[str]) -> set[str]:
    """Return the slugs that some of these files translate, by their names."""
    names = (path.rpartition("/")[2].removesuffix(".md").partition(".") for path in paths)
    return {slug for slug, _, language in names if language}


def read_slug(path: str, values: Values) -> tuple[str, str]:
    """Return the slug and the language that the file's name says."""
    name = path.rsplit("/", 1)[-1]
    stem = name.removesuffix(".md")
    found = STEM.fullmatch(stem)
    if found and found["language"] in _NO_LANGUAGES:
        values.error(1, "file-name", f"{shown(name)}: {found['language']!r} is no language")
    elif not found or not SLUG.fullmatch(found["slug"]) or len(found["slug"]) > _LONGEST:
        better = _name_of(stem)
        values.error(
            1,
            "file-name",
            f"{shown(name)} becomes an address: lower-case letters, digits and '-' only, "
            f"at most {_LONGEST}" + (f"; rename it to {better!r}" if better else ""),
        )
    return (found["slug"], found["language"] or "") if found else (stem, "")


def _name_of(stem: str) -> str:
    """Spell a stem as a file's name that can be used, or "" where nothing of it can."""
    rest, dot, language = stem.rpartition(".")
    language = dot + language.casefold()
    if not rest or not STEM.fullmatch("x" + language) or language[1:] in _NO_LANGUAGES:
        rest, language = stem, ""
    slug = slug_of(rest)
    return slug and f"{slug}{language}.md"


def slug_of(text: str) -> str:
    """Spell a text as a slug, cut between words where it is too long."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > _LONGEST:
        slug = slug[: _LONGEST + 1].rpartition("-")[0] or slug[:_LONGEST]
    return slug.strip("-")


def read_id(said: Said | None, slug: str, values: Values) -> str:
    """Return the id: as stated, else the slug."""
    if said and (not SLUG.fullmatch(said[0]) or len(said[0]) > _LONGEST):
        values.error(
            said[1],
            "value",
            f"an id has lower-case letters, digits and '-', at most {_LONGEST}, not "
            f"{shown(said[0])}",
        )
    return said[0] if said else slug


def read_aliases(said: Said | None, values: Values) -> tuple[str, ...]:
    """Read old addresses: paths on this site, none of which may climb out of it."""
    if not said:
        return ()
    aliases = []
    for part in said[0].split(","):
        alias = part.strip().strip("/")
        if ALIAS.fullmatch(alias) and len(alias) <= _LONGEST_ALIAS:
            aliases.append(alias)
        else:
            values.error(
                said[1],
                "alias",
                f"not a path on this site: {shown(part.strip())}; write it like "
                "'issues/2019-card-payments'",
            )
    return tuple(dict.fromkeys(aliases))
