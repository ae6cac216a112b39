"""The house itself: what the repository holds, its locks, its Makefile, its wheel."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")

# In pieces, so that this file does not hold what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("ftp", "debian", "org"),
        ("security", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("proxy", "golang", "org"),
    )
)
MACHINE_PATHS = tuple(
    "/" + "/".join(pieces)
    for pieces in (("root",), ("work", "main"), ("work", "shared"), ("opt", "pypi"))
)


def project() -> dict[str, Any]:
    """Return the [project] table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def pins(lock: str) -> dict[str, set[Version]]:
    """Return name to versions of a lock file (several where Python versions differ)."""
    found: dict[str, set[Version]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), set()).add(Version(version))
    return found


def imported(source: Path) -> set[str]:
    """Return the top-level modules a file imports when it runs; those for types alone are not."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    modules: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.partition(".")[0])
    return modules


def repository_files() -> list[Path]:
    """Return the files that git tracks or would track, or skip outside a checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_place_on_a_machine() -> None:
    needles = re.compile(
        "|".join(re.escape(host) for host in REGISTRY_HOSTS)
        + "|"
        + "|".join(rf"(?<![\w.}}-]){re.escape(path)}(?![\w.-])" for path in MACHINE_PATHS)
    )

    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in repository_files()
        for match in needles.finditer(path.read_bytes().decode("utf-8", "replace"))
    ]

    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_has_a_hash(lock: str) -> None:
    # A requirement starts at the margin; its hashes and comments are indented below it.
    requirements = re.findall(r"(?m)^\w.*(?:\n[ \t].*)*", (ROOT / lock).read_text())

    without = [entry for entry in requirements if "--hash=sha256:" not in entry]

    assert requirements
    assert without == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_what_the_project_asks_for(lock: str) -> None:
    wanted = [Requirement(line) for line in project()["dependencies"]]
    if lock == "requirements-dev.lock":
        wanted += [Requirement(line) for line in project()["optional-dependencies"]["dev"]]
    held = pins(lock)

    unmet = [
        str(requirement)
        for requirement in wanted
        if requirement.name != "firstword"
        and not any(
            requirement.specifier.contains(version)
            for version in held.get(canonicalize_name(requirement.name), ())
        )
    ]

    assert unmet == []


def test_publishing_and_testing_use_the_same_versions() -> None:
    publishing, testing = (pins(lock) for lock in LOCKS)

    assert publishing == {name: testing[name] for name in publishing}


def test_what_we_import_is_declared() -> None:
    declared = {canonicalize_name(Requirement(line).name) for line in project()["dependencies"]}
    declared.add(canonicalize_name("botocore"))  # boto3 is made of it and pins it
    distributions = packages_distributions()
    sources = [*(ROOT / "firstword").rglob("*.py"), ROOT / "publish.py", ROOT / "pelicanconf.py"]

    undeclared = {
        f"{source.relative_to(ROOT)}: {module}"
        for source in sources
        for module in imported(source)
        if module not in sys.stdlib_module_names | {"firstword", "pelicanconf"}
        and not declared & {canonicalize_name(name) for name in distributions.get(module, ())}
    }

    assert undeclared == set()


def test_make_help_lists_every_target() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    result = subprocess.run(
        [make, "-C", str(ROOT), "--no-print-directory", "help"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert re.findall(r"^make (\S+) +\S", result.stdout, re.MULTILINE) == targets


def test_the_wheel_carries_the_theme(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    [wheel] = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())

    theme = {
        f"firstword/_theme/{path.relative_to(ROOT / 'theme').as_posix()}"
        for path in repository_files()
        if path.is_relative_to(ROOT / "theme")
    }

    assert theme
    assert theme <= inside
    assert not {name.partition("/")[0] for name in inside} & {"theme", "tests", "content"}


# ── what conftest.py promises ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("198.51.100.7", 53)])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_test_cannot_leave_this_machine(address: tuple[str, int], kind: int) -> None:
    with (
        socket.socket(socket.AF_INET, kind) as connection,
        pytest.raises(pytest.fail.Exception, match="tests stay on loopback"),
    ):
        connection.connect(address)


def test_a_test_cannot_ask_a_name_server() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"'status\.example'"):
        socket.create_connection(("status.example", 80))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection((host, server.getsockname()[1]), timeout=5) as connection,
    ):
        connected = connection.getpeername()

    assert connected[0] == "127.0.0.1"


INNER = """
import pytest

def test_equal(golden):
    golden("greeting.txt", "good morning\\n")

def test_nothing_to_compare():
    pytest.skip("the moon is missing")

@pytest.mark.xfail(strict=True)
def test_known_to_fail():
    assert False
"""


@pytest.fixture
def run_inner(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Return a function that runs INNER under a copy of our conftest.py, in its own process."""
    tests = pytester.mkdir("tests")
    (tests / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tests / "test_inner.py").write_text(INNER)

    def run(*args: str, ci: bool = False) -> pytest.RunResult:
        monkeypatch.setenv("CI", "true" if ci else "")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rs", *args)

    return run


def test_golden_file_that_is_missing_fails_until_it_is_written(
    run_inner: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    missing = run_inner()
    refreshed = run_inner("--golden-refresh")
    written = (pytester.path / "tests" / "golden" / "greeting.txt").read_text()
    equal = run_inner()

    missing.assert_outcomes(failed=1, skipped=1, xfailed=1)
    missing.stdout.fnmatch_lines(["*no golden file 'greeting.txt'*"])
    refreshed.assert_outcomes(passed=1, deselected=2)
    assert written == "good morning\n"
    equal.assert_outcomes(passed=1, skipped=1, xfailed=1)


def test_golden_file_that_differs_fails(
    run_inner: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    pytester.mkdir("tests/golden").joinpath("greeting.txt").write_text("good evening\n")

    result = run_inner()

    result.assert_outcomes(failed=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["*- good morning*", "*+ good evening*"])


def test_a_skip_fails_on_ci_and_an_expected_failure_does_not(
    run_inner: Callable[..., pytest.RunResult],
) -> None:
    result = run_inner("-k", "not equal", ci=True)

    result.assert_outcomes(failed=1, xfailed=1, deselected=1)
    result.stdout.fnmatch_lines(["*skipped, which CI does not allow: the moon is missing*"])


def test_golden_files_are_not_refreshed_on_ci(
    run_inner: Callable[..., pytest.RunResult],
) -> None:
    result = run_inner("--golden-refresh", ci=True)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
