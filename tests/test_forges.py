"""A site with no bucket is live after a push: the steps of its workflows, as a forge runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from sites import CARDS, CARDS_FILE, HALF_PAST_TEN, RESOLVED, SLOW, SLOW_FILE, SmallSite

from firstword.cli import main

BEGIN = (
    *("--name", "Acme status", "--address", "https://acme.example/status", "--no-git"),
    *(
        "--component",
        "Checkout",
        "--component",
        "API",
        "--person",
        "Dawn Okafor, Engineer, dawn@acme.example",
    ),
    *("--person", "Ian Reyes, Network, ian@acme.example"),
)
#: What the steps of the workflow ask before they run.
CONDITIONS = {
    "${{ !cancelled() }}": "always",
    "${{ !cancelled() && steps.live.outputs.changed == 'true' }}": "changed",
    "${{ !cancelled() && steps.deploy.outcome == 'success' }}": "deployed",
}
STORY = "incidents/2026-11-21-card-payments/index.html"
HISTORY = "history/2026-11/index.html"
TICK = "${{ github.event_name == 'schedule' && '--tick' || '' }}"


@dataclass
class Forge:
    """A repository, what readers get, and runners that begin with nothing but a clone."""

    place: Path
    site: SmallSite
    #: What readers get; None = nothing was ever shown.
    shown: dict[str, bytes] | None = None
    runs: int = 0
    #: The service that shows pages does not work.
    down: bool = False
    failed: list[str] = field(default_factory=list)

    @property
    def origin(self) -> Path:
        return self.place / "origin.git"

    def push(self) -> None:
        """Commit what is in the site, and push it."""
        self.site.commit()
        self.site.git("push", "-q", "origin", "main")

    def held(self, path: str) -> str:
        """Return a file of the branch that holds what is live."""
        return self.site.git("--git-dir", str(self.origin), "show", f"published:{path}").out

    def runner(self) -> Path:
        """Return a new clone, as a runner has it."""
        self.runs += 1
        clone = self.place / f"run-{self.runs}" / "status"
        self.site.git("clone", "-q", "--depth=50", self.origin.as_uri(), str(clone))
        return clone

    def shell(self, line: str, clone: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a step's lines."""
        programs = self.place / "bin"
        programs.mkdir(exist_ok=True)
        command = programs / "firstword"
        command.write_text(
            f"#!{sys.executable}\nfrom firstword.cli import main_and_exit\nmain_and_exit()\n"
        )
        command.chmod(0o755)
        return subprocess.run(
            ["sh", "-ec", line],
            cwd=clone,
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HOME": str(self.place),
                "GIT_CONFIG_NOSYSTEM": "1",
                # An hour later each time.
                "SOURCE_DATE_EPOCH": str(int(HALF_PAST_TEN) + 3600 * self.runs),
                **more,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def show(self, folder: Path) -> bool:
        """Be the service that shows pages."""
        if self.down:
            return False
        self.shown = SmallSite(folder).files(".") | {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        return True

    def github(self, event: str = "push") -> set[str]:
        """Run the publishing job; return what happened of: changed, deployed, failed."""
        clone = self.runner()
        output = clone.parent / "output"
        happened = {"always"}
        workflow = yaml.safe_load((clone / ".github/workflows/status.yml").read_text())
        for step in workflow["jobs"]["publish"]["steps"]:
            asked = step.get("if")
            if "failed" in happened if asked is None else CONDITIONS[asked] not in happened:
                continue
            uses = step.get("uses", "").partition("@")[0]
            if uses == "actions/deploy-pages":
                happened.add("deployed" if self.show(clone.parent / "pages") else "failed")
            if "run" not in step or step["run"].startswith("pip "):
                continue
            line = step["run"].replace(TICK, "--tick" if event == "schedule" else "")
            ran = self.shell(line, clone, RUNNER_TEMP=str(clone.parent), GITHUB_OUTPUT=str(output))
            if ran.returncode:
                self.failed.append(f"{line}: {ran.returncode}: {ran.stdout}{ran.stderr}")
                happened.add("failed")
            if output.exists() and "changed=true" in output.read_text():
                happened.add("changed")
        return happened - {"always"}

    def gitlab(self, *, tick: bool = False) -> int:
        """Run the publishing jobs; return the exit code of the one that looks afterwards."""
        clone = self.runner()
        jobs = yaml.safe_load((clone / ".gitlab-ci.yml").read_text())
        environ = {"WHEN": "--tick"} if tick else {}
        ran = self.shell("\n".join(jobs["pages"]["script"]), clone, **environ)
        if ran.returncode:
            self.failed.append(f"{ran.returncode}: {ran.stdout}{ran.stderr}")
            return ran.returncode
        assert jobs["pages"]["artifacts"]["paths"] == ["public"]
        self.show(clone / "public")
        told = dict([(clone / "publish.env").read_text().strip().split("=")])
        return self.shell("\n".join(jobs["held"]["script"]), clone, **told).returncode


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    site = SmallSite(tmp_path / "site")
    assert main(["init", str(site.root), *BEGIN]) == 0
    site.commit()
    site.git("clone", "-q", "--bare", str(site.root), str(tmp_path / "origin.git"))
    site.git("remote", "add", "origin", (tmp_path / "origin.git").as_uri())
    return Forge(tmp_path, site)


def test_the_first_push_is_live_and_shows_no_state(forge: Forge) -> None:
    happened = forge.github()

    assert forge.failed == []
    assert happened == {"changed", "deployed"}
    assert forge.shown is not None
    assert b"Acme status" in forge.shown["index.html"]
    assert not [key for key in forge.shown if key.startswith(".firstword")]
    assert json.loads(forge.held(".firstword/root.json"))["generation"] == 1


def test_where_nothing_changed_nothing_is_shown_again(forge: Forge) -> None:
    forge.github()

    assert forge.github("schedule") == set()
    assert forge.failed == []


def test_a_first_word_is_live_after_its_push_and_nothing_is_forgotten(forge: Forge) -> None:
    forge.github()
    forge.site.write(CARDS_FILE, CARDS)
    forge.push()
    forge.github()
    once = forge.shown or {}
    forge.site.write(CARDS_FILE, f"{CARDS}{RESOLVED}")
    forge.push()

    assert forge.github() == {"changed", "deployed"}

    assert forge.failed == []
    assert forge.shown is not None
    assert b"One card payment in five" in once[STORY]
    assert b"All cards work" in forge.shown[STORY]
    # Who begins anew each time would be at its first generation, with no stamp of the first word.
    assert json.loads(forge.held(".firstword/root.json"))["generation"] == 3


def test_what_could_not_be_shown_is_shown_by_the_next_run(forge: Forge) -> None:
    forge.down = True
    assert forge.github() == {"changed", "failed"}
    forge.down = False

    assert forge.github("schedule") == {"changed", "deployed"}
    assert forge.shown is not None


def test_a_broken_file_holds_nobody_else_up(forge: Forge) -> None:
    forge.github()
    forge.site.write(CARDS_FILE, CARDS)
    forge.site.write(CARDS_FILE.replace("card-payments", "broken"), "---\ntitle: [\n---\n")
    forge.push()

    assert forge.github() == {"changed", "deployed", "failed"}
    assert forge.shown is not None
    assert b"Card payments fail" in forge.shown["index.html"]
    assert len(forge.failed) == 1
    assert "--tick" not in forge.failed[0]
    assert "firstword publish : 3:" in forge.failed[0]


def test_words_that_were_changed_silently_do_not_go_live(forge: Forge) -> None:
    forge.site.write(CARDS_FILE, CARDS)
    forge.push()
    forge.github()
    forge.site.write(SLOW_FILE, SLOW)
    forge.site.write(CARDS_FILE, CARDS.replace("One card payment in five", "One payment in fifty"))
    forge.push()

    assert "failed" in forge.github()
    assert "changed-number" in forge.failed[0]
    assert forge.shown is not None
    assert b"One card payment in five is" in forge.shown[STORY]
    assert b"fifty" not in forge.shown[STORY]
    # Somebody else's words are out all the same.
    assert b"Pages load slowly" in forge.shown[HISTORY]


def test_a_repository_out_of_reach_is_not_taken_for_a_new_site(forge: Forge) -> None:
    forge.github()
    clone = forge.runner()
    forge.site.run("mv", str(forge.origin), f"{forge.origin}-away")

    ran = forge.shell("./published.sh fetch public", clone)

    assert ran.returncode not in {0, 2}
    assert not (clone / "public").exists()


def test_what_somebody_else_kept_meanwhile_is_not_written_over(forge: Forge) -> None:
    forge.github()
    one, other = forge.runner(), forge.runner()
    for clone, words in ((one, "a"), (other, "b")):
        forge.shell("./published.sh fetch public", clone)
        (clone / "public" / "note.txt").write_text(words)

    assert forge.shell("./published.sh keep public", one).returncode == 0
    assert forge.shell("./published.sh keep public", other).returncode != 0
    assert forge.held("note.txt") == "a"


def test_a_redacted_word_is_in_no_older_commit(forge: Forge) -> None:
    forge.github()
    forge.site.write(CARDS_FILE, CARDS)
    forge.push()
    forge.github()

    told = forge.site.git("--git-dir", str(forge.origin), "rev-list", "--count", "published")

    assert told.out.strip() == "1"


def test_gitlab_shows_it_as_well(forge: Forge) -> None:
    assert forge.gitlab() == 0
    assert forge.shown is not None
    assert b"Acme status" in forge.shown["index.html"]
    assert not [key for key in forge.shown if key.startswith(".firstword")]
    forge.site.write(CARDS_FILE, CARDS)
    forge.site.write(CARDS_FILE.replace("card-payments", "broken"), "---\ntitle: [\n---\n")
    forge.push()

    assert forge.gitlab() == 1
    assert forge.failed == []
    assert b"Card payments fail" in forge.shown["index.html"]
    # An hour later a promise has lapsed, which the clock alone tells.
    assert forge.gitlab(tick=True) == 1
    assert json.loads(forge.held(".firstword/root.json"))["generation"] == 3


@pytest.mark.parametrize(
    ("target", "published"),
    [("s3://status-acme", True), ("/srv/status", False), ("www/status/", True)],
)
def test_a_workflow_fits_its_target(target: str, published: bool, tmp_path: Path) -> None:
    root = tmp_path / "site"
    assert main(["init", str(root), *BEGIN, "--target", target]) == 0

    github = (root / ".github/workflows/status.yml").read_text()
    gitlab = (root / ".gitlab-ci.yml").read_text()

    jobs = yaml.safe_load(github)["jobs"]
    shown = target.startswith("www")
    assert ("publish" in jobs) is published
    assert ("pages" in yaml.safe_load(gitlab)) is shown
    assert ("publish" in yaml.safe_load(gitlab)) is (published and not shown)
    assert ("deploy-pages" in github) is shown
    assert (root / "published.sh").exists() is shown
    # Whoever runs `make publish` in a hurry is not to take a folder here for the page.
    assert ("on this machine alone" in (root / "README.md").read_text()) is shown
    assert ("aws-actions" in github) is target.startswith("s3://")
    assert "{{#" not in github + gitlab
    assert ("/www/status/" in (root / ".gitignore").read_text()) is shown
