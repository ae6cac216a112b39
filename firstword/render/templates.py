"""The theme's templates, with the filters they may use; each page gets a small, known context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from firstword import urls
from firstword.clock import Clock
from firstword.look import Picture
from firstword.markup import Markup
from firstword.model import Incident, Update
from firstword.page import StatusPage
from firstword.render import head as heads
from firstword.render.language import install
from firstword.render.page import Page
from firstword.words import speak


class Renderer:
    """Renders pages; what a template can reach is set here and nowhere else."""

    def __init__(
        self,
        page: StatusPage,
        markup: Markup,
        theme: Path,
        logo: Picture | None = None,
        favicon: Picture | None = None,
    ) -> None:
        self.page = page
        self.markup = markup
        self.logo = logo
        self.favicon = favicon
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(theme / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        install(self._environment)

    def render(self, page: Page, clock: Clock) -> bytes:
        """Render one page at an instant; the clock notes until when it holds."""
        context = {**self.context(page.key, clock, page.language), **page.context(clock)}
        return self._environment.get_template(page.template).render(context).encode()

    def context(self, key: str, clock: Clock, language: str = "") -> dict[str, Any]:
        """Return what every template gets; no language is the site's."""
        root = urls.from_page(key)

        def html(update: Update) -> markupsafe.Markup:
            return markupsafe.Markup(urls.rooted(self.markup.html(update.body), root))  # noqa: S704 - sanitised by nh3 in markup

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
            "reply": self._reply,
            "made_at": clock.stepped,
        }

    def _reply(self, name: str, incident: Incident) -> str:
        """Return the mailto link that answers a signature; empty when nobody can be asked."""
        person = self.page.site.who_answers(name)
        return urls.reply_address(person.address, f"Re: {incident.title}") if person else ""
