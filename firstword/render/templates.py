"""The theme's templates, with the filters they may use; each page gets a small, known context."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
from jinja2 import meta

from firstword import urls
from firstword.clock import Clock
from firstword.errors import ThemeError
from firstword.look import Picture
from firstword.markup import Markup
from firstword.model import Incident, Person, Update
from firstword.page import StatusPage
from firstword.render import head as heads
from firstword.render.language import install
from firstword.render.page import Page
from firstword.render.running import KEPT, Kept, QuickEnvironment
from firstword.words import speak

#: A folder of compiled templates: the beginning of a program's digest.
_OF_A_PROGRAM = re.compile(r"[0-9a-f]{16}")


class Renderer:
    """Renders pages; what a template can reach is set here and nowhere else."""

    def __init__(
        self,
        page: StatusPage,
        markup: Markup,
        theme: Path,
        logo: Picture | None = None,
        favicon: Picture | None = None,
        *,
        overrides: Sequence[Path] = (),
        compiled: Path | None = None,
        like: Renderer | None = None,
    ) -> None:
        """Take a page and a theme; `compiled` is where its templates are kept as Python's code.

        A template in one of `overrides` stands in for the theme's of that name, and may extend it
        as "!theme/NAME", as in Pelican. `like` has loaded all of them before, and they still hold.
        """
        self.theme, self.overrides, self.compiled = theme, tuple(overrides), compiled
        self.page = page
        self.markup = markup
        self.logo = logo
        self.favicon = favicon
        self._environment: QuickEnvironment
        self._kept: dict[tuple[str, str], Kept] = {}
        if like is not None:
            self._environment, self.sources = like._environment, like.sources
            if (like.page.site, like.logo, like.favicon) == (page.site, logo, favicon):
                self._kept = like._kept
            return
        folder = jinja2.FileSystemLoader(theme / "templates")
        self._environment = QuickEnvironment(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.FileSystemLoader(list(overrides)),
                    folder,
                    jinja2.PrefixLoader({"!theme": folder}),
                ]
            ),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            bytecode_cache=bytecode(compiled),
        )
        install(self._environment)

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The text of every template by its name."""
        loader = self._environment.loader
        found: dict[str, str] = {}
        for name in loader.list_templates() if loader else ():
            with contextlib.suppress(jinja2.TemplateNotFound, UnicodeDecodeError):
                found[name] = loader.get_source(self._environment, name)[0] if loader else ""
        return found

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that templates are looked for in, the strongest first."""
        return *self.overrides, self.theme / "templates"

    def refers(self, name: str) -> set[str]:
        """Name the templates that one draws in; all of them where only the page can tell."""
        named = _refers(self.sources[name])
        return set(self.sources) if None in named else {one for one in named if one}

    def render(self, page: Page, clock: Clock) -> bytes:
        """Render one page at an instant; the clock notes until when it holds."""
        return self.write(
            page, {**self.context(page.key, clock, page.language), **page.context(clock)}
        )

    def write(self, page: Page, context: dict[str, Any]) -> bytes:
        """Write a page from all that its template gets."""
        context[KEPT] = self._kept_for(context)
        try:
            return self._environment.get_template(page.template).encoded(context)
        except Exception as error:  # noqa: BLE001 - it is raised again, or in words
            raise self.fault(error, context) or error from None

    def _kept_for(self, context: Mapping[str, Any]) -> Kept:
        """Return what was written for other pages of the same language, as deep in the site."""
        key = context["root"], context["language"].code
        if key not in self._kept:
            self._kept[key] = Kept(context)
        return self._kept[key]

    def fault(self, error: Exception, names: Iterable[str]) -> ThemeError | None:
        """Return an error that arose in a template in words, None for any other."""
        from firstword.render.faults import fault

        return fault(error, self.folders, names)

    def context(self, key: str, clock: Clock, language: str = "") -> dict[str, Any]:
        """Return what every template gets; no language is the site's."""
        root = urls.from_page(key)

        def html(update: Update) -> markupsafe.Markup:
            return markupsafe.Markup(urls.rooted(self.markup.html(update.body), root))  # noqa: S704 - sanitised by nh3 in markup

        # Who signs once on a page signs most of it.
        who_answers = cache(partial(self._who_answers, clock))
        return {
            "site": self.page.site,
            "language": speak(self.page.site, language),
            "status": self.page,
            "clock": clock,
            "root": root,
            "signed": "all" if self.page.all_signed else "mixed",
            "canonical": urls.absolute(self.page.site, key.removesuffix("index.html")),
            "head": heads.Head(),
            "logo": self.logo,
            "favicon": heads.picture(self.favicon),
            "html": html,
            "plain": lambda update: self.markup.plain(update.body),
            "urls": urls,
            "reply": partial(_reply, who_answers),
            "who_answers": who_answers,
            "made_at": clock.stepped,
        }

    def _who_answers(self, clock: Clock, name: str) -> Person | None:
        """Return who answers for a signature at an instant."""
        site = self.page.site
        return site.who_answers(name, clock.day_over(site.timezone))


def _reply(who_answers: Callable[[str], Person | None], name: str, incident: Incident) -> str:
    """Return the mailto link that answers a signature; empty when nobody can be asked."""
    person = who_answers(name)
    return urls.reply_address(person.address, f"Re: {incident.title}") if person else ""


@lru_cache(256)
def _refers(text: str) -> frozenset[str | None]:
    """Name the templates that a text draws in; None stands for those that only a page can tell."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"]
    )
    try:
        return frozenset(meta.find_referenced_templates(environment.parse(text)))
    except jinja2.TemplateSyntaxError:
        return frozenset({None})


def bytecode(folder: Path | None) -> jinja2.FileSystemBytecodeCache | None:
    """Return where compiled templates are kept, by what they were compiled from.

    On this machine only: it is code, and whoever can write there can run it.
    """
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in folder.parent.iterdir():
            # Nothing but what we made there: whoever names a folder of theirs loses nothing.
            if old != folder and _OF_A_PROGRAM.fullmatch(old.name):
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder))


def own_templates(root: Path, theme: Path, known: Iterable[Path]) -> list[Path]:
    """Return the folders of templates that stand in for a theme's, the strongest first.

    What lies in the site's own theme/templates/ comes before those that are set.
    """
    own, folders = root / "theme" / "templates", list(known)
    if own.is_dir() and own.resolve() != (theme / "templates").resolve():
        return [own, *(folder for folder in folders if folder != own)]
    return folders
