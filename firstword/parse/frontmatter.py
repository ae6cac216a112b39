"""Front matter: flat YAML, every scalar a string, with the line of each key.

Read from the event stream, never constructed: `10:00`, `No` and `2026-02-30` stay what was typed,
and no nesting, tag or alias can make the loader do anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from firstword.parse.findings import Finding

_MOST_CHARACTERS = 64_000
#: A key and its value as they mostly are. YAML reads the same in them, in a twentieth of the time.
_WORD = r"[a-z0-9][a-z0-9_-]*(?: [a-z_]+)?"
#: Named by what is not in it: that is a third of the work where it is compiled.
_TEXT = r"[A-Za-z0-9](?:[^\x00-\x1f#:\x7f-\xa0\u2028\u2029\ud800-\U0010ffff]|:(?=[!-~]))*"
_PLAIN = re.compile(
    rf"(?P<key>[A-Za-z_]+): +(?:\[(?P<list>{_WORD}(?:, ?{_WORD})*)\] *|(?P<text>{_TEXT}))"
)


class Field(Struct, frozen=True):
    """One key of the front matter; a list is text with commas, as updates have it."""

    key: str
    text: str
    line: int
    is_list: bool = False


def read_fields(lines: Sequence[str], first_line: int) -> tuple[list[Field], list[Finding]]:
    """Read flat YAML. Line numbers count from `first_line`.

    What cannot be read as a whole is read key by key, so that each broken one is told.
    """
    if sum(map(len, lines)) > _MOST_CHARACTERS:
        message = f"longer than {_MOST_CHARACTERS} characters"
        return [], [Finding(first_line, "front-matter", message)]
    plain = [pair for line in lines if (pair := _PLAIN.fullmatch(line))]
    if len(plain) == len(lines):
        return [_field(pair, line) for line, pair in enumerate(plain, first_line)], []
    # Here and not above: most files need no YAML, and it takes a while to load.
    from firstword.parse.yamlfields import read_yaml

    found = read_yaml(lines, first_line)
    return (
        [item for item in found if isinstance(item, Field)],
        [item for item in found if isinstance(item, Finding)],
    )


def _field(pair: re.Match[str], line: int) -> Field:
    if pair["text"]:
        return Field(pair["key"], pair["text"].strip(), line)
    words = ", ".join(word.strip() for word in pair["list"].split(","))
    return Field(pair["key"], words, line, is_list=True)
