"""What we tell people to paste, tried with the programs it is for; and the page that says it."""

from __future__ import annotations

import html
import importlib
import json
import re
import shutil
import subprocess
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from judges.links import marks
from readers.programs import Sfeed, rss2email_settings

from firstword import urls
from firstword.build import RunOptions
from firstword.building import build_site
from firstword.headers import headers_for
from firstword.render.connect import ways
from firstword.settings import load_settings, read_site
from firstword.values import replace

ROOT = Path(__file__).resolve().parent.parent
CONNECT = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
SITE = "https://status.northwind.example/"
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example site, built once."""
    folder = tmp_path_factory.mktemp("example")
    build_site(ROOT, RunOptions(now=NOW, embedded=True), folder)
    return folder


def blocks(section: str, language: str = "") -> list[str]:
    """Return what is to be pasted from a section of docs/connect.md."""
    _, found, text = CONNECT.partition(f"\n## {section}\n")
    assert found, section
    return re.findall(rf"```{language}\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)


def file(built: Path, address: str) -> Path:
    """Return the built file that answers for an address of the example site."""
    key = address.removeprefix(SITE)
    return built / (f"{key}index.html" if not key or key.endswith("/") else key)


def feeds_of(built: Path) -> set[str]:
    """Return the keys of the feeds that were built."""
    forms = ("*.atom", "*.rss", "feeds/*.json")
    return {path.relative_to(built).as_posix() for form in forms for path in built.rglob(form)}


def need(program: str, package: str) -> str:
    """Return a program of this machine, or skip."""
    found = shutil.which(program)
    if not found:
        pytest.skip(f"no {program}: apt-get install {package}")
    return found


def run(folder: Path, *command: str) -> str:
    """Run a checker; it must have nothing to say against what it was given."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ── the addresses ────────────────────────────────────────────────────────────────────────────────


def test_every_address_in_the_documentation_is_there(built: Path) -> None:
    found = {one.rstrip(".,") for one in re.findall(rf"{SITE}[\w./-]*", CONNECT)}
    named = set(re.findall(r"`/([\w/.-]+\.(?:rss|atom|json|ics)|metrics)`", CONNECT))

    assert len(found) >= 5
    assert {"feeds/updates.atom", "calendar.ics", "metrics"} <= named
    assert [one for one in found if not file(built, one).is_file()] == []
    assert [key for key in named if not (built / key).is_file()] == []


