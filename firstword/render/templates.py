"""The theme's templates, with the filters they may use; each page gets a small, known context."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import markupsafe

from firstword import urls, words
from firstword.clock import Clock
from firstword.look import Picture
from firstword.markup import Markup
from firstword.model import Due, Incident, Update
from firstword.page import StatusPage
from firstword.render import head as heads
from firstword.render.page import Page


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
        speak(self._environment)
        self._environment.filters.update(filters(page.site.timezone))

    def render(self, page: Page, clock: Clock) -> bytes:
        """Render one page at an instant; the clock notes until when it holds."""
        context = {**self.context(page.key, clock), **page.context(clock)}
        return self._environment.get_template(page.template).render(context).encode()

    def context(self, key: str, clock: Clock) -> dict[str, Any]:
        """Return what every template gets."""
        root = urls.from_page(key)

        def html(update: Update) -> markupsafe.Markup:
            return markupsafe.Markup(urls.rooted(self.markup.html(update.body), root))  # noqa: S704 - sanitised by nh3 in markup

        return {
            "site": self.page.site,
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


def instant(at: datetime) -> str:
    """Spell an instant for machines, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def speak(environment: Any) -> None:
    """Have templates say what they say in English: `_()` and `{% trans %}` look nothing up."""
    environment.install_null_translations(newstyle=True)


def filters(zone: ZoneInfo) -> Mapping[str, Any]:
    """Return the filters of the theme."""

    def stamped(at: datetime, text: str) -> markupsafe.Markup:
        return markupsafe.Markup('<time datetime="{}">{}</time>').format(instant(at), text)

    def when(at: datetime, near: datetime | None = None) -> markupsafe.Markup:
        return stamped(at, words.near_text(at, near, zone) if near else words.time_text(at, zone))

    def at_clock(at: datetime) -> markupsafe.Markup:
        return stamped(at, words.clock_text(at, zone))

    def due(promised: Due, near: datetime | None = None) -> markupsafe.Markup:
        if promised.whole_day:
            # No instant, lest a script showed it in another zone as the next day's first hour.
            day = (promised.at.astimezone(zone) - timedelta(seconds=1)).date()
            return markupsafe.Markup('<time datetime="{}">{}</time>').format(
                day, words.due_text(promised, zone)
            )
        return stamped(promised.at, words.due_text(promised, zone, near))

    def day(value: date | datetime, *, weekday: bool = False, year: bool = True) -> str:
        local = value.astimezone(zone).date() if isinstance(value, datetime) else value
        return words.day_text(local, weekday=weekday, year=year)

    return {
        "when": when,
        "at_clock": at_clock,
        "due": due,
        "day": day,
        "month": words.month_text,
        "duration": words.duration_text,
        "initials": words.initials,
        "word": words.word,
        "instant": instant,
        **heads.FILTERS,
    }
