"""How problems are printed for forges: read back as the forge reads it."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.cli.reports import FORMATS
from firstword.model import Level, Problem

COMMAND = re.compile(r"::(\w+) (.*?)::(.*)", re.DOTALL)
ANYTHING = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


def unescaped(text: str, *, is_property: bool) -> str:
    """Undo what a workflow command escapes, in the order of the runner."""
    marks = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    if is_property:
        marks = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    for code, mark in marks.items():
        text = text.replace(code, mark)
    return text


@given(path=ANYTHING, rule=ANYTHING, message=ANYTHING, level=st.sampled_from(Level))
def test_github_reads_what_was_meant(path: str, rule: str, message: str, level: Level) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", printed.append)
        FORMATS["github"]([Problem(path, 7, rule, message, level)])

    (line,) = printed
    assert "\n" not in line
    assert "\r" not in line
    found = COMMAND.fullmatch(line)
    assert found
    said = dict(pair.split("=", 1) for pair in found[2].split(","))
    assert found[1] == level
    assert {key: unescaped(value, is_property=True) for key, value in said.items()} == {
        "file": path,
        "line": "7",
        "title": rule,
    }
    assert unescaped(found[3], is_property=False) == message


def gitlab(capsys: pytest.CaptureFixture[str], *problems: Problem) -> list[dict[str, object]]:
    FORMATS["gitlab"](problems)
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_gitlab_gets_a_report_of_code_quality(capsys: pytest.CaptureFixture[str]) -> None:
    FORMATS["gitlab"]([Problem("a.md", 3, "value", "unknown impact: 'x'")])
    told = capsys.readouterr()
    (row,) = json.loads(told.out)

    assert re.fullmatch("[0-9a-f]{64}", row.pop("fingerprint"))
    assert row == {
        "description": "value: unknown impact: 'x'",
        "check_name": "value",
        "severity": "major",
        "location": {"path": "a.md", "lines": {"begin": 3}},
    }
    assert told.err == "a.md:3: value: unknown impact: 'x'\n"


def test_nothing_wrong_is_an_empty_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert gitlab(capsys) == []


def test_gitlab_knows_a_problem_again_further_down_and_two_from_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, below = (Problem("a.md", line, "wording", "x", Level.NOTICE) for line in (3, 9))
    other = Problem("b.md", 0, "wording", "x", Level.WARNING)

    (first,) = gitlab(capsys, here)
    (again,) = gitlab(capsys, below)
    rows = gitlab(capsys, here, below, other)

    assert first["fingerprint"] == again["fingerprint"] == rows[0]["fingerprint"]
    assert len({str(row["fingerprint"]) for row in rows}) == 3
    assert [row["severity"] for row in rows] == ["info", "info", "minor"]
    assert rows[2]["location"] == {"path": "b.md", "lines": {"begin": 1}}
