"""The Pelican settings of a Firstword site; pelicanconf.py takes them all with one import.

Pelican's own generators stay, with nothing to do: articles, tags, authors, archives and feeds cost
time that grows with the whole history, and incidents are none of them. Stock pages keep working.
Each of these can be set again below the import.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
#: In an installed package the theme lies inside it, in a checkout beside it.
_THEMES = (_HERE / "_theme", _HERE.parent / "theme")

PLUGINS = ["firstword.plugin"]
THEME = str(next((theme for theme in _THEMES if theme.is_dir()), _THEMES[-1]))
PATH = "content"
OUTPUT_PATH = "output"
CACHE_PATH = ".cache"

# Month names must not depend on the machine that builds.
LOCALE = ["C"]
DEFAULT_LANG = "en"

# Incremental writing needs what is there: unchanged bytes are not written again.
DELETE_OUTPUT_DIRECTORY = False
CACHE_CONTENT = False
LOAD_CONTENT_CACHE = True

ARTICLE_PATHS: list[str] = []
PAGE_PATHS = ["pages"]
PAGE_URL = "{slug}/"
PAGE_SAVE_AS = "{slug}/index.html"
STATIC_PATHS: list[str] = []
THEME_STATIC_PATHS: list[str] = []
DIRECT_TEMPLATES: list[str] = []
PAGINATED_TEMPLATES: dict[str, int | None] = {}
TAG_SAVE_AS = ""
CATEGORY_SAVE_AS = ""
AUTHOR_SAVE_AS = ""
ARCHIVES_SAVE_AS = ""
CSS_FILE = ""

FEED_ATOM = None
FEED_RSS = None
FEED_ALL_ATOM = None
FEED_ALL_RSS = None
CATEGORY_FEED_ATOM = None
CATEGORY_FEED_RSS = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None
TAG_FEED_ATOM = None
TAG_FEED_RSS = None
TRANSLATION_FEED_ATOM = None
TRANSLATION_FEED_RSS = None

# Off in Pelican: a title "Good <b>" would reach the page as markup.
JINJA_ENVIRONMENT = {
    "autoescape": True,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "extensions": ["jinja2.ext.i18n"],
}
