"""What a page weighs: itself and what a browser fetches with it, gzipped."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from benchmarks.table import Weight

_IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)['\"]?\s*\)|@import\s+['\"]([^'\"]+)['\"]")
_FETCHED = {"stylesheet", "icon", "preload", "modulepreload"}


class _Links(HTMLParser):
    """Collects what a browser fetches without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        held = {name: value or "" for name, value in attrs}
        if tag == "link" and _FETCHED & set(held.get("rel", "").lower().split()):
            self.found.append(held.get("href", ""))
        elif tag in {"script", "img", "source", "iframe"} and held.get("src"):
            self.found.append(held["src"])


def weigh(site: str, page: str, output: Path, path: str, address: str) -> Weight:
    """Weigh one page of a built site whose pages say they are at `address`."""
    text = (output / path).read_text(encoding="utf-8")
    links = _Links()
    links.feed(text)
    base = urljoin(address, path.removesuffix("index.html"))
    waiting = [urljoin(base, link) for link in (*links.found, *_css(text)) if link]
    seen: set[str] = set()
    bodies, elsewhere = [text.encode()], 0
    while waiting:
        link = waiting.pop().partition("#")[0]
        if not link or link in seen or link.startswith("data:"):
            continue
        seen.add(link)
        if urlsplit(link).netloc != urlsplit(address).netloc:
            elsewhere += 1
            continue
        file = output / unquote(urlsplit(link).path).lstrip("/")
        if not file.is_file():
            continue
        body = file.read_bytes()
        bodies.append(body)
        if file.suffix == ".css":
            waiting += [urljoin(link, more) for more in _css(body.decode("utf-8", "replace"))]
    return Weight(
        site=site,
        page=page,
        requests=len(bodies),
        raw=sum(map(len, bodies)),
        gzipped=sum(min(len(body), len(gzip.compress(body, 6, mtime=0))) for body in bodies),
        from_elsewhere=elsewhere,
    )


def _css(text: str) -> list[str]:
    return [a or b for a, b in _IN_CSS.findall(text)]
