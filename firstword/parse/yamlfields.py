"""Front matter as YAML reads it, from its event stream; for what is not written plainly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from firstword.model import Level
from firstword.parse.explain import explain, with_quotes
from firstword.parse.findings import Finding, shown
from firstword.parse.frontmatter import Field
from firstword.parse.keys import LISTS, TEXTS
from firstword.parse.text import CONTROL

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: YAML needs time in the square of the depth, and nothing here is deeper than a list.
_DEEPEST = 8
#: Where a new key begins, also one that lacks its space.
_KEY = re.compile(r"[^\s#\-\[\]{}\"',][^:]{0,60}:")


def read_yaml(lines: Sequence[str], first_line: int) -> list[Field | Finding]:
    """Read flat YAML; what cannot be read as a whole is read key by key."""
    try:
        return list(_Pairs(lines, first_line).read())
    except yaml.YAMLError as error:
        found = list(_apart(lines, first_line))
        if not any(isinstance(item, Finding) for item in found):
            found.append(explain(lines, first_line, _reason(error)))
        return found


def _apart(lines: Sequence[str], first_line: int) -> Iterator[Field | Finding]:
    """Read each key with the lines that belong to it by itself."""
    starts = [at for at, line in enumerate(lines) if at == 0 or _KEY.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        chunk = lines[start:end]
        try:
            yield from list(_Pairs(chunk, first_line + start).read())
        except yaml.YAMLError as error:
            yield explain(chunk, first_line + start, _reason(error))


def _reason(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)


class _Pairs:
    """Turns the events of one flat mapping into fields; everything else is a finding."""

    def __init__(self, lines: Sequence[str], first_line: int) -> None:
        self.lines = lines
        self.first_line = first_line
        self.events = yaml.parse("\n".join(lines), Loader=_Loader)
        self.findings: list[Finding] = []

    def read(self) -> Iterator[Field | Finding]:
        """Yield the fields and findings. Raises yaml.YAMLError."""
        for event in self.events:
            match event:
                case yaml.MappingStartEvent():
                    self._more_than_text(event)
                    yield from self._pairs()
                case yaml.SequenceStartEvent():
                    self._note(event, "front matter is no list; write the keys without '- '")
                    break
                case yaml.NodeEvent():
                    raise yaml.YAMLError("no 'key: value' line")
                case yaml.DocumentEndEvent():
                    self._nothing_more()
        yield from self.findings

    def _pairs(self) -> Iterator[Field]:
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = self._line(event)
            key = self._text(event)
            if key is None and not isinstance(event, yaml.AliasEvent):
                self._note(event, "a key is one word before a ':'")
            value = next(self.events)
            if isinstance(value, yaml.SequenceStartEvent):
                self._more_than_text(value)
                texts = self._list(key or "")
                if key is not None and texts is not None:
                    yield Field(key, ", ".join(filter(None, texts)), line, is_list=True)
                continue
            text = self._text(value, key or "")
            if key is not None and text is not None:
                yield Field(key, text, line)
            elif key is not None:
                self._structure(value, key)

    def _list(self, key: str) -> list[str] | None:
        """Read the texts of a list; None and a finding where there is more than texts in it."""
        texts: list[str] = []
        whole = True
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            text = self._text(event, key)
            if text is not None:
                texts.append(text)
            elif whole:
                whole = False
                self._structure(event, key)
        return texts if whole else None

    def _text(self, event: yaml.Event, key: str = "") -> str | None:
        """Return a scalar as typed; None after skipping anything that is none."""
        self._more_than_text(event)
        if isinstance(event, yaml.ScalarEvent):
            text = str(event.value).strip()
            if found := CONTROL.search(text):
                self._note(event, f"{found[0]!r} cannot be published; take it out")
            self._swallowed(event, key)
            return text
        depth = 1 if isinstance(event, yaml.CollectionStartEvent) else 0
        while depth:
            inner = next(self.events)
            depth += isinstance(inner, yaml.CollectionStartEvent)
            depth -= isinstance(inner, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise yaml.YAMLError("too deep")
        return None

    def _more_than_text(self, event: yaml.Event) -> None:
        """Report what YAML does not take for text: `*x`, `&x`, `!x`."""
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            mark = event.start_mark
            typed = self.lines[mark.line][mark.column :] if mark else ""
            self._note(
                event, f"{shown(typed)} cannot be read; put quotes around it{self._proposal(event)}"
            )

    def _swallowed(self, event: yaml.ScalarEvent, key: str) -> None:
        """Report where YAML takes the end of a value for a comment: `Fault on line #3`."""
        mark = event.end_mark
        if not key or event.style or mark is None or mark.line >= len(self.lines):
            return
        rest = self.lines[mark.line][mark.column :]
        if re.match(r"\s+#\S", rest):
            self._note(
                event,
                f"{shown(rest.strip())} is lost as a comment; "
                f"put quotes around the value{self._proposal(event)}",
            )
        elif key in TEXTS and re.match(r"\s+#", rest):
            self._note(
                event,
                f"{shown(rest.strip())} is left out as a comment; "
                f"if it is meant, put quotes around the value{self._proposal(event)}",
                Level.WARNING,
            )

    def _proposal(self, event: yaml.Event) -> str:
        better = with_quotes(self.lines[event.start_mark.line]) if event.start_mark else ""
        return f": {better}" if better else ""

    def _nothing_more(self) -> None:
        event = next(self.events)
        if isinstance(event, yaml.DocumentStartEvent):
            self._note(event, "a second document starts here; front matter is one")

    def _structure(self, event: yaml.Event, key: str) -> None:
        """Report what is neither text nor a list of texts; an alias has been reported already."""
        if isinstance(event, yaml.AliasEvent):
            return
        better = (
            f"write it on one line: '{key}: one, two'"
            if key in LISTS
            else "text is expected; put quotes around it"
        )
        self._note(event, f"{shown(key)} holds a structure; {better}")

    def _line(self, event: yaml.Event) -> int:
        return self.first_line + (event.start_mark.line if event.start_mark else 0)

    def _note(self, event: yaml.Event, message: str, level: Level = Level.ERROR) -> None:
        self.findings.append(Finding(self._line(event), "front-matter", message, level))
