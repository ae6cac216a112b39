"""A new site: answers → its files. Pure; `firstword init` asks, and writes them.

What a site begins with are settings and tools. No incident is in it, and no sentence about one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from firstword.errors import SettingsError
from firstword.model import Site
from firstword.settings import CONF, read_site
from firstword.starter.renewal import WRITTEN, listed

CONTENT = "content/incidents/.gitkeep"
PICTURES = "content/images/.gitkeep"
PAGES = "content/pages/.gitkeep"
#: With which versions of other packages this Firstword was tested.
VERSIONS = "constraints.txt"
#: What a forge reads at the root of a repository, and nowhere else.
WORKFLOWS = (".github/workflows/status.yml", ".gitlab-ci.yml")
#: What lies in files/ → where a site has it.
_PLACES = {
    "constraints.txt": VERSIONS,
    "Makefile": "Makefile",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "publish.py": "publish.py",
    "published.sh": "published.sh",
    "github.yml": ".github/workflows/status.yml",
    "gitlab-ci.yml": ".gitlab-ci.yml",
    "incident.schema.json": "incident.schema.json",
}
#: The files that Firstword itself takes from the answers: "{{name}}", and parts that are only there
#: where something is so, or is not: "{{#folder}}" or "{{^folder}}" to "{{/folder}}".
_FILLED = frozenset({"README.md", "gitignore", "github.yml", "gitlab-ci.yml"})
_PART = re.compile(r"^\{\{([#^])(\w+)\}\}\n(.*?)^\{\{/\2\}\}\n", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(r"(?<!\$)\{\{(\w+)\}\}")
#: A folder below the site's own.
_PLAIN = re.compile(r"\w[\w-]*(?:/\w[\w-]*)*/?", re.ASCII)
#: What a site has or makes besides its files: no target can lie there.
_MADE = frozenset({".git", ".venv", ".cache", "output", "outbox", "theme", "vendor"})
#: The line of requirements.txt that is about Firstword.
_OURS = re.compile(r"^(?:firstword(?=[\s=<>@~!;[]|$)|\./vendor/firstword-).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What somebody says of a new site."""

    name: str
    #: https://status.example.com
    address: str
    zone: str
    #: As they are typed: "Checkout", or "checkout = Checkout and payments".
    components: Sequence[str]
    #: As they are typed: "Full Name, role, address".
    people: Sequence[str]
    targets: Sequence[str]
    contact: str = ""


def site_files(answers: Answers, requirement: str) -> Mapping[str, str]:
    """Return every file of a new site by its path; `requirement` is a line of requirements.txt.

    Raises SettingsError, by the setting's name, where an answer cannot be.
    """
    settings = _settings(answers)
    tools = tool_files(read_site(settings))
    found = {CONF: _conf(settings), "requirements.txt": f"{requirement}\n-c {VERSIONS}\n"}
    return found | tools | {WRITTEN: listed(tools), CONTENT: "", PICTURES: "", PAGES: ""}


def tool_files(site: Site) -> dict[str, str]:
    """Return the files by which a site is worked on and published: path → text."""
    folders = _folders(site)
    # The pages of a forge show one.
    folder = folders[0] if len(folders) == 1 else ""
    bucket = any("://" in name for name in site.publish_to)
    said = {
        "name": site.name,
        "address": site.url,
        "folder": folder,
        "ignored": "\n".join(f"/{name}/" for name in folders or ["public"]),
        "bucket": "yes" if bucket else "",
        # What lies elsewhere on this machine is out of reach for a forge.
        "published": "yes" if bucket or folder else "",
    }
    found: dict[str, str] = {}
    for name, place in _PLACES.items():
        text = _text(name)
        found[place] = _filled(text, said) if name in _FILLED else text
    if not folder:
        del found[_PLACES["published.sh"]]
    return found


def versions() -> str:
    """Return what a site's constraints.txt is to say for this Firstword."""
    return _text("constraints.txt")


def required(text: str, line: str) -> str:
    """Return a requirements.txt with another line for Firstword, and the others as they are."""
    if _OURS.search(text):
        return _OURS.sub(lambda _: line, text, count=1)
    return f"{line}\n{text}"


def flaw(name: str, said: Sequence[str]) -> str:
    """Say what is wrong with the answers to one question by themselves, "" for nothing.

    `name` is the question's, as `firstword init` has it for an option.
    """
    given: dict[str, Any] = {
        "name": "A",
        "address": "https://a.example",
        "zone": "UTC",
        "components": (),
        "people": ("A B, c, d@e.example",),
        "targets": (),
    }
    one = {"component": "components", "person": "people", "target": "targets"}.get(name)
    given |= {one: said} if one else {name: " ".join(said)}
    try:
        read_site(_settings(Answers(**given)))
    except SettingsError as error:
        return str(error).removeprefix(f"{error.setting}: ")
    return ""


