"""Markdown → safe HTML and plain text.

What people commit is untrusted until it went through here: raw HTML is sanitised, headings keep
below the page's own, pictures come from this site only, `incident:slug` becomes a link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote

import nh3
from msgspec import Struct
from pyromark import Markdown, Options

from firstword import urls
from firstword.patterns import later

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
_SCHEME = later(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
#: Of these, what follows the colon names a host.
_HOST = later(r"(?!https?:)|https?://[^/\\]", re.IGNORECASE)
#: What may not stand in an address as it is (WHATWG URL); engines send it this way by themselves.
_UNSPELLED = later(r'[\s"<>\\^`{|}]|%(?![0-9A-Fa-f]{2})')
#: What the sanitiser leaves of a link whose address is gone.
_NO_LINK = later(r'<a((?: title="[^"]*")?) rel="noopener">')
#: What it leaves of a picture without an address: its words stand for it.
_NO_PICTURE = later(r'<img(?![^>]* src=)(?:(?: alt="([^"]*)")|(?: title="[^"]*"))*>')
_ANY_SCHEME = later(r"([a-z][a-z0-9+.-]*):")
_STORY = "incident"
#: Comments, which are meant to be unseen; tags; and what is opened and never ended.
_MARK = later(
    r"<!--(?:-?>|.*?--!?>)"
    r"|</[^<>]*+>"
    r"|<(?P<tag>[A-Za-z][^\s<>/]*|[!?])"
    r"""(?:[^<>=]++|=\s*"[^"]*"|=\s*'[^']*'|=(?!\s*["']))*+>"""
    r"|(?P<endless><)(?=[A-Za-z/!?])",
    re.DOTALL,
)
_BLOCK_END = later(r"</(?:p|li|h\d|blockquote|pre|tr|dd|dt)>|<(?:br|hr)[^>]*>", re.IGNORECASE)
_PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_CELL_END = re.compile(r"</t[dh]>", re.IGNORECASE)
_PICTURE = later(r'<img\b[^>]*?(?: alt="([^"]*)"[^>]*)?>')
#: A heading, or a task box as the engine writes it.
_TURNED = re.compile(
    r'<(?:(/?)[hH]([1-6])\b|input disabled="" type="checkbox"(?P<ticked> checked="")?/>\n)'
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NESTED = later(r"<(/?)(?:blockquote|[ou]l)\b")
#: The sanitiser looks from each tag through all that are open: 10,000 of them take seconds.
_MOST_OPENED = 1000
_DEEPEST = 100

#: What the engine makes of words and lists, which is most of what people write: tags that have no
#: attributes, and no character that the sanitiser spells otherwise. Of a text without "<" all tags
#: are the engine's own, so that there is nothing to sanitise.
_WORDS_AND_LISTS = re.compile(
    r"(?:[^<>&\0\r\xa0]++|</?(?:p|ul|ol|li|em|strong|code|blockquote|h[4-6])>)*+"
)
_TAG = re.compile(r"</?[a-z0-9]+>")
_PLAIN_BLOCK_END = re.compile(r"</(?:p|li|h[4-6]|blockquote)>")

_ENGINE = Markdown(
    options=Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS
)
_WORDS_ONLY = nh3.Cleaner(tags=set())


class Examined(Struct, frozen=True):
    """What a text points to, and what of it no reader will get, in the order it is met."""

    #: The slugs of `[words](incident:slug)` links.
    slugs: tuple[str, ...] = ()
    #: Links to nothing a reader can open: their words are shown without the link.
    lost_links: tuple[str, ...] = ()
    #: Pictures that are not this site's own, which are not shown.
    lost_pictures: tuple[str, ...] = ()
    #: What HTML takes for a tag and we do not show: `<div>`, and the word in `Error: <timeout>`.
    lost_tags: tuple[str, ...] = ()
    #: Links to a place on this site, as somebody typed them.
    paths: tuple[str, ...] = ()


def examine(text: str) -> Examined:
    """Find out by rendering it what becomes of a text's links, pictures and tags."""
    if "](" in text or "]:" in text or "<" in text:
        return _examined(text)
    return _NOTHING_TO_EXAMINE


_NOTHING_TO_EXAMINE = Examined()


# Kept for a while: a story is asked once for what its readers lose, and once for where it links to.
@lru_cache(maxsize=64)
def _examined(text: str) -> Examined:
    rendered = _convert(text)
    # Whatever scheme somebody typed is let through here: nobody sees this output.
    schemes = frozenset(_ANY_SCHEME.findall(html.unescape(rendered).casefold()))
    found = _addresses_in(schemes).of(rendered)
    lost = [(tag, url) for tag, url in found if _resolve(tag, url, _anywhere) is None]
    return Examined(
        slugs=_once(_story(url)[0] for tag, url in found if tag == "a"),
        lost_links=_once(_typed(url, text) or "()" for tag, url in lost if tag == "a"),
        lost_pictures=_once(_typed(url, text) for tag, url in lost if tag == "img"),
        lost_tags=_once(
            mark[0]
            for mark in _MARK.finditer(rendered)
            if mark["tag"] and mark["tag"].casefold() not in _TAGS
        ),
        paths=_once(url for tag, url in found if tag == "a" and re.match(r"/(?!/)", url)),
    )


class _Addresses:
    """Lists where HTML points to. Its cleaner takes longer to make than to use."""

    def __init__(self, schemes: frozenset[str]) -> None:
        self._found: list[tuple[str, str]] = []
        self._cleaner = nh3.Cleaner(
            attributes=_ATTRIBUTES, attribute_filter=self._note, url_schemes=set(schemes)
        )

    def of(self, rendered: str) -> Sequence[tuple[str, str]]:
        """Return the name of each tag that has an address, and the address."""
        self._found.clear()
        self._cleaner.clean(rendered)
        return tuple(self._found)

    def _note(self, tag: str, name: str, value: str) -> str | None:
        if name in {"href", "src"}:
            self._found.append((tag, value.strip()))
        return value


_addresses_in = lru_cache(maxsize=16)(_Addresses)


def _typed(address: str, text: str) -> str:
    """Return an address as somebody typed it; Markdown spells out what no address may hold."""
    return address if address in text else unquote(address)


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if one))


