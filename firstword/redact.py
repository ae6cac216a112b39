"""Take words out of a published update and leave a signed gap; text in, text out. Pure.

The update keeps its instant, its signature and its place. What comes out is parsed again: a gap
that would break the file, or that no reader would see, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from firstword.errors import Refused
from firstword.markup import Markup
from firstword.model import Incident, Level, Update
from firstword.parse import parse
from firstword.parse.keys import TEXTS
from firstword.parse.redactions import Redaction

#: Names the front matter where an update is asked for.
FRONT = "front"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BETWEEN = r"(?:[ \t]+|[ \t]*(?:\r\n|\r|\n)[ \t>]*)"
_KEY_LINE = re.compile(r"([a-z_]+):([ \t]+).*?([ \t]*(?:\r\n|\r|\n)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text with gaps."""

    text: str
    gaps: int
    #: Lines of the new text where the words are still to be found.
    left: tuple[int, ...] = ()


def matcher(words: str) -> re.Pattern[str]:
    """Return what finds words as they stand in a file, also where a line was wrapped in them."""
    return re.compile(_BETWEEN.join(map(re.escape, words.split())))


def redact(
    text: str,
    incident: Incident,
    update: Update | None,
    *,
    words: str | None,
    gap: Redaction,
    zone: tzinfo,
) -> Redacted:
    """Replace `words` in an update (None: in the front matter), or all of its words (None).

    `incident` is what `text` was parsed to. Raises Refused when the outcome would not do.
    """
    lines = _LINE.findall(text)
    if update is None:
        if words is None:
            raise Refused("the front matter has no body; say which words with --pattern")
        start, end = 0, _first_update(incident) - 1
        section, gaps = _in_front(lines[:end], incident, matcher(words), gap)
    else:
        start, end = _extent(incident, update, len(lines))
        inside = lines[start:end]
        section, gaps = _in_update(inside, words, gap) if words else _whole(inside, gap)
    if not gaps:
        return Redacted(text=text, gaps=0, left=tuple(_left(text, words)))
    changed = "".join([*lines[:start], section, *lines[end:]])
    after = _parsed(changed, incident, zone)
    shown = after.find(update.at) if update else None
    if _seen(after, shown).count(str(gap)) < gaps:
        raise Refused(
            "no reader would see the gap there (a link's address, a comment); take out more words "
            "around it, or the update as a whole with --whole"
        )
    return Redacted(text=changed, gaps=gaps, left=tuple(_left(changed, words)))


def _first_update(incident: Incident) -> int:
    """Return the line of the first heading in the file."""
    return min(update.line for update in incident.updates)


def _extent(incident: Incident, update: Update, last: int) -> tuple[int, int]:
    """Return from where to where an update's keys and text go, counted from 0."""
    later = [other.line for other in incident.updates if other.line > update.line]
    return update.line, min(later, default=last + 1) - 1


def _fill(gap: Redaction, text: str) -> Callable[[re.Match[str]], str]:
    """Return what puts gaps into `text`; `[gap](` and `[gap]:` would mean something else."""

    def fill(match: re.Match[str]) -> str:
        return str(gap) + (" " if text[match.end() : match.end() + 1] in {"(", "[", ":"} else "")

    return fill


def _in_update(lines: list[str], words: str, gap: Redaction) -> tuple[str, int]:
    text = "".join(lines)
    return matcher(words).subn(_fill(gap, text), text)


def _whole(lines: list[str], gap: Redaction) -> tuple[str, int]:
    """Take out every word of an update: its text, and the keys that hold words."""
    kept, gaps = [], 1
    for line in lines:
        key = _KEY_LINE.fullmatch(line)
        if not key:
            break
        holds_words = key[1] in TEXTS
        kept.append(f"{key[1]}:{key[2]}{gap}{key[3]}" if holds_words else line)
        gaps += holds_words
    newline = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    return "".join([*kept, newline, str(gap), newline, newline]), gaps


def _in_front(
    lines: list[str], incident: Incident, pattern: re.Pattern[str], gap: Redaction
) -> tuple[str, int]:
    """Write each value anew that holds the words, in quotes: a gap is not plain YAML."""
    out, gaps = list(lines), 0
    starts = sorted(incident.lines.values())
    fence = next(at for at in range(len(lines) - 1, -1, -1) if lines[at].strip() == "---")
    for key, line in sorted(incident.lines.items(), key=lambda item: -item[1]):
        value = getattr(incident.first, key, None) if key in TEXTS else None
        if value is None:
            continue
        filled, found = pattern.subn(_fill(gap, value), value)
        if found:
            end = min((start - 1 for start in starts if start > line), default=fence)
            out[line - 1 : end] = [f"{key}: {json.dumps(filled, ensure_ascii=False)}\n"]
            gaps += found
    return "".join(out), gaps


def _parsed(text: str, before: Incident, zone: tzinfo) -> Incident:
    """Parse the outcome. Raises Refused when it is not the same story with gaps in it."""
    parsed = parse(text.encode(), before.path, zone)
    errors = [str(p) for p in parsed.problems if p.level is Level.ERROR]
    if parsed.incident is None:
        raise Refused("the file would not be readable any more:\n" + "\n".join(errors))
    if _spine(parsed.incident) != _spine(before):
        raise Refused("times, signatures or statuses would change; take out words only")
    return parsed.incident


def _spine(incident: Incident) -> object:
    """Return what a redaction must leave as it is."""
    return (
        incident.id,
        incident.slug,
        [(u.id, u.author, u.status, u.corrects, u.says.next, u.says.expected, u.says.components)
         for u in incident.updates],
    )  # fmt: skip


def _seen(incident: Incident, update: Update | None) -> str:
    """Return the words readers get of an update, or of the front matter."""
    facts = update.says if update else incident.first
    said = [str(getattr(facts, key) or "") for key in sorted(TEXTS)]
    body = Markup().plain(update.body) if update else ""
    return "\n".join([*said, " ".join(body.split())])


def _left(text: str, words: str | None) -> Iterator[int]:
    """Yield the lines where words are still to be found, however they are written."""
    if words is None:
        return
    loose = re.compile(matcher(words).pattern, re.IGNORECASE)
    for match in loose.finditer(text):
        yield len(_LINE.findall(text[: match.start()] + "x"))


def lines_with(text: str, words: str) -> tuple[int, ...]:
    """Return the lines of a text that hold words, upper and lower case alike."""
    return tuple(dict.fromkeys(_left(text, words)))
