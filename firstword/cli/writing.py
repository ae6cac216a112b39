"""What `firstword new` and `firstword update` share: ask, show, check, write, commit."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from firstword import gitlog
from firstword.drafts import (
    read_sheet,
    signers,
)
from firstword.errors import SettingsError
from firstword.model import Person, Site

Answers = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The site around the current folder."""

    root: Path
    content: Path
    #: Where a draft lies until it is written.
    drafts: Path
    site: Site
    clock: Callable[[], datetime]

    @classmethod
    def here(cls) -> Place:
        """Read the site's settings. Raises SettingsError."""
        from firstword.cli import find_root
        from firstword.clock import read_clock
        from firstword.pelican_defaults import CACHE_PATH
        from firstword.settings import CONF, load_settings, read_site

        root = find_root(Path.cwd())
        settings = load_settings(root / CONF)
        site = read_site(settings)
        return cls(
            root=root,
            content=root / str(settings.get("PATH", "content")),
            drafts=root / str(settings.get("CACHE_PATH", CACHE_PATH)) / "drafts",
            site=site,
            clock=lambda: read_clock(os.environ, site.pinned_clock),
        )


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that both commands have."""
    parser.add_argument("--as", dest="signed", metavar="NAME", help="who signs: of PEOPLE")
    parser.add_argument("--edit", action="store_true", help="answer in $VISUAL or $EDITOR")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="DRAFT", help="go on with a draft that was kept"
    )
    parser.add_argument("--no-input", action="store_true", help="ask nothing, even on a terminal")
    parser.add_argument("--commit", action="store_true", help="commit the file, without a terminal")
    parser.add_argument("--dry-run", action="store_true", help="show it, write nothing")


def given(options: argparse.Namespace, names: Sequence[str]) -> Answers:
    """Return the answers of the command line, laid over those of a draft. Raises SettingsError."""
    said: Answers = {}
    if options.source:
        try:
            said = read_sheet(options.source.read_text(encoding="utf-8"), names)
        except (OSError, ValueError) as error:
            raise SettingsError("--from", f"{str(options.source)!r}: {error}") from error
    flags = {name: getattr(options, name, None) for name in names}
    said |= {name: text for name, text in flags.items() if text is not None}
    if said.get("say") == "-":
        said["say"] = sys.stdin.read().strip()
    return said


def can_ask(options: argparse.Namespace) -> bool:
    """Tell whether a person sits there who can be asked."""
    return not options.no_input and sys.stdin.isatty() and sys.stdout.isatty()


def who_signs(place: Place, options: argparse.Namespace) -> Person:
    """Return who signs: as told, else whom git knows. Raises SettingsError."""
    at = place.clock()
    everybody = signers(place.site, at, address="", name="")
    if options.signed:
        wanted = options.signed.casefold()
        found = [p for p in everybody if p.name.casefold() == wanted]
        found = found or [p for p in everybody if p.name.casefold().startswith(wanted)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(person.name for person in everybody)
        raise SettingsError("--as", f"not one who can sign: {options.signed!r}; {names}")
    address, name = gitlog.identity(place.root)
    known = signers(place.site, at, address=address, name=name)
    if len(known) == 1:
        return known[0]
    if can_ask(options):
        from firstword.cli.asking import Interrupted, choose

        try:
            chosen = choose("Who signs this?", [person.name for person in known])
        except Interrupted:
            raise KeyboardInterrupt from None
        return next(person for person in known if person.name == chosen)
    names = ", ".join(person.name for person in known)
    raise SettingsError(
        "--as", f"git's user.email {address!r} does not say who signs; one of: {names}"
    )
