"""What is in the wheel is all that a site needs, and it is the same wheel each time."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from firstword.cli.vendoring import requirement

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two folders with sdist and wheel, built one after the other."""
    folders = [tmp_path_factory.mktemp("dist") for _ in range(2)]
    for folder in folders:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    return folders


@pytest.fixture(scope="module")
def wheels(built: list[Path]) -> list[Path]:
    return [path for folder in built for path in folder.glob("*.whl")]


def test_sdist_and_wheel_are_the_same_bytes_each_time(built: list[Path]) -> None:
    first, second = ({path.name: path.read_bytes() for path in f.iterdir()} for f in built)

    assert sorted(name.rpartition(".")[2] for name in first) == ["gz", "whl"]
    assert first == second


def test_the_sdist_makes_the_same_wheel(built: list[Path], tmp_path: Path) -> None:
    with tarfile.open(next(built[0].glob("*.gz"))) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=source,
        check=True,
        capture_output=True,
    )

    [wheel] = (tmp_path / "dist").iterdir()
    assert wheel.read_bytes() == next(built[0].glob("*.whl")).read_bytes()


def test_the_wheel_carries_theme_languages_and_starter(wheels: list[Path]) -> None:
    carried = set(zipfile.ZipFile(wheels[0]).namelist())

    themes = {f"firstword/_theme/templates/{p.name}" for p in (ROOT / "theme/templates").iterdir()}
    assert themes <= carried
    for folder in ("starter/files", "locale"):
        files = (path for path in (ROOT / "firstword" / folder).rglob("*") if path.is_file())
        assert {path.relative_to(ROOT).as_posix() for path in files} <= carried
    assert not [name for name in carried if "tests" in name or name.endswith((".md.orig", ".pyc"))]


def test_on_ci_a_python_that_is_missing_is_no_success(tmp_path: Path) -> None:
    """With no home, no PATH and nothing to bring it there is this one Python alone."""
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "try_package.py")],
        env={
            "CI": "true",
            "HOME": str(tmp_path),
            "PATH": str(tmp_path),
            "UV_OFFLINE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_PYTHON_INSTALL_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    here = f"3.{sys.version_info.minor}"
    others = [version for version in ("3.11", "3.12", "3.13") if version != here]

    assert ran.returncode == 1
    assert f"Python {here}: {sys.executable}" in ran.stdout
    assert all(f"Python {version}: NOT HERE" in ran.stdout for version in others)
    assert f"for want of Python {', '.join(others)}" in ran.stderr


def held(wheel: Path | io.BytesIO) -> dict[str, bytes]:
    """Return what an installer takes from a wheel; the list of it may be in another order."""
    archive = zipfile.ZipFile(wheel)
    files = {name: archive.read(name) for name in archive.namelist()}
    listed = next(name for name in files if name.endswith("/RECORD"))
    return files | {listed: b"\n".join(sorted(files[listed].splitlines()))}


def test_a_wheel_of_a_checkout_holds_what_a_wheel_holds(wheels: list[Path]) -> None:
    """What an editable installation knows of itself is as old as that installation."""
    _, files = requirement()
    [data] = files.values()
    ours, built = held(io.BytesIO(data)), held(wheels[0])

    assert ours.keys() == built.keys()
    grown_old = {name for name in built if name.endswith(("/METADATA", "/RECORD"))}
    assert {name for name in built if ours[name] != built[name]} <= grown_old


def test_a_site_lives_on_the_wheel_alone(wheels: list[Path], tmp_path: Path) -> None:
    """With this environment's libraries, and none of this checkout's files."""
    place = tmp_path / "place"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"),
            *("--no-deps", "--no-index", "--no-compile", "--target", str(place), str(wheels[0])),
        ],
        check=True,
        capture_output=True,
    )

    def run(*arguments: str, cwd: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "firstword", *arguments],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place), "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(
        *("init", "site", "--name", "Acme status", "--address", "https://status.acme.example"),
        *("--person", "Dawn Okafor, Engineer, dawn@acme.example", "--no-git"),
        cwd=tmp_path,
    )
    site = tmp_path / "site"
    # What was installed from a file is on this machine alone: the site has the same wheel.
    line = (site / "requirements.txt").read_text(encoding="utf-8").splitlines()[0]
    assert held(site / line) == held(wheels[0])
    where = "import firstword, firstword.pelican_defaults as d; print(firstword.__file__, d.THEME)"
    told = subprocess.run(
        [sys.executable, "-c", where],
        cwd=site,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert told == [str(place / "firstword/__init__.py"), str(place / "firstword/_theme")]
    run("check", "--strict", cwd=site)
    assert "live: " in run("publish", cwd=site)
    assert "Acme status" in (site / "public/index.html").read_text(encoding="utf-8")
