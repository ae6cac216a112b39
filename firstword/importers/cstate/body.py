"""The body of an issue, cut where a part carries a time of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from firstword.model import Status
from firstword.values import replace

_STATUSES = {
    "investigating": Status.INVESTIGATING,
    "identified": Status.IDENTIFIED,
    "monitoring": Status.MONITORING,
    "resolved": Status.RESOLVED,
    "postmortem": Status.POSTMORTEM,
    "update": Status.UPDATE,
}
#: Every repetition is bounded: these search foreign text, which may be made to take forever.
_TRACK = re.compile(
    r"\{\{[<%]\s{0,8}track\s{1,8}[\"'`]?([^\"'`{}\s][^\"'`{}]{0,60}?)[\"'`]?\s{0,8}[>%]\}\}"
)
_DASH = r"(?P<dash>[ \t]*(?:[-–—:]+(?=\s|$)|(?=\n|$)))?"
_MARK = re.compile(rf"\s*([*_]{{1,3}})(?P<word>[^*_\s][^*_\n]{{0,40}})\1{_DASH}")
#: A heading, or a word in brackets that is no link: a mark only where it is a status.
_PLAIN_MARK = re.compile(
    rf"\s*(?:\[(?P<word>[^\[\]\n]{{1,40}})\](?![(\[:])|#{{1,6}}[ \t]+(?P<head>[^\n{{#:-]{{1,40}}))"
    rf"{_DASH}"
)
_INITIAL = "initialmessage"
_NUMBERED = re.compile(r"(?:update|edit)[#\d]{0,5}")
#: How late in a story each comes; words without a status come early, after what opened it.
_PLAIN = 1.2
_RANKS: dict[Status | None, float] = {
    Status.INVESTIGATING: 1,
    Status.UPDATE: 1.5,
    Status.IDENTIFIED: 2,
    Status.MONITORING: 3,
    Status.RESOLVED: 4,
    Status.POSTMORTEM: 5,
}
#: An update is said before either and after it.
_EITHER_WAY = ({1.5, 2}, {1.5, 3})
_BREAK = re.compile(r" {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_COMMENT_MARK = re.compile(r"(<!--|-->)")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the body."""

    text: str
    #: The time it carries, as written, and the shortcode around it.
    track: str = ""
    code: str = ""
    #: A line across the page stood before it.
    after_break: bool = False

    def with_code(self, put: str, *, track: str) -> Part:
        """Return the part with something else where its shortcode stood."""
        before, _, after = self.text.partition(self.code)
        if not put:
            before = before.rstrip(" \t")
            after = after if before and before[-1] != "\n" else after.lstrip(" \t")
        return replace(self, text=f"{before}{put}{after}".strip("\n"), track=track)


def parts_of(body: str) -> list[Part]:
    """Split a body where a part begins and ends; all words stay.

    A part begins after a line across, at an emphasised word that begins a paragraph and looks like
    a status, or after the part before. Where nothing carries a time, only a status begins one, or
    a line across; one part only when there is neither a time nor a status.
    """
    splitter = _Splitter()
    lines = body.split("\n")
    for line, seen in zip(lines, _seen(lines), strict=True):
        splitter.take(line, seen)
    parts = splitter.finish()
    if any(part.track for part in parts):
        return parts
    if not is_marked(parts):
        return [Part(body)]
    whole: list[Part] = []
    for part in parts:
        if whole and not part.after_break and _rank(part) in (None, _PLAIN):
            whole[-1] = replace(whole[-1], text=f"{whole[-1].text}\n\n{part.text}")
        else:
            whole.append(part)
    return whole


def is_marked(parts: Sequence[Part]) -> bool:
    """Tell whether one of the parts says which status it is of."""
    return any(_rank(part) not in (None, _PLAIN) for part in parts)


def is_end(part: Part) -> bool:
    """Tell whether a part carries no time and says that the story is resolved."""
    return not part.track and _marked(part.text)[0] is Status.RESOLVED


def oldest_first(opening: Sequence[Part], times: Sequence[datetime]) -> list[Part]:
    """Put parts without a time in the order of time; `times` are the others', as the file has them.

    What tells the order is which status, and which time, stands above which. Where that says
    nothing it is cState's own habit: the newest stands on top.
    """
    ranks = [rank for part in opening if (rank := _rank(part)) is not None]
    pairs = [*pairwise(ranks), *pairwise(at.timestamp() for at in times)]
    told = [(a, b) for a, b in pairs if {a, b} not in _EITHER_WAY]
    if sum(a < b for a, b in told) > sum(a > b for a, b in told):
        return list(opening)
    turned = list(reversed(opening))
    # A line across stands between the same two parts as before.
    breaks = [False, *(part.after_break for part in turned[:-1])]
    return [replace(p, after_break=b) for p, b in zip(turned, breaks, strict=True)]


