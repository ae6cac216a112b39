"""Build the package, compare, and try it in every way people install it: make package.

Twice from this checkout, and the wheel from the sdist: the same bytes, so that who installs the
sdist has that wheel. Then, with nothing of this checkout: the wheel with what requirements.lock
lists on every Python from 3.11 to 3.13, and by pipx and `uv tool install` on the newest. Each time
a site is begun and published to a folder; by `uv tool` it is checked, built and published again as
well, and a clone installs with pip what its own requirements.txt says and does all of it with that,
as a runner of CI does. Which Pythons there are is said; on CI all of them must be. Needs the
network.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")
#: The versions of requirements.lock, for installers that want no hash of the rest.
LOCKED = ROOT / "firstword" / "starter" / "files" / "constraints.txt"
ON_CI = os.environ.get("CI") == "true"
#: Other settings of this machine that lead pip and uv to their indexes.
KEPT = re.compile(r"HOME|PATH|PIP_\w+|UV_\w+|SSL_CERT_\w+|\w+_proxy", re.IGNORECASE)

#: Installs Firstword with a Python into a folder, and returns the folder of its programs.
Way = Callable[[str, Path], Path]


def main() -> int:
    """Return 0 when everything works on every Python found; on CI all of them must be."""
    found = dict(pythons())
    for version in VERSIONS:
        print(f"Python {version}: {found.get(version, 'NOT HERE')}", flush=True)
    missing = [version for version in VERSIONS if version not in found]
    if not found or (missing and ON_CI):
        print(f"nothing was tried, for want of Python {', '.join(missing)}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        wheel = packages(place)
        newest = max(found, key=_order)
        # The longest first: what comes after fills the other core.
        tries = [
            (f"uv tool on {newest}", found[newest], by_uv_tool(wheel)),
            (f"pipx on {newest}", found[newest], by_pipx(wheel)),
            *((f"wheel on {version}", found[version], by_uv(wheel)) for version in found),
        ]
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(lambda one: attempt(place, *one), tries))
    for (name, _, _), wrong in zip(tries, said, strict=True):
        print(f"{name}: {wrong or 'works'}")
    if missing:
        print(f"NOT tried, for they are not here: {', '.join(missing)}")
    return 1 if any(said) else 0


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# ── what is built ────────────────────────────────────────────────────────────────────────────────


def packages(scratch: Path) -> Path:
    """Return the wheel in dist/; end with 1 where another build makes other bytes."""
    dist = ROOT / "dist"
    first, second = built(ROOT, dist), built(ROOT, scratch / "again")
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        archive.extractall(scratch / "source", filter="data")
    [source] = (scratch / "source").iterdir()
    third = built(source, scratch / "third", "-t", "wheel")
    for other in (second, third):
        if other != {name: first[name] for name in other}:
            raise SystemExit(f"two builds differ: {first} and {other}")
    for name, digest in first.items():
        print(f"{digest}  {name}")
    return next(dist.glob("*.whl"))


def built(source: Path, folder: Path, *only: str) -> dict[str, str]:
    """Build sdist and wheel, or one of them, into an empty folder; return their digests."""
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, *("-m", "hatchling", "build", "-d", str(folder)), *only, cwd=source)
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in {".whl", ".gz"}
    }


# ── with what ────────────────────────────────────────────────────────────────────────────────────


def pythons() -> Iterator[tuple[str, str]]:
    """Yield each version that is here, or that uv can bring on CI, and its program."""
    for version in VERSIONS:
        program = python(version)
        if program is None and ON_CI:
            subprocess.run([sys.executable, "-m", "uv", "python", "install", version], check=False)
            program = python(version)
        if program is not None:
            yield version, program


def python(version: str) -> str | None:
    """Return the program of a Python of this machine: pyenv's, on the PATH, ours or uv's."""
    ask = "import sys; print(sys.version_info[:2] == tuple(map(int, sys.argv[1].split('.'))))"
    homes = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)
    brought = subprocess.run(
        [*UV, "python", "find", "--no-project", "--managed-python", version],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    named = [shutil.which(f"python{version}"), sys.executable, brought]
    for program in [*map(str, homes), *filter(None, named)]:
        said = subprocess.run(
            [program, "-c", ask, version], capture_output=True, text=True, check=False
        )
        if said.stdout.strip() == "True":
            return program
    return None


UV = (sys.executable, "-m", "uv", "--no-config", "--no-python-downloads")


def by_uv(package: Path) -> Way:
    """Return the way of an environment of its own: first what is locked, then the wheel.

    What uv has read once it links: pip takes twenty seconds for each of these.
    """

    def install(program: str, place: Path) -> Path:
        run(*UV, "venv", "-q", "--python", program, str(place / "venv"))
        into = ("--python", str(place / "venv/bin/python"))
        locked = ("--require-hashes", "-r", str(ROOT / "requirements.lock"))
        run(*UV, "pip", "install", "-q", *into, *locked)
        run(*UV, "pip", "install", "-q", *into, "--no-deps", "--no-index", str(package))
        return place / "venv" / "bin"

    return install


def by_pipx(package: Path) -> Way:
    """Return pipx's way."""

    def install(program: str, place: Path) -> Path:
        run(
            *(sys.executable, "-m", "pipx", "install", "--python", program, str(package)),
            f"--pip-args=--no-compile --constraint {LOCKED}",
            PIPX_HOME=str(place / "pipx"),
            PIPX_BIN_DIR=str(place / "bin"),
            PIPX_MAN_DIR=str(place / "man"),
        )
        return place / "bin"

    return install


