"""`firstword init`: an empty folder becomes a site that checks, builds and publishes at once."""

from __future__ import annotations

import io
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from judges import reflow
from judges.browser import Scheme, opened
from judges.serve import serving
from playwright.sync_api import Browser

from firstword.cli import main
from firstword.cli.init import machine_zone
from firstword.cli.vendoring import published_at
from firstword.errors import SettingsError
from firstword.settings import read_site
from firstword.starter import Answers, flaw, required, site_files, versions
from firstword.starter.renewal import listed, renewal
from firstword.starter.wheel import pack

ROOT = Path(__file__).resolve().parent.parent
START = ROOT / "docs" / "start.md"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DAWN = "Dawn Okafor, Head of engineering, ops, dawn@acme.example"


def answers(**other: object) -> Answers:
    given: dict[str, object] = {
        "name": "Acme status",
        "address": "https://status.acme.example/",
        "zone": "Europe/Copenhagen",
        "components": ["Online shop", "api = Partner API", ""],
        "people": [DAWN],
        "targets": ["public"],
    }
    return Answers(**given | other)  # type: ignore[arg-type] # each test says what it is about


def settings(text: str, folder: Path) -> dict[str, object]:
    conf = folder / "pelicanconf.py"
    conf.write_text(text, encoding="utf-8")
    return runpy.run_path(str(conf))


def test_what_was_answered_is_what_the_settings_say(tmp_path: Path) -> None:
    files = site_files(answers(contact="care@acme.example"), "firstword==1.0")

    site = read_site(settings(files["pelicanconf.py"], tmp_path))

    assert (site.name, site.url) == ("Acme status", "https://status.acme.example")
    assert str(site.timezone) == "Europe/Copenhagen"
    assert [(c.id, c.name) for c in site.components.values()] == [
        ("online-shop", "Online shop"),
        ("api", "Partner API"),
    ]
    [dawn] = site.people.values()
    assert (dawn.role, dawn.address) == ("Head of engineering, ops", "dawn@acme.example")
    assert files["requirements.txt"] == "firstword==1.0\n-c constraints.txt\n"
    assert "# Acme status\n" in files["README.md"]
    assert "https://status.acme.example is built" in files["README.md"].replace("\n", " ")


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and text.isprintable()))
def test_no_name_breaks_out_of_the_settings(name: str) -> None:
    conf = site_files(answers(name=name), "firstword==1.0")["pelicanconf.py"]

    read: dict[str, object] = {}
    exec(compile(conf, "pelicanconf.py", "exec"), read)  # noqa: S102 - it is what Pelican does

    assert read["SITENAME"] == " ".join(name.split())
    assert not read.keys() & {"os", "sys"}


