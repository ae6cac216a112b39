"""Values → the text of an incident file; the way back of `parse`. Pure.

`compose` writes what it is given; `mend` makes foreign Markdown fit to stand under an update.
What neither can make fit, `parse` refuses: whoever writes a file asks it first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from firstword.model import ComponentChange, Due, Facts, Incident, Kind, Level, Update
from firstword.parse.body import read_updates
from firstword.parse.veil import Veil

_PLAIN = re.compile(r"[A-Za-z0-9(](?:[A-Za-z0-9 .,;/()_+'’!?&%=-]*[A-Za-z0-9.,;/()_+'’!?&%=-])?")
#: What YAML cannot carry as it is, or would take for the end of a line, beyond what JSON escapes.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_UNITS = (
    ("week", timedelta(weeks=1)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
#: The front matter's keys in the order people read them.
_FRONT = (
    *("title", "kind", "about", "impact", "started", "scheduled_for", "scheduled_until", "until"),
    *("repeats", "remind", "components", "affected", "unaffected", "workaround"),
    *("id", "aliases", "draft", "drill", "imported"),
)
_WORDS = {"title", "impact", "affected", "unaffected", "workaround", "because"}
_TIMES = ("scheduled_for", "scheduled_until", "ended", "started")
_DUES = ("until", "next", "expected")


def compose(incident: Incident, zone: tzinfo | None = None) -> str:
    """Write an incident as the text of its file.

    Times are wall times of `zone`, the site's; without one they are UTC and say so, which reads
    the same on any site (a promised day then becomes the instant it ends at). Line numbers, the
    path, the language and translations are not part of a file's text.

    Raises ValueError for a value that the format cannot say.
    """
    front = [f"{key}: {text}" for key, text in _front(incident, zone)]
    blocks = ["\n".join(["---", *front, "---"])]
    blocks += [compose_update(update, zone).rstrip("\n") for update in incident.updates]
    return "\n\n".join(blocks) + "\n"


def compose_update(update: Update, zone: tzinfo | None = None) -> str:
    """Write one update as it stands in a file: heading, keys, text. Raises ValueError."""
    author = _one_line("author", update.author)
    if "|" in author:
        raise ValueError(f"an author's name has no '|': {author!r}")
    head = [f"## {_time(update.at, zone)} | {author} | {update.status}"]
    keys = [f"{key}: {text}" for key, text in _keys(update, zone)]
    return "\n".join([*head, *keys, "", update.body]).rstrip("\n") + "\n"


def _front(incident: Incident, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    """Yield the keys of the front matter in the order people read them."""
    said = dict(_facts(incident.first, zone))
    if "components" in said:
        said["components"] = f"[{said['components']}]"
    for key in _WORDS & said.keys():
        said[key] = _scalar(said[key])
    said |= {
        "kind": str(incident.kind) if incident.kind is not Kind.INCIDENT else "",
        "about": incident.about or "",
        "started": _time(incident.started, zone) if incident.started else "",
        "repeats": _scalar(incident.repeats) if incident.repeats else "",
        "remind": _span(incident.remind) if incident.remind is not None else "",
        "id": incident.id if incident.id != incident.slug else "",
        "aliases": ", ".join(_scalar(alias) for alias in incident.aliases),
        "draft": "true" if incident.draft else "",
        "drill": "true" if incident.drill else "",
        "imported": _scalar(incident.imported) if incident.imported else "",
    }
    if said["aliases"]:
        said["aliases"] = f"[{said['aliases']}]"
    yield from ((key, said[key]) for key in _FRONT if said.get(key))


def _keys(update: Update, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    for key, text in _facts(update.says, zone):
        yield key, _one_line(key, text)
    if update.corrects:
        yield "corrects", _time(update.corrects, zone)
    if update.done:
        yield "done", ", ".join(str(number) for number in update.done)
    if not update.notify:
        yield "notify", "no"


def _facts(facts: Facts, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    """Spell every fact that is said."""
    for key in facts.names():
        value = getattr(facts, key)
        if key in _WORDS:
            yield key, str(value)
        elif key in _TIMES:
            yield key, _time(value, zone)
        elif key in _DUES:
            yield key, _due(value, zone)
        elif value:
            yield key, ", ".join(_component(change) for change in value)


def _component(change: ComponentChange) -> str:
    return f"{change.id} {change.status}" if change.status else change.id


def _time(at: datetime, zone: tzinfo | None) -> str:
    """Spell an instant; the offset stands where the wall time alone would mean two."""
    wall = at.astimezone(zone or UTC)
    text = wall.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
    if zone is None:
        return f"{text}Z"
    twin = wall.replace(fold=1 - wall.fold)
    return text if twin.utcoffset() == wall.utcoffset() else f"{text}{wall.isoformat()[-6:]}"


def _due(due: Due, zone: tzinfo | None) -> str:
    if due.whole_day and zone is not None:
        return f"{(due.at - timedelta(microseconds=1)).astimezone(zone):%Y-%m-%d}"
    return _time(due.at, zone)


def _span(span: timedelta) -> str:
    for unit, length in _UNITS:
        count, rest = divmod(span, length)
        if not rest and 0 < count <= 9999:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    raise ValueError(f"a length of time has whole minutes: {span!r}")


def _one_line(key: str, text: str) -> str:
    if not text.strip() or text != text.strip() or "\n" in text or "\r" in text:
        raise ValueError(f"{key!r} is one line of text: {text!r}")
    return text


def _scalar(text: str) -> str:
    """Spell text as a YAML scalar that reads back as the same text."""
    if _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


# ── foreign Markdown ─────────────────────────────────────────────────────────────────────────────

_ANY_UPDATE = "## 2000-01-01 00:00Z | imported | update"
_CONFLICT = "<<<<<<< "
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,2}(?!#)(.*)")
_LIST_OR_QUOTE = re.compile(r" {0,3}(?:>|[-*+][ \t]|\d+[.)][ \t])")
#: What a paragraph does not reach back over.
_NO_TEXT = re.compile(r"\s*$| {0,3}(?:[#|<]|```|~~~|([-_*=])[ \t]*(?:\1[ \t]*)*$)|.*-->\s*$")
_PASSES = 4
_LEVELS = "only updates stand at level 1 and 2"


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing changed in a text so that it can stand under an update, and why."""

    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines `first` to `end` (not included) give way to `after`."""

    first: int
    end: int
    after: tuple[str, ...]
    mend: Mend


def mend(body: str) -> tuple[str, tuple[Mend, ...]]:
    """Change foreign Markdown as little as needed for `parse` to take it as an unsigned update.

    Headings of level 1 and 2 become level 3, what was never closed is closed, what looks like an
    update of its own does so no longer. Control characters are not looked for.
    """
    lines = body.rstrip().split("\n")
    mends: list[Mend] = []
    for _ in range(_PASSES):
        mends += _mend_lines(lines)
        _, findings = read_updates([_ANY_UPDATE, "", *lines], -1)
        # What is only worth a warning parses as it stands.
        wrong = [finding for finding in findings if finding.level is Level.ERROR]
        if not wrong:
            break
        edits = [_edit(lines, finding.line - 1, finding.rule) for finding in wrong]
        edits.sort(key=lambda edit: edit.first)
        mends += [edit.mend for edit in edits]
        lines = _edited(lines, edits)
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    return "\n".join(lines[start:]).rstrip(), tuple(mends)


def _mend_lines(lines: list[str]) -> Iterator[Mend]:
    """Change the single lines that the format gives a meaning of its own."""
    veil = Veil()
    for at, line in enumerate(lines):
        in_comment = bool(veil.comment_line)
        hidden = veil.hides(line, at + 1)
        if line.startswith(_CONFLICT):
            after, why = f" {line}", "text, not a merge that git could not finish"
        elif in_comment:
            inside, end, rest = line.partition("-->")
            after, why = inside.replace("<!--", "<! --") + end + rest, "a comment in a comment"
        elif hidden == "fence":
            code = [_ANY_UPDATE, "", "~~~~", line, "~~~~"]
            after = line.replace("|", "¦", 1) if "|" in line and _is_more(code) else line
            why = "text, not an update"
        else:
            after, why = _without_heading(line)
        if after != line:
            lines[at] = after
            yield Mend(line.strip(), after.strip(), why)


def _is_more(lines: Sequence[str]) -> bool:
    """Tell whether these lines are more than an update and its text."""
    updates, findings = read_updates(lines, 1)
    return len(updates) > 1 or bool(findings)


def _without_heading(line: str) -> tuple[str, str]:
    """Return a line as one that is no heading of level 1 or 2 and no update, and why."""
    why = ""
    heading = _HEADING.fullmatch(line)
    if heading and _is_more([_ANY_UPDATE, "", line]):
        if heading[1][:1] in ("", " ", "\t"):
            line, why = f"###{heading[1]}", _LEVELS
        else:
            line, why = line.replace("#", "\\#", 1), "text, not a heading"
    if "|" in line and _is_more([_ANY_UPDATE, "", line]):
        line, why = line.replace("|", "&#124;", 1), "text, not an update"
    return line, why


def _edited(lines: Sequence[str], edits: Sequence[_Edit]) -> list[str]:
    """Apply edits, which are in order and do not overlap."""
    result: list[str] = []
    done = 0
    for edit in edits:
        result += [*lines[done : edit.first], *edit.after]
        done = edit.end
    return result + list(lines[done:])


def _edit(lines: Sequence[str], at: int, rule: str) -> _Edit:
    """Decide how a finding that takes more than its own line goes away."""
    if rule == "heading":
        return _underline(lines, at)
    fence = _FENCE.match(lines[at])
    end = fence[1] if fence and rule == "fence" else "-->"
    last = len(lines)
    return _Edit(last, last, (end,), Mend("", end, f"a {rule} was never closed"))


def _underline(lines: Sequence[str], at: int) -> _Edit:
    """Turn the paragraph above an underline into a heading, where Markdown would do so too."""
    rule = lines[at].strip()
    first = at
    while first > 0 and not _NO_TEXT.match(lines[first - 1]):
        first -= 1
    if first == at or any(_LIST_OR_QUOTE.match(line) for line in lines[first:at]):
        why = "a line across the text, not a heading"
        return _Edit(at, at, ("",), Mend(rule, f"\n{rule}", why))
    words = [line.strip() for line in lines[first:at]]
    after = "### " + " ".join(words)
    return _Edit(first, at + 1, (after,), Mend("\n".join([*words, rule]), after, _LEVELS))
