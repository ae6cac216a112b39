"""Markdown → safe HTML and plain text.

What people commit is untrusted until it went through here: raw HTML is sanitised, headings keep
below the page's own, pictures come from this site only, `incident:slug` becomes a link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from firstword import urls

#: Slug → the path of the story it names, or None.
Lookup = Callable[[str], str | None]

_TAGS = frozenset(
    {
        *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em"),
        *("h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "s"),
        *("strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    }
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
#: Gone with all they hold; of any other tag the words stay.
_UNSEEN = frozenset(
    {"script", "style", "iframe", "object", "template", "title", "textarea", "noscript", "svg"}
)
_HIGHEST_HEADING = 4
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_ANY_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
_STORY = "incident"
_TAG = re.compile(r"<(?!!--)(?:([A-Za-z][^\s<>/]*)|[!?])[^<>]*>")
_BLOCK_END = re.compile(r"</(?:p|li|h\d|blockquote|pre|tr|dd|dt)>|<(?:br|hr)[^>]*>", re.IGNORECASE)
_PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_CELL_END = re.compile(r"</t[dh]>", re.IGNORECASE)
_PICTURE = re.compile(r'<img\b[^>]*?(?: alt="([^"]*)"[^>]*)?>')
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
#: Markdown looks from each of these to the end of the text: 20,000 of them take a minute.
_MOST = {"[": 1000, "<": 1000, "fence": 300, "run": 100}
_LIST_ITEM = re.compile(r" {0,3}(?:[-*+]|\d+\.)[ \t]+\S")
_LIST_START = re.compile(r" {0,3}(?:(?!(?:[-*] *){3,}$)[-*+]|1\.)[ \t]+\S")


@dataclass(frozen=True, slots=True)
class Examined:
    """What a text points to, and what of it no reader will get, in the order it is met."""

    #: The slugs of `[words](incident:slug)` links.
    slugs: tuple[str, ...] = ()
    #: Links to nothing a reader can open: their words are shown without the link.
    lost_links: tuple[str, ...] = ()
    #: Pictures that are not this site's own, which are not shown.
    lost_pictures: tuple[str, ...] = ()
    #: What HTML takes for a tag and we do not show: `<div>`, and the word in `Error: <timeout>`.
    lost_tags: tuple[str, ...] = ()


def examine(text: str) -> Examined:
    """Find out by rendering it what becomes of a text's links, pictures and tags."""
    if not any(mark in text for mark in ("](", "]:", "<")):
        return Examined()
    rendered = Markup()._convert(text)
    found: list[tuple[str, str]] = []

    def note(tag: str, name: str, value: str) -> str | None:
        if name in {"href", "src"}:
            found.append((tag, value.strip()))
        return value

    # Whatever scheme somebody typed is let through here: nobody sees this output.
    schemes = set(_ANY_SCHEME.findall(html.unescape(rendered).casefold()))
    nh3.clean(rendered, attributes=_ATTRIBUTES, attribute_filter=note, url_schemes=schemes)
    lost = [(tag, url) for tag, url in found if _resolve(tag, url, _anywhere) is None]
    return Examined(
        slugs=_once(_story(url)[0] for tag, url in found if tag == "a"),
        lost_links=_once(url or "()" for tag, url in lost if tag == "a"),
        lost_pictures=_once(url for tag, url in lost if tag == "img"),
        lost_tags=_once(
            mark[0] for mark in _TAG.finditer(rendered) if (mark[1] or "").casefold() not in _TAGS
        ),
    )


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if one))


def linked_slugs(text: str) -> Iterator[str]:
    """Yield the slugs that a text's `[words](incident:slug)` links name."""
    yield from examine(text).slugs


def foreign_pictures(text: str) -> Iterator[str]:
    """Yield the addresses of pictures that are not this site's own, which are not shown."""
    yield from examine(text).lost_pictures


def _nowhere(_slug: str) -> str | None:
    return None


def _anywhere(slug: str) -> str | None:
    return slug


class Markup:
    """Renders Markdown; one instance for many texts, not for several threads."""

    def __init__(self, lookup: Lookup = _nowhere) -> None:
        self._cleaner = _cleaner(lookup)
        self._markdown = self._new()
        # A build shows the same words on pages, in feeds and to programs.
        self._rendered: dict[str, str] = {}

    @staticmethod
    def _new() -> Markdown:
        return Markdown(
            extensions=["fenced_code", "tables", "sane_lists", _House()], output_format="html"
        )

    def html(self, text: str) -> str:
        """Render Markdown as sanitised HTML; paths on this site begin with `urls.ROOT_MARK`.

        What was rendered is kept, as long as this instance is: a build.
        """
        if text not in self._rendered:
            self._rendered[text] = self._cleaner.clean(self._convert(text))
        return self._rendered[text]

    def _convert(self, text: str) -> str:
        """Render Markdown as HTML that nobody may see before it is sanitised."""
        self._markdown.reset()
        if _within_reason(text):
            try:
                return self._markdown.convert(text)
            except RecursionError:
                # The parser stays confused after that, so the next text gets a new one.
                self._markdown = self._new()
        # The words still reach the reader, as they were typed.
        return f"<pre>{html.escape(text)}</pre>"

    def plain(self, text: str) -> str:
        """Render Markdown as plain text, a line for each block."""
        return plain_text(self.html(text))