def linked_slugs(text: str) -> Iterator[str]:
    """Yield the slugs that a text's `[words](incident:slug)` links name."""
    yield from examine(text).slugs


def _nowhere(_slug: str) -> str | None:
    return None


def _anywhere(slug: str) -> str | None:
    return slug


#: Texts whose HTML is kept at a time.
_MOST_KEPT = 8192


class Markup:
    """Renders Markdown; one instance for many texts, not for several threads."""

    def __init__(self, lookup: Lookup = _nowhere) -> None:
        self._lookup = lookup
        self._asked: list[str] = []
        self._cleaner = _cleaner(self._ask)
        # A build shows the same words on pages, in feeds and to programs.
        self._rendered: dict[str, tuple[str, tuple[str, ...]]] = {}

    def html(self, text: str) -> str:
        """Render Markdown as sanitised HTML; paths on this site begin with `urls.ROOT_MARK`.

        What was rendered is kept for a while. Whoever notes which stories are looked up hears of
        them each time.
        """
        kept = self._rendered.get(text)
        if kept is not None:
            for slug in kept[1]:
                self._lookup(slug)
            return kept[0]
        self._asked.clear()
        html = _convert(text)
        if "<" in text or not _WORDS_AND_LISTS.fullmatch(html):
            html = self._sanitised(html)
        if len(self._rendered) >= _MOST_KEPT:
            self._rendered.clear()
        self._rendered[text] = html, tuple(dict.fromkeys(self._asked))
        return html

    def _sanitised(self, html: str) -> str:
        html = _NO_LINK.sub(r"<a\1>", self._cleaner.clean(html))
        if "<img" in html:
            html = _NO_PICTURE.sub(lambda found: found[1] or "", html)
        return html

    def _ask(self, slug: str) -> str | None:
        self._asked.append(slug)
        return self._lookup(slug)

    def plain(self, text: str) -> str:
        """Render Markdown as plain text, a line for each block."""
        return plain_text(self.html(text))


