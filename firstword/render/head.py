"""What a page says of itself in its <head>: for browsers, search engines, feed readers, shares."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

import markupsafe
from msgspec import Struct

from firstword import urls
from firstword.clock import Clock
from firstword.look import Picture, data_uri
from firstword.model import Accent, Component, Incident, Site
from firstword.page import (
    BY_COMPONENT,
    ComponentState,
    Indicator,
    StatusPage,
    page_indicator,
    story_indicator,
)

_PAPER = re.compile(r"--paper:\s*(#[0-9a-fA-F]{3,8}|[a-z]+)\b")
#: For pages where nobody has said anything yet: older than every update.
NOTHING = "0"

#: Shape before colour, readable at 16 pixels, on light and on dark.
_SHAPES = {
    None: '<path d="M2 4h12M2 8h12M2 12h8" stroke="#777" stroke-width="2"/>',
    Indicator.NONE: '<circle cx="8" cy="8" r="5.5" fill="none" stroke="#2a8a52" stroke-width="3"/>',
    Indicator.MAINTENANCE: '<path d="M8 0l8 8-8 8-8-8z" fill="#2f7fd0"/>',
    Indicator.MINOR: '<path d="M8 1l8 14H0z" fill="#c77700"/>',
    Indicator.MAJOR: '<path d="M1 1h14v14H1z" fill="#d3531f"/>',
    Indicator.CRITICAL: '<path d="M2 2l12 12M14 2L2 14" stroke="#d3222f" stroke-width="4"/>',
}


class FeedLink(Struct, frozen=True, kw_only=True):
    """A feed that a reader or a browser may find by itself."""

    type: str
    title: str
    path: str


class Head(Struct, frozen=True, kw_only=True):
    """What differs from page to page; a page that says nothing gets what is here."""

    #: How bad what the page tells of is; None = it tells of no state.
    indicator: Indicator | None = None
    #: Id of the newest update, on pages that are about now; "" = the browser asks first.
    newest: str = ""
    #: What search engines should not list.
    noindex: bool = False
    #: When the story began and when somebody last said something, in UTC; only on a story's page.
    told: tuple[datetime, datetime] | None = None
    #: Feeds of this page alone.
    feeds: tuple[FeedLink, ...] = ()
    #: (language, path) of the same story in every language, the original first.
    languages: tuple[tuple[str, str], ...] = ()


def home_head(status: StatusPage, clock: Clock) -> Head:
    """Return the head of a page that tells how everything stands."""
    return Head(indicator=page_indicator(status, clock), newest=newest_id(status))


def missing_head(status: StatusPage, clock: Clock) -> Head:
    """Return the head of the page for addresses that lead nowhere."""
    return Head(indicator=page_indicator(status, clock), newest=newest_id(status), noindex=True)


def story_head(status: StatusPage, incident: Incident, clock: Clock) -> Head:
    """Return the head of a story's page, in whatever language."""
    versions = (incident, *incident.translations) if incident.translations else ()
    return Head(
        indicator=story_indicator(incident, clock),
        # A story that is over stays as it is, whatever is said elsewhere.
        newest=newest_id(status) if incident.is_open else "",
        noindex=incident.drill,
        told=(incident.announced_at, incident.updated_at),
        languages=tuple(
            (one.language or status.site.language, urls.incident_path(one)) for one in versions
        ),
    )


def component_head(component: Component, state: ComponentState | None) -> Head:
    """Return the head of a component's page: its own feeds come first."""
    feed = urls.component_feed(component.id)
    return Head(
        indicator=BY_COMPONENT[state.status] if state else None,
        feeds=tuple(
            FeedLink(
                type=f"application/{form}+xml",
                title=component.name if form == "atom" else f"{component.name} (RSS)",
                path=urls.feed_key(feed, form),
            )
            for form in ("atom", "rss")
        ),
    )


def newest_id(status: StatusPage) -> str:
    """Return the id of the newest update: what a page in a browser compares with."""
    return status.newest_update[1].id if status.newest_update else NOTHING


@lru_cache(maxsize=len(_SHAPES))
def icon(indicator: Indicator | None) -> markupsafe.Markup:
    """Return the icon of a state as an address of its own."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{_SHAPES[indicator]}</svg>'
    return safe_uri(data_uri(svg.replace('"', "'")))


def safe_uri(uri: str) -> markupsafe.Markup:
    """Mark an address that `look` has spelled: it has no character that HTML would read."""
    return markupsafe.Markup(uri)  # noqa: S704 - `look.Picture.uri` and `look.data_uri` hold that


def picture(of: Picture | None) -> markupsafe.Markup | None:
    """Return a picture's address as a template can write it."""
    return safe_uri(of.uri) if of else None


@lru_cache(maxsize=16)
def csp_hash(inline: str) -> str:
    """Return what a Content-Security-Policy calls an inline style or script (CSP 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()


def accent_css(accent: Accent | None) -> markupsafe.Markup:
    """Return the rules that put the company's own colour in place of the theme's."""
    if accent is None:
        return markupsafe.Markup()
    rule = ":root{{--accent:{0}}}@media (prefers-color-scheme:dark){{:root{{--accent:{1}}}}}"
    return markupsafe.Markup(rule).format(accent.light, accent.dark)  # noqa: S704 - a constant


def headline(title: str, site: Site) -> str:
    """Return a page's title without the site's name, which a share shows beside it."""
    return title.removesuffix(str(markupsafe.escape(f" – {site.name}")))


@lru_cache(maxsize=16)
def paper(style: str, scheme: str) -> str:
    """Return the ground a style paints pages with: the first --paper for light, the next for dark.

    The browser's own bars take it on; a theme without that property gets white and black.
    """
    found = _PAPER.findall(style)
    return str({"light": (found or ["#fff"])[0], "dark": (found[1:] or ["#000"])[0]}[scheme])


#: What base.html needs, also for stock pages in Pelican's own environment.
FILTERS: Mapping[str, Callable[..., str]] = {
    "accent_css": accent_css,
    "csp_hash": csp_hash,
    "headline": headline,
    "icon": icon,
    "paper": paper,
    "safe_uri": safe_uri,
}
