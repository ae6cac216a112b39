"""The status page at an instant → the bytes of every page, through the theme's templates."""

from __future__ import annotations

from firstword.render.components import more_pages
from firstword.render.page import Page
from firstword.render.pages import pages, story_pages
from firstword.render.record import record_pages
from firstword.render.sitemap import sitemaps
from firstword.render.templates import Renderer

__all__ = ["Page", "Renderer", "more_pages", "pages", "record_pages", "sitemaps", "story_pages"]
