"""Whatever the bytes: parsing answers with a clean list of problems, and takes linear time."""

from __future__ import annotations

import random
import sys
from types import FrameType
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from firstword.model import Incident, Level
from firstword.parse import RULES, Parsed, parse
from firstword.parse.frontmatter import read_fields

ZONE = ZoneInfo("Europe/Copenhagen")
PATH = "content/incidents/2026/2026-11-21-card-payments.md"

VALID = """\
---
title: Card payments fail in the EU
impact: major                      # none | minor | major | critical
started: 2026-11-21 09:12
components: [checkout, api]
affected: >
  Anyone paying with a card from an EU bank.
  About one payment in five fails.
aliases:
  - issues/2026-11-21-cards
---

## 2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00
components: checkout partial_outage, api degraded_performance

One card payment in five is refused.

```
## 2026 not a heading
```

## 2026-11-21 10:02 | Dawn Okafor | correction
corrects: 2026-11-21 09:20
impact: critical
expected: 2026-11-21

Two in five, in fact.

<!-- ask Ian
about the bank -->

## 2026-11-21 14:10 | Ian Reyes | resolved
components: checkout operational, api operational
ended: 2026-11-21 14:02+01:00
notify: no

All cards work.

- [ ] A second bank
  for the cards (Priya Nair, 2027-01-30)
- [x] An alarm (Ian Reyes, 2026-11-22)

## 2026-12-01 09:00 | Ian Reyes | update
done: 1

| done | open |
|------|------|
| 2    | 0    |
"""


