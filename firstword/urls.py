"""The only place where paths, addresses, entry ids and anchors are spelled."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Protocol
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from firstword.model import Incident, Kind, Person, Site, Update
from firstword.patterns import later

_FOLDERS = {
    Kind.INCIDENT: "incidents",
    Kind.MAINTENANCE: "maintenance",
    Kind.NOTICE: "notices",
}

HOME = ""
HISTORY = "history/"
UPDATES_FEED = "feeds/updates"
UPDATES_ATOM = f"{UPDATES_FEED}.atom"
UPDATES_RSS = f"{UPDATES_FEED}.rss"
UPDATES_JSON = f"{UPDATES_FEED}.json"
INCIDENTS_FEED = "feeds/incidents"
INCIDENTS_ATOM = f"{INCIDENTS_FEED}.atom"
INCIDENTS_RSS = f"{INCIDENTS_FEED}.rss"
NOTICES_FEED = "feeds/notices"
NOTICES_ATOM = f"{NOTICES_FEED}.atom"
NOTICES_RSS = f"{NOTICES_FEED}.rss"
#: Where Statuspage has its feeds, so that whoever read one there reads on.
HISTORY_FEED = "history"
HISTORY_ATOM = f"{HISTORY_FEED}.atom"
HISTORY_RSS = f"{HISTORY_FEED}.rss"
SUBSCRIBE = "subscribe/"
RECORD = "record/"
IMAGES = "images/"
NOT_FOUND = "404.html"
SITEMAP = "sitemap.xml"
SITEMAP_PAGES = "sitemaps/pages.xml"
ROBOTS = "robots.txt"
API = "api/v2/"
API_RECORD = f"{API}record.json"
API_SCHEMA = f"{API}schema.json"
STATUS_JSON = "status.json"
STATUS_TXT = "status.txt"
METRICS = "metrics"
CALENDAR = "calendar.ics"
BADGE = "badge.svg"
#: What shields.io asks for to draw a badge of its own.
BADGE_JSON = "badge.json"

#: First parts of the addresses of what we build ourselves; no old address may lie there.
OURS = frozenset(
    {
        *("404.html", "api", "badge.svg", "calendar.ics", "components", "feeds", "history"),
        *("history.atom", "history.rss", "images", "index.html", "metrics", "people", "record"),
        *("sitemap.xml", "status.json", "status.txt", "subscribe", "theme"),
    }
)
#: What rendered text carries where a path on this site begins; `from_page` and `absolute_text`
#: put in the way there. One rendering then serves the page, its translations and every feed.
ROOT_MARK = "/@/"


#: A link to another place on the same page, as the sanitiser writes it: attributes quoted, "<"
#: never bare in text.
_HERE = later(r'(<a\s(?:[a-z]+="[^"]*"\s)*?href=")(?=#)')
#: How much of a story's id stands in the ids of its mail.
_IN_MAIL = 40
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


class Addressed(Protocol):
    """What an address is made of: a story, or its line in a list."""

    @property
    def slug(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def language(self) -> str: ...


def incident_path(incident: Addressed) -> str:
    """Spell a story's address, relative to the site."""
    return story_path(incident.kind, incident.slug, incident.language)


def story_path(kind: Kind, slug: str, language: str = "") -> str:
    """Spell the same of what an address is made of; a translation's has its language."""
    return f"{language}/{_FOLDERS[kind]}/{slug}/" if language else f"{_FOLDERS[kind]}/{slug}/"


def is_story(path: str) -> bool:
    """Tell whether a path is one that a story could have, in the site's own language."""
    return path.split("/", maxsplit=1)[0] in _FOLDERS.values()


def update_path(incident: Incident, update: Update) -> str:
    """Spell an update's address: its place on the story's page."""
    return f"{incident_path(incident)}#{anchor(update)}"


def anchor(update: Update) -> str:
    """Spell an update's anchor; it begins with a letter, so that CSS can select it as it is."""
    return f"u-{update.id}"


def component_path(component_id: str, name: str = "") -> str:
    """Spell the address of a component, or of a file about it."""
    return f"components/{component_id}/{name}"


def person_path(person: Person) -> str:
    """Spell the address of somebody who signs."""
    return f"people/{person.slug}/"


def month_path(month: date) -> str:
    """Spell the address of a month of history."""
    return f"{HISTORY}{month.year:04}-{month.month:02}/"


def record_path(year: int, month: int = 0) -> str:
    """Spell the address of the record of a year, or of one of its months."""
    return f"{RECORD}{year:04}" + (f"-{month:02}/" if month else "/")


def year_path(year: int, kind: Kind | None = None, component_id: str = "") -> str:
    """Spell the address of a year of history: all of it, or of one kind or one component."""
    if component_id:
        return component_path(component_id, f"{HISTORY}{year:04}/")
    return f"{HISTORY}{_FOLDERS[kind]}/{year:04}/" if kind else f"{HISTORY}{year:04}/"


def event_key(incident: Incident) -> str:
    """Spell the address of a story's own event, for a calendar."""
    return f"{incident_path(incident)}event.ics"


def page_key(path: str) -> str:
    """Return the file that answers for an address: `x/` is `x/index.html`."""
    return f"{path}index.html" if not path or path.endswith("/") else path


def page_path(key: str) -> str:
    """Return the address that a file answers for: the way back from `page_key`."""
    return key.removesuffix("index.html") if f"/{key}".endswith("/index.html") else key


