"""docs/settings.md lists every setting, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from firstword import pelican_defaults
from firstword.settings import read_site

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

#: How the plain Pelican way tells the plugin what a command tells it otherwise; not for people.
INNER = {"FIRSTWORD_RUN"}


class Recording(Mapping[str, Any]):
    """Settings that note which of them are read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def listed(heading: str) -> list[str]:
    """Return the first column of the table under a heading; "" = before the first."""
    _, _, rest = PAGE.partition(f"## {heading}\n") if heading else ("", "", PAGE)
    return re.findall(r"^\| `(\w+)` \|", rest.partition("\n## ")[0], re.MULTILINE)


def known_keys(setting: str, row: dict[str, str]) -> set[str]:
    """Return what a refusal of an unknown key names as known."""
    try:
        read_site({"SITENAME": "a", "SITEURL": "https://a.example", setting: [row]})
    except ValueError as refused:
        return set(str(refused).partition("; one of: ")[2].split(", "))
    raise AssertionError(f"{setting} takes any key")


def test_every_setting_of_ours_is_listed() -> None:
    settings = Recording({"SITENAME": "Acme", "SITEURL": "https://status.acme.example"})
    read_site(settings)
    others = "".join(
        (ROOT / "firstword" / name).read_text(encoding="utf-8")
        for name in ("generating.py", "crew/crew.py")
    )
    read = settings.read | set(re.findall(r"settings\.get\(\"([A-Z_]+)\"", others)) - INNER

    ours = read - {name for name in vars(pelican_defaults) if name.isupper()} | {"DEFAULT_LANG"}

    assert sorted(listed("")) == sorted(ours)


def test_pelicans_settings_that_we_read_are_listed() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "firstword").rglob("*.py")]
    read = {
        name
        for source in sources
        for name in re.findall(r"settings(?:\.get\(|\[)\"([A-Z_]+)\"", source)
        if hasattr(pelican_defaults, name) and name not in listed("")
    }

    assert read <= set(listed("Pelican's"))
    assert all(hasattr(pelican_defaults, name) for name in listed("Pelican's"))


def test_every_key_is_listed() -> None:
    nonsense = {"zzzzzz": ""}

    assert set(listed("PEOPLE")) == known_keys("PEOPLE", nonsense)
    assert set(listed("COMPONENTS")) == known_keys("COMPONENTS", nonsense)
    assert set(listed("PUBLISH_TO")) == known_keys("PUBLISH_TO", nonsense)


#: They say where this machine keeps things, to every program.
MACHINE = {"HOME", "PATH"}


def test_every_variable_of_the_environment_that_we_read_is_listed() -> None:
    asked = re.compile(r"environ(?:\.get\(|\[)\"([A-Z_0-9]+)\"|= \"(FIRSTWORD_\w+_PASSWORD)\"")
    read = {
        found[1] or found[2]
        for path in (ROOT / "firstword").rglob("*.py")
        for found in asked.finditer(path.read_text(encoding="utf-8"))
    }
    table = PAGE.partition("## From the environment\n")[2]
    told = set(re.findall(r"`([A-Z_0-9]+)(?:=\w+)?`", table))

    assert len(read) > 8
    assert read - MACHINE <= told
