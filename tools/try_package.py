"""Build the package twice, compare, and try it on every Python there is: make package.

For each Python from 3.11 to 3.13 that this machine has: a new environment with what
requirements.lock lists and the wheel, and nothing of this checkout; in it a site is begun, checked,
built and published to a folder, twice. Needs the network, for the environments.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")


def main() -> int:
    """Return 0 when everything works on every Python found."""
    dist = ROOT / "dist"
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch, "again")
        first, second = built(dist), built(again)
        if first != second:
            print(f"two builds differ: {first} and {second}", file=sys.stderr)
            return 1
        for name, digest in first.items():
            print(f"{digest}  {name}")
        [wheel] = dist.glob("*.whl")
        found = dict(pythons())
        print(f"Pythons here: {', '.join(found)}", flush=True)
        if not found:
            return 1
        with ThreadPoolExecutor(2) as pool:
            done = pool.map(
                lambda one: attempt(Path(scratch, one[0]), one[1], wheel), found.items()
            )
            failures = [said for said in done if said]
    print("\n".join(failures) or "works on all of them")
    return 1 if failures else 0


def built(folder: Path) -> dict[str, str]:
    """Build sdist and wheel into an empty folder; return their digests."""
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build", "-d", str(folder), cwd=ROOT)
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def pythons() -> Iterator[tuple[str, str]]:
    """Yield each version that can be had, and its program."""
    ask = "import sys; print(sys.version_info[:2] == tuple(map(int, sys.argv[1].split('.'))))"
    for version in VERSIONS:
        homes = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)
        named = shutil.which(f"python{version}")
        for program in [*map(str, homes), *filter(None, [named]), sys.executable]:
            said = subprocess.run(
                [program, "-c", ask, version], capture_output=True, text=True, check=False
            )
            if said.stdout.strip() == "True":
                yield version, program
                break


def attempt(place: Path, python: str, wheel: Path) -> str:
    """Begin, check, build and publish a site with nothing but the wheel; "" = all of it works."""
    venv, site = place / "venv", place / "site"
    try:
        run(python, "-m", "venv", str(venv))
        pip = (str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q")
        run(*pip, "install", "--require-hashes", "-r", str(ROOT / "requirements.lock"))
        run(*pip, "install", "--no-deps", "--no-index", str(wheel))
        firstword = str(venv / "bin" / "firstword")
        run(
            *(firstword, "init", str(site), "--name", "Acme status", "--component", "Shop"),
            *("--address", "https://status.acme.example"),
            *("--person", "Dawn Okafor, Head of engineering, dawn@acme.example"),
        )
        tools = {"PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        run("make", "test", cwd=site, **tools)
        run("make", "publish", cwd=site, **tools)
        if "live already" not in run("make", "publish", cwd=site, **tools):
            return f"{python}: the second publish sends something"
        if "Acme status" not in (site / "public" / "index.html").read_text(encoding="utf-8"):
            return f"{python}: no page"
    except subprocess.CalledProcessError as error:
        return f"{python}: {error.cmd}\n{error.stdout}{error.stderr}"
    return ""


def run(*command: str, cwd: Path | None = None, **environ: str) -> str:
    """Run a program far from this checkout; return what it printed. Raises CalledProcessError."""
    clean = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=cwd or tempfile.gettempdir(),
        env={**clean, **environ, "SOURCE_DATE_EPOCH": "1795000000"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
