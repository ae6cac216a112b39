"""`firstword import statuspage https://…`: read from the page itself, older stories included."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from running import running

from firstword.errors import ImportFailed
from firstword.importers import carry
from firstword.importers.report import Outcome, Report
from firstword.importers.statuspage.asking import Asker
from firstword.importers.statuspage.live import fetched

SAVED = Path(__file__).parent / "data" / "statuspage"
CONF = 'SITENAME = "Hollow Oak"\nCOMPONENTS = []\n'


def story(number: int, **more: object) -> dict[str, object]:
    """Return a row that resolved in March 2021; its code is its number."""
    at = f"2021-03-{number % 28 + 1:02}T10:00:00Z"
    update = {"id": f"u{number}", "status": "resolved", "body": "Warm.", "display_at": at}
    row = {"id": f"c{number:011}", "name": f"Cold {number}", "status": "resolved"}
    return {**row, "impact": "minor", "started_at": at, "incident_updates": [update], **more}


@contextmanager
def serving(pages: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    """Serve answers by path, bytes as they are and all else as JSON; yield the log of requests.

    A list holds the answers to one request after the other, a tuple is a code with headers.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            found = pages.get(self.path)
            if isinstance(found, list):
                found = found.pop(0)
            if isinstance(found, tuple):
                code, headers = found
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                return
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(found if isinstance(found, bytes) else json.dumps(found).encode())

        def log_message(self, *args: object) -> None:
            """Say nothing: standard error is what tests look at."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with running(server) as at:
        yield f"http://{at}", asked


def moved_in(folder: Path, place: str | Path) -> Report:
    """Import into a site that is made where missing."""
    folder.mkdir(exist_ok=True)
    if not (folder / "pelicanconf.py").exists():
        (folder / "pelicanconf.py").write_text(CONF)
    return carry("statuspage", place, site_root=folder, zone=None, dry_run=False)


def saved() -> dict[str, object]:
    """Return the saved documents where a Statuspage serves them."""
    return {
        f"/api/v2/{path.name}": path.read_bytes()
        for path in (SAVED / name for name in ("incidents.json", "components.json"))
    } | {
        "/api/v2/scheduled-maintenances.json": (SAVED / "scheduled-maintenances.json").read_bytes(),
        "/api/v2/summary.json": {"page": {}, "components": [], "incidents": []},
    }


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what was written."""
    return {p.name: p.read_bytes() for p in sorted((folder / "content").rglob("*.md"))}


def test_an_address_gives_what_the_saved_documents_give(tmp_path: Path) -> None:
    with serving(saved()) as (address, asked):
        live = moved_in(tmp_path / "live", address + "/")
        again = moved_in(tmp_path / "live", address)

    kept = moved_in(tmp_path / "saved", SAVED)
    assert files_of(tmp_path / "live") == files_of(tmp_path / "saved")
    assert live.total() == kept.total()
    assert live.needs == ()
    assert again.unchanged == 3
    # Short of 50 they are all there is: nothing else is asked for, and nothing but read.
    assert asked[:4] == [
        "GET /api/v2/summary.json",
        "GET /api/v2/components.json",
        "GET /api/v2/incidents.json",
        "GET /api/v2/scheduled-maintenances.json",
    ]
    assert len(asked) == 8


def long_history() -> dict[str, object]:
    """Return a page with 50 stories in its document and three older ones behind it."""
    newest = [story(number) for number in range(50)]
    names = [{"code": row["id"]} for row in newest]
    older = [{"code": f"c{number:011}"} for number in (50, 51, 52)]
    return {
        "/api/v2/incidents.json": {"page": {}, "incidents": newest},
        "/api/v2/components.json": {"page": {}, "components": []},
        "/api/v2/summary.json": {"page": {}, "incidents": []},
        "/api/v2/scheduled-maintenances.json": {"page": {}, "scheduled_maintenances": []},
        "/history.json?page=1": {"months": [{"incidents": names}, {"incidents": older[:1]}]},
        "/history.json?page=2": {"months": [{"incidents": []}]},
        "/history.json?page=3": {"months": [{"incidents": older[1:]}]},
        "/history.json?page=4": {"months": []},
        "/incidents/c00000000050.json": story(50),
        "/incidents/c00000000051.json": {"page": {}, "incident": story(51)},
        "/incidents/c00000000052.json": story(
            52, scheduled_for="2021-03-25T09:00:00Z", scheduled_until="2021-03-25T11:00:00Z"
        ),
    }


def test_what_is_older_than_the_documents_is_found_through_the_history(tmp_path: Path) -> None:
    with serving(long_history()) as (address, _):
        report = moved_in(tmp_path / "site", address)

    assert report.total() == "read 53 = carried 53 + drafts 0 + not carried 0"
    assert report.needs == ()
    planned = files_of(tmp_path / "site")["2021-03-25-cold-52.md"].decode()
    assert "kind: maintenance" in planned


@pytest.mark.parametrize(
    ("path", "answer", "need"),
    [
        (
            "/history.json?page=1",
            None,
            (
                "history.json?page=1: cannot be read: HTTP Error 404: Not Found; look for older"
                " stories"
            ),
        ),
        (
            "/history.json?page=2",
            b"<html>",
            "history.json?page=2: no months in it; look for older stories",
        ),
        (
            "/api/v2/summary.json",
            None,
            "api/v2/summary.json: cannot be read: HTTP Error 404: Not Found",
        ),
    ],
)
def test_what_a_page_does_not_answer_is_said(
    tmp_path: Path, path: str, answer: bytes | None, need: str
) -> None:
    with serving({**long_history(), path: answer}) as (address, _):
        report = moved_in(tmp_path / "site", address)

    assert report.needs == (need,)
    assert report.needs_person
    assert report.carried >= 50