@pytest.mark.parametrize(
    ("other", "setting"),
    [
        ({"address": "status.acme.example"}, "SITEURL"),
        ({"zone": "Europe/Kopenhagen"}, "TIMEZONE"),
        ({"people": ["Dawn Okafor"]}, "PEOPLE"),
        ({"people": []}, "PEOPLE"),
        ({"people": ["Dawn Okafor, engineer, noreply@acme.example"]}, "PEOPLE"),
        ({"components": ["Shop", "shop = The shop"]}, "COMPONENTS"),
        ({"components": ["店"]}, "COMPONENTS"),
        ({"name": "  "}, "SITENAME"),
    ],
)
def test_an_answer_that_cannot_be_is_told_by_its_setting(
    other: dict[str, object], setting: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        site_files(answers(**other), "firstword==1.0")

    assert refused.value.setting == setting


OWN = ("content", "Content/images/", ".git", ".github/x", "theme", "vendor", "output", "Makefile")


@pytest.mark.parametrize("target", [*OWN, ".", "./", "/", "..", "../..", "a/.."])
def test_a_target_that_cannot_work_is_refused_with_the_reason(target: str) -> None:
    why = flaw("target", ["public", target])

    assert repr(target) in why
    assert ("is the site's own" if target in OWN else "holds the site itself") in why


@pytest.mark.parametrize("target", ["public", "contents", "/srv/www", "../www", "s3://content/a"])
def test_a_target_that_can_work_is_taken(target: str) -> None:
    assert flaw("target", [target]) == ""


def test_workflows_can_be_read_and_name_commands_there_are() -> None:
    files = site_files(answers(), "firstword==1.0")
    github = yaml.safe_load(files[".github/workflows/status.yml"])
    gitlab = yaml.safe_load(files[".gitlab-ci.yml"])

    lines = [
        step["run"] for job in github["jobs"].values() for step in job["steps"] if "run" in step
    ]
    lines += [line for job in ("check", "pages") for line in gitlab[job]["script"]]
    ours = [line[line.index("firstword ") :] for line in lines if "firstword " in line]

    assert len(ours) == 4
    for line in ours:
        _, command, *options = line.partition("||")[0].split()
        assert command in {"check", "publish"}
        told = subprocess.run(
            [sys.executable, "-m", "firstword", command, "--help"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for option in options:
            assert not option.startswith("--") or option in told, line


def test_make_says_what_to_do_where_there_is_no_firstword(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(site_files(answers(), "firstword==1.0")["Makefile"])
    for name in ("make", "sed", "expand", "sh"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)

    def make(target: str) -> subprocess.CompletedProcess[str]:
        command = (str(tmp_path / "bin" / "make"), target)
        env = {"PATH": str(tmp_path / "bin")}
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    assert '"make install" puts it into .venv' in make("publish").stderr
    assert make("help").returncode == 0


def test_the_same_publish_py_lies_here_and_there() -> None:
    there = site_files(answers(), "firstword==1.0")["publish.py"]

    assert there == (ROOT / "publish.py").read_text(encoding="utf-8")


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def run(*command: str | Path, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_site_is_begun_checked_built_and_published(tmp_path: Path, browser: Browser) -> None:
    home, folder = tmp_path / "home", tmp_path / "status"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = T\nemail = t@acme.example\n")
    begun = run(
        *(sys.executable, "-m", "firstword", "init", "status", "--name", "Acme status"),
        *("--address", "https://status.acme.example", "--component", "Shop", "--person", DAWN),
        cwd=tmp_path,
        home=home,
    )
    assert begun.returncode == 0, begun.stderr

    tried = run("make", "test", cwd=folder, home=home)
    published = run("make", "publish", cwd=folder, home=home)
    again = run("make", "publish", cwd=folder, home=home)

    assert tried.returncode == 0, tried.stderr
    assert published.returncode == 0, published.stderr
    assert "live already: nothing to send" in again.stdout
    assert "No problem reported" in (folder / "public/index.html").read_text(encoding="utf-8")
    told = run("git", "status", "--porcelain", cwd=folder, home=home)
    assert (told.returncode, told.stdout) == (0, "")
    assert "A status page begins" in run("git", "log", cwd=folder, home=home).stdout

    # The words of the tutorial: the first one of an incident.
    tutorial = START.read_text(encoding="utf-8").replace("\\\n", " ")
    [new] = re.findall(r"^ *firstword (new .*)$", tutorial, re.MULTILINE)
    said = run("firstword", *shlex.split(new.replace("online-shop", "shop")), cwd=folder, home=home)
    live = run("make", "publish", cwd=folder, home=home)

    assert (said.returncode, said.stderr) == (0, "")
    assert live.returncode == 0, live.stderr
    with serving(folder / "public") as address, opened(browser, address, scripts=False) as page:
        assert "One card payment in five is refused." in page.inner_text("main")
        for width in (390, 1280):
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                assert [f"{width} {scheme}: {line}" for line in reflow.fits(page)] == []


# ── which Firstword ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({}, "firstword==1.0"),
        (
            {"url": "https://forge.example/f.git", "vcs_info": {"vcs": "git", "commit_id": "ab12"}},
            "firstword @ git+https://forge.example/f.git@ab12",
        ),
        (
            {"url": "https://a.example/f.whl", "archive_info": {"hashes": {"sha256": "cd34"}}},
            "firstword @ https://a.example/f.whl#sha256=cd34",
        ),
        ({"url": "file:///home/dawn/f.whl", "archive_info": {}}, ""),
        ({"url": "file:///home/dawn/f", "dir_info": {"editable": True}}, ""),
        ({"url": "ssh://git@forge.example/f.git", "vcs_info": {"commit_id": "ab12"}}, ""),
    ],
    ids=["index", "git", "archive", "file", "checkout", "ssh"],
)
def test_a_requirement_is_a_line_that_every_machine_can_follow(
    told: dict[str, object], line: str
) -> None:
    assert published_at("1.0", told) == line


def test_the_same_files_make_the_same_wheel() -> None:
    files = {"firstword/b.py": b"B", "firstword/a.py": b"A"}

    packed = pack("1.0", files)

    assert packed == pack("1.0", dict(reversed(files.items())))
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.read("firstword-1.0.dist-info/RECORD").decode().splitlines() == [
        "firstword/a.py,sha256=VZrq0IJk1XldOQlxjN0Fq9SVcuhP5VWQ7vMaiKCP3_0,1",
        "firstword/b.py,sha256=335w5QIVRPSDS77mSp43if68S-gUcN9inK1t2wMyClw,1",
        "firstword-1.0.dist-info/RECORD,,",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "./vendor/new.whl\n"),
        ("firstword==0.1.0\npelican-plugin==2\n", "./vendor/new.whl\npelican-plugin==2\n"),
        ("# ours\n./vendor/firstword-0.1.0-py3-none-any.whl\n", "# ours\n./vendor/new.whl\n"),
        ("firstword-x==3\n", "./vendor/new.whl\nfirstword-x==3\n"),
    ],
    ids=["nothing", "pinned", "vendored", "alike"],
)
def test_another_firstword_leaves_other_requirements_alone(before: str, after: str) -> None:
    assert required(before, "./vendor/new.whl") == after


def test_a_site_is_built_with_the_versions_that_we_are_tested_with() -> None:
    """make lock writes both; without it a package of tomorrow could end a publish of tomorrow."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = [line.rstrip("\\ ") for line in lock.splitlines() if re.match(r"\w\S*==", line)]

    assert versions().splitlines() == locked
    assert len(locked) > 40


def test_a_site_is_brought_up_to_this_firstword(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "site"
    begin = ("--name", "A", "--address", "https://a.example", "--person", DAWN, "--no-git")
    assert main(["init", str(root), *begin]) == 0
    fresh = {path.name: path.read_bytes() for path in (root / "vendor").iterdir()}
    [wheel] = (root / "vendor").iterdir()
    assert "firstword/_theme/templates/base.html" in zipfile.ZipFile(wheel).namelist()
    conf = (root / "pelicanconf.py").read_text()
    (root / "vendor" / "firstword-0.0.9-py3-none-any.whl").write_bytes(b"old")
    (root / "requirements.txt").write_text("./vendor/firstword-0.0.9-py3-none-any.whl\nother\n")
    (root / "constraints.txt").write_text("jinja2==1.0\n")
    tools = ("Makefile", ".github/workflows/status.yml", "published.sh", ".gitignore", "README.md")
    now = {name: (root / name).read_text() for name in tools}
    # As if another Firstword had written these; a person changed the second and two more.
    old = {name: f"# old\n{text}" for name, text in now.items()}
    for name, text in old.items():
        (root / name).write_bytes(text.replace("\n", "\r\n").encode())
    (root / ".firstword-files").write_text(listed(old))
    (root / tools[1]).write_text(old[tools[1]].replace("*/5", "*/9"))
    (root / ".gitlab-ci.yml").unlink()
    (root / "publish.py").write_text("mine")
    (root / "README.md").write_text("# Ours\n")
    capsys.readouterr()

    assert main(["init", str(root), "--renew"]) == 0

    for name in ("Makefile", "published.sh", ".gitignore"):
        assert (root / name).read_text() == now[name]
    assert os.access(root / "published.sh", os.X_OK)
    assert (root / tools[1]).read_text() == old[tools[1]].replace("*/5", "*/9")
    assert (root / "publish.py").read_text() == "mine"
    # Nothing said that it was ever there.
    assert (root / ".gitlab-ci.yml").exists()
    said = capsys.readouterr().out
    assert "left  .github/workflows/status.yml: it was changed here" in said
    assert '\n-    - cron: "*/9 * * * *"\n+    - cron: "*/5 * * * *"\n' in said
    assert "left  publish.py" in said
    assert "README" not in said
    (root / ".gitlab-ci.yml").unlink()
    assert main(["init", str(root), "--renew"]) == 0
    assert not (root / ".gitlab-ci.yml").exists()
    assert "wrote" not in capsys.readouterr().out
    checked = run("sha256sum", "-c", ".firstword-files", cwd=root, home=tmp_path)
    assert "Makefile: OK\n" in checked.stdout
    assert "publish.py" not in checked.stdout

    assert {path.name: path.read_bytes() for path in (root / "vendor").iterdir()} == fresh
    [name] = fresh
    assert (root / "requirements.txt").read_text() == f"./vendor/{name}\nother\n"
    assert (root / "constraints.txt").read_text() == versions()
    assert (root / "pelicanconf.py").read_text() == conf
    assert "removed  vendor/firstword-0.0.9-py3-none-any.whl" in said
    assert main(["init", str(tmp_path), "--renew"]) == 1
    assert "it has no pelicanconf.py" in capsys.readouterr().err


@pytest.mark.parametrize("blocked", ["constraints.txt", "vendor"])
def test_a_renewal_that_stops_halfway_leaves_the_wheel_that_is_named(
    tmp_path: Path, blocked: str
) -> None:
    root = tmp_path / "site"
    begin = ("--name", "A", "--address", "https://a.example", "--person", DAWN, "--no-git")
    assert main(["init", str(root), *begin]) == 0
    [wheel] = (root / "vendor").iterdir()
    old = wheel.rename(wheel.with_name("firstword-0.0.9-py3-none-any.whl"))
    (root / "constraints.txt").write_text("jinja2==1.0\n")
    # What cannot be written, whoever one is: a folder in its place.
    path = wheel if blocked == "vendor" else root / blocked
    path.unlink(missing_ok=True)
    path.mkdir()

    with pytest.raises(IsADirectoryError):
        main(["init", str(root), "--renew"])

    assert old.is_file()


def test_a_site_that_lists_nothing_keeps_what_is_not_the_same_and_is_told() -> None:
    new = {"Makefile": "all:\n", "publish.py": "p\n", "new.sh": "n\n"}

    found = renewal(new, {"Makefile": "all:\r\n", "publish.py": "q\n"}, "")

    assert found.files == {".firstword-files": listed({"Makefile": "all:\n"})}
    assert found.left == {
        "publish.py": "--- publish.py (yours)\n+++ publish.py (of this Firstword)\n"
        "@@ -1 +1 @@\n-q\n+p"
    }


def test_settings_that_cannot_be_read_keep_nobody_from_another_firstword(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pelicanconf.py").write_text("SITENAME = (\n")

    assert main(["init", str(tmp_path), "--renew"]) == 0

    assert "left: workflows, Makefile and the like, for" in capsys.readouterr().err
    assert (tmp_path / "requirements.txt").exists()


def test_a_list_in_another_encoding_is_not_renewed_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pelicanconf.py").touch()
    (tmp_path / "requirements.txt").write_bytes("firstword==0.1\n".encode("utf-16"))

    assert main(["init", str(tmp_path), "--renew"]) == 1
    assert "is no UTF-8" in capsys.readouterr().err


# ── what is in the way ───────────────────────────────────────────────────────────────────────────


def test_nobody_commits_in_a_name_that_was_not_said(tmp_path: Path) -> None:
    """Without a terminal nobody is asked, and --person is not the one who types."""
    home = tmp_path / "home"
    home.mkdir()
    begin = ("--name", "A", "--address", "https://a.example", "--person", DAWN)

    ran = run(*(sys.executable, "-m", "firstword", "init", "new"), *begin, cwd=tmp_path, home=home)

    assert ran.returncode == 1
    assert "git does not know who commits" in ran.stderr
    assert not (tmp_path / "new").exists()


def test_an_empty_repository_is_taken_as_it_is_and_its_branch_is_the_workflows(
    tmp_path: Path,
) -> None:
    home, folder = tmp_path / "home", tmp_path / "status"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = T\nemail = t@acme.example\n")
    run("git", "init", "-q", "-b", "trunk", str(folder), cwd=tmp_path, home=home)
    begin = ("--name", "A", "--address", "https://a.example", "--person", DAWN)

    ran = run(
        *(sys.executable, "-m", "firstword", "init", "status"), *begin, cwd=tmp_path, home=home
    )

    assert ran.returncode == 0, ran.stderr
    told = run("git", "log", "--format=%s", "main", cwd=folder, home=home)
    assert told.stdout == "A status page begins\n"


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with nothing committed, something staged and something ignored."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / ".gitconfig").write_text("[user]\nname = T\nemail = t@acme.example\n")
    folder = tmp_path / "everything"
    run("git", "init", "-q", "-b", "trunk", str(folder), cwd=tmp_path, home=tmp_path)
    (folder / ".gitignore").write_text("/scratch/\n")
    run("git", "add", ".gitignore", cwd=folder, home=tmp_path)
    monkeypatch.chdir(folder)
    return folder


BEGIN = ("--name", "A", "--address", "https://a.example", "--person", DAWN)


def test_a_repository_around_the_folder_is_said_before_anything_is_written(
    around: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "sites/status", *BEGIN]) == 2

    told = capsys.readouterr().err
    assert f"{str(around)!r} is a git repository already; say --inside" in told
    assert not (around / "sites").exists()
    assert main(["init", "scratch/status", *BEGIN]) == 0
    assert (around / "scratch" / "status" / ".git").is_dir()


def test_a_site_inside_of_a_repository_is_a_folder_of_it(
    around: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "status", *BEGIN, "--inside"]) == 0

    told = capsys.readouterr().out
    assert f"at the root of {str(around)!r} only: .github/workflows/status.yml, .gitlab-ci" in told
    assert not (around / "status" / ".git").exists()
    log = run("git", "log", "--format=%s", "--name-only", "trunk", cwd=around, home=around.parent)
    assert "A status page begins" in log.stdout
    assert "status/pelicanconf.py" in log.stdout
    left = run("git", "status", "--porcelain", cwd=around, home=around.parent)
    assert left.stdout == "A  .gitignore\n"


def test_a_site_apart_from_the_repository_around_it_has_its_own(around: Path) -> None:
    assert main(["init", "status", *BEGIN, "--apart"]) == 0

    assert (around / "status" / ".git").is_dir()


def test_there_must_be_a_repository_to_be_inside_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "status"), *BEGIN, "--inside"]) in {1, 2}
    assert "--inside: no git repository is around" in capsys.readouterr().err


def test_what_git_will_not_commit_is_written_and_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    hook = home / "hooks" / "pre-commit"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[user]\nname = T\nemail = t@acme.example\n[core]\nhooksPath = {hook.parent}\n"
    )
    begin = ("--name", "A", "--address", "https://a.example", "--person", DAWN)

    ran = run(*(sys.executable, "-m", "firstword", "init", "new"), *begin, cwd=tmp_path, home=home)

    assert ran.returncode == 3
    assert "written, NOT committed: git commit did not work" in ran.stderr
    assert (tmp_path / "new" / "pelicanconf.py").exists()


def test_without_a_terminal_it_says_which_options_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "new"), "--name", "Acme"]) == 2

    assert "firstword init: --address, --person: needed" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_all_wrong_answers_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("--name", "", "--address", "status.acme.example", "--zone", "Mars/North")

    assert main(["init", str(tmp_path / "new"), *wrong]) == 2

    told = capsys.readouterr().err
    assert told.count("\n") == 1
    for one in (" --name: how is", "; --address: not the", "; --zone: ", "; --person: needed"):
        assert one in told


def test_a_folder_with_something_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here.txt").write_text("mine")

    code = main(
        ["init", str(tmp_path), "--name", "A", "--address", "https://a.example", "--person", DAWN]
    )

    assert code == 1
    assert "'here.txt' is there" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["here.txt"]


@pytest.mark.parametrize(
    ("zone", "meant"),
    [("Asia/Tokyo", "Asia/Tokyo"), (":Asia/Tokyo", "Asia/Tokyo"), ("Etc/UTC", "UTC"), ("", "UTC")],
)
def test_the_zone_of_this_machine(tmp_path: Path, zone: str, meant: str) -> None:
    assert machine_zone({"TZ": zone}, tmp_path / "none") == meant


def test_the_zone_of_this_machine_by_its_link(tmp_path: Path) -> None:
    zone = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    zone.parent.mkdir(parents=True)
    zone.touch()
    (tmp_path / "localtime").symlink_to(zone)

    assert machine_zone({}, tmp_path / "localtime") == "Europe/Berlin"
