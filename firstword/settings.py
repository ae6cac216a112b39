"""pelicanconf.py → a Site: every setting of ours read once, checked, and closed."""

from __future__ import annotations

import ast
import re
import runpy
import traceback
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from firstword.errors import SettingsError
from firstword.look import read_accent, read_links, read_picture_path
from firstword.model import Component, Mail, Person, Site, Target
from firstword.parse.keys import nearest
from firstword.parse.times import TimeProblem, parse_day, parse_span, parse_time

CONF = "pelicanconf.py"

#: What joins or parts letters in scripts that need it (Persian, Hindi); elsewhere nobody sees it.
_JOINED = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")
_PERSON = ("name", "role", "address", "shown", "photo", "until", "successor")
_OWNER = ("owner", "first_word_within", "owner_since")
_COMPONENT = ("id", "name", "group", "description", "retired", *_OWNER)
_TARGET = (
    *("target", "address", "cloudfront"),
    *("endpoint", "region", "profile", "addressing", "checksums"),
)
#: No user, no query, no fragment, and nothing that would have to be quoted.
_URL = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~%/-]*)?", re.ASCII)
_DISTRIBUTION = re.compile(r"[A-Z0-9]{6,20}")
_CHECKSUMS = ("when_required", "when_supported")
_CHOICES = {"addressing": ("path", "virtual"), "checksums": _CHECKSUMS}
_COMPONENT_ID = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_ADDRESS = re.compile(r"[^@\s<>\"',;:]+@[^@\s<>\"',;:]+\.[^@\s<>\"',;:]+")
#: Anywhere in the address: `status-noreply@`, and what git forges hand out as `users.noreply.`.
_NOBODY = re.compile(
    r"(?:^|[^a-z])(?:no|do[-_.]?not|dont|never)[-_.]?reply(?:$|[^a-z])", re.IGNORECASE
)
_NOT_A_PERSON = frozenset(
    {"team", "bot", "support", "admin", "system", "service", "staff", "ops", "imported"}
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
#: RFC 4151: a host or an address, a comma, a day (or its month or year) on which it was ours.
_TAG_AUTHORITY = re.compile(r"[A-Za-z0-9._@-]+,\d{4}(?:-\d{2}(?:-\d{2})?)?")


def load_settings(path: Path) -> dict[str, Any]:
    """Run a settings file as Pelican does and return its upper-case names.

    Raises SettingsError naming file and line when it cannot be run.
    """
    if not path.is_file():
        raise SettingsError(path.name, f"not found in {str(path.parent)!r}")
    try:
        names = runpy.run_path(str(path), run_name=path.stem)
    except Exception as error:
        raise SettingsError(path.name, *_where(error, path)) from error
    found = {name: value for name, value in names.items() if name.isupper()}
    beside = {"WORDING": str(path.parent / str(found["WORDING"]))} if found.get("WORDING") else {}
    return found | beside


def read_site(settings: Mapping[str, Any]) -> Site:
    """Read every setting of ours. Raises SettingsError for the first that cannot be."""
    zone = _zone(settings)
    url = _url(settings)
    contact = _text(settings, "CONTACT")
    people = _people(settings.get("PEOPLE", ()))
    if contact:
        _check_address("CONTACT", contact)
    return Site(
        name=_text(settings, "SITENAME") or _refuse("SITENAME", "how is this page called?"),
        url=url,
        timezone=zone,
        words=_own_words(settings.get("WORDS", {})),
        language=_like(settings, "DEFAULT_LANG", _LANGUAGE, "en", "a language: write 'en'"),
        people=people,
        components=_components(settings.get("COMPONENTS", ()), people),
        tag_authority=_like(
            settings,
            "TAG_AUTHORITY",
            _TAG_AUTHORITY,
            f"{urlsplit(url).hostname},2026",
            "who owned which host when: write 'status.example.com,2026'",
        ),
        drills=_yes_or_no(settings.get("DRILLS", False), "DRILLS"),
        targets=_targets(settings.get("PUBLISH_TO", "public")),
        pinned_clock=_pinned(settings, zone),
        contact=contact,
        accent=read_accent(settings.get("ACCENT_COLOR", "")),
        logo=read_picture_path("LOGO", settings.get("LOGO", "")),
        favicon=read_picture_path("FAVICON", settings.get("FAVICON", "")),
        links=read_links(settings.get("LINKS", ())),
        mail=_mail(settings),
        wording=_wording(settings),
    )


def _refuse(setting: str, message: str) -> str:
    raise SettingsError(setting, message)


def line_of(setting: str, path: Path) -> int:
    """Return the line of a settings file where a setting is assigned last, or 1."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return 1
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    stored = (n.lineno for n in names if n.id == setting and isinstance(n.ctx, ast.Store))
    return max(stored, default=1)


def _where(error: Exception, path: Path) -> tuple[str, int]:
    """Name the line of the settings file an error comes from, also as a number."""
    line = next(
        (
            f.lineno
            for f in reversed(traceback.extract_tb(error.__traceback__))
            if f.filename == str(path)
        ),
        getattr(error, "lineno", None),
    )
    return f"line {line}: {type(error).__name__}: {error}", line or 1


def _text(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name, "")
    if not isinstance(value, str):
        raise SettingsError(name, f"text is expected, not {value!r}")
    return value.strip()


def _like(
    settings: Mapping[str, Any], name: str, shape: re.Pattern[str], default: str, what: str
) -> str:
    value = _text(settings, name) or default
    if not shape.fullmatch(value):
        raise SettingsError(name, f"not {what}, got {value!r}")
    return value


def _yes_or_no(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        # The text "False" would count as true.
        raise SettingsError(name, f"True or False is expected, not {value!r}")
    return value


def _own_words(value: object) -> Mapping[str, Mapping[str, str]]:
    if value == {}:
        return {}
    # Here and not above: most commands say nothing to readers, and need no catalogue.
    from firstword.words.own import read_words

    return read_words(value)


def _mail(settings: Mapping[str, Any]) -> Mail | None:
    if not any(name.startswith("MAIL_") for name in settings):
        return None
    # Here and not above: a site without mail need not know of it.
    from firstword.mail.conf import read_mail

    return read_mail(settings)


def _wording(settings: Mapping[str, Any]) -> tuple[tuple[str, str, str, str, str, str], ...]:
    if not (name := _text(settings, "WORDING")):
        return ()
    from firstword.lint.conf import read_own as read

    return read(name, str(settings.get("PATH", "content")))


def _zone(settings: Mapping[str, Any]) -> ZoneInfo:
    name = _text(settings, "TIMEZONE") or "UTC"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        hint = nearest(name, available_timezones())
        raise SettingsError("TIMEZONE", f"no such time zone: {name!r}{hint}") from error


def _url(settings: Mapping[str, Any]) -> str:
    url = _text(settings, "SITEURL").rstrip("/")
    if not _is_address(url):
        raise SettingsError(
            "SITEURL", f"not the address of a site: {url!r}; write 'https://status.example.com'"
        )
    return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(good and _URL.fullmatch(url))


def _pinned(settings: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    text = _text(settings, "PINNED_CLOCK")
    try:
        return parse_time(text, zone) if text else None
    except TimeProblem as problem:
        raise SettingsError("PINNED_CLOCK", str(problem)) from problem


def _targets(value: object) -> tuple[Target, ...]:
    """Read one target or a list of them, each a name or a dictionary with a 'target'."""
    listed = [value] if isinstance(value, (str, dict)) else value
    if not isinstance(listed, Sequence) or not listed or not all(listed):
        raise SettingsError("PUBLISH_TO", f"a folder or 's3://bucket/prefix', or a list: {value!r}")
    rows = [{"target": row} if isinstance(row, str) else row for row in listed]
    targets: dict[str, Target] = {}
    for row in _rows("PUBLISH_TO", rows, _TARGET):
        target = _target(row)
        if target.name.rstrip("/") in targets:
            raise SettingsError("PUBLISH_TO", f"{target.name!r} is listed twice")
        targets[target.name.rstrip("/")] = target
    return tuple(targets.values())


def _target(row: Mapping[str, Any]) -> Target:
    values = {key: _value("PUBLISH_TO", row, key) for key in row if key != "target"}
    given = {key: text for key, text in values.items() if text}
    given |= {key: given[key].rstrip("/") for key in ("address", "endpoint") if key in given}
    name = _value("PUBLISH_TO", row, "target")
    if not name:
        raise SettingsError("PUBLISH_TO", f"which folder or bucket? No 'target' in {row!r}")
    for key in ("address", "endpoint"):
        if key in given and not _is_address(given[key]):
            raise SettingsError("PUBLISH_TO", f"{name!r}: {key!r}: no address: {given[key]!r}")
    for key, choices in _CHOICES.items():
        if given.get(key, choices[0]) not in choices:
            hint = nearest(given[key], choices)
            raise SettingsError("PUBLISH_TO", f"{name!r}: unknown {key}: {given[key]!r}{hint}")
    if not _DISTRIBUTION.fullmatch(given.get("cloudfront", "E00000")):
        raise SettingsError(
            "PUBLISH_TO",
            f"{name!r}: 'cloudfront' is the id of a distribution, not {given['cloudfront']!r}",
        )
    return Target(name=name, **given)


def _rows(setting: str, value: object, known: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a setting's dictionaries, each with known keys only."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise SettingsError(setting, f"a list of dictionaries is expected, not {value!r}")
    rows = []
    for row in value:
        if not isinstance(row, dict):
            raise SettingsError(setting, f"a dictionary is expected, not {row!r}")
        for key in row:
            if key not in known:
                raise SettingsError(setting, f"unknown key: {key!r}{nearest(str(key), known)}")
        rows.append(row)
    return rows


def _check_address(setting: str, address: str) -> None:
    if not _ADDRESS.fullmatch(address):
        raise SettingsError(setting, f"not a mail address: {address!r}")
    if _NOBODY.search(address):
        raise SettingsError(setting, f"nobody reads {address!r}; give an address that answers")


def _people(value: object) -> dict[str, Person]:
    people: dict[str, Person] = {}
    slugs: dict[str, str] = {}
    for row in _rows("PEOPLE", value, _PERSON):
        person = _person(row)
        if person.name in people:
            raise SettingsError("PEOPLE", f"{person.name!r} is listed twice")
        if person.slug in slugs:
            raise SettingsError(
                "PEOPLE", f"{person.shown!r} and {slugs[person.slug]!r} would share one address"
            )
        people[person.name] = person
        slugs[person.slug] = person.shown
    for person in people.values():
        _check_successor(person, people)
    return people


def _check_successor(person: Person, people: Mapping[str, Person]) -> None:
    """Somebody answers for whoever left, and for whoever left after that."""
    if person.successor and person.successor not in people:
        raise SettingsError(
            "PEOPLE",
            f"{person.name!r}: unknown successor: {person.successor!r}"
            f"{nearest(person.successor, people)}",
        )
    if person.until and not person.successor:
        raise SettingsError("PEOPLE", f"{person.name!r} left: name a 'successor' who answers")
    chain, answers = [person.name], person
    while answers.until:
        answers = people.get(answers.successor, answers)
        if answers.name in chain:
            raise SettingsError(
                "PEOPLE", f"{person.name!r}: nobody answers in the end: {' → '.join(chain)}"
            )
        chain.append(answers.name)


def _person(row: dict[str, Any]) -> Person:
    name = unicodedata.normalize("NFC", _value("PEOPLE", row, "name"))
    if not name:
        raise SettingsError("PEOPLE", f"somebody has no 'name': {row!r}")
    if name != " ".join(name.split()):
        raise SettingsError("PEOPLE", f"{name!r}: one space between the parts of a name")
    if _NOBODY.search(name) or _NOT_A_PERSON & set(re.split(r"\W|_", name.casefold())):
        raise SettingsError("PEOPLE", f"{name!r} is not a person; a person signs")
    if not set("|,()").isdisjoint(name) or not _JOINED.sub("", name).isprintable():
        raise SettingsError("PEOPLE", f"{name!r}: a name has no '|', ',', '(' or ')'")
    for key in ("role", "address"):
        if not _value("PEOPLE", row, key):
            raise SettingsError("PEOPLE", f"{name!r} has no {key!r}")
    address = _value("PEOPLE", row, "address")
    _check_address("PEOPLE", address)
    shown = _value("PEOPLE", row, "shown") or name
    return Person(
        name=name,
        role=_value("PEOPLE", row, "role"),
        address=address,
        shown=shown,
        slug=re.sub(r"\W+", "-", shown.casefold()).strip("-_") or "person",
        photo=_value("PEOPLE", row, "photo"),
        until=_day(row.get("until"), name),
        successor=unicodedata.normalize("NFC", _value("PEOPLE", row, "successor")),
    )


def _value(setting: str, row: Mapping[str, Any], key: str) -> str:
    """Return the text of a key; "" where it is not given."""
    value = row.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(setting, f"{key!r} is text, not {value!r}")
    return value.strip()


def _day(value: object, name: str) -> date | None:
    if value is None or value == "":
        return None
    try:
        return parse_day(str(value))
    except TimeProblem as problem:
        raise SettingsError("PEOPLE", f"{name!r}: 'until': {problem}") from problem


def _components(value: object, people: Mapping[str, Person]) -> dict[str, Component]:
    components: dict[str, Component] = {}
    for row in _rows("COMPONENTS", value, _COMPONENT):
        found = _value("COMPONENTS", row, "id")
        if not _COMPONENT_ID.fullmatch(found):
            raise SettingsError(
                "COMPONENTS", f"{found!r}: an id has lower-case letters, digits, '-' and '_'"
            )
        if found in components:
            raise SettingsError("COMPONENTS", f"{found!r} is listed twice")
        components[found] = Component(
            id=found,
            name=_value("COMPONENTS", row, "name") or found,
            group=_value("COMPONENTS", row, "group"),
            description=_value("COMPONENTS", row, "description"),
            retired=_yes_or_no(row.get("retired", False), f"COMPONENTS: {found!r}: 'retired'"),
            **_owner(row, found, people),
        )
    return components


def _owner(row: Mapping[str, Any], component: str, people: Mapping[str, Person]) -> dict[str, Any]:
    """Read who answers for a component; a limit says from which day on it holds."""
    owner, within, since = (_value("COMPONENTS", row, key) for key in _OWNER)
    owner = unicodedata.normalize("NFC", owner)
    if owner and owner not in people:
        raise SettingsError(
            "COMPONENTS", f"{component!r}: 'owner' not in PEOPLE: {owner!r}{nearest(owner, people)}"
        )
    if bool(within) != bool(since) or (within and not owner):
        raise SettingsError(
            "COMPONENTS",
            f"{component!r}: 'first_word_within' needs an 'owner', and 'owner_since' to say from "
            "which day on it holds",
        )
    if not within:
        return {"owner": owner}
    try:
        length, day = parse_span(within), parse_day(since)
    except TimeProblem as problem:
        raise SettingsError("COMPONENTS", f"{component!r}: {problem}") from problem
    return {"owner": owner, "first_word_within": length, "owner_since": day}
