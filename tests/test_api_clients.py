"""Programs that other people wrote for Statuspage read a built site, unchanged, on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import life
import pytest
from apis import ROOT, example, files, read
from prometheus_client.parser import text_string_to_metric_families
from readers import Served
from sites import SmallSite

CLIENTS = ROOT / "tests" / "clients"

#: What npm's statuspage.io asks for → the document it should get.
ASKED = {
    "status": "status.json",
    "summary": "summary.json",
    "components": "components.json",
    "incidents": "incidents.json",
    "unresolved": "incidents/unresolved.json",
    "upcoming": "scheduled-maintenances/upcoming.json",
    # The client's own slip: it asks upcoming.json for these two as well.
    "maintenances": "scheduled-maintenances/upcoming.json",
    "active": "scheduled-maintenances/upcoming.json",
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The example site as `pelican content` builds it, and a life at the hours that differ most."""
    root = tmp_path_factory.mktemp("northwind")
    for folder in ("content", "theme"):
        shutil.copytree(ROOT / folder, root / folder)
    shutil.copy(ROOT / "pelicanconf.py", root)
    site = SmallSite(root)
    ran = site.pelican(SOURCE_DATE_EPOCH="")
    assert ran.code == 0, ran.err
    found = {"example": site.files("output")}
    for number in (0, 4, 12, 20, 34, 38, len(life.published()) - 1):
        lived = life.published()[number]
        found[f"step-{number}"] = files(lived.page, lived.step.at)
    return found


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, sites: dict[str, dict[str, bytes]]
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for name, made in sites.items():
        for key, data in made.items():
            path = folder / name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    server = Served()
    server.folder = folder
    yield server
    server.close()


def test_the_example_is_a_whole_build(sites: dict[str, dict[str, bytes]]) -> None:
    built = sites["example"]
    made = files(*example())

    assert built.keys() >= made.keys() | {
        "index.html",
        "feeds/updates.atom",
        "subscribe/index.html",
    }
    # What names its build cannot be the same.
    assert {key for key in made if built[key] != made[key]} == {"status.json"}


def test_npm_statuspage_io_reads_every_document(
    served: Served, sites: dict[str, dict[str, bytes]]
) -> None:
    if not shutil.which("node"):
        pytest.skip("no node: apt-get install nodejs npm")
    if not (CLIENTS / "node_modules" / "statuspage.io").is_dir():
        pytest.skip("statuspage.io is not installed: make clients")
    for name, made in sites.items():
        shown = subprocess.run(
            ["node", str(CLIENTS / "statuspage-io.cjs"), served.url(name)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert shown.returncode == 0, shown.stderr
        answers = json.loads(shown.stdout)
        assert answers == {what: read(made, file) for what, file in ASKED.items()}


Row = tuple[str, dict[str, str], float]


def exported(folder: Path, address: str) -> list[Row]:
    """Let statuspage-prometheus-exporter look at a page once, and return what it exports."""
    folder.mkdir()
    services = {"acme": {"name": "Acme", "type": "status_page", "url": address}}
    (folder / "services.json").write_text(json.dumps(services))
    done = subprocess.run(
        [sys.executable, "-m", "statuspage_prometheus_exporter.status_monitoring"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "RUN_MODE": "once", "METRICS_TEXTFILE_PATH": "out.prom"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    text = (folder / "out.prom").read_text()
    return [
        (sample.name.removeprefix("statuspage_"), sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def test_the_prometheus_exporter_sees_what_is_open(
    served: Served, sites: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    for name, made in sites.items():
        summary = read(made, "summary.json")

        rows = exported(tmp_path / name, served.url(f"{name}/api/v2/summary.json"))

        def of(metric: str, rows: list[Row] = rows) -> list[tuple[dict[str, str], float]]:
            return [
                (labels, value)
                for found, labels, value in rows
                # Its way of saying that there is none.
                if found == metric and "none" not in labels.values()
            ]

        assert [value for _, value in of("probe_check")] == [1], name
        assert {labels["incident_id"] for labels, _ in of("incident_info")} == {
            incident["id"] for incident in summary["incidents"]
        }
        for labels, _ in of("incident_info"):
            [incident] = [i for i in summary["incidents"] if i["id"] == labels["incident_id"]]
            assert labels["incident_name"] == incident["name"]
            assert labels["impact"] == incident["impact"]
            assert labels["shortlink"] == incident["shortlink"]
        assert {labels["maintenance_id"] for labels, _ in of("maintenance_info")} == {
            planned["id"] for planned in summary["scheduled_maintenances"]
        }
        works: dict[str, Any] = {
            component["name"]: float(component["status"] == "operational")
            for component in summary["components"]
        }
        assert {labels["component_name"]: value for labels, value in of("component_status")} == (
            works
        )
        well = not summary["incidents"] and all(works.values())
        assert [value for _, value in of("service_status")] == [
            float(well or summary_is_none(summary))
        ]


def summary_is_none(summary: dict[str, Any]) -> bool:
    """Tell whether only incidents without an impact are open, which the exporter calls well."""
    impacts = {incident["impact"] for incident in summary["incidents"]}
    return bool(impacts) and impacts == {"none"} and summary["status"]["indicator"] == "none"