def plain_text(rendered: str) -> str:
    """Return the words of sanitised HTML, a line for each block; pictures by what they show."""
    # Where a line was wrapped in the file is nobody's business, save in a <pre>.
    unwrapped = "".join(
        part if part.startswith("<pre>") else part.replace("\n", " ")
        for part in _PRE.split(_PICTURE.sub(r"\1", rendered))
    )
    broken = _CELL_END.sub(" ", _BLOCK_END.sub("\n", unwrapped))
    words = html.unescape(nh3.clean(broken, tags=set()))
    lines = (" ".join(line.split()) for line in words.split("\n"))
    return "\n".join(line for line in lines if line)


def _within_reason(text: str) -> bool:
    """Tell whether Markdown will be done with a text in a moment; fenced text costs nothing."""
    counts = dict.fromkeys(_MOST, 0)
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            counts["fence"] += 1
            counts["run"] = max(counts["run"], len(mark[1]))
        elif not fence:
            counts["["] += line.count("[")
            counts["<"] += line.count("<")
    return all(counts[what] <= most for what, most in _MOST.items())


def _resolve(tag: str, address: str, lookup: Lookup) -> str | None:
    """Return the address that is published, or None for one that leads nowhere.

    A text is shown on several pages, in feeds and in mail, so an address relative to one of them
    is wrong in all others. Pictures come from this site, or readers could be watched.
    """
    if address.startswith("/") and not address.startswith("//"):
        return urls.ROOT_MARK + address.removeprefix(urls.ROOT_MARK).lstrip("/")
    if tag == "img":
        return None
    slug, part = _story(address)
    if slug:
        path = lookup(slug)
        return urls.ROOT_MARK + path + part if path else None
    if address.startswith("//"):
        return f"https:{address}"
    if len(address) > 1 and address.startswith("#"):
        return address
    scheme = _SCHEME.fullmatch(address)
    return address if scheme and scheme[1].casefold() in _SCHEMES and scheme[2] else None


def _story(address: str) -> tuple[str, str]:
    """Return the slug and the `#part` of an `incident:slug#part` address."""
    scheme = _SCHEME.fullmatch(address)
    if not scheme or scheme[1].casefold() != _STORY:
        return "", ""
    slug, mark, part = scheme[2].strip().partition("#")
    return slug, mark + part


def _cleaner(lookup: Lookup) -> nh3.Cleaner:
    """Return what makes HTML safe; it also sees to the addresses, however they were typed."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        return _resolve(tag, value, lookup) if name in {"href", "src"} else value

    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_UNSEEN),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=set(_SCHEMES | {_STORY}),
        strip_comments=True,
        link_rel="noopener",
    )


class _House(Extension):
    """Our own turns of the text and of the tree."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's own name
        # After fences and raw HTML have been put aside.
        md.preprocessors.register(_Lists(md), "firstword-lists", 15)
        md.treeprocessors.register(_Turns(md), "firstword", 5)


class _Lists(Preprocessor):
    """Lets a list follow a line of text directly, as the forges do."""

    def run(self, lines: list[str]) -> list[str]:
        parted: list[str] = []
        in_text = False
        for line in lines:
            if in_text and _LIST_START.match(line):
                parted.append("")
                in_text = False
            elif not line.strip():
                in_text = False
            elif not parted or not parted[-1].strip():
                in_text = not _LIST_ITEM.match(line) and not line.startswith(("    ", "\t", ">"))
            parted.append(line)
        return parted


class _Turns(Treeprocessor):
    """Lowers headings and shows task boxes as characters."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            tag = element.tag
            if re.fullmatch(r"h[1-6]", tag):
                element.tag = f"h{min(6, max(int(tag[1]) + 1, _HIGHEST_HEADING))}"
            elif tag == "li":
                self._box(element)

    @staticmethod
    def _box(item: Element) -> None:
        holder = (
            item[0] if len(item) and item[0].tag == "p" and not (item.text or "").strip() else item
        )
        text = (holder.text or "").lstrip()
        if re.match(r"\[[ xX]\]\s", text):
            holder.text = ("☑ " if text[1] in "xX" else "☐ ") + text[4:]
