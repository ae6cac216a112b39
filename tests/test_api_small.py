"""/metrics, badges, /status.json and /status.txt: the small documents for programs and people."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import hypothesis
import life
import pytest
from apis import (
    CARD_FRONT,
    CARD_UPDATES,
    ROOT,
    SITE,
    at,
    cards,
    document,
    example,
    files,
    move,
    page,
    story,
)
from hypothesis import given
from hypothesis import strategies as st
from judges import nu
from prometheus_client.parser import text_string_to_metric_families

from firstword.api.badges import Badge, badge_json, badge_svg
from firstword.model import Component, Incident
from firstword.page import StatusPage
from firstword.values import replace
from firstword.words import WORDS
from firstword.words.vocabulary import INDICATORS

SVG = "{http://www.w3.org/2000/svg}"

NOW = "2026-11-21 10:10"


def made(status: StatusPage, now: str = NOW) -> dict[str, str]:
    """Return every document as text."""
    return {key: data.decode() for key, data in files(status, at(now)).items()}


# ── metrics ──────────────────────────────────────────────────────────────────────────────────────

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Return what Prometheus' own parser reads; every family must say what it is."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def sample(found: Samples, metric: str, **labels: str) -> list[float]:
    """Return the values of a metric whose labels say at least this."""
    return [
        value
        for (other, theirs), value in found.items()
        if other == f"firstword_{metric}" and labels.items() <= dict(theirs).items()
    ]


def test_metrics_tell_how_things_stand() -> None:
    found = samples(made(page(cards(3), move()))["metrics"])

    assert sample(found, "page_indicator", indicator="major") == [1]
    assert sum(sample(found, "page_indicator")) == 1
    assert sample(found, "component_status", component="checkout", status="partial_outage") == [0]
    degraded = {"component": "checkout", "name": "Checkout", "group": "Shop"}
    assert sample(found, "component_status", **degraded, status="degraded_performance") == [1]
    assert sample(found, "open_incidents", impact="major") == [1]
    assert sum(sample(found, "open_incidents")) == 1
    story_ = {"id": "cards", "title": "Card payments fail", "status": "identified"}
    for name, when in (
        ("incident_started", "2026-11-21 09:12"),
        ("incident_updated", "2026-11-21 10:05"),
        ("incident_next_update", "2026-11-21 11:00"),
        ("incident_expected", "2026-11-21 14:00"),
    ):
        expected = [at(when).timestamp()]
        assert sample(found, f"{name}_timestamp_seconds", **story_) == expected, name
    assert sample(found, "maintenance_under_way", id="move") == [0]
    assert sample(found, "maintenance_start_timestamp_seconds", id="move") == [
        at("2026-11-22 01:00").timestamp()
    ]
    assert sample(found, "last_update_timestamp_seconds") == [at("2026-11-21 10:05").timestamp()]


def test_each_component_is_in_one_state_only() -> None:
    for lived in life.published():
        found = samples(files(lived.page, lived.step.at)["metrics"].decode())
        names = {dict(labels).get("component") for _, labels in found} - {None}
        for name in names:
            assert sum(sample(found, "component_status", component=str(name))) == 1


def test_a_metric_without_samples_still_says_what_it_is() -> None:
    text = made(page())["metrics"]

    for name in re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE):
        assert re.search(rf"^# HELP {name} \S", text, re.MULTILINE)
    assert "# TYPE firstword_incident_next_update_timestamp_seconds gauge" in text
    assert text.endswith("\n")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1))
@hypothesis.example('back\\slash, "quote"\nline')
def test_any_name_survives_the_text_format(name: str) -> None:
    site = replace(SITE, components={"api": Component(id="api", name=name, group='a"b\\n')})

    found = samples(files(page(site=site), at(NOW))["metrics"].decode())

    [labels] = [dict(ls) for (n, ls), v in found.items() if n.endswith("component_status") and v]
    assert (labels["name"], labels["group"]) == (name, 'a"b\\n')


# ── badges ───────────────────────────────────────────────────────────────────────────────────────


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""

    def linear(pair: str) -> float:
        value = int(pair, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[i : i + 2]) for i in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("updates", "impact", "word"),
    [
        (0, "", "no problem reported"),
        (1, "minor", "minor problem"),
        (1, "critical", "critical problem"),
        (6, "critical", "no problem reported"),
    ],
)
def test_the_badge_says_it_in_a_word_and_a_colour(updates: int, impact: str, word: str) -> None:
    front = CARD_FRONT.replace("major", impact).replace("components: [checkout]\n", "")
    told = [story("cards", front, *CARD_UPDATES[:updates])] if updates == 1 else []
    told = told or ([cards()] if updates else [])

    found = made(page(*told))
    image = ET.fromstring(found["badge.svg"])
    shields = json.loads(found["badge.json"])

    assert (image.tag, image.get("role")) == (f"{SVG}svg", "img")
    title = image.find(f"{SVG}title")
    assert title is not None
    assert title.text == f"Acme status: {word}"
    assert image.get("aria-labelledby") == title.get("id")
    assert [t.text for t in image.iter(f"{SVG}text")] == ["Acme status", word]
    assert shields == {
        "schemaVersion": 1,
        "label": "Acme status",
        "message": word,
        "color": shields["color"],
    }
    assert f'fill="#{shields["color"]}"' in found["badge.svg"]
    # Nothing is fetched to show it.
    assert re.findall(r"(?:href|url\()[^)\"]*", found["badge.svg"]) == ["url(#c"]


def test_a_components_badge_and_one_of_a_retired_component() -> None:
    found = made(page(cards(1)))

    def message(name: str) -> str:
        return str(json.loads(found[f"components/{name}/badge.json"])["message"])

    assert (message("checkout"), message("api"), message("fax")) == (
        "partly down",
        "works",
        "retired",
    )


def test_every_colour_can_be_read_with_white_on_it() -> None:
    colours = {
        str(json.loads(data)["color"])
        for lived in life.published()
        for key, data in files(lived.page, lived.step.at).items()
        if key.endswith("badge.json")
    } | {"444c56"}

    assert len(colours) > 4
    assert [colour for colour in colours if 1.05 / (luminance(colour) + 0.05) < 4.5] == []


@given(st.text(), st.text())
@hypothesis.example("<b>&\"'", "]]>\x00\ufffe")
def test_any_name_makes_a_badge(label: str, message: str) -> None:
    image = ET.fromstring(badge_svg(Badge(label, message, "1a7f37")))
    shields = json.loads(badge_json(Badge(label, message, "1a7f37")))

    shown = "".join(c for c in label if c.isprintable())
    first = next(image.iter(f"{SVG}text"))
    assert (first.text or "") == shown
    assert shields["label"] == label


def test_badges_pass_the_nu_checker(tmp_path: Path) -> None:
    if why := nu.missing():
        pytest.skip(why)
    badges = {
        data
        for lived in life.published()
        for key, data in files(lived.page, lived.step.at).items()
        if key.endswith("badge.svg")
    }
    badges |= {badge_svg(Badge("a <&\"' 日本", word, "1a7f37")) for word in WORDS.values()}
    badges |= {badge_svg(Badge("", word, "1a7f37")) for word in INDICATORS.values()}
    for number, data in enumerate(sorted(badges)):
        (tmp_path / f"{number}.svg").write_bytes(data)
    wrong = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="wide"/><p/></svg>'
    (tmp_path / "wrong.svg").write_bytes(wrong)

    paths = sorted(tmp_path.glob("*.svg"))
    done = subprocess.run(
        [*nu.JAVA, "-jar", str(nu.JAR), "--svg", "--format", "json", *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    messages = json.loads(done.stderr or done.stdout)["messages"]

    assert len(badges) > 10
    # One is there to show that it judges at all.
    assert {message["url"].rpartition("/")[2] for message in messages} == {"wrong.svg"}


# ── /status.json ─────────────────────────────────────────────────────────────────────────────────


def test_status_json_is_small_and_says_it_all() -> None:
    found = document("status.json", cards(3), move(), now=NOW)
    status = json.loads(made(page(cards(3), move()))["status.json"])

    assert found["status"]["indicator"] == status["indicator"] == "major"
    assert status == {
        "page": {"name": "Acme status", "url": "https://status.acme.example"},
        "indicator": "major",
        "sentence": "Card payments fail",
        "incidents": [
            {
                "id": "cards",
                "title": "Card payments fail",
                "url": "https://status.acme.example/incidents/cards/",
                "status": "identified",
                "update_id": "20261121T090500Z",
                "updated_at": "2026-11-21T09:05:00Z",
                "author": "Dawn Okafor",
                "next_update_at": "2026-11-21T10:00:00Z",
                "impact": "major",
            }
        ],
        "maintenance": {
            "now": [],
            "coming": [
                {
                    "id": "move",
                    "title": "The API moves",
                    "url": "https://status.acme.example/maintenance/move/",
                    "status": "scheduled",
                    "update_id": "20261120T090000Z",
                    "updated_at": "2026-11-20T09:00:00Z",
                    "author": "Dawn Okafor",
                    "next_update_at": None,
                    "scheduled_for": "2026-11-22T00:00:00Z",
                    "scheduled_until": "2026-11-22T02:00:00Z",
                }
            ],
        },
        "newest_update": {
            "id": "20261121T090500Z",
            "at": "2026-11-21T09:05:00Z",
            "incident_id": "cards",
            "path": "incidents/cards/#u-20261121T090500Z",
        },
        "build_id": "0" * 64,
    }


def test_the_clock_moves_maintenance_from_coming_to_now() -> None:
    def where(now: str) -> tuple[int, int]:
        windows = json.loads(made(page(move()), now)["status.json"])["maintenance"]
        return len(windows["coming"]), len(windows["now"])

    assert where("2026-11-22 00:59") == (1, 0)
    assert where("2026-11-22 01:00") == (0, 1)
    assert where("2026-11-22 03:00") == (0, 0)


def test_the_sentence_is_the_home_pages(golden: Callable[[str, str | bytes], None]) -> None:
    status, now = example()
    found = files(status, now)
    home = (ROOT / "theme" / "templates" / "home.html").read_text(encoding="utf-8")

    assert 'else _("%(sentence)s.", sentence=sentence) }}' in home
    golden("api-status.json", found["status.json"])
    golden("api-status.txt", found["status.txt"])
    golden("api-metrics", found["metrics"])
    golden("api-badge.svg", found["badge.svg"])
    golden("api-summary.json", json.dumps(json.loads(found["api/v2/summary.json"]), indent=1))


# ── /status.txt ──────────────────────────────────────────────────────────────────────────────────


def test_status_txt_is_a_screen_of_plain_words() -> None:
    assert made(page(cards(3), move()), "2026-11-21 10:10")["status.txt"] == (
        "Acme status\n"
        "Card payments fail.\n"
        "\n"
        "Card payments fail (Major)\n"
        "  The bank changed a certificate.\n"
        "  Cause found, 21 November 2026, 10:05 CET (09:05 UTC)\n"
        "  Dawn Okafor, Engineer\n"
        "  Next word by 21 November 2026, 11:00 CET (10:00 UTC)\n"
        "  https://status.acme.example/incidents/cards/\n"
        "\n"
        "22 November 2026, 01:00 CET (00:00 UTC): The API moves\n"
        "\n"
        "Checkout: Works poorly\n"
        "API: Partly down\n"
        "\n"
        "https://status.acme.example/\n"
    )


def test_status_txt_says_what_was_promised_and_did_not_come() -> None:
    late = made(page(cards(3)), "2026-11-21 11:00")["status.txt"]

    assert "  Next word by 21 November 2026, 11:00 CET (10:00 UTC): none when this was" in late


def test_status_txt_of_a_quiet_page() -> None:
    assert made(page(cards()), "2026-11-24 10:00")["status.txt"] == (
        "Acme status\n"
        "No problem reported by us since 21 November 2026.\n"
        "\n"
        "https://status.acme.example/\n"
    )


def many(count: int, words: str) -> list[Incident]:
    return [
        story(
            f"many-{number}",
            f"title: Number {number} has a title that is long enough to fill a line, and then some"
            f"\nimpact: minor\nstarted: 2026-11-21 08:{number:02}\ncomponents: [checkout, api]",
            f"2026-11-21 08:{number:02} | Dawn Okafor | investigating\nnext: 23:00\n\n{words}",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 40])
@pytest.mark.parametrize("words", ["Short.", "many words " * 300, "x" * 3000])
def test_status_txt_never_outgrows_the_screen(count: int, words: str) -> None:
    windows = [replace(move(), id=f"w{n}", slug=f"w{n}") for n in range(9)]

    lines = made(page(*many(count, words), *windows))["status.txt"].splitlines()

    assert len(lines) <= 24
    assert all(len(line) <= 78 for line in lines if "https://" not in line)
    assert lines[-1] == "https://status.acme.example/"
    # Nobody is left out without being counted.
    told = sum(bool(re.match(r"(Minor: )?Number \d+ has", line)) for line in lines[3:])
    counted = re.search(r"^and (\d+) more$", "\n".join(lines), re.MULTILINE)
    assert told + (int(counted[1]) if counted and told < count else 0) == count


def test_status_txt_cannot_steer_a_terminal() -> None:
    incident = replace(
        cards(1), first=replace(cards(1).first, title="A \x1b[31mred\x07 title\x9b2J")
    )

    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", made(page(incident))["status.txt"]) == []


def test_imported_words_are_nobodys() -> None:
    front = CARD_FRONT + "imported: cstate\n"
    imported = story("old", front, "2026-11-21 09:20 | imported | investigating\n\nWe look.")

    text = made(page(imported))["status.txt"]

    assert "  Imported from cstate\n" in text
    assert json.loads(made(page(imported))["status.json"])["incidents"][0]["author"] is None


def test_a_drill_is_nowhere() -> None:
    drilled = [lived for lived in life.published() if "drill" in lived.step.what]
    assert drilled
    for lived in drilled:
        [drill] = [i for i in lived.page.incidents if i.drill]
        everything = b"".join(files(lived.page, lived.step.at).values()).decode()
        assert drill.title not in everything
        assert drill.slug not in everything
