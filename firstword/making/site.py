"""Everything a site consists of, as units that can be made one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

from msgspec import Struct

from firstword import urls
from firstword.api import Document, documents, story_documents
from firstword.cache.units import Draft, Made, Unit
from firstword.clock import Clock
from firstword.feeds import Channel, Dated, archive_months, archived, feeds, write
from firstword.folder import written
from firstword.markup import Markup
from firstword.model import Incident, Kind
from firstword.page import StatusPage
from firstword.render import Page, Renderer, more_pages, pages, record_pages, sitemaps, story_pages
from firstword.render.pages import STORY_TEMPLATES
from firstword.render.sitemap import SitemapFile

NewClock = Callable[[], Clock]
Listing = Callable[[], Iterator[Unit]]

#: Shelves whose units are all listed in every build: they grow by the month, not by the story.
SHELVES = ("page", "api", "feed", "image")
STORY = "story"
STOCK = "stock"
ARCHIVE = "archive"
SITEMAP = "sitemap"
_LOOKS = {kind: f"{template}+moved.html" for kind, template in STORY_TEMPLATES.items()}


class Named(Struct, frozen=True):
    """A story, which is read by whoever makes its pages."""

    id: str
    kind: Kind


def story_unit(
    status: StatusPage, renderer: Renderer, named: Named, story: Callable[[str], Incident]
) -> Unit:
    """Return the pages of one story."""
    return Unit(
        name=f"{STORY}/{named.id}",
        shelf=STORY,
        look=_LOOKS[named.kind],
        make=partial(_story, status, renderer, named.id, story),
    )


def _story(
    status: StatusPage,
    renderer: Renderer,
    name: str,
    story: Callable[[str], Incident],
    clock: NewClock,
) -> Iterator[Made]:
    yield from story_outputs(status, renderer, story(name), clock)


def story_outputs(
    status: StatusPage, renderer: Renderer, incident: Incident, clock: NewClock
) -> Iterator[Made]:
    """Make the pages of one story."""
    for page in story_pages(status, incident):
        yield _page(renderer, page, clock())
    for file in story_documents(status, renderer.markup, incident):
        yield Made(key=file.key, data=file.data, leaf=file.leaf, owner=file.owner)


def sitemap_units(status: StatusPage, stock: list[str]) -> Iterator[Unit]:
    """Yield what search engines read; it names Pelican's own pages, by their keys."""
    files = list(sitemaps(status, stock))
    inputs = repr((sorted(stock), [file.key for file in files]))
    several = {urls.SITEMAP, urls.SITEMAP_PAGES}
    for file in files:
        yield Unit(
            name=f"{SITEMAP}/{file.key}",
            shelf=SITEMAP,
            inputs=inputs if file.key in several else "",
            make=partial(_sitemap, file),
        )


def _sitemap(file: SitemapFile, _clock: NewClock) -> Iterator[Made]:
    yield Made(key=file.key, data=file.make())


def story_name(unit: str) -> str:
    """Return the id of the story that a unit's name is of; "" for other units."""
    shelf, _, name = unit.partition("/")
    return name if shelf == STORY else ""


def units(status: StatusPage, renderer: Renderer, images: Path) -> Iterator[Unit]:
    """Yield all that is not one story's own."""
    # The page of a component, or a person, asks for all of each open story, and shows little of it.
    alike = {page.key: page for page in more_pages(status)}
    for page in (*pages(status), *alike.values(), *record_pages(status)):
        yield Unit(
            name=f"page/{page.key}",
            shelf="page",
            look=page.template,
            make=partial(_pages, renderer, page),
            draft=partial(_draft, renderer, page) if page.key in alike else None,
        )
    for document in documents(status, renderer.markup):
        yield Unit(name=f"api/{document.key}", shelf="api", make=partial(_document, document))
    for channel in feeds(status, renderer.markup):
        yield channel_unit(status, channel, "feed")
    for path in find_images(images):
        key = urls.IMAGES + path.relative_to(images).as_posix()
        yield Unit(
            name=f"image/{key}",
            shelf="image",
            inputs=_signature(path),
            make=partial(_image, key, path),
        )


def _page(renderer: Renderer, page: Page, clock: Clock) -> Made:
    return _made(page, renderer.render(page, clock))


def _made(page: Page, data: bytes) -> Made:
    return Made(key=page.key, data=data, leaf=page.leaf, owner=page.owner)


def _pages(renderer: Renderer, page: Page, clock: NewClock) -> Iterator[Made]:
    yield _page(renderer, page, clock())


def _draft(renderer: Renderer, page: Page, clock: Clock) -> Draft:
    common = renderer.context(page.key, clock, page.language)
    own = page.context(clock)
    # The rest of what pages have in common is the site's, or is asked of stories and clocks.
    told = (page.key, page.language, common["signed"], own)
    return Draft(told=told, make=lambda: _made(page, renderer.write(page, {**common, **own})))


def _document(document: Document, clock: NewClock) -> Iterator[Made]:
    yield Made(key=document.key, data=document.make(clock()), leaf=document.leaf)


def archive_listings(status: StatusPage, markup: Markup) -> Iterator[tuple[str, str, Listing]]:
    """Yield for each month of archives its shelf, what it is listed from, and how to list it."""
    for month, live in archive_months(status, markup):
        yield (
            f"{ARCHIVE}/{month:%Y-%m}",
            repr(live),
            partial(_archives, status, markup, month, live),
        )


def _archives(status: StatusPage, markup: Markup, month: date, live: Dated) -> Iterator[Unit]:
    for channel in archived(status, markup, month, live):
        yield channel_unit(status, channel, f"{ARCHIVE}/{month:%Y-%m}")


def channel_unit(status: StatusPage, channel: Channel, shelf: str) -> Unit:
    """Return the documents of one channel."""

    def make(_clock: NewClock) -> Iterator[Made]:
        for key, data in write(status, channel):
            yield Made(key=key, data=data, leaf=True)

    return Unit(
        name=f"{shelf}/{channel.name}",
        shelf=shelf,
        inputs=channel.inputs,
        make=make,
        of=channel.archive,
    )


def _image(key: str, path: Path, _clock: NewClock) -> Iterator[Made]:
    yield Made(key=key, data=path.read_bytes(), leaf=True)


def _signature(path: Path) -> str:
    now = time.time_ns()
    # One that may be written again unseen is another one by then.
    return written(path.stat(), now) or str(now)


def find_images(folder: Path) -> Iterator[Path]:
    """Yield the pictures of the content folder in order; a link that leads out is left out."""
    if folder.is_dir():
        home = folder.resolve()
        for path in sorted(folder.rglob("*")):
            if (
                path.is_file()
                and not path.name.startswith(".")
                and path.resolve().is_relative_to(home)
            ):
                yield path
