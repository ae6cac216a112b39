"""What a screen reader gets: Chromium's accessibility tree, read from its beginning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

LANDMARKS = ("banner", "main", "contentinfo")
_NAMED = frozenset({"navigation", "region", "complementary", "search", "form"})
#: Read as part of their parents.
_INNER = frozenset({"InlineTextBox", "ListMarker"})
#: Every text that is seen. A monogram beside a name and the ends of a hidden chart's axis may stay
#: out of what is read: the name and the chart's table say the same.
_SEEN = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement, hidden = e.closest("[aria-hidden=true]");
    if (!node.data.trim() || !e.checkVisibility({visibilityProperty: true})) continue;
    const excused = hidden &&
      (hidden.innerText.length < 4 || hidden.parentElement.querySelector("svg"));
    if (!excused) found.push(node.data);
  }
  return found;
}"""
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Node:
    """Something that is read."""

    role: str
    name: str
    level: int = 0
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield it and everything below it, in the order it is read."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, *roles: str) -> list[Node]:
        """Return everything of a role, in the order it is read."""
        return [node for node in self.walk() if node.role in roles]


def read(page: Page) -> Node:
    """Return the tree of a page, without what is ignored."""
    session = page.context.new_cdp_session(page)
    # Built on demand: the first answer after a change can be the one from before.
    session.send("Accessibility.enable")
    raw = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    known = {node["nodeId"]: node for node in raw}

    def build(node: dict[str, Any]) -> list[Node]:
        children = [
            one
            for child in node.get("childIds", ())
            if child in known
            for one in build(known[child])
        ]
        role = str(node.get("role", {}).get("value", ""))
        if role in _INNER:
            return []
        if node.get("ignored") or role in {"none", "generic"}:
            return children
        properties = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
        name = str(node.get("name", {}).get("value", ""))
        return [Node(role, name, int(properties.get("level") or 0), children)]

    return build(raw[0])[0]


def complaints(page: Page) -> list[str]:
    """Return what is wrong with the order and the structure that is read."""
    tree = read(page)
    return [
        *_landmarks(tree),
        *_headings(tree),
        *_lists(tree),
        *_names(tree),
        *_words(tree, page),
        *_unlisted(page),
    ]


def _landmarks(tree: Node) -> Iterator[str]:
    found = [node.role for node in tree.find(*LANDMARKS)]
    if found != [*LANDMARKS]:
        yield f"landmarks are {found}, not one each of {[*LANDMARKS]}"
    named = [(node.role, node.name) for node in tree.find(*_NAMED)]
    yield from (f"a {role} without a name" for role, name in named if not name)
    twice = sorted({one for one in named if named.count(one) > 1 and one[1]})
    yield from (f"{role} {name!r} is there more than once" for role, name in twice)


def _headings(tree: Node) -> Iterator[str]:
    headings = tree.find("heading")
    firsts = [node for node in headings if node.level == 1]
    if len(firsts) != 1:
        yield f"{len(firsts)} headings of level 1"
    for main in tree.find("main"):
        texts = [n for n in main.walk() if n.role in {"heading", "StaticText", "link", "image"}]
        if texts and (texts[0].role, texts[0].level) != ("heading", 1):
            yield f"main begins with {texts[0].role} {texts[0].name[:50]!r}, not with its h1"
    for above, below in pairwise(headings):
        if below.level > above.level + 1:
            yield f"heading {below.name[:50]!r} of level {below.level} follows level {above.level}"
    yield from (f"an empty heading of level {node.level}" for node in headings if not node.name)


def _lists(tree: Node) -> Iterator[str]:
    for node in tree.find("list"):
        wrong = {child.role for child in node.children} - {"listitem"}
        if wrong or not node.children:
            yield f"a list holds {sorted(wrong) or 'nothing'}: {_text(node)[:60]!r}"
    for node in tree.walk():
        if node.role != "list" and any(child.role == "listitem" for child in node.children):
            yield f"an item of no list: {_text(node)[:60]!r}"


def _names(tree: Node) -> Iterator[str]:
    for node in tree.find("link", "button", "image", "DisclosureTriangle"):
        if not node.name.strip():
            yield f"a {node.role} without a name: {_text(node)[:60]!r}"


def _words(tree: Node, page: Page) -> Iterator[str]:
    """Compare what is read with what is seen."""
    spoken = [node.name for node in tree.find("StaticText")]
    yield from (
        f"reads {sign!r} aloud, {spoken.count(sign)} times"
        for sign in dict.fromkeys(spoken)
        if _is_sign(sign)
    )
    heard = _SPACE.sub("", "".join(spoken))
    for seen in dict.fromkeys(page.evaluate(_SEEN)):
        if _SPACE.sub("", seen) not in heard:
            yield f"is seen and not read: {seen.strip()[:80]!r}"


def _is_sign(text: str) -> bool:
    """Tell what is read by name ("black circle") and says nothing then; punctuation is not."""
    kinds = {unicodedata.category(character)[0] for character in text.strip()}
    return "S" in kinds and not kinds & {"L", "N"} and not text.isascii()


def _unlisted(page: Page) -> Iterator[str]:
    """Name lists that Safari does not read as lists: those without a marker of any kind."""
    bare = page.evaluate(
        """[...new Set([...document.querySelectorAll("ul, ol")]
          .filter(e => getComputedStyle(e).listStyleType === "none" && !e.closest("nav")
            && !e.hasAttribute("role"))
          .map(e => `${e.tagName.toLowerCase()}.${e.className}`))]"""
    )
    for name in bare:
        yield f"{name} has list-style none and is no list in Safari: use list-style-type: ''"


def _text(node: Node) -> str:
    return " ".join(one.name for one in node.find("StaticText"))
