"""pelicanconf.py → Site: what is read, and what is refused in which words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from firstword.errors import SettingsError
from firstword.model import Component, Person, Site, Target
from firstword.settings import load_settings, read_site

DAWN = {"name": "Dawn Okafor", "role": "Engineer", "address": "dawn@acme.example"}
IAN = {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"}
KOFI = {
    "name": "Kofi Mensah",
    "role": "Care",
    "address": "care@acme.example",
    "until": "2026-06-30",
    "successor": "Dawn Okafor",
}
GOOD: dict[str, Any] = {
    "SITENAME": "Acme status",
    "SITEURL": "https://status.acme.example",
    "PEOPLE": [DAWN, IAN],
    "COMPONENTS": [{"id": "api", "name": "API"}],
}


def read(**settings: object) -> Site:
    return read_site({**GOOD, **settings})


def refusal(**settings: object) -> str:
    with pytest.raises(SettingsError) as refused:
        read(**settings)
    assert str(refused.value).startswith(refused.value.setting)
    assert refused.value.exitcode == 2
    return str(refused.value)


# ── what is read ─────────────────────────────────────────────────────────────────────────────────


def test_little_is_needed() -> None:
    site = read_site({"SITENAME": "Acme status", "SITEURL": "https://status.acme.example/"})

    assert site == Site(
        name="Acme status",
        url="https://status.acme.example",
        timezone=ZoneInfo("UTC"),
        language="en",
        people={},
        components={},
        tag_authority="status.acme.example,2026",
        drills=False,
        targets=(Target(name="public"),),
        pinned_clock=None,
        contact="",
    )


def test_everything_can_be_said() -> None:
    site = read(
        TIMEZONE="Europe/Copenhagen",
        DEFAULT_LANG="pt-BR",
        CONTACT=" care@acme.example ",
        TAG_AUTHORITY="acme.example,2019-04",
        DRILLS=True,
        PUBLISH_TO=["public", "s3://acme-status/site"],
        PINNED_CLOCK="2026-11-21 10:30",
        PEOPLE=[
            DAWN,
            KOFI,
            {
                "name": "Sanne Kuiper",
                "shown": "Sanne",
                "role": "Evenings",
                "address": "care@acme.example",
                "photo": "images/sanne.jpg",
            },
        ],
        COMPONENTS=[
            {"id": "api", "name": "API", "group": "Technology", "description": "For partners"},
            {"id": "old_shop", "name": "Old shop", "retired": True},
        ],
    )

    assert (site.language, site.contact) == ("pt-BR", "care@acme.example")
    assert (site.tag_authority, site.drills) == ("acme.example,2019-04", True)
    assert site.publish_to == ("public", "s3://acme-status/site")
    # a time without an offset is meant in the site's zone
    assert site.pinned_clock == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert site.people["Kofi Mensah"] == Person(
        name="Kofi Mensah",
        role="Care",
        address="care@acme.example",
        shown="Kofi Mensah",
        slug="kofi-mensah",
        until=date(2026, 6, 30),
        successor="Dawn Okafor",
    )
    assert (site.people["Sanne Kuiper"].shown, site.people["Sanne Kuiper"].slug) == (
        "Sanne",
        "sanne",
    )
    assert list(site.components.values()) == [
        Component(id="api", name="API", group="Technology", description="For partners"),
        Component(id="old_shop", name="Old shop", retired=True),
    ]


def test_who_answers_for_whom() -> None:
    ellen = {**KOFI, "name": "Ellen Brandt", "successor": "Kofi Mensah"}
    site = read(PEOPLE=[DAWN, KOFI, ellen])

    answers = {name: person.name for name in site.people if (person := site.who_answers(name))}

    assert answers == {
        "Dawn Okafor": "Dawn Okafor",
        "Kofi Mensah": "Dawn Okafor",
        "Ellen Brandt": "Dawn Okafor",
    }
    assert site.who_answers("Nobody Known") is None


def test_a_day_may_be_a_date() -> None:
    site = read(PEOPLE=[DAWN, {**KOFI, "until": date(2026, 6, 30)}])

    assert site.people["Kofi Mensah"].until == date(2026, 6, 30)


def test_a_name_is_the_same_however_its_accents_are_typed() -> None:
    decomposed = {**DAWN, "name": "Toma\u0301s Vrba"}

    assert list(read(PEOPLE=[decomposed]).people) == ["Tom\u00e1s Vrba"]


@pytest.mark.parametrize(
    "name",
    [
        *("Kees van der Berg-Smit", "Sukarno", "Seán O'Brien", "D'Angelo Ross", "李 小龍"),
        "علی\u200cرضا",  # noqa: RUF001 - a name
    ],
)
def test_people_are_called_as_they_are(name: str) -> None:
    assert list(read(PEOPLE=[{**DAWN, "name": name}]).people) == [name]


@pytest.mark.parametrize(
    "address", ["dawn@acme.example", "d.okafor+status@mail.acme.example", "reply@acme.example"]
)
def test_addresses_that_answer(address: str) -> None:
    assert read(CONTACT=address).contact == address


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "http://127.0.0.1:9000",
        "https://acme.example/status",
        "https://acme.example/~dawn/status/",
    ],
)
def test_addresses_of_sites(url: str) -> None:
    assert read(SITEURL=url).url == url.rstrip("/")


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        # the site
        ("SITENAME", "", "SITENAME: how is this page called?"),
        ("SITENAME", None, "SITENAME: text is expected, not None"),
        (
            "TIMEZONE",
            "Europe/Kopenhagen",
            "TIMEZONE: no such time zone: 'Europe/Kopenhagen'; did you mean 'Europe/Copenhagen'?",
        ),
        ("TIMEZONE", "../../etc/passwd", "TIMEZONE: no such time zone: '../../etc/passwd'"),
        (
            "DEFAULT_LANG",
            "English",
            "DEFAULT_LANG: not a language: write 'en', got 'English'",
        ),
        (
            "TAG_AUTHORITY",
            "https://acme.example",
            (
                "TAG_AUTHORITY: not who owned which host when: write 'status.example.com,2026', "
                "got 'https://acme.example'"
            ),
        ),
        ("CONTACT", "dawn", "CONTACT: not a mail address: 'dawn'"),
        (
            "CONTACT",
            "Dawn <d@acme.example>",
            "CONTACT: not a mail address: 'Dawn <d@acme.example>'",
        ),
        ("DRILLS", "no", "DRILLS: True or False is expected, not 'no'"),
        ("DRILLS", 1, "DRILLS: True or False is expected, not 1"),
        (
            "PINNED_CLOCK",
            "2026-11-21",
            (
                "PINNED_CLOCK: not a time: '2026-11-21'; write 'YYYY-MM-DD HH:MM' "
                "(the hour is missing)"
            ),
        ),
        (
            "PUBLISH_TO",
            "",
            "PUBLISH_TO: a folder or 's3://bucket/prefix', or a list: ''",
        ),
        ("PUBLISH_TO", ["public", 3], "PUBLISH_TO: a dictionary is expected, not 3"),
        (
            "PUBLISH_TO",
            ["public", ""],
            "PUBLISH_TO: a folder or 's3://bucket/prefix', or a list: ['public', '']",
        ),
        ("PUBLISH_TO", ["public", "public/"], "PUBLISH_TO: 'public/' is listed twice"),
        ("PUBLISH_TO", 3, "PUBLISH_TO: a folder or 's3://bucket/prefix', or a list: 3"),
        # components
        ("COMPONENTS", {}, "COMPONENTS: a list of dictionaries is expected, not {}"),
        ("COMPONENTS", "api", "COMPONENTS: a list of dictionaries is expected, not 'api'"),
        ("COMPONENTS", ["api"], "COMPONENTS: a dictionary is expected, not 'api'"),
        (
            "COMPONENTS",
            [{"id": "api", "nmae": "API"}],
            "COMPONENTS: unknown key: 'nmae'; did you mean 'name'?",
        ),
        (
            "COMPONENTS",
            [{"name": "API"}],
            "COMPONENTS: '': an id has lower-case letters, digits, '-' and '_'",
        ),
        (
            "COMPONENTS",
            [{"id": "The API"}],
            "COMPONENTS: 'The API': an id has lower-case letters, digits, '-' and '_'",
        ),
        ("COMPONENTS", [{"id": "api"}, {"id": "api"}], "COMPONENTS: 'api' is listed twice"),
        ("COMPONENTS", [{"id": 3}], "COMPONENTS: 'id' is text, not 3"),
        ("COMPONENTS", [{"id": "api", "name": None}], "COMPONENTS: 'name' is text, not None"),
        (
            "COMPONENTS",
            [{"id": "api", "retired": "no"}],
            "COMPONENTS: 'api': 'retired': True or False is expected, not 'no'",
        ),
    ],
)
def test_refusals(setting: str, value: object, message: str) -> None:
    assert refusal(**{setting: value}) == message


@pytest.mark.parametrize(
    "url",
    [
        *("", "status.acme.example", "//status.acme.example", "ftp://acme.example", "https:"),
        *("https://acme.example?x=1", "https://acme.example/#top", "https://acme.example:port"),
        *("https://[::1", "https://status acme.example", "https://dawn:secret@acme.example"),
        *("https://acme.example/a b", 'https://acme.example/">', "javascript://acme.example"),
    ],
)
def test_what_is_no_address_of_a_site(url: str) -> None:
    assert refusal(SITEURL=url) == (
        f"SITEURL: not the address of a site: {url!r}; write 'https://status.example.com'"
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        # not a person
        ({"name": "Support Team"}, "'Support Team' is not a person; a person signs"),
        ({"name": "Deploy Bot"}, "'Deploy Bot' is not a person; a person signs"),
        ({"name": "ops-team"}, "'ops-team' is not a person; a person signs"),
        ({"name": "Acme Admin"}, "'Acme Admin' is not a person; a person signs"),
        ({"name": "No-Reply"}, "'No-Reply' is not a person; a person signs"),
        ({"name": "Imported"}, "'Imported' is not a person; a person signs"),
        # names that a heading or a follow-up could not carry
        ({"name": "Dawn | Okafor"}, "'Dawn | Okafor': a name has no '|', ',', '(' or ')'"),
        ({"name": "Okafor, Dawn"}, "'Okafor, Dawn': a name has no '|', ',', '(' or ')'"),
        ({"name": "Dawn (care)"}, "'Dawn (care)': a name has no '|', ',', '(' or ')'"),
        ({"name": "Dawn\u200bOkafor"}, "'Dawn\\u200bOkafor': a name has no '|', ',', '(' or ')'"),
        ({"name": "Dawn\u200dOkafor"}, "'Dawn\\u200dOkafor': a name has no '|', ',', '(' or ')'"),
        ({"name": "Dawn  Okafor"}, "'Dawn  Okafor': one space between the parts of a name"),
        ({"name": "Dawn\u00a0Okafor"}, "'Dawn\\xa0Okafor': one space between the parts of a name"),
        # what is missing
        (
            {"name": ""},
            (
                "somebody has no 'name': "
                "{'name': '', 'role': 'Engineer', 'address': 'dawn@acme.example'}"
            ),
        ),
        ({"name": None}, "'name' is text, not None"),
        ({"role": " "}, "'Dawn Okafor' has no 'role'"),
        ({"role": None}, "'role' is text, not None"),
        ({"address": ""}, "'Dawn Okafor' has no 'address'"),
        # nobody reads these
        ({"address": "dawn"}, "not a mail address: 'dawn'"),
        (
            {"address": "noreply@acme.example"},
            "nobody reads 'noreply@acme.example'; give an address that answers",
        ),
        (
            {"address": "Do-Not-Reply@acme.example"},
            "nobody reads 'Do-Not-Reply@acme.example'; give an address that answers",
        ),
        (
            {"address": "status-no_reply+x@acme.example"},
            "nobody reads 'status-no_reply+x@acme.example'; give an address that answers",
        ),
        (
            {"address": "7+dawn@users.noreply.forge.example"},
            "nobody reads '7+dawn@users.noreply.forge.example'; give an address that answers",
        ),
        # who left
        ({"until": "soon"}, "'Dawn Okafor': 'until': not a day: 'soon'; write 'YYYY-MM-DD'"),
        ({"until": "2026-02-30"}, "'Dawn Okafor': 'until': no such day: '2026-02-30'"),
        ({"until": "2026-06-30"}, "'Dawn Okafor' left: name a 'successor' who answers"),
        (
            {"until": "2026-06-30", "successor": "Ian Reys"},
            "'Dawn Okafor': unknown successor: 'Ian Reys'; did you mean 'Ian Reyes'?",
        ),
        (
            {"until": "2026-06-30", "successor": "Dawn Okafor"},
            "'Dawn Okafor': nobody answers in the end: Dawn Okafor",
        ),
        # keys
        ({"adress": "x"}, "unknown key: 'adress'; did you mean 'address'?"),
        (
            {"team": "x"},
            "unknown key: 'team'; one of: name, role, address, shown, photo, until, successor",
        ),
        # one address each
        ({"name": "Ian Reyes"}, "'Ian Reyes' is listed twice"),
        ({"shown": "ian REYES"}, "'Ian Reyes' and 'ian REYES' would share one address"),
    ],
)
def test_people_who_are_refused(changed: dict[str, object], message: str) -> None:
    assert refusal(PEOPLE=[{**DAWN, **changed}, IAN]) == f"PEOPLE: {message}"


def test_two_who_left_cannot_answer_for_each_other() -> None:
    dawn = {**DAWN, "until": "2026-07-31", "successor": "Kofi Mensah"}

    assert refusal(PEOPLE=[dawn, KOFI, IAN]) == (
        "PEOPLE: 'Dawn Okafor': nobody answers in the end: Dawn Okafor → Kofi Mensah"
    )


def test_settings_are_read_only_from_what_they_should_hold() -> None:
    assert refusal(PEOPLE="Dawn Okafor") == (
        "PEOPLE: a list of dictionaries is expected, not 'Dawn Okafor'"
    )
    assert refusal(PEOPLE=["Dawn Okafor"]) == "PEOPLE: a dictionary is expected, not 'Dawn Okafor'"


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def conf(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pelicanconf.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_upper_case_names_are_settings(tmp_path: Path) -> None:
    path = conf(tmp_path, 'import os\nSITENAME = "Acme"\nnote = 1\nMixed = 2\nTHEME_2 = os.sep\n')

    assert load_settings(path) == {"SITENAME": "Acme", "THEME_2": "/"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X = 1\nY = (\n", "pelicanconf.py: line 2: SyntaxError: '(' was never closed "),
        (
            "X = 1\nY = Z\n",
            "pelicanconf.py: line 2: NameError: name 'Z' is not defined",
        ),
        (
            "def f():\n    return {}['a']\n\nX = f()\n",
            "pelicanconf.py: line 2: KeyError: 'a'",
        ),
        # the line is the settings', also where the fault is in what they call
        (
            "import json\n\nX = json.loads('{')\n",
            "pelicanconf.py: line 3: JSONDecodeError: Expecting property name",
        ),
        # a file that the settings miss is not the settings
        (
            'X = open("people.txt").read()\n',
            "pelicanconf.py: line 1: FileNotFoundError: [Errno 2] No such file or directory",
        ),
    ],
)
def test_a_file_that_cannot_be_run(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(conf(tmp_path, text))

    assert str(refused.value).startswith(message)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path / "pelicanconf.py")

    assert str(refused.value) == f"pelicanconf.py: not found in {str(tmp_path)!r}"
