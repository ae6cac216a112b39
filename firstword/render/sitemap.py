"""/sitemap.xml and /robots.txt: every page that search engines may list (sitemaps.org, 0.9).

An index always, and a file a month, so that a word about one story changes one small file. Times
come from what was signed, never from the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from firstword import urls
from firstword.model import Incident, Site
from firstword.page import StatusPage

#: Addresses in one file: the protocol takes 50,000, and 50 MB, which long ones reach before.
MOST = 20_000

_NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
)


def sitemaps(status: StatusPage, stock: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (key, bytes) of the index, of every file it names, and of robots.txt.

    `stock` are the keys of Pelican's own pages.
    """
    site, names = status.site, [urls.SITEMAP_PAGES]
    yield urls.SITEMAP_PAGES, _urlset(_pages(status, stock))
    for month, incidents in status.months.items():
        rows = [_row(site, urls.month_path(month), _last(incidents)), *_stories(site, incidents)]
        for part, begin in enumerate(range(0, len(rows), MOST), 1):
            names.append(urls.sitemap_month(month, part))
            yield names[-1], _urlset(rows[begin : begin + MOST])
    yield (
        urls.SITEMAP,
        _document(
            "sitemapindex",
            (
                f"<sitemap><loc>{escape(urls.absolute(site, name))}</loc></sitemap>"
                for name in names
            ),
        ),
    )
    yield (
        urls.ROBOTS,
        (f"User-agent: *\nAllow: /\n\nSitemap: {urls.absolute(site, urls.SITEMAP)}\n".encode()),
    )


def _pages(status: StatusPage, stock: Iterable[str]) -> Iterator[str]:
    """Yield the pages that are there whatever happened."""
    site = status.site
    yield _row(site, urls.HOME, status.newest_update[1].at if status.newest_update else None)
    for path in (
        *(urls.HISTORY, urls.SUBSCRIBE),
        *map(urls.component_path, site.components),
        *map(urls.person_path, site.people.values()),
        *(urls.page_path(key) for key in sorted(stock)),
    ):
        yield _row(site, path)


def _stories(site: Site, incidents: Iterable[Incident]) -> Iterator[str]:
    """Yield a month's stories in every language; drills are for people who know of them."""
    for incident in incidents:
        if incident.drill:
            continue
        versions = (incident, *incident.translations)
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang={quoteattr(one.language or site.language)} '
            f"href={quoteattr(urls.absolute(site, urls.incident_path(one)))}/>"
            for one in (versions if incident.translations else ())
        )
        for one in versions:
            yield _row(site, urls.incident_path(one), incident.updated_at, links)


def _last(incidents: Iterable[Incident]) -> datetime:
    return max(incident.updated_at for incident in incidents)


def _row(site: Site, path: str, changed_at: datetime | None = None, links: str = "") -> str:
    when = f"<lastmod>{changed_at:%Y-%m-%dT%H:%M:%SZ}</lastmod>" if changed_at else ""
    return f"<url><loc>{escape(urls.absolute(site, path))}</loc>{when}{links}</url>"


def _urlset(rows: Iterable[str]) -> bytes:
    return _document("urlset", rows)


def _document(root: str, rows: Iterable[str]) -> bytes:
    lines = ('<?xml version="1.0" encoding="utf-8"?>', f"<{root} {_NAMESPACES}>", *rows)
    return "\n".join((*lines, f"</{root}>", "")).encode()