def by_uv_tool(package: Path) -> Way:
    """Return the way of `uv tool install`."""

    def install(program: str, place: Path) -> Path:
        run(
            *(*UV, "tool", "install", "--python", program, str(package)),
            *("--constraints", str(LOCKED)),
            UV_TOOL_DIR=str(place / "tools"),
            UV_TOOL_BIN_DIR=str(place / "bin"),
        )
        return place / "bin"

    return install


# ── what is tried ────────────────────────────────────────────────────────────────────────────────


def attempt(scratch: Path, name: str, program: str, way: Way) -> str:
    """Begin and publish a site with what a way installs; "" = all of it works."""
    place = scratch / name.replace(" ", "-")
    site = place / "site"
    try:
        place.mkdir()
        tools = {
            "PATH": f"{way(program, place)}{os.pathsep}{os.environ['PATH']}",
            **{f"GIT_{who}_NAME": "T" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "t@acme.example" for who in ("AUTHOR", "COMMITTER")},
        }
        run(
            *("firstword", "init", str(site), "--name", "Acme status", "--component", "Shop"),
            *("--address", "https://status.acme.example"),
            *("--person", "Dawn Okafor, Head of engineering, dawn@acme.example"),
            cwd=place,
            **tools,
        )
        whole = name.startswith("uv tool")
        wrong = published(site, tools, whole=whole)
        if not wrong and whole:
            clone = place / "clone"
            run("git", "clone", "-q", str(site), str(clone))
            run("make", "install", f"PYTHON={program}", cwd=clone)
            wrong = published(clone, {}, whole=True)
    except subprocess.CalledProcessError as error:
        return f"{error.cmd}\n{error.stdout}{error.stderr}"
    return wrong


def published(site: Path, tools: dict[str, str], *, whole: bool) -> str:
    """Publish a site, as a whole checked before and published again; say what is wrong."""
    if whole:
        run("make", "test", cwd=site, **tools)
    run("make", "publish", cwd=site, **tools)
    if whole and "live already" not in run("make", "publish", cwd=site, **tools):
        return "the second publish sends something"
    if "Acme status" not in (site / "public" / "index.html").read_text(encoding="utf-8"):
        return "no page"
    return ""


def run(*command: str, cwd: Path | None = None, **environ: str) -> str:
    """Run a program far from this checkout; return what it printed. Raises CalledProcessError."""
    clean = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    done = subprocess.run(
        # By the PATH that is given, and not by ours.
        [shutil.which(command[0], path=environ.get("PATH")) or command[0], *command[1:]],
        cwd=cwd or tempfile.gettempdir(),
        env={**clean, "SOURCE_DATE_EPOCH": "1795000000", **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
