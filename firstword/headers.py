"""Content type and caching of every object, by its key. Pure."""

from __future__ import annotations

import hashlib
import re

from firstword.manifest import STATE

# Our own table, not `mimetypes`: that one reads files of the machine it runs on.
_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".ics": "text/calendar; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".rss": "application/rss+xml; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml; charset=utf-8",
    ".xsl": "text/xsl; charset=utf-8",
}
_JSON_FEED = "application/feed+json; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"  # the Prometheus text format
_UNKNOWN = "application/octet-stream"
_FRESH = "public, max-age=30, stale-while-revalidate=60, stale-if-error=604800"
_FOREVER = "public, max-age=31536000, immutable"
_PRIVATE = "no-store"
# theme/style.3f9a1c2b.css; a date between the dots is no digest.
_HASHED = re.compile(r"\.(?=[0-9]*[a-f])[0-9a-f]{8,64}\.[a-z0-9]+$")

HEADERS = hashlib.sha256(
    repr((sorted(_TYPES.items()), _JSON_FEED, _METRICS, _FRESH, _FOREVER)).encode()
).hexdigest()[:16]
"""Changes with the table: then everything is sent again, for its bytes alone look the same."""


def headers_for(key: str) -> tuple[str, str]:
    """Return content type and Cache-Control of an object."""
    name = key.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    # A name that only begins with a dot has no ending.
    kind = _TYPES.get(f".{ending.lower()}", _UNKNOWN) if stem else _UNKNOWN
    if key.startswith(STATE):
        return kind, _PRIVATE
    if name == "metrics":
        kind = _METRICS
    elif key.startswith("feeds/") and name.endswith(".json"):
        kind = _JSON_FEED
    hashed = _HASHED.search(name) and not name.endswith(".html")
    return kind, _FOREVER if hashed else _FRESH
