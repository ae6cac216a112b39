"""COMPONENTS in pelicanconf.py: read without running the file, and added to byte by byte.

Also decides which component a foreign name means. Nothing here writes a file.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Sequence

from firstword.importers.report import Repair
from firstword.importers.spelling import printable
from firstword.model import Component

_LONGEST = 100
_KEYS = ("id", "name", "group", "description")
_BOM = b"\xef\xbb\xbf"
_DEFAULTS = "firstword.pelican_defaults"
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_COMMENT = re.compile(rb"#[^\r\n]*")


class NotLiteral(ValueError):
    """COMPONENTS is not one list written out, so that nothing can be added; the text says why."""


def slugify(text: str) -> str:
    """Spell text with lower-case letters, digits and '-' only; may come out empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].rstrip("-")


class Numbered(set[str]):
    """Names that are taken: who wants one of them gets it with -2, -3 and so on."""

    def __init__(self, *names: str) -> None:
        super().__init__(names)
        #: Name → the number that it was given with last: looked for from there on.
        self._last: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Return the first such name that is not taken, and take it."""
        number, found = self._last.get(wanted, 1), wanted
        while found in self:
            number += 1
            tail = f"-{number}"
            found = wanted[: _LONGEST - len(tail)].rstrip("-") + tail
        self._last[wanted] = number
        self.add(found)
        return found


# ── which component a name means ─────────────────────────────────────────────────────────────────


class Names:
    """Finds components by foreign names: the site's own, those listed, and those only named."""

    def __init__(self, existing: Sequence[Component]) -> None:
        self._own = {component.id: component for component in existing}
        self._ids = Numbered(*self._own)
        #: Components the site does not have yet, in the order they were found.
        self.new: list[Component] = []
        #: How many are named and listed nowhere.
        self.unlisted = 0
        #: What was found out, a line each.
        self.lines: list[str] = []
        self._meant: dict[str, Component] = {}
        self._by_id: dict[str, Component] = {}
        self._by_name: dict[str, Component] = {}
        #: Folded → the ids that foreign names mean, and those that components are called by.
        self._alike_meant: dict[str, set[str]] = {}
        self._alike: dict[str, set[str]] = {}
        for component in existing:
            self._index(component)

    def add(self, name: str, *, shown: str, group: str, description: str) -> None:
        """Take in a component that the source lists; `name` is what its files call it."""
        if name in self._meant:
            return
        found, alike = self._by_name.get(shown), self._alike.get(_fold(shown), set())
        if found is None and len(alike) == 1 and alike <= self._own.keys():
            found = self._by_id[next(iter(alike))]
        if found:
            called = "" if found.name == shown else f" as {found.name!r}"
            self._say(shown, f"{found.id}, in COMPONENTS already{called}")
        else:
            found = self._new(name, shown=shown, group=group, description=description)
            self._say(shown, f"{found.id}, added{self._beside(name, found)}")
        self._mean(name, found)

    def find(self, name: str) -> tuple[str, Repair | None]:
        """Return the id of the component that a file names, and what had to be repaired for it.

        A name that nobody lists becomes a retired component.
        """
        if name in self._meant:
            return self._meant[name].id, None
        folded = _fold(name)
        alike = self._alike_meant.get(folded) or self._alike.get(folded) or set()
        exact = self._by_name.get(name)
        if exact is None and len(alike) == 1:
            [found] = alike
            called = self._by_id[found].name
            return found, Repair("affected", name, called, "differs by case or spaces only")
        if exact is None:
            exact = self._new(name, shown=" ".join(name.split()), retired=True)
            self.unlisted += 1
            why = "the source does not list it"
            self._say(name, f"{exact.id}, added as retired: {why}{self._beside(name, exact)}")
        else:
            self._say(name, f"{exact.id}, in COMPONENTS already; the source does not list it")
        self._mean(name, exact)
        return exact.id, None

    def _beside(self, name: str, component: Component) -> str:
        """Say which component of the site has the id that a foreign name would have had."""
        other = self._own.get(slugify(name))
        if other is None or other is component:
            return ""
        return f"; {other.id!r} is another here, {other.name!r}"

    def _say(self, name: str, what: str) -> None:
        self.lines.append(f"{name!r} -> {printable(what)}")

    def _mean(self, name: str, component: Component) -> None:
        self._meant[name] = component
        self._alike_meant.setdefault(_fold(name), set()).add(component.id)

    def _index(self, component: Component) -> None:
        self._by_id.setdefault(component.id, component)
        self._by_name.setdefault(component.name, component)
        self._alike.setdefault(_fold(component.name), set()).add(component.id)

    def _new(
        self,
        name: str,
        *,
        shown: str,
        group: str = "",
        description: str = "",
        retired: bool = False,
    ) -> Component:
        component = Component(
            id=self._ids.take(slugify(name) or "component"),
            name=shown,
            group=group,
            description=description,
            retired=retired,
        )
        self.new.append(component)
        self._index(component)
        return component


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())


