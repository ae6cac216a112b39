"""Every command that the pages of docs/ print works as printed, in a site where it makes sense."""

from __future__ import annotations

import argparse
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from lxml import html
from sites import CARDS, CARDS_FILE, SmallSite

from firstword.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

#: A command that is not run here, by how it begins → why.
NOT_RUN = {
    "aws cloudformation deploy": "it takes an account; tests/test_hosting.py reads the template",
    "curl -fsS -o saved/": "it takes a page; what it would save is there",
    "firstword import statuspage https://": "it takes a page; tests/test_import_live.py has one",
    "feeds() {": "a part of sfeed's settings; tests/test_feeds_connect.py runs sfeed with it",
    "merge() {": "a part of sfeed's settings; tests/test_feeds_connect.py runs sfeed with it",
    "firstword subscribers bounces": "it takes what SES wrote; tests/test_mail_events.py has it",
    "python publish.py --watch": "it stays; tests/test_publish_tick.py lets it run",
    "python publish.py public s3://": "it takes a bucket; tests/test_publish.py has one",
}


#: A command in a block that is not marked as one to run here, by how it begins → where it is tried.
ELSEWHERE = {
    "firstword new": "a person answers; tests/test_session.py is one",
    "firstword update card-payments --status postmortem --edit": "it opens an editor: test_new.py",
    'eval "$(firstword completion': "tests/test_new.py has bash and zsh read it",
    "git remote add origin": "it takes a forge; tests/test_forges.py has one",
    "git push": "as above",
}
COMMAND = re.compile(r"(\.venv/bin/)?(aws|curl|eval|firstword|git|make|pip|python3?|rsync) ")


def blocks(page: Path) -> list[str]:
    """Return the shell commands of a page, a line each, as a reader would paste them."""
    text = page.read_text(encoding="utf-8")
    lines: list[str] = []
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            # A schedule and the folder it is for stand before what cron runs.
            command = re.sub(r"^[*/0-9 ]+cd \S+ && (\.venv/bin/)?", "", line.strip())
            command = re.sub(r"\s+# .*$", "", command)
            if command and not command.startswith("#"):
                lines.append(command)
    return lines


def pages() -> list[str]:
    return [page.stem for page in sorted(DOCS.glob("*.md")) if blocks(page)]


def plain(folder: Path) -> Path:
    """A small site that was published."""
    site = SmallSite.make(folder / "site", {CARDS_FILE: f"{CARDS}\nCall +45 12 34 56 78.\n"})
    site.commit()
    return site.root


def importing(folder: Path) -> Path:
    """A small site beside an old cState page and a folder of articles."""
    root = plain(folder)
    shutil.copytree(ROOT / "tests/data/cstate", folder / "old-status")
    old = folder / "old-content" / "incidents" / "2021-03-04-slow.md"
    old.parent.mkdir(parents=True)
    front = "title: Slow pages\ndate: 2021-03-04 10:00\ncategory: Trouble"
    old.write_text(f"---\n{front}\n---\n\nPages were slow.\n")
    mapping = re.findall(r"```yaml\n(.*?)```", (DOCS / "importing.md").read_text(), re.DOTALL)
    (root / "mapping.yaml").write_text(mapping[0])
    return root


def mailing(folder: Path) -> Path:
    """A small site that is published and mails, with somebody else's list."""
    root = plain(folder)
    with (root / "pelicanconf.py").open("a") as conf:
        conf.write('MAIL_FROM = "status@acme.example"\nCONTACT = "care@acme.example"\n')
        # Nothing is mailed of what a target held first, so nobody connects.
        conf.write('MAIL_TRANSPORT = "smtp://127.0.0.1:9"\n')
    (root / "crm.csv").write_text("address,cadence\nbo@reader.example,daily\n")
    assert SmallSite(root).publish().code == 0
    return root


def migrating(folder: Path) -> Path:
    """A small site that mails, with what a Statuspage served and whom it mailed."""
    root = mailing(folder)
    shutil.copytree(ROOT / "tests/data/statuspage", root / "saved")
    rows = [
        '"email","ada@reader.example","2021-03-04"',
        "sms,+4512345678",
        "email;bo@reader.example",
    ]
    (root / "subscribers-export.csv").write_text(
        "\n".join(["mode,endpoint,created", *rows, rows[0]])
    )
    return root


