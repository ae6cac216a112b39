"""Hugo's own shortcodes → the Markdown that they stand for; what is not known stays and is told."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from firstword.importers import Story
from firstword.importers.prose import put_in_text, veil_of
from firstword.importers.report import LeftOut, Repair
from firstword.importers.times import Log
from firstword.values import replace

_CODE = re.compile(r"\{\{(?P<mark>[<%])(?P<said>[^{}]{1,800}?)(?P<end>[>%])\}\}")
_TOKEN = re.compile(
    r"""(?:(?P<key>[\w-]+)=)?(?:"(?P<a>(?:[^"\\]|\\.)*)"|`(?P<b>[^`]*)`|(?P<c>[^\s"`=]\S*))"""
)
_REF = re.compile(
    r"""\{\{[<%]\s{0,8}(?:rel)?ref\s{1,8}(?:"([^"{}]{1,300})"|([^"'`{}\s]{1,300}))"""
    r"[^{}]{0,80}?[>%]\}\}"
)
_KNOWN_LATER = ("ref", "relref", "track")
_FIGURE = frozenset({"src", "alt", "title", "caption", "link", "attr", "attrlink"})
#: What one word or two after the name lead to.
_PLACES = {
    "youtube": "https://www.youtube.com/watch?v={0}",
    "vimeo": "https://vimeo.com/{0}",
    "gist": "https://gist.github.com/{0}/{1}",
    "instagram": "https://www.instagram.com/p/{0}/",
}
_STAYS = "not known here; it stays as text"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One shortcode as it was typed."""

    name: str
    keys: Mapping[str, str]
    words: tuple[str, ...]
    #: Nothing else stands in its line.
    alone: bool

    def get(self, key: str) -> str:
        """Return the value of a key, without line ends."""
        return " ".join(self.keys.get(key, "").split())


