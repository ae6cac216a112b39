"""Every address on a built site that points to the site itself: in pages, feeds, JSON and text."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from lxml import etree

_ADDRESSES = frozenset({"href", "src", "action", "cite", "data", "poster", "formaction"})
_ELSEWHERE = frozenset({"http", "https", "mailto", "tel", "data"})
_REFRESH = re.compile(r"\s*\d+\s*;\s*url=(.*)", re.IGNORECASE)
_XML = frozenset({".atom", ".rss", ".xml", ".svg"})
_TEXT = frozenset({"", ".txt", ".ics"})
#: An iCalendar line goes on after a line break and a blank.
_FOLD = re.compile(r"\r?\n[ \t]")


@dataclass(slots=True)
class Marks:
    """Where a piece of HTML leads, and what can be led to in it."""

    targets: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


class _Parser(HTMLParser):
    """Collects the marks of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.marks = Marks()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses and ids."""
        for name, value in attrs:
            if value is None:
                continue
            if name in _ADDRESSES:
                self.marks.targets.append(value)
            elif name == "srcset":
                self.marks.targets += [one.split()[0] for one in value.split(",") if one.strip()]
            elif name == "id" and value:
                self.marks.anchors.append(value)
            elif name == "content" and tag == "meta" and (found := _REFRESH.match(value)):
                self.marks.targets.append(found[1].strip("'\" "))


def marks(text: str) -> Marks:
    """Return the addresses and anchors of a page or a piece of one."""
    return _Parser(text).marks


def complaints(folder: Path, site: str) -> list[str]:
    """Return every address that leads nowhere, anchors included, as `file: address (why)`.

    `site` is the site's own address without a slash at its end. Addresses of other hosts are not
    followed. A folder without a slash at its end is broken: object stores do not redirect.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(".")
    }
    pages = {
        key: marks(path.read_text(encoding="utf-8"))
        for key, path in files.items()
        if path.suffix == ".html"
    }
    broken = []
    for key, path in files.items():
        own = pages[key].targets if key in pages else _addresses(path, site)
        broken += [
            f"{key}: {target} ({why})"
            for target in dict.fromkeys(own)
            if (
                why := _unusable(key, target)
                or _leads_nowhere(key, target, site, files.keys(), pages)
            )
        ]
    return broken


def _unusable(key: str, target: str) -> str:
    """Say what is wrong with an address as it is spelled, or nothing."""
    scheme = urlsplit(target).scheme
    if scheme and scheme not in _ELSEWHERE:
        return f"scheme {scheme!r}"
    if scheme == "mailto" and "@" not in unquote(target.partition("?")[0]):
        return "nobody's address"
    if key == "404.html" and not scheme and not target.startswith(("/", "#")):
        return "relative, on a page that is shown at any address"
    return ""


def _leads_nowhere(
    key: str, target: str, site: str, files: Container[str], pages: Mapping[str, Marks]
) -> str:
    """Say why an address of the site itself leads nowhere, or nothing when it leads somewhere."""
    address, anchor = urldefrag(urljoin(f"{site}/{key}", target))
    if not f"{address}/".startswith(f"{site}/"):
        return ""
    found = unquote(urlsplit(address).path.removeprefix(urlsplit(site).path).lstrip("/"))
    found = f"{found}index.html" if not found or found.endswith("/") else found
    if found not in files:
        return "no such file"
    if anchor and found in pages and unquote(anchor) not in pages[found].anchors:
        return "no such anchor"
    return ""


def _addresses(path: Path, site: str) -> Iterator[str]:
    """Yield the addresses in a file that is no page."""
    if path.suffix == ".json":
        yield from _in_json(json.loads(path.read_text(encoding="utf-8")), site)
    elif path.suffix in _XML:
        yield from _in_xml(etree.fromstring(path.read_bytes()), site)
    elif path.suffix in _TEXT:
        yield from _in_text(_FOLD.sub("", path.read_text(encoding="utf-8")), site)


def _in_json(value: Any, site: str) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        for one in value:
            yield from _in_json(one, site)
    elif isinstance(value, str):
        yield from _in_words(value, site)


def _in_xml(root: Any, site: str) -> Iterator[str]:
    """Yield what a feed or an image links to; escaped HTML in it counts."""
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            if etree.QName(name).localname in _ADDRESSES | {"url"}:
                yield value
        yield from _in_words(element.text or "", site)


def _in_words(text: str, site: str) -> Iterator[str]:
    """Yield the addresses in a text that may be an address, HTML or plain words."""
    if "<" in text:
        yield from marks(text).targets
    yield from _in_text(text, site)


def _in_text(text: str, site: str) -> Iterator[str]:
    for found in re.finditer(re.escape(site) + r"(?![\w.-])[^\s\"'<>\\]*", html.unescape(text)):
        yield found[0].rstrip(".,;:)")