def _folders(site: Site) -> list[str]:
    """Return the targets that are folders of the site, without what lies elsewhere."""
    return [name.rstrip("/") for name in site.publish_to if _PLAIN.fullmatch(name)]


def _text(name: str) -> str:
    return (files("firstword.starter") / "files" / name).read_text(encoding="utf-8")


def _filled(text: str, said: Mapping[str, str]) -> str:
    while _PART.search(text):
        text = _PART.sub(lambda f: f[3] if bool(said[f[2]]) is (f[1] == "#") else "", text)
    return _BLANK.sub(lambda found: said[found[1]], text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _settings(answers: Answers) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "SITENAME": _line(answers.name),
        "SITEURL": answers.address.strip().rstrip("/"),
        "TIMEZONE": answers.zone.strip(),
        "CONTACT": answers.contact.strip(),
        "PUBLISH_TO": [_target(target.strip()) for target in answers.targets if target.strip()],
        "PEOPLE": [_person(text) for text in answers.people if text.strip()],
        "COMPONENTS": list(_components(answers.components)),
    }
    if not settings["PEOPLE"]:
        raise SettingsError("PEOPLE", "somebody has to sign: name at least one person")
    return {name: value for name, value in settings.items() if value}


def _target(name: str) -> str:
    """Return a target that can be published to. Raises SettingsError."""
    if "://" in name:
        return name
    parts = PurePosixPath(normpath(name)).parts
    if all(part in ("/", "//", "..") for part in parts):
        raise SettingsError("PUBLISH_TO", f"{name!r} holds the site itself; say a folder in it")
    own = {CONF, "requirements.txt", WRITTEN, CONTENT, *_PLACES.values(), *_MADE}
    if parts[0].casefold() in {PurePosixPath(one).parts[0].casefold() for one in own}:
        raise SettingsError("PUBLISH_TO", f"{name!r}: {parts[0]!r} is the site's own; say another")
    return name


def _person(text: str) -> dict[str, str]:
    parts = [_line(part) for part in text.split(",")]
    if len(parts) < 3 or not all(parts):
        raise SettingsError(
            "PEOPLE", f"{text.strip()!r}: write 'Full Name, what they do, address for answers'"
        )
    # A role may have a comma in it; a name and an address have none.
    return {"name": parts[0], "role": ", ".join(parts[1:-1]), "address": parts[-1]}


def _components(texts: Sequence[str]) -> Iterator[dict[str, str]]:
    taken: set[str] = set()
    for text in filter(None, map(_line, texts)):
        wanted, given, name = (part.strip() for part in text.rpartition("="))
        slug = wanted if given else re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        if not slug:
            raise SettingsError("COMPONENTS", f"{text!r}: give it an id: 'shop = {text}'")
        if slug in taken:
            raise SettingsError("COMPONENTS", f"two have the id {slug!r}")
        taken.add(slug)
        yield {"id": slug, "name": name}


# ── pelicanconf.py ───────────────────────────────────────────────────────────────────────────────


def _conf(settings: Mapping[str, Any]) -> str:
    lines = [
        f'"""{_quiet(settings["SITENAME"])}: who signs, what it is about, where it goes."""',
        "",
        "from firstword.pelican_defaults import *",
        "",
    ]
    for name, value in settings.items():
        lines += ["", *_setting(name, value)] if isinstance(value, list) else _setting(name, value)
    return "\n".join(lines) + "\n"


def _setting(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        return [f"{name} = {_quoted(value)}"]
    if len(value) == 1 and isinstance(value[0], str):
        return [f"{name} = {_quoted(value[0])}"]
    lines = [f"{name} = ["]
    for one in value:
        if isinstance(one, str):
            lines.append(f"    {_quoted(one)},")
        else:
            pairs = ", ".join(f"{_quoted(key)}: {_quoted(text)}" for key, text in one.items())
            lines.append(f"    {{{pairs}}},")
    return [*lines, "]"]


def _quoted(text: str) -> str:
    """Spell a string as Python has it, in double quotes."""
    body = repr(f"'{text}")[1:-1] if '"' not in text else None
    return repr(text) if body is None else f'"{body[1:]}"'


def _quiet(text: str) -> str:
    """Return a text that ends no docstring."""
    return text.replace("\\", "").replace('"', "'")
