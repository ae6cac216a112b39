"""/sitemap.xml and /robots.txt: every page that search engines may list (sitemaps.org, 0.9).

An index always, and a file a month, so that a word about one story changes one small file. Times
come from what was signed, never from the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import partial
from html import escape
from itertools import chain
from math import ceil

import msgspec
from msgspec import Struct

from firstword import urls
from firstword.model import Site
from firstword.page import Row, StatusPage, Wanted
from firstword.render.history import by_year, shelves
from firstword.render.record import record_pages

#: Stories in one file: the protocol takes 50,000 addresses, and a story has one in each language.
MOST = 10_000

_NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
)


class SitemapFile(Struct, frozen=True, kw_only=True):
    """One file for search engines; it asks for what is in it only when it is made."""

    key: str
    make: Callable[[], bytes]


def sitemaps(status: StatusPage, stock: Iterable[str]) -> Iterator[SitemapFile]:
    """Yield robots.txt, the index and every file it names.

    `stock` are the keys of Pelican's own pages.
    """
    names = [urls.SITEMAP_PAGES]
    yield SitemapFile(key=urls.SITEMAP_PAGES, make=partial(_pages, status, sorted(stock)))
    for month, count in status.stories.months().items():
        for part in range(1, ceil(count / MOST) + 1):
            names.append(urls.sitemap_month(month, part))
            yield SitemapFile(key=names[-1], make=partial(_month, status, month, part))
    yield SitemapFile(key=urls.SITEMAP, make=partial(_index, status.site, names))
    yield SitemapFile(key=urls.ROBOTS, make=partial(_robots, status.site))


def _robots(site: Site) -> bytes:
    sitemap = urls.absolute(site, urls.SITEMAP)
    return f"User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n".encode()


def _index(site: Site, names: Iterable[str]) -> bytes:
    addresses = (escape(urls.absolute(site, name), quote=False) for name in names)
    rows = (f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return _document("sitemapindex", rows)


def _pages(status: StatusPage, stock: Iterable[str]) -> bytes:
    """Return the pages that are there whatever happened."""
    site, newest = status.site, status.newest_update
    paths = (
        *(urls.HISTORY, urls.SUBSCRIBE),
        *(
            urls.year_path(year, *shelf)
            for shelf in shelves(status)
            for year in by_year(status, *shelf)
        ),
        *(urls.page_path(page.key) for page in record_pages(status)),
        *map(urls.component_path, site.components),
        *map(urls.person_path, site.people.values()),
        *map(urls.page_path, stock),
    )
    home = _row(site, urls.HOME, newest[1].at if newest else None)
    return _document("urlset", (home, *(_row(site, path) for path in paths)))


class _Told(Struct, frozen=True, array_like=True):
    """A story as search engines are told of it."""

    started_at: datetime
    id: str
    updated_at: datetime
    #: One for each language.
    rows: tuple[str, ...]


_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(list[_Told])


def _month(status: StatusPage, month: date, part: int) -> bytes:
    """Return the stories of a month, in every language; the first part begins with its page."""
    site, stories = status.site, status.stories

    def told_of(*, open_: bool) -> list[_Told]:
        rows = list(stories.rows(Wanted(month=month, open=open_)))
        translated = stories.translated(month) if rows else {}
        return [_told(site, row, translated.get(row.id, ())) for row in rows]

    def over() -> str:
        return _encoder.encode(told_of(open_=False)).decode()

    # Most are over, and stay as they are when another one is written about.
    told = _decoder.decode(status.pieces.text(f"sitemap/{month:%Y-%m}", "", over))
    told += told_of(open_=True)
    told.sort(key=lambda one: (one.started_at, one.id), reverse=True)
    last = max(one.updated_at for one in told)
    first = [_row(site, urls.month_path(month), last)] if part == 1 else []
    some = told[(part - 1) * MOST : part * MOST]
    return _document("urlset", (*first, *chain.from_iterable(one.rows for one in some)))


def _told(site: Site, story: Row, languages: Iterable[str]) -> _Told:
    """Return a story in every language; drills are for people who know of them."""
    paths = {"": urls.story_path(story.kind, story.slug)}
    paths |= {one: urls.story_path(story.kind, story.slug, one) for one in languages}
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{escape(one or site.language)}" '
        f'href="{escape(urls.absolute(site, path))}"/>'
        for one, path in (paths.items() if len(paths) > 1 else ())
    )
    told = () if story.drill else paths.values()
    rows = tuple([_row(site, path, story.updated, links) for path in told])
    return _Told(story.started, story.id, story.updated, rows)


def _row(site: Site, path: str, changed_at: datetime | None = None, links: str = "") -> str:
    when = f"<lastmod>{changed_at.isoformat()[:19]}Z</lastmod>" if changed_at else ""
    return f"<url><loc>{escape(urls.absolute(site, path), quote=False)}</loc>{when}{links}</url>"


def _document(root: str, rows: Iterable[str]) -> bytes:
    lines = ('<?xml version="1.0" encoding="utf-8"?>', f"<{root} {_NAMESPACES}>", *rows)
    return "\n".join((*lines, f"</{root}>", "")).encode()