def lines_of(data: bytes) -> int:
    """Count lines as an editor does, whichever way they end; at least one."""
    return max(
        1, len(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n"))
    )


def check_clean(parsed: Parsed, data: bytes, path: str = PATH) -> None:
    """Assert everything that holds for the answer to any bytes."""
    lines = lines_of(data)
    for problem in parsed.problems:
        assert problem.path == path
        assert 1 <= problem.line <= lines
        assert problem.rule in RULES
        assert problem.message.strip()
        assert len(problem.message.splitlines()) == 1
        assert len(problem.message) <= 400
    assert list(parsed.problems) == sorted(set(parsed.problems))
    failed = any(problem.level is Level.ERROR for problem in parsed.problems)
    assert (parsed.incident is None) == failed


def test_the_file_the_mutations_start_from_is_good() -> None:
    """A mutation of a broken file would find nothing new."""
    assert parse(VALID.encode(), PATH, ZONE).problems == ()


@given(st.binary(max_size=2_000))
def test_any_bytes(data: bytes) -> None:
    check_clean(parse(data, PATH, ZONE), data)


@given(st.text(max_size=2_000))
def test_any_text(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")

    check_clean(parse(data, PATH, ZONE), data)


@given(st.text(max_size=600), st.text(max_size=600))
def test_any_text_where_text_belongs(front: str, body: str) -> None:
    text = f"---\ntitle: x\n{front}\n---\n\n## 2026-11-21 09:20 | A B | investigating\n{body}\n"
    data = text.encode("utf-8", "surrogatepass")

    check_clean(parse(data, PATH, ZONE), data)


@given(st.text(min_size=1, max_size=300))
def test_any_path(name: str) -> None:
    data = VALID.encode()

    check_clean(parse(data, f"content/{name}.md", ZONE), data, f"content/{name}.md")


#: What values are made of, so that YAML has something to say about most of them.
SIGNS = st.sampled_from(
    [*"ab1_- :#'\"[]{},&*!|>%@`.~\u00a0\u2028\ufeff\ue000", ": ", " #", ", ", "ö", "😀"]
)
VALUES = st.lists(SIGNS, max_size=8).map("".join)
LINES = st.builds("{}{}{}".format, st.sampled_from(["title", "a", "<<", "y"]), SIGNS, VALUES) | (
    st.builds("{}: [{}]".format, st.sampled_from(["components", "b"]), VALUES)
)


@given(st.lists(LINES | VALUES, max_size=3), st.booleans())
@example(lines=["title: a #b", "b: [a, b c,d]"], plain=False)
@example(lines=["title: a: b"], plain=False)
@example(lines=["title: a:"], plain=False)
@example(lines=["title: a  ", "y: 10:00", "a: http://b/#c"], plain=False)
@example(lines=["b: [a b c]", "title: a, [b]"], plain=False)
def test_front_matter_is_what_yaml_says_it_is(lines: list[str], plain: bool) -> None:
    if plain:
        lines = [f"key{number}: a{line}" for number, line in enumerate(lines)]
    fields, findings = read_fields(lines, 1)
    if findings:
        return

    try:
        told = yaml.load("\n".join(lines), Loader=yaml.BaseLoader) or {}  # noqa: S506 - texts only
    except yaml.constructor.ConstructorError:
        return

    said = {
        key.strip(): ", ".join(filter(None, map(str.strip, value)))
        if isinstance(value, list)
        else value.strip()
        for key, value in told.items()
    }
    assert {field.key: field.text for field in fields} == said
    assert {field.key for field in fields if field.is_list} == {
        key.strip() for key, value in told.items() if isinstance(value, list)
    }


#: What is put somewhere into a valid file: all that has a meaning to some layer, and some that is
#: only odd.
PIECES = [
    *("\0", "\x07", "\x85", "\u2028", "\u00a0", "\u200b", "\ufeff", "\t", "\r", "\r\n", "\n\n"),
    *(":", ": ", "'", '"', " #", "#", "##", "## ", "---", "---\n", "...", "- ", "[", "]", "{", "}"),
    *("```", "~~~~", "```\n", "<!--", "-->", "|", " | ", ">", "&a", "*a", "!a", "%", "@", "`", ","),
    *("- [ ] ", "- [x] a (B, 2026-01-01)\n", "(", ")", "2026-02-30", "25:61", "+25:00", "é", "\\"),
    *(
        "next: 10:00\n",
        "kind: notice\n",
        "imported: cstate\n",
        "<<<<<<< a\n",
        ">>>>>>> b\n",
        "===\n",
    ),
    "x" * 5_000,
    " " * 5_000,
    "## 2026-11-21 09:20 | Dawn Okafor | update\n",
]
MUTATIONS = ("delete", "double", "swap", "insert", "cut", "indent", "join")


def mutate(lines: list[str], how: str, at: int, other: int, piece: str) -> None:
    """Change lines in one way; `at` and `other` may be any numbers."""
    at, other = at % len(lines), other % len(lines)
    if how == "delete" and len(lines) > 1:
        del lines[at]
    elif how == "double":
        lines.insert(other, lines[at])
    elif how == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    elif how == "cut":
        lines[at] = lines[at][: other % (len(lines[at]) + 1)]
    elif how == "indent":
        lines[at] = "    "[: other % 5] + lines[at]
    elif how == "join" and at + 1 < len(lines):
        lines[at] += lines.pop(at + 1)
    else:
        column = other % (len(lines[at]) + 1)
        lines[at] = lines[at][:column] + piece + lines[at][column:]


steps = st.tuples(
    st.sampled_from(MUTATIONS),
    st.integers(0, 200),
    st.integers(0, 200),
    st.sampled_from(PIECES),
)


@given(st.lists(steps, max_size=6))
def test_nearly_valid_files(changes: list[tuple[str, int, int, str]]) -> None:
    lines = VALID.split("\n")
    for how, at, other, piece in changes:
        mutate(lines, how, at, other, piece)
    data = "\n".join(lines).encode()

    parsed = parse(data, PATH, ZONE)

    check_clean(parsed, data)
    assert parse(data, PATH, ZONE) == parsed
    if parsed.incident and not parsed.problems:
        assert kept_lines(parsed.incident) == told_lines(data)


def kept_lines(incident: Incident) -> int:
    """Count the lines that the updates were made of: headings, keys and text."""
    return sum(
        1 + len(update.lines) + sum(bool(line.strip()) for line in update.body.split("\n"))
        for update in incident.updates
    )


def told_lines(data: bytes) -> int:
    """Count the lines from the first update on that hold anything."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    body = text.split("\n---", 1)[1].split("\n")[1:]
    first = next(at for at, line in enumerate(body) if line.lstrip().startswith("##"))
    return sum(bool(line.strip()) for line in body[first:])


def test_every_piece_at_every_line() -> None:
    """Try systematically what chance would need long for."""
    for piece in PIECES:
        for at in range(VALID.count("\n")):
            for column in (0, 1_000):
                lines = VALID.split("\n")
                where = min(column, len(lines[at]))
                lines[at] = lines[at][:where] + piece + lines[at][where:]
                data = "\n".join(lines).encode()
                check_clean(parse(data, PATH, ZONE), data)


def test_no_line_of_a_story_gets_lost_in_silence() -> None:
    """Without any one of its lines a file says something else, or says what is wrong."""
    whole = parse(VALID.encode(), PATH, ZONE)
    lines = VALID.split("\n")
    for at, line in enumerate(lines):
        if line.strip():
            less = parse("\n".join([*lines[:at], *lines[at + 1 :]]).encode(), PATH, ZONE)
            assert less != whole, line


HEAD = "---\ntitle: x\nimpact: major\nstarted: 2026-11-21 09:12\n---\n\n"
BODY = HEAD + "## 2026-11-21 09:20 | Dawn Okafor | resolved\n\nDone.\n\n"
#: Where a megabyte of something may stand, and what is written before it.
PLACES = {
    "from the start": "",
    "in front matter": "---\ntitle: x\naffected: ",
    "as a heading": HEAD + "## ",
    "under a heading": HEAD + "## 2026-11-21 09:20 | Dawn Okafor | resolved\n",
    "as a key": HEAD + "## 2026-11-21 09:20 | Dawn Okafor | resolved\ncomponents: ",
    "in the text": BODY,
    "as a follow-up": BODY + "- [ ] ",
}
REPEATED = {
    "brackets": "[",
    "brackets, a line each": "[\n",
    "headings": "## ",
    "headings, a line each": "## \n",
    "updates": "## 2026-11-21 09:20 | A | update\n",
    "nearly updates": "2026-11-21 09:20 | a |",
    "boxes": "- [ ] ",
    "boxes, a line each": "- [ ] \n",
    "promises": "- [ ] a (b, ",
    "fences": "```",
    "fences, a line each": "```\n",
    "comments": "<!--",
    "comments, a line each": "<!--\n",
    "comments that end": "<!---->",
    "spaces": " ",
    "tabs": "\t",
    "parentheses": "(",
    "underscores": "_",
    "stars": "*",
    "bars": "|",
    "colons": "a: ",
    "keys": "nxt: 1\n",
    "commas": "a,",
    "quotes": "'",
    "rules": "x\n---\n",
    "control characters": "\x01",
}


def filled(before: str, unit: str, size: int) -> bytes:
    """Return a file of at most `size` bytes: the beginning, then one thing again and again."""
    return (before + unit * ((size - len(before)) // len(unit))).encode()


@pytest.mark.parametrize("place", PLACES)
def test_a_megabyte_of_one_thing_is_answered(place: str) -> None:
    """Anything that took time in the square of the size would be at this for hours."""
    for what in ("brackets", "headings", "boxes", "fences", "comments", "spaces"):
        data = filled(PLACES[place], REPEATED[what], 1_000_000)

        check_clean(parse(data, PATH, ZONE), data)


@pytest.mark.parametrize("what", REPEATED)
def test_work_grows_with_the_size_only(what: str) -> None:
    """Eight times the text: about eight times the work, where the square would be sixty-four."""
    for before in PLACES.values():
        small, large = (filled(before, REPEATED[what], size) for size in (6_000, 48_000))

        assert calls(large) < calls(small) * 12 + 5_000


def calls(data: bytes) -> int:
    """Count the functions called to parse a file, those written in C included."""
    count = 0

    def note(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        parse(data, PATH, ZONE)
    finally:
        sys.setprofile(before)
    return count


def test_the_order_of_updates_in_the_file_is_free() -> None:
    """Any order of the same updates tells the same story."""
    head, *updates = VALID.removesuffix("\n").split("\n## 2026-1")
    dice = random.Random(7)  # noqa: S311 - an order, not a secret
    story = parse(VALID.encode(), PATH, ZONE).incident
    assert story is not None
    for _ in range(10):
        dice.shuffle(updates)
        text = "\n## 2026-1".join([head, *(update + "\n" for update in updates)])
        again = parse(text.encode(), PATH, ZONE).incident
        assert again is not None
        assert [u.id for u in again.updates] == [u.id for u in story.updates]
        assert again.facts == story.facts
        assert [f.text for f in again.follow_ups] == [f.text for f in story.follow_ups]