def _convert(text: str) -> str:
    """Render Markdown as HTML that nobody may see before it is sanitised."""
    if _opens_few(text):
        rendered = _TURNED.sub(_turn, _ENGINE.html(text).rstrip("\n"))
        if "<" in text:
            # A browser takes all that follows for a part of what never ends.
            rendered = _MARK.sub(lambda mark: "&lt;" if mark["endless"] else mark[0], rendered)
        if not _is_deep(rendered):
            return rendered
    # The words still reach the reader, as they were typed.
    return f"<pre>{html.escape(text)}</pre>"


def _turn(found: re.Match[str]) -> str:
    """Lower a heading; show a task box as a character, for nobody can tick it in a feed."""
    if not found[2]:
        return "☑ " if found["ticked"] else "☐ "
    return f"<{found[1]}h{min(6, max(int(found[2]) + 1, _HIGHEST_HEADING))}"


def plain_text(rendered: str) -> str:
    """Return the words of sanitised HTML, a line for each block; pictures by what they show."""
    lines = plain_lines(rendered)
    return "\n".join(_lines(_words(rendered)) if lines is None else lines)


def plain_lines(rendered: str) -> Sequence[str] | None:
    """Return the lines of what is words and lists, as most texts are; None for anything else."""
    if _WORDS_AND_LISTS.fullmatch(rendered) is None:
        return None
    words = rendered.replace("\n", " ").replace("</p>", "\n").replace("<p>", "")
    if "<" in words:
        words = _TAG.sub("", _PLAIN_BLOCK_END.sub("\n", words))
    return _lines(words)


def _lines(words: str) -> Sequence[str]:
    return tuple([found for line in words.split("\n") if (found := " ".join(line.split()))])


def _words(rendered: str) -> str:
    # Where a line was wrapped in the file is nobody's business, save in a <pre>.
    unwrapped = "".join(
        part if part.startswith("<pre>") else part.replace("\n", " ")
        for part in _PRE.split(_PICTURE.sub(r"\1", rendered))
    )
    broken = _CELL_END.sub(" ", _BLOCK_END.sub("\n", unwrapped))
    return html.unescape(_WORDS_ONLY.clean(broken))


def _opens_few(text: str) -> bool:
    """Tell whether a text opens few tags of its own; what stands in a fence opens none."""
    if text.count("<") <= _MOST_OPENED:
        return True
    opened, fence = 0, ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence:
            opened += line.count("<")
    return opened <= _MOST_OPENED


def _is_deep(rendered: str) -> bool:
    """Tell whether quotes and lists stand in each other deeper than anybody can follow."""
    if (
        rendered.count("<") <= _DEEPEST
        or sum(map(rendered.count, ("<blockquote", "<ul", "<ol"))) <= _DEEPEST
    ):
        return False
    depth = 0
    for mark in _NESTED.finditer(rendered):
        depth += -1 if mark[1] else 1
        if depth > _DEEPEST:
            return True
    return False


def _resolve(tag: str, address: str, lookup: Lookup) -> str | None:
    """Return the address that is published, or None for one that leads nowhere.

    A text is shown on several pages, in feeds and in mail, so an address relative to one of them
    is wrong in all others. Pictures come from this site, or readers could be watched.
    """
    address = _spelled(address)
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
    return address if _leads_out(address) else None


def _leads_out(address: str) -> bool:
    """Tell whether an address says of itself where it leads."""
    scheme = _SCHEME.fullmatch(address)
    known = bool(scheme and scheme[2] and scheme[1].casefold() in _SCHEMES)
    return known and bool(_HOST.match(address))


def _spelled(address: str) -> str:
    """Spell an address as the standard has it: also the second `#` of a chat's address."""
    place, mark, part = address.partition("#")
    spelled = f"{place}{mark}{part.replace('#', '%23')}"
    return _UNSPELLED.sub(lambda sign: quote(sign[0], safe=""), spelled)


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
