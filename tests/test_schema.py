"""The schema of the front matter, for editors: held to the code, and tried on what people write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml

from firstword.model import Level
from firstword.parse import parse
from firstword.parse.keys import FRONT_KEYS
from firstword.parse.schema import front_matter_schema
from firstword.starter import Answers, site_files

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "firstword/starter/files/incident.schema.json"
EXAMPLES = sorted(
    [*(ROOT / "content/incidents").rglob("*.md"), *(ROOT / "tests/life").glob("*.md")]
)
MODELINE = "# yaml-language-server: $schema=../../../incident.schema.json\n"
WORD = "\n## 2026-11-21 09:20 | Dawn Okafor | {status}\n\nWe look at it.\n"
STATUS = {"maintenance": "scheduled", "notice": "published"}


class EditorsYaml(yaml.SafeLoader):
    """YAML 1.2's core, which editors read: no dates, and `yes` is a word."""


EditorsYaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if "timestamp" not in tag]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if first not in set("yYnNoO")
}


def editors(front: str) -> Any:
    return yaml.load(front, EditorsYaml)  # noqa: S506 - a safe loader's child


def everything_a_string(front: str) -> Any:
    return yaml.load(front, yaml.BaseLoader)  # noqa: S506 - it makes strings only


def front_of(text: str) -> str:
    return text.split("---\n")[1]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_file_is_what_the_code_says(golden: object, request: pytest.FixtureRequest) -> None:
    text = json.dumps(front_matter_schema(), indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--golden-refresh"):
        SCHEMA.write_text(text, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == text
    assert list(json.loads(text)["properties"]) == list(FRONT_KEYS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path, validator: jsonschema.Draft7Validator) -> None:
    front = front_of(path.read_text(encoding="utf-8"))

    for read in (editors, everything_a_string):
        assert list(validator.iter_errors(read(front))) == []


def test_a_new_site_has_it() -> None:
    asked = Answers(
        name="Acme",
        address="https://status.acme.example",
        zone="UTC",
        components=["Shop"],
        people=["Dawn Okafor, Engineer, dawn@acme.example"],
        targets=["public"],
    )

    assert site_files(asked, "firstword")[SCHEMA.name] == SCHEMA.read_text(encoding="utf-8")


INCIDENT = "title: T\nimpact: major\nstarted: 2026-11-21 09:12\n"
MAINTENANCE = (
    "title: T\nkind: maintenance\nscheduled_for: 2026-11-25 01:00\n"
    "scheduled_until: 2026-11-25 03:00 +01:00\n"
)
NOTICE = "title: T\nkind: notice\nabout: tip\n"
GOOD = (
    *(INCIDENT, MAINTENANCE, NOTICE, f"{MODELINE}{INCIDENT}"),
    f"{INCIDENT}components: [checkout, api partial_outage]\naliases: [issues/1, a/b]\n",
    f"{INCIDENT}components: checkout partial_outage, api\ndraft: yes\ndrill: true\n",
    f"{INCIDENT}components:\n  - checkout\n  - api operational\n",
    f"{INCIDENT}affected: 12\nworkaround: Nothing yet.\nkind: incident\nid: cards\n",
    f"{MAINTENANCE}impact: minor\nremind: 2 hours\nstarted: 2026-11-20T09:12:30Z\n",
    f"{NOTICE}repeats: FREQ=WEEKLY;BYDAY=TH\nremind: 1 day\nuntil: 2026-12-24\n",
    "title: T\nkind: notice\nimported: cstate\n",
)
#: What is wrong → front matter.
BAD = {
    "an unknown impact": INCIDENT.replace("major", "majro"),
    "an unknown key": f"{INCIDENT}severity: major\n",
    "no impact": INCIDENT.replace("impact: major\n", ""),
    "no title": INCIDENT.replace("title: T\n", ""),
    "no start": INCIDENT.replace("started: 2026-11-21 09:12\n", ""),
    "a day for a time": INCIDENT.replace(" 09:12", ""),
    "an American time": INCIDENT.replace("2026-11-21 09:12", "11/21/2026 9:12 AM"),
    "a key of another kind": f"{INCIDENT}scheduled_for: 2026-11-25 01:00\n",
    "a window without an end": MAINTENANCE.partition("scheduled_until")[0],
    "a notice about nothing": NOTICE.replace("about: tip\n", ""),
    "an unknown kind": NOTICE.replace("notice", "news"),
    "an unknown status of a part": f"{INCIDENT}components: [checkout broken]\n",
    "a part that is no id": f"{INCIDENT}components: [Checkout]\n",
    "a flag that is none": f"{INCIDENT}draft: maybe\n",
    "a length that is none": f"{MAINTENANCE}remind: a while\n",
    "a list where a text is": INCIDENT.replace("title: T", "title: [T]"),
    "a mapping where a text is": f"{INCIDENT}affected:\n  who: all\n",
    "two lines of a title": INCIDENT.replace("title: T", 'title: "a\\nb"'),
}


def problems(front: str) -> Iterator[str]:
    """Yield what the parser says of a file with this front matter."""
    kind = re.search(r"^kind: (\w+)", front, re.MULTILINE)
    status = STATUS.get(kind[1] if kind else "", "investigating")
    text = f"---\n{front}---\n{WORD.format(status=status)}"
    read = parse(text.encode(), "content/incidents/2026/a.md", ZoneInfo("UTC"))
    yield from (str(p) for p in read.problems if p.level is Level.ERROR)


@pytest.mark.parametrize("front", GOOD)
def test_what_the_parser_takes_the_schema_takes(
    front: str, validator: jsonschema.Draft7Validator
) -> None:
    assert list(problems(front)) == []
    for read in (editors, everything_a_string):
        assert list(validator.iter_errors(read(front))) == []


@pytest.mark.parametrize("kind", BAD)
def test_what_the_parser_refuses_the_schema_refuses(
    kind: str, validator: jsonschema.Draft7Validator
) -> None:
    assert list(problems(BAD[kind])) != []
    for read in (editors, everything_a_string):
        assert list(validator.iter_errors(read(BAD[kind]))) != []