def rendered(body: str, log: Log) -> str:
    """Return a body with Markdown where a known shortcode stood; each is told.

    `track` and links to other pages are left: their meaning takes more than the text.
    """
    if "{{" not in body:
        return body
    return _Walk(body=body, log=log).whole()


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One body, walked through once."""

    body: str
    log: Log
    place: int = 0
    out: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    #: Names that nothing closes from here on.
    endless: set[str] = field(default_factory=set)

    def whole(self) -> str:
        """Return the body as it reads here."""
        hides = veil_of(self.body)
        for found in _CODE.finditer(self.body):
            if found.start() < self.place:
                continue
            after = None if hides(found.start()) else self._one(found)
            if after is None:
                self._stays(found)
        self.out.append(self.body[self.place :])
        return "".join(self.out)

    def _stays(self, found: re.Match[str]) -> None:
        name = _name(found["said"])
        if found[0] not in self.told and name not in _KNOWN_LATER:
            self.told.add(found[0])
            self.log.repair("shortcode", found[0], found[0], _STAYS)

    def _one(self, found: re.Match[str]) -> bool | None:
        """Put what a shortcode stands for in its place; None where that is not known."""
        said = found["said"].strip()
        if said.startswith("/*") and said.endswith("*/"):
            after = f"&#123;{{{found['mark']} {said[2:-2].strip()} {found['end']}}}}}"
            return self._put(found.start(), found.end(), after, "what its text showed")
        code = replace(_read(said), alone=self._alone(found))
        maker = _MAKERS.get(code.name)
        if maker:
            after = maker(code, self.log)
            return self._put(found.start(), found.end(), after, _WHY) if after else None
        pair = _PAIRS.get(code.name)
        closing = self._closing(code.name, found.end()) if pair else None
        if pair is None or closing is None:
            return None
        inside = self.body[found.end() : closing.start()]
        after = pair(code, inside, self.log)
        return self._put(found.start(), closing.end(), after, _WHY)

    def _put(self, start: int, end: int, after: str, why: str) -> bool:
        before = self.body[start:end]
        self.log.repair("shortcode", before, after, why)
        self.out += [self.body[self.place : start], after]
        self.place = end
        return True

    def _alone(self, found: re.Match[str]) -> bool:
        """Tell whether nothing else stands in its line."""
        before = self.body[: found.start()].rpartition("\n")[2]
        after = self.body[found.end() :].partition("\n")[0]
        return not before.strip() and not after.strip()

    def _closing(self, name: str, start: int) -> re.Match[str] | None:
        if name in self.endless:
            return None
        closing = re.compile(rf"\{{\{{[<%]\s{{0,8}}/\s{{0,8}}{re.escape(name)}\s{{0,8}}[>%]\}}\}}")
        found = closing.search(self.body, start)
        if found is None:
            self.endless.add(name)
        return found


_WHY = "what the shortcode stands for"


def _read(said: str) -> _Said:
    """Read the inside of a shortcode: its name, its keys, its other words."""
    name, _, rest = said.removesuffix("/").strip().partition(" ")
    keys: dict[str, str] = {}
    words: list[str] = []
    for found in _TOKEN.finditer(rest.replace("\n", " ")):
        value = next((found[part] for part in "abc" if found[part] is not None), "")
        if found["key"]:
            keys[found["key"].lower()] = value
        else:
            words.append(value)
    return _Said(
        name=name.lower().removesuffix(".html"), keys=keys, words=tuple(words), alone=False
    )


def _name(said: str) -> str:
    return said.strip().lstrip("/ ").split(maxsplit=1)[0].lower() if said.strip() else ""


# ── what each stands for ─────────────────────────────────────────────────────────────────────────


def _figure(said: _Said, log: Log) -> str:
    """A picture, with what stood below it as words."""
    source = said.get("src") or (said.words[0] if said.words else "")
    if not source:
        return ""
    alt = _bare(said.get("alt") or said.get("caption") or said.get("title"))
    shown = f"![{alt}]({_place(source)})"
    shown = f"[{shown}]({_place(said.get('link'))})" if said.get("link") else shown
    title = f"**{said.get('title')}**" if said.get("title") else ""
    attr = said.get("attr")
    credit = f"[{_bare(attr)}]({_place(said.get('attrlink'))})" if said.get("attrlink") else attr
    below = " ".join(part for part in (title, said.get("caption"), credit) if part)
    log.left_out += [LeftOut(f"figure: {k}", v) for k, v in said.keys.items() if k not in _FIGURE]
    return shown + (("\n\n" if said.alone else " ") + below if below else "")


def _elsewhere(said: _Said, log: Log) -> str:
    """A link to what was shown from another site."""
    words = said.words or tuple(said.keys[key] for key in ("id", "user") if key in said.keys)
    pattern = _PLACES[said.name]
    if len(words) < 1 + ("{1}" in pattern):
        return ""
    used = {"id", "user"} if not said.words else set[str]()
    log.left_out += [LeftOut(f"{said.name}: {k}", v) for k, v in said.keys.items() if k not in used]
    return f"<{pattern.format(*words)}>" if all(re.fullmatch(r"[\w.~-]+", w) for w in words) else ""


def _post(said: _Said, _log: Log) -> str:
    """A link to a post."""
    user, number = said.get("user"), said.get("id")
    if not re.fullmatch(r"\w+", user) or not number.isdigit():
        return ""
    return f"<https://x.com/{user}/status/{number}>"


_MAKERS: Mapping[str, Callable[[_Said, Log], str]] = {
    "figure": _figure,
    **dict.fromkeys(_PLACES, _elsewhere),
    **dict.fromkeys(("tweet", "twitter", "x"), _post),
}


def _highlight(said: _Said, inside: str, log: Log) -> str:
    """Code in its language."""
    language = said.words[0] if said.words and said.words[0].isprintable() else ""
    if options := ", ".join([*said.words[1:], *(f"{k}={v}" for k, v in said.keys.items())]):
        log.left_out.append(LeftOut("highlight", options))
    fence = "```"
    while fence in inside:
        fence += "`"
    return f"{fence}{language.replace('`', '')}\n{inside.strip(chr(10))}\n{fence}"


def _details(said: _Said, inside: str, log: Log) -> str:
    """Its summary and its words, unfolded."""
    summary = said.get("summary") or said.get("title")
    rest = {k: v for k, v in said.keys.items() if k not in ("summary", "title")}
    log.left_out += [LeftOut(f"details: {key}", value) for key, value in rest.items()]
    words = inside.strip()
    return f"**{summary}**\n\n{words}" if summary else words


def _comment(_said: _Said, inside: str, log: Log) -> str:
    """Nothing: nobody was shown it."""
    log.left_out.append(LeftOut("comment", inside.strip()))
    return ""


_PAIRS: Mapping[str, Callable[[_Said, str, Log], str]] = {
    "highlight": _highlight,
    "details": _details,
    "comment": _comment,
}


def _bare(text: str) -> str:
    """Return words that can stand in square brackets."""
    return text.replace("[", "(").replace("]", ")")


def _place(address: str) -> str:
    return f"<{address}>" if re.search(r"[\s()<>]", address) else address


# ── links to other pages ─────────────────────────────────────────────────────────────────────────


class Slugs:
    """Finds the slug of a story by the path of its page below content/, without its ending."""

    def __init__(self, by_path: Mapping[str, str]) -> None:
        self.by_path = by_path
        self._by_name: dict[str, list[str]] = {}
        for path in by_path:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def ending(self, name: str) -> str:
        """Return the slug of the only story whose path ends in a name, else nothing."""
        paths = self._by_name.get(name.rpartition("/")[2], ())
        alike = {self.by_path[path] for path in paths if f"/{path}".endswith(f"/{name}")}
        return alike.pop() if len(alike) == 1 else ""


def linked(story: Story, slugs: Slugs, top: str) -> Story:
    """Return a story whose `ref` and `relref` lead to the stories they name.

    `top` is where content/ lies in the source.
    """
    incident = story.incident
    if incident is None or not any("ref" in update.body for update in incident.updates):
        return story
    repairs: list[Repair] = []
    own = PurePosixPath(story.entry.source.removeprefix(top))

    def put(found: re.Match[str]) -> str:
        wanted = html.unescape(found[1] or found[2]).partition("#")[0]
        slug = _meant(wanted, own, slugs)
        after = f"incident:{slug}" if slug else found[0]
        repairs.append(Repair("shortcode", found[0], after, _WHY if slug else _STAYS))
        return after

    updates = tuple(
        replace(update, body=put_in_text(_REF, put, update.body)) for update in incident.updates
    )
    entry = replace(story.entry, repairs=(*story.entry.repairs, *repairs))
    return replace(story, entry=entry, incident=replace(incident, updates=updates))


def _meant(wanted: str, own: PurePosixPath, slugs: Slugs) -> str:
    """Return the slug of the story that a reference names: by its path, or by its name alone."""
    name = (
        wanted.removeprefix("./")
        .strip("/")
        .removesuffix(".md")
        .removesuffix("/index")
        .removesuffix("/_index")
    )
    if not name:
        return slugs.by_path.get(_key(own), "")
    if not wanted.startswith("/") and (found := slugs.by_path.get(f"{own.parent}/{name}")):
        return found
    return slugs.by_path.get(name) or slugs.ending(name)


def _key(path: PurePosixPath) -> str:
    return str(path.parent if path.stem == "index" else path.with_suffix(""))


def keyed(path: str, top: str) -> str:
    """Return how references name a page: its path below content/, without its ending."""
    return _key(PurePosixPath(path.removeprefix(top)))
