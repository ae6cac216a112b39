"""Raw updates → Updates, ordered by time, each with its typed keys and its follow-ups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from firstword.model import LIFECYCLE, Kind, Status, Update
from firstword.parse.body import RawUpdate
from firstword.parse.findings import shown
from firstword.parse.followups import read_follow_ups
from firstword.parse.keys import TEXTS, UPDATE_KEYS, nearest, update_key_hint
from firstword.parse.values import Said, Values
from firstword.patterns import later
from firstword.values import replace

_KEEPING = (Status.UPDATE, Status.ANSWER, Status.CORRECTION)
_KEY_LINE = later(r"([A-Za-z_]+):[ \t]+\S.*")
#: `Next: 10:30`, which a person writes below the text and means as a promise.
_PROMISED_TIME = later(r"(?:next|expected): .*\d[:.h]\d\d.{0,9}", re.IGNORECASE)
_QUOTED = later(r"\"[^\"]*\"|'[^']*'")
_SAYING = re.compile(r"[^\W_]")
_YEAR = re.compile(r"\d{4}-")
_STATUSES = frozenset(map(str, Status))
_ALLOWED: dict[Kind | None, tuple[Status, ...]] = {
    None: tuple(Status),
    **{kind: (*statuses, *_KEEPING) for kind, statuses in LIFECYCLE.items()},
}


def build_updates(
    raw: Sequence[RawUpdate], kind: Kind | None, values: Values, *, imported: bool
) -> tuple[Update, ...]:
    """Understand raw updates and put them in the order of time. Unreadable ones are left out;
    each has left a problem that holds the whole file back. No kind: every status is one of it."""
    found = [
        update
        for one in raw
        if (update := _update(one, kind, values, imported=imported)) is not None
    ]
    found.sort(key=lambda update: update.at)
    for before, after in pairwise(found):
        if before.at == after.at:
            values.error(
                max(before.line, after.line),
                "same-instant",
                f"two updates at {after.at:%Y-%m-%d %H:%M:%S} UTC (also line "
                f"{min(before.line, after.line)}); add seconds to one of them",
            )
    return _numbered(found)


def _update(raw: RawUpdate, kind: Kind | None, values: Values, *, imported: bool) -> Update | None:
    if raw.who.casefold() in _STATUSES or _YEAR.match(raw.who):
        heading = shown(f"{raw.when} | {raw.who} | {raw.status}")
        values.error(
            raw.line, "heading", f"expected 'when | who | status' in this order, got {heading}"
        )
        return None
    at = values.time((raw.when, raw.line))
    status = _status(raw, kind, values)
    said = _keys(raw, kind, values)
    unsigned = imported and raw.who == "imported"
    if not unsigned:
        _check_body(raw, values)
    if at is None or status is None:
        # Times relative to this update cannot be understood; the heading is the thing to mend.
        return None
    says = values.facts(said, at)
    corrects = values.time(said.get("corrects"))
    return Update(
        at=at,
        author=raw.who,
        status=status,
        body=raw.body,
        says=says,
        corrects=corrects,
        done=_numbers(said.get("done"), values),
        follow_ups=() if unsigned else tuple(read_follow_ups(raw, status, values)),
        notify=values.flag(said.get("notify"), "notify", default=True),
        line=raw.line,
        body_line=raw.body_line,
        lines={key: line for key, (_, line) in said.items()},
    )


def _status(raw: RawUpdate, kind: Kind | None, values: Values) -> Status | None:
    allowed = _ALLOWED[kind]
    if raw.status in allowed:
        return Status(raw.status)
    words = [str(status) for status in allowed]
    if raw.status in _STATUSES:
        message = f"{raw.status!r} is no status of {with_article(kind)}; one of: {', '.join(words)}"
    else:
        message = f"unknown status: {shown(raw.status)}{nearest(raw.status, words)}"
    values.error(raw.line, "status", message)
    return None


def with_article(kind: Kind | None) -> str:
    """Name a kind with its article."""
    return f"an {kind}" if kind is Kind.INCIDENT else f"a {kind}"


def _keys(raw: RawUpdate, kind: Kind | None, values: Values) -> dict[str, Said]:
    said: dict[str, Said] = {}
    lines: dict[str, int] = {}
    for key, text, line in raw.keys:
        if key not in UPDATE_KEYS:
            raw.muddled = True
            values.error(line, "unknown-key", f"unknown key: {shown(key)}{update_key_hint(key)}")
            continue
        if key in lines:
            values.error(line, "duplicate-key", f"{key!r} is already on line {lines[key]}")
            continue
        lines[key] = line
        if kind and kind not in UPDATE_KEYS[key]:
            values.error(line, "wrong-key", f"{key!r} has no meaning in {with_article(kind)}")
        elif not text:
            values.error(line, "empty-key", f"{key!r} has no value")
        else:
            said[key] = (text, line)
            if key in TEXTS and _QUOTED.fullmatch(text):
                values.warn(
                    line,
                    "update-key",
                    f"the quotes would be published: {shown(text)}; here a value needs none",
                )
    return said


def _check_body(raw: RawUpdate, values: Values) -> None:
    """Report an update that says nothing, and keys that were lost in the text."""
    said = any(
        _SAYING.search(line)
        for line, hidden in zip(raw.lines, raw.hidden, strict=True)
        if hidden != "comment"
    )
    if not said and not raw.muddled:
        values.error(raw.line, "empty-update", "nothing is said in this update")
    text = raw.text
    if ": " not in text and ":\t" not in text:
        return  # no key, and no time that is promised after one
    for index, (number, lines) in enumerate(_paragraphs(raw)):
        keys = [_is_key(line) for line in lines]
        if all(keys) or (keys[0] and index == 0):
            values.error(
                number,
                "update-key",
                f"{shown(lines[0])} looks like a key; "
                "keys follow the heading without a blank line between",
            )
        elif len(lines) == 1 and _PROMISED_TIME.fullmatch(lines[0]):
            values.warn(
                number,
                "update-key",
                f"{shown(lines[0])} is text and promises nothing; "
                "a key stands right under the heading",
            )


def _is_key(line: str) -> bool:
    found = _KEY_LINE.fullmatch(line)
    return found is not None and found[1] in UPDATE_KEYS


def _paragraphs(raw: RawUpdate) -> Iterator[tuple[int, list[str]]]:
    """Yield each run of visible lines with the number of its first."""
    run: list[str] = []
    for number, (line, hidden) in enumerate(
        zip(raw.lines, raw.hidden, strict=True), raw.first_body_line
    ):
        if line.strip() and not hidden:
            run.append(line.rstrip())
        elif run:
            yield number - len(run), run
            run = []
    if run:
        yield raw.first_body_line + len(raw.lines) - len(run), run


def _numbers(said: Said | None, values: Values) -> tuple[int, ...]:
    if not said:
        return ()
    text, line = said
    numbers = []
    for part in text.split(","):
        if re.fullmatch(r"\s*[1-9]\d{0,3}\s*", part, re.ASCII):
            numbers.append(int(part))
        else:
            values.error(
                line,
                "value",
                f"'done' holds numbers of follow-ups, as in '1, 3', not {shown(part.strip())}",
            )
    return tuple(dict.fromkeys(numbers))


def _numbered(updates: Sequence[Update]) -> tuple[Update, ...]:
    """Count the follow-ups over the whole file, in the order of time."""
    number = 0
    counted = []
    for update in updates:
        if not update.follow_ups:
            counted.append(update)
            continue
        follow_ups = []
        for follow_up in update.follow_ups:
            number += 1
            follow_ups.append(replace(follow_up, number=number))
        counted.append(replace(update, follow_ups=tuple(follow_ups)))
    return tuple(counted)
