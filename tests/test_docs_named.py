"""Every command that a sentence of the docs names is run here, or a list says where, or why not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from test_docs import DOCS, NOT_RUN, ROOT, blocks, plain, run, spans

PROGRAMS = re.compile(
    r"(?:\.venv/bin/)?(?:apt|apt-get|aws|chmod|crontab|curl|dig|docker|eval|feed|firstword|git|hugo"
    r"|make|npm|npx|openssl|pelican|pip|pipx|podman|pre-commit|publish\.py|python3?|r2e|rm|rsync"
    r"|sh|sha256sum|ssh|sudo|systemctl|uv|\./published\.sh) \S"
)

#: Run one after the other in a site that is published, and in a clone of it.
HERE = (
    "firstword publish",
    "firstword check --since published",
    "python publish.py --full",
    "python publish.py --full --no-lock",
    "pelican --ignore-cache",
    'python -c "import firstword.pelican_defaults as d; print(d.THEME)"',
    "git bundle create words.bundle origin/main..main",
)
#: Command, by how it begins → the file that runs it, and the arguments or the line that does.
ELSEWHERE = {
    "firstword check --since": ("tests/test_since.py", 'site.firstword("check", "--since", '),
    "firstword completion": ("tests/test_new.py", 'site.firstword("completion", "bash")'),
    "firstword due": ("tests/test_due.py", 'site.firstword("due", *arguments'),
    "firstword init --inside": (
        *("tests/test_starter.py", 'main(["init", "status", *BEGIN, "--inside"])'),
    ),
    "firstword new": ("tests/test_new.py", 'site.firstword("new", *WORD, "--commit")'),
    "firstword send --yes": (
        *("tests/test_cli_send.py", 'site.firstword("send", "--only", "daily", "--yes"'),
    ),
    "firstword serve": ("tests/test_cli.py", '["make", "-f", MAKEFILE, "serve", '),
    "firstword subscribers sync": ("tests/test_cli_sync.py", 'firstword("subscribers", "sync", '),
    "firstword update": ("tests/test_new.py", 'site.firstword("update", *MORE, "--commit")'),
    "git pull words.bundle main": ("tests/test_docs_named.py", 'run("git pull words.bundle main"'),
    "git push": ("tests/test_forges.py", 'site.git("push", "-q", "origin", "main")'),
    "git remote add origin": ("tests/test_forges.py", '"remote", "add", "origin"'),
    "git revert HEAD && python publish.py": (
        *("tests/test_redact.py", 'site.git("revert", "--no-edit", "HEAD")'),
    ),
    "make bench": ("tests/test_bench.py", '(sys.executable, "-m", "benchmarks", "--smoke"'),
    "make docs": ("tests/test_docs.py", '[sys.executable, "-m", "mkdocs", "build", "--strict"'),
    "make install": ("tools/try_package.py", 'run("make", "install", '),
    "make messages": ("tests/test_catalogues.py", "in messages.files(name):"),
    "make wording": ("tests/test_lint.py", "READY.read_bytes() == make_ready()"),
    "make package": (".ci/run", "\nmake package >"),
    "make serve": ("tests/test_cli.py", '["make", "-f", MAKEFILE, "serve", '),
    "make test": (".ci/run", "\nmake test ARGS="),
    "make lint": (".ci/run", "\nmake lint types\n"),
    "make types": (".ci/run", "\nmake lint types\n"),
    "pelican content": ("tests/sites.py", 'run(sys.executable, "-m", "pelican", "content"'),
    "publish.py --commit": ("tests/test_commit_mode.py", 'site.publish("--commit")'),
    "publish.py --send": ("tests/test_cli_send.py", 'site.publish("--send", '),
    "publish.py --tick": ("tests/test_publish_tick.py", 'site.publish("--tick", '),
    "python publish.py --force": ("tests/test_publish.py", '.publish("--force", '),
    "rm -rf public && ./published.sh fetch public": (
        *("tests/test_forges.py", 'forge.shell("./published.sh fetch public", '),
    ),
}
#: What the recipe of a target runs, where a test runs that and not the target.
RECIPES = {
    "make bench": ("-m benchmarks", "benchmarks"),
    "make docs": ("mkdocs build --strict", "mkdocs build --strict"),
    "make messages": ("tools/messages.py", "messages.files"),
    "make wording": ("tools/wording.py", "make_ready"),
}
#: Command, by how it begins → why no test runs it.
WHY = {
    ".venv/bin/python tests/judges/look.py": "it makes pictures for people to look at",
    ".venv/bin/pre-commit install": "it changes the clone that is worked in",
    "aws ": "it takes an account; tests/test_hosting.py reads the template",
    "chmod ": "it is what doctor says to a folder of the reader's own",
    "dig ": "it asks the name servers of the world",
    "firstword import FORMAT SOURCE": "a form, not a command; each format has its tests",
    "git fetch": "it takes a forge",
    "git filter-repo": "another program; tests/test_redact.py holds that redact names it",
    "git merge": "any of the reader's own branches",
    "hugo deploy": "a word about another program",
    "make check": "all of this and more, in one command",
    "make format": "it rewrites the files that are tested",
    "make golden": "it rewrites the files that are tested",
    "make lock": "it asks a package index what is new",
    "pip install": "it takes an index; make package installs the wheel",
    "pipx install .": "it takes an index; make package does it with the wheel",
    "rsync ": "it takes a host",
    "uv tool install .": "it takes an index; make package does it with the wheel",
}


def named() -> dict[str, str]:
    """Return every command that stands in a sentence or in a block of no shell, and a page of it.

    One that a block prints, or begins, is run with that block.
    """
    printed = {command for page in DOCS.glob("*.md") for command in blocks(page)}
    ran = {one for one in printed if not one.startswith((*NOT_RUN,))}
    found: dict[str, str] = {}
    for page in (*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for span in spans(page):
            known = span in ran or any(one.startswith(f"{span} ") for one in ran)
            if PROGRAMS.match(span) and not known:
                found[span] = page.stem
    return found


def test_every_command_of_a_sentence_is_run_somewhere_or_it_is_said_why_not() -> None:
    commands = named()
    told = (*ELSEWHERE, *WHY)

    unlisted = [one for one in commands if one not in HERE and not one.startswith(told)]
    assert unlisted == []
    stale = [one for one in told if not any(command.startswith(one) for command in commands)]
    assert stale == []


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_said_to_run_a_command_runs_it(command: str) -> None:
    file, line = ELSEWHERE[command]

    assert line in (ROOT / file).read_text(encoding="utf-8")
    said = (
        command.rsplit(" && ", maxsplit=1)[-1]
        if "published.sh" in command
        else command.split(" && ", maxsplit=1)[0]
    )
    if command in RECIPES:
        recipe, said = RECIPES[command]
        target = command.removeprefix("make ")
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        [made] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert recipe in made
    words = re.findall(r"[\w./-]+", line)
    for word in said.split():
        assert word in words or word in {"git", "firstword", "python", "publish.py"}, word


def test_commands_of_sentences_work_as_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = T\nemail = dawn@acme.example\n")
    first = plain(tmp_path)
    run("git branch --move --force main", first, home)
    second = tmp_path / "second"
    run(f"git clone --quiet {first} {second}", tmp_path, home)
    shutil.copy(ROOT / "firstword/starter/files/publish.py", second)

    run("git commit --quiet --allow-empty --message=words", second, home)
    for command in HERE:
        ran = run(command, second, home)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
        assert "Traceback" not in ran.stderr, command

    # The laptop that has the words, and the one that can publish.
    shutil.copy(second / "words.bundle", first)
    pulled = run("git pull words.bundle main", first, home)
    assert pulled.returncode == 0, pulled.stderr
    heads = {run("git rev-parse main", folder, home).stdout for folder in (first, second)}
    assert len(heads) == 1