#: Page → the folder in which its commands are run, one after the other.
PLACES: dict[str, Callable[[Path], Path]] = {
    "importing": importing,
    "mail": mailing,
    "migrating-from-statuspage": migrating,
    "start": lambda folder: folder,
}
#: Exit codes that are right, where that is not 0 alone.
CODES = {
    # The old page of the tests has files that need a person; a small site has no postal address.
    "firstword import": {0, 3},
    "firstword doctor": {0, 1},
    # "That plan, or nothing": it is another one here.
    "firstword send 1f2e3d4c5b6a7988": {1},
    # Nothing was mailed here, so that nothing is without an answer; and the ledger is there.
    "firstword send --settle daily/": {1},
    "firstword send --begin-ledger": {1},
}


def run(command: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    programs = Path(sys.executable).parent
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "SOURCE_DATE_EPOCH": "1795253400",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("page", pages())
def test_the_commands_of_a_page_work_as_printed(page: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = T\nemail = dawn@acme.example\n")
    folder = PLACES.get(page, plain)(tmp_path)

    for command in blocks(DOCS / f"{page}.md"):
        if any(command.startswith(beginning) for beginning in NOT_RUN):
            continue
        ran = run(command, folder, home)
        right = next((codes for name, codes in CODES.items() if command.startswith(name)), {0})
        assert ran.returncode in right, f"{command}\n{ran.stdout}{ran.stderr}"
        assert "Traceback" not in ran.stderr, command
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")


def test_a_command_that_is_not_run_here_is_tried_elsewhere() -> None:
    unmarked = [
        line.strip()
        for page in DOCS.glob("*.md")
        for language, block in re.findall(
            r"^ *```(\w*)\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        if language != "sh"
        for line in block.splitlines()
        if COMMAND.match(line.strip())
    ]

    assert [line for line in unmarked if not line.startswith((*ELSEWHERE,))] == []
    assert all(any(line.startswith(one) for line in unmarked) for one in ELSEWHERE)


def test_nothing_is_excused_that_no_page_prints() -> None:
    printed = [command for page in DOCS.glob("*.md") for command in blocks(page)]

    for beginning in NOT_RUN:
        assert any(command.startswith(beginning) for command in printed), beginning


def test_the_pages_make_a_site_without_a_warning(tmp_path: Path) -> None:
    """Strict: every link leads somewhere, every heading that is linked is there."""
    made = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 0, made.stderr
    home = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "fonts.g" not in home  # nothing from elsewhere
    # A page is called by its title, and the steps of the tutorial are one list.
    assert ">Hosting</a>" in home
    assert ">hosting.md<" not in home
    start = html.document_fromstring((tmp_path / "site" / "start.html").read_text("utf-8"))
    [steps] = start.xpath("//article//ol")
    assert len(steps.xpath("./li")) == 5
    assert len(steps.xpath(".//pre")) == 6


def test_lists_are_indented_for_the_site_and_blocks_in_them_stay_whole() -> None:
    # tools/ is no package: MkDocs runs the file by its path.
    widened = runpy.run_path(str(ROOT / "tools" / "docs_links.py"))["widened"]
    forge = "1. One\n   two\n\n   ```sh\n   - a\n     b\n   ```\n2. Three\n   - x\n     y\nEnd"
    site = (
        "1. One\n    two\n\n    ```sh\n    - a\n      b\n    ```\n\n"
        "2. Three\n    - x\n        y\nEnd"
    )

    assert widened(forge) == site
    assert widened("Plain\n\n    code - a\n\n```\n- a\n  b\n```") == (
        "Plain\n\n    code - a\n\n```\n- a\n  b\n```"
    )


def test_every_page_can_be_found_from_the_list_of_pages() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    start = (DOCS / "index.md").read_text(encoding="utf-8")

    for page in DOCS.glob("*.md"):
        assert f"{page.name}\n" in nav, page.name
        assert f"({page.name})" in start or page.name == "index.md", page.name


# ── commands in the middle of a sentence, and those that no test can run ─────────────────────────

#: An option that the pages name → whose it is.
FOREIGN = {
    "--delete-after": "rsync",
}


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"firstword {command}")
    import_module(COMMANDS[command][0]).add_arguments(parser)
    return parser


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return every option of a command, and of the commands below it."""
    found = set(parser._option_string_actions)
    for below in commands_of(parser).values():
        found |= options_of(below)
    return found


def commands_of(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def spans(page: Path) -> Iterator[str]:
    """Yield what a page says in `backticks`, and the lines of its blocks that are not run."""
    text = page.read_text(encoding="utf-8")
    for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        if language != "sh":
            for line in re.sub(r"\\\n\s*", "", block).splitlines():
                yield re.sub(r"^\s*- (run: |)|\$\(|\)\"$|^eval \"", "", line).strip()
    prose = re.sub(r"^ *```.*?^ *```", "\n\n", text, flags=re.DOTALL | re.MULTILINE)
    # One mark too many in a row of a table, or in a point of a list, hides nothing in the next.
    for part in re.split(r"\n\s*\n|\n(?=\s*(?:\||[*-] ))", prose):
        for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", part):
            yield " ".join(span.split())


def wrong(span: str) -> str:
    """Say what of a command does not exist; "" for nothing, and for what is no command of ours."""
    words = re.sub(r"^\.venv/bin/", "", span).split()
    if not words:
        return ""
    if words[0] == "make" and words[1:]:
        known = re.findall(r"^([a-z]+):", MAKEFILES, re.MULTILINE)
        return "" if words[1] in known else f"no target {words[1]!r}"
    if words[:2] == ["python", "publish.py"]:
        words = ["firstword", "publish", *words[2:]]
    if words[0] == "publish.py":
        words = ["firstword", "publish", *words[1:]]
    flags = {
        word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)
    }
    if words[0].startswith("--"):
        unknown = flags - EVERY_OPTION - set(FOREIGN)
    elif words[0] != "firstword" or not words[1:] or not words[1].islower():
        return ""
    elif words[1] not in COMMANDS:
        return f"no command {words[1]!r}"
    else:
        parser = parser_of(words[1])
        below = commands_of(parser)
        if below and words[2:] and words[2].islower() and words[2] not in below:
            return f"no command {words[2]!r}"
        unknown = flags - options_of(parser)
    return f"no option {', '.join(sorted(unknown))}" if unknown else ""


MAKEFILES = "".join(
    path.read_text(encoding="utf-8")
    for path in (ROOT / "Makefile", ROOT / "firstword/starter/files/Makefile")
)
EVERY_OPTION = {option for command in COMMANDS for option in options_of(parser_of(command))}


@pytest.mark.parametrize(
    "page", [*sorted(DOCS.glob("*.md")), ROOT / "README.md"], ids=lambda p: p.stem
)
def test_every_command_and_option_that_a_page_names_is_there(page: Path) -> None:
    assert [f"{span}: {told}" for span in spans(page) if (told := wrong(span))] == []


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ("firstword update card-payments --edit", ""),
        ("firstword subscribers import crm.csv --shown x", ""),
        ("python publish.py --dry-run", ""),
        ("make serve", ""),
        ("firstword.pelican_defaults", ""),
        ("firstword updat", "no command 'updat'"),
        ("firstword subscribers ad ada@reader.example", "no command 'ad'"),
        ("firstword doctor --fix", "no option --fix"),
        (".venv/bin/firstword check --sinse=HEAD", "no option --sinse"),
        ("publish.py --dry", "no option --dry"),
        ("--sometimes", "no option --sometimes"),
        ("make pubish", "no target 'pubish'"),
    ],
)
def test_what_is_not_there_is_told(span: str, told: str) -> None:
    assert wrong(span) == told


def test_no_foreign_option_is_excused_that_no_page_names() -> None:
    named = {word for page in DOCS.glob("*.md") for span in spans(page) for word in span.split()}

    assert set(FOREIGN) <= named
