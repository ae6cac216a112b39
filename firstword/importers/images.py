"""Pictures that foreign text shows: taken along from the source's own folders, or named.

A page here shows pictures of its own site only, so one from elsewhere becomes a link to it.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from firstword.importers.prose import put_in_text
from firstword.importers.reading import Original, Unreadable
from firstword.importers.report import LeftOut
from firstword.importers.times import Log

_FOLDER = "content/images"
_MOST_BYTES = 20_000_000
#: What the name of a picture ends with that a browser shows.
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".bmp", ".ico"})
#: Every repetition is bounded or possessive: these search foreign text.
_TITLE = r"""\s{1,8}(?:"[^"]{0,300}"|'[^']{0,300}'|\([^()]{0,300}\))"""
_PLACE = r"<[^<>\n]{0,2000}>|[^\s()<>]++(?:\([^\s()<>]{0,100}\)[^\s()<>]*+)?"
_ALT = r"(?:[^\[\]]|\[[^\[\]]{0,100}\]){0,300}+"
_FOUND = re.compile(
    rf"(?P<show>!?)\[(?P<alt>{_ALT})\]\(\s{{0,8}}(?P<place>{_PLACE})(?P<title>{_TITLE})?\s{{0,8}}\)"
    rf"|(?P<named>!\[(?P<words>{_ALT})\](?:\[(?P<label>[^\[\]\n]{{0,200}})\])?)"
    rf"|(?P<tag><img\b(?P<inside>(?:[^<>\"']++|\"[^\"]{{0,2000}}\"|'[^']{{0,2000}}'){{0,60}}+)>)",
    re.IGNORECASE,
)
_MEANT = re.compile(
    rf"^(?P<before> {{0,3}}\[(?P<label>[^\[\]\n]{{1,200}})\]:[ \t]{{0,8}})(?P<place>{_PLACE})",
    re.MULTILINE,
)
_ATTRIBUTE = re.compile(
    r"""([A-Za-z_:][\w:.-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?"""
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_REMOTE = ("http:", "https:", "//")
#: How Pelican says that what follows is a file of the site.
_PELICAN = re.compile(r"(?:\{|%7B)(?:static|attach)(?:\}|%7D)|\|(?:static|attach)\|", re.IGNORECASE)
_RELATIVE = re.compile(r"\.{0,2}[\w/~-]")
_NOT_OURS = "not of the old site itself; a link leads to it"
_OWN_ONLY = "pages here show pictures of their own site only"


@dataclass(slots=True, kw_only=True)
class Pictures:
    """The pictures of one source, which lies in `root`."""

    root: Path
    #: Where an address that begins with '/' is looked for, the first that has it.
    folders: tuple[Path, ...]
    #: The address of the old site: what begins with it is its own.
    address: str = ""
    #: Path relative to the site's root → the picture.
    found: dict[str, Original] = field(default_factory=dict)
    #: Path relative to the source's root → path relative to the site's, of those taken along.
    taken: dict[str, str] = field(default_factory=dict)

    def take(self, body: str, log: Log, beside: tuple[Path, ...] = (), address: str = "") -> str:
        """Take along what a body shows; return the body with the addresses they have here.

        `beside` is where a picture is looked for whose address begins with no '/', `address` the
        old one of the page, which its other links are relative to.
        """
        page = _Page(pictures=self, log=log, beside=beside, address=address)
        if "]:" in body:
            page.labels.update((f["label"].casefold(), f["place"]) for f in _MEANT.finditer(body))
        if "](" in body or "<" in body or "![" in body:
            body = put_in_text(_FOUND, page.put, body)
        return put_in_text(_MEANT, page.mean, body) if page.labels else body

    def at(self, path: str, beside: tuple[Path, ...]) -> tuple[str, str]:
        """Take along the picture of an address.

        Returns the address that it has here, or nothing and why.
        """
        own = self.own(path)
        if own is None:
            return "", _NOT_OURS
        clean = unquote(own.partition("#")[0].partition("?")[0])
        if not clean.isprintable() or not clean.strip("/. "):
            return "", "not the path of a picture"
        if clean.startswith("/"):
            # As browsers do: nothing lies above the top.
            clean = posixpath.normpath(f"/{clean.lstrip('/')}")
        why = ""
        for folder in self.folders if clean.startswith("/") else beside:
            place = Path(posixpath.normpath(folder / clean.lstrip("/")))
            root = Path(posixpath.normpath(self.root))
            if not place.is_relative_to(root):
                why = why or "it lies outside of the source"
                continue
            name = place.relative_to(root).as_posix()
            try:
                picture = Original(path=place, root=self.root, most=_MOST_BYTES)
                picture.size()
                return self._put(name, picture)
            except Unreadable as error:
                why = f"{name}: {error}" if not why or place.exists() else why
        return "", why or "it lies outside of the source"

    def own(self, path: str) -> str | None:
        """Return an address without the old site's own, None for one that leads elsewhere."""
        path = _PELICAN.sub("", path)
        if self.address:
            base = urlsplit(self.address)
            full = f"{base.scheme}:{path}" if path.startswith("//") else path
            there = urlsplit(full)
            if there.netloc and there.netloc.casefold() == base.netloc.casefold():
                path = f"{there.path}?{there.query}"
            if (top := base.path.rstrip("/")) and path.startswith(f"{top}/"):
                path = path.removeprefix(top)
        return None if path.startswith("//") or _SCHEME.match(path) else path

    def _put(self, name: str, picture: Original) -> tuple[str, str]:
        if PurePosixPath(name).suffix.lower() not in PICTURES:
            return "", f"{name}: not a kind of picture that a browser shows"
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            return "", f"{name}: a hidden file"
        parts = PurePosixPath(name).parts
        tops = [f.relative_to(self.root).parts for f in self.folders]
        top = next((t for t in tops if t and parts[: len(t)] == t), ())
        top = top or (parts[:1] if parts[0] == "content" else ())
        rest = parts[len(top) :]
        rest = rest[1:] if rest[0] == "images" and len(rest) > 1 else rest
        own = "/".join(rest)
        target = f"{_FOLDER}/{own}"
        first = self.found.setdefault(target, picture)
        if first.path != picture.path and not first.is_copied(picture.path):
            return "", f"another one is called {target} already"
        self.taken[name] = target
        return f"/images/{quote(own)}", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One body on its way."""

    pictures: Pictures
    log: Log
    beside: tuple[Path, ...]
    address: str
    #: Label in lower case → the address that it stands for.
    labels: dict[str, str] = field(default_factory=dict)
    #: Labels that pictures are shown by.
    shown: set[str] = field(default_factory=set)

    def put(self, found: re.Match[str]) -> str:
        """Return what stands for a picture, or for a link to one."""
        if found["tag"]:
            return self._tag(found["tag"], found["inside"])
        if found["named"]:
            return self._named(found[0], found["label"] or found["words"])
        place = found["place"]
        if not found["show"]:
            # A link: what it says may be a picture.
            inner = put_in_text(_FOUND, self._inner, found["alt"]) if "!" in found["alt"] else ""
            after = self._linked(place)
            alt = inner or found["alt"]
            return f"[{alt}]({after}{found['title'] or ''})"
        return self._shown(found)

    def _named(self, text: str, label: str) -> str:
        """Return what stands for a picture whose address stands elsewhere in the text."""
        path = self.labels.get(label.casefold(), "").strip("<>")
        if not path:
            return text
        self.shown.add(label.casefold())
        if not path.lower().startswith(_REMOTE) or self.pictures.own(path) is not None:
            return text
        self.log.repair("image", text, text[1:], _OWN_ONLY)
        return text[1:]

    def _inner(self, found: re.Match[str]) -> str:
        """Return what stands for a picture in the words of a link: no link stands in a link."""
        if found["tag"]:
            return self._tag(found["tag"], found["inside"], linked=True)
        return self._shown(found, linked=True) if found["show"] else found[0]

    def _shown(self, found: re.Match[str], *, linked: bool = False) -> str:
        place, title = found["place"], found["title"] or ""
        path = place.strip("<>")
        address, why = self.pictures.at(path, self.beside)
        if address:
            self._moved(path, address)
            same = unquote(path) == unquote(address)
            return found[0] if same else f"![{found['alt']}]({address}{title})"
        return self._lost(found[0], path, why, found["alt"], title, linked=linked)

    def _lost(self, text: str, path: str, why: str, alt: str, title: str, *, linked: bool) -> str:
        """Return what stands for a picture that cannot be taken along; say so."""
        self.log.needs.append(f"image {path[:200]!r}: {why}")
        if why != _NOT_OURS or not path.lower().startswith(_REMOTE):
            return text
        words = alt.strip() or path
        after = words if linked else f"[{words}]({path}{title})"
        self.log.repair("image", text, after, _OWN_ONLY)
        return after

    def _linked(self, place: str) -> str:
        """Return the address of a link; a picture of the old site is taken along for it."""
        path = place.strip("<>")
        if self.pictures.own(path) is None:
            return place
        if not _is_picture(path):
            return self._absolute(place, path)
        address, why = self.pictures.at(path, self.beside)
        if not address:
            self.log.needs.append(f"image {path[:200]!r}: {why}")
            return place
        self._moved(path, address)
        return place if unquote(path) == unquote(address) else address

    def _absolute(self, place: str, path: str) -> str:
        """Return a link that is relative to the old page as one that holds on any page."""
        known = path.startswith("/") or _SCHEME.match(path)
        if known or not self.address or not _RELATIVE.match(path):
            return place
        there = posixpath.normpath(posixpath.join("/", self.address.strip("/"), path))
        after = f"{there}/" if path.endswith("/") else there
        self.log.repair("link", path, after, "relative to the old page")
        return after

    def _moved(self, path: str, address: str) -> None:
        if unquote(path) != unquote(address):
            self.log.repair("image", path, address, "pictures are served from /images/")

    def mean(self, found: re.Match[str]) -> str:
        """Return a line that says what a label means, with the address that it has here."""
        path = found["place"].strip("<>")
        shows = found["label"].casefold() in self.shown
        if not shows and (not _is_picture(path) or self.pictures.own(path) is None):
            return found[0]
        address, why = self.pictures.at(path, self.beside)
        if not address:
            self.log.needs.append(f"image {path[:200]!r}: {why}")
            return found[0]
        self._moved(path, address)
        same = unquote(path) == unquote(address)
        return found[0] if same else f"{found['before']}{address}"

    def _tag(self, text: str, inside: str, *, linked: bool = False) -> str:
        """Return what stands for an `<img>`."""
        said = dict(_attributes(inside))
        path, alt = said.pop("src", "").strip(), said.pop("alt", "")
        title = said.pop("title", "")
        self.log.left_out += [LeftOut(f"<img {key}>", value) for key, value in said.items()]
        if not path:
            after = html.escape(alt or title, quote=False)
            self.log.repair("image", text, after, "it has no address")
            return after
        address, why = self.pictures.at(path, self.beside)
        if address:
            self._moved(path, address)
            more = f' title="{html.escape(title)}"' if title else ""
            return f'<img src="{html.escape(address)}" alt="{html.escape(alt)}"{more}>'
        self.log.needs.append(f"image {path[:200]!r}: {why}")
        words = html.escape(alt or title, quote=False)
        if why == _NOT_OURS and path.lower().startswith(_REMOTE):
            words = words or html.escape(path)
            after = words if linked else f'<a href="{html.escape(path)}">{words}</a>'
            self.log.repair("image", text, after, _OWN_ONLY)
            return after
        return text


def _attributes(inside: str) -> Iterator[tuple[str, str]]:
    for name, *values in _ATTRIBUTE.findall(inside):
        yield name.lower(), html.unescape(next((value for value in values if value), ""))


def _is_picture(path: str) -> bool:
    """Tell by its name whether an address is a picture's."""
    name = path.partition("#")[0].partition("?")[0]
    return PurePosixPath(unquote(name)).suffix.lower() in PICTURES
