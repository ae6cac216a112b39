"""Patterns that are compiled when they are first asked answer as compiled ones do."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import firstword
from firstword.patterns import later

PATTERN, FLAGS = r"(?P<key>[a-z]+): *(\d*)", re.IGNORECASE


@given(st.text("aZ:1 \n", max_size=12))
def test_it_answers_as_the_compiled_one(text: str) -> None:
    ours, theirs = later(PATTERN, FLAGS), re.compile(PATTERN, FLAGS)

    assert ours.findall(text) == theirs.findall(text)
    assert ours.split(text) == theirs.split(text)
    assert ours.sub(r"<\1>", text) == theirs.sub(r"<\1>", text)
    for one, other in (
        (ours.search(text), theirs.search(text)),
        (ours.match(text, 1), theirs.match(text, 1)),
        (ours.fullmatch(text), theirs.fullmatch(text)),
    ):
        assert (one and (one.span(), one.groupdict())) == (
            other and (other.span(), other.groupdict())
        )
    assert [m.span() for m in ours.finditer(text)] == [m.span() for m in theirs.finditer(text)]
    assert (ours.pattern, ours.flags, ours.groups) == (theirs.pattern, theirs.flags, theirs.groups)


def test_it_takes_bytes() -> None:
    assert later(b"</(p|q)>").findall(b"</p></b></q>") == [b"p", b"q"]


def test_a_bad_one_is_told_when_it_is_asked() -> None:
    bad = later("(")

    with pytest.raises(re.error, match="missing"):
        bad.search("")


def test_every_one_of_ours_can_be_compiled() -> None:
    """No text has to meet it for that."""
    kind = type(later(""))
    found = {
        f"{module.name}.{name}": value
        for module in pkgutil.walk_packages(firstword.__path__, "firstword.")
        if "__main__" not in module.name and "_theme" not in module.name
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, kind)
    }

    assert len(found) > 20
    assert all(pattern.groups >= 0 for pattern in found.values())


#: Prints what was compiled, and what was imported, when all is there that an edit imports.
_IMPORT = """
import re._compiler as compiler, sys
import pelican
compile_now, compiled = compiler.compile, []
compiler.compile = lambda text, flags=0: compiled.append(str(text)) or compile_now(text, flags)
import firstword.generating
print(any("<svg" in text for text in compiled), any("no|do" in text for text in compiled))
print(*sorted(sys.modules))
"""


def test_what_an_edit_seldom_needs_waits_until_it_is_needed() -> None:
    said = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, check=True).stdout
    compiled, modules = said.decode().splitlines()

    # The second one, which every build asks, is compiled at once: so the first would be seen.
    assert compiled == "False True"
    assert {"firstword.generating", "firstword.api", "firstword.page"} <= set(modules.split())
    late = ("api.calendar", "api.schema", "making.bench", "making.orders", "page.kept")
    assert {f"firstword.{name}" for name in late} & set(modules.split()) == set()
