"""Bytes of a file → clean lines, or the reason why they are not text."""

from __future__ import annotations

import re
from codecs import BOM_UTF8

from firstword.model import Level
from firstword.parse.findings import Finding, Rule, shown
from firstword.patterns import later

#: An incident told in a megabyte is no incident; a log file committed by mistake is.
MOST_BYTES = 1_000_000

_OURS = "<<<<<<< "
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: Characters XML 1.0 cannot carry: one of them would break every feed. Tab and newline stay.
CONTROL = later("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
#: Line ends to YAML and to some editors, nothing to the others: pasted from chats and documents.
_OTHER_LINE_ENDS = later("[\x85\u2028\u2029]")


def read_text(data: bytes) -> tuple[list[str], list[Finding]]:
    """Decode a file into lines without line ends; no lines when it cannot be read at all."""
    if len(data) > MOST_BYTES:
        return _refuse(1, "size", f"{len(data)} bytes; an incident file has at most {MOST_BYTES}")
    if data.startswith(_UTF16) or b"\0" in data[:2]:
        return _refuse(1, "encoding", "saved as UTF-16; save it as UTF-8")
    if (at := data.find(b"\0")) >= 0:
        return _refuse(_line(data, at), "encoding", f"NUL byte at offset {at}; is this text?")
    try:
        text = data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        # After a byte order mark the decoder counts from behind it.
        at = error.start + len(data) - len(error.object)
        bad = data[at : at + 1]
        return _refuse(
            _line(data, at),
            "encoding",
            f"byte {bad!r} at offset {at} is not UTF-8; save the file as UTF-8",
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if _OURS in text and (conflict := _conflict(lines)):
        return [], [conflict]
    return (lines, []) if "".join(lines).isprintable() else _publishable(lines)


def _publishable(lines: list[str]) -> tuple[list[str], list[Finding]]:
    """Take out what would break a feed, or a line in some programs only."""
    findings: list[Finding] = []
    for number, line in enumerate(lines, 1):
        if CONTROL.search(line):
            findings.append(_odd(number, CONTROL, line, "cannot be published; left out"))
        if _OTHER_LINE_ENDS.search(line):
            what = "ends a line in some programs only; a space takes its place"
            findings.append(_odd(number, _OTHER_LINE_ENDS, line, what))
    return [CONTROL.sub("", _OTHER_LINE_ENDS.sub(" ", line)) for line in lines], findings


def _odd(number: int, kind: re.Pattern[str], line: str, what: str) -> Finding:
    """Say what becomes of the control characters of a line."""
    names = ", ".join(map(repr, list(dict.fromkeys(kind.findall(line)))[:5]))
    return Finding(number, "control-character", f"{names} {what}", Level.WARNING)


def _conflict(lines: list[str]) -> Finding | None:
    """Find a merge that git could not finish: both sides would be published."""
    ours = next((n for n, line in enumerate(lines, 1) if line.startswith(_OURS)), None)
    if ours is None:
        return None
    if "=======" not in lines[ours:] or not any(x.startswith(">>>>>>> ") for x in lines[ours:]):
        return None
    return Finding(
        ours,
        "conflict",
        f"a merge conflict begins here: {shown(lines[ours - 1])}; keep one side, "
        "and remove the lines of '<', '=' and '>'",
    )


def _refuse(line: int, rule: Rule, message: str) -> tuple[list[str], list[Finding]]:
    return [], [Finding(line, rule, message)]


def _line(data: bytes, offset: int) -> int:
    """Count the line of a byte, whichever way lines end."""
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