# ── the settings file ────────────────────────────────────────────────────────────────────────────


def components_in(source: bytes) -> tuple[Component, ...]:
    """Read the components that a settings file lists, without running it. Raises NotLiteral."""
    node = _find(source)
    return _read(node) if node else ()


def line_of(component: Component) -> str:
    """Spell a component as one line of COMPONENTS, without the comma."""
    items = [f'"{key}": {json.dumps(getattr(component, key), ensure_ascii=False)}' for key in _KEYS]
    if component.retired:
        items.append('"retired": True')
    return "{" + ", ".join(items) + "}"


def with_components(source: bytes, new: Sequence[Component]) -> bytes:
    """Return a settings file with components added to its list, all else byte for byte the same.

    Raises NotLiteral.
    """
    node = _find(source)
    if node is None:
        return _with_list(source, new)
    bom = _BOM if source.startswith(_BOM) else b""
    text = source.removeprefix(_BOM)
    starts = [0, *(found.end() for found in _NEWLINE.finditer(text))]

    def place(line: int | None, column: int | None) -> int:
        return starts[(line or 1) - 1] + (column or 0)

    close = place(node.end_lineno, node.end_col_offset) - 1
    newline = b"\r\n" if b"\r\n" in text else b"\n"
    indent = b"    "
    comma_at = place(node.lineno, node.col_offset) + 1
    comma = b""
    if node.elts:
        first, last = node.elts[0], node.elts[-1]
        before = text[starts[first.lineno - 1] : place(first.lineno, first.col_offset)]
        indent = before if not before.strip() else indent
        comma_at = place(last.end_lineno, last.end_col_offset)
        comma = b"" if b"," in _COMMENT.sub(b"", text[comma_at:close]) else b","
    margin = starts[(node.end_lineno or 1) - 1]
    own_line = margin > comma_at and not text[margin:close].strip()
    at = margin if own_line else close
    lines = b"".join(indent + line_of(c).encode() + b"," + newline for c in new)
    if not own_line:
        lines = newline + lines
    result = bom + text[:comma_at] + comma + text[comma_at:at] + lines + text[at:]
    if components_in(result) != (*_read(node), *new):
        raise NotLiteral("COMPONENTS would not read back as it should")
    return result


def _with_list(source: bytes, new: Sequence[Component]) -> bytes:
    """Return a settings file that has no COMPONENTS with the list added at its end."""
    newline = b"\r\n" if b"\r\n" in source else b"\n"
    text = source.removeprefix(_BOM)
    gap = b"" if not text or text.endswith((b"\n", b"\r")) else newline
    rows = [b"    " + line_of(component).encode() + b"," for component in new]
    result = source + gap + newline.join([b"COMPONENTS = [", *rows, b"]", b""])
    if components_in(result) != tuple(new):
        raise NotLiteral("COMPONENTS would not read back as it should")
    return result


def _find(source: bytes) -> ast.List | None:
    """Find the one list literal that COMPONENTS is set to; None where nothing sets it."""
    try:
        tree = ast.parse(source.removeprefix(_BOM).decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotLiteral(f"it is no Python file in UTF-8: {error}") from error
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "COMPONENTS"]
    touched = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.value in names]
    found: list[ast.expr | None] = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="COMPONENTS")], value=value):
                found.append(value)
            case ast.AnnAssign(target=ast.Name(id="COMPONENTS"), value=value):
                found.append(value)
    stored = sum(isinstance(name.ctx, ast.Store) for name in names)
    if not names and not found:
        if elsewhere := _brought_in(tree):
            raise NotLiteral(f"COMPONENTS may come from {elsewhere!r}")
        return None
    if len(found) != 1 or stored != 1 or touched or not isinstance(found[0], ast.List):
        raise NotLiteral("COMPONENTS is not one list, written out in one place")
    return found[0]


def _brought_in(tree: ast.Module) -> str:
    """Name the module that an import may take COMPONENTS from; ours has none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = getattr(node, "module", None) or "."
            taken = {alias.asname or alias.name for alias in node.names}
            if "COMPONENTS" in taken or ("*" in taken and module != _DEFAULTS):
                return module
    return ""


def _read(node: ast.List) -> tuple[Component, ...]:
    try:
        rows = [dict(row) for row in ast.literal_eval(node)]
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise NotLiteral("COMPONENTS holds more than texts written out") from error
    if not all(isinstance(row.get("id"), str) for row in rows):
        raise NotLiteral("something in COMPONENTS has no 'id'")
    return tuple(
        Component(
            id=row["id"],
            name=str(row.get("name", "")).strip() or row["id"],
            group=str(row.get("group", "")).strip(),
            description=str(row.get("description", "")).strip(),
            retired=bool(row.get("retired", False)),
        )
        for row in rows
    )
