"""The tables of settings in docs/ are what the code reads, neither more nor less."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from firstword.mail import conf
from firstword.settings import read_site

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "firstword" / "settings.tsv"
_MARKED = re.compile(r"(<!-- settings -->\n)(.*?)(<!-- /settings -->\n)", re.DOTALL)
#: Pelican hands it to the plugin; publish.py has an option for it.
_PLUGIN = {"STRICT": "generating.py", "BUILD_PROCESSES": "crew/crew.py"}


def rows() -> list[dict[str, str]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


class Spy(Mapping[str, Any]):
    """Settings that note which of them are read."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def test_the_table_names_all_that_is_read_and_nothing_else() -> None:
    spy = Spy({"SITENAME": "Acme", "SITEURL": "https://status.acme.example"})

    read_site(spy)

    ours = {row["setting"] for row in rows()}
    mail = {name for name in ours if name.startswith("MAIL_")}
    assert mail == set(conf.SETTINGS)
    assert ours - mail - _PLUGIN.keys() == spy.read
    for name, path in _PLUGIN.items():
        assert f'"{name}"' in (ROOT / "firstword" / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "mail"), [("settings.md", False), ("mail.md", True)])
def test_a_page_has_the_table_as_it_is(
    *,
    page: str,
    mail: bool,
    golden: object,  # this page is written with the golden files
    request: pytest.FixtureRequest,
) -> None:
    path = ROOT / "docs" / page
    text = path.read_text(encoding="utf-8")
    found = _MARKED.search(text)
    assert found is not None
    lines = ["| Setting | What it is | Default |", "|---|---|---|"]
    lines += [
        f"| `{row['setting']}` | {row['what']} | {row['default']} |"
        for row in rows()
        if row["setting"].startswith("MAIL_") is mail
    ]
    table = "\n".join(lines) + "\n"
    if request.config.getoption("--golden-refresh"):
        path.write_text(_MARKED.sub(lambda m: m[1] + table + m[3], text), encoding="utf-8")
        return
    assert found[2] == table


def test_defaults_are_what_the_code_takes() -> None:
    site = read_site({"SITENAME": "Acme", "SITEURL": "https://status.acme.example"})
    said = {row["setting"]: row["default"] for row in rows()}

    assert said["TIMEZONE"] == f"`{site.timezone}`"
    assert said["DEFAULT_LANG"] == f"`{site.language}`"
    assert said["PUBLISH_TO"] == f"`{site.publish_to[0]}`"
    assert said["DRILLS"] == f"`{site.drills}`"
    assert said["MAIL_STATE"] == f"`{conf.STATE}`"