def test_the_documentation_lists_the_feeds_that_there_are(built: Path) -> None:
    text = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `/([^`]+)` \| ((?:`\.\w+` ?)+)\|", text, re.MULTILINE)
    listed = {
        f"{place.replace('<id>', 'checkout')}{form}"
        for place, forms in rows
        for form in re.findall(r"\.\w+", forms)
    }

    there = {key for key in feeds_of(built) if not re.match("components/(?!checkout/)", key)}

    # The example is too young to have archives.
    assert listed == there | {"feeds/archive/2026-10.atom"}


def test_the_page_says_to_paste_what_the_documentation_says(built: Path) -> None:
    page = html.unescape((built / "subscribe/index.html").read_text(encoding="utf-8"))

    for section in ("Slack", "Mattermost"):
        [line] = blocks(section)
        assert f"<code>{line.strip()}</code>" in page
    assert f"<code>{SITE}feeds/updates.rss</code>" in page
    for program in ("Slack", "Teams", "Discord", "Mattermost", "PagerDuty", "Home Assistant"):
        assert program in page


def test_the_page_has_the_pieces_of_the_documentation(built: Path) -> None:
    page = (built / "subscribe/index.html").read_text(encoding="utf-8")
    _, _, section = page.partition("<h2>Lines to paste</h2>")
    pasted = [
        html.unescape(one) for one in re.findall(r"<pre[^>]*>(.*?)</pre>", section, re.DOTALL)
    ]
    files = re.findall(r"<p><code>(.*?)</code></p>", section)

    assert pasted == [
        *blocks("Mail", "ini"),
        *blocks("Mail", "crontab"),
        *blocks("Home Assistant", "yaml"),
        *blocks("Prometheus and Alertmanager", "yaml"),
    ]
    assert len(pasted) == len(files) == 7
    for name in files:
        assert name in CONNECT
    # What stands above sends people to where the pieces are.
    links = marks(page)
    assert {f"#{anchor}" for anchor in ("rss2email", "home-assistant", "prometheus")} <= {
        *links.targets
    }


def test_the_page_leads_to_the_calendar_and_the_badge_of_every_part(built: Path) -> None:
    links = marks((built / "subscribe/index.html").read_text(encoding="utf-8"))
    there = [p.relative_to(built).as_posix() for p in (built / "components").glob("*/calendar.ics")]
    there += [p.relative_to(built).as_posix() for p in (built / "components").glob("*/badge.svg")]

    assert len(there) == 16
    assert {f"../{key}" for key in there} <= set(links.targets)
    for key in ("components/checkout/calendar.ics", "components/checkout/badge.svg"):
        assert f"`/{key}`" in CONNECT


def test_the_page_and_the_feeds_need_no_stylesheet(built: Path) -> None:
    page = (built / "subscribe/index.html").read_text(encoding="utf-8")
    main = page.partition("<main")[2].partition("</main>")[0]

    # Nothing is put in its place, shown or hidden by a style or a script.
    assert set(re.findall(r"<([a-z]\w*)", main)) <= {
        *(
            "div",
            "section",
            "h1",
            "h2",
            "h3",
            "p",
            "ul",
            "li",
            "a",
            "b",
            "bdi",
            "br",
            "code",
            "pre",
            "span",
        )
    }
    assert not re.search(r"\s(?:style|hidden|aria-hidden|onclick)\b", main)
    for key in feeds_of(built):
        assert b"<?xml-stylesheet" not in (built / key).read_bytes()


def test_the_page_leads_to_every_feed_that_goes_on(built: Path) -> None:
    links = marks((built / "subscribe/index.html").read_text(encoding="utf-8"))
    feeds = feeds_of(built)

    assert len(feeds) > 20
    assert {f"../{key}" for key in feeds} <= set(links.targets)


@pytest.mark.parametrize("page", ["index.html", "subscribe/index.html", "history/index.html"])
def test_feeds_are_found_from_any_page(built: Path, page: str) -> None:
    text = (built / page).read_text(encoding="utf-8")
    link = r'<link rel="alternate" type="([^"]+)" title="([^"]+)" href="([^"]+)">'
    found = re.findall(link, text)
    away = "../" * page.count("/") or "./"

    assert [(key.removeprefix(away), title) for _, title, key in found[:6]] == [
        ("feeds/updates.atom", "Every update"),
        ("feeds/updates.rss", "Every update (RSS)"),
        ("feeds/incidents.atom", "One entry an incident"),
        ("feeds/incidents.rss", "One entry an incident (RSS)"),
        ("feeds/updates.json", "Every update (JSON Feed)"),
        ("feeds/notices.atom", "Notices"),
    ]
    for media_type, _, address in found:
        key = address.removeprefix(away)
        assert headers_for(key)[0].partition(";")[0] == media_type
        assert (built / key).is_file()


# ── what is pasted ───────────────────────────────────────────────────────────────────────────────


def test_sfeed_gets_the_line_that_the_readers_are_tried_with() -> None:
    [block] = blocks("Readers in a terminal", "sh")

    assert Sfeed.merge in block


def test_rss2email_gets_settings_it_knows() -> None:
    known = importlib.import_module("rss2email.config").CONFIG["DEFAULT"]

    found = rss2email_settings("http://127.0.0.1/feeds/updates.atom", 2525)

    assert found.sections() == ["feed.status-northwind-example"]
    assert set(found["DEFAULT"]) <= set(known)
    [cron] = blocks("Mail", "crontab")
    assert re.fullmatch(r"(\S+ ){5}r2e run\n", cron)


def test_home_assistant_reads_both_pieces_and_the_templates_say_something(built: Path) -> None:
    automation, rest = (yaml.safe_load(block) for block in blocks("Home Assistant", "yaml"))

    [rule] = automation["automation"]
    [trigger] = rule["triggers"]
    assert trigger["event_type"] == "feedreader"
    assert file(built, trigger["event_data"]["feed_url"]).is_file()
    event = {"title": "[Cause found] Cards", "description": "It is the bank."}
    message = rule["actions"][0]["data"].values()
    said = [said_of(text, trigger={"event": {"data": event}}) for text in message]
    assert said == ["[Cause found] Cards", "It is the bank."]

    [resource] = rest["rest"]
    answer = json.loads(file(built, resource["resource"]).read_bytes())
    [sensor] = resource["sensor"]
    assert said_of(sensor["value_template"], value_json=answer) == "major"
    assert set(sensor["json_attributes"]) <= answer.keys()


def said_of(template: str, **values: Any) -> str:
    """Return what a template of Home Assistant's says."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    return environment.from_string(template).render(**values)


# ── Prometheus ───────────────────────────────────────────────────────────────────────────────────

TESTS = """
rule_files: [status-northwind-example.rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: firstword_open_incidents{job="status-northwind-example",impact="major"}
        values: 0 0 1 1 1 0
      - series: firstword_open_incidents{job="status-northwind-example",impact="minor"}
        values: 1x20
      # Another page: not what this one says.
      - series: firstword_open_incidents{job="another",impact="critical"}
        values: 1x20
      - series: >-
          firstword_component_status{job="status-northwind-example",component="checkout",
          name="Checkout",status="partial_outage"}
        values: 0 0 1 1 1 0
      - series: >-
          firstword_incident_next_update_timestamp_seconds{job="status-northwind-example",
          id="a",title="Cards fail"}
        values: 600x20
    alert_rule_test:
      - {alertname: StatusPageIncident, eval_time: 1m, exp_alerts: []}
      - alertname: StatusPageIncident
        eval_time: 3m
        exp_alerts:
          - exp_labels: {job: status-northwind-example, impact: major, severity: major}
            exp_annotations:
              summary: "status-northwind-example: 1 open with impact major"
              link: https://status.northwind.example/
      - {alertname: StatusPageIncident, eval_time: 5m, exp_alerts: []}
      - alertname: StatusPageComponentDown
        eval_time: 3m
        exp_alerts:
          - exp_labels:
              job: status-northwind-example
              component: checkout
              name: Checkout
              status: partial_outage
              severity: major
            exp_annotations:
              summary: "status-northwind-example: Checkout: partial_outage"
              link: https://status.northwind.example/
      - {alertname: StatusPageNextWordLate, eval_time: 14m, exp_alerts: []}
      - alertname: StatusPageNextWordLate
        eval_time: 16m
        exp_alerts:
          - exp_labels: {job: status-northwind-example, id: a, title: Cards fail, severity: minor}
            exp_annotations:
              summary: "status-northwind-example: a word was promised by now: Cards fail"
              link: https://status.northwind.example/
"""


@pytest.fixture
def prometheus(tmp_path: Path) -> Path:
    """A folder with what docs/connect.md says to write."""
    names = ("prometheus.yml", "status-northwind-example.rules.yml", "alertmanager.yml")
    for name, text in zip(names, blocks("Prometheus and Alertmanager", "yaml"), strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_prometheus_takes_its_settings_and_rules(prometheus: Path) -> None:
    promtool = need("promtool", "prometheus")

    shown = run(prometheus, promtool, "check", "config", "prometheus.yml")

    assert "3 rules found" in shown


@pytest.mark.parametrize(
    "address", ["https://status.northwind.example", "http://10.0.0.7:8080/status/shop"]
)
def test_prometheus_asks_where_the_metrics_are(address: str, tmp_path: Path) -> None:
    promtool = need("promtool", "prometheus")
    site = replace(read_site(load_settings(ROOT / "pelicanconf.py")), url=address)
    [way] = [way for way in ways(site) if way.id == "prometheus"]
    for piece in way.pieces:
        (tmp_path / piece.file).write_text(piece.text, encoding="utf-8")

    run(tmp_path, promtool, "check", "config", "prometheus.yml")

    [job] = yaml.safe_load(way.pieces[0].text)["scrape_configs"]
    [[target]] = [one["targets"] for one in job["static_configs"]]
    asked = f"{job['scheme']}://{target}{job['metrics_path']}"
    assert asked == urls.absolute(site, urls.METRICS)


def test_pieces_hold_for_a_site_in_a_folder() -> None:
    address = "http://10.0.0.7:8080/status/shop"
    site = replace(read_site(load_settings(ROOT / "pelicanconf.py")), url=address)
    found = {way.id: [piece.text for piece in way.pieces] for way in ways(site)}

    settings = ConfigParser(interpolation=None)
    settings.read_string(found["rss2email"][0])
    [name] = settings.sections()
    assert settings[name]["url"] == f"{address}/feeds/updates.atom"
    automation, rest = map(yaml.safe_load, found["home-assistant"])
    [trigger] = automation["automation"][0]["triggers"]
    assert trigger["event_data"]["feed_url"] == f"{address}/feeds/updates.atom"
    assert rest["rest"][0]["resource"] == f"{address}/status.json"
    assert "northwind" not in str(found)


def test_the_rules_alert_when_they_should(prometheus: Path) -> None:
    promtool = need("promtool", "prometheus")
    (prometheus / "tests.yml").write_text(TESTS, encoding="utf-8")

    run(prometheus, promtool, "test", "rules", "tests.yml")


def test_the_rules_ask_for_metrics_that_are_there(prometheus: Path, built: Path) -> None:
    rules = (prometheus / "status-northwind-example.rules.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"firstword_\w+", rules))

    there = set(re.findall(r"^(firstword_\w+)", (built / "metrics").read_text(), re.MULTILINE))

    assert asked
    assert asked <= there


def test_alertmanager_takes_its_settings_and_rings_for_the_right_ones(prometheus: Path) -> None:
    amtool = need("amtool", "prometheus-alertmanager")

    run(prometheus, amtool, "check-config", "alertmanager.yml")

    for severity, receiver in {"critical": "pagerduty", "minor": "mail"}.items():
        route = ("config", "routes", "test", "--config.file=alertmanager.yml")
        shown = run(prometheus, amtool, *route, f"severity={severity}")
        assert shown.split() == [receiver]