def sitemap_month(month: date, part: int) -> str:
    """Spell the address of the sitemap of a month; parts count from 1."""
    return f"sitemaps/{month:%Y-%m}" + (f"-{part}" if part > 1 else "") + ".xml"


def alias_key(alias: str) -> str:
    """Return the file that keeps an old address working."""
    name = alias.rsplit("/", 1)[-1]
    return alias if name.endswith((".html", ".htm")) else f"{alias}/index.html"


def absolute(site: Site, path: str) -> str:
    """Spell the full address of a path on this site."""
    return f"{site.url}/{path}"


def from_page(key: str) -> str:
    """Return the way from a page back to the site's root: works on any host and from a folder."""
    return "../" * key.count("/") or "./"


def rooted(html: str, root: str) -> str:
    """Put the way to the site's root into rendered text."""
    return html.replace(f'="{ROOT_MARK}', f'="{root}')


def absolute_text(site: Site, incident: Incident, html: str) -> str:
    """Make every link of rendered text hold anywhere: in feeds, in mail, behind an API."""
    if '="' not in html:
        # Words alone, as most are: an address stands in an attribute.
        return html
    page = absolute(site, incident_path(incident)).replace("&", "&amp;")
    return _HERE.sub(lambda link: link[1] + page, rooted(html, f"{site.url}/"))


def entry_id(site: Site, incident: Incident, update: Update | None = None) -> str:
    """Spell a feed entry's id, a tag URI (RFC 4151) of the file's own id and the update's instant.

    Never from title, address or order: those change, and every reader would see news.
    """
    return entry_id_of(site, incident.id, update.id if update else "")


def entry_id_of(site: Site, incident_id: str, update_id: str) -> str:
    """Spell the same id from ids alone."""
    tail = f"/update/{update_id}" if update_id else ""
    return f"tag:{site.tag_authority}:incident/{incident_id}{tail}"


def feed_id(site: Site, name: str) -> str:
    """Spell the id of a feed itself."""
    return f"tag:{site.tag_authority}:feed/{name}"


def component_feed(name: str) -> str:
    """Spell the address of a component's feed, without its format."""
    return component_path(name, "updates")


def archive_feed(month: date, part: int) -> str:
    """Spell the address of a month of old entries, without its format; parts count from 1."""
    return f"feeds/archive/{month:%Y-%m}" + (f"-{part}" if part > 1 else "")


def feed_key(feed: str, form: str) -> str:
    """Spell the address of a feed in a format: atom, rss or json."""
    return f"{feed}.{form}"


def thing_id(site: Site, kind: str, name: str = "") -> str:
    """Spell the id of what is no story (the page, a component, a group): a tag URI as well."""
    return f"tag:{site.tag_authority}:{kind}/{name}" if name else f"tag:{site.tag_authority}:{kind}"


@lru_cache(4096)
def short_id(tag: str) -> str:
    """Shorten a tag URI to the twelve characters that Statuspage's clients expect of an id."""
    number = int.from_bytes(sha256(tag.encode()).digest(), "big")
    digits = ""
    while len(digits) < 12:
        number, digit = divmod(number, 36)
        digits += _BASE36[digit]
    return digits


def calendar_uid(site: Site, incident: Incident) -> str:
    """Spell the UID of a story's event in a calendar: a UUID, as RFC 7986 asks, of its tag URI."""
    return str(uuid5(NAMESPACE_URL, entry_id(site, incident)))


@lru_cache(maxsize=1024)
def reply_address(address: str, subject: str) -> str:
    """Spell a mailto link with its subject (RFC 6068)."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}"


def mail_domain(site: Site) -> str:
    """Spell the domain under which mail has its ids."""
    return urlsplit(site.url).hostname or "localhost"


def mail_to(address: str, subject: str) -> str:
    """Spell a link that opens a message to an address (RFC 6068)."""
    return f"mailto:{quote(address, safe='@+')}?subject={quote(subject, safe='=,')}"


def mail_name(edition: str, digest: str) -> str:
    """Spell what a Message-ID begins with, from the id of an edition and the digest of its words.

    Short, so that a thread's headers are; the digest tells apart what is cut.
    """
    kind, _, rest = edition.partition("/")
    name, _, at = rest.rpartition("/")
    return ".".join(filter(None, (kind[:1], name[:_IN_MAIL].rstrip("-"), at, digest[:8])))


def message_id(name: str, domain: str) -> str:
    """Spell a Message-ID (RFC 5322); the name's first part says what kind of mail it is of."""
    return f"<{name}@{domain}>"


def thread_root(site: Site, incident_id: str) -> str:
    """Spell the Message-ID that every mail about a story answers. No such message need exist."""
    digest = sha256(entry_id_of(site, incident_id, "").encode()).hexdigest()[:8]
    name = f"i.{incident_id[:_IN_MAIL].rstrip('-')}.{digest}.root"
    return message_id(name, mail_domain(site))


def list_id(site: Site, name: str) -> str:
    """Spell a mailing list's id (RFC 2919), with the site's name where it is plain ASCII."""
    known = f"<{name}.{mail_domain(site)}>"
    words = "".join(c for c in site.name if c.isalnum() or c in " -") if site.name.isascii() else ""
    return f"{' '.join(words.split())} {known}".strip()