@pytest.mark.parametrize(
    ("answer", "why"),
    [(b"\xff{", "not JSON: "), (None, "cannot be read: HTTP Error 404: Not Found")],
)
def test_a_known_story_that_cannot_be_read_is_in_the_totals(
    tmp_path: Path, answer: bytes | None, why: str
) -> None:
    with serving({**long_history(), "/incidents/c00000000050.json": answer}) as (address, _):
        report = moved_in(tmp_path / "site", address)

    [lost] = [e for e in report.entries if e.outcome is Outcome.NOT_CARRIED]
    assert lost.source == "incidents/c00000000050.json"
    assert lost.why.startswith(why)
    assert report.total() == "read 53 = carried 52 + drafts 0 + not carried 1"
    assert report.needs_person


@pytest.mark.parametrize(
    "place", ["http://", "https://dawn:secret@status.example", "https://status.example/?page=2"]
)
def test_what_is_no_address_of_a_page_is_refused(place: str) -> None:
    with pytest.raises(ImportFailed, match="not the address of a page"):
        fetched(place, [])


def test_a_host_that_is_no_statuspage_is_refused(tmp_path: Path) -> None:
    no_page = pytest.raises(ImportFailed, match="no documents of a Statuspage at")
    with serving({"/api/v2/incidents.json": b"<html>"}) as (address, _), no_page:
        moved_in(tmp_path / "site", address)


def test_a_code_cannot_lead_elsewhere() -> None:
    asked: list[str] = []
    evil = {"months": [{"incidents": [{"code": "../../admin?x=#"}]}]}
    answers = {"https://s.example/history.json?page=1": evil}
    whole = {"incidents": [story(number) for number in range(50)]}

    def get(address: str) -> bytes:
        asked.append(address)
        if address in answers:
            return json.dumps(answers[address]).encode()
        if address.startswith("https://s.example/api/"):
            return json.dumps(whole).encode()
        raise OSError("nothing there")

    fetched("https://s.example/", [], get)

    assert "https://s.example/incidents/..%2F..%2Fadmin%3Fx%3D%23.json" in asked


# ── a page that is busy ──────────────────────────────────────────────────────────────────────────

AT_ONCE = {"Retry-After": "0", "Content-Length": "0"}


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_what_is_busy_is_asked_again(tmp_path: Path, code: int) -> None:
    pages = long_history()
    for path in ("/api/v2/incidents.json", "/history.json?page=2", "/incidents/c00000000051.json"):
        pages[path] = [(code, AT_ONCE), pages[path]]

    with serving(pages) as (address, asked):
        report = moved_in(tmp_path / "site", address)

    assert report.total() == "read 53 = carried 53 + drafts 0 + not carried 0"
    assert report.needs == ()
    assert asked.count("GET /history.json?page=2") == 2


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    waits: list[float] = []
    wait = {"Retry-After": "7", "Content-Length": "0"}

    pages = {"/a.json": [(429, wait), (503, wait), {"a": 1}]}
    with serving(pages) as (address, asked), Asker(100, sleep=waits.append) as asker:
        found = asker.get(f"{address}/a.json")

    assert (found, waits, len(asked)) == (b'{"a": 1}', [7, 7], 3)


def test_without_a_word_when_the_pauses_grow_and_end() -> None:
    waits: list[float] = []
    busy = (503, {"Content-Length": "0"})

    at_last = pytest.raises(OSError, match="HTTP Error 503: Service Unavailable")
    patient = Asker(100, sleep=waits.append)
    with serving({"/a.json": [busy] * 9}) as (address, asked), at_last, patient as asker:
        asker.get(f"{address}/a.json")

    assert waits == [2, 4, 8, 16]
    assert len(asked) == 6


def test_a_page_that_asks_for_an_hour_is_not_waited_for(tmp_path: Path) -> None:
    hour = (429, {"Retry-After": "3600", "Content-Length": "0"})
    pages = {**long_history(), "/history.json?page=2": hour}

    with serving(pages) as (address, asked):
        report = moved_in(tmp_path / "site", address)

    assert asked.count("GET /history.json?page=2") == 1
    assert report.needs == (
        (
            "history.json?page=2: cannot be read: HTTP Error 429: it asks to wait 3600 seconds;"
            " look for older stories"
        ),
    )


def test_what_is_not_there_is_asked_for_once(tmp_path: Path) -> None:
    with serving({**long_history(), "/history.json?page=1": None}) as (address, asked):
        moved_in(tmp_path / "site", address)

    assert asked.count("GET /history.json?page=1") == 1


def test_more_than_anybody_serves_is_not_read() -> None:
    too_much = pytest.raises(ValueError, match="more than 100 bytes")
    with serving({"/a.json": b"x" * 101}) as (address, _), too_much, Asker(100) as asker:
        asker.get(f"{address}/a.json")


def test_a_host_that_is_not_there_is_said() -> None:
    with serving({}) as (address, _):
        pass

    with pytest.raises(OSError, match="refused"), Asker(100, sleep=lambda _: None) as asker:
        asker.get(f"{address}/a.json")