def _rank(part: Part) -> float | None:
    """Return how late in a story a part stands by the status that it begins with, if it tells."""
    found = _MARK.match(part.text)
    word = _bare(found["word"]) if found else ""
    if not found and (plain := _PLAIN_MARK.match(part.text)):
        word = _bare(plain["word"] or plain["head"])
        # A heading, or a word in brackets, may be anything.
        word = word if word in _STATUSES or word == _INITIAL else ""
    if not word:
        return _PLAIN
    if _NUMBERED.fullmatch(word):
        word = Status.UPDATE
    return 0 if word == _INITIAL else _RANKS.get(_STATUSES.get(word))


class _Splitter:
    """Walks the lines once and cuts."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.lines: list[str] = []
        self.track: re.Match[str] | None = None
        self.broke = False
        #: The time stood at the end of a line, which ends the part.
        self.ended = False

    def take(self, line: str, seen: str) -> None:
        """Take in the next line; `seen` is what of it is text."""
        fresh = self.ended or not self.lines or not self.lines[-1].strip()
        found = _TRACK.search(seen)
        if fresh and _BREAK.fullmatch(seen):
            self._close()
            self.broke = True
            return
        again = fresh and found is not None and self.track is not None
        if (self.ended and line.strip()) or again or _begins(seen, fresh=fresh):
            self._close()
        self.lines.append(line)
        if found and self.track is None:
            self.track = found
            self.ended = not seen[found.end() :].strip()

    def finish(self) -> list[Part]:
        self._close()
        return self.parts

    def _close(self) -> None:
        text = "\n".join(self.lines).strip("\n").rstrip()
        track = self.track
        if text.strip():
            part = Part(text, after_break=self.broke)
            self.parts.append(replace(part, track=track[1], code=track[0]) if track else part)
            self.broke = False
        self.lines, self.track, self.ended = [], None, False


def _seen(lines: Sequence[str]) -> Iterator[str]:
    """Yield what is text in each line; what a code fence or a comment hides is left out."""
    fence = ""
    comment = False
    for line in lines:
        found = None if comment else _FENCE.fullmatch(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
            yield ""
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence = found[1]
            yield ""
        else:
            text = ""
            for piece in _COMMENT_MARK.split(line):
                if piece in ("<!--", "-->"):
                    comment = piece == "<!--"
                elif not comment:
                    text += piece
            yield text


def _begins(line: str, *, fresh: bool) -> bool:
    """Tell whether a line begins with a word that looks like a status."""
    if fresh and (plain := _PLAIN_MARK.match(line)):
        word = _bare(plain["word"] or plain["head"])
        return word == _INITIAL or word in _STATUSES
    found = _MARK.match(line)
    if not found:
        return False
    return _status_of(found["word"]) is not None or (fresh and found["dash"] is not None)


def _marked(text: str) -> tuple[Status | None, int]:
    """Return the status that a part begins with, and where its words begin."""
    if found := _MARK.match(text):
        return _status_of(found["word"]), found.end()
    if found := _PLAIN_MARK.match(text):
        return _status_of(found["word"] or found["head"]), found.end()
    return None, 0


def _status_of(word: str) -> Status | None:
    return _STATUSES.get(_bare(word))


def _bare(word: str) -> str:
    return re.sub(r"[\s:.-]+", "", word.casefold())


@dataclass(slots=True)
class Word:
    """An update in the making."""

    at: datetime
    status: Status
    #: The text without the status it began with, which the heading says now.
    body: str
    #: The text as it stood.
    full: str
    ended: datetime | None = None

    def keep_word(self, status: Status) -> None:
        """Give it another status; what it said itself stays readable in the text."""
        self.status, self.body = status, self.full


def word_of(at: datetime, parts: Sequence[Part]) -> Word:
    """Make one update of the parts of one instant."""
    text = parts[0].text
    for part in parts[1:]:
        text += ("\n\n---\n\n" if part.after_break else "\n\n") + part.text
    marks = [_marked(part.text) for part in parts]
    statuses = [status for status, _ in marks]
    if len(parts) == 1 and statuses[0] is not None:
        return Word(at, statuses[0], text[marks[0][1] :].strip(), text)
    moving = {status for status in statuses if status not in (None, Status.UPDATE)}
    only = next(iter(moving)) if len(moving) == 1 else None
    return Word(at, only or Status.UPDATE, text, text)
