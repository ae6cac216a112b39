"""The `firstword` command as people and machines use it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sites import CARDS, CARDS_FILE, CONF, SmallSite

from firstword.cli import main

MAKEFILE = Path(__file__).parent.parent / "firstword/starter/files/Makefile"
BROKEN = CARDS.replace("impact: major", "impact: hurge")
THE_ERROR = f"{CARDS_FILE}:3: value: unknown impact: 'hurge'; one of: none, minor, major, critical"
PINNED = CONF + 'PINNED_CLOCK = "2026-11-21 10:30"\n'


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site")


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def test_a_clean_site_says_nothing(site: SmallSite) -> None:
    ran = site.firstword("check")

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_problem_is_one_line_that_begins_with_path_and_line(site: SmallSite) -> None:
    site.write(CARDS_FILE, BROKEN)

    ran = site.firstword("check")

    assert (ran.code, ran.out) == (1, THE_ERROR + "\n")
    assert ran.err == "1 error and 0 warnings in 1 file\n"


def test_warnings_count_when_strict_and_what_is_set_on_purpose_never_does(site: SmallSite) -> None:
    owned = PINNED.replace('"group": "Shop"', '"owner": "Ian Reyes"')
    site.write("pelicanconf.py", owned)

    relaxed, strict = site.firstword("check"), site.firstword("check", "--strict")

    assert (relaxed.code, strict.code) == (0, 1)
    assert relaxed.out == strict.out
    assert relaxed.err == "0 errors, 1 warning and 1 notice in 1 file\n"
    site.write("pelicanconf.py", PINNED)
    tour = site.firstword("check", "--strict")
    assert tour.out.startswith("pelicanconf.py:1: pinned-clock: notice: PINNED_CLOCK stops")
    assert tour.code == 0


def test_problems_as_json(site: SmallSite) -> None:
    site.write(CARDS_FILE, BROKEN)

    ran = site.firstword("check", "--format", "json")

    assert json.loads(ran.out) == [
        {
            "path": CARDS_FILE,
            "line": 3,
            "rule": "value",
            "level": "error",
            "message": "unknown impact: 'hurge'; one of: none, minor, major, critical",
        }
    ]
    assert json.loads(site.firstword("check", "content/incidents", "--format=json").out)


@pytest.mark.parametrize("command", ["check --format json", "completion bash", "--help"])
def test_who_stops_reading_ends_a_command_without_a_word(site: SmallSite, command: str) -> None:
    site.write(CARDS_FILE, BROKEN)
    read, write = os.pipe()
    os.close(read)

    ran = subprocess.run(
        [sys.executable, "-m", "firstword", *command.split()],
        cwd=site.root,
        env=site.environ(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert (ran.returncode, ran.stderr) in {(141, ""), (141, "1 error and 0 warnings in 1 file\n")}


def test_problems_as_github_annotations(site: SmallSite) -> None:
    site.write(CARDS_FILE, BROKEN)

    ran = site.firstword("check", "--format", "github")

    assert ran.out == (
        f"::error file={CARDS_FILE},line=3,title=value::"
        "unknown impact: 'hurge'; one of: none, minor, major, critical\n"
    )


def test_only_the_paths_asked_for_are_reported(site: SmallSite) -> None:
    site.write(CARDS_FILE, BROKEN)

    other = site.firstword("check", "content/incidents/2026/2026-11-02-slow-pages.md")
    folder = site.firstword("check", "content/incidents/2026")

    assert (other.code, other.out) == (0, "")
    assert (folder.code, folder.out) == (1, THE_ERROR + "\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "nowhere.md"], "PATH: no such file in this site: 'nowhere.md'"),
        (["check", "--format", "xml"], "invalid choice: 'xml'"),
        (["chek"], "unknown command: 'chek'; did you mean 'check'?"),
        ([], "usage: firstword COMMAND [OPTIONS]"),
    ],
)
def test_usage_ends_with_2(site: SmallSite, arguments: list[str], said: str) -> None:
    ran = site.firstword(*arguments)

    assert ran.code == 2
    assert said in ran.err + ran.out


def test_settings_that_cannot_be_end_with_2(site: SmallSite) -> None:
    site.write("pelicanconf.py", CONF.replace("dawn@acme.example", "noreply@acme.example"))

    ran = site.firstword("check")

    assert ran.code == 2
    assert ran.out == (
        "pelicanconf.py:7: settings: PEOPLE: nobody reads 'noreply@acme.example'; "
        "give an address that answers\n"
    )
    assert ran.err == "1 error and 0 warnings in 1 file\n"


@pytest.mark.parametrize(
    ("conf", "line", "message"),
    [
        (CONF + "TIMEZONE = 'Mars/Base'\n", 15, "TIMEZONE: no such time zone: 'Mars/Base'"),
        (CONF.replace("SITENAME", "SITE_NAME"), 1, "SITENAME: how is this page called?"),
        (CONF + "X = 1 / 0\n", 15, "ZeroDivisionError: division by zero"),
        (CONF + "X = (\n", 15, "SyntaxError: '(' was never closed (pelicanconf.py, line 15)"),
    ],
)
def test_settings_that_cannot_be_have_a_line_for_machines_too(
    site: SmallSite, conf: str, line: int, message: str
) -> None:
    site.write("pelicanconf.py", conf)

    ran = site.firstword("check", "--format", "json", CARDS_FILE)

    [problem] = json.loads(ran.out)
    assert ran.code == 2
    assert problem == {
        "path": "pelicanconf.py",
        "line": line,
        "rule": "settings",
        "level": "error",
        "message": message,
    }


@pytest.mark.parametrize("plugins", ["[]", "['firstword.pluggin']", "None"])
def test_a_site_that_pelican_would_build_without_us(site: SmallSite, plugins: str) -> None:
    site.write("pelicanconf.py", CONF + f"PLUGINS = {plugins}\n")

    ran = site.firstword("check")

    assert ran.code == 1
    assert ran.out == (
        "pelicanconf.py:1: plugins: 'firstword.plugin' is not in PLUGINS: nothing would be built\n"
    )


def test_the_plugin_may_be_listed_as_a_module(site: SmallSite) -> None:
    site.write("pelicanconf.py", CONF + "import firstword.plugin\nPLUGINS = [firstword.plugin]\n")

    assert site.firstword("check").code == 0


def test_it_runs_as_a_module(site: SmallSite) -> None:
    ran = site.run(sys.executable, "-m", "firstword", "check")

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_it_works_from_any_folder_of_the_site(site: SmallSite) -> None:
    site.write(CARDS_FILE, BROKEN)
    inside = SmallSite(site.root / "content/incidents/2026")

    assert inside.firstword("check", Path(CARDS_FILE).name).out == THE_ERROR + "\n"


@pytest.mark.parametrize("command", ["publish", "import", "check"])
def test_no_command_walks_out_of_a_repository_to_find_a_site(
    command: str,
    site: SmallSite,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (site.root / "other" / ".git").mkdir(parents=True)
    monkeypatch.chdir(site.root / "other")
    rest = ["stactus", "."] if command == "import" else []

    assert main([command, *rest]) == 2

    told = capsys.readouterr().err
    assert f"not found in the git repository {str(site.root / 'other')!r}" in told
    assert f"run this in {str(site.root)!r} if that is meant" in told


@pytest.mark.parametrize("command", ["check", "import", "serve"])
def test_every_command_has_help_with_an_example(site: SmallSite, command: str) -> None:
    ran = site.firstword(command, "--help")

    assert ran.code == 0
    assert f"firstword {command}" in ran.out.split("example", 1)[1]


def test_check_does_not_wait_for_pelican_or_boto(site: SmallSite) -> None:
    program = (
        "import sys; from firstword.cli import main; main(['check']);"
        "print({'pelican', 'boto3', 'feedgen', 'jinja2'} & set(sys.modules))"
    )

    assert site.run(sys.executable, "-c", program).out == "set()\n"


# ── serve ────────────────────────────────────────────────────────────────────────────────────────


class Served:
    """A running `make serve`, as a site has it."""

    def __init__(self, site: SmallSite) -> None:
        ours = f"FIRSTWORD={sys.executable} -m firstword"
        self.process = subprocess.Popen(
            ["make", "-f", MAKEFILE, "serve", "ARGS=--port 0", ours],
            cwd=site.root,
            # As Ctrl-C does: make itself hands it on to nobody.
            start_new_session=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(site.root),
                "SOURCE_DATE_EPOCH": "1795253400",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("Look: http://127.0.0.1:"), self.process.stderr
        self.netloc = urlsplit(line.split()[1]).netloc

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.netloc, timeout=30)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def wait_for_news(self) -> threading.Thread:
        """Open the stream of events; the thread ends when the page has changed."""
        connection = http.client.HTTPConnection(self.netloc, timeout=60)
        connection.request("GET", "/.firstword-events")
        answer = connection.getresponse()

        def read() -> None:
            while answer.readline().strip() != b"data: changed":
                pass

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def served(site: SmallSite) -> Iterator[Served]:
    served = Served(site)
    yield served
    os.killpg(served.process.pid, signal.SIGINT)
    served.process.communicate(timeout=30)


def test_serve_shows_the_site_and_reloads_on_change(site: SmallSite, served: Served) -> None:
    status, page = served.get("/")
    assert status == 200
    assert "Card payments fail in the EU" in page
    assert page.endswith("location.reload()</script>")

    news = served.wait_for_news()
    site.write(CARDS_FILE, CARDS.replace("fail in the EU", "fail in Norway"))
    news.join(60)

    assert not news.is_alive()
    assert "Card payments fail in Norway" in served.get("/")[1]
    # What is published does not carry the line that reloads, and output/ is not touched.
    assert "EventSource" not in (site.root / ".cache/serve/index.html").read_text(encoding="utf-8")
    assert not (site.root / "output").exists()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_serve_answers_nobody_elses_name(served: Served, method: str) -> None:
    assert served.get("/", method)[0] == 200
    assert served.get("/", method, Host="evil.example")[0] == 421


def test_serve_stays_inside_its_folder(served: Served) -> None:
    assert served.get("/../../pelicanconf.py")[0] == 404
    assert served.get("/%2e%2e/%2e%2e/pelicanconf.py")[0] == 404
