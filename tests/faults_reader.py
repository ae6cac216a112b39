"""A reader of the published site: follows every link, feed link and anchor, whatever it meets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote, urldefrag, urljoin

import lxml.etree
import lxml.html

HOME = "index.html"
ADDRESS = "https://status.northwind.example/"

#: Where a format states addresses in plain text: JSON, calendar, text.
_STATED = re.compile(re.escape(ADDRESS) + r"[^\s\"'<>\\)]*")
_LINKING = ("href", "src")


def broken_links(
    site: Mapping[str, bytes], *, start: Mapping[str, bytes] | None = None
) -> set[str]:
    """Return a line for every link that leads nowhere, among all pages that can be reached.

    `start` are pages that a reader already has, from a cache or an open tab; without it the reader
    types the address of the home page.
    """
    broken: set[str] = set()
    todo = [(key, body) for key, body in (start or {}).items()]
    if start is None:
        if HOME not in site:
            return {"there is no home page"}
        todo = [(HOME, site[HOME])]
    seen: set[tuple[str, int]] = set()
    while todo:
        key, body = todo.pop()
        if (key, hash(body)) in seen:
            continue
        seen.add((key, hash(body)))
        for address, target, anchor in _links(key, body):
            found = body if target == key else site.get(target)
            if found is None:
                broken.add(f"{key} links to {address}, which is not there")
                continue
            if anchor and target.endswith(".html") and anchor not in _anchors(found):
                broken.add(f"{key} links to {address}, where that anchor is not")
            todo.append((target, found))
    return broken


def named_updates(body: bytes) -> set[str]:
    """Return the anchors of the updates that a page or a feed speaks of."""
    return set(re.findall(r"u-[0-9]{8}T[0-9]{6}Z", body.decode("utf-8", "replace")))


def _key(address: str) -> tuple[str, str]:
    """Return the key that an address of ours stands for, and the anchor."""
    plain, anchor = urldefrag(address)
    path = unquote(plain.removeprefix(ADDRESS.rstrip("/")).partition("?")[0]).removeprefix("/")
    return (f"{path}{HOME}" if not path or path.endswith("/") else path), unquote(anchor)


@lru_cache(maxsize=4096)
def _links(key: str, body: bytes) -> tuple[tuple[str, str, str], ...]:
    """Return every address of ours that a file links to, with the key and the anchor it means."""
    base = ADDRESS + key.removesuffix(HOME)
    if key.endswith(".html"):
        found = _of_html(body)
    elif key.endswith((".atom", ".rss", ".xml")):
        found = _of_feed(body)
    else:
        # A calendar folds its long lines.
        found = iter(_STATED.findall(body.decode("utf-8", "replace").replace("\r\n ", "")))
    ours = (urljoin(base, link.strip()) for link in found)
    links = dict.fromkeys(link for link in ours if f"{link}/".startswith(ADDRESS))
    return tuple((link, *_key(link)) for link in links)


@lru_cache(maxsize=4096)
def _anchors(body: bytes) -> frozenset[str]:
    page = lxml.html.document_fromstring(body)
    return frozenset(map(str, page.xpath("//@id | //a/@name")))


def _of_html(body: bytes | str) -> Iterator[str]:
    for element in lxml.html.document_fromstring(body).iter():
        for attribute in _LINKING:
            if value := element.get(attribute):
                yield str(value)


def _of_feed(body: bytes) -> Iterator[str]:
    for element in lxml.etree.fromstring(body).iter(lxml.etree.Element):
        text = (element.text or "").strip()
        name = lxml.etree.QName(element).localname
        if name in {"link", "enclosure"} and element.get("href"):
            yield str(element.get("href"))
        if name in {"link", "loc", "comments"} and text:
            yield text
        if "<" in text and name in {"content", "description", "encoded", "summary"}:
            yield from _of_html(text)
